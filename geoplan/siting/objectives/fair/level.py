"""The highest share that every compared zone can reach at once: a ladder of levels, each a demand on coverage."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from geoplan.siting.objectives.share.model import model
from geoplan.siting.objectives.share.open import (
    Needs,
    Open,
    missing,
    opened,
    reachable_points,
    zone_shares,
    zone_sums,
)
from geoplan.siting.objectives.share.search import met
from geoplan.siting.objectives.share.start import first_answer
from geoplan.siting.problems import PROOF, Bools, CoverageProblem, Floats, Ints, Stopped
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import solve
from geoplan.siting.solve.presolve import merged

#: A level so little above the best so far is the next one up: where it cannot be reached the best so far is proven.
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
    """Return the choice whose least share among `compared` zones is highest, and a bound on it.

    Between the best level found and the lowest one proven out of reach two levels are tried in turn: the middle, and the next one up,
    which proves the best so far where it is out of reach.

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

    def at(level: float) -> Open:
        needs = Needs(-np.inf, np.where(compared, level * people, -np.inf))
        return opened(base, missing(problem, needs))

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
    ladder: Ladder, at: Callable[[float], Open], reached: Callable[[Ints], float], *, control: SearchControl
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
    ladder: Ladder, at: Callable[[float], Open], reached: Callable[[Ints], float], *, control: SearchControl
) -> Ladder:
    now, turn = ladder, 0
    while now.bound - now.level > NEXT:
        stopped = control.stopped(nodes=now.nodes)
        if stopped or now.bound - now.level <= control.gap * now.bound:
            return replace(now, stopped=stopped or "gap")
        control.listen(now.level, now.bound)
        level = now.level + NEXT if turn % 2 == 0 else 0.5 * (now.level + now.bound)
        rest = control if control.nodes is None else replace(control, nodes=control.nodes - now.nodes)
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


def _tried(question: Open, *, control: SearchControl) -> _Tried:
    """Return whether the needs of `question` can be met, and a choice that meets them."""
    chosen = first_answer(question, rounds=0, control=control)
    if chosen is not None:
        return _Tried("reached", chosen)
    built = model(question)
    quiet = replace(control, listen=_silent)
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


def _silent(_objective: float, _bound: float) -> None:
    """Tell nobody: the cost of a level is not what was asked."""
