"""Reading OpenStreetMap files: junctions, loops, squares, gaps, and what is said of it."""

import numpy as np
import pytest
import shapely

from geoplan.inputs.streets import read_streets
from geoplan.words.errors import InputError, NetworkError

CRS = "EPSG:32631"  # the points lie by (0.1 E, 0.1 N) degrees: within zone 31
WALK = {"highway": "footway"}


def read(path, **options):
    streets = read_streets(path, crs=CRS, **options)
    # whatever is said has words in both languages
    assert all(note.text("zh") and not note.found("en").endswith(".") for note in streets.notes)
    return streets


def pairs(streets):
    return sorted((min(u, v), max(u, v)) for u, v in streets.edges[["u", "v"]].itertuples(index=False))


def codes(streets):
    return [note.code for note in streets.notes]


LINE = {1: (100, 100), 2: (101, 100), 3: (102, 100), 4: (103, 100), 5: (102, 101), 6: (102, 99)}


@pytest.mark.parametrize(
    ("ways", "vertices"),
    [
        # 2 lies inside way 10 alone, 3 is shared
        ([[1, 2, 3, 4], [5, 3]], {(1, 3): 3, (3, 4): 2, (5, 3): 2}),
        # ways that cross without a shared point do not meet
        ([[1, 4], [5, 6]], {(1, 4): 2, (5, 6): 2}),
        # a loop stays and a repeated point does not
        ([[1, 2, 2, 3], [3, 4, 5, 3], [6, 6]], {(1, 3): 3, (3, 3): 4}),
        # a lasso through 2: a way that meets itself
        ([[1, 2, 3, 4, 2, 5]], {(1, 2): 2, (2, 2): 4, (2, 5): 2}),
        # a way with lost points is cut there
        ([[1, 2, 99, 3, 4], [98, 5, 3], [97, 96]], {(1, 2): 2, (3, 4): 2, (5, 3): 2}),
    ],
)
@pytest.mark.parametrize("ways_first", [False, True])
def test_ways_are_split_where_they_meet_and_nowhere_else(osm_file, ways, vertices, ways_first):
    numbered = {10 + place: (refs, WALK) for place, refs in enumerate(ways)}
    streets = read(osm_file(LINE, numbered, ways_first=ways_first))
    assert {(e.u, e.v): len(e.geometry.coords) for e in streets.edges.itertuples()} == vertices
    assert list(streets.nodes.index) == sorted({node for pair in vertices for node in pair})
    at = streets.nodes[["x", "y"]].apply(tuple, axis=1)
    for edge in streets.edges.itertuples():
        assert (edge.geometry.coords[0], edge.geometry.coords[-1]) == (at[edge.u], at[edge.v])
    lost = [n.values for n in streets.notes if n.code == "streets_points_missing"]
    assert lost == ([{"points": 4, "ways": 3}] if len(ways) == 3 and 99 in ways[0] else [])


def test_crossings_and_stopping_barriers_split_a_way_and_a_bollard_does_not(osm_file):
    points = {
        1: (100, 100), 2: (101, 100, {"highway": "crossing"}), 3: (102, 100, {"barrier": "bollard"}),
        4: (103, 100, {"barrier": "fence"}), 5: (104, 100),
    }  # fmt: skip
    streets = read(osm_file(points, {10: ([1, 2, 3, 4, 5], WALK)}))
    assert streets.nodes["kind"].loc[[1, 2, 4, 5]].tolist() == ["", "crossing", "barrier", ""]
    copy = streets.nodes.index.max()
    assert pairs(streets) == [(1, 2), (2, copy), (4, 5), (4, copy)]
    valve = streets.edges[streets.edges["highway"] == "gate"].iloc[0]
    assert (valve.fixed_fwd_s, valve.fixed_bwd_s, valve.geometry.length) == (np.inf, np.inf, 0)


def test_points_in_one_place_are_joined_on_the_ground_only(osm_file):
    points = {
        1: (100, 100), 2: (101, 100), 3: (101, 100), 4: (102, 100), 5: (103, 100), 6: (103, 100), 7: (104, 100),
    }  # fmt: skip
    ground = {10: ([1, 2], WALK), 11: ([3, 4], WALK)}
    streets = read(osm_file(points, ground))
    assert pairs(streets) == [(1, 2), (2, 4)]
    assert "streets_points_joined" in codes(streets)
    for over in ({"bridge": "yes"}, {"tunnel": "yes"}, {"level": "1"}):
        ways = {10: ([1, 2], WALK), 11: ([3, 4], WALK | over)}
        assert pairs(read(osm_file(points, ways))) == [(1, 2), (3, 4)]


def test_the_ring_of_a_square_is_walked(osm_file):
    ring = {10: ([1, 2, 5, 1], {}), 11: ([3, 4], WALK), 12: ([2, 3], WALK)}
    square = {"type": "multipolygon", "highway": "pedestrian", "area": "yes"}
    streets = read(osm_file(LINE, ring, {20: ([10], square)}))
    assert streets.edges.loc[streets.edges["osm_id"] == "10", "highway"].unique().tolist() == ["pedestrian"]
    # a ring without the relation is no street
    assert "10" not in set(read(osm_file(LINE, ring)).edges["osm_id"])


def test_columns_hold_what_is_tagged(osm_file):
    tags = {
        "highway": "steps", "name": "千禧 台阶, 100% = a", "level": "0;1", "bridge": "yes", "tunnel": "no",
        "conveying": "forward",
    }  # fmt: skip
    edge = read(osm_file(LINE, {10: ([1, 2], tags)})).edges.iloc[0]
    assert edge["name"] == "千禧 台阶, 100% = a"
    assert (edge["level"], edge["bridge"], edge["tunnel"], edge["oneway"]) == ("0;1", True, False, 1)


def test_the_same_file_gives_the_same_tables_whatever_the_order_of_ways(osm_file):
    ways = {10: ([1, 2, 3, 4], WALK), 11: ([5, 3], WALK), 12: ([6, 3], WALK)}
    one, other = read(osm_file(LINE, ways)), read(osm_file(LINE, dict(reversed(ways.items()))))
    assert one.edges["osm_id"].tolist() == ["10", "10", "11", "12"]
    assert one.edges.equals(other.edges)
    assert one.nodes.equals(other.nodes)


def test_an_area_keeps_what_touches_it(osm_file):
    path = osm_file(LINE, {10: ([1, 2], WALK), 11: ([2, 3], WALK), 12: ([3, 4], WALK)})
    whole = read(path)
    at = whole.nodes.loc[1]
    near = shapely.Point(at.x, at.y).buffer(1)
    assert pairs(read(path, area=near)) == [(1, 2)]
    assert pairs(read(path, area=near.bounds)) == [(1, 2)]
    assert list(read(path, area=near).nodes.index) == [1, 2]
    # an edge that only touches is kept
    touching = (at.x - 10.0, at.y - 10.0, whole.nodes.loc[2].x, at.y + 10.0)
    assert pairs(read(path, area=touching)) == [(1, 2), (2, 3)]


def test_far_ways_enter_no_note(osm_file):
    # the trunk road of another town: near 1 and 2 there is no choice to make
    far = {7: (500, 500), 8: (501, 500)}
    path = osm_file(LINE | far, {10: ([1, 2], WALK), 11: ([7, 8], {"highway": "trunk"})})
    assert "class_choice_unstated" in codes(read(path))
    at = read(path).nodes.loc[1]
    assert codes(read(path, area=(at.x - 1, at.y - 1, at.x + 1, at.y + 1))) == ["streets_read"]


@pytest.mark.parametrize(
    ("walk", "code", "met"),
    [
        ({}, "class_choice_unstated", [(1, 2), (2, 3), (3, 4)]),
        ({"trunk": True}, "class_walked", [(1, 2), (2, 3), (3, 4)]),
        ({"trunk": False}, "class_left_out", [(1, 2), (3, 4)]),
    ],
)
def test_what_choices_of_class_cost_is_said(osm_file, walk, code, met):
    #  1 -path- 2 -trunk- 3 -path- 4
    ways = {10: ([1, 2], WALK), 11: ([2, 3], {"highway": "trunk"}), 12: ([3, 4], WALK)}
    streets = read(osm_file(LINE, ways), walk=walk)
    note = next(n for n in streets.notes if n.code == code)
    assert pairs(streets) == met
    told = [note.values[key] for key in ("choice", "islands", "share", "islands_with", "share_with")]
    assert told == ["trunk", 1, "50.0%", 0, "0.0%"]
    assert walk or "{trunk: true}" in note.action("zh")


def test_a_motorway_that_its_own_tags_open_leaves_the_others_out(osm_file):
    #  1 -path- 2 -motorway- 3 -path- 4 -motorway, foot=yes- 5
    roads = [WALK, {"highway": "motorway"}, WALK, {"highway": "motorway", "foot": "yes"}]
    ways = {10 + i: ([i + 1, i + 2], tags) for i, tags in enumerate(roads)}
    notes = {n.code: n.values for n in read(osm_file(LINE, ways)).notes}
    assert "class_choice_unstated" not in notes
    left = notes["class_left_out"]
    assert (left["edges"], left["islands"], left["share"], left["islands_with"]) == ("1", 1, "40.0%", 0)


def test_unknown_classes_and_rules_are_named(osm_file):
    ways = {10: ([1, 2], WALK), 11: ([2, 3], {"highway": "spaceway"}), 12: ([3, 4], WALK | {"foot": "no"})}
    streets = read(osm_file(LINE, ways))
    assert "spaceway (1)" in next(n for n in streets.notes if n.code == "street_classes_unknown").found("zh")
    left_out = next(n for n in streets.notes if n.code == "streets_left_out")
    assert "foot 1" in left_out.found("en")
    assert "foot 标签禁行 1" in left_out.found("zh")


def test_errors_say_what_is_wrong(osm_file, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.osm.pbf")
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"this is no extract")
    with pytest.raises(InputError, match=r"broken\.osm\.pbf: the streets cannot be read"):
        read(broken)
    with pytest.raises(NetworkError, match="nothing in it may be walked on"):
        read(osm_file(LINE, {10: ([1, 2], {"highway": "motorway"})}))
    with pytest.raises(NetworkError, match="holds no ways tagged highway"):
        read(osm_file({}, {}))
