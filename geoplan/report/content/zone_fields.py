"""Zones of one level with everything that was measured of them, one row a zone: what the layers ``zones_<level>`` hold.

Fields have the names that the CSV files of circles, provision and flagged zones have, behind the service or the rule.
"""

from typing import Any

import pandas as pd

from geoplan.report.content.names import Names, field_name, present, rows_of, whole_zones
from geoplan.report.content.shortfalls import flag_state
from geoplan.report.content.table import Amount, Cell, Coded, Column, Listed, Table, Tally, column
from geoplan.tables import Outcome
from geoplan.words.catalogue import catalogue
from geoplan.words.labels import label, planner_word


def zone_fields(outcome: Outcome, level: str) -> Table:
    """Return one row a zone of `level`, in the order of the zones."""
    lang, names = outcome.lang, Names(outcome)
    zones = outcome.zones[outcome.zones["level"] == level]
    columns = [
        column("zone_id", lang), column("zone_code", lang), column("name", lang), column("zone_above", lang),
        column("zone_kind", lang), column("covered_part", lang), column("flagged", lang), column("flag_count", lang),
    ]  # fmt: skip
    flags = outcome.flags[outcome.flags["zone_id"].isin(zones.index)]
    states: dict[str, list[Any]] = {}
    for zone, flagged in zip(flags["zone_id"], flags["flagged"], strict=True):
        states.setdefault(zone, []).append(flagged)
    rows: list[list[Cell]] = []
    for zone, row in zip(zones.index, rows_of(pd.DataFrame(zones.drop(columns="geometry"))), strict=True):
        tally = Tally.of(states.get(zone, ()))
        kinds = sorted(row["kind"]) if present(row["kind"]) else []
        rows.append([
            str(zone), names.code(zone), names.zone(zone), names.zone(row["parent_id"]) if present(row["parent_id"]) else "",
            Listed(tuple(Coded(kind, planner_word(kind, lang)) for kind in kinds)), Amount.of(row["covered_share"], "percent"),
            _any_flag(tally) if zone in states else None, tally if zone in states else None,
        ])  # fmt: skip
    for more, cells in (*_circles(outcome, zones.index), *_flags(outcome, names, flags, zones.index)):
        columns.append(more)
        for own, cell in zip(rows, cells, strict=True):
            own.append(cell)
    return Table.of(f"zones_{level}", label(level, lang), columns, rows)


def _any_flag(tally: Tally) -> Coded:
    return Coded("flagged" if tally.count else "unknown" if tally.no_data else "not_flagged")


def _circles(outcome: Outcome, index: pd.Index) -> list[tuple[Column, list[Cell]]]:
    """Return what each service's circle covers, the stated pace first."""
    lang, names = outcome.lang, Names(outcome)
    found: list[tuple[Column, list[Cell]]] = []
    for service in outcome.services:
        label = outcome.services[service].label(lang)
        of = {
            measure: whole_zones(outcome, service=service, measure=measure)
            .set_index("zone_id")
            .reindex(index)
            for measure in ("network", "frail", "straight")
        }
        network = of["network"]
        numbers = [(key, network[key], "count") for key in ("people", "covered", "outside")]
        numbers += [("share", network["share"], "percent")]
        numbers += [(f"share_{m}", of[m]["share"], "percent") for m in ("frail", "straight")]
        numbers += [("minutes", network["median_minutes"], "minutes")]
        for key, values, form in numbers:
            found.append((_named(key, service, label, lang), [Amount.of(value, form) for value in values]))
        nearest: list[Cell] = [
            names.facility(one) if present(one) else None for one in network["nearest_facility"]
        ]
        found.append((_named("nearest_facility", service, label, lang), nearest))
    return found


def _flags(
    outcome: Outcome, names: Names, flags: pd.DataFrame, index: pd.Index
) -> list[tuple[Column, list[Cell]]]:
    """Return what each rule measures of each zone."""
    lang = outcome.lang
    found: list[tuple[Column, list[Cell]]] = []
    for rule, rows in flags.groupby("rule_id", sort=False):
        own, form, called = (
            rows.set_index("zone_id").reindex(index),
            names.format(str(rule)),
            names.rule(str(rule)),
        )
        known = index.isin(rows["zone_id"])
        states: list[Cell] = [
            flag_state(flagged) if there else None
            for flagged, there in zip(own["flagged"], known, strict=True)
        ]
        found.append((_named("flagged", str(rule), called, lang, name="flag"), states))
        short: list[Cell] = [Amount.of(value, "count") for value in own["shortfall"]]
        found.append((_named("shortfall", str(rule), called, lang, name="short"), short))
        for key in ("reachable", "located"):
            pairs = zip(own[f"{key}_low"], own[f"{key}_high"], strict=True)
            cells: list[Cell] = [Amount.between(low, high, form) for low, high in pairs]
            if any(cell is not None for cell in cells):
                found.append((_named(key, str(rule), called, lang, form=form), cells))
        for key, kind in (("required", form), ("people_affected", "count"), ("apportioned", "count")):
            amounts: list[Cell] = [Amount.of(value, kind) for value in own[key]]
            found.append((_named(key, str(rule), called, lang, form=kind), amounts))
    return found


def _named(key: str, of: str, called: str, lang: str, *, name: str = "", form: str = "") -> Column:
    """Return a catalogue's column for one service or rule."""
    entry = catalogue()[f"column_{key}"]
    return Column(
        field_name(of, name or key), f"{called}·{entry[lang]}", form or entry.get("format", "text"),
        interval=bool(entry.get("interval", False)),
    )  # fmt: skip
