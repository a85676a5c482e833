"""Squares: walks across by hand, round holes and corners, what is no square, and every shortest walk by a slow search."""

from itertools import combinations

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from geoplan.inputs.streets import read_streets, walkable_m
from geoplan.inputs.streets.edges import build_edges
from geoplan.inputs.streets.fitness import street_lengths
from geoplan.inputs.streets.lines import read_lines
from geoplan.inputs.streets.read import from_ways
from geoplan.inputs.streets.squares import cross_squares

CRS = "EPSG:32631"
X, Y = 500_000.0, 4_000_000.0


def line(*points):
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def polygon(outline, *holes):
    def moved(ring):
        return [(X + x, Y + y) for x, y in ring]

    return shapely.Polygon(moved(outline), [moved(hole) for hole in holes])


def town(square, *streets, **columns):
    """A square and streets that meet it, as a network."""
    layer = gpd.GeoDataFrame(
        {"highway": ["pedestrian", *["footway"] * len(streets)], **columns},
        geometry=[square, *streets],
        crs=CRS,
    )
    ways, _ = read_lines(layer, classes=None, walk={}, datum=None, crs=CRS)
    return from_ways(ways, (), walk={}, private="open", gates="tagged", gate_states={}, crs=CRS)


def walk(found, start, end):
    """The shortest walk between two places, metres on the map; None without a way."""
    at = {(round(x - X, 3), round(y - Y, 3)): n for n, x, y in found.nodes[["x", "y"]].itertuples()}
    graph = nx.MultiGraph()
    edges = found.edges
    for u, v, metres in zip(edges["u"], edges["v"], edges.geometry.length, strict=True):
        graph.add_edge(u, v, metres=metres)
    return nx.shortest_path_length(graph, at[start], at[end], weight="metres")


BOX = [(0, 0), (100, 0), (100, 100), (0, 100)]
SOUTH_WEST, NORTH_EAST = line((0, 0), (-30, 0)), line((100, 100), (100, 130))


def test_a_square_is_walked_straight_across():
    found = town(polygon(BOX), SOUTH_WEST, NORTH_EAST)
    assert walk(found, (-30, 0), (100, 130)) == pytest.approx(30 + 100 * 2**0.5 + 30)
    (note,) = [n for n in found.notes if n.code == "squares_crossed"]
    assert note.values["squares"] == "1"
    # one line more than the ring and the streets, which is no street: no metre of it counts
    assert found.edges["highway"].value_counts().to_dict() == {"pedestrian": 2, "footway": 2, "square": 1}
    assert walkable_m(found.edges) == pytest.approx(460)
    area = gpd.GeoDataFrame(geometry=[shapely.box(X - 50, Y - 50, X + 150, Y + 150)], crs=CRS)
    assert street_lengths(area, found.edges).sum(axis=1).tolist() == pytest.approx([0.46])


def test_round_a_hole_and_round_a_corner():
    fountain = [(30, 30), (70, 30), (70, 70), (30, 70)]
    found = town(polygon(BOX, fountain), SOUTH_WEST, NORTH_EAST)
    assert walk(found, (0, 0), (100, 100)) == pytest.approx(2 * np.hypot(70, 30))
    # an L whose inner corner is at (50, 50)
    bent = [(0, 0), (100, 0), (100, 50), (50, 50), (50, 100), (0, 100)]
    found = town(
        polygon(bent), line((100, 25), (130, 25)), line((25, 100), (25, 130)), line((100, 50), (110, 60))
    )
    assert walk(found, (100, 50), (50, 50)) == pytest.approx(50)


def test_a_street_that_meets_the_ring_between_its_corners():
    outline = [(0, 0), (100, 0), (100, 40), (100, 100), (60, 100), (0, 100)]
    found = town(
        polygon(outline), line((100, 40), (150, 40)), line((60, 100), (60, 150)), line((0, 0), (0, -9))
    )
    assert walk(found, (150, 40), (60, 150)) == pytest.approx(100 + np.hypot(40, 60))
    assert walk(found, (0, 0), (150, 40)) == pytest.approx(50 + np.hypot(100, 40))


def test_what_is_no_square_and_what_nothing_is_gained_by():
    codes = lambda found: {n.code for n in found.notes}  # noqa: E731
    ring = line(*BOX, BOX[0])
    # a round street without area=yes; one street only; no access
    assert "squares_crossed" not in codes(town(ring, SOUTH_WEST, NORTH_EAST))
    assert "squares_crossed" not in codes(town(polygon(BOX), SOUTH_WEST))
    assert "squares_crossed" not in codes(
        town(polygon(BOX), SOUTH_WEST, NORTH_EAST, foot=["no", "yes", "yes"])
    )
    assert "squares_crossed" in codes(town(ring, SOUTH_WEST, NORTH_EAST, area=["yes", "", ""]))
    # neighbours along the ring walk along the ring
    beside = town(polygon(BOX), SOUTH_WEST, line((100, 0), (130, 0)))
    assert "squares_crossed" not in codes(beside)
    # a private square stays private
    private = town(polygon(BOX), SOUTH_WEST, NORTH_EAST, access=["private", "", ""])
    assert set(private.edges.loc[private.edges["highway"].isin(["pedestrian", "square"]), "access"]) == {
        "residents"
    }


def test_squares_of_an_extract(osm_file):
    # about 111 m a thousandth of a degree
    points = {
        1: (100, 0), 2: (101, 0), 3: (101, 1), 4: (100, 1), 5: (99, 0), 6: (102, 1),
        11: (100.4, 0.4), 12: (100.6, 0.4), 13: (100.6, 0.6), 14: (100.4, 0.6),
    }  # fmt: skip
    streets = {21: ([5, 1], {"highway": "footway"}), 22: ([3, 6], {"highway": "footway"})}
    closed = {20: ([1, 2, 3, 4, 1], {"highway": "pedestrian", "area": "yes"})}
    parts = {20: ([1, 2, 3], {}), 24: ([3, 4, 1], {}), 25: ([11, 12, 13, 14, 11], {})}
    relation = {30: ([20, 24, 25], {"type": "multipolygon", "highway": "pedestrian"})}

    def across(path):
        found = read_streets(path, crs=CRS)
        graph = nx.MultiGraph()
        for u, v, metres in zip(found.edges["u"], found.edges["v"], found.edges.geometry.length, strict=True):
            graph.add_edge(u, v, metres=metres)
        return nx.shortest_path_length(graph, 1, 3, weight="metres"), found.edges.geometry.length.max()

    plain, _ = across(osm_file(points, closed | streets))
    side = 111_319.5 * 0.001
    assert plain == pytest.approx(2**0.5 * side, rel=0.01)
    holed, _ = across(osm_file(points, parts | streets, relation))
    assert holed == pytest.approx(2 * np.hypot(0.6, 0.4) * side, rel=0.01)


def test_a_round_square_with_very_many_corners_is_still_crossed():
    angles = np.linspace(0, 2 * np.pi, 900, endpoint=False)
    wavy = [
        (r * np.cos(a), r * np.sin(a)) for a, r in zip(angles, 100 + 2 * (np.arange(900) % 2), strict=True)
    ]
    found = town(polygon(wavy), line(wavy[0], (150, 0)), line(wavy[450], (-150, 0)))
    assert walk(found, (150, 0), (-150, 0)) == pytest.approx(300, abs=0.5)


STEPS = st.lists(
    st.tuples(st.integers(0, 15), st.sampled_from([(1, 0), (0, 1), (-1, 0), (0, -1)])), max_size=14
)
#: Eight cells round one that is missing.
RING = [(k, way) for k, way in enumerate([(1, 0), (1, 0), (0, 1), (0, 1), (-1, 0), (-1, 0), (0, -1)])]
SIDE = 10.0


def inside(cells, x, y):
    """Whether a place lies in one of the closed cells."""
    at = {(c, r) for c in (x / SIDE - 1e-9, x / SIDE + 1e-9) for r in (y / SIDE - 1e-9, y / SIDE + 1e-9)}
    return any((int(np.floor(c)), int(np.floor(r))) in cells for c, r in at)


def grown(steps):
    """Cells that hang together by their sides: each step adds the neighbour of one that is there."""
    cells = [(0, 0)]
    for k, (right, up) in steps:
        column, row = cells[k % len(cells)]
        if (column + right, row + up) not in cells:
            cells.append((column + right, row + up))
    return set(cells)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.lists(st.integers(0, 30), min_size=2, max_size=4))
@example(RING, [0, 11, 5])
@example(RING, [1, 10, 4])
def test_every_shortest_walk_by_a_slow_search(steps, picks):
    cells = grown(steps)
    area = shapely.union_all(
        [shapely.box(SIDE * c, SIDE * r, SIDE * (c + 1), SIDE * (r + 1)) for c, r in cells]
    )
    assume(area.geom_type == "Polygon" and area.is_valid)
    rings = [area.exterior, *area.interiors]
    corners = sorted({(float(x), float(y)) for ring in rings for x, y in ring.coords})
    assume(len(corners) == sum(len(ring.coords) - 1 for ring in rings))  # rings that touch
    met = sorted({corners[pick % len(corners)] for pick in picks})
    stubs = [line(place, (place[0] + 0.3 * k + 0.1, place[1] + 0.7)) for k, place in enumerate(met)]
    square = shapely.Polygon(
        [(X + x, Y + y) for x, y in area.exterior.coords],
        [[(X + x, Y + y) for x, y in ring.coords] for ring in area.interiors],
    )
    shapes = [square, *stubs]
    layer = gpd.GeoDataFrame({"highway": "pedestrian"}, index=range(len(shapes)), geometry=shapes, crs=CRS)
    ways, _ = read_lines(layer, classes=None, walk={}, datum=None, crs=CRS)
    crossed, _ = cross_squares(ways, np.ones(len(ways.table), bool))
    nodes, edges = build_edges(crossed, crs=CRS)
    found = type("Found", (), {"nodes": nodes, "edges": edges})
    # lines of sight between all corners, tried place by place
    best = {(a, a): 0.0 for a in corners}
    for a, b in combinations(corners, 2):
        steps = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for t in np.linspace(0, 1, 241)]
        seen = all(inside(cells, x, y) for x, y in steps)
        best[a, b] = best[b, a] = float(np.hypot(b[0] - a[0], b[1] - a[1])) if seen else np.inf
    for k in corners:
        for a in corners:
            for b in corners:
                best[a, b] = min(best[a, b], best[a, k] + best[k, b])
    for a, b in combinations(met, 2):
        assert walk(found, a, b) == pytest.approx(best[a, b], abs=1e-4)
