"""The outcome that every paper is drawn from, made by ``tests/outcome_fixture.py``."""

import functools
import importlib.util
from pathlib import Path

import pytest


def module():
    path = Path(__file__).parents[1] / "outcome_fixture.py"
    spec = importlib.util.spec_from_file_location("word_outcome_fixture", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="session")
def by_hand():
    """Return the module that makes outcomes by hand."""
    return module()


@pytest.fixture(scope="session")
def fresh():
    """Make an outcome anew at each call."""
    return module().make_outcome


@pytest.fixture(scope="session")
def make(fresh):
    """Make an outcome once for each set of arguments; nothing that is tested here may change it."""
    return functools.cache(fresh)
