"""The workbook that departments fill, drawn from `geoplan.report.content.reporting`: one sheet an office, drop-downs, coloured cells."""

import datetime as dt
from collections.abc import Collection, Sequence
from pathlib import Path

import xlsxwriter

from geoplan.report import look
from geoplan.report.content.table import Table, cell_text
from geoplan.report.workbook.workbook import safe_names

#: Rows below the last one that are ready for further periods.
SPARE_ROWS = 20


def write_form(tables: Sequence[Table], path: Path, *, filled: Collection[str], choices: dict[str, list[str]], lang: str) -> None:  # fmt: skip
    """Write a form: the same tables, the same bytes.

    Parameters
    ----------
    tables
        One table a sheet; its `page` names the sheet.
    filled
        Keys of the columns to be filled in, whose cells are coloured.
    choices
        Key of a column -> the words that may stand in it.
    lang
        Language of the cells.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False, "in_memory": True})  # fmt: skip
    usual = {"font_name": look.FONT_WORKBOOK, "font_size": 10, "valign": "vcenter", "text_wrap": True}
    line = {"border": 1, "border_color": look.COLOURS["line"]}
    head = book.add_format({**usual, **line, "bold": True, "align": "center", "bg_color": look.COLOURS["accent"], "font_color": look.COLOURS["paper"]})  # fmt: skip
    title = book.add_format({**usual, "bold": True, "font_size": 14, "text_wrap": False})
    soft = book.add_format({**usual, "font_color": look.COLOURS["ink_soft"], "text_wrap": False})
    forms = {
        (is_filled, is_strong): book.add_format({**usual, **line, "bold": is_strong, **({"bg_color": look.COLOURS["banner"]} if is_filled else {})})
        for is_filled in (True, False)
        for is_strong in (True, False)
    }  # fmt: skip
    for table, name in zip(tables, safe_names([table.page for table in tables]), strict=True):
        sheet = book.add_worksheet(name)
        sheet.write_string(0, 0, table.title, title)
        for row, note in enumerate(table.notes, start=1):
            sheet.write_string(row, 0, note, soft)
        top = len(table.notes) + 1
        for column, entry in enumerate(table.columns):
            sheet.set_column(column, column, entry.width)
            sheet.write_string(top, column, entry.header, head)
            if entry.key in choices:
                last = top + len(table.rows) + SPARE_ROWS
                sheet.data_validation(top + 1, column, last, column, {"validate": "list", "source": choices[entry.key]})  # fmt: skip
        for offset, cells in enumerate(table.rows):
            for column, (cell, entry) in enumerate(zip(cells, table.columns, strict=True)):
                form = forms[entry.key in filled, offset in table.strong]
                shown = cell_text(cell, lang)
                if shown:
                    sheet.write_string(top + 1 + offset, column, shown, form)
                else:
                    sheet.write_blank(top + 1 + offset, column, None, form)
        sheet.freeze_panes(top + 1, table.frozen)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
    book.set_properties({"created": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)})
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error
