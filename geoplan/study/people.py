"""The parts of a study file that say who lives where, and how people are projected to its year."""

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from geoplan.study.ages import age_limits
from geoplan.study.entry import Entry, FilePath, Level, Text, one_of
from geoplan.words.quantities import Factor, FigureYear, Ordinal, People, Share, Unit


def _ages(text: str) -> str:
    """Return ages as they are written, if they are ages."""
    if age_limits(text) is None:
        raise PydanticCustomError("study_ages", "ages like 60+, not {got}", {"got": text})
    return text


Ages = Annotated[str, AfterValidator(_ages)]  # completed years: 60+, 0-2


class ZoneTable(Entry):
    """A table with one row a zone, of the level of `rake_to`."""

    file: FilePath
    """XLSX or CSV."""
    layer: Text | None = None
    """Sheet; needed where the file holds several."""
    zone: Text
    """Column that names the zone by id or name."""
    parent: Text | None = None
    """Column that names the zone above, where zones of one name lie in several."""


def _date(value: object) -> object:
    """Return a date as text in the form that it is written in: a day, a month or a year from 1900 to 2100."""
    text = str(value)
    written = re.fullmatch(r"(19\d\d|20\d\d|2100)(-\d\d){0,2}", text)
    try:
        dt.date.fromisoformat((text + "-01-01")[:10] if written else "")
    except ValueError:
        raise PydanticCustomError("study_date", "a date, not {got}", {"got": text}) from None
    return text


class PeopleTable(ZoneTable):
    """People of zones from an office's table, joined by id, or by name within the zone above."""

    count: Text | Annotated[list[Text], Field(min_length=1)] | None = None
    """Column of the group's people, or columns that are added up."""
    ages: Ages | None = None
    """Instead of `count`: the group's ages, cut out of the table's columns of single years or bands (0岁, 60-64岁, 85岁及以上)."""
    rule: Literal["uniform", "pchip"] | None = None
    """How a band that `ages` cut is split (under-threes out of 0-4): evenly over its years, or by a monotone cubic through the
    cumulative count; required where they cut one."""
    date: Annotated[str, BeforeValidator(_date)]
    """Date of the figures: ``2024-12-31``, ``2024-12`` or ``2024``."""

    @model_validator(mode="after")
    def _one_way(self) -> "PeopleTable":
        if (self.count is None) == (self.ages is None):
            raise one_of("`count`, `ages`")
        return self


class Census(ZoneTable):
    """People by age: columns of five-year bands (0—4岁 … 85岁及以上, 0-4 … 85+); blanks are unknown, never 0."""

    year: FigureYear
    """Year of the census."""
    women: FilePath | None = None
    """The same table of women only; with both censuses' children are counted per woman, else per adult."""


class Births(ZoneTable):
    """Live births of the last three years, columns headed by the year (``2023``, ``2023年``)."""

    survival: Annotated[dict[FigureYear, Share], Field(min_length=3, max_length=3)]
    """Year -> share (0-1) of its births who live in the zone in the study's year, e.g. ``{2023: 0.99, 2024: 0.99, 2025: 1}``;
    the years are the last three up to the study's year, or before it."""


class Women(ZoneTable):
    """Women of child-bearing age and how many under-threes there are to each."""

    count: Text
    """Column of women."""
    ratio: Annotated[float, Field(gt=0, le=10), Unit("under-threes per woman")]
    """Under-threes per woman."""


class PlanTotals(Entry):
    """Totals of the study's year that zones must add up to: one number for the study area, or a table by region."""

    people: People | None = None
    """Total of the whole study area, instead of a table."""
    file: FilePath | None = None
    """XLSX or CSV, one row a region."""
    layer: Text | None = None
    """Sheet; needed where the file holds several."""
    zone: Text | None = None
    """Column that names the region by id or name."""
    parent: Text | None = None
    """Column that names the zone above, where regions of one name lie in several."""
    level: Literal["district", "town", "community"] | None = None
    """Level of the regions."""
    total: Text | None = None
    """Column of the total."""
    ages: Ages | None = None
    """Ages that the total counts (``0+``: everybody), where they are not the group's; the group is scaled by the same
    factor."""

    @model_validator(mode="after")
    def _one_form(self) -> "PlanTotals":
        table = (self.file, self.zone, self.level, self.total)
        if sum(entry is not None for entry in table) != (4 if self.people is None else 0):
            raise one_of("`people`, `file` + `zone` + `level` + `total`")
        return self


class Projection(Entry):
    """Totals in the study's year: from two censuses by cohort change (Hamilton & Perry 1962), from births, or from women."""

    before: Census | None = None
    """The earlier census."""
    after: Census | None = None
    """The later one; a study's year between the two lies on the line between them."""
    ages: Ages | None = None
    """Ages of the group, completed years: ``60+``, ``0-2``, ``0+`` for everybody."""
    rule: Literal["uniform", "pchip"] = "uniform"
    """How a band that the ages cut is split: evenly over its years, or by a monotone cubic through the cumulative count."""
    least: Annotated[float, Field(ge=0, le=1e6), Unit("people")] = 50.0
    """A zone whose cohort had fewer people at the earlier census takes the change of its region."""
    ratios_by: Literal["area", "district", "town"] = "area"
    """The region: whose change small cohorts take, and to whose own projection zones add up where no `totals` are given."""
    births: Births | None = None
    """Instead of censuses, for under-threes."""
    women: Women | None = None
    """Instead of censuses, for under-threes."""
    totals: PlanTotals | None = None
    """Totals of the plan that zones must add up to."""

    @model_validator(mode="after")
    def _one_way(self) -> "Projection":
        censuses = (self.before, self.after, self.ages)
        given = [
            any(entry is not None for entry in censuses),
            self.births is not None,
            self.women is not None,
        ]
        if sum(given) != 1 or (given[0] and None in censuses):
            raise one_of("`before` + `after` + `ages`, `births`, `women`")
        if self.before is not None and self.after is not None:
            years = self.before.year, self.after.year
            if years[1] <= years[0] or (years[1] - years[0]) % 5:
                words = {"before": years[0], "after": years[1]}
                raise PydanticCustomError("study_years_rise", "{before} before {after}", words)
            if (self.before.women is None) != (self.after.women is None):
                raise one_of("`before.women` + `after.women`, –")
        elif self.totals is not None and self.totals.ages is not None:
            raise one_of("`totals.ages`, `births` / `women`")
        return self


Band = Ordinal | Text  # by number from 1, or by name


class RasterFile(Entry):
    """One raster of which more than its path has to be said."""

    file: FilePath
    """GeoTIFF or another raster, also in a .zip."""
    layer: Text | None = None
    """Raster inside the .zip; needed where it holds several."""
    bands: Band | Annotated[list[Band], Field(min_length=1)] | None = None
    """Band by number or name, or a list of bands that are added up; needed where the file holds several."""
    nodata: Annotated[float, Field(ge=-4e38, le=4e38), Unit("as stored")] | None = None
    """Value that stands for no data, where the file does not say so."""


#: A file, or a list of files that are added up (WorldPop by sex and age).
Raster = FilePath | RasterFile | Annotated[list[FilePath | RasterFile], Field(min_length=1)]


class Rate(Entry):
    """A rate taken cell by cell: one raster over another."""

    raster: Raster
    """Numerator."""
    over: Raster
    """Denominator, on the same grid."""
    times: Factor = 1.0
    """Factor on the ratio."""


class Group(Entry):
    """One group of people: a raster, a rate of another group, zone totals, or street metres."""

    raster: Raster | None = None
    """People per cell: a file, or a list of files that are added up."""
    max_per_km2: Annotated[float, Field(gt=0, le=1e9), Unit("people per km²")] = 500_000.0
    """More people per km² than any hectare can hold; a raster with more is refused."""
    rake_to: Level | None = None
    """Level whose given totals the cells are scaled to; without a raster the totals are spread."""
    spread: Literal["streets", "point"] = "streets"
    """Where zone totals without a raster go: along the zone's streets, or to its representative point."""
    table: PeopleTable | None = None
    """Totals from an office's table at the level of `rake_to`, in place of given ones; needs `basis`."""
    project: Projection | None = None
    """Totals projected to the study's year at the level of `rake_to`, in place of given ones."""
    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""
    of: Text | None = None
    """Group that this one is a part of."""
    rate: Share | Rate | None = None
    """Part of `of`, 0-1: a number, or one raster over another."""
    people_per_household: Annotated[float, Field(ge=0.1, le=50), Unit("people")] | None = None
    """`of` divided by this gives households."""
    street_m: bool = False
    """True: metres of walkable street stand in for people."""
    basis: Text | None = None
    """常住, 户籍, 七普 …; a derived group takes that of `of`."""
    year: FigureYear | None = None
    """Year of the figures; a derived group takes that of `of`, a projected one the study's, one from a `table` that of its date."""
    study_year_total: Annotated[float, Field(gt=0, le=1e10), Unit("people")] | None = None
    """People of the group in the study area in the study's year, as published, where `year` is older; a derived group grows as `of`. Nothing is judged by it: first pages say what it would change where figures are over five years old."""

    @model_validator(mode="after")
    def _one_kind(self) -> "Group":
        sources = [self.raster is not None or self.rake_to is not None, self.of is not None, self.street_m]
        if sum(sources) != 1:
            raise one_of("`raster` (`rake_to`), `of`, `street_m: true`")
        if (self.of is not None) != ((self.rate is not None) + (self.people_per_household is not None) == 1):
            raise one_of("`of` + `rate`, `of` + `people_per_household`")
        if self.project is not None and (self.rake_to in (None, "estate") or self.year is not None):
            raise one_of("`project` + `rake_to: community` (town, district), `year`")
        if self.table is not None and (self.rake_to in (None, "estate") or self.basis is None):
            raise one_of("`table` + `rake_to: community` (town, district) + `basis`, –")
        if self.table is not None and (self.year is not None or self.project is not None):
            raise one_of("`table`, `project`, `year`")
        return self
