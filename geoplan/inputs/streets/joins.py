"""Streets that meet on the ground but share no vertex: ends that lie on or beside another street, and lines that cross.

An end within `JOIN_M` of another street is joined with it by a link as long as the gap: nothing is moved, so that no walk
becomes longer. Streets that cross without a shared vertex may be a bridge without a tag: they are counted, and joined only
where the study says so. Bridges, tunnels and streets on different levels or layers are neither joined nor counted.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geoplan.inputs.ranges import ranges
from geoplan.inputs.streets.edges import (
    SAME_PLACE_M,
    Bools,
    Floats,
    Ints,
    Ways,
    place_key,
    storeys,
    without_repeats,
)

#: An end within this distance of another street meets it, metres: a slip of drawing, less than a kerb is wide.
JOIN_M = 0.5
#: Vertex of a meeting that needs one of its own.
NEW = -1
#: Height of the strips in which pairs of near segments are sought, metres: about a block, so that most segments lie in one or two.
STRIP_M = 100.0


@dataclass(frozen=True)
class Joined:
    """Ways with what meets joined: `ends` joined, and `crossings` without a shared vertex (joined or not)."""

    ways: Ways
    ends: int
    crossings: int


@dataclass(frozen=True)
class _Segments:
    """Straight parts of walked ways on the ground, from vertex `u`, at place `begins` in ``Ways.vertex``, to `v`.

    `near` are the pairs of segments on one storey whose bounds lie within `JOIN_M` of each other, each pair once.
    """

    begins: Ints
    way: Ints
    u: Ints
    v: Ints
    near: tuple[Ints, Ints]


@dataclass(frozen=True)
class _Meetings:
    """What joins streets.

    `put` has a row for each vertex that a segment gains: ``segment, share`` (of its length, from its beginning),
    ``vertex`` (or `NEW`) and the place ``x, y``. `links` has a row for each gap to be walked: from vertex ``u`` to
    ``v`` (or the new one at ``x, y``).
    """

    put: pd.DataFrame
    links: pd.DataFrame


def join_streets(ways: Ways, walked: Bools, *, crossings: bool) -> Joined:
    """Return the ways with ends joined to the streets on which they lie, and with `crossings` also lines that cross.

    Parameters
    ----------
    ways
        As they were read.
    walked
        Which of them are walked; only these are joined and counted.
    crossings
        Whether lines that cross without a shared vertex meet there.
    """
    segments = _segments(ways, walked)
    if not len(segments.begins):
        return Joined(ways, 0, 0)
    found, ends = _ends_on_streets(ways, segments)
    crossed, places = _crossings(ways, segments)
    if crossings:
        pairs = zip((found.put, found.links), (crossed.put, crossed.links), strict=True)
        found = _Meetings(*(pd.concat(pair, ignore_index=True) for pair in pairs))
    if not found.put.empty or not found.links.empty:
        ways = _joined(ways, segments, found)
    return Joined(ways, ends, places)


def _segments(ways: Ways, walked: Bools) -> _Segments:
    storey = np.where(walked, storeys(ways.table), -1)
    way = np.repeat(np.arange(len(ways.table)), np.diff(ways.first))
    begins = np.flatnonzero((way[1:] == way[:-1]) & (storey[way[1:]] >= 0))
    way, u, v = way[begins], ways.vertex[begins], ways.vertex[begins + 1]
    a, b = near_pairs(ways.xy[u], ways.xy[v])
    one_storey = storey[way[a]] == storey[way[b]]
    return _Segments(begins, way, u, v, (a[one_storey], b[one_storey]))


def near_pairs(start: Floats, stop: Floats) -> tuple[Ints, Ints]:
    """Return pairs (a, b), a < b, of segments whose bounds lie within `JOIN_M` of each other, in order, each once.

    A sweep from west to east in strips of `STRIP_M`: an index of shapes takes three times as long, most of it to make
    one shape a segment. A pair is counted in the lowest strip that both share.
    """
    # a centimetre more than the distance, so that rounding loses no pair; the caller measures
    margin = JOIN_M / 2 + 0.01
    low, high = np.minimum(start, stop) - margin, np.maximum(start, stop) + margin
    if not len(low):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    origin = low.min(axis=0)
    low, high = low - origin, high - origin
    bottom, top = ((y[:, 1] // STRIP_M).astype(np.int64) for y in (low, high))
    strips = top - bottom + 1
    segment = np.repeat(np.arange(len(low)), strips)
    strip = bottom[segment] + ranges(strips)
    # one number a place: strips one behind the other, each from west to east
    width = high[:, 0].max() + 1.0
    order = np.argsort(strip * width + low[segment, 0], kind="stable")
    segment, strip = segment[order], strip[order]
    begins, ends = (strip * width + x[segment, 0] for x in (low, high))
    count = np.searchsorted(begins, ends, side="right") - np.arange(len(begins)) - 1
    one = np.repeat(np.arange(len(begins)), count)
    other = one + 1 + ranges(count)
    a, b, strip = segment[one], segment[other], strip[one]
    near = (low[a, 1] <= high[b, 1]) & (low[b, 1] <= high[a, 1]) & (strip == np.maximum(bottom[a], bottom[b]))
    a, b = np.minimum(a, b)[near], np.maximum(a, b)[near]
    order = np.lexsort((b, a))
    return a[order], b[order]


def _ends_on_streets(ways: Ways, segments: _Segments) -> tuple[_Meetings, int]:
    """Return what joins the ends of ways to the streets within `JOIN_M`, and how many ends that are.

    A vertex of the street within `JOIN_M` is taken, else the point on it that is nearest.
    """
    begins_way = np.diff(segments.way, prepend=-1) != 0
    ends_way = np.append(begins_way[1:], True)
    found = []
    for a, b in (segments.near, segments.near[::-1]):
        for side, terminal in ((segments.u, begins_way), (segments.v, ends_way)):
            far = np.flatnonzero(terminal[a] & (side[a] != segments.u[b]) & (side[a] != segments.v[b]))
            end, segment = side[a[far]], b[far]
            at, start, stop = ways.xy[end], ways.xy[segments.u[segment]], ways.xy[segments.v[segment]]
            share, foot = _nearest_point(at, start, stop)
            gap = _metres(at, foot)
            met = np.flatnonzero(gap <= JOIN_M)
            segment, u, v = segment[met], segments.u[segment[met]], segments.v[segment[met]]
            from_u, from_v = _metres(at[met], start[met]), _metres(at[met], stop[met])
            vertex = np.where(from_u <= from_v, u, v)
            found.append(
                pd.DataFrame(
                    {"end": end[met], "way": segments.way[segment], "segment": segment, "share": share[met],
                     "vertex": np.where(np.minimum(from_u, from_v) <= JOIN_M, vertex, NEW), "gap": gap[met],
                     "x": foot[met, 0], "y": foot[met, 1]}
                )
            )  # fmt: skip
    pairs = pd.concat(found, ignore_index=True)
    pairs = pairs[~_on_way(ways, pairs["end"].to_numpy(), pairs["way"].to_numpy())]
    # of each street the nearest part, with a vertex before one without
    pairs = pairs.assign(inside=pairs["vertex"] == NEW).sort_values(["end", "way", "inside", "gap", "vertex"])
    pairs = pairs.drop_duplicates(["end", "way"])
    pairs = pairs[~_neighbours(segments, pairs["end"].to_numpy(), pairs["vertex"].to_numpy())]
    on_line = (pairs["vertex"] == NEW) & (pairs["gap"] <= SAME_PLACE_M)
    put = pairs[pairs["vertex"] == NEW]
    put = put.assign(vertex=put["vertex"].mask(on_line, put["end"]))
    links = pairs[~on_line].rename(columns={"end": "u", "vertex": "v"})
    found_here = _Meetings(put[["segment", "share", "vertex", "x", "y"]], links[["u", "v", "x", "y"]])
    return found_here, pairs["end"].nunique()


def _on_way(ways: Ways, vertex: Ints, way: Ints) -> Bools:
    """Return whether a way goes through a vertex."""
    asked = np.zeros(len(ways.node_id), dtype=bool)
    asked[vertex] = True
    place = np.flatnonzero(asked[ways.vertex])
    of_way = np.searchsorted(ways.first, place, side="right") - 1
    span = len(ways.node_id)
    return np.isin(way * span + vertex, of_way * span + ways.vertex[place])


def _neighbours(segments: _Segments, u: Ints, v: Ints) -> Bools:
    """Return whether two vertices are the ends of one segment: what is linked already needs no link."""
    span = int(max(segments.u.max(), segments.v.max())) + 1
    asked = np.zeros(span, dtype=bool)
    asked[u] = True
    near = asked[segments.u] | asked[segments.v]
    low, high = np.minimum(segments.u, segments.v)[near], np.maximum(segments.u, segments.v)[near]
    linked: Bools = np.isin(np.minimum(u, v) * span + np.maximum(u, v), low * span + high) & (v != NEW)
    return linked


def _nearest_point(at: Floats, start: Floats, stop: Floats) -> tuple[Floats, Floats]:
    """Return the share of each segment, from its start, at which it is nearest to `at`, and that point."""
    along = stop - start
    length2 = np.einsum("ij,ij->i", along, along)
    share = np.einsum("ij,ij->i", at - start, along) / np.where(length2 > 0, length2, 1.0)
    share = np.clip(share, 0.0, 1.0)
    return share, start + share[:, None] * along


def _metres(a: Floats, b: Floats) -> Floats:
    metres: Floats = np.hypot(*(a - b).T)
    return metres


def _crossings(ways: Ways, segments: _Segments) -> tuple[_Meetings, int]:
    """Return what would join lines that cross without a shared vertex, and the number of such places.

    A crossing within `JOIN_M` of an end of either line is the joint of that end, and no crossing.
    """
    a, b = segments.near
    apart = np.ones(len(a), dtype=bool)
    for one in (segments.u, segments.v):
        for other in (segments.u, segments.v):
            apart &= one[a] != other[b]
    a, b = a[apart], b[apart]
    start = ways.xy[segments.u]
    along = ways.xy[segments.v] - start
    length = np.hypot(*along.T)
    between = start[b] - start[a]
    turn = along[a, 0] * along[b, 1] - along[a, 1] * along[b, 0]
    with np.errstate(divide="ignore", invalid="ignore"):  # parallel lines do not cross
        share_a = (between[:, 0] * along[b, 1] - between[:, 1] * along[b, 0]) / turn
        share_b = (between[:, 0] * along[a, 1] - between[:, 1] * along[a, 0]) / turn
        crossed = turn != 0
        for share, segment in ((share_a, a), (share_b, b)):
            slack = SAME_PLACE_M / length[segment]
            crossed &= (share >= -slack) & (share <= 1 + slack)
    a, b, share_a, share_b = a[crossed], b[crossed], share_a[crossed], share_b[crossed]
    xy = start[a] + share_a[:, None] * along[a]
    open_ground = np.ones(len(a), dtype=bool)
    for segment in (a, b):
        way = segments.way[segment]
        for end in (ways.first[way], ways.first[way + 1] - 1):
            open_ground &= _metres(xy, ways.xy[ways.vertex[end]]) > JOIN_M
    a, b, xy = a[open_ground], b[open_ground], xy[open_ground]
    shares = share_a[open_ground], share_b[open_ground]
    own = [_vertex_there(ways, segments, segment, xy) for segment in (a, b)]
    put = [
        pd.DataFrame({"segment": segment, "share": share, "vertex": other, "x": xy[:, 0], "y": xy[:, 1]})[mine == NEW]
        for segment, share, mine, other in zip((a, b), shares, own, own[::-1], strict=True)
    ]  # fmt: skip
    both = (own[0] != NEW) & (own[1] != NEW)
    links = pd.DataFrame({"u": own[0], "v": own[1], "x": xy[:, 0], "y": xy[:, 1]})[both]
    places = len(np.unique(place_key(xy)))
    return _Meetings(pd.concat(put, ignore_index=True), links), places


def _vertex_there(ways: Ways, segments: _Segments, segment: Ints, xy: Floats) -> Ints:
    """Return the end of each segment that lies at a place, or `NEW`."""
    there = np.full(len(segment), NEW, dtype=np.int64)
    for side in (segments.u, segments.v):
        vertex = side[segment]
        there = np.where(_metres(ways.xy[vertex], xy) <= SAME_PLACE_M, vertex, there)
    return there


def _joined(ways: Ways, segments: _Segments, found: _Meetings) -> Ways:
    """Return the ways with the vertices that segments gain, and with links as further ways."""
    put = found.put.sort_values(["segment", "share"], kind="stable")
    links = found.links.copy()
    # new vertices are numbered by place, after all others
    new = pd.concat([put.loc[put["vertex"] == NEW, ["x", "y"]], links.loc[links["v"] == NEW, ["x", "y"]]])
    _, at, number = np.unique(place_key(new.to_numpy()), return_index=True, return_inverse=True)
    own = int((put["vertex"] == NEW).sum())
    known = len(ways.node_id)
    put.loc[put["vertex"] == NEW, "vertex"] = known + number[:own]
    links.loc[links["v"] == NEW, "v"] = known + number[own:]
    node_id = np.concatenate([ways.node_id, ways.node_id[-1] + 1 + np.arange(len(at))])
    xy = np.concatenate([ways.xy, new.to_numpy()[at]])
    # a vertex stands behind the beginning of its segment
    behind = segments.begins[put["segment"]] + 1
    vertex = np.insert(ways.vertex, behind, put["vertex"].to_numpy())
    first = ways.first + np.searchsorted(behind, ways.first)
    table = ways.table
    if len(links):
        links[["u", "v"]] = np.sort(links[["u", "v"]].to_numpy(), axis=1)
        links = links.drop_duplicates(["u", "v"])
        table = pd.concat([table, _link_rows(ways, links)], ignore_index=True)
        first = np.concatenate([first, first[-1] + 2 * (1 + np.arange(len(links)))])
        vertex = np.concatenate([vertex, links[["u", "v"]].to_numpy().ravel()])
    first, vertex = without_repeats(first, vertex)
    joined = replace(ways, table=table, first=first, vertex=vertex, node_id=node_id, xy=xy)
    return _numbered_by_place(joined) if ways.by_place else joined


def _numbered_by_place(ways: Ways) -> Ways:
    """Return the ways with vertices numbered by place, so that a street is the same whether it was drawn or joined."""
    order = np.argsort(place_key(ways.xy), kind="stable")
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    marks = ways.marks.set_axis(pd.Index(number[ways.marks.index], dtype="int64")).sort_index()
    return replace(
        ways, vertex=number[ways.vertex], node_id=np.arange(len(order)), xy=ways.xy[order], marks=marks
    )


def _link_rows(ways: Ways, links: pd.DataFrame) -> pd.DataFrame:
    """Return the table of links: each is walked as a way at its beginning is, in both directions."""
    way = np.repeat(np.arange(len(ways.table)), np.diff(ways.first))
    there = np.isin(ways.vertex, links["u"])
    rows = ways.table.iloc[way[there]].assign(vertex=ways.vertex[there])
    rows = rows[(rows["access"] != "") & ~rows["bridge"] & ~rows["tunnel"]]
    rows = rows.sort_values(["vertex", "highway", "access", "osm_id", "name"], kind="stable")
    return rows.drop_duplicates("vertex").set_index("vertex").loc[links["u"]].assign(oneway=0)
