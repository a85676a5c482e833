"""Zones: what the layers say, what the polygons say, and where the two disagree."""

from itertools import permutations

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from refusals import codes, note, refused
from shapely import Polygon, box
from towns import make_wuhan, porto_alegre

from geoplan.inputs.boundaries import (
    assemble_zones,
    covered_notes,
    layer_bounds,
    partition_levels,
    read_zone_layer,
)
from geoplan.inputs.boundaries.checks import holes, overlaps, without_overlaps
from geoplan.tables import ZONES

CRS = 4547


@pytest.fixture
def layer(tmp_path):
    """Return a function that writes polygons with columns and reads them as zones of a level."""

    def read(level, polygons, columns, stem=None, **options):
        path = tmp_path / f"{stem or level}.gpkg"
        gpd.GeoDataFrame(columns, geometry=list(polygons), crs=CRS).to_file(path)
        return read_zone_layer(path, level=level, **{"id": "code", "crs": CRS} | options)

    return read


def squares(count):
    return [box(i, 0, i + 1, 1) for i in range(count)]


def districts_and_communities(layer, up=("甲区", "甲区", "乙区")):
    #  district A: 0-10, district B: 10-20; communities 1-3 of 5 x 10; 15-20 has none
    above = {"code": ["A", "B"], "name": ["甲区", "乙区"]}
    below = {"code": ["1", "2", "10"], "up": list(up), "people": [10.0, 20.0, 30.0]}
    shapes = [box(0, 0, 5, 10), box(5, 0, 10, 10), box(10, 0, 15, 10)]
    return [
        layer("district", [box(0, 0, 10, 10), box(10, 0, 20, 10)], above, name="name", kind="urban"),
        layer("community", shapes, below, parent="up", totals={"residents": "people"}),
    ]


def test_levels_parents_order_and_covered_share_by_hand(layer):
    found = assemble_zones(districts_and_communities(layer), area_name="城区")
    zones = found.zones
    parents = {
        "area/area": None, "district/A": "area/area", "district/B": "area/area", "community/1": "district/A",
        "community/2": "district/A", "community/10": "district/B",
    }  # fmt: skip
    assert list(zones["parent_id"].items()) == list(parents.items())
    assert set(ZONES) <= set(zones.columns)
    # communities fill 150 of 200 m²
    assert zones["covered_share"].tolist() == pytest.approx([150 / 200, 1, 0.5, 1, 1, 1])
    assert zones["given_residents"].tolist()[3:] == [10, 20, 30]
    assert zones["given_residents"].iloc[:3].isna().all()
    assert zones.loc["area/area", "name"] == "城区"
    assert zones.loc["area/area"].geometry.equals(box(0, 0, 15, 10))
    assert zones.loc["district/A", "kind"] == frozenset({"urban"})
    assert zones.crs == CRS
    assert partition_levels(zones) == ("district", "community")
    assert codes(found.notes) == []
    (note,) = covered_notes(zones)
    assert "乙区 50.0%" in note.text("zh")


def test_a_named_parent_wins_over_the_overlay_and_is_listed(layer):
    found = assemble_zones(districts_and_communities(layer, up=["A", "B", "丙区"]), area_name="x")
    # by id, by id against the overlay, and by the overlay for want of a known name
    parents = found.zones.loc[["community/1", "community/2", "community/10"], "parent_id"]
    assert parents.tolist() == ["district/A", "district/B", "district/B"]
    assert "2 (B / A)" in note(found.notes, "zone_parent_disagrees").text("en")
    assert "丙区" in note(found.notes, "zone_parent_unknown").text("en")


def test_of_two_parents_of_one_name_the_one_underneath_counts(layer):
    above = {"code": ["A", "B"], "name": ["新村", "新村"]}
    layers = [
        layer("town", [box(0, 0, 10, 10), box(10, 0, 20, 10)], above, name="name"),
        layer("community", [box(12, 0, 15, 10)], {"code": ["1"], "up": ["新村"]}, parent="up"),
    ]
    assert assemble_zones(layers, area_name="x").zones.loc["community/1", "parent_id"] == "town/B"


def test_without_a_name_the_parent_is_where_most_of_the_zone_lies(layer):
    shapes = [box(7, 0, 16, 10), box(5, 0, 11, 10), box(50, 50, 60, 60)]
    layers = [
        layer("district", [box(0, 0, 10, 10), box(10, 0, 20, 10)], {"code": ["A", "B"]}),
        layer("community", shapes, {"code": ["1", "2", "3"]}),
    ]
    found = assemble_zones(layers, area_name="x")
    parents = found.zones.loc[["community/1", "community/2", "community/3"], "parent_id"]
    assert parents.tolist() == ["district/B", "district/A", None]  # the last lies outside every parent
    assert "zone_parent_none" in codes(found.notes)


def test_duplicate_and_missing_ids_are_errors_that_name_them(layer):
    error, found = refused(layer, "community", squares(5), {"code": ["7", "8", "7", None, "8"]})
    assert found == ["zone_id_missing", "zone_id_duplicate"]
    assert "7 (1, 3); 8 (2, 5)" in error.text("en")


def test_an_id_in_two_files_of_one_level_and_estates_alone_are_errors(layer):
    layers = [layer("community", [box(i, 0, i + 1, 1)], {"code": ["7"]}, n) for i, n in enumerate("ab")]
    error, _ = refused(assemble_zones, layers, area_name="x")
    assert "7 (a.gpkg 1), 7 (b.gpkg 1)" in error.text("en")
    estates = layer("estate", squares(1), {"code": ["E"]})
    assert refused(assemble_zones, [estates], area_name="x")[1] == ["zone_no_partition"]


def test_missing_columns_are_named_all_at_once(layer):
    wrong = {"id": "no", "name": "nor", "totals": {"residents": "code"}}
    error, _ = refused(layer, "community", squares(1), {"code": ["7"]}, **wrong)
    assert [n.values["column"] for n in error.notes] == ["no", "nor"]


def test_invalid_rings_are_mended_and_said(layer):
    bow_tie = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])  # two triangles of 1 m2 each; signed areas cancel
    found = layer("community", [bow_tie, box(5, 0, 6, 1)], {"code": ["1", "2"]})
    assert found.zones.geometry.is_valid.all()
    assert found.zones.geometry.area.tolist() == pytest.approx([2, 1])
    said = note(found.notes, "zone_mended").values
    assert (said["count"], said["zones"], said["m2"]) == (1, "1", "2.0 m²")


def test_null_geometry_is_kept_and_said_and_points_are_an_error(layer):
    found = layer("community", [None, box(0, 0, 1, 1)], {"code": ["1", "2"]})
    assert found.zones.geometry.isna().tolist() == [True, False]
    assert codes(found.notes) == ["zone_geometry_missing"]
    assert assemble_zones([found], area_name="x").zones.loc["area/area"].geometry.area == 1
    assert refused(layer, "community", [shapely.Point(0, 0)], {"code": ["1"]})[1] == ["zone_not_polygon"]


def test_given_totals_that_are_blank_or_no_amount_are_unknown_and_listed(layer):
    columns = {"code": list("abcde"), "n": ["5", None, "约60", "-1", "0"]}
    found = layer("community", squares(5), columns, totals={"residents": "n"})
    given_residents = found.zones["given_residents"].tolist()
    assert given_residents == pytest.approx([5, np.nan, np.nan, np.nan, 0], nan_ok=True)
    assert codes(found.notes) == ["zone_value_blank", "zone_value_bad", "zone_value_bad"]
    assert [(n.row, n.zone, n.values["found"]) for n in found.notes[1:]] == [(3, "c", "约60"), (4, "d", "-1")]


def test_kinds_from_a_column(layer):
    columns = {"code": list("abc"), "类型": ["城镇", "农村", "其他"]}
    kind = {"column": "类型", "城镇": "urban", "农村": ["rural", "existing"]}
    found = layer("community", squares(3), columns, kind=kind)
    assert [set(words) for words in found.zones["kind"]] == [{"urban"}, {"rural", "existing"}, set()]
    assert codes(found.notes) == ["zone_kind_unknown"]
    assert refused(layer, "community", squares(3), columns, kind={"城镇": "urban"})[1] == ["zone_kind_column"]


def test_estates_from_a_table_without_polygons_are_read_like_a_register(layer, tmp_path):
    rows = '编号,社区,户数,移交\nE1,2,"1,200",已移交\nE2,10,不详,未移交\nE3,,约60,不清楚\nE4,2,500,\n合计,,1260,\n'
    (tmp_path / "e.csv").write_text(rows, encoding="utf-8-sig")
    how = {"id": "编号", "parent": "社区", "columns": {"households": "户数", "handed_over": "移交"}}
    table = read_zone_layer(tmp_path / "e.csv", level="estate", crs=CRS, **how)
    assert {(note.code, note.row) for note in table.notes} == {
        ("list_total_row", 6), ("zone_value_blank", None), ("zone_value_bad", 4), ("zone_answer_bad", 4),
    }  # fmt: skip
    zones = assemble_zones([*districts_and_communities(layer), table], area_name="x").zones
    estates = zones[zones["level"] == "estate"]  # a row of totals is no estate
    assert estates["parent_id"].tolist() == ["community/2", "community/10", None, "community/2"]
    assert estates["households"].tolist() == pytest.approx([1200, np.nan, np.nan, 500], nan_ok=True)
    assert estates["handed_over"].tolist() == [True, False, pd.NA, pd.NA]
    assert estates.geometry.isna().all()
    # hidden rows and formulas of a workbook are told, as of a register
    book = openpyxl.Workbook()
    for row in (("编号", "社区", "户数"), ("E1", "2", "=600*2"), ("E2", "10", 300)):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "e.xlsx")
    kept = read_zone_layer(
        tmp_path / "e.xlsx", level="estate", crs=CRS, id="编号", parent="社区", columns={"households": "户数"}
    )
    assert {"sheet_formulas", "sheet_hidden_rows"} <= {note.code for note in kept.notes}
    assert kept.zones["households"].isna().tolist() == [True, False]
    # a community without a polygon is no community
    _, wrong = refused(read_zone_layer, tmp_path / "e.csv", level="community", id="编号", crs=CRS)
    assert wrong == ["zone_table_without_polygons"]


def test_h3_cells_become_hexagons_and_other_ids_are_errors(tmp_path):
    (tmp_path / "h.csv").write_text("id,n\n89a901291abffff,5\n89a9012a3cfffff,\n", encoding="utf-8")
    layer = read_zone_layer(
        tmp_path / "h.csv", level="community", id="id", h3=True, totals={"residents": "n"}, crs=32722
    )
    # resolution 9: 0.105 km2 on average (h3geo.org), within a fifth anywhere
    assert layer.zones.geometry.area.between(0.084e6, 0.126e6).all()
    assert shapely.get_num_coordinates(layer.zones.geometry.to_numpy()).tolist() == [7, 7]
    assert codes(layer.notes) == ["zone_value_blank"]
    west, south, east, north = layer_bounds(tmp_path / "h.csv", id="id", h3=True)
    assert west < -51.1583 < east
    assert south < -30.0538 < north
    (tmp_path / "h.csv").write_text("id\n89a901291abfffe\nx\n", encoding="utf-8")
    error, _ = refused(read_zone_layer, tmp_path / "h.csv", level="community", id="id", h3=True, crs=32722)
    assert "89a901291abfffe (2), x (3)" in error.text("en")


def test_an_overlap_belongs_to_the_smaller_and_a_hole_is_measured():
    ring = box(0, 0, 10, 10) - box(4, 4, 6, 6)
    shapes = np.array([ring, box(0, 0, 2, 3), box(9, 0, 12, 10)])
    pairs = overlaps(shapes)
    assert pairs.to_dict("list") == {"larger": [0, 0], "smaller": [2, 1], "m2": [10.0, 6.0]}
    assert shapely.area(without_overlaps(shapes, pairs)).tolist() == [80, 6, 30]
    assert holes(shapes).tolist() == [4]


BOXES = st.lists(st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(1, 4)] * 2), min_size=1, max_size=6)


@given(BOXES)
def test_without_overlaps_nothing_is_counted_twice_and_nothing_is_lost(corners):
    shapes = np.array([box(x, y, x + w, y + h) for x, y, w, h in corners])
    cut = without_overlaps(shapes, overlaps(shapes))
    assert np.nansum(shapely.area(cut)) == pytest.approx(shapely.union_all(shapes).area)
    assert overlaps(cut).empty


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_rows_and_layers_changes_nothing(layer, order, reverse):
    shapes = [box(0, 0, 5, 10), box(4, 0, 10, 10), box(10, 0, 15, 10)]
    whole = layer("district", [box(0, 0, 20, 10)], {"code": ["A"]})

    def build(order, step):
        table = {"code": [["1", "2", "10"][i] for i in order]}
        layers = [layer("community", [shapes[i] for i in order], table), whole]
        return assemble_zones(layers[::step], area_name="x").zones

    assert build(order, -1 if reverse else 1).equals(build(range(3), 1))


# --- real data ------------------------------------------------------------------------------------------------------


def test_wuhan_has_its_zones_people_one_overlap_and_four_doubted_districts():
    wuhan = make_wuhan()
    zones = wuhan.zones
    assert zones["level"].value_counts().to_dict() == {"community": 974, "district": 13, "area": 1}
    assert zones["given_residents"].sum() == pytest.approx(5_112_330, abs=0.5)
    found = note(wuhan.notes, "zone_overlap").values
    assert (found["count"], found["pairs"]) == (1, "W0135 / W0136 13.8 km²")
    doubted = note(wuhan.notes, "zone_parent_disagrees").values
    assert [entry[:5] for entry in doubted["zones"].split(", ")] == ["W0411", "W0525", "W0578", "W0973"]
    assert zones["name"][zones.loc["community/W0411", "parent_id"]] == "江岸区"


def test_covered_share_of_wuhans_districts_equals_the_plain_union():
    zones = make_wuhan().zones
    union = shapely.union_all(zones[zones["level"] == "community"].geometry.to_numpy())
    districts = zones[zones["level"] == "district"]
    slow = [shape.intersection(union).area / shape.area for shape in districts.geometry]
    assert districts["covered_share"].tolist() == pytest.approx(slow, abs=1e-6)
    share = dict(zip(districts["name"], districts["covered_share"].round(3), strict=True))
    assert share == {
        "江岸区": 0.670, "江汉区": 0.936, "硚口区": 0.881, "汉阳区": 0.658, "武昌区": 0.863, "青山区": 0.772, "洪山区": 0.364,
        "东西湖区": 0.001, "汉南区": 0.0, "蔡甸区": 0.049, "江夏区": 0.021, "黄陂区": 0.001, "新洲区": 0.0,
    }  # fmt: skip


def test_wuhans_raw_communities_have_26_duplicate_ids(data):
    raw = data / "wuhan" / "communities_raw.gpkg"
    error, _ = refused(read_zone_layer, raw, level="community", id="community_id", crs=CRS)
    assert note(error.notes, "zone_id_duplicate").values["count"] == 26
    assert "151.5 (129, 131)" in error.text("en")


def test_wuhans_gcj02_districts_come_to_lie_on_the_others(data):
    def shapes(file, datum, key):
        entry = {"level": "district", "id": key, "name": "name", "datum": datum}
        return read_zone_layer(data / "wuhan" / file, crs=CRS, **entry).zones.set_index("name").geometry

    right = shapes("districts_cgcs2000.geojson", None, "code")
    moved = shapes("districts_gcj02.geojson", "gcj02", "id")
    as_said = shapes("districts_gcj02.geojson", None, "id")
    assert moved.is_valid.all()

    # two sources draw districts differently; the datum shows in the shift that they have in common
    def shift(shapes):
        by_name = shapes.reindex(right.index).centroid
        return np.median(by_name.x - right.centroid.x), np.median(by_name.y - right.centroid.y)

    east, north = shift(as_said)
    assert 450 < east < 800
    assert 100 < abs(north) < 400
    assert np.hypot(*shift(moved)) < 150


def test_porto_alegre_is_made_of_1227_hexagons(data):
    layer = porto_alegre(columns={"healthcare": "healthcare", "jobs": "jobs"})
    assert len(layer.zones) == 1227
    assert layer.zones["given_residents"].sum() == 812_935
    centre = pd.read_csv(data / "porto_alegre" / "poa_hexgrid.csv").set_index("id")
    middle = layer.zones.set_index("code").geometry.centroid.to_crs(4326)
    assert np.abs(middle.x - centre["lon"]).max() < 1e-4
    assert np.abs(middle.y - centre["lat"]).max() < 1e-4
