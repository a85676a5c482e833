"""Totals in words: the findings, the implied people and the notes as plain text for a terminal."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.standards.totals.assess import TotalsFound
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import NOTHING, format_interval, format_number
from geoplan.words.text import aligned
from geoplan.words.vocabulary import label

_FINDINGS = ("indicator", "basis", "actual", "required", "need", "shortfall", "verdict", "missing")
_IMPLIED = ("year", "amount", "rate", "group", "implied", "stated", "people_basis", "compared")


def printable(found: TotalsFound, lang: str) -> str:
    """Return what was found as plain text in `lang` (``zh`` or ``en``), columns aligned for wide characters."""
    area = found.totals.area_zh if lang == "zh" else found.totals.area_en
    parts = [phrase("totals_heading", lang, area=area, year=found.year)]
    if found.totals.note:
        parts.append(phrase("totals_note", lang, note=found.totals.note))
    parts.append(phrase("totals_without", lang) + "\n" + _findings(found.findings, lang))
    if len(found.with_projects):
        changed = _changed(found.findings, found.with_projects)
        body = _findings(changed, lang) if len(changed) else phrase("totals_same", lang)
        parts.append(phrase("totals_with", lang) + "\n" + body)
    if len(found.implied):
        parts.append(phrase("totals_implied", lang) + "\n" + _implied(found.implied, lang))
    notes = [f"- {note.text(lang)}" for note in found.notes if note.severity != "info"]
    if notes:
        parts.append("\n".join([phrase("totals_notes", lang), *notes]))
    return "\n\n".join(parts)


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `after` that are not as they were."""
    told = ["actual_low", "actual_high", "verdict"]
    keys = ["rule_id", "basis"]
    was = before.drop_duplicates(keys).set_index(keys)[told]
    now = after.set_index(keys)[told]
    same = (now.fillna(-1.0) == was.reindex(now.index).fillna(-1.0)).all(axis=1)
    return after[~same.to_numpy()]


def _findings(table: pd.DataFrame, lang: str) -> str:
    rows = [[phrase(f"totals_column_{key}", lang) for key in _FINDINGS]]
    for row in table.to_dict("records"):
        basis, value = str(row["basis"]), _value(row)
        short = _amount(row["shortfall"], str(row["unit"]), lang)
        rows.append([
            str(row[f"indicator_{lang}"]), basis if row["decides"] or not basis else phrase("totals_beside", lang, basis=basis),
            _dated(row, value, lang),
            str(row[f"target_{lang}"]), _amount(row["need"], str(row["unit"]), lang),
            f"+{short}" if row["surplus"] and short else short, phrase(f"totals_verdict_{row['verdict']}", lang),
            str(row[f"missing_{lang}"]),
        ])  # fmt: skip
    return "\n".join(aligned(rows))


def _value(row: Mapping[Any, Any]) -> str:
    """Return the value as an interval; a share of which nothing is known as no value."""
    low, high, form = float(row["actual_low"]), float(row["actual_high"]), str(row["format"])
    is_open = form == "percent" and low == 0 and high >= 1
    return format_interval(math.nan if is_open else low, high, form)


def _dated(row: Mapping[Any, Any], value: str, lang: str) -> str:
    """Return a value with the years of its figures where they are not the year that is judged, and whether projects are in it."""
    first, last = (float(row[name]) for name in ("as_of_first", "as_of"))
    is_stated = row["from"] == "stated"
    if value == NOTHING or math.isnan(last) or (first == row["year"] and not is_stated):
        return value
    years = phrase(
        "totals_year" if first == last else "totals_years", lang, first=f"{first:.0f}", last=f"{last:.0f}"
    )
    code = "totals_stated" if is_stated else "totals_dated"
    return phrase(f"{code}_projects" if row["projects"] else code, lang, value=value, years=years)


def _amount(value: float, unit: str, lang: str) -> str:
    if math.isnan(value):
        return ""
    return phrase("gap_amount", lang, amount=format_number(value, "decimal"), unit=label("units", unit, lang))


def _implied(table: pd.DataFrame, lang: str) -> str:
    rows = [[phrase(f"totals_column_{key}", lang) for key in _IMPLIED]]
    for row in table.to_dict("records"):
        share = row["rule_id"] == ""
        rate = f"≥{format_number(row['rate'], 'percent')}" if share else f"{row['rate']:g}/{row['per']:,.0f}"
        fits = "none" if pd.isna(row["fits"]) else "yes" if row["fits"] else "no"
        implied = format_number(row["implied"], "count")
        rows.append([
            str(row["year"]), _amount(row["amount"], str(row["unit"]), lang), rate, label("groups", str(row["group"]), lang),
            f"≤{implied}" if share else implied, "" if math.isnan(row["stated"]) else format_number(row["stated"], "count"),
            str(row["basis"]), phrase(f"totals_fits_{fits}", lang),
        ])  # fmt: skip
    return "\n".join(aligned(rows))
