"""Cohort change by hand and against a table that can be read; its laws; totals kept."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.population.cohorts import (
    Cohorts,
    at_year,
    child_ratios,
    cohort_change_ratios,
    project,
    with_children,
)
from geoplan.inputs.population.projection import scale_factors
from geoplan.words.errors import InputError

BANDS = [f"{a}-{a + 4}" for a in range(0, 70, 5)] + ["70+"]
COUNTS = st.sampled_from([0.0, 1.0, 40.0, 333.0])


def people(*rows, index=None):
    return pd.DataFrame(rows, columns=BANDS, index=index or list("abcdefgh")[: len(rows)], dtype=float)


def in_year(before, after, year, censuses=(2010, 2020), least=0.0):
    """Return zones of one region in a year, women not told apart."""
    region = pd.Series("r", index=after.index)
    cohorts = Cohorts(before, after, before, after)
    return at_year(cohorts, region, censuses=censuses, year=year, least=least).zones


def golden():
    """Return before, after, projected and ratios, as the readable table has them."""
    lines = (Path(__file__).parent / "town_2030.txt").read_text(encoding="utf-8").splitlines()[2:]
    rows = [line.split() for line in lines]
    assert [row[0] for row in rows] == BANDS
    columns = [[float(row[at]) for row in rows] for at in (1, 2, -1)]
    return (*(people(column) for column in columns), [float(row[3]) for row in rows[2:]])


def test_golden_table():
    before, after, later, printed = golden()
    ratios = cohort_change_ratios(before, after, years=10)
    assert ratios.loc["a"].to_numpy() == pytest.approx(np.array(printed), abs=1e-9)
    # the open band is what became of 60-64, 65-69 and 70+ together
    assert ratios.loc["a", "70+"] == 400 / (300 + 200 + 300)
    # children per woman: 0-4 by 15-44, 5-9 by 20-49; women here half of all at each age
    children = child_ratios(after, after * 0.5, years=10)
    assert children.loc["a"].to_numpy() == pytest.approx([400 / 1747.5, 450 / 1792.5])
    got = with_children(project(after, ratios, years=10), children, later * 0.5, years=10)
    assert got.loc["a"].to_numpy() == pytest.approx(later.loc["a"].to_numpy(), abs=5e-4)
    assert got.loc["a", "0-4"] == pytest.approx(400 / 1747.5 * 1737.5)
    assert got.loc["a", "5-9"] == pytest.approx(450 / 1792.5 * 1811.75)
    pd.testing.assert_frame_equal(in_year(before, after, 2030), got)


def test_two_steps_are_one_after_the_other():
    before, after, *_ = golden()
    ratios = cohort_change_ratios(before, after, years=10)
    twice = in_year(before, after, 2040)
    again = project(in_year(before, after, 2030), ratios, years=10)
    pd.testing.assert_frame_equal(twice[BANDS[2:]], again[BANDS[2:]])
    halfway = (in_year(before, after, 2030) + twice) / 2
    pd.testing.assert_frame_equal(in_year(before, after, 2035), halfway)
    # between the censuses on the line, at a census as it stands
    pd.testing.assert_frame_equal(in_year(before, after, 2011), before + (after - before) / 10)
    pd.testing.assert_frame_equal(in_year(before, after, 2020), after)


def test_five_years_at_a_time():
    before, after = people([100] * 15), people([80] + [90] * 13 + [150])
    assert cohort_change_ratios(before, after, years=5).loc["a"].tolist() == [0.9] * 13 + [0.75]
    got = in_year(before, after, 2025, censuses=(2015, 2020)).loc["a"]
    assert got.tolist() == pytest.approx([80 / 540 * (6 * 81), 72] + [81] * 12 + [0.75 * 240])


def test_unknown_stays_unknown():
    after, before = people(*[[100] * 15] * 3), people(*[[100] * 15] * 3)
    before.loc["b", ["20-24"]] = 0  # nobody to compare with
    before.loc["a", "30-34"] = np.nan
    before.loc["c"] = np.nan
    ratios = cohort_change_ratios(before, after, years=10)
    assert ratios.columns[ratios.loc["b"].isna()].tolist() == ["30-34"]
    assert ratios.columns[ratios.loc["a"].isna()].tolist() == ["40-44"]
    assert ratios.loc["c"].isna().all()
    later = project(after, ratios, years=10)
    assert later.columns[later.loc["b"].isna()].tolist() == ["0-4", "5-9", "30-34"]
    # an unknown woman makes children unknown, never fewer
    got = with_children(later, child_ratios(after, after, years=10), later, years=10)
    assert got.loc["b", ["0-4", "5-9"]].isna().all()


def test_a_handful_of_people_has_no_ratio():
    before, after = people([20] * 7 + [19] + [20] * 7), people([30] * 15)
    ratios = cohort_change_ratios(before, after, years=5, least=20).loc["a"]
    assert ratios.index[ratios.isna()].tolist() == ["40-44"]  # 19 were 35-39; 20 just do


@given(st.lists(COUNTS, min_size=15, max_size=15), st.sampled_from([5, 10, 15]))
def test_with_ratios_of_one_everyone_ages_and_none_is_lost(row, years):
    table = people(row)
    ratios = cohort_change_ratios(people([7] * 15), people([7] * 15), years=years)
    k = years // 5
    assert (ratios.iloc[0, :-1] == 1).all()
    ratios.iloc[0, -1] = 1
    got = project(table, ratios, years=years).loc["a"]
    assert got.iloc[:k].isna().all()
    assert got.iloc[k:].sum() == pytest.approx(sum(row))
    assert got.iloc[k:14].tolist() == row[: 14 - k]


@given(st.lists(st.tuples(*[st.sampled_from([1.0, 40.0, 333.0])] * 15), min_size=2, max_size=2))
def test_ratios_bring_the_first_census_to_the_second(rows):
    before, after = people(rows[0]), people(rows[1])
    again = project(before, cohort_change_ratios(before, after, years=10), years=10)
    assert again.iloc[0, 2:].to_numpy() == pytest.approx(after.iloc[0, 2:].to_numpy())


@given(st.lists(st.lists(COUNTS, min_size=15, max_size=15), min_size=1, max_size=4))
def test_regional_ratios_make_zones_add_up_to_the_region(rows):
    zones = people(*rows)
    regional = cohort_change_ratios(people([50] * 15), people([60] * 15), years=10)
    each = regional.iloc[[0] * len(zones)].set_axis(zones.index)
    whole = project(zones.sum().to_frame("a").T, regional, years=10).loc["a"]
    got = project(zones, each, years=10).sum(skipna=False)
    assert got.to_numpy() == pytest.approx(whole.to_numpy(), nan_ok=True)


def test_what_does_not_fit_is_named():
    table = people([10] * 15)
    with pytest.raises(InputError, match="step of 75 years"):
        in_year(table, table, 2100, censuses=(1945, 2020))
    with pytest.raises(InputError, match="nothing is extrapolated"):
        in_year(table, table, 2009)
    young = table[BANDS[:8]].rename(columns={"35-39": "35+"})
    with pytest.raises(InputError, match="child-bearing ages 15-44"):
        in_year(young, young, 2030)


REGION = pd.Series({"a": "t", "b": "t", "c": "u"})


def scaled(counts, totals, region=REGION):
    """Return the factors by region and the codes of what was found."""
    notes = []
    factors = scale_factors("elders_60", pd.Series(counts), pd.Series(totals), region, notes)
    return factors.to_numpy(), [note.code for note in notes]


def test_zones_are_scaled_to_the_total_of_their_region():
    assert scaled({"a": 30.0, "b": 10.0, "c": 20.0}, {"t": 60.0, "u": 10.0})[0].tolist() == [1.5, 0.5]
    # a region with an unknown zone is left and said; one without total stays; nothing stays nothing
    factors, codes = scaled({"a": 30.0, "b": np.nan, "c": 20.0}, {"t": 60.0, "u": np.nan, "v": 5.0})
    assert np.isnan(factors).all()
    assert codes == ["control_open"]
    assert scaled({"a": 0.0, "b": 0.0, "c": 2.0}, {"t": 0.0, "u": 0.0})[0].tolist() == [1, 0]
    # a zone of no region stays as it is
    assert scaled({"a": 30.0, "b": 10.0}, {"t": 25.0}, pd.Series({"b": "t"}))[0].tolist() == [2.5]
    with pytest.raises(InputError, match="t: no zone has any `elders_60`"):
        scaled({"a": 0.0, "b": 0.0, "c": 2.0}, {"t": 1.0, "u": 1.0})
    with pytest.raises(InputError, match="without a total: u"):
        scaled({"a": 0.0, "b": 0.0, "c": 2.0}, {"t": 1.0})


@given(st.lists(st.tuples(COUNTS, st.sampled_from(["t", "u"])), min_size=1, max_size=8), COUNTS, COUNTS)
def test_sums_equal_the_totals(rows, t, u):
    counts, region = pd.Series([row[0] for row in rows]), pd.Series([row[1] for row in rows])
    totals = pd.Series({"t": t, "u": u})
    has = counts.groupby(region).sum()
    if any(has.get(name) == 0 and total > 0 for name, total in totals.items()):
        with pytest.raises(InputError, match="no zone has any"):
            scale_factors("elders_60", counts, totals, region, [])
        return
    factors = scale_factors("elders_60", counts, totals, region, [])
    got = (counts * factors[region].to_numpy()).groupby(region).sum()
    assert got.to_numpy() == pytest.approx(totals[got.index].to_numpy())
