"""季度、月度监测表: one run a year, a group of columns a period."""

import dataclasses

import numpy as np
import openpyxl
import pandas as pd
import pytest

from geoplan.cli import commands as cli
from geoplan.cli.demo import demo_study
from geoplan.pipeline import evaluate
from geoplan.pipeline.evaluate import run_periods
from geoplan.report.content.annual import periods_of
from geoplan.report.content.periods import period_lines, period_pages, periods_table, titled
from geoplan.report.content.table import cell_text
from geoplan.report.folder.save import write_periods
from geoplan.study.study import read_study
from geoplan.words.errors import StudyError
from geoplan.words.periods import parse_period

NURSING, BEDS = "wuhan.nursing_bed_share", "wuhan.beds_per_1000_elders"
PERIODS = tuple(parse_period(text) for text in ("2024Q4", "2025Q1", "2025Q2"))


@pytest.fixture(scope="module")
def outcomes(outcome):
    """The town in three quarters: a share reported in two of them, rising from 40 % in 2020 to 65 % in 2025."""
    rules = outcome.rules.copy()
    for key, value in {"base_value": 0.4, "base_year": 2020, "counted": "level"}.items():
        rules[key] = rules[key].astype(object)
        rules.loc[NURSING, key] = value
    told = {"2024Q4": (0.60, "2024Q4"), "2025Q1": (0.61, "2025-02"), "2025Q2": (0.63, "")}

    def of(period):
        value, of_period = told[period.text]
        findings = outcome.findings.copy()
        here = findings["rule_id"] == NURSING
        now = {"adopted": "reported", "adopted_low": value, "adopted_high": value, "reported_period": of_period, "required": 0.65, "target_year": 2025,
               "path_target": 0.65, "path_target_year": 2025, "comparison": ">=", "adopted_verdict": "not_applicable",
               "adopted_on_path": "on_path" if period.text == "2025Q2" else "behind"}  # fmt: skip
        for key, one in now.items():
            findings.loc[here, key] = one
        return dataclasses.replace(outcome, year=period.year, rules=rules, findings=findings)

    return {period: of(period) for period in PERIODS}


def line_of(table, lang="zh", **where):
    keys = [column.key for column in table.columns]
    found = [dict(zip(keys, (cell_text(cell, lang) for cell in row), strict=True)) for row in table.rows]
    return next(row for row in found if all(row[key] == value for key, value in where.items()))


def test_a_group_of_columns_a_period(outcomes):
    table = periods_table(outcomes)
    keys = [column.key for column in table.columns if "_2025Q1" in column.key]
    assert keys == [
        f"period_{name}_2025Q1" for name in ("adopted", "from", "completion", "progress", "verdict")
    ]
    row = line_of(table, indicator="护理型床位数占养老机构床位比例")
    # of 65 %; (0.6 - 0.4) / 0.25; 4 of 5 years, 4.25, 4.5
    assert [row[f"period_adopted_{p.text}"] for p in PERIODS] == ["60.0%", "61.0%", "63.0%"]
    assert [row[f"period_completion_{p.text}"] for p in PERIODS] == ["92.3%", "93.8%", "96.9%"]
    assert [row[f"period_progress_{p.text}"] for p in PERIODS] == ["80% / 80%", "84% / 85%", "92% / 90%"]
    assert [row[f"period_verdict_{p.text}"] for p in PERIODS] == [
        "滞后序时进度",
        "滞后序时进度",
        "达到序时进度",
    ]
    assert [row[f"period_from_{p.text}"] for p in PERIODS] == [
        "部门填报值（2024Q4）",
        "部门填报值（2025-02）",
        "部门填报值（未注明期间）",
    ]
    assert row["period_change"] == "+2.0%"


def test_what_is_counted_year_by_year_is_due_by_the_share_of_the_year(outcomes):
    changed = {}
    for period, one in outcomes.items():
        rules = one.rules.assign(counted=one.rules["counted"].mask(one.rules.index == NURSING, "yearly"))
        changed[period] = dataclasses.replace(one, rules=rules)
    row = line_of(periods_table(changed), indicator="护理型床位数占养老机构床位比例")
    # 0.61 / 0.65 of the year's target, a quarter of the year
    assert [row[f"period_progress_{p.text}"] for p in PERIODS] == ["92% / 100%", "94% / 25%", "97% / 50%"]


def test_what_nobody_knows_stays_blank(outcomes):
    blank = {
        period: dataclasses.replace(
            one,
            findings=one.findings.assign(
                adopted="", adopted_low=np.nan, adopted_high=np.nan, adopted_verdict="no_data"
            ),
        )
        for period, one in outcomes.items()
    }
    row = line_of(periods_table(blank), indicator="护理型床位数占养老机构床位比例")
    for name, shown in (
        ("adopted", ""),
        ("from", ""),
        ("completion", ""),
        ("progress", ""),
        ("verdict", "数据不足"),
    ):
        assert row[f"period_{name}_2025Q1"] == shown
    assert row["period_change"] == ""
    # an interval has no change, and stays one
    wide = {
        period: dataclasses.replace(
            one, findings=one.findings.assign(adopted_high=one.findings["adopted_low"] + 0.1)
        )
        for period, one in outcomes.items()
    }
    row = line_of(periods_table(wide), indicator="护理型床位数占养老机构床位比例")
    assert (row["period_adopted_2025Q1"], row["period_progress_2025Q1"], row["period_change"]) == (
        "61.0%–71.0%",
        "84%–124% / 85%",
        "",
    )


def test_an_indicator_of_one_period_only(outcomes):
    first = PERIODS[0]
    later = {
        p: dataclasses.replace(o, findings=o.findings[(o.findings["rule_id"] != BEDS) | (p == first)])
        for p, o in outcomes.items()
    }
    table = periods_table(later)
    last = dict(zip((column.key for column in table.columns), table.rows[-1], strict=True))
    assert cell_text(last["period_adopted_2024Q4"], "zh") != ""
    assert [last[f"period_{name}_2025Q2"] for name in ("adopted", "from", "verdict")] == [None, "", None]
    assert len(period_lines(later).rows) == len(period_lines(outcomes).rows) - 2


def test_lines_for_programs_and_english(outcomes):
    lines = period_lines({p: dataclasses.replace(o, lang="en") for p, o in outcomes.items()})
    row = line_of(lines, "en", rule_id=NURSING, period="2025Q1")
    assert [row[key] for key in ("adopted_value", "adopted_from", "reported_period", "target_year", "done", "due", "adopted_progress")] == [
        "61.0%", "reported", "2025-02", "2025", "84.0%", "85.0%", "Behind schedule",
    ]  # fmt: skip
    # the period of what was not adopted is not that of the figure
    assert line_of(lines, "en", rule_id=BEDS, period="2025Q1")["reported_period"] == ""


def test_circles_are_those_of_the_years(outcomes):
    _, circles = period_pages(outcomes)
    assert [column.key for column in circles.columns if column.key.startswith("annual_share")] == [
        "annual_share_2024",
        "annual_share_2025",
    ]
    one = {PERIODS[1]: outcomes[PERIODS[1]]}
    assert len(period_pages(one)[0].rows) == len(outcomes[PERIODS[1]].findings)
    assert (titled(outcomes).name[-14:], titled(one).name[-7:]) == (" 2024Q4–2025Q2", " 2025Q1")


def test_the_same_bytes(outcomes, tmp_path):
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        write_periods(outcomes, folder)
    for file in ("annual.xlsx", "annual.csv"):
        assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes()
    assert pd.read_csv(folders[0] / "annual.csv")["period"].unique().tolist() == [
        "2024Q4",
        "2025Q1",
        "2025Q2",
    ]


@pytest.mark.parametrize(
    ("words", "periods"),
    [
        (["2023-2025", "2030"], ["2023", "2024", "2025", "2030"]),
        (["2025Q1-2025Q3"], ["2025Q1", "2025Q2", "2025Q3"]),
        (["2025-03"], ["2025-03"]),
        (["2025-11-2026-01"], ["2025-11", "2025-12", "2026-01"]),
        (["2025, 2025Q4,2025-12", "2025Q4"], ["2025-12", "2025Q4", "2025"]),
    ],
)
def test_periods_of_a_command_line(words, periods):
    assert [period.text for period in periods_of(words)] == periods


@pytest.mark.parametrize("word", ["2025Q5", "2025Q1-2025", "2025-2025Q3", "2025-13", "Q1", "2025q1"])
def test_what_is_no_period(word):
    with pytest.raises(StudyError, match="not a year, quarter or month"):
        periods_of([word])


def test_one_run_serves_all_periods_of_a_year(demo, monkeypatch):
    study, asked = read_study(demo_study()), []

    def once(own, **_):
        asked.append(own.year)
        return type("Result", (), {"outcome": dataclasses.replace(demo, year=own.year)})

    monkeypatch.setattr(evaluate, "run", once)
    found = run_periods(study, periods_of(["2025Q1-2025Q4"]))
    assert asked == [2025]
    last = list(found.values())[-1].findings
    pd.testing.assert_frame_equal(
        last.drop(columns=["shortfall", "gross_shortfall"]),
        demo.findings.drop(columns=["shortfall", "gross_shortfall"]),
    )


def test_the_command(demo, monkeypatch, tmp_path):
    monkeypatch.setattr(
        evaluate,
        "run",
        lambda own, **_: type("Result", (), {"outcome": dataclasses.replace(demo, year=own.year)}),
    )
    with pytest.raises(SystemExit) as end:
        cli.main(["annual", str(demo_study()), "--years", "2025Q1", "2025Q2", "--out", str(tmp_path / "out")])
    assert end.value.code == 0
    assert openpyxl.load_workbook(tmp_path / "out" / "annual.xlsx").sheetnames[0] == "季度、月度监测表"
