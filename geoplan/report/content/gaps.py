"""缺口清单: flagged communities, then findings not met with the members that lack it, as an office hands it in."""

from collections.abc import Mapping
from typing import Any

from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, caveats_of, present, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Column, Table, column, unit_cell
from geoplan.tables import OPINIONS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_exact

#: Columns of the gap list that stand on paper; the others are for those who work on with it.
ON_PAPER = (
    "serial", "zone_code", "upper", "community", "indicator", "flag_kind", "grade", "actual", "target", "shortfall", "net_shortfall",
    "unit", "people_affected", "affected", "measure", "priority",
)  # fmt: skip
#: Columns in which street offices confirm a row before it is filed; words of `OPINIONS` stand in the first.
CONFIRM = ("confirm_opinion", "confirm_by", "confirm_date")


@listed(40, "workbook", "csv")
def gap_list(outcome: Outcome) -> Table:
    """Return the gap list: flagged communities in the order of their codes, then findings not met with their members."""
    lang, names, table = outcome.lang, Names(outcome), outcome.gap_list
    # the column of sites stands only where sites were chosen; that of districts where the study has no towns
    upper = "town" if (outcome.zones["level"] == "town").any() else "district"
    opinions = tuple(phrase(f"confirm_{code}", lang) for code in OPINIONS)
    paper = [upper if key == "upper" else key for key in ON_PAPER]
    keys: tuple[str | Column, ...] = (
        *paper, column(CONFIRM[0], lang, choices=opinions), *CONFIRM[1:], "clause", "attribute", "basis", "required",
        "verdict", "affected_whole", "nearest_facility", "minutes", "cause", "project", "relief", "relief_year", "funds",
        "responsible", *(["site"] if "site" in table.columns else []), "term", "caveats", "rule_id",
    )  # fmt: skip
    notes = [phrase(code, lang) for code in ("gaps_note", "gaps_note_kinds", "gaps_note_grades")]
    notes += [phrase("gaps_site_note", lang)] if "site" in keys else []
    return table_of(
        "gap_list", lang, keys, (_row(names, row, upper) for row in rows_of(table)), title=phrase("gaps_title", lang),
        depths={"required": 4, "rule_id": 3}, notes=tuple(notes), frozen=5, empty=phrase("gaps_none", lang),
        on_paper=len(paper) + len(CONFIRM), whole=True, details=(phrase("gaps_note_confirm", lang),),
    )  # fmt: skip


def kind_cell(code: object, lang: str) -> Coded | None:
    """Return the kind of a flag as a cell; None where it is none."""
    return Coded(str(code), phrase(f"flag_kind_{code}", lang)) if present(code) else None


def grade_cell(code: object, lang: str) -> Coded | None:
    """Return the grade of a flag as a cell; None where it has none."""
    return Coded(str(code), phrase(f"grade_{code}", lang)) if present(code) else None


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
    return f"≥{format_exact(row['required'], number_format)}" if present(row["required"]) else ""


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
        "affected": names.affected(rule, row["affected_group"]) if present(row["people_affected"]) else "",
        "nearest_facility": nearest_text(names, row),
        "minutes": Amount.of(row["minutes"], "minutes"),
        "cause": Coded.of(row["cause"]),
        "measure": text(row["measures"]),
        "project": text(row["project"]),
        "site": text(row.get("site")),
        "flag_kind": kind_cell(row["flag_kind"], lang),
        "grade": grade_cell(row["grade"], lang),
        "affected_whole": Amount.of(row["affected_whole"], "count"),
        "relief": Amount.of(row["relief"], "count"),
        "net_shortfall": net_cell(row),
        "relief_year": Amount.of(row["relief_year"], "year"),
        "funds": text(row["funds"]),
        "responsible": text(row["responsible"]),
        **dict.fromkeys(CONFIRM),
        "term": text(row["phase"]),
        "priority": Amount.of(row["priority"], "count"),
        "caveats": caveats_cell(names, row),
    }


def net_cell(row: Mapping[str, Any]) -> Cell:
    """Return the net shortfall; *no data* where what is under way leaves it open."""
    if present(row["shortfall"]) and not present(row["net_shortfall"]) and part_of(row) == "flag":
        return Coded("no_data")
    return Amount.of(row["net_shortfall"], "count")


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
