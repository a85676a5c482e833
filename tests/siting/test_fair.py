"""The worst-off zone first, and the least spread: sums by hand, laws, every choice tried."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siting_problems import allowed, cover, covers_by_zone

from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.objectives.fair.solve import (
    helpable,
    least_share,
    least_spread,
    share_of_part,
    spread,
    worst_off,
    worst_part,
)
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.set_cover import zone_shares


def four_zones(most):
    # people 100 each; option 0 covers all of zones 0 and 1, the others half of one zone each
    covers = [
        [1, 1, 1, 1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0, 0, 0],
    ]
    return cover(covers, [50] * 8, most=most, zone=[0, 0, 1, 1, 2, 2, 3, 3])


def test_the_worst_off_come_before_the_many():
    problem = four_zones(2)
    assert helpable(problem).tolist() == [True, True, True, False]
    answer = worst_off(problem, control=SearchControl())
    assert (answer.status, answer.chosen.tolist()) == ("optimal", [0, 3])
    assert [(step.name, step.sense, step.objective) for step in answer.steps] == [
        ("worst_share", "max", 0.5),
        ("people", "max", 250.0),
    ]
    assert answer.recount == 0.5
    # with one site someone stays at nothing whatever is chosen: then the many count
    one = worst_off(four_zones(1), control=SearchControl())
    assert (one.chosen.tolist(), one.steps[0].objective, one.steps[1].objective) == ([0], 0.0, 200.0)


def test_the_lifted_zone_costs_people_elsewhere():
    # one site: 90 of zone 0's 100, or 1 of 10 in each of zones 0 and 1
    problem = cover([[1, 0, 0, 0], [0, 1, 1, 0]], [90, 10, 1, 9], most=1, zone=[0, 0, 1, 1])
    answer = worst_off(problem, control=SearchControl())
    assert answer.chosen.tolist() == [1]
    assert [step.objective for step in answer.steps] == pytest.approx([0.1, 11.0])
    assert max_cover(problem, control=SearchControl()).chosen.tolist() == [0]


def test_zones_that_nothing_helps_are_left_out_and_counted():
    answer = worst_off(four_zones(3), control=SearchControl())
    (note,) = answer.notes
    assert (note.code, note.values) == ("siting_fair_left_out", {"zones": 1})
    assert note.text("zh")
    assert note.text("en")
    # a zone covered in full already is not helped, and not left out either
    problem = cover([[1, 0]], [5, 5], covered_by_existing=[0, 1], zone=[0, 1], most=1)
    assert helpable(problem).tolist() == [True, False]
    assert worst_off(problem, control=SearchControl()).notes == ()


def test_where_nothing_helps_anyone_the_worst_share_stays_as_it_is():
    problem = cover([[0, 0]], [5, 5], covered_by_existing=[0, 1], zone=[0, 0], most=1)
    answer = worst_off(problem, control=SearchControl())
    assert (answer.status, answer.steps[0].objective, answer.steps[1].objective) == ("optimal", 0.5, 5.0)


def test_spread_is_the_mean_difference_from_the_share_of_all():
    # zone 0: 30 people, all covered; zone 1: 10 people, none: the share of all is 3/4
    problem = cover([[1, 0, 1]], [30, 10, 99], zone=[0, 1, -1])
    assert spread(problem, np.array([0])) == pytest.approx(0.75 * 0.25 + 0.25 * 0.75)
    assert spread(problem, np.array([], int)) == 0.0
    shares = zone_shares(cover([[1, 0]], [0, 4], zone=[1, 0]), np.array([0]))
    assert shares[0] == 0.0
    assert np.isnan(shares[1])


def test_the_least_spread_keeps_nearly_the_most_people():
    # option 0: all 100 of zone 0; options 1 and 2: 48 of either zone
    problem = cover([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]], [48, 52, 48, 52], most=2, zone=[0, 0, 1, 1])
    most = max_cover(problem, control=SearchControl())
    assert most.chosen.tolist() == [0, 2]
    assert spread(problem, most.chosen) == pytest.approx(0.26)
    even = least_spread(problem, min_total_share=0.6, control=SearchControl())
    assert (even.status, even.chosen.tolist()) == ("optimal", [1, 2])
    assert even.steps[0].objective == pytest.approx(0.0)
    assert even.steps[1].objective == 96.0
    # 96 of 148 are 0.6486...: a hair more to keep, and it is out
    assert least_spread(problem, min_total_share=96 / 148, control=SearchControl()).chosen.tolist() == [1, 2]
    assert least_spread(
        problem, min_total_share=96 / 148 + 1e-6, control=SearchControl()
    ).chosen.tolist() == [0, 2]
    assert least_spread(problem, min_total_share=0.0, control=SearchControl()).steps[
        0
    ].objective == pytest.approx(0.0)


def test_people_who_are_covered_cannot_be_left_uncounted():
    # leaving y of the second point at 0 would make the shares even; the site covers it all the same
    problem = cover([[1, 1, 0]], [5, 5, 10], rows=[([1], 1, 1)], zone=[0, 0, 1])
    answer = least_spread(problem, control=SearchControl(), min_total_share=0.5)
    assert (answer.status, answer.steps[0].objective) == ("optimal", 0.5)


@settings(max_examples=40, deadline=None)
@given(covers_by_zone(zones=4))
def test_no_choice_has_a_better_off_worst_off_zone(problem):
    every = allowed(problem, 6)
    answer = worst_off(problem, control=SearchControl())
    if not every:
        assert answer.status == "infeasible"
        assert answer.notes
        return
    best = max(least_share(problem, c) for c in every)
    people = max(problem.people_covered(c) for c in every if least_share(problem, c) >= best - 1e-6)
    assert answer.status == "optimal"
    assert answer.steps[0].objective == pytest.approx(best, abs=1e-6)
    assert answer.steps[1].objective == pytest.approx(people)
    assert answer.recount == least_share(problem, answer.chosen)
    plain = max_cover(problem, control=SearchControl())
    assert answer.steps[0].objective >= least_share(problem, plain.chosen) - 1e-6


@settings(max_examples=40, deadline=None)
@given(covers_by_zone(zones=4), st.sampled_from([0.0, 0.5, 0.95, 1.0]))
def test_no_choice_that_keeps_the_people_is_more_even(problem, keep):
    every = allowed(problem, 6)
    answer = least_spread(problem, min_total_share=keep, control=SearchControl())
    if not every:
        assert answer.status == "infeasible"
        return
    floor = keep * max(problem.people_covered(c) for c in every) - 1e-6
    eligibility = [c for c in every if problem.people_covered(c) >= floor]
    best = min(spread(problem, c) for c in eligibility)
    people = max(problem.people_covered(c) for c in eligibility if spread(problem, c) <= best + 1e-6)
    assert answer.status == "optimal"
    assert answer.steps[0].objective == pytest.approx(best, abs=2e-6)
    assert answer.steps[1].objective == pytest.approx(people)
    assert answer.steps[1].objective >= floor
    plain = max_cover(problem, control=SearchControl())
    assert answer.steps[0].objective <= spread(problem, plain.chosen) + 1e-9


def scattered(seed, n=30, k=150, most=5):
    chance = np.random.default_rng(seed)
    options, points = chance.random((n, 2)), chance.random((k, 2))
    near = np.hypot(*(options[:, None] - points[None]).transpose(2, 0, 1)) < 0.25
    zone = (points[:, 0] * 3).astype(int) * 3 + (points[:, 1] * 3).astype(int)
    return cover(near, chance.integers(1, 50, k), zone=zone, most=most)


@pytest.mark.parametrize("seed", range(2))
def test_links_put_in_only_where_they_are_missed_give_the_least_spread(seed):
    problem = scattered(seed, n=16, k=60, most=3)
    found = least_spread(problem, min_total_share=0.9, control=SearchControl())
    floor = 0.9 * max_cover(problem, control=SearchControl()).objective - 1e-6
    best = min(spread(problem, c) for c in allowed(problem, 3) if problem.people_covered(c) >= floor)
    assert found.status == "optimal"
    assert found.steps[0].objective == pytest.approx(best, abs=2e-6)


@pytest.mark.parametrize("ask", [worst_off, worst_part, least_spread])
def test_somebody_must_live_in_a_zone(ask):
    with pytest.raises(ValueError, match="no zone has people"):
        ask(cover([[1]], [5], zone=[-1]), control=SearchControl())


@pytest.mark.parametrize("keep", [-0.1, 1.1, float("nan")])
def test_the_part_to_keep_is_a_share(keep):
    with pytest.raises(ValueError, match="keep"):
        least_spread(scattered(1), min_total_share=keep, control=SearchControl())


def test_the_worst_off_part_is_averaged_over_zones_in_order_of_their_shares():
    # zones of 100, 100 and 200 people with shares 0, 1/2 and 1: the worst-off half are the first two, a quarter the first alone
    problem = cover(
        [[1, 0, 0, 0, 0]], [50, 100, 50, 50, 150], covered_by_existing=[0, 0, 0, 1, 1], zone=[1, 0, 1, 2, 2]
    )
    for part, mean in [(0.25, 0.0), (0.5, 0.25), (0.75, (0 + 50 + 100) / 300), (1.0, 250 / 400)]:
        assert share_of_part(problem, np.array([0]), part=part) == pytest.approx(mean)


def test_the_worst_off_part_decides_where_no_single_zone_can():
    # one site for three zones that have nothing: the worst-off one stays at nothing, their mean can still be lifted
    problem = cover(
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],
        [10, 30, 20, 500],
        most=1,
        zone=[0, 1, 2, 3],
        covered_by_existing=[0, 0, 0, 1],
    )
    unmoved = worst_off(problem, control=SearchControl())
    assert unmoved.steps[0].objective == 0.0
    (note,) = unmoved.notes
    assert (note.code, note.values) == ("siting_fair_unmoved", {"share": "0.0%", "zones": 3})
    assert note.text("zh")
    assert note.text("en")
    answer = worst_part(problem, worst_share=1.0, control=SearchControl())
    assert (answer.status, answer.chosen.tolist()) == ("optimal", [1])
    assert answer.steps[0].objective == pytest.approx(530 / 560)
    # the worst-off 60 of 560 people are all three zones: those of the covered one are people of the group too
    assert worst_part(problem, worst_share=60 / 560, control=SearchControl()).steps[
        0
    ].objective == pytest.approx(0.5)


@settings(max_examples=40, deadline=None)
@given(covers_by_zone(zones=4), st.sampled_from([0.1, 0.5, 1.0]))
def test_no_choice_lifts_the_worst_off_part_higher(problem, part):
    every = allowed(problem, 6)

    def share(chosen):
        return share_of_part(problem, chosen, part=part)

    answer = worst_part(problem, worst_share=part, control=SearchControl())
    if not every:
        assert answer.status == "infeasible"
        return
    best = max(share(c) for c in every)
    people = max(problem.people_covered(c) for c in every if share(c) >= best - 1e-7)
    assert answer.status == "optimal"
    assert answer.steps[0].objective == pytest.approx(best, abs=2e-6)
    assert answer.steps[1].objective >= people - 1e-6
    assert answer.recount == share(answer.chosen)


@pytest.mark.parametrize("part", [0.0, 1.1, float("nan")])
def test_the_worst_off_part_is_a_share(part):
    with pytest.raises(ValueError, match="part"):
        worst_part(scattered(1), worst_share=part, control=SearchControl())


def test_a_stated_tolerance_of_the_first_aim_is_given_up_for_more_people():
    # one site: 52 of 100 in both zones, or 48 of 100 in both and 900 people of no zone
    two = cover([[1, 0, 1, 0, 0], [0, 1, 0, 1, 1]], [52, 48, 52, 48, 900], most=1, zone=[0, 0, 1, 1, -1])
    exact, eased = (worst_off(two, tolerance=part, control=SearchControl()) for part in (0.05, 0.08))
    # 0.48 is 92.3 % of 0.52: given up with a tolerance of 8 %, not of 5 %
    assert (exact.chosen.tolist(), exact.steps[0].objective) == ([0], 0.52)
    assert (eased.chosen.tolist(), eased.steps[0].objective, eased.steps[1].objective) == ([1], 0.48, 996.0)
    assert eased.status == "optimal"
    assert eased.steps[0].bound == pytest.approx(0.52)


@settings(max_examples=20, deadline=None)
@given(covers_by_zone(zones=4), st.sampled_from([0.0, 0.1, 0.5]))
def test_most_people_within_the_tolerance_of_the_best_worst_part(problem, tolerance):
    every = allowed(problem, 6)
    answer = worst_part(problem, worst_share=0.5, tolerance=tolerance, control=SearchControl())
    if not every:
        return
    shares = [share_of_part(problem, c, part=0.5) for c in every]
    floor = (1.0 - tolerance) * max(shares) - 1e-7
    people = max(problem.people_covered(c) for c, share in zip(every, shares, strict=True) if share >= floor)
    assert answer.status == "optimal"
    assert answer.steps[0].objective >= floor - 2e-6
    assert answer.steps[1].objective >= people - 1e-6
