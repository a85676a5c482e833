"""The cheapest options that meet a demand on coverage: start, linear bound, fixing by reduced costs, branch and bound."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from geoplan.siting.objectives.share.model import Model, model, with_bounds
from geoplan.siting.objectives.share.open import Needs, Open
from geoplan.siting.objectives.share.start import first_answer
from geoplan.siting.problems import PROOF, Floats, Ints, Stopped
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Solved, solve

#: HiGHS lets a row be missed by this much, and each point count by this much too many.
LOOSE = 3e-6


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found: `bound` is a lower bound on the cost; `chosen` is None without an answer."""

    state: Literal["found", "infeasible", "none"]
    chosen: Ints | None
    bound: float
    stopped: Stopped = ""
    nodes: int = 0


def cheapest(question: Open, *, control: SearchControl) -> Found:
    """Return the cheapest options that meet the needs of `question`, as far as `control` lets it be proven."""
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


def cost_of(question: Open, chosen: Ints) -> float:
    """Return the cost of `chosen`."""
    return float(question.constraints.cost[chosen].sum())


def met(question: Open, chosen: Ints) -> bool:
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


def _branched(
    question: Open, built: Model, loose: Solved, best: Ints | None, *, control: SearchControl
) -> Found:
    linear, n, start = built.linear, len(question.constraints), None
    if best is not None and loose.reduced is not None:
        # an option whose reduced cost lifts the bound above the best answer is in no answer as good; and the other way round
        spare = cost_of(question, best) - loose.objective + PROOF * max(1.0, abs(loose.objective))
        reduced = loose.reduced[:n]
        linear = with_bounds(linear, out=reduced > spare, into=-reduced > spare)
        start = built.filled(best)
    tree = solve(linear, control=control, start=start)
    if tree.state == "infeasible":
        # with an answer in hand only rounding can say so
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


def _tightened(question: Open, best: Ints | None, *, control: SearchControl) -> tuple[Ints | None, int]:
    # the tree let its rounding pass for people: ask for a little more than the needs
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


def _cheaper(question: Open, one: Ints | None, other: Ints | None) -> Ints | None:
    if one is None or other is None:
        return other if one is None else one
    return other if cost_of(question, other) < cost_of(question, one) else one


def _closed(objective: float, bound: float, gap: float) -> bool:
    return objective - bound <= max(PROOF * max(1.0, abs(objective)), gap * abs(objective))
