"""Maximal covering as a mixed-integer model for HiGHS, and the residual problem after fixing options.

Church & ReVelle (1974), Papers of the Regional Science Association 32(1):101-118, https://doi.org/10.1007/BF01942293
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack, vstack

from geoplan.siting.solve.lp import Linear
from geoplan.siting.solve.presolve import merged, pattern, with_options
from geoplan.siting.solve.problems import Bools, CoverageProblem, Floats, Ints, SelectionConstraints
from geoplan.siting.solve.tolerance import PROOF, ROUNDING_TOLERANCE, limit_tolerance


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


@dataclass(frozen=True, eq=False)
class Residual:
    """Residual problem after fixing options.

    Parameters
    ----------
    problem
        Options and points that are left, merged; the limits less what the options taken use.
    options
        Position in the whole cover of each option left, ascending.
    taken
        Positions in the whole cover of the options taken, ascending.
    base
        People covered by the options fixed in.
    points
        Position in `problem` of each point of the cover that it was made from, -1 for those that left.
    drop_dominated
        Whether dominated options are dropped.
    """

    problem: CoverageProblem
    options: Ints
    taken: Ints
    base: float
    points: Ints
    drop_dominated: bool = True

    def back(self, chosen: Ints) -> Ints:
        """Return the positions in the whole cover of what is taken and of options chosen here, ascending."""
        return np.sort(np.r_[self.taken, self.options[chosen]])

    def here(self, chosen: Ints) -> Ints:
        """Return the positions here of those of `chosen` (positions in the whole cover) that are left."""
        return np.flatnonzero(np.isin(self.options, chosen))


def whole(problem: CoverageProblem, *, drop_dominated: bool = True) -> Residual:
    """Return the residual problem of a merged cover with only those options fixed that the constraints fix themselves."""
    n = len(problem.constraints)
    nothing = np.empty(0, np.int64)
    rest = Residual(problem, np.arange(n), nothing, 0.0, np.arange(len(problem.weight)), drop_dominated)
    return settled(rest, np.zeros(n, bool), np.zeros(n, bool))


def settled(rest: Residual, out: Bools, taken: Bools) -> Residual:
    """Return the residual problem after fixing options `out` or `taken` (masks over the options left).

    Options that a constraint needs in full are fixed in as well, and those that no longer fit a limit are fixed out. Where the options
    taken exceed a limit the residual problem is infeasible: see `lost`.
    """
    problem = rest.problem
    taken = taken | _asked_in_full(problem.constraints, out)
    used = problem.constraints.rows @ taken.astype(float)
    constraints = problem.constraints
    left = SelectionConstraints(
        constraints.cost, constraints.rows, np.maximum(constraints.least - used, 0.0), constraints.most - used
    )
    left.least[left.least < ROUNDING_TOLERANCE] = 0.0
    keep = ~out & ~taken & left.usable()
    covered_by_existing = problem.covered_by_existing.copy()
    covered_by_existing[problem.covers[np.flatnonzero(taken)].indices] = True
    fewer = with_options(
        CoverageProblem(left, problem.covers, problem.weight, covered_by_existing, problem.zone),
        np.flatnonzero(keep),
    )
    small = merged(fewer, drop_dominated=rest.drop_dominated)
    return Residual(
        small.problem,
        rest.options[np.flatnonzero(keep)[small.options]],
        np.sort(np.r_[rest.taken, rest.options[taken]]),
        rest.base + small.base,
        small.points,
        rest.drop_dominated,
    )


def lost(rest: Residual) -> bool:
    """Return whether the residual problem is plainly infeasible: a limit exceeded, or more required than there is."""
    constraints = rest.problem.constraints
    there = np.asarray(constraints.rows.sum(axis=1)).ravel()
    tolerance = limit_tolerance(constraints.most)
    return bool(
        (constraints.most < -tolerance).any() or (there < constraints.least - ROUNDING_TOLERANCE).any()
    )


def _asked_in_full(constraints: SelectionConstraints, out: Bools) -> Bools:
    """Return the options that some constraint's `least` cannot do without."""
    asked = constraints.least > 0
    if not asked.any():
        return np.zeros(len(constraints), bool)
    rows = constraints.rows[asked]
    there = rows @ (~out).astype(float)
    full = there <= constraints.least[asked] + ROUNDING_TOLERANCE
    needed = np.asarray(rows.T @ full.astype(float)) > 0
    return needed & ~out


def quantum(weight: Floats) -> float:
    """Return the step in which sums of weights come: the greatest common divisor of whole weights, 0 for others.

    Examples
    --------
    >>> quantum(np.array([4.0, 6.0])), quantum(np.array([4.0, 6.5]))
    (2.0, 0.0)
    """
    positive = weight[weight > 0]
    if not len(positive) or (positive != np.floor(positive)).any() or positive.sum() > 1e12:
        return 0.0
    return float(np.gcd.reduce(positive.astype(np.int64)))


def no_better(people: float, step: float) -> float:
    """Return the most people that count as no improvement over `people`: less than a step more, or within rounding of it."""
    return people + (0.999 * step if step else 0.1 * PROOF * max(1.0, people))


def rounded(bound: float, step: float) -> float:
    """Return a bound brought down to the step in which sums come."""
    return float(np.floor(bound / step + 1e-6) * step) if step else bound
