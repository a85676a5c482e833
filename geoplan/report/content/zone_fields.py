"""Zones of one level with everything that was measured of them, one row a zone: what the layers ``zones_<level>`` hold.

Fields have the names that the CSV files of circles, provision and flagged zones have, behind the service or the rule.
"""

from typing import Any

import pandas as pd

from geoplan.report.content.names import Names, field_name, present, rows_of, whole_zones
from geoplan.report.content.shortfalls import clause_states, flag_class, flag_state, flags_at, zone_tallies
from geoplan.report.content.table import Amount, Cell, Coded, Column, Listed, Table, column
from geoplan.tables import Outcome
from geoplan.words.catalogue import catalogue
from geoplan.words.labels import label, planner_word


def zone_fields(outcome: Outcome, level: str) -> Table:
    """Return one row a zone of `level`, in the order of the zones."""
    lang, names = outcome.lang, Names(outcome)
    zones = outcome.zones[outcome.zones["level"] == level]
    columns = [
        column("zone_id", lang), column("zone_code", lang), column("name", lang), column("zone_above", lang),
        column("zone_kind", lang), column("covered_part", lang), column("flagged", lang), column("clause_count", lang),
        column("measured_count", lang),
    ]  # fmt: skip
    flags = outcome.flags[outcome.flags["zone_id"].isin(zones.index)]
    clauses = clause_states(outcome, level)
    counted: dict[str, list[dict[str, Any]]] = {}
    for flag in rows_of(flags_at(outcome, level)):
        counted.setdefault(flag["zone_id"], []).append(flag)
    rows: list[list[Cell]] = []
    for zone, row in zip(zones.index, rows_of(pd.DataFrame(zones.drop(columns="geometry"))), strict=True):
        said: tuple[Cell, ...] = (None, None, None)
        if zone in counted or zone in clauses:
            said = zone_tallies(counted.get(zone, ()), clauses.get(zone, ()))
        kinds = sorted(row["kind"]) if present(row["kind"]) else []
        rows.append([
            str(zone), names.code(zone), names.zone(zone), names.zone(row["parent_id"]) if present(row["parent_id"]) else "",
            Listed(tuple(Coded(kind, planner_word(kind, lang)) for kind in kinds)), Amount.of(row["covered_share"], "percent"),
            *said,
        ])  # fmt: skip
    for more, cells in (*_circles(outcome, zones.index), *_flags(outcome, names, flags, zones.index)):
        columns.append(more)
        for line, cell in zip(rows, cells, strict=True):
            line.append(cell)
    return Table.of(f"zones_{level}", label(level, lang), columns, rows)


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
        numbers = [(key, network[key], "count") for key in ("people", "covered", "outside", "off_network")]
        numbers += [("share", network["share"], "percent")]
        numbers += [(f"share_{m}", of[m]["share"], "percent") for m in ("frail", "straight")]
        numbers += [("minutes", network["median_minutes"], "minutes")]
        for key, values, form in numbers:
            found.append((_named(key, service, label, lang), [Amount.of(value, form) for value in values]))
        ends = zip(network["share_low"], network["share_high"], strict=True)
        whole: list[Cell] = [Amount.between(low, high, "percent") for low, high in ends]
        found.append((_named("share_all", service, label, lang), whole))
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
            flag_state(row) if there else None for row, there in zip(rows_of(own), known, strict=True)
        ]
        found.append((_named("flagged", str(rule), called, lang, name="flag"), states))
        grades: list[Cell] = [
            flag_class(row, lang) if there else None for row, there in zip(rows_of(own), known, strict=True)
        ]
        found.append((_named("grade", str(rule), called, lang), grades))
        short: list[Cell] = [Amount.of(value, "count") for value in own["shortfall"]]
        found.append((_named("shortfall", str(rule), called, lang, name="short"), short))
        for key, field, kind in (
            ("reachable", "reachable", form), ("located", "located", form), ("in_circle_part", "in_circle", "percent"),
            ("below", "below", "count"),
        ):  # fmt: skip
            pairs = zip(own[f"{field}_low"], own[f"{field}_high"], strict=True)
            cells: list[Cell] = [Amount.between(low, high, kind) for low, high in pairs]
            if any(cell is not None for cell in cells):
                found.append((_named(key, str(rule), called, lang, form=kind), cells))
        for key, kind in (
            ("required", form),
            ("people_affected", "count"),
            ("affected_whole", "count"),
            ("apportioned", "count"),
        ):
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
