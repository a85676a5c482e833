"""The annual table (年度考核): one study judged in two years or more, every indicator on one line, with 完成率 and 序时进度.

Nothing is measured here: each year's figures are those of that year's own run.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.report.content.build import table_of
from geoplan.report.content.findings import base_of, of_part_only, target_of, unit_of_value
from geoplan.report.content.names import Names, present, rows_of, whole_zones
from geoplan.report.content.progress import done_and_due, start_of, time_passed, way_done
from geoplan.report.content.table import Amount, Cell, Coded, Column, Table, column, gap_cell, unit_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note, StudyError, TableError
from geoplan.words.labels import label
from geoplan.words.numbers import change_format
from geoplan.words.periods import Period, parse_period, span

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
    "way_low": "(actual - start) / (target - start): how much of the way from the base (or the first of several targets) is done",
    "way_high": "the most that the register allows",
    "time": "序时进度: (year - start year) / (target year - start year), 0-1: how much of the time has passed",
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


def periods_of(words: Sequence[str]) -> tuple[Period, ...]:
    """Return the periods that a command line names, in order: ``2023 2024``, ``2023,2025``, ``2023-2025``, ``2025Q1-2025Q3``, ``2025-06``.

    Raises
    ------
    StudyError
        If a word is no year, quarter or month.

    Examples
    --------
    >>> [period.text for period in periods_of(["2023-2025", "2030"])], [period.text for period in periods_of(["2025-03,2025Q1"])]
    (['2023', '2024', '2025', '2030'], ['2025-03', '2025Q1'])
    """
    found: dict[str, Period] = {}
    for word in (part.strip() for text_given in words for part in text_given.split(",")):
        # a span has a dash before its second year
        first, dash, last = re.sub(r"-(?=\d{4})", "\n", word, count=1).partition("\n")
        try:
            own = span(parse_period(first), parse_period(last if dash else first))
        except ValueError:
            raise StudyError(Note.of("annual_year_word", word=word, severity="error")) from None
        found |= {period.text: period for period in own}
    # of those that end together the shortest first
    return tuple(sorted(found.values(), key=lambda period: (period.end, -len(period.text), period.text)))


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
    return Annual(by_year, _findings(by_year), circle_rows(by_year))


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
    (start, start_year), target = start_of(rules, rule), float(row["path_target"])
    ends = [float(row["actual_low"]), float(row["actual_high"])]
    upward = row["comparison"] in (">=", ">") and required != 0
    part = of_part_only(row, row["actual_low"])
    completion = [end / required if upward and not part else np.nan for end in ends]
    way = (np.nan, np.nan) if part else way_done(*ends, start=start, target=target)
    time = time_passed(year, start=start_year, target=float(row["path_target_year"] or np.nan))
    return {
        "rule_id": rule, "zone_id": row["zone_id"], "year": year, "actual_low": ends[0], "actual_high": ends[1],
        "required": required, "target_year": float(row["target_year"] or np.nan),
        "completion_low": completion[0], "completion_high": completion[1],
        "way_low": way[0], "way_high": way[1], "time": time,
        "on_path": row["on_path"], "verdict": row["verdict"], "shortfall": row["shortfall"], "unit": row["unit"],
    }  # fmt: skip


def circle_rows(outcomes: Mapping[int, Outcome]) -> pd.DataFrame:
    """Return people in the circle (`CIRCLE`) of each year, by service and zone."""
    parts = []
    for year, outcome in outcomes.items():
        own = whole_zones(outcome, measure="network")
        own = own.assign(level=own["zone_id"].map(outcome.zones["level"]), year=year)
        parts.append(own[own["level"].isin(["area", "district", "town"])])
    table = pd.concat(parts, ignore_index=True)
    keys = table.groupby(["service", "zone_id"], sort=False)
    table = table.assign(place=keys.ngroup(), change=keys["share"].diff())
    return table.sort_values(["place", "year"], kind="stable", ignore_index=True)[list(CIRCLE)]


def annual_pages(table: Annual) -> tuple[Table, ...]:
    """Return the tables of ``annual.xlsx``, a tab each: indicators, then circles."""
    return indicators_table(table), circles_table(table)


def indicators_table(table: Annual) -> Table:
    """Return 年度考核表: one row an indicator and zone, for each year actual, 完成率, 序时进度 and verdict."""
    lang, years = table.last.lang, list(table.outcomes)
    names = {year: Names(outcome) for year, outcome in table.outcomes.items()}
    asked = {
        (year, row["rule_id"], row["zone_id"]): row
        for year, outcome in table.outcomes.items()
        for row in rows_of(outcome.findings)
    }
    rows: list[list[Cell]] = []
    for (rule, zone), own in table.findings.groupby(["rule_id", "zone_id"], sort=False):
        by_year = {int(row["year"]): row for row in rows_of(own)}
        last = max(by_year)
        latest, finding, own_names = by_year[last], asked[last, rule, zone], names[last]
        form, target = own_names.format(str(rule)), target_of(own_names, finding)
        due = latest["target_year"]
        rows.append([
            own_names.zone(zone), own_names.code(zone), own_names.rule(str(rule)),
            unit_of_value(own_names, str(rule), latest["unit"]), own_names.attribute(str(rule)), base_of(own_names, str(rule)),
            f"{target} ({due:.0f})" if target and present(due) else target,
            *(cell for year in years for cell in _year_cells(by_year.get(year), form, lang)),
            Amount.of(latest["change"], change_format(form)),
        ])  # fmt: skip
    of_year = ("annual_actual", "annual_completion", "annual_progress", "annual_verdict")
    columns: tuple[str | Column, ...] = (
        "serial", "zone", "zone_code", "indicator", "unit_of_value", "attribute", "base", "target",
        *_yearly(of_year, years, lang), "last_change",
    )  # fmt: skip
    title, notes = phrase("annual_title", lang), (phrase("annual_note", lang),)
    return table_of("annual_table", lang, columns, rows, title=title, notes=notes, frozen=4)


def _yearly(keys: Sequence[str], years: Sequence[int], lang: str) -> list[Column]:
    """Return columns for each year."""
    return [column(key, lang, name=f"{key}_{year}", year=year) for year in years for key in keys]


def _year_cells(row: Mapping[str, Any] | None, form: str, lang: str) -> list[Cell]:
    if row is None:
        return [None, None, "", None]
    progress = done_and_due((row["way_low"], row["way_high"]), row["time"])
    return [
        Amount.between(row["actual_low"], row["actual_high"], form),
        Amount.between(row["completion_low"], row["completion_high"], "percent"),
        progress,
        _conclusion(row, lang),
    ]


def _conclusion(row: Mapping[str, Any], lang: str) -> Coded:
    """Return the year's verdict; before the target's year whether it is on its path, or that it is not due."""
    if row["verdict"] == "not_applicable" and row["target_year"] > row["year"]:
        return Coded(row["on_path"]) if row["on_path"] else Coded("not_due", phrase("annual_not_due", lang))
    return Coded(row["verdict"])


def circles_table(table: Annual) -> Table:
    """Return people in the circle by service, zone and year."""
    lang, years = table.last.lang, list(table.outcomes)
    names = {year: Names(outcome) for year, outcome in table.outcomes.items()}
    rows: list[list[Cell]] = []
    for (service, zone), own in table.circle.groupby(["service", "zone_id"], sort=False):
        by_year = {int(row["year"]): row for row in rows_of(own)}
        last = max(by_year)
        level = by_year[last]["level"]
        rows.append([
            Coded(str(service), table.outcomes[last].services[str(service)].label(lang)),
            Coded(level, label(f"brief_{level}", lang)), names[last].zone(zone), names[last].code(zone),
            Coded(table.outcomes[last].services[str(service)].group),
            *(
                Amount.of(by_year[year][key], form) if year in by_year else None
                for year in years
                for key, form in (("covered", "count"), ("share", "percent"))
            ),
            Amount.of(by_year[last]["change"], "points"),
        ])  # fmt: skip
    columns: tuple[str | Column, ...] = (
        "service", "level", "zone", "zone_code", "group", *_yearly(("annual_covered", "annual_share"), years, lang), "last_points",
    )  # fmt: skip
    return table_of("annual_circles", lang, columns, rows, title=phrase("circles_title", lang), frozen=3)


def long_table(table: Annual) -> Table:
    """Return every indicator, zone and year as a row of its own, for programs."""
    lang = table.last.lang
    names = {year: Names(outcome) for year, outcome in table.outcomes.items()}
    rows: list[list[Cell]] = []
    for row in rows_of(table.findings):
        own, rule, zone = names[int(row["year"])], str(row["rule_id"]), str(row["zone_id"])
        form = own.format(rule)
        rows.append([
            Amount.of(row["year"], "year"), own.zone(zone), own.code(zone), zone, own.rule(rule), rule,
            Amount.between(row["actual_low"], row["actual_high"], form), Amount.of(row["required"], form),
            Amount.of(row["target_year"], "year"), Amount.between(row["completion_low"], row["completion_high"], "percent"),
            Amount.between(row["way_low"], row["way_high"], "percent"), Amount.of(row["time"], "percent"),
            Coded.of(row["on_path"]), Coded(row["verdict"]), gap_cell(row["shortfall"], row["unit"]),
            unit_cell(row["unit"], lang),
        ])  # fmt: skip
    keys = (
        "year", "zone", "zone_code", "zone_id", "indicator", "rule_id", "actual", "required", "target_year", "completion", "done",
        "due", "progress", "verdict", "shortfall", "unit",
    )  # fmt: skip
    return table_of("annual", lang, keys, rows)
