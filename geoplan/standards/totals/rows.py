"""Totals in the rows of a CSV: the same entries as the YAML gives."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geoplan.inputs import readers
from geoplan.inputs.lists.cells import cell_text, is_blank, read_flag
from geoplan.words.errors import InputError, Note
from geoplan.words.strict_yaml import Parsed, Place

_SECTIONS = {"people": "group", "facilities": "type", "absent": "", "amounts": "supply", "stated": "rule"}


def entries_of_csv(path: Path) -> Parsed:
    """Return the entries of a CSV as the YAML would give them; the title is the file's name."""
    table = readers.read_rows(path)
    lacking = [c for c in ("section", "name", "value", "year", "source") if c not in table.columns]
    if lacking:
        found = ", ".join(map(str, table.columns))
        raise InputError(
            *(
                Note.of("column_missing", file=path.name, severity="error", column=c, found=found)
                for c in lacking
            )
        )
    name = path.stem
    data: dict[str, Any] = dict.fromkeys(("title_zh", "title_en", "area_zh", "area_en"), name)
    lines: dict[str, int] = {}
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for line, row in table.iterrows():
        cells = {str(key): "" if is_blank(cell) else cell_text(cell) for key, cell in row.items()}
        section = cells["section"]
        if section not in _SECTIONS:
            place = Place(path.name, {"section": int(str(line))})
            raise InputError(place.note("entry_choice", "section", choices=", ".join(_SECTIONS), got=section))
        if section == "absent":
            data.setdefault("absent", []).append(cells["name"])
            continue
        entry = _csv_entry(section, cells, merged)
        if entry is not None:
            lines[f"{section}.{len(data.setdefault(section, []))}"] = int(str(line))
            data[section].append(entry)
    return Parsed(data, lines)


def _csv_entry(
    section: str, cells: Mapping[str, str], merged: dict[tuple[str, ...], dict[str, Any]]
) -> dict[str, Any] | None:
    """Return a new entry; None where the row adds a supply to facilities that an earlier row began."""
    entry: dict[str, Any] = {
        _SECTIONS[section]: cells["name"],
        "year": _number(cells["year"]),
        "source": cells["source"],
    }
    entry |= {"note": cells["note"]} if cells.get("note") else {}
    if section == "people":
        judges = {"judges": True} if _yes(cells.get("judges")) else {}
        return {**entry, "value": _number(cells["value"]), "basis": cells.get("basis", ""), **judges}
    entry |= {"planned": True} if _yes(cells.get("planned")) and section != "stated" else {}
    if section != "facilities":
        return {**entry, "value": _number(cells["value"])}
    said = cells.get("attributes", "")
    key = (cells["name"], cells["year"], said, cells.get("planned", ""))
    supply, value = cells.get("supply", ""), _number(cells["value"])
    fresh = key not in merged
    found = merged.setdefault(key, {**entry, **({"attributes": _attributes(said)} if said else {})})
    if supply in ("", "count"):
        found["count"] = value
    else:
        found.setdefault("amounts", {})[supply] = value
    return found if fresh else None


def _attributes(text: str) -> dict[str, Any]:
    pairs = (part.partition("=") for part in text.replace("，", ",").split(",") if part.strip())
    return {name.strip(): read_flag(value.strip() or "是")[0] for name, _, value in pairs}


def _yes(text: str | None) -> bool:
    return read_flag(text)[0] is True


def _number(text: str) -> Any:  # noqa: ANN401 - what is no number is told with the other wrong entries
    bare = text.replace(",", "")
    try:
        value = float(bare.removesuffix("%")) / (100 if bare.endswith("%") else 1)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value
