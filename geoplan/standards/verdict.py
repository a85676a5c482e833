"""Verdicts: what was measured for a rule at one zone, judged by what is required in the study's year."""

import math
from typing import Any

from geoplan.standards.counts import both_labels
from geoplan.standards.data import LEAST_COVERED
from geoplan.standards.measure import NAN, Measured
from geoplan.standards.requirement import ROUNDING_TOLERANCE, Requirement, on_path, path_target, rounded
from geoplan.standards.rules import Rule
from geoplan.words.errors import Note


def judge(rule: Rule, found: Measured, *, year: int, what: Requirement, covered: float) -> dict[str, Any]:
    """Return the finding for one rule at one zone, without the columns that need other tables.

    `what` comes from `Rule.measure_requirement`. `covered` says how much of the zone has communities (0-1); under
    `LEAST_COVERED` gives no verdict, nor does an unknown part (NaN) of a city.
    """
    kept, missing = what.holds(found.low, found.high), list(found.missing)
    ahead = path_target(rule.targets, year=year)
    short = NAN
    verdict = _verdict(found, what, kept)
    if verdict == "no_data" and not missing:
        missing = [*_straddle(rule, found, what), *found.hints]
    if verdict in ("not_quantified", "not_met") and not missing and found.low != found.high:
        missing = list(found.hints)
    if verdict in ("met", "not_met", "no_data") and not found.missing and not covered >= LEAST_COVERED:
        part = Note.of("rule_part_of_city") if math.isnan(covered) else Note.of("rule_not_covered", share=f"{covered:.1%}")  # fmt: skip
        verdict, missing = "no_data", [part, *missing]
    if verdict == "not_applicable" and not what.is_due and found.applicable:
        missing = [Note.of("rule_not_due", target_year=what.target_year)]
    if verdict == "not_met":
        short = what.gap(found.low, found.high, found.scale, unit=rule.unit)
    return {
        "actual_low": found.low, "actual_high": found.high, "unknown_rows": found.unknown_rows, "rows": found.rows,
        "required": what.required, "required_upper": what.upper, "aim": what.aim, "comparison": what.comparison,
        "target_year": what.target_year, "local": what.local or bool(rule.local_entries),
        "shortfall": abs(short), "surplus": verdict == "not_met" and short < 0,
        "gross_shortfall": _gross(rule, found, what), "unit": rule.unit, "verdict": verdict,
        "on_path": on_path(rule.start, rule.targets, found.low, found.high, year=year) if verdict != "no_data" else "",
        "path_target": NAN if ahead is None or ahead.floor is None else ahead.floor,
        "path_target_year": 0 if ahead is None else ahead.year,
        "missing": missing,
    }  # fmt: skip


def _verdict(found: Measured, what: Requirement, kept: bool | None) -> str:
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


def _gross(rule: Rule, found: Measured, what: Requirement) -> float:
    """Return the sum of the gaps of the towns below, a surplus not offsetting a neighbour."""
    if found.parts is None or found.missing or what.comparison not in (">=", ">") or not what.is_due:
        return NAN
    gaps = [
        what.gap(low, high, scale, unit=rule.unit)
        for low, high, scale in found.parts[["low", "high", "scale"]].itertuples(index=False)
        if what.holds(low, high) is False
    ]
    return float(sum(gaps))


def _straddle(rule: Rule, found: Measured, what: Requirement) -> list[Note]:
    """Return why an interval leaves a rule open: the rows that are known, and what the others must add."""
    unit = both_labels("unit", "units", [rule.unit])
    if math.isnan(found.low):
        return [Note.of("rule_nothing_measured")]
    people = {"rule_people_off_network": found.off_network, "rule_people_may_reach": found.may_reach}
    if max(people.values()) > 0:
        who = both_labels("group", "groups", [found.group])
        return [Note.of(code, people=f"{n:,.0f}", **who) for code, n in people.items() if n > 0]
    if not math.isnan(what.either) and found.low == found.high:
        return [Note.of("rule_either", low=f"{what.required:g}", high=f"{what.either:g}")]
    known_rows, rest = found.rows - found.unknown_rows, found.unknown_rows
    if found.unsure_rows:
        return [_members_straddle(found)]
    if found.known is not None:
        return [_share_straddle(found, what, known_rows, unit)]
    if not math.isfinite(found.scale):
        # without the whole of a share it is not known how much must be added
        return [Note.of("rule_rows_known", known=known_rows, rows=found.rows)]
    # what the certain rows have; what they must add is told without the least that the others may be known to have
    have = found.low * found.scale if math.isnan(found.have) else found.have
    if what.comparison in (">=", ">", "=", "between"):
        must = rounded(what.required * found.scale - have, unit=rule.unit, strict=what.comparison == ">")
        code = "rule_rows_must_add"
    else:
        must = max(math.floor(what.required * found.scale - have + ROUNDING_TOLERANCE), 0)
        code = "rule_rows_may_add"
    counted: dict[str, Any] = {"known": known_rows, "rows": found.rows, "rest": rest}
    return [Note.of(code, have=f"{have:,.0f}", must=f"{must:,.0f}", **counted, **unit)]


def _members_straddle(found: Measured) -> Note:
    """Return what is known of members where it is not known of all whether they count."""
    met = found.tally.met if found.tally is not None else 0
    open_ = found.unknown_rows - found.unsure_rows
    known = found.rows - found.unknown_rows
    values: dict[str, Any] = {"rows": found.rows, "known": known, "met": met, "unsure": found.unsure_rows}
    return Note.of("rule_members_open" if open_ else "rule_members_unsure", open=open_, **values)


def _share_straddle(found: Measured, what: Requirement, known_rows: int, unit: dict[str, Any]) -> Note:
    part, whole = found.known or (NAN, NAN)
    values: dict[str, Any] = {
        "part": f"{part:,.0f}", "whole": f"{whole:,.0f}", "known": known_rows, "rows": found.rows,
        "rest": found.unknown_rows, **unit,
    }  # fmt: skip
    missing = what.required * whole - part
    if what.comparison in (">=", ">") and missing > 0 and what.required < 1:
        # every unit that the other rows add to the part adds one to the whole as well
        return Note.of(
            "rule_share_must_add",
            must=f"{math.ceil(missing / (1 - what.required) - ROUNDING_TOLERANCE):,.0f}",
            **values,
        )
    if what.comparison not in (">=", ">") or what.required <= 0:
        return Note.of("rule_rows_known", known=known_rows, rows=found.rows)
    room = max(part / what.required - whole, 0.0)
    return Note.of("rule_share_may_add", may=f"{math.floor(room + ROUNDING_TOLERANCE):,.0f}", **values)
