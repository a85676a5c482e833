"""The report to print, as a document: what is short and where, what to build, then how it was found."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from geoplan.report.content import sites, titles
from geoplan.report.content.annex import ON_PAPER, annexes
from geoplan.report.content.answers import answers_table, gain_curves, how_found, unmet_at_end
from geoplan.report.content.document import (
    Block,
    Curve,
    Document,
    Figures,
    FlagMaps,
    Heading,
    Paragraph,
    Points,
    Shown,
    SiteMap,
    first_rows,
)
from geoplan.report.content.findings import indicators
from geoplan.report.content.headline import coverage_figures, verdict_figures
from geoplan.report.content.names import AREA, Names, empty, level_order, rows_of, whole_zones
from geoplan.report.content.old_people import old_people_note
from geoplan.report.content.outside import neighbour_remarks
from geoplan.report.content.shortfalls import flag_tally, flags_at, mean_met, net_and_gross_table, worst_table
from geoplan.report.content.sources import (
    files_table,
    groups_table,
    not_assessed_table,
    parameters_table,
    reconciliation_table,
    warnings_by_kind_table,
)
from geoplan.report.content.table import Amount, Figure, Table, Tally, cell_text
from geoplan.report.content.zones import (
    circles,
    flag_totals,
    flags_by_place,
    off_network_text,
    without_repeats,
)
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, zones_word
from geoplan.words.numbers import format_number

#: Columns that fit on a page upright, by table.
INDICATORS = (
    "indicator", "clause", "finding_note", "caveats", "zone", "attribute", "base", "actual", "target", "verdict", "progress",
    "shortfall", "unit",
)  # fmt: skip
CIRCLE = (
    "service", "part", "group", "people", "covered", "outside", "off_network", "share", "share_all", "share_frail", "share_straight",
    "communities_covered", "communities_share", "minutes",
)  # fmt: skip
SITES = (
    "order_no", "name", "place", "works", "services", "size", "cost", "phase", "serves", "gain", "marginal", "total",
)  # fmt: skip
#: Rule columns of a table that a page holds, rows of sites, of what stays unmet and of warnings, curves.
MOST_RULES, MOST_SITES, MOST_UNMET, MOST_WARNINGS, MOST_CURVES = 6, 40, 20, 40, 3


def report(outcome: Outcome) -> Document:
    """Return the report: key figures, maps, flags by place, the worst, shortfalls, indicators; siting; circles, data, parameters."""
    lang = outcome.lang
    level = flagged_level(outcome)
    blocks: list[Block] = [
        Heading(phrase("report_short", lang), 1),
        Heading(phrase("report_key", lang)),
        _key_figures(outcome, level),
        Points(tuple(_lead(outcome, level))),
        *_flags(outcome, level),
        *_siting(outcome, level),
        Heading(phrase("report_how", lang), 1),
        *_circle(outcome),
        *_data(outcome),
    ]
    return Document.of(phrase("report_title", lang), blocks)


def flagged_level(outcome: Outcome) -> str:
    """Return the finest partition level that is flagged, else the finest there is."""
    own = set(outcome.zones["level"]) - {"estate"}
    flagged = set(outcome.zones["level"].reindex(outcome.flags["zone_id"]).dropna()) & own
    return level_order(flagged or own)[-1]


def _key_figures(outcome: Outcome, level: str) -> Figures:
    lang = outcome.lang
    figures: list[Figure] = []
    strong: set[int] = set()
    for service, entry in outcome.services.items():
        for figure in coverage_figures(outcome, service):
            if isinstance(figure.value, Amount) and figure.value.format == "percent":
                figures.append(figure)
                continue
            strong.add(len(figures))
            name = phrase("report_figure", lang, service=entry.label(lang), what=figure.name)
            figures.append(replace(figure, name=name))
    if len(outcome.flags):
        strong.add(len(figures))
        name = phrase("report_flagged", lang, level=zones_word(level, lang))
        figures.append(Figure(name, flag_tally(flags_at(outcome, level))))
    return Figures((*figures, *verdict_figures(outcome)), frozenset(strong))


def _lead(outcome: Outcome, level: str) -> Iterator[str]:
    """Yield what old figures of people leave open, then what is short, for whom, by how much: a sentence a service, then a sentence a rule that is no circle."""
    lang = outcome.lang
    if old := old_people_note(outcome):
        yield old
    for row in rows_of(whole_zones(outcome, measure="network", zone=AREA)):
        entry = outcome.services[row["service"]]
        if not row["covered"] + row["outside"]:
            continue
        unknown = int(row["communities_unknown"] or 0)
        judged = int(row["communities"]) - unknown
        communities = Tally(judged - int(row["communities_covered"]), judged, unknown)
        off = off_network_text(row, lang)
        yield phrase(
            "report_circle_lead",
            lang,
            group=titles.basis(outcome.groups, entry.group, lang),
            outside=f"{format_number(row['outside'], 'count')} {of_group('unit_people', entry.group, lang)}",
            share=format_number(1 - row["share"], "percent"),
            minutes=f"{entry.walk_minutes:g}",
            service=entry.label(lang),
            communities=communities.text(lang),
        ) + (phrase("in_brackets", lang, text=off) if off else "")
    totals = flag_totals(outcome, level)
    if totals is not None:
        keys = (
            "indicator", "standard", "flag_zones", "mean_met_zones", "gross_shortfall", "unit", "people_affected", "caveats",
        )  # fmt: skip
        for cells in zip(*(totals.cells(key) for key in keys), strict=True):
            yield _rule_sentence(
                dict(zip(keys, (cell_text(cell, lang) for cell in cells), strict=True)), level, lang
            )


def _map_note(own: pd.DataFrame, lang: str) -> str:
    """Return how many zones a rule flags, and of how many the mean hides people."""
    said = phrase("report_map_note", lang, tally=Tally.of(own["flagged"]).text(lang))
    count = mean_met(own)
    if not count:
        return said
    return phrase("join_comma", lang).join((said, f"{label('mean_met', lang)} {count}"))


def _rule_sentence(said: dict[str, str], level: str, lang: str) -> str:
    caveats = said.pop("caveats")
    sentence = phrase("report_rule_lead", lang, level=zones_word(level, lang), **said)
    return sentence + (phrase("in_brackets", lang, text=caveats) if caveats else "")


def _flags(outcome: Outcome, level: str) -> list[Block]:
    lang, names, flags = outcome.lang, Names(outcome), flags_at(outcome, level)
    blocks: list[Block] = []
    if len(flags):
        maps = tuple(
            (
                str(rule),
                names.rule(str(rule)),
                _map_note(own, lang),
            )
            for rule, own in flags.groupby("rule_id", sort=False)
        )
        blocks += [Heading(phrase("report_maps", lang)), FlagMaps(level, maps)]
    by_place = flags_by_place(outcome, level, _above(outcome, level))
    if by_place is not None:
        rules = [entry.key for entry in by_place.columns[1:]]
        parts = [rules[start : start + MOST_RULES] for start in range(0, len(rules), MOST_RULES)]
        blocks += [Shown(by_place.only(by_place.columns[0].key, *part)) for part in parts]
    tables = (
        worst_table(outcome),
        net_and_gross_table(outcome),
        _indicators(outcome) if len(outcome.findings) else None,
        *(table.only(*ON_PAPER) for table in annexes(outcome)),
    )
    return [*blocks, *(Shown(table) for table in tables if table is not None)]


def _indicators(outcome: Outcome) -> Table:
    """Return the indicator table, clause and what is missing below the indicator's name."""
    table = indicators(outcome, most=1).only(*INDICATORS)
    return table.stacked("indicator", "clause", "finding_note", "caveats", lang=outcome.lang)


def _above(outcome: Outcome, level: str) -> str:
    """Return the coarsest level above `level` of which there are several zones; nothing without one."""
    sizes = outcome.zones["level"].value_counts()
    order = level_order(set(sizes.index) - {"area", "estate"})
    return (
        next((name for name in order[: order.index(level)] if sizes[name] > 1), "") if level in order else ""
    )


def _siting(outcome: Outcome, level: str) -> list[Block]:
    if not sites.asked(outcome):
        return []
    lang, own = outcome.lang, sites.chosen(outcome)
    blocks: list[Block] = [Heading(phrase("report_build", lang), 1), Points(sites.lead(outcome))]
    if len(own) and own.geometry.notna().any():
        blocks += [Heading(phrase("report_site_map", lang), 3), SiteMap(level)]
    listed = sites.sites_table(outcome)
    if listed is not None:
        shown = listed.only(*SITES).stacked("name", "place", lang=lang)
        blocks += first_rows(shown, MOST_SITES, lang)
    blocks += [Curve(curve) for curve in gain_curves(outcome)[:MOST_CURVES]]
    for table in (sites.changed_support_table(outcome), answers_table(outcome)):
        if table is not None:
            blocks.append(Shown(table))
    left = unmet_at_end(outcome)
    if left is not None:
        blocks += first_rows(left, MOST_UNMET, lang)
    return [*blocks, Heading(phrase("report_site_how", lang), 3), Points(how_found(outcome))]


def _circle(outcome: Outcome) -> list[Block]:
    if empty(outcome.circle):
        return []
    lang, table = outcome.lang, circles(outcome)
    present = {entry.key for entry in table.columns}
    own = table.where("level", "area").only(*(key for key in (*CIRCLE, "land_share") if key in present))
    shown = without_repeats(own)
    notes = [*_measure_notes(outcome)]
    if outcome.circle["land_m2"].isna().all():
        notes.append(phrase("report_no_land", lang))
    return [Points(tuple(notes)), Shown(shown)]


def _measure_notes(outcome: Outcome) -> Iterator[str]:
    """Yield one sentence a service on what the choice of pace and measure does."""
    lang = outcome.lang
    for service, entry in outcome.services.items():
        own = whole_zones(outcome, service=service, zone=AREA)
        rows = {row["measure"]: row for row in rows_of(own)}
        if not {"network", "frail", "straight"} <= rows.keys():
            continue
        covered = {measure: float(row["covered"]) for measure, row in rows.items()}
        beyond = covered["straight"] - covered["network"]
        elders = entry.group.startswith("elders")
        yield phrase(
            "report_measure_note",
            lang,
            service=entry.label(lang),
            kmh=f"{entry.walk_kmh:g}",
            minutes=f"{entry.walk_minutes:g}",
            metres=format_number(entry.walk_m, "count"),
            network=format_number(rows["network"]["share"], "percent"),
            unit=of_group("unit_people", entry.group, lang),
            # the pace was measured on elders; for other groups it only says what slow walking does
            frail_word=phrase("report_frail" if elders else "report_slow", lang),
            frail_ms=format_number(entry.frail_kmh / 3.6, "decimal"),
            frail_metres=format_number(entry.frail_m, "count"),
            frail=format_number(rows["frail"]["share"], "percent"),
            frail_people=format_number(abs(covered["network"] - covered["frail"]), "count"),
            straight=format_number(rows["straight"]["share"], "percent"),
            straight_people=format_number(abs(beyond), "count"),
            straight_word=phrase("report_more_people" if beyond >= 0 else "report_fewer_people", lang),
        )


def _data(outcome: Outcome) -> list[Block]:
    lang = outcome.lang
    blocks: list[Block] = []
    registers = reconciliation_table(outcome)
    if registers is not None:
        blocks.append(Shown(registers))
    remarks = []
    if len(outcome.unplaced):
        remarks.append(phrase("report_unplaced", lang, count=format_number(len(outcome.unplaced), "count")))
    remarks += neighbour_remarks(outcome)
    if remarks:
        blocks.append(Points(tuple(remarks)))
    blocks += first_rows(warnings_by_kind_table(outcome), MOST_WARNINGS, lang)
    tables = (
        not_assessed_table(outcome),
        groups_table(outcome),
        files_table(outcome),
        parameters_table(outcome),
    )
    blocks += [Shown(table) for table in tables if table is not None]
    owed = titles.attribution(outcome.sources)
    return [*blocks, *([Paragraph(" · ".join(owed))] if owed else [])]
