"""Set covering with requirements, whole or partial: people still to be covered, the residual problem, its linear model, and heuristic selections.

Iterated greedy (compiled): lazy greedy, redundant options removed, large-neighbourhood search. What an option adds
towards the needs, each counted up to what is missing, shrinks as others are chosen (it is submodular): a stale gain is an upper limit,
and only the options on top are looked at again.

References
----------
Minoux (1978), Optimization Techniques, LNCIS 7:234-243, https://doi.org/10.1007/BFb0006528 (lazy greedy)
Ruiz & Stuetzle (2007), EJOR 177(3):2033-2049, https://doi.org/10.1016/j.ejor.2005.12.009 (iterated greedy)
"""

from collections import namedtuple
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import block_array, coo_array, csc_array, csr_array

from geoplan.network.compiled import compiled
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear
from geoplan.siting.solve.problems import (
    Bools,
    CoverageProblem,
    Floats,
    Ints,
    SelectionConstraints,
    entries_of,
)
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE


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
    possible, fixed
        Options that no row forbids; options that every answer holds. Shape (n_options,).
    covers
        Options by open points; rows of options that cannot be chosen are empty.
    weight, zone
        People and zone number of each open point, shape (n_open,).
    needs
        People of the open points that have to be covered.
    """

    constraints: SelectionConstraints
    possible: Bools
    fixed: Bools
    covers: csr_array
    weight: Floats
    zone: Ints
    needs: Needs


def zone_sums(problem: CoverageProblem, points: Bools) -> Floats:
    """Return people of the `points` by zone number, shape (n_zones,)."""
    inside = points & (problem.zone >= 0)
    return _by_zone(problem.weight[inside], problem.zone[inside], n_zones(problem))


def zone_people(problem: CoverageProblem) -> Floats:
    """Return all people by zone number, shape (n_zones,)."""
    return zone_sums(problem, np.ones(len(problem.weight), bool))


def n_zones(problem: CoverageProblem) -> int:
    """Return how many zone numbers there are."""
    return int(problem.zone.max(initial=-1)) + 1


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


def fits(constraints: SelectionConstraints, chosen: Bools) -> bool:
    """Return whether `chosen`, shape (n,), keeps within every `most`, whatever is still missing."""
    limit = np.where(np.isfinite(constraints.most), np.abs(constraints.most), 1.0)
    return bool(
        (
            constraints.rows @ chosen.astype(float)
            <= constraints.most + ROUNDING_TOLERANCE * np.maximum(1.0, limit)
        ).all()
    )


def reachable_points(problem: CoverageProblem) -> Bools:
    """Return the points that what exists or any possible option covers, shape (n_points,)."""
    return problem.covered(np.flatnonzero(problem.constraints.usable()))


def asked(problem: CoverageProblem, *, share: float | None, min_share_per_community: float | None) -> Needs:
    """Return the people that `share` of all and `min_share_per_community` of every zone amount to."""
    people = zone_people(problem)
    return Needs(
        -np.inf if share is None else share * float(problem.weight.sum()),
        np.full(len(people), -np.inf)
        if min_share_per_community is None
        else min_share_per_community * people,
    )


def reachable(problem: CoverageProblem) -> Needs:
    """Return the people that what exists and all possible options together cover."""
    points = reachable_points(problem)
    return Needs(float(problem.weight[points].sum()), zone_sums(problem, points))


def share_tolerance(problem: CoverageProblem) -> Needs:
    """Return the people within rounding tolerance: a share that is exactly reached counts as reached."""
    people = zone_people(problem)
    return Needs(ROUNDING_TOLERANCE * float(problem.weight.sum()), ROUNDING_TOLERANCE * people)


def short(problem: CoverageProblem, needs: Needs, covered: Bools) -> tuple[bool, Bools]:
    """Return whether the `covered` points miss the need of all, and which zones miss theirs."""
    rounding = share_tolerance(problem)
    # a little looser than the model, whose sums run in another order
    total = float(problem.weight[covered].sum()) < needs.total - 1.001 * rounding.total
    return total, zone_sums(problem, covered) < needs.zone - 1.001 * rounding.zone


def missing(problem: CoverageProblem, needs: Needs) -> Needs:
    """Return the people that options have to add to what exists; <= 0 where nothing is missing."""
    rounding, have = share_tolerance(problem), problem.covered_by_existing
    return Needs(
        needs.total - rounding.total - float(problem.weight[have].sum()),
        needs.zone - rounding.zone - zone_sums(problem, have),
    )


def residual_cover(problem: CoverageProblem, needs: Needs, *, fix: bool = True) -> ResidualCover:
    """Return the residual problem of `problem`, with the options that every answer holds fixed.

    A point is *needed* where its zone, or all people together, cannot do without it. A needed point that one option alone covers
    fixes that option; what it covers leaves.

    Parameters
    ----------
    problem
        As given, or merged.
    needs
        People that options have to add to what exists (`missing`).
    fix
        False fixes no option and keeps every open point.
    """
    possible = problem.constraints.usable()
    ones = csr_array(
        (np.ones(len(problem.covers.indices)), problem.covers.indices, problem.covers.indptr),
        shape=problem.covers.shape,
        copy=True,
    )
    ones.sum_duplicates()
    ones.data = np.repeat(possible.astype(float), np.diff(ones.indptr))
    ones.eliminate_zeros()
    ones.data[:] = 1.0
    held = np.bincount(ones.indices, minlength=ones.shape[1]) > 0
    fixed = np.zeros(len(problem.constraints), bool)
    question = ResidualCover(problem.constraints, possible, fixed, ones, problem.weight, problem.zone, needs)
    question = _kept(question, ~problem.covered_by_existing & (problem.weight > 0) & held)
    while fix:
        more = _essential(question)
        if not more.any() or not fits(problem.constraints, question.fixed | more):
            return question
        question = _with_fixed(question, more)
    return question


def needed_points(question: ResidualCover) -> Bools:
    """Return the open points without which a zone or all people together miss their need."""
    weight, zone, needs = question.weight, question.zone, question.needs
    tiny = 1e-12 * float(weight.sum())
    total = weight > weight.sum() - needs.total + tiny if needs.total > 0 else np.zeros(len(weight), bool)
    inside = zone >= 0
    slack = _by_zone(weight[inside], zone[inside], len(needs.zone)) - needs.zone
    slack = np.where(needs.zone > 0, slack, np.inf)
    by_zone = np.zeros(len(weight), bool)
    by_zone[inside] = weight[inside] > slack[zone[inside]] + tiny
    return np.asarray(total | by_zone)


def _essential(question: ResidualCover) -> Bools:
    alone = needed_points(question) & (
        np.bincount(question.covers.indices, minlength=len(question.weight)) == 1
    )
    hits = question.covers @ alone.astype(float)
    return np.asarray(hits > 0)


def _with_fixed(question: ResidualCover, more: Bools) -> ResidualCover:
    hit = np.asarray(question.covers.T @ more.astype(float)) > 0
    inside = hit & (question.zone >= 0)
    gained = _by_zone(question.weight[inside], question.zone[inside], len(question.needs.zone))
    needs = Needs(question.needs.total - float(question.weight[hit].sum()), question.needs.zone - gained)
    return _kept(replace(question, fixed=question.fixed | more, needs=needs), ~hit)


def _kept(question: ResidualCover, points: Bools) -> ResidualCover:
    return replace(
        question,
        covers=csr_array(question.covers[:, np.flatnonzero(points)]),
        weight=question.weight[points],
        zone=question.zone[points],
    )


def _by_zone(weight: Floats, zone: Ints, zones: int) -> Floats:
    return np.bincount(zone, weights=weight, minlength=zones).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Model:
    """A linear model whose first columns are the options; the further columns are the open `points`.

    `reward` is what points that every answer covers are worth; it is no part of `linear`.
    """

    linear: Linear
    points: Ints
    covers: csr_array
    reward: float

    def filled(self, chosen: Ints) -> Floats:
        """Return the columns' values where `chosen` are chosen, shape (n_columns,)."""
        picked = np.zeros(self.covers.shape[0])
        picked[chosen] = 1.0
        return np.concatenate([picked, np.minimum(1.0, self.covers.T @ picked)])


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
    zone_asks = question.needs.zone > 0
    total_asks = question.needs.total > 0
    counted = ~needed & (people or total_asks)
    inside = question.zone >= 0
    counted[inside] |= ~needed[inside] & zone_asks[question.zone[inside]]
    points = np.flatnonzero(counted)
    covers = csr_array(question.covers[:, points])
    n, k = len(question.constraints), len(points)
    member, asks = groups(question, question.needs)
    # a need without the points that every answer covers
    rest = asks - member @ (question.weight * needed)
    held = rest > 0
    truncated = _truncated(question, member, asks)
    constraints = question.constraints
    rows = csr_array(
        block_array(
            [
                [csr_array(constraints.rows), csr_array((constraints.rows.shape[0], k))],
                [csr_array(question.covers.T[np.flatnonzero(needed)]), None],
                [csr_array(covers.T), -identity(k)],
                [None, csr_array(weighted(member, question.weight)[np.flatnonzero(held)][:, points])],
                [truncated, None],
            ]
        )
    )
    m, t = int(needed.sum()), truncated.shape[0]
    low = np.concatenate([constraints.least, np.ones(m), np.zeros(k), rest[held], np.ones(t)])
    high = np.concatenate([constraints.most, np.full(len(low) - len(constraints.most), np.inf)])
    cost = np.concatenate(
        [np.zeros(n), -question.weight[points]] if people else [constraints.cost, np.zeros(k)]
    )
    linear = Linear(
        cost,
        np.concatenate([question.fixed.astype(float), np.zeros(k)]),
        np.concatenate([question.possible.astype(float), np.ones(k)]),
        rows,
        low,
        high,
        np.concatenate([np.ones(n, bool), np.zeros(k, bool)]),
    )
    return Model(linear, points, covers, float(question.weight[needed].sum()))


def with_bounds(linear: Linear, *, out: Bools, into: Bools) -> Linear:
    """Return `linear` with the first columns of `out` fixed at 0 and those of `into` at 1; columns already fixed stay as they are."""
    low, high = linear.low.copy(), linear.high.copy()
    free = low[: len(out)] < high[: len(out)]
    low[: len(into)][into & free] = 1.0
    high[: len(out)][out & free] = 0.0
    return Linear(linear.cost, low, high, linear.rows, linear.row_low, linear.row_high, linear.whole)


def identity(k: int) -> csr_array:
    """Return the sparse identity, shape (k, k)."""
    return csr_array((np.ones(k), np.arange(k), np.arange(k + 1)), shape=(k, k))


def weighted(member: csr_array, weight: Floats) -> csr_array:
    """Return groups by points with the people of each point as entries."""
    return csr_array(
        (member.data * weight[member.indices], member.indices, member.indptr), shape=member.shape
    )


def groups(question: ResidualCover, needs: Needs) -> tuple[csr_array, Floats]:
    """Return the groups of open points that share a need above 0 (zones, then all people), and the needs."""
    zones = np.flatnonzero(needs.zone > 0)
    # the last place is for points without a zone
    number = np.full(len(needs.zone) + 1, -1)
    number[zones] = np.arange(len(zones))
    of_point = number[question.zone]
    points = np.flatnonzero(of_point >= 0)
    rows, asks = of_point[points], needs.zone[zones]
    if needs.total > 0:
        everyone = np.arange(len(question.weight))
        rows, points = np.append(rows, np.full(len(everyone), len(zones))), np.append(points, everyone)
        asks = np.append(asks, needs.total)
    shape = (len(asks), len(question.weight))
    return csr_array(coo_array((np.ones(len(rows)), (rows, points)), shape=shape)), asks


def _truncated(question: ResidualCover, member: csr_array, asks: Floats) -> csr_array:
    adds = csr_array(weighted(member, question.weight) @ question.covers.T)
    share = adds.data / np.repeat(asks, np.diff(adds.indptr))
    return csr_array((np.minimum(share, 1.0), adds.indices, adds.indptr), shape=adds.shape)


def met(question: ResidualCover, chosen: Ints) -> bool:
    """Return whether `chosen` meet the needs of `question`, summed point by point."""
    hit = np.zeros(len(question.weight), bool)
    for option in chosen:
        hit[entries_of(question.covers, option)[0]] = True
    inside = hit & (question.zone >= 0)
    sums = np.bincount(question.zone[inside], question.weight[inside], minlength=len(question.needs.zone))
    total = float(question.weight[hit].sum())
    tiny = 1e-12 * float(question.weight.sum())
    return bool(total >= question.needs.total - tiny and (sums >= question.needs.zone - tiny).all())


#: The question in flat arrays, as compiled code takes it.
Flat = namedtuple(  # noqa: PYI024 - compiled code takes it
    "Flat",
    "start points weight zone need_total need_zone cost row_start row_of row_value least most allowed fixed",
)


#: State of a selection: how often each point is covered, what the constraints use, what is missing, scratch, the gains last seen.
State = namedtuple("State", "times used left_zone left_total part touched stale")  # noqa: PYI024 - compiled code takes it


#: Rounds of destroying a part of the answer and repairing it.
ROUNDS = 200


#: The part that is destroyed, at least this many options.
PART, FEW = 0.07, 3


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
    flat = flat_of(question)
    liked = np.ones(len(flat.cost)) if favour is None else favour
    best, chance = None, np.random.default_rng(0)
    chosen = np.zeros(len(flat.cost), np.bool_)
    if _fill(flat, chosen, liked):
        _drop(flat, chosen)
        best = chosen.copy()
    if best is None:
        return None
    for _ in range(rounds):
        if control.stopped():
            break
        part = max(PART, FEW / max(1, int(best.sum())))
        chosen = best & (flat.fixed | (chance.random(len(best)) >= part))
        noise = 0.9 + 0.2 * chance.random(len(best))
        if _fill(flat, chosen, noise):
            _drop(flat, chosen)
            if _cost(flat, chosen) <= _cost(flat, best):
                best = chosen.copy()
    return np.flatnonzero(best)


def _cost(flat: Any, chosen: Bools) -> float:  # noqa: ANN401 - a named tuple of arrays
    return float(flat.cost[chosen].sum()) + 1e-12 * int(chosen.sum())


def flat_of(question: ResidualCover) -> Any:  # noqa: ANN401 - a named tuple of arrays
    """Return `question` in flat arrays, for compiled code."""
    rows = csc_array(question.constraints.rows)
    covers = question.covers
    return Flat(
        covers.indptr.astype(np.int64),
        covers.indices.astype(np.int64),
        question.weight.astype(np.float64),
        question.zone.astype(np.int64),
        float(question.needs.total),
        question.needs.zone.astype(np.float64),
        question.constraints.cost.astype(np.float64),
        rows.indptr.astype(np.int64),
        rows.indices.astype(np.int64),
        rows.data.astype(np.float64),
        question.constraints.least.astype(np.float64),
        question.constraints.most.astype(np.float64),
        question.possible.copy(),
        question.fixed.copy(),
    )


@compiled
def _begun(flat: Any) -> State:  # noqa: ANN401
    zones = len(flat.need_zone)
    return State(
        np.zeros(len(flat.weight), np.int64),
        np.zeros(len(flat.least)),
        flat.need_zone.copy(),
        np.full(1, flat.need_total),
        np.zeros(zones),
        np.empty(zones, np.int64),
        np.full(len(flat.cost), np.inf),
    )


@compiled
def _fill(flat: Any, chosen: Bools, liked: Floats) -> bool:  # noqa: ANN401
    # add options to `chosen` until every need is met; False where no option that may be chosen is left
    n, state = len(flat.cost), _begun(flat)
    for j in range(n):
        if flat.fixed[j]:
            chosen[j] = True
    for j in range(n):
        if chosen[j]:
            _take(flat, state, j)
    # rows that ask for a number of options come first
    for r in range(len(flat.least)):
        while state.used[r] < flat.least[r] - ROUNDING_TOLERANCE:
            j = _best(flat, state, chosen, liked, r)
            if j < 0:
                return False
            chosen[j] = True
            _take(flat, state, j)
    while state.left_total[0] > 0.0 or _any_left(state.left_zone):
        j = _best(flat, state, chosen, liked, -1)
        if j < 0:
            return False
        chosen[j] = True
        _take(flat, state, j)
    return True


@compiled
def _any_left(left: Floats) -> bool:
    for z in range(len(left)):  # noqa: SIM110 - compiled code knows no generators
        if left[z] > 0.0:
            return True
    return False


@compiled
def _take(flat: Any, state: Any, j: Any) -> None:  # noqa: ANN401
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        state.times[i] += 1
        if state.times[i] == 1:
            state.left_total[0] -= flat.weight[i]
            if flat.zone[i] >= 0:
                state.left_zone[flat.zone[i]] -= flat.weight[i]
    for k in range(flat.row_start[j], flat.row_start[j + 1]):
        state.used[flat.row_of[k]] += flat.row_value[k]


@compiled
def _may(flat: Any, state: Any, j: int, row: int) -> bool:  # noqa: ANN401
    inside = row < 0
    for k in range(flat.row_start[j], flat.row_start[j + 1]):
        r = flat.row_of[k]
        most = flat.most[r]
        if most < np.inf and state.used[r] + flat.row_value[k] > most + ROUNDING_TOLERANCE * max(
            1.0, abs(most)
        ):
            return False
        inside = inside or (r == row and flat.row_value[k] > 0.0)
    return inside


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
    held = np.flatnonzero(chosen)
    for j in held:  # an option's position
        _take(flat, state, j)
    done = np.zeros(len(held), np.bool_)
    for _ in range(len(held)):
        at = -1
        for q in range(len(held)):
            if not done[q] and (at < 0 or flat.cost[held[q]] >= flat.cost[held[at]]):
                at = q
        done[at] = True
        j = held[at]
        if not flat.fixed[j] and _spare(flat, state, j):
            chosen[j] = False
            for k in range(flat.start[j], flat.start[j + 1]):
                i = flat.points[k]
                state.times[i] -= 1
                if state.times[i] == 0:
                    state.left_total[0] += flat.weight[i]
                    if flat.zone[i] >= 0:
                        state.left_zone[flat.zone[i]] += flat.weight[i]
            for k in range(flat.row_start[j], flat.row_start[j + 1]):
                state.used[flat.row_of[k]] -= flat.row_value[k]


@compiled
def _spare(flat: Any, state: Any, j: int) -> bool:  # noqa: ANN401
    for k in range(flat.row_start[j], flat.row_start[j + 1]):
        if state.used[flat.row_of[k]] - flat.row_value[k] < flat.least[flat.row_of[k]] - ROUNDING_TOLERANCE:
            return False
    total, n = 0.0, 0
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        if state.times[i] > 1:
            continue
        total += flat.weight[i]
        z = flat.zone[i]
        if z >= 0:
            if state.part[z] == 0.0:
                state.touched[n] = z
                n += 1
            state.part[z] += flat.weight[i]
    spare = state.left_total[0] + total <= 0.0
    for q in range(n):
        z = state.touched[q]
        spare = spare and (flat.need_zone[z] <= 0.0 or state.left_zone[z] + state.part[z] <= 0.0)
        state.part[z] = 0.0
    return bool(spare)
