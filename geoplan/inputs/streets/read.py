"""The streets that people walk on: read, judged by the walk table, split at junctions, with gates as valves.

What a walker may use is in `geoplan.inputs.streets.walk_table` and printed in ``docs/walking.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely import Geometry

from geoplan.inputs import readers
from geoplan.inputs.streets import osmnx_bridge
from geoplan.inputs.streets.edges import (
    Gates,
    Private,
    Ways,
    add_valves,
    build_edges,
    choose_ways,
    gate_open,
    unknown_gates,
)
from geoplan.inputs.streets.ground import ground_of_layers, ground_of_osm
from geoplan.inputs.streets.joins import join_streets
from geoplan.inputs.streets.lines import read_lines
from geoplan.inputs.streets.notes import (
    class_notes,
    join_notes,
    pieces_note,
    read_note,
    sidewalk_notes,
    valve_notes,
)
from geoplan.inputs.streets.osm import read_osm
from geoplan.inputs.streets.osm_edited import holds_osm
from geoplan.inputs.streets.sidewalks import without_doubled_roads
from geoplan.inputs.streets.squares import cross_squares
from geoplan.inputs.streets.walk_table import OUT
from geoplan.tables import GROUND
from geoplan.words.errors import NetworkError, Note
from geoplan.words.periods import parse_hour

Join: TypeAlias = Literal["ends", "crossings"]
Components: TypeAlias = Literal["one", "several"]
#: Area to keep: a polygon or (west, south, east, north), metric.
Area: TypeAlias = Geometry | tuple[float, float, float, float]


@dataclass(frozen=True)
class Streets:
    """Streets as a network.

    `nodes` is indexed by ``node_id``: ``x, y`` (metres), ``kind`` (empty, ``gate``, ``barrier``, ``crossing``), ``name``.
    `edges` is indexed by ``edge_id``: ``u, v`` (node_id), ``highway, access, oneway, bridge, tunnel, level, on_ground,
    ride_s, osm_id, name, fixed_fwd_s, fixed_bwd_s, geometry``; ``on_ground``: people on the ground join it; ``ride_s``: seconds of a ferry, else NaN. Valves (``highway`` = ``gate`` or ``entry``) have no length. `crossings`: places where
    lines cross on the ground without a shared vertex. `ground`: water, green and railways that the same file holds, as `GROUND`.
    """

    nodes: pd.DataFrame
    edges: gpd.GeoDataFrame
    notes: tuple[Note, ...] = ()
    crossings: int = 0
    ground: gpd.GeoDataFrame = field(default_factory=GROUND.empty_shapes)


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
    join: Join = "ends",
    components: Components = "one",
    at: str | None = None,
) -> Streets:
    """Return the streets of a file that a walker may use.

    Parameters
    ----------
    path
        ``.osm.pbf``, ``.osm``, ``.osm.xml`` (also gzipped; as JOSM saves them, too), a history (``.osh``), the JSON of
        Overpass, ``.graphml`` as osmnx writes it, or a line layer.
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
    join
        ``ends``: ends within 0.5 m of another street are joined with it; ``crossings``: so are lines that cross without
        a shared vertex. Never on bridges, in tunnels or between levels or layers.
    components
        ``one``: a largest component with under half of the length is an error among the notes; ``several``: it is not.
    at
        Hour (``We 22:00``) for which conditions on ways and gates are decided; None: they are not.

    Returns
    -------
    streets
        Nodes by ascending id, edges in canonical order, the ground of the area's bounds, and notes, among them what leaving classes out
        costs.

    Raises
    ------
    InputError
        If the file is missing, unreadable, or lacks the column of classes.
    NetworkError
        If nothing in it may be walked on.
    """
    path = Path(path)
    kind = readers.file_kind(path, "osm", "graph", "layer")
    choices: dict[str, Any] = {
        "walk": dict(walk or {}), "private": private, "gates": gates, "gate_states": gate_states or {}, "area": area,
        "crs": crs, "file": path.name, "join": join, "components": components,
    }  # fmt: skip
    if kind == "graph":
        return from_osmnx(osmnx_bridge.read_graphml(path), datum=datum, at=at, **choices)
    hour = None if at is None else parse_hour(at)
    around = None if area is None else _bounds(area)
    if holds_osm(path):
        ways, notes = read_osm(path, walk=choices["walk"], at=hour, datum=datum, crs=crs)
        ground = ground_of_osm(path, datum=datum, crs=crs, area=around)
    else:
        table = readers.read_layer(path, layer=layer)
        ways, notes = read_lines(
            table, classes=classes, walk=choices["walk"], at=hour, datum=datum, crs=crs, file=path.name
        )
        ground = ground_of_layers(path, table, datum=datum, crs=crs, area=around)
    return replace(from_ways(ways, notes, **choices), ground=ground)


def from_ways(
    ways: Ways,
    found: tuple[Note, ...],
    *,
    walk: Mapping[str, bool],
    private: Private,
    gates: Gates,
    gate_states: Mapping[str, bool],
    crs: CRS | str,
    area: Area | None = None,
    join: Join = "ends",
    components: Components = "one",
    file: str = "",
) -> Streets:
    """Return the network of judged ways, with what was found in them when they were read; see `read_streets`.

    Raises
    ------
    NetworkError
        If nothing may be walked on.
    """
    ways, doubled, lone = without_doubled_roads(_in_area(ways, area, file))
    walked = (ways.table["access"] != OUT).to_numpy()
    if not walked.any():
        raise NetworkError(Note.of("streets_none_walked", file=file, severity="error"), *found)
    joined = join_streets(ways, walked, crossings=join == "crossings")
    ways, squares = _with_squares(joined.ways, own=len(ways.table))
    nodes, edges = build_edges(choose_ways(ways, (ways.table["access"] != OUT).to_numpy()), crs=crs)
    edges, twice = _in_canonical_order(edges)
    if area is not None:
        edges = _touching(edges, area)
        nodes = nodes[nodes.index.isin(edges["u"]) | nodes.index.isin(edges["v"])]
    if edges.empty:
        raise NetworkError(_elsewhere(ways, area, file))
    notes = [
        *found,
        read_note(nodes, edges, file),
        *pieces_note(edges, joined.crossings, several=components == "several", file=file),
        *join_notes(joined, crossings=join == "crossings", file=file),
        *class_notes(ways, walk, file),
        *sidewalk_notes(doubled, lone, file),
    ]
    if squares:
        notes.append(Note.of("squares_crossed", file=file, severity="info", squares=f"{squares:,}"))
    if twice:
        notes.append(Note.of("streets_twice", file=file, severity="info", edges=f"{twice:,}"))
    marks = gate_open(ways.marks, gates=gates, gate_states=gate_states)
    unknown = unknown_gates(marks[marks["kind"] != "crossing"], gate_states)
    if unknown:
        notes.append(Note.of("gate_state_unknown", file=file, gates=", ".join(unknown)))
    nodes, edges = add_valves(nodes, edges, marks, private=private)
    notes += valve_notes(edges, private, file)
    return Streets(nodes, edges, tuple(notes), joined.crossings)


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
    join: Join = "ends",
    components: Components = "one",
    at: str | None = None,
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
        return Streets(nodes, edges, (read_note(nodes, edges, file),))
    walk = walk or {}
    ways, notes = osmnx_bridge.ways_of_graph(
        graph, walk=walk, at=None if at is None else parse_hour(at), datum=datum, crs=crs, file=file
    )
    return from_ways(
        ways, notes, walk=walk, private=private, gates=gates, gate_states=gate_states or {}, crs=crs, area=area, file=file, join=join, components=components
    )  # fmt: skip


def _with_squares(ways: Ways, *, own: int) -> tuple[Ways, int]:
    """Return the ways with walks across squares, and how many have any; what was joined behind the first `own` ways is no ring."""
    square = ways.table["square"].where(ways.table.index < own, "")
    ways = replace(ways, table=ways.table.assign(square=square))
    return cross_squares(ways, (ways.table["access"] != OUT).to_numpy())


def _in_canonical_order(edges: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """Sort by nodes, length and way; drop a street that is there twice (as both directions of one).

    Return also how many were dropped.
    """
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    length = shapely.length(edges.geometry.array).round(3)
    keys = pd.DataFrame({"low": np.minimum(u, v), "high": np.maximum(u, v), "length": length})
    # only edges that share ends and length need more to be told apart
    tied = keys.duplicated(keep=False).to_numpy()
    rows = keys[tied].join(pd.DataFrame(edges.drop(columns="geometry")))
    rows = rows.sort_values([*keys, "highway", "access", "oneway", "osm_id", "level", "u"], kind="stable")
    rank, twice = np.zeros(len(edges)), np.zeros(len(edges), dtype=bool)
    rank[rows.index] = np.arange(len(rows))
    lines = shapely.to_wkb(shapely.normalize(edges.geometry.array[rows.index]), output_dimension=2)
    agree = rows[["low", "high", "highway", "access", "level"]].assign(line=lines).duplicated()
    twice[rows.index] = agree & (rows["oneway"] == 0)
    order = np.lexsort((rank, keys["length"], keys["high"], keys["low"]))
    kept = edges.iloc[order[~twice[order]]].reset_index(drop=True)
    return kept.rename_axis("edge_id"), int(twice.sum())


def _in_area(ways: Ways, area: Area | None, file: str) -> Ways:
    """Return the ways whose bounds meet those of the area: what lies farther costs no work and enters no note."""
    if not len(ways.vertex):
        raise NetworkError(Note.of("streets_no_ways", file=file, severity="error"))
    if area is None:
        return ways
    west, south, east, north = _bounds(area)
    x, y, first = ways.xy[ways.vertex, 0], ways.xy[ways.vertex, 1], ways.first[:-1]
    apart = (np.minimum.reduceat(x, first) > east) | (np.maximum.reduceat(x, first) < west)
    apart |= (np.minimum.reduceat(y, first) > north) | (np.maximum.reduceat(y, first) < south)
    if apart.all():
        raise NetworkError(_elsewhere(ways, area, file))
    return choose_ways(ways, ~apart)


def _bounds(area: Area) -> tuple[float, float, float, float]:
    west, south, east, north = area if isinstance(area, tuple) else area.bounds
    return west, south, east, north


def _elsewhere(ways: Ways, area: Area | None, file: str) -> Note:
    """Say how far from the area the streets lie."""
    polygon = shapely.box(*area) if isinstance(area, tuple) else area
    metres = shapely.distance(polygon, shapely.multipoints(ways.xy[np.unique(ways.vertex)]))
    return Note.of("streets_elsewhere", file=file, severity="error", km=f"{metres / 1000:,.1f}")


def _touching(edges: gpd.GeoDataFrame, area: Area) -> gpd.GeoDataFrame:
    polygon = shapely.box(*area) if isinstance(area, tuple) else area
    shapely.prepare(polygon)
    kept = edges[shapely.intersects(polygon, edges.geometry.array)]
    return kept.reset_index(drop=True).rename_axis("edge_id")
