"""Squares are walked across: straight lines of sight between where streets meet a square, round its corners and holes.

A square is an area with a street class. Its rings are ways like any other; here the shortest walks inside of it, from each street
that meets a ring to each other one, are added as further ways. The shortest walk in a polygon turns only at corners that stick out
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

#: The most places between which lines of sight are drawn; a square with more is drawn more coarsely, by steps of this many metres.
MOST_PLACES, COARSER_M = 250, 0.5

#: Lines of sight that shorten a walk by less than this are not taken, metres.
TIE_M = 1e-6

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
    uses = _uses(ways, walked)
    links, rows = [], []
    for name in sorted(set(square) - {""}):
        mine = np.flatnonzero(square == name)
        found = _walks_across(ways, mine, uses)
        links.append(found)
        rows += [mine[0]] * len(found)
    every = np.concatenate(links)
    if not len(every):
        return ways, 0
    table = ways.table.iloc[rows].assign(oneway=0, square="")
    first = np.concatenate([ways.first, ways.first[-1] + 2 * (1 + np.arange(len(every)))])
    joined = pd.concat([ways.table, table], ignore_index=True)
    vertex = np.concatenate([ways.vertex, every.ravel()])
    return replace(ways, table=joined, first=first, vertex=vertex), sum(len(found) > 0 for found in links)


def _uses(ways: Ways, walked: Bools) -> Ints:
    """Return how many walked ways go through each vertex."""
    way = np.repeat(np.arange(len(ways.table)), np.diff(ways.first))
    pairs = np.unique(np.column_stack([ways.vertex, way])[walked[way]], axis=0)
    return np.bincount(pairs[:, 0], minlength=len(ways.node_id))


def _walks_across(ways: Ways, mine: Ints, uses: Ints) -> Pairs:
    """Return the lines of sight (pairs of vertices) that are on a shortest walk between streets that meet the square."""
    none = np.empty((0, 2), dtype=np.int64)
    rings = [ways.vertex[ways.first[row] : ways.first[row + 1]] for row in mine]
    own = np.bincount(np.concatenate([np.unique(ring) for ring in rings]), minlength=len(ways.node_id))
    lines = [shapely.linestrings(ways.xy[ring]) for ring in rings if len(ring) > 1]
    area = shapely.build_area(shapely.multilinestrings(lines))
    vertices = np.flatnonzero(own)
    met = vertices[uses[vertices] > own[vertices]]
    if area.is_empty or not area.is_valid or len(met) < 2:
        return none
    at = {
        (x, y): vertex for vertex, (x, y) in zip(vertices.tolist(), ways.xy[vertices].tolist(), strict=True)
    }
    places = np.union1d(met, _corners(area, at, most=MOST_PLACES - len(met)))
    one, other = (places[k] for k in np.triu_indices(len(places), k=1))
    shapely.prepare(area)
    seen = shapely.covers(area, shapely.linestrings(ways.xy[np.stack([one, other], axis=1)]))
    sights = np.stack([one[seen], other[seen]], axis=1)
    along = np.array([step for ring in rings for step in pairwise(ring.tolist())], dtype=np.int64).reshape(
        -1, 2
    )
    return _used(ways.xy, sights, along, met)


def _corners(area: shapely.Geometry, at: dict[tuple[float, float], int], *, most: int) -> Ints:
    """Return the vertices at which an area turns inwards; of more than `most` those of its coarser outline."""
    tolerance, outline = 0.0, area
    while True:
        corners = [corner for part in shapely.get_parts(outline) for corner in _turns(orient(part))]
        found = np.unique(np.array([at[corner] for corner in corners if corner in at], dtype=np.int64))
        if len(found) <= max(most, 0) or tolerance > outline.length:
            return found
        tolerance = 2 * tolerance or COARSER_M
        outline = shapely.simplify(area, tolerance)


def _turns(part: shapely.Polygon) -> list[tuple[float, float]]:
    """Return the corners of a polygon, its inside to the left, at which its outline turns right."""
    corners = []
    for ring in (part.exterior, *part.interiors):
        xy = shapely.get_coordinates(ring)[:-1]
        into, out = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
        right = into[:, 0] * out[:, 1] - into[:, 1] * out[:, 0] < 0
        corners += [(float(x), float(y)) for x, y in xy[right]]
    return corners


def _used(xy: Floats, sights: Pairs, along: Pairs, met: Ints) -> Pairs:
    """Return the lines of sight that shorten a walk along the rings from one of `met` to another, in a fixed order."""
    both = np.concatenate([along, sights])
    ids, flat = np.unique(both, return_inverse=True)
    u, v = flat.reshape(-1, 2).T
    metres = np.hypot(*(xy[both[:, 0]] - xy[both[:, 1]]).T)
    # a ring's own line comes before a line of sight that is as long
    metres[len(along) :] += TIE_M
    lines = pd.DataFrame(
        {
            "u": np.minimum(u, v),
            "v": np.maximum(u, v),
            "m": metres,
            "sight": np.arange(len(both)) >= len(along),
        }
    )
    lines = lines[lines["u"] != lines["v"]].drop_duplicates(["u", "v"])
    graph = csr_array((lines["m"], (lines["u"], lines["v"])), shape=(len(ids), len(ids)))
    starts = np.searchsorted(ids, met)
    _, before = dijkstra(graph, directed=False, indices=starts, return_predecessors=True)
    walked = set()
    for row in before:
        for end in starts:
            step = end
            while (previous := row[step]) >= 0:
                walked.add((min(previous, step), max(previous, step)))
                step = previous
    sight = lines[lines["sight"]]
    kept = [(a, b) for a, b in zip(sight["u"], sight["v"], strict=True) if (a, b) in walked]
    return ids[np.array(sorted(kept), dtype=np.int64).reshape(-1, 2)]
