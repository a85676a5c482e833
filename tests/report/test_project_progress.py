"""项目进度核对: projects beside the register, by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from report_town import project_list

from geoplan.report.content.project_progress import project_progress_table
from geoplan.report.content.registry import tables
from geoplan.report.content.table import cell_text

#: Amounts that the list says, and nothing else of how large a project is.
ROWS = (
    # stands in the register: 120 beds
    {"name": "江城颐养院", "services": ("elder_home",), "beds": 100.0, "beds_high": 110.0, "start_year": 2014.0, "open_year": 2015.0, "zone_id": "community/C01"},
    {"name": "甲养老院", "services": ("elder_home",), "beds": 80.0, "start_year": 2022.0, "open_year": 2023.0, "cost": 1200.0},
    {"name": "乙托育园", "services": ("childcare",), "places": 50.0, "start_year": 2023.0, "open_year": 2024.0, "cost": np.nan},
    {"name": "丙托育园", "services": ("childcare",), "places": 40.0, "start_year": 2024.0, "open_year": 2026.0},
    {"name": "丁托育园", "services": ("childcare",)},
    {"name": "学府社区养老服务站", "services": ("elder_day_care",), "works": "extend", "start_year": 2022.0, "open_year": 2024.0, "zone_id": "community/C02"},
)  # fmt: skip
WHOLE = {"facilities": 1.0, "works": "new"}


def with_list(outcome, rows=ROWS, lang="zh"):
    projects = project_list(*(WHOLE | row for row in rows))
    return dataclasses.replace(outcome, projects=projects, lang=lang)


def shown(table, lang="zh"):
    keys = [column.key for column in table.columns]
    return [{key: cell_text(cell, lang) for key, cell in zip(keys, row, strict=True)} for row in table.rows]


def test_states_and_amounts(outcome):
    table = project_progress_table(with_list(outcome))
    found = shown(table)
    assert [row["project_state"] for row in found] == [
        "已建成",
        "逾期2年",
        "逾期1年",
        "在建",
        "未载时间",
        "待核实",
    ]
    assert [row["matched_facility"] for row in found] == ["江城颐养院", "", "", "", "", "学府社区养老服务站"]
    home = found[0]
    # 120 less 110 at most, less 100 at least
    assert [home[key] for key in ("planned_beds", "register_beds", "change_beds", "matched_by")] == [
        "100–110",
        "120",
        "+10–+20",
        "名称",
    ]
    assert [home[key] for key in ("planned_places", "register_places", "change_places")] == ["", "", ""]
    extended = found[-1]
    assert [extended[key] for key in ("register_beds", "change_beds", "project_remark")] == [
        "10",
        "",
        "设施原已在台账，改扩建是否完工请核实",
    ]
    assert (
        table.notes[0]
        == "共 6 个项目，已建成 1 个，在建 1 个，逾期 2 个（床位 80 张、托位 50 个、投资 1,200 万元、1 个项目未载投资），未载时间 1 个，待核实 1 个"
    )


def test_what_the_register_does_not_say_stays_open(outcome):
    open_ = outcome.supplies.assign(high=np.inf, low=0.0)
    table = project_progress_table(dataclasses.replace(with_list(outcome, ROWS[:1]), supplies=open_))
    (home,) = shown(table)
    assert (home["register_beds"], home["change_beds"]) == ("≥ 0", "≥ -110")
    # nothing bounds what is planned: the difference says nothing
    unbound = project_progress_table(with_list(outcome, [ROWS[0] | {"beds_high": np.inf}]))
    assert shown(unbound)[0]["change_beds"] == ""


def test_in_english(outcome):
    table = project_progress_table(with_list(outcome, lang="en"))
    assert [row["project_state"] for row in shown(table, "en")] == [
        "built",
        "2 year(s) late",
        "1 year(s) late",
        "under way",
        "no years stated",
        "to be verified",
    ]
    assert "late 2 (80 beds, 50 places, 1,200 (10,000 yuan)" in table.notes[0]


def test_a_late_project_that_says_nothing_of_its_size(outcome):
    late = {"name": "甲", "start_year": 2020.0, "open_year": 2024.0}
    table = project_progress_table(with_list(outcome, [late | {"cost": 0.0}]))
    assert table.notes[0] == "共 1 个项目，逾期 1 个"


def test_what_the_register_plans_is_said(outcome):
    facilities = outcome.facilities.assign(status="building")
    table = project_progress_table(dataclasses.replace(with_list(outcome, ROWS[:1]), facilities=facilities))
    assert [shown(table)[0][key] for key in ("project_state", "project_remark")] == [
        "逾期10年",
        "台账列为在建",
    ]


def test_it_stands_behind_the_project_list_and_only_with_one(outcome, sited):
    assert project_progress_table(outcome) is None
    for product in ("workbook", "csv"):
        keys = [table.key for table in tables(sited)[product]]
        assert keys[keys.index("projects") + 1] == "project_progress"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_demo(demo, lang):
    table = project_progress_table(dataclasses.replace(demo, lang=lang))
    counts = pd.Series([cell.code for cell in table.cells("project_state")]).value_counts()
    assert counts.to_dict() == {"due": 5, "building": 1, "late": 1}
    assert [row["matched_by"] for row in shown(table, lang)].count("编号" if lang == "zh" else "code") == 1
