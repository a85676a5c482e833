"""Where zones come from: layers of one file, levels made of finer ones, what names nothing, eastings with a zone number."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from refusals import codes, note, refused
from shapely import GeometryCollection, LineString, Point, box
from small_town import CRS as METRIC
from small_town import SOUTH, WEST, SmallTown, seen, zone_layer
from towns import DATA

from geoplan.inputs import datum, readers
from geoplan.inputs.boundaries import ZoneLayer, assemble_zones, join_zones, read_zone_layer
from geoplan.pipeline import evaluate, gather
from geoplan.study.study import read_study
from geoplan.words.errors import StudyError

COMMUNITIES = {
    "level": "community",
    "file": "zones.geojson",
    "id": "code",
    "name": "name",
    "totals": {"residents": "pop"},
}


def zones_of(path):
    """Return the zones of a study file."""
    study = read_study(path)
    return gather.read_zones(study, gather.study_crs(study))


def gathered(path):
    return gather.gather(read_study(path))


def town_of(folder, *zones, layer=None):
    """Return the small town with other communities, and other entries for its zones."""
    town = SmallTown(folder)
    if layer is not None:
        layer.to_crs(4326).to_file(folder / "zones.geojson")
    town.study["zones"] = list(zones) or [COMMUNITIES]
    return town.write()


def case(name):
    path = DATA.parent / "cases" / name / "study.yaml"
    if not path.exists():
        pytest.skip(f"the shared case {name} is not here")
    return path


# --- the given cases ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("14-zone-prefix", "datum_zone_number"), ("18b-kml-folders", "layer_not_named"), ("26-multipart-rows", "zone_id_duplicate"),
        ("27c-shp-no-prj", "datum_not_degrees"), ("41-kmz", "file_kind_unknown"), ("42-shp-zip", "file_kind_unknown"),
    ],
)  # fmt: skip
def test_a_case_that_cannot_be_read_is_one_clear_error(name, code):
    error, found = refused(zones_of, case(name))
    assert found == [code]
    assert error.text("zh")


# GDAL remarks on the curved file that it is not what its header says
@pytest.mark.filterwarnings(
    "ignore:.*geometry column type", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("12-topojson-objects", []), ("17-curved-boundary", []), ("18-kml-multigeometry", ["zone_labels"]),
        ("25-zone-totals-text", []), ("27-shp-gbk-nocpg", []), ("27b-shp-gbk-cpg-utf8", []), ("39-parent-json", ["zone_parent_unknown"]),
        ("46-geojson-projected-crs", []),
    ],
)  # fmt: skip
def test_a_case_that_can_be_read_has_its_two_square_kilometres(name, found):
    zones = zones_of(case(name))
    mine = zones.zones[zones.zones["level"] == "community"]
    assert len(mine) == 2
    assert mine.geometry.area.tolist() == pytest.approx([1e6, 1e6], rel=0.01)
    assert codes(zones.notes) == found
    if name == "25-zone-totals-text":
        assert mine["given_residents"].tolist() == [1000, 1000]
    if name.startswith("27"):
        assert mine["name"].str.contains("[\u4e00-\u9fff]").all()


@pytest.mark.parametrize(
    ("name", "code"),
    [("20-mollweide", ""), ("43-empty-geometry", "zone_geometry_missing"), ("44-sliver-dup", "zone_overlap")],
)
def test_a_case_counts_its_people_once(name, code):
    inputs = gathered(case(name))
    people = inputs.people.demand[~inputs.people.demand["halo"]].groupby("zone_id")["residents"].sum()
    assert people.sum() == pytest.approx(2000, rel=0.01)
    assert people["community/W"] == pytest.approx(1000, rel=0.01)
    assert not code or code in codes(inputs.notes)


def test_the_register_of_a_case_with_heights_and_gbk_is_read():
    path = case("45-register-xyz-shp")
    assert gathered(path).register.facilities["name"].str.contains("[\u4e00-\u9fff]").all()
    assert seen(path).figures["covered.eldercare"] == pytest.approx(246)


# --- layers of one file ---------------------------------------------------------------------------------------------


def topojson(path):
    """Write two squares as towns and, joined, a district, which share their arcs."""
    corners = [
        (114.40, 30.60),
        (114.41, 30.60),
        (114.42, 30.60),
        (114.42, 30.61),
        (114.41, 30.61),
        (114.40, 30.61),
    ]
    arcs = [[1, 4], [4, 5, 0, 1], [1, 2, 3, 4]]
    towns = [[[0, 1]], [[2, ~0]]]
    objects = {
        "街道": [
            {"type": "Polygon", "properties": {"code": f"T{i}"}, "arcs": ring} for i, ring in enumerate(towns)
        ],
        "区": [{"type": "Polygon", "properties": {"code": "D"}, "arcs": [[1, 2]]}],
    }
    made = {name: {"type": "GeometryCollection", "geometries": parts} for name, parts in objects.items()}
    text = {"type": "Topology", "objects": made, "arcs": [[corners[i] for i in arc] for arc in arcs]}
    path.write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
    return path


def test_objects_of_a_topojson_file_are_layers(tmp_path):
    path = topojson(tmp_path / "all.json")
    layers = [
        read_zone_layer(path, level=level, id="code", layer=name, crs=4547)
        for level, name in (("town", "街道"), ("district", "区"))
    ]
    zones = assemble_zones(layers, area_name="x").zones
    assert zones.index.tolist() == ["area/area", "district/D", "town/T0", "town/T1"]
    assert zones.loc[["town/T0", "town/T1"], "parent_id"].tolist() == ["district/D"] * 2
    assert refused(readers.read_layer, path)[1] == ["layer_not_named"]
    error, found = refused(readers.read_layer, path, layer="社区")
    assert found == ["layer_unknown"]
    assert "街道, 区" in error.text("zh")


def test_the_one_layer_of_a_geojson_goes_under_any_name(tmp_path):
    zone_layer(METRIC).to_crs(4326).to_file(tmp_path / "a.geojson")
    assert len(readers.read_layer(tmp_path / "a.geojson", layer="社区")) == 2


def test_points_and_lines_beside_a_polygon_are_left_out_and_said(tmp_path):
    shapes = zone_layer(METRIC).geometry
    mixed = [
        GeometryCollection([Point(WEST, SOUTH), shapes[0], LineString([(WEST, SOUTH), (WEST + 9, SOUTH)])]),
        shapes[1],
    ]
    zone_layer(METRIC).set_geometry(mixed, crs=4547).to_file(tmp_path / "a.gpkg")
    layer = read_zone_layer(tmp_path / "a.gpkg", level="community", id="code", crs=4547)
    assert layer.zones.geometry.area.tolist() == [1e6, 1e6]
    assert note(layer.notes, "zone_labels").values["zones"] == "W"
    labels = zone_layer(METRIC).set_geometry(
        [GeometryCollection([Point(WEST, SOUTH), Point(WEST, SOUTH + 1)]), shapes[1]], crs=4547
    )
    labels.to_file(tmp_path / "b.gpkg")
    assert refused(read_zone_layer, tmp_path / "b.gpkg", level="community", id="code", crs=4547)[1] == [
        "zone_not_polygon"
    ]


def test_a_zone_without_geometry_goes_through_a_whole_run(tmp_path):
    none = gpd.GeoDataFrame({"code": ["N"], "name": ["新社区"]}, geometry=[None], crs=METRIC)
    path = town_of(tmp_path, layer=pd.concat([zone_layer(METRIC), none]))
    outcome = evaluate.run(read_study(path)).outcome
    assert outcome.zones.geometry.isna()["community/N"]
    assert "zone_geometry_missing" in set(outcome.warnings["code"])
    assert "community/N" not in set(outcome.gap_list["zone_id"])  # unknown is no shortfall


# --- a level made of a finer one ------------------------------------------------------------------------------------


def squares(towns, districts=None, up=None):
    """Return a layer of squares in a row, each with the town (and district) that it names."""
    count = len(towns)
    shapes = [box(WEST + 100 * i, SOUTH, WEST + 100 * i + 100, SOUTH + 100) for i in range(count)]
    zones = gpd.GeoDataFrame(
        {"code": [str(i) for i in range(count)], "name": [f"社区{i}" for i in range(count)], "parent": up or [None] * count, "kind": [frozenset()] * count},
        geometry=shapes, crs=4547, index=pd.RangeIndex(1, count + 1, name="row"),
    )  # fmt: skip
    cells = pd.DataFrame({"街道": towns, "区": districts or [None] * count}, index=zones.index)
    return ZoneLayer("community", "c.gpkg", zones, (), cells)


def test_a_level_is_made_by_joining_what_a_column_names(tmp_path):
    layer = squares(["甲街道", "甲街道", None, "乙街道"])
    towns, named = join_zones([layer], level="town", by="街道", kind="urban")
    zones = assemble_zones([towns, *named], area_name="x")
    mine = zones.zones[zones.zones["level"] == "town"]
    assert dict(zip(mine["name"], mine.geometry.area, strict=True)) == {"甲街道": 20_000, "乙街道": 10_000}
    assert set(mine["kind"]) == {frozenset({"urban"})}
    parents = zones.zones.loc[[f"community/{i}" for i in range(4)], "parent_id"].tolist()
    assert parents == ["town/甲街道", "town/甲街道", None, "town/乙街道"]
    assert note(zones.notes, "zone_by_blank").values["zones"] == "2"
    assert refused(join_zones, [layer], level="town", by="镇")[1] == ["column_missing"]


def test_zones_of_one_name_in_two_parents_are_two():
    layer = squares(["和平街道", "和平街道", "东街道"], ["A区", "B区", "B区"])
    towns, named = join_zones([layer], level="town", by="街道", parent="区")
    assert towns.zones["code"].tolist() == ["和平街道 (A区)", "和平街道 (B区)", "东街道"]
    assert towns.zones["name"].tolist() == ["和平街道", "和平街道", "东街道"]
    assert towns.zones["parent"].tolist() == ["A区", "B区", "B区"]
    assert named[0].zones["parent"].tolist() == towns.zones["code"].tolist()
    # what a zone says of its parent itself stands
    said = squares(["甲街道", "乙街道"], up=["丙街道", None])
    assert join_zones([said], level="town", by="街道")[1][0].zones["parent"].tolist() == ["丙街道", "乙街道"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["甲", "乙", "丙", None]), min_size=1, max_size=8), st.integers(0, 8))
def test_joined_zones_share_out_the_area_whatever_the_files(towns, cut):
    whole = squares(towns)
    parts = [
        ZoneLayer("community", f"{i}.gpkg", whole.zones.iloc[part], (), whole.cells.iloc[part])
        for i, part in enumerate((slice(cut), slice(cut, None)))
    ]
    parts = [part for part in parts if len(part.zones)]
    joined, named = join_zones(parts, level="town", by="街道")
    want = pd.Series(towns, dtype=object).value_counts() * 10_000.0
    assert dict(zip(joined.zones["code"], joined.zones.geometry.area.round(3), strict=True)) == want.to_dict()
    assert [parent for part in named for parent in part.zones["parent"]] == towns


def test_a_study_makes_towns_of_its_communities(tmp_path):
    layer = zone_layer(METRIC).assign(街道=["西街道", "东街道"])
    path = town_of(tmp_path, {"level": "town", "from": "community", "by": "街道"}, COMMUNITIES, layer=layer)
    inputs = gathered(path)
    assert inputs.zones.loc[["community/W", "community/E"], "parent_id"].tolist() == [
        "town/西街道",
        "town/东街道",
    ]
    assert inputs.zones.loc["town/东街道"].geometry.area == pytest.approx(1e6)
    assert {fit.file for fit in inputs.datums.fits if fit.role != "list"} == {
        "zones.geojson"
    }  # its lines count once
    assert len(evaluate.run(inputs.study).outcome.zones) == 5


# --- what names nothing ---------------------------------------------------------------------------------------------


MADE = {"level": "town", "from": "community", "by": "街道"}


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        (
            [COMMUNITIES | {"totals": {"resident": "pop"}}],
            "zones.0.totals: there is no `resident`; did you mean `residents`?",
        ),
        ([COMMUNITIES | {"parent": "town"}], "zones.0.parent: there is no `town`"),
        ([MADE], "zones.0.from: there is no `community`"),
        ([MADE | {"level": "community", "from": "town"}, COMMUNITIES], "a level that is made of a finer one"),
        ([MADE | {"id": "code"}, COMMUNITIES], "a level that is made of a finer one"),
        ([MADE | {"totals": {"residents": "pop"}}, COMMUNITIES], "a level that is made of a finer one"),
        ([{"level": "town", "from": "community"}, COMMUNITIES], "give exactly one of"),
        ([{"level": "town", "file": "town.geojson"}, COMMUNITIES], "give exactly one of"),
        (
            [{"level": "town", "file": "town.geojson", "id": "code"} | MADE, COMMUNITIES],
            "give exactly one of",
        ),
        ([MADE | {"form": "community"}, COMMUNITIES], "form"),
        ([MADE | {"from_level": "community"}, COMMUNITIES], "from_level"),
    ],
)
def test_an_entry_that_names_nothing_is_an_error(tmp_path, zones, said):
    path = town_of(tmp_path, *zones)
    with pytest.raises(StudyError) as error:
        read_study(path)
    assert said in error.value.text("en")
    assert error.value.text("zh")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99_999_999), st.booleans(), st.booleans())
def test_totals_are_read_whatever_digits_and_separators_an_office_writes(
    tmp_path_factory, total, wide, comma
):
    text = f"{total:,}" if comma else str(total)
    text = text.translate({ord(d): chr(ord(d) + 0xFEE0) for d in "0123456789,"}) if wide else text
    path = tmp_path_factory.mktemp("totals") / "z.xlsx"
    pd.DataFrame({"code": ["A", "B"], "n": [text, f"{text}人"]}).to_excel(path, index=False)
    layer = read_zone_layer(path, level="estate", id="code", totals={"residents": "n"}, crs=4547)
    assert layer.zones["given_residents"].tolist() == [total, total]
    assert layer.notes == ()


# --- eastings with a zone number ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [*range(13, 24), *range(25, 46)])
def test_a_zone_number_is_named_with_the_crs_that_has_it(number):
    shifted = gpd.GeoSeries([Point(number * 1e6 + x, 3_390_000) for x in (420_000, 540_000)])
    bare = 4534 + number - 25 if number >= 25 else 4502 + number - 13
    for stated in (f"EPSG:{bare}", None, "wgs84"):
        error, found = refused(datum.to_crs, shifted, datum=stated, crs=4547)
        assert found == ["datum_zone_number"]
        assert error.notes[0].values["number"] == str(number)
    right = CRS(error.notes[0].values["fitting"])
    easting = {term.name: term.value for term in right.coordinate_operation.params}["False easting"]
    assert easting == number * 1e6 + 500_000
    # … and the shapes come to lie where the CRS without number has them
    there = datum.to_crs(shifted, datum=error.notes[0].values["fitting"], crs=4490)
    here = datum.to_crs(shifted.translate(-number * 1e6), datum=f"EPSG:{bare}", crs=4490)
    assert np.allclose(there.get_coordinates(), here.get_coordinates(), atol=1e-9)
    _, missing = refused(
        datum.to_crs, shifted.translate(-number * 1e6), datum=error.notes[0].values["fitting"], crs=4547
    )
    assert missing == ["datum_zone_number_missing"]


def test_a_register_with_a_zone_number_is_refused_by_its_name(tmp_path):
    town = SmallTown(tmp_path)
    town.write_homes(["机构名称", "经度", "纬度"], ["一号", 38e6 + WEST + 512, SOUTH + 487])
    town.study["facilities"][0]["datum"] = METRIC
    assert refused(gathered, town.write())[1] == ["datum_zone_number"]


@pytest.mark.parametrize("stated", ["EPSG:3857", "EPSG:32650", "EPSG:4547", "EPSG:2326", "ESRI:54009"])
def test_other_projections_have_no_zone_number(stated):
    places = gpd.GeoSeries([Point(114.41, 30.62), Point(114.2, 22.3)], crs=4326).to_crs(stated)
    back = datum.to_crs(gpd.GeoSeries(places.to_numpy()), datum=stated, crs=4326)
    assert np.allclose(back.x, [114.41, 114.2], atol=1e-5)
