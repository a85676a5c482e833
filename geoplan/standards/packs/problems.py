"""What is wrong in a pack's file, in the planner's words, with the line where it stands."""

import difflib
import json
from collections.abc import Mapping
from typing import Any

from geoplan.standards.rules import Entry
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.errors import Note

#: Entries of a rule that are set when the pack is read, and never stand in the file.
SET_WHEN_READ = ("pack", "plan_level", "years", "local_entries", "standards")


def problem(
    loc: tuple[str | int, ...], kind: str, got: object, allowed: list[str] | None = None
) -> dict[str, Any]:
    """Return one problem as it is collected."""
    return {"loc": loc, "type": kind, "input": got, "allowed": allowed or []}


def from_pydantic(item: Any, before: tuple[str | int, ...], model: type[Entry]) -> dict[str, Any]:  # noqa: ANN401
    """Return one of pydantic's problems as it is collected."""
    expected = (item.get("ctx") or {}).get("expected", "")
    why = str((item.get("ctx") or {}).get("error", item["msg"]))
    loc = (*before, *(step for step in item["loc"] if not _is_form(step)))
    allowed = [name for name in model.model_fields if name not in SET_WHEN_READ]
    return {
        "loc": loc,
        "type": item["type"],
        "input": item["input"],
        "expected": expected,
        "why": why,
        "allowed": allowed,
    }


def _is_form(step: str | int) -> bool:
    """Return True for the names that pydantic gives to validators and forms inside a location."""
    return isinstance(step, str) and ("[" in step or "(" in step)


def pack_note(found: Mapping[str, Any], file: str, lines: Mapping[str, int]) -> Note:
    """Return one problem in the planner's words, with its line."""
    entry = ".".join(map(str, found["loc"]))
    line = _line(entry, lines)
    last, kind, got = str(found["loc"][-1]) if found["loc"] else "", found["type"], found["input"]
    where: dict[str, Any] = {"file": file, "row": line, "severity": "error", "entry": entry or "pack"}
    shown = json.dumps(got, ensure_ascii=False, default=str)
    if kind == "extra_forbidden":
        guess = difflib.get_close_matches(last, found["allowed"], n=1, cutoff=0.6)
        return Note.of(
            "pack_unknown_entry_meant" if guess else "pack_unknown_entry", guess=(guess or [""])[0], **where
        )
    if kind == "missing":
        return Note.of("pack_missing", **where)
    if kind == "id_twice":
        return Note.of("pack_id_twice", id=got, **where)
    if kind == "literal_error":
        return Note.of("pack_choice", choices=found.get("expected", ""), got=shown, **where)
    if (expected := f"pack_expected_{kind}") in catalogue():
        return Note.of(
            "pack_type", kind_zh=phrase(expected, "zh"), kind_en=phrase(expected, "en"), got=shown, **where
        )
    return Note.of("pack_wrong", why=found.get("why", kind), **where)


def _line(entry: str, lines: Mapping[str, int]) -> int:
    while entry and entry not in lines:
        entry = entry.rpartition(".")[0]
    return lines.get(entry, 1)


def note_at(entry: str, code: str, file: str, line: int) -> Note:
    """Return a note about one entry."""
    return Note.of(code, file=file, row=line, entry=entry, severity="error")
