"""Registers as a whole: formats, zones by name, places by name, accepted points, years, services, and sums that add up."""

import json
import math
import re
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from towns import CRS, SIDE, SOUTH, WEST

from geoplan import tables
from geoplan.coverage.provision import located_supply
from geoplan.inputs import facilities
from geoplan.inputs.lists.rows import former_id, row_ids
from geoplan.inputs.lists.zone_names import ZoneNames
from geoplan.words.errors import InputError

TYPES = {
    "养老院": "elder_home", "日间照料": "elder_day_care", "托育园": "childcare", "老幼综合": ["elder_day_care", "childcare"],
}  # fmt: skip


def at(column, row, *, dx=1000.0, dy=1000.0):
    """Return WGS 84 lon, lat of a place in square (column, row) of the town, metres from its corner."""
    xy = (WEST + column * SIDE + dx, SOUTH + row * SIDE + dy)
    point = gpd.GeoSeries([shapely.Point(xy)], crs=CRS).to_crs(4326).iloc[0]
    return round(point.x, 7), round(point.y, 7)


def read(folder, rows, town, **options):
    """Write rows (first the headers) as CSV and read them."""
    path = folder / "台账.csv"
    text = "\n".join(",".join("" if c is None else f'"{c}"' for c in row) for row in rows)
    path.write_text(text, encoding="utf-8")
    if "type" not in options:
        options = {"types": TYPES} | options
    return facilities.read_register(path, zones=town, crs=CRS, **options)


def accepted(folder, row, header="facility_id,lon,lat"):
    """Write a file of accepted points with one row."""
    path = folder / "a.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    return path


def codes(register):
    return sorted((n.row, n.code) for n in register.notes if n.row)


def supply(register, row, service, kind):
    table = register.supplies
    hit = (
        table["facility_id"].isin(register.facilities.index[register.facilities["source_row"] == row])
        & (table["service"] == service)
        & (table["supply"] == kind)
    )
    assert hit.sum() == 1
    return tuple(table.loc[hit, ["low", "high"]].iloc[0])


# --- the tables keep their contract


def test_the_tables_have_the_contracted_columns(tmp_path, town):
    rows = [("名称", "类型", "经度", "纬度", "床位数"), ("甲", "养老院", *at(0, 0), 30)]
    register = read(tmp_path, rows, town)
    tables.check_columns(register.facilities, tables.FACILITIES, name="facilities")
    tables.check_columns(register.supplies, tables.SUPPLIES, name="supplies")
    joined = facilities.join_registers([register], year=2025)
    tables.check_unique_index(joined.facilities, name="facilities")
    tables.check_ids(joined.supplies, name="supplies", facility_id=joined.facilities.index)
    assert joined.facilities.index.name == "facility_id"
    assert joined.facilities.crs == CRS
    row = joined.facilities.loc["甲@台账.csv"]
    assert row[["name", "services", "source_file", "source_row"]].tolist() == [
        "甲",
        ("elder_home",),
        "台账.csv",
        2,
    ]
    place = row[["zone_id", "zone_from", "location_quality", "serves"]].tolist()
    assert place == ["community/C00", "point", "exact", ()]


def test_without_any_register_the_tables_are_empty_and_whole():
    nothing = facilities.join_registers([], year=2025, crs=CRS)
    tables.check_columns(nothing.facilities, tables.FACILITIES, name="facilities")
    tables.check_columns(nothing.supplies, tables.SUPPLIES, name="supplies")
    assert len(nothing.facilities) == len(nothing.supplies) == len(nothing.unplaced) == 0
    assert nothing.facilities.crs == CRS


# --- points outside of every zone


def test_a_point_outside_of_every_zone_counts_in_none_although_its_row_names_one(tmp_path, town):
    # the town's southern edge is y = 0 of its squares of 2 km, whose middle `at` gives
    west, south, _, _ = town.geometry["area/1"].bounds
    outside = gpd.GeoSeries.from_xy([west + 1000.0] * 2, [south - 300.0, south + 1.0], crs=CRS).to_crs(4326)
    rows = [
        ("名称", "类型", "所在区", "所属社区", "经度", "纬度", "床位数"),
        ("甲", "养老院", "东湖区", "向阳社区", outside[0].x, outside[0].y, 30),
        ("乙", "养老院", "东湖区", "向阳社区", outside[1].x, outside[1].y, 40),
        ("丙", "养老院", None, None, outside[0].x + 0.01, outside[0].y, 50),
    ]
    register = read(tmp_path, rows, town)
    table = register.facilities
    assert list(table["zone_id"]) == [None, "community/C00", None]
    assert list(table["zone_from"]) == [None, "point", None]
    assert table.geometry.notna().all()
    told = [note for note in register.notes if note.code == "point_outside_zones"]
    assert [(note.row, note.values["metres"], note.values["name"]) for note in told] == [
        (2, "300", "向阳社区")
    ]
    assert "counts in no zone" in told[0].text("en")
    beds = register.supplies[register.supplies["supply"] == "beds"]
    own = located_supply(beds[["facility_id", "low", "high"]], table, town)
    assert own.loc["area/1", ["low", "high"]].tolist() == [40.0, 40.0]


# --- rows without coordinates


ROWS_WITHOUT = [
    ("名称", "类型", "所在区", "所属社区", "地址", "经度", "纬度", "床位数"), ("甲", "养老院", "东湖区", "向阳社区", None, None, None, 30),
    ("乙", "养老院", "东湖区", None, None, None, None, 40), ("丙", "养老院", None, None, "东湖区阳光花园小区3号", None, None, 50),
    ("丁", "养老院", None, None, None, None, None, 60), ("戊", "养老院", None, None, None, *at(1, 1), 70),
]  # fmt: skip


def test_a_register_states_on_which_level_a_facility_lies(tmp_path, town):
    lon, lat = at(0, 0)
    header = ["名称", "类型", "经度", "纬度", "level"]
    rows = [
        (f"院{n}", "养老院", lon, lat + n / 1000, level) for n, level in enumerate(["-1", "1;0", "", "上层"])
    ]
    found = read(tmp_path, [header, *rows], town).facilities
    assert found["level"].tolist() == pytest.approx([-1, 0, math.nan, math.nan], nan_ok=True)
    without = read(tmp_path, [header[:4], *[row[:4] for row in rows]], town).facilities
    assert "level" not in without


def test_a_row_without_coordinates_is_not_lost(tmp_path, town):
    register = read(tmp_path, ROWS_WITHOUT, town)
    table = register.facilities
    assert list(table["zone_id"]) == ["community/C00", "district/D0", "district/D0", None, "community/C11"]
    assert list(table["zone_from"]) == ["named", "named", "named", None, "point"]
    assert list(table["location_quality"]) == ["missing"] * 4 + ["exact"]
    assert table.geometry.notna().tolist() == [False] * 4 + [True]
    listed = register.unplaced
    assert list(listed.columns) == list(tables.UNPLACED)
    assert list(listed["beds"]) == [30, 40, 50, 60]
    assert list(listed["zone_names"]) == ["东湖区 / 向阳社区", "东湖区", "东湖区", ""]
    assert list(listed["reason"]) == ["coordinates_missing"] * 4
    matches = [m if isinstance(m, str) else None for m in listed["match"]]
    assert matches == ["community", None, "address_estate", None]
    assert (5, "counts_nowhere") in codes(register)
    line = register.reconciliation.iloc[0]
    assert (line["not_placed"], line["in_run"], line["placed_share"]) == (4, 1, 0.2)
    assert (line["beds_not_placed"], line["beds_in_run"], line["beds_placed_share"]) == (180, 70, 70 / 250)


def test_a_candidate_is_inside_its_zone_and_is_used_only_once_accepted(tmp_path, town):
    register = read(tmp_path, ROWS_WITHOUT, town)
    listed = register.unplaced
    points = gpd.GeoSeries.from_xy(listed["lon"], listed["lat"], crs=4326, index=listed.index).to_crs(CRS)
    assert points.iloc[0].within(town.geometry["community/C00"])
    assert points.iloc[2].within(town.geometry["estate/E1"])
    assert listed["lon"].isna().tolist() == [False, True, False, True]

    path = facilities.write_accepted(tmp_path / "accepted.csv", listed.reset_index())
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    again = read(tmp_path, ROWS_WITHOUT, town, accepted=path)
    quality = again.facilities["location_quality"].tolist()
    assert quality == ["approximate", "missing", "approximate", "missing", "exact"]
    assert again.facilities.geometry.iloc[0].distance(points.iloc[0]) < 0.05
    assert list(again.facilities["zone_id"])[:3] == ["community/C00", "district/D0", "community/C00"]
    assert list(again.unplaced["source_row"]) == [3, 5]
    assert again.reconciliation.iloc[0]["in_run"] == 3


def test_the_offices_lookup_table_places_by_name_and_by_address(tmp_path, town):
    places = [(" 乙 ", None, *at(2, 0)), (None, "幸福路1号", *at(3, 0)), ("丁", None, None, None)]
    table = pd.DataFrame(places, columns=["名称", "地址", "经度", "纬度"])
    table.to_excel(tmp_path / "lookup.xlsx", index=False)
    rows = [*ROWS_WITHOUT[:3], ("丙", "养老院", None, None, "幸福路１号", None, None, 50), *ROWS_WITHOUT[4:]]
    register = read(tmp_path, rows, town, lookup=tmp_path / "lookup.xlsx")
    table = register.facilities
    assert list(table["location_quality"]) == ["missing", "approximate", "approximate", "missing", "exact"]
    assert table.geometry.iloc[1].within(town.geometry["community/C02"])
    assert table.geometry.iloc[2].within(town.geometry["community/C03"])
    # a place makes a named zone finer
    assert list(table["zone_id"])[1:3] == ["community/C02", "community/C03"]
    matches = [n.values["match_en"] for n in register.notes if n.code == "placed_by_name"]
    assert matches == ["lookup table, name", "lookup table, address"]


def test_a_place_from_a_name_never_moves_a_row_out_of_the_zone_that_it_names(tmp_path, town):
    lon, lat = at(3, 1)
    path = accepted(tmp_path, f"甲@台账.csv,{lon},{lat}")
    table = read(tmp_path, ROWS_WITHOUT, town, accepted=path).facilities
    assert table.iloc[0][["zone_id", "zone_from", "location_quality"]].tolist() == [
        "community/C00", "named", "approximate",
    ]  # fmt: skip


def test_a_file_of_accepted_points_that_cannot_be_read_is_named(tmp_path, town):
    with pytest.raises(InputError, match="no column `lat`"):
        read(tmp_path, ROWS_WITHOUT, town, accepted=accepted(tmp_path, "甲@台账.csv,114", "facility_id,lon"))
    with pytest.raises(InputError, match=r"a\.csv row 2"):
        read(tmp_path, ROWS_WITHOUT, town, accepted=accepted(tmp_path, "甲@台账.csv,114,x"))


# --- names of zones


@pytest.mark.parametrize(
    ("name", "level", "within", "zone_id", "why"),
    [
        ("东湖区", "district", None, "district/D0", ""), ("东湖", "district", None, "district/D0", ""),
        ("向阳", "community", None, "community/C00", ""), ("向阳居委会", "community", None, "community/C00", ""),
        ("东风村", "community", None, "community/C11", ""), ("东风村委会", "community", None, "community/C11", ""),
        ("Ｃ１１", "community", None, "community/C11", ""), ("和平社区", "community", None, None, "ambiguous"),
        ("和平社区", "community", "district/D1", "community/C10", ""),
        ("向阳社区", "community", "district/D1", None, "unknown"), ("无名社区", "community", None, None, "unknown"),
        ("阳光花园", "estate", "district/D0", "estate/E1", ""),
    ],
)  # fmt: skip
def test_names_of_zones(town, name, level, within, zone_id, why):
    found = ZoneNames(town).find(name, level, within=within)
    assert (found.zone_id, found.why) == (zone_id, why)


def test_an_ambiguous_name_is_not_guessed(tmp_path, town):
    rows = [("名称", "类型", "社区", "床位"), ("甲", "养老院", "和平社区", 10), ("乙", "养老院", "向阳", 10)]
    register = read(tmp_path, rows, town)
    assert (2, "zone_name_ambiguous") in codes(register)
    assert list(register.facilities["zone_id"]) == [None, "community/C00"]


def test_whom_a_facility_serves(tmp_path, town):
    rows = [
        ("名称", "类型", "经度", "纬度", "服务社区"), ("甲", "日间照料", *at(3, 0), "向阳社区、和平社区；无名社区"), ("乙", "日间照料", *at(0, 1), None),
    ]  # fmt: skip
    register = read(tmp_path, rows, town)
    # 和平社区 stands in both districts: the facility's own is meant
    assert list(register.facilities["serves"]) == [("community/C00", "community/C03"), ()]
    assert [n.values["name"] for n in register.notes if n.code == "serves_unknown"] == ["无名社区"]


# --- services, amounts, attributes


def test_a_building_for_two_services_does_not_lend_its_area_twice(tmp_path, town):
    rows = [("甲", "老幼综合", *at(0, 0), 20, 30, 900), ("乙", "养老院", *at(1, 0), 50, None, 1000)]
    register = read(tmp_path, [("名称", "类型", "经度", "纬度", "床位", "托位", "建筑面积"), *rows], town)
    assert supply(register, 2, "elder_day_care", "floor_area_m2") == (0, 900)
    assert supply(register, 2, "childcare", "floor_area_m2") == (0, 900)
    assert supply(register, 2, "elder_day_care", "beds") == (20, 20)
    assert supply(register, 2, "childcare", "places") == (30, 30)
    assert supply(register, 3, "elder_home", "floor_area_m2") == (1000, 1000)
    assert codes(register) == [(2, "floor_area_shared")]  # a home without places is no fault
    assert register.notes[-1].values["area"] == "900"
    kinds = register.supplies.groupby("facility_id")["supply"].agg(set)
    assert "places" not in kinds["乙@台账.csv"]


def test_two_services_that_both_have_beds_share_them(tmp_path, town):
    rows = [("名称", "类型", "经度", "纬度", "床位"), ("甲", "养老院、日间照料", *at(0, 0), 20)]
    register = read(tmp_path, rows, town)
    assert register.facilities["services"].iloc[0] == ("elder_home", "elder_day_care")
    assert supply(register, 2, "elder_home", "beds") == (0, 20)
    assert supply(register, 2, "elder_day_care", "beds") == (0, 20)


def test_what_is_not_stated_is_bounded_but_not_zero(tmp_path, town):
    rows = [
        ("名称", "类型", "经度", "纬度", "床位", "护理型床位"), ("甲", "养老院", *at(0, 0), 20, None), ("乙", "养老院", *at(1, 0), None, 8),
        ("丙", "养老院", *at(2, 0), 0, 5),
    ]  # fmt: skip
    register = read(tmp_path, rows, town)
    assert supply(register, 2, "elder_home", "nursing_beds") == (0, 20)
    assert supply(register, 3, "elder_home", "beds") == (8, math.inf)
    assert supply(register, 4, "elder_home", "beds") == (0, 0)
    assert supply(register, 4, "elder_home", "nursing_beds") == (0, 5)
    assert supply(register, 2, "elder_home", "dementia_beds") == (0, 20)  # no such column
    assert supply(register, 2, "elder_home", "floor_area_m2") == (0, math.inf)


def test_an_amount_that_no_service_has_is_said(tmp_path, town):
    rows = [("名称", "类型", "经度", "纬度", "床位", "托位"), ("甲", "托育园", *at(0, 0), 12, 30)]
    register = read(tmp_path, rows, town)
    assert codes(register) == [(2, "amount_without_service")]
    assert set(register.supplies["supply"]) == {"places", "floor_area_m2"}


def test_attributes_have_three_values(tmp_path, town):
    rows = [
        ("名称", "类型", "经度", "纬度", "性质", "是否普惠", "备案", "星级"), ("甲", "养老院", *at(0, 0), "公建民营", "是", "已备案", "五星级"),
        ("乙", "养老院", *at(1, 0), "民办", "否", "未备案", "三星级"), ("丙", "养老院", *at(2, 0), None, None, None, None),
    ]  # fmt: skip
    table = read(tmp_path, rows, town).facilities
    for flag in ("public", "inclusive", "registered", "five_star"):
        assert table[flag].tolist() == [True, False, pd.NA]
    assert table["ownership"].tolist() == ["公建民营", "民办", None]
    assert table["medical_unit"].isna().all()


def test_inclusive_comes_from_inclusive_places_where_there_is_no_column(tmp_path, town):
    rows = [
        ("名称", "类型", "经度", "纬度", "托位", "普惠托位"), ("甲", "托育园", *at(0, 0), 30, 10), ("乙", "托育园", *at(1, 0), 30, 0),
        ("丙", "托育园", *at(2, 0), 30, None),
    ]  # fmt: skip
    register = read(tmp_path, rows, town)
    assert register.facilities["inclusive"].tolist() == [True, False, pd.NA]


# --- years and status


def test_what_counts_in_a_year(tmp_path, town):
    rows = [
        ("名称", "类型", "经度", "纬度", "床位", "运营状态", "启用年份", "停用年份"), ("甲", "养老院", *at(0, 0), 1, "运营", 2010, None),
        ("乙", "养老院", *at(1, 0), 2, "运营", 2026, None), ("丙", "养老院", *at(2, 0), 4, "在建", 2024, None),
        ("丁", "养老院", *at(3, 0), 8, "规划", None, None), ("戊", "养老院", *at(0, 1), 16, "停业", None, None),
        ("己", "养老院", *at(1, 1), 32, "停业", 2001, 2026), ("庚", "养老院", *at(2, 1), 64, "运营", None, 2025),
    ]  # fmt: skip
    register = read(tmp_path, rows, town)
    assert len(register.facilities) == 7
    years = (2000, 2023, 2024, 2025, 2026)
    beds = {y: sum(beds_by_id(facilities.join_registers([register], year=y)).values()) for y in years}
    #        甲 己 庚                                  by hand
    assert beds == {2000: 64, 2023: 1 + 32 + 64, 2024: 1 + 4 + 32 + 64, 2025: 1 + 4 + 32, 2026: 1 + 2 + 4}
    joined = facilities.join_registers([register], year=2025)
    line = joined.reconciliation.iloc[0]
    assert (line["closed"], line["not_open"], line["in_run"]) == (2, 2, 3)
    assert line["beds_closed"] + line["beds_not_open"] + line["beds_in_run"] == 127
    assert {(n.row, n.code) for n in joined.notes if n.row} == {(3, "opens_later"), (4, "planned_counts")}
    assert set(joined.left_out.index) | set(joined.facilities.index) == set(register.facilities.index)


def test_the_studys_own_words(tmp_path, town):
    rows = [("名称", "类型", "经度", "纬度", "运营状态", "铺位"), ("甲", "养老院", *at(0, 0), "停摆", 20)]
    register = read(tmp_path, rows, town, status={"停摆": "closed"}, columns={"beds": "铺位"})
    assert register.facilities["status"].tolist() == ["closed"]
    assert supply(register, 2, "elder_home", "beds") == (20, 20)


# --- the same facility twice


def test_same_name_elsewhere_and_other_service_are_no_duplicates(tmp_path, town):
    head = ("名称", "类型", "经度", "纬度", "床位", "建筑面积")
    home = ("康乐", "养老院", *at(0, 0), 50, 900)
    rows = [
        head, home, ("康乐", "养老院", *at(2, 0), 50, 900), ("康乐", "日间照料", *at(0, 0), 50, 900),
        ("安康", "养老院", *at(0, 0), 60, 900),
    ]  # fmt: skip
    register = read(tmp_path, rows, town)
    assert codes(register) == []
    rows.append(("康 乐", "养老院", *at(0, 0, dx=1100), None, 900))
    register = read(tmp_path, rows, town)
    assert codes(register) == [(6, "amount_blank"), (6, "duplicate_same_name")]


def test_the_fuller_row_is_kept_and_an_open_one_before_a_closed_one(tmp_path, town):
    head = ("名称", "类型", "经度", "纬度", "床位", "运营状态")
    rows = [
        head, ("甲", "养老院", *at(0, 0), None, "运营"), ("甲", "养老院", *at(0, 0), 50, "运营"),
        ("乙", "养老院", *at(1, 0), 9, "停业"), ("乙", "养老院", *at(1, 0), 8, "运营"),
    ]  # fmt: skip
    register = read(tmp_path, rows, town)
    assert list(register.facilities["source_row"]) == [3, 5]


# --- formats


@pytest.mark.parametrize("name", ["r.geojson", "r.gpkg", "r.shp", "r.csv", "gb.csv", "r.xlsx"])
def test_every_format_says_the_same(tmp_path, town, name):
    lonlat = [at(0, 0), at(1, 1)]
    table = pd.DataFrame({"名称": ["甲", "乙"], "类型": ["养老院", "日间照料"], "床位数": [30, 8]})
    path = tmp_path / name
    if name.endswith((".csv", ".xlsx")):
        table = table.assign(经度=[p[0] for p in lonlat], 纬度=[p[1] for p in lonlat])
        if name.endswith("xlsx"):
            table.to_excel(path, index=False)
        else:
            table.to_csv(path, index=False, encoding="gb18030" if name.startswith("gb") else "utf-8")
    else:
        layer = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*zip(*lonlat, strict=True)), crs=4326)
        layer.to_file(path, encoding="gbk" if name.endswith("shp") else None)
    register = facilities.read_register(path, zones=town, crs=CRS, types=TYPES)
    assert register.facilities["name"].tolist() == ["甲", "乙"]
    assert register.facilities["zone_id"].tolist() == ["community/C00", "community/C11"]
    assert register.facilities["services"].tolist() == [("elder_home",), ("elder_day_care",)]
    assert register.supplies.loc[register.supplies["supply"] == "beds", "low"].tolist() == [30, 8]
    first = 2 if name.endswith(("csv", "xlsx")) else 1
    assert register.facilities.index.tolist() == [f"甲@{name}", f"乙@{name}"]
    assert register.facilities["source_row"].tolist() == [first, first + 1]


def test_polygons_stand_as_a_point_inside_and_null_geometry_is_no_fault_of_the_reader(tmp_path, town):
    shapes = [town.geometry["estate/E1"], None]
    layer = gpd.GeoDataFrame({"名称": ["甲", "乙"], "所在区": ["东湖区", "西山区"]}, geometry=shapes, crs=CRS)
    layer.to_file(tmp_path / "r.gpkg")
    register = facilities.read_register(tmp_path / "r.gpkg", zones=town, crs=CRS, type="elder_home")
    assert register.facilities.geometry.iloc[0].within(shapes[0])
    assert register.facilities["location_quality"].tolist() == ["exact", "missing"]
    assert register.facilities["zone_id"].tolist() == ["community/C00", "district/D1"]


def test_coordinates_in_one_cell_and_a_baidu_header(tmp_path, town):
    from geoplan.inputs import datum

    lon, lat = at(0, 0)
    baidu = datum.bd09_from_wgs84(pd.DataFrame([[lon, lat]]).to_numpy())[0]
    places = [("甲", "养老院", f"{baidu[0]:.8f}，{baidu[1]:.8f}"), ("乙", "养老院", "某处")]
    register = read(tmp_path, [("名称", "类型", "百度坐标"), *places], town)
    assert register.facilities.geometry.iloc[0].distance(shapely.Point(WEST + 1000, SOUTH + 1000)) < 0.05
    assert register.datum == "bd09"
    assert (3, "coordinates_unreadable") in codes(register)


def test_only_rows_where_a_column_says_so(tmp_path, town):
    rows = [
        ("名称", "经度", "纬度", "学校数"), ("甲", *at(0, 0), 2), ("乙", *at(1, 0), 0), ("丙", *at(2, 0), None),
        ("丁", *at(3, 0), "是"),
    ]  # fmt: skip
    register = read(tmp_path, rows, town, type="school", where="学校数")
    assert register.facilities["name"].tolist() == ["甲", "丁"]
    with pytest.raises(InputError, match="no column `校`"):
        read(tmp_path, rows, town, type="school", where="校")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (("名称", "经度", "纬度"), "lacking: type"), (("类型", "床位数"), "lacking: name"), (("名称", "类型", "经度"), "lacking: lat"),
    ],
)  # fmt: skip
def test_columns_that_a_register_must_have(tmp_path, town, headers, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, [headers, tuple("1" for _ in headers)], town)


# --- several registers


def test_one_file_read_twice_keeps_its_ids_apart(tmp_path, town):
    rows = [("名称", "经度", "纬度"), ("甲", *at(0, 0))]
    both = [read(tmp_path, rows, town, type=kind) for kind in ("school", "healthcare")]
    joined = facilities.join_registers(both, year=2025)
    assert joined.facilities.index.tolist() == ["甲@台账.csv", "甲@台账.csv@2"]
    assert set(joined.supplies["facility_id"]) == set(joined.facilities.index)
    assert joined.reconciliation["file"].tolist() == ["台账.csv", "台账.csv@2"]


def test_inputs_stay_as_they_were(tmp_path, town):
    before = town.copy(deep=True)
    register = read(tmp_path, ROWS_WITHOUT, town)
    tables_now = (register.facilities, register.supplies, register.fates)
    frozen = [table.copy(deep=True) for table in tables_now]
    facilities.join_registers([register], year=2025)
    pd.testing.assert_frame_equal(pd.DataFrame(town), pd.DataFrame(before))
    for now, then in zip(tables_now, frozen, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(now), pd.DataFrame(then))


# --- OpenStreetMap


OSM = """<osm version="0.6">
 <node id="1" lat="{0}" lon="{1}" version="1"><tag k="amenity" v="kindergarten"/><tag k="name" v="小星星"/><tag k="capacity" v="90"/></node>
 <node id="2" lat="{0}" lon="{1}" version="1"><tag k="amenity" v="social_facility"/><tag k="social_facility" v="nursing_home"/>
  <tag k="social_facility:for" v="senior"/><tag k="capacity:beds" v="120"/><tag k="operator:type" v="public"/><tag k="start_date" v="2012-05"/></node>
 <node id="3" lat="{0}" lon="{1}" version="1"><tag k="amenity" v="social_facility"/><tag k="social_facility" v="shelter"/></node>
 <node id="4" lat="{0}" lon="{1}" version="1"><tag k="disused:amenity" v="childcare"/></node>
 <node id="11" lat="{2}" lon="{1}" version="1"/><node id="12" lat="{2}" lon="{3}" version="1"/><node id="13" lat="{0}" lon="{3}" version="1"/>
 <way id="5" version="1"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="11"/><tag k="amenity" v="childcare"/><tag k="capacity" v="30"/></way>
 <way id="6" version="1"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="11"/></way>
 <relation id="7" version="1"><member type="way" ref="6" role="outer"/><tag k="type" v="multipolygon"/><tag k="amenity" v="social_facility"/>
  <tag k="social_facility" v="day_care"/><tag k="social_facility:for" v="senior;disabled"/></relation>
</osm>"""


def test_tags_of_openstreetmap(tmp_path, town):
    (lon, lat), (east, north) = at(0, 0), at(0, 0, dx=1200, dy=1200)
    path = tmp_path / "town.osm"
    path.write_text(OSM.format(lat, lon, north, east), encoding="utf-8")
    register = facilities.read_register(path, zones=town, crs=CRS)
    table = register.facilities
    assert table["services"].to_dict() == {
        "node/1": ("kindergarten",), "node/2": ("elder_home",), "relation/7": ("elder_day_care",),
        "way/5": ("childcare",),
    }  # fmt: skip
    assert table["source_row"].isna().all()
    assert table.loc["node/2", ["public", "open_year"]].tolist() == [True, 2012.0]
    corners = ((1000, 1200), (1200, 1200), (1200, 1000))
    triangle = shapely.Polygon([(WEST + x, SOUTH + y) for x, y in corners])
    assert table.geometry["way/5"].distance(triangle) == 0
    stated = register.supplies.set_index(["facility_id", "supply"])["low"]
    assert stated["node/2", "beds"] == 120
    assert stated["way/5", "places"] == 30
    assert ("node/1", "places") not in stated.index  # a kindergarten's capacity is no childcare place
    types = {"kindergarten": "kindergarten_class"}
    renamed = facilities.read_register(path, zones=town, crs=CRS, types=types)
    assert renamed.facilities["services"].iloc[0] == ("kindergarten_class",)


def overpass_answer(text):
    """Return the objects of an OSM file as Overpass answers with them."""
    elements = []
    for thing in ET.fromstring(text):
        tags = {tag.get("k"): tag.get("v") for tag in thing.iter("tag")}
        element = {"type": thing.tag, "id": int(thing.get("id")), "tags": tags}
        if thing.tag == "node":
            element |= {"lat": float(thing.get("lat")), "lon": float(thing.get("lon"))}
        element |= {"nodes": [int(nd.get("ref")) for nd in thing.iter("nd")]} if thing.tag == "way" else {}
        members = [{"type": m.get("type"), "ref": int(m.get("ref"))} for m in thing.iter("member")]
        elements.append(element | ({"members": members} if members else {}))
    return json.dumps({"elements": elements})


def test_extracts_that_were_edited_or_answered_give_the_same_facilities(tmp_path, town):
    (lon, lat), (east, north) = at(0, 0), at(0, 0, dx=1200, dy=1200)
    text = OSM.format(lat, lon, north, east)
    closed = f"""<node id="-99" action="delete" lat="{lat}" lon="{lon}"><tag k="amenity" v="childcare"/></node></osm>"""
    edited = re.sub(r'(id|ref)="(?=\d)', r'\1="-', text).replace("</osm>", closed)
    written = {"plain.osm": text, "edited.osm": edited, "answer.json": overpass_answer(text)}
    read = {}
    for name, content in written.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        register = facilities.read_register(
            tmp_path / name, zones=town, crs=CRS, types={"kindergarten": "kindergarten"}
        )
        table = register.facilities.rename(index=lambda key: key.replace("/-", "/")).sort_index()
        read[name] = table[["name", "services", "geometry", "open_year", "public"]], register.supplies
    plain, amounts = read.pop("plain.osm")
    for name, (table, supplies) in read.items():
        assert table["services"].to_dict() == plain["services"].to_dict(), name
        assert table.geometry.geom_equals_exact(plain.geometry, 0.01).all(), name
        assert supplies["low"].sum() == amounts["low"].sum() == 150, name


def test_las_palmas(data):
    area = gpd.read_file(data / "las_palmas" / "boundary.geojson").to_crs(32628).union_all()
    columns = {"level": ["area"], "name": ["Las Palmas"], "code": ["1"], "parent_id": [None]}
    zones = gpd.GeoDataFrame(columns, geometry=[area], crs=32628, index=["area/1"])
    path = data / "las_palmas" / "las_palmas_2023_osm_20230221.osm.pbf"
    register = facilities.read_register(path, zones=zones, crs="EPSG:32628")
    assert register.fates["services"].value_counts().to_dict() == {("kindergarten",): 23, ("elder_home",): 12}
    assert (register.fates["end"] == "duplicate").sum() == 2  # one home mapped as a relation and two ways


def test_a_citys_register_in_a_districts_study(tmp_path, town):
    far = (at(0, 0)[0] + 0.5, at(0, 0)[1])
    rows = [
        ("名称", "类型", "区", "社区", "经度", "纬度", "床位"), ("甲", "养老院", "东湖区", "向阳社区", *at(0, 0), 1),
        ("乙", "养老院", "远城区", "北秀社区", *far, 2), ("丙", "养老院", "邻城区", "北秀社区", *at(-1, 0), 4),
        ("丁", "养老院", "远城区", "北秀社区", None, None, 8), ("戊", "养老院", "远城区", None, *at(1, 0), 16),
        ("己", "养老院", None, None, *far, 32),
    ]  # fmt: skip
    register = read(tmp_path, rows, town)
    line = register.reconciliation.iloc[0]
    assert (line["rows"], line["outside"], line["not_placed"], line["in_run"]) == (6, 1, 2, 3)
    assert (line["beds_outside"], line["beds_not_placed"], line["beds_in_run"]) == (2, 40, 21)
    # a community's name below a strange district is not looked up
    assert list(register.facilities["zone_id"]) == ["community/C00", None, None, "community/C01", None]
    assert codes(register) == [
        (5, "coordinates_missing"), (5, "counts_nowhere"), (5, "zone_name_unknown"), (6, "zone_name_unknown"),
        (7, "coordinates_far"), (7, "counts_nowhere"),
    ]  # fmt: skip
    note = next(n for n in register.notes if n.code == "rows_outside")
    assert (note.values["count"], note.values["names"]) == (2, "远城区, 邻城区")


def test_a_register_in_metres_and_one_in_a_local_grid(tmp_path, town):
    x, y = WEST + 1000, SOUTH + 1000
    rows = [("名称", "类型", "x", "y"), ("甲", "养老院", x, y), ("乙", "养老院", y, x)]
    register = read(tmp_path, rows, town, datum="EPSG:4547")
    assert [p.distance(shapely.Point(x, y)) < 0.01 for p in register.facilities.geometry] == [True, True]
    assert codes(register) == [(3, "coordinates_swapped")]
    pairs = [{"local": (SIDE * i, SIDE * i), "lonlat": at(i, i, dx=0, dy=0)} for i in (0.0, 1.0)]
    local = read(tmp_path, [rows[0], ("甲", "养老院", 1000, 1000)], town, datum=pairs)
    assert local.facilities.geometry.iloc[0].distance(shapely.Point(x, y)) < 0.1
    assert next(n.code for n in local.notes if n.row is None) == "datum_control_points"


# --- ids stay with the facility: whatever happens to other rows, none comes to mean another one

CODED = ("编号", "名称", "类型", "经度", "纬度", "床位数")
CODED_ROWS = [
    ("E1", "甲", "养老院", *at(0, 0), 10), ("", "乙", "养老院", *at(1, 0), 20), ("", "丙", "养老院", *at(2, 0), 30),
    ("", "丙", "养老院", *at(0, 1), 40), ("E9", "丁", "养老院", *at(1, 1), 50), ("E9", "戊", "养老院", *at(2, 1), 60),
    ("", "", "养老院", *at(3, 1), 70),
]  # fmt: skip
CODED_IDS = ["E1", *(f"{name}@台账.csv" for name in ("乙", "丙#1", "丙#2", "丁", "戊", "#8"))]


def beds_by_id(register):
    beds = register.supplies[register.supplies["supply"] == "beds"]
    return dict(zip(beds["facility_id"], beds["low"], strict=True))


def test_a_code_is_the_id_else_name_and_file_and_only_ties_are_parted(tmp_path, town):
    register = read(tmp_path, [CODED, *CODED_ROWS], town)
    assert register.facilities.index.tolist() == CODED_IDS
    assert beds_by_id(register) == dict(zip(CODED_IDS, range(10, 80, 10), strict=True))


@pytest.mark.parametrize("place", range(len(CODED_ROWS)))
def test_a_row_inserted_anywhere_leaves_every_other_id(tmp_path, town, place):
    before = beds_by_id(read(tmp_path, [CODED, *CODED_ROWS[:-1]], town))
    rows = [*CODED_ROWS[:place], ("", "新", "养老院", *at(3, 0), 99), *CODED_ROWS[place:-1]]
    after = beds_by_id(read(tmp_path, [CODED, *rows], town))
    assert after == before | {"新@台账.csv": 99}


TEXTS = st.sampled_from(["", "a", "b", "c"])


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=7), st.integers(0, 7))
def test_ids_are_unique_and_do_not_depend_on_a_row_that_ties_with_none(rows, place):
    def ids(table):
        return row_ids("f", codes=[c for c, _ in table], names=[n for _, n in table], rows=range(len(table)))

    assert len(set(ids(rows))) == len(rows)
    more = ids([*rows[:place], ("new", "new"), *rows[place:]])
    kept = [i for i in more if i != "new"]
    assert [i for i in kept if not i.startswith("#")] == [i for i in ids(rows) if not i.startswith("#")]


def test_a_running_number_is_no_code(tmp_path, town):
    rows = [(str(k + 1), *row[1:]) for k, row in enumerate(CODED_ROWS[:3])]
    assert read(tmp_path, [CODED, *rows], town).facilities.index.tolist() == [
        "甲@台账.csv", "乙@台账.csv", "丙@台账.csv",
    ]  # fmt: skip
    # it counts all rows of the file, also those that a study does not want
    wanted = [(*row, want) for row, want in zip(rows, ("否", "是", "是"), strict=True)]
    register = read(tmp_path, [(*CODED, "选"), *wanted], town, where="选")
    assert register.facilities.index.tolist() == ["乙@台账.csv", "丙@台账.csv"]


def test_a_code_that_two_registers_state_gets_its_file(tmp_path, town):
    rows = [CODED, CODED_ROWS[0], ("E2", "乙", "养老院", *at(1, 0), 20)]
    other = [CODED, ("E1", "己", "养老院", *at(3, 0), 5)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, two = read(tmp_path / "a", rows, town), read(tmp_path / "b", other, town)
    joined = facilities.join_registers([one, two], year=2025)
    assert joined.facilities.index.tolist() == ["E1@台账.csv", "E2", "E1@台账.csv@2"]
    assert beds_by_id(joined) == {"E1@台账.csv": 10, "E2": 20, "E1@台账.csv@2": 5}


def test_a_row_of_a_former_version_is_answered_with_its_id(tmp_path, town):
    register = read(tmp_path, [CODED, *CODED_ROWS], town)
    assert former_id("台账.csv#3", register.facilities) == "乙@台账.csv"
    assert former_id("台账.csv@2#3", register.facilities) == "乙@台账.csv"
    assert former_id("台账.csv#99", register.facilities) is None
    assert former_id("丙#1@台账.csv", register.facilities) is None
    osm = pd.DataFrame({"source_file": ["t.osm"], "source_row": [pd.NA]}, index=["node/1"])
    assert former_id("t.osm#node/1", osm) == "node/1"
    assert former_id("t.osm#3", osm) is None
    with pytest.raises(InputError, match=r"`台账.csv#3` names a row.*`乙@台账.csv`"):
        read(tmp_path, [CODED, *CODED_ROWS], town, accepted=accepted(tmp_path, "台账.csv#3,114.3,30.5"))


def test_an_accepted_point_is_found_by_the_id_that_a_run_prints(tmp_path, town):
    for mark in ("乙@台账.csv", "乙@台账.csv@2", "E1", "E1@台账.csv", "E1@台账.csv@2"):
        path = accepted(tmp_path, f"{mark},114.3,30.5")
        register = read(tmp_path, [CODED, *CODED_ROWS], town, accepted=path)
        moved = register.facilities["location_quality"] == "approximate"
        assert moved[moved].index.tolist() == [mark.split("@")[0] + ("" if mark[0] == "E" else "@台账.csv")]
