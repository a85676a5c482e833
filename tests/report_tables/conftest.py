"""The outcome that every paper is drawn from, made by ``tests/outcome_fixture.py``."""

import functools
import importlib.util
from pathlib import Path

import pytest

from geoplan.report.content.table import cell_text


def module():
    path = Path(__file__).parents[1] / "outcome_fixture.py"
    spec = importlib.util.spec_from_file_location("papers_outcome_fixture", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="session")
def fresh():
    """Make an outcome anew at each call."""
    return module().make_outcome


@pytest.fixture(scope="session")
def make(fresh):
    """Make an outcome once for each set of arguments; nothing that is tested here may change it."""
    return functools.cache(fresh)


@pytest.fixture(scope="session")
def texts():
    """Return a table's rows as dicts of key -> text, as every output prints it."""

    def read(table, lang="zh"):
        keys = [column.key for column in table.columns]
        return [dict(zip(keys, (cell_text(cell, lang) for cell in row), strict=True)) for row in table.rows]

    return read
