"""Workbook and CSV files of an outcome, and what a spreadsheet program shows of the cells that the workbook writes."""

from decimal import ROUND_HALF_UP, Decimal

import openpyxl

from geoplan.report.content.guide import guide
from geoplan.report.content.registry import tables
from geoplan.report.workbook.csv_files import write_csv
from geoplan.report.workbook.workbook import write_workbook


def pages_of(outcome):
    """Return the pages of the workbook of a run: what stands in it, then the tables."""
    book = tables(outcome)["workbook"]
    return (guide(book, outcome), *book)


def write_book(outcome, path):
    """Write the workbook of a run."""
    write_workbook(pages_of(outcome), outcome, path)


def write_files(outcome, folder):
    """Write the CSV files of a run; return their paths, the package's last."""
    return write_csv(tables(outcome)["csv"], outcome, folder)


def cells_and_texts(path, outcome):
    """Yield of each table of a run's workbook what its cells show, and what it prints; tabs and tables stand in one order.

    A cell with a formula shows the value that was written beside it.
    """
    book = openpyxl.load_workbook(path, data_only=True)
    for sheet, page in zip(book, pages_of(outcome), strict=True):
        lines = [[shown(cell) for cell in row] for row in sheet.iter_rows()]
        for part in (page.to(3), *(below.to(3) for below in page.below)):
            width = len(part.columns)
            at = next(k for k, line in enumerate(lines) if line[:width] == [c.header for c in part.columns])
            yield [line[:width] for line in lines[at + 1 : at + 1 + len(part.rows)]], part.texts(outcome.lang)


def shown(cell):
    """Return what a spreadsheet shows of a cell, for the number formats that the workbook writes."""
    value, code = cell.value, cell.number_format
    if value is None or isinstance(value, str):
        return value or ""
    if code.startswith('"'):
        return code.strip('"')
    sign, (code, *_) = "", code.split(";")
    if code.startswith("+"):  # a change: its sign stands before what does not print as nought
        sign, code, value = "+" if value > 0 else "-", code[1:], abs(value)
    digits = len(code.partition(".")[2].rstrip("%"))
    scaled = Decimal(repr(float(value))) * (100 if code.endswith("%") else 1)
    rounded = scaled.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0
    text = f"{rounded:,.{digits}f}" if "," in code else f"{rounded:.{digits}f}"
    return (sign if rounded else "") + text + ("%" if code.endswith("%") else "")
