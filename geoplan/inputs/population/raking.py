"""Raking: cells scaled so that each zone's people add up to its given total; and rates taken cell by cell.

The raster only says where inside a zone its people live; how many there are, the given totals say. This is iterative
proportional fitting (Deming & Stephan 1940, https://doi.org/10.1214/aoms/1177731829) with one margin, where one step
is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Ratios of two float32 rasters that differ by less than this part are one rate.
SAME_RATE = 1e-5
#: How far over 1 a rate may lie by rounding.
ROUNDING = 1e-6


def sums(owner: Ints, amounts: Floats, size: int) -> Floats:
    """Return the sum of amounts of each owner (0 … size - 1), added up in the order given."""
    total: Floats = np.bincount(owner, weights=amounts, minlength=size).astype(np.float64)
    return total


@dataclass(frozen=True)
class Raking:
    """How the cells of each zone are scaled.

    Parameters
    ----------
    ratio
        Factor on the cells of each zone; `usual` where no total is given.
    usual
        Sum of given totals over the sum of the cells that they are given for: the factor of zones without a total.
    empty
        Positions of zones with a total but no people in any cell: their total has to be spread otherwise.
    unknown
        Positions of zones without a given total.
    """

    ratio: Floats
    usual: float
    empty: Ints
    unknown: Ints


def rake(cells: Floats, totals: Floats) -> Raking:
    """Return the factors that scale each zone's cells to its total.

    ::

        ratio_z = total_z / cells_z

    Parameters
    ----------
    cells
        Sum of the raster in each zone, >= 0; shape (n_zones,).
    totals
        Given totals, >= 0, NaN where unknown; shape (n_zones,).

    Examples
    --------
    >>> raking = rake(np.array([50.0, 20.0, 0.0, 10.0]), np.array([100.0, 10.0, 7.0, np.nan]))
    >>> raking.ratio.round(3).tolist(), raking.empty.tolist(), raking.unknown.tolist()
    ([2.0, 0.5, 1.571, 1.571], [2], [3])
    """
    known = np.isfinite(totals)
    filled = known & (cells > 0)
    usual = float(totals[filled].sum() / cells[filled].sum()) if filled.any() else 1.0
    ratio = np.full(len(cells), usual)
    ratio[filled] = totals[filled] / cells[filled]
    empty = np.flatnonzero(known & ~filled & (np.nan_to_num(totals) > 0))
    return Raking(ratio, usual, empty, np.flatnonzero(~known))


def cell_rates(numerator: Floats, denominator: Floats, *, times: float) -> Floats:
    """Return the rate of each cell: NaN where it is unknown or 0/0, infinite where only the denominator is 0.

    Examples
    --------
    >>> cell_rates(np.array([1.0, 0.0, 2.0, np.nan]), np.array([4.0, 0.0, 0.0, 1.0]), times=2).tolist()
    [0.5, nan, inf, nan]
    """
    rates = np.full(len(numerator), np.nan)
    known = np.isfinite(numerator) & np.isfinite(denominator)
    full = known & (denominator > 0)
    rates[full] = times * numerator[full] / denominator[full]
    rates[known & (denominator == 0) & (numerator > 0)] = np.inf
    return rates


def zone_rates(
    numerator: Floats, denominator: Floats, zone: Ints, chains: Sequence[Ints], *, times: float
) -> tuple[Floats, Floats]:
    """Return each zone's rate: its own cells', else its parent's, and so on up; and how many levels up it came from.

    Parameters
    ----------
    numerator, denominator
        Amounts of each part of a cell inside the zones; NaN where unknown, which then counts in neither.
    zone
        Position of each part's zone.
    chains
        From fine to coarse: for each level the ancestor of each zone (a number >= 0, or -1); the first is the zone itself.

    Returns
    -------
    rates, levels_up
        Shape (n_zones,); NaN where even the coarsest level has no people.

    Examples
    --------
    >>> chains = [np.array([0, 1]), np.array([0, 0])]
    >>> zone_rates(np.array([1.0, 0.0]), np.array([4.0, 0.0]), np.array([0, 1]), chains, times=1)[0].tolist()
    [0.25, 0.25]
    """
    known = np.isfinite(numerator) & np.isfinite(denominator)
    rates = np.full(len(chains[0]), np.nan)
    up = np.full(len(chains[0]), np.nan)
    for step, ancestors in enumerate(chains):
        owner = ancestors[zone]
        use = known & (owner >= 0)
        size = int(ancestors.max(initial=-1)) + 1
        top = sums(owner[use], numerator[use], size)
        level = cell_rates(top, sums(owner[use], denominator[use], size), times=times)
        todo = np.flatnonzero(np.isnan(rates) & (ancestors >= 0))
        rates[todo] = level[ancestors[todo]]
        up[todo] = np.where(np.isnan(rates[todo]), np.nan, step)
    return rates, up


def distinct_rates(rates: Floats) -> int:
    """Return how many rates there are, those that differ by rounding only taken as one.

    Examples
    --------
    >>> distinct_rates(np.array([0.2, 0.2 * (1 + 1e-7), 0.21, np.nan]))
    2
    """
    found = np.unique(rates[np.isfinite(rates)])
    return int(len(found) and 1 + np.count_nonzero(np.diff(found) > SAME_RATE * found[1:]))


def outside_range(rates: Floats) -> NDArray[Any]:
    """Return the positions of rates that are not between 0 and 1."""
    return np.flatnonzero((rates < 0) | (rates > 1 + ROUNDING))
