"""选址方案比选: one page an answer for the decision: map, sites in order of opening, what closes, what stays, who is outside, alternatives."""

from dataclasses import replace

from geoplan.report.content.answers import SitingAnswer, answers
from geoplan.report.content.document import Block, Document, Heading, Paragraph, SiteMap, first_rows
from geoplan.report.content.names import Names
from geoplan.report.content.site_effects import (
    alternative_sentence,
    flags_of,
    judged_sentences,
    outside_sentence,
)
from geoplan.report.content.sites import of_answer, said_of, table_of_answer
from geoplan.report.content.table import Table
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase

#: Sites, rules and zones outside that a page has room for.
MOST_SITES, MOST_RULES, MOST_OUTSIDE = 6, 4, 3
#: Widths of columns on a page: words on one line, headers on two.
WIDTHS = {"name": 21.0, "size": 54.0, "cost": 11.0, "phase": 13.0, "indicator": 42.0}
#: Columns of the table of sites that a page has room for.
SITES = ("order_no", "name", "place", "size", "cost", "phase", "marginal")


def site_plans(outcome: Outcome) -> Document | None:
    """Return the paper; None where no question has an answer with sites."""
    lang = outcome.lang
    told = [answer for answer in answers(outcome) if len(of_answer(outcome, answer))]
    if not told:
        return None
    level = Names(outcome).finest()
    blocks = [
        block
        for number, answer in enumerate(told)
        for block in _page(outcome, answer, level, page=number > 0)
    ]
    return Document.of(phrase("site_plans_title", lang), blocks, compact=True)


def _page(outcome: Outcome, answer: SitingAnswer, level: str, *, page: bool) -> list[Block]:
    lang, own = outcome.lang, of_answer(outcome, answer)
    adopted = phrase("site_plans_adopted", lang) if answer.adopted else ""
    blocks: list[Block] = [
        Heading(phrase("site_plans_heading", lang, question=answer.title, adopted=adopted), 2, page=page)
    ]
    blocks.append(Paragraph(said_of(outcome, answer)))
    if own.geometry.notna().any():
        blocks.append(SiteMap(level, answer.question, phrase("site_plans_map", lang)))
    table = table_of_answer(outcome, answer, own)
    if table is not None:
        blocks += first_rows(_with_room(table.only(*SITES)), MOST_SITES, lang)
    closes = flags_of(outcome, answer.question)
    if closes is not None:
        blocks += first_rows(_with_room(closes), MOST_RULES, lang)
    judged = phrase("join_semicolon", lang).join(judged_sentences(outcome, answer.question))
    outside = outside_sentence(outcome, answer.question, most=MOST_OUTSIDE)
    for code, text in (
        ("judged", judged),
        ("outside", outside),
        ("instead", alternative_sentence(outcome, answer.question)),
    ):
        if text:
            blocks.append(Paragraph(text + phrase("stop", lang), lead=phrase(f"site_plans_{code}", lang)))
    return blocks


def _with_room(table: Table) -> Table:
    """Return a table for a page: without notes, and with room for words on one line."""
    columns = [replace(entry, width=WIDTHS.get(entry.key, entry.width)) for entry in table.columns]
    return replace(table, columns=tuple(columns), notes=())
