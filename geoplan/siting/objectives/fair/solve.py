"""Covering that is fair between zones: the worst-off zone first, the worst-off part of the people first, or the least spread of shares.

With ``W_z`` people of zone z, ``C_z`` of them covered, ``s_z = C_z / W_z``, and ``W, C`` their sums over all zones:

**Worst-off zone**: the highest share that every compared zone reaches at once, then most people: bisection over levels, each a set covering problem.

**Worst-off part**: the highest mean share among the worst-off part ``b`` of all people, where one zone alone cannot be the measure::

    max_t  t - 1 / (b * W) * sum_z W_z * max(0, t - s_z)

**Least spread**: ``sum_z W_z / W * |C_z / W_z - C / W| = 2 / W * sum_z max(0, W_z / W * C - C_z)``: what some zones have above their part,
others lack. A model that makes it small would rather not count people who are covered: ``y_i >= x_j`` for every pair forbids that. There
are as many of these links as pairs; only those that an answer misses are put in, and it is solved again. Every model on the way holds
the true answers, so that its bound is a bound.

References
----------
Rawls (1971), A Theory of Justice (the worst-off first)
Marsh & Schilling (1994), European Journal of Operational Research 74(1):1-17, https://doi.org/10.1016/0377-2217(94)90200-3
(measures of equity in siting; the mean absolute difference from the mean among them)
Ogryczak & Zawadzki (2002), Annals of Operations Research 110:167-181, https://doi.org/10.1023/A:1020723818980 (conditional median)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Literal

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array, eye_array

from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.presolve import Merged, merged
from geoplan.siting.solve.problems import (
    Answer,
    Bools,
    CoverageProblem,
    Floats,
    Ints,
    Step,
    Stopped,
    ended,
    entries_of,
)
from geoplan.siting.solve.set_cover import (
    Needs,
    ResidualCover,
    highest_level,
    met,
    missing,
    model,
    reachable,
    residual_cover,
    share_tolerance,
    started,
    zone_people,
    zone_shares,
    zone_sums,
)
from geoplan.siting.solve.tolerance import PROOF, ROUNDING_TOLERANCE, SOLVER_TOLERANCE
from geoplan.words.errors import Note

NOTHING = np.empty(0, np.int64)


def _check_people(problem: CoverageProblem) -> Floats:
    """Return the people of each zone, shape (n_zones,); ValueError where no zone has any."""
    people = zone_people(problem)
    if not (people > 0).any():
        raise ValueError("no zone has people")
    return people


def helpable(problem: CoverageProblem) -> Bools:
    """Return the zones in which some usable option covers further people, shape (n_zones,); those without people are False."""
    return reachable(problem).zone > zone_sums(problem, problem.covered_by_existing)


def compared_zones(problem: CoverageProblem) -> Bools:
    """Return the zones that are compared: those that some option helps; all with people where none can be helped.

    Raises
    ------
    ValueError
        If no zone has people.
    """
    people, helped = _check_people(problem), helpable(problem)
    return helped if helped.any() else people > 0


def least_share(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the least share covered of the compared zones (see `compared_zones`)."""
    return float(zone_shares(problem, chosen)[compared_zones(problem)].min())


def worst_off(problem: CoverageProblem, *, tolerance: float = 0.0, control: SearchControl) -> Answer:
    """Return the selection with the highest share covered in the worst-off zone and, among those, with most people covered.

    Zones that no option helps are not compared; a note says how many of them stay below the worst-off one (see `helpable`).

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    tolerance
        Part of the first aim that may be given up for more people, 0-1.
    control
        Search limits, progress callback and interrupt.

    Returns
    -------
    answer
        Steps ``worst_share`` (0-1) and ``people``.

    Raises
    ------
    ValueError
        If no zone has people.
    """
    compared, people = compared_zones(problem), zone_people(problem)
    most = max_cover(problem, control=control.silent())
    if not most.steps:
        return most
    small = merged(problem, by_zone=True)
    start = np.flatnonzero(np.isin(small.options, most.chosen))

    def at(level: float) -> ResidualCover:
        needs = Needs(-np.inf, np.where(compared, level * people, -np.inf))
        return residual_cover(small.problem, missing(problem, needs))

    def reached(chosen: Ints) -> float:
        return float(zone_shares(problem, small.options[chosen])[compared].min())

    top = float((reachable(problem).zone[compared] / people[compared]).min())
    ladder = highest_level(at, reached, start, top, control=control.after(most.nodes))
    floor = at((1.0 - tolerance) * ladder.level)
    found = _Found(ladder.chosen, -ladder.bound, most.nodes + ladder.nodes, ladder.stopped, most.bound)
    built = _Fair(problem, small, floor, model(floor, people=True))

    def missed(chosen: Ints) -> float:
        return -reached(chosen) if met(floor, chosen) else np.inf

    answer = _with_people(
        found,
        built,
        lambda _level: built,
        "worst_share",
        "max",
        missed,
        tolerance=tolerance,
        control=control,
    )
    return replace(answer, notes=_worst_off_notes(problem, compared, answer.objective))


def _worst_off_notes(problem: CoverageProblem, compared: Bools, share: float) -> tuple[Note, ...]:
    """Return notes on a least share that nothing moves, and on zones below it that are not compared."""
    shares = zone_shares(problem, NOTHING)
    today, notes = float(shares[compared].min()), []
    if share <= today + ROUNDING_TOLERANCE and today < 1.0 - ROUNDING_TOLERANCE:
        zones = int((compared & (shares <= today + ROUNDING_TOLERANCE)).sum())
        notes.append(Note.of("siting_fair_unmoved", share=f"{today:.1%}", zones=zones))
    below = ~compared & (shares < share)  # nothing changes the share of a zone that cannot be helped
    if below.any():
        notes.append(Note.of("siting_fair_left_out", severity="info", zones=int(below.sum())))
    return tuple(notes)


def share_of_part(problem: CoverageProblem, chosen: Ints, *, part: float) -> float:
    """Return the mean share covered of the worst-off `part` of the people of all zones; a zone may count in part."""
    people = _check_people(problem)
    inside = people > 0
    shares, people = zone_shares(problem, chosen)[inside], people[inside]
    order = np.argsort(shares, kind="stable")
    counted = part * people.sum()
    before = np.cumsum(people[order]) - people[order]
    taken = np.clip(counted - before, 0.0, people[order])
    return float((taken * shares[order]).sum() / counted)


@dataclass(frozen=True, eq=False)
class _Fair:
    """A model whose columns are options, open points and what the measure adds.

    Parameters
    ----------
    problem
        As given.
    small, question
        The merged problem, and its open points with what they need.
    linear
        The model; its objective is the measure, to be made small.
    """

    problem: CoverageProblem
    small: Merged
    question: ResidualCover
    linear: Linear

    @property
    def options(self) -> Ints:
        """Position in `problem` of each option of the model."""
        return self.small.options

    def people(self, chosen: Ints) -> float:
        """Return the people covered with options of the question chosen."""
        return self.problem.people_covered(self.options[chosen])

    def for_people(self, value: float) -> "_Fair":
        """Return the model of most people among the answers whose measure is at most `value`."""
        n, k = len(self.options), len(self.question.weight)
        cost = np.zeros(len(self.linear.cost))
        cost[n : n + k] = -self.question.weight
        held = replace(self.linear, cost=cost).with_rows(csr_array(self.linear.cost[None, :]), -np.inf, value)
        return replace(self, linear=held)


@dataclass(frozen=True, eq=False)
class _Found:
    """The best selection, a bound on its measure, the nodes looked at, how the search ended, and a bound on people."""

    chosen: Ints
    bound: float
    nodes: int
    stopped: Stopped
    most: float = np.inf


#: Rounds of links added to the whole model: what is still missed then is the solver's rounding.
MOST_ROUNDS = 60
#: A link missed by less is not added: to the linear program, and to the whole model (twice the solver's tolerance).
MISSED, MISSED_WHOLE = 1e-4, 2 * SOLVER_TOLERANCE
#: Links added at most in a round, and so few that they change the linear program too little to solve it again.
MOST_LINKS, FEW_LINKS = 5_000, 500
#: Most options that are compared to take the place of one.
FEW = 20
#: Rounds of links added to the linear program.
LINK_ROUNDS = 3


def _lowest(
    built: _Fair, best: Ints, measure: Callable[[Ints], float], bound: float, *, control: SearchControl
) -> tuple[_Found, _Fair]:
    """Return the selection of the lowest measure, from a first one, and the model with the links that answers missed.

    Parameters
    ----------
    measure
        Of a selection as it is; inf where it is not allowed.
    bound
        A bound that is known; no measure is lower.
    """
    nodes, stopped, n = 0, control.stopped(), len(built.options)
    for _ in range(MOST_ROUNDS):
        held = measure(best)
        if stopped or held - bound <= max(PROOF, control.gap * abs(held)):
            break
        # a selection on the way may look better than it is, as long as links are missing
        told = control.after(nodes).heard_as(partial(_tell, control, held, bound))
        tree = solve(built.linear, control=told, start=started(built.linear, best, n))
        nodes, stopped = nodes + tree.nodes, tree.stopped
        if tree.x is None:
            break
        bound = max(bound, tree.bound)
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if measure(chosen) < held:
            best = chosen
        if measure(best) - bound > PROOF:
            linked = _linked(built, tree.x, least=MISSED_WHOLE)
            if linked is None:
                break
            built = linked
    control.listen(measure(best), bound)
    return _Found(best, bound, nodes, stopped or control.stopped()), built


def _tell(control: SearchControl, held: float, known: float, _cost: float, low: float) -> None:
    control.listen(held, max(known, low))


def _linked(built: _Fair, x: Floats, *, least: float) -> _Fair | None:
    """Return the model with the links that a solution misses, the worst of each point; None where it misses none."""
    n, covers = len(built.options), built.question.covers
    option = np.repeat(np.arange(n), np.diff(covers.indptr))
    point = covers.indices.astype(np.int64)
    over = x[option] - x[n + point]
    bad = np.flatnonzero(over > least)
    order = bad[np.lexsort((option[bad], -over[bad], point[bad]))]
    worst = order[np.unique(point[order], return_index=True)[1]]
    heavy = np.argsort(-(over[worst] * built.question.weight[point[worst]]), kind="stable")[:MOST_LINKS]
    worst = worst[np.sort(heavy)]
    m = len(worst)
    if not m:
        return None
    at, ones = np.arange(m), np.ones(m)
    entries = np.r_[ones, -ones], (np.r_[at, at], np.r_[n + point[worst], option[worst]])
    rows = csr_array(coo_array(entries, shape=(m, built.linear.rows.shape[1])))
    return replace(built, linear=built.linear.with_rows(rows, 0.0, np.inf))


def worst_part(
    problem: CoverageProblem, *, worst_share: float = 0.1, tolerance: float = 0.0, control: SearchControl
) -> Answer:
    """Return the selection with the highest mean share covered of the worst-off `worst_share` of the people and, of those, most people.

    Zones are ordered by their shares; the first of them that hold `worst_share` of the people of all zones are averaged. It is the
    measure where `worst_off` says nothing: when more zones have nothing than sites may be chosen, or when a zone can be helped by a
    little only. ``worst_share=1`` is the share of all zones together.

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    worst_share
        Part of the people of all zones, 0 < worst_share <= 1.
    tolerance
        Part of the first aim that may be given up for more people, 0-1.
    control
        Search limits, progress callback and interrupt.

    Returns
    -------
    answer
        Steps ``worst_part_share`` (0-1) and ``people``.

    Raises
    ------
    ValueError
        If `worst_share` is not within 0-1 or 0, or no zone has people.
    """
    if not 0.0 < worst_share <= 1.0:
        raise ValueError(f"the part of the people must be above 0 and at most 1; got {worst_share}")
    people = _check_people(problem)
    # a start and a bound on the people, not an answer: the bound of the prices will do
    top = max_cover(problem, control=replace(control.silent(), nodes=0))
    if not top.steps:
        return top
    built = _part_model(problem, worst_share)

    def lacks(chosen: Ints) -> float:
        allowed = problem.constraints.allows(built.options[chosen])
        return -share_of_part(problem, built.options[chosen], part=worst_share) if allowed else np.inf

    told = control.heard_as(lambda value, low: control.listen(-value, -low))

    def level(chosen: Ints) -> float:
        shares = zone_shares(problem, built.options[chosen])
        order = np.argsort(shares, kind="stable")  # zones without people come last
        counted = np.cumsum(people[order]) - people[order] < worst_share * people.sum()
        return float(shares[order[counted][-1]])

    best = _lifted(built, _positions(built, top), lacks, level, control=control)
    found, built = _lowest(built, best, lacks, -1.0, control=told)
    return _with_people(
        replace(found, most=top.bound),
        built,
        built.for_people,
        "worst_part_share",
        "max",
        lacks,
        tolerance=tolerance,
        control=control,
    )


def _part_model(problem: CoverageProblem, part: float) -> _Fair:
    # columns: options, points, what each zone lacks of the level (as a share), the level
    small = merged(problem, by_zone=True)
    people = zone_people(problem)
    zones = np.flatnonzero(people > 0)
    question = residual_cover(small.problem, Needs(-np.inf, np.full(len(people), -np.inf)))
    have = zone_sums(problem, problem.covered_by_existing)[zones] / people[zones]
    constraints, n, k, z = question.constraints, len(small.options), len(question.weight), len(zones)
    number = np.full(len(people) + 1, -1)
    number[zones] = np.arange(z)
    inside = np.flatnonzero(number[question.zone] >= 0)
    of_zone = number[question.zone[inside]]
    share = question.weight[inside] / people[zones][of_zone]
    counts = csr_array(coo_array((share, (of_zone, inside)), shape=(z, k)))
    rows = block_array(
        [
            [csr_array(constraints.rows), None, None, csr_array((constraints.rows.shape[0], 1))],
            [csr_array(question.covers.T), -eye_array(k), None, None],
            [None, counts, eye_array(z), csr_array(-np.ones((z, 1)))],
        ]
    )
    linear = Linear(
        np.r_[np.zeros(n + k), people[zones] / (part * people.sum()), -1.0],
        np.zeros(n + k + z + 1),
        np.r_[constraints.usable().astype(float), np.ones(k + z + 1)],
        csr_array(rows),
        np.r_[constraints.least, np.zeros(k), -have],
        np.r_[constraints.most, np.full(k + z, np.inf)],
        np.arange(n + k + z + 1) < n,
    )

    return _Fair(problem, small, question, linear)


def _positions(built: _Fair, answer: Answer) -> Ints:
    """Return the positions in the model of the options that an answer chose."""
    return np.flatnonzero(np.isin(built.options, answer.chosen))


def _lifted(
    built: _Fair,
    best: Ints,
    measure: Callable[[Ints], float],
    level: Callable[[Ints], float],
    *,
    control: SearchControl,
) -> Ints:
    """Return a selection of a lower measure: again and again the exchange that lifts zones below a share most, while one does.

    `level` gives the share up to which a selection's zones are to be lifted.
    """
    small, people = built.small.problem, zone_people(built.problem)
    have = zone_sums(built.problem, built.problem.covered_by_existing)
    at = np.flatnonzero(small.zone >= 0)
    counts = csr_array(
        coo_array((small.weight[at], (at, small.zone[at])), shape=(len(small.zone), len(people)))
    )
    while not control.stopped():
        times = np.bincount(small.covers[best].indices, minlength=len(small.weight))
        covered, cap = have + counts.T @ (times > 0), level(best) * people
        open_ = np.flatnonzero(times == 0)
        adds, swaps = csr_array(small.covers[:, open_] @ counts[open_]), []
        for out in [-1, *best.tolist()]:
            points = entries_of(small.covers, out)[0] if out >= 0 else open_[:0]
            alone = points[times[points] == 1]
            lacks = np.maximum(0.0, cap - covered + counts[alone].sum(axis=0))
            more = csr_array(adds + small.covers[:, alone] @ counts[alone])
            row = np.repeat(np.arange(more.shape[0]), np.diff(more.indptr))
            left = lacks.sum() - np.bincount(row, np.minimum(more.data, lacks[more.indices]), more.shape[0])
            rest = best[best != out]
            swaps += [(left[j], np.union1d(rest, [j])) for j in np.argsort(left, kind="stable")[:FEW]]
        allowed = (each for each in sorted(swaps, key=itemgetter(0)) if small.constraints.allows(each[1]))
        _, chosen = next(allowed, (0.0, best))
        if measure(chosen) >= measure(best) - ROUNDING_TOLERANCE:
            break
        best = chosen
    return best


def _with_people(
    found: _Found,
    built: _Fair,
    for_people: Callable[[float], _Fair],
    name: str,
    sense: Literal["max", "min"],
    measure: Callable[[Ints], float],
    *,
    tolerance: float,
    control: SearchControl,
) -> Answer:
    """Return the answer whose measure was found and, where that is proven, that covers most people among those as good.

    `for_people` gives the model of most people among the answers whose measure is at most a value.
    """
    problem, chosen, nodes, stopped = built.problem, found.chosen, found.nodes, found.stopped
    value, most = measure(chosen), found.most
    given_up = tolerance * abs(value)
    if value - found.bound <= PROOF and not control.stopped(nodes=nodes):
        given = float(problem.weight[problem.covered_by_existing].sum())

        def fewer(other: Ints) -> float:
            return given - built.people(other) if measure(other) <= value + given_up + PROOF else np.inf

        rest = replace(control.after(nodes).silent(), gap=0.0)
        more, _ = _lowest(for_people(value + given_up + PROOF), chosen, fewer, given - most, control=rest)
        chosen, nodes, stopped = more.chosen, nodes + more.nodes, stopped or more.stopped
        most = min(most, given - more.bound)
    value, people, sign = measure(chosen), built.people(chosen), -1.0 if sense == "max" else 1.0
    steps = (
        Step(name, sense, sign * value, sign * min(value, found.bound), given_up),
        Step("people", "max", people, max(people, most)),
    )
    chosen = problem.as_walks().without_idle(np.sort(built.options[chosen]))
    return ended(chosen, steps, sign * value, stopped=stopped or "gap", nodes=nodes)


def spread(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the mean absolute difference between a zone's share covered and the share of all zones together.

    Zones weigh by their people; points in no zone do not count::

        sum_z W_z / W * |C_z / W_z - C / W|

    Examples
    --------
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.empty(0), np.empty(0))
    >>> problem = CoverageProblem(free, csr_array([[1.0, 0]]), np.array([30.0, 10]), np.zeros(2, bool), np.array([0, 1]))
    >>> spread(problem, np.array([0]))  # 30/40 * |1 - 0.75| + 10/40 * |0 - 0.75|
    0.375
    """
    people, covered = zone_people(problem), zone_sums(problem, problem.covered(chosen))
    total = max(float(people.sum()), 1e-300)
    return float(np.abs(covered - people / total * covered.sum()).sum() / total)


def least_spread(
    problem: CoverageProblem, *, min_total_share: float = 0.95, tolerance: float = 0.0, control: SearchControl
) -> Answer:
    """Return the selection with the least spread of shares among those that cover nearly as many people as can be.

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    min_total_share
        Part of the most people that any choice covers (what exists among them) that the answer has to cover, 0-1.
    tolerance
        Part of the first aim that may be given up for more people, 0-1.
    control
        Search limits, progress callback and interrupt.

    Returns
    -------
    answer
        Steps ``spread`` (see `spread`, 0-1) and ``people``.

    Raises
    ------
    ValueError
        If `min_total_share` is not within 0-1, or no zone has people.
    """
    if not 0.0 <= min_total_share <= 1.0:
        raise ValueError(f"the part to keep must be within 0-1; got {min_total_share}")
    people = _check_people(problem)
    top = max_cover(problem, control=control)
    if not top.steps:
        return top
    floor = min_total_share * problem.people_covered(top.chosen) - share_tolerance(problem).total
    have = zone_sums(problem, problem.covered_by_existing)
    built = _spread_model(problem, have, people, floor)

    def uneven(chosen: Ints) -> float:
        allowed = problem.constraints.allows(chosen) and problem.people_covered(chosen) >= floor
        return spread(problem, chosen) if allowed else np.inf

    rest = control.after(top.nodes)

    def level(chosen: Ints) -> float:
        return float(zone_sums(problem, problem.covered(built.options[chosen])).sum() / people.sum())

    best = _lifted(built, _positions(built, top), uneven, level, control=rest)
    rest.listen(uneven(best), 0.0)
    built, bound = _rooted(built, control=rest)
    found, built = _lowest(built, best, uneven, bound, control=rest)
    return _with_people(
        replace(found, nodes=top.nodes + found.nodes, most=top.bound),
        built,
        built.for_people,
        "spread",
        "min",
        uneven,
        tolerance=tolerance,
        control=control,
    )


def _spread_model(problem: CoverageProblem, have: Floats, people: Floats, floor: float) -> _Fair:
    # columns: options, points, people covered of each zone, what each zone lacks of its part, people covered of all zones. An option is
    # never dropped for another: covering more can spread shares
    small = merged(problem, by_zone=True, drop_dominated=False)
    left = floor - float(problem.weight[problem.covered_by_existing].sum())
    question = residual_cover(small.problem, Needs(left, np.full(len(people), -np.inf)))
    constraints, covers = question.constraints, question.covers
    n, k, z = len(constraints), len(question.weight), len(people)
    inside = np.flatnonzero(question.zone >= 0)
    counts = csr_array(coo_array((question.weight[inside], (question.zone[inside], inside)), shape=(z, k)))
    part = people / people.sum()
    # what an option covers of a zone is the least that is covered there when it is chosen
    adds = coo_array(covers @ counts.T)
    m = len(adds.data)
    by_option = csr_array(coo_array((-adds.data, (np.arange(m), adds.row)), shape=(m, n)))
    by_zone = csr_array(coo_array((np.ones(m), (np.arange(m), adds.col)), shape=(m, z)))
    rows = block_array(
        [
            [csr_array(constraints.rows), None, None, None, None],
            [csr_array(covers.T), -eye_array(k), None, None, None],
            [None, csr_array(question.weight[None, :]), None, None, None],
            [None, -counts, eye_array(z), None, None],
            [None, None, csr_array(np.ones((1, z))), None, csr_array(-np.ones((1, 1)))],
            [None, None, eye_array(z), eye_array(z), csr_array(-part[:, None])],
            [by_option, None, by_zone, None, None],
        ]
    )
    linear = Linear(
        np.r_[np.zeros(n + k + z), np.full(z, 2.0 / people.sum()), 0.0],
        np.zeros(n + k + 2 * z + 1),
        np.r_[constraints.usable().astype(float), np.ones(k), np.full(2 * z + 1, np.inf)],
        csr_array(rows),
        np.r_[constraints.least, np.zeros(k), left, have, np.zeros(1 + z), have[adds.col]],
        np.r_[constraints.most, np.full(k + 1, np.inf), have, 0.0, np.full(z + m, np.inf)],
        np.arange(n + k + 2 * z + 1) < n,
    )

    return _Fair(problem, small, question, linear)


def _rooted(built: _Fair, *, control: SearchControl) -> tuple[_Fair, float]:
    """Return the model with the links that its linear program misses, and the bound of that."""
    bound = 0.0
    for _ in range(LINK_ROUNDS):
        before = built.linear.rows.shape[0]
        # the interior point is three times as fast here as the simplex method
        loose = solve(built.linear, control=control, relax=True, method="ipm")
        if loose.state != "optimal" or loose.x is None:
            break
        bound = max(bound, loose.objective)
        built = _linked(built, loose.x, least=MISSED) or built
        if built.linear.rows.shape[0] - before < FEW_LINKS:
            break
    return built, bound
