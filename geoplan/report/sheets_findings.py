"""Sheets of findings: the indicator table, the gap list, and members of what is not met."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.sheet import (
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    between,
    block_of,
    empty,
    number,
    present,
    rows_of,
    rule_kind,
    text,
    value_kind,
    word,
)
from geoplan.tables import Outcome

_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "="}


def indicators(outcome: Outcome) -> Sheet:
    """Return 主要指标对照表: one row a finding, at the plan's own level."""
    lang, names = outcome.lang, Names(outcome)
    several = len(set(outcome.findings["zone_id"])) > 1
    columns = [
        Column(look.label("serial", lang), "whole", 5),
        *([Column(look.label("zone", lang), "text", 9)] if several else []),
        Column(look.label("indicator", lang), "text", 20),
        Column(word("indicator_unit", lang), "text", 8),
        Column(look.label("attribute", lang), "text", 7),
        Column(look.label("base", lang), "text", 12),
        Column(look.label("actual", lang), "rate", 9),
        Column(look.label("reported", lang), "rate", 8),
        Column(look.label("required", lang), "text", 9),
        Column(look.label("completion", lang), "share", 8),
        Column(look.label("progress", lang), "text", 9),
        Column(look.label("shortfall", lang), "whole", 7, "short"),
        Column(look.label("gross_shortfall", lang), "whole", 9),
        Column(word("shortfall_unit", lang), "text", 7),
        Column(look.label("verdict", lang), "text", 9, "verdict"),
        Column(look.label("lead", lang), "text", 11),
        Column(word("calculated", lang), "text", 26),
        Column(look.label("clause", lang), "text", 14),
        Column(word("missing", lang), "text", 16),
    ]
    said = (
        outcome.reported.set_index("rule_id")["value"]
        if not empty(outcome.reported)
        else pd.Series(dtype=float)
    )
    rows: list[list[Value | Cell]] = []
    for position, row in enumerate(rows_of(outcome.findings), start=1):
        rule = row["rule_id"]
        kind = value_kind(names, rule)
        not_met = row["verdict"] == "not_met"
        rows.append(
            [
                position,
                *([names.zone(row["zone_id"])] if several else []),
                names.rule(rule),
                unit_of_value(names, rule, row["unit"]),
                text(row["attribute"]),
                base_text(names, rule, kind),
                between(row["actual_low"], row["actual_high"], kind),
                number(said.get(rule), kind),
                target_text(row, kind),
                completion(row),
                look.label(row["on_path"], lang),
                number(row["shortfall"], "whole") if not_met else None,
                number(row["gross_shortfall"], "whole") if not_met else None,
                look.unit(row["unit"], lang) if not_met else "",
                look.label(row["verdict"], lang),
                text(names.of_rule(rule, "lead")),
                _basis(names, rule, row["basis"]),
                text(names.of_rule(rule, f"cited_{lang}")) or text(row["clause"]),
                text(row.get(f"missing_{lang}")),
            ]
        )
    name = look.label("indicators_sheet", lang)
    return Sheet(
        name,
        (block_of(columns, rows),),
        (word("indicators_note", lang),),
        3 if several else 2,
        verdicts(lang),
    )


def verdicts(lang: str) -> dict[str, str]:
    """Return the words of the verdicts and what colours them."""
    return {look.label(v, lang): v for v in ("met", "not_met", "no_data", "not_applicable", "not_quantified")}


def unit_of_value(names: Names, rule: str, gap_unit: object) -> str:
    """Return the unit of a rule's value: per cent, 张/千人, or the unit in which one builds."""
    own = names.of_rule(rule, f"unit_{names.lang}")
    if own:
        return str(own)
    return "%" if value_kind(names, rule) == "share" else look.unit(gap_unit, names.lang)


def base_text(names: Names, rule: str, kind: str) -> str:
    """Return the plan's base value and its year: ``36.4% (2022)``."""
    value, year = names.of_rule(rule, "base_value"), names.of_rule(rule, "base_year")
    if value is None and not isinstance(names.of_rule(rule, "base"), str):
        value = names.of_rule(rule, "base")
    if value is None:
        return ""
    amount = _amount(float(value), kind)
    if year is None:
        return amount
    return f"{amount} ({int(year)})"


def _amount(value: float, kind: str) -> str:
    return (
        look.share(value)
        if kind == "share"
        else look.amount(value, "", kind="provision" if kind == "rate" else "")
    )


def target_text(row: Mapping[str, Any], kind: str) -> str:
    """Return what a finding was judged against: ``≥55.0%``, with the recommended value where the plan gives one."""
    if not present(row["required"]):
        return ""
    required, aim = float(row["required"]), row["aim"]
    if row["comparison"] == "between" and present(aim):
        return f"{_amount(required, kind)}–{_amount(float(aim), kind)}"
    sign = _SIGNS.get(str(row["comparison"]), "")
    above = f" → {_amount(float(aim), kind)}" if present(aim) and float(aim) != required else ""
    return f"{sign}{_amount(required, kind)}{above}"


def completion(row: Mapping[str, Any]) -> Value | Cell:
    """Return actual over target, for at-least targets that are not 0; an interval where the actual is one."""
    if row["comparison"] not in (">=", ">") or not present(row["required"]) or float(row["required"]) == 0:
        return None
    if not present(row["actual_low"]):
        return None
    required = float(row["required"])
    high = row["actual_high"]
    return between(
        float(row["actual_low"]) / required, float(high) / required if present(high) else None, "share"
    )


def _basis(names: Names, rule: str, people: object) -> str:
    parts = [text(names.of_rule(rule, f"basis_{names.lang}")), text(people)]
    return ("；" if names.lang == "zh" else "; ").join(part for part in parts if part)


#: Columns of the gap list, in the order in which an office hands it in: field, header, kind, width, mark.
_GAP = (
    ("serial", "whole", 5, ""),
    ("town", "text", 9, ""),
    ("community", "text", 11, ""),
    ("indicator", "text", 16, ""),
    ("clause", "text", 12, ""),
    ("attribute", "text", 6, ""),
    ("basis", "text", 20, ""),
    ("actual", "rate", 8, ""),
    ("required", "rate", 7, ""),
    ("shortfall", "whole", 7, ""),
    ("unit", "text", 7, ""),
    ("verdict", "text", 8, "verdict"),
    ("people_affected", "whole", 8, ""),
    ("nearest_facility", "text", 12, ""),
    ("minutes", "minutes", 8, ""),
    ("cause", "text", 9, ""),
    ("measures_proposed", "text", 14, ""),
    ("project", "text", 7, ""),
    ("phase", "text", 7, ""),
    ("rank", "whole", 7, ""),
    ("note", "text", 11, ""),
)


def gap_list(outcome: Outcome) -> Sheet:
    """Return 缺口清单: flagged communities, then findings not met; columns as an office hands them in."""
    lang, names = outcome.lang, Names(outcome)
    headers = {
        "town": look.label("town", lang),
        "community": look.label("community", lang),
        "actual": look.label("actual", lang) if lang == "en" else "现状值",
        "rank": word("rank", lang),
    }
    columns = [
        Column(headers.get(key) or look.label(key, lang), kind, width, mark)
        for key, kind, width, mark in _GAP
    ]
    table = outcome.gap_list
    bases = dict(zip(outcome.findings["rule_id"], outcome.findings["basis"], strict=True))
    ranks = _ranks(table)
    rows = [
        _gap_row(names, row, bases, rank, position)
        for position, (row, rank) in enumerate(zip(rows_of(table), ranks, strict=True), start=1)
    ]
    colours = verdicts(lang) | {
        look.label("flagged", lang): "flag",
        word("member_lacks", lang): "not_applicable",
    }
    notes = [word("gap_note", lang)]
    return Sheet(look.label("gap_sheet", lang), (block_of(columns, rows),), tuple(notes), 4, colours)


def _ranks(table: pd.DataFrame) -> list[Value]:
    """Return each row's rank by people affected, 1 the most; the table's own where it has one."""
    if "rank" in table.columns:
        return [None if pd.isna(value) else int(value) for value in table["rank"]]
    if "people_affected" not in table.columns:
        return [None] * len(table)
    order = table["people_affected"].rank(method="min", ascending=False)
    return [None if pd.isna(value) else int(value) for value in order]


def _gap_row(
    names: Names, row: Mapping[str, Any], bases: Mapping[str, Any], rank: Value, position: int
) -> list[Value | Cell]:
    lang, rule, zone = names.lang, str(row["rule_id"]), row.get("zone_id")
    kind = value_kind(names, rule)

    def first(*values: Any) -> str:  # noqa: ANN401 - cells of any type
        return next((text(value) for value in values if present(value)), "")

    verdict = first(row.get("verdict")) or "flagged"
    cause = first(row.get("cause"))
    low = row.get("actual_low", row.get("actual"))
    cells: dict[str, Value | Cell] = {
        "serial": int(row.get("serial", position)),
        "town": first(row.get("town"), names.above(zone, "town"), names.above(zone, "district")),
        "community": _place(names, zone, row.get("member_id"), first(row.get("community"))),
        "indicator": names.rule(rule),
        "clause": first(
            row.get(f"clause_{lang}"),
            names.of_rule(rule, f"cited_{lang}"),
            row.get("clause"),
            names.of_rule(rule, "clause"),
        ),
        "attribute": first(row.get("attribute"), names.of_rule(rule, "attribute")),
        "basis": first(row.get("basis"), bases.get(rule)),
        "actual": between(low, row.get("actual_high", low), kind),
        "required": number(row.get("required"), kind),
        "shortfall": number(row.get("shortfall"), "whole"),
        "unit": look.unit(row.get("unit"), lang),
        "verdict": word("member_lacks", lang) if verdict == "has_not" else look.label(verdict, lang),
        "people_affected": number(row.get("people_affected"), "whole"),
        "nearest_facility": first(row.get("nearest_name")) or names.facility(row.get("nearest_facility")),
        "minutes": number(row.get("minutes"), "minutes"),
        "cause": look.label(cause, lang),
        "measures_proposed": first(row.get(f"measures_{lang}"), row.get("measures")) or _measure(cause, lang),
        "project": first(row.get("project")),
        "phase": first(row.get("phase")),
        "rank": rank,
        "note": first(row.get("note")),
    }
    return [cells[key] for key, *_ in _GAP]


def _place(names: Names, zone: object, member: object, community: str) -> str:
    """Return where a row is: its community, with the estate where it is one; a coarser zone by its own name."""
    at = member if names.level(member) else zone
    community = community or names.above(at, "community")
    if names.level(at) == "estate":
        return " ".join(part for part in (community, names.zone(at)) if part)
    if community:
        return community
    return names.zone(at) if present(at) and names.level(at) != "town" else ""


def _measure(cause: str, lang: str) -> str:
    known = ("none_in_circle", "full", "too_small", "wrong_type", "not_connected", "no_data")
    return word(f"measure_{cause}", lang) if cause in known else ""


def members(outcome: Outcome) -> Sheet | None:
    """Return the members that findings not met count and that lack it or cannot be told; None where there are none."""
    lang, names = outcome.lang, Names(outcome)
    if empty(outcome.members):
        return None
    judged = outcome.findings[["rule_id", "zone_id", "verdict"]]
    table = outcome.members.merge(judged, on=["rule_id", "zone_id"], how="left")
    has = table["has"].astype("boolean")
    table = table[(table["verdict"] == "not_met") & ~has.fillna(value=False)]
    if table.empty:
        return None
    columns = [
        Column(look.label("serial", lang), "whole", 6),
        Column(look.label("indicator", lang), "text", 30),
        Column(look.label("zone", lang), "text", 14),
        Column(look.label("town", lang), "text", 14),
        Column(word("member", lang), "text", 20),
        Column(look.label("flag", lang) if lang == "en" else "是否符合", "text", 14, "verdict"),
        Column(word("value", lang), "rate", 11),
        Column(look.label("nearest_facility", lang), "text", 20),
        Column(look.label("minutes", lang), "minutes", 10),
        Column(look.label("cause", lang), "text", 15),
    ]
    rows: list[list[Value | Cell]] = []
    for position, row in enumerate(rows_of(table), start=1):
        member = row["member_id"]
        kind = (
            "rate"
            if rule_kind(names, row["rule_id"]) in ("presence", "compliance")
            else value_kind(names, row["rule_id"])
        )
        rows.append(
            [
                position,
                names.rule(row["rule_id"]),
                names.zone(row["zone_id"]),
                names.above(member, "town"),
                names.zone(member) if names.level(member) else names.facility(member),
                look.label("no_data" if pd.isna(row["has"]) else "has_not", lang),
                number(row["value"], kind),
                names.facility(row["nearest_facility"]),
                number(row["minutes"], "minutes"),
                look.label(row["cause"], lang),
            ]
        )
    colours = {look.label("has_not", lang): "not_met", look.label("no_data", lang): "no_data"}
    return Sheet(
        word("members_sheet", lang), (block_of(columns, rows),), (word("members_note", lang),), 2, colours
    )
