"""Set covering with requirements, whole or partial: needs of people, what is left of them, its model, selections, the highest level.

Iterated greedy (compiled): lazy greedy, redundant options removed, large-neighbourhood search. What an option adds towards the needs, each
counted up to what is missing, shrinks as others are chosen (it is submodular): a stale gain is an upper limit, and only the options on
top are looked at again.

References
----------
Minoux (1978), Optimization Techniques, LNCIS 7:234-243, https://doi.org/10.1007/BFb0006528 (lazy greedy)
Ruiz & Stuetzle (2007), EJOR 177(3):2033-2049, https://doi.org/10.1016/j.ejor.2005.12.009 (iterated greedy)
"""

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array, eye_array

from geoplan.network.compiled import compiled
from geoplan.siting.solve.constraints import flat_limits
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.presolve import pattern
from geoplan.siting.solve.problems import Bools, CoverageProblem, Floats, Ints, SelectionConstraints, Stopped
from geoplan.siting.solve.tolerance import PROOF, ROUNDING_TOLERANCE


@dataclass(frozen=True, eq=False)
class Needs:
    """People to be covered, those that what exists covers among them: of all, and of each zone, shape (n_zones,); <= 0 asks nothing."""

    total: float
    zone: Floats


@dataclass(frozen=True, eq=False)
class ResidualCover:
    """Residual problem: points that nothing covers yet and some option can, and how many people of them are still needed.

    Parameters
    ----------
    constraints
        Which options may be chosen together.
    covers
        Options by open points; rows of options that cannot be chosen are empty.
    weight, zone
        People and zone number of each open point, shape (n_open,).
    needs
        People of the open points that have to be covered.
    """

    constraints: SelectionConstraints
    covers: csr_array
    weight: Floats
    zone: Ints
    needs: Needs


def by_zone(weight: Floats, zone: Ints, zones: int) -> Floats:
    """Return the sums of `weight` by zone number, shape (zones,); numbers below 0 are of no zone."""
    inside = zone >= 0
    return np.bincount(zone[inside], weights=weight[inside], minlength=zones).astype(np.float64)


def zone_sums(problem: CoverageProblem, points: Bools) -> Floats:
    """Return people of the `points` by zone number, shape (n_zones,)."""
    return by_zone(problem.weight * points, problem.zone, int(problem.zone.max(initial=-1)) + 1)


def zone_people(problem: CoverageProblem) -> Floats:
    """Return all people by zone number, shape (n_zones,)."""
    return zone_sums(problem, np.ones(len(problem.weight), bool))


def zone_shares(problem: CoverageProblem, chosen: Ints) -> Floats:
    """Return the share of each zone's people that `chosen` and what exists cover, 0-1, shape (n_zones,); NaN without people.

    Examples
    --------
    >>> free = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.empty(0), np.empty(0))
    >>> problem = CoverageProblem(free, csr_array([[1.0, 0, 0]]), np.array([30.0, 10, 5]), np.zeros(3, bool), np.array([0, 0, 1]))
    >>> zone_shares(problem, np.array([0])).tolist()
    [0.75, 0.0]
    """
    people = zone_people(problem)
    covered = zone_sums(problem, problem.covered(chosen))
    shares: Floats = np.divide(covered, people, out=np.full(len(people), np.nan), where=people > 0)
    return shares


def reachable(problem: CoverageProblem) -> Needs:
    """Return the people that what exists and all usable options together cover."""
    points = problem.covered(np.flatnonzero(problem.constraints.usable()))
    return Needs(float(problem.weight[points].sum()), zone_sums(problem, points))


def share_tolerance(problem: CoverageProblem) -> Needs:
    """Return the people within rounding tolerance: a share that is exactly reached counts as reached."""
    return Needs(ROUNDING_TOLERANCE * float(problem.weight.sum()), ROUNDING_TOLERANCE * zone_people(problem))


def missing(problem: CoverageProblem, needs: Needs) -> Needs:
    """Return the people that options have to add to what exists; <= 0 where nothing is missing."""
    rounding, have = share_tolerance(problem), problem.covered_by_existing
    return Needs(
        needs.total - rounding.total - float(problem.weight[have].sum()),
        needs.zone - rounding.zone - zone_sums(problem, have),
    )


def residual_cover(problem: CoverageProblem, needs: Needs) -> ResidualCover:
    """Return what is left of a problem, as given or merged; `needs` are what options have to add to what exists (`missing`)."""
    covers = pattern(problem.covers)
    covers.data = np.repeat(problem.constraints.usable().astype(float), np.diff(covers.indptr))
    covers.eliminate_zeros()
    met = np.bincount(covers.indices, minlength=covers.shape[1]) > 0
    points = np.flatnonzero(~problem.covered_by_existing & (problem.weight > 0) & met)
    covers = csr_array(covers[:, points])
    return ResidualCover(problem.constraints, covers, problem.weight[points], problem.zone[points], needs)


def met(question: ResidualCover, chosen: Ints) -> bool:
    """Return whether `chosen` are allowed and meet the needs of `question`, summed point by point."""
    hit = np.zeros(len(question.weight), bool)
    hit[question.covers[chosen].indices] = True
    sums = by_zone(question.weight * hit, question.zone, len(question.needs.zone))
    tiny = 1e-12 * float(question.weight.sum())
    enough = float(question.weight[hit].sum()) >= question.needs.total - tiny
    return bool(enough and (sums >= question.needs.zone - tiny).all()) and question.constraints.allows(chosen)


def needed_points(question: ResidualCover) -> Bools:
    """Return the open points without which a zone or all people together miss their need."""
    weight, zone, needs = question.weight, question.zone, question.needs
    tiny = 1e-12 * float(weight.sum())
    total = weight > weight.sum() - needs.total + tiny if needs.total > 0 else np.zeros(len(weight), bool)
    slack = by_zone(weight, zone, len(needs.zone)) - needs.zone
    slack = np.append(
        np.where(needs.zone > 0, slack, np.inf), np.inf
    )  # the last place is for points without a zone
    return np.asarray(total | (weight > slack[zone] + tiny))


@dataclass(frozen=True, eq=False)
class Model:
    """A linear model whose first columns are the options; the further columns are open points.

    `covers` are the options of these points; `reward` is what points that every answer covers are worth; it is no part of `linear`.
    """

    linear: Linear
    covers: csr_array
    reward: float


def filled(covers: csr_array, chosen: Ints) -> Floats:
    """Return 1 for each option chosen and 0 for the others, then the same of each point covered, shape (n_options + n_points,)."""
    picked = np.zeros(covers.shape[0])
    picked[chosen] = 1.0
    return np.concatenate([picked, np.minimum(1.0, covers.T @ picked)])


def model(question: ResidualCover, *, people: bool = False) -> Model:
    """Return the model of `question`: least cost, or with `people` most people covered.

    Two kinds of rows hold in every answer and tighten the linear bound: one for each point that cannot be missed, ``sum x >= 1``,
    and one for each need ``d``, ``sum_j min(c_j, d) x_j >= d`` with ``c_j`` people of its points that option j covers.

    Parameters
    ----------
    question
        What is left to be covered.
    people
        False minimises the cost of the options; True minimises minus the people covered.
    """
    needed = needed_points(question)
    zone_asks = np.append(question.needs.zone > 0, False)
    points = np.flatnonzero(~needed & ((people or question.needs.total > 0) | zone_asks[question.zone]))
    covers = csr_array(question.covers[:, points])
    n, k, constraints = len(question.constraints), len(points), question.constraints
    counts, asks = groups(question)
    adds = csr_array(counts @ question.covers.T)
    share = np.minimum(adds.data / np.repeat(asks, np.diff(adds.indptr)), 1.0)
    truncated = csr_array((share, adds.indices, adds.indptr), shape=adds.shape)
    # a need without the points that every answer covers
    rest = asks - counts @ needed.astype(float)
    held = np.flatnonzero(rest > 0)
    rows = block_array(
        [
            [csr_array(constraints.rows), csr_array((constraints.rows.shape[0], k))],
            [csr_array(question.covers.T[np.flatnonzero(needed)]), None],
            [csr_array(covers.T), -eye_array(k)],
            [None, csr_array(counts[held][:, points])],
            [truncated, None],
        ]
    )
    m, t = int(needed.sum()), truncated.shape[0]
    low = np.concatenate([constraints.least, np.ones(m), np.zeros(k), rest[held], np.ones(t)])
    high = np.concatenate([constraints.most, np.full(len(low) - len(constraints.most), np.inf)])
    cost = np.r_[np.zeros(n), -question.weight[points]] if people else np.r_[constraints.cost, np.zeros(k)]
    top = np.r_[constraints.usable().astype(float), np.ones(k)]
    whole = np.arange(n + k) < n
    linear = Linear(cost, np.zeros(n + k), top, csr_array(rows), low, high, whole)
    return Model(linear, covers, float(question.weight[needed].sum()))


def groups(question: ResidualCover) -> tuple[csr_array, Floats]:
    """Return the people of the open points by need above 0 (zones, then all people), shape (n_needs, n_open), and the needs."""
    needs = question.needs
    zones = np.flatnonzero(needs.zone > 0)
    number = np.full(len(needs.zone) + 1, -1)  # the last place is for points without a zone
    number[zones] = np.arange(len(zones))
    of_point = number[question.zone]
    points = np.flatnonzero(of_point >= 0)
    rows, asks = of_point[points], needs.zone[zones]
    if needs.total > 0:
        everyone = np.arange(len(question.weight))
        rows, points = np.append(rows, np.full(len(everyone), len(zones))), np.append(points, everyone)
        asks = np.append(asks, needs.total)
    shape = (len(asks), len(question.weight))
    return csr_array(coo_array((question.weight[points], (rows, points)), shape=shape)), asks


def with_bounds(linear: Linear, reduced: Floats | None, spare: float) -> Linear:
    """Return `linear` with the first columns fixed that no answer within `spare` of the linear bound can have otherwise.

    `reduced`: costs of the columns in the optimum of the linear program, None where they are not known.
    """
    if reduced is None:
        return linear
    low, high, whole = linear.low.copy(), linear.high.copy(), linear.whole & (linear.low < linear.high)
    high[whole & (reduced > spare)] = 0.0
    low[whole & (-reduced > spare)] = 1.0
    return replace(linear, low=low, high=high)


@dataclass(frozen=True, eq=False)
class Climbed:
    """The highest level found and its selection, the level that none exceeds, nodes of the trees, and why the search ended."""

    chosen: Ints
    level: float
    bound: float
    nodes: int = 0
    stopped: Stopped = ""


#: Levels nearer to each other than this share of themselves are left to the programs, not to greedy selections.
COARSE = 0.01


def highest_level(
    at: Callable[[float], ResidualCover],
    reached: Callable[[Ints], float],
    chosen: Ints,
    top: float,
    *,
    control: SearchControl,
) -> Climbed:
    """Return the selection that reaches the highest level, and a bound on it: bisection, each level a set cover.

    Greedy selections come first: they cost little and lift the level that programs have to better. Then, between the best level found
    and the lowest one proven out of reach, two levels are tried in turn: the next one up, which proves the incumbent where it is out
    of reach, and the middle.

    Parameters
    ----------
    at
        Level -> what has to be covered.
    reached
        Selection -> the level that it reaches.
    chosen
        A feasible selection.
    top
        A level that none exceeds.
    control
        Search limits, progress callback and interrupt.
    """
    now, low, high, turn = Climbed(chosen, reached(chosen), top), reached(chosen), top, 0
    control.listen(now.level, now.bound)
    while high - low > COARSE * max(abs(low), abs(high)) and not control.stopped():
        middle = 0.5 * (low + high)
        found = first_answer(at(middle), rounds=BRIEF, control=control)
        if found is None:
            high = middle
            continue
        low = max(middle, reached(found))
        if reached(found) > now.level:
            now = replace(now, chosen=found, level=reached(found))
            control.listen(now.level, now.bound)
    # a level so little above the incumbent is the next one up
    while now.bound - now.level > (step := 0.5 * PROOF * max(1.0, abs(now.level))):
        stopped = control.stopped(nodes=now.nodes)
        near = now.bound - now.level <= control.gap * max(abs(now.bound), abs(now.level))
        if stopped or near:
            return replace(now, stopped=stopped or "gap")
        level, turn = now.level + step if turn % 2 == 0 else 0.5 * (now.level + now.bound), turn + 1
        tried = _tried(at(level), control=control.after(now.nodes))
        now = replace(now, nodes=now.nodes + tried.nodes)
        if tried.chosen is not None and reached(tried.chosen) > now.level:
            height = reached(tried.chosen)
            now = replace(now, chosen=tried.chosen, level=height, bound=max(now.bound, height))
        elif tried.state == "out":
            now = replace(now, bound=level)
        else:
            return replace(now, stopped=tried.stopped or "gap")
        control.listen(now.level, now.bound)
    return now


@dataclass(frozen=True, eq=False)
class _Tried:
    state: Literal["reached", "out", "none"]
    chosen: Ints | None = None
    nodes: int = 0
    stopped: Stopped = ""


def _tried(question: ResidualCover, *, control: SearchControl) -> _Tried:
    """Return whether the needs of `question` can be met, and a selection that meets them."""
    counts, asks = groups(question)
    if (counts.sum(axis=1) < asks * (1.0 - ROUNDING_TOLERANCE)).any():
        return _Tried("out")
    built, brief = model(question), control.silent()
    loose = solve(built.linear, control=brief, relax=True)
    if loose.state == "infeasible":
        return _Tried("out")
    if loose.state != "optimal" or loose.x is None:
        return _Tried("none", stopped=control.stopped() or loose.stopped)
    n = len(question.constraints)
    chosen = first_answer(question, favour=0.01 + loose.x[:n], rounds=BRIEF, control=control)
    if chosen is not None:
        return _Tried("reached", chosen)
    # any selection will do: the first one ends the search
    tree = solve(built.linear, control=replace(brief, gap=np.inf))
    if tree.state == "infeasible":
        return _Tried("out", nodes=tree.nodes)
    chosen = None if tree.x is None else np.flatnonzero(tree.x[:n] > 0.5)
    if chosen is None or not met(question, chosen):
        return _Tried("none", nodes=tree.nodes, stopped=tree.stopped or "gap")
    return _Tried("reached", chosen, tree.nodes)


#: The question in flat arrays, as compiled code takes it.
Flat = namedtuple("Flat", "start points weight zone need_total need_zone cost limits allowed")  # noqa: PYI024 - compiled code takes it
#: State of a selection: how often each point is covered, what the constraints use, what is missing, scratch, the gains last seen.
State = namedtuple("State", "times used left_zone left_total part touched stale")  # noqa: PYI024 - compiled code takes it
#: Rounds of destroying a part of the answer and repairing it: of an answer of its own, and of one among many.
ROUNDS, BRIEF = 1000, 20
#: The part that is destroyed, at least this many options.
PART, FEW = 0.07, 3


def _flat(question: ResidualCover) -> Any:  # noqa: ANN401 - a named tuple of arrays
    return Flat(
        question.covers.indptr.astype(np.int64),
        question.covers.indices.astype(np.int64),
        question.weight.astype(np.float64),
        question.zone.astype(np.int64),
        float(question.needs.total),
        question.needs.zone.astype(np.float64),
        question.constraints.cost.astype(np.float64),
        flat_limits(question.constraints),
        question.constraints.usable(),
    )


def first_answer(
    question: ResidualCover, *, favour: Floats | None = None, rounds: int = ROUNDS, control: SearchControl
) -> Ints | None:
    """Return options that meet the needs at a low cost, ascending; None where greedy selection finds none.

    Parameters
    ----------
    question
        What is left to be covered.
    favour
        Factor on each option's gain, shape (n_options,), >= 0: what a linear bound would choose; None: all alike.
    rounds
        Rounds of destroying and repairing.
    control
        Ends the rounds early.
    """
    flat = _flat(question)
    liked = np.ones(len(flat.cost)) if favour is None else favour
    best, chance = np.zeros(len(flat.cost), np.bool_), np.random.default_rng(0)
    if not _fill(flat, best, liked):
        return None
    _drop(flat, best)
    for _ in range(rounds):
        if control.stopped():
            break
        part = max(PART, FEW / max(1, int(best.sum())))
        chosen = best & (chance.random(len(best)) >= part)
        noise = 0.9 + 0.2 * chance.random(len(best))
        if _fill(flat, chosen, noise):
            _drop(flat, chosen)
            if _cost(flat, chosen) <= _cost(flat, best):
                best = chosen.copy()
    return np.flatnonzero(best)


def _cost(flat: Any, chosen: Bools) -> float:  # noqa: ANN401 - a named tuple of arrays
    return float(flat.cost[chosen].sum()) + 1e-12 * int(chosen.sum())


@compiled
def _begun(flat: Any) -> State:  # noqa: ANN401
    zones = len(flat.need_zone)
    return State(
        np.zeros(len(flat.weight), np.int64),
        np.zeros(len(flat.limits[3])),
        flat.need_zone.copy(),
        np.full(1, flat.need_total),
        np.zeros(zones),
        np.empty(zones, np.int64),
        np.full(len(flat.cost), np.inf),
    )


@compiled
def _fill(flat: Any, chosen: Bools, liked: Floats) -> bool:  # noqa: ANN401
    # add options to `chosen` until every need is met; False where no option that may be chosen is left
    state, least = _begun(flat), flat.limits[3]
    for j in range(len(chosen)):
        if chosen[j]:
            _take(flat, state, j, 1)
    # rows that ask for a number of options come first; -1 stands for the needs
    for r in range(len(least) + 1):
        row = r if r < len(least) else -1
        while _lacks(flat, state, row):
            j = _best(flat, state, chosen, liked, row)
            if j < 0:
                return False
            chosen[j] = True
            _take(flat, state, j, 1)
    return True


@compiled
def _lacks(flat: Any, state: Any, row: int) -> bool:  # noqa: ANN401
    if row >= 0:
        return bool(state.used[row] < flat.limits[3][row])
    return bool(state.left_total[0] > 0.0 or (state.left_zone > 0.0).any())


@compiled
def _take(flat: Any, state: Any, j: Any, sign: int) -> None:  # noqa: ANN401
    # take an option in (1) or out (-1)
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        state.times[i] += sign
        if state.times[i] == (1 if sign > 0 else 0):
            state.left_total[0] -= sign * flat.weight[i]
            if flat.zone[i] >= 0:
                state.left_zone[flat.zone[i]] -= sign * flat.weight[i]
    begin, row, share, _, _ = flat.limits
    for k in range(begin[j], begin[j + 1]):
        state.used[row[k]] += sign * share[k]


@compiled
def _may(flat: Any, state: Any, j: int, row: int) -> bool:  # noqa: ANN401
    # whether an option keeps within every limit, and helps a row where one is given
    begin, rows, share, _, most = flat.limits
    helps = row < 0
    for k in range(begin[j], begin[j + 1]):
        if state.used[rows[k]] + share[k] > most[rows[k]]:
            return False
        helps = helps or (rows[k] == row and share[k] > 0.0)
    return helps


@compiled
def _gain(flat: Any, state: Any, j: int) -> float:  # noqa: ANN401
    total, n = 0.0, 0
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        if state.times[i] > 0:
            continue
        total += flat.weight[i]
        z = flat.zone[i]
        if z >= 0 and state.left_zone[z] > 0.0:
            if state.part[z] == 0.0:
                state.touched[n] = z
                n += 1
            state.part[z] += flat.weight[i]
    gain = max(0.0, min(total, state.left_total[0]))
    for q in range(n):
        z = state.touched[q]
        gain += min(state.part[z], state.left_zone[z])
        state.part[z] = 0.0
    return float(gain)


@compiled
def _best(flat: Any, state: Any, chosen: Bools, liked: Floats, row: int) -> int:  # noqa: ANN401
    # the option with the most gain for its cost, of `row` only where row >= 0; the lowest of equals; -1 for none
    n = len(chosen)
    looked = np.zeros(n, np.bool_)
    while True:
        best = -1
        for j in range(n):
            if not chosen[j] and flat.allowed[j] and (best < 0 or state.stale[j] > state.stale[best]):
                if row >= 0 and not _may(flat, state, j, row):
                    continue
                best = j
        if best < 0:
            return -1
        if looked[best]:
            return best if row >= 0 or state.stale[best] > 0.0 else -1
        if not _may(flat, state, best, row):
            state.stale[best] = -1.0
            looked[best] = True
            continue
        gain = liked[best] * _gain(flat, state, best)
        state.stale[best] = gain / max(flat.cost[best], ROUNDING_TOLERANCE)
        looked[best] = True


@compiled
def _drop(flat: Any, chosen: Bools) -> None:  # noqa: ANN401
    # remove redundant options, the dearest first, of equals the last
    state = _begun(flat)
    held = np.flatnonzero(chosen)[::-1]
    for j in held:
        _take(flat, state, j, 1)
    for at in np.argsort(-flat.cost[held], kind="mergesort"):
        if _spare(flat, state, held[at]):
            chosen[held[at]] = False
            _take(flat, state, held[at], -1)


@compiled
def _spare(flat: Any, state: Any, j: Any) -> bool:  # noqa: ANN401
    # whether rows and needs hold without an option
    begin, row, share, least, _ = flat.limits
    for k in range(begin[j], begin[j + 1]):
        if state.used[row[k]] - share[k] < least[row[k]]:
            return False
    _take(flat, state, j, -1)
    spare = not _lacks(flat, state, -1)
    _take(flat, state, j, 1)
    return spare


#: Most exchanges: each improves the selection, so that they end by themselves; this bounds the time.
MOST_EXCHANGES = 500


def evened(
    question: ResidualCover, chosen: Ints, *, have: Floats, cap: Floats, part: Floats, control: SearchControl
) -> Ints:
    """Return a selection after the best exchange, addition or removal of one option again and again, while one lowers what zones lack.

    With ``C_z`` people covered of zone z and ``C`` of all zones it lowers ``sum_z max(0, cap_z + part_z * C - C_z)``.

    Parameters
    ----------
    question
        What is left to be covered; its need of all people holds before and after, needs of zones are not read.
    chosen
        An allowed selection that meets the need, ascending.
    have, cap, part
        People whom what exists covers, people up to whom each zone is to be lifted, and its part of all people; shape (n_zones,).
    control
        Ends the exchanges early.
    """
    flat = _flat(replace(question, needs=Needs(question.needs.total, np.zeros(len(have)))))
    picked = np.zeros(len(flat.cost), np.bool_)
    picked[chosen] = True
    tolerance = ROUNDING_TOLERANCE * max(1.0, float(cap.sum() + question.weight.sum()))
    for _ in range(MOST_EXCHANGES):
        if control.stopped() or not _exchange(flat, picked, have, cap, part, tolerance):
            break
    return np.flatnonzero(picked)


@compiled
def _exchange(flat: Any, picked: Bools, have: Floats, cap: Floats, part: Floats, tolerance: float) -> bool:  # noqa: ANN401
    """Make the best exchange; False where none helps. The lowest positions of equals."""
    state, held = _begun(flat), np.flatnonzero(picked)
    for j in held:
        _take(flat, state, j, 1)
    best, out, into = _lacking(state, have, cap, part) - tolerance, -1, -1
    for q in range(-1, len(held)):
        a = held[q] if q >= 0 else -1
        if a >= 0:
            _take(flat, state, a, -1)
        for b in range(-1, len(picked)):
            if b < 0 or (flat.allowed[b] and not picked[b]):
                lacking = _lacking_with(flat, state, a, b, have, cap, part)
                if lacking < best:
                    best, out, into = lacking, a, b
        if a >= 0:
            _take(flat, state, a, 1)
    if out >= 0:
        picked[out] = False
    if into >= 0:
        picked[into] = True
    return out >= 0 or into >= 0


@compiled
def _lacking_with(flat: Any, state: Any, a: Any, b: Any, have: Floats, cap: Floats, part: Floats) -> float:  # noqa: ANN401
    # what zones lack with b in (-1: none), a being out already; inf where that is not allowed or too few people are covered
    if b >= 0:
        if not _may(flat, state, b, -1):
            return np.inf
        _take(flat, state, b, 1)
    kept = state.left_total[0] <= 0.0 and (a < 0 or _keeps(flat, state, a))
    lacking = _lacking(state, have, cap, part) if kept else np.inf
    if b >= 0:
        _take(flat, state, b, -1)
    return lacking


@compiled
def _lacking(state: Any, have: Floats, cap: Floats, part: Floats) -> float:  # noqa: ANN401
    # zones ask for nothing here: what is left of a zone is minus what is covered
    everyone, lacking = have.sum() - state.left_zone.sum(), 0.0
    for z in range(len(have)):
        lacking += max(0.0, cap[z] + part[z] * everyone - have[z] + state.left_zone[z])
    return lacking


@compiled
def _keeps(flat: Any, state: Any, j: Any) -> bool:  # noqa: ANN401
    # whether the rows of an option that is out have what they ask for
    begin, row, _, least, _ = flat.limits
    kept = True
    for k in range(begin[j], begin[j + 1]):
        kept &= state.used[row[k]] >= least[row[k]]
    return kept
