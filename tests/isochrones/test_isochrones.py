"""Reached parts and isochrones on small random towns, against a plain Dijkstra search at spots along every edge; and on Porto Alegre."""

import itertools
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from street_walks import Oracle, on_graph

from geoplan.inputs.streets import read_streets
from geoplan.network.graph import build_graph
from geoplan.network.isochrones import isochrones, legs
from geoplan.network.pace import walking_costs
from geoplan.network.pieces import reached_parts
from geoplan.network.reach import nearest, node_seconds
from geoplan.network.snap import snap
from geoplan.words.errors import TableError

#: Parts that each street edge is cut into.
CUTS = 8
KMH = 3.6  # one metre a second


def town(seed, n_nodes=7, n_edges=11):
    """Return nodes and edges: loops, parallel and one-way edges, valves, costs unlike lengths, islands."""
    rng = np.random.default_rng(seed)
    nodes = pd.DataFrame({"x": rng.random(n_nodes) * 1000, "y": rng.random(n_nodes) * 1000})
    u, v = rng.integers(0, n_nodes, n_edges), rng.integers(0, n_nodes, n_edges)
    lines = []
    for a, b in zip(u, v, strict=True):
        ends = [nodes.loc[a].tolist(), nodes.loc[b].tolist()]
        bends = (rng.random((2, 2)) * 1000).tolist()  # two, so that a loop does not go back on itself
        lines.append(shapely.LineString([ends[0], *bends, ends[1]]))
    length = shapely.length(lines)
    costs = {
        "fwd_m": length * rng.choice([1.0, 1.0, 0.25, 2.0], n_edges), "bwd_m": length * rng.choice([1.0, 1.0, 0.5], n_edges),
        "fixed_fwd_s": rng.choice([0.0, 0.0, 40.0, np.inf], n_edges), "fixed_bwd_s": rng.choice([0.0, 0.0, 25.0, np.inf], n_edges),
    }  # fmt: skip
    ids = pd.RangeIndex(n_edges) + 100
    edges = gpd.GeoDataFrame({"u": u, "v": v, **costs}, index=ids, geometry=lines, crs=None)
    # a valve: a node split in two, with an edge of no length between
    split = n_nodes
    nodes.loc[split] = nodes.loc[0]
    mine = edges.index[edges["v"] == 0][::2]
    edges.loc[mine, "v"] = split
    open_s = rng.choice([0.0, np.inf])
    row = {"u": 0, "v": split, "fwd_m": 0.0, "bwd_m": 0.0, "fixed_fwd_s": open_s, "fixed_bwd_s": open_s}
    line = shapely.LineString([nodes.loc[0].tolist()] * 2)
    valve = gpd.GeoDataFrame([row], index=[99], geometry=[line], crs=edges.crs)
    return nodes, pd.concat([edges, valve])


def place(edges, edge_id, part):
    """Return the point at `part` (0-1) of an edge."""
    return edges.geometry[edge_id].interpolate(part, normalized=True)


def true_seconds(nodes, edges, facilities):
    """Return seconds to the nearest facility by (edge_id, cut 0..CUTS); facilities: (edge_id, cut, leg seconds)."""
    spots = {(e, k): (e, k / CUTS, 0.0) for e in edges.index for k in range(CUTS + 1)}
    homes = {number: (edge_id, k / CUTS, leg) for number, (edge_id, k, leg) in enumerate(facilities)}
    walks = Oracle(nodes, edges, KMH).pairs(spots, homes, np.inf)
    return {spot: min(walks[spot, home] for home in homes) for spot in spots}


def on_chains(graph, facilities):
    """Return snaps of facilities (edge_id, cut, leg seconds) on a graph, one metre a second."""
    homes = enumerate(facilities)
    return on_graph(graph, {f"f#{i}": (edge_id, k / CUTS, leg) for i, (edge_id, k, leg) in homes})


def junction_seconds(graph, edges, true):
    """Return true seconds at the graph's junctions."""
    at = {}
    for edge_id, row in edges.iterrows():
        at[row.u], at[row.v] = true[edge_id, 0], true[edge_id, CUTS]
    return np.array([at[i] for i in graph.node_id])


FACILITY = st.tuples(st.integers(100, 110), st.integers(0, CUTS), st.sampled_from([0.0, 30.0, 500.0]))


def test_cut_by_hand():
    # a street of 100 m up to its middle at 1 m/s, then uphill at half the pace; the facility 10 m beside its end
    nodes = pd.DataFrame({"x": [0.0, 100.0, 200.0, 200.0], "y": [0.0, 0.0, 0.0, 50.0]})
    lines = [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (200, 50)]]
    costs = {"fwd_m": [100.0, 200.0, 50.0], "bwd_m": [100.0, 100.0, 50.0], "fixed_bwd_s": [0.0, 0.0, 20.0]}
    edges = gpd.GeoDataFrame(
        {"u": [0, 1, 2], "v": [1, 2, 3], **costs, "fixed_fwd_s": 0.0},
        geometry=[shapely.LineString(c) for c in lines],
    )
    graph = build_graph(nodes, edges)
    assert graph.n_chains == 1
    corner = 200.0 if graph.node_id[graph.chain_start[0]] == 0 else 50.0
    snaps = pd.DataFrame({"chain": [0], "offset_m": [corner], "leg_m": [10.0]})
    beyond = np.full(graph.n_nodes, np.inf)
    got = reached_parts(graph, beyond, snaps, walk_kmh=KMH, limits=(5.0, 45.0, 235.0))
    assert len(got[0]) == 0  # the leg alone takes ten seconds
    # 35 s are left: 17.5 m uphill from the west; from the north 50 m take 50 + 20 s, so 35 s are half of them
    drawn = sorted(line.normalize().wkt for line in got[1])
    assert drawn == ["LINESTRING (182.5 0, 200 0)", "LINESTRING (200 0, 200 25)"]
    # 225 s: all uphill and 25 m before it, without what was drawn before
    lengths = sorted(round(line.length, 6) for line in got[2])
    assert lengths == [25.0, 25.0 + 82.5]


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 10_000), st.lists(FACILITY, min_size=1, max_size=3), st.booleans())
def test_reached_parts_are_those_of_a_slow_search(seed, facilities, contract):
    nodes, edges = town(seed, n_nodes=7 if seed % 2 else 12)  # few nodes: many ways; many: long chains
    graph = build_graph(nodes, edges, contract=contract)
    true = true_seconds(nodes, edges, facilities)
    snaps, seconds = on_chains(graph, facilities), junction_seconds(graph, edges, true)
    limits = (200.0, 700.0, 1500.0)
    bands = reached_parts(graph, seconds, snaps, walk_kmh=KMH, limits=limits)
    for k, limit in enumerate(limits):
        drawn = shapely.multilinestrings(np.concatenate(bands[: k + 1]))
        for (edge_id, cut), real in true.items():
            if edge_id == 99 or cut in {0, CUTS} or abs(real - limit) < 1e-6:
                continue  # the ends of edges lie on many edges at once
            if any((edge_id, cut) == f[:2] for f in facilities):
                continue  # the spot of a facility on a street closed both ways is no part of a street
            apart = shapely.distance(drawn, place(edges, edge_id, cut / CUTS))  # NaN where nothing is drawn
            assert (apart < 1e-6) == (real <= limit), (edge_id, cut, real, limit)


# -- isochrones ------------------------------------------------------------------------------------------------------


def snapped(graph, edges, facilities):
    """Return snaps of facilities with the point of each, its leg's metres aside of the street."""
    table = on_chains(graph, facilities)
    on = [place(edges, edge_id, cut / CUTS) for edge_id, cut, _ in facilities]
    points = [shapely.Point(p.x, p.y + leg) for p, (_, _, leg) in zip(on, facilities, strict=True)]
    columns = {"x": [p.x for p in on], "y": [p.y for p in on], "geometry": points}
    return gpd.GeoDataFrame(table.assign(**columns).rename_axis("facility_id"), crs=edges.crs)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.lists(FACILITY, min_size=1, max_size=3), st.sampled_from([2.0, 30.0]))
def test_isochrones_are_valid_nested_and_hold_origin_leg_and_every_reached_part(seed, facilities, width_m):
    nodes, edges = town(seed)
    graph = build_graph(nodes, edges)
    true = true_seconds(nodes, edges, facilities)
    snaps = snapped(graph, edges, facilities)
    got = isochrones(graph, snaps, walk_kmh=KMH, minutes=[10, 5, 25], width_m=width_m)
    assert got["minutes"].tolist() == [5.0, 10.0, 25.0]
    assert got.is_valid.all()
    assert got.crs == graph.crs
    for inner, outer in itertools.pairwise(got.geometry):
        assert inner.is_empty or outer.covers(inner)
    for minutes, polygon in zip(got["minutes"], got.geometry, strict=True):
        for (edge_id, cut), real in true.items():
            if real <= 60 * minutes:
                assert polygon.covers(place(edges, edge_id, cut / CUTS))
        for home in snaps.itertuples():
            assert polygon.covers(home.geometry)
            if home.leg_m <= 60 * minutes:
                assert polygon.covers(shapely.LineString([home.geometry, (home.x, home.y)]))
        # and no ground but theirs: everything lies within the width of what the slow search reaches, to a short edge
        far = [place(edges, e, k / CUTS) for (e, k), real in true.items() if real <= 60 * minutes]
        longest = edges.length.max() / CUTS
        homes = [home.buffer(500 + width_m) for home in snaps.geometry]
        ground = shapely.union_all([*(p.buffer(width_m + longest + 1) for p in far), *homes])
        assert polygon.difference(ground).area < 1e-3


def test_each_facility_by_itself_adds_up_to_all():
    nodes, edges = town(5)
    graph = build_graph(nodes, edges)
    snaps = snapped(graph, edges, [(108, 1, 0.0), (100, 3, 20.0), (104, 2, 0.0)])
    nowhere = dict.fromkeys(("offset_m", "leg_m", "x", "y"), np.nan)
    lost = snaps.iloc[[0]].assign(chain=-1, **nowhere).rename(index={"f#0": "f#9"})
    snaps = pd.concat([snaps, lost])
    one = isochrones(graph, snaps, walk_kmh=KMH, minutes=[5, 12], width_m=30, each=True)
    assert list(one.columns) == ["facility_id", "minutes", "geometry"]
    assert one["facility_id"].tolist() == ["f#0"] * 2 + ["f#1"] * 2 + ["f#2"] * 2 + ["f#9"] * 2
    assert one.loc[one["facility_id"] == "f#9", "geometry"].is_empty.all()
    together = isochrones(graph, snaps, walk_kmh=KMH, minutes=[5, 12], width_m=30)
    for minutes, whole in zip(together["minutes"], together.geometry, strict=True):
        parts = shapely.union_all(one.loc[one["minutes"] == minutes, "geometry"].array)
        assert whole.symmetric_difference(parts).area < 0.02 * whole.area


def test_a_leg_ends_where_the_time_does():
    snaps = gpd.GeoDataFrame(
        {"x": [30.0, 5.0], "y": [0.0, 5.0], "leg_m": [30.0, 0.0]},
        geometry=[shapely.Point(0, 0), shapely.Point(5, 5)],
    )
    assert [line.wkt for line in legs(snaps, 10.0)] == ["LINESTRING (0 0, 10 0)", "LINESTRING (5 5, 5 5)"]
    assert [line.length for line in legs(snaps)] == [30.0, 0.0]
    assert [line.length for line in legs(pd.DataFrame(snaps[["x", "y"]]))] == [0.0, 0.0]


def test_no_facility_on_the_network_gives_empty_ground():
    nodes, edges = town(1)
    graph = build_graph(nodes, edges)
    none = snapped(graph, edges, [(108, 1, 0.0)]).iloc[:0]
    got = isochrones(graph, none, walk_kmh=4.0, minutes=[5, 10], width_m=30)
    assert got.is_empty.tolist() == [True, True]


def test_wrong_values_are_refused():
    nodes, edges = town(1)
    graph = build_graph(nodes, edges)
    snaps = snapped(graph, edges, [(108, 1, 0.0)])
    for wrong in ({"minutes": []}, {"minutes": [0]}, {"walk_kmh": 0}, {"width_m": -1}):
        with pytest.raises(ValueError, match="above 0"):
            isochrones(graph, snaps, **({"walk_kmh": 4.0, "minutes": [5], "width_m": 30} | wrong))
    with pytest.raises(TableError, match="leg_m"):
        isochrones(graph, snaps.drop(columns="leg_m"), walk_kmh=4.0, minutes=[5], width_m=30)
    with pytest.raises(TableError, match="duplicate ids: f#0"):
        isochrones(graph, pd.concat([snaps, snaps]), walk_kmh=4.0, minutes=[5], width_m=30)


# --- the streets of Porto Alegre: valid, nested, holding what is reached, as large as the plain union

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
    ends = [shapely.get_coordinates(points.array), on[["x", "y"]].to_numpy()]
    legs = shapely.linestrings(np.stack(ends, axis=1))
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
    spots = shapely.line_interpolate_point(graph.geometry()[chains], rng.random(3000), normalized=True)
    people = gpd.GeoSeries(spots, crs=graph.crs)
    walks = nearest(graph, snap(graph, people), snaps, walk_kmh=4.0, limit_seconds=900)["seconds"]
    assert 100 < walks.notna().sum() < 2900
    shapely.prepare(polygon)
    inside = shapely.covers(polygon, people.array)
    assert inside[walks.notna().to_numpy()].all()
    # and who is further than the width from every reached street is outside: most of those who are late
    assert inside[walks.isna().to_numpy()].mean() < 0.2
