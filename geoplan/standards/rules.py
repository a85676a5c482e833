"""Rules: what every clause says, typed and checked when loaded.

A rule is one of ten kinds, each in its own module of ``geoplan.standards.kinds`` with its fields and its measure; an
eleventh is one more module there. This module holds what all kinds share. The columns of a plan's table stand as
short texts (see `geoplan.standards.grammar`), from which the typed values follow, so that nothing is said twice.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from geoplan.standards import grammar
from geoplan.standards.verdict import Due, due
from geoplan.words.vocabulary import narrower, vocabulary

if TYPE_CHECKING:
    from geoplan.standards.data import Case
    from geoplan.standards.measure import Measured

Text = Annotated[str, Field(min_length=1)]

#: Where a circle that the study sets, and no plan, is said.
STUDY_CLAUSE = {"zh": "项目配置文件 services", "en": "study file, services"}


def _known(section: str, name: str) -> str:
    known = vocabulary(section)
    if name not in known:
        raise ValueError(f"unknown {section[:-1]} `{name}`; known are {', '.join(known)}")
    return name


def _as_list(value: Any) -> Any:  # noqa: ANN401 - before validation anything may stand here
    return [value] if isinstance(value, dict) else value


class Entry(BaseModel):
    """Base of every part of a pack: strict, frozen, no unknown entries."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class Condition(Entry):
    """A condition on one facility; exactly one of its forms."""

    attribute: Text | None = None
    """Attribute that must hold (``public``), or must not with ``is: false``."""
    holds: Annotated[bool, Field(alias="is")] = True
    """Whether `attribute` must hold."""
    supply: Text | None = None
    """Supply that is compared with `bound`."""
    bound: Text | None = None
    """Such as ``>=150``."""
    any: list["Condition"] | None = None
    """At least one of these."""
    all: list["Condition"] | None = None
    """Every one of these."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [self.attribute, self.supply, self.any, self.all]
        if sum(form is not None for form in forms) != 1:
            raise ValueError("give one of `attribute`, `supply` with `bound`, `any`, `all`")
        if (self.supply is None) != (self.bound is None):
            raise ValueError("`supply` and `bound` go together")
        if self.bound is not None:
            grammar.parse_bound(self.bound)
        if self.attribute is not None:
            _known("attributes", self.attribute)
        if self.supply is not None:
            _known("supplies", self.supply)
        return self


class Selection(Entry):
    """Which facilities count: types (wider ones count every narrower one), and a condition on each."""

    facilities: Annotated[list[Text], Field(min_length=1)]
    """Facility types."""
    where: Condition | None = None
    """Condition that each must meet."""
    in_zones: list[Text] | None = None
    """Names of zones; only facilities in them count."""

    @field_validator("facilities")
    @classmethod
    def _types(cls, names: list[str]) -> list[str]:
        return [_known("types", name) for name in names]

    @cached_property
    def types(self) -> frozenset[str]:
        """Every facility type that counts."""
        known = vocabulary("types")
        return frozenset().union(*(narrower(name) if name in known else {name} for name in self.facilities))


Selections = Annotated[list[Selection], BeforeValidator(_as_list), Field(min_length=1)]
"""One selection, or several of which a facility must fit any."""


def _supply(name: Any) -> Any:  # noqa: ANN401 - before validation anything may stand here
    return _known("supplies", name) if isinstance(name, str) else name


def _group(name: Any) -> Any:  # noqa: ANN401 - before validation anything may stand here
    return _known("groups", name) if isinstance(name, str) else name


Supply = Annotated[str, Field(min_length=1), BeforeValidator(_supply)]
Group = Annotated[str, Field(min_length=1), BeforeValidator(_group)]


class Rule(Entry):
    """One clause as a checkable rule: what all kinds have."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """Unique in the pack."""
    indicator: Text
    """Name in the plan's own words."""
    title_en: Text
    """Name in English."""
    kind: Text
    """One of the kinds."""
    level: Text
    """Where it is judged or what it counts, with a filter (``estate:new``)."""
    counts: Text
    """What is counted, and which facilities count, in a word."""
    per: Text | None = None
    """Group and N (``elders_60/1000``)."""
    base: Text | None = None
    """Value and year that the plan starts from (``48@2023``)."""
    target: Text
    """Comparison, value and year (``>=50@2025``)."""
    range_is: Literal["limits", "floor_and_aim"] | None = None
    """What ``a..b`` in `target` means: both judge, or `a` judges and `b` is the recommended size."""
    unit: Text
    """Unit in which one builds; a gap is given in it."""
    attribute: Text
    """约束, 预期, 未标注 …"""
    lead: str = ""
    """Responsible unit."""
    clause: Text
    """Section of the plan."""
    quote: Text
    """The clause in the plan's own words."""
    note: str = ""
    """What a reader must know."""
    flags: bool | None = None
    """False: measures no community or town; default: as the kind does."""
    status: Literal["read", "second_hand", "unverified"] | None = None
    """How far the figure was checked: read in a copy of its page, read in a text that quotes it, or not read anywhere."""
    place: str = ""
    """Where the figure holds, if it is no national one (``上海``)."""
    source: str = ""
    """Page where the figure was read."""
    active: bool | None = None
    """Whether the rule counts; default: not where it is unverified or of one `place`."""

    pack: str = ""
    """Set when the pack is read."""
    plan_level: Literal["city", "district"] = "city"
    """Set when the pack is read: what the plan's area is."""
    years: tuple[int, int] | None = None
    """Set when the pack is read: the plan's years."""

    local_entries: tuple[str, ...] = ()
    """Set when the pack is read: entries that a planner's pack changed in a shipped rule, or all of a rule that it added."""

    #: True where a kind's measure is a share of members (zones, estates or facilities).
    of_members: ClassVar[bool] = False

    @property
    def rule_id(self) -> str:
        """``pack.rule``."""
        return f"{self.pack}.{self.id}"

    @property
    def is_on(self) -> bool:
        """True where the rule counts without being switched on."""
        return self.active if self.active is not None else self.status != "unverified" and not self.place

    @cached_property
    def where(self) -> grammar.Where:
        """Level and filter."""
        return grammar.parse_level(self.level)

    @cached_property
    def targets(self) -> tuple[grammar.Target, ...]:
        """Targets by year."""
        return grammar.parse_targets(self.target)

    @cached_property
    def start(self) -> grammar.Base | None:
        """Value in the base year."""
        return grammar.parse_base(self.base) if self.base else None

    @cached_property
    def people(self) -> grammar.Per | None:
        """Group and N."""
        return grammar.parse_per(self.per) if self.per else None

    @property
    def percent(self) -> bool:
        """True where values are shares (0-1), printed as per cent."""
        return self.of_members

    def due(self, case: "Case") -> Due:
        """Return what the rule asks of its measure in the study's year."""
        return due(self, case.year, case.thresholds)

    def reached_by(self) -> "tuple[list[Selection], str] | None":
        """Return the facilities and the supply by which communities are measured; None where the rule measures none."""
        return None

    def measure(self, case: "Case") -> list["Measured"]:
        """Return what is measured at the rule's own zones; every kind has its own."""
        raise NotImplementedError(f"the kind `{self.kind}` measures nothing")

    @field_validator("level")
    @classmethod
    def _level(cls, text: str) -> str:
        grammar.parse_level(text)
        return text

    @field_validator("base")
    @classmethod
    def _base(cls, text: str | None) -> str | None:
        if text is not None:
            grammar.parse_base(text)
        return text

    @field_validator("target")
    @classmethod
    def _target(cls, text: str) -> str:
        grammar.parse_targets(text)
        return text

    @field_validator("per")
    @classmethod
    def _per(cls, text: str | None) -> str | None:
        if text is not None:
            grammar.parse_per(text)
        return text

    @field_validator("unit")
    @classmethod
    def _unit(cls, name: str) -> str:
        return _known("units", name)

    @model_validator(mode="after")
    def _range(self) -> Self:
        if any(target.comparison == "range" for target in self.targets) and self.range_is is None:
            raise ValueError("`range_is` must say whether the range is `limits` or `floor_and_aim`")
        return self
