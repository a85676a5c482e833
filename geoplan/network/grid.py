"""Nearest straight stretches of streets to points, over a grid of cells, compiled."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geoplan.network.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Cells are at least this wide, metres; and there are at most this many for each stretch.
CELL_M, CELLS_PER_STRETCH = 25.0, 4


class Segments(NamedTuple):
    """Straight stretches of some length: ends, and rank of the street (lowest wins ties)."""

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    rank: Ints


class Grid(NamedTuple):
    """Which stretches meet each cell (row by row), as CSR; south-west corner, width, columns, rows."""

    start: Ints
    entry: Ints
    west: float
    south: float
    cell: float
    columns: int
    rows: int


@compiled
def _spans(
    x0: float, y0: float, x1: float, y1: float, grid: tuple[float, float, float], row: int
) -> tuple[int, int]:
    # the columns that a stretch meets in a row of cells, one more on either side against rounding
    west, south, cell = grid
    low, high = min(x0, x1), max(x0, x1)
    if y0 != y1:
        a = (south + row * cell - y0) / (y1 - y0)
        b = (south + (row + 1) * cell - y0) / (y1 - y0)
        a, b = max(min(a, b), 0.0), min(max(a, b), 1.0)
        xa, xb = x0 + a * (x1 - x0), x0 + b * (x1 - x0)
        low, high = max(low, min(xa, xb) - 1e-3), min(high, max(xa, xb) + 1e-3)
    return int((low - west) / cell), int((high - west) / cell)


@compiled
def _fill(
    seg: Segments, frame: tuple[float, float, float], columns: int, start: Ints, entry: Ints, fill: bool
) -> None:
    # with `fill` false, count the stretches of each cell into start[cell + 1]; else write them
    _, south, cell = frame
    for s in range(len(seg.x0)):
        first = int((min(seg.y0[s], seg.y1[s]) - south) / cell)
        last = int((max(seg.y0[s], seg.y1[s]) - south) / cell)
        for row in range(first, last + 1):
            left, right = _spans(seg.x0[s], seg.y0[s], seg.x1[s], seg.y1[s], frame, row)
            for column in range(left, right + 1):
                at = row * columns + column
                if fill:
                    entry[start[at]] = s
                    start[at] += 1
                else:
                    start[at + 1] += 1


def grid_of(segments: Segments) -> Grid:
    """Return a grid over the stretches, of a few cells for each."""
    seg = segments
    if len(seg.x0) == 0:
        return Grid(np.zeros(2, np.int64), np.empty(0, np.int64), 0.0, 0.0, CELL_M, 1, 1)
    west, south = min(seg.x0.min(), seg.x1.min()), min(seg.y0.min(), seg.y1.min())
    wide, high = max(seg.x0.max(), seg.x1.max()) - west, max(seg.y0.max(), seg.y1.max()) - south
    room = CELLS_PER_STRETCH * len(seg.x0)
    # width such that columns · rows <= room, also where the streets lie on a line
    cell = max(CELL_M, float(np.sqrt(wide * high / room)), float(max(wide, high)) / room)
    columns, rows = int(wide / cell) + 1, int(high / cell) + 1
    count = np.zeros(columns * rows + 1, np.int64)
    frame = (float(west), float(south), cell)
    _fill(seg, frame, columns, count, count, False)
    start = np.cumsum(count)
    entry = np.empty(int(start[-1]), np.int64)
    at = start.copy()
    _fill(seg, frame, columns, at, entry, True)
    return Grid(start, entry, frame[0], frame[1], cell, columns, rows)


@compiled
def project(seg: Segments, s: int, x: float, y: float) -> tuple[float, float, float, float]:
    """Return the point of stretch s nearest to (x, y), its share (0-1) along the stretch, and the squared metres to it."""
    dx, dy = seg.x1[s] - seg.x0[s], seg.y1[s] - seg.y0[s]
    t = ((x - seg.x0[s]) * dx + (y - seg.y0[s]) * dy) / (dx * dx + dy * dy)
    if t <= 0:
        t, px, py = 0.0, seg.x0[s], seg.y0[s]
    elif t >= 1:
        t, px, py = 1.0, seg.x1[s], seg.y1[s]
    else:
        px, py = seg.x0[s] + t * dx, seg.y0[s] + t * dy
    return px, py, t, (x - px) * (x - px) + (y - py) * (y - py)


@compiled
def _ring(grid: Grid, column: int, row: int, r: int, at: int) -> int:
    # the at-th cell of the ring r round (column, row): its number, -1 outside the grid, -2 after the last
    side = 2 * r + 1
    if r == 0:
        if at > 0:
            return -2
        i, j = 0, 0
    elif at < side:
        i, j = at - r, -r
    elif at < 2 * side:
        i, j = at - side - r, r
    elif at < 2 * side + side - 2:
        i, j = -r, at - 2 * side - r + 1
    elif at < 2 * side + 2 * (side - 2):
        i, j = r, at - 2 * side - (side - 2) - r + 1
    else:
        return -2
    c, w = column + i, row + j
    return w * grid.columns + c if 0 <= c < grid.columns and 0 <= w < grid.rows else -1


@compiled
def nearest_segment(
    seg: Segments, grid: Grid, x: Floats, y: Floats, furthest: Floats, allowed: Flags
) -> tuple[Ints, Floats]:
    """Return the `allowed` stretch nearest to each point within `furthest` metres, -1 if none, and the metres to it.

    Of stretches equally near, that of the first street is taken, then the westernmost and southernmost point.
    """
    found, metres = np.full(len(x), -1, np.int64), np.full(len(x), np.inf)
    for i in range(len(x)):
        column = int(np.floor((x[i] - grid.west) / grid.cell))
        row = int(np.floor((y[i] - grid.south) / grid.cell))
        # metres from the point to the nearest side of its own cell
        left, low = x[i] - grid.west - column * grid.cell, y[i] - grid.south - row * grid.cell
        inside = min(left, grid.cell - left, low, grid.cell - low)
        limit = furthest[i] * furthest[i]
        best, best_rank, best_x, best_y, r = limit, 0, 0.0, 0.0, 0
        while True:
            at = 0
            cell = _ring(grid, column, row, r, at)
            while cell != -2:
                if cell >= 0:
                    for k in range(grid.start[cell], grid.start[cell + 1]):
                        s = grid.entry[k]
                        if not allowed[s]:
                            continue
                        px, py, _, d2 = project(seg, s, x[i], y[i])
                        if d2 > best:
                            continue
                        rank = seg.rank[s]
                        better = found[i] < 0 or d2 < best or rank < best_rank
                        if better or (rank == best_rank and (px < best_x or (px == best_x and py < best_y))):
                            best, best_rank, best_x, best_y = d2, rank, px, py
                            found[i] = s
                at += 1
                cell = _ring(grid, column, row, r, at)
            # what lies outside the rings so far is further than this
            reach = inside + r * grid.cell - 1e-3
            if reach > 0 and reach * reach > best:
                break
            r += 1
        if found[i] >= 0:
            metres[i] = np.sqrt(best)
    return found, metres


@compiled
def candidates(
    seg: Segments, grid: Grid, x: Floats, y: Floats, furthest: Floats, allowed: Flags
) -> tuple[Ints, Ints]:
    """Return every `allowed` stretch within `furthest` metres of each point: pointers and stretches, each once, unsorted."""
    start = np.zeros(len(x) + 1, np.int64)
    out = np.empty(1024, np.int64)
    seen = np.full(len(seg.x0), -1, np.int64)
    n = 0
    for i in range(len(x)):
        reach = furthest[i]
        left = max(int(np.floor((x[i] - reach - grid.west) / grid.cell)), 0)
        right = min(int(np.floor((x[i] + reach - grid.west) / grid.cell)), grid.columns - 1)
        low = max(int(np.floor((y[i] - reach - grid.south) / grid.cell)), 0)
        high = min(int(np.floor((y[i] + reach - grid.south) / grid.cell)), grid.rows - 1)
        for row in range(low, high + 1):
            for column in range(left, right + 1):
                cell = row * grid.columns + column
                for k in range(grid.start[cell], grid.start[cell + 1]):
                    s = grid.entry[k]
                    if seen[s] == i or not allowed[s]:
                        continue
                    seen[s] = i
                    if project(seg, s, x[i], y[i])[3] <= reach * reach:
                        if n == len(out):
                            more = np.empty(2 * n, np.int64)
                            more[:n] = out
                            out = more
                        out[n] = s
                        n += 1
        start[i + 1] = n
    return start, out[:n]


@compiled
def feet(seg: Segments, stretch: Ints, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the point of each stretch nearest to its point (x, y), its share along the stretch, and the metres to it."""
    px, py, share, metres = np.empty(len(x)), np.empty(len(x)), np.empty(len(x)), np.empty(len(x))
    for i in range(len(x)):
        px[i], py[i], share[i], d2 = project(seg, stretch[i], x[i], y[i])
        metres[i] = np.sqrt(d2)
    return px, py, share, metres
