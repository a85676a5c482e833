"""Tables of proposed sites, siting questions and candidates; nothing of it where no siting question was asked."""

import dataclasses
import json
import math
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from printed import texts
from report_town import BEDS, support_rows

from geoplan.inputs.lists.types import printed_types
from geoplan.inputs.projects import read_projects
from geoplan.report.content.answers import (
    adopted,
    answers_table,
    curve_table,
    gain_curves,
    how_found,
    proof,
    unmet_at_end,
    unmet_sentence,
    unmet_table,
)
from geoplan.report.content.candidates import candidates_table, listed_candidates
from geoplan.report.content.gaps import gap_list
from geoplan.report.content.projects import cost_source, size_text
from geoplan.report.content.registry import tables
from geoplan.report.content.site_effects import flags_table
from geoplan.report.content.sites import (
    changed_support_table,
    chosen,
    lead,
    lonlat,
    other_sites_table,
    phase_places,
    phases,
    site_support_table,
    sites_of,
    sites_table,
)
from geoplan.report.content.table import Amount, Coded
from geoplan.report.folder import store
from geoplan.report.folder.manifest import canonical, manifest
from geoplan.report.workbook.workbook import write_workbook
from geoplan.standards.gaps import with_site_names
from geoplan.tables import PROJECTS
from geoplan.words.vocabulary import vocabulary

SITING = ("candidates", "sites", "answers", "curve", "unmet")


# --- as a project list ----------------------------------------------------------------------------------------------


def test_the_sheet_of_sites_reads_back_as_a_project_list(delivered, sited):
    words = {sited.rules.loc[rule, "indicator_zh"]: (rule,) for rule in sited.rules.index}
    read = read_projects(
        delivered / "gap_list.xlsx", zones=sited.zones, crs=sited.crs, indicators=words, layer="选址方案"
    )
    # nothing was doubtful: only what a project list has no field for was left out
    assert {note.code for note in read.notes} == {"list_columns_unread", "datum_from_header"}
    assert next(note for note in read.notes if note.code == "list_columns_unread").values["columns"].split(", ") == [
        "区划代码", "投资依据", "单独新增", "边际新增", "累计值", "增益计量单位", "是否意向区域",
    ]  # fmt: skip
    back, sites = read.projects, chosen(sited)
    assert set(PROJECTS) <= set(back.columns)
    for column in ("name", "works", "services", "serves", "indicators", "zone_id"):
        assert back[column].tolist() == sites[column].tolist(), column
    for column in ("beds", "places", "floor_area_m2", "cost"):
        np.testing.assert_array_equal(back[column].astype(float), sites[column].astype(float))
    assert back["open_year"].tolist() == sites["phase"].tolist() == [2025, 2025, 2030, 2030]
    assert (back["location_quality"] == "exact").all()
    moved = back.geometry.distance(gpd.GeoSeries(sites.geometry.to_numpy(), index=back.index, crs=sited.crs))
    assert moved.max() < 0.15  # six digits of a degree


def test_a_site_that_enlarges_a_facility_names_it(sited, tmp_path):
    sites = sited.sites.copy()
    sites.loc["close_gap/2", "extends"] = "eldercare_register.xlsx#2"
    sites.loc["close_gap/2", "works"] = "extend"
    enlarging = dataclasses.replace(sited, sites=sites)
    grown = Coded("eldercare_register.xlsx#2", "江城颐养院")
    assert sites_table(enlarging).cells("extends")[:2] == [None, grown]
    write_workbook([sites_table(enlarging)], enlarging, tmp_path / "a.xlsx")
    back = read_projects(tmp_path / "a.xlsx", zones=sited.zones, crs=sited.crs, layer="选址方案").projects
    assert back["extends"].tolist() == ["", "江城颐养院", "", ""]
    assert "extends" not in [column.key for column in sites_table(sited).columns]


def test_the_reader_knows_types_as_geoplan_prints_them():
    for kind, entry in vocabulary("types").items():
        if not entry.get("family"):
            assert printed_types(entry["zh"]) == (kind,)


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


# --- the table of sites ---------------------------------------------------------------------------------------------


def test_sites_stand_in_order_of_opening_with_words_for_codes(sited):
    rows = texts(sites_table(sited))
    assert [row["order_no"] for row in rows] == ["1", "2", "3", "4"]
    third = rows[2]
    assert (third["name"], third["place"], third["generated"]) == ("意向区域1", "意向区域：南湖社区", "是")
    assert (third["works"], third["services"]) == ("新建", "社区日间照料设施、托育机构")
    assert third["zone_code"] == sited.zones.loc["community/C04", "code"]
    assert third["size"] == "建筑面积750平方米、床位19张、托位6个"
    assert third["cost_from"] == "按单位造价测算，新建养老机构（按床位） 15.2–15.3万元/张"
    assert [row["marginal"] for row in rows] == ["39", "35", "19", "17"]
    assert [row["total"] for row in rows] == ["72", "37", "18", "1"]
    assert {row["gain_unit"] for row in rows} == {"张"}
    assert (rows[0]["lon"], rows[0]["indicators"]) == ("114.305512", "每千名老人养老床位(张)")
    assert rows[0]["serves"] == "、".join(sited.zones.loc[list(chosen(sited)["serves"].iloc[0]), "name"])


def test_a_product_with_less_room_prints_fewer_columns_of_the_same_table(sited):
    whole = sites_table(sited)
    keys = [[column.key for column in whole.to(depth).columns] for depth in (1, 2, 3)]
    assert keys[0] == ["order_no", "name", "works", "size", "cost", "phase", "marginal"]
    assert set(keys[0]) < set(keys[1]) < set(keys[2])
    # where an estimate comes from stands beside it on paper; whatever qualifies a figure stands below it everywhere
    assert "cost_from" in keys[1]
    assert whole.to(1).notes == whole.notes
    assert [note.split("：")[0][:6] for note in whole.notes] == ["“单独新增”", "投资依据", "意向区域由程"]
    assert whole.to(2).details == ()


def test_the_sheet_says_what_was_asked_and_what_is_proven(sited, make_sited):
    said = "\n".join(sites_table(sited).details)
    for part in ("最多4处，分2025、2030两期", "已验证最优", "现状 111 张", "方案实施后 1 张", "独立复算 1 张",
                 "10 个备选点位", "1 处为意向区域", "1,343 万元", "工作表“选址方案”"):  # fmt: skip
        assert part in said
    english = sites_table(make_sited(lang="en"))
    assert "proven optimal" in english.details[1]
    assert not any("project list" in line for line in english.details)


def test_an_unknown_cost_is_no_cost_of_nothing(sited):
    sites = sited.sites.copy()
    sites.loc["close_gap/2", ["cost", "cost_from"]] = [np.nan, ""]
    less = dataclasses.replace(sited, sites=sites)
    row = texts(sites_table(less))[1]
    assert (row["cost"], row["cost_from"]) == ("", "")
    known = sites.loc[sites["question"] == "close_gap", "cost"].sum()
    assert f"已知投资 {known:,.0f} 万元，另有 1 处投资不明" in lead(less)[0]
    none = dataclasses.replace(sited, sites=sites.assign(cost=np.nan, cost_from=""))
    assert lead(none)[0].endswith("投资均不明")
    assert not any("投资依据" in note for note in sites_table(none).notes)


def test_a_studys_own_circle_is_an_indicator_only_where_no_plan_sets_one(sited):
    rules = sited.rules.copy()
    rules.loc["wuhan.circle_eldercare", "pack"] = "study"
    sites = sited.sites.copy()
    both = (BEDS, "wuhan.circle_eldercare")
    sites["indicators"] = [both, both[1:], *sites["indicators"].iloc[2:]]
    cells = sites_table(dataclasses.replace(sited, rules=rules, sites=sites)).cells("indicators")
    assert [[item.text("zh") for item in cell.items] for cell in cells[:2]] == [
        ["每千名老人养老床位(张)"],
        ["15分钟养老服务圈"],
    ]


def test_sites_of_one_town(sited):
    own = chosen(sited).iloc[[1]]
    assert sites_of(sited, own).cells("order_no") == [Amount(2, 2, "count")]
    assert sites_of(sited, own.iloc[:0]) is None


def test_sites_of_other_answers_stand_apart(sited):
    other = other_sites_table(sited)
    rows = texts(other)
    assert len(rows) == 3
    assert {row["question_text"] for row in rows} == {"选3处，使服务圈覆盖的老年人最多"}
    # what each adds is counted in people, and the question has no sizes
    assert {row["gain_unit"] for row in rows} == {"人"}
    assert all(row["size"].startswith("建筑面积") for row in rows)


def test_without_an_adopted_answer_no_sites_are_proposed(sited):
    none = dataclasses.replace(sited, answers=sited.answers.assign(adopted=False))
    assert sites_table(none) is None
    assert len(other_sites_table(none).rows) == 7
    assert lead(none) == ("各选址问题均未形成可采用的方案",)


@pytest.mark.parametrize(
    ("amounts", "zh"),
    [
        ((39.0, "beds", 39.0, np.nan, 750.0), "床位39张、建筑面积750平方米"),
        ((np.nan, "", np.nan, 20.0, np.nan), "托位20个"),
        ((12.0, "facilities", np.nan, np.nan, np.nan), "12处"),
        ((1250.0, "m2", np.nan, np.nan, 1250.0), "建筑面积1250平方米"),
        ((np.nan, "beds", np.nan, np.nan, 0.0), ""),
    ],
)
def test_a_size_says_each_unit_once_and_nothing_of_what_is_not_known(amounts, zh):
    keys = ("size", "unit", "beds", "places", "floor_area_m2")
    assert size_text(dict(zip(keys, amounts, strict=True)), "zh") == zh


def test_a_site_without_a_point_has_no_coordinates(sited):
    table = sited.candidates.copy()
    table.loc[table.index[0], "geometry"] = None
    (lon, lat), second, *_ = lonlat(table)
    assert np.isnan([lon, lat]).all()
    assert second == pytest.approx((114.310294, 30.591531))


def test_phases_are_counted_from_the_first(sited):
    own = chosen(sited)
    assert phases(own) == (2025, 2030)
    assert phase_places(own) == [0, 0, 1, 1]
    assert phases(own.assign(phase=np.nan)) == ()
    assert phase_places(own.assign(phase=np.nan)) == [0] * 4
    assert "分期实施：至2025年累计 2 处，至2030年累计 4 处" in lead(sited)


def test_where_a_cost_comes_from_is_said_in_words():
    assert cost_source("", "zh") is None
    with pytest.raises(KeyError):
        cost_source("unit_costs.csv#2", "zh")


def test_what_the_sites_do_stands_as_for_projects(sited):
    support = support_rows(
        {
            "rule_id": BEDS, "verdict_before": "not_met", "verdict_after": "met", "actual_before": 27.1, "actual_after": 51.0,
            "required": 50.0, "shortfall_before": 90.0, "shortfall_after": 0.0, "unit": "beds",
            "projects": ("close_gap/1", "close_gap/3"),
        },
        {
            "rule_id": "wuhan.nursing_bed_share", "verdict_before": "not_met", "verdict_after": "not_met", "actual_before": 0.5,
            "actual_after": 0.5 + 1e-12, "required": 0.6, "shortfall_before": 9.0, "shortfall_after": 9.0, "unit": "beds",
        },
    )  # fmt: skip
    found = dataclasses.replace(sited, site_support=support)
    table = site_support_table(found)
    assert table.title == "选址方案对指标的支撑测算"
    row = texts(table)[0]
    assert (row["actual_before"], row["target"], row["unit"]) == ("27.1", "≥50", "张")
    assert row["built_sites"] == "长青路闲置厂房、意向区域1"
    assert site_support_table(sited) is None
    # what only rounding moves has not changed
    assert len(changed_support_table(found).rows) == 1
    assert "方案实施后，1 项评价结果由未达标（或数据不足）转为达标，仍有 1 项未达标" in lead(found)


# --- questions and their answers ------------------------------------------------------------------------------------


def test_only_what_is_proven_is_called_optimal(sited):
    rows = texts(answers_table(sited))
    assert [row["adopted"] for row in rows] == ["是", "否", "否"]
    assert rows[0]["status"] == "已验证最优"
    assert rows[1]["status"].startswith("与最优之差不超过 3.0%")
    assert "最优" not in rows[2]["status"]
    assert "无可行方案" in rows[2]["status"]
    # 115 / 3938 = 2.9203 %: rounded up, never down
    assert rows[1]["gap"] == "3.0%"
    assert rows[1]["cost"] == ""  # the cost of one site is not known
    assert [rows[2][key] for key in ("objective", "bound", "recount")] == [""] * 3
    assert rows[2]["site_count"] in ("", "0")


def test_what_is_proven_in_words():
    def said(status, gap=math.nan, bound=math.nan, stopped="", repeatable=True):
        return proof(status, gap=gap, bound=bound, stopped=stopped, repeatable=repeatable, lang="zh")

    assert said("optimal") == "已验证最优"
    assert said("within", 0.0, 5.0) == "首要目标已验证最优，其后的目标未验证"
    assert said("within", 0.01, 5.0, "gap") == "与最优之差不超过 1.0%，达到设定精度即停止"
    assert said("within", math.inf, 5.0, "clock", repeatable=False) == (
        "未求得理论上（下）限，与最优之差不明，有时限，结果不可复现"
    )
    assert said("none", repeatable=False) == "停止前未求得方案，结果不可复现"
    with pytest.raises(KeyError):
        said("guessed")


def test_a_bound_lies_above_or_below(sited):
    answer = adopted(sited)
    assert answer.bound_name("zh") == "理论下限"  # less is better: 111 before, 1 with the sites
    assert dataclasses.replace(answer, bound=2.0).bound_name("zh") == "理论上限"
    assert dataclasses.replace(answer, objective=math.nan).bound_name("zh") == "理论上限"


def charts_of(tables, outcome, path):
    """Write a workbook of some tables; return the text of each of its charts."""
    write_workbook(tables, outcome, path)
    with zipfile.ZipFile(path) as file:
        return [file.read(n).decode() for n in sorted(file.namelist()) if n.startswith("xl/charts/chart")]


def test_the_curve_has_a_native_chart_over_its_cells(sited, tmp_path):
    table = curve_table(sited)
    rows = texts(table)
    assert [row["site_count"] for row in rows] == list("123456")
    assert [cell.low for cell in table.cells("best_found")] == sited.curve["objective"].tolist()
    assert [row["marginal"] for row in rows][:3] == ["", "575", "230"]  # a quarter and a tenth of 2,299
    assert rows[5]["bound"] == ""
    (chart,) = charts_of([table], sited, tmp_path / "a.xlsx")
    assert chart.count("<c:ser>") == 2
    assert "lineChart" in chart
    header = openpyxl.load_workbook(tmp_path / "a.xlsx")["选址增益曲线"].auto_filter.ref
    first = int("".join(c for c in header.split(":")[0] if c.isdigit())) + 1
    for column in ("C", "F"):  # objective and bound, over the six rows
        assert f"选址增益曲线!${column}${first}:${column}${first + 5}" in chart
    # all values lie far above zero: the axis begins at a round value below them, and the sheet says so
    assert '<c:min val="2800"/>' in chart
    assert any("纵轴不从零起" in note for note in table.notes)


def test_every_question_has_a_chart_of_its_own(sited, tmp_path):
    more = sited.curve.assign(question="close_gap", objective=[72.0, 37.0, 18.0, 1.0, 1.0, 1.0], bound=1.0)
    both = dataclasses.replace(sited, curve=pd.concat([more, sited.curve], ignore_index=True))
    table = curve_table(both)
    assert [(chart.first, chart.last) for chart in table.charts] == [(0, 5), (6, 11)]
    # less is better here: what each further site takes away
    assert [cell and cell.low for cell in table.cells("marginal")[:6]] == [None, 35.0, 19.0, 17.0, 0.0, 0.0]
    charts = charts_of([table], both, tmp_path / "a.xlsx")
    # each draws its own six rows
    rows = [
        {part.split("</c:f>")[0].rpartition("!")[2] for part in chart.split("<c:f>")[1:]} for chart in charts
    ]
    first = 1 + max(int(ref.rpartition("$")[2]) for ref in rows[0] if ":" not in ref)
    assert {f"$C${first}:$C${first + 5}", f"$F${first}:$F${first + 5}"} <= rows[0]
    assert {f"$C${first + 6}:$C${first + 11}", f"$F${first + 6}:$F${first + 11}"} <= rows[1]


def test_a_number_of_sites_without_an_answer_stays_blank(sited, tmp_path):
    first = pd.DataFrame(
        {"question": "cover_elders", "sites": [0], "objective": np.nan, "bound": np.inf, "share": np.nan}
    )
    more = dataclasses.replace(sited, curve=pd.concat([first, sited.curve], ignore_index=True))
    table = curve_table(more)
    assert (table.cells("best_found")[0], table.cells("bound")[0]) == (None, None)
    assert table.charts[0].low == 2800
    write_workbook([table], more, tmp_path / "a.xlsx")


def test_a_drawn_curve_marks_what_was_adopted(sited):
    (curve,) = gain_curves(sited)
    assert (curve.title, curve.adopted, curve.value, curve.note) == (
        "选3处，使服务圈覆盖的老年人最多", 3, None, "",
    )  # fmt: skip
    assert curve.words.bound == "理论上限（任何方案都不能更好）"
    assert curve.words.adopted.startswith("3 处，")
    # a budget may forbid the best of so many: the mark then lies below the curve, and the note says so
    sites = sited.sites.copy()
    sites.loc["cover_elders/3", "total"] -= 100.0
    (below,) = gain_curves(dataclasses.replace(sited, sites=sites))
    assert below.value == sites.loc["cover_elders/3", "total"]
    assert below.note.startswith("曲线为同样点位数下的最好组合")


def test_unmet_zones_say_why(sited):
    rows = texts(unmet_table(sited))
    assert [row["gap_left"] for row in rows] == [f"{gap:.0f}" for gap in sited.unmet["gap"]]
    assert (rows[0]["why"], rows[1]["why"]) == ("受投资总额限制", "备选点位规模不足")
    assert (rows[0]["town"], rows[0]["zone"]) == ("新村街道", "南湖社区")
    assert rows[0]["zone_code"] == sited.zones.loc[sited.unmet["zone_id"].iloc[0], "code"]
    assert [row["phase_end"] for row in rows[3:]] == ["2030", "", "", ""]


def test_what_a_later_phase_closes_does_not_stay(sited):
    own = sited.unmet[sited.unmet["question"] == "close_gap"]
    last = own[own["phase"] == 2030]
    assert [row["gap_left"] for row in texts(unmet_at_end(sited))] == [f"{gap:.0f}" for gap in last["gap"]]
    assert f"仍有 {len(last)} 个评价单元未能补足" in unmet_sentence(sited)
    none = dataclasses.replace(sited, unmet=own.iloc[:0])
    assert (unmet_at_end(none), unmet_sentence(none)) == (None, "")


def test_how_the_sites_were_found(sited):
    assert len(how_found(sited)) == len(sited.answers) + 1
    assert "比选备选点位 10 个" in how_found(sited)[0]


# --- candidates -----------------------------------------------------------------------------------------------------


def test_candidates_say_which_are_offered_and_which_generated(sited):
    rows = texts(candidates_table(sited))
    assert len(rows) == 10
    assert [row["offered_by"] for row in rows] == ["清单所列"] * 8 + ["意向区域"] * 2
    assert [row["adopted_order"] for row in rows] == ["1", "2", "4", *[""] * 5, "3", ""]
    assert [row["rule"] for row in rows if row["rule"]] == ["必选", "禁选"]
    assert (rows[6]["may_hold"], rows[8]["location"]) == ("不限", "程序生成")
    assert "from_year" not in rows[0]  # no candidate has one
    assert rows[5]["opening_cost"] == ""


def test_of_many_candidates_the_first_are_listed_and_all_adopted(sited):
    many = pd.concat([sited.candidates] * 3)
    many.index = pd.Index([f"c#{k}" for k in range(30)], name="candidate_id")
    listed = listed_candidates(many, {"c#7", "c#29"}, most=5)
    assert list(listed.index) == ["c#0", "c#1", "c#2", "c#7", "c#29"]
    assert len(listed_candidates(many, {"c#7"}, most=30)) == 30
    # where even the adopted ones are more, none of them is lost
    assert set(listed_candidates(many, set(many.index[:9]), most=5).index) == set(many.index[:9])
    # and the table says that some are left out
    table = candidates_table(sited, most=6)
    assert len(table.rows) == 6
    assert any("前 6 个" in note and "共 10 个" in note for note in table.notes)


# --- in every product -----------------------------------------------------------------------------------------------


def test_nothing_of_siting_is_written_where_nobody_asked(outcome, tmp_path):
    keys = {table.key for found in tables(outcome).values() for table in found}
    assert not keys & {"sites", "sites_other", "site_support", "answers", "curve", "unmet", "candidates"}
    assert "siting" not in manifest(outcome, version="1")
    store.write_outcome(outcome, tmp_path)
    assert not {f"{name}.parquet" for name in (*SITING, "site_isochrones", "site_support")} & {
        path.name for path in (tmp_path / "outcome").iterdir()
    }
    back = store.read_outcome(tmp_path)
    for name in SITING:
        assert list(getattr(back, name).columns) == list(getattr(outcome, name).columns)
        assert len(getattr(back, name)) == 0


# --- manifest, stored tables, gap list ------------------------------------------------------------------------------


def test_the_manifest_says_what_is_proven(sited):
    record = json.loads(canonical(manifest(sited, version="1")))["siting"]
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


def test_rows_of_the_gap_list_name_the_site_that_serves_them(sited):
    gaps, sites = sited.gap_list, chosen(sited)
    named = with_site_names(gaps, sites, sited.zones, lang="zh")
    assert "site" not in gaps
    places = named[named["rule_id"] == "wuhan.places_per_1000_residents"].set_index("zone_id")["site"]
    assert {zone for zone, site in places.items() if site} == {"area/area", "community/C04"}
    # beds of care homes are a gap of two towns, and no site is said to serve a whole town
    beds = named[named["rule_id"] == "wuhan.beds_per_1000_elders"].set_index("zone_id")["site"]
    assert beds.to_dict() == {"town/T2": "", "town/T4": ""}
    # if all four added places: each names the communities that it serves, the finding names all in the order in which they open
    adding = sites.assign(indicators=[("wuhan.places_per_1000_residents",)] * len(sites))
    more = with_site_names(gaps, adding, sited.zones, lang="zh")
    places = more[more["rule_id"] == "wuhan.places_per_1000_residents"].set_index("zone_id")["site"]
    assert places.to_dict() == {
        "community/C03": "和平里原粮站", "community/C04": "意向区域1", "community/C05": "", "community/C06": "",
        "community/C07": "春晖路闲置校舍", "community/C08": "和平里原粮站", "community/C09": "", "community/C10": "",
        "community/C11": "长青路闲置厂房", "community/C12": "长青路闲置厂房",
        "area/area": "长青路闲置厂房、和平里原粮站、意向区域1、春晖路闲置校舍",
    }  # fmt: skip
    pd.testing.assert_frame_equal(named.drop(columns="site"), gaps)


def test_a_finding_is_closed_by_sites_that_serve_zones_below_it(sited):
    beds = "wuhan.beds_per_1000_elders"
    gaps = pd.DataFrame(
        {"rule_id": [beds, beds, beds, "wuhan.other"], "zone_id": ["area/area", "town/T3", "district/D2",
        "area/area"], "part": ["finding", "finding", "member", "finding"]}
    )  # fmt: skip
    named = with_site_names(gaps, chosen(sited), sited.zones, lang="zh")["site"].tolist()
    # in the order of opening; a coarse member is served by nobody
    assert named == [
        "长青路闲置厂房、和平里原粮站、意向区域1、春晖路闲置校舍", "长青路闲置厂房、和平里原粮站、春晖路闲置校舍", "", "",
    ]  # fmt: skip
    assert with_site_names(gaps.iloc[:0], chosen(sited), sited.zones, lang="zh")["site"].tolist() == []


def test_the_column_of_sites_is_printed_only_where_there_are_any(sited):
    named = dataclasses.replace(
        sited, gap_list=with_site_names(sited.gap_list, chosen(sited), sited.zones, lang="zh")
    )
    keys = [[column.key for column in gap_list(own).columns] for own in (sited, named)]
    assert "site" not in keys[0]
    assert keys[1][keys[1].index("site") - 1] == "responsible"
    assert [row["site"] for row in texts(gap_list(named))] == named.gap_list["site"].tolist()


def test_what_is_not_known_after_leaves_the_sums_open_above(sited):
    """One of three flagged zones is closed, one is not known: what is still short is at least the 7 places of the third."""
    row = {
        "question": sited.answers["question"].iloc[0], "rule_id": sited.rules.index[0], "flagged_before": 3, "flagged_after": 1, "closed": 1,
        "mean_met": 0, "unknown": 1, "new": 0, "shortfall_before": 20.0, "shortfall_after": 7.0, "unit": "places", "affected_group": "under_3",
        "affected_before": 90.0, "affected_after": 30.0,
    }  # fmt: skip

    def shown(unknown):
        table = flags_table(dataclasses.replace(sited, site_flags=pd.DataFrame([row | {"unknown": unknown}])))
        return [table.cells(key)[0].text("zh") for key in ("effect_shortfall_after", "effect_affected_after")]

    assert shown(1) == ["≥ 7", "≥ 30"]
    assert shown(0) == ["7", "30"]
