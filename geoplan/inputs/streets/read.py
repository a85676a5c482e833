"""The streets that people walk on: read, judged by the walk table, split at junctions, with gates as valves.

What a walker may use is in `geoplan.inputs.streets.walk_table` and printed in ``docs/walking.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely import Geometry

from geoplan.inputs import readers
from geoplan.inputs.streets import osmnx_bridge
from geoplan.inputs.streets.edges import (
    ConnectionLoss,
    Gates,
    Private,
    Ways,
    add_valves,
    build_edges,
    choose_ways,
    connection_loss,
    gate_open,
    islands,
    skeleton,
    unknown_gates,
)
from geoplan.inputs.streets.lines import read_lines
from geoplan.inputs.streets.osm import read_osm
from geoplan.inputs.streets.walk_table import OUT, RESIDENTS, STATED_CHOICES, WALKED, stated
from geoplan.words.catalogue import phrase
from geoplan.words.errors import NetworkError, Note

#: Classes of valves; every other edge is a street.
VALVES = ("gate", "entry")
#: Area to keep: a polygon or (west, south, east, north), metric.
Area: TypeAlias = Geometry | tuple[float, float, float, float]
LeftOut = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Streets:
    """Streets as a network.

    `nodes` is indexed by ``node_id``: ``x, y`` (metres), ``kind`` (empty, ``gate``, ``barrier``, ``crossing``), ``name``.
    `edges` is indexed by ``edge_id``: ``u, v`` (node_id), ``highway, access, oneway, bridge, tunnel, level, osm_id, name,
    fixed_fwd_s, fixed_bwd_s, geometry``. Valves (``highway`` = ``gate`` or ``entry``) have no length.
    """

    nodes: pd.DataFrame
    edges: gpd.GeoDataFrame
    notes: tuple[Note, ...] = ()


def read_streets(
    path: str | Path,
    *,
    crs: CRS | str,
    classes: str | None = None,
    walk: Mapping[str, bool] | None = None,
    private: Private = "open",
    gates: Gates = "tagged",
    gate_states: Mapping[str, bool] | None = None,
    datum: Any = None,  # noqa: ANN401 - a name, a code or control points
    layer: str | None = None,
    area: Area | None = None,
) -> Streets:
    """Return the streets of a file that a walker may use.

    Parameters
    ----------
    path
        ``.osm.pbf``, ``.osm`` (also gzipped), ``.graphml`` as osmnx writes it, or a line layer.
    crs
        Metric CRS of the study.
    classes
        Column of street classes in a line layer; default: ``highway``, ``fclass`` or ``class``.
    walk
        Class -> walked or not, on top of the walk table.
    private
        ``open``, ``residents`` (one may walk out of private ways but not in) or ``closed``.
    gates
        ``tagged``, or all ``open`` or ``closed``.
    gate_states
        Gate id or name -> open or not, before everything else.
    datum
        What the coordinates are in; default: what the file says, OpenStreetMap's being WGS 84.
    layer
        Layer inside the file.
    area
        Polygon or bounds, metric: only streets that touch it are kept.

    Returns
    -------
    streets
        Nodes by ascending id, edges in canonical order, and notes, among them what leaving classes out costs.

    Raises
    ------
    InputError
        If the file is missing, unreadable, or lacks the column of classes.
    NetworkError
        If nothing in it may be walked on.
    """
    path = Path(path)
    kind = readers.file_kind(path, "osm", "graph", "layer")
    walk = dict(walk or {})
    if kind == "osm":
        ways, left_out, notes = read_osm(path, walk=walk, datum=datum, crs=crs)
    elif kind == "graph":
        return from_osmnx(
            osmnx_bridge.read_graphml(path),
            crs=crs,
            walk=walk,
            private=private,
            gates=gates,
            gate_states=gate_states,
            datum=datum,
            area=area,
            file=path.name,
        )
    else:
        table = readers.read_layer(path, layer=layer)
        ways, left_out, notes = read_lines(
            table, classes=classes, walk=walk, datum=datum, crs=crs, file=path.name
        )
    found = from_ways(
        ways,
        walk=walk,
        private=private,
        gates=gates,
        gate_states=gate_states or {},
        crs=crs,
        area=area,
        file=path.name,
    )
    return Streets(found.nodes, found.edges, (*notes, *_left_out_notes(left_out, path.name), *found.notes))


def from_ways(
    ways: Ways,
    *,
    walk: Mapping[str, bool],
    private: Private,
    gates: Gates,
    gate_states: Mapping[str, bool],
    crs: CRS | str,
    area: Area | None = None,
    file: str = "",
) -> Streets:
    """Return the network of judged ways; see `read_streets`.

    Raises
    ------
    NetworkError
        If nothing may be walked on.
    """
    if area is not None:
        ways = _near(ways, area)
    walked = choose_ways(ways, (ways.table["access"] != OUT).to_numpy())
    nodes, edges = build_edges(walked, crs=crs)
    edges, twice = _in_canonical_order(edges)
    if area is not None:
        edges = _touching(edges, area)
        nodes = nodes[nodes.index.isin(edges["u"]) | nodes.index.isin(edges["v"])]
    if edges.empty:
        raise NetworkError(Note.of("streets_none_walked", file=file, severity="error"))
    marks = gate_open(ways.marks, gates=gates, gate_states=gate_states)
    notes = [_read_note(nodes, edges, file), *_class_notes(ways, walk, file)]
    if twice:
        notes.append(Note.of("streets_twice", file=file, severity="info", edges=f"{twice:,}"))
    unknown = unknown_gates(marks[marks["kind"] != "crossing"], gate_states)
    if unknown:
        notes.append(Note.of("gate_state_unknown", file=file, gates=", ".join(unknown)))
    nodes, edges = add_valves(nodes, edges, marks, private=private)
    notes += _valve_notes(edges, private, file)
    return Streets(nodes, edges, tuple(notes))


def from_osmnx(
    graph: Any,  # noqa: ANN401 - nx.MultiDiGraph, whose node type networkx leaves open
    *,
    crs: CRS | str,
    walk: Mapping[str, bool] | None = None,
    private: Private = "open",
    gates: Gates = "tagged",
    gate_states: Mapping[str, bool] | None = None,
    datum: Any = None,  # noqa: ANN401 - a name, a code or control points
    area: Area | None = None,
    file: str = "",
) -> Streets:
    """Return the streets of an osmnx graph that a walker may use; see `read_streets`.

    A graph that `osmnx_bridge.to_osmnx` made comes back as it went, its streets and valves being judged already. Of
    any other, arcs count as streets in both directions unless tags say otherwise for walkers, and only tags that osmnx
    was told to keep (``osmnx.settings.useful_tags_way``) can be judged.

    Raises
    ------
    InputError
        If the graph has no CRS or no edges.
    NetworkError
        If nothing in it may be walked on.
    """
    if osmnx_bridge.made_here(graph):
        nodes, edges = osmnx_bridge.tables_of_graph(graph, crs=crs)
        return Streets(nodes, edges, (_read_note(nodes, edges, file),))
    walk = dict(walk or {})
    ways, left_out, notes = osmnx_bridge.ways_of_graph(graph, walk=walk, datum=datum, crs=crs)
    found = from_ways(
        ways,
        walk=walk,
        private=private,
        gates=gates,
        gate_states=gate_states or {},
        crs=crs,
        area=area,
        file=file,
    )
    return Streets(found.nodes, found.edges, (*notes, *_left_out_notes(left_out, file), *found.notes))


def walkable_m(edges: gpd.GeoDataFrame) -> float:
    """Return the metres of street in `edges`."""
    return float(edges.geometry.length.sum())


def _in_canonical_order(edges: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """Sort by nodes, length and way; drop a street that is there twice (as both directions of one).

    Return also how many were dropped.
    """
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    low, high, length = np.minimum(u, v), np.maximum(u, v), shapely.length(edges.geometry.array).round(3)
    order = np.lexsort((length, high, low))
    same = np.ones(len(order) - 1, dtype=bool) if len(order) else np.empty(0, dtype=bool)
    for key in (low, high, length):
        same &= key[order[1:]] == key[order[:-1]]
    tied = (
        np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
        if len(order)
        else np.empty(0, dtype=int)
    )
    twice = np.zeros(len(order), dtype=bool)
    if len(tied):
        # only edges that share ends and length need more to be told apart
        rows = pd.DataFrame(edges.iloc[order[tied]].drop(columns="geometry"))
        rows = rows.assign(
            low=low[order[tied]], high=high[order[tied]], length=length[order[tied]], place=order[tied]
        )
        rows = rows.sort_values(
            ["low", "high", "length", "highway", "access", "oneway", "osm_id", "level", "u"], kind="stable"
        )
        order[tied] = rows["place"]
        lines = shapely.to_wkb(shapely.normalize(edges.geometry.array[order[tied]]), output_dimension=2)
        agree = rows[["low", "high", "highway", "access", "level"]].assign(line=lines).duplicated()
        twice[tied] = agree & (rows["oneway"] == 0)
    kept = edges.iloc[order[~twice]].reset_index(drop=True)
    kept.index.name = "edge_id"
    return kept, int(twice.sum())


def _near(ways: Ways, area: Area) -> Ways:
    """Return the ways whose bounds meet those of the area: what lies farther costs no work and enters no note."""
    if not len(ways.vertex):
        return ways
    west, south, east, north = area if isinstance(area, tuple) else area.bounds
    x, y, first = ways.xy[ways.vertex, 0], ways.xy[ways.vertex, 1], ways.first[:-1]
    apart = (np.minimum.reduceat(x, first) > east) | (np.maximum.reduceat(x, first) < west)
    apart |= (np.minimum.reduceat(y, first) > north) | (np.maximum.reduceat(y, first) < south)
    return choose_ways(ways, ~apart)


def _touching(edges: gpd.GeoDataFrame, area: Area) -> gpd.GeoDataFrame:
    polygon = shapely.box(*area) if isinstance(area, tuple) else area
    shapely.prepare(polygon)
    kept = edges[shapely.intersects(polygon, edges.geometry.array)].reset_index(drop=True)
    kept.index.name = "edge_id"
    return kept


def _read_note(nodes: pd.DataFrame, edges: gpd.GeoDataFrame, file: str) -> Note:
    count, share = islands(edges["u"].to_numpy(), edges["v"].to_numpy())
    return Note.of(
        "streets_read", file=file, severity="info", nodes=f"{len(nodes):,}", edges=f"{len(edges):,}",
        km=f"{walkable_m(edges) / 1000:,.0f}", islands=count, share=f"{share:.1%}",
    )  # fmt: skip


def _class_notes(ways: Ways, walk: Mapping[str, bool], file: str) -> list[Note]:
    """Say what each choice of class costs in connection, or would cost."""
    bones = skeleton(ways)
    classes = bones["highway"].unique()
    choices = {*STATED_CHOICES, *(name for name, walked in walk.items() if not walked)}
    notes: list[Note] = []
    for choice in sorted(choices):
        covered = [
            c for c in classes if c == choice or (c.removesuffix("_link") == choice and c not in choices)
        ]
        if not covered:
            continue
        of_choice = bones["highway"].isin(covered)
        choice_stated = stated(choice, walk)
        walked = choice in WALKED if choice_stated is None else choice_stated
        # a class left out may still have ways that their own tags open: these stay
        moved = of_choice & (bones["walked"] if walked else ~bones["walked"])
        if not moved.any():
            continue
        marked = bones.assign(highway=np.where(moved, choice, ""))
        loss = connection_loss(marked[bones["walked"] | moved], [choice])
        if walked and choice_stated is None:
            notes.append(_loss_note("class_choice_unstated", loss, choice, file, "warning"))
        else:
            notes.append(
                _loss_note("class_walked" if walked else "class_left_out", loss, choice, file, "info")
            )
    return notes


def _loss_note(code: str, loss: ConnectionLoss, choice: str, file: str, severity: str) -> Note:
    return Note.of(
        code, file=file, severity=severity, choice=choice, edges=f"{loss.edges:,}", km=f"{loss.km:,.0f}",
        islands=loss.islands, share=f"{loss.share:.1%}", islands_with=loss.islands_with,
        share_with=f"{loss.share_with:.1%}",
    )  # fmt: skip


def _left_out_notes(left_out: LeftOut, file: str) -> list[Note]:
    """Say what was left out by which rule, and which classes are unknown."""
    rules: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for (rule, highway), count in sorted(left_out.items()):
        if rule == "unknown_class":
            unknown[highway] = count
        elif rule != "no_street":
            rules[rule] = rules.get(rule, 0) + count
    notes = []
    if unknown:
        listed = ", ".join(f"{name} ({count})" for name, count in unknown.items())
        notes.append(Note.of("street_classes_unknown", file=file, classes=listed))
    if rules:
        zh, en = (
            ", ".join(f"{phrase(f'left_out_{rule}', lang)} {count:,}" for rule, count in rules.items())
            for lang in ("zh", "en")
        )
        notes.append(Note.of("streets_left_out", file=file, severity="info", rules_zh=zh, rules_en=en))
    return notes


def _valve_notes(edges: gpd.GeoDataFrame, private: Private, file: str) -> list[Note]:
    notes = []
    ways = edges[(edges["access"] == RESIDENTS) & ~edges["highway"].isin(VALVES)]
    if len(ways):
        entries = int((edges["highway"] == "entry").sum())
        words: dict[str, Any] = {"edges": f"{len(ways):,}", "entries": f"{entries:,}"}
        words["km"] = f"{walkable_m(ways) / 1000:,.1f}"
        notes.append(Note.of(f"private_{private}", file=file, severity="info", **words))
    gates = edges[edges["highway"] == "gate"].drop_duplicates("osm_id")
    if len(gates):
        shut = gates[["fixed_fwd_s", "fixed_bwd_s"]].gt(0).sum(axis=1)
        opened, one_way, closed = (int((shut == ways_shut).sum()) for ways_shut in range(3))
        notes.append(
            Note.of("gates_found", file=file, severity="info", open=opened, one_way=one_way, closed=closed)
        )
    return notes
