"""Heights along streets: planes that can be summed by hand, bridges, gaps, and real rasters."""

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from geoplan.inputs.elevation import profiles, sample
from geoplan.inputs.streets import read_streets
from geoplan.words.errors import InputError

CRS = "EPSG:32631"
X, Y = 500_000.0, 1_000_000.0


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    """Write heights given as a function of metres east and north; 10 m cells, 1 km wide."""

    def write(height, *, nodata=None, crs=CRS):
        path = tmp_path_factory.mktemp("heights") / "heights.tif"
        east, north = np.meshgrid(np.arange(100) * 10 + 5.0, 1000 - (np.arange(100) * 10 + 5.0))
        cells = np.broadcast_to(height(east, north), east.shape)
        options = {"driver": "GTiff", "width": 100, "height": 100, "count": 1, "dtype": "float64", "crs": crs}
        options |= {"transform": Affine(10, 0, X, 0, -10, Y + 1000), "nodata": nodata}
        with rasterio.open(path, "w", **options) as target:
            target.write(cells, 1)
        return path

    return write


def street(*lines, bridge=None, tunnel=None):
    """Edges through points numbered by place."""
    places = sorted({p for line in lines for p in (line[0], line[-1])})
    return gpd.GeoDataFrame(
        {
            "u": [places.index(line[0]) for line in lines],
            "v": [places.index(line[-1]) for line in lines],
            "bridge": bridge or [False] * len(lines),
            "tunnel": tunnel or [False] * len(lines),
        },
        geometry=[shapely.LineString([(X + x, Y + y) for x, y in line]) for line in lines],
        crs=CRS,
    )


def of_edge(found, edge):
    return found.height[found.first[edge] : found.first[edge + 1]].tolist()


def test_a_plane_by_hand(raster):
    # 300 m up to the east at 10 %: heights at 0, 25, 50, 75, 100 m from x = 300
    found = profiles(street([(300, 500), (400, 500)]), raster(lambda e, _: 0.1 * e))
    assert of_edge(found, 0) == pytest.approx([30, 32.5, 35, 37.5, 40], abs=1e-6)
    assert found.notes == ()


@pytest.mark.parametrize(("length", "heights"), [(24.9, 2), (25.0, 2), (25.1, 3), (100.0, 5), (0.0, 2)])
def test_parts_of_at_most_25_m(raster, length, heights):
    found = profiles(street([(300, 500), (300 + length, 500)]), raster(lambda e, _: 0.0 * e))
    assert len(found.height) == heights


def test_smoothing_is_the_stated_gaussian(raster):
    # one cell of 100 m in flat ground: the kernel's weights are what is read around it
    path = raster(lambda e, n: np.where((abs(e - 505) < 1) & (abs(n - 505) < 1), 100.0, 0.0))
    offsets = np.arange(-7, 8)  # three standard deviations of 2.5 cells are 7.5, rounded to 8
    kernel = np.exp(-0.5 * (np.arange(-8, 9) / 2.5) ** 2)
    kernel /= kernel.sum()
    xy = np.column_stack([X + 505 + 10.0 * offsets, np.full(len(offsets), Y + 505)])
    assert sample(path, xy, crs=CRS) == pytest.approx(100 * kernel[8 + offsets] * kernel[8], abs=1e-9)


def test_a_bridge_rises_evenly_over_its_valley(raster):
    # a valley 100 m deep between x = 400 and 600; the bridge is drawn as three edges
    path = raster(lambda e, _: np.where((e > 400) & (e < 600), -100.0, 0.05 * e))
    lines = (
        [(300, 500), (340, 500)], [(340, 500), (450, 500)], [(450, 500), (520, 500)], [(520, 500), (680, 500)],
    )  # fmt: skip
    on_bridge = [False, True, True, True]
    found = profiles(street(*lines, bridge=on_bridge), path)
    ends = sample(path, np.array([(X + 340, Y + 500), (X + 680, Y + 500)]), crs=CRS)
    for edge, line in enumerate(lines):
        if on_bridge[edge]:
            east = np.linspace(line[0][0], line[1][0], len(of_edge(found, edge)))
            assert of_edge(found, edge) == pytest.approx(np.interp(east, [340, 680], ends).tolist(), abs=1e-6)
    # the same line as a tunnel, and as a street
    assert profiles(street(*lines, tunnel=on_bridge), path).height == pytest.approx(found.height)
    assert profiles(street(*lines), path).height.min() < -90


def test_a_bridge_that_forks_and_one_that_hangs_on_nothing(raster):
    path = raster(lambda e, _: 0.1 * e)
    fork = (
        [(300, 500), (400, 500)], [(400, 500), (500, 500)], [(400, 500), (400, 600)], [(700, 500), (720, 500)],
    )  # fmt: skip
    found = profiles(street(*fork, bridge=[True] * 4), path)
    # ends at 30, 50 and 40 m, all 100 m from the fork: the fork lies at their mean
    assert of_edge(found, 0)[-1] == pytest.approx(40, abs=1e-6)
    ring = [(300, 500), (400, 500)], [(400, 500), (400, 600)], [(400, 600), (300, 500)]
    hung = profiles(street(*ring, bridge=[True] * 3), path)
    assert of_edge(hung, 0)[0] == pytest.approx(30, abs=1e-6)


def test_gaps_take_heights_beside_them_and_are_said(raster):
    path = raster(lambda e, _: np.where((e > 600) | (abs(e - 350) < 60), -9999.0, 0.1 * e), nodata=-9999.0)
    lines = [(200, 500), (500, 500)], [(800, 500), (900, 500)], [(5000, 500), (5100, 500)]
    found = profiles(street(*lines), path)
    assert np.isfinite(found.height).all()
    assert np.diff(of_edge(found, 0)).min() >= -1e-9
    assert set(of_edge(found, 1)) == set(of_edge(found, 2)) == {0.0}
    assert found.notes[0].values == {"edges": "3", "km": "0.2"}
    assert found.notes[0].text("zh")
    # far from the raster all is flat
    far = profiles(street([(90_000, 500), (90_100, 500)]), path)
    assert (set(far.height), far.notes[0].code) == ({0.0}, "heights_missing")


def test_errors(raster, tmp_path):
    edges = street([(300, 500), (400, 500)])
    (tmp_path / "text.tif").write_text("no raster", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    for path, message in (
        (tmp_path / "none.tif", "no such file"),
        (tmp_path / "text.tif", "cannot be read"),
        (tmp_path / "empty.zip", "unknown kind of file"),
        (raster(lambda e, _: e, crs=None), "no CRS"),
    ):
        with pytest.raises(InputError, match=message):
            profiles(edges, path)


STEP = st.tuples(st.sampled_from([0, 1, 13, 500]), st.sampled_from([0, 1, 40, 500]))


@settings(deadline=None, max_examples=60)
@given(st.lists(STEP, min_size=2, max_size=4))
def test_law_reversed_edges_have_reversed_heights(raster, points):
    path = raster(lambda e, n: 0.1 * e + 30 * np.sin(n / 90))
    line = [(300 + x, 300 + y) for x, y in points]
    there, back = profiles(street(line), path), profiles(street(line[::-1]), path)
    assert there.height == pytest.approx(back.height[::-1], abs=1e-6)


def test_andorra_from_a_zipped_tile(real):
    streets = read_streets(real("small_pbf/andorra.osm.pbf"), crs="EPSG:32631")
    tile = real("small_pbf/andorra_N42E001.hgt.zip")
    found = profiles(streets.edges, tile)
    assert found.notes == ()
    # Andorra la Vella lies at 1,023 m, the lowest point of the country at 840 m, Coma Pedrosa at 2,942 m
    assert 830 < found.height.min() < found.height.max() < 2_945
    place = Transformer.from_crs(4326, 32631, always_xy=True).transform(1.5218, 42.5078)
    assert sample(tile, np.array([place]), crs=32631)[0] == pytest.approx(1_023, abs=30)
    # an edge ends as high as the next begins
    node = streets.edges[["u", "v"]].to_numpy().T.ravel()
    ends = pd.Series(found.height[np.concatenate([found.first[:-1], found.first[1:] - 1])]).groupby(node)
    assert (ends.max() - ends.min()).max() < 0.5
