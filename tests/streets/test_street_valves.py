"""Gates, barriers and entries: who may walk from where to where, and that only two numbers change."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.inputs.streets import read_streets
from geoplan.inputs.streets.edges import add_valves, build_edges, gate_open
from geoplan.inputs.streets.lines import read_lines

CRS = "EPSG:32631"
WALK = {"highway": "footway"}
PRIVATE = {"highway": "service", "access": "private"}


def read(path, **options):
    streets = read_streets(path, crs=CRS, **options)
    assert all(note.text("zh") and not note.found("en").endswith(".") for note in streets.notes)
    return streets


def goes(streets, start, end):
    """Return whether one may walk from node `start` to node `end`; plain search over open directions."""
    graph = nx.DiGraph()
    graph.add_nodes_from(streets.nodes.index)
    for edge in streets.edges.itertuples():
        if edge.oneway >= 0 and np.isfinite(edge.fixed_fwd_s):
            graph.add_edge(edge.u, edge.v)
        if edge.oneway <= 0 and np.isfinite(edge.fixed_bwd_s):
            graph.add_edge(edge.v, edge.u)
    return nx.has_path(graph, start, end)


def street_with(gate, first=WALK, last=WALK):
    """1 - 2(gate) - 3: ways 10 and 11."""
    points = {1: (100, 100), 2: (101, 100, gate), 3: (102, 100)}
    return points, {10: ([1, 2], first), 11: ([2, 3], last)}


@pytest.mark.parametrize(
    ("tags", "options", "passes"),
    [
        ({}, {}, True), ({}, {"gates": "closed"}, False), ({}, {"gates": "closed", "gate_states": {"2": True}}, True),
        ({}, {"gate_states": {"东门": False}}, False), ({"locked": "yes"}, {}, False),
        ({"locked": "yes"}, {"gates": "open"}, True),
        ({"locked": "yes"}, {"gates": "open", "gate_states": {"东门": False}}, False), ({"access": "no"}, {}, False),
        ({"access": "private"}, {}, True), ({"access": "private"}, {"private": "closed"}, False),
        ({"access": "private", "foot": "yes"}, {"private": "closed"}, True),
        # a wall is opened by name only
        ({"barrier": "wall"}, {"gates": "open"}, False), ({"barrier": "wall"}, {"gate_states": {"东门": True}}, True),
    ],
)  # fmt: skip
def test_a_gate_on_a_street(osm_file, tags, options, passes):
    streets = read(osm_file(*street_with({"barrier": "gate", "name": "东门", **tags})), **options)
    assert goes(streets, 1, 3) == goes(streets, 3, 1) == passes
    valve = streets.edges[streets.edges["highway"] == "gate"].iloc[0]
    assert (valve["osm_id"], valve["name"], valve.geometry.length) == ("2", "东门", 0)
    assert sorted(streets.nodes["kind"]) == ["", ""] + ["barrier" if "barrier" in tags else "gate"] * 2


def test_opening_a_gate_changes_two_numbers_and_nothing_else(osm_file):
    path = osm_file(*street_with({"barrier": "gate", "locked": "yes"}))
    shut, opened = read(path), read(path, gate_states={"2": True})
    assert shut.nodes.equals(opened.nodes)
    changed = shut.edges.compare(opened.edges)
    assert changed.shape[0] == 1
    assert set(changed.columns.get_level_values(0)) == {"fixed_fwd_s", "fixed_bwd_s"}


@pytest.mark.parametrize(
    ("private", "into", "out"), [("open", True, True), ("residents", False, True), ("closed", False, False)]
)
def test_the_entry_to_private_ways(osm_file, private, into, out):
    # 1 - 2 - 3 open, 2 - 4 - 5 private
    points = {1: (100, 100), 2: (101, 100), 3: (102, 100), 4: (101, 101), 5: (101, 102)}
    ways = {10: ([1, 2, 3], WALK), 11: ([2, 4], PRIVATE), 12: ([4, 5], PRIVATE)}
    streets = read(osm_file(points, ways), private=private)
    assert goes(streets, 1, 5) == into
    assert goes(streets, 5, 1) == out
    assert goes(streets, 1, 3)
    entry = streets.edges[streets.edges["highway"] == "entry"].iloc[0]
    assert (entry["u"], entry["access"], entry.geometry.length) == (2, "residents", 0)
    assert streets.edges["access"].value_counts().to_dict() == {"residents": 3, "open": 2}


def test_no_through_traffic_but_residents_get_out_both_ways(osm_file):
    # 1 - 2 ~ 3 ~ 4 - 5: 2 ~ 4 private, between two streets
    points = {i: (100 + i, 100) for i in range(1, 6)}
    ways = {10: ([1, 2], WALK), 11: ([2, 3, 4], PRIVATE), 12: ([4, 5], WALK), 13: ([3, 3], PRIVATE)}
    points[6] = (103, 101)
    ways[14] = ([3, 6], PRIVATE)
    streets = read(osm_file(points, ways), private="residents")
    assert not goes(streets, 1, 5)
    assert not goes(streets, 5, 1)
    assert goes(streets, 6, 1)
    assert goes(streets, 6, 5)
    assert not goes(streets, 1, 6)
    assert goes(read(osm_file(points, ways), private="open"), 1, 5)


def test_a_gate_before_private_ways(osm_file):
    path = osm_file(*street_with({"barrier": "gate", "name": "东门"}, last=PRIVATE))
    streets = read(path, private="residents")
    assert streets.edges["highway"].tolist() == ["footway", "service", "entry", "gate"]
    assert not goes(streets, 1, 3)
    assert goes(streets, 3, 1)
    # locked: nobody; opened by name: everybody
    assert not goes(read(path, private="residents", gate_states={"东门": False}), 3, 1)
    assert goes(read(path, private="residents", gate_states={"东门": True}), 1, 3)
    # tagged private as the ways behind it: residents still get out
    guarded = osm_file(*street_with({"barrier": "gate", "access": "private"}, last=PRIVATE))
    assert goes(read(guarded, private="residents"), 3, 1)
    assert not goes(read(guarded, private="residents"), 1, 3)


def test_the_inside_of_a_private_gate_is_the_smaller_side(osm_file):
    #   big side: 1 - 2 - 3; gate 4; inside: 5.   The gate may be drawn from either side
    points = {i: (100 + i, 100) for i in range(1, 6)}
    points[4] = (104, 100, {"barrier": "gate", "access": "private"})
    points[6] = (102, 101)
    for line in ([3, 4, 5], [5, 4, 3]):
        ways = {10: ([1, 2, 3], WALK), 11: (line, WALK), 12: ([2, 6], WALK)}
        streets = read(osm_file(points, ways), private="residents")
        assert goes(streets, 5, 1)
        assert not goes(streets, 1, 5)
    # with a way round nobody needs the gate, and it is shut both ways
    streets = read(osm_file(points, ways | {13: ([6, 5], WALK)}), private="residents")
    valve = streets.edges[streets.edges["highway"] == "gate"].iloc[0]
    assert (valve["fixed_fwd_s"], valve["fixed_bwd_s"]) == (np.inf, np.inf)


def test_a_gate_at_a_junction_shuts_every_way_through(osm_file):
    points = {
        1: (100, 100), 2: (101, 100, {"barrier": "gate", "locked": "yes"}), 3: (102, 100), 4: (101, 101),
    }  # fmt: skip
    path = osm_file(points, {10: ([1, 2, 3], WALK), 11: ([2, 4], WALK)})
    shut = read(path)
    assert not any(goes(shut, a, b) for a, b in ((1, 3), (3, 1), (1, 4), (4, 3)))
    opened = read(path, gates="open")
    assert all(goes(opened, a, b) for a, b in ((1, 3), (3, 1), (1, 4), (4, 3)))


def test_a_gate_at_the_end_of_a_way_needs_no_valve(osm_file):
    points = {1: (100, 100), 2: (101, 100, {"barrier": "gate", "locked": "yes"})}
    streets = read(osm_file(points, {10: ([1, 2], WALK)}))
    assert streets.edges["highway"].tolist() == ["footway"]
    assert streets.nodes["kind"].tolist() == ["", "gate"]


def test_counts_of_valves_and_gates_that_are_not_there_are_said(osm_file):
    path = osm_file(*street_with({"barrier": "gate", "locked": "yes"}, last=PRIVATE))
    values = {note.code: note.values for note in read(path, gate_states={"2": False, "北门": False}).notes}
    assert values["gates_found"] == {"open": 0, "one_way": 0, "closed": 1}
    assert values["private_open"]["entries"] == "1"
    assert values["gate_state_unknown"]["gates"] == "北门"


STATES = st.sampled_from(
    [{}, {"barrier": "gate"}, {"barrier": "gate", "locked": "yes"}, {"barrier": "gate", "access": "private"}]
)


@settings(deadline=None, max_examples=60)
@given(
    marks=st.lists(STATES, min_size=5, max_size=5),
    lines=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.booleans()), min_size=1, max_size=6),
    private=st.sampled_from(["open", "residents", "closed"]),
)
def test_laws_of_valves(tmp_path_factory, marks, lines, private):
    """Valves have no length and are 0 or inf; without valves the street edges are the same; residents get out."""
    lines = [line for line in lines if line[0] != line[1]] or [(1, 2, False)]
    xy = [(0, 0), (10, 0), (10, 10), (0, 10), (30, 5)]
    table = pd.DataFrame(
        [{"highway": "path"} | ({"access": "private"} if inside else {}) for *_, inside in lines] + marks
    )
    shapes = [shapely.LineString([xy[a - 1], xy[b - 1]]) for a, b, _ in lines] + shapely.points(xy).tolist()
    layer = gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)
    ways, _ = read_lines(layer, classes=None, walk={}, datum=None, crs=CRS)
    nodes, edges = build_edges(ways, crs=CRS)
    found_nodes, found = add_valves(
        nodes, edges, gate_open(ways.marks, gates="tagged", gate_states={}), private=private
    )
    streets, valves = found.iloc[: len(edges)], found.iloc[len(edges) :]
    assert valves["highway"].isin(["gate", "entry"]).all()
    assert set(valves[["fixed_fwd_s", "fixed_bwd_s"]].to_numpy().ravel()) <= {0.0, np.inf}
    assert (valves.geometry.length == 0).all()
    # parting moves ends to nodes in the same place only
    place = found_nodes[["x", "y"]]
    for side in ("u", "v"):
        assert (place.loc[streets[side]].to_numpy() == nodes.loc[edges[side], ["x", "y"]].to_numpy()).all()
    assert found_nodes.index.is_unique
    # with every valve open all is connected as before; an entry lets out wherever it does not let in
    before = nx.number_connected_components(nx.Graph(edges[["u", "v"]].to_numpy().tolist()))
    assert nx.number_connected_components(nx.Graph(found[["u", "v"]].to_numpy().tolist())) == before
    entries = valves[valves["highway"] == "entry"]
    assert (np.isfinite(entries["fixed_bwd_s"]) == (private != "closed")).all()
    assert (np.isfinite(entries["fixed_fwd_s"]) == (private == "open")).all()
