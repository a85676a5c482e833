"""缺口清单: flagged communities, then findings not met with the members that lack it, as an office hands it in."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report.content.names import Names, caveats_of, present, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table, column, numbered, unit_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_number


@listed(40, "workbook", "csv")
def gap_list(outcome: Outcome) -> Table:
    """Return the gap list: flagged communities in the order of their codes, then findings not met with their members."""
    lang, names, table = outcome.lang, Names(outcome), outcome.gap_list
    # the column of sites stands only where sites were chosen; that of districts where the study has no towns
    upper = "town" if (outcome.zones["level"] == "town").any() else "district"
    keys = (
        "serial", "rule_id", "zone_code", upper, "community", "indicator", "clause", "attribute", "basis", "actual", "target",
        "required", "shortfall", "unit", "verdict", "people_affected", "nearest_facility", "minutes", "cause", "measure",
        "project", *(["site"] if "site" in table.columns else []), "term", "rank", "caveats",
    )  # fmt: skip
    depths: dict[str, Any] = {"required": 4}
    bases = dict(zip(outcome.findings["rule_id"], outcome.findings["basis"], strict=True))
    rows = [
        _row(names, row, upper, text(bases.get(row["rule_id"]))) | {"rank": rank}
        for row, rank in zip(rows_of(table), _ranks(table), strict=True)
    ]
    notes = [phrase("gaps_note", lang), *([phrase("gaps_site_note", lang)] if "site" in keys else [])]
    columns = [column(key, lang, depth=depths.get(key)) for key in keys]
    return Table.of(
        "gap_list",
        phrase("gaps_title", lang),
        columns,
        numbered([cells[key] for key in keys[1:]] for cells in rows),
        notes=tuple(notes),
        frozen=5,
        empty=phrase("gaps_none", lang),
    )


def part_of(row: Mapping[str, Any]) -> str:
    """Return whether a row of the gap list is a flag, a finding or a member of one."""
    return text(row.get("part")) or "flag"


def format_of(names: Names, row: Mapping[str, Any]) -> str:
    """Return the number format of a row's value: what was measured of the one member, or of the zone; nothing for no amount."""
    rule = str(row["rule_id"])
    return names.member_format(rule) if part_of(row) == "member" else names.format(rule)


def target_cell(names: Names, row: Mapping[str, Any]) -> str:
    """Return what a row was judged against: a flag by the standard, a finding by its target, a member by its own."""
    required = row.get("required")
    if part_of(row) == "flag":
        number_format = names.format(str(row["rule_id"]))
        return f"≥{format_number(required, number_format)}" if present(required) else ""
    return text(row.get("target"))


def gap_caveats(names: Names, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what qualifies a row, in words."""
    return tuple(dict.fromkeys((*caveats_of(row, names.lang), *filter(None, [text(row.get("note"))]))))


def caveats_cell(names: Names, row: Mapping[str, Any]) -> str:
    """Return what qualifies a row, as one cell."""
    return phrase("join_semicolon", names.lang).join(gap_caveats(names, row))


def _ranks(table: pd.DataFrame) -> list[Cell]:
    """Return each row's rank by people affected, 1 the most; the table's own where it has one."""
    if "rank" in table.columns:
        return [Amount.of(value, "count") for value in table["rank"]]
    if "people_affected" not in table.columns:
        return [None] * len(table)
    return [
        Amount.of(value, "count") for value in table["people_affected"].rank(method="min", ascending=False)
    ]


def _row(names: Names, row: Mapping[str, Any], upper: str, basis: str) -> dict[str, Cell]:
    """Return a row's cells by column; `basis` is that of the rule's findings, where the row says none."""
    lang, rule, zone, member = names.lang, str(row["rule_id"]), row.get("zone_id"), row.get("member_id")
    verdict, cause, number_format = (
        text(row.get("verdict")) or "flagged",
        text(row.get("cause")),
        format_of(names, row),
    )
    low = row.get("actual_low", row.get("actual"))
    return {
        "rule_id": rule,
        "zone_code": names.code(member if names.level(member) else zone),
        upper: text(row.get(upper)) or names.above(zone, upper),
        "community": place_of(names, row),
        "indicator": names.rule(rule),
        "clause": text(row.get(f"clause_{lang}")) or text(row.get("clause")) or names.clause(rule),
        "attribute": text(row.get("attribute")) or text(names.of_rule(rule, "attribute")),
        "basis": people_basis(names, rule, text(row.get("basis")) or basis),
        "actual": Amount.between(low, row.get("actual_high", low), number_format) if number_format else None,
        "target": target_cell(names, row),
        "required": Amount.of(row.get("required"), names.format(rule)),
        "shortfall": Amount.of(row.get("shortfall"), "count"),
        "unit": unit_cell(row.get("unit"), lang),
        "verdict": Coded(verdict, phrase("gaps_member", lang) if verdict == "has_not" else ""),
        "people_affected": Amount.of(row.get("people_affected"), "count"),
        "nearest_facility": text(row.get("nearest_name")) or names.facility(row.get("nearest_facility")),
        "minutes": Amount.of(row.get("minutes"), "minutes"),
        "cause": Coded(cause) if cause else None,
        "measure": text(row.get("measures")),
        "project": text(row.get("project")),
        "site": text(row.get("site")),
        "term": text(row.get("phase")),
        "caveats": caveats_cell(names, row),
    }


def people_basis(names: Names, rule: str, told: str) -> str:
    """Return the part of a basis that says whom it counts: ``每千人：60岁及以上老年人口；常住 2010``.

    What is counted stands in the indicator table, so that a row stays low on paper.
    """
    joint = phrase("join_semicolon", names.lang)
    counted = text(names.of_rule(rule, f"basis_{names.lang}")).split(joint)
    # of what the rule counts, `per` names people
    per = phrase("gaps_per", names.lang)
    people = [part for part in told.split(joint) if part not in counted or part.startswith(per)]
    return joint.join(people) or told


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
