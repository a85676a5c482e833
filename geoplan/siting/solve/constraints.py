"""Selection constraints: arrays for compiled code, a feasible selection, and the least violation where none is feasible."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array, csr_array, eye_array, hstack, vstack

from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.problems import Answer, Floats, Ints, SelectionConstraints, entries_of, no_answer
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE, limit_tolerance
from geoplan.words.errors import Note

#: The constraints by option, as compiled code reads them: pointer, row, coefficient; least and most of each row within rounding tolerance.
Limits = tuple[Ints, Ints, Floats, Floats, Floats]


def flat_limits(constraints: SelectionConstraints) -> Limits:
    """Return the constraints by option with half of the tolerance of `SelectionConstraints.allows`, since sums differ in order."""
    columns = csc_array(constraints.rows)
    columns.sum_duplicates()
    return (
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int64),
        columns.data.astype(np.float64),
        np.where(constraints.least > 0, constraints.least - 0.5 * ROUNDING_TOLERANCE, -np.inf),
        constraints.most + 0.5 * limit_tolerance(constraints.most),
    )


def quiet(control: SearchControl) -> SearchControl:
    """Return the control of a search within the search: same clock and interrupt, no callback, no gap, no limit of nodes."""
    return replace(control.silent(), gap=0.0, nodes=None)


def first_choice(
    constraints: SelectionConstraints, *, control: SearchControl, score: Floats | None = None
) -> Ints | Answer:
    """Return a feasible selection, ascending, or the answer that there is none.

    Parameters
    ----------
    constraints
        The limits.
    control
        Clock and interrupt.
    score
        What is to be low in sum, shape (n,); None: the number of options.

    Returns
    -------
    chosen
        Positions; or an `Answer` of status ``infeasible`` with a note on each row missed, or ``none`` where the search was stopped.
    """
    n = len(constraints)
    if score is None:
        asked = _asked(constraints)
        if constraints.allows(asked):
            return asked
        score = np.ones(n)
    elif not n and constraints.allows(np.arange(0)):
        return np.arange(0)
    model = Linear(
        score,
        np.zeros(n),
        np.ones(n),
        constraints.rows,
        constraints.least,
        constraints.most,
        np.ones(n, bool),
    )
    found = solve(model, control=quiet(control)) if n else None
    if found is None or found.state == "infeasible":
        return no_answer(*nearest(constraints, control=control))
    if found.x is not None:
        chosen = np.flatnonzero(found.x > 0.5)
        if constraints.allows(chosen):
            return chosen
    return no_answer(Note.of("siting_stopped_early", severity="error"), stopped=found.stopped or "gap")


def _asked(constraints: SelectionConstraints) -> Ints:
    """Return options for each constraint with a `least`, lowest positions first as far as the limits allow; they may not suffice."""
    rows, columns = csr_array(constraints.rows), csc_array(constraints.rows)
    inside, used = np.zeros(len(constraints), bool), np.zeros(rows.shape[0])
    for r in np.flatnonzero(constraints.least > 0):
        for j in entries_of(rows, r)[0]:
            limits, share = entries_of(columns, j)
            if used[r] >= constraints.least[r]:
                break
            if not inside[j] and (used[limits] + share <= constraints.most[limits]).all():
                inside[j] = True
                used[limits] += share
    return np.flatnonzero(inside)


#: Penalty of a required option that is not chosen, relative to a limit exceeded by all of itself: limits are relaxed first.
ASKED = 1e3


def nearest(constraints: SelectionConstraints, *, control: SearchControl) -> tuple[Note, ...]:
    """Return the constraints that cannot be satisfied together, with the least violation of each.

    Requirements are satisfied before limits; the violations of limits, each as a share of the limit, have a minimal sum.

    Parameters
    ----------
    constraints
        Constraints that no selection satisfies.
    control
        Clock and interrupt; if they stop the search before anything was found there are no notes.

    Returns
    -------
    notes
        One for each row missed; `number` is its place from 1.

    Examples
    --------
    >>> rows = csr_array(np.array([[30.0, 20.0, 5.0], [1.0, 1.0, 0.0]]))
    >>> constraints = SelectionConstraints(np.ones(3), rows, np.array([0.0, 2.0]), np.array([40.0, np.inf]))
    >>> print(nearest(constraints, control=SearchControl())[0].found("en"))
    what is required needs at least 50, the limit is 40: 10 too little (limit 1)
    """
    n, m = len(constraints), len(constraints.most)
    size = np.maximum(ROUNDING_TOLERANCE, np.where(np.isfinite(constraints.most), constraints.most, 1.0))
    limited, asked = np.flatnonzero(np.isfinite(constraints.most)), np.flatnonzero(constraints.least > 0)
    rows, slack, none = constraints.rows, csr_array(eye_array(m)), csr_array((m, m))
    over = hstack([rows, -slack, none]).tocsr()[limited]
    under = hstack([rows, none, slack]).tocsr()[asked]
    model = Linear(
        # a tiny cost of each option, so that none is chosen without need
        cost=np.r_[np.full(n, 1e-7), 1.0 / size, np.full(m, ASKED)],
        low=np.zeros(n + 2 * m),
        high=np.r_[np.ones(n), np.full(m, np.inf), constraints.least],
        rows=csr_array(vstack([over, under])),
        row_low=np.r_[np.full(len(limited), -np.inf), constraints.least[asked]],
        row_high=np.r_[constraints.most[limited], np.full(len(asked), np.inf)],
        whole=np.r_[np.ones(n, bool), np.zeros(2 * m, bool)],
    )
    found = solve(model, control=quiet(control))
    if found.x is None:  # stopped: every row may be missed, so there is an answer
        return ()
    used = constraints.rows @ np.round(found.x[:n])
    notes = []
    for r, (has, least, most) in enumerate(zip(used, constraints.least, constraints.most, strict=True)):
        if has > most + ROUNDING_TOLERANCE * max(1.0, abs(most)):
            over_by = {"needed": f"{has:.10g}", "limit": f"{most:.10g}", "short": f"{has - most:.10g}"}
            notes.append(Note("siting_cover_over", values={"number": r + 1, **over_by}, severity="error"))
        if has < least - ROUNDING_TOLERANCE:
            missed = {"least": f"{least:.10g}", "possible": f"{has:.10g}"}
            notes.append(Note("siting_cover_under", values={"number": r + 1, **missed}, severity="error"))
    return tuple(notes)
