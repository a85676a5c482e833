"""Zones for tests of lists and layers: a small district, a town of two districts, both near Wuhan, and Wuhan itself where its data are."""

import csv
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from shapely import Point, box, union_all

from geoplan.inputs import datum
from geoplan.inputs.boundaries import assemble_zones, read_zone_layer

DATA = Path(__file__).parents[2].parent / "shared" / "data"
CRS = "EPSG:4547"
#: South-west corner of the district.
EAST, NORTH = 500_000, 3_380_000
#: South-west corner of the town, and the side of its squares.
WEST, SOUTH, SIDE = 520_000.0, 3_380_000.0, 2_000.0

#: district -> its communities, from west to east; districts lie one above the other
TOWN = {
    "东湖区": ["向阳社区", "北秀社区", "南湖社区", "和平社区"],
    "西山区": ["和平社区", "东风村", "幸福里社区", "新村社区"],
}


def zone_table(rows):
    """Return zones of (zone_id, level, name, parent_id, polygon), all of them covered whole."""
    ids, level, name, parent, shapes = zip(*rows, strict=True)
    columns = {
        "level": level, "name": name, "code": [i.split("/")[1] for i in ids], "parent_id": pd.Series(parent, dtype=object).to_numpy(),
        "kind": [frozenset()] * len(ids), "covered_share": 1.0, "edge": False,
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=list(shapes), index=pd.Index(ids, name="zone_id"), crs=CRS)


def make_town():
    """Return zones: an area, two districts, eight squares of 2 km; 和平社区 stands in both districts."""
    rows = []
    for row, (district, communities) in enumerate(TOWN.items()):
        y = SOUTH + row * SIDE
        squares = [box(WEST + i * SIDE, y, WEST + (i + 1) * SIDE, y + SIDE) for i in range(len(communities))]
        rows.append((f"district/D{row}", "district", district, "area/1", union_all(squares)))
        for i, (name, square) in enumerate(zip(communities, squares, strict=True)):
            rows.append((f"community/C{row}{i}", "community", name, f"district/D{row}", square))
    home = box(WEST + 100, SOUTH + 100, WEST + 300, SOUTH + 300)
    rows.append(("estate/E1", "estate", "阳光花园小区", "community/C00", home))
    rows.append(("area/1", "area", "小镇", None, union_all([row[4] for row in rows])))
    return zone_table(rows)


def real_data():
    if not DATA.exists():
        pytest.skip(f"real data are not at {DATA}")
    return DATA


@cache
def make_wuhan():
    """Return the real districts and communities of Wuhan as the layers give them, with their residents."""
    options = {
        "districts_cgcs2000.geojson": {"level": "district", "id": "code", "name": "name"},
        "communities.gpkg": {
            "level": "community", "id": "community", "parent": "district", "totals": {"residents": "residents"},
        },
    }  # fmt: skip
    layers = [read_zone_layer(real_data() / "wuhan" / file, crs=CRS, **how) for file, how in options.items()]
    return assemble_zones(layers, area_name="武汉中心城区")


def porto_alegre(**entries):
    """Return the hexagons of Porto Alegre with their residents, as the layer gives them."""
    entries |= {"level": "community", "id": "id", "h3": True, "totals": {"residents": "population"}}
    return read_zone_layer(real_data() / "porto_alegre" / "poa_hexgrid.csv", crs=32722, **entries)


@pytest.fixture(scope="session")
def data():
    return real_data()


@pytest.fixture(scope="session")
def zones():
    """Return the district: two towns, two communities, one estate."""
    return zone_table(
        (zone_id, zone_id.split("/")[0], name, parent, box(EAST + west, NORTH + low, EAST + east, NORTH + high))
        for zone_id, name, parent, west, low, east, high in (
            ("area/area", "示例区", None, 0, 0, 4000, 2000), ("district/1", "示例区", "area/area", 0, 0, 4000, 2000),
            ("town/1", "东街道", "district/1", 0, 0, 2000, 2000), ("town/2", "西镇", "district/1", 2000, 0, 4000, 2000),
            ("community/A", "向阳社区", "town/1", 0, 0, 2000, 2000), ("community/B", "河西村", "town/2", 2000, 0, 4000, 2000),
            ("estate/E", "桦苑小区", "community/A", 100, 100, 300, 300),
        )
    )  # fmt: skip


@pytest.fixture(scope="session")
def lonlat():
    """Return a function that gives longitude and latitude of metres east and north of the district's corner, in a datum."""

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
