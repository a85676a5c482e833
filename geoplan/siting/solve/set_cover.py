"""Set covering with requirements, whole or partial, as a model for HiGHS: needs of people, what is left of them, the highest level.

References
----------
Toregas, Swain, ReVelle & Bergman (1971), Operations Research 19(6):1363-1373, https://doi.org/10.1287/opre.19.6.1363 (set covering)
Daskin & Owen (1999), Geographical Analysis 31(3):217-235, https://doi.org/10.1111/j.1538-4632.1999.tb00980.x (partial set covering)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array, eye_array

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


def model(question: ResidualCover, *, people: bool = False) -> Linear:
    """Return the model of `question`: least cost, or with `people` most people covered. Columns are the options, then the open points.

    Two kinds of rows hold in every answer and tighten the linear bound: one for each point that cannot be missed, ``sum x >= 1``,
    and one for each need ``d``, ``sum_j min(c_j, d) x_j >= d`` with ``c_j`` people of its points that option j covers.

    Parameters
    ----------
    question
        What is left to be covered.
    people
        False minimises the cost of the options; True minimises minus the people covered.
    """
    constraints, covers = question.constraints, question.covers
    n, k = covers.shape
    counts, asks = groups(question)
    adds = csr_array(counts @ covers.T)
    share = np.minimum(adds.data / np.repeat(asks, np.diff(adds.indptr)), 1.0)
    truncated = csr_array((share, adds.indices, adds.indptr), shape=adds.shape)
    rows = block_array(
        [
            [csr_array(constraints.rows), csr_array((constraints.rows.shape[0], k))],
            [csr_array(covers.T), -eye_array(k)],
            [csr_array((len(asks), n)), counts],
            [truncated, None],
        ]
    )
    low = np.concatenate([constraints.least, np.zeros(k), asks, np.ones(len(asks))])
    high = np.concatenate([constraints.most, np.full(len(low) - len(constraints.most), np.inf)])
    return Linear(
        np.r_[np.zeros(n), -question.weight] if people else np.r_[constraints.cost, np.zeros(k)],
        np.r_[np.zeros(n), needed_points(question).astype(float)],
        np.r_[constraints.usable().astype(float), np.ones(k)],
        csr_array(rows),
        low,
        high,
        np.arange(n + k) < n,
    )


def started(linear: Linear, chosen: Ints, options: int) -> Floats:
    """Return a start for `linear`, whose first columns are the options: those chosen are 1, what follows from them is NaN."""
    start = np.full(len(linear.cost), np.nan)
    start[:options] = 0.0
    start[chosen] = 1.0
    return start


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


@dataclass(frozen=True, eq=False)
class Climbed:
    """The highest level found and its selection, the level that none exceeds, nodes of the trees, and why the search ended."""

    chosen: Ints
    level: float
    bound: float
    nodes: int = 0
    stopped: Stopped = ""


#: Levels nearer to each other than this share of themselves are near: from then on the next level up is tried in turn.
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

    Between the best level found and the lowest one proven out of reach the middle is tried; where both are near, in turn with the next
    level up, which proves the incumbent if it is out of reach.

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
    now, turn = Climbed(chosen, reached(chosen), top), 0
    control.listen(now.level, now.bound)
    # a level so little above the incumbent is the next one up
    while now.bound - now.level > (step := 0.5 * PROOF * max(1.0, abs(now.level))):
        size = max(abs(now.bound), abs(now.level))
        stopped = control.stopped(nodes=now.nodes)
        if stopped or now.bound - now.level <= control.gap * size:
            return replace(now, stopped=stopped or "gap")
        turn += now.bound - now.level <= COARSE * size
        level = now.level + step if turn % 2 else 0.5 * (now.level + now.bound)
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
    linear, brief, n = model(question), control.silent(), len(question.constraints)
    if solve(linear, control=brief, relax=True).state == "infeasible":
        return _Tried("out")
    # any selection will do: the first one ends the search
    tree = solve(linear, control=replace(brief, gap=np.inf))
    if tree.state == "infeasible":
        return _Tried("out", nodes=tree.nodes)
    chosen = None if tree.x is None else np.flatnonzero(tree.x[:n] > 0.5)
    if chosen is None or not met(question, chosen):
        return _Tried("none", nodes=tree.nodes, stopped=tree.stopped or "gap")
    return _Tried("reached", chosen, tree.nodes)
