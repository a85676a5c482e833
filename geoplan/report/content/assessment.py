"""现状评估: the chapter on what is there, what is short, where and why, as a document; each paragraph says what its table shows."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from geoplan.report.content import sites, titles
from geoplan.report.content.annex import ON_PAPER, annex_sentence, annexes
from geoplan.report.content.answers import adopted
from geoplan.report.content.document import (
    Block,
    Document,
    Heading,
    Paragraph,
    Remark,
    Shown,
    ahead,
    numbered,
)
from geoplan.report.content.findings import indicators, target_of
from geoplan.report.content.headline import indicator_verdicts
from geoplan.report.content.names import AREA, Names, empty, present, rows_of, text, whole_zones
from geoplan.report.content.old_people import old_people_note
from geoplan.report.content.outside import competition
from geoplan.report.content.projects import project_support_table, projects_sentence
from geoplan.report.content.served import served as served_table
from geoplan.report.content.served import share_of_need
from geoplan.report.content.shortfalls import (
    WORST,
    amount_text,
    brief,
    causes_of,
    causes_table,
    flag_tally,
    flags_at,
    worst_table,
)
from geoplan.report.content.stock import (
    people_of,
    people_table,
    people_text,
    stock_sentence,
    stock_table,
    upper_level,
    zones_text,
)
from geoplan.report.content.table import Amount, Table, Tally, cell_text
from geoplan.report.content.zones import (
    circles,
    flag_totals,
    mean_met_zones,
    off_network_text,
    without_repeats,
)
from geoplan.tables import VERDICTS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, zones_word
from geoplan.words.numbers import format_number

#: Columns that fit on a page upright, by table.
INDICATORS = (
    "serial", "indicator", "zone", "unit_of_value", "attribute", "base", "actual", "target", "completion", "shortfall",
    "gross_shortfall", "unit", "verdict", "caveats",
)  # fmt: skip
CIRCLE = (
    "service", "zone", "people", "covered", "outside", "off_network", "share", "share_all", "share_frail", "share_straight",
    "communities_covered",
)  # fmt: skip
MEAN_MET = (
    "serial", "indicator", "zone", "reachable", "required", "unit_of_value", "in_circle_part", "people", "below",
)  # fmt: skip
SERVED = ("service", "zone", "need", "in_circle", "served", "served_share", "without_place", "need_outside")
SUPPORT = (
    "serial", "indicator", "zone", "actual_before", "actual_after", "target", "verdict_before", "verdict_after",
    "shortfall_after", "unit",
)  # fmt: skip
SITES = (
    "order_no", "name", "place", "works", "services", "size", "cost", "phase", "serves", "marginal", "total",
)  # fmt: skip
#: Most indicators that a sentence names one by one.
MOST_NAMED = 8
#: A rule that judges more zones than this has one row in the chapter's table.
MOST_ROWS = 4


def assessment(outcome: Outcome) -> Document:
    """Return the chapter: base facts, facilities, indicators, circle, served, gaps, causes, projects, siting, data and basis.

    A section stands only where the study has what it is about.
    """
    lang = outcome.lang
    sections: list[tuple[str, Callable[[Outcome], list[Block]], bool]] = [
        ("base", _base, True),
        ("stock", _stock, True),
        ("indicators", _indicators, not empty(outcome.findings)),
        ("circle", _circle, not empty(outcome.circle)),
        ("served", _served, not empty(outcome.served)),
        ("gaps", _gaps, not empty(outcome.flags)),
        ("causes", _causes, not causes_of(outcome).empty),
        ("projects", _projects, not empty(outcome.support) or not empty(outcome.projects)),
        ("siting", _siting, sites.asked(outcome)),
        ("data", _data, True),
    ]
    blocks: list[Block] = []
    for number, (code, write, _) in enumerate((one for one in sections if one[2]), start=1):
        blocks.append(Heading(numbered(number, phrase(f"paper_h_{code}", lang), lang)))
        blocks += write(outcome)
    return Document.of(phrase("paper_assessment", lang), blocks)


def _base(outcome: Outcome) -> list[Block]:
    lang, people = outcome.lang, people_of(outcome)
    total = {str(group): float(people[group][AREA]) for group in people.columns}
    residents = total.get("residents", 0.0)
    parts = []
    for group, value in total.items():
        part = people_text(value, group, lang, called=titles.basis(outcome.groups, group, lang))
        if residents > 0 and group.startswith(("elders", "under")):
            part += phrase("paper_group_share", lang, share=format_number(value / residents, "percent"))
        parts.append(part)
    said = phrase("join_semicolon", lang).join(parts)
    lead = phrase(
        "paper_base", lang, year=outcome.year, zones=zones_text(outcome), people=said, table=ahead()
    )
    old = old_people_note(outcome)
    return [Paragraph(lead), *([Paragraph(old)] if old else []), Shown(people_table(outcome))]


def _stock(outcome: Outcome) -> list[Block]:
    lang = outcome.lang
    blocks: list[Block] = [Paragraph(stock_sentence(outcome) + phrase("paper_details", lang, table=ahead()))]
    if len(outcome.unplaced):
        blocks.append(Paragraph(phrase("paper_unplaced", lang, count=len(outcome.unplaced))))
    if len(outcome.planned):
        blocks.append(Paragraph(phrase("paper_planned", lang, count=len(outcome.planned))))
    return [*blocks, Shown(stock_table(outcome))]


def _indicators(outcome: Outcome) -> list[Block]:
    lang, names = outcome.lang, Names(outcome)
    items, semicolon = phrase("join_items", lang), phrase("join_semicolon", lang)
    verdicts = indicator_verdicts(outcome)
    counts = verdicts.value_counts()
    said = [
        phrase("paper_verdicts", lang, verdict=label(verdict, lang), count=int(counts[verdict]))
        for verdict in VERDICTS
        if verdict in counts
    ]
    blocks: list[Block] = [
        Paragraph(
            phrase(
                "paper_indicators",
                lang,
                documents=items.join(_documents(outcome, names)),
                count=len(verdicts),
                said=items.join(said),
                table=ahead(),
            )
        )
    ]
    plan = [row for row in rows_of(outcome.findings) if row["of_plan"]]
    missed = [row for row in plan if row["verdict"] == "not_met"]
    if missed:
        parts = semicolon.join(_missed(names, row) for row in missed[:MOST_NAMED])
        blocks.append(Paragraph(phrase("paper_missed", lang, parts=parts, tail=_tail(missed, lang))))
    unknown = list(dict.fromkeys(names.rule(row["rule_id"]) for row in plan if row["verdict"] == "no_data"))
    if unknown:
        parts = items.join(unknown[:MOST_NAMED])
        blocks.append(Paragraph(phrase("paper_unknown", lang, parts=parts, tail=_tail(unknown, lang))))
    blocks.append(Shown(indicators(outcome, most=MOST_ROWS).only(*INDICATORS)))
    for table in annexes(outcome):
        blocks += [Paragraph(annex_sentence(table, outcome)), Shown(table.only(*ON_PAPER))]
    return blocks


def _tail(items: list[Any], lang: str) -> str:
    return phrase("paper_and_more", lang, count=len(items)) if len(items) > MOST_NAMED else ""


def document_of(names: Names, rule: str) -> str:
    """Return the plan that a rule comes from, as it is cited but without the clause."""
    clause, cited = text(names.of_rule(rule, "clause")), text(names.of_rule(rule, f"cited_{names.lang}"))
    return cited.removesuffix(clause).strip() if clause else cited


def _documents(outcome: Outcome, names: Names) -> list[str]:
    """Return the plans that the rules come from, each once."""
    found = [document_of(names, str(rule)) for rule in dict.fromkeys(outcome.findings["rule_id"])]
    return [name for name in dict.fromkeys(found) if name]


def _missed(names: Names, row: Mapping[str, Any]) -> str:
    lang = names.lang
    actual = Amount.between(row["actual_low"], row["actual_high"], names.format(row["rule_id"]))
    return phrase(
        "paper_missed_part",
        lang,
        indicator=brief(names, row["rule_id"]),
        actual=cell_text(actual, lang) or label("no_data", lang),
        required=target_of(names, row),
        gap=amount_text(row["shortfall"], row["unit"], lang) or label("no_data", lang),
    )


def at_levels(table: Table, levels: tuple[str, ...]) -> Table:
    """Return the rows of a table of zones that are of `levels`, whole zones only."""
    return table.where("level", *levels).where("part", "")


def _circle(outcome: Outcome) -> list[Block]:
    lang = outcome.lang
    blocks: list[Block] = []
    for service, entry in outcome.services.items():
        own = whole_zones(outcome, service=service, zone=AREA).set_index("measure")
        if "network" not in own.index:
            continue
        row = rows_of(own.loc[["network"]])[0]
        if not present(row["people"]):
            unknown_people = phrase(
                "paper_circle_unknown", lang, service=entry.label(lang), group=label(entry.group, lang)
            )
            blocks.append(Paragraph(unknown_people))
            continue
        shares = {
            measure: cell_text(Amount.of(own["share"].get(measure), "percent"), lang)
            or label("no_data", lang)
            for measure in ("network", "frail", "straight")
        }
        unknown = int(row["communities_unknown"] or 0)
        communities = Tally(int(row["communities_covered"]), int(row["communities"]) - unknown, unknown)
        off = off_network_text(row, lang)
        said = phrase(
            "paper_circle",
            lang,
            service=entry.label(lang),
            kmh=f"{entry.walk_kmh:g}",
            minutes=f"{entry.walk_minutes:g}",
            metres=format_number(entry.straight_m, "count"),
            group=titles.basis(outcome.groups, entry.group, lang),
            covered=format_number(row["covered"], "count"),
            outside=format_number(row["outside"], "count"),
            unit=of_group("unit_people", entry.group, lang),
            communities=communities.text(lang),
            frail_ms=format_number(entry.frail_kmh / 3.6, "decimal"),
            **shares,
        )
        blocks.append(Paragraph(said + (phrase("paper_sentence", lang, text=off) if off else "")))
    level = upper_level(outcome)
    shown = at_levels(circles(outcome), tuple(dict.fromkeys((level, "area"))))
    title = phrase("paper_circle_table", lang, level=zones_word(level, lang, count=1))
    return [
        *blocks,
        Paragraph(phrase("paper_see", lang, table=ahead())),
        Shown(without_repeats(replace(shown, title=title).only(*CIRCLE))),
    ]


def _served(outcome: Outcome) -> list[Block]:
    lang, blocks = outcome.lang, list[Block]()
    for row in rows_of(outcome.served[outcome.served["zone_id"] == AREA]):
        need = float(row["need"])
        served = Amount.between(row["served_low"], row["served_high"], "count")
        share = share_of_need(row, row["served_low"], row["served_high"])
        said = phrase(
            "paper_served",
            lang,
            service=outcome.services[row["service"]].label(lang),
            need=format_number(need, "count"),
            served=cell_text(served, lang),
            share=cell_text(share, lang) or label("no_data", lang),
            without=format_number(row["without_place"], "count"),
            outside=format_number(row["outside"], "count"),
            off=format_number(row["off_network"], "count"),
        )
        blocks.append(Paragraph(said))
    table = served_table(outcome)
    if table is not None:
        blocks.append(Shown(table.where("level", upper_level(outcome), "area").only(*SERVED)))
    return blocks


def _gaps(outcome: Outcome) -> list[Block]:
    lang, names = outcome.lang, Names(outcome)
    finest = names.finest()
    level, flags = zones_word(finest, lang), flags_at(outcome, finest)
    tally = flag_tally(flags)
    share = Amount.of(tally.count / tally.judged, "percent") if tally.judged else None
    lead = phrase(
        "paper_gaps",
        lang,
        level=level,
        tally=tally.text(lang),
        share=cell_text(share, lang) or label("no_data", lang),
        table=ahead(),
    )
    blocks: list[Block] = [Paragraph(lead)]
    totals = flag_totals(outcome, finest)
    if totals is not None:
        title = phrase("paper_gaps_table", lang, level=level)
        notes = (*totals.notes, phrase("paper_gaps_note", lang))
        blocks.append(Shown(replace(totals, title=title, notes=notes)))
    even = mean_met_zones(outcome)
    own = None if even is None else even.where("level", finest)
    if own is not None and own.rows:
        count = len(own.rows)
        counted = {"count": count, "shown": min(count, WORST)}
        blocks.append(Paragraph(phrase("paper_mean_met", lang, level=level, table=ahead(), **counted)))
        blocks.append(Shown(own.first(WORST).only(*MEAN_MET)))
    worst = worst_table(outcome)
    if worst is not None:
        said = phrase("paper_worst", lang, level=level, count=len(worst.rows), table=ahead())
        blocks += [Paragraph(said), Shown(worst)]
    return blocks


def _causes(outcome: Outcome) -> list[Block]:
    lang = outcome.lang
    counts = causes_of(outcome).sum().sort_values(ascending=False, kind="stable")
    total = int(counts.sum())
    parts = [
        phrase(
            "paper_cause_part",
            lang,
            cause=label(cause, lang),
            count=format_number(count, "count"),
            share=format_number(count / total, "percent"),
        )
        for cause, count in counts.items()
    ]
    said = phrase("join_items", lang).join(parts)
    lead = phrase("paper_causes", lang, total=format_number(total, "count"), parts=said, table=ahead())
    blocks: list[Block] = [Paragraph(lead)]
    blocks += [Paragraph(phrase(f"paper_cause_{cause}", lang)) for cause in counts.index[:2]]
    table = causes_table(outcome)
    return blocks if table is None else [*blocks, Shown(table)]


def _projects(outcome: Outcome) -> list[Block]:
    lang, blocks = outcome.lang, list[Block]()
    if not empty(outcome.projects):
        blocks.append(Paragraph(phrase("paper_projects", lang, said=projects_sentence(outcome))))
    table = project_support_table(outcome)
    if table is not None:
        before, after = outcome.support["verdict_before"], outcome.support["verdict_after"]
        won, left = int(((before != "met") & (after == "met")).sum()), int((after == "not_met").sum())
        blocks += [
            Paragraph(phrase("paper_support", lang, won=won, left=left, table=ahead())),
            Shown(table.only(*SUPPORT)),
        ]
    return blocks


def _siting(outcome: Outcome) -> list[Block]:
    lang = outcome.lang
    blocks: list[Block] = [Paragraph(f"{said}{phrase('stop', lang)}") for said in sites.lead(outcome)]
    table = sites.sites_table(outcome)
    if adopted(outcome) is None or table is None:
        return blocks
    blocks += [Paragraph(phrase("paper_see", lang, table=ahead())), Shown(table.only(*SITES))]
    changed = sites.changed_support_table(outcome)
    return blocks if changed is None else [*blocks, Shown(changed.only(*SUPPORT))]


def _data(outcome: Outcome) -> list[Block]:
    lang = outcome.lang
    blocks: list[Block] = [Paragraph(f"{titles.basis_line(outcome)}{phrase('stop', lang)}")]
    for row in rows_of(outcome.reconciliation):
        rows, used, waiting = (float(row.get(key, 0) or 0) for key in ("rows", "in_run", "not_placed"))
        share = Amount.of(used / (used + waiting), "percent") if used + waiting else None
        blocks.append(
            Paragraph(
                phrase(
                    "paper_register",
                    lang,
                    file=row["file"],
                    rows=format_number(rows, "count"),
                    used=format_number(used, "count"),
                    waiting=format_number(waiting, "count"),
                    share=cell_text(share, lang) or label("none", lang),
                )
            )
        )
    blocks.append(Paragraph(phrase("paper_method", lang, competition=competition(outcome))))
    if not empty(outcome.not_assessed):
        blocks.append(Paragraph(phrase("paper_not_assessed", lang, count=len(outcome.not_assessed))))
    return [*blocks, *(Remark(credit) for credit in titles.attribution(outcome.sources))]
