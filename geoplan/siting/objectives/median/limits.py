"""Choices that the limits allow: a first one, and what is nearest where there is none."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack

from geoplan.siting.problems import Answer, Bools, Choice, Floats, Ints, no_answer
from geoplan.siting.solve.control import Watch
from geoplan.siting.solve.lp import Linear, Solved, solve
from geoplan.words.errors import Note


def quiet(watch: Watch, *, nodes: int = 0) -> Watch:
    """Return a watch for a question within the question: same clock and flag, no listener, no gap, what is left of the nodes."""
    left = None if watch.nodes is None else max(1, watch.nodes - nodes)
    return replace(watch, gap=0.0, nodes=left, listen=lambda _objective, _bound: None)


def usable(choice: Choice) -> Bools:
    """Return which options break no limit alone, shape (n,)."""
    wide = choice.rows.tocoo()
    most = choice.most[wide.row]
    over = wide.data > most + 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(most), most, 1.0)))
    alone = np.ones(len(choice), bool)
    alone[wide.col[over]] = False
    return alone


def first_choice(choice: Choice, score: Floats, *, watch: Watch) -> Ints | Answer:
    """Return options that the limits allow together, of a low sum of `score`; or the answer that there are none.

    Parameters
    ----------
    choice
        The limits.
    score
        What is to be low, shape (n,).
    watch
        Limits of the search.

    Returns
    -------
    chosen
        Positions, ascending; or an `Answer` of status ``infeasible`` with a note on what is nearest, or ``none`` where the search
        was stopped first.
    """
    asked = _asked(choice)
    if choice.allows(asked):
        return asked
    n, m = len(choice), choice.rows.shape[0]
    model = Linear(score, np.zeros(n), np.ones(n), choice.rows, choice.least, choice.most, np.ones(n, bool))
    found = solve(model, watch=quiet(watch)) if n and m else Solved("infeasible", None, 0, 0, "", 0)
    if found.x is not None:
        chosen = np.flatnonzero(found.x > 0.5)
        if choice.allows(chosen):
            return chosen
    if found.state == "infeasible":
        return no_answer(nearest_note(choice, watch=watch))
    unknown = no_answer(status="none", stopped=found.stopped)
    return replace(unknown, repeatable=found.stopped not in ("clock", "interrupt"))


def _asked(choice: Choice) -> Ints:
    """Return what each limit with a least asks for, lowest positions first as far as the other limits let them; it may not suffice."""
    rows, columns = csr_array(choice.rows), csc_array(choice.rows)
    inside, used = np.zeros(len(choice), bool), np.zeros(rows.shape[0])
    for r in np.flatnonzero(choice.least > 0):
        for j in rows.indices[rows.indptr[r] : rows.indptr[r + 1]]:
            part = slice(columns.indptr[j], columns.indptr[j + 1])
            limits, share = columns.indices[part], columns.data[part]
            if used[r] >= choice.least[r]:
                break
            if not inside[j] and (used[limits] + share <= choice.most[limits]).all():
                inside[j] = True
                used[limits] += share
    return np.flatnonzero(inside)


def nearest_note(choice: Choice, *, watch: Watch) -> Note:
    """Return the note on limits that contradict each other: the least that they must give way, and which of them.

    Each limit gives way by a share of itself (of 1 where it is 0), and the sum of the shares is least.
    """
    n, m = len(choice), choice.rows.shape[0]
    # every side of a limit gets a slack that costs its share
    under, over = np.flatnonzero(choice.least > 0), np.flatnonzero(np.isfinite(choice.most))
    size = np.r_[np.maximum(1.0, choice.least[under]), np.maximum(1.0, np.abs(choice.most[over]))]
    k = len(size)
    slack = csr_array(
        (np.r_[np.ones(len(under)), -np.ones(len(over))], (np.r_[under, over], np.arange(k))), shape=(m, k)
    )
    model = Linear(
        np.r_[np.zeros(n), 1.0 / size],
        np.zeros(n + k),
        np.r_[np.ones(n), np.full(k, np.inf)],
        csr_array(hstack([choice.rows, slack])),
        choice.least,
        choice.most,
        np.r_[np.ones(n, bool), np.zeros(k, bool)],
    )
    found = solve(model, watch=quiet(watch))
    if found.x is None:
        return Note.of("siting_limits_contradict", severity="error", limits=m)
    chosen = np.flatnonzero(found.x[:n] > 0.5)
    used = choice.rows[:, chosen].sum(axis=1) if len(chosen) else np.zeros(m)
    short, beyond = np.maximum(choice.least - used, 0.0), np.maximum(used - choice.most, 0.0)
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
