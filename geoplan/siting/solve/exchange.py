"""Exchange heuristic of maximal covering: one option for another while more people are covered.

Teitz & Bart (1968), Heuristic methods for estimating the generalized vertex median of a weighted graph, Operations Research
16(5):955-961, https://doi.org/10.1287/opre.16.5.955
"""

import numpy as np

from geoplan.network.compiled import compiled
from geoplan.siting.solve.constraints import Points, asked_for, loosened, sorted_rows
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.presolve import pattern
from geoplan.siting.solve.problems import CoverageProblem, Floats, Ints
from geoplan.siting.solve.tolerance import GAIN_TOLERANCE


def swap(problem: CoverageProblem, chosen: Ints, *, control: SearchControl) -> Ints:
    """Exchange one option chosen for another, or add one, while more people are covered; rows stay kept.

    Each option not chosen is compared in turn with all that are; the best exchange with it is made at once if it gains. The search ends
    in a local optimum, when a whole round gains nothing, or when the control stops it.

    Parameters
    ----------
    problem
        Who is covered by which option.
    chosen
        A feasible selection.
    control
        Looked at before each round.

    Returns
    -------
    chosen
        At least as good, ascending.
    """
    constraints, covers = problem.constraints, pattern(problem.covers)
    weight = np.where(problem.covered_by_existing, 0.0, problem.weight)
    tolerance = GAIN_TOLERANCE * max(1.0, float(weight.sum()))
    n = len(constraints)
    slots = np.full(n + 1, -1, np.int64)
    slots[: len(chosen)] = np.sort(chosen)
    size = len(chosen)
    total = covers @ weight
    rows, most, asked = sorted_rows(constraints), loosened(constraints), asked_for(constraints)
    while control.stopped() in ("", "nodes"):  # there is no tree here
        size, gained = _exchange_round(
            (covers.indptr, covers.indices, weight), total, rows, most, asked, slots, size, tolerance
        )
        if not gained:
            break
    return np.sort(slots[:size])


@compiled
def _may_swap(
    out: int,
    into: int,
    rows: tuple[Ints, Ints, Floats],
    used: Floats,
    most: Floats,
    asked: Floats,
) -> bool:
    """Return whether the rows stay kept when `into` takes the place of `out` (-1: of none)."""
    pointer, row, data = rows
    ok = True
    if out >= 0:
        for e in range(pointer[out], pointer[out + 1]):
            used[row[e]] -= data[e]
    for e in range(pointer[into], pointer[into + 1]):
        used[row[e]] += data[e]
        ok &= used[row[e]] <= most[row[e]]
    if out >= 0:
        for e in range(pointer[out], pointer[out + 1]):
            ok &= used[row[e]] >= asked[row[e]]
            used[row[e]] += data[e]
    for e in range(pointer[into], pointer[into + 1]):
        used[row[e]] -= data[e]
    return ok


@compiled
def _put(
    j: int,
    slot: int,
    points: Points,
    rows: tuple[Ints, Ints, Floats],
    held: tuple[Ints, Ints, Floats, Floats],
) -> None:
    """Put option j into a slot; `held`: how many cover each point, the sum of their slots, what each slot alone covers, rows used."""
    pointer, indices, weight = points
    count, holder, loss, used = held
    loss[slot] = 0.0
    for e in range(pointer[j], pointer[j + 1]):
        k = indices[e]
        count[k] += 1
        holder[k] += slot
        if count[k] == 1:
            loss[slot] += weight[k]
        elif count[k] == 2:
            loss[holder[k] - slot] -= weight[k]
    for e in range(rows[0][j], rows[0][j + 1]):
        used[rows[1][e]] += rows[2][e]


@compiled
def _remove(
    j: int,
    slot: int,
    points: Points,
    rows: tuple[Ints, Ints, Floats],
    held: tuple[Ints, Ints, Floats, Floats],
) -> None:
    """Take option j out of its slot."""
    pointer, indices, weight = points
    count, holder, loss, used = held
    for e in range(pointer[j], pointer[j + 1]):
        k = indices[e]
        count[k] -= 1
        holder[k] -= slot
        if count[k] == 1:
            loss[holder[k]] += weight[k]
    for e in range(rows[0][j], rows[0][j + 1]):
        used[rows[1][e]] -= rows[2][e]


@compiled
def _adds(
    j: int,
    points: Points,
    held: tuple[Ints, Ints, Floats, Floats],
    shared: Floats,
) -> float:
    """Return the people whom j alone would cover; add to `shared` those whom one slot alone covers now."""
    pointer, indices, weight = points
    count, holder = held[0], held[1]
    gain = 0.0
    for e in range(pointer[j], pointer[j + 1]):
        k = indices[e]
        if count[k] == 0:
            gain += weight[k]
        elif count[k] == 1:
            shared[holder[k]] += weight[k]
    return gain


@compiled
def _exchange_round(
    points: Points,
    total: Floats,
    rows: tuple[Ints, Ints, Floats],
    most: Floats,
    asked: Floats,
    slots: Ints,
    size: int,
    tolerance: float,
) -> tuple[int, bool]:
    """Try every option once against those chosen; return how many are chosen now and whether anything was gained."""
    pointer, weight = points[0], points[2]
    n, n_points = len(pointer) - 1, len(weight)
    # of a point that one option covers alone, the sum of slots is its slot
    held = np.zeros(n_points, np.int64), np.zeros(n_points, np.int64), np.zeros(n + 1), np.zeros(len(most))
    loss, used = held[2], held[3]
    chosen, shared = np.zeros(n, np.bool_), np.zeros(n + 1)
    for s in range(size):
        chosen[slots[s]] = True
        _put(slots[s], s, points, rows, held)
    gained = False
    for j in range(n):
        if chosen[j] or total[j] <= tolerance:
            continue
        gain = _adds(j, points, held, shared)
        best, slot = tolerance, -1
        if gain > tolerance and _may_swap(-1, j, rows, used, most, asked):
            best, slot = gain, size
        for s in range(size):
            profit = gain - loss[s] + shared[s]
            shared[s] = 0.0
            if profit > best and _may_swap(slots[s], j, rows, used, most, asked):
                best, slot = profit, s
        if slot < 0:
            continue
        gained = True
        if slot < size:
            chosen[slots[slot]] = False
            _remove(slots[slot], slot, points, rows, held)
        else:
            size += 1
        slots[slot], chosen[j] = j, True
        _put(j, slot, points, rows, held)
    return size, gained
