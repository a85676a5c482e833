"""``run.json``: canonical, complete, and its fingerprint moves with any input."""

import dataclasses
import hashlib
import json
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.folder import manifest


def test_it_lists_every_file_with_its_checksum(make, tmp_path):
    (tmp_path / "b.csv").write_bytes(b"b")
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "run.log").write_bytes(b"differs")
    path = manifest.write_manifest(make(), tmp_path, version="1.2.3", environment={"started": "now"})
    record = json.loads(path.read_text(encoding="utf-8"))
    assert [f["file"] for f in record["files"]] == ["a.csv", "b.csv"]
    assert record["files"][1]["sha256"] == hashlib.sha256(b"b").hexdigest()
    assert record["environment"] == {"started": "now"}
    assert (record["geoplan"], record["study"]["year"], record["study"]["synthetic"]) == ("1.2.3", 2025, True)
    assert [s["sha256"] for s in record["sources"]] == [c * 64 for c in "abcde"]
    assert record["counts"]["zones"] == {"area": 1, "district": 2, "town": 4, "community": 12}
    assert record["counts"]["verdicts"] == {"met": 1, "no_data": 1, "not_met": 2, "not_quantified": 2}


def test_only_the_environment_differs_between_two_runs(make, tmp_path):
    for name, when in (("a", "monday"), ("b", "tuesday")):
        (tmp_path / name).mkdir()
        manifest.write_manifest(make(), tmp_path / name, version="1", environment={"started": when})
    one, two = (json.loads((tmp_path / n / "run.json").read_text(encoding="utf-8")) for n in ("a", "b"))
    assert one.pop("environment") != two.pop("environment")
    assert one == two


@pytest.mark.parametrize("change", [
    {"year": 2026},
    {"synthetic": False},
    {"parameters": pd.DataFrame({"entry": ["frail_kmh"], "value": ["2.9"], "unit": ["km/h"], "given": [True]})},
])  # fmt: skip
def test_the_fingerprint_moves_with_any_input(make, change):
    outcome = make()
    before = manifest.manifest(outcome, version="1")["fingerprint"]
    assert manifest.manifest(dataclasses.replace(outcome, **change), version="1")["fingerprint"] != before
    assert manifest.manifest(make(), version="1")["fingerprint"] == before


def test_the_environment_names_system_versions_and_seconds():
    block = manifest.environment_block(started="2025-01-01", seconds={"zones": 1.23456})
    assert block["seconds"] == {"zones": 1.235}
    assert {"numpy", "geopandas", "shapely"} <= set(block["packages"])
    assert block["started"] == "2025-01-01"


SCALARS = st.sampled_from([None, True, 0, -1, 0.5, math.nan, math.inf, -math.inf, "", "文", pd.NA])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@given(VALUES)
def test_canonical_is_json_and_stable(value):
    text = manifest.canonical(value)
    assert manifest.canonical(json.loads(text)) == text
