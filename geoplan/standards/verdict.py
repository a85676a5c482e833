"""Verdicts: an interval against what is due in the study's year, and the gap in the unit in which one builds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geoplan.standards.data import LEAST_COVERED
from geoplan.standards.measure import NAN, Measured
from geoplan.words.errors import Note
from geoplan.words.vocabulary import label, vocabulary

if TYPE_CHECKING:
    from geoplan.standards.rules import Rule

#: Taken off before a gap of beds, places or facilities is rounded up, so that sums of floats do not add one.
HAIR = 1e-6


@dataclass(frozen=True)
class Due:
    """What a rule asks for in one year.

    Parameters
    ----------
    comparison
        ``>=``, ``>``, ``<=``, ``<``, ``=``, ``between`` or empty where nothing is quantified.
    required, upper
        Value that judges, and the upper limit of ``between``; NaN where there is none.
    aim
        Recommended value; NaN where there is none.
    target_year
        Year of the target.
    is_due
        False where the first target lies after the study's year.
    local
        True where the value is a local threshold (本地设定).
    either
        The stricter of two values of which a zone's circumstances decide; NaN where there is one value.
    """

    comparison: str
    required: float = NAN
    upper: float = NAN
    aim: float = NAN
    target_year: int = 0
    is_due: bool = True
    local: bool = False
    either: float = NAN


def due(rule: "Rule", year: int, thresholds: Mapping[str, float]) -> Due:
    """Return what `rule` asks for in `year`: its latest target at or before it, else the first to come.

    A local threshold stands in for a target that the plan does not quantify, or of which two values are named.
    """
    past = [target for target in rule.targets if target.year <= year]
    target = past[-1] if past else rule.targets[0]
    local = thresholds.get(rule.rule_id)
    if local is not None and (target.floor is None or target.either):
        comparison = target.comparison if target.comparison and target.comparison != "range" else ">="
        return Due(comparison, float(local), target_year=target.year, is_due=bool(past), local=True)
    if target.floor is None:
        return Due("", target_year=target.year, is_due=bool(past))
    if target.comparison == "range":
        limits = rule.range_is == "limits"
        upper, aim = (target.upper, NAN) if limits else (NAN, target.upper)
        return Due(
            "between" if limits else ">=", target.floor, upper or NAN, aim or NAN, target.year, bool(past)
        )
    return Due(
        target.comparison,
        target.floor,
        target_year=target.year,
        is_due=bool(past),
        either=NAN if target.upper is None else target.upper,
    )


def holds(low: float, high: float, what: Due) -> bool | None:
    """Return True where every value in low..high is as it is due, False where none is, None where it is open.

    Examples
    --------
    >>> holds(4.5, 4.5, Due(">=", 4.5)), holds(4.0, 4.4, Due(">=", 4.5)), holds(4.0, 4.6, Due(">=", 4.5))
    (True, False, None)
    """
    if math.isnan(low) or math.isnan(high):
        return None
    if not math.isnan(what.either):
        strict = holds(low, high, Due(what.comparison, what.either))
        loose = holds(low, high, Due(what.comparison, what.required))
        return True if strict else False if loose is False else None
    if what.comparison == "between":
        above = holds(low, high, Due(">=", what.required))
        below = holds(low, high, Due("<=", what.upper))
        return False if False in (above, below) else (True if above and below else None)
    sure, maybe = _bounds(low, high, what.comparison, what.required)
    return True if sure else None if maybe else False


def _bounds(low: float, high: float, comparison: str, required: float) -> tuple[bool, bool]:
    # a float sum may miss a boundary by its last digits
    hair = 1e-9 * max(1.0, abs(required))
    if comparison == ">=":
        return low >= required - hair, high >= required - hair
    if comparison == ">":
        return low > required + hair, high > required + hair
    if comparison == "<=":
        return high <= required + hair, low <= required + hair
    if comparison == "<":
        return high < required - hair, low < required - hair
    inside = low - hair <= required <= high + hair
    return inside and abs(high - low) <= 2 * hair, inside


def gap(low: float, high: float, scale: float, what: Due, *, unit: str) -> float:
    """Return how much is certainly missing, in `unit`; the amount above an upper limit is given as a negative.

    The most that the rows allow is counted, so that the gap is the least that must be built; whole units are rounded
    up after `HAIR` is taken off, and a strict ``>`` asks for one more than the bound.

    Examples
    --------
    >>> gap(48.0, 48.0, 10.0, Due(">=", 50.0), unit="beds"), gap(4.4, 4.4, 12.0, Due(">=", 4.5), unit="places")
    (20.0, 2.0)
    """
    if what.comparison in ("<=", "<") or (what.comparison == "between" and low > what.upper):
        limit = what.upper if what.comparison == "between" else what.required
        return -rounded((low - limit) * scale, unit=unit)
    if what.comparison == "=" and low > what.required:
        return -rounded((low - what.required) * scale, unit=unit)
    return rounded((what.required - high) * scale, unit=unit, strict=what.comparison == ">")


def rounded(amount: float, *, unit: str, strict: bool = False) -> float:
    """Return an amount in whole beds, places or facilities; other units as they are; never below 0."""
    if math.isnan(amount) or math.isinf(amount) or not vocabulary("units").get(unit, {}).get("whole", False):
        return amount if math.isnan(amount) else max(amount, 0.0)
    up = math.floor(amount + HAIR) + 1 if strict else math.ceil(amount - HAIR)
    return float(max(up, 0))


def on_path(rule: "Rule", low: float, high: float, year: int) -> str:
    """Return ``on_path`` or ``behind`` against the straight line from the base to the first target after it.

    Empty where there is no base, no figure, or the year does not lie between them.
    """
    start, ahead = rule.start, [t for t in rule.targets if t.floor is not None]
    if start is None or not ahead or math.isnan(low):
        return ""
    knots = [
        (start.year, start.value),
        *((t.year, float(t.floor or 0.0)) for t in ahead if t.year > start.year),
    ]
    if not knots[0][0] <= year < knots[-1][0]:
        return ""
    line = float(np.interp(year, [at for at, _ in knots], [value for _, value in knots]))
    comparison = "<=" if ahead[0].comparison in ("<=", "<") else ">="
    found = holds(low, high, Due(comparison, line))
    return {True: "on_path", False: "behind", None: ""}[found]


def judge(rule: "Rule", found: Measured, *, year: int, what: Due, covered: float) -> dict[str, Any]:
    """Return the finding for one rule at one zone, without the columns that need other tables.

    Parameters
    ----------
    what
        What is due, from :func:`due`.
    covered
        How much of the zone has communities (0-1); under 0.95 gives no verdict.
    """
    kept, missing = holds(found.low, found.high, what) if what.comparison else None, list(found.missing)
    short = NAN
    verdict = _verdict(found, what, kept)
    if verdict == "no_data" and not missing:
        missing = [*_straddle(rule, found, what), *found.hints]
    if verdict in ("met", "not_met", "no_data") and not found.missing and covered < LEAST_COVERED:
        verdict, missing = "no_data", [Note.of("rule_not_covered", share=f"{covered:.1%}"), *missing]
    if verdict == "not_applicable" and not what.is_due and found.applicable:
        missing = [Note.of("rule_not_due", target_year=what.target_year)]
    if verdict == "not_met":
        short = gap(found.low, found.high, found.scale, what, unit=rule.unit)
    return {
        "actual_low": found.low, "actual_high": found.high, "unknown_rows": found.unknown_rows, "rows": found.rows,
        "required": what.required, "required_upper": what.upper, "aim": what.aim, "comparison": what.comparison,
        "target_year": what.target_year, "local": what.local or bool(rule.local_entries),
        "shortfall": abs(short), "surplus": verdict == "not_met" and short < 0,
        "gross_shortfall": _gross(rule, found, what), "unit": rule.unit, "verdict": verdict,
        "on_path": on_path(rule, found.low, found.high, year) if verdict != "no_data" else "",
        "missing": missing,
    }  # fmt: skip


def _verdict(found: Measured, what: Due, kept: bool | None) -> str:
    if found.missing:
        # a clause without figure and standard is not judged even when every table is there
        unsaid = not what.comparison and all(note.code == "rule_no_standard" for note in found.missing)
        return "not_quantified" if unsaid else "no_data"
    if not found.applicable:
        return "not_applicable"
    if not what.comparison:
        return "not_quantified"
    if not what.is_due:
        return "not_applicable"
    return "no_data" if kept is None else "met" if kept else "not_met"


def _gross(rule: "Rule", found: Measured, what: Due) -> float:
    """Return the sum of the gaps of the towns below, a surplus not offsetting a neighbour."""
    if found.parts is None or found.missing or what.comparison not in (">=", ">") or not what.is_due:
        return NAN
    gaps = [
        gap(low, high, scale, what, unit=rule.unit)
        for low, high, scale in found.parts[["low", "high", "scale"]].itertuples(index=False)
        if holds(low, high, what) is False
    ]
    return float(sum(gaps))


def _straddle(rule: "Rule", found: Measured, what: Due) -> list[Note]:
    """Return why an interval leaves a rule open: the rows that are known, and what the others must add."""
    unit: dict[str, Any] = {f"unit_{lang}": label("units", rule.unit, lang) for lang in ("zh", "en")}
    if math.isnan(found.low):
        return [Note.of("rule_nothing_measured")]
    if not math.isnan(what.either) and found.low == found.high:
        return [Note.of("rule_either", low=f"{what.required:g}", high=f"{what.either:g}")]
    known_rows, rest = found.rows - found.unknown_rows, found.unknown_rows
    if found.known is not None:
        return [_share_straddle(found, what, known_rows, unit)]
    # what the certain rows have; what they must add is told without the least that the others may be known to have
    have = found.low * found.scale if math.isnan(found.have) else found.have
    if what.comparison in (">=", ">", "=", "between"):
        must = rounded(what.required * found.scale - have, unit=rule.unit, strict=what.comparison == ">")
        code = "rule_rows_must_add"
    else:
        must = max(math.floor(what.required * found.scale - have + HAIR), 0)
        code = "rule_rows_may_add"
    return [
        Note.of(
            code,
            have=f"{have:,.0f}",
            known=known_rows,
            rows=found.rows,
            rest=rest,
            must=f"{must:,.0f}",
            **unit,
        )
    ]


def _share_straddle(found: Measured, what: Due, known_rows: int, unit: dict[str, Any]) -> Note:
    part, whole = found.known or (NAN, NAN)
    values: dict[str, Any] = {
        "part": f"{part:,.0f}", "whole": f"{whole:,.0f}", "known": known_rows, "rows": found.rows,
        "rest": found.unknown_rows, **unit,
    }  # fmt: skip
    missing = what.required * whole - part
    if what.comparison in (">=", ">") and missing > 0 and what.required < 1:
        # every unit that the other rows add to the part adds one to the whole as well
        return Note.of(
            "rule_share_must_add", must=f"{math.ceil(missing / (1 - what.required) - HAIR):,.0f}", **values
        )
    room = max(part / what.required - whole, 0.0) if what.required > 0 else math.inf
    return Note.of("rule_share_may_add", may=f"{math.floor(room + HAIR):,.0f}", **values)
