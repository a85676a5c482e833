"""Verdicts across rules: years, covered share, thresholds, figures of departments, and that inputs stay as they are."""

import copy

import numpy as np
import pandas as pd
import pytest
from rule_cases import HOMES, case, rule

from geoplan.standards.packs.read import read_pack, rules_of, shipped
from geoplan.standards.requirement import Requirement, rounded
from geoplan.tables import CAUSES, FINDINGS, FLAGS, MEMBERS, VERDICTS
from geoplan.words.errors import TableError


def beds(target, *more):
    return rule("total", target, HOMES, "supply: beds", *more)


def covered(share):
    return lambda town: town.with_zones(covered_share=np.where(town.zones["level"] == "area", share, 1.0))


def one_district(town):
    """The town's eastern half taken for the only district of the study."""
    return town.with_zones(level=town.zones["level"].mask(town.zones.index == "town/1", "district"))


def in_year(year):
    return lambda town: town.change(year=year)


SCHOOLS = rule("total", ">=1", "of: {facilities: [elder_school]}", "unit: facilities")
CASES = [
    *(
        case(f"the latest target in {year}", beds(">=5@2023; >=12@2025; >=20@2030"), town=in_year(year), required=required, verdict=verdict)
        for year, required, verdict in ((2023, 5.0, "met"), (2024, 5.0, "met"), (2025, 12.0, "not_met"), (2029, 12.0, "not_met"), (2031, 20.0, "not_met"))
    ),
    # the straight line stands at 10 in 2024, and at 10.25
    case("on the path to the first target", beds(">=12", "base: 4@2021"), town=in_year(2024), verdict="not_applicable", missing="rule_not_due", on_path="on_path"),
    case("behind the path", beds(">=12", "base: 5@2021"), town=in_year(2024), on_path="behind"),
    case("no path once it is due", beds(">=12", "base: 5@2021"), verdict="not_met", on_path=""),
    case("a zone with enough communities", beds(">=12"), town=covered(0.95), verdict="not_met"),
    case("a zone with too few communities", beds(">=12"), town=covered(0.9499), verdict="no_data", missing="rule_not_covered", actual_low=10.0,
         says_zh="95%", shortfall=float("nan")),
    case("a city is the area", beds(">=1", "level: city"), level="city", verdict="met"),
    # an amount that the city's plan sets for all of it says nothing of one of its districts; a rate does
    case("one district of a city", beds(">=12", "level: city"), level="city", town=one_district, verdict="no_data", missing="rule_part_of_city",
         actual_low=10.0, shortfall=float("nan")),
    case("a rate in one district of a city", rule("provision", ">=12", HOMES, "supply: beds", "per: elders_60/1000", "level: city"), level="city",
         town=one_district, missing="", verdict="met"),
    # a city's districts are not in this study
    case("a city's districts", beds(">=1", "level: district"), level="city", verdict="not_applicable"),
    case("a type that no register could list", SCHOOLS, verdict="no_data"),
    case("a type that a register could list", SCHOOLS, given={"register_types": frozenset({"elder_school"})}, verdict="not_met", actual_low=0.0, shortfall=1.0),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_finding(town, rules_from, case):
    case.check(town, rules_from)


def test_thresholds_reported_figures_and_names_that_are_unknown(town, rules_from):
    rules = rules_from(beds(">=12"))
    result = town.assess(
        rules,
        thresholds={"local.r": 3.0, "local.x": 1.0},
        reported=[("local.r", 11.0, "区民政局")],
        flag_rules=(),
    )
    row = result.findings.iloc[0]
    assert (row["required"], row["reported"], row["reported_by"], bool(row["local"])) == (12.0, 11.0, "区民政局", False)  # fmt: skip
    codes = [note.code for note in result.notes]
    assert "rule_threshold_unused" in codes
    assert any(code.startswith("rule_unknown") for code in codes)


def test_facilities_count_from_open_to_close_year(town, rules_from):
    rules = rules_from(beds(">=1"))
    rows = town.facilities

    def held(**columns):
        values = {k: [v, *rows[k].tolist()[1:]] for k, v in columns.items()}
        return town.change(facilities=rows.assign(**values)).finding(rules)["actual_low"]

    assert held(open_year=2025.0) == 10.0
    assert held(open_year=2026.0) == 6.0
    assert held(close_year=2026.0) == 10.0
    assert held(close_year=2025.0) == 6.0
    assert held(status="closed") == 6.0
    # what is handed over counts whatever its status word: the joined register leaves out what is not built by the year
    for status in ("planned", "building"):
        assert held(status=status) == 10.0
        assert held(status=status, open_year=2025.0) == 10.0
        assert held(status=status, open_year=2026.0) == 6.0
    assert held(status="closed", open_year=2020.0) == 6.0


@pytest.mark.parametrize("name", shipped())
def test_a_whole_pack_keeps_the_tables_and_its_inputs(town, name):
    tables = town.tables()
    before = copy.deepcopy(tables)
    rules = rules_of([read_pack(name)])
    result = town.assess(rules)
    assert set(result.findings["rule_id"]) == {rule.rule_id for rule in rules}
    for key, value in tables.items():
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(value), pd.DataFrame(before[key]))
    for table, columns in ((result.findings, FINDINGS), (result.members, MEMBERS), (result.flags, FLAGS)):
        assert set(columns) <= set(table.columns)
    assert set(result.findings["verdict"]) <= set(VERDICTS)
    assert {*result.findings["cause"], *result.members["cause"], *result.flags["cause"]} <= {"", *CAUSES}
    judged = result.findings[result.findings["verdict"] == "not_met"]
    assert (judged["shortfall"] > 0).all()
    assert result.findings.loc[result.findings["verdict"] != "not_met", "shortfall"].isna().all()
    for lang in ("zh", "en"):
        assert (result.findings.loc[result.findings["verdict"] == "no_data", f"missing_{lang}"] != "").all()
    assert not result.flags.duplicated(["rule_id", "zone_id"]).any()
    assert result.flags["year"].eq(2025).all()


def test_a_table_without_its_columns_or_with_unknown_ids(town, rules_from):
    rules = rules_from(beds(">=12"))
    with pytest.raises(TableError, match="serves"):
        town.change(facilities=town.facilities.drop(columns="serves")).assess(rules)
    with pytest.raises(TableError, match=r"nowhere#1"):
        town.assess(rules, supplies=town.supplies.assign(facility_id="nowhere#1"))
    with pytest.raises(TableError, match=r"community/Z"):
        town.assess(rules, facilities=town.facilities.assign(zone_id="community/Z"))


def test_requirements_read_ranges_and_thresholds():
    rule = {rule.id: rule for rule in read_pack("huzhong").rules}["new_estate_rooms"]
    what = rule.requirement(2025)
    assert (what.comparison, what.required, what.aim, what.target_year) == (">=", 20.0, 30.0, 2025)
    land = {rule.id: rule for rule in read_pack("national").rules}["home_land_per_bed"]
    what = land.requirement(2025)
    assert (what.comparison, what.required, what.upper) == ("between", 18.0, 44.0)
    assert [what.holds(x, x) for x in (17.0, 18.0, 44.0, 45.0)] == [False, True, True, False]
    assert what.holds(17.0, 20.0) is None


@pytest.mark.parametrize(
    ("amount", "unit", "strict", "whole"),
    [(2.0, "beds", False, 2.0), (2.0 + 1e-7, "beds", False, 2.0), (2.0 + 1e-5, "beds", False, 3.0), (2.0, "beds", True, 3.0),
     (0.2, "places", False, 1.0), (-1.0, "facilities", False, 0.0), (2.5, "m2", False, 2.5), (2.5, "people", False, 2.5)],
)  # fmt: skip
def test_gaps_round_up_in_whole_units(amount, unit, strict, whole):
    assert rounded(amount, unit=unit, strict=strict) == whole


def test_gap_of_huzhong_by_hand():
    # 12,000 residents at 4.5 per 1,000 less 20 places: 34; the census' 16,359: 74 due, 54 short
    assert Requirement(">=", 4.5).gap(20 / 12, 20 / 12, 12.0, unit="places") == 34.0
    assert Requirement(">=", 4.5).gap(20 / 16.359, 20 / 16.359, 16.359, unit="places") == 54.0


def test_a_circle_reports_urban_and_rural_people_apart(town, rules_from):
    apart = town.of_kind(
        community_D=("rural",), **dict.fromkeys(("community_A", "community_B", "community_C"), ("urban",))
    )
    row = apart.finding(rules_of([read_pack("yinzhou")]), "yinzhou.circle_eldercare")
    assert (row["share_urban"], row["share_rural"]) == (1.0, pytest.approx(1 / 3))
    # five minutes are 100 m: of nine urban blocks the three about each room
    narrow = rules_from(
        "kind: circle\nof: {facilities: [elder_day_care]}\nminutes: 5\ngroup: elders_60\ntarget: '>=80%@2025'\nunit: people"
    )
    row = apart.finding(narrow)
    assert (row["share_urban"], row["share_rural"]) == (pytest.approx(6 / 9), 0.0)
