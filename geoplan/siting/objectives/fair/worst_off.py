"""The highest share that every compared zone reaches at once, then most people: bisection over levels, each a set covering problem."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.objectives.fair.exchange import exchanged
from geoplan.siting.objectives.fair.measures import compared_zones, fair_answer, least_share
from geoplan.siting.solve.constraints import nearest
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.iterated_greedy import first_answer
from geoplan.siting.solve.lp import solve
from geoplan.siting.solve.presolve import merged
from geoplan.siting.solve.problems import (
    Answer,
    Bools,
    CoverageProblem,
    Floats,
    Ints,
    Step,
    Stopped,
    no_answer,
    status_of,
)
from geoplan.siting.solve.set_cover import (
    Needs,
    ResidualCover,
    met,
    missing,
    model,
    reachable_points,
    residual_cover,
    with_bounds,
    zone_shares,
    zone_sums,
)
from geoplan.siting.solve.tolerance import PROOF, ROUNDING_TOLERANCE
from geoplan.words.errors import Note

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
        As in `fair.worst_off`.
    """
    small = merged(problem, by_zone=True, drop_dominated=True) if merge else None
    base, back = (problem, np.sort) if small is None else (small.problem, small.back)
    people = zone_sums(problem, np.ones(len(problem.weight), bool))

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
        As in `fair.worst_off`.
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
        return float(problem.weight[problem.covered(options[chosen])].sum())

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
    if not compared.any():
        raise ValueError("no zone has people: there is no worst-off one")
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
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
    floor = least_share(problem, ladder.chosen)
    needs = Needs(-np.inf, np.where(compared, floor * people, -np.inf))
    if (missing(problem, needs).zone <= 0).all():
        # the share of the worst-off zone is fixed: the constraint on it is redundant
        plain = max_cover(problem, control=rest, merge=merge)
        if plain.steps:
            return plain
    return most_people(problem, needs, ladder.chosen, control=rest, merge=merge)
