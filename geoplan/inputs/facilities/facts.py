"""What each row of a register is: its services, status, years and attributes, with a note for every odd cell."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.lists.cells import (
    cell_text,
    is_blank,
    read_flag,
    read_ownership,
    read_status,
    read_year,
    split_words,
)
from geoplan.inputs.lists.rows import Rows
from geoplan.inputs.lists.types import Types, type_words
from geoplan.inputs.lists.zone_names import clean_name
from geoplan.words.errors import Note


def read_facts(
    rows: Rows, *, types: Types | None, one_type: str | None, status_words: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Note]]:
    """Return ``services, status, open_year, close_year``, ownership and attributes of every row, and notes.

    `services` is an empty tuple where the type word is unknown.
    """
    notes: list[Note] = []
    facts = pd.DataFrame(index=rows.index)
    facts["services"] = _services(rows, types, one_type, notes)
    facts["status"] = rows.read(
        "status", lambda cell: read_status(cell, status_words), notes, absent="existing"
    )
    for field in ("open_year", "close_year"):
        facts[field] = rows.read(field, read_year, notes, absent=float("nan")).astype(float)
    facts["ownership"] = rows.text("ownership").map(lambda text: text or None).astype(object)
    public = rows.read("ownership", read_ownership, notes).astype("boolean")
    for name in ATTRIBUTES:
        facts[name] = rows.read(name, partial(read_flag, field=name), notes).astype("boolean")
    facts["public"] = facts["public"].fillna(public)
    return facts, [*notes, *_blank_flags(rows, facts)]


def derive_inclusive(
    facts: pd.DataFrame, rows: Rows, amounts: Mapping[str, pd.DataFrame]
) -> tuple[pd.DataFrame, list[Note]]:
    """Return facts with `inclusive` where the register has no such column but its other cells say it.

    普惠 in the ownership cell (普惠性民办, 非普惠) says it; else inclusive places above 0 mean yes, exactly 0 mean no.
    """
    if "inclusive" in rows.columns.header:
        return facts, []
    facts = facts.copy()
    if "inclusive_places" in amounts:
        table = amounts["inclusive_places"]
        known = table["low"].gt(0).astype("boolean").where((table["low"] > 0) | (table["high"] == 0))
        facts["inclusive"] = known
        return facts, [rows.general("inclusive_derived", column=rows.columns.header["inclusive_places"])]
    words = facts["ownership"].map(
        lambda text: None if not text or "普惠" not in text else "非普惠" not in text
    )
    if words.notna().any():
        facts["inclusive"] = pd.array(list(words), dtype="boolean")
        return facts, [rows.general("inclusive_derived", column=rows.columns.header["ownership"])]
    return facts, []


def _services(rows: Rows, types: Types | None, one_type: str | None, notes: list[Note]) -> pd.Series:
    if types is None:
        return pd.Series([(str(one_type),)] * len(rows.index), index=rows.index, dtype=object)
    known = type_words(types)
    services = []
    for row_id, cell in rows.cells["type"].items():
        words = [cell] if clean_name(cell) in known else split_words(cell)
        unknown = [cell_text(word) for word in words if clean_name(word) not in known]
        found = dict.fromkeys(kind for word in words for kind in known.get(clean_name(word), ()))
        services.append(tuple(found))
        if unknown or not words:
            code = "type_blank" if not words else "type_unknown" if not found else "type_partly_unknown"
            text = {"unknown": ", ".join(unknown), "known": ", ".join(map(str, types))}
            notes.append(rows.at_cell(code, row_id, "type", cell, **text))
    return pd.Series(services, index=rows.index, dtype=object)


def _blank_flags(rows: Rows, facts: pd.DataFrame) -> list[Note]:
    """Return one note a column of attributes that has blanks: they are unknown, not a no."""
    notes = []
    for flag in (f for f in ATTRIBUTES if f in rows.cells.columns):
        blank = rows.cells[flag].map(is_blank).astype(bool) & facts[flag].isna()
        if blank.any():
            column = rows.columns.header[flag]
            notes.append(rows.general("flag_blank", column=column, count=int(blank.sum())))
    return notes
