"""The same inputs give the same bytes, in whatever order their rows stand, and stay as they were."""

import csv
import hashlib
import io
import json

import openpyxl
import pandas as pd
import pytest

import geoplan as gp

CHILDCARE, ELDERCARE = "huzhong_childcare_register_gb18030.csv", "huzhong_eldercare_register.xlsx"


def checksums(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_inputs_give_the_same_bytes(demo_run, shell, tmp_path):
    # once in this process, once in another, whose hashes of text differ and which has one thread
    done = shell("demo", "--out", tmp_path, PYTHONHASHSEED="7", NUMBA_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr
    (again,) = (tmp_path / "runs").iterdir()
    one, other = checksums(demo_run.folder), checksums(again)
    assert set(one) == set(other)
    assert {name for name in one if one[name] != other[name]} == {"run.json", "run.log"}
    records = [recorded(folder) for folder in (demo_run.folder, again)]
    assert records[0] == records[1]
    assert len(records[0]["fingerprint"]) == 64


def test_rows_in_another_order_give_the_same_flags_and_inputs_stay_as_they_were(demo, town):
    shuffled(town)
    before = checksums(town.data.parent)
    result = town.run()
    assert checksums(town.data.parent) == before
    pd.testing.assert_frame_equal(result.flags, demo.flags, rtol=1e-12, atol=1e-9, check_dtype=False)
    columns = ["rule_id", "zone_id", "actual_low", "actual_high", "shortfall", "verdict", "people_affected"]
    pd.testing.assert_frame_equal(result.findings[columns], demo.findings[columns], rtol=1e-12, atol=1e-9)
    assert list(result.zones.index) == list(demo.zones.index)


def shuffled(town):
    """Turn the rows of both registers and every zone layer round."""
    book = openpyxl.load_workbook(town.data / ELDERCARE)
    page = book.active
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    for number, row in enumerate(reversed(rows)):
        for column, value in enumerate(row):
            page.cell(number + 2, column + 1).value = value
    book.save(town.data / ELDERCARE)

    path = town.data / CHILDCARE
    header, *lines = csv.reader(io.StringIO(path.read_bytes().decode("gb18030")))
    text = io.StringIO()
    csv.writer(text).writerows([header, *reversed(lines)])
    path.write_bytes(text.getvalue().encode("gb18030"))

    for path in town.data.glob("*.geojson"):
        layer = json.loads(path.read_text(encoding="utf-8"))
        layer["features"].reverse()
        path.write_text(json.dumps(layer, ensure_ascii=False), encoding="utf-8")


def test_a_result_saved_anew_has_one_fingerprint(demo, tmp_path):
    first, fresh = (demo.save(tmp_path / name) for name in ("one", "other"))
    assert recorded(first) == recorded(fresh)
    assert checksums(first).keys() == checksums(fresh).keys()


def test_a_second_run_of_a_folder_differs_in_what_changed_since_the_first_alone(demo, tmp_path):
    runs = [demo.save(tmp_path), demo.save(tmp_path)]
    assert runs[0] != runs[1]
    assert json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))["run"] == runs[1].name
    first, second = (recorded(run) for run in runs)
    # the page for the meeting says what changed against the run before
    told = [{entry["file"]: entry for entry in record.pop("files")} for record in (first, second)]
    assert {name for name in told[0] if told[0][name] != told[1][name]} == {"meeting.docx"}
    assert told[0].keys() == told[1].keys()
    assert first == second


def recorded(run):
    """Return what a run's record holds beside its environment."""
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del record["environment"]
    return record


def test_a_result_is_frozen(demo):
    with pytest.raises(AttributeError):
        demo.outcome = None
    assert isinstance(demo, gp.Result)
