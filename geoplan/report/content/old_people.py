"""What old figures of people leave open: how much flags, gaps and verdicts would change with the people of the study's year.

Facilities stay as they are and every group grows or shrinks alike everywhere, so that what a person reaches is divided by the
growth, and shares of people in a circle do not change. It is a sensitivity, no projection: nothing is judged by it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from geoplan.report.content import titles
from geoplan.report.content.names import Names, present, rows_of
from geoplan.report.content.shortfalls import brief, flags_at, short_of
from geoplan.standards.requirement import rounded
from geoplan.tables import Outcome, outdated
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, unit, zones_word
from geoplan.words.numbers import format_number

#: Growth and shrinkage that is shown where the study states no total of its own year.
CHANGE = 0.1
#: Rules that a sentence names, those with most flags first.
MOST_RULES = 3


def old_people_note(outcome: Outcome, *, most: int = MOST_RULES) -> str:
    """Return how old the figures of people are and what people of the study's year would change; nothing where none are old.

    At most `most` rules are named.
    """
    old, change, lang = titles.old_people(outcome), people_change(outcome, most=most), outcome.lang
    if not old:
        return ""
    return old + phrase("stop", lang) + (phrase("note_space", lang) + change if change else "")


def people_change(outcome: Outcome, *, most: int = MOST_RULES) -> str:
    """Return what people of the study's year would change, by the totals that the study states, else by 10 % more and fewer.

    Nothing where no figures are old, or where none of them decides anything.
    """
    lang, stated = outcome.lang, stated_growth(outcome)
    groups = list(outdated(outcome.groups, outcome.year).index)
    growths: dict[str, tuple[float, ...]] = {group: (stated[group],) for group in groups if group in stated}
    if growths:
        totals = phrase("join_items", lang).join(_total(outcome, group) for group in growths)
        lead = phrase("old_stated", lang, year=outcome.year, totals=totals)
    else:
        growths = dict.fromkeys(groups, (1 + CHANGE, 1 - CHANGE))
        lead = phrase("old_assumed", lang, percent=f"{100 * CHANGE:.0f}%")
    told = [*_flags(outcome, growths, most), *_verdicts(outcome, growths)]
    if any(terms.group in growths for terms in outcome.services.values()) and len(outcome.circle):
        told.append(phrase("old_circles", lang))
    return lead + phrase("join_semicolon", lang).join(told) + phrase("stop", lang) if told else ""


def stated_growth(outcome: Outcome) -> dict[str, float]:
    """Return of each group of which the study states the total of its own year that total over the one that is counted."""
    groups = outcome.groups
    # outcomes of former versions state none
    if "expected" not in groups:
        return {}
    own = groups["expected"].astype(float) / groups["total"].where(groups["total"] > 0)
    return {str(group): float(growth) for group, growth in own.dropna().items()}


def _total(outcome: Outcome, group: str) -> str:
    expected, counted = (float(outcome.groups[key][group]) for key in ("expected", "total"))
    return phrase(
        "old_total", outcome.lang, group=label(group, outcome.lang), total=format_number(expected, "count"),
        unit=of_group("unit_people", group, outcome.lang), times=f"{expected / counted:.2f}",
    )  # fmt: skip


def _flags(outcome: Outcome, growths: Mapping[str, tuple[float, ...]], most: int) -> Iterator[str]:
    """Yield a sentence a rule whose flags hang on how many people share what there is."""
    lang, names, finest = outcome.lang, Names(outcome), Names(outcome).finest()
    level_of = outcome.zones["level"]
    tables = [flags_at(outcome, finest)]
    # beds of care homes flag what lies above communities
    tables += [flags_at(outcome, level) for level in ("town", "district") if level != finest]
    seen: dict[str, pd.DataFrame] = {}
    for table in tables:
        for rule, own in table.groupby("rule_id", sort=False):
            group, per = _per(names, str(rule))
            if group in growths and per:
                seen.setdefault(str(rule), own)
    order = sorted(seen, key=lambda rule: -len(short_of(seen[rule])))
    for rule in order[:most]:
        own = seen[rule]
        group, per = _per(names, rule)
        now = len(short_of(own)), float(short_of(own)["shortfall"].sum())
        then = [with_people(own, growth, per) for growth in growths[group]]
        yield phrase(
            "old_flags",
            lang,
            indicator=brief(names, rule),
            level=zones_word(str(level_of[own["zone_id"].iloc[0]]), lang),
            flags=_or([format_number(count, "count") for count, _ in then], lang),
            flags_now=format_number(now[0], "count"),
            gap=_or([format_number(gap, "count") for _, gap in then], lang),
            gap_now=format_number(now[1], "count"),
            unit=unit(own["unit"].iloc[0], lang),
        )


def with_people(flags: pd.DataFrame, growth: float, per: float) -> tuple[int, float]:
    """Return how many zones a standard flags, and their gaps in all, if all people were `growth` times as many.

    Parameters
    ----------
    flags
        Rows of one rule (`geoplan.tables.FLAGS`), of zones that supply measures.
    growth
        People then over people now, > 0.
    per
        People or households that the standard counts by: 1,000, 100.

    Examples
    --------
    60 places for 20,000 people are 3 to 1,000, the standard asks for 4: short of 20; of 10,000 people it would be met.

    >>> row = {"reachable_high": 3.0, "located_high": 0.0, "by_located": False, "required": 4.0, "people": 20_000.0,
    ...        "off_network": 0.0, "unit": "places"}
    >>> with_people(pd.DataFrame([row]), 1.0, 1000), with_people(pd.DataFrame([row]), 0.5, 1000)
    ((1, 20.0), (0, 0.0))
    """
    located = flags["by_located"].astype(bool)
    high = flags["reachable_high"].where(~located, flags["located_high"]).astype(float)
    people = (flags["people"] - flags["off_network"].where(~located, 0.0)).astype(float)
    lack = flags["required"].astype(float) * growth - high
    short = (lack > 1e-9) & (flags["people"] > 0)
    gaps = lack[short] * people[short] / per
    kind = str(flags["unit"].iloc[0])
    return int(short.sum()), float(sum(rounded(gap, unit=kind) for gap in gaps))


def _verdicts(outcome: Outcome, growths: Mapping[str, tuple[float, ...]]) -> Iterator[str]:
    """Yield how many verdicts of the plans on a supply per person would turn."""
    lang, names = outcome.lang, Names(outcome)
    judged, turned = 0, [0] * len(next(iter(growths.values()), ()))
    for row in rows_of(outcome.findings):
        group, per = _per(names, str(row["rule_id"]))
        if group not in growths or not per or row["verdict"] not in ("met", "not_met"):
            continue
        if row["comparison"] not in (">=", ">") or not present(row["actual_low"]):
            continue
        judged += 1
        for at, growth in enumerate(growths[group]):
            turned[at] += _verdict(row, growth) != row["verdict"]
    if judged and not any(turned):
        yield phrase("old_verdicts_stand", lang)
    elif judged:
        shown = _or([format_number(count, "count") for count in turned], lang)
        yield phrase("old_verdicts", lang, judged=format_number(judged, "count"), turned=shown)


def _verdict(row: Mapping[str, Any], growth: float) -> str:
    required = float(row["required"])
    low, high = (float(row[end]) / growth for end in ("actual_low", "actual_high"))
    return "met" if low >= required - 1e-9 else "not_met" if high < required - 1e-9 else "no_data"


def _per(names: Names, rule: str) -> tuple[str, float]:
    """Return the group and the number of people by whom a rule counts supply: ``("residents", 1000)``; nobody where it does not."""
    group, _, per = str(names.of_rule(rule, "per") or "").partition("/")
    return (group, float(per)) if per else ("", 0.0)


def _or(values: list[str], lang: str) -> str:
    """Return values of growth and of shrinkage: the second in brackets."""
    return values[0] + "".join(phrase("in_brackets", lang, text=value) for value in values[1:])
