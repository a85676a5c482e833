"""Ends and crossings without a shared vertex: by hand, at the boundary, against shapely's noding, and by law."""

import itertools

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geoplan.inputs.streets import read_streets
from geoplan.inputs.streets.edges import build_edges, choose_ways
from geoplan.inputs.streets.joins import JOIN_M, join_streets, near_pairs
from geoplan.inputs.streets.lines import read_lines
from geoplan.inputs.streets.read import from_ways
from geoplan.words.errors import NetworkError

CRS = "EPSG:4547"
X, Y = 500_000.0, 3_380_000.0


def layer(*lines, **columns):
    shapes = [shapely.LineString([(X + x, Y + y, *z) for x, y, *z in line]) for line in lines]
    return gpd.GeoDataFrame(
        {"highway": "residential"} | columns, index=range(len(lines)), geometry=shapes, crs=CRS
    )


def network(table, **choices):
    ways, notes = read_lines(table, classes=None, walk={}, datum=None, crs=CRS)
    options = {"walk": {}, "private": "open", "gates": "tagged", "gate_states": {}, "crs": CRS} | choices
    streets = from_ways(ways, notes, **options)
    assert all(note.text("zh") and note.text("en") for note in streets.notes)
    return streets, {note.code: note.values for note in streets.notes}


def pieces(streets):
    return nx.number_connected_components(nx.Graph(streets.edges[["u", "v"]].to_numpy().tolist()))


MAIN = ((0, 0), (100, 0))


@pytest.mark.parametrize("gap", [-0.3, 0.0, 0.0004, 0.002, 0.3, JOIN_M - 1e-6])
def test_an_end_within_half_a_metre_of_a_street_is_joined_by_a_link_as_long_as_the_gap(gap):
    #        |  from (40, gap) up; a negative gap shoots over the street
    #  ------+------
    streets, notes = network(layer(MAIN, ((40, gap), (40, 50))))
    assert pieces(streets) == 1
    assert notes["streets_ends_joined"]["ends"] == "1"
    assert "streets_cross" not in notes
    # nothing was moved: the lengths are as drawn, and the gap stands between them
    assert streets.edges.geometry.length.sum() == pytest.approx(
        100 + 50 - gap + (abs(gap) if abs(gap) > 1e-3 else 0), abs=1e-3
    )


@pytest.mark.parametrize("gap", [JOIN_M + 1e-6, 0.6, 5.0])
def test_an_end_farther_away_is_not(gap):
    streets, notes = network(layer(MAIN, ((40, gap), (40, 50))), components="several")
    assert pieces(streets) == 2
    assert "streets_ends_joined" not in notes


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(*[st.sampled_from([-250.0, -100.0, 0.0, 0.3, 99.8, 100.0, 100.4, 320.5, 5000.0])] * 4),
        max_size=25,
    )
)
def test_the_sweep_finds_the_pairs_that_every_pair_tried_gives(drawn):
    ends = np.array(drawn).reshape(-1, 2, 2)
    found = list(zip(*near_pairs(ends[:, 0], ends[:, 1]), strict=True))
    apart = [
        (a, b, np.maximum(one.min(0) - other.max(0), other.min(0) - one.max(0)).max())
        for (a, one), (b, other) in itertools.combinations(enumerate(ends), 2)
    ]
    assert found == sorted(set(found))  # in order, each once
    assert {(a, b) for a, b, metres in apart if metres <= JOIN_M} <= set(found)
    assert {(a, b) for a, b, metres in apart if metres > JOIN_M + 0.05}.isdisjoint(found)


@pytest.mark.parametrize(
    ("lines", "ends"),
    [
        # ends a few centimetres apart, end to end and on one spot of a third street
        ((((0, 0), (50, 0)), ((50.04, 0.02), (100, 0))), 2),
        ((MAIN, ((40, 0), (40, 50)), ((40, -0.03), (40, -50))), 2),
        # a side street between two main streets
        ((MAIN, ((0, 60), (100, 60)), ((30, 0.1), (30, 59.9))), 2),
        # the vertex of the street is taken where one is near
        ((((0, 0), (40.2, 0), (100, 0)), ((40, 0), (40, 50))), 1),
    ],
)
def test_ends_by_hand(lines, ends):
    streets, notes = network(layer(*lines))
    assert pieces(streets) == 1
    assert notes["streets_ends_joined"]["ends"] == str(ends)


@pytest.mark.parametrize(
    "apart", [{"bridge": ["yes", None]}, {"tunnel": [None, "T"]}, {"layer": [1, 0]}, {"level": ["0", "1"]}]
)
@pytest.mark.parametrize("side", [((40, 0), (40, 50)), ((40, -50), (40, 50))], ids=["end", "crossing"])
def test_bridges_tunnels_and_other_layers_are_never_joined_nor_counted(apart, side):
    streets, notes = network(layer(MAIN, side, **apart), join="crossings", components="several")
    assert pieces(streets) == 2
    assert not {"streets_ends_joined", "streets_cross", "streets_crossings_joined"} & set(notes)


@pytest.mark.parametrize(("one", "other"), [("0", None), (0.0, None), ("1", "1"), (1.0, "1")])
def test_layers_that_are_written_otherwise_are_one(one, other):
    streets, _ = network(layer(MAIN, ((40, 0), (40, 50)), layer=[one, other]))
    assert pieces(streets) == 1


CROSSED = (
    ((0, 0), (100, 0)),
    ((30, -50), (30, 50)),
    ((60, -50), (60, 0), (60, 50)),
    ((0, 50), (100, 50)),
    ((0, -50), (100, -50)),
)


def test_crossings_are_counted_and_joined_only_if_stated():
    # two lines cross the first, one of them through a vertex of its own; their ends lie on two more streets
    streets, notes = network(layer(*CROSSED))
    assert (streets.crossings, notes["streets_cross"]["places"]) == (2, "2")
    assert pieces(streets) == 2
    joined, notes = network(layer(*CROSSED), join="crossings")
    assert (joined.crossings, notes["streets_crossings_joined"]["places"]) == (2, "2")
    assert "streets_cross" not in notes
    assert pieces(joined) == 1
    at = joined.nodes[["x", "y"]] - [X, Y]
    assert {(30.0, 0.0), (60.0, 0.0)} <= set(map(tuple, at.to_numpy().round(6)))
    assert joined.edges.geometry.length.sum() == pytest.approx(500)


def test_a_street_is_the_same_whether_it_was_drawn_with_vertices_or_joined():
    drawn = layer(
        ((0, 0), (30, 0), (60, 0), (100, 0)), ((30, -50), (30, 0), (30, 50)), ((60, -50), (60, 0), (60, 50)),
        ((0, 50), (30, 50), (60, 50), (100, 50)), ((0, -50), (30, -50), (60, -50), (100, -50)),
    )  # fmt: skip
    one, other = network(drawn)[0], network(layer(*CROSSED), join="crossings")[0]
    pd.testing.assert_frame_equal(one.nodes, other.nodes)
    pd.testing.assert_frame_equal(one.edges[["u", "v", "highway"]], other.edges[["u", "v", "highway"]])


@pytest.mark.parametrize("join", ["ends", "crossings"])
def test_the_order_of_the_file_changes_nothing(join):
    table = layer(
        *CROSSED, ((10, 0.2), (10, 40)), highway=["path", "residential", "service", "steps", "path", "track"]
    )
    one, other = (network(rows.reset_index(drop=True), join=join)[0] for rows in (table, table.iloc[::-1]))
    pd.testing.assert_frame_equal(one.nodes, other.nodes)
    same = ["u", "v", "highway", "access"]
    pd.testing.assert_frame_equal(one.edges[same], other.edges[same])


def test_a_link_is_walked_both_ways_as_its_street_and_gates_stay(osm_file):
    # 1 -- 2(gate) and, 11 cm apart, 3 -- 4: one way up
    points = {
        1: (100, 100),
        2: (101, 100, {"barrier": "gate", "locked": "yes"}),
        3: (101, 100.001),
        4: (102, 100),
    }
    ways = {
        10: ([1, 2], {"highway": "footway", "oneway:foot": "yes"}),
        11: ([3, 4], {"highway": "service", "access": "private"}),
    }
    streets = read_streets(osm_file(points, ways), crs="EPSG:32631")
    link = streets.edges[(streets.edges.geometry.length > 0) & (streets.edges.geometry.length < JOIN_M)].iloc[
        0
    ]
    assert (link["highway"], link["oneway"], link["osm_id"]) == ("footway", 0, "10")
    gate = streets.edges[streets.edges["highway"] == "gate"].iloc[0]
    assert np.isinf(gate["fixed_fwd_s"])
    assert pieces(streets) == 1


# --- against shapely, and laws ---------------------------------------------------------------------------------------

STEP = st.integers(0, 4)
LINES = st.lists(st.tuples(STEP, STEP, STEP, STEP), min_size=2, max_size=7)
#: Ends may stop short of a grid point, or shoot over it.
SLIP = st.sampled_from([0.0, 0.0, 0.04, -0.04, 0.4])


def straight(drawn):
    """Horizontal and vertical lines, each once."""
    lines = {(a, b, c, b) if i % 2 else (a, b, a, d) for i, (a, b, c, d) in enumerate(drawn)}
    kept = sorted({(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in lines if (a, b) != (c, d)})
    return [((20.0 * a, 20.0 * b), (20.0 * c, 20.0 * d)) for a, b, c, d in kept] or [
        ((0.0, 0.0), (20.0, 0.0))
    ]


def walks(edges, places):
    """Return the metres between all pairs of places, by networkx; inf where there is no way."""
    graph = nx.MultiGraph()
    for u, v, line in zip(edges["u"], edges["v"], edges.geometry, strict=True):
        graph.add_edge(u, v, weight=line.length)
    graph.add_nodes_from(places)
    found = dict(nx.all_pairs_dijkstra_path_length(graph))
    return {(a, b): found[a].get(b, np.inf) for a, b in itertools.combinations(places, 2)}


@settings(deadline=None, max_examples=80)
@given(LINES)
@example([(0, 0, 0, 0), (0, 2, 2, 0), (0, 0, 0, 0), (1, 2, 2, 0), (1, 0, 0, 3)])  # one line lies on another
def test_with_crossings_joined_the_network_is_the_one_that_shapely_nodes(drawn):
    """Independent oracle: `shapely.node` of all lines; its pieces as a graph."""
    lines = straight(drawn)
    streets, _ = network(layer(*lines), join="crossings", components="several")
    noded = shapely.get_parts(
        shapely.node(shapely.multilinestrings([shapely.LineString(line) for line in lines]))
    )
    pairs = [
        tuple(tuple(round(v, 6) for v in end) for end in (part.coords[0], part.coords[-1])) for part in noded
    ]
    slow = gpd.GeoDataFrame(pairs, columns=["u", "v"], geometry=list(noded))
    at = dict(
        zip(
            streets.nodes.index,
            map(tuple, (streets.nodes[["x", "y"]] - [X, Y]).to_numpy().round(6)),
            strict=True,
        )
    )
    ours = streets.edges.assign(u=streets.edges["u"].map(at), v=streets.edges["v"].map(at))
    # of lines that lie on each other shapely keeps one; two streets between the same places are the same walk
    ends = [tuple(sorted(pair)) for pair in zip(ours["u"], ours["v"], strict=True)]
    once = ours.geometry.length[~pd.Series(ends, ours.index).duplicated()]
    assert once.sum() == pytest.approx(slow.geometry.length.sum())
    places = sorted({tuple(map(float, end)) for line in lines for end in line})
    theirs = walks(slow, places)
    assert walks(ours, places) == pytest.approx(theirs)


@settings(deadline=None, max_examples=80)
@given(LINES, st.lists(SLIP, min_size=7, max_size=7))
def test_laws_joining_never_lengthens_a_walk_nor_adds_components(drawn, slips):
    lines = []
    for (start, end), slip in zip(straight(drawn), slips, strict=False):
        way = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
        lines.append((start, tuple(np.add(end, slip * way))))
    ways, _ = read_lines(layer(*lines), classes=None, walk={}, datum=None, crs=CRS)
    walked = np.ones(len(ways.table), dtype=bool)
    places = [tuple(np.round(np.add(end, (X, Y)), 3)) for line in lines for end in line]
    found, counts = [], []
    for joined in (
        ways,
        join_streets(ways, walked, crossings=False).ways,
        join_streets(ways, walked, crossings=True).ways,
    ):
        nodes, edges = build_edges(choose_ways(joined, np.ones(len(joined.table), dtype=bool)), crs=CRS)
        at = dict(zip(nodes.index, map(tuple, nodes[["x", "y"]].to_numpy().round(3)), strict=True))
        found.append(walks(edges.assign(u=edges["u"].map(at), v=edges["v"].map(at)), places))
        counts.append(nx.number_connected_components(nx.Graph(edges[["u", "v"]].to_numpy().tolist())))
    assert counts[0] >= counts[1] >= counts[2]
    for before, after in itertools.pairwise(found):
        assert all(after[pair] <= metres + 1e-3 for pair, metres in before.items())
    # ends within reach of one another are joined, whoever drew them: a slow sum over all pairs
    for (i, one), (j, other) in itertools.permutations(enumerate(lines), 2):
        for end in one:
            if i != j and shapely.Point(end).distance(shapely.LineString(other)) <= JOIN_M - 1e-6:
                a, b = (tuple(np.round(np.add(place, (X, Y)), 3)) for place in (end, other[0]))
                assert a == b or np.isfinite(found[1].get((a, b), found[1].get((b, a))))


# --- node numbers, heights, pieces ----------------------------------------------------------------------------------


CROSS = (((0, 0), (50, 0), (100, 0)), ((50, -50), (50, 0), (50, 50)))


@pytest.mark.parametrize(
    ("numbers", "stale"),
    [
        # as osmnx numbers them; some drawn from v to u; without numbers for a new line
        ({"u": [1, 3], "v": [2, 4]}, None), ({"u": [2, 3], "v": [1, 4]}, None), ({"u": [1, None], "v": [2, None]}, None),
        # the second was cut off the first, and has its numbers still: 1 and 2 stand at two places each
        ({"u": [1, 1], "v": [2, 2]}, "2"), ({"u": [1, 2], "v": [2, 3]}, "1"),
    ],
)  # fmt: skip
def test_stale_node_numbers_are_counted_and_not_used(numbers, stale):
    streets, notes = network(layer(*CROSS, **numbers), components="several")
    assert notes.get("streets_numbers_stale", {}).get("numbers") == stale
    # with good numbers lines meet at their ends only
    assert pieces(streets) == (2 if stale is None else 1)


@pytest.mark.parametrize(("heights", "metres"), [((5, 5.005), None), ((5, 5.5), "0.5"), ((0, 93), "93.0")])
def test_heights_that_differ_at_a_shared_vertex_are_counted_and_the_lines_meet(heights, metres):
    low, high = heights
    lines = (((0, 0, 1), (50, 0, low), (100, 0, 2)), ((50, -50, 9), (50, 0, high), (50, 50, 9)))
    streets, notes = network(layer(*lines))
    assert pieces(streets) == 1
    expected = None if metres is None else {"points": "1", "metres": metres}
    assert notes.get("streets_heights_differ") == expected


def test_a_largest_piece_under_half_of_the_length_is_an_error_unless_stated():
    lines = (((0, 0), (49, 0)), ((0, 50), (30, 50)), ((0, 90), (21, 90)))
    streets, notes = network(layer(*lines))
    assert notes["streets_in_pieces"] == {"share": "49.0%", "pieces": "3", "crossings": "0"}
    error = next(n for n in streets.notes if n.code == "streets_in_pieces")
    assert error.severity == "error"
    assert "components: several" in error.action("zh")
    assert "join: crossings" in error.action("en")
    _, notes = network(layer(*lines), components="several")
    assert "streets_in_pieces" not in notes
    assert notes["streets_several_pieces"]["pieces"] == "3"
    # at one half it is none
    _, notes = network(layer(((0, 0), (50, 0)), ((0, 50), (29, 50)), ((0, 90), (21, 90))))
    assert not {"streets_in_pieces", "streets_several_pieces"} & set(notes)


def test_streets_of_another_place_are_said_to_be_elsewhere():
    with pytest.raises(NetworkError, match=r"outside of the study area; the nearest is 2\.0 km away"):
        network(layer(MAIN), area=(X + 2100, Y, X + 3000, Y + 100))
