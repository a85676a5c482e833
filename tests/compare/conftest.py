"""The outcome by hand, and the demo run once."""

import importlib.util
from pathlib import Path

import pytest

from geoplan.cli.demo import demo_study
from geoplan.pipeline.evaluate import run
from geoplan.study.study import read_study

_SPEC = importlib.util.spec_from_file_location(
    "outcome_by_hand", Path(__file__).parents[1] / "outcome_fixture.py"
)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)


@pytest.fixture(scope="session")
def by_hand():
    """The module: ``make_outcome``, ``NASTY`` and the ids of its rules."""
    return _MODULE


@pytest.fixture
def outcome():
    """A small but complete outcome in Chinese."""
    return _MODULE.make_outcome()


@pytest.fixture(scope="session")
def demo():
    """The demo's outcome."""
    return run(read_study(demo_study())).outcome
