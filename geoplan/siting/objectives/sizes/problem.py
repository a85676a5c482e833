"""The problem of sites and sizes in plain arrays, and its answer."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoplan.siting.solve.problems import Answer, Bools, Floats, Ints

#: Why a zone keeps a gap: no candidate may serve it; all that may are at their maximum size; the budget or the number of sites is used
#: up; none: no gap, or the search ended before it was closed.
WHY = ("none", "no_candidate", "too_small", "budget", "sites")


@dataclass(frozen=True)
class Phase:
    """One phase; it contains those before it, and its limits count all that is open by its end.

    Parameters
    ----------
    year
        Last year of the phase; NaN where the question has no phases.
    sites
        Most sites open by then; inf: no limit.
    budget
        Most that they may cost together; inf: no limit.
    share
        Part (0-1) of each zone's gap that is to be closed by then. What is short of it counts as unmet in this phase.
    """

    year: float = np.nan
    sites: float = np.inf
    budget: float = np.inf
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class Sizes:
    """Which sites and how large close the gaps.

    J candidates, Z zones, K products; a product is one supply of one service: m2 of day care, beds, places.

    Parameters
    ----------
    gap
        What each zone lacks of each product, shape (Z, K), >= 0, finite; zones whose gap is not known are left out by the caller.
    may
        Of each product, shape (J, Z): an entry where enough of the zone's people walk to the candidate; its value is their minutes
        of walk, >= 0 (0 is a walk too).
    least, most
        Limits of size where the product opens at the candidate, shape (J, K); `most` may be inf, 0: it cannot be there.
    cost_open
        Cost of opening, shape (J,); or of opening each product, shape (J, K). >= 0, finite.
    cost_unit
        Cost of each unit of size, shape (J, K), >= 0, finite.
    whole
        Products that come in whole units only (beds, places), shape (K,).
    phases
        In order of time.
    room
        Floor area that the products of a candidate share, shape (J,), inf: no limit; None: none has a limit.
    room_per_unit
        Floor area that a unit of each product takes, shape (K,); None: 1.
    required, forbidden
        Candidates that must or must not open, shape (J,); None: none.
    either_or
        Group of each candidate, of which at most one may open; -1: none; shape (J,); None: none.
    from_phase
        First phase (from 0) in which a candidate may open, shape (J,); None: 0.
    own_zone
        Zone in which each candidate lies, -1 for none, shape (J,). Read where `located`.
    located
        A size counts for the candidate's own zone only, whoever walks there; `may` then only says how long the walk is.
    """

    gap: Floats
    may: tuple[csr_array, ...]
    least: Floats
    most: Floats
    cost_open: Floats
    cost_unit: Floats
    whole: Bools
    phases: tuple[Phase, ...] = (Phase(),)
    room: Floats | None = None
    room_per_unit: Floats | None = None
    required: Bools | None = None
    forbidden: Bools | None = None
    either_or: Ints | None = None
    from_phase: Ints | None = None
    own_zone: Ints | None = None
    located: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of candidates, zones and products."""
        return self.least.shape[0], self.gap.shape[0], self.gap.shape[1]

    def flags(self, which: Literal["required", "forbidden"]) -> Bools:
        """Return the candidates that are required or forbidden, shape (J,)."""
        given = self.required if which == "required" else self.forbidden
        return np.zeros(self.shape[0], bool) if given is None else np.asarray(given, bool)

    def first_phase(self) -> Ints:
        """Return the first phase in which each candidate may open, shape (J,)."""
        return np.zeros(self.shape[0], np.int64) if self.from_phase is None else self.from_phase

    def opening(self) -> tuple[Floats, Floats]:
        """Return the cost of opening a site, shape (J,), and of opening each product there, shape (J, K)."""
        candidates, _, products = self.shape
        if self.cost_open.ndim == 2:
            return np.zeros(candidates), self.cost_open
        return self.cost_open, np.zeros((candidates, products))

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
    candidates, zones, products = problem.shape
    shapes = {
        "gap": (problem.gap, (zones, products)),
        "least": (problem.least, (candidates, products)),
        "most": (problem.most, (candidates, products)),
        "cost_unit": (problem.cost_unit, (candidates, products)),
        "whole": (problem.whole, (products,)),
    }
    for name in ("room", "required", "forbidden", "either_or", "from_phase", "own_zone"):
        if getattr(problem, name) is not None:
            shapes[name] = (getattr(problem, name), (candidates,))
    wrong = [
        f"{name}: shape {a.shape}, expected {shape}"
        for name, (a, shape) in shapes.items()
        if a.shape != shape
    ]
    if problem.cost_open.shape not in {(candidates,), (candidates, products)}:
        wrong.append(f"cost_open: shape {problem.cost_open.shape}")
    if len(problem.may) != products or any(m.shape != (candidates, zones) for m in problem.may):
        wrong.append(f"may: one of shape {(candidates, zones)} a product")
    if not problem.phases:
        wrong.append("phases: none")
    if problem.located and problem.own_zone is None:
        wrong.append("own_zone: missing, and sizes count where they are located")
    if wrong:
        raise ValueError("; ".join(wrong))
    finite = (
        problem.gap,
        problem.least,
        problem.cost_open,
        problem.cost_unit,
        *(m.data for m in problem.may),
    )
    if not all(bool((np.isfinite(a) & (a >= 0)).all()) for a in finite):
        raise ValueError("gap, least, cost and minutes must be >= 0 and finite")
    if np.isnan(problem.most).any() or (problem.most < 0).any():
        raise ValueError("most must be >= 0")
    if any(not 0 <= phase.share <= 1 for phase in problem.phases):
        raise ValueError("the share of a phase must be in 0-1")
