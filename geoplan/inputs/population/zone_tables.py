"""Counts of zones from offices' tables: columns by name, columns of age bands, and what becomes the given total of a group."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.boundaries.checks import listing, zone_codes
from geoplan.inputs.lists.rows import has_columns
from geoplan.inputs.lists.zone_names import level_words
from geoplan.inputs.lists.zone_rows import LevelZones, ZoneRows, zone_rows
from geoplan.inputs.population.age_bands import band_limits, split_ages
from geoplan.study.ages import age_limits
from geoplan.words.errors import InputError, Note, raise_errors

Entries = Mapping[str, Any]


@dataclass(frozen=True)
class Tabled:
    """Zones with totals from tables, and groups as the next stage takes them.

    Parameters
    ----------
    zones
        As given, with ``given_<group>`` of the groups at their level; NaN where unknown.
    groups
        As given; of a group with totals from a table ``table`` names the file and its date, and ``year`` is the date's.
    notes
        What was found.
    """

    zones: gpd.GeoDataFrame
    groups: dict[str, Entries]
    notes: tuple[Note, ...]


def totals_from_tables(zones: gpd.GeoDataFrame, groups: Mapping[str, Entries]) -> Tabled:
    """Return every group that has an entry ``table`` as totals of zones; other groups stay as they are.

    Rows name zones by id, or by name within the zone above; names that fit none or several are listed and left out. A zone
    without a row, or with a blank, is unknown.

    Parameters
    ----------
    zones
        Table of zones (see `tables.ZONES`).
    groups
        Group -> its entries as in the study file, paths resolved. ``table`` holds ``file, zone, date``, ``count`` or ``ages``, and
        ``layer, parent, rule`` (see `geoplan.study.people.PeopleTable`).

    Raises
    ------
    InputError
        Listing every problem of every table.
    """
    notes: list[Note] = []
    table, plain = zones, dict(groups)
    for name, group in groups.items():
        entry = group.get("table")
        if entry is None:
            continue
        told = f"{Path(entry['file']).name}, {entry['date']}"
        plain[name] = {**group, "table": told, "year": int(entry["date"][:4])}
        if group["rake_to"] not in set(zones["level"]):
            continue  # said where cells are raked
        places = LevelZones(zones, group["rake_to"])
        try:
            people = _people(name, entry, places, notes)
        except InputError as error:
            file = Path(entry["file"]).name
            notes += [replace(n, file=n.file or file) for n in error.notes if isinstance(n, Note)]
            continue
        if people is not None:
            table = with_given(table, places, name, people, notes)
    notes = once(notes)
    raise_errors(notes, InputError)
    return Tabled(table, plain, tuple(notes))


def once(notes: Sequence[Note]) -> list[Note]:
    """Return notes without those said before: several groups share one table."""
    kept: list[Note] = []
    for note in notes:
        if note not in kept:
            kept.append(note)
    return kept


def with_given(
    zones: gpd.GeoDataFrame, places: LevelZones, name: str, people: pd.Series, notes: list[Note]
) -> gpd.GeoDataFrame:
    """Return zones with a group's totals at the level of `places`; totals that the layer gives are said to give way."""
    column = f"given_{name}"
    old = zones[column] if column in zones.columns else pd.Series(np.nan, index=zones.index)
    if old[places.ids].notna().any():
        notes.append(Note.of("given_instead", group=name, **level_words(places.level)))
    values = pd.to_numeric(old).astype(float)
    values[places.ids] = people.to_numpy()
    return zones.assign(**{column: values})


def _people(name: str, entry: Entries, places: LevelZones, notes: list[Note]) -> pd.Series | None:
    """Return a group's people by zone, NaN where unknown; None where the table cannot be used."""
    if entry.get("ages") is not None:
        people = _of_ages(name, entry, places, notes)
    else:
        columns = [entry["count"]] if isinstance(entry["count"], str) else list(entry["count"])
        counts = numbers_of(entry, {column: (column,) for column in columns}, places, notes)
        people = None if counts is None else counts.sum(axis=1, skipna=False)
    if people is None:
        return None
    unknown = zone_codes(people.index[people.isna()])
    severity = "error" if len(unknown) == len(people) else "warning"
    words = {"group": name, **level_words(places.level)}
    notes += listing("table_unknown", unknown, file=Path(entry["file"]).name, severity=severity, **words)
    return people


def _of_ages(name: str, entry: Entries, places: LevelZones, notes: list[Note]) -> pd.Series | None:
    """Return the people of the group's ages: from the column of just these ages, else cut out of the bands."""
    found = _rows(entry, places, notes)
    if found is None:
        return None
    wanted = age_limits(entry["ages"])
    bands = _bands(found, places, notes)
    if bands is None:
        return None
    same = [header for header in bands.columns if age_limits(header) == wanted]
    if len(same) == 1:
        return bands[same[0]]
    limits = band_limits(bands.columns)
    cut = [f"{age:g}" for age in wanted or () if np.isfinite(age) and age not in limits]
    if cut and entry.get("rule") is None:
        words = {"group": name, "ages": entry["ages"], "cut": ", ".join(cut)}
        notes.append(Note.of("table_split_unstated", severity="error", file=found.file, **words))
        return None
    people: pd.Series = split_ages(bands, {name: entry["ages"]}, rule=entry.get("rule") or "uniform")[name]
    return people


#: How the reader names a header that stands a second time.
_REPEATED = re.compile(r"(.+)_\d+")


def age_bands(entry: Mapping[str, Any], places: LevelZones, notes: list[Note]) -> pd.DataFrame | None:
    """Return people by age band of every zone, columns in rising order; NaN where the table has no row or a blank.

    Columns are those whose header is an age band (``0-4``, ``0—4岁``, ``85岁及以上``); others are not looked at. None where the table
    cannot be used; `notes` says why.
    """
    found = _rows(entry, places, notes)
    return None if found is None else _bands(found, places, notes)


def _bands(found: ZoneRows, places: LevelZones, notes: list[Note]) -> pd.DataFrame | None:
    """Return the columns that are age bands; None where there is none."""
    headers = [str(column) for column in found.cells.columns]
    repeated = [
        m[1] for header in headers if (m := _REPEATED.fullmatch(header)) and age_limits(m[1]) is not None
    ]
    if repeated:
        columns = ", ".join(dict.fromkeys(repeated))
        notes.append(Note.of("projected_bands_twice", severity="error", file=found.file, columns=columns))
    bands = {header: limits for header in headers if (limits := age_limits(header)) is not None}
    if not bands:
        notes.append(
            Note.of("projected_no_bands", severity="error", file=found.file, columns=", ".join(headers))
        )
        return None
    ordered = sorted(bands, key=lambda header: bands[header])
    return found.counts({header: header for header in ordered}, notes).reindex(places.ids)


def numbers_of(
    entry: Mapping[str, Any], columns: Mapping[Hashable, Sequence[str]], places: LevelZones, notes: list[Note]
) -> pd.DataFrame | None:
    """Return counts of every zone, one column a key of `columns` (key -> headers that it may have, the first found counts).

    None where the table cannot be used; `notes` says why.
    """
    found = _rows(entry, places, notes)
    if found is None:
        return None
    heads = {
        key: next((h for h in heads if h in found.cells.columns), heads[0]) for key, heads in columns.items()
    }
    if not has_columns(found.cells, heads.values(), found.file, notes):
        return None
    return found.counts(heads, notes).reindex(places.ids)


def _rows(entry: Mapping[str, Any], places: LevelZones, notes: list[Note]) -> ZoneRows | None:
    """Return the rows of an entry's ``file`` by ``zone`` and, where given, ``layer, parent``."""
    parent, layer = entry.get("parent"), entry.get("layer")
    return zone_rows(entry["file"], places, notes, zone=entry["zone"], parent=parent, layer=layer)
