"""A pack of rules as a workbook (see `geoplan.standards.packs.sheet`): the sheets that are read, explanations, lists to choose from."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range_abs

from geoplan.report import look
from geoplan.standards.packs import sheet as packs
from geoplan.words.catalogue import phrase

#: Rows below the last rule that are ready for further ones.
SPARE_ROWS = 100
#: Widths of columns that hold sentences, and of the others.
_WIDE = {
    "indicator": 36,
    "quote": 48,
    "note": 30,
    "title_en": 30,
    "of.facilities": 26,
    "of.where": 30,
    "of": 40,
    "zh": 60,
    "en": 40,
    "id": 30,
}
_USUAL = 15


def write_pack_book(entries: Mapping[str, Any], path: Path, *, lang: str) -> None:
    """Write the entries of a pack as they stand in its file; the same entries, the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})  # fmt: skip
    pen = _Pen(book)
    rules = [packs.cells_of(rule, lang) for rule in entries.get("rules", [])]
    _write_table(pen, "rules", packs.columns(), rules, lang)
    _write_plan(pen, entries, lang)
    clauses = [{key: str(text) for key, text in item.items()} for item in entries.get("not_assessed", [])]
    _write_table(pen, "not_assessed", packs.NOT_ASSESSED, clauses, lang)
    _write_notes(pen, lang)
    _write_lists(pen, lang)
    book.set_properties({"created": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)})
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


class _Pen:
    """The workbook and its formats. Every cell is text: what looks like a formula or a date stays as it is written."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401 - xlsxwriter is untyped
        usual = {"font_name": look.FONT_WORKBOOK, "font_size": 10, "valign": "top", "text_wrap": True}
        line = {"border": 1, "border_color": look.COLOURS["line"]}
        self.book = book
        self.head = book.add_format({**usual, **line, "bold": True, "bg_color": look.COLOURS["accent"], "font_color": look.COLOURS["paper"]})  # fmt: skip
        self.cell = book.add_format({**usual, **line, "num_format": "@"})
        self.soft = book.add_format({**usual, "font_color": look.COLOURS["ink_soft"]})

    def sheet(self, name: str, titles: Sequence[str], widths: Sequence[int], *, frozen: int) -> Any:  # noqa: ANN401
        """Return a new sheet with its header."""
        sheet = self.book.add_worksheet(name)
        for column, (title, width) in enumerate(zip(titles, widths, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, title, self.head)
        sheet.freeze_panes(1, frozen)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def write(self, sheet: Any, row: int, cells: Sequence[str]) -> None:  # noqa: ANN401
        """Write a row of texts, an empty one as an empty cell."""
        for column, text in enumerate(cells):
            if text:
                sheet.write_string(row, column, text, self.cell)
            else:
                sheet.write_blank(row, column, None, self.cell)


def _write_table(
    pen: _Pen, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]], lang: str
) -> None:
    titles = [packs.header(entry, lang) for entry in columns]
    widths = [_WIDE.get(entry, _USUAL) for entry in columns]
    sheet = pen.sheet(packs.sheet_title(name, lang), titles, widths, frozen=3 if name == "rules" else 1)
    for number, cells in enumerate(rows, start=1):
        pen.write(sheet, number, [cells.get(entry, "") for entry in columns])
    last = len(rows) + SPARE_ROWS
    for number in range(len(rows) + 1, last + 1):
        pen.write(sheet, number, [""] * len(columns))
    for column, entry in enumerate(columns if name == "rules" else ()):
        if entry in _listed(lang):
            source = _source(entry, lang)
            sheet.data_validation(1, column, last, column, {"validate": "list", "source": source, "show_error": entry == "kind"})  # fmt: skip
    sheet.autofilter(0, 0, last, len(columns) - 1)


@cache
def _listed(lang: str) -> dict[str, list[str]]:
    """Return the words that cells may be chosen from, by column."""
    found = {entry: packs.choices(entry, lang) for entry in packs.columns()}
    return {entry: words for entry, words in found.items() if words}


def _source(entry: str, lang: str) -> str:
    """Return where the words of a column stand: a list in the validation itself may hold 255 characters only."""
    listed = _listed(lang)
    column, last = list(listed).index(entry), len(listed[entry])
    return f"='{packs.sheet_title('lists', lang)}'!{xl_range_abs(1, column, last, column)}"


def _write_plan(pen: _Pen, entries: Mapping[str, Any], lang: str) -> None:
    titles = [phrase(f"pack_sheet_{head}", lang) for head in ("entry", "value", "explained")]
    sheet = pen.sheet(packs.sheet_title("plan", lang), titles, (24, 70, 60), frozen=0)
    for row, entry in enumerate(packs.PLAN, start=1):
        shown = packs.plan_cell(entry, entries[entry]) if entry in entries else ""
        pen.write(sheet, row, [packs.header(entry, lang), shown, packs.explanation(entry, lang)])
        if entry == "level":
            sheet.data_validation(row, 1, row, 1, {"validate": "list", "source": ["city", "district"]})


def _write_notes(pen: _Pen, lang: str) -> None:
    titles = [phrase(f"pack_sheet_{head}", lang) for head in ("column", "explained", "code")]
    sheet = pen.sheet(packs.sheet_title("notes", lang), titles, (24, 90, 20), frozen=0)
    for row in (1, 2, 3):
        sheet.merge_range(row, 0, row, 2, phrase(f"pack_sheet_note_{row}", lang), pen.soft)
        sheet.set_row(row, 32)
    for row, entry in enumerate(packs.columns(), start=4):
        pen.write(sheet, row, [packs.header(entry, lang), packs.explanation(entry, lang), entry])


def _write_lists(pen: _Pen, lang: str) -> None:
    listed = _listed(lang)
    titles = [packs.header(entry, lang) for entry in listed]
    sheet = pen.sheet(packs.sheet_title("lists", lang), titles, [30] * len(titles), frozen=0)
    for column, words in enumerate(listed.values()):
        for row, word in enumerate(words, start=1):
            sheet.write_string(row, column, word, pen.cell)
