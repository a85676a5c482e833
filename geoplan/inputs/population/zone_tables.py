"""Tables with one row a zone: census tables by age, births, women, a plan's totals.

Rows are matched to zones by id or name. A blank cell is unknown, never 0; a cell that is no count, a zone that stands
twice and a column that is not there are errors, all listed at once; rows of other places (totals of the table, zones
outside the study) are left out and said.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.boundaries.checks import some
from geoplan.inputs.lists.cells import cell_text, is_blank, read_amount
from geoplan.inputs.lists.zone_names import ZoneNames, level_words
from geoplan.inputs.readers import read_rows
from geoplan.study.ages import age_limits
from geoplan.words.errors import Note

#: What `facilities.cells.read_amount` calls a number that needs no reading between the lines.
PLAIN_NUMBERS = ("", "amount_format")
#: The study area as a whole, as a zone.
AREA = "area/area"
#: How the reader names a header that stands a second time.
_REPEATED = re.compile(r"(.+)_\d+")


@dataclass(frozen=True)
class Places:
    """The zones of one level, and how they are found by name.

    Parameters
    ----------
    zones
        `tables.ZONES`.
    level
        Level of the rows.
    """

    zones: gpd.GeoDataFrame
    level: str

    @property
    def ids(self) -> pd.Index:
        """Ids of the zones of the level, in their order."""
        ids: pd.Index = self.zones.index[self.zones["level"] == self.level]
        return ids

    def region_of(self, level: str) -> pd.Series:
        """Return the zone of a coarser `level` in which each zone lies, NaN where in none; ``area``: all in one."""
        if level == "area":
            return pd.Series(AREA, index=self.ids, dtype=object)
        names = ZoneNames(self.zones)
        level_of = self.zones["level"].to_dict()
        above = {
            zone: next((up for up in names.ancestors(zone) if level_of.get(up) == level), np.nan)
            for zone in self.ids
        }
        return pd.Series(above, index=self.ids, dtype=object)


@dataclass(frozen=True)
class ZoneRows:
    """The rows of a table that stand for zones.

    Parameters
    ----------
    cells
        As they stand, indexed by zone_id.
    rows
        Row in the file, by zone_id.
    file
        Name of the file.
    """

    cells: pd.DataFrame
    rows: Mapping[str, int]
    file: str

    def counts(self, columns: Mapping[Any, str], notes: list[Note]) -> pd.DataFrame:
        """Return numbers, one column a key of `columns` (key -> header); NaN where blank; what is no count is noted."""
        table = pd.DataFrame(np.nan, index=self.cells.index, columns=list(columns))
        for key, header in columns.items():
            values = []
            for zone, cell in self.cells[header].items():
                amount = read_amount(cell)
                known = amount.code in PLAIN_NUMBERS
                if not known and not is_blank(cell):
                    place: dict[str, Any] = {
                        "file": self.file,
                        "row": self.rows[str(zone)],
                        "zone": str(zone),
                    }
                    notes.append(
                        Note.of(
                            "projected_cell", severity="error", column=header, cell=cell_text(cell), **place
                        )
                    )
                values.append(amount.low if known else np.nan)
            table[key] = values
        return table

    def has(self, columns: Iterable[str], notes: list[Note]) -> bool:
        """Return True where every column is there; note those that are not."""
        return _has(self.cells, columns, self.file, notes)


def zone_rows(entry: Mapping[str, Any], places: Places, notes: list[Note]) -> ZoneRows | None:
    """Return the rows of a table by zone; None where the columns that name the zones are not there.

    Parameters
    ----------
    entry
        ``file, zone`` and, where given, ``layer, parent``.
    places
        The zones that rows may name.
    notes
        What is found is added.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    table = read_rows(entry["file"], layer=entry.get("layer"))
    file = Path(entry["file"]).name
    wanted = [entry[name] for name in ("zone", "parent") if entry.get(name) is not None]
    if not _has(table, wanted, file, notes):
        return None
    names = ZoneNames(places.zones)
    zone_ids, lost = [], []
    for row, cells in table.iterrows():
        within = None if entry.get("parent") is None else _parent(cells[entry["parent"]], names, places.level)
        found = names.find(cells[entry["zone"]], places.level, within=within)
        zone_ids.append(found.zone_id)
        if found.zone_id is None:
            first = next((text for cell in (cells[entry["zone"]], *cells) if (text := cell_text(cell))), "–")
            lost.append(f"{first} ({row})")
    if lost:
        words = level_words(places.level)
        notes.append(
            Note.of("projected_rows_elsewhere", file=file, count=len(lost), rows=some(lost), **words)
        )
    table = table.assign(zone_id=pd.Series(zone_ids, index=table.index, dtype=object)).dropna(
        subset="zone_id"
    )
    twice = table["zone_id"].duplicated(keep=False)
    for zone, rows in table.index[twice].to_series().groupby(table.loc[twice, "zone_id"].to_numpy()):
        numbers = ", ".join(map(str, rows))
        notes.append(
            Note.of("projected_zone_twice", severity="error", file=file, zone=str(zone), rows=numbers)
        )
    table = table[~table["zone_id"].duplicated()]
    index = pd.Index(table["zone_id"], name="zone_id")
    absent = places.ids.difference(index, sort=False)
    if len(absent) and len(index):
        zones = some(zone.partition("/")[2] for zone in absent)
        words = level_words(places.level)
        notes.append(Note.of("projected_zones_absent", file=file, count=len(absent), zones=zones, **words))
    rows_of = {str(zone): int(row) for zone, row in zip(index, table.index, strict=True)}
    return ZoneRows(table.drop(columns="zone_id").set_axis(index), rows_of, file)


def age_bands(entry: Mapping[str, Any], places: Places, notes: list[Note]) -> pd.DataFrame | None:
    """Return people by age band of every zone, columns in rising order; NaN where the table has no row or a blank.

    Columns are those whose header is an age band (``0-4``, ``0—4岁``, ``85岁及以上``); others are not looked at. None where the table
    cannot be used; `notes` says why.
    """
    found = zone_rows(entry, places, notes)
    if found is None:
        return None
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
    entry: Mapping[str, Any], columns: Mapping[Any, Sequence[str]], places: Places, notes: list[Note]
) -> pd.DataFrame | None:
    """Return counts of every zone, one column a key of `columns` (key -> headers that it may have, the first found counts).

    None where the table cannot be used; `notes` says why.
    """
    found = zone_rows(entry, places, notes)
    if found is None:
        return None
    heads = {
        key: next((h for h in heads if h in found.cells.columns), heads[0]) for key, heads in columns.items()
    }
    if not found.has(heads.values(), notes):
        return None
    return found.counts(heads, notes).reindex(places.ids)


def _has(table: pd.DataFrame, columns: Iterable[str], file: str, notes: list[Note]) -> bool:
    absent = [column for column in columns if column not in table.columns]
    if absent:
        words: dict[str, Any] = {"columns": ", ".join(absent), "found": ", ".join(map(str, table.columns))}
        notes.append(Note.of("projected_no_column", severity="error", file=file, **words))
    return not absent


def _parent(cell: Any, names: ZoneNames, level: str) -> str | None:  # noqa: ANN401 - a cell holds anything
    """Return the zone above `level`, the nearest level first, that a cell names."""
    levels = names.levels()
    above = levels[: levels.index(level)] if level in levels else ()
    return next((up for at in reversed(above) if (up := names.find(cell, at).zone_id) is not None), None)
