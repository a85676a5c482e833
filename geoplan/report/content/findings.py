"""主要指标对照表: what each rule asks, what was measured, and whether it is met."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report.content.adopted import adopted_from, adopted_of, difference_of, measured_of, reason_of
from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, caveats_of, present, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table, Tally, gap_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, unit, zones_word
from geoplan.words.numbers import format_exact, format_interval

#: Columns of a table of findings where a department has reported.
REPORTED = ("annex_difference", "annex_reason", "adopted_value", "adopted_from")


@listed(30, "workbook")
def indicators(outcome: Outcome, *, most: int | None = None) -> Table:
    """Return 主要指标对照表: one row a finding at the plan's own level.

    A rule that judges many zones below the plan's area has one row that counts them; those that fall short stand in
    未达标单元明细. So have the plan's own zones where a rule judges more than `most` of them.
    """
    return _table("indicators", outcome, summarised(outcome.findings, most=most))


@listed(30, "csv")
def findings(outcome: Outcome) -> Table:
    """Return every finding, a row each."""
    return _table("findings", outcome, rows_of(outcome.findings))


def _table(key: str, outcome: Outcome, found: list[dict[str, Any]]) -> Table:
    lang, names = outcome.lang, Names(outcome)
    several = len({row["zone_id"] for row in found}) > 1
    # what departments report stands beside what was measured, with what counts
    beside = REPORTED if outcome.findings["reported"].notna().any() else ()
    keys = (
        "serial", "rule_id", "indicator", "zone", "zone_code", "unit_of_value", "attribute", "base", "actual", "reported", *beside, "target",
        "required", "completion", "progress", "shortfall", "gross_shortfall", "unit", "verdict", "members", "lead", "counting", "clause",
        "finding_note", "caveats",
    )  # fmt: skip
    depths: dict[str, Any] = {"required": 4, **dict.fromkeys(beside, 3)} | (
        {} if several else {"zone": 4, "zone_code": 4}
    )
    notes = [phrase("indicators_note", lang)]
    if any("counts" in row for row in found):
        notes.append(phrase("indicators_counted", lang, sheet=phrase("members_title", lang)))
    rows, title = (_row(row, names) for row in found), phrase("indicators_title", lang)
    return table_of(
        key, lang, keys, rows, title=title, depths=depths, notes=tuple(notes), frozen=4 if several else 3
    )


def summarised(findings: pd.DataFrame, *, most: int | None = None) -> list[dict[str, Any]]:
    """Return findings as rows, those of one rule at many zones below the plan's area in one row with ``counts``.

    So are those of the plan's own zones where a rule judges more than `most` of them. ``counts`` is verdict -> how many;
    ``shortfall`` is empty and ``gross_shortfall`` their sum, since one zone's surplus makes up for no other's gap. ``caveats`` are
    those of any of them.
    """
    rows: list[dict[str, Any]] = []
    below = ~findings["of_plan"].astype(bool)
    if most is not None:
        below |= findings.groupby("rule_id")["rule_id"].transform("size") > most
    counted = findings[below]
    by_rule = {rule: own for rule, own in counted.groupby("rule_id", sort=False) if len(own) > 1}
    done: set[str] = set()
    for row, many in zip(rows_of(findings), below, strict=True):
        own = by_rule.get(row["rule_id"]) if many else None
        if own is None:
            rows.append(row)
        elif row["rule_id"] not in done:
            done.add(row["rule_id"])
            rows.append(_one_row(row, own))
    return rows


def _one_row(first: Mapping[str, Any], own: pd.DataFrame) -> dict[str, Any]:
    counts = {str(k): int(v) for k, v in own["verdict"].value_counts(sort=False).items()}
    short = own.loc[own["verdict"] == "not_met", "shortfall"].sum(min_count=1)
    worst = next((v for v in ("not_met", "no_data", "met") if v in counts), str(first["verdict"]))
    alike = len(set(own["required"].fillna(-1.0))) == 1
    cleared = {
        "actual_low": None,
        "actual_high": None,
        "shortfall": None,
        "on_path": "",
        "members_judged": None,
    }
    unlike = {} if alike else {"required": None, "aim": None, "target_zh": "", "target_en": ""}
    caveats = tuple(dict.fromkeys(code for codes in own["caveats"] for code in codes))
    told = {"gross_shortfall": short, "verdict": worst, "counts": counts, "caveats": caveats}
    return {**first, **cleared, **unlike, **told}


def place_of(names: Names, row: Mapping[str, Any]) -> str:
    """Return the zone of a finding; of a row that counts zones, how many there are."""
    if "counts" not in row:
        return names.zone(row["zone_id"])
    level = zones_word(names.level(row["zone_id"]), names.lang)
    return phrase("indicators_zones", names.lang, count=sum(row["counts"].values()), level=level)


def verdict_of(row: Mapping[str, Any]) -> Coded | Tally:
    """Return the verdict of a finding; of a row that counts zones, how many of those judged meet the rule."""
    counts = row.get("counts")
    if counts is None or not counts.keys() & {"met", "not_met", "no_data"}:
        return Coded(row["verdict"])
    met = counts.get("met", 0)
    return Tally(met, met + counts.get("not_met", 0), counts.get("no_data", 0), "met")


def members_of(row: Mapping[str, Any]) -> Tally | None:
    """Return how many members meet the rule, of those judged, and those without data; None where it counts none."""
    if not present(row["members_judged"]):
        return None
    return Tally(int(row["members_met"]), int(row["members_judged"]), int(row["members_no_data"]))


def _row(row: Mapping[str, Any], names: Names) -> dict[str, Cell]:
    """Return the cells of one finding by their keys, without its number."""
    lang, rule = names.lang, row["rule_id"]
    number_format, not_met = names.format(rule), row["verdict"] == "not_met"
    is_one, measured = "counts" not in row, measured_of(names, row)
    return {
        "rule_id": rule,
        "indicator": names.rule(rule),
        "zone": place_of(names, row),
        "zone_code": names.code(row["zone_id"]) if is_one else "",
        "unit_of_value": unit_of_value(names, rule, row["unit"]),
        "attribute": names.attribute(rule),
        "base": base_of(names, rule),
        "actual": measured,
        "reported": Amount.between(row["reported"], row["reported_high"], number_format),
        "annex_difference": difference_of(row, measured, number_format) if is_one else None,
        "annex_reason": reason_of(row, measured, lang) if is_one else "",
        "adopted_value": adopted_of(names, row) if is_one else None,
        "adopted_from": adopted_from(row, lang) if is_one else None,
        "target": target_of(names, row),
        "required": Amount.of(row["required"], number_format),
        "completion": completion_of(row),
        "progress": Coded.of(row["on_path"]),
        "shortfall": gap_cell(row["shortfall"], row["unit"]) if not_met else None,
        "gross_shortfall": gap_cell(row["gross_shortfall"], row["unit"]) if not_met else None,
        "unit": Coded(row["unit"], unit(row["unit"], lang)) if not_met and present(row["unit"]) else None,
        "verdict": verdict_of(row),
        "members": members_of(row),
        "lead": text(names.of_rule(rule, "lead")),
        "counting": _joined(lang, names.of_rule(rule, f"basis_{lang}"), row["basis"]),
        "clause": names.clause(rule),
        "finding_note": _note(row, names, number_format),
        "caveats": _joined(lang, *caveats_of(row, lang)),
    }


def _joined(lang: str, *parts: object) -> str:
    return phrase("join_semicolon", lang).join(text(part) for part in parts if present(part))


def _note(row: Mapping[str, Any], names: Names, number_format: str) -> str:
    """Return what is to be said of one finding: what stands beside the value, what is missing, what people can reach, another basis."""
    lang = names.lang
    said = [text(row.get(f"note_{lang}")), text(row[f"missing_{lang}"])]
    if present(row["reachable_low"]):
        amount = format_interval(row["reachable_low"], row["reachable_high"], number_format)
        said.append(phrase("indicators_reachable", lang, amount=amount))
    if present(row["other_verdict"]):
        verdict = label(row["other_verdict"], lang)
        said.append(phrase("indicators_other_basis", lang, basis=text(row["other_basis"]), verdict=verdict))
    return _joined(lang, *said)


def base_of(names: Names, rule: str) -> str:
    """Return the plan's base value and its year: ``36.4%（2022年）``; nothing where there is none."""
    value, year = names.of_rule(rule, "base_value"), names.of_rule(rule, "base_year")
    if value is None:
        return ""
    # a figure that the plan gives to more digits than outputs print stands as it does there: 50.48 %
    amount = text(names.of_rule(rule, "base_sign")) + format_exact(float(value), names.format(rule))
    return amount if year is None else phrase("value_in_year", names.lang, value=amount, year=int(year))


def target_of(names: Names, row: Mapping[str, Any]) -> str:
    """Return what a finding was judged against, as the kind of its rule words it: ``≥55.0%``, ``1–2``, ``每处≤150 个托位``."""
    return text(row[f"target_{names.lang}"])


def completion_of(row: Mapping[str, Any]) -> Amount | None:
    """Return actual over target, for at-least targets that are not 0; an interval where the actual is one."""
    return completion(row, row["actual_low"], row["actual_high"])


def completion(row: Mapping[str, Any], low: object, high: object) -> Amount | None:
    """Return 完成率, low..high over the target of a finding: for at-least targets that are not 0, else None.

    What was measured in a part of a city is no part of the city's target.
    """
    if of_part_only(row, low):
        return None
    if row["comparison"] not in (">=", ">") or not present(row["required"]) or float(row["required"]) == 0:
        return None
    if not present(low):
        return None
    required = float(row["required"])
    first, last = (float(end) / required if present(end) else None for end in (low, high))  # type: ignore[arg-type]
    return Amount.between(first, last, "percent")


def of_part_only(row: Mapping[str, Any], value: object) -> bool:
    """Return whether a value was measured in a zone of which only a part has communities, while the target is that of all of it."""
    told = text(row.get("missing"))
    is_partial = "rule_not_covered" in told or "rule_part_of_city" in told
    return is_partial and present(value) and present(row["actual_low"]) and value == row["actual_low"]


def unit_of_value(names: Names, rule: str, gap_unit: object) -> str:
    """Return the unit of a rule's value: per cent, 张/千人, or the unit in which one builds."""
    return names.unit(rule) or ("%" if names.format(rule) == "percent" else unit(gap_unit, names.lang))
