"""The files of a comparison and of an annual table: pages, workbooks and CSV files, drawn by the common renderers."""

from pathlib import Path

from geoplan.report.compare.page import comparison_page
from geoplan.report.content import annual, comparison
from geoplan.report.content.annual import Annual
from geoplan.report.content.comparison import Comparison
from geoplan.report.workbook.csv_files import write_package
from geoplan.report.workbook.workbook import write_tables


def write_comparison(compared: Comparison, folder: Path) -> tuple[Path, ...]:
    """Write ``compare.html``, ``compare.xlsx`` and ``compare.csv`` with its package into `folder`: same comparison, same bytes.

    Parameters
    ----------
    compared
        As `geoplan.report.content.comparison.compare` gives it.
    folder
        Folder of results; made where it is not there.

    Returns
    -------
    paths
        Of the files written.
    """
    page, book = folder / "compare.html", folder / "compare.xlsx"
    folder.mkdir(parents=True, exist_ok=True)
    page.write_bytes(comparison_page(compared).encode("utf-8"))
    write_tables(comparison.comparison_pages(compared), compared.titled(), book)
    return page, book, *write_package([comparison.long_table(compared)], compared.titled(), folder)


def write_annual(table: Annual, folder: Path) -> tuple[Path, ...]:
    """Write ``annual.xlsx`` (a row an indicator, years beside each other) and ``annual.csv`` (a row an indicator and year).

    Returns
    -------
    paths
        Of the files written.
    """
    book = folder / "annual.xlsx"
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(annual.annual_pages(table), table.last, book)
    return book, *write_package([annual.long_table(table)], table.last, folder)
