"""Minutes rasters: a cell holds what a person at its centre walks."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.graph import build_graph
from geoplan.network.reach import nearest
from geoplan.network.snap import snap
from geoplan.network.surface import NODATA, MinutesRaster, minutes_raster, write_minutes

KMH = 3.6  # one metre a second


def street():
    """Return a street of 1,000 m from west to east and a facility 20 m north of its start."""
    nodes = pd.DataFrame({"x": [500_000.0, 501_000.0], "y": [3_380_000.0, 3_380_000.0]})
    line = shapely.LineString(nodes[["x", "y"]].to_numpy())
    graph = build_graph(nodes, gpd.GeoDataFrame({"u": [0], "v": [1]}, geometry=[line], crs="EPSG:4547"))
    facility = gpd.GeoSeries([shapely.Point(500_000, 3_380_020)], index=["f#2"], crs="EPSG:4547")
    return graph, snap(graph, facility, island_nodes=0)


def rasterised(**options):
    graph, facility = street()
    terms = {"bounds": (500_000, 3_379_900, 500_500, 3_380_101), "cell_m": 100.0, "walk_kmh": KMH,
             "limit_seconds": 420.0, "max_snap_m": 120.0, "island_nodes": 0}  # fmt: skip
    return minutes_raster(graph, facility, **(terms | options))


def test_by_hand():
    got = rasterised()
    assert got.minutes.dtype == np.float32
    assert got.minutes.shape == (3, 5)  # 201 m of height, moved out to 300
    assert (got.transform.c, got.transform.f, got.transform.a) == (500_000, 3_380_200, 100)
    # rows 150 and 50 m north, 50 m south of the street: leg + way + the facility's leg of 20 m
    way = np.array([50, 150, 250, 350, 450])
    expected = np.stack([np.full(5, np.inf), 50 + way + 20, 50 + way + 20]).astype(float)
    expected[expected > 420] = np.inf  # 450 + 70 is beyond the limit, 350 + 70 is just within
    shown = np.where(np.isnan(got.minutes), np.inf, got.minutes * 60)
    np.testing.assert_allclose(shown, expected)


def test_the_longest_leg_rules_as_for_people():
    assert np.isfinite(rasterised(max_snap_m=150.0).minutes[0, 0])  # inclusive
    assert np.isnan(rasterised(max_snap_m=149.9).minutes[0]).all()


def test_an_area_leaves_the_other_cells_out():
    whole, part = rasterised(), rasterised(area=shapely.box(500_000, 3_380_000, 500_200, 3_380_100))
    assert np.isfinite(part.minutes).sum() == 2
    np.testing.assert_array_equal(part.minutes[1, :2], whole.minutes[1, :2])


def test_no_cell_is_refused():
    for wrong in ({"cell_m": 0.0}, {"bounds": (0, 0, 0, 10)}):
        with pytest.raises(ValueError, match="no cell"):
            rasterised(**wrong)


def town(seed):
    """Return a graph of random bent streets, some one-way or with fixed seconds, and three facilities on it."""
    rng = np.random.default_rng(seed)
    nodes = pd.DataFrame(rng.random((8, 2)) * 600, columns=["x", "y"])
    u, v = rng.integers(0, 8, 12), rng.integers(0, 8, 12)
    xy = nodes.to_numpy()
    bent = (np.stack([xy[a], *(rng.random((2, 2)) * 600), xy[b]]) for a, b in zip(u, v, strict=True))
    streets = gpd.GeoDataFrame(
        {"u": u, "v": v}, geometry=[shapely.LineString(line) for line in bent], crs="EPSG:4547"
    )
    edges = streets.assign(oneway=rng.choice([-1, 0, 0, 1], 12), fixed_fwd_s=rng.choice([0.0, 30.0], 12))
    graph = build_graph(nodes, edges)
    spots = shapely.points(rng.random((3, 2)) * 600)
    facilities = gpd.GeoSeries(spots, index=["f#1", "f#2", "f#3"], crs="EPSG:4547")
    return graph, snap(graph, facilities, max_snap_m=100.0, island_nodes=3)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.sampled_from([40.0, 55.5]), st.sampled_from([60.0, 400.0]))
def test_a_cell_equals_a_person_at_its_centre(seed, cell_m, limit_seconds):
    graph, facilities = town(seed)
    options, terms = (
        {"max_snap_m": 100.0, "island_nodes": 3},
        {"walk_kmh": KMH, "limit_seconds": limit_seconds},
    )
    bounds = (-20, -20, 620, 620)
    got = minutes_raster(graph, facilities, bounds=bounds, cell_m=cell_m, **terms, **options)
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, got.minutes.shape, (10, 2))
    x, y = rasterio.transform.xy(got.transform, cells[:, 0], cells[:, 1])
    people = gpd.GeoSeries(shapely.points(x, y), crs=graph.crs)
    walks = nearest(graph, snap(graph, people, **options), facilities, **terms)
    minutes = (walks["seconds"] / 60).to_numpy(dtype=np.float32)
    np.testing.assert_array_equal(got.minutes[cells[:, 0], cells[:, 1]], minutes)


def test_the_file_holds_the_raster_and_the_same_bytes_each_time(tmp_path):
    got = rasterised()
    for name in ("a.tif", "b.tif"):
        write_minutes(tmp_path / name, got, description="养老服务 minutes")
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tif", "b.tif"]  # nothing beside them
    with rasterio.open(tmp_path / "a.tif") as file:
        assert file.crs.to_epsg() == 4547
        assert file.nodata == NODATA
        assert file.descriptions == ("养老服务 minutes",)
        assert file.units == ("min",)
        (here,) = file.sample([(500_120, 3_380_060)])
        assert here[0] == pytest.approx((50 + 150 + 20) / 60)
        (far,) = file.sample([(500_120, 3_380_160)])
        assert far[0] == NODATA
        np.testing.assert_array_equal(file.read(1, masked=True).filled(np.nan), got.minutes)


def test_a_large_raster_is_small_on_disk(tmp_path):
    minutes = np.full((2000, 2000), np.nan, dtype=np.float32)
    write_minutes(tmp_path / "empty.tif", MinutesRaster(minutes, rasterised().transform, "EPSG:4547"))
    assert (tmp_path / "empty.tif").stat().st_size < 100_000
