"""Each kind of rule: met, not met, on the boundary, no data, not applicable, not quantified."""

import numpy as np
import pandas as pd
import pytest

INF = float("inf")
INST = "of: {facilities: [institution]}"


def verdicts(town, rules, rule="local.r", **more):
    table = town.assess(rules, flag_rules=(), **more).findings
    return table[table["rule_id"] == rule].set_index("zone_id")


# --- provision: 240 elders, 12 beds in the town by hand -----------------------------------------------------------


def provision(rules_from, target, of=INST):
    return rules_from(f"kind: provision\n{of}\nsupply: beds\nper: elders_60/1000\ntarget: '{target}@2025'")


@pytest.mark.parametrize(
    ("target", "verdict", "shortfall"),
    [
        (">=41", "met", np.nan),  # 10 beds in homes / 240 elders = 41.67
        (">=41.6666666666666", "met", np.nan),
        (">=50", "not_met", 2.0),  # 12 beds are due
        (">=42", "not_met", 1.0),  # 10.08 beds: one more bed
        (">=45.83", "not_met", 1.0),
        (">=46", "not_met", 2.0),
        ("未量化", "not_quantified", np.nan),
    ],
)
def test_provision(town, rules_from, target, verdict, shortfall):
    row = town.finding(provision(rules_from, target))
    assert row["actual_low"] == row["actual_high"] == pytest.approx(10 / 240 * 1000)
    assert (row["verdict"], row["unit"], row["basis"]) == (verdict, "beds", "常住 2020")
    assert row["shortfall"] == pytest.approx(shortfall, nan_ok=True)


def test_provision_exactly_on_the_boundary(town, rules_from):
    both = "of: {facilities: [institution, community]}"
    row = town.finding(provision(rules_from, ">=50", both))
    assert row["actual_low"] == 50.0
    assert row["verdict"] == "met"
    assert town.finding(provision(rules_from, ">50", both))["shortfall"] == 1.0


def test_provision_no_data_says_which_rows_and_how_much_they_must_add(town, rules_from):
    unknown = town.supply(beds={"阳光养老院": (0, INF)})
    row = unknown.finding(provision(rules_from, ">=50"))
    assert row["verdict"] == "no_data"
    assert (row["actual_high"], row["unknown_rows"], row["rows"]) == (INF, 1, 2)
    assert row["missing_en"] == "4 beds known in 1 of 2 rows; the other 1 rows must add 8"
    assert "其余 1 条须再有 8张" in row["missing_zh"]
    assert row["cause"] == "no_data"


def test_provision_without_the_group_the_supply_or_the_type(town, rules_from):
    rules = provision(rules_from, ">=50")
    nobody = town.change(demand=town.demand.drop(columns="elders_60"))
    nobody = nobody.change(services={"childcare": nobody.services["childcare"]})
    assert "no elders aged 60" in nobody.finding(rules)["missing_en"]
    bare = town.change(supplies=town.supplies[town.supplies["supply"] != "beds"])
    assert bare.finding(rules)["missing_en"] == "no register gives beds"
    types = rules_from(
        "kind: provision\nof: {facilities: [hospital]}\nsupply: beds\nper: elders_60/1000\ntarget: '>=1@2025'"
    )
    assert town.finding(types)["missing_en"] == "no register lists hospital"


def test_provision_not_applicable_without_its_level_or_people(town, rules_from):
    rule = "kind: provision\n%s\nsupply: beds\nper: elders_60/1000\ntarget: '>=50@2025'\nlevel: %s"
    assert town.without_towns().verdict(rules_from(rule % (INST, "town"))) == "not_applicable"
    empty = town.with_demand(elders_60=0.0)
    assert empty.verdict(rules_from(rule % (INST, "district"))) == "not_applicable"


def test_net_gap_and_sum_of_town_gaps(town, rules_from):
    both = "of: {facilities: [institution, community]}"
    row = town.finding(provision(rules_from, ">=55", both))
    # 13.2 beds due, 12 there: 2 short; town 1: 6.6 due, 11 there; town 2: 6.6 due, 1 there: 6 short
    assert (row["shortfall"], row["gross_shortfall"]) == (2.0, 6.0)
    assert row["people_affected"] == pytest.approx((55 - 50) / 55 * 240)


def test_without_towns_the_sum_of_gaps_is_over_communities(town, rules_from):
    both = "of: {facilities: [institution, community]}"
    # each community is due 3.3 beds; A has 5, B 6, C 1 (3 short), D none (4 short)
    row = town.without_towns().finding(provision(rules_from, ">=55", both))
    assert row["gross_shortfall"] == 7.0


def test_a_supply_without_a_point_comes_from_the_table_of_zones(town, rules_from):
    rules = rules_from(
        "kind: provision\nsupply: social_workers\nper: elders_60/1000\ntarget: '>=2.5@2025'\nunit: staff"
    )
    assert town.verdict(rules) == "no_data"
    table = pd.DataFrame({"zone_id": ["town/1"], "supply": ["social_workers"], "low": [0.6], "high": [0.6]})
    assert town.verdict(rules, zone_supplies=table) == "met"
    short = table.assign(low=0.5, high=0.5)
    assert town.finding(rules, zone_supplies=short)["shortfall"] == 1.0


# --- floor area: estates e1 (320 m2, 400 households), e2 (250, 1200), e3 (90, 500; built 2001) -----------------------


def floor(rules_from, target="'>=30@2025'", level="estate:new", more=""):
    return rules_from(
        f"kind: floor_area\nlevel: {level}\nestate_column: eldercare_rooms_m2\nper: households/100\ntarget: {target}\n"
        f"unit: m2\n{more}"
    )


def test_floor_area_per_100_households(town, rules_from):
    rows = verdicts(town, floor(rules_from))
    assert rows["verdict"].to_dict() == {"estate/e1": "met", "estate/e2": "not_met"}
    assert rows.loc["estate/e2", "actual_low"] == pytest.approx(250 / 12)
    assert rows.loc["estate/e2", "shortfall"] == pytest.approx(110.0)
    assert verdicts(town, floor(rules_from, "'>=80@2025'"))["verdict"]["estate/e1"] == "met"  # 320 / 4


def test_floor_and_recommended_size(town, rules_from):
    rows = verdicts(town, floor(rules_from, "20..30@2025", more="range_is: floor_and_aim"))
    assert rows.loc["estate/e2", ["verdict", "required", "aim"]].tolist() == ["met", 20.0, 30.0]


def test_floor_area_without_estates_households_or_hand_over(town, rules_from):
    rules = floor(rules_from)
    bare = town.change(zones=town.zones[town.zones["level"] != "estate"])
    row = bare.finding(rules)
    assert (row["verdict"], row["missing"]) == ("no_data", "rule_no_estates")
    blank = town.with_zones(households=np.nan)
    assert set(verdicts(blank, rules)["missing"]) == {"rule_no_households"}
    handed = town.zones["handed_over"].astype("boolean").mask(town.zones.index == "estate/e1", False)
    assert verdicts(town.with_zones(handed_over=handed), rules)["verdict"]["estate/e1"] == "not_met"
    unsaid = handed.mask(town.zones.index == "estate/e1", pd.NA)
    assert verdicts(town.with_zones(handed_over=unsaid), rules)["verdict"]["estate/e1"] == "no_data"


def test_existing_estates_and_ones_not_built_yet(town, rules_from):
    assert verdicts(town, floor(rules_from, "'>=18@2025'", "estate:existing")).index.tolist() == ["estate/e3"]
    early = town.change(year=2022)
    assert verdicts(early, floor(rules_from, "'>=30@2021'")).index.tolist() == ["estate/e1"]


def test_floor_area_not_applicable_and_not_quantified(town, rules_from):
    old = town.with_zones(built_year=town.zones["built_year"].where(town.zones["built_year"].isna(), 1990.0))
    assert old.verdict(floor(rules_from)) == "not_applicable"
    assert set(verdicts(town, floor(rules_from, "'未量化@2025'"))["verdict"]) == {"not_quantified"}


def test_floor_area_per_community_listed_or_by_its_size(town, rules_from):
    rules = rules_from("kind: floor_area\nlevel: community:complete\nof: {facilities: [childcare_service]}\n"
                       "target: '>=200@2025'\nunit: m2")  # fmt: skip
    from_size = town.with_demand(residents=np.where(np.arange(12) < 6, 2000.0, 100.0))
    rows = verdicts(from_size, rules)  # A and B have 6,000 residents
    assert rows["verdict"].to_dict() == {"community/A": "not_met", "community/B": "met"}
    assert rows.loc["community/A", "shortfall"] == 50.0
    assert any(note.code == "rule_complete_by_band" for note in from_size.assess(rules).notes)
    listed = from_size.of_kind(community_C=("complete",))
    assert verdicts(listed, rules).index.tolist() == ["community/C"]


# --- share: 4 nursing beds of 10 ---------------------------------------------------------------------------------


def share(rules_from, target):
    return rules_from(f"kind: share\n{INST}\npart: nursing_beds\nwhole: beds\ntarget: '{target}@2025'")


@pytest.mark.parametrize(
    ("target", "verdict", "shortfall"),
    [(">=39%", "met", np.nan), (">=40%", "met", np.nan), (">40%", "not_met", 1.0), (">=55%", "not_met", 2.0), ("未量化", "not_quantified", np.nan)],
)  # fmt: skip
def test_share(town, rules_from, target, verdict, shortfall):
    row = town.finding(share(rules_from, target))
    assert row["actual_low"] == pytest.approx(0.4)
    assert row["verdict"] == verdict
    assert row["shortfall"] == pytest.approx(shortfall, nan_ok=True)


def test_share_with_an_unknown_row(town, rules_from):
    # 2 of 4 known; the other home has 6 beds, between 0 and 6 of them nursing: 2/10 .. 8/10
    row = town.supply(nursing_beds={"阳光养老院": (0, 6)}).finding(share(rules_from, ">=55%"))
    assert (row["actual_low"], row["actual_high"]) == (pytest.approx(0.2), pytest.approx(0.8))
    assert row["verdict"] == "no_data"
    assert "the other 1 rows must add at least 1 beds" in row["missing_en"]
    assert town.supply(nursing_beds={"阳光养老院": (0, 6)}).verdict(share(rules_from, ">=85%")) == "not_met"


def test_share_of_nothing_is_not_applicable(town, rules_from):
    none = town.supply(beds={"福利院": 0, "阳光养老院": 0}, nursing_beds={"福利院": 0, "阳光养老院": 0})
    assert none.verdict(share(rules_from, ">=55%")) == "not_applicable"


def test_share_of_facilities_by_an_attribute(town, rules_from):
    rules = rules_from(
        f"kind: share\n{INST}\npart_where: {{attribute: medical_unit}}\ntarget: '>=60%@2025'\nunit: facilities"
    )
    row = town.finding(rules)
    assert (row["actual_low"], row["verdict"], row["shortfall"]) == (0.5, "not_met", 1.0)
    unsaid = town.change(facilities=town.facilities.drop(columns="medical_unit"))
    row = unsaid.finding(rules)
    assert (row["actual_low"], row["actual_high"], row["verdict"]) == (0.0, 1.0, "no_data")
    assert "no register says which facilities are with a medical unit" in row["missing_en"]


def test_inclusive_places_derive_from_the_attribute_where_no_column_gives_them(town, rules_from):
    rules = rules_from("kind: share\nof: {facilities: [childcare_service]}\npart: inclusive_places\nwhole: places\n"
                       "target: '>=60%@2025'\nunit: places")  # fmt: skip
    assert town.finding(rules)["actual_low"] == pytest.approx(3 / 5)
    bare = town.change(supplies=town.supplies[town.supplies["supply"] != "inclusive_places"])
    assert bare.finding(rules)["actual_low"] == pytest.approx(1.0)  # both are inclusive by attribute


def test_one_of_two_targets_by_district(town, rules_from):
    rules = rules_from(
        f"kind: share\n{INST}\npart: nursing_beds\nwhole: beds\ntarget: '>=50% or >=30% by district@2025'"
    )
    row = town.finding(rules)  # 40 %: enough for one, not for the other
    assert (row["verdict"], row["missing"]) == ("no_data", "rule_either")
    assert town.verdict(rules, thresholds={"local.r": 0.3}) == "met"
    assert town.verdict(rules, thresholds={"local.r": 0.5}) == "not_met"
    assert town.supply(nursing_beds={"福利院": 0}).verdict(rules) == "not_met"
    assert town.supply(nursing_beds={"福利院": 3}).verdict(rules) == "met"


# --- presence ------------------------------------------------------------------------------------------------------


def presence(rules_from, target=">=100%", types="elder_day_care", more="", level="community"):
    return rules_from(
        f"kind: presence\nlevel: {level}\nof: {{facilities: [{types}]}}\ntarget: '{target}@2025'\nunit: facilities\n{more}"
    )


@pytest.mark.parametrize(
    ("target", "verdict", "shortfall"),
    [
        (">=100%", "not_met", 2.0),
        (">=50%", "met", np.nan),
        (">50%", "not_met", 1.0),
        ("未量化", "not_quantified", np.nan),
    ],
)
def test_presence(town, rules_from, target, verdict, shortfall):
    result = town.assess(presence(rules_from, target))
    row = result.findings.iloc[0]
    assert (row["zone_id"], row["actual_low"], row["verdict"]) == ("area/1", 0.5, verdict)
    assert row["shortfall"] == pytest.approx(shortfall, nan_ok=True)
    members = result.members.set_index("member_id")
    assert members["has"].to_dict() == {"community/A": True, "community/B": False, "community/C": True, "community/D": False}  # fmt: skip
    # B has the rooms of A and C within 15 minutes (300 m), D those of C for one of three blocks
    assert members.loc["community/B", "cause"] == ""
    assert members.loc["community/D", "cause"] == "none_in_circle"
    assert row["people_affected"] == (120.0 if verdict == "not_met" else pytest.approx(np.nan, nan_ok=True))


def test_presence_three_ways_and_which_judges(town, rules_from):
    serves = [
        ("community/A", "community/B") if n == "向阳日间照料室" else () for n in town.facilities["name"]
    ]
    served = town.with_facilities(serves=pd.Series(serves, index=town.facilities.index))
    row = served.finding(presence(rules_from))
    assert (row["share_located"], row["share_assigned"], row["share_within"]) == (0.5, 0.5, 0.75)
    members = served.assess(presence(rules_from)).members.set_index("member_id")
    assert members.loc["community/B", ["located", "assigned", "within_circle"]].tolist() == [False, True, True]  # fmt: skip
    assert bool(members.loc["community/B", "has"])  # assigned judges where the register names zones
    located = served.assess(presence(rules_from, more="judged_by: located")).members.set_index("member_id")
    assert not bool(located.loc["community/B", "has"])
    within = town.assess(presence(rules_from, more="judged_by: within_circle")).members.set_index("member_id")
    assert within["has"].tolist() == [True, True, True, False]


def test_a_facility_that_serves_a_town_serves_its_communities(town, rules_from):
    serves = pd.Series([("town/2",) if i == 3 else () for i in range(6)], index=town.facilities.index)
    members = town.with_facilities(serves=serves).assess(presence(rules_from)).members
    assert members.set_index("member_id")["assigned"].to_dict() == {
        "community/A": False, "community/B": False, "community/C": True, "community/D": True,
    }  # fmt: skip


def test_presence_no_data_and_not_applicable(town, rules_from):
    row = town.finding(presence(rules_from, types="elder_school"))
    assert (row["verdict"], row["missing_en"]) == ("no_data", "no register lists elder school")
    assert town.finding(presence(rules_from, level="community:urban"))["missing"] == "rule_kind_unknown"
    rural = town.with_zones(kind=[frozenset({"rural"})] * len(town.zones))
    assert rural.verdict(presence(rules_from, level="community:urban")) == "not_applicable"
    unsaid = town.facilities.assign(registered=pd.array([pd.NA] * 6, dtype="boolean"))
    rules = rules_from("kind: presence\nlevel: town\nof: {facilities: [childcare], where: {attribute: registered}}\n"
                       "target: '>=50%@2025'\nunit: facilities")  # fmt: skip
    row = town.change(facilities=unsaid).finding(rules)
    assert (row["actual_low"], row["actual_high"], row["verdict"]) == (0.0, 0.5, "no_data")


def test_a_facility_known_only_by_its_town_may_give_one_community_more(town, rules_from):
    rows = town.facilities.copy()
    rows.loc[rows["name"] == "河东日间照料室", "zone_id"] = "town/2"
    row = town.change(facilities=rows).finding(presence(rules_from, ">=50%"))
    assert (row["actual_low"], row["actual_high"], row["verdict"]) == (0.25, 0.5, "no_data")


def test_a_facility_known_nowhere_may_stand_in_the_area(town, rules_from):
    rows = town.facilities.copy()
    lost = rows["name"] == "福利院"
    rows.loc[lost, "zone_id"] = None
    rows.loc[lost, "location_quality"] = "missing"
    rows.loc[lost, "geometry"] = None
    row = town.change(facilities=rows).finding(provision(rules_from, ">=40"))
    assert (row["actual_low"], row["actual_high"], row["verdict"]) == (25.0, pytest.approx(10 / 0.24), "no_data")  # fmt: skip


def test_city_and_district_each_count_their_own(town, rules_from):
    body = ("kind: presence\nlevel: city + district\nof: {facilities: [childcare_guidance_centre]}\n"
            "of_city: {facilities: [city_childcare_guidance_centre]}\ntarget: '>=100%@2025'\nunit: facilities")  # fmt: skip
    zones = town.zones.copy()
    zones.loc["town/1", "level"] = zones.loc["town/2", "level"] = "district"
    rows = town.facilities.copy()
    rows["services"] = (
        [("childcare_guidance_centre",)] * 3
        + [("city_childcare_guidance_centre",)]
        + list(rows["services"][4:])
    )
    named = town.change(zones=zones, facilities=rows)
    result = named.assess(rules_from(body, level="city"))
    assert result.members.set_index("member_id")["has"].to_dict() == {
        "area/1": True, "town/1": True, "town/2": False,
    }  # fmt: skip
    assert result.findings.iloc[0]["shortfall"] == 1.0


# --- compliance ----------------------------------------------------------------------------------------------------


def comply(rules_from, target=">=100%", floor="'>=30@2025'"):
    return rules_from(
        f"id: c\nkind: compliance\nlevel: estate:new\nmeets: [r]\ntarget: '{target}@2025'\nunit: estates",
        f"kind: floor_area\nlevel: estate:new\nestate_column: eldercare_rooms_m2\nper: households/100\ntarget: {floor}\nunit: m2",
    )


@pytest.mark.parametrize(
    ("target", "verdict", "shortfall"),
    [
        (">=100%", "not_met", 1.0),
        (">=50%", "met", np.nan),
        (">50%", "not_met", 1.0),
        ("未量化", "not_quantified", np.nan),
    ],
)
def test_compliance(town, rules_from, target, verdict, shortfall):
    result = town.assess(comply(rules_from, target))
    row = result.findings.set_index("rule_id").loc["local.c"]
    assert (row["actual_low"], row["verdict"]) == (0.5, verdict)
    assert row["shortfall"] == pytest.approx(shortfall, nan_ok=True)
    members = result.members[result.members["rule_id"] == "local.c"].set_index("member_id")
    assert members["has"].to_dict() == {"estate/e1": True, "estate/e2": False}
    assert members.loc["estate/e2", "value"] == pytest.approx(250 / 12)


def test_compliance_with_two_rules_asks_for_both(town, rules_from):
    rules = rules_from(
        "id: c\nkind: compliance\nlevel: estate:new\nmeets: [r, local.unit]\ntarget: '>=100%@2025'\nunit: estates",
        "kind: floor_area\nlevel: estate:new\nestate_column: eldercare_rooms_m2\nper: households/100\ntarget: '>=20@2025'\nunit: m2",
        "id: unit\nkind: facility\nlevel: 'facility: rooms'\nestate_column: eldercare_rooms_m2\nin_zones_of: estate:new\n"
        "target: '>=300@2025'\nunit: estates",
    )  # fmt: skip
    result = town.assess(rules)
    assert result.members[result.members["rule_id"] == "local.c"]["has"].tolist() == [
        True,
        False,
    ]  # e2: 20.8, but 250 m2
    exact = town.with_zones(eldercare_rooms_m2=town.zones["eldercare_rooms_m2"].replace(250.0, 300.0))
    assert exact.assess(rules).findings.set_index("rule_id").loc["local.c", "verdict"] == "met"


def test_compliance_no_data(town, rules_from):
    rules = rules_from(
        "kind: compliance\nlevel: estate:new\nstandard: not stated\ntarget: '>=100%@2025'\nunit: estates"
    )
    assert town.finding(rules)["missing"] == "rule_no_standard"
    rules = rules_from(
        "kind: compliance\nlevel: estate:new\nmeets: [elsewhere.rule]\ntarget: '>=100%@2025'\nunit: estates"
    )
    row = town.finding(rules)
    assert (row["verdict"], "elsewhere.rule" in row["missing_en"]) == ("no_data", True)
    bare = town.change(zones=town.zones[town.zones["level"] != "estate"])
    assert bare.finding(comply(rules_from), "local.c")["missing"] == "rule_no_estates"
    old = town.with_zones(built_year=town.zones["built_year"] - 100)
    assert old.verdict(comply(rules_from), "local.c") == "not_applicable"
    blank = town.zones.assign(eldercare_rooms_m2=np.nan)
    row = town.change(zones=blank).finding(comply(rules_from), "local.c")
    assert (row["actual_low"], row["actual_high"], row["verdict"]) == (0.0, 1.0, "no_data")


def test_compliance_by_rooms_of_any_size(town, rules_from):
    rules = rules_from(
        "kind: compliance\nlevel: 'estate:existing'\nhas_rooms: childcare_rooms_m2\ntarget: '>=60%@2025'\nunit: estates"
    )
    assert town.verdict(rules) == "no_data"  # e3's rooms are blank
    rooms = town.zones["childcare_rooms_m2"].fillna(40.0)
    assert town.with_zones(childcare_rooms_m2=rooms).verdict(rules) == "met"


# --- circle --------------------------------------------------------------------------------------------------------


def circle(
    rules_from,
    target="未量化",
    more="of: {facilities: [elder_home, elder_day_care]}",
    minutes="minutes: 15.0",
):
    return rules_from(
        f"kind: circle\nlevel: community\n{more}\ngroup: elders_60\n{minutes}\ntarget: '{target}@2025'\nunit: people"
    )


@pytest.mark.parametrize(
    ("target", "verdict", "shortfall"),
    [("未量化", "not_quantified", np.nan), (">=80%", "met", np.nan), (">=90%", "not_met", 16.0)],
)
def test_circle(town, rules_from, target, verdict, shortfall):
    # 650 m is the last facility; 300 m reach to 950: blocks 10 and 11 (40 elders) lie outside
    result = town.assess(circle(rules_from, target))
    row = result.findings.iloc[0]
    assert row["actual_low"] == pytest.approx(200 / 240)
    assert (row["verdict"], row["share_communities"]) == (verdict, 0.75)
    assert row["shortfall"] == pytest.approx(shortfall, nan_ok=True)
    if verdict == "not_met":
        assert row["people_affected"] == 40.0
    assert result.members.set_index("member_id")["has"].to_dict() == {
        "community/A": True, "community/B": True, "community/C": True, "community/D": False,
    }  # fmt: skip


def test_circle_boundary_and_local_threshold(town, rules_from):
    at = {"local.r": 200 / 240}
    row = town.finding(circle(rules_from), thresholds=at)
    assert (row["verdict"], bool(row["local"]), row["required"]) == ("met", True, 200 / 240)
    assert town.verdict(circle(rules_from), thresholds={"local.r": 0.85}) == "not_met"


def test_circle_of_named_rooms_only(town, rules_from):
    more = "of: {facilities: [elder_day_care], in_zones: [向阳]}"
    result = town.assess(circle(rules_from, more=more))
    # the room at 150 m: blocks 0-4 (up to 450 m)
    assert result.findings.iloc[0]["actual_low"] == pytest.approx(5 / 12)
    assert result.members.set_index("member_id")["value"].to_dict() == pytest.approx(
        {"community/A": 1.0, "community/B": 2 / 3, "community/C": 0.0, "community/D": 0.0}
    )


def test_a_shorter_circle_than_the_service_and_a_straight_one(town, rules_from):
    # 5 minutes are 100 m: homes at 50 and 350, rooms at 150 and 650 reach blocks 0-4, 5 not, 6, 7, and 550 (block 5) by 650
    row = town.finding(circle(rules_from, minutes="minutes: 5.0"))
    assert row["actual_low"] == pytest.approx(8 / 12)
    straight = town.finding(circle(rules_from, minutes="metres: 300"))
    assert straight["actual_low"] == pytest.approx(10 / 12)


def test_circle_no_data_and_not_applicable(town, rules_from):
    assert town.finding(circle(rules_from, minutes="minutes: 30.0"))["missing"] == "rule_no_service"
    assert (
        town.finding(circle(rules_from, more="of: {facilities: [elder_school]}"))["missing"] == "rule_no_type"
    )
    empty = town.with_demand(elders_60=0.0)
    assert empty.verdict(circle(rules_from, ">=80%")) == "not_applicable"


# --- total, increase, rate -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "verdict", "shortfall"),
    [(">=10", "met", np.nan), (">=11", "not_met", 1.0), (">10", "not_met", 1.0), ("<=9", "not_met", 1.0), ("<=10", "met", np.nan),
     ("未量化", "not_quantified", np.nan)],
)  # fmt: skip
def test_total(town, rules_from, target, verdict, shortfall):
    row = town.finding(rules_from(f"kind: total\n{INST}\nsupply: beds\ntarget: '{target}@2025'"))
    assert (row["actual_low"], row["verdict"]) == (10.0, verdict)
    assert row["shortfall"] == pytest.approx(shortfall, nan_ok=True)
    assert bool(row["surplus"]) == (target == "<=9")


def test_total_two_sided(town, rules_from):
    def judge(target):
        body = f"kind: total\n{INST}\nrange_is: limits\ntarget: '{target}@2025'\nunit: facilities"
        return town.finding(rules_from(body))

    assert judge("1..2")["verdict"] == "met"
    assert (judge("3..4")["verdict"], judge("3..4")["shortfall"]) == ("not_met", 1.0)
    over = judge("0..1")
    assert (over["verdict"], over["shortfall"], bool(over["surplus"])) == ("not_met", 1.0, True)


def test_total_counts_marked_communities_and_no_data(town, rules_from):
    rules = rules_from("kind: total\ncommunities: smart\ntarget: '>=2@2025'\nunit: zones")
    assert town.finding(rules)["missing"] == "rule_kind_unknown"
    row = town.of_kind(community_C=("smart",)).finding(rules)
    assert (row["actual_low"], row["verdict"], row["shortfall"]) == (1.0, "not_met", 1.0)


def test_total_not_applicable_without_its_level(town, rules_from):
    rules = rules_from(f"kind: total\n{INST}\nlevel: town\ntarget: '>=1@2025'\nunit: facilities")
    assert town.without_towns().verdict(rules) == "not_applicable"


@pytest.mark.parametrize(
    ("target", "verdict"), [(">=6", "met"), (">=7", "not_met"), ("未量化", "not_quantified")]
)
def test_increase(town, rules_from, target, verdict):
    opened = pd.Series([2015.0, 2022.0, 2010.0, 2010.0, 2010.0, 2010.0], index=town.facilities.index)
    dated = town.with_facilities(open_year=opened)
    rules = rules_from(f"kind: increase\n{INST}\nsupply: beds\nsince: 2020\ntarget: '{target}@2025'")
    row = dated.finding(rules)
    assert (row["actual_low"], row["verdict"]) == (6.0, verdict)
    undated = town.with_facilities(open_year=opened.where(opened != 2022.0))
    row = undated.finding(rules)
    assert (row["actual_low"], row["actual_high"]) == (0.0, 6.0)
    if target == ">=6":
        assert row["verdict"] == "no_data"


def test_increase_of_a_supply_without_a_point(town, rules_from):
    rules = rules_from("kind: increase\nsupply: family_beds\nsince: 2020\ntarget: '>=5@2025'")
    assert town.finding(rules)["missing"] == "rule_no_zone_supply"
    table = pd.DataFrame({"zone_id": ["area/1"], "supply": ["family_beds"], "low": [5.0], "high": [5.0]})
    assert town.verdict(rules, zone_supplies=table) == "met"


@pytest.mark.parametrize(
    ("target", "verdict", "shortfall"),
    [(">=50%", "met", np.nan), (">=65%", "not_met", 1.5), ("未量化", "not_quantified", np.nan)],
)
def test_rate_over_capacity(town, rules_from, target, verdict, shortfall):
    lived = town.supply(occupied={"福利院": 2, "阳光养老院": 3})
    rules = rules_from(
        f"kind: rate\n{INST}\npart: occupied\nwhole: beds\ntarget: '{target}@2025'\nunit: people"
    )
    row = lived.finding(rules)
    assert (row["actual_low"], row["verdict"]) == (0.5, verdict)
    assert row["shortfall"] == pytest.approx(shortfall, nan_ok=True)
    assert town.finding(rules)["missing_en"] == "no register gives people living in"
    crowded = lived.supply(occupied={"福利院": 8, "阳光养老院": 8})
    assert crowded.finding(rules)["actual_high"] == pytest.approx(1.6)


def test_rate_over_people(town, rules_from):
    rules = rules_from("kind: rate\nof: {facilities: [childcare_service]}\npart: enrolled\ngroup: under_3\n"
                       "target: '>=10%@2025'\nunit: people")  # fmt: skip
    enrolled = town.supply(enrolled={"苗苗托育园": 3, "幼儿园托班": 0.6})
    assert enrolled.finding(rules)["actual_low"] == pytest.approx(0.1)
    assert enrolled.verdict(rules) == "met"
    nobody = enrolled.change(demand=town.demand.assign(under_3=0.0))
    assert nobody.verdict(rules) == "not_applicable"


# --- facility ------------------------------------------------------------------------------------------------------


def clinic(rules_from, bound=">=6", target="all"):
    return rules_from(
        "kind: facility\nlevel: 'facility: institution'\n"
        f"of: {{facilities: [institution], where: {{supply: beds, bound: '{bound}'}}}}\n"
        f"must: {{attribute: medical_unit}}\ntarget: '{target}@2025'\nunit: facilities"
    )


@pytest.mark.parametrize(
    ("bound", "verdict", "n"),
    [(">=6", "met", 1), (">6", "not_applicable", 0), (">=4", "not_met", 2), (">4", "met", 1)],
)
def test_facility(town, rules_from, bound, verdict, n):
    result = town.assess(clinic(rules_from, bound))
    row = result.findings.iloc[0]
    assert (row["verdict"], len(result.members)) == (verdict, n)
    if verdict == "not_met":
        assert row["shortfall"] == 1.0
        assert result.members.set_index("member_id")["has"].to_dict() == {
            "register.xlsx#2": False,
            "register.xlsx#3": True,
        }


def test_facility_no_data_and_not_quantified(town, rules_from):
    unsaid = town.facilities.assign(medical_unit=pd.array([False, pd.NA, *[False] * 4], dtype="boolean"))
    assert town.change(facilities=unsaid).verdict(clinic(rules_from)) == "no_data"
    assert town.verdict(clinic(rules_from, target="未量化")) == "not_quantified"
    unknown = town.supply(beds={"福利院": (0, INF)})  # perhaps due, without a clinic
    row = unknown.finding(clinic(rules_from))
    assert (row["actual_low"], row["actual_high"], row["verdict"]) == (0.5, 1.0, "no_data")


def test_facility_conditions_join_by_any_and_all(town, rules_from):
    def due(condition):
        body = (f"kind: facility\nlevel: 'facility: institution'\nof: {{facilities: [institution], where: {condition}}}\n"
                "must: {attribute: medical_unit}\ntarget: all@2025\nunit: facilities")  # fmt: skip
        return set(town.assess(rules_from(body)).members["member_id"])

    either = "{any: [{supply: beds, bound: '>=6'}, {attribute: public}]}"
    both = "{all: [{supply: beds, bound: '>=4'}, {attribute: public}]}"
    assert due(either) == {"register.xlsx#2", "register.xlsx#3"}
    assert due(both) == {"register.xlsx#2"}
    assert due("{attribute: public, is: false}") == {"register.xlsx#3"}


def test_facility_by_a_bounded_supply_and_by_a_ratio(town, rules_from):
    def judge(body):
        return town.assess(rules_from(f"kind: facility\nlevel: 'facility: x'\n{body}\nunit: facilities"))

    size = judge("of: {facilities: [childcare]}\nmeasured: places\ntarget: '<=3@2025'")
    assert (size.findings.iloc[0]["verdict"], size.members.iloc[0]["value"]) == ("met", 3.0)
    per_place = judge(
        "of: {facilities: [childcare_service]}\nmeasured: floor_area_m2\nover: places\ntarget: '>=60@2025'"
    )
    assert per_place.members["value"].tolist() == [50.0, 105.0]
    assert per_place.findings.iloc[0]["verdict"] == "not_met"
    beds = judge(
        "of: {facilities: [institution]}\nmeasured: nursing_beds\nover: beds\ntimes: 100.0\ntarget: '>=50@2025'"
    )
    assert beds.members["has"].tolist() == [True, False]


def test_facility_only_in_some_zones(town, rules_from):
    rules = rules_from("kind: facility\nlevel: 'facility: childcare in community:new'\nof: {facilities: [childcare_service]}\n"
                       "in_zones_of: community:new\nmeasured: floor_area_m2\nover: places\ntarget: '>=12@2025'\nunit: facilities")  # fmt: skip
    members = town.of_kind(community_B=("new",), others=("existing",)).members(rules)
    assert members.index.tolist() == ["register.xlsx#7"]


def test_what_only_possibly_counts_raises_the_most_and_not_the_least(town, rules_from):
    rules = rules_from(
        "kind: total\nof: {facilities: [institution], where: {attribute: public}}\nsupply: beds\ntarget: '>=5@2025'"
    )
    assert town.finding(rules)["actual_low"] == 4.0
    unsaid = town.facilities.assign(public=pd.array([True, pd.NA, *[False] * 4], dtype="boolean"))
    row = town.change(facilities=unsaid).finding(rules)
    assert (row["actual_low"], row["actual_high"], row["unknown_rows"], row["verdict"]) == (4.0, 10.0, 1, "no_data")  # fmt: skip
    assert "must add 1" in row["missing_en"]
