"""会议一页纸: one page that alone answers how many, where first, why, how much, who, what changed since the last run, what is unknown."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from geoplan.report.content import titles
from geoplan.report.content.document import Block, Document, Paragraph, Shown
from geoplan.report.content.first import priority_list
from geoplan.report.content.headline import indicator_verdicts
from geoplan.report.content.names import AREA, Names, empty, present, rows_of, whole_zones
from geoplan.report.content.offices import offices_of
from geoplan.report.content.shortfalls import amount_text, brief, clause_tally, flag_tally, flags_at, short_of
from geoplan.report.content.table import Tally
from geoplan.report.content.zones import grades_text, spread_text
from geoplan.standards.priority import spread
from geoplan.standards.projects.costs import unit_costs
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group
from geoplan.words.numbers import format_interval, format_number
from geoplan.words.vocabulary import narrower, vocabulary

#: Rows of the priority list, rules, causes, towns and offices that the page names.
MOST_FIRST, MOST_RULES, MOST_CAUSES, MOST_TOWNS, MOST_OFFICES = 5, 4, 3, 3, 4
#: Columns of the priority list that the page has room for.
FIRST = (
    "rank",
    "place",
    "family",
    "grade",
    "net_affected",
    "whom",
    "net_shortfall",
    "unit",
    "measure",
)
#: Unit of a gap -> supply of the unit costs.
_COSTED = {"places": "places", "beds": "beds", "m2": "floor_area_m2"}


@dataclass(frozen=True)
class Former:
    """The run that a page compares with: its outcome, and what it is called (the last run, or the filed one)."""

    outcome: Outcome
    name: str


def meeting(outcome: Outcome, former: Former | None = None) -> Document:
    """Return the page; `former` is the run that changes are told against, None where there is none."""
    lang = outcome.lang
    level = Names(outcome).finest()
    blocks: list[Block] = [
        Paragraph(_how_many(outcome, level), lead=phrase("meeting_how_many", lang)),
        *_where_first(outcome, level),
        Paragraph(_why(outcome, level), lead=phrase("meeting_why", lang)),
        Paragraph(_how_much(outcome, level), lead=phrase("meeting_how_much", lang)),
        Paragraph(_who(outcome), lead=phrase("meeting_who", lang)),
        Paragraph(_changed(outcome, former, level), lead=phrase("meeting_changed", lang)),
        Paragraph(_unknown(outcome, level), lead=phrase("meeting_unknown", lang)),
    ]
    return Document.of(phrase("meeting_title", lang), blocks, compact=True)


def _joined(parts: Iterator[str] | list[str], lang: str) -> str:
    return phrase("join_semicolon", lang).join(part for part in parts if part)


def _how_many(outcome: Outcome, level: str) -> str:
    """Return how many communities are short of a clause and measured short, then rule by rule those with most."""
    lang, names = outcome.lang, Names(outcome)
    own = label(level, lang)
    measured = flag_tally(flags_at(outcome, level, kind="measured"))
    lead = phrase(
        "meeting_counts",
        lang,
        level=own,
        clause=clause_tally(outcome, level).text(lang),
        measured=measured.text(lang),
    )
    circles = (
        phrase(
            "meeting_circle", lang, service=outcome.services[row["service"]].label(lang),
            share=format_number(row["share"], "percent"), outside=format_number(row["outside"], "count"),
            unit=of_group("unit_people", row["group"], lang), group=label(row["group"], lang),
        )
        for row in rows_of(whole_zones(outcome, measure="network", zone=AREA))
        if present(row["share"])
    )  # fmt: skip
    flags = flags_at(outcome, level)
    counts = short_of(flags).groupby("rule_id", sort=False).size().sort_values(ascending=False, kind="stable")
    rules = (
        phrase(
            "meeting_rule", lang, indicator=brief(names, rule), tally=Tally.of(part["flagged"]).text(lang), grades=grades_text(part, lang)
        )
        for rule in counts.index[:MOST_RULES]
        for part in [flags[flags["rule_id"] == rule]]
    )  # fmt: skip
    return lead + _joined([*circles, *rules], lang) + phrase("stop", lang)


def _where_first(outcome: Outcome, level: str) -> list[Block]:
    """Return the first places of the priority list as a small table; that nothing is short where there is none."""
    lang = outcome.lang
    whole = priority_list(outcome)
    if whole is None:
        return [
            Paragraph(
                phrase("meeting_nothing", lang, level=label(level, lang)), lead=phrase("meeting_where", lang)
            )
        ]
    upper = "town" if any(entry.key == "town" for entry in whole.columns) else "district"
    keys = [("community" if key == "place" else key) for key in FIRST]
    kept = whole.first(MOST_FIRST).only(upper, *keys).stacked("community", upper, lang=lang)
    title = phrase("meeting_first_table", lang, shown=len(kept.rows), count=len(whole.rows))
    shown = kept.of(kept.key, title, kept.columns, kept.rows)
    return [Paragraph(phrase("meeting_where_text", lang), lead=phrase("meeting_where", lang)), Shown(shown)]


def _why(outcome: Outcome, level: str) -> str:
    """Return the causes behind most flags, and how widely the gaps are spread."""
    lang, names = outcome.lang, Names(outcome)
    flags = flags_at(outcome, level)
    short = short_of(flags)
    causes = short.loc[short["cause"].fillna("") != "", "cause"].value_counts()
    total = int(causes.sum())
    parts = [
        phrase(
            "meeting_cause",
            lang,
            cause=label(str(cause), lang),
            share=format_number(count / total, "percent"),
        )
        for cause, count in causes.head(MOST_CAUSES).items()
    ]
    widely = spread(flags, outcome.zones)
    spreads = [
        phrase(
            "meeting_spread", lang, indicator=brief(names, rule), text=spread_text(widely, str(rule), lang)
        )
        for rule in widely.sort_values("flagged", ascending=False, kind="stable").index[:2]
        if spread_text(widely, str(rule), lang)
    ]
    if not total:
        return phrase("meeting_no_cause", lang)
    stop = phrase("stop", lang)
    sentences = [phrase("join_items", lang).join(parts), *([_joined(spreads, lang)] if spreads else [])]
    return phrase("note_space", lang).join(said + stop for said in sentences)


def _how_much(outcome: Outcome, level: str) -> str:
    """Return the net shortfall of each standard with what it would cost by unit costs, and the money of the project list."""
    lang, names = outcome.lang, Names(outcome)
    gaps = outcome.gap_list
    own = gaps[
        (gaps["part"] == "flag")
        & gaps["unit"].isin(list(_COSTED))
        & gaps["zone_id"].map(outcome.zones["level"]).eq(level)
    ]
    parts = []
    for rule, rows in list(own.groupby("rule_id", sort=False))[:MOST_RULES]:
        code = str(rows["unit"].iloc[0])
        gross, net = (float(rows[key].sum()) for key in ("shortfall", "net_shortfall"))
        unknown = int(rows["net_shortfall"].isna().sum())
        said = phrase(
            "meeting_gap", lang, indicator=brief(names, rule), gross=amount_text(gross, code, lang), net=amount_text(net, code, lang)
        )  # fmt: skip
        said += phrase("meeting_net_unknown", lang, count=unknown) if unknown else ""
        parts.append(said + _cost_text(net, code, str(names.of_rule(str(rule), "family")), lang))
    if not empty(outcome.projects):
        cost = outcome.projects["cost"]
        funds = dict.fromkeys(text for text in outcome.projects["funds"] if present(text))
        shown = phrase("join_items", lang).join(funds) or phrase("meeting_no_funds", lang)
        parts.append(
            phrase("meeting_projects", lang, count=len(cost), cost=format_number(float(cost.sum()), "cost"), unknown=_without_cost(cost, lang), funds=shown)
        )  # fmt: skip
    return _joined(parts, lang) + phrase("stop", lang) if parts else phrase("meeting_no_gap", lang)


def _cost_text(net: float, unit_code: str, family: str, lang: str) -> str:
    """Return what a net gap would cost by the unit costs of its family, as a range with its source; nothing where there are none."""
    costs = unit_costs()
    fits = costs["supply"].eq(_COSTED[unit_code]) & costs["services"].map(lambda kinds: _is_of(kinds, family))
    own = costs[fits]
    if own.empty or net <= 0:
        return ""
    shown = format_interval(net * float(own["low"].min()), net * float(own["high"].max()), "cost")
    sources = phrase("join_items", lang).join(str(name) for name in own[lang])
    return phrase("meeting_cost", lang, cost=shown, source=sources, low=f"{own['low'].min():g}", high=f"{own['high'].max():g}", unit=phrase(f"rule_over_{unit_code}", lang))  # fmt: skip


def _without_cost(cost: pd.Series, lang: str) -> str:
    """Return of how many projects the cost is not known; nothing where it is of all."""
    unknown = int(cost.isna().sum())
    return phrase("meeting_without_cost", lang, count=unknown) if unknown else ""


def _is_of(kinds: tuple[str, ...], family: str) -> bool:
    if family not in vocabulary("types"):
        return False
    return any(narrower(family) & narrower(kind) for kind in kinds)


def _who(outcome: Outcome) -> str:
    """Return the offices that lead the rules in question, and the towns with most flags."""
    lang, names = outcome.lang, Names(outcome)
    gaps = outcome.gap_list
    own = gaps[(gaps["part"] != "finding") & (gaps["flag_kind"] != "")] if len(gaps) else gaps
    leads = [office for told in offices_of(own["responsible"]) for office in told.leads]
    offices = pd.Series(leads, dtype=object).value_counts()
    upper = next((name for name in ("town", "district") if names.has(name)), "")
    places = own[upper].where(own[upper] != "").value_counts() if upper and len(own) else pd.Series(dtype=int)
    parts = [
        phrase(
            "meeting_offices",
            lang,
            offices=phrase("join_items", lang).join(_counted(offices.head(MOST_OFFICES), lang)),
        )
        if len(offices)
        else phrase("meeting_no_office", lang),
        phrase(
            "meeting_towns",
            lang,
            level=label(upper, lang),
            towns=phrase("join_items", lang).join(_counted(places.head(MOST_TOWNS), lang)),
        )
        if len(places)
        else "",
    ]
    return _joined(parts, lang) + phrase("stop", lang)


def _counted(counts: pd.Series, lang: str) -> Iterator[str]:
    for name, count in counts.items():
        yield phrase("meeting_counted", lang, name=name, count=format_number(count, "count"))


def _changed(outcome: Outcome, former: Former | None, level: str) -> str:
    """Return what changed against a former run: communities newly flagged and no longer, and verdicts that turned."""
    lang, names = outcome.lang, Names(outcome)
    if former is None:
        return phrase("meeting_first_run", lang)
    before, after = (_short_pairs(one, level) for one in (former.outcome, outcome))
    new, gone = sorted(after - before), sorted(before - after)
    was = former.outcome.findings.set_index(["rule_id", "zone_id"])["verdict"].to_dict()
    turned = [
        phrase("meeting_turned", lang, indicator=brief(names, row["rule_id"]), before=label(was[key], lang), after=label(row["verdict"], lang))
        for row in rows_of(outcome.findings[outcome.findings["of_plan"].astype(bool)])
        for key in [(row["rule_id"], row["zone_id"])]
        if key in was and was[key] != row["verdict"]
    ]  # fmt: skip
    if not new and not gone and not turned:
        return phrase("meeting_unchanged", lang, name=former.name)
    parts = [
        phrase(
            "meeting_changes",
            lang,
            name=former.name,
            new=_places(new, names, lang),
            gone=_places(gone, names, lang),
        ),
        *turned[:3],
    ]
    return _joined(parts, lang) + phrase("stop", lang)


def _places(pairs: list[tuple[str, str]], names: Names, lang: str) -> str:
    zones = list(dict.fromkeys(zone for zone, _ in pairs))
    shown = phrase("join_items", lang).join(names.zone(zone) for zone in zones[:4])
    more = phrase("meeting_more", lang, count=len(zones)) if len(zones) > 4 else ""
    return (
        phrase("meeting_pairs", lang, count=len(pairs), zones=shown + more)
        if pairs
        else phrase("meeting_none", lang)
    )


def _short_pairs(outcome: Outcome, level: str) -> set[tuple[str, str]]:
    own = short_of(flags_at(outcome, level))
    return set(zip(own["zone_id"].map(str), own["rule_id"].map(str), strict=True))


def _unknown(outcome: Outcome, level: str) -> str:
    """Return what the figures leave open: zones without data, facilities without a point, people off the network, old people, findings."""
    lang, flags = outcome.lang, flags_at(outcome, level)
    open_zones = flag_tally(flags).no_data
    verdicts = indicator_verdicts(outcome)
    off = sum(
        float(row["off_network"] or 0.0) for row in rows_of(whole_zones(outcome, measure="network", zone=AREA)) if present(row["off_network"])
    )  # fmt: skip
    old = titles.old_people(outcome)
    not_known = int(outcome.gap_list["net_shortfall"].isna().where(outcome.gap_list["part"] == "flag", other=False).sum()) if len(outcome.gap_list) else 0  # fmt: skip
    told = [
        (open_zones, "meeting_open_zones"), (int((verdicts == "no_data").sum()), "meeting_open_findings"),
        (len(outcome.unplaced), "meeting_unplaced"), (round(off), "meeting_off"), (not_known, "meeting_open_nets"),
    ]  # fmt: skip
    parts = [
        phrase(code, lang, count=format_number(count, "count"), level=label(level, lang))
        for count, code in told
        if count
    ]
    return (
        _joined([old, *parts], lang) + phrase("stop", lang)
        if parts or old
        else phrase("meeting_nothing_unknown", lang)
    )
