"""Lagrangian upper bound and variable fixing for maximal covering.

Each point k gets a price u_k, 0 <= u_k <= w_k, and each constraint but the number of sites a price v_r. An upper bound on the people
covered is::

    L(u, v) = sum_k (w_k - u_k) + sum_r v_r * limit_r + the best p of  s_j = own_j + sum_{k in j} u_k - sum_r v_r a_rj

of each group of options that exclude each other one at most. L's least value is the bound of the linear program; a subgradient
descent comes near it, each direction kept in part for the next (Camerini, Fratta & Maffioli), each price moved in measure of its weight.

References
----------
Galvão & ReVelle (1996), A Lagrangean heuristic for the maximal covering location problem, European Journal of Operational
Research 88(1):114-123, https://doi.org/10.1016/0377-2217(94)00159-6
Camerini, Fratta & Maffioli (1975), On improving relaxation methods by modified gradient techniques, Mathematical Programming
Study 3:26-34, https://doi.org/10.1007/BFb0120697
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geoplan.network.compiled import compiled
from geoplan.siting.objectives.cover.problem import direct_points, exclusive_groups
from geoplan.siting.solve.constraints import sorted_rows
from geoplan.siting.solve.presolve import pattern, with_points
from geoplan.siting.solve.problems import Bools, CoverageProblem, Floats, Ints, SelectionConstraints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE

#: Steps between two checks of the search control.
CHUNK = 50


#: Length of steps: at first the whole gap (Polyak), shorter by a factor after so many steps that gain less than a share of the gap.
FIRST_STEP, SHORTER, PATIENCE, LEAST_GAIN = 1.0, 0.7, 20, 1e-5


#: Length of the first step from prices that are good already.
NEXT_STEP = 0.3


#: How much of the direction is kept from one step to the next.
KEEP = 0.9


class Arrays(NamedTuple):
    """A cover as the compiled bound reads it: points by option, rows by option, scaled to a limit of 1."""

    pointer: Ints
    indices: Ints
    weight: Floats
    own: Floats
    row_pointer: Ints
    row: Ints
    share: Floats
    least: Floats
    most: Floats
    group: Ints
    number: int
    shared: Ints
    size: Floats


class Prices(NamedTuple):
    """Where the descent stands.

    Prices now and at their best, of points and of rows; the direction; what is picked on average; and figures: the best bound, the
    length of steps as a share of the gap, steps without gain.
    """

    point: Floats
    row: Floats
    best_point: Floats
    best_row: Floats
    point_way: Floats
    row_way: Floats
    average: Floats
    figures: Floats


@dataclass(frozen=True, eq=False)
class Bound:
    """A proven upper bound and what it implies for each option.

    Parameters
    ----------
    value
        Upper bound on the people covered.
    zero, one
        Upper bound on the people covered by a selection with the option (`with_`) or without it (`without`), shape (n_options,).
    picked
        The options in the optimum of the relaxation, ascending.
    average
        Running average of the relaxation's optimum: approximates the linear program, 0 to 1.
    """

    value: float
    with_: Floats
    without: Floats
    picked: Ints
    average: Floats


def arrays(problem: CoverageProblem) -> Arrays:
    """Return `problem` as compiled code reads it."""
    covers, constraints = pattern(problem.covers), problem.constraints
    own, shared = direct_points(problem)
    number = np.full(len(problem.weight), -1, np.int64)
    number[shared] = np.arange(len(shared))
    shorter = with_points(covers, number, len(shared))
    limit, at = number_row(constraints)
    finite = np.where(
        np.isfinite(constraints.most) & (constraints.most > ROUNDING_TOLERANCE), constraints.most, 1.0
    )
    pointer, row, data = sorted_rows(constraints)
    group = exclusive_groups(constraints)
    alone = group < 0
    # groups are kept by the bound itself, so is the number of sites: their rows need no price
    priced = np.isfinite(constraints.most) & ~_kept_by_groups(constraints, group)
    if at >= 0:
        priced[at] = False
    group[alone] = constraints.rows.shape[0] + np.arange(alone.sum())
    _, group = np.unique(group, return_inverse=True)
    return Arrays(
        shorter.indptr.astype(np.int64),
        shorter.indices,
        problem.weight[shared],
        own,
        pointer,
        row,
        data / finite[row],
        np.where(constraints.least > 0, constraints.least / finite, 0.0),
        np.where(priced, constraints.most / finite, np.inf),
        group.astype(np.int64),
        limit,
        shared,
        finite,
    )


def number_row(constraints: SelectionConstraints) -> tuple[int, int]:
    """Return the most options that may be chosen, and the row that says so; all of them and -1 where no row counts all alike."""
    rows, n = constraints.rows, len(constraints)
    best, at = n, -1
    for r in np.flatnonzero(np.isfinite(constraints.most) & (np.diff(rows.indptr) == n)):
        data = rows.data[rows.indptr[r] : rows.indptr[r + 1]]
        if n and data[0] > 0 and (data == data[0]).all():
            most = int(np.floor(constraints.most[r] / data[0] + ROUNDING_TOLERANCE))
            if most < best or at < 0:
                best, at = min(best, most), int(r)
    return best, at


def _kept_by_groups(constraints: SelectionConstraints, group: Ints) -> Bools:
    """Return the rows that say no more than a group: all options with a coefficient of 1 are in it."""
    kept = np.zeros(constraints.rows.shape[0], bool)
    for r in np.unique(group[group >= 0]):
        members = constraints.rows.indices[constraints.rows.indptr[r] : constraints.rows.indptr[r + 1]]
        kept[r] = bool((group[members] == r).all())
    return kept


def first_prices(data: Arrays, given: tuple[Floats, Floats] | None = None) -> Prices:
    """Return prices to begin with: those given (of points, of one unit of each row), else half of each point's weight."""
    n, m, rows = len(data.own), len(data.weight), len(data.most)
    point, row = 0.5 * data.weight, np.zeros(rows)
    if given is not None:
        point = np.clip(given[0][data.shared], 0.0, data.weight)
        low, high = np.where(data.least > 0, -np.inf, 0.0), np.where(np.isfinite(data.most), np.inf, 0.0)
        row = np.clip(given[1] * data.size, low, high)
    figures = np.array([np.finfo(np.float64).max, FIRST_STEP if given is None else NEXT_STEP, 0.0])
    return Prices(point, row, point.copy(), row.copy(), np.zeros(m), np.zeros(rows), np.zeros(n), figures)


def given_prices(data: Arrays, prices: Prices, weight: Floats) -> tuple[Floats, Floats]:
    """Return the prices of all points of the problem (`weight`: those that need none are worth their weight) and of a unit of each row."""
    point = weight.copy()
    point[data.shared] = prices.best_point
    return point, prices.best_row / data.size


def descend(data: Arrays, prices: Prices, *, people: float, steps: int = CHUNK) -> None:
    """Let the bound fall for some steps towards `people`; `prices` are changed in place."""
    _descend(data, prices, people, steps)


def bound_of(data: Arrays, prices: Prices) -> Bound:
    """Return the bound at the best prices, computed afresh, and what it implies for each option."""
    value, score = _scores(data, prices.best_point, prices.best_row)
    picked, best, second, leaves, enters = _pick(data, score)
    inner = score[picked].sum()
    value += float(inner)
    chosen = np.zeros(len(score), bool)
    chosen[picked] = True
    group_picked = np.zeros(len(best), bool)
    group_picked[data.group[picked]] = True
    group = data.group
    loss_with = np.where(group_picked[group], np.where(best >= 0, score[best], 0.0)[group], leaves) - score
    loss_without = np.where(chosen, score - np.maximum(second[group], enters), 0.0)
    return Bound(value, value - loss_with, value - loss_without, np.sort(picked), prices.average.copy())


@compiled
def _scores(data: Arrays, point: Floats, row: Floats) -> tuple[float, Floats]:
    """Return the part of the bound that no option is in, and the score of each option."""
    constant = 0.0
    for k in range(len(point)):
        constant += data.weight[k] - point[k]
    for r in range(len(row)):
        if row[r] > 0.0:
            constant += row[r] * data.most[r]
        elif row[r] < 0.0:
            constant += row[r] * data.least[r]
    score = np.empty(len(data.own))
    for j in range(len(score)):
        s = 0.0
        for e in range(data.pointer[j], data.pointer[j + 1]):
            s += point[data.indices[e]]
        for e in range(data.row_pointer[j], data.row_pointer[j + 1]):
            s -= row[data.row[e]] * data.share[e]
        score[j] = s + data.own[j]
    return constant, score


@compiled
def _pick(data: Arrays, score: Floats) -> tuple[Ints, Ints, Floats, float, float]:
    """Return what is picked, and what it takes to change that.

    The options picked; the best of each group and the score of its second (0 at least); what an option must beat to enter (0 where there
    is room); what would replace one that leaves (0 at least).
    """
    groups = 0
    for j in range(len(score)):
        groups = max(groups, data.group[j] + 1)
    best, second = np.full(groups, -1, np.int64), np.zeros(groups)
    for j in range(len(score)):
        g = data.group[j]
        if best[g] < 0:
            best[g] = j
        elif score[j] > score[best[g]]:
            second[g] = max(0.0, score[best[g]])
            best[g] = j
        else:
            second[g] = max(second[g], score[j])
    value = np.empty(groups)
    for g in range(groups):
        value[g] = -score[best[g]]
    order = np.argsort(value, kind="mergesort")
    count = 0
    while count < groups and count < data.number and value[order[count]] < 0.0:
        count += 1
    picked = best[order[:count]]
    full = count == data.number
    leaves = -value[order[count - 1]] if full and count > 0 else (np.inf if full else 0.0)
    enters = max(0.0, -value[order[count]]) if full and count < groups else 0.0
    return picked, best, second, leaves, enters


@compiled
def _times(data: Arrays, picked: Ints, times: Floats, used: Floats) -> None:
    """Set how often each point is covered, less one, and the share of each row's limit that is used."""
    times[:] = -1.0
    used[:] = 0.0
    for j in picked:
        for e in range(data.pointer[j], data.pointer[j + 1]):
            times[data.indices[e]] += 1.0
        for e in range(data.row_pointer[j], data.row_pointer[j + 1]):
            used[data.row[e]] += data.share[e]


@compiled
def _points_turned(data: Arrays, prices: Prices, times: Floats) -> float:
    """Add the points' part of the direction; return its squared length, each point in its own measure: its weight."""
    size = 0.0
    for k in range(len(times)):
        at, way = prices.point[k], times[k]
        # a price at its limit that would leave it stays
        if (at >= data.weight[k] and way < 0.0) or (at <= 0.0 and way > 0.0):
            way = 0.0
        prices.point_way[k] = way + KEEP * prices.point_way[k]
        size += data.weight[k] * prices.point_way[k] ** 2
    return size


@compiled
def _rows_turned(data: Arrays, prices: Prices, used: Floats, scale: float) -> float:
    """Add the rows' part of the direction; return its squared length."""
    size = 0.0
    for r in range(len(used)):
        at, way = prices.row[r], 0.0
        if at > 0.0 or used[r] > data.most[r]:
            way = data.most[r] - used[r]
        elif at < 0.0 or used[r] < data.least[r]:
            way = data.least[r] - used[r]
        prices.row_way[r] = way + KEEP * prices.row_way[r]
        size += scale * prices.row_way[r] ** 2
    return size


@compiled
def _moved(data: Arrays, prices: Prices, step: float, scale: float) -> None:
    for k in range(len(prices.point)):
        to = prices.point[k] - step * data.weight[k] * prices.point_way[k]
        prices.point[k] = min(data.weight[k], max(0.0, to))
    for r in range(len(prices.row)):
        to = prices.row[r] - step * scale * prices.row_way[r]
        low = -np.inf if data.least[r] > 0.0 else 0.0
        high = np.inf if data.most[r] < np.inf else 0.0
        prices.row[r] = min(high, max(low, to))


@compiled
def _descend(data: Arrays, prices: Prices, people: float, steps: int) -> None:
    times, used = np.empty(len(data.weight)), np.empty(len(data.most))
    figures, scale = prices.figures, max(1.0, people)
    for _ in range(steps):
        value, score = _scores(data, prices.point, prices.row)
        picked = _pick(data, score)[0]
        for j in picked:
            value += score[j]
        prices.average[:] *= KEEP
        for j in picked:
            prices.average[j] += 1.0 - KEEP
        lead = value - people
        if value < figures[0]:
            figures[2] = 0.0 if figures[0] - value > LEAST_GAIN * abs(lead) else figures[2] + 1.0
            figures[0] = value
            prices.best_point[:] = prices.point
            prices.best_row[:] = prices.row
        else:
            figures[2] += 1.0
        if figures[2] >= PATIENCE:
            # back to the best prices, with shorter steps
            figures[2] = 0.0
            figures[1] *= SHORTER
            prices.point[:] = prices.best_point
            prices.row[:] = prices.best_row
            prices.point_way[:] = 0.0
            prices.row_way[:] = 0.0
            continue
        _times(data, picked, times, used)
        size = _points_turned(data, prices, times) + _rows_turned(data, prices, used, scale)
        if size <= 0.0 or lead <= 0.0:
            break
        _moved(data, prices, figures[1] * lead / size, scale)
