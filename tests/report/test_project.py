"""The QGIS project: whole without QGIS. That QGIS opens and draws it is seen by ``make verify``."""

import dataclasses
import re
import xml.etree.ElementTree as ET

import pyogrio
import pytest
from pyproj import CRS

from geoplan.report.content.names import Names
from geoplan.report.content.shortfalls import class_texts, flag_title
from geoplan.report.layers.layers import layers
from geoplan.report.layers.project import write_project
from geoplan.tables import Source

CJK = re.compile(r"[\u3400-\u9fff]")


def project_of(outcome, folder):
    """Write the project of an outcome without its GeoPackage; return its tree."""
    path = folder / "coverage.qgs"
    held = [layer for layer in layers(outcome) if len(layer.table)]
    write_project(outcome, held, path, package="coverage.gpkg")
    return ET.parse(path).getroot()


@pytest.fixture(scope="module")
def project(delivered):
    return ET.parse(delivered / "coverage.qgs").getroot()


def groups_of(project):
    """Return the layer tree as group -> entries, each its name and whether it is on."""
    return {
        group.get("name"): [(entry.get("name"), entry.get("checked") == "Qt::Checked") for entry in group]
        for group in project.find("layer-tree-group")
    }


def test_every_layer_of_the_package_is_opened_by_a_relative_path(project, delivered):
    sources = [node.text for node in project.findall("projectlayers/maplayer/datasource")]
    held = [name for name in pyogrio.list_layers(delivered / "coverage.gpkg")[:, 0] if name != "layer_styles"]
    assert set(sources) == {f"./coverage.gpkg|layername={name}" for name in held}
    assert project.find("properties/Paths/Absolute").text == "false"
    assert str(delivered) not in (delivered / "coverage.qgs").read_text(encoding="utf-8")


def test_tree_layers_and_order_of_drawing_name_the_same(project):
    ids = [node.text for node in project.findall("projectlayers/maplayer/id")]
    assert len(set(ids)) == len(ids)
    assert min(map(len, ids)) > 10  # QGIS renames shorter ones, and the tree loses them
    assert [entry.get("id") for entry in project.iter("layer-tree-layer")] == ids
    assert [layer.get("id") for layer in project.findall("layerorder/layer")] == ids


def test_what_is_on_and_what_is_off_from_top_to_bottom(project, sited):
    groups = groups_of(project)
    assert list(groups) == [
        "规划建设",
        "现状设施",
        "数据核查",
        "步行等时圈",
        "社区（村）评价结果",
        "边界与道路",
    ]
    assert groups["规划建设"] == [("选址方案", True), ("项目库", True), ("备选点位", False)]
    assert groups["数据核查"] == [("路网匹配", False)]
    assert [on for _, on in groups["步行等时圈"]] == [False, False]
    assert groups["边界与道路"] == [
        ("评价范围边界", True), ("区县边界", True), ("街道（乡镇）边界", True), ("道路", True),
    ]  # fmt: skip
    results = groups["社区（村）评价结果"]
    assert [on for _, on in results] == [True] + [False] * (len(results) - 1)
    names = [name for name, _ in results]
    for rule, rows in sited.flags.groupby("rule_id"):
        assert f"短板：{flag_title(Names(sited), rule, rows)}" in names
    assert {"短板社区", "养老服务：人口覆盖率", "托育服务：人口覆盖率"} <= set(names)
    (group,) = [g for g in project.find("layer-tree-group") if g.get("name") == "社区（村）评价结果"]
    assert (group.get("mutually-exclusive"), group.get("mutually-exclusive-child")) == ("1", "0")


def test_classes_of_a_rule_are_those_of_every_legend(project, sited):
    names = Names(sited)
    entries = {node.find("layername").text: node for node in project.findall("projectlayers/maplayer")}
    for rule, rows in sited.flags.groupby("rule_id"):
        renderer = entries[f"短板：{flag_title(names, rule, rows)}"].find("renderer-v2")
        told = {part.get("value"): part.get("label") for part in renderer.iter("category")}
        assert list(told.items()) == list(class_texts(names, rule).items())
        symbols = {symbol.get("name") for symbol in renderer.iter("symbol")}
        assert {part.get("symbol") for part in renderer.iter("category")} == symbols


def test_coarser_zones_are_edges_and_keep_their_styles(project):
    towns = next(
        node
        for node in project.findall("projectlayers/maplayer")
        if node.find("layername").text == "街道（乡镇）边界"
    )
    assert towns.find("renderer-v2").get("type") == "singleSymbol"
    kept = towns.findall("map-layer-style-manager/map-layer-style")
    assert towns.find("map-layer-style-manager").get("current") == kept[0].get("name") == "街道（乡镇）边界"
    assert len(kept[0]) == 0
    assert {style.find("qgis/renderer-v2").get("type") for style in kept[1:]} == {
        "categorizedSymbol", "graduatedSymbol",
    }  # fmt: skip


def test_sites_of_other_answers_are_off_and_beneath_the_adopted_ones(project):
    sites = next(
        node
        for node in project.findall("projectlayers/maplayer")
        if node.find("layername").text == "选址方案"
    )
    renderer = sites.find("renderer-v2")
    levels = {symbol.get("name"): symbol.find("layer").get("pass") for symbol in renderer.iter("symbol")}
    told = {
        part.get("value"): (part.get("render"), levels[part.get("symbol")])
        for part in renderer.iter("category")
    }
    assert renderer.get("symbollevels") == "1"
    assert told == {
        "2025": ("true", "1"), "2030": ("true", "1"), "2030_intent": ("true", "1"), "other": ("false", "0"),
    }  # fmt: skip


def test_it_opens_at_the_study_in_its_crs(project, sited):
    told = {side.tag: float(side.text) for side in project.find("mapcanvas/extent")}
    west, south, east, north = sited.zones[sited.zones["level"] == "community"].total_bounds
    assert told["xmin"] < west < east < told["xmax"]
    assert told["ymin"] < south < north < told["ymax"]
    assert told["xmax"] - told["xmin"] <= 1.1 * max(east - west, north - south) + 0.2
    for place in ("projectCrs", "projectlayers/maplayer/srs", "mapcanvas/destinationsrs"):
        assert CRS.from_wkt(project.find(f"{place}/spatialrefsys/wkt").text) == CRS.from_epsg(4547)
    view = project.find("ProjectViewSettings/DefaultViewExtent")
    assert {side: float(view.get(side)) for side in told} == told


def test_it_says_what_it_shows_of_whom_and_whom_to_credit(sited, tmp_path):
    streets = Source("streets", "town.osm.pbf", "", 0)
    project = project_of(dataclasses.replace(sited, sources=(streets,)), tmp_path)
    told = project.find("projectMetadata/abstract").text.split("\n")
    assert told[0] == "演示数据，不作为决策依据"
    assert "2010年" in "".join(told)
    assert told[-1] == "© OpenStreetMap contributors, ODbL 1.0"
    assert project.find("properties/CopyrightLabel/Label").text == f"内部用图 · {told[-1]}"
    assert sited.name in project.find("title").text
    assert "演示数据" in project.find("properties/TitleLabel/Label").text


def test_what_is_not_there_has_no_entry(make, tmp_path):
    outcome = make(synthetic=False)
    bare = dataclasses.replace(
        outcome, flags=outcome.flags.iloc[:0], streets=outcome.streets.iloc[:0], isochrones=outcome.isochrones.iloc[:0],
        snaps=outcome.snaps.iloc[:0], facilities=outcome.facilities.iloc[:0], sources=(),
    )  # fmt: skip
    project = project_of(bare, tmp_path)
    groups = groups_of(project)
    assert list(groups) == ["社区（村）评价结果", "边界与道路"]
    assert groups["社区（村）评价结果"][0] == ("养老服务：人口覆盖率", True)
    assert "演示" not in project.find("projectMetadata/abstract").text
    assert project.find("properties/CopyrightLabel/Label").text == "内部用图"


def test_english_and_names_that_must_be_escaped(make_sited, tmp_path):
    outcome = make_sited(lang="en", nasty=True)
    project = project_of(outcome, tmp_path)
    assert list(groups_of(project)) == [
        "Planned", "Facilities", "Checks of data", "Isochrones", "Results: Community", "Boundaries and streets",
    ]  # fmt: skip
    assert outcome.name in project.find("title").text
    of_data = {*outcome.facilities.columns, *outcome.facilities["name"]}
    told = [node.get("name", "") for node in project.iter("layer-tree-layer")]
    told += [node.get("label", "") for node in project.iter("category")]
    assert [text for text in told if CJK.search(text) and text not in of_data] == []
