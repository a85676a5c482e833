"""A first choice of sites for the question of sizes: the one that closes most of the gap for what it costs, again and again."""

import numpy as np

from geoplan.siting.objectives.sizes.model import can_hold, limits, pairs_of
from geoplan.siting.objectives.sizes.problem import Sizes
from geoplan.siting.problems import Bools, Floats, Ints


class _Greedy:
    """What is chosen so far, and what is left to do; lives within one call of `greedy`."""

    def __init__(self, problem: Sizes, then: str) -> None:
        self.problem, self.by_count = problem, then == "sites"
        self.least, self.most = limits(problem)
        self.holds = can_hold(problem, self.least, self.most)
        self.pairs = pairs_of(problem)
        self.left = problem.gap.copy()
        self.opened = np.full(problem.shape[0], -1, np.int64)
        self.products = np.zeros(self.holds.shape, bool)
        self.spent, self.sites = 0.0, 0
        self.groups: set[int] = set()
        self.site_cost, self.product_cost = problem.opening()

    def sizes(self) -> Floats:
        """Return how large each candidate would be for what is left in its reach, shape (J, K)."""
        reach = np.zeros(self.least.shape)
        np.add.at(
            reach,
            (self.pairs.candidate, self.pairs.product),
            self.left[self.pairs.zone, self.pairs.product],
        )
        size = np.where(self.holds, np.minimum(self.most, reach), 0.0)
        if self.problem.room is not None:
            per_unit = (
                np.ones(size.shape[1]) if self.problem.room_per_unit is None else self.problem.room_per_unit
            )
            taken = size @ per_unit
            fits = np.divide(
                self.problem.room, taken, out=np.ones(len(taken)), where=taken > self.problem.room
            )
            size = size * fits[:, None]
        return size

    def plan(self) -> tuple[Floats, Bools, Floats, Floats]:
        """Return of each candidate the useful size, the products that would open, what it serves, and what it costs."""
        useful = self.sizes()
        weight = self.problem.weights()
        opens = np.asarray(useful > 1e-9)
        # the least sizes together may be too much for the floor: then only the product that serves most
        if self.problem.room is not None and opens.shape[1] > 1:
            opens &= ~(opens & (useful < self.least)).any(axis=1, keepdims=True) | _first_most(
                useful * weight
            )
        gain = (np.where(opens, useful, 0.0) * weight).sum(axis=1)
        built = np.where(opens, np.maximum(useful, self.least), 0.0)
        cost = self.site_cost + np.where(opens, self.product_cost + built * self.problem.cost_unit, 0.0).sum(
            axis=1
        )
        return useful, opens, gain, cost

    def open(self, j: int, phase: int, opens: Bools, cost: float, useful: Floats) -> None:
        """Open candidate `j` in a phase and give what it holds to the nearest zones."""
        self.opened[j] = phase
        self.products[j] = opens
        self.spent += cost
        self.sites += 1
        if self.problem.either_or is not None and self.problem.either_or[j] >= 0:
            self.groups.add(int(self.problem.either_or[j]))
        for k in np.flatnonzero(opens):
            size = useful[k]
            mine = np.flatnonzero((self.pairs.candidate == j) & (self.pairs.product == k))
            for pair in mine[np.argsort(self.pairs.minutes[mine], kind="stable")]:
                taken = min(size, self.left[self.pairs.zone[pair], k])
                self.left[self.pairs.zone[pair], k] -= taken
                size -= taken

    def free(self) -> Bools:
        """Return the candidates that may still open."""
        may = (self.opened < 0) & self.holds.any(axis=1)
        if self.problem.either_or is not None and self.groups:
            may &= ~np.isin(self.problem.either_or, sorted(self.groups))
        return np.asarray(may)

    def fits(self, phase: int, cost: Floats, spare: float, places: int) -> Bools:
        """Return which costs keep to the limits of a phase and all later ones, with `spare` and `places` kept for the required."""
        later = self.problem.phases[phase:]
        money = min(p.budget for p in later) - self.spent - spare
        room = min(p.sites for p in later) - self.sites - places
        return np.asarray((cost <= money + 1e-9) & (room >= 1))


def _first_most(value: Floats) -> Bools:
    best = np.zeros(value.shape, bool)
    best[np.arange(len(value)), value.argmax(axis=1)] = True
    return best


def greedy(problem: Sizes, *, then: str) -> tuple[Ints, Bools]:
    """Return the phase in which each candidate opens (-1: not), shape (J,), and its products, shape (J, K).

    The required open as early as the limits let them; then, phase by phase, the candidate that closes most of the gap for each
    yuan, or for each site where sites are counted; of equals the first. It is a start and nothing more: it may even be unable to
    place what is required.
    """
    state = _Greedy(problem, then)
    required = problem.flags("required")
    first = problem.first_phase()
    for phase in range(len(problem.phases)):
        for j in np.flatnonzero(required & (first <= phase)):
            useful, opens, _, cost = state.plan()
            some = opens[j] if opens[j].any() else _first_most(state.holds[j][None, :].astype(np.float64))[0]
            built = np.where(some, np.maximum(useful[j], state.least[j]), 0.0)
            paid = state.site_cost[j] + float(
                (np.where(some, state.product_cost[j], 0.0) + built * problem.cost_unit[j]).sum()
            )
            if state.free()[j] and state.fits(phase, np.array([paid]), 0.0, 0)[0]:
                state.open(int(j), phase, some, paid, useful[j])
        waiting = required & (state.opened < 0)
        kept = float((state.site_cost + (state.least * problem.cost_unit).sum(axis=1))[waiting].sum())
        while True:
            useful, opens, gain, cost = state.plan()
            may = (
                state.free()
                & (first <= phase)
                & (gain > 1e-9)
                & state.fits(phase, cost, kept, int(waiting.sum()))
            )
            if not may.any():
                break
            price = np.ones(len(cost)) if state.by_count else np.maximum(cost, 1e-9)
            best = int(np.argmax(np.where(may, gain / price, -1.0)))
            state.open(best, phase, opens[best], float(cost[best]), useful[best])
    return state.opened, state.products
