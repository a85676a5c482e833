"""Tables as CSV for programs, described by one ``datapackage.json`` (Frictionless Data Package).

UTF-8 with BOM, so that Excel opens Chinese as it is; text in it never runs. The first line of a file holds the names for programs;
what they are called, caption, basis, year, notes and watermark stand in the package.
"""

import csv
import io
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from geoplan.report import look
from geoplan.report.content.registry import tables
from geoplan.report.content.table import WORDED, Amount, Cell, Coded, Column, Listed, Table, Tally, cell_text
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import FORMATS

#: What starts a formula in Excel, WPS or LibreOffice, full-width forms too.
_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
#: File that describes the others, and the last field of each.
PACKAGE, REMARKS = "datapackage.json", "remarks"


def write_csv(outcome: Outcome, folder: Path) -> tuple[Path, ...]:
    """Write every table that is registered for CSV into `folder`, with their package; return the paths."""
    return write_package(tables(outcome, "csv"), outcome, folder)


def write_package(found: Iterable[Table], outcome: Outcome, folder: Path) -> tuple[Path, ...]:
    """Write tables as CSV files and ``datapackage.json``, which describes them; return the paths."""
    found = tuple(found)
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
        "description": look.basis_line(outcome),
        "year": outcome.year,
        "languages": [lang],
        **({"watermark": look.banner(outcome)} if look.banner(outcome) else {}),
        "sources": [{"title": credit} for credit in look.attribution(outcome.sources)]
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
    header = column.header.replace("\n", " ")
    if column.format == "tally":
        kinds = ["integer"] * 3
        titles = [header, *(phrase(f"csv_{part}", lang, name=header) for part in ("judged", "no_data"))]
    else:
        kind = "string" if column.format in WORDED else "integer" if column.format == "year" else "number"
        kinds = [kind, kind]
        titles = (
            [phrase(f"csv_{end}", lang, name=header) for end in ("low", "high")]
            if column.interval
            else [header]
        )
    fields: list[dict[str, Any]] = [
        {"name": name, "title": title, "type": kind}
        for name, title, kind in zip(field_names(column), titles, kinds, strict=False)
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
    """Return a table as CSV text with Windows line ends: the first line holds the names for programs.

    An interval is two fields, ``<key>_low`` and ``<key>_high`` (``INF``: nothing bounds it), a tally three (``<key>``, ``<key>_judged``,
    ``<key>_no_data``), a share 0-1, a coded cell its code. What has no value is empty. The last field, ``remarks``, says where the data
    are made up.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([name for column in table.columns for name in field_names(column)] + [REMARKS])
    for row in table.rows:
        found = [
            value for cell, column in zip(row, table.columns, strict=True) for value in _values(cell, column)
        ]
        writer.writerow([*found, look.banner(outcome)])
    return out.getvalue()


def field_names(column: Column) -> tuple[str, ...]:
    """Return the fields that a column is to programs.

    Examples
    --------
    >>> field_names(Column("actual", "Actual", "count", interval=True)), field_names(Column("met", "Met", "tally"))
    (('actual_low', 'actual_high'), ('met', 'met_judged', 'met_no_data'))
    """
    if column.interval:
        return (f"{column.key}_low", f"{column.key}_high")
    if column.format == "tally":
        return (column.key, f"{column.key}_judged", f"{column.key}_no_data")
    return (column.key,)


def _values(cell: Cell, column: Column) -> list[str]:
    if column.format == "tally":
        if not isinstance(cell, Tally):
            return ["", "", ""]
        return [str(cell.count) if cell.judged else "", str(cell.judged), str(cell.no_data)]
    if isinstance(cell, Amount):
        return [_number(cell.low), _number(cell.high)] if column.interval else [_number(cell.low)]
    if column.interval:
        return ["", ""]
    if column.format in FORMATS or cell is None:
        return [""]  # a word in the place of a number: there is none
    if isinstance(cell, Listed):
        return [harmless(";".join(_code(item) for item in cell.items))]
    return [harmless(_code(cell))]


def _code(cell: Cell) -> str:
    return cell.code if isinstance(cell, Coded) else cell_text(cell, "en")


def _number(value: float) -> str:
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    shown = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def harmless(text: str) -> str:
    """Return `text` with an apostrophe before what a spreadsheet would run as a formula.

    Examples
    --------
    >>> harmless("=HYPERLINK(1)"), harmless("  @SUM(1)"), harmless("3-1")
    ("'=HYPERLINK(1)", "'  @SUM(1)", '3-1')
    """
    starts = text.lstrip().startswith(_STARTS) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if starts else text
