"""Maximal covering: the most people within reach of what is chosen, with proof."""

import numpy as np

from geoplan.siting.objectives.cover.search import search
from geoplan.siting.objectives.cover.start import first_choice
from geoplan.siting.problems import Answer, CoverageProblem, Ints, Step, status_of
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.presolve import merged


def max_cover(problem: CoverageProblem, *, control: SearchControl, merge: bool = True) -> Answer:
    """Return the choice that covers most people, of all that the rows allow.

    In the words of Church & ReVelle, with points already covered counted::

        max sum_k w_k y_k    y_k <= sum of x_j that cover k,  least <= rows x <= most,  x_j in {0, 1},  0 <= y_k <= 1

    Points and options are merged, a greedy choice is bettered by exchanges, Lagrangian prices bound it and settle most options, and what
    is left is branched on or given to HiGHS. Options that add nobody are not chosen unless a row asks for them.

    Parameters
    ----------
    problem
        Who is covered by which option. Options from a phase on have their points once for each phase.
    control
        When to stop, whom to tell. A limit of 0 nodes ends the search after the root's bound.
    merge
        False keeps options that another betters: slower, with the same people covered.

    Returns
    -------
    answer
        One step, ``people``. Optimal only where answer and bound meet (`Step.gap`). Without an answer the notes say which row is missed
        by how much.

    References
    ----------
    Church & ReVelle (1974), The maximal covering location problem, Papers of the Regional Science Association 32(1):101-118,
    https://doi.org/10.1007/BF01942293

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.problems import SelectionConstraints
    >>> constraints = SelectionConstraints(np.ones(3), csr_array(np.ones((1, 3))), np.zeros(1), np.array([2.0]))
    >>> covers = csr_array(np.array([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]]))
    >>> cover = CoverageProblem(constraints, covers, np.array([2.0, 3.0, 3.0, 2.0]), np.zeros(4, bool), np.full(4, -1))
    >>> answer = max_cover(cover, control=SearchControl())
    >>> answer.status, answer.chosen, answer.objective
    ('optimal', array([1, 2]), 10.0)
    """
    small = merged(problem, drop_dominated=merge)
    first = first_choice(small.problem, control=control)
    if isinstance(first, Answer):
        return first
    found = search(small.problem, first, base=small.base, control=control, drop_dominated=merge)
    chosen = small.back(_needed(small.problem, found.chosen))
    steps = (Step("people", "max", found.people + small.base, found.bound + small.base),)
    status = status_of(steps)
    stopped = "" if status == "optimal" else found.stopped
    return Answer(
        status,
        chosen,
        steps,
        recount=people_covered(problem, chosen),
        stopped=stopped,
        nodes=found.nodes,
        repeatable=stopped not in ("clock", "interrupt"),
    )


def people_covered(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the people covered by what exists and by options chosen: a plain sum over all points."""
    covered = problem.covered_by_existing.copy()
    for j in chosen:
        covered[_points(problem, j)] = True
    return float(problem.weight[covered].sum())


def _points(problem: CoverageProblem, option: int) -> Ints:
    """Return the points that an option covers, each once."""
    pointer = problem.covers.indptr
    return np.unique(problem.covers.indices[pointer[option] : pointer[option + 1]])


def _needed(problem: CoverageProblem, chosen: Ints) -> Ints:
    """Return the options chosen without those that add nobody and that no row asks for, the dearest tried first."""
    times = np.bincount(problem.covers[chosen].indices, minlength=len(problem.weight))
    has = problem.constraints.rows[:, chosen].sum(axis=1)
    columns = problem.constraints.rows.tocsc()
    stays = set(chosen.tolist())
    for j in chosen[np.lexsort((-chosen, -problem.constraints.cost[chosen]))]:
        column = columns[:, [j]].toarray().ravel()
        here = _points(problem, j)
        if (times[here] > 1).all() and (
            has - column >= np.where(column > 0, problem.constraints.least, 0.0) - 1e-9
        ).all():
            stays.discard(int(j))
            times[here] -= 1
            has = has - column
    return np.array(sorted(stays), np.int64)
