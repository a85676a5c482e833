"""The outcome by hand, from the module beside this folder."""

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "outcome_by_hand", Path(__file__).parents[1] / "outcome_fixture.py"
)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)


@pytest.fixture(scope="session")
def by_hand():
    """The module: ``make_outcome``, ``NASTY`` and the ids of its rules."""
    return _MODULE


@pytest.fixture(scope="session")
def outcome():
    """A small but complete outcome in Chinese."""
    return _MODULE.make_outcome()


@pytest.fixture(scope="session")
def nasty():
    """The same in English, every name holding text that must be escaped."""
    return _MODULE.make_outcome(lang="en", nasty=True)
