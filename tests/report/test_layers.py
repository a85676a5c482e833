"""The GeoPackage and the exports: layers, values, styles that QGIS reads, what other programs get, bytes that hang on the content only."""

import csv
import dataclasses
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing

import ezdxf
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from report_town import BEDS, CIRCLE_C, PLACES, flags_of

from geoplan.report import look
from geoplan.report.content.fields import field_names, field_values
from geoplan.report.content.registry import tables
from geoplan.report.content.sites import every_site
from geoplan.report.layers import geopackage as layers
from geoplan.report.layers.exports import FORMATS, export_layers, moved, short_names, write_exports
from geoplan.report.layers.layers import candidates_layer, sites_layer, zone_layer
from geoplan.words.errors import OutputError


@pytest.fixture(scope="module")
def package(delivered):
    return delivered / "coverage.gpkg"


@pytest.fixture(scope="module")
def exported(delivered):
    return delivered / "exports"


def styles_of(path):
    """Return layer, geometry column, name, tree and default of each style."""
    columns = "f_table_name, f_geometry_column, styleName, styleQML, useAsDefault"
    with closing(sqlite3.connect(path)) as base:
        found = base.execute(f"SELECT {columns} FROM layer_styles ORDER BY id").fetchall()
    return [(*head, ET.fromstring(qml.split("\n", 1)[1]), default) for *head, qml, default in found]


def test_layers_and_their_rows(package, sited, outcome):
    found = {str(name): kind for name, kind in pyogrio.list_layers(package)}
    assert list(found) == [
        "zones_area", "zones_district", "zones_town", "zones_community", "facilities", "isochrones", "snaps", "streets", "projects",
        "sites", "candidates", "site_isochrones", "layer_styles",
    ]  # fmt: skip
    kinds = [found[name] for name in ("zones_community", "sites", "candidates", "site_isochrones")]
    assert kinds == ["MultiPolygon", "Point", "Point", "MultiPolygon"]
    zones = gpd.read_file(package, layer="zones_community")
    assert zones.crs.to_epsg() == 4547
    assert zones["zone_code"].tolist() == sited.zones[sited.zones["level"] == "community"]["code"].tolist()
    facilities = gpd.read_file(package, layer="facilities")
    assert len(facilities) == len(sited.facilities)
    assert facilities.geometry.isna().sum() == sited.facilities.geometry.isna().sum() == 2
    assert len(gpd.read_file(package, layer="isochrones")) == 6
    plain = [layer.name for layer in layers.layers(outcome)]
    assert not {"projects", "sites", "candidates", "site_isochrones"} & set(plain)


@pytest.fixture(scope="module")
def altered(make_sited, tmp_path_factory):
    """An outcome with names that must be escaped, a point too far away, a candidate without one and two empty tables; and its file."""
    outcome, path = make_sited(nasty=True), tmp_path_factory.mktemp("altered") / "a.gpkg"
    snaps, candidates = outcome.snaps.copy(), outcome.candidates.copy()
    snaps.loc[snaps.index[3], ["reason", "island"]] = ["too_far", True]
    candidates.loc[candidates.index[6], "geometry"] = None
    empty = {"isochrones": outcome.isochrones.iloc[:0], "flags": outcome.flags.iloc[:0]}
    outcome = dataclasses.replace(outcome, snaps=snaps, candidates=candidates, **empty)
    layers.write_layers(outcome, path)
    return outcome, path


def test_every_snap_is_written_out_and_small(package, sited, altered):
    snaps = gpd.read_file(package, layer="snaps").set_index("point_id")
    assert list(snaps.index) == [str(point) for point in sited.snaps.index]
    assert snaps.geometry.to_wkb().tolist() == sited.snaps.geometry.to_wkb().tolist()
    legs = sited.snaps["leg_m"].to_numpy(dtype=float)
    assert snaps["leg_m"].to_numpy() == pytest.approx(legs, abs=0.006, nan_ok=True)
    assert set(snaps["of"]) == {"facility", "people"}
    assert "island" not in snaps  # no point hangs on an island here
    outcome, path = altered
    again = gpd.read_file(path, layer="snaps").set_index("point_id")
    unplaced = outcome.facilities.index[outcome.facilities.geometry.isna()]
    wanted = dict.fromkeys(unplaced, "no_point") | {outcome.snaps.index[3]: "too_far"}
    assert again["reason"].dropna().to_dict() == wanted
    assert again["island"].sum() == 1


@pytest.mark.parametrize(("code", "size"), [(0, 0), (1, 32), (2, 48), (3, 48), (4, 64)])
def test_the_box_around_a_geometry_is_cut_out_whatever_its_size(code, size):
    wkb = bytes(range(21))
    whole = b"GP\x00" + bytes([code << 1 | 1]) + b"\xc3\x11\x00\x00" + bytes(size) + wkb
    assert layers.without_envelope(whole) == b"GP\x00\x01\xc3\x11\x00\x00" + wkb


def test_flags_are_those_of_the_outcome(package, sited):
    zones = gpd.read_file(package, layer="zones_community").set_index("zone_id")
    stem = "wuhan_beds_per_1000_elders"
    beds = (
        sited.flags[sited.flags["rule_id"] == "wuhan.beds_per_1000_elders"]
        .set_index("zone_id")
        .loc[zones.index]
    )
    short = zones[f"{stem}_short"].to_numpy()
    assert short == pytest.approx(beds["shortfall"].to_numpy(dtype=float), nan_ok=True)
    assert set(zones[f"{stem}_flag"]) == {"flagged", "not_flagged", "unknown"}
    assert zones.loc["community/C05", f"{stem}_flag_label"] == "数据不足"
    assert np.isnan(zones.loc["community/C05", f"{stem}_reachable_high"])  # the register sets no upper end
    # the circle of a clause, and childcare where that is known; places and the circles of the study
    keys = [
        f"{count}{part}"
        for count in ("clause_count", "measured_count")
        for part in ("", "_judged", "_no_data")
    ]
    assert zones.loc[["community/C02", "community/C03", "community/C10"], keys].to_numpy().tolist() == [
        [1, 2, 0, 0, 3, 0], [1, 1, 1, 2, 3, 0], [2, 2, 0, 3, 3, 0],
    ]  # fmt: skip


def test_what_is_for_reference_only_is_counted_in_no_layer(outcome):
    few = outcome.flags[outcome.flags["rule_id"].isin([BEDS, CIRCLE_C])]
    plain = dataclasses.replace(outcome, flags=few, members=outcome.members.iloc[:0])
    zones = {
        level: zone_layer(plain, level).table.set_index("zone_id")
        for level in ("community", "town", "district")
    }
    # C03 is short of beds alone, and of C05 they are not known
    assert zones["community"].loc[["community/C03", "community/C05", "community/C04"], "flagged"].tolist() == [
        "not_flagged", "not_flagged", "flagged",
    ]  # fmt: skip
    assert zones["community"].loc["community/C04", ["measured_count", "measured_count_judged"]].tolist() == [
        1,
        1,
    ]
    # towns are measured by beds too: a home of unknown size stands in the third
    assert zones["town"].loc[
        "town/T3", ["measured_count", "measured_count_judged", "measured_count_no_data"]
    ].tolist() == [1, 1, 1]
    assert zones["district"]["flagged"].tolist() == ["not_flagged", "unknown"]
    names = [style.name for style in zone_layer(plain, "community").styles]
    assert names[:3] == [
        "短板：15分钟托育服务圈（全部设施，项目设定）",
        "短板：每千名老人养老床位(张)（参考）",
        "短板社区",
    ]
    assert "短板：每千名老人养老床位(张)" in [style.name for style in zone_layer(plain, "town").styles]


def test_fields_have_the_names_of_the_csv_files(package, sited):
    found = {table.key: table for table in tables(sited)["csv"]}
    circle, provision, communities = (
        {name for column in found[key].columns for name in field_names(column)}
        for key in ("circle", "provision", "communities")
    )
    fields, places = (
        set(pyogrio.read_info(package, layer=layer)["fields"]) for layer in ("zones_community", "facilities")
    )
    stem = "wuhan_places_per_1000_residents_"
    for name in fields:
        for service in sited.services:
            assert not name.startswith(f"{service}_") or name.removeprefix(f"{service}_") in circle
        if name.startswith(stem) and not name.endswith(("_flag", "_flag_label", "_grade_label")):
            assert name in communities or name.removeprefix(stem) in provision
    counts = {
        f"{count}{part}"
        for count in ("clause_count", "measured_count")
        for part in ("", "_judged", "_no_data")
    }
    assert {"zone_code", "flagged", *counts} <= communities & fields
    # what is for reference in communities has no column in their list, and stands in that of supply
    beds = {
        name.removeprefix("wuhan_beds_per_1000_elders_") for name in fields if name.startswith("wuhan_beds")
    }
    assert not any(name.startswith("wuhan_beds") for name in communities)
    assert beds - provision == {"flag", "flag_label", "grade_label", "short"}
    assert {"zone_code", "name", "services", "source_file", "source_row", "inside"} <= places


def test_every_layer_opens_with_one_style_that_names_its_own_columns(package):
    styles = styles_of(package)
    for layer, _ in pyogrio.list_layers(package):
        if layer == "layer_styles":
            continue
        own = [s for s in styles if s[0] == layer]
        assert [s[4] for s in own] == [1] + [0] * (len(own) - 1), layer
        columns = set(pyogrio.read_info(package, layer=layer)["fields"])
        for _, geometry, name, root, _ in own:
            assert geometry == "geom"
            assert len(name) <= 30
            renderer = root.find("renderer-v2")
            assert renderer.get("attr") in columns
            assert {a.get("field") for a in root.iter("alias")} <= columns
            classes = [e.get("symbol") for e in renderer.iter() if e.tag in ("category", "range")]
            symbols = [e.get("name") for e in renderer.find("symbols")]
            assert classes == symbols
            assert all(s.find("layer/Option") is not None for s in renderer.find("symbols"))


def test_the_main_product_is_the_default_of_communities(package):
    _, _, name, root, _ = next(s for s in styles_of(package) if s[0] == "zones_community")
    # the first rule that is no reference, by how far communities fall short
    assert name == "短板：每千人口拥有3岁以下婴幼儿托位数(个)"
    assert root.find("renderer-v2").get("attr") == "wuhan_places_per_1000_residents_grade"
    values = [c.get("value") for c in root.iter("category")]
    assert values == ["none", "severe", "short", "slight", "near", "mean_met", "not_flagged", "unknown"]
    assert [c.get("label") for c in root.iter("category")][:3] == [
        "无（0）",
        "严重不足（＜33%）",
        "不足（＜67%）",
    ]
    drawn = [
        {option.get("name"): option.get("value") for option in symbol.iter("Option") if option.get("name")}
        for symbol in root.findall("renderer-v2/symbols/symbol")
    ]
    colours = [paint for paint, _ in look.GRADE_COLOURS.values()]
    assert [one["color"] for one in drawn[:5]] == [
        ",".join(str(int(paint[k : k + 2], 16)) for k in (1, 3, 5)) + ",255" for paint in colours
    ]
    assert drawn[0]["color"] == "122,30,6,255"  # the deepest
    assert [one["style"] for one in drawn] == ["solid"] * 7 + ["b_diagonal"]


def test_all_rules_together_stand_behind_those_of_one_rule(package):
    names = [s[2] for s in styles_of(package) if s[0] == "zones_community"]
    assert names.index("短板社区") == 5
    root = next(s[3] for s in styles_of(package) if s[:1] + s[2:3] == ("zones_community", "短板社区"))
    assert root.find("renderer-v2").get("attr") == "flagged"
    assert [c.get("value") for c in root.iter("category")] == [
        "flagged",
        "mean_met",
        "not_flagged",
        "unknown",
    ]
    colour = root.find("renderer-v2/symbols/symbol/layer/Option/Option[@name='color']").get("value")
    assert colour == "209,67,27,255"  # the one strong colour
    unknown = (
        root.findall("renderer-v2/symbols/symbol")[3].find("layer/Option/Option[@name='style']").get("value")
    )
    assert unknown == "b_diagonal"


def test_shares_have_the_classes_of_the_map(package):
    root = next(s[3] for s in styles_of(package) if s[0] == "zones_community" and s[2].endswith("人口覆盖率"))
    ranges = [(float(r.get("lower")), float(r.get("upper")), r.get("label")) for r in root.iter("range")]
    assert [r[0] for r in ranges] == [0.0, *look.SHARE_LIMITS]
    assert [r[1] for r in ranges] == [*look.SHARE_LIMITS, 1.0]
    assert tuple(r[2] for r in ranges) == look.share_scale().texts


def test_bytes_do_not_hang_on_how_often_the_library_commits(package, tmp_path):
    busy = tmp_path / "busy.gpkg"
    busy.write_bytes(package.read_bytes())
    with closing(sqlite3.connect(busy)) as base:
        for _ in range(3):
            base.execute("UPDATE gpkg_contents SET last_change = last_change")
            base.commit()
        base.execute("VACUUM")
    assert busy.read_bytes() != package.read_bytes()
    layers._reset_change_counter(busy)
    changed = [
        k for k, (a, b) in enumerate(zip(busy.read_bytes(), package.read_bytes(), strict=True)) if a != b
    ]
    # the schema cookie counts the extra VACUUM of this test; nothing else tells the two apart
    assert set(changed) <= set(range(40, 44))
    assert sqlite3.connect(busy).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_is_empty_is_left_out_and_markup_stays_text(altered):
    _, path = altered
    assert "isochrones" not in pyogrio.list_layers(path)[:, 0]
    assert styles_of(path)  # each is well formed


def test_synthetic_data_say_so_in_the_description(package):
    with closing(sqlite3.connect(package)) as base:
        told = dict(base.execute("SELECT table_name, description FROM gpkg_contents").fetchall())
    assert "演示数据，不作为决策依据" in told["zones_community"]
    assert "2010" in told["zones_community"]


def style_of(path, layer):
    """Return the tree of a layer's own style."""
    return next(root for name, _, _, root, _ in styles_of(path) if name == layer)


def test_sites_are_those_of_every_answer_as_in_their_table(package, sited):
    layer = gpd.read_file(package, layer="sites").set_index("site_id")
    assert list(layer.index) == list(sited.sites.index)
    assert layer.crs.to_epsg() == 4547
    assert layer.geometry.to_wkb().tolist() == sited.sites.geometry.to_wkb().tolist()
    assert layer["adopted"].tolist() == ["yes"] * 4 + ["no"] * 3
    content = every_site(sited)
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
    assert third["indicators"].split(";") == list(sited.sites.loc["close_gap/3", "indicators"])
    assert (third["serves"], third["serves_label"]) == ("community/C04", "南湖社区")
    assert (third["phase"], third["gain_unit"]) == (2030, "beds")


def test_sites_are_drawn_by_phase_and_areas_of_intent_apart(package, sited):
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


def test_candidates_with_and_without_a_point(altered):
    _, path = altered
    table = gpd.read_file(path, layer="candidates").set_index("candidate_id")
    assert len(table) == 10
    assert table.geometry.isna().sum() == 1
    shown = ["adopted"] * 3 + ["offered"] * 3 + ["forbidden", "offered", "adopted", "generated"]
    assert table["shown"].tolist() == shown
    assert table["adopted_order"].dropna().tolist() == [1, 2, 4, 3]
    assert table["may_hold"].iloc[1] == "elder_day_care;elder_home"
    assert table["may_hold_label"].iloc[6] == "不限"
    legend = [node.get("value") for node in style_of(path, "candidates").iter("category")]
    assert legend == ["adopted", "offered", "generated", "forbidden"]


def test_every_field_has_a_name_for_the_planner(sited):
    for layer in layers.layers(sited):
        # attributes that a planner's register adds keep their names
        told = {key: name for key, name in layer.aliases.items() if key not in sited.facilities.columns}
        assert set(layer.aliases) == set(layer.table.columns) - {"geometry"}, layer.name
        assert all(any("\u4e00" <= c <= "\u9fff" for c in name) for name in told.values()), layer.name


def test_an_outcome_with_answers_and_no_sites_has_no_layer(sited):
    bare = dataclasses.replace(sited, sites=sited.sites.iloc[:0])
    assert sites_layer(bare) is None
    assert set(candidates_layer(bare).table["shown"]) == {"required", "offered", "forbidden", "generated"}


def test_the_classes_of_a_drawing_stand_in_one_order_whatever_the_process(exported):
    drawing = ezdxf.readfile(exported / "coverage.dxf")
    used = drawing.entitydb.dxf_types_in_use()
    named = [name for name, _ in drawing.classes.classes if name in used]
    assert "LAYOUT" in named
    assert named == sorted(named)


def test_a_drawing_keeps_areas_of_intent_on_a_layer_of_their_own(exported, sited):
    drawing = ezdxf.readfile(exported / "coverage.dxf")
    points = [
        e for e in drawing.modelspace() if e.dxftype() == "POINT" and e.dxf.layer.startswith("规划点位")
    ]
    by_layer = {}
    for point in points:
        by_layer.setdefault(point.dxf.layer, []).append((point.dxf.location.x, point.dxf.location.y))
    assert {name: len(at) for name, at in by_layer.items()} == {"规划点位": 3, "规划点位_意向区域": 1}
    intent = sited.sites.loc["close_gap/3"].geometry
    assert by_layer["规划点位_意向区域"] == [pytest.approx((intent.x, intent.y))]
    texts = {
        e.dxf.text for e in drawing.modelspace() if e.dxftype() == "TEXT" and e.dxf.layer == "规划点位注记"
    }
    assert texts == set(sited.sites["name"].iloc[:4])  # the adopted ones only
    assert any(layer.dxf.name.startswith("规划点位等时圈_养老服务") for layer in drawing.layers)


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


def rows(folder, name="字段对照表.csv"):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def both(folder, name):
    """Return a layer as Shapefile and FileGDB hold it."""
    return gpd.read_file(folder / "shp" / f"{name}.shp"), gpd.read_file(folder / "coverage.gdb", layer=name)


def test_every_layer_has_its_rows_and_its_shapes(sited, exported):
    wanted = {layer.name: layer.table for layer in export_layers(sited)}
    assert set(wanted) == {
        "zones_area", "zones_district", "zones_town", "zones_community", "facilities", "isochrones", "projects", "sites", "candidates",
        "site_isochrones",
    }  # fmt: skip
    assert {name for name, _ in pyogrio.list_layers(exported / "coverage.gdb")} == set(wanted)
    for name, table in wanted.items():
        for got in both(exported, name):
            assert len(got) == len(table)
            assert got.crs.to_epsg() == 4547
            assert name not in ("sites", "candidates") or got["name"].tolist() == table["name"].tolist()
            have, want = np.asarray(got.geometry.array), np.asarray(table.geometry.array)
            assert shapely.is_missing(have).tolist() == shapely.is_missing(want).tolist()
            some = ~shapely.is_missing(want)
            assert shapely.hausdorff_distance(have[some], want[some]).max() < 1e-3


def test_a_shapefile_is_utf_8_and_holds_chinese_as_it_is(sited, exported):
    assert {path.read_text() for path in (exported / "shp").glob("*.cpg")} == {"UTF-8"}
    got = gpd.read_file(exported / "shp" / "zones_community.shp")
    assert got["name"].tolist() == sited.zones.loc[sited.zones["level"] == "community", "name"].tolist()
    assert b"\xe5\x90\x91\xe9\x98\xb3" in (exported / "shp" / "zones_community.dbf").read_bytes()  # 向阳


def test_the_field_map_names_every_field_of_both_formats(sited, exported):
    head, *body = rows(exported)
    assert head == ["图层", "字段名（Shapefile）", "字段名（FileGDB、GeoPackage）", "含义", "类型"]
    for layer in export_layers(sited):
        own = [row for row in body if row[0] == layer.name]
        shape, base = (got.drop(columns="geometry") for got in both(exported, layer.name))
        assert [row[1] for row in own] == list(shape.columns)
        assert [row[2] for row in own] == list(base.columns)
        assert all(len(row[1].encode()) <= 10 and row[3] for row in own)
        for row in own:
            number = pd.api.types.is_numeric_dtype(base[row[2]].dtype)
            assert (row[4] == "数值") == number, row


def test_values_arrive_under_their_short_names(sited, exported):
    names = {row[2]: row[1] for row in rows(exported) if row[0] == "zones_community"}
    got = gpd.read_file(exported / "shp" / "zones_community.shp").set_index("zone_id")
    flags = sited.flags[sited.flags["rule_id"] == "wuhan.places_per_1000_residents"].set_index("zone_id")
    short = got[names["wuhan_places_per_1000_residents_short"]]
    assert short.to_dict() == pytest.approx(flags["shortfall"].reindex(short.index).to_dict())
    assert names["wuhan_places_per_1000_residents_short"] == "R03_short"  # the pack's third
    assert names["eldercare_share"] == "S1_share"


def test_the_drawing_has_a_layer_for_each_level_flag_and_kind_with_their_names(sited, exported):
    got = pyogrio.read_dataframe(exported / "coverage.dxf")
    counts = got.groupby("Layer").size().to_dict()
    assert counts["社区（村）边界"] == counts["社区（村）注记"] == 12
    assert counts["区县边界"] == 2
    _, short = flags_of(sited, PLACES)
    assert counts["短板_每千人口拥有3岁以下婴幼儿托位数(个)_社区（村）"] == len(short)
    placed = sited.facilities[sited.facilities.geometry.notna()]
    assert counts["设施注记"] == len(placed)
    assert sum(n for layer, n in counts.items() if layer.startswith("设施_")) == len(placed)
    names = got.loc[got["Layer"] == "社区（村）注记", "Text"].tolist()
    assert sorted(names) == sorted(sited.zones.loc[sited.zones["level"] == "community", "name"])
    assert counts["项目库"] == 2  # the point and its name; the project without a place has neither
    edges = got[got["Layer"] == "社区（村）边界"].geometry.total_bounds
    assert edges == pytest.approx(sited.zones.total_bounds, abs=1e-3)


def test_coordinates_are_those_of_the_chosen_crs(sited, tmp_path):
    write_exports(sited, tmp_path, formats=["shp", "dxf"], crs="EPSG:4490")
    got = gpd.read_file(tmp_path / "shp" / "facilities.shp")
    assert got.crs.to_epsg() == 4490
    want = sited.facilities.geometry.to_crs(4490).reset_index(drop=True)
    some = want.notna()
    back = got.geometry[some].to_crs(CRS).distance(sited.facilities.geometry.reset_index(drop=True)[some])
    assert back.max() < 1e-3
    edge = pyogrio.read_dataframe(tmp_path / "coverage.dxf").query("Layer == '评价范围边界'")
    assert edge.total_bounds == pytest.approx(sited.zones.to_crs(4490).total_bounds, abs=1e-8)


def test_the_office_s_own_grid_is_reached_by_its_control_points(sited, tmp_path):
    made = write_exports(sited, tmp_path, formats=FORMATS, crs=control())
    assert [note.code for note in made.notes] == ["datum_control_points"]
    some = sited.facilities.geometry.notna().to_numpy()
    want = local_of(sited.facilities.geometry[some].get_coordinates().to_numpy())
    for got in both(tmp_path, "facilities"):
        assert got.geometry[some].get_coordinates().to_numpy() == pytest.approx(want, abs=1e-3)
        assert got.crs is None or "unknown" in got.crs.name.lower() or "undefined" in got.crs.name.lower()
    drawn = pyogrio.read_dataframe(tmp_path / "coverage.dxf")
    names = drawn[drawn["Layer"].str.startswith("设施_")].get_coordinates().to_numpy()
    assert np.sort(names, axis=0) == pytest.approx(np.sort(want, axis=0), abs=1e-3)


def test_one_layer_goes_to_the_grid_and_keeps_its_distances(sited):
    layer = next(layer for layer in export_layers(sited) if layer.name == "zones_community")
    there = moved(layer, CRS, control()).table
    assert there.area.to_numpy() == pytest.approx(layer.table.area.to_numpy(), rel=1e-6)


def test_what_stood_there_is_replaced(sited, tmp_path):
    for _ in range(2):
        write_exports(sited, tmp_path, formats=["shp", "filegdb"])
    assert len(gpd.read_file(tmp_path / "coverage.gdb", layer="zones_community")) == 12


def test_unknown_formats_and_shifted_datums_are_refused(sited, tmp_path):
    with pytest.raises(OutputError, match="kml"):
        write_exports(sited, tmp_path, formats=["shp", "kml"])
    with pytest.raises(OutputError, match="GCJ02"):
        write_exports(sited, tmp_path, formats=["shp"], crs="GCJ02")
    assert not list(tmp_path.iterdir())


def test_a_drawing_without_its_library_says_what_to_install(sited, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "geoplan.report.layers.dxf", None)
    with pytest.raises(OutputError, match="pip install ezdxf"):
        write_exports(sited, tmp_path, formats=["dxf"])


@given(
    st.lists(st.text(alphabet="ab_指标.%1", min_size=1, max_size=14), min_size=1, max_size=14, unique=True)
)
def test_short_names_are_unique_short_and_ascii(columns):
    got = short_names(columns, {"ab": "R01"}, limit=10)
    assert list(got) == columns
    assert len({name.lower() for name in got.values()}) == len(columns)
    assert all(name.isascii() and 1 <= len(name) <= 10 and name[0].isalpha() for name in got.values())
