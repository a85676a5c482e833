"""Areas of intent (意向区域): places generated from street junctions, a grid, or the centres of communities' people.

They say where to look for premises. No one has offered premises there, so they are never called an address. Order and numbers are
deterministic.
"""

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geoplan.inputs.candidates import candidate_frame
from geoplan.network.compiled import compiled
from geoplan.network.graph import WalkGraph
from geoplan.network.hilbert import hilbert_order
from geoplan.siting.candidates import Candidates
from geoplan.siting.solve.problems import Bools, Floats, Ints
from geoplan.tables import LEVELS, check_columns
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note, TableError

Way = Literal["streets", "grid", "centroids"]
WAYS: tuple[Way, ...] = ("streets", "grid", "centroids")


@dataclass(frozen=True, eq=False)
class _People:
    """Where people are: metric coordinates and how many, shape (n,) each."""

    x: Floats
    y: Floats
    people: Floats


def generate(
    way: Way,
    *,
    zones: gpd.GeoDataFrame,
    graph: WalkGraph | None = None,
    people: gpd.GeoDataFrame | None = None,
    spacing_m: float = 200.0,
    exclude: gpd.GeoSeries | None = None,
    most: int | None = None,
    lang: str = "zh",
) -> Candidates:
    """Return areas of intent inside the communities, or inside the next coarser zones that have polygons.

    Places in excluded areas are left out, then those too near to another, then those above the maximum; how many each time is a
    note. Which of two near ones stays: the one with more people within 500 m; without `people`, the one that comes first along a
    Hilbert curve. Above the maximum those with the most people within 500 m stay, ties by position; without `people` they are
    taken evenly along the curve.

    Parameters
    ----------
    way
        ``streets``: junctions of `graph`; ``grid``: the points of a square grid of step `spacing_m` whose lines have round
        coordinates; ``centroids``: the middle of each zone's people, or of the zone where `people` is None (where that middle lies outside
        of the zone, the zone's people nearest to it, or a point inside).
    zones
        `tables.ZONES`, metric CRS.
    graph
        Walking network; only for ``streets``.
    people
        Points in the CRS of `zones` with the column ``people``, >= 0, finite.
    spacing_m
        No two places are nearer to each other, metres; above 0 for a grid, else 0 (no two are too near) or more.
    exclude
        Polygons in the CRS of `zones`; what lies in them or on their border is left out.
    most
        Most places, >= 0; None: no limit.
    lang
        Language of their names, ``zh`` or ``en``.

    Returns
    -------
    candidates
        Of any service, built new. Numbered areas of intent (意向区域 0001 and so on) along a Hilbert curve; ids ``generated/<way>#1``.

    Raises
    ------
    ValueError
        If `way` is unknown, ``streets`` has no graph, the spacing is negative (or 0 for a grid), or `most` is negative.
    TableError
        If a column is missing, or people are negative or not finite.
    """
    _check(way, graph, spacing_m, most)
    within, notes = _zones_inside(zones)
    crowd = None if people is None else _people(people)
    x, y, zone, way_notes = _places(way, within, graph=graph, people=crowd, spacing_m=spacing_m)
    notes += way_notes
    keep = _outside(x, y, exclude)
    notes += _left("generate_excluded", len(keep) - int(keep.sum()))
    at = np.flatnonzero(keep)
    at = at[hilbert_order(x[at], y[at])]
    around = (
        None
        if crowd is None
        else weight_around(x[at], y[at], crowd.x, crowd.y, crowd.people, PEOPLE_AROUND_M)
    )
    # a grid is spaced as it is
    first = np.arange(len(at)) if around is None else np.argsort(-around, kind="stable")
    stays = (
        np.ones(len(at), bool) if way == "grid" else apart(x[at], y[at], first.astype(np.int64), spacing_m)
    )
    notes += _left("generate_thinned", len(stays) - int(stays.sum()), spacing=spacing_m)
    at, around = at[stays], None if around is None else around[stays]
    chosen = _most(len(at), around, most)
    if len(chosen) < len(at):
        code = "generate_most_even" if around is None else "generate_most"
        notes += _left(code, len(at) - len(chosen), most=most)
    at = at[chosen]
    empty = len(within) - len(np.unique(zone[at]))
    notes += _left("generate_zones_empty", empty) if len(at) else [Note.of("generate_none")]
    table = _table(way, x[at], y[at], list(within.index[zone[at]]), lang, zones)
    return Candidates(table, tuple(notes))


def _check(way: str, graph: WalkGraph | None, spacing_m: float, most: int | None) -> None:
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}; got {way!r}")
    if way == "streets" and graph is None:
        raise ValueError("way 'streets' needs a graph")
    if not (np.isfinite(spacing_m) and spacing_m >= 0) or (way == "grid" and spacing_m == 0):
        raise ValueError(f"spacing_m must be 0 or more, above 0 for a grid; got {spacing_m}")
    if most is not None and most < 0:
        raise ValueError(f"most must be 0 or more; got {most}")


def _people(people: gpd.GeoDataFrame) -> _People:
    check_columns(people, ["people"], name="people")
    found = people[people.geometry.notna()]
    number = found["people"].to_numpy(np.float64)
    if not (np.isfinite(number) & (number >= 0)).all():
        raise TableError("people: every number must be finite and 0 or more")
    xy = shapely.get_coordinates(found.geometry.array)
    return _People(xy[:, 0].copy(), xy[:, 1].copy(), number)


def _left(code: str, count: int, **values: object) -> list[Note]:
    return [Note(code, values={"count": count, **values}, severity="info")] if count else []


def _zones_inside(zones: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Return the communities that have a polygon, small ones first (they have what lies in an overlap), else coarser zones."""
    drawn = zones[zones.geometry.notna()]
    wanted = "community"
    for level in reversed(LEVELS[: LEVELS.index(wanted) + 1]):
        found = drawn[drawn["level"] == level]
        if len(found):
            order = np.lexsort((found.index.astype(str), found.geometry.area))
            notes = [] if level == wanted else [Note.of("generate_without_zones", level=wanted, used=level)]
            return found.iloc[order], notes
    return drawn.iloc[:0], []


def _places(
    way: Way, within: gpd.GeoDataFrame, *, graph: WalkGraph | None, people: _People | None, spacing_m: float
) -> tuple[Floats, Floats, Ints, list[Note]]:
    """Return coordinates of all places inside the zones, the position of each one's zone, and notes."""
    if way == "centroids":
        return _centroids(within, people)
    if way == "grid":
        x, y = _grid(within, spacing_m)
    else:
        assert graph is not None  # noqa: S101 - checked on entry
        x, y = graph.x, graph.y
    zone = _zone_at(within, x, y)
    inside = zone >= 0
    return x[inside], y[inside], zone[inside], []


def _zone_at(within: gpd.GeoDataFrame, x: Floats, y: Floats) -> Ints:
    """Return the position of the first zone that each point lies in or on the border of; -1 for none."""
    zone = np.full(len(x), len(within), np.int64)
    if len(within) and len(x):
        shapes = np.asarray(within.geometry.array)
        shapely.prepare(shapes)
        tree = shapely.STRtree(shapely.points(x, y))
        of, at = tree.query(shapes, predicate="intersects")
        np.minimum.at(zone, at, of)
    return np.where(zone == len(within), -1, zone)


def _grid(within: gpd.GeoDataFrame, step: float) -> tuple[Floats, Floats]:
    """Return the points of a grid through the multiples of `step` that lie in the boxes of zones, row by row."""
    columns, rows = [], []
    for west, south, east, north in shapely.bounds(np.asarray(within.geometry.array)):
        i = np.arange(np.ceil(west / step), np.floor(east / step) + 1, dtype=np.int64)
        j = np.arange(np.ceil(south / step), np.floor(north / step) + 1, dtype=np.int64)
        columns.append(np.tile(i, len(j)))
        rows.append(np.repeat(j, len(i)))
    if not columns:
        return np.empty(0), np.empty(0)
    cells = np.unique(np.column_stack([np.concatenate(rows), np.concatenate(columns)]), axis=0)
    return cells[:, 1] * step, cells[:, 0] * step


def _centroids(within: gpd.GeoDataFrame, people: _People | None) -> tuple[Floats, Floats, Ints, list[Note]]:
    """Return the middle of each zone's people, or of the zone without any people given."""
    shapes = np.asarray(within.geometry.array)
    if people is None:
        xy = shapely.get_coordinates(shapely.centroid(shapes))
        inner = shapely.get_coordinates(shapely.point_on_surface(shapes))
        bent = ~shapely.intersects(shapes, shapely.points(xy))
        xy = np.where(bent[:, None], inner, xy).reshape(-1, 2)
        return xy[:, 0], xy[:, 1], np.arange(len(shapes)), []
    zone = _zone_at(within, people.x, people.y)
    n, some = len(within), zone >= 0
    total, sum_x, sum_y = (
        np.bincount(zone[some], weights=weight[some], minlength=n)
        for weight in (people.people, people.people * people.x, people.people * people.y)
    )
    lived = np.flatnonzero(total > 0)
    x, y = sum_x[lived] / total[lived], sum_y[lived] / total[lived]
    bent = ~shapely.intersects(shapes[lived], shapely.points(x, y))
    for k in np.flatnonzero(bent):
        own = np.flatnonzero((zone == lived[k]) & (people.people > 0))
        metres = np.hypot(people.x[own] - x[k], people.y[own] - y[k])
        x[k], y[k] = (
            axis[own[np.lexsort((people.y[own], people.x[own], metres))[0]]] for axis in (people.x, people.y)
        )
    return x, y, lived, _left("generate_no_people", n - len(lived))


def _outside(x: Floats, y: Floats, exclude: gpd.GeoSeries | None) -> Bools:
    """Return which points lie in no excluded area."""
    free = np.ones(len(x), bool)
    if exclude is not None and len(x):
        shapes = np.asarray(exclude.dropna().array)
        shapely.prepare(shapes)
        _, hit = shapely.STRtree(shapely.points(x, y)).query(shapes, predicate="intersects")
        free[hit] = False
    return free


def _most(n: int, around: Floats | None, most: int | None) -> Ints:
    """Return the positions that stay under the maximum, ascending."""
    if most is None or n <= most:
        return np.arange(n)
    if around is None:
        return (np.arange(most) * n) // max(most, 1)
    return np.sort(np.argsort(-around, kind="stable")[:most])


def _table(
    way: Way, x: Floats, y: Floats, zone_id: list[str], lang: str, zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:  # fmt: skip
    n = len(x)
    number = np.arange(1, n + 1)
    columns = {
        "name": [phrase("siting_area_of_intent_named", lang, number=int(i)) for i in number],
        "services": [()] * n,
        "works": "new",
        "generated": True,
        "zone_id": zone_id,
        "location_quality": "approximate",
        "source_file": f"generated/{way}",
        "source_row": number,
    }
    index = pd.Index([f"generated/{way}#{i}" for i in number], dtype=object)
    return candidate_frame(columns, index=index, geometry=gpd.GeoSeries(shapely.points(x, y)), crs=zones.crs)


#: How far around a place its people are counted where only so many places may stay, metres as the crow flies.
PEOPLE_AROUND_M = 500.0


def apart(x: Floats, y: Floats, first: Ints, spacing_m: float) -> Bools:
    """Return which points stay: taken in the order `first`, each one that is no nearer than `spacing_m` to one already taken.

    Every point left out has a point that stays nearer than `spacing_m` (a maximal packing).

    Parameters
    ----------
    x, y
        Metric coordinates, shape (n,), finite.
    first
        Positions in the order in which points are taken, a permutation of 0 .. n-1.
    spacing_m
        Metres, >= 0; 0 keeps all.

    Examples
    --------
    >>> apart(np.array([0.0, 60.0, 100.0]), np.zeros(3), np.array([0, 1, 2]), 100.0).tolist()
    [True, False, True]
    """
    if spacing_m <= 0 or len(x) == 0:
        return np.ones(len(x), bool)
    tree = cKDTree(np.column_stack([x, y]))
    stays, free = np.zeros(len(x), bool), np.ones(len(x), bool)
    for i in first:
        if free[i]:
            stays[i] = True
            near = np.array(tree.query_ball_point((x[i], y[i]), 1.001 * spacing_m))
            free[near[np.hypot(x[near] - x[i], y[near] - y[i]) < spacing_m]] = False
    return stays


def weight_around(x: Floats, y: Floats, of_x: Floats, of_y: Floats, weight: Floats, metres: float) -> Floats:
    """Return the sum of the weights within `metres` of each point, shape (n,); the distance itself is inside.

    Parameters
    ----------
    x, y
        Points, metric, shape (n,).
    of_x, of_y, weight
        What is summed, shape (m,) each; added up in one order whatever the points.
    metres
        Radius, > 0.

    Examples
    --------
    >>> one = np.array([0.0, 500.0, 501.0])
    >>> weight_around(np.zeros(1), np.zeros(1), one, np.zeros(3), np.array([1.0, 10.0, 100.0]), 500.0).tolist()
    [11.0]
    """
    if len(x) == 0 or len(of_x) == 0:
        return np.zeros(len(x))
    west, south = min(x.min(), of_x.min()), min(y.min(), of_y.min())
    columns = int((max(x.max(), of_x.max()) - west) // metres) + 1
    of_cell = ((of_y - south) // metres).astype(np.int64) * (columns + 2) + ((of_x - west) // metres).astype(
        np.int64
    )
    order = np.argsort(of_cell, kind="stable")
    cell = ((y - south) // metres).astype(np.int64) * (columns + 2) + ((x - west) // metres).astype(np.int64)
    total: Floats = _around(
        (x, y, cell), (of_x[order], of_y[order], weight[order], of_cell[order]), columns + 2, float(metres)
    )
    return total


@compiled
def _around(
    points: tuple[Floats, Floats, Ints],
    people: tuple[Floats, Floats, Floats, Ints],
    width: int,
    metres: float,
) -> Floats:
    x, y, cell = points
    of_x, of_y, weight, of_cell = people
    total = np.zeros(len(x))
    for i in range(len(x)):
        for up in range(-1, 2):
            low = cell[i] + up * width - 1
            at = np.searchsorted(of_cell, low)
            while at < len(of_cell) and of_cell[at] <= low + 2:
                if np.hypot(of_x[at] - x[i], of_y[at] - y[i]) <= metres:
                    total[i] += weight[at]
                at += 1
    return total
