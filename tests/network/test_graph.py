"""Graph: chains by hand, what must stay a node, loops, islands, the door to networkx, faulty tables."""

import numpy as np
import pandas as pd
import pytest
import shapely
from street_walks import streets

from geoplan.network.graph import WalkGraph, build_graph
from geoplan.words.errors import NetworkError, TableError


def chains(graph: WalkGraph) -> list[tuple[int, int, list[int]]]:
    """Ends by node id and edge ids of each chain, smaller end first, sorted."""
    found = []
    for c in range(graph.n_chains):
        ends = int(graph.node_id[graph.chain_start[c]]), int(graph.node_id[graph.chain_end[c]])
        steps = graph.step_edge[graph.step_start[c] : graph.step_start[c + 1]].tolist()
        if ends[0] > ends[1] or (ends[0] == ends[1] and steps[0] > steps[-1]):
            ends, steps = ends[::-1], steps[::-1]
        found.append((*ends, steps))
    return sorted(found)


#   10 --- 11 --- 12 --- 13        14 --- 15
#                  |
#                 16
TREE = [(0, 0), (10, 0), (30, 0), (60, 0), (0, 500), (0, 540), (30, -7)]
LINKS = [(10, 11), (12, 11), (12, 13), (14, 15), (12, 16)]


def test_nodes_where_two_edges_meet_are_chained_and_sums_run_both_ways():
    nodes, edges = streets(
        TREE, LINKS, fwd_m=[10.0, 40.0, 30.0, 40.0, 7.0], bwd_m=[12.0, 22.0, 30.0, 40.0, 7.0]
    )
    graph = build_graph(nodes, edges.assign(fixed_fwd_s=[3.0, 0, 0, 0, 0], fixed_bwd_s=[1.0, 5, 0, 0, 0]))
    assert chains(graph) == [(10, 12, [100, 101]), (12, 13, [102]), (12, 16, [104]), (14, 15, [103])]
    (step,) = np.flatnonzero(graph.step_edge == 101)
    c = int(np.searchsorted(graph.step_start, step, side="right")) - 1
    part = slice(graph.step_start[c] + c, graph.step_start[c + 1] + c + 1)
    # from 10: edge 100 as it runs, then 101 from v to u
    table = {"offset_m": [0, 10, 30], "fwd_m": [0, 10, 10 + 22], "bwd_m": [0, 12, 12 + 40], "fwd_s": [0, 3, 8], "bwd_s": [0, 1, 1]}  # fmt: skip
    assert graph.node_id[graph.chain_start[c]] == 10  # where the Hilbert curve starts, in the south-west
    for name, sums in table.items():
        assert getattr(graph, f"prefix_{name}")[part].tolist() == sums
    there, back = graph.chain_seconds(3.6)
    assert (there[c], back[c]) == (32 + 8, 52 + 1)
    there, back = graph.chain_seconds(7.2)  # twice the pace halves the metres, not the fixed seconds
    assert (there[c], back[c]) == (16 + 8, 26 + 1)


def test_every_node_stays_without_contraction():
    nodes, edges = streets(TREE, LINKS)
    graph = build_graph(nodes, edges, contract=False)
    assert sorted(graph.node_id) == list(nodes.index)
    assert chains(graph) == sorted((min(a, b), max(a, b), [100 + i]) for i, (a, b) in enumerate(LINKS))


@pytest.mark.parametrize(
    ("columns", "stays"),
    [
        ({}, False),
        ({"access": ["open", "residents"]}, True),
        ({"access": ["residents", "residents"]}, False),
        ({"oneway": [1, 1]}, False),  # 10 -> 11 -> 12
        ({"oneway": [-1, -1]}, False),
        ({"oneway": [1, -1]}, True),  # 10 -> 11 <- 12
        ({"oneway": [1, 0]}, True),
        ({"fixed_fwd_s": [np.inf, 0.0]}, True),
        ({"fixed_fwd_s": [4.0, 0.0]}, False),
    ],
)
def test_a_change_of_permission_keeps_its_node(columns, stays):
    nodes, edges = streets([(0, 0), (10, 0), (20, 0)], [(10, 11), (11, 12)], **columns)
    assert (11 in build_graph(nodes, edges).node_id) == stays


def test_a_tagged_node_and_the_ends_of_a_valve_stay():
    nodes, edges = streets([(0, 0), (10, 0), (20, 0)], [(10, 11), (11, 12)])
    assert 11 in build_graph(nodes.assign(kind=["", "crossing", ""]), edges).node_id
    nodes, edges = streets([(0, 0), (10, 0), (10, 0), (20, 0)], [(10, 11), (11, 12), (12, 13)])
    for state in (0.0, np.inf):  # a gate changes weights, not the topology
        graph = build_graph(nodes, edges.assign(fixed_fwd_s=[0, state, 0], fixed_bwd_s=[0, state, 0]))
        assert chains(graph) == [(10, 11, [100]), (11, 12, [101]), (12, 13, [102])]
        assert graph.component_nodes.tolist() == [4]


def test_loops_parallel_edges_and_a_loop_alone():
    points = [(0, 0), (10, 0), (100, 0), (110, 0), (105, 5)]
    links = [(10, 10, (3, 3), (0, 5)), (10, 11), (11, 10, (5, -5)), (12, 13), (13, 14), (14, 12)]
    graph = build_graph(*streets(points, links))
    # 11 joins two edges between 10 and 10: one loop; the loop alone hangs on its first node
    assert chains(graph) == [(10, 10, [100]), (10, 10, [101, 102]), (12, 12, [103, 104, 105])]
    assert sorted(graph.component_nodes.tolist()) == [2, 3]
    assert graph.chain_length_m.sum() == pytest.approx(streets(points, links)[1].length.sum())


def test_the_line_of_a_chain_is_its_edges_end_to_end():
    nodes, edges = streets([(0, 0), (9, 0), (9, 9)], [(11, 10, (5, 2)), (11, 12, (12, 4))])
    graph = build_graph(nodes, edges)
    line = graph.geometry()[0]
    assert line.equals(shapely.LineString([(0, 0), (5, 2), (9, 0), (12, 4), (9, 9)]))
    assert graph.coord_offset_m[-1] == pytest.approx(line.length)
    assert graph.step_edge[graph.coord_step].tolist() == [100, 100, 101, 101, 101]


def test_to_networkx_has_an_edge_for_each_open_direction():
    nodes, edges = streets(TREE, LINKS, oneway=[0, 0, 1, 0, -1])
    out = build_graph(nodes, edges).to_networkx(walk_kmh=3.6)
    assert out.number_of_edges() == 2 * 4 - 2
    assert out.nodes[13] == {"x": 60.0, "y": 0.0}
    assert out.has_edge(12, 13)
    assert not out.has_edge(13, 12)
    assert out.has_edge(16, 12)
    assert not out.has_edge(12, 16)
    assert out[10][12][0]["seconds"] == pytest.approx(30)
    assert out[12][10][0]["osmid"] == [100, 101] or out[12][10][0]["osmid"] == [101, 100]
    assert shapely.get_point(out[12][10][0]["geometry"], 0).equals(shapely.Point(30, 0))
    assert out.graph["crs"] == edges.crs


def test_tables_are_left_as_they_were():
    nodes, edges = streets(TREE, LINKS, oneway=[0, 0, 1, 0, -1])
    before = nodes.copy(), edges.copy()
    build_graph(nodes, edges)
    pd.testing.assert_frame_equal(nodes, before[0])
    pd.testing.assert_frame_equal(edges, before[1])


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda n, e: (n.drop(index=14), e), NetworkError, "nodes table lacks: 103"),
        (lambda n, e: (n, e.assign(u=[10, 12, 13, 14, 12], v=[11, 11, 12, 15, 16])), NetworkError, "do not run from their node u to their node v: 102"),
        (lambda n, e: (n, e.assign(fwd_m=[1, -1, 1, 1, 1.0])), NetworkError, "negative or missing: 101"),
        (lambda n, e: (n, e.assign(fixed_bwd_s=[np.nan, 0, 1, 1, 1.0])), NetworkError, "negative or missing: 100"),
        (lambda n, e: (n, e.set_geometry([*e.geometry[:4], None], crs=e.crs)), NetworkError, "have no line: 104"),
        (lambda n, e: (n, e.set_index(pd.Index([100, 100, 2, 3, 4]))), TableError, "duplicate ids: 100"),
        (lambda n, e: (n, e.drop(columns="u")), TableError, "lacks the columns: u"),
    ],
)  # fmt: skip
def test_faulty_streets_are_refused_by_id(change, error, says):
    with pytest.raises(error, match=says):
        build_graph(*change(*streets(TREE, LINKS)))


def test_no_streets_at_all():
    nodes, edges = streets(TREE, LINKS)
    graph = build_graph(nodes, edges.iloc[:0])
    assert (graph.n_nodes, graph.n_chains) == (0, 0)
