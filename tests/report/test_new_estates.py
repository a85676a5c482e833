"""新建小区配套“四同步”: what a planner reads of each new estate, in both languages."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from geoplan.report.content.new_estates import new_estates, steps_sentence
from geoplan.report.content.table import cell_text
from geoplan.tables import ESTATE_STEPS

YES, NO, UNKNOWN = True, False, pd.NA


def estate(zone, *steps, dates=("", "", "", ""), wrong=(), rooms=(80.0, 60.0, np.nan, 0.0)):
    cells = [cell for pair in zip(steps, dates, strict=True) for cell in pair]
    return dict(zip(ESTATE_STEPS, (zone, 400.0, *rooms, *cells, wrong), strict=True))


def with_estates(outcome, *rows, lang="zh"):
    table = ESTATE_STEPS.typed(pd.DataFrame(rows, columns=list(ESTATE_STEPS)))
    return dataclasses.replace(outcome, lang=lang, estate_steps=table)


ROWS = (
    estate("community/C01", YES, YES, YES, YES),
    estate("community/C02", YES, YES, NO, NO, dates=("", "2024-03", "2026-05", "")),
    estate("community/C03", YES, UNKNOWN, UNKNOWN, UNKNOWN, rooms=(80.0, np.nan, np.nan, 0.0)),
    estate(
        "community/C04", NO, NO, YES, UNKNOWN, dates=("", "2024-03", "2023-05", ""), wrong=("built>accepted",)
    ),
)


def test_each_step_the_first_that_is_missing_and_what_contradicts(outcome):
    table = new_estates(with_estates(outcome, *ROWS))
    shown = {
        column.key: [cell_text(cell, "zh") for cell in table.cells(column.key)] for column in table.columns
    }
    assert shown["accepted"] == ["是", "否", "未填报", "是"]
    assert shown["accepted_date"] == ["", "2026-05", "", "2023-05"]
    assert shown["first_step_missing"] == ["无", "验收", "数据不足", "规划"]
    assert shown["steps_remark"] == ["", "", "", "次序矛盾，请核实：验收（2023-05）早于建成（2024-03）"]
    assert shown["eldercare_rooms_m2"] == ["60", "60", "未填报", "60"]
    assert shown["town"][0] == "临江街道"
    # what nobody states has no column
    assert not {"planned_date", "handed_over_date", "childcare_asked_m2"} & set(shown)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "新建小区 4 个：同步规划 3 个；同步建设 2 个（另 1 个未填报）；同步验收 2 个（另 1 个未填报）；同步交付 1 个（另 2 个未填报）"),
        ("en", "New estates: 4; planned 3; built 2 (1 more not stated); accepted 2 (1 more not stated); handed over 1 (2 more not stated)"),
    ],
)  # fmt: skip
def test_the_sentence_counts_what_is_done_and_what_is_not_stated(outcome, lang, said):
    told = with_estates(
        outcome,
        *(row if row["zone_id"] != "community/C04" else row | {"built": NO} for row in ROWS),
        lang=lang,
    )
    assert steps_sentence(told) == said
    assert new_estates(told).notes[0] == said


def test_a_step_that_nobody_states_is_no_zero(outcome):
    assert "同步交付均未填报" in steps_sentence(
        with_estates(outcome, estate("community/C01", YES, YES, YES, UNKNOWN))
    )


def test_estates_of_unknown_kind_are_counted_in_a_note(outcome):
    zones = outcome.zones.copy()
    zones.loc["community/C01", "level"] = "estate"
    told = dataclasses.replace(with_estates(outcome, ROWS[1]), zones=zones)
    assert "另有 1 个小区类型" in new_estates(told).notes[-1]
    assert len(new_estates(with_estates(outcome, ROWS[1])).notes) == 2


def test_no_table_without_new_estates(outcome):
    assert new_estates(dataclasses.replace(outcome, estate_steps=ESTATE_STEPS.empty())) is None
