"""A first choice that the rows allow; where there is none, what is nearest."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from geoplan.siting.problems import Answer, CoverageProblem, Floats, Ints, SelectionConstraints, no_answer
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.greedy import greedy, swap
from geoplan.siting.solve.lp import Linear, solve
from geoplan.words.errors import Note

#: What one option asked for and not chosen weighs against a limit overrun by all of itself: limits give way first.
ASKED = 1e3


def first_choice(problem: CoverageProblem, *, control: SearchControl) -> Ints | Answer:
    """Return a choice by greedy steps and exchanges, ascending; where there is none, an answer that says what is nearest."""
    found = greedy(problem)
    if found.feasible:
        return swap(problem, found.order, control=control)
    alone = replace(control, nodes=None, gap=0.0, listen=silent)
    if not len(problem.constraints):  # HiGHS gives no verdict on a model of no columns
        return no_answer(*nearest(problem.constraints, control=alone))
    only = solve(_rows_alone(problem.constraints), control=alone)
    if only.x is None:
        if only.state == "infeasible":
            return no_answer(*nearest(problem.constraints, control=alone))
        note = Note.of("siting_cover_stopped", severity="error")
        return no_answer(note, status="none", stopped=only.stopped)
    allowed = np.flatnonzero(only.x > 0.5)
    return swap(problem, greedy(problem, start=allowed).order, control=control)


def silent(_objective: float, _bound: float) -> None:
    """Tell nobody: what this search finds is not what was asked."""


def _rows_alone(constraints: SelectionConstraints) -> Linear:
    """Return the model of the fewest and cheapest options that keep every row."""
    n = len(constraints)
    return Linear(
        cost=1.0 + constraints.cost / max(1.0, float(constraints.cost.max(initial=0.0))),
        low=np.zeros(n),
        high=np.ones(n),
        rows=constraints.rows,
        row_low=np.where(constraints.least > 0, constraints.least, -np.inf),
        row_high=constraints.most,
        whole=np.ones(n, bool),
    )


def nearest(constraints: SelectionConstraints, *, control: SearchControl | None = None) -> tuple[Note, ...]:
    """Return which rows cannot be kept together, and by how little they are missed.

    What rows ask for is kept before limits are; limits are overrun by as small a share of each, added up, as can be.

    Parameters
    ----------
    constraints
        Rows that no choice keeps.
    control
        Where it stops the search before anything was found there are no notes; None: no stop.

    Returns
    -------
    notes
        One for each row missed; `number` is its place from 1.

    Examples
    --------
    >>> rows = csr_array(np.array([[30.0, 20.0, 5.0], [1.0, 1.0, 0.0]]))
    >>> constraints = SelectionConstraints(np.ones(3), rows, np.array([0.0, 2.0]), np.array([40.0, np.inf]))
    >>> print(nearest(constraints)[0].found("en"))
    what is required needs at least 50, the limit is 40: 10 too little (limit 1)
    """
    n, m = len(constraints), len(constraints.most)
    size = np.maximum(1e-9, np.where(np.isfinite(constraints.most), constraints.most, 1.0))
    limited, asked = np.flatnonzero(np.isfinite(constraints.most)), np.flatnonzero(constraints.least > 0)
    rows, slack = constraints.rows, csr_array(eye_array(m))
    none = csr_array((m, m))
    model = Linear(
        # a hair on each option, so that none is chosen without need
        cost=np.r_[np.full(n, 1e-7), 1.0 / size, np.full(m, ASKED)],
        low=np.zeros(n + 2 * m),
        high=np.r_[np.ones(n), np.full(m, np.inf), constraints.least],
        rows=csr_array(
            vstack(
                [hstack([rows, -slack, none]).tocsr()[limited], hstack([rows, none, slack]).tocsr()[asked]]
            )
        ),
        row_low=np.r_[np.full(len(limited), -np.inf), constraints.least[asked]],
        row_high=np.r_[constraints.most[limited], np.full(len(asked), np.inf)],
        whole=np.r_[np.ones(n, bool), np.zeros(2 * m, bool)],
    )
    found = solve(model, control=control or SearchControl())
    if found.x is None:  # stopped: every row may be missed, so there is an answer
        return ()
    return _missed(constraints, np.round(found.x[:n]))


def _missed(constraints: SelectionConstraints, chosen: Floats) -> tuple[Note, ...]:
    used = constraints.rows @ chosen
    notes = []
    for r, (has, least, most) in enumerate(zip(used, constraints.least, constraints.most, strict=True)):
        if has > most + 1e-9 * max(1.0, abs(most)):
            over = {"needed": f"{has:.10g}", "limit": f"{most:.10g}", "short": f"{has - most:.10g}"}
            notes.append(Note("siting_cover_over", values={"number": r + 1, **over}, severity="error"))
        if has < least - 1e-9:
            under = {"least": f"{least:.10g}", "possible": f"{has:.10g}"}
            notes.append(Note("siting_cover_under", values={"number": r + 1, **under}, severity="error"))
    return tuple(notes)
