"""Merging points and dropping options never changes the best answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from siting_problems import allowed, coverage_problems, covered, problem

from geoplan.siting.solve.presolve import merged
from geoplan.siting.solve.problems import CoverageProblem


def best(p):
    """Most people over all subsets; None where none is allowed."""
    return max((covered(p, c) for c in allowed(p)), default=None)


def test_points_of_one_set_are_added_up_and_dead_points_leave():
    #            points:  0  1  2  3  4  5     0 and 2 alike, 1 already covered, 3 no people, 5 out of reach
    p = problem(
        [[1, 1, 1, 0, 1, 0], [0, 1, 0, 1, 1, 0]],
        [2, 9, 3, 0, 7, 8],
        covered_by_existing=[0, 1, 0, 0, 0, 0],
    )
    small = merged(p, drop_dominated=False)
    assert small.problem.weight.tolist() == [5.0, 7.0]
    assert small.problem.covers.toarray().tolist() == [[1, 1], [0, 1]]
    assert small.base == 9.0


def test_zones_are_kept_apart_where_shares_count_by_zone():
    p = problem([[1, 1, 1]], [1, 2, 4], zone=[0, 1, 0])
    assert merged(p).problem.weight.tolist() == [7.0]
    small = merged(p, by_zone=True)
    assert small.problem.weight.tolist() == [5.0, 2.0]
    assert small.problem.zone.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("cost", "rows", "least", "most", "kept"),
    [
        ([1, 1, 1], [[1, 1, 1]], [0], [1], [1]),  # 1 covers more than 0; 2 is its equal
        ([1, 2, 2], [[1, 2, 2]], [0], [2], [0, 1]),  # 0 covers less but costs less
        ([1, 1, 1], [[1, 1, 1], [1, 0, 0]], [0, 1], [2, np.inf], [0, 1]),  # 0 is required
        (
            [1, 1, 1],
            [[1, 1, 1], [0, 1, 0]],
            [0, 0],
            [2, 1],
            [2],
        ),  # 1 uses more of the second row than its equal
    ],
)
def test_an_option_is_dropped_only_where_another_is_as_good_in_all(cost, rows, least, most, kept):
    p = problem([[1, 0, 0], [1, 1, 0], [1, 1, 0]], [1, 1, 1], cost=cost, rows=rows, least=least, most=most)
    assert merged(p).options.tolist() == kept
    assert merged(p, drop_dominated=False).options.tolist() == [0, 1, 2]


def test_entries_of_value_zero_and_entries_twice_count_once_and_nothing_is_changed():
    covers = csr_array((np.zeros(4), np.array([1, 0, 1, 1]), np.array([0, 3, 4])), shape=(2, 2))
    p = problem([[1, 1], [0, 1]], [3, 4])
    p = CoverageProblem(p.constraints, covers, p.weight, p.covered_by_existing, p.zone)
    before = covers.indices.copy()
    assert merged(p, drop_dominated=False).problem.covers.toarray().tolist() == [[1, 1], [0, 1]]
    assert (covers.indices == before).all()
    assert (covers.data == 0).all()


def test_nothing_to_cover_leaves_nothing():
    small = merged(problem([[0, 0]], [1, 1]))
    assert len(small.options) == 0
    assert small.problem.weight.shape == (0,)


@settings(max_examples=150, deadline=None)
@given(coverage_problems(), st.booleans())
def test_the_best_answer_is_the_same_with_and_without(p, by_zone):
    small = merged(p, by_zone=by_zone)
    without, with_it = best(p), best(small.problem)
    assert (without is None) == (with_it is None)
    if without is not None:
        assert with_it + small.base == pytest.approx(without)
