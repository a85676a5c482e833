"""What is asked for, what all options together reach, and what is left to be covered."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from geoplan.coverage.circle import TOLERANCE_SHARE
from geoplan.siting.problems import Bools, CoverageProblem, Floats, Ints, SelectionConstraints


@dataclass(frozen=True, eq=False)
class Needs:
    """People to be covered, those that what exists covers among them: of all, and of each zone, shape (n_zones,); <= 0 asks nothing."""

    total: float
    zone: Floats


@dataclass(frozen=True, eq=False)
class Open:
    """Points that nothing covers yet and some option can, and how many people of them are still needed.

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


def covered_points(problem: CoverageProblem, chosen: Ints) -> Bools:
    """Return which points `chosen` and what exists cover, shape (n_points,)."""
    covered = problem.covered_by_existing.copy()
    for option in chosen:
        covered[problem.covers.indices[problem.covers.indptr[option] : problem.covers.indptr[option + 1]]] = (
            True
        )
    return covered


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
    covered = zone_sums(problem, covered_points(problem, chosen))
    shares: Floats = np.divide(covered, people, out=np.full(len(people), np.nan), where=people > 0)
    return shares


def possible_options(constraints: SelectionConstraints) -> Bools:
    """Return the options that no row rules out on their own, shape (n,)."""
    rows = constraints.rows.tocoo()
    limit = constraints.most[rows.row]
    over = rows.data > limit + 1e-9 * np.maximum(1.0, np.where(np.isfinite(limit), np.abs(limit), 1.0))
    allowed = np.ones(len(constraints), bool)
    allowed[rows.col[over]] = False
    return allowed


def fits(constraints: SelectionConstraints, chosen: Bools) -> bool:
    """Return whether `chosen`, shape (n,), keeps within every `most`, whatever is still missing."""
    limit = np.where(np.isfinite(constraints.most), np.abs(constraints.most), 1.0)
    return bool(
        (constraints.rows @ chosen.astype(float) <= constraints.most + 1e-9 * np.maximum(1.0, limit)).all()
    )


def reachable_points(problem: CoverageProblem) -> Bools:
    """Return the points that what exists or any possible option covers, shape (n_points,)."""
    return covered_points(problem, np.flatnonzero(possible_options(problem.constraints)))


def asked(problem: CoverageProblem, *, share: float | None, min_share_per_community: float | None) -> Needs:
    """Return the people that `share` of all and `each` of every zone stand for."""
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


def hair(problem: CoverageProblem) -> Needs:
    """Return how many people the rounding of a share may hide: a share that is exactly reached counts as reached."""
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
    return Needs(TOLERANCE_SHARE * float(problem.weight.sum()), TOLERANCE_SHARE * people)


def short(problem: CoverageProblem, needs: Needs, covered: Bools) -> tuple[bool, Bools]:
    """Return whether the `covered` points miss the need of all, and which zones miss theirs."""
    rounding = hair(problem)
    # a little more is let pass than a model has to reach: it adds up in another order
    total = float(problem.weight[covered].sum()) < needs.total - 1.001 * rounding.total
    return total, zone_sums(problem, covered) < needs.zone - 1.001 * rounding.zone


def missing(problem: CoverageProblem, needs: Needs) -> Needs:
    """Return the people that options have to add to what exists; <= 0 where nothing is missing."""
    rounding, have = hair(problem), problem.covered_by_existing
    return Needs(
        needs.total - rounding.total - float(problem.weight[have].sum()),
        needs.zone - rounding.zone - zone_sums(problem, have),
    )


def opened(problem: CoverageProblem, needs: Needs, *, fix: bool = True) -> Open:
    """Return what is left to be covered of `problem`, options that every answer holds fixed.

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
    possible = possible_options(problem.constraints)
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
    question = Open(problem.constraints, possible, fixed, ones, problem.weight, problem.zone, needs)
    question = _kept(question, ~problem.covered_by_existing & (problem.weight > 0) & held)
    while fix:
        more = _essential(question)
        if not more.any() or not fits(problem.constraints, question.fixed | more):
            return question
        question = _with_fixed(question, more)
    return question


def needed_points(question: Open) -> Bools:
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


def _essential(question: Open) -> Bools:
    alone = needed_points(question) & (
        np.bincount(question.covers.indices, minlength=len(question.weight)) == 1
    )
    hits = question.covers @ alone.astype(float)
    return np.asarray(hits > 0)


def _with_fixed(question: Open, more: Bools) -> Open:
    hit = np.asarray(question.covers.T @ more.astype(float)) > 0
    inside = hit & (question.zone >= 0)
    gained = _by_zone(question.weight[inside], question.zone[inside], len(question.needs.zone))
    needs = Needs(question.needs.total - float(question.weight[hit].sum()), question.needs.zone - gained)
    return _kept(replace(question, fixed=question.fixed | more, needs=needs), ~hit)


def _kept(question: Open, points: Bools) -> Open:
    return replace(
        question,
        covers=csr_array(question.covers[:, np.flatnonzero(points)]),
        weight=question.weight[points],
        zone=question.zone[points],
    )


def _by_zone(weight: Floats, zone: Ints, zones: int) -> Floats:
    return np.bincount(zone, weights=weight, minlength=zones).astype(np.float64)
