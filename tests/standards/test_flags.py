"""Flags: every community and town by what its people reach, by hand and against slow sums."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geoplan.standards.flags import study_circles
from geoplan.standards.packs.read import read_pack, rules_of

INF = float("inf")


def flags(town, rules, rule="local.r", **more):
    table = town.assess(rules, **more).flags
    return table[table["rule_id"] == rule].set_index("zone_id")


@pytest.fixture
def places(rules_from):
    return rules_from("kind: provision\nof: {facilities: [childcare_service]}\nsupply: places\nper: residents/1000\n"
                      "target: '>=4.5@2025'\nunit: places\nlevel: district")  # fmt: skip


def test_reachable_supply_shortfall_and_people_by_hand(town, places):
    # 250 m reaches blocks 0-5 (50..550): 3 places over 600 people; 450 m blocks 1-7 (150..750): 2 places over 700
    table = flags(town, places)
    near = {x: [i for i in range(12) if abs(50 + 100 * i - x) <= 300] for x in (250, 450)}
    share = {x: held / (100 * len(near[x])) for x, held in ((250, 3), (450, 2))}
    slow = {
        f"community/{name}": np.mean([sum(share[x] for x in near if i in near[x]) for i in blocks]) * 1000
        for name, blocks in zip("ABCD", np.arange(12).reshape(4, 3), strict=True)
    }
    # blocks 1 and 2 of A reach the second as well
    assert slow["community/A"] == pytest.approx((3 * 3 / 600 + 2 * 2 / 700) / 3 * 1000)
    assert slow["community/D"] == 0.0
    got = table["reachable_low"]
    for z, rate in slow.items():
        assert got[z] == pytest.approx(rate), z
        short = max(4.5 - rate, 0) * 300 / 1000
        assert table.loc[z, "shortfall"] == np.ceil(short - 1e-6)
        # of the nine under-threes of three blocks, the share of the standard that is missed
        assert table.loc[z, "people_affected"] == pytest.approx(9 * max(0.0, 1 - rate / 4.5))
        assert bool(table.loc[z, "flagged"]) == (rate < 4.5)
    halves = slow["community/C"], slow["community/D"]
    assert table.loc["town/2", "reachable_low"] == pytest.approx(sum(halves) / 2)
    assert table.loc["community/A", ["located_low", "located_high"]].tolist() == [10.0, 10.0]


def test_exactly_the_standard_is_not_flagged(town, rules_from):
    body = "kind: provision\nof: {facilities: [kindergarten_class]}\nsupply: places\nper: residents/1000\ntarget: '%s@2025'\nunit: places"
    at = 2 / 700 * 1000  # blocks 150..750 share 2 places
    assert not flags(town, rules_from(body % f">={at:.12f}")).loc["community/B", "flagged"]
    assert flags(town, rules_from(body % f">={at + 0.001:.12f}")).loc["community/B", "flagged"]
    assert flags(town, rules_from(body % f">{at:.15f}")).loc["community/B", "flagged"]


def test_an_unknown_facility_leaves_its_surroundings_open(town, places):
    table = flags(town.supply(places={"幼儿园托班": (0, INF)}), places)
    assert table.loc["community/C", ["reachable_low", "reachable_high"]].tolist() == [0.0, INF]
    assert pd.isna(table.loc["community/C", "flagged"])
    assert pd.isna(table.loc["community/C", "shortfall"])
    assert table.loc["community/C", "cause"] == "no_data"
    assert bool(table.loc["community/D", "flagged"])  # nothing unknown in its reach


def test_zones_without_people_are_not_measured(town, places):
    empty = town.demand.assign(residents=np.where(np.arange(12) < 9, 100.0, 0.0))
    row = flags(town.change(demand=empty), places).loc["community/D"]
    assert pd.isna(row["flagged"])
    assert (row["people"], row["cause"]) == (0.0, "")


def test_halo_people_compete_but_are_no_zone(town, places):
    extra = town.demand.iloc[[3]].assign(zone_id=None, halo=True, residents=1000.0)
    extra.index = [99]
    crowded = town.change(demand=pd.concat([town.demand, extra]))
    before, after = flags(town, places), flags(crowded, places)
    assert after.loc["community/B", "reachable_low"] < before.loc["community/B", "reachable_low"]
    assert after["people"].to_dict() == before["people"].to_dict()


def test_rules_of_a_coarser_level_and_their_apportioned_gap(town, places):
    result = town.assess(places)
    table = result.flags[result.flags["rule_id"] == "local.r"].set_index("zone_id")
    assert not table["own_level"].any()
    notes = table["note_zh"].groupby(table.index.str.split("/").str[0]).unique().map(list).to_dict()
    assert notes == {"community": ["按社区测算，非规划考核口径"], "town": ["按乡镇测算，非规划考核口径"]}
    gap = result.findings.set_index("rule_id").loc["local.r", "shortfall"]
    assert gap == 1.0  # 5.4 places due, 5 there
    assert table.loc["community/A", "apportioned"] == pytest.approx(gap * 300 / 1200)
    communities = table.loc[[i for i in table.index if i.startswith("community")], "apportioned"]
    assert communities.sum() == pytest.approx(gap)


def test_a_rule_of_the_communities_own_level(town, rules_from):
    rules = rules_from("kind: provision\nof: {facilities: [childcare_service]}\nsupply: places\nper: residents/1000\n"
                       "target: '>=10@2025'\nunit: places\nlevel: community:new")  # fmt: skip
    table = flags(town.of_kind(community_C=("new",), others=("existing",)), rules)
    assert table["own_level"].to_dict()["community/C"]
    assert table["own_level"].sum() == 1
    assert table.loc["community/C", "note_zh"] == ""


def test_estate_rules_measure_communities_as_a_what_if(town):
    """Only where the study asks for it; a standard of new estates measures no village, and no community unasked."""
    rules, name = rules_of([read_pack("wuhan")]), "wuhan.new_estate_rooms"
    assert name not in set(town.assess(rules).flags["rule_id"])
    table = flags(town, rules, name, flag_rules=[name])
    assert (
        "community/D" not in flags(town.of_kind(community_D=("rural",)), rules, name, flag_rules=[name]).index
    )
    assert set(table["note_zh"]) == {"参照新建标准测算"}
    assert set(table["unit"]) == {"m2"}
    # 150 m reaches blocks 0-4, 90 m2 over 200 households; 650 m blocks 4-9 hold (350..950): 60 m2
    near = {x: sum(abs(50 + 100 * i - x) <= 300 for i in range(12)) for x in (150, 650)}
    share = {150: 90 / (40 * near[150]), 650: 60 / (40 * near[650])}
    blocks = [sum(share[x] for x in share if abs(50 + 100 * i - x) <= 300) for i in (3, 4, 5)]
    assert table.loc["community/B", "reachable_low"] == pytest.approx(np.mean(blocks) * 100)
    d = table.loc["community/D"]
    # every household of the zone is short of what it does not reach
    assert d["people"] == 120.0
    assert d["people_affected"] == pytest.approx(120.0 * (1 - d["reachable_high"] / 30))


# --- circles --------------------------------------------------------------------------------------------------------


def test_circles_flag_where_more_than_the_flag_share_lies_outside(town):
    rules = rules_of([read_pack("wuhan")])
    table = flags(town, rules, "wuhan.circle_eldercare")
    assert table["flagged"].to_dict() == {
        "community/A": False, "community/B": False, "community/C": False, "community/D": True, "town/1": False, "town/2": True,
    }  # fmt: skip
    assert table.loc["community/D", ["shortfall", "unit", "people_affected"]].tolist() == [40.0, "people", 40.0]  # fmt: skip
    for share, is_flagged in ((2 / 3, False), (0.66, True)):  # exactly 2/3 are outside
        services = {name: replace(terms, flag_share=share) for name, terms in town.services.items()}
        table = flags(town.change(services=services), rules, "wuhan.circle_eldercare")
        assert bool(table.loc["community/D", "flagged"]) == is_flagged


def test_services_without_a_rule_flag_under_the_studys_own(town):
    # Yinzhou's circles are those of all eldercare and of childcare; Wuhan's is one of community facilities, without homes
    assert study_circles(town.services, rules_of([read_pack("yinzhou")])) == ()
    own = study_circles(town.services, rules_of([read_pack("wuhan")]))
    assert {rule.rule_id for rule in own} == {"study.circle_eldercare", "study.circle_childcare"}
    result = town.assess([])
    assert set(result.flags["rule_id"]) == {"study.circle_eldercare", "study.circle_childcare"}
    assert result.findings.empty
    table = flags(town, [], "study.circle_eldercare")
    assert table.loc["community/D", "people_affected"] == 40.0
    assert set(table["note_zh"]) == {""}


def test_a_service_of_types_that_no_pack_knows(town):
    services = {"schools": replace(town.services["childcare"], facilities=("school",))}
    rows = town.facilities.assign(services=[("school",)] * 6)
    table = flags(town.change(services=services, facilities=rows), [], "study.circle_schools")
    assert table["flagged"].notna().all()


def test_a_study_restricts_which_rules_flag(town):
    rules = rules_of([read_pack("wuhan")])
    result = town.assess(rules, flag_rules=["wuhan.places_per_1000_residents", "wuhan.places"])
    assert set(result.flags["rule_id"]) == {"wuhan.places_per_1000_residents"}
    assert any(note.code.startswith("rule_unknown") for note in result.notes)


# --- causes ---------------------------------------------------------------------------------------------------------


def cause(town, rules_from, zone, target=">=100", types="elder_day_care", where=""):
    rules = rules_from(
        f"kind: provision\nof: {{facilities: [{types}]{where}}}\nsupply: beds\nper: elders_60/1000\ntarget: '{target}@2025'"
    )
    return flags(town, rules).loc[zone, "cause"]


def test_each_cause(town, rules_from):
    # A's room at 150 m: one bed within reach of A, B
    assert cause(town, rules_from, "community/A") == "too_small"  # 6 beds due
    # with the whole bed A's 60 elders would have 16.7 per 1,000; shared with B less
    assert cause(town, rules_from, "community/A", ">=16") == "shared"  # that it is full no register says
    assert cause(town, rules_from, "community/D") == "none_in_circle"
    # B has a private home in the circle, but no public one (福利院 is 300 m from block 3 only)
    public = {"types": "elder_home", "where": ", where: {attribute: public}"}
    assert cause(town, rules_from, "community/B", **public) == "wrong_type"
    assert cause(town.supply(beds={"向阳日间照料室": (0, INF)}), rules_from, "community/A") == "no_data"
    assert cause(town, rules_from, "community/A", ">=1") == ""


def test_not_connected_is_near_in_a_straight_line_but_reached_by_no_street(town, rules_from, monkeypatch):
    cut = type(town).seconds

    def river(self):  # nobody east of 900 m comes across
        table = cut(self)
        return table[~table["demand_id"].isin([9, 10, 11])]

    monkeypatch.setattr(type(town), "seconds", river)
    moved = town.facilities.copy()
    moved.loc[moved["name"] == "河东日间照料室", "geometry"] = moved.geometry.iloc[0].__class__(890, 50)
    cut_off = town.change(facilities=moved)
    table = flags(cut_off, [], "study.circle_eldercare")
    assert table.loc["community/D", ["cause", "people_affected"]].tolist() == ["not_connected", 60.0]
    assert pd.isna(table.loc["community/D", "minutes"])


def test_nearest_is_the_nearest_that_counts(town, rules_from):
    rules = rules_from(
        "kind: provision\nof: {facilities: [elder_day_care]}\nsupply: beds\nper: elders_60/1000\ntarget: '>=100@2025'"
    )
    row = flags(town, rules).loc["community/B"]  # blocks at 350, 450, 550: 300 and 200 m to one or the other
    assert row["nearest_facility"] == "register.xlsx#5"
    assert row["minutes"] == pytest.approx(10.0)
