"""The demo's verdicts and flags as readable files: a change of any figure shows in the diff.

After a change that is meant, look at the difference and write the files anew::

    GEOPLAN_WRITE_GOLDEN=1 pytest tests/run/test_demo_golden.py
"""

import io
import os
from pathlib import Path

import pandas as pd
import pytest

GOLDEN = Path(__file__).parent / "golden"
COLUMNS = {
    "findings": ["rule_id", "zone_id", "actual_low", "actual_high", "required", "shortfall", "unit", "verdict", "basis",
                 "people_affected", "cause", "on_path", "clause"],
    "flags": ["rule_id", "zone_id", "reachable_low", "reachable_high", "located_low", "required", "shortfall", "unit", "flagged",
              "flag_kind", "grade", "people_affected", "affected_group", "nearest_facility", "minutes", "cause"],
    "circle": ["service", "measure", "zone_id", "kind", "people", "covered", "share", "communities_covered", "median_minutes"],
}  # fmt: skip


def readable(table, columns):
    """Return a table as CSV text, numbers to three decimals and without the sign of a zero."""
    rounded = table[columns].copy()
    for column in rounded.select_dtypes("float").columns:
        rounded[column] = rounded[column].round(3) + 0.0
    return rounded.to_csv(index=False, lineterminator="\n")


@pytest.mark.parametrize("name", COLUMNS)
def test_as_it_was(demo, name):
    path = GOLDEN / f"demo_{name}.csv"
    text = readable(getattr(demo, name), COLUMNS[name])
    if os.environ.get("GEOPLAN_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="\n")
    # compared as tables, so that the last digit may differ between machines
    got, kept = (pd.read_csv(source) for source in (io.StringIO(text), path))
    pd.testing.assert_frame_equal(got, kept, rtol=0, atol=0.0021)
