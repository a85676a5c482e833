import geopandas as gpd
import pytest
from towns import CRS, data, make_town, make_wuhan  # noqa: F401


@pytest.fixture(scope="session")
def town():
    return make_town()


@pytest.fixture(scope="session")
def wuhan():
    return make_wuhan().zones


@pytest.fixture(scope="session")
def wuhan_streets(data):  # noqa: F811
    return gpd.read_parquet(data / "wuhan" / "streets.parquet").geometry.to_crs(CRS)
