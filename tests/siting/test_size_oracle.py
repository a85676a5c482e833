"""Sizes against a plain model, written out anew zone by zone and solved by another solver; and against every choice, judged by the run itself."""

from itertools import product

import numpy as np
import pulp
import pytest
from scipy.sparse import csr_array

from geoplan.siting.objectives.sizes.ask import at_home
from geoplan.siting.objectives.sizes.problem import Sizes
from geoplan.siting.objectives.sizes.solve import solve_sizes
from geoplan.siting.solve.control import SearchControl

SEEDS = range(20)
#: pulp announces how its next version will be written.
pytestmark = pytest.mark.filterwarnings("ignore:.*PuLP 4.0:DeprecationWarning")


def instance(seed: int) -> Sizes:
    """A small question; seeds differ in products, phases, whole units, rooms, rules, and in what counts."""
    rng = np.random.default_rng(seed)
    candidates, zones = int(rng.integers(4, 8)), int(rng.integers(4, 8))
    products = 1 + seed % 2
    adds = []
    for _ in range(products):
        entry = rng.random((candidates, zones)) < 0.45
        j, z = np.nonzero(entry)
        share = rng.choice([0.25, 0.5, 1.0], len(j))
        adds.append(csr_array((share, (j, z)), shape=entry.shape))
    # (sites, budget) by phase
    phases = [(rng.integers(2, 5), rng.integers(100, 260))]
    if seed % 3 == 0:
        phases = [(2, rng.integers(40, 120)), (4, rng.integers(120, 300))]
    if seed % 5 == 4:
        phases = [(np.inf, np.inf)]
    least, each = rng.choice([0.0, 5.0, 12.0], (candidates, products)), np.arange(candidates)
    sparse = rng.choice([0.0, 3.0, 8.0, 20.5], (zones, products))
    if seed % 7 == 6:
        adds = [at_home(rng.integers(-1, zones, candidates), zones) for _ in adds]
    tight = seed % 4 == 1
    return Sizes(
        gap=sparse if seed % 4 else rng.integers(0, 25, (zones, products)).astype(float),
        adds=tuple(adds),
        minutes=rng.integers(0, 15, (candidates, products)).astype(float),
        least=least,
        most=least + rng.choice([0.0, 8.0, 30.0, np.inf], (candidates, products)),
        cost_open=rng.integers(5, 40, candidates).astype(float),
        cost_unit=rng.integers(0, 4, (candidates, products)).astype(float),
        rounds_up=rng.random(products) < 0.5,
        sites=np.array([sites for sites, _ in phases], float),
        budget=np.array([budget for _, budget in phases], float),
        room=rng.choice([15.0, 40.0, np.inf], candidates) if tight else np.full(candidates, np.inf),
        room_per_unit=np.array([1.0, 2.5 if tight else 1.0])[:products],
        required=(each == 0) & (seed % 5 == 1),
        forbidden=(each == 1) & (seed % 5 == 2),
        either_or=np.where((each < 3) & (seed % 4 == 3), 0, -1),
        from_phase=each % 2 if seed % 6 == 3 else 0 * each,
    )


class Plain:
    """A plain model: nothing strengthened, nothing dropped; `x` is open by a phase, `now` the size that counts in it."""

    def __init__(self, problem: Sizes) -> None:
        self.problem, self.model = problem, pulp.LpProblem("plain", pulp.LpMinimize)
        self.sites, self.zones, self.products = (range(n) for n in problem.shape)
        self.times = range(len(problem.sites))
        self.last = len(problem.sites) - 1
        self.large = 4 * problem.gap.sum() + problem.least.max() + 1
        self.adds = [table.toarray() for table in problem.adds]

        def some(name, *sets, cat="Continuous"):
            return {
                key: pulp.LpVariable("_".join(map(str, (name, *key))), 0, cat=cat) for key in product(*sets)
            }

        self.x = some("x", self.sites, self.times, cat="Binary")
        self.y = some("y", self.sites, self.products, cat="Binary")
        self.s = some("s", self.sites, self.products, cat="Integer")
        self.now = some("n", self.sites, self.products, self.times)
        self.paid = some("p", self.sites, self.times)
        self.u = {}
        for k in self.products:
            whole = "Integer" if problem.rounds_up[k] else "Continuous"
            self.u |= some("u", self.zones, [k], self.times, cat=whole)
        self.supply()
        self.opening()
        self.limits()

    def supply(self):
        for (z, k, t), unmet in self.u.items():
            got = pulp.lpSum(self.adds[k][j, z] * self.now[j, k, t] for j in self.sites)
            self.model += got + unmet >= self.problem.gap[z, k]
        for (j, k, t), now in self.now.items():
            self.model += now <= self.s[j, k]
            self.model += now <= self.large * self.x[j, t]

    def opening(self):
        problem, model = self.problem, self.model
        for (j, k), opened in self.y.items():
            model += self.s[j, k] <= min(problem.most[j, k], self.large) * opened
            model += self.s[j, k] >= problem.least[j, k] * opened
            model += opened <= self.x[j, self.last]
        money = 1 + problem.cost_open.sum() + self.large * problem.cost_unit.sum()
        for j in self.sites:
            model += pulp.lpSum(self.y[j, k] for k in self.products) >= self.x[j, self.last]
            total = pulp.lpSum(problem.cost_unit[j, k] * self.s[j, k] for k in self.products)
            total += problem.cost_open[j] * self.x[j, self.last]
            for t in self.times:
                # what is open by then has been paid for in whole
                model += self.paid[j, t] >= total - money * (1 - self.x[j, t])
                if t:
                    model += self.x[j, t - 1] <= self.x[j, t]

    def limits(self):
        problem, model = self.problem, self.model
        for j in np.flatnonzero(np.isfinite(problem.room)):
            taken = pulp.lpSum(problem.room_per_unit[k] * self.s[j, k] for k in self.products)
            model += taken <= problem.room[j]
        for j in np.flatnonzero(problem.required):
            model += self.x[j, self.last] == 1
        for j in np.flatnonzero(problem.forbidden):
            model += self.x[j, self.last] == 0
        for (j, t), opened in self.x.items():
            if t < problem.from_phase[j]:
                model += opened == 0
        for group in set(problem.either_or.tolist()) - {-1}:
            model += pulp.lpSum(self.x[j, self.last] for j in np.flatnonzero(problem.either_or == group)) <= 1
        for t in self.times:
            if np.isfinite(problem.sites[t]):
                model += pulp.lpSum(self.x[j, t] for j in self.sites) <= problem.sites[t]
            if np.isfinite(problem.budget[t]):
                model += pulp.lpSum(self.paid[j, t] for j in self.sites) <= problem.budget[t]

    def aims(self, then):
        # what is rounded up is rounded zone by zone
        gap = np.where(self.problem.rounds_up, np.ceil(self.problem.gap), self.problem.gap).sum(axis=0)
        weight = [1.0] if len(gap) == 1 else [1 / g if g else 0.0 for g in gap]
        yield pulp.lpSum(weight[k] * v for (_, k, t), v in self.u.items() if t == self.last)
        counted = self.paid if then == "cost" else self.x
        yield pulp.lpSum(counted[j, self.last] for j in self.sites)
        if self.last:
            yield pulp.lpSum(weight[k] * v for (_, k, t), v in self.u.items() if t < self.last)
        minutes = self.problem.minutes
        yield pulp.lpSum(weight[k] * minutes[j, k] * v for (j, k), v in self.s.items())


def plain(problem: Sizes, then: str) -> list[float] | None:
    """Best of each aim in order; None where there is no answer."""
    whole, found = Plain(problem), []
    for aim in whole.aims(then):
        whole.model.setObjective(aim)
        if whole.model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=0)) != pulp.LpStatusOptimal:
            return None
        found.append(pulp.value(aim) or 0.0)
        whole.model += aim <= found[-1] + 1e-7
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_aim_is_that_of_a_plain_model(seed):
    problem, then = instance(seed), ("cost", "sites")[seed // 2 % 2]
    expected = plain(problem, then)
    got = solve_sizes(problem, control=SearchControl(), then=then)
    if expected is None:
        assert got.status == "infeasible"
        return
    assert got.status == "optimal"
    assert [step.objective for step in got.steps] == pytest.approx(expected, rel=2e-5, abs=2e-5)
    assert got.recount == pytest.approx(got.objective, rel=1e-6, abs=1e-6)
