"""The annual table: 完成率 and 序时进度 as by hand, years in order, the demo in two years."""

import dataclasses

import numpy as np
import openpyxl
import pandas as pd
import pytest

from geoplan.cli.demo import demo_study
from geoplan.pipeline.evaluate import run
from geoplan.report.content.annual import annual, indicators_table, long_table, years_of
from geoplan.report.content.table import Coded, cell_text
from geoplan.report.folder.save import write_annual
from geoplan.study.study import read_study
from geoplan.words.errors import StudyError, TableError

NURSING = "wuhan.nursing_bed_share"


def in_year(by_hand, year, actual, *, comparison=">=", required=0.65, verdict="not_applicable", high=None):
    """Return the outcome by hand as of `year`, with a base of 45 % in 2021 and `actual` nursing beds."""
    outcome = by_hand.make_outcome()
    rules = outcome.rules.copy()
    rules["base_value"] = rules["base_value"].astype(float)
    rules.loc[NURSING, "base_value"] = 0.45
    rules["base_year"] = rules["base_year"].astype(object)
    rules.loc[NURSING, "base_year"] = 2021
    findings = outcome.findings.assign(year=year, target_year=2025)
    here = findings["rule_id"] == NURSING
    for column, value in {
        "actual_low": actual, "actual_high": actual if high is None else high, "required": required,
        "comparison": comparison, "verdict": verdict,
    }.items():  # fmt: skip
        findings.loc[here, column] = value
    return dataclasses.replace(outcome, year=year, rules=rules, findings=findings)


def nursing(table):
    return table.findings[table.findings["rule_id"] == NURSING].set_index("year")


def test_completion_and_progress_as_by_hand(by_hand):
    years = [
        in_year(by_hand, 2025, 0.70, verdict="met"),
        in_year(by_hand, 2022, 0.48),
        in_year(by_hand, 2023, 0.55),
    ]
    table = annual(years)
    own = nursing(table)
    assert list(own.index) == [2022, 2023, 2025] == list(table.outcomes)
    # of 65 %; of the 20 points from 45 %; of the four years from 2021
    assert own["completion_low"].tolist() == pytest.approx([0.48 / 0.65, 0.55 / 0.65, 0.70 / 0.65])
    assert own["way_low"].tolist() == pytest.approx([0.15, 0.5, 1.25])
    assert own["time"].tolist() == pytest.approx([0.25, 0.5, 1.0])
    assert own["change"].tolist() == pytest.approx([np.nan, 0.07, 0.15], nan_ok=True)
    sheet = indicators_table(table)
    keys = [column.key for column in sheet.columns]
    row = next(r for r in sheet.rows if r[keys.index("indicator")] == "护理型床位数占养老机构床位比例")
    said = {key: cell_text(cell, "zh") for key, cell in zip(keys, row, strict=True)}
    assert [said[f"annual_progress_{year}"] for year in table.outcomes] == [
        "15% / 25%",
        "50% / 50%",
        "125% / 100%",
    ]
    assert [said[f"annual_verdict_{year}"] for year in table.outcomes] == ["目标年未到", "目标年未到", "达标"]
    assert row[keys.index("annual_verdict_2025")] == Coded("met")
    assert (said["target"], said["last_change"], said["annual_actual_2025"]) == (
        "≥65.0% (2025)",
        "+15.0%",
        "70.0%",
    )


def test_a_target_that_falls_an_interval_and_no_base(by_hand):
    # from 45 % down to 25 %: at 30–35 % half to three quarters of the way are done; no completion of an at-most target
    years = [in_year(by_hand, y, 0.30, comparison="<=", required=0.25, high=0.35) for y in (2023, 2024)]
    own = nursing(annual(years)).loc[2023]
    assert (own["way_low"], own["way_high"]) == (pytest.approx(0.5), pytest.approx(0.75))
    assert np.isnan(own["completion_low"])
    # no change between intervals: nobody knows
    assert nursing(annual(years))["change"].isna().all()
    # to the printed cell an interval stays one
    shown = long_table(annual(years))
    at = [column.key for column in shown.columns].index("actual")
    assert "30.0%–35.0%" in [cell_text(row[at], "zh") for row in shown.rows]
    others = annual(years).findings
    others = others[others["rule_id"] == "wuhan.beds_per_1000_elders"]
    assert others[["way_low", "time"]].isna().all(axis=None)


@pytest.mark.parametrize("years", [[2025], [2025, 2025], []])
def test_two_different_years_are_needed(by_hand, years):
    with pytest.raises(TableError, match="two different years"):
        annual([in_year(by_hand, year, 0.5) for year in years])


@pytest.mark.parametrize("word", ["23", "2023-", "２０２３", "a", "2023-24", ""])
def test_what_is_no_year(word):
    with pytest.raises(StudyError, match="no year"):
        years_of([word])


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
