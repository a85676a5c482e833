"""Tables as CSV for programs, described by one ``datapackage.json`` (Frictionless Data Package).

UTF-8 with BOM, so that Excel opens Chinese as it is; text in it never runs. The first line of a file holds the names for programs;
what they are called, caption, basis, year, notes and watermark stand in the package.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from geoplan.report.content import titles
from geoplan.report.content.fields import field_names, field_titles, field_values
from geoplan.report.content.table import WORDED, Coded, Column, Listed, Table, cell_text
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Said
from geoplan.words.numbers import FORMATS

#: What starts a formula in Excel, WPS or LibreOffice, full-width forms too.
_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
#: File that describes the others, and the last field of each.
PACKAGE, REMARKS = "datapackage.json", "remarks"


def write_csv(found: Sequence[Table], outcome: Outcome, folder: Path) -> tuple[Path, ...]:
    """Write tables as CSV files and ``datapackage.json``, which describes them; return the paths."""
    paths = []
    for table in found:
        path = folder / f"{table.key}.csv"
        path.write_bytes(table_text(table, outcome).encode("utf-8-sig"))
        paths.append(path)
    described = folder / PACKAGE
    record = json.dumps(package(found, outcome), ensure_ascii=False, indent=1, allow_nan=False)
    described.write_bytes(f"{record}\n".encode())
    return (*paths, described)


def package(found: Iterable[Table], outcome: Outcome) -> dict[str, Any]:
    """Return the description of CSV files as a tabular data package: whose figures, of which year, and what each field is."""
    lang = outcome.lang
    return {
        "profile": "tabular-data-package",
        "name": "geoplan",
        "title": outcome.name,
        "description": titles.basis_line(outcome),
        "year": outcome.year,
        "languages": [lang],
        **({"watermark": titles.banner(outcome)} if titles.banner(outcome) else {}),
        "sources": [{"title": credit} for credit in titles.attribution(outcome.sources)]
        or [{"title": outcome.name}],
        "resources": [_resource(table, lang) for table in found],
    }


def _resource(table: Table, lang: str) -> dict[str, Any]:
    remarks = {"name": REMARKS, "title": phrase("csv_remarks", lang), "type": "string"}
    fields = [field for column in table.columns for field in _fields(table, column, lang)]
    return {
        "profile": "tabular-data-resource",
        "name": table.key,
        "path": f"{table.key}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "title": table.title,
        **({"description": "\n".join(table.notes)} if table.notes else {}),
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "doubleQuote": True},
        "schema": {"fields": [*fields, remarks], "missingValues": [""]},
    }


def _fields(table: Table, column: Column, lang: str) -> list[dict[str, Any]]:
    """Return what each field of a column is: type, what it is called, how its numbers are written, and what its codes mean."""
    kind = "string" if column.format in WORDED else "integer" if column.format == "year" else "number"
    kind = "integer" if column.format == "tally" else kind
    fields: list[dict[str, Any]] = [
        {"name": name, "title": title, "type": kind}
        for name, title in zip(field_names(column), field_titles(column, lang), strict=True)
    ]
    if column.format in FORMATS:
        fields = [field | {"description": phrase(f"csv_{column.format}", lang)} for field in fields]
    codes = {
        one.code: cell_text(one, lang)
        for cell in table.cells(column.key)
        for one in (cell.items if isinstance(cell, Listed) else (cell,))
        if isinstance(one, Coded)
    }
    if codes:
        fields[0]["categories"] = [{"value": code, "label": codes[code]} for code in sorted(codes)]
    return fields


def table_text(table: Table, outcome: Outcome) -> str:
    """Return a table as CSV text with Windows line ends: the first line holds the names of `geoplan.report.content.fields`.

    ``INF`` stands where nothing bounds an interval. The last field, ``remarks``, says where the data are made up.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([name for column in table.columns for name in field_names(column)] + [REMARKS])
    for row in table.rows:
        found = [
            v for cell, column in zip(row, table.columns, strict=True) for v in field_values(cell, column)
        ]
        writer.writerow([*map(_text, found), titles.banner(outcome)])
    return out.getvalue()


def _text(value: float | str | None) -> str:
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    shown = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def lines_text(rows: Iterable[Said]) -> str:
    """Return notes as the text of a CSV file, with the names for programs in its first line."""
    return rows_text(Said._fields, rows)


def rows_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows of cells as the text of a CSV file in which no text runs as a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()


def harmless(text: str) -> str:
    """Return `text` with an apostrophe before what a spreadsheet would run as a formula.

    Examples
    --------
    >>> harmless("=HYPERLINK(1)"), harmless("  @SUM(1)"), harmless("3-1")
    ("'=HYPERLINK(1)", "'  @SUM(1)", '3-1')
    """
    starts = text.lstrip().startswith(_STARTS) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if starts else text
