"""The outcome that every paper is drawn from, made by ``tests/outcome_fixture.py``."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def make():
    path = Path(__file__).parents[1] / "outcome_fixture.py"
    spec = importlib.util.spec_from_file_location("papers_outcome_fixture", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_outcome
