"""Sites and sizes that close gaps: a mixed-integer model with lexicographic aims, each proven or bounded.

Candidates j open (x) with sizes s and give amounts a to zones z, which keep a gap u::

    min_j x_j <= s_j <= max_j x_j        sum_j a_zj + u_z = gap_z        sum_z a_zj <= s_j        a_zj <= gap_z x_j
    a_zj only where enough of the zone's people walk to j

Phases are nested: a site stays open at the size at which it opened; supply is allocated again in each phase.

Columns: x (candidate, phase in which it opens), y (the same and a product; x itself where there is one product), s (size of it),
a (amount that a candidate gives to a zone in a phase), u (what a zone lacks in a phase).
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array

from geoplan.siting.objectives.sizes.problem import WHY, Allocation, Sizes, SizesAnswer, check
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.problems import Bools, Floats, Ints, Step, Stopped, status_of
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE, SOLVER_TOLERANCE
from geoplan.words.errors import Note


@dataclass(frozen=True, eq=False)
class SizeModel:
    """The model: its columns by kind, with what each stands for, its rows, and its aims.

    Parameters
    ----------
    linear
        Everything but the aim.
    option, opening
        Of x: column of each candidate and phase, shape (J, T), and of y by product, shape (J, T, K); -1: none. With one product y is x.
    size
        Column of s, shape (J, T, K); -1: none.
    given, gives
        Column and (candidate, zone, product, phase) of each a, shapes (n,) and (4, n).
    lacking, lacks
        Column and (zone, product, phase) of each u, shapes (m,) and (3, m).
    minutes
        Of each a.
    """

    linear: Linear
    option: Ints
    opening: Ints
    size: Ints
    given: Ints
    gives: Ints
    lacking: Ints
    lacks: Ints
    minutes: Floats

    @property
    def decided(self) -> Ints:
        """Columns of x and y, ascending."""
        both = np.unique(np.concatenate([self.option.ravel(), self.opening.ravel()]))
        return both[both >= 0]


@dataclass
class Rows:
    """Rows of a model as they are added."""

    row: list[Ints] = field(default_factory=list)
    column: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    count: int = 0

    def add(self, row: Ints, column: Ints, value: ArrayLike) -> None:
        """Add coefficients to rows counted from the end of those that are closed."""
        self.row.append(np.asarray(row, np.int64) + self.count)
        self.column.append(np.asarray(column, np.int64))
        self.value.append(np.broadcast_to(np.asarray(value, np.float64), np.shape(row)).astype(np.float64))

    def close(self, n: int, low: ArrayLike, high: ArrayLike) -> None:
        """Close `n` rows with their limits."""
        self.low.append(np.broadcast_to(np.asarray(low, np.float64), (n,)))
        self.high.append(np.broadcast_to(np.asarray(high, np.float64), (n,)))
        self.count += n


def limits(problem: Sizes) -> tuple[Floats, Floats]:
    """Return the least and most size of each product at each candidate, shapes (J, K); most is 0 where it cannot be.

    Whole products get whole limits, and no size is larger than all gaps that it may serve, unless the least is.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> one, none = np.ones(1), np.zeros(1, bool)
    >>> problem = Sizes(np.array([[7.0], [2.5]]), (csr_array(np.ones((1, 2))),), np.array([[2.2]]), np.array([[np.inf]]),
    ...     one, np.ones((1, 1)), np.array([True]), np.inf * one, np.inf * one, np.inf * one, one, none, none, -one, 0 * one)
    >>> [limit.tolist() for limit in limits(problem)]
    [[[3.0]], [[10.0]]]
    """
    within = np.zeros(problem.least.shape)
    for k, may in enumerate(problem.may):  # a walk of 0 minutes is an entry too
        ones = csr_array((np.ones(may.nnz), may.indices, may.indptr), shape=may.shape)
        within[:, k] = ones @ problem.gap[:, k]
    least = np.where(problem.whole, np.ceil(problem.least - ROUNDING_TOLERANCE), problem.least)
    most = np.where(problem.whole, np.floor(problem.most + ROUNDING_TOLERANCE), problem.most)
    within = np.where(problem.whole, np.ceil(within - ROUNDING_TOLERANCE), within)
    most = np.where(most < least - ROUNDING_TOLERANCE, 0.0, np.minimum(most, np.maximum(least, within)))
    # a product that serves no zone opens only at a required candidate
    return least, np.where((within <= 0) & ~problem.required[:, None], 0.0, most)


def can_hold(problem: Sizes, least: Floats, most: Floats) -> Bools:
    """Return which product can open at which candidate, shape (J, K)."""
    fits = least * problem.room_per_unit <= problem.room[:, None] + ROUNDING_TOLERANCE
    stands = problem.required[:, None] & (problem.most >= least - ROUNDING_TOLERANCE)
    return np.asarray(((most > 0) | stands) & fits & ~problem.forbidden[:, None])


def _giving(problem: Sizes, holds: Bools) -> tuple[Ints, Floats]:
    """Return (candidate, zone, product, phase) of what may be given, by phase, product, candidate and zone; and the minutes of each."""
    found, minutes = [], []
    for k, may in enumerate(problem.may):
        pairs = may.tocoo()
        j, z = pairs.row.astype(np.int64), pairs.col.astype(np.int64)
        for t in range(len(problem.sites)):
            at = np.flatnonzero((problem.gap[z, k] > 0) & holds[j, k] & (problem.from_phase[j] <= t))
            found.append(np.array([j[at], z[at], np.full(len(at), k), np.full(len(at), t)], np.int64))
            minutes.append(pairs.data[at])
    gives = np.concatenate(found, axis=1)
    order = np.lexsort((gives[1], gives[0], gives[2], gives[3]))
    return gives[:, order], np.concatenate(minutes)[order].astype(np.float64)


def build(problem: Sizes) -> SizeModel:
    """Return the model of a question of sizes."""
    least, most = limits(problem)
    wanted = np.repeat(problem.gap[:, :, None], len(problem.sites), axis=2)
    model = _columns(problem, least, most, wanted)
    rows = Rows()
    _serve(rows, model, wanted, model.linear.high)
    _keep_to_sizes(rows, model, least, most)
    _open_once(rows, problem, model)
    _limit_phases(rows, problem, model)
    _share_room(rows, problem, model)
    value, row, column = np.concatenate(rows.value), np.concatenate(rows.row), np.concatenate(rows.column)
    matrix = coo_array((value, (row, column)), shape=(rows.count, len(model.linear.cost))).tocsr()
    low, high = np.concatenate(rows.low), np.concatenate(rows.high)
    return replace(model, linear=replace(model.linear, rows=matrix, row_low=low, row_high=high))


def _columns(problem: Sizes, least: Floats, most: Floats, wanted: Floats) -> SizeModel:
    """Return the model without rows."""
    phases = len(problem.sites)
    holds = can_hold(problem, least, most)
    opens = np.arange(phases)[None, :] >= problem.from_phase[:, None]
    live = np.asarray(holds.any(axis=1, keepdims=True) & opens)
    each = live[:, :, None] & holds[:, None, :]
    n, option = _number(live, 0)
    opening = option[:, :, None]
    if problem.shape[2] > 1:
        n, opening = _number(each, n)
    binaries = n
    n, size = _number(each, n)
    gives, minutes = _giving(problem, holds)
    given = n + np.arange(gives.shape[1])
    lacks = np.array(np.nonzero(wanted > 0), np.int64)
    lacking = n + len(given) + np.arange(lacks.shape[1])
    n = max(n + len(given) + len(lacking), 1)  # the solver wants a column, if only one that says nothing

    high = np.full(n, np.inf)
    high[:binaries] = 1.0
    high[given] = np.minimum(wanted[gives[1], gives[2], gives[3]], most[gives[0], gives[2]])
    high[lacking] = wanted[tuple(lacks)]
    whole = np.zeros(n, bool)
    whole[:binaries] = True
    whole[size[:, :, problem.whole][each[:, :, problem.whole]]] = True
    none = np.empty(0)
    linear = Linear(np.zeros(n), np.zeros(n), high, coo_array((0, n)).tocsr(), none, none, whole)
    return SizeModel(linear, option, opening, size, given, gives, lacking, lacks, minutes)


def _number(there: Bools, first: int) -> tuple[int, Ints]:
    # columns from `first` on where `there`, -1 elsewhere; and the next number
    number = np.full(there.shape, -1, np.int64)
    number[there] = first + np.arange(there.sum())
    return first + int(there.sum()), number


def _serve(rows: Rows, model: SizeModel, wanted: Floats, high: Floats) -> None:
    # sum of a + u = what is wanted
    number = np.full(wanted.shape, -1, np.int64)
    number[tuple(model.lacks)] = np.arange(len(model.lacking))
    j, z, k, t = model.gives
    rows.add(number[z, k, t], model.given, 1.0)
    rows.add(np.arange(len(model.lacking)), model.lacking, 1.0)
    target = wanted[tuple(model.lacks)]
    rows.close(len(model.lacking), target, target)
    # a site gives no more than its size, and each zone is served only where it is open: the second says nothing new of whole
    # answers, but makes the bound of the linear program far better
    seat, which = np.unique(np.array([j, k, t]), axis=1, return_inverse=True)
    rows.add(which.ravel(), model.given, 1.0)
    each = np.arange(len(model.given))
    strong_row, strong_column = [], []
    for opened in range(model.size.shape[1]):
        column = model.size[seat[0], opened, seat[1]]
        by = (column >= 0) & (opened <= seat[2])
        rows.add(np.flatnonzero(by), column[by], -1.0)
        column = model.opening[j, opened, k]
        by = (column >= 0) & (opened <= t)
        strong_row.append(each[by])
        strong_column.append(column[by])
    rows.close(seat.shape[1], -np.inf, 0.0)
    rows.add(each, model.given, 1.0)
    at, column = np.concatenate(strong_row), np.concatenate(strong_column)
    rows.add(at, column, -high[model.given[at]])
    rows.close(len(each), -np.inf, 0.0)


def _keep_to_sizes(rows: Rows, model: SizeModel, least: Floats, most: Floats) -> None:
    j, t, k = np.nonzero(model.size >= 0)
    each = np.arange(len(j))
    for limit, low, high in ((most[j, k], -np.inf, 0.0), (least[j, k], 0.0, np.inf)):
        rows.add(each, model.size[j, t, k], 1.0)
        rows.add(each, model.opening[j, t, k], -limit)
        rows.close(len(j), low, high)


def _open_once(rows: Rows, problem: Sizes, model: SizeModel) -> None:
    j, t = np.nonzero(model.option >= 0)
    rows.add(j, model.option[j, t], 1.0)
    rows.close(problem.shape[0], problem.required.astype(np.float64), 1.0)
    inside = problem.either_or[j] >= 0
    named, which = np.unique(problem.either_or[j][inside], return_inverse=True)
    rows.add(which.ravel(), model.option[j, t][inside], 1.0)
    rows.close(len(named), -np.inf, 1.0)
    if problem.shape[2] > 1:
        # a product opens only where the site does, and a site opens with one product at least
        j, t, k = np.nonzero(model.opening >= 0)
        each = np.arange(len(j))
        rows.add(each, model.opening[j, t, k], 1.0)
        rows.add(each, model.option[j, t], -1.0)
        rows.close(len(j), -np.inf, 0.0)
        site = model.option[j, t]
        rows.add(site, model.opening[j, t, k], 1.0)
        count = int((model.option >= 0).sum())
        rows.add(np.arange(count), np.arange(count), -1.0)
        rows.close(count, 0.0, np.inf)


def _limit_phases(rows: Rows, problem: Sizes, model: SizeModel) -> None:
    spent = costs(problem, model)
    for number, (sites, budget) in enumerate(zip(problem.sites, problem.budget, strict=True)):
        by_then = model.option[:, : number + 1]
        if np.isfinite(sites):
            opened = by_then[by_then >= 0]
            rows.add(np.zeros(len(opened), np.int64), opened, 1.0)
            rows.close(1, -np.inf, sites)
        if np.isfinite(budget):
            parts = (by_then, model.size[:, : number + 1])
            paid = np.unique(np.concatenate([part[part >= 0] for part in parts]))
            paid = paid[spent[paid] > 0]
            rows.add(np.zeros(len(paid), np.int64), paid, spent[paid])
            rows.close(1, -np.inf, budget)


def _share_room(rows: Rows, problem: Sizes, model: SizeModel) -> None:
    limited = np.isfinite(problem.room)[:, None] & (model.option >= 0)
    number = np.full(limited.shape, -1, np.int64)
    number[limited] = np.arange(limited.sum())
    j, t, k = np.nonzero((model.size >= 0) & limited[:, :, None])
    rows.add(number[j, t], model.size[j, t, k], problem.room_per_unit[k])
    j, t = np.nonzero(limited)
    rows.add(np.arange(len(j)), model.option[j, t], -problem.room[j])
    rows.close(len(j), -np.inf, 0.0)


def costs(problem: Sizes, model: SizeModel) -> Floats:
    """Return what each column costs."""
    cost = np.zeros(len(model.linear.cost))
    j, t = np.nonzero(model.option >= 0)
    cost[model.option[j, t]] = problem.cost_open[j]
    j, t, k = np.nonzero(model.size >= 0)
    cost[model.size[j, t, k]] = problem.cost_unit[j, k]
    return cost


def aims(problem: Sizes, model: SizeModel, then: str) -> list[tuple[str, Floats, float]]:
    """Return the aims in order: name, what each column counts, and by what the sum is divided for the report.

    Of several products what is unmet is a share of each product's gap; in the model it counts in units of a middling product, so
    that the solver's tolerances mean the same.
    """
    weight = problem.weights()
    products = int((weight > 0).sum())
    unit = 1.0 if len(weight) == 1 else max(float(problem.gap.sum()), 1.0) / max(products, 1)
    n, last = len(model.linear.cost), len(problem.sites) - 1
    found = []
    for name, counted in (("unmet", model.lacks[2] == last), ("unmet_early", model.lacks[2] < last)):
        aim = np.zeros(n)
        aim[model.lacking[counted]] = weight[model.lacks[1][counted]] * unit
        if name == "unmet" or last > 0:
            found.append((name, aim, unit))
    second = costs(problem, model)
    if then == "sites":
        second = np.zeros(n)
        second[model.option[model.option >= 0]] = 1.0
    walking = np.zeros(n)
    walking[model.given] = model.minutes * weight[model.gives[2]] * unit
    return [*found, (then, second, 1.0), ("walking", walking, unit)]


def recount(problem: Sizes, chosen: Ints, sizes: Floats) -> float:
    """Return the gap that `chosen` candidates of these sizes leave unmet in the last phase: a sum over products, as in the first aim.

    Of each product as much is given out as can be, by a linear program over the pairs that may serve each other; the model of the
    search has no part in it.
    """
    total = 0.0
    for k, weight in enumerate(problem.weights()):
        pairs, gap = problem.may[k][chosen].tocoo(), problem.gap[:, k]
        each, n = np.arange(pairs.nnz), len(chosen)
        entries = np.ones(2 * pairs.nnz), (np.r_[pairs.row, n + pairs.col], np.r_[each, each])
        matrix = coo_array(entries, shape=(n + len(gap), pairs.nnz)).tocsr()
        limit = np.r_[sizes[:, k], gap]
        given = (
            linprog(-np.ones(pairs.nnz), A_ub=matrix, b_ub=limit, method="highs").fun if pairs.nnz else 0.0
        )
        total += weight * float(gap.sum() + given)
    return total


def why_unmet(
    problem: Sizes, *, chosen: Ints, sizes: Floats, phase: Ints, allocation: Allocation, unmet: Floats
) -> NDArray[np.str_]:
    """Return why each zone keeps a gap (`WHY`), shape (T, Z, K).

    A zone that a candidate may serve could be helped by one that is closed or not as large as it can be: directly, or in turns,
    where it takes over another zone and so frees a third for this one. Where there is none in any turn, all are too small. Where
    there is one, what keeps it so is the number of sites if it is used up and only a closed one would help, else the budget.
    """
    least, most = limits(problem)
    holds = can_hold(problem, least, most)
    why = np.full(unmet.shape, "none", "<U12")
    # where one of an either-or is chosen the others are out
    taken = np.isin(problem.either_or, problem.either_or[chosen][problem.either_or[chosen] >= 0])
    for t in range(len(problem.sites)):
        ready, opened, size = problem.from_phase <= t, np.zeros(len(holds), bool), np.zeros(holds.shape)
        opened[chosen[phase <= t]] = True
        size[chosen[phase <= t]] = sizes[phase <= t]
        has_room = size @ problem.room_per_unit < problem.room - SOLVER_TOLERANCE
        # in this phase or a later one no further site may open, or money is limited
        full = any(
            (phase <= by).sum() >= problem.sites[by] - ROUNDING_TOLERANCE
            for by in range(t, len(problem.sites))
        )
        money = "budget" if np.isfinite(problem.budget[t:]).any() else "none"
        for k in range(problem.shape[2]):
            short = unmet[t, :, k] > 0
            pairs = problem.may[k].tocoo()
            may = _pairs(pairs.row, pairs.col, (holds[:, k] & ready)[pairs.row], pairs.shape)
            now = (allocation.product == k) & (allocation.phase == t)
            given = _pairs(allocation.candidate, allocation.zone, now, pairs.shape)
            small = opened & (size[:, k] < most[:, k] - SOLVER_TOLERANCE) & has_room
            names = np.full(len(short), "too_small", "<U12")
            names[_helped(may, given, ready & holds[:, k] & ~opened & ~taken)] = "sites" if full else money
            names[_helped(may, given, small)] = money
            names[np.bincount(may.indices, minlength=may.shape[1]) == 0] = "no_candidate"
            why[t, :, k][short] = names[short]
    return why


def _pairs(row: Ints, column: Ints, keep: Bools, shape: tuple[int, int]) -> csr_array:
    return coo_array((np.ones(int(keep.sum())), (row[keep], column[keep])), shape=shape).tocsr()


def _helped(may: csr_array, given: csr_array, can: Bools) -> Bools:
    """Return the zones that a candidate which can do more would help, directly or in turns."""
    candidates = can.astype(np.float64)
    while True:
        zones = (may.T @ candidates) > 0
        # a candidate that serves such a zone may hand it over
        more = np.maximum(candidates, (given @ zones.astype(np.float64)) > 0)
        if np.array_equal(more, candidates):
            return np.asarray(zones)
        candidates = more


def solve_sizes(
    problem: Sizes, *, control: SearchControl, then: Literal["cost", "sites"] = "cost"
) -> SizesAnswer:
    """Return the sites, their sizes, phases and allocation.

    The aims, each pursued among the answers that are as good in all before it:

    1. ``unmet``: the gap unmet in the last phase. Of one product in its own unit; of several the sum of the shares of each
       product's whole gap, since beds and square metres do not add up.
    2. ``unmet_early``, with phases: the gaps unmet in each earlier phase, summed, so that early opening counts.
    3. ``cost`` of all sites, or the number of ``sites``.
    4. ``walking``: amount x minutes, summed over phases.

    An aim that the search could not prove is held at its incumbent; the bounds of later aims are bounds under that.

    Parameters
    ----------
    problem
        What may be built, and what is missing.
    control
        Limits of the search: ``gap`` is that of each aim, ``nodes`` that of all aims together. Progress is that of each aim in turn.
    then
        What follows after the gap.

    Returns
    -------
    answer
        With sizes cut to what is given out, or the least size. Status `infeasible` where what is required does not fit
        the limits.

    Raises
    ------
    ValueError
        If the arrays do not fit each other or a number is out of its range.

    References
    ----------
    Daskin (2013), Network and Discrete Location, 2nd ed., Wiley: capacitated facility location and its strong formulation.

    Examples
    --------
    One zone lacks 400 m2, another 100; one place of at most 300 m2 serves both, a dearer one the first only.

    >>> may = csr_array(np.array([[5.0, 5.0], [8.0, 0.0]]))
    >>> may.eliminate_zeros()
    >>> two, free, none = np.ones(2), np.array([np.inf]), np.zeros(2, bool)
    >>> problem = Sizes(np.array([[400.0], [100.0]]), (may,), np.full((2, 1), 50.0), np.full((2, 1), 300.0), np.array([10.0, 20.0]),
    ...     np.full((2, 1), 0.1), np.array([False]), free, free, np.inf * two, np.ones(1), none, none, -two, 0 * two)
    >>> answer = solve_sizes(problem, control=SearchControl())
    >>> answer.status, answer.chosen.tolist(), answer.sizes.sum().round(6), answer.objective
    ('optimal', [0, 1], np.float64(500.0), 0.0)
    """
    check(problem)
    model = build(problem)
    search, every = _Search(problem, model, control), aims(problem, model, then)
    search.begin(every[0][1])
    for name, aim, unit in every:
        search.pursue(name, aim, unit)
        if search.infeasible:
            return _none(problem, search)
    return _answer(problem, model, search)


@dataclass
class _Search:
    """The incumbent and its bounds; lives within one call."""

    problem: Sizes
    model: SizeModel
    control: SearchControl
    best: Floats | None = None
    infeasible: bool = False
    stopped: Stopped = ""
    nodes: int = 0

    def __post_init__(self) -> None:
        self.held: list[tuple[Floats, float]] = []
        self.steps: list[tuple[str, Floats, float, float]] = []

    def begin(self, aim: Floats) -> None:
        """Start from the required candidates alone, each as early as it may open, where that keeps all limits."""
        model, x = self.model, np.zeros(len(self.model.linear.cost))
        for j in np.flatnonzero(self.problem.required):
            t = np.flatnonzero(model.option[j] >= 0)[:1]
            x[model.option[j, t]] = 1.0
            x[model.opening[j, t][model.opening[j, t] >= 0][:1]] = 1.0
        self.best = self._settle(x, aim)

    def pursue(self, name: str, aim: Floats, unit: float) -> None:
        """Find the best for one aim while all before it are held."""
        ended = self.stopped if self.stopped in ("clock", "interrupt") else ""
        why, bound = ended or self.control.stopped(nodes=self.nodes), 0.0  # no aim can be below 0
        if self.best is not None:  # the same sites, at their best for this aim
            self.best = _or(self._settle(self.best, aim), self.best)
        if why:
            self.stopped = why
        elif self.best is None or aim @ self.best > 0.0:
            found = solve(self._model(aim), control=self.control.after(self.nodes), start=self.best)
            self.nodes += found.nodes
            self.stopped = found.stopped or self.stopped
            bound = 0.0 if found.state == "infeasible" else max(0.0, found.bound)
            if found.x is not None:
                better = _or(self._settle(found.x, aim), found.x)
                if self.best is None or aim @ better <= aim @ self.best:
                    self.best = better
        if self.best is None:
            self.infeasible = True
            return
        reached = max(0.0, float(aim @ self.best))
        self.held.append((aim, reached))
        self.steps.append((name, aim, unit, min(bound, reached)))

    def _model(self, aim: Floats) -> Linear:
        base = self.model.linear
        if not self.held:
            return replace(base, cost=aim)
        # small sums are scaled up: the solver's tolerance on a row is absolute (`SOLVER_TOLERANCE`)
        scale = np.array([max(1.0, 100.0 / max(1.0, value)) for _, value in self.held])
        rows = csr_array(np.array([row for row, _ in self.held]) * scale[:, None])
        high = np.array([value + max(1e-7, ROUNDING_TOLERANCE * value) for _, value in self.held]) * scale
        return replace(base, cost=aim).with_rows(rows, -np.inf, high)

    def _settle(self, x: Floats, aim: Floats) -> Floats | None:
        """Return the best for an aim with the sites of `x`: whole ones exactly whole, sizes fitting them; None if there is none."""
        fixed = self._model(aim)
        low, high = fixed.low.copy(), fixed.high.copy()
        low[self.model.decided] = high[self.model.decided] = np.round(x[self.model.decided])
        # without search limits: with the sites fixed it is soon done, and without it there may be no answer
        found = solve(replace(fixed, low=low, high=high), control=SearchControl())
        if found.x is None:
            return None
        clean: Floats = np.where(fixed.whole, np.round(found.x), found.x)
        return clean


def _or(found: Floats | None, other: Floats) -> Floats:
    return other if found is None else found


def _none(problem: Sizes, search: _Search) -> SizesAnswer:
    nothing = np.empty(0, np.int64)
    if search.stopped:
        return SizesAnswer(
            "none", nothing, stopped=search.stopped, nodes=search.nodes, repeatable=search.stopped == "nodes"
        )
    required, (least, _) = problem.required, limits(problem)
    cheapest = problem.cost_open + (least * problem.cost_unit).min(axis=1)
    sites, budget = problem.sites[-1], problem.budget[-1]
    note = Note.of(
        "siting_size_infeasible",
        severity="error",
        required=int(required.sum()),
        cost=f"{cheapest[required].sum():,.1f}",
        budget=f"{budget:,.1f}" if np.isfinite(budget) else "∞",
        sites=f"{sites:g}" if np.isfinite(sites) else "∞",
    )
    return SizesAnswer("infeasible", nothing, nodes=search.nodes, notes=(note,))


def _answer(problem: Sizes, model: SizeModel, search: _Search) -> SizesAnswer:
    x = search.best
    assert x is not None  # noqa: S101 - else `_none`
    phase = np.full(problem.shape[0], -1, np.int64)
    j, t = np.nonzero(model.option >= 0)
    open_ = x[model.option[j, t]] > 0.5
    phase[j[open_]] = t[open_]
    chosen = np.flatnonzero(phase >= 0)
    amount = x[model.given]
    some = amount > SOLVER_TOLERANCE
    zone, candidate, product, when = (model.gives[row][some] for row in (1, 0, 2, 3))
    allocation = Allocation(zone, candidate, product, when, amount[some])
    sizes = _cut_sizes(problem, model, x)
    x = x.copy()
    # a site of no size that costs nothing is as good open as not: it is not one
    empty = (phase >= 0) & (sizes.sum(axis=1) <= SOLVER_TOLERANCE) & ~problem.required
    x[model.option[empty][model.option[empty] >= 0]] = 0.0
    phase[empty] = -1
    chosen = np.flatnonzero(phase >= 0)
    j, t, k = np.nonzero(model.size >= 0)
    x[model.size[j, t, k]] = np.where(phase[j] == t, sizes[j, k], 0.0)
    unmet = _still_unmet(problem, allocation)
    why = why_unmet(
        problem, chosen=chosen, sizes=sizes[chosen], phase=phase[chosen], allocation=allocation, unmet=unmet
    )
    steps = tuple(_step(name, float(aim @ x), unit, bound) for name, aim, unit, bound in search.steps)
    return SizesAnswer(
        status=status_of(steps),
        chosen=chosen,
        steps=steps,
        recount=recount(problem, chosen, sizes[chosen]),
        stopped="" if status_of(steps) == "optimal" else search.stopped,
        nodes=search.nodes,
        repeatable=status_of(steps) == "optimal" or search.stopped not in ("clock", "interrupt"),
        notes=_notes(why[-1], unmet[-1]),
        sizes=sizes[chosen],
        phase=phase[chosen],
        allocation=allocation,
        unmet=unmet,
        why=why,
        cost=float(costs(problem, model) @ x),
    )


def _step(name: str, reached: float, unit: float, bound: float) -> Step:
    # sums of amounts that count as none are none
    reached = 0.0 if reached <= SOLVER_TOLERANCE else reached
    return Step(name, "min", reached / unit, min(bound, reached) / unit)


def _cut_sizes(problem: Sizes, model: SizeModel, x: Floats) -> Floats:
    # no larger than what is given out in the fullest phase, nor smaller than the least of a product that is open
    used = np.zeros((len(problem.sites), *problem.least.shape))
    np.add.at(used, (model.gives[3], model.gives[0], model.gives[2]), x[model.given])
    full = used.max(axis=0)
    least, most = limits(problem)
    opened: Bools = np.zeros(full.shape, bool)
    j, t, k = np.nonzero(model.opening >= 0)
    on = x[model.opening[j, t, k]] > 0.5
    opened[j[on], k[on]] = True
    size = np.where(problem.whole, np.ceil(full - SOLVER_TOLERANCE), full)
    return np.where(opened, np.clip(size, least, np.maximum(most, least)), 0.0)


def _still_unmet(problem: Sizes, allocation: Allocation) -> Floats:
    unmet = np.repeat(problem.gap[None, :, :], len(problem.sites), axis=0)
    scale = np.maximum(1.0, unmet)
    np.subtract.at(unmet, (allocation.phase, allocation.zone, allocation.product), allocation.amount)
    return np.where(unmet <= SOLVER_TOLERANCE * scale, 0.0, unmet)


def _notes(why: np.ndarray, unmet: Floats) -> tuple[Note, ...]:
    notes = []
    for reason in WHY[1:]:
        zones = int(((why == reason) & (unmet > 0)).any(axis=1).sum())
        if zones:
            notes.append(Note.of(f"siting_size_{reason}", severity="info", zones=zones))
    return tuple(notes)
