"""Census tables, births, women and totals of a projection: counts by zone, from tables with one row a zone."""

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from geoplan.inputs.lists.zone_rows import LevelZones, ZoneRows, has_columns, zone_rows
from geoplan.study.ages import age_limits
from geoplan.words.errors import Note

#: How the reader names a header that stands a second time.
_REPEATED = re.compile(r"(.+)_\d+")


def age_bands(entry: Mapping[str, Any], places: LevelZones, notes: list[Note]) -> pd.DataFrame | None:
    """Return people by age band of every zone, columns in rising order; NaN where the table has no row or a blank.

    Columns are those whose header is an age band (``0-4``, ``0—4岁``, ``85岁及以上``); others are not looked at. None where the table
    cannot be used; `notes` says why.
    """
    found = _rows(entry, places, notes)
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
