"""Least farthest walk: the p-center and its kin under any limits, with proof.

The farthest walk is one of the walks that there are; whether a choice brings everyone within a radius is a set cover. Bisection over the
distinct walks, by quick means first, then by the integer program on the radii that those leave open.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csc_array

from geoplan.siting.objectives.center.probe import Far, Probe, decided, quick
from geoplan.siting.objectives.median.arrays import medians
from geoplan.siting.objectives.median.limits import first_choice, usable
from geoplan.siting.objectives.median.search import improved
from geoplan.siting.objectives.median.solve import walks_of
from geoplan.siting.problems import Answer, Bools, DistanceProblem, Floats, Ints, Step, Stopped, status_of
from geoplan.siting.solve.control import SearchControl
from geoplan.words.errors import Note

#: Share of a radius below which its neighbours are left to the programs.
COARSE = 0.005


def center(problem: DistanceProblem, *, control: SearchControl, merge: bool = True) -> Answer:
    """Return the options under which the farthest walk is shortest.

    ``min max_k min(now_k, beyond, min_{j chosen} seconds_jk)`` under the limits of the choice, over the points with people that some option
    or what exists reaches within `cutoff_seconds`. People whom nothing can reach are told of in a note.

    Parameters
    ----------
    problem
        The question.
    control
        Limits of the search.
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
    >>> from geoplan.siting.problems import SelectionConstraints
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
    # where the limits leave people unreached every choice is as far: then the one of little walking stands
    search = _Search(far, control, improved(medians(problem, merge=merge), start))
    stopped = search.run()
    objective = search.objective
    step = Step("farthest_seconds", "min", objective, search.bound)
    walks = walks_of(problem, search.chosen)
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


def _far(problem: DistanceProblem, counted: Bools, start: Ints, *, merge: bool) -> Far:
    walks = csc_array(problem.seconds)[:, np.flatnonzero(counted)]
    walks.sort_indices()
    have = np.minimum(problem.existing_seconds, problem.cutoff_seconds)[counted]
    if merge:
        keep = _firsts(walks, have)
        walks, have = walks[:, keep], have[keep]
    point = np.repeat(np.arange(len(have)), np.diff(walks.indptr))
    use = (walks.data < have[point]) & usable(problem.constraints)[walks.indices]
    return Far(
        problem.constraints, walks.indices[use].astype(np.int64), point[use], walks.data[use], have, start
    )


def _firsts(walks: csc_array, have: Floats) -> Ints:
    seen: dict[tuple[bytes, bytes, float], int] = {}
    for k, (a, b, now) in enumerate(zip(walks.indptr[:-1], walks.indptr[1:], have.tolist(), strict=True)):
        seen.setdefault((walks.indices[a:b].tobytes(), walks.data[a:b].tobytes(), now), k)
    return np.array(list(seen.values()), np.int64)


@dataclass
class _Search:
    """Bisection: no choice brings everyone within ``radii[low]``, `chosen` brings everyone within ``radii[high]``."""

    far: Far
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
        """Return whether quick means are still worth their time between two radii."""
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
    """Return the notes on people whom nothing can reach, and on those whom the limits leave unreached."""
    notes = []
    minutes = round(problem.cutoff_seconds / 60, 1)
    out = ~counted & (problem.weight > 0)
    met = problem.existing_seconds <= problem.cutoff_seconds
    for option in chosen:
        met[problem.seconds.indices[problem.seconds.indptr[option] : problem.seconds.indptr[option + 1]]] = (
            True
        )
    for code, points in (("center_out_of_reach", out), ("center_beyond", counted & ~met)):
        if points.any():
            people = round(float(problem.weight[points].sum()))
            notes.append(Note.of(code, people=people, points=int(points.sum()), minutes=minutes))
    return tuple(notes)
