"""The workbook: what stands in it, that nothing in it runs, and that the same outcome gives the same bytes."""

import dataclasses
import re
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest

from geoplan.report import look
from geoplan.report.content.findings import completion, target_text
from geoplan.report.content.sheet import Cell, Names, between, number
from geoplan.report.workbook import workbook


@pytest.fixture(scope="module")
def books(make, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    paths = {}
    for lang in ("zh", "en"):
        paths[lang] = folder / f"{lang}.xlsx"
        workbook.write_workbook(make(lang=lang), paths[lang])
    return paths


def table(sheet):
    """Return headers and rows of a sheet with one table, found by its filter."""
    first, last = sheet.auto_filter.ref.split(":")
    cells = list(sheet[f"{first}:{last}"])
    return [c.value for c in cells[0]], [[c.value for c in row] for row in cells[1:]]


def test_the_sheets_in_order(books):
    names = openpyxl.load_workbook(books["zh"]).sheetnames
    assert names == [
        "短板社区清单", "短板街道（乡镇）清单", "主要指标对照表", "缺口清单", "未达标单元明细", "15分钟服务圈",
        "配置水平测算表", "指引·临江街道", "指引·学府街道", "指引·湖滨街道", "指引·新村街道", "待落点清单",
        "数据问题清单", "数据来源与参数",
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sheet_is_fit_to_print(books, make, lang):
    outcome = make(lang=lang)
    blocks = {table.page or table.title: 1 + len(table.below) for table in workbook.sheets(outcome)}
    for sheet in openpyxl.load_workbook(books[lang]):
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.page_setup.fitToWidth in (None, 1)  # 1 is what the format takes for granted
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # the people's basis and the year stand at the head and at the foot of every page; so does the banner
        assert look.basis_line(outcome) in sheet["A2"].value
        assert "2025" in sheet["A2"].value
        assert "2025" in sheet.oddFooter.left.text
        assert look.basis_line(outcome)[:60] in sheet.oddFooter.left.text
        assert look.banner(outcome) in sheet.oddHeader.right.text
        assert sheet["A3"].value == look.banner(outcome)
        if sheet.auto_filter.ref:
            header_row = int(re.search(r"\d+", sheet.auto_filter.ref).group())
            assert sheet.print_title_rows == f"${header_row}:${header_row}"
            # under a table that stands above it, the list's own headers cannot be frozen
            single = blocks[sheet.title] == 1
            assert sheet.freeze_panes.endswith(str(header_row + 1)) if single else sheet.freeze_panes is None


def test_a_real_study_carries_no_banner(make, tmp_path):
    workbook.write_workbook(make(synthetic=False), tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        everything = b"".join(file.read(name) for name in file.namelist()).decode("utf-8", "ignore")
    assert "演示数据" not in everything


def test_flagged_communities_one_row_each_worst_first(books, make):
    outcome = make()
    headers, rows = table(openpyxl.load_workbook(books["zh"])["短板社区清单"])
    flags = outcome.flags[outcome.flags["zone_id"].str.startswith("community")]
    short = flags[flags["flagged"].fillna(False)]
    assert len(rows) == flags["zone_id"].nunique() == 12
    assert [h.split("\n")[0] for h in headers[7:11]] == [
        "每千名老人养老床位*", "每千人口拥有3岁以下婴幼儿托位数*", "15分钟养老服务圈", "15分钟托育服务圈",
    ]  # fmt: skip
    touched = [row[6] for row in rows if row[6] is not None]
    assert touched == sorted(touched, reverse=True)
    worst = short.groupby("zone_id")["people_affected"].max()
    assert touched == pytest.approx(sorted(worst, reverse=True))
    assert sum(row[5] for row in rows) == len(short)
    # every number is the shortfall of that community under that rule
    by_name = {outcome.zones.loc[z, "name"]: z for z in set(flags["zone_id"])}
    for row in rows:
        own = flags[flags["zone_id"] == by_name[row[3]]].set_index("rule_id")
        for cell, rule in zip(row[7:11], dict.fromkeys(flags["rule_id"]), strict=True):
            flagged = own["flagged"][rule]
            expected = "数据不足" if pd.isna(flagged) else own["shortfall"][rule] if flagged else "—"
            assert cell == expected


def test_the_indicator_table_has_the_columns_of_the_plans(books):
    headers, rows = table(openpyxl.load_workbook(books["zh"])["主要指标对照表"])
    asked = [
        "序号",
        "指标名称",
        "单位",
        "指标属性",
        "基期值",
        "现状值（测算）",
        "部门填报值",
        "目标值",
        "完成率",
        "序时进度",
        "缺口",
    ]
    assert headers[:11] == asked
    assert {"牵头单位", "口径"} <= set(headers)
    places = dict(zip(headers, rows[1], strict=True))
    assert (places["现状值（测算）"], places["目标值"], places["缺口"]) == (4.1, "≥4.5", 8)
    assert places["完成率"] == pytest.approx(4.1 / 4.5)
    assert (places["评价结论"], places["序时进度"], places["指标属性"]) == ("未达标", "滞后序时进度", "约束")
    unknown = dict(zip(headers, rows[0], strict=True))
    assert (unknown["现状值（测算）"], unknown["完成率"], unknown["评价结论"]) == (
        "≥ 27.1",
        "≥ 54.2%",
        "数据不足",
    )


def test_what_departments_report_stands_beside_the_measured(make, tmp_path):
    said = pd.DataFrame({"rule_id": ["wuhan.nursing_bed_share"], "value": [0.7], "by": ["市民政局"]})
    workbook.write_workbook(dataclasses.replace(make(), reported=said), tmp_path / "a.xlsx")
    headers, rows = table(openpyxl.load_workbook(tmp_path / "a.xlsx")["主要指标对照表"])
    column = headers.index("部门填报值")
    assert [row[column] for row in rows] == [None] * 5 + [0.7]


def test_the_gap_list_has_the_columns_that_an_office_hands_in(books, make):
    headers, rows = table(openpyxl.load_workbook(books["zh"])["缺口清单"])
    asked = (
        "序号 | 街道（乡镇） | 社区（村） | 指标名称 | 依据条文 | 指标属性 | 统计口径 | 现状值 | 目标值 | 缺口 | 计量单位 | 评价结论"
        " | 涉及人数 | 最近设施 | 步行时间（分钟） | 成因 | 建议措施 | 对应项目 | 建设时序"
    )
    assert headers[:19] == asked.split(" | ")
    gaps = make().gap_list
    assert len(rows) == len(gaps)
    assert [row[9] for row in rows] == gaps["shortfall"].tolist()
    assert all(row[3] and row[4] and row[10] and row[11] == "短板" for row in rows)
    assert all(bool(row[16]) == bool(row[15]) for row in rows)  # a measure for every cause


def test_the_circle_sheet_shows_three_measures_beside_each_other(books, make):
    headers, rows = table(openpyxl.load_workbook(books["zh"])["15分钟服务圈"])
    circle = make().circle
    assert len(rows) == (circle["measure"] == "network").sum()
    whole = dict(zip(headers, rows[0], strict=True))
    of_area = circle[
        (circle["zone_id"] == "area/area") & (circle["service"] == "eldercare") & (circle["kind"] == "")
    ]
    shares = of_area.set_index("measure")["share"]
    assert whole["人口覆盖率"] == pytest.approx(shares["network"])
    assert whole["覆盖率（体弱老人0.76 m/s）"] == pytest.approx(shares["frail"])
    assert whole["覆盖率（直线半径）"] == pytest.approx(shares["straight"])
    assert whole["人数"] == pytest.approx(whole["圈内人口"] + whole["服务圈外人口"])


def test_not_yet_placed_and_sources(books, make):
    book = openpyxl.load_workbook(books["zh"])
    _, rows = table(book["待落点清单"])
    assert [row[1] for row in rows] == ["无坐标养老院", "坐标有误托育园"]
    assert 0.8 in [cell.value for row in book["待落点清单"] for cell in row]  # 4 of 5 are placed
    text = [str(c.value) for row in book["数据来源与参数"] for c in row if c.value is not None]
    for source in make().sources:
        assert source.sha256 in text
    assert "© OpenStreetMap contributors, ODbL 1.0" in text
    assert "services.eldercare.walk_kmh" in text


NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("http://a","b")',
    "http://example.org",
    "a\x07b",
    "_x0041_",
]


def test_text_never_runs(make, tmp_path):
    outcome = make()
    zones, facilities = outcome.zones.copy(), outcome.facilities.copy()
    zones["name"] = [NASTY[k % len(NASTY)] for k in range(len(zones))]
    facilities["name"] = [NASTY[k % len(NASTY)] for k in range(len(facilities))]
    warnings = pd.concat([outcome.warnings.iloc[:1].assign(text=t, action=t, file=t) for t in NASTY])
    nasty = dataclasses.replace(outcome, zones=zones, facilities=facilities, warnings=warnings, name=NASTY[0])
    workbook.write_workbook(nasty, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        pages = [file.read(n).decode() for n in file.namelist() if n.startswith("xl/worksheets/sheet")]
    # formulas stand in rules of colour only, and there are no links
    assert not any("<f>" in page or "<f " in page or "<hyperlink" in page for page in pages)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    _, rows = table(book["数据问题清单"])
    assert [row[6] for row in rows][:4] == NASTY[:4]  # as they are, and only text


def test_markup_in_every_name_stays_text(make, tmp_path):
    outcome = make(nasty=True)
    workbook.write_workbook(outcome, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book["短板社区清单"]["A1"].value.startswith(outcome.name)


def test_very_long_text_is_cut_not_lost(make, tmp_path):
    outcome = make()
    long = dataclasses.replace(
        outcome, warnings=outcome.warnings.assign(text="长" * 40_000), name="名" * 400 + "&" * 10
    )
    workbook.write_workbook(long, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["数据问题清单"]
    assert any(isinstance(c.value, str) and len(c.value) == 32_767 for row in sheet for c in row)


def test_the_same_outcome_gives_the_same_bytes(fresh, tmp_path, books):
    workbook.write_workbook(fresh(), tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == books["zh"].read_bytes()


def test_no_input_is_changed(make, fresh):
    outcome, untouched = make(), fresh()
    workbook.sheets(outcome)
    for entry in dataclasses.fields(outcome):
        value, before = getattr(outcome, entry.name), getattr(untouched, entry.name)
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(value), pd.DataFrame(before))


def test_an_outcome_without_rules_or_facilities_still_prints(make, tmp_path):
    outcome = make()
    bare = dataclasses.replace(
        outcome,
        flags=outcome.flags.iloc[:0],
        findings=outcome.findings.iloc[:0],
        members=outcome.members.iloc[:0],
        gap_list=outcome.gap_list.iloc[:0],
        unplaced=outcome.unplaced.iloc[:0],
        warnings=outcome.warnings.iloc[:0],
        rules=pd.DataFrame(),
        reconciliation=pd.DataFrame(),
        not_assessed=pd.DataFrame(),
        facilities=outcome.facilities.iloc[:0],
    )
    workbook.write_workbook(bare, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "（无）" in [c.value for c in book["缺口清单"]["A"]]


def test_a_file_that_cannot_be_written_is_an_os_error(make, tmp_path):
    with pytest.raises(OSError):
        workbook.write_workbook(make(), tmp_path / "no such folder" / "a.xlsx")


def test_intervals_and_targets_in_words():
    assert between(3.0, np.inf, "rate") == "≥ 3"
    assert between(np.nan, 4.0, "rate") is None
    assert number(np.inf, "whole") is None
    row = pd.Series(
        {"required": 20.0, "aim": 30.0, "comparison": ">=", "actual_low": 15.0, "actual_high": 15.0}
    )
    assert target_text(row, "rate") == "≥20 → 30"
    assert completion(row) == Cell(0.75, "share")
    assert completion(row.replace(">=", "<=")) is None
    assert target_text(row.replace(">=", "between"), "whole") == "20–30"


def test_names_climb_to_the_zone_above(make):
    names = Names(make())
    assert names.above("community/C01", "district") == "东城区"
    assert names.above("community/C01", "community") == "向阳社区"
    assert names.above("area/area", "district") == ""
    assert names.zone("nowhere") == "nowhere"
