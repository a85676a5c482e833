"""The comparison of two results as rows: ``compare.csv``, every figure in one long table, and what the command prints."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.compare.compare import Comparison
from geoplan.report.compare.tables import Told, said, verdict_rows
from geoplan.report.content.sheet import Block, Cell, Column, Sheet, Value, block_of, number, rows_of
from geoplan.report.workbook.csv_files import csv_text

#: A table to print: title, columns, rows, and which columns are numbers.
Printed = tuple[str, list[str], list[tuple[str, ...]], set[int]]


def write_csv(comparison: Comparison, path: Path) -> None:
    """Write ``compare.csv``: every figure of both results in one long table, UTF-8 with BOM."""
    sheet = Sheet(said("sheet_long", comparison.lang), (long_block(comparison, Told(comparison)),))
    path.write_bytes(csv_text(sheet, comparison.titled()).encode("utf-8-sig"))


def long_block(comparison: Comparison, told: Told) -> Block:
    """Return every figure as a row: what, indicator or service, level, zone, before, after, change, unit."""
    lang = told.lang
    headers = ["what", "subject", "level", "town", "zone", "zone_id", "before", "after", "change", "unit"]
    own = {key: said(key, lang) for key in ("what", "subject", "before", "after", "change")}
    columns = [Column(own.get(key) or look.label(key, lang), "text") for key in headers]
    rows: list[list[Value | Cell]] = []

    def add(what: str, subject: str, row: Mapping[str, Any], cells: list[Value | Cell], unit: str) -> None:
        level = look.label(f"brief_{row['level']}", lang)
        zone = row["zone_id"]
        rows.append([what, subject, level, told.town(zone), told.zone(zone), zone, *cells, unit])

    for row in rows_of(comparison.people):
        subject = f"{told.service(row['service'])} {told.measure(row['service'], row['measure'])}"
        for name, word in (("covered", "covered"), ("share", "covered_share")):
            kind = "share" if name == "share" else "rate"
            cells = [number(row[f"{name}_{side}"], kind) for side in ("before", "after", "change")]
            unit = "" if name == "share" else look.unit("people", lang)
            add(look.label(word, lang), subject, row, cells, unit)
    for row in rows_of(comparison.verdicts):
        rule, unit = told.rule(row["rule_id"]), look.unit(row["unit"], lang)
        words = [look.label(row[f"verdict_{side}"], lang) for side in ("before", "after")]
        add(look.label("verdict", lang), rule, row, [*words, said(f"change_{row['change']}", lang)], "")
        cells = [number(row[f"shortfall_{side}"], "rate") for side in ("before", "after", "change")]
        add(look.label("shortfall", lang), rule, row, cells, unit)
    for row in rows_of(comparison.gaps):
        cells = [number(row[f"shortfall_{side}"], "rate") for side in ("before", "after", "change")]
        add(said("flag_gap", lang), told.rule(row["rule_id"]), row, cells, look.unit(row["unit"], lang))
    return block_of(columns, rows)


def printed(comparison: Comparison) -> list[Printed]:
    """Return what the command prints: people, verdicts that change, gaps that change."""
    told = Told(comparison)
    return [_people(comparison, told), _verdicts(comparison, told), _totals(comparison, told)]


def _sides(lang: str) -> list[str]:
    return [said("before", lang), said("after", lang), said("change", lang)]


def _people(comparison: Comparison, told: Told) -> Printed:
    lang, people = told.lang, comparison.people
    area = people[(people["level"] == "area") & (people["measure"] == "network")]
    share = look.label("covered_share", lang)
    columns = [look.label("service", lang), *_sides(lang), *(f"{share} {s}" for s in _sides(lang)[:2])]
    rows = [
        (
            told.service(row["service"]),
            look.whole(row["covered_before"]),
            look.whole(row["covered_after"]),
            signed(row["covered_change"]),
            look.share(row["share_before"]),
            look.share(row["share_after"]),
        )
        for row in rows_of(area)
    ]
    return said("people_heading", lang), columns, list(rows), {1, 2, 3, 4, 5}


def _verdicts(comparison: Comparison, told: Told) -> Printed:
    lang = told.lang
    same = said("change_same", lang)
    rows = [
        (str(row[1]), str(row[0]), str(row[3]), str(row[4]), str(row[2]))
        for row in verdict_rows(comparison, told)
        if row[2] != same
    ]
    columns = [look.label("indicator", lang), look.label("zone", lang), *_sides(lang)]
    return said("verdicts", lang), columns, list(rows), set()


def _totals(comparison: Comparison, told: Told) -> Printed:
    lang, totals = told.lang, comparison.totals
    rows = [
        (
            told.rule(row["rule_id"]),
            look.label(f"brief_{row['level']}", lang),
            look.whole(row["shortfall_before"]),
            look.whole(row["shortfall_after"]),
            signed(row["shortfall_change"]),
            look.unit(row["unit"], lang),
        )
        for row in rows_of(totals[totals["shortfall_change"].ne(0)])
    ]
    columns = [
        look.label("indicator", lang),
        look.label("level", lang),
        *_sides(lang),
        look.label("unit", lang),
    ]
    return said("totals", lang), columns, list(rows), {2, 3, 4}


def signed(value: float | None) -> str:
    """Return a whole number with its sign; nothing changed is 0.

    Examples
    --------
    >>> signed(12.4), signed(-3.0), signed(0.2), signed(float("nan"))
    ('+12', '−3', '0', '—')
    """
    if value is None or pd.isna(value):
        return look.whole(None)
    shown = look.whole(abs(value))
    return shown if shown == "0" else f"{'+' if value > 0 else '−'}{shown}"
