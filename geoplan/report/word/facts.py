"""Tables of the 现状评估 chapter, each as columns and rows of text: nothing here is measured, only gathered and put in words."""

import re

import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.report.content.findings import base_text, completion, summarised, target_text, unit_of_value
from geoplan.report.content.sheet import Cell as Number
from geoplan.report.content.sheet import Names, between, present, rows_of, text, value_kind, word
from geoplan.report.word.parts import Col
from geoplan.tables import LEVELS, Outcome

#: A table of a paper.
Table = tuple[list[Col], list[list[str]]]
#: Amounts of facilities that a planning paper shows, where a register has them.
SUPPLIES = ("beds", "nursing_beds", "places", "inclusive_places", "floor_area_m2")
#: A rule that judges more zones than this has one row in the chapter's table.
MOST_ROWS = 4


def upper_level(outcome: Outcome) -> str:
    """Return the level that tables are broken down by: towns where there are few, else districts."""
    counts = outcome.zones["level"].value_counts()
    few = [level for level in ("town", "district") if 0 < counts.get(level, 0) <= 40]
    return few[0] if few else "area"


def people_of(outcome: Outcome) -> pd.DataFrame:
    """Return the people of every group by zone of every partition level, from the demand points; the halo stays out."""
    groups = [group for group in outcome.groups.index if group in outcome.demand.columns]
    own = outcome.demand.loc[~outcome.demand["halo"].astype(bool), ["zone_id", *groups]]
    sums = own.groupby("zone_id", sort=False)[groups].sum()
    parents = outcome.zones["parent_id"].to_dict()
    total: dict[str, np.ndarray] = {}
    for zone, row in zip(sums.index, sums.to_numpy(dtype=float), strict=True):
        at: object = zone
        while present(at) and at in parents:
            total[str(at)] = total.get(str(at), np.zeros(len(groups))) + row
            at = parents[at]
    found = pd.DataFrame.from_dict(total, orient="index", columns=groups)
    return found.reindex([zone for zone in outcome.zones.index if zone in total])


def zones_said(outcome: Outcome) -> str:
    """Return how many zones of each level there are: ``1 个区县、2 个街道（乡镇）、10 个社区（村）``."""
    counts = outcome.zones["level"].value_counts()
    parts = [
        word("zones_counted", outcome.lang, count=counts[level], level=look.label(level, outcome.lang))
        for level in LEVELS[1:]
        if level in counts
    ]
    return joined(parts, outcome.lang)


def joined(parts: list[str], lang: str) -> str:
    """Return words one after another: with 、 in Chinese."""
    return ("、" if lang == "zh" else ", ").join(part for part in parts if part)


#: Units that an indicator's name ends with in brackets; a sentence has them beside the number.
_UNITS = re.compile(r"[(（](?:个|张|人|家|所|处|平方米|万张|个托位)[)）]$")


def brief(names: Names, rule: object) -> str:
    """Return an indicator's name as a sentence has it, without the unit in brackets behind it."""
    return _UNITS.sub("", names.rule(str(rule)))


def many(value: float, group: str, lang: str, *, called: str = "") -> str:
    """Return how many of a group there are: ``常住人口12,000人``, ``户数5,210户``."""
    if group in ("households", "dwellings"):
        unit = word(f"doc_unit_{group}", lang)
    else:
        unit = look.of_group("unit_people", group, lang)
    return word(
        "doc_group", lang, group=called or look.label(group, lang), value=look.whole(value), unit=unit
    )


def people_table(outcome: Outcome) -> Table:
    """Return the people of every group by town (or district), the whole area last."""
    lang, names, people = outcome.lang, Names(outcome), people_of(outcome)
    level, finest = upper_level(outcome), names.finest()
    below = _counts_below(outcome, finest)
    columns = [
        Col(look.label(level, lang), 3, words=True),
        Col(word("doc_count_of", lang, level=look.label(finest, lang)), 2),
        *(Col(look.label(group, lang), 2.4) for group in people.columns),
    ]
    order = [zone for zone in people.index if names.level(zone) == level and level != "area"]
    order += [zone for zone in people.index if names.level(zone) == "area"]
    rows = [
        [
            word("doc_total", lang) if names.level(zone) == "area" else names.zone(zone),
            look.whole(below.get(zone, 0)),
            *(look.whole(value) for value in people.loc[zone]),
        ]
        for zone in order
    ]
    return columns, rows


def _counts_below(outcome: Outcome, finest: str) -> dict[str, int]:
    parents = outcome.zones["parent_id"].to_dict()
    counts: dict[str, int] = {}
    for zone in outcome.zones.index[outcome.zones["level"] == finest]:
        at: object = zone
        while present(at) and at in parents:
            counts[str(at)] = counts.get(str(at), 0) + 1
            at = parents[at]
    return counts


def standing(outcome: Outcome) -> pd.DataFrame:
    """Return the facilities that count in the year judged."""
    own = outcome.facilities
    opened = own["open_year"].isna() | (own["open_year"] <= outcome.year)
    closed = (own["status"] == "closed") | (own["close_year"] <= outcome.year)
    waiting = own["status"].isin(["building", "planned"]) & own["open_year"].isna()
    return pd.DataFrame(own[opened & ~closed & ~waiting])


def facilities_table(outcome: Outcome) -> Table:
    """Return the facilities that count, by type: how many, how many on the map, and their amounts."""
    lang, own = outcome.lang, standing(outcome)
    supplies = outcome.supplies[outcome.supplies["facility_id"].isin(own.index)]
    shown = [supply for supply in SUPPLIES if (supplies.loc[supplies["supply"] == supply, "low"] > 0).any()]
    columns = [
        Col(look.label("services", lang), 3.4, words=True),
        Col(word("doc_facilities", lang), 1.4),
        Col(word("doc_placed", lang), 1.4),
        *(Col(f"{look.label(supply, lang)}{_unit_of(supply, lang)}", 2) for supply in shown),
    ]
    kinds = list(dict.fromkeys(kind for services in own["services"] for kind in services))
    rows = []
    for kind in kinds:
        here = own[own["services"].map(lambda services, kind=kind: kind in services)]
        amounts = supplies[supplies["service"] == kind].groupby("supply")[["low", "high"]].sum()
        rows.append(
            [
                look.facility_label(kind, lang),
                look.whole(len(here)),
                look.whole(int(here["geometry"].notna().sum())),
                *(look.interval(*amounts.loc[supply]) if supply in amounts.index else "" for supply in shown),
            ]
        )
    return columns, rows


def _unit_of(supply: str, lang: str) -> str:
    unit = {"beds": "beds", "nursing_beds": "beds", "floor_area_m2": "m2"}.get(supply, "places")
    shown = look.unit(unit, lang).removeprefix("个")
    return f"（{shown}）" if lang == "zh" else ""


def document_said(names: Names, rule: str) -> str:
    """Return the plan that a rule comes from, as it is cited but without the clause."""
    clause, cited = text(names.of_rule(rule, "clause")), text(names.of_rule(rule, f"cited_{names.lang}"))
    return cited.removesuffix(clause).strip() if clause else cited


def indicators_table(outcome: Outcome) -> Table:
    """Return 主要指标对照表 in the columns that fit on a page upright."""
    lang, names = outcome.lang, Names(outcome)
    found = summarised(outcome.findings, most=MOST_ROWS)
    several = len({row["zone_id"] for row in found}) > 1
    columns = [
        Col(look.label("serial", lang), 1),
        Col(look.label("indicator", lang), 4.2, words=True),
        *([Col(look.label("zone", lang), 1.7)] if several else []),
        Col(word("indicator_unit", lang), 1.3),
        Col(word("doc_attribute", lang), 1.5),
        Col(look.label("base", lang), 1.4),
        Col(word("doc_actual", lang), 1.5),
        Col(look.label("required", lang), 1.5),
        Col(look.label("completion", lang), 1.3),
        Col(look.label("shortfall", lang), 1.4),
        Col(word("doc_verdict", lang), 1.5),
    ]
    rows = []
    for position, row in enumerate(found, start=1):
        rule, kind = row["rule_id"], value_kind(names, row["rule_id"])
        place, verdict = names.zone(row["zone_id"]), look.label(row["verdict"], lang)
        gap = row["shortfall"]
        if "counts" in row:
            level = look.label(names.level(row["zone_id"]), lang)
            place = word("zones_counted", lang, count=sum(row["counts"].values()), level=level)
            verdict = "\n".join(f"{look.label(key, lang)} {count}" for key, count in row["counts"].items())
            gap = row["gross_shortfall"]
        rows.append(
            [
                str(position),
                names.rule(rule),
                *([place] if several else []),
                unit_of_value(names, rule, row["unit"]),
                text(row["attribute"]),
                base_text(names, rule, kind),
                printed(between(row["actual_low"], row["actual_high"], kind)),
                target_text(row, kind),
                printed(completion(row)),
                amount_said(gap, row["unit"], lang) if row["verdict"] == "not_met" else "",
                verdict,
            ]
        )
    return columns, rows


def printed(value: object) -> str:
    """Return a cell of a sheet as text."""
    if isinstance(value, Number):
        return look.amount(value.value, "", kind={"share": "share", "rate": "provision"}.get(value.kind, ""))
    return "" if value is None else str(value)


def amount_said(value: object, unit: object, lang: str) -> str:
    """Return an amount with its unit: ``34 个托位``, whole."""
    if not present(value):
        return ""
    space = " " if lang == "en" else ""
    return f"{look.whole(float(value))}{space}{look.unit(unit, lang)}"  # type: ignore[arg-type]


def circle_table(outcome: Outcome) -> Table:
    """Return the circle of every service by town (or district): people inside, three measures, communities."""
    lang, names, table = outcome.lang, Names(outcome), outcome.circle
    whole = table[table["kind"].fillna("") == ""] if "kind" in table.columns else table
    level = upper_level(outcome)
    columns = [
        Col(look.label("service", lang), 1.5, merged=True),
        Col(look.label(level, lang), 2.2),
        Col(word("doc_people", lang), 1.7),
        Col(look.label("covered", lang), 1.7),
        Col(word("doc_outside", lang), 1.7),
        Col(word("doc_network", lang), 1.5),
        Col(word("doc_frail", lang), 1.5),
        Col(word("doc_straight", lang), 1.5),
        Col(look.label("communities_share", lang), 1.7),
    ]
    shares = {(row["service"], row["zone_id"], row["measure"]): row["share"] for row in rows_of(whole)}
    rows = []
    for service in outcome.services:
        own = whole[(whole["service"] == service) & (whole["measure"] == "network")].set_index("zone_id")
        zones = [z for z in outcome.zones.index if names.level(z) == level and level != "area"]
        for zone in [*zones, *(z for z in outcome.zones.index if names.level(z) == "area")]:
            if zone not in own.index or not float(own["people"][zone]) > 0:
                continue
            row = own.loc[zone]
            rows.append(
                [
                    look.service_label(outcome.services, service, lang),
                    word("doc_total", lang) if names.level(zone) == "area" else names.zone(zone),
                    *(look.whole(row[key]) for key in ("people", "covered", "outside")),
                    *(look.share(shares.get((service, zone, m))) for m in ("network", "frail", "straight")),
                    look.share(row["communities_covered"] / row["communities"]) if row["communities"] else "",
                ]
            )
    return columns, rows
