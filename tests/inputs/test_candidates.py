"""Lists of candidates: rows by hand, a fault at each row, the datum, parcels by land code, and lists joined."""

import runpy
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.affinity import translate
from shapely.geometry import Point, Polygon, box

from geoplan.inputs.candidates import read_candidates
from geoplan.inputs.candidates.fields import FIELDS
from geoplan.pipeline.gather import gather
from geoplan.siting.candidates import UNIT_COSTS, join_candidates, with_unit_costs
from geoplan.siting.generate import generate
from geoplan.standards.projects.costs import unit_costs
from geoplan.study.study import read_study
from geoplan.tables import CANDIDATES
from geoplan.words.vocabulary import vocabulary

CRS = "EPSG:4547"
EAST, NORTH = 500_000, 3_380_000
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def read(written, zones):
    """Return a function that writes rows (dicts) as a list and reads it."""

    def write_and_read(*rows, name="list.csv", **how):
        return read_candidates(written(*rows, name=name), zones=zones, crs=CRS, **how)

    return write_and_read


def codes(listed, row=None):
    return [n.code for n in listed.notes if row is None or n.row == row]


def test_a_row_as_an_office_writes_it(read, lonlat):
    x, y = lonlat(500, 700)
    listed = read(
        {
            "序号": "1", "名称": "老年活动站旧址", "地址": "向阳社区1号", "经度": x, "纬度": y, "建筑面积（㎡）": "320", "楼层": "一至二层", "产权": "街道",
            "可使用年限": "15年", "年租金（万元）": "2", "改造投资估算（万元）": "48", "可设服务": "日间照料/托育", "建设性质": "改扩建", "最多床位": "20",
            "最多托位": "30", "必选/禁选": "必选", "二选一组": "", "可用年份": "2026",
        }
    )  # fmt: skip
    assert listed.notes == ()
    row = listed.candidates.loc["list.csv#2"]
    assert set(listed.candidates.columns) == set(CANDIDATES)
    assert row["services"] == ("elder_day_care", "childcare")
    assert (row["name"], row["place"], row["storey"]) == ("老年活动站旧址", "向阳社区1号", "一至二层")
    assert row[["ownership", "works", "rule", "either_or"]].tolist() == ["街道", "extend", "required", ""]
    assert row[["floor_area_m2", "most_beds", "most_places", "usable_years"]].tolist() == [320, 20, 30, 15]
    # a cost that is stated stands; the rent beside it is not added
    assert (row["cost"], row["rent_year"], row["cost_from"], row["from_year"]) == (48, 2, "stated", 2026)
    assert np.isnan(row["cost_unit"])
    assert (row["zone_id"], row["location_quality"], row["generated"]) == ("community/A", "exact", False)
    assert (row["source_file"], row["source_row"]) == ("list.csv", 2)
    assert row["extends"] is None
    assert row.geometry.distance(Point(EAST + 500, NORTH + 700)) < 0.01


def test_what_is_not_said_is_unknown_and_never_0(read):
    row = read({"名称": "A", "地址": "河西村", "建筑面积": "", "投资估算": "待定"}).candidates.iloc[0]
    amounts = ["floor_area_m2", "most_beds", "most_places", "usable_years"]
    assert row[[*amounts, "from_year", "cost", "cost_unit", "rent_year"]].isna().all()
    assert (row["services"], row["works"], row["rule"], row["cost_from"]) == ((), "", "", "")
    assert (row["zone_id"], row["location_quality"], row.geometry) == ("community/B", "missing", None)


def test_what_the_study_says_for_all_rows_fills_blanks_only(read):
    cells = [("A", "", ""), ("B", "托育", "租赁")]
    rows = [dict(zip(("名称", "可设服务", "建设性质"), row, strict=True)) for row in cells]
    table = read(*rows, services=("elder_day_care",), works="swap").candidates
    assert table["services"].tolist() == [("elder_day_care",), ("childcare",)]
    assert table["works"].tolist() == ["swap", "rent"]


@pytest.mark.parametrize(
    ("column", "cell", "field", "value", "code"),
    [
        ("建筑面积", "-20", "floor_area_m2", np.nan, "candidate_negative"),
        ("建筑面积", "0", "floor_area_m2", np.nan, "candidate_amount_odd"),
        ("建筑面积", "很大", "floor_area_m2", np.nan, "candidate_amount_odd"),
        ("建筑面积", "200-300", "floor_area_m2", 200.0, "candidate_amount_odd"),
        ("建筑面积", "300㎡", "floor_area_m2", 300.0, "candidate_amount_odd"),
        ("建筑面积（亩）", "1.5", "floor_area_m2", 1000.0, None), ("建筑面积（万平方米）", "0.2", "floor_area_m2", 2000.0, None),
        ("投资估算（万元）", "-3", "cost", np.nan, "candidate_negative"),
        ("投资估算（万元）", "面议", "cost", np.nan, "cost_unreadable"), ("投资估算（万元）", "约50", "cost", 50.0, "cost_approximate"),
        ("投资估算（万元）", "0", "cost", np.nan, "candidate_cost_zero"), ("投资估算（万元）", "免费", "cost", 0.0, None),
        ("投资估算（万元）", "0（无偿使用）", "cost", 0.0, None), ("投资估算（万元）", "22,0", "cost", np.nan, "cost_unreadable"),
        ("年租金（万元）", "0", "rent_year", np.nan, "candidate_cost_zero"), ("年租金（万元）", "无偿", "cost", 0.0, None),
        ("单方造价（元/㎡）", "0", "cost_unit", np.nan, "candidate_cost_zero"), ("年租金（万元）", "2,0", "rent_year", np.nan, "cost_unreadable"),
        ("建筑面积", "22,0", "floor_area_m2", np.nan, "candidate_amount_odd"), ("必选/禁选", "必选？", "rule", "", "candidate_rule_unknown"),
        ("投资估算（元）", "1,500,000", "cost", 150.0, None),
        ("投资估算（元）", "500000", "cost", 50.0, None), ("投资估算", "1.05亿元", "cost", 10_500.0, None),
        ("单方造价（元/㎡）", "3000", "cost_unit", 0.3, None), ("年租金（万元）", "-3", "rent_year", np.nan, "candidate_negative"),
        ("租金（元/㎡·月）", "20", "rent_year", np.nan, "candidate_rent_needs_area"),
        ("月租金（元）", "2500", "rent_year", 3.0, "candidate_rent_without_years"),
        ("可用年份", "明年", "from_year", np.nan, "candidate_year_unreadable"),
        ("可使用年限", "长期", "usable_years", np.nan, "candidate_years_unlimited"),
        ("可使用年限", "至2040年", "usable_years", np.nan, "candidate_years_end"),
        ("可使用年限", "很久", "usable_years", np.nan, "candidate_years_unreadable"),
        ("最多托位", "不超过30", "most_places", 30.0, "candidate_amount_odd"), ("建设性质", "协调", "works", "", "works_unknown"),
        ("可设服务", "托育、健身", "services", ("childcare",), "candidate_service_unknown"),
        ("可设服务", "健身", "rule", "forbidden", "candidate_services_unknown"),
        ("必选/禁选", "必选禁选", "rule", "forbidden", "candidate_required_forbidden"),
        ("必选/禁选", "待议", "rule", "", "candidate_rule_unknown"), ("是否必选", "是", "rule", "required", None),
        ("是否禁选", "禁选", "rule", "forbidden", None),
    ],
)  # fmt: skip
def test_each_cell_and_its_fault_at_its_row(read, column, cell, field, value, code):
    listed = read(
        *({"名称": name, "地址": "向阳社区", column: text} for name, text in (("A", ""), ("B", cell)))
    )
    got = listed.candidates.loc["list.csv#3", field]
    assert got == (pytest.approx(value, nan_ok=True) if isinstance(value, float) else value)
    at_row = [c for c in codes(listed, 3) if c != "candidate_no_point"]
    assert at_row == ([] if code is None else [code])
    # the row before it says nothing and is at fault in nothing
    assert codes(listed, 2) == ["candidate_no_point"]


def test_required_in_one_column_and_forbidden_in_another(read):
    listed = read({"名称": "A", "必选": "是", "禁选": "是"})
    assert listed.candidates["rule"].tolist() == ["forbidden"]
    assert "candidate_required_forbidden" in codes(listed, 2)


def test_a_rent_alone_counts_for_the_years_of_use(read):
    table = read(
        {"名称": "A", "年租金（万元）": "2", "可使用年限": "10", "投资估算（万元）": ""},
        {"名称": "B", "年租金（万元）": "2", "可使用年限": "", "投资估算（万元）": ""},
        {"名称": "C", "年租金（万元）": "2", "可使用年限": "10", "投资估算（万元）": "7"},
    ).candidates
    assert table["cost"].tolist()[::2] == [20.0, 7.0]
    assert np.isnan(table["cost"].iloc[1])
    assert table["cost_from"].tolist() == ["rent x years", "", "stated"]
    assert table["rent_year"].tolist() == [2.0, 2.0, 2.0]


def test_one_column_of_rents_and_costs(read):
    table = read(
        {"名称": "A", "租金或造价（万元）": "2万元/年", "可使用年限": "5"},
        {"名称": "B", "租金或造价（万元）": "80", "可使用年限": "5"},
    ).candidates
    assert table["cost"].tolist() == [10.0, 80.0]
    assert table["cost_from"].tolist() == ["rent x years", "stated"]


def test_rents_by_the_square_metre(read):
    table = read({"名称": "A", "建筑面积": "100", "租金（元/㎡·月）": "20", "可使用年限": "5"}).candidates
    row = table.iloc[0]
    assert row["rent_year"] == pytest.approx(20 * 100 * 12 / 1e4)
    assert row["cost"] == pytest.approx(5 * 2.4)


def test_years_of_use_to_a_year_count_from_the_first(read):
    listed = read({"名称": "A", "可用年份": "2027", "可使用年限": "至2040年"})
    assert listed.candidates["usable_years"].tolist() == [13]


def test_headers_that_say_a_thing_in_two_ways(read):
    first = {"点位名称": "A", "地址/位置": "向阳社区3号", "产权/权属": "街道"}
    row = read(first | {"最多床位/托位": "12", "最多床位": "", "租金或造价（万元）": "9"}).candidates.iloc[0]
    assert row[["place", "ownership"]].tolist() == ["向阳社区3号", "街道"]
    assert row[["most_beds", "most_places", "cost"]].tolist() == [12, 12, 9]
    own = read({"名称": "A", "最多床位/托位": "12", "最多床位": "7"}).candidates.iloc[0]
    assert (own["most_beds"], own["most_places"]) == (7, 12)


def test_thousands_of_parcels_of_one_name(read):
    places = ((EAST + 30 * (i % 100), NORTH + 19 * (i // 100)) for i in range(3000))
    listed = read(*({"名称": "备选地块", "x": x, "y": y} for x, y in places), datum=CRS)
    # 19 m between rows is the same place, 30 m between columns is not: every second row of parcels is left out
    assert len(listed.candidates) == 1500
    assert {n.code for n in listed.notes} == {"candidate_twice"}


def test_datums_row_by_row_and_one_that_is_none(read, lonlat):
    g, w = lonlat(500, 700, "gcj02"), lonlat(900, 700)
    rows = [(*g, "GCJ-02"), (*w, ""), (*w, "北京54")]
    listed = read(*({"名称": word or "B", "经度": x, "纬度": y, "坐标系": word} for x, y, word in rows))
    east = [None if p is None else round(p.x - EAST) for p in listed.candidates.geometry]
    assert east == [500, 900, None]
    assert codes(listed, 4) == ["candidate_datum_unknown", "candidate_place_unknown"]
    assert listed.candidates["location_quality"].tolist() == ["exact", "exact", "rejected"]


def test_points_that_cannot_be_used_and_one_just_outside(read, lonlat):
    inside, just, far = lonlat(100, 100), lonlat(-400, 100), lonlat(90_000, 100)
    pairs = [(inside[0], ""), (0, 0), ("东经", "北纬"), far, just, inside[::-1], ("", "")]
    listed = read(*({"名称": str(i), "经度": x, "纬度": y} for i, (x, y) in enumerate(pairs)))
    first = [codes(listed, row)[0] for row in range(2, 9)]
    assert first == ["candidate_point_half", "candidate_point_zero", "candidate_point_unreadable", "candidate_point_far",
                     "candidate_outside_area", "coordinates_swapped", "candidate_no_point"]  # fmt: skip
    assert listed.candidates.geometry.notna().tolist() == [False] * 4 + [True, True, False]
    # one just outside is kept: people inside may walk to it
    assert listed.candidates.loc["list.csv#6", "zone_id"] is None
    assert listed.candidates.loc["list.csv#7", "zone_id"] == "community/A"
    assert len(listed.candidates) == 7


def test_a_place_that_no_zone_has_is_said(read):
    listed = read({"名称": "A", "地址": "河西村"}, {"名称": "B", "地址": "别处"})
    assert listed.candidates["zone_id"].tolist() == ["community/B", None]
    assert "candidate_place_unknown" in codes(listed, 3)
    assert "candidate_place_unknown" not in codes(listed, 2)


def test_an_estate_is_counted_in_its_community(read):
    assert read({"名称": "A", "所属小区": "桦苑小区"}).candidates["zone_id"].tolist() == ["community/A"]


def test_totals_are_passed_over_and_premises_count_once(read, lonlat):
    (x, y), (x2, y2) = lonlat(500, 700), lonlat(510, 700)
    (x3, y3) = lonlat(600, 700)
    one = {"名称": "旧 校舍", "楼层": "1", "建筑面积": "200", "经度": x, "纬度": y}
    listed = read(
        one,
        one | {"名称": "旧校舍", "经度": x2, "纬度": y2},  # 10 m off: the same
        one | {"楼层": "2"},  # another floor
        one | {"建筑面积": "150"},  # another room
        one | {"经度": x3, "纬度": y3},  # 100 m off: another house
        {"名称": "合计", "楼层": "", "建筑面积": "950", "经度": "", "纬度": ""},
    )
    assert listed.candidates.index.tolist() == [f"list.csv#{i}" for i in (2, 4, 5, 6)]
    assert [(n.code, n.row) for n in listed.notes] == [("candidate_twice", 3), ("list_total_row", 7)]


def test_either_or_groups(read):
    rows = [("A", "甲", "是"), ("B", "甲", "是"), ("C", "乙", ""), ("D", "", "")]
    listed = read(*({"名称": name, "二选一组": group, "必选": must} for name, group, must in rows))
    assert listed.candidates["either_or"].tolist() == ["甲", "甲", "乙", ""]
    found = [c for c in codes(listed) if "either" in c]
    assert found == ["candidate_either_or_required", "candidate_either_or_alone"]
    assert "candidate_either_or_required" in codes(listed, 3)


def test_words_of_services(read):
    cells = ["日间照料", "养老、托育", "社区食堂", "不限", "日间照料室", "婴幼儿照护", "福利站"]
    types = {"福利站": ["home_care", "elder_canteen"]}
    listed = read(*({"名称": str(i), "可设服务": cell} for i, cell in enumerate(cells)), types=types)
    assert listed.candidates["services"].tolist() == [
        ("elder_day_care",), ("elder_home", "elder_day_care", "childcare"), ("elder_canteen",), (), ("elder_day_care",),
        ("childcare",), ("home_care", "elder_canteen"),
    ]  # fmt: skip
    assert {t for types in listed.candidates["services"] for t in types} <= set(vocabulary("types"))
    assert "candidate_services_unknown" not in codes(listed)


def parcels(tmp_path, rows, name="parcels.geojson"):
    numbers, land, areas, shapes = zip(*rows, strict=True)
    columns = {"地块编号": numbers, "用地代码": land, "建筑面积": areas}
    table = gpd.GeoDataFrame(columns, geometry=[translate(shape, EAST, NORTH) for shape in shapes], crs=CRS)
    path = tmp_path / name
    table.to_crs("EPSG:4326").to_file(path)
    return path


def test_parcels_give_their_area_and_no_floor_area(tmp_path, zones):
    shapes = box(0, 0, 300, 20), box(2100, 0, 2200, 100)
    path = parcels(tmp_path, [("G1", "0708", None, shapes[0]), ("G2", "08", 900.0, shapes[1])])
    table = read_candidates(path, zones=zones, crs=CRS).candidates
    assert table["name"].tolist() == ["地块G1", "地块G2"]
    assert np.isnan(table["floor_area_m2"].iloc[0])
    assert table["floor_area_m2"].iloc[1] == 900.0
    assert table["parcel_m2"].tolist() == pytest.approx([6_000.0, 10_000.0], rel=1e-4)
    assert table["zone_id"].tolist() == ["community/A", "community/B"]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ((), "ABCDEFG"), (("0708",), "AB"), (("07",), "ABC"), (("08",), "D"), (("A6",), "E"), (("A",), "EF"),
        (("070801",), "B"), (("99",), ""),
    ],
)  # fmt: skip
def test_parcels_by_land_code(tmp_path, zones, wanted, kept):
    told = {"A": "0708 社会福利用地", "B": "070801", "C": "0701", "D": "08", "E": "A6", "F": "a33", "G": None}
    shapes = [
        (name, code, None, box(100 * i, 0, 100 * i + 50, 50)) for i, (name, code) in enumerate(told.items())
    ]
    listed = read_candidates(parcels(tmp_path, shapes), zones=zones, crs=CRS, land_codes=wanted)
    assert [name.removeprefix("地块") for name in listed.candidates["name"]] == list(kept)
    left = [n for n in listed.notes if n.code == "candidate_land_codes_left"]
    assert [n.values["count"] for n in left] == ([7 - len(kept)] if len(kept) < 7 else [])
    assert all(n.values["without"] == 1 for n in left)


def test_parcels_in_gcj02(tmp_path, zones, lonlat):
    corners = [lonlat(x, y, "gcj02") for x, y in ((0, 0), (100, 0), (100, 100), (0, 100))]
    path = tmp_path / "gcj.geojson"
    gpd.GeoDataFrame({"名称": ["A"]}, geometry=[Polygon([map(float, c) for c in corners])], crs=4326).to_file(
        path
    )
    row = read_candidates(path, zones=zones, crs=CRS, datum="gcj02").candidates.iloc[0]
    assert row.geometry.distance(Point(EAST + 50, NORTH + 50)) < 0.5
    assert row["parcel_m2"] == pytest.approx(10_000, rel=1e-4)


# --- joined ------------------------------------------------------------------------------------------------------


@pytest.fixture
def facilities():
    table = {
        "name": ["松鹤养老院", "日间照料室", "日间照料室"],
        "zone_id": ["community/A", "community/B", None],
    }
    table["location_quality"] = ["exact", "exact", "missing"]
    points = [Point(EAST + 10, NORTH + 20), Point(EAST + 2500, NORTH), None]
    return gpd.GeoDataFrame(table, geometry=points, crs=CRS, index=["r.xlsx#2", "r.xlsx#3", "r.xlsx#4"])


def test_what_is_enlarged_is_found_by_name(read, facilities):
    extended = [
        ("松鹤 养老院", ""),
        ("日间照料室", "改扩建"),
        ("r.xlsx#3", "租赁"),
        ("查无此院", ""),
        ("", ""),
    ]
    rows = zip("ABCDE", extended, strict=True)
    listed = read(*({"名称": name, "依托设施": home, "建设性质": works} for name, (home, works) in rows))
    got = join_candidates([listed], None, facilities=facilities)
    assert got.candidates["extends"].tolist() == ["r.xlsx#2", None, "r.xlsx#3", None, None]
    assert got.candidates["works"].tolist() == ["extend", "extend", "rent", "", ""]
    # without a point of its own it lies where the facility does
    assert got.candidates.geometry.iloc[0] == facilities.geometry.iloc[0]
    assert got.candidates["zone_id"].tolist() == ["community/A", None, "community/B", None, None]
    new = [(n.code, n.row) for n in got.notes if "extend" in n.code]
    assert new == [
        ("candidate_at_extended", 2), ("candidate_extends_ambiguous", 3), ("candidate_at_extended", 4),
        ("candidate_extends_unknown", 5),
    ]  # fmt: skip
    # what was given is as it was
    assert listed.candidates["extends"].isna().all()


def test_premises_of_two_lists_count_once_and_generated_ones_come_last(read, facilities, zones, lonlat):
    x, y = lonlat(500, 700)
    one = read({"名称": "A", "经度": x, "纬度": y}, {"名称": "B", "经度": x, "纬度": y}, name="one.csv")
    two = read({"名称": "A", "经度": x, "纬度": y}, {"名称": "C", "经度": x, "纬度": y}, name="two.csv")
    made = generate("centroids", zones=zones)
    got = join_candidates([one, two], made, facilities=facilities)
    assert got.candidates.index.tolist() == [
        "one.csv#2", "one.csv#3", "two.csv#3", "generated/centroids#1", "generated/centroids#2",
    ]  # fmt: skip
    assert got.candidates["generated"].tolist() == [False] * 3 + [True] * 2
    assert [(n.code, n.file, n.row) for n in got.notes] == [("candidate_twice", "two.csv", 2)]
    assert got.candidates.crs == facilities.crs


def test_two_files_of_one_name_have_ids_of_their_own(read, facilities):
    one = read({"名称": "A"}, name="x/list.csv")
    two = read({"名称": "B"}, name="y/list.csv")
    got = join_candidates([one, two], None, facilities=facilities)
    assert got.candidates.index.tolist() == ["list.csv#2", "list.csv@2#2"]


def test_no_list_gives_an_empty_table_with_every_column(facilities):
    table = join_candidates([], None, facilities=facilities).candidates
    assert len(table) == 0
    assert set(CANDIDATES) == set(table.columns)


def test_costs_of_a_unit_where_none_is_stated(read):
    headers = ("名称", "建设性质", "可设服务", "投资估算（万元）", "单位造价（万元）")
    rows = [
        ("A", "改扩建", "托育", "", ""), ("B", "改扩建", "托育", "9", ""), ("C", "改扩建", "托育", "", "5"),
        ("D", "", "托育", "", ""), ("E", "改扩建", "日间照料", "", ""),
    ]  # fmt: skip
    table = read(*(dict(zip(headers, row, strict=True)) for row in rows)).candidates
    got = with_unit_costs(table, service_type="childcare")
    unit = unit_costs().loc["childcare_conversion"]
    assert got["cost_unit"].fillna(-1).tolist() == [(unit["low"] + unit["high"]) / 2, -1, 5, -1, -1]
    assert got["cost_unit_of"].tolist() == ["places", "", "", "", ""]
    source = f"childcare_conversion: {', '.join(unit['rows'])}"
    assert got["cost_from"].tolist() == [source, "stated", "stated", "", ""]
    assert got["cost_unit_low"].iloc[[0, 2]].tolist() == [unit["low"], 5]
    assert set(UNIT_COSTS) <= set(got.columns)
    assert table["cost_unit"].isna().sum() == 4
    # of another unit none is taken
    assert with_unit_costs(table, service_type="childcare", supplies=("beds",))["cost_unit"].isna().sum() == 4
    day = with_unit_costs(table, service_type="elder_day_care", supplies=("floor_area_m2",)).iloc[4]
    assert (day["cost_unit"], day["cost_unit_of"]) == (0.3, "floor_area_m2")


# --- the demo town


ROOT = DOCS.parent
PREMISES = ROOT / "data" / "facilities" / "huzhong_premises.xlsx"


def test_the_demo_list_is_made_anew_the_same(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "studies" / "huzhong"))
    main = runpy.run_path(str(ROOT / "studies" / "huzhong" / "make_premises.py"))["main"]
    main.__globals__["FILE"] = tmp_path / "list.xlsx"
    main()
    assert (tmp_path / "list.xlsx").read_bytes() == PREMISES.read_bytes()


@pytest.fixture(scope="module")
def demo():
    """Return the inputs of the demo's study."""
    return gather(read_study(ROOT / "studies" / "huzhong" / "study.yaml"))


@pytest.fixture(scope="module")
def premises(demo):
    """Return the demo's list as the study would read it."""
    return read_candidates(PREMISES, zones=demo.zones, crs=demo.crs, datum="gcj02")


def test_the_demo_list_holds_what_it_is_to_show(premises):
    table = premises.candidates
    assert len(table) == 18
    assert [(n.code, n.row) for n in premises.notes] == [
        ("candidate_no_point", 11), ("candidate_no_point", 14), ("list_total_row", 21)
    ]  # fmt: skip
    assert table["rule"].value_counts().to_dict() == {"": 16, "required": 1, "forbidden": 1}
    assert table["either_or"].value_counts().to_dict() == {"": 16, "站前": 2}
    assert table["floor_area_m2"].isna().sum() == 1
    assert table["cost_from"].value_counts().to_dict() == {"stated": 15, "rent x years": 2, "": 1}
    assert table["from_year"].dropna().tolist() == [2027]
    assert (table["services"].map(len) > 1).sum() > 10
    assert table.loc["huzhong_premises.xlsx#11", "zone_id"] == "community/HZ0204"


def test_a_place_of_the_demo_list_lies_where_the_home_does_that_it_enlarges(demo, premises):
    joined = join_candidates([premises], None, facilities=demo.register.facilities)
    extended = joined.candidates.loc["huzhong_premises.xlsx#14", "extends"]
    assert extended == "碧水镇松鹤养老院@huzhong_eldercare_register.xlsx"
    assert "candidate_no_point" not in [n.code for n in joined.notes if n.row == 14]


# --- documents ---------------------------------------------------------------------------------------------------


def test_the_page_lists_every_field_with_its_first_header():
    page = (DOCS / "candidates.md").read_text(encoding="utf-8")
    for field, found in FIELDS.items():
        assert f"| `{field}` | {found.headers[0]}" in page, field
