"""A study of three communities in two districts, one street through all of them, as files."""

import geopandas as gpd
import yaml
from shapely import LineString, box

from geoplan.study.study import read_study

CRS = "EPSG:4547"
X, Y = 500_000.0, 3_300_000.0
#: Each a square of 1 km, from west to east, and the district that it lies in.
NAMES = {"甲社区": "A", "乙社区": "A", "丙社区": "B"}


def write_places(folder):
    """Write the zones and the street, and return the folder."""
    shapes = [box(X + x, Y, X + x + 1000, Y + 1000) for x in (0, 1000, 2000)]
    communities = gpd.GeoDataFrame(
        {"code": ["1", "2", "3"], "name": list(NAMES), "up": list(NAMES.values())}, geometry=shapes, crs=CRS
    )
    whole = [box(X, Y, X + 2000, Y + 1000), shapes[2]]
    districts = gpd.GeoDataFrame({"code": ["A", "B"], "name": ["东区", "西区"]}, geometry=whole, crs=CRS)
    road = LineString([(X, Y + 500), (X + 3000, Y + 500)])
    for name, layer in (("communities", communities), ("districts", districts)):
        layer.to_crs(4326).to_file(folder / f"{name}.geojson")
    gpd.GeoDataFrame({"highway": ["residential"]}, geometry=[road], crs=CRS).to_file(folder / "roads.gpkg")
    return folder


def study_of(folder, population, year=2025, *, entries=None, **communities):
    """Return the study with these groups; `entries` stand beside or in place of the others, `communities` in that layer."""
    text = {
        "name": "三社区", "year": year, "crs": CRS,
        "zones": [{"level": "district", "file": "districts.geojson", "id": "code", "name": "name"}, {"level": "community", "file": "communities.geojson", "id": "code", "name": "name", "parent": "up", **communities}],
        "streets": {"file": "roads.gpkg", "classes": "highway"}, "population": population,
        "services": {"eldercare": {"facilities": ["elder_home"], "group": next(iter(population)), "walk_minutes": 15, "walk_kmh": 4}},
    }  # fmt: skip
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(text | (entries or {}), allow_unicode=True), encoding="utf-8")
    return read_study(path)


def by_zone(inputs, group="elders_60"):
    people = inputs.people.demand
    return people[~people["halo"]].groupby("zone_id")[group].sum().to_dict()


def codes(inputs):
    return [note.code for note in inputs.notes]
