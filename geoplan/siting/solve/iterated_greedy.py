"""Iterated greedy for set covering: lazy greedy, redundant options removed, large-neighbourhood search; compiled.

What an option adds towards the needs, each counted up to what is missing, shrinks as others are chosen (it is submodular): a stale
gain is an upper limit, and only the options on top are looked at again.

References
----------
Minoux (1978), Optimization Techniques, LNCIS 7:234-243, https://doi.org/10.1007/BFb0006528 (lazy greedy)
Ruiz & Stuetzle (2007), EJOR 177(3):2033-2049, https://doi.org/10.1016/j.ejor.2005.12.009 (iterated greedy)
"""

from collections import namedtuple
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from geoplan.network.compiled import compiled
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import Bools, Floats, Ints
from geoplan.siting.solve.set_cover import ResidualCover
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE

#: The question in flat arrays, as compiled code takes it.
Flat = namedtuple(  # noqa: PYI024 - compiled code takes it
    "Flat",
    "start points weight zone need_total need_zone cost row_start row_of row_value least most allowed fixed",
)


#: State of a selection: how often each point is covered, what the constraints use, what is missing, scratch, the gains last seen.
State = namedtuple("State", "times used left_zone left_total part touched stale")  # noqa: PYI024 - compiled code takes it


#: Rounds of destroying a part of the answer and repairing it.
ROUNDS = 200


#: The part that is destroyed, at least this many options.
PART, FEW = 0.07, 3


def first_answer(
    question: ResidualCover, *, favour: Floats | None = None, rounds: int = ROUNDS, control: SearchControl
) -> Ints | None:
    """Return options that meet the needs at a low cost, ascending; None where greedy selection finds none.

    Parameters
    ----------
    question
        What is left to be covered.
    favour
        Factor on each option's gain, shape (n_options,), >= 0: what a linear bound would choose; None: all alike.
    rounds
        Rounds of destroying and repairing.
    control
        Ends the rounds early.
    """
    flat = flat_of(question)
    liked = np.ones(len(flat.cost)) if favour is None else favour
    best, chance = None, np.random.default_rng(0)
    chosen = np.zeros(len(flat.cost), np.bool_)
    if _fill(flat, chosen, liked):
        _drop(flat, chosen)
        best = chosen.copy()
    if best is None:
        return None
    for _ in range(rounds):
        if control.stopped():
            break
        part = max(PART, FEW / max(1, int(best.sum())))
        chosen = best & (flat.fixed | (chance.random(len(best)) >= part))
        noise = 0.9 + 0.2 * chance.random(len(best))
        if _fill(flat, chosen, noise):
            _drop(flat, chosen)
            if _cost(flat, chosen) <= _cost(flat, best):
                best = chosen.copy()
    return np.flatnonzero(best)


def _cost(flat: Any, chosen: Bools) -> float:  # noqa: ANN401 - a named tuple of arrays
    return float(flat.cost[chosen].sum()) + 1e-12 * int(chosen.sum())


def flat_of(question: ResidualCover) -> Any:  # noqa: ANN401 - a named tuple of arrays
    """Return `question` in flat arrays, for compiled code."""
    rows = csc_array(question.constraints.rows)
    covers = question.covers
    return Flat(
        covers.indptr.astype(np.int64),
        covers.indices.astype(np.int64),
        question.weight.astype(np.float64),
        question.zone.astype(np.int64),
        float(question.needs.total),
        question.needs.zone.astype(np.float64),
        question.constraints.cost.astype(np.float64),
        rows.indptr.astype(np.int64),
        rows.indices.astype(np.int64),
        rows.data.astype(np.float64),
        question.constraints.least.astype(np.float64),
        question.constraints.most.astype(np.float64),
        question.possible.copy(),
        question.fixed.copy(),
    )


@compiled
def _begun(flat: Any) -> State:  # noqa: ANN401
    zones = len(flat.need_zone)
    return State(
        np.zeros(len(flat.weight), np.int64),
        np.zeros(len(flat.least)),
        flat.need_zone.copy(),
        np.full(1, flat.need_total),
        np.zeros(zones),
        np.empty(zones, np.int64),
        np.full(len(flat.cost), np.inf),
    )


@compiled
def _fill(flat: Any, chosen: Bools, liked: Floats) -> bool:  # noqa: ANN401
    # add options to `chosen` until every need is met; False where no option that may be chosen is left
    n, state = len(flat.cost), _begun(flat)
    for j in range(n):
        if flat.fixed[j]:
            chosen[j] = True
    for j in range(n):
        if chosen[j]:
            _take(flat, state, j)
    # rows that ask for a number of options come first
    for r in range(len(flat.least)):
        while state.used[r] < flat.least[r] - ROUNDING_TOLERANCE:
            j = _best(flat, state, chosen, liked, r)
            if j < 0:
                return False
            chosen[j] = True
            _take(flat, state, j)
    while state.left_total[0] > 0.0 or _any_left(state.left_zone):
        j = _best(flat, state, chosen, liked, -1)
        if j < 0:
            return False
        chosen[j] = True
        _take(flat, state, j)
    return True


@compiled
def _any_left(left: Floats) -> bool:
    for z in range(len(left)):  # noqa: SIM110 - compiled code knows no generators
        if left[z] > 0.0:
            return True
    return False


@compiled
def _take(flat: Any, state: Any, j: Any) -> None:  # noqa: ANN401
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        state.times[i] += 1
        if state.times[i] == 1:
            state.left_total[0] -= flat.weight[i]
            if flat.zone[i] >= 0:
                state.left_zone[flat.zone[i]] -= flat.weight[i]
    for k in range(flat.row_start[j], flat.row_start[j + 1]):
        state.used[flat.row_of[k]] += flat.row_value[k]


@compiled
def _may(flat: Any, state: Any, j: int, row: int) -> bool:  # noqa: ANN401
    inside = row < 0
    for k in range(flat.row_start[j], flat.row_start[j + 1]):
        r = flat.row_of[k]
        most = flat.most[r]
        if most < np.inf and state.used[r] + flat.row_value[k] > most + ROUNDING_TOLERANCE * max(
            1.0, abs(most)
        ):
            return False
        inside = inside or (r == row and flat.row_value[k] > 0.0)
    return inside


@compiled
def _gain(flat: Any, state: Any, j: int) -> float:  # noqa: ANN401
    total, n = 0.0, 0
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        if state.times[i] > 0:
            continue
        total += flat.weight[i]
        z = flat.zone[i]
        if z >= 0 and state.left_zone[z] > 0.0:
            if state.part[z] == 0.0:
                state.touched[n] = z
                n += 1
            state.part[z] += flat.weight[i]
    gain = max(0.0, min(total, state.left_total[0]))
    for q in range(n):
        z = state.touched[q]
        gain += min(state.part[z], state.left_zone[z])
        state.part[z] = 0.0
    return float(gain)


@compiled
def _best(flat: Any, state: Any, chosen: Bools, liked: Floats, row: int) -> int:  # noqa: ANN401
    # the option with the most gain for its cost, of `row` only where row >= 0; the lowest of equals; -1 for none
    n = len(chosen)
    looked = np.zeros(n, np.bool_)
    while True:
        best = -1
        for j in range(n):
            if not chosen[j] and flat.allowed[j] and (best < 0 or state.stale[j] > state.stale[best]):
                if row >= 0 and not _may(flat, state, j, row):
                    continue
                best = j
        if best < 0:
            return -1
        if looked[best]:
            return best if row >= 0 or state.stale[best] > 0.0 else -1
        if not _may(flat, state, best, row):
            state.stale[best] = -1.0
            looked[best] = True
            continue
        gain = liked[best] * _gain(flat, state, best)
        state.stale[best] = gain / max(flat.cost[best], ROUNDING_TOLERANCE)
        looked[best] = True


@compiled
def _drop(flat: Any, chosen: Bools) -> None:  # noqa: ANN401
    # remove redundant options, the dearest first, of equals the last
    state = _begun(flat)
    held = np.flatnonzero(chosen)
    for j in held:  # an option's position
        _take(flat, state, j)
    done = np.zeros(len(held), np.bool_)
    for _ in range(len(held)):
        at = -1
        for q in range(len(held)):
            if not done[q] and (at < 0 or flat.cost[held[q]] >= flat.cost[held[at]]):
                at = q
        done[at] = True
        j = held[at]
        if not flat.fixed[j] and _spare(flat, state, j):
            chosen[j] = False
            for k in range(flat.start[j], flat.start[j + 1]):
                i = flat.points[k]
                state.times[i] -= 1
                if state.times[i] == 0:
                    state.left_total[0] += flat.weight[i]
                    if flat.zone[i] >= 0:
                        state.left_zone[flat.zone[i]] += flat.weight[i]
            for k in range(flat.row_start[j], flat.row_start[j + 1]):
                state.used[flat.row_of[k]] -= flat.row_value[k]


@compiled
def _spare(flat: Any, state: Any, j: int) -> bool:  # noqa: ANN401
    for k in range(flat.row_start[j], flat.row_start[j + 1]):
        if state.used[flat.row_of[k]] - flat.row_value[k] < flat.least[flat.row_of[k]] - ROUNDING_TOLERANCE:
            return False
    total, n = 0.0, 0
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        if state.times[i] > 1:
            continue
        total += flat.weight[i]
        z = flat.zone[i]
        if z >= 0:
            if state.part[z] == 0.0:
                state.touched[n] = z
                n += 1
            state.part[z] += flat.weight[i]
    spare = state.left_total[0] + total <= 0.0
    for q in range(n):
        z = state.touched[q]
        spare = spare and (flat.need_zone[z] <= 0.0 or state.left_zone[z] + state.part[z] <= 0.0)
        state.part[z] = 0.0
    return bool(spare)
