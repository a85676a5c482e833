"""Candidates (备选点位): where a facility may go, offered or generated, and which of them the adopted answer takes."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd

from geoplan.report.content import sites
from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.projects import construction_cell, cost_source, facility_types
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_number

#: Most candidates that the workbook lists; the layer ``candidates`` holds all of them.
MOST_CANDIDATES = 5000
#: Columns that stand only where a candidate has something in them: key of the table -> number format, or nothing for text.
_OPTIONAL: Mapping[str, str] = {
    "storey": "", "ownership": "", "usable_years": "count", "from_year": "year", "most_beds": "count",
    "most_places": "count", "cost": "cost", "cost_unit": "decimal", "cost_from": "", "rule": "", "either_or": "",
    "land_code": "", "extends": "",
}  # fmt: skip


@listed(180, "workbook")
def candidates_table(outcome: Outcome, *, most: int = MOST_CANDIDATES) -> Table | None:
    """Return 备选点位: every candidate, at most `most`, the adopted ones always among them; None without any."""
    table = outcome.candidates
    if empty(table):
        return None
    lang, names, chosen = outcome.lang, Names(outcome), sites.chosen(outcome)
    order = {} if empty(chosen) else dict(zip(chosen["candidate_id"], chosen["order"], strict=True))
    shown = listed_candidates(table, set(order), most=most)
    more = [key for key in _OPTIONAL if table[key].map(present).any()]
    keys = (
        "serial", "name", "offered_by", "adopted_order", "works", "zone", "zone_code", "may_hold", "offered_area_m2",
        *("opening_cost" if key == "cost" else key for key in more),
        "location", "source_file", "source_row",
    )  # fmt: skip
    # a site takes so much of the area and costs what its size costs: the candidate's own figures have other names
    rows: list[list[Cell]] = []
    for key, row in zip(shown.index, rows_of(shown), strict=True):
        generated = sites.is_generated(row)
        types = facility_types(row["services"], lang)
        rows.append([
            text(row["name"]), offer_cell(row, lang), Amount.of(order.get(key), "count"),
            construction_cell(row["works"], lang), names.zone(row["zone_id"]) if present(row["zone_id"]) else "",
            names.code(row["zone_id"]), types if types.items else phrase("candidates_any", lang),
            Amount.of(row["floor_area_m2"], "count"), *(_cell(row, name, names) for name in more),
            phrase("candidates_located_generated", lang) if generated else Coded(str(row["location_quality"])),
            text(row["source_file"]), Amount.of(row["source_row"], "count"),
        ])  # fmt: skip
    total, offered = len(table), int((~table["generated"].astype(bool)).sum())
    counts = {"count": total, "offered": offered, "generated": total - offered, "shown": len(shown)}
    values = {name: format_number(count, "count") for name, count in counts.items()}
    notes = [
        phrase("candidates_note", lang, **values),
        phrase("candidates_cut", lang, **values) if len(shown) < total else "",
        sites.intent_note(table, lang),
    ]
    return table_of("candidates", lang, keys, rows, notes=tuple(filter(None, notes)), frozen=2)


def listed_candidates(table: gpd.GeoDataFrame, chosen: set[str], *, most: int) -> gpd.GeoDataFrame:
    """Return at most `most` candidates in their order: the first ones, and all that were chosen."""
    if len(table) <= most:
        return table
    mine = table.index.isin(list(chosen))
    room = max(most - int(mine.sum()), 0)
    return table[mine | ((~mine).cumsum() <= room)]


def offer_cell(row: Mapping[str, Any], lang: str) -> Coded:
    """Return whether a candidate stands in a list or was generated (意向区域)."""
    code = "generated" if sites.is_generated(row) else "offered"
    return Coded(code, phrase(f"candidates_{code}", lang))


def rule_cell(rule: object, lang: str) -> Coded | None:
    """Return whether a candidate is required or forbidden; None where it is free."""
    return Coded(str(rule), phrase(f"candidates_{rule}", lang)) if present(rule) else None


def _cell(row: Mapping[str, Any], key: str, names: Names) -> Cell:
    value = row[key]
    if _OPTIONAL[key]:
        return Amount.of(value, _OPTIONAL[key])
    if key == "rule":
        return rule_cell(value, names.lang)
    if key == "cost_from":
        return cost_source(value, names.lang)
    if key == "extends":
        return Coded.of(value, names.facility(value))
    return text(value)
