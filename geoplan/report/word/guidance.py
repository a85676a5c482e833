"""分街道指引 as a Word document: a table of all towns, then each with its map, its table and two sentences a community."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.gaps import place_of
from geoplan.report.content.sheet import Names, present, rows_of, text, word
from geoplan.report.content.towns import Town, guidance_level, towns, work
from geoplan.report.word import facts as word_facts
from geoplan.report.word import sites as word_sites
from geoplan.report.word.facts import amount_said, brief, document_said, joined, many
from geoplan.report.word.gaps import lack_said
from geoplan.report.word.parts import Col, Paper, numbered, started
from geoplan.report.word.pictures import WIDTH_CM, Atelier, atelier, town_map
from geoplan.tables import CAUSES, Outcome


def write_town_guidance(outcome: Outcome, path: Path, *, maps: bool = True) -> None:
    """Write 分街道指引 as a Word document: by district where there are no towns.

    A table of all towns leads; then each town has a paragraph, its map, a table of what to build, how much, by which clause and
    when, and two sentences a community that is short: what it lacks and why, and what is to be done.

    Parameters
    ----------
    outcome
        What a run found out.
    path
        File to write.
    maps
        False leaves the maps out. They also stay out, and the paper says so, where matplotlib or a font is missing.

    Raises
    ------
    OSError
        If the file cannot be written, e.g. because another program holds it open.
    """
    lang, names, found = outcome.lang, Names(outcome), towns(outcome)
    level = look.label(guidance_level(outcome), lang)
    paper = started(outcome, word("doc_guidance", lang, level=level))
    short = sum(bool(flags) for flags in _communities(outcome, names).values())
    paper.text(
        word("doc_guidance_lead", lang, level=level, count=len(found), short=short, table=paper.reference())
    )
    paper.table(word("doc_guidance_table", lang, level=level), *_towns_table(outcome, names, found))
    people = word_facts.people_of(outcome)
    with atelier(outcome) if maps else nullcontext(None) as room:
        if isinstance(room, str):
            paper.note(room)
        for number, town in enumerate(found, start=1):
            paper.heading(numbered(number, town.name, lang), 2)
            _write_town(paper, names, town, people, room if isinstance(room, Atelier) else None)
    paper.save(path)


def _communities(outcome: Outcome, names: Names) -> dict[str, list[dict[str, Any]]]:
    """Return community -> its flags of the gap list, in the list's order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(outcome.gap_list):
        if (text(row.get("part")) or "flag") == "flag" and names.level(row["zone_id"]):
            found.setdefault(str(row["zone_id"]), []).append(row)
    return found


def _towns_table(
    outcome: Outcome, names: Names, found: tuple[Town, ...]
) -> tuple[list[Col], list[list[str]]]:
    """Return a row a town: communities short, and what is short in all, by unit."""
    lang = outcome.lang
    finest = look.label(names.finest(), lang)
    units = list(dict.fromkeys(t.unit for town in found for t in town.totals if t.part == "flag"))
    rules = {t.rule_id: t.unit for town in found for t in town.totals if t.part == "flag"}
    columns = [
        Col(look.label("serial", lang), 1),
        Col(look.label(guidance_level(outcome), lang), 2.2),
        Col(word("doc_short", lang, level=finest), 1.6),
        *(
            Col(f"{brief(names, rule)}\n{word('doc_short_of', lang, unit=look.unit(unit, lang))}", 2.2)
            for unit in units
            for rule in rules
            if rules[rule] == unit
        ),
    ]
    order = [rule for unit in units for rule in rules if rules[rule] == unit]
    rows = []
    for position, town in enumerate(found, start=1):
        sums = {t.rule_id: t.shortfall for t in town.totals if t.part == "flag"}
        zones = {row["zone_id"] for row in town.rows if (text(row.get("part")) or "flag") == "flag"}
        cells = [look.whole(sums[rule]) if rule in sums else "" for rule in order]
        rows.append([str(position), town.name, str(len(zones)), *cells])
    return columns, rows


def _write_town(paper: Paper, names: Names, town: Town, people: pd.DataFrame, room: Atelier | None) -> None:
    lang = paper.lang
    finest = look.label(names.finest(), lang)
    mine = [row for row in town.rows if (text(row.get("part")) or "flag") == "flag"]
    zones = list(dict.fromkeys(str(row["zone_id"]) for row in mine))
    paper.text(_town_lead(paper, names, town, people, len(zones)))
    if room is not None:
        paper.picture(
            town_map(room, town.zone_id), word("doc_map_caption", lang, town=town.name, level=finest), width_cm=WIDTH_CM
        )  # fmt: skip
    if not town.rows:
        paper.text(word("doc_town_nothing", lang, town=town.name))
        word_sites.write_town(paper, town.zone_id, town.name)
        return
    paper.text(word("doc_town_table_lead", lang, town=town.name, table=paper.reference()))
    columns = [
        Col(look.label("serial", lang), 1),
        Col(look.label("indicator", lang), 3.4, words=True),
        Col(word("zones_short", lang), 1.9),
        Col(look.label("gross_shortfall", lang), 1.9),
        Col(word("work", lang), 4.2, words=True),
        Col(look.label("clause", lang), 2.8, words=True),
        Col(look.label("phase", lang), 1.2),
    ]
    rows = [
        [
            str(position),
            names.rule(total.rule_id),
            word(f"zones_{total.part}", lang, count=total.zones),
            amount_said(total.shortfall, total.unit, lang),
            work(names, total),
            text(names.of_rule(total.rule_id, f"cited_{lang}")) or total.clause,
            total.phase,
        ]
        for position, total in enumerate(town.totals, start=1)
    ]
    paper.table(word("doc_town_table", lang, town=town.name), columns, rows)
    word_sites.write_town(paper, town.zone_id, town.name)
    lacking = [row for row in town.rows if text(row.get("part")) == "member"]
    for zone in zones:
        own = [row for row in mine if row["zone_id"] == zone]
        also = [row for row in lacking if text(row["member_id"]) == zone]
        said = f"{_what_is_short(names, own, also, people, zone)}{_what_to_do(names, own)}"
        paper.text(said, lead=f"{place_of(names, own[0])}{'：' if lang == 'zh' else ': '}")


def _town_lead(paper: Paper, names: Names, town: Town, people: pd.DataFrame, short: int) -> str:
    """Return how many people and communities a town has, what its circles cover, and how many are short."""
    outcome, lang = paper.outcome, paper.lang
    table = outcome.circle
    own = table[(table["zone_id"] == town.zone_id) & (table["measure"] == "network")]
    own = own[own["kind"].fillna("") == ""] if "kind" in own.columns else own
    covers = [
        word(
            "doc_town_circle",
            lang,
            service=look.service_label(outcome.services, row["service"], lang),
            share=look.share(row["share"]),
            group=look.label(row["group"], lang),
            outside=look.whole(row["outside"]),
            unit=look.of_group("unit_people", row["group"], lang),
        )
        for row in rows_of(own)
    ]
    first = people.columns[0]
    count = int(own["communities"].max()) if len(own) else 0
    value = float(people[first].get(town.zone_id, 0.0))
    comma = "，" if lang == "zh" else ", "
    return word(
        "doc_town", lang, town=town.name, level=look.label(names.finest(), lang), count=count,
        people=many(value, str(first), lang), covers=comma.join(covers), short=short,
    )  # fmt: skip


def _what_is_short(
    names: Names, own: list[dict[str, Any]], also: list[dict[str, Any]], people: pd.DataFrame, zone: str
) -> str:
    """Return the first sentence on a community: its people, what is short, why, and what is nearest."""
    lang = names.lang
    first = str(people.columns[0])
    lacks = joined([lack_said(names, row) for row in own], lang)
    causes = joined(
        list(dict.fromkeys(look.label(row["cause"], lang) for row in own if text(row["cause"]))), lang
    )
    people_said = many(float(people[first].get(zone, 0.0)), first, lang)
    told = word("doc_community", lang, people=people_said, count=len(own), lacks=lacks)
    if causes:
        told += word("doc_community_causes", lang, causes=causes)
    walks = [(float(row["minutes"]), row) for row in own if present(row["minutes"])]
    if walks:
        minutes, row = max(walks, key=lambda walk: walk[0])
        near = text(row.get("nearest_name")) or names.facility(row["nearest_facility"])
        told += word("doc_community_near", lang, near=near, minutes=look.minutes(minutes))
    if also:
        rules = joined(list(dict.fromkeys(brief(names, row["rule_id"]) for row in also)), lang)
        told += word("doc_community_also", lang, rules=rules)
    return told + ("。" if lang == "zh" else ". ")


def _what_to_do(names: Names, own: list[dict[str, Any]]) -> str:
    """Return the second sentence on a community: what to do, near term first, and by which clauses."""
    lang = names.lang
    semicolon = "；" if lang == "zh" else "; "
    parts = []
    for phase in dict.fromkeys(text(row.get("phase")) for row in own):
        said = semicolon.join(_works(names, [row for row in own if text(row.get("phase")) == phase]))
        parts.append(word("doc_do_phase", lang, phase=phase, said=said) if phase else said)
    clauses = clauses_said(names, [str(row["rule_id"]) for row in own])
    return word("doc_do", lang, said=semicolon.join(parts), clauses=clauses)


def _works(names: Names, rows: list[dict[str, Any]]) -> list[str]:
    """Return what to do by cause, each with its facilities and amounts: ``在步行范围内新建或改建养老机构（20 张）``."""
    lang = names.lang
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        cause = text(row["cause"])
        what = text(names.of_rule(str(row["rule_id"]), f"facilities_{lang}")) or word("work_anything", lang)
        gap = amount_said(row["shortfall"], row["unit"], lang)
        if row["unit"] == "people":
            gap = word("doc_do_people", lang, gap=gap)
        amounts = found.setdefault(cause if cause in CAUSES else "other", {}).setdefault(what, [])
        if gap and gap not in amounts:
            amounts.append(gap)
    joint = "、" if lang == "zh" else ", "
    brackets = "{what}（{amounts}）" if lang == "zh" else "{what} ({amounts})"
    return [
        word(f"doc_do_{cause}", lang)
        + joint.join(
            brackets.format(what=what, amounts=joint.join(amounts)) if amounts else what
            for what, amounts in facilities.items()
        )
        for cause, facilities in found.items()
    ]


def clauses_said(names: Names, rules: list[str]) -> str:
    """Return the clauses of rules, a document named once: ``呼政办规〔2023〕1号 三(二)1、二(二)``."""
    lang = names.lang
    by_document: dict[str, list[str]] = {}
    for rule in dict.fromkeys(rules):
        if text(names.of_rule(rule, "pack")) == "study":
            by_document.setdefault(word("own_setting", lang), [])
            continue
        clauses = by_document.setdefault(document_said(names, rule), [])
        clauses += [
            part for part in text(names.of_rule(rule, "clause")).split("; ") if part and part not in clauses
        ]
    joint = "、" if lang == "zh" else ", "
    return ("；" if lang == "zh" else "; ").join(
        " ".join(part for part in (document, joint.join(clauses)) if part)
        for document, clauses in by_document.items()
    )
