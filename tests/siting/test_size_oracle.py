"""Sizes against a plain model, written out anew zone by zone and solved by another solver; and against every choice on tiny ones."""

from dataclasses import replace
from itertools import product

import numpy as np
import pulp
import pytest
from scipy.optimize import linprog
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
    may = []
    for _ in range(products):
        entry = rng.random((candidates, zones)) < 0.45
        j, z = np.nonzero(entry)
        may.append(csr_array((rng.integers(0, 15, len(j)).astype(float), (j, z)), shape=entry.shape))
    # (sites, budget) by phase
    phases = [(rng.integers(2, 5), rng.integers(100, 260))]
    if seed % 3 == 0:
        phases = [(2, rng.integers(40, 120)), (4, rng.integers(120, 300))]
    if seed % 5 == 4:
        phases = [(np.inf, np.inf)]
    least, each = rng.choice([0.0, 5.0, 12.0], (candidates, products)), np.arange(candidates)
    sparse = rng.choice([0.0, 3.0, 8.0, 20.5], (zones, products))
    if seed % 7 == 6:
        may = [at_home(table, rng.integers(-1, zones, candidates)) for table in may]
    tight = seed % 4 == 1
    return Sizes(
        gap=sparse if seed % 4 else rng.integers(0, 25, (zones, products)).astype(float),
        may=tuple(may),
        least=least,
        most=least + rng.choice([0.0, 8.0, 30.0, np.inf], (candidates, products)),
        cost_open=rng.integers(5, 40, candidates).astype(float),
        cost_unit=rng.integers(0, 4, (candidates, products)).astype(float),
        whole=rng.random(products) < 0.5,
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
        self.large = problem.gap.sum() + problem.least.max() + 1
        self.walk = self.walks()

        def some(name, *sets, cat="Continuous"):
            return {
                key: pulp.LpVariable("_".join(map(str, (name, *key))), 0, cat=cat) for key in product(*sets)
            }

        self.x = some("x", self.sites, self.times, cat="Binary")
        self.y = some("y", self.sites, self.products, cat="Binary")
        self.s = {}
        for k in self.products:
            self.s |= some("s", self.sites, [k], cat="Integer" if problem.whole[k] else "Continuous")
        self.existing_seconds = some("n", self.sites, self.products, self.times)
        self.paid = some("p", self.sites, self.times)
        self.u = some("u", self.zones, self.products, self.times)
        self.a = {
            (*key, t): pulp.LpVariable(f"a_{n}_{t}", 0) for n, key in enumerate(self.walk) for t in self.times
        }
        self.supply()
        self.opening()
        self.limits()

    def walks(self):
        """Minutes by candidate, zone, product."""
        found = {}
        for k in self.products:
            may = self.problem.may[k].tocoo()
            pairs = zip(may.row.tolist(), may.col.tolist(), strict=True)
            given = dict(zip(pairs, may.data.tolist(), strict=True))
            found |= {(*pair, k): minutes for pair, minutes in given.items()}
        return found

    def supply(self):
        for (z, k, t), unmet in self.u.items():
            got = pulp.lpSum(v for key, v in self.a.items() if key[1:] == (z, k, t))
            self.model += got + unmet >= self.problem.gap[z, k]
        for (j, k, t), now in self.existing_seconds.items():
            self.model += now <= self.s[j, k]
            self.model += now <= self.large * self.x[j, t]
            self.model += pulp.lpSum(v for key, v in self.a.items() if (key[0], *key[2:]) == (j, k, t)) <= now

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
        gap = self.problem.gap.sum(axis=0)
        weight = [1.0] if len(gap) == 1 else [1 / g if g else 0.0 for g in gap]
        yield pulp.lpSum(weight[k] * v for (_, k, t), v in self.u.items() if t == self.last)
        if self.last:
            yield pulp.lpSum(weight[k] * v for (_, k, t), v in self.u.items() if t < self.last)
        counted = self.paid if then == "cost" else self.x
        yield pulp.lpSum(counted[j, self.last] for j in self.sites)
        yield pulp.lpSum(weight[key[2]] * self.walk[key[:3]] * v for key, v in self.a.items())


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


def served(problem: Sizes, built: np.ndarray) -> float:
    """Most that sites of given sizes serve of one product."""
    pairs = [
        (j, z)
        for j in range(len(built))
        for z in range(len(problem.gap))
        if problem.may[0][[j]].toarray()[0, z]
    ]
    if not pairs:
        return 0.0
    left = np.zeros((len(built) + len(problem.gap), len(pairs)))
    for n, (j, z) in enumerate(pairs):
        left[j, n] = left[len(built) + z, n] = 1
    return -linprog(-np.ones(len(pairs)), A_ub=left, b_ub=np.r_[built, problem.gap[:, 0]]).fun


@pytest.mark.parametrize("seed", range(4))
def test_every_choice_and_size_tried(seed):
    rng = np.random.default_rng(seed)
    none = np.zeros(3, bool)
    problem = Sizes(
        gap=rng.integers(0, 4, (3, 1)).astype(float),
        may=(csr_array((rng.random((3, 3)) < 0.6).astype(float)),),
        least=np.array([[1.0], [2.0], [0.0]]),
        most=np.array([[3.0], [4.0], [2.0]]),
        cost_open=rng.integers(1, 6, 3).astype(float),
        cost_unit=rng.integers(0, 3, (3, 1)).astype(float),
        whole=np.array([True]),
        sites=np.array([np.inf]),
        budget=np.array([9.0]),
        room=np.full(3, np.inf),
        room_per_unit=np.ones(1),
        required=none,
        forbidden=none,
        either_or=np.full(3, -1),
        from_phase=np.zeros(3, int),
    )
    best = (np.inf, np.inf)
    for tried in product([None, 1, 2, 3], [None, 2, 3, 4], [None, 0, 1, 2]):
        s = np.array([0.0 if one is None else one for one in tried])
        cost = sum(
            problem.cost_open[j] + problem.cost_unit[j, 0] * s[j] for j in range(3) if tried[j] is not None
        )
        if cost <= 9:
            best = min(best, (round(problem.gap.sum() - served(problem, s), 6), cost))
    got = solve_sizes(problem, control=SearchControl())
    assert got.status == "optimal"
    assert (got.objective, got.steps[1].objective) == pytest.approx(best, abs=1e-6)
    assert got.cost == pytest.approx(best[1])


def test_strengthening_changes_no_answer_where_limits_are_wide():
    problem = replace(instance(4), sites=np.array([np.inf]), budget=np.array([np.inf]))
    assert solve_sizes(problem, control=SearchControl()).objective == pytest.approx(plain(problem, "cost")[0])
