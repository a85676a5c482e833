"""Points onto the network: the nearest street at the point on it, the access leg charged.

The leg may not cross a barrier and ends at `max_snap_m`. Within that, the ground comes before bridges, tunnels and other levels, and
the main network before islands. A point that states its level joins that level.
"""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.inputs.datum import ground_metres, ground_scale
from geoplan.inputs.streets.walk_table import has_level
from geoplan.network.graph import WalkGraph
from geoplan.network.grid import Grid, Segments, candidates, feet, grid_of, nearest_segment
from geoplan.tables import check_unique_index
from geoplan.words.catalogue import Phrase
from geoplan.words.errors import Note

#: A polygon's dimension; points that are led round barriers at once.
AREA, BATCH = 2, 5000

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Pairs = tuple[Floats, Floats]


class Found(NamedTuple):
    """For each point the nearest stretch that its leg may take (-1: none), and whether barriers left it none."""

    stretch: NDArray[np.int64]
    blocked: NDArray[np.bool_]


def snap(
    graph: WalkGraph,
    points: gpd.GeoSeries,
    *,
    max_snap_m: float = 250.0,
    island_nodes: int = 50,
    barriers: gpd.GeoSeries | None = None,
    levels: pd.Series | None = None,
) -> pd.DataFrame:
    """Return where each point meets the network.

    Parameters
    ----------
    points
        Points in the graph's CRS, indexed by id; may be null or empty.
    max_snap_m
        Longest access leg, metres on the ground, inclusive.
    island_nodes
        A component with fewer street nodes is an island. The main network is taken wherever it is within `max_snap_m`, and the
        leg charged. Closed gates make no island.
    barriers
        Lines or polygons that a leg may not cross; None: none. A leg may touch one, or start inside a polygon and leave it.
    levels
        Level on which a point lies, as numbers of OpenStreetMap's ``level`` (0: the ground's), indexed like `points`; NaN, or None:
        not stated, which is the ground. A street on that level within `max_snap_m` is taken before all others.

    Returns
    -------
    snaps
        `tables.SNAPS`, indexed like `points`. Of what is within `max_snap_m` the first of these is taken: the main network on the ground,
        islands on it, the main network on bridges, in tunnels and on other levels, islands there. Streets closed both ways are not
        snapped to. Of streets equally near the one first in the streets table is taken.

    Examples
    --------
    >>> from geoplan.network.graph import build_graph
    >>> from shapely import LineString, Point
    >>> nodes = pd.DataFrame({"x": [0.0, 100.0], "y": [0.0, 0.0]})
    >>> line = [LineString([(0, 0), (100, 0)])]
    >>> graph = build_graph(nodes, gpd.GeoDataFrame({"u": [0], "v": [1]}, geometry=line))
    >>> points = gpd.GeoSeries([Point(30, 40), Point(30, 300), None], index=["a", "b", "c"])
    >>> snap(graph, points)[["offset_m", "leg_m"]].values.tolist()
    [[30.0, 40.0], [nan, nan], [nan, nan]]
    >>> snap(graph, points)["reason"].tolist()
    ['', 'too_far', 'no_point']
    """
    check_unique_index(points, name="points")
    shapes = points.to_numpy()
    shapes = np.where(shapely.is_empty(shapes), None, shapes)
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)  # NaN where there is no point
    given = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    found = Found(np.full(len(given), -1, np.int64), np.zeros(len(given), bool))
    streets = _streets(graph, island_nodes)
    if len(streets.segments.rank) and len(given):
        field = streets._replace(walls=_walls(barriers))
        at = x[given], y[given]
        # limits are metres on the ground, distances between points and streets metres on the map
        map_m = 1 / ground_scale(*at, graph.crs)
        stated = np.zeros(len(given)) if levels is None else levels.loc[points.index].to_numpy(float)[given]
        found = _first_choice(field, at, max_snap_m * map_m, np.nan_to_num(stated))
    return _table(graph, points.index, (x, y), given, streets, found)


class Streets(NamedTuple):
    """What is snapped to: straight stretches, their grid, the coordinate of the graph that begins each, barriers.

    Stretches are on the `main` network or an island, `on_ground` or not, and tagged with a `level`, a place in `level_names`.
    """

    segments: Segments
    grid: Grid
    begins: NDArray[np.int64]
    main: Flags
    on_ground: Flags
    level: NDArray[np.int32]
    level_names: tuple[str, ...]
    walls: shapely.STRtree | None = None

    def choices(self, level: float) -> list[Flags]:
        """Return which stretches a point on a level takes first, second and so on."""
        ways = [self.on_ground, ~self.on_ground]
        if level != 0:
            there = np.array([bool(name) and has_level(name, level) for name in self.level_names], bool)
            ways = [there[self.level], *ways]
        return [way & main for way in ways for main in (self.main, ~self.main)]


def _streets(graph: WalkGraph, island_nodes: int) -> Streets:
    # every straight stretch of a chain that is open at least one way
    chain = np.repeat(np.arange(graph.n_chains), np.diff(graph.coord_start))
    follows = np.ones(len(chain), bool)
    follows[graph.coord_start[1:] - 1] = False
    begins = np.flatnonzero(follows & (graph.chain_open_fwd | graph.chain_open_bwd)[chain])
    begins = begins[graph.coord_offset_m[begins + 1] > graph.coord_offset_m[begins]]
    step = graph.coord_step[begins]
    segments = Segments(
        graph.coord_x[begins],
        graph.coord_y[begins],
        graph.coord_x[begins + 1],
        graph.coord_y[begins + 1],
        graph.step_edge[step],
    )
    return Streets(
        segments,
        grid_of(segments),
        begins,
        main=graph.component_nodes[graph.chain_component[chain[begins]]] >= island_nodes,
        on_ground=graph.step_on_ground[step],
        level=graph.step_level[step],
        level_names=graph.level_names,
    )


def _walls(barriers: gpd.GeoSeries | None) -> shapely.STRtree | None:
    if barriers is None:
        return None
    shapes = barriers.to_numpy()
    parts = shapely.get_parts(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
    return shapely.STRtree(parts) if len(parts) else None


def _crosses(walls: shapely.STRtree, start: Pairs, end: Pairs) -> NDArray[np.bool_]:
    # which legs cross a barrier; one that a leg starts in (a cell whose middle lies in a lake) does not hold it
    out = np.zeros(len(start[0]), bool)
    legs = np.flatnonzero((start[0] != end[0]) | (start[1] != end[1]))
    if not len(legs):
        return out
    xy = np.stack([np.column_stack(start)[legs], np.column_stack(end)[legs]], axis=1)
    leg, wall = walls.query(shapely.linestrings(xy), predicate="crosses")
    begun_inside = shapely.intersects(shapely.points(xy[leg, 0]), walls.geometries[wall])
    polygon = shapely.get_dimensions(walls.geometries[wall]) == AREA
    out[legs[leg[~(begun_inside & polygon)]]] = True
    return out


def _first_choice(streets: Streets, at: Pairs, furthest: Floats, level: Floats) -> Found:
    """Return for each point the nearest stretch of its first choice of which any is within `furthest`."""
    stretch, blocked = np.full(len(level), -1, np.int64), np.zeros(len(level), bool)
    for own in np.unique(level):
        left = np.flatnonzero(level == own)
        for allowed in streets.choices(own):
            if not len(left) or not allowed.any():
                continue
            found = _nearest(streets, at[0][left], at[1][left], furthest[left], allowed)
            stretch[left] = found.stretch
            blocked[left] |= found.blocked
            left = left[found.stretch < 0]
    return Found(stretch, blocked & (stretch < 0))


def _nearest(streets: Streets, x: Floats, y: Floats, furthest: Floats, allowed: Flags) -> Found:
    # the nearest allowed stretch whose leg crosses no barrier
    seg, grid, walls = streets.segments, streets.grid, streets.walls
    stretch, _ = nearest_segment(seg, grid, x, y, furthest, allowed)
    blocked = np.zeros(len(x), bool)
    if walls is None:
        return Found(stretch, blocked)
    hit = np.flatnonzero(stretch >= 0)
    foot = feet(seg, stretch[hit], x[hit], y[hit])
    walled = hit[_crosses(walls, (x[hit], y[hit]), foot[:2])]
    for some in np.array_split(walled, max(1, len(walled) // BATCH)):
        stretch[some] = _round_barriers(streets, walls, x[some], y[some], furthest[some], allowed)
    blocked[walled] = stretch[walled] < 0
    return Found(stretch, blocked)


def _round_barriers(
    streets: Streets, walls: shapely.STRtree, x: Floats, y: Floats, furthest: Floats, allowed: Flags
) -> NDArray[np.int64]:
    # of each point's stretches within reach, from near to far, the first whose leg crosses no barrier; -1 if none
    seg = streets.segments
    start, stretch = candidates(seg, streets.grid, x, y, furthest, allowed)
    point = np.repeat(np.arange(len(x)), np.diff(start))
    foot_x, foot_y, _, metres = feet(seg, stretch, x[point], y[point])
    order = np.lexsort((foot_y, foot_x, seg.rank[stretch], metres, point))
    out = np.full(len(x), -1, np.int64)
    at, left = start[:-1].copy(), np.flatnonzero(np.diff(start) > 0)
    while len(left):
        try_now = order[at[left]]
        walled = _crosses(walls, (x[left], y[left]), (foot_x[try_now], foot_y[try_now]))
        out[left[~walled]] = stretch[try_now[~walled]]
        left = left[walled]
        at[left] += 1
        left = left[at[left] < start[left + 1]]
    return out


def _table(
    graph: WalkGraph, index: pd.Index, xy: Pairs, given: NDArray[np.int64], streets: Streets, found: Found
) -> pd.DataFrame:
    n = len(index)
    chain, island, off_ground = np.full(n, -1, np.int64), np.zeros(n, bool), np.zeros(n, bool)
    numbers = np.full((4, n), np.nan)
    reason = np.full(n, "no_point", dtype=object)
    reason[given] = np.where(found.blocked, "barrier", "too_far") if len(streets.begins) else "empty_graph"
    on = found.stretch >= 0
    row, stretch = given[on], found.stretch[on]
    foot_x, foot_y, share, _ = feet(streets.segments, stretch, xy[0][row], xy[1][row])
    leg = ground_metres(
        np.column_stack([xy[0][row], xy[1][row]]), np.column_stack([foot_x, foot_y]), graph.crs
    )
    begin = streets.begins[stretch]
    low, high = graph.coord_offset_m[begin], graph.coord_offset_m[begin + 1]
    offset = np.where(share < 1, low + share * (high - low), high)
    numbers[:, row] = offset, leg, foot_x, foot_y
    chain[row] = np.searchsorted(graph.coord_start, begin, side="right") - 1
    island[row], off_ground[row] = ~streets.main[stretch], ~streets.on_ground[stretch]
    reason[row] = ""
    columns = {"chain": chain, "offset_m": numbers[0], "leg_m": numbers[1], "x": numbers[2], "y": numbers[3]}
    told = {"reason": pd.array(reason, dtype="str"), "island": island, "off_ground": off_ground}
    return pd.DataFrame({**columns, **told}, index=index)


def snap_notes(
    snaps: pd.DataFrame, *, what: Phrase, max_snap_m: float = 250.0, island_nodes: int = 50
) -> tuple[Note, ...]:
    """Return notes on the points of `what` that are not on the network, by reason, and on those on islands or off the ground."""
    reasons = ("empty_graph", "too_far", "barrier", "no_point")
    counts = {name: int((snaps["reason"] == name).sum()) for name in reasons}
    counts |= {name: int(snaps[name].sum()) for name in ("island", "off_ground")}
    return tuple(
        Note.of(f"snap_{name}", count=count, what=what, max_snap_m=max_snap_m, island_nodes=island_nodes)
        for name, count in counts.items()
        if count
    )
