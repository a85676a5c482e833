"""The table of quarters and months (季度、月度监测): one study at the end of several periods, every indicator on one line.

Nothing is measured here: measured figures are those of each year's own run, reported ones those that were known by the end of a period.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from geoplan.report.content.adopted import adopted_from, adopted_of
from geoplan.report.content.annual import Annual, circle_rows, circles_table
from geoplan.report.content.build import table_of
from geoplan.report.content.findings import base_of, completion, unit_of_value
from geoplan.report.content.names import Names, present, rows_of, text
from geoplan.report.content.progress import begin_of, done_and_due, time_passed, way_done
from geoplan.report.content.table import Amount, Cell, Coded, Column, Table, column
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import change_format
from geoplan.words.periods import Period

#: Period -> that year's outcome with its findings as they stand at the end of the period, in order.
Periods = Mapping[Period, Outcome]

#: Columns of each period.
_OF_PERIOD = ("period_adopted", "period_from", "period_completion", "period_progress", "period_verdict")


def titled(outcomes: Periods) -> Outcome:
    """Return the last period's outcome, under the name of all periods."""
    periods = list(outcomes)
    last = outcomes[periods[-1]]
    span = "–".join(dict.fromkeys((periods[0].text, periods[-1].text)))
    synthetic = any(outcome.synthetic for outcome in outcomes.values())
    return replace(last, name=f"{last.name} {span}", synthetic=synthetic)


def period_pages(outcomes: Periods) -> tuple[Table, ...]:
    """Return the tables of ``annual.xlsx``, a tab each: indicators by period, then circles by year."""
    years = {outcome.year: outcome for outcome in outcomes.values()}
    return periods_table(outcomes), circles_table(Annual(years, pd.DataFrame(), circle_rows(years)))


def periods_table(outcomes: Periods) -> Table:
    """Return one row an indicator and zone, for each period the adopted value, 完成率, 序时进度 and the conclusion."""
    lang = next(iter(outcomes.values())).lang
    names = {period: Names(outcome) for period, outcome in outcomes.items()}
    rows: list[list[Cell]] = []
    for (rule, zone), found in _by_indicator(outcomes).items():
        *_, (last, latest) = found.items()
        own, due = names[last], latest["target_year"]
        target = text(own.of_rule(rule, f"target_text_{lang}"))
        cells = [_cells(found.get(period), names[period], period) for period in outcomes]
        rows.append([
            own.zone(zone), own.code(zone), own.rule(rule), unit_of_value(own, rule, latest["unit"]), own.attribute(rule),
            base_of(own, rule), target, Amount.of(due or None, "year"), *(cell for some in cells for cell in some),
            _change([some[0] for some in cells], own.format(rule)),
        ])  # fmt: skip
    columns: tuple[str | Column, ...] = (
        "serial", "zone", "zone_code", "indicator", "unit_of_value", "attribute", "base", "annex_target", "target_year",
        *(column(key, lang, name=f"{key}_{period.text}", period=period.text) for period in outcomes for key in _OF_PERIOD), "period_change",
    )  # fmt: skip
    notes = tuple(phrase(f"periods_note_{part}", lang) for part in ("figures", "progress"))
    return table_of(
        "periods_table", lang, columns, rows, title=phrase("periods_title", lang), notes=notes, frozen=4
    )


def period_lines(outcomes: Periods) -> Table:
    """Return every indicator, zone and period as a row of its own, for programs."""
    lang = next(iter(outcomes.values())).lang
    names = {period: Names(outcome) for period, outcome in outcomes.items()}
    rows: list[list[Cell]] = []
    for (rule, zone), found in _by_indicator(outcomes).items():
        for period, row in found.items():
            own = names[period]
            adopted, low, high = _adopted(own, row)
            done, due = _way(own, row, period, low, high)
            rows.append([
                period.text, own.zone(zone), own.code(zone), zone, own.rule(rule), rule, adopted, adopted_from(row, lang),
                text(row["reported_period"]) if row["adopted"] == "reported" else "", Amount.of(row["required"], own.format(rule)),
                Amount.of(row["target_year"] or None, "year"), completion(row, low, high), Amount.between(*done, "percent"),
                Amount.of(due, "percent"), Coded.of(row["adopted_on_path"]), Coded(row["adopted_verdict"]),
            ])  # fmt: skip
    keys = (
        "period", "zone", "zone_code", "zone_id", "indicator", "rule_id", "adopted_value", "adopted_from", "reported_period", "required",
        "target_year", "completion", "done", "due", "adopted_progress", "adopted_verdict",
    )  # fmt: skip
    return table_of("annual", lang, keys, rows, title=phrase("periods_title", lang))


def _by_indicator(outcomes: Periods) -> dict[tuple[str, str], dict[Period, dict[str, Any]]]:
    """Return the findings of each indicator and zone by period: the last period's in its order, what only earlier ones have behind."""
    found: dict[tuple[str, str], dict[Period, dict[str, Any]]] = {
        (row["rule_id"], row["zone_id"]): {}
        for outcome in [*outcomes.values()][::-1]
        for row in rows_of(outcome.findings[["rule_id", "zone_id"]])
    }
    for period, outcome in outcomes.items():
        for row in rows_of(outcome.findings):
            found[row["rule_id"], row["zone_id"]][period] = row
    return found


def _adopted(names: Names, row: Mapping[str, Any]) -> tuple[Amount | None, float | None, float | None]:
    """Return 采用值 as a cell, its least and its most."""
    cell = adopted_of(names, row)
    return (cell, row["adopted_low"], row["adopted_high"]) if cell else (None, None, None)


def _cells(row: Mapping[str, Any] | None, names: Names, period: Period) -> list[Cell]:
    if row is None:
        return [None, "", None, "", None]
    adopted, low, high = _adopted(names, row)
    return [
        adopted, _source(row, names.lang), completion(row, low, high), done_and_due(*_way(names, row, period, low, high)),
        _conclusion(row, period, names.lang),
    ]  # fmt: skip


def _source(row: Mapping[str, Any], lang: str) -> str:
    """Return which figure counts, a reported one with the period that it is of: 部门填报值（2025Q1）."""
    which = adopted_from(row, lang)
    if which is None or which.code != "reported":
        return which.text(lang) if which else ""
    told = text(row["reported_period"]) or phrase("periods_undated", lang)
    return which.text(lang) + phrase("in_brackets", lang, text=told)


def _way(
    names: Names, row: Mapping[str, Any], period: Period, low: float | None, high: float | None
) -> tuple[tuple[float, float], float]:
    """Return how much of the way is done, least and most, and how much is due, 0-1; NaN where there is none.

    What is counted year by year is on its way through its year: done is the figure over the year's target.
    """
    rule, nothing = str(row["rule_id"]), float("nan")
    ends = (nothing, nothing) if low is None or high is None else (float(low), float(high))
    if names.of_rule(rule, "counted") == "yearly":
        required = float(row["required"])
        done = way_done(*ends, start=0.0, target=required) if present(required) else (nothing, nothing)
        return done, period.passed
    start, begins = begin_of(names, rule)
    due = time_passed(period.end, start=begins, target=float(row["path_target_year"] or nothing))
    return way_done(*ends, start=start, target=float(row["path_target"])), due


def _conclusion(row: Mapping[str, Any], period: Period, lang: str) -> Coded:
    """Return the verdict; before the target is due whether it is on its path, or that it is not due."""
    if row["adopted_verdict"] == "not_applicable" and row["target_year"] > period.end:
        return Coded.of(row["adopted_on_path"]) or Coded("not_due", phrase("annual_not_due", lang))
    return Coded(row["adopted_verdict"])


def _change(values: list[Cell], form: str) -> Amount | None:
    """Return the last period's value less the one before; None where one of them is not known, or an interval."""
    last = [cell for cell in values[-2:] if isinstance(cell, Amount) and cell.known]
    return Amount.of(last[1].low - last[0].low, change_format(form)) if len(last) == 2 else None
