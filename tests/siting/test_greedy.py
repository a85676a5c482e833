"""Greedy choice and exchanges against slow ones written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from siting_problems import coverage_problems, problem

from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.greedy import greedy, swap


def gain(p, chosen, j=None):
    dense = p.covers.toarray() > 0
    chosen = list(chosen) + ([] if j is None else [j])
    return p.weight[~p.covered_by_existing & dense[chosen].any(axis=0)].sum()


def test_most_people_first_and_what_is_covered_counts_no_more():
    # 0: a b (8)   1: b c (9)   2: c d (7); after 1: 0 adds a = 4, 2 adds d = 3
    p = problem([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], [4, 4, 5, 3 - 1], most=[3])
    found = greedy(p)
    assert found.order.tolist() == [1, 0, 2]
    assert found.gains.tolist() == [9.0, 4.0, 2.0]
    assert greedy(p, limit=2).order.tolist() == [1, 0]


def test_equal_gains_go_to_the_lowest_position_and_what_gains_nothing_is_not_chosen():
    p = problem([[0, 1], [1, 0], [1, 0], [0, 0]], [5, 5])
    assert greedy(p).order.tolist() == [0, 1]


def test_required_come_first_and_either_or_is_kept():
    p = problem(
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [1, 5, 4],
        rows=[[1, 1, 1], [1, 0, 0], [0, 1, 1]],
        least=[0, 1, 0],
        most=[3, np.inf, 1],
    )
    found = greedy(p)
    assert found.order.tolist() == [0, 1]
    assert found.feasible
    assert not greedy(
        problem([[1], [1]], [1], rows=[[2, 2], [1, 0]], least=[0, 1], most=[1, np.inf])
    ).feasible


def test_with_a_budget_the_gain_per_cost_counts_too():
    # 0 covers 10 for the whole budget; 1, 2 and 3 cover 6 each for a third of it
    p = problem(np.eye(4), [10, 6, 6, 6], rows=[[30, 10, 10, 10]], most=[30])
    assert sorted(greedy(p).order.tolist()) == [1, 2, 3]
    # gain per cost alone would take 1 for 1 and then have no room for 0
    p = problem(np.eye(2), [100, 2], rows=[[10, 0.1]], most=[10])
    assert greedy(p).order.tolist() == [0]


def test_an_exchange_finds_what_greedy_misses():
    # greedy takes the middle (6) and one side (3); the two sides cover 5 + 5
    p = problem([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], [2, 3, 3, 2], most=[2])
    first = greedy(p)
    assert gain(p, first.order) == 8.0
    better = swap(p, first.order, control=SearchControl())
    assert better.tolist() == [1, 2]
    assert gain(p, better) == 10.0


def test_an_interrupted_search_keeps_what_it_has():
    p = problem(np.eye(3), [1, 2, 3], most=[1])
    control = SearchControl()
    control.interrupt()
    assert swap(p, np.array([0]), control=control).tolist() == [0]


@settings(max_examples=100, deadline=None)
@given(coverage_problems(asks=False))
def test_the_lazy_choice_is_a_greedy_one(p):
    found = greedy(p)
    assert p.constraints.allows(found.order)
    assert found.gains.sum() == pytest.approx(gain(p, found.order))
    for i, j in enumerate(found.order):
        before = found.order[:i]
        assert found.gains[i] == pytest.approx(gain(p, before, j) - gain(p, before))
    left = [j for j in range(len(p.constraints)) if j not in found.order]
    assert not any(
        p.constraints.allows(np.array([*found.order, j])) and gain(p, found.order, j) > gain(p, found.order)
        for j in left
    )


@settings(max_examples=100, deadline=None)
@given(coverage_problems(asks=False))
def test_no_single_exchange_betters_what_swap_returns(p):
    first = greedy(p).order
    better = swap(p, first, control=SearchControl())
    assert p.constraints.allows(better)
    reached = gain(p, better)
    assert reached >= gain(p, first)
    for j in set(range(len(p.constraints))) - set(better.tolist()):
        for i in range(len(better)):
            other = np.r_[np.delete(better, i), j]
            assert not p.constraints.allows(other) or gain(p, other) <= reached + 1e-9
