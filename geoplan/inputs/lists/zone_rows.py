"""Tables with one row a zone: census tables by age, births, women, a plan's totals, supplies without a point.

Rows are matched to zones by id or name. A blank cell is unknown, never 0. Rows of totals are left out; so are rows of other places,
which are listed. Supplies without a point (family beds, social workers) are reported so by district, town or community: each column
that the study maps is one supply; what is not said is an interval from 0 without end.
"""

import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.boundaries.checks import listing
from geoplan.inputs.lists.cells import cell_text, is_blank, read_amount, read_count, shown
from geoplan.inputs.lists.rows import has_columns, total_rows
from geoplan.inputs.lists.zone_names import ZoneNames, level_words
from geoplan.inputs.opening import FilePath, file_kind
from geoplan.inputs.sheets import read_sheet
from geoplan.words.errors import InputError, Note, raise_errors

#: A code of which a spreadsheet has kept the first digits only: 4.20106E+11.
_EXPONENT = re.compile(r"\d(\.\d+)?e\+?\d+", re.IGNORECASE).fullmatch
#: The study area as a whole, as a zone.
AREA = "area/area"


@dataclass(frozen=True)
class LevelZones:
    """`tables.ZONES` of one level: that of the rows of a table."""

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
    """The rows of a table that stand for zones: cells as they stand, and row in the file, by zone_id; name of the file."""

    cells: pd.DataFrame
    rows: Mapping[str, int]
    file: str

    def counts(self, columns: Mapping[Hashable, str], notes: list[Note]) -> pd.DataFrame:
        """Return numbers, one column a key of `columns` (key -> header); NaN where blank; what is no count is an error."""
        table = pd.DataFrame(np.nan, index=self.cells.index, columns=list(columns))
        for key, header in columns.items():
            values = []
            for zone, cell in self.cells[header].items():
                value, odd = read_count(cell)
                values.append(value)
                if odd:
                    wrong = self._note("zone_rows_cell", zone, header, cell)
                    notes.append(replace(wrong, severity="error"))
            table[key] = values
        return table

    def amounts(
        self, columns: Mapping[str, str], notes: list[Note]
    ) -> dict[tuple[str, str], tuple[float, float]]:
        """Return least and most by zone and key of `columns` (key -> header); 0 to inf where the table does not say."""
        found = {}
        for key, header in columns.items():
            for zone, cell in self.cells[header].items():
                amount = read_amount(cell)
                found[str(zone), key] = amount.low, amount.high
                if amount.code not in ("", "amount_blank", "amount_format"):
                    bounds = {"low": shown(amount.low), "high": shown(amount.high)}
                    notes.append(self._note(amount.code, zone, header, cell, **bounds))
        return found

    def _note(self, code: str, zone: Hashable, header: str, cell: object, **values: str) -> Note:
        zone_id = str(zone)
        return Note.of(
            code, file=self.file, row=self.rows[zone_id], zone=zone_id, column=header, cell=cell_text(cell), **values
        )  # fmt: skip


def zone_rows(
    path: FilePath,
    at: LevelZones,
    notes: list[Note],
    *,
    zone: str,
    parent: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Sequence[str] = (),
    twice: str = "error",
) -> ZoneRows | None:
    """Return the rows of a table by zone; None where a column is not there.

    Parameters
    ----------
    at
        The zones that rows may name.
    notes
        What is found is added.
    zone, parent
        Headers of the columns with the zones' names or codes, and with the zones above, for names that occur more than once.
    layer, encoding
        Sheet, and text encoding of a CSV.
    columns
        Headers of further columns that must be there.
    twice
        Severity of a zone that has several rows, of which the first is taken.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = Path(path)
    file_kind(path, "table")
    sheet = read_sheet(path, layer=layer, encoding=encoding)
    table, file = sheet.cells, path.name
    notes += sheet.notes
    if not has_columns(table, [zone, *columns, *([parent] if parent else [])], file, notes):
        return None
    sums, total_notes = total_rows(table, [zone], file=file)
    notes += total_notes
    table = table[~sums]
    names = ZoneNames(at.zones)
    zone_ids, lost = [], {why: list[str]() for why in ("unknown", "ambiguous", "exponent")}
    for row, cells in table.iterrows():
        found = names.find(cells[zone], at.level, within=_above(cells.get(parent), names, at.level))
        zone_ids.append(found.zone_id)
        if found.zone_id is None:
            first = next((text for cell in (cells[zone], *cells) if (text := cell_text(cell))), "–")
            lost["exponent" if _EXPONENT(first) else found.why].append(f"{first} ({row})")
    words = level_words(at.level)
    for why, rows in lost.items():
        notes += listing(f"zone_rows_{why}", rows, "rows", file=file, **words)
    table = table.assign(zone_id=pd.Series(zone_ids, index=table.index, dtype=object)).dropna(
        subset="zone_id"
    )
    double = table["zone_id"].duplicated(keep=False)
    for zone_id, same in table.index[double].to_series().groupby(table.loc[double, "zone_id"].to_numpy()):
        numbers = ", ".join(map(str, same))
        notes.append(Note.of("zone_rows_twice", severity=twice, file=file, zone=str(zone_id), rows=numbers))
    table = table[~table["zone_id"].duplicated()]
    index = pd.Index(table["zone_id"], name="zone_id")
    absent = at.ids.difference(index, sort=False)
    if len(index):
        notes += listing("zone_rows_absent", at.zones.loc[absent, "name"], file=file, **words)
    rows_of = {str(zone_id): int(row) for zone_id, row in zip(index, table.index, strict=True)}
    return ZoneRows(table.drop(columns="zone_id").set_axis(index), rows_of, file)


def _above(cell: object, names: ZoneNames, level: str) -> str | None:
    """Return the zone above `level`, the nearest level first, that a cell names."""
    levels = names.levels()
    above = levels[: levels.index(level)] if level in levels and not is_blank(cell) else ()
    return next((up for at in reversed(above) if (up := names.find(cell, at).zone_id) is not None), None)


@dataclass(frozen=True)
class ZoneSupplies:
    """Supplies without a point.

    `table` has ``zone_id, supply, low, high``, one row a zone of the level and supply, in the order of zones; low and high are equal
    where the list is certain.
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
    at, notes = LevelZones(zones, level), list[Note]()
    notes += [
        Note.of("zone_supply_not_known", file=Path(path).name, severity="error", supply=supply, known=", ".join(sorted(known)))
        for supply in columns
        if known is not None and supply not in known
    ]  # fmt: skip
    if not len(at.ids):
        words = level_words(level)
        notes.append(Note.of("zone_supply_no_zones", file=Path(path).name, severity="error", **words))
    rows = zone_rows(
        path, at, notes, zone=zone, parent=parent, layer=layer, encoding=encoding, columns=list(columns.values()),
        twice="warning",
    )  # fmt: skip
    raise_errors(notes, InputError)
    found = {} if rows is None else rows.amounts(columns, notes)
    table = pd.DataFrame(
        [(i, supply, *found.get((i, supply), (0.0, np.inf))) for supply in columns for i in map(str, at.ids)],
        columns=["zone_id", "supply", "low", "high"],
    )
    return ZoneSupplies(table.astype({"low": float, "high": float}), tuple(notes))
