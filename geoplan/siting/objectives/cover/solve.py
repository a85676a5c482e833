"""Maximal covering: the most people within reach of the options chosen, with proof, and the gain curve.

A cover is a median in which who is covered walks 0 and all others 1: the branch and cut of `solve` answers both.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, vstack

from geoplan.siting.solve.assignment import assignment_arrays
from geoplan.siting.solve.branch_and_cut import searched
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.presolve import merged
from geoplan.siting.solve.problems import (
    Answer,
    CoverageProblem,
    Floats,
    Ints,
    SelectionConstraints,
    Step,
    ended,
)


def max_cover(problem: CoverageProblem, *, control: SearchControl) -> Answer:
    """Return the selection that covers most people under the constraints.

    In the words of Church & ReVelle, with points already covered counted::

        max sum_k w_k y_k    y_k <= sum of x_j that cover k,  least <= rows x <= most,  x_j in {0, 1},  0 <= y_k <= 1

    Options that cover no further people are selected only where a constraint requires them.

    Parameters
    ----------
    problem
        Who is covered by which option. Options from a phase on have their points once for each phase.
    control
        Search limits, progress callback and interrupt.

    Returns
    -------
    answer
        One step, ``people``. Optimal only where answer and bound meet (`Step.gap`). Without an answer the notes name the constraints
        violated, and by how much.

    References
    ----------
    Church & ReVelle (1974), The maximal covering location problem, Papers of the Regional Science Association 32(1):101-118,
    https://doi.org/10.1007/BF01942293

    Examples
    --------
    >>> constraints = SelectionConstraints(np.ones(3), csr_array(np.ones((1, 3))), np.zeros(1), np.array([2.0]))
    >>> covers = csr_array(np.array([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]]))
    >>> cover = CoverageProblem(constraints, covers, np.array([2.0, 3.0, 3.0, 2.0]), np.zeros(4, bool), np.full(4, -1))
    >>> answer = max_cover(cover, control=SearchControl())
    >>> answer.status, answer.chosen, answer.objective
    ('optimal', array([1, 2]), 10.0)
    """
    small = merged(problem)
    people = small.base + float(small.problem.weight.sum())
    told = control.heard_as(lambda left, least: control.listen(people - left, people - least))
    found = searched(assignment_arrays(small.problem.as_walks()), control=told, total=people)
    if isinstance(found, Answer):
        return found
    chosen = problem.as_walks().without_idle(small.back(found.chosen))
    steps = (Step("people", "max", people - found.objective, people - found.bound),)
    return ended(chosen, steps, problem.people_covered(chosen), stopped=found.stopped, nodes=found.nodes)


#: Each number of sites is answered to this gap or to the bound of the prices: a curve is looked at, an answer is proven.
CURVE_GAP = 0.005


def cover_curve(
    problem: CoverageProblem, sites: Sequence[int], *, control: SearchControl
) -> tuple[Floats, Floats]:
    """Return the people covered and a bound for each number of sites: quick, each to a small gap and not to the proof.

    Parameters
    ----------
    problem
        Who is covered by which option; its rows without the number of sites, which is added here.
    sites
        Numbers of options, >= 0, in any order.
    control
        After a stop the rest of the curve is what is known by then.

    Returns
    -------
    people, bound
        In the order of `sites`, both with those already covered. Neither falls as the number grows: what fewer sites cover more
        do, and what bounds more bounds fewer. NaN and inf where no selection is feasible (or none was found before the stop).

    Examples
    --------
    >>> constraints = SelectionConstraints(np.ones(3), csr_array((0, 3)), np.empty(0), np.empty(0))
    >>> covers = csr_array(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]]))
    >>> cover = CoverageProblem(constraints, covers, np.array([3.0, 4.0, 5.0]), np.zeros(3, bool), np.full(3, -1))
    >>> cover_curve(cover, [0, 1, 2], control=SearchControl())
    (array([ 0.,  9., 12.]), array([ 0.,  9., 12.]))
    """
    constraints, n = problem.constraints, len(problem.constraints)
    rows = csr_array(vstack([constraints.rows, csr_array(np.ones((1, n)))]))
    least, most = np.append(constraints.least, 0.0), np.append(constraints.most, float(n))
    numbered = SelectionConstraints(constraints.cost, rows, least, most)
    small = merged(replace(problem, constraints=numbered))
    arrays, total = assignment_arrays(small.problem.as_walks()), float(small.problem.weight.sum())
    brief = replace(control.silent(), gap=max(CURVE_GAP, control.gap), nodes=0)
    people, bound = np.full(len(sites), np.nan), np.full(len(sites), total)
    order = np.argsort(np.asarray(sites), kind="stable")
    start: Ints | None = None
    for i in order:
        if control.stopped():
            break
        limits = replace(arrays.constraints, most=np.append(constraints.most, float(sites[i])))
        limited = replace(arrays, constraints=limits)
        found = searched(limited, control=brief, start=start, total=total + small.base)
        if not isinstance(found, Answer):
            start, people[i], bound[i] = found.chosen, total - found.objective, total - found.bound
    # more sites cover no less, fewer no more
    people[order] = np.fmax.accumulate(people[order])
    bound[order] = np.minimum.accumulate(bound[order][::-1])[::-1]
    # sums in another order differ by rounding
    bound = np.where(np.isnan(people), np.inf, np.fmax(bound, people))
    return people + small.base, bound + small.base
