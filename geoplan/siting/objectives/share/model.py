"""The demand on coverage as a linear model: options, points, needs."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array

from geoplan.siting.objectives.share.open import Needs, Open, needed_points
from geoplan.siting.problems import Bools, Floats, Ints
from geoplan.siting.solve.lp import Linear


@dataclass(frozen=True, eq=False)
class Model:
    """A linear model whose first columns are the options; `points` are the open points that the further columns stand for.

    `reward` is what points that every answer covers are worth; it is no part of `linear`.
    """

    linear: Linear
    points: Ints
    covers: csr_array
    reward: float

    def filled(self, chosen: Ints) -> Floats:
        """Return the columns' values where `chosen` are chosen, shape (n_columns,)."""
        picked = np.zeros(self.covers.shape[0])
        picked[chosen] = 1.0
        return np.concatenate([picked, np.minimum(1.0, self.covers.T @ picked)])


def model(question: Open, *, people: bool = False) -> Model:
    """Return the model of `question`: least cost, or with `people` most people covered.

    Two kinds of rows hold in every answer and tighten the linear bound: one for each point that cannot be missed, ``sum x >= 1``,
    and one for each need ``d``, ``sum_j min(c_j, d) x_j >= d`` with ``c_j`` people of its points that option j covers.

    Parameters
    ----------
    question
        What is left to be covered.
    people
        False minimises the cost of the options; True minimises minus the people covered.
    """
    needed = needed_points(question)
    zone_asks = question.needs.zone > 0
    total_asks = question.needs.total > 0
    counted = ~needed & (people or total_asks)
    inside = question.zone >= 0
    counted[inside] |= ~needed[inside] & zone_asks[question.zone[inside]]
    points = np.flatnonzero(counted)
    covers = csr_array(question.covers[:, points])
    n, k = len(question.constraints), len(points)
    member, asks = groups(question, question.needs)
    # a need without the points that every answer covers
    rest = asks - member @ (question.weight * needed)
    held = rest > 0
    truncated = _truncated(question, member, asks)
    constraints = question.constraints
    rows = csr_array(
        block_array(
            [
                [csr_array(constraints.rows), csr_array((constraints.rows.shape[0], k))],
                [csr_array(question.covers.T[np.flatnonzero(needed)]), None],
                [csr_array(covers.T), -identity(k)],
                [None, csr_array(weighted(member, question.weight)[np.flatnonzero(held)][:, points])],
                [truncated, None],
            ]
        )
    )
    m, t = int(needed.sum()), truncated.shape[0]
    low = np.concatenate([constraints.least, np.ones(m), np.zeros(k), rest[held], np.ones(t)])
    high = np.concatenate([constraints.most, np.full(len(low) - len(constraints.most), np.inf)])
    cost = np.concatenate(
        [np.zeros(n), -question.weight[points]] if people else [constraints.cost, np.zeros(k)]
    )
    linear = Linear(
        cost,
        np.concatenate([question.fixed.astype(float), np.zeros(k)]),
        np.concatenate([question.possible.astype(float), np.ones(k)]),
        rows,
        low,
        high,
        np.concatenate([np.ones(n, bool), np.zeros(k, bool)]),
    )
    return Model(linear, points, covers, float(question.weight[needed].sum()))


def with_bounds(linear: Linear, *, out: Bools, into: Bools) -> Linear:
    """Return `linear` with the first columns of `out` fixed at 0 and those of `into` at 1; columns already fixed stay as they are."""
    low, high = linear.low.copy(), linear.high.copy()
    free = low[: len(out)] < high[: len(out)]
    low[: len(into)][into & free] = 1.0
    high[: len(out)][out & free] = 0.0
    return Linear(linear.cost, low, high, linear.rows, linear.row_low, linear.row_high, linear.whole)


def identity(k: int) -> csr_array:
    """Return the sparse identity, shape (k, k)."""
    return csr_array((np.ones(k), np.arange(k), np.arange(k + 1)), shape=(k, k))


def weighted(member: csr_array, weight: Floats) -> csr_array:
    """Return groups by points with the people of each point as entries."""
    return csr_array(
        (member.data * weight[member.indices], member.indices, member.indptr), shape=member.shape
    )


def groups(question: Open, needs: Needs) -> tuple[csr_array, Floats]:
    """Return the groups of open points that share a need above 0 (zones, then all people), and the needs."""
    zones = np.flatnonzero(needs.zone > 0)
    # the last place is for points without a zone
    number = np.full(len(needs.zone) + 1, -1)
    number[zones] = np.arange(len(zones))
    of_point = number[question.zone]
    points = np.flatnonzero(of_point >= 0)
    rows, asks = of_point[points], needs.zone[zones]
    if needs.total > 0:
        everyone = np.arange(len(question.weight))
        rows, points = np.append(rows, np.full(len(everyone), len(zones))), np.append(points, everyone)
        asks = np.append(asks, needs.total)
    shape = (len(asks), len(question.weight))
    return csr_array(coo_array((np.ones(len(rows)), (rows, points)), shape=shape)), asks


def _truncated(question: Open, member: csr_array, asks: Floats) -> csr_array:
    adds = csr_array(weighted(member, question.weight) @ question.covers.T)
    share = adds.data / np.repeat(asks, np.diff(adds.indptr))
    return csr_array((np.minimum(share, 1.0), adds.indices, adds.indptr), shape=adds.shape)
