"""Sites and sizes as a mixed-integer model.

Columns: x (candidate, phase in which it opens), y (the same and a product; x itself where there is one product), s (size of it),
a (amount that a candidate gives to a zone in a phase), u (what a zone lacks in a phase).
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array

from geoplan.siting.objectives.sizes.problem import Sizes
from geoplan.siting.solve.lp import Linear
from geoplan.siting.solve.problems import Bools, Floats, Ints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which candidate may serve which zone with which product, and the minutes of walk; sorted by product, candidate, zone."""

    candidate: Ints
    zone: Ints
    product: Ints
    minutes: Floats


@dataclass(frozen=True, eq=False)
class SizeModel:
    """The model: its columns by kind, with what each stands for, its rows, and its aims.

    Parameters
    ----------
    linear
        Everything but the aim.
    option, opening
        Of x: column of each candidate and phase, shape (J, T), and of y by product, shape (J, T, K); -1: none.
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
    >>> problem = Sizes(np.array([[7.0], [2.5]]), (csr_array(np.ones((1, 2))),), np.array([[2.2]]), np.array([[np.inf]]),
    ...     np.ones(1), np.ones((1, 1)), np.array([True]))
    >>> [limit.tolist() for limit in limits(problem)]
    [[[3.0]], [[10.0]]]
    """
    pairs = pairs_of(problem)
    candidates, _, products = problem.shape
    within = np.zeros((candidates, products))
    np.add.at(within, (pairs.candidate, pairs.product), problem.gap[pairs.zone, pairs.product])
    least = np.where(problem.whole, np.ceil(problem.least - ROUNDING_TOLERANCE), problem.least)
    most = np.where(problem.whole, np.floor(problem.most + ROUNDING_TOLERANCE), problem.most)
    within = np.where(problem.whole, np.ceil(within - ROUNDING_TOLERANCE), within)
    most = np.where(most < least - ROUNDING_TOLERANCE, 0.0, np.minimum(most, np.maximum(least, within)))
    # a product that serves no zone opens only at a required candidate
    idle = (within <= 0) & ~problem.flags("required")[:, None]
    return least, np.where(idle, 0.0, most)


def can_hold(problem: Sizes, least: Floats, most: Floats) -> Bools:
    """Return which product can open at which candidate, shape (J, K)."""
    room = np.full(problem.shape[0], np.inf) if problem.room is None else problem.room
    fits = least * _per_unit(problem) <= room[:, None] + ROUNDING_TOLERANCE
    stands = problem.flags("required")[:, None] & (problem.most >= least - ROUNDING_TOLERANCE)
    return np.asarray(((most > 0) | stands) & fits & ~problem.flags("forbidden")[:, None])


def pairs_of(problem: Sizes) -> Pairs:
    """Return the pairs of candidate and zone with a gap that may serve each other."""
    found = []
    for k, may in enumerate(problem.may):
        entries = may.tocoo()
        j, z, minutes = entries.row.astype(np.int64), entries.col.astype(np.int64), entries.data
        if problem.located:
            j, z, minutes = _at_home(problem, j, z, minutes)
        keep = problem.gap[z, k] > 0
        order = np.lexsort((z[keep], j[keep]))
        found.append((j[keep][order], z[keep][order], np.full(len(order), k), minutes[keep][order]))
    j, z, product, minutes = (np.concatenate(part) for part in zip(*found, strict=True))
    return Pairs(j, z, product.astype(np.int64), minutes.astype(np.float64))


def _at_home(problem: Sizes, j: Ints, z: Ints, minutes: Floats) -> tuple[Ints, Ints, Floats]:
    # each candidate and its own zone, with the walk where it is known
    assert problem.own_zone is not None  # noqa: S101 - checked before
    walk = np.zeros(problem.shape[0])
    own = problem.own_zone[j] == z
    walk[j[own]] = minutes[own]
    placed = np.flatnonzero(problem.own_zone >= 0)
    return placed, problem.own_zone[placed].astype(np.int64), walk[placed]


def _per_unit(problem: Sizes) -> Floats:
    return np.ones(problem.shape[2]) if problem.room_per_unit is None else problem.room_per_unit


def build(problem: Sizes) -> SizeModel:
    """Return the model of a question of sizes."""
    least, most = limits(problem)
    wanted = problem.gap[:, :, None] * np.array([phase.share for phase in problem.phases])
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
    phases = len(problem.phases)
    holds = can_hold(problem, least, most)
    opens = np.arange(phases)[None, :] >= problem.first_phase()[:, None]
    live = np.asarray(holds.any(axis=1, keepdims=True) & opens)
    each = live[:, :, None] & holds[:, None, :]
    n, option = _number(live, 0)
    opening = option[:, :, None]
    if problem.shape[2] > 1:
        n, opening = _number(each, n)
    binaries = n
    n, size = _number(each, n)
    pairs = pairs_of(problem)
    usable = holds[pairs.candidate, pairs.product]
    gives = np.concatenate([_phase_of(problem, pairs, usable, t) for t in range(phases)], axis=1)
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
    return SizeModel(linear, option, opening, size, given, gives[:4], lacking, lacks, pairs.minutes[gives[4]])


def _number(there: Bools, first: int) -> tuple[int, Ints]:
    # columns from `first` on where `there`, -1 elsewhere; and the next number
    number = np.full(there.shape, -1, np.int64)
    number[there] = first + np.arange(there.sum())
    return first + int(there.sum()), number


def _phase_of(problem: Sizes, pairs: Pairs, usable: Bools, phase: int) -> Ints:
    # (candidate, zone, product, phase, position of the pair) of what may be given in a phase
    keep = usable & (problem.first_phase()[pairs.candidate] <= phase) & (problem.phases[phase].share > 0)
    at = np.flatnonzero(keep)
    return np.array(
        [pairs.candidate[at], pairs.zone[at], pairs.product[at], np.full(len(at), phase), at], np.int64
    )


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
    rows.close(problem.shape[0], problem.flags("required").astype(np.float64), 1.0)
    if problem.either_or is not None:
        group = problem.either_or[j]
        named, which = np.unique(group, return_inverse=True)
        rows.add(
            which.ravel()[group >= 0] - int(named[0] < 0) if len(named) else which,
            model.option[j, t][group >= 0],
            1.0,
        )
        rows.close(int((named >= 0).sum()), -np.inf, 1.0)
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
    for number, phase in enumerate(problem.phases):
        by_then = model.option[:, : number + 1]
        if np.isfinite(phase.sites):
            opened = by_then[by_then >= 0]
            rows.add(np.zeros(len(opened), np.int64), opened, 1.0)
            rows.close(1, -np.inf, phase.sites)
        if np.isfinite(phase.budget):
            parts = (by_then, model.opening[:, : number + 1], model.size[:, : number + 1])
            paid = np.unique(np.concatenate([part[part >= 0] for part in parts]))
            paid = paid[spent[paid] > 0]
            rows.add(np.zeros(len(paid), np.int64), paid, spent[paid])
            rows.close(1, -np.inf, phase.budget)


def _share_room(rows: Rows, problem: Sizes, model: SizeModel) -> None:
    if problem.room is None:
        return
    limited = np.isfinite(problem.room)[:, None] & (model.option >= 0)
    number = np.full(limited.shape, -1, np.int64)
    number[limited] = np.arange(limited.sum())
    j, t, k = np.nonzero((model.size >= 0) & limited[:, :, None])
    rows.add(number[j, t], model.size[j, t, k], _per_unit(problem)[k])
    j, t = np.nonzero(limited)
    rows.add(np.arange(len(j)), model.option[j, t], -problem.room[j])
    rows.close(len(j), -np.inf, 0.0)


def costs(problem: Sizes, model: SizeModel) -> Floats:
    """Return what each column costs."""
    site, product = problem.opening()
    cost = np.zeros(len(model.linear.cost))
    j, t = np.nonzero(model.option >= 0)
    cost[model.option[j, t]] += site[j]
    j, t, k = np.nonzero(model.size >= 0)
    cost[model.opening[j, t, k]] += product[j, k]
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
    n, last = len(model.linear.cost), len(problem.phases) - 1
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
