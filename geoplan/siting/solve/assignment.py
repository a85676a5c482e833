"""Points that each take the cheapest option chosen: arrays, greedy selection and exchanges, Lagrangian bound; compiled.

Medians, and maximal covers as medians (who is covered walks 0, all others 1), share all of this. Options are added greedily, stale
gains looked at last (Minoux 1978, LNCIS 7:234-243), then exchanged one for one (Teitz & Bart 1968, Operations Research 16(5)). The gain of
every exchange is counted from each point's nearest and second nearest option chosen (Whitaker 1983, INFOR 21; Resende & Werneck 2007,
European Journal of Operational Research 179). The bound relaxes the constraint that a point takes exactly one option (Cornuéjols,
Fisher & Nemhauser 1977, Management Science 23(8)): a point pays a price, an option earns the prices above its walks, and the options
that earn most are selected. One limit on the number of options is kept, the others are priced too. Prices follow subgradients (Held,
Wolfe & Crowder 1974, Mathematical Programming 6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from geoplan.network.compiled import compiled
from geoplan.siting.solve.constraints import Limits, flat_limits
from geoplan.siting.solve.presolve import alike
from geoplan.siting.solve.problems import (
    Bools,
    DistanceProblem,
    Floats,
    Ints,
    SelectionConstraints,
)
from geoplan.siting.solve.tolerance import GAIN_TOLERANCE, ROUNDING_TOLERANCE

#: Sums of whole person-seconds below this keep every whole number apart from the next, rounding and all.
SMALL = 1e7


@dataclass(frozen=True, eq=False)
class AssignmentArrays:
    """Points that each take the cheapest of the options chosen, or stay at `top`.

    Parameters
    ----------
    option
        Position of each option in the problem given, ascending, shape (n,).
    constraints
        Which of these options may be chosen together.
    start, point, cost
        Person-seconds by option: of option ``j`` those at ``start[j]:start[j + 1]``, each below the point's `top`.
    top
        Person-seconds of each point without any of these options, shape (m,).
    origin
        Position of each point among those of the first arrays, ascending, shape (m,).
    by_start, by_option, by_cost
        The same by point, cheapest first, ties by lowest position.
    fixed
        Positions in the problem given of options chosen already (in `top`).
    base
        Person-seconds of points that none of these options changes.
    whole
        Whether all person-seconds are whole numbers, and not too many: then so is every objective.
    """

    option: Ints
    constraints: SelectionConstraints
    start: Ints
    point: Ints
    cost: Floats
    top: Floats
    origin: Ints
    by_start: Ints
    by_option: Ints
    by_cost: Floats
    fixed: Ints
    base: float
    whole: bool

    def __len__(self) -> int:
        """Return the number of options that are open."""
        return len(self.option)

    def lowest(self) -> Floats:
        """Return the least person-seconds of each point with all options open, shape (m,)."""
        return self.by_cost[self.by_start[:-1]]

    def savings(self) -> Floats:
        """Return the person-seconds that each option would save alone, shape (n,)."""
        option = np.repeat(np.arange(len(self)), np.diff(self.start))
        saved = np.bincount(option, self.top[self.point] - self.cost, minlength=len(self))
        return saved.astype(np.float64)

    def positions(self, chosen: Ints) -> Ints:
        """Return positions in the problem given, with what is fixed, ascending."""
        return np.sort(np.r_[self.fixed, self.option[chosen]])


def assignment_arrays(problem: DistanceProblem) -> AssignmentArrays:
    """Return the arrays of `problem`: without points of no weight and walks that save nothing, points of the same walks as one."""
    walks = csc_array(problem.seconds)
    walks.sort_indices()
    have = np.minimum(problem.existing_seconds, problem.cutoff_seconds)
    weight = np.bincount(alike(walks, have), problem.weight, minlength=len(have))
    keep = np.flatnonzero(weight > 0)
    walks = walks[:, keep]
    column = np.repeat(np.arange(len(keep)), np.diff(walks.indptr))
    gains = walks.data < have[keep][column]
    option, point = walks.indices[gains].astype(np.int64), column[gains]
    cost, top = walks.data[gains] * weight[keep][point], np.asarray(have[keep] * weight[keep], np.float64)
    return _built(
        problem.constraints,
        (option, point, cost, top),
        option=np.arange(len(problem.constraints)),
        origin=np.arange(len(top)),
        fixed=np.empty(0, np.int64),
        base=0.0,
        whole=bool((cost == np.floor(cost)).all() and (top == np.floor(top)).all() and top.sum() < SMALL),
    )


def _built(
    constraints: SelectionConstraints,
    entries: tuple[Ints, Ints, Floats, Floats],
    *,
    origin: Ints,
    base: float,
    **more: Any,  # noqa: ANN401 - the other fields
) -> AssignmentArrays:
    """Return the arrays of walks: `entries` are option, point and cost of each, and the cost of each point without any."""
    option, point, cost, top = entries
    # points that no option changes leave
    met = np.zeros(len(top), bool)
    met[point] = True
    left, top = float(top[~met].sum()), top[met]
    point = (np.cumsum(met) - 1)[point]
    by_option, by_point = np.lexsort((point, option)), np.lexsort((option, cost, point))
    return AssignmentArrays(
        constraints=constraints,
        start=np.r_[0, np.cumsum(np.bincount(option, minlength=len(constraints)))].astype(np.int64),
        point=point[by_option].astype(np.int64),
        cost=cost[by_option],
        top=top,
        origin=origin[met],
        by_start=np.r_[0, np.cumsum(np.bincount(point, minlength=len(top)))].astype(np.int64),
        by_option=option[by_point].astype(np.int64),
        by_cost=cost[by_point],
        base=base + left,
        **more,
    )


def shrunk(arrays: AssignmentArrays, *, never: Bools, always: Bools) -> AssignmentArrays:
    """Return the residual problem after fixing options: `never` are excluded, `always` are selected; both of shape (n,).

    Options selected lower each point's `top`, use up the limits, and make walks redundant that save nothing more.
    """
    n = len(arrays)
    open_ = ~(never | always)
    top = arrays.top.copy()
    option = np.repeat(np.arange(n), np.diff(arrays.start))
    taken = always[option]
    np.minimum.at(top, arrays.point[taken], arrays.cost[taken])
    keep = open_[option] & (arrays.cost < top[arrays.point])
    limits = arrays.constraints
    used = limits.rows @ always.astype(float)
    rows = csr_array(limits.rows[:, np.flatnonzero(open_)])
    return _built(
        SelectionConstraints(limits.cost[open_], rows, limits.least - used, limits.most - used),
        ((np.cumsum(open_) - 1)[option[keep]], arrays.point[keep], arrays.cost[keep], top),
        option=arrays.option[open_],
        origin=arrays.origin,
        fixed=np.r_[arrays.fixed, arrays.option[always]],
        base=arrays.base,
        whole=arrays.whole,
    )


def value(arrays: AssignmentArrays, chosen: Ints) -> float:
    """Return the person-seconds of a choice among the open options."""
    best = arrays.top.copy()
    for j in chosen:
        part = slice(arrays.start[j], arrays.start[j + 1])
        best[arrays.point[part]] = np.minimum(best[arrays.point[part]], arrays.cost[part])
    return arrays.base + float(best.sum())


Array = NDArray[Any]


class _Walks(NamedTuple):
    """Person-seconds by option and by point, as compiled code reads them."""

    start: Array
    point: Array
    cost: Array
    by_start: Array
    by_option: Array
    by_cost: Array
    top: Array


class _Held(NamedTuple):
    """A selection: who is inside, what the limits use; of each point the nearest option (-1: none), its cost and the second's.

    `loss` of an option is what its points would pay more without it.
    """

    inside: Array
    used: Array
    first: Array
    near: Array
    second: Array
    loss: Array


#: Rounds of exchanges at most: each gains, so that they end by themselves; this bounds the time.
MOST_ROUNDS = 1000


def improved(arrays: AssignmentArrays, chosen: Ints, *, rounds: int = MOST_ROUNDS) -> Ints:
    """Return a feasible selection no worse than `chosen`: options are added greedily, then exchanged one for one while one gains.

    Parameters
    ----------
    arrays
        The question.
    chosen
        Positions to begin with, allowed; ties go to the lowest position.
    rounds
        Most rounds of exchanges; in each every option is compared once with all that are chosen.

    Returns
    -------
    chosen
        Positions, ascending.
    """
    inside = np.zeros(len(arrays), np.bool_)
    inside[chosen] = True
    used = np.asarray(arrays.constraints.rows @ inside.astype(float), np.float64)
    walks = _Walks(*(getattr(arrays, name) for name in _Walks._fields))
    tolerance = GAIN_TOLERANCE * max(1.0, float(arrays.top.sum()))
    _improve(walks, flat_limits(arrays.constraints), inside, used, tolerance, rounds)
    return np.flatnonzero(inside)


@compiled
def _improve(walks: Any, limits: Limits, inside: Array, used: Array, tolerance: float, rounds: int) -> None:  # noqa: ANN401 - a named tuple
    m = len(walks.top)
    held = _Held(inside, used, np.empty(m, np.int64), np.empty(m), np.empty(m), np.zeros(len(inside)))
    for k in range(m):
        _look(walks, held, k)
    _add(walks, limits, held, tolerance)
    extra = np.zeros(len(inside))
    for _ in range(rounds):
        if not _exchange_round(walks, limits, held, tolerance, extra):
            return


@compiled
def _look(walks: Any, held: Any, k: Any) -> None:  # noqa: ANN401 - named tuples; numba's int64
    """Find the nearest and the second nearest option of a point anew."""
    held.first[k], held.near[k], held.second[k] = -1, walks.top[k], walks.top[k]
    for e in range(walks.by_start[k], walks.by_start[k + 1]):
        if held.inside[walks.by_option[e]]:
            if held.first[k] >= 0:
                held.second[k] = walks.by_cost[e]
                break
            held.first[k], held.near[k] = walks.by_option[e], walks.by_cost[e]
    if held.first[k] >= 0:
        held.loss[held.first[k]] += held.second[k] - held.near[k]


@compiled
def _turn(walks: Any, limits: Limits, held: Any, j: Any) -> None:  # noqa: ANN401 - named tuples; numba's int64
    """Take an option in, or out."""
    begin, row, share, _, _ = limits
    held.inside[j] = not held.inside[j]
    sign = 1.0 if held.inside[j] else -1.0
    for a in range(begin[j], begin[j + 1]):
        held.used[row[a]] += sign * share[a]
    for e in range(walks.start[j], walks.start[j + 1]):
        k = walks.point[e]
        if walks.cost[e] <= held.second[k]:
            if held.first[k] >= 0:
                held.loss[held.first[k]] -= held.second[k] - held.near[k]
            _look(walks, held, k)


@compiled
def _allowed(limits: Limits, used: Array, add: Any, drop: Any) -> bool:  # noqa: ANN401 - numba's int64
    """Return whether `add` may come and `drop` (-1: none) may go."""
    begin, row, share, least, most = limits
    for a in range(begin[add], begin[add + 1]):
        r, after = row[a], used[row[a]] + share[a]
        if drop >= 0 and after > most[r]:
            for b in range(begin[drop], begin[drop + 1]):
                if row[b] == r:
                    after -= share[b]
        if after > most[r]:
            return False
    if drop >= 0:
        for b in range(begin[drop], begin[drop + 1]):
            r, after = row[b], used[row[b]] - share[b]
            if after < least[r]:
                for a in range(begin[add], begin[add + 1]):
                    if row[a] == r:
                        after += share[a]
                if after < least[r]:
                    return False
    return True


@compiled
def _gain(walks: Any, held: Any, j: Any, extra: Array) -> float:  # noqa: ANN401 - named tuples; numba's int64
    """Return what option `j` gains alone, and note in `extra` what each option chosen would lose less for it."""
    gain = 0.0
    for e in range(walks.start[j], walks.start[j + 1]):
        k, c = walks.point[e], walks.cost[e]
        first = held.first[k]
        if c < held.near[k]:
            gain += held.near[k] - c
            if first >= 0:
                extra[first] += held.second[k] - held.near[k]
        elif c < held.second[k] and first >= 0:
            extra[first] += held.second[k] - c
    return gain


@compiled
def _add(walks: Any, limits: Limits, held: Any, tolerance: float) -> None:  # noqa: ANN401 - named tuples
    """Add the option that gains most, again and again; a gain only falls as others are chosen, so that only the top is looked at anew."""
    n = len(held.inside)
    gain, seen, extra = np.full(n, -1.0), np.zeros(n, np.int64), np.zeros(n)
    for j in range(n):
        if not held.inside[j]:
            gain[j] = _gain(walks, held, j, extra)
    added = 0
    while n:
        j = int(np.argmax(gain))
        if gain[j] <= tolerance:
            return
        if not _allowed(limits, held.used, j, -1):
            gain[j] = -1.0
        elif seen[j] == added:
            _turn(walks, limits, held, j)
            gain[j] = -1.0
            added += 1
        else:
            gain[j], seen[j] = _gain(walks, held, j, extra), added


@compiled
def _exchange_round(walks: Any, limits: Limits, held: Any, tolerance: float, extra: Array) -> bool:  # noqa: ANN401 - named tuples
    """Compare every option once with all that are chosen, and make its best exchange at once; return whether one gained."""
    opened = np.flatnonzero(held.inside)
    extra[:] = 0.0
    gained = False
    for j in range(len(held.inside)):
        if held.inside[j]:
            continue
        gain = _gain(walks, held, j, extra)
        best = tolerance
        go: Any = -2
        if gain > tolerance and _allowed(limits, held.used, j, -1):
            go = -1
        for i in opened:
            if go != -1 and gain - held.loss[i] + extra[i] > best and _allowed(limits, held.used, j, i):
                best, go = gain - held.loss[i] + extra[i], i
            extra[i] = 0.0
        if go == -2:
            continue
        if go >= 0:
            _turn(walks, limits, held, go)
        _turn(walks, limits, held, j)
        opened = np.flatnonzero(held.inside)
        gained = True
    return gained


#: Rounds of prices at most, rounds without a better bound before the step halves, and the step at which the climb ends.
ROUNDS, PATIENCE, FIRST_STEP, LAST_STEP = 1500, 20, 1.5, 2e-3


@dataclass(frozen=True, eq=False)
class Priced:
    """The best bound of a climb.

    `price` of each point, shape (m,), at most its top; `worth` of each option, shape (n,): what it costs beyond its earnings, limits'
    prices included; `number`: the most options that the kept limit allows.
    """

    bound: float
    price: Floats
    worth: Floats
    number: int


def number_limit(arrays: AssignmentArrays) -> tuple[int, int]:
    """Return which limit counts every option alike (-1: none) and the most options that it allows."""
    n, limits = len(arrays), arrays.constraints
    row, number, rows = -1, n, csr_array(limits.rows)
    for r in np.flatnonzero(np.isfinite(limits.most) & (np.diff(rows.indptr) == n)) if n else ():
        data = rows.data[rows.indptr[r] : rows.indptr[r + 1]]
        if data.min() == data.max() > 0:
            allowed = max(0, int(np.floor(limits.most[r] / data[0] + ROUNDING_TOLERANCE)))
            row, number = (int(r), allowed) if allowed < number else (row, number)
    return row, number


def climb(
    arrays: AssignmentArrays,
    best: float,
    *,
    price: Floats,
    tried: Callable[[Ints, float], float],
    go_on: Callable[[float], bool],
    rounds: int = ROUNDS,
) -> Priced:
    """Return the best bound that prices give.

    Parameters
    ----------
    arrays
        The question.
    best
        Person-seconds of the best choice known.
    price
        Prices to begin with, shape (m,), person-seconds.
    tried
        Given the options taken under a better bound, and that bound; returns the best person-seconds known after that.
    go_on
        Given the best bound, whether to go on.
    rounds
        Most rounds of prices.
    """
    n, m = len(arrays), len(arrays.top)
    row, number = number_limit(arrays)
    low = arrays.lowest()
    price = np.clip(price, low, arrays.top)
    worth, slope = np.empty(n), np.empty(m)
    _worth(arrays.start, arrays.point, arrays.cost, price, worth)
    # an option's fee is worth as much as its earnings, not as one point's price: steps of like size need like units
    limits = _Limits(
        arrays.constraints,
        row,
        unit=max(1.0, -float(worth.min(initial=0.0)) / max(1e-12, float(price.mean()))),
    )
    fee = np.zeros(len(limits.most))
    drift, fee_drift = np.zeros(m), np.zeros(len(fee))
    top = Priced(-np.inf, price, np.zeros(n), number)
    step, stale = FIRST_STEP, 0
    for _ in range(rounds):
        _worth(arrays.start, arrays.point, arrays.cost, price, worth)
        net = worth + limits.rows.T @ fee if len(fee) else worth
        taken = _lowest(net, number)
        bound = arrays.base + float(price.sum() + net[taken].sum() - fee @ limits.most)
        stale += 1
        if bound > top.bound + 1e-7 * abs(top.bound if np.isfinite(top.bound) else 0.0):
            stale = 0
            best = tried(taken, bound)
        if bound > top.bound:
            top = Priced(bound, price.copy(), net.copy(), number)
        if not go_on(top.bound) or step < LAST_STEP:
            break
        if stale >= PATIENCE:
            step, stale = step / 2.0, 0
            price = top.price.copy()
        _slope(arrays.start, arrays.point, arrays.cost, price, taken, slope)
        slope[(price >= arrays.top) & (slope > 0)] = 0.0
        slope[(price <= low) & (slope < 0)] = 0.0
        fee_slope = limits.over(taken)
        fee_slope[(fee <= 0) & (fee_slope < 0)] = 0.0
        # the direction keeps some of the last one, which damps zigzag
        drift, fee_drift = 0.7 * slope + 0.3 * drift, 0.7 * fee_slope + 0.3 * fee_drift
        length = float(drift @ drift + fee_drift @ fee_drift)
        if length <= 1e-18:
            break
        move = step * max(best - bound, ROUNDING_TOLERANCE * abs(best)) / length
        price = np.clip(price + move * drift, low, arrays.top)
        fee = np.maximum(0.0, fee + move * fee_drift)
    return top


class _Limits:
    """The limits that are priced, each as ``rows @ y <= most``, scaled to coefficients of at most `unit`."""

    def __init__(self, limits: SelectionConstraints, kept: int, *, unit: float) -> None:
        finite, rows = np.isfinite(limits.most), csr_array(limits.rows)
        over, under = (
            np.flatnonzero(finite & (np.arange(len(finite)) != kept)),
            np.flatnonzero(limits.least > 0),
        )
        widest = np.maximum(1e-12, rows.max(axis=1).toarray().ravel()) if rows.nnz else np.ones(len(finite))
        scale = unit * np.r_[1.0 / widest[over], -np.ones(len(under))]
        picked = csr_array(rows[np.r_[over, under]])
        picked.data = picked.data * np.repeat(scale, np.diff(picked.indptr))
        self.rows, self.most = picked, scale * np.r_[limits.most[over], limits.least[under]]

    def over(self, taken: Ints) -> Floats:
        """Return by how much each limit is overstepped."""
        return np.asarray(self.rows[:, taken].sum(axis=1) - self.most, np.float64)


def _lowest(net: Floats, number: int) -> Ints:
    """Return the at most `number` lowest negative ones, ties by lowest position, ascending."""
    order = np.argsort(net, kind="stable")[:number]
    return np.sort(order[net[order] < 0])


def settled(priced: Priced, cutoff: float) -> tuple[Bools, Bools]:
    """Return the options that no selection below `cutoff` contains, and those that every one contains (variable fixing); shape (n,) each.

    The loss from forcing an option in or out is added to the bound.
    """
    worth, number = priced.worth, priced.number
    n = len(worth)
    ranked = np.sort(worth)
    last = min(0.0, ranked[number - 1]) if 0 < number <= n else (-np.inf if number <= 0 else 0.0)
    following = min(0.0, ranked[number]) if number < n else 0.0
    order = np.argsort(worth, kind="stable")[:number]
    inside = np.zeros(n, bool)
    inside[order[worth[order] < 0]] = True
    never = ~inside & (priced.bound + worth - last >= cutoff)
    always = inside & (priced.bound - worth + following >= cutoff)
    return never, always


@compiled
def _worth(start: Array, point: Array, cost: Array, price: Array, worth: Array) -> None:
    for j in range(len(worth)):
        total = 0.0
        for e in range(start[j], start[j + 1]):
            less = cost[e] - price[point[e]]
            if less < 0.0:
                total += less
        worth[j] = total


@compiled
def _slope(start: Array, point: Array, cost: Array, price: Array, taken: Array, slope: Array) -> None:
    slope[:] = 1.0
    for j in taken:
        for e in range(start[j], start[j + 1]):
            if cost[e] < price[point[e]]:
                slope[point[e]] -= 1.0
