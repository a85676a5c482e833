"""分街道指引: for every town what to build or enlarge, how much, by which clause, and when.

As a document: a table of all towns, then each with its map, its table and two sentences a community; in the workbook a page a town.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from geoplan.report.content.assessment import document_of
from geoplan.report.content.build import table_of
from geoplan.report.content.document import (
    Block,
    Document,
    Heading,
    Paragraph,
    Remark,
    Shown,
    TownMap,
    ahead,
    numbered,
)
from geoplan.report.content.gaps import caveats_cell, gap_caveats, nearest_text, part_of, place_of
from geoplan.report.content.names import Names, caveats_of, empty, present, rows_of, text, whole_zones
from geoplan.report.content.registry import listed
from geoplan.report.content.shortfalls import amount_text, brief, shortfall_text
from geoplan.report.content.sites import chosen, sites_of
from geoplan.report.content.stock import people_of, people_text
from geoplan.report.content.table import Amount, Cell, Coded, Column, Table, cell_text, column, unit_cell
from geoplan.report.content.zones import off_network_text
from geoplan.tables import CAUSES, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, unit
from geoplan.words.numbers import format_number

#: Columns of a town's table that fit on a page upright.
TOTALS = (
    "serial", "indicator", "zones_short", "gross_shortfall", "unit", "work", "clause", "term", "caveats",
)  # fmt: skip


@dataclass(frozen=True)
class Total:
    """What one indicator asks of a town in all: its rows of the gap list, added up."""

    rule_id: str
    part: str
    zones: int
    shortfall: float
    unit: str
    people: float
    affected_group: str
    phase: str
    cause: str


@dataclass(frozen=True)
class Town:
    """One town (district where there are no towns) and what is short in it."""

    zone_id: str
    name: str
    rows: tuple[dict[str, Any], ...]
    totals: tuple[Total, ...]


def guidance(outcome: Outcome) -> Document:
    """Return the guidance by town, by district where there are no towns.

    A table of all towns leads; then each town has a paragraph, its map, a table of what to build, how much, by which clause and
    when, and two sentences for each community that is short: what it lacks and why, and what is to be done.
    """
    lang, names, found = outcome.lang, Names(outcome), towns(outcome)
    level = label(guidance_level(outcome), lang)
    short = {str(row["zone_id"]) for town in found for row in _flags(town)}
    blocks: list[Block] = [
        Paragraph(
            phrase(
                "paper_guidance_lead", lang, level=level, count=len(found), short=len(short), table=ahead()
            )
        ),
        Shown(_towns_table(outcome, names, found)),
    ]
    people = people_of(outcome)
    for number, town in enumerate(found, start=1):
        blocks.append(Heading(numbered(number, town.name, lang)))
        blocks += _town(outcome, names, town, people)
    return Document.of(phrase("paper_guidance", lang, level=level), blocks)


def _flags(town: Town) -> list[dict[str, Any]]:
    return [row for row in town.rows if part_of(row) == "flag"]


def _towns_table(outcome: Outcome, names: Names, found: Sequence[Town]) -> Table:
    """Return a row a town: communities short, and what is short in all, a column an indicator, those of one unit together."""
    lang = outcome.lang
    units = {total.rule_id: total.unit for town in found for total in town.totals if total.part == "flag"}
    rules = sorted(units, key=lambda rule: list(dict.fromkeys(units.values())).index(units[rule]))
    columns: list[str | Column] = [
        "serial",
        column("zone", lang, header=label(guidance_level(outcome), lang)),
        "zone_code",
        column("town_short", lang, level=label(names.finest(), lang)),
        *(
            column("town_gap", lang, name=rule, indicator=brief(names, rule), unit=unit(units[rule], lang))
            for rule in rules
        ),
    ]
    rows: list[list[Cell]] = []
    for town in found:
        sums = {total.rule_id: total.shortfall for total in town.totals if total.part == "flag"}
        zones = {row["zone_id"] for row in _flags(town)}
        gaps = [Amount.of(sums.get(rule), "count") for rule in rules]
        rows.append([town.name, names.code(town.zone_id), Amount.of(len(zones), "count"), *gaps])
    title = phrase("paper_guidance_table", lang, level=label(guidance_level(outcome), lang))
    shared = dict.fromkeys(
        f"{brief(names, rule)}{phrase('colon', lang)}{said}"
        for rule in rules
        for row in rows_of(outcome.flags[outcome.flags["rule_id"] == rule].head(1))
        for said in caveats_of(row, lang)
    )
    return table_of("town_shortfalls", lang, columns, rows, title=title, notes=tuple(shared))


def _town(outcome: Outcome, names: Names, town: Town, people: pd.DataFrame) -> list[Block]:
    lang = outcome.lang
    mine, finest = _flags(town), label(names.finest(), lang)
    zones = list(dict.fromkeys(str(row["zone_id"]) for row in mine))
    caption = phrase("paper_map_caption", lang, town=town.name, level=finest)
    blocks: list[Block] = [
        Paragraph(_town_lead(outcome, names, town, people, len(zones))),
        TownMap(town.zone_id, caption),
    ]
    if not town.rows:
        return [
            *blocks,
            Paragraph(phrase("paper_town_nothing", lang, town=town.name)),
            *_town_sites(outcome, names, town),
        ]
    totals = guidance_totals(names, town).only(*TOTALS)
    table = replace(totals, title=phrase("paper_town_table", lang, town=town.name))
    blocks += [Paragraph(phrase("paper_town_table_lead", lang, town=town.name, table=ahead())), Shown(table)]
    blocks += _town_sites(outcome, names, town)
    lacking = [row for row in town.rows if part_of(row) == "member"]
    for zone in zones:
        own = [row for row in mine if row["zone_id"] == zone]
        also = [row for row in lacking if text(row["member_id"]) == zone]
        said = _what_is_short(names, own, also, people_text_of(people, zone, lang)) + _what_to_do(names, own)
        blocks.append(Paragraph(said, lead=f"{place_of(names, own[0])}{phrase('colon', lang)}"))
    caveats = dict.fromkeys(caveat for row in mine for caveat in gap_caveats(names, row))
    return [*blocks, *(Remark(said) for said in caveats)]


def _town_sites(outcome: Outcome, names: Names, town: Town) -> list[Block]:
    """Return the sites of the adopted answer that lie in a town, if any."""
    lang, sites = outcome.lang, chosen(outcome)
    here = (
        sites[[names.at(zone, names.level(town.zone_id)) == town.zone_id for zone in sites["zone_id"]]]
        if len(sites)
        else sites
    )
    table = sites_of(outcome, here)
    if table is None:
        return []
    lead = phrase(
        "paper_town_sites", lang, town=town.name, count=format_number(len(here), "count"), table=ahead()
    )
    return [
        Paragraph(lead),
        Shown(replace(table, title=phrase("paper_town_sites_table", lang, town=town.name))),
    ]


def people_text_of(people: pd.DataFrame, zone: str, lang: str) -> str:
    """Return how many of the first group a zone has."""
    first = str(people.columns[0])
    return people_text(float(people[first].get(zone, 0.0)), first, lang)


def _town_lead(outcome: Outcome, names: Names, town: Town, people: pd.DataFrame, short: int) -> str:
    """Return how many people and communities a town has, what its circles cover, and how many are short."""
    lang, own = outcome.lang, whole_zones(outcome, measure="network", zone=town.zone_id)
    covers = [
        phrase(
            "paper_town_circle",
            lang,
            service=outcome.services[row["service"]].label(lang),
            share=cell_text(Amount.of(row["share"], "percent"), lang) or label("no_data", lang),
            group=label(row["group"], lang),
            outside=format_number(row["outside"], "count"),
            unit=of_group("unit_people", row["group"], lang),
        )
        + (phrase("in_brackets", lang, text=off) if (off := off_network_text(row, lang)) else "")
        for row in rows_of(own)
    ]
    return phrase(
        "paper_town",
        lang,
        town=town.name,
        level=label(names.finest(), lang),
        count=int(own["communities"].max()) if len(own) else 0,
        people=people_text_of(people, town.zone_id, lang),
        covers=phrase("join_comma", lang).join(covers),
        short=short,
    )


def _what_is_short(
    names: Names, own: Sequence[Mapping[str, Any]], also: Sequence[Mapping[str, Any]], people: str
) -> str:
    """Return the first sentence on a community: its people, what is short, why, and what is nearest."""
    lang, items = names.lang, phrase("join_items", names.lang)
    lacks = items.join(shortfall_text(names, row) for row in own)
    said = phrase("paper_community", lang, people=people, count=len(own), lacks=lacks)
    causes = dict.fromkeys(label(row["cause"], lang) for row in own if text(row["cause"]))
    if causes:
        said += phrase("paper_community_causes", lang, causes=items.join(causes))
    walks = [(float(row["minutes"]), row) for row in own if present(row["minutes"])]
    if walks:
        minutes, row = max(walks, key=lambda walk: walk[0])
        near = nearest_text(names, row)
        said += phrase("paper_community_near", lang, near=near, minutes=format_number(minutes, "minutes"))
    if also:
        rules = items.join(dict.fromkeys(brief(names, row["rule_id"]) for row in also))
        said += phrase("paper_community_also", lang, rules=rules)
    return said + phrase("stop", lang) + ("" if lang == "zh" else " ")


def _what_to_do(names: Names, own: Sequence[Mapping[str, Any]]) -> str:
    """Return the second sentence on a community: what to do, near term first, and by which clauses."""
    lang, semicolon = names.lang, phrase("join_semicolon", names.lang)
    parts = []
    for term in dict.fromkeys(text(row["phase"]) for row in own):
        said = semicolon.join(_works(names, [row for row in own if text(row["phase"]) == term]))
        parts.append(phrase("paper_do_phase", lang, phase=term, said=said) if term else said)
    clauses = clauses_text(names, [str(row["rule_id"]) for row in own])
    return phrase("paper_do", lang, said=semicolon.join(parts), clauses=clauses)


def _works(names: Names, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what to do by cause, each with its facilities and amounts: ``在步行范围内新建或改建养老机构（20 张）``."""
    lang, items = names.lang, phrase("join_items", names.lang)
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        cause = text(row["cause"])
        what = names.facilities(str(row["rule_id"]))
        gap = amount_text(row["shortfall"], row["unit"], lang)
        if row["unit"] == "people":
            gap = phrase("paper_do_people", lang, gap=gap)
        amounts = found.setdefault(cause if cause in CAUSES else "other", {}).setdefault(what, [])
        if gap and gap not in amounts:
            amounts.append(gap)
    return [
        phrase(f"paper_do_{cause}", lang)
        + items.join(
            what + (phrase("in_brackets", lang, text=items.join(amounts)) if amounts else "")
            for what, amounts in facilities.items()
        )
        for cause, facilities in found.items()
    ]


def clauses_text(names: Names, rules: Sequence[str]) -> str:
    """Return the clauses of rules, a document named once: ``呼政办规〔2023〕1号 三(二)1、二(二)``."""
    lang = names.lang
    by_document: dict[str, list[str]] = {}
    for rule in dict.fromkeys(rules):
        if text(names.of_rule(rule, "pack")) == "study":
            by_document.setdefault(phrase("papers_own_setting", lang), [])
            continue
        clauses = by_document.setdefault(document_of(names, rule), [])
        clauses += [
            part for part in text(names.of_rule(rule, "clause")).split("; ") if part and part not in clauses
        ]
    items = phrase("join_items", lang)
    return phrase("join_semicolon", lang).join(
        " ".join(part for part in (document, items.join(clauses)) if part)
        for document, clauses in by_document.items()
    )


# --- towns and their tables ------------------------------------------------------------------------------------------


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
        at = facilities.get(row["member_id"], row["zone_id"])
        while present(at) and at in levels and levels[at] != level:
            at = parents[at]
        return at

    mine: dict[object, list[dict[str, Any]]] = {}
    for row in rows_of(outcome.gap_list):
        mine.setdefault(town_of(row), []).append(row)
    finest = Names(outcome).finest()
    measured = {
        town_of({"member_id": "", "zone_id": zone})
        for zone in outcome.zones.index[outcome.zones["level"] == finest]
    }
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
                affected_group=text(own[0]["affected_group"]),
                phase=text(own[0]["phase"]),
                cause=str(causes.mode().iloc[0]) if len(causes) else "",
            )
        )
    return tuple(found)


def work(names: Names, total: Total) -> str:
    """Return what is to be built or enlarged for one indicator, in words: ``新建、改扩建托育服务设施，共补足 34 个托位``."""
    lang = names.lang
    what = names.facilities(total.rule_id)
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
    return tuple(_town_page(names, town) for town in towns(outcome))


def _town_page(names: Names, town: Town) -> Table:
    lang = names.lang
    # an English workbook keeps its tabs readable where the names are not
    called = town.name if lang == "zh" or town.name.isascii() else names.code(town.zone_id)
    below = guidance_rows(names, town)
    notes = (town.name, *below.notes)
    page = phrase("guidance_page", lang, town=called)
    return replace(
        guidance_totals(names, town), notes=notes, below=(replace(below, notes=(), filtered=True),), page=page
    )


def guidance_totals(names: Names, town: Town) -> Table:
    """Return what is to be done in a town, a row an indicator."""
    lang = names.lang
    main_cause = column("cause", lang, header=phrase("guidance_main_cause", lang))
    keys = (
        "serial", "zones_short", "indicator", "gross_shortfall", "unit", "work", "clause", "term", "people_affected", "affected", main_cause,
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
                names.clause(total.rule_id),
                total.phase,
                Amount.of(total.people, "count"),
                names.affected(total.rule_id, total.affected_group) if present(total.people) else "",
                Coded.of(total.cause),
                phrase("join_semicolon", lang).join(said),
            ]
        )
    title = phrase("guidance_totals", lang)
    return table_of(f"guidance_totals_{names.code(town.zone_id)}", lang, keys, rows, title=title, frozen=3)


def guidance_rows(names: Names, town: Town) -> Table:
    """Return what is to be done in a town, a row a place and indicator."""
    lang = names.lang
    keys = (
        "serial", "community", "indicator", "shortfall", "unit", "measure", "clause", "term", "people_affected", "affected", "cause",
        "nearest_facility", "minutes", "caveats",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            place_of(names, row),
            names.rule(str(row["rule_id"])),
            Amount.of(row["shortfall"], "count"),
            unit_cell(row["unit"], lang),
            text(row["measures"]),
            names.clause(str(row["rule_id"])),
            text(row["phase"]),
            Amount.of(row["people_affected"], "count"),
            names.affected(str(row["rule_id"]), row["affected_group"])
            if present(row["people_affected"])
            else "",
            Coded.of(row["cause"]),
            nearest_text(names, row),
            Amount.of(row["minutes"], "minutes"),
            caveats_cell(names, row),
        ]
        for row in town.rows
    ]
    title, notes = phrase("guidance_rows", lang), (phrase("guidance_note", lang),)
    return table_of(
        f"guidance_{names.code(town.zone_id)}", lang, keys, rows, title=title, notes=notes, frozen=3
    )
