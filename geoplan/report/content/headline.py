"""Key figures: what stands in large type on the map's panel and on sheets, and in the first sentences of papers.

Each is a `Figure` with its unit and its caveats. How many, of how many judged, and how many without data stay together in one
`Tally`; an interval stays an interval, its share too.
"""

import pandas as pd

from geoplan.report.content import titles
from geoplan.report.content.build import table_of
from geoplan.report.content.findings import target_of
from geoplan.report.content.names import (
    AREA,
    Names,
    caveats_of,
    people_unit,
    present,
    rows_of,
    text,
    whole_zones,
)
from geoplan.report.content.shortfalls import flag_sum, flags_at, mean_met
from geoplan.report.content.table import Amount, Cell, Coded, Figure, Table, Tally, cell_text, gap_cell
from geoplan.report.content.zones import off_network_text, share_known
from geoplan.tables import VERDICTS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, unit, zones_word


def coverage_figures(outcome: Outcome, service: str, measure: str = "network") -> tuple[Figure, ...]:
    """Return the share of people within a service's circle in the whole area, and how many are outside it."""
    lang, entry = outcome.lang, outcome.services[service]
    own, group = whole_zones(outcome, service=service, measure=measure, zone=AREA), entry.group
    if own.empty:
        return ()
    row = own.iloc[0]
    covered = phrase(
        "headline_covered", lang, group=label(group, lang), measure=titles.measure_label(entry, measure, lang),
        service=outcome.services[service].label(lang),
    )  # fmt: skip
    return (
        Figure(
            covered,
            share_known(rows_of(own)[0]),
            caveats=tuple(filter(None, [off_network_text(rows_of(own)[0], lang)])),
        ),
        Figure(of_group("outside", group, lang), Amount.of(row["outside"], "count"), _people(group, lang)),
    )


def flag_figures(outcome: Outcome, names: Names, rule: str, level: str) -> tuple[Figure, ...]:
    """Return how many zones of a level a rule flags, how many people that affects, and what is short in all."""
    lang, group = outcome.lang, names.group(rule)
    own = flags_at(outcome, level, rule)
    if own.empty:
        return ()
    counted = phrase("headline_flagged", lang, level=zones_word(level, lang))
    whom = str(own["affected_group"].iloc[0])
    affected = of_group("people_affected", group, lang)
    found = [
        Figure(counted, Tally.of(own["flagged"]), caveats=flag_caveats(own, lang)),
        Figure(
            affected,
            flag_sum(own, "people_affected"),
            people_unit(whom, lang),
            caveats=(names.affected(rule, whom),),
        ),
    ]
    if count := mean_met(own):
        found.append(
            Figure(
                phrase("headline_mean_met", lang, level=zones_word(level, lang)), Amount.of(count, "count")
            )
        )
    if not (own["unit"].dropna() == "people").all():
        # where a shortfall is in people it is the people affected
        unit_word = names.gap_unit(rule, own["unit"])
        found.append(Figure(label("gross_shortfall", lang), flag_sum(own, "shortfall"), unit_word))
    return tuple(found)


def supply_figures(outcome: Outcome, names: Names, rule: str, end: str, level: str) -> tuple[Figure, ...]:
    """Return a rule's standard, and how many zones of a level certainly have less (``reachable`` or ``located``)."""
    lang, form = outcome.lang, names.format(rule)
    own = flags_at(outcome, level, rule)
    required = own["required"].dropna()
    if required.empty:
        return ()
    low, high = (pd.to_numeric(own[f"{end}_{bound}"]).astype(float) for bound in ("low", "high"))
    must = pd.to_numeric(own["required"]).astype(float)
    less = (high < must - 1e-9).astype("boolean")
    # an interval around the standard is no judgement
    unknown = low.isna() | must.isna() | ((low < must - 1e-9) & (high.fillna(float("inf")) >= must - 1e-9))
    return (
        Figure(
            label("standard", lang),
            Amount.of(required.iloc[0], form),
            text(names.of_rule(rule, f"unit_{lang}")),
        ),
        Figure(
            phrase("headline_below", lang, level=zones_word(level, lang)), Tally.of(less.mask(unknown)),
            caveats=flag_caveats(own, lang),
        ),
    )  # fmt: skip


def finding_figures(outcome: Outcome, names: Names, rule: str, *, most: int = 4) -> tuple[Figure, ...]:
    """Return the verdicts of one rule with actual, target and gap, at most `most` of them."""
    lang, form = outcome.lang, names.format(rule)
    comma = phrase("join_comma", lang)
    found = []
    for row in rows_of(outcome.findings[outcome.findings["rule_id"] == rule])[:most]:
        actual = Amount.between(row["actual_low"], row["actual_high"], form)
        gap = gap_cell(row["shortfall"], row["unit"])
        told = [
            f"{label('actual', lang)} {cell_text(actual, lang)}" if actual else "",
            f"{label('required', lang)} {target_of(names, row)}" if present(row["required"]) else "",
            f"{label('shortfall', lang)} {cell_text(gap, lang)} {unit(row['unit'], lang)}" if gap else "",
        ]  # fmt: skip
        beside = (text(row.get(f"note_{lang}")), text(row[f"missing_{lang}"]))
        caveats = tuple(filter(None, (comma.join(filter(None, told)), *beside)))
        found.append(Figure(names.zone(row["zone_id"]), Coded(str(row["verdict"])), caveats=caveats))
    return tuple(found)


def coverage_measures(outcome: Outcome, service: str) -> Table | None:
    """Return the covered share of the whole area by each measure: the stated pace, a slower one, the straight line."""
    lang, own = outcome.lang, whole_zones(outcome, service=service, zone=AREA)
    rows: list[list[Cell]] = [
        [
            titles.measure_label(outcome.services[service], row["measure"], lang),
            Amount.of(row["share"], "percent"),
        ]
        for row in rows_of(own)
    ]
    title = phrase("headline_measures", lang)
    return table_of("measures", lang, ("circle_measure", "share"), rows, title=title) if rows else None


def verdict_figures(outcome: Outcome) -> tuple[Figure, ...]:
    """Return how many indicators of the plans have each verdict (`indicator_verdicts`)."""
    lang, counts = outcome.lang, indicator_verdicts(outcome).value_counts()
    return tuple(
        Figure(label(verdict, lang), Amount.of(int(counts[verdict]), "count"))
        for verdict in VERDICTS
        if verdict in counts.index
    )


#: Verdicts of an indicator in several zones, the first that any of them has.
_WORST = ("not_met", "no_data", "not_quantified", "met", "not_applicable")


def indicator_verdicts(outcome: Outcome) -> pd.Series:
    """Return the verdict of each indicator, by rule_id: of several zones the worst, so that an indicator counts once."""
    table = outcome.findings
    place = table["verdict"].map(_WORST.index)
    return place.groupby(table["rule_id"], sort=False).min().map(lambda at: _WORST[int(at)])


def flag_caveats(rows: pd.DataFrame, lang: str) -> tuple[str, ...]:
    """Return what qualifies the flags of one rule: the sentences of their rows, each once."""
    told = (sentence for row in rows_of(rows) for sentence in caveats_of(row, lang))
    return tuple(dict.fromkeys(told))


def _people(group: str, lang: str) -> str:
    return of_group("unit_people", group, lang)
