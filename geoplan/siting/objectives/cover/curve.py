"""What each number of sites would cover, and what none could cover more than: the gain curve."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, vstack

from geoplan.siting.objectives.cover.search import search
from geoplan.siting.objectives.cover.solve import people_covered
from geoplan.siting.objectives.cover.start import silent
from geoplan.siting.problems import CoverageProblem, Floats, Ints, SelectionConstraints
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.greedy import greedy, swap
from geoplan.siting.solve.presolve import merged

#: Each number is searched to this gap, and through this many nodes at most: a curve is looked at, an answer is proven.
GAP, NODES = 0.005, 1


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
        do, and what bounds more bounds fewer. NaN and inf where the rows allow no answer (or none was found before the stop).

    Examples
    --------
    >>> constraints = SelectionConstraints(np.ones(3), csr_array((0, 3)), np.empty(0), np.empty(0))
    >>> covers = csr_array(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]]))
    >>> cover = CoverageProblem(constraints, covers, np.array([3.0, 4.0, 5.0]), np.zeros(3, bool), np.full(3, -1))
    >>> cover_curve(cover, [0, 1, 2], control=SearchControl())
    (array([ 0.,  9., 12.]), array([ 0.,  9., 12.]))
    """
    small = merged(_numbered(problem, len(problem.constraints)))
    people, bound = np.full(len(sites), np.nan), np.full(len(sites), float(small.problem.weight.sum()))
    order = np.argsort(np.asarray(sites), kind="stable")
    chosen = np.empty(0, np.int64)
    for i in order:
        if control.stopped() not in ("", "nodes"):
            break
        now = _with_number(small.problem, int(sites[i]))
        first = _first(now, chosen, control)
        if first is None:
            continue
        brief = replace(control, gap=max(GAP, control.gap), nodes=NODES, listen=silent)
        found = search(now, first, base=small.base, control=brief)
        chosen, people[i], bound[i] = found.chosen, found.people, found.bound
    # more sites cover no less, fewer no more
    people[order] = np.fmax.accumulate(people[order])
    bound[order] = np.minimum.accumulate(bound[order][::-1])[::-1]
    # sums in another order differ by a hair
    bound = np.where(np.isnan(people), np.inf, np.fmax(bound, people))
    return people + small.base, bound + small.base


def _numbered(problem: CoverageProblem, number: int) -> CoverageProblem:
    """Return the problem with a last row that limits the number of options."""
    constraints, n = problem.constraints, len(problem.constraints)
    rows = csr_array(vstack([constraints.rows, csr_array(np.ones((1, n)))]))
    more = SelectionConstraints(
        constraints.cost, rows, np.r_[constraints.least, 0.0], np.r_[constraints.most, float(number)]
    )
    return replace(problem, constraints=more)


def _with_number(problem: CoverageProblem, number: int) -> CoverageProblem:
    most = problem.constraints.most.copy()
    most[-1] = number
    return replace(problem, constraints=replace(problem.constraints, most=most))


def _first(problem: CoverageProblem, before: Ints, control: SearchControl) -> Ints | None:
    """Return the better of two choices after exchanges: begun anew, and begun from what fewer sites chose."""
    found = [one for one in (greedy(problem), greedy(problem, start=before)) if one.feasible]
    if not found:
        return None
    swapped = [swap(problem, one.order, control=control) for one in found]
    return max(swapped, key=lambda chosen: people_covered(problem, chosen))
