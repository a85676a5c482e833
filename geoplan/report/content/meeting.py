"""会议一页纸: one page that alone answers how many, where first, why, how much, who, what changed since the last run, what is unknown."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from geoplan.report.content import sites
from geoplan.report.content.build import table_of
from geoplan.report.content.document import Block, Document, Paragraph, Shown
from geoplan.report.content.first import priority_list
from geoplan.report.content.headline import indicator_verdicts
from geoplan.report.content.names import AREA, Names, empty, present, rows_of, whole_zones
from geoplan.report.content.offices import offices_of
from geoplan.report.content.old_people import old_people_note
from geoplan.report.content.shortfalls import brief, clause_tally, flag_tally, flags_at, short_of
from geoplan.report.content.table import Amount, Cell, Tally, column
from geoplan.report.content.zones import spread_text
from geoplan.standards.priority import spread
from geoplan.standards.projects.costs import unit_costs
from geoplan.tables import VERDICTS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, unit, zones_word
from geoplan.words.numbers import format_interval, format_number
from geoplan.words.vocabulary import narrower, vocabulary

#: Rows of the priority list, rules, causes, towns and offices that the page names, and rules of one unit.
MOST_FIRST, MOST_RULES, MOST_CAUSES, MOST_TOWNS, MOST_OFFICES, MOST_RULES_A_UNIT, MOST_SPREADS = (
    5,
    3,
    3,
    3,
    4,
    2,
    2,
)
#: Rules of which the page says what other people would change.
MOST_OLD = 2
#: Grades of the flags that the page counts apart.
DEEPEST = ("none", "severe")
#: Columns of the priority list that the page has room for; the measure says the service and the amount with its unit.
FIRST = (
    "rank",
    "place",
    "grade",
    "net_affected",
    "whom",
    "measure",
)
#: Width of the names of indicators, characters.
NAME_WIDTH = 44
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
        *_how_much(outcome, level),
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
    own = zones_word(level, lang)
    measured = flag_tally(flags_at(outcome, level, kind="measured"))
    lead = phrase(
        "meeting_counts",
        lang,
        level=own,
        clause=clause_tally(outcome, level).text(lang),
        measured=measured.text(lang),
    )
    verdicts = indicator_verdicts(outcome).value_counts()
    judged = phrase("join_items", lang).join(
        phrase("meeting_verdict", lang, verdict=label(verdict, lang), count=format_number(verdicts[verdict], "count"))
        for verdict in VERDICTS
        if verdict in verdicts.index
    )  # fmt: skip
    if judged:
        lead = phrase("meeting_indicators", lang, count=format_number(verdicts.sum(), "count"), verdicts=judged) + lead  # fmt: skip
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
            "meeting_rule", lang, indicator=brief(names, rule), tally=Tally.of(part["flagged"]).text(lang),
            deep=format_number(int(part["grade"].isin(DEEPEST).sum()), "count"),
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
                phrase("meeting_nothing", lang, level=zones_word(level, lang)),
                lead=phrase("meeting_where", lang),
            )
        ]
    upper = "town" if any(entry.key == "town" for entry in whole.columns) else "district"
    keys = [("community" if key == "place" else key) for key in FIRST]
    kept = whole.first(MOST_FIRST).only(upper, *keys).stacked("community", upper, lang=lang)
    count = format_number(len(whole.rows), "count")
    title = phrase("meeting_first_table", lang, shown=len(kept.rows), count=count)
    shown = kept.of(kept.key, title, kept.columns, kept.rows)
    text = phrase("meeting_where_text", lang)
    if not (outcome.priorities["premise"].notna()).any():
        text += phrase("note_space", lang) + phrase("meeting_no_premises", lang)
    return [Paragraph(text, lead=phrase("meeting_where", lang)), Shown(shown)]


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
    if not total:
        return phrase("meeting_no_cause", lang)
    causes_told = phrase("meeting_causes", lang, causes=phrase("join_items", lang).join(parts))
    spreads = _joined(_spreads(flags, outcome, names), lang)
    stop = phrase("stop", lang)
    return phrase("note_space", lang).join(said + stop for said in (causes_told, spreads) if said)


def _spreads(flags: pd.DataFrame, outcome: Outcome, names: Names) -> Iterator[str]:
    """Yield which indicators are short nearly everywhere, then in how few communities the gaps of the others gather."""
    lang, widely = names.lang, spread(flags, outcome.zones).sort_values("flagged", ascending=False, kind="stable")  # fmt: skip
    widely = widely[widely["half"] > 0].head(MOST_SPREADS)
    everywhere = [brief(names, rule) for rule in widely.index[widely["everywhere"].astype(bool)]]
    if everywhere:
        yield phrase("meeting_everywhere", lang, indicators=phrase("join_items", lang).join(everywhere))
    for rule in widely.index[~widely["everywhere"].astype(bool)]:
        yield phrase(
            "meeting_spread", lang, indicator=brief(names, rule), text=spread_text(widely, str(rule), lang)
        )


def _how_much(outcome: Outcome, level: str) -> list[Block]:
    """Return the money that is planned, then a table of what is short in beds, places and floor area and what it would cost."""
    lang, needs = outcome.lang, _needs(outcome, level)
    said = [*_planned_money(outcome), *([] if needs else [phrase("meeting_no_gap", lang)])]
    blocks: list[Block] = [
        Paragraph(_joined(said, lang) + phrase("stop", lang), lead=phrase("meeting_how_much", lang))
    ]
    if needs:
        is_judged = any(need.judged is not None for need in needs)
        told = [phrase("meeting_needs_note", lang) if is_judged else "", _unit_costs_text(needs, lang), _open_units(outcome, needs)]  # fmt: skip
        note = _joined(told, lang)
        # names of indicators are long
        keys = (
            replace(column("indicator", lang), width=NAME_WIDTH),
            "judged_gap",
            "left_gap",
            "flag_gap",
            "net_gap",
            "needed_cost",
        )
        rows: list[list[Cell]] = [
            [
                brief(Names(outcome), need.rule) + phrase("in_brackets", lang, text=unit(need.unit, lang)),
                *(Amount.of(value, "count") for value in (need.judged, need.left, need.flags, need.net)),
                Amount.between(*need.cost_range, "cost") if need.cost is not None else None,
            ]
            for need in needs
        ]  # fmt: skip
        title = phrase("meeting_needs", lang, level=zones_word(level, lang))
        blocks.append(Shown(table_of("meeting_needs", lang, keys, rows, title=title, notes=(note,))))
    return blocks


@dataclass(frozen=True)
class Need:
    """What one indicator is short of, in its unit; None where that is not known or the indicator is not judged so.

    Parameters
    ----------
    judged, left
        As the plan judges it, and once the projects are finished.
    flags, net
        Sum over the flagged zones, and net of what is under way.
    cost
        The unit costs of the least and the most, 10,000 yuan, and where they are from; None where there are none.
    """

    rule: str
    unit: str
    judged: float | None
    left: float | None
    flags: float | None
    net: float | None
    cost: tuple[float, float, tuple[str, ...]] | None

    @property
    def cost_range(self) -> tuple[float, float]:
        """What is still to be built would cost, least and most, 10,000 yuan: by the plan's own gap, else by the net one."""
        found = (value for value in (self.left, self.judged, self.net, self.flags) if value is not None)
        amount = next(found, 0.0)
        low, high, _ = self.cost or (0.0, 0.0, ())
        return amount * low, amount * high


def _needs(outcome: Outcome, level: str) -> list[Need]:
    """Return what is short in beds, places and floor area: of each unit the indicators that are short of most."""
    names, gaps, left = Names(outcome), outcome.gap_list, _left_after_projects(outcome)
    counted = gaps[gaps["unit"].isin(list(_COSTED)) & gaps["part"].isin(["finding", "flag"])]
    found = []
    for code in _COSTED:
        own = counted[counted["unit"] == code]
        largest = own.groupby("rule_id")["shortfall"].sum().sort_values(ascending=False, kind="stable")
        for rule in map(str, largest.index[:MOST_RULES_A_UNIT]):
            rows = own[own["rule_id"] == rule]
            judged = rows.loc[rows["part"] == "finding", "shortfall"]
            flags = _finest_flags(rows[rows["part"] == "flag"], outcome, level)
            found.append(
                Need(
                    rule, code, _sum(judged), left.get(rule) if len(judged) else None,
                    _sum(flags["shortfall"]), None if empty(outcome.projects) else _sum(flags["net_shortfall"]),
                    _unit_cost(code, str(names.of_rule(rule, "family"))),
                )
            )  # fmt: skip
    return found


def _sum(values: pd.Series) -> float | None:
    """Return the sum; None where there is nothing to add, or where one of the values is not known."""
    return None if values.empty or values.isna().any() else float(values.sum())


def _open_units(outcome: Outcome, needs: list[Need]) -> str:
    """Return the units of building in which nothing is known to be short and some indicator is without data; nothing without any."""
    lang, findings = outcome.lang, outcome.findings
    without = set(findings.loc[findings["verdict"] == "no_data", "unit"])
    shown = [unit(code, lang) for code in _COSTED if code in without - {need.unit for need in needs}]
    return phrase("meeting_open_units", lang, units=phrase("join_items", lang).join(shown)) if shown else ""


def _left_after_projects(outcome: Outcome) -> dict[str, float]:
    """Return what each indicator is short of once the projects stand, by rule_id; of one that cannot be told nothing is said."""
    if empty(outcome.support):
        return {}
    left = outcome.support["shortfall_after"].mask(outcome.support["verdict_after"] == "met", 0.0)
    sums = left.groupby(outcome.support["rule_id"]).agg(lambda values: values.sum(skipna=False))
    return {str(rule): float(value) for rule, value in sums.dropna().items()}


def _finest_flags(flags: pd.DataFrame, outcome: Outcome, level: str) -> pd.DataFrame:
    """Return the flags of a rule at one level: those of `level`, else the finest at which it flags, so that nothing counts twice."""
    at = flags["zone_id"].map(outcome.zones["level"])
    finest = next((name for name in (level, "town", "district") if (at == name).any()), level)
    return flags[at == finest]


def _planned_money(outcome: Outcome) -> Iterator[str]:
    """Yield what the project list costs and who pays how much of it, and what the proposed sites cost; or that no money is known."""
    lang, projects = outcome.lang, outcome.projects
    if empty(projects):
        yield phrase("meeting_no_projects", lang)
    else:
        cost = projects["cost"]
        funds = projects["funds"].map(
            lambda told: told if present(told) else phrase("meeting_no_funds", lang)
        )
        # a fund whose projects state no cost stands without a figure, never as 0
        sums = cost.groupby(funds, sort=False).sum(min_count=1)
        shown = phrase("join_comma", lang).join(
            phrase("meeting_fund", lang, name=name, cost=_money(amount, lang)) if present(amount) else str(name)
            for name, amount in sums.items()
        )  # fmt: skip
        yield phrase(
            "meeting_projects", lang, count=len(cost), cost=_money(float(cost.sum()), lang), unknown=_without_cost(cost, lang), funds=shown
        )  # fmt: skip
    chosen = sites.chosen(outcome)
    if len(chosen):
        known = chosen["cost"].dropna()
        money = phrase("meeting_sites_cost", lang, cost=_money(float(known.sum()), lang)) if len(known) else ""  # fmt: skip
        yield phrase("meeting_sites", lang, count=len(chosen)) + money + _without_cost(chosen["cost"], lang)


def _unit_cost(unit_code: str, family: str) -> tuple[float, float, tuple[str, ...]] | None:
    """Return the least and the most that a unit costs in a family of services, 10,000 yuan, and the documents that imply it; None without."""
    costs = unit_costs()
    fits = costs["supply"].eq(_COSTED[unit_code]) & costs["services"].map(lambda kinds: _is_of(kinds, family))
    own = costs[fits]
    if own.empty:
        return None
    documents = dict.fromkeys(name for names in own["documents"] for name in names)
    return float(own["low"].min()), float(own["high"].max()), tuple(documents)


def _unit_costs_text(needs: list[Need], lang: str) -> str:
    """Return the unit costs that `needs` are priced by, and the documents that imply them; nothing without any."""
    priced = {(need.unit, *need.cost) for need in needs if need.cost is not None}
    if not priced:
        return ""
    items = phrase("join_items", lang)
    costs = items.join(
        phrase("meeting_unit_cost", lang, unit=phrase(f"rule_over_{code}", lang), cost=format_interval(low, high, "decimal"))
        for code, low, high, _ in sorted(priced)
    )  # fmt: skip
    documents = sorted({name for *_, names in priced for name in names})
    return phrase("meeting_unit_costs", lang, costs=costs, documents=items.join(documents))


def _money(amount: float, lang: str) -> str:
    """Return an amount of 10,000 yuan in words: ``345万元``, ``3.45 million yuan``."""
    shown = format_number(amount, "cost") if lang == "zh" else format_number(amount / 100, "decimal")
    return phrase("meeting_money", lang, amount=shown)


def _without_cost(cost: pd.Series, lang: str) -> str:
    """Return of how many the cost is not known; nothing where it is of all."""
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
            level=zones_word(upper, lang, count=1),
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
    """Return what the figures leave open: zones and indicators without data, facilities without a point, people off the network, old people."""
    lang, flags, gaps = outcome.lang, flags_at(outcome, level), outcome.gap_list
    verdicts = indicator_verdicts(outcome)
    nets = gaps["net_shortfall"].isna() & gaps["part"].eq("flag")
    told = [
        (flag_tally(flags).no_data, "meeting_open_zones"), (int((verdicts == "no_data").sum()), "meeting_open_findings"),
        (int((verdicts == "not_quantified").sum()), "meeting_not_quantified"), (len(outcome.unplaced), "meeting_unplaced"),
        (int(nets.sum()), "meeting_open_nets"), (_assumed(flags), "meeting_assumed"),
    ]  # fmt: skip
    parts = [
        phrase(code, lang, count=format_number(count, "count"), level=zones_word(level, lang))
        for count, code in told
        if count
    ]
    parts += [_off_network(outcome), *([] if sites.asked(outcome) else [phrase("meeting_no_sites", lang)])]
    stop, old = phrase("stop", lang), old_people_note(outcome, most=MOST_OLD)
    space = phrase("note_space", lang) if old else ""
    return old + space + _joined(parts, lang) + stop if parts else old or phrase("meeting_nothing_unknown", lang)  # fmt: skip


def _assumed(flags: pd.DataFrame) -> int:
    """Return of how many zones the supply in reach hangs on people assumed outside of the study area."""
    return int(flags.loc[flags["taken_outside"] > 0, "zone_id"].nunique())


def _off_network(outcome: Outcome) -> str:
    """Return how many people of each service are off the walking network; nothing where nobody is."""
    lang = outcome.lang
    told = [
        phrase(
            "meeting_off_service", lang, service=outcome.services[row["service"]].label(lang),
            count=format_number(row["off_network"], "count"), unit=of_group("unit_people", row["group"], lang),
        )
        for row in rows_of(whole_zones(outcome, measure="network", zone=AREA))
        if present(row["off_network"]) and round(row["off_network"])
    ]  # fmt: skip
    return phrase("meeting_off", lang, services=phrase("join_items", lang).join(told)) if told else ""
