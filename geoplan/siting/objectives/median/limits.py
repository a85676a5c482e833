"""Choices that the limits allow: a first one, and what is nearest where there is none."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack

from geoplan.siting.problems import Answer, Bools, Floats, Ints, SelectionConstraints, no_answer
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, Solved, solve
from geoplan.words.errors import Note


def quiet(control: SearchControl, *, nodes: int = 0) -> SearchControl:
    """Return a watch for a question within the question: same clock and flag, no listener, no gap, what is left of the nodes."""
    left = None if control.nodes is None else max(1, control.nodes - nodes)
    return replace(control, gap=0.0, nodes=left, listen=lambda _objective, _bound: None)


def usable(constraints: SelectionConstraints) -> Bools:
    """Return which options break no limit alone, shape (n,)."""
    wide = constraints.rows.tocoo()
    most = constraints.most[wide.row]
    over = wide.data > most + 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(most), most, 1.0)))
    alone = np.ones(len(constraints), bool)
    alone[wide.col[over]] = False
    return alone


def first_choice(
    constraints: SelectionConstraints, score: Floats, *, control: SearchControl
) -> Ints | Answer:
    """Return options that the limits allow together, of a low sum of `score`; or the answer that there are none.

    Parameters
    ----------
    constraints
        The limits.
    score
        What is to be low, shape (n,).
    control
        Limits of the search.

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
    """Return what each limit with a least asks for, lowest positions first as far as the other limits let them; it may not suffice."""
    rows, columns = csr_array(constraints.rows), csc_array(constraints.rows)
    inside, used = np.zeros(len(constraints), bool), np.zeros(rows.shape[0])
    for r in np.flatnonzero(constraints.least > 0):
        for j in rows.indices[rows.indptr[r] : rows.indptr[r + 1]]:
            part = slice(columns.indptr[j], columns.indptr[j + 1])
            limits, share = columns.indices[part], columns.data[part]
            if used[r] >= constraints.least[r]:
                break
            if not inside[j] and (used[limits] + share <= constraints.most[limits]).all():
                inside[j] = True
                used[limits] += share
    return np.flatnonzero(inside)


def nearest_note(constraints: SelectionConstraints, *, control: SearchControl) -> Note:
    """Return the note on limits that contradict each other: the least that they must give way, and which of them.

    Each limit gives way by a share of itself (of 1 where it is 0), and the sum of the shares is least.
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
