"""Entries of the study that the demo leaves out, run end to end: residential land, supplies by zone, further layers."""

import pytest

import geoplan as gp
from geoplan.cli.demo import write_new


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The demo with residential land (all communities), family beds by district, and layers in three further formats."""
    study = write_new(tmp_path_factory.mktemp("more") / "town")
    (study.parent / "family.csv").write_text("区,家庭养老床位\n呼中区,7\n", encoding="utf-8")
    text = study.read_text(encoding="utf-8") + (
        "\nland: {file: data/huzhong_communities.geojson}\n"
        "zone_supplies: [{file: family.csv, level: district, zone: 区, supplies: {family_beds: 家庭养老床位}}]\n"
        "exports: {formats: [shp, filegdb, dxf], crs: 'EPSG:4490'}\n"
    )
    study.write_text(text, encoding="utf-8")
    return study


def test_supplies_without_a_point_come_from_a_table_by_zone(told):
    table = gp.gather(gp.read_study(told)).zone_supplies
    assert table.to_numpy().tolist() == [["district/HZ", "family_beds", 7.0, 7.0]]


def test_land_is_the_third_base_and_layers_are_exported(told, tmp_path):
    result = gp.run(gp.read_study(told))
    network = result.circle[(result.circle["measure"] == "network") & (result.circle["kind"] == "")]
    land = network.set_index(["service", "zone_id"])
    whole = land.loc[("eldercare", "area/area")]
    assert whole["land_m2"] == pytest.approx(result.zones.geometry["area/area"].area, rel=1e-6)
    assert 0 < whole["land_covered_m2"] < whole["land_m2"]
    towns = land.loc["eldercare"].filter(like="town/", axis=0)
    assert towns["land_covered_m2"].sum() == pytest.approx(whole["land_covered_m2"])
    assert any(source.file == "family.csv" for source in result.outcome.sources)
    run = result.save(tmp_path / "out")
    assert {path.name for path in (run / "exports").iterdir()} >= {"shp", "coverage.gdb", "coverage.dxf"}
