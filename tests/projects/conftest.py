"""Project lists by hand, and a small district to lay them in."""

import csv

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

CRS = "EPSG:4547"


@pytest.fixture
def written(tmp_path):
    """Return a function that writes rows (dicts, blank where a key is missing) as a project list."""

    def write(*rows, name="list.csv", headers=None):
        headers = headers or list(dict.fromkeys(key for row in rows for key in row))
        path = tmp_path / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, headers)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def zones():
    rows = [
        ("area/area", "area", "示例区", None, box(0, 0, 4000, 2000)),
        ("district/1", "district", "示例区", "area/area", box(0, 0, 4000, 2000)),
        ("town/1", "town", "东街道", "district/1", box(0, 0, 2000, 2000)),
        ("town/2", "town", "西镇", "district/1", box(2000, 0, 4000, 2000)),
        ("community/A", "community", "向阳社区", "town/1", box(0, 0, 2000, 2000)),
        ("community/B", "community", "河西村", "town/2", box(2000, 0, 4000, 2000)),
    ]
    table = gpd.GeoDataFrame(
        {
            "level": [r[1] for r in rows], "name": [r[2] for r in rows], "code": [r[0].split("/")[1] for r in rows],
            "parent_id": pd.Series([r[3] for r in rows], dtype=object).to_numpy(), "kind": [frozenset()] * len(rows),
            "covered_share": 1.0, "edge": False,
        },
        geometry=[r[4] for r in rows], index=pd.Index([r[0] for r in rows], name="zone_id"), crs=CRS,
    )  # fmt: skip
    # near Wuhan, so that longitudes and latitudes can be written
    table.geometry = table.geometry.translate(500_000, 3_380_000)
    return table
