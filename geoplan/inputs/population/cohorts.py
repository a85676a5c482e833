"""Two censuses of all zones carried to a year, and the totals of their regions carried the same way.

Small places have few people in a cohort, and the ratios of a handful say little. So a zone whose cohort was smaller than
`least` takes the ratio of its region, a region without one that of the whole area; and the zones are scaled to what their
region, projected as one, comes to (Smith, Tayman & Swanson 2013, ch. 10: small areas are controlled to larger ones).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geoplan.inputs.population.projection import (
    child_ratios,
    cohort_change_ratios,
    project,
    ratios_by_zone,
    to_year,
)


@dataclass(frozen=True)
class Cohorts:
    """People by five-year bands at two censuses; women by the same bands where they are known, both or neither.

    Every table has the same rows and columns; NaN where unknown.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    women_before: pd.DataFrame | None = None
    women_after: pd.DataFrame | None = None

    def tables(self) -> list[pd.DataFrame]:
        """Return the tables that there are."""
        given = (self.before, self.after, self.women_before, self.women_after)
        return [table for table in given if table is not None]

    def sums(self, region: pd.Series, rows: pd.Series) -> "Cohorts":
        """Return the sums by region of the `rows` that are True."""
        return Cohorts(*(table[rows].groupby(region[rows].to_numpy()).sum() for table in self.tables()))


@dataclass(frozen=True)
class Ratios:
    """Cohort change ratios of people and of women; children per woman (or per person); girls per woman."""

    people: pd.DataFrame
    children: pd.DataFrame
    women: pd.DataFrame | None = None
    girls: pd.DataFrame | None = None


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
        If the year lies before the first census, or bands and years do not fit.
    """
    first, second = censuses
    if year <= second:
        return AtYear(to_year({first: cohorts.before, second: cohorts.after}, year), None, np.nan)
    step = second - first

    # ratios of regions: from the zones that both censuses know whole
    whole = _known(cohorts.tables())
    everyone = pd.Series("area", index=region.index)
    names = pd.Index(region.unique())
    area = _ratios(cohorts.sums(everyone, whole), step)
    regional = _filled(_ratios(cohorts.sums(region, whole), step), area, pd.Series("area", index=names))
    own = _ratios(cohorts, step, least=least)
    # children per woman of a small place say little: always the region's
    zonal = _filled(replace(own, children=own.children.iloc[:0], girls=None), regional, region)

    # regions as one: the people of every zone that the second census knows
    as_one = cohorts.sums(region, _known(cohorts.tables()[1::2]))

    zones = _forward(cohorts, zonal, second, step, year)
    regions = _forward(as_one, regional, second, step, year)
    peopled = cohorts.after.notna().all(axis=1)
    share = float(own.people[peopled].notna().to_numpy().mean()) if peopled.any() else np.nan
    return AtYear(zones, regions, share)


def _known(tables: Sequence[pd.DataFrame]) -> pd.Series:
    """Return which rows have no unknown in any table."""
    return pd.concat([table.notna().all(axis=1) for table in tables], axis=1).all(axis=1)


def _ratios(cohorts: Cohorts, step: int, *, least: float = 0.0) -> Ratios:
    """Return the ratios of every row."""
    people = cohort_change_ratios(cohorts.before, cohorts.after, years=step, least=least)
    children = child_ratios(cohorts.after, years=step, women=cohorts.women_after)
    if cohorts.women_before is None or cohorts.women_after is None:
        return Ratios(people, children)
    women = cohort_change_ratios(cohorts.women_before, cohorts.women_after, years=step, least=least)
    return Ratios(people, children, women, child_ratios(cohorts.women_after, years=step))


def _filled(own: Ratios, above: Ratios, region: pd.Series) -> Ratios:
    """Return ratios by row, those of its region where it has none of its own."""

    def filled(mine: pd.DataFrame | None, regional: pd.DataFrame | None) -> pd.DataFrame | None:
        if regional is None:
            return None
        return ratios_by_zone(regional.iloc[:0] if mine is None else mine, regional, region)

    people = ratios_by_zone(own.people, above.people, region)
    children = ratios_by_zone(own.children, above.children, region)
    return Ratios(people, children, filled(own.women, above.women), filled(own.girls, above.girls))


def _forward(cohorts: Cohorts, ratios: Ratios, second: int, step: int, year: int) -> pd.DataFrame:
    """Return people in `year`, step by step from the second census; women, where known, go before their children."""
    people, women = cohorts.after, cohorts.women_after
    tables = {second: people}
    at = second
    while at < year:
        if women is not None and ratios.women is not None:
            women = project(women, ratios.women, years=step, children=ratios.girls)
        people = project(people, ratios.people, years=step, children=ratios.children, women=women)
        at += step
        tables[at] = people
    return to_year(tables, year)
