"""The gap list as a sheet: flagged communities, then findings not met with their members."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.findings import verdicts
from geoplan.report.content.sheet import (
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    between,
    block_of,
    number,
    present,
    rows_of,
    text,
    value_kind,
    word,
)
from geoplan.tables import CAUSES, Outcome

#: Columns of the gap list, in the order in which an office hands it in: field, header, kind, width, mark.
_GAP = (
    ("serial", "whole", 5, ""),
    ("town", "text", 8, ""),
    ("community", "text", 11, ""),
    ("indicator", "text", 17, ""),
    ("clause", "text", 16, ""),
    ("attribute", "text", 8, ""),
    ("basis", "text", 16, ""),
    ("actual", "rate", 8, ""),
    ("required", "rate", 7, ""),
    ("shortfall", "whole", 7, ""),
    ("unit", "text", 7, ""),
    ("verdict", "text", 7, "verdict"),
    ("people_affected", "whole", 8, ""),
    ("nearest_facility", "text", 12, ""),
    ("minutes", "minutes", 6, ""),
    ("cause", "text", 8, ""),
    ("measures_proposed", "text", 28, ""),
    ("project", "text", 16, ""),
    ("phase", "text", 6, ""),
    ("rank", "whole", 6, ""),
    ("note", "text", 10, ""),
)


def gap_list(outcome: Outcome, *, brief: bool = True) -> Sheet:
    """Return 缺口清单: flagged communities, then findings not met; columns as an office hands them in.

    Parameters
    ----------
    outcome
        What a run found out.
    brief
        The basis says whom a figure counts and leaves what is counted to the indicator table, so that a row stays low on
        paper; False: all of it, for the CSV.
    """
    lang, names = outcome.lang, Names(outcome)
    headers = {
        # what stands in the column: towns, or districts where the study has no towns
        "town": look.label("town" if (outcome.zones["level"] == "town").any() else "district", lang),
        "community": look.label("community", lang),
        "actual": look.label("actual", lang) if lang == "en" else "现状值",
        "rank": word("rank", lang),
        "site": word("gap_site", lang),
    }
    table = outcome.gap_list
    fields = _fields(table)
    columns = [
        Column(headers.get(key) or look.label(key, lang), kind, width, mark)
        for key, kind, width, mark in fields
    ]
    bases = dict(zip(outcome.findings["rule_id"], outcome.findings["basis"], strict=True))
    ranks = _ranks(table)
    rows = [
        [cells[key] for key, *_ in fields]
        for position, (row, rank) in enumerate(zip(rows_of(table), ranks, strict=True), start=1)
        for cells in [_gap_cells(names, row, bases, rank, position, brief=brief)]
    ]
    colours = verdicts(lang) | {
        look.label("flagged", lang): "flag",
        word("member_lacks", lang): "not_applicable",
    }
    notes = [word("gap_note", lang), *([word("gap_site_note", lang)] if "site" in table.columns else [])]
    return Sheet(look.label("gap_sheet", lang), (block_of(columns, rows),), tuple(notes), 4, colours)


def _fields(table: pd.DataFrame) -> list[tuple[str, str, float, str]]:
    """Return the columns that are printed: that of sites, behind that of projects, only where sites were chosen."""
    sited = "site" in table.columns
    return [
        entry
        for own in _GAP
        for entry in ([own, ("site", "text", 14.0, "")] if sited and own[0] == "project" else [own])
    ]


def people_basis(names: Names, rule: str, told: str) -> str:
    """Return the part of a basis that says whom it counts: ``每千人：60岁及以上老年人；常住 2010``."""
    joint = "；" if names.lang == "zh" else "; "
    counted = text(names.of_rule(rule, f"basis_{names.lang}")).split(joint)
    # of what the rule counts, `per` names people; the registers' part stands in the indicator table
    people = [part for part in told.split(joint) if part not in counted or part.startswith(("每", "per "))]
    return joint.join(people) or told


def _ranks(table: pd.DataFrame) -> list[Value]:
    """Return each row's rank by people affected, 1 the most; the table's own where it has one."""
    if "rank" in table.columns:
        return [None if pd.isna(value) else int(value) for value in table["rank"]]
    if "people_affected" not in table.columns:
        return [None] * len(table)
    order = table["people_affected"].rank(method="min", ascending=False)
    return [None if pd.isna(value) else int(value) for value in order]


def _gap_cells(
    names: Names, row: Mapping[str, Any], bases: Mapping[str, Any], rank: Value, position: int, *, brief: bool
) -> dict[str, Value | Cell]:
    """Return a row's cells by field."""
    lang, rule, zone = names.lang, str(row["rule_id"]), row.get("zone_id")
    kind = value_kind(names, rule)

    def first(*values: Any) -> str:  # noqa: ANN401 - cells of any type
        return next((text(value) for value in values if present(value)), "")

    verdict = first(row.get("verdict")) or "flagged"
    cause = first(row.get("cause"))
    low = row.get("actual_low", row.get("actual"))
    told = first(row.get("basis"), bases.get(rule))
    return {
        "serial": int(row.get("serial", position)),
        "town": first(row.get("town"), names.above(zone, "town"), names.above(zone, "district")),
        "community": place_of(names, row),
        "indicator": names.rule(rule),
        "clause": first(
            row.get(f"clause_{lang}"),
            names.of_rule(rule, f"cited_{lang}"),
            row.get("clause"),
            names.of_rule(rule, "clause"),
        ),
        "attribute": first(row.get("attribute"), names.of_rule(rule, "attribute")),
        "basis": people_basis(names, rule, told) if brief else told,
        "actual": between(low, row.get("actual_high", low), kind),
        "required": number(row.get("required"), kind),
        "shortfall": number(row.get("shortfall"), "whole"),
        "unit": look.unit(row.get("unit"), lang),
        "verdict": word("member_lacks", lang) if verdict == "has_not" else look.label(verdict, lang),
        "people_affected": number(row.get("people_affected"), "whole"),
        "nearest_facility": first(row.get("nearest_name")) or names.facility(row.get("nearest_facility")),
        "minutes": number(row.get("minutes"), "minutes"),
        "cause": look.label(cause, lang),
        "measures_proposed": measure_of(row, lang),
        "project": first(row.get("project")),
        "site": first(row.get("site")),
        "phase": first(row.get("phase")),
        "rank": rank,
        "note": first(row.get("note")),
    }


def place_of(names: Names, row: Mapping[str, Any]) -> str:
    """Return where a row of the gap list is: its community, with the estate where it is one; a coarser zone by its name."""
    zone, member = row.get("zone_id"), row.get("member_id")
    at = member if names.level(member) else zone
    community = text(row.get("community")) or names.above(at, "community")
    if names.level(at) == "estate":
        return " ".join(part for part in (community, names.zone(at)) if part)
    if community:
        return community
    return names.zone(at) if present(at) and names.level(at) != "town" else ""


def measure_of(row: Mapping[str, Any], lang: str) -> str:
    """Return what to do about a row of the gap list: its own words, else what its cause asks for."""
    own = next((row[key] for key in (f"measures_{lang}", "measures") if present(row.get(key))), "")
    cause = text(row.get("cause"))
    return str(own) or (word(f"measure_{cause}", lang) if cause in CAUSES else "")
