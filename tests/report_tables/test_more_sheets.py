"""Guidance a town, facilities one by one, projects and their support, served, registers, and rules that judge many zones."""

import dataclasses

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.content.findings import indicators, summarised
from geoplan.report.content.gaps import gap_list, people_basis
from geoplan.report.content.members import facility_findings, members
from geoplan.report.content.projects import project_support_table, projects_table
from geoplan.report.content.served import served
from geoplan.report.content.sheet import Cell, Names
from geoplan.report.content.sources import (
    registers_page,
    sources_page,
    unplaced_table,
    warnings_by_kind_table,
)
from geoplan.report.content.table import Amount, Coded
from geoplan.report.content.towns import guidance_level, town_sheets, towns
from geoplan.report.workbook import csv_files as sheets_csv
from geoplan.report.workbook import workbook

PLACES = "wuhan.places_per_1000_residents"


def plain(rows):
    """Return rows of cells as numbers and text."""
    return [[cell.value if isinstance(cell, Cell) else cell for cell in row] for row in rows]


def by_header(sheet, block=0):
    """Return a sheet's rows as dicts of header -> value."""
    part = sheet.blocks[block]
    return [dict(zip([c.header for c in part.columns], row, strict=True)) for row in plain(part.rows)]


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


class TestTowns:
    def test_every_row_of_the_gap_list_stands_in_one_town(self, make):
        outcome = make()
        found = towns(outcome)
        assert [town.name for town in found] == ["临江街道", "学府街道", "湖滨街道", "新村街道"]
        rows = [(row["zone_id"], row["rule_id"]) for town in found for row in town.rows]
        gaps = outcome.gap_list
        assert sorted(rows) == sorted(zip(gaps["zone_id"], gaps["rule_id"], strict=True))
        for town in found:
            assert {row["town"] for row in town.rows} <= {town.name}

    def test_totals_are_the_sums_of_the_rows(self, make):
        outcome = make()
        for town, sheet in zip(towns(outcome), town_sheets(outcome), strict=True):
            gaps = outcome.gap_list[outcome.gap_list["town"] == town.name]
            own = by_header(sheet)
            assert len(own) == gaps["rule_id"].nunique()
            assert sum(row["缺口合计（不抵扣富余）"] for row in own) == gaps["shortfall"].sum()
            assert [row["短缺单元数"] for row in own] == [
                f"短板社区 {len(part)} 个" for _, part in gaps.groupby("rule_id", sort=False)
            ]
            listed = by_header(sheet, 1)
            assert [row["缺口"] for row in listed] == gaps["shortfall"].tolist()
            assert all(row["依据条文"] for row in own + listed)

    def test_what_to_build_names_amount_and_facilities(self, make):
        outcome = make()
        rules = outcome.rules.assign(facilities_zh="托育服务设施", facilities_en="childcare")
        sheet = town_sheets(dataclasses.replace(outcome, rules=rules))[0]
        row = next(r for r in by_header(sheet) if r["指标名称"] == "每千人口拥有3岁以下婴幼儿托位数")
        assert (
            row["建设内容"] == f"新建、改扩建托育服务设施，共补足 {row['缺口合计（不抵扣富余）']:.0f}个托位"
        )

    def test_findings_members_and_facilities_belong_where_they_lie(self, make):
        outcome = make()
        home = outcome.facilities.index[0]
        rows = [
            {"rule_id": "wuhan.urban_community_childcare", "zone_id": "area/area", "part": "finding", "member_id": ""},
            {"rule_id": "wuhan.urban_community_childcare", "zone_id": "community/C05", "part": "member", "member_id": "community/C05"},
            {"rule_id": "wuhan.nursing_bed_share", "zone_id": "area/area", "part": "member", "member_id": home},
        ]  # fmt: skip
        usual = dict.fromkeys(outcome.gap_list.columns, np.nan) | {
            "unit": "facilities",
            "cause": "",
            "town": "",
        }
        gaps = pd.DataFrame([usual | row for row in rows]).astype(
            {"shortfall": float, "people_affected": float}
        )
        found = {t.name: t for t in towns(dataclasses.replace(outcome, gap_list=gaps))}
        # communities 1, 5 and 9 lie in the first town; what is judged of the whole area lies in none
        assert [row["member_id"] for row in found["临江街道"].rows] == ["community/C05", home]
        assert sum(len(town.rows) for town in found.values()) == 2

    def test_districts_or_the_area_where_there_are_no_towns(self, make):
        outcome = make()
        for gone, level in ((("town",), "district"), (("town", "district"), "area")):
            zones = outcome.zones[~outcome.zones["level"].isin(gone)].copy()
            parents = outcome.zones["parent_id"].to_dict()

            def climb(zone, parents=parents, known=frozenset(zones.index)):
                while isinstance(zone, str) and zone not in known:
                    zone = parents[zone]
                return zone

            zones["parent_id"] = [climb(p) for p in zones["parent_id"]]
            fewer = dataclasses.replace(outcome, zones=zones)
            assert guidance_level(fewer) == level
            assert sum(len(town.rows) for town in towns(fewer)) == len(outcome.gap_list)

    def test_a_town_without_communities_is_left_out(self, make):
        outcome = make()
        moved = outcome.zones["parent_id"].replace({"town/T4": "town/T3"})
        found = towns(dataclasses.replace(outcome, zones=outcome.zones.assign(parent_id=moved)))
        assert [town.name for town in found] == ["临江街道", "学府街道", "湖滨街道"]


def many_findings(outcome):
    """Return the outcome with one rule judged at every community: 5 met, 4 not met by 10 each, 3 without data."""
    zones = [zone for zone in outcome.zones.index if zone.startswith("community")]
    first = outcome.findings.iloc[1].to_dict()
    verdicts = ["met"] * 5 + ["not_met"] * 4 + ["no_data"] * 3
    rows = [
        first | {
            "zone_id": zone, "verdict": verdict, "actual_low": 1.0, "actual_high": 1.0, "of_plan": False,
            "shortfall": 10.0 if verdict == "not_met" else np.nan, "rule_id": PLACES,
        }
        for zone, verdict in zip(zones, verdicts, strict=True)
    ]  # fmt: skip
    others = outcome.findings[outcome.findings["rule_id"] != PLACES].assign(of_plan=True)
    return dataclasses.replace(
        outcome, findings=pd.concat([others.iloc[:1], pd.DataFrame(rows), others.iloc[1:]], ignore_index=True)
    )


class TestManyZones:
    def test_the_table_has_one_row_that_counts_them(self, make):
        outcome = many_findings(make())
        found = by_header(indicators(outcome))
        assert len(found) == 6
        row = found[1]
        assert row["评价单元"] == "12 个社区（村）"
        assert row["评价结论"] == "达标5\n未达标4\n数据不足3"
        assert row["缺口合计（不抵扣富余）"] == 40
        assert row["缺口"] is None
        assert row["现状值（测算）"] is None
        assert indicators(outcome).values[row["评价结论"]] == "not_met"

    def test_the_csv_has_every_finding(self, make):
        outcome = many_findings(make())
        assert len(sheets_csv.csv_sheets(outcome)["indicators.csv"].blocks[0].rows) == 5 + 12

    def test_those_that_fall_short_stand_among_the_members(self, make):
        outcome = many_findings(make())
        before, after = by_header(members(make())), by_header(members(outcome))
        added = after[len(before) :]
        assert [row["是否符合"] for row in added] == ["未达标"] * 4 + ["数据不足"] * 3
        assert [row["缺口"] for row in added] == [10.0] * 4 + [None] * 3
        assert added[0]["单元或设施"] == Names(outcome).zone("community/C06")
        assert {row["目标值"] for row in added} == {"≥4.5"}

    def test_zones_with_unlike_targets_print_none(self, make):
        outcome = many_findings(make())
        findings = outcome.findings.copy()
        findings.loc[findings.index[2], "required"] = 6.0
        row = next(row for row in summarised(findings) if "counts" in row)
        assert row["required"] is None

    def test_one_zone_alone_keeps_its_own_row(self, make):
        findings = make().findings.assign(of_plan=False)
        assert [row["rule_id"] for row in summarised(findings)] == findings["rule_id"].tolist()
        assert not any("counts" in row for row in summarised(findings))


def test_facilities_one_by_one(make):
    outcome = make()
    assert facility_findings(outcome) is None
    ids = outcome.facilities.index
    rows = pd.DataFrame(
        {
            "rule_id": "wuhan.nursing_bed_share", "zone_id": "area/area", "member_id": [ids[6], ids[1], ids[0]],
            "has": pd.array([True, False, pd.NA], dtype="boolean"), "value": [1.0, 0.0, np.nan],
            "nearest_facility": None, "minutes": np.nan, "cause": "",
        }
    )  # fmt: skip
    sheet = facility_findings(dataclasses.replace(outcome, members=rows))
    found = by_header(sheet)
    # in the order of the registers
    assert [(row["名称"], row["是否符合"]) for row in found] == [
        ("江城颐养院", "数据不足"), ("学府社区养老服务站", "无（不符合）"), ("向阳托育中心", "有（符合）"),
    ]  # fmt: skip
    assert found[0]["社区（村）"] == "向阳社区"
    assert [row["行号"] for row in found] == [2, 3, 2]


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
SERVED = pd.DataFrame(
    {
        "service": ["childcare", "eldercare", "eldercare"], "zone_id": ["area/area", "town/T1", "area/area"],
        "need": [0.0, 50.0, 200.0], "served_low": [0.0, 20.0, 120.0], "served_high": [0.0, 20.0, 150.0],
        "without_place": [0.0, 25.0, 60.0], "outside": [0.0, 5.0, 20.0],
    }
)  # fmt: skip


class TestProjects:
    def test_none_without_them(self, make):
        made = (projects_table, project_support_table, served)
        assert [table(make()) for table in made] == [None] * 3

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

    def test_served_by_service_then_level(self, make):
        found = by_header(served(dataclasses.replace(make(), served=SERVED)))
        assert [(row["服务类别"], row["评价单元"]) for row in found] == [
            ("养老服务", "示范区"), ("养老服务", "临江街道"), ("托育服务", "示范区"),
        ]  # fmt: skip
        whole = found[0]
        assert (whole["可达需求（圈内）"], whole["可达率"]) == (180, 0.9)
        assert (whole["实际可服务"], whole["实际服务率"]) == ("120–150", 0.6)
        assert (whole["圈内未满足"], whole["服务圈外需求"]) == (60, 20)
        assert found[2]["可达率"] is None  # of no need there is no share

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_they_are_written_and_nothing_runs(self, make, tmp_path, lang):
        outcome = dataclasses.replace(make(lang=lang), projects=PROJECTS, support=SUPPORT, served=SERVED)
        workbook.write_workbook(outcome, tmp_path / "a.xlsx")
        book = openpyxl.load_workbook(tmp_path / "a.xlsx")
        tabs = {"zh": {"项目库", "项目库对指标的支撑测算", "可达与实际可服务"}}.get(lang, set())
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


def test_the_gap_list_says_districts_where_there_are_no_towns(make):
    outcome = make()
    zones = outcome.zones[outcome.zones["level"] != "town"]
    headers = [
        [c.header for c in gap_list(o).blocks[0].columns][1]
        for o in (outcome, dataclasses.replace(outcome, zones=zones))
    ]
    assert headers == ["街道（乡镇）", "区县"]


class TestLowRows:
    def test_no_row_of_the_gap_list_takes_more_than_three_lines(self, make):
        block = gap_list(make()).blocks[0]
        for row in block.rows:
            for value, column in zip(row, block.columns, strict=True):
                if isinstance(value, str) and column.kind == "text":
                    assert workbook._lines(value, column.width, 10) <= 3

    def test_the_basis_leaves_what_is_counted_to_the_indicator_table(self, make):
        counted = "托位；托育机构（已备案）、幼儿园托班；每千人：常住人口"
        names = Names(dataclasses.replace(make(), rules=make().rules.assign(basis_zh=counted)))
        assert people_basis(names, PLACES, f"{counted}；常住 2010") == "每千人：常住人口；常住 2010"
        assert people_basis(names, PLACES, "托位") == "托位"  # where no people are named, all that there is

    def test_the_csv_says_all_of_it(self, make):
        outcome = make()
        gaps = outcome.gap_list.assign(basis="托位；常住 2010")
        rules = outcome.rules.assign(basis_zh="托位")
        told = dataclasses.replace(outcome, gap_list=gaps, rules=rules)
        sheet = sheets_csv.csv_sheets(told)["gap_list.csv"]
        assert {row["统计口径"] for row in by_header(sheet)} == {"托位；常住 2010"}
        assert {row["统计口径"] for row in by_header(gap_list(told))} == {"常住 2010"}
