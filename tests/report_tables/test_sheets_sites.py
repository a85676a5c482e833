"""Sheets, CSV files, manifest and stored tables on siting; nothing of it where no siting question was asked."""

import csv
import dataclasses
import functools
import importlib.util
import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from geoplan.inputs.projects import read_projects
from geoplan.inputs.projects.cells import PRINTED_TYPES
from geoplan.report.compare import compare
from geoplan.report.content import answers as sheets_answers
from geoplan.report.content import sites as sheets_sites
from geoplan.report.content import sites_facts
from geoplan.report.content.sites_facts import chosen
from geoplan.report.folder import store
from geoplan.report.folder.manifest import canonical, manifest
from geoplan.report.workbook import csv_files as sheets_csv
from geoplan.report.workbook import workbook
from geoplan.standards.gap_list import SITE, printed, with_site_names
from geoplan.tables import PROJECTS, SUPPORT
from geoplan.words.vocabulary import vocabulary

SHEETS = ["选址方案", "选址问题", "选址增益曲线", "未补齐单元", "其他方案点位", "备选点位"]
SITING = ("candidates", "sites", "answers", "curve", "unmet")


def fixture_module():
    path = Path(__file__).parents[1] / "outcome_fixture.py"
    spec = importlib.util.spec_from_file_location("sheets_sites_outcome_fixture", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def sited():
    """Make an outcome with answered siting questions anew at each call."""
    found = fixture_module()
    return lambda **given: found.with_sites(found.make_outcome(**given))


@pytest.fixture(scope="module")
def outcome(sited):
    return sited()


@pytest.fixture(scope="module")
def books(sited, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    for lang in ("zh", "en"):
        workbook.write_workbook(sited(lang=lang), folder / f"{lang}.xlsx")
    sheets_csv.write_csv(sited(), folder)
    return folder


def table(sheet):
    """Return a sheet's headers, on one line each, and its rows, found by its filter."""
    first, last = sheet.auto_filter.ref.split(":")
    cells = list(sheet[f"{first}:{last}"])
    return [c.value.replace("\n", "") for c in cells[0]], [[c.value for c in row] for row in cells[1:]]


load = functools.cache(openpyxl.load_workbook)


def rows_of(path, name):
    headers, rows = table(load(path)[name])
    return [dict(zip(headers, row, strict=True)) for row in rows]


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        _, headers, *rows = csv.reader(file)
    return [dict(zip(headers, row, strict=True)) for row in rows]


# --- as a project list ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["zh.xlsx", "sites.csv"])
def test_the_sheet_of_sites_reads_back_as_a_project_list(books, outcome, name):
    words = {outcome.rules.loc[rule, "indicator_zh"]: (rule,) for rule in outcome.rules.index}
    layer = "选址方案" if name.endswith("xlsx") else None
    read = read_projects(books / name, zones=outcome.zones, crs=outcome.crs, indicators=words, layer=layer)
    # nothing was doubtful: only what a project list has no field for was left out
    assert [note.code for note in read.notes] == ["register_columns_unread"]
    assert read.notes[0].values["columns"].split(", ") == [
        "估算依据",
        "单独增益",
        "边际增益",
        "累计",
        "是否意向区域",
    ]
    back, sites = read.projects, chosen(outcome)
    assert set(PROJECTS) <= set(back.columns)
    for column in ("name", "works", "services", "serves", "indicators", "zone_id"):
        assert back[column].tolist() == sites[column].tolist(), column
    for column in ("beds", "places", "floor_area_m2", "cost"):
        np.testing.assert_array_equal(back[column].astype(float), sites[column].astype(float))
    assert back["open_year"].tolist() == sites["phase"].tolist() == [2025, 2025, 2030, 2030]
    assert (back["location_quality"] == "exact").all()
    moved = back.geometry.distance(
        gpd.GeoSeries(sites.geometry.to_numpy(), index=back.index, crs=outcome.crs)
    )
    assert moved.max() < 0.15  # six digits of a degree


def test_a_site_that_enlarges_a_facility_names_it(outcome, tmp_path):
    sites = outcome.sites.copy()
    sites.loc["close_gap/2", "extends"] = "eldercare_register.xlsx#2"
    sites.loc["close_gap/2", "works"] = "extend"
    workbook.write_workbook(dataclasses.replace(outcome, sites=sites), tmp_path / "a.xlsx")
    back = read_projects(tmp_path / "a.xlsx", zones=outcome.zones, crs=outcome.crs, layer="选址方案").projects
    assert back["extends"].tolist() == ["", "江城颐养院", "", ""]
    assert "依托设施" not in table(openpyxl.load_workbook(tmp_path / "a.xlsx")["选址问题"])[0]


def test_the_reader_knows_types_as_geoplan_prints_them():
    printed_types = {
        entry["zh"]: kind for kind, entry in vocabulary("types").items() if not entry.get("family")
    }
    assert dict(PRINTED_TYPES) == printed_types


def test_an_indicator_with_commas_in_its_name_stays_one(tmp_path):
    known = {"助餐、助浴服务覆盖率": ("p.meals",), "养老床位": ("p.beds",)}
    rows = [
        ["名称", "类别", "对应指标"],
        ["甲", "养老机构", "养老床位、助餐、助浴服务覆盖率"],
        ["乙", "养老", "助餐、养老床位"],
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    read = read_projects(path, indicators=known)
    assert read.projects["indicators"].tolist() == [("p.beds", "p.meals"), ("p.beds",)]
    assert [n.values["word"] for n in read.notes if n.code == "project_indicator_unknown"] == ["助餐"]
    assert read.projects["services"].tolist() == [("elder_home",), ()]


# --- what stands in the sheets --------------------------------------------------------------------------------------


def test_the_head_says_what_was_asked_and_what_is_proven(books):
    sheet = load(books / "zh.xlsx")["选址方案"]
    head = "\n".join(str(cell.value) for cell in sheet["A"][:10])
    for said in ("最多4处，分2025、2030两期", "已验证最优", "现状 111 张", "方案实施后 1 张", "独立复算 1 张", "备选点位 10 个",
                 "1 处为意向区域", "1,343 万元"):  # fmt: skip
        assert said in head
    english = load(books / "en.xlsx")["Sites"]
    assert any("proven optimal" in str(cell.value) for cell in english["A"])


def test_sites_stand_in_order_with_words_for_codes(books):
    rows = rows_of(books / "zh.xlsx", "选址方案")
    assert [row["序号"] for row in rows] == [1, 2, 3, 4]
    third = rows[2]
    assert third["名称"] == "意向区域1"
    assert third["建设地点（或意向区域）"] == "意向区域：南湖社区"
    assert (third["建设性质"], third["设施类型"]) == ("新建", "社区日间照料设施、托育机构")
    assert third["建设规模"] == "建筑面积750平方米"
    assert third["是否意向区域"] == "是"
    assert third["估算依据"] == "据 unit_costs.csv#2"
    assert [row["边际增益"] for row in rows] == [39, 35, 19, 17]
    assert [row["累计"] for row in rows] == [72, 37, 18, 1]
    assert rows[0]["对应指标"] == "每千名老人养老床位"
    assert rows[0]["经度（WGS84）"] == pytest.approx(114.305512, abs=1e-6)
    cell = next(c for c in load(books / "zh.xlsx")["选址方案"][12] if c.value == rows[0]["经度（WGS84）"])
    assert cell.number_format == "0.000000"


def test_only_what_is_proven_is_called_optimal(books):
    rows = rows_of(books / "zh.xlsx", "选址问题")
    assert [row["是否采用"] for row in rows] == ["是", "否", "否"]
    status = [row["结论"] for row in rows]
    assert status[0] == "已验证最优"
    assert status[1].startswith("与最优之差不超过 3.0%")
    assert "最优" not in status[2]
    assert "无可行方案" in status[2]
    # 115 / 3938 = 2.9203 %: rounded up, never down
    assert rows[1]["最大差距"] == pytest.approx(0.030)
    assert rows[1]["投资估算（万元）"] is None  # the cost of one site is not known
    assert [rows[2][key] for key in ("求得值", "理论上（下）限", "独立复算")] == [None] * 3


def test_the_curve_has_a_native_chart_over_its_cells(books, outcome):
    rows = rows_of(books / "zh.xlsx", "选址增益曲线")
    assert [row["规划点位数（处）"] for row in rows] == list(range(1, 7))
    assert [row["已求得的最好值"] for row in rows] == outcome.curve["objective"].tolist()
    assert [row["边际增益"] for row in rows][:3] == [None, 496, 199]
    assert rows[5]["理论上（下）限"] is None
    with zipfile.ZipFile(books / "zh.xlsx") as file:
        (name,) = [n for n in file.namelist() if n.startswith("xl/charts/chart")]
        chart = file.read(name).decode()
    assert chart.count("<c:ser>") == 2
    assert "lineChart" in chart
    header = load(books / "zh.xlsx")["选址增益曲线"].auto_filter.ref
    first = int("".join(c for c in header.split(":")[0] if c.isdigit())) + 1
    for column in ("C", "F"):  # objective and bound, over the six rows
        assert f"选址增益曲线!${column}${first}:${column}${first + 5}" in chart
    # all values lie far above zero: the axis begins at a round value below them, and the sheet says so
    assert '<c:min val="3000"/>' in chart
    sheet = load(books / "zh.xlsx")["选址增益曲线"]
    assert any("纵轴不从零起" in str(c.value) for c in sheet["A"])


def test_every_question_has_a_chart_of_its_own(outcome, tmp_path):
    more = outcome.curve.assign(question="close_gap", objective=[72.0, 37.0, 18.0, 1.0, 1.0, 1.0], bound=1.0)
    both = dataclasses.replace(outcome, curve=pd.concat([more, outcome.curve], ignore_index=True))
    sheet = sheets_answers.curve(both)
    assert [(chart.first, chart.last) for chart in sheet.charts] == [(0, 5), (6, 11)]
    # less is better here: what each further site takes away
    gains = [row[4].value for row in sheet.blocks[0].rows[1:6]]
    assert gains == [35.0, 19.0, 17.0, 0.0, 0.0]
    assert sheet.blocks[0].rows[0][4] is None
    workbook.write_workbook(both, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        charts = [file.read(n).decode() for n in sorted(file.namelist()) if n.startswith("xl/charts/chart")]
    # each draws its own six rows
    rows = [
        {part.split("</c:f>")[0].rpartition("!")[2] for part in chart.split("<c:f>")[1:]} for chart in charts
    ]
    first = 1 + max(int(ref.rpartition("$")[2]) for ref in rows[0] if ":" not in ref)
    assert {f"$C${first}:$C${first + 5}", f"$F${first}:$F${first + 5}"} <= rows[0]
    assert {f"$C${first + 6}:$C${first + 11}", f"$F${first + 6}:$F${first + 11}"} <= rows[1]


def test_a_number_of_sites_without_an_answer_stays_blank(outcome, tmp_path):
    first = pd.DataFrame(
        {"question": "cover_elders", "sites": [0], "objective": np.nan, "bound": np.inf, "share": np.nan}
    )
    more = dataclasses.replace(outcome, curve=pd.concat([first, outcome.curve], ignore_index=True))
    sheet = sheets_answers.curve(more)
    assert sheet.blocks[0].rows[0][2] is None
    assert sheet.blocks[0].rows[0][5] is None
    assert sheet.charts[0].low == 3000
    workbook.write_sheets([sheet], more, tmp_path / "a.xlsx")


def test_unmet_zones_say_why(books, outcome):
    rows = rows_of(books / "zh.xlsx", "未补齐单元")
    assert [row["仍缺"] for row in rows] == outcome.unmet["gap"].tolist()
    assert rows[0]["原因"] == "受投资总额限制"
    assert rows[2]["原因"] == "备选点位规模不足"
    assert (rows[0]["街道（乡镇）"], rows[0]["评价单元"]) == ("新村街道", "南湖社区")
    assert [row["建设时序（期末年份）"] for row in rows[4:]] == [2030, None, None, None]


def test_candidates_say_which_are_offered_and_which_generated(books):
    rows = rows_of(books / "zh.xlsx", "备选点位")
    assert len(rows) == 10
    assert [row["来源类别"] for row in rows] == ["清单所列"] * 8 + ["意向区域"] * 2
    assert [row["采用次序"] for row in rows] == [1, 2, 4, *[None] * 5, 3, None]
    assert [row["必选/禁选"] for row in rows if row["必选/禁选"]] == ["必选", "禁选"]
    assert rows[6]["可设服务"] == "不限"
    assert rows[8]["落点情况"] == "程序生成"
    assert "最早启用年份" not in rows[0]  # no candidate has one


def test_of_many_candidates_the_first_are_listed_and_all_adopted(outcome):
    many = pd.concat([outcome.candidates] * 3)
    many.index = pd.Index([f"c#{k}" for k in range(30)], name="candidate_id")
    listed = sheets_answers.listed_candidates(many, {"c#7", "c#29"}, most=5)
    assert list(listed.index) == ["c#0", "c#1", "c#2", "c#7", "c#29"]
    assert len(sheets_answers.listed_candidates(many, {"c#7"}, most=30)) == 30
    # where even the adopted ones are more, none of them is lost
    assert set(sheets_answers.listed_candidates(many, set(many.index[:9]), most=5).index) == set(
        many.index[:9]
    )


def test_the_sheet_says_that_candidates_are_left_out(outcome, monkeypatch):
    monkeypatch.setattr(sheets_answers, "MOST_CANDIDATES", 6)
    sheet = sheets_answers.candidates(outcome)
    assert len(sheet.blocks[0].rows) == 6
    assert any("前 6 个" in note and "共 10 个" in note for note in sheet.notes)


def test_sites_of_other_answers_stand_apart(books):
    rows = rows_of(books / "zh.xlsx", "其他方案点位")
    assert len(rows) == 3
    assert {row["选址问题"] for row in rows} == {"选3处，使服务圈覆盖的老年人最多"}


def test_what_the_sites_do_stands_as_for_projects(outcome):
    support = pd.DataFrame(
        [("wuhan.beds_per_1000_elders", "area/area", "not_met", "met", 27.1, 51.0, 50.0, 90.0, 0.0, "beds",
          ("close_gap/1", "close_gap/3"))],
        columns=list(SUPPORT),
    )  # fmt: skip
    sheet = sheets_sites.site_support(dataclasses.replace(outcome, site_support=support))
    assert sheet.name == "选址方案对指标的支撑测算"
    (row,) = sheet.blocks[0].rows
    assert sheet.blocks[0].columns[-1].header == "规划点位"
    assert row[-1] == "长青路闲置厂房、意向区域1"
    assert sheets_sites.site_support(outcome) is None


def test_without_an_adopted_answer_no_sites_are_proposed(outcome):
    none = dataclasses.replace(outcome, answers=outcome.answers.assign(adopted=False))
    assert sheets_sites.sites(none) is None
    assert len(sheets_sites.other_sites(none).blocks[0].rows) == 7


# --- nothing where nobody asked ------------------------------------------------------------------------------------


def test_nothing_of_siting_is_written_where_nobody_asked(make, tmp_path):
    plain = make()
    assert not {table.page or table.title for table in workbook.sheets(plain)} & set(SHEETS)
    assert not {"sites.csv", "sites_other.csv", "answers.csv", "curve.csv", "unmet.csv"} & set(
        sheets_csv.csv_sheets(plain)
    )
    assert "siting" not in manifest(plain, version="1")
    store.write_outcome(plain, tmp_path)
    assert not {f"{name}.parquet" for name in (*SITING, "site_isochrones", "site_support")} & {
        path.name for path in (tmp_path / "outcome").iterdir()
    }
    back = store.read_outcome(tmp_path)
    for name in SITING:
        assert list(getattr(back, name).columns) == list(getattr(plain, name).columns)
        assert len(getattr(back, name)) == 0


def test_every_sheet_in_order_and_once(books):
    names = load(books / "zh.xlsx").sheetnames
    assert [name for name in names if name in SHEETS] == SHEETS
    assert names.index("选址方案") == names.index("配置水平测算表") + 1


# --- text, bytes, numbers -------------------------------------------------------------------------------------------


def test_text_never_runs_not_even_in_a_chart(outcome, tmp_path):
    bad = "=1+1"
    nasty = dataclasses.replace(
        outcome,
        sites=outcome.sites.assign(name=bad, place=bad, cost_from=bad),
        answers=outcome.answers.assign(label=bad, aim=bad, question=outcome.answers["question"]),
        candidates=outcome.candidates.assign(name=bad, storey=bad),
    )
    workbook.write_workbook(nasty, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        pages = {n: file.read(n).decode() for n in file.namelist() if n.startswith("xl/worksheets/sheet")}
        (chart,) = [file.read(n).decode() for n in file.namelist() if n.startswith("xl/charts/chart")]
    assert not any("<f>" in page or "<f " in page for page in pages.values())
    # the chart's formulas are references to its own cells; its title is text
    assert all("选址增益曲线!$" in part.split("</c:f>")[0] for part in chart.split("<c:f>")[1:])
    paths = sheets_csv.write_csv(nasty, tmp_path)
    cells = [
        c
        for p in paths
        if p.name == "sites.csv"
        for row in csv.reader(io.StringIO(p.read_text("utf-8-sig")))
        for c in row
    ]
    assert "'=1+1" in cells
    assert not any(cell.startswith("=") for cell in cells)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_markup_in_every_name_stays_text(sited, tmp_path, lang):
    workbook.write_workbook(sited(nasty=True, lang=lang), tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    assert (
        "</script>"
        in rows_of(tmp_path / "a.xlsx", "选址方案" if lang == "zh" else "Sites")[0][
            "名称" if lang == "zh" else "Name"
        ]
    )


def test_the_same_outcome_gives_the_same_bytes_and_stays_as_it_was(sited, books, tmp_path):
    again, untouched = sited(), sited()
    workbook.write_workbook(again, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == (books / "zh.xlsx").read_bytes()
    for name in SITING:
        pd.testing.assert_frame_equal(
            pd.DataFrame(getattr(again, name)), pd.DataFrame(getattr(untouched, name))
        )


def test_how_long_it_took_stands_in_no_output(sited, tmp_path):
    one = sited()
    other = dataclasses.replace(one, answers=one.answers.assign(seconds=99.9))
    for name, outcome in (("one", one), ("other", other)):
        folder = tmp_path / name
        folder.mkdir()
        workbook.write_workbook(outcome, folder / "a.xlsx")
        sheets_csv.write_csv(outcome, folder)
        (folder / "m.json").write_text(canonical(manifest(outcome, version="1")), encoding="utf-8")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_csv_files_hold_the_same(books, outcome):
    assert len(read_csv(books / "answers.csv")) == 3
    assert [row["仍缺"] for row in read_csv(books / "unmet.csv")] == [
        "19",
        "5",
        "12",
        "1",
        "1",
        "88",
        "69",
        "25",
    ]
    assert [float(row["已求得的最好值"]) for row in read_csv(books / "curve.csv")] == outcome.curve[
        "objective"
    ].tolist()
    sites = read_csv(books / "sites.csv")
    assert sites[0]["经度（WGS84）"] == "114.305512"
    assert len(read_csv(books / "sites_other.csv")) == 3


def test_amounts_of_every_unit_have_a_format():
    assert sheets_sites.value_kind("people") == "whole"
    assert sheets_sites.value_kind("minutes") == "rate"
    assert sheets_sites.size_said({"size": np.nan, "unit": "beds"}, "zh") == ""
    assert sheets_sites.size_said({"size": 12.0, "unit": "facilities"}, "zh") == "12处"
    assert sheets_sites.size_said({"size": 1250.0, "unit": "m2"}, "zh") == "建筑面积1250平方米"


def test_a_site_without_a_point_has_no_coordinates(outcome):
    table = outcome.candidates.copy()
    table.loc[table.index[0], "geometry"] = None
    (lon, lat), second, *_ = sheets_sites.lonlat(table)
    assert np.isnan([lon, lat]).all()
    assert second == pytest.approx((114.310294, 30.591531))


# --- manifest, stored tables, gap list ------------------------------------------------------------------------------


def test_the_manifest_says_what_is_proven(outcome):
    record = json.loads(canonical(manifest(outcome, version="1")))["siting"]
    assert [row["status"] for row in record] == ["optimal", "within", "infeasible"]
    first = record[0]
    asked = {"question", "ask", "status", "stopped", "objective", "bound", "gap", "recount", "before", "sites", "cost",
             "candidates", "repeatable", "nodes", "adopted"}  # fmt: skip
    assert asked <= set(first)
    assert "seconds" not in first
    assert (first["objective"], first["bound"], first["gap"], first["adopted"]) == (1.0, 1.0, 0.0, True)
    assert (first["sites"], first["nodes"], first["candidates"]) == (4, 7, 10)
    assert record[1]["cost"] is None
    assert record[2]["objective"] is None


def test_stored_tables_come_back_exactly(sited, tmp_path):
    for lang in ("zh", "en"):
        outcome = sited(lang=lang)
        store.write_outcome(outcome, tmp_path / lang)
        back = store.read_outcome(tmp_path / lang)
        for name in SITING:
            pd.testing.assert_frame_equal(getattr(back, name), getattr(outcome, name))
            assert type(getattr(back, name)) is type(getattr(outcome, name))
        assert back.sites.crs == outcome.sites.crs
        assert back.sites["serves"].tolist() == outcome.sites["serves"].tolist()
        assert back.sites["extends"].tolist() == [None] * 7
    first = {p.name: p.read_bytes() for p in (tmp_path / "zh" / "outcome").iterdir()}
    store.write_outcome(sited(), tmp_path / "again")
    assert first == {p.name: p.read_bytes() for p in (tmp_path / "again" / "outcome").iterdir()}


def test_folders_with_and_without_sites_can_be_compared(sited, make, tmp_path):
    store.write_outcome(make(), tmp_path / "before")
    store.write_outcome(sited(), tmp_path / "after")
    one, other = (store.read_outcome(tmp_path / name) for name in ("before", "after"))
    for pair in ((one, other), (other, one), (other, other)):
        found = compare.compare(*pair)
        assert found is not None


def test_rows_of_the_gap_list_name_the_site_that_serves_them(outcome):
    gaps = outcome.gap_list
    named = with_site_names(gaps, chosen(outcome), outcome.zones)
    assert "site" not in gaps
    beds = named[named["rule_id"] == "wuhan.beds_per_1000_elders"].set_index("zone_id")["site"]
    assert beds.to_dict() == {
        "community/C04": "意向区域1",
        "community/C05": "春晖路闲置校舍",
        "community/C07": "春晖路闲置校舍",
        "community/C08": "和平里原粮站",
        "community/C09": "",
        "community/C10": "长青路闲置厂房",
        "community/C11": "长青路闲置厂房",
        "community/C12": "和平里原粮站",
    }
    places = named[named["rule_id"] == "wuhan.places_per_1000_residents"].set_index("zone_id")["site"]
    assert {zone for zone, site in places.items() if site} == {"community/C04"}
    pd.testing.assert_frame_equal(named.drop(columns="site"), gaps)


def test_a_finding_is_closed_by_sites_that_serve_zones_below_it(outcome):
    beds = "wuhan.beds_per_1000_elders"
    gaps = pd.DataFrame(
        {
            "rule_id": [beds, beds, beds, "wuhan.other"],
            "zone_id": ["area/area", "district/D1", "district/D2", "area/area"],
            "part": ["finding", "finding", "member", "finding"],
        }
    )
    named = with_site_names(gaps, chosen(outcome), outcome.zones)["site"].tolist()
    # in the order of opening; a coarse member is served by nobody
    assert named == [
        "长青路闲置厂房、和平里原粮站、意向区域1、春晖路闲置校舍",
        "长青路闲置厂房、春晖路闲置校舍",
        "",
        "",
    ]
    assert with_site_names(gaps.iloc[:0], chosen(outcome), outcome.zones)["site"].tolist() == []


@pytest.mark.parametrize(("lang", "header"), [("zh", "规划点位"), ("en", "Site")])
def test_the_column_of_sites_is_printed_only_where_there_are_any(sited, tmp_path, lang, header):
    outcome = sited(lang=lang)
    named = dataclasses.replace(
        outcome, gap_list=with_site_names(outcome.gap_list, chosen(outcome), outcome.zones)
    )
    sheet = "缺口清单" if lang == "zh" else "Gap list"
    for own, there in ((outcome, False), (named, True)):
        workbook.write_workbook(own, tmp_path / "a.xlsx")
        headers, rows = table(openpyxl.load_workbook(tmp_path / "a.xlsx")[sheet])
        assert (header in headers) is there
    at = headers.index(header)
    assert headers[at - 1] in ("对应项目", "Project")
    assert [row[at] or "" for row in rows] == named.gap_list["site"].tolist()


def test_the_printed_gap_list_has_the_column_behind_that_of_projects(outcome, make):
    usual = {"project": "", "attribute": "", "basis": "", "clause": "", "phase": "", "measures": "", "district": "",
             "note": "", "nearest_name": "", "verdict": "flagged"}  # fmt: skip
    gaps = outcome.gap_list.assign(**usual)
    named = with_site_names(gaps, chosen(outcome), outcome.zones)
    headers = list(printed(named, lang="zh").columns)
    assert headers[headers.index("对应项目") + 1] == SITE[0]
    assert SITE[0] not in printed(gaps, lang="zh").columns


def test_where_a_cost_comes_from_is_said_in_words():
    for source, said in (
        ("stated", "据备选清单"),
        ("rent x years", "据年租金与可用年限"),
        ("unit_costs.csv#2", "据 unit_costs.csv#2"),
    ):
        assert sites_facts.cost_from_said({"cost": 1.0, "cost_from": source}, "zh") == said
    assert sites_facts.cost_from_said({"cost": np.nan, "cost_from": "stated"}, "zh") == ""


def test_a_question_without_sizes_has_no_column_of_them(outcome):
    headers = [column.header for column in sheets_sites.other_sites(outcome).blocks[0].columns]
    assert "建设规模" not in headers
    assert headers[-1] == "增益计量单位"


def test_a_studys_own_circle_is_an_indicator_only_where_no_plan_sets_one(outcome):
    rules = outcome.rules.copy()
    rules.loc["wuhan.circle_eldercare", "pack"] = "study"
    sites = outcome.sites.copy()
    both = ("wuhan.beds_per_1000_elders", "wuhan.circle_eldercare")
    sites["indicators"] = [both, both[1:], *sites["indicators"].iloc[2:]]
    sheet = sheets_sites.sites(dataclasses.replace(outcome, rules=rules, sites=sites))
    at = [column.header for column in sheet.blocks[0].columns].index("对应指标")
    assert [row[at] for row in sheet.blocks[0].rows[:2]] == ["每千名老人养老床位", "15分钟养老服务圈"]
