"""Walking costs: sums by hand, the boundary, laws, and an independent slow sum."""

import math
from itertools import pairwise
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.inputs.streets import read_streets
from geoplan.network.crossings import crossings
from geoplan.network.pace import slope_factor, walking_costs
from geoplan.pipeline.gather import ferry_notes
from geoplan.words.errors import NetworkError, TableError

CRS = "EPSG:32631"


def town(*lengths, highway="residential", oneway=0, kinds=()):
    """A straight street 0 - 1 - 2 …, one edge a length."""
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    n = len(lengths)
    nodes = pd.DataFrame({"kind": [*kinds, *[""] * (n + 1 - len(kinds))]}, index=range(n + 1))
    lines = [shapely.LineString([(a, 0), (b, 0)]) for a, b in pairwise(at)]
    edges = gpd.GeoDataFrame(
        {"u": range(n), "v": range(1, n + 1), "highway": highway, "oneway": oneway}, geometry=lines
    )
    return nodes, edges


def heights(*per_edge):
    first = np.concatenate([[0], np.cumsum([len(h) for h in per_edge])])
    # any object with these will do
    return SimpleNamespace(
        edge_id=np.arange(len(per_edge)), first=first, height=np.concatenate(per_edge).astype(float)
    )


def row(costs, edge=0):
    return costs.loc[edge, ["fwd_m", "bwd_m", "fixed_fwd_s", "fixed_bwd_s"]].tolist()


def test_tobler_by_hand():
    # 50 m at 10 % up, 50 m at 5 % down: 50 e^(3.5*0.10) + 50 e^(-3.5*0.05); back 50 e^(0) + 50 e^(3.5*0.05)
    # |s + 0.05| - 0.05: 0.10 -> 0.10, -0.05 -> -0.05, -0.10 -> 0, 0.05 -> 0.05
    costs = walking_costs(*town(100.0), profiles=heights([10, 15, 12.5]))
    forward = 50 * math.exp(0.35) + 50 * math.exp(-0.175)
    backward = 50 * 1.0 + 50 * math.exp(0.175)
    assert row(costs) == pytest.approx([forward, backward, 0, 0])


@pytest.mark.parametrize(
    ("slope", "factor"),
    [
        (0.0, 1), (-0.1, 1), (-0.05, math.exp(0.175)), (0.4, math.exp(-1.4)), (0.40001, math.exp(-1.4)),
        (5, math.exp(-1.4)), (-0.4, math.exp(-1.05)), (-9, math.exp(-1.05)),
    ],
)  # fmt: skip
def test_the_boundary_of_slopes(slope, factor):
    assert slope_factor(np.array([slope]))[0] == pytest.approx(factor)


def test_a_stated_table():
    table = {"-0.1": 1.2, "0": 1.0, "0.1": 0.5}
    found = slope_factor(np.array([-1, -0.1, -0.05, 0, 0.05, 0.1, 1]), table)
    assert found.tolist() == pytest.approx([1.2, 1.2, 1.1, 1, 0.75, 0.5, 0.5])
    assert row(walking_costs(*town(100.0), profiles=heights([0, 10]), slope_rule=table)) == pytest.approx(
        [200, 100 / 1.2, 0, 0]
    )


@pytest.mark.parametrize("table", [{}, {"0": 0.0}, {"0": -1}, {"0.1": 1, "0.10": 2}, {"0": float("inf")}])
def test_a_wrong_table_is_an_error(table):
    with pytest.raises(NetworkError, match="table of slopes is wrong"):
        walking_costs(*town(100.0), profiles=heights([0, 10]), slope_rule=table)


def test_steps():
    nodes, edges = town(40.0, 60.0, highway=["steps", "path"])
    costs = walking_costs(nodes, edges, steps_factor=1.5)
    assert row(costs, 0)[:2] == [60, 60]
    assert row(costs, 1)[:2] == [60, 60]
    # on a slope the larger of the two: up 1 / f(0.4) = e^1.4 > 1.5; down 1 / f(-0.1) = 1 < 1.5
    steep = walking_costs(nodes, edges, steps_factor=1.5, profiles=heights([0, 16], [16, 16]))
    assert row(steep, 0)[:2] == pytest.approx([40 * math.exp(1.4), 40 * math.exp(1.05)])
    gentle = walking_costs(nodes, edges, steps_factor=1.5, profiles=heights([4, 0], [0, 0]))
    assert row(gentle, 0)[:2] == pytest.approx([60, 60])


def test_passing_over_a_crossing_costs_it_once_each_way():
    nodes, edges = town(30.0, 30.0, 30.0, kinds=["", "crossing", ""], highway="footway")
    costs = walking_costs(nodes, edges, crossing_seconds=20)
    assert costs["fixed_fwd_s"].tolist() == costs["fixed_bwd_s"].tolist() == [10, 10, 0]
    # a walk that ends on it pays half; two crossings in a row cost two
    two = town(30.0, 30.0, 30.0, kinds=["", "crossing", "crossing"], highway="footway")
    assert walking_costs(*two, crossing_seconds=20)["fixed_fwd_s"].sum() == 40
    # a loop at a crossing pays at both its ends
    nodes, edges = town(30.0, kinds=["crossing", "crossing"], highway="footway")
    assert walking_costs(nodes, edges.assign(v=0), crossing_seconds=20)["fixed_fwd_s"].item() == 20


def star(*arms):
    """Streets that meet at a crossing, 100 m each: (class, degrees)."""
    nodes = pd.DataFrame({"kind": ["crossing", *[""] * len(arms)]})
    ends = [(100 * math.cos(math.radians(a)), 100 * math.sin(math.radians(a))) for _, a in arms]
    lines = [shapely.LineString([(0, 0), end]) for end in ends]
    edges = gpd.GeoDataFrame(
        {"u": 0, "v": range(1, len(arms) + 1), "highway": [kind for kind, _ in arms], "oneway": 0},
        geometry=lines,
    )
    return nodes, edges


@pytest.mark.parametrize(
    ("arms", "over"),
    [
        # along the road; over it; onto it
        ([("primary", 0), ("primary", 180)], [0, 0]),
        ([("primary", 0), ("primary", 180), ("footway", 90), ("footway", 270)], [0, 0, 1, 1]),
        ([("residential", 0), ("path", 180)], [0, 1]),
        ([("residential", 0)], [0]),
        # a road that is not walked has no ends; a cycleway is crossed by a footway, not by itself alone
        ([("footway", 0), ("footway", 180)], [1, 1]),
        ([("footway", 90), ("cycleway", 0), ("footway", 270), ("cycleway", 180)], [1, 0, 1, 0]),
        ([("cycleway", 0), ("cycleway", 180)], [1, 1]),
        # at a junction the larger road goes through, the smaller leads over it
        ([("residential", 90), ("primary", 0), ("residential", 270), ("primary", 180)], [1, 0, 1, 0]),
        ([("service", 0), ("primary", 5), ("residential", 180)], [1, 0, 0]),
        # of equal classes the straightest pair
        ([("residential", 0), ("residential", 85), ("residential", 179)], [0, 1, 0]),
        ([("主干路", 0), ("primary", 90), ("主干路", 180), ("primary", 270)], [1, 0, 1, 0]),
    ],
)
def test_who_crosses_waits_and_who_walks_along_does_not(arms, over):
    nodes, edges = star(*arms)
    found = crossings(nodes, edges)
    assert found.ends.tolist() == over
    assert (found.tagged, found.without_way) == (1, int(not any(over)))
    assert walking_costs(nodes, edges, crossing_seconds=20)["fixed_fwd_s"].tolist() == [
        10 * end for end in over
    ]
    # drawn the other way round, and in another order, the same
    turned = edges.assign(u=edges["v"], v=0, geometry=edges.geometry.reverse())
    assert crossings(nodes, turned.iloc[::-1]).ends.tolist() == over[::-1]


def test_walking_along_a_road_of_many_crossings_costs_nothing():
    nodes, edges = town(*[30.0] * 5, kinds=["crossing"] * 6)
    assert walking_costs(nodes, edges, crossing_seconds=20)["fixed_fwd_s"].tolist() == [0] * 5
    assert crossings(nodes, edges)[1:] == (6, 6)
    assert crossings(nodes.assign(kind=""), edges)[1:] == (0, 0)


def test_valves_keep_their_seconds_and_pay_no_crossing(osm_file):
    points = {1: (100, 100), 2: (101, 100, {"highway": "crossing"}), 3: (102, 100)}
    ways = {10: ([1, 2], {"highway": "path"}), 11: ([2, 3], {"highway": "service", "access": "private"})}
    streets = read_streets(osm_file(points, ways), crs=CRS, private="residents")
    costs = walking_costs(streets.nodes, streets.edges, crossing_seconds=20)
    entry = costs[costs["highway"] == "entry"].iloc[0]
    assert entry[["fwd_m", "bwd_m", "fixed_fwd_s", "fixed_bwd_s"]].tolist() == [0, 0, np.inf, 0]
    # the valve parts the crossing: still one place, at which the path leads off the road
    found = crossings(streets.nodes, streets.edges)
    assert (found.ends.tolist(), found.tagged, found.without_way) == ([1, 0, 0], 1, 0)
    assert costs["fixed_bwd_s"].sum() == 10


def test_a_ferry_takes_its_time_and_a_wait_at_each_boarding(osm_file):
    points = {1: (100, 100), 2: (101, 100), 3: (102, 100), 4: (104, 100), 5: (105, 100)}
    ways = {
        10: ([1, 2], {"highway": "path"}),
        11: ([2, 3, 4], {"route": "ferry", "foot": "yes", "duration": "0:09"}),
        12: ([4, 5], {"highway": "path"}),
        13: ([3, 5], {"route": "ferry"}),
    }
    path = osm_file(points, ways)
    assert "ferry" not in set(read_streets(path, crs=CRS).edges["highway"])
    streets = read_streets(path, crs=CRS, walk={"ferry": True})
    costs = walking_costs(streets.nodes, streets.edges, ferry_kmh=9.0, ferry_wait_seconds=60)
    ferry = costs[costs["highway"] == "ferry"].set_index(["u", "v"])
    assert (ferry[["fwd_m", "bwd_m"]] == 0).all(axis=None)
    # 540 s over three parts of one length: 180 and 360; boarding at 2, 4 and 5, and not in the middle of the water
    assert ferry.loc[(2, 3), ["fixed_fwd_s", "fixed_bwd_s"]].tolist() == pytest.approx([240, 180], abs=0.01)
    assert ferry.loc[(3, 4), ["fixed_fwd_s", "fixed_bwd_s"]].tolist() == pytest.approx([360, 420], abs=0.01)
    metres = streets.edges.set_index(["u", "v"]).geometry.length[3, 5]
    assert ferry.loc[(3, 5), "fixed_fwd_s"] == pytest.approx(metres / 2.5, rel=1e-3)
    assert ferry.loc[(3, 5), "fixed_bwd_s"] == pytest.approx(metres / 2.5 + 60, rel=1e-3)
    # of which nobody knows the time: not taken, and said
    unknown = walking_costs(streets.nodes, streets.edges)
    lost = unknown[np.isinf(unknown["fixed_fwd_s"])]
    assert lost[["u", "v"]].values.tolist() == [[3, 5]]
    (note,) = ferry_notes(unknown)
    assert note.values["edges"] == "1"
    assert ferry_notes(costs) == ()
    assert not streets.edges.loc[streets.edges["highway"] == "ferry", "on_ground"].any()


@pytest.mark.parametrize(("oneway", "fixed"), [(1, [0, np.inf]), (-1, [np.inf, 0]), (0, [0, 0])])
def test_one_way_and_flat(oneway, fixed):
    assert row(walking_costs(*town(120.0, oneway=oneway))) == [120, 120, *fixed]


def test_input_stays_missing_columns_are_named_and_an_edge_without_a_profile_is_flat():
    nodes, edges = town(10.0, 20.0)
    before = edges.copy(deep=True)
    costs = walking_costs(nodes, edges, crossing_seconds=5, steps_factor=2, profiles=heights([0, 3]))
    assert row(costs, 1)[:2] == [20, 20]
    assert edges.equals(before)
    with pytest.raises(TableError, match="highway"):
        walking_costs(nodes, edges.drop(columns="highway"))


LENGTH = st.sampled_from([0.0, 1e-9, 1.0, 24.9, 25.0, 25.1, 400.0])
HEIGHTS = st.lists(st.sampled_from([-10.0, 0.0, 0.1, 10.0, 10.1, 3000.0]), min_size=2, max_size=4)
EDGE = st.tuples(LENGTH, HEIGHTS, st.sampled_from(["steps", "path"]), st.sampled_from([0, 1, -1]))


@settings(deadline=None, max_examples=60)
@given(
    drawn=st.lists(EDGE, min_size=1, max_size=4),
    crossing=st.sampled_from([0.0, 15.0]),
    factor=st.sampled_from([1.0, 1.7, 5.0]),
)
def test_laws(drawn, crossing, factor):
    """Costs are not negative; turning every edge round swaps the directions; a slow sum agrees; flat = no heights."""
    lengths, per_edge, highway, oneway = map(list, zip(*drawn, strict=True))
    nodes, edges = town(*lengths, highway=highway, oneway=oneway, kinds=["crossing"])
    options = {"crossing_seconds": crossing, "steps_factor": factor}
    costs = walking_costs(nodes, edges, profiles=heights(*per_edge), **options)
    numbers = costs[["fwd_m", "bwd_m", "fixed_fwd_s", "fixed_bwd_s"]]
    assert (numbers >= 0).all(axis=None)
    assert np.isfinite(costs[["fwd_m", "bwd_m"]]).all(axis=None)

    turned = edges.assign(
        u=edges["v"], v=edges["u"], oneway=-edges["oneway"], geometry=edges.geometry.reverse()
    )
    back = walking_costs(nodes, turned, profiles=heights(*[h[::-1] for h in per_edge]), **options)
    swapped = back[["bwd_m", "fwd_m", "fixed_bwd_s", "fixed_fwd_s"]].to_numpy()
    assert numbers.to_numpy() == pytest.approx(swapped)

    for edge, (length, height, kind, _) in enumerate(drawn):
        run = edges.geometry.iloc[edge].length / (len(height) - 1)
        total = 0.0
        for a, b in pairwise(height):
            slope = max(-0.4, min(0.4, (b - a) / run)) if run > 0 else 0.0
            slow = math.exp(3.5 * (abs(slope + 0.05) - 0.05))
            total += run * (max(slow, factor) if kind == "steps" else slow)
        assert costs.loc[edge, "fwd_m"] == pytest.approx(total, abs=1e-9), length

    level = heights(*[[7.0] * len(h) for h in per_edge])
    flat = walking_costs(nodes, edges, profiles=level, **options)
    without = walking_costs(nodes, edges, **options)
    assert flat[numbers.columns].to_numpy() == pytest.approx(without[numbers.columns].to_numpy())
