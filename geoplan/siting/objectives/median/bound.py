"""What no choice can better: the Lagrangian bound, compiled, and the options that it settles.

That every point takes one option is relaxed: a point pays a price instead, an option earns the prices above its walks, and the options
that earn most are taken (Cornuéjols, Fisher & Nemhauser 1977, Management Science 23(8)). One limit on the number is kept, others are
priced too; prices climb by subgradients (Held, Wolfe & Crowder 1974, Mathematical Programming 6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoplan.network.compiled import compiled
from geoplan.siting.objectives.median.arrays import Medians
from geoplan.siting.problems import Bools, Floats, Ints

Array = NDArray[Any]
#: Rounds of prices at most, rounds without a better bound before the step halves, and the step at which the climb ends.
ROUNDS, PATIENCE, FIRST_STEP, LAST_STEP = 1500, 20, 1.5, 2e-3


@dataclass(frozen=True, eq=False)
class Priced:
    """The best bound of a climb.

    `price` of each point, shape (m,), at most its top; `worth` of each option, shape (n,): what it costs beyond its earnings, limits'
    prices included; `number`: the most options that the kept limit allows.
    """

    bound: float
    price: Floats
    worth: Floats
    number: int


def number_limit(arrays: Medians) -> tuple[int, int]:
    """Return which limit counts every option alike (-1: none) and the most options that it allows."""
    n = len(arrays)
    row, number = -1, n
    rows = csr_array(arrays.rows)
    for r in range(rows.shape[0]):
        data = rows.data[rows.indptr[r] : rows.indptr[r + 1]]
        if n and len(data) == n and data.min() == data.max() > 0 and np.isfinite(arrays.most[r]):
            allowed = max(0, int(np.floor(arrays.most[r] / data[0] + 1e-9)))
            if allowed < number:
                row, number = r, allowed
    return row, number


def climb(
    arrays: Medians,
    best: float,
    *,
    price: Floats,
    tried: Callable[[Ints, float], float],
    go_on: Callable[[float], bool],
    rounds: int = ROUNDS,
) -> Priced:
    """Return the best bound that prices give.

    Parameters
    ----------
    arrays
        The question.
    best
        Person-seconds of the best choice known.
    price
        Prices to begin with, shape (m,), person-seconds.
    tried
        Given the options taken under a better bound, and that bound; returns the best person-seconds known after that.
    go_on
        Given the best bound, whether to go on.
    rounds
        Most rounds of prices.
    """
    n, m = len(arrays), len(arrays.top)
    row, number = number_limit(arrays)
    low = np.minimum.reduceat(arrays.by_cost, arrays.by_start[:-1]) if m else np.empty(0)
    price = np.clip(price, low, arrays.top)
    worth, slope = np.empty(n), np.empty(m)
    _worth(arrays.start, arrays.point, arrays.cost, price, worth)
    # an option's fee is worth as much as its earnings, not as one point's price: steps of like size need like units
    limits = _Limits(
        arrays, row, unit=max(1.0, -float(worth.min(initial=0.0)) / max(1e-12, float(price.mean())))
    )
    fee = np.zeros(len(limits.most))
    drift, fee_drift = np.zeros(m), np.zeros(len(fee))
    top = Priced(-np.inf, price, np.zeros(n), number)
    step, stale = FIRST_STEP, 0
    for _ in range(rounds):
        _worth(arrays.start, arrays.point, arrays.cost, price, worth)
        net = worth + limits.rows.T @ fee if len(fee) else worth
        taken = _lowest(net, number)
        bound = arrays.base + float(price.sum() + net[taken].sum() - fee @ limits.most)
        stale += 1
        if bound > top.bound + 1e-7 * abs(top.bound if np.isfinite(top.bound) else 0.0):
            stale = 0
            best = tried(taken, bound)
        if bound > top.bound:
            top = Priced(bound, price.copy(), net.copy(), number)
        if not go_on(top.bound) or step < LAST_STEP:
            break
        if stale >= PATIENCE:
            step, stale = step / 2.0, 0
            price = top.price.copy()
        _slope(arrays.start, arrays.point, arrays.cost, price, taken, slope)
        slope[(price >= arrays.top) & (slope > 0)] = 0.0
        slope[(price <= low) & (slope < 0)] = 0.0
        fee_slope = limits.over(taken)
        fee_slope[(fee <= 0) & (fee_slope < 0)] = 0.0
        # the direction keeps some of the last one, which damps zigzag
        drift, fee_drift = 0.7 * slope + 0.3 * drift, 0.7 * fee_slope + 0.3 * fee_drift
        length = float(drift @ drift + fee_drift @ fee_drift)
        if length <= 1e-18:
            break
        move = step * max(best - bound, 1e-9 * abs(best)) / length
        price = np.clip(price + move * drift, low, arrays.top)
        fee = np.maximum(0.0, fee + move * fee_drift)
    return top


class _Limits:
    """The limits that are priced, each as ``rows @ y <= most``, scaled to coefficients of at most `unit`."""

    def __init__(self, arrays: Medians, kept: int, *, unit: float) -> None:
        over = [r for r in np.flatnonzero(np.isfinite(arrays.most)) if r != kept]
        under = np.flatnonzero(arrays.least > 0)
        rows = csr_array(arrays.rows)
        widest = [rows.data[rows.indptr[r] : rows.indptr[r + 1]].max(initial=1e-12) for r in over]
        sides = np.r_[over, under].astype(np.int64)
        scale = unit * np.r_[1.0 / np.array(widest), -np.ones(len(under))]
        picked = csr_array(rows[sides]) if len(sides) else csr_array((0, len(arrays)))
        self.rows = csr_array(
            (picked.data * np.repeat(scale, np.diff(picked.indptr)), picked.indices, picked.indptr),
            picked.shape,
        )
        self.most = scale * np.r_[arrays.most[over], arrays.least[under]]

    def over(self, taken: Ints) -> Floats:
        """Return by how much each limit is overstepped."""
        return np.asarray(self.rows[:, taken].sum(axis=1) - self.most, np.float64)


def _lowest(net: Floats, number: int) -> Ints:
    """Return the at most `number` lowest negative ones, ties by lowest position, ascending."""
    order = np.argsort(net, kind="stable")[:number]
    return np.sort(order[net[order] < 0])


def settled(priced: Priced, cutoff: float) -> tuple[Bools, Bools]:
    """Return which options are in no choice below `cutoff`, and which are in every one; both of shape (n,).

    What an option costs beyond the best that it would displace is added to the bound.
    """
    worth, number = priced.worth, priced.number
    n = len(worth)
    ranked = np.sort(worth)
    last = min(0.0, ranked[number - 1]) if 0 < number <= n else (-np.inf if number <= 0 else 0.0)
    following = min(0.0, ranked[number]) if number < n else 0.0
    order = np.argsort(worth, kind="stable")[:number]
    inside = np.zeros(n, bool)
    inside[order[worth[order] < 0]] = True
    never = ~inside & (priced.bound + worth - last >= cutoff)
    always = inside & (priced.bound - worth + following >= cutoff)
    return never, always


@compiled
def _worth(start: Array, point: Array, cost: Array, price: Array, worth: Array) -> None:
    for j in range(len(worth)):
        total = 0.0
        for e in range(start[j], start[j + 1]):
            less = cost[e] - price[point[e]]
            if less < 0.0:
                total += less
        worth[j] = total


@compiled
def _slope(start: Array, point: Array, cost: Array, price: Array, taken: Array, slope: Array) -> None:
    slope[:] = 1.0
    for j in taken:
        for e in range(start[j], start[j + 1]):
            if cost[e] < price[point[e]]:
                slope[point[e]] -= 1.0
