"""What is left of a cover when some options are settled: those taken are given, those out are gone."""

from dataclasses import dataclass

import numpy as np

from geoplan.siting.problems import PROOF, Bools, CoverageProblem, Floats, Ints, SelectionConstraints
from geoplan.siting.solve.presolve import merged, with_options


@dataclass(frozen=True, eq=False)
class Rest:
    """The part of a cover that is not settled yet.

    Parameters
    ----------
    problem
        Options and points that are left, merged; the rows' limits less what the options taken use.
    options
        Position in the whole cover of each option left, ascending.
    taken
        Positions in the whole cover of the options taken, ascending.
    base
        People whom the options taken cover.
    points
        Position in `problem` of each point of the cover that it was made from, -1 for those that left.
    drop_dominated
        Whether options that another betters are dropped on the way.
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


def whole(problem: CoverageProblem, *, drop_dominated: bool = True) -> Rest:
    """Return all of a merged cover, with nothing settled but what the rows settle themselves."""
    n = len(problem.constraints)
    nothing = np.empty(0, np.int64)
    rest = Rest(problem, np.arange(n), nothing, 0.0, np.arange(len(problem.weight)), drop_dominated)
    return settled(rest, np.zeros(n, bool), np.zeros(n, bool))


def settled(rest: Rest, out: Bools, taken: Bools) -> Rest:
    """Return what is left when some options are out and some are taken (masks over the options left).

    So are options that a row asks for in full (taken), and those that no longer fit a limit (out). Where a limit is overrun by what is
    taken no choice is left: `lost` says so.
    """
    problem = rest.problem
    taken = taken | _asked_in_full(problem.constraints, out)
    used = problem.constraints.rows @ taken.astype(float)
    constraints = problem.constraints
    left = SelectionConstraints(
        constraints.cost, constraints.rows, np.maximum(constraints.least - used, 0.0), constraints.most - used
    )
    left.least[left.least < 1e-9] = 0.0
    keep = ~out & ~taken & fits_alone(left)
    covered_by_existing = problem.covered_by_existing.copy()
    covered_by_existing[problem.covers[np.flatnonzero(taken)].indices] = True
    fewer = with_options(
        CoverageProblem(left, problem.covers, problem.weight, covered_by_existing, problem.zone),
        np.flatnonzero(keep),
    )
    small = merged(fewer, drop_dominated=rest.drop_dominated)
    return Rest(
        small.problem,
        rest.options[np.flatnonzero(keep)[small.options]],
        np.sort(np.r_[rest.taken, rest.options[taken]]),
        rest.base + small.base,
        small.points,
        rest.drop_dominated,
    )


def lost(rest: Rest) -> bool:
    """Return whether it is plain that no choice is left: a limit overrun, or more asked for than there is."""
    constraints = rest.problem.constraints
    there = np.asarray(constraints.rows.sum(axis=1)).ravel()
    hair = 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(constraints.most), constraints.most, 1.0)))
    return bool((constraints.most < -hair).any() or (there < constraints.least - 1e-9).any())


def _asked_in_full(constraints: SelectionConstraints, out: Bools) -> Bools:
    """Return the options without which some row's `least` is not reached."""
    asked = constraints.least > 0
    if not asked.any():
        return np.zeros(len(constraints), bool)
    rows = constraints.rows[asked]
    there = rows @ (~out).astype(float)
    full = there <= constraints.least[asked] + 1e-9
    needed = np.asarray(rows.T @ full.astype(float)) > 0
    return needed & ~out


def fits_alone(constraints: SelectionConstraints) -> Bools:
    """Return which options no limit forbids by itself."""
    rows = constraints.rows
    line = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    hair = 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(constraints.most), constraints.most, 1.0)))
    fits = np.ones(len(constraints), bool)
    fits[rows.indices[rows.data > (constraints.most + hair)[line]]] = False
    return fits


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
    """Return the most people that count as no better than `people`: less than a step more, or within rounding of it."""
    return people + (0.999 * step if step else 0.1 * PROOF * max(1.0, people))


def rounded(bound: float, step: float) -> float:
    """Return a bound brought down to the step in which sums come."""
    return float(np.floor(bound / step + 1e-6) * step) if step else bound
