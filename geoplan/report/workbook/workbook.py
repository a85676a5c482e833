"""The workbook that an office hands in: ``gap_list.xlsx``. Same outcome, same bytes; text in it never runs.

It draws any table, a tab each, and knows no column by name. A cell of a spreadsheet shows what `cell_text` prints, and holds the
number behind it.
"""

import datetime as dt
import math
import string
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.table import (
    WORDED,
    Amount,
    Cell,
    Chart,
    Coded,
    Column,
    Computed,
    Table,
    Tally,
    cell_text,
)
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import FORMATS, format_number

#: Rows that a sheet prints; longer ones print so many and say so, so that a workbook is a paper and not a book.
MOST_PRINTED = 120
#: The same of a list that is filed as a whole: that of a district is, that of a large city is not.
MOST_FILED = 1000
#: Longest text that a cell holds, and that a page's header or footer holds (limits of the file format).
CELL_TEXT, PAGE_TEXT = 32_767, 255
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.7, "bottom": 0.6}
_FLAG = (look.COLOURS["flag_soft"], look.COLOURS["flag"])
_NO_DATA = (look.COLOURS["no_data"], look.COLOURS["ink_soft"])
_NOT_MET = (look.VERDICT_COLOURS["not_met"], look.COLOURS["paper"])
_MET = (look.VERDICT_COLOURS["met"], look.COLOURS["ink"])
_BESIDE = (look.VERDICT_COLOURS["not_applicable"], look.COLOURS["ink_soft"])
#: Code of a cell -> background and ink.
_COLOURS = {
    "flag": _FLAG,
    "flagged": _FLAG,
    "mean_met": (look.COLOURS["mean_met"], look.COLOURS["ink"]),
    "unknown": _NO_DATA,
    "no_data": _NO_DATA,
    "may_count": _NO_DATA,
    "met": _MET,
    "has": _MET,
    "not_met": _NOT_MET,
    "has_not": _NOT_MET,
    "not_applicable": _BESIDE,
    "member_lacks": _BESIDE,
    "not_quantified": (look.VERDICT_COLOURS["not_quantified"], look.COLOURS["ink"]),
    **look.GRADE_COLOURS,
    "error": _FLAG,
    "warning": (look.COLOURS["banner"], look.COLOURS["banner_ink"]),
}


def write_workbook(pages: Iterable[Table], outcome: Outcome, path: Path) -> None:
    """Write a workbook: A4 landscape, frozen headers, filters, number formats, colours that follow the values.

    Each of `pages` is a tab, with the tables below it. Every page names the study, the people's basis and the year; a synthetic study says so on every page.

    Raises
    ------
    OSError
        If the file cannot be written, e.g. because another program holds it open.
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    book = xlsxwriter.Workbook(str(path), options)
    pages = [_printed(table) for table in pages]
    try:
        pen = _Pen(book)
        for tab, table in zip(safe_names([table.page or table.title for table in pages]), pages, strict=True):
            page = book.add_worksheet(tab)
            header = _write_page(book, page, pen, table, outcome)
            if table.opens:
                page.activate()
            for place, chart in enumerate(table.charts):
                _draw(book, page, table, chart, header=header, place=place)
        # a fixed date, so that the same outcome gives the same bytes
        created = dt.datetime(outcome.year, 1, 1, tzinfo=dt.UTC)
        book.set_properties(
            {"title": outcome.name, "comments": titles.basis_line(outcome), "created": created}
        )
    finally:
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(str(error)) from error


def _printed(table: Table) -> Table:
    """Return a table with what a workbook prints of it, the same for those below it."""
    return replace(table.to(3), below=tuple(part.to(3) for part in table.below))


#: Longest name of a tab, and what may not stand in it (limits of the file format).
_TAB, _NOT_IN_TAB = 31, str.maketrans(dict.fromkeys("[]:*?/\\", "·") | {chr(c): " " for c in range(32)})


def safe_names(names: Sequence[str]) -> list[str]:
    """Return names of tabs that a workbook takes: short enough, without what it forbids, no two alike.

    Examples
    --------
    >>> safe_names(["a/b", "A/B", "'quoted'", "", "History"])
    ['a·b', 'A·B (2)', 'quoted', '–', 'History–']
    """
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = name.translate(_NOT_IN_TAB).strip(f"'{string.whitespace}") or "–"
        # a name that Excel keeps for itself
        plain = f"{plain}–" if plain.casefold() == "history" else plain
        tries = (plain, *(f"{_cut(plain, f' ({k})')} ({k})" for k in range(2, len(names) + 2)))
        tab = next(_cut(t, "") for t in tries if _cut(t, "").casefold() not in taken)
        taken.add(tab.casefold())
        found.append(tab)
    return found


def _cut(name: str, ending: str) -> str:
    """Return `name` so short that `ending` fits behind it; a sign beyond the first 65,536 counts twice."""
    while len((name + ending).encode("utf-16-le")) > 2 * _TAB:
        name = name[:-1]
    # an apostrophe may end no name
    return name if ending else name.rstrip("' ")


class _Pen:
    """The workbook's formats, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book, self._made = book, dict[tuple[tuple[str, Any], ...], Any]()
        self._cells: dict[tuple[str, bool], Any] = {}

    def __call__(self, **properties: object) -> Any:  # noqa: ANN401 - xlsxwriter is untyped
        usual = {
            "font_name": look.FONT_WORKBOOK,
            "font_size": 10,
            "font_color": look.COLOURS["ink"],
            "valign": "vcenter",
        }
        merged: dict[str, Any] = usual | properties
        key = tuple(sorted(merged.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(merged)
        return self._made[key]

    def cell(self, shown: str, *, strong: bool = False) -> Any:  # noqa: ANN401
        """Return the format of a body cell: ``text``, ``words`` (a text among numbers, such as an interval), or a number's code."""
        if (shown, strong) not in self._cells:
            edge: dict[str, object] = {"bottom": 1, "bottom_color": look.COLOURS["line"]}
            edge |= {"bold": True} if strong else {}
            if shown == "text":
                form = self(text_wrap=True, align="left", indent=1, **edge)
            elif shown == "words":
                form = self(align="right", shrink=True, **edge)
            else:
                form = self(num_format=shown, align="right", **edge)
            self._cells[shown, strong] = form
        return self._cells[shown, strong]

    def colour(self, background: str, ink: str) -> Any:  # noqa: ANN401
        """Return a format that only colours, for rules that follow the values."""
        return self._book.add_format({"bg_color": background, "font_color": ink})


def _write_page(book: Workbook, page: Worksheet, pen: _Pen, table: Table, outcome: Outcome) -> int:
    """Write a page without its charts; return the row of the first table's headers."""
    parts = (table, *table.below)
    widths = _widths(parts)
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    at = _write_head(page, pen, table, outcome, widths)
    single = not table.below
    headers = at if single else at + 1
    for part in parts:
        if not single:
            heading = pen(bold=True, font_size=11, font_color=look.COLOURS["accent"])
            page.write_string(at, 0, part.title, heading)
            at += 1
        last = _write_table(page, pen, part, at, widths, outcome.lang)
        _colour(page, pen, part, at, outcome.lang)
        _prepare(book, page, part, at)
        if single:
            page.freeze_panes(at + 1, table.frozen)
        if single or part.filtered:
            page.repeat_rows(at)
            page.autofilter(at, 0, last, len(part.columns) - 1)
        at = last + 2
    _set_page(page, table, outcome)
    last_row = headers + MOST_PRINTED if _is_cut(table) else at - 2
    if table.on_paper or _is_cut(table):
        page.print_area(0, 0, last_row, (table.on_paper or len(widths)) - 1)
    return headers


def _is_cut(table: Table) -> bool:
    """Return whether a sheet prints its first rows only."""
    return len(table.rows) > (MOST_FILED if table.whole else MOST_PRINTED)


def _prepare(book: Workbook, page: Worksheet, table: Table, at: int) -> None:
    """Give cells their names, and columns to be filled in their drop-downs."""
    for offset, name in enumerate(table.named, start=1):
        if name:
            place = xl_rowcol_to_cell(at + offset, len(table.columns) - 1, row_abs=True, col_abs=True)
            quoted = page.name.replace("'", "''")
            book.define_name(name, f"='{quoted}'!{place}")
    for place, column in enumerate(table.columns):
        if column.choices and table.rows:
            words = {"validate": "list", "source": list(column.choices)}
            page.data_validation(at + 1, place, at + len(table.rows), place, words)


#: Height of a chart, in pixels and in the rows that it takes with the space below it.
_CHART_HEIGHT, _CHART_ROWS = 330, 15


def _draw(book: Workbook, page: Worksheet, table: Table, chart: Chart, *, header: int, place: int) -> None:
    """Draw a line chart to the right of a table, the next ones below it; it follows the cells when they are changed."""
    drawn = book.add_chart({"type": "line"})
    at = {column.key: position for position, column in enumerate(table.columns)}
    first, last = header + 1 + chart.first, header + 1 + chart.last
    x = at[chart.x]
    for number, column in enumerate(at[key] for key in chart.lines):
        colour = look.COLOURS["ink_soft" if number else "accent"]
        line = {"color": colour, "width": 1.5 if number else 2.25}
        mark = {"type": "none"} if number else {
            "type": "circle", "size": 6, "fill": {"color": colour}, "border": {"color": colour},
        }  # fmt: skip
        drawn.add_series(
            {
                "name": [page.name, header, column],
                "categories": [page.name, first, x, last, x],
                "values": [page.name, first, column, last, column],
                "line": line | ({"dash_type": "dash"} if number else {}),
                "marker": mark,
            }
        )
    font = {"name": look.FONT_WORKBOOK, "size": 9, "color": look.COLOURS["ink"], "bold": False}
    grid = {"visible": True, "line": {"color": look.COLOURS["line"], "width": 0.75}}
    drawn.set_title({"name": chart.title, "name_font": font | {"size": 11, "bold": True}, "overlay": False})
    drawn.set_x_axis({"name": chart.axes[0], "name_font": font, "num_font": font})
    foot = {"min": int(chart.low) if chart.low.is_integer() else chart.low, "num_format": "#,##0.###"} | {
        "major_gridlines": grid
    }
    drawn.set_y_axis({"name": chart.axes[1], "name_font": font, "num_font": font} | foot)
    drawn.set_legend({"position": "bottom", "font": font})
    drawn.set_size({"width": 620, "height": _CHART_HEIGHT})
    beside = {"x_offset": 24, "object_position": 3}
    # below the headers, which stand on every page and would take a part of it along
    page.insert_chart(header + 1 + place * _CHART_ROWS, len(table.columns), drawn, beside)


def _widths(parts: Sequence[Table]) -> list[float]:
    count = max(len(part.columns) for part in parts)
    return [max(part.columns[k].width for part in parts if k < len(part.columns)) for k in range(count)]


def _write_head(page: Worksheet, pen: _Pen, table: Table, outcome: Outcome, widths: list[float]) -> int:
    """Write title, year and basis, banner and notes; return the next free row."""
    widths = widths[: table.on_paper or None]
    lang, last = outcome.lang, len(widths) - 1
    lines: list[tuple[str, Any, float]] = []
    title = phrase("papers_title", lang, name=outcome.name, sheet=table.page or table.title)
    lines.append((title, pen(bold=True, font_size=14, text_wrap=True), 14))
    year = phrase("papers_year", lang, year=outcome.year)
    basis = f"{year}{phrase('stop', lang)}{phrase('note_space', lang)}{titles.basis_line(outcome)}"
    soft = pen(font_size=9, font_color=look.COLOURS["ink_soft"], text_wrap=True)
    lines.append((basis, soft, 9))
    if outcome.synthetic:
        colours = {"bg_color": look.COLOURS["banner"], "font_color": look.COLOURS["banner_ink"]}
        lines.append((titles.banner(outcome), pen(bold=True, font_size=11, **colours), 11))
    notes = dict.fromkeys(note for part in (table, *table.below) for note in (*part.details, *part.notes))
    if _is_cut(table):
        notes[phrase("papers_cut", lang, shown=MOST_PRINTED, count=f"{len(table.rows):,}")] = None
    lines += [(note, soft, 9) for note in notes]
    for row, (line, form, size) in enumerate(lines):
        if last > 0:
            page.merge_range(row, 0, row, last, "", form)
        page.write_string(row, 0, line[:CELL_TEXT], form)
        page.set_row(row, _height(line, sum(widths), size))
    return len(lines) + 1


def _height(line: str, width: float, size: float) -> float:
    """Return the height in points of a wrapped text in a column of `width` characters."""
    return max(_lines(line, width, size), 1) * size * 1.36 + 4


@lru_cache(maxsize=65536)
def _lines(text: str, width: float, size: float) -> int:
    """Return how many lines a text takes: a Chinese character is nearly as wide as two Latin ones."""
    room = max(width - 1.0, 1.0) * 10 / size
    cells = (
        sum(1.9 if unicodedata.east_asian_width(c) in "WF" else 1 for c in part) for part in text.split("\n")
    )
    return sum(max(math.ceil(count / room), 1) for count in cells)


def _write_table(page: Worksheet, pen: _Pen, table: Table, at: int, widths: list[float], lang: str) -> int:
    """Write headers and rows; return the last row written."""
    head = pen(
        bold=True, font_size=9, font_color=look.COLOURS["paper"], bg_color=look.COLOURS["accent"],
        text_wrap=True, align="center", border=1, border_color=look.COLOURS["line"],
    )  # fmt: skip
    page.set_row(at, max(_height(c.header, w, 9.5) for c, w in zip(table.columns, widths, strict=False)))
    for place, column in enumerate(table.columns):
        page.write_string(at, place, column.header, head)
    for offset, row in enumerate(table.rows, start=1):
        texts = [
            _height(cell_text(cell, lang), width, 10)
            for cell, width, column in zip(row, widths, table.columns, strict=False)
            if cell is not None and column.format in WORDED
        ]
        page.set_row(at + offset, max(texts or [17.5]))
        form = partial(pen.cell, strong=offset - 1 in table.strong)
        here = {
            entry.key: xl_rowcol_to_cell(at + offset, place, col_abs=True)
            for place, entry in enumerate(table.columns)
        }
        for place, cell in enumerate(row):
            if isinstance(cell, Computed):
                shown = form(number_code(cell.value.low, cell.value.format))
                page.write_formula(
                    at + offset, place, "=" + cell.formula.format(**here), shown, cell.value.low
                )
            else:
                _write_cell(page, form, (at + offset, place), cell, table.columns[place], lang)
    if not table.rows:
        nothing = table.empty or phrase("papers_nothing", lang)
        page.write_string(at + 1, 0, nothing, pen(font_color=look.COLOURS["ink_soft"]))
    return at + max(len(table.rows), 1)


def _write_cell(
    page: Worksheet, form: Callable[[str], Any], at: tuple[int, int], cell: Cell, column: Column, lang: str
) -> None:
    """Write one cell; `form` gives the format of a kind of cell (`_Pen.cell`)."""
    if cell is None:
        page.write_blank(*at, None, form("text"))
    elif isinstance(cell, Amount) and (cell.known or _prints_as_low(cell, lang)):
        page.write_number(*at, cell.low, form(number_code(cell.low, cell.format)))
    else:
        page.write_string(
            *at, cell_text(cell, lang)[:CELL_TEXT], form("text" if column.format in WORDED else "words")
        )


def _prints_as_low(cell: Amount, lang: str) -> bool:
    """Return whether an interval prints as one number, its low end."""
    return math.isfinite(cell.low) and cell.text(lang) == format_number(cell.low, cell.format)


@lru_cache(maxsize=65536)
def number_code(value: float, number_format: str) -> str:
    """Return the number format of a spreadsheet cell that shows `value` as `format_number` prints it.

    A format that drops zeros behind the point would leave the point, so that the code has as many digits as are printed; what is
    not rounded (99.96 % prints as 99.9 %) stands in the code as text.

    Examples
    --------
    >>> number_code(50.0, "per_1000"), number_code(4.55, "per_1000"), number_code(0.5, "percent")
    ('#,##0', '#,##0.00', '0.0%')
    >>> number_code(0.9999, "percent")
    '"99.9%"'
    """
    shown = format_number(value, number_format)
    if number_format == "percent":
        rounded = format_number(round(value, 3), "percent")
        return FORMATS[number_format].excel if shown == rounded else f'"{shown}"'
    if number_format in ("per_1000", "decimal"):
        digits = len(shown.partition(".")[2])
        return "#,##0" + ("." + "0" * digits if digits else "")
    return FORMATS[number_format].excel


def _colour(page: Worksheet, pen: _Pen, table: Table, at: int, lang: str) -> None:
    """Let colours follow values: shortfalls, classes of shares, and codes such as verdicts."""
    if not table.rows:
        return
    first, last = at + 1, at + len(table.rows)
    for column, entry in enumerate(table.columns):
        here = xl_rowcol_to_cell(first, column)
        rules: list[tuple[str, tuple[str, str]]] = []
        if entry.mark == "short":
            rules.append((f"AND(ISNUMBER({here}),{here}>0)", _FLAG))
        if entry.mark == "share":
            rules += _share_rules(here)
        if entry.mark:
            shown = {cell_text(row[column], lang): _code(row[column]) for row in table.rows}
            rules += [
                (f'{here}="{text}"', _COLOURS[look.TONES.get(code, code)])
                for text, code in sorted(shown.items())
                if look.TONES.get(code, code) in _COLOURS and '"' not in text
            ]
        for formula, (background, ink) in rules:
            form = pen.colour(background, ink)
            page.conditional_format(
                first, column, last, column, {"type": "formula", "criteria": f"={formula}", "format": form}
            )


def _code(cell: Cell) -> str:
    """Return what colours a cell: its code; a tally of what is met is met where all are."""
    if isinstance(cell, Tally):
        return "no_data" if not cell.judged else "met" if cell.count == cell.judged else "not_met"
    return cell.code if isinstance(cell, Coded) else ""


def _share_rules(here: str) -> list[tuple[str, tuple[str, str]]]:
    """Return a rule a class of covered share, the same classes as on the map."""
    scale = look.share_scale()
    limits = [0.0, *scale.limits]
    rules = []
    for k, colour in enumerate(scale.colours):
        upper = f",{here}<{scale.limits[k]}" if k < len(scale.limits) else ""
        ink = look.COLOURS["paper"] if k >= len(scale.colours) - 2 else look.COLOURS["ink"]
        rules.append((f"AND(ISNUMBER({here}),{here}>={limits[k]}{upper})", (colour, ink)))
    return rules


def _set_page(page: Worksheet, table: Table, outcome: Outcome) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(**_MARGINS)
    page.fit_to_pages(1, 0)
    page.hide_gridlines(2)
    lang = outcome.lang
    right = titles.banner(outcome)
    page.set_header(_page_text(f"{outcome.name} · {table.page or table.title}", right))
    basis = f"{phrase('papers_year', lang, year=outcome.year)} · {titles.basis_line(outcome)}"
    page.set_footer(_page_text(basis, phrase("papers_page", lang), escape_right=False))


def _page_text(left: str, right: str, *, escape_right: bool = True) -> str:
    """Return a header or footer; ``&`` starts a code there, so that one in a name is doubled."""
    right = right.replace("&", "&&") if escape_right else right
    room = PAGE_TEXT - len(right) - len("&L&9 &R&9 ")
    shown = left.replace("&", "&&")
    if len(shown) > room:
        shown = shown[: room - 1].rstrip("&") + "…"
    return f"&L&9 {shown}&R&9 {right}"
