"""Graphs of osmnx in and out, as objects and as GraphML files."""

import networkx as nx
import numpy as np
import osmnx
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from pyproj import Geod

from geoplan.inputs.streets import from_osmnx, read_streets, to_osmnx
from geoplan.words.errors import InputError

CRS = "EPSG:32631"
POINTS = {
    1: (100, 100), 2: (101, 100, {"barrier": "gate", "name": "东门", "locked": "yes"}),
    3: (102, 100, {"highway": "crossing"}), 4: (103, 100), 5: (102, 101), 6: (104, 101), 7: (102, 102),
}  # fmt: skip
WAYS = {
    10: ([1, 2, 3, 4], {"highway": "residential", "name": "长江路", "oneway": "yes"}),
    11: ([3, 5, 7], {"highway": "service", "access": "private"}),
    12: ([4, 6], {"highway": "steps", "conveying": "forward", "bridge": "yes", "level": "1"}),
    13: ([6, 7], {"highway": "motorway"}),
}


@pytest.fixture
def streets(osm_file):
    return read_streets(osm_file(POINTS, WAYS), crs=CRS, private="residents")


def same(one, other):
    pd.testing.assert_frame_equal(one.nodes, other.nodes, check_dtype=False)
    assert_geodataframe_equal(one.edges, other.edges, check_dtype=False, check_less_precise=True)


def test_there_and_back_at_once_and_through_a_file(streets, tmp_path):
    graph = to_osmnx(streets.nodes, streets.edges)
    same(streets, from_osmnx(graph, crs=CRS))
    osmnx.save_graphml(graph, tmp_path / "town.graphml")
    same(streets, read_streets(tmp_path / "town.graphml", crs=CRS))


def test_there_and_back_in_another_crs(streets):
    back = from_osmnx(to_osmnx(streets.nodes, streets.edges), crs="EPSG:3857")
    # on this map 0.1 degrees are 11,132 m
    assert back.nodes.loc[1, "x"] == pytest.approx(11_131.95, abs=0.01)
    assert back.edges.crs == "EPSG:3857"
    assert back.edges.geometry.iloc[0].coords[0][0] == pytest.approx(
        back.nodes.loc[back.edges["u"].iloc[0], "x"]
    )


def test_osmnx_can_use_the_graph(streets):
    graph = to_osmnx(streets.nodes, streets.edges)
    nodes, edges = osmnx.graph_to_gdfs(graph)
    assert len(nodes) == len(streets.nodes)
    assert edges.crs == CRS
    # one-way steps give one arc, every other street two
    assert len(edges) == 2 * len(streets.edges) - 1
    on_globe = streets.edges.to_crs(4326).geometry
    metres = {edge: Geod(ellps="WGS84").geometry_length(line) for edge, line in on_globe.items()}
    for u, v, data in graph.edges(data=True):
        assert data["length"] == pytest.approx(metres[data["edge_id"]])
        for node, end in ((u, 0), (v, -1)):
            assert data["geometry"].coords[end] == pytest.approx((nodes.loc[node, "x"], nodes.loc[node, "y"]))
    outside = sum(metres[edge] for edge in streets.edges.index[streets.edges["highway"] != "service"])
    assert nx.shortest_path_length(graph, 1, 6, weight="length") == pytest.approx(outside)


@pytest.mark.parametrize("simplify", [False, True])
def test_a_graph_that_osmnx_read_itself(osm_file, streets, simplify, tmp_path, monkeypatch):
    path = osm_file(POINTS, WAYS)
    way_tags = ["highway", "access", "conveying", "name", "bridge", "level"]
    monkeypatch.setattr(osmnx.settings, "useful_tags_way", way_tags)
    monkeypatch.setattr(osmnx.settings, "useful_tags_node", ["barrier", "highway", "locked", "name"])
    graph = osmnx.graph_from_xml(path, simplify=False, retain_all=True, bidirectional=True)
    if simplify:
        graph = osmnx.simplify_graph(
            graph, node_attrs_include=["barrier", "highway"], edge_attrs_differ=["osmid", "highway"]
        )
    osmnx.save_graphml(graph, tmp_path / "town.graphml")
    for found in (
        from_osmnx(graph, crs=CRS, private="residents"),
        read_streets(tmp_path / "town.graphml", crs=CRS, private="residents"),
    ):
        for highway in ("residential", "service", "steps", "gate", "entry"):
            ours = found.edges[found.edges["highway"] == highway]
            want = streets.edges[streets.edges["highway"] == highway]
            assert ours.geometry.length.sum() == pytest.approx(want.geometry.length.sum(), abs=1e-6)
            assert len(ours) > 0
        assert not found.edges["highway"].eq("motorway").any()
        steps = found.edges[found.edges["highway"] == "steps"].iloc[0]
        # up as drawn, whichever way the graph ran
        climb = (steps["u"], steps["v"]) if steps["oneway"] == 1 else (steps["v"], steps["u"])
        assert climb == (4, 6)
        assert steps["bridge"]
        gate = found.edges[found.edges["highway"] == "gate"].iloc[0]
        assert (gate["osm_id"], gate["name"], gate["fixed_fwd_s"]) == ("2", "东门", np.inf)


def merged_graph(*, backwards=False):
    """A street of three edges, each merged from two ways, as osmnx leaves it: lists in no order."""
    turn = (lambda values: values[::-1]) if backwards else list
    graph = nx.MultiDiGraph(crs=CRS)
    graph.add_nodes_from((n, {"x": x, "y": 0.0}) for n, x in enumerate([0.0, 100.0, 300.0, 600.0, 1000.0]))
    arcs = [
        {"highway": turn(["footway", "steps"]), "name": turn(["乙", "甲"])},
        {"highway": "service", "access": turn(["private", "yes"])},
        {"highway": "service", "access": turn(["no", "private"]), "level": turn(["0", "1"])},
        {"highway": "path", "conveying": "forward", "reversed": turn([True, False]), "osmid": turn([8, 9])},
    ]
    for n, tags in enumerate(arcs):
        graph.add_edge(n, n + 1, **{"osmid": turn([10 * n + 11, 10 * n + 10]), "reversed": False, **tags})
    return graph


def test_merged_edges_take_the_stricter_tags_whatever_the_order_of_their_lists(tmp_path):
    found = from_osmnx(merged_graph(), crs=CRS, private="residents")
    again = from_osmnx(merged_graph(backwards=True), crs=CRS, private="residents")
    same(found, again)
    osmnx.save_graphml(merged_graph(), tmp_path / "town.graphml")
    same(found, read_streets(tmp_path / "town.graphml", crs=CRS, private="residents"))
    streets = found.edges[found.edges["highway"] != "entry"]
    assert streets[["highway", "access", "name", "osm_id"]].values.tolist() == [
        ["steps", "open", "乙;甲", "10;11"], ["service", "residents", "", "20;21"], ["path", "open", "", "8;9"],
    ]  # fmt: skip
    (note,) = [note for note in found.notes if note.code == "streets_tags_merged"]
    # 100 m of steps, 200 m for residents, 300 m left out; the path has one value of each tag
    assert note.text("en").startswith("3 edges (0.6 km)")
    assert "0.3 km are left out, 0.2 km are for residents, 0.1 km count as steps" in note.text("en")
    assert note.text("zh")


def test_a_merged_edge_that_is_one_way_either_way_is_left_out():
    graph = merged_graph()
    graph.edges[3, 4, 0]["highway"] = "steps"  # an escalator, drawn half with and half against the edge
    found = from_osmnx(graph, crs=CRS)
    assert "8;9" not in set(found.edges["osm_id"])


def test_node_names_need_not_be_numbers():
    graph = nx.MultiDiGraph(crs="EPSG:32631")
    graph.add_nodes_from([("a", {"x": 0.0, "y": 0.0}), ("b", {"x": 30.0, "y": 40.0})])
    graph.add_edges_from([("a", "b"), ("b", "a")], highway="path", osmid=7)
    found = from_osmnx(graph, crs=CRS)
    assert found.edges.geometry.length.tolist() == [50.0]


def test_a_graph_without_crs_or_edges_is_an_error(tmp_path):
    graph = nx.MultiDiGraph()
    with pytest.raises(InputError, match="no CRS or no edges"):
        from_osmnx(graph, crs=CRS)
    (tmp_path / "broken.graphml").write_text("<graphml", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        read_streets(tmp_path / "broken.graphml", crs=CRS)
