"""What each row of a register is: its services, status, years and attributes, with a note for every odd cell."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from geoplan.inputs.facilities.cells import (
    is_blank,
    plain,
    read_flag,
    read_ownership,
    read_status,
    read_year,
    split_words,
)
from geoplan.inputs.facilities.columns import FLAGS
from geoplan.inputs.facilities.rows import Rows, named_cells
from geoplan.inputs.facilities.supplies import row_of
from geoplan.words.errors import InputError, Note

Types = Mapping[str, str | Sequence[str]]


def check_needed_fields(rows: Rows, types: Types | None) -> None:
    """Raise InputError naming every column that the register must have and lacks.

    A type column where words decide the type; a name, or at least coordinates, so that a row can be told from another.
    """
    lacking = []
    header = rows.columns.header
    if types is not None and "type" not in header:
        lacking.append("type")
    if not {"name", "id", "lon", "lonlat"} & set(header) and rows.points is None:
        lacking.append("name")
    if ("lon" in header) != ("lat" in header):
        lacking.append("lat" if "lon" in header else "lon")
    if lacking:
        fields = ", ".join(lacking)
        raise InputError(
            Note.of(
                "register_fields_lacking", file=rows.file, severity="error", fields=fields, found=_found(rows)
            )
        )


def read_facts(
    rows: Rows, *, types: Types | None, one_type: str | None, status_words: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Note]]:
    """Return ``services, status, open_year, close_year``, ownership and attributes of every row, and notes.

    `services` is an empty tuple where the type word is unknown.
    """
    notes: list[Note] = []
    facts = pd.DataFrame(index=rows.cells.index)
    facts["services"] = _services(rows, types, one_type, notes)
    facts["status"] = _each(rows, "status", lambda cell: read_status(cell, status_words), "existing", notes)
    for field in ("open_year", "close_year"):
        facts[field] = _each(rows, field, read_year, float("nan"), notes).astype(float)
    facts["ownership"] = named_cells(rows, "ownership").map(lambda text: text or None).astype(object)
    public = _each(rows, "ownership", read_ownership, None, notes)
    for flag in FLAGS:
        values = _each(rows, flag, lambda cell, flag=flag: read_flag(cell, field=flag), None, notes)  # type: ignore[misc]
        facts[flag] = pd.array(list(values), dtype="boolean")
    facts["public"] = facts["public"].fillna(
        pd.Series(pd.array(list(public), dtype="boolean"), index=facts.index)
    )
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
        return facts, [
            Note.of(
                "inclusive_derived",
                file=rows.file,
                severity="info",
                column=rows.columns.header["inclusive_places"],
            )
        ]
    words = facts["ownership"].map(
        lambda text: None if not text or "普惠" not in text else "非普惠" not in text
    )
    if words.notna().any():
        facts["inclusive"] = pd.array(list(words), dtype="boolean")
        return facts, [
            Note.of(
                "inclusive_derived", file=rows.file, severity="info", column=rows.columns.header["ownership"]
            )
        ]
    return facts, []


def _services(rows: Rows, types: Types | None, one_type: str | None, notes: list[Note]) -> pd.Series:
    index = rows.cells.index
    if types is None:
        return pd.Series([(str(one_type),)] * len(index), index=index, dtype=object)
    known = {
        _key(word): (kinds,) if isinstance(kinds, str) else tuple(kinds) for word, kinds in types.items()
    }
    services = []
    for facility_id, cell in rows.cells["type"].items():
        words = [cell] if _key(cell) in known else split_words(cell)
        unknown = [plain(word) for word in words if _key(word) not in known]
        found = dict.fromkeys(kind for word in words for kind in known.get(_key(word), ()))
        services.append(tuple(found))
        if unknown or not words:
            code = "type_blank" if not words else "type_unknown" if not found else "type_partly_unknown"
            text = {"cell": plain(cell), "unknown": ", ".join(unknown), "known": ", ".join(map(str, types))}
            notes.append(Note.of(code, file=rows.file, row=row_of(rows.number.loc[str(facility_id)]), **text))
    return pd.Series(services, index=index, dtype=object)


def _each(
    rows: Rows, field: str, read: Callable[[Any], tuple[Any, str]], absent: object, notes: list[Note]
) -> pd.Series:
    """Return a field read cell by cell, `absent` where the register has no such column; adds a note for every odd cell."""
    if field not in rows.cells.columns:
        return pd.Series([absent] * len(rows.cells), index=rows.cells.index, dtype=object)
    values = []
    for number, cell in zip(rows.number, rows.cells[field], strict=True):
        value, code = read(cell)
        values.append(value)
        if code:
            severity = "info" if code in ("year_format", "status_blank") else "warning"
            shown = f"{value:.0f}" if isinstance(value, float) and value == value else ""
            words = {"column": rows.columns.header[field], "cell": plain(cell), "value": shown}
            notes.append(Note.of(code, file=rows.file, row=row_of(number), severity=severity, **words))
    return pd.Series(values, index=rows.cells.index, dtype=object)


def _blank_flags(rows: Rows, facts: pd.DataFrame) -> list[Note]:
    """Return one note a column of attributes that has blanks: they are unknown, not a no."""
    notes = []
    for flag in (f for f in FLAGS if f in rows.cells.columns):
        blank = rows.cells[flag].map(is_blank).astype(bool) & facts[flag].isna()
        if blank.any():
            count = int(blank.sum())
            header = rows.columns.header[flag]
            notes.append(Note.of("flag_blank", file=rows.file, severity="info", column=header, count=count))
    return notes


def _key(word: object) -> str:
    return plain(word).lower().replace(" ", "")


def _found(rows: Rows) -> str:
    return ", ".join(f"{name}={header}" for name, header in rows.columns.header.items()) or "–"
