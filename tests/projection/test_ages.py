"""Age bands: names, groups cut out of them by two rules, five-year bands, and that nobody is lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.population.age_bands import band_limits, five_year_bands, split_ages
from geoplan.study.ages import age_limits
from geoplan.words.errors import InputError

COUNTS = st.sampled_from([0.0, 1.0, 50.0, 900.0])
BANDS = ["0-4", "5-9", "10-19", "20-59", "60-64", "65+"]


def table(*rows):
    return pd.DataFrame(rows, columns=BANDS, dtype=float)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("0-4", (0, 5)), ("0—4岁", (0, 5)), (" 5 ~ 9 ", (5, 10)), ("60至64岁", (60, 65)), ("60岁-64岁", (60, 65)),
        ("85+", (85, np.inf)), ("85岁及以上", (85, np.inf)), ("100 及以上", (100, np.inf)), ("0岁", (0, 1)), ("7", (7, 8)),
        ("合计", None), ("9-5", None), ("2020-2030", None), ("", None),
    ],
)  # fmt: skip
def test_names_of_bands(text, limits):
    assert age_limits(text) == limits


def test_groups_by_hand():
    # 60 and older are two whole bands; under three 3/5 of 0-4; 18-24: 2/10 of 10-19 and 5/40 of 20-59
    got = split_ages(
        table([50, 40, 100, 400, 30, 60]),
        {"elders_60": "60+", "under_3": "0-2", "young": (18, 25), "62": "62-64"},
    ).loc[0]
    assert got.to_dict() == pytest.approx({"elders_60": 90, "under_3": 30, "young": 20 + 50, "62": 18})


def test_pchip_follows_the_neighbours():
    # births fall: fewer at 0 than at 4, so under-threes are less than 3/5 but never none
    falling = table([50, 100, 300, 1200, 100, 80])
    cut = split_ages(falling, {"under_3": "0-2", "rest": "3-4"}, rule="pchip").loc[0]
    assert 0.4 * 50 < cut["under_3"] < 0.6 * 50
    assert cut.sum() == pytest.approx(50)
    # with as many at every age both rules are one
    even = table([50, 50, 100, 400, 50, 80])
    for rule in ("uniform", "pchip"):
        assert split_ages(even, {"under_3": "0-2"}, rule=rule).loc[0, "under_3"] == pytest.approx(30)


def test_unknown_stays_unknown():
    rows = table([np.nan, 40, 100, 400, 30, 60], [50, 40, 100, 400, 30, np.nan])
    groups = {"elders_60": "60+", "under_3": "0-2", "teens": "10-19"}
    for rule in ("uniform", "pchip"):
        got = split_ages(rows, groups, rule=rule)
        assert np.isnan(got.loc[0, "under_3"])
        assert np.isnan(got.loc[1, "elders_60"])
        assert got.loc[0, ["elders_60", "teens"]].tolist() == [90, 100]
        assert np.isfinite(got.loc[1, "under_3"])


@given(
    st.lists(COUNTS, min_size=6, max_size=6),
    st.lists(st.sampled_from([0.5, 3.0, 5.0, 9.0, 18.0, 62.5, 65.0]), unique=True),
    st.sampled_from(["uniform", "pchip"]),
)
def test_cut_anywhere_nobody_is_lost(row, cuts, rule):
    ends = [0.0, *sorted(cuts), np.inf]
    groups = {str(k): (ends[k], ends[k + 1]) for k in range(len(ends) - 1)}
    got = split_ages(table(row), groups, rule=rule).loc[0]
    assert got.sum() == pytest.approx(sum(row))
    assert (got >= 0).all()


def test_five_year_bands():
    census = pd.DataFrame(
        [[2, 8, 9, 11, 3, 4]], columns=["0岁", "1-4岁", "5-9岁", "10-14岁", "15-19岁", "20岁及以上"]
    )
    got = five_year_bands(census, open_from=15)
    assert got.to_dict("records") == [{"0-4": 10, "5-9": 9, "10-14": 11, "15+": 7}]
    for wrong in (25, 12):
        with pytest.raises(InputError, match="five-year bands"):
            five_year_bands(census, open_from=wrong)
    with pytest.raises(InputError, match="five-year bands"):
        five_year_bands(table([1] * 6), open_from=65)  # 10-19 holds a limit
    with pytest.raises(InputError, match="five-year bands"):
        five_year_bands(census.iloc[:, :-1], open_from=15)


def test_what_cannot_be_read_is_named_at_once():
    with pytest.raises(InputError, match=r"(?s)合计.*`5-9` and `15-19`"):
        band_limits(["0-4", "5-9", "15-19", "合计"])
    with pytest.raises(InputError, match="no age band"):
        band_limits([])
    with pytest.raises(InputError, match=r"(?s)`elders_80`.*`odd`.*`none`"):
        split_ages(
            table([1] * 6), {"elders_80": "80+", "odd": "old", "none": (3, 3), "fine": "60+", "part": "60-64"}
        )
    with pytest.raises(InputError, match="`elders_66`"):
        split_ages(table([1] * 6), {"elders_66": "60-69"})
    with pytest.raises(InputError, match="negative"):
        split_ages(table([-1] * 6), {"elders_60": "60+"})
