"""分街道指引: for every town what to build or enlarge, how much, by which clause, and when; a page a town."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from geoplan.report.content.gaps import caveats_cell, gap_caveats, part_of, place_of
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table, column, numbered, unit_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import unit
from geoplan.words.numbers import format_number


@dataclass(frozen=True)
class Total:
    """What one indicator asks of a town in all: its rows of the gap list, added up."""

    rule_id: str
    part: str
    zones: int
    shortfall: float
    unit: str
    people: float
    phase: str
    cause: str
    clause: str


@dataclass(frozen=True)
class Town:
    """One town (district where there are no towns) and what is short in it."""

    zone_id: str
    name: str
    rows: tuple[dict[str, Any], ...]
    totals: tuple[Total, ...]


def guidance_level(outcome: Outcome) -> str:
    """Return the level that guidance is given for: towns, else districts, else the whole area."""
    levels = set(outcome.zones["level"])
    return next(level for level in ("town", "district", "area") if level in levels)


def towns(outcome: Outcome) -> tuple[Town, ...]:
    """Return every town in table order with its rows of the gap list and their totals.

    A row belongs to the town in which its community, estate or facility lies. What is judged of a coarser zone belongs to
    no town. A town that the study has no community of is left out: nothing was measured there.
    """
    level = guidance_level(outcome)
    parents = outcome.zones["parent_id"].to_dict()
    levels = outcome.zones["level"].to_dict()
    facilities = outcome.facilities["zone_id"].to_dict()

    def town_of(row: Mapping[str, Any]) -> object:
        member = row.get("member_id")
        at = facilities[member] if member in facilities else row["zone_id"]
        while present(at) and at in levels and levels[at] != level:
            at = parents[at]
        return at

    mine: dict[object, list[dict[str, Any]]] = {}
    for row in rows_of(outcome.gap_list):
        mine.setdefault(town_of(row), []).append(row)
    finest = Names(outcome).finest()
    measured = {town_of({"zone_id": zone}) for zone in outcome.zones.index[outcome.zones["level"] == finest]}
    own = outcome.zones[outcome.zones["level"] == level]
    return tuple(
        Town(str(zone), text(name) or str(zone), tuple(mine.get(zone, [])), _totals(mine.get(zone, [])))
        for zone, name in own["name"].items()
        if zone in mine or zone in measured
    )


def _totals(rows: list[dict[str, Any]]) -> tuple[Total, ...]:
    """Return a total a rule and part (flag, finding, member), in the order in which they come."""
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault((str(row["rule_id"]), part_of(row)), []).append(row)
    found = []
    for (rule, part), own in sorted(
        grouped.items(), key=lambda item: ("flag", "finding", "member").index(item[0][1])
    ):
        short = pd.Series([row["shortfall"] for row in own], dtype=float)
        people = pd.Series([row["people_affected"] for row in own], dtype=float)
        causes = pd.Series([text(row["cause"]) for row in own]).replace("", None).dropna()
        found.append(
            Total(
                rule_id=rule,
                part=part,
                zones=len(own),
                shortfall=float(short.sum(min_count=1)),
                unit=text(own[0]["unit"]),
                people=float(people.sum(min_count=1)),
                phase=text(own[0].get("phase")),
                cause=str(causes.mode().iloc[0]) if len(causes) else "",
                clause=text(own[0].get("clause")),
            )
        )
    return tuple(found)


def work(names: Names, total: Total) -> str:
    """Return what is to be built or enlarged for one indicator, in words: ``新建、改扩建托育服务设施，共补足 34 个托位``."""
    lang = names.lang
    what = text(names.of_rule(total.rule_id, f"facilities_{lang}")) or phrase("guidance_anything", lang)
    if total.part == "member":
        return phrase("guidance_members", lang, what=what, count=total.zones)
    if not present(total.shortfall):
        return phrase("guidance_plain", lang, what=what)
    amount = format_number(total.shortfall, "count")
    if total.unit == "people":
        return phrase("guidance_people", lang, what=what, amount=amount)
    return phrase("guidance_amount", lang, what=what, amount=amount, unit=unit(total.unit, lang))


@listed(190, "workbook")
def town_pages(outcome: Outcome) -> tuple[Table, ...]:
    """Return a page a town: what is to be done by indicator, then place by place; none without a gap list."""
    if empty(outcome.gap_list):
        return ()
    names = Names(outcome)
    return tuple(_page(names, town) for town in towns(outcome))


def _page(names: Names, town: Town) -> Table:
    lang = names.lang
    # an English workbook keeps its tabs readable where the names are not
    called = town.name if lang == "zh" or town.name.isascii() else names.code(town.zone_id)
    below = guidance(names, town)
    notes = (town.name, *below.notes)
    page = phrase("guidance_page", lang, town=called)
    return replace(
        guidance_totals(names, town), notes=notes, below=(replace(below, notes=(), filtered=True),), page=page
    )


def guidance_totals(names: Names, town: Town) -> Table:
    """Return what is to be done in a town, a row an indicator."""
    lang = names.lang
    keys = (
        "serial", "zones_short", "indicator", "gross_shortfall", "unit", "work", "clause", "term", "people_affected", "cause",
        "caveats",
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for total in town.totals:
        own = [row for row in town.rows if row["rule_id"] == total.rule_id and part_of(row) == total.part]
        said = dict.fromkeys(caveat for row in own for caveat in gap_caveats(names, row))
        rows.append(
            [
                phrase(f"guidance_zones_{total.part}", lang, count=total.zones),
                names.rule(total.rule_id),
                Amount.of(total.shortfall, "count"),
                unit_cell(total.unit, lang),
                work(names, total),
                names.clause(total.rule_id) or total.clause,
                total.phase,
                Amount.of(total.people, "count"),
                Coded.of(total.cause),
                phrase("join_semicolon", lang).join(said),
            ]
        )
    columns = [
        column(key, lang, header=phrase("guidance_main_cause", lang) if key == "cause" else "")
        for key in keys
    ]
    return Table.of(
        f"guidance_totals_{names.code(town.zone_id)}",
        phrase("guidance_totals", lang),
        columns,
        numbered(rows),
        frozen=3,
    )


def guidance(names: Names, town: Town) -> Table:
    """Return what is to be done in a town, a row a place and indicator."""
    lang = names.lang
    keys = (
        "serial", "community", "indicator", "shortfall", "unit", "measure", "clause", "term", "people_affected", "cause",
        "nearest_facility", "minutes", "caveats",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            place_of(names, row),
            names.rule(str(row["rule_id"])),
            Amount.of(row["shortfall"], "count"),
            unit_cell(row["unit"], lang),
            text(row.get("measures")),
            names.clause(str(row["rule_id"])) or text(row.get("clause")),
            text(row.get("phase")),
            Amount.of(row["people_affected"], "count"),
            Coded.of(row["cause"]),
            text(row.get("nearest_name")) or names.facility(row["nearest_facility"]),
            Amount.of(row["minutes"], "minutes"),
            caveats_cell(names, row),
        ]
        for row in town.rows
    ]
    return Table.of(
        f"guidance_{names.code(town.zone_id)}",
        phrase("guidance_rows", lang),
        [column(key, lang) for key in keys],
        numbered(rows),
        notes=(phrase("guidance_note", lang),),
        frozen=3,
    )
