"""Maximal covering as a mixed-integer model for HiGHS.

Church & ReVelle (1974), Papers of the Regional Science Association 32(1):101-118, https://doi.org/10.1007/BF01942293
"""

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack, vstack

from geoplan.siting.problems import CoverageProblem, Floats, Ints, SelectionConstraints
from geoplan.siting.solve.lp import Linear
from geoplan.siting.solve.presolve import pattern


def exclusive_groups(constraints: SelectionConstraints) -> Ints:
    """Return a number for each option such that of those with one number at most one is chosen; -1 for options in no such group.

    Read off the rows ``sum of options <= 1``, the longest first; an option is in one group at most.
    """
    group = np.full(len(constraints), -1, np.int64)
    rows = constraints.rows
    size = np.diff(rows.indptr)
    line = np.repeat(np.arange(rows.shape[0]), size)
    whole = np.bincount(line, weights=rows.data == 1, minlength=rows.shape[0]) == size
    either = np.flatnonzero(whole & (constraints.most >= 1) & (constraints.most < 2) & (size > 1))
    for r in either[np.argsort(-size[either], kind="stable")]:
        members = rows.indices[rows.indptr[r] : rows.indptr[r + 1]]
        free = members[group[members] < 0]
        if len(free) > 1:
            group[free] = r
    return group


def direct_points(problem: CoverageProblem) -> tuple[Floats, Ints]:
    """Return the weight that each option has for itself, and the other points.

    A point of which at most one option can be chosen is covered exactly as often as its options are chosen: it needs no variable.
    """
    covers = pattern(problem.covers)
    options = covers.tocsc()
    degree = np.diff(options.indptr)
    filled = np.flatnonzero(degree > 0)
    group = exclusive_groups(problem.constraints)[options.indices]
    alone = degree == 1
    if len(filled):
        starts = options.indptr[filled]
        low, high = np.minimum.reduceat(group, starts), np.maximum.reduceat(group, starts)
        alone[filled] |= (low == high) & (low >= 0)
    weight = np.where(problem.covered_by_existing, 0.0, problem.weight)
    own = covers @ np.where(alone, weight, 0.0)
    return own, np.flatnonzero(~alone & (degree > 0) & (weight > 0))


def cover_model(problem: CoverageProblem) -> Linear:
    """Return the model: options first (whole), then the points that need a variable (0 to 1).

    What it says::

        min  - sum_j own_j x_j - sum_k w_k y_k     y_k <= sum of x_j that cover k,  least <= rows x <= most
    """
    own, shared = direct_points(problem)
    constraints, n, m = problem.constraints, len(problem.constraints), len(shared)
    links = csr_array(pattern(problem.covers).tocsc()[:, shared].T).tocoo()
    least_one = coo_array(
        (
            np.r_[-np.ones(len(links.data)), np.ones(m)],
            (np.r_[links.coords[0], np.arange(m)], np.r_[links.coords[1], n + np.arange(m)]),
        ),
        shape=(m, n + m),
    )
    limits = hstack([constraints.rows, csr_array((constraints.rows.shape[0], m))])
    return Linear(
        cost=-np.r_[own, problem.weight[shared]],
        low=np.zeros(n + m),
        high=np.ones(n + m),
        rows=csr_array(vstack([limits, least_one])),
        row_low=np.r_[np.where(constraints.least > 0, constraints.least, -np.inf), np.full(m, -np.inf)],
        row_high=np.r_[constraints.most, np.zeros(m)],
        whole=np.r_[np.ones(n, bool), np.zeros(m, bool)],
    )


def start_of(problem: CoverageProblem, chosen: Ints) -> Floats:
    """Return the values of the model's columns for a choice."""
    _, shared = direct_points(problem)
    x = np.zeros(len(problem.constraints))
    x[chosen] = 1.0
    covered = np.zeros(len(problem.weight), bool)
    covered[problem.covers[chosen].indices] = True
    values: Floats = np.r_[x, covered[shared].astype(float)]
    return values
