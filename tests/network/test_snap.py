"""Snapping: legs by hand, the boundary, barriers, islands, reasons, ties, and an oracle in shapely."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon

from geoplan.network.graph import build_graph
from geoplan.network.snap import snap, snap_notes
from geoplan.tables import SNAPS
from geoplan.words.catalogue import Phrase


def network(*lines, contract=True, **columns):
    """A graph of lines; ends that lie on each other are one node."""
    ends = [line.coords[k] for line in lines for k in (0, -1)]
    xy, node = np.unique(np.array(ends), axis=0, return_inverse=True)
    nodes = pd.DataFrame(xy, columns=["x", "y"])
    table = gpd.GeoDataFrame({"u": node[::2], "v": node[1::2]}, geometry=list(lines), crs=None)
    return build_graph(nodes, table.assign(**columns), contract=contract)


def points(*xy):
    shapes = [None if p is None else Point(*p) for p in xy]
    return gpd.GeoSeries(shapes, index=[f"p{i}" for i in range(len(xy))], crs=None)


STREET = LineString([(0, 0), (100, 0), (100, 100)])


def test_the_foot_the_leg_and_the_offset():
    snaps = snap(network(STREET), points((30, 40), (130, 60), (-30, -40)))
    assert list(snaps.columns) == [*SNAPS, "off_ground"]
    assert snaps["leg_m"].tolist() == [40, 30, 50]
    assert snaps[["x", "y"]].values.tolist() == [[30, 0], [100, 60], [0, 0]]
    assert snaps["offset_m"].tolist() == [30, 160, 0]
    assert (snaps["reason"] == "").all()
    assert list(snaps.index) == ["p0", "p1", "p2"]


def test_the_leg_ends_at_max_snap_m_inclusive():
    snaps = snap(network(STREET), points((50, -250), (50, -250.001)))
    assert snaps["reason"].tolist() == ["", "too_far"]
    assert snaps["chain"].tolist() == [0, -1]
    assert snap(network(STREET), points((50, -3000)), max_snap_m=3000)["leg_m"].tolist() == [3000]


def test_points_that_are_none_or_empty_have_a_reason():
    here = gpd.GeoSeries([None, Point(), Point(5, 5)], index=[3, 1, 2], crs=None)
    snaps = snap(network(STREET), here)
    assert snaps["reason"].tolist() == ["no_point", "no_point", ""]
    assert snaps["leg_m"].isna().tolist() == [True, True, False]
    assert snap(network(STREET), here.iloc[:0]).empty


def test_no_streets_or_none_open():
    closed = network(STREET, fixed_fwd_s=[np.inf], fixed_bwd_s=[np.inf])
    assert snap(closed, points((5, 5), None))["reason"].tolist() == ["empty_graph", "no_point"]
    half = network(STREET, fixed_fwd_s=[np.inf])
    assert snap(half, points((5, 5)))["reason"].tolist() == [""]


def test_of_streets_equally_near_the_first_is_taken():
    lines = [LineString([(0, 10), (100, 10)]), LineString([(0, -10), (100, -10)])]
    assert snap(network(*lines), points((50, 0)))["y"].tolist() == [10]
    assert snap(network(*lines[::-1]), points((50, 0)))["y"].tolist() == [-10]


WALL = gpd.GeoSeries([LineString([(0, 5), (60, 5)])], crs=None)


def test_a_leg_goes_round_no_barrier_but_to_another_street():
    far = LineString([(0, 40), (100, 40)])
    graph = network(STREET, far)
    at = points((20, 12), (80, 12), (20, 3))
    assert snap(graph, at)["y"].tolist() == [0, 0, 0]
    snaps = snap(graph, at, barriers=WALL)
    # the first goes up instead of down; beside the wall's end and on the street's side nothing changes
    assert snaps["y"].tolist() == [40, 0, 0]
    alone = snap(network(LineString([(0, 0), (100, 0)])), at, barriers=WALL)
    assert alone["reason"].tolist() == ["barrier", "", ""]


def test_a_lake_may_be_left_but_not_crossed_and_a_bank_be_touched():
    lake = gpd.GeoSeries([Polygon([(0, 10), (100, 10), (100, 50), (0, 50)])], crs=None)
    street = network(LineString([(0, 0), (100, 0)]), LineString([(50, 0), (50, 60)]))
    snaps = snap(street, points((20, 20), (20, 55), (20, 10)), barriers=lake, max_snap_m=60)
    # out of the water, along the bank, from the bank
    assert snaps["leg_m"].tolist() == pytest.approx([20, 30, 10])
    only = network(LineString([(0, 0), (100, 0)]))
    assert snap(only, points((20, 55)), barriers=lake)["reason"].tolist() == ["barrier"]
    edge = gpd.GeoSeries([LineString([(0, 0), (100, 0)])], crs=None)
    # the street runs on the barrier
    assert snap(only, points((20, 5)), barriers=edge)["reason"].tolist() == [""]


def test_an_island_gives_way_to_the_main_network_wherever_that_is_in_reach():
    main = [LineString([(10 * i, 0), (10 * i + 10, 0)]) for i in range(9)]  # 10 nodes
    graph = network(*main, LineString([(0, 100), (80, 100)]))
    at = points(
        (40, 80), (40, 60), (40, 100), (40, 260)
    )  # island at 20, 40, 0, 160 m; main at 80, 60, 100, 260 m
    snaps = snap(graph, at, island_nodes=10)
    assert snaps["leg_m"].tolist() == [80, 60, 100, 160]
    assert snaps["island"].tolist() == [False, False, False, True]
    at = at.iloc[:3]
    assert snap(graph, at, island_nodes=10, max_snap_m=100)["leg_m"].tolist() == [80, 60, 100]
    assert snap(graph, at, island_nodes=10, max_snap_m=99.999)["leg_m"].tolist() == [80, 60, 0]
    assert snap(graph, at, island_nodes=10, max_snap_m=79)["leg_m"].tolist() == [20, 60, 0]
    assert snap(graph, at, island_nodes=2)["leg_m"].tolist() == [20, 40, 0]
    fence = gpd.GeoSeries([LineString([(0, 70), (80, 70)])], crs=None)
    assert snap(graph, at, island_nodes=10, barriers=fence)["leg_m"].tolist() == [20, 60, 0]
    assert snap(graph, at, island_nodes=50)["island"].all()


def test_the_ground_comes_before_bridges_and_tunnels_and_a_stated_level_before_all():
    lines = [LineString([(0, y), (100, y)]) for y in (0, 10, 20, 200)]
    levels = ["", "", "-1;-2", "1"]
    graph = network(*lines, on_ground=[True, False, False, False], level=levels)
    at = points((50, 12), (50, 19), (50, 170), (50, 300), (50, -300))
    snaps = snap(graph, at, island_nodes=2)
    # streets on the ground within 250 m; then what is nearest of the others; and nothing
    assert snaps["y"].tolist() == pytest.approx([0, 0, 0, 200, np.nan], nan_ok=True)
    assert snaps["off_ground"].tolist() == [False, False, False, True, False]
    # at the boundary, and one step beyond
    edge = points((50, 250), (50, 250.001))
    assert snap(graph, edge, island_nodes=2)["y"].tolist() == [0, 200]
    stated = pd.Series([-2.0, 0.0, 1.0, np.nan, -1.0], index=at.index)
    on = snap(graph, at, island_nodes=2, levels=stated)
    assert on["y"].tolist() == pytest.approx([20, 0, 200, 200, np.nan], nan_ok=True)
    # a level that no street near is on: as if it stated none
    alone = snap(graph, at.iloc[:1], island_nodes=2, levels=pd.Series([7.0], index=["p0"]))
    assert alone["y"].tolist() == [0]
    # an island on the ground comes before the main network above it; steps that reach the ground are on both levels
    tower = [LineString([(0, 0), (10, 0)]), *[LineString([(10 * i, 5), (10 * i + 10, 5)]) for i in range(9)]]
    above = network(*tower, on_ground=[True] + [False] * 9, level="1")
    assert snap(above, points((5, 5)), island_nodes=10)[["y", "island"]].values.tolist() == [[0, True]]
    assert [note.code for note in snap_notes(snaps, what=Phrase("snapped_facilities"), island_nodes=2)] == [
        "snap_too_far", "snap_off_ground",
    ]  # fmt: skip


def test_notes_count_the_reasons():
    snaps = snap(network(STREET), points((30, 40), (50, -300), None, (1, 900)), island_nodes=0)
    notes = snap_notes(snaps, what=Phrase("snapped_facilities"))
    assert [note.code for note in notes] == ["snap_too_far", "snap_no_point"]
    assert notes[0].text("en").startswith("2 facilities lie further than 250 m")
    assert all(note.text("zh") for note in notes)


def test_points_and_graph_are_left_as_they_were():
    at = points((30, 40), None)
    before = at.copy()
    snap(network(STREET), at)
    assert at.geom_equals(before).tolist() == [True, False]  # null equals nothing
    assert at.index.equals(before.index)


KIND = st.tuples(st.booleans(), st.sampled_from(["", "0", "1", "-1;0", "1-2"]))
GRID = st.sampled_from([0, 1, 7, 100, 101, 260])
SPOT = st.tuples(GRID, GRID)


@given(st.lists(st.tuples(SPOT, SPOT, SPOT), min_size=1, max_size=6), st.lists(SPOT, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_the_nearest_street_is_that_of_shapely(triples, spots):
    lines = [LineString(t) for t in triples if t[0] != t[1] and t[1] != t[2]]
    if not lines:
        return
    at = points(*spots)
    snaps = snap(network(*lines), at, max_snap_m=100, island_nodes=0)
    apart = shapely.distance(at.to_numpy()[:, None], np.array(lines)[None, :]).min(axis=1)
    assert (snaps["reason"] == "").tolist() == (apart <= 100).tolist()
    on = apart <= 100
    snaps = snaps[on]
    assert snaps["leg_m"].to_numpy() == pytest.approx(apart[on], abs=1e-9)
    chains = network(*lines).geometry()
    feet = shapely.line_interpolate_point(chains[snaps["chain"]], snaps["offset_m"].to_numpy())
    assert (shapely.distance(feet, shapely.points(snaps[["x", "y"]].to_numpy())) <= 1e-9).all()


@given(
    st.lists(st.tuples(SPOT, SPOT, KIND), min_size=1, max_size=6),
    st.lists(st.tuples(SPOT, st.sampled_from([0.0, 1.0, -1.0, 2.0])), min_size=1, max_size=4),
    st.integers(1, 4),
)
@settings(max_examples=150, deadline=None)
def test_the_choice_is_that_of_plain_code(streets, spots, island_nodes):
    streets = [(a, b, kind) for a, b, kind in streets if a != b]
    if not streets:
        return
    lines = [LineString([a, b]) for a, b, _ in streets]
    ground, level = [kind[0] for *_, kind in streets], [kind[1] for *_, kind in streets]
    graph = network(*lines, contract=False, on_ground=ground, level=level)
    at = points(*(spot for spot, _ in spots))
    stated = pd.Series([own for _, own in spots], index=at.index)
    snaps = snap(graph, at, max_snap_m=100, island_nodes=island_nodes, levels=stated)
    # nodes that hang together, by plain union of ends
    parts = []
    for a, b, _ in streets:
        met = [part for part in parts if part & {a, b}]
        parts = [part for part in parts if part not in met] + [set().union({a, b}, *met)]
    holds = {"": {0.0}, "0": {0.0}, "1": {1.0}, "-1;0": {-1.0, 0.0}, "1-2": {1.0, 2.0}}
    for (spot, own), row in zip(spots, snaps.itertuples(), strict=True):
        ways = []
        for line, (a, _, kind) in zip(lines, streets, strict=True):
            metres = line.distance(Point(spot))
            if metres <= 100:
                island = next(len(part) for part in parts if a in part) < island_nodes
                on_own = own != 0 and kind[1] != "" and own in holds[kind[1]]
                ways.append((not on_own, not on_own and not kind[0], island, metres, line))
        if not ways:
            assert row.reason == "too_far"
            continue
        best = min(way[:4] for way in ways)
        assert row.leg_m == pytest.approx(best[3], abs=1e-9)
        assert row.island == best[2]
