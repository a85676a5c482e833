"""Branch and bound for the median: nodes bounded by the linear program of `median_master`, the most promising first."""

import heapq
from dataclasses import dataclass, field

import numpy as np

from geoplan.siting.objectives.median.arrays import Medians, value
from geoplan.siting.objectives.median.master import Master, Relaxed
from geoplan.siting.objectives.median.search import improved
from geoplan.siting.problems import Bools, Floats, Ints, Stopped
from geoplan.siting.solve.control import SearchControl

#: Rounds of cuts at a node whose solution is fractional before it branches all the same.
ROUNDS = 4
#: Where objectives are whole numbers: by how much a bound must pass one to rule it out.
SURE = 0.01


@dataclass
class Best:
    """The best choice so far and the best bound, told to the watch as they improve."""

    chosen: Ints
    objective: float
    control: SearchControl
    whole: bool
    bound: float = -np.inf

    def take(self, chosen: Ints, objective: float) -> None:
        """Keep a choice if it is better."""
        if objective < self.objective - 1e-9 * max(1.0, abs(self.objective)):
            self.chosen, self.objective = chosen, objective
            self.control.listen(self.objective, self.bound)

    def raise_to(self, bound: float) -> None:
        """Keep a bound if it is better."""
        bound = min(self.rounded(bound), self.objective)
        if bound > self.bound:
            self.bound = bound
            self.control.listen(self.objective, self.bound)

    def rounded(self, bound: float) -> float:
        """Return a bound, rounded up where every objective is a whole number."""
        if not self.whole or not np.isfinite(bound):
            return bound
        return float(np.ceil(bound - SURE))

    @property
    def cutoff(self) -> float:
        """Person-seconds from which on a choice is no better than the best."""
        if self.whole:
            return self.objective - 1.0 + SURE
        return self.objective - 1e-9 * max(1.0, abs(self.objective))

    @property
    def ended(self) -> Stopped:
        """Return ``gap`` where the best is near enough, but not proven."""
        lead = self.objective - self.bound
        size = max(abs(self.objective), abs(self.bound), 1e-300)
        return "gap" if self.control.gap > 0 and lead <= self.control.gap * size else ""


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


def search(master: Master, best: Best, *, nodes: int = 0) -> tuple[Stopped, int]:
    """Look through every choice of the open options that may be better than the best.

    Returns
    -------
    stopped, nodes
        Why it ended before the proof, empty after one; nodes looked at, `nodes` included.
    """
    n = len(master.arrays)
    heap = [_Node(best.bound, 0, np.zeros(n, bool), np.zeros(n, bool))]
    count = 0
    # what each option would save alone; a hair, so that every fraction weighs
    worth = 1e-9 + master.arrays.savings()
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
            # whole: taken, unless the limits refuse by a hair what the linear program let pass
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
    """Return which options are in no choice, and which in every one, that betters the solution's bound by less than `slack`."""
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


def _take(arrays: Medians, chosen: Ints, best: Best) -> None:
    if arrays.constraints.allows(chosen):
        best.take(arrays.positions(chosen), value(arrays, chosen))


def _round(arrays: Medians, y: Floats, best: Best) -> None:
    """Try the options that the solution holds most of, as far as the limits allow, then exchange."""
    chosen: list[int] = []
    used = np.zeros(arrays.rows.shape[0])
    columns = arrays.rows.tocsc()
    most = arrays.most + 1e-9
    for option in np.argsort(-y, kind="stable")[: int((y > 1e-6).sum())]:
        part = slice(columns.indptr[option], columns.indptr[option + 1])
        if (used[columns.indices[part]] + columns.data[part] <= most[columns.indices[part]]).all():
            used[columns.indices[part]] += columns.data[part]
            chosen.append(int(option))
    at = np.sort(np.array(chosen, np.int64))
    if arrays.constraints.allows(at):
        at = improved(arrays, at, moves=20)
        _take(arrays, at, best)
