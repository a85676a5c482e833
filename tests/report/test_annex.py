"""主要指标完成情况表: every row of the annex, what was measured beside what is reported, and which of them counts."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from geoplan.report.content.annex import ON_PAPER, annex_sentence, annexes
from geoplan.report.content.progress import time_passed, way_done
from geoplan.report.content.table import Amount, cell_text
from geoplan.standards.packs.read import read_pack, rules_table
from geoplan.tables import FINDINGS

BEDS, NURSING, CHECKS, TRAINED = (
    f"yinzhou.{name}"
    for name in ("beds_per_1000_elders", "nursing_bed_share", "elder_health_checks", "care_worker_training")
)


def finding(rule_id, low=np.nan, high=np.nan, reported=np.nan, **more):
    """Return a finding at the area: what was measured, what is reported, which counts."""
    row = {
        "rule_id": rule_id, "zone_id": "area/area", "year": 2024, "actual_low": low, "actual_high": high, "unknown_rows": 0, "rows": 2,
        "comparison": ">=", "verdict": "no_data" if np.isnan(low) else "met", "unit": "points", "of_plan": True, "caveats": (), "reported": reported,
        "reported_high": reported, "adopted_verdict": "no_data", "adopted": "", "required": np.nan, "path_target": np.nan, "path_target_year": 0,
        "target_year": 0, "local": False, "surplus": False,
    }  # fmt: skip
    return row | more


@pytest.fixture
def outcome(outcome):
    """The town of the reports, judged by the annex of Yinzhou: four rows are told, of all others nothing."""
    rules = rules_table([read_pack("yinzhou")])
    told = {
        BEDS: finding(BEDS, 49.0, 49.0, 51.0, adopted="measured", adopted_low=49.0, adopted_high=49.0, adopted_verdict="not_met",
                      required=50.0, path_target=50.0, path_target_year=2025, reported_reason="含家庭床位", reported_by="区民政局", reported_period="2024"),
        NURSING: finding(NURSING, 0.5, 0.8, 0.66, adopted="reported", adopted_low=0.66, adopted_high=0.66, adopted_verdict="not_met", required=0.7,
                         path_target=0.7, path_target_year=2025, unknown_rows=1),
        CHECKS: finding(CHECKS, 0.68, 0.68, 0.68, adopted="reported", adopted_low=0.68, adopted_high=0.68, adopted_verdict="met", required=0.66,
                        path_target=0.7, path_target_year=2025, adopted_on_path="on_path"),
    }  # fmt: skip
    rows = [told.get(rule, finding(rule, missing_zh="尚未填报")) for rule in reversed(rules.index)]
    findings = FINDINGS.typed(pd.DataFrame(rows, columns=list(FINDINGS)))
    return dataclasses.replace(outcome, rules=rules, findings=findings, lang="zh")


def rows(table):
    keys = [column.key for column in table.columns]
    return {row[keys.index("rule_id")]: dict(zip(keys, row, strict=True)) for row in table.rows}


def shown(row, *keys):
    return [cell_text(row[key], "zh") for key in keys]


def test_every_row_of_the_annex_in_its_order(outcome):
    (table,) = annexes(outcome)
    numbers = [f"养老{n}" for n in range(1, 23)] + [f"托育{n}" for n in range(1, 17)]
    assert table.cells("annex_no") == numbers
    binding = [place for place, cell in enumerate(table.cells("attribute")) if cell == "约束"]
    assert table.strong == frozenset(binding)
    assert 0 < len(binding) < 38
    assert table.key == "annex_yinzhou"


def test_measured_reported_and_adopted(outcome):
    (table,) = annexes(outcome)
    found = rows(table)
    keys = (
        "actual",
        "reported",
        "annex_difference",
        "annex_reason",
        "adopted_value",
        "adopted_from",
        "completion",
        "adopted_verdict",
    )
    assert shown(found[BEDS], *keys) == ["49", "51", "+2.00", "含家庭床位", "49", "测算值", "98.0%", "未达标"]
    # 0.66 - 0.8 .. 0.66 - 0.5
    assert shown(found[NURSING], *keys) == [
        "50.0%–80.0%",
        "66.0%",
        "-14.0%–+16.0%",
        "台账 2 条中 1 条未知",
        "66.0%",
        "部门填报值",
        "94.3%",
        "未达标",
    ]
    # only a department can say it: nothing was measured
    assert shown(found[CHECKS], *keys) == ["", "68.0%", "", "", "68.0%", "部门填报值", "103.0%", "达标"]
    assert shown(found[TRAINED], *keys, "finding_note") == [
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "数据不足",
        "尚未填报",
    ]


def test_a_difference_that_nobody_explains_is_said(outcome):
    changed = outcome.findings.assign(reported_reason="")
    (table,) = annexes(dataclasses.replace(outcome, findings=changed))
    found = rows(table)
    assert shown(found[BEDS], "annex_reason") == ["未说明"]


def test_progress_runs_to_the_next_target(outcome):
    (table,) = annexes(outcome)
    # as if 66 % had been there in 2023: half of the way to 70 % in 2025
    started = outcome.rules.assign(base_value=0.66, base_year=2023)
    (table,) = annexes(dataclasses.replace(outcome, rules=started))
    assert shown(rows(table)[CHECKS], "done_and_due", "adopted_progress", "annex_target") == [
        "50% / 50%",
        "达到序时进度",
        "≥66.0%（2023年）；≥70.0%（2025年）",
    ]
    # the plan says what it aims at in 2023, and not what was there: no way has a start
    (table,) = annexes(outcome)
    assert shown(rows(table)[CHECKS], "done_and_due", "completion") == ["", "103.0%"]
    assert way_done(0.68, 0.68, start=0.66, target=0.7) == pytest.approx((0.5, 0.5))
    assert time_passed(2024, start=2023, target=2025) == 0.5
    assert np.isnan(way_done(1.0, 1.0, start=1.0, target=1.0)[0])


def test_on_paper_binding_rows_stay_bold_and_the_sentence_counts_them(outcome):
    (table,) = annexes(outcome)
    paper = table.only(*ON_PAPER)
    assert paper.strong == table.strong
    assert [cell for at, cell in enumerate(paper.cells("attribute")) if at in paper.strong] == ["约束"] * len(
        paper.strong
    )
    said = annex_sentence(table, outcome)
    assert "38 项指标" in said
    assert f"约束性 {len(table.strong)} 项" in said
    some = table.where("adopted_verdict", "met", "not_met")
    # of 养老1 (expected), 养老2 and 养老17 (binding) the last two stay bold
    assert (some.cells("annex_no"), some.strong) == (["养老1", "养老2", "养老17"], frozenset({1, 2}))


def test_a_plan_without_an_annex_has_no_such_table(outcome):
    assert list(annexes(dataclasses.replace(outcome, rules=rules_table([read_pack("huzhong")])))) == []


def test_a_share_prints_with_the_digits_of_the_plan(outcome):
    rules = rules_table([read_pack("qianjiang")])
    findings = FINDINGS.typed(pd.DataFrame([finding(rule) for rule in rules.index], columns=list(FINDINGS)))
    (table,) = annexes(dataclasses.replace(outcome, rules=rules, findings=findings))
    bases = dict(zip(table.cells("annex_no"), table.cells("base"), strict=True))
    assert (bases["8"], bases["1"], bases["2"], bases["22"]) == (
        "50.48%（2020年）",
        "＞95.0%（2020年）",
        "95.0%（2020年）",
        "",
    )
    assert all(isinstance(cell, Amount | None) for cell in table.cells("adopted_value"))
