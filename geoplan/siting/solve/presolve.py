"""Presolve: merge points that the same options cover, and drop dominated options; the optimum stays the same."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from geoplan.siting.solve.problems import Bools, CoverageProblem, Floats, Ints, SelectionConstraints

#: Most pairs of options and points that are compared, some options at a time; above it dominated options stay, which is exact too.
MOST_PAIRS, BLOCK = 1_000_000_000, 1000
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
    constraints, covers, n = problem.constraints, problem.covers, len(problem.constraints)
    size: Ints = np.diff(covers.indptr)
    pinned = np.zeros(n, bool)
    pinned[constraints.rows[np.flatnonzero(constraints.least > 0)].indices] = True
    keep: Bools = pinned | (size > 0)
    uses, by_option = csr_array(constraints.rows.T), csr_array(covers.T)
    degree = np.diff(by_option.indptr)
    if int(degree @ degree) > MOST_PAIRS:
        return keep
    for start in range(0, n, BLOCK):
        common = (covers[start : start + BLOCK] @ by_option).tocoo()
        a, b = common.row.astype(np.int64) + start, common.col.astype(np.int64)
        within = (
            (common.data == size[a]) & (a != b) & ~pinned[a] & (constraints.cost[b] <= constraints.cost[a])
        )
        a, b = a[within], b[within]
        more = (uses[b] - uses[a]).tocoo()
        uses_more, uses_less = (
            np.bincount(more.row[some], minlength=len(a)) > 0 for some in (more.data > 0, more.data < 0)
        )
        # of two that are alike in all, the lowest position stays
        equal = (size[a] == size[b]) & (constraints.cost[a] == constraints.cost[b]) & ~uses_less
        keep[a[~uses_more & ~(equal & (b > a))]] = False
    return keep
