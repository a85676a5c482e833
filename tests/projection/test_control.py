"""Totals kept: by hand, at the edges, and as a law."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.population.cohorts import control
from geoplan.words.errors import InputError

COUNTS = st.sampled_from([0.0, 1.0, 40.0, 900.0])


def zones():
    return pd.DataFrame({"elders_60": [30.0, 10.0, 20.0], "under_3": [5.0, 5.0, 6.0]}, index=["a", "b", "c"])


TOWN = pd.Series({"a": "t", "b": "t", "c": "u"})


def test_each_column_to_its_total():
    totals = pd.DataFrame({"elders_60": [60.0, 10.0]}, index=["t", "u"])
    got = control(zones(), totals, region_of=TOWN)
    assert got.table["elders_60"].tolist() == [45, 15, 10]
    assert got.table["under_3"].tolist() == [5, 5, 6]  # no total given, left as it is
    assert got.factors["elders_60"].to_dict() == {"t": 1.5, "u": 0.5}
    assert got.notes == ()


def test_all_columns_together():
    got = control(zones(), pd.Series({"t": 100.0, "u": 26.0}), region_of=TOWN)
    assert got.table.loc[["a", "b"]].to_numpy().tolist() == [[60, 10], [20, 10]]
    assert got.table.loc["c"].tolist() == [20, 6]
    assert got.factors["total"].tolist() == [2, 1]


def test_one_region_for_all():
    assert control(zones(), pd.Series({"city": 38.0})).table.sum().sum() == pytest.approx(38)
    with pytest.raises(InputError, match="totals of 2 regions"):
        control(zones(), pd.Series({"t": 1.0, "u": 1.0}))


def test_a_region_with_an_unknown_zone_is_left_and_said():
    table = zones()
    table.loc["b", "elders_60"] = np.nan
    got = control(table, pd.DataFrame({"elders_60": [60.0, 10.0]}, index=["t", "u"]), region_of=TOWN)
    assert got.table["elders_60"].to_numpy() == pytest.approx([30, np.nan, 10], nan_ok=True)
    assert np.isnan(got.factors.loc["t", "elders_60"])
    assert [note.code for note in got.notes] == ["control_open"]
    assert "t: `elders_60`" in got.notes[0].found("en")


def test_unknown_totals_and_zones_of_no_region_stay():
    where = TOWN.where(TOWN.index != "a")
    got = control(zones(), pd.DataFrame({"elders_60": [25.0, np.nan]}, index=["t", "u"]), region_of=where)
    assert got.table["elders_60"].tolist() == [30, 25, 20]
    assert got.notes == ()


def test_nothing_and_nobody():
    empty = zones() * 0
    nothing = pd.DataFrame({"elders_60": [0.0, 0.0, 9.0]}, index=["t", "u", "elsewhere"])
    got = control(empty, nothing, region_of=TOWN)  # a region without zones here is not ours to fill
    assert (got.table == 0).all(axis=None)
    with pytest.raises(InputError, match="t, u: no zone has any `elders_60`"):
        control(empty, nothing + 1, region_of=TOWN)
    none = control(zones(), nothing * 0, region_of=TOWN)
    assert none.factors["elders_60"].to_numpy() == pytest.approx([0, 0, np.nan], nan_ok=True)
    assert none.table["elders_60"].tolist() == [0, 0, 0]


def test_what_does_not_fit_is_named():
    totals = pd.DataFrame({"elders": [1.0]}, index=["t"])
    with pytest.raises(InputError, match="elders, u"):
        control(zones(), totals, region_of=TOWN)
    with pytest.raises(InputError, match="negative"):
        control(zones(), pd.Series({"t": -1.0}))
    with pytest.raises(InputError, match="negative"):
        control(-zones(), pd.Series({"t": 1.0}))


@given(
    st.lists(st.tuples(COUNTS, COUNTS, st.sampled_from(["t", "u"])), min_size=1, max_size=8),
    st.tuples(COUNTS, COUNTS),
)
def test_sums_equal_the_totals(rows, amounts):
    table = pd.DataFrame([row[:2] for row in rows], columns=["elders_60", "under_3"])
    region = pd.Series([row[2] for row in rows])
    totals = pd.DataFrame({"elders_60": amounts}, index=["t", "u"])
    has = table["elders_60"].groupby(region).sum()
    if any(total > 0 and has.get(name) == 0 for name, total in totals["elders_60"].items()):
        with pytest.raises(InputError, match="no zone has any"):
            control(table, totals, region_of=region)
        return
    before = table.copy()
    got = control(table, totals, region_of=region).table
    for name in has.index:
        assert got["elders_60"][region == name].sum() == pytest.approx(totals.loc[name, "elders_60"])
    pd.testing.assert_frame_equal(table, before)
    # shares within a region stay
    for name in has.index[has > 0]:
        here = region == name
        if totals.loc[name, "elders_60"] > 0:
            one = got["elders_60"][here] / got["elders_60"][here].sum()
            assert one.to_numpy() == pytest.approx((table["elders_60"][here] / has[name]).to_numpy())
