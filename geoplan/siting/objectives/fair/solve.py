"""Covering that is fair between zones: the worst-off zone first, the worst-off part of the people first, or the least spread of shares.

**Worst-off zone**: the highest share that every compared zone reaches at once, then most people: bisection over levels, each a set covering problem.

**Worst-off part**: the highest mean share among the worst-off part of the people: the worst-off first where one zone alone cannot be the measure.

With ``W_z`` people of the compared zones, ``s_z`` their shares covered and ``b`` the part of the people, the mean share of the worst-off is::

    max_t  t - 1 / (b * sum_z W_z) * sum_z W_z * max(0, t - s_z)

**Least spread**: a mixed-integer model whose lower links are added as cuts where they are violated.

With ``C_z`` people covered of zone z, ``C`` of all zones and ``W_z, W`` their people, the spread is
``sum_z W_z / W * |C_z / W_z - C / W| = 2 / W * sum_z max(0, C_z - W_z / W * C)``: what some zones have above their part, others lack.
A model that makes it small would rather not count people who are covered: ``y_i >= x_j`` for every pair forbids that. There are as
many of these rows as pairs; only those that an answer misses are put in, and it is solved again. Every model on the way holds the
true answers, so that its bound is a bound.

References
----------
Rawls (1971), A Theory of Justice (the worst-off first)
Marsh & Schilling (1994), European Journal of Operational Research 74(1):1-17, https://doi.org/10.1016/0377-2217(94)90200-3
(measures of equity in siting; the mean absolute difference from the mean among them)
Ogryczak & Zawadzki (2002), Annals of Operations Research 110:167-181, https://doi.org/10.1023/A:1020723818980 (conditional median)
"""

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array

from geoplan.network.compiled import compiled
from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.solve.constraints import nearest
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, Solved, solve
from geoplan.siting.solve.presolve import merged
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
    no_answer,
    status_of,
)
from geoplan.siting.solve.set_cover import (
    Needs,
    ResidualCover,
    first_answer,
    flat_of,
    identity,
    met,
    missing,
    model,
    reachable_points,
    residual_cover,
    share_tolerance,
    with_bounds,
    zone_people,
    zone_shares,
    zone_sums,
)
from geoplan.siting.solve.tolerance import GAIN_TOLERANCE, PROOF, ROUNDING_TOLERANCE, SOLVER_TOLERANCE
from geoplan.words.errors import Note


def helpable(problem: CoverageProblem) -> Bools:
    """Return the zones in which some usable option covers further people, shape (n_zones,).

    Zones without people are False.
    """
    reached = problem.covered(np.flatnonzero(problem.constraints.usable()))
    return zone_sums(problem, reached & ~problem.covered_by_existing) > 0


def least_share(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the least share covered of the compared zones (see `compared_zones`).

    Raises
    ------
    ValueError
        If no zone has people.
    """
    shares, compared = zone_shares(problem, chosen), compared_zones(problem)
    return float(shares[compared].min())


def fair_answer(
    problem: CoverageProblem,
    chosen: Ints,
    steps: tuple[Step, ...],
    recount: float,
    *,
    nodes: int,
    stopped: Stopped,
    notes: tuple[Note, ...],
) -> Answer:
    """Return the answer of a fair objective with what its steps prove.

    Raises
    ------
    RuntimeError
        If the search returned a selection that the constraints refuse.
    """
    if not problem.constraints.allows(chosen):
        raise RuntimeError("a choice that a search returned is not allowed")
    return ended(chosen, steps, recount, stopped=stopped or "gap", nodes=nodes, notes=notes)


def compared_zones(problem: CoverageProblem) -> Bools:
    """Return the zones that are compared: those that some option helps; all with people where none can be helped.

    Raises
    ------
    ValueError
        If no zone has people.
    """
    helped = helpable(problem)
    compared = helped if helped.any() else zone_people(problem) > 0
    if not compared.any():
        raise ValueError("no zone has people: there is no worst-off one")
    return compared


#: Most exchanges: each improves the selection, so that they end by themselves; this bounds the time.
MOST_EXCHANGES = 500


#: How often points are covered, what rows use, people newly covered (by zone; in `sums`: all, in zones), scratch.
Now = namedtuple("Now", "times used zone sums part touched")  # noqa: PYI024 - compiled code takes it


#: The aim: 0 most people, 1 least spread, 2 people up to a cap; people of each zone covered otherwise, each zone's part of all people, the
#: cap; the least gain that counts.
Aim = namedtuple("Aim", "mode base part cap tolerance")  # noqa: PYI024 - compiled code takes it


def exchanged(
    question: ResidualCover,
    chosen: Ints,
    *,
    control: SearchControl,
    base: Floats | None = None,
    people: Floats | None = None,
    cap: Floats | None = None,
) -> Ints:
    """Return `chosen` after the best exchange, addition or removal of one option again and again, while one helps.

    Parameters
    ----------
    question
        What is left to be covered; its needs hold before and after.
    chosen
        Positions of the options to begin with, which meet the needs.
    control
        Ends the exchanges early.
    base, people
        People of each zone who are covered besides the open points, and all people of each zone, shape (n_zones,): the spread of
        shares is made least. None: most people are covered.
    cap
        With `base` and `people`: people count up to this number in each zone, shape (n_zones,), instead of the spread.
    """
    flat = flat_of(question)
    none = np.zeros(len(flat.need_zone))
    if base is None or people is None:
        aim = Aim(0, none, none, none, GAIN_TOLERANCE * float(question.weight.sum()))
    else:
        tolerance = GAIN_TOLERANCE * float(people.sum())
        aim = Aim(
            1 if cap is None else 2, base, people / people.sum(), none if cap is None else cap, tolerance
        )
    picked = np.zeros(len(flat.cost), np.bool_)
    picked[chosen] = True
    for _ in range(MOST_EXCHANGES):
        if control.stopped() or not _exchange(flat, aim, picked):
            break
    return np.flatnonzero(picked)


@compiled
def _exchange(flat: Any, aim: Any, picked: Bools) -> bool:  # noqa: ANN401
    """Make the best exchange; False where none helps. The lowest positions of equals."""
    now = _counted(flat, picked)
    best = _value(flat, aim, now, 0) + aim.tolerance
    out, into = -1, -1
    held = np.flatnonzero(picked)
    for q in range(-1, len(held)):
        a = held[q] if q >= 0 else -1
        if a >= 0:
            if flat.fixed[a]:
                continue
            _put(flat, now, a, -1)
            value = _value_with(flat, aim, now, a, -1)
            if value > best:
                best, out, into = value, a, -1
        for b in range(len(picked)):
            if picked[b] or not flat.allowed[b]:
                continue
            value = _value_with(flat, aim, now, a, b)
            if value > best:
                best, out, into = value, a, b
        if a >= 0:
            _put(flat, now, a, 1)
    if out >= 0:
        picked[out] = False
    if into >= 0:
        picked[into] = True
    return out >= 0 or into >= 0


@compiled
def _counted(flat: Any, picked: Bools) -> Any:  # noqa: ANN401
    zones = len(flat.need_zone)
    now = Now(
        np.zeros(len(flat.weight), np.int64),
        np.zeros(len(flat.least)),
        np.zeros(zones),
        np.zeros(2),
        np.zeros(zones),
        np.empty(zones, np.int64),
    )
    for j in range(len(picked)):
        if picked[j]:
            _put(flat, now, j, 1)
    return now


@compiled
def _put(flat: Any, now: Any, j: Any, sign: int) -> None:  # noqa: ANN401
    # take an option in (1) or out (-1)
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        now.times[i] += sign
        if now.times[i] == (1 if sign > 0 else 0):
            now.sums[0] += sign * flat.weight[i]
            if flat.zone[i] >= 0:
                now.zone[flat.zone[i]] += sign * flat.weight[i]
                now.sums[1] += sign * flat.weight[i]
    for k in range(flat.row_start[j], flat.row_start[j + 1]):
        now.used[flat.row_of[k]] += sign * flat.row_value[k]


@compiled
def _value_with(flat: Any, aim: Any, now: Any, a: Any, b: Any) -> float:  # noqa: ANN401
    # the value with b in, a being out already; -inf where the constraints or the needs are violated
    if not _rows_let(flat, now, a, b):
        return -np.inf
    n, total, inside = 0, 0.0, 0.0
    if b >= 0:
        for k in range(flat.start[b], flat.start[b + 1]):
            i = flat.points[k]
            if now.times[i] > 0:
                continue
            total += flat.weight[i]
            z = flat.zone[i]
            if z >= 0:
                inside += flat.weight[i]
                if now.part[z] == 0.0:
                    now.touched[n] = z
                    n += 1
                now.part[z] += flat.weight[i]
    for q in range(n):
        now.zone[now.touched[q]] += now.part[now.touched[q]]
    now.sums[0] += total
    now.sums[1] += inside
    value = _value(flat, aim, now, 1)
    now.sums[0] -= total
    now.sums[1] -= inside
    for q in range(n):
        z = now.touched[q]
        now.zone[z] -= now.part[z]
        now.part[z] = 0.0
    return value


@compiled
def _rows_let(flat: Any, now: Any, a: Any, b: Any) -> bool:  # noqa: ANN401
    if b >= 0:
        for k in range(flat.row_start[b], flat.row_start[b + 1]):
            r = flat.row_of[k]
            most = flat.most[r]
            if most < np.inf and now.used[r] + flat.row_value[k] > most + ROUNDING_TOLERANCE * max(
                1.0, abs(most)
            ):
                return False
    if a >= 0:
        for k in range(flat.row_start[a], flat.row_start[a + 1]):
            r = flat.row_of[k]
            if flat.least[r] <= 0.0 or now.used[r] >= flat.least[r] - ROUNDING_TOLERANCE:
                continue
            gets = 0.0
            if b >= 0:
                for m in range(flat.row_start[b], flat.row_start[b + 1]):
                    if flat.row_of[m] == r:
                        gets += flat.row_value[m]
            if now.used[r] + gets < flat.least[r] - ROUNDING_TOLERANCE:
                return False
    return True


@compiled
def _value(flat: Any, aim: Any, now: Any, strict: int) -> float:  # noqa: ANN401
    # larger is better: people covered, or minus what zones have above their part of all, or lack of their cap
    if strict:
        if now.sums[0] < flat.need_total:
            return -np.inf
        for z in range(len(flat.need_zone)):
            if now.zone[z] < flat.need_zone[z] and flat.need_zone[z] > 0.0:
                return -np.inf
    if aim.mode == 0:
        return float(now.sums[0])
    if aim.mode == 2:
        lacking = 0.0
        for z in range(len(aim.base)):
            lacking += max(0.0, aim.cap[z] - aim.base[z] - now.zone[z])
        return float(-lacking)
    everyone = aim.base.sum() + now.sums[1]
    over = 0.0
    for z in range(len(aim.base)):
        over += max(0.0, aim.base[z] + now.zone[z] - aim.part[z] * everyone)
    return float(-over)


#: A level so little above the incumbent is the next one up: where it cannot be reached the incumbent is proven.
NEXT = 0.5 * PROOF


#: How often a greedy answer to one level is taken apart and filled in again.
ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Ladder:
    """The best level found (of `chosen`; None: none was found), the level that none exceeds."""

    chosen: Ints | None
    level: float
    bound: float
    nodes: int = 0
    stopped: Stopped = ""


def shares_of(problem: CoverageProblem, chosen: Ints) -> Floats:
    """Return the share of each zone's people covered, inf for zones without people, shape (n_zones,)."""
    shares = zone_shares(problem, chosen)
    return np.where(np.isnan(shares), np.inf, shares)


def highest_level(
    problem: CoverageProblem, compared: Bools, *, control: SearchControl, merge: bool
) -> Ladder:
    """Return the selection with the highest least share among `compared` zones, and a bound on it.

    Between the best level found and the lowest one proven out of reach two levels are tried in turn: the middle, and the next one up,
    which proves the incumbent where it is out of reach.

    Parameters
    ----------
    problem
        As given.
    compared
        Zones whose shares count, shape (n_zones,).
    control, merge
        As in `worst_off`.
    """
    small = merged(problem, by_zone=True, drop_dominated=True) if merge else None
    base, back = (problem, np.sort) if small is None else (small.problem, small.back)
    people = zone_people(problem)

    def at(level: float) -> ResidualCover:
        needs = Needs(-np.inf, np.where(compared, level * people, -np.inf))
        return residual_cover(base, missing(problem, needs))

    def reached(chosen: Ints) -> float:
        return float(shares_of(problem, back(chosen))[compared].min())

    top = float((zone_sums(problem, reachable_points(problem))[compared] / people[compared]).min())
    tried = _tried(at(-1.0), control=control)
    if tried.chosen is None:
        return Ladder(None, -np.inf, top, tried.nodes, tried.stopped)
    begun = Ladder(tried.chosen, reached(tried.chosen), top, tried.nodes)
    begun = _climbed(begun, at, reached, control=control)
    found = _proven(begun, at, reached, control=control)
    assert found.chosen is not None  # noqa: S101 - it only gets better
    return replace(found, chosen=back(found.chosen))


@dataclass(frozen=True, eq=False)
class _Tried:
    state: Literal["reached", "out", "none"]
    chosen: Ints | None = None
    nodes: int = 0
    stopped: Stopped = ""


def _climbed(
    ladder: Ladder,
    at: Callable[[float], ResidualCover],
    reached: Callable[[Ints], float],
    *,
    control: SearchControl,
) -> Ladder:
    # greedy answers first: they cost little and lift the level that branching has to better
    low, high = ladder.level, ladder.bound
    best = ladder
    while high - low > 0.01 and not control.stopped():
        middle = 0.5 * (low + high)
        chosen = first_answer(at(middle), rounds=ROUNDS, control=control)
        if chosen is None:
            high = middle
            continue
        low = max(middle, reached(chosen))
        if reached(chosen) > best.level:
            best = replace(best, chosen=chosen, level=reached(chosen))
    return best


def _proven(
    ladder: Ladder,
    at: Callable[[float], ResidualCover],
    reached: Callable[[Ints], float],
    *,
    control: SearchControl,
) -> Ladder:
    now, turn = ladder, 0
    while now.bound - now.level > NEXT:
        stopped = control.stopped(nodes=now.nodes)
        if stopped or now.bound - now.level <= control.gap * now.bound:
            return replace(now, stopped=stopped or "gap")
        control.listen(now.level, now.bound)
        level = now.level + NEXT if turn % 2 == 0 else 0.5 * (now.level + now.bound)
        rest = control.after(now.nodes)
        tried = _tried(at(level), control=rest)
        now, turn = replace(now, nodes=now.nodes + tried.nodes), turn + 1
        if tried.state == "none":
            return replace(now, stopped=tried.stopped or "gap")
        if tried.state == "out":
            now = replace(now, bound=level)
            continue
        assert tried.chosen is not None  # noqa: S101 - it was reached
        height = reached(tried.chosen)
        if height <= now.level:
            return replace(now, stopped="gap")
        now = replace(now, chosen=tried.chosen, level=height, bound=max(now.bound, height))
    return now


def _tried(question: ResidualCover, *, control: SearchControl) -> _Tried:
    """Return whether the needs of `question` can be met, and a choice that meets them."""
    chosen = first_answer(question, rounds=0, control=control)
    if chosen is not None:
        return _Tried("reached", chosen)
    built = model(question)
    quiet = control.silent()
    loose = solve(built.linear, control=quiet, relax=True)
    if loose.state == "infeasible":
        return _Tried("out")
    if loose.state != "optimal" or loose.x is None:
        return _Tried("none", stopped=control.stopped() or loose.stopped)
    n = len(question.constraints)
    chosen = first_answer(question, favour=0.01 + loose.x[:n], rounds=ROUNDS, control=control)
    if chosen is not None:
        return _Tried("reached", chosen)
    # any choice will do: the first one ends the search
    tree = solve(built.linear, control=replace(quiet, gap=np.inf))
    if tree.state == "infeasible":
        return _Tried("out", nodes=tree.nodes)
    if tree.x is None:
        return _Tried("none", nodes=tree.nodes, stopped=tree.stopped)
    chosen = np.flatnonzero(tree.x[:n] > 0.5)
    if not met(question, chosen):
        return _Tried("none", nodes=tree.nodes, stopped="gap")
    return _Tried("reached", chosen, tree.nodes)


def most_people(
    problem: CoverageProblem, needs: Needs, start: Ints, *, control: SearchControl, merge: bool
) -> Answer:
    """Return the selection that meets `needs` and covers most people.

    Parameters
    ----------
    problem
        As given.
    needs
        People of each zone that have to be covered, those that what exists covers among them.
    start
        A selection that meets them.
    control, merge
        As in `worst_off`.
    """
    small = merged(problem, by_zone=True, drop_dominated=True) if merge else None
    base, options = (
        (problem, np.arange(len(problem.constraints))) if small is None else (small.problem, small.options)
    )
    question = residual_cover(base, missing(problem, needs))
    n = len(question.constraints)
    best = np.flatnonzero(np.isin(options, start))
    best = exchanged(question, best, control=control)
    built = model(question, people=True)
    # what exists, options that every answer holds, and points that no answer misses
    given = float(problem.weight[problem.covered(options[question.fixed])].sum()) + built.reward

    def people(chosen: Ints) -> float:
        return problem.people_covered(options[chosen])

    def answer(chosen: Ints, bound: float, stopped: Stopped, nodes: int) -> Answer:
        value = people(chosen)
        step = Step("people", "max", value, max(value, bound))
        return Answer(status_of((step,)), np.sort(options[chosen]), (step,), value, stopped, nodes)

    loose = solve(built.linear, control=control, relax=True)
    if loose.state != "optimal" or loose.reduced is None:
        return answer(best, float(problem.weight.sum()), control.stopped() or loose.stopped or "gap", 0)
    bound = given - loose.objective
    control.listen(people(best), bound)
    stopped = control.stopped()
    if stopped or bound - people(best) <= max(PROOF * max(1.0, bound), control.gap * bound):
        return answer(best, bound, stopped or "gap", 0)
    spare = bound - people(best) + PROOF * max(1.0, bound)
    linear = with_bounds(built.linear, out=loose.reduced[:n] > spare, into=-loose.reduced[:n] > spare)
    tree = solve(linear, control=_reported(control, given), start=built.filled(best))
    if tree.x is not None:
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if met(question, chosen) and people(chosen) > people(best):
            best = chosen
    bound = min(bound, given - tree.bound) if tree.state != "infeasible" else bound
    return answer(best, bound, tree.stopped, tree.nodes)


def _reported(control: SearchControl, given: float) -> SearchControl:
    def listen(objective: float, bound: float) -> None:
        control.listen(given - objective, given - bound)

    return control.heard_as(listen)


def worst_off(problem: CoverageProblem, *, control: SearchControl, merge: bool = True) -> Answer:
    """Return the selection with the highest share covered in the worst-off zone and, among those, with most people covered.

    Zones that no option helps are not compared; a note says how many of them stay below the worst-off one (see `helpable`).

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    control
        Search limits, progress callback and interrupt.
    merge
        False solves the problem as given.

    Returns
    -------
    answer
        Steps ``worst_share`` (0-1) and ``people``.

    Raises
    ------
    ValueError
        If no zone has people.
    """
    compared = compared_zones(problem)
    ladder = highest_level(problem, compared, control=control, merge=merge)
    if ladder.chosen is None:
        if ladder.stopped:
            return no_answer(status="none", stopped=ladder.stopped)
        return no_answer(*nearest(problem.constraints, control=control))
    people = _people_at(problem, compared, ladder, control=control, merge=merge)
    chosen, nodes, stopped = people.chosen, ladder.nodes + people.nodes, ladder.stopped or people.stopped
    share = least_share(problem, chosen)
    steps = (Step("worst_share", "max", share, max(share, ladder.bound)), people.steps[0])
    return fair_answer(
        problem, chosen, steps, share, nodes=nodes, stopped=stopped, notes=_said(problem, share)
    )


def _said(problem: CoverageProblem, share: float) -> tuple[Note, ...]:
    today = least_share(problem, np.empty(0, np.int64))
    if share > today + ROUNDING_TOLERANCE or today >= 1.0 - ROUNDING_TOLERANCE:
        return _left_out(problem, share)
    zones = compared_zones(problem) & (
        shares_of(problem, np.empty(0, np.int64)) <= today + ROUNDING_TOLERANCE
    )
    unmoved = Note.of("siting_fair_unmoved", share=f"{today:.1%}", zones=int(zones.sum()))
    return (unmoved, *_left_out(problem, share))


def _left_out(problem: CoverageProblem, share: float) -> tuple[Note, ...]:
    # nothing changes the share of a zone that cannot be helped
    below = ~compared_zones(problem) & (shares_of(problem, np.empty(0, np.int64)) < share)
    if not below.any():
        return ()
    return (Note.of("siting_fair_left_out", severity="info", zones=int(below.sum())),)


def _people_at(
    problem: CoverageProblem, compared: Bools, ladder: Ladder, *, control: SearchControl, merge: bool
) -> Answer:
    assert ladder.chosen is not None  # noqa: S101 - the caller looked
    rest = control.after(ladder.nodes)
    people = zone_people(problem)
    floor = least_share(problem, ladder.chosen)
    needs = Needs(-np.inf, np.where(compared, floor * people, -np.inf))
    if (missing(problem, needs).zone <= 0).all():
        # the share of the worst-off zone is fixed: the constraint on it is redundant
        plain = max_cover(problem, control=rest, merge=merge)
        if plain.steps:
            return plain
    return most_people(problem, needs, ladder.chosen, control=rest, merge=merge)


@dataclass(frozen=True, eq=False)
class Found:
    """The selection found, a bound on its aim, an upper bound on the people covered among choices as good."""

    chosen: Ints
    bound: float
    people_bound: float
    nodes: int
    stopped: Stopped


@dataclass(frozen=True, eq=False)
class _PartModel:
    problem: CoverageProblem
    compared: Bools
    part: float
    question: ResidualCover
    linear: Linear
    options: Ints

    def value(self, chosen: Ints) -> float:
        """Return the mean share of the worst-off with options of the question chosen."""
        return share_of_part(self.problem, self.compared, self.options[chosen], part=self.part)

    def people(self, chosen: Ints) -> float:
        """Return the people covered with options of the question chosen."""
        return self.problem.people_covered(self.options[chosen])


def share_of_part(problem: CoverageProblem, compared: Bools, chosen: Ints, *, part: float) -> float:
    """Return the mean share covered of the worst-off `part` of the people of `compared` zones; a zone may count in part."""
    shares = zone_shares(problem, chosen)[compared]
    people = zone_people(problem)[compared]
    order = np.argsort(shares, kind="stable")
    counted = part * people.sum()
    before = np.cumsum(people[order]) - people[order]
    inside = np.clip(counted - before, 0.0, people[order])
    return float((inside * shares[order]).sum() / counted)


def highest_part(
    problem: CoverageProblem,
    compared: Bools,
    start: Ints,
    *,
    part: float,
    control: SearchControl,
    merge: bool,
) -> Found:
    """Return the selection with the highest mean share of the worst-off `part`, and most people among those.

    Parameters
    ----------
    problem
        As given.
    compared
        Zones that count, shape (n_zones,); each has people.
    start
        An initial selection.
    part, control, merge
        As in `worst_part`.
    """
    small = merged(problem, by_zone=True, drop_dominated=True) if merge else None
    base, options = (
        (problem, np.arange(len(problem.constraints))) if small is None else (small.problem, small.options)
    )
    nothing = Needs(-np.inf, np.full(len(compared), -np.inf))
    question = residual_cover(base, nothing, fix=False)
    have = zone_sums(problem, problem.covered_by_existing)
    people = zone_people(problem)
    linear = _part_model(question, compared, have, people, part)
    built = _PartModel(problem, compared, part, question, linear, options)
    begin = np.flatnonzero(np.isin(options, start))
    loose = solve(linear, control=control, relax=True, method="ipm")
    if loose.state != "optimal" or loose.x is None:
        reason: Stopped = control.stopped() or loose.stopped or "gap"
        return Found(start, 1.0, np.inf, 0, reason)
    best = _started(built, begin, have, people, float(loose.x[-1]), control=control)
    if best is None or built.value(best) < share_of_part(problem, compared, start, part=part):
        best = begin if problem.constraints.allows(options[begin]) else None
    return _branched(built, best, start, loose, control=control)


def _started(
    built: _PartModel, begin: Ints, have: Floats, people: Floats, level: float, *, control: SearchControl
) -> Ints | None:
    # with the level t held, people count up to it in every compared zone: exchanges, for levels about that of the linear program
    best = None
    if not built.problem.constraints.allows(built.options[begin]):
        return None
    for factor in (1.0, 0.75, 1.25):
        cap = np.where(built.compared, min(1.0, factor * level) * people, 0.0)
        chosen = exchanged(built.question, begin, control=control, base=have, people=people, cap=cap)
        if best is None or built.value(chosen) > built.value(best):
            best = chosen
    return best


def _branched(
    built: _PartModel, best: Ints | None, start: Ints, loose: Solved, *, control: SearchControl
) -> Found:
    n = len(built.question.constraints)
    bound, linear, first = -loose.objective, built.linear, None
    if best is not None:
        control.listen(built.value(best), bound)
        spare = bound - built.value(best) + PROOF
        if loose.reduced is not None:
            out, into = loose.reduced[:n] > spare, -loose.reduced[:n] > spare
            linear = with_bounds(linear, out=out, into=into)
        first = _part_filled(built, best)
    tree = solve(linear, control=_reported(control, 0.0), start=first)
    if tree.x is not None:
        bound = min(bound, -tree.bound)
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if best is None or built.value(chosen) > built.value(best):
            best = chosen
    if best is None:
        return Found(start, bound, np.inf, tree.nodes, tree.stopped or "gap")
    if bound - built.value(best) > PROOF:
        return Found(built.options[best], bound, np.inf, tree.nodes, tree.stopped or "gap")
    return _part_people(built, best, bound, tree.nodes, control=control)


def _part_people(built: _PartModel, best: Ints, bound: float, nodes: int, *, control: SearchControl) -> Found:
    """Return the selection with the same mean share that covers most people."""
    n, k = len(built.question.constraints), len(built.question.weight)
    linear, value = built.linear, built.value(best)
    cost = np.zeros(len(linear.cost))
    cost[n : n + k] = -built.question.weight
    aim = csr_array(-linear.cost[None, :])
    held = replace(linear, cost=cost).with_rows(aim, value - PROOF, np.inf)
    rest = control.after(nodes)
    tree = solve(held, control=rest.silent(), start=_part_filled(built, best))
    given = float(built.problem.weight[built.problem.covered_by_existing].sum())
    if tree.x is not None:
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if built.value(chosen) >= value - 2 * PROOF and built.people(chosen) > built.people(best):
            best = chosen
    return Found(built.options[best], bound, given - tree.bound, nodes + tree.nodes, tree.stopped)


def _part_model(
    question: ResidualCover, compared: Bools, have: Floats, people: Floats, part: float
) -> Linear:
    # columns: options, points, what each compared zone lacks of the level (as a share), the level
    zones, constraints = np.flatnonzero(compared), question.constraints
    n, k, z = len(constraints), len(question.weight), len(zones)
    number = np.full(len(compared) + 1, -1)
    number[zones] = np.arange(z)
    inside = np.flatnonzero(number[question.zone] >= 0)
    of_zone = number[question.zone[inside]]
    share = question.weight[inside] / people[zones][of_zone]
    counts = csr_array(coo_array((share, (of_zone, inside)), shape=(z, k)))
    rows = block_array(
        [
            [csr_array(constraints.rows), None, None, csr_array((constraints.rows.shape[0], 1))],
            [csr_array(question.covers.T), -identity(k), None, None],
            [None, counts, identity(z), csr_array(-np.ones((z, 1)))],
        ]
    )
    weight = people[zones] / (part * people[zones].sum())
    return Linear(
        np.concatenate([np.zeros(n + k), weight, [-1.0]]),
        np.zeros(n + k + z + 1),
        np.concatenate([question.possible.astype(float), np.ones(k + z + 1)]),
        csr_array(rows),
        np.concatenate([constraints.least, np.zeros(k), -have[zones] / people[zones]]),
        np.concatenate([constraints.most, np.full(k + z, np.inf)]),
        np.concatenate([np.ones(n, bool), np.zeros(k + z + 1, bool)]),
    )


def _part_filled(built: _PartModel, chosen: Ints) -> Floats:
    """Return the values of all columns where `chosen` are chosen; the level is the share of the last zone that counts."""
    picked = np.zeros(len(built.options))
    picked[chosen] = 1.0
    shares = zone_shares(built.problem, built.options[chosen])[built.compared]
    people = zone_people(built.problem)[built.compared]
    order = np.argsort(shares, kind="stable")
    last = min(
        int(np.searchsorted(np.cumsum(people[order]), built.part * people.sum() * (1 - 1e-12))),
        len(order) - 1,
    )
    level = shares[order[last]]
    covered = np.minimum(1.0, built.question.covers.T @ picked)
    return np.concatenate([picked, covered, np.maximum(0.0, level - shares), [level]])


def worst_part(
    problem: CoverageProblem, *, worst_share: float = 0.1, control: SearchControl, merge: bool = True
) -> Answer:
    """Return the selection with the highest mean share covered of the worst-off `worst_share` of the people and, of those, most people.

    Zones are ordered by their shares; the first of them that hold `worst_share` of the people of all compared zones are averaged. It is the
    measure where `worst_off` says nothing: when more zones have nothing than sites may be chosen, or when a zone can be helped by a
    little only. ``worst_share=1`` is the share of all compared zones together.

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    worst_share
        Part of the people of the compared zones (see `helpable`), 0 < worst_share <= 1.
    control
        Search limits, progress callback and interrupt.
    merge
        False solves the problem as given.

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
    compared = compared_zones(problem)
    top = max_cover(problem, control=control, merge=merge)
    if not top.steps:
        return top
    rest = control.after(top.nodes)
    found = highest_part(problem, compared, top.chosen, part=worst_share, control=rest, merge=merge)
    chosen = np.sort(found.chosen)
    share = share_of_part(problem, compared, chosen, part=worst_share)
    people = problem.people_covered(chosen)
    steps = (
        Step("worst_part_share", "max", share, max(share, found.bound)),
        Step("people", "max", people, max(people, min(top.bound, found.people_bound))),
    )
    nodes, stopped = top.nodes + found.nodes, found.stopped or top.stopped
    return fair_answer(problem, chosen, steps, share, nodes=nodes, stopped=stopped, notes=())


#: So many pairs of option and point are put in at once.
ALL_PAIRS = 20_000


#: Rounds of links added to the linear program; a link violated by less than `MISSED` is not added.
LINK_ROUNDS = 3


#: Links added at most in a round of the linear program.
MOST_LINKS = 5_000


#: So few links change the linear program too little to solve it again.
FEW_LINKS = 500


MISSED = 1e-4


#: Rounds of links added to the whole model: what is still missed then is the solver's rounding.
MOST_ROUNDS = 60


#: The same for an integer solution: twice the solver's tolerance.
MISSED_WHOLE = 2 * SOLVER_TOLERANCE


@dataclass(frozen=True, eq=False)
class _SpreadModel:
    linear: Linear
    question: ResidualCover
    covers: csr_array
    base: Floats
    people: Floats

    def filled(self, chosen: Ints) -> Floats:
        """Return the values of all columns: x, y, people of each zone, what each has above its part."""
        picked = np.zeros(self.covers.shape[0])
        picked[chosen] = 1.0
        y = np.minimum(1.0, self.covers.T @ picked)
        zone, n = self.question.zone, len(self.people)
        inside = zone >= 0
        count = self.base + np.bincount(zone[inside], (y * self.question.weight)[inside], minlength=n)
        over = np.maximum(0.0, count - self.people / self.people.sum() * count.sum())
        return np.concatenate([picked, y, count, over, [count.sum()]])


def spread(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the mean absolute difference between a zone's share covered and the share of all zones together.

    Zones weigh by their people; points in no zone do not count::

        sum_z W_z / W * |C_z / W_z - C / W|

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.empty(0), np.empty(0))
    >>> problem = CoverageProblem(free, csr_array([[1.0, 0]]), np.array([30.0, 10]), np.zeros(2, bool), np.array([0, 1]))
    >>> spread(problem, np.array([0]))  # 30/40 * |1 - 0.75| + 10/40 * |0 - 0.75|
    0.375
    """
    people = zone_people(problem)
    covered = zone_sums(problem, problem.covered(chosen))
    live = people > 0
    if not live.any():
        return 0.0
    weight = people[live] / people[live].sum()
    average = covered[live].sum() / people[live].sum()
    return float((weight * np.abs(covered[live] / people[live] - average)).sum())


def lowest_spread(
    problem: CoverageProblem, top: Answer, *, floor: float, control: SearchControl, merge: bool
) -> Found:
    """Return the selection with the least spread among those that cover at least `floor` people.

    Parameters
    ----------
    problem
        As given.
    top
        A choice that covers at least `floor` people.
    floor
        People to be covered, those that what exists covers among them.
    control, merge
        As in `least_spread`. An option is never dropped for another: covering more can spread shares.
    """
    small = merged(problem, by_zone=True, drop_dominated=False) if merge else None
    base = problem if small is None else small.problem
    zones = int(problem.zone.max(initial=-1)) + 1
    covered_now = float(problem.weight[problem.covered_by_existing].sum())
    left = floor - share_tolerance(problem).total - covered_now
    question = residual_cover(base, Needs(left, np.full(zones, -np.inf)), fix=False)
    have = zone_sums(problem, problem.covered_by_existing)
    people = zone_people(problem)
    best = exchanged(question, top.chosen, control=control, base=have, people=people)
    control.listen(spread(problem, best), 0.0)
    built = _spread_model(question, have, people)
    return _closed_in(problem, built, best, control=control)


def _closed_in(problem: CoverageProblem, built: _SpreadModel, best: Ints, *, control: SearchControl) -> Found:
    linear, bound, stopped = _rooted(built, control=control)
    n, nodes, rounds = len(built.question.constraints), 0, 0
    while not stopped and _open(spread(problem, best), bound, control.gap):
        rest = control.after(nodes)
        told = _spread_reported(rest, spread(problem, best), bound)
        tree = solve(linear, control=told, start=built.filled(best))
        nodes += tree.nodes
        if tree.x is None:
            stopped = tree.stopped or "gap"
            break
        bound = max(bound, tree.bound)
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if _enough(built.question, chosen):
            # what the tree finds need not be as good as it looks, but exchanges can make something of it
            chosen = exchanged(built.question, chosen, control=control, base=built.base, people=built.people)
            if spread(problem, chosen) < spread(problem, best):
                best = chosen
        rows, points = _missed(built, tree.x, least=MISSED_WHOLE)
        rounds += 1
        stopped = tree.stopped or control.stopped(nodes=nodes)
        if not stopped and (not len(rows) or rounds == MOST_ROUNDS):
            stopped = "gap" if _open(spread(problem, best), bound, 0.0) else ""
            break
        linear = _with_links(built, linear, rows, points)
    control.listen(spread(problem, best), bound)
    if stopped or _open(spread(problem, best), bound, 0.0):
        return Found(best, bound, np.inf, nodes, stopped or "gap")
    rest = control.after(nodes)
    best, people, more = _spread_people(problem, built, linear, best, control=rest)
    return Found(best, bound, people, nodes + more, control.stopped(nodes=nodes + more))


def _spread_reported(control: SearchControl, spread: float, bound: float) -> SearchControl:
    # a choice on the way may look better than it is, as long as links are missing
    def listen(_objective: float, better: float) -> None:
        control.listen(spread, max(bound, better))

    return control.heard_as(listen)


def _open(spread: float, bound: float, gap: float) -> bool:
    return spread - bound > max(PROOF, gap * spread)


def _enough(question: ResidualCover, chosen: Ints) -> bool:
    hit = np.zeros(len(question.weight), bool)
    for option in chosen:
        hit[entries_of(question.covers, option)[0]] = True
    return float(question.weight[hit].sum()) >= question.needs.total


def _spread_model(question: ResidualCover, base: Floats, people: Floats) -> _SpreadModel:
    # columns: options, points, people covered of each zone, what each zone has above its part, people covered of all zones
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
            [csr_array(covers.T), -identity(k), None, None, None],
            [None, csr_array(question.weight[None, :]), None, None, None],
            [None, -counts, identity(z), None, None],
            [None, None, csr_array(np.ones((1, z))), None, csr_array(-np.ones((1, 1)))],
            [None, None, -identity(z), identity(z), csr_array(part[:, None])],
            [by_option, None, by_zone, None, None],
        ]
    )
    some = np.concatenate([np.zeros(k), [question.needs.total]])
    links = np.zeros(k + 2 * z + 1)
    linear = Linear(
        np.concatenate([np.zeros(n + k + z), np.full(z, 2.0 / people.sum()), [0.0]]),
        np.zeros(n + k + 2 * z + 1),
        np.concatenate([question.possible.astype(float), np.ones(k), np.full(2 * z + 1, np.inf)]),
        csr_array(rows),
        np.concatenate([constraints.least, some, base, [0.0], np.zeros(z), base[adds.col]]),
        np.concatenate([constraints.most, np.full(k + 1, np.inf), base, [0.0], np.full(z + m, np.inf)]),
        np.concatenate([np.ones(n, bool), links.astype(bool)]),
    )
    return _SpreadModel(linear, question, covers, base, people)


def _rooted(built: _SpreadModel, *, control: SearchControl) -> tuple[Linear, float, Stopped]:
    """Return the model with the links that its linear program misses, and the bound of that."""
    linear, bound = built.linear, 0.0
    if built.covers.nnz <= ALL_PAIRS:
        by_pair = built.covers.tocoo()
        return _with_links(built, linear, by_pair.row, by_pair.col), bound, control.stopped()
    for _ in range(LINK_ROUNDS):
        # the interior point is three times as fast here as the simplex method
        loose = solve(linear, control=control, relax=True, method="ipm")
        if loose.state != "optimal" or loose.x is None:
            return linear, bound, control.stopped() or loose.stopped
        bound = max(bound, loose.objective)
        rows, points = _missed(built, loose.x)
        linear = _with_links(built, linear, rows, points)
        if len(rows) < FEW_LINKS:
            break
    return linear, bound, control.stopped()


def _missed(built: _SpreadModel, x: Floats, *, least: float = MISSED) -> tuple[Ints, Ints]:
    """Return pairs of option and point where the point counts for less than the option: the worst of each point."""
    n, covers = len(built.question.constraints), built.covers
    option = np.repeat(np.arange(n), np.diff(covers.indptr))
    point = covers.indices.astype(np.int64)
    over = x[option] - x[n + point]
    bad = np.flatnonzero(over > least)
    order = bad[np.lexsort((option[bad], -over[bad], point[bad]))]
    first = np.ones(len(order), bool)
    first[1:] = point[order[1:]] != point[order[:-1]]
    worst = order[first]
    most = np.argsort(-(over[worst] * built.question.weight[point[worst]]), kind="stable")[:MOST_LINKS]
    worst = worst[np.sort(most)]
    return option[worst], point[worst]


def _with_links(built: _SpreadModel, linear: Linear, options: Ints, points: Ints) -> Linear:
    n, m = len(built.question.constraints), len(options)
    if not m:
        return linear
    at, ones = np.arange(m), np.ones(m)
    entries = np.concatenate([ones, -ones]), (np.concatenate([at, at]), np.concatenate([n + points, options]))
    return linear.with_rows(csr_array(coo_array(entries, shape=(m, linear.rows.shape[1]))), 0.0, np.inf)


def _spread_people(
    problem: CoverageProblem, built: _SpreadModel, linear: Linear, best: Ints, *, control: SearchControl
) -> tuple[Ints, float, int]:
    """Return the choice of the same spread that covers most people, an upper bound on them, nodes of the tree."""
    n, k = len(built.question.constraints), len(built.question.weight)
    value = spread(problem, best)
    cost = np.zeros(len(linear.cost))
    cost[n : n + k] = -built.question.weight
    held = replace(linear, cost=cost).with_rows(csr_array(linear.cost[None, :]), 0.0, value + PROOF)
    have, bound, nodes = float(problem.weight[problem.covered_by_existing].sum()), np.inf, 0
    rounds = 0
    while not control.stopped(nodes=nodes):
        rest = control.after(nodes)
        tree = solve(held, control=rest.silent(), start=built.filled(best))
        nodes += tree.nodes
        if tree.x is None:
            break
        bound = min(bound, have - tree.bound)
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if spread(problem, chosen) <= value + PROOF:
            if problem.people_covered(chosen) > problem.people_covered(best):
                best = chosen
            break
        rows, points = _missed(built, tree.x, least=MISSED_WHOLE)
        rounds += 1
        if tree.stopped or not len(rows) or rounds == MOST_ROUNDS:
            break
        held = _with_links(built, held, rows, points)
    return best, bound, nodes


def least_spread(
    problem: CoverageProblem, *, min_total_share: float = 0.95, control: SearchControl, merge: bool = True
) -> Answer:
    """Return the selection with the least spread of shares among those that cover nearly as many people as can be.

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    min_total_share
        Part of the most people that any choice covers (what exists among them) that the answer has to cover, 0-1.
    control
        Search limits, progress callback and interrupt.
    merge
        False solves the problem as given.

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
    if not (zone_people(problem) > 0).any():
        raise ValueError("no zone has people: there is no spread between zones")
    top = max_cover(problem, control=control, merge=merge)
    if not top.steps:
        return top
    floor = min_total_share * problem.people_covered(top.chosen)
    rest = control.after(top.nodes)
    found = lowest_spread(problem, top, floor=floor, control=rest, merge=merge)
    value = spread(problem, found.chosen)
    people = problem.people_covered(found.chosen)
    steps = (
        Step("spread", "min", value, min(value, found.bound)),
        Step("people", "max", people, max(people, min(top.bound, found.people_bound))),
    )
    nodes, stopped = top.nodes + found.nodes, found.stopped or top.stopped
    return fair_answer(problem, found.chosen, steps, value, nodes=nodes, stopped=stopped, notes=())
