"""Supplies without a point: family beds, social workers and the like, given by zone in a table.

A department reports such figures by district, town or community. Each row names its zone; each column that the study
maps is one supply. What is not said is unknown, an interval from 0 without end, and never 0.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs import readers
from geoplan.inputs.lists.cells import cell_text, is_blank, read_amount
from geoplan.inputs.lists.zone_names import ZoneNames, level_words
from geoplan.words.errors import InputError, Note, raise_errors

#: How a cell was read and the note that says so; codes as in `cells.read_amount`.
_REMARKS = {
    "amount_unreadable": "zone_supply_unreadable", "amount_negative": "zone_supply_unreadable",
    "amount_worded": "zone_supply_worded", "amount_range": "zone_supply_worded",
}  # fmt: skip


@dataclass(frozen=True)
class ZoneSupplies:
    """Supplies without a point.

    Parameters
    ----------
    table
        ``zone_id, supply, low, high``, one row a zone of the level and supply, in the order of zones; equal where the
        table is certain.
    notes
        What was found.
    """

    table: pd.DataFrame
    notes: tuple[Note, ...]


def read_zone_supplies(
    path: str | Path, *, zones: gpd.GeoDataFrame, level: str, zone: str, columns: Mapping[str, str], parent: str | None = None,
    layer: str | None = None, encoding: str | None = None, known: Collection[str] | None = None,
) -> ZoneSupplies:  # fmt: skip
    """Return the supplies that a table gives by zone.

    Parameters
    ----------
    path
        XLSX or CSV.
    zones
        `tables.ZONES`, indexed by zone_id.
    level
        Level of the zones that the table names: ``district, town, community`` or ``estate``.
    zone
        Header of the column with their names or codes.
    columns
        Supply -> header of its column: ``{family_beds: 家庭养老床位}``.
    parent
        Header of the column with the zone above, for names that occur more than once.
    layer, encoding
        Sheet, and text encoding of a CSV.
    known
        Supplies that rules know; None: any name.

    Raises
    ------
    InputError
        If a column is not there, a supply is not known, or the study has no zones of the level.
    """
    rows = readers.read_rows(path, layer=layer, encoding=encoding)
    file = Path(path).name
    raise_errors(
        _wrong(
            rows, zones, level, [zone, *columns.values(), *([parent] if parent else [])], columns, known, file
        ),
        InputError,
    )
    names, notes = ZoneNames(zones), list[Note]()
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for row, cells in rows.iterrows():
        number = int(str(row))
        if is_blank(cells[zone]):
            continue
        zone_id, why = _zone(names, cells, level=level, zone=zone, parent=parent)
        if zone_id is None or zone_id in found:
            code = "zone_supply_twice" if zone_id is not None else f"zone_supply_{why}"
            notes.append(Note.of(code, file=file, row=number, name=cell_text(cells[zone])))
            continue
        found[zone_id] = {}
        for supply, header in columns.items():
            amount = read_amount(cells[header])
            found[zone_id][supply] = (amount.low, amount.high)
            if amount.code in _REMARKS:
                notes.append(
                    Note.of(
                        _REMARKS[amount.code],
                        file=file,
                        row=number,
                        column=header,
                        cell=cell_text(cells[header]),
                    )
                )
    table, absent = _filled(found, zones, level, list(columns))
    return ZoneSupplies(table, (*notes, *_absent_notes(absent, zones, level, file)))


def _wrong(
    rows: pd.DataFrame, zones: gpd.GeoDataFrame, level: str, headers: list[str], columns: Mapping[str, str],
    known: Collection[str] | None, file: str,
) -> list[Note]:  # fmt: skip
    """Return what makes the table unusable."""
    notes = [
        Note.of(
            "zone_supply_no_column",
            file=file,
            column=header,
            columns="、".join(map(str, rows.columns)),
            severity="error",
        )
        for header in headers
        if header not in rows.columns
    ]
    notes += [
        Note.of(
            "zone_supply_not_known",
            file=file,
            supply=supply,
            known=", ".join(sorted(known or ())),
            severity="error",
        )
        for supply in columns
        if known is not None and supply not in known
    ]
    if not (zones["level"] == level).any():
        notes.append(Note.of("zone_supply_no_zones", file=file, severity="error", **level_words(level)))
    return notes


def _zone(
    names: ZoneNames, cells: pd.Series, *, level: str, zone: str, parent: str | None
) -> tuple[str | None, str]:
    """Return the zone that a row names, or None and why: ``unknown`` or ``ambiguous``."""
    within = None
    if parent is not None and not is_blank(cells[parent]):
        above = [names.find(cells[parent], other) for other in ("town", "district") if other != level]
        within = next((each.zone_id for each in above if each.zone_id is not None), None)
    told = names.find(cells[zone], level, within=within)
    return told.zone_id, told.why or "unknown"


def _filled(
    found: Mapping[str, Mapping[str, tuple[float, float]]],
    zones: gpd.GeoDataFrame,
    level: str,
    supplies: list[str],
) -> tuple[pd.DataFrame, list[str]]:
    """Return one row a zone of the level and supply, and the zones of which the table does not say."""
    ids = [str(i) for i in zones.index[zones["level"] == level]]
    unknown = (0.0, np.inf)
    rows = [(i, supply, *found.get(i, {}).get(supply, unknown)) for supply in supplies for i in ids]
    table = pd.DataFrame(rows, columns=["zone_id", "supply", "low", "high"]).astype(
        {"low": float, "high": float}
    )
    return table, [i for i in ids if i not in found]


def _absent_notes(absent: list[str], zones: gpd.GeoDataFrame, level: str, file: str) -> list[Note]:
    if not absent:
        return []
    some = "、".join(str(zones.loc[i, "name"]) for i in absent[:10])
    return [
        Note.of(
            "zone_supply_absent",
            file=file,
            count=len(absent),
            zones=some,
            **level_words(level),
        )
    ]


__all__ = ["ZoneSupplies", "read_zone_supplies"]
