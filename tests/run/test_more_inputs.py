"""Entries of the study that the demo leaves out, run end to end: residential land, supplies by zone, further layers, decay."""

import dataclasses
import json

import pandas as pd
import pytest
from outcomes import network_circle

import geoplan as gp
from geoplan.cli.demo import write_new
from geoplan.pipeline.evaluate import compute
from geoplan.words.errors import StudyError


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


def test_an_estate_is_handed_over_by_the_end_of_the_studys_year(tmp_path):
    study = write_new(tmp_path / "town")
    file = study.parent / "data" / "huzhong_estates.geojson"
    table = json.loads(file.read_text(encoding="utf-8"))
    for estate, date in zip(table["features"], ["2025-12-31", "2026-01-01"], strict=False):
        estate["properties"]["是否移交"] = date
    file.write_text(json.dumps(table), encoding="utf-8")
    zones = gp.gather(gp.read_study(study)).zones
    assert zones.loc[["estate/XQ01", "estate/XQ02"], "handed_over"].tolist() == [True, False]


def test_land_is_the_third_base_and_layers_are_exported(told, tmp_path):
    result = gp.run(gp.read_study(told))
    land = network_circle(result)
    whole = land.loc["area/area"]
    assert whole["land_m2"] == pytest.approx(result.zones.geometry["area/area"].area, rel=1e-6)
    assert 0 < whole["land_covered_m2"] < whole["land_m2"]
    towns = land.filter(like="town/", axis=0)
    assert towns["land_covered_m2"].sum() == pytest.approx(whole["land_covered_m2"])
    assert any(source.file == "family.csv" for source in result.outcome.sources)
    run = result.save(tmp_path / "out")
    assert {path.name for path in (run / "exports").iterdir()} >= {"shp", "coverage.gdb", "coverage.dxf"}


# --- decay bands: a service weighs far facilities less; whole weights change nothing

RULE = "huzhong.places_per_1000_residents"


@pytest.fixture(scope="module")
def inputs():
    return gp.gather(gp.read_study(gp.demo_study()))


def reachable(inputs, decay):
    own = inputs.study.services.items()
    services = {name: service.model_copy(update={"decay": decay}) for name, service in own}
    study = inputs.study.model_copy(update={"services": services})
    study._folder = inputs.study.folder
    flags = compute(dataclasses.replace(inputs, study=study)).evaluation.assessment.flags
    return flags[flags["rule_id"] == RULE].set_index("zone_id")["reachable_low"]


def test_whole_weights_are_no_decay_and_falling_ones_move_supply_to_those_who_live_near(inputs):
    plain = reachable(inputs, None)
    pd.testing.assert_series_equal(reachable(inputs, {"15": 1.0}), plain)
    falling = reachable(inputs, {"5": 1.0, "10": 0.5, "15": 0.1})
    near = plain.idxmax()
    assert falling[near] > plain[near]
    assert ((falling > 0) == (plain > 0)).all()  # who reaches anything still does
    assert falling.sum() != pytest.approx(plain.sum())


@pytest.mark.parametrize("decay", ['{"5": 0.2, "15": 0.9}', '{"0": 1.0}', '{"near": 1.0}', "{}"])
def test_weights_that_rise_or_minutes_that_are_none_are_an_error(tmp_path, decay):
    text = gp.demo_study().read_text(encoding="utf-8")
    text = text.replace("elders_60, walk_minutes: 15", f"elders_60, decay: {decay}, walk_minutes: 15")
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="decay"):
        gp.read_study(path)
