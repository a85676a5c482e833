"""What no choice can better: the Lagrangian bound of maximal covering, and the options that it settles.

Each point k gets a price u_k, 0 <= u_k <= w_k, and each row of the choice but the number of sites a price v_r. Then no choice covers
more than::

    L(u, v) = sum_k (w_k - u_k) + sum_r v_r * limit_r + the best p of  s_j = own_j + sum_{k in j} u_k - sum_r v_r a_rj

of each group of options that exclude each other one at most. Prices fall where L falls by the volume algorithm, whose averaged
directions also converge; L's least value is the bound of the linear program (rows that limit a number are whole in themselves).

References
----------
Galvão & ReVelle (1996), A Lagrangean heuristic for the maximal covering location problem, European Journal of Operational
Research 88(1):114-123, https://doi.org/10.1016/0377-2217(94)00159-6
Barahona & Anbil (2000), The volume algorithm: producing primal solutions with a subgradient method, Mathematical
Programming 87(3):385-399, https://doi.org/10.1007/s101070050002
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geoplan.network.compiled import compiled
from geoplan.siting.choose.cover_model import direct_points, exclusive_groups
from geoplan.siting.choose.greedy import sorted_rows
from geoplan.siting.choose.merge import pattern, with_points
from geoplan.siting.problems import Bools, Choice, Cover, Floats, Ints

#: Steps between two looks at the watch.
CHUNK = 50
#: Share of the gap that the first step aims at.
FIRST_STEP = 0.1
#: Limits below this are none: what rounding leaves of a budget used up.
HAIR = 1e-9


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
    """Where the descent stands: the best prices, the averaged direction, and figures (bound, step, fruitless steps)."""

    point: Floats
    row: Floats
    point_way: Floats
    row_way: Floats
    average: Floats
    figures: Floats


@dataclass(frozen=True, eq=False)
class Bound:
    """A proven bound and what it says of each option.

    Parameters
    ----------
    value
        No choice covers more people than this.
    zero, one
        At most `value - loss` is covered by a choice with the option (`with_`) or without it (`without`), shape (n_options,).
    picked
        The options that the bound itself would choose, ascending.
    average
        About what the linear program chooses, 0 to 1.
    """

    value: float
    with_: Floats
    without: Floats
    picked: Ints
    average: Floats


def arrays(problem: Cover) -> Arrays:
    """Return `problem` as compiled code reads it."""
    covers, choice = pattern(problem.covers), problem.choice
    own, shared = direct_points(problem)
    number = np.full(len(problem.weight), -1, np.int64)
    number[shared] = np.arange(len(shared))
    shorter = with_points(covers, number, len(shared))
    limit, at = number_row(choice)
    finite = np.where(np.isfinite(choice.most) & (choice.most > HAIR), choice.most, 1.0)
    pointer, row, data = sorted_rows(choice)
    group = exclusive_groups(choice)
    alone = group < 0
    # groups are kept by the bound itself, so is the number of sites: their rows need no price
    priced = np.isfinite(choice.most) & ~_kept_by_groups(choice, group)
    if at >= 0:
        priced[at] = False
    group[alone] = choice.rows.shape[0] + np.arange(alone.sum())
    _, group = np.unique(group, return_inverse=True)
    return Arrays(
        shorter.indptr.astype(np.int64),
        shorter.indices,
        problem.weight[shared],
        own,
        pointer,
        row,
        data / finite[row],
        np.where(choice.least > 0, choice.least / finite, 0.0),
        np.where(priced, choice.most / finite, np.inf),
        group.astype(np.int64),
        limit,
        shared,
        finite,
    )


def number_row(choice: Choice) -> tuple[int, int]:
    """Return the most options that may be chosen, and the row that says so; all of them and -1 where no row counts all alike."""
    rows, n = choice.rows, len(choice)
    best, at = n, -1
    for r in np.flatnonzero(np.isfinite(choice.most) & (np.diff(rows.indptr) == n)):
        data = rows.data[rows.indptr[r] : rows.indptr[r + 1]]
        if n and data[0] > 0 and (data == data[0]).all():
            most = int(np.floor(choice.most[r] / data[0] + 1e-9))
            if most < best or at < 0:
                best, at = min(best, most), int(r)
    return best, at


def _kept_by_groups(choice: Choice, group: Ints) -> Bools:
    """Return the rows that say no more than a group: all options with a coefficient of 1 are in it."""
    kept = np.zeros(choice.rows.shape[0], bool)
    for r in np.unique(group[group >= 0]):
        members = choice.rows.indices[choice.rows.indptr[r] : choice.rows.indptr[r + 1]]
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
    figures = np.array([np.inf, FIRST_STEP, 0.0, 0.0])
    return Prices(point, row, np.zeros(m), np.zeros(rows), np.zeros(n), figures)


def given_prices(data: Arrays, prices: Prices, weight: Floats) -> tuple[Floats, Floats]:
    """Return the prices of all points of the problem (`weight`: those that need none are worth their weight) and of a unit of each row."""
    point = weight.copy()
    point[data.shared] = prices.point
    return point, prices.row / data.size


def descend(data: Arrays, prices: Prices, *, people: float, steps: int = CHUNK) -> None:
    """Let the bound fall for some steps towards `people`; `prices` are changed in place."""
    _descend(data, prices, people, steps)


def bound_of(data: Arrays, prices: Prices) -> Bound:
    """Return the bound at the best prices, computed afresh, and what it says of each option."""
    value, score = _scores(data, prices.point, prices.row)
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
    """Return the options picked, the best of each group and the score of its second (0 at least), and what an option must
    beat to enter the picked (0 where there is room) and what would replace one that leaves (0 at least).
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
def _descend(data: Arrays, prices: Prices, people: float, steps: int) -> None:
    n, m, rows = len(data.own), len(data.weight), len(data.most)
    point, row = prices.point.copy(), prices.row.copy()
    times, used, way = np.empty(m), np.empty(rows), np.empty(m)
    for _ in range(steps):
        constant, score = _scores(data, point, row)
        picked = _pick(data, score)[0]
        value = constant
        times[:] = -1.0
        used[:] = 0.0
        for j in picked:
            value += score[j]
            for e in range(data.pointer[j], data.pointer[j + 1]):
                times[data.indices[e]] += 1.0
            for e in range(data.row_pointer[j], data.row_pointer[j + 1]):
                used[data.row[e]] += data.share[e]
        # how far the new direction agrees with the averaged one says whether steps are too long or too short
        along = 0.0
        for k in range(m):
            along += data.weight[k] * times[k] * prices.point_way[k]
        better = value < prices.figures[0]
        if better:
            if prices.figures[0] - value > 1e-4 * (prices.figures[0] - people):
                prices.figures[2] = 0.0
            prices.figures[0] = value
            prices.point[:] = point
            prices.row[:] = row
            if along > 0.0:
                prices.figures[1] = min(2.0, prices.figures[1] * 1.1)
        else:
            prices.figures[2] += 1.0
            if prices.figures[2] % 10.0 == 0.0:
                prices.figures[1] *= 0.8
        first = prices.figures[3] == 0.0
        keep = 0.0 if first else 0.9
        prices.figures[3] += 1.0
        size = 0.0
        for k in range(m):
            prices.point_way[k] = keep * prices.point_way[k] + (1.0 - keep) * times[k]
            size += data.weight[k] * prices.point_way[k] ** 2
        scale = max(1.0, people)
        for r in range(rows):
            limit = data.most[r] if row[r] >= 0.0 and data.most[r] < np.inf else data.least[r]
            gap = limit - used[r]
            prices.row_way[r] = keep * prices.row_way[r] + (1.0 - keep) * gap
            size += scale * prices.row_way[r] ** 2
        for j in range(n):
            prices.average[j] *= keep
        for j in picked:
            prices.average[j] += 1.0 - keep
        if size <= 0.0:
            break
        step = prices.figures[1] * (prices.figures[0] - people) / size
        for k in range(m):
            moved = prices.point[k] - step * data.weight[k] * prices.point_way[k]
            point[k] = min(data.weight[k], max(0.0, moved))
        for r in range(rows):
            moved = prices.row[r] - step * scale * prices.row_way[r]
            low = -np.inf if data.least[r] > 0.0 else 0.0
            high = np.inf if data.most[r] < np.inf else 0.0
            row[r] = min(high, max(low, moved))
