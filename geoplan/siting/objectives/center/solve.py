"""Least farthest walk: the p-center and its kin under any constraints, with proof.

Whether a selection brings everyone within a radius is a set covering problem: bisection over the radii.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array, csr_array

from geoplan.siting.solve.assignment import assignment_arrays, improved
from geoplan.siting.solve.constraints import first_choice
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.presolve import alike
from geoplan.siting.solve.problems import Answer, Bools, CoverageProblem, DistanceProblem, Ints, Step, ended
from geoplan.siting.solve.set_cover import Needs, ResidualCover, highest_level, residual_cover
from geoplan.words.catalogue import Phrase
from geoplan.words.errors import Note


def center(problem: DistanceProblem, *, control: SearchControl) -> Answer:
    """Return the selection with the shortest farthest walk.

    ``min max_k min(now_k, beyond, min_{j chosen} seconds_jk)`` under the limits of the choice, over the points with people that reach
    some option or an existing facility within `cutoff_seconds`. Points beyond the limit are reported in a note.

    Parameters
    ----------
    problem
        The question.
    control
        Search limits, progress callback and interrupt.

    Returns
    -------
    answer
        One step, ``farthest_seconds``.

    References
    ----------
    Elloumi, Labbé & Pochet (2004), INFORMS Journal on Computing 16(1):84-94

    Examples
    --------
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> one = SelectionConstraints(np.ones(2), csr_array(np.ones((1, 2))), np.zeros(1), np.ones(1))
    >>> walks = csr_array(np.array([[60.0, 300.0], [240.0, 90.0]]))
    >>> ask = DistanceProblem(one, walks, np.array([5.0, 2.0]), np.full(2, np.inf), 3600.0, np.full(2, -1))
    >>> found = center(ask, control=SearchControl())
    >>> found.status, found.chosen.tolist(), found.objective
    ('optimal', [1], 240.0)
    """
    start = first_choice(problem.constraints, control=control)
    if isinstance(start, Answer):
        return start
    counted = within_reach(problem)
    have = np.minimum(problem.existing_seconds, problem.cutoff_seconds)
    walks = csc_array(problem.seconds)
    walks.sort_indices()
    points = np.unique(alike(walks, np.where(counted, have, -1.0))[counted])
    walks, have = csc_array(walks[:, points]), have[points]
    least = have.copy()
    usable = problem.constraints.usable()[walks.indices]
    np.minimum.at(least, np.repeat(np.arange(len(points)), np.diff(walks.indptr))[usable], walks.data[usable])

    def at(level: float) -> ResidualCover:
        return _within(problem, walks, have <= -level, -level)

    def reached(chosen: Ints) -> float:
        return -float(problem.seconds_with(chosen)[counted].max(initial=0.0))

    # where the constraints leave people unreached every selection is equally far: then one of little walking is returned
    near = improved(assignment_arrays(problem), start)
    told = control.heard_as(lambda level, bound: control.listen(-level, -bound))
    found = highest_level(at, reached, near, -float(least.max(initial=0.0)), control=told)
    chosen = problem.without_idle(found.chosen)
    step = Step("farthest_seconds", "min", -found.level, -found.bound)
    notes = _notes(problem, chosen, counted)
    answer = ended(chosen, (step,), -reached(chosen), stopped=found.stopped, nodes=found.nodes, notes=notes)
    beyond = next((note for note in notes if note.code == "center_beyond"), None)
    return replace(answer, short=Phrase("siting_short_center", beyond.values) if beyond else None)


def within_reach(problem: DistanceProblem) -> Bools:
    """Return which points have people and something within `cutoff_seconds`, an option or what exists; shape (n_points,)."""
    met = problem.existing_seconds <= problem.cutoff_seconds
    met[problem.seconds.indices] = True
    return met & (problem.weight > 0)


def _within(problem: DistanceProblem, walks: csc_array, near: Bools, radius: float) -> ResidualCover:
    """Return the set cover that brings every point within a radius, points that are `near` already left out."""
    column = np.repeat(np.arange(walks.shape[1]), np.diff(walks.indptr))
    use = (walks.data <= radius) & ~near[column]
    entries = np.ones(int(use.sum())), (walks.indices[use], column[use])
    none, ones = np.full(walks.shape[1], -1), np.ones(walks.shape[1])
    cover = CoverageProblem(problem.constraints, csr_array(entries, shape=walks.shape), ones, near, none)
    return residual_cover(cover, Needs(float((~near).sum()), np.empty(0)))


def _notes(problem: DistanceProblem, chosen: Ints, counted: Bools) -> tuple[Note, ...]:
    """Return the notes on people out of reach of every option, and on those who stay unreached under the constraints."""
    notes = []
    minutes = round(problem.cutoff_seconds / 60, 1)
    out = ~counted & (problem.weight > 0)
    unreached = counted & ~problem.reached(chosen)
    for code, points in (("center_out_of_reach", out), ("center_beyond", unreached)):
        if points.any():
            people = round(float(problem.weight[points].sum()))
            notes.append(Note.of(code, people=people, points=int(points.sum()), minutes=minutes))
    return tuple(notes)
