"""Need given out once: sums by hand, every choice tried, a plain model solved by another solver, laws."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import vstack
from siting_problems import capacity, middling, within

from geoplan.siting.objectives.capacity.problem import recount
from geoplan.siting.objectives.capacity.solve import median_capacity
from geoplan.siting.solve.control import SearchControl

#: pulp announces how its next version will be written.
pytestmark = pytest.mark.filterwarnings("ignore:.*PuLP 4.0:DeprecationWarning")


def most_met(problem, chosen):
    """Need met by given options: a linear program over every pair."""
    beds = np.r_[problem.capacity[list(chosen)], problem.existing_capacity]
    pairs = vstack([problem.seconds[list(chosen)], problem.existing]).tocoo()
    if not pairs.nnz:
        return 0.0
    rows = np.zeros((len(beds) + len(problem.need), pairs.nnz))
    rows[pairs.row, np.arange(pairs.nnz)] = 1
    rows[len(beds) + pairs.col, np.arange(pairs.nnz)] = 1
    return -linprog(-np.ones(pairs.nnz), A_ub=rows, b_ub=np.r_[beds, problem.need]).fun


def instance(seed):
    rng = np.random.default_rng(seed)
    n, points, old = int(rng.integers(4, 9)), int(rng.integers(5, 16)), int(rng.integers(0, 4))

    def some(rows):
        return np.where(rng.random((rows, points)) < 0.35, rng.integers(0, 60, (rows, points)) * 10, -1)

    cost = rng.integers(1, 9, n).astype(float)
    return capacity(
        some(n),
        rng.choice([0.0, 1.0, 4.5, 12.0], points),
        rng.choice([0.0, 5.0, 10.0, 33.3], n),
        existing=some(old),
        existing_beds=rng.choice([0.0, 6.0, 15.0], old),
        constraints=within(
            rng.integers(1, 4),
            n,
            required=[1] if seed % 3 == 0 else [],
            cost=cost,
            budget=12.0 if seed % 4 == 1 else None,
        ),
    )


def plain(problem):
    """Most need met, then least walking, by a model in which nothing is strengthened or left out."""
    n, old = len(problem.capacity), len(problem.existing_capacity)
    model = pulp.LpProblem("plain", pulp.LpMaximize)
    x = [pulp.LpVariable(f"x{j}", cat="Binary") for j in range(n)]
    pairs = vstack([problem.seconds, problem.existing]).tocoo()
    f = [pulp.LpVariable(f"f{e}", 0) for e in range(pairs.nnz)]
    for j in range(n + old):
        beds = problem.capacity[j] * x[j] if j < n else problem.existing_capacity[j - n]
        model += pulp.lpSum(f[e] for e in np.flatnonzero(pairs.row == j)) <= beds
    for i, need in enumerate(problem.need):
        model += pulp.lpSum(f[e] for e in np.flatnonzero(pairs.col == i)) <= need
    rows = problem.constraints.rows.toarray()
    for row, least, most in zip(rows, problem.constraints.least, problem.constraints.most, strict=True):
        used = pulp.lpSum(row[j] * x[j] for j in range(n))
        model += used >= least
        if np.isfinite(most):
            model += used <= most
    solver = pulp.PULP_CBC_CMD(msg=False, gapRel=0)
    model.setObjective(pulp.lpSum(f))
    assert model.solve(solver) == pulp.LpStatusOptimal
    met = pulp.value(pulp.lpSum(f)) or 0.0
    model += pulp.lpSum(f) >= met - 1e-7
    cutoff_seconds = problem.cutoff_seconds
    model.setObjective(pulp.lpSum((cutoff_seconds - s) * one for s, one in zip(pairs.data, f, strict=True)))
    assert model.solve(solver) == pulp.LpStatusOptimal
    saved = pulp.value(model.objective) or 0.0
    return met, cutoff_seconds * problem.need.sum() - saved


@pytest.mark.parametrize("seed", range(20))
def test_both_aims_are_those_of_a_plain_model(seed):
    problem = instance(seed)
    met, walked = plain(problem)
    median = median_capacity(problem, control=SearchControl())
    assert median.status == "optimal"
    assert [step.objective for step in median.steps] == pytest.approx([met, walked], rel=1e-5, abs=1e-5)
    assert median.recount == pytest.approx(met, abs=1e-5)
    assert problem.constraints.allows(median.chosen)


@pytest.mark.parametrize("seed", range(6))
def test_every_choice_tried(seed):
    problem = instance(seed)
    n = len(problem.capacity)
    choices = [np.array(c, int) for k in range(4) for c in combinations(range(n), k)]
    best = max(most_met(problem, c) for c in choices if problem.constraints.allows(c))
    answer = median_capacity(problem, control=SearchControl())
    assert answer.objective == pytest.approx(best, abs=1e-6)
    assert problem.constraints.allows(answer.chosen)
    for c in choices[:8]:
        assert recount(problem, c) == pytest.approx(most_met(problem, c), abs=1e-6)


def test_a_bed_is_given_out_once():
    # both sites reach both points; 20 + 20 are needed, 15 beds each: 30 are met, not 40
    problem = capacity([[60, 60], [60, 60]], [20, 20], [15, 15], p=2)
    answer = median_capacity(problem, control=SearchControl())
    assert (answer.status, answer.objective, answer.recount) == ("optimal", 30, 30)
    assert answer.notes[0].values == {"need": "40", "met": "30", "outside": "0", "full": "10"}


def test_beds_that_exist_are_given_out_anew():
    # the old home's 10 beds could serve either point; a new site reaches the second only, so that the old serves the first
    problem = capacity([[-1, 30]], [10, 10], [10], existing=[[30, 30]], existing_beds=[10])
    assert median_capacity(problem, control=SearchControl()).objective == 20
    assert (
        median_capacity(replace(problem, constraints=within(0, 1)), control=SearchControl()).objective == 10
    )


def test_large_and_far_or_small_and_near():
    # site 0 has beds for all; site 1 is at the door, but has 6 beds; most need met comes first, then the walk
    problem = capacity([[500], [10]], [8], [8, 6])
    median = median_capacity(problem, control=SearchControl())
    assert median.chosen.tolist() == [0]
    assert [step.objective for step in median.steps] == pytest.approx([8, 8 * 500])
    both = median_capacity(replace(problem, constraints=within(2, 2)), control=SearchControl())
    assert both.chosen.tolist() == [0, 1]
    assert both.steps[1].objective == pytest.approx(6 * 10 + 2 * 500)


def test_need_without_a_bed_counts_at_beyond():
    problem = capacity([[100, -1]], [5, 3], [4])
    median = median_capacity(problem, control=SearchControl())
    assert median.steps[1].objective == pytest.approx(4 * 100 + (1 + 3) * 1000)
    assert median.notes[0].values == {"need": "8", "met": "4", "outside": "3", "full": "1"}
    assert "8" in median.notes[0].text("zh")


def test_of_equal_sites_the_nearer():
    median = median_capacity(capacity([[50], [0], [70]], [5], [5, 5, 5]), control=SearchControl())
    assert median.chosen.tolist() == [1]
    assert median.steps[1].objective == pytest.approx(0, abs=1e-6)


def test_a_site_that_adds_nothing_is_not_built():
    problem = capacity([[10], [10], [10]], [5], [9, 9, 9], p=3)
    assert len(median_capacity(problem, control=SearchControl()).chosen) == 1


def test_what_is_required_opens_though_it_adds_nothing():
    problem = capacity([[-1], [10]], [5], [9, 9], constraints=within(1, 2, required=[0]))
    answer = median_capacity(problem, control=SearchControl())
    assert (answer.status, answer.chosen.tolist(), answer.objective) == ("optimal", [0], 0)


def test_a_contradiction_has_no_answer():
    problem = capacity([[10], [10]], [5], [9, 9], constraints=within(1, 2, required=[0, 1]))
    answer = median_capacity(problem, control=SearchControl())
    assert (answer.status, answer.notes[0].code) == ("infeasible", "siting_cover_over")


def test_nobody_and_nothing():
    for problem in (
        capacity([[10]], [0], [5]),
        capacity([[-1]], [5], [5]),
        capacity([[10]], [5], [0]),
        capacity(np.empty((0, 1)), [5], []),
        capacity(np.empty((0, 1)), [5], [], existing=[[3]], existing_beds=[2]),
    ):
        met = min(problem.need.sum(), problem.existing_capacity.sum())
        answer = median_capacity(problem, control=SearchControl())
        assert (answer.status, answer.objective, answer.recount) == ("optimal", met, met)


def test_wrong_arrays_are_named():
    good = capacity([[10]], [1], [5])
    for wrong in (
        {"need": np.array([np.nan])},
        {"capacity": np.array([-1.0])},
        {"need": np.ones(3)},
        {"cutoff_seconds": 5.0},
        {"existing_capacity": np.ones(2)},
    ):
        with pytest.raises(ValueError):
            median_capacity(replace(good, **wrong), control=SearchControl())


def test_the_same_question_has_the_same_answer():
    first, second = (
        median_capacity(middling(), control=SearchControl(gap=0.002, nodes=2000)) for _ in range(2)
    )
    assert first.steps == second.steps
    assert first.chosen.tolist() == second.chosen.tolist()
    assert first.repeatable
    assert first.steps[0].gap <= 0.002
    assert first.bound >= first.objective == pytest.approx(first.recount)


AMOUNT = st.sampled_from([0.0, 1.0, 7.5, 40.0])
WALK = st.sampled_from([-1, 0, 600])


@st.composite
def questions(draw):
    n, points, old = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.integers(0, 2))
    return capacity(
        [[draw(WALK) for _ in range(points)] for _ in range(n)],
        [draw(AMOUNT) for _ in range(points)],
        [draw(AMOUNT) for _ in range(n)],
        existing=np.array([[draw(WALK) for _ in range(points)] for _ in range(old)]).reshape(old, points),
        existing_beds=[draw(AMOUNT) for _ in range(old)],
        p=draw(st.integers(0, 3)),
    )


@settings(max_examples=80, deadline=None)
@given(questions())
def test_no_more_than_there_is_and_more_sites_never_meet_less(problem):
    n = len(problem.capacity)
    answer = median_capacity(problem, control=SearchControl())
    assert answer.status == "optimal"
    assert answer.objective <= problem.need.sum() + 1e-9
    assert answer.objective <= problem.capacity[answer.chosen].sum() + problem.existing_capacity.sum() + 1e-9
    assert answer.objective == pytest.approx(most_met(problem, answer.chosen), abs=1e-6)
    more = median_capacity(replace(problem, constraints=within(n, n)), control=SearchControl())
    assert more.objective >= answer.objective - 1e-6
    assert more.objective == pytest.approx(most_met(problem, np.arange(n)), abs=1e-6)


def test_a_stated_tolerance_of_the_need_met_is_given_up_for_less_walking():
    # one site: 10 beds for 10 at 600 s, or 9 beds at 60 s; need without a bed counts at 1,000 s
    problem = capacity([[600.0], [60.0]], [10.0], [10.0, 9.0], constraints=within(1, 2))
    exact, eased = (median_capacity(problem, tolerance=part, control=SearchControl()) for part in (0.05, 0.1))
    assert (exact.chosen.tolist(), exact.objective) == ([0], 10.0)
    assert (eased.chosen.tolist(), eased.objective, eased.steps[1].objective) == ([1], 9.0, 9 * 60 + 1000)
    assert eased.status == "optimal"
