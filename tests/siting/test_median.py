"""Least walking: sums by hand, boundaries, laws, every choice tried, the plain model, limits of the search."""

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, hstack
from siting_problems import (
    allowed,
    at_most,
    constraints,
    distance_problems,
    interrupting,
    plane,
    town,
    walked,
    walks,
    who_goes_where,
)

from geoplan.siting.objectives.median.solve import median
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.problems import DistanceProblem


def homes(seed, candidates=25, points=50, phases=2):
    return town(seed, candidates=candidates, points=points, phases=phases, near=[900.0, 1800.0])


def plain(problem, chosen):
    """Person-seconds, point by point."""
    return float(sum(w * seconds for w, seconds in zip(problem.weight, walked(problem, chosen), strict=True)))


def tried(problem):
    """The least of every choice that the limits allow; inf if none."""
    return min((plain(problem, c) for c in allowed(problem)), default=np.inf)


def modelled(problem):
    """The least by the plain model: who goes where, as a column each."""
    (pairs, rows), (n, m) = who_goes_where(problem), problem.seconds.shape
    k = len(pairs.data)
    have = np.minimum(problem.existing_seconds, problem.cutoff_seconds)
    model = Linear(
        np.r_[np.zeros(n), (pairs.data - have[pairs.col]) * problem.weight[pairs.col]],
        np.zeros(n + k),
        np.ones(n + k),
        rows,
        np.r_[problem.constraints.least, np.full(m + k, -np.inf)],
        np.r_[problem.constraints.most, np.ones(m), np.zeros(k)],
        np.r_[np.ones(n, bool), np.zeros(k, bool)],
    )
    return solve(model, control=SearchControl()).objective + float(problem.weight @ have)


def test_two_sites_on_a_street():
    # a --60-- b --60-- c --60-- d --60-- e  (seconds);  people 10, 1, 1, 1, 10
    street = [[60.0 * abs(j - k) for k in range(5)] for j in range(5)]
    found = median(walks(street, at_most(5, 2), weight=[10, 1, 1, 1, 10]), control=SearchControl())
    # a and e: b and d walk 60, c 120
    assert (found.chosen.tolist(), found.objective, found.recount) == ([0, 4], 240.0, 240.0)
    assert (found.status, found.bound, found.steps[0].name) == ("optimal", 240.0, "person_seconds")
    one = median(walks(street, at_most(5, 1), weight=[10, 1, 1, 1, 10]), control=SearchControl())
    # anywhere from a to e the two ends walk 240 s x 10; c is nearest for the others: 60 + 60
    assert (one.chosen.tolist(), one.objective) == ([2], 2520.0)


def test_what_exists_and_what_is_beyond_count():
    table = [[60, np.nan, np.nan, 30], [np.nan, 120, np.nan, 30]]
    ask = walks(table, at_most(2, 1), weight=[4, 4, 4, 0], now=[90, np.inf, 700, np.inf])
    found = median(ask, control=SearchControl())
    # the second option: 4 x 90 now, 4 x 120, 4 x 600 (700 is beyond); the first would be 4 x (60 + 600 + 600)
    assert (found.chosen.tolist(), found.objective) == ([1], 360.0 + 480.0 + 2400.0)
    assert ask.seconds_with(found.chosen).tolist() == [90.0, 120.0, 600.0, 30.0]
    (note,) = found.notes
    assert note.text("en").startswith("4 people (at 1 demand points)")
    assert "4人" in note.text("zh")


@pytest.mark.parametrize("p", [0, 3, 9])
def test_no_site_and_as_many_as_there_are(p):
    table = [[60, 120, 240], [120, 0, 120], [240, 120, 60]]
    found = median(walks(table, at_most(3, p), now=[np.inf, np.inf, 90]), control=SearchControl())
    assert found.status == "optimal"
    assert found.objective == (1290.0 if p == 0 else 120.0)


def test_nothing_to_choose_from_and_nobody_to_serve():
    nobody = median(walks([[60.0]], at_most(1, 1), weight=[0]), control=SearchControl())
    nowhere = median(walks(np.empty((0, 2)), constraints(0)), control=SearchControl())
    assert (nobody.status, nobody.objective, nobody.notes) == ("optimal", 0.0, ())
    assert (nowhere.status, nowhere.objective) == ("optimal", 1200.0)


def test_limits_that_contradict_each_other_say_what_is_nearest():
    both = constraints(2, ([1, 0], 1, np.inf), ([0, 1], 1, np.inf), ([1, 1], 0, 1))
    found = median(walks([[60.0], [60.0]], both), control=SearchControl())
    assert (found.status, len(found.chosen), found.steps) == ("infeasible", 0, ())
    (note,) = found.notes
    assert (note.code, note.values["short"], note.values["number"]) == ("siting_cover_over", "1", 3)


@settings(deadline=None, max_examples=150)
@given(distance_problems())
def test_no_choice_betters_the_answer(ask):
    found, least = median(ask, control=SearchControl()), tried(ask)
    if np.isinf(least):
        assert found.status == "infeasible"
    else:
        assert found.status == "optimal"
        assert ask.constraints.allows(found.chosen)
        assert [found.objective, found.recount, plain(ask, found.chosen)] == pytest.approx([least] * 3)


@settings(deadline=None, max_examples=60)
@given(distance_problems(), st.data())
def test_more_sites_and_more_options_never_lengthen_walks(ask, data):
    n = len(ask.constraints)
    free = DistanceProblem(
        at_most(n, 1), ask.seconds, ask.weight, ask.existing_seconds, ask.cutoff_seconds, ask.zone
    )
    sums = []
    for p in range(n + 1):
        more = DistanceProblem(
            at_most(n, p), ask.seconds, ask.weight, ask.existing_seconds, ask.cutoff_seconds, ask.zone
        )
        sums.append(median(more, control=SearchControl()).objective)
    assert all(b <= a + 1e-9 for a, b in itertools.pairwise(sums))
    fewer = data.draw(st.integers(0, n - 1))
    without = DistanceProblem(
        at_most(fewer, 1), ask.seconds[:fewer], ask.weight, ask.existing_seconds, ask.cutoff_seconds, ask.zone
    )
    assert (
        median(free, control=SearchControl()).objective
        <= median(without, control=SearchControl()).objective + 1e-9
    )


@pytest.mark.parametrize("seed", range(6))
def test_budgets_phases_pairs_and_required_together(seed):
    ask = homes(seed)
    found = median(ask, control=SearchControl())
    assert found.status == "optimal"
    assert ask.constraints.allows(found.chosen)
    assert found.objective == pytest.approx(modelled(ask), rel=2e-6)
    assert found.recount == pytest.approx(found.objective)
    assert plain(ask, found.chosen) == pytest.approx(found.recount)


def test_merging_points_changes_nothing():
    ask = homes(7, points=20, phases=1)
    twice = DistanceProblem(
        ask.constraints,
        csr_array(hstack([ask.seconds, ask.seconds])),
        np.r_[ask.weight, ask.weight],
        np.r_[ask.existing_seconds, ask.existing_seconds],
        ask.cutoff_seconds,
        np.r_[ask.zone, ask.zone],
    )
    merged, once = (median(which, control=SearchControl()).objective for which in (twice, ask))
    assert merged == pytest.approx(2 * once)


def test_the_same_question_gets_the_same_answer():
    first, again = (median(plane(2, 60, 6), control=SearchControl()) for _ in range(2))
    assert first.chosen.tolist() == again.chosen.tolist()
    assert (first.objective, first.bound, first.nodes) == (again.objective, again.bound, again.nodes)


def test_equal_options_fall_to_the_lowest_position():
    found = median(walks([[60, 120], [60, 120], [60, 120]], at_most(3, 1)), control=SearchControl())
    assert found.chosen.tolist() == [0]


HARD = {"candidates": 60, "points": 120}


def test_a_limit_of_nodes_gives_the_same_best_so_far_with_its_bound():
    ask = homes(4, **HARD)
    short, again = (median(ask, control=SearchControl(nodes=2)) for _ in range(2))
    full = median(ask, control=SearchControl())
    assert full.status == "optimal"
    assert full.nodes > 2
    assert (short.status, short.stopped, short.nodes, short.repeatable) == ("within", "nodes", 2, True)
    assert short.bound <= full.objective <= short.objective
    assert (short.chosen.tolist(), short.bound) == (again.chosen.tolist(), again.bound)


def test_a_gap_ends_the_search():
    full, near = (median(homes(4, **HARD), control=SearchControl(gap=gap)) for gap in (0.0, 0.05))
    assert (near.status, near.stopped) == ("within", "gap")
    assert 0 < near.steps[0].gap <= 0.05
    assert near.bound <= full.objective


def test_an_interrupt_gives_the_best_so_far_with_its_bound():
    ask = homes(4, **HARD)
    found = median(ask, control=interrupting(3)[0])
    assert (found.status, found.stopped, found.repeatable) == ("within", "interrupt", False)
    assert ask.constraints.allows(found.chosen)
    assert found.bound <= median(ask, control=SearchControl()).objective <= found.objective


def test_an_interrupt_before_the_start_and_from_another_thread():
    before = SearchControl()
    before.interrupt()
    assert median(homes(4, **HARD), control=before).stopped == "interrupt"
    during = SearchControl()
    threading.Timer(0.05, during.interrupt).start()
    found = median(homes(5, candidates=90, points=200, phases=3), control=during)
    assert found.status in ("within", "optimal")
    assert np.isfinite(found.objective)


def test_the_clock_ends_the_search():
    found = median(homes(4, **HARD), control=SearchControl(seconds=0.0))
    assert (found.status, found.stopped, found.repeatable) == ("within", "clock", False)


def test_inputs_stay_as_they_are():
    ask = homes(1)
    kept = [
        a.copy()
        for a in (
            ask.seconds.data,
            ask.seconds.indices,
            ask.weight,
            ask.existing_seconds,
            ask.constraints.rows.data,
        )
    ]
    median(ask, control=SearchControl())
    for a, b in zip(
        kept,
        (ask.seconds.data, ask.seconds.indices, ask.weight, ask.existing_seconds, ask.constraints.rows.data),
        strict=True,
    ):
        assert np.array_equal(a, b)
