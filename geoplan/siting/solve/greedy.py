"""Lazy greedy selection for maximal covering: the first feasible answer.

References
----------
Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions, Optimization Techniques, LNCIS 7:234-243,
https://doi.org/10.1007/BFb0006528
Khuller, Moss & Naor (1999), The budgeted maximum coverage problem, Information Processing Letters 70(1):39-45,
https://doi.org/10.1016/S0020-0190(99)00031-9
"""

from dataclasses import dataclass

import numpy as np

from geoplan.network.compiled import compiled
from geoplan.siting.solve.constraints import Points, asked_for, loosened, sorted_rows
from geoplan.siting.solve.exchange import swap
from geoplan.siting.solve.presolve import pattern
from geoplan.siting.solve.problems import CoverageProblem, Floats, Ints, SelectionConstraints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE

__all__ = ["Greedy", "greedy", "swap"]


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
