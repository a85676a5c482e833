"""The demo runs, gives the plan's figures, and moves as by hand when one bed, place or resident changes."""

import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from geoplan.pipeline.evaluate import run
from geoplan.study.study import read_study

ROOT = Path(__file__).parents[2]
SHARE, PLACES = "huzhong.nursing_bed_share", "huzhong.places_per_1000_residents"


def copied(folder):
    """Copy the demo's study and data, so that a test may change them."""
    for name in ("studies/huzhong", "data/boundaries", "data/facilities"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("out", "__pycache__"))
    return folder / "studies/huzhong/study.yaml"


def finding(outcome, rule, zone="district/HZ"):
    findings = outcome.findings
    return findings[(findings["rule_id"] == rule) & (findings["zone_id"] == zone)].iloc[0]


def shares(outcome, service="eldercare"):
    circle = outcome.circle
    here = circle[(circle["service"] == service) & (circle["measure"] == "network") & (circle["kind"] == "")]
    return here.set_index("zone_id")["share"]


@pytest.fixture(scope="module")
def demo():
    return run(read_study(ROOT / "studies/huzhong/study.yaml")).outcome


def test_the_figures_of_the_plan(demo):
    assert demo.groups["total"]["residents"] == pytest.approx(12_000, abs=0.5)
    assert demo.groups["total"]["elders_60"] == pytest.approx(3_164, abs=0.5)
    nursing, places = finding(demo, SHARE), finding(demo, PLACES)
    assert (round(nursing["actual_low"], 3), nursing["verdict"]) == (0.364, "not_met")
    assert nursing["actual_low"] == nursing["actual_high"] == pytest.approx(8 / 22)
    assert (places["shortfall"], places["unit"], places["verdict"]) == (34, "places", "not_met")
    assert places["actual_low"] == pytest.approx(20 / 12)


def test_one_bed_and_one_place_move_the_figures(tmp_path):
    study = copied(tmp_path)
    book = openpyxl.load_workbook(tmp_path / "data/facilities/huzhong_eldercare_register.xlsx")
    page = book.active
    beds = [c.value for c in page[1]].index("床位数") + 1
    assert (page.cell(2, 1).value, page.cell(2, beds).value) == ("呼中区社会福利院", 10)
    page.cell(2, beds).value = 11
    book.save(tmp_path / "data/facilities/huzhong_eldercare_register.xlsx")
    register = tmp_path / "data/facilities/huzhong_childcare_register_gb18030.csv"
    text = register.read_bytes().decode("gb18030")
    assert text.count(",20,20,") == 1
    register.write_bytes(text.replace(",20,20,", ",21,21,").encode("gb18030"))
    outcome = run(read_study(study)).outcome
    assert finding(outcome, SHARE)["actual_low"] == pytest.approx(8 / 23)
    assert finding(outcome, PLACES)["shortfall"] == 33  # 54 - 21


def test_one_resident_more_needs_one_place_more(tmp_path):
    study = copied(tmp_path)
    layer = tmp_path / "data/boundaries/huzhong_communities.geojson"
    text = layer.read_text(encoding="utf-8")
    assert text.count('"常住人口":2350') == 1
    layer.write_bytes(text.replace('"常住人口":2350', '"常住人口":2351').encode("utf-8"))
    # 12,001 residents need 54.0045 places: a part of a place is a whole place
    assert finding(run(read_study(study)).outcome, PLACES)["shortfall"] == 35


def test_the_bridge_and_the_gate_change_coverage(demo, tmp_path):
    study = copied(tmp_path)
    streets = tmp_path / "studies/huzhong/streets.osm"
    text = streets.read_text(encoding="utf-8")
    ways = text.split(" <way ")
    kept = [way for way in ways if 'k="bridge" v="yes"' not in way]
    assert len(kept) == len(ways) - 1
    streets.write_text(" <way ".join(kept), encoding="utf-8", newline="\n")
    said = study.read_text(encoding="utf-8")
    line = "  # gate_states: {林场家属院西门: true}"
    assert said.count(line) == 1
    study.write_text(said.replace(line, "  gate_states: {林场家属院西门: true}"), encoding="utf-8")
    before, after = shares(demo), shares(run(read_study(study)).outcome)
    assert before["community/HZ0202"] - after["community/HZ0202"] > 0.1  # 河湾 lies behind the bridge
    # opening the gate takes 东山 off the list: from under to over 80 %
    assert before["community/HZ0104"] < 0.8 < after["community/HZ0104"]


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
    for zone, share in shares(demo).items():
        if zone.startswith("community"):
            # the witness puts a cell's people at its middle and at the nearest corner of a street
            assert share == pytest.approx(witness[names[zone]], abs=0.09), names[zone]


def test_the_script_needs_nothing_of_geoplan():
    code = (
        "import sys; sys.path.insert(0, 'studies/huzhong'); import make_town; print('geoplan' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
