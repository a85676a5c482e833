"""Reach: walks by hand, the boundary, ties, gates, one-way streets, ids, inputs left alone; and Dijkstra's search on random graphs."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from street_walks import Oracle, on_graph, pairs_of, streets

from geoplan.network import kernels, records
from geoplan.network.graph import build_graph
from geoplan.network.reach import nearest, node_seconds, people_within, reach, search_nodes
from geoplan.words.errors import TableError

KMH = 3.6  # 1 m/s: seconds are metres


def line_street(**columns):
    """10 --100 m-- 11 --gate-- 12 --50 m-- 13, and 13 --200 m-- 14."""
    points, links = [(x, 0) for x in (0, 100, 100, 150, 350)], [(k, k + 1) for k in range(10, 14)]
    nodes, edges = streets(points, links, first_edge=0, **columns)
    return nodes.assign(kind=["", "gate", "gate", "", "crossing"]), edges


@pytest.fixture(scope="module")
def graph():
    return build_graph(*line_street())


def at(graph, **places):
    """Snaps of id -> (edge, share, leg)."""
    return on_graph(graph, places)


def walked(graph, demand, facilities, limit=900):
    return reach(graph, demand, facilities, walk_kmh=KMH, limit_seconds=limit)


def closest(graph, demand, facilities, limit=900):
    return nearest(graph, demand, facilities, walk_kmh=KMH, limit_seconds=limit)


def test_a_walk_is_leg_street_and_leg(graph):
    found = reach(
        graph,
        at(graph, a=(0, 0.2, 5), b=(0, 0.5, 0), c=(2, 1.0, 1)),
        at(graph, x=(2, 0.5, 10), y=(0, 0.5, 3)),
        walk_kmh=KMH,
        limit_seconds=120,
    )
    table = {("a", "x"): 5 + 80 + 25 + 10, ("a", "y"): 5 + 30 + 3, ("b", "x"): 50 + 25 + 10, ("b", "y"): 3}
    table |= {("c", "x"): 1 + 25 + 10, ("c", "y"): 1 + 50 + 50 + 3}
    assert pairs_of(found) == pytest.approx(table)
    assert list(pairs_of(found)) == sorted(table)
    assert found.to_scipy().toarray().tolist() == [[120, 38], [85, 3], [36, 104]]
    assert found.nearest()["facility_id"].tolist() == ["y", "y", "x"]


@pytest.mark.parametrize(("limit", "within"), [(115, 1), (115 - 5e-7, 1), (115 - 2e-6, 0), (0, 0)])
def test_the_limit_is_inclusive_by_a_millionth_of_a_second(graph, limit, within):
    ends = at(graph, a=(0, 0.2, 0)), at(graph, x=(2, 0.5, 10))
    assert len(walked(graph, *ends, limit)) == within
    assert closest(graph, *ends, limit)["seconds"].notna().sum() == within


def test_a_walk_of_no_seconds_is_a_pair(graph):
    here = at(graph, a=(0, 0.2, 0))
    found = walked(graph, here, here, 0)
    assert found.to_frame()["seconds"].tolist() == [0]
    assert found.to_scipy().nnz == 1


def test_pace_slows_metres_and_not_fixed_seconds():
    graph = build_graph(*line_street(fixed_fwd_s=[0, 30.0, 0, 0]))
    ends = at(graph, a=(0, 0.2, 6)), at(graph, x=(2, 0.5, 6))
    slow, fast = (
        reach(graph, *ends, walk_kmh=pace, limit_seconds=1e4).to_frame()["seconds"][0] for pace in (1.8, 3.6)
    )
    assert (slow, fast) == pytest.approx((2 * 117 + 30, 117 + 30))


def test_a_closed_gate_and_a_gate_that_lets_out_only():
    inf = np.inf
    places = {"in": (0, 0.2, 0), "out": (2, 0.5, 0)}
    reached = {}
    for state, (fwd, bwd) in {"open": (0, 0), "closed": (inf, inf), "out": (0, inf)}.items():
        graph = build_graph(*line_street(fixed_fwd_s=[0, fwd, 0, 0], fixed_bwd_s=[0, bwd, 0, 0]))
        snaps = at(graph, **places)
        reached[state] = set(pairs_of(walked(graph, snaps, snaps)))
    own = {("in", "in"), ("out", "out")}
    assert reached["open"] == own | {("in", "out"), ("out", "in")}
    assert reached["closed"] == own
    assert reached["out"] == own | {("in", "out")}


def test_one_way_on_foot_on_the_own_street():
    graph = build_graph(*line_street(oneway=[1, 0, 0, 0]))
    snaps = at(graph, a=(0, 0.2, 0), b=(0, 0.6, 0))
    found = walked(graph, snaps, snaps)
    assert pairs_of(found) == pytest.approx({("a", "a"): 0, ("a", "b"): 40, ("b", "b"): 0})


def test_at_a_junction_the_end_of_a_one_way_street_is_the_junction():
    # both stand at node 11: one snapped to the street that leads there, one to where it could only leave
    graph = build_graph(*line_street(oneway=[-1, 0, 0, 0]))
    snaps = at(graph, a=(0, 1.0, 0), b=(2, 0.5, 0))
    frame = walked(graph, snaps, snaps).to_frame()
    assert frame["seconds"].tolist() == [0, 25, 25, 0]


def test_ties_go_to_the_smaller_id(graph):
    demand = at(graph, d=(0, 0.5, 0), e=(3, 0.5, 0))
    for names in (("f9", "f10"), ("f10", "f9")):  # one beside the street's middle each, in either order
        facilities = at(graph, **dict(zip(names, [(0, 0.4, 0), (0, 0.6, 0)], strict=True)))
        assert closest(graph, demand, facilities, 50)["facility_id"].tolist()[0] == "f10"
        found = walked(graph, demand, facilities, 50)
        assert found.nearest()["facility_id"].tolist()[0] == "f10"
    same = at(graph, f9=(2, 0.5, 4), f10=(2, 0.5, 4))  # through a junction
    assert closest(graph, demand, same)["facility_id"].tolist() == ["f10", "f10"]


def test_what_is_off_the_network_is_in_no_pair_but_in_the_tables(graph):
    snaps = at(graph, a=(0, 0.2, 0), b=(0, 0.6, 0))
    off = snaps.copy()
    off.loc["b", ["chain", "offset_m", "leg_m"]] = [-1, np.nan, np.nan]
    one = closest(graph, off, snaps.loc[["b"]])
    assert one["seconds"].tolist() == pytest.approx([40, np.nan], nan_ok=True)
    assert one["facility_id"].isna().tolist() == [False, True]
    assert one.index.name == "demand_id"
    found = walked(graph, snaps, off)
    assert found.to_scipy().shape == (2, 2)
    assert set(found.to_frame()["facility_id"]) == {"a"}
    nobody = off.loc[["b"]]
    assert len(walked(graph, snaps, nobody)) == 0
    assert walked(graph, snaps, nobody).nearest()["seconds"].isna().all()
    assert closest(graph, snaps, nobody.iloc[:0])["facility_id"].isna().all()
    assert len(walked(graph, snaps.iloc[:0], snaps).to_frame()) == 0
    assert np.isinf(node_seconds(graph, nobody, walk_kmh=KMH, limit_seconds=900)).all()


def test_integer_ids_come_back_as_they_were(graph):
    demand = on_graph(graph, {7: (0, 0.2, 0), 3: (0, 0.5, 0)})
    frame = reach(
        graph, demand, on_graph(graph, {"x": (0, 0.4, 0)}), walk_kmh=KMH, limit_seconds=90
    ).to_frame()
    assert frame["demand_id"].tolist() == [7, 3]
    assert frame["demand_id"].dtype == np.int64


def test_wrong_tables_and_numbers_are_refused(graph):
    snaps = at(graph, a=(0, 0.2, 0))
    with pytest.raises(TableError, match="duplicate ids: a"):
        walked(graph, pd.concat([snaps, snaps]), snaps, 1)
    with pytest.raises(TableError, match="lacks the columns: leg_m"):
        closest(graph, snaps.drop(columns="leg_m"), snaps, 1)
    with pytest.raises(TableError, match="another network"):
        walked(graph, snaps, snaps.assign(chain=3), 1)
    for wrong in ({"walk_kmh": 0.0}, {"limit_seconds": np.inf}, {"limit_seconds": -1.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            reach(graph, snaps, snaps, **{"walk_kmh": KMH, "limit_seconds": 1.0} | wrong)


def test_snaps_are_left_as_they_were(graph):
    snaps = at(graph, a=(0, 0.2, 0), b=(2, 0.2, 9))
    before = snaps.copy()
    found = walked(graph, snaps, snaps)
    found.to_scipy().data[:] = -1
    closest(graph, snaps, snaps)
    pd.testing.assert_frame_equal(snaps, before)
    assert (found.to_frame()["seconds"] >= 0).all()


def test_junction_to_junction_and_the_people_within():
    graph = build_graph(*line_street(oneway=[0, 0, 1, 0]), contract=False)
    found = search_nodes(graph, np.array([10, 14]), walk_kmh=KMH, limit_seconds=150)
    first = dict(zip(found.node_id[: found.start[1]], found.seconds[: found.start[1]], strict=True))
    assert first == {10: 0, 11: 100, 12: 100, 13: 150}
    assert found.node_id[found.start[1] :].tolist() == [14]
    people = pd.Series({10: 1.0, 11: 10.0, 13: 100.0, 14: 1000.0, 99: 5.0})
    sums = people_within(graph, people, np.array([10, 13, 14]), walk_kmh=KMH, limit_seconds=200)
    assert sums.to_dict() == {10: 111, 13: 1100, 14: 1100}
    with pytest.raises(KeyError, match="not a junction of the graph: \\[77\\]"):
        search_nodes(graph, np.array([77]), walk_kmh=KMH, limit_seconds=150)


def test_results_do_not_hang_on_the_number_of_threads(graph, monkeypatch):
    many = on_graph(
        graph, {f"d{i:03}": (i % 4 if i % 4 != 1 else 0, (i % 7) / 7, float(i % 5)) for i in range(64)}
    )
    frames = []
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        frames.append(walked(graph, many, many, 200).to_frame())
    pd.testing.assert_frame_equal(*frames)
    assert len(frames[0]) > 1000


def long_street(n):
    """Nodes 0 … n - 1, a metre apart."""
    nodes = pd.DataFrame({"x": np.arange(n, dtype=float), "y": 0.0})
    xy = np.stack([np.column_stack([np.arange(n - 1) + k, np.zeros(n - 1)]) for k in (0, 1)], axis=1)
    table = {"u": np.arange(n - 1), "v": np.arange(1, n)}
    return nodes, gpd.GeoDataFrame(table, geometry=shapely.linestrings(xy), crs=None)


def test_a_search_that_outgrows_its_labels_is_taken_up_again():
    n = 3 * kernels.FIRST_LABELS
    graph = build_graph(*long_street(n), contract=False)
    found = search_nodes(
        graph, np.array([0, n - 1, 5]), walk_kmh=KMH, limit_seconds=2.5 * kernels.FIRST_LABELS
    )
    reached = int(2.5 * kernels.FIRST_LABELS)
    assert np.diff(found.start).tolist() == [reached + 1, reached + 1, reached + 6]
    first = slice(0, found.start[1])
    assert found.seconds[first].tolist() == found.node_id[first].astype(float).tolist()


def test_a_search_without_room_says_so_and_leaves_the_scratch_as_it_was():
    graph = build_graph(*long_street(50), contract=False)
    pointer, arcs = graph.arcs(KMH, reverse=False)
    search = records.Search(pointer, arcs, 100.0, 1.0)
    scratch = records.Scratch(np.full(50, 100.5), np.full(110, -1, np.int32), 100.5)
    seeds, zero = np.array([0], np.int32), np.zeros(1)
    assert kernels.bounded_search(search, scratch, np.empty(8, records.LABEL), seeds, zero) == -1
    assert (scratch.best == 100.5).all()
    assert (scratch.head == -1).all()
    labels = np.empty(64, records.LABEL)
    assert kernels.bounded_search(search, scratch, labels, seeds, zero) == 50
    assert scratch.best[graph.node_index.get_indexer(np.arange(50))].tolist() == list(range(50))
    kernels.forget(scratch, labels, 50)
    assert (scratch.best == 100.5).all()
    source = np.full(50, 9, np.int32)
    assert (
        kernels.nearest_search(search, scratch, np.empty(8, records.LABEL), source, seeds, zero, seeds) == -1
    )


# --- small random graphs: zero-length and parallel edges, loops, islands, gates

NODES = 7
SPOTS = [(0, 0), (0, 0), (40, 0), (100, 0), (100, 30), (0, 30), (500, 500)]  # two nodes share a place
LIMITS = st.sampled_from([0.0, 30.0, 100.0, 1000.0])
#: What an edge may cost: metres as a multiple of its length.
COSTS = {
    "fwd_m": [0.5, 1.0, 2.0], "bwd_m": [1.0, 3.0], "fixed_fwd_s": [0.0, 0.0, 7.0, np.inf], "fixed_bwd_s": [0.0, 0.0, 20.0],
    "oneway": [0, 0, 0, 1, -1],
}  # fmt: skip


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
        drawn = {name: draw(st.sampled_from(values)) for name, values in COSTS.items()}
        rows.append(
            {**drawn, "u": u, "v": v, "fwd_m": length * drawn["fwd_m"], "bwd_m": length * drawn["bwd_m"]}
        )
    nodes = pd.DataFrame(SPOTS, columns=["x", "y"], dtype=float)
    nodes["kind"] = [draw(st.sampled_from(["", "", "crossing"])) for _ in SPOTS]
    return nodes, gpd.GeoDataFrame(rows, geometry=lines, crs=None)


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
    named = ({f"{k}{i}": p for i, p in enumerate(some)} for k, some in (("d", demand), ("f", facilities)))
    return (nodes, edges, *named) if long else (nodes, edges, {}, {})


def same_pairs(got, wanted, limit):
    """Same pairs and seconds; pairs within 1e-6 s of the limit are left out."""
    got = {k: s for k, s in got.items() if abs(s - limit) > 1e-6}
    wanted = {k: s for k, s in wanted.items() if abs(s - limit) > 1e-6}
    assert got.keys() == wanted.keys()
    assert list(got.values()) == pytest.approx([wanted[k] for k in got], abs=1e-9)


@given(worlds(), LIMITS)
@settings(max_examples=150, deadline=None)
def test_reach_is_dijkstra_contracted_or_not(world, limit):
    nodes, edges, demand, facilities = world
    if not demand:
        return
    wanted = Oracle(nodes, edges, KMH).pairs(demand, facilities, limit)
    for contract in (True, False):
        graph = build_graph(nodes, edges, contract=contract)
        ends = on_graph(graph, demand), on_graph(graph, facilities)
        found = walked(graph, *ends, limit)
        same_pairs(pairs_of(found), wanted, limit)
        assert len(found) == len(found.to_frame())
        # the one pass agrees with the pairs
        one = closest(graph, *ends, limit)
        by_pairs = found.nearest()
        wanted_s = by_pairs["seconds"].to_numpy()
        assert one["seconds"].to_numpy() == pytest.approx(wanted_s, abs=1e-9, nan_ok=True)
        for d, f in one["facility_id"].dropna().items():
            walk = found.to_scipy()[list(demand).index(d), list(facilities).index(f)]
            assert walk == pytest.approx(one["seconds"][d], abs=1e-9)


@given(worlds(), LIMITS)
@settings(max_examples=60, deadline=None)
def test_seconds_of_junctions_are_those_of_dijkstra(world, limit):
    nodes, edges, _, facilities = world
    if not facilities:
        return
    plain = Oracle(nodes, edges, KMH)
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
def test_a_gate_changes_weights_only(world, data):
    nodes, edges, demand, facilities = world
    if not demand:
        return
    gates = edges.index[edges.length == 0].tolist()
    state = [data.draw(st.sampled_from([0.0, np.inf])) for _ in gates]
    edges = edges.assign(oneway=0)
    other = edges.copy()
    other.loc[gates, ["fixed_fwd_s", "fixed_bwd_s"]] = np.array([state, state]).T.reshape(-1, 2)
    before, after = build_graph(nodes, edges), build_graph(nodes, other)
    same = ("node_id", "chain_start", "chain_end", "step_edge", "arc_chain", "coord_x", "component_nodes")
    for name in same:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    found = walked(after, on_graph(before, demand), on_graph(before, facilities), 1000)
    same_pairs(pairs_of(found), Oracle(nodes, other, KMH).pairs(demand, facilities, 1000), 1000)
