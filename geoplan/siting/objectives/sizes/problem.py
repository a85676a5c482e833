"""The problem of sites and sizes in plain arrays, and its answer.

What the people of a zone reach is linear in the sizes of facilities (`geoplan.standards.reachable.zone_shares`), so that a zone that lacks
``gap_z`` today lacks ``u_z = max(0, gap_z - sum_j a_jz s_j)`` once sites j of size s_j are open: its own shortfall as flags measure it.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoplan.siting.solve.problems import Answer, Bools, Floats, Ints
from geoplan.siting.solve.tolerance import SOLVER_TOLERANCE
from geoplan.standards.requirement import COMPARISON_TOLERANCE

#: Why a zone keeps a gap: no candidate adds to it; all that do are at their maximum size; the budget or the number of sites is used
#: up; none: no gap, or the search ended before it was closed.
WHY = ("none", "no_candidate", "too_small", "budget", "sites")


@dataclass(frozen=True, eq=False)
class Sizes:
    """Which sites and how large close the gaps.

    J candidates, Z zones, K products, T phases; a product is one supply of one service: m2 of day care, beds, places. Sizes come in whole
    units.

    Parameters
    ----------
    gap
        What each zone lacks of each product, shape (Z, K), >= 0, finite; zones whose gap is not known are left out by the caller.
    adds
        Of each product, shape (J, Z): what a unit of size at the candidate takes off the zone's gap, >= 0.
    minutes
        Mean walk of those who share a product at each candidate, shape (J, K), >= 0.
    least, most
        Limits of size where the product opens at the candidate, shape (J, K); `most` may be inf, 0: it cannot be there.
    cost_open, cost_unit
        Cost of opening, shape (J,), and of each unit of size, shape (J, K), >= 0, finite.
    rounds_up
        Products whose gaps are counted in whole units, rounded up zone by zone (beds, places), shape (K,).
    sites, budget
        Most sites open by the end of each phase, and most that they may cost together, shape (T,); inf: no limit. Each phase contains
        those before it.
    room, room_per_unit
        Floor area that the products of a candidate share, shape (J,), inf: no limit; floor area of a unit of each product, shape (K,).
    required, forbidden
        Candidates that must or must not open, shape (J,).
    either_or
        Group of each candidate, of which at most one may open; -1: none; shape (J,).
    from_phase
        First phase (from 0) in which a candidate may open, shape (J,).
    may_stay
        Gap that may stay in the last phase, as the first aim counts it; what exceeds it is kept least.
    """

    gap: Floats
    adds: tuple[csr_array, ...]
    minutes: Floats
    least: Floats
    most: Floats
    cost_open: Floats
    cost_unit: Floats
    rounds_up: Bools
    sites: Floats
    budget: Floats
    room: Floats
    room_per_unit: Floats
    required: Bools
    forbidden: Bools
    either_or: Ints
    from_phase: Ints
    may_stay: float = 0.0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of candidates, zones and products."""
        return self.least.shape[0], self.gap.shape[0], self.gap.shape[1]

    def weights(self) -> Floats:
        """Return how much a unit of each product counts, shape (K,): 1; of several products one over the total gap of each."""
        if self.gap.shape[1] == 1:
            return np.ones(1)
        total = self.unmet(np.zeros(self.least.shape)).sum(axis=0)
        weight: Floats = np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0)
        return weight

    def unmet(self, sizes: Floats) -> Floats:
        """Return what each zone lacks of each product with sites of these sizes, shape (J, K): shape (Z, K).

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> one, no = np.ones(1), np.zeros(1, bool)
        >>> half = csr_array(np.array([[0.5, 0.25]]))
        >>> problem = Sizes(np.array([[7.0], [2.5]]), (half,), np.ones((1, 1)), np.zeros((1, 1)), np.full((1, 1), 20.0), one, np.ones((1, 1)),
        ...     np.array([True]), np.inf * one, np.inf * one, np.inf * one, one, no, no, -np.ones(1, int), np.zeros(1, int))
        >>> problem.unmet(np.array([[9.0]])).tolist()
        [[3.0], [1.0]]
        """
        left = np.column_stack(
            [self.gap[:, k] - adds.T @ sizes[:, k] for k, adds in enumerate(self.adds)]
        ).reshape(self.gap.shape)
        # as flags compare and round: `geoplan.standards.requirement`
        left = np.where(left <= COMPARISON_TOLERANCE * self.gap, 0.0, left)
        whole = np.maximum(np.ceil(left - SOLVER_TOLERANCE), 0.0)
        rounded: Floats = np.where(self.rounds_up, whole, left)
        return rounded


@dataclass(frozen=True, eq=False)
class SizesAnswer(Answer):
    """The sites selected with sizes and phases, and the gaps that stay.

    Parameters
    ----------
    phase
        Phase (from 0) in which each chosen site opens, shape (len(chosen),).
    unmet
        What each zone still lacks, shape (T, Z, K).
    why
        One of `WHY`, shape (T, Z, K).
    cost
        Cost of all sites.
    """

    phase: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    unmet: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))
    why: NDArray[np.str_] = field(default_factory=lambda: np.empty((0, 0, 0), "<U12"))
    cost: float = np.nan


def check(problem: Sizes) -> None:
    """Raise ValueError where the arrays do not fit each other or a number is out of its range."""
    j, z, k = problem.shape
    t = len(problem.sites)
    expected: dict[str, tuple[Any, ...]] = {
        "gap": (z, k),
        "most": (j, k),
        "cost_unit": (j, k),
        "minutes": (j, k),
        "rounds_up": (k,),
        "budget": (t,),
        "room_per_unit": (k,),
    }
    expected |= dict.fromkeys(("cost_open", "room", "required", "forbidden", "either_or", "from_phase"), (j,))
    found = {name: getattr(problem, name).shape for name in expected}
    found["adds"], expected["adds"] = tuple(m.shape for m in problem.adds), ((j, z),) * k
    wrong = [
        f"{name}: shape {found[name]}, expected {shape}"
        for name, shape in expected.items()
        if found[name] != shape
    ]
    finite = problem.gap, problem.least, problem.cost_open, problem.cost_unit, problem.minutes
    finite = *finite, np.array(problem.may_stay), *(m.data for m in problem.adds)
    if not all(bool((np.isfinite(a) & (a >= 0)).all()) for a in finite):
        wrong.append("gap, adds, least, cost, minutes and may_stay must be >= 0 and finite")
    if not (problem.most >= 0).all():
        wrong.append("most must be >= 0")
    if not t:
        wrong.append("phases: none")
    if wrong:
        raise ValueError("; ".join(wrong))
