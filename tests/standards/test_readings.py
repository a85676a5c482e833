"""Readings that plans need: both bases of people, what is reachable beside what is located, pools of small estates, lists of
complete communities, circles in metres, and what the words of a filter mean."""

from dataclasses import replace

import numpy as np
import pytest
from rule_cases import EVERY, HOMES, NURSERIES, case, communities, rule, supplied

from geoplan.standards.flags import study_circles
from geoplan.standards.gaps import measure
from geoplan.standards.packs.read import read_pack, rules_of, rules_table

INF, NAN = float("inf"), float("nan")


def beds(per, target=">=50"):
    return rule("provision", target, EVERY, "supply: beds", f"per: {per}/1000")


def metres(limit, group="elders_60", types="elder_home, elder_day_care"):
    return rule("circle", ">=50%", "level: community", f"of: {{facilities: [{types}]}}", f"group: {group}", f"metres: {limit}", "unit: people")  # fmt: skip


def with_registered(town):
    return town.with_demand(elders_60_registered=30.0)  # 360 of them; 240 usually resident


def pooled(rooms, households=1200.0):
    """Return a change: both new estates stand in one community, e2 with `households`."""

    def change(town):
        zones = town.zones.copy()
        zones.loc["estate/e2", ["parent_id", "households"]] = ["community/A", households]
        zones.loc[["estate/e1", "estate/e2"], "eldercare_rooms_m2"] = rooms
        return town.change(zones=zones)

    return change


def pool(target, below=None):
    more = [] if below is None else [f"pool_below: {below}"]
    return rule("floor_area", target, "level: estate:new", "estate_column: eldercare_rooms_m2", "per: households/100", "unit: m2", *more)  # fmt: skip


RATE = rule("rate", ">=10%", NURSERIES, "part: enrolled", "group: under_3", "unit: people")
AREA = rule("floor_area", ">=100", "level: community", HOMES, "unit: m2")
ROOMS = rule("floor_area", ">=30", "level: community", "of: {facilities: [community_rooms]}", "unit: m2")
LEAST = ("level: 'facility: rooms'", "estate_column: eldercare_rooms_m2", "in_zones_of: estate:new", "unit: estates")  # fmt: skip
# e1: 320 m2 and 400 households, e2: 50 and 600; together 37 per 100
SMALL = pooled([320.0, 50.0], 600.0)
POOLED, ALONE = {"estate/e1": "met", "estate/e2": "met"}, {"estate/e1": "met", "estate/e2": "not_met"}
CASES = [
    # 12 beds: 50 per 1,000 of 240, 33.3 per 1,000 of 360, where 18 are due
    case("the pack's own basis judges", beds("elders_60"), town=with_registered, verdict="met", other_group="elders_60_registered",
         other_verdict="not_met", other_shortfall=6.0, other_low=12 / 0.36, other_high=12 / 0.36),
    case("the other basis stands beside it", beds("elders_60_registered"), town=with_registered, verdict="not_met", shortfall=6.0, other_verdict="met"),
    case("one basis has nothing beside it", beds("elders_60"), other_group="", other_verdict="", other_low=NAN),
    case("a rule per nobody has no other basis", AREA, town=lambda t: t.with_demand(residents_registered=50.0), zone="community/A", other_group=""),
    case("a rate over people under both", RATE, town=lambda t: t.with_demand(under_3_registered=4.0).supply(enrolled={"苗苗托育园": 3, "幼儿园托班": 0.6}),
         verdict="met", other_verdict="not_met", other_low=3.6 / 48),
    case("a rule of another kind shows nothing reachable", rule("total", ">=1", HOMES, "supply: beds"), reachable_low=NAN),
    # 福利院 "50余" say, 2 to 19 beds: certain are 6 + 1 + 1 = 8, and not the 10 that there are at least
    case("known is the sum over the certain rows only", rule("total", ">=20", EVERY, "supply: beds"), town=supplied(beds={"福利院": (2, 19)}),
         actual_low=10.0, verdict="no_data", missing_en="8 beds known in 3 of 4 rows; the other 1 rows must add 12",
         missing_zh="4 条记录中 3 条已知，共 8张；其余 1 条须再有 12张"),
    case("an input that is missing everywhere is said once", ROOMS, verdicts={"area/1": "no_data"}, missing="rule_no_type"),
    case("a type that the registers have a word for", ROOMS, given={"register_types": frozenset({"community_rooms"})}, zone="community/A",
         verdicts=communities(*["not_met"] * 4)),
    case("estates that stand alone", pool(">=30"), town=SMALL, zone="estate/e1", verdicts=ALONE),
    case("estates that pool", pool(">=30", 1000.0), town=SMALL, zone="estate/e2", verdicts=POOLED, actual_low=37.0),
    case("a pool on the boundary", pool(">=37", 1000.0), town=SMALL, zone="estate/e1", verdicts=POOLED, actual_low=37.0),
    # 400 due, 370 there: 30 by households
    case("a gap that is shared by households", pool(">=40", 1000.0), town=SMALL, zone="estate/e1", shortfall=12.0),
    case("the larger part of the gap", pool(">=40", 1000.0), town=SMALL, zone="estate/e2", shortfall=18.0),
    case("an estate as large as the limit stands alone", pool(">=30", 600.0), town=SMALL, zone="estate/e1", verdicts=ALONE),
    case("rooms of a pool reach the least size together", rule("facility", ">=300", *LEAST, "pool_below: 2000.0"), town=pooled([180.0, 120.0]), verdict="met"),
    case("rooms alone do not", rule("facility", ">=300", *LEAST), town=pooled([180.0, 120.0]), verdict="not_met"),
    # homes and rooms at 50, 150, 350 and 650 m, blocks every 100 m from 50 m on
    *(case(f"a circle of {limit} metres", metres(limit), actual_low=share) for limit, share in ((100.0, 8 / 12), (99.0, 4 / 12), (300.0, 10 / 12), (299.0, 9 / 12))),
    # 450 m: blocks 150 to 750
    case("a circle in metres needs no service of the study", metres(300.0, "under_3", "kindergarten_class"),
         town=lambda t: t.change(services={"eldercare": t.services["eldercare"]}), actual_low=7 / 12, verdict="met"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_reading(town, rules_from, case):
    case.check(town, rules_from)


# --- located and reachable side by side ------------------------------------------------------------------------------


def test_findings_of_supply_show_what_is_reachable_beside_what_is_located(town, rules_from):
    rules = rules_from(beds("elders_60"))
    result = town.assess(rules)
    row = result.findings.iloc[0]
    near = {x: [i for i in range(12) if abs(50 + 100 * i - x) <= 300] for x in (50, 350, 150, 650)}
    held = {50: 4, 350: 6, 150: 1, 650: 1}
    # every bed is reached by somebody: shared out, the mean over all people is the beds per elder
    assert row["reachable_low"] == row["reachable_high"] == pytest.approx(sum(held.values()) / 240 * 1000)
    flags = result.flags[result.flags["rule_id"] == "local.r"].set_index("zone_id")
    by_hand = [sum(held[x] / (20 * len(near[x])) for x in held if i in near[x]) for i in (9, 10, 11)]
    assert flags.loc["community/D", "reachable_low"] == pytest.approx(np.mean(by_hand) * 1000)
    unknown = town.supply(beds={"阳光养老院": (0, INF)}).finding(rules)
    assert (unknown["reachable_low"], unknown["reachable_high"]) == (pytest.approx(6 / 240 * 1000), INF)


# --- what certain rows have --------------------------------------------------------------------------------------------


def test_a_type_that_the_registers_have_a_word_for_and_no_row_of_is_none(town):
    rules = rules_of([read_pack("huzhong")])
    bare = town.change(
        facilities=town.facilities.iloc[:4],
        supplies=town.supplies.iloc[:0].astype({"low": float, "high": float}),
    )
    unknown = bare.assess(rules, flag_rules=()).findings.set_index("rule_id")
    assert unknown.loc["huzhong.registered_childcare", "verdict"] == "no_data"
    mapped = bare.assess(
        rules, register_types=frozenset({"childcare", "kindergarten_class"})
    ).findings.set_index("rule_id")
    for name, gap in {
        "registered_childcare": 1.0,
        "places_per_1000_residents": 6.0,
        "planned_places": 75.0,
        "community_childcare": 4.0,
    }.items():
        row = mapped.loc[f"huzhong.{name}"]
        assert (row["actual_low"], row["actual_high"], row["verdict"], row["shortfall"]) == (0.0, 0.0, "not_met", gap), name  # fmt: skip


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
    nurseries = next(r for r in read_pack("wuhan").rules if r.id == "urban_community_childcare").of
    rule = rule.model_copy(update={"standard": None, "has": nurseries})
    # 300 residents each, far under 5,000
    listed = town.of_kind(community_A=("complete",), community_C=("complete",))
    result = listed.assess([rule])
    assert set(result.members["member_id"]) == {"community/A", "community/C"}
    assert result.findings.iloc[0]["actual_low"] == 0.5
    big = town.with_demand(residents=np.where(np.arange(12) < 3, 2000.0, 100.0))
    assert set(big.assess([rule]).members["member_id"]) == {"community/A"}


def test_existing_communities_are_held_to_the_standard_of_new_ones(town):
    rules = {rule.id: rule for rule in read_pack("yinzhou").rules}
    pack = [rules["new_community_places"], rules["existing_community_places"]]
    marked = town.of_kind(community_A=("new",), others=("existing",)).supply(places={"幼儿园托班": 3})
    result = marked.assess(pack, thresholds={"yinzhou.existing_community_places": 1.0})
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
