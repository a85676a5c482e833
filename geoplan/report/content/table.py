"""Tables of a delivery: typed cells under named columns, described once and drawn by every renderer.

A content module makes a `Table` from the outcome. A renderer (workbook, CSV, Word, atlas, report page, map, console) draws
any table and knows no column by name: it prints a cell with `cell_text`, so that a figure reads the same everywhere, and may ask
a cell for its numbers or its code where its format holds them (a spreadsheet's number, a colour).

What a column is called and how its numbers are written stands once, in the catalogue under ``column_<key>``, in the words file
beside the content module::

    column_marginal: {zh: 边际新增, en: Marginal gain, format: count, width: 8}
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.labels import label
from geoplan.words.numbers import FORMATS, format_interval, missing

#: How much of a table a product prints: 1 where room is scarce (atlas, map), 2 on paper (Word, report), 3 everything.
Depth = Literal[1, 2, 3]


@dataclass(frozen=True)
class Amount:
    """A number or an interval, with its format; `low` equals `high` where it is known, `high` may be infinite.

    Examples
    --------
    >>> Amount.of(0.857, "percent").text("zh"), Amount.of(float("nan"), "count"), Amount(3, 5, "count").text("en")
    ('85.7%', None, '3–5')
    """

    low: float
    high: float
    format: str

    @classmethod
    def of(cls, value: object, number_format: str) -> "Amount | None":
        """Return one known number, None where it is missing."""
        return cls.between(value, value, number_format)

    @classmethod
    def between(cls, low: object, high: object, number_format: str) -> "Amount | None":
        """Return an interval, None where `low` is missing; a missing `high` means that it is as `low`."""
        if missing(low):
            return None
        first = float(low)  # type: ignore[arg-type]
        last = first if missing(high) else float(high)  # type: ignore[arg-type]
        return cls(first, last, number_format)

    @property
    def known(self) -> bool:
        """Whether it is one finite number."""
        return self.low == self.high and math.isfinite(self.low)

    def text(self, lang: str) -> str:  # noqa: ARG002 - numbers read alike in both languages
        """Return it as every output prints it."""
        return format_interval(self.low, self.high, self.format)


@dataclass(frozen=True)
class Coded:
    """A word of a closed list (a verdict, a state, a cause): the code for programs and colours, its label for people."""

    code: str

    def text(self, lang: str) -> str:
        """Return the label; an unknown code raises."""
        return label(self.code, lang)


@dataclass(frozen=True)
class Tally:
    """How many of those that could be judged, and how many could not: three figures that stay together.

    Examples
    --------
    >>> Tally(3, 10, 2).text("zh"), Tally(0, 0, 13).text("zh"), Tally(3, 10, 0).text("en")
    ('3 / 10（另 2 个数据不足）', '数据不足（13 个）', '3 / 10')
    """

    count: int
    judged: int
    no_data: int = 0

    def text(self, lang: str) -> str:
        """Return ``3 / 10 (2 more without data)``; only the number without data where nothing was judged."""
        if self.judged == 0:
            code = "tally_no_data" if self.no_data else "tally_none"
        else:
            code = "tally_part" if self.no_data else "tally_whole"
        return phrase(code, lang, count=self.count, judged=self.judged, no_data=self.no_data)


#: One cell; text stands as it is, None is a cell without a value.
Cell = str | Amount | Coded | Tally | None


def cell_text(cell: Cell, lang: str) -> str:
    """Return a cell as text: the one way in which every output prints it; nothing where there is no value."""
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else cell.text(lang)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    key
        Name for programs: header of the CSV file, field of a layer.
    header
        Name for people, in the language of the table.
    format
        Number format (`geoplan.words.numbers.FORMATS`), ``text``, or ``coded``; a cell may differ in its own `Amount.format`.
    width
        Width beside the other columns, in characters.
    mark
        What a renderer may colour: ``short`` (a shortfall), ``share`` (classes of a covered share), ``verdict``, ``flagged``,
        ``severity`` or nothing.
    depth
        From which depth on a product prints it.
    interval
        Whether programs get two fields, ``<key>_low`` and ``<key>_high``.
    """

    key: str
    header: str
    format: str = "text"
    width: float = 12.0
    mark: str = ""
    depth: Depth = 2
    interval: bool = False

    def __post_init__(self) -> None:
        if self.format not in FORMATS and self.format not in ("text", "coded"):
            raise ValueError(f"column `{self.key}`: no number format `{self.format}`")


def column(key: str, lang: str, *, name: str = "", header: str = "", **values: object) -> Column:
    """Return the column that the catalogue describes under ``column_<key>``.

    Parameters
    ----------
    key
        Key in the catalogue.
    lang
        Language of the header.
    name
        Name for programs where one description serves several columns (a column a rule); else `key`.
    header
        Header where the catalogue's does not do; else the catalogue's, with its ``{…}`` filled from `values`.

    Raises
    ------
    KeyError
        If the catalogue describes no such column.
    """
    entry = catalogue()[f"column_{key}"]
    shown = header or entry[lang].format(**values)
    given = {
        option: entry[option]
        for option in ("format", "width", "mark", "depth", "interval")
        if option in entry
    }
    return Column(name or key, shown, **given)


@dataclass(frozen=True)
class Chart:
    """A line chart over some rows of a table: positions of rows and columns count from 0."""

    title: str
    first: int
    last: int
    x: int
    lines: tuple[int, ...]
    axes: tuple[str, str]
    low: float = 0.0


@dataclass(frozen=True)
class Table:
    """Columns and rows, what they are called, and every caveat that belongs to them.

    Parameters
    ----------
    key
        Name for programs: file name of the CSV, name of the layer.
    title
        Name for people: tab of the workbook, caption on paper.
    columns, rows
        As many cells in each row as there are columns.
    notes
        Sentences that qualify the figures; every product that prints the table prints them.
    frozen
        Columns on the left that stay in sight.
    empty
        What is said where there are no rows: why, never just nothing.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    frozen: int = 0
    empty: str = ""
    charts: tuple[Chart, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.key}: a row of {len(row)} cells under {len(self.columns)} columns")

    @classmethod
    def of(
        cls, key: str, title: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], **more: object
    ) -> "Table":
        """Return a table from any sequences."""
        return cls(key, title, tuple(columns), tuple(tuple(row) for row in rows), **more)  # type: ignore[arg-type]

    def to(self, depth: Depth) -> "Table":
        """Return the table with the columns that a product of `depth` prints."""
        kept = [place for place, entry in enumerate(self.columns) if entry.depth <= depth]
        return Table(
            self.key, self.title, tuple(self.columns[k] for k in kept),
            tuple(tuple(row[k] for k in kept) for row in self.rows), self.notes,
            sum(k < self.frozen for k in kept), self.empty,
        )  # fmt: skip

    def first(self, count: int) -> "Table":
        """Return the table with its first rows only."""
        return Table(
            self.key, self.title, self.columns, self.rows[:count], self.notes, self.frozen, self.empty
        )

    def texts(self, lang: str) -> list[list[str]]:
        """Return every cell as text."""
        return [[cell_text(cell, lang) for cell in row] for row in self.rows]


@dataclass(frozen=True)
class Figure:
    """A single figure of a headline: what it is, its value, and every caveat that travels with it."""

    name: str
    value: Cell
    unit: str = ""
    caveats: tuple[str, ...] = field(default=())

    def text(self, lang: str) -> str:
        """Return the value with its unit and its caveats in brackets."""
        shown = cell_text(self.value, lang) + (self.unit if lang == "zh" else f" {self.unit}".rstrip())
        if not self.caveats:
            return shown
        joined = ("；" if lang == "zh" else "; ").join(self.caveats)
        return f"{shown}（{joined}）" if lang == "zh" else f"{shown} ({joined})"
