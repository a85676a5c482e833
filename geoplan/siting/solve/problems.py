"""Siting problems in plain arrays, and their answers.

A problem selects among *options*. Without phases an option is a candidate. With phases it is a candidate that opens in one phase: it
serves the points of that phase and of every later one, a constraint lets a candidate open once, and each later phase contains the
earlier ones by construction. With two services a point is a place and a service; a candidate that holds both serves both.
Positions are those of the arrays; ids stay with the caller.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from geoplan.siting.solve.tolerance import PROOF, ROUNDING_TOLERANCE, limit_tolerance
from geoplan.words.catalogue import Phrase
from geoplan.words.errors import Note

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: What an answer can say of itself. `optimal`: proven. `within`: an incumbent and a bound. `infeasible`: proven that there is
#: no answer. `none`: no answer was found before the stop.
Status = Literal["optimal", "within", "infeasible", "none"]


#: Why the search ended before the proof; empty where it did not.
Stopped = Literal["", "gap", "nodes", "clock", "interrupt"]


def entries_of(matrix: csr_array | csc_array, number: int | np.integer[Any]) -> tuple[Ints, Floats]:
    """Return the positions and values of the entries of a row (of a column, where columns are compressed)."""
    part = slice(*matrix.indptr[number : number + 2])
    return matrix.indices[part], matrix.data[part]


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
        """Return whether options may be chosen together, within rounding tolerance."""
        used = self.rows[:, chosen].sum(axis=1) if len(chosen) else np.zeros(self.rows.shape[0])
        enough = (used >= self.least - ROUNDING_TOLERANCE).all()
        return bool(enough and (used <= self.most + limit_tolerance(self.most)).all())

    def usable(self) -> Bools:
        """Return the options that exceed no limit on their own, shape (n,)."""
        entries = self.rows.tocoo()
        over = entries.data > (self.most + limit_tolerance(self.most))[entries.row]
        alone = np.ones(len(self), bool)
        alone[entries.col[over]] = False
        return alone


@dataclass(frozen=True, eq=False)
class CoverageProblem:
    """Which points each option covers.

    Parameters
    ----------
    constraints
        Which options may be selected together.
    covers
        Shape (n_options, n_points): an entry where the option covers the point; data are not read.
    weight
        People of each point, shape (n_points,), >= 0.
    covered_by_existing
        Points covered by existing facilities, shape (n_points,).
    zone
        Zone of each point as a number from 0, -1 for none, shape (n_points,): where shares by community count.
    """

    constraints: SelectionConstraints
    covers: csr_array
    weight: Floats
    covered_by_existing: Bools
    zone: Ints

    def covered(self, chosen: Ints) -> Bools:
        """Return the points covered by existing facilities or by an option of `chosen`, shape (n_points,)."""
        covered = self.covered_by_existing.copy()
        for option in chosen:
            covered[entries_of(self.covers, option)[0]] = True
        return covered

    def people_covered(self, chosen: Ints) -> float:
        """Return the people covered by existing facilities or by an option of `chosen`: a plain sum over all points."""
        return float(self.weight[self.covered(chosen)].sum())

    def as_walks(self) -> "DistanceProblem":
        """Return the same question as one of walking: who is covered walks 0, all others 1."""
        covers = self.covers
        walks = csr_array((np.zeros(covers.nnz), covers.indices, covers.indptr), shape=covers.shape)
        now = np.where(self.covered_by_existing, 0.0, np.inf)
        return DistanceProblem(self.constraints, walks, self.weight, now, 1.0, self.zone)


@dataclass(frozen=True, eq=False)
class DistanceProblem:
    """Walking seconds from every point to the options within reach.

    Parameters
    ----------
    constraints
        Which options may be selected together.
    seconds
        Shape (n_options, n_points); an entry is a walk, of 0 seconds too; no entry is beyond reach.
    weight
        People of each point, shape (n_points,), >= 0.
    existing_seconds
        Seconds to the nearest existing facility, shape (n_points,); inf where none is within reach.
    cutoff_seconds
        Seconds counted for people who reach nothing; no walk in `seconds` is longer.
    zone
        As in `CoverageProblem`.
    """

    constraints: SelectionConstraints
    seconds: csr_array
    weight: Floats
    existing_seconds: Floats
    cutoff_seconds: float
    zone: Ints

    def seconds_with(self, chosen: Ints) -> Floats:
        """Return the walk of each point to the nearest of what exists and of `chosen`, shape (n_points,), at most `cutoff_seconds`.

        Examples
        --------
        >>> free = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.zeros(0), np.zeros(0))
        >>> walks = csr_array(np.array([[60.0, 0.0]]))
        >>> problem = DistanceProblem(free, walks, np.ones(2), np.array([90.0, np.inf]), 3600.0, np.full(2, -1))
        >>> problem.seconds_with(np.array([0])).tolist(), problem.seconds_with(np.array([], int)).tolist()
        ([60.0, 3600.0], [90.0, 3600.0])
        """
        walks = np.minimum(self.existing_seconds, self.cutoff_seconds)
        for option in chosen:
            np.minimum.at(walks, *entries_of(self.seconds, option))
        return walks

    def reached(self, chosen: Ints) -> Bools:
        """Return the points that walk to what exists or to an option of `chosen` within the cutoff, shape (n_points,)."""
        reached = self.existing_seconds <= self.cutoff_seconds
        for option in chosen:
            reached[entries_of(self.seconds, option)[0]] = True
        return reached

    def without_idle(self, chosen: Ints) -> Ints:
        """Return the selection without options that bring nobody nearer and that no constraint requires, the dearest dropped first.

        Examples
        --------
        >>> free = SelectionConstraints(np.ones(2), csr_array((0, 2)), np.zeros(0), np.zeros(0))
        >>> walks = csr_array(np.array([[60.0], [90.0]]))
        >>> problem = DistanceProblem(free, walks, np.ones(1), np.array([np.inf]), 3600.0, np.array([-1]))
        >>> problem.without_idle(np.array([0, 1])).tolist()
        [0]
        """
        today = np.minimum(self.existing_seconds, self.cutoff_seconds)
        while len(chosen):
            walks = csr_array(self.seconds[chosen])
            option = np.repeat(np.arange(len(chosen)), np.diff(walks.indptr))
            nearer = (walks.data < today[walks.indices]) & (self.weight[walks.indices] > 0)
            option, point, seconds = option[nearer], walks.indices[nearer], walks.data[nearer]
            order = np.lexsort((option, seconds, point))
            option, point, seconds = option[order], point[order], seconds[order]
            first = np.diff(point, prepend=-1) != 0
            # the walk without the nearest option: to the second nearest, or as today
            without = np.where(np.append(first[1:], True), today[point], np.append(seconds[1:], 0.0))
            idle = np.ones(len(chosen), bool)
            idle[option[first & (without > seconds)]] = False
            order = np.lexsort((-chosen, -self.constraints.cost[chosen]))
            fewer = (np.delete(chosen, j) for j in order if idle[j])
            rest = next((some for some in fewer if self.constraints.allows(some)), None)
            if rest is None:
                break
            chosen = rest
        return chosen


@dataclass(frozen=True)
class Step:
    """One of the aims of an answer, in the order in which they were pursued; `given_up` is what later aims were allowed of it."""

    name: str
    sense: Literal["max", "min"]
    objective: float
    bound: float
    given_up: float = 0.0

    @property
    def gap(self) -> float:
        """How far the objective may be from the best possible, as a share of the better of the two; 0 if proven."""
        lead = self.bound - self.objective if self.sense == "max" else self.objective - self.bound
        lead -= self.given_up
        size = max(abs(self.objective), abs(self.bound), 1e-300)
        return 0.0 if lead <= PROOF * max(1.0, size) else float(lead / size)


@dataclass(frozen=True, eq=False)
class Answer:
    """The options selected, and the proof.

    Parameters
    ----------
    status, stopped
        See `Status` and `Stopped`.
    chosen
        Positions of the options chosen, ascending.
    steps
        The aims; the first counts before all others. Empty where there is no answer.
    recount
        The first aim's value, counted again from `chosen` alone on the data before presolve.
    nodes
        Nodes of the tree that were looked at.
    repeatable
        False where the clock or an interrupt ended the search.
    notes
        Constraints that cannot be satisfied and the nearest selection; people out of reach.
    sizes
        Size of each option chosen where the question has sizes, shape (len(chosen), n_products); else None.
    short
        What was asked and what is reached instead, where it cannot be met in full; it stands in the title of the answer.
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
    short: Phrase | None = None

    @property
    def objective(self) -> float:
        """Value of the first aim; NaN without an answer."""
        return self.steps[0].objective if self.steps else np.nan

    @property
    def bound(self) -> float:
        """Bound on the first aim; NaN without an answer."""
        return self.steps[0].bound if self.steps else np.nan


def status_of(steps: tuple[Step, ...]) -> Status:
    """Return `optimal` if every aim is proven, else `within`.

    Examples
    --------
    >>> status_of((Step("people", "max", 90.0, 90.0),)), status_of((Step("people", "max", 90.0, 99.0),))
    ('optimal', 'within')
    """
    return "optimal" if all(step.gap == 0.0 for step in steps) else "within"


def ended(
    chosen: Ints,
    steps: tuple[Step, ...],
    recount: float,
    *,
    stopped: Stopped,
    nodes: int,
    notes: tuple[Note, ...] = (),
) -> Answer:
    """Return the answer of a search that ended: `stopped` says why, and counts only where the steps are not proven."""
    status = status_of(steps)
    stopped = "" if status == "optimal" else stopped
    return Answer(
        status, chosen, steps, recount, stopped, nodes, stopped not in ("clock", "interrupt"), notes
    )


def no_answer(*notes: Note, stopped: Stopped = "") -> Answer:
    """Return an answer without a selection: none exists, or the search was stopped before it found one."""
    repeatable = stopped not in ("clock", "interrupt")
    return Answer(
        "none" if stopped else "infeasible",
        np.empty(0, np.int64),
        notes=notes,
        stopped=stopped,
        repeatable=repeatable,
    )
