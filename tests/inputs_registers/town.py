"""A small town of two districts with four communities each, near Wuhan, and the real data where they are."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

DATA = Path(__file__).parents[2].parent / "shared" / "data"
CRS = "EPSG:4547"
WEST, SOUTH, SIDE = 520_000.0, 3_380_000.0, 2_000.0

#: district -> its communities, from west to east; districts lie one above the other
TOWN = {
    "东湖区": ["向阳社区", "北秀社区", "南湖社区", "和平社区"],
    "西山区": ["和平社区", "东风村", "幸福里社区", "新村社区"],
}


def make_town():
    """Return zones: an area, two districts, eight squares of 2 km; 和平社区 stands in both districts."""
    rows = {}
    for row, (district, communities) in enumerate(TOWN.items()):
        y = SOUTH + row * SIDE
        squares = [
            shapely.box(WEST + i * SIDE, y, WEST + (i + 1) * SIDE, y + SIDE) for i in range(len(communities))
        ]
        district_id = f"district/D{row}"
        rows[district_id] = ("district", district, f"D{row}", "area/1", shapely.union_all(squares))
        for i, (name, square) in enumerate(zip(communities, squares, strict=True)):
            rows[f"community/C{row}{i}"] = ("community", name, f"C{row}{i}", district_id, square)
    home = shapely.box(WEST + 100, SOUTH + 100, WEST + 300, SOUTH + 300)
    rows["estate/E1"] = ("estate", "阳光花园小区", "E1", "community/C00", home)
    rows["area/1"] = ("area", "小镇", "1", None, shapely.union_all([r[4] for r in rows.values()]))
    columns = ["level", "name", "code", "parent_id", "geometry"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("zone_id")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=CRS)


def make_wuhan():
    """Return the real districts and communities of Wuhan as zones."""
    folder = DATA / "wuhan"
    districts = gpd.read_file(folder / "districts_cgcs2000.geojson").to_crs(CRS)
    communities = gpd.read_file(folder / "communities.gpkg").to_crs(CRS)
    ids = dict(zip(districts["name"], "district/" + districts["code"].astype(str), strict=True))
    rows = {
        zone_id: ("district", name, zone_id.split("/")[1], "area/1", shape)
        for (name, zone_id), shape in zip(ids.items(), districts.geometry, strict=True)
    }
    for _, c in communities.iterrows():
        rows[f"community/{c['community']}"] = (
            "community",
            c["community"],
            c["community"],
            ids[c["district"]],
            c.geometry,
        )
    rows["area/1"] = ("area", "武汉", "1", None, districts.geometry.union_all())
    columns = ["level", "name", "code", "parent_id", "geometry"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("zone_id")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=CRS)
