"""The cover of most people against all subsets, at its boundaries, and when it is stopped."""

import numpy as np
import pytest
from hypothesis import given, settings
from siting_problems import allowed, coverage_problems, covered, problem

from geoplan.siting.objectives.cover.solve import cover_curve, max_cover
from geoplan.siting.opening import opening_by_people
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.tolerance import PROOF


def brute(p):
    """People of every choice allowed."""
    return {tuple(c): covered(p, c) for c in allowed(p)}


def seeded(seed, n=60, points=400, p=6, *, whole=True, size=0.15):
    """Places in a square, each covering those within a distance."""
    rng = np.random.default_rng(seed)
    at, people = rng.random((n, 2)), rng.random((points, 2))
    near = np.hypot(*(at[:, None] - people[None]).transpose(2, 0, 1)) <= size
    weight = rng.integers(1, 100, points) if whole else rng.random(points) * 100
    return problem(near, weight, most=[p])


def test_most_people_with_two_sites():
    #            a  b  c  d     greedy takes 0 (6) and then adds 2; 1 and 2 cover all ten
    p = problem([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], [2, 3, 3, 2], most=[2])
    answer = max_cover(p, control=SearchControl())
    assert answer.status == "optimal"
    assert answer.chosen.tolist() == [1, 2]
    assert answer.objective == answer.bound == answer.recount == 10.0


def test_what_exists_counts_and_is_not_counted_twice():
    p = problem([[1, 1, 0], [0, 0, 1]], [5, 1, 3], most=[1], covered_by_existing=[1, 0, 0])
    answer = max_cover(p, control=SearchControl())
    assert answer.chosen.tolist() == [1]
    assert answer.objective == 8.0


@pytest.mark.parametrize(
    ("most", "chosen", "people"),
    [([0], [], 0.0), ([1], [1], 4.0), ([3], [0, 1, 2], 8.0), ([9], [0, 1, 2], 8.0)],
)
def test_no_site_one_site_and_more_sites_than_candidates(most, chosen, people):
    answer = max_cover(problem(np.eye(3), [3, 4, 1], most=most), control=SearchControl())
    assert answer.status == "optimal"
    assert answer.chosen.tolist() == chosen
    assert answer.objective == people


def test_nobody_to_cover_and_no_candidates():
    for p in (problem(np.eye(3), [0, 0, 0], most=[2]), problem(np.zeros((2, 3)), [1, 1, 1], most=[1])):
        answer = max_cover(p, control=SearchControl())
        assert answer.status == "optimal"
        assert answer.chosen.tolist() == []
        assert answer.objective == 0.0
    none = problem(np.zeros((0, 2)), [1, 2], rows=np.ones((1, 0)), most=[1], covered_by_existing=[1, 0])
    assert max_cover(none, control=SearchControl()).objective == 1.0


def test_who_adds_nobody_is_not_chosen_unless_asked_for():
    # 2 covers what 0 and 1 cover together; a second site would add nobody
    covers = [[1, 0, 0], [0, 1, 0], [1, 1, 1]]
    assert max_cover(problem(covers, [1, 2, 3], most=[3]), control=SearchControl()).chosen.tolist() == [2]
    asked = problem(covers, [1, 2, 3], rows=[[1, 1, 1], [1, 1, 0]], least=[0, 1], most=[3, np.inf])
    assert max_cover(asked, control=SearchControl()).chosen.tolist() in ([0, 2], [1, 2])


def test_a_budget_is_met_exactly():
    # 0.1 + 0.2 is more than 0.3 in floats
    p = problem(np.eye(3), [4, 4, 7], rows=[[0.1, 0.2, 0.25]], most=[0.3])
    assert max_cover(p, control=SearchControl()).chosen.tolist() == [0, 1]
    p = problem(np.eye(3), [4, 4, 7], rows=[[0.1, 0.2, 0.25]], most=[0.29])
    assert max_cover(p, control=SearchControl()).chosen.tolist() == [2]


def test_required_candidates_beyond_the_budget_are_said_with_what_is_short():
    rows = [[30, 20, 5], [1, 0, 0], [0, 1, 0]]
    p = problem(np.eye(3), [1, 1, 1], rows=rows, least=[0, 1, 1], most=[40, np.inf, np.inf])
    answer = max_cover(p, control=SearchControl())
    assert answer.status == "infeasible"
    assert answer.chosen.tolist() == []
    assert np.isnan(answer.objective)
    (note,) = answer.notes
    assert (note.code, note.values["short"], note.values["number"]) == ("siting_cover_over", "10", 1)
    assert (
        note.text("zh")
        == "必选点位与最低要求至少需要 50，上限为 40，尚差 10（第 1 项限制）。请提高上限，或减少必选点位。"
    )


def test_more_asked_for_than_there_is_says_what_is_possible():
    p = problem(np.eye(2), [1, 1], rows=[[1, 1]], least=[3], most=[np.inf])
    answer = max_cover(p, control=SearchControl())
    (note,) = answer.notes
    assert (answer.status, note.code, note.values["possible"]) == ("infeasible", "siting_cover_under", "2")


def test_rows_that_greedy_cannot_keep_are_kept():
    # row 1 asks for 0 or 1; the one with most people (0) leaves no budget for 2, which row 2 asks for
    p = problem(
        [[1, 1, 0], [1, 0, 0], [0, 0, 1]],
        [5, 5, 1],
        rows=[[3, 1, 2], [1, 1, 0], [0, 0, 1]],
        least=[0, 1, 1],
        most=[3, np.inf, np.inf],
    )
    answer = max_cover(p, control=SearchControl())
    assert (answer.status, answer.chosen.tolist(), answer.objective) == ("optimal", [1, 2], 6.0)


def test_phases_open_once_and_early_budgets_bind():
    # options 0-2: the candidates from phase 1 on, 3-5: from phase 2 on; points of phase 1, then the same of phase 2
    once = np.hstack([np.eye(3), np.eye(3)])
    early = np.hstack([np.eye(3), np.zeros((3, 3))])
    both = np.hstack([np.eye(3), np.eye(3)])
    covers = np.vstack([np.hstack([np.eye(3), np.eye(3)]), np.hstack([np.zeros((3, 3)), np.eye(3)])])
    rows = np.vstack([once, early.sum(axis=0) * [10, 6, 6, 1, 1, 1], both.sum(axis=0) * [10, 6, 6, 10, 6, 6]])
    p = problem(covers, [10, 4, 3, 10, 4, 3], rows=rows, most=[1, 1, 1, 10, 16])
    answer = max_cover(p, control=SearchControl())
    assert answer.chosen.tolist() == [0, 4]
    assert answer.objective == 10 + 10 + 4
    assert answer.objective == max(brute(p).values())


@settings(max_examples=150, deadline=None)
@given(coverage_problems())
def test_no_choice_betters_the_answer(p):
    answer = max_cover(p, control=SearchControl())
    every = brute(p)
    if not every:
        assert answer.status == "infeasible"
        assert answer.notes
        return
    best = max(every.values())
    assert answer.status == "optimal"
    assert tuple(answer.chosen) in every
    assert answer.objective == pytest.approx(best, rel=PROOF)
    assert answer.recount == pytest.approx(answer.objective)
    assert answer.bound >= best - 1e-9
    for j in answer.chosen:
        fewer = np.setdiff1d(answer.chosen, [j])
        assert not p.constraints.allows(fewer) or covered(p, fewer) < best


@pytest.mark.parametrize("whole", [True, False])
def test_the_same_question_gets_the_same_answer(whole):
    first, again = (max_cover(seeded(3, whole=whole), control=SearchControl()) for _ in range(2))
    assert first.status == "optimal"
    assert first.chosen.tolist() == again.chosen.tolist()
    assert (first.bound, first.nodes) == (again.bound, again.nodes)
    assert first.repeatable


def test_the_order_of_opening_adds_up():
    p = problem([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], [2, 3, 3, 2], covered_by_existing=[1, 0, 0, 0])
    opening = opening_by_people(p, [np.array([1, 2, 0])])
    assert opening.option.tolist() == [0, 2, 1]
    assert opening.marginal.tolist() == [6.0, 2.0, 0.0]
    assert opening.marginal.sum() == p.people_covered(opening.option) - 2.0
    assert opening.total.tolist() == [8.0, 10.0, 10.0]


def test_the_curve_holds_every_best_between_people_and_bound_and_never_falls():
    p = seeded(11, n=40, points=300)
    free = problem(p.covers.toarray(), p.weight, rows=np.zeros((0, 40)))
    sites = [4, 0, 1, 2, 3, 6, 40]
    people, bound = cover_curve(free, sites, control=SearchControl())
    order = np.argsort(sites)
    assert (np.diff(people[order]) >= 0).all()
    assert (np.diff(bound[order]) >= 0).all()
    for number, low, high in zip(sites, people, bound, strict=True):
        best = max_cover(problem(p.covers.toarray(), p.weight, most=[number]), control=SearchControl())
        assert best.status == "optimal"
        assert low <= best.objective <= high
    assert people[1] == bound[1] == 0.0
    assert people[-1] == bound[-1] == p.weight[p.covers.toarray().any(axis=0)].sum()


def test_the_curve_keeps_rows_and_says_where_there_is_no_answer():
    # 0 and 1 are required: fewer than two sites are no answer; 2 and 3 exclude each other; 5 people are there already
    rows = [[1, 1, 0, 0], [0, 0, 1, 1]]
    covered_by_existing = [0, 0, 0, 0, 1]
    p = problem(
        np.eye(4, 5),
        [1, 2, 4, 8, 5],
        rows=rows,
        least=[2, 0],
        most=[np.inf, 1],
        covered_by_existing=covered_by_existing,
    )
    people, bound = cover_curve(p, [1, 2, 3, 4], control=SearchControl())
    assert np.isnan(people[0])
    assert people[1:].tolist() == bound[1:].tolist() == [8.0, 16.0, 16.0]
    assert bound[0] == np.inf
    stopped = SearchControl()
    stopped.interrupt()
    people, bound = cover_curve(p, [2], control=stopped)
    assert np.isnan(people[0])
    assert bound[0] == np.inf


@pytest.mark.parametrize("whole", [True, False])
def test_branching_and_its_limit_in_nodes(whole):
    # points strewn over options without any geography are hard to bound
    rng = np.random.default_rng(2)
    weight = rng.integers(1, 100, 120) if whole else rng.random(120) * 100
    p = problem(rng.random((40, 120)) < 0.1, weight, most=[8])
    best = max_cover(p, control=SearchControl())
    assert best.status == "optimal"
    assert best.nodes > 5
    limited = [max_cover(p, control=SearchControl(nodes=5)) for _ in range(2)]
    assert limited[0].stopped == "nodes"
    assert limited[0].nodes == 5
    assert limited[0].objective <= best.objective <= limited[0].bound
    assert limited[0].bound > limited[0].objective
    assert (limited[0].bound, limited[0].chosen.tolist()) == (limited[1].bound, limited[1].chosen.tolist())
