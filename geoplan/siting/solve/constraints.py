"""Selection constraints: arrays for compiled code, a feasible selection, and the nearest one where none is feasible."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array, csr_array, eye_array, hstack, vstack

from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, Solved, solve
from geoplan.siting.solve.problems import (
    Answer,
    Floats,
    Ints,
    SelectionConstraints,
    entries_of,
    no_answer,
)
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE
from geoplan.words.errors import Note

#: The points of each option (pointer, indices), and the people of each point.
Points = tuple[Ints, Ints, Floats]


def sorted_rows(constraints: SelectionConstraints) -> tuple[Ints, Ints, Floats]:
    """Return the rows by option, as compiled code reads them: pointer, row, coefficient."""
    rows = constraints.rows.tocsc()
    rows.sum_duplicates()
    rows.eliminate_zeros()
    return rows.indptr, rows.indices, rows.data.astype(np.float64)


def loosened(constraints: SelectionConstraints) -> Floats:
    """Return the rows' limits with half of the tolerance of `SelectionConstraints.allows`, since sums differ in order."""
    finite = np.where(np.isfinite(constraints.most), constraints.most, 1.0)
    return constraints.most + 0.5 * ROUNDING_TOLERANCE * np.maximum(1.0, np.abs(finite))


def asked_for(constraints: SelectionConstraints) -> Floats:
    """Return the `least` of each constraint within rounding tolerance; 0 where there is none."""
    return np.where(constraints.least > 0, constraints.least - 0.5 * ROUNDING_TOLERANCE, 0.0)


def quiet(control: SearchControl, *, nodes: int = 0) -> SearchControl:
    """Return the control of a search within the search: same clock and interrupt, no callback, no gap, the nodes that are left."""
    left = None if control.nodes is None else max(1, control.nodes - nodes)
    return replace(control.silent(), gap=0.0, nodes=left)


def first_choice(
    constraints: SelectionConstraints, score: Floats, *, control: SearchControl
) -> Ints | Answer:
    """Return a feasible selection with a low sum of `score`, or the answer that there is none.

    Parameters
    ----------
    constraints
        The limits.
    score
        What is to be low, shape (n,).
    control
        Search limits, progress callback and interrupt.

    Returns
    -------
    chosen
        Positions, ascending; or an `Answer` of status ``infeasible`` with a note on what is nearest, or ``none`` where the search
        was stopped first.
    """
    asked = _asked(constraints)
    if constraints.allows(asked):
        return asked
    n, m = len(constraints), constraints.rows.shape[0]
    model = Linear(
        score,
        np.zeros(n),
        np.ones(n),
        constraints.rows,
        constraints.least,
        constraints.most,
        np.ones(n, bool),
    )
    found = solve(model, control=quiet(control)) if n and m else Solved("infeasible", None, 0, 0, "", 0)
    if found.x is not None:
        chosen = np.flatnonzero(found.x > 0.5)
        if constraints.allows(chosen):
            return chosen
    if found.state == "infeasible":
        return no_answer(nearest_note(constraints, control=control))
    unknown = no_answer(status="none", stopped=found.stopped)
    return replace(unknown, repeatable=found.stopped not in ("clock", "interrupt"))


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


def nearest_note(constraints: SelectionConstraints, *, control: SearchControl) -> Note:
    """Return the note on limits that contradict each other: the least relaxation, and the limits relaxed.

    Each limit is relaxed by a share of itself (of 1 where it is 0), and the sum of the shares is minimal.
    """
    n, m = len(constraints), constraints.rows.shape[0]
    # every side of a limit gets a slack that costs its share
    under, over = np.flatnonzero(constraints.least > 0), np.flatnonzero(np.isfinite(constraints.most))
    size = np.r_[np.maximum(1.0, constraints.least[under]), np.maximum(1.0, np.abs(constraints.most[over]))]
    k = len(size)
    slack = csr_array(
        (np.r_[np.ones(len(under)), -np.ones(len(over))], (np.r_[under, over], np.arange(k))), shape=(m, k)
    )
    model = Linear(
        np.r_[np.zeros(n), 1.0 / size],
        np.zeros(n + k),
        np.r_[np.ones(n), np.full(k, np.inf)],
        csr_array(hstack([constraints.rows, slack])),
        constraints.least,
        constraints.most,
        np.r_[np.ones(n, bool), np.zeros(k, bool)],
    )
    found = solve(model, control=quiet(control))
    if found.x is None:
        return Note.of("siting_limits_contradict", severity="error", limits=m)
    chosen = np.flatnonzero(found.x[:n] > 0.5)
    used = constraints.rows[:, chosen].sum(axis=1) if len(chosen) else np.zeros(m)
    short, beyond = (
        np.maximum(constraints.least - used, 0.0),
        np.maximum(used - constraints.most, 0.0),
    )
    broken = np.flatnonzero(np.maximum(short, beyond) > 1e-6)
    return Note.of(
        "siting_limits_nearest",
        severity="error",
        limits=m,
        broken=len(broken),
        sites=len(chosen),
        rows=", ".join(str(row + 1) for row in broken),
        amounts=", ".join(f"{max(short[row], beyond[row]):g}" for row in broken),
        chosen=[int(option) for option in chosen],
    )


#: Penalty of a required option that is not chosen, relative to a limit exceeded by all of itself: limits are relaxed first.
ASKED = 1e3


def nearest(constraints: SelectionConstraints, *, control: SearchControl | None = None) -> tuple[Note, ...]:
    """Return the constraints that cannot be satisfied together, with the least violation of each.

    Requirements are satisfied before limits; the violations of limits, each as a share of the limit, have a minimal sum.

    Parameters
    ----------
    constraints
        Constraints that no selection satisfies.
    control
        Search limits; if it stops the search before anything was found there are no notes.

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
    size = np.maximum(ROUNDING_TOLERANCE, np.where(np.isfinite(constraints.most), constraints.most, 1.0))
    limited, asked = np.flatnonzero(np.isfinite(constraints.most)), np.flatnonzero(constraints.least > 0)
    rows, slack = constraints.rows, csr_array(eye_array(m))
    none = csr_array((m, m))
    model = Linear(
        # a tiny cost of each option, so that none is chosen without need
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
        if has > most + ROUNDING_TOLERANCE * max(1.0, abs(most)):
            over = {"needed": f"{has:.10g}", "limit": f"{most:.10g}", "short": f"{has - most:.10g}"}
            notes.append(Note("siting_cover_over", values={"number": r + 1, **over}, severity="error"))
        if has < least - ROUNDING_TOLERANCE:
            under = {"least": f"{least:.10g}", "possible": f"{has:.10g}"}
            notes.append(Note("siting_cover_under", values={"number": r + 1, **under}, severity="error"))
    return tuple(notes)
