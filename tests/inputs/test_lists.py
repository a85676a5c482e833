"""What every list of an office can do: one table of cases for registers, projects and premises."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from geoplan.inputs.candidates import read_candidates
from geoplan.inputs.candidates.fields import FIELDS as CANDIDATE_FIELDS
from geoplan.inputs.candidates.fields import PARCEL_FIELDS
from geoplan.inputs.facilities import read_register
from geoplan.inputs.facilities.fields import FIELDS as REGISTER_FIELDS
from geoplan.inputs.lists.cells import read_amount
from geoplan.inputs.lists.fields import clean_header, recognise
from geoplan.inputs.lists.rows import total_rows
from geoplan.inputs.projects import read_projects
from geoplan.inputs.projects.fields import FIELDS as PROJECT_FIELDS
from geoplan.words.errors import InputError

CRS = "EPSG:4547"
EAST, NORTH = 500_000, 3_380_000
TABLES = {"register": REGISTER_FIELDS, "projects": PROJECT_FIELDS, "candidates": CANDIDATE_FIELDS}
BOTH = pytest.mark.parametrize("kind", TABLES)


@dataclass
class Read:
    """What a list gives, whatever its kind: its table, codes of notes by row, and the notes."""

    table: gpd.GeoDataFrame
    notes: tuple

    def codes(self, row=None):
        return [note.code for note in self.notes if row is None or note.row == row]


def read_list(kind, path, zones, **how):
    if kind == "register":
        found = read_register(path, zones=zones, crs=CRS, type="elder_home", **how)
        return Read(found.facilities, found.notes)
    if kind == "projects":
        found = read_projects(path, zones=zones, crs=CRS, **how)
        return Read(found.projects, found.notes)
    found = read_candidates(path, zones=zones, crs=CRS, **how)
    return Read(found.candidates, found.notes)


@pytest.fixture
def read(written, zones):
    """Return a function that writes rows (dicts) as a list of a kind and reads it."""

    def write_and_read(kind, *rows, name="list.csv", encoding="utf-8-sig", **how):
        return read_list(kind, written(*rows, name=name, encoding=encoding), zones, **how)

    return write_and_read


# --- rows


@BOTH
@pytest.mark.parametrize("word", ["合计", "合 计", "总计：", "共计"])
def test_rows_of_totals_are_left_out_and_said(read, kind, word):
    found = read(kind, {"名称": "甲", "建筑面积": "900"}, {"名称": word, "建筑面积": "900"})
    assert found.table["source_row"].tolist() == [2]
    assert "list_total_row" in found.codes(3)
    assert "list_total_differs" not in found.codes()


@BOTH
@pytest.mark.parametrize(
    ("word", "total", "differs"),
    [("合计", "900", False), ("合计", "901", False), ("合计", "950", True), ("合计", "", False), ("小计", "950", False), ("合计", "不详", False)],
)  # fmt: skip
def test_a_total_that_the_rows_do_not_add_up_to_is_said(read, kind, word, total, differs):
    header = {"register": "床位数", "projects": "新增床位", "candidates": "建筑面积"}[kind]
    rows = [{"名称": "甲", header: "400"}, {"名称": "乙", header: "500"}, {"名称": word, header: total}]
    assert ("list_total_differs" in read(kind, *rows).codes(4)) == differs
    # what one row does not say may be what is missing, but not what is too much
    open_rows = [rows[0], rows[1], {"名称": "丙", header: ""}, {"名称": "合计", header: "950"}]
    assert "list_total_differs" not in read(kind, *open_rows).codes()
    open_rows[-1][header] = "800"
    assert "list_total_differs" in read(kind, *open_rows).codes(5)


def test_words_inside_a_name_make_no_total():
    table = pd.DataFrame({"name": ["合计", "老年人合计养护院", "总计 ", None, 7]}, index=range(2, 7))
    sums, notes = total_rows(table, ["name", "id"], file="a.csv")
    assert sums.tolist() == [True, False, True, False, False]
    assert [note.row for note in notes] == [2, 4]


@BOTH
def test_titles_blank_rows_and_encodings_change_nothing(read, kind):
    first = {"名称": "甲（一）", "建筑面积": 900, "所属社区": "向阳社区"}
    rows = [first, {}, {"名称": "乙", "建筑面积": None, "所属社区": "河西村"}]
    drop = ["geometry", "source_file", "source_row"]
    plain = read(kind, *rows)
    assert plain.table["name"].tolist() == ["甲（一）", "乙"]  # as the office writes it
    assert plain.table["source_row"].tolist() == [2, 4]
    for how in ({"name": "list.xlsx"}, {"encoding": "gb18030"}):
        other = read(kind, *rows, **how)
        same = [pd.DataFrame(t.table.drop(columns=drop)).reset_index(drop=True) for t in (plain, other)]
        pd.testing.assert_frame_equal(*same)
    assert read(kind, *rows, name="list.xlsx").table["source_row"].tolist() == [3, 5]


# --- headers


@BOTH
def test_a_header_means_one_field(kind):
    for fields in (TABLES[kind], PARCEL_FIELDS):
        seen = [header for field in fields.values() for header in field.headers]
        assert len(seen) == len(set(seen))
        assert all(clean_header(header) == header for header in seen)


@BOTH
def test_every_wrong_mapping_and_need_is_named_at_once(read, kind):
    with pytest.raises(InputError) as caught:
        read(kind, {"甲": "1", "经度": "114"}, columns={"nam": "甲", "note": "铺"})
    codes = sorted(note.code for note in caught.value.notes)
    known = "note" in TABLES[kind]
    assert codes == ["column_missing", *["list_field_unknown"] * (1 if known else 2), "list_fields_lacking"]
    assert "lat" in caught.value.notes[-1].values["fields"]


@BOTH
def test_mapped_rival_and_unread_headers(read, kind):
    found = read(kind, {"名称": "甲", "项目名称": "乙", "电话": "1"})
    assert {"list_headers_rival", "list_columns_unread"} <= set(found.codes())
    mapped = read(kind, {"名称": "甲", "叫法": "乙"}, columns={"name": "叫法"})
    assert mapped.table["name"].tolist() == ["乙"]


@BOTH
@pytest.mark.parametrize("header", ["名称或项目名称", "名称/项目名称", "＊名称（必填）", " 名 称 "])
def test_a_header_that_says_one_thing_in_two_ways(read, kind, header):
    assert read(kind, {header: "甲"}).table["name"].tolist() == ["甲"]


@BOTH
@pytest.mark.parametrize(
    ("header", "m2"), [("建筑面积（亩）", 1000.0), ("建筑面积（万㎡）", 15_000.0), ("建筑面积_公顷", 15_000.0), ("建筑面积（㎡）", 1.5)]
)  # fmt: skip
def test_units_of_a_header_are_undone(kind, header, m2):
    found = recognise(["名称", header], TABLES[kind], mapped={})
    assert 1.5 * found.factor.get("floor_area_m2", 1.0) == pytest.approx(m2)


# --- points


@BOTH
def test_the_datum_of_a_header_is_undone_and_said(read, kind, lonlat):
    x, y = lonlat(500, 700, "bd09")
    found = read(kind, {"名称": "甲", "百度经度": x, "百度纬度": y})
    assert found.table.geometry.iloc[0].distance(Point(EAST + 500, NORTH + 700)) < 0.01
    assert "datum_from_header" in found.codes()
    stated = read(kind, {"名称": "甲", "百度经度": x, "百度纬度": y}, datum="wgs84")
    assert stated.table.geometry.iloc[0].distance(Point(EAST + 500, NORTH + 700)) > 300
    assert "datum_against_header" in stated.codes()


@BOTH
def test_of_several_pairs_the_stated_datum_is_read(read, kind, lonlat):
    (x, y), (bx, by) = lonlat(500, 700), lonlat(500, 700, "bd09")
    row = {"名称": "甲", "百度经度": bx, "百度纬度": by, "经度": x, "纬度": y}
    for how in ({}, {"datum": "bd09"}):
        point = read(kind, row, **how).table.geometry.iloc[0]
        assert point.distance(Point(EAST + 500, NORTH + 700)) < 0.01


@BOTH
def test_points_that_cannot_be_used(read, kind, lonlat):
    (x, y), (far, north) = lonlat(100, 100), lonlat(90_000, 100)
    cells = [(x, ""), (0, 0), ("东经", "北纬"), (far, north), (y, x), ("", ""), (x, y)]
    rows = [{"名称": f"第{i}处", "经度": lon, "纬度": lat} for i, (lon, lat) in enumerate(cells)]
    table = read(kind, *rows).table
    quality = ["missing", "missing", "missing", "rejected", "exact", "missing", "exact"]
    assert table["location_quality"].tolist() == quality
    assert table.geometry.notna().tolist() == [word == "exact" for word in quality]


@BOTH
def test_a_layer_of_polygons_gives_points_inside(tmp_path, zones, kind):
    shape = box(0, 0, 300, 20).union(box(0, 0, 20, 300))
    assert not shape.contains(shape.centroid)
    layer = gpd.GeoDataFrame({"名称": ["甲"]}, geometry=[shape], crs=CRS)
    layer.geometry = layer.geometry.translate(EAST, NORTH)
    layer.to_crs(4326).to_file(tmp_path / "a.geojson")
    found = read_list(kind, tmp_path / "a.geojson", zones)
    assert layer.geometry.iloc[0].buffer(0.1).contains(found.table.geometry.iloc[0])
    assert found.table["zone_id"].tolist() == ["community/A"]


# --- zones by name


@BOTH
@pytest.mark.parametrize(
    ("columns", "zone", "code"),
    [
        ({"所属社区": "河西村"}, "community/B", ""), ({"所属街道": "西镇", "所属社区": "向阳社区"}, "town/2", "zone_name_unknown"),
        ({"所属社区": "南山社区"}, None, "zone_name_unknown"), ({"所在区": "别区", "所属社区": "河西村"}, None, "zone_name_unknown"),
        ({"地址": "示例区向阳社区旧校舍"}, "community/A", ""), ({"地址": "河西村"}, "community/B", ""),
    ],
)  # fmt: skip
def test_a_row_without_a_point_counts_in_the_zone_that_it_names(read, kind, columns, zone, code):
    found = read(kind, {"名称": "甲", **columns})
    assert [z if isinstance(z, str) else None for z in found.table["zone_id"]] == [zone]
    assert not code or code in found.codes(2)


@BOTH
def test_a_point_decides_over_a_name_and_disagreement_is_said(read, kind, lonlat):
    x, y = lonlat(500, 100)
    found = read(kind, {"名称": "甲", "所属社区": "河西村", "经度": x, "纬度": y})
    assert found.table["zone_id"].tolist() == ["community/A"]
    note = next(n for n in found.notes if n.code == "point_outside_named_zone")
    assert (note.row, note.zone, note.values["metres"]) == (2, "community/B", "1500")


# --- cells


@given(st.integers(0, 10**6), st.sampled_from(["{}", "{}张", "{:,}", " {} ", "{}㎡"]))
def test_an_amount_is_read_however_it_is_written(value, form):
    amount = read_amount(form.format(value))
    assert amount.low == amount.high == value
    assert amount.code in ("", "amount_format")


@BOTH
def test_every_note_has_words_in_both_languages(read, kind, lonlat):
    x, y = lonlat(2500, 100)
    headers = ("名称", "建筑面积", "经度", "纬度", "所属社区", "床位数", "电话")
    rows = [
        ("甲", "约90", x, y, "向阳社区", "-3", "1"), ("乙", "若干", "0", "0", "无", "50-60", ""), ("合计", "1", "", "", "", "1", ""),
    ]  # fmt: skip
    found = read(kind, *(dict(zip(headers, row, strict=True)) for row in rows))
    assert len(found.notes) > 4
    for note in found.notes:
        assert not np.any(["{" in note.text(lang) for lang in ("zh", "en")]), note.code
