"""People by age in the study's year: bands cut into groups, cohorts followed from census to census, totals kept.

The method is Hamilton & Perry's: what became of a cohort between two censuses (it aged, some died, some moved) becomes
of it again. It needs nothing but two tables of people by five-year bands, which is what a district office has. It says
less the smaller the place, where the ratios of a handful of people say little. So a zone whose cohort was smaller than
`least` takes the ratio of its region, a region without one that of the whole area; and the zones are scaled to what their
region, projected as one, comes to (Smith, Tayman & Swanson 2013, ch. 10: small areas are controlled to larger ones).

Unknown stays unknown: a count or ratio that is missing makes what depends on it NaN, never 0.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.interpolate import PchipInterpolator

from geoplan.study.ages import age_limits
from geoplan.tables import check_unique_index
from geoplan.words.errors import InputError, Note, raise_errors

Floats = npt.NDArray[np.float64]


def band_name(start: float, end: float) -> str:
    """Return the name of a band of completed years.

    Examples
    --------
    >>> band_name(0, 5), band_name(85, float("inf"))
    ('0-4', '85+')
    """
    return f"{start:.0f}+" if np.isinf(end) else f"{start:.0f}-{end - 1:.0f}"


def band_limits(columns: Iterable[str]) -> Floats:
    """Return the limits of a table's age bands, shape (n_bands + 1,); the last is inf where the last band is open.

    Raises
    ------
    InputError
        Naming every column that is no age band, and every two bands that leave a gap or overlap.

    Examples
    --------
    >>> band_limits(["0-4", "5-9", "10+"]).tolist()
    [0.0, 5.0, 10.0, inf]
    """
    named = [(str(column), age_limits(column)) for column in columns]
    unread = [name for name, limits in named if limits is None]
    known = [(name, limits) for name, limits in named if limits is not None]
    notes = [Note.of("age_bands_unread", columns=", ".join(unread), severity="error")] if unread else []
    for (one, before), (other, after) in pairwise(known):
        if before[1] != after[0]:
            notes.append(Note.of("age_bands_apart", one=one, other=other, severity="error"))
    raise_errors(notes, InputError)
    if not known:
        raise InputError(Note.of("age_bands_none", severity="error"))
    return np.array([known[0][1][0], *(limits[1] for _, limits in known)])


def split_ages(
    bands: pd.DataFrame,
    ages: Mapping[str, str | tuple[float, float]],
    *,
    rule: Literal["uniform", "pchip"] = "uniform",
) -> pd.DataFrame:
    """Return the people of groups that are cut out of age bands.

    Bands that lie in the group count whole under either rule; what differs is the part of a band that its limit cuts.

    - ``uniform``: people of a band are spread evenly over its years, so under-threes are 3/5 of the band 0-4.
    - ``pchip``: the cumulative count at the bands' limits is joined by a monotone cubic (PCHIP, Fritsch & Carlson
      1980), which follows the neighbouring bands and keeps every band's total; no part is negative.

    Parameters
    ----------
    bands
        People, >= 0, one row a zone, one column a band of completed years in rising order (``0-4``, ``85+``, ``85岁及以上``);
        bands may have any width.
    ages
        Group -> its ages: completed years in words (``60+``, ``0-2``), or exact limits (60, inf), (0, 3).
    rule
        How a band is cut.

    Returns
    -------
    groups
        One column a group, indexed like `bands`. NaN where a band that is needed is unknown (under ``pchip`` a cut
        needs every closed band of the row).

    Raises
    ------
    InputError
        If columns are no bands that join, or a group begins or ends inside the open band or outside all bands, or
        counts are negative.

    References
    ----------
    Fritsch & Carlson (1980), SIAM Journal on Numerical Analysis 17(2):238-246, https://doi.org/10.1137/0717021

    Examples
    --------
    >>> bands = pd.DataFrame({"0-4": [50.0], "5-59": [400.0], "60-64": [30.0], "65+": [60.0]}, index=["community/a"])
    >>> split_ages(bands, {"under_3": "0-2", "elders_60": "60+"}).to_numpy().tolist()
    [[30.0, 90.0]]
    """
    limits = band_limits(bands.columns)
    wanted = {group: _limits_of(span) for group, span in ages.items()}
    raise_errors(_unanswerable(wanted, limits), InputError)
    people = bands.to_numpy(dtype=np.float64, na_value=np.nan)
    check_counts(bands)
    return pd.DataFrame(
        {group: _between(people, limits, *span, rule=rule) for group, span in wanted.items()},
        index=bands.index,
    )


def five_year_bands(bands: pd.DataFrame, *, open_from: int) -> pd.DataFrame:
    """Return the table in five-year bands 0-4, 5-9 … up to the open band that begins at `open_from`.

    Raises
    ------
    InputError
        If the bands cannot be added up to these (a limit that is needed lies inside a band), or do not begin at 0.

    Examples
    --------
    >>> bands = pd.DataFrame([[1.0, 4.0, 5.0, 2.0, 1.0]], columns=["0岁", "1-4岁", "5-9岁", "10-14岁", "15岁及以上"])
    >>> five_year_bands(bands, open_from=10)
       0-4  5-9  10+
    0  5.0  5.0  3.0
    """
    limits = band_limits(bands.columns)
    ends = [*np.arange(0.0, open_from + 1, 5), np.inf]
    lacking = [f"{end:.0f}" for end in ends[:-1] if end not in limits]
    if not np.isinf(limits[-1]):
        lacking.append("+")
    if open_from % 5 or lacking:
        where = ", ".join(lacking or [str(open_from)])
        raise InputError(Note.of("age_bands_not_five", limits=where, severity="error"))
    spans = list(pairwise(ends))
    return split_ages(bands, {band_name(*span): span for span in spans})


def check_counts(table: pd.DataFrame) -> None:
    """Raise InputError where a count is negative or infinite; NaN is unknown and may stand."""
    counts = table.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = (counts < 0) | np.isinf(counts)
    if wrong.any():
        rows = ", ".join(map(str, table.index[wrong.any(axis=1)][:10]))
        raise InputError(Note.of("age_counts_wrong", zones=rows, severity="error"))


def _limits_of(span: str | tuple[float, float]) -> tuple[float, float]:
    """Return exact ages; NaN for words that say none."""
    if isinstance(span, str):
        return age_limits(span) or (np.nan, np.nan)
    return float(span[0]), float(span[1])


def _unanswerable(wanted: Mapping[str, tuple[float, float]], limits: Floats) -> list[Note]:
    """Return a note for each group that the bands cannot give."""
    closed = limits[np.isfinite(limits)]
    notes = []
    for group, (start, end) in wanted.items():
        inside = limits[0] <= start < end <= limits[-1]
        if not inside or start > closed[-1] or (end > closed[-1] and not np.isinf(end)):
            last = f"{closed[-1]:g}" + ("+" if np.isinf(limits[-1]) else "")
            words: dict[str, Any] = {"start": f"{start:g}", "end": f"{end:g}", "last": last}
            words |= {"group": group, "first": f"{limits[0]:g}"}
            notes.append(Note.of("age_group_beyond", severity="error", **words))
    return notes


def _between(
    people: Floats, limits: Floats, start: float, end: float, *, rule: Literal["uniform", "pchip"]
) -> Floats:
    """Return the people of each row between two exact ages."""
    low, high = limits[:-1], limits[1:]
    whole = (low >= start) & (high <= end)
    total: Floats = people[:, whole].sum(axis=1)
    for band in np.flatnonzero(~whole & (low < end) & (high > start)):
        ends = max(start, low[band]), min(end, high[band])
        if rule == "uniform":
            total = total + people[:, band] * ((ends[1] - ends[0]) / (high[band] - low[band]))
        else:
            total = total + _pchip(people, limits, *ends)
    return total


def _pchip(people: Floats, limits: Floats, start: float, end: float) -> Floats:
    """Return the people of each row between two ages of closed bands, by a monotone cubic through the cumulative."""
    closed = limits[np.isfinite(limits)]
    part = np.full(len(people), np.nan)
    counts = people[:, : len(closed) - 1]
    known = np.isfinite(counts).all(axis=1)
    if known.any():
        up_to = np.concatenate([np.zeros((known.sum(), 1)), counts[known].cumsum(axis=1)], axis=1)
        curve = PchipInterpolator(closed, up_to, axis=1)
        part[known] = np.maximum(curve(end) - curve(start), 0.0)
    return part


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
        (`five_year_bands` makes them so).
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


@dataclass(frozen=True)
class Controlled:
    """A table whose sums equal given totals.

    Parameters
    ----------
    table
        As given, scaled.
    factors
        What each region (and column) was scaled by, NaN where it was left as it is; indexed like the totals.
    notes
        Regions that could not be scaled.
    """

    table: pd.DataFrame
    factors: pd.DataFrame
    notes: tuple[Note, ...]


def control(
    table: pd.DataFrame, totals: pd.DataFrame | pd.Series, *, region_of: pd.Series | None = None
) -> Controlled:
    """Return the table scaled so that its zones add up to the totals given for their regions (raking, one margin).

    ::

        factor_r = total_r / sum of the zones of r

    A region with an unknown zone or an unknown total is left as it is, and said: to put its total on the known zones
    would give them the others' people.

    Parameters
    ----------
    table
        People by zone, >= 0, any columns (bands, or groups).
    totals
        Table by region with columns of `table`: each of these columns is scaled to its own total, others stay as they
        are. Or a Series by region: the sum of all columns is scaled, all by one factor.
    region_of
        Region of each zone; NaN: in none, stays as it is. None: all zones are one region, the only row of `totals`.

    Raises
    ------
    InputError
        If a total is negative, a column or region is unknown, or a region with nobody in it has a total above 0.

    References
    ----------
    Deming & Stephan (1940), Annals of Mathematical Statistics 11(4):427-444, https://doi.org/10.1214/aoms/1177731829

    Examples
    --------
    >>> zones = pd.DataFrame({"elders_60": [30.0, 10.0]}, index=["a", "b"])
    >>> control(zones, pd.DataFrame({"elders_60": [50.0]}, index=["town"])).table["elders_60"].tolist()
    [37.5, 12.5]
    """
    check_unique_index(table, name="people")
    check_counts(table)
    together = isinstance(totals, pd.Series)
    wanted = totals.to_frame("total") if isinstance(totals, pd.Series) else totals
    check_unique_index(wanted, name="totals")
    check_counts(wanted)
    if region_of is None:
        if len(wanted) != 1:
            raise InputError(Note.of("control_one_region", count=len(wanted), severity="error"))
        region_of = pd.Series([wanted.index[0]] * len(table), index=table.index)
    region = wanted.index.get_indexer(pd.Index(region_of.reindex(table.index)))
    held = table.sum(axis=1, skipna=False).to_frame("total") if together else table
    _check_control(held, wanted, region_of)

    factors = pd.DataFrame(np.nan, index=wanted.index, columns=wanted.columns)
    scaled, notes = table.astype(float), list[Note]()
    for column in wanted.columns:
        known, found = _factors(held[column], wanted[column], region, str(column))
        factors[column] = known
        notes += found
        each = np.where(region >= 0, np.nan_to_num(known[region], nan=1.0), 1.0)
        targets = list(table.columns) if together else [column]
        scaled[targets] = scaled[targets].mul(each, axis=0)
    raise_errors(notes, InputError)
    return Controlled(scaled, factors, tuple(notes))


def _check_control(held: pd.DataFrame, totals: pd.DataFrame, region_of: pd.Series) -> None:
    known: set[Hashable] = set(totals.index)
    strange = [str(column) for column in totals.columns if column not in held.columns]
    strange += sorted({str(region) for region in region_of.dropna().unique() if region not in known})
    if strange:
        raise InputError(Note.of("control_unknown", names=", ".join(strange), severity="error"))


def _factors(people: pd.Series, totals: pd.Series, region: Any, column: str) -> tuple[Floats, list[Note]]:  # noqa: ANN401
    """Return the factor of each region (NaN: none) for one column, and which regions have none and why."""
    inside = region >= 0
    count = np.bincount(region[inside], minlength=len(totals))
    amounts = people.to_numpy(dtype=np.float64)[inside]
    total = totals.to_numpy(dtype=np.float64)
    summed = np.bincount(region[inside], weights=amounts, minlength=len(totals))
    unknown = np.isnan(summed) & np.isfinite(total)
    nobody = (summed == 0) & (total > 0) & (count > 0)
    notes = []
    for code, which, severity in (("control_open", unknown, "warning"), ("control_nobody", nobody, "error")):
        if which.any():
            names = ", ".join(map(str, totals.index[which][:10]))
            notes.append(Note.of(code, regions=names, column=column, severity=severity))
    factors = np.divide(total, summed, out=np.full(len(total), np.nan), where=(summed > 0) & ~np.isnan(total))
    factors[(summed == 0) & (total == 0) & (count > 0)] = 1.0
    return factors, notes
