"""Strokes draw every piece once; ribbons hold their lines and each other."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geoplan.network.ribbons import nested_ribbons, ribbon
from geoplan.network.strokes import strokes

NONE = np.empty(0, dtype=object)


def lines(*coordinates):
    return np.array([shapely.LineString(c) for c in coordinates], dtype=object)


def test_streets_go_on_across_a_crossing():
    cross = lines(
        [(0, 0), (10, 0)], [(20, 1), (10, 0)], [(10, 9), (10, 0)], [(10, 0), (10, -9)], [(50, 50), (60, 50)]
    )
    assert sorted(line.wkt for line in strokes(cross)) == [
        "LINESTRING (0 0, 10 0, 20 1)",
        "LINESTRING (10 9, 10 0, 10 -9)",
        "LINESTRING (50 50, 60 50)",
    ]


def test_a_ring_is_walked_round():
    got = strokes(lines([(0, 0), (1, 0), (1, 1)], [(0, 0), (0, 1), (1, 1)]))
    assert len(got) == 1
    assert got[0].is_ring
    assert got[0].length == 4


def test_nothing_stays_nothing():
    assert len(strokes(NONE)) == 0
    assert ribbon(NONE, width_m=30).is_empty
    assert all(r.is_empty for r in nested_ribbons([NONE, NONE], width_m=30))


def test_ribbon_by_hand():
    # 100 m of street 10 m to each side, and a round end of 16 corners: 8 r² sin(22.5°)
    got = ribbon(lines([(0, 0), (40, 0)], [(40, 0), (100, 0)]), width_m=10)
    assert got.area == pytest.approx(2000 + 800 * np.sin(np.pi / 8), rel=1e-9)
    # a line of no length is a spot
    assert ribbon(lines([(0, 0), (0, 0)]), width_m=10).area == pytest.approx(800 * np.sin(np.pi / 8))


COORDINATE = st.sampled_from([0.0, 0.0005, 10.0, 30.0, 31.0, 100.0])
POINT = st.tuples(COORDINATE, COORDINATE)
LINE = st.lists(POINT, min_size=2, max_size=4).filter(lambda c: len(set(c)) > 1)


@settings(deadline=None, max_examples=150)
@given(st.lists(LINE, min_size=1, max_size=8))
def test_strokes_keep_length_and_ground(coordinates):
    given_lines = lines(*coordinates)
    long = given_lines[shapely.length(given_lines) >= 1e-3]
    got = strokes(long)
    assert len(got) <= len(long)
    assert shapely.length(got).sum() == pytest.approx(shapely.length(long).sum(), abs=0.01)
    if len(long):
        drawn = shapely.multilinestrings(got)
        for part in np.linspace(0, 1, 9):
            spots = shapely.line_interpolate_point(long, part, normalized=True)
            assert shapely.distance(drawn, spots).max() < 0.002  # ends a millimetre apart are one place


def test_a_line_that_comes_back_to_itself_keeps_its_ground():
    bow = lines([(0, 10), (0, 0), (10, 10)], [(0, 10), (0.0005, 0), (10, 10)])
    hull = shapely.MultiLineString(list(bow)).convex_hull.buffer(30).area
    assert ribbon(bow, width_m=30).area == pytest.approx(hull, rel=0.03)  # 16 corners instead of a circle


def test_slivers_between_outlines_leave_no_crack():
    outlines = [(0, 31), (10, 31)], [(0, 0), (0.0005, 31), (30, 100)], [(0.0005, 31), (30, 100)]
    bands = [lines(outline) for outline in outlines]
    got = nested_ribbons(bands, width_m=1)
    assert all(got[k].covers(line) for k in range(3) for band in bands[: k + 1] for line in band)


def test_a_face_with_a_spike_belongs_where_its_ground_does():
    # half a millimetre apart: between the two outlines a spike 15 m long opens
    bands = [lines([(0, 0), (0.0005, 30)]), lines([(0, 100), (0.0005, 10)])]
    first, second = nested_ribbons(bands, width_m=1)
    assert first.covers(bands[0][0])
    assert second.covers(bands[1][0])
    assert first.area == pytest.approx(60 + np.pi, rel=0.01)


@settings(deadline=None, max_examples=150)
@example([[[(0, 30), (10, 0)]], [[(0, 0), (10, 0)]], [[(0, 0), (30, 0.0005), (0, 30), (10, 0)]]], 1.0)
@example(
    [
        [[(0, 0), (10, 10)]],
        [[(0, 0), (10, 10), (0, 10)]],
        [[(0, 0), (10, 10)], [(30, 0), (0, 10), (10, 0)]],
    ],
    1.0,
)
@given(st.lists(st.lists(LINE, max_size=4), min_size=1, max_size=4), st.sampled_from([1.0, 30.0]))
def test_ribbons_are_valid_nested_and_hold_their_lines(coordinates, width_m):
    bands = [lines(*band) for band in coordinates]
    got = nested_ribbons(bands, width_m=width_m)
    for k, band in enumerate(got):
        assert band.is_valid
        assert all(band.covers(line) for each in bands[: k + 1] for line in each)
        everything = np.concatenate(bands[: k + 1])
        slow = shapely.union_all(shapely.buffer(everything, width_m, quad_segs=32))
        assert band.difference(shapely.buffer(slow, width_m / 30 + 0.01)).area < 1e-6
        # at most 4 % of the width, both sides
        assert band.area == pytest.approx(slow.area, rel=0.07, abs=1e-6)
    for inner, outer in itertools.pairwise(got):
        assert inner.is_empty or outer.covers(inner)
