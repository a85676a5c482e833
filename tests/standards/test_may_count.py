"""What only possibly counts: facilities without a point, of which a register does not say all, or that no register lists.

Every interval is held against all that the tables allow, counted one by one.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rule_cases import rule
from shapely.geometry import Point

from geoplan.report.content.members import state_of
from geoplan.standards.data import AssessmentData
from geoplan.standards.flags import study_circles
from geoplan.standards.gaps import gap_list
from geoplan.standards.members import zone_presence
from geoplan.standards.packs.read import read_pack, rules_table
from geoplan.standards.reachable import reachable
from geoplan.standards.rules import Selection

INF = float("inf")
COMMUNITIES = ["community/A", "community/B", "community/C", "community/D"]
ROOMS = "of: {facilities: [elder_day_care]}"
PRESENCE = rule("presence", ">=60%", "level: community", ROOMS, "unit: facilities")


def rooms(town, *rows):
    """Return the town with day-care rooms (zone, served zones, has a point) instead of its own."""
    table = town.facilities[town.facilities["services"] != ("elder_day_care",)]
    like = town.facilities[town.facilities["services"] == ("elder_day_care",)].iloc[0]
    new = pd.DataFrame([like] * len(rows), index=[f"room/{n}" for n in range(len(rows))])
    new = new.assign(
        name=list(new.index),
        zone_id=[zone for zone, _, _ in rows],
        location_quality=["exact" if placed else "missing" for _, _, placed in rows],
    )
    new["geometry"] = [like["geometry"] if placed else None for _, _, placed in rows]
    new["serves"] = pd.Series([serves for _, serves, _ in rows], index=new.index, dtype=object)
    both = pd.concat([table, new]).rename_axis("facility_id")
    supplies = town.supplies[town.supplies["facility_id"].isin(both.index)]
    return town.change(
        facilities=table.__class__(both, geometry="geometry", crs=table.crs), supplies=supplies
    )


def tables(town):
    """Return the tables without any walk, which presence in a zone does not need."""
    return AssessmentData(
        zones=town.zones,
        demand=town.demand,
        facilities=town.facilities,
        supplies=town.supplies,
        year=town.year,
    )


# --- assigned ---------------------------------------------------------------------------------------------------------


def test_one_blank_cell_counts_where_its_facility_stands(town, rules_from):
    # the room in A serves A and B; of the room in C the register says nothing
    one_blank = rooms(town, ("community/A", ("community/A", "community/B"), True), ("community/C", (), True))
    row = one_blank.finding(rules_from(PRESENCE))
    assert (row["actual_low"], row["actual_high"], row["verdict"]) == (0.75, 0.75, "met")
    members = one_blank.members(rules_from(PRESENCE))
    assert members["assigned"].tolist() == [True, True, True, False]
    # where no register says it of any, all are judged by where they stand
    silent = rooms(town, ("community/A", (), True), ("community/C", (), True))
    assert silent.members(rules_from(PRESENCE))["assigned"].isna().all()
    assert silent.finding(rules_from(PRESENCE))["actual_low"] == 0.5


def test_a_register_without_the_column_does_not_lose_its_town_centre(town, rules_from):
    rules = rules_from(PRESENCE.replace("level: community", "level: town").replace("60%", "100%"))
    both = rooms(town, ("community/A", ("community/A",), True), ("community/D", (), True))
    assert both.finding(rules)["verdict"] == "met"  # one town by whom it serves, the other by where it stands


SERVED = st.sets(st.sampled_from([*COMMUNITIES, "town/2"]), max_size=2)


@settings(max_examples=10, deadline=None)
@given(every=st.lists(st.tuples(st.sampled_from(COMMUNITIES), SERVED), min_size=1, max_size=4))
def test_assigned_is_decided_facility_by_facility(town, every):
    town = rooms(town, *((zone, tuple(sorted(serves)), True) for zone, serves in every))
    got = zone_presence(tables(town), [Selection(facilities=["elder_day_care"])], COMMUNITIES, "elders_60")
    town_2 = {"community/C", "community/D"}
    served = set()
    for zone, serves in every:
        named = (serves - {"town/2"}) | (town_2 if "town/2" in serves else set())
        served |= named if serves else {zone}
    if any(serves for _, serves in every):
        assert got["assigned"].tolist() == [zone in served for zone in COMMUNITIES]
    else:
        assert got["assigned"].isna().all()


# --- without a point --------------------------------------------------------------------------------------------------


def test_a_room_somewhere_in_a_town_may_be_in_each_community_but_only_in_one(town, rules_from):
    rules = rules_from(PRESENCE)
    some = rooms(town, ("community/A", (), True), ("town/2", (), False))
    row, members = some.finding(rules), some.members(rules)
    assert (row["actual_low"], row["actual_high"], row["verdict"]) == (0.25, 0.5, "not_met")
    assert members["has"].tolist() == [True, False, pd.NA, pd.NA]
    assert members.loc[["community/C", "community/D"], "cause"].tolist() == ["no_data", "no_data"]
    # B lacks it for sure, and one of C and D: 60 elders each
    assert (row["people_affected"], row["members_met"], row["members_judged"], row["members_no_data"]) == (
        120,
        1,
        2,
        2,
    )
    # the gap list names B alone
    told = rules_table([], extra=rules)
    found = some.assess(rules, flag_rules=())
    table = gap_list(found, some.zones, told, some.facilities, lang="zh")
    assert table.loc[table["part"] == "member", "member_id"].tolist() == ["community/B"]


def test_what_may_stand_in_a_zone_adds_to_the_most_that_stands_there(town, rules_from):
    # 120 m² somewhere in town 2; per community at least 100 m² are asked for
    body = rule("floor_area", ">=100", "level: community", ROOMS, "unit: m2")
    some = rooms(town, ("town/2", (), False)).supply(floor_area_m2={"room/0": 120})
    table = some.assess(rules_from(body), flag_rules=()).findings.set_index("zone_id")
    assert table["verdict"].to_dict() == dict(
        zip(COMMUNITIES, ["not_met", "not_met", "no_data", "no_data"], strict=True)
    )
    assert table.loc["community/C", ["actual_low", "actual_high", "rows", "unknown_rows"]].tolist() == [
        0,
        120,
        1,
        1,
    ]
    # one of which nothing is known may stand anywhere; the town that has it for sure is sure of it
    nowhere = rooms(town, (None, (), False)).supply(floor_area_m2={"room/0": 120})
    assert set(nowhere.assess(rules_from(body), flag_rules=()).findings["verdict"]) == {"no_data"}
    of_town = rules_from(body.replace("level: community", "level: town"))
    assert some.finding(of_town, zone="town/2")["verdict"] == "met"
    assert some.finding(of_town, zone="town/1")["verdict"] == "not_met"


PLACES = st.sampled_from([*COMMUNITIES, "town/1", "town/2", None])


@settings(max_examples=10, deadline=None)
@given(every=st.lists(st.tuples(PLACES, st.booleans()), min_size=1, max_size=3))
def test_the_share_lies_between_its_ends_wherever_the_rooms_are(town, every):
    placed = [
        (zone, placed or zone in COMMUNITIES) for zone, placed in every if zone in COMMUNITIES or not placed
    ]
    assume(placed)
    town = rooms(town, *((zone, (), is_placed) for zone, is_placed in placed))
    (usual,) = (one for one in read_pack("wuhan").rules if one.id == "urban_community_childcare")
    mine = usual.model_copy(update={"of": [Selection(facilities=["elder_day_care"])]})
    (row,) = mine.measure(tables(town.of_kind(others=("urban",))))
    below = {"town/1": COMMUNITIES[:2], "town/2": COMMUNITIES[2:], None: COMMUNITIES}
    shares = [
        len(set(where)) / 4 for where in itertools.product(*(below.get(zone, [zone]) for zone, _ in placed))
    ]
    assert row.low <= min(shares) + 1e-9
    assert row.high >= max(shares) - 1e-9
    if len(placed) == 1:
        assert row.high == pytest.approx(max(shares))


# --- whether a rule means it ------------------------------------------------------------------------------------------

LARGE = rule(
    "facility",
    "all",
    "of: {facilities: [elder_home], where: {supply: beds, bound: '>=5'}}",
    "must: {attribute: medical_unit}",
    "unit: facilities",
)


def test_a_home_of_which_the_beds_are_unknown_is_not_said_to_fail(town, rules_from):
    # 福利院 has no medical unit; whether it has the five beds from which the rule holds is not known
    rules = rules_from(LARGE)
    open_ = town.supply(beds={"福利院": (0, INF)})
    row, members = open_.finding(rules), open_.members(rules)
    assert row["verdict"] == "no_data"
    # of two homes one is known, and it meets the rule
    assert row["missing_zh"].startswith("2 个中 1 个可判定，其中 1 个符合；1 个是否计入不明")
    assert members["has"].tolist() == [False, True]
    assert members["sure"].tolist() == [False, True]
    assert [state_of(one).code for one in members.to_dict("records")] == ["may_count", "has"]
    assert np.isnan(row["people_affected"])
    # with five beds it counts and fails; with four it does not count
    assert town.supply(beds={"福利院": 5}).finding(rules)["verdict"] == "not_met"
    four = town.supply(beds={"福利院": 4})
    assert four.finding(rules)["verdict"] == "met"
    assert len(four.members(rules)) == 1


def test_what_is_known_of_members_is_counted_and_is_no_product(town, rules_from):
    # A is urban and has a room, B is rural; whether C, which has one, and D are urban is not known
    urban = rule("presence", ">=60%", "level: community:urban", "unit: facilities",
                 "of: {facilities: [elder_day_care], where: {attribute: public}}")  # fmt: skip
    one = town.of_kind(community_A=("urban",), community_B=("rural",)).finding(rules_from(urban))
    # the least share of 1 in 2, times the one zone that is urban, is no number of zones
    assert (one["actual_low"], one["actual_high"], one["verdict"]) == (0.5, 1.0, "no_data")
    assert one["missing_zh"] == "3 个中 1 个可判定，其中 1 个符合；2 个是否计入不明"
    assert one["missing_en"].startswith("1 of 3 can be judged, of which 1 comply; for 2 it is unknown")
    # B is urban too, and whether its room is public is not known
    blank = rooms(town, ("community/A", (), True), ("community/B", (), True), ("community/C", (), True))
    public = blank.facilities["public"].mask(blank.facilities.index == "room/1", pd.NA)
    both = blank.with_facilities(public=public).of_kind(community_A=("urban",), community_B=("urban",))
    row = both.finding(rules_from(urban))
    assert row["verdict"] == "no_data"
    assert row["missing_zh"] == "4 个中 1 个可判定，其中 1 个符合；1 个情况不明，2 个是否计入不明"


# --- no register ------------------------------------------------------------------------------------------------------

OF_NONE = "of: {facilities: [home_care]}"


@pytest.mark.parametrize(
    "body",
    [
        rule("presence", ">=60%", "level: community", OF_NONE, "unit: facilities"),
        rule("compliance", ">=60%", "level: community", "has: {facilities: [home_care]}", "unit: zones"),
        rule("total", ">=1", "level: district", OF_NONE, "unit: facilities"),
        rule("share", ">=50%", "level: district", OF_NONE, "whole: beds", "part: nursing_beds", "unit: beds"),
        rule(
            "facility",
            "all",
            "level: 'facility: x'",
            OF_NONE,
            "must: {attribute: public}",
            "unit: facilities",
        ),
        rule("floor_area", ">=5", "level: district", OF_NONE, "per: households/100", "unit: m2"),
        rule(
            "provision",
            ">=5",
            "level: district",
            OF_NONE,
            "supply: beds",
            "per: elders_60/1000",
            "unit: beds",
        ),
        rule("increase", ">=5", "level: district", OF_NONE, "supply: beds", "since: 2020", "unit: beds"),
    ],
    ids=lambda body: body.split("\n")[0].split()[-1],
)
def test_without_a_register_every_kind_says_no_data(town, rules_from, body):
    found = town.assess(rules_from(body))
    mine = found.findings[found.findings["rule_id"] == "local.r"]
    assert set(mine["verdict"]) == {"no_data"}
    assert set(mine["missing"]) == {"rule_no_type"}
    assert found.flags.loc[found.flags["rule_id"] == "local.r", "flagged"].isna().all()
    # a register with a word for the type and no row says that there are none
    told = town.assess(rules_from(body), register_types=frozenset({"home_care"}), flag_rules=())
    assert set(told.findings["verdict"]) <= {"not_met", "not_applicable"}


# --- who may reach a facility without a point -------------------------------------------------------------------------

BEDS = rule(
    "provision", ">=20", "level: district", ROOMS, "supply: beds", "per: elders_60/1000", "unit: beds"
)


def flags(town, rules, name="local.r"):
    table = town.assess(rules).flags
    return table[table["rule_id"] == name].set_index("zone_id")


def test_a_room_without_a_point_leaves_the_flags_around_it_open(town, rules_from):
    # C has 4 beds at a place that nobody knows: its people may reach them, and so may some of its town
    some = rooms(town, ("community/C", (), False)).supply(beds={"room/0": 4})
    table = flags(some, rules_from(BEDS))
    # at most all four for the 60 elders of a community, or the 120 of a town; no less than nothing
    assert table.loc[COMMUNITIES, "reachable_high"].tolist() == pytest.approx([0.0, 0.0, 4 / 60e-3, 0.0])
    assert table.loc["town/2", "reachable_high"] == pytest.approx(4 / 120e-3)
    assert table["reachable_low"].max() == 0.0
    assert bool(table.loc["community/A", "flagged"])
    assert table.loc[["community/C", "town/2"], "flagged"].isna().all()
    assert table.loc[["community/A", "community/B", "community/D", "town/1"], "flagged"].all()
    # 1.2 beds are due there, and a home is near
    assert table.loc["community/A", ["cause", "shortfall"]].tolist() == ["wrong_type", 2.0]
    assert set(table.loc[["community/C", "town/2"], "cause"]) == {"no_data"}
    assert "caveat_unplaced" in table.loc["community/C", "caveats"]
    assert "caveat_unplaced" not in table.loc["community/A", "caveats"]
    # the finding, beside which stands what can be reached, says so too
    finding = some.finding(rules_from(BEDS))
    assert finding["reachable_high"] > finding["reachable_low"]
    assert "caveat_unplaced" in finding["caveats"]
    placed = rooms(town, ("community/C", (), True)).supply(beds={"room/0": 4})
    assert "caveat_unplaced" not in placed.finding(rules_from(BEDS))["caveats"]


def test_what_is_short_even_with_all_of_it_is_flagged_and_not_for_want_of_a_facility(town, rules_from):
    few = rooms(town, ("community/C", (), False)).supply(beds={"room/0": 1})
    table = flags(few, rules_from(BEDS.replace(">=20", ">=50")))
    # 3 beds are due to 60 elders; with the one that may be theirs two are missing for certain
    row = table.loc["community/C"]
    assert (bool(row["flagged"]), row["shortfall"], row["cause"]) == (True, 2.0, "no_data")
    assert row["people_affected"] == pytest.approx(40.0)


def test_the_circle_of_a_room_without_a_point_is_an_interval(town, rules_from):
    body = rule(
        "circle", ">=40%", "level: district", ROOMS, "group: elders_60", "minutes: 15", "unit: people"
    )
    some = rooms(town, ("community/A", (), True), ("community/D", (), False))
    # the known room is at 150 m as all rooms here: blocks 0 to 4 of 12; the three of D may
    row = some.finding(rules_from(body))
    assert (row["actual_low"], row["actual_high"]) == pytest.approx((5 / 12, 8 / 12))
    assert row["verdict"] == "met"
    high = some.finding(rules_from(body.replace("40%", "60%")))
    assert high["verdict"] == "no_data"
    assert high["missing_zh"].startswith("另有 60 人（60岁及以上老年人）可能到达")
    short = some.finding(rules_from(body.replace("40%", "95%")))
    # the last block of B and the three of C are outside for certain
    assert (short["verdict"], short["people_affected"]) == ("not_met", 80.0)
    table = flags(some, rules_from(body))
    assert table.loc["community/D", ["reachable_low", "reachable_high"]].tolist() == [0.0, 1.0]
    assert table.loc["community/D", "cause"] == "no_data"
    assert pd.isna(table.loc["community/D", "flagged"])
    # of one that may count but has a point, those who walk to it may be inside
    blank = some.with_facilities(public=pd.array([pd.NA] * len(some.facilities), dtype="boolean"))
    public = body.replace("[elder_day_care]", "[elder_day_care], where: {attribute: public}")
    assert blank.finding(rules_from(public))[["actual_low", "actual_high"]].tolist() == pytest.approx(
        [0.0, 8 / 12]
    )


@settings(max_examples=8, deadline=None)
@given(
    zone=st.sampled_from(["community/B", "community/C", "town/2"]),
    at=st.floats(0.0, 1.0),
    beds=st.sampled_from([0, 3, 12]),
    known=st.sampled_from([150.0, 1050.0]),
)
def test_wherever_it_stands_in_its_zone_the_figures_of_that_zone_lie_between_their_ends(
    town, zone, at, beds, known
):
    two = rooms(town, ("community/A", (), True), (zone, (), False)).supply(beds={"room/0": 2, "room/1": beds})
    placed = two.facilities.geometry.where(two.facilities.index != "room/0", Point(known, 50))
    two = two.with_facilities(geometry=placed)
    west, _, east, _ = two.zones.geometry[zone].bounds
    x = west + at * (east - west)
    there = two.facilities.geometry.where(two.facilities.index != "room/1", Point(x, 50))
    quality = two.facilities["location_quality"].mask(two.facilities.index == "room/1", "exact")
    sure = two.with_facilities(geometry=there, location_quality=quality)
    (usual,) = (one for one in read_pack("wuhan").rules if one.id == "beds_per_1000_elders")
    mine = usual.model_copy(update={"of": [Selection(facilities=["elder_day_care"])]})
    open_, closed = reachable(two.data(), mine), reachable(sure.data(), mine)
    ids = [
        zone,
        *(below for below in two.zones.index[two.zones["parent_id"] == zone] if below in COMMUNITIES),
    ]
    assert (open_.low[ids] <= closed.low[ids] + 1e-9).all()
    assert (open_.high[ids] >= closed.high[ids] - 1e-9).all()
    circle = study_circles(town.services, [])[0]
    wide, narrow = (circle.shares(one.data()) for one in (two, sure))
    assert (wide["covered"][ids] <= narrow["covered"][ids] + 1e-9).all()
    assert ((wide["covered"] + wide["perhaps"])[ids] >= narrow["covered"][ids] - 1e-9).all()


# --- who may reach a facility that joins no street --------------------------------------------------------------------


def test_a_room_that_joins_no_street_leaves_open_whom_it_serves_within_the_circle_in_a_straight_line(
    town, rules_from
):
    # at 450 m, and 15 minutes are 300 m: blocks 1 to 7 may walk to it, none of D
    some = rooms(town, ("community/B", (), True)).supply(beds={"room/0": 4})
    points = some.facilities.geometry.where(some.facilities.index != "room/0", Point(450, 50))
    cut = some.with_facilities(geometry=points).change(facilities_off=("room/0",))
    table = flags(cut, rules_from(BEDS))
    assert table.loc[COMMUNITIES, "reachable_low"].tolist() == [0.0] * 4
    # all four beds may fall to the 60 elders of a community of which some may reach it
    assert table.loc[COMMUNITIES, "reachable_high"].tolist() == pytest.approx([4 / 60e-3] * 3 + [0.0])
    assert table.loc[COMMUNITIES[:3], "flagged"].isna().all()
    assert bool(table.loc["community/D", "flagged"])
    assert "caveat_unplaced" in table.loc["community/A", "caveats"]
    body = rule(
        "circle", ">=40%", "level: district", ROOMS, "group: elders_60", "minutes: 15", "unit: people"
    )
    row = cut.finding(rules_from(body))
    assert (row["actual_low"], row["actual_high"]) == pytest.approx((0.0, 7 / 12))
    # a rule in straight metres asks for no street
    straight = cut.finding(rules_from(body.replace("minutes: 15", "metres: 300")))
    assert (straight["actual_low"], straight["actual_high"]) == pytest.approx((7 / 12, 7 / 12))


@settings(max_examples=8, deadline=None)
@given(x=st.floats(0.0, 1200.0), beds=st.sampled_from([0, 3, 12]), known=st.sampled_from([150.0, 1050.0]))
def test_were_it_joined_the_figures_would_lie_between_their_ends(town, x, beds, known):
    two = rooms(town, ("community/A", (), True), ("community/B", (), True)).supply(
        beds={"room/0": 2, "room/1": beds}
    )
    at = {"room/0": Point(known, 50), "room/1": Point(x, 50)}
    joined = two.with_facilities(geometry=[at.get(i, point) for i, point in two.facilities.geometry.items()])
    cut = joined.change(facilities_off=("room/1",))
    (usual,) = (one for one in read_pack("wuhan").rules if one.id == "beds_per_1000_elders")
    mine = usual.model_copy(update={"of": [Selection(facilities=["elder_day_care"])]})
    open_, closed = reachable(cut.data(), mine), reachable(joined.data(), mine)
    assert (open_.high >= closed.high - 1e-9)[closed.high.notna()].all()
    # another facility takes no one's beds away: what is certain without it is certain with it
    assert (open_.low <= closed.low + 1e-9)[closed.low.notna()].all()
