"""Zones by class: each question that a map answers by colouring zones, its figures, and a town's zones by indicators.

A view says for every zone that it speaks of which class of the legend it has, and holds a table with what is known of the zone. Web
map and atlas draw views; neither decides what a zone is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.gaps import grade_cell, kind_cell
from geoplan.report.content.headline import (
    coverage_figures,
    finding_figures,
    flag_caveats,
    flag_figures,
    supply_figures,
)
from geoplan.report.content.members import state_of
from geoplan.report.content.names import Names, rows_of, text
from geoplan.report.content.shortfalls import (
    FLAG_CLASSES,
    brief,
    class_colours,
    class_texts,
    flag_class,
    flag_rules,
    flag_state,
    flag_title,
    overall_texts,
    zone_classes,
)
from geoplan.report.content.table import Amount, Cell, Coded, Column, Figure, Table, Tally, column, numbered
from geoplan.report.content.zones import beside_mean, share_all
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group
from geoplan.words.numbers import NOTHING

#: Numbers of the indicators' columns of a `FlagMatrix`, and what stands in a cell that cannot be told, or where the mean is met alone.
DIGITS = "①②③④⑤⑥⑦⑧⑨⑩"
_UNKNOWN, _MEAN_MET = "?", "△"

Subject = Literal["flags", "share", "supply", "members", "catchments"]


@dataclass(frozen=True)
class ZoneClass:
    """One class of a legend; `hatch` is drawn over `colour` where there is no data."""

    text: str
    colour: str
    hatch: bool = False


@dataclass(frozen=True, eq=False)
class ZoneView:
    """How zones are coloured by one question.

    Parameters
    ----------
    subject
        Kind of question.
    key
        Rule, or service and measure.
    title
        Name in the menu and above the legend.
    group
        Name that several views share (the service of a measure, the base of a supply); empty for none.
    what
        What a colour says.
    notes
        Whom it counts, the clause, and every caveat.
    files
        Files that the figures come from.
    classes
        Classes of the legend in its order; the last is the one without data.
    zones
        Zones that the view speaks of, n of them.
    of_class
        Place of each zone's class in `classes`, shape (n,).
    table
        What is known of each zone: n rows in the order of `zones`, a cell without a value where nothing is to be said.
    lead
        Column of `table` that stands for the zone in a list.
    order
        How bad each zone is, the higher the worse, NaN where it is not: shape (n,).
    list_title
        Title of the list of the worst.
    figures
        Level -> figures of all its zones together.
    """

    subject: Subject
    key: str
    title: str
    group: str
    what: str
    notes: tuple[str, ...]
    files: tuple[str, ...]
    classes: tuple[ZoneClass, ...]
    zones: tuple[str, ...]
    of_class: tuple[int, ...]
    table: Table
    lead: int
    order: np.ndarray
    list_title: str
    figures: Mapping[str, tuple[Figure, ...]]

    def worst(self) -> list[int]:
        """Return the rows of the zones that are bad, the worst first."""
        bad = np.flatnonzero(~np.isnan(self.order))
        return [int(k) for k in bad[np.argsort(-self.order[bad], kind="stable")]]


def zone_views(base: BaseMap) -> list[ZoneView]:
    """Return every view of an outcome: flags, coverage, supply, members."""
    outcome, names = base.outcome, Names(base.outcome)
    rules = flag_rules(outcome.flags)
    flags = [flag_view(base, names, rule, rows) for rule, rows in rules.items()]
    measures = outcome.circle.groupby("service", sort=False)["measure"].unique()
    shares = [
        share_view(base, names, service, str(measure))
        for service in outcome.services
        for measure in measures.get(service, ())
    ]
    supplies = [
        supply_view(base, names, rule, rows, end)
        for rule, rows in rules.items()
        if _is_supply(rows)
        for end in ("reachable", "located")
    ]
    members = [
        member_view(base, names, str(rule), rows)
        for rule, rows in outcome.members.groupby("rule_id", sort=False)
    ]
    return [*flags, *shares, *supplies, *members]


def listing(base: BaseMap, view: ZoneView, level: str, *, worst: bool = False) -> Table:
    """Return the zones of a level, or its bad ones with the worst first and the zone above each, numbered."""
    lang, names = base.lang, Names(base.outcome)
    order = view.worst() if worst else range(len(view.zones))
    rows = [row for row in order if names.level(view.zones[row]) == level]
    above = next((upper for upper in reversed(base.coarse) if worst and upper != level), "")
    head = [
        column("serial", lang),
        *([column(above, lang, depth=1)] if above else []),
        column(level, lang, depth=1),
    ]
    cells = numbered(
        [
            *([names.above(view.zones[row], above)] if above else []),
            names.zone(view.zones[row]),
            *view.table.rows[row],
        ]
        for row in rows
    )
    every = phrase(
        "views_by_level", lang, level=label(level, lang), name=view.table.columns[view.lead].header
    )
    return Table.of(view.key, view.list_title if worst else every, [*head, *view.table.columns], cells)


# --- flags and supply -----------------------------------------------------------------------------------------------


def flag_view(base: BaseMap, names: Names, rule: str, rows: pd.DataFrame) -> ZoneView:
    """Return where a rule flags zones; `rows` are its rows of the flags table."""
    lang = base.lang
    texts, colours = class_texts(names, rule), class_colours()
    classes = tuple(ZoneClass(texts[code], colours[code], hatch=code == "unknown") for code in FLAG_CLASSES)
    place = [FLAG_CLASSES.index(flag_class(row, lang).code) for row in rows_of(rows)]
    short = pd.to_numeric(rows["shortfall"]).astype(float).to_numpy()
    order = np.where((rows["state"] == "flagged").to_numpy(), np.nan_to_num(short), np.nan)
    table = _flag_table(base, names, rule, rows)
    return ZoneView(
        "flags", rule, flag_title(names, rule, rows), "", phrase("views_flag_of", lang), _rule_notes(base.outcome, names, rule, rows),
        files_of(base.outcome, names.group(rule)), classes, tuple(map(str, rows["zone_id"])), tuple(place), table,
        _place(table, "shortfall"), order, phrase("views_worst", lang),
        {level: flag_figures(base.outcome, names, rule, level) for level in base.levels},
    )  # fmt: skip


def supply_view(base: BaseMap, names: Names, rule: str, rows: pd.DataFrame, end: str) -> ZoneView:
    """Return the ``reachable`` or ``located`` supply of zones in classes around the rule's standard.

    An interval that reaches over several classes belongs to none of them.
    """
    lang = base.lang
    required = float(rows["required"].dropna().iloc[0])
    scale = look.supply_scale(required)
    classes = (*_scaled(scale), no_data_class(lang))
    low, high = (pd.to_numeric(rows[f"{end}_{bound}"]).astype(float).to_numpy() for bound in ("low", "high"))
    first, last = scale.classes(low), scale.classes(np.where(np.isnan(high), low, high))
    place = np.where((first == last) & (first >= 0), first, len(classes) - 1)
    must = pd.to_numeric(rows["required"]).astype(float).to_numpy()
    people = pd.to_numeric(rows["people"]).astype(float).to_numpy()
    lacking = np.isfinite(high) & (high < must - 1e-9)
    # the list prints the supply: the least stands first; of one supply that of most people
    order = _ranked(lacking, -high, np.nan_to_num(people))
    table = _flag_table(base, names, rule, rows)
    return ZoneView(
        "supply", rule, names.rule(rule), label(f"{end}_short", lang), label(end, lang),
        _rule_notes(base.outcome, names, rule, rows), files_of(base.outcome, names.group(rule)), classes,
        tuple(map(str, rows["zone_id"])), tuple(int(k) for k in place), table, _place(table, end), order,
        phrase("views_least", lang),
        {level: supply_figures(base.outcome, names, rule, end, level) for level in base.levels},
    )  # fmt: skip


def _ranked(bad: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """Return how bad each row is by several keys, the first leading and the higher the worse; NaN where it is not `bad`.

    Examples
    --------
    >>> _ranked(np.array([True, False, True]), np.array([1.0, 9.0, 1.0]), np.array([5.0, 0.0, 7.0])).tolist()
    [1.0, nan, 2.0]
    """
    place = np.empty(len(bad))
    place[np.lexsort([np.where(bad, key, -np.inf) for key in reversed(keys)])] = np.arange(len(bad))
    return np.where(bad, place, np.nan)


def _is_supply(rows: pd.DataFrame) -> bool:
    """Return whether a rule's flags measure a supply against a standard (a circle has no located supply)."""
    required = rows["required"].dropna()
    return bool(rows["located_low"].notna().any()) and len(required) > 0 and float(required.iloc[0]) > 0


def _flag_table(base: BaseMap, names: Names, rule: str, rows: pd.DataFrame) -> Table:
    """Return what is known of each zone under a rule: state, supply beside the standard, and what is short."""
    lang, form = base.lang, names.format(rule)
    group, supply = names.group(rule), _is_supply(rows)
    value_unit = text(names.of_rule(rule, f"unit_{lang}"))
    gap_unit = names.gap_unit(rule, rows["unit"])
    reach = label("reachable_short", lang) if supply else of_group("covered_share", group, lang)
    columns = [
        Column("flagged", label("flag", lang), "coded", mark="code"),
        column("grade", lang),
        column("flag_kind", lang),
        _valued("reachable", with_unit(reach, value_unit, lang), form, interval=True),
        _valued("located", with_unit(label("located_short", lang), value_unit, lang), form, interval=True),
        _valued("required", with_unit(label("standard", lang), value_unit, lang), form),
        *([column("in_circle_part", lang, depth=2)] if supply else []),
        column("below", lang, depth=2),
        _valued("shortfall", with_unit(label("shortfall", lang), gap_unit, lang), "count", listed=True),
        _valued("people_affected", of_group("people_affected", group, lang), "count", listed=True),
        Column("cause", label("cause", lang), "coded"),
        _valued("apportioned", with_unit(label("apportioned", lang), gap_unit, lang), "count"),
        *_walk_columns(lang),
    ]
    cells: list[list[Cell]] = []
    for row in rows_of(rows):
        flagged = row["state"] == "flagged"
        inside, below = beside_mean(row)
        cells.append(
            [
                flag_state(row),
                grade_cell(row["grade"], lang),
                kind_cell(row["flag_kind"], lang) if flagged else None,
                Amount.between(row["reachable_low"], row["reachable_high"], form),
                Amount.between(row["located_low"], row["located_high"], form),
                Amount.of(row["required"], form),
                *([inside] if supply else []),
                below,
                Amount.of(row["shortfall"], "count") if flagged else None,
                Amount.of(row["people_affected"], "count") if flagged else None,
                Coded.of(row["cause"]),
                Amount.of(row["apportioned"], "count"),
                *_walk_cells(names, row, "minutes"),
            ]
        )
    return Table.of(rule, names.rule(rule), columns, cells)


# --- coverage -------------------------------------------------------------------------------------------------------


def share_view(base: BaseMap, names: Names, service: str, measure: str) -> ZoneView:
    """Return the share of people within the circle of one service, in the classes that every output has.

    A zone has the class of the share among its people on the network, where with those off it the share would stay in it.
    """
    outcome, lang, entry = base.outcome, base.lang, base.outcome.services[service]
    rows, group = base.circle(service, measure).reset_index(), entry.group
    scale = look.share_scale()
    classes = (*_scaled(scale), no_data_class(lang))
    found, least, most = (
        scale.classes(rows[key].astype(float)) for key in ("share", "share_low", "share_high")
    )
    found = np.where(least == most, found, -1)
    outside = rows["outside"].astype(float).to_numpy()
    columns = [
        _valued("share", of_group("covered_share", group, lang), "percent", listed=True),
        column("share_all", lang, depth=2),
        _valued("people", label(group, lang), "count", listed=True),
        _valued("outside", of_group("outside", group, lang), "count", listed=True),
        column("off_network", lang, depth=2),
        *_walk_columns(lang),
    ]
    cells: list[list[Cell]] = [
        [
            Amount.of(row["share"], "percent"),
            share_all(row),
            Amount.of(row["people"], "count"),
            Amount.of(row["outside"], "count"),
            Amount.of(row["off_network"], "count"),
            *_walk_cells(names, row, "median_minutes"),
        ]
        for row in rows_of(rows)
    ]
    name = outcome.services[service].label(lang)
    told = titles.measure_label(entry, measure, lang)
    table = Table.of(f"{service}_{measure}", name, columns, cells)
    return ZoneView(
        "share", f"{service}/{measure}", told, name, of_group("share_of", group, lang),
        (titles.basis(outcome.groups, group, lang),), files_of(outcome, group), classes, tuple(map(str, rows["zone_id"])),
        tuple(int(k) if k >= 0 else len(classes) - 1 for k in found),
        table, _place(table, "outside"), np.where(outside > 0, outside, np.nan), of_group("worst_share", group, lang),
        {level: coverage_figures(outcome, service, measure) for level in base.levels},
    )  # fmt: skip


# --- members --------------------------------------------------------------------------------------------------------


def member_view(base: BaseMap, names: Names, rule: str, rows: pd.DataFrame) -> ZoneView:
    """Return which of the zones that a finding counts have what it asks; members that are no zones stand in the figures only."""
    lang, outcome = base.lang, base.outcome
    own = rows[rows["member_id"].isin(outcome.zones.index)].drop_duplicates("member_id")
    classes = (
        ZoneClass(label("has_not", lang), look.VERDICT_COLOURS["not_met"]),
        ZoneClass(label("has", lang), look.VERDICT_COLOURS["met"]),
        no_data_class(lang),
    )
    states = [state_of(row) for row in rows_of(own)]
    place = [{"has_not": 0, "has": 1}.get(state.code, 2) for state in states]
    columns = [
        Column("has", label("verdict", lang), "coded", mark="code", depth=1),
        Column("cause", label("cause", lang), "coded", depth=1),
        *_walk_columns(lang),
    ]
    cells: list[list[Cell]] = [
        [
            state,
            Coded.of(row["cause"]),
            *_walk_cells(names, row, "minutes"),
        ]
        for state, row in zip(states, rows_of(own), strict=True)
    ]
    figures = finding_figures(outcome, names, rule)
    return ZoneView(
        "members", rule, names.rule(rule), "", phrase("views_member_of", lang),
        _rule_notes(outcome, names, rule, outcome.findings[outcome.findings["rule_id"] == rule]), files_of(outcome, names.group(rule)), classes,
        tuple(map(str, own["member_id"])), tuple(place), Table.of(rule, names.rule(rule), columns, cells), 0,
        np.where(np.array(place, dtype=int) == 0, 1.0, np.nan), phrase("views_members_without", lang),
        dict.fromkeys(base.levels, figures),
    )  # fmt: skip


# --- what several views share ---------------------------------------------------------------------------------------


def with_unit(name: str, unit: str, lang: str) -> str:
    """Return a name with its unit in brackets, where it has one."""
    return name + phrase("in_brackets", lang, text=unit) if unit else name


def _valued(key: str, header: str, form: str, *, interval: bool = False, listed: bool = False) -> Column:
    """Return a column of numbers; one that is not `listed` stands on a zone's card only."""
    return Column(key, header, form, depth=1 if listed else 2, interval=interval)


def _walk_columns(lang: str) -> list[Column]:
    return [
        Column("nearest_facility", label("nearest_facility", lang)),
        Column("minutes", label("median_minutes", lang), "minutes"),
    ]


def _walk_cells(names: Names, row: Mapping[str, Any], minutes: str) -> list[Cell]:
    return [names.facility(row["nearest_facility"]) or None, Amount.of(row[minutes], "minutes")]


def no_data_class(lang: str) -> ZoneClass:
    """Return the class of zones without data, the last of every legend."""
    return ZoneClass(label("no_data", lang), look.COLOURS["no_data"], hatch=True)


def _scaled(scale: look.Scale) -> Iterable[ZoneClass]:
    return (ZoneClass(shown, colour) for shown, colour in zip(scale.texts, scale.colours, strict=True))


def _place(table: Table, key: str) -> int:
    return [entry.key for entry in table.columns].index(key)


def _rule_notes(outcome: Outcome, names: Names, rule: str, rows: pd.DataFrame) -> tuple[str, ...]:
    """Return whom a rule counts, its clause, and every caveat of its rows."""
    lang, group = names.lang, names.group(rule)
    basis = titles.basis(outcome.groups, group, lang) if group else ""
    return tuple(part for part in (basis, names.clause(rule), *flag_caveats(rows, lang)) if part)


def files_of(outcome: Outcome, group: str) -> tuple[str, ...]:
    """Return the files that a figure comes from: the people's, the registers', the streets'."""
    people = text(outcome.groups["source"].get(group))
    roles = [s.file for role in ("facilities", "streets") for s in outcome.sources if s.role == role]
    return tuple(file for file in dict.fromkeys([people, *roles]) if file)


# --- zones by indicators ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FlagMatrix:
    """Zones by indicators, the zones that most people are affected in first.

    Parameters
    ----------
    zones
        The zones in order, n of them.
    table
        A row a zone: its number, its name, and a column an indicator with the shortfall where it is flagged.
    indicators
        What the numbered columns are, one line each, with every caveat.
    more
        How many indicators have no column.
    classes
        Classes of the legend by the deepest grade; the last is the one without data.
    of_class
        Place of each zone's class, shape (n,).
    figure
        How many zones have flags, of how many judged.
    """

    zones: gpd.GeoDataFrame
    table: Table
    indicators: tuple[str, ...]
    more: int
    classes: tuple[ZoneClass, ...]
    of_class: tuple[int, ...]
    figure: Figure


def flag_matrix(outcome: Outcome, names: Names, zones: gpd.GeoDataFrame, *, most: int) -> FlagMatrix:
    """Return the flags of `zones`, with columns for at most `most` indicators: those with most flags."""
    lang, flags = outcome.lang, outcome.flags[outcome.flags["zone_id"].isin(zones.index)]
    flags = flags[flags["flag_kind"] != "reference"]
    rules = list(dict.fromkeys(flags["rule_id"].map(str)))

    def wide(column_name: str) -> pd.DataFrame:
        table = flags.pivot_table(
            index="zone_id", columns="rule_id", values=column_name, aggfunc="first", dropna=False
        )
        return table.reindex(index=zones.index, columns=rules)

    # 2 mean met, 1 flagged, 0 not, -1 unknown
    numbers = flags["state"].map({"mean_met": 2.0, "flagged": 1.0, "not_flagged": 0.0, "unknown": -1.0})
    flags = flags.assign(state=numbers.astype(float))
    state = wide("state").fillna(-1.0).to_numpy(dtype=int)
    affected = np.where(state == 1, wide("people_affected").fillna(0.0).to_numpy(dtype=float), 0.0)
    people = affected.max(axis=1, initial=0.0)
    order = np.lexsort((np.arange(len(zones)), -people))
    judged = np.flatnonzero((state >= 0).any(axis=0))
    shown = sorted(judged[np.argsort(-(state[:, judged] == 1).sum(axis=0), kind="stable")[:most]].tolist())
    short = wide("shortfall").to_numpy(dtype=float)
    counts, unknown = (state == 1).sum(axis=1), (state < 0).all(axis=1)
    overall, drawn = overall_texts(lang), zone_classes(outcome)
    classes = tuple(
        ZoneClass(text, class_colours()[code], hatch=code == "unknown") for code, text in overall.items()
    )
    place = np.array([FLAG_CLASSES.index(drawn.get(str(zone), "unknown")) for zone in zones.index])
    rows = numbered(
        [str(zones["name"].iloc[k]), *(_matrix_cell(state[k, r], short[k, r]) for r in shown)] for k in order
    )
    finest = str(zones["level"].iloc[0])
    heads = [Column(rules[r], DIGITS[k], "count", 5, "short", 1) for k, r in enumerate(shown)]
    table = Table.of(
        "flag_matrix", phrase("matrix_title", lang), [column("serial", lang), column(finest, lang, depth=1), *heads], rows,
        notes=(phrase("matrix_note", lang, none=NOTHING, unknown=_UNKNOWN, mean=_MEAN_MET),),
    )  # fmt: skip
    told = Tally(int((counts > 0).sum()), int((~unknown).sum()), int(unknown.sum()))
    return FlagMatrix(
        zones.iloc[order], table, _indicator_lines(names, flags, [rules[r] for r in shown]), len(judged) - len(shown), classes,
        tuple(int(k) for k in place[order]), Figure(phrase("matrix_zones", lang, level=label(finest, lang)), told),
    )  # fmt: skip


def _matrix_cell(state: int, shortfall: float) -> Cell:
    if state < 0:
        return Coded("no_data", _UNKNOWN)
    if state == 2:
        return Coded("mean_met", _MEAN_MET)
    return (
        (Amount.of(shortfall, "count") or Coded("flagged")) if state == 1 else Coded("not_flagged", NOTHING)
    )


def _indicator_lines(names: Names, flags: pd.DataFrame, rules: Sequence[str]) -> tuple[str, ...]:
    lang, out = names.lang, []
    for digit, rule in zip(DIGITS, rules, strict=False):
        own = flags[flags["rule_id"] == rule]
        line = f"{digit} {with_unit(brief(names, rule), names.gap_unit(rule, own['unit']), lang)}"
        out.append(phrase("join_semicolon", lang).join([line, *flag_caveats(own, lang)]))
    return tuple(out)
