"""Every solver under search limits: interrupts, clock, gap, nodes and the listener; the answer so far is allowed, and its bound holds."""

from functools import cache, partial

import numpy as np
import pytest
from siting_problems import cover, interrupting, middling, phased, plane, problem, sizes, town

from geoplan.siting.objectives.capacity.solve import median_capacity
from geoplan.siting.objectives.center.solve import center
from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.objectives.fair.solve import least_spread, worst_off, worst_part
from geoplan.siting.objectives.median.solve import median
from geoplan.siting.objectives.share.solve import fewest
from geoplan.siting.objectives.sizes.solve import solve_sizes
from geoplan.siting.solve.control import SearchControl


def strewn():
    """Points strewn over options without any geography are hard to bound."""
    rng = np.random.default_rng(2)
    return problem(rng.random((40, 120)) < 0.1, rng.integers(1, 100, 120), most=[8])


def scattered(seed, *, n, k, most, radius, zones):
    chance = np.random.default_rng(seed)
    options, points = chance.random((n, 2)), chance.random((k, 2))
    near = np.hypot(*(options[:, None] - points[None]).transpose(2, 0, 1)) < radius
    zone = (points[:, 0] * zones).astype(int) * zones + (points[:, 1] * zones).astype(int)
    return cover(near, chance.integers(1, 50, k), zone=zone, most=most)


def gaps():
    rng = np.random.default_rng(4)
    pairs = [(j, z, 0.5) for j in range(25) for z in range(25) if rng.random() < 0.15]
    few = phased([(np.inf, 60.0)])
    return sizes(
        rng.integers(1, 90, 25), *pairs, least=40, most=70, opening=5, unit=0.1, candidates=25, **few
    )


wards = partial(scattered, 1, n=30, k=150, most=5, radius=0.25, zones=3)
#: Solver -> a question that takes it some time.
ASKED = {
    max_cover: strewn,
    fewest: partial(scattered, 2, n=90, k=400, most=None, radius=0.1, zones=4),
    worst_off: wards,
    worst_part: wards,
    least_spread: wards,
    median: lambda: town(4, candidates=60, points=120, near=[900.0, 1800.0]),
    center: lambda: plane(4, 80, 6),
    median_capacity: middling,
    solve_sizes: gaps,
}
MORE = {fewest: {"share": 0.85, "min_share_per_community": 0.6}}
EVERY = pytest.mark.parametrize("solver", ASKED, ids=lambda solver: solver.__name__)


def asked(solver, **limits):
    control = limits.pop("control", None) or SearchControl(**limits)
    return solver(ASKED[solver](), control=control, **MORE.get(solver, {}))


@cache
def proven(solver):
    return asked(solver, nodes=20_000).steps[0]


def holds(solver, answer):
    """Whether the answer is counted right, and its bound and its objective have the proven one between them."""
    first, best = answer.steps[0], proven(solver)
    low, high = sorted((first.objective, first.bound))
    assert answer.recount == pytest.approx(first.objective, abs=1e-6)
    assert low <= best.objective * (1 + 2e-6) + 1e-6
    assert high >= best.objective * (1 - 2e-6) - 1e-6
    assert not hasattr(ASKED[solver](), "constraints") or ASKED[solver]().constraints.allows(answer.chosen)


def interrupted():
    control = SearchControl()
    control.interrupt()
    return control


@EVERY
@pytest.mark.parametrize(("limits", "why"), [({}, "interrupt"), ({"seconds": 0.0}, "clock")])
def test_a_search_stopped_at_once_gives_its_best_and_says_that_it_is_not_repeatable(solver, limits, why):
    answer = asked(solver, **limits) if limits else asked(solver, control=interrupted())
    assert (answer.status, answer.stopped, answer.repeatable) == ("within", why, False)
    holds(solver, answer)


@EVERY
def test_an_interrupt_on_the_way_gives_the_best_so_far(solver):
    control, heard = interrupting(2)
    answer = asked(solver, control=control)
    holds(solver, answer)
    if len(heard) >= 2 and answer.status != "optimal":
        assert (answer.stopped, answer.repeatable) == ("interrupt", False)


@EVERY
def test_a_gap_lets_the_search_end_early(solver):
    answer = asked(solver, gap=0.5)
    assert answer.steps[0].gap <= 0.5
    assert answer.repeatable
    holds(solver, answer)


@EVERY
def test_a_limit_of_nodes_gives_the_same_answer_again(solver):
    first, again = (asked(solver, nodes=2) for _ in range(2))
    assert first.chosen.tolist() == again.chosen.tolist()
    assert (first.steps, first.nodes) == (again.steps, again.nodes)
    assert first.repeatable
    holds(solver, first)


@pytest.mark.parametrize("solver", [max_cover, median, center], ids=lambda solver: solver.__name__)
def test_who_listens_hears_of_ever_better_answers_and_bounds(solver):
    heard = []
    answer = asked(solver, control=SearchControl(listen=lambda best, bound: heard.append((best, bound))))
    best, bounds = (list(column) for column in zip(*heard, strict=True))
    falling = answer.steps[0].sense == "min"
    assert best == sorted(best, reverse=falling)
    assert bounds == sorted(bounds, reverse=not falling)
    assert heard[-1] == pytest.approx((answer.objective, answer.bound))
