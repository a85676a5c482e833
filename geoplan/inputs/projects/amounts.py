"""What each project adds, as intervals: from its columns, else from its sentence of content."""

import numpy as np
import pandas as pd

from geoplan.inputs.facilities.cells import is_blank, plain, read_flag
from geoplan.inputs.facilities.columns import FIELDS
from geoplan.inputs.facilities.supplies import PARTS
from geoplan.inputs.projects.cells import (
    ADDED,
    WHOLE_AREA,
    amount_in_text,
    approximate_words,
    read_added,
    read_cost,
)
from geoplan.inputs.projects.listed import Listed
from geoplan.words.errors import Note

#: A row of totals may differ by this from the sum of rounded figures.
SUM_SLACK = 1.0


def add_amounts(rows: Listed, table: pd.DataFrame, notes: list[Note]) -> None:
    """Add what every project adds, as least and most; NaN where the list does not say."""
    texts = rows.text("content")
    for supply in ADDED:
        told = (
            rows.cells[supply] if supply in rows.cells else pd.Series(None, index=table.index, dtype=object)
        )
        bounds = []
        for project_id, cell in told.items():
            low, high, odd = read_added(cell, rows.columns.factor.get(supply, 1.0))
            if odd:
                severity = "info" if odd == "amount_format" else "warning"
                column = rows.columns.header[supply]
                notes.append(
                    rows.note(
                        "project_amount_odd", project_id, severity=severity, column=column, cell=plain(cell)
                    )
                )
            if np.isnan(low) and is_blank(cell):
                low = high = amount_in_text(str(texts.loc[str(project_id)]), supply)
                if not np.isnan(low):
                    field = FIELDS[supply]
                    words = {"supply_zh": field.zh, "supply_en": field.en, "amount": f"{low:g}"}
                    notes.append(rows.note("project_amount_from_text", project_id, severity="info", **words))
            bounds.append((low, high))
        table[supply], table[f"{supply}_high"] = (
            pd.Series(ends, index=table.index, dtype=float)
            for ends in (zip(*bounds, strict=True) if bounds else ((), ()))
        )
    _check_parts(rows, table, notes)
    _check_areas(rows, table, notes)


def _check_parts(rows: Listed, table: pd.DataFrame, notes: list[Note]) -> None:
    """Take back a part that is larger than its whole: neither is known to be right, the whole stands."""
    for part, whole in PARTS.items():
        if part not in ADDED or whole not in ADDED:
            continue
        # works on a named facility may turn beds that it has into nursing beds
        over = (table[part] > table[f"{whole}_high"]) & (table["extends"] == "")
        for project_id in table.index[over]:
            words = {"part": f"{table.loc[project_id, part]:g}", "whole": f"{table.loc[project_id, whole]:g}"}
            notes.append(rows.note("project_part_over_whole", project_id, **words))
        table.loc[over, [part, f"{part}_high"]] = np.nan


def _check_areas(rows: Listed, table: pd.DataFrame, notes: list[Note]) -> None:
    """Mark approximate areas, and take back those of a whole house: how much of it is added is not known."""
    remarks = rows.text("note")
    table["approximate"] = [read_flag(cell)[0] is True for cell in rows.text("approximate")]
    for project_id in table.index:
        content = str(table.loc[project_id, "content"])
        words = approximate_words(content)
        if table.loc[project_id, "approximate"] or words:
            table.loc[project_id, "approximate"] |= any("平" in word for word in words)
            notes.append(rows.note("project_approximate", project_id, words="、".join(words) or "约"))
        scope = f"{rows.text('area_scope')[project_id]} {remarks[project_id]}"
        if WHOLE_AREA.search(scope):
            area = f"{table.loc[project_id, 'floor_area_m2']:g}"
            table.loc[project_id, ["floor_area_m2", "floor_area_m2_high"]] = np.nan
            notes.append(rows.note("project_area_of_whole", project_id, area=area))


def sum_notes(rows: Listed, table: pd.DataFrame) -> list[Note]:
    """Return a note for every figure of a row of totals that the projects do not add up to; sums of parts (小计) are not checked."""
    notes = []
    for row, cells in rows.sums.iterrows():
        if any("小计" in plain(cells.get(name)) for name in ("id", "name")):
            continue
        for name in ("cost", "beds", "places"):
            factor = rows.columns.factor.get(name, 1.0)
            cell = cells.get(name)
            stated = read_cost(cell, factor)[0] if name == "cost" else read_added(cell, factor)[0]
            have = float(table[name].sum())
            if abs(stated - have) > SUM_SLACK:
                words = {
                    "column": rows.columns.header[name],
                    "stated": f"{stated:,.10g}",
                    "sum": f"{have:,.10g}",
                }
                notes.append(Note.of("project_total_differs", file=rows.file, row=int(str(row)), **words))
    return notes
