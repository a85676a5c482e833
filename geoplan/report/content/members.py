"""What findings count: units that fall short or cannot be told, and facilities judged one by one."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from geoplan.report.content.build import table_of
from geoplan.report.content.findings import target_of
from geoplan.report.content.names import Names, caveats_of, empty, present, rows_of, text
from geoplan.report.content.projects import facility_types
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Column, Table, column, unit_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import missing
from geoplan.words.vocabulary import label as attribute_label


@listed(50, "workbook", "csv")
def members(outcome: Outcome) -> Table | None:
    """Return 未达标单元明细: the units that rules judge or count and that fall short or cannot be told; None where there are none."""
    lang, names = outcome.lang, Names(outcome)
    lacking = _lacking(outcome)
    beside = _beside(names, (row["rule_id"] for row, _ in lacking))
    rows = [*_member_rows(outcome, names, lacking, beside), *_judged_below(outcome, names, beside)]
    if not rows:
        return None
    above = names.levels_between()[-1:]
    keys: tuple[str | Column, ...] = (
        "serial", "rule_id", "indicator", "zone", *above, "member", "zone_code", "member_state", "member_value", "target",
        "shortfall", "unit", "nearest_facility", *_attribute_columns(beside, lang), "minutes", "cause", "caveats",
    )  # fmt: skip
    return table_of("members", lang, keys, rows, notes=(phrase("members_note", lang),), frozen=3)


def state_of(row: Mapping[str, Any]) -> Coded:
    """Return whether a member meets the rule: has, has_not, no_data, or may_count where it is not known whether the rule counts it."""
    has = row["has"]
    if not missing(row["sure"]) and not row["sure"]:
        return Coded("may_count")
    return Coded("no_data" if missing(has) else "has" if has else "has_not")


def value_of(names: Names, row: Mapping[str, Any], *, is_open: bool = False) -> Amount | None:
    """Return what was measured of a member, an interval where it is one; None where it cannot be told, or is no amount.

    `is_open`: nothing bounds what members have, so that none is known to meet the rule, and each shows what it has.
    """
    number_format = names.member_format(row["rule_id"])
    is_told = is_open or not missing(row["has"]) or row["value"] != row["value_high"]
    return (
        Amount.between(row["value"], row["value_high"], number_format) if number_format and is_told else None
    )


def member_target(names: Names, rule: str, finding: Mapping[str, Any]) -> str:
    """Return what one member must meet by itself; where the study sets it (本地设定), what the finding was judged against."""
    own = names.member_target(rule)
    return target_of(names, finding) if own and finding["local"] else own


def _findings(outcome: Outcome) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["rule_id"], row["zone_id"]): row for row in rows_of(outcome.findings)}


def _beside(names: Names, rules: Iterable[str]) -> list[str]:
    """Return the attributes of the register that rules list beside their members, each once."""
    told = (text(names.of_rule(rule, "beside")) for rule in dict.fromkeys(rules))
    return list(dict.fromkeys(name for names_ in told for name in names_.split(", ") if name))


def _attribute_columns(beside: Iterable[str], lang: str) -> list[Column]:
    """Return a column an attribute, under its name in the vocabulary."""
    return [
        column("has_attribute", lang, name=name, header=attribute_label("attributes", name, lang))
        for name in beside
    ]


def _attribute_cells(
    names: Names, rule: str, facility: Mapping[str, Any], beside: Iterable[str]
) -> list[Cell]:
    """Return whether a facility has each attribute that its rule lists: yes, no, or no data; None where the rule lists it not."""
    own = text(names.of_rule(rule, "beside")).split(", ")
    values = (facility.get(name) for name in beside)
    return [
        None if name not in own else Coded("unknown" if missing(value) else "yes" if value else "no")
        for name, value in zip(beside, values, strict=True)
    ]


def _facilities(outcome: Outcome) -> dict[str, dict[str, Any]]:
    table = pd.DataFrame(outcome.facilities)
    return {str(key): row for key, row in zip(table.index, rows_of(table), strict=True)}


def _lacking(outcome: Outcome) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the members that a finding not met counts and that lack it or cannot be told, each with its finding."""
    if empty(outcome.members):
        return []
    findings = _findings(outcome)
    pairs = ((row, findings.get((row["rule_id"], row["zone_id"]))) for row in rows_of(outcome.members))
    return [
        (row, finding)
        for row, finding in pairs
        if finding is not None and finding["verdict"] == "not_met" and (missing(row["has"]) or not row["has"])
    ]


def _member_rows(
    outcome: Outcome,
    names: Names,
    lacking: Iterable[tuple[dict[str, Any], dict[str, Any]]],
    beside: list[str],
) -> list[list[Cell]]:
    """Return a row a member."""
    lang, above = names.lang, names.levels_between()[-1:]
    facilities = _facilities(outcome)
    rows: list[list[Cell]] = []
    for row, finding in lacking:
        rule, member = row["rule_id"], row["member_id"]
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
                member_target(names, rule, finding),
                None,
                None,
                names.facility(row["nearest_facility"]),
                *_attribute_cells(names, rule, facilities.get(member, {}), beside),
                Amount.of(row["minutes"], "minutes"),
                Coded.of(row["cause"]),
                phrase("join_semicolon", lang).join(caveats_of(finding, lang)),
            ]
        )
    return rows


def _judged_below(outcome: Outcome, names: Names, beside: list[str]) -> list[list[Cell]]:
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
                *[None] * len(beside),
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
    order = {facility: place for place, facility in enumerate(outcome.facilities.index)}
    rows = sorted(rows_of(table), key=lambda row: order[row["member_id"]])
    near = ["nearest_facility"] if any(present(row["nearest_facility"]) for row in rows) else []
    beside = _beside(names, (row["rule_id"] for row in rows))
    keys: tuple[str | Column, ...] = (
        "serial", "facility_id", "name", "services", *above, "zone_code", "rule_id", "indicator", "target", "member_value",
        *near, *_attribute_columns(beside, lang), "member_state", "clause", "source_file", "source_row",
    )  # fmt: skip
    own, findings = _facilities(outcome), _findings(outcome)
    cells = (
        _facility_row(row, own[row["member_id"]], findings[row["rule_id"], row["zone_id"]], names, above, near, beside)
        for row in rows
    )  # fmt: skip
    notes = (phrase("facility_findings_note", lang),)
    return table_of("facility_findings", lang, keys, cells, notes=notes, frozen=3)


def _facility_row(
    row: Mapping[str, Any],
    own: Mapping[str, Any],
    finding: Mapping[str, Any],
    names: Names,
    above: list[str],
    near: list[str],
    beside: list[str],
) -> list[Cell]:
    rule, zone = row["rule_id"], own["zone_id"]
    is_open = missing(row["has"]) and finding["verdict"] == "not_quantified"
    value = value_of(names, row, is_open=is_open)
    return [
        row["member_id"],
        names.facility(row["member_id"]),
        facility_types(own["services"], names.lang),
        *(names.above(zone, level) for level in above),
        names.code(zone),
        rule,
        names.rule(rule),
        member_target(names, rule, finding) or text(names.of_rule(rule, f"target_text_{names.lang}")),
        value,
        *(names.facility(row[key]) for key in near),
        *_attribute_cells(names, rule, own, beside),
        Coded("not_quantified") if is_open and value is not None else state_of(row),
        names.clause(rule),
        text(own["source_file"]),
        Amount.of(own["source_row"], "year"),
    ]
