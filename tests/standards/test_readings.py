"""Readings that plans need: both bases of people, what is reachable beside what is located, pools of small estates, lists of
complete communities, circles in metres, and what the words of a filter mean."""

from dataclasses import replace

import numpy as np
import pytest

from geoplan.standards.flags import study_circles
from geoplan.standards.gaps import measure
from geoplan.standards.packs.read import read_pack, rules_of, rules_table

INF = float("inf")
BEDS = "kind: provision\nof: {facilities: [institution, community]}\nsupply: beds\nper: %s/1000\ntarget: '>=50@2025'"


# --- both bases ----------------------------------------------------------------------------------------------------


def with_registered(town):
    demand = town.demand.assign(elders_60_registered=30.0)  # 360 of them; 240 usually resident
    return town.change(demand=demand)


def test_the_packs_own_basis_judges_and_the_other_stands_beside_it(town, rules_from):
    both = with_registered(town)
    row = both.finding(rules_from(BEDS % "elders_60"))
    # 12 beds: 50 per 1,000 of 240, 33.3 per 1,000 of 360, where 18 are due
    assert (row["verdict"], row["other_group"], row["other_verdict"], row["other_shortfall"]) == (
        "met", "elders_60_registered", "not_met", 6.0,
    )  # fmt: skip
    assert row["other_low"] == row["other_high"] == pytest.approx(12 / 360 * 1000)
    row = both.finding(rules_from(BEDS % "elders_60_registered"))
    assert (row["verdict"], row["shortfall"], row["other_verdict"]) == ("not_met", 6.0, "met")


def test_one_basis_has_nothing_beside_it(town, rules_from):
    row = town.finding(rules_from(BEDS % "elders_60"))
    assert (row["other_group"], row["other_verdict"]) == ("", "")
    assert np.isnan(row["other_low"])


def test_a_rule_per_nobody_has_no_other_basis(town, rules_from):
    rules = rules_from(
        "kind: floor_area\nof: {facilities: [institution]}\nlevel: community\ntarget: '>=100@2025'\nunit: m2"
    )
    both = town.with_demand(residents_registered=50.0)
    assert set(both.assess(rules, flag_rules=()).findings["other_group"]) == {""}


def test_a_rate_over_people_is_shown_under_both(town, rules_from):
    rules = rules_from(
        "kind: rate\nof: {facilities: [childcare_service]}\npart: enrolled\ngroup: under_3\ntarget: '>=10%@2025'\nunit: people"
    )
    more = town.supply(enrolled={"苗苗托育园": 3, "幼儿园托班": 0.6}).change(
        demand=town.demand.assign(under_3_registered=4.0)
    )
    row = more.finding(rules)
    assert (row["verdict"], row["other_verdict"], row["other_low"]) == ("met", "not_met", pytest.approx(3.6 / 48))  # fmt: skip


# --- located and reachable side by side ------------------------------------------------------------------------------


def test_findings_of_supply_show_what_is_reachable_beside_what_is_located(town, rules_from):
    rules = rules_from(BEDS % "elders_60")
    result = town.assess(rules)
    row = result.findings.iloc[0]
    near = {x: [i for i in range(12) if abs(50 + 100 * i - x) <= 300] for x in (50, 350, 150, 650)}
    beds = {50: 4, 350: 6, 150: 1, 650: 1}
    # every bed is reached by somebody: shared out, the mean over all people is the beds per elder
    assert row["reachable_low"] == row["reachable_high"] == pytest.approx(sum(beds.values()) / 240 * 1000)
    flags = result.flags[result.flags["rule_id"] == "local.r"].set_index("zone_id")
    by_hand = (
        np.mean([sum(beds[x] / (20 * len(near[x])) for x in beds if i in near[x]) for i in (9, 10, 11)])
        * 1000
    )
    assert flags.loc["community/D", "reachable_low"] == pytest.approx(by_hand)
    unknown = town.supply(beds={"阳光养老院": (0, INF)}).finding(rules)
    assert (unknown["reachable_low"], unknown["reachable_high"]) == (pytest.approx(6 / 240 * 1000), INF)


def test_a_rule_of_another_kind_shows_nothing_reachable(town, rules_from):
    row = town.finding(
        rules_from("kind: total\nof: {facilities: [institution]}\nsupply: beds\ntarget: '>=1@2025'"),
    )
    assert np.isnan(row["reachable_low"])


# --- what certain rows have --------------------------------------------------------------------------------------------


def test_known_is_the_sum_over_the_certain_rows_only(town, rules_from):
    rules = rules_from(
        "kind: total\nof: {facilities: [institution, community]}\nsupply: beds\ntarget: '>=20@2025'"
    )
    # 福利院 "50余" say, 2 to 9 beds: certain are 6 + 1 + 1 = 8, and not the 10 that there are at least
    row = town.supply(beds={"福利院": (2, 19)}).finding(rules)
    assert (row["actual_low"], row["verdict"]) == (10.0, "no_data")
    assert row["missing_en"] == "8 beds known in 3 of 4 rows; the other 1 rows must add 12"
    assert row["missing_zh"] == "4 条记录中 3 条已知，共 8张；其余 1 条须再有 12张"


def test_a_type_that_the_registers_have_a_word_for_and_no_row_of_is_none(town):
    rules = rules_of([read_pack("huzhong")])
    bare = town.change(
        facilities=town.facilities.iloc[:4],
        supplies=town.supplies.iloc[:0].astype({"low": float, "high": float}),
    )
    unknown = bare.assess(rules, flag_rules=()).findings.set_index("rule_id")
    assert unknown.loc["huzhong.registered_childcare", "verdict"] == "no_data"
    mapped = bare.assess(rules, register_types=["childcare", "kindergarten_class"]).findings.set_index(
        "rule_id"
    )
    for rule, gap in {
        "registered_childcare": 1.0,
        "places_per_1000_residents": 6.0,
        "planned_places": 75.0,
        "community_childcare": 4.0,
    }.items():
        row = mapped.loc[f"huzhong.{rule}"]
        assert (row["actual_low"], row["actual_high"], row["verdict"], row["shortfall"]) == (0.0, 0.0, "not_met", gap), rule  # fmt: skip


def test_an_input_that_is_missing_everywhere_is_said_once(town, rules_from):
    rules = rules_from(
        "kind: floor_area\nlevel: community\nof: {facilities: [community_rooms]}\ntarget: '>=30@2025'\nunit: m2"
    )
    rows = town.assess(rules).findings
    assert rows[["zone_id", "verdict", "missing"]].to_numpy().tolist() == [
        ["area/1", "no_data", "rule_no_type"]
    ]
    listed = town.assess(rules, register_types=["community_rooms"]).findings
    assert listed["verdict"].tolist() == ["not_met"] * 4


# --- words of a filter -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["with_conditions", "with the conditions"])
def test_existing_estates_with_the_conditions(town, word):
    rule = next(r for r in read_pack("huzhong").rules if r.id == "existing_estate_rooms")
    marked = town.of_kind(estate_e3=("existing", word), estate_e1=("new",), estate_e2=("existing",))
    rows = marked.assess([rule], flag_rules=()).findings.set_index("zone_id")
    assert rows["verdict"].to_dict() == {"estate/e3": "met"}  # 90 m2 over 500 households: 18 per 100
    assert rows.loc["estate/e3", ["required", "aim"]].tolist() == [15.0, 20.0]
    none = town.of_kind(estate_e3=("existing",), estate_e2=("existing",))
    assert none.verdict([rule], "huzhong.existing_estate_rooms") == "no_data"  # nobody says which have them


def test_a_list_of_complete_communities_stands_in_for_the_band(town):
    rule = next(r for r in read_pack("yantai").rules if r.id == "complete_community_childcare")
    rule = rule.model_copy(
        update={
            "standard": None,
            "has": next(r for r in read_pack("wuhan").rules if r.id == "urban_community_childcare").of,
        }
    )
    listed = town.of_kind(
        community_A=("complete",), community_C=("complete",)
    )  # 300 residents each, far under 5,000
    result = listed.assess([rule])
    assert set(result.members["member_id"]) == {"community/A", "community/C"}
    assert result.findings.iloc[0]["actual_low"] == 0.5
    big = town.with_demand(residents=np.where(np.arange(12) < 3, 2000.0, 100.0))
    assert set(big.assess([rule]).members["member_id"]) == {"community/A"}


def test_existing_communities_are_held_to_the_standard_of_new_ones(town):
    rules = {rule.id: rule for rule in read_pack("yinzhou").rules}
    pack = [rules["new_community_places"], rules["existing_community_places"]]
    marked = town.of_kind(
        community_A=("new",),
        community_B=("existing",),
        community_C=("existing",),
        community_D=("existing",),
    )
    result = marked.supply(places={"幼儿园托班": 3}).assess(
        pack, thresholds={"yinzhou.existing_community_places": 1.0}
    )
    members = result.members.set_index("member_id")
    # B has 3 places for 300 residents: exactly 10 per 1,000; C and D have none; A is new and judged by its own rule
    assert members["has"].to_dict() == {"community/B": True, "community/C": False, "community/D": False}
    rows = result.findings.set_index(["rule_id", "zone_id"])
    assert rows.loc[("yinzhou.existing_community_places", "area/1"), ["verdict", "shortfall"]].tolist() == [
        "not_met",
        2.0,
    ]
    assert rows.loc[("yinzhou.new_community_places", "community/A"), "verdict"] == "met"
    assert pack[0].where.words == ("new",)  # the rule itself stays as it was


# --- pools of small estates ---------------------------------------------------------------------------------------------


def test_small_estates_of_a_community_may_pool(town, rules_from):
    zones = town.zones.copy()
    zones.loc["estate/e2", "parent_id"] = "community/A"
    zones.loc["estate/e2", ["households", "eldercare_rooms_m2"]] = [600.0, 50.0]
    small = town.change(zones=zones)  # e1: 320 m2 and 400 households, e2: 50 and 600; together 37 per 100
    body = "kind: floor_area\nlevel: estate:new\nestate_column: eldercare_rooms_m2\nper: households/100\ntarget: '>=%s@2025'\nunit: m2\n%s"

    def verdicts(target, more=""):
        return small.assess(rules_from(body % (target, more)), flag_rules=()).findings.set_index("zone_id")

    assert verdicts(30)["verdict"].to_dict() == {"estate/e1": "met", "estate/e2": "not_met"}
    pool = verdicts(30, "pool_below: 1000.0")
    assert set(pool["verdict"]) == {"met"}
    assert pool["actual_low"].tolist() == pytest.approx([37.0, 37.0])
    assert verdicts(37, "pool_below: 1000.0")["verdict"].eq("met").all()
    short = verdicts(40, "pool_below: 1000.0")
    assert short["shortfall"].tolist() == pytest.approx([12.0, 18.0])  # 400 due, 370 there: 30 by households
    alone = verdicts(30, "pool_below: 600.0")  # e2 has 600 households: not fewer
    assert alone["verdict"].to_dict() == {"estate/e1": "met", "estate/e2": "not_met"}


def test_the_rooms_of_a_pool_reach_the_least_size_together(town, rules_from):
    zones = town.zones.copy()
    zones.loc["estate/e2", "parent_id"] = "community/A"
    zones.loc[["estate/e1", "estate/e2"], "eldercare_rooms_m2"] = [180.0, 120.0]
    body = ("kind: facility\nlevel: 'facility: rooms'\nestate_column: eldercare_rooms_m2\nin_zones_of: estate:new\ntarget: '>=300@2025'\n"
            "unit: estates\n%s")  # fmt: skip
    pooled, alone = rules_from(body % "pool_below: 2000.0"), rules_from(body % "")
    assert town.change(zones=zones).verdict(pooled) == "met"
    assert town.change(zones=zones).verdict(alone) == "not_met"


# --- circles ------------------------------------------------------------------------------------------------------------


def test_a_studys_own_circle_is_told_apart_from_a_plans(town):
    own = study_circles(town.services, rules_of([read_pack("huzhong")]))
    assert [rule.indicator for rule in own] == [
        "15分钟养老服务圈（全部设施，项目设定）",
        "15分钟托育服务圈（全部设施，项目设定）",
    ]
    table = rules_table([read_pack("huzhong")], extra=own)
    assert table.loc["study.circle_eldercare", ["cited_zh", "cited_en"]].tolist() == [
        "项目配置文件 services",
        "study file, services",
    ]
    assert not table["indicator_zh"].duplicated().any()


def test_a_circle_over_streets_is_short_of_metres(town):
    services = {"eldercare": replace(town.services["eldercare"], group="street_m")}
    roads = town.change(
        services=services, demand=town.demand[["zone_id", "halo", "geometry"]].assign(street_m=250.0)
    )
    row = roads.assess([]).flags.set_index("zone_id").loc["community/D"]
    assert (row["unit"], row["shortfall"]) == ("m", 500.0)
    assert measure(row, "养老机构", "zh").endswith("覆盖圈外街道500米")
    assert measure(row, "homes", "en").endswith("to cover 500 m of street outside")


@pytest.mark.parametrize(
    ("metres", "share"), [(100, 8 / 12), (99, 4 / 12), (300, 10 / 12), (299, 9 / 12 + 0 * 1)]
)
def test_a_circle_in_metres_is_measured_from_the_points(town, rules_from, metres, share):
    rules = rules_from(f"kind: circle\nlevel: community\nof: {{facilities: [elder_home, elder_day_care]}}\ngroup: elders_60\nmetres: {metres}.0\n"
                       "target: '>=50%@2025'\nunit: people")  # fmt: skip
    places = (50, 150, 350, 650)
    by_hand = np.mean([any(abs(50 + 100 * i - x) <= metres for x in places) for i in range(12)])
    row = town.finding(rules)
    assert row["actual_low"] == pytest.approx(by_hand)
    assert by_hand == pytest.approx(share)


def test_a_circle_in_metres_needs_no_service_of_the_study(town, rules_from):
    rules = rules_from("kind: circle\nlevel: community\nof: {facilities: [kindergarten_class]}\ngroup: under_3\nmetres: 300.0\n"
                       "target: '>=50%@2025'\nunit: people")  # fmt: skip
    only = {"eldercare": town.services["eldercare"]}
    row = town.change(services=only).finding(rules)
    assert (row["actual_low"], row["verdict"]) == (pytest.approx(7 / 12), "met")  # 450 m: blocks 150 to 750
