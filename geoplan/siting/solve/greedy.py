"""Lazy greedy selection for maximal covering, the first feasible answer, and its exchange heuristic: one option for another.

References
----------
Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions, Optimization Techniques, LNCIS 7:234-243,
https://doi.org/10.1007/BFb0006528
Khuller, Moss & Naor (1999), The budgeted maximum coverage problem, Information Processing Letters 70(1):39-45,
https://doi.org/10.1016/S0020-0190(99)00031-9
Teitz & Bart (1968), Heuristic methods for estimating the generalized vertex median of a weighted graph, Operations Research
16(5):955-961, https://doi.org/10.1287/opre.16.5.955
"""

from dataclasses import dataclass

import numpy as np

from geoplan.network.compiled import compiled
from geoplan.siting.solve.constraints import Points, asked_for, loosened, sorted_rows
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.presolve import pattern
from geoplan.siting.solve.problems import CoverageProblem, Floats, Ints, SelectionConstraints
from geoplan.siting.solve.tolerance import GAIN_TOLERANCE, ROUNDING_TOLERANCE


@dataclass(frozen=True, eq=False)
class Greedy:
    """Options in the order of selection, and how many further people each covers.

    `feasible` is False where some row's `least` was not met.
    """

    order: Ints
    gains: Floats
    feasible: bool = True


def greedy(problem: CoverageProblem, *, limit: int | None = None, start: Ints | None = None) -> Greedy:
    """Select repeatedly the feasible option that covers most further people.

    Constraints with a `least` come first. Where a constraint limits a budget, a second run selects by people per share of the budgets used;
    the better of both is returned.

    Parameters
    ----------
    problem
        Which points each option covers.
    limit
        Most options chosen; None: as many as the constraints allow and as still gain.
    start
        Options chosen first, in this order, as far as the constraints allow.

    Returns
    -------
    greedy
        The order and the marginal gains, people; ties go to the lowest position.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> constraints = SelectionConstraints(np.ones(3), csr_array(np.ones((1, 3))), np.zeros(1), np.array([2.0]))
    >>> covers = csr_array(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]]))
    >>> found = greedy(CoverageProblem(constraints, covers, np.array([3.0, 4.0, 5.0]), np.zeros(3, bool), np.full(3, -1)))
    >>> found.order, found.gains
    (array([1, 0]), array([9., 3.]))
    """
    runs = [np.zeros(len(problem.constraints))]
    price = _price(problem.constraints)
    if price.any():
        runs.append(price)
    found = [_greedy_run(problem, price, limit, start) for price in runs]
    return max(found, key=lambda one: (one.feasible, one.gains.sum()))


def _price(constraints: SelectionConstraints) -> Floats:
    """Return the share of the budgets that each option uses: rows with a limit that count not just options."""
    rows = constraints.rows
    line = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    graded = np.zeros(rows.shape[0], bool)
    graded[line[(rows.data != 0) & (rows.data != 1)]] = True
    graded &= np.isfinite(constraints.most) & (constraints.most > 0)
    if not graded.any():
        return np.zeros(len(constraints))
    share = np.where(graded, 1.0 / np.where(graded, constraints.most, 1.0), 0.0)
    # an option that uses nothing is as good as free, not infinitely so
    return np.asarray(rows.T @ share) + ROUNDING_TOLERANCE


def _greedy_run(problem: CoverageProblem, price: Floats, limit: int | None, start: Ints | None) -> Greedy:
    constraints, covers = problem.constraints, pattern(problem.covers)
    rows = sorted_rows(constraints)
    most, asked = loosened(constraints), asked_for(constraints)
    first = np.empty(0, np.int64) if start is None else np.asarray(start, np.int64)
    order, gains, met = _lazy(
        (covers.indptr, covers.indices, np.where(problem.covered_by_existing, 0.0, problem.weight)),
        rows,
        most,
        asked,
        np.where(price > 0, 1.0 / np.where(price > 0, price, 1.0), 1.0),
        first,
        len(constraints) if limit is None else limit,
    )
    return Greedy(order, gains, bool(met))


@compiled
def _fits(j: int, rows: tuple[Ints, Ints, Floats], used: Floats, most: Floats) -> bool:
    pointer, row, data = rows
    fits = True
    for e in range(pointer[j], pointer[j + 1]):
        fits &= used[row[e]] + data[e] <= most[row[e]]
    return fits


@compiled
def _asked(j: int, rows: tuple[Ints, Ints, Floats], used: Floats, asked: Floats) -> bool:
    """Return whether some constraint with a `least` still needs option j."""
    pointer, row, _ = rows
    asks = False
    for e in range(pointer[j], pointer[j + 1]):
        asks |= used[row[e]] < asked[row[e]]
    return asks


@compiled
def _gain(j: int, points: Points) -> float:
    pointer, indices, weight = points
    gain = 0.0
    for e in range(pointer[j], pointer[j + 1]):
        gain += weight[indices[e]]
    return gain


@compiled
def _take(
    j: int,
    points: Points,
    rows: tuple[Ints, Ints, Floats],
    used: Floats,
) -> float:
    """Select option j: its points have no people left; return how many they had."""
    pointer, indices, weight = points
    gain = _gain(j, points)
    for e in range(pointer[j], pointer[j + 1]):
        weight[indices[e]] = 0.0
    for e in range(rows[0][j], rows[0][j + 1]):
        used[rows[1][e]] += rows[2][e]
    return gain


@compiled
def _sink(heap: Ints, at: int, size: int, value: Floats) -> None:
    """Let the option at `at` sink to its place: higher values above, of equals the lowest position."""
    while True:
        child = 2 * at + 1
        if child >= size:
            return
        if child + 1 < size:
            a, b = heap[child], heap[child + 1]
            if value[b] > value[a] or (value[b] == value[a] and b < a):
                child += 1
        a, b = heap[at], heap[child]
        if value[a] > value[b] or (value[a] == value[b] and a < b):
            return
        heap[at], heap[child] = b, a
        at = child


@compiled
def _lazy(
    points: Points,
    rows: tuple[Ints, Ints, Floats],
    most: Floats,
    asked: Floats,
    rate: Floats,
    first: Ints,
    limit: int,
) -> tuple[Ints, Floats, bool]:
    pointer = points[0]
    n = len(pointer) - 1
    used = np.zeros(len(most))
    order, gains = np.empty(n, np.int64), np.empty(n)
    done = np.zeros(n, np.bool_)
    count = 0
    for j in first:
        if done[j] or not _fits(j, rows, used, most):
            continue
        order[count], gains[count] = j, _take(j, points, rows, used)
        done[j] = True
        count += 1
    value = np.empty(n)
    heap = np.empty(n, np.int64)
    # first what rows ask for, then whatever gains
    for turn in range(2):
        size = 0
        for j in range(n):
            if not done[j] and (turn == 1 or _asked(j, rows, used, asked)):
                value[j] = _gain(j, points) * rate[j]
                heap[size] = j
                size += 1
        for at in range(size // 2 - 1, -1, -1):
            _sink(heap, at, size, value)
        while size > 0 and count < limit:
            j = heap[0]
            gone = not _fits(j, rows, used, most) or (turn == 0 and not _asked(j, rows, used, asked))
            if not gone:
                # a gain only falls as others are chosen: the top is the best if it still is the top
                now = _gain(j, points) * rate[j]
                if now < value[j]:
                    value[j] = now
                    _sink(heap, 0, size, value)
                    continue
                if turn == 1 and now <= 0.0:
                    break
                order[count], gains[count] = j, _take(j, points, rows, used)
                done[j] = True
                count += 1
            size -= 1
            heap[0] = heap[size]
            _sink(heap, 0, size, value)
    met = True
    for r in range(len(asked)):
        met &= used[r] >= asked[r]
    return order[:count].copy(), gains[:count].copy(), met


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
