"""Decay bands: an option of a service that weighs far facilities less; whole weights change nothing."""

import dataclasses

import pandas as pd
import pytest

import geoplan as gp
from geoplan.pipeline.evaluate import compute
from geoplan.study.study import read_study
from geoplan.words.errors import StudyError

RULE = "huzhong.places_per_1000_residents"


@pytest.fixture(scope="module")
def inputs():
    return gp.gather(gp.read_study(gp.demo_study()))


def reachable(inputs, decay):
    services = {
        name: service.model_copy(update={"decay": decay}) for name, service in inputs.study.services.items()
    }
    study = inputs.study.model_copy(update={"services": services})
    study._folder = inputs.study.folder
    flags = compute(dataclasses.replace(inputs, study=study)).flags
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
    text = text.replace(
        "group: elders_60, walk_minutes: 15", f"group: elders_60, decay: {decay}, walk_minutes: 15"
    )
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="decay"):
        read_study(path)
