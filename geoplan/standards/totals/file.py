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
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from geoplan.standards.rules import Entry, Group, Supply, Text, known_word
from geoplan.standards.totals.rows import entries_of_csv
from geoplan.study.formats import kind_of
from geoplan.words.errors import InputError
from geoplan.words.strict_yaml import Format, checked, parse_yaml

#: The numbered forms of a file of totals.
TOTALS_FORMAT = Format()

Year = Annotated[int, Field(ge=1990, le=2100)]
Amount = (
    Annotated[float, Field(ge=0)]
    | Annotated[list[Annotated[float, Field(ge=0)] | None], Field(min_length=2, max_length=2)]
)
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
    """Where a figure comes from."""

    source: Text
    """Document and section, or whose assumption it is."""
    note: str = ""
    """What a reader must know."""


class People(SourcedEntry):
    """People of a group."""

    group: Group
    """Group."""
    value: Annotated[float, Field(ge=0)]
    """People."""
    basis: Text
    """常住, 户籍, 七普, 假定 …"""
    year: Year
    """Year of the figure."""
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

    count: Annotated[int, Field(ge=0)] = 1
    """How many facilities."""


class Standing(SourcedEntry, Having):
    """Facilities of one type together."""

    type: Text
    """Facility type."""
    count: Annotated[int, Field(ge=0)] | None = None
    """How many facilities; none: not known."""
    year: Year
    """Year of the figures."""
    planned: bool = False
    """True for what the plan aims at."""
    open_year: Year | None = None
    """Year in which they opened; for what is new since a base year."""
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
    year: Year
    """Year of the figure."""
    planned: bool = False
    """True for what the plan aims at."""


class Stated(SourcedEntry):
    """A rule's value as the plan states it."""

    rule: Text
    """Rule, with or without its pack."""
    value: Annotated[float, Field(ge=0)]
    """In the rule's unit; shares 0-1."""
    year: Year
    """Year of the figure."""


class Share(SourcedEntry):
    """A share of one group in another as the plan states it."""

    group: Text
    """The part."""
    of: Text
    """The whole."""
    at_least: Annotated[float, Field(gt=0, le=1)]
    """Least share, 0-1."""
    year: Year
    """Year of the figure."""


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

    format: Annotated[int, Field(ge=1)] = 1
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
    return tuple(sorted(path for path in Path(folder).glob("*_totals.yaml")))


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
