"""Which datum a file is in: on Wuhan's real streets and files, and on made-up ones where the answer is known."""

from itertools import pairwise, product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoplan.inputs import datum, facilities
from geoplan.inputs.datum.fit import FAINT, Placed, judge

CRS = "EPSG:4547"

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


def streets_of(lines, **more):
    return Placed(lines, None, "streets", "streets.gpkg", **more)


def fit_points(points, lines, declared, *, districts=None, **more):
    """Return the verdict on points as their file has them, laid on streets in their declared datum."""
    placed = Placed(datum.to_crs(points, datum=declared, crs=lines.crs), declared, "list", **more)
    layers = [streets_of(lines), *([] if districts is None else [Placed(districts, None, "district")])]
    return judge(layers, [placed]).fits[-1]


def zones_of(path, declared=None, role="community"):
    return Placed(
        datum.to_crs(gpd.read_file(path).geometry, datum=declared, crs=CRS), declared, role, path.name
    )


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
    fit = fit_points(
        register.declared,
        wuhan_streets,
        declared,
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
    fit = fit_points(middles, wuhan_streets, "wgs84")
    assert (fit.verdict, fit.likely, fit.metres) == ("cannot_tell", "", 0.0)


@pytest.mark.parametrize(
    ("declared", "verdict", "likely"), [(None, "looks_like", "gcj02"), ("cgcs2000", "fits", "cgcs2000")]
)
def test_districts_of_wuhan(data, wuhan_streets, declared, verdict, likely):
    districts = zones_of(data / "wuhan" / f"districts_{likely}.geojson", declared, "district")
    fits = judge([streets_of(wuhan_streets), districts, zones_of(data / "wuhan" / "communities.gpkg")]).fits
    assert [(fit.verdict, fit.likely) for fit in fits] == [(verdict, likely), ("fits", "wgs84")]
    assert fits[0].against == "community"
    assert "社区（村）边界" in fits[0].note().text("zh")
    if verdict == "looks_like":
        assert 500 < fits[0].metres < 800


@pytest.mark.parametrize("file", ["districts_cgcs2000.geojson", "communities.gpkg"])
def test_good_polygons_give_no_false_alarm_on_streets_alone(data, wuhan_streets, file):
    (fit,) = judge([streets_of(wuhan_streets), zones_of(data / "wuhan" / file)]).fits
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
    fit = fit_points(declared_as(on_streets(grid, 200), real), grid, declared)
    assert fit.likely == real
    assert fit.verdict == ("fits" if real == declared else "looks_like")
    assert fit.support == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_points_anywhere_never_raise_an_alarm(grid, seed):
    anywhere = on_streets(grid, 300, off=2_000.0, seed=seed)
    assert fit_points(anywhere, grid, "wgs84").verdict == "cannot_tell"


def test_a_local_grid_is_judged_too(grid):
    points = on_streets(grid, 200)
    local = points.to_crs(4547).translate(-500_000, -3_300_000).set_crs(None, allow_override=True)
    pairs = [{"local": (local[i].x, local[i].y), "lonlat": (points[i].x, points[i].y)} for i in (0, 80, 160)]
    fit = fit_points(local, grid, pairs)
    assert (fit.verdict, fit.declared) == ("fits", "3 control points")


def test_a_code_that_is_right_and_one_that_is_shifted(grid):
    points = on_streets(grid, 200).to_crs(4547)
    bare = gpd.GeoSeries(points.to_numpy())
    assert fit_points(bare, grid, "EPSG:4547").verdict == "fits"


def test_few_points_and_none_cannot_tell(grid):
    for count in (0, 1, 7):
        points = gpd.GeoSeries(list(on_streets(grid, count)) if count else [], dtype="geometry")
        assert fit_points(points, grid, "wgs84").verdict == "cannot_tell"


def test_the_same_points_get_the_same_answer(grid):
    points = declared_as(on_streets(grid, 60), "gcj02")
    one, two = (fit_points(points, grid, "wgs84") for _ in range(2))
    assert one == two


def test_the_district_column_helps_but_never_outvotes_the_streets(grid):
    # 12 points: too few for the streets alone; the district column decides
    points = on_streets(grid, 14, off=20.0, seed=5)
    stored = declared_as(points, "gcj02")
    named = pd.Series([f"d{i}" for i in range(len(points))])

    def judged(**districts):
        return fit_points(stored, grid, "wgs84", **districts)

    def around(metric):
        return {"named_districts": named, "districts": metric.buffer(150).set_axis(named)}

    alone, helped = judged(), judged(**around(points.to_crs(4547)))
    assert helped.inside == {"wgs84": 0.0, "gcj02": 1.0, "bd09": 0.0}
    assert helped.clearness == alone.clearness
    assert alone.clearness["gcj02"] >= FAINT
    assert helped.verdict == "looks_like"
    # districts that lie wrong cannot outvote the streets
    elsewhere = datum.to_crs(stored, datum="bd09", crs="EPSG:4547")
    assert judged(**around(elsewhere)).likely in ("", "gcj02")
    many = declared_as(on_streets(grid, 200), "gcj02")
    wrong = datum.to_crs(many, datum="wgs84", crs="EPSG:4547").buffer(150)
    against = fit_points(many, grid, "wgs84", named_districts=pd.Series(range(200)), districts=wrong)
    assert (against.verdict, against.likely) == ("looks_like", "gcj02")


def test_abroad_there_is_nothing_to_confuse():
    west, south, random = 480_000, 6_675_000, np.random.default_rng(1)
    streets = [[(west, south + i * 400), (west + 8_000, south + i * 400)] for i in range(20)]
    xy = np.column_stack([west + random.uniform(500, 7_500, 80), south + 400 * random.integers(0, 20, 80)])
    points = gpd.GeoSeries(shapely.points(xy), crs=32722).to_crs(4326)
    lines = gpd.GeoSeries(shapely.linestrings(streets), crs=32722)
    fit = fit_points(points, lines, "wgs84")
    assert list(fit.median_m) == ["wgs84"]
    assert fit.verdict != "looks_like"


# --- layers of one source, and streets that lie wrong


@pytest.mark.parametrize("case", ["13c-wuhan-gcj02", "13d-wuhan-nested-gcj02"])
def test_boundaries_of_wuhan_in_gcj02_are_found_out_though_they_fit_each_other(data, wuhan_streets, case):
    folder = data.parent / "cases" / case
    if not folder.exists():
        pytest.skip(f"the shared case {case} is not here")
    layers = [zones_of(folder / "districts.geojson", role="district"), zones_of(folder / "communities.gpkg")]
    judged = judge([streets_of(wuhan_streets), *layers])
    assert [(fit.verdict, fit.likely) for fit in judged.fits] == [("looks_like", "gcj02")] * 2
    assert all(520 < fit.metres < 620 for fit in judged.fits)
    nested = [note.text("en") for note in judged.notes if note.code == "datum_shared_lines"]
    assert len(nested) == ("13d" in case)
    assert not nested or "district boundaries, community boundaries" in nested[0]


def cells(grid, side):
    """Return squares of about `side` metres whose borders run along the streets, a little beside them."""
    xs, ys = (np.unique(shapely.get_coordinates(grid.to_numpy())[:, axis])[::2] for axis in (0, 1))
    random = np.random.default_rng(7)
    x, y = (np.where(random.random(len(v)) < 0.8, v + random.normal(0, 6, len(v)), v + 150) for v in (xs, ys))
    boxes = [shapely.box(*p, *q) for p, q in product_of_neighbours(x[::side], y[::side])]
    return gpd.GeoSeries(boxes, crs=grid.crs)


def product_of_neighbours(x, y):
    return [((x0, y0), (x1, y1)) for x0, x1 in pairwise(x) for y0, y1 in pairwise(y)]


def stored_in(shapes, name):
    """Return metric shapes as a file in a datum that claims WGS 84 is read."""
    forward = {"gcj02": datum.gcj02_from_wgs84, "bd09": datum.bd09_from_wgs84, "wgs84": lambda xy: xy}[name]
    fine = shapely.segmentize(shapes.to_numpy(), 250)
    if shapes.geom_type.iloc[0] == "LineString":  # streets are short
        fine = np.concatenate(
            [
                shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
                for xy in map(shapely.get_coordinates, fine)
            ]
        )
    moved = shapely.transform(gpd.GeoSeries(fine, crs=shapes.crs).to_crs(4326).to_numpy(), forward)
    return gpd.GeoSeries(moved, crs=4326).to_crs(shapes.crs)


@pytest.mark.parametrize(
    ("accused", "real"),
    [("nobody", "wgs84"), *product(["streets", "zones", "register"], ["gcj02", "bd09"])],
)
def test_whoever_lies_wrong_is_accused_and_nobody_else(grid, accused, real):
    where = {"streets": "wgs84", "zones": "wgs84", "register": "wgs84", accused: real}
    streets = streets_of(stored_in(grid, where["streets"]))
    # two levels of one source: the coarse one is the union of the fine one
    fine, coarse = (stored_in(cells(grid, side), where["zones"]) for side in (1, 2))
    layers = [Placed(coarse, None, "district", "d"), Placed(fine, None, "community", "c")]
    stored = declared_as(on_streets(grid, 150), where["register"])
    points = Placed(datum.to_crs(stored, datum="wgs84", crs=CRS), "wgs84", "list", "r")
    judged = judge([streets, *layers], [points])
    named = {"streets.gpkg": "streets", "d": "zones", "c": "zones", "r": "register"}
    wrong = {fit.file: fit.likely for fit in judged.fits if fit.verdict == "looks_like"}
    assert wrong == ({} if real == "wgs84" else {f: real for f, who in named.items() if who == accused})
    assert judged.real[0] == where["streets"]


def test_streets_of_a_format_that_leaves_no_doubt_are_never_accused(grid):
    streets = streets_of(stored_in(grid, "gcj02"), known="wgs84")
    points = Placed(on_streets(grid, 150).to_crs(4547), "wgs84", "list", "r")
    assert {fit.role for fit in judge([streets], [points]).fits} == {"list"}


@pytest.mark.parametrize("wrong", [(), (3,), tuple(range(8))])
def test_of_many_files_of_one_level_each_is_judged(grid, wrong):
    squares = cells(grid, 1)
    order = np.argsort(squares.centroid.x.to_numpy(), kind="stable")
    parts = [squares.iloc[part] for part in np.array_split(order, 8)]
    layers = [
        Placed(stored_in(part, "gcj02" if i in wrong else "wgs84"), None, "town", f"{i}.gpkg")
        for i, part in enumerate(parts)
    ]
    judged = judge([streets_of(grid), *layers])
    right = {f"{i}.gpkg": ("fits", "cannot_tell") for i in range(8)} | {
        f"{i}.gpkg": ("looks_like", "cannot_tell") for i in wrong
    }
    assert all(
        fit.verdict in right[fit.file] for fit in judged.fits
    )  # a file of a few squares may be too faint
    found = [fit for fit in judged.fits if fit.verdict == "looks_like"]
    assert bool(found) == bool(wrong)
    assert {fit.likely for fit in found} <= {"gcj02"}
