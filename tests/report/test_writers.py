"""What every output keeps to: the same outcome gives the same bytes at any time, no input is changed, an empty table is no fault."""

import dataclasses
import time

import pandas as pd
import pytest
from spreadsheet import write_book, write_files

from geoplan.report.booklet.page import write_report
from geoplan.report.layers.geopackage import write_layers
from geoplan.report.webmap.map import write_map

#: Output -> what writes it; CSV files into a folder, all else into a file.
WRITERS = {
    "map.html": write_map, "report.html": write_report, "gap_list.xlsx": write_book, "coverage.gpkg": write_layers,
    "csv": write_files,
}  # fmt: skip


def written(name, outcome, folder):
    """Write one output; return file name -> bytes."""
    folder.mkdir()
    WRITERS[name](outcome, folder if name == "csv" else folder / name)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("maker", ["fresh", "make_sited"])
def test_same_bytes_at_another_time_and_no_input_changed(name, maker, request, tmp_path):
    make = request.getfixturevalue(maker)
    outcome, untouched = make(), make()
    first = written(name, outcome, tmp_path / "a")
    for entry in dataclasses.fields(outcome):
        before, after = getattr(untouched, entry.name), getattr(outcome, entry.name)
        if isinstance(before, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(after))
        else:
            assert before == after
    time.sleep(1.1)  # dates in files count seconds
    assert written(name, untouched, tmp_path / "b") == first


@pytest.mark.parametrize("name", ["map.html", "report.html", "gap_list.xlsx"])
@pytest.mark.parametrize(
    "table",
    ["flags", "members", "findings", "isochrones", "unplaced", "facilities", "supplies", "streets", "circle", "nearest", "warnings",
     "reconciliation", "not_assessed", "parameters", "reported", "gap_list"],
)  # fmt: skip
def test_a_study_without_some_table_is_written(make, tmp_path, name, table):
    outcome = make()
    less = dataclasses.replace(outcome, **{table: getattr(outcome, table).iloc[:0]})
    assert all(written(name, less, tmp_path / "a").values())
