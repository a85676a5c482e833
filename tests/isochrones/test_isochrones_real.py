"""Isochrones on the streets of Porto Alegre: valid, nested, holding what is reached, as large as the plain union."""

import itertools
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geoplan.inputs.streets import read_streets
from geoplan.network.graph import build_graph
from geoplan.network.isochrones import isochrones
from geoplan.network.pace import walking_costs
from geoplan.network.pieces import reached_parts
from geoplan.network.reach import nearest, node_seconds
from geoplan.network.snap import snap

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "porto_alegre"
TERMS = {"walk_kmh": 4.0, "width_m": 30.0}
MINUTES = [5.0, 10.0, 15.0]


@pytest.fixture(scope="module")
def porto_alegre():
    if not DATA.exists():
        pytest.skip("no real data beside the project (../shared/data)")
    streets = read_streets(DATA / "poa_osm.pbf", crs="EPSG:32722")
    edges = walking_costs(streets.nodes, streets.edges)
    rng = np.random.default_rng(3)
    near = edges.geometry.iloc[rng.choice(len(edges), 12, replace=False)].interpolate(0.4, normalized=True)
    xy = shapely.get_coordinates(near.array) + rng.normal(0, 25, (12, 2))
    points = gpd.GeoSeries(shapely.points(xy), index=[f"f#{i}" for i in range(12)], crs=edges.crs)
    return build_graph(streets.nodes, edges), build_graph(streets.nodes, edges, contract=False), points


@pytest.mark.parametrize("which", [slice(0, 1), slice(5, 6), slice(0, 12)])
def test_polygons_hold_the_streets_that_an_uncontracted_search_reaches(porto_alegre, which):
    graph, plain, points = porto_alegre
    points = points.iloc[which]
    snaps = gpd.GeoDataFrame(snap(graph, points), geometry=points)
    got = isochrones(graph, snaps, minutes=MINUTES, **TERMS)
    assert got.is_valid.all()
    assert all(outer.covers(inner) for inner, outer in itertools.pairwise(got.geometry))
    limits = [60 * m for m in MINUTES]
    on = snap(plain, points)
    seconds = node_seconds(plain, on, walk_kmh=4.0, limit_seconds=limits[-1])
    parts = reached_parts(plain, seconds, on, walk_kmh=4.0, limits=limits)
    legs = shapely.linestrings(
        np.stack([shapely.get_coordinates(points.array), on[["x", "y"]].to_numpy()], axis=1)
    )
    for k, polygon in enumerate(got.geometry):
        reached = np.concatenate([*parts[: k + 1], legs])
        shapely.prepare(polygon)
        assert shapely.covers(polygon, reached).all()
        slow = shapely.union_all(shapely.buffer(reached, 30.0))
        assert polygon.area == pytest.approx(slow.area, rel=0.01)


def test_who_walks_in_time_from_a_street_is_inside(porto_alegre):
    graph, _, points = porto_alegre
    snaps = gpd.GeoDataFrame(snap(graph, points), geometry=points)
    polygon = isochrones(graph, snaps, minutes=[15], **TERMS).geometry.iloc[0]
    rng = np.random.default_rng(4)
    chains = rng.choice(graph.n_chains, 3000)
    people = gpd.GeoSeries(
        shapely.line_interpolate_point(graph.geometry()[chains], rng.random(3000), normalized=True),
        crs=graph.crs,
    )
    walks = nearest(graph, snap(graph, people), snaps, walk_kmh=4.0, limit_seconds=900)["seconds"]
    assert 100 < walks.notna().sum() < 2900
    shapely.prepare(polygon)
    inside = shapely.covers(polygon, people.array)
    assert inside[walks.notna().to_numpy()].all()
    # and who is further than the width from every reached street is outside: most of those who are late
    assert inside[walks.isna().to_numpy()].mean() < 0.2
