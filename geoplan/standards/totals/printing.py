"""Totals in words: the findings, the implied people and the notes as plain text for a terminal."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from geoplan.standards.requirement import Requirement
from geoplan.standards.totals.assess import TotalsFound
from geoplan.words.numbers import format_interval, format_number
from geoplan.words.vocabulary import label

_VERDICTS = {
    "met": ("达标", "met"), "not_met": ("未达标", "not met"), "no_data": ("数据不足", "no data"),
    "not_applicable": ("不适用", "not applicable"), "not_quantified": ("规划未量化", "not quantified"),
}  # fmt: skip
_WORDS = {
    "heading": ("{area}：按总量测算（评价年份{year}）", "{area}: from totals (judged in {year})"),
    "without": ("现状", "As it stands"), "with": ("计入项目库（只列有变化的指标）", "With the project list (only what changes)"), "same": ("无变化", "nothing changes"),
    "implied": ("由规划自身数据推算的人口", "People implied by the plan's own figures"), "notes": ("说明", "Notes"),
    "beside": ("（参考）", " (beside)"), "stated": ("（规划自报）", " (as stated)"),
    "yes": ("相符", "fits"), "no": ("不符", "does not fit"), "none": ("无对照", "nothing to compare"),
}  # fmt: skip
_HEADERS = (
    ("指标", "Indicator"), ("统计口径", "Basis"), ("现状值", "Actual"), ("目标值", "Target"), ("需要", "Need"), ("缺口", "Shortfall"),
    ("结论", "Verdict"), ("缺少的数据", "Missing"),
)  # fmt: skip
_IMPLIED = (("年份", "Year"), ("数量", "Amount"), ("比率", "Rate"), ("人群", "Group"), ("推算人数", "Implied"), ("对照", "Stated"),
            ("口径", "Basis"), ("比较", "Compared"))  # fmt: skip


def printable(found: TotalsFound, lang: str) -> str:
    """Return what was found as plain text in `lang` (``zh`` or ``en``), columns aligned for wide characters."""
    at = 0 if lang == "zh" else 1
    area = found.totals.area_zh if lang == "zh" else found.totals.area_en
    parts = [_word("heading", at).format(area=area, year=found.year)]
    parts.append(_word("without", at) + "\n" + _findings(found.findings, lang))
    if len(found.with_projects):
        changed = _changed(found.findings, found.with_projects)
        parts.append(
            _word("with", at) + "\n" + (_findings(changed, lang) if len(changed) else _word("same", at))
        )
    if len(found.implied):
        parts.append(_word("implied", at) + "\n" + _implied(found.implied, lang))
    notes = [f"- {note.text(lang)}" for note in found.notes if note.severity != "info"]
    if notes:
        parts.append("\n".join([_word("notes", at), *notes]))
    return "\n\n".join(parts)


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `after` that are not as they were."""
    told = ["actual_low", "actual_high", "verdict"]
    keys = ["rule_id", "basis"]
    was = before.drop_duplicates(keys).set_index(keys)[told]
    now = after.set_index(keys)[told]
    same = (now.fillna(-1.0) == was.reindex(now.index).fillna(-1.0)).all(axis=1)
    return after[~same.to_numpy()]


def _word(name: str, at: int) -> str:
    return _WORDS[name][at]


def _findings(table: pd.DataFrame, lang: str) -> str:
    at = 0 if lang == "zh" else 1
    rows = [[header[at] for header in _HEADERS]]
    for row in table.to_dict("records"):
        basis = str(row["basis"]) + ("" if row["decides"] or not row["basis"] else _word("beside", at))
        value = _interval(row) + (_word("stated", at) if row["from"] == "stated" else "")
        short = _amount(row["shortfall"], str(row["unit"]), lang)
        rows.append([
            str(row[f"indicator_{lang}"]), basis, value, _target(row, lang), _amount(row["need"], str(row["unit"]), lang),
            f"+{short}" if row["surplus"] and short else short, _VERDICTS[str(row["verdict"])][at], str(row[f"missing_{lang}"]),
        ])  # fmt: skip
    return aligned(rows)


def _interval(row: Mapping[Any, Any]) -> str:
    low, high, form = float(row["actual_low"]), float(row["actual_high"]), str(row["format"])
    is_open = form == "percent" and low == 0 and high >= 1
    return format_interval(math.nan if is_open else low, high, form)


def _target(row: Mapping[Any, Any], lang: str) -> str:
    required = Requirement(str(row["comparison"]), float(row["required"]), float(row["required_upper"]))
    return required.text(str(row["format"]), lang)


def _amount(value: float, unit: str, lang: str) -> str:
    if math.isnan(value):
        return ""
    name = label("units", unit, lang)
    return f"{format_number(value, 'decimal')}{'' if lang == 'zh' else ' '}{name}"


def _implied(table: pd.DataFrame, lang: str) -> str:
    at = 0 if lang == "zh" else 1
    rows = [[header[at] for header in _IMPLIED]]
    for row in table.to_dict("records"):
        share = row["rule_id"] == ""
        rate = f"≥{format_number(row['rate'], 'percent')}" if share else f"{row['rate']:g}/{row['per']:,.0f}"
        fits = "none" if pd.isna(row["fits"]) else "yes" if row["fits"] else "no"
        rows.append([
            str(row["year"]), _amount(row["amount"], str(row["unit"]), lang), rate, label("groups", str(row["group"]), lang),
            ("≤" if share else "") + f"{row['implied']:,.0f}", "" if math.isnan(row["stated"]) else f"{row['stated']:,.0f}",
            str(row["basis"]), _word(fits, at),
        ])  # fmt: skip
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines with columns of one width; wide characters take two.

    Examples
    --------
    >>> print(aligned([["指标", "值"], ["a", "1"]]))
    指标  值
    a     1
    """
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
