"""The references of study and scenario files are fresh and say something of every entry."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["study.md", "scenario.md"])
def test_the_reference_is_fresh_and_whole(page):
    made = runpy.run_path(str(DOCS / "make_reference.py"))["reference"](page)
    assert (DOCS / page).read_text(encoding="utf-8") == made, "run: python docs/make_reference.py"
    empty = [line for line in made.splitlines() if line.startswith("| `") and line.endswith("|  |")]
    assert empty == []
