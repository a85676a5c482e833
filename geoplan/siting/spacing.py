"""Which of many points stay when no two may be too near, and how many people are around each: compiled, without a matrix."""

import numpy as np
from numpy.typing import NDArray

from geoplan.network.compiled import compiled

#: How far around a place its people are counted where only so many places may stay, metres as the crow flies.
PEOPLE_AROUND_M = 500.0
#: Side of a cell as a share of the spacing: below 1/sqrt(2), so that one cell holds one point that stays at most.
_CELL = 0.7
#: Cells to look at in each direction: 2 x 0.7 is above 1.
_ROUND = 2

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def apart(x: Floats, y: Floats, first: Ints, spacing_m: float) -> NDArray[np.bool_]:
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
    side = _CELL * spacing_m
    column = np.floor((x - x.min()) / side).astype(np.int64)
    row = np.floor((y - y.min()) / side).astype(np.int64)
    # a margin as wide as the search, so that no row runs into the next
    width = int(column.max()) + 2 * _ROUND + 1
    key = row * width + column
    cells, cell = np.unique(key, return_inverse=True)
    stays: NDArray[np.bool_] = _apart(x, y, first, key, cells, cell.astype(np.int64), width, float(spacing_m))
    return stays


@compiled
def _apart(
    x: Floats, y: Floats, first: Ints, key: Ints, cells: Ints, cell: Ints, width: int, spacing: float
) -> NDArray[np.bool_]:
    holder = np.full(len(cells), -1, np.int64)
    stays = np.zeros(len(x), np.bool_)
    for i in first:
        free = True
        for up in range(-_ROUND, _ROUND + 1):
            # the cells of one row lie side by side in the sorted list
            low = key[i] + up * width - _ROUND
            at = np.searchsorted(cells, low)
            while free and at < len(cells) and cells[at] <= low + 2 * _ROUND:
                j = holder[at]
                if j >= 0 and np.hypot(x[j] - x[i], y[j] - y[i]) < spacing:
                    free = False
                at += 1
            if not free:
                break
        if free:
            stays[i] = True
            holder[cell[i]] = i
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
        x, y, cell, of_x[order], of_y[order], weight[order], of_cell[order], columns + 2, float(metres)
    )
    return total


@compiled
def _around(
    x: Floats,
    y: Floats,
    cell: Ints,
    of_x: Floats,
    of_y: Floats,
    weight: Floats,
    of_cell: Ints,
    width: int,
    metres: float,
) -> Floats:
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
