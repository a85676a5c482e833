"""The page on project lists names every field with its header, and every section of a file of totals."""

import re
from pathlib import Path

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.projects.fields import FIELDS
from geoplan.standards.totals import Totals

PAGE = (Path(__file__).parents[2] / "docs" / "projects.md").read_text(encoding="utf-8")


def test_every_field_is_documented_with_its_header():
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", PAGE.partition("## Totals")[0], flags=re.MULTILINE))
    assert rows == {field: found.headers[0] for field, found in FIELDS.items() if field not in ATTRIBUTES}


def test_every_section_of_totals_is_documented():
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Totals")[2], flags=re.MULTILINE))
    titles = {"title_zh", "title_en", "area_zh", "area_en", "pack", "note"}
    assert rows == set(Totals.model_fields) - titles
