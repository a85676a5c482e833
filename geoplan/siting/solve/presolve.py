"""Presolve: merge points that the same options cover, and drop dominated options; the optimum stays the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

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
    points
        Position in `problem` of each original point, -1 for those that left, shape (n_points,).
    base
        Weight of the points that what exists covers.
    """

    problem: CoverageProblem
    options: Ints
    points: Ints
    base: float

    def back(self, chosen: Ints) -> Ints:
        """Return the original positions of options chosen, ascending."""
        return np.sort(self.options[chosen])


def pattern(matrix: csr_array) -> csr_array:
    """Return `matrix` with ones of one byte where it has entries, sorted, none twice; `matrix` is left as it is."""
    ones = np.ones(len(matrix.indices), np.int8)
    clean = csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)
    if not matrix.has_canonical_format:
        clean = clean.copy()
        clean.sum_duplicates()
        clean.data[:] = 1
    return clean


def tidy(rows: csr_array) -> csr_array:
    """Return rows sorted, with no entry twice and none of 0; `rows` are left as they are."""
    clean = csr_array(rows, dtype=np.float64, copy=True)
    clean.sum_duplicates()
    clean.eliminate_zeros()
    return clean


def merged(problem: CoverageProblem, *, by_zone: bool = False, drop_dominated: bool = True) -> Merged:
    """Return a smaller problem with the same optimum.

    Points that have no weight, are covered already, or cannot be covered are removed. Points with the same set of options (and, `by_zone`, the same
    zone) are added up. An option is dominated where another covers all that it covers, costs no more and uses no more of any
    constraint, and no constraint requires it (``least > 0``); of equals the lowest position stays. This holds without capacities only.

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
    covers = pattern(problem.covers)
    options, points = np.arange(len(problem.constraints)), np.arange(len(problem.weight))
    constraints = problem.constraints
    constraints = SelectionConstraints(
        constraints.cost, tidy(constraints.rows), constraints.least, constraints.most
    )
    now = CoverageProblem(constraints, covers, problem.weight, problem.covered_by_existing, problem.zone)
    for _ in range(ROUNDS if drop_dominated else 1):
        now, group = _points_merged(now, by_zone=by_zone)
        points = np.append(group, -1)[points]  # what left stays out
        if not drop_dominated:
            break
        keep = _undominated(now)
        if keep.all():
            break
        now, options = with_options(now, keep), options[keep]
    return Merged(now, options, points, base)


def with_options(problem: CoverageProblem, keep: Bools | Ints) -> CoverageProblem:
    """Return `problem` with some of its options (a mask, or ascending positions); points stay."""
    constraints = problem.constraints
    rows = csr_array(constraints.rows.tocsc()[:, keep])
    fewer = SelectionConstraints(constraints.cost[keep], rows, constraints.least, constraints.most)
    return CoverageProblem(
        fewer, problem.covers[keep], problem.weight, problem.covered_by_existing, problem.zone
    )


def _points_merged(problem: CoverageProblem, *, by_zone: bool) -> tuple[CoverageProblem, Ints]:
    """Return the problem with points of one set of options added up, and the new position of each point (-1: left)."""
    covers = problem.covers
    n_options, n_points = covers.shape
    # a set of options is known by the sums, modulo 2^64, of two random numbers of its members
    key = np.random.default_rng(20_25).integers(0, 2**64, (n_options, 2), np.uint64)
    first, second, degree = _column_sums(covers.indptr, covers.indices, key, n_points)
    live = np.flatnonzero((problem.weight > 0) & ~problem.covered_by_existing & (degree > 0))
    zone = problem.zone[live] if by_zone else np.zeros(len(live), np.int64)
    order = np.lexsort((live, zone, second[live], first[live]))
    at, zone = live[order], zone[order]
    new = np.ones(len(at), bool)
    new[1:] = (
        (first[at[1:]] != first[at[:-1]]) | (second[at[1:]] != second[at[:-1]]) | (zone[1:] != zone[:-1])
    )
    group = np.full(n_points, -1, np.int64)
    group[at] = np.cumsum(new) - 1
    # numbers can collide: a group that some option holds in part only falls apart into its points
    size = np.bincount(group[live], minlength=1)
    broken = _split(covers.indptr, covers.indices, group, size)
    apart = live[broken[group[live]]]
    group[apart] = len(size) + np.arange(len(apart))
    # groups are numbered by their first point
    _, lead, place = np.unique(group[live], return_index=True, return_inverse=True)
    rank = np.empty(len(lead), np.int64)
    rank[np.argsort(lead, kind="stable")] = np.arange(len(lead))
    group[live] = rank[place]
    leads = live[np.sort(lead)]
    weight = np.bincount(group[live], weights=problem.weight[live], minlength=len(leads)).astype(np.float64)
    number = np.full(n_points, -1, np.int64)
    number[leads] = group[leads]
    return CoverageProblem(
        problem.constraints,
        with_points(covers, number, len(leads)),
        weight[: len(leads)],
        np.zeros(len(leads), bool),
        problem.zone[leads],
    ), group


def with_points(covers: csr_array, number: Ints, n_points: int) -> csr_array:
    """Return the columns that have a new number of at least 0; numbers ascend."""
    to = number[covers.indices]
    stays = to >= 0
    count = np.zeros(len(stays) + 1, np.int64)
    np.cumsum(stays, out=count[1:])
    indices = to[stays].astype(covers.indices.dtype)
    pointer = count[covers.indptr].astype(covers.indptr.dtype)
    return csr_array((np.ones(len(indices), np.int8), indices, pointer), shape=(covers.shape[0], n_points))


def _undominated(problem: CoverageProblem) -> Bools:
    """Return the options that no other dominates."""
    constraints, covers = problem.constraints, problem.covers
    pinned = np.zeros(len(constraints), bool)
    pinned[constraints.rows[constraints.least > 0].indices] = True
    by_point = covers.tocsc()
    degree = np.diff(by_point.indptr).astype(np.int64)
    rarest = _rarest(covers.indptr, covers.indices, degree)
    pairs = int(degree[rarest[rarest >= 0]].sum())
    if pairs > MOST_PAIRS:
        return (rarest >= 0) | pinned
    rows = constraints.rows.tocsc()
    rows.sum_duplicates()
    dropped = _dominated(
        covers.indptr,
        covers.indices,
        by_point.indptr,
        by_point.indices,
        rarest,
        constraints.cost,
        (rows.indptr, rows.indices, rows.data.astype(np.float64)),
        pinned,
    )
    return ~dropped


@compiled
def _column_sums(
    pointer: Ints, indices: Ints, key: NDArray[np.uint64], n_points: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], Ints]:
    first, second = np.zeros(n_points, np.uint64), np.zeros(n_points, np.uint64)
    degree = np.zeros(n_points, np.int64)
    for j in range(len(pointer) - 1):
        for e in range(pointer[j], pointer[j + 1]):
            k = indices[e]
            first[k] += key[j, 0]
            second[k] += key[j, 1]
            degree[k] += 1
    return first, second, degree


@compiled
def _split(pointer: Ints, indices: Ints, group: Ints, size: Ints) -> Bools:
    """Return the groups that some option covers in part."""
    broken = np.zeros(len(size), np.bool_)
    seen = np.zeros(len(size), np.int64)
    for j in range(len(pointer) - 1):
        for e in range(pointer[j], pointer[j + 1]):
            if group[indices[e]] >= 0:
                seen[group[indices[e]]] += 1
        for e in range(pointer[j], pointer[j + 1]):
            g = group[indices[e]]
            if g >= 0 and seen[g] > 0:
                broken[g] |= seen[g] != size[g]
                seen[g] = 0
    return broken


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
    pointer: Ints,
    indices: Ints,
    point_pointer: Ints,
    point_options: Ints,
    rarest: Ints,
    cost: Floats,
    rows: tuple[Ints, Ints, Floats],
    pinned: Bools,
) -> Bools:
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
