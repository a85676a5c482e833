"""osmnx and networkx: graphs in and out, their GraphML files, and the download of a place's streets.

The download is the only use of the Internet, and only when asked for.
"""

import logging
import tempfile
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs.datum import ground_lengths, to_crs
from geoplan.inputs.limits import check_xml
from geoplan.inputs.streets.edges import WAY_COLUMNS, Floats, Ways
from geoplan.inputs.streets.lines import (
    conditions,
    judge_lines,
    judge_points,
    left_out,
    number_vertices,
    without_left_out,
)
from geoplan.inputs.streets.notes import condition_notes, left_out_notes
from geoplan.inputs.streets.walk_table import BOTH, GROUND_KEYS, NODE_KEYS, OUT, RESIDENTS, WAY_KEYS
from geoplan.words.errors import DownloadError, InputError, Note
from geoplan.words.periods import Hour

#: Marks a graph that `to_osmnx` made: its edges are judged already and come back as they went.
MADE_HERE = "geoplan"
#: What an osmnx graph must keep of a way and of a node for the walk table; `simplify` must not merge over them.
GRAPH_WAY_TAGS = (*WAY_KEYS, *GROUND_KEYS, "name", "area", "service", "duration")
GRAPH_NODE_TAGS = (*NODE_KEYS, "name")
#: Tags that decide who may walk on a way and what it joins.
JUDGED_TAGS = (*WAY_KEYS, *GROUND_KEYS)

Graph = Any  # nx.MultiDiGraph, whose node type networkx leaves open


def to_osmnx(nodes: pd.DataFrame, edges: gpd.GeoDataFrame) -> Graph:
    """Return streets as an osmnx graph: one arc for each direction in which one may walk.

    Parameters
    ----------
    nodes, edges
        Of `geoplan.inputs.streets.Streets`.

    Returns
    -------
    graph
        ``networkx.MultiDiGraph`` in the streets' CRS. Nodes have ``x, y, kind, name``; arcs ``osmid, length`` (metres),
        ``highway, geometry`` and the columns of `edges`, ``reversed`` where they run from v to u.

    Examples
    --------
    >>> x, y = 500_000, 3_380_000  # on the central meridian, where a metre on the ground is 0.9996 on the map
    >>> places = pd.DataFrame({"x": [x, x + 2.9988], "y": [y, y + 3.9984], "kind": "", "name": ""}, index=[1, 2])
    >>> line = dict(u=1, v=2, highway="path", access="open", oneway=0, bridge=False, tunnel=False, level="", osm_id="7")
    >>> line |= dict(name="", fixed_fwd_s=0.0, fixed_bwd_s=0.0)
    >>> street = gpd.GeoDataFrame([line], geometry=[shapely.LineString(places[["x", "y"]])], crs=32650)
    >>> round(to_osmnx(places, street).edges[2, 1, 0]["length"], 6)
    5.0
    """
    graph: Graph = nx.MultiDiGraph()
    graph.graph.update(
        {"crs": CRS.from_user_input(edges.crs).to_string(), "simplified": True, MADE_HERE: "walk"}
    )
    for node, row in zip(nodes.index, nodes.to_dict("records"), strict=True):
        graph.add_node(int(node), **{str(name): value for name, value in row.items()})
    lengths = ground_lengths(edges.geometry)
    rows: Any = pd.DataFrame(edges.drop(columns="geometry")).to_dict("records")
    for edge_id, row, line, length in zip(edges.index, rows, edges.geometry, lengths, strict=True):
        u, v = int(row.pop("u")), int(row.pop("v"))
        osm_id = row.pop("osm_id")
        shared = {
            **row,
            "edge_id": int(edge_id),
            "osmid": int(osm_id) if osm_id.isdigit() else osm_id,
            "length": float(length),
        }
        if row["oneway"] >= 0:
            graph.add_edge(u, v, **shared, reversed=False, geometry=line)
        if row["oneway"] <= 0:
            graph.add_edge(v, u, **shared, reversed=True, geometry=line.reverse())
    return graph


def read_graphml(path: str | Path) -> Graph:
    """Return the graph of a GraphML file as osmnx writes it.

    Raises
    ------
    InputError
        If it is no such file.
    """
    import osmnx

    check_xml(Path(path), "graphml")
    no_cast = dict.fromkeys(["oneway", "bridge", "tunnel", "access"], str)
    try:
        return osmnx.load_graphml(Path(path), edge_dtypes=no_cast)
    except Exception as error:
        note = Note.of("streets_unreadable", file=Path(path).name, reason=str(error), severity="error")
        raise InputError(note) from error


#: What edges are whose graph does not say it.
LACKING = {"on_ground": True, "ride_s": np.nan}


def made_here(graph: Graph) -> bool:
    """Return whether `to_osmnx` made the graph."""
    return MADE_HERE in graph.graph


def tables_of_graph(graph: Graph, *, crs: CRS | str) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return the nodes and edges that `to_osmnx` put into `graph`, in `crs`."""
    arcs = pd.DataFrame([{**data, "u": int(u), "v": int(v)} for u, v, data in graph.edges(data=True)])
    arcs = arcs.assign(against=_against(arcs), edge_id=arcs["edge_id"].astype("int64"))
    table = arcs.sort_values(["edge_id", "against"]).drop_duplicates("edge_id").set_index("edge_id")
    against = table["against"].to_numpy()
    columns: dict[str, Any] = {
        "u": table["u"].mask(against, table["v"]),
        "v": table["v"].mask(against, table["u"]),
    }
    # earlier files lack both; edges that have their walking costs carry no ride beside them
    table = table.assign(**{name: value for name, value in LACKING.items() if name not in table})
    columns |= {name: table["osmid" if name == "osm_id" else name].astype(str) for name in WAY_COLUMNS}
    columns["oneway"] = columns["oneway"].astype("int64")
    columns["ride_s"] = columns["ride_s"].astype(float)
    columns |= {name: columns[name] == "True" for name in ("bridge", "tunnel", "on_ground")}
    columns |= {name: table[name].astype(float) for name in ("fixed_fwd_s", "fixed_bwd_s")}
    lines = gpd.GeoSeries(table["geometry"], crs=graph.graph["crs"])
    lines = lines.mask(against, lines.reverse())
    edges = gpd.GeoDataFrame(columns, geometry=to_crs(lines, datum=None, crs=crs))
    places = pd.DataFrame.from_dict(dict(graph.nodes(data=True)), orient="index").sort_index()
    places.index = pd.Index(places.index.astype("int64"), name="node_id")
    points = to_crs(
        gpd.GeoSeries.from_xy(places["x"], places["y"], crs=graph.graph["crs"]), datum=None, crs=crs
    )
    names = places[["kind", "name"]].astype(str)
    return pd.DataFrame({"x": points.x, "y": points.y}).join(names), edges


def ways_of_graph(
    graph: Graph,
    *,
    walk: Mapping[str, bool],
    at: Hour | None = None,
    datum: object,
    crs: CRS | str,
    file: str,
) -> tuple[Ways, tuple[Note, ...]]:
    """Return the streets of any osmnx graph as judged ways, each street once whatever its directions for vehicles.

    Where osmnx merged ways with different tags into lists, the strictest of their combinations counts, and a note says so.

    Raises
    ------
    InputError
        If the graph has no CRS or no edges.
    """
    if graph.graph.get("crs") is None or not graph.number_of_edges():
        raise InputError(Note.of("graph_not_streets", severity="error"))
    names = list(graph.nodes)
    whole = all(isinstance(name, (int, np.integer)) for name in names)
    places = pd.DataFrame([graph.nodes[name] for name in names], index=names if whole else range(len(names)))
    arcs = _streets_once(graph, dict(zip(names, places.index, strict=True)), places)
    table = judge_lines(arcs, walk, at)
    table["oneway"] *= np.where(arcs["against"], -1, 1)
    # which way round the parts of a merged edge are drawn is not known: one that is one way may be it either way
    unknown = (table["oneway"] != BOTH) & arcs["reversed"].map(_is_list)
    barred = {"access": OUT, "oneway": BOTH, "rule": "direction"}
    table = table.assign(**{name: table[name].mask(unknown, value) for name, value in barred.items()})
    lines = to_crs(gpd.GeoSeries(arcs["geometry"], crs=graph.graph["crs"]), datum=datum, crs=crs)  # type: ignore[arg-type]
    ends = arcs[["u", "v"]].to_numpy(dtype=np.int64).ravel()
    ways = number_vertices(lines, table, ends_only=True, ends=ends)
    ways = replace(ways, marks=judge_points(places, at).sort_index())
    held = conditions(arcs, at) + conditions(places, at)
    notes = [*left_out_notes(left_out(table), file), *condition_notes(held, at, file)]
    notes += [*_merged_notes(arcs, table, ground_lengths(lines), file)]
    return without_left_out(ways), tuple(notes)


def _merged_notes(arcs: pd.DataFrame, table: pd.DataFrame, metres: Floats, file: str) -> list[Note]:
    """Say how much of the streets is merged from ways with different tags, and what the stricter tags make of it."""
    lists = [arcs[tag].map(_is_list) for tag in JUDGED_TAGS if tag in arcs]
    merged = np.logical_or.reduce(lists)
    if not merged.any():
        return []
    parts = {
        "km": merged,
        "out_km": merged & (table["access"] == OUT).to_numpy(),
        "residents_km": merged & (table["access"] == RESIDENTS).to_numpy(),
        "steps_km": merged & (table["access"] != OUT).to_numpy() & (table["highway"] == "steps").to_numpy(),
    }
    words: dict[str, Any] = {name: f"{metres[part].sum() / 1000:,.1f}" for name, part in parts.items()}
    return [Note.of("streets_tags_merged", file=file, edges=f"{merged.sum():,}", **words)]


def _is_list(cell: Any) -> bool:  # noqa: ANN401 - a cell as it stands
    return isinstance(cell, list | tuple | set) or (isinstance(cell, str) and cell.startswith("["))


def _streets_once(graph: Graph, number: Mapping[Hashable, int], places: pd.DataFrame) -> pd.DataFrame:
    """Return each street once, with tags and line: arcs that run as drawn before those against it."""
    wanted = (*GRAPH_WAY_TAGS, "osmid", "reversed", "geometry")
    arcs = pd.DataFrame(
        [
            {"u": number[u], "v": number[v], **{name: data.get(name) for name in wanted}}
            for u, v, data in graph.edges(data=True)
        ]
    )
    straight = arcs["geometry"].isna().to_numpy()
    xy = places.loc[arcs[["u", "v"]].to_numpy().ravel(), ["x", "y"]].to_numpy(dtype=float)
    arcs.loc[straight, "geometry"] = shapely.linestrings(xy.reshape(-1, 2, 2)[straight])
    arcs = arcs.assign(against=_against(arcs)).sort_values(["against", "u", "v"], kind="stable")
    # either direction may list the ids in an order of its own
    osm_id = arcs["osmid"].map(
        lambda ids: tuple(sorted(map(str, ids))) if isinstance(ids, list | tuple) else str(ids)
    )
    ends = np.sort(arcs[["u", "v"]].to_numpy(), axis=1)
    length = shapely.length(arcs["geometry"].to_numpy()).round(9)
    twice = pd.DataFrame(
        {"low": ends[:, 0], "high": ends[:, 1], "ids": osm_id.to_numpy(), "m": length}
    ).duplicated()
    return arcs[~twice.to_numpy()].reset_index(drop=True)


def _against(arcs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which arcs run against the drawing of their way."""
    against: npt.NDArray[np.bool_] = arcs["reversed"].astype(str).eq("True").to_numpy()
    return against


_LOG = logging.getLogger(__name__)


def download_streets(
    place: str,
    out: str | Path,
    *,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    timeout_seconds: float = 180.0,
) -> Path:
    """Fetch the streets of a place with osmnx and write them as GraphML, which `read_streets` reads.

    Every way with ``highway`` is kept with the tags of the walk table, so that the study, not the download, says what is
    walked. Says to the log what it is going to ask whom before it asks. The settings of osmnx are as before afterwards.

    Parameters
    ----------
    place
        Name that Nominatim knows, e.g. ``武汉市江岸区``.
    out
        File to write, ``.graphml``.
    overpass_url, nominatim_url
        Servers; default: those of osmnx.
    timeout_seconds
        Longest wait for an answer.

    Returns
    -------
    out
        The file written.

    Raises
    ------
    DownloadError
        If the servers cannot be reached, do not know the place, or hold no streets there. Nothing is written then.
    """
    import osmnx
    import requests

    out = Path(out)
    failures = (requests.RequestException, OSError, ValueError, TypeError, KeyError)
    with tempfile.TemporaryDirectory(prefix="geoplan-") as cache:
        wanted = {"use_cache": False, "cache_folder": cache, "requests_timeout": timeout_seconds}
        wanted |= {"useful_tags_way": list(GRAPH_WAY_TAGS), "useful_tags_node": list(GRAPH_NODE_TAGS)}
        if overpass_url is not None:
            # a server of one's own has no slots to wait for
            wanted |= {"overpass_url": overpass_url, "overpass_rate_limit": False}
        if nominatim_url is not None:
            wanted |= {"nominatim_url": nominatim_url}
        with _settings(osmnx.settings, wanted):
            _LOG.warning(
                "asking %s and %s for the streets of %s",
                osmnx.settings.nominatim_url,
                osmnx.settings.overpass_url,
                place,
            )
            try:
                graph = _fetch(place)
            except failures as error:
                reason = str(error) or type(error).__name__
                note = Note.of("download_failed", place=place, reason=reason, severity="error")
                raise DownloadError(note) from error
        out.parent.mkdir(parents=True, exist_ok=True)
        osmnx.save_graphml(graph, out)
    return out


def _fetch(place: str) -> Any:  # noqa: ANN401 - nx.MultiDiGraph
    """Return the graph, each stretch merged as far as its tags agree."""
    import osmnx

    graph = osmnx.graph_from_place(
        place, network_type="walk", custom_filter='["highway"]', simplify=False, retain_all=True
    )
    if not graph.number_of_edges():
        raise ValueError("no streets there")
    differ = [tag for tag in GRAPH_WAY_TAGS if any(tag in data for _, _, data in graph.edges(data=True))]
    return osmnx.simplify_graph(
        graph, node_attrs_include=["barrier", "highway"], edge_attrs_differ=["osmid", *differ]
    )


@contextmanager
def _settings(settings: Any, wanted: dict[str, Any]) -> Iterator[None]:  # noqa: ANN401 - a module
    """Change osmnx's settings and what it changes in `socket`, and restore both."""
    import socket

    before = {name: getattr(settings, name) for name in wanted}
    lookup = socket.getaddrinfo
    for name, value in wanted.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        socket.getaddrinfo = lookup
