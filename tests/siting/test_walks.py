"""Least walking and least farthest walk: sums by hand, boundaries, laws, every choice tried, the plain model."""

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, hstack, vstack
from siting_problems import (
    allowed,
    at_most,
    constraints,
    distance_problems,
    plane,
    town,
    walked,
    walks,
    who_goes_where,
)

from geoplan.siting.objectives.center.solve import center, within_reach
from geoplan.siting.objectives.median.solve import median
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.problems import DistanceProblem

BOTH = pytest.mark.parametrize("solver", [median, center], ids=lambda solver: solver.__name__)


def answered(solver, problem, **limits):
    return solver(problem, control=SearchControl(**limits))


def counted(solver, problem, chosen):
    """The aim, point by point: person-seconds, or the farthest walk of people whom something can reach."""
    walk = walked(problem, chosen)
    if solver is median:
        return float(sum(w * seconds for w, seconds in zip(problem.weight, walk, strict=True)))
    reached = problem.existing_seconds <= problem.cutoff_seconds
    reached[problem.seconds.tocoo().col] = True
    return max(
        (far for far, counts in zip(walk, reached & (problem.weight > 0), strict=True) if counts), default=0.0
    )


def tried(solver, problem):
    """The least of every choice that the limits allow; inf if none."""
    return min((counted(solver, problem, c) for c in allowed(problem)), default=np.inf)


def modelled(solver, problem):
    """The least by the plain model: who goes where as a column each, and a last column for the farthest walk."""
    (pairs, rows), (n, m) = who_goes_where(problem), problem.seconds.shape
    have, k = np.minimum(problem.existing_seconds, problem.cutoff_seconds), len(pairs.data)
    saved, rows = pairs.data - have[pairs.col], hstack([rows, csr_array((rows.shape[0], 1))])
    low = np.r_[problem.constraints.least, np.full(m + k, -np.inf)]
    high = np.r_[problem.constraints.most, np.ones(m), np.zeros(k)]
    whole, columns = np.r_[np.ones(n, bool), np.zeros(k + 1, bool)], np.r_[np.ones(n + k), np.inf]
    if solver is median:
        cost = np.r_[np.zeros(n), saved * problem.weight[pairs.col], 0.0]
        model = Linear(cost, np.zeros(n + k + 1), columns, csr_array(rows), low, high, whole)
        return solve(model, control=SearchControl()).objective + float(problem.weight @ have)
    counts = within_reach(problem)
    walk = csr_array((saved * counts[pairs.col], (pairs.col, n + np.arange(k))), shape=(m, n + k))
    farthest = hstack([walk, csr_array(-np.ones((m, 1)))])
    model = Linear(
        np.r_[np.zeros(n + k), 1.0],
        np.zeros(n + k + 1),
        columns,
        csr_array(vstack([rows, farthest])),
        np.r_[low, np.full(m, -np.inf)],
        np.r_[high, -have * counts],
        whole,
    )
    return solve(model, control=SearchControl()).objective


def test_two_sites_on_a_street():
    # a --60-- b --60-- c --60-- d --60-- e  (seconds);  people 10, 1, 1, 1, 10
    street = [[60.0 * abs(j - k) for k in range(5)] for j in range(5)]
    two, one = (walks(street, at_most(5, p), weight=[10, 1, 1, 1, 10]) for p in (2, 1))
    found = answered(median, two)
    # a and e: b and d walk 60, c 120
    assert (found.chosen.tolist(), found.objective, found.recount) == ([0, 4], 240.0, 240.0)
    assert (found.status, found.bound, found.steps[0].name) == ("optimal", 240.0, "person_seconds")
    # anywhere from a to e the two ends walk 240 s x 10; c is nearest for the others: 60 + 60
    found = answered(median, one)
    assert (found.chosen.tolist(), found.objective) == ([2], 2520.0)
    found = answered(center, two)
    assert (found.status, found.objective, found.recount) == ("optimal", 60.0, 60.0)
    assert found.bound == pytest.approx(60.0, rel=1e-6)
    assert found.steps[0].name == "farthest_seconds"
    assert answered(center, one).chosen.tolist() == [2]


def test_what_exists_and_what_is_beyond_count():
    table = [[60, np.nan, np.nan, 30], [np.nan, 120, np.nan, 30]]
    ask = walks(table, at_most(2, 1), weight=[4, 4, 4, 0], now=[90, np.inf, 700, np.inf])
    found = answered(median, ask)
    # the second option: 4 x 90 now, 4 x 120, 4 x 600 (700 is beyond); the first would be 4 x (60 + 600 + 600)
    assert (found.chosen.tolist(), found.objective) == ([1], 360.0 + 480.0 + 2400.0)
    assert ask.seconds_with(found.chosen).tolist() == [90.0, 120.0, 600.0, 30.0]
    (note,) = found.notes
    assert note.text("en").startswith("4 people (at 1 demand points)")
    assert "4人" in note.text("zh")


def test_weightless_and_unreachable_points_are_left_out_of_the_farthest_walk_and_told_of():
    table = [[60, np.nan, np.nan, np.nan], [np.nan, 120, np.nan, 590]]
    ask = walks(table, at_most(2, 2), weight=[4, 4, 7, 0], now=[np.inf, np.inf, 700, np.inf])
    found = answered(center, ask)
    assert (found.objective, found.chosen.tolist()) == (120.0, [0, 1])
    (note,) = found.notes
    assert (note.code, note.values["people"], note.values["points"]) == ("center_out_of_reach", 7, 1)
    assert "7人" in note.text("zh")


def test_people_whom_the_limits_leave_unreached_count_at_beyond():
    found = answered(center, walks([[60, np.nan], [np.nan, 120]], at_most(2, 1), weight=[4, 4]))
    assert (found.status, found.objective) == ("optimal", 600.0)
    assert [note.code for note in found.notes] == ["center_beyond"]
    assert "4 more people" in found.notes[0].text("en")


def test_a_walk_as_long_as_beyond_is_within_reach():
    found = answered(center, walks([[600.0]], at_most(1, 1)))
    assert (found.objective, found.notes if len(found.chosen) else ()) == (600.0, ())


@BOTH
@pytest.mark.parametrize("p", [0, 3, 9])
def test_no_site_and_as_many_as_there_are(solver, p):
    table = [[60, 120, 240], [120, 0, 120], [240, 120, 60]]
    found = answered(solver, walks(table, at_most(3, p), now=[np.inf, np.inf, 90]))
    none, every = {median: (1290.0, 120.0), center: (600.0, 60.0)}[solver]
    assert (found.status, found.objective) == ("optimal", none if p == 0 else every)


@BOTH
def test_nothing_to_choose_from_and_nobody_to_serve(solver):
    nobody = answered(solver, walks([[60.0]], at_most(1, 1), weight=[0]))
    nowhere = answered(solver, walks(np.empty((0, 2)), constraints(0)))
    assert (nobody.status, nobody.objective, nobody.notes) == ("optimal", 0.0, ())
    assert (nowhere.status, nowhere.objective) == ("optimal", 1200.0 if solver is median else 0.0)
    assert nowhere.notes[0].values["people"] == 2


@BOTH
def test_limits_that_contradict_each_other_say_which_and_by_how_much(solver):
    both = constraints(2, ([1, 0], 1, np.inf), ([0, 1], 1, np.inf), ([1, 1], 0, 1))
    found = answered(solver, walks([[60.0], [60.0]], both))
    assert (found.status, len(found.chosen), found.steps) == ("infeasible", 0, ())
    (note,) = found.notes
    assert (note.code, note.values["short"], note.values["number"]) == ("siting_cover_over", "1", 3)


@BOTH
@settings(deadline=None, max_examples=120)
@given(ask=distance_problems())
def test_no_choice_betters_the_answer(solver, ask):
    found, least = answered(solver, ask), tried(solver, ask)
    if np.isinf(least):
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert ask.constraints.allows(found.chosen)
    assert [found.objective, found.recount, counted(solver, ask, found.chosen)] == pytest.approx([least] * 3)


def limited(ask, p, options=None):
    """The same question with at most p of the first so many options."""
    rows = ask.seconds[: len(ask.constraints) if options is None else options]
    return DistanceProblem(
        at_most(rows.shape[0], p), rows, ask.weight, ask.existing_seconds, ask.cutoff_seconds, ask.zone
    )


@BOTH
@settings(deadline=None, max_examples=40)
@given(ask=distance_problems(), data=st.data())
def test_more_sites_and_more_options_never_lengthen_walks(solver, ask, data):
    n = len(ask.constraints)
    sums = [answered(solver, limited(ask, p)).objective for p in range(n + 1)]
    assert all(b <= a + 1e-9 for a, b in itertools.pairwise(sums))
    if (
        solver is median
    ):  # a farthest walk counts whom some option reaches, so that other options ask another question
        fewer = limited(ask, 1, data.draw(st.integers(0, n - 1)))
        assert answered(solver, limited(ask, 1)).objective <= answered(solver, fewer).objective + 1e-9


@BOTH
@pytest.mark.parametrize("seed", range(4))
def test_budgets_phases_pairs_and_required_together(solver, seed):
    ask = town(
        seed, candidates=20, points=40, **({"near": [900.0, 1800.0]} if solver is median else {"built": 0.8})
    )
    found = answered(solver, ask)
    assert found.status == "optimal"
    assert ask.constraints.allows(found.chosen)
    assert found.objective == pytest.approx(modelled(solver, ask), rel=2e-6)
    assert found.recount == pytest.approx(counted(solver, ask, found.chosen))
    assert found.recount == pytest.approx(found.objective)


@BOTH
def test_merging_points_changes_nothing(solver):
    ask = town(5, candidates=20, points=40, phases=1, built=0.8)
    twice = DistanceProblem(
        ask.constraints,
        csr_array(hstack([ask.seconds] * 2)),
        *(np.tile(values, 2) for values in (ask.weight, ask.existing_seconds)),
        ask.cutoff_seconds,
        np.tile(ask.zone, 2),
    )
    once, both = (answered(solver, which).objective for which in (ask, twice))
    assert both == pytest.approx(once * (2 if solver is median else 1))


@BOTH
def test_the_same_question_gets_the_same_answer(solver):
    first, again = (answered(solver, plane(2, 60, 6)) for _ in range(2))
    assert first.chosen.tolist() == again.chosen.tolist()
    assert (first.objective, first.bound, first.nodes) == (again.objective, again.bound, again.nodes)


def test_equal_options_fall_to_the_lowest_position():
    found = answered(median, walks([[60, 120], [60, 120], [60, 120]], at_most(3, 1)))
    assert found.chosen.tolist() == [0]


def test_an_interrupt_from_another_thread():
    during = SearchControl()
    threading.Timer(0.05, during.interrupt).start()
    found = median(town(5, candidates=90, points=200, phases=3, near=[900.0, 1800.0]), control=during)
    assert found.status in ("within", "optimal")
    assert np.isfinite(found.objective)


@BOTH
def test_inputs_stay_as_they_are(solver):
    ask, same = (town(1, candidates=25, points=50, near=[900.0]) for _ in range(2))
    answered(solver, ask)
    for name in ("weight", "existing_seconds", "zone"):
        assert np.array_equal(getattr(ask, name), getattr(same, name))
    for one, other in ((ask.seconds, same.seconds), (ask.constraints.rows, same.constraints.rows)):
        assert (one != other).nnz == 0
        assert np.array_equal(one.indices, other.indices)
