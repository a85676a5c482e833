"""Sites and sizes that close gaps as a mixed-integer model.

Candidates j open (y) in a phase with sizes s, and take a share a of each unit off what zones z lack (u)::

    min_j y_j <= s_j <= max_j y_j        sum_j a_jz s_j + u_z >= gap_z

Phases are nested: a site stays open at the size at which it opened.

Columns: x (candidate, phase in which it opens), y (the same and a product; x itself where there is one product), s (size of it), u (what a
zone lacks in a phase), f (whether it lacks anything in the last phase), e (what is lacked there beyond what may stay).
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array

from geoplan.siting.objectives.sizes.problem import Sizes
from geoplan.siting.solve.lp import Linear
from geoplan.siting.solve.problems import Bools, Floats, Ints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE

#: What comes first: the least shortfall, or the fewest zones that stay short.
First = Literal["shortfall", "flags"]
#: What comes after: least cost or fewest sites.
Then = Literal["cost", "sites"]


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
    lacking, lacks
        Column and (zone, product, phase) of each u, shapes (m,) and (3, m).
    short, excess
        Columns of f, shape (p,), one for each u of the last phase in their order, and of e, shape (0 or 1,); where the aims need them.
    budgets, counts, stays
        Rows of the budgets, of the numbers of sites, and of the gap that may stay.
    """

    linear: Linear
    option: Ints
    opening: Ints
    size: Ints
    lacking: Ints
    lacks: Ints
    short: Ints
    excess: Ints
    budgets: Ints
    counts: Ints
    stays: Ints

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
    """Return the least and most size of each product at each candidate in whole units, shapes (J, K); most is 0 where it cannot be.

    No size is larger than what closes every gap to which it adds, unless the least is.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> one, none = np.ones(1), np.zeros(1, bool)
    >>> adds = csr_array(np.array([[0.5, 0.25]]))
    >>> problem = Sizes(np.array([[7.0], [2.5]]), (adds,), np.ones((1, 1)), np.array([[2.2]]), np.array([[np.inf]]), one, np.ones((1, 1)),
    ...     np.array([True]), np.inf * one, np.inf * one, np.inf * one, one, none, none, -one, 0 * one)
    >>> [limit.tolist() for limit in limits(problem)]
    [[[3.0]], [[14.0]]]
    """
    useful = np.zeros(problem.least.shape)
    for k, adds in enumerate(problem.adds):
        pairs = adds.tocoo()
        some = (pairs.data > 0) & (problem.gap[pairs.col, k] > 0)
        needed = problem.gap[pairs.col[some], k] / pairs.data[some]
        np.maximum.at(useful[:, k], pairs.row[some], np.ceil(needed - ROUNDING_TOLERANCE))
    least = np.ceil(problem.least - ROUNDING_TOLERANCE)
    most = np.floor(problem.most + ROUNDING_TOLERANCE)
    most = np.where(most < least - ROUNDING_TOLERANCE, 0.0, np.minimum(most, np.maximum(least, useful)))
    # a product that adds to no gap opens only at a required candidate
    return least, np.where((useful <= 0) & ~problem.required[:, None], 0.0, most)


def can_hold(problem: Sizes, least: Floats, most: Floats) -> Bools:
    """Return which product can open at which candidate, shape (J, K)."""
    fits = least * problem.room_per_unit <= problem.room[:, None] + ROUNDING_TOLERANCE
    stands = problem.required[:, None] & (problem.most >= least - ROUNDING_TOLERANCE)
    return np.asarray(((most > 0) | stands) & fits & ~problem.forbidden[:, None])


def build(problem: Sizes, first: First = "shortfall") -> SizeModel:
    """Return the model of a question of sizes."""
    least, most = limits(problem)
    wanted = np.repeat(problem.gap[:, :, None], len(problem.sites), axis=2)
    model = _columns(problem, least, most, wanted, first)
    rows = Rows()
    _add_up(rows, problem, model, wanted)
    stays = _count_short(rows, problem, model, wanted)
    _keep_to_sizes(rows, model, least, most)
    _open_once(rows, problem, model)
    budgets, counts = _limit_phases(rows, problem, model)
    _share_room(rows, problem, model)
    value, row, column = np.concatenate(rows.value), np.concatenate(rows.row), np.concatenate(rows.column)
    matrix = coo_array((value, (row, column)), shape=(rows.count, len(model.linear.cost))).tocsr()
    low, high = np.concatenate(rows.low), np.concatenate(rows.high)
    linear = replace(model.linear, rows=matrix, row_low=low, row_high=high)
    return replace(model, linear=linear, budgets=budgets, counts=counts, stays=stays)


def _columns(problem: Sizes, least: Floats, most: Floats, wanted: Floats, first: First) -> SizeModel:
    """Return the model without rows."""
    phases = len(problem.sites)
    holds = can_hold(problem, least, most)
    opens = np.arange(phases)[None, :] >= problem.from_phase[:, None]
    live = np.asarray(holds.any(axis=1, keepdims=True) & opens)
    each = live[:, :, None] & holds[:, None, :]
    binaries, option = _number(live, 0)
    opening = option[:, :, None]
    if problem.shape[2] > 1:
        binaries, opening = _number(each, binaries)
    n, size = _number(each, binaries)
    lacks = np.array(np.nonzero(wanted > 0), np.int64)
    lacking = n + np.arange(lacks.shape[1])
    n += len(lacking)
    at_the_end = int((lacks[2] == phases - 1).sum()) if first == "flags" else 0
    short = n + np.arange(at_the_end)
    n += at_the_end
    excess = n + np.arange(1 if problem.may_stay > 0 else 0)
    n = max(n + len(excess), 1)  # the solver wants a column, if only one that says nothing

    high = np.full(n, np.inf)
    high[:binaries] = 1.0
    high[lacking] = np.where(problem.rounds_up[lacks[1]], np.ceil(wanted[tuple(lacks)]), wanted[tuple(lacks)])
    high[short] = 1.0
    whole = np.zeros(n, bool)
    whole[:binaries] = True
    whole[size[size >= 0]] = True
    whole[lacking[problem.rounds_up[lacks[1]]]] = True
    whole[short] = True
    none = np.empty(0)
    linear = Linear(np.zeros(n), np.zeros(n), high, coo_array((0, n)).tocsr(), none, none, whole)
    rows = np.empty(0, np.int64)
    return SizeModel(linear, option, opening, size, lacking, lacks, short, excess, rows, rows, rows)


def _number(there: Bools, first: int) -> tuple[int, Ints]:
    # columns from `first` on where `there`, -1 elsewhere; and the next number
    number = np.full(there.shape, -1, np.int64)
    number[there] = first + np.arange(there.sum())
    return first + int(there.sum()), number


def _add_up(rows: Rows, problem: Sizes, model: SizeModel, wanted: Floats) -> None:
    # what open sites add and what a zone lacks are its gap together
    number = np.full(wanted.shape, -1, np.int64)
    number[tuple(model.lacks)] = np.arange(len(model.lacking))
    for k, adds in enumerate(problem.adds):
        pairs = adds.tocoo()
        for opened in range(model.size.shape[1]):
            column = model.size[pairs.row, opened, k]
            for phase in range(opened, model.size.shape[1]):
                row = number[pairs.col, k, phase]
                some = (column >= 0) & (row >= 0) & (pairs.data > 0)
                rows.add(row[some], column[some], pairs.data[some])
    rows.add(np.arange(len(model.lacking)), model.lacking, 1.0)
    rows.close(len(model.lacking), wanted[tuple(model.lacks)], np.inf)


def _count_short(rows: Rows, problem: Sizes, model: SizeModel, wanted: Floats) -> Ints:
    last = model.lacks[2] == wanted.shape[2] - 1
    if len(model.short):
        each = np.arange(len(model.short))
        rows.add(each, model.lacking[last], 1.0)
        rows.add(each, model.short, -model.linear.high[model.lacking[last]])
        rows.close(len(each), -np.inf, 0.0)
    if len(model.excess):
        weight = problem.weights()[model.lacks[1][last]]
        rows.add(np.zeros(len(weight), np.int64), model.lacking[last], weight)
        rows.add(np.zeros(1, np.int64), model.excess, -1.0)
        rows.close(1, -np.inf, problem.may_stay)
    return rows.count - 1 + np.arange(len(model.excess))


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


def _limit_phases(rows: Rows, problem: Sizes, model: SizeModel) -> tuple[Ints, Ints]:
    budgets, counts = [], []
    spent = costs(problem, model)
    for number, (sites, budget) in enumerate(zip(problem.sites, problem.budget, strict=True)):
        by_then = model.option[:, : number + 1]
        if np.isfinite(sites):
            opened = by_then[by_then >= 0]
            rows.add(np.zeros(len(opened), np.int64), opened, 1.0)
            rows.close(1, -np.inf, sites)
            counts.append(rows.count - 1)
        if np.isfinite(budget):
            parts = (by_then, model.size[:, : number + 1])
            paid = np.unique(np.concatenate([part[part >= 0] for part in parts]))
            paid = paid[spent[paid] > 0]
            rows.add(np.zeros(len(paid), np.int64), paid, spent[paid])
            rows.close(1, -np.inf, budget)
            budgets.append(rows.count - 1)
    return np.array(budgets, np.int64), np.array(counts, np.int64)


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


def aims(problem: Sizes, model: SizeModel, *, first: First, then: Then) -> list[tuple[str, Floats, float]]:
    """Return the aims in order: name, what each column counts, and by what the sum is divided for the report.

    Of several products what is unmet is a share of each product's gap; in the model it counts in units of a middling product, so
    that the solver's tolerances mean the same.
    """
    weight = problem.weights()
    products = int((weight > 0).sum())
    unit = 1.0 if len(weight) == 1 else max(float(problem.gap.sum()), 1.0) / max(products, 1)
    n, last = len(model.linear.cost), len(problem.sites) - 1

    def counted(columns: Ints, value: ArrayLike) -> Floats:
        aim = np.zeros(n)
        aim[columns] = value
        return aim

    each = weight[model.lacks[1]] * unit
    at_the_end = model.lacks[2] == last
    unmet = counted(model.lacking[at_the_end], each[at_the_end])
    found = [("short_zones", counted(model.short, 1.0), 1.0)] if first == "flags" else []
    if len(model.excess):
        found.append(("unmet", counted(model.excess, unit), unit))
    else:
        found.append(("unmet", unmet, unit))
    second = costs(problem, model) if then == "cost" else counted(model.option[model.option >= 0], 1.0)
    found.append((then, second, 1.0))
    if last > 0:
        found.append(("unmet_early", counted(model.lacking[~at_the_end], each[~at_the_end]), unit))
    j, t, k = np.nonzero(model.size >= 0)
    walking = counted(model.size[j, t, k], problem.minutes[j, k] * weight[k] * unit)
    return [*found, ("walking", walking, unit)]
