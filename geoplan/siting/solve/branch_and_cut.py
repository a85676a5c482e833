"""Branch and cut: the selection under which the points of `AssignmentArrays` cost least, with proof.

Greedy selection and exchanges give an incumbent; Lagrangian prices give a lower bound and fix most options; cuts give the linear program's
bound and fix more; branch and bound closes the gap. Medians and maximal covers are both questions of this kind.

The linear program has a cost of each point, bounded from below by cuts:
``min sum t_k  with  t_k >= d - sum_j max(0, d - c_jk) y_j`` for every ``d`` among the point's person-seconds: Benders' cuts, equal in
strength to the radius formulation of García, Labbé & Marín (2011, INFORMS Journal on Computing 23(4)) without its variables (as in
Duran-Mateluna, Ales & Elloumi 2023, European Journal of Operational Research 304(1)). Only cuts that some solution violated are added.
Of a cover it is the model of Church & ReVelle (1974), with ``t_k = w_k (1 - y_k)``.
"""

import heapq
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoplan.network.compiled import compiled
from geoplan.siting.solve.assignment import AssignmentArrays, Priced, climb, improved, settled, shrunk, value
from geoplan.siting.solve.constraints import first_choice
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import GrowingProgram, Linear
from geoplan.siting.solve.problems import Answer, Bools, Floats, Ints, Stopped, entries_of
from geoplan.siting.solve.tolerance import PROOF, ROUNDING_TOLERANCE, SOLVER_TOLERANCE

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Relaxed:
    """One solution: `bound` (person-seconds; inf where the limits cannot be kept), `y` and `reduced` by option, `walks` by point."""

    bound: float
    y: Floats
    reduced: Floats
    walks: Floats


class Master:
    """The linear program, kept between solutions: cuts are added, options fixed.

    Parameters
    ----------
    arrays
        The question.
    price
        Prices of points near the best, shape (m,): where the first cuts are laid.
    control
        Flag and clock.
    """

    def __init__(self, arrays: AssignmentArrays, price: Floats, *, control: SearchControl) -> None:
        self.arrays = arrays
        n, m = len(arrays), len(arrays.top)
        # HiGHS' tolerances are absolute: person-seconds in a unit, a power of two, in which the largest is about 1,000
        self.unit = float(2.0 ** (np.ceil(np.log2(max(1e-300, float(arrays.top.max())))) - 10))
        self.cost, self.top = arrays.by_cost / self.unit, arrays.top / self.unit
        low = arrays.lowest() / self.unit
        limits, rows = arrays.constraints, arrays.constraints.rows.copy()
        rows.resize((rows.shape[0], n + m))
        model = Linear(
            np.r_[np.zeros(n), np.ones(m)],
            np.r_[np.zeros(n), low],
            np.r_[np.ones(n), self.top],
            rows,
            limits.least,
            limits.most,
            np.zeros(n + m, bool),
        )
        self.program = GrowingProgram(model, control=control)
        level = np.clip(price / self.unit, low, self.top)
        says = np.flatnonzero(level > low)  # at a point's least cost a cut repeats the bound of its column
        self._cut(says, level[says])

    def bounds(self, never: Bools, always: Bools) -> None:
        """Exclude the options of `never`, select those of `always`, leave the others open."""
        self.program.set_bounds(np.where(always, 1.0, 0.0), np.where(never, 0.0, 1.0))

    def solve(self) -> Relaxed | None:
        """Return the solution under the cuts so far; None where it was stopped."""
        n, found = len(self.arrays), self.program.solve()
        if found is None:
            return None
        if found.x is None or found.reduced is None:
            return Relaxed(np.inf, np.zeros(n), np.zeros(n), self.arrays.top)
        bound = self.arrays.base + self.unit * found.objective
        return Relaxed(bound, found.x[:n], self.unit * found.reduced[:n], self.unit * found.x[n:])

    def deepen(self, found: Relaxed) -> float:
        """Add every cut that `found` violates; return by how many person-seconds."""
        arrays = self.arrays
        level, missing = np.empty(len(arrays.top)), np.empty(len(arrays.top))
        y = np.where(found.y < ROUNDING_TOLERANCE, 0.0, found.y)
        walks = found.walks / self.unit
        _separate(arrays.by_start, arrays.by_option, self.cost, self.top, y, walks, level, missing)
        broken = np.flatnonzero(missing > SOLVER_TOLERANCE)
        if len(broken):
            self._cut(broken, level[broken])
        return self.unit * float(missing[broken].sum())

    def _cut(self, points: Ints, level: Floats) -> None:
        arrays = self.arrays
        rows = _cut_rows(arrays.by_start, arrays.by_option, self.cost, points, level, len(arrays))
        self.program.add_rows(level, rows)


@compiled
def _separate(
    start: Array, option: Array, cost: Array, top: Array, y: Array, walks: Array, level: Array, missing: Array
) -> None:
    """Find, by point, the cut that `y` and `walks` break most: at the walk where the options reach one in sum."""
    for k in range(len(top)):
        reached, paid = 0.0, 0.0
        level[k] = top[k]
        for e in range(start[k], start[k + 1]):
            share = y[option[e]]
            if reached + share >= 1.0 - 1e-12:
                level[k] = cost[e]
                break
            reached += share
            paid += share * cost[e]
        missing[k] = paid + (1.0 - reached) * level[k] - walks[k]


@compiled
def _cut_rows(
    start: Array, option: Array, cost: Array, points: Array, level: Array, n: int
) -> tuple[Array, Array, Array]:
    starts = np.zeros(len(points) + 1, np.int32)
    for i in range(len(points)):
        k, size = points[i], 1
        for e in range(start[k], start[k + 1]):
            if cost[e] >= level[i]:
                break
            size += 1
        starts[i + 1] = starts[i] + size
    columns, values = np.empty(starts[-1], np.int32), np.empty(starts[-1])
    for i in range(len(points)):
        k, at = points[i], starts[i]
        for e in range(start[k], start[k] + starts[i + 1] - starts[i] - 1):
            columns[at], values[at] = option[e], level[i] - cost[e]
            at += 1
        columns[at], values[at] = n + k, 1.0
    return starts, columns, values


#: Rounds of cuts at a node whose solution is fractional before it branches all the same.
ROUNDS = 4
#: Where objectives are whole numbers: by how much a bound must pass one to rule it out.
SURE = 0.01


@dataclass
class Best:
    """The incumbent and the best bound, reported as they improve.

    Gaps are shares of ``total - objective`` where there is a `total`: a cover counts the people covered, not those left.
    """

    chosen: Ints
    objective: float
    control: SearchControl
    whole: bool
    total: float = 0.0
    bound: float = -np.inf

    def take(self, chosen: Ints, objective: float) -> None:
        """Keep a selection if it is better."""
        if objective < self.objective - ROUNDING_TOLERANCE * max(1.0, abs(self.objective)):
            self.chosen, self.objective = chosen, objective
            self.control.listen(self.objective, self.bound)

    def raise_to(self, bound: float) -> None:
        """Keep a bound if it is better; rounded up where every objective is a whole number."""
        if self.whole and np.isfinite(bound):
            bound = float(np.ceil(bound - SURE))
        bound = min(bound, self.objective)
        if bound > self.bound:
            self.bound = bound
            self.control.listen(self.objective, self.bound)

    @property
    def size(self) -> float:
        """What gaps are shares of: the better of incumbent and bound, as the question counts it."""
        ends = [abs(self.total - end) for end in (self.objective, self.bound) if np.isfinite(end)]
        return max(*ends, 1e-300)

    @property
    def cutoff(self) -> float:
        """Person-seconds from which on a selection is no improvement."""
        if self.whole:
            return self.objective - 1.0 + SURE
        return self.objective - 0.1 * PROOF * max(1.0, self.size)

    @property
    def ended(self) -> Stopped:
        """Return ``gap`` where the incumbent is near enough, but not proven."""
        near = self.objective - self.bound <= self.control.gap * self.size
        return "gap" if self.control.gap > 0 and near else ""


@dataclass(frozen=True, eq=False)
class Searched:
    """The best selection found, its objective, a lower bound on every objective, and how the search ended."""

    chosen: Ints
    objective: float
    bound: float
    stopped: Stopped
    nodes: int


def searched(
    arrays: AssignmentArrays, *, control: SearchControl, start: Ints | None = None, total: float = 0.0
) -> Searched | Answer:
    """Return the selection of least cost, or the answer that there is none.

    Parameters
    ----------
    arrays
        The question.
    control
        Search limits, progress callback and interrupt. A limit of 0 nodes ends the search after the Lagrangian bound.
    start
        A feasible selection to begin with; None: found here.
    total
        As in `Best`.
    """
    if start is None:
        found = first_choice(arrays.constraints, control=control)
        if isinstance(found, Answer):
            return found
        start = found
    arrays = shrunk(arrays, never=~arrays.constraints.usable(), always=_required(arrays))
    first = np.flatnonzero(np.isin(arrays.option, start))
    first = improved(arrays, first)
    best = Best(arrays.positions(first), value(arrays, first), control, arrays.whole, total)
    best.raise_to(arrays.base + float(arrays.lowest().sum()))
    stopped, nodes = _proven(arrays, first, best)
    if not stopped:  # nothing better than the cutoff is left
        best.raise_to(best.objective if best.whole else best.cutoff)
    return Searched(best.chosen, best.objective, best.bound, stopped, nodes)


@dataclass(order=True)
class _Node:
    bound: float
    number: int
    never: Bools = field(compare=False)
    always: Bools = field(compare=False)


def rooted(master: Master, best: Best) -> Relaxed | Stopped:
    """Return the solution of the linear program with no cut broken, or why it was stopped."""
    while True:
        if reason := best.control.stopped():
            return reason
        found = master.solve()
        if found is None:
            return best.control.stopped() or "clock"
        if found.bound >= best.cutoff:
            return found
        best.raise_to(found.bound)
        _round(master.arrays, found.y, best)
        if master.deepen(found) == 0:
            return found


def search(master: Master, best: Best) -> tuple[Stopped, int]:
    """Branch and bound over the open options; return why it ended before the proof, empty after one, and the nodes looked at."""
    n, nodes = len(master.arrays), 0
    heap = [_Node(best.bound, 0, np.zeros(n, bool), np.zeros(n, bool))]
    count = 0
    # what each option would save alone; a little more, so that every fraction weighs
    worth = ROUNDING_TOLERANCE + master.arrays.savings()
    while heap:
        node = heapq.heappop(heap)
        if node.bound >= best.cutoff:
            return "", nodes
        best.raise_to(node.bound)
        if reason := best.control.stopped(nodes=nodes) or best.ended:
            return reason, nodes
        nodes += 1
        found = _bounded(master, node, best)
        if found is None:
            return best.control.stopped() or "clock", nodes
        if found.bound >= best.cutoff:
            continue
        option = _branching(found.y, worth)
        if option < 0:
            # integral: accepted, unless the constraints refuse it within the tolerance of the linear program
            open_ = np.flatnonzero(~(node.never | node.always))
            if not len(open_) or master.arrays.constraints.allows(np.flatnonzero(found.y > 0.5)):
                continue
            option = int(open_[0])
        shut, kept = by_reduced(found, best.cutoff - found.bound)
        for closed in (False, True):
            never, always = node.never | shut, node.always | kept
            (never if closed else always)[option] = True
            count += 1
            heapq.heappush(heap, _Node(found.bound, count, never, always))
    return "", nodes


def by_reduced(found: Relaxed, slack: float) -> tuple[Bools, Bools]:
    """Return the options that no selection within `slack` of the solution's bound contains, and those that every one contains."""
    return (found.y < 0.5) & (found.reduced >= slack), (found.y > 0.5) & (-found.reduced >= slack)


def _bounded(master: Master, node: _Node, best: Best) -> Relaxed | None:
    """Return the node's solution, deepened by cuts while it is whole, and a few times while it is not."""
    master.bounds(node.never, node.always)
    rounds = 0
    while True:
        found = master.solve()
        if found is None or found.bound >= best.cutoff:
            return found
        missing = master.deepen(found)
        fractional = bool(_fractional(found.y).any())
        if not fractional:
            _take(master.arrays, np.flatnonzero(found.y > 0.5), best)
        if missing == 0:
            return found
        rounds += 1
        if fractional and rounds >= ROUNDS:
            return found


def _fractional(y: Floats) -> Floats:
    """Return how far each option is from whole, 0 to 0.5; 0 within what the linear program promises."""
    part = np.minimum(y, 1.0 - y)
    return np.where(part > 1e-6, part, 0.0)


def _branching(y: Floats, worth: Floats) -> int:
    """Return the fractional option that weighs most, the lowest position of such; -1 where all are whole."""
    weight = _fractional(y) * worth
    at = int(weight.argmax()) if len(weight) else -1
    return at if at >= 0 and weight[at] > 0 else -1


def _take(arrays: AssignmentArrays, chosen: Ints, best: Best) -> None:
    if arrays.constraints.allows(chosen):
        best.take(arrays.positions(chosen), value(arrays, chosen))


def _round(arrays: AssignmentArrays, y: Floats, best: Best) -> None:
    """Round: select the options of the largest values, as far as the limits allow, then exchange."""
    chosen: list[int] = []
    columns, most = arrays.constraints.rows.tocsc(), arrays.constraints.most + ROUNDING_TOLERANCE
    used = np.zeros(len(most))
    for option in np.argsort(-y, kind="stable")[: int((y > 1e-6).sum())]:
        rows, share = entries_of(columns, option)
        if (used[rows] + share <= most[rows]).all():
            used[rows] += share
            chosen.append(int(option))
    at = np.sort(np.array(chosen, np.int64))
    if arrays.constraints.allows(at):
        at = improved(arrays, at, rounds=2)
        _take(arrays, at, best)


#: Most different selections on the way up that are improved by exchanges.
TRIES = 40


def _required(arrays: AssignmentArrays) -> Bools:
    """Return the options that a constraint requires by themselves."""
    limits, must = arrays.constraints, np.zeros(len(arrays), bool)
    alone = (limits.least > 0) & (np.diff(limits.rows.indptr) == 1)
    must[limits.rows[np.flatnonzero(alone)].indices] = True
    return must & limits.usable()


def _proven(arrays: AssignmentArrays, start: Ints, best: Best) -> tuple[Stopped, int]:
    """Close the gap between incumbent and bound; return why it was not closed, and the nodes looked at."""
    if not len(arrays.top):
        best.raise_to(arrays.base)
        return "", 0
    price = _between(arrays, start)
    while True:
        priced = _priced(arrays, price, best)
        best.raise_to(priced.bound)
        if best.objective <= best.bound or priced.bound >= best.cutoff:
            return "", 0
        if reason := best.control.stopped() or best.ended:
            return reason, 0
        never, always = settled(priced, best.cutoff)
        price = priced.price
        if not (never.any() or always.any()):
            break
        before = len(arrays)
        arrays, price = _smaller(arrays, price, never, always)
        if not len(arrays.top):
            return _settle(arrays, best)
        if len(arrays) > 0.8 * before:
            break
    if reason := best.control.stopped(nodes=0):
        return reason, 0
    return _looked_through(arrays, price, best)


def _looked_through(arrays: AssignmentArrays, price: Floats, best: Best) -> tuple[Stopped, int]:
    """Prove by the linear program and the tree, restarting whenever the root fixes many options."""
    while True:
        master = Master(arrays, price, control=best.control)
        root = rooted(master, best)
        if isinstance(root, str):
            return root, 0
        if root.bound >= best.cutoff:
            return "", 0
        if reason := best.ended:
            return reason, 0
        never, always = by_reduced(root, best.cutoff - root.bound)
        if int((never | always).sum()) <= 0.2 * len(arrays):
            break
        arrays, price = _smaller(arrays, root.walks, never, always)
        if not len(arrays.top):
            return _settle(arrays, best)
    master.program.drop_slack_rows()
    return search(master, best)


def _smaller(
    arrays: AssignmentArrays, price: Floats, never: Bools, always: Bools
) -> tuple[AssignmentArrays, Floats]:
    """Return the residual problem after variable fixing, and prices of the points that stay."""
    fewer = shrunk(arrays, never=never, always=always)
    return fewer, price[np.searchsorted(arrays.origin, fewer.origin)]


def _settle(arrays: AssignmentArrays, best: Best) -> tuple[Stopped, int]:
    """End where no open option changes any walk: the options fixed may be better than the incumbent, if the limits can be kept."""
    if arrays.base < best.cutoff:
        rest = first_choice(arrays.constraints, control=best.control)
        if not isinstance(rest, Answer):
            best.take(arrays.positions(rest), arrays.base)
        elif rest.status != "infeasible":
            return rest.stopped, 0
    return "", 0


def _priced(arrays: AssignmentArrays, price: Floats, best: Best) -> Priced:
    tried: set[bytes] = set()

    def attempt(taken: Ints, bound: float) -> float:
        best.raise_to(bound)
        key = taken.tobytes()
        if key not in tried and len(tried) < TRIES and arrays.constraints.allows(taken):
            tried.add(key)
            chosen = improved(arrays, taken)
            best.take(arrays.positions(chosen), value(arrays, chosen))
        return best.objective

    def go_on(bound: float) -> bool:
        return bound < best.cutoff and not best.control.stopped() and not best.ended

    return climb(arrays, best.objective, price=price, tried=attempt, go_on=go_on)


def _between(arrays: AssignmentArrays, chosen: Ints) -> Floats:
    """Return initial prices: halfway from each point's nearest to its second nearest option chosen."""
    near, second = arrays.top.copy(), arrays.top.copy()
    for j in chosen:
        part = slice(arrays.start[j], arrays.start[j + 1])
        points, cost = arrays.point[part], arrays.cost[part]
        second[points] = np.minimum(second[points], np.maximum(near[points], cost))
        near[points] = np.minimum(near[points], cost)
    return (near + second) / 2.0
