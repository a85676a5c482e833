"""Which datum a file is in: on Wuhan's real streets and files, and on made-up ones where the answer is known."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoplan.inputs import datum, facilities
from geoplan.inputs.datum import fit as datum_fit

ELDER = {"养老机构": "elder_home", "社区养老服务设施": "elder_day_care"}
CHILD = {"托育机构": "childcare", "幼儿园托班": "kindergarten_class", "社区驿站": "childcare_station"}


@pytest.fixture(scope="module")
def registers(data, wuhan):
    files = {"gcj02": ("eldercare_register.xlsx", ELDER), "bd09": ("childcare_register_gbk.csv", CHILD)}
    return {
        name: facilities.read_register(
            data / "wuhan" / file, zones=wuhan, crs=wuhan.crs, datum=name, types=types
        )
        for name, (file, types) in files.items()
    }


def shift(points, name):
    """Return how far points move if they are read in another datum, metres: an independent sum."""
    a, b = (datum.to_crs(points, datum=d, crs="EPSG:4547") for d in name)
    return float(np.median(a.distance(b)))


@pytest.mark.parametrize(
    ("real", "declared", "verdict"),
    [
        ("gcj02", "gcj02", "fits"), ("gcj02", "wgs84", "looks_like"), ("bd09", "bd09", "fits"),
        ("bd09", "gcj02", "looks_like"), ("bd09", "wgs84", "looks_like"),
    ],
)  # fmt: skip
def test_registers_of_wuhan(registers, wuhan, wuhan_streets, real, declared, verdict):
    register = registers[real]
    fit = datum_fit.fit_points(
        register.declared,
        street_geometry=wuhan_streets,
        declared=declared,
        named_districts=register.districts,
        districts=wuhan.geometry[wuhan["level"] == "district"],
        file=register.file,
    )
    assert (fit.verdict, fit.likely) == (verdict, real)
    assert fit.median_m[real] < 10 < 40 < min(m for name, m in fit.median_m.items() if name != real)
    assert fit.inside[real] == max(fit.inside.values())
    expected = 0 if real == declared else shift(register.declared, (declared, real))
    assert fit.metres == pytest.approx(expected, abs=1)
    assert (fit.note().severity == "warning") == (verdict == "looks_like")
    assert fit.note().file == register.file
    assert real in fit.note().text("zh")


def test_middles_of_communities_cannot_tell(data, wuhan_streets):
    middles = gpd.read_file(data / "wuhan" / "communities.gpkg").representative_point()
    fit = datum_fit.fit_points(middles, street_geometry=wuhan_streets, declared="wgs84")
    assert (fit.verdict, fit.likely, fit.metres) == ("cannot_tell", "", 0.0)


@pytest.mark.parametrize(
    ("declared", "verdict", "likely"), [(None, "looks_like", "gcj02"), ("cgcs2000", "fits", "cgcs2000")]
)
def test_districts_of_wuhan(data, wuhan, wuhan_streets, declared, verdict, likely):
    polygons = gpd.read_file(data / "wuhan" / f"districts_{likely}.geojson").geometry
    others = {"community": wuhan.geometry[wuhan["level"] == "community"]}
    fit = datum_fit.fit_polygons(polygons, street_geometry=wuhan_streets, declared=declared, others=others)
    assert (fit.verdict, fit.likely) == (verdict, likely)
    assert fit.against == "community"
    assert "社区（村）边界" in fit.note().text("zh")
    if verdict == "looks_like":
        assert 500 < fit.metres < 800


@pytest.mark.parametrize("file", ["districts_cgcs2000.geojson", "communities.gpkg"])
def test_good_polygons_give_no_false_alarm_on_streets_alone(data, wuhan_streets, file):
    polygons = gpd.read_file(data / "wuhan" / file).geometry
    fit = datum_fit.fit_polygons(polygons, street_geometry=wuhan_streets, declared=None)
    assert fit.verdict in ("fits", "cannot_tell")


# --- made up: streets every 300-500 m, so that a wrong datum is as good as any other wrong place


@pytest.fixture(scope="module")
def grid():
    random = np.random.default_rng(3)
    xs = 520_000 + np.cumsum(random.uniform(300, 500, 40))
    ys = 3_380_000 + np.cumsum(random.uniform(300, 500, 40))
    lines = [shapely.LineString([(x, ys[0]), (x, ys[-1])]) for x in xs]
    lines += [shapely.LineString([(xs[0], y), (xs[-1], y)]) for y in ys]
    return gpd.GeoSeries(lines, crs="EPSG:4547")


def on_streets(grid, count, *, off=0.0, seed=0):
    random = np.random.default_rng(seed)
    lines = grid.to_numpy()[random.integers(0, len(grid), count)]
    xy = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, random.uniform(0.1, 0.9, count), normalized=True)
    )
    xy += random.normal(0, 8 if off == 0 else off, xy.shape)
    return gpd.GeoSeries(shapely.points(xy), crs="EPSG:4547").to_crs(4326)


def declared_as(points, name):
    forward = {"gcj02": datum.gcj02_from_wgs84, "bd09": datum.bd09_from_wgs84, "wgs84": lambda xy: xy}[name]
    return gpd.GeoSeries(shapely.points(forward(points.get_coordinates().to_numpy())))


@pytest.mark.parametrize("real", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("declared", ["wgs84", "gcj02", "bd09"])
def test_points_on_streets_are_found_out(grid, real, declared):
    fit = datum_fit.fit_points(
        declared_as(on_streets(grid, 200), real), street_geometry=grid, declared=declared
    )
    assert fit.likely == real
    assert fit.verdict == ("fits" if real == declared else "looks_like")
    assert fit.support == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_points_anywhere_never_raise_an_alarm(grid, seed):
    anywhere = on_streets(grid, 300, off=2_000.0, seed=seed)
    assert datum_fit.fit_points(anywhere, street_geometry=grid, declared="wgs84").verdict == "cannot_tell"


def test_a_local_grid_is_judged_too(grid):
    points = on_streets(grid, 200)
    local = points.to_crs(4547).translate(-500_000, -3_300_000).set_crs(None, allow_override=True)
    pairs = [{"local": (local[i].x, local[i].y), "lonlat": (points[i].x, points[i].y)} for i in (0, 80, 160)]
    fit = datum_fit.fit_points(local, street_geometry=grid, declared=pairs)
    assert (fit.verdict, fit.declared) == ("fits", "3 control points")


def test_a_code_that_is_right_and_one_that_is_shifted(grid):
    points = on_streets(grid, 200).to_crs(4547)
    bare = gpd.GeoSeries(points.to_numpy())
    assert datum_fit.fit_points(bare, street_geometry=grid, declared="EPSG:4547").verdict == "fits"


def test_few_points_and_none_cannot_tell(grid):
    for count in (0, 1, 7):
        points = gpd.GeoSeries(list(on_streets(grid, count)) if count else [], dtype="geometry")
        assert datum_fit.fit_points(points, street_geometry=grid, declared="wgs84").verdict == "cannot_tell"


def test_the_same_points_get_the_same_answer(grid):
    points = declared_as(on_streets(grid, 60), "gcj02")
    one, two = (datum_fit.fit_points(points, street_geometry=grid, declared="wgs84") for _ in range(2))
    assert one == two


def test_the_district_column_helps_and_can_veto(grid):
    # 12 points: too few for the streets alone; the district column decides
    points = on_streets(grid, 14, off=20.0, seed=5)
    stored = declared_as(points, "gcj02")
    named = pd.Series([f"d{i}" for i in range(len(points))])

    def judged(**districts):
        return datum_fit.fit_points(stored, street_geometry=grid, declared="wgs84", **districts)

    def around(metric):
        return {"named_districts": named, "districts": metric.buffer(150).set_axis(named)}

    alone, helped = judged(), judged(**around(points.to_crs(4547)))
    assert helped.inside == {"wgs84": 0.0, "gcj02": 1.0, "bd09": 0.0}
    assert helped.clearness == alone.clearness
    assert alone.clearness["gcj02"] >= datum_fit.CLEAR_WITH_DISTRICTS
    assert helped.verdict == "looks_like"
    elsewhere = datum.to_crs(stored, datum="bd09", crs="EPSG:4547")
    assert judged(**around(elsewhere)).verdict == "cannot_tell"


def test_abroad_there_is_nothing_to_confuse():
    west, south, random = 480_000, 6_675_000, np.random.default_rng(1)
    streets = [[(west, south + i * 400), (west + 8_000, south + i * 400)] for i in range(20)]
    xy = np.column_stack([west + random.uniform(500, 7_500, 80), south + 400 * random.integers(0, 20, 80)])
    points = gpd.GeoSeries(shapely.points(xy), crs=32722).to_crs(4326)
    lines = gpd.GeoSeries(shapely.linestrings(streets), crs=32722)
    fit = datum_fit.fit_points(points, street_geometry=lines, declared="wgs84")
    assert list(fit.median_m) == ["wgs84"]
    assert fit.verdict != "looks_like"
