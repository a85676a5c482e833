"""Zones of one town by indicators: which are flagged, by how much, and in which class of the map each stands."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.report.content.names import Names
from geoplan.report.content.table import Amount, Cell, Coded, Column, Figure, Table, Tally, column, numbered
from geoplan.report.content.zone_views import ZoneClass, with_unit
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label
from geoplan.words.numbers import NOTHING

#: Numbers of the indicators' columns.
DIGITS = "①②③④⑤⑥⑦⑧⑨⑩"
_UNKNOWN = "?"


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
        Classes of the legend by how many indicators are short; the last is the one without data.
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
    rules = list(dict.fromkeys(flags["rule_id"].map(str)))

    def wide(column_name: str) -> pd.DataFrame:
        table = flags.pivot_table(
            index="zone_id", columns="rule_id", values=column_name, aggfunc="first", dropna=False
        )
        return table.reindex(index=zones.index, columns=rules)

    # 1 flagged, 0 not, -1 unknown
    numbers = flags["flagged"].astype("boolean").astype("Float64").fillna(-1.0).astype(float)
    flags = flags.assign(flagged=numbers)
    state = wide("flagged").fillna(-1.0).to_numpy(dtype=int)
    affected = np.where(state == 1, wide("people_affected").fillna(0.0).to_numpy(dtype=float), 0.0)
    people = affected.max(axis=1, initial=0.0)
    order = np.lexsort((np.arange(len(zones)), -people))
    judged = np.flatnonzero((state >= 0).any(axis=0))
    shown = sorted(judged[np.argsort(-(state[:, judged] == 1).sum(axis=0), kind="stable")[:most]].tolist())
    short = wide("shortfall").to_numpy(dtype=float)
    counts, unknown = (state == 1).sum(axis=1), (state < 0).all(axis=1)
    classes, limits = _classes(len(judged), lang)
    place = np.where(unknown, len(classes) - 1, np.searchsorted(limits, counts))
    rows = numbered(
        [str(zones["name"].iloc[k]), *(_cell(state[k, r], short[k, r]) for r in shown)] for k in order
    )
    finest = str(zones["level"].iloc[0])
    heads = [Column(rules[r], DIGITS[k], "count", 5, "short", 1) for k, r in enumerate(shown)]
    table = Table.of(
        "flag_matrix", phrase("matrix_title", lang), [column("serial", lang), column(finest, lang, depth=1), *heads], rows,
        notes=(phrase("matrix_note", lang, none=NOTHING, unknown=_UNKNOWN),),
    )  # fmt: skip
    told = Tally(int((counts > 0).sum()), int((~unknown).sum()), int(unknown.sum()))
    return FlagMatrix(
        zones.iloc[order], table, _said(names, flags, [rules[r] for r in shown]), len(judged) - len(shown), classes,
        tuple(int(k) for k in place[order]), Figure(phrase("matrix_zones", lang, level=label(finest, lang)), told),
    )  # fmt: skip


def _cell(state: int, shortfall: float) -> Cell:
    if state < 0:
        return Coded("no_data", _UNKNOWN)
    return (
        (Amount.of(shortfall, "count") or Coded("flagged")) if state == 1 else Coded("not_flagged", NOTHING)
    )


def _said(names: Names, flags: pd.DataFrame, rules: Sequence[str]) -> tuple[str, ...]:
    from geoplan.report.content.headline import flag_caveats

    lang, out = names.lang, []
    for digit, rule in zip(DIGITS, rules, strict=False):
        own = flags[flags["rule_id"] == rule]
        line = f"{digit} {with_unit(names.rule(rule), names.gap_unit(rule, own['unit']), lang)}"
        out.append(phrase("join_semicolon", lang).join([line, *flag_caveats(own, lang)]))
    return tuple(out)


def _classes(rules: int, lang: str) -> tuple[tuple[ZoneClass, ...], list[int]]:
    """Return the classes by number of flags - none, a third, two thirds of the indicators, more - and their upper limits."""
    low, high = max(1, rules // 3), max(2, 2 * rules // 3)
    soft, strong = look.COLOURS["flag_soft"], look.COLOURS["flag"]
    found = [ZoneClass(label("not_flagged", lang), look.COLOURS["not_flagged"])]
    limits = [0]
    for first, last, colour in (
        (1, low, soft),
        (low + 1, high, look.COLOURS["flag_medium"]),
        (high + 1, rules, strong),
    ):
        if first <= rules:
            limits.append(min(last, rules))
            code = "matrix_few" if first >= limits[-1] else "matrix_range"
            found.append(ZoneClass(phrase(code, lang, low=first, high=limits[-1]), colour))
    return (*found, ZoneClass(label("no_data", lang), look.COLOURS["no_data"], hatch=True)), limits
