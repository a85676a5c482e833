"""Figures that departments report (部门填报值): which one is of a year, and which figure of an indicator counts (采用值)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.standards.data import AssessmentData
from geoplan.standards.measure import NAN, Measured
from geoplan.standards.requirement import ROUNDING_TOLERANCE, on_path
from geoplan.standards.rules import Rule
from geoplan.standards.verdict import judge
from geoplan.tables import FINDINGS
from geoplan.words.periods import Period, parse_period


@dataclass(frozen=True)
class Figure:
    """What is reported of one indicator for one year, in the rule's unit; `high` differs where years are missing."""

    low: float
    high: float
    by: str = ""
    period: str = ""
    adopt: str = ""
    reason: str = ""


def figure_of(reported: pd.DataFrame, rule: Rule, year: int) -> Figure | None:
    """Return what departments report of a rule for a year; None where they report nothing.

    Of several periods of the year the latest counts: a level is that at its end, the amount of a year what was done until then. A
    figure without a period is of any year. What is counted since the base (``cumulative``) is the sum of the years after the base
    year, the plan's first year where there is no base; a year without a figure leaves the sum open upwards.

    Parameters
    ----------
    reported
        `geoplan.tables.REPORTED`.
    """
    rows = reported[reported["rule_id"] == rule.rule_id]
    mine = [(_period(row["period"]), row) for row in rows.to_dict("records")]
    last = _latest(mine, year)
    if last is None:
        return None
    figure = Figure(
        float(last["value"]), float(last["value"]), *(_text(last[key]) for key in ("by", "period", "adopt", "reason"))
    )  # fmt: skip
    first = rule.start.year + 1 if rule.start else rule.years[0] if rule.years else year
    if rule.counts_over != "cumulative" or not figure.period:
        return figure
    told = [_latest(mine, one, dated=True) for one in range(min(first, year), year + 1)]
    known = sum(float(row["value"]) for row in told if row is not None)
    return replace(figure, low=known, high=math.inf if None in told else known)


def _latest(rows: list[tuple[Period | None, dict[Any, Any]]], year: int, *, dated: bool = False) -> dict[Any, Any] | None:  # fmt: skip
    """Return the row of the last period of a year, else one without a period (unless only `dated` ones are asked for)."""
    of_year = [(period, row) for period, row in rows if period is not None and period.year == year]
    if of_year:
        return max(of_year, key=lambda pair: pair[0].end)[1]
    return None if dated else next((row for period, row in rows if period is None), None)


def _period(cell: object) -> Period | None:
    return parse_period(_text(cell)) if _text(cell) else None


def _text(cell: object) -> str:
    return "" if cell is None or pd.isna(cell) else str(cell)  # type: ignore[call-overload]


def plan_figure(data: AssessmentData, rule: Rule, zone: str) -> Figure | None:
    """Return what is reported of a rule in the study's year for a zone: a figure is of the plan's area, and of no part of it.

    None too where the plan speaks for several zones, of which the figure does not say which it means.
    """
    mine = rule.plan_zones(data)
    return figure_of(data.reported, rule, data.year) if mine == (zone,) else None


def judged_at(
    data: AssessmentData, rule: Rule, found: Measured, period: Period | None, *, covered: float
) -> dict[str, Any]:
    """Return the verdict on a figure in the study's year (`geoplan.standards.verdict.judge`), or at the end of a period of it.

    At the end of a period those targets are due whose year has ended by then, and the straight path is read at that time. What is
    counted year by year is due in the course of its year: until it ends, the part of the target that is the part of the year.
    """
    year = data.year if period is None else int(period.end)
    if period is None or year == period.year:
        what = rule.measure_requirement(data.year, data.thresholds)
        return judge(rule, found, year=data.year, what=what, covered=covered)
    if rule.counts_over == "yearly":
        return _in_its_year(data, rule, found, period, covered)
    what = rule.measure_requirement(year, data.thresholds)
    row = judge(rule, found, year=year, what=what, covered=covered)
    path = on_path(rule.start, rule.targets, found.low, found.high, year=period.end)
    return row | {"on_path": path if row["verdict"] != "no_data" else ""}


def _in_its_year(
    data: AssessmentData, rule: Rule, found: Measured, period: Period, covered: float
) -> dict[str, Any]:
    """Return the verdict on what was done in a part of a year: met once the year's target is, else whether it is on its way."""
    what = rule.measure_requirement(data.year, data.thresholds)
    row = judge(rule, found, year=data.year, what=what, covered=covered)
    if row["verdict"] not in ("met", "not_met"):
        return row | {"on_path": ""}
    part = replace(what, required=what.required * period.passed)
    path = {True: "on_path", False: "behind", None: ""}[part.holds(found.low, found.high)]
    # a limit that is kept so far may yet be passed
    is_met = row["verdict"] == "met" and what.comparison in (">=", ">")
    return row | {"on_path": path} | ({} if is_met else {"verdict": "not_applicable", "shortfall": NAN})


def as_of(
    data: AssessmentData, rules: Sequence[Rule], findings: pd.DataFrame, period: Period
) -> pd.DataFrame:
    """Return the findings of a year as they stand at the end of a period of it.

    What was measured is that of the year. What departments report is what they have reported for periods that end no later; a
    figure without a period is of any. Verdicts and targets are those of `judged_at`; shortfalls are not worked out.

    Parameters
    ----------
    data
        The year's tables; `year` is the period's.
    findings
        `geoplan.tables.FINDINGS` of that year.
    """
    told = (_period(cell) for cell in data.reported["period"])
    in_time = [one is None or one.end <= period.end + ROUNDING_TOLERANCE for one in told]
    known = replace(data, reported=data.reported[np.array(in_time, dtype=bool)])
    by_id = {rule.rule_id: rule for rule in rules}
    rows = [_as_of(known, by_id[row["rule_id"]], row, period) for row in findings.to_dict("records")]
    return FINDINGS.typed(pd.DataFrame(rows, columns=list(findings.columns)))


def _as_of(data: AssessmentData, rule: Rule, row: dict[Any, Any], period: Period) -> dict[Any, Any]:
    zone = str(row["zone_id"])
    covered = rule.covered(data, zone)
    if rule.is_reported:
        found = next(one for one in rule.measure(data) if one.zone_id == zone)
        judged = judged_at(data, rule, found, period, covered=covered)
    else:
        found = Measured(zone, float(row["actual_low"]), float(row["actual_high"]), rule.gap_scale)
        by_value = judged_at(data, rule, found, None, covered=covered)["verdict"] == row["verdict"]
        # what is not judged for another reason than its value is not judged at any time of the year
        is_open = by_value and not math.isnan(found.low)
        judged = judged_at(data, rule, found, period, covered=covered) if is_open else {}
    kept = {name: judged[name] for name in _OF_TIME if name in judged}
    now = {**row, "shortfall": NAN, "gross_shortfall": NAN, **kept}
    return {**now, **adopted(data, rule, found, now, period=period)}


#: Columns of a finding that a period of the year decides.
_OF_TIME = (
    "actual_low", "actual_high", "required", "required_upper", "aim", "comparison", "target_year", "verdict", "on_path", "path_target",
    "path_target_year",
)  # fmt: skip


def adopted(
    data: AssessmentData, rule: Rule, found: Measured, row: Mapping[Any, Any], *, period: Period | None = None
) -> dict[str, Any]:
    """Return the columns of a finding that tell what is reported and which figure counts, and the verdict by that figure.

    The measured figure counts where it is known or decides the verdict, else what is reported; unless the department or the
    planner says which (``adopt``). Its verdict stands beside the finding's own.

    Parameters
    ----------
    found
        What was measured.
    row
        Its verdict (`geoplan.standards.verdict.judge`).
    period
        Period at whose end it is judged; None: the study's year.
    """
    figure = plan_figure(data, rule, found.zone_id)
    measured = {
        "adopted": "" if rule.is_reported or math.isnan(found.low) else "measured",
        "adopted_low": found.low, "adopted_high": found.high,
        "adopted_verdict": row["verdict"], "adopted_on_path": row["on_path"],
    }  # fmt: skip
    if figure is None:
        return {"reported": NAN, "reported_high": NAN, "reported_by": "", "reported_period": "", "reported_reason": "", **measured}  # fmt: skip
    told = {
        "reported": figure.low, "reported_high": figure.high, "reported_by": figure.by, "reported_period": figure.period,
        "reported_reason": figure.reason,
    }  # fmt: skip
    decided = found.low == found.high or row["verdict"] in ("met", "not_met")
    is_known = not rule.is_reported and not math.isnan(found.low) and decided
    if figure.adopt == "measured" or (is_known and figure.adopt != "reported"):
        return told | measured
    said = Measured(found.zone_id, figure.low, figure.high, rule.gap_scale, rows=1, group=found.group)
    judged = judged_at(data, rule, said, period, covered=1.0)
    return told | {
        "adopted": "reported", "adopted_low": figure.low, "adopted_high": figure.high,
        "adopted_verdict": judged["verdict"], "adopted_on_path": judged["on_path"],
    }  # fmt: skip
