"""The layers on siting: values, styles, what other programs get, and nothing where no siting question was asked."""

import dataclasses
import importlib.util
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path

import ezdxf
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from geoplan.report import look
from geoplan.report.content.fields import field_names, field_values
from geoplan.report.content.sites import every_site
from geoplan.report.layers import geopackage as layers
from geoplan.report.layers.exports import FORMATS, export_layers, write_exports
from geoplan.report.layers.sites import candidates_layer, sites_layer


def fixture_module():
    path = Path(__file__).parents[1] / "outcome_fixture.py"
    spec = importlib.util.spec_from_file_location("layers_sites_outcome_fixture", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def sited():
    """Make an outcome with answered siting questions, and the isochrones of its sites, anew at each call."""
    found = fixture_module()

    def made(**given):
        outcome = found.with_sites(found.make_outcome(**given))
        own = outcome.isochrones[outcome.isochrones["service"] == "eldercare"]
        return dataclasses.replace(outcome, site_isochrones=own.reset_index(drop=True))

    return made


@pytest.fixture(scope="module")
def outcome(sited):
    return sited()


@pytest.fixture(scope="module")
def package(outcome, tmp_path_factory):
    path = tmp_path_factory.mktemp("layers") / "coverage.gpkg"
    layers.write_layers(outcome, path)
    return path


@pytest.fixture(scope="module")
def exported(outcome, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    write_exports(outcome, folder, formats=FORMATS)
    return folder


def style_of(path, layer):
    with closing(sqlite3.connect(path)) as base:
        (qml,) = base.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = ?", (layer,)).fetchone()
    return ET.fromstring(qml)


def test_layers_of_siting_stand_behind_the_others(package, make):
    found = {str(name): kind for name, kind in pyogrio.list_layers(package)}
    assert list(found)[-4:] == ["sites", "candidates", "site_isochrones", "layer_styles"]
    assert (found["sites"], found["candidates"], found["site_isochrones"]) == (
        "Point",
        "Point",
        "MultiPolygon",
    )
    plain = [layer.name for layer in layers.layers(make())]
    assert not {"sites", "candidates", "site_isochrones"} & set(plain)
    assert sites_layer(make()) is None
    assert candidates_layer(make()) is None


def test_sites_are_those_of_every_answer_as_in_their_table(package, outcome):
    layer = gpd.read_file(package, layer="sites").set_index("site_id")
    assert list(layer.index) == list(outcome.sites.index)
    assert layer.crs.to_epsg() == 4547
    assert layer.geometry.to_wkb().tolist() == outcome.sites.geometry.to_wkb().tolist()
    assert layer["adopted"].tolist() == ["yes"] * 4 + ["no"] * 3
    content = every_site(outcome)
    for column in content.columns:
        (name, *_) = field_names(column)
        for got, cell in zip(layer[name], content.cells(column.key), strict=True):
            (wanted, *_) = field_values(cell, column)
            assert (pd.isna(got) and not wanted) or got == (
                pytest.approx(wanted) if isinstance(wanted, float) else wanted
            )
    third = layer.loc["close_gap/3"]
    assert (third["place"], third["generated"]) == ("意向区域：南湖社区", "yes")
    assert (third["works"], third["works_label"]) == ("new", "新建")
    assert third["indicators"].split(";") == list(outcome.sites.loc["close_gap/3", "indicators"])
    assert (third["serves"], third["serves_label"]) == ("community/C04", "南湖社区")
    assert (third["phase"], third["gain_unit"]) == (2030, "beds")


def test_sites_are_drawn_by_phase_and_areas_of_intent_apart(package, outcome):
    classes = {
        node.get("value"): (node.get("label"), node.get("symbol"))
        for node in style_of(package, "sites").iter("category")
    }
    table = gpd.read_file(package, layer="sites")
    assert set(classes) == set(table["shown"]) == {"2025", "2030", "2030_intent", "other"}
    assert classes["2030_intent"][0] == "至2030年（意向区域）"
    fills = {
        symbol.get("name"): {o.get("name"): o.get("value") for o in symbol.iter("Option") if o.get("value")}
        for symbol in style_of(package, "sites").iter("symbol")
    }
    paper = ",".join(str(int(look.COLOURS["paper"][k : k + 2], 16)) for k in (1, 3, 5))
    assert fills[classes["2030_intent"][1]]["color"].startswith(paper)
    assert not fills[classes["2030"][1]]["color"].startswith(paper)
    assert fills[classes["2025"][1]]["color"] != fills[classes["2030"][1]]["color"]


def test_candidates_with_and_without_a_point(outcome, tmp_path):
    lost = outcome.candidates.copy()
    lost.loc[lost.index[6], "geometry"] = None
    layers.write_layers(dataclasses.replace(outcome, candidates=lost), tmp_path / "a.gpkg")
    table = gpd.read_file(tmp_path / "a.gpkg", layer="candidates").set_index("candidate_id")
    assert len(table) == 10
    assert table.geometry.isna().sum() == 1
    assert table["shown"].tolist() == ["adopted"] * 3 + ["offered"] * 3 + [
        "forbidden",
        "offered",
        "adopted",
        "generated",
    ]
    assert table["adopted_order"].dropna().tolist() == [1, 2, 4, 3]
    assert table["may_hold"].iloc[1] == "elder_day_care;elder_home"
    assert table["may_hold_label"].iloc[6] == "不限"
    legend = [node.get("value") for node in style_of(tmp_path / "a.gpkg", "candidates").iter("category")]
    assert legend == ["adopted", "offered", "generated", "forbidden"]


def test_every_field_has_a_name_for_the_planner(outcome):
    for layer in layers.layers(outcome):
        # attributes that a planner's register adds keep their names
        told = {key: name for key, name in layer.aliases.items() if key not in outcome.facilities.columns}
        assert set(layer.aliases) == set(layer.table.columns) - {"geometry"}, layer.name
        assert all(any("\u4e00" <= c <= "\u9fff" for c in name) for name in told.values()), layer.name


def test_an_outcome_with_answers_and_no_sites_has_no_layer(outcome):
    bare = dataclasses.replace(outcome, sites=outcome.sites.iloc[:0])
    assert sites_layer(bare) is None
    assert set(candidates_layer(bare).table["shown"]) == {"required", "offered", "forbidden", "generated"}


def test_the_same_outcome_gives_the_same_layers(sited, package, tmp_path):
    layers.write_layers(sited(), tmp_path / "again.gpkg")
    assert (tmp_path / "again.gpkg").read_bytes() == package.read_bytes()


def test_other_programs_get_sites_and_candidates(exported, outcome):
    wanted = {layer.name: layer.table for layer in export_layers(outcome)}
    assert {"sites", "candidates", "site_isochrones"} <= set(wanted)
    fields = pd.read_csv(exported / "字段对照表.csv")
    for name in ("sites", "candidates"):
        for got in (
            gpd.read_file(exported / "shp" / f"{name}.shp"),
            gpd.read_file(exported / "coverage.gdb", layer=name),
        ):
            assert len(got) == len(wanted[name])
            assert got["name"].tolist() == wanted[name]["name"].tolist()
            np.testing.assert_allclose(got.geometry.x, wanted[name].geometry.x, atol=1e-6)
        own = fields[fields["图层"] == name]
        assert len(own) == len(wanted[name].columns) - 1
        assert own["字段名（Shapefile）"].is_unique
        assert own["含义"].map(lambda said: any("\u4e00" <= c <= "\u9fff" for c in said)).all()


def test_a_drawing_keeps_areas_of_intent_on_a_layer_of_their_own(exported, outcome):
    drawing = ezdxf.readfile(exported / "coverage.dxf")
    points = [
        e for e in drawing.modelspace() if e.dxftype() == "POINT" and e.dxf.layer.startswith("规划点位")
    ]
    by_layer = {}
    for point in points:
        by_layer.setdefault(point.dxf.layer, []).append((point.dxf.location.x, point.dxf.location.y))
    assert {name: len(at) for name, at in by_layer.items()} == {"规划点位": 3, "规划点位_意向区域": 1}
    intent = outcome.sites.loc["close_gap/3"].geometry
    assert by_layer["规划点位_意向区域"] == [pytest.approx((intent.x, intent.y))]
    texts = {
        e.dxf.text for e in drawing.modelspace() if e.dxftype() == "TEXT" and e.dxf.layer == "规划点位注记"
    }
    assert texts == set(outcome.sites["name"].iloc[:4])  # the adopted ones only
    assert any(layer.dxf.name.startswith("规划点位等时圈_养老服务") for layer in drawing.layers)
