"""The indicator table: what each rule asks, what was measured, and whether it is met."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.sheet import (
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    between,
    block_of,
    empty,
    number,
    present,
    rows_of,
    text,
    value_kind,
    word,
)
from geoplan.tables import VERDICTS, Outcome

_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "="}


def indicators(outcome: Outcome, *, every: bool = False) -> Sheet:
    """Return 主要指标对照表: one row a finding, at the plan's own level.

    Parameters
    ----------
    outcome
        What a run found out.
    every
        True lists every finding (the CSV); else a rule that judges many zones below the plan's area has one row that
        counts them, and those that fall short stand in 未达标单元明细.
    """
    lang, names = outcome.lang, Names(outcome)
    found = rows_of(outcome.findings) if every else summarised(outcome.findings)
    several = len({row["zone_id"] for row in found}) > 1
    columns = [
        Column(look.label("serial", lang), "whole", 5),
        *([Column(look.label("zone", lang), "text", 10)] if several else []),
        Column(look.label("indicator", lang), "text", 22),
        Column(word("indicator_unit", lang), "text", 8),
        Column(look.label("attribute", lang), "text", 8),
        Column(look.label("base", lang), "text", 12),
        Column(look.label("actual", lang), "rate", 9),
        Column(look.label("reported", lang), "rate", 8),
        Column(look.label("required", lang), "text", 9),
        Column(look.label("completion", lang), "share", 8),
        Column(look.label("progress", lang), "text", 9),
        Column(look.label("shortfall", lang), "whole", 8, "short"),
        Column(look.label("gross_shortfall", lang), "whole", 9),
        Column(word("shortfall_unit", lang), "text", 7),
        Column(look.label("verdict", lang), "text", 11, "verdict"),
        Column(look.label("lead", lang), "text", 11),
        Column(word("calculated", lang), "text", 34),
        Column(look.label("clause", lang), "text", 18),
        Column(word("missing", lang), "text", 28),
    ]
    told = outcome.reported
    said = {} if empty(told) else dict(zip(told["rule_id"], told["value"], strict=True))
    colours = verdicts(lang)
    rows: list[list[Value | Cell]] = []
    for position, row in enumerate(found, start=1):
        place = names.zone(row["zone_id"])
        if "counts" in row:
            place, verdict, colour = _counted(row, names)
            colours[verdict] = colour
        else:
            verdict = look.label(row["verdict"], lang)
        cells = _indicator_row(row, names, said)
        rows.append([position, *([place] if several else []), *cells[:12], verdict, *cells[12:]])
    name = look.label("indicators_sheet", lang)
    notes = [word("indicators_note", lang)]
    if any("counts" in row for row in found):
        notes.append(word("indicators_counted", lang, sheet=word("members_sheet", lang)))
    return Sheet(name, (block_of(columns, rows),), tuple(notes), 3 if several else 2, colours)


def summarised(findings: pd.DataFrame, *, most: int | None = None) -> list[dict[str, Any]]:
    """Return findings as rows, those of one rule at many zones below the plan's area in one row with ``counts``.

    So are those of the plan's own zones where a rule judges more than `most` of them. ``counts`` is verdict -> how many; ``shortfall`` is empty and ``gross_shortfall`` their sum, since one zone's surplus
    makes up for no other's gap.
    """
    rows: list[dict[str, Any]] = []
    if "of_plan" in findings.columns:
        below = ~findings["of_plan"].astype(bool)
    else:
        below = pd.Series(data=False, index=findings.index)
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
    cleared = {"actual_low": None, "actual_high": None, "shortfall": None, "on_path": ""}
    unlike = {} if alike else {"required": None, "aim": None}
    return {**first, **cleared, **unlike, "gross_shortfall": short, "verdict": worst, "counts": counts}


def _counted(row: Mapping[str, Any], names: Names) -> tuple[str, str, str]:
    """Return place, verdicts in words and the key of their colour for a row that counts zones."""
    lang, counts = names.lang, row["counts"]
    level = look.label(names.level(row["zone_id"]), lang)
    place = word("zones_counted", lang, count=sum(counts.values()), level=level)
    order = [verdict for verdict in VERDICTS if verdict in counts]
    space = "" if lang == "zh" else " "
    said = "\n".join(f"{look.label(verdict, lang)}{space}{counts[verdict]}" for verdict in order)
    return place, said, row["verdict"]


def _indicator_row(row: Mapping[str, Any], names: Names, said: Mapping[str, Any]) -> list[Value | Cell]:
    """Return the cells of one finding without serial, place and verdict."""
    lang, rule = names.lang, row["rule_id"]
    kind = value_kind(names, rule)
    not_met = row["verdict"] == "not_met"
    return [
        names.rule(rule),
        unit_of_value(names, rule, row["unit"]),
        text(row["attribute"]),
        base_text(names, rule, kind),
        between(row["actual_low"], row["actual_high"], kind),
        number(said.get(rule), kind),
        target_text(row, kind),
        completion(row),
        look.label(row["on_path"], lang),
        number(row["shortfall"], "whole") if not_met else None,
        number(row["gross_shortfall"], "whole") if not_met else None,
        look.unit(row["unit"], lang) if not_met else "",
        text(names.of_rule(rule, "lead")),
        _basis(names, rule, row["basis"]),
        text(names.of_rule(rule, f"cited_{lang}")) or text(row["clause"]),
        _remarks(row, names, kind),
    ]


def _remarks(row: Mapping[str, Any], names: Names, kind: str) -> str:
    """Return what is to be said of one finding: what is missing, what people can reach, another basis, a local figure."""
    lang = names.lang
    as_kind = {"share": "share", "rate": "provision"}.get(kind, "")
    said = [text(row.get(f"missing_{lang}"))]
    if present(row.get("reachable_low")):
        said.append(
            word(
                "reachable_beside",
                lang,
                amount=look.interval(row["reachable_low"], row["reachable_high"], "", kind=as_kind),
            )
        )
    if text(row.get("other_verdict")):
        verdict = look.label(row["other_verdict"], lang)
        said.append(word("other_basis_beside", lang, basis=text(row["other_basis"]), verdict=verdict))
    if row.get("local") is True or text(names.of_rule(row["rule_id"], "local")):
        said.append(word("local_figure", lang))
    return ("；" if lang == "zh" else "; ").join(part for part in said if part)


def verdicts(lang: str) -> dict[str, str]:
    """Return the words of the verdicts and what colours them."""
    return {look.label(v, lang): v for v in VERDICTS}


def unit_of_value(names: Names, rule: str, gap_unit: object) -> str:
    """Return the unit of a rule's value: per cent, 张/千人, or the unit in which one builds."""
    own = names.of_rule(rule, f"unit_{names.lang}")
    if own:
        return str(own)
    return "%" if value_kind(names, rule) == "share" else look.unit(gap_unit, names.lang)


def base_text(names: Names, rule: str, kind: str) -> str:
    """Return the plan's base value and its year: ``36.4% (2022)``."""
    value, year = names.of_rule(rule, "base_value"), names.of_rule(rule, "base_year")
    if value is None and not isinstance(names.of_rule(rule, "base"), str):
        value = names.of_rule(rule, "base")
    if value is None:
        return ""
    amount = _amount(float(value), kind)
    if year is None:
        return amount
    return f"{amount} ({int(year)})"


def _amount(value: float, kind: str) -> str:
    return (
        look.share(value)
        if kind == "share"
        else look.amount(value, "", kind="provision" if kind == "rate" else "")
    )


def target_text(row: Mapping[str, Any], kind: str) -> str:
    """Return what a finding was judged against: ``≥55.0%``, with the recommended value where the plan gives one."""
    if not present(row["required"]):
        return ""
    required, aim = float(row["required"]), row["aim"]
    if row["comparison"] == "between" and present(aim):
        return f"{_amount(required, kind)}–{_amount(float(aim), kind)}"
    sign = _SIGNS.get(str(row["comparison"]), "")
    above = f" → {_amount(float(aim), kind)}" if present(aim) and float(aim) != required else ""
    return f"{sign}{_amount(required, kind)}{above}"


def completion(row: Mapping[str, Any]) -> Value | Cell:
    """Return actual over target, for at-least targets that are not 0; an interval where the actual is one."""
    if row["comparison"] not in (">=", ">") or not present(row["required"]) or float(row["required"]) == 0:
        return None
    if not present(row["actual_low"]):
        return None
    required = float(row["required"])
    high = row["actual_high"]
    return between(
        float(row["actual_low"]) / required, float(high) / required if present(high) else None, "share"
    )


def _basis(names: Names, rule: str, people: object) -> str:
    parts = [text(names.of_rule(rule, f"basis_{names.lang}")), text(people)]
    return ("；" if names.lang == "zh" else "; ").join(part for part in parts if part)
