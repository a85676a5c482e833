"""Squares are walked across: straight lines of sight between where streets meet a square, round its corners and holes.

A square is an area with a street class. Its rings are ways like any other; here the shortest walks inside of it, from each street
that meets a ring to each other one, are added as further ways, of a class of their own: they are no streets on which people live. The shortest walk in a polygon turns only at corners that stick out
into it (of its outline, or of holes), so that lines of sight between these and the streets' ends hold all of them
(Lozano-Perez & Wesley 1979, https://doi.org/10.1145/359156.359164).
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.polygon import orient

from geoplan.inputs.streets.edges import Bools, Floats, Ints, Ways
from geoplan.inputs.streets.walk_table import ACROSS

#: The most places between which lines of sight are drawn; a square with more is drawn more coarsely, by steps of this many metres.
MOST_PLACES, COARSER_M = 250, 0.5

#: Lines of sight that shorten a walk by less than this are not taken, metres.
TIE_M = 1e-6

#: A square that fewer streets meet is not crossed.
FEWEST_STREETS = 2

Pairs = npt.NDArray[np.int64]


def cross_squares(ways: Ways, walked: Bools) -> tuple[Ways, int]:
    """Return the ways with the walks across squares as further ways, and how many squares have any.

    Parameters
    ----------
    ways
        As they meet each other. Rows of one square have one word in ``square``, all others none.
    walked
        Which of them are walked; only these are rings and streets.
    """
    square = ways.table["square"].where(walked, "").to_numpy(dtype=object)
    if not (square != "").any():
        return ways, 0
    uses = _uses(ways, walked, square != "")
    links, rows = [], []
    for _, mine in sorted(pd.Series(np.arange(len(square)))[square != ""].groupby(square[square != ""])):
        found = _walks_across(ways, mine.to_numpy(), uses)
        links.append(found)
        rows += [mine.iloc[0]] * len(found)
    every = np.concatenate(links)
    if not len(every):
        return ways, 0
    table = ways.table.iloc[rows].assign(highway=ACROSS, oneway=0, square="")
    first = np.concatenate([ways.first, ways.first[-1] + 2 * (1 + np.arange(len(every)))])
    joined = pd.concat([ways.table, table], ignore_index=True)
    vertex = np.concatenate([ways.vertex, every.ravel()])
    return replace(ways, table=joined, first=first, vertex=vertex), sum(len(found) > 0 for found in links)


def _uses(ways: Ways, walked: Bools, in_square: Bools) -> Ints:
    """Return how many walked ways go through each vertex of a square."""
    way = np.repeat(np.arange(len(ways.table)), np.diff(ways.first))
    asked = np.zeros(len(ways.node_id), dtype=bool)
    asked[ways.vertex[in_square[way]]] = True
    place = np.flatnonzero(asked[ways.vertex] & walked[way])
    pairs = np.unique(np.column_stack([ways.vertex[place], way[place]]), axis=0)
    return np.bincount(pairs[:, 0], minlength=len(ways.node_id))


def _walks_across(ways: Ways, mine: Ints, uses: Ints) -> Pairs:
    """Return the lines of sight (pairs of vertices) that are on a shortest walk between streets that meet the square."""
    none = np.empty((0, 2), dtype=np.int64)
    rings = [ways.vertex[ways.first[row] : ways.first[row + 1]] for row in mine]
    vertices, own = np.unique(np.concatenate([np.unique(ring) for ring in rings]), return_counts=True)
    met = vertices[uses[vertices] > own]
    if len(met) < FEWEST_STREETS:
        return none
    lines = [shapely.linestrings(ways.xy[ring]) for ring in rings if len(ring) > 1]
    area = shapely.build_area(shapely.multilinestrings(lines))
    if area.is_empty or not area.is_valid:
        return none
    at = {
        (x, y): vertex for vertex, (x, y) in zip(vertices.tolist(), ways.xy[vertices].tolist(), strict=True)
    }
    sights = _sights(area, ways.xy, met, _corners(area, at, most=MOST_PLACES - len(met)))
    along = np.array([step for ring in rings for step in pairwise(ring.tolist())], dtype=np.int64).reshape(
        -1, 2
    )
    return _used(ways.xy, sights, along, met)


def _sights(area: shapely.Geometry, xy: Floats, met: Ints, corners: Ints) -> Pairs:
    """Return the pairs of places that see each other and that a shortest walk may join.

    `corners` has rows of a corner and its neighbours on the ring. A walk that turns at a corner touches it: both neighbours lie on one
    side of the line, or on it.
    """
    turn, before, after = corners.T
    places = np.concatenate([met, turn])
    one, other = np.triu_indices(len(places), k=1)
    may = places[one] != places[other]
    for end, far in ((one, other), (other, one)):
        corner = np.flatnonzero(end >= len(met))
        number = end[corner] - len(met)
        line = xy[turn[number]] - xy[places[far[corner]]]
        sides = [
            line[:, 0] * side[:, 1] - line[:, 1] * side[:, 0]
            for side in (xy[before[number]] - xy[turn[number]], xy[after[number]] - xy[turn[number]])
        ]
        may[corner] &= sides[0] * sides[1] >= 0
    pairs = np.unique(np.sort(np.stack([places[one[may]], places[other[may]]], axis=1), axis=1), axis=0)
    shapely.prepare(area)
    seen: Pairs = pairs[shapely.covers(area, shapely.linestrings(xy[pairs]))]
    return seen


def _corners(area: shapely.Geometry, at: dict[tuple[float, float], int], *, most: int) -> Ints:
    """Return the vertices at which an area turns inwards, each with its neighbours; of more than `most` those of its coarser outline."""
    tolerance, outline = 0.0, area
    while True:
        parts = [orient(part) for part in shapely.get_parts(outline)]
        turns = [
            turn for part in parts for ring in (part.exterior, *part.interiors) for turn in _turns(ring, at)
        ]
        if len(turns) <= max(most, 0) or tolerance > outline.length:
            return np.array(turns, dtype=np.int64).reshape(-1, 3)
        tolerance = 2 * tolerance or COARSER_M
        outline = shapely.simplify(area, tolerance)


def _turns(ring: shapely.LinearRing, at: dict[tuple[float, float], int]) -> list[tuple[int, int, int]]:
    """Return the corners of a ring, the area to its left, at which it turns right, with the vertices before and after."""
    xy = shapely.get_coordinates(ring)[:-1]
    before, after = np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0)
    into, out = xy - before, after - xy
    right = into[:, 0] * out[:, 1] - into[:, 1] * out[:, 0] < 0
    rows = zip(xy[right].tolist(), before[right].tolist(), after[right].tolist(), strict=True)
    return [(at[x, y], at[a, b], at[c, d]) for (x, y), (a, b), (c, d) in rows]


def _used(xy: Floats, sights: Pairs, along: Pairs, met: Ints) -> Pairs:
    """Return the lines of sight that shorten a walk along the rings from one of `met` to another, in a fixed order."""
    both = np.concatenate([along, sights])
    ids, flat = np.unique(both, return_inverse=True)
    u, v = np.sort(flat.reshape(-1, 2), axis=1).T
    metres = np.hypot(*(xy[both[:, 0]] - xy[both[:, 1]]).T)
    # a ring's own line comes before a line of sight that is as long
    metres[len(along) :] += TIE_M
    _, first = np.unique(u * len(ids) + v, return_index=True)
    first = first[u[first] != v[first]]
    graph = csr_array((metres[first], (u[first], v[first])), shape=(len(ids), len(ids)))
    starts = np.searchsorted(ids, met)
    walk = dijkstra(graph, directed=False, indices=starts)
    sight = first[first >= len(along)]
    a, b, length = u[sight], v[sight], metres[sight]
    used = np.zeros(len(sight), dtype=bool)
    for row in walk:  # which lines lie on a walk from one start that is as short as any
        shortest = np.where(np.isfinite(row[starts]), row[starts] + TIE_M / 1000, -1.0)[:, None]
        for near, far in ((a, b), (b, a)):
            used |= (row[near] + length + walk[:, far] <= shortest).any(axis=0)
    return np.sort(ids[np.stack([a[used], b[used]], axis=1)], axis=1)
