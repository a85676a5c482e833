"""Verdicts across rules: years, covered share, thresholds, figures of departments, and that inputs stay as they are."""

import copy

import numpy as np
import pandas as pd
import pytest

from geoplan.standards.packs.read import read_pack, rules_of
from geoplan.standards.requirement import Requirement, rounded
from geoplan.tables import CAUSES, FINDINGS, FLAGS, MEMBERS, VERDICTS
from geoplan.words.errors import TableError


def total(rules_from, target, base=""):
    more = f"base: {base}\n" if base else ""
    return rules_from(
        f"kind: total\nof: {{facilities: [institution]}}\nsupply: beds\n{more}target: '{target}'"
    )


def test_the_latest_target_at_or_before_the_year_judges(town, rules_from):
    rules = total(rules_from, ">=5@2023; >=12@2025; >=20@2030")
    wanted = {2023: (5.0, "met"), 2024: (5.0, "met"), 2025: (12.0, "not_met"), 2029: (12.0, "not_met"), 2031: (20.0, "not_met")}  # fmt: skip
    for year, (required, verdict) in wanted.items():
        row = town.change(year=year).finding(rules)
        assert (row["required"], row["verdict"]) == (required, verdict), year


def test_before_the_first_target_there_is_no_verdict_but_the_path(town, rules_from):
    row = town.change(year=2024).finding(total(rules_from, ">=12@2025", "4@2021"))
    # the straight line stands at 10 in 2024
    assert (row["verdict"], row["missing"], row["on_path"]) == ("not_applicable", "rule_not_due", "on_path")
    behind = town.change(year=2024).finding(total(rules_from, ">=12@2025", "5@2021"))
    assert behind["on_path"] == "behind"  # 10.25
    due_now = town.finding(total(rules_from, ">=12@2025", "5@2021"))
    assert (due_now["verdict"], due_now["on_path"]) == ("not_met", "")


def test_a_zone_with_too_few_communities_gets_no_verdict(town, rules_from):
    def judge(share):
        zones = town.zones.assign(covered_share=np.where(town.zones["level"] == "area", share, 1.0))
        return town.change(zones=zones).finding(total(rules_from, ">=12@2025"))

    assert judge(0.95)["verdict"] == "not_met"
    row = judge(0.9499)
    assert (row["verdict"], row["missing"], row["actual_low"]) == ("no_data", "rule_not_covered", 10.0)
    assert "95%" in row["missing_zh"]
    assert np.isnan(row["shortfall"])


def test_a_city_is_the_area_and_a_district_too_where_there_are_no_districts(town, rules_from):
    body = "kind: total\nof: {facilities: [institution]}\nsupply: beds\nlevel: %s\ntarget: '>=1@2025'"
    city = rules_from(body % "city", level="city")
    assert town.verdict(city) == "met"
    in_city = rules_from(body % "district", level="city")
    assert town.verdict(in_city) == "not_applicable"  # a city's districts are not in this study


def test_thresholds_reported_figures_and_names_that_are_unknown(town, rules_from):
    rules = total(rules_from, ">=12@2025")
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
    rules = total(rules_from, ">=1@2025")
    rows = town.facilities

    def beds(**columns):
        values = {k: [v, *rows[k].tolist()[1:]] for k, v in columns.items()}
        return town.change(facilities=rows.assign(**values)).finding(rules)["actual_low"]

    assert beds(open_year=2025.0) == 10.0
    assert beds(open_year=2026.0) == 6.0
    assert beds(close_year=2026.0) == 10.0
    assert beds(close_year=2025.0) == 6.0
    assert beds(status="closed") == 6.0
    # what is handed over counts whatever its status word: the joined register leaves out what is not built by the year
    for status in ("planned", "building"):
        assert beds(status=status) == 10.0
        assert beds(status=status, open_year=2025.0) == 10.0
        assert beds(status=status, open_year=2026.0) == 6.0
    assert beds(status="closed", open_year=2020.0) == 6.0


def test_a_type_that_a_register_could_list_is_none_and_one_that_it_could_not_is_unknown(town, rules_from):
    rules = rules_from("kind: total\nof: {facilities: [elder_school]}\ntarget: '>=1@2025'\nunit: facilities")
    assert town.verdict(rules) == "no_data"
    row = town.finding(rules, register_types=["elder_school"])
    assert (row["verdict"], row["actual_low"], row["shortfall"]) == ("not_met", 0.0, 1.0)


@pytest.mark.parametrize("name", ["wuhan", "huzhong", "yinzhou", "qianjiang", "yantai", "national"])
def test_a_whole_pack_keeps_the_tables_and_its_inputs(town, name):
    tables = town.tables()
    before = {key: copy.deepcopy(value) for key, value in tables.items()}
    from geoplan.standards.assess import assess

    rules = rules_of([read_pack(name)])
    result = assess(rules, **tables)
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
    rules = total(rules_from, ">=12@2025")
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
    centres = {rule.id: rule for rule in read_pack("wuhan").rules}["medical_and_care_centres"]
    what = centres.requirement(2025)
    assert (what.comparison, what.required, what.upper) == ("between", 1.0, 3.0)
    assert [what.holds(x, x) for x in (0.0, 1.0, 3.0, 4.0)] == [False, True, True, False]
    assert what.holds(0.0, 2.0) is None


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


def test_a_circle_reports_urban_and_rural_people_apart(town):
    apart = town.of_kind(
        community_D=("rural",), **dict.fromkeys(("community_A", "community_B", "community_C"), ("urban",))
    )
    row = apart.finding(rules_of([read_pack("wuhan")]), "wuhan.circle_eldercare")
    assert (row["share_urban"], row["share_rural"]) == (1.0, pytest.approx(1 / 3))
