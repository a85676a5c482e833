"""Packed coordinates come back as they went in, read by a slow reader of its own."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from geoplan.report.look.codec import (
    STEPS,
    pack_integers,
    pack_lines,
    pack_points,
    pack_polygons,
    unpack_integers,
)

EDGES = st.sampled_from([0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8193, 2**31, -(2**40)])


@given(st.lists(EDGES))
def test_integers_come_back(values):
    assert unpack_integers(pack_integers(values)) == values


def points_of(text):
    steps = np.array(unpack_integers(text)).reshape(-1, 2).cumsum(axis=0)
    return (steps / STEPS).tolist()


def test_points_by_hand():
    assert points_of(pack_points(np.array([[114.3, 30.5], [114.30001, 30.49999]]))) == [
        [114.3, 30.5],
        [114.30001, 30.49999],
    ]


def test_vertices_that_fall_together_are_dropped_but_lines_stay_apart():
    lines = np.array([LineString([(0, 0), (0, 1e-7), (1, 1)]), LineString([(1, 1), (2, 2)])])
    packed = pack_lines(lines)
    assert unpack_integers(packed["n"]) == [2, 2]
    assert points_of(packed["xy"]) == [[0, 0], [1, 1], [1, 1], [2, 2]]


def unpack_polygons(packed):
    """Rows -> Polygons, one ring after the other."""
    parts, rings, counts = (unpack_integers(packed[key]) for key in ("parts", "rings", "n"))
    points = points_of(packed["xy"])
    rows, at, ring, part = [], 0, 0, 0
    for number in parts:
        polygons = []
        for _ in range(number):
            own = []
            for _ in range(rings[part]):
                own.append(points[at : at + counts[ring]])
                at, ring = at + counts[ring], ring + 1
            polygons.append(Polygon(own[0], own[1:]))
            part += 1
        rows.append(MultiPolygon(polygons))
    return rows


def test_polygons_with_holes_parts_and_none_come_back():
    hole = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    two = MultiPolygon([hole, Polygon([(5, 5), (6, 5), (6, 6)])])
    given_shapes = gpd.GeoSeries([hole, None, two, Point(0, 0), Polygon()])
    back = unpack_polygons(pack_polygons(given_shapes))
    assert [len(shape.geoms) for shape in back] == [1, 0, 2, 0, 0]
    assert back[0].equals(hole)
    assert back[2].equals(two)


def test_no_lines_at_all():
    assert pack_lines(np.array([], dtype=object)) == {"n": "", "xy": ""}


def test_quantisation_moves_nothing_by_more_than_a_metre(outcome):
    degrees = outcome.zones.geometry.to_crs("EPSG:4326")
    back = gpd.GeoSeries(unpack_polygons(pack_polygons(degrees)), crs="EPSG:4326").to_crs(outcome.crs)
    far = shapely.hausdorff_distance(np.asarray(back.array), np.asarray(outcome.zones.geometry.array))
    assert far.max() < 1.0
