"""Least walking: the p-median and its kin under any limits, with proof."""

from geoplan.siting.solve.assignment import assignment_arrays
from geoplan.siting.solve.branch_and_cut import searched
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import Answer, DistanceProblem, Step, ended
from geoplan.words.errors import Note


def median(problem: DistanceProblem, *, control: SearchControl) -> Answer:
    """Return the selection with the least walking in all.

    ``min sum_k weight_k * min(now_k, beyond, min_{j chosen} seconds_jk)`` under the limits of the choice.

    Parameters
    ----------
    problem
        The question.
    control
        Search limits, progress callback and interrupt.

    Returns
    -------
    answer
        One step, ``person_seconds``: objective and bound in people x seconds. A note counts the people who reach neither an existing
        facility nor a chosen option within `cutoff_seconds`.

    References
    ----------
    Hakimi (1964), Operations Research 12(3):450-459, https://doi.org/10.1287/opre.12.3.450

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> one = SelectionConstraints(np.ones(2), csr_array(np.ones((1, 2))), np.zeros(1), np.ones(1))
    >>> walks = csr_array(np.array([[60.0, 300.0], [240.0, 90.0]]))
    >>> ask = DistanceProblem(one, walks, np.array([5.0, 2.0]), np.full(2, np.inf), 3600.0, np.full(2, -1))
    >>> found = median(ask, control=SearchControl())
    >>> found.status, found.chosen.tolist(), found.objective
    ('optimal', [0], 900.0)
    """
    found = searched(assignment_arrays(problem), control=control)
    if isinstance(found, Answer):
        return found
    chosen = problem.without_idle(found.chosen)
    steps = (Step("person_seconds", "min", found.objective, found.bound),)
    recount = float(problem.weight @ problem.seconds_with(chosen))
    out = ~problem.reached(chosen) & (problem.weight > 0)
    beyond = Note.of(
        "median_beyond",
        severity="info",
        people=round(float(problem.weight[out].sum())),
        points=int(out.sum()),
        minutes=round(problem.cutoff_seconds / 60, 1),
    )
    notes = (beyond,) if out.any() else ()
    return ended(chosen, steps, recount, stopped=found.stopped, nodes=found.nodes, notes=notes)
