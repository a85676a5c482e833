"""The median's arrays: what people walk to each option where that is nearer than what they have, and smaller ones of the same kind."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from geoplan.siting.problems import Bools, DistanceProblem, Floats, Ints, SelectionConstraints

#: Sums of whole person-seconds below this keep every whole number apart from the next, rounding and all.
SMALL = 1e7


@dataclass(frozen=True, eq=False)
class Medians:
    """Points that choose the cheapest of the options chosen, or stay at `top`.

    Parameters
    ----------
    option
        Position of each option in the problem given, ascending, shape (n,).
    rows, least, most
        As in `SelectionConstraints`, for these options.
    start, point, cost
        Person-seconds by option: of option ``j`` those at ``start[j]:start[j + 1]``, each below the point's `top`.
    top
        Person-seconds of each point without any of these options, shape (m,).
    origin
        Position of each point among those of the first arrays, ascending, shape (m,).
    by_start, by_option, by_cost
        The same by point, cheapest first, ties by lowest position.
    fixed
        Positions in the problem given of options chosen already (in `top`).
    base
        Person-seconds of points that none of these options changes.
    whole
        Whether all person-seconds are whole numbers, and not too many: then so is every objective.
    """

    option: Ints
    rows: csr_array
    least: Floats
    most: Floats
    start: Ints
    point: Ints
    cost: Floats
    top: Floats
    origin: Ints
    by_start: Ints
    by_option: Ints
    by_cost: Floats
    fixed: Ints
    base: float
    whole: bool

    def __len__(self) -> int:
        """Return the number of options that are open."""
        return len(self.option)

    @property
    def constraints(self) -> SelectionConstraints:
        """The limits, all costs 0."""
        return SelectionConstraints(np.zeros(len(self)), self.rows, self.least, self.most)

    def savings(self) -> Floats:
        """Return the person-seconds that each option would save alone, shape (n,)."""
        option = np.repeat(np.arange(len(self)), np.diff(self.start))
        saved: Floats = np.bincount(option, self.top[self.point] - self.cost, minlength=len(self)).astype(
            float
        )
        return saved

    def positions(self, chosen: Ints) -> Ints:
        """Return positions in the problem given, with what is fixed, ascending."""
        return np.sort(np.r_[self.fixed, self.option[chosen]])


def medians(problem: DistanceProblem, *, merge: bool) -> Medians:
    """Return the arrays of `problem`: weightless points and walks that nobody gains by left out.

    Parameters
    ----------
    problem
        The question.
    merge
        Whether points with the same walks, to options and now, become one of their joint weight.
    """
    walks = csc_array(problem.seconds)
    walks.sort_indices()
    have = np.minimum(problem.existing_seconds, problem.cutoff_seconds)
    group = _alike(walks, have) if merge else np.arange(len(have), dtype=np.int64)
    weight = np.bincount(group, problem.weight, minlength=len(have))
    keep = np.flatnonzero(weight > 0)
    walks = walks[:, keep]
    column = np.repeat(np.arange(len(keep)), np.diff(walks.indptr))
    gains = walks.data < have[keep][column]
    option, point = walks.indices[gains].astype(np.int64), column[gains]
    cost: Floats = walks.data[gains] * weight[keep][point]
    top: Floats = np.asarray(have[keep] * weight[keep], np.float64)
    whole = bool((cost == np.floor(cost)).all() and (top == np.floor(top)).all() and top.sum() < SMALL)
    n = walks.shape[0]
    constraints = problem.constraints
    return built(
        np.arange(n, dtype=np.int64),
        (csr_array(constraints.rows), constraints.least, constraints.most),
        (option, point, cost, top),
        origin=np.arange(len(keep), dtype=np.int64),
        fixed=np.empty(0, np.int64),
        base=0.0,
        whole=whole,
    )


def _alike(walks: csc_array, have: Floats) -> Ints:
    # the first point of those with the same column and the same walk now
    first: dict[tuple[bytes, bytes, float], int] = {}
    pointer, rows, data = walks.indptr, walks.indices, walks.data
    return np.array(
        [
            first.setdefault((rows[a:b].tobytes(), data[a:b].tobytes(), now), k)
            for k, (a, b, now) in enumerate(zip(pointer[:-1], pointer[1:], have.tolist(), strict=True))
        ],
        np.int64,
    )


def built(
    position: Ints,
    limits: tuple[csr_array, Floats, Floats],
    entries: tuple[Ints, Ints, Floats, Floats],
    *,
    origin: Ints,
    fixed: Ints,
    base: float,
    whole: bool,
) -> Medians:
    """Return the arrays of walks given as entries.

    Parameters
    ----------
    position
        Of each option in the problem given, shape (n,).
    limits
        Rows, least, most.
    entries
        Option, point and person-seconds of each walk; and the person-seconds of each point without any.
    origin, fixed, base, whole
        As in `Medians`; `origin` is of all points, those that no walk changes included.
    """
    option, point, cost, top = entries
    # points that no option changes leave
    met = np.zeros(len(top), bool)
    met[point] = True
    base += float(top[~met].sum())
    point, top = (np.cumsum(met) - 1)[point], top[met]
    by_option = np.lexsort((point, option))
    by_point = np.lexsort((option, cost, point))
    return Medians(
        option=position,
        rows=limits[0],
        least=limits[1],
        most=limits[2],
        start=np.r_[0, np.cumsum(np.bincount(option, minlength=len(position)))].astype(np.int64),
        point=point[by_option].astype(np.int64),
        cost=cost[by_option],
        top=top,
        origin=origin[met],
        by_start=np.r_[0, np.cumsum(np.bincount(point, minlength=len(top)))].astype(np.int64),
        by_option=option[by_point].astype(np.int64),
        by_cost=cost[by_point],
        fixed=fixed,
        base=base,
        whole=whole,
    )


def shrunk(arrays: Medians, *, never: Bools, always: Bools) -> Medians:
    """Return the smaller question in which some options are out and some are chosen; both of shape (n,).

    What is chosen lowers each point's `top`, uses up the limits, and lets walks go that are no longer any gain.
    """
    n = len(arrays)
    open_ = ~(never | always)
    top = arrays.top.copy()
    option = np.repeat(np.arange(n), np.diff(arrays.start))
    taken = always[option]
    np.minimum.at(top, arrays.point[taken], arrays.cost[taken])
    keep = open_[option] & (arrays.cost < top[arrays.point])
    used = arrays.rows[:, np.flatnonzero(always)].sum(axis=1) if always.any() else 0.0
    return built(
        arrays.option[open_],
        (csr_array(arrays.rows[:, np.flatnonzero(open_)]), arrays.least - used, arrays.most - used),
        ((np.cumsum(open_) - 1)[option[keep]], arrays.point[keep], arrays.cost[keep], top),
        origin=arrays.origin,
        fixed=np.r_[arrays.fixed, arrays.option[always]],
        base=arrays.base,
        whole=arrays.whole,
    )


def value(arrays: Medians, chosen: Ints) -> float:
    """Return the person-seconds of a choice among the open options."""
    best = arrays.top.copy()
    for j in chosen:
        part = slice(arrays.start[j], arrays.start[j + 1])
        best[arrays.point[part]] = np.minimum(best[arrays.point[part]], arrays.cost[part])
    return arrays.base + float(best.sum())
