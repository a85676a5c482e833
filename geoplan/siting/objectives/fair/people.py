"""Most people covered among the choices that leave no compared zone below a floor."""

from dataclasses import replace

import numpy as np

from geoplan.siting.objectives.fair.swap import exchanged
from geoplan.siting.objectives.share.model import model, with_bounds
from geoplan.siting.objectives.share.open import Needs, covered_points, missing, opened
from geoplan.siting.objectives.share.search import met
from geoplan.siting.problems import PROOF, Answer, CoverageProblem, Ints, Step, Stopped, status_of
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import solve
from geoplan.siting.solve.presolve import merged


def most_people(
    problem: CoverageProblem, needs: Needs, start: Ints, *, control: SearchControl, merge: bool
) -> Answer:
    """Return the choice that meets `needs` and covers most people.

    Parameters
    ----------
    problem
        As given.
    needs
        People of each zone that have to be covered, those that what exists covers among them.
    start
        A choice that meets them.
    control, merge
        As in `fair.worst_off`.
    """
    small = merged(problem, by_zone=True, drop_dominated=True) if merge else None
    base, options = (
        (problem, np.arange(len(problem.constraints))) if small is None else (small.problem, small.options)
    )
    question = opened(base, missing(problem, needs))
    n = len(question.constraints)
    best = np.flatnonzero(np.isin(options, start))
    best = exchanged(question, best, control=control)
    built = model(question, people=True)
    # what exists, options that every answer holds, and points that no answer misses
    given = float(problem.weight[covered_points(problem, options[question.fixed])].sum()) + built.reward

    def people(chosen: Ints) -> float:
        return float(problem.weight[covered_points(problem, options[chosen])].sum())

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
    tree = solve(linear, control=_told(control, given), start=built.filled(best))
    if tree.x is not None:
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if met(question, chosen) and people(chosen) > people(best):
            best = chosen
    bound = min(bound, given - tree.bound) if tree.state != "infeasible" else bound
    return answer(best, bound, tree.stopped, tree.nodes)


def _told(control: SearchControl, given: float) -> SearchControl:
    def listen(objective: float, bound: float) -> None:
        control.listen(given - objective, given - bound)

    return replace(control, listen=listen)
