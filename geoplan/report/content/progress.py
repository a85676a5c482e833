"""完成 and 序时: how much of the way from the start of a plan to its target is done, and how much of the time has passed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.report.content.findings import of_part_only
from geoplan.report.content.names import Names, present


def way_done(low: float, high: float, *, start: float, target: float) -> tuple[float, float]:
    """Return (value - start) / (target - start), least and most; NaN where target and start are one.

    Examples
    --------
    >>> way_done(48.0, 49.0, start=48.0, target=50.0), way_done(8.0, 8.0, start=10.0, target=6.0)
    ((0.0, 0.5), (0.5, 0.5))
    """
    if target == start:
        return np.nan, np.nan
    ends = [(end - start) / (target - start) for end in (low, high)]
    return min(ends), max(ends)  # against a falling target the most is the less far


def time_passed(at: float, *, start: float, target: float) -> float:
    """Return the share of the time from the end of year `start` to that of year `target` that has passed, 0-1; NaN where it is none.

    Examples
    --------
    >>> time_passed(2023, start=2020, target=2025), time_passed(2030, start=2020, target=2025)
    (0.6, 1.0)
    """
    span = target - start
    return float(np.clip((at - start) / span, 0, 1)) if span > 0 else np.nan


def start_of(rules: pd.DataFrame, rule: str) -> tuple[float, float]:
    """Return value and year at which the path of a rule starts; NaN where the plan gives none."""
    value, year = (_number(rules.loc[rule, column]) for column in ("base_value", "base_year"))
    return value, year


def _number(value: object) -> float:
    return float(value) if present(value) else np.nan  # type: ignore[arg-type]


def begin_of(names: Names, rule: str) -> tuple[float, float]:
    """Return the same as `start_of`, from the names of an outcome."""
    value, year = (_number(names.of_rule(rule, column)) for column in ("base_value", "base_year"))
    return value, year


def progress_text(names: Names, row: Mapping[str, Any], low: object, high: object) -> str:
    """Return 已完成 / 应完成 of a value of a finding, as ``60% / 75%``; nothing where the plan gives no start or no figure."""
    start, year = begin_of(names, str(row["rule_id"]))
    if not present(low) or not present(row["path_target"]) or of_part_only(row, low):
        return ""
    done = way_done(_number(low), _number(high), start=start, target=float(row["path_target"]))
    return done_and_due(done, time_passed(row["year"], start=year, target=row["path_target_year"]))


def done_and_due(done: tuple[float, float], due: float) -> str:
    """Return ``60% / 75%``; nothing where one of them is not known."""
    if not present(done[0]) or not present(due):
        return ""
    return f"{whole_percent(*done)} / {whole_percent(due, due)}"


def whole_percent(low: float, high: float) -> str:
    """Return a share of the way in whole per cent; it may be negative, or above 100.

    Examples
    --------
    >>> whole_percent(0.254, 0.254), whole_percent(-0.1, 0.5), whole_percent(0.5, float("inf")), whole_percent(-0.002, -0.002)
    ('25%', '-10%–50%', '≥ 50%', '0%')
    """
    # adding 0 turns -0 into 0
    shown = [f"{round(100 * end) + 0:.0f}%" if np.isfinite(end) else "" for end in (low, high)]
    if not shown[1]:
        return f"≥ {shown[0]}"
    return shown[0] if shown[0] == shown[1] else "–".join(shown)
