"""What the workbook and the CSV files share: a sheet as plain cells, and the names that stand in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from geoplan.report import look
from geoplan.report.content.names import (
    Names,
    empty,
    present,
    rows_of,
    rule_kind,
    text,
    value_kind,
    word,
)
from geoplan.report.content.table import Amount, Coded, Table
from geoplan.report.content.table import Cell as TableCell
from geoplan.report.content.table import Chart as TableChart
from geoplan.report.content.table import Column as TableColumn

__all__ = [
    "Block", "Cell", "Chart", "Column", "Names", "Sheet", "Value", "between", "block_of", "empty", "number", "present", "rows_of",
    "rule_kind", "table_of", "text", "value_kind", "word",
]  # fmt: skip

#: A cell: text, a number, or a number with the format it asks for.
Value = str | float | int | None


@dataclass(frozen=True)
class Column:
    """One column: its header, how its numbers are written (key of `look.EXCEL_FORMATS`), and its width in characters."""

    header: str
    kind: str = "text"
    width: float = 12.0
    mark: str = ""
    """What colours it: ``flag`` (a shortfall), ``share`` (classes of a covered share), ``verdict``, ``severity`` or nothing."""


@dataclass(frozen=True)
class Cell:
    """A number whose format differs from its column's."""

    value: float
    kind: str


@dataclass(frozen=True)
class Block:
    """A table: columns and rows, with a heading where a sheet holds several."""

    columns: tuple[Column, ...]
    rows: list[list[Value | Cell]]
    heading: str = ""


@dataclass(frozen=True)
class Chart:
    """A line chart beside the first block, over some of its rows: positions of rows and columns count from 0."""

    title: str
    first: int
    last: int
    x: int
    lines: tuple[int, ...]
    """Columns that are drawn: the first solid, the others dashed; their headers name the lines."""
    axes: tuple[str, str]
    """What the x axis and the y axis show."""
    low: float = 0.0
    """Where the y axis begins."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: a name for its tab, lines of explanation, and blocks one under the other."""

    name: str
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()
    frozen_columns: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    """Text in a cell -> key of a colour; for `mark` verdict and severity."""
    listed: int = -1
    """Block that is filtered and whose headers stand on every page, where there are several; -1: none of them."""
    charts: tuple[Chart, ...] = ()


def number(value: object, kind: str) -> Value | Cell:
    """Return a cell for a number, None where it is missing; infinity has no number."""
    if look.missing(value) or math.isinf(float(value)):  # type: ignore[arg-type]
        return None
    return Cell(float(value), kind)  # type: ignore[arg-type]


def between(low: object, high: object, kind: str) -> Value | Cell:
    """Return one number where `low` and `high` agree, else ``low–high`` as text.

    Examples
    --------
    >>> between(3.0, 3.0, "whole"), between(0.5, 0.75, "share"), between(3.0, float("inf"), "whole")
    (Cell(value=3.0, kind='whole'), '50.0%–75.0%', '≥ 3')
    """
    if look.missing(low):
        return None
    if look.missing(high) or low == high:
        return number(low, kind)
    as_kind = {"share": "share", "rate": "provision"}.get(kind, "")
    return look.interval(float(low), float(high), kind=as_kind)  # type: ignore[arg-type]


def block_of(headers: Sequence[Column], rows: list[list[Value | Cell]], heading: str = "") -> Block:
    """Return a block, checking that every row has a cell for every column."""
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"{heading}: a row of {len(row)} cells under {len(headers)} columns")
    return Block(tuple(headers), rows, heading)


#: Number formats of old sheets -> those of tables.
_FORMATS = {"share": "percent", "whole": "count", "rate": "per_1000", "id": "year", "text": "text"}
_MARKS = {"verdict": "code", "flagged": "code", "severity": "code"}


def table_of(sheet: Sheet) -> Table:
    """Return an old sheet as a table, with its further blocks below it."""

    def cell(value: Value | Cell, column: Column) -> TableCell:
        if isinstance(value, Cell):
            return Amount.of(value.value, _FORMATS.get(value.kind, value.kind))
        if isinstance(value, str):
            return Coded(sheet.values[value], value) if value in sheet.values and column.mark else value
        if value is None:
            return None
        return Amount.of(value, "count" if column.kind == "text" else _FORMATS.get(column.kind, column.kind))

    def table(block: Block, place: int) -> Table:
        columns = [
            TableColumn(f"c{k}", c.header, _FORMATS.get(c.kind, c.kind), c.width, _MARKS.get(c.mark, c.mark))
            for k, c in enumerate(block.columns)
        ]
        rows = [
            [cell(value, column) for value, column in zip(row, block.columns, strict=True)]
            for row in block.rows
        ]
        return Table.of(
            sheet.name, block.heading or sheet.name, columns, rows, filtered=place == sheet.listed
        )

    charts = tuple(
        TableChart(c.title, c.first, c.last, f"c{c.x}", tuple(f"c{k}" for k in c.lines), c.axes, c.low)
        for c in sheet.charts
    )
    first, *others = [table(block, place) for place, block in enumerate(sheet.blocks)]
    return replace(
        first,
        notes=sheet.notes,
        frozen=sheet.frozen_columns,
        charts=charts,
        below=tuple(others),
        page=sheet.name,
    )
