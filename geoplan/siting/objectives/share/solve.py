"""Fewest (or cheapest) sites that cover a share of all people, or of each zone's people: set covering, whole or partial.

With ``x`` = 1 where an option is chosen and ``y`` = 1 where a point is covered::

    min sum_j c_j x_j    sum_i w_i y_i >= share * W    sum_{i in z} w_i y_i >= each * W_z    y_i <= sum_j a_ji x_j

Iterated greedy gives an incumbent and a linear program the bound; reduced costs fix options; branch and bound closes the gap.

References
----------
Toregas, Swain, ReVelle & Bergman (1971), Operations Research 19(6):1363-1373, https://doi.org/10.1287/opre.19.6.1363 (set covering)
Daskin & Owen (1999), Geographical Analysis 31(3):217-235, https://doi.org/10.1111/j.1538-4632.1999.tb00980.x (partial set covering)
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import block_array, csr_array

from geoplan.siting.solve.constraints import nearest
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, Solved, solve
from geoplan.siting.solve.presolve import merged
from geoplan.siting.solve.problems import (
    Answer,
    CoverageProblem,
    Floats,
    Ints,
    Step,
    Stopped,
    ended,
    no_answer,
)
from geoplan.siting.solve.set_cover import (
    Model,
    Needs,
    ResidualCover,
    asked,
    first_answer,
    groups,
    identity,
    met,
    missing,
    model,
    reachable,
    residual_cover,
    share_tolerance,
    short,
    weighted,
    with_bounds,
)
from geoplan.siting.solve.tolerance import PROOF, SOLVER_TOLERANCE
from geoplan.words.errors import Note

#: HiGHS may miss a row by its tolerance, and count each point by as much too many: three times its tolerance.
LOOSE = 3 * SOLVER_TOLERANCE


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found: `bound` is a lower bound on the cost; `chosen` is None without an answer."""

    state: Literal["found", "infeasible", "none"]
    chosen: Ints | None
    bound: float
    stopped: Stopped = ""
    nodes: int = 0


def cheapest(question: ResidualCover, *, control: SearchControl) -> Found:
    """Return the cheapest options that meet the needs of `question`, with a bound, within the search limits."""
    best = first_answer(question, control=control)
    built = model(question)
    bound = float(question.constraints.cost[question.fixed].sum())
    loose = solve(built.linear, control=control, relax=True)
    if loose.state == "infeasible":
        return Found("infeasible", None, np.inf)
    if loose.state != "optimal" or loose.x is None:
        return Found("none" if best is None else "found", best, bound, control.stopped() or loose.stopped)
    bound = max(bound, rounded_up(question.constraints.cost, loose.bound))
    guided = first_answer(question, favour=0.01 + loose.x[: len(question.constraints)], control=control)
    best = _cheaper(question, best, guided)
    if best is not None:
        control.listen(cost_of(question, best), bound)
    if best is not None and _closed(cost_of(question, best), bound, 0.0):
        return Found("found", best, bound)
    stopped = control.stopped()
    if stopped or (best is not None and _closed(cost_of(question, best), bound, control.gap)):
        return Found("none" if best is None else "found", best, bound, stopped or "gap")
    return _branched(question, built, loose, best, control=control)


def rounded_up(cost: Floats, bound: float) -> float:
    """Return the least sum of whole costs that is not below `bound`; `bound` itself where costs are not whole.

    Examples
    --------
    >>> rounded_up(np.array([1.0, 1.0]), 3.2), rounded_up(np.array([20.0, 50.0]), 41.0), rounded_up(np.array([0.5, 1.0]), 0.7)
    (4.0, 50.0, 0.7)
    """
    costly = cost[cost > 0]
    if (
        not np.isfinite(bound)
        or not len(costly)
        or (costly != np.round(costly)).any()
        or costly.max() > 2**53
    ):
        return bound
    step = float(np.gcd.reduce(costly.astype(np.int64)))
    return step * float(np.ceil((bound - PROOF * max(1.0, abs(bound))) / step))


def cost_of(question: ResidualCover, chosen: Ints) -> float:
    """Return the cost of `chosen`."""
    return float(question.constraints.cost[chosen].sum())


def _branched(
    question: ResidualCover, built: Model, loose: Solved, best: Ints | None, *, control: SearchControl
) -> Found:
    linear, n, start = built.linear, len(question.constraints), None
    if best is not None and loose.reduced is not None:
        # variable fixing: an option whose reduced cost lifts the bound above the incumbent is in no answer as good; and vice versa
        spare = cost_of(question, best) - loose.objective + PROOF * max(1.0, abs(loose.objective))
        reduced = loose.reduced[:n]
        linear = with_bounds(linear, out=reduced > spare, into=-reduced > spare)
        start = built.filled(best)
    tree = solve(linear, control=control, start=start)
    if tree.state == "infeasible":
        # with an incumbent only rounding can say so
        lost = Found("infeasible", None, np.inf, nodes=tree.nodes)
        return lost if best is None else Found("found", best, loose.bound, "gap", tree.nodes)
    bound = max(rounded_up(question.constraints.cost, max(loose.bound, tree.bound)), 0.0)
    if tree.x is not None:
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if not met(question, chosen):
            stricter, more = _tightened(question, best, control=control)
            best, tree = _cheaper(question, best, stricter), replace(tree, nodes=tree.nodes + more)
        else:
            best = _cheaper(question, chosen, best)
    if best is None:
        return Found("none", None, bound, tree.stopped, tree.nodes)
    closed = _closed(cost_of(question, best), bound, 0.0)
    return Found("found", best, bound, "" if closed else tree.stopped or "gap", tree.nodes)


def _tightened(
    question: ResidualCover, best: Ints | None, *, control: SearchControl
) -> tuple[Ints | None, int]:
    # the solver's tolerance counted as people: require a little more than the needs
    inside = question.zone >= 0
    zones = np.bincount(question.zone[inside], question.weight[inside], minlength=len(question.needs.zone))
    total = float(question.weight.sum())
    needs = Needs(
        min(total, question.needs.total + LOOSE * (1.0 + total)),
        np.where(
            question.needs.zone > 0, np.minimum(zones, question.needs.zone + LOOSE * (1.0 + zones)), -np.inf
        ),
    )
    strict = replace(question, needs=needs)
    built = model(strict)
    start = built.filled(best) if best is not None and met(strict, best) else None
    tree = solve(built.linear, control=control, start=start)
    if tree.x is None:
        return None, tree.nodes
    chosen = np.flatnonzero(tree.x[: len(question.constraints)] > 0.5)
    return (chosen if met(question, chosen) else None), tree.nodes


def _cheaper(question: ResidualCover, one: Ints | None, other: Ints | None) -> Ints | None:
    if one is None or other is None:
        return other if one is None else one
    return other if cost_of(question, other) < cost_of(question, one) else one


def _closed(objective: float, bound: float, gap: float) -> bool:
    return objective - bound <= max(PROOF * max(1.0, abs(objective)), gap * abs(objective))


def nearest_within(problem: CoverageProblem, needs: Needs, *, control: SearchControl) -> tuple[Note, ...]:
    """Return the note on the nearest selection to `needs`: people missing, zones short.

    People missing are summed over all needs: of all people, and of each zone. Where the constraints contradict one another, the
    notes name them instead.
    """
    nothing = Needs(-np.inf, np.full(len(needs.zone), -np.inf))
    left = missing(problem, needs)
    question = residual_cover(problem, nothing)
    member, asks = groups(question, left)
    constraints, n, k, g = problem.constraints, len(problem.constraints), len(question.weight), len(asks)
    # u of each need is met, at most the need and at most the people covered
    rows = block_array(
        [
            [
                csr_array(constraints.rows),
                csr_array((constraints.rows.shape[0], k)),
                csr_array((constraints.rows.shape[0], g)),
            ],
            [csr_array(question.covers.T), -identity(k), csr_array((k, g))],
            [csr_array((g, n)), weighted(member, question.weight), -identity(g)],
        ]
    )
    linear = Linear(
        np.concatenate([np.zeros(n + k), -np.ones(g)]),
        np.zeros(n + k + g),
        np.concatenate([question.possible.astype(float), np.ones(k), asks]),
        csr_array(rows),
        np.concatenate([constraints.least, np.zeros(k + g)]),
        np.concatenate([constraints.most, np.full(k + g, np.inf)]),
        np.concatenate([np.ones(n, bool), np.zeros(k + g, bool)]),
    )
    tree = solve(linear, control=control)
    if tree.state == "infeasible":
        return nearest(constraints, control=control)
    if tree.x is None:
        return (Note.of("siting_share_nearest_unknown", severity="error"),)
    covered = problem.covered(np.flatnonzero(tree.x[:n] > 0.5))
    total, zones = short(problem, needs, covered)
    lacks = missing(problem, needs)
    note = Note.of(
        "siting_share_not_within",
        severity="error",
        people=f"{max(0.0, float(asks.sum()) + tree.objective):,.0f}",
        least=f"{max(0.0, float(asks.sum()) + tree.bound):,.0f}",
        zones=int(zones.sum()),
        asked=int((lacks.zone > 0).sum()) + int(total and not zones.any()),
    )
    return (note,)


def fewest(
    problem: CoverageProblem,
    *,
    share: float | None = None,
    min_share_per_community: float | None = None,
    control: SearchControl,
    merge: bool = True,
    as_far_as_possible: bool = True,
) -> Answer:
    """Return the cheapest options that cover `share` of all people and `each` of every zone's people.

    Parameters
    ----------
    problem
        Who is covered by which option; a cost of 1 each counts sites.
    share
        Part of all people to be covered, 0-1, those that what exists covers among them; None: not asked.
    min_share_per_community
        Part of each zone's people to be covered, 0-1; None: not asked. Zones without people ask nothing.
    control
        Search limits, progress callback and interrupt.
    merge
        False solves the problem as given, nothing merged or dropped beforehand.
    as_far_as_possible
        True lowers a share that all options together cannot reach to what they reach, zone by zone, with a note. False gives no
        answer then.

    Returns
    -------
    answer
        One step, ``cost``. ``infeasible`` where the shares are out of reach, or the choice does not let them be reached; the note
        says what is nearest.

    Raises
    ------
    ValueError
        If neither share is asked, or one is not within 0-1.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(3), csr_array((0, 3)), np.empty(0), np.empty(0))
    >>> covers = csr_array([[1.0, 1, 0], [0, 1, 1], [0, 0, 1]])
    >>> people = CoverageProblem(free, covers, np.array([10.0, 30, 60]), np.zeros(3, bool), np.zeros(3, int))
    >>> fewest(people, share=0.9, control=SearchControl()).chosen.tolist(), fewest(people, share=1, control=SearchControl()).chosen.tolist()
    ([1], [0, 1])
    """
    _check(share, min_share_per_community)
    needs = asked(problem, share=share, min_share_per_community=min_share_per_community)
    within = reachable(problem)
    rounding = share_tolerance(problem)
    total_short = within.total < needs.total - rounding.total
    zones_short = within.zone < needs.zone - rounding.zone
    notes = _beyond_reach(
        problem, needs, within, share=share, min_share_per_community=min_share_per_community
    )
    if notes and not as_far_as_possible:
        return no_answer(*(replace(note, severity="error") for note in notes))
    needs = Needs(
        within.total if total_short else needs.total, np.where(zones_short, within.zone, needs.zone)
    )
    found = _searched(problem, needs, control=control, merge=merge)
    if found.chosen is None:
        if found.state != "infeasible":
            return no_answer(*notes, status="none", stopped=found.stopped)
        return no_answer(*notes, *nearest_within(problem, needs, control=control))
    if not meets(problem, found.chosen, needs):
        raise RuntimeError("a choice that a search returned misses what was asked")
    objective = recount(problem, found.chosen)
    step = Step("cost", "min", objective, min(objective, found.bound))
    return ended(
        found.chosen, (step,), objective, stopped=found.stopped, nodes=found.nodes, notes=tuple(notes)
    )


def recount(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the cost of `chosen`, summed from the choice as given."""
    return float(np.sum(problem.constraints.cost[chosen]))


def meets(problem: CoverageProblem, chosen: Ints, needs: Needs) -> bool:
    """Return whether `chosen` may be chosen and meet `needs`, counted on the problem as given."""
    total, zones = short(problem, needs, problem.covered(chosen))
    return problem.constraints.allows(chosen) and not total and not zones.any()


def _searched(problem: CoverageProblem, needs: Needs, *, control: SearchControl, merge: bool) -> Found:
    left = missing(problem, needs)
    if not merge:
        return cheapest(residual_cover(problem, left), control=control)
    # zones without a need of their own do not keep points apart
    small = merged(problem, by_zone=bool((left.zone > 0).any()), drop_dominated=True)
    found = cheapest(residual_cover(small.problem, left), control=control)
    return found if found.chosen is None else replace(found, chosen=small.back(found.chosen))


def _check(share: float | None, min_share_per_community: float | None) -> None:
    if share is None and min_share_per_community is None:
        raise ValueError("a share of all people or of each zone's people must be asked")
    for part in (share, min_share_per_community):
        if part is not None and not 0.0 <= part <= 1.0:
            raise ValueError(f"a share must be within 0-1; got {part}")


def _beyond_reach(
    problem: CoverageProblem,
    needs: Needs,
    within: Needs,
    *,
    share: float | None,
    min_share_per_community: float | None,
) -> list[Note]:
    rounding = share_tolerance(problem)
    notes = []
    if share is not None and within.total < needs.total - rounding.total:
        reached = within.total / float(problem.weight.sum())
        notes.append(Note.of("siting_share_beyond", asked=f"{share:.1%}", reached=f"{reached:.1%}"))
    zones_short = within.zone < needs.zone - rounding.zone
    if min_share_per_community is not None and zones_short.any():
        people = asked(problem, share=None, min_share_per_community=1.0).zone
        notes.append(
            Note.of(
                "siting_zones_beyond",
                asked=f"{min_share_per_community:.1%}",
                short=int(zones_short.sum()),
                zones=int((people > 0).sum()),
            )
        )
    return notes
