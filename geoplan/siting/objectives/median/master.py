"""The median's linear program in HiGHS: what each point walks as a cost of its own, cut from below where it is too low.

``min sum t_k  with  t_k >= d - sum_j max(0, d - c_jk) y_j`` for every ``d`` among the point's person-seconds: Benders' cuts, equal in
strength to the radius formulation of García, Labbé & Marín (2011, INFORMS Journal on Computing 23(4)) without its variables (as in
Duran-Mateluna, Ales & Elloumi 2023, European Journal of Operational Research 304(1)). Only cuts that some solution broke are stated.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from geoplan.network.compiled import compiled
from geoplan.siting.objectives.median.arrays import Medians
from geoplan.siting.problems import Bools, Floats, Ints
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, loaded

Array = NDArray[Any]
#: A cut broken by less, in units of the program, is kept: ten times what HiGHS takes for nothing.
HAIR = 1e-6


@dataclass(frozen=True, eq=False)
class Relaxed:
    """One solution: `bound` (person-seconds; inf where the limits cannot be kept), `y` and `reduced` by option, `walks` by point."""

    bound: float
    y: Floats
    reduced: Floats
    walks: Floats


class Master:
    """The linear program, kept between solutions; cuts are added, options opened and closed.

    Parameters
    ----------
    arrays
        The question.
    price
        Prices of points near the best, shape (m,): where the first cuts are laid.
    control
        Flag and clock.
    """

    def __init__(self, arrays: Medians, price: Floats, *, control: SearchControl) -> None:
        self.arrays, self.control = arrays, control
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
        self.highs = loaded(model, relax=True)
        self.kept = rows.shape[0]
        self.highs.setOptionValue("solver", "simplex")
        self._listen()
        for level in _beside(arrays.by_start, self.cost, self.top, np.clip(price / self.unit, low, self.top)):
            self._cut(np.arange(m), level)

    def _listen(self) -> None:
        def ask(event: highspy.highs.HighsCallbackEvent) -> None:
            if self.control.interrupted.is_set():
                event.interrupt()

        self.highs.cbSimplexInterrupt += ask

    def bounds(self, never: Bools, always: Bools) -> None:
        """Close the options of `never`, choose those of `always`, leave the others open."""
        n = len(self.arrays)
        self.highs.changeColsBounds(
            n, np.arange(n, dtype=np.int32), np.where(always, 1.0, 0.0), np.where(never, 0.0, 1.0)
        )

    def solve(self) -> Relaxed | None:
        """Return the solution under the cuts so far; None where it was stopped."""
        if self.control.seconds is not None:
            self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(0.0, self.control.left()))
        self.highs.run()
        n, kinds = len(self.arrays), highspy.HighsModelStatus
        if (
            self.highs.getModelStatus() not in (kinds.kOptimal, kinds.kInfeasible)
            and not self.control.stopped()
        ):
            # lost its way from the last basis: begin afresh
            self.highs.clearSolver()
            self.highs.run()
        ended = self.highs.getModelStatus()
        if ended == kinds.kInfeasible:
            return Relaxed(np.inf, np.zeros(n), np.zeros(n), self.arrays.top)
        if ended != kinds.kOptimal:
            return None
        found = self.highs.getSolution()
        x, reduced = np.array(found.col_value), np.array(found.col_dual)
        bound = self.arrays.base + self.unit * float(self.highs.getInfo().objective_function_value)
        return Relaxed(bound, x[:n], self.unit * reduced[:n], self.unit * x[n:])

    def deepen(self, found: Relaxed) -> float:
        """Add every cut that `found` breaks; return by how many person-seconds it does."""
        arrays = self.arrays
        level, missing = np.empty(len(arrays.top)), np.empty(len(arrays.top))
        y = np.where(found.y < 1e-9, 0.0, found.y)
        walks = found.walks / self.unit
        _separate(arrays.by_start, arrays.by_option, self.cost, self.top, y, walks, level, missing)
        broken = np.flatnonzero(missing > HAIR)
        if len(broken):
            self._cut(broken, level[broken])
        return self.unit * float(missing[broken].sum())

    def _cut(self, points: Ints, level: Floats) -> None:
        arrays, n = self.arrays, len(self.arrays)
        starts, columns, values = _cut_rows(arrays.by_start, arrays.by_option, self.cost, points, level, n)
        self.highs.addRows(
            len(points), level, np.full(len(points), np.inf), len(columns), starts[:-1], columns, values
        )

    def forget(self) -> None:
        """Drop the cuts that the last solution does not touch."""
        basic = highspy.HighsBasisStatus.kBasic
        status = self.highs.getBasis().row_status
        slack = np.array([r for r in range(self.kept, len(status)) if status[r] == basic], np.int32)
        if len(slack):
            self.highs.deleteRows(len(slack), slack)


def _beside(start: Ints, cost: Floats, top: Floats, price: Floats) -> list[Floats]:
    """Return the person-seconds of each point next above `price` (its top at most), and next below it."""
    m = len(price)
    above, below = top.copy(), np.empty(m)
    for k in range(m):
        own = cost[start[k] : start[k + 1]]
        at = int(np.searchsorted(own, price[k] - 1e-9))
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
