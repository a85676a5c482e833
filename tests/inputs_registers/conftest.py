"""A small town for every test of registers, and the real data where they are."""

import importlib.util
from pathlib import Path

import geopandas as gpd
import pytest

SPEC = importlib.util.spec_from_file_location("registers_town", Path(__file__).with_name("town.py"))
town_plan = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(town_plan)


@pytest.fixture(scope="session")
def town():
    return town_plan.make_town()


@pytest.fixture(scope="session")
def data():
    if not town_plan.DATA.exists():
        pytest.skip(f"real data are not at {town_plan.DATA}")
    return town_plan.DATA


@pytest.fixture(scope="session")
def wuhan(data):
    return town_plan.make_wuhan()


@pytest.fixture(scope="session")
def wuhan_streets(data):
    return gpd.read_parquet(data / "wuhan" / "streets.parquet").geometry.to_crs(town_plan.CRS)
