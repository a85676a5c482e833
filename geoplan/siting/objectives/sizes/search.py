"""Sites and sizes of large questions: linear programs, dives and regions.

The linear program that lets a site open in part has few of them (`Berthold 2008 <https://nbn-resolving.org/urn:nbn:de:0297-zib-10546>`_ on
diving; `Shaw 1998 <https://doi.org/10.1007/3-540-49481-2_30>`_ on regions):

1. **Dive.** Of the sites that are neither closed nor at their least size the farthest from a threshold between both are fixed, an eighth
   at a time, and the program is solved again from where it stood.
2. **Regions.** Some 15 to 120 neighbours, those that add to the same zones, are freed, all others kept. Money, and the gap that may
   stay, are taken at their price. Where the program of the region is no better than what stands, the region is left, else it is dived
   with another threshold; a better region is kept if the sizes of all sites, adapted to it, are better.
3. **Number of sites.** Where more are open than may be, those whose neighbours lose least without them are closed first.
4. **Whole units.** Sizes are rounded up, so that no zone ends a rounding below its standard; where the money does not suffice for that,
   units are given up where zones lose least.

The same question gives the same answer: regions and thresholds come from one seed, and the search ends after a number of regions.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array, csr_array

from geoplan.siting.objectives.sizes.model import SizeModel
from geoplan.siting.objectives.sizes.problem import Sizes
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import GrowingProgram, Linear, Solved
from geoplan.siting.solve.problems import Bools, Floats, Ints
from geoplan.siting.solve.tolerance import HELD_AIM_TOLERANCE, SOLVER_TOLERANCE

#: Regions that are tried where the question sets no limit of nodes.
REGIONS = 1500
#: Fewest and most candidates of a region.
REGION_SIZES = 15, 120
#: Part of the undecided sites that a dive fixes at a time.
FIXED_AT_A_TIME = 1 / 8
#: A gain below this, in the units of the aim, is none.
GAIN = 1e-4
#: By how much the linear programs miss a whole size.
ROUNDED = 1e-6
#: So many of the smallest sites are tried for closing, and so many closed, before sizes are adapted, where too many are open.
TRIED, CLOSED = 60, 8


class Search:
    """A search for the columns of least aim while earlier aims are held; lives within one call.

    Parameters
    ----------
    problem, model
        What may be built, and its model.
    aim
        What each column counts.
    held
        Earlier aims and the values at which they are held.
    control
        Interrupt and clock.
    """

    def __init__(
        self,
        problem: Sizes,
        model: SizeModel,
        aim: Floats,
        held: Sequence[tuple[Floats, float]],
        control: SearchControl,
    ) -> None:
        self.problem, self.model, self.control = problem, model, control
        first = model.linear.rows.shape[0]
        self.linear = replace(model.linear, cost=aim)
        if held:
            high = np.array([value + max(1e-6, HELD_AIM_TOLERANCE * value) for _, value in held])
            self.linear = self.linear.with_rows(csr_array(np.array([row for row, _ in held])), -np.inf, high)
        self.priced = np.concatenate([model.budgets, model.stays, first + np.arange(len(held))])
        self.rows, self.by_row = csc_array(self.linear.rows), csr_array(self.linear.rows)
        self.program = GrowingProgram(self.linear, control=control.silent())
        j, t, k = np.nonzero(model.size >= 0)
        self.opening, self.size, self.candidate = model.opening[j, t, k], model.size[j, t, k], j
        self.least = self._least()
        self.must_decide = (aim[self.opening] > 0) | (problem.cost_open[j] > 0) | (len(model.counts) > 0)
        self.rng = np.random.default_rng(0)
        self.own = [np.flatnonzero(self.candidate == c) for c in range(problem.shape[0])]
        self.follows = np.concatenate([model.lacking, model.short])
        self.neighbours = self._neighbours()
        self.prices = np.zeros(len(self.priced))
        self.regions = 0

    def relaxed(self) -> Solved | None:
        """Return the linear program that lets sites open in part: its minimum is a bound."""
        self.program.set_bounds(self.linear.low, self.linear.high)
        found = self.program.solve()
        return found if found is not None and found.x is not None else None

    def run(self, start: Floats | None, limit: int, *, bound: float) -> Floats | None:
        """Return the best columns found after so many regions; None where nothing was found that keeps every limit.

        Parameters
        ----------
        start
            Columns that keep every limit; None: there are none yet.
        limit
            Regions that are tried.
        bound
            Where the aim reaches it the search ends.
        """
        known = (None if start is None else self.adapt(self.pattern(start)), self._dived())
        some = [each for each in known if each is not None]
        if not some:
            return None
        x, value = min(some, key=lambda each: each[1])
        adapted = self.adapt(self.pattern(x))
        if adapted is not None:
            x, value = adapted
            self.price()
        return self._improved(x, value, limit, bound)[0]

    def _dived(self) -> tuple[Floats, float] | None:
        """Return the columns to which the linear program dives, with no more sites than may be open."""
        free = self.model.linear.row_high[self.model.counts]
        for row in self.model.counts:
            self.program.set_row_limits(int(row), -np.inf, np.inf)
        low, high = self.linear.low.copy(), self.linear.high.copy()
        found = self.relaxed()
        x = None if found is None or found.x is None else found.x.copy()
        if x is not None:
            must, self.must_decide = (
                self.must_decide,
                self.must_decide & (self.problem.cost_open[self.candidate] > 0),
            )
            x = self.dive(self.program, x, low, high, np.arange(len(x)), 0.5)
            self.must_decide = must
        adapted = None if x is None else self.adapt(self.pattern(x))
        if adapted is not None and len(self.model.counts):
            self.price()
            adapted = self._closed_down(*adapted)
        for row, limit in zip(self.model.counts, free, strict=True):
            self.program.set_row_limits(int(row), -np.inf, float(limit))
        return None if adapted is None else self.adapt(self.pattern(adapted[0]))

    def _closed_down(self, x: Floats, value: float) -> tuple[Floats, float] | None:
        """Return columns with no more sites than may be open: those whose neighbours lose least without them are closed first."""
        counts = self.by_row[self.model.counts]
        limit = self.model.linear.row_high[self.model.counts]
        while True:
            opened = self.pattern(x)
            columns = np.zeros(len(x))
            columns[self.opening[opened]] = 1.0
            columns[self.model.option[self.model.option >= 0]] = np.maximum(columns, x > 0.5)[
                self.model.option[self.model.option >= 0]
            ]
            over = counts @ columns - limit
            if (over <= SOLVER_TOLERANCE).all():
                return x, value
            row = counts[[int(np.argmax(over))]].indices
            able = np.flatnonzero(
                opened
                & np.isin(self.opening, row)
                & (self.linear.low[self.opening] < 1.0)
                & ~self.problem.required[self.candidate]
            )
            if not len(able):
                return None
            small = able[np.argsort(x[self.size[able]], kind="stable")][:TRIED]
            loss = np.array([self._loss(x, opened, int(at)) for at in small])
            taken: list[int] = []
            for at in small[np.argsort(loss, kind="stable")]:
                far = all(self.neighbours[self.candidate[at], self.candidate[other]] <= 0 for other in taken)
                if far and len(taken) < min(CLOSED, int(np.ceil(over.max()))):
                    taken.append(int(at))
            opened = opened.copy()
            opened[taken] = False
            adapted = self.adapt(opened)
            if adapted is None:
                return None
            x, value = adapted
            self.price()

    def _loss(self, x: Floats, opened: Bools, at: int) -> float:
        """Return what is lost where a site closes and its neighbours adapt."""
        part, columns = self.part(x, self.region(int(self.candidate[at]), REGION_SIZES[0]))
        low, high = self.linear.low.copy(), self.linear.high.copy()
        low[self.opening], high[self.opening] = opened, opened
        low[self.opening[at]], high[self.opening[at]] = 0.0, 0.0
        found = GrowingProgram(
            replace(part, low=low[columns], high=high[columns]), control=self.control.silent()
        ).solve()
        return np.inf if found is None or found.x is None else found.objective - float(part.cost @ x[columns])

    def _least(self) -> Floats:
        """Return the least size of each size column where it is open."""
        entries = self.by_row[:, self.opening].tocoo()
        least = np.zeros(len(self.size))
        some = entries.data < 0
        # rows size - least * opening >= 0 have no upper limit
        lower = some & np.isinf(self.linear.row_high[entries.row]) & (self.linear.row_low[entries.row] == 0.0)
        np.maximum.at(least, entries.col[lower], -entries.data[lower])
        return least

    def _neighbours(self) -> csr_array:
        """Return how much candidates add to the same zones, shape (J, J)."""
        near = csr_array((self.problem.shape[0],) * 2)
        for k, adds in enumerate(self.problem.adds):
            gap = self.problem.gap[:, k] > 0
            some = csr_array(adds.multiply(gap[None, :]))
            near = near + some @ some.T
        return csr_array(near)

    # --- dive ------------------------------------------------------------------------------------------------

    def undecided(self, x: Floats, low: Floats, high: Floats) -> Ints:
        """Return the size columns (positions) whose opening is neither closed nor open as it must be."""
        opened, size = x[self.opening], x[self.size]
        is_free = low[self.opening] < high[self.opening]
        some = (size > SOLVER_TOLERANCE) & (size < self.least - SOLVER_TOLERANCE)
        part = (opened > SOLVER_TOLERANCE) & (opened < 1.0 - SOLVER_TOLERANCE) & self.must_decide
        return np.flatnonzero(is_free & (some | part))

    def dive(
        self, program: GrowingProgram, x: Floats, low: Floats, high: Floats, columns: Ints, threshold: float
    ) -> Floats | None:
        """Return columns of whole openings near those of a program, None where it leads nowhere.

        `columns` are the positions of the whole model's columns in the program; `x`, `low` and `high` are whole, and changed.
        """
        while True:
            open_ = self.undecided(x, low, high)
            if not len(open_):
                return x
            share = np.where(
                self.least[open_] > 0,
                x[self.size[open_]] / np.maximum(self.least[open_], 1.0),
                x[self.opening[open_]] * 2.0,
            )
            far = np.argsort(-np.abs(share - threshold), kind="stable")
            take = far[: max(1, int(np.ceil(len(far) * FIXED_AT_A_TIME)))]
            opens = share[take] > threshold
            chosen = self.opening[open_[take]]
            low[chosen[opens]] = 1.0
            high[chosen[~opens]] = 0.0
            program.set_bounds(low[columns], high[columns])
            found = program.solve()
            if (found is None or found.x is None) and opens.any():
                # no room for all of these: closed instead
                low[chosen[opens]], high[chosen[opens]] = 0.0, 0.0
                program.set_bounds(low[columns], high[columns])
                found = program.solve()
            if found is None or found.x is None:
                return None
            x[columns] = found.x

    def pattern(self, x: Floats) -> Bools:
        """Return which of the model's opening columns are open."""
        return np.asarray((x[self.opening] > 0.5) | (x[self.size] > np.maximum(self.least, 1.0) - 1e-3))

    def adapt(self, opened: Bools) -> tuple[Floats, float] | None:
        """Return the best columns with these openings, sizes between least and most, and their aim; None where there are none."""
        low, high = self.linear.low.copy(), self.linear.high.copy()
        low[self.opening], high[self.opening] = opened, opened
        self.program.set_bounds(low, high)
        found = self.program.solve()
        if found is None or found.x is None:
            return None
        return found.x, found.objective

    # --- regions ---------------------------------------------------------------------------------------------

    def region(self, seed: int, count: int) -> Ints:
        """Return `count` candidates near one, those that add most to the same zones first."""
        inside, order = {seed}, [seed]
        for at in order:
            row = self.neighbours[[at]]
            for other in row.indices[np.argsort(-row.data, kind="stable")][:12]:
                if int(other) not in inside:
                    inside.add(int(other))
                    order.append(int(other))
            if len(order) >= count:
                break
        return np.array(order[:count], np.int64)

    def part(self, x: Floats, region: Ints) -> tuple[Linear, Ints]:
        """Return the program of a region with all else kept, and the columns that it frees; priced rows count at their price."""
        mine = np.concatenate([self.own[c] for c in region])
        columns = np.unique(
            np.concatenate(
                [
                    self.opening[mine],
                    self.size[mine],
                    self.model.option[region][self.model.option[region] >= 0],
                ]
            )
        )
        touched = self.rows[:, columns]
        rows = np.unique(touched.indices)
        rows = rows[~np.isin(rows, self.priced)]
        free = self.by_row[rows]
        slack = np.unique(free.indices)
        slack = slack[np.isin(slack, self.follows)]
        columns = np.union1d(columns, slack)
        kept = x.copy()
        kept[columns] = 0.0
        given = free @ kept
        cost = (
            self.linear.cost[columns] - self.rows[self.priced][:, columns].T @ self.prices
            if len(self.priced)
            else self.linear.cost[columns]
        )
        return Linear(
            cost, self.linear.low[columns], self.linear.high[columns], csc_array(free)[:, columns],
            self.linear.row_low[rows] - given, self.linear.row_high[rows] - given, np.zeros(len(columns), bool),
        ), columns  # fmt: skip

    def _improved(self, x: Floats, value: float, limit: int, bound: float) -> tuple[Floats, float]:
        """Return better columns, found region by region."""
        for _ in range(limit):
            if self.control.stopped() or value <= bound + GAIN:
                break
            self.regions += 1
            seed = int(self.rng.integers(self.problem.shape[0]))
            count = int(self.rng.integers(REGION_SIZES[0], REGION_SIZES[1] + 1))
            threshold = float(self.rng.uniform(0.2, 0.8))
            trial = self._redived(x, self.region(seed, count), threshold)
            adapted = None if trial is None else self.adapt(self.pattern(trial))
            if adapted is not None and adapted[1] < value - GAIN:
                x, value = adapted
                self.price()
        return x, value

    def _redived(self, x: Floats, region: Ints, threshold: float) -> Floats | None:
        """Return columns with a better region, None where the dive finds none."""
        part, columns = self.part(x, region)
        now = float(part.cost @ x[columns])
        program = GrowingProgram(part, control=self.control.silent())
        found = program.solve()
        if found is None or found.x is None or found.objective > now - GAIN:
            return None
        trial, low, high = x.copy(), self.linear.low.copy(), self.linear.high.copy()
        trial[columns] = found.x
        # all outside of the region is decided
        outside = self.opening[~np.isin(self.opening, columns)]
        low[outside] = high[outside] = 0.0
        dived = self.dive(program, trial, low, high, columns, threshold)
        return dived if dived is not None and float(part.cost @ dived[columns]) < now - GAIN else None

    def price(self) -> None:
        """Take the prices of the priced rows from the program of all sites as it stands."""
        self.prices = self.program.row_prices()[self.priced]


def in_whole_units(problem: Sizes, size: Floats, phase: Ints, least: Floats, most: Floats) -> Floats:
    """Return whole sizes that keep the budgets, shape (J, K), near sizes that keep them.

    Sizes are rounded up, so that no zone ends a rounding below its standard. Where money does not suffice for that, sites give up a unit
    each, those first whose zones lose least; a zone that would be short anew counts as a whole unit more.

    Parameters
    ----------
    size
        Sizes of all candidates, 0 where closed, shape (J, K).
    phase
        Phase in which each opens, shape (J,).
    least, most
        Limits of size, shape (J, K).
    """
    whole = np.minimum(np.ceil(size - ROUNDED), np.maximum(most, least))
    over_room = whole @ problem.room_per_unit > problem.room + SOLVER_TOLERANCE
    whole[over_room] = np.floor(size[over_room] + ROUNDED)
    adds = [csr_array(each) for each in problem.adds]
    weight = problem.weights()
    for t, budget in enumerate(problem.budget):
        now = ((phase >= 0) & (phase <= t))[:, None]
        while True:
            spent = (
                problem.cost_open[now[:, 0] & (whole.sum(axis=1) > 0)].sum()
                + (problem.cost_unit * whole * now).sum()
            )
            able = now & (whole > least + 0.5) & (problem.cost_unit > 0)
            if spent <= budget + SOLVER_TOLERANCE or not able.any():
                break
            loss = np.full(whole.shape, np.inf)
            for k, each in enumerate(adds):
                over = each.T @ (whole[:, k] * now[:, 0]) - problem.gap[:, k]
                entries = each.tocoo()
                lost = np.maximum(0.0, entries.data - np.maximum(over[entries.col], 0.0))
                anew = (over[entries.col] >= 0) & (lost > 0)
                by_site = np.bincount(entries.row, weights=weight[k] * (lost + anew), minlength=len(whole))
                loss[:, k] = by_site
            loss[~able] = np.inf
            first = np.unravel_index(
                int(np.argmin(loss / np.maximum(problem.cost_unit, SOLVER_TOLERANCE))), whole.shape
            )
            whole[first] -= 1.0
    return np.asarray(whole)
