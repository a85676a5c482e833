"""What a siting question is in plain arrays, and what an answer holds.

A question is put over *options*. Without phases an option is a candidate. With phases it is a candidate from one phase on: it serves
the points of that phase and of every later one, a row of the choice lets a candidate open once, and each later phase contains the
earlier ones by construction. With two services a point is a place and a service; a candidate that holds both serves both.
Positions are those of the arrays; ids stay with the caller.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoplan.words.errors import Note

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: A gap between answer and bound below this share of the answer counts as none: what sums of floats can promise.
PROOF = 1e-6

#: What an answer can say of itself. `optimal`: proven. `within`: a best so far and a bound. `infeasible`: proven that there is
#: none. `none`: none was found before the stop.
Status = Literal["optimal", "within", "infeasible", "none"]
#: Why the search ended before the proof; empty where it did not.
Stopped = Literal["", "gap", "nodes", "clock", "interrupt"]


@dataclass(frozen=True, eq=False)
class SelectionConstraints:
    """Which options may be chosen together: ``least <= rows @ chosen <= most``.

    Parameters
    ----------
    cost
        What each option costs (10,000 yuan, or 1 to count sites), shape (n,), >= 0, finite.
    rows
        Coefficients >= 0, shape (m, n): the number of sites, the budget of a phase, either-or, required candidates.
    least, most
        Shape (m,); `least` is 0 and `most` inf where there is no such limit. A row with a `least` above 0 has coefficients 0 and 1.
    """

    cost: Floats
    rows: csr_array
    least: Floats
    most: Floats

    def __len__(self) -> int:
        """Return the number of options."""
        return len(self.cost)

    def allows(self, chosen: Ints) -> bool:
        """Return whether options may be chosen together; a hair of rounding is let pass."""
        used = self.rows[:, chosen].sum(axis=1) if len(chosen) else np.zeros(self.rows.shape[0])
        hair = 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(self.most), self.most, 1.0)))
        return bool((used >= self.least - 1e-9).all() and (used <= self.most + hair).all())


@dataclass(frozen=True, eq=False)
class CoverageProblem:
    """Who is covered by which option.

    Parameters
    ----------
    constraints
        What may be chosen together.
    covers
        Shape (n_options, n_points): an entry where the option covers the point; data are not read.
    weight
        People of each point, shape (n_points,), >= 0.
    covered_by_existing
        Points that what exists covers, shape (n_points,).
    zone
        Zone of each point as a number from 0, -1 for none, shape (n_points,): where shares by community count.
    """

    constraints: SelectionConstraints
    covers: csr_array
    weight: Floats
    covered_by_existing: Bools
    zone: Ints


@dataclass(frozen=True, eq=False)
class DistanceProblem:
    """How far it is from every point to the options within reach.

    Parameters
    ----------
    constraints
        What may be chosen together.
    seconds
        Shape (n_options, n_points); an entry is a walk, of 0 seconds too; no entry is beyond reach.
    weight
        People of each point, shape (n_points,), >= 0.
    existing_seconds
        Seconds to what exists, shape (n_points,); inf where nothing is within reach.
    cutoff_seconds
        Seconds at which people count who reach nothing; no walk in `seconds` is longer.
    zone
        As in `CoverageProblem`.
    """

    constraints: SelectionConstraints
    seconds: csr_array
    weight: Floats
    existing_seconds: Floats
    cutoff_seconds: float
    zone: Ints


@dataclass(frozen=True)
class Step:
    """One of the aims of an answer, in the order in which they were pursued."""

    name: str
    sense: Literal["max", "min"]
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the objective may be from the best possible, as a share of the better of the two; 0 if proven."""
        lead = self.bound - self.objective if self.sense == "max" else self.objective - self.bound
        size = max(abs(self.objective), abs(self.bound), 1e-300)
        return 0.0 if lead <= PROOF * max(1.0, size) else float(lead / size)


@dataclass(frozen=True, eq=False)
class Answer:
    """What was chosen, and what is proven of it.

    Parameters
    ----------
    status, stopped
        See `Status` and `Stopped`.
    chosen
        Positions of the options chosen, ascending.
    steps
        The aims; the first counts before all others. Empty where there is no answer.
    recount
        The first aim's value, counted again from `chosen` alone on the data as they were given, nothing merged or dropped.
    nodes
        Nodes of the tree that were looked at.
    repeatable
        False where the clock or a key press ended the search.
    notes
        What cannot be done and what is nearest; who is out of reach.
    sizes
        Size of each option chosen where the question has sizes, shape (len(chosen), n_products); else None.
    """

    status: Status
    chosen: Ints
    steps: tuple[Step, ...] = ()
    recount: float = np.nan
    stopped: Stopped = ""
    nodes: int = 0
    repeatable: bool = True
    notes: tuple[Note, ...] = field(default=())
    sizes: Floats | None = None

    @property
    def objective(self) -> float:
        """Value of the first aim; NaN without an answer."""
        return self.steps[0].objective if self.steps else np.nan

    @property
    def bound(self) -> float:
        """What no answer can better in the first aim; NaN without one."""
        return self.steps[0].bound if self.steps else np.nan


def status_of(steps: tuple[Step, ...]) -> Status:
    """Return `optimal` if every aim is proven, else `within`.

    Examples
    --------
    >>> status_of((Step("people", "max", 90.0, 90.0),)), status_of((Step("people", "max", 90.0, 99.0),))
    ('optimal', 'within')
    """
    return "optimal" if all(step.gap == 0.0 for step in steps) else "within"


def no_answer(*notes: Note, status: Status = "infeasible", stopped: Stopped = "") -> Answer:
    """Return the answer that there is none, and why."""
    return Answer(status, np.empty(0, np.int64), notes=notes, stopped=stopped)
