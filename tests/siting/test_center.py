"""Least farthest walk: sums by hand, boundaries, laws, every choice tried, the plain model, limits of the search."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.sparse import csr_array, hstack, vstack
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

from geoplan.siting.objectives.center.solve import center, within_reach
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.problems import DistanceProblem


def farthest(problem, chosen):
    """The farthest walk, point by point, over people whom something can reach."""
    reached = problem.existing_seconds <= problem.cutoff_seconds
    reached[problem.seconds.tocoo().col] = True
    counted = reached & (problem.weight > 0)
    return max(
        (far for far, counts in zip(walked(problem, chosen), counted, strict=True) if counts), default=0.0
    )


def tried(problem):
    """The least of every choice that the limits allow; inf if none."""
    return min((farthest(problem, c) for c in allowed(problem)), default=np.inf)


def modelled(problem):
    """The least by the plain model: who goes where as a column each, and the farthest walk."""
    (pairs, rows), (n, m) = who_goes_where(problem), problem.seconds.shape
    counted, have = within_reach(problem), np.minimum(problem.existing_seconds, problem.cutoff_seconds)
    k = len(pairs.data)
    saved = -(have[pairs.col] - pairs.data) * counted[pairs.col]
    farthest_of = csr_array((saved, (pairs.col, n + np.arange(k))), shape=(m, n + k))
    model = Linear(
        np.r_[np.zeros(n + k), 1.0],
        np.zeros(n + k + 1),
        np.r_[np.ones(n + k), np.inf],
        csr_array(
            vstack(
                [
                    hstack([rows, csr_array((rows.shape[0], 1))]),
                    hstack([farthest_of, csr_array(-np.ones((m, 1)))]),
                ]
            )
        ),
        np.r_[problem.constraints.least, np.full(2 * m + k, -np.inf)],
        np.r_[problem.constraints.most, np.ones(m), np.zeros(k), -have * counted],
        np.r_[np.ones(n, bool), np.zeros(k + 1, bool)],
    )
    return solve(model, control=SearchControl()).objective


def test_two_sites_on_a_street():
    # five corners in a row, a minute apart
    street = [[60.0 * abs(j - k) for k in range(5)] for j in range(5)]
    two = center(walks(street, at_most(5, 2)), control=SearchControl())
    one = center(walks(street, at_most(5, 1)), control=SearchControl())
    assert (two.status, two.objective, two.recount) == ("optimal", 60.0, 60.0)
    assert two.bound == pytest.approx(60.0, rel=1e-6)
    assert two.steps[0].name == "farthest_seconds"
    assert (one.chosen.tolist(), one.objective) == ([2], 120.0)


def test_weightless_and_unreachable_points_are_left_out_and_told_of():
    table = [[60, np.nan, np.nan, np.nan], [np.nan, 120, np.nan, 590]]
    ask = walks(table, at_most(2, 2), weight=[4, 4, 7, 0], now=[np.inf, np.inf, 700, np.inf])
    found = center(ask, control=SearchControl())
    assert (found.objective, found.chosen.tolist()) == (120.0, [0, 1])
    (note,) = found.notes
    assert (note.code, note.values["people"], note.values["points"]) == ("center_out_of_reach", 7, 1)
    assert "7人" in note.text("zh")


def test_people_whom_the_limits_leave_unreached_count_at_beyond():
    table = [[60, np.nan], [np.nan, 120]]
    found = center(walks(table, at_most(2, 1), weight=[4, 4]), control=SearchControl())
    assert (found.status, found.objective) == ("optimal", 600.0)
    assert [note.code for note in found.notes] == ["center_beyond"]
    assert "4 more people" in found.notes[0].text("en")


def test_a_walk_as_long_as_beyond_is_within_reach():
    found = center(walks([[600.0]], at_most(1, 1)), control=SearchControl())
    assert (found.objective, found.notes if len(found.chosen) else ()) == (600.0, ())


@pytest.mark.parametrize("p", [0, 3, 9])
def test_no_site_and_as_many_as_there_are(p):
    table = [[60, 120, 240], [120, 0, 120], [240, 120, 60]]
    found = center(walks(table, at_most(3, p), now=[np.inf, np.inf, 90]), control=SearchControl())
    assert (found.status, found.objective) == ("optimal", 600.0 if p == 0 else 60.0)


def test_nothing_to_choose_from_and_nobody_to_serve():
    nobody = center(walks([[60.0]], at_most(1, 1), weight=[0]), control=SearchControl())
    nowhere = center(walks(np.empty((0, 2)), constraints(0)), control=SearchControl())
    assert (nobody.status, nobody.objective, nobody.notes) == ("optimal", 0.0, ())
    assert (nowhere.status, nowhere.objective, nowhere.notes[0].values["people"]) == ("optimal", 0.0, 2)


def test_limits_that_contradict_each_other_say_what_is_nearest():
    both = constraints(2, ([1, 0], 1, np.inf), ([0, 1], 1, np.inf), ([1, 1], 0, 1))
    found = center(walks([[60.0], [60.0]], both), control=SearchControl())
    assert (found.status, found.notes[0].code) == ("infeasible", "siting_cover_over")


@settings(deadline=None, max_examples=150)
@given(distance_problems())
def test_no_choice_betters_the_answer(ask):
    found, least = center(ask, control=SearchControl()), tried(ask)
    if np.isinf(least):
        assert found.status == "infeasible"
    else:
        assert found.status == "optimal"
        assert ask.constraints.allows(found.chosen)
        assert [found.objective, found.recount, farthest(ask, found.chosen)] == [least] * 3


@settings(deadline=None, max_examples=60)
@given(distance_problems())
def test_more_sites_never_lengthen_the_farthest_walk(ask):
    n, far = len(ask.constraints), []
    for p in range(n + 1):
        more = DistanceProblem(
            at_most(n, p), ask.seconds, ask.weight, ask.existing_seconds, ask.cutoff_seconds, ask.zone
        )
        far.append(center(more, control=SearchControl()).objective)
    assert all(b <= a for a, b in itertools.pairwise(far))


@pytest.mark.parametrize("seed", range(4))
def test_budgets_phases_pairs_and_required_together(seed):
    ask = town(seed, candidates=20, points=40, built=0.8)
    found = center(ask, control=SearchControl())
    assert found.status == "optimal"
    assert ask.constraints.allows(found.chosen)
    assert found.objective == pytest.approx(modelled(ask), rel=1e-6)
    assert found.recount == found.objective == ask.seconds_with(found.chosen)[within_reach(ask)].max()


def test_merging_points_changes_nothing():
    ask = town(5, candidates=20, points=40, phases=1, built=0.8)
    seconds, weight, now = (
        csr_array(hstack([ask.seconds] * 2)),
        np.tile(ask.weight, 2),
        np.tile(ask.existing_seconds, 2),
    )
    twice = DistanceProblem(ask.constraints, seconds, weight, now, ask.cutoff_seconds, np.tile(ask.zone, 2))
    assert center(ask, control=SearchControl()).objective == center(twice, control=SearchControl()).objective


def test_the_same_question_gets_the_same_answer():
    first, again = (center(plane(2, 60, 6), control=SearchControl()) for _ in range(2))
    assert first.chosen.tolist() == again.chosen.tolist()
    assert (first.objective, first.nodes) == (again.objective, again.nodes)


def test_an_interrupt_gives_the_best_so_far_with_its_bound():
    ask = plane(4, 80, 6)
    found, full = center(ask, control=interrupting(2)[0]), center(ask, control=SearchControl())
    assert (found.status, found.stopped, found.repeatable) == ("within", "interrupt", False)
    assert found.bound <= full.objective <= found.objective
    assert found.recount == found.objective


def test_a_gap_and_the_clock_end_the_search():
    ask = plane(4, 80, 6)
    full = center(ask, control=SearchControl()).objective
    near, late = center(ask, control=SearchControl(gap=0.5)), center(ask, control=SearchControl(seconds=0.0))
    assert (near.status, near.stopped, near.repeatable) == ("within", "gap", True)
    assert 0 < near.steps[0].gap <= 0.5
    assert (late.status, late.stopped, late.repeatable) == ("within", "clock", False)
    for found in (near, late):
        assert found.bound <= full <= found.objective
