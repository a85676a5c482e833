"""Independent recount of the unmet gap, and the reason of each gap that stays."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array

from geoplan.siting.objectives.sizes.model import can_hold, limits
from geoplan.siting.objectives.sizes.problem import Allocation, Sizes
from geoplan.siting.solve.problems import Bools, Floats, Ints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE


def recount(problem: Sizes, chosen: Ints, sizes: Floats) -> float:
    """Return the gap that `chosen` candidates of these sizes leave unmet in the last phase: a sum over products, as in the first aim.

    Of each product as much is given out as can be, by a linear program over the pairs that may serve each other; the model of the
    search has no part in it.
    """
    gap = problem.gap * problem.phases[-1].share
    total = 0.0
    for k, weight in enumerate(problem.weights()):
        total += weight * float(gap[:, k].sum() - _most_served(problem, k, gap[:, k], chosen, sizes[:, k]))
    return total


def _most_served(problem: Sizes, k: int, gap: Floats, chosen: Ints, size: Floats) -> float:
    if problem.located:
        assert problem.own_zone is not None  # noqa: S101 - checked before
        home = problem.own_zone[chosen]
        built = np.bincount(home[home >= 0], weights=size[home >= 0], minlength=len(gap))
        return float(np.minimum(gap, built).sum())
    pairs = problem.may[k][chosen].tocoo()
    if not pairs.nnz:
        return 0.0
    each = np.arange(pairs.nnz)
    rows = np.concatenate([pairs.row, len(chosen) + pairs.col])
    shape = (len(chosen) + len(gap), pairs.nnz)
    matrix = coo_array((np.ones(2 * len(each)), (rows, np.concatenate([each, each]))), shape=shape)
    found = linprog(
        -np.ones(len(each)), A_ub=matrix.tocsr(), b_ub=np.concatenate([size, gap]), method="highs"
    )
    return float(-found.fun)


def why_unmet(
    problem: Sizes, *, chosen: Ints, sizes: Floats, phase: Ints, allocation: Allocation, unmet: Floats
) -> NDArray[np.str_]:
    """Return why each zone keeps a gap (`WHY`), shape (T, Z, K).

    A zone that a candidate may serve could be helped by one that is closed or not as large as it can be: directly, or in turns,
    where it takes over another zone and so frees a third for this one. Where there is none in any turn, all are too small. Where
    there is one, what keeps it so is the number of sites if it is used up and only a closed one would help, else the budget.
    """
    least, most = limits(problem)
    holds = can_hold(problem, least, most)
    first = problem.first_phase()
    why = np.full(unmet.shape, "none", "<U12")
    for t in range(len(problem.phases)):
        opened, size = np.zeros(len(first), bool), np.zeros(holds.shape)
        opened[chosen[phase <= t]] = True
        size[chosen[phase <= t]] = sizes[phase <= t]
        ever = np.zeros(len(first), bool)
        ever[chosen] = True
        for k in range(problem.shape[2]):
            short = unmet[t, :, k] > 0
            if not short.any():
                continue
            may = _serving(problem, k, holds[:, k] & (first <= t))
            given = _given(allocation, k, t, may.shape)
            closed = (first <= t) & holds[:, k] & ~opened & ~_excluded(problem, ever)
            small = opened & (size[:, k] < most[:, k] - 1e-6) & _has_room(problem, size)
            names = np.full(len(short), "too_small", "<U12")
            names[_helped(may, given, closed)] = "sites" if _full(problem, t, phase) else _money(problem, t)
            names[_helped(may, given, small)] = _money(problem, t)
            names[np.bincount(may.indices, minlength=may.shape[1]) == 0] = "no_candidate"
            why[t, :, k][short] = names[short]
    return why


def _full(problem: Sizes, t: int, opened_in: Ints) -> bool:
    # in this phase or a later one no further site may open
    later = range(t, len(problem.phases))
    return any((opened_in <= by).sum() >= problem.phases[by].sites - ROUNDING_TOLERANCE for by in later)


def _money(problem: Sizes, t: int) -> str:
    return "budget" if any(np.isfinite(phase.budget) for phase in problem.phases[t:]) else "none"


def _serving(problem: Sizes, k: int, usable: Bools) -> csr_array:
    if problem.located:
        assert problem.own_zone is not None  # noqa: S101 - checked before
        j = np.flatnonzero(usable & (problem.own_zone >= 0))
        where = (j, problem.own_zone[j])
        return coo_array((np.ones(len(j)), where), shape=problem.may[k].shape).tocsr()
    pairs = problem.may[k].tocoo()
    keep = usable[pairs.row]
    where = (pairs.row[keep], pairs.col[keep])
    return coo_array((np.ones(keep.sum()), where), shape=pairs.shape).tocsr()


def _given(allocation: Allocation, k: int, t: int, shape: tuple[int, int]) -> csr_array:
    keep = (allocation.product == k) & (allocation.phase == t)
    where = (allocation.candidate[keep], allocation.zone[keep])
    return coo_array((np.ones(keep.sum()), where), shape=shape).tocsr()


def _helped(may: csr_array, given: csr_array, can: Bools) -> Bools:
    """Return the zones that a candidate which can do more would help, directly or in turns."""
    candidates = can.astype(np.float64)
    while True:
        zones = (may.T @ candidates) > 0
        # a candidate that serves such a zone may hand it over
        more = np.maximum(candidates, (given @ zones.astype(np.float64)) > 0)
        if np.array_equal(more, candidates):
            return np.asarray(zones)
        candidates = more


def _excluded(problem: Sizes, ever: Bools) -> Bools:
    # the other of an either-or is chosen
    if problem.either_or is None:
        return np.zeros(len(ever), bool)
    taken = np.unique(problem.either_or[ever & (problem.either_or >= 0)])
    return np.isin(problem.either_or, taken)


def _has_room(problem: Sizes, size: Floats) -> Bools:
    if problem.room is None:
        return np.ones(len(size), bool)
    per_unit = np.ones(size.shape[1]) if problem.room_per_unit is None else problem.room_per_unit
    return np.asarray(size @ per_unit < problem.room - 1e-6)
