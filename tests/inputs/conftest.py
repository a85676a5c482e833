"""A small district for tests of lists: two towns, two communities, one estate, near Wuhan."""

import csv

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from shapely.geometry import Point, box

from geoplan.inputs import datum

CRS = "EPSG:4547"
EAST, NORTH = 500_000, 3_380_000


@pytest.fixture(scope="session")
def zones():
    rows = [
        ("area/area", "area", "示例区", None, box(0, 0, 4000, 2000)),
        ("district/1", "district", "示例区", "area/area", box(0, 0, 4000, 2000)),
        ("town/1", "town", "东街道", "district/1", box(0, 0, 2000, 2000)),
        ("town/2", "town", "西镇", "district/1", box(2000, 0, 4000, 2000)),
        ("community/A", "community", "向阳社区", "town/1", box(0, 0, 2000, 2000)),
        ("community/B", "community", "河西村", "town/2", box(2000, 0, 4000, 2000)),
        ("estate/E", "estate", "桦苑小区", "community/A", box(100, 100, 300, 300)),
    ]
    ids, level, name, parent, shapes = zip(*rows, strict=True)
    table = {"level": level, "name": name, "code": [i.split("/")[1] for i in ids], "parent_id": parent}
    table = gpd.GeoDataFrame(table, geometry=list(shapes), index=pd.Index(ids, name="zone_id"), crs=CRS)
    table.geometry = table.geometry.translate(EAST, NORTH)
    return table


@pytest.fixture(scope="session")
def lonlat():
    """Return a function that gives longitude and latitude of metres east and north of the corner, in a datum."""

    def convert(x, y, to="wgs84"):
        at = gpd.GeoSeries([Point(EAST + x, NORTH + y)], crs=CRS).to_crs(4326).iloc[0]
        change = {"wgs84": np.asarray, "gcj02": datum.gcj02_from_wgs84, "bd09": datum.bd09_from_wgs84}[to]
        return tuple(float(v) for v in change(np.array([[at.x, at.y]]))[0])

    return convert


@pytest.fixture
def written(tmp_path):
    """Return a function that writes rows (dicts, blank where a key is missing) as a list; a workbook gets a title above."""

    def write(*rows, name="list.csv", encoding="utf-8-sig"):
        headers = list(dict.fromkeys(key for row in rows for key in row))
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if name.endswith(".xlsx"):
            book = openpyxl.Workbook()
            for row in (["示例区清单"], headers, *([row.get(h) for h in headers] for row in rows)):
                book.active.append(row)
            book.save(path)
        else:
            with path.open("w", encoding=encoding, newline="") as file:
                writer = csv.DictWriter(file, headers)
                writer.writeheader()
                writer.writerows(rows)
        return path

    return write
