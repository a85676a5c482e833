"""Reach on small random graphs against Dijkstra's search: zero-length and parallel edges, loops, islands, gates."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.graph import build_graph
from geoplan.network.reach import nearest, node_seconds, reach

NODES = 7
SPOTS = [(0, 0), (0, 0), (40, 0), (100, 0), (100, 30), (0, 30), (500, 500)]  # two nodes share a place
LIMITS = st.sampled_from([0.0, 30.0, 100.0, 1000.0])
KMH = 3.6


@st.composite
def street_tables(draw):
    links = draw(
        st.lists(st.tuples(*[st.integers(0, NODES - 1)] * 2, st.booleans()), min_size=1, max_size=12)
    )
    lines, rows = [], []
    for u, v, bent in links:
        a, b = np.array(SPOTS[u], float), np.array(SPOTS[v], float)
        via = [(a + b) / 2 + (3, 11), (a + b) / 2 + (9, 2)] if bent or u == v else []
        lines.append(shapely.LineString([a, *via, b]))
        length = lines[-1].length
        rows.append(
            {
                "u": u,
                "v": v,
                "fwd_m": length * draw(st.sampled_from([0.5, 1.0, 2.0])),
                "bwd_m": length * draw(st.sampled_from([1.0, 3.0])),
                "fixed_fwd_s": draw(st.sampled_from([0.0, 0.0, 7.0, np.inf])),
                "fixed_bwd_s": draw(st.sampled_from([0.0, 0.0, 20.0])),
                "oneway": draw(st.sampled_from([0, 0, 0, 1, -1])),
            }
        )
    nodes = pd.DataFrame(SPOTS, columns=["x", "y"], dtype=float)
    nodes["kind"] = [draw(st.sampled_from(["", "", "crossing"])) for _ in SPOTS]
    return nodes, gpd.GeoDataFrame(rows, geometry=lines, crs=32650)


@st.composite
def worlds(draw):
    nodes, edges = draw(street_tables())
    # a place on an edge of no length is a place on a node; snapping never makes one
    long = edges.index[edges.length > 0].tolist()
    place = st.tuples(
        st.sampled_from(long or [0]), st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from([0.0, 12.0])
    )
    demand = draw(st.lists(place, min_size=1, max_size=6))
    facilities = draw(st.lists(place, min_size=1, max_size=4))
    return (
        nodes,
        edges,
        {f"d{i}": p for i, p in enumerate(demand if long else [])},
        {f"f{i}": p for i, p in enumerate(facilities if long else [])},
    )


def same_pairs(got, wanted, limit):
    """Same pairs and seconds; pairs within 1e-6 s of the limit are left out."""
    got = {k: s for k, s in got.items() if abs(s - limit) > 1e-6}
    wanted = {k: s for k, s in wanted.items() if abs(s - limit) > 1e-6}
    assert got.keys() == wanted.keys()
    assert list(got.values()) == pytest.approx([wanted[k] for k in got], abs=1e-9)


def pairs_of(found):
    frame = found.to_frame()
    assert not frame.duplicated(["demand_id", "facility_id"]).any()
    return dict(
        zip(zip(frame["demand_id"], frame["facility_id"], strict=True), frame["seconds"], strict=True)
    )


@given(worlds(), LIMITS)
@settings(max_examples=150, deadline=None)
def test_reach_is_dijkstra_contracted_or_not(oracle, on_graph, world, limit):
    nodes, edges, demand, facilities = world
    if not demand:
        return
    wanted = oracle(nodes, edges, KMH).pairs(demand, facilities, limit)
    for contract in (True, False):
        graph = build_graph(nodes, edges, contract=contract)
        ends = on_graph(graph, demand), on_graph(graph, facilities)
        found = reach(graph, *ends, walk_kmh=KMH, limit_seconds=limit)
        same_pairs(pairs_of(found), wanted, limit)
        assert len(found) == len(found.to_frame())
        # the one pass agrees with the pairs
        one = nearest(graph, *ends, walk_kmh=KMH, limit_seconds=limit)
        by_pairs = found.nearest()
        assert one["seconds"].to_numpy() == pytest.approx(
            by_pairs["seconds"].to_numpy(), abs=1e-9, nan_ok=True
        )
        for d, f in one["facility_id"].dropna().items():
            assert found.to_scipy()[list(demand).index(d), list(facilities).index(f)] == pytest.approx(
                one["seconds"][d], abs=1e-9
            )


@given(worlds(), LIMITS)
@settings(max_examples=60, deadline=None)
def test_seconds_of_junctions_are_those_of_dijkstra(oracle, on_graph, world, limit):
    nodes, edges, _, facilities = world
    if not facilities:
        return
    plain = oracle(nodes, edges, KMH)
    best = {}
    for edge, share, leg in facilities.values():
        for node, seconds in plain.to(edge, share, limit).items():
            best[node] = min(best.get(node, np.inf), seconds + leg)  # 1 m/s
    graph = build_graph(nodes, edges)
    got = node_seconds(graph, on_graph(graph, facilities), walk_kmh=KMH, limit_seconds=limit)
    wanted = np.array([best.get(int(i), np.inf) for i in graph.node_id])
    clear = ~(np.abs(wanted - limit) <= 1e-6)
    wanted[wanted > limit] = np.inf
    assert got[clear] == pytest.approx(wanted[clear], abs=1e-9)


@given(worlds(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_gate_changes_weights_only(oracle, on_graph, world, data):
    nodes, edges, demand, facilities = world
    if not demand:
        return
    gates = edges.index[edges.length == 0].tolist()
    state = [data.draw(st.sampled_from([0.0, np.inf])) for _ in gates]
    edges = edges.assign(oneway=0)
    other = edges.copy()
    other.loc[gates, ["fixed_fwd_s", "fixed_bwd_s"]] = np.array([state, state]).T.reshape(-1, 2)
    before, after = build_graph(nodes, edges), build_graph(nodes, other)
    for name in (
        "node_id",
        "chain_start",
        "chain_end",
        "step_edge",
        "arc_chain",
        "coord_x",
        "component_nodes",
    ):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    found = reach(
        after, on_graph(before, demand), on_graph(before, facilities), walk_kmh=KMH, limit_seconds=1000
    )
    same_pairs(pairs_of(found), oracle(nodes, other, KMH).pairs(demand, facilities, 1000), 1000)
