"""Cohorts followed from census to census, and on to the study's year.

The method is Hamilton & Perry's: what became of a cohort between two censuses (it aged, some died, some moved) becomes
of it again. It needs nothing but two tables of people by five-year bands, which is what a district office has. It says
less the smaller the place, where the ratios of a handful of people say little. So a zone whose cohort was smaller than
`least` takes the ratio of its region, a region without one that of the whole area; and the zones are scaled to what their
region, projected as one, comes to (Smith, Tayman & Swanson 2013, ch. 10: small areas are controlled to larger ones).

Unknown stays unknown: a count or ratio that is missing makes what depends on it NaN, never 0.

References
----------
Hamilton & Perry (1962), Social Forces 41(2):163-170, https://doi.org/10.2307/2573607
Smith, Tayman & Swanson (2013), A Practitioner's Guide to State and Local Population Projections, Springer, ch. 7
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.inputs.population.age_bands import WIDTH, band_limits, band_name
from geoplan.words.errors import InputError, Note

#: Ages of women (exact, from and to) to whom children under five are counted: Smith, Tayman & Swanson 2013, ch. 7.
FERTILE = (15, 45)


@dataclass(frozen=True)
class Cohorts:
    """People by five-year bands at two censuses, and the women among them, to whom children are counted.

    Every table has the same rows and columns (`five_year_bands` makes the bands so); NaN where unknown. Where the
    censuses do not tell women apart, everybody stands in for them: children are then counted to all adults.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    women_before: pd.DataFrame
    women_after: pd.DataFrame

    def sums(self, region: pd.Series, rows: pd.Series) -> "Cohorts":
        """Return the sums by region of the `rows` that are True."""
        tables = (self.before, self.after, self.women_before, self.women_after)
        return Cohorts(*(table[rows].groupby(region[rows].to_numpy()).sum() for table in tables))


@dataclass(frozen=True)
class Ratios:
    """Cohort change ratios of people and of women; children and girls per woman."""

    people: pd.DataFrame
    women: pd.DataFrame
    children: pd.DataFrame
    girls: pd.DataFrame


@dataclass(frozen=True)
class AtYear:
    """What `at_year` gives.

    Parameters
    ----------
    zones
        People by five-year bands in the year, by zone.
    regions
        The same by region, projected as one; None where the year needs no projection.
    own
        Share (0-1) of zone-and-cohort ratios that are the zone's own; NaN without projection.
    """

    zones: pd.DataFrame
    regions: pd.DataFrame | None
    own: float


def at_year(
    cohorts: Cohorts, region: pd.Series, *, censuses: tuple[int, int], year: int, least: float
) -> AtYear:
    """Return the people of every zone in `year`: between the censuses on a straight line, after them by cohort change.

    Past the second census whole steps of the years between the two are made, and the year lies on the line between
    the two steps around it.

    Parameters
    ----------
    cohorts
        Both censuses.
    region
        Region of each zone, indexed like the tables; no NaN.
    censuses
        Their years, rising; apart by a multiple of 5.
    year
        Year wanted, not before the first census.
    least
        Fewest people of a cohort for ratios of its own.

    Raises
    ------
    InputError
        If the year lies before the first census, the step is longer than the bands are, or the bands do not tell the
        child-bearing ages.
    """
    first, second = censuses
    if year < first:
        had = f"{first}, {second}"
        raise InputError(Note.of("projection_year_outside", year=year, years=had, severity="error"))
    if year <= second:
        return AtYear(_on_line(first, cohorts.before, second, cohorts.after, year), None, np.nan)
    step, open_from = second - first, band_limits(cohorts.after.columns)[-2]
    if step > open_from:
        raise InputError(Note.of("projection_step", years=step, open=f"{open_from:g}", severity="error"))

    # ratios of regions: from the zones that both censuses know whole
    whole = _known([cohorts.before, cohorts.after, cohorts.women_before, cohorts.women_after])
    everyone = pd.Series("area", index=region.index)
    names = pd.Index(region.unique())
    area = _ratios(cohorts.sums(everyone, whole), step)
    regional = _filled(_ratios(cohorts.sums(region, whole), step), area, pd.Series("area", index=names))
    own = _ratios(cohorts, step, least=least)
    # children per woman of a small place say little: always the region's
    zonal = Ratios(own.people, own.women, own.children.iloc[:0], own.girls.iloc[:0])

    # regions as one: the people of every zone that the second census knows
    as_one = cohorts.sums(region, _known([cohorts.after, cohorts.women_after]))

    zones = _forward(cohorts, _filled(zonal, regional, region), second, step, year)
    regions = _forward(as_one, regional, second, step, year)
    peopled = cohorts.after.notna().all(axis=1)
    share = float(own.people[peopled].notna().to_numpy().mean()) if peopled.any() else np.nan
    return AtYear(zones, regions, share)


def _known(tables: Sequence[pd.DataFrame]) -> pd.Series:
    """Return which rows have no unknown in any table."""
    return pd.concat([table.notna().all(axis=1) for table in tables], axis=1).all(axis=1)


def _ratios(cohorts: Cohorts, step: int, *, least: float = 0.0) -> Ratios:
    """Return the ratios of every row."""
    return Ratios(
        cohort_change_ratios(cohorts.before, cohorts.after, years=step, least=least),
        cohort_change_ratios(cohorts.women_before, cohorts.women_after, years=step, least=least),
        child_ratios(cohorts.after, cohorts.women_after, years=step),
        child_ratios(cohorts.women_after, cohorts.women_after, years=step),
    )


def _filled(own: Ratios, above: Ratios, region: pd.Series) -> Ratios:
    """Return ratios by row, those of its region where it has none of its own."""

    def filled(mine: pd.DataFrame, regional: pd.DataFrame) -> pd.DataFrame:
        spread = regional.reindex(region.to_numpy()).set_axis(region.index)
        return mine.reindex(region.index).fillna(spread)

    return Ratios(
        filled(own.people, above.people),
        filled(own.women, above.women),
        filled(own.children, above.children),
        filled(own.girls, above.girls),
    )


def _forward(cohorts: Cohorts, ratios: Ratios, second: int, step: int, year: int) -> pd.DataFrame:
    """Return people in `year`, step by step from the second census; women go before their children."""
    people, women, at = cohorts.after, cohorts.women_after, second
    before = people
    while at < year:
        before = people
        women = project(women, ratios.women, years=step)
        women = with_children(women, ratios.girls, women, years=step)
        people = with_children(project(people, ratios.people, years=step), ratios.children, women, years=step)
        at += step
    return _on_line(at - step, before, at, people, year)


def cohort_change_ratios(
    before: pd.DataFrame, after: pd.DataFrame, *, years: int, least: float = 0.0
) -> pd.DataFrame:
    """Return how many times larger each cohort was at the second census than at the first.

    ::

        CCR_a = P_a(t) / P_a-y(t - y)                   the band y years younger, y years before
        CCR_A+ = P_A+(t) / (P_A-y(t - y) + … + P_A+(t - y))      of the last, open band

    Parameters
    ----------
    before, after
        People, one row a zone (or a region), columns the same five-year bands ``0-4, 5-9 … 85+``.
    years
        Years between the two (y), a multiple of 5.
    least
        Fewest people that a cohort must have had at the first census to have a ratio.

    Returns
    -------
    ratios
        Indexed like `after`; one column a band from age `years` on. NaN where the first census has nobody (or fewer than
        `least`) in the cohort, or a count is unknown.

    Examples
    --------
    >>> columns = ["0-4", "5-9", "10-14", "15+"]
    >>> before = pd.DataFrame([[100.0, 100.0, 50.0, 150.0]], index=["town/a"], columns=columns)
    >>> after = pd.DataFrame([[90.0, 80.0, 110.0, 170.0]], index=["town/a"], columns=columns)
    >>> cohort_change_ratios(before, after, years=5)
            5-9  10-14   15+
    town/a  0.8    1.1  0.85
    """
    first = _aged(before, years=years)
    return _ratio(after[first.columns], first.where(first >= least))


def child_ratios(table: pd.DataFrame, women: pd.DataFrame, *, years: int) -> pd.DataFrame:
    """Return the children of each band under age `years` per woman of the ages at which she may have borne them.

    ::

        CWR_0-4 = P_0-4 / W_15-44        CWR_5-9 = P_5-9 / W_20-49 (for 10 years)

    Parameters
    ----------
    table, women
        People, and the women among them, by the same five-year bands at the latest census.
    years
        Years that will be projected at once, a multiple of 5: bands below that age are not born yet.

    Returns
    -------
    ratios
        Indexed like `table`, one column a band under `years`; NaN where there are no women or a count is unknown.

    Examples
    --------
    >>> bands = [f"{a}-{a + 4}" for a in range(0, 50, 5)] + ["50+"]
    >>> people = pd.DataFrame([[60.0] + [100.0] * 10], columns=bands)
    >>> child_ratios(people, people, years=5)
       0-4
    0  0.1
    """
    adults = _mothers(women, years=years)
    return _ratio(table[adults.columns], adults)


def project(table: pd.DataFrame, ratios: pd.DataFrame, *, years: int) -> pd.DataFrame:
    """Return the people by bands `years` later; the bands that are not born yet are NaN.

    ::

        P_a(t + y) = CCR_a * P_a-y(t)
    """
    return (_aged(table, years=years) * ratios).reindex(columns=table.columns)


def with_children(
    table: pd.DataFrame, ratios: pd.DataFrame, women: pd.DataFrame, *, years: int
) -> pd.DataFrame:
    """Return the table with the bands born since, counted to the women of the same year.

    ::

        P_0-4(t + y) = CWR_0-4 * W_15-44(t + y)
    """
    return table.assign(**(_mothers(women, years=years) * ratios))


def _on_line(a: int, one: pd.DataFrame, b: int, other: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return the table of a year between two others, number by number on a straight line.

    ::

        P(year) = P(a) + (year - a) / (b - a) * (P(b) - P(a))          a <= year <= b
    """
    if year in (a, b):
        return one if year == a else other
    return one + (year - a) / (b - a) * (other - one)


def _aged(table: pd.DataFrame, *, years: int) -> pd.DataFrame:
    """Return the people under the bands that they will be in `years` later; the open band gathers the last ones."""
    k, columns = years // WIDTH, list(table.columns)
    last = len(columns) - 1
    aged = table[columns[: last - k]].astype(float).set_axis(columns[k:last], axis=1)
    return aged.assign(**{columns[last]: table[columns[last - k :]].astype(float).sum(axis=1, skipna=False)})


def _mothers(women: pd.DataFrame, *, years: int) -> pd.DataFrame:
    """Return, under each band below `years`, the women who may have borne its children."""
    limits = band_limits(women.columns)
    sums = {}
    for band in range(years // WIDTH):
        start, end = (age + WIDTH * band for age in FERTILE)
        at = np.flatnonzero((limits[:-1] >= start) & (limits[1:] <= end))
        if not len(at) or limits[at[0]] != start or limits[at[-1] + 1] != end:
            raise InputError(Note.of("projection_fertile", ages=band_name(start, end), severity="error"))
        sums[str(women.columns[band])] = women.iloc[:, at].astype(float).sum(axis=1, skipna=False)
    return pd.DataFrame(sums, index=women.index)


def _ratio(amount: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """Return amount / base, NaN where base is 0 or either is unknown."""
    return amount.astype(float) / base.where(base > 0)
