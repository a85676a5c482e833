"""The median's linear program in HiGHS: a walking cost of each point, bounded from below by cuts.

``min sum t_k  with  t_k >= d - sum_j max(0, d - c_jk) y_j`` for every ``d`` among the point's person-seconds: Benders' cuts, equal in
strength to the radius formulation of García, Labbé & Marín (2011, INFORMS Journal on Computing 23(4)) without its variables (as in
Duran-Mateluna, Ales & Elloumi 2023, European Journal of Operational Research 304(1)). Only cuts that some solution violated are added.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoplan.network.compiled import compiled
from geoplan.siting.solve.assignment import AssignmentArrays
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import GrowingProgram, Linear
from geoplan.siting.solve.problems import Bools, Floats, Ints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE, SOLVER_TOLERANCE

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Relaxed:
    """One solution: `bound` (person-seconds; inf where the limits cannot be kept), `y` and `reduced` by option, `walks` by point."""

    bound: float
    y: Floats
    reduced: Floats
    walks: Floats


class Master:
    """The linear program, kept between solutions: cuts are added, options fixed.

    Parameters
    ----------
    arrays
        The question.
    price
        Prices of points near the best, shape (m,): where the first cuts are laid.
    control
        Flag and clock.
    """

    def __init__(self, arrays: AssignmentArrays, price: Floats, *, control: SearchControl) -> None:
        self.arrays = arrays
        n, m = len(arrays), len(arrays.top)
        # HiGHS' tolerances are absolute: person-seconds in a unit, a power of two, in which the largest is about 1,000
        self.unit = float(2.0 ** (np.ceil(np.log2(max(1e-300, float(arrays.top.max())))) - 10))
        self.cost, self.top = arrays.by_cost / self.unit, arrays.top / self.unit
        low = np.minimum.reduceat(self.cost, arrays.by_start[:-1])
        rows = arrays.rows.copy()
        rows.resize((rows.shape[0], n + m))
        model = Linear(
            np.r_[np.zeros(n), np.ones(m)],
            np.r_[np.zeros(n), low],
            np.r_[np.ones(n), self.top],
            rows,
            arrays.least,
            arrays.most,
            np.zeros(n + m, bool),
        )
        self.program = GrowingProgram(model, control=control)
        for level in _beside(arrays.by_start, self.cost, self.top, np.clip(price / self.unit, low, self.top)):
            self._cut(np.arange(m), level)

    def bounds(self, never: Bools, always: Bools) -> None:
        """Exclude the options of `never`, select those of `always`, leave the others open."""
        self.program.set_bounds(np.where(always, 1.0, 0.0), np.where(never, 0.0, 1.0))

    def solve(self) -> Relaxed | None:
        """Return the solution under the cuts so far; None where it was stopped."""
        n, found = len(self.arrays), self.program.solve()
        if found is None:
            return None
        if found.x is None or found.reduced is None:
            return Relaxed(np.inf, np.zeros(n), np.zeros(n), self.arrays.top)
        bound = self.arrays.base + self.unit * found.objective
        return Relaxed(bound, found.x[:n], self.unit * found.reduced[:n], self.unit * found.x[n:])

    def deepen(self, found: Relaxed) -> float:
        """Add every cut that `found` violates; return by how many person-seconds."""
        arrays = self.arrays
        level, missing = np.empty(len(arrays.top)), np.empty(len(arrays.top))
        y = np.where(found.y < ROUNDING_TOLERANCE, 0.0, found.y)
        walks = found.walks / self.unit
        _separate(arrays.by_start, arrays.by_option, self.cost, self.top, y, walks, level, missing)
        broken = np.flatnonzero(missing > SOLVER_TOLERANCE)
        if len(broken):
            self._cut(broken, level[broken])
        return self.unit * float(missing[broken].sum())

    def _cut(self, points: Ints, level: Floats) -> None:
        arrays = self.arrays
        rows = _cut_rows(arrays.by_start, arrays.by_option, self.cost, points, level, len(arrays))
        self.program.add_rows(level, rows)


def _beside(start: Ints, cost: Floats, top: Floats, price: Floats) -> list[Floats]:
    """Return the person-seconds of each point next above `price` (its top at most), and next below it."""
    m = len(price)
    above, below = top.copy(), np.empty(m)
    for k in range(m):
        own = cost[start[k] : start[k + 1]]
        at = int(np.searchsorted(own, price[k] - ROUNDING_TOLERANCE))
        if at < len(own):
            above[k] = own[at]
        below[k] = own[max(0, at - 1)]
    return [above, below]


@compiled
def _separate(
    start: Array, option: Array, cost: Array, top: Array, y: Array, walks: Array, level: Array, missing: Array
) -> None:
    """Find, by point, the cut that `y` and `walks` break most: at the walk where the options reach one in sum."""
    for k in range(len(top)):
        reached, paid = 0.0, 0.0
        level[k] = top[k]
        for e in range(start[k], start[k + 1]):
            share = y[option[e]]
            if reached + share >= 1.0 - 1e-12:
                level[k] = cost[e]
                break
            reached += share
            paid += share * cost[e]
        missing[k] = paid + (1.0 - reached) * level[k] - walks[k]


@compiled
def _cut_rows(
    start: Array, option: Array, cost: Array, points: Array, level: Array, n: int
) -> tuple[Array, Array, Array]:
    starts = np.zeros(len(points) + 1, np.int32)
    for i in range(len(points)):
        k, size = points[i], 1
        for e in range(start[k], start[k + 1]):
            if cost[e] >= level[i]:
                break
            size += 1
        starts[i + 1] = starts[i] + size
    columns, values = np.empty(starts[-1], np.int32), np.empty(starts[-1])
    for i in range(len(points)):
        k, at = points[i], starts[i]
        for e in range(start[k], start[k] + starts[i + 1] - starts[i] - 1):
            columns[at], values[at] = option[e], level[i] - cost[e]
            at += 1
        columns[at], values[at] = n + k, 1.0
    return starts, columns, values
