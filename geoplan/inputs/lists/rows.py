"""The rows of an office list as they stand, from a table or a layer: cells by field, ids, points, and rows that add up others.

What is skipped is handled here once for every list: titles above the header and blank rows (`readers.read_rows`), rows of totals
(`total_rows`). This is also the place for rows that a workbook hides and for headers of two rows.

An id stays with the thing when rows are inserted, removed or moved. A row's id is the code that the list states for it. Where it states
none, or one code stands in several rows (a company's credit code), the id is the name and the file: ``江城颐养院@register.xlsx``. Rows of
one name are told apart by their order among themselves, ``江城颐养院#2@register.xlsx``, so that other rows do not matter; only a row
without a code and a name is named by its number.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.inputs import readers
from geoplan.inputs.lists.cells import Amount, cell_text, is_blank, read_amount, read_cost, read_flag, shown
from geoplan.inputs.lists.fields import TOTAL_WORDS, Columns, Fields, recognise
from geoplan.inputs.sheets import read_sheet
from geoplan.words.errors import InputError, Note, raise_errors

_FORMER = re.compile(r"(?P<file>.+?)(?:@\d+)?#(?P<row>\d+|(?:node|way|relation)/\d+)")


def row_ids(file: str, *, codes: Sequence[str], names: Sequence[str], rows: Iterable[object]) -> list[str]:
    """Return an id for every row of a list, each once.

    Parameters
    ----------
    file
        The list's file name.
    codes
        Stated codes; empty for none. A running number (1, 2, 3 …) counts rows and is taken for none.
    names
        Names as printed; empty for none.
    rows
        Rows as the planner's program numbers them.

    Examples
    --------
    >>> row_ids("r.csv", codes=["E7", "", "", "E8", "E8"], names=["a", "b", "b", "c", "d"], rows=range(2, 7))
    ['E7', 'b#1@r.csv', 'b#2@r.csv', 'c@r.csv', 'd@r.csv']
    >>> row_ids("r.csv", codes=["1", "2", "3"], names=["a", "b", ""], rows=range(2, 5))
    ['a@r.csv', 'b@r.csv', '#4@r.csv']
    """
    counted = Counter() if _is_running(codes) else Counter(codes)
    marks = ["" if code and counted[code] == 1 else f"@{file}" for code in codes]  # a code needs no file
    stems = [
        name or f"#{row}" if mark else code
        for code, mark, name, row in zip(codes, marks, names, rows, strict=True)
    ]
    ties, seen = Counter(zip(stems, marks, strict=True)), Counter[tuple[str, str]]()
    ids = []
    for pair in zip(stems, marks, strict=True):
        seen[pair] += 1
        ids.append(f"{pair[0]}#{seen[pair]}{pair[1]}" if ties[pair] > 1 else "".join(pair))
    return ids


def former_id(reference: str, table: pd.DataFrame) -> str | None:
    """Return the id of the row that ``file#row`` named, the form of ids in former versions; None where there is no such row.

    Parameters
    ----------
    table
        Indexed by id, with ``source_file, source_row``.
    """
    found = _FORMER.fullmatch(reference)
    if found is None:
        return None
    if not found["row"].isdigit():
        return found["row"] if found["row"] in table.index else None
    there = (table["source_file"] == found["file"]) & (table["source_row"] == int(found["row"]))
    return str(table.index[there.fillna(value=False).to_numpy(dtype=bool)][0]) if there.any() else None


def _is_running(codes: Iterable[str]) -> bool:
    """Return True where the codes that are stated are 1, 2, 3 … in the order of rows."""
    stated = [code for code in codes if code]
    return bool(stated) and stated == [str(number) for number in range(1, len(stated) + 1)]


#: What a row that adds up others is called: 合计, 合计（张）, 全区合计, 示例镇小计; 老年人合计养护院 is a name.
_IS_TOTAL = re.compile(rf"(?:[^\W\d]{{0,12}}?)(?:{TOTAL_WORDS})数?[:：]?(?:\(.*\))?", re.IGNORECASE).fullmatch
#: A row of totals may differ by this from the sum of rounded figures.
SUM_SLACK = 1.0
#: Oddities of cells that are read without a doubt.
_INFO = frozenset(["amount_format", "year_format", "status_blank", "cost_approximate"])


@dataclass(frozen=True)
class Rows:
    """The rows of a list before anything is interpreted."""

    file: str
    """File name."""
    cells: pd.DataFrame
    """One object column a field, indexed by row id."""
    number: "pd.Series[int]"
    """Row as the planner's program shows it, by row id; NA where the source has no rows (OpenStreetMap)."""
    shapes: gpd.GeoSeries | None
    """The file's own geometry in its own CRS, by row id; None where the file is a table."""
    columns: Columns
    """What was recognised."""
    totals: pd.DataFrame
    """Cells of the rows that add up others, by row number."""
    printed: dict[str, pd.Series] = dataclass_field(default_factory=dict, repr=False, compare=False)
    """What `text` has given, by field."""

    @property
    def index(self) -> pd.Index:
        """Row ids."""
        return self.cells.index

    @property
    def located(self) -> bool:
        """Whether the list has points at all: geometry or columns of coordinates."""
        return self.shapes is not None or {"lon", "lat"} <= set(self.cells) or "lonlat" in self.cells

    def factor(self, field: str) -> float:
        """Return what a number of a field is multiplied by, for the unit in its header."""
        return self.columns.factor.get(field, 1.0)

    def row_of(self, row_id: object) -> int | None:
        """Return a row's number as notes have it; None where the source has no rows."""
        number = self.number.loc[str(row_id)]
        return None if pd.isna(number) else int(number)

    def note(self, code: str, row_id: object, *, severity: str = "warning", **values: Any) -> Note:  # noqa: ANN401
        """Return a note at a row."""
        return Note.of(code, file=self.file, row=self.row_of(row_id), severity=severity, **values)

    def general(self, code: str, *, severity: str = "info", **values: Any) -> Note:  # noqa: ANN401
        """Return a note on the whole list."""
        return Note.of(code, file=self.file, severity=severity, **values)

    def at_cell(
        self, code: str, row_id: object, field: str, cell: object, *, severity: str | None = None, **values: Any,  # noqa: ANN401
    ) -> Note:  # fmt: skip
        """Return a note at a cell, which names its column and what stands in it."""
        words = {"column": self.columns.header.get(field, field), "cell": cell_text(cell), **values}
        return self.note(code, row_id, severity=severity or ("info" if code in _INFO else "warning"), **words)

    def text(self, field: str) -> pd.Series:
        """Return a field as printed; a field that the list lacks, and blanks, are empty."""
        if field not in self.cells:
            return pd.Series("", index=self.index, dtype=object)
        if field not in self.printed:
            self.printed[field] = self.cells[field].map(_printed).astype(object)
        return self.printed[field]

    def read(
        self,
        field: str,
        reader: Callable[[Any], tuple[Any, str]],
        notes: list[Note],
        *,
        absent: object = None,
        codes: Mapping[str, str] | None = None,
    ) -> pd.Series:
        """Return a field read cell by cell, `absent` where the list has no such column; a note for every odd cell.

        Parameters
        ----------
        field
            Field name.
        reader
            Cell -> value and a code of what was odd (empty: nothing).
        notes
            Gets the notes.
        codes
            Code of the reader -> code of the message, where they differ; an empty one says nothing.
        """
        if field not in self.cells:
            return pd.Series([absent] * len(self.cells), index=self.index, dtype=object)
        values = []
        for row_id, cell in self.cells[field].items():
            value, odd = reader(cell)
            values.append(value)
            code = (codes or {}).get(odd, odd)
            if code:
                severity = "info" if odd in _INFO else "warning"
                notes.append(self.at_cell(code, row_id, field, cell, severity=severity, **_values(value)))
        return pd.Series(values, index=self.index, dtype=object)

    def only(self, keep: pd.Index) -> "Rows":
        """Return the list with some of its rows."""
        shapes = None if self.shapes is None else self.shapes[keep]
        return replace(self, cells=self.cells.loc[keep], number=self.number[keep], shapes=shapes, printed={})

    def total_notes(self, sums: Mapping[str, tuple[float, float]]) -> list[Note]:
        """Return a note for every figure of a row of totals that the rows do not add up to; sums of parts (小计) are not checked.

        Parameters
        ----------
        sums
            Field -> least and most that the rows add up to.
        """
        notes = []
        for row, cells in self.totals.iterrows():
            if any("小计" in cell_text(cell).replace(" ", "") for cell in cells):
                continue
            for field, (low, high) in sums.items():
                least, most = self._stated(field, cells.get(field))
                if least > high + SUM_SLACK or most < low - SUM_SLACK:
                    total = f"{low:,.10g}" if low == high else f"{low:,.10g}–{shown(high)}"
                    words = {"column": self.columns.header[field], "stated": f"{least:,.10g}", "sum": total}
                    notes.append(Note.of("list_total_differs", file=self.file, row=int(str(row)), **words))
        return notes

    def _stated(self, field: str, cell: object) -> tuple[float, float]:
        """Return least and most of a cell that is an amount or money."""
        factor = self.factor(field)
        amount, (cost, _) = read_amount(cell), read_cost(cell, factor)
        if amount.code == "amount_unreadable" and cost == cost:
            return cost, cost
        return amount.low * factor, amount.high * factor


def in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes in the order of rows; those on the whole list first."""
    return tuple(sorted(notes, key=lambda note: note.row or 0))


def _printed(cell: Any) -> str:  # noqa: ANN401 - a cell holds anything
    if is_blank(cell):
        return ""
    whole = isinstance(cell, float) and cell.is_integer()
    return " ".join(str(int(cell) if whole else cell).split())


def _values(value: object) -> dict[str, str]:
    """Return what a cell was read as, for its message."""
    if isinstance(value, Amount):
        return {"low": shown(value.low), "high": shown(value.high)}
    return {"value": f"{value:.0f}"} if isinstance(value, float) and value == value else {"value": ""}


@dataclass(frozen=True)
class Opened:
    """A file before its columns are recognised."""

    table: pd.DataFrame
    """Cells by row number; a layer's features are numbered from 1."""
    shapes: gpd.GeoSeries | None = None
    """A layer's geometry by row number."""
    notes: tuple[Note, ...] = ()
    """What is odd in the sheet as a whole."""


def open_list(path: Path, layer: str | None, *, encoding: str | None = None) -> Opened:
    """Return a table or layer as it stands; an InputError if it cannot be read."""
    if readers.file_kind(path, "table", "layer") == "table":
        sheet = read_sheet(path, layer=layer, encoding=encoding)
        return Opened(sheet.cells, notes=sheet.notes)
    features = readers.read_layer(path, layer=layer)
    numbers = pd.RangeIndex(1, len(features) + 1, name="row")
    table = pd.DataFrame(features.drop(columns=features.geometry.name)).astype(object).set_axis(numbers)
    return Opened(table, features.geometry.set_axis(numbers))


def read_rows(
    path: Path,
    fields: Fields,
    opened: Opened,
    *,
    key: str,
    mapped: Mapping[str, str],
    needs: Iterable[Collection[str]] = (),
    datum: object = None,
    where: str | None = None,
) -> tuple[Rows, list[Note]]:
    """Return the rows of a list without those that add up others, and what was found.

    Parameters
    ----------
    path, opened
        The file and what `open_list` gives.
    fields
        The list's table of fields.
    key
        Name of the index of row ids: ``file#row``, but a facility's as `row_ids` gives it.
    mapped, needs, datum
        See `fields.recognise`; control points do not help to choose columns.
    where
        Column of counts or yes/no: only rows where it is above 0 (or 是) are kept.

    Raises
    ------
    InputError
        If a column is missing; every problem at once.
    """
    table, shapes = opened.table, opened.shapes
    headers = [str(column) for column in table.columns if column != where]
    stated = datum if isinstance(datum, str) else None
    columns = recognise(headers, fields, mapped=mapped, needs=needs, datum=stated, file=path.name)
    cells = pd.DataFrame({f: table[h] for f, h in columns.header.items()}, index=table.index, dtype=object)
    names = [columns.header[field] for field in ("id", "name") if field in columns.header]
    sums, notes = total_rows(table, names, file=path.name)
    # ids look at every row, whatever `where` chooses
    numbers = cells.index[~sums]
    named = [f"{path.name}#{row}" for row in numbers]
    if key == "facility_id":
        blank = [None] * len(numbers)
        codes, names = ([_id_text(cell) for cell in cells[~sums].get(f, blank)] for f in ("id", "name"))
        named = row_ids(path.name, codes=codes, names=names, rows=numbers)
    ids = pd.Series(named, index=numbers, dtype=object)
    if where is not None:
        chosen = _selected(table, where, path.name)
        cells, sums = cells[chosen], sums[chosen]
        numbers = cells.index[~sums]
        notes = [note for note in notes if note.row in set(cells.index)]
    index = pd.Index(ids[numbers], name=key, dtype=object)
    rows = Rows(
        path.name,
        cells[~sums].set_axis(index),
        pd.Series(numbers if numbers.dtype.kind == "i" else pd.NA, index=index, dtype="Int64"),
        None if shapes is None else shapes.loc[numbers].set_axis(index),
        columns,
        cells[sums],
    )
    return rows, [*opened.notes, *columns.notes, *notes]


def _id_text(cell: object) -> str:
    return "" if is_blank(cell) else cell_text(cell)


def total_rows(
    table: pd.DataFrame, columns: Iterable[str], *, file: str
) -> tuple[NDArray[np.bool_], list[Note]]:
    """Return which rows add up others, and a note for each.

    Such a row says so where the others have their name (in one of `columns`), or in its first cell: 合计, 本页小计, 示例镇小计.

    Examples
    --------
    >>> table = pd.DataFrame({"town": ["B", None, "小计"], "name": ["A", "合 计", None], "beds": [1, 1, 1]}, index=[2, 3, 4])
    >>> total_rows(table, ["name"], file="")[0].tolist()
    [False, True, True]
    """
    first = table.bfill(axis=1).iloc[:, 0] if table.shape[1] else pd.Series(dtype=object)
    sums = np.zeros(len(table), bool)
    for cells in (*(table[column] for column in columns if column in table), first):
        sums |= np.array(
            [
                isinstance(cell, str) and _IS_TOTAL(cell_text(cell).replace(" ", "")) is not None
                for cell in cells
            ],
            bool,
        )
    notes = [Note.of("list_total_row", file=file, row=int(row), severity="info") for row in table.index[sums]]
    return sums, notes


def has_columns(table: pd.DataFrame, columns: Iterable[str], file: str, notes: list[Note]) -> bool:
    """Return True where a table has every column; an error for each that it lacks."""
    absent = [column for column in dict.fromkeys(columns) if column not in table.columns]
    found = ", ".join(str(column) for column in table.columns if column != "geometry")
    notes += [
        Note.of("column_missing", severity="error", file=file, column=column, found=found)
        for column in absent
    ]
    return not absent


def _selected(table: pd.DataFrame, where: str, file: str) -> "pd.Series[bool]":
    """Return which rows a column chooses: a count above 0, or a yes."""
    notes: list[Note] = []
    has_columns(table, [where], file, notes)
    raise_errors(notes, InputError)

    def chosen(cell: object) -> bool:
        return read_flag(cell)[0] is True or (not is_blank(cell) and read_amount(cell).low > 0)

    return table[where].map(chosen).astype(bool)


def inner_points(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return points as they are, and of lines and parcels a point inside; null and empty are null."""
    given = np.asarray(shapes.array, dtype=object)
    nothing = shapely.is_missing(given) | shapely.is_empty(given)
    point = shapely.get_type_id(given) == shapely.GeometryType.POINT
    out: NDArray[np.object_] = given.astype(object)
    out[nothing] = None
    other = ~nothing & ~point
    # a polygon that crosses itself has no inside until it is mended
    out[other] = shapely.point_on_surface(shapely.make_valid(given[other]))
    return gpd.GeoSeries(out, index=shapes.index, crs=shapes.crs)
