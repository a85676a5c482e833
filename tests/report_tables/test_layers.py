"""The GeoPackage: layers, values, styles that QGIS reads, and bytes that hang on the content only."""

import dataclasses
import sqlite3
import time
import xml.etree.ElementTree as ET
from contextlib import closing

import geopandas as gpd
import numpy as np
import pyogrio
import pytest

from geoplan.report import look
from geoplan.report.content.fields import field_names
from geoplan.report.content.registry import tables
from geoplan.report.layers import geopackage as layers


@pytest.fixture(scope="module")
def package(make, tmp_path_factory):
    path = tmp_path_factory.mktemp("layers") / "coverage.gpkg"
    layers.write_layers(make(), path)
    return path


def styles_of(path):
    with closing(sqlite3.connect(path)) as base:
        return base.execute(
            "SELECT f_table_name, f_geometry_column, styleName, styleQML, useAsDefault FROM layer_styles ORDER BY id"
        ).fetchall()


def test_layers_and_their_rows(package, make):
    outcome = make()
    found = {str(name): kind for name, kind in pyogrio.list_layers(package)}
    assert list(found) == [
        "zones_area", "zones_district", "zones_town", "zones_community", "facilities", "isochrones", "snaps", "layer_styles",
    ]  # fmt: skip
    assert found["zones_community"] == "MultiPolygon"
    zones = gpd.read_file(package, layer="zones_community")
    assert zones.crs.to_epsg() == 4547
    assert (
        zones["zone_code"].tolist() == outcome.zones[outcome.zones["level"] == "community"]["code"].tolist()
    )
    facilities = gpd.read_file(package, layer="facilities")
    assert len(facilities) == len(outcome.facilities)
    assert facilities.geometry.isna().sum() == outcome.facilities.geometry.isna().sum() == 2
    assert len(gpd.read_file(package, layer="isochrones")) == 6


def test_every_snap_is_written_out_and_small(package, make, tmp_path):
    outcome = make()
    snaps = gpd.read_file(package, layer="snaps").set_index("point_id")
    assert list(snaps.index) == [str(point) for point in outcome.snaps.index]
    assert snaps.geometry.to_wkb().tolist() == outcome.snaps.geometry.to_wkb().tolist()
    assert snaps["leg_m"].to_numpy() == pytest.approx(outcome.snaps["leg_m"].to_numpy(dtype=float), abs=0.006)
    assert set(snaps["of"]) == {"facility", "people"}
    assert "island" not in snaps  # no point hangs on an island here
    lost = outcome.snaps.copy()
    lost.loc[lost.index[3], ["reason", "island"]] = ["too_far", True]
    layers.write_layers(dataclasses.replace(outcome, snaps=lost), tmp_path / "a.gpkg")
    again = gpd.read_file(tmp_path / "a.gpkg", layer="snaps").set_index("point_id")
    assert again["reason"].dropna().to_dict() == {str(lost.index[3]): "too_far"}
    assert again["island"].sum() == 1


@pytest.mark.parametrize(("code", "size"), [(0, 0), (1, 32), (2, 48), (3, 48), (4, 64)])
def test_the_box_around_a_geometry_is_cut_out_whatever_its_size(code, size):
    wkb = bytes(range(21))
    whole = b"GP\x00" + bytes([code << 1 | 1]) + b"\xc3\x11\x00\x00" + bytes(size) + wkb
    assert layers.without_envelope(whole) == b"GP\x00\x01\xc3\x11\x00\x00" + wkb


def test_values_are_those_of_the_outcome(package, make):
    outcome = make()
    zones = gpd.read_file(package, layer="zones_community").set_index("zone_id")
    circle = outcome.circle[(outcome.circle["kind"] == "") & (outcome.circle["service"] == "eldercare")]
    share = circle[circle["measure"] == "network"].set_index("zone_id")["share"].reindex(zones.index)
    assert zones["eldercare_share"].to_numpy() == pytest.approx(share.to_numpy())
    beds = (
        outcome.flags[outcome.flags["rule_id"] == "wuhan.beds_per_1000_elders"]
        .set_index("zone_id")
        .loc[zones.index]
    )
    stem = "wuhan_beds_per_1000_elders"
    assert zones[f"{stem}_short"].to_numpy() == pytest.approx(
        beds["shortfall"].to_numpy(dtype=float), nan_ok=True
    )
    assert set(zones[f"{stem}_flag"]) == {"flagged", "not_flagged", "unknown"}
    assert zones.loc["community/C03", f"{stem}_flag_label"] == "数据不足"
    assert np.isnan(zones.loc["community/C03", f"{stem}_reachable_high"])  # the register sets no upper end
    flagged = outcome.flags[outcome.flags["zone_id"].isin(zones.index)].groupby("zone_id")["flagged"].sum()
    assert zones["flag_count"].tolist() == flagged.reindex(zones.index).astype(int).tolist()
    # how many were judged and how many have no data stand beside it
    assert (zones["flag_count_judged"] + zones["flag_count_no_data"]).tolist() == [4] * len(zones)
    assert zones.loc["community/C03", "flag_count_no_data"] == 1


def test_fields_have_the_names_of_the_csv_files(package, make):
    files = {table.key: table for table in tables(make(), "csv")}
    fields = {
        layer: set(pyogrio.read_info(package, layer=layer)["fields"])
        for layer, _ in pyogrio.list_layers(package)
    }
    of_zones = fields["zones_community"]
    circle, provision, communities = (
        {name for column in files[key].columns for name in field_names(column)}
        for key in ("circle", "provision", "communities")
    )
    for name in of_zones:
        for service in make().services:
            if name.startswith(f"{service}_"):
                assert name.removeprefix(f"{service}_") in circle
        stem = "wuhan_beds_per_1000_elders_"
        if name.startswith(stem) and not name.endswith(("_flag", "_flag_label")):
            assert name in communities or name.removeprefix(stem) in provision
    assert {
        "zone_code",
        "flagged",
        "flag_count",
        "flag_count_judged",
        "flag_count_no_data",
    } <= communities & of_zones
    assert {"zone_code", "name", "services", "source_file", "source_row", "inside"} <= fields["facilities"]


def test_every_layer_opens_with_one_style_that_names_its_own_columns(package):
    styles = styles_of(package)
    for layer, _ in pyogrio.list_layers(package):
        if layer == "layer_styles":
            continue
        own = [s for s in styles if s[0] == layer]
        assert [s[4] for s in own] == [1] + [0] * (len(own) - 1), layer
        columns = set(pyogrio.read_info(package, layer=layer)["fields"])
        for _, geometry, name, qml, _ in own:
            assert geometry == "geom"
            assert len(name) <= 30
            root = ET.fromstring(qml.split("\n", 1)[1])
            renderer = root.find("renderer-v2")
            assert renderer.get("attr") in columns
            assert {a.get("field") for a in root.iter("alias")} <= columns
            classes = [e.get("symbol") for e in renderer.iter() if e.tag in ("category", "range")]
            symbols = [e.get("name") for e in renderer.find("symbols")]
            assert classes == symbols
            assert all(s.find("layer/Option") is not None for s in renderer.find("symbols"))


def test_the_main_product_is_the_default_of_communities(package):
    first = next(s for s in styles_of(package) if s[0] == "zones_community")
    root = ET.fromstring(first[3].split("\n", 1)[1])
    assert first[2] == "短板社区"
    assert root.find("renderer-v2").get("attr") == "flagged"
    values = [c.get("value") for c in root.iter("category")]
    assert values == ["flagged", "not_flagged", "unknown"]
    colour = root.find("renderer-v2/symbols/symbol/layer/Option/Option[@name='color']").get("value")
    assert colour == "209,67,27,255"  # the one strong colour
    unknown = (
        root.findall("renderer-v2/symbols/symbol")[2].find("layer/Option/Option[@name='style']").get("value")
    )
    assert unknown == "b_diagonal"


def test_shares_have_the_classes_of_the_map(package):
    qml = next(s[3] for s in styles_of(package) if s[0] == "zones_community" and s[2].endswith("人口覆盖率"))
    ranges = [
        (float(r.get("lower")), float(r.get("upper")), r.get("label"))
        for r in ET.fromstring(qml.split("\n", 1)[1]).iter("range")
    ]
    assert [r[0] for r in ranges] == [0.0, *look.SHARE_LIMITS]
    assert [r[1] for r in ranges] == [*look.SHARE_LIMITS, 1.0]
    assert tuple(r[2] for r in ranges) == look.share_scale().texts


def test_same_outcome_same_bytes_at_another_time(package, fresh, tmp_path):
    time.sleep(1.1)
    layers.write_layers(fresh(), tmp_path / "again.gpkg")
    assert (tmp_path / "again.gpkg").read_bytes() == package.read_bytes()


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


def test_what_is_empty_is_left_out_and_markup_stays_text(make, tmp_path):
    outcome = make(nasty=True)
    bare = dataclasses.replace(outcome, isochrones=outcome.isochrones.iloc[:0], flags=outcome.flags.iloc[:0])
    layers.write_layers(bare, tmp_path / "a.gpkg")
    names = [str(n) for n, _ in pyogrio.list_layers(tmp_path / "a.gpkg")]
    assert "isochrones" not in names
    for _, _, _, qml, _ in styles_of(tmp_path / "a.gpkg"):
        ET.fromstring(qml.split("\n", 1)[1])


def test_synthetic_data_say_so_in_the_description(package):
    with closing(sqlite3.connect(package)) as base:
        told = dict(base.execute("SELECT table_name, description FROM gpkg_contents").fetchall())
    assert "演示数据，不作为决策依据" in told["zones_community"]
    assert "2010" in told["zones_community"]
