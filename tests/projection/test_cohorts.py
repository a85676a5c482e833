"""Zones carried to a year, against a slow count cohort by cohort in plain numbers."""

import numpy as np
import pandas as pd
import pytest

from geoplan.inputs.population.cohorts import Cohorts, at_year

STARTS = list(range(0, 90, 5))
BANDS = [f"{a}-{a + 4}" for a in STARTS[:-1]] + ["85+"]
STEP = 10


def towns(seed, low=20):
    rng = np.random.default_rng(seed)
    zones = [f"community/{k}" for k in range(6)]
    men, women = (
        [pd.DataFrame(rng.integers(low, 300, (6, 18)), index=zones, columns=BANDS, dtype=float) for _ in "ba"]
        for _ in "mw"
    )
    region = pd.Series([f"town/{k % 2}" for k in range(6)], index=zones)
    return Cohorts(men[0] + women[0], men[1] + women[1], women[0], women[1]), region


def aged(row):
    """Return the people of each band who were two bands below ten years ago, from 10-14 on; the last gathers three."""
    return [*row[:15], row[15] + row[16] + row[17]]


def mothers(women, band):
    """Return women of 15-44, or of 20-49 for children of 5-9."""
    return sum(women[3 + band : 9 + band])


def slow(cohorts, rows, least, region_rows):
    """Return the people 10 and 20 years after the second census, and the zones one by one, with no table in sight."""
    b, a, wb, wa = (
        {k: list(t.loc[k]) for k in t.index}
        for t in (cohorts.before, cohorts.after, cohorts.women_before, cohorts.women_after)
    )

    def total(table):
        return [sum(table[k][i] for k in region_rows) for i in range(18)]

    def ratios(before, after, floor):
        return [
            now / was if was >= max(floor, 1) else None
            for was, now in zip(aged(before), after[2:], strict=True)
        ]

    people_r, women_r = ratios(total(b), total(a), 0), ratios(total(wb), total(wa), 0)
    children_r = [total(a)[i] / mothers(total(wa), i) for i in (0, 1)]
    girls_r = [total(wa)[i] / mothers(total(wa), i) for i in (0, 1)]
    later = {}
    for zone in rows:
        mine = [
            o if o is not None else r for o, r in zip(ratios(b[zone], a[zone], least), people_r, strict=True)
        ]
        her = [
            o if o is not None else r for o, r in zip(ratios(wb[zone], wa[zone], least), women_r, strict=True)
        ]
        people, women = a[zone], wa[zone]
        later[zone] = []
        for _ in range(2):
            old = [n * r for n, r in zip(aged(women), her, strict=True)]
            women = [0, 0, *old]
            women = [girls_r[i] * mothers(women, i) for i in (0, 1)] + old
            people = [children_r[i] * mothers(women, i) for i in (0, 1)] + [
                n * r for n, r in zip(aged(people), mine, strict=True)
            ]
            later[zone].append(people)
    return later


@pytest.mark.parametrize("least", [0, 150, 10_000])
def test_equal_to_the_slow_count(least):
    cohorts, region = towns(7)
    got_10, got_20, got_15 = (
        at_year(cohorts, region, censuses=(2010, 2020), year=year, least=least) for year in (2030, 2040, 2035)
    )
    for name, zones in region.groupby(region).groups.items():
        later = slow(cohorts, zones, least, list(zones))
        for zone in zones:
            np.testing.assert_allclose(got_10.zones.loc[zone], later[zone][0])
            np.testing.assert_allclose(got_20.zones.loc[zone], later[zone][1])
            np.testing.assert_allclose(got_15.zones.loc[zone], np.mean(later[zone], axis=0))
        # where no zone has ratios of its own, one step of the sum is the sum of the steps
        if least == 10_000:
            summed = got_10.zones.loc[list(zones)].sum()
            np.testing.assert_allclose(got_10.regions.loc[name], summed)
    assert got_10.own == {0: 1.0, 10_000: 0.0}.get(least, got_10.own)
    assert 0 <= got_10.own <= 1


def test_a_region_without_a_cohort_takes_the_change_of_the_area():
    cohorts, region = towns(3)
    before = cohorts.before.copy()
    old, here = ["75-79", "80-84", "85+"], region == "town/0"
    before.loc[here, old] = 0.0
    people = Cohorts(before, cohorts.after, before, cohorts.after)
    got = at_year(people, region, censuses=(2010, 2020), year=2030, least=0)
    area = cohorts.after["85+"].sum() / before[old].sum().sum()
    wanted = cohorts.after[old].sum(axis=1) * area
    np.testing.assert_allclose(got.zones.loc[here, "85+"], wanted[here])
    assert got.regions.notna().all(axis=None)


def test_without_sex_children_are_counted_to_all_adults():
    cohorts, region = towns(5)
    halves = Cohorts(cohorts.before, cohorts.after, cohorts.before / 2, cohorts.after / 2)
    alike = Cohorts(cohorts.before, cohorts.after, cohorts.before, cohorts.after)
    one, other = (at_year(c, region, censuses=(2010, 2020), year=2035, least=0) for c in (halves, alike))
    pd.testing.assert_frame_equal(one.zones, other.zones)


def test_inputs_stay():
    cohorts, region = towns(5)
    copies = {name: table.copy() for name, table in vars(cohorts).items()}
    at_year(cohorts, region, censuses=(2010, 2020), year=2033, least=50)
    for name, table in copies.items():
        pd.testing.assert_frame_equal(getattr(cohorts, name), table)
