"""任务分工表: every task of the plans with who leads it, who supports, where, by when, and how far it is.

The whole is a sheet of the workbook; `tasks_by_office` cuts it into a table an office.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from geoplan.report.content.adopted import adopted_from, adopted_of
from geoplan.report.content.build import table_of
from geoplan.report.content.findings import members_of, summarised, verdict_of
from geoplan.report.content.guidance import guidance_level
from geoplan.report.content.names import AREA, Names, caveats_of, empty, present, rows_of, text
from geoplan.report.content.offices import Offices, offices_of
from geoplan.report.content.progress import progress_text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Listed, Table, Tally, column, numbered
from geoplan.standards.grammar import parse_targets
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label

#: Columns of an office's page, which is printed.
ON_PAPER = (
    "serial", "role", "task", "annex_target", "leads", "supports", "towns", "due_year", "adopted_value", "adopted_from", "done_and_due",
    "adopted_verdict", "members", "finding_note", "caveats",
)  # fmt: skip


@listed(31, "workbook", "csv")
def tasks(outcome: Outcome) -> Table | None:
    """Return 任务分工表: a row a rule, pack by pack, the rows of an annex first; None where no pack judges.

    A rule judged in several zones has one row, with how many of them meet it. Rules of the study's own are nobody's task.
    """
    lang, names, rules = outcome.lang, Names(outcome), outcome.rules
    rules = rules[rules["pack"] != "study"]
    if empty(rules):
        return None
    told = dict(zip(rules.index, offices_of(rules["lead"]), strict=True))
    found = {row["rule_id"]: row for row in summarised(outcome.findings, most=1)}
    where = _where(outcome, names)
    in_order = [rule for _, own in rules.groupby("pack", sort=False) for rule in _annex_first(own)]
    rows = [_row(rule, found.get(rule), told[rule], where.get(rule, ()), names) for rule in in_order]
    level = guidance_level(outcome)
    towns = column("towns", lang) if level == "town" else column("towns", lang, header=label(level, lang))
    has_annex = "annex" in rules and rules["annex"].any()
    number = column("annex_no", lang, header=phrase("tasks_annex", lang), depth=3 if has_annex else 4)
    columns = (
        "serial", number, "task", "rule_id", "annex_target", "leads", "supports", towns, "due_year", "adopted_value", "adopted_from",
        "done_and_due", "adopted_progress", "adopted_verdict", "members", "clause", "finding_note", "caveats",
    )  # fmt: skip
    strong = frozenset(at for at, rule in enumerate(in_order) if names.of_rule(rule, "is_binding"))
    notes = (phrase("tasks_note", lang), phrase("tasks_note_where", lang), phrase("annex_note_adopted", lang))
    return table_of("tasks", lang, columns, rows, depths={"rule_id": 4}, notes=notes, frozen=3, strong=strong)


def _annex_first(rules: pd.DataFrame) -> list[str]:
    ordered = rules.sort_values("annex_order", kind="stable") if "annex_order" in rules else rules
    return [str(rule) for rule in ordered.index]


def _row(
    rule: str, row: Mapping[str, Any] | None, told: Offices, where: tuple[str, ...], names: Names
) -> list[Cell]:
    """Return the cells of one task; `row` is what was found of it (`findings.summarised`), None where it was not judged."""
    lang = names.lang
    unnamed = Coded("", phrase("offices_unnamed", lang))
    facts: list[Cell] = [
        text(names.of_rule(rule, "annex")), names.rule(rule), rule, text(names.of_rule(rule, f"target_text_{lang}")),
        Listed(told.leads or (unnamed,)), Listed(told.supports),
        Listed(tuple(Coded(zone, names.zone(zone)) for zone in where)), _due(text(names.of_rule(rule, "target"))),
    ]  # fmt: skip
    clause = names.clause(rule)
    if row is None:
        return [*facts, None, None, "", None, None, None, clause, "", ""]
    many = "counts" in row
    adopted = None if many else adopted_of(names, row)
    low, high = (row["adopted_low"], row["adopted_high"]) if adopted else (None, None)
    verdict, counted = row["verdict" if many else "adopted_verdict"], verdict_of(row)
    missing = text(row[f"missing_{lang}"]) if verdict == "no_data" else ""
    return [
        *facts, adopted, None if many else adopted_from(row, lang), progress_text(names, row, low, high),
        None if many else Coded.of(row["adopted_on_path"]), Coded(verdict),
        replace(counted, code="") if isinstance(counted, Tally) else members_of(row), clause, missing,
        phrase("join_semicolon", lang).join(caveats_of(row, lang)),
    ]  # fmt: skip


def _due(target: str) -> Amount | None:
    """Return the year of the last target; None where there is none."""
    return Amount.of(parse_targets(target)[-1].year, "year") if target else None


def _where(outcome: Outcome, names: Names) -> dict[str, tuple[str, ...]]:
    """Return the towns (districts where there are no towns) that each rule concerns, by rule_id.

    Those are the towns of its flags, of zones that it judges and that fall short, and of members that a finding not met lacks. Where
    they are all towns, or a rule that is not met names none, it is the plan's own zones; a rule that is met and flags nothing concerns
    none.
    """
    level, zones, homes = guidance_level(outcome), outcome.zones, outcome.facilities["zone_id"].to_dict()
    every = [str(zone) for zone in zones.index[zones["level"] == level]]
    short, plan = defaultdict[str, set[str]](set), defaultdict[str, list[str]](list)
    open_ = set()
    for row in rows_of(outcome.findings):
        rule, zone = str(row["rule_id"]), str(row["zone_id"])
        if row["of_plan"]:
            plan[rule].append(zone)
        elif row["verdict"] == "not_met":
            short[rule].add(names.at(zone, level))
        if (row["adopted_verdict"] or row["verdict"]) != "met":
            open_.add((rule, zone))
    for row in rows_of(outcome.flags[outcome.flags["flag_kind"] != "reference"]):
        if present(row["flagged"]) and row["flagged"]:
            short[str(row["rule_id"])].add(names.at(row["zone_id"], level))
    for row in rows_of(outcome.members):
        rule, member = str(row["rule_id"]), row["member_id"]
        sure = not present(row["sure"]) or row["sure"]
        if (rule, str(row["zone_id"])) in open_ and sure and present(row["has"]) and not row["has"]:
            short[rule].add(names.at(homes.get(member, member), level))
    districts = [str(zone) for zone in zones.index[zones["level"] == "district"]]
    area = (districts[0] if len(districts) == 1 else AREA,)
    found = {}
    for rule in {rule for rule, _ in open_} | set(short):
        here = tuple(zone for zone in every if zone in short[rule])
        whole = tuple(plan[rule]) or area
        found[rule] = here if here and len(here) < len(every) else whole
    return found


def tasks_by_office(outcome: Outcome) -> tuple[Table, ...]:
    """Return the tasks of each office, those that it leads first, in the order in which the plans name the offices to lead.

    Tasks without an office stand last, on a table of their own.
    """
    whole, lang = tasks(outcome), outcome.lang
    if whole is None:
        return ()
    keys = [entry.key for entry in whole.columns]
    own: dict[str, dict[str, list[int]]] = {}
    for role in ("leads", "supports"):
        for place, row in enumerate(whole.rows):
            cell = row[keys.index(role)]
            for office in cell.items if isinstance(cell, Listed) else ():
                name = office if isinstance(office, str) else ""
                own.setdefault(name, {}).setdefault(role, []).append(place)
    columns = [whole.columns[0], column("office_role", lang, name="role"), *whole.columns[1:]]
    made = []
    for number, office in enumerate(sorted(own, key=lambda name: not name), start=1):
        places = [(role, place) for role, some in own[office].items() for place in some]
        cells = [[_role(role, office, lang), *whole.rows[place][1:]] for role, place in places]
        strong = frozenset(at for at, (_, place) in enumerate(places) if place in whole.strong)
        title = phrase("tasks_office", lang, office=office) if office else phrase("tasks_office_none", lang)
        counts = {role: len(own[office].get(role, ())) for role in ("leads", "supports")}
        notes = ((phrase("tasks_counts", lang, **counts),) if office else ()) + whole.notes
        table = Table.of(
            f"tasks_{number}", title, columns, numbered(cells), notes=notes, frozen=3, strong=strong
        )
        made.append(replace(table.only(*ON_PAPER), frozen=3))
    return tuple(made)


def _role(role: str, office: str, lang: str) -> Coded | None:
    return Coded(role, phrase(f"tasks_{role}", lang)) if office else None
