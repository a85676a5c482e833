"""The search for the best cover: prices bound it and settle options, exchanges better it, branching and HiGHS close what is left.

What is left after settling is branched on while it is large, the part with the highest bound first; the prices of the root are
good prices in every part. What is small goes to HiGHS whole.
"""

import heapq
from dataclasses import dataclass, field, replace

import numpy as np

from geoplan.siting.objectives.cover.bound import Bound, arrays, bound_of, descend, first_prices, given_prices
from geoplan.siting.objectives.cover.model import cover_model, start_of
from geoplan.siting.objectives.cover.rest import Rest, lost, no_better, quantum, rounded, settled, whole
from geoplan.siting.problems import PROOF, Bools, CoverageProblem, Floats, Ints, Stopped
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.greedy import greedy, swap
from geoplan.siting.solve.lp import solve

#: Share of the options left that must be settled for the rest to be made anew.
WORTH = 0.1
#: A descent is broken off to make the rest anew when this share is settled.
PLENTY = 0.3
#: A descent ends when a chunk of steps closes less than this share of the gap.
SLOW = 0.01
#: Chunks of steps at most, at the root and at a node of the tree.
ROOT_CHUNKS, NODE_CHUNKS = 200, 10
#: Pairs of option and point up to which what is left goes to HiGHS: beyond it its linear programs take minutes.
SMALL = 100_000

#: Prices of all points, and of a unit of each row.
Given = tuple[Floats, Floats]


@dataclass
class Search:
    """The best so far, and what is proven, in people of the merged cover.

    Parameters
    ----------
    problem
        The merged cover.
    control
        When to stop, whom to tell.
    base
        People already covered, told to the listener too.
    chosen, people
        The best so far.
    bound
        No choice covers more.
    floor
        Choices left out, by settling or by closing a part of the tree, cover no more than this.
    others
        Choices in the parts of the tree still open, but for the one in hand, cover no more than this.
    nodes, stopped
        Nodes of the tree, those of HiGHS too, and why the search ended.
    step
        Sums come in this step; 0: any.
    """

    problem: CoverageProblem
    control: SearchControl
    base: float
    chosen: Ints
    people: float = 0.0
    bound: float = np.inf
    floor: float = 0.0
    others: float = 0.0
    nodes: int = 0
    stopped: Stopped = ""
    step: float = field(init=False)

    def __post_init__(self) -> None:
        self.step = quantum(self.problem.weight)
        self.bound = float(self.problem.weight.sum())
        self.better(self.chosen)

    def better(self, chosen: Ints) -> None:
        """Take a choice (positions in the merged cover) if it covers more."""
        covered = np.zeros(len(self.problem.weight), bool)
        covered[self.problem.covers[chosen].indices] = True
        people = float(self.problem.weight[covered].sum())
        if people > self.people:
            self.chosen, self.people = np.sort(chosen), people
            self.tell()

    def proven(self, rest_bound: float) -> None:
        """Take a bound on the part in hand; the rest covers no more than `others` and `floor`."""
        bound = rounded(max(rest_bound, self.others, self.floor, self.people), self.step)
        if bound < self.bound:
            self.bound = max(bound, self.people)
            self.tell()

    def tell(self) -> None:
        """Tell the listener."""
        self.control.listen(self.people + self.base, self.bound + self.base)

    @property
    def closed(self) -> bool:
        """Whether answer and bound meet."""
        lead = self.bound - self.people
        return lead <= PROOF * max(1.0, self.bound + self.base)

    @property
    def near(self) -> bool:
        """Whether the gap is what the watch allows."""
        return self.bound - self.people <= self.control.gap * (self.bound + self.base)

    def ends(self) -> bool:
        """Return whether to stop, and keep why: the proof, a gap that is small enough, the clock or a key press."""
        if self.closed:
            return True
        why = self.control.stopped()
        self.stopped = "gap" if self.near else "" if why == "nodes" else why
        return bool(self.stopped)

    def full(self) -> bool:
        """Return whether the tree has as many nodes as it may have."""
        if self.control.stopped(nodes=self.nodes) == "nodes":
            self.stopped = "nodes"
        return self.stopped == "nodes"


@dataclass(order=True, frozen=True)
class Node:
    """A part of the tree, as positions in the merged cover: options left and taken; its bound is negative, so that the highest is first."""

    bound: float
    number: int
    left: Ints = field(compare=False)
    taken: Ints = field(compare=False)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the tree after its descent: what is left, the best prices, the bound, the option to branch on."""

    rest: Rest
    given: Given
    bound: float
    branch: int


def search(
    problem: CoverageProblem, first: Ints, *, base: float, control: SearchControl, drop_dominated: bool = True
) -> Search:
    """Search from a first choice on a merged cover until the proof, or until the watch says so.

    Parameters
    ----------
    problem
        As `merged` gives it.
    first
        A choice that the rows allow.
    base
        People already covered.
    control
        Limits and listener.
    drop_dominated
        Whether options that another betters are dropped on the way.

    Returns
    -------
    search
        The best found and the bound proven.
    """
    state, tree = Search(problem, control, base, first), list[Node]()
    root = _explored(state, whole(problem, drop_dominated=drop_dominated), None)
    if root is not None and not state.full():
        _divided(state, root, tree)
    while root is not None and tree and not state.ends() and not state.full():
        node = heapq.heappop(tree)
        if -node.bound <= no_better(state.people, state.step):
            # no other part has a better bound
            state.floor = max(state.floor, -node.bound)
            tree.clear()
            break
        state.others = -tree[0].bound if tree else 0.0
        state.nodes += 1
        stays = np.isin(root.rest.options, np.r_[node.left, node.taken])
        rest = settled(root.rest, ~stays, np.isin(root.rest.options, node.taken))
        part = _explored(state, rest, _carried(root.given, rest))
        if part is not None:
            _divided(state, part, tree)
    if not tree and not state.stopped and not state.closed:
        # nothing is left: what was left out is no better
        state.others = 0.0
        state.proven(0.0)
        state.stopped = "" if state.closed else "gap"
    return state


def _divided(state: Search, part: Part, tree: list[Node]) -> None:
    """Give what is left of a part to HiGHS if it is small; else open two parts, one without and one with the option to branch on."""
    rest = part.rest
    if rest.problem.covers.nnz <= SMALL:
        _close(state, rest)
        return
    option = rest.options[part.branch]
    left = np.delete(rest.options, part.branch)
    for side, taken in enumerate((np.r_[rest.taken, option], rest.taken)):
        heapq.heappush(tree, Node(-part.bound, 2 * state.nodes + side, left, taken))


def _explored(state: Search, rest: Rest, given: Given | None) -> Part | None:
    """Settle what can be settled of a part of the tree; None where nothing is left of it, or the search must stop."""
    chunks = ROOT_CHUNKS if given is None else NODE_CHUNKS
    while not lost(rest):
        if not len(rest.options):
            state.better(rest.taken)
            state.floor = max(state.floor, rest.base)
            return None
        given, found = _descended(state, rest, given, chunks)
        bound = rest.base + found.value
        if bound <= no_better(state.people, state.step):
            state.floor = max(state.floor, bound)
            return None
        if state.ends():
            return None
        smaller = _smaller(state, rest, found)
        if smaller is None:
            return Part(rest, given, bound, _branch(found))
        rest, given = smaller, _carried(given, smaller)
    return None


def _branch(found: Bound) -> int:
    """Return the option that the bound chooses about half of the time; where there is none, the one chosen that it needs most."""
    half = found.average * (1.0 - found.average)
    if half.max() > 1e-3:
        return int(np.argmax(half))
    return int(found.picked[np.argmin(found.without[found.picked])]) if len(found.picked) else 0


def _descended(state: Search, rest: Rest, given: Given | None, chunks: int) -> tuple[Given, Bound]:
    """Let the bound of the rest fall until enough is settled or it falls no more."""
    data = arrays(rest.problem)
    prices = first_prices(data, given)
    before = np.inf
    for chunk in range(chunks):
        descend(data, prices, people=state.people - rest.base)
        found = bound_of(data, prices)
        state.proven(rest.base + found.value)
        if chunk.bit_count() == 1 or chunk % 8 == 0:
            _tried(state, rest, found)
        if state.ends():
            break
        gap = rest.base + found.value - state.people
        out, taken = _against(state, rest, found)
        if (out | taken).mean() > PLENTY or before - gap < SLOW * gap:
            break
        before = gap
    return given_prices(data, prices, rest.problem.weight), found


def _tried(state: Search, rest: Rest, found: Bound) -> None:
    """Better the answer from what the bound would choose."""
    for start in (found.picked, np.flatnonzero(found.average > 0.5)):
        order = start[np.argsort(-found.average[start], kind="stable")]
        one = greedy(rest.problem, start=order)
        if one.feasible:
            state.better(rest.back(swap(rest.problem, one.order, control=state.control)))


def _against(state: Search, rest: Rest, found: Bound) -> tuple[Bools, Bools]:
    """Return the options that no better choice has, and those that every better choice has."""
    least = no_better(state.people, state.step) - rest.base
    out, taken = found.with_ <= least, found.without <= least
    best = rest.here(state.chosen)
    # the best so far stays possible, so that HiGHS can start from it
    out[best] = False
    taken[np.setdiff1d(np.arange(len(out)), best)] = False
    return out, taken


def _smaller(state: Search, rest: Rest, found: Bound) -> Rest | None:
    """Return what is left without the options settled; None where that is hardly less."""
    out, taken = _against(state, rest, found)
    if (out | taken).sum() < WORTH * len(out):
        return None
    state.floor = max(state.floor, no_better(state.people, state.step))
    return settled(rest, out, taken)


def _carried(given: Given, smaller: Rest) -> Given:
    """Return the prices of the points of what is left: points added up add up their prices."""
    point, row = given
    stays = smaller.points >= 0
    here = np.bincount(
        smaller.points[stays], weights=point[stays], minlength=len(smaller.problem.weight)
    ).astype(np.float64)
    return here, row


def _close(state: Search, rest: Rest) -> None:
    """Let HiGHS prove what is left of a part, or better the answer."""
    start = greedy(rest.problem, start=rest.here(state.chosen))
    left = max(1.0, state.people - rest.base)

    def listen(cost: float, low: float) -> None:
        people, bound = max(state.people, rest.base - cost), max(rest.base - low, state.others, state.floor)
        state.control.listen(people + state.base, max(people, min(bound, state.bound)) + state.base)

    found = solve(
        cover_model(rest.problem),
        control=replace(
            state.control,
            # whole people: one less than one more is proof enough
            gap=max(state.control.gap, 0.5 * PROOF, 0.99 * state.step / left),
            nodes=None if state.control.nodes is None else max(0, state.control.nodes - state.nodes),
            listen=listen,
        ),
        start=start_of(rest.problem, start.order) if start.feasible else None,
    )
    state.nodes += found.nodes
    if found.x is not None:
        state.better(rest.back(np.flatnonzero(found.x[: len(rest.options)] > 0.5)))
    if found.state == "infeasible":
        return
    bound = rest.base - found.bound if np.isfinite(found.bound) else state.bound
    state.floor = max(state.floor, rounded(bound, state.step))
    if found.stopped not in ("", "gap"):
        state.stopped = found.stopped
    state.proven(0.0)
