"""Served by hand, against linear programs, and its laws: one answer, the largest total, the fairest rates."""

import numpy as np
import pandas as pd
import pytest
from coverage_problems import known, walks
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack
from scipy.spatial import cKDTree

from geoplan.coverage.allocation import served, served_by_zone
from geoplan.words.errors import TableError

INF = float("inf")


def serve(pairs, need, capacity):
    return served(pairs, pd.Series(need, dtype=float), capacity, walk_minutes=15)


def low(result):
    return result.by_demand["served_low"].to_dict()


# ---- by hand


def test_a_shared_home_is_left_to_those_who_have_no_other():
    # a reaches x only; b reaches x and y. Shared evenly x would leave a 60 x 100/150 = 40; but b has y to itself.
    #   a: x alone, 60 of 100          b: y, all of 50
    pairs = walks(("a", "x", 5), ("b", "x", 10), ("b", "y", 15))
    result = serve(pairs, {"a": 100, "b": 50}, known({"x": 60, "y": 50}))
    assert low(result) == pytest.approx({"a": 60, "b": 50})
    assert result.by_facility["full_low"].to_dict() == {"x": True, "y": False}
    assert result.by_facility["used_low"].to_dict() == pytest.approx({"x": 60, "y": 50})


def test_two_share_one_home_by_need():
    result = serve(walks(("a", "x", 5), ("b", "x", 5)), {"a": 30, "b": 10}, known({"x": 20}))
    assert low(result) == pytest.approx({"a": 15, "b": 5})


def test_three_rates_along_a_chain():
    # a(40)-x(4)  b(40)-x,y(10)  c(40)-y,z(30)  d(10)-z : a 4/40; b 10/40; c,d 30/50
    pairs = walks(("a", "x", 1), ("b", "x", 1), ("b", "y", 1), ("c", "y", 1), ("c", "z", 1), ("d", "z", 1))
    result = serve(pairs, {"a": 40, "b": 40, "c": 40, "d": 10}, known({"x": 4, "y": 10, "z": 30}))
    assert low(result) == pytest.approx({"a": 4, "b": 10, "c": 24, "d": 6})


def test_the_largest_total_comes_first_and_costs_no_fairness():
    # c could spare b its place in y, but gets along with w; greedy first-come (b in x) would serve 10 fewer
    pairs = walks(("a", "x", 1), ("b", "x", 1), ("b", "y", 1))
    result = serve(pairs, {"a": 10, "b": 10}, known({"x": 10, "y": 10}))
    assert low(result) == pytest.approx({"a": 10, "b": 10})


def test_the_circle_is_inclusive_and_nothing_beyond_it_counts():
    pairs = walks(("a", "x", 15), ("b", "x", 15.01))
    result = serve(pairs, {"a": 10, "b": 10}, known({"x": 50}))
    assert low(result) == {"a": 10, "b": 0}
    assert result.by_demand["in_circle"].to_dict() == {"a": True, "b": False}


def test_no_need_no_capacity_no_facility():
    pairs = walks(("a", "x", 1), ("b", "empty", 1), ("nobody", "x", 1), ("nobody", "lone", 1))
    need, capacity = {"a": 8, "b": 8, "nobody": 0, "far": 8}, {"x": 5, "empty": 0, "lone": 3, "far": 9}
    result = serve(pairs, need, known(capacity))
    assert low(result) == {"a": 5, "b": 0, "nobody": 0, "far": 0}
    assert result.by_demand["in_circle"].tolist() == [True, True, True, False]
    assert result.by_facility["full_low"].to_dict() == {"x": True, "empty": True, "lone": False, "far": False}
    assert result.by_facility["used_low"].tolist() == [5, 0, 0, 0]


def test_nothing_at_all():
    none = serve(walks(), {}, known({}))
    assert none.by_demand.empty
    assert none.by_facility.empty
    assert low(serve(walks(), {"a": 1}, known({"x": 1}))) == {"a": 0}


def test_unknown_capacity_is_an_interval():
    # y holds between 0 and nobody knows how many: b leaves x to a where y takes it
    pairs = walks(("a", "x", 1), ("b", "x", 1), ("b", "y", 1))
    capacity = pd.DataFrame({"low": {"x": 10.0, "y": 0.0}, "high": {"x": 12.0, "y": INF}})
    result = serve(pairs, {"a": 15, "b": 5}, capacity)
    assert low(result) == pytest.approx({"a": 7.5, "b": 2.5})
    assert result.by_demand["served_high"].to_dict() == pytest.approx({"a": 12, "b": 5})
    assert result.by_facility["full_high"].to_dict() == {"x": True, "y": False}
    assert result.by_facility["used_high"]["x"] == pytest.approx(12)
    assert np.isnan(result.by_facility["used_high"]["y"])


def test_places_are_taken_evenly_where_there_are_enough():
    # 30 people, 40 + 20 places: half of each; z is b's alone beside y
    result = serve(walks(("a", "x", 1), ("a", "y", 1)), {"a": 30}, known({"x": 40, "y": 20}))
    assert result.by_facility["used_low"].to_dict() == pytest.approx({"x": 20, "y": 10})
    assert not result.by_facility["full_low"].any()


def test_inputs_stay_and_orders_are_kept():
    pairs, need = walks(("b", "y", 1), ("a", "x", 1)), pd.Series({"b": 4.0, "a": 2.0})
    capacity = known({"y": 1, "x": 1})
    before = pairs.copy(), need.copy(), capacity.copy()
    result = served(pairs, need, capacity, walk_minutes=15)
    pd.testing.assert_frame_equal(pairs, before[0])
    pd.testing.assert_series_equal(need, before[1])
    pd.testing.assert_frame_equal(capacity, before[2])
    assert result.by_demand.index.tolist() == ["b", "a"]
    assert result.by_facility.index.tolist() == ["y", "x"]


@pytest.mark.parametrize(
    ("pairs", "need", "capacity", "message"),
    [
        (walks(("?", "x", 1)), {"a": 1}, known({"x": 1}), "demand_id"),
        (walks(("a", "?", 1)), {"a": 1}, known({"x": 1}), "facility_id"),
        (walks(("a", "x", 1), ("a", "x", 2)), {"a": 1}, known({"x": 1}), "twice"),
        (walks(("a", "x", 1)), {"a": -1}, known({"x": 1}), "need is negative"),
        (walks(("a", "x", 1)), {"a": 1}, known({"x": -1}), "no interval"),
    ],
)
def test_wrong_tables_are_named(pairs, need, capacity, message):
    with pytest.raises(TableError, match=message):
        serve(pairs, need, capacity)


# ---- against linear programs (HiGHS)


def program(pairs, need, capacity):
    """Return the rows of the transport problem: one variable a pair, and what points and facilities allow."""
    i = need.index.get_indexer(pairs["demand_id"])
    j = capacity.index.get_indexer(pairs["facility_id"])
    ones, k = np.ones(len(pairs)), np.arange(len(pairs))
    return coo_array((ones, (i, k)), (len(need), len(k))), coo_array((ones, (j, k)), (len(capacity), len(k)))


def largest_total(pairs, need, capacity):
    if pairs.empty:
        return 0.0
    points, places = program(pairs, need, capacity)
    rows = vstack([points, places]).tocsr()
    solved = linprog(-np.ones(len(pairs)), rows, np.r_[need, capacity], method="highs")
    assert solved.status == 0
    return -solved.fun


def best(cost, least, *, town, fixed):
    """Solve for shares x (and t) when points of `fixed` have their rates, all others at least `least` (None: t)."""
    points, places, need, capacity = town
    free = [i for i in range(len(need)) if i not in fixed]
    t = np.zeros((len(need), 1)) if least is not None else need[:, None]
    upper = np.vstack(
        [np.c_[places, np.zeros(len(capacity))], np.c_[points, 0 * t][free], np.c_[-points, t][free]]
    )
    bounds = np.r_[capacity, need[free], np.zeros(len(free)) if least is None else -need[free] * least]
    known_ = {"A_eq": np.c_[points, 0 * t][list(fixed)], "b_eq": need[list(fixed)] * list(fixed.values())}
    ranges = [(0, None)] * points.shape[1] + [(0, 1)]
    solved = linprog(cost, upper, bounds, **(known_ if fixed else {}), bounds=ranges, method="highs")
    assert solved.status == 0, solved.message
    return -solved.fun


def sequential_rates(pairs, need, capacity):
    """Return the fairest rates by the textbook's way: raise the least rate, fix whom it binds, go on (slow)."""
    points, places = (m.toarray() for m in program(pairs, need, capacity))
    need = need.to_numpy()
    town = points, places, need, capacity.to_numpy()
    fixed = {int(i): 0.0 for i in np.flatnonzero(need == 0)}
    while len(fixed) < len(need):
        least = best(np.r_[np.zeros(len(pairs)), -1.0], None, town=town, fixed=fixed)
        bound = {}
        for i in (i for i in range(len(need)) if i not in fixed):
            # who can have no more than the least while all others have at least that
            most = best(np.r_[-points[i], 0.0], max(0.0, least - 1e-9), town=town, fixed=fixed) / need[i]
            if most <= least + 1e-6:
                bound[i] = least
        assert bound
        fixed |= bound
    return np.array([fixed[i] for i in range(len(need))])


AMOUNTS = st.sampled_from([0.0, 1.0, 3.0, 7.5, 40.0])


@st.composite
def towns(draw, points=5, facilities=4):
    n, m = draw(st.integers(1, points)), draw(st.integers(1, facilities))
    need = pd.Series(draw(st.lists(AMOUNTS, min_size=n, max_size=n)), index=[f"p{i}" for i in range(n)])
    capacity = pd.Series(draw(st.lists(AMOUNTS, min_size=m, max_size=m)), index=[f"f{j}" for j in range(m)])
    there = draw(st.lists(st.booleans(), min_size=n * m, max_size=n * m))
    rows = [(f"p{k // m}", f"f{k % m}", 5) for k in range(n * m) if there[k]]
    return walks(*rows), need, capacity


@settings(max_examples=150, deadline=None)
@given(towns(points=9, facilities=7))
def test_total_is_that_of_the_linear_program(town):
    pairs, need, capacity = town
    result = serve(pairs, need, known(capacity))
    given_ = result.by_demand["served_low"]
    assert given_.sum() == pytest.approx(largest_total(pairs, need, capacity), abs=1e-6)
    assert (given_ <= need + 1e-9).all()
    used = result.by_facility["used_low"]
    assert (used <= capacity + 1e-9).all()
    assert used.sum() == pytest.approx(given_.sum(), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(towns())
def test_rates_are_the_fairest(town):
    pairs, need, capacity = town
    given_ = serve(pairs, need, known(capacity)).by_demand["served_low"].to_numpy()
    if pairs.empty:
        assert not given_.any()
        return
    assert given_ == pytest.approx(sequential_rates(pairs, need, capacity) * need.to_numpy(), abs=1e-5)


@settings(max_examples=100, deadline=None)
@given(towns(points=7, facilities=6), st.lists(AMOUNTS, min_size=6, max_size=6))
def test_more_places_make_no_point_worse_off(town, more):
    pairs, need, capacity = town
    larger = pd.DataFrame({"low": capacity, "high": capacity + more[: len(capacity)]})
    result = serve(pairs, need, larger).by_demand
    assert (result["served_low"] <= result["served_high"] + 1e-9).all()


@settings(max_examples=100, deadline=None)
@given(towns(points=6, facilities=5), st.sampled_from([0.01, 0.5, 0.9]))
def test_cutting_a_cell_in_two_changes_nothing(town, part):
    pairs, need, capacity = town
    cut = pd.concat([need, pd.Series({"half": need.iloc[0] * part})])
    cut.iloc[0] = need.iloc[0] * (1 - part)
    again = pairs[pairs["demand_id"] == "p0"].assign(demand_id="half")
    one = serve(pairs, need, known(capacity)).by_demand["served_low"]
    two = serve(pd.concat([pairs, again]), cut, known(capacity)).by_demand["served_low"]
    assert two["p0"] + two["half"] == pytest.approx(one["p0"], abs=1e-9)
    assert two[need.index[1:]].to_numpy() == pytest.approx(one[need.index[1:]].to_numpy(), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(towns(points=6, facilities=5))
def test_full_says_where_one_more_place_serves_more(town):
    pairs, need, capacity = town
    result = serve(pairs, need, known(capacity))
    for facility, full in result.by_facility["full_low"].items():
        more = capacity + (capacity.index == facility) * 0.5
        after = serve(pairs, need, known(more))
        gain = (after.by_demand["served_low"] - result.by_demand["served_low"]).sum()
        assert (gain > 1e-6) == full


# ---- a whole city


def city(points, homes, *, seed, width=40_000.0):
    """Return pairs within 1 km as the crow flies, need and capacity of a town with crowded middles."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(0, width / 5, (60, 2))
    where = middle[rng.integers(0, 60, points)] + rng.normal(0, width / 16, (points, 2))
    home = middle[rng.integers(0, 60, homes)] + rng.normal(0, width / 16, (homes, 2))
    reach = cKDTree(where).sparse_distance_matrix(cKDTree(home), 1000, output_type="coo_matrix")
    pairs = pd.DataFrame({"demand_id": reach.row, "facility_id": reach.col, "seconds": reach.data * 0.9})
    need = pd.Series(rng.lognormal(2, 1, points) * 0.05)
    return pairs, need, pd.Series(rng.integers(0, 120, homes) * 1.0)


def zones_of(points, n):
    names = {"level": ["area", *["community"] * n], "parent_id": [None, *["area/1"] * n], "kind": [frozenset()] * (n + 1)}  # fmt: skip
    zones = pd.DataFrame(names, index=["area/1", *(f"community/{k}" for k in range(n))])
    demand = pd.DataFrame({"zone_id": [f"community/{k % n}" for k in range(points)], "halo": False})
    return demand, zones


def test_fifty_shuffles_give_each_zone_the_same():
    pairs, need, capacity = city(3000, 60, seed=1, width=10_000.0)
    demand, zones = zones_of(len(need), 40)
    first = served_by_zone(serve(pairs, need, known(capacity)), demand=demand, zones=zones)
    assert 0.2 < first.loc["area/1", "rate_low"] < 0.9
    rng = np.random.default_rng(2)
    for _ in range(50):
        name, home = rng.permutation(len(need)), rng.permutation(len(capacity))  # other names, other rows
        other = pairs.assign(demand_id=name[pairs["demand_id"]], facility_id=home[pairs["facility_id"]])
        mixed = other.sample(frac=1, random_state=rng)
        need2 = pd.Series(need.to_numpy(), index=name).sample(frac=1, random_state=rng)
        capacity2 = pd.Series(capacity.to_numpy(), index=home).sample(frac=1, random_state=rng)
        got = served_by_zone(serve(mixed, need2, known(capacity2)), demand=demand.set_axis(name), zones=zones)
        np.testing.assert_allclose(got.to_numpy(), first.to_numpy(), rtol=0, atol=1e-6)


def test_the_same_tables_in_another_order_give_the_same_bytes():
    pairs, need, capacity = city(2000, 50, seed=3, width=10_000.0)
    one = serve(pairs, need, known(capacity)).by_demand
    two = serve(pairs[::-1], need[::-1], known(capacity[::-1])).by_demand.loc[one.index]
    assert one["served_low"].to_numpy().tobytes() == two["served_low"].to_numpy().tobytes()


def merged(pairs, need):
    """Return the same problem with points of one set of facilities as one, by pandas alone (another way than ours)."""
    sets = pairs.sort_values("facility_id").groupby("demand_id")["facility_id"].agg(tuple)
    total = need.loc[sets.index].groupby(sets).sum()
    rows = [(k, f) for k, s in enumerate(total.index) for f in s]
    return pd.DataFrame(rows, columns=["demand_id", "facility_id"]), total.reset_index(drop=True)


def test_a_city_as_large_as_wuhan():
    pairs, need, capacity = city(125_000, 730, seed=0)
    assert len(pairs) > 250_000
    result = serve(pairs, need, known(capacity))
    given_ = result.by_demand["served_low"].to_numpy()
    near = need[result.by_demand["in_circle"]].sum()
    assert 0.3 < given_.sum() / near < 0.95  # a case that is neither empty nor full
    assert given_.sum() == pytest.approx(largest_total(*merged(pairs, need), capacity), abs=1e-4)
    # it can be given out: the linear program serves exactly these amounts
    small, wanted = merged(pairs, pd.Series(given_))
    assert largest_total(small, wanted, capacity) == pytest.approx(given_.sum(), abs=1e-4)
    # it is the fairest: whoever has at most rate t < 1 takes all that they can reach (Fujishige 1980, theorem 3.1)
    rate = pd.Series(given_ / need, index=need.index)
    reached = pairs.groupby("facility_id")["demand_id"].agg(lambda points: rate[points].min())
    for t in np.linspace(0.02, 0.98, 49):
        assert given_[rate <= t].sum() == pytest.approx(capacity[reached.index[reached <= t]].sum(), abs=1e-4)


# ---- zones


def test_zones_by_hand():
    # a, b in zone k; far, c in zone l; h in the halo takes its part of x
    pairs = walks(("a", "x", 1), ("b", "x", 1), ("h", "x", 1), ("c", "y", 1))
    need = pd.Series({"a": 10.0, "b": 20.0, "h": 30.0, "c": 5.0, "far": 7.0, "none": 0.0})
    capacity = pd.DataFrame({"low": {"x": 30.0, "y": 5.0}, "high": {"x": 45.0, "y": 9.0}})
    demand = pd.DataFrame(
        {"zone_id": ["community/k", "community/k", None, "community/l", "community/l", "community/m"],
         "halo": [False, False, True, False, False, False]}, index=need.index)  # fmt: skip
    zones = pd.DataFrame(
        {"level": ["area", *["community"] * 3, "estate"], "parent_id": [None, *["area/1"] * 3, "community/l"],
         "kind": [frozenset()] * 5},
        index=["area/1", "community/k", "community/l", "community/m", "estate/e"])  # fmt: skip
    overlay = pd.DataFrame({"demand_id": ["far", "c"], "zone_id": "estate/e", "share": [1.0, 0.2]})
    got = served_by_zone(serve(pairs, need, capacity), demand=demand, zones=zones, overlay=overlay)
    golden = """
             need in_circle outside off_network served_low served_high without_place_low without_place_high rate_low rate_high
area/1         42      35       7           0        20        27.5            7.5               15           0.476    0.655
community/k    30      30       0           0        15        22.5            7.5               15           0.5      0.75
community/l    12       5       7           0         5         5              0                  0           0.417    0.417
community/m     0       0       0           0         0         0              0                  0           nan      nan
estate/e        8       1       7           0         1         1              0                  0           0.125    0.125
"""
    head, *rows = golden.split("\n")[1:-1]
    assert got.columns.tolist() == head.split()
    for row in rows:
        zone, *values = row.split()
        assert got.loc[zone].to_numpy() == pytest.approx(np.array(values, float), abs=5e-4, nan_ok=True)
    # who is off the network is not outside: whether the 7 of l reach anything is not known
    lost = need.index[(demand["zone_id"] == "community/l") & (need == 7.0)]
    open_ = served_by_zone(
        serve(pairs, need, capacity), demand=demand, zones=zones, overlay=overlay, off_network=lost
    )
    assert open_.loc["community/l", ["need", "in_circle", "outside", "off_network"]].tolist() == [12, 5, 0, 7]
    pd.testing.assert_frame_equal(
        open_.drop(columns=["outside", "off_network"]), got.drop(columns=["outside", "off_network"])
    )


@settings(max_examples=50, deadline=None)
@given(towns(points=6, facilities=5))
def test_every_need_is_served_or_without_place_or_outside(town):
    pairs, need, capacity = town
    demand, zones = zones_of(len(need), 2)
    got = served_by_zone(serve(pairs, need, known(capacity)), demand=demand.set_axis(need.index), zones=zones)
    parts = got["served_low"] + got["without_place_high"] + got["outside"]
    assert parts.to_numpy() == pytest.approx(got["need"].to_numpy(), abs=1e-9)
    assert (got.drop(columns=["rate_low", "rate_high"]) >= 0).all(axis=None)
    area, rest = got.loc["area/1"], got.drop(index="area/1").sum()
    sums = ["need", "in_circle", "outside", "served_low", "without_place_low"]
    assert rest[sums].to_numpy() == pytest.approx(area[sums].to_numpy(), abs=1e-6)


def test_a_point_that_was_not_served_is_named():
    demand, zones = zones_of(2, 1)
    with pytest.raises(TableError, match="served"):
        served_by_zone(serve(walks(), {0: 1.0}, known({"x": 1})), demand=demand, zones=zones)
