"""Provision: 2SFCA by hand, against plain Python, and its law; located supply by zones."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from coverage_problems import known, walks
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.coverage.provision import located_supply, reachable_supply
from geoplan.words.errors import TableError

INF = float("inf")


def test_two_facilities_shared_by_three_blocks():
    # a --5-- x --10-- b --15-- y     c reaches nothing          (minutes)
    #  x: 60 places / (100 + 50 people) = 0.4        y: 25 places / 50 people = 0.5
    reach = walks(("a", "x", 5), ("b", "x", 10), ("b", "y", 15), ("a", "y", 30))
    need, supply = pd.Series({"a": 100, "b": 50, "c": 70}), known({"x": 60, "y": 25})
    got = reachable_supply(reach, need, supply, walk_minutes=15)
    assert got["low"].to_dict() == pytest.approx({"a": 0.4, "b": 0.4 + 0.5, "c": 0.0})


def test_unknown_supply_stays_an_interval():
    reach = walks(("a", "x", 5), ("b", "y", 5), ("z", "x", 5), ("b", "w", 5))
    need = pd.Series({"a": 10.0, "b": 10.0, "z": 0.0, "c": 5.0})
    supply = pd.DataFrame(
        {"low": {"x": 0.0, "y": 4.0, "w": 1.0, "v": 9.0}, "high": {"x": INF, "y": 6.0, "w": 1.0, "v": INF}}
    )
    got = reachable_supply(reach, need, supply, walk_minutes=15)
    assert got["low"].tolist() == [0.0, 0.5, 0.0, 0.0]
    assert got["high"].tolist() == [INF, 0.7, INF, 0.0]


def test_a_facility_that_nobody_reaches_shares_nothing():
    reach = walks(("a", "x", 15.1), ("z", "y", 1))  # nobody lives at z
    got = reachable_supply(
        reach, pd.Series({"a": 10.0, "z": 0.0}), pd.DataFrame({"low": {"x": 5.0, "y": 5.0}, "high": {"x": INF, "y": INF}}),
        walk_minutes=15,
    )  # fmt: skip
    assert got.to_numpy().tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_bands_by_hand():
    # y at 15 min weighs 0.2, x at 5 min 1 and at 10 min 0.5; 15.1 min is beyond
    reach = walks(("a", "x", 5), ("b", "x", 10), ("b", "y", 15), ("a", "y", 15.1))
    need, supply = pd.Series({"a": 100.0, "b": 50.0}), known({"x": 60, "y": 25})
    bands = {5: 1.0, 10: 0.5, 15: 0.2}
    got = reachable_supply(reach, need, supply, walk_minutes=15, bands=bands)
    x, y = 60 / (100 * 1 + 50 * 0.5), 25 / (50 * 0.2)
    assert got["low"].to_dict() == pytest.approx({"a": x, "b": 0.5 * x + 0.2 * y})
    # the limit cuts bands short, and a band of weight 1 is the plain method
    short = reachable_supply(reach, need, supply, walk_minutes=10, bands=bands)
    assert short["low"].to_dict() == pytest.approx({"a": x, "b": 0.5 * x})
    plain = reachable_supply(reach, need, supply, walk_minutes=15)
    pd.testing.assert_frame_equal(
        plain, reachable_supply(reach, need, supply, walk_minutes=15, bands={15: 1.0})
    )


@pytest.mark.parametrize("bands", [{}, {0: 1.0}, {5: 1.5}, {5: 0.2, 10: 0.5}, {5: float("nan")}, {5: -0.1}])
def test_wrong_bands_are_named(bands):
    with pytest.raises(TableError, match="decay bands"):
        reachable_supply(
            walks(("a", "x", 1)), pd.Series({"a": 1.0}), known({"x": 1}), walk_minutes=15, bands=bands
        )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"reach": walks(("b", "x", 1))}, "demand_id names ids that `need` lacks: b"),
        ({"reach": walks(("a", "q", 1))}, "facility_id names ids that `supply` lacks: q"),
        ({"reach": walks(("a", "x", 1), ("a", "x", 2))}, "twice: a - x"),
        *(({"need": pd.Series({"a": need})}, "negative or missing: a") for need in (-1.0, np.nan)),
        *(
            ({"supply": pd.DataFrame({"low": {"x": low}, "high": {"x": high}})}, r"no interval .*: x")
            for low, high in [(-1.0, 1.0), (2.0, 1.0), (np.nan, 1.0), (1.0, np.nan), (INF, INF)]
        ),
    ],
)
def test_wrong_tables_are_named(wrong, says):
    tables = {"reach": walks(("a", "x", 1)), "need": pd.Series({"a": 1.0}), "supply": known({"x": 1})}
    with pytest.raises(TableError, match=says):
        reachable_supply(**{**tables, **wrong}, walk_minutes=15)


def test_inputs_stay_as_they_were():
    reach, need, supply = walks(("a", "x", 1)), pd.Series({"a": 1.0}), known({"x": 1})
    before = reach.copy(), need.copy(), supply.copy()
    reachable_supply(reach, need, supply, walk_minutes=15)
    pd.testing.assert_frame_equal(reach, before[0])
    pd.testing.assert_series_equal(need, before[1])
    pd.testing.assert_frame_equal(supply, before[2])


MINUTES = st.sampled_from([0, 15, 16])  # either side of the standard
AMOUNTS = st.sampled_from([0, 3, 500])  # empty blocks and closed facilities included


@settings(deadline=None)
@given(st.lists(st.tuples(AMOUNTS, MINUTES, MINUTES), min_size=1, max_size=5), AMOUNTS, AMOUNTS)
def test_every_place_in_reach_is_shared_out_exactly_once(blocks, x, y):
    reach = walks(
        *[(i, f, m) for i, (_, to_x, to_y) in enumerate(blocks) for f, m in (("x", to_x), ("y", to_y))]
    )
    need = pd.Series([b[0] for b in blocks], dtype=float)
    got = reachable_supply(reach, need, known({"x": x, "y": y}), walk_minutes=15)
    shared = float((need * got["low"]).sum())
    reached = [any(b[0] > 0 and b[k] <= 15 for b in blocks) for k in (1, 2)]
    assert shared == pytest.approx(x * reached[0] + y * reached[1])


HIGHS = st.sampled_from([0.0, 2.0, INF])
BANDS = st.sampled_from([None, {5: 1.0, 15: 0.3}, {15: 0.0}])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(AMOUNTS, st.lists(st.sampled_from([0, 5, 5.1, 15, 99]), min_size=3, max_size=3)), max_size=5
    ),
    st.lists(st.tuples(AMOUNTS, HIGHS), min_size=3, max_size=3),
    BANDS,
)
def test_against_plain_python(blocks, supplies, bands):
    reach = walks(*[(i, j, m) for i, (_, to) in enumerate(blocks) for j, m in enumerate(to)])
    need = pd.Series([float(b[0]) for b in blocks], dtype=float)
    low = [float(s[0]) for s in supplies]
    supply = pd.DataFrame({"low": low, "high": [a + s[1] for a, s in zip(low, supplies, strict=True)]})
    got = reachable_supply(reach, need, supply, walk_minutes=15, bands=bands)

    def weight(minutes):
        if bands is None:
            return 1.0 if minutes <= 15 else 0.0
        return next((w for upper, w in sorted(bands.items()) if minutes <= upper), 0.0)

    for end in ("low", "high"):
        ratio = []
        for j, amount in enumerate(supply[end]):
            crowd = sum(n * weight(to[j]) for n, to in blocks)
            ratio.append(amount / crowd if crowd > 0 else 0.0)
        for i, (_, to) in enumerate(blocks):
            each = sum(weight(m) * r for m, r in zip(to, ratio, strict=True) if weight(m) > 0)
            assert got[end].iloc[i] == pytest.approx(each)
    assert not got.isna().any(axis=None)


# -- located ----------------------------------------------------------------------------------------------------------


def places():
    ids = ["area/1", "district/d", "town/t", "community/a", "community/b", "estate/e"]
    parents = [None, "area/1", "district/d", "town/t", "town/t", "community/a"]
    boxes = [(0, 0, 20, 10)] * 3 + [(0, 0, 10, 10), (10, 0, 20, 10), (0, 0, 5, 5)]
    return gpd.GeoDataFrame(
        {"level": [i.split("/")[0] for i in ids], "parent_id": parents, "kind": [frozenset()] * 6},
        index=pd.Index(ids, name="zone_id"),
        geometry=[shapely.box(*b) for b in boxes],
    )


def register():
    zone_ids = ["community/a", "community/b", "town/t", None, "estate/e", "district/d"]
    points = [shapely.Point(1, 1), shapely.Point(15, 5), None, shapely.Point(99, 99), None, None]
    ids = [f"f#{i}" for i in range(2, 8)]
    return gpd.GeoDataFrame({"zone_id": zone_ids}, index=pd.Index(ids, name="facility_id"), geometry=points)


def test_located_by_hand():
    supplies = pd.DataFrame(
        {
            "facility_id": ["f#2", "f#3", "f#4", "f#5", "f#6", "f#7", "f#2"],
            "low": [10.0, 20.0, 1.0, 500.0, 4.0, 0.0, 2.0],
            "high": [10.0, 25.0, 1.0, 500.0, 4.0, INF, 2.0],
        }
    )
    got = located_supply(supplies, register(), places())
    assert got.index.equals(places().index)
    assert got["low"].to_dict() == {
        "area/1": 37.0,  # all but f#5, which lies in no zone
        "district/d": 37.0,
        "town/t": 37.0,  # f#4 has no point and names the town: counts here and above, in no community
        "community/a": 16.0,  # f#2 twice (two services), and f#6 which names an estate of a
        "community/b": 20.0,
        "estate/e": 16.0,  # f#2 lies in it, f#6 names it
    }
    assert got["high"].tolist() == [INF, INF, 42.0, 16.0, 25.0, 16.0]
    assert got["facilities"].tolist() == [5, 5, 4, 2, 1, 2]
    assert got["unknown_rows"].tolist() == [2, 2, 1, 0, 1, 0]


def test_located_of_nothing_is_zero():
    none = pd.DataFrame({"facility_id": pd.Series([], dtype="str"), "low": [], "high": []})
    assert not located_supply(none, register(), places()).to_numpy().any()


@pytest.mark.parametrize(
    ("row", "zone_id", "says"),
    [
        (("f#99", 1.0, 1.0), "town/t", r"facility_id names ids that .* lacks: f#99"),
        (("f#2", 3.0, 1.0), "town/t", r"no interval .*: f#2"),
        (("f#2", 1.0, 1.0), "town/gone", "town/gone"),
    ],
)
def test_located_names_what_is_wrong(row, zone_id, says):
    supplies = pd.DataFrame([row], columns=["facility_id", "low", "high"])
    with pytest.raises(TableError, match=says):
        located_supply(supplies, register().assign(zone_id=zone_id), places())
