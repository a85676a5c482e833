"""What is short, for papers: the zones where most people are affected, and the causes behind flags."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.build import table_of
from geoplan.report.content.gaps import grade_cell
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.table import Amount, Cell, Coded, Column, Table, Tally, column, unit_cell
from geoplan.standards.rules import HOUSES
from geoplan.tables import CAUSES, GRADES, STATES, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, unit, zones_word
from geoplan.words.numbers import format_number, missing

#: Most zones that a paper names; the workbook has all of them.
WORST = 20


def brief(names: Names, rule: object) -> str:
    """Return an indicator's name without the unit in brackets behind it: the unit stands beside the number."""
    units = phrase("paper_units_of_names", names.lang)
    return re.sub(rf"\s?[(\uff08](?:{units})[)\uff09]$", "", names.rule(str(rule)))


def amount_text(value: object, unit_code: object, lang: str) -> str:
    """Return an amount with its unit: ``34 个托位``, whole; nothing where it is missing."""
    if not present(value):
        return ""
    space = " " if lang == "en" else ""
    return f"{format_number(float(value), 'count')}{space}{unit(unit_code, lang)}"  # type: ignore[arg-type]


def flags_at(
    outcome: Outcome, level: str, rule: str | None = None, *, kind: str | None = None
) -> pd.DataFrame:
    """Return the flags of the zones of a level, of one rule or of all, of one kind or of both; what is for reference only is no flag."""
    own = outcome.flags if rule is None else outcome.flags[outcome.flags["rule_id"] == rule]
    counts = own["flag_kind"] != "reference" if kind is None else own["flag_kind"] == kind
    return own[counts & (own["zone_id"].map(outcome.zones["level"]) == level)]


def flag_rules(flags: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of flags by rule; what is for reference only stands behind what is a flag."""
    grouped = [(str(rule), rows) for rule, rows in flags.groupby("rule_id", sort=False)]
    return dict(sorted(grouped, key=lambda pair: _is_reference(pair[1])))


def flag_title(names: Names, rule: str, rows: pd.DataFrame) -> str:
    """Return the name of a rule, with what its flags are at the finest level where they are for reference only."""
    if not _is_reference(rows):
        return names.rule(rule)
    return names.rule(rule) + phrase(
        "in_brackets", names.lang, text=phrase("flag_kind_reference", names.lang)
    )


def _is_reference(rows: pd.DataFrame) -> bool:
    return bool((rows["flag_kind"] == "reference").any())


#: What a zone is drawn as under a rule: the grade of its flag, else its state.
FLAG_CLASSES = (*GRADES, *(state for state in STATES if state != "flagged"))


def flag_class(row: Mapping[str, Any], lang: str) -> Coded:
    """Return what a zone is drawn as under a rule, one of `FLAG_CLASSES`."""
    return grade_cell(row["grade"], lang) or Coded(str(row["state"]))


def class_texts(names: Names, rule: str) -> dict[str, str]:
    """Return what a legend calls each of `FLAG_CLASSES` under a rule: grades with their limits, ``严重不足（＜33%）``."""
    lang = names.lang
    limits = [float(limit) for limit in text(names.of_rule(rule, "grade_limits")).split()]
    ranges = ["0", *(phrase("grade_below", lang, limit=f"{100 * limit:.0f}%") for limit in limits)]
    texts = {}
    for place, code in enumerate(GRADES):
        told = phrase(f"grade_{code}", lang)
        texts[code] = told + phrase("in_brackets", lang, text=ranges[place]) if place < len(ranges) else told
    return texts | {
        state: label("no_data" if state == "unknown" else state, lang)
        for state in FLAG_CLASSES[len(GRADES) :]
    }


def overall_texts(lang: str) -> dict[str, str]:
    """Return what a legend calls each of `FLAG_CLASSES` where several rules are drawn together, each with its own limits."""
    grades = {code: phrase(f"grade_{code}", lang) for code in GRADES}
    return grades | {
        state: label("no_data" if state == "unknown" else state, lang)
        for state in FLAG_CLASSES[len(GRADES) :]
    }


def zone_classes(outcome: Outcome) -> dict[str, str]:
    """Return what each zone is drawn as where all rules are drawn together, one of `FLAG_CLASSES`: the deepest grade, else its state.

    What is for reference only is left out.
    """
    own = outcome.flags[outcome.flags["flag_kind"] != "reference"]
    found: dict[str, str] = {}
    for zone, rows in own.groupby("zone_id", sort=False)[["grade", "state"]]:
        grades = [grade for grade in rows["grade"] if grade]
        found[str(zone)] = min(grades, key=GRADES.index) if grades else zone_state(rows["state"]).code
    return found


def class_colours() -> dict[str, str]:
    """Return the colour of each of `FLAG_CLASSES`, the same in every output."""
    grades = {code: look.GRADE_COLOURS[code][0] for code in GRADES}
    return grades | {
        "mean_met": look.COLOURS["mean_met"],
        "not_flagged": look.COLOURS["not_flagged"],
        "unknown": look.COLOURS["no_data"],
    }


def clause_states(outcome: Outcome, level: str) -> dict[str, list[bool | None]]:
    """Return of each zone of a level which clauses that are stated for it it is short of (条文短板): True, False, or None where not known.

    Flags of clauses count, and members that lack what a clause asks of each; a rule counts once.
    """
    flags = flags_at(outcome, level, kind="clause")
    told = {
        (row["zone_id"], row["rule_id"]): None if missing(row["flagged"]) else bool(row["flagged"])
        for row in rows_of(flags[["zone_id", "rule_id", "flagged"]])
    }
    own = (
        outcome.members[outcome.members["member_id"].map(outcome.zones["level"]) == level]
        if len(outcome.members)
        else outcome.members
    )
    for row in rows_of(own):
        key = row["member_id"], row["rule_id"]
        # of a zone that may not count it is not known that it is short
        perhaps = not missing(row["sure"]) and not row["sure"]
        lacks = None if missing(row["has"]) else not row["has"]
        told.setdefault(key, None if lacks and perhaps else lacks)
    found: dict[str, list[bool | None]] = {}
    for (zone, _), short in told.items():
        found.setdefault(zone, []).append(short)
    return found


def clause_tally(outcome: Outcome, level: str) -> Tally:
    """Return how many zones of a level are short of a clause that is stated for them, of those of which that is known."""
    states = clause_states(outcome, level).values()
    return Tally.of(True if any(own) else None if None in own else False for own in states)


def _any(states: pd.Series) -> bool | None:
    """Return whether any of three-valued states is true; None where none is and one is not known."""
    return True if states.fillna(value=False).any() else None if states.isna().any() else False


def short_of(flags: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are flagged, those that cannot be told left out."""
    return flags[flags["flagged"].astype("boolean").fillna(value=False)]


def flag_state(row: Mapping[str, Any]) -> Coded:
    """Return what a row of the flags says of its zone: flagged, mean_met, not_flagged or unknown."""
    return Coded(str(row["state"]))


def zone_state(states: Iterable[str]) -> Coded:
    """Return what the states of all rules together say of a zone: what is known to be short goes before what is not known.

    Examples
    --------
    >>> zone_state(["not_flagged", "mean_met", "unknown"]).code, zone_state(["not_flagged"]).code
    ('mean_met', 'not_flagged')
    """
    every = set(states)
    return Coded(next(code for code in ("flagged", "mean_met", "unknown", "not_flagged") if code in every))


def zone_tallies(
    rows: Iterable[Mapping[str, Any]], clauses: Iterable[bool | None]
) -> tuple[Coded, Tally, Tally]:
    """Return what all rules and clauses say of a zone, and how many clauses and how many standards it is short of, of those judged.

    `rows` are its flags, what is for reference left out; `clauses` its states of `clause_states`.
    """
    own, clause = list(rows), Tally.of(clauses)
    states = [row["state"] for row in own]
    states += (
        ["flagged"]
        if clause.count
        else ["unknown"]
        if clause.no_data
        else ["not_flagged"]
        if clause.judged
        else []
    )
    return (
        zone_state(states),
        clause,
        Tally.of(row["flagged"] for row in own if row["flag_kind"] == "measured"),
    )


def mean_met(flags: pd.DataFrame) -> int:
    """Return of how many zones the mean is met while too few are in the circle (均值达标、覆盖不足)."""
    return int((flags["state"] == "mean_met").sum())


def flag_sum(flags: pd.DataFrame, key: str) -> Cell:
    """Return the sum of a column over flagged zones: no data where none could be judged, 0 where none is flagged."""
    short = short_of(flags)
    if flags["flagged"].isna().all():
        return Coded("no_data")
    return Amount.of(short[key].sum(min_count=1) if len(short) else 0.0, "count")


def flag_tally(flags: pd.DataFrame) -> Tally:
    """Return how many zones are flagged by at least one rule, of those of which that is known."""
    return Tally.of(
        _any(own) for _, own in flags["flagged"].astype("boolean").groupby(flags["zone_id"], sort=False)
    )


def shortfall_text(names: Names, row: Mapping[str, Any]) -> str:
    """Return one shortfall: the indicator and how much, ``每千人口托位数缺34个托位``."""
    lang = names.lang
    code = "paper_lack_people" if row["unit"] == "people" else "paper_lack"
    gap = amount_text(row["shortfall"], row["unit"], lang)
    return phrase(code, lang, indicator=brief(names, row["rule_id"]), gap=gap or label("no_data", lang))


def worst_table(outcome: Outcome) -> Table | None:
    """Return the zones of the finest level where most people are affected, with what each is short of; None without any."""
    lang, names = outcome.lang, Names(outcome)
    level = names.finest()
    flags = flags_at(outcome, level)
    short = short_of(flags)
    if short.empty:
        return None
    # where people are touched they count, where only households are, these; those of whom nothing is known stand last
    told = short.assign(unknown=short["people_affected"].isna(), houses=short["affected_group"].isin(HOUSES))
    told = told.sort_values(
        ["unknown", "houses", "people_affected"], ascending=[True, True, False], kind="stable"
    )
    order = told.drop_duplicates("zone_id").set_index("zone_id")["people_affected"].head(WORST)
    above = names.levels_between()[-1:]
    keys = ("serial", *above, level, "zone_code", "short_count", "people_affected", "lacks")
    rows: list[list[Cell]] = []
    for zone, affected in order.items():
        own = rows_of(short[short["zone_id"] == zone])
        rows.append(
            [
                *(names.above(zone, upper) for upper in above),
                Coded(str(zone), names.zone(zone)),
                names.code(zone),
                Amount.of(len(own), "count"),
                Amount.of(affected, "count"),
                "\n".join(shortfall_text(names, row) for row in own),
            ]
        )
    return table_of(
        "worst", lang, keys, rows, title=phrase("paper_worst_table", lang, level=zones_word(level, lang))
    )


def causes_of(outcome: Outcome) -> pd.DataFrame:
    """Return rule x cause -> flags of the finest level, the causes in their fixed order and only those that occur."""
    short = short_of(flags_at(outcome, Names(outcome).finest()))
    short = short[short["cause"].fillna("") != ""]
    if short.empty:
        return pd.DataFrame()
    counts = pd.crosstab(short["rule_id"], short["cause"])
    return counts.reindex(
        index=list(dict.fromkeys(short["rule_id"])), columns=[c for c in CAUSES if c in counts.columns]
    )


def causes_table(outcome: Outcome) -> Table | None:
    """Return how often each cause stands behind a flag, by indicator; None where no flag has one."""
    lang, names, counts = outcome.lang, Names(outcome), causes_of(outcome)
    if empty(counts):
        return None
    by_cause = (
        column("cause_count", lang, name=str(cause), cause=label(cause, lang)) for cause in counts.columns
    )
    rows: list[list[Cell]] = [
        [
            names.rule(str(rule)),
            *(Amount.of(count, "count") for count in row),
            Amount.of(int(row.sum()), "count"),
        ]
        for rule, row in counts.iterrows()
    ]
    columns: tuple[str | Column, ...] = ("indicator", *by_cause, "cause_total")
    return table_of("causes", lang, columns, rows, title=phrase("paper_causes_table", lang))


def net_and_gross_table(outcome: Outcome) -> Table | None:
    """Return the shortfalls of what is not met, net and as the sum that lets no surplus offset a neighbour; None without any.

    A rule that several zones miss has one row with their sums; a zone's own shortfall stands in for a sum over what lies below it
    where there is none.
    """
    lang, names = outcome.lang, Names(outcome)
    short = outcome.findings[outcome.findings["verdict"] == "not_met"]
    if short.empty:
        return None
    rows: list[list[Cell]] = []
    for rule, own in short.groupby("rule_id", sort=False):
        several = len(own) > 1
        gross = own["gross_shortfall"].fillna(own["shortfall"]) if several else own["gross_shortfall"]
        zone = own["zone_id"].iloc[0]
        level = zones_word(names.level(zone), lang)
        rows.append(
            [
                names.rule(str(rule)),
                phrase("indicators_zones", lang, count=len(own), level=level)
                if several
                else names.zone(zone),
                Amount.of(own["shortfall"].sum(min_count=1), "count"),
                Amount.of(gross.sum(min_count=1), "count"),
                unit_cell(own["unit"].iloc[0], lang),
                Amount.of(own["people_affected"].sum(min_count=1), "count"),
                names.affected(str(rule), own["affected_group"].iloc[0])
                if own["people_affected"].notna().any()
                else "",
            ]
        )
    keys = ("indicator", "zone", "offset_shortfall", "gross_shortfall", "unit", "people_affected", "affected")
    title, notes = phrase("report_gaps", lang), (phrase("report_gaps_note", lang),)
    return table_of("gaps_by_rule", lang, keys, rows, title=title, notes=notes)
