"""Exports for other programs: read back with the counts, names and coordinates that went in."""

import csv
import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import Point

from geoplan.report.layers.exports import FORMATS, export_layers, moved, short_names, write_exports
from geoplan.words.errors import OutputError

CRS = "EPSG:4547"

#: A grid turned by 30 degrees, with its origin at (528 km, 3385 km): x' = R(x - origin) + (10000, 20000).
TURN = np.radians(30.0)


def local_of(xy):
    turned = np.array([[np.cos(TURN), np.sin(TURN)], [-np.sin(TURN), np.cos(TURN)]])
    return (np.asarray(xy) - [528_000.0, 3_385_000.0]) @ turned.T + [10_000.0, 20_000.0]


def control():
    metric = np.array([[528_000.0, 3_385_000.0], [530_000.0, 3_385_000.0], [529_000.0, 3_386_500.0]])
    lonlat = np.column_stack(Transformer.from_crs(CRS, 4326, always_xy=True).transform(*metric.T))
    return [{"local": tuple(p), "lonlat": tuple(q)} for p, q in zip(local_of(metric), lonlat, strict=True)]


def with_projects(outcome):
    table = gpd.GeoDataFrame(
        {
            "name": ["临江养老服务综合体", "学府托育园"],
            "works": ["new", "extend"],
            "services": [("elder_home",), ()],
            "zone_id": ["community/C01", None],
            **dict.fromkeys(
                ("nursing_beds", "inclusive_places", "floor_area_m2", "facilities", "cost", "start_year"),
                np.nan,
            ),
            "beds": [120.0, np.nan],
            "places": [np.nan, 60.0],
            "open_year": [2026.0, np.nan],
            **dict.fromkeys(("cost_from", "funds", "unit"), ""),
            "serves": [(), ()],
            "indicators": [(), ()],
            "location_quality": ["exact", "missing"],
            "source_file": "projects.xlsx",
            "source_row": [2, 3],
        },
        geometry=[Point(528_300.0, 3_385_400.0), None],
        index=pd.Index(["p#2", "p#3"], name="project_id"),
        crs=CRS,
    )
    return dataclasses.replace(outcome, projects=table)


@pytest.fixture(scope="module")
def outcome(make_outcome):
    return with_projects(make_outcome())


@pytest.fixture(scope="module")
def written(outcome, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    return write_exports(outcome, folder, formats=FORMATS), folder


def rows(folder, name="字段对照表.csv"):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_every_layer_has_its_rows_and_its_shapes(outcome, written):
    _, folder = written
    wanted = {layer.name: layer.table for layer in export_layers(outcome)}
    assert set(wanted) == {
        "zones_area", "zones_district", "zones_town", "zones_community", "facilities", "isochrones", "projects",
    }  # fmt: skip
    assert {name for name, _ in pyogrio.list_layers(folder / "coverage.gdb")} == set(wanted)
    for name, table in wanted.items():
        for got in (
            gpd.read_file(folder / "shp" / f"{name}.shp"),
            gpd.read_file(folder / "coverage.gdb", layer=name),
        ):
            assert len(got) == len(table)
            assert got.crs.to_epsg() == 4547
            have, want = np.asarray(got.geometry.array), np.asarray(table.geometry.array)
            assert shapely.is_missing(have).tolist() == shapely.is_missing(want).tolist()
            some = ~shapely.is_missing(want)
            assert shapely.hausdorff_distance(have[some], want[some]).max() < 1e-3


def test_a_shapefile_is_utf_8_and_holds_chinese_as_it_is(outcome, written):
    _, folder = written
    assert {path.read_text() for path in (folder / "shp").glob("*.cpg")} == {"UTF-8"}
    got = gpd.read_file(folder / "shp" / "zones_community.shp")
    assert got["name"].tolist() == outcome.zones.loc[outcome.zones["level"] == "community", "name"].tolist()
    assert b"\xe5\x90\x91\xe9\x98\xb3" in (folder / "shp" / "zones_community.dbf").read_bytes()  # 向阳


def test_the_field_map_names_every_field_of_both_formats(outcome, written):
    _, folder = written
    head, *body = rows(folder)
    assert head == ["图层", "字段名（Shapefile）", "字段名（FileGDB、GeoPackage）", "含义", "类型"]
    for layer in export_layers(outcome):
        own = [row for row in body if row[0] == layer.name]
        shape = gpd.read_file(folder / "shp" / f"{layer.name}.shp").drop(columns="geometry")
        base = gpd.read_file(folder / "coverage.gdb", layer=layer.name).drop(columns="geometry")
        assert [row[1] for row in own] == list(shape.columns)
        assert [row[2] for row in own] == list(base.columns)
        assert all(len(row[1].encode()) <= 10 and row[3] for row in own)
        for row in own:
            number = pd.api.types.is_numeric_dtype(base[row[2]].dtype)
            assert (row[4] == "数值") == number, row


def test_values_arrive_under_their_short_names(outcome, written):
    _, folder = written
    names = {row[2]: row[1] for row in rows(folder) if row[0] == "zones_community"}
    got = gpd.read_file(folder / "shp" / "zones_community.shp").set_index("zone_id")
    flags = outcome.flags[outcome.flags["rule_id"] == "wuhan.places_per_1000_residents"].set_index("zone_id")
    short = got[names["wuhan_places_per_1000_residents_short"]]
    assert short.to_dict() == pytest.approx(flags["shortfall"].reindex(short.index).to_dict())
    assert names["wuhan_places_per_1000_residents_short"] == "R02_short"
    assert names["eldercare_share"] == "S1_share"


def test_the_drawing_has_a_layer_for_each_level_flag_and_kind_with_their_names(outcome, written):
    _, folder = written
    got = pyogrio.read_dataframe(folder / "coverage.dxf")
    counts = got.groupby("Layer").size().to_dict()
    assert counts["社区（村）边界"] == counts["社区（村）注记"] == 12
    assert counts["区县边界"] == 2
    flagged = outcome.flags[
        (outcome.flags["rule_id"] == "wuhan.places_per_1000_residents")
        & outcome.flags["zone_id"].str.startswith("community")
    ]["flagged"].sum()
    assert counts["短板_每千人口拥有3岁以下婴幼儿托位数_社区（村）"] == flagged
    placed = outcome.facilities[outcome.facilities.geometry.notna()]
    assert counts["设施注记"] == len(placed)
    assert sum(n for layer, n in counts.items() if layer.startswith("设施_")) == len(placed)
    names = got.loc[got["Layer"] == "社区（村）注记", "Text"].tolist()
    assert sorted(names) == sorted(outcome.zones.loc[outcome.zones["level"] == "community", "name"])
    assert counts["项目库"] == 2  # the point and its name; the project without a place has neither
    edges = got[got["Layer"] == "社区（村）边界"].geometry.total_bounds
    assert edges == pytest.approx(outcome.zones.total_bounds, abs=1e-3)


def test_coordinates_are_those_of_the_chosen_crs(outcome, tmp_path):
    write_exports(outcome, tmp_path, formats=["shp", "dxf"], crs="EPSG:4490")
    got = gpd.read_file(tmp_path / "shp" / "facilities.shp")
    assert got.crs.to_epsg() == 4490
    want = outcome.facilities.geometry.to_crs(4490).reset_index(drop=True)
    some = want.notna()
    back = got.geometry[some].to_crs(CRS).distance(outcome.facilities.geometry.reset_index(drop=True)[some])
    assert back.max() < 1e-3
    edge = pyogrio.read_dataframe(tmp_path / "coverage.dxf").query("Layer == '评价范围边界'")
    assert edge.total_bounds == pytest.approx(outcome.zones.to_crs(4490).total_bounds, abs=1e-8)


def test_the_office_s_own_grid_is_reached_by_its_control_points(outcome, tmp_path):
    made = write_exports(outcome, tmp_path, formats=FORMATS, crs=control())
    assert [note.code for note in made.notes] == ["datum_control_points"]
    some = outcome.facilities.geometry.notna().to_numpy()
    want = local_of(outcome.facilities.geometry[some].get_coordinates().to_numpy())
    for got in (
        gpd.read_file(tmp_path / "shp" / "facilities.shp"),
        gpd.read_file(tmp_path / "coverage.gdb", layer="facilities"),
    ):
        assert got.geometry[some].get_coordinates().to_numpy() == pytest.approx(want, abs=1e-3)
        assert got.crs is None or "unknown" in got.crs.name.lower() or "undefined" in got.crs.name.lower()
    drawn = pyogrio.read_dataframe(tmp_path / "coverage.dxf")
    names = drawn[drawn["Layer"].str.startswith("设施_")].get_coordinates().to_numpy()
    assert np.sort(names, axis=0) == pytest.approx(np.sort(want, axis=0), abs=1e-3)


def test_one_layer_goes_to_the_grid_and_keeps_its_distances(outcome):
    layer = next(layer for layer in export_layers(outcome) if layer.name == "zones_community")
    there = moved(layer, CRS, control()).table
    assert there.area.to_numpy() == pytest.approx(layer.table.area.to_numpy(), rel=1e-6)


def test_written_twice_shapefile_and_drawing_have_the_same_bytes(outcome, tmp_path):
    for name in ("a", "b"):
        write_exports(outcome, tmp_path / name, formats=["shp", "dxf"])
    first, second = (
        {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in sorted((tmp_path / name).rglob("*"))
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert first == second


def test_what_stood_there_is_replaced(outcome, tmp_path):
    for _ in range(2):
        write_exports(outcome, tmp_path, formats=["shp", "filegdb"])
    assert len(gpd.read_file(tmp_path / "coverage.gdb", layer="zones_community")) == 12


def test_unknown_formats_and_shifted_datums_are_refused(outcome, tmp_path):
    with pytest.raises(OutputError, match="kml"):
        write_exports(outcome, tmp_path, formats=["shp", "kml"])
    with pytest.raises(OutputError, match="GCJ02"):
        write_exports(outcome, tmp_path, formats=["shp"], crs="GCJ02")
    assert not list(tmp_path.iterdir())


def test_a_drawing_without_its_library_says_what_to_install(outcome, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "geoplan.report.layers.dxf", None)
    with pytest.raises(OutputError, match="pip install ezdxf"):
        write_exports(outcome, tmp_path, formats=["dxf"])


def test_names_that_would_break_a_file_stay_text(make_outcome, tmp_path):
    outcome = make_outcome(nasty=True)
    write_exports(outcome, tmp_path, formats=FORMATS)
    got = gpd.read_file(tmp_path / "shp" / "zones_community.shp")
    assert got["name"].tolist() == outcome.zones.loc[outcome.zones["level"] == "community", "name"].tolist()


@given(
    st.lists(st.text(alphabet="ab_指标.%1", min_size=1, max_size=14), min_size=1, max_size=14, unique=True)
)
def test_short_names_are_unique_short_and_ascii(columns):
    got = short_names(columns, {"ab": "R01"}, limit=10)
    assert list(got) == columns
    assert len({name.lower() for name in got.values()}) == len(columns)
    assert all(name.isascii() and 1 <= len(name) <= 10 and name[0].isalpha() for name in got.values())
