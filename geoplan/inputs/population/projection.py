"""Groups projected to the study's year, as totals of zones to which the cells are raked.

1. Census tables are read by zone, and added up to five-year bands.
2. Past the second census each cohort changes as it did between the two (Hamilton & Perry 1962); the year between two
   steps lies on a straight line. Under-threes may come from births, or from women, instead.
3. The group's ages are cut out of the bands by a stated rule.
4. Zones are scaled so that their sum is the plan's total, where one is given, else the projection of their region as one.

The result stands in the zones' columns ``given_<group>``, NaN where it is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.boundaries.checks import listing, some, zone_codes
from geoplan.inputs.lists.zone_names import level_words
from geoplan.inputs.lists.zone_rows import AREA, LevelZones
from geoplan.inputs.population.age_bands import WIDTH, band_limits, five_year_bands, split_ages
from geoplan.inputs.population.cohorts import AtYear, Cohorts, at_year
from geoplan.inputs.population.figures import sums
from geoplan.inputs.population.zone_tables import Entries, age_bands, numbers_of, once, with_given
from geoplan.words.catalogue import phrase
from geoplan.words.errors import InputError, Note, raise_errors


@dataclass(frozen=True)
class Projected:
    """Zones with projected totals, and groups as `people_on_the_ground` takes them.

    Parameters
    ----------
    zones
        As given, with ``given_<group>`` of the projected groups at their level.
    groups
        As given; of a projected one ``project`` is gone, ``basis`` says that it is projected, ``year`` is the study's, and
        ``projected`` names its files.
    notes
        What was found, and by how much zones were scaled.
    """

    zones: gpd.GeoDataFrame
    groups: dict[str, Entries]
    notes: tuple[Note, ...]


def project_groups(
    zones: gpd.GeoDataFrame, groups: Mapping[str, Entries], *, year: int, lang: str = "zh"
) -> Projected:
    """Return every group that has an entry ``project`` as totals of zones in `year`; other groups stay as they are.

    Parameters
    ----------
    zones
        Table of zones (see `tables.ZONES`).
    groups
        Group -> its entries as in the study file, paths resolved. ``project`` holds ``before, after, ages`` (censuses),
        or ``births``, or ``women``; and ``rule, least, ratios_by, totals`` (see `geoplan.study.people.Projection`).
    year
        The study's year.
    lang
        Language of the basis (``zh``, ``en``).

    Raises
    ------
    InputError
        Listing every problem of every table of every group.
    """
    notes: list[Note] = []
    table, plain = zones, dict(groups)
    for name, group in groups.items():
        if group.get("project") is None:
            continue
        plain[name] = _as_totals(group, year=year, lang=lang)
        if group["rake_to"] not in set(zones["level"]):
            continue  # said where cells are raked
        places = LevelZones(zones, group["rake_to"])
        try:
            people = _people(name, group["project"], places, year, notes)
        except InputError as error:
            notes += [note for note in error.notes if isinstance(note, Note)]
            continue
        table = with_given(table, places, name, people, notes)
    notes = once(notes)
    raise_errors(notes, InputError)
    return Projected(table, plain, tuple(notes))


def _as_totals(group: Entries, *, year: int, lang: str) -> Entries:
    """Return a projected group as one whose totals are given."""
    word = phrase("basis_projected", lang)
    basis = phrase("join_comma", lang).join(part for part in (group.get("basis"), word) if part)
    files = ", ".join(dict.fromkeys(Path(path).name for path in _files(group["project"])))
    kept = {key: value for key, value in group.items() if key != "project"}
    return {**kept, "basis": basis, "year": year, "projected": files}


def _files(entry: Entries) -> list[Any]:
    """Return the files that a projection takes, as the study names them."""
    censuses = [entry[name] for name in ("before", "after") if entry.get(name)]
    tables = [*censuses, *(entry[name] for name in ("births", "women", "totals") if entry.get(name))]
    files = [table["file"] for table in tables if table.get("file")]
    return files + [census["women"] for census in censuses if census.get("women")]


def _people(name: str, entry: Entries, places: LevelZones, year: int, notes: list[Note]) -> pd.Series:
    """Return a group's people by zone, scaled to the totals that hold."""
    found: list[Note] = []
    ages = (
        (entry["ages"], (entry.get("totals") or {}).get("ages") or entry["ages"])
        if entry.get("ages")
        else None
    )
    totals = None if entry.get("totals") is None else _totals(entry["totals"], places, found)
    counted: pd.DataFrame | None = None
    censuses: Cohorts | None = None
    if entry.get("births") is not None:
        counted = _born(entry["births"], places, year, found)
    elif entry.get("women") is not None:
        counted = _of_women(entry["women"], places, found)
    else:
        censuses = _censuses(entry, places, found)
    region = _region(places, entry.get("ratios_by", "area"), found)
    notes += found
    raise_errors(found, InputError)

    regions: pd.DataFrame | None = None
    if censuses is not None and ages is not None:
        years = entry["before"]["year"], entry["after"]["year"]
        then = at_year(
            censuses, region.fillna(AREA), censuses=years, year=year, least=entry.get("least", 0.0)
        )
        counted = _cut(name, then.zones, ages, entry)
        regions = None if then.regions is None else _cut(name, then.regions, ages, entry)
        notes.append(_said(name, years, year, then))
    assert counted is not None  # noqa: S101 - whatever hinders was raised
    if totals is not None:
        people = _scaled(name, counted, *totals, notes)
    elif regions is not None:
        people = _scaled(name, counted.dropna(), regions["group"], region.fillna(AREA), notes).reindex(
            counted.index
        )
    else:
        people = counted["group"]
    unknown = zone_codes(people.index[people.isna()])
    severity = "error" if len(unknown) == len(people) else "warning"
    words = level_words(places.level)
    notes += listing("projected_unknown", unknown, severity=severity, group=name, **words)
    return people


def _cut(name: str, bands: pd.DataFrame, ages: tuple[str, str], entry: Entries) -> pd.DataFrame:
    """Return the people of the group, and of the ages that the given total counts."""
    wanted = {name: ages[0], f"{name} (totals)": ages[1]}
    return split_ages(bands, wanted, rule=entry.get("rule", "uniform")).set_axis(["group", "whole"], axis=1)


def _said(name: str, censuses: tuple[int, int], year: int, then: AtYear) -> Note:
    words: dict[str, Any] = {"group": name, "before": censuses[0], "after": censuses[1], "year": year}
    if then.regions is None:
        return Note.of("projected_between", severity="info", **words)
    return Note.of("projected_cohorts", severity="info", own=then.own, **words)


def _scaled(
    name: str, counted: pd.DataFrame, totals: pd.Series, region: pd.Series, notes: list[Note]
) -> pd.Series:
    """Return the group's people, scaled as the whole of the total is to hold its sum; say by how much."""
    factors = scale_factors(name, counted["whole"], totals, region, notes)
    blank = totals.index[totals.isna() & totals.index.isin(region)]
    if len(blank):
        regions = some(zone_codes(blank))
        notes.append(Note.of("projected_total_blank", group=name, regions=regions))
    used = factors[factors.index.isin(region) & factors.notna()]
    if len(used):
        low, high = float(used.min()), float(used.max())
        notes.append(Note.of("projected_scaled", severity="info", group=name, low=low, high=high))
    each = factors.reindex(region.reindex(counted.index).to_numpy()).fillna(1.0)
    scaled: pd.Series = counted["group"] * each.to_numpy()
    return scaled


def scale_factors(
    name: str, people: pd.Series, totals: pd.Series, region: pd.Series, notes: list[Note]
) -> pd.Series:
    """Return what the zones of each region are scaled by (raking, one margin), NaN where they stay as they are.

    ::

        factor_r = total_r / sum of the zones of r

    A region with an unknown zone stays as it is, and is said: to put its total on the known zones would give them the
    others' people.
    """
    strange = sorted({str(zone) for zone in region.dropna().unique() if zone not in totals.index})
    if strange:
        raise InputError(Note.of("control_unknown", names=", ".join(strange), severity="error"))
    owner = totals.index.get_indexer(pd.Index(region.reindex(people.index)))
    inside, total = owner >= 0, totals.to_numpy(dtype=np.float64)
    summed = sums(owner[inside], people.to_numpy(dtype=np.float64)[inside], len(totals))
    empty = (summed == 0) & np.isin(np.arange(len(totals)), owner)
    found = []
    for code, which, severity in (
        ("control_open", np.isnan(summed) & np.isfinite(total), "warning"),
        ("control_nobody", empty & (total > 0), "error"),
    ):
        if which.any():
            names = ", ".join(map(str, totals.index[which][:10]))
            found.append(Note.of(code, regions=names, column=name, severity=severity))
    notes += found
    raise_errors(found, InputError)
    factors = np.divide(total, summed, out=np.full(len(total), np.nan), where=summed > 0)
    factors[empty & (total == 0)] = 1.0
    return pd.Series(factors, totals.index)


# --- tables ---------------------------------------------------------------------------------------------------------


def _censuses(entry: Entries, places: LevelZones, notes: list[Note]) -> Cohorts | None:
    """Return both censuses in the same five-year bands; None where a table cannot be used."""
    wanted = [entry["before"], entry["after"]]
    if any(census.get("women") for census in wanted):
        wanted += [{**census, "file": census["women"]} for census in wanted]
    read: list[pd.DataFrame] = []
    for census in wanted:
        try:
            bands = age_bands(census, places, notes)
            if bands is not None:
                band_limits(bands.columns)
                read.append(bands)
        except InputError as error:
            file = Path(census["file"]).name
            notes += [replace(n, file=n.file or file) for n in error.notes if isinstance(n, Note)]
    if len(read) < len(wanted):
        return None
    # the open band that all of them have
    last = [limits[np.isfinite(limits)][-1] for limits in (band_limits(table.columns) for table in read)]
    open_from = int(min(last) // WIDTH * WIDTH)
    try:
        people, women = read[:2], read[2:] or read[:2]
        return Cohorts(*(five_year_bands(table, open_from=open_from) for table in (*people, *women)))
    except InputError as error:
        notes += [note for note in error.notes if isinstance(note, Note)]
        return None


def _born(entry: Entries, places: LevelZones, year: int, notes: list[Note]) -> pd.DataFrame | None:
    """Return children under three from the births of the last three years."""
    years = sorted(entry["survival"])
    if years not in ([year - 2, year - 1, year], [year - 3, year - 2, year - 1]):
        words: dict[str, Any] = {
            "years": ", ".join(map(str, years)),
            "year": year,
            "last": f"{year - 3}–{year - 1}",
            "now": f"{year - 2}–{year}",
        }
        notes.append(
            Note.of("projected_births_years", severity="error", file=Path(entry["file"]).name, **words)
        )
    births = numbers_of(entry, {born: (str(born), f"{born}年") for born in years}, places, notes)
    return (
        None if births is None else _alone((births * pd.Series(entry["survival"])).sum(axis=1, skipna=False))
    )


def _of_women(entry: Entries, places: LevelZones, notes: list[Note]) -> pd.DataFrame | None:
    """Return children under three from women and a ratio."""
    women = numbers_of(entry, {"women": (entry["count"],)}, places, notes)
    return None if women is None else _alone(women["women"] * entry["ratio"])


def _alone(people: pd.Series) -> pd.DataFrame:
    """Return people of whom a given total counts the same ages."""
    return pd.DataFrame({"group": people, "whole": people})


def _totals(entry: Entries, places: LevelZones, notes: list[Note]) -> tuple[pd.Series, pd.Series] | None:
    """Return the plan's total by region, and the region of each zone; None where the table cannot be used."""
    if entry.get("people") is not None:
        return pd.Series({AREA: float(entry["people"])}), places.region_of("area")
    region = _region(places, entry["level"], notes)
    try:
        table = numbers_of(
            entry, {"total": (entry["total"],)}, LevelZones(places.zones, entry["level"]), notes
        )
    except InputError as error:
        notes += [note for note in error.notes if isinstance(note, Note)]
        return None
    return None if table is None else (table["total"], region)


def _region(places: LevelZones, level: str, notes: list[Note]) -> pd.Series:
    """Return the region of each zone, NaN where in none; an error where no zone is in any."""
    region = places.region_of(level)
    if region.isna().all():
        words = level_words(level)
        notes.append(
            Note.of(
                "projected_no_regions",
                severity="error",
                of_zh=level_words(places.level)["level_zh"],
                of_en=places.level,
                **words,
            )
        )
    return region
