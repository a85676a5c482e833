"""The file of a pack as plain entries, and where each of them stands, so that a message can name the rule and the cell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from geoplan.words.catalogue import Phrase
from geoplan.words.errors import Note
from geoplan.words.strict_yaml import Parsed

#: Entries of a rule that are set when the pack is read, and never stand in the file.
SET_WHEN_READ = ("pack", "plan_level", "years", "local_entries", "standards")
_OF_RULE = re.compile(r"rules\.(\d+)(?:\.(.+))?")


class Cell(NamedTuple):
    """Where an entry stands in a workbook."""

    sheet: str
    column: str


@dataclass(frozen=True)
class PackFile:
    """A pack's file before any check of its entries.

    Parameters
    ----------
    file
        Name in messages.
    parsed
        Entries, the line (in a workbook the row of its sheet) of each, and what is wrong with the file itself.
    cells
        Cell of each entry by its full name; empty where the file is no workbook.
    """

    file: str
    parsed: Parsed
    cells: Mapping[str, Cell] = field(default_factory=dict)


def named(note: Note, entries: Mapping[str, Any], cells: Mapping[str, Cell]) -> Note:
    """Return a note whose entry (``rules.3.target``) is told by the id of its rule, and in a workbook by its cell.

    Examples
    --------
    >>> note = Note.of("entry_missing", entry="rules.0.target")
    >>> named(note, {"rules": [{"id": "total_beds"}]}, {}).found("en")
    '`target` of rule `total_beds`: required, but missing'
    """
    entry = note.values.get("entry")
    if not isinstance(entry, str):
        return note
    found, cell = _OF_RULE.fullmatch(entry), _cell_of(entry, cells)
    if found is None and cell is None:
        return note
    values: dict[str, object] = {} if cell is None else dict(cell._asdict())
    code = "pack_at_cell"
    if found is not None:
        at, own = int(found[1]), found[2] or ""
        rules = entries.get("rules", [])
        rule = rules[at] if isinstance(rules, list) and at < len(rules) else {}
        values |= {"rule": _rule_name(rule, at), "entry": own}
        code = "pack_at_rule_cell" if cell is not None else "pack_at_entry" if own else "pack_at_rule"
    own_column = (
        entry in cells and note.code in ("entry_unknown", "entry_unknown_meant") and found is not None
    )
    told = "pack_cell_not_of_kind" if own_column else note.code
    return replace(note, code=told, values={**note.values, "entry": Phrase(code, values)})


def _rule_name(rule: object, at: int) -> object:
    """Return a rule's id; where it has none its name, else its number."""
    said = rule if isinstance(rule, dict) else {}
    return said.get("id") or said.get("indicator") or Phrase("pack_rule_number", {"number": at + 1})


def _cell_of(entry: str, cells: Mapping[str, Cell]) -> Cell | None:
    while entry and entry not in cells:
        entry = entry.rpartition(".")[0]
    return cells.get(entry)
