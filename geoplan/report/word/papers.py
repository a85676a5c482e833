"""The Word papers that an office pastes from: here the 现状评估 chapter; 分街道指引 is written by `word_guidance`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geoplan.report import look
from geoplan.report.content.findings import target_text
from geoplan.report.content.projects import projects_sentence
from geoplan.report.content.sheet import Names, between, empty, rows_of, value_kind, word
from geoplan.report.word import facts as word_facts
from geoplan.report.word import gaps as word_gaps
from geoplan.report.word import sites as word_sites
from geoplan.report.word.facts import amount_said, brief, document_said, joined, many
from geoplan.report.word.guidance import write_town_guidance
from geoplan.report.word.parts import Paper, numbered, started
from geoplan.report.word.pictures import flags_of
from geoplan.tables import VERDICTS, Outcome

__all__ = ["write_assessment", "write_town_guidance"]

#: Zone that is the study area as a whole.
AREA = "area/area"
#: Most indicators that a sentence names one by one.
MOST_NAMED = 8


def write_assessment(outcome: Outcome, path: Path) -> None:
    """Write 现状评估, the chapter on what is there, what is short, where and why, as a Word document.

    Sections: base facts, facilities, indicators, circle, (served,) gaps, causes, (projects, siting,) data and basis. Each says in a
    paragraph what its table shows. The same outcome gives the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written, e.g. because another program holds it open.
    """
    lang = outcome.lang
    paper = started(outcome, word("doc_assessment", lang))
    sections = (
        ("base", _base, True),
        ("facilities", _facilities, not empty(outcome.facilities)),
        ("indicators", _indicators, not empty(outcome.findings)),
        ("circle", _circle, not empty(outcome.circle)),
        ("served", _served, not empty(outcome.served)),
        ("gaps", _gaps, not empty(outcome.flags)),
        ("causes", _causes, not word_gaps.causes_of(outcome).empty),
        ("projects", _projects, not empty(outcome.support) or not empty(outcome.projects)),
        ("siting", word_sites.write_section, word_sites.wanted(outcome)),
        ("data", _data, True),
    )
    shown = [(code, write) for code, write, wanted in sections if wanted]
    for number, (code, write) in enumerate(shown, start=1):
        # words on siting stand among the labels
        title = look.label("siting_word_heading", lang) if code == "siting" else word(f"doc_h_{code}", lang)
        paper.heading(numbered(number, title, lang), 2)
        write(paper)
    paper.save(path)


def _base(paper: Paper) -> None:
    outcome, lang = paper.outcome, paper.lang
    people = word_facts.people_of(outcome)
    total = {str(group): float(people[group][AREA]) for group in people.columns}
    of_all = total.get("residents", 0.0)
    parts = []
    for group, value in total.items():
        part = many(value, group, lang, called=look.basis(outcome.groups, group, lang))
        if of_all > 0 and group.startswith(("elders", "under")):
            part += word("doc_group_share", lang, share=look.share(value / of_all))
        parts.append(part)
    said = ("；" if lang == "zh" else "; ").join(parts)
    zones = word_facts.zones_said(outcome)
    paper.text(word("doc_base", lang, year=outcome.year, zones=zones, people=said, table=paper.reference()))
    level = look.label(word_facts.upper_level(outcome), lang)
    paper.table(word("doc_people_table", lang, level=level), *word_facts.people_table(outcome))


def _facilities(paper: Paper) -> None:
    outcome, lang = paper.outcome, paper.lang
    own = word_facts.standing(outcome)
    supplies = outcome.supplies[outcome.supplies["facility_id"].isin(own.index)]
    sums = supplies.groupby("supply")[["low", "high"]].sum()
    amounts = [
        word(f"doc_sum_{supply}", lang, amount=look.interval(*sums.loc[supply]))
        for supply in ("beds", "nursing_beds", "places")
        if supply in sums.index and sums["low"][supply] > 0
    ]
    lead = word("doc_facilities_lead", lang, year=outcome.year, count=look.whole(len(own)))
    comma = "，" if lang == "zh" else ", "
    paper.text(comma.join([lead, *amounts]) + word("doc_details", lang, table=paper.reference()))
    if len(outcome.unplaced):
        paper.text(word("doc_unplaced", lang, count=len(outcome.unplaced)))
    if len(outcome.planned):
        paper.text(word("doc_planned", lang, count=len(outcome.planned)))
    paper.table(word("doc_facilities_table", lang), *word_facts.facilities_table(outcome))


def _indicators(paper: Paper) -> None:
    outcome, lang, names = paper.outcome, paper.lang, Names(paper.outcome)
    counts = outcome.findings["verdict"].value_counts()
    said = [
        word("doc_verdicts", lang, verdict=look.label(verdict, lang), count=int(counts[verdict]))
        for verdict in VERDICTS
        if verdict in counts
    ]
    documents = joined(_documents(outcome), lang)
    paper.text(
        word(
            "doc_indicators",
            lang,
            documents=documents,
            count=len(outcome.findings),
            said=joined(said, lang),
            table=paper.reference(),
        )
    )
    plan = rows_of(outcome.findings)
    if "of_plan" in outcome.findings.columns:
        plan = [row for row in plan if row["of_plan"]]
    missed = [row for row in plan if row["verdict"] == "not_met"]
    if missed:
        parts = [_missed(names, row) for row in missed[:MOST_NAMED]]
        tail = word("doc_and_more", lang, count=len(missed)) if len(missed) > MOST_NAMED else ""
        semicolon = "；" if lang == "zh" else "; "
        paper.text(word("doc_missed", lang, parts=semicolon.join(parts), tail=tail))
    unknown = [
        names.rule(rule) for rule in dict.fromkeys(r["rule_id"] for r in plan if r["verdict"] == "no_data")
    ]
    if unknown:
        tail = word("doc_and_more", lang, count=len(unknown)) if len(unknown) > MOST_NAMED else ""
        paper.text(word("doc_unknown", lang, parts=joined(unknown[:MOST_NAMED], lang), tail=tail))
    paper.table(look.label("indicators_sheet", lang), *word_facts.indicators_table(outcome))
    paper.note(word("indicators_note", lang))


def _documents(outcome: Outcome) -> list[str]:
    """Return the plans that the rules come from, each once."""
    names = Names(outcome)
    found = [document_said(names, str(rule)) for rule in dict.fromkeys(outcome.findings["rule_id"])]
    return [name for name in dict.fromkeys(found) if name]


def _missed(names: Names, row: Mapping[str, Any]) -> str:
    lang, kind = names.lang, value_kind(names, row["rule_id"])
    actual = word_facts.printed(between(row["actual_low"], row["actual_high"], kind))
    gap = amount_said(row["shortfall"], row["unit"], lang)
    said = {"indicator": brief(names, row["rule_id"]), "actual": actual or look.label("none", lang)}
    return word("doc_missed_part", lang, **said, required=target_text(row, kind), gap=gap)


def _circle(paper: Paper) -> None:
    outcome, lang = paper.outcome, paper.lang
    table = outcome.circle
    whole = table[(table["zone_id"] == AREA)]
    whole = whole[whole["kind"].fillna("") == ""] if "kind" in whole.columns else whole
    for service, entry in outcome.services.items():
        own = whole[whole["service"] == service].set_index("measure")
        if "network" not in own.index:
            continue
        network = rows_of(own.loc[["network"]])[0]
        group = str(network["group"])
        said = {
            measure: look.share(own["share"][measure]) if measure in own.index else look.label("none", lang)
            for measure in ("network", "frail", "straight")
        }
        paper.text(
            word(
                "doc_circle",
                lang,
                service=look.service_label(outcome.services, service, lang),
                kmh=f"{entry.walk_kmh:g}",
                minutes=f"{entry.walk_minutes:g}",
                metres=look.whole(entry.straight_m),
                group=look.basis(outcome.groups, group, lang),
                covered=look.whole(network["covered"]),
                outside=look.whole(network["outside"]),
                unit=look.of_group("unit_people", group, lang),
                communities=look.whole(network["communities"]),
                reached=look.whole(network["communities_covered"]),
                frail_ms=f"{entry.frail_kmh / 3.6:g}",
                **said,
            )
        )
    paper.text(word("doc_see", lang, table=paper.reference()))
    level = look.label(word_facts.upper_level(outcome), lang)
    paper.table(word("doc_circle_table", lang, level=level), *word_facts.circle_table(outcome))
    paper.note(word("circle_note", lang))


def _served(paper: Paper) -> None:
    outcome, lang = paper.outcome, paper.lang
    for row in rows_of(outcome.served[outcome.served["zone_id"] == AREA]):
        need = float(row["need"])
        paper.text(
            word(
                "doc_served",
                lang,
                service=look.service_label(outcome.services, row["service"], lang),
                need=look.whole(need),
                served=look.interval(row["served_low"], row["served_high"]),
                share=look.share(row["served_low"] / need) if need > 0 else look.label("none", lang),
                without=look.whole(row["without_place"]),
                outside=look.whole(row["outside"]),
            )
        )
    paper.table(word("served_sheet", lang), *word_gaps.served_table(outcome))


def _gaps(paper: Paper) -> None:
    outcome, lang, names = paper.outcome, paper.lang, Names(paper.outcome)
    level = look.label(names.finest(), lang)
    flags = word_gaps.flags_at(outcome, names.finest())
    states = flags_of(outcome)
    zones = set(flags["zone_id"])
    short = sum(states[zone] > 0 for zone in zones)
    paper.text(
        word(
            "doc_gaps",
            lang,
            level=level,
            count=len(zones),
            short=short,
            share=look.share(short / max(len(zones), 1)),
            table=paper.reference(),
        )
    )
    paper.table(word("doc_gaps_table", lang, level=level), *word_gaps.shortfalls_table(outcome))
    paper.note(word("doc_gaps_note", lang))
    columns, rows = word_gaps.worst_table(outcome)
    if rows:
        paper.text(word("doc_worst", lang, level=level, count=len(rows), table=paper.reference()))
        paper.table(word("doc_worst_table", lang, level=level), columns, rows)


def _causes(paper: Paper) -> None:
    outcome, lang = paper.outcome, paper.lang
    counts = word_gaps.causes_of(outcome).sum().sort_values(ascending=False, kind="stable")
    total = int(counts.sum())
    parts = [
        word("doc_cause_part", lang, cause=look.label(cause, lang), count=look.whole(count), share=look.share(count / total))
        for cause, count in counts.items()
    ]  # fmt: skip
    paper.text(
        word("doc_causes", lang, total=look.whole(total), parts=joined(parts, lang), table=paper.reference())
    )
    for cause in counts.index[:2]:
        paper.text(word(f"doc_cause_{cause}", lang))
    paper.table(word("doc_causes_table", lang), *word_gaps.causes_table(outcome))


def _projects(paper: Paper) -> None:
    outcome, lang = paper.outcome, paper.lang
    if not empty(outcome.projects):
        paper.text(word("doc_projects", lang, said=projects_sentence(outcome)))
    if not empty(outcome.support):
        before, after = outcome.support["verdict_before"], outcome.support["verdict_after"]
        won = int(((before != "met") & (after == "met")).sum())
        paper.text(
            word("doc_support", lang, won=won, left=int((after == "not_met").sum()), table=paper.reference())
        )
        paper.table(word("support_sheet", lang), *word_gaps.support_table(outcome))


def _data(paper: Paper) -> None:
    outcome, lang = paper.outcome, paper.lang
    paper.text(look.basis_line(outcome) + ("。" if lang == "zh" else "."))
    for row in rows_of(outcome.reconciliation):
        rows, used, waiting = (
            look.whole(float(row.get(key, 0) or 0)) for key in ("rows", "in_run", "not_placed")
        )
        placed = float(row.get("in_run", 0) or 0)
        all_ = placed + float(row.get("not_placed", 0) or 0)
        share = look.share(placed / all_) if all_ else look.label("none", lang)
        paper.text(
            word("doc_register", lang, file=row["file"], rows=rows, used=used, waiting=waiting, share=share)
        )
    paper.text(word("doc_method", lang))
    if not empty(outcome.not_assessed):
        paper.text(word("doc_not_assessed", lang, count=len(outcome.not_assessed)))
    for credit in look.attribution(outcome.sources):
        paper.note(credit)
