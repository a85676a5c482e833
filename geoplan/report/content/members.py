"""Sheets of what findings count: units that fall short, and facilities judged one by one."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.findings import target_text
from geoplan.report.content.sheet import (
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


def members(outcome: Outcome) -> Sheet | None:
    """Return 未达标单元明细: the units that rules judge or count and that fall short or cannot be told; None where there are none."""
    lang, names = outcome.lang, Names(outcome)
    columns = [
        Column(look.label("serial", lang), "whole", 6),
        Column(look.label("indicator", lang), "text", 30),
        Column(look.label("zone", lang), "text", 14),
        Column(look.label(_above(names), lang), "text", 14),
        Column(word("member", lang), "text", 22),
        Column(word("member_state", lang), "text", 14, "verdict"),
        Column(word("value", lang), "rate", 11),
        Column(look.label("required", lang), "text", 10),
        Column(look.label("shortfall", lang), "whole", 9, "short"),
        Column(look.label("unit", lang), "text", 9),
        Column(look.label("nearest_facility", lang), "text", 22),
        Column(look.label("minutes", lang), "minutes", 10),
        Column(look.label("cause", lang), "text", 14),
    ]
    listed = [*_lacking(outcome, names), *_judged_below(outcome, names)]
    if not listed:
        return None
    rows: list[list[Value | Cell]] = [[position, *row] for position, row in enumerate(listed, start=1)]
    colours = {look.label(key, lang): key for key in ("not_met", "no_data")}
    colours |= {look.label("has_not", lang): "not_met"}
    notes = (word("members_note", lang),)
    return Sheet(word("members_sheet", lang), (block_of(columns, rows),), notes, 2, colours)


def _above(names: Names) -> str:
    between = names.levels_between()
    return between[-1] if between else "area"


def _lacking(outcome: Outcome, names: Names) -> list[list[Value | Cell]]:
    """Return a row a member that a finding not met counts and that lacks it or cannot be told."""
    if empty(outcome.members):
        return []
    lang, above = outcome.lang, _above(names)
    judged = outcome.findings[["rule_id", "zone_id", "verdict"]]
    table = outcome.members.merge(judged, on=["rule_id", "zone_id"], how="left")
    has = table["has"].astype("boolean")
    rows: list[list[Value | Cell]] = []
    for row in rows_of(table[(table["verdict"] == "not_met") & ~has.fillna(value=False)]):
        rule, member = row["rule_id"], row["member_id"]
        kind = "rate" if rule_kind(names, rule) in ("presence", "compliance") else value_kind(names, rule)
        is_zone = bool(names.level(member))
        rows.append(
            [
                names.rule(rule),
                names.zone(row["zone_id"]),
                names.above(member, above) if is_zone else "",
                names.zone(member) if is_zone else names.facility(member),
                look.label("no_data" if pd.isna(row["has"]) else "has_not", lang),
                number(row["value"], kind),
                "",
                None,
                "",
                names.facility(row["nearest_facility"]) if is_zone else "",
                number(row["minutes"], "minutes"),
                look.label(row["cause"], lang),
            ]
        )
    return rows


def _judged_below(outcome: Outcome, names: Names) -> list[list[Value | Cell]]:
    """Return a row a zone below the plan's area that a rule judges by itself and that is not met or cannot be told."""
    table = outcome.findings
    if "of_plan" not in table.columns:
        return []
    lang, above = outcome.lang, _above(names)
    open_ = table["verdict"].isin(["not_met", "no_data"])
    rows: list[list[Value | Cell]] = []
    for row in rows_of(table[open_ & ~table["of_plan"].astype(bool)]):
        rule, zone = row["rule_id"], row["zone_id"]
        kind = value_kind(names, rule)
        rows.append(
            [
                names.rule(rule),
                names.above(zone, "district") or names.above(zone, "area"),
                names.above(zone, above),
                names.zone(zone),
                look.label(row["verdict"], lang),
                between(row["actual_low"], row["actual_high"], kind),
                target_text(row, kind),
                number(row["shortfall"], "whole"),
                look.unit(row["unit"], lang) if present(row["shortfall"]) else "",
                "",
                None,
                look.label(row["cause"], lang),
            ]
        )
    return rows


def facility_findings(outcome: Outcome) -> Sheet | None:
    """Return 单体设施评价: every facility that a rule judges by itself, with what it asks; None where no rule does."""
    lang, names = outcome.lang, Names(outcome)
    if empty(outcome.members):
        return None
    table = outcome.members[outcome.members["member_id"].isin(outcome.facilities.index)]
    if table.empty:
        return None
    columns = [
        Column(look.label("serial", lang), "whole", 6),
        Column(look.label("name", lang), "text", 26),
        Column(look.label("services", lang), "text", 18),
        Column(look.label(_above(names), lang), "text", 14),
        Column(look.label("community", lang), "text", 14),
        Column(look.label("indicator", lang), "text", 34),
        Column(word("asked", lang), "text", 12),
        Column(word("value", lang), "rate", 10),
        Column(word("member_state", lang), "text", 14, "verdict"),
        Column(look.label("clause", lang), "text", 26),
        Column(look.label("source_file", lang), "text", 24),
        Column(look.label("source_row", lang), "whole", 7),
    ]
    own = outcome.facilities.loc[:, ["services", "zone_id", "source_file", "source_row"]].to_dict("index")
    in_order = {facility: place for place, facility in enumerate(outcome.facilities.index)}
    listed = sorted(rows_of(table), key=lambda row: in_order[row["member_id"]])
    rows: list[list[Value | Cell]] = [
        [position, *_facility_row(row, own[row["member_id"]], names)]
        for position, row in enumerate(listed, start=1)
    ]
    colours = {look.label("has", lang): "met", look.label("has_not", lang): "not_met"}
    colours |= {look.label("no_data", lang): "no_data"}
    notes = (word("facilities_note", lang),)
    return Sheet(word("facilities_sheet", lang), (block_of(columns, rows),), notes, 2, colours)


def _facility_row(row: Mapping[str, Any], own: Mapping[str, Any], names: Names) -> list[Value | Cell]:
    lang, rule, zone = names.lang, row["rule_id"], own["zone_id"]
    state = "no_data" if look.missing(row["has"]) else "has" if row["has"] else "has_not"
    joint = "、" if lang == "zh" else ", "
    return [
        names.facility(row["member_id"]),
        joint.join(look.facility_label(service, lang) for service in own["services"]),
        names.above(zone, _above(names)),
        names.above(zone, "community"),
        names.rule(rule),
        text(names.of_rule(rule, f"target_text_{lang}")),
        number(row["value"], "rate"),
        look.label(state, lang),
        text(names.of_rule(rule, f"cited_{lang}")) or text(names.of_rule(rule, "clause")),
        text(own["source_file"]),
        number(own["source_row"], "whole"),
    ]
