"""Which sites, how large: sums by hand, limits met exactly, laws."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siting_problems import adding, phased, sizes, unlimited

from geoplan.siting.objectives.sizes.ask import at_home
from geoplan.siting.objectives.sizes.problem import Sizes
from geoplan.siting.objectives.sizes.solve import solve_sizes
from geoplan.siting.solve.control import SearchControl


def solved(problem, **asked):
    answer = solve_sizes(problem, control=SearchControl(), **asked)
    assert answer.status == "optimal"
    assert answer.recount == pytest.approx(answer.objective, abs=1e-6)
    return answer


def step(answer, name):
    return next(one.objective for one in answer.steps if one.name == name)


def test_one_site_between_two_zones_is_cheaper_than_two():
    # zone 0 lacks 400 m2, zone 1 lacks 100; of each m2 at site 1 four fifths go to zone 0, one fifth to zone 1; 0 and 2 serve one each
    problem = sizes(
        [400, 100], (0, 0, 1), (1, 0, 0.8), (1, 1, 0.2), (2, 1, 1), least=300, opening=10, unit=0.1
    )
    answer = solved(problem)
    assert answer.chosen.tolist() == [1]
    assert answer.sizes.tolist() == [[500]]
    assert answer.unmet.ravel().tolist() == [0, 0]
    assert step(answer, "cost") == answer.cost == pytest.approx(10 + 50)
    assert step(answer, "walking") == pytest.approx(500)


def test_what_a_crowd_shares_is_not_counted_twice():
    # half of each m2 goes to people who lack nothing: 80 m2 are built to close 40
    answer = solved(sizes([40], (0, 0, 0.5)))
    assert answer.sizes.tolist() == [[80]]


def test_of_equal_cost_the_shorter_walk():
    answer = solved(sizes([50], (0, 0, 1), (1, 0, 1), (2, 0, 1), walk=[12, 3, 7]))
    assert answer.chosen.tolist() == [1]
    assert step(answer, "walking") == pytest.approx(150)


def test_the_gap_comes_before_the_cost():
    # site 1 is dear, but without it 30 stay unmet
    answer = solved(sizes([50], (0, 0, 1), (1, 0, 1), most=[20, 60], opening=[1, 1000]))
    assert answer.chosen.tolist() == [1]
    assert answer.cost == pytest.approx(1000)


def test_no_gap_needs_no_site():
    answer = solved(sizes([0, 0], (0, 0, 1), (0, 1, 1)))
    assert len(answer.chosen) == 0
    assert answer.sizes.shape == (0, 1)
    assert answer.objective == 0


def test_a_zone_without_a_candidate_keeps_its_gap_and_says_why():
    answer = solved(sizes([5, 7], (0, 0, 1)))
    assert answer.unmet[0, :, 0].tolist() == [0, 7]
    assert answer.why[0, :, 0].tolist() == ["none", "no_candidate"]
    assert [note.code for note in answer.notes] == ["siting_size_no_candidate"]
    assert "1" in answer.notes[0].text("zh")


def test_nobody_anywhere():
    answer = solved(sizes([5.0], candidates=2))
    assert answer.objective == pytest.approx(5)
    assert answer.why.ravel().tolist() == ["no_candidate"]


def test_the_least_size_is_built_though_the_gap_is_smaller():
    answer = solved(sizes([40], (0, 0, 1), least=300, unit=0.5))
    assert answer.sizes.tolist() == [[300]]
    assert answer.cost == pytest.approx(1 + 150)


def test_sites_that_are_as_large_as_they_can_be_are_too_small():
    answer = solved(sizes([10, 10], (0, 0, 0.5), (0, 1, 0.5), (1, 1, 1), most=[10, 5]))
    assert answer.objective == pytest.approx(5)
    assert answer.unmet[0, :, 0].tolist() == [5, 0]
    assert answer.why[0, :, 0].tolist() == ["too_small", "none"]


@pytest.mark.parametrize(("budget", "unmet"), [(60.0, 0), (59.0, 2), (10.4, 100), (9.9, 100)])
def test_a_budget_met_exactly_is_kept(budget, unmet):
    # opening 10, 0.5 a unit: 100 units cost 60
    answer = solved(sizes([100], (0, 0, 1), opening=10, unit=0.5, phases=[(np.inf, budget)]))
    assert answer.objective == pytest.approx(unmet)
    assert answer.cost <= budget + 1e-6
    if unmet:
        assert answer.why.ravel().tolist() == ["budget"]


def test_the_number_of_sites_is_kept_and_named():
    answer = solved(sizes([9, 5], (0, 0, 1), (1, 1, 1), phases=[(1,)]))
    assert answer.chosen.tolist() == [0]
    assert answer.unmet[0, :, 0].tolist() == [0, 5]
    assert answer.why[0, :, 0].tolist() == ["none", "sites"]


def test_fewest_sites_or_least_cost():
    problem = sizes([10, 10], (0, 0, 0.5), (0, 1, 0.5), (1, 0, 1), (2, 1, 1), opening=[100, 1, 1])
    assert solved(problem, then="cost").chosen.tolist() == [1, 2]
    assert solved(problem, then="sites").chosen.tolist() == [0]


def test_the_least_shortfall_is_not_the_fewest_zones():
    # 18 units: all to the zone that lacks 100, or two zones that lack 8 each closed
    problem = sizes(
        [100, 8, 8], (0, 0, 1), (1, 1, 0.9), (2, 2, 0.9), unit=1.0, opening=0, phases=[(np.inf, 18)]
    )
    least = solved(problem)
    assert least.unmet[0, :, 0].tolist() == [82, 8, 8]
    fewest = solved(problem, first="flags")
    assert fewest.unmet[0, :, 0].tolist() == [100, 0, 0]
    assert [one.name for one in fewest.steps] == ["short_zones", "unmet", "cost", "walking"]
    assert fewest.objective == fewest.recount == 1


def test_how_little_is_enough_where_some_may_stay():
    # of 30 lacking 12 may stay: 18 units where all goes to the zone, not 36 where half does
    problem = replace(sizes([30], (0, 0, 1), (1, 0, 0.5), unit=1.0, opening=0), may_stay=12.0)
    answer = solved(problem)
    assert answer.steps[0].name == "cost"
    assert answer.sizes.tolist() == [[18]]
    assert answer.objective == answer.recount == pytest.approx(18)
    small = solved(replace(problem, budget=np.array([5.0])))
    assert [note.code for note in small.notes] == ["siting_size_budget", "siting_size_stays"]
    assert small.unmet.ravel() == pytest.approx([25])


def test_required_forbidden_and_either_or():
    base = sizes([10], (0, 0, 1), (1, 0, 1), (2, 0, 1), opening=[1, 2, 3])
    assert solved(base).chosen.tolist() == [0]
    assert solved(replace(base, forbidden=np.array([True, False, False]))).chosen.tolist() == [1]
    assert solved(replace(base, required=np.array([False, False, True]))).chosen.tolist() == [2]
    paired = replace(base, required=np.array([False, True, False]), either_or=np.array([0, 0, -1]))
    assert solved(paired).chosen.tolist() == [1]
    small = replace(base, most=np.full((3, 1), 4.0), either_or=np.array([5, 5, -1]))
    assert solved(small).chosen.tolist() == [0, 2]
    assert solved(small).objective == pytest.approx(2, abs=1e-6)
    assert set(solved(small).why.ravel()) == {"too_small"}


def test_required_that_do_not_fit_are_said_so():
    problem = sizes([10], (0, 0, 1), (1, 0, 1), opening=30, phases=[(np.inf, 50.0)])
    answer = solve_sizes(replace(problem, required=np.array([True, True])), control=SearchControl())
    assert answer.status == "infeasible"
    assert "60" in answer.notes[0].text("en")
    both = replace(problem, **phased([()]), required=np.array([True, True]), either_or=np.array([1, 1]))
    assert solve_sizes(both, control=SearchControl()).status == "infeasible"


def test_required_without_any_gap_opens_at_its_least():
    answer = solved(sizes([0.0], (0, 0, 1), least=20, required=np.array([True])))
    assert answer.chosen.tolist() == [0]
    assert answer.sizes.tolist() == [[20]]


def test_phases_are_nested_and_limits_count_all_that_is_open():
    phases = [(1,), (2,)]
    answer = solved(sizes([30, 20, 10], (0, 0, 1), (1, 1, 1), (2, 2, 1), phases=phases))
    assert answer.chosen.tolist() == [0, 1]
    assert answer.phase.tolist() == [0, 1]  # the larger gap first
    assert answer.unmet[:, :, 0].tolist() == [[0, 20, 10], [0, 0, 10]]
    assert step(answer, "unmet") == pytest.approx(10, abs=1e-6)
    assert step(answer, "unmet_early") == pytest.approx(30, abs=1e-6)
    assert answer.why[:, :, 0].tolist() == [["none", "sites", "sites"], ["none", "none", "sites"]]


def test_the_last_phase_comes_first():
    # one site now: site 0 closes more at once; but only sites 1 and 2 together close all, and two may open
    answer = solved(
        sizes(
            [10, 10], (0, 0, 0.5), (0, 1, 0.5), (1, 0, 1), (2, 1, 1), most=[18, 10, 10], phases=[(1,), (2,)]
        )
    )
    assert answer.chosen.tolist() == [1, 2]
    assert step(answer, "unmet") == pytest.approx(0, abs=1e-6)
    assert step(answer, "unmet_early") == pytest.approx(10, abs=1e-6)


def test_from_phase():
    answer = solved(sizes([10], (0, 0, 1), phases=[(), ()], from_phase=np.array([1])))
    assert answer.phase.tolist() == [1]
    assert answer.why[:, 0, 0].tolist() == ["no_candidate", "none"]


def test_located_counts_for_its_own_zone_only():
    here = solved(replace(sizes([10, 10], candidates=2), adds=(at_home(np.array([0, -1]), 2),)))
    assert here.chosen.tolist() == [0]
    assert here.objective == pytest.approx(10, abs=1e-6)
    assert here.why[0, :, 0].tolist() == ["none", "no_candidate"]


def test_places_are_rounded_up_zone_by_zone():
    # 2.5 and 2.2 places are 3 and 3; 3 places at site 0 leave 1 and 0.7, a place each, and a fourth would change nothing
    answer = solved(sizes([2.5, 2.2], (0, 0, 0.5), (0, 1, 0.5), whole=True, most=3.9, unit=1))
    assert answer.sizes.tolist() == [[3]]
    assert answer.objective == 2
    assert answer.unmet.ravel().tolist() == [1, 1]
    assert answer.why.ravel().tolist() == ["too_small"] * 2


def two_products(**more):
    # zone 0 lacks 100 m2 and 10 beds; candidate 0 has a floor of 120 m2, a bed takes 5 m2
    both = adding((0, 0, 1), candidates=1, zones=1)
    given = {
        "gap": np.array([[100.0, 10.0]]),
        "adds": (both, both),
        "minutes": np.ones((1, 2)),
        "least": np.zeros((1, 2)),
        "most": np.full((1, 2), np.inf),
        "cost_open": np.ones(1),
        "cost_unit": np.zeros((1, 2)),
        "rounds_up": np.array([False, True]),
        "room": np.array([120.0]),
        "room_per_unit": np.array([1.0, 5.0]),
    }
    return Sizes(**unlimited(1, 2) | given | more)


def test_two_products_share_a_floor():
    # a bed is 0.1 of its gap for 5 m2, a square metre 0.01: beds first, 50 m2; 70 m2 are left, 30 unmet
    answer = solved(two_products())
    assert answer.sizes.tolist() == [[70, 10]]
    assert answer.objective == pytest.approx(0.3, abs=1e-6)
    assert answer.why[0, 0].tolist() == ["too_small", "none"]
    assert answer.cost == pytest.approx(1)


def test_a_product_that_cannot_be_there():
    answer = solved(two_products(most=np.array([[np.inf, 0.0]])))
    assert answer.sizes.tolist() == [[100, 0]]
    assert answer.why[0, 0].tolist() == ["none", "no_candidate"]


def test_wrong_arrays_are_named():
    good = sizes([1, 2], (0, 0, 1))
    with pytest.raises(ValueError, match="most: shape"):
        solve_sizes(replace(good, most=np.ones((3, 1)), least=np.zeros((1, 2))), control=SearchControl())
    for wrong in (
        {"gap": np.array([[np.nan], [1.0]])},
        {"most": np.array([[-1.0]])},
        {"sites": np.empty(0), "budget": np.empty(0)},
        {"either_or": np.empty(0)},
        {"cost_open": np.ones(4)},
        {"minutes": np.ones(1)},
        {"may_stay": -1.0},
        {"adds": ()},
    ):
        with pytest.raises(ValueError):
            solve_sizes(replace(good, **wrong), control=SearchControl())


def test_the_same_question_has_the_same_answer():
    rng = np.random.default_rng(3)
    pairs = [(j, z, float(rng.random())) for j in range(30) for z in range(20) if rng.random() < 0.2]
    problem = sizes(rng.integers(0, 90, 20), *pairs, least=20, most=70, opening=5, unit=0.1, candidates=30)
    first, second = (solve_sizes(problem, control=SearchControl(nodes=50)) for _ in range(2))
    assert first.chosen.tolist() == second.chosen.tolist()
    assert np.array_equal(first.sizes, second.sizes)
    assert first.steps == second.steps
    assert first.repeatable


AMOUNT = st.sampled_from([0.0, 1.0, 7.5, 40.0])
SIZE = st.sampled_from([0.0, 5.0, 40.0])


@st.composite
def questions(draw):
    candidates, zones = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    pairs = [
        (j, z, draw(st.sampled_from([0.1, 0.5, 1.0])))
        for j in range(candidates)
        for z in range(zones)
        if draw(st.booleans())
    ]
    least = [draw(SIZE) for _ in range(candidates)]
    return sizes(
        [draw(AMOUNT) for _ in range(zones)],
        *pairs,
        least=least,
        most=[low + draw(SIZE) for low in least],
        opening=[draw(AMOUNT) for _ in range(candidates)],
        unit=draw(st.sampled_from([0.0, 1.0])),
        whole=draw(st.booleans()),
        candidates=candidates,
    )


@settings(max_examples=40, deadline=None)
@given(questions(), st.sampled_from([0.0, 7.5, 41.0]), st.sampled_from([0.0, 1.0, 40.0]))
def test_more_money_never_leaves_more_unmet(problem, budget, more):
    poor = solved(replace(problem, **phased([(np.inf, budget)])))
    rich = solved(replace(problem, **phased([(np.inf, budget + more)])))
    assert rich.objective <= poor.objective + 1e-4
    assert poor.cost <= budget + 1e-5


@settings(max_examples=40, deadline=None)
@given(questions())
def test_no_site_is_larger_than_it_must_be_and_none_adds_nothing(problem):
    """A unit less at any site above its least leaves more; a site less does too. Opening costs something, so that none is free."""
    problem = replace(problem, cost_open=problem.cost_open + 1.0, cost_unit=problem.cost_unit + 0.1)
    answer = solved(problem)
    size = np.zeros(problem.least.shape)
    size[answer.chosen] = answer.sizes
    left = problem.unmet(size).sum()
    for j in answer.chosen:
        smaller, without = size.copy(), size.copy()
        smaller[j] -= 1.0
        without[j] = 0.0
        if smaller[j, 0] >= problem.least[j, 0]:
            assert problem.unmet(smaller).sum() > left
        assert problem.unmet(without).sum() > left
    assert (answer.sizes >= problem.least[answer.chosen]).all()
    assert (answer.sizes <= np.maximum(problem.most, problem.least)[answer.chosen]).all()
