"""Capacitated covering and median: each bed is allocated once.

Covering (Current & Storbeck 1988, Environment and Planning B 15(2):153-163): most need met by p sites. Median: of those, the one
with the least walking. Beds of existing facilities are allocated again together with the new ones.
What a selection meets is a maximum flow of need to beds; its minimum cut is an upper bound that is linear in the options.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.sparse import block_array, csr_array, hstack, vstack

from geoplan.coverage.fair_flow import Flow, _no_flow, _push_all, pairing
from geoplan.network.compiled import compiled
from geoplan.siting.objectives.capacity.problem import Beds, Capacity, beds_of, check, recount
from geoplan.siting.solve.constraints import first_choice
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.problems import (
    Answer,
    Bools,
    Floats,
    Ints,
    SelectionConstraints,
    Step,
    Stopped,
    ended,
    entries_of,
)
from geoplan.siting.solve.tolerance import HELD_AIM_TOLERANCE, PROOF, ROUNDING_TOLERANCE
from geoplan.words.errors import Note


class Cut(NamedTuple):
    """Upper bound on the need met: ``constant + coefficient @ x``, where x is 1 for options chosen."""

    constant: float
    coefficient: Floats


class Giving:
    """Beds given out so far; more can be added, and copies are cheap.

    Parameters
    ----------
    beds
        Who may be given what.
    need
        Of all points, shape (n_points,).
    """

    def __init__(self, beds: Beds, need: Floats) -> None:
        self.beds = beds
        self.points, taker = np.unique(beds.point, return_inverse=True)
        self.need = need[self.points]
        asked = np.bincount(beds.giver, weights=need[beds.point], minlength=len(beds.capacity))
        self.useful = np.minimum(beds.capacity, asked)
        self.pairs = pairing(taker.ravel(), beds.giver, takers=len(self.points), givers=len(beds.capacity))

    def start(self) -> Flow:
        """Return the beds of what exists given out, no option open."""
        takers, givers = len(self.points), len(self.useful)
        if not takers:
            return _no_flow(self.pairs, np.ones(1), np.ones(1))
        flow = _no_flow(self.pairs, self.need, np.maximum(self.useful, 1e-12))
        flow.excess[:] = self.need
        flow.spare[self.beds.options : givers] = self.useful[self.beds.options :]
        self._push(flow)
        return flow

    def _push(self, flow: Flow) -> None:
        if len(self.points):
            _push_all(flow, np.arange(len(self.points)), np.arange(len(self.useful)))

    def opened(self, flow: Flow, options: Ints, share: Floats | None = None) -> Flow:
        """Return the flow with more options open, each whole or a share of its beds; `flow` itself stays as it is."""
        if not len(self.points):
            return flow
        level = flow.level[0].copy(), flow.level[1].copy()
        more = flow._replace(
            amount=flow.amount.copy(), excess=flow.excess.copy(), spare=flow.spare.copy(), level=level
        )
        more.spare[options] += self.useful[options] * (1.0 if share is None else share)
        _take_up(more, np.asarray(options, np.int64))
        # every further way to meet need ends at a new bed: with none to spare the flow is full
        if (more.spare[options] > more.least).any():
            self._push(more)
        return more

    def met(self, flow: Flow) -> float:
        """Return the need that is met."""
        return float(self.need.sum() - flow.excess.sum()) if len(self.points) else 0.0

    def lacking(self, flow: Flow) -> Floats:
        """Return the beds of each option that people in its reach lack: at least so much it meets further."""
        if not len(self.points):
            return np.zeros(self.beds.options)
        asked = np.bincount(
            self.pairs.giver, weights=flow.excess[self.pairs.taker], minlength=len(self.useful)
        )
        beds: Floats = np.minimum(self.useful, asked)[: self.beds.options]
        return beds

    def cut(self, flow: Flow) -> Cut:
        """Return the bound that a full flow proves.

        Let S be the points that lack something, and those whose beds they could take over. What is met is at most all need outside
        S, and of each giver in reach of S its beds, or what S needs within its reach if that is less (max-flow min-cut; Ford &
        Fulkerson 1956, Canadian Journal of Mathematics 8:399-404).
        """
        options = self.beds.options
        if not len(self.points):
            return Cut(0.0, np.zeros(options))
        self._push(flow)  # marks the points that lack something; `opened` need not
        inside: Bools = flow.level[0] >= 0
        wanted = np.where(inside, self.need, 0.0)
        asked = np.bincount(self.pairs.giver, weights=wanted[self.pairs.taker], minlength=len(self.useful))
        value = np.minimum(self.useful, asked)
        return Cut(float(self.need[~inside].sum() + value[options:].sum()), value[:options])


@compiled
def _take_up(flow: Flow, givers: Ints) -> None:
    """Allocate the spare beds of `givers` to points in reach that lack some: most of the need that a new site meets, without a search."""
    pairs = flow.pairs
    for j in givers:
        for k in range(pairs.back_start[j], pairs.back_start[j + 1]):
            if flow.spare[j] <= flow.least:
                break
            e = pairs.back[k]
            i = pairs.taker[e]
            amount = min(flow.excess[i], flow.spare[j])
            if amount > 0.0:
                flow.amount[e] += amount
                flow.excess[i] -= amount
                flow.spare[j] -= amount


def greedy(constraints: SelectionConstraints, giving: Giving, base: Flow, *, control: SearchControl) -> Ints:
    """Return a greedy selection: from the required options on, repeatedly the one that meets most further need.

    The further need of an option is that of people in its reach who lack a bed; where none lacks any, it is taken from the minimum cut,
    which also counts beds that others could leave to them. Every option is evaluated in one pass; only the one that opens needs a flow.
    The selection may miss a `least`; the caller checks `SelectionConstraints.allows`.
    """
    alone = (constraints.least > 0) & (np.diff(constraints.rows.indptr) == 1)
    chosen = list(map(int, np.unique(constraints.rows[np.flatnonzero(alone)].indices)))
    flow = giving.opened(base, np.array(chosen, np.int64))
    used = np.asarray(constraints.rows[:, np.array(chosen, np.int64)].sum(axis=1)).ravel()
    columns = constraints.rows.tocsc()
    free = np.ones(len(constraints), bool)
    free[chosen] = False
    while not control.stopped():
        gain = giving.lacking(flow)
        if not (gain[free] > flow.least).any():
            gain = giving.cut(flow).coefficient
        j = int(np.argmax(np.where(free, gain, -1.0))) if free.any() else -1
        if j < 0 or gain[j] <= flow.least:
            break
        free[j] = False
        rows, taken = entries_of(columns, j)
        if (used[rows] + taken > constraints.most[rows] + ROUNDING_TOLERANCE).any():
            continue
        more = giving.opened(flow, np.array([j]))
        if giving.met(more) <= giving.met(flow):
            continue
        chosen.append(j)
        flow = more
        used[rows] += taken
    return np.array(sorted(chosen), np.int64)


def pruned(constraints: SelectionConstraints, giving: Giving, base: Flow, chosen: Ints, value: float) -> Ints:
    """Return `chosen` without redundant options, the last first, where the constraints allow it."""
    kept = np.sort(chosen)
    bound = giving.cut(base)
    for j in kept[::-1]:
        rest = kept[kept != j]
        if bound.constant + bound.coefficient[rest].sum() < value - ROUNDING_TOLERANCE * max(1.0, value):
            continue  # without it the rest cannot meet as much
        if constraints.allows(rest) and giving.met(
            giving.opened(base, rest)
        ) >= value - ROUNDING_TOLERANCE * max(1.0, value):
            kept = rest
    return kept


class Transport:
    """The model: options chosen, then the beds that each pair gives; the first aim is held.

    Parameters
    ----------
    problem
        Needs, beds, and who reaches what.
    met
        Need that must be met.
    """

    def __init__(self, problem: Capacity, met: float) -> None:
        beds, constraints = beds_of(problem), problem.constraints
        n, pairs = beds.options, len(beds.point)
        most = np.minimum(problem.need[beds.point], beds.capacity[beds.giver])
        new = np.flatnonzero(beds.giver < n)
        each = np.arange(len(new))
        by_point = _ones(beds.point, np.arange(pairs), (len(problem.need), pairs))
        by_giver = _ones(beds.giver, np.arange(pairs), (len(beds.capacity), pairs))
        # beds of each giver, an option's only where it is chosen
        open_beds = csr_array(
            (-beds.capacity[:n], (np.arange(n), np.arange(n))), shape=(len(beds.capacity), n)
        )
        links = csr_array((-most[new], (each, beds.giver[new])), shape=(len(new), n))
        rows = block_array(
            [
                [constraints.rows, csr_array((constraints.rows.shape[0], pairs))],
                [None, by_point],
                [open_beds, by_giver],
                [links, _ones(each, new, (len(new), pairs))],
                [None, csr_array(np.ones((1, pairs)))],
            ]
        )
        high = np.r_[problem.need, np.zeros(n), beds.capacity[n:], np.zeros(len(new)), np.inf]
        held = met - max(1e-7, HELD_AIM_TOLERANCE * met)
        self.linear = Linear(
            # what is given is not beyond
            cost=np.r_[np.zeros(n), beds.seconds - problem.cutoff_seconds],
            low=np.zeros(n + pairs),
            high=np.r_[np.ones(n), most],
            rows=csr_array(rows),
            row_low=np.r_[constraints.least, np.full(len(high) - 1, -np.inf), held],
            row_high=np.r_[constraints.most, high],
            whole=np.arange(n + pairs) < n,
        )
        self.options = n
        self.constant = float(problem.cutoff_seconds * problem.need.sum())

    def walking(self, x: Floats) -> float:
        """Return the walking of an answer of the model, need without a bed at `cutoff_seconds`."""
        return float(self.linear.cost @ x) + self.constant

    def settled(self, chosen: Ints) -> Floats | None:
        """Return the least walking with given options; None if they do not meet the need."""
        x = np.zeros(self.options)
        x[chosen] = 1.0
        low, high = self.linear.low.copy(), self.linear.high.copy()
        low[: self.options] = high[: self.options] = x
        found = solve(replace(self.linear, low=low, high=high), control=SearchControl(), relax=True)
        return found.x


def _ones(row: Ints, column: Ints, shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(row)), (row, column)), shape=shape)


#: Rounds of the linear program, and the least by which a cut must be violated, as a share of what is met.
ROUNDS, VIOLATED = 400, 1e-7


def median_capacity(problem: Capacity, *, tolerance: float = 0.0, control: SearchControl) -> Answer:
    """Return the options that meet most need when each bed is allocated once, and of those the ones that make people walk least.

    What a choice meets is a maximum flow from points to beds; by its least cut, a bound that is linear in the choice. The search
    (Benders 1962, Numerische Mathematik 4:238-252, https://doi.org/10.1007/BF01386316) keeps a small model of options and cuts:
    solve it, find what its answer truly meets and the cut that says so, add the cut, solve again. The model's bound holds at every
    moment. Options that add nothing are left out of the answer where the choice lets them.

    The second aim, ``walking``, is the sum of beds given out x seconds; need without a bed counts at `cutoff_seconds`. It is a
    mixed-integer model of who gets how many beds where (a transport problem once the options are chosen), in which a point gets
    nothing where nothing is open: the second says nothing new of whole answers, but makes the bound far better.

    Parameters
    ----------
    problem
        Needs, beds, and who reaches what.
    tolerance
        Part of the need met that may be given up for less walking, 0-1.
    control
        Limits; nodes are those of all models together.

    Returns
    -------
    answer
        Steps ``need_met`` and, where the search came to it, ``walking``.

    Raises
    ------
    ValueError
        If the arrays do not fit each other or a number is out of its range.

    Examples
    --------
    Two points of 10 and 4; option 0 has 8 beds for the first, option 1 has 6 for both; one may open.

    >>> constraints = SelectionConstraints(np.ones(2), csr_array(np.ones((1, 2))), np.zeros(1), np.ones(1))
    >>> reach = csr_array(np.array([[60.0, 0.0], [60.0, 90.0]]))
    >>> reach.eliminate_zeros()
    >>> problem = Capacity(constraints, reach, np.array([10.0, 4.0]), np.array([8.0, 6.0]), csr_array((0, 2)), np.empty(0))
    >>> answer = median_capacity(problem, control=SearchControl())
    >>> answer.status, answer.chosen.tolist(), answer.objective, answer.recount
    ('optimal', [0], 8.0, 8.0)
    """
    check(problem)
    found = _cover(problem, control)
    if isinstance(found, Answer):
        return found
    if control.stopped(nodes=found.nodes):
        return _answer(problem, found)
    held = (1.0 - tolerance) * found.value
    transport = Transport(problem, held)
    chosen, walked, bound = found.best, np.inf, least_walking(problem, held)
    start = transport.settled(chosen)
    if start is not None:
        walked = transport.walking(start)
    solved = solve(transport.linear, control=control.after(found.nodes), start=start)
    if solved.x is not None:
        other = np.flatnonzero(solved.x[: len(problem.constraints)] > 0.5)
        clean = transport.settled(other)
        better = solved.x if clean is None else clean
        if transport.walking(better) < walked - ROUNDING_TOLERANCE * max(1.0, walked):
            chosen, walked = other, transport.walking(better)
    if solved.state in ("optimal", "feasible", "none"):
        bound = max(bound, solved.bound + transport.constant)
    giving = Giving(beds_of(problem), problem.need)  # the choice that walks least may meet a little more
    last = replace(
        found,
        best=chosen,
        value=max(held, giving.met(giving.opened(giving.start(), chosen))),
        given_up=found.value - held,
        nodes=found.nodes + solved.nodes,
        stopped=found.stopped or solved.stopped,
    )
    return _answer(problem, last, Step("walking", "min", walked, min(bound, walked)))


def least_walking(problem: Capacity, met: float) -> float:
    """Return a lower bound on the walking of any selection that meets `met`: those nearest to any bed have them, all others none.

    Examples
    --------
    >>> constraints = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.empty(0), np.empty(0))
    >>> problem = Capacity(constraints, csr_array([[60.0, 90.0]]), np.array([3.0, 4.0]), np.array([5.0]), csr_array((0, 2)),
    ...     np.empty(0), cutoff_seconds=900.0)
    >>> least_walking(problem, 5.0)  # 3 at 60, 2 at 90, 2 without
    2160.0
    """
    beds = beds_of(problem)
    nearest = np.full(len(problem.need), problem.cutoff_seconds)
    np.minimum.at(nearest, beds.point, beds.seconds)
    order = np.argsort(nearest, kind="stable")
    need = problem.need[order]
    had = np.clip(met - (np.cumsum(need) - need), 0.0, need)
    return float(had @ nearest[order] + (need - had).sum() * problem.cutoff_seconds)


@dataclass(frozen=True, eq=False)
class _Found:
    """The incumbent, the need that it meets, and the bound."""

    best: Ints
    value: float
    bound: float
    stopped: Stopped
    nodes: int
    given_up: float = 0.0


def _answer(problem: Capacity, found: _Found, *further: Step) -> Answer:
    met = recount(problem, found.best)
    steps = (Step("need_met", "max", found.value, max(found.bound, found.value), found.given_up), *further)
    stopped, notes = found.stopped or "gap", _notes(problem, met)
    return ended(np.sort(found.best), steps, met, stopped=stopped, nodes=found.nodes, notes=notes)


def _notes(problem: Capacity, met: float) -> tuple[Note, ...]:
    total = float(problem.need.sum())
    reached = np.zeros(len(problem.need), bool)
    reached[beds_of(problem).point] = True
    outside = float(problem.need[~reached].sum())
    if total - met <= PROOF * max(1.0, total):
        return ()
    return (
        Note.of(
            "siting_capacity_unmet",
            severity="info",
            need=f"{total:,.0f}",
            met=f"{met:,.0f}",
            outside=f"{outside:,.0f}",
            full=f"{max(0.0, total - met - outside):,.0f}",
        ),
    )


def _cover(problem: Capacity, control: SearchControl) -> _Found | Answer:
    giving = Giving(beds_of(problem), problem.need)
    base = giving.start()
    # an interrupt does not end the search for the first selection: without one there is no answer at all
    useful = giving.useful[: len(problem.constraints)]
    first = first_choice(problem.constraints, control=SearchControl(gap=0.05, nodes=1000), score=-useful)
    if isinstance(first, Answer):
        return first
    master = _Master(problem.constraints, giving, control)
    for chosen in (first, greedy(problem.constraints, giving, base, control=control)):
        master.look(chosen)
    master.relax()
    master.search()
    assert master.best is not None  # noqa: S101 - `first` was looked at
    best = pruned(problem.constraints, giving, base, master.best, master.value)
    return _Found(best, master.value, master.bound, master.stopped, master.nodes)


class _Master:
    """Benders master: options and cuts, with the incumbent; lives within one call."""

    def __init__(self, constraints: SelectionConstraints, giving: Giving, control: SearchControl) -> None:
        self.constraints, self.giving, self.control = constraints, giving, control
        self.base = giving.start()
        # all need, and what exists meets with every option's beds on top: proof at once where all new beds are taken up
        self.cuts: list[Cut] = [
            Cut(float(giving.need.sum()), np.zeros(len(constraints))),
            giving.cut(self.base),
        ]
        self.best: Ints | None = None
        self.value, self.bound = -np.inf, float(giving.need.sum())
        self.stopped: Stopped = ""
        self.nodes = 0

    def look(self, chosen: Ints) -> float:
        """Return the need that a selection meets; keep its cut, and the selection if it is the incumbent."""
        flow = self.giving.opened(self.base, chosen)
        self.cuts.append(self.giving.cut(flow))
        met = self.giving.met(flow)
        better = self.best is None or met > self.value + ROUNDING_TOLERANCE * max(1.0, self.value)
        if better and self.constraints.allows(chosen):
            self.best, self.value = chosen, met
            self.control.listen(self.value, self.bound)
        return met

    def relax(self) -> None:
        """Add cuts at the solutions of the linear program until none is violated."""
        for _ in range(ROUNDS):
            if self.control.stopped(nodes=self.nodes) or self.closed():
                return
            found = solve(
                self.linear(), control=SearchControl(interrupted=self.control.interrupted), relax=True
            )
            if found.x is None or found.state != "optimal":
                return
            self.bound = min(self.bound, -found.bound)
            x = np.clip(found.x[:-1], 0.0, 1.0)
            some = np.flatnonzero(x > ROUNDING_TOLERANCE)
            flow = self.giving.opened(self.base, some, x[some])
            cut = self.giving.cut(flow)
            if found.x[-1] - (cut.constant + cut.coefficient @ x) <= VIOLATED * max(1.0, self.bound):
                return
            self.cuts.append(cut)

    def search(self) -> None:
        """Solve the master, evaluate its selection, add the cut, until incumbent and bound meet or a search limit ends it."""
        while not self.closed():
            self.stopped = self.control.stopped(nodes=self.nodes)
            if self.stopped:
                return
            quiet = replace(self.control.after(self.nodes).silent(), gap=self.control.gap / 4)
            found = solve(self.linear(), control=quiet, start=self.as_start())
            self.nodes += max(1, found.nodes)
            if np.isfinite(found.bound):
                self.bound = min(self.bound, -found.bound)
            if found.x is None:
                self.stopped = found.stopped
                return
            chosen = np.flatnonzero(found.x[:-1] > 0.5)
            met = self.look(chosen)
            if not found.stopped and found.x[-1] <= met + VIOLATED * max(1.0, met) and not self.closed():
                self.stopped = (
                    "gap"  # the model says no more of this choice than it meets: only tolerances are left
                )
                return

    def closed(self) -> bool:
        """Return whether incumbent and bound are as near as the control asks."""
        gap = max(self.control.gap, PROOF / 10)
        return self.bound - self.value <= gap * max(1.0, abs(self.bound))

    def as_start(self) -> np.ndarray:
        """Return the incumbent as a solution of the model."""
        assert self.best is not None  # noqa: S101 - looked at before
        x = np.zeros(len(self.constraints) + 1)
        x[self.best] = 1.0
        x[-1] = min(cut.constant + float(cut.coefficient @ x[:-1]) for cut in self.cuts)
        return x

    def linear(self) -> Linear:
        """Return the model: maximise the last column under all cuts."""
        n, constraints = len(self.constraints), self.constraints
        rows = csr_array(np.array([np.append(-cut.coefficient, 1.0) for cut in self.cuts]))
        wide = hstack([constraints.rows, csr_array((constraints.rows.shape[0], 1))])
        return Linear(
            cost=np.append(np.zeros(n), -1.0),
            low=np.zeros(n + 1),
            high=np.append(np.ones(n), self.bound),
            rows=csr_array(vstack([wide, rows])),
            row_low=np.r_[constraints.least, np.full(len(self.cuts), -np.inf)],
            row_high=np.r_[constraints.most, [cut.constant for cut in self.cuts]],
            whole=np.append(np.ones(n, bool), False),
        )
