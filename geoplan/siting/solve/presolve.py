"""Presolve: merge points that the same options cover, and drop dominated options; the optimum stays the same."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from geoplan.network.compiled import compiled
from geoplan.siting.solve.problems import Bools, CoverageProblem, Floats, Ints, SelectionConstraints

#: Most pairs of options that are compared; above it dominated options stay, which costs time but stays exact.
MOST_PAIRS = 200_000_000
#: Rounds of merging points and dropping options: each enables more of the other; later rounds find next to nothing.
ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Merged:
    """A smaller problem with the same optimum.

    Parameters
    ----------
    problem
        The smaller problem: every point has a weight, none is already covered, each is covered by some option.
    options
        Original position of each option kept, ascending, shape (n_kept,).
    base
        Weight of the points that what exists covers.
    """

    problem: CoverageProblem
    options: Ints
    base: float

    def back(self, chosen: Ints) -> Ints:
        """Return the original positions of options chosen, ascending."""
        return np.sort(self.options[chosen])


def pattern(matrix: csr_array) -> csr_array:
    """Return `matrix` with ones where it has entries, sorted, none twice; `matrix` is left as it is."""
    ones = csr_array(
        (np.ones(len(matrix.indices)), matrix.indices, matrix.indptr), shape=matrix.shape, copy=True
    )
    ones.sum_duplicates()
    ones.data[:] = 1.0
    return ones


def alike(columns: csc_array, key: Floats) -> Ints:
    """Return for each column the first one with the same entries and the same `key`, shape (m,); rows are sorted.

    Examples
    --------
    >>> alike(csc_array(np.array([[1.0, 1.0, 0.0, 1.0]])), np.array([0.0, 0.0, 0.0, 9.0])).tolist()
    [0, 0, 2, 3]
    """
    first: dict[tuple[bytes, bytes, float], int] = {}
    pointer, rows, data = columns.indptr, columns.indices, columns.data
    return np.array(
        [
            first.setdefault((rows[a:b].tobytes(), data[a:b].tobytes(), own), k)
            for k, (a, b, own) in enumerate(zip(pointer[:-1], pointer[1:], key.tolist(), strict=True))
        ],
        np.int64,
    )


def merged(problem: CoverageProblem, *, by_zone: bool = False, drop_dominated: bool = True) -> Merged:
    """Return a smaller problem with the same optimum.

    Points that have no weight, are covered already, or cannot be covered are removed. Points with the same set of options (and,
    `by_zone`, the same zone) are added up. An option is dominated where another covers all that it covers, costs no more and uses no
    more of any constraint, and no constraint requires it (``least > 0``); of equals the lowest position stays. This holds without
    capacities only.

    Parameters
    ----------
    problem
        Who is covered by which option.
    by_zone
        True where shares count by zone: points of different zones are never added up.
    drop_dominated
        False keeps every option.

    Returns
    -------
    merged
        The smaller problem and the way back.

    Examples
    --------
    >>> constraints = SelectionConstraints(np.ones(2), csr_array(np.ones((1, 2))), np.zeros(1), np.ones(1))
    >>> covers = csr_array(np.array([[1, 1, 0], [1, 1, 1]]))
    >>> small = merged(CoverageProblem(constraints, covers, np.array([3.0, 4.0, 5.0]), np.zeros(3, bool), np.full(3, -1)))
    >>> small.options, small.problem.weight
    (array([1]), array([12.]))
    """
    base = float(problem.weight[problem.covered_by_existing].sum())
    options = np.arange(len(problem.constraints))
    small = CoverageProblem(
        problem.constraints,
        pattern(problem.covers),
        problem.weight,
        problem.covered_by_existing,
        problem.zone,
    )
    for _ in range(ROUNDS if drop_dominated else 1):
        small = _points_merged(small, by_zone=by_zone)
        keep = _undominated(small) if drop_dominated else np.ones(len(options), bool)
        if keep.all():
            break
        small, options = _with_options(small, keep), options[keep]
    return Merged(small, options, base)


def _with_options(problem: CoverageProblem, keep: Bools) -> CoverageProblem:
    constraints = problem.constraints
    rows = csr_array(constraints.rows.tocsc()[:, np.flatnonzero(keep)])
    fewer = SelectionConstraints(constraints.cost[keep], rows, constraints.least, constraints.most)
    covers = csr_array(problem.covers[np.flatnonzero(keep)])
    return CoverageProblem(fewer, covers, problem.weight, problem.covered_by_existing, problem.zone)


def _points_merged(problem: CoverageProblem, *, by_zone: bool) -> CoverageProblem:
    """Return the problem with points of one set of options added up, in the order of the first of each."""
    columns = csc_array(problem.covers)
    live = np.flatnonzero((problem.weight > 0) & ~problem.covered_by_existing & (np.diff(columns.indptr) > 0))
    columns = csc_array(columns[:, live])
    zone = problem.zone[live] if by_zone else np.zeros(len(live), np.int64)
    leads, group = np.unique(alike(columns, zone.astype(np.float64)), return_inverse=True)
    weight = np.bincount(group.ravel(), weights=problem.weight[live], minlength=len(leads)).astype(np.float64)
    covers = csr_array(columns[:, leads])
    return CoverageProblem(
        problem.constraints, covers, weight, np.zeros(len(leads), bool), problem.zone[live][leads]
    )


def _undominated(problem: CoverageProblem) -> Bools:
    """Return the options that no other dominates."""
    constraints, covers = problem.constraints, problem.covers
    pinned = np.zeros(len(constraints), bool)
    pinned[constraints.rows[np.flatnonzero(constraints.least > 0)].indices] = True
    by_point = covers.tocsc()
    degree = np.diff(by_point.indptr).astype(np.int64)
    rarest = _rarest(covers.indptr, covers.indices, degree)
    if int(degree[rarest[rarest >= 0]].sum()) > MOST_PAIRS:
        return (rarest >= 0) | pinned
    rows = csc_array(constraints.rows)
    rows.sum_duplicates()
    dropped = _dominated(
        (covers.indptr, covers.indices),
        (by_point.indptr, by_point.indices),
        rarest,
        constraints.cost,
        (rows.indptr, rows.indices, rows.data.astype(np.float64)),
        pinned,
    )
    return ~dropped


@compiled
def _rarest(pointer: Ints, indices: Ints, degree: Ints) -> Ints:
    """Return for each option its point that the fewest options cover; -1 for an option that covers none."""
    rarest = np.full(len(pointer) - 1, -1, np.int64)
    for j in range(len(pointer) - 1):
        for e in range(pointer[j], pointer[j + 1]):
            if rarest[j] < 0 or degree[indices[e]] < degree[rarest[j]]:
                rarest[j] = indices[e]
    return rarest


@compiled
def _uses_more(a: int | np.int64, b: int | np.int64, rows: tuple[Ints, Ints, Floats]) -> bool:
    """Return whether option b uses more than a of some row (sorted by row)."""
    pointer, row, data = rows
    i = pointer[a]
    for e in range(pointer[b], pointer[b + 1]):
        while i < pointer[a + 1] and row[i] < row[e]:
            i += 1
        has = data[i] if i < pointer[a + 1] and row[i] == row[e] else 0.0
        if data[e] > has:
            return True
    return False


@compiled
def _within(a: int | np.int64, b: int | np.int64, pointer: Ints, indices: Ints) -> bool:
    """Return whether all that option a covers is covered by b (sorted by point)."""
    i, end = pointer[b], pointer[b + 1]
    for e in range(pointer[a], pointer[a + 1]):
        if end - i < pointer[a + 1] - e:
            return False
        while i < end and indices[i] < indices[e]:
            i += 1
        if i == end or indices[i] != indices[e]:
            return False
    return True


@compiled
def _dominated(
    covers: tuple[Ints, Ints],
    by_point: tuple[Ints, Ints],
    rarest: Ints,
    cost: Floats,
    rows: tuple[Ints, Ints, Floats],
    pinned: Bools,
) -> Bools:
    pointer, indices = covers
    point_pointer, point_options = by_point
    n = len(pointer) - 1
    # 256 bits that say which points an option may cover: most pairs are distinguished without comparing their lists
    marks = np.zeros((n, 4), np.uint64)
    for j in range(n):
        for e in range(pointer[j], pointer[j + 1]):
            h = np.uint64(indices[e]) * np.uint64(0x9E3779B97F4A7C15)
            bit = h >> np.uint64(56)
            marks[j, np.int64(bit >> np.uint64(6))] |= np.uint64(1) << (bit & np.uint64(63))
    dropped = np.zeros(n, np.bool_)
    for a in range(n):
        if pinned[a]:
            continue
        if rarest[a] < 0:
            dropped[a] = True
            continue
        size = pointer[a + 1] - pointer[a]
        for e in range(point_pointer[rarest[a]], point_pointer[rarest[a] + 1]):
            b = np.int64(point_options[e])
            more = pointer[b + 1] - pointer[b]
            if b == a or more < size or cost[b] > cost[a] or dropped[b]:
                continue
            missing = np.uint64(0)
            for w in range(4):
                missing |= marks[a, w] & ~marks[b, w]
            if missing or _uses_more(a, b, rows) or not _within(a, b, pointer, indices):
                continue
            # of two that are alike in all, the lowest position stays
            alike = more == size and cost[b] == cost[a] and not _uses_more(b, a, rows)
            if alike and b > a:
                continue
            dropped[a] = True
            break
    return dropped
