"""The problem of sites and sizes in plain arrays, and its answer."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoplan.siting.solve.problems import Answer, Bools, Floats, Ints

#: Why a zone keeps a gap: no candidate may serve it; all that may are at their maximum size; the budget or the number of sites is used
#: up; none: no gap, or the search ended before it was closed.
WHY = ("none", "no_candidate", "too_small", "budget", "sites")


@dataclass(frozen=True, eq=False)
class Sizes:
    """Which sites and how large close the gaps.

    J candidates, Z zones, K products, T phases; a product is one supply of one service: m2 of day care, beds, places.

    Parameters
    ----------
    gap
        What each zone lacks of each product, shape (Z, K), >= 0, finite; zones whose gap is not known are left out by the caller.
    may
        Of each product, shape (J, Z): an entry where the candidate may serve the zone; its value is the minutes of walk of the zone's
        people, >= 0 (0 is a walk too).
    least, most
        Limits of size where the product opens at the candidate, shape (J, K); `most` may be inf, 0: it cannot be there.
    cost_open, cost_unit
        Cost of opening, shape (J,), and of each unit of size, shape (J, K), >= 0, finite.
    whole
        Products that come in whole units only (beds, places), shape (K,).
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
    """

    gap: Floats
    may: tuple[csr_array, ...]
    least: Floats
    most: Floats
    cost_open: Floats
    cost_unit: Floats
    whole: Bools
    sites: Floats
    budget: Floats
    room: Floats
    room_per_unit: Floats
    required: Bools
    forbidden: Bools
    either_or: Ints
    from_phase: Ints

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of candidates, zones and products."""
        return self.least.shape[0], self.gap.shape[0], self.gap.shape[1]

    def weights(self) -> Floats:
        """Return how much a unit of each product counts, shape (K,): 1; of several products one over the total gap of each."""
        total = self.gap.sum(axis=0)
        if len(total) == 1:
            return np.ones(1)
        weight: Floats = np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0)
        return weight


@dataclass(frozen=True, eq=False)
class Allocation:
    """Who is served from where: `amount` of `product` for `zone` from `candidate` in `phase`; every array of one length."""

    zone: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    candidate: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    product: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    phase: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    amount: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, eq=False)
class SizesAnswer(Answer):
    """The sites selected with sizes, phases and allocation, and the gaps that stay.

    Parameters
    ----------
    phase
        Phase (from 0) in which each chosen site opens, shape (len(chosen),).
    allocation
        Who is served from where in each phase.
    unmet
        What each zone still lacks, shape (T, Z, K).
    why
        One of `WHY`, shape (T, Z, K).
    cost
        Cost of all sites.
    """

    phase: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    allocation: Allocation = field(default_factory=Allocation)
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
        "whole": (k,),
        "budget": (t,),
        "room_per_unit": (k,),
    }
    expected |= dict.fromkeys(("cost_open", "room", "required", "forbidden", "either_or", "from_phase"), (j,))
    found = {name: getattr(problem, name).shape for name in expected}
    found["may"], expected["may"] = tuple(m.shape for m in problem.may), ((j, z),) * k
    wrong = [
        f"{name}: shape {found[name]}, expected {shape}"
        for name, shape in expected.items()
        if found[name] != shape
    ]
    finite = problem.gap, problem.least, problem.cost_open, problem.cost_unit, *(m.data for m in problem.may)
    if not all(bool((np.isfinite(a) & (a >= 0)).all()) for a in finite):
        wrong.append("gap, least, cost and minutes must be >= 0 and finite")
    if not (problem.most >= 0).all():
        wrong.append("most must be >= 0")
    if not t:
        wrong.append("phases: none")
    if wrong:
        raise ValueError("; ".join(wrong))
