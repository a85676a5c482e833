"""The annual table (年度考核): one study judged in two years or more, every indicator on one line, with 完成率 and 序时进度.

Nothing is measured here: each year's figures are those of that year's own run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.report.compare.tables import said
from geoplan.report.content.findings import base_text, target_text, unit_of_value, verdicts
from geoplan.report.content.sheet import (
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    between,
    block_of,
    number,
    rows_of,
    text,
    value_kind,
)
from geoplan.report.workbook import workbook
from geoplan.report.workbook.csv_files import csv_text
from geoplan.tables import Outcome
from geoplan.words.errors import Note, StudyError, TableError

#: Columns of `Annual.findings`; shares are 0-1.
FINDINGS: Mapping[str, str] = {
    "rule_id": "pack.rule",
    "zone_id": "zone of the rule's own level",
    "year": "year judged",
    "actual_low": "measured, least",
    "actual_high": "measured, most",
    "required": "target at or before the year, else the first to come",
    "target_year": "year of that target",
    "completion_low": "完成率: actual / target, for at-least targets; NaN where there is none",
    "completion_high": "the most that the register allows",
    "way_low": "(actual - base) / (target - base): how much of the way from the base is done",
    "way_high": "the most that the register allows",
    "time": "序时进度: (year - base year) / (target year - base year), 0-1: how much of the time has passed",
    "on_path": "on_path, behind or empty, as the year's run says",
    "verdict": "as the year's run says",
    "shortfall": "in `unit`",
    "unit": "unit in which one builds",
    "change": "actual against the year before in the table; NaN in the first year and where either is an interval",
}
CIRCLE = ("service", "zone_id", "level", "year", "people", "covered", "share", "change")


@dataclass(frozen=True, repr=False)
class Annual:
    """One study in several years.

    Parameters
    ----------
    outcomes
        Year -> what that year's run found out, in order.
    findings
        One row a rule, zone and year (`FINDINGS`).
    circle
        One row a service, zone (area, district, town) and year (`CIRCLE`), as one walks on the network.
    """

    outcomes: Mapping[int, Outcome]
    findings: pd.DataFrame
    circle: pd.DataFrame

    @property
    def last(self) -> Outcome:
        """The last year's result, under the name of all years."""
        years = list(self.outcomes)
        own = self.outcomes[years[-1]]
        synthetic = any(outcome.synthetic for outcome in self.outcomes.values())
        return replace(own, name=f"{own.name} {years[0]}–{years[-1]}", synthetic=synthetic)


def years_of(words: Sequence[str]) -> tuple[int, ...]:
    """Return the years that a command line names: ``2023 2024``, ``2023,2025`` or ``2023-2025``.

    Raises
    ------
    StudyError
        If a word is no year.

    Examples
    --------
    >>> years_of(["2023-2025", "2030"]), years_of(["2024,2023"])
    ((2023, 2024, 2025, 2030), (2023, 2024))
    """
    years: set[int] = set()
    for word in (part.strip() for text_given in words for part in text_given.split(",")):
        first, dash, last = word.partition("-")
        span = (first, last) if dash else (first, first)
        if not all(len(end) == 4 and end.isascii() and end.isdigit() for end in span):
            raise StudyError(Note.of("annual_year_word", word=word, severity="error"))
        years |= set(range(int(span[0]), int(span[1]) + 1))
    return tuple(sorted(years))


def annual(outcomes: Sequence[Outcome]) -> Annual:
    """Return the years of one study side by side.

    Parameters
    ----------
    outcomes
        Two results or more, each of another year; in any order.

    Raises
    ------
    TableError
        If there are fewer than two, or two of one year.
    """
    by_year = {outcome.year: outcome for outcome in sorted(outcomes, key=lambda o: o.year)}
    if len(by_year) < 2 or len(by_year) < len(outcomes):
        years = ", ".join(str(outcome.year) for outcome in outcomes)
        raise TableError(Note.of("annual_years", years=years, severity="error"))
    return Annual(by_year, _findings(by_year), _circle(by_year))


def _findings(outcomes: Mapping[int, Outcome]) -> pd.DataFrame:
    rows = [
        _judged(row, outcome.rules, year)
        for year, outcome in outcomes.items()
        for row in rows_of(outcome.findings)
    ]
    table = pd.DataFrame(rows, columns=[name for name in FINDINGS if name != "change"])
    # the last year's indicators in its order, what only earlier years have behind
    latest_first = list(outcomes.values())[::-1]
    keys = pd.concat([outcome.findings[["rule_id", "zone_id"]] for outcome in latest_first])
    order = keys.drop_duplicates(ignore_index=True).reset_index(names="place")
    table = table.merge(order, on=["rule_id", "zone_id"]).sort_values(["place", "year"], ignore_index=True)
    sure = table["actual_low"].where(table["actual_low"] == table["actual_high"])
    table["change"] = sure.groupby(table["place"]).diff()
    return table[list(FINDINGS)]


def _judged(row: Mapping[str, Any], rules: pd.DataFrame, year: int) -> dict[str, Any]:
    """Return a finding of one year with how far along it is."""
    rule, required = row["rule_id"], float(row["required"])
    base, base_year = (_of(rules, rule, column) for column in ("base_value", "base_year"))
    target_year = float(row.get("target_year", np.nan) or np.nan)
    ends = [float(row["actual_low"]), float(row["actual_high"])]
    upward = row["comparison"] in (">=", ">") and required != 0
    completion = [end / required if upward else np.nan for end in ends]
    way = [(end - base) / (required - base) if required != base else np.nan for end in ends]
    span = target_year - base_year
    time = float(np.clip((year - base_year) / span, 0, 1)) if span > 0 else np.nan
    return {
        "rule_id": rule, "zone_id": row["zone_id"], "year": year, "actual_low": ends[0], "actual_high": ends[1],
        "required": required, "target_year": target_year,
        "completion_low": completion[0], "completion_high": completion[1],
        # against a falling target the most is the less far
        "way_low": min(way), "way_high": max(way), "time": time,
        "on_path": row["on_path"], "verdict": row["verdict"], "shortfall": row["shortfall"], "unit": row["unit"],
    }  # fmt: skip


def _of(rules: pd.DataFrame, rule: str, column: str) -> float:
    if column not in rules.columns or rule not in rules.index:
        return np.nan
    return float(pd.to_numeric(pd.Series([rules[column][rule]], dtype=object), errors="coerce").iloc[0])


def _circle(outcomes: Mapping[int, Outcome]) -> pd.DataFrame:
    parts = []
    for year, outcome in outcomes.items():
        own = outcome.circle
        own = own[(own["measure"] == "network") & (own["kind"].fillna("") == "")]
        own = own.assign(level=own["zone_id"].map(outcome.zones["level"]), year=year)
        parts.append(own[own["level"].isin(["area", "district", "town"])])
    table = pd.concat(parts, ignore_index=True)
    keys = table.groupby(["service", "zone_id"], sort=False)
    table = table.assign(place=keys.ngroup(), change=keys["share"].diff())
    return table.sort_values(["place", "year"], kind="stable", ignore_index=True)[list(CIRCLE)]


def write_annual(table: Annual, folder: Path) -> tuple[Path, ...]:
    """Write ``annual.xlsx`` (a line an indicator, years beside each other) and ``annual.csv`` (a line an indicator and year).

    Returns
    -------
    paths
        Of the files written.
    """
    paths = (folder / "annual.xlsx", folder / "annual.csv")
    folder.mkdir(parents=True, exist_ok=True)
    workbook.write_sheets(sheets(table), table.last, paths[0])
    paths[1].write_bytes(csv_text(long_sheet(table), table.last).encode("utf-8-sig"))
    return paths


def sheets(table: Annual) -> tuple[Sheet, ...]:
    """Return the sheets of ``annual.xlsx``: indicators, then circles."""
    return indicator_sheet(table), circle_sheet(table)


def indicator_sheet(table: Annual) -> Sheet:
    """Return 年度考核表: one row an indicator and zone, for each year actual, 完成率, 序时进度 and verdict."""
    outcome, years = table.last, list(table.outcomes)
    lang, names = outcome.lang, _names(table)
    columns = [
        Column(look.label("serial", lang), "whole", 5),
        Column(look.label("zone", lang), "text", 9),
        Column(look.label("indicator", lang), "text", 22),
        Column(look.label("unit", lang), "text", 8),
        Column(look.label("attribute", lang), "text", 7),
        Column(look.label("base", lang), "text", 11),
        Column(look.label("required", lang), "text", 11),
        *(column for year in years for column in _year_columns(year, lang)),
        Column(said("last_change", lang), "rate", 8),
    ]
    rows: list[list[Value | Cell]] = []
    of_year = {year: _by_key(outcome.findings) for year, outcome in table.outcomes.items()}
    for place, (key, own) in enumerate(table.findings.groupby(["rule_id", "zone_id"], sort=False), start=1):
        rule, zone = str(key[0]), str(key[1])
        told = {int(row["year"]): row for row in rows_of(own)}
        latest = told[max(told)]
        kind = value_kind(names[max(told)], rule)
        asked = of_year[max(told)][(rule, zone)]
        target = target_text(asked, kind)
        when = f" ({latest['target_year']:.0f})" if latest["target_year"] == latest["target_year"] else ""
        rows.append(
            [
                place,
                names[max(told)].zone(zone),
                names[max(told)].rule(rule),
                unit_of_value(names[max(told)], rule, latest["unit"]),
                text(asked["attribute"]),
                base_text(names[max(told)], rule, kind),
                f"{target}{when}" if target else "",
                *(cell for year in years for cell in _year_cells(told.get(year), kind, lang)),
                number(latest["change"], kind),
            ]
        )
    colours = verdicts(lang) | {look.label("on_path", lang): "met", look.label("behind", lang): "not_met"}
    block = block_of(columns, rows)
    return Sheet(said("annual_sheet", lang), (block,), (said("annual_note", lang),), 3, colours)


def _names(table: Annual) -> dict[int, Names]:
    return {year: Names(outcome) for year, outcome in table.outcomes.items()}


def _by_key(findings: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["rule_id"], row["zone_id"]): row for row in rows_of(findings)}


def _year_columns(year: int, lang: str) -> list[Column]:
    heads = (
        (look.label("actual", lang) if lang == "en" else "现状值", "rate", 9, ""),
        (look.label("completion", lang), "share", 8, ""),
        (said("way", lang), "text", 10, ""),
        (look.label("verdict", lang), "text", 9, "verdict"),
    )
    return [Column(f"{year}\n{head}", kind, width, mark) for head, kind, width, mark in heads]


def _year_cells(row: Mapping[str, Any] | None, kind: str, lang: str) -> list[Value | Cell]:
    if row is None:
        return [None, None, "", ""]
    way = ""
    if row["time"] == row["time"] and row["way_low"] == row["way_low"]:
        way = f"{_percent(row['way_low'], row['way_high'])} / {_percent(row['time'], row['time'])}"
    return [
        between(row["actual_low"], row["actual_high"], kind),
        between(row["completion_low"], row["completion_high"], "share"),
        way,
        _conclusion(row, lang),
    ]


def _conclusion(row: Mapping[str, Any], lang: str) -> str:
    """Return the year's verdict; before the target's year whether it is on its path, or that it is not due."""
    if row["verdict"] == "not_applicable" and row["target_year"] > row["year"]:
        return look.label(row["on_path"], lang) or said("not_due", lang)
    return look.label(row["verdict"], lang)


def _percent(low: float, high: float) -> str:
    """Return a share of the way in whole per cent; it may be negative, or above 100.

    Examples
    --------
    >>> _percent(0.254, 0.254), _percent(-0.1, 0.5), _percent(0.5, float("inf")), _percent(-0.002, -0.002)
    ('25%', '-10%–50%', '≥ 50%', '0%')
    """
    # adding 0 turns -0 into 0
    shown = [f"{round(100 * end) + 0:.0f}%" if np.isfinite(end) else "" for end in (low, high)]
    if not shown[1]:
        return f"≥ {shown[0]}"
    return shown[0] if shown[0] == shown[1] else "–".join(shown)


def circle_sheet(table: Annual) -> Sheet:
    """Return people in the circle by service, zone and year."""
    outcome, years = table.last, list(table.outcomes)
    lang, names = outcome.lang, _names(table)
    share, covered = look.label("covered_share", lang), look.label("covered", lang)
    columns = [
        Column(look.label("service", lang), "text", 12),
        Column(look.label("level", lang), "text", 9),
        Column(look.label("zone", lang), "text", 16),
        *(
            Column(f"{year}\n{head}", kind, 10, mark)
            for year in years
            for head, kind, mark in ((covered, "whole", ""), (share, "share", "share"))
        ),
        Column(said("last_points", lang), "share", 9),
    ]
    rows: list[list[Value | Cell]] = []
    for (service, zone), own in table.circle.groupby(["service", "zone_id"], sort=False):
        told = {int(row["year"]): row for row in rows_of(own)}
        last = max(told)
        rows.append(
            [
                look.service_label(table.outcomes[last].services, str(service), lang),
                look.label(f"brief_{told[last]['level']}", lang),
                names[last].zone(zone),
                *(
                    number(told[year][name], kind) if year in told else None
                    for year in years
                    for name, kind in (("covered", "whole"), ("share", "share"))
                ),
                number(told[last]["change"], "share"),
            ]
        )
    return Sheet(look.label("circle_sheet", lang), (block_of(columns, rows),), (), 3)


def long_sheet(table: Annual) -> Sheet:
    """Return every indicator, zone and year as a row of its own, shares as numbers."""
    outcome = table.last
    lang, names = outcome.lang, _names(table)
    share = "share"
    columns = [
        Column(look.label("year", lang), "id"),
        Column(look.label("zone", lang)),
        Column(look.label("zone_id", lang)),
        Column(look.label("indicator", lang)),
        Column(look.label("rule_id", lang)),
        Column(f"{look.label('actual', lang)} ≥", "rate"),
        Column(f"{look.label('actual', lang)} ≤", "rate"),
        Column(look.label("required", lang), "rate"),
        Column(said("target_year", lang), "id"),
        Column(look.label("completion", lang), share),
        Column(said("way_done", lang), share),
        Column(said("time_passed", lang), share),
        Column(look.label("progress", lang)),
        Column(look.label("verdict", lang)),
        Column(look.label("shortfall", lang), "rate"),
        Column(look.label("unit", lang)),
    ]
    rows: list[list[Value | Cell]] = []
    for row in rows_of(table.findings):
        year, rule = int(row["year"]), row["rule_id"]
        rows.append(
            [
                year,
                names[year].zone(row["zone_id"]),
                row["zone_id"],
                names[year].rule(rule),
                rule,
                number(row["actual_low"], "rate"),
                number(row["actual_high"], "rate"),
                number(row["required"], "rate"),
                number(row["target_year"], "id"),
                number(row["completion_low"], share),
                number(row["way_low"], share),
                number(row["time"], share),
                look.label(row["on_path"], lang),
                look.label(row["verdict"], lang),
                number(row["shortfall"], "rate"),
                look.unit(row["unit"], lang),
            ]
        )
    return Sheet(said("annual_sheet", lang), (block_of(columns, rows),))
