"""Fewest (or cheapest) sites that cover a share of all people, or of each zone's people: set covering, whole or partial.

With ``x`` = 1 where an option is chosen and ``y`` = 1 where a point is covered::

    min sum_j c_j x_j    sum_i w_i y_i >= share * W    sum_{i in z} w_i y_i >= each * W_z    y_i <= sum_j a_ji x_j

A greedy selection without what it can spare is the start; HiGHS does the rest.

References
----------
Toregas, Swain, ReVelle & Bergman (1971), Operations Research 19(6):1363-1373, https://doi.org/10.1287/opre.19.6.1363 (set covering)
Daskin & Owen (1999), Geographical Analysis 31(3):217-235, https://doi.org/10.1111/j.1538-4632.1999.tb00980.x (partial set covering)
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array

from geoplan.siting.solve.assignment import assignment_arrays, improved
from geoplan.siting.solve.constraints import nearest
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.presolve import merged
from geoplan.siting.solve.problems import (
    Answer,
    Bools,
    CoverageProblem,
    Floats,
    Ints,
    Step,
    ended,
    entries_of,
    no_answer,
)
from geoplan.siting.solve.set_cover import (
    Needs,
    ResidualCover,
    by_zone,
    groups,
    met,
    missing,
    model,
    reachable,
    residual_cover,
    share_tolerance,
    started,
    zone_people,
    zone_sums,
)
from geoplan.siting.solve.tolerance import PROOF, SOLVER_TOLERANCE
from geoplan.words.catalogue import Phrase
from geoplan.words.errors import Note


def fewest(
    problem: CoverageProblem,
    *,
    share: float | None = None,
    min_share_per_community: float | None = None,
    control: SearchControl,
) -> Answer:
    """Return the cheapest options that cover `share` of all people and `min_share_per_community` of every zone's people.

    A share that all options together cannot reach is lowered to what they reach, zone by zone, with a note.

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

    Returns
    -------
    answer
        One step, ``cost``. Where the constraints do not let the shares be reached the nearest selection: steps ``people_missing``,
        summed over all needs, and ``cost``. `Answer.short` says what is reached instead of what was asked. ``infeasible`` where the
        constraints contradict one another.

    Raises
    ------
    ValueError
        If neither share is asked, or one is not within 0-1.

    Examples
    --------
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(3), csr_array((0, 3)), np.empty(0), np.empty(0))
    >>> covers = csr_array([[1.0, 1, 0], [0, 1, 1], [0, 0, 1]])
    >>> people = CoverageProblem(free, covers, np.array([10.0, 30, 60]), np.zeros(3, bool), np.zeros(3, int))
    >>> fewest(people, share=0.9, control=SearchControl()).chosen.tolist(), fewest(people, share=1, control=SearchControl()).chosen.tolist()
    ([1], [0, 1])
    """
    if share is None and min_share_per_community is None:
        raise ValueError("a share of all people or of each zone's people must be asked")
    for part in (share, min_share_per_community):
        if part is not None and not 0.0 <= part <= 1.0:
            raise ValueError(f"a share must be within 0-1; got {part}")
    asked = _asked(problem, share, min_share_per_community)
    needs, notes = _within_reach(problem, asked, share, min_share_per_community)
    left = missing(problem, needs)
    # zones without a need of their own do not keep points apart
    small = merged(problem, by_zone=bool((left.zone > 0).any()))
    arrays = assignment_arrays(small.problem.as_walks())
    most = improved(arrays, np.empty(0, np.int64), rounds=0)
    found = _cheapest(residual_cover(small.problem, left), most, control=control)
    if found.status == "infeasible":
        found = _nearest_within(problem, needs, control=control)
        found = replace(found, short=_short(problem, found, asked, "siting_short_limits"))
        return replace(found, notes=(*notes, *found.notes))
    if not found.steps:
        return replace(found, notes=notes)
    chosen = small.back(found.chosen)
    if not meets(problem, chosen, needs):
        raise RuntimeError("a choice that a search returned misses what was asked")
    recount = float(problem.constraints.cost[chosen].sum())
    found = replace(found, chosen=chosen, recount=recount, notes=notes)
    return replace(found, short=_short(problem, found, asked, "siting_short_reach"))


def _asked(problem: CoverageProblem, share: float | None, each: float | None) -> Needs:
    """Return the people that the shares amount to."""
    people, total = zone_people(problem), float(problem.weight.sum())
    return Needs(
        -np.inf if share is None else share * total,
        np.full(len(people), -np.inf) if each is None else each * people,
    )


def _short(problem: CoverageProblem, answer: Answer, asked: Needs, code: str) -> Phrase | None:
    """Return what was asked and what the answer reaches instead; None where it meets all, or there is none."""
    if not answer.steps:
        return None
    covered, rounding, people = problem.covered(answer.chosen), share_tolerance(problem), zone_people(problem)
    total, reached = float(problem.weight.sum()), float(problem.weight[covered].sum())
    short = zone_sums(problem, covered) < asked.zone - 1.001 * rounding.zone
    parts = []
    if reached < asked.total - 1.001 * rounding.total:
        # never rounded up to what is asked
        shown = f"{np.floor(1000 * reached / total) / 10:.1f}%"
        parts.append(
            Phrase("siting_short_share", {"asked": f"{100 * asked.total / total:g}%", "reached": shown})
        )
    if short.any():
        each = float(
            np.nanmax(np.divide(asked.zone, people, out=np.full(len(people), np.nan), where=people > 0))
        )
        counts = {"short": int(short.sum()), "zones": int((people > 0).sum())}
        parts.append(Phrase("siting_short_zones", {"asked": f"{100 * each:g}%", **counts}))
    return Phrase(code, {"parts": tuple(parts)}) if parts else None


def _within_reach(
    problem: CoverageProblem, needs: Needs, share: float | None, each: float | None
) -> tuple[Needs, tuple[Note, ...]]:
    """Return the needs, no more than can be reached, and notes on what cannot."""
    people, total = zone_people(problem), float(problem.weight.sum())
    within, rounding = reachable(problem), share_tolerance(problem)
    total_short = within.total < needs.total - rounding.total
    zones_short = within.zone < needs.zone - rounding.zone
    notes = []
    if total_short:
        reached = within.total / total
        notes.append(Note.of("siting_share_beyond", asked=f"{share:.1%}", reached=f"{reached:.1%}"))
    if zones_short.any():
        short, zones = int(zones_short.sum()), int((people > 0).sum())
        notes.append(Note.of("siting_zones_beyond", asked=f"{each:.1%}", short=short, zones=zones))
    zone = np.where(zones_short, within.zone, needs.zone)
    return Needs(within.total if total_short else needs.total, zone), tuple(notes)


def meets(problem: CoverageProblem, chosen: Ints, needs: Needs) -> bool:
    """Return whether `chosen` are allowed and meet `needs`, counted on the problem as given."""
    covered, rounding = problem.covered(chosen), share_tolerance(problem)
    # a little looser than the model, whose sums run in another order
    total = float(problem.weight[covered].sum()) >= needs.total - 1.001 * rounding.total
    zones = (zone_sums(problem, covered) >= needs.zone - 1.001 * rounding.zone).all()
    return problem.constraints.allows(chosen) and bool(total and zones)


def _cheapest(question: ResidualCover, start: Ints, *, control: SearchControl) -> Answer:
    """Return the cheapest options that meet the needs of `question`, with a bound; `start` are used if they meet them."""
    cost, n = question.constraints.cost, len(question.constraints)
    best = _pruned(question, start) if met(question, start) else None
    bound, nodes, stopped = 0.0, 0, control.stopped()
    if not stopped:
        linear = model(question)
        tree = solve(linear, control=control, start=None if best is None else started(linear, best, n))
        nodes, stopped = tree.nodes, tree.stopped
        if tree.state == "infeasible" and best is None:
            return no_answer()
        if np.isfinite(tree.bound):  # with an incumbent only rounding can say that there is none
            bound = max(bound, rounded_up(cost, tree.bound))
        if tree.x is not None:
            chosen = np.flatnonzero(tree.x[:n] > 0.5)
            better = chosen if met(question, chosen) else _stricter(question, control)
            if better is not None and (best is None or cost[better].sum() < cost[best].sum()):
                best = better
    stopped = control.stopped() or stopped or "gap"
    if best is None:
        return no_answer(stopped=stopped)
    objective = float(cost[best].sum())
    control.listen(objective, min(objective, bound))
    step = Step("cost", "min", objective, min(objective, bound))
    return ended(best, (step,), objective, stopped=stopped, nodes=nodes)


def _pruned(question: ResidualCover, chosen: Ints) -> Ints:
    """Return a selection without options that needs and constraints can spare, the dearest first."""
    weight, zone, needs, constraints = question.weight, question.zone, question.needs, question.constraints
    times = np.bincount(question.covers[chosen].indices, minlength=len(weight))
    hit = weight * (times > 0)
    spare = float(hit.sum()) - needs.total
    spare_zone = by_zone(hit, zone, len(needs.zone)) - needs.zone
    kept = set(chosen.tolist())
    for j in chosen[np.lexsort((-chosen, -constraints.cost[chosen]))].tolist():
        points = entries_of(question.covers, j)[0]
        alone = points[times[points] == 1]
        lost, lost_zone = (
            float(weight[alone].sum()),
            by_zone(weight[alone], zone[alone], len(needs.zone)),
        )
        if lost > spare or (lost_zone > np.maximum(spare_zone, 0.0)).any():
            continue
        if constraints.allows(np.array(sorted(kept - {j}), np.int64)):
            kept.discard(j)
            times[points] -= 1
            spare, spare_zone = spare - lost, spare_zone - lost_zone
    return np.array(sorted(kept), np.int64)


def rounded_up(cost: Floats, bound: float) -> float:
    """Return the least sum of whole costs that is not below `bound`; `bound` itself where costs are not whole.

    Examples
    --------
    >>> rounded_up(np.array([1.0, 1.0]), 3.2), rounded_up(np.array([20.0, 50.0]), 41.0), rounded_up(np.array([0.5, 1.0]), 0.7)
    (4.0, 50.0, 0.7)
    """
    costly = cost[cost > 0]
    if not len(costly) or (costly != np.round(costly)).any() or costly.max() > 2**53:
        return bound
    step = float(np.gcd.reduce(costly.astype(np.int64)))
    return step * float(np.ceil((bound - PROOF * max(1.0, abs(bound))) / step))


#: HiGHS may miss a row by its tolerance, and count each point by as much too many: three times its tolerance.
LOOSE = 3 * SOLVER_TOLERANCE


def _stricter(question: ResidualCover, control: SearchControl) -> Ints | None:
    """Return the cheapest options for needs that are larger by the solver's tolerance, counted as people; None without any."""
    zones, total = (
        by_zone(question.weight, question.zone, len(question.needs.zone)),
        float(question.weight.sum()),
    )
    more = np.minimum(zones, question.needs.zone + LOOSE * (1.0 + zones))
    needs = Needs(
        min(total, question.needs.total + LOOSE * (1.0 + total)),
        np.where(question.needs.zone > 0, more, -np.inf),
    )
    tree = solve(model(replace(question, needs=needs)), control=control)
    chosen = None if tree.x is None else np.flatnonzero(tree.x[: len(question.constraints)] > 0.5)
    return chosen if chosen is not None and met(question, chosen) else None


def _nearest_within(problem: CoverageProblem, needs: Needs, *, control: SearchControl) -> Answer:
    """Return the nearest selection to `needs`: fewest people missing, summed over all needs, then the least cost.

    Where the constraints contradict one another there is none, and the notes name them.
    """
    small = merged(problem, by_zone=True)
    question = residual_cover(small.problem, missing(problem, needs))
    counts, asks = groups(question)
    constraints, g = question.constraints, len(asks)
    n, k = question.covers.shape
    # u of each need is met, at most the need and at most the people covered
    rows = block_array(
        [
            [csr_array(constraints.rows), None, csr_array((constraints.rows.shape[0], g))],
            [csr_array(question.covers.T), -eye_array(k), None],
            [csr_array((g, n)), counts, -eye_array(g)],
        ]
    )
    linear = Linear(
        np.concatenate([np.zeros(n + k), -np.ones(g)]),
        np.zeros(n + k + g),
        np.concatenate([constraints.usable().astype(float), np.ones(k), asks]),
        csr_array(rows),
        np.concatenate([constraints.least, np.zeros(k + g)]),
        np.concatenate([constraints.most, np.full(k + g, np.inf)]),
        np.arange(n + k + g) < n,
    )
    tree = solve(linear, control=control.silent())
    if tree.state == "infeasible":
        return no_answer(*nearest(constraints, control=control))
    chosen = None if tree.x is None else np.flatnonzero(tree.x[:n] > 0.5)
    if chosen is None or not constraints.allows(chosen):
        unknown = Note.of("siting_share_nearest_unknown", severity="error")
        return no_answer(unknown, stopped=tree.stopped or "gap")
    # what is reached is held, and costs the least
    hit = np.zeros(k, bool)
    hit[question.covers[chosen].indices] = True
    had = by_zone(question.weight * hit, question.zone, len(question.needs.zone))
    reached = Needs(
        min(question.needs.total, float(question.weight[hit].sum())), np.minimum(question.needs.zone, had)
    )
    cheap = _cheapest(replace(question, needs=reached), chosen, control=control.after(tree.nodes))
    chosen = small.back(cheap.chosen)
    covered, asked = problem.covered(chosen), 1.001 * share_tolerance(problem).zone
    lacking, total = _lacking(problem, needs, covered), _lacking(problem, needs, problem.covered_by_existing)
    least = min(lacking, max(0.0, total + tree.bound)) if np.isfinite(tree.bound) else 0.0
    note = Note.of(
        "siting_share_not_within",
        severity="warning",
        people=f"{lacking:,.0f}",
        least=f"{least:,.0f}",
        zones=int((zone_sums(problem, covered) < needs.zone - asked).sum()),
        entries=" / ".join(
            name
            for name, is_asked in (
                ("share", needs.total > 0),
                ("min_share_per_community", (needs.zone > 0).any()),
            )
            if is_asked
        ),
    )
    steps = (Step("people_missing", "min", lacking, least), *cheap.steps)
    stopped = tree.stopped or cheap.stopped or "gap"
    nodes = tree.nodes + cheap.nodes
    return ended(chosen, steps, lacking, stopped=stopped, nodes=nodes, notes=(note,))


def _lacking(problem: CoverageProblem, needs: Needs, covered: Bools) -> float:
    """Return the people whom `covered` points lack of `needs`, summed over all needs."""
    total = max(0.0, needs.total - float(problem.weight[covered].sum()))
    return total + float(np.maximum(0.0, needs.zone - zone_sums(problem, covered)).sum())
