"""缺口清单: flagged communities, then findings not met with the members that lack it, as an office hands it in."""

from collections.abc import Mapping
from typing import Any

from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, caveats_of, present, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table, unit_cell
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
        "project", *(["site"] if "site" in table.columns else []), "term", "rank", "affected", "caveats",
    )  # fmt: skip
    notes = (phrase("gaps_note", lang), *([phrase("gaps_site_note", lang)] if "site" in keys else []))
    return table_of(
        "gap_list", lang, keys, (_row(names, row, upper) for row in rows_of(table)), title=phrase("gaps_title", lang),
        depths={"required": 4}, notes=notes, frozen=5, empty=phrase("gaps_none", lang),
    )  # fmt: skip


def part_of(row: Mapping[str, Any]) -> str:
    """Return whether a row of the gap list is a flag, a finding or a member of one."""
    return str(row["part"])


def format_of(names: Names, row: Mapping[str, Any]) -> str:
    """Return the number format of a row's value: what was measured of the one member, or of the zone; nothing for no amount."""
    rule = str(row["rule_id"])
    return names.member_format(rule) if part_of(row) == "member" else names.format(rule)


def target_cell(names: Names, row: Mapping[str, Any]) -> str:
    """Return what a row was judged against: a flag by the standard, a finding by its target, a member by its own."""
    if part_of(row) != "flag":
        return text(row["target"])
    number_format = names.format(str(row["rule_id"]))
    return f"≥{format_number(row['required'], number_format)}" if present(row["required"]) else ""


def gap_caveats(names: Names, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what qualifies a row, in words."""
    return tuple(dict.fromkeys(filter(None, (*caveats_of(row, names.lang), text(row["note"])))))


def caveats_cell(names: Names, row: Mapping[str, Any]) -> str:
    """Return what qualifies a row, as one cell."""
    return phrase("join_semicolon", names.lang).join(gap_caveats(names, row))


def _row(names: Names, row: Mapping[str, Any], upper: str) -> dict[str, Cell]:
    """Return a row's cells by column."""
    lang, rule, verdict, member = names.lang, str(row["rule_id"]), str(row["verdict"]), row["member_id"]
    number_format = format_of(names, row)
    return {
        "rule_id": rule,
        "zone_code": names.code(member if names.level(member) else row["zone_id"]),
        upper: text(row[upper]),
        "community": place_of(names, row),
        "indicator": names.rule(rule),
        "clause": text(row["clause"]),
        "attribute": names.attribute(rule),
        "basis": people_basis(names, rule, text(row["basis"])),
        "actual": Amount.between(row["actual_low"], row["actual_high"], number_format)
        if number_format
        else None,
        "target": target_cell(names, row),
        "required": Amount.of(row["required"], names.format(rule)),
        "shortfall": Amount.of(row["shortfall"], "count"),
        "unit": unit_cell(row["unit"], lang),
        "verdict": Coded(verdict, phrase("gaps_member", lang) if verdict == "has_not" else ""),
        "people_affected": Amount.of(row["people_affected"], "count"),
        "affected": names.affected(rule) if present(row["people_affected"]) else "",
        "nearest_facility": nearest_text(names, row),
        "minutes": Amount.of(row["minutes"], "minutes"),
        "cause": Coded.of(row["cause"]),
        "measure": text(row["measures"]),
        "project": text(row["project"]),
        "site": text(row.get("site")),
        "term": text(row["phase"]),
        "rank": Amount.of(row["rank"], "count"),
        "caveats": caveats_cell(names, row),
    }


def nearest_text(names: Names, row: Mapping[str, Any]) -> str:
    """Return the name of the facility nearest to a row's people; nothing where there is none."""
    return text(row["nearest_name"]) or names.facility(row["nearest_facility"])


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
    at = row["member_id"] if names.level(row["member_id"]) else row["zone_id"]
    community = text(row["community"]) or names.above(at, "community")
    if names.level(at) == "estate":
        return " ".join(part for part in (community, names.zone(at)) if part)
    if community:
        return community
    return names.zone(at) if present(at) and names.level(at) != "town" else ""
