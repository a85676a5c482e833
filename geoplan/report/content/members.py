"""What findings count: units that fall short or cannot be told, and facilities judged one by one."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report.content.build import table_of
from geoplan.report.content.findings import target_of
from geoplan.report.content.names import Names, caveats_of, empty, present, rows_of, text
from geoplan.report.content.projects import facility_types
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table, unit_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import missing


@listed(50, "workbook", "csv")
def members(outcome: Outcome) -> Table | None:
    """Return 未达标单元明细: the units that rules judge or count and that fall short or cannot be told; None where there are none."""
    lang, names = outcome.lang, Names(outcome)
    rows = [*_lacking(outcome, names), *_judged_below(outcome, names)]
    if not rows:
        return None
    above = names.levels_between()[-1:]
    keys = (
        "serial", "rule_id", "indicator", "zone", *above, "member", "zone_code", "member_state", "member_value", "target",
        "shortfall", "unit", "nearest_facility", "minutes", "cause", "caveats",
    )  # fmt: skip
    return table_of("members", lang, keys, rows, notes=(phrase("members_note", lang),), frozen=3)


def state_of(row: Mapping[str, Any]) -> Coded:
    """Return whether a member meets the rule: has, has_not, no_data, or may_count where it is not known whether the rule counts it."""
    has = row["has"]
    if not missing(row["sure"]) and not row["sure"]:
        return Coded("may_count")
    return Coded("no_data" if missing(has) else "has" if has else "has_not")


def value_of(names: Names, row: Mapping[str, Any]) -> Amount | None:
    """Return what was measured of a member; None where it cannot be told, or is no amount."""
    number_format = names.member_format(row["rule_id"])
    return (
        Amount.between(row["value"], row["value_high"], number_format)
        if number_format and not missing(row["has"])
        else None
    )


def _lacking(outcome: Outcome, names: Names) -> list[list[Cell]]:
    """Return a row a member that a finding not met counts and that lacks it or cannot be told."""
    if empty(outcome.members):
        return []
    lang, above = names.lang, names.levels_between()[-1:]
    findings = {(row["rule_id"], row["zone_id"]): row for row in rows_of(outcome.findings)}
    rows: list[list[Cell]] = []
    for row in rows_of(outcome.members):
        rule, member = row["rule_id"], row["member_id"]
        finding = findings.get((rule, row["zone_id"]))
        if finding is None or finding["verdict"] != "not_met" or (not missing(row["has"]) and row["has"]):
            continue
        is_zone = bool(names.level(member))
        rows.append(
            [
                rule,
                names.rule(rule),
                names.zone(row["zone_id"]),
                *(names.above(member, upper) if is_zone else "" for upper in above),
                names.zone(member) if is_zone else names.facility(member),
                names.code(member),
                state_of(row),
                value_of(names, row),
                names.member_target(rule),
                None,
                None,
                names.facility(row["nearest_facility"]) if is_zone else "",
                Amount.of(row["minutes"], "minutes"),
                Coded.of(row["cause"]),
                phrase("join_semicolon", lang).join(caveats_of(finding, lang)),
            ]
        )
    return rows


def _judged_below(outcome: Outcome, names: Names) -> list[list[Cell]]:
    """Return a row a zone below the plan's area that a rule judges by itself and that is not met or cannot be told."""
    lang, table, above = outcome.lang, outcome.findings, names.levels_between()[-1:]
    open_ = table["verdict"].isin(["not_met", "no_data"])
    rows: list[list[Cell]] = []
    for row in rows_of(table[open_ & ~table["of_plan"].astype(bool)]):
        rule, zone = row["rule_id"], row["zone_id"]
        known = present(row["shortfall"]) and present(row["unit"])
        rows.append(
            [
                rule,
                names.rule(rule),
                names.above(zone, "district") or names.above(zone, "area"),
                *(names.above(zone, upper) for upper in above),
                names.zone(zone),
                names.code(zone),
                Coded(row["verdict"]),
                Amount.between(row["actual_low"], row["actual_high"], names.format(rule)),
                target_of(names, row),
                Amount.of(row["shortfall"], "count"),
                unit_cell(row["unit"], lang) if known else None,
                "",
                None,
                Coded.of(row["cause"]),
                phrase("join_semicolon", lang).join(caveats_of(row, lang)),
            ]
        )
    return rows


@listed(60, "workbook", "csv")
def facility_findings(outcome: Outcome) -> Table | None:
    """Return 单体设施评价: every facility that a rule judges by itself, with what it asks; None where no rule does."""
    if empty(outcome.members):
        return None
    table = outcome.members[outcome.members["member_id"].isin(outcome.facilities.index)]
    if table.empty:
        return None
    lang, names = outcome.lang, Names(outcome)
    above = [level for level in (*names.levels_between()[-1:], "community") if names.has(level)]
    keys = (
        "serial", "facility_id", "name", "services", *above, "zone_code", "rule_id", "indicator", "target", "member_value",
        "member_state", "clause", "source_file", "source_row",
    )  # fmt: skip
    own = {
        str(key): row
        for key, row in zip(outcome.facilities.index, rows_of(pd.DataFrame(outcome.facilities)), strict=True)
    }
    order = {facility: place for place, facility in enumerate(outcome.facilities.index)}
    rows = sorted(rows_of(table), key=lambda row: order[row["member_id"]])
    cells = (_facility_row(row, own[row["member_id"]], names, above) for row in rows)
    notes = (phrase("facility_findings_note", lang),)
    return table_of("facility_findings", lang, keys, cells, notes=notes, frozen=3)


def _facility_row(
    row: Mapping[str, Any], own: Mapping[str, Any], names: Names, above: list[str]
) -> list[Cell]:
    rule, zone = row["rule_id"], own["zone_id"]
    return [
        row["member_id"],
        names.facility(row["member_id"]),
        facility_types(own["services"], names.lang),
        *(names.above(zone, level) for level in above),
        names.code(zone),
        rule,
        names.rule(rule),
        names.member_target(rule) or text(names.of_rule(rule, f"target_text_{names.lang}")),
        value_of(names, row),
        state_of(row),
        names.clause(rule),
        text(own["source_file"]),
        Amount.of(own["source_row"], "year"),
    ]
