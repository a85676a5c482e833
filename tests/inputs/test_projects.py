"""A project list is read as it stands: what it says, what it does not say, and every fault."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.projects import join_projects, read_projects
from geoplan.inputs.projects.fields import FIELDS
from geoplan.standards.totals import Totals
from geoplan.tables import PROJECTS

CARE = {
    "项目名称": "向阳日间照料室", "类别": "养老", "建设性质": "新建", "建设地点": "向阳社区", "新增床位": "10", "建筑面积": "200",
    "总投资（万元）": "60", "建设年限": "2023-2025", "责任单位": "区民政局",
}  # fmt: skip


def codes(found):
    return {(note.code, note.row) for note in found.notes}


def test_one_row_is_read(written, zones):
    row = {**CARE, "资金来源": "区级财政", "服务社区": "向阳社区、河西村"}
    found = read_projects(written(row), zones=zones, crs=zones.crs)
    assert set(PROJECTS) <= set(found.projects.columns)
    row = found.projects.loc["list.csv#2"]
    assert row[["name", "works", "services", "funds"]].tolist() == [
        "向阳日间照料室",
        "new",
        ("elder_day_care",),
        "区级财政",
    ]
    amounts = ["beds", "beds_high", "floor_area_m2", "facilities", "cost"]
    assert row[[*amounts, "cost_from"]].tolist() == [10, 10, 200, 1, 60, "stated"]
    assert row[["start_year", "open_year"]].tolist() == [2023, 2025]
    assert row[["unit", "location_quality"]].tolist() == ["区民政局", "missing"]
    assert row[["zone_id", "serves"]].tolist() == ["community/A", ("community/A", "community/B")]
    assert math.isnan(row["places"])
    assert row["geometry"] is None
    assert codes(found) == {("project_type_from_name", 2)}


@pytest.mark.parametrize("cell", ["", "待定", "不详", "-", "/"])
def test_blank_is_unknown_and_never_zero(written, cell):
    projects = read_projects(
        written({**CARE, "新增床位": cell, "总投资（万元）": cell, "建筑面积": cell})
    ).projects
    assert projects[["beds", "beds_high", "floor_area_m2", "cost"]].isna().all(axis=None)
    assert projects["cost_from"].tolist() == [""]


def test_zero_stays_zero(written):
    assert read_projects(written({**CARE, "新增床位": "0"})).projects["beds"].tolist() == [0]


@pytest.mark.parametrize(
    ("cell", "low", "high"), [("约60", 60, 60), ("60余张", 60, 70), ("50-60", 50, 60), ("不超过60", 0, 60)]
)
def test_worded_amounts_are_intervals(written, cell, low, high):
    found = read_projects(written({**CARE, "新增床位": cell}))
    assert found.projects[["beds", "beds_high"]].iloc[0].tolist() == [low, high]
    assert {("amount_worded", 2), ("amount_range", 2)} & codes(found)


def test_amounts_in_the_sentence_fill_blanks_only(written):
    text = "改造面积，建筑面积约500平方米，新增护理型床位20张，新增托位30个"
    found = read_projects(written({**CARE, "建设内容及规模": text, "新增床位": "25", "建筑面积": ""}))
    row = found.projects.iloc[0]
    assert row[["beds", "nursing_beds", "places", "floor_area_m2"]].tolist() == [25, 20, 30, 500]
    supplies = [n.values["supply_en"] for n in found.notes if n.code == "project_amount_from_text"]
    assert sorted(supplies) == ["childcare places", "floor area, m²", "nursing beds"]
    assert bool(row["approximate"])
    assert ("project_approximate", 2) in codes(found)


@pytest.mark.parametrize("text", ["3处分别设计床位150张", "新增床位30张，二期新增床位60张", "床位若干"])
def test_sentences_that_do_not_say_one_sum_say_nothing(written, text):
    assert read_projects(written({**CARE, "建设内容": text, "新增床位": ""})).projects["beds"].isna().all()


def test_a_part_above_its_whole_is_taken_back(written):
    found = read_projects(written({**CARE, "新增护理型床位": "12"}))
    assert found.projects[["nursing_beds", "nursing_beds_high"]].isna().all(axis=None)
    assert ("project_part_over_whole", 2) in codes(found)
    turned = read_projects(
        written({**CARE, "新增床位": "0", "新增护理型床位": "12", "依托设施": "向阳养老院"})
    )
    assert turned.projects["nursing_beds"].tolist() == [12]


@pytest.mark.parametrize(
    ("header", "cell", "cost"),
    [("总投资（万元）", "1,200", 1200), ("总投资（亿元）", "1.2", 12_000), ("总投资_万元", "80", 80), ("投资估算", "1.2亿元", 12_000),
     ("总投资（元）", "800000", 80)],
)  # fmt: skip
def test_money_is_in_ten_thousand_yuan(written, header, cell, cost):
    row = {key: value for key, value in CARE.items() if key != "总投资（万元）"} | {header: cell}
    assert read_projects(written(row)).projects["cost"].tolist() == [pytest.approx(cost)]


@pytest.mark.parametrize(
    ("years", "start", "end", "code"),
    [("2023—2025年", 2023, 2025, None), ("2024", None, 2024, None), ("2023.3-2024.12", 2023, 2024, None),
     ("2025-2023", None, None, "project_years_reversed"), ("", None, None, "project_no_year"), ("近期", None, None, "project_no_year")],
)  # fmt: skip
def test_years(written, years, start, end, code):
    found = read_projects(written({**CARE, "建设年限": years}))
    row = found.projects.iloc[0]
    assert [None if math.isnan(y) else y for y in row[["start_year", "open_year"]]] == [start, end]
    assert code is None or (code, 2) in codes(found)


def test_places(written, zones):
    rows = [
        {**CARE, "建设地点": "东街道向阳社区1号"}, {**CARE, "项目名称": "甲日间照料室", "建设地点": "西镇"},
        {**CARE, "项目名称": "乙日间照料室", "建设地点": "相关乡镇"}, {**CARE, "项目名称": "丙日间照料室", "建设地点": "南山"},
        {**CARE, "项目名称": "东街道丁日间照料室", "建设地点": "西镇"}, {**CARE, "项目名称": "戊日间照料室", "建设地点": ""},
    ]  # fmt: skip
    found = read_projects(written(*rows), zones=zones, crs=zones.crs)
    zone_ids = found.projects["zone_id"].fillna("").tolist()
    assert zone_ids == ["community/A", "town/2", "", "", "town/2", ""]
    found_at = [("project_place_vague", 4), ("project_place_unknown", 5), ("project_named_elsewhere", 6)]
    assert set(found_at) <= codes(found)
    assert not [note for note in found.notes if note.row == 7 and note.severity == "warning"]


def test_types_as_mapped_else_as_named(written):
    named = [("体育设施", "其他"), ("期颐工程", "养老"), ("石家敬老院", "养老")]
    rows = [CARE, *({**CARE, "项目名称": name, "类别": word} for name, word in named)]
    found = read_projects(written(*rows))
    assert found.projects["services"].tolist() == [("elder_day_care",), (), (), ("elder_home",)]
    assert {("project_type_unknown", 4)} <= codes(found)
    assert ("project_type_unknown", 3) not in codes(found)
    types = {"其他": "elder_school", "期颐": ["elder_home", "elder_canteen"]}
    mapped = read_projects(written(*rows), types=types)
    assert mapped.projects["services"].tolist()[1:3] == [("elder_school",), ("elder_home", "elder_canteen")]


def test_a_list_without_a_project_is_empty(written):
    found = read_projects(written({"序号": "合计", **dict.fromkeys(CARE, ""), "总投资（万元）": "60"}))
    assert found.projects.empty
    assert list(found.projects.columns) == list(join_projects([]).projects.columns)


def test_indicators_become_rules(written):
    known = {"日间照料覆盖率": ("p.day_care",), "p.beds": ("p.beds",)}
    found = read_projects(written({**CARE, "支撑指标": "日间照料覆盖率、p.beds；老年大学"}), indicators=known)
    assert found.projects["indicators"].tolist() == [("p.day_care", "p.beds")]
    assert ("project_indicator_unknown", 2) in codes(found)


def test_the_same_name_twice(written):
    found = read_projects(written(CARE, CARE))
    assert len(found.projects) == 2
    assert ("project_twice", 3) in codes(found)


def test_lists_are_joined(written):
    one = read_projects(written(CARE))
    other = read_projects(written(CARE, {**CARE, "项目名称": "西镇敬老院"}, name="more.csv"))
    joined = join_projects([one, other])
    assert joined.projects.index.tolist() == ["list.csv#2", "more.csv#2", "more.csv#3"]
    assert len(joined.notes) == len(one.notes) + len(other.notes)
    empty = join_projects([]).projects
    assert empty.empty
    assert set(one.projects.columns) == set(empty.columns)


def test_no_note_lacks_words(written, zones):
    rows = [
        {**CARE, "建设性质": "协调", "新增床位": "约10", "新增护理型床位": "99", "支撑指标": "无此指标", "处数": "3", "备注": "所列为整栋面积"},
        {**CARE, "项目名称": "东街道敬老院", "建设地点": "西镇", "总投资（万元）": "另报", "建设年限": "2025-2020", "处数": ""},
        {**CARE, "项目名称": "某工程", "建设地点": "各乡镇", "总投资（万元）": "约5"},
        {"项目名称": "合计"},
    ]  # fmt: skip
    found = read_projects(written(*rows), zones=zones, crs=zones.crs, indicators={})
    told = {note.code for note in found.notes}
    assert {
        "works_unknown", "amount_worded", "project_part_over_whole", "project_several", "project_area_of_whole",
        "project_named_elsewhere", "cost_unreadable", "project_years_reversed", "project_count_unknown", "project_type_unknown",
        "project_place_vague", "cost_approximate", "list_total_row", "project_indicator_unknown",
    } <= told  # fmt: skip
    for note in found.notes:
        for lang in ("zh", "en"):
            assert "{" not in note.text(lang)
    assert found.projects["floor_area_m2"].isna().tolist() == [True, False, False]
    assert np.isnan(found.projects["facilities"].iloc[1])


PAGE = (Path(__file__).parents[2] / "docs" / "projects.md").read_text(encoding="utf-8")


def test_every_field_is_documented_with_its_header():
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", PAGE.partition("## Totals")[0], flags=re.MULTILINE))
    assert rows == {field: found.headers[0] for field, found in FIELDS.items() if field not in ATTRIBUTES}


def test_every_section_of_totals_is_documented():
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Totals")[2], flags=re.MULTILINE))
    titles = {"title_zh", "title_en", "area_zh", "area_en", "pack", "note"}
    assert rows == set(Totals.model_fields) - titles
