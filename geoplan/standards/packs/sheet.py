"""A pack as a workbook: one rule a row, the entries of the plan on a sheet of their own.

Every entry of a rule is a column. What is one text stands in its cell as it stands in the YAML; a word of the vocabulary may have
its Chinese or English name behind it (``beds 养老床位``) or in its place; a list has one word a line. What has parts of its own
(a condition on facilities) is YAML in one line. An empty cell is an entry that is not given; ``null`` takes one away that the
extended pack gives. `cells_of` writes the cells and `read_workbook` reads them: neither loses anything.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml

from geoplan.inputs.sheets import Formula, read_sheet, sheet_names
from geoplan.standards.grammar import LEVEL_WORDS
from geoplan.standards.kinds import kinds
from geoplan.standards.packs.source import SET_WHEN_READ, Cell, PackFile
from geoplan.study.formats import PACK_FILES, ending
from geoplan.words.catalogue import LANGUAGES, Phrase, catalogue, filled, phrase
from geoplan.words.errors import GeoplanError, Note, PackError
from geoplan.words.labels import label as word_label
from geoplan.words.numbers import missing
from geoplan.words.strict_yaml import Parsed, meant, parse_text, short
from geoplan.words.text import folded
from geoplan.words.vocabulary import label, vocabulary

#: Sheets of the workbook that are read: rules, entries of the plan, clauses that are no rules.
SHEETS = ("rules", "plan", "not_assessed")
#: What takes an entry of the extended pack away.
NULL = "null"
#: What stands between the words of a list; cells are written with the first.
_BETWEEN = re.compile(r"[\n、，,;；]+")

#: Columns in the order of a plan's table; entries of a kind that are not named here follow behind. `of` has a column for each of its parts.
_ORDER = (
    "id", "annex", "indicator", "kind", "level", "of.facilities", "of.where", "of.in_zones", "of", "supply", "part", "part_where", "whole",
    "group", "per", "base", "target", "range_is", "unit", "attribute", "lead", "clause", "quote", "note", "counts", "title_en", "minutes", "metres",
    "judged_by", "since", "must", "measured", "over", "times", "nearest", "beside", "estate_column", "flag_by", "pool_below", "meets", "has", "has_rooms", "standard",
    "in_zones_of", "of_city", "communities", "counted", "service", "advisory", "flags", "active", "status", "place", "place_en", "source",
)  # fmt: skip
#: Parts of a selection of facilities that have a column each.
PARTS = ("of.facilities", "of.where", "of.in_zones")
#: Entries of the plan, and those of its clauses that are no rules.
PLAN = (
    "title_zh", "title_en", "short_title_zh", "short_title_en", "document", "issuer_zh", "issuer_en", "issued", "years", "area_zh", "area_en",
    "level", "source", "note", "extends", "format",
)  # fmt: skip
NOT_ASSESSED = ("clause", "zh", "en")
#: Entries whose words are those of a table of the vocabulary.
_SECTIONS = {
    "of.facilities": "types", "supply": "supplies", "part": "supplies", "whole": "supplies", "measured": "supplies", "over": "supplies",
    "group": "groups", "unit": "units", "beside": "attributes",
}  # fmt: skip
_LISTS = ("of.facilities", "of.in_zones", "meets", "replaces", "beside")
_MARKS = ("advisory", "flags", "active")
#: Entry of the plan that is more than one text.
_YEARS = re.compile(r"(\d{4})\D+(\d{4})")


# --- columns --------------------------------------------------------------------------------------------------------


@cache
def columns() -> tuple[str, ...]:
    """Return the entries of a rule that have a column, in their order."""
    every = dict.fromkeys(name for kind in kinds().values() for name in kind.model_fields)
    return tuple(dict.fromkeys(name for name in (*_ORDER, *every) if name not in SET_WHEN_READ))


def header(entry: str, lang: str) -> str:
    """Return the title of a column, or the name of an entry of the plan; an entry without words under its own name.

    Examples
    --------
    >>> header("target", "zh"), header("of.facilities", "en"), header("title_zh", "zh")
    ('目标值', 'Facilities', '规划名称')
    """
    code = _code(entry)
    return phrase(code, lang) if code in catalogue() else entry


def explanation(entry: str, lang: str) -> str:
    """Return what is to be written under an entry; may be empty."""
    return filled(str(catalogue().get(_code(entry), {}).get(f"do_{lang}", "")), lang, {})


def _code(entry: str) -> str:
    return f"pack_field_{entry.replace('.', '_')}"


def sheet_title(sheet: str, lang: str) -> str:
    """Return the name of a sheet."""
    return phrase(f"pack_sheet_{sheet}", lang)


def choices(entry: str, lang: str) -> list[str]:
    """Return the words that a cell may be chosen from; empty where none are listed.

    Examples
    --------
    >>> choices("kind", "zh")[0], choices("attribute", "zh")[:2], choices("advisory", "en")
    ('circle 服务圈', ['约束', '预期'], ['yes', 'no'])
    """
    if entry == "level":
        return list(LEVEL_WORDS)
    if entry == "attribute":
        return [words["zh"] for code, words in catalogue().items() if code.startswith("attribute_")]
    if entry in _MARKS:
        return [word_label(word, lang) for word in ("yes", "no")]
    if _words(entry):
        return [_worded(entry, code, lang) for code in _words(entry)]
    return list(_literals(entry))


def _literals(entry: str) -> tuple[str, ...]:
    """Return the words of a closed list of a rule's model."""
    found = (kind.model_fields[entry].annotation for kind in kinds().values() if entry in kind.model_fields)
    return tuple(
        dict.fromkeys(
            word
            for annotation in found
            for part in (annotation, *get_args(annotation))
            if get_origin(part) is Literal
            for word in get_args(part)
        )
    )


def _words(entry: str) -> Mapping[str, Mapping[str, str]]:
    """Return the codes that an entry may have, each with its names; empty where it has none of a table."""
    if entry == "kind":
        return {name: {lang: phrase(f"kind_{name}", lang) for lang in LANGUAGES} for name in kinds()}
    if entry in _SECTIONS:
        section = _SECTIONS[entry]
        return {
            name: {lang: label(section, name, lang) for lang in LANGUAGES} for name in vocabulary(section)
        }
    return {}


def _worded(entry: str, code: str, lang: str) -> str:
    """Return a code with its name behind it; a name that the code itself is, or that parts a list, is left out."""
    name = _words(entry).get(code, {}).get(lang, "")
    return code if not name or name == code or _BETWEEN.search(name) else f"{code} {name}"


def _coded(entry: str, text: str) -> str:
    """Return the code that a cell means: the code itself, with its name, or the name alone; other text as it stands."""
    known = _words(entry)
    alike = [code for code, names in known.items() if folded(text) in map(folded, names.values())]
    if text in known or len(alike) == 1:
        return text if text in known else alike[0]
    first = text.split(maxsplit=1)[0]
    return first if first in known else text


@cache
def _is_text(entry: str) -> bool:
    """Return whether an entry of a rule is one text, in every kind that has it."""
    annotations = [
        kind.model_fields[entry].annotation for kind in kinds().values() if entry in kind.model_fields
    ]
    return bool(annotations) and all(map(_text_type, annotations))


def _text_type(annotation: Any) -> bool:  # noqa: ANN401 - walks type annotations
    if annotation in (str, type(None)):
        return True
    if get_origin(annotation) is Literal:
        return all(isinstance(word, str) for word in get_args(annotation))
    parts = get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _text_type(parts[0])
    return bool(parts) and get_origin(annotation) not in (list, dict, tuple) and all(map(_text_type, parts))


# --- writing --------------------------------------------------------------------------------------------------------


def cells_of(rule: Mapping[str, Any], lang: str) -> dict[str, str]:
    r"""Return the entries of a rule as cells by column.

    Examples
    --------
    >>> cells_of({"id": "a", "of": {"facilities": ["home_care", "hospital"]}, "minutes": 15, "standard": None}, "en")
    {'id': 'a', 'of.facilities': 'home_care home-care point\nhospital', 'minutes': '15', 'standard': 'null'}
    """
    found: dict[str, str] = {}
    for entry, value in rule.items():
        parts = _parts(value) if entry == "of" else {}
        found |= {part: _cell(part, inner, lang) for part, inner in parts.items()}
        if not parts:
            found[entry] = _cell(entry, value, lang)
    return found


def _parts(of: Any) -> dict[str, Any]:  # noqa: ANN401 - an entry that was read from YAML
    """Return a selection as its columns; empty where it needs the column of the whole."""
    if not isinstance(of, dict) or any(
        f"of.{key}" not in PARTS or value is None for key, value in of.items()
    ):
        return {}
    return {f"of.{key}": value for key, value in of.items()}


def _cell(entry: str, value: Any, lang: str) -> str:  # noqa: ANN401 - an entry that was read from YAML
    if value is None:
        return NULL
    if entry in _LISTS and isinstance(value, list):
        return "\n".join(_worded(entry, str(word), lang) for word in value)
    if isinstance(value, str):
        return _worded(entry, value, lang)
    if isinstance(value, bool):
        return word_label("yes" if value else "no", lang)
    return (
        f"{value:g}" if isinstance(value, float) and value.is_integer() and abs(value) < 1e6 else flow(value)
    )


def flow(value: Any) -> str:  # noqa: ANN401 - an entry that was read from YAML
    """Return a value as YAML on one line.

    Examples
    --------
    >>> flow({"facilities": ["home_care"], "where": {"attribute": "public"}}), flow(15.0), flow([2021, 2025])
    ('{facilities: [home_care], where: {attribute: public}}', '15.0', '[2021, 2025]')
    """
    text: str = yaml.dump(
        value, Dumper=Plain, default_flow_style=True, allow_unicode=True, sort_keys=False, width=1_000_000
    )
    return text.removesuffix("\n").removesuffix("\n...")


class Plain(yaml.SafeDumper):
    """YAML without anchors: a list that several rules share is written out in each."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - yaml's own signature
        """Return True: write every value out."""
        return True


def plan_cell(entry: str, value: Any) -> str:  # noqa: ANN401 - an entry that was read from YAML
    """Return an entry of the plan as a cell."""
    if entry == "years" and isinstance(value, list):
        return "-".join(map(str, value))
    return NULL if value is None else str(value)


# --- reading --------------------------------------------------------------------------------------------------------


def is_workbook(path: Path) -> bool:
    """Return whether a pack's file is a workbook."""
    return ending(path) in PACK_FILES[2:]


def read_workbook(path: Path) -> PackFile:
    """Return the entries of a workbook as they would stand in YAML, each with its row and its cell.

    Raises
    ------
    PackError
        If the file is no workbook, or lacks the sheet of rules or that of the plan.
    """
    try:
        there = {folded(name): name for name in sheet_names(path)}
        reading = _Reading(path)
        for sheet in SHEETS:
            name = next((there[n] for n in _names_of(sheet) if n in there), None)
            if name is None and sheet != "not_assessed":
                raise PackError(
                    Note.of(
                        "pack_sheet_missing", file=str(path), severity="error", found=", ".join(there.values()),
                        sheet=Phrase(f"pack_sheet_{sheet}"),
                    )
                )  # fmt: skip
            if name is not None:
                reading.read(sheet, name)
    except GeoplanError as error:  # of the reader of sheets
        raise PackError(*error.notes) from error
    return PackFile(str(path), Parsed(reading.entries, reading.rows, tuple(reading.problems)), reading.cells)


def _names_of(sheet: str) -> list[str]:
    return [sheet, *(folded(sheet_title(sheet, lang)) for lang in LANGUAGES)]


@dataclass
class _Reading:
    """What has been read of a workbook so far."""

    path: Path
    entries: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    problems: list[Note] = field(default_factory=list)

    def read(self, sheet: str, name: str) -> None:
        """Read one sheet."""
        table = read_sheet(self.path, layer=name).cells
        rows = list(zip(map(int, table.index), table.to_numpy(dtype=object).tolist(), strict=True))
        if sheet == "plan":
            for row, values in rows:
                self._plan_entry(name, row, values)
            return
        known = columns() if sheet == "rules" else NOT_ASSESSED
        titles = list(map(str, table.columns))
        entries = [_entry_of(title, known) for title in titles]
        for at, (title, entry) in enumerate(zip(titles, entries, strict=True)):
            if entry is None or entry in entries[:at]:
                guess = "" if entry else meant(title, [header(e, lang) for e in known for lang in LANGUAGES])
                code = "pack_column_twice" if entry else "pack_column_unknown_meant" if guess else "pack_column_unknown"  # fmt: skip
                self.problems.append(Note.of(code, file=str(self.path), severity="error", sheet=name, column=title, guess=guess))  # fmt: skip
        found: list[dict[str, Any]] = []
        self.entries[sheet] = found
        for row, values in rows:
            before = f"{sheet}.{len(found)}"
            self.rows[before] = row
            given = {
                entry: (title, value)
                for entry, title, value in zip(entries, titles, values, strict=True)
                if entry is not None
            }
            found.append(self._row(name, before, given))

    def _row(self, sheet: str, before: str, given: Mapping[str, tuple[str, Any]]) -> dict[str, Any]:
        """Return the entries of one row; `given` holds title and value of each column's cell."""
        out: dict[str, Any] = {}
        for entry, (title, value) in given.items():
            full, cell = f"{before}.{entry}", Cell(sheet, title)
            for name in (full, full.replace(".of.", ".of.0.")):
                self.cells[name], self.rows[name] = cell, self.rows[before]
            try:
                read = _NOTHING if missing(value) else value_of(entry, _text(value))
            except ValueError as wrong:
                self._wrong(full, wrong)
                continue
            if read is _NOTHING:
                continue
            if entry in PARTS and isinstance(out.get("of", {}), dict):
                out.setdefault("of", {})[entry.removeprefix("of.")] = read
            elif entry == "of" and "of" in out:
                self._wrong(full, ValueError(Phrase("pack_cell_of_twice")))
            else:
                out[entry] = read
        if "of" in out and "of.facilities" in given and f"{before}.of" not in self.cells:
            self.cells[f"{before}.of"] = Cell(sheet, given["of.facilities"][0])
        return out

    def _plan_entry(self, sheet: str, row: int, values: Sequence[Any]) -> None:
        name, value = (*values, None, None)[:2]
        if missing(name):
            return
        entry = _entry_of(str(name), PLAN) or str(name)
        self.rows[entry], self.cells[entry] = row, Cell(sheet, str(name))
        if missing(value):
            return
        if entry in self.entries:
            self.problems.append(Note.of("yaml_twice", file=str(self.path), row=row, entry=entry, severity="error"))  # fmt: skip
            return
        try:
            self.entries[entry] = _plan_value(entry, _text(value))
        except ValueError as wrong:
            self._wrong(entry, wrong)

    def _wrong(self, entry: str, wrong: ValueError) -> None:
        self.problems.append(
            Note.of("pack_cell_wrong", file=str(self.path), row=self.rows.get(entry), severity="error", entry=entry, why=wrong.args[0])
        )  # fmt: skip


#: A cell that gives no entry.
_NOTHING = object()


def _entry_of(title: str, known: Sequence[str]) -> str | None:
    """Return the entry that a title names: by its own name or by its words in either language."""
    wanted = folded(title)
    return next(
        (name for name in known if wanted in (name, *(folded(header(name, lang)) for lang in LANGUAGES))),
        None,
    )


def _text(value: Any) -> str:  # noqa: ANN401 - a cell holds anything
    """Return a cell as text. A formula that was never computed is a ValueError."""
    if isinstance(value, Formula):
        raise ValueError(Phrase("pack_cell_formula", {"formula": str(value)}))  # noqa: TRY004 - as any wrong cell
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def value_of(entry: str, text: str) -> Any:  # noqa: ANN401 - as YAML
    """Return what a cell of a rule says, as it would stand in YAML. A text that cannot be read is a ValueError.

    Examples
    --------
    >>> value_of("unit", "beds 张"), value_of("of.facilities", "托育机构、医院"), value_of("minutes", "15"), value_of("advisory", "是")
    ('beds', ['childcare', 'hospital'], 15, True)
    """
    if text == NULL:
        return None
    if entry in _LISTS:
        return [_coded(entry, word.strip()) for word in _BETWEEN.split(text) if word.strip()]
    if _words(entry):
        return _coded(entry, text)
    if entry in NOT_ASSESSED or _is_text(entry):
        return text
    if entry in _MARKS:
        marks = {word_label(word, lang): word == "yes" for word in ("yes", "no") for lang in LANGUAGES}
        return marks.get(text, _parsed(text))
    return _parsed(text)


def _plan_value(entry: str, text: str) -> Any:  # noqa: ANN401 - as YAML
    if text == NULL:
        return None
    if entry == "years":
        found = _YEARS.fullmatch(text)
        if found is None:
            raise ValueError(Phrase("pack_cell_years", {"got": short(text)}))
        return [int(year) for year in found.groups()]
    return _parsed(text) if entry == "format" else text


def _parsed(text: str) -> Any:  # noqa: ANN401 - as YAML
    try:
        return parse_text(f"value: {' '.join(text.split())}", file="", error=PackError).entries["value"]
    except PackError as error:
        raise ValueError(Phrase("pack_cell_yaml", {"text": short(text)})) from error
