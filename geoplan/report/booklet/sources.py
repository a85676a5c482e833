"""The printed report's last pages: registers reconciled, what was found in the data, sources and parameters."""

from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.sheet import text
from geoplan.tables import Outcome

#: Kinds of warning that are printed; the workbook has every row.
WARNINGS = 40

Plain = dict[str, Any]


def everything(outcome: Outcome) -> Plain:
    """Return what the template's last sections show."""
    lang = outcome.lang
    edge = int(outcome.zones["edge"].fillna(False).astype(bool).sum()) if "edge" in outcome.zones else 0
    remarks = []
    if len(outcome.unplaced):
        remarks.append(look.sentence("page_unplaced", lang, count=look.whole(len(outcome.unplaced))))
    if edge:
        remarks.append(look.sentence("page_edge", lang, count=look.whole(edge)))
    return {
        "reconciliation": reconciliation(outcome),
        "remarks": remarks,
        "warnings": warnings(outcome),
        "not_assessed": not_assessed(outcome.not_assessed, lang),
        "sources": [
            {
                "role": look.label(source.role, lang),
                "file": source.file,
                "rows": "" if source.rows is None else look.whole(source.rows),
                "datum": source.datum,
                "note": source.note,
                "sha256": source.sha256[:16],
            }
            for source in outcome.sources
        ],
        "groups": groups(outcome),
        "parameters": [
            {
                "entry": text(row.get("entry")),
                "value": text(row.get("value")),
                "unit": text(row.get("unit")),
                "given": truth(row.get("given"), lang),
            }
            for _, row in outcome.parameters.iterrows()
        ],
    }


def truth(value: object, lang: str) -> str:
    """Return yes or no; text stays as it is."""
    if look.missing(value):
        return ""
    return value if isinstance(value, str) else look.label("yes" if bool(value) else "no", lang)


def reconciliation(outcome: Outcome) -> list[Plain]:
    """Return rows, beds and places of each register: in it, closed, duplicate, not placed, in the run, and 落点率."""
    table, lang, lines = outcome.reconciliation, outcome.lang, []
    prefixes = [("", "page_rows"), *((f"{supply}_", supply) for supply in ("beds", "places"))]
    for _, row in table.iterrows():
        for prefix, name in prefixes:
            parts = {
                part: _amount(row, prefix, part)
                for part in ("rows", "closed", "duplicate", "not_placed", "in_run")
            }
            if parts["rows"] is None or (prefix and not parts["rows"]):
                continue
            placed, waiting = parts["in_run"] or 0.0, parts["not_placed"] or 0.0
            lines.append(
                {
                    "file": text(row["file"]) if not prefix else "",
                    "what": look.label(name, lang),
                    "cells": ["" if value is None else look.whole(value) for value in parts.values()],
                    "placed": look.share(placed / (placed + waiting)) if placed + waiting > 0 else "—",
                }
            )
    return lines


def _amount(row: "pd.Series[Any]", prefix: str, part: str) -> float | None:
    for column in (f"{prefix}{part}", f"{part}_{prefix}".rstrip("_")):
        if column in row.index and not look.missing(row[column]):
            return float(row[column])
    return None


def warnings(outcome: Outcome) -> Plain:
    """Return the warnings, one line a kind and file with how often, the first one's words, and how many lines are left out."""
    table = outcome.warnings
    lines = []
    for (severity, _, file), rows in table.fillna({"file": ""}).groupby(
        ["severity", "code", "file"], sort=False
    ):
        first = rows.iloc[0]
        lines.append(
            {
                "severity": str(severity),
                "label": look.label(severity, outcome.lang),
                "file": str(file),
                "count": look.whole(len(rows)),
                "text": text(first["text"]),
                "action": text(first["action"]),
            }
        )
    order = {"error": 0, "warning": 1, "info": 2}
    lines.sort(key=lambda line: order.get(line["severity"], 3))
    more = len(lines) - WARNINGS
    return {
        "lines": lines[:WARNINGS],
        "more": look.sentence("page_rows_more", outcome.lang, count=look.whole(more)) if more > 0 else "",
    }


def not_assessed(table: pd.DataFrame, lang: str) -> list[list[str]]:
    """Return the clauses that no rule judges, as texts: pack, clause, what."""
    columns = [c for c in table.columns if not c.endswith(("_zh", "_en")) or c.endswith(f"_{lang}")]
    return [[text(value) for value in row] for row in table[columns].itertuples(index=False, name=None)]


def groups(outcome: Outcome) -> list[Plain]:
    """Return the groups of people: basis, year, how many, from which file."""
    return [
        {
            "name": look.label(group, outcome.lang),
            "basis": text(row.get("basis")),
            "year": "" if look.missing(row.get("year")) else f"{float(row['year']):.0f}",
            "total": look.whole(row.get("total")),
            "source": text(row.get("source")),
        }
        for group, row in outcome.groups.iterrows()
    ]
