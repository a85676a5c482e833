"""Set covering with requirements, whole or partial: people still to be covered, the residual problem, and its linear model."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array

from geoplan.siting.solve.lp import Linear
from geoplan.siting.solve.problems import Bools, CoverageProblem, Floats, Ints, SelectionConstraints
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
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
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
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
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
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
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
        hit[question.covers.indices[question.covers.indptr[option] : question.covers.indptr[option + 1]]] = (
            True
        )
    inside = hit & (question.zone >= 0)
    sums = np.bincount(question.zone[inside], question.weight[inside], minlength=len(question.needs.zone))
    total = float(question.weight[hit].sum())
    tiny = 1e-12 * float(question.weight.sum())
    return bool(total >= question.needs.total - tiny and (sums >= question.needs.zone - tiny).all())
