"""Roads with sidewalks mapped apart: left out where a footway runs beside them, walked where none does."""

import pytest

from geoplan.inputs.streets import read_streets
from geoplan.inputs.streets.sidewalks import BESIDE_M, BESIDE_SHARE

CRS = "EPSG:32631"
ROAD = {"highway": "primary", "sidewalk": "separate"}
#: One metre in the 1e-3 degrees of the points.
M = 1 / 110.6


def town(osm_file, *, beside_m, share=1.0, footway="footway", more=None):
    """A road of 1 km to the east, and a footway beside it, as far as `share` of its length; a link at its beginning."""
    east = 1000 / 111.3
    points = {
        1: (100, 100), 2: (100 + east, 100), 3: (100, 100 + beside_m * M), 4: (100 + share * east, 100 + beside_m * M),
    }  # fmt: skip
    ways = {10: ([1, 2], ROAD), 11: ([3, 4], {"highway": footway}), 12: ([1, 3], {"highway": "path"})}
    return read_streets(osm_file(points, ways | (more or {})), crs=CRS, components="several")


@pytest.mark.parametrize(
    ("beside_m", "share", "footway", "walked"),
    [
        (10, 1.0, "footway", False), (10, 1.0, "steps", False), (BESIDE_M - 1, 1.0, "footway", False),
        (BESIDE_M + 1, 1.0, "footway", True), (10, BESIDE_SHARE + 0.01, "path", False), (10, BESIDE_SHARE - 0.05, "path", True),
        # a road is no footway
        (10, 1.0, "residential", True),
    ],
)  # fmt: skip
def test_a_road_goes_only_where_a_footway_runs_beside_it(osm_file, beside_m, share, footway, walked):
    streets = town(osm_file, beside_m=beside_m, share=share, footway=footway)
    assert ("primary" in set(streets.edges["highway"])) == walked
    note = next(n for n in streets.notes if n.code == "sidewalks_apart")
    assert note.values == {"out": str(int(not walked)), "stay": str(int(walked))}
    assert note.text("zh")
    assert "streets_left_out" not in {n.code for n in streets.notes}


def test_a_footway_that_only_crosses_is_not_beside(osm_file):
    points = {1: (100, 100), 2: (105, 100), 3: (102, 98), 4: (102, 102)}
    ways = {10: ([1, 2], ROAD), 11: ([3, 4], {"highway": "footway"})}
    streets = read_streets(osm_file(points, ways), crs=CRS, components="several")
    assert "primary" in set(streets.edges["highway"])


def test_an_extract_for_driving_keeps_its_roads_and_stated_rules_speak_first(osm_file):
    points = {1: (100, 100), 2: (101, 100), 3: (102, 100), 4: (103, 100)}
    ways = {10: ([1, 2], ROAD), 11: ([2, 3], ROAD | {"foot": "no"}), 12: ([2, 4], {"highway": "residential"})}
    path = osm_file(points, ways)
    streets = read_streets(path, crs=CRS)
    assert sorted(streets.edges["osm_id"]) == ["10", "12"]
    assert sorted(read_streets(path, crs=CRS, walk={"primary": False}).edges["osm_id"]) == ["12"]
    # private ones are still private
    private = osm_file(
        points, {10: ([1, 2], ROAD | {"access": "private"}), 12: ([2, 4], {"highway": "residential"})}
    )
    assert "residents" in set(read_streets(private, crs=CRS).edges["access"])
