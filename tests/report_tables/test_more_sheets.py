"""Names of tabs, projects and their support, registers."""

import dataclasses

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.content.projects import project_support_table, projects_table
from geoplan.report.content.sources import (
    registers_page,
    sources_page,
    unplaced_table,
    warnings_by_kind_table,
)
from geoplan.report.content.table import Amount, Coded
from geoplan.report.workbook import workbook

PLACES = "wuhan.places_per_1000_residents"


class TestTabs:
    @given(st.lists(st.text(alphabet="ab甲[]:*?/\\'\n 😀", max_size=40), max_size=8))
    def test_safe_unique_and_as_many(self, names):
        tabs = workbook.safe_names(names)
        assert len(tabs) == len(names)
        assert len({tab.casefold() for tab in tabs}) == len(names)
        for tab in tabs:
            assert 0 < len(tab.encode("utf-16-le")) / 2 <= 31
            assert not set(tab) & set("[]:*?/\\\n")
            assert not tab.startswith("'")
            assert not tab.endswith("'")

    def test_what_is_safe_stays(self):
        assert workbook.safe_names(["缺口清单", "指引·呼中镇"]) == ["缺口清单", "指引·呼中镇"]

    def test_towns_of_one_name_and_of_forbidden_signs_open(self, make, tmp_path):
        outcome = make()
        names = outcome.zones["name"].where(outcome.zones["level"] != "town", "甲/乙[街道]" + "长" * 40)
        zones = outcome.zones.assign(name=names)
        workbook.write_workbook(dataclasses.replace(outcome, zones=zones), tmp_path / "a.xlsx")
        tabs = [n for n in openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames if n.startswith("指引")]
        assert len(tabs) == 4
        assert tabs[0] == ("指引·甲·乙·街道·" + "长" * 40)[:31]
        assert tabs[1].endswith(" (2)")


PROJECTS = pd.DataFrame(
    {
        "name": ["=甲养老院", "乙托育园"], "works": ["new", "extend"], "services": [("elder_home",), ("childcare",)],
        "beds": [100.0, np.nan], "nursing_beds": [60.0, np.nan], "places": [np.nan, 50.0],
        "inclusive_places": [np.nan, 30.0], "floor_area_m2": [3000.0, 800.0], "facilities": [1.0, 1.0],
        "cost": [2500.0, np.nan], "cost_from": ["stated", ""], "funds": ["财政", "自筹"], "start_year": [2024.0, np.nan],
        "open_year": [2025.0, 2026.0], "unit": ["区民政局", "区卫健局"], "zone_id": ["community/C01", None],
        "serves": [("community/C01", "community/C02"), ()], "indicators": [(PLACES,), ()],
        "location_quality": ["exact", "missing"], "source_file": ["projects.xlsx"] * 2, "source_row": [2, 3],
    },
    index=["projects.xlsx#2", "projects.xlsx#3"],
)  # fmt: skip
SUPPORT = pd.DataFrame(
    {
        "rule_id": [PLACES, "wuhan.nursing_bed_share"], "zone_id": "area/area", "verdict_before": ["not_met", "not_met"],
        "verdict_after": ["met", "not_met"], "actual_before": [4.1, 0.5], "actual_after": [4.6, 0.6],
        "required": [4.5, 0.65], "shortfall_before": [8.0, 20.0], "shortfall_after": [np.nan, 7.0],
        "unit": ["places", "beds"], "projects": [("projects.xlsx#3",), ("projects.xlsx#2", "gone")],
    }
)  # fmt: skip


class TestProjects:
    def test_none_without_them(self, make):
        made = (projects_table, project_support_table)
        assert [table(make()) for table in made] == [None] * 2

    def test_project_list(self, make, texts):
        table = projects_table(dataclasses.replace(make(), projects=PROJECTS))
        first, second = texts(table)
        assert (first["name"], first["works"], first["zone"]) == ("=甲养老院", "新建", "向阳社区")
        assert (first["added_beds"], first["cost"], first["open_year"]) == ("100", "2,500", "2025")
        assert (first["serves"], first["indicators"]) == (
            "向阳社区、北秀社区",
            "每千人口拥有3岁以下婴幼儿托位数",
        )
        assert (first["size"], first["cost_from"]) == ("床位100张、建筑面积3000平方米", "清单所列")
        # what the list does not say is blank, and no sum of nothing
        assert (second["works"], second["added_beds"], second["cost"], second["start_year"]) == (
            "改扩建",
            "",
            "",
            "",
        )
        assert table.notes == (
            "共 2 个项目，新增床位（张）合计 100，新增托位（个）合计 50，投资估算（万元）合计 2,500，1 个项目未载投资",
        )

    def test_support(self, make, texts):
        table = project_support_table(dataclasses.replace(make(), projects=PROJECTS, support=SUPPORT))
        first, second = texts(table)
        assert (first["verdict_before"], first["verdict_after"], first["shortfall_after"]) == (
            "未达标",
            "达标",
            "",
        )
        assert (first["actual_before"], first["actual_after"]) == ("4.1", "4.6")
        assert first["built_projects"] == "乙托育园"
        assert (second["shortfall_after"], second["built_projects"]) == ("7", "=甲养老院、gone")

    def test_an_interval_is_not_cut_to_its_low_end(self, make):
        more = SUPPORT.assign(actual_high_before=[4.3, 0.5], actual_high_after=[np.inf, 0.6])
        table = project_support_table(dataclasses.replace(make(), projects=PROJECTS, support=more))
        first, second = table.rows
        at = [column.key for column in table.columns].index("actual_before")
        assert first[at : at + 2] == (Amount(4.1, 4.3, "per_1000"), Amount(4.6, np.inf, "per_1000"))
        assert [cell.text("zh") for cell in second[at : at + 2]] == ["50.0%", "60.0%"]

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_they_are_written_and_nothing_runs(self, make, tmp_path, lang):
        outcome = dataclasses.replace(make(lang=lang), projects=PROJECTS, support=SUPPORT)
        workbook.write_workbook(outcome, tmp_path / "a.xlsx")
        book = openpyxl.load_workbook(tmp_path / "a.xlsx")
        tabs = {"zh": {"项目库", "项目库对指标的支撑测算"}}.get(lang, set())
        assert tabs <= set(book.sheetnames)
        assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
        assert any(cell.value == "=甲养老院" for sheet in book for row in sheet for cell in row)


def test_registers_are_reconciled_above_what_is_not_placed(make, texts):
    page = registers_page(make())
    (waiting,) = page.below
    shown = [
        (row["file"], row["counted"], row["end_rows"], row["end_in_run"], row["placed_share"])
        for row in texts(page)
    ]
    assert shown == [
        ("eldercare_register.xlsx", "行数", "6", "4", "80.0%"), ("eldercare_register.xlsx", "床位", "440", "410", "100.0%"),
        ("childcare_register.csv", "行数", "4", "3", "75.0%"), ("childcare_register.csv", "托位", "115", "90", "78.3%"),
    ]  # fmt: skip
    assert [row["name"] for row in texts(waiting)] == ["无坐标养老院", "坐标有误托育园"]
    # nobody says how many beds they have: that is not none
    assert {(row["beds"], row["places"]) for row in texts(waiting)} == {("", "")}
    assert (page.page, page.filtered, waiting.filtered) == ("待落点清单", False, True)
    assert registers_page(
        dataclasses.replace(make(), reconciliation=make().reconciliation.iloc[:0])
    ) == unplaced_table(make())


def test_sources_say_whose_people_and_what_is_not_assessed(make, texts):
    page = sources_page(make())
    assert [table.key for table in (page, *page.below)] == ["sources", "groups", "parameters", "not_assessed"]
    assert {row["given"] for row in texts(page.below[1])} <= {"已给定", "默认值"}
    assert "© OpenStreetMap contributors, ODbL 1.0" in page.notes


def test_warnings_of_one_kind_are_counted_and_the_severe_come_first(make):
    outcome = make()
    rows = pd.DataFrame(
        [("info", "b", "x.csv", 1, "", "乙", ""), ("warning", "a", "x.csv", 2, "", "甲一", "改"),
         ("warning", "a", "x.csv", 3, "", "甲二", "改"), ("error", "c", None, None, "", "丙", "")],
        columns=["severity", "code", "file", "row", "zone", "text", "action"],
    )  # fmt: skip
    table = warnings_by_kind_table(dataclasses.replace(outcome, warnings=rows))
    assert table.cells("severity") == [Coded("error"), Coded("warning"), Coded("info")]
    assert [cell.low for cell in table.cells("times")] == [1, 2, 1]
    assert table.cells("found") == ["丙", "甲一", "乙"]
    assert (
        warnings_by_kind_table(dataclasses.replace(outcome, warnings=rows.iloc[:0])).empty == "未发现数据问题"
    )
