"""Datum shifts against published figures, by their law, and on every kind of geometry."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from refusals import refused

from geoplan.inputs import datum
from geoplan.inputs.datum.move import local_grid

# lon, lat in WGS 84; GCJ-02; BD-09: as prcoords 1.0.2 and geocoordinates-rs 0.14.2 both give them, to 1e-12 degrees
PUBLISHED = [
    ((114.3, 30.55), (114.3054339242356, 30.547565725998712), (114.31201442654069, 30.553234603527166)),
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164), (116.41662724378733, 39.922699552216216)),
    ((121.5, 31.2), (121.5044286589165, 31.1979666854059), (121.5110176887812, 31.203611399590887)),
    ((114.1, 22.5), (114.10511942889921, 22.497317009101025), (114.11157415462151, 22.50356111315821)),
    ((87.6, 43.8), (87.60283897227161, 43.80121203029208), (87.60921015182171, 43.80747250765041)),
    ((126.5, 45.8), (126.50618568508015, 45.802081367478024), (126.51264121273363, 45.808150429230786)),
]
WGS, GCJ, BD = (np.array([row[i] for row in PUBLISHED]) for i in range(3))


def metres(a, b):
    lat = np.radians(a[:, 1])
    return np.hypot((a[:, 0] - b[:, 0]) * 111_320 * np.cos(lat), (a[:, 1] - b[:, 1]) * 111_195)


def test_shifts_equal_the_published_points():
    assert metres(datum.gcj02_from_wgs84(WGS), GCJ).max() < 1e-6
    assert metres(datum.bd09_from_wgs84(WGS), BD).max() < 1e-6
    assert metres(datum.wgs84_from("gcj02", GCJ), WGS).max() < 1e-6
    assert metres(datum.wgs84_from("bd09", BD), WGS).max() < 1e-6


@given(st.floats(75, 135), st.floats(17, 54))
def test_the_inverse_undoes_the_shift(lon, lat):
    point = np.array([[lon, lat]])
    assert metres(datum.wgs84_from("gcj02", datum.gcj02_from_wgs84(point)), point).max() < 1e-5
    assert metres(datum.wgs84_from("bd09", datum.bd09_from_wgs84(point)), point).max() < 1e-5


def test_abroad_nothing_is_shifted():
    abroad = np.array([[-15.43, 28.12], [-51.2, -30.0], [7.42, 43.73]])
    for name, shift in {"gcj02": datum.gcj02_from_wgs84, "bd09": datum.bd09_from_wgs84}.items():
        assert (shift(abroad) == abroad).all()
        assert (datum.wgs84_from(name, abroad) == abroad).all()


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (114.3, 30.6, 4547), (115.49, 30.6, 4547), (115.51, 30.6, 4548), (75.99, 39.47, 4534), (134.3, 48.0, 4554),
        (124.39, 40.13, 4550), (130.37, 42.86, 4552), (107.97, 21.54, 4545), (80.42, 44.21, 4536),
        (111.98, 43.65, 4546), (117.4, 49.6, 4548), (122.5, 53.0, 4550), (109.5, 18.25, 4545), (114.17, 22.3, 4547),
        (97.85, 24.02, 4542), (120.97, 14.6, 32651), (126.98, 37.57, 32652), (105.83, 21.03, 32648),
        (106.9, 47.9, 32648), (131.9, 43.1, 32652), (76.9, 43.2, 32643), (85.3, 27.7, 32645), (-51.2, -30.0, 32722),
        (-15.43, 28.12, 32628), (180.0, 10.0, 32660),
    ],
)  # fmt: skip
def test_the_metric_crs_of_a_place(lon, lat, epsg):
    crs = datum.metric_crs((lon - 0.0, lat, lon, lat))
    assert crs.to_epsg() == epsg
    assert {axis.unit_name for axis in crs.axis_info} == {"metre"}


def test_points_lines_polygons_and_null_all_move():
    ring = shapely.Polygon(
        [(114.3, 30.5), (114.4, 30.5), (114.4, 30.6)],
        holes=[[(114.35, 30.51), (114.36, 30.51), (114.36, 30.52)]],
    )
    point, line = shapely.Point(114.3, 30.5, 7.0), shapely.LineString([(114.3, 30.5), (114.4, 30.6)])
    five = [point, line, ring, None, shapely.MultiPolygon([ring])]
    shapes = gpd.GeoSeries(five, index=list("abcde"), crs=4326)
    moved = datum.to_crs(shapes, datum="gcj02", crs="EPSG:4547")
    assert list(moved.index) == list("abcde")
    assert list(moved.geom_type) == list(shapes.geom_type)  # null stays null
    assert len(moved["c"].interiors) == 1
    assert not moved.has_z.any()
    straight = shapes.to_crs(4547)
    assert moved["a"].distance(straight["a"]) == pytest.approx(590, abs=30)  # Wuhan's shift
    assert shapes["a"].has_z  # the input is unchanged


def test_the_four_datums_meet_at_one_place():
    wgs = datum.to_crs(points(WGS[:1]), datum="wgs84", crs="EPSG:4547").iloc[0]
    for name, xy in {"cgcs2000": WGS, "gcj02": GCJ, "bd09": BD, "EPSG:4326": WGS, "4490": WGS}.items():
        assert datum.to_crs(points(xy[:1]), datum=name, crs="EPSG:4547").iloc[0].distance(wgs) < 0.01


def test_a_projected_file_in_gcj02_is_unprojected_first():
    mercator = points(GCJ[:1]).to_crs(3857)
    wgs = datum.to_crs(points(WGS[:1]), datum="wgs84", crs="EPSG:4547").iloc[0]
    assert datum.to_crs(mercator, datum="gcj02", crs="EPSG:4547").iloc[0].distance(wgs) < 0.01


def test_without_a_datum_the_file_decides():
    projected = points(WGS[:1]).to_crs(32650)
    assert datum.to_crs(projected, datum=None, crs="EPSG:4326").iloc[0].distance(shapely.Point(WGS[0])) < 1e-7
    bare = gpd.GeoSeries([shapely.Point(WGS[0])])
    assert datum.to_crs(bare, datum=None, crs="EPSG:4326").iloc[0].equals(shapely.Point(WGS[0]))


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("datum_bounds", lambda: datum.metric_crs((500_000, 3_300_000, 510_000, 3_310_000))),
        ("datum_unknown", lambda: datum.to_crs(points(WGS), datum="gcj-20", crs=4547)),
        ("datum_unknown", lambda: datum.to_crs(points(WGS), datum="99999999", crs=4547)),
        (
            "datum_not_degrees",
            lambda: datum.to_crs(gpd.GeoSeries([shapely.Point(5e5, 3e6)]), datum="gcj02", crs=4547),
        ),
        ("datum_control_points_few", lambda: local_grid(np.zeros((0, 2)), np.zeros((0, 2)))),
        ("datum_control_points_few", lambda: local_grid(np.zeros((1, 2)), np.zeros((1, 2)))),
        ("datum_control_points_few", lambda: local_grid(np.full((2, 2), 5.0), np.full((2, 2), 5.0))),
    ],
)
def test_what_gives_no_place_is_one_clear_error(code, call):
    assert refused(call)[1] == [code]


def points(lonlat):
    return gpd.GeoSeries(shapely.points(lonlat), crs=4326)


SQUARE = np.array([[0.0, 0.0], [1000.0, 0.0], [1000.0, 800.0], [0.0, 800.0], [400.0, 300.0]])


def turned(points, *, degrees, scale, mirrored=False):
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    if mirrored:
        points = points[:, ::-1]
    return points @ turn + [526_000.0, 3_380_000.0]


@given(
    st.sampled_from([0, 1, 90, 179, 270]), st.sampled_from([0.9999, 1.0, 1.0003]), st.integers(2, 5), st.booleans()
)  # fmt: skip
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


def test_a_study_states_control_points():
    corners = np.array([[114.30, 30.55], [114.35, 30.55], [114.33, 30.60]])
    metric = datum.to_crs(gpd.GeoSeries(shapely.points(corners), crs=4326), datum="wgs84", crs="EPSG:4547")
    local = metric.get_coordinates().to_numpy() - [500_000.0, 3_300_000.0]
    stated = [{"local": tuple(xy), "lonlat": tuple(ll)} for xy, ll in zip(local, corners, strict=True)]
    shapes = gpd.GeoSeries([shapely.LineString(local)])
    moved = datum.to_crs(shapes, datum=stated, crs="EPSG:4547").iloc[0]
    assert np.abs(shapely.get_coordinates(moved) - metric.get_coordinates().to_numpy()).max() < 1e-4
    assert datum.control_points(stated, crs="EPSG:4547").residuals_m.max() < 1e-4
