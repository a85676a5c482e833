"""Tables of what is short: by indicator, the worst communities, causes; and what served and the project list add to it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.sheet import Names, empty, present, rows_of, text, value_kind, word
from geoplan.report.word.facts import Table, amount_said, brief, upper_level
from geoplan.report.word.parts import Col
from geoplan.tables import CAUSES, Outcome

#: Most communities that the chapter names; the workbook has all of them.
WORST = 20


def flags_at(outcome: Outcome, level: str) -> pd.DataFrame:
    """Return the flags of a level."""
    names = Names(outcome)
    return outcome.flags[outcome.flags["zone_id"].map(names.level) == level]


def shortfalls_table(outcome: Outcome) -> Table:
    """Return by indicator: communities judged and short, the sum of what is short, people affected."""
    lang, names = outcome.lang, Names(outcome)
    flags = flags_at(outcome, names.finest())
    finest = look.label(names.finest(), lang)
    columns = [
        Col(look.label("indicator", lang), 4.6, words=True),
        Col(word("doc_judged", lang, level=finest), 1.7),
        Col(word("doc_short", lang, level=finest), 1.7),
        Col(word("doc_short_share", lang), 1.5),
        Col(look.label("gross_shortfall", lang), 2.4),
        Col(look.label("people_affected", lang), 2),
        Col(look.label("clause", lang), 3.4, words=True),
    ]
    rows = []
    for rule, own in flags.groupby("rule_id", sort=False):
        judged = own[own["flagged"].notna()]
        short = judged[judged["flagged"].astype(bool)]
        share = len(short) / len(judged) if len(judged) else None
        unit = own["unit"].iloc[0]
        rows.append(
            [
                names.rule(str(rule)),
                look.whole(len(judged)),
                look.whole(len(short)),
                look.share(share),
                amount_said(short["shortfall"].sum(), unit, lang),
                look.whole(short["people_affected"].sum()),
                text(names.of_rule(str(rule), f"cited_{lang}")) or text(names.of_rule(str(rule), "clause")),
            ]
        )
    return columns, rows


def worst_table(outcome: Outcome) -> Table:
    """Return the communities where most people are affected, with what each is short of."""
    lang, names = outcome.lang, Names(outcome)
    flags = flags_at(outcome, names.finest())
    short = flags[flags["flagged"].astype("boolean").fillna(value=False)]
    order = (
        short.groupby("zone_id", sort=False)["people_affected"]
        .max()
        .sort_values(ascending=False, kind="stable")
    )
    above = names.levels_between()
    columns = [
        Col(look.label("serial", lang), 0.8),
        *([Col(look.label(above[-1], lang), 2)] if above else []),
        Col(look.label(names.finest(), lang), 2.4),
        Col(word("doc_flag_count", lang), 1.2),
        Col(look.label("people_affected", lang), 1.6),
        Col(word("doc_lacks", lang), 7, words=True),
    ]
    rows = []
    for position, (zone, people) in enumerate(order.head(WORST).items(), start=1):
        own = rows_of(short[short["zone_id"] == zone])
        rows.append(
            [
                str(position),
                *([names.above(zone, above[-1])] if above else []),
                names.zone(zone),
                str(len(own)),
                look.whole(people),
                "\n".join(lack_said(names, row) for row in own),
            ]
        )
    return columns, rows


def lack_said(names: Names, row: Mapping[str, Any]) -> str:
    """Return one shortfall: the indicator and how much, ``每千人口托位数 缺 34 个托位``."""
    lang = names.lang
    gap = amount_said(row["shortfall"], row["unit"], lang)
    code = "doc_lack_people" if row["unit"] == "people" else "doc_lack"
    return word(code, lang, indicator=brief(names, row["rule_id"]), gap=gap)


def causes_table(outcome: Outcome) -> Table:
    """Return how often each cause stands behind a flag, by indicator."""
    lang, names = outcome.lang, Names(outcome)
    counts = causes_of(outcome)
    columns = [
        Col(look.label("indicator", lang), 5, words=True),
        *(Col(look.label(cause, lang), 1.7) for cause in counts.columns),
        Col(word("doc_total", lang), 1.4),
    ]
    rows = [
        [names.rule(str(rule)), *(look.whole(count) for count in row), look.whole(int(row.sum()))]
        for rule, row in counts.iterrows()
    ]
    return columns, rows


def causes_of(outcome: Outcome) -> pd.DataFrame:
    """Return rule x cause -> flags of the finest level, the causes in their fixed order and only those that occur."""
    flags = flags_at(outcome, Names(outcome).finest())
    short = flags[flags["flagged"].astype("boolean").fillna(value=False) & (flags["cause"].fillna("") != "")]
    if short.empty:
        return pd.DataFrame()
    counts = pd.crosstab(short["rule_id"], short["cause"])
    return counts.reindex(
        index=list(dict.fromkeys(short["rule_id"])), columns=[c for c in CAUSES if c in counts.columns]
    )


def served_table(outcome: Outcome) -> Table:
    """Return need, what lies in the circle and what has a place, by town (or district)."""
    lang, names, level = outcome.lang, Names(outcome), upper_level(outcome)
    columns = [
        Col(look.label("service", lang), 1.6, merged=True),
        Col(look.label(level, lang), 2.4),
        *(
            Col(word(key, lang), 2.2)
            for key in ("need", "in_circle", "served", "without_place", "need_outside")
        ),
    ]
    rows = []
    for service in outcome.services:
        own = outcome.served[outcome.served["service"] == service].set_index("zone_id")
        zones = [z for z in outcome.zones.index if names.level(z) == level and level != "area"]
        for zone in [*zones, *(z for z in outcome.zones.index if names.level(z) == "area")]:
            if zone in own.index:
                row = own.loc[zone]
                rows.append(
                    [
                        look.service_label(outcome.services, service, lang),
                        word("doc_total", lang) if names.level(zone) == "area" else names.zone(zone),
                        look.whole(row["need"]),
                        look.whole(row["need"] - row["outside"]),
                        look.interval(row["served_low"], row["served_high"]),
                        look.whole(row["without_place"]),
                        look.whole(row["outside"]),
                    ]
                )
    return columns, rows


def support_table(outcome: Outcome) -> Table:
    """Return what the project list does for each indicator."""
    lang, names = outcome.lang, Names(outcome)
    columns = [
        Col(look.label("indicator", lang), 4.0, words=True),
        Col(look.label("zone", lang), 1.8, words=True),
        *(Col(word(key, lang), 1.4) for key in ("actual_before", "actual_after")),
        Col(look.label("required", lang), 1.3),
        *(Col(word(key, lang), 1.5) for key in ("verdict_before", "verdict_after")),
        Col(word("shortfall_after", lang), 1.8),
    ]
    rows = []
    for row in rows_of(outcome.support) if not empty(outcome.support) else []:
        kind = value_kind(names, row["rule_id"])
        as_kind = {"share": "share", "rate": "provision"}.get(kind, "")
        rows.append(
            [
                names.rule(row["rule_id"]),
                names.zone(row["zone_id"]),
                *(
                    look.amount(row[key], "", kind=as_kind)
                    for key in ("actual_before", "actual_after", "required")
                ),
                *(look.label(row[key], lang) for key in ("verdict_before", "verdict_after")),
                amount_said(row["shortfall_after"], row["unit"], lang)
                if present(row["shortfall_after"])
                else "",
            ]
        )
    return columns, rows
