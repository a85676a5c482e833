"""The nearest facilities of a zone: by hand, the boundary, and a slow oracle on random towns."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.coverage.near import nearest_facilities
from geoplan.tables import NEAR, Service
from geoplan.words.errors import TableError

EAT = Service(name="eat", facilities=("canteen",), group="elders_60", walk_minutes=15.0, walk_kmh=4.0)


def town(communities):
    ids = ["area/area", *(f"community/{name}" for name in communities)]
    parents = pd.array([None, *["area/area"] * len(communities)], dtype="str")
    table = {
        "level": [one.split("/")[0] for one in ids],
        "parent_id": parents,
        "kind": [frozenset()] * len(ids),
    }
    return pd.DataFrame(table, index=pd.Index(ids, name="zone_id", dtype="str"))


def people(rows):
    """Return demand points from (community or None for the halo, elders)."""
    zones = [None if name is None else f"community/{name}" for name, _ in rows]
    table = {"zone_id": pd.array(zones, dtype="str"), "halo": [zone is None for zone in zones]}
    table["elders_60"] = [float(elders) for _, elders in rows]
    return pd.DataFrame(table, index=pd.RangeIndex(len(rows), name="demand_id"))


def walks(rows, service="eat"):
    """Return pairs from (demand point, facility, minutes)."""
    table = pd.DataFrame(rows, columns=["demand_id", "facility_id", "seconds"])
    return table.assign(seconds=table["seconds"] * 60.0, service=service)


def told(table):
    return [
        tuple(row)
        for row in table[["zone_id", "rank", "facility_id", "minutes", "share"]].itertuples(index=False)
    ]


def test_by_hand():
    demand = people([("a", 50), ("a", 30), ("a", 20), ("b", 10), (None, 1000)])
    pairs = walks([
        (0, "x", 10), (1, "x", 15), (2, "x", 16),  # 50 of 100 walk at most 10 minutes, 80 are within 15
        (1, "y", 2), (2, "y", 3),  # exactly half: 30 + 20 within 3 minutes
        (2, "z", 1), (0, "w", 20), (1, "w", 40),  # z: a fifth only; w: beyond the circle for all
        (0, "v", 30), (3, "v", 4), (4, "z", 1),
    ])  # fmt: skip
    table = nearest_facilities(pairs, demand=demand, zones=town("ab"), services={"eat": EAT})
    assert list(table.columns) == list(NEAR)
    assert told(table) == [
        ("community/a", 1, "y", 3.0, 0.5), ("community/a", 2, "x", 10.0, 0.8), ("community/a", 3, "w", 20.0, 0.0),
        ("community/b", 1, "v", 4.0, 1.0),
    ]  # fmt: skip


def test_people_off_the_network_are_left_out_and_just_under_half_is_no_median():
    demand = people([("a", 49), ("a", 51), ("a", 100)])
    pairs = walks([(0, "x", 5)])
    assert nearest_facilities(
        pairs, demand=demand, zones=town("a"), services={"eat": EAT}, off_network=[2]
    ).empty
    demand.loc[0, "elders_60"] = 51.0
    found = nearest_facilities(pairs, demand=demand, zones=town("a"), services={"eat": EAT}, off_network=[2])
    assert told(found) == [("community/a", 1, "x", 5.0, 0.5)]


def test_as_far_goes_by_id_and_the_limit_of_the_circle_is_inside():
    demand = people([("a", 1)])
    pairs = walks([(0, "q", 15), (0, "p", 15), (0, "r", 15.001)])
    found = nearest_facilities(pairs, demand=demand, zones=town("a"), services={"eat": EAT})
    assert [(row[2], row[4]) for row in told(found)] == [("p", 1.0), ("q", 1.0), ("r", 0.0)]


def test_zones_without_people_or_with_unknown_people_have_no_rows():
    demand = people([("a", 0), ("b", 5)])
    zones = town("abc").assign(people_unknown=[(), (), ("elders_60",), ()])
    pairs = walks([(0, "x", 5), (1, "x", 5)])
    assert nearest_facilities(pairs, demand=demand, zones=zones, services={"eat": EAT}).empty
    assert nearest_facilities(pairs, demand=demand, zones=town("ab"), services={}).empty
    assert nearest_facilities(pairs.iloc[:0], demand=demand, zones=town("ab"), services={"eat": EAT}).empty


def test_unknown_people_are_an_error():
    with pytest.raises(TableError):
        nearest_facilities(
            walks([(7, "x", 5)]), demand=people([("a", 1)]), zones=town("a"), services={"eat": EAT}
        )


@st.composite
def towns(draw):
    rows = draw(
        st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 9)), min_size=1, max_size=8)
    )
    every = [(point, facility) for point in range(len(rows)) for facility in "pqrst"]
    kept = draw(st.lists(st.sampled_from(every), unique=True, max_size=len(every)))
    pairs = [(point, facility, draw(st.integers(0, 30))) for point, facility in kept]
    off = draw(st.sets(st.integers(0, len(rows) - 1), max_size=2))
    return rows, [pair for pair in pairs if pair[0] not in off], off


@settings(max_examples=60, deadline=None)
@given(towns())
def test_equal_to_a_slow_oracle(given_town):
    rows, pairs, off = given_town
    found = nearest_facilities(
        walks(pairs), demand=people(rows), zones=town("ab"), services={"eat": EAT, "meal": replace(EAT, name="meal")}, off_network=off
    )  # fmt: skip
    assert (found["service"] == "eat").all()
    expected = []
    for name in "ab":
        own = {point: n for point, (zone, n) in enumerate(rows) if zone == name and n and point not in off}
        total, far = sum(own.values()), {}
        for facility in "pqrst":
            walk = {point: minutes for point, one, minutes in pairs if one == facility and point in own}
            one_by_one = sorted([walk[point] for point in walk for _ in range(own[point])])
            if own and 2 * len(one_by_one) >= total:
                near = sum(own[point] for point, minutes in walk.items() if minutes <= 15)
                far[facility] = (one_by_one[(total + 1) // 2 - 1], near / total)
        order = sorted(far, key=lambda facility: (far[facility][0], facility))[:3]
        expected += [(f"community/{name}", rank, one, *far[one]) for rank, one in enumerate(order, start=1)]
    assert [row[:3] for row in told(found)] == [row[:3] for row in expected]
    assert np.allclose([row[3:] for row in told(found)], [row[3:] for row in expected]) or not expected
