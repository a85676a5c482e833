"""A local grid from control points: exact where it must be, honest where it cannot."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs import datum
from geoplan.inputs.datum.move import local_grid
from geoplan.words.errors import InputError

SQUARE = np.array([[0.0, 0.0], [1000.0, 0.0], [1000.0, 800.0], [0.0, 800.0], [400.0, 300.0]])


def turned(points, *, degrees, scale, mirrored=False):
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    if mirrored:
        points = points[:, ::-1]
    return points @ turn + [526_000.0, 3_380_000.0]


@given(
    st.sampled_from([0, 1, 90, 179, 270]),
    st.sampled_from([0.9999, 1.0, 1.0003]),
    st.integers(2, 5),
    st.booleans(),
)
def test_the_fit_finds_the_grid(degrees, scale, count, mirrored):
    mirrored = mirrored and count > 2  # two points cannot tell a mirror image
    target = turned(SQUARE, degrees=degrees, scale=scale, mirrored=mirrored)
    grid = local_grid(SQUARE[:count], target[:count])
    assert np.abs(grid.apply(SQUARE) - target).max() < 1e-6
    assert grid.scale == pytest.approx(scale)
    assert grid.note().severity == "info"


def test_one_mistyped_point_shows_in_the_residuals():
    target = turned(SQUARE, degrees=1, scale=1)
    target[2] += [30.0, 0.0]
    note = local_grid(SQUARE, target).note(file="f.shp")
    assert note.severity == "warning"
    assert note.values["worst"] == 3
    assert "5 control points" in note.text("en")


def test_affine_where_the_axes_have_two_scales():
    target = SQUARE * [1.0, 1.002] + [500.0, 0.0]
    assert local_grid(SQUARE, target).kind == "affine"


def test_points_on_one_line_take_no_affine_map():
    line = np.array([[0.0, 0.0], [10.0, 10.0], [20.0, 20.0], [30.0, 30.0]])
    assert local_grid(line, turned(line, degrees=30, scale=1)).kind != "affine"


@pytest.mark.parametrize("local", [[[0.0, 0.0]], [[5.0, 5.0], [5.0, 5.0]], []])
def test_too_few_points(local):
    local = np.array(local, dtype=float).reshape(-1, 2)
    with pytest.raises(InputError, match="too few control points"):
        local_grid(local, local)


def test_a_study_states_control_points():
    corners = np.array([[114.30, 30.55], [114.35, 30.55], [114.33, 30.60]])
    metric = datum.to_crs(gpd.GeoSeries(shapely.points(corners), crs=4326), datum="wgs84", crs="EPSG:4547")
    local = metric.get_coordinates().to_numpy() - [500_000.0, 3_300_000.0]
    stated = [{"local": tuple(xy), "lonlat": tuple(ll)} for xy, ll in zip(local, corners, strict=True)]
    shapes = gpd.GeoSeries([shapely.LineString(local)])
    moved = datum.to_crs(shapes, datum=stated, crs="EPSG:4547").iloc[0]
    assert np.abs(shapely.get_coordinates(moved) - metric.get_coordinates().to_numpy()).max() < 1e-4
    assert datum.control_points(stated, crs="EPSG:4547").residuals_m.max() < 1e-4
