"""The outcome that every paper is drawn from, made by ``tests/outcome_fixture.py``."""

import importlib.util
from pathlib import Path

import pytest


def module():
    path = Path(__file__).parents[1] / "outcome_fixture.py"
    spec = importlib.util.spec_from_file_location("report_atlas_outcome_fixture", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="session")
def make_outcome():
    """Make an outcome anew at each call."""
    return module().make_outcome
