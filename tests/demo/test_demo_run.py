"""The demo meets every kind of rule somewhere, finds what was put in on purpose, and agrees with the witness; figures: tests/run."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from outcomes import finding, network_circle

from geoplan.pipeline.evaluate import run
from geoplan.study.study import read_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo():
    return run(read_study(ROOT / "studies/huzhong/study.yaml")).outcome


def met_and_not(demo, kind):
    """Return whether some zone, member or flag of a kind meets it, and some does not."""
    rules = demo.rules.index[demo.rules["kind"] == kind]
    verdicts = set(demo.findings[demo.findings["rule_id"].isin(rules)]["verdict"])
    members = demo.members[demo.members["rule_id"].isin(rules)]["has"].astype("boolean")
    flags = demo.flags[demo.flags["rule_id"].isin(rules)]["flagged"].astype("boolean")
    good = "met" in verdicts or bool(members.any()) or bool((~flags).any())
    bad = "not_met" in verdicts or bool((~members).any()) or bool(flags.any())
    return good, bad


@pytest.mark.parametrize("kind", [
    "provision", "floor_area", "share", "presence", "compliance", "circle", "total", "increase", "rate", "facility",
])  # fmt: skip
def test_every_kind_of_rule_is_met_somewhere_and_not_elsewhere(demo, kind):
    assert met_and_not(demo, kind) == (True, True)


def test_what_was_put_in_on_purpose_is_found(demo):
    assert list(demo.unplaced["name"]) == ["日间照料室5"]
    assert demo.synthetic
    blank = finding(demo, "huzhong.new_estate_rooms", "estate/XQ08")
    assert blank["verdict"] == "no_data"
    assert not pd.isna(demo.warnings["text"]).any()


def test_the_engine_agrees_with_the_witness(demo, town):
    witness = town.covered(town.graph(), town.day_care(), town.people("60岁及以上"))
    names = demo.zones["name"]
    for zone, share in network_circle(demo)["share"].items():
        if zone.startswith("community"):
            # the witness puts a cell's people at its middle and at the nearest corner of a street
            assert share == pytest.approx(witness[names[zone]], abs=0.09), names[zone]


def test_the_script_needs_nothing_of_geoplan():
    code = (
        "import sys; sys.path.insert(0, 'studies/huzhong'); import make_town; print('geoplan' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
