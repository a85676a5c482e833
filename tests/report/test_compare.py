"""Two results, or several years, compared: what changes by hand, nothing where nothing differs, and what is unknown is no change."""

import dataclasses

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed import line_of, texts
from report_town import BEDS, PLACES, flags_of

from geoplan.cli.demo import demo_study
from geoplan.pipeline.evaluate import run
from geoplan.report.compare.page import comparison_page, payload
from geoplan.report.content import comparison as room
from geoplan.report.content.annual import annual, indicators_table, periods_of
from geoplan.report.content.annual import long_table as annual_lines
from geoplan.report.content.comparison import compare
from geoplan.report.content.table import Amount, Coded, cell_text
from geoplan.report.folder.save import write_annual, write_comparison
from geoplan.study.study import read_study
from geoplan.words.errors import StudyError, TableError


def changed(outcome, table, where, **values):
    """Return `outcome` with the cells of one row set."""
    frame = getattr(outcome, table).copy()
    for column, value in values.items():
        frame.loc[where(frame), column] = value
    return dataclasses.replace(outcome, **{table: frame})


def at(frame, **keys):
    rows = np.logical_and.reduce([(frame[name] == value).to_numpy() for name, value in keys.items()])
    return frame[rows]


def row(frame, **keys):
    found = at(frame, **keys)
    assert len(found) == 1, keys
    return found.iloc[0]


@pytest.fixture
def pair(outcome):
    """Return the outcome, and the same with a better circle, a verdict won, one lost, and a flag gone."""
    after = dataclasses.replace(outcome, name=f"{outcome.name} · 方案一")
    here = {"service": "eldercare", "measure": "network", "kind": ""}

    def circle(zone):
        return lambda t: (t["zone_id"] == zone) & np.logical_and.reduce([t[k] == v for k, v in here.items()])

    for zone in ("community/C03", "area/area"):
        old = row(outcome.circle, zone_id=zone, **here)
        after = changed(
            after, "circle", circle(zone), covered=old["covered"] + 7, outside=old["outside"] - 7,
            share=(old["covered"] + 7) / old["people"],
        )  # fmt: skip
    first, *_ = outcome.findings.index[outcome.findings["verdict"] == "not_met"]
    met, *_ = outcome.findings.index[outcome.findings["verdict"] == "met"]
    after = changed(after, "findings", lambda t: t.index == first, verdict="met", shortfall=np.nan)
    after = changed(after, "findings", lambda t: t.index == met, verdict="not_met", shortfall=3.0)
    flagged = at(outcome.flags, rule_id=PLACES, zone_id="community/C04").iloc[0]
    assert flagged["flagged"]
    after = changed(
        after, "flags", lambda t: (t["rule_id"] == PLACES) & (t["zone_id"] == "community/C04"),
        flagged=False, state="not_flagged", shortfall=0.0, people_affected=0.0,
    )  # fmt: skip
    return outcome, after, {"won": first, "lost": met, "gone": flagged}


def test_people_verdicts_and_gaps_as_by_hand(pair):
    before, after, rows = pair
    found = compare(before, after)
    key = {"service": "eldercare", "measure": "network"}
    moved = found.people[found.people["covered_change"] != 0]
    assert moved["zone_id"].tolist() == ["area/area", "community/C03"]
    own = row(found.people, zone_id="community/C03", **key)
    # 16 points of 22 elders
    assert own["people_before"] == own["people_after"] == 16 * 22
    assert own["covered_after"] - own["covered_before"] == own["covered_change"] == 7
    assert own["share_change"] == pytest.approx(7 / (16 * 22))
    counts = found.verdicts["change"].value_counts().to_dict()
    assert (counts["won"], counts["lost"], sum(counts.values())) == (1, 1, len(before.findings))
    won = row(found.verdicts, change="won")
    old = before.findings.loc[rows["won"]]
    # what is met falls short by nothing
    assert (won["rule_id"], won["shortfall_before"], won["shortfall_after"]) == (
        old["rule_id"], old["shortfall"], 0,
    )  # fmt: skip
    assert row(found.verdicts, change="lost")["shortfall_change"] == 3
    gone = row(found.gaps, change="gone")
    assert (gone["zone_id"], gone["shortfall_change"]) == ("community/C04", -rows["gone"]["shortfall"])
    total = row(found.totals, rule_id=PLACES, level="community")
    _, short = flags_of(before, PLACES)
    # all but C01 and C02: 2 + 5 + 1 + 3 + 2 + 2 + 6 + 8 + 3 + 3 places, of which the 5 of C04 are made up
    assert total["flagged_before"] == len(short) == total["flagged_after"] + 1 == 10
    assert total["shortfall_before"] == short["shortfall"].sum() == 35
    assert total["shortfall_change"] == -rows["gone"]["shortfall"] == -5
    # C04 reaches 1.674 of 4.5 places: of its 40 under-threes 40 x (1 - 1.674 / 4.5) have none
    assert total["people_affected_before"] - total["people_affected_after"] == pytest.approx(25.119, abs=1e-3)
    # the zone that cannot be told is unknown in both: its change is none, and it is counted
    # a home of unknown size stands in the third town
    towns = row(found.totals, rule_id=BEDS, level="town")
    assert towns["unknown_before"] == towns["unknown_after"] == 1
    assert (towns["flagged_before"], towns["shortfall_before"], towns["shortfall_change"]) == (2, 43 + 58, 0)


def test_what_is_for_reference_only_is_neither_new_nor_gone(outcome):
    after = changed(
        outcome, "flags", lambda t: (t["rule_id"] == BEDS) & (t["zone_id"] == "community/C04"),
        flagged=False, state="not_flagged", shortfall=0.0, people_affected=0.0,
    )  # fmt: skip
    found = compare(outcome, after)
    assert set(found.gaps["change"]) == {"same"}
    assert set(found.totals.loc[found.totals["rule_id"] == BEDS, "level"]) == {"town", "district"}


def test_a_result_compared_with_itself_has_no_change(demo):
    found = compare(demo, demo)
    assert set(found.verdicts["change"]) == {"same"}
    assert set(found.gaps["change"]) <= {"same"}
    assert found.facilities.empty
    assert found.notes == ()
    for table, column in (("people", "covered_change"), ("totals", "shortfall_change")):
        assert (getattr(found, table)[column].fillna(0) == 0).all()
    assert len(found.people) == (demo.circle["kind"] == "").sum()


def test_what_is_known_on_one_side_only_is_no_change(outcome):
    # 南湖 falls short before; after, nobody can tell
    after = changed(
        outcome, "flags", lambda t: (t["rule_id"] == PLACES) & (t["zone_id"] == "community/C04"),
        flagged=pd.NA, state="unknown", shortfall=np.nan,
    )  # fmt: skip
    found = compare(outcome, after)
    total = row(found.totals, rule_id=PLACES, level="community")
    assert total["shortfall_after"] < total["shortfall_before"]
    assert np.isnan(total["shortfall_change"])
    assert row(found.gaps, change="other")["zone_id"] == "community/C04"
    towns = row(found.totals, rule_id=PLACES, level="town")
    assert towns["shortfall_change"] == 0


def test_facilities_that_open_close_and_grow(outcome):
    files = {"e": "eldercare_register.xlsx", "c": "childcare_register.csv"}
    home = outcome.supplies["facility_id"] == f"{files['e']}#3"
    more = {end: outcome.supplies[end].mask(home, 30.0) for end in ("low", "high")}
    after = dataclasses.replace(
        outcome,
        facilities=outcome.facilities.drop(index=f"{files['c']}#2"),
        supplies=outcome.supplies.assign(**more),
    )
    found = compare(outcome, after).facilities.set_index("facility_id")
    assert found["change"].to_dict() == {f"{files['e']}#3": "larger", f"{files['c']}#2": "closed"}
    grown = found.loc[f"{files['e']}#3", ["supply", "before", "after"]].tolist()
    assert grown == ["beds", (10, 10), (30, 30)]
    back = compare(after, outcome).facilities.set_index("facility_id")["change"].to_dict()
    assert back == {f"{files['e']}#3": "smaller", f"{files['c']}#2": "opened"}


def test_other_years_people_paces_and_rules_are_said(outcome):
    slower = dataclasses.replace(outcome.services["childcare"], walk_kmh=3.2)
    services = {**outcome.services, "childcare": slower}
    groups = outcome.groups.copy()
    groups.loc["elders_60", "total"] += 100
    less = {
        name: getattr(outcome, name).query("rule_id != @BEDS")
        for name in ("rules", "findings", "flags", "gap_list")
    }
    after = dataclasses.replace(
        outcome, year=2030, services=services, groups=groups, zones=outcome.zones.drop(index="community/C12"), **less
    )  # fmt: skip
    found = compare(outcome, after)
    assert [note.code for note in found.notes] == [
        "compare_year", "compare_zones", "compare_people", "compare_pace", "compare_rules",
    ]  # fmt: skip
    assert "4 km/h" in found.notes[3].text("en")
    assert found.names() == (f"{outcome.name} 2025", f"{outcome.name} 2030")
    # the zone that only the first has is still there, behind the others
    assert comparison_page(found)


VERDICT = st.sampled_from(["met", "not_met", "no_data", "not_applicable"])


@given(VERDICT, VERDICT)
def test_turning_a_comparison_round_turns_won_into_lost(one, other):
    there, back = room._verdict_change("both", one, other), room._verdict_change("both", other, one)
    turned = {"won": "lost", "lost": "won", "same": "same", "other": "other"}
    assert turned[there] == back
    assert there in room.VERDICT_CHANGES
    assert (there == "won") == (other == "met" and one in ("not_met", "no_data"))


TRUTH = st.sampled_from([True, False, pd.NA])


@given(TRUTH, TRUTH)
def test_turning_a_comparison_round_turns_new_into_gone(one, other):
    there, back = room._flag_change("both", one, other), room._flag_change("both", other, one)
    assert {"new": "gone", "gone": "new", "same": "same", "other": "other"}[there] == back
    assert there in room.FLAG_CHANGES


def test_the_tables_say_what_changes(pair):
    before, after, _ = pair
    found = compare(before, after)
    own = row(found.people, zone_id="community/C03", service="eldercare", measure="network")
    line = line_of(room.people_table(found), zone="东升社区", service="养老服务")
    assert (line["people"], line["covered_change"]) == ("352", "+7")
    assert line["share_change"] == f"+{100 * own['share_change']:.1f}%"
    assert (line["zone_code"], line["level"]) == (after.zones.loc["community/C03", "code"], "社区")
    # the verdicts that change, with what is asked and what is missing in the unit in which one builds
    changed_ = room.changed_verdicts_table(found)
    assert changed_.title == "评价结论变化：新达标 1，转为不达标 1，不变 3"
    assert {said["change"] for said in texts(changed_)} == {"新达标", "转为不达标"}
    lost = line_of(changed_, change="转为不达标")
    assert (lost["compared_verdict_before"], lost["compared_verdict_after"]) == ("达标", "未达标")
    gaps = [lost[key] for key in ("compared_gap_before", "compared_gap_after", "shortfall_change")]
    assert gaps == ["0", "3", "+3"]
    assert lost["target_before"] == lost["target_after"] != ""
    assert len(room.verdicts_table(found).rows) == len(before.findings)


def test_an_interval_of_a_value_and_a_supply_stays_one(outcome):
    files = {"e": "eldercare_register.xlsx"}
    supplies = outcome.supplies.copy()
    here = supplies["facility_id"] == f"{files['e']}#3"
    supplies.loc[here, ["low", "high"]] = [0.0, np.inf]
    found = compare(outcome, dataclasses.replace(outcome, supplies=supplies))
    (line,) = [said for said in room.facilities_table(found).rows if said[2] == f"{files['e']}#3"]
    # of what may be none or any number there is no number
    assert line[-2:] == (Amount(10, 10, "count"), Coded("no_data"))
    beds = row(verdicts := found.verdicts, rule_id="wuhan.beds_per_1000_elders")
    assert np.isinf(beds["actual_high_after"])
    said = line_of(room.verdicts_table(found), indicator="每千名老人养老床位(张)")
    assert said["compared_actual_after"].startswith("≥ ")
    assert len(verdicts) == len(outcome.findings)


def test_flagged_judged_and_without_data_are_three_figures(pair):
    before, after, _ = pair
    dark = (before.flags["rule_id"] == PLACES) & before.flags["zone_id"].isin(
        ["community/C01", "community/C03"]
    )
    before = changed(before, "flags", lambda _: dark, flagged=pd.NA, state="unknown", shortfall=np.nan)
    found = compare(before, after)
    name = "每千人口拥有3岁以下婴幼儿托位数(个)"
    line = line_of(room.totals_table(found), indicator=name, level="社区")
    sides = [line[f"flagged_{side}"] for side in ("before", "after")]
    # nine are short of the ten that are known; after it, C04 of twelve is so no longer
    assert sides == ["9 / 10（另 2 个数据不足）", "9 / 12"]
    # the map prints the same words over each side
    view = next(view for view in payload(found)["flags"] if view["label"] == name)
    assert view["counts"]["community"] == sides
    # towns are measured by beds: one cannot be told
    beds = next(view for view in payload(found)["flags"] if view["label"] == "每千名老人养老床位(张)")
    assert beds["counts"] == {
        "town": ["2 / 3（另 1 个数据不足）"] * 2,
        "district": ["0 / 1（另 1 个数据不足）"] * 2,
    }


def test_where_nothing_can_be_told_no_gap_is_0(outcome):
    flags = outcome.flags.copy()
    here = flags["rule_id"] == PLACES
    flags.loc[here, "flagged"] = pd.NA
    flags.loc[here, ["shortfall", "people_affected"]] = np.nan
    found = compare(outcome, dataclasses.replace(outcome, flags=flags))
    name = "每千人口拥有3岁以下婴幼儿托位数(个)"
    line = line_of(room.totals_table(found), indicator=name)
    assert line["flagged_after"].startswith("数据不足")
    assert (line["gross_after"], line["affected_after"], line["shortfall_change"]) == ("", "", "")
    told = {said["compared_gap_after"] for said in texts(room.gaps_table(found)) if said["indicator"] == name}
    assert told == {"数据不足"}


def test_the_workbook_has_its_tabs_and_says_whose_figures(pair, tmp_path):
    found = compare(*pair[:2])
    write_comparison(found, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "compare.xlsx")
    assert book.sheetnames == ["比选结论", "评价结论比较", "街道社区缺口比较", "覆盖人口比较"]
    heads = [str(line[0].value) for line in list(book["覆盖人口比较"].iter_rows())[:5]]
    assert any("示范区一老一小设施评价 → 方案一" in head for head in heads)
    assert any("演示数据" in head for head in heads)
    page = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert all(note in page for table in room.overview_tables(found) for note in table.notes)


def test_the_csv_has_every_figure_once(pair, tmp_path):
    before, after, _ = pair
    found = compare(before, after)
    write_comparison(found, tmp_path)
    lines = pd.read_csv(tmp_path / "compare.csv")
    assert len(lines) == len(room.long_table(found).rows)
    assert len(lines) == 2 * len(found.people) + len(found.verdicts) + len(found.gaps)
    shares = lines[(lines["what_compared"] == "share") & (lines["zone_id"] == "community/C03")]
    assert len(shares) == len(before.circle["service"].unique()) * 3
    assert shares["value_after"].between(0, 1.1).all()
    assert sorted(lines["change"].dropna().unique()) == ["gone", "lost", "same", "won"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_table_stands_in_both_languages(make, lang):
    own = make(lang=lang)
    for page in room.comparison_pages(compare(own, own)):
        for table in (page, *page.below):
            assert not any(column.header.startswith(("compare_", "column_")) for column in table.columns)
            assert table.rows or table.empty


def test_the_console_prints_what_changes(pair):
    found = compare(*pair[:2])
    assert [column.key for column in room.area_table(found).to(1).columns][-3:] == [
        "covered_change", "share_before", "share_after",
    ]  # fmt: skip
    assert [line["shortfall_change"][0] for line in texts(room.totals_table(found, moved=True))] == ["-"]


NURSING = "wuhan.nursing_bed_share"


def in_year(make, year, actual, *, comparison=">=", required=0.65, verdict="not_applicable", high=None):
    """Return the outcome by hand as of `year`, with a base of 45 % in 2021 and `actual` nursing beds."""
    outcome = make()
    rules = outcome.rules.copy()
    for column, start in (
        ("base_value", 0.45),
        ("base_year", 2021),
    ):
        rules[column] = rules[column].astype(object)
        rules.loc[NURSING, column] = start
    findings = outcome.findings.assign(year=year, target_year=2025)
    here = findings["rule_id"] == NURSING
    for column, value in {
        "actual_low": actual, "actual_high": actual if high is None else high, "required": required,
        "comparison": comparison, "verdict": verdict, "path_target": required, "path_target_year": 2025,
    }.items():  # fmt: skip
        findings.loc[here, column] = value
    return dataclasses.replace(outcome, year=year, rules=rules, findings=findings)


def nursing(table):
    return table.findings[table.findings["rule_id"] == NURSING].set_index("year")


def test_completion_and_progress_as_by_hand(make):
    table = annual(
        [in_year(make, 2025, 0.70, verdict="met"), in_year(make, 2022, 0.48), in_year(make, 2023, 0.55)]
    )
    own = nursing(table)
    assert list(own.index) == [2022, 2023, 2025] == list(table.outcomes)
    # of 65 %; of the 20 points from 45 %; of the four years from 2021
    assert own["completion_low"].tolist() == pytest.approx([0.48 / 0.65, 0.55 / 0.65, 0.70 / 0.65])
    assert own["way_low"].tolist() == pytest.approx([0.15, 0.5, 1.25])
    assert own["time"].tolist() == pytest.approx([0.25, 0.5, 1.0])
    assert own["change"].tolist() == pytest.approx([np.nan, 0.07, 0.15], nan_ok=True)
    sheet = indicators_table(table)
    said = line_of(sheet, indicator="护理型床位数占养老机构床位比例")
    progress = [said[f"annual_progress_{year}"] for year in table.outcomes]
    assert progress == ["15% / 25%", "50% / 50%", "125% / 100%"]
    assert [said[f"annual_verdict_{year}"] for year in table.outcomes] == ["目标年未到", "目标年未到", "达标"]
    assert Coded("met") in sheet.cells("annual_verdict_2025")
    last = [said[key] for key in ("target", "last_change", "annual_actual_2025")]
    assert last == ["≥65.0% (2025)", "+15.0%", "70.0%"]


def test_a_target_that_falls_an_interval_and_no_base(make):
    # from 45 % down to 25 %: at 30–35 % half to three quarters of the way are done; no completion of an at-most target
    years = [in_year(make, y, 0.30, comparison="<=", required=0.25, high=0.35) for y in (2023, 2024)]
    own = nursing(annual(years)).loc[2023]
    assert (own["way_low"], own["way_high"]) == (pytest.approx(0.5), pytest.approx(0.75))
    assert np.isnan(own["completion_low"])
    # no change between intervals: nobody knows
    assert nursing(annual(years))["change"].isna().all()
    # to the printed cell an interval stays one
    shown = annual_lines(annual(years))
    at = [column.key for column in shown.columns].index("actual")
    assert "30.0%–35.0%" in [cell_text(row[at], "zh") for row in shown.rows]
    others = annual(years).findings
    others = others[others["rule_id"] == "wuhan.beds_per_1000_elders"]
    assert others[["way_low", "time"]].isna().all(axis=None)


@pytest.mark.parametrize("years", [[2025], [2025, 2025], []])
def test_two_different_years_are_needed(make, years):
    with pytest.raises(TableError, match="two different years"):
        annual([in_year(make, year, 0.5) for year in years])


@pytest.mark.parametrize("word", ["23", "2023-", "２０２３", "a", "2023-24", ""])
def test_what_is_no_year(word):
    with pytest.raises(StudyError, match="not a year"):
        periods_of([word])


def test_the_demo_in_two_years(demo, tmp_path):
    study = read_study(demo_study())
    earlier = run(study.model_copy(update={"year": 2023})).outcome
    table = annual([demo, earlier])
    write_annual(table, tmp_path)
    own = table.findings.set_index(["rule_id", "zone_id", "year"])
    share = own.sort_index().loc[("huzhong.nursing_bed_share", "district/HZ")]
    # the plan's 36.4 % of 2022 is 8 of 22 beds; a third of the three years had passed in 2023
    assert share.loc[2023, "time"] == pytest.approx(1 / 3)
    assert share.loc[2025, "completion_low"] == pytest.approx((8 / 22) / 0.55)
    assert share["verdict"].tolist() == ["not_applicable", "not_met"]
    for year, outcome in ((2023, earlier), (2025, demo)):
        kept = outcome.findings.set_index(["rule_id", "zone_id"])["actual_low"]
        here = own.xs(year, level="year")["actual_low"].reindex(kept.index)
        assert np.array_equal(here, kept, equal_nan=True)
    book = openpyxl.load_workbook(tmp_path / "annual.xlsx")
    assert book.sheetnames == ["年度考核表", "服务圈覆盖"]
    lines = pd.read_csv(tmp_path / "annual.csv")
    assert len(lines) == len(table.findings)
    assert lines["verdict"].tolist() == table.findings["verdict"].tolist()
    assert np.allclose(lines["actual_low"], table.findings["actual_low"], equal_nan=True, atol=1e-6)
    assert lines["zone_code"].notna().any()
    again = tmp_path / "again"
    write_annual(annual([earlier, demo]), again)
    for file in ("annual.xlsx", "annual.csv"):
        assert (again / file).read_bytes() == (tmp_path / file).read_bytes()
