"""Least farthest walk: the p-center and its kin under any constraints, with proof.

The farthest walk is one of the walks that there are; whether a selection brings everyone within a radius is a set covering problem.
Bisection over the distinct walks. A radius is feasible if exchanges leave no point uncovered, and infeasible if Lagrangian prices or the
linear program prove that some point stays uncovered; the integer program decides the radii that remain.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from geoplan.siting.solve.assignment import AssignmentArrays, alike, assignment_arrays, built, climb, improved
from geoplan.siting.solve.constraints import first_choice, quiet
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.problems import (
    Answer,
    Bools,
    DistanceProblem,
    Floats,
    Ints,
    SelectionConstraints,
    Step,
    Stopped,
    status_of,
)
from geoplan.words.errors import Note

#: Most points or options that are compared pairwise.
COMPARED = 4000


#: Rounds of prices, choices met on the way that are improved, and the bound on points uncovered that rounding cannot make.
ROUNDS, TRIES, SURE = 300, 4, 1e-4


@dataclass(frozen=True, eq=False)
class CenterProblem:
    """Points to be brought near.

    Parameters
    ----------
    constraints
        The limits.
    option, point, seconds
        Walks shorter than what the point has, one entry each.
    have
        Seconds that each point walks without any option, at most `cutoff_seconds`, shape (m,).
    start
        A feasible selection.
    """

    constraints: SelectionConstraints
    option: Ints
    point: Ints
    seconds: Floats
    have: Floats
    start: Ints


@dataclass(frozen=True, eq=False)
class Probe:
    """``yes`` with a choice, ``no``, or ``unknown``: not decided by the quick means, or stopped."""

    state: Literal["yes", "no", "unknown"]
    chosen: Ints
    stopped: Stopped = ""
    nodes: int = 0


NOTHING = np.empty(0, np.int64)


NO, UNKNOWN = Probe("no", NOTHING), Probe("unknown", NOTHING)


def quick(far: CenterProblem, radius: float, *, control: SearchControl) -> Probe:
    """Decide a radius by exchanges (feasible) or by a Lagrangian bound that proves a point uncovered (infeasible).

    Parameters
    ----------
    far
        The points.
    radius
        Seconds within which everyone is to be.
    control
        Search limits, progress callback and interrupt.
    """
    within = far.seconds <= radius
    open_ = far.have > radius
    met = np.zeros(len(far.have), bool)
    met[far.point[within]] = True
    if (open_ & ~met).any():
        return NO
    arrays = _uncovered(far, within, open_)
    chosen = improved(arrays, far.start)
    left = _count(arrays, chosen)
    if not left:
        return Probe("yes", chosen)
    fewest, kept, tries = float(left), chosen, 0

    def tried(taken: Ints, _bound: float) -> float:
        nonlocal fewest, kept, tries
        if tries < TRIES and arrays.constraints.allows(taken):
            tries += 1
            after = improved(arrays, taken, moves=2 * len(taken) + 5)
            if _count(arrays, after) < fewest:
                fewest, kept = float(_count(arrays, after)), after
        return fewest

    def go_on(bound: float) -> bool:
        return bound <= SURE and fewest > 0 and not control.stopped()

    price = np.full(len(arrays.top), 0.5)
    priced = climb(arrays, fewest, price=price, tried=tried, go_on=go_on, rounds=ROUNDS)
    if not fewest:
        return Probe("yes", kept)
    return NO if priced.bound > SURE else UNKNOWN


def _uncovered(far: CenterProblem, within: Bools, open_: Bools) -> AssignmentArrays:
    """Return the median that counts uncovered points: 0 where an option is within the radius, else 1."""
    use = within & open_[far.point]
    number = np.cumsum(open_) - 1
    return built(
        np.arange(len(far.constraints)),
        (csr_array(far.constraints.rows), far.constraints.least, far.constraints.most),
        (far.option[use], number[far.point[use]], np.zeros(int(use.sum())), np.ones(int(open_.sum()))),
        origin=np.arange(int(open_.sum())),
        fixed=NOTHING,
        base=0.0,
        whole=True,
    )


def _count(arrays: AssignmentArrays, chosen: Ints) -> int:
    covered = np.zeros(len(arrays.top), bool)
    for j in chosen:
        covered[arrays.point[arrays.start[j] : arrays.start[j + 1]]] = True
    return int((~covered).sum())


def decided(far: CenterProblem, radius: float, *, control: SearchControl, nodes: int, relax: bool) -> Probe:
    """Decide by the linear program (`relax`: only a ``no`` or a whole solution counts) or by the integer program.

    Parameters
    ----------
    far, radius, control
        As for `quick`.
    nodes
        Nodes looked at before.
    relax
        Whether integers are left out.
    """
    use = (far.seconds <= radius) & (far.have[far.point] > radius)
    open_ = np.flatnonzero(far.have > radius)
    n = len(far.constraints)
    number = np.searchsorted(open_, far.point[use])
    covers = csr_array((np.ones(int(use.sum())), (number, far.option[use])), shape=(len(open_), n))
    keep, never = _smallest(covers, far.constraints)
    model = Linear(
        np.zeros(n),
        np.zeros(n),
        np.where(never, 0.0, 1.0),
        csr_array(vstack([far.constraints.rows, covers[keep]])),
        np.r_[far.constraints.least, np.ones(len(keep))],
        np.r_[far.constraints.most, np.full(len(keep), np.inf)],
        np.ones(n, bool),
    )
    found = solve(model, control=quiet(control, nodes=nodes), relax=relax)
    if found.state == "infeasible":
        return Probe("no", NOTHING, nodes=found.nodes)
    if found.x is not None:
        chosen = np.flatnonzero(found.x > 0.5)
        if far.constraints.allows(chosen) and not len(
            np.setdiff1d(np.arange(len(keep)), covers[keep][:, chosen].nonzero()[0])
        ):
            return Probe("yes", chosen, nodes=found.nodes)
    return Probe("unknown", NOTHING, stopped="" if relax else found.stopped, nodes=found.nodes)


def _smallest(covers: csr_array, constraints: SelectionConstraints) -> tuple[Ints, Bools]:
    """Return the points whose covering implies that of the others, and the dominated options.

    A point is covered wherever another one is whose options are a subset of its own. An option that covers a part of what another covers is
    dominated if both use the same of every limit, and no constraint has a `least` for either.
    """
    keep, never = np.arange(covers.shape[0]), np.zeros(covers.shape[1], bool)
    for _ in range(3):
        part = csr_array(covers[keep][:, np.flatnonzero(~never)])
        larger = _containing(part)
        keep = keep[~larger]
        part = csr_array(covers[keep].T[np.flatnonzero(~never)])
        worse = _contained(part, _kinds(constraints)[~never])
        if not worse.any() and not larger.any():
            break
        never[np.flatnonzero(~never)[worse]] = True
    return keep, never


def _kinds(constraints: SelectionConstraints) -> Ints:
    """Return a number by option, the same for options with the same coefficients; -1 where a constraint with a `least` holds the option."""
    columns = csc_array(constraints.rows)
    columns.sort_indices()
    kind = alike(columns, np.zeros(len(constraints)))
    kind[constraints.rows[np.flatnonzero(constraints.least > 0)].indices] = -1
    return kind


def _containing(sets: csr_array) -> Bools:
    """Return which rows contain another row, of equal ones all but the first; shape (m,)."""
    size: Ints = np.diff(sets.indptr)
    pairs = _common(sets)
    if pairs is None:
        return _repeated(sets)
    k, other, common = pairs
    inside = (common == size[other]) & (k != other) & ((size[k] > size[other]) | (other < k))
    larger = np.zeros(sets.shape[0], bool)
    larger[k[inside]] = True
    return larger


def _contained(sets: csr_array, kind: Ints) -> Bools:
    """Return which rows another row of the same kind contains, of equal ones all but the first; shape (n,)."""
    size: Ints = np.diff(sets.indptr)
    pairs = _common(sets)
    empty: Bools = (size == 0) & (kind >= 0)
    if pairs is None:
        return empty | (_repeated(sets, kind) & (kind >= 0))
    k, other, common = pairs
    alike = (kind[k] == kind[other]) & (kind[k] >= 0) & (k != other)
    inside = alike & (common == size[k]) & ((size[k] < size[other]) | (other < k))
    empty[k[inside]] = True
    return empty


def _common(sets: csr_array) -> tuple[Ints, Ints, Floats] | None:
    if sets.shape[0] > COMPARED:
        return None
    shared = (sets @ sets.T).tocoo()
    return shared.row.astype(np.int64), shared.col.astype(np.int64), shared.data


def _repeated(sets: csr_array, kind: Ints | None = None) -> Bools:
    sets.sort_indices()
    seen: set[tuple[bytes, int]] = set()
    again = np.zeros(sets.shape[0], bool)
    for k, (a, b) in enumerate(zip(sets.indptr[:-1], sets.indptr[1:], strict=True)):
        key = (sets.indices[a:b].tobytes(), -1 if kind is None else int(kind[k]))
        again[k] = key in seen
        seen.add(key)
    return again


#: Share of a radius below which its neighbours are left to the programs.
COARSE = 0.005


def center(problem: DistanceProblem, *, control: SearchControl, merge: bool = True) -> Answer:
    """Return the selection with the shortest farthest walk.

    ``min max_k min(now_k, beyond, min_{j chosen} seconds_jk)`` under the limits of the choice, over the points with people that reach
    some option or an existing facility within `cutoff_seconds`. Points beyond the limit are reported in a note.

    Parameters
    ----------
    problem
        The question.
    control
        Search limits, progress callback and interrupt.
    merge
        Whether points with the same walks become one; the answer is the same.

    Returns
    -------
    answer
        One step, ``farthest_seconds``.

    References
    ----------
    Elloumi, Labbé & Pochet (2004), INFORMS Journal on Computing 16(1):84-94

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> one = SelectionConstraints(np.ones(2), csr_array(np.ones((1, 2))), np.zeros(1), np.ones(1))
    >>> walks = csr_array(np.array([[60.0, 300.0], [240.0, 90.0]]))
    >>> ask = DistanceProblem(one, walks, np.array([5.0, 2.0]), np.full(2, np.inf), 3600.0, np.full(2, -1))
    >>> found = center(ask, control=SearchControl())
    >>> found.status, found.chosen.tolist(), found.objective
    ('optimal', [1], 240.0)
    """
    start = first_choice(problem.constraints, np.ones(len(problem.constraints)), control=control)
    if isinstance(start, Answer):
        return start
    counted = within_reach(problem)
    far = _far(problem, counted, start, merge=merge)
    # where the constraints leave people unreached every selection is equally far: then one of little walking is returned
    search = _Search(far, control, improved(assignment_arrays(problem, merge=merge), start))
    stopped = search.run()
    objective = search.objective
    step = Step("farthest_seconds", "min", objective, search.bound)
    walks = problem.seconds_with(search.chosen)
    return Answer(
        status=status_of((step,)),
        chosen=search.chosen,
        steps=(step,),
        recount=float(walks[counted].max(initial=0.0)),
        stopped="" if step.gap == 0 else stopped,
        nodes=search.nodes,
        repeatable=stopped not in ("clock", "interrupt"),
        notes=_notes(problem, search.chosen, counted),
    )


def within_reach(problem: DistanceProblem) -> Bools:
    """Return which points have people and something within `cutoff_seconds`, an option or what exists; shape (n_points,)."""
    met = problem.existing_seconds <= problem.cutoff_seconds
    met[problem.seconds.indices] = True
    return met & (problem.weight > 0)


def _far(problem: DistanceProblem, counted: Bools, start: Ints, *, merge: bool) -> CenterProblem:
    walks = csc_array(problem.seconds)[:, np.flatnonzero(counted)]
    walks.sort_indices()
    have = np.minimum(problem.existing_seconds, problem.cutoff_seconds)[counted]
    if merge:
        keep = np.unique(alike(walks, have))
        walks, have = walks[:, keep], have[keep]
    point = np.repeat(np.arange(len(have)), np.diff(walks.indptr))
    use = (walks.data < have[point]) & problem.constraints.usable()[walks.indices]
    return CenterProblem(
        problem.constraints, walks.indices[use].astype(np.int64), point[use], walks.data[use], have, start
    )


@dataclass
class _Search:
    """Bisection: no selection brings everyone within ``radii[low]``, `chosen` brings everyone within ``radii[high]``."""

    far: CenterProblem
    control: SearchControl
    chosen: Ints
    radii: Floats = field(init=False)
    low: int = field(init=False)
    high: int = field(init=False)
    nodes: int = 0

    def __post_init__(self) -> None:
        far = self.far
        least = far.have.copy()
        np.minimum.at(least, far.point, far.seconds)
        floor = float(least.max(initial=0.0))
        every = np.unique(np.r_[far.have, far.seconds, floor])
        self.radii = every[every >= floor]
        self.low, self.high = -1, self._place(self.chosen)

    @property
    def objective(self) -> float:
        """The farthest walk of the best choice."""
        return float(self.radii[self.high])

    @property
    def bound(self) -> float:
        """The shortest radius that is not ruled out."""
        return float(self.radii[min(self.low + 1, self.high)])

    def _place(self, chosen: Ints) -> int:
        walks = self.far.have.copy()
        inside = np.zeros(len(self.far.constraints), bool)
        inside[chosen] = True
        use = inside[self.far.option]
        np.minimum.at(walks, self.far.point[use], self.far.seconds[use])
        return int(np.searchsorted(self.radii, walks.max(initial=self.radii[0])))

    def run(self) -> Stopped:
        """Close the gap; return why it was not closed."""
        return self._quickly() or self._by_programs(relax=True) or self._by_programs(relax=False)

    def _ended(self) -> Stopped:
        if reason := self.control.stopped(nodes=self.nodes):
            return reason
        lead = self.objective - self.bound
        return "gap" if 0 < lead <= self.control.gap * max(self.objective, 1e-300) else ""

    def _take(self, at: int, probe: Probe) -> None:
        self.nodes += probe.nodes
        if probe.state == "yes":
            place = self._place(probe.chosen)
            if place < self.high:
                self.high, self.chosen = place, probe.chosen
        elif probe.state == "no":
            self.low = max(self.low, at)
        self.control.listen(self.objective, self.bound)

    def _apart(self, no: int, yes: int) -> bool:
        """Return whether heuristics and bounds are still worth their time between two radii."""
        return yes - no > 1 and self.radii[yes] - self.radii[max(no, 0)] > COARSE * self.radii[yes]

    def _quickly(self) -> Stopped:
        # yes below, no above: the undecided radii lie between; one bisection from either side
        yes, no = self.high, self.low
        while self._apart(no, yes) and self.high - self.low > 1:
            if reason := self._ended():
                return reason
            at = (no + yes) // 2
            probe = quick(self.far, float(self.radii[at]), control=self.control)
            self._take(at, probe)
            yes, no = (at, no) if probe.state == "yes" else (yes, at)
            yes = min(yes, self.high)
        yes, no = self.high, self.low
        while self._apart(no, yes):
            if reason := self._ended():
                return reason
            at = (no + yes) // 2
            probe = quick(self.far, float(self.radii[at]), control=self.control)
            self._take(at, probe)
            yes, no = (yes, at) if probe.state == "no" else (at, no)
        return ""

    def _by_programs(self, *, relax: bool) -> Stopped:
        low, high = self.low, self.high
        while high - low > 1:
            if reason := self._ended():
                return reason
            at = (low + high) // 2
            radius = float(self.radii[at])
            probe = decided(self.far, radius, control=self.control, nodes=self.nodes, relax=relax)
            self._take(at, probe)
            if probe.state == "unknown" and not relax:
                return probe.stopped or self._ended() or "nodes"
            low, high = (at, high) if probe.state == "no" else (low, min(at, self.high))
        return ""


def _notes(problem: DistanceProblem, chosen: Ints, counted: Bools) -> tuple[Note, ...]:
    """Return the notes on people out of reach of every option, and on those who stay unreached under the constraints."""
    notes = []
    minutes = round(problem.cutoff_seconds / 60, 1)
    out = ~counted & (problem.weight > 0)
    unreached = counted & ~problem.reached(chosen)
    for code, points in (("center_out_of_reach", out), ("center_beyond", unreached)):
        if points.any():
            people = round(float(problem.weight[points].sum()))
            notes.append(Note.of(code, people=people, points=int(points.sum()), minutes=minutes))
    return tuple(notes)
