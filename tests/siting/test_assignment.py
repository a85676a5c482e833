"""Greedy selection, exchanges and the Lagrangian bound against slow ones written out, on covers and on walks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siting_problems import allowed, at_most, coverage_problems, distance_problems, problem, walked, walks

from geoplan.siting.solve.assignment import assignment_arrays, climb, improved, settled
from geoplan.siting.solve.presolve import merged

NOTHING = np.empty(0, np.int64)


def arrays_of(p):
    """The arrays of a cover, its options at their own positions."""
    return assignment_arrays(merged(p, drop_dominated=False).problem.as_walks())


def gain(p, chosen, j=None):
    dense = p.covers.toarray() > 0
    chosen = list(chosen) + ([] if j is None else [j])
    return p.weight[~p.covered_by_existing & dense[chosen].any(axis=0)].sum()


def test_most_people_first_and_what_is_covered_counts_no_more():
    # 0: a b (8)   1: b c (9)   2: c d (7); after 1: 0 adds a = 4, 2 adds d = 2
    p = problem([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], [4, 4, 5, 2], most=[2])
    assert improved(arrays_of(p), NOTHING, rounds=0).tolist() == [0, 1]


def test_equal_gains_go_to_the_lowest_position_and_what_gains_nothing_is_not_chosen():
    p = problem([[0, 1], [1, 0], [1, 0], [0, 0]], [5, 5])
    assert improved(arrays_of(p), NOTHING).tolist() == [0, 1]


def test_an_exchange_finds_what_greedy_misses():
    # greedy takes the middle (6) and one side (3); the two sides cover 5 + 5
    p = problem([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], [2, 3, 3, 2], most=[2])
    assert gain(p, improved(arrays_of(p), NOTHING, rounds=0)) == 8.0
    assert improved(arrays_of(p), NOTHING).tolist() == [1, 2]


@settings(max_examples=150, deadline=None)
@given(coverage_problems(asks=False))
def test_additions_are_greedy_and_no_single_exchange_betters_what_is_returned(p):
    arrays, n = arrays_of(p), len(p.constraints)
    order = []
    while True:
        free = [j for j in range(n) if j not in order and p.constraints.allows(np.array([*order, j]))]
        best = max(free, key=lambda j: (gain(p, order, j), -j), default=None)
        if best is None or gain(p, order, best) <= gain(p, order):
            break
        order.append(best)
    assert improved(arrays, NOTHING, rounds=0).tolist() == sorted(order)
    better = improved(arrays, NOTHING)
    assert p.constraints.allows(better)
    for j in set(range(n)) - set(better.tolist()):
        for i in range(len(better)):
            other = np.r_[np.delete(better, i), j]
            assert not p.constraints.allows(other) or gain(p, other) <= gain(p, better) + 1e-9


@settings(max_examples=100, deadline=None)
@given(distance_problems(), st.sampled_from([0, 1, 30]), st.sampled_from([0.0, 0.5, 1.0]))
def test_bound_exchanges_and_what_is_settled_hold_on_every_walk(ask, rounds, height):
    every = {
        tuple(chosen): sum(w * s for w, s in zip(ask.weight, walked(ask, chosen), strict=True))
        for chosen in allowed(ask)
    }
    arrays = assignment_arrays(ask)
    if not every or not len(arrays.top):  # no selection, or no option brings anyone nearer
        return
    least = min(every.values())
    priced = climb(
        arrays,
        least,
        price=height * arrays.top,
        tried=lambda *_: least,
        go_on=lambda _: True,
        rounds=rounds + 1,
    )
    assert priced.bound <= least + 1e-6
    cutoff = least + 100.0
    never, always = settled(priced, cutoff)
    for chosen, walk in every.items():
        better = improved(arrays, np.array(chosen, np.int64))
        assert every[tuple(better)] <= walk + 1e-6
        inside = np.isin(np.arange(len(arrays)), chosen)
        assert walk >= cutoff - 1e-6 or (not (never & inside).any() and not (always & ~inside).any())


@pytest.mark.parametrize(("now", "points"), [((90, 100), 2), ((90, 90), 1)])
def test_points_of_the_same_walks_are_one(now, points):
    assert len(assignment_arrays(walks([[60, 60]], at_most(1, 1), now=now)).top) == points
