"""A file of totals (YAML or CSV): people, facilities with what they have together, stated shares, project lists.

=============== ===========================================================================================================
section         one entry
=============== ===========================================================================================================
``people``      a group's people with basis and year; several bases of one group are all judged, ``judges: true`` marks the
                one that decides
``facilities``  facilities of one type together: ``count`` and ``amounts`` (sums); ``parts`` tells them apart where a part of
                the sums is known; ``planned: true`` marks what the plan aims at, which is never counted as there
``absent``      facility types of which there are none; a type that stands nowhere in the file is unknown, not 0
``amounts``     a supply without a place (family beds, social workers)
``stated``      a rule's value as the plan states it, where it cannot be worked out from totals (shares of communities)
``shares``      a share of one group in another as the plan states it, from which people are implied
``projects``    project lists, laid beside the facilities
=============== ===========================================================================================================

A CSV holds the same in rows: ``section, name, supply, value, year, basis, attributes, planned, judges, source, note``.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from geoplan.inputs import readers
from geoplan.inputs.lists.cells import cell_text, is_blank, read_flag, without_thousands
from geoplan.standards.rules import Entry, Group, Supply, Text, known_word
from geoplan.study.formats import kind_of
from geoplan.words import quantities
from geoplan.words.errors import InputError, Note
from geoplan.words.quantities import Count, Ordinal, PositiveShare, RuleValue, Unit, Year
from geoplan.words.strict_yaml import Format, Parsed, Place, checked, parse_yaml, short

#: The numbered forms of a file of totals.
TOTALS_FORMAT = Format()

Amount = quantities.Amount | Annotated[list[quantities.Amount | None], Field(min_length=2, max_length=2)]
"""A number, or least and most; null as the most: not known."""


def bounds(amount: float | list[float | None]) -> tuple[float, float]:
    """Return least and most of an amount.

    Examples
    --------
    >>> bounds(22.0), bounds([10.0, None])
    ((22.0, 22.0), (10.0, inf))
    """
    if not isinstance(amount, list):
        return float(amount), float(amount)
    low, high = amount
    return float(low or 0.0), math.inf if high is None else float(high)


class SourcedEntry(Entry):
    """A figure, its year and where it comes from."""

    source: Text
    """Document and section, or whose assumption it is."""
    note: str = ""
    """What a reader must know."""
    year: Year
    """Year of the figure."""


class People(SourcedEntry):
    """People of a group."""

    group: Group
    """Group."""
    value: Annotated[float, Field(ge=0, le=1e10), Unit("people")]
    """People."""
    basis: Text
    """常住, 户籍, 七普, 假定 …"""
    judges: bool = False
    """True for the basis that decides, where several are given."""


class Having(Entry):
    """What some facilities have together."""

    name: str = ""
    """Name, where it is one facility."""
    amounts: dict[Text, Amount] = Field(default_factory=dict)
    """Sum of each supply."""
    attributes: dict[Text, bool] = Field(default_factory=dict)
    """What holds for each of them."""

    @model_validator(mode="after")
    def _names(self) -> Self:
        for supply in self.amounts:
            known_word("supplies", supply)
        for attribute in self.attributes:
            known_word("attributes", attribute)
        return self


class Part(Having):
    """Some of the facilities of an entry."""

    count: Count = 1
    """How many facilities."""


class Standing(SourcedEntry, Having):
    """Facilities of one type together."""

    type: Text
    """Facility type."""
    count: Count | None = None
    """How many facilities; none: not known."""
    planned: bool = False
    """True for what the plan aims at."""
    open_year: Year | None = None
    """Year in which they opened, for what is new since a base year; none: at the latest in `year`."""
    includes: list[Text] = Field(default_factory=list)
    """Further facility types that are in the sums."""
    parts: list[Part] = Field(default_factory=list)
    """The same facilities told apart."""

    @model_validator(mode="after")
    def _types(self) -> Self:
        for name in (self.type, *self.includes):
            known_word("types", name)
        if self.parts and self.count is not None and sum(part.count for part in self.parts) != self.count:
            raise ValueError("the counts of `parts` do not add up to `count`")
        return self


class WithoutPoint(SourcedEntry):
    """A supply without a place."""

    supply: Supply
    """Supply."""
    value: Amount
    """How much."""
    planned: bool = False
    """True for what the plan aims at."""


class Stated(SourcedEntry):
    """A rule's value as the plan states it."""

    rule: Text
    """Rule, with or without its pack."""
    value: RuleValue
    """In the rule's unit; shares 0-1."""


class Share(SourcedEntry):
    """A share of one group in another as the plan states it."""

    group: Text
    """The part."""
    of: Text
    """The whole."""
    at_least: PositiveShare
    """Least share, 0-1."""


class Listed(Entry):
    """A project list."""

    file: Text
    """Path, relative to the file of totals."""
    types: dict[Text, Text | list[Text]] = Field(default_factory=dict)
    """Word -> facility types."""
    columns: dict[Text, Text] = Field(default_factory=dict)
    """Field -> column."""


class Totals(Entry):
    """Totals of one area."""

    format: Ordinal = 1
    """Form of this file; a file without it is of form 1."""
    title_zh: Text
    """Title in Chinese."""
    title_en: Text
    """Title in English."""
    area_zh: Text
    """Area in Chinese."""
    area_en: Text
    """Area in English."""
    pack: Text | None = None
    """Pack that the totals are meant for; `assess_totals_file` takes it where none is named."""
    note: str = ""
    """What a reader must know."""
    people: list[People] = Field(default_factory=list)
    """People."""
    facilities: list[Standing] = Field(default_factory=list)
    """Facilities."""
    absent: list[Text] = Field(default_factory=list)
    """Facility types of which there are none."""
    amounts: list[WithoutPoint] = Field(default_factory=list)
    """Supplies without a place."""
    stated: list[Stated] = Field(default_factory=list)
    """Values of rules as stated."""
    shares: list[Share] = Field(default_factory=list)
    """Shares of groups as stated."""
    projects: list[Listed] = Field(default_factory=list)
    """Project lists."""

    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """Folder to which paths are relative."""
        return self._folder

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        keys = [(one.group, one.basis, one.year) for one in self.people]
        marked = [group for group, _ in {(one.group, one.basis) for one in self.people if one.judges}]
        if len(set(keys)) < len(keys):
            raise ValueError("`people` give one group twice under one basis and year")
        if len(set(marked)) < len(marked):
            raise ValueError("`judges` marks more than one basis of a group")
        return self

    @field_validator("absent")
    @classmethod
    def _absent(cls, names: list[str]) -> list[str]:
        return [known_word("types", name) for name in names]


def shipped_totals(folder: Path | str) -> tuple[Path, ...]:
    """Return the files of totals in a folder, in the order of names."""
    return tuple(sorted(Path(folder).glob("*_totals.yaml")))


def read_totals(path: Path | str) -> Totals:
    """Read and check a file of totals.

    Raises
    ------
    InputError
        If it cannot be read, or with every wrong entry and its line.
    """
    path = Path(path)
    parsed = entries_of_csv(path) if kind_of(path) == "table" else parse_yaml(path, error=InputError)
    totals = checked(parsed, Totals, path=path, error=InputError, form=TOTALS_FORMAT)
    totals._folder = path.resolve().parent
    return totals


# --- the rows of a CSV as the entries that the YAML gives

#: Section -> entry that its column `name` holds.
_SECTIONS = {"people": "group", "facilities": "type", "absent": "", "amounts": "supply", "stated": "rule"}


def entries_of_csv(path: Path) -> Parsed:
    """Return the entries of a CSV as the YAML would give them; the title is the file's name."""
    table = readers.read_rows(path)
    lacking = [c for c in ("section", "name", "value", "year", "source") if c not in table.columns]
    if lacking:
        found = ", ".join(map(str, table.columns))
        said: dict[str, Any] = {"file": path.name, "severity": "error", "found": found}
        raise InputError(*(Note.of("column_missing", column=c, **said) for c in lacking))
    name = path.stem
    data: dict[str, Any] = dict.fromkeys(("title_zh", "title_en", "area_zh", "area_en"), name)
    lines: dict[str, int] = {}
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for line, row in table.iterrows():
        cells = {str(key): "" if is_blank(cell) else cell_text(cell) for key, cell in row.items()}
        section = cells["section"]
        if section not in _SECTIONS:
            place = Place(path.name, {"section": int(str(line))})
            raise InputError(
                place.note("entry_choice", "section", choices=", ".join(_SECTIONS), got=short(repr(section)))
            )
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
    bare = without_thousands(text)
    try:
        value = float(bare.removesuffix("%")) / (100 if bare.endswith("%") else 1)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value
