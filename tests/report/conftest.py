"""Outcomes of one small town (``tests/builders/report_town.py``): plain, with sites, in both languages, and the demo's."""

import functools

import pytest
from report_town import make_outcome, with_sites

from geoplan.cli.demo import demo_study
from geoplan.pipeline.evaluate import run
from geoplan.pipeline.plan_sites import site
from geoplan.report.content.table import cell_text
from geoplan.study.study import read_study


@pytest.fixture(scope="session")
def fresh():
    """Make an outcome anew at each call."""
    return make_outcome


@pytest.fixture(scope="session")
def make(fresh):
    """Make an outcome once for each set of arguments; nothing that is tested here may change it."""
    return functools.cache(fresh)


@pytest.fixture(scope="session")
def outcome(make):
    """The town's outcome in Chinese."""
    return make()


@pytest.fixture(scope="session")
def nasty(make):
    """The same in English, every name holding text that must be escaped."""
    return make(lang="en", nasty=True)


@pytest.fixture(scope="session")
def make_sited():
    """Make an outcome with answered siting questions anew at each call."""
    return lambda **given: with_sites(make_outcome(**given))


@pytest.fixture(scope="session")
def sited(make_sited):
    """The town's outcome with answered siting questions."""
    return make_sited()


@pytest.fixture(scope="session")
def demo():
    """The demo's outcome."""
    return run(read_study(demo_study())).outcome


@pytest.fixture(scope="session")
def sited_demo():
    """The demo's outcome, its siting questions answered."""
    return site(read_study(demo_study())).before.outcome


@pytest.fixture(scope="session")
def texts():
    """Return a table's rows as dicts of key -> text, as every output prints it."""

    def read(table, lang="zh"):
        keys = [column.key for column in table.columns]
        return [dict(zip(keys, (cell_text(cell, lang) for cell in row), strict=True)) for row in table.rows]

    return read
