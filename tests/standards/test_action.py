"""What a flag is, how deep it is, whom it affects, and what to do about it: by hand, at the boundary, and by law."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from geoplan.standards.action import advise, neighbours_of, smallest_sizes
from geoplan.standards.affected import grade_of, share_missed
from geoplan.standards.flags import study_circles
from geoplan.standards.gaps import gap_list
from geoplan.standards.packs.read import read_pack, rules_of, rules_table
from geoplan.standards.priority import priorities, spread, with_priority, with_quotas
from geoplan.standards.rules import Rule
from geoplan.study.priority import Priority
from geoplan.tables import GRADES, PRIORITIES

INF = float("inf")
PLACES = """kind: provision
of: {facilities: [childcare_service]}
supply: places
per: residents/1000
target: '>=4.5@2025'
unit: places
level: district"""
HOME_BEDS = """kind: provision
of: {facilities: [elder_home]}
supply: beds
per: elders_60/1000
target: '>=50@2025'
unit: beds
level: city"""


def flags(town, rules, rule="local.r", **more):
    table = town.assess(rules, **more).flags
    return table[table["rule_id"] == rule].set_index("zone_id")


# --- kinds, grades, people ------------------------------------------------------------------------------------------


def test_a_clause_of_this_level_is_told_apart_from_what_is_measured(town, rules_from):
    by_district = flags(town, rules_from(PLACES))
    assert set(by_district["flag_kind"]) == {"measured"}
    by_community = flags(town, rules_from(PLACES.replace("level: district", "level: community")))
    assert set(by_community["flag_kind"]) == {"clause"}
    assert set(flags(town, [], "study.circle_eldercare")["flag_kind"]) == {
        "measured"
    }  # a setting of the study


def test_grades_by_their_limits():
    shares = pd.Series([0.0, 1e-9, 1 / 3 - 1e-9, 1 / 3, 2 / 3 - 1e-9, 2 / 3, 0.9 - 1e-9, 0.9, 1.0, np.nan])
    limits = Rule.grade_limits
    assert grade_of(shares, limits).tolist() == ["none", "severe", "severe", "short", "short", "slight", "slight", "near", "near", ""]  # fmt: skip


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_larger_share_is_never_a_deeper_grade(shares):
    grades = grade_of(pd.Series(sorted(shares)), Rule.grade_limits).map(GRADES.index)
    assert grades.is_monotonic_increasing


def test_a_flag_has_the_grade_of_what_is_reached_and_others_have_none(town, rules_from):
    table = flags(town, rules_from(PLACES))
    told = table["reached_share"]
    assert told.to_dict() == pytest.approx((table["reachable_high"] / 4.5).clip(upper=1).to_dict())
    assert table.loc["community/D", "grade"] == "none"
    assert (table["grade"] == "").equals(~table["flagged"].astype(bool))
    circle = flags(town, [], "study.circle_eldercare")  # a third of D is inside: under 40 %
    assert circle.loc["community/D", ["reached_share", "grade"]].tolist() == [pytest.approx(1 / 3), "severe"]


def test_places_per_resident_affect_those_whom_they_are_for(town, rules_from):
    rules = rules_from(PLACES)
    d = flags(town, rules).loc["community/D"]  # nothing in reach: all 9 under-threes of three blocks
    assert d[["affected_group", "affected_whole", "people_affected"]].tolist() == ["under_3", 9.0, 9.0]
    services = {name: replace(terms, group="residents") for name, terms in town.services.items()}
    without = town.change(demand=town.demand.drop(columns="under_3"), services=services)
    d = flags(without, rules).loc["community/D"]
    assert d[["affected_group", "affected_whole", "people_affected"]].tolist() == ["residents", 300.0, 300.0]


def test_a_standard_per_household_affects_households_by_what_is_missed(town, rules_from):
    body = "kind: floor_area\nof: {facilities: [elder_day_care]}\nper: households/100\ntarget: '>=100@2025'\nunit: m2\nlevel: community"
    table = flags(town, rules_from(body))
    b = table.loc["community/B"]
    assert b["affected_group"] == "households"
    assert b["people_affected"] == pytest.approx(120.0 * (1 - b["reachable_high"] / 100))


def test_the_finding_affects_the_same_group(town, rules_from):
    row = town.finding(rules_from(PLACES.replace("level: district", "level: city"), level="city"))
    # 5 places for 1,200 residents: 4.17 of 4.5; 36 under-threes
    assert row["affected_group"] == "under_3"
    assert row["people_affected"] == pytest.approx(36 * (1 - (5 / 1.2) / 4.5))


# --- care homes -----------------------------------------------------------------------------------------------------


def test_beds_of_care_homes_flag_towns_by_what_stands_there_and_communities_for_reference_only(
    town, rules_from
):
    rules = rules_from(HOME_BEDS, level="city")
    table = flags(town, rules)
    assert set(table.loc[table.index.str.startswith("community"), "flag_kind"]) == {"reference"}
    one, two = table.loc["town/1"], table.loc["town/2"]
    # 10 beds for 120 elders of the east: 83 per 1,000; none for 120 of the west
    assert one[["state", "by_located", "flag_kind"]].tolist() == ["not_flagged", True, "measured"]
    assert two[["state", "shortfall", "grade", "cause", "people_affected"]].tolist() == ["flagged", 6.0, "none", "short_inside", 120.0]  # fmt: skip
    listed = gap_list(town.assess(rules), town.zones, rules_table([], rules), town.facilities, lang="zh")
    assert listed.loc[listed["part"] == "flag", "zone_id"].tolist() == ["town/2"] or set(listed.loc[(listed["part"] == "flag") & (listed["rule_id"] == "local.r"), "zone_id"]) == {"town/2"}  # fmt: skip


def test_districts_are_measured_too_by_a_citys_beds_of_homes(town, rules_from):
    districts = town.with_zones(level=town.zones["level"].replace("town", "district"))
    table = flags(districts, rules_from(HOME_BEDS, level="city"))
    assert table.loc["town/2", ["state", "by_located"]].tolist() == ["flagged", True]
    day_care = HOME_BEDS.replace("elder_home", "elder_day_care")
    assert "town/2" not in flags(districts, rules_from(day_care, level="city")).index


def test_a_home_of_unknown_size_leaves_its_town_open(town, rules_from):
    unknown = town.supply(beds={"福利院": (0, INF), "阳光养老院": (0, INF)})
    one = flags(unknown, rules_from(HOME_BEDS, level="city")).loc["town/1"]
    assert one["state"] == "unknown"
    assert np.isnan(one["shortfall"])


# --- use ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "cause"), [(None, "shared"), (0.9, "shared"), (0.95, "full"), (1.0, "full")]
)
def test_facilities_are_full_only_where_registers_say_so(town, rules_from, used, cause):
    """A's room of one bed would be enough for A alone; whether it is full hangs on who lives there."""
    body = "kind: provision\nof: {facilities: [elder_day_care]}\nsupply: beds\nper: elders_60/1000\ntarget: '>=16@2025'"
    known = town if used is None else town.supply(occupied={"向阳日间照料室": used, "河东日间照料室": used})
    row = flags(known, rules_from(body)).loc["community/A"]
    assert row["cause"] == cause
    assert (row["in_reach_low"], row["in_reach_high"]) == (1.0, 1.0)
    assert row["in_use_high"] == (INF if used is None else used)


# --- advice ---------------------------------------------------------------------------------------------------------

ROW = {
    "unit": "places", "shortfall": 20.0, "net_shortfall": 20.0, "relief_projects": "", "relief_year": np.nan,
    "in_reach_low": np.nan, "in_reach_high": np.nan, "in_use_low": np.nan, "in_use_high": np.nan,
}  # fmt: skip


def told(smallest=None, neighbours=(), **changed):
    return advise(
        {**ROW, **changed}, "新建", priority=Priority(), smallest=smallest, neighbours=neighbours, lang="zh"
    )


def test_what_is_under_way_comes_first():
    found = told(net_shortfall=0.0, relief_projects="东托育园", relief_year=2026.0)
    assert (found.kind, found.text) == ("relieved", "由在建、已立项项目（东托育园）补足，2026年建成")
    assert told(net_shortfall=0.0, relief_projects="东托育园").text.endswith("完成年份未载")


@pytest.mark.parametrize(("gap", "kind"), [(5.0, "alone"), (5.1, "cause"), (20.0, "cause")])
def test_a_gap_up_to_the_limit_is_no_project_of_its_own(gap, kind):
    assert told(net_shortfall=gap).kind == kind


@pytest.mark.parametrize(
    ("used", "kind"), [(59.0, "idle"), (60.0, "cause"), (INF, "cause"), (np.nan, "cause")]
)
def test_what_stands_empty_is_used_before_anything_is_built(used, kind):
    found = told(in_reach_low=100.0, in_reach_high=100.0, in_use_low=50.0, in_use_high=used)
    assert found.kind == kind
    assert ("空置41" in found.text) == (kind == "idle")


def test_neighbours_join_until_one_facility_is_large_enough():
    found = told(smallest=45.0, neighbours=[("甲", 15.0), ("乙", 15.0), ("丙", 15.0)])
    assert (found.kind, found.text) == ("joint", "与甲、乙合建1处，合计50个托位，单处不小于45个托位")
    assert told(smallest=45.0).text == "新建，单处不小于45个托位"
    assert told(smallest=20.0).kind == "cause"  # large enough by itself


def test_an_unknown_net_gap_is_advised_by_the_whole_gap():
    assert told(net_shortfall=np.nan).kind == "cause"


def test_neighbours_are_the_nearest_within_the_distance(town):
    found = neighbours_of(["community/A", "community/B", "community/D"], town.zones, within_m=300.0)
    assert found == {"community/A": ("community/B",), "community/B": ("community/A",), "community/D": ()}
    assert neighbours_of(["community/A"], town.zones, within_m=300.0) == {}


def test_the_smallest_size_is_the_studys_else_that_of_the_packs(rules_from):
    size = "id: s\nkind: facility\nof: {facilities: [childcare]}\nmeasured: places\ntarget: '>=30@2025'\nunit: places\nlevel: facility"
    rules = rules_from(PLACES, size)
    assert smallest_sizes(rules, Priority()) == {"local.r": 30.0}
    assert smallest_sizes(rules, Priority(smallest_places=45.0)) == {"local.r": 45.0}
    assert smallest_sizes(rules_from(PLACES), Priority()) == {}


# --- clauses in the gap list -----------------------------------------------------------------------------------------


def test_a_clause_lists_who_lacks_it_though_the_finding_is_not_judged(town, rules_from):
    body = "kind: presence\nof: {facilities: [childcare]}\nunit: facilities\nlevel: community\ntarget: 未量化@2025"
    rules = rules_from(body)
    found = town.assess(rules, flag_rules=())
    assert set(found.findings["verdict"]) == {"not_quantified"}
    listed = gap_list(found, town.zones, rules_table([], rules), town.facilities, lang="zh")
    own = listed[listed["rule_id"] == "local.r"]
    assert set(own["part"]) == {"member"}
    assert own["zone_id"].tolist() == ["community/B", "community/C", "community/D"]
    assert set(own["flag_kind"]) == {"clause"}
    # the whole group of each: nine under-threes
    assert own[["affected_group", "people_affected"]].drop_duplicates().to_numpy().tolist() == [
        ["under_3", 9.0]
    ]


def test_a_quota_says_how_many_more_and_which_first(town, rules_from):
    body = "kind: presence\nof: {facilities: [childcare]}\nunit: facilities\nlevel: community\ntarget: '>=%s%%@2025'"
    rules = rules_from(body % 75, level="city")
    found = town.assess(rules, flag_rules=())
    gaps = gap_list(found, town.zones, rules_table([], rules), town.facilities, lang="zh")
    told = with_quotas(gaps, found.findings, rules, circle=town.walks()[2], services=town.services, lang="zh")
    # A has one; two more of B, C and D are needed: all nine under-threes of D are outside, three of C, none of B
    assert (
        told.iloc[0]["measures"]
        == "再有2个社区（单元）配建即达标，建议先做：河西村、河东社区（按圈外人口由多到少；其余1个可缓）"
    )
    assert told["measures"].iloc[1:].tolist() == gaps["measures"].iloc[1:].tolist()
    whole = rules_from(body % 100, level="city")  # all of them: there is nothing to choose
    found = town.assess(whole, flag_rules=())
    gaps = gap_list(found, town.zones, rules_table([], whole), town.facilities, lang="zh")
    same = with_quotas(gaps, found.findings, whole, circle=town.walks()[2], services=town.services, lang="zh")
    assert same["measures"].tolist() == gaps["measures"].tolist()


@pytest.mark.parametrize(("basis", "verdict"), [("常住", "not_met"), ("", "no_data"), (None, "no_data")])
def test_beds_per_people_are_judged_on_a_stated_basis_only(town, rules_from, basis, verdict):
    groups = town.tables()["groups"].assign(basis=["常住", basis, "常住", "常住"])  # of the elders
    beds = HOME_BEDS.replace(">=50", ">=90")
    assert town.verdict(rules_from(beds, level="city"), groups=groups) == verdict
    # places per residents, whose basis is stated, are judged all the same
    assert (
        town.verdict(rules_from(PLACES.replace("district", "city"), level="city"), groups=groups) == "not_met"
    )


# --- where to act first ----------------------------------------------------------------------------------------------


def first_places(town, *, premises=None, weights=None, rules=None):
    plan = rules_of([read_pack("wuhan")]) if rules is None else rules
    every = (*plan, *study_circles(town.services, plan))
    gaps = gap_list(town.assess(plan), town.zones, rules_table([], every), town.facilities, lang="zh")
    table = priorities(
        gaps, every, zones=town.zones, demand=town.demand, circle=town.walks()[2], services=town.services, premises=premises,
        weights=weights or Priority(),
    )  # fmt: skip
    return gaps, table


def test_the_score_is_people_times_depth_times_premise(town, rules_from):
    rules = rules_from(PLACES)
    gaps, table = first_places(town, rules=rules)
    row = table.set_index(["zone_id", "family"]).loc[("community/D", "childcare_service")]
    assert row[["people_affected", "depth", "feasibility", "score"]].tolist() == [9.0, 1.0, 1.0, 9.0]
    assert pd.isna(row["premise"])  # no list of premises
    here = [Point(1050, 50)]  # in D's middle
    near, far = (
        first_places(town, rules=rules, premises=pd_points(points))[1] for points in (here, [Point(0, 5_000)])
    )
    assert near.set_index(["zone_id", "family"]).loc[("community/D", "childcare_service"), "score"] == 9.0
    assert far.set_index(["zone_id", "family"]).loc[("community/D", "childcare_service"), "score"] == 4.5
    ranked = with_priority(gaps, table)
    assert ranked["priority"].notna().sum() == len(table)


def pd_points(points):
    import geopandas as gpd

    return gpd.GeoSeries(points, crs="EPSG:4547")


def test_people_and_households_are_never_put_in_order_together(town):
    rules = rules_of([read_pack("wuhan")])
    table = first_places(town, rules=rules)[1]
    for _, own in table.groupby("unit"):
        assert own["rank"].min() == 1
        assert own["score"].is_monotonic_decreasing
    assert table["unit"].is_monotonic_decreasing  # people, then households


def test_nobody_counts_twice_in_one_service(town):
    table = first_places(town)[1]
    assert not table.duplicated(["zone_id", "family", "unit"]).any()
    assert list(table.columns) == list(PRIORITIES)


def test_nothing_short_has_no_place(town):
    empty = first_places(town, rules=[])[1]
    assert set(empty["rule_id"]) <= {"study.circle_eldercare", "study.circle_childcare"}


def test_half_of_a_gap_and_where_it_is_everywhere(town):
    zones = town.zones
    ids = ["community/A", "community/B", "community/C", "community/D"]
    table = pd.DataFrame(
        {"rule_id": "r", "zone_id": ids, "shortfall": [10.0, 5.0, 4.0, 1.0], "flagged": [True] * 4}
    )
    assert spread(table, zones).loc["r"].to_dict() == {
        "flagged": 4,
        "measured": 4,
        "half": 1,
        "everywhere": True,
    }
    even = table.assign(shortfall=5.0)
    assert spread(even, zones).loc["r", "half"] == 2
    none = table.assign(flagged=False)
    assert spread(none, zones).loc["r"].to_dict() == {
        "flagged": 0,
        "measured": 4,
        "half": 0,
        "everywhere": False,
    }


@given(st.floats(0.1, 100), st.lists(st.floats(0, 200), min_size=1, max_size=8))
def test_what_is_missed_lies_between_none_and_all(required, reached):
    missed = share_missed(required, pd.Series(reached))
    assert missed.between(0, 1).all()
    assert (missed == 0).equals(pd.Series(reached) >= required) or np.allclose(missed[(missed == 0) != (pd.Series(reached) >= required)], 0)  # fmt: skip
