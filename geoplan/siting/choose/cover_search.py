"""The search for the best cover: prices give a bound and settle options, exchanges better the answer, HiGHS closes what is left."""

from dataclasses import dataclass, field, replace

import numpy as np

from geoplan.siting.choose.cover_bound import Bound, arrays, bound_of, descend, first_prices, given_prices
from geoplan.siting.choose.cover_model import cover_model, start_of
from geoplan.siting.choose.cover_rest import Rest, lost, no_better, quantum, rounded, settled, whole
from geoplan.siting.choose.greedy import greedy, swap
from geoplan.siting.lp import solve
from geoplan.siting.problems import PROOF, Cover, Floats, Ints, Stopped
from geoplan.siting.watch import Watch

#: Share of the options left that must be settled for the rest to be made anew.
WORTH = 0.1
#: The descent ends when a chunk of steps closes less than this share of the gap.
SLOW = 0.01
#: Chunks of steps at most before what is left goes to HiGHS.
CHUNKS = 200


@dataclass
class Search:
    """The best so far, and what is proven, in people of the merged cover.

    Parameters
    ----------
    problem
        The merged cover.
    watch
        When to stop, whom to tell.
    base
        People already covered, told to the listener too.
    chosen, people
        The best so far.
    bound
        No choice covers more.
    floor
        Options were settled because no choice against it covers more than this.
    step
        Sums come in this step; 0: any.
    """

    problem: Cover
    watch: Watch
    base: float
    chosen: Ints
    people: float = 0.0
    bound: float = np.inf
    floor: float = 0.0
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
        """Take a bound on what is left; what is not left covers no more than `floor`."""
        bound = rounded(max(rest_bound, self.floor, self.people), self.step)
        if bound < self.bound:
            self.bound = max(bound, self.people)
            self.tell()

    def tell(self) -> None:
        """Tell the listener."""
        self.watch.listen(self.people + self.base, self.bound + self.base)

    @property
    def closed(self) -> bool:
        """Whether answer and bound meet."""
        lead = self.bound - self.people
        return lead <= PROOF * max(1.0, self.bound + self.base)

    @property
    def near(self) -> bool:
        """Whether the gap is what the watch allows."""
        return self.bound - self.people <= self.watch.gap * (self.bound + self.base)

    def ends(self) -> bool:
        """Return whether to stop, and keep why."""
        if self.closed:
            return True
        self.stopped = self.watch.stopped(nodes=self.nodes) or ("gap" if self.near else "")
        # limits in nodes are for the tree: there is none yet
        return self.stopped not in ("", "nodes")


def search(problem: Cover, first: Ints, *, base: float, watch: Watch) -> Search:
    """Search from a first choice on a merged cover until the proof, or until the watch says so."""
    state = Search(problem, watch, base, first)
    rest, given = whole(problem), None
    while not state.ends():
        if lost(rest) or not len(rest.options):
            state.proven(rest.base if not lost(rest) else 0.0)
            return state
        given, found = _descended(state, rest, given)
        if state.ends():
            return state
        smaller = _smaller(state, rest, found)
        if smaller is None:
            break
        rest, given = smaller, _carried(given, smaller)
    if not state.ends():
        _close(state, rest)
    return state


def _descended(
    state: Search, rest: Rest, given: tuple[Floats, Floats] | None
) -> tuple[tuple[Floats, Floats], Bound]:
    """Let the bound of the rest fall until enough is settled or it falls no more."""
    data = arrays(rest.problem)
    prices = first_prices(data, given)
    before = np.inf
    for chunk in range(CHUNKS):
        descend(data, prices, people=state.people - rest.base)
        found = bound_of(data, prices)
        state.proven(rest.base + found.value)
        if chunk.bit_count() == 1 or chunk % 8 == 0:
            _tried(state, rest, found)
        if state.ends():
            break
        gap = rest.base + found.value - state.people
        out, taken = _against(state, rest, found)
        if (out | taken).sum() > 3 * WORTH * len(out) or before - gap < SLOW * gap:
            break
        before = gap
    return given_prices(data, prices, rest.problem.weight), found


def _tried(state: Search, rest: Rest, found: Bound) -> None:
    """Better the answer from what the bound would choose."""
    for start in (found.picked, np.flatnonzero(found.average > 0.5)):
        order = start[np.argsort(-found.average[start], kind="stable")]
        one = greedy(rest.problem, start=order)
        if one.feasible:
            state.better(rest.back(swap(rest.problem, one.order, watch=state.watch)))


def _against(state: Search, rest: Rest, found: Bound) -> tuple[np.ndarray, np.ndarray]:
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


def _carried(given: tuple[Floats, Floats], smaller: Rest) -> tuple[Floats, Floats]:
    """Return the prices of the points of what is left: points added up add up their prices."""
    point, row = given
    stays = smaller.points >= 0
    here = np.bincount(
        smaller.points[stays], weights=point[stays], minlength=len(smaller.problem.weight)
    ).astype(np.float64)
    return here, row


def _close(state: Search, rest: Rest) -> None:
    """Let HiGHS prove what is left, or better the answer."""
    start = greedy(rest.problem, start=rest.here(state.chosen))
    left = state.people - rest.base
    gap = max(state.watch.gap, 0.5 * PROOF, 0.99 * state.step / max(1.0, left))

    def listen(cost: float, low: float) -> None:
        people, bound = max(state.people, rest.base - cost), min(state.bound, rest.base - low)
        state.watch.listen(people + state.base, max(people, bound) + state.base)

    watch = replace(state.watch, gap=gap, listen=listen)
    found = solve(
        cover_model(rest.problem),
        watch=watch,
        start=start_of(rest.problem, start.order) if start.feasible else None,
    )
    state.nodes += found.nodes
    if found.x is not None:
        state.better(rest.back(np.flatnonzero(found.x[: len(rest.options)] > 0.5)))
    if found.state == "infeasible":
        state.proven(0.0)
    elif np.isfinite(found.bound):
        state.proven(rest.base - found.bound)
    if not state.closed:
        state.stopped = "gap" if state.near else found.stopped or "gap"
