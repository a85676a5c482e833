"""Maximal covering: the most people within reach of what is chosen, with proof."""

import numpy as np

from geoplan.siting.choose.cover_search import search
from geoplan.siting.choose.cover_start import first_choice
from geoplan.siting.choose.merge import merged
from geoplan.siting.problems import Answer, Cover, Floats, Ints, Step, status_of
from geoplan.siting.watch import Watch


def people_covered(problem: Cover, chosen: Ints) -> float:
    """Return the people covered by what exists and by options chosen: a plain sum over all points."""
    covered = problem.already.copy()
    for j in chosen:
        covered[problem.covers.indices[problem.covers.indptr[j] : problem.covers.indptr[j + 1]]] = True
    return float(problem.weight[covered].sum())


def order_of_gain(problem: Cover, chosen: Ints) -> tuple[Ints, Floats]:
    """Return options chosen in the order in which each adds most, and what it adds, people."""
    order, gains = [], []
    left, covered = [int(j) for j in np.sort(chosen)], problem.already.copy()
    points = {
        j: problem.covers.indices[problem.covers.indptr[j] : problem.covers.indptr[j + 1]] for j in left
    }
    while left:
        adds = [float(problem.weight[points[j][~covered[points[j]]]].sum()) for j in left]
        best = int(np.argmax(adds))
        order.append(left.pop(best))
        gains.append(adds[best])
        covered[points[order[-1]]] = True
    return np.array(order, np.int64), np.array(gains, np.float64)


def max_cover(problem: Cover, *, watch: Watch, merge: bool = True) -> Answer:
    """Return the choice that covers most people."""
    small = merged(problem, drop_dominated=merge)
    first = first_choice(small.problem, watch=watch)
    if isinstance(first, Answer):
        return first
    found = search(small.problem, first, base=small.base, watch=watch)
    chosen = small.back(found.chosen)
    steps = (Step("people", "max", found.people + small.base, found.bound + small.base),)
    return Answer(
        status_of(steps),
        chosen,
        steps,
        recount=people_covered(problem, chosen),
        stopped=found.stopped,
        nodes=found.nodes,
        repeatable=found.stopped not in ("clock", "interrupt"),
    )
