"""osmnx and networkx: graphs in and out, their GraphML files, and the download of a place's streets.

The download is the only use of the Internet, and only when asked for.
"""

import logging
import tempfile
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs.datum import to_crs
from geoplan.inputs.streets.edges import (
    WAY_COLUMNS,
    Floats,
    Ints,
    Ways,
    choose_ways,
    marks_table,
    without_repeats,
)
from geoplan.inputs.streets.walk_table import OUT, WAY_KEYS, judge_node, judge_way
from geoplan.words.errors import DownloadError, InputError, Note

#: Marks a graph that `to_osmnx` made: its edges are judged already and come back as they went.
MADE_HERE = "geoplan"
#: What an osmnx graph must keep of a way and of a node for the walk table; `simplify` must not merge over them.
GRAPH_WAY_TAGS = (*WAY_KEYS, "bridge", "tunnel", "level", "name", "area", "service")
GRAPH_NODE_TAGS = ("barrier", "highway", "access", "foot", "locked", "crossing", "name")

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
    >>> places = pd.DataFrame({"x": [0.0, 3.0], "y": [0.0, 4.0], "kind": "", "name": ""}, index=[1, 2])
    >>> line = dict(u=1, v=2, highway="path", access="open", oneway=0, bridge=False, tunnel=False, level="", osm_id="7")
    >>> line |= dict(name="", fixed_fwd_s=0.0, fixed_bwd_s=0.0)
    >>> street = gpd.GeoDataFrame([line], geometry=[shapely.LineString([(0, 0), (3, 4)])], crs=32650)
    >>> to_osmnx(places, street).edges[2, 1, 0]["length"]
    5.0
    """
    graph: Graph = nx.MultiDiGraph()
    graph.graph.update(
        {"crs": CRS.from_user_input(edges.crs).to_string(), "simplified": True, MADE_HERE: "walk"}
    )
    for node, row in zip(nodes.index, nodes.to_dict("records"), strict=True):
        graph.add_node(int(node), **{str(name): value for name, value in row.items()})
    lengths = edges.geometry.length.to_numpy()
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

    no_cast = dict.fromkeys(["oneway", "bridge", "tunnel", "access"], str)
    try:
        return osmnx.load_graphml(Path(path), edge_dtypes=no_cast)
    except (ParseError, ValueError, KeyError, nx.NetworkXError) as error:
        note = Note.of("streets_unreadable", file=Path(path).name, reason=str(error), severity="error")
        raise InputError(note) from error


def made_here(graph: Graph) -> bool:
    """Return whether `to_osmnx` made the graph."""
    return MADE_HERE in graph.graph


def tables_of_graph(graph: Graph, *, crs: CRS | str) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return the nodes and edges that `to_osmnx` put into `graph`, in `crs`."""
    found: dict[int, dict[str, Any]] = {}
    for u, v, data in graph.edges(data=True):
        backward = str(data["reversed"]) == "True"
        if int(data["edge_id"]) in found and backward:
            continue
        line = data["geometry"].reverse() if backward else data["geometry"]
        ends = (v, u) if backward else (u, v)
        found[int(data["edge_id"])] = {**data, "u": int(ends[0]), "v": int(ends[1]), "geometry": line}
    table = pd.DataFrame.from_dict(found, orient="index").sort_index()
    columns: dict[str, Any] = {"u": table["u"], "v": table["v"]}
    columns |= {name: table["osmid" if name == "osm_id" else name].astype(str) for name in WAY_COLUMNS}
    columns["oneway"] = columns["oneway"].astype("int64")
    columns |= {name: columns[name] == "True" for name in ("bridge", "tunnel")}
    columns |= {name: table[name].astype(float) for name in ("fixed_fwd_s", "fixed_bwd_s")}
    lines = gpd.GeoSeries(table["geometry"], crs=graph.graph["crs"])
    edges = gpd.GeoDataFrame(columns, geometry=to_crs(lines, datum=None, crs=crs))
    edges.index.name = "edge_id"
    places = pd.DataFrame.from_dict(dict(graph.nodes(data=True)), orient="index").sort_index()
    points = to_crs(
        gpd.GeoSeries.from_xy(places["x"], places["y"], crs=graph.graph["crs"]), datum=None, crs=crs
    )
    nodes = pd.DataFrame(
        {"x": points.x, "y": points.y, "kind": places["kind"].astype(str), "name": places["name"].astype(str)}
    )
    nodes.index = pd.Index(nodes.index.astype("int64"), name="node_id")
    return nodes, edges


def ways_of_graph(
    graph: Graph, *, walk: Mapping[str, bool], datum: object, crs: CRS | str
) -> tuple[Ways, dict[tuple[str, str], int], tuple[Note, ...]]:
    """Return the streets of any osmnx graph as judged ways, each street once whatever its directions for vehicles.

    Where `graph.simplify` merged ways with different tags into lists, the first of each list counts.

    Raises
    ------
    InputError
        If the graph has no CRS or no edges.
    """
    if graph.graph.get("crs") is None or not graph.number_of_edges():
        raise InputError(Note.of("graph_not_streets", severity="error"))
    names = list(graph.nodes)
    whole = all(isinstance(name, (int, np.integer)) for name in names)
    number = {name: int(name) if whole else place for place, name in enumerate(names)}
    places = pd.DataFrame([(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in names], columns=["x", "y"])
    places.index = pd.Index([number[n] for n in names])
    rows, lines, left_out = _judged(graph, number, places, walk)
    table = pd.DataFrame(rows, columns=["u", "v", "rule", *WAY_COLUMNS])
    source = gpd.GeoSeries(lines, crs=graph.graph["crs"])
    geometry = to_crs(source, datum=datum, crs=crs)  # type: ignore[arg-type]
    ways = _numbered(table, geometry, _node_marks(graph, number))
    kept = (table["access"] != OUT) | table["rule"].isin(["class", "stated"])
    return choose_ways(ways, kept.to_numpy()), left_out, ()


def _judged(
    graph: Graph, number: Mapping[Hashable, int], places: pd.DataFrame, walk: Mapping[str, bool]
) -> tuple[list[tuple[Any, ...]], list[shapely.LineString], dict[tuple[str, str], int]]:
    """Return each street once, with its line: arcs that run as drawn before those against it."""
    xy = dict(zip(places.index.tolist(), places[["x", "y"]].to_numpy().tolist(), strict=True))
    seen: set[tuple[Any, ...]] = set()
    rows: list[tuple[Any, ...]] = []
    lines: list[shapely.LineString] = []
    left_out: dict[tuple[str, str], int] = {}
    arcs = [(number[u], number[v], data) for u, v, data in graph.edges(data=True)]
    for u, v, data in sorted(arcs, key=lambda arc: (str(arc[2].get("reversed")) == "True", arc[0], arc[1])):
        line = data.get("geometry")
        line = line if line is not None else shapely.LineString([xy[u], xy[v]])
        key = (min(u, v), max(u, v), _all(data.get("osmid")), round(line.length, 9))
        if key in seen:
            continue
        seen.add(key)
        tags = {name: word for name in GRAPH_WAY_TAGS if (word := _first(data.get(name)))}
        verdict = judge_way(tags, walk)
        if verdict.access == OUT:
            place = verdict.rule, verdict.highway
            left_out[place] = left_out.get(place, 0) + 1
        against = str(data.get("reversed")) == "True"
        rows.append(
            (u, v, verdict.rule, verdict.highway, verdict.access, -verdict.oneway if against else verdict.oneway,
             tags.get("bridge", "no") not in ("no", "False"), tags.get("tunnel", "no") not in ("no", "False"),
             tags.get("level", ""), _first(data.get("osmid")), tags.get("name", ""))
        )  # fmt: skip
        lines.append(line)
    return rows, lines, left_out


def _all(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - a number, or a list in either direction's order
    return tuple(sorted(map(str, value))) if isinstance(value, (list, tuple)) else (str(value),)


def _first(value: Any) -> str:  # noqa: ANN401 - osmnx merges tags into lists
    if isinstance(value, (list, tuple)):
        return _first(value[0]) if value else ""
    return "" if value is None or value != value else str(value)


def _numbered(table: pd.DataFrame, geometry: gpd.GeoSeries, marks: pd.DataFrame) -> Ways:
    """Give numbers to vertices: ends are the graph's nodes, inner vertices meet nothing."""
    xy, line = shapely.get_coordinates(geometry.array, return_index=True)
    counts: Ints = np.bincount(line, minlength=len(table)).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    inner = np.ones(len(xy), dtype=bool)
    inner[first[:-1]] = inner[first[1:] - 1] = False
    ends = np.concatenate([table["u"].to_numpy(dtype=np.int64), table["v"].to_numpy(dtype=np.int64)])
    at = np.concatenate([first[:-1], first[1:] - 1])
    ids, place, of_end = np.unique(ends, return_index=True, return_inverse=True)
    vertex = np.empty(len(xy), dtype=np.int64)
    vertex[at] = of_end
    vertex[inner] = len(ids) + np.arange(inner.sum())
    node_id = np.concatenate([ids, ids[-1] + 1 + np.arange(inner.sum())])
    points: Floats = np.concatenate([xy[at[place]], xy[inner]])
    first, vertex = without_repeats(first, vertex)
    return Ways(table.drop(columns=["u", "v"]), first, vertex, node_id, points, marks)


def _node_marks(graph: Graph, number: Mapping[Hashable, int]) -> pd.DataFrame:
    found: dict[int, tuple[str, str, str]] = {}
    for node, data in graph.nodes(data=True):
        tags = {name: word for name in GRAPH_NODE_TAGS if (word := _first(data.get(name)))}
        mark = judge_node(tags)
        if mark.kind:
            found[number[node]] = (mark.kind, mark.state, tags.get("name", ""))
    return marks_table(found)


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
