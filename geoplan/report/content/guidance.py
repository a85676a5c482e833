"""分街道指引: for every town what stands, what is to be built or enlarged soon and later, where first, by which clauses.

As a document: a table of all towns, then a page a town; every single community stands in the gap list and on its own page. In the
workbook a page a town.
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
    first_rows,
    numbered,
)
from geoplan.report.content.first import family_cell, priority_list
from geoplan.report.content.gaps import gap_caveats, part_of
from geoplan.report.content.names import Names, empty, present, rows_of, text, whole_zones
from geoplan.report.content.old_people import old_people_note
from geoplan.report.content.registry import listed
from geoplan.report.content.shortfalls import brief
from geoplan.report.content.sites import chosen, sites_of
from geoplan.report.content.stock import inside, people_of, people_text
from geoplan.report.content.table import Amount, Cell, Coded, Column, Table, cell_text, column, unit_cell
from geoplan.report.content.zones import off_network_text
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, unit, zones_word
from geoplan.words.numbers import format_number
from geoplan.words.vocabulary import narrower, vocabulary

#: Rows of the priority list and sites that a town's page has room for; a district, which has several pages, names more.
MOST_FIRST = {"town": 4, "district": 40, "area": 40}
MOST_SITES = 4
#: Rows of the priority list on a town's sheet of the workbook; the gap list has every one.
MOST_PLACES = 40
#: Columns of the priority list on a town's page; the measure says the service and the amount with its unit.
FIRST = (
    "rank",
    "community",
    "grade",
    "net_affected",
    "whom",
    "measure",
    "premises_near",
)
#: Units of a town's table: facilities of clauses, then what is measured; supply that says what stands of each.
UNITS = {"facilities": "", "beds": "beds", "places": "places", "m2": "floor_area_m2"}


#: Columns of the table of sites that a town's page has room for.
SITES = ("order_no", "name", "size", "cost", "phase", "marginal")


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

    A table of all towns leads; then each town has a page: a paragraph, its map, what stands and what is to be built soon and later by
    kind, where to act first, and the clauses.
    """
    lang, names, found = outcome.lang, Names(outcome), towns(outcome)
    level = zones_word(guidance_level(outcome), lang, count=1)
    short = {zone for town in found for zone in _short(names, town)}
    lead = phrase("paper_guidance_lead", lang, level=level, count=len(found), short=len(short), table=ahead())
    old = old_people_note(outcome)
    blocks: list[Block] = [
        Paragraph(lead),
        *([Paragraph(old)] if old else []),
        Shown(_towns_table(outcome, names, found)),
    ]
    people, first = people_of(outcome), priority_list(outcome)
    for number, town in enumerate(found, start=1):
        blocks.append(Heading(numbered(number, town.name, lang), page=True))
        blocks += _town(outcome, names, town, people, first)
    return Document.of(phrase("paper_guidance", lang, level=level), blocks, compact=True)


def _flags(town: Town) -> list[dict[str, Any]]:
    return [row for row in town.rows if part_of(row) == "flag"]


def _short(names: Names, town: Town) -> set[str]:
    """Return the communities of a town that are flagged; what the town as a whole is short of is none of them."""
    return {str(row["zone_id"]) for row in _flags(town) if names.level(row["zone_id"]) == names.finest()}


def _towns_table(outcome: Outcome, names: Names, found: Sequence[Town]) -> Table:
    """Return a row a town: communities short, and what is short in all, a column an indicator, those of one unit together."""
    lang = outcome.lang
    units = {total.rule_id: total.unit for town in found for total in town.totals if total.part == "flag"}
    rules = sorted(units, key=lambda rule: list(dict.fromkeys(units.values())).index(units[rule]))
    columns: list[str | Column] = [
        "serial",
        column("zone", lang, header=label(guidance_level(outcome), lang)),
        "zone_code",
        column("town_short", lang, level=zones_word(names.finest(), lang)),
        *(
            column("town_gap", lang, name=rule, indicator=brief(names, rule), unit=unit(units[rule], lang))
            for rule in rules
        ),
    ]
    rows: list[list[Cell]] = []
    for town in found:
        sums = {total.rule_id: total.shortfall for total in town.totals if total.part == "flag"}
        zones = _short(names, town)
        gaps = [Amount.of(sums.get(rule), "count") for rule in rules]
        rows.append([town.name, names.code(town.zone_id), Amount.of(len(zones), "count"), *gaps])
    title = phrase("paper_guidance_table", lang, level=zones_word(guidance_level(outcome), lang, count=1))
    shared: dict[str, list[str]] = {}
    for rule in rules:
        own = [row for town in found for row in _flags(town) if row["rule_id"] == rule]
        # what is added up are the flags of communities where there are any
        added = [row for row in own if names.level(row["zone_id"]) == names.finest()] or own
        for said in dict.fromkeys(caveat for row in added for caveat in gap_caveats(names, row)):
            shared.setdefault(said, []).append(brief(names, rule))
    notes = (
        said if len(those) == len(rules) else phrase("join_items", lang).join(those) + phrase("colon", lang) + said
        for said, those in shared.items()
    )  # fmt: skip
    return table_of("town_shortfalls", lang, columns, rows, title=title, notes=tuple(notes))


def _town(
    outcome: Outcome, names: Names, town: Town, people: pd.DataFrame, first: Table | None
) -> list[Block]:
    """Return what stands on a town's page."""
    lang = outcome.lang
    finest = label(names.finest(), lang)
    short = len(_short(names, town))
    caption = phrase("paper_map_caption", lang, town=town.name, level=finest)
    blocks: list[Block] = [
        Paragraph(_town_lead(outcome, names, town, people, short)),
        TownMap(town.zone_id, caption),
    ]
    if not town.rows:
        return [
            *blocks,
            Paragraph(phrase("paper_town_nothing", lang, town=town.name)),
            *_town_sites(outcome, names, town),
        ]
    blocks.append(Shown(_works_table(outcome, names, town)))
    own = None if first is None else _of_town(outcome, names, town, first)
    if own is not None and own.rows:
        most = MOST_FIRST[guidance_level(outcome)]
        title = phrase(
            "paper_town_first", lang, town=town.name, shown=min(most, len(own.rows)), count=len(own.rows)
        )
        listed = any(own.cells("premises_near"))
        # how the score is made stands in the workbook, once
        own = replace(own, title=title, notes=(), below=(), page="", on_paper=0)
        blocks.append(Shown(own.first(most).only(*(FIRST if listed else FIRST[:-1])).slim()))
    blocks += _town_sites(outcome, names, town)
    return [*blocks, _foot(names, town)]


def _foot(names: Names, town: Town) -> Remark:
    """Return the clauses by which a town's gaps are judged; what qualifies the figures stands below the table of all towns."""
    rules = list(dict.fromkeys(str(row["rule_id"]) for row in town.rows))
    return Remark(phrase("paper_town_clauses", names.lang, clauses=clauses_text(names, rules)))


def _of_town(outcome: Outcome, names: Names, town: Town, first: Table) -> Table:
    """Return the rows of the priority list that lie in a town."""
    level = names.level(town.zone_id)
    here = [names.at(zone, level) == town.zone_id for zone in outcome.priorities["zone_id"]]
    rows = tuple(row for row, is_here in zip(first.rows, here, strict=True) if is_here)
    return replace(first, rows=rows)


def _works_table(outcome: Outcome, names: Names, town: Town) -> Table:
    """Return kind × 现状 / 近期 / 远期: what stands in a town, and the net gaps that are due by the study's year and later.

    Facilities are those that clauses ask for (条文短板), amounts those by which communities are measured (测算短板).
    """
    lang, later = outcome.lang, phrase("gap_long_term", outcome.lang)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in town.rows:
        code = text(row["unit"])
        counts = (part_of(row) == "member" and code == "facilities") or (
            part_of(row) == "flag" and code in UNITS and code != "facilities"
        )
        if not counts:
            continue
        kind = text(names.of_rule(str(row["rule_id"]), "family"))
        own = found.setdefault(
            (kind, code), {"soon": 0.0, "later": 0.0, "rules": {}, "unknown": 0, "known": 0}
        )
        gap = row["net_shortfall"]
        own["unknown"] += not present(gap)
        own["known"] += present(gap)
        own["later" if text(row["phase"]) == later else "soon"] += float(gap) if present(gap) else 0.0
        own["rules"][brief(names, str(row["rule_id"]))] = None
    level = names.level(town.zone_id)
    here = inside(outcome)
    here = here.loc[[names.at(zone, level) == town.zone_id for zone in here["zone_id"]]]
    rows: list[list[Cell]] = [
        [
            family_cell(kind, lang), unit_cell(code, lang), _stands(outcome, here, kind, UNITS[code]),
            *((Amount.of(own[term], "count") if own["known"] else Coded("no_data")) for term in ("soon", "later")),
            Amount.of(own["unknown"] or None, "count"),
            phrase("join_items", lang).join(own["rules"]),
        ]
        for (kind, code), own in sorted(found.items(), key=lambda item: (item[0][0], list(UNITS).index(item[0][1])))
    ]  # fmt: skip
    title = phrase("paper_town_works", lang, town=town.name)
    keys = ("family", "unit", "works_now", "works_soon", "works_later", "works_unknown", "works_rules")
    return table_of(
        f"town_works_{names.code(town.zone_id)}",
        lang,
        keys,
        rows,
        title=title,
        empty=phrase("paper_town_no_works", lang),
    )


def _stands(outcome: Outcome, here: pd.DataFrame, kind: str, supply: str) -> Cell:
    """Return how many facilities of a kind stand among `here`, or how much of a supply they have."""
    types = narrower(kind) if kind in vocabulary("types") else frozenset({kind})
    own = here[here["services"].map(lambda services: bool(types & set(services)))]
    if not supply:
        return Amount.of(len(own), "count")
    rows = outcome.supplies[
        outcome.supplies["facility_id"].isin(own.index) & outcome.supplies["service"].isin(types) & (outcome.supplies["supply"] == supply)
    ]  # fmt: skip
    # a facility of the kind without a row of the supply may have any amount of it, unless none has one: then nobody counts it
    if rows.empty:
        return Coded("no_data") if len(own) else Amount.of(0.0, "count")
    silent = set(own.index) - set(rows["facility_id"])
    return Amount.between(rows["low"].sum(), float("inf") if silent else rows["high"].sum(), "count")


def _town_sites(outcome: Outcome, names: Names, town: Town) -> list[Block]:
    """Return the sites of the adopted answer that lie in a town, if any: the first of them."""
    lang, sites = outcome.lang, chosen(outcome)
    if not len(sites):
        return []
    level = names.level(town.zone_id)
    here = sites[[names.at(zone, level) == town.zone_id for zone in sites["zone_id"]]]
    table = sites_of(outcome, here)
    if table is None:
        return []
    title = phrase("paper_town_sites_table", lang, town=town.name)
    # what the columns of gains count stands in the workbook
    return first_rows(replace(table.only(*SITES), title=title, notes=()), MOST_SITES, lang)


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
        level=zones_word(names.finest(), lang),
        count=int(own["communities"].max()) if len(own) else 0,
        people=people_text_of(people, town.zone_id, lang),
        covers=phrase("join_comma", lang).join(covers),
        short=short,
    )


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
    names, first = Names(outcome), priority_list(outcome)
    return tuple(_town_page(outcome, names, town, first) for town in towns(outcome))


def _town_page(outcome: Outcome, names: Names, town: Town, first: Table | None) -> Table:
    """Return a town's page: what is to be done by indicator, what stands and what is due, where to act first."""
    lang = names.lang
    # an English workbook keeps its tabs readable where the names are not
    called = town.name if lang == "zh" or town.name.isascii() else names.code(town.zone_id)
    parts = [_works_table(outcome, names, town)] if town.rows else []
    if first is not None:
        own = _of_town(outcome, names, town, first)
        kept = own.first(MOST_PLACES)
        title = phrase("paper_town_first", lang, town=town.name, shown=len(kept.rows), count=len(own.rows))
        parts.append(
            replace(
                kept,
                key=f"guidance_{names.code(town.zone_id)}",
                title=title,
                notes=(),
                below=(),
                page="",
                named=(),
                opens=False,
            )
        )
    page = phrase("guidance_page", lang, town=called)
    notes = (town.name, phrase("guidance_note", lang))
    return replace(guidance_totals(names, town), notes=notes, below=tuple(parts), page=page, filtered=False)


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
                # what a town is short of by what stands inside is a flag of the whole, not of a community
                phrase(f"guidance_zones_{_whole(names, own) or total.part}", lang, count=total.zones),
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


def _whole(names: Names, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return ``whole`` where flags are of zones coarser than communities; nothing else."""
    coarser = (part_of(row) == "flag" and names.level(row["zone_id"]) != names.finest() for row in rows)
    return "whole" if all(coarser) else ""
