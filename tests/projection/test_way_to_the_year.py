"""The whole way that a study takes: two censuses, a region's ratios, the year between, groups, the plan's totals."""

import numpy as np
import pandas as pd
import pytest

from geoplan.inputs.population.cohorts import (
    child_ratios,
    cohort_change_ratios,
    control,
    five_year_bands,
    project,
    ratios_by_zone,
    split_ages,
    to_year,
)

CENSUS = ["0岁", "1-4岁", *(f"{a}-{a + 4}岁" for a in range(5, 85, 5)), "85岁及以上"]
GROUPS = {"under_3": "0-2", "elders_60": "60+", "elders_80": "80+"}


def census(seed):
    rng = np.random.default_rng(seed)
    zones = [f"community/{k}" for k in range(12)]
    counts = rng.integers(0, 200, (len(zones), len(CENSUS)))  # some cohorts are empty
    return pd.DataFrame(counts, index=zones, columns=CENSUS, dtype=float)


def test_from_two_censuses_to_the_groups_of_a_year():
    before, after = (five_year_bands(census(seed), open_from=85) for seed in (2010, 2020))
    town = pd.Series([f"town/{k % 3}" for k in range(12)], index=after.index)
    regional = cohort_change_ratios(before.groupby(town).sum(), after.groupby(town).sum(), years=10)
    ratios = ratios_by_zone(cohort_change_ratios(before, after, years=10, least=50), regional, town)
    adults = ratios_by_zone(
        child_ratios(after, years=10).iloc[:0], child_ratios(after.groupby(town).sum(), years=10), town
    )
    then = project(after, ratios, years=10, children=adults)
    assert then.notna().all(axis=None)
    groups = split_ages(to_year({2020: after, 2030: then}, 2025), GROUPS)
    # halfway: 60 and older are the mean of both years, whatever was done first
    both = (split_ages(after, GROUPS) + split_ages(then, GROUPS)) / 2
    np.testing.assert_allclose(groups.to_numpy(), both.to_numpy())
    assert (groups["elders_80"] <= groups["elders_60"]).all()

    plan = pd.DataFrame({"elders_60": [4000.0, 3500.0, 3000.0]}, index=["town/0", "town/1", "town/2"])
    kept = control(groups, plan, region_of=town)
    assert kept.notes == ()
    assert kept.table["elders_60"].groupby(town).sum().to_numpy() == pytest.approx(
        plan["elders_60"].to_numpy()
    )
    assert kept.table["under_3"].equals(groups["under_3"])
