"""Sheets with a row a zone: flagged communities and towns, circles, provision."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.sheet import (
    Block,
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    between,
    block_of,
    number,
    present,
    rows_of,
    rule_kind,
    text,
    value_kind,
    word,
)
from geoplan.tables import LEVELS, Outcome

#: What stands in a cell that is not short.
NOT_SHORT = "—"


def of_level(outcome: Outcome, level: str) -> Sheet | None:
    """Return `flagged` where the study has the level."""
    return flagged(outcome, level) if level in set(outcome.zones["level"]) else None


def flagged(outcome: Outcome, level: str) -> Sheet:
    """Return one row a zone of `level`, a column a rule, the worst first: 短板社区清单, and the same for towns.

    The worst is the zone where the rule that touches most people touches most; then the one short of more rules.
    Zones that are not short of anything stand below, those without data between.
    """
    lang, names = outcome.lang, Names(outcome)
    flags = outcome.flags[outcome.flags["zone_id"].map(names.level) == level]
    rules = list(dict.fromkeys(flags["rule_id"]))
    marks, said = _marks(flags, level, lang)
    above = [upper for upper in names.levels_between() if upper != level]
    columns = [
        Column(look.label("serial", lang), "whole", 6),
        *(Column(look.label(upper, lang), "text", 12) for upper in above),
        Column(look.label(level, lang), "text", 16),
        Column(word("is_flagged", lang), "text", 9, "flagged"),
        Column(word("flag_count", lang), "whole", 9),
        Column(look.label("people_affected", lang), "whole", 10),
        *(_rule_column(outcome, names, flags, rule, marks.get(rule, "")) for rule in rules),
        Column(word("unknown_count", lang), "whole", 10),
    ]
    rows: list[tuple[tuple[Any, ...], list[Value | Cell]]] = []
    in_order = {zone: position for position, zone in enumerate(outcome.zones.index)}
    by_zone: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows_of(flags):
        by_zone.setdefault(row["zone_id"], {})[row["rule_id"]] = row
    for zone, own in by_zone.items():
        short = [row for row in own.values() if not look.missing(row["flagged"]) and row["flagged"]]
        unknown = sum(look.missing(row["flagged"]) for row in own.values())
        touched = [float(row["people_affected"]) for row in short if present(row["people_affected"])]
        people = max(touched, default=0.0)
        cells: list[Value | Cell] = [
            *(names.above(zone, upper) for upper in above),
            names.zone(zone),
            look.label("flagged" if short else "unknown" if unknown else "not_flagged", lang),
            len(short),
            number(people, "whole") if touched else None,
            *(_short_of(own.get(rule), lang) for rule in rules),
            unknown,
        ]
        key = (not short, -people, -len(short), -unknown, in_order[zone])
        rows.append((key, cells))
    rows.sort(key=lambda row: row[0])
    listed: list[list[Value | Cell]] = [
        [position, *cells] for position, (_, cells) in enumerate(rows, start=1)
    ]
    name = look.label("flags_sheet", lang) if level == "community" else word("towns_sheet", lang)
    notes = [
        word(
            "flags_note",
            lang,
            level=look.label(level, lang),
            blank=NOT_SHORT,
            unknown=look.label("no_data", lang),
        )
    ]
    notes += [word("flags_marked", lang, mark=mark, note=note) for note, mark in said.items()]
    colours = {look.label("flagged", lang): "flag", look.label("unknown", lang): "no_data"}
    return Sheet(name, (block_of(columns, listed),), tuple(notes), len(above) + 2, colours)


def _marks(flags: pd.DataFrame, level: str, lang: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return rule -> mark, and what each mark says, for rules that are not judged at this level by their plan."""
    marks: dict[str, str] = {}
    said: dict[str, str] = {}
    by_community = word("own_level", lang)
    for rule, own in flags.groupby("rule_id", sort=False):
        if f"note_{lang}" in own.columns:
            told = [str(note) for note in own[f"note_{lang}"] if present(note)]
        else:
            told = [] if own["own_level"].astype("boolean").fillna(value=True).all() else [by_community]
        if told:
            note = (
                told[0]
                if level == "community"
                else told[0].replace(by_community, word("own_level_town", lang))
            )
            marks[str(rule)] = said.setdefault(note, "*" * (len(said) + 1))
    return marks, said


def _rule_column(outcome: Outcome, names: Names, flags: pd.DataFrame, rule: str, mark: str) -> Column:
    lang, own = outcome.lang, flags[flags["rule_id"] == rule].iloc[0]
    if rule_kind(names, rule) == "circle":
        outside = look.share(1 - float(own["required"])) if present(own["required"]) else NOT_SHORT
        header = word("circle_header", lang, indicator=names.rule(rule), star=mark, standard=outside)
    else:
        standard = standard_text(outcome, names, flags, rule)
        unit = look.unit(own["unit"], lang)
        header = word(
            "rule_header", lang, indicator=names.rule(rule), star=mark, standard=standard, unit=unit
        )
    return Column(header, "whole", 15, "short")


def standard_text(outcome: Outcome, names: Names, flags: pd.DataFrame, rule: str) -> str:
    """Return what a rule asks of each zone, with its unit: ``≥4.5 个托位/千人``."""
    required = flags.loc[flags["rule_id"] == rule, "required"].dropna()
    if required.empty:
        return NOT_SHORT
    kind = value_kind(names, rule)
    low = look.amount(
        float(required.min()), "share" if kind == "share" else "", kind="provision" if kind == "rate" else ""
    )
    unit = text(names.of_rule(rule, f"unit_{outcome.lang}"))
    return f"≥{low}" + (f" {unit}" if unit and unit != "%" else "")


def _short_of(row: Mapping[str, Any] | None, lang: str) -> Value | Cell:
    if row is None:
        return None
    if look.missing(row["flagged"]):
        return look.label("no_data", lang)
    if not row["flagged"]:
        return NOT_SHORT
    return number(row["shortfall"], "whole") or look.label("no_data", lang)


def circles(outcome: Outcome) -> Sheet:
    """Return 15分钟服务圈: the stated pace leads, frail elders' pace and the straight line beside it."""
    lang, names = outcome.lang, Names(outcome)
    table = outcome.circle.copy()
    if "kind" not in table.columns:
        table["kind"] = ""
    land = bool(table["land_m2"].notna().any())
    above = names.levels_between()
    columns = [
        Column(look.label("service", lang), "text", 8),
        Column(look.label("level", lang), "text", 9),
        *(Column(look.label(level, lang), "text", 9) for level in above),
        Column(look.label("zone", lang), "text", 11),
        Column(word("part", lang), "text", 5),
        Column(look.label("group", lang), "text", 13),
        Column(word("head_count", lang), "whole", 9),
        Column(look.label("covered", lang), "whole", 9),
        Column(look.label("outside", lang), "whole", 9, "outside"),
        Column(look.label("covered_share", lang), "share", 9, "share"),
        Column(word("frail_share", lang), "share", 10, "share"),
        Column(word("straight_share", lang), "share", 9, "share"),
        Column(look.label("communities", lang), "whole", 7),
        Column(look.label("communities_covered", lang), "whole", 8),
        Column(look.label("communities_share", lang), "share", 9),
        *([Column(look.label("land_share", lang), "share", 9)] if land else []),
        Column(look.label("median_minutes", lang), "minutes", 9),
        Column(look.label("unreached", lang), "whole", 9),
        Column(look.label("nearest_facility", lang), "text", 13),
    ]
    keys = ["service", "zone_id", "kind"]
    shares = {(*(row[k] for k in keys), row["measure"]): row["share"] for row in rows_of(table)}
    rows: list[list[Value | Cell]] = []
    for row in rows_of(_in_order(table[table["measure"] == "network"], outcome, names)):
        beside = [shares.get((*(row[k] for k in keys), m)) for m in ("frail", "straight")]
        level = names.level(row["zone_id"])
        rows.append(
            [
                look.service_label(outcome.services, row["service"], lang),
                look.label(level, lang),
                *(names.above(row["zone_id"], upper) if upper != level else "" for upper in above),
                names.zone(row["zone_id"]),
                look.zone_kind_label(row["kind"], lang),
                look.label(row["group"], lang),
                number(row["people"], "whole"),
                number(row["covered"], "whole"),
                number(row["outside"], "whole"),
                number(row["share"], "share"),
                *(number(value, "share") for value in beside),
                *_shares_of_zones(row, level),
                *([_land_share(row)] if land else []),
                number(row["median_minutes"], "minutes"),
                number(row["unreached"], "whole"),
                names.facility(row["nearest_facility"]),
            ]
        )
    notes = [word("circle_note", lang)]
    for service, entry in outcome.services.items():
        label = look.service_label(outcome.services, service, lang)
        told = [look.measure_label(entry, measure, lang) for measure in ("network", "frail", "straight")]
        notes.append(f"{label}：{'；'.join(told)}" if lang == "zh" else f"{label}: {'; '.join(told)}")
    minutes = {entry.walk_minutes for entry in outcome.services.values()}
    name = (
        word("circle_sheet", lang, minutes=f"{minutes.pop():g}")
        if len(minutes) == 1
        else look.label("circle_sheet", lang)
    )
    return Sheet(name, (block_of(columns, rows),), tuple(notes), 3 + len(above))


def _in_order(table: pd.DataFrame, outcome: Outcome, names: Names) -> pd.DataFrame:
    """Return the rows by service, then level, then zone, the urban and rural parts under the whole."""
    services = {service: position for position, service in enumerate(outcome.services)}
    zones = {zone: position for position, zone in enumerate(outcome.zones.index)}
    key = pd.DataFrame(
        {
            "service": table["service"].map(services),
            "level": table["zone_id"].map(lambda zone: LEVELS.index(names.level(zone))),
            "zone": table["zone_id"].map(zones),
            "kind": table["kind"].map(
                lambda kind: ("", "urban", "rural").index(kind) if kind in ("", "urban", "rural") else 3
            ),
        }
    )
    return table.loc[key.sort_values(["service", "level", "zone", "kind"], kind="stable").index]


def _shares_of_zones(row: Mapping[str, Any], level: str) -> list[Value | Cell]:
    if level == "community" or not row["communities"]:
        return [None, None, None]
    share = float(row["communities_covered"]) / float(row["communities"])
    return [
        number(row["communities"], "whole"),
        number(row["communities_covered"], "whole"),
        number(share, "share"),
    ]


def _land_share(row: Mapping[str, Any]) -> Value | Cell:
    if pd.isna(row["land_m2"]) or row["land_m2"] == 0:
        return None
    return number(row["land_covered_m2"] / row["land_m2"], "share")


def provision(outcome: Outcome) -> Sheet | None:
    """Return reachable and located supply of every rule that measures zones; None where there is none."""
    lang, names = outcome.lang, Names(outcome)
    flags = outcome.flags[
        ~outcome.flags["rule_id"].map(lambda rule: rule_kind(names, rule) == "circle").astype(bool)
    ]
    if flags.empty:
        return None
    above = names.levels_between()
    columns = [
        Column(look.label("indicator", lang), "text", 18),
        Column(look.label("level", lang), "text", 9),
        *(Column(look.label(level, lang), "text", 9) for level in above),
        Column(look.label("zone", lang), "text", 11),
        Column(word("head_count", lang), "whole", 9),
        Column(word("reachable", lang), "rate", 9),
        Column(word("located", lang), "rate", 9),
        Column(word("standard", lang), "rate", 7),
        Column(word("unit_of_standard", lang), "text", 10),
        Column(look.label("flag", lang), "text", 8, "flagged"),
        Column(look.label("shortfall", lang), "whole", 7, "short"),
        Column(look.label("unit", lang), "text", 8),
        Column(look.label("apportioned", lang), "whole", 9),
        Column(look.label("people_affected", lang), "whole", 8),
        Column(look.label("nearest_facility", lang), "text", 13),
        Column(look.label("minutes", lang), "minutes", 8),
        Column(look.label("cause", lang), "text", 9),
    ]
    rows: list[list[Value | Cell]] = []
    for row in rows_of(flags):
        rule, level = row["rule_id"], names.level(row["zone_id"])
        kind = value_kind(names, rule)
        state = (
            "unknown" if look.missing(row["flagged"]) else ("flagged" if row["flagged"] else "not_flagged")
        )
        rows.append(
            [
                names.rule(rule),
                look.label(level, lang),
                *(names.above(row["zone_id"], upper) if upper != level else "" for upper in above),
                names.zone(row["zone_id"]),
                number(row["people"], "whole"),
                between(row["reachable_low"], row["reachable_high"], kind),
                between(row["located_low"], row["located_high"], kind),
                number(row["required"], kind),
                text(names.of_rule(rule, f"unit_{lang}")) or look.unit(row["unit"], lang),
                look.label(state, lang),
                number(row["shortfall"], "whole") if state == "flagged" else None,
                look.unit(row["unit"], lang),
                number(row["apportioned"], "whole"),
                number(row["people_affected"], "whole") if state == "flagged" else None,
                names.facility(row["nearest_facility"]),
                number(row["minutes"], "minutes"),
                look.label(row["cause"], lang),
            ]
        )
    colours = {look.label("flagged", lang): "flag", look.label("unknown", lang): "no_data"}
    block: Block = block_of(columns, rows)
    return Sheet(
        word("provision_sheet", lang), (block,), (word("provision_note", lang),), 3 + len(above), colours
    )
