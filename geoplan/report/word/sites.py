"""选址布局建议 in the Word papers: the section of the assessment, and the sites of one town in its guidance."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from geoplan.report import look
from geoplan.report.content import sites_facts
from geoplan.report.content.sheet import Names, empty, present, rows_of, text
from geoplan.report.word import gaps as word_gaps
from geoplan.report.word.facts import Table, joined
from geoplan.report.word.parts import Col, Paper
from geoplan.tables import Outcome

#: Zones that a cell names one by one.
NAMED = 4


def wanted(outcome: Outcome) -> bool:
    """Return whether the assessment has a section on siting."""
    return sites_facts.asked(outcome)


def write_section(paper: Paper) -> None:
    """Write the section: what is proposed, what is proven of it, the table of sites, indicators after, what stays unmet."""
    outcome, lang = paper.outcome, paper.lang
    answer = sites_facts.adopted(outcome)
    if answer is None:
        paper.text(look.label("siting_word_not_adopted", lang))
        return
    sites = sites_facts.chosen(outcome)
    unit = answer["unit"]
    before, objective, recount = (
        sites_facts.value_said(answer[key], unit, lang) for key in ("before", "objective", "recount")
    )
    paper.text(
        look.sentence(
            "siting_word_lead",
            lang,
            question=text(answer["label"]) or text(answer["question"]),
            candidates=look.whole(answer["candidates"]),
            count=look.whole(len(sites)),
            intent=sites_facts.intent_said(sites, lang),
            cost=sites_facts.cost_sum_said(sites, lang),
            table=paper.reference(),
        )
    )
    aim = look.sentence("siting_word_aim", lang, aim=text(answer["aim"]), before=before, objective=objective)
    paper.text(aim + proof_said(outcome) + look.sentence("siting_word_recount", lang, recount=recount))
    phases = sites_facts.phases_said(sites, lang)
    if phases:
        paper.text(look.sentence("siting_word_phases", lang, parts=phases))
    if any(sites_facts.is_generated(row) for row in rows_of(sites)):
        paper.text(look.label("siting_word_intent", lang))
    paper.table(look.label("siting_word_table", lang), *sites_table(outcome, sites))
    paper.note(sites_facts.note_said(outcome, sites))
    if not empty(outcome.site_support):
        won, left = sites_facts.verdicts_won(outcome)
        moved = sites_facts.changed(outcome)
        see = look.sentence("siting_word_see", lang, table=paper.reference()) if len(moved) else ""
        paper.text(look.sentence("siting_word_support", lang, won=won, left=left, see=see))
        if len(moved):
            table = word_gaps.support_table(replace(outcome, support=moved))
            paper.table(look.label("siting_word_support_table", lang), *table)
    _unmet(paper)


def proof_said(outcome: Outcome) -> str:
    """Return the sentence on what is proven of the adopted answer; 最优 only where it is."""
    answer, lang = sites_facts.adopted(outcome), outcome.lang
    if answer is None:
        return ""
    if answer["status"] == "optimal":
        return look.label("siting_word_proof_optimal", lang)
    code = "siting_word_proof" if answer["status"] == "within" and present(answer["bound"]) else "siting_word_proof_other"  # fmt: skip
    return look.sentence(code, lang, proof=sites_facts.proof(answer, lang))


def _unmet(paper: Paper) -> None:
    lang, left = paper.lang, sites_facts.unmet(paper.outcome)
    if not left.zones:
        return
    parts = [
        look.sentence(
            "siting_word_unmet_part", lang, why=sites_facts.why_said(why, lang), count=look.whole(count)
        )
        for why, count in left.why
    ]
    paper.text(
        look.sentence("siting_word_unmet", lang, count=look.whole(left.zones), parts=joined(parts, lang))
    )


def sites_table(outcome: Outcome, sites: pd.DataFrame) -> Table:
    """Return the sites in the columns of a project list: name, place, works, types, size, cost, phase, zones, gain."""
    lang, names, unit = outcome.lang, Names(outcome), sites_facts.gain_unit(outcome)
    columns = [
        Col(look.label("serial", lang), 0.9),
        Col(look.label("siting_page_site", lang), 3.1, words=True),
        Col(look.label("siting_page_works", lang), 1.5),
        Col(look.label("services", lang), 2.0, words=True),
        Col(look.label("siting_page_size", lang), 2.1),
        Col(look.label("siting_page_cost_head", lang), 1.7),
        Col(look.label("siting_page_phase", lang), 1.7),
        Col(look.label("siting_page_serves", lang), 2.2, words=True),
        Col(look.label("siting_page_marginal", lang), 1.2),
        Col(look.label("siting_page_total", lang), 1.1),
    ]
    rows = [
        [
            f"{float(row['order']):.0f}",
            "\n".join(filter(None, (text(row["name"]), sites_facts.place_said(names, row)))),
            sites_facts.works_said(row, lang),
            sites_facts.services_said(row, lang),
            "\n".join(sites_facts.size_parts(row, lang)),
            look.whole(row["cost"]) if present(row["cost"]) else "",
            sites_facts.phase_said(row["phase"], lang),
            sites_facts.serves_said(names, row, most=NAMED),
            sites_facts.better(row["marginal"], unit, lang),
            sites_facts.better(row["total"], unit, lang),
        ]
        for row in rows_of(sites)
    ]
    return columns, rows


def write_town(paper: Paper, zone_id: str, town: str) -> None:
    """Write the sites that lie in a town, if any."""
    outcome, lang = paper.outcome, paper.lang
    sites = sites_facts.chosen(outcome)
    if sites.empty:
        return
    parents = outcome.zones["parent_id"].to_dict()
    here = sites[[_inside(zone, zone_id, parents) for zone in sites["zone_id"]]]
    if here.empty:
        return
    paper.text(
        look.sentence(
            "siting_word_town", lang, town=town, count=look.whole(len(here)), table=paper.reference()
        )
    )
    paper.table(look.sentence("siting_word_town_table", lang, town=town), *sites_table(outcome, here))
    paper.note(sites_facts.note_said(outcome, here))
    if any(sites_facts.is_generated(row) for row in rows_of(here)):
        paper.note(look.label("siting_page_intent_note", lang))


def _inside(zone: object, wanted_zone: str, parents: Mapping[str, object]) -> bool:
    """Return whether a zone is another or lies below it."""
    at = zone
    while present(at):
        if at == wanted_zone:
            return True
        at = parents.get(str(at))
    return False
