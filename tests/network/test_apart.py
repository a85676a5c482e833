"""Places beside each other but far apart on foot: by hand, the boundaries, and every pair by a slow search."""

from itertools import combinations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from street_walks import Oracle, on_graph, streets

from geoplan.network.apart import far_on_foot
from geoplan.network.graph import build_graph
from geoplan.network.snap import snap
from geoplan.pipeline.walks import apart_notes


def hairpin(length, **columns):
    """Two streets 60 m apart that meet at their eastern end only, `length` metres away."""
    return streets([(0, 0), (length, 0), (length, 60), (0, 60)], [(10, 11), (11, 12), (12, 13)], **columns)


def placed(graph, **places):
    shapes = gpd.GeoSeries([Point(*xy) for xy in places.values()], index=list(places), crs=None)
    return gpd.GeoDataFrame(snap(graph, shapes, max_snap_m=30, island_nodes=0), geometry=shapes)


def pairs(graph, **places):
    found = far_on_foot(graph, placed(graph, **places))
    return list(zip(found["one"], found["other"], found["straight_m"].round(3), strict=True))


@pytest.mark.parametrize(("length", "apart"), [(470, False), (470.001, True)])
def test_the_walk_is_longer_than_a_kilometre(length, apart):
    # 470 + 60 + 470 = 1,000 m between the western ends
    graph = build_graph(*hairpin(length))
    assert pairs(graph, a=(0, 0), b=(0, 60)) == ([("a", "b", 60)] if apart else [])


def test_the_straight_line_is_a_hundred_metres_and_what_is_off_the_network_is_left_out():
    graph = build_graph(*hairpin(2000))
    # b and c are 20 m beyond the street, their legs are walked; d is too far from it
    assert pairs(graph, a=(0, 0), b=(80, 60), c=(80.01, 60), d=(0, -31)) == [("a", "b", 100.0)]
    assert pairs(graph, a=(0, 0), b=(0, -31)) == []


def test_one_direction_is_enough_and_what_is_not_connected_is_far():
    short = [(0, 0), (50, 0), (50, 60), (0, 60)]
    nodes, edges = streets(short, [(10, 11), (11, 12), (12, 13)])
    gone = build_graph(nodes, edges.drop(index=101))
    assert pairs(gone, a=(0, 0), b=(0, 60)) == [("a", "b", 60)]
    out_only = build_graph(nodes, edges.assign(oneway=[1, 0, 0]))
    assert pairs(out_only, a=(0, 0), b=(0, 60)) == []


def test_the_note_names_the_pairs_and_those_with_a_new_place_where_asked():
    graph = build_graph(*hairpin(2000))
    snaps = placed(graph, a=(0, 0), b=(0, 60), c=(10, 60))
    names = {"a": "甲", "b": "乙", "c": "丙"}
    (note,) = apart_notes(graph, {"one": snaps, "again": snaps}, names)
    assert "2 pairs" in note.text("en")
    assert "甲 / 乙 (60 m); 甲 / 丙 (61 m)" in note.text("zh")
    (new,) = apart_notes(graph, {"one": snaps}, names, code="sites_far_on_foot", new={"c"}, question="q")
    assert "丙" in new.text("zh")
    assert "乙" not in new.text("zh")
    assert apart_notes(graph, {"one": snaps}, names, new=set(), question="q") == []


SPOT = st.tuples(st.sampled_from([0, 90, 100, 700]), st.sampled_from([0, 60, 400]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(SPOT, min_size=2, max_size=6, unique=True), st.data(), st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0.0, 0.5, 1.0])), max_size=6)
)  # fmt: skip
def test_every_pair_by_a_slow_search(spots, data, at):
    links = data.draw(
        st.lists(st.sampled_from(list(combinations(range(10, 10 + len(spots)), 2))), min_size=1, max_size=6)
    )
    nodes, edges = streets(spots, links)
    graph = build_graph(nodes, edges)
    places = {f"p{n}": (edges.index[edge % len(edges)], share, 0.0) for n, (edge, share) in enumerate(at)}
    on = [edges.geometry[edge].interpolate(share, normalized=True) for edge, share, _ in places.values()]
    shapes = gpd.GeoSeries(on, index=list(places), crs=None)
    snaps = on_graph(graph, places) if places else placed(graph)
    found = far_on_foot(graph, gpd.GeoDataFrame(snaps, geometry=shapes))
    oracle = Oracle(nodes, edges, 3.6)
    near = oracle.pairs(places, places, np.inf)
    expected = {
        (a, b)
        for a, b in combinations(shapes.index, 2)
        if shapes[a].distance(shapes[b]) <= 100
        and min(near.get((a, b), np.inf), near.get((b, a), np.inf)) > 1000
    }
    told = set(zip(found["one"], found["other"], strict=True))
    clear = {  # within rounding of a kilometre either answer is right
        (a, b) for a, b in combinations(shapes.index, 2) if abs(near.get((a, b), np.inf) - 1000) > 1e-3
    }
    assert told & clear == expected & clear
