"""Lines drawn through junctions as far as they go: the same ground in far fewer pieces.

The union of a buffered network costs about as many steps as it has pieces; a town's streets, joined where they
continue across a junction ("strokes"), are a fifth as many as its street edges.
"""

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.inputs.ranges import ranges

Ints = npt.NDArray[np.int64]

#: Ends closer than this, metres, are one place.
TOUCH_M = 1e-3


def strokes(lines: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the ground of `lines` as few long lines, each piece drawn once.

    At every place where ends meet they are paired, at a crossing each with the one opposite, and lines are walked from
    pair to pair. An end is left over only where their number is odd.

    Parameters
    ----------
    lines
        LineStrings of at least two different coordinates, shape (n,), metric CRS.

    Returns
    -------
    strokes
        LineStrings whose lengths sum to those of `lines`.

    Examples
    --------
    >>> cross = shapely.linestrings([[(0, 0), (1, 0)], [(2, 0), (1, 0)], [(1, 0), (1, 1)], [(1, -1), (1, 0)]])
    >>> [line.wkt for line in strokes(cross)]
    ['LINESTRING (0 0, 1 0, 2 0)', 'LINESTRING (1 -1, 1 0, 1 1)']
    """
    if not len(lines):
        return lines
    xy, line = shapely.get_coordinates(lines, return_index=True)
    first = np.searchsorted(line, np.arange(len(lines)))
    after = np.append(first[1:], len(line))
    order, backwards, begins = _walk(_mates(xy, first, after))
    # coordinates of every piece in walking order, without the first where it repeats the last of the piece before
    count = (after - first)[order]
    step = ranges(count)
    forth = np.repeat(first[order], count) + step
    back = np.repeat(after[order] - 1, count) - step
    take = np.where(np.repeat(backwards, count), back, forth)
    stroke = np.repeat(np.cumsum(begins) - 1, count)
    keep = (step > 0) | np.repeat(begins, count)
    return np.asarray(shapely.linestrings(xy[take[keep]], indices=stroke[keep]))


def _mates(xy: npt.NDArray[np.float64], first: Ints, after: Ints) -> Ints:
    """Return the end that each end continues in, -1 for none; ends 0..n-1 are starts, n..2n-1 finishes of lines."""
    n = len(first)
    end = np.concatenate([xy[first], xy[after - 1]])
    ray = np.concatenate([xy[first + 1] - xy[first], xy[after - 2] - xy[after - 1]])
    angle = np.arctan2(ray[:, 1], ray[:, 0])
    cell = np.round(end / TOUCH_M).astype(np.int64)
    order = np.lexsort((angle, cell[:, 1], cell[:, 0]))
    here = cell[order]
    new = np.r_[True, (here[1:] != here[:-1]).any(axis=1)]
    start = np.flatnonzero(new)
    degree = np.diff(np.append(start, 2 * n))
    place = np.repeat(np.arange(len(start)), degree)
    rank = np.arange(2 * n) - start[place]
    half = degree[place] // 2
    # in the order of directions round a place, the end half a turn on continues this one
    low = np.flatnonzero(rank < half)
    mate = np.full(2 * n, -1, dtype=np.int64)
    mate[order[low]] = order[low + half[low]]
    mate[order[low + half[low]]] = order[low]
    return mate


def _walk(mate: Ints) -> tuple[Ints, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return every line once in walking order, whether it is walked backwards, and whether a stroke begins with it."""
    n = len(mate) // 2
    mates = mate.tolist()
    done = bytearray(n)
    order, backwards, begins = [], [], []
    # loose ends first; what is left then are rings
    for start in [*np.flatnonzero(mate < 0).tolist(), *range(n)]:
        end, fresh = start, True
        while end >= 0 and not done[end % n]:
            done[end % n] = 1
            order.append(end % n)
            backwards.append(end >= n)
            begins.append(fresh)
            fresh = False
            end = mates[end + n if end < n else end - n]
    return np.array(order, dtype=np.int64), np.array(backwards, dtype=bool), np.array(begins, dtype=bool)
