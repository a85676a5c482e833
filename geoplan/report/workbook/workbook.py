"""The workbook that an office hands in: ``gap_list.xlsx``. Same outcome, same bytes; text in it never runs."""

import datetime as dt
import math
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from geoplan.report import look
from geoplan.report.content import answers as sheets_answers
from geoplan.report.content import findings as sheets_findings
from geoplan.report.content import gaps as sheets_gaps
from geoplan.report.content import members as sheets_members
from geoplan.report.content import projects as sheets_projects
from geoplan.report.content import sites as sheets_sites
from geoplan.report.content import sources as sheets_sources
from geoplan.report.content import towns as sheets_towns
from geoplan.report.content import zones as sheets_zones
from geoplan.report.content.sheet import Block, Cell, Chart, Sheet, Value, safe_names, word
from geoplan.tables import Outcome

#: Longest text that a cell holds, and that a page's header or footer holds (limits of the file format).
CELL_TEXT, PAGE_TEXT = 32_767, 255
_FORMATS = dict(look.EXCEL_FORMATS) | {"id": "0", "degrees": "0.000000"}
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.7, "bottom": 0.6}
#: Key of a colour -> background and ink.
_COLOURS = {
    "flag": (look.COLOURS["flag_soft"], look.COLOURS["flag"]),
    "no_data": (look.COLOURS["no_data"], look.COLOURS["ink_soft"]),
    "met": (look.VERDICT_COLOURS["met"], look.COLOURS["ink"]),
    "not_met": (look.VERDICT_COLOURS["not_met"], look.COLOURS["paper"]),
    "not_applicable": (look.VERDICT_COLOURS["not_applicable"], look.COLOURS["ink_soft"]),
    "not_quantified": (look.VERDICT_COLOURS["not_quantified"], look.COLOURS["ink"]),
    "error": (look.COLOURS["flag_soft"], look.COLOURS["flag"]),
    "warning": (look.COLOURS["banner"], look.COLOURS["banner_ink"]),
}


def sheets(outcome: Outcome) -> tuple[Sheet, ...]:
    """Return every sheet of the workbook, the main product first."""
    levels = set(outcome.zones["level"])
    found = [
        sheets_zones.flagged(outcome, "community") if "community" in levels else None,
        sheets_zones.flagged(outcome, "town") if "town" in levels else None,
        sheets_findings.indicators(outcome),
        sheets_gaps.gap_list(outcome),
        sheets_members.members(outcome),
        sheets_members.facility_findings(outcome),
        sheets_zones.circles(outcome),
        sheets_zones.provision(outcome),
        sheets_projects.served(outcome),
        sheets_projects.projects(outcome),
        sheets_projects.support(outcome),
        sheets_sites.sites(outcome),
        sheets_sites.site_support(outcome),
        sheets_answers.answers(outcome),
        sheets_answers.curve(outcome),
        sheets_answers.unmet(outcome),
        sheets_sites.other_sites(outcome),
        sheets_answers.candidates(outcome),
        *sheets_towns.town_sheets(outcome),
        sheets_sources.reconciled(outcome),
        sheets_sources.warnings(outcome),
        sheets_sources.sources(outcome),
    ]
    return tuple(sheet for sheet in found if sheet is not None)


def write_workbook(outcome: Outcome, path: Path) -> None:
    """Write the workbook of a run; see `write_sheets`.

    Raises
    ------
    OSError
        If the file cannot be written, e.g. because another program holds it open.
    """
    write_sheets(sheets(outcome), outcome, path)


def write_sheets(found: Sequence[Sheet], outcome: Outcome, path: Path) -> None:
    """Write a workbook: A4 landscape, frozen headers, filters, number formats, colours that follow the values.

    Every page names the study, the people's basis and the year; a synthetic study says so on every page.

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
    try:
        pen = _Pen(book)
        for tab, sheet in zip(safe_names([sheet.name for sheet in found]), found, strict=True):
            page = book.add_worksheet(tab)
            header = _write_sheet(page, pen, sheet, outcome)
            for place, chart in enumerate(sheet.charts):
                _draw(book, page, sheet.blocks[0], chart, header=header, place=place)
        # a fixed date, so that the same outcome gives the same bytes
        created = dt.datetime(outcome.year, 1, 1, tzinfo=dt.UTC)
        book.set_properties({"title": outcome.name, "comments": look.basis_line(outcome), "created": created})
    finally:
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(str(error)) from error


class _Pen:
    """The workbook's formats, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book, self._made = book, dict[tuple[tuple[str, Any], ...], Any]()
        self._cells: dict[str, Any] = {}

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

    def cell(self, kind: str) -> Any:  # noqa: ANN401
        """Return the format of a body cell."""
        if kind not in self._cells:
            self._cells[kind] = self._cell(kind)
        return self._cells[kind]

    def _cell(self, kind: str) -> Any:  # noqa: ANN401
        edge = {"bottom": 1, "bottom_color": look.COLOURS["line"]}
        if kind == "words":  # a text among numbers, such as an interval
            return self(align="right", shrink=True, **edge)
        if kind == "text":
            return self(text_wrap=True, align="left", indent=1, **edge)
        return self(num_format=_FORMATS[kind], align="right", **edge)

    def colour(self, background: str, ink: str) -> Any:  # noqa: ANN401
        """Return a format that only colours, for rules that follow the values."""
        return self._book.add_format({"bg_color": background, "font_color": ink})


def _write_sheet(page: Worksheet, pen: _Pen, sheet: Sheet, outcome: Outcome) -> int:
    """Write a sheet without its charts; return the row of the first block's headers."""
    widths = _widths(sheet)
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    at = _write_head(page, pen, sheet, outcome, widths)
    single = len(sheet.blocks) == 1
    headers = at + 1 if sheet.blocks[0].heading else at
    for place, block in enumerate(sheet.blocks):
        if block.heading:
            page.write_string(
                at, 0, block.heading, pen(bold=True, font_size=11, font_color=look.COLOURS["accent"])
            )
            at += 1
        last = _write_block(page, pen, block, at, widths, outcome.lang)
        _colour(page, pen, sheet, block, at)
        if single:
            page.freeze_panes(at + 1, sheet.frozen_columns)
        if single or place == sheet.listed:
            page.repeat_rows(at)
            page.autofilter(at, 0, last, len(block.columns) - 1)
        at = last + 2
    _set_page(page, sheet, outcome)
    return headers


#: Height of a chart, in pixels and in the rows that it takes with the space below it.
_CHART_HEIGHT, _CHART_ROWS = 330, 15


def _draw(book: Workbook, page: Worksheet, block: Block, chart: Chart, *, header: int, place: int) -> None:
    """Draw a line chart to the right of a block, the next ones below it; it follows the cells when they are changed."""
    drawn = book.add_chart({"type": "line"})
    first, last = header + 1 + chart.first, header + 1 + chart.last
    for number, column in enumerate(chart.lines):
        colour = look.COLOURS["ink_soft" if number else "accent"]
        line = {"color": colour, "width": 1.5 if number else 2.25}
        mark = {"type": "none"} if number else {
            "type": "circle", "size": 6, "fill": {"color": colour}, "border": {"color": colour},
        }  # fmt: skip
        drawn.add_series(
            {
                "name": [page.name, header, column],
                "categories": [page.name, first, chart.x, last, chart.x],
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
    page.insert_chart(header + 1 + place * _CHART_ROWS, len(block.columns), drawn, beside)


def _widths(sheet: Sheet) -> list[float]:
    count = max(len(block.columns) for block in sheet.blocks)
    return [
        max((b.columns[k].width for b in sheet.blocks if k < len(b.columns)), default=10.0)
        for k in range(count)
    ]


def _write_head(page: Worksheet, pen: _Pen, sheet: Sheet, outcome: Outcome, widths: list[float]) -> int:
    """Write title, year and basis, banner and notes; return the next free row."""
    lang, last = outcome.lang, len(widths) - 1
    lines: list[tuple[str, Any, float]] = []
    title = word("title", lang, name=outcome.name, sheet=sheet.name)
    lines.append((title, pen(bold=True, font_size=14, text_wrap=True), 14))
    dot = "。" if lang == "zh" else ". "
    basis = f"{word('year', lang, year=outcome.year)}{dot}{look.basis_line(outcome)}"
    soft = pen(font_size=9, font_color=look.COLOURS["ink_soft"], text_wrap=True)
    lines.append((basis, soft, 9))
    if outcome.synthetic:
        colours = {"bg_color": look.COLOURS["banner"], "font_color": look.COLOURS["banner_ink"]}
        lines.append((look.banner(outcome), pen(bold=True, font_size=11, **colours), 11))
    lines += [(note, soft, 9) for note in sheet.notes]
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


def _write_block(page: Worksheet, pen: _Pen, block: Block, at: int, widths: list[float], lang: str) -> int:
    """Write headers and rows; return the last row written."""
    head = pen(
        bold=True, font_size=9, font_color=look.COLOURS["paper"], bg_color=look.COLOURS["accent"],
        text_wrap=True, align="center", border=1, border_color=look.COLOURS["line"],
    )  # fmt: skip
    page.set_row(at, max(_height(c.header, w, 9.5) for c, w in zip(block.columns, widths, strict=False)))
    for column, entry in enumerate(block.columns):
        page.write_string(at, column, entry.header, head)
    for offset, row in enumerate(block.rows, start=1):
        texts = [
            (value, width)
            for value, width, column in zip(row, widths, block.columns, strict=False)
            if isinstance(value, str) and column.kind == "text"
        ]
        page.set_row(at + offset, max([_height(value, width, 10) for value, width in texts] or [17.5]))
        for column, value in enumerate(row):
            _write_cell(page, pen, at + offset, column, value, block.columns[column].kind)
    if not block.rows:
        page.write_string(at + 1, 0, word("nothing", lang), pen(font_color=look.COLOURS["ink_soft"]))
    return at + max(len(block.rows), 1)


def _write_cell(page: Worksheet, pen: _Pen, row: int, column: int, value: Value | Cell, kind: str) -> None:
    if isinstance(value, Cell):
        page.write_number(row, column, value.value, pen.cell(value.kind))
    elif value is None:
        page.write_blank(row, column, None, pen.cell("text"))
    elif isinstance(value, str):
        form = pen.cell("text" if kind == "text" else "words")
        page.write_string(row, column, value[:CELL_TEXT], form)
    else:
        page.write_number(row, column, value, pen.cell(kind if kind != "text" else "whole"))


def _colour(page: Worksheet, pen: _Pen, sheet: Sheet, block: Block, at: int) -> None:
    """Let colours follow values: shortfalls, classes of shares, and words of verdicts."""
    if not block.rows:
        return
    first, last = at + 1, at + len(block.rows)
    for column, entry in enumerate(block.columns):
        here = xl_rowcol_to_cell(first, column)
        rules: list[tuple[str, tuple[str, str]]] = []
        if entry.mark == "short":
            rules.append((f"AND(ISNUMBER({here}),{here}>0)", _COLOURS["flag"]))
            rules += [
                (f'{here}="{look.label("no_data", lang)}"', _COLOURS["no_data"]) for lang in ("zh", "en")
            ]
        elif entry.mark == "share":
            rules += _share_rules(here)
        elif entry.mark in ("verdict", "flagged", "severity"):
            rules += [(f'{here}="{said}"', _COLOURS[key]) for said, key in sheet.values.items()]
        for formula, (background, ink) in rules:
            form = pen.colour(background, ink)
            page.conditional_format(
                first, column, last, column, {"type": "formula", "criteria": f"={formula}", "format": form}
            )


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


def _set_page(page: Worksheet, sheet: Sheet, outcome: Outcome) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(**_MARGINS)
    page.fit_to_pages(1, 0)
    page.hide_gridlines(2)
    lang = outcome.lang
    right = look.banner(outcome)
    page.set_header(_page_text(f"{outcome.name} · {sheet.name}", right))
    basis = f"{word('year', lang, year=outcome.year)} · {look.basis_line(outcome)}"
    page.set_footer(_page_text(basis, word("page", lang), escape_right=False))


def _page_text(left: str, right: str, *, escape_right: bool = True) -> str:
    """Return a header or footer; ``&`` starts a code there, so that one in a name is doubled."""
    right = right.replace("&", "&&") if escape_right else right
    room = PAGE_TEXT - len(right) - len("&L&9 &R&9 ")
    shown = left.replace("&", "&&")
    if len(shown) > room:
        shown = shown[: room - 1].rstrip("&") + "…"
    return f"&L&9 {shown}&R&9 {right}"
