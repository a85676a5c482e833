"""The same sheets as CSV: UTF-8 with BOM, so that Excel opens Chinese as it is; text in it never runs."""

import csv
import io
from pathlib import Path

from geoplan.report import look
from geoplan.report.content import answers as sheets_answers
from geoplan.report.content import findings as sheets_findings
from geoplan.report.content import gaps as sheets_gaps
from geoplan.report.content import sites as sheets_sites
from geoplan.report.content import sources as sheets_sources
from geoplan.report.content import zones as sheets_zones
from geoplan.report.content.sheet import Cell, Sheet, Value, word
from geoplan.tables import Outcome

#: What starts a formula in Excel, WPS or LibreOffice, full-width forms too.
_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_DIGITS = {"share": 4, "rate": 4, "minutes": 1, "whole": 2, "id": 0, "degrees": 6}


def csv_sheets(outcome: Outcome) -> dict[str, Sheet]:
    """Return file name -> sheet of every CSV that a run leaves."""
    found: dict[str, Sheet | None] = {
        "gap_list.csv": sheets_gaps.gap_list(outcome, brief=False),
        "communities.csv": sheets_zones.flagged(outcome, "community"),
        "indicators.csv": sheets_findings.indicators(outcome, every=True),
        "circle.csv": sheets_zones.circles(outcome),
        "provision.csv": sheets_zones.provision(outcome),
        "sites.csv": sheets_sites.sites(outcome),
        "sites_other.csv": sheets_sites.other_sites(outcome),
        "answers.csv": sheets_answers.answers(outcome),
        "curve.csv": sheets_answers.curve(outcome),
        "unmet.csv": sheets_answers.unmet(outcome),
        "unplaced.csv": sheets_sources.unplaced(outcome),
        "warnings.csv": sheets_sources.warnings(outcome),
    }
    return {name: sheet for name, sheet in found.items() if sheet is not None}


def write_csv(outcome: Outcome, folder: Path) -> tuple[Path, ...]:
    """Write every CSV into `folder` and return their paths.

    The first line names the study, the year, the people's basis and, where it is so, that the data are made up; the
    second holds the headers.
    """
    paths = []
    for name, sheet in csv_sheets(outcome).items():
        path = folder / name
        path.write_bytes(csv_text(sheet, outcome).encode("utf-8-sig"))
        paths.append(path)
    return tuple(paths)


def csv_text(sheet: Sheet, outcome: Outcome) -> str:
    """Return a sheet of one block as CSV text with Windows line ends."""
    stop = "。" if outcome.lang == "zh" else ". "
    first = [look.banner(outcome), word("title", outcome.lang, name=outcome.name, sheet=sheet.name)]
    first += [word("year", outcome.lang, year=outcome.year), look.basis_line(outcome)]
    block = sheet.blocks[0]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(stop.join(part for part in first if part))])
    headers = [column.header.replace("\n（", "（").replace("\n", " ") for column in block.columns]
    writer.writerow([harmless(header) for header in headers])
    for row in block.rows:
        writer.writerow([_cell(value, column.kind) for value, column in zip(row, block.columns, strict=True)])
    return out.getvalue()


def harmless(text: str) -> str:
    """Return `text` with an apostrophe before what a spreadsheet would run as a formula.

    Examples
    --------
    >>> harmless("=HYPERLINK(1)"), harmless("  @SUM(1)"), harmless("3-1")
    ("'=HYPERLINK(1)", "'  @SUM(1)", '3-1')
    """
    starts = text.lstrip().startswith(_STARTS) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if starts else text


def _cell(value: Value | Cell, kind: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    number, form = (value.value, value.kind) if isinstance(value, Cell) else (float(value), kind)
    shown = f"{number:.{_DIGITS.get(form, 4)}f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown == "-0" else shown
