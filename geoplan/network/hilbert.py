"""Hilbert order: neighbours on the ground become neighbours in memory.

A bounded search then reads a few short stretches of each array, however large the network is.

References
----------
Hilbert (1891), Mathematische Annalen 38:459-460; table-free form after Warren (2012), Hacker's Delight, chapter 16.
"""

import numpy as np
from numpy.typing import NDArray

from geoplan.network.compiled import compiled

#: Cells along each side of the square that the curve fills: 2**16, about 1 m in a city of 65 km.
ORDER = 16


@compiled
def _curve_positions(column: NDArray[np.int64], row: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    out = np.empty(len(column), np.int64)
    for i in range(len(column)):
        x, y, d = column[i], row[i], 0
        side = 1 << (order - 1)
        while side > 0:
            right = 1 if (x & side) > 0 else 0
            upper = 1 if (y & side) > 0 else 0
            d += side * side * ((3 * right) ^ upper)
            # turn the quadrant so that the curve enters and leaves it at the right corners
            if upper == 0:
                if right == 1:
                    x = side - 1 - (x & (side - 1))
                    y = side - 1 - (y & (side - 1))
                x, y = y, x
            side >>= 1
        out[i] = d
    return out


def hilbert_order(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the positions that put points (`x`, `y`) in the order of a Hilbert curve; ties keep their order.

    Parameters
    ----------
    x, y
        Coordinates in any unit, shape (n,), finite.

    Returns
    -------
    order
        Shape (n,): ``x[order]`` runs along the curve.

    Examples
    --------
    >>> hilbert_order(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])).tolist()
    [0, 2, 3, 1]
    """
    if len(x) == 0:
        return np.empty(0, np.int64)
    west, south = float(x.min()), float(y.min())
    extent = max(float(x.max()) - west, float(y.max()) - south) or 1.0
    cells = (1 << ORDER) - 1
    column = ((x - west) / extent * cells).astype(np.int64)
    row = ((y - south) / extent * cells).astype(np.int64)
    return np.argsort(_curve_positions(column, row, ORDER), kind="stable")
