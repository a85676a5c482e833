"""What a run found out, written and read back: every value, type and byte."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.booklet.page import report_page
from geoplan.report.folder import store
from geoplan.report.folder.store import find_outcome, read_outcome, write_outcome
from geoplan.report.webmap.map import map_page
from geoplan.words.errors import InputError


def assert_same(one, other):
    for entry in dataclasses.fields(one):
        left, right = getattr(one, entry.name), getattr(other, entry.name)
        assert type(left) is type(right), entry.name
        if isinstance(left, pd.DataFrame):
            same_table(left, right)
        else:
            assert left == right, entry.name


def same_table(left, right):
    columns = [name for name in left.columns if str(left[name].dtype) != "geometry"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(left[columns]), pd.DataFrame(right[columns]), check_exact=True, check_column_type=False
    )
    assert list(left.columns) == list(right.columns)
    for name in columns:
        if left[name].dtype == object:
            assert [type(v) for v in left[name]] == [type(v) for v in right[name]], name
    if "geometry" in left.columns:
        assert left.crs == right.crs
        assert left.geometry.to_wkb().tolist() == right.geometry.to_wkb().tolist()


def checksums(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_demo_comes_back_as_it_was(demo, tmp_path):
    write_outcome(demo, tmp_path)
    assert_same(demo, read_outcome(tmp_path))


def test_the_outcome_by_hand_comes_back_and_draws_the_same(by_hand, tmp_path):
    outcome = by_hand.make_outcome(lang="en", nasty=True)
    write_outcome(outcome, tmp_path)
    again = read_outcome(tmp_path)
    assert_same(outcome, again)
    assert map_page(again) == map_page(outcome)
    assert report_page(again) == report_page(outcome)


def test_the_same_outcome_gives_the_same_bytes(demo, outcome, tmp_path):
    for name, own in (("demo", demo), ("hand", outcome)):
        first = write_outcome(own, tmp_path / name / "1")
        # written, read and written again
        second = write_outcome(read_outcome(tmp_path / name / "1"), tmp_path / name / "2")
        assert checksums(first) == checksums(second)


CELLS = st.sampled_from(
    [
        None,
        "",
        "社区",
        "nan",
        0,
        1,
        True,
        False,
        -0.5,
        float("nan"),
        float("inf"),
        pd.NA,
        ("a",),
        (),
        frozenset({"b", "a"}),
    ]
)


@given(st.lists(CELLS, max_size=6))
def test_every_cell_of_a_mixed_column_keeps_its_type(cells):
    table = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    packed, told = store._packed(table)
    back = store._unpacked(packed, json.loads(json.dumps(told)))["x"].tolist()
    assert [(type(v), str(v)) for v in back if not isinstance(v, frozenset)] == [
        (type(v), str(v)) for v in cells if not isinstance(v, frozenset)
    ]
    assert [v for v in back if isinstance(v, frozenset)] == [v for v in cells if isinstance(v, frozenset)]


def test_numbers_come_back_bit_for_bit():
    odd = [0.1 + 0.2, -0.0, np.nextafter(1, 2), np.nan, np.inf, -np.inf, 5e-324]
    packed, told = store._packed(pd.DataFrame({"x": odd}, index=pd.Index(list("abcdefg"), name="key")))
    back = store._unpacked(packed, told)
    assert back["x"].to_numpy().tobytes() == np.array(odd).tobytes()
    assert back.index.name == "key"


def test_a_column_of_another_type_is_refused():
    with pytest.raises(TypeError, match="datetime64"):
        store._packed(pd.DataFrame({"x": pd.to_datetime(["2025-01-01"])}))
    with pytest.raises(TypeError, match="complex"):
        store._packed(pd.DataFrame({"x": pd.Series([1j], dtype=object)}))


def test_a_folder_of_results_leads_to_its_latest_run(outcome, tmp_path):
    write_outcome(outcome, tmp_path / "runs" / "b")
    (tmp_path / "latest.json").write_text(
        json.dumps({"format": 1, "run": "b", "folder": "runs/b", "files": []}), encoding="utf-8"
    )
    wanted = tmp_path / "runs" / "b" / "outcome"
    for folder in (tmp_path, tmp_path / "runs" / "b", wanted):
        assert find_outcome(folder) == wanted


def test_what_cannot_be_read_is_said(outcome, tmp_path):
    with pytest.raises(InputError, match="no stored result"):
        read_outcome(tmp_path)
    target = write_outcome(outcome, tmp_path)
    whole = (target / "flags.parquet").read_bytes()
    (target / "flags.parquet").write_bytes(whole[:-20])
    with pytest.raises(InputError, match="damaged"):
        read_outcome(tmp_path)
    (target / "flags.parquet").unlink()
    with pytest.raises(InputError, match="damaged"):
        read_outcome(tmp_path)
    (target / "flags.parquet").write_bytes(whole)
    record = json.loads((target / "outcome.json").read_text(encoding="utf-8"))
    (target / "outcome.json").write_text(json.dumps(record | {"format": 0}), encoding="utf-8")
    with pytest.raises(InputError, match="another format"):
        read_outcome(tmp_path)
