"""Cohort change by hand and against a table that can be read; its laws; under-threes; years between."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.population.cohorts import (
    child_ratios,
    cohort_change_ratios,
    project,
    ratios_by_zone,
    to_year,
    under_three,
)
from geoplan.words.errors import GeoplanError, InputError

BANDS = [f"{a}-{a + 4}" for a in range(0, 70, 5)] + ["70+"]
COUNTS = st.sampled_from([0.0, 1.0, 40.0, 333.0])


def people(*rows, index=None):
    return pd.DataFrame(rows, columns=BANDS, index=index or list("abcdefgh")[: len(rows)], dtype=float)


def golden():
    """Return before, after, ratios and projected, as the readable table has them."""
    lines = (Path(__file__).parent / "town_2030.txt").read_text(encoding="utf-8").splitlines()[2:]
    rows = [line.split() for line in lines]
    assert [row[0] for row in rows] == BANDS
    columns = [
        [float(row[1]) for row in rows],
        [float(row[2]) for row in rows],
        [float(row[-1]) for row in rows],
    ]
    ratios = [float(row[3]) for row in rows[2:]]
    return (*(people(c) for c in columns), ratios)


def test_ratios_by_hand():
    before, after, _, _ = golden()
    ratios = cohort_change_ratios(before, after, years=10).loc["a"]
    assert ratios.index.tolist() == BANDS[2:]
    assert ratios["10-14"] == 500 / 500
    assert ratios["20-24"] == 500 / 400
    # the open band is what became of 60-64, 65-69 and 70+ together
    assert ratios["70+"] == 400 / (300 + 200 + 300)


def test_golden_table():
    before, after, later, printed = golden()
    ratios = cohort_change_ratios(before, after, years=10)
    assert ratios.loc["a"].to_numpy() == pytest.approx(np.array(printed), abs=1e-9)
    # children per woman: 0-4 by 15-44, 5-9 by 20-49; women here half of all at each age
    women_2020, women_2030 = after * 0.5, later * 0.5
    children = child_ratios(after, years=10, women=women_2020)
    assert children.loc["a"].to_numpy() == pytest.approx([400 / 1747.5, 450 / 1792.5])
    got = project(after, ratios, years=10, children=children, women=women_2030)
    assert got.loc["a"].to_numpy() == pytest.approx(later.loc["a"].to_numpy(), abs=5e-4)
    assert got.loc["a", "0-4"] == pytest.approx(400 / 1747.5 * 1737.5)
    assert got.loc["a", "5-9"] == pytest.approx(450 / 1792.5 * 1811.75)
    # without sex: a child-adult ratio gives the same here, where women are half at every age
    plain = project(after, ratios, years=10, children=child_ratios(after, years=10))
    pd.testing.assert_frame_equal(plain, got)


def test_two_steps_are_one_after_the_other():
    before, after, _, _ = golden()
    ratios = cohort_change_ratios(before, after, years=10)
    children = child_ratios(after, years=10)
    once = project(after, ratios, years=10, children=children)
    pd.testing.assert_frame_equal(
        project(after, ratios, years=20, children=children),
        project(once, ratios, years=10, children=children),
    )


def test_five_years_at_a_time():
    before, after = people([100] * 15), people([80] + [90] * 13 + [150])
    ratios = cohort_change_ratios(before, after, years=5)
    assert ratios.loc["a"].tolist() == [0.9] * 13 + [0.75]
    got = project(after, ratios, years=5, children=child_ratios(after, years=5)).loc["a"]
    assert got.tolist() == pytest.approx([80 / 540 * (6 * 81), 72] + [81] * 12 + [0.75 * 240])


def test_unknown_stays_unknown():
    after = people([100] * 15, [100] * 15, [100] * 15)
    before = people([100] * 15, [100] * 15)  # c is not in the first census
    before.loc["b", ["20-24"]] = 0  # nobody to compare with
    before.loc["a", "30-34"] = np.nan
    ratios = cohort_change_ratios(before, after, years=10)
    assert ratios.columns[ratios.loc["b"].isna()].tolist() == ["30-34"]
    assert ratios.columns[ratios.loc["a"].isna()].tolist() == ["40-44"]
    assert ratios.loc["c"].isna().all()
    got = project(after, ratios, years=10)
    assert got.columns[got.loc["b"].isna()].tolist() == ["0-4", "5-9", "30-34"]
    assert got.loc["c"].isna().all()
    # an unknown woman makes children unknown, never fewer
    with_children = project(after, ratios, years=10, children=child_ratios(after, years=10))
    assert with_children.loc["b", ["0-4", "5-9"]].isna().all()


def test_a_handful_of_people_has_no_ratio():
    before, after = people([20] * 7 + [19] + [20] * 7), people([30] * 15)
    ratios = cohort_change_ratios(before, after, years=5, least=20).loc["a"]
    assert ratios.index[ratios.isna()].tolist() == ["40-44"]  # 19 were 35-39; 20 just do


def test_ratios_of_the_region_stand_in():
    own = pd.DataFrame({"10-14": [1.2, np.nan]}, index=["a", "b"])
    region = pd.DataFrame({"10-14": [0.9]}, index=["town"])
    where = pd.Series({"a": "town", "b": "town", "c": "town", "d": None})
    got = ratios_by_zone(own, region, where)["10-14"]
    assert got.to_numpy() == pytest.approx([1.2, 0.9, 0.9, np.nan], nan_ok=True)
    none = ratios_by_zone(own.iloc[:0], region, where)["10-14"]
    assert none.to_numpy() == pytest.approx([0.9, 0.9, 0.9, np.nan], nan_ok=True)


@given(st.lists(COUNTS, min_size=15, max_size=15), st.sampled_from([5, 10, 15]))
def test_with_ratios_of_one_everyone_ages_and_none_is_lost(row, years):
    table = people(row)
    ratios = cohort_change_ratios(people([7] * 15), people([7] * 15), years=years)
    k = years // 5
    assert (ratios.iloc[0, :-1] == 1).all()
    ratios.iloc[0, -1] = 1
    children = pd.DataFrame(0.0, index=table.index, columns=BANDS[:k])
    got = project(table, ratios, years=years, children=children).loc["a"]
    assert got.sum() == pytest.approx(sum(row))
    assert got.iloc[k:14].tolist() == row[: 14 - k]


@given(st.lists(st.tuples(*[st.sampled_from([1.0, 40.0, 333.0])] * 15), min_size=2, max_size=2))
def test_ratios_bring_the_first_census_to_the_second(rows):
    before, after = people(rows[0]), people(rows[1])
    ratios = cohort_change_ratios(before, after, years=10)
    again = project(before, ratios, years=10)
    assert again.iloc[0, 2:].to_numpy() == pytest.approx(after.iloc[0, 2:].to_numpy())


@given(st.lists(st.lists(COUNTS, min_size=15, max_size=15), min_size=1, max_size=4))
def test_regional_ratios_make_zones_add_up_to_the_region(rows):
    zones = people(*rows)
    region = zones.sum().to_frame("r").T
    regional = cohort_change_ratios(people([50] * 15, index=["r"]), people([60] * 15, index=["r"]), years=10)
    ratios = ratios_by_zone(regional.iloc[:0], regional, pd.Series("r", index=zones.index))
    got = project(zones, ratios, years=10).sum(skipna=False)
    whole = project(region, regional, years=10).loc["r"]
    assert got.to_numpy() == pytest.approx(whole.to_numpy(), nan_ok=True)


def test_inputs_stay():
    before, after, _, _ = golden()
    copies = before.copy(), after.copy()
    ratios = cohort_change_ratios(before, after, years=10)
    children = child_ratios(after, years=10)
    kept = ratios.copy(), children.copy()
    project(after, ratios, years=20, children=children)
    for one, other in zip((before, after, ratios, children), (*copies, *kept), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_what_does_not_fit_is_named():
    table = people([10] * 15)
    ratios = cohort_change_ratios(table, table, years=10)
    with pytest.raises(InputError, match="five-year bands"):
        cohort_change_ratios(table, table.drop(columns="70+"), years=10)
    with pytest.raises(InputError, match="five-year bands"):
        cohort_change_ratios(table.iloc[:, 1:], table.iloc[:, 1:], years=10)
    for years in (0, 7, 75):
        with pytest.raises(InputError, match=f"step of {years} years"):
            cohort_change_ratios(table, table, years=years)
    with pytest.raises(InputError, match="negative"):
        cohort_change_ratios(table, -table, years=10)
    with pytest.raises(InputError, match="15 years do not fit steps of 10"):
        project(table, ratios, years=15)
    with pytest.raises(InputError, match="one step"):
        project(table, ratios, years=20, children=child_ratios(table, years=10), women=table)
    with pytest.raises(InputError, match="do not fit the table"):
        project(table, ratios.iloc[:, :-1], years=10)
    with pytest.raises(InputError, match="child-bearing ages 15-84"):
        child_ratios(table, years=5, fertile=(15, 85))
    with pytest.raises(GeoplanError, match="duplicate"):
        cohort_change_ratios(table, pd.concat([table, table]), years=10)


def test_under_three_by_births():
    births = pd.DataFrame({2023: [100, 10], 2024: [90, np.nan], 2025: [80, 8]}, index=["a", "b"])
    survival = {2023: 0.9, 2024: 0.95, 2025: 1.0}
    got = under_three(births=births, survival=survival)
    assert got["a"] == pytest.approx(90 + 85.5 + 80)
    assert np.isnan(got["b"])
    assert got.name == "under_3"


def test_under_three_by_women():
    women = pd.Series({"a": 200.0, "b": np.nan})
    assert under_three(women=women, ratio=0.12)["a"] == pytest.approx(24)
    assert under_three(women=women, ratio=0.12).isna()["b"]
    each = under_three(women=women.fillna(50), ratio=pd.Series({"a": 0.1, "b": 0.2}))
    assert each.tolist() == pytest.approx([20, 10])


@pytest.mark.parametrize(
    "given_",
    [
        {}, {"women": pd.Series({"a": 1.0})},
        {"births": pd.DataFrame({1: [1.0], 2: [1.0], 3: [1.0]}), "women": pd.Series({"a": 1.0}), "ratio": 0.1},
        {"births": pd.DataFrame({1: [1.0], 2: [1.0]}), "survival": {1: 1, 2: 1}},
        {"births": pd.DataFrame({1: [1.0], 2: [1.0], 3: [1.0]}), "survival": {1: 1, 2: 1, 4: 1}},
        {"births": pd.DataFrame({1: [1.0], 2: [1.0], 3: [1.0]}), "survival": {1: 1, 2: 1, 3: 1.2}},
        {"births": pd.DataFrame({1: [1.0], 2: [-1.0], 3: [1.0]}), "survival": {1: 1, 2: 1, 3: 1}},
        {"women": pd.Series({"a": 1.0}), "ratio": -0.1},
    ],
)  # fmt: skip
def test_under_three_asks_for_one_whole_way(given_):
    with pytest.raises(InputError):
        under_three(**given_)


def test_years_between():
    tables = {
        2020: pd.DataFrame({"elders_60": [100.0, 50.0]}),
        2030: pd.DataFrame({"elders_60": [200.0, np.nan]}),
    }
    assert to_year(tables, 2025)["elders_60"].to_numpy() == pytest.approx([150, np.nan], nan_ok=True)
    assert to_year(tables, 2021)["elders_60"].iloc[0] == pytest.approx(110)
    pd.testing.assert_frame_equal(
        to_year(tables, 2020), tables[2020]
    )  # the year itself, unknowns of others aside
    three = tables | {2024: pd.DataFrame({"elders_60": [180.0, 60.0]})}
    assert to_year(three, 2022)["elders_60"].tolist() == pytest.approx([140, 55])  # from the nearest years
    assert to_year(three, 2027)["elders_60"].iloc[0] == pytest.approx(190)
    for year in (2019, 2031):
        with pytest.raises(InputError, match="nothing is extrapolated"):
            to_year(tables, year)
    with pytest.raises(InputError, match="same rows"):
        to_year({2020: tables[2020], 2030: tables[2030].iloc[:1]}, 2025)
