"""Fewest sites that cover a share: sums by hand, the boundary, laws, every choice tried."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siting_problems import allowed, cover, covers_by_zone

from geoplan.siting.objectives.share.solve import fewest, meets, rounded_up
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.set_cover import Needs, reachable, zone_people, zone_shares


def lowered(problem, share, each):
    """What the shares amount to, no more than all options together reach."""
    within, people = reachable(problem), zone_people(problem)
    total = -np.inf if share is None else min(share * problem.weight.sum(), within.total)
    return Needs(
        total, np.full(len(people), -np.inf) if each is None else np.minimum(each * people, within.zone)
    )


def cheapest_by_trying(problem, needs):
    costs = (problem.constraints.cost[c].sum() for c in allowed(problem) if meets(problem, c, needs))
    return min(costs, default=np.inf)


def least_missing_by_trying(problem, needs):
    """The fewest people that a choice lacks of its needs, summed over all of them."""

    def missing(chosen):
        covered = problem.covered(chosen)
        zones = np.bincount(
            problem.zone[problem.zone >= 0], (problem.weight * covered)[problem.zone >= 0], len(needs.zone)
        )
        total = max(0.0, needs.total - problem.weight[covered].sum())
        return total + np.maximum(0.0, needs.zone - zones).sum()

    return min(map(missing, allowed(problem)), default=np.inf)


SHARES = st.sampled_from([None, 0.0, 0.5, 0.9, 1.0])


def test_a_sum_by_hand():
    #            a   b   c   d   people
    #            40  30  20  10
    # option 0:  x   x               70       1:      x   x    50      2:          x   x   30
    problem = cover([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], [40, 30, 20, 10])
    seventy = fewest(problem, share=0.7, control=SearchControl())
    assert (seventy.status, seventy.chosen.tolist(), seventy.objective, seventy.recount) == (
        "optimal",
        [0],
        1,
        1,
    )
    assert fewest(problem, share=0.71, control=SearchControl()).chosen.tolist() in ([0, 1], [0, 2])
    assert fewest(problem, share=1.0, control=SearchControl()).chosen.tolist() == [0, 2]


def test_a_dear_site_gives_way_to_two_cheap_ones():
    problem = cover([[1, 1], [1, 0], [0, 1]], [5, 5], cost=[50, 20, 20])
    answer = fewest(problem, share=1, control=SearchControl())
    assert (answer.chosen.tolist(), answer.objective, answer.bound) == ([1, 2], 40, 40)


def test_each_zone_is_asked_for_its_share():
    # zone 0: 90 + 10 people, zone 1: 5 + 5; four fifths of all people lie in zone 0 alone
    problem = cover([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], [90, 10, 5, 5], zone=[0, 0, 1, 1])
    assert fewest(problem, share=0.8, control=SearchControl()).chosen.tolist() == [0]
    each = fewest(problem, min_share_per_community=0.8, control=SearchControl())
    assert each.chosen.tolist() == [0, 1, 2]
    assert zone_shares(problem, each.chosen).tolist() == [0.9, 1.0]
    assert len(fewest(problem, min_share_per_community=0.5, control=SearchControl()).chosen) == 2


@pytest.mark.parametrize(("share", "chosen"), [(0.3, [0]), (0.3 + 5e-10, [0]), (0.3 + 1e-8, [1]), (0.0, [])])
def test_a_share_exactly_reached_counts(share, chosen):
    # 0.1 + 0.2 is not 0.3 in floats
    problem = cover([[1, 1, 0], [0, 0, 1]], [0.1, 0.2, 0.7], cost=[1, 5])
    assert fewest(problem, share=share, control=SearchControl()).chosen.tolist() == chosen


def test_a_hair_that_the_solver_lets_pass_is_not_let_pass():
    # 1e-6 of all people are missing with the first alone: less than HiGHS would notice, more than rounding
    problem = cover([[1, 0, 0], [0, 1, 0]], [4_999_995.0, 7.0, 4_999_998.0])
    answer = fewest(problem, share=0.5, control=SearchControl())
    assert (answer.status, answer.chosen.tolist()) == ("optimal", [0, 1])


def test_what_exists_counts_and_zones_without_people_ask_nothing():
    problem = cover([[1, 0, 0], [0, 1, 0]], [30, 0, 70], covered_by_existing=[0, 0, 1], zone=[0, 1, 0])
    assert (
        fewest(problem, share=0.7, min_share_per_community=0.7, control=SearchControl()).chosen.tolist() == []
    )
    assert fewest(problem, min_share_per_community=0.71, control=SearchControl()).chosen.tolist() == [0]
    shares = zone_shares(problem, np.array([0]))
    assert shares[0] == 1.0
    assert np.isnan(shares[1])


def test_points_in_no_zone_count_among_all_people_only():
    problem = cover([[1, 0], [0, 1]], [10, 90], zone=[0, -1])
    assert fewest(problem, min_share_per_community=1.0, control=SearchControl()).chosen.tolist() == [0]
    assert fewest(problem, share=0.9, control=SearchControl()).chosen.tolist() == [1]


def test_what_is_out_of_reach_is_said_and_taken_as_far_as_it_goes():
    problem = cover([[1, 0, 1, 0], [0, 0, 0, 0]], [60, 40, 10, 90], zone=[0, 0, 1, 1])
    within = reachable(problem)
    assert (within.total, within.zone.tolist()) == (70.0, [60.0, 10.0])
    answer = fewest(problem, share=0.5, min_share_per_community=0.6, control=SearchControl())
    assert (answer.status, answer.chosen.tolist()) == ("optimal", [0])
    assert [note.code for note in answer.notes] == ["siting_share_beyond", "siting_zones_beyond"]
    assert answer.notes[0].values == {"asked": "50.0%", "reached": "35.0%"}
    assert answer.notes[1].values == {"asked": "60.0%", "short": 1, "zones": 2}
    for note in answer.notes:
        assert note.text("zh")
        assert note.text("en")


def test_the_nearest_plan_is_given_where_the_limits_are_too_small():
    problem = cover([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [50, 30, 20], rows=[(np.ones(3), 0, 1)])
    answer = fewest(problem, share=0.9, control=SearchControl())
    assert (answer.status, answer.chosen.tolist(), answer.recount) == ("optimal", [0], 40.0)
    assert [(step.name, step.objective, step.bound) for step in answer.steps] == [
        ("people_missing", 40.0, 40.0),
        ("cost", 1.0, 1.0),
    ]
    assert answer.short.text("en") == "50.0% of 90% asked; the nearest plan within the limits"
    (note,) = answer.notes
    assert note.code == "siting_share_not_within"
    assert (note.values["people"], note.values["least"]) == ("40", "40")
    assert "lower share" in note.text("en")
    assert note.text("zh")


def test_the_title_says_the_most_that_the_candidates_reach_and_never_rounds_it_up():
    problem = cover([[1, 0, 0], [0, 0, 0]], [949.99, 0.01, 50], zone=[0, 0, 1])
    answer = fewest(problem, share=0.95, control=SearchControl())
    assert (answer.status, answer.chosen.tolist()) == ("optimal", [0])
    assert answer.short.text("en") == "94.9% of 95% asked; the most that these candidates can reach"
    each = fewest(problem, min_share_per_community=1.0, control=SearchControl())
    assert each.short.text("en") == (
        "2 of 2 communities stay under the 100% asked; the most that these candidates can reach"
    )
    assert "95%" in answer.short.text("zh")
    assert fewest(problem, share=0.94, control=SearchControl()).short is None


def test_limits_that_contradict_one_another_are_named():
    problem = cover([[1], [1]], [50], rows=[([1, 0], 1, 1), ([0, 1], 1, 1), ([1, 1], 0, 1)])
    answer = fewest(problem, share=0.9, control=SearchControl())
    assert answer.status == "infeasible"
    assert [note.code for note in answer.notes] == ["siting_cover_over"]


def test_required_sites_are_in_and_one_of_two_is_out():
    covers = [[1, 1, 0], [0, 1, 1], [0, 0, 0]]
    required = cover(covers, [1, 1, 1], rows=[([0, 0, 1], 1, 1)])
    assert fewest(required, share=1, control=SearchControl()).chosen.tolist() == [0, 1, 2]
    either = cover(covers, [1, 1, 1], rows=[([1, 1, 0], 0, 1)])
    assert fewest(either, share=0.6, control=SearchControl()).objective == 1
    # both are needed and one may open: 2 of 3 points are reached, by the first as by the second
    nearest = fewest(either, share=1, control=SearchControl())
    assert (nearest.steps[0].name, nearest.objective, len(nearest.chosen)) == ("people_missing", 1.0, 1)


@pytest.mark.parametrize(
    ("share", "each"), [(None, None), (-0.1, None), (None, 1.1), (90, None), (float("nan"), None)]
)
def test_shares_must_be_asked_and_be_shares(share, each):
    with pytest.raises(ValueError, match="share"):
        fewest(cover([[1]], [1]), share=share, min_share_per_community=each, control=SearchControl())


def test_whole_costs_round_the_bound_up_by_their_common_step():
    assert rounded_up(np.array([20.0, 50.0, 0.0]), 41.0) == 50.0
    assert rounded_up(np.array([20.0, 50.0]), 40.0 + 1e-9) == 40.0
    assert rounded_up(np.array([0.5]), 0.7) == 0.7
    assert rounded_up(np.zeros(2), 0.0) == 0.0


@settings(max_examples=60, deadline=None)
@given(covers_by_zone(zones=3, costs=True), SHARES, SHARES)
def test_it_is_the_cheapest_of_all_choices(problem, share, each):
    if share is None and each is None:
        share = 0.9
    best = cheapest_by_trying(problem, lowered(problem, share, each))
    answer = fewest(problem, share=share, min_share_per_community=each, control=SearchControl())
    if not np.isfinite(best):
        least = least_missing_by_trying(problem, lowered(problem, share, each))
        assert answer.status == ("optimal" if np.isfinite(least) else "infeasible")
        if answer.steps:
            assert (answer.steps[0].name, answer.short.code) == ("people_missing", "siting_short_limits")
            assert answer.objective == answer.recount == pytest.approx(least, abs=1e-5)
    else:
        assert answer.status == "optimal"
        assert answer.objective == pytest.approx(best)
        assert answer.recount == answer.objective
    assert not answer.steps or problem.constraints.allows(answer.chosen)


@settings(max_examples=30, deadline=None)
@given(
    covers_by_zone(zones=3, costs=True), st.sampled_from([(0.0, 0.5), (0.5, 0.9), (0.9, 1.0)]), st.booleans()
)
def test_more_is_never_cheaper(problem, shares, by_zone):
    name = "min_share_per_community" if by_zone else "share"
    less, more = (fewest(problem, control=SearchControl(), **{name: share}) for share in shares)
    first = [answer.steps[0].name if answer.steps else "none" for answer in (less, more)]
    if first[0] != "cost":
        assert first[1] == first[0]
    elif first[1] == "cost":
        assert less.objective <= more.objective + 1e-9
