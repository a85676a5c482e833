"""Areas of intent: where they lie, how far apart, which stay under a maximum, and that they are the same every time."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from shapely.geometry import LineString, Point, box

from geoplan.network.graph import build_graph
from geoplan.siting.generate import apart, generate, weight_around
from geoplan.words.errors import TableError

CRS = "EPSG:4547"
STUDY = Path(__file__).parents[2] / "studies" / "wuhan.yaml"
DATA = STUDY.parents[2] / "shared" / "data" / "wuhan"


def zones_of(*shapes, level="community"):
    """Return zones of one level under an area, named A, B, … ."""
    ids = ["area/area", *(f"{level}/{chr(65 + i)}" for i in range(len(shapes)))]
    table = {
        "level": ["area"] + [level] * len(shapes),
        "name": ids,
        "code": ids,
        "parent_id": [None] + ["area/area"] * len(shapes),
    }
    geometry = [shapely.union_all(shapes), *shapes]
    return gpd.GeoDataFrame(table, geometry=geometry, index=pd.Index(ids, name="zone_id"), crs=CRS)


def crowd(*rows):
    """Return people: x, y, how many."""
    return gpd.GeoDataFrame(
        {"people": [float(r[2]) for r in rows]}, geometry=[Point(r[:2]) for r in rows], crs=CRS
    )


def lattice(n, step):
    """Return a graph of streets along a square lattice of n x n junctions."""
    at = [(i * step, j * step) for j in range(n) for i in range(n)]
    pairs = [(j * n + i, j * n + i + 1) for j in range(n) for i in range(n - 1)]
    pairs += [(j * n + i, (j + 1) * n + i) for j in range(n - 1) for i in range(n)]
    nodes = pd.DataFrame({"x": [float(p[0]) for p in at], "y": [float(p[1]) for p in at]})
    lines = [LineString([at[u], at[v]]) for u, v in pairs]
    edges = gpd.GeoDataFrame(
        {"u": [p[0] for p in pairs], "v": [p[1] for p in pairs]}, geometry=lines, crs=CRS
    )
    return build_graph(nodes, edges, contract=False)


def xy(found):
    return sorted((round(p.x, 6), round(p.y, 6)) for p in found.candidates.geometry)


TWO = zones_of(box(0, 0, 400, 400), box(400, 0, 800, 400))


def test_a_grid_by_hand():
    found = generate("grid", zones=zones_of(box(10, 10, 410, 250)), spacing_m=100.0)
    assert xy(found) == [(x, y) for x in (100.0, 200.0, 300.0, 400.0) for y in (100.0, 200.0)]
    table = found.candidates
    assert sorted(table["name"]) == [f"意向区域 {i:04d}" for i in range(1, 9)]
    assert table.index.tolist() == [f"generated/grid#{i}" for i in range(1, 9)]
    assert table["source_row"].tolist() == list(range(1, 9))
    assert set(table["source_file"]) == {"generated/grid"}
    assert table["generated"].all()
    assert set(table["location_quality"]) == {"approximate"}
    assert set(table["works"]) == {"new"}
    assert (table["place"] == "").all()
    assert table["cost"].isna().all()
    assert found.notes == ()


def test_junctions_inside_the_zones_only():
    # junctions at 0, 200, … 1000; the zones end at 800 and 400
    found = generate("streets", zones=TWO, graph=lattice(6, 200.0), spacing_m=200.0)
    assert xy(found) == [(x, y) for x in (0.0, 200.0, 400.0, 600.0, 800.0) for y in (0.0, 200.0, 400.0)]
    table = found.candidates.set_index(found.candidates.geometry.map(lambda p: (p.x, p.y)))
    assert table.loc[[(0.0, 0.0)], "zone_id"].tolist() == ["community/A"]
    assert table.loc[[(800.0, 0.0)], "zone_id"].tolist() == ["community/B"]
    assert set(table["services"]) == {()}
    assert set(table["works"]) == {"new"}


def test_the_spacing_itself_is_far_enough():
    graph = lattice(2, 200.0)
    zones = zones_of(box(-1, -1, 201, 201))
    assert len(generate("streets", zones=zones, graph=graph, spacing_m=200.0).candidates) == 4
    closer = generate("streets", zones=zones, graph=graph, spacing_m=200.1)
    # the two of a diagonal, 283 m apart
    assert len(closer.candidates) == 2
    assert [(n.code, n.values["count"]) for n in closer.notes] == [("generate_thinned", 2)]


def test_of_two_near_ones_the_one_with_more_people_stays():
    graph, zones = lattice(2, 200.0), zones_of(box(-1, -1, 201, 201))
    for corner in ((0.0, 0.0), (0.0, 200.0), (200.0, 0.0), (200.0, 200.0)):
        # 480 m from this corner, 520 m from the next
        people = crowd((corner[0], corner[1] - 480.0 if corner[1] == 0 else corner[1] + 480.0, 50))
        found = generate("streets", zones=zones, graph=graph, people=people, spacing_m=300.0)
        assert xy(found) == [corner]


def test_excluded_areas():
    lake = gpd.GeoSeries([box(150, 150, 450, 450), None], crs=CRS)
    found = generate("grid", zones=TWO, spacing_m=200.0, exclude=lake)
    everywhere = xy(generate("grid", zones=TWO, spacing_m=200.0))
    assert xy(found) == [p for p in everywhere if not (150 <= p[0] <= 450 and 150 <= p[1] <= 450)]
    assert {n.code: n.values["count"] for n in found.notes} == {
        "generate_excluded": len(everywhere) - len(xy(found))
    }
    # its border is excluded too
    edge = generate(
        "grid", zones=TWO, spacing_m=200.0, exclude=gpd.GeoSeries([box(200, 0, 300, 10)], crs=CRS)
    )
    assert (200.0, 0.0) not in xy(edge)


def test_a_maximum_keeps_those_with_most_people_around():
    zones = zones_of(box(0, 0, 6000, 10))
    people = crowd((1000, 0, 5), (3000, 0, 9), (5000, 0, 7), (5000, 5, 3), (2000, 0, 0))
    found = generate("grid", zones=zones, people=people, spacing_m=1000.0, most=2)
    assert xy(found) == [(3000.0, 0.0), (5000.0, 0.0)]
    assert [(n.code, n.values["count"]) for n in found.notes] == [("generate_most", 5)]
    one = generate("grid", zones=zones, people=people, spacing_m=1000.0, most=1)
    assert xy(one) == [(5000.0, 0.0)]


def test_a_maximum_without_people_is_spread_over_the_ground():
    found = generate("grid", zones=zones_of(box(1, -1, 1000, 1)), spacing_m=10.0, most=4)
    x = [p[0] for p in xy(found)]
    assert len(x) == 4
    assert min(x) < 300
    assert max(x) > 700
    assert [n.code for n in found.notes] == ["generate_most_even"]
    none = generate("grid", zones=TWO, spacing_m=100.0, most=0)
    assert len(none.candidates) == 0
    assert none.notes[-1].code == "generate_none"


def test_the_middle_of_people():
    people = crowd((100, 100, 30), (300, 100, 10), (500, 100, 0), (900, 900, 99))
    found = generate("centroids", zones=TWO, people=people)
    # (100 * 30 + 300 * 10) / 40; the other community has nobody, and those outside count for none
    assert xy(found) == [(150.0, 100.0)]
    assert {n.code for n in found.notes} == {"generate_no_people", "generate_zones_empty"}
    assert xy(generate("centroids", zones=TWO)) == [(200.0, 200.0), (600.0, 200.0)]


def test_the_middle_of_a_bent_community_lies_in_it():
    bent = box(0, 0, 600, 50).union(box(0, 0, 50, 600))
    people = crowd((550, 25, 10), (25, 550, 10), (40, 40, 1))
    found = generate("centroids", zones=zones_of(bent), people=people)
    assert xy(found) == [(40.0, 40.0)]
    alone = generate("centroids", zones=zones_of(bent)).candidates.geometry.iloc[0]
    assert bent.contains(alone)


def test_an_overlap_belongs_to_the_smaller_zone():
    zones = zones_of(box(0, 0, 1000, 1000), box(400, 400, 600, 600))
    table = generate("grid", zones=zones, spacing_m=500.0).candidates
    middle = table[table.geometry.map(lambda p: (p.x, p.y) == (500.0, 500.0))]
    assert middle["zone_id"].tolist() == ["community/B"]


def test_without_communities_the_next_coarser_level_is_used():
    zones = zones_of(box(0, 0, 400, 400), level="town")
    found = generate("grid", zones=zones, spacing_m=200.0)
    assert set(found.candidates["zone_id"]) == {"town/A"}
    assert [(n.code, n.values["used"]) for n in found.notes] == [("generate_without_zones", "town")]


def test_a_zone_too_small_for_the_grid_is_counted():
    found = generate("grid", zones=zones_of(box(0, 0, 400, 400), box(410, 10, 420, 20)), spacing_m=200.0)
    assert [(n.code, n.values["count"]) for n in found.notes] == [("generate_zones_empty", 1)]


def test_what_cannot_be_asked():
    with pytest.raises(ValueError, match="way"):
        generate("hexagons", zones=TWO)
    with pytest.raises(ValueError, match="graph"):
        generate("streets", zones=TWO)
    with pytest.raises(ValueError, match="spacing_m"):
        generate("grid", zones=TWO, spacing_m=0.0)
    with pytest.raises(ValueError, match="spacing_m"):
        generate("centroids", zones=TWO, spacing_m=-1.0)
    with pytest.raises(ValueError, match="most"):
        generate("grid", zones=TWO, most=-1)
    with pytest.raises(TableError, match="people"):
        generate("grid", zones=TWO, people=crowd((0, 0, -1)))
    with pytest.raises(TableError):
        generate("grid", zones=TWO, people=crowd((0, 0, 1)).rename(columns={"people": "n"}))


# --- laws --------------------------------------------------------------------------------------------------------

#: Either side of a spacing of 100, of its cells (70), and of coincidence.
COORDINATE = st.sampled_from(
    [0.0, 1e-9, 69.9, 70.0, 70.1, 99.999999, 100.0, 100.000001, 140.0, 200.0, 1000.0, -0.5]
)
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=0, max_size=25)


@given(POINTS, st.sampled_from([0.0, 1e-6, 99.0, 100.0, 141.5, 5000.0]), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_no_two_are_nearer_than_the_spacing_and_none_is_left_out_without_need(points, spacing, random):
    x, y = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    order = list(range(len(points)))
    random.shuffle(order)
    stays = apart(x, y, np.array(order, np.int64), spacing)
    # the slow way: one after the other against all that stay
    kept: list[int] = []
    for i in order:
        if spacing == 0 or all(np.hypot(x[i] - x[j], y[i] - y[j]) >= spacing for j in kept):
            kept.append(i)
    assert np.flatnonzero(stays).tolist() == sorted(kept)


@given(
    POINTS,
    st.lists(st.tuples(COORDINATE, COORDINATE, st.sampled_from([0.0, 1.0, 2.5])), max_size=25),
    st.sampled_from([70.0, 100.0, 5000.0]),
)
@settings(max_examples=200, deadline=None)
def test_people_around_are_those_within_the_radius(points, people, radius):
    x, y = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    px, py, n = (np.array([p[k] for p in people], float) for k in range(3))
    slow = [sum(w for a, b, w in people if np.hypot(a - u, b - v) <= radius) for u, v in points]
    assert weight_around(x, y, px, py, n, radius).tolist() == pytest.approx(slow)


@pytest.mark.parametrize("way", ["streets", "grid", "centroids"])
@pytest.mark.parametrize("with_people", [True, False])
def test_the_same_every_time_whatever_the_order_of_rows(way, with_people):
    rng = np.random.default_rng(7)
    people = (
        crowd(*((float(a), float(b), float(n)) for a, b, n in rng.integers(0, 800, (60, 3))))
        if with_people
        else None
    )
    how = {"graph": lattice(9, 100.0), "spacing_m": 150.0, "most": 6}
    first = generate(way, zones=TWO, people=people, **how).candidates
    again = generate(way, zones=TWO.iloc[::-1], people=people, **how).candidates
    pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(again))


@pytest.mark.skipif(not (DATA / "communities.gpkg").exists(), reason="the data of Wuhan are not here")
def test_wuhan_inside_its_communities():
    shapes = gpd.read_file(DATA / "communities.gpkg").to_crs(CRS)
    shapes["geometry"] = shapely.make_valid(shapes.geometry.array)
    ids = [f"community/{i}" for i in range(len(shapes))]
    table = {"level": "community", "name": ids, "code": ids, "parent_id": None}
    zones = gpd.GeoDataFrame(table, geometry=shapes.geometry.array, index=pd.Index(ids), crs=CRS)
    found = generate("grid", zones=zones, spacing_m=100.0, most=20_000)
    points = found.candidates.geometry
    assert len(points) == 20_000
    at = np.column_stack([points.x, points.y])
    assert cKDTree(at).query(at, k=2)[0][:, 1].min() >= 100.0 - 1e-6
    own = zones.geometry[found.candidates["zone_id"]].array
    assert shapely.distance(points.array, own).max() < 1e-6
    # every community that a grid of 100 m can miss is small
    dense = generate("grid", zones=zones, spacing_m=100.0)
    missed = zones[~zones.index.isin(dense.candidates["zone_id"])]
    assert (missed.area < 30_000).all()
    assert len(generate("centroids", zones=zones, spacing_m=0.0).candidates) == len(zones)
