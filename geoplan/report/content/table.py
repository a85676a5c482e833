"""Tables of a delivery: typed cells under named columns, described once and drawn by every renderer.

A content module makes a `Table` from the outcome. A renderer (workbook, CSV, Word, atlas, report page, map, console) draws
any table and knows no column by name: it prints a cell with `cell_text`, so that a figure reads the same everywhere, and may ask
a cell for its numbers or its code where its format holds them (a spreadsheet's number, a colour).

What a column is called and how its numbers are written stands once, in the catalogue under ``column_<key>``, in a words file
beside the content modules::

    column_marginal: {zh: 边际新增, en: Marginal gain, format: count, width: 8}

A content module registers its tables with `geoplan.report.content.registry.listed`; the workbook and the CSV files find them there.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from geoplan.report.content.names import present
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.labels import amount_format, label, unit
from geoplan.words.numbers import FORMATS, format_interval, missing

#: How much of a table a product prints: 1 where room is scarce (atlas, map), 2 on paper (Word, report), 3 in the workbook, 4 in
#: files for programs only (ids).
Depth = Literal[1, 2, 3, 4]


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
class Computed:
    """A number that a spreadsheet computes from other cells: a reader who changes one of them sees what follows.

    `formula` is that of a spreadsheet, with ``{key}`` for the cell of the column `key` in the same row and names that a table gives
    (`Table.named`); every other output prints `value`.
    """

    value: Amount
    formula: str

    def text(self, lang: str) -> str:
        """Return the value as every output prints it."""
        return self.value.text(lang)


@dataclass(frozen=True)
class Coded:
    """A word of a list (a verdict, a state, a cause): the code for programs and colours, its label for people.

    `shown` is the label where the list is open or the label is not the code's own (a planner's facility type, a service that
    the study names).

    Examples
    --------
    >>> Coded("not_met").text("zh"), Coded("sauna", "桑拿").text("zh")
    ('未达标', '桑拿')
    """

    code: str
    shown: str = ""

    @classmethod
    def of(cls, code: object, shown: str = "") -> "Coded | None":
        """Return a code as a cell, None where it is missing or empty."""
        return cls(str(code), shown) if present(code) else None

    def text(self, lang: str) -> str:
        """Return the label; an unknown code without a label of its own raises."""
        return self.shown or label(self.code, lang)


@dataclass(frozen=True)
class Tally:
    """How many of those that could be judged, and how many could not: three figures that stay together.

    Examples
    --------
    >>> Tally(3, 10, 2).text("zh"), Tally(0, 0, 13).text("zh"), Tally(3, 10, 0).text("en")
    ('3 / 10（另 2 个数据不足）', '数据不足（13 个）', '3 / 10')
    >>> Tally(3, 10, 0, "met").text("zh")
    '达标 3 / 10'
    """

    count: int
    judged: int
    no_data: int = 0
    code: str = ""
    """What is counted, where the header does not say it."""

    @classmethod
    def of(cls, states: Iterable[object], code: str = "") -> "Tally":
        """Return how many of `states` (True, False, or missing: no data) are true.

        Examples
        --------
        >>> Tally.of([True, False, None, float("nan")])
        Tally(count=1, judged=2, no_data=2, code='')
        """
        listed = list(states)
        known = [bool(state) for state in listed if not missing(state)]
        return cls(sum(known), len(known), len(listed) - len(known), code)

    def text(self, lang: str) -> str:
        """Return ``3 / 10 (2 more without data)``; only the number without data where nothing was judged."""
        if self.judged == 0:
            return phrase("tally_no_data" if self.no_data else "tally_none", lang, no_data=self.no_data)
        code = "tally_part" if self.no_data else "tally_whole"
        shown = phrase(code, lang, count=f"{self.count:,}", judged=f"{self.judged:,}", no_data=self.no_data)
        return f"{label(self.code, lang)} {shown}" if self.code else shown


@dataclass(frozen=True)
class Listed:
    """Several words in one cell: types of a facility, communities that a site serves.

    Examples
    --------
    >>> Listed((Coded("met"), "甲")).text("zh"), Listed(("a", "b")).text("en")
    ('达标、甲', 'a, b')
    """

    items: tuple[str | Coded, ...]

    def text(self, lang: str) -> str:
        """Return the words with the separator of the language."""
        return phrase("join_items", lang).join(cell_text(item, lang) for item in self.items)


#: One cell; text stands as it is, None is a cell without a value.
Cell = str | Amount | Computed | Coded | Tally | Listed | None


#: Formats of columns that hold words, or several numbers in words.
WORDED = ("text", "coded", "listed", "tally")


def unit_cell(code: object, lang: str) -> Coded | None:
    """Return a unit as a cell: its code for programs, its name for people; None where there is none."""
    return Coded.of(code, unit(code, lang))


def gap_cell(amount: object, unit_code: object) -> Amount | None:
    """Return a shortfall as a cell, with as many digits as its unit needs."""
    return Amount.of(amount, amount_format(unit_code))


def numbered(rows: Iterable[Sequence[Cell]]) -> list[list[Cell]]:
    """Return rows with their number, from 1, in front."""
    return [[Amount(position, position, "count"), *row] for position, row in enumerate(rows, start=1)]


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
        Number format (`geoplan.words.numbers.FORMATS`), ``text``, ``coded``, ``listed`` or ``tally``; a cell may differ in its own
        `Amount.format`.
    width
        Width beside the other columns, in characters.
    mark
        What a renderer may colour: ``short`` (a shortfall), ``share`` (classes of a covered share), ``code`` (the colour of each
        cell's code) or nothing.
    depth
        From which depth on a product prints it.
    interval
        Whether programs get two fields, ``<key>_low`` and ``<key>_high``.
    choices
        Words of which one is to be filled in, where the column is for the reader to fill.
    """

    key: str
    header: str
    format: str = "text"
    width: float = 12.0
    mark: str = ""
    depth: Depth = 2
    interval: bool = False
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.format not in FORMATS and self.format not in WORDED:
            raise ValueError(f"column `{self.key}`: no number format `{self.format}`")


def column(
    key: str, lang: str, *, name: str = "", header: str = "", depth: Depth | None = None, choices: tuple[str, ...] = (), **values: object
) -> Column:  # fmt: skip
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
    depth
        Depth where the table prints the column elsewhere than others do.
    choices
        Words of which the reader fills in one.

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
    if depth is not None:
        given["depth"] = depth
    return Column(name or key, shown, choices=choices, **given)


@dataclass(frozen=True)
class Chart:
    """A line chart over the rows `first` to `last` (from 0) of a table: the columns `lines` over the column `x`, by their keys.

    The first line is solid, the others are dashed; their headers name them. `axes` says what the x axis and the y axis show, `low`
    is where the y axis begins.
    """

    title: str
    first: int
    last: int
    x: str
    lines: tuple[str, ...]
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
        As many cells in each row as there are columns; in a column of numbers stand amounts, codes or nothing, and intervals only
        where the column says so.
    notes
        Sentences that qualify the figures; every product that prints the table prints them.
    details
        Sentences for those who work on with the table; printed with all of its columns only (depth 3).
    frozen
        Columns on the left that stay in sight.
    empty
        What is said where there are no rows: why, never just nothing.
    below
        Tables that stand below it on the same page (tab of the workbook).
    page
        Title of a page that holds several tables; each table's own title is then its heading.
    strong
        Rows, from 0, that stand out in bold: what the plan binds.
    filtered
        Whether a page that holds several filters this one and repeats its headers; one of a page, or none.
    on_paper
        How many columns from the left a workbook prints; the others stand on the screen only. 0: all.
    whole
        Whether it is filed as a whole: a workbook prints all of its rows but where they are very many; else the first of a long table.
    opens
        Whether a workbook opens on this table.
    named
        A name for the last cell of each row, by which formulas (`Computed`) know it; empty where none does.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    frozen: int = 0
    empty: str = ""
    charts: tuple[Chart, ...] = ()
    below: "tuple[Table, ...]" = ()
    page: str = ""
    filtered: bool = False
    strong: frozenset[int] = frozenset()
    on_paper: int = 0
    whole: bool = False
    opens: bool = False
    named: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, key: str, title: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], **more: object
    ) -> "Table":
        """Return a table from any sequences.

        Raises
        ------
        ValueError
            If a row does not fit the columns, or a cell its column.
        """
        made = cls(key, title, tuple(columns), tuple(tuple(row) for row in rows), **more)  # type: ignore[arg-type]
        for row in made.rows:
            if len(row) != len(made.columns):
                raise ValueError(f"{key}: a row of {len(row)} cells under {len(made.columns)} columns")
            for cell, entry in zip(row, made.columns, strict=True):
                if isinstance(cell, Amount) and cell.low != cell.high and not entry.interval:
                    raise ValueError(f"{key}: an interval in the column `{entry.key}` of single numbers")
                if isinstance(cell, str) and cell and entry.format in FORMATS:
                    raise ValueError(f"{key}: text in the column `{entry.key}` of numbers: `{cell}`")
        return made

    def to(self, depth: Depth) -> "Table":
        """Return the table with the columns that a product of `depth` prints, and the charts that these can draw."""
        kept = [place for place, entry in enumerate(self.columns) if entry.depth <= depth]
        if not kept:
            raise ValueError(f"{self.key}: no column is printed at depth {depth}")
        keys = {self.columns[k].key for k in kept}
        charts = tuple(chart for chart in self.charts if {chart.x, *chart.lines} <= keys)
        return replace(self.picked(kept), details=self.details if depth >= 3 else (), charts=charts)

    def picked(self, places: Sequence[int]) -> "Table":
        """Return the table with the columns at some places, in the order given, without charts."""
        return replace(
            self,
            columns=tuple(self.columns[k] for k in places),
            rows=tuple(tuple(row[k] for k in places) for row in self.rows),
            frozen=sum(k < self.frozen for k in places),
            on_paper=sum(k < self.on_paper for k in places),
            charts=(),
        )

    def only(self, *keys: str) -> "Table":
        """Return the table with some columns, in the order given, printed wherever the table is.

        Raises
        ------
        KeyError
            If no column has one of the keys.
        """
        at = {entry.key: place for place, entry in enumerate(self.columns)}
        own = self.picked([at[key] for key in keys])
        return replace(own, columns=tuple(replace(entry, depth=1) for entry in own.columns))

    def where(self, key: str, *codes: str) -> "Table":
        """Return the rows whose cell in one column has one of the codes; ``""`` stands for a cell without a code."""
        cells = zip(self.rows, self.cells(key), strict=True)
        kept = [
            place
            for place, (_, cell) in enumerate(cells)
            if (cell.code if isinstance(cell, Coded) else "") in codes
        ]
        strong = frozenset(new for new, old in enumerate(kept) if old in self.strong)
        return replace(self, rows=tuple(self.rows[place] for place in kept), strong=strong)

    def stacked(self, key: str, *below: str, lang: str) -> "Table":
        """Return the table with the texts of some columns set below those of the column `key`, where a page has no room for them."""
        at = {entry.key: place for place, entry in enumerate(self.columns)}
        parts, place = [at[one] for one in (key, *below)], at[key]

        def merged(row: tuple[Cell, ...]) -> str:
            return "\n".join(filter(None, (cell_text(row[k], lang) for k in parts)))

        rows = tuple((*row[:place], merged(row), *row[place + 1 :]) for row in self.rows)
        kept = [entry.key for entry in self.columns if entry.key not in below]
        columns = (
            *self.columns[:place],
            replace(self.columns[place], format="text"),
            *self.columns[place + 1 :],
        )
        return replace(self, columns=columns, rows=rows).only(*kept)

    def footnoted(self, key: str, lang: str) -> "Table":
        """Return the table with the sentences of one column as notes below it, and their marks ①, ② in its cells.

        For pages where a column of sentences has no room. A table without the column, or with more than twenty sentences, is as it was.
        """
        place = next((k for k, entry in enumerate(self.columns) if entry.key == key), None)
        if place is None:
            return self
        joint = phrase("join_semicolon", lang)
        said = [[one for one in cell_text(cell, lang).split(joint) if one] for cell in self.cells(key)]
        marks = {
            one: chr(ord("①") + number) for number, one in enumerate(dict.fromkeys(itertools.chain(*said)))
        }
        if len(marks) > 20:  # ⑳ is the last
            return self
        rows = tuple(
            (*row[:place], "".join(marks[one] for one in own), *row[place + 1 :])
            for row, own in zip(self.rows, said, strict=True)
        )
        return replace(
            self, rows=rows, notes=(*self.notes, *(f"{mark} {one}" for one, mark in marks.items()))
        )

    def slim(self) -> "Table":
        """Return the table as paper has room for it.

        A column without a value in any row goes. A column of text that says the same in each of several rows, outside the frozen
        ones, becomes a note under its header.
        """
        kept, notes = [], list(self.notes)
        for place, entry in enumerate(self.columns):
            cells = {row[place] for row in self.rows}
            if self.rows and cells <= {None, ""}:
                continue
            if len(self.rows) > 1 and len(cells) == 1 and entry.format == "text" and place >= self.frozen:
                notes.append(f"{entry.header}: {cells.pop()}")
                continue
            kept.append(place)
        return replace(self.picked(kept), notes=tuple(notes))

    def first(self, count: int) -> "Table":
        """Return the table with its first rows only, without charts."""
        return replace(self, rows=self.rows[:count], charts=())

    def cells(self, key: str) -> list[Cell]:
        """Return the cells of one column.

        Raises
        ------
        KeyError
            If no column has this key.
        """
        for place, entry in enumerate(self.columns):
            if entry.key == key:
                return [row[place] for row in self.rows]
        raise KeyError(key)

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
        shown = f"{cell_text(self.value, lang)} {self.unit}".rstrip()
        if not self.caveats:
            return shown
        joined = phrase("join_semicolon", lang).join(self.caveats)
        return shown + phrase("in_brackets", lang, text=joined)
