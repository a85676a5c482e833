"""The reference of the study file is fresh and says something of every entry."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_is_fresh_and_whole():
    made = runpy.run_path(str(DOCS / "make_reference.py"))["reference"]()
    assert (DOCS / "study.md").read_text(encoding="utf-8") == made, "run: python docs/make_reference.py"
    empty = [line for line in made.splitlines() if line.startswith("| `") and line.endswith("|  |")]
    assert empty == []
