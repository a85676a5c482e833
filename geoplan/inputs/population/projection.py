"""People in the study's year: cohorts followed from census to census, under-threes, years between.

The method is Hamilton & Perry's: what became of a cohort between two censuses (it aged, some died, some moved) becomes
of it again. It needs nothing but two tables of people by five-year bands, which is what a district office has. It says
less the smaller the place: where a community's own cohort is small or new housing came, take the ratios of its town or
district (`ratios_by_zone`) and the projected total of the plan (`control.control`).

Unknown stays unknown: a count or ratio that is missing makes what depends on it NaN, never 0.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from geoplan.inputs.population.ages import band_limits, band_name, check_counts
from geoplan.tables import check_unique_index
from geoplan.words.errors import InputError, Note

Table = TypeVar("Table", pd.DataFrame, pd.Series)

#: Ages of women (exact, from and to) to whom children under five are counted: Smith, Tayman & Swanson 2013, ch. 7.
FERTILE = (15, 45)
WIDTH = 5


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
        People, one row a zone (or a region), columns five-year bands ``0-4, 5-9 … 85+``, the same in both
        (`ages.five_year_bands` makes them so).
    years
        Years between the two (y), a multiple of 5.
    least
        Fewest people that a cohort must have had at the first census to have a ratio; the ratios of a handful of people
        say little. Those left out are NaN, for `ratios_by_zone` to take from the region.

    Returns
    -------
    ratios
        Indexed like `after`; one column a band from age `years` on. NaN where the first census has nobody (or fewer than
        `least`) in the cohort, or a count is unknown, or the zone is not in `before`.

    Raises
    ------
    InputError
        If the columns are not the same five-year bands ending with an open one, or `years` fits them not.

    References
    ----------
    Hamilton & Perry (1962), Social Forces 41(2):163-170, https://doi.org/10.2307/2573607
    Smith, Tayman & Swanson (2013), A Practitioner's Guide to State and Local Population Projections, Springer, ch. 7

    Examples
    --------
    >>> columns = ["0-4", "5-9", "10-14", "15+"]
    >>> before = pd.DataFrame([[100.0, 100.0, 50.0, 150.0]], index=["town/a"], columns=columns)
    >>> after = pd.DataFrame([[90.0, 80.0, 110.0, 170.0]], index=["town/a"], columns=columns)
    >>> cohort_change_ratios(before, after, years=5)
            5-9  10-14   15+
    town/a  0.8    1.1  0.85
    """
    _check_bands(before, after, years=years)
    first = _aged(before.reindex(after.index), years=years)
    return _ratio(after[first.columns], first.where(first >= least))


def child_ratios(
    table: pd.DataFrame, *, years: int, women: pd.DataFrame | None = None, fertile: tuple[int, int] = FERTILE
) -> pd.DataFrame:
    """Return the children of each band under age `years` per woman of the ages at which she may have borne them.

    ::

        CWR_0-4 = P_0-4 / W_15-44        CWR_5-9 = P_5-9 / W_20-49 (for 10 years)

    Parameters
    ----------
    table
        People by five-year bands, at the latest census.
    years
        Years that will be projected at once, a multiple of 5: bands below that age are not born yet.
    women
        Women by the same bands. None: all people of these ages are taken (a child-adult ratio), for tables without sex.
    fertile
        Exact ages of women to whom 0-4 are counted; five years more for each older band.

    Returns
    -------
    ratios
        Indexed like `table`, one column a band under `years`; NaN where there are no women or a count is unknown.

    References
    ----------
    Smith, Tayman & Swanson (2013), ch. 7

    Examples
    --------
    >>> bands = [f"{a}-{a + 4}" for a in range(0, 50, 5)] + ["50+"]
    >>> child_ratios(pd.DataFrame([[60.0] + [100.0] * 10], columns=bands), years=5)
       0-4
    0  0.1
    """
    _check_bands(table, table if women is None else women, years=years)
    adults = _mothers(table if women is None else women.reindex(table.index), years=years, fertile=fertile)
    return _ratio(table[adults.columns], adults)


def ratios_by_zone(own: pd.DataFrame, regional: pd.DataFrame, region_of: pd.Series) -> pd.DataFrame:
    """Return each zone's ratios, those of its region where its own are unknown.

    Give an empty `own` (no rows) to use the region's for all.

    Parameters
    ----------
    own, regional
        Ratios by zone and by region, with the same columns.
    region_of
        Region of each zone, indexed by zone; NaN where there is none.

    Examples
    --------
    >>> own = pd.DataFrame({"5-9": [0.9, np.nan]}, index=["a", "b"])
    >>> ratios_by_zone(own, pd.DataFrame({"5-9": [0.8]}, index=["r"]), pd.Series({"a": "r", "b": "r"}))["5-9"].tolist()
    [0.9, 0.8]
    """
    check_unique_index(own, name="ratios")
    check_unique_index(regional, name="ratios")
    spread = regional.reindex(region_of.to_numpy()).set_axis(region_of.index)
    return own.reindex(region_of.index).fillna(spread)[list(regional.columns)]


def project(
    table: pd.DataFrame,
    ratios: pd.DataFrame,
    *,
    years: int,
    children: pd.DataFrame | None = None,
    women: pd.DataFrame | None = None,
    fertile: tuple[int, int] = FERTILE,
) -> pd.DataFrame:
    """Return the people by five-year bands `years` later (Hamilton-Perry).

    ::

        P_a(t + y) = CCR_a * P_a-y(t)
        P_0-4(t + y) = CWR_0-4 * W_15-44(t + y)

    Parameters
    ----------
    table
        People at the latest census, one row a zone, five-year bands.
    ratios
        As `cohort_change_ratios` gives them, by zone; their first band begins at the years y of one step.
    years
        How far to project: a multiple of y; longer ways go step by step with the same ratios.
    children
        As `child_ratios` gives them. None: the bands that are not born yet are unknown (NaN).
    women
        Women by the same bands at the year that is reached (project them first), if `children` are per woman; then
        `years` is one step. None: `children` are per person of these ages.
    fertile
        As in `child_ratios`.

    Returns
    -------
    projected
        Like `table`. NaN where a count or ratio is unknown.

    Raises
    ------
    InputError
        If bands, ratios and years do not fit each other.

    References
    ----------
    Hamilton & Perry (1962), Social Forces 41(2):163-170, https://doi.org/10.2307/2573607

    Examples
    --------
    >>> table = pd.DataFrame([[90.0, 80.0, 110.0, 170.0]], index=["a"], columns=["0-4", "5-9", "10-14", "15+"])
    >>> ratios = pd.DataFrame([[0.8, 1.1, 0.85]], index=["a"], columns=["5-9", "10-14", "15+"])
    >>> project(table, ratios, years=5).round(6)
       0-4   5-9  10-14    15+
    a  NaN  72.0   88.0  238.0
    """
    step = int(band_limits(ratios.columns)[0])
    _check_bands(table, table if women is None else women, years=step)
    steps = years // step
    if years % step or steps < 1 or (women is not None and steps > 1):
        raise InputError(Note.of("projection_years", years=years, step=step, severity="error"))
    if list(ratios.columns) != list(_aged(table, years=step).columns):
        bands = ", ".join(map(str, ratios.columns))
        raise InputError(Note.of("projection_ratios", bands=bands, severity="error"))
    now = table
    for _ in range(steps):
        aged = _aged(now, years=step)
        later = (aged * ratios.reindex(table.index)).reindex(columns=table.columns)
        if children is not None:
            adults = _mothers(
                later if women is None else women.reindex(table.index), years=step, fertile=fertile
            )
            later[adults.columns] = adults * children.reindex(table.index)[adults.columns]
        now = later
    return now


def under_three(
    *,
    births: pd.DataFrame | None = None,
    survival: Mapping[Any, float] | None = None,
    women: pd.Series | None = None,
    ratio: float | pd.Series | None = None,
) -> pd.Series:
    """Return children under three, from the births of the last three years or from women.

    ::

        under_3 = sum over the three years of births_year * survival_year
        under_3 = women * ratio

    Parameters
    ----------
    births
        Live births by zone, one column a year, three of them: the last three before the day that is judged.
    survival
        Year -> share (0-1) of that year's births who live in the zone on that day; stated with its source (life table, or
        1 where deaths and moves are left out on purpose).
    women
        Women of 15-49 (or whatever ages `ratio` is of) by zone.
    ratio
        Children under three per woman, one number or by zone.

    Raises
    ------
    InputError
        Unless either `births` (three years) and `survival` of just these years, or `women` and `ratio` are given; or a
        survival is not 0-1, or a count or ratio negative.

    Examples
    --------
    >>> births = pd.DataFrame({2022: [100.0], 2023: [90.0], 2024: [80.0]}, index=["a"])
    >>> under_three(births=births, survival={2022: 0.99, 2023: 0.99, 2024: 1.0})["a"].round(1)
    np.float64(268.1)
    """
    by_births = births is not None and survival is not None
    by_women = women is not None and ratio is not None
    given = [value is not None for value in (births, survival, women, ratio)]
    if by_births == by_women or sum(given) != 2:
        raise InputError(Note.of("under_three_ways", severity="error"))
    if births is not None and survival is not None:
        if len(births.columns) != 3 or set(births.columns) != set(survival):
            years = ", ".join(map(str, births.columns))
            raise InputError(Note.of("under_three_years", years=years, severity="error"))
        if not all(0 <= share <= 1 for share in survival.values()):
            raise InputError(Note.of("under_three_survival", shares=dict(survival), severity="error"))
        check_counts(births)
        alive = births.astype(float).mul(pd.Series(dict(survival)), axis=1)
        return alive.sum(axis=1, skipna=False).rename("under_3")
    table = pd.DataFrame({"women": women}).assign(ratio=ratio)
    check_counts(table)
    return (table["women"].astype(float) * table["ratio"].astype(float)).rename("under_3")


def to_year(tables: Mapping[int, Table], year: int) -> Table:
    """Return the table of a year between two others, number by number on a straight line.

    ::

        P(year) = P(a) + (year - a) / (b - a) * (P(b) - P(a))          a <= year <= b, the years nearest

    Raises
    ------
    InputError
        If the year lies before the first table or after the last, or the tables have not the same rows and columns.

    Examples
    --------
    >>> to_year({2020: pd.Series({"a": 100.0}), 2030: pd.Series({"a": 150.0})}, 2025)["a"]
    np.float64(125.0)
    """
    years = sorted(tables)
    if not years or not years[0] <= year <= years[-1]:
        had = ", ".join(map(str, years))
        raise InputError(Note.of("projection_year_outside", year=year, years=had, severity="error"))
    if year in tables:
        return tables[year].copy()
    a = max(y for y in years if y < year)
    b = min(y for y in years if y > year)
    one, other = tables[a], tables[b]
    if not all(x.equals(y) for x, y in zip(one.axes, other.axes, strict=True)):
        raise InputError(Note.of("projection_tables_differ", one=a, other=b, severity="error"))
    return one + (year - a) / (b - a) * (other - one)


def _check_bands(one: pd.DataFrame, other: pd.DataFrame, *, years: int) -> None:
    """Raise InputError unless both tables have the same five-year bands from 0, an open one last, and `years` fits."""
    for table in (one, other):
        check_unique_index(table, name="people")
        check_counts(table)
    limits = band_limits(one.columns)
    regular = limits[0] == 0 and np.isinf(limits[-1]) and bool((np.diff(limits[:-1]) == WIDTH).all())
    if not regular or not np.array_equal(limits, band_limits(other.columns)):
        bands = ", ".join(map(str, one.columns)) + " / " + ", ".join(map(str, other.columns))
        raise InputError(Note.of("projection_bands", bands=bands, severity="error"))
    if years < WIDTH or years % WIDTH or years > limits[-2]:
        raise InputError(Note.of("projection_step", years=years, open=f"{limits[-2]:g}", severity="error"))


def _aged(table: pd.DataFrame, *, years: int) -> pd.DataFrame:
    """Return the people under the bands that they will be in `years` later; the open band gathers the last ones."""
    k, columns = years // WIDTH, list(table.columns)
    last = len(columns) - 1
    aged = table[columns[: last - k]].astype(float).set_axis(columns[k:last], axis=1)
    return aged.assign(**{columns[last]: table[columns[last - k :]].astype(float).sum(axis=1, skipna=False)})


def _mothers(women: pd.DataFrame, *, years: int, fertile: tuple[int, int]) -> pd.DataFrame:
    """Return, under each band below `years`, the women who may have borne its children."""
    limits = band_limits(women.columns)
    sums = {}
    for band in range(years // WIDTH):
        start, end = (age + WIDTH * band for age in fertile)
        at = np.flatnonzero((limits[:-1] >= start) & (limits[1:] <= end))
        if not len(at) or limits[at[0]] != start or limits[at[-1] + 1] != end:
            raise InputError(Note.of("projection_fertile", ages=band_name(start, end), severity="error"))
        sums[str(women.columns[band])] = women.iloc[:, at].astype(float).sum(axis=1, skipna=False)
    return pd.DataFrame(sums, index=women.index)


def _ratio(amount: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """Return amount / base, NaN where base is 0 or either is unknown."""
    return amount.astype(float) / base.where(base > 0)
