"""Workbooks that departments fill (``geoplan template reporting``): one sheet an office, one row an indicator and period.

Shares are written in per cent, as offices write them: 64 or 64% for 64 %. A cell that the spreadsheet keeps as a percentage holds 0.64,
which cannot be told from 0.64 %: it is not read, and said. A blank value is not reported yet, never 0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.inputs.lists.cells import cell_text, is_blank, read_amount
from geoplan.inputs.lists.fields import field, recognise, table
from geoplan.inputs.opening import file_kind
from geoplan.inputs.sheets import read_sheet, sheet_names
from geoplan.study.formats import TEXT_TABLES, ending
from geoplan.tables import ADOPTED, REPORTED
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import Note
from geoplan.words.periods import Period, parse_period

#: Columns of the workbook in their order; those that are not read tell the department what is asked.
FIELDS = table(
    field("annex", "text", "序号 no", "序号", "No"),
    field("indicator", "text", "指标名称 指标 indicator", "指标名称", "Indicator"),
    field("unit", "text", "计量单位 单位 unit", "计量单位", "Unit"),
    field("attribute", "text", "指标属性 attribute", "指标属性", "Attribute"),
    field("base", "text", "基期值 baseline", "基期值", "Baseline"),
    field("target", "text", "目标值 target", "目标值", "Target"),
    field("with", "text", "会同单位 with", "会同单位", "With"),
    field("counted", "text", "统计口径 counting", "统计口径", "Counting"),
    field("period", "text", "填报期 期间 period", "填报期", "Period"),
    field("value", "amount", "填报值 部门填报值 value", "填报值", "Value"),
    field("adopt", "text", "采用值 adopted", "采用值", "Adopted"),
    field("reason", "text", "差异原因 原因 reason", "差异原因", "Reason"),
    field("by", "text", "填报人 填报单位 reporter", "填报人", "Reporter"),
    field("rule_id", "text", "指标编号 ruleid rule_id", "指标编号", "rule_id"),
)

#: Quarters as offices write them.
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}
_QUARTER = re.compile(r"(\d{4})\s*年?\s*(?:第?\s*([一二三四1-4])\s*季度?|[Qq]([1-4]))")
_MONTH = re.compile(r"(\d{4})\s*(?:年|[-/.])\s*(1[0-2]|0?[1-9])\s*月?")
_YEAR = re.compile(r"(\d{4})\s*年?(?:全年|度)?")


@dataclass(frozen=True)
class ReportedFigures:
    """What departments report: `geoplan.tables.REPORTED`, and what was found."""

    table: pd.DataFrame
    notes: tuple[Note, ...]


def read_reporting(path: str | Path, *, shares: Mapping[str, bool], leads: Mapping[str, str] | None = None) -> ReportedFigures:  # fmt: skip
    """Return the figures of a workbook that departments have filled.

    Parameters
    ----------
    path
        Workbook; every sheet that is not hidden is read.
    shares
        rule_id -> whether its value is a share: written in per cent, returned as 0-1. Other rules are named in a note.
    leads
        rule_id -> who reports it where the row does not say.

    Raises
    ------
    InputError
        If the file cannot be read, or a sheet lacks the columns of rule and value.
    """
    path = Path(path)
    file_kind(path, "table")
    notes: list[Note] = []
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    layers: list[str | None] = [None] if ending(path) in TEXT_TABLES else [*sheet_names(path)]
    for layer in layers:
        sheet = read_sheet(path, layer=layer)
        notes += sheet.notes
        headers = [str(header) for header in sheet.cells.columns]
        columns = recognise(headers, FIELDS, mapped={}, needs=(("rule_id",), ("value",)), file=path.name)
        notes += columns.notes
        for number, cells in sheet.cells.iterrows():
            told = {name: cells[header] for name, header in columns.header.items()}
            where = _Row(path.name, int(str(number)), layer or "", notes)
            found = _figure(told, where, shares)
            if found is None:
                continue
            key = found["rule_id"], found["period"] or ""
            if key in rows and rows[key]["value"] != found["value"]:
                where.note("reporting_twice", rule=key[0], period=key[1] or "–")
            found["by"] = found["by"] or (leads or {}).get(found["rule_id"]) or None
            rows.setdefault(key, {**found, "source": path.name})
    return ReportedFigures(
        REPORTED.typed(pd.DataFrame(list(rows.values()), columns=list(REPORTED))), tuple(notes)
    )


@dataclass(frozen=True)
class _Row:
    """Where a figure stands, and the notes that it adds to."""

    file: str
    number: int
    sheet: str
    notes: list[Note]

    def note(self, code: str, **values: str) -> None:
        self.notes.append(Note.of(code, file=self.file, row=self.number, sheet=self.sheet or "–", **values))


def _figure(told: Mapping[str, Any], where: _Row, shares: Mapping[str, bool]) -> dict[str, Any] | None:
    """Return one reported figure; None where the row reports none, which is noted unless it is blank."""
    rule, cell = cell_text(told.get("rule_id")), told.get("value")
    if is_blank(cell):
        return None
    if rule not in shares:
        where.note("reporting_rule", rule=rule or "–")
        return None
    value = _value(cell, is_share=shares[rule])
    if isinstance(value, str):
        where.note(value, rule=rule, cell=cell_text(cell))
        return None
    period, adopt = read_period(told.get("period")), _adopted(told.get("adopt"))
    if period is None and not is_blank(told.get("period")):
        where.note("reporting_period", rule=rule, cell=cell_text(told.get("period")))
        return None
    if adopt is None:
        where.note("reporting_adopt", rule=rule, cell=cell_text(told.get("adopt")))
    return {
        "rule_id": rule, "value": value, "by": cell_text(told.get("by")) or None, "period": period.text if period else None,
        "adopt": adopt or "", "reason": cell_text(told.get("reason")),
    }  # fmt: skip


def _value(cell: Any, *, is_share: bool) -> float | str:  # noqa: ANN401 - a cell holds anything
    """Return what a cell says, shares as 0-1; the code of what is wrong where it says no one figure."""
    text = cell_text(cell)
    marked = text.rstrip("%‰") != text
    amount = read_amount(text.rstrip("%‰") if marked else cell)
    if amount.low != amount.high:
        return "reporting_value"
    if is_share and not marked and 0 < amount.low <= 1:
        return "reporting_percent"
    if is_share and amount.low > 100:
        return "reporting_over"
    return amount.low / 100 if is_share else amount.low


def read_period(cell: Any) -> Period | None:  # noqa: ANN401 - a cell holds anything
    """Return the period that a cell names; None where it is blank or names none.

    Examples
    --------
    >>> [read_period(cell).text for cell in ("2025年", 2025, "2025年二季度", "2025Q3", "2025年6月", "2025-06")]
    ['2025', '2025', '2025Q2', '2025Q3', '2025-06', '2025-06']
    >>> read_period("年底")
    """
    text = cell_text(cell)
    if found := _QUARTER.fullmatch(text):
        quarter = found[3] or _QUARTERS.get(found[2], found[2])
        return parse_period(f"{found[1]}Q{quarter}")
    if found := _MONTH.fullmatch(text):
        return parse_period(f"{found[1]}-{int(found[2]):02d}")
    found = _YEAR.fullmatch(text)
    return parse_period(found[1]) if found else None


def _adopted(cell: Any) -> str | None:  # noqa: ANN401 - a cell holds anything
    """Return which figure a cell adopts: ``measured``, ``reported``, or empty where it is blank; None where it names neither."""
    text = cell_text(cell)
    if is_blank(cell):
        return ""
    return next(
        (code for code in ADOPTED for lang in LANGUAGES if text == phrase(f"adopt_{code}", lang)), None
    )
