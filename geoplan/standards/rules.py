"""Rules: what every clause says, typed and checked when loaded, and how it reads in words.

A rule is of one kind. Each kind stands in its own module of ``geoplan.standards.kinds``, with its fields, its measure
and, in a words file beside it, its name, its remedy and what it counts. A further kind is one more module there; no other
file changes. This module holds what all kinds share. The columns of a plan's table are short texts (see
`geoplan.standards.grammar`); the typed values follow from them.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

import pandas as pd
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from geoplan.standards import grammar
from geoplan.standards.data import AssessmentData
from geoplan.standards.measure import Measured
from geoplan.standards.requirement import NAN, SIGNS, Requirement
from geoplan.standards.rule_zones import COMPLETE_BAND, RuleZones, plan_zones, rule_zones
from geoplan.tables import OTHER_BASIS
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.errors import Note, PackError
from geoplan.words.numbers import format_number
from geoplan.words.quantities import Year
from geoplan.words.vocabulary import label, narrower, vocabulary

Text = Annotated[str, Field(min_length=1)]

#: Family of service -> the people whom it is for.
FAMILY_GROUPS = {"eldercare": "elders_60", "childcare_service": "under_3"}

#: Supply that counts who uses another, by the unit of the other: beds are lived in, places enrolled in.
USERS = {"beds": "occupied", "places": "enrolled"}

#: What a group counted at its place of registration ends in.
REGISTERED = "_registered"

#: Groups that are counted in households or dwellings, not in people.
HOUSES = ("households", "dwellings")

#: Largest target, by whether it is a share: 100 %, or what no plan asks for.
MOST = {True: 1.0, False: 1e9}

#: Where there is little room, more names of facility types than this are replaced by the name of their family.
MOST_NAMES = 3


def known_word(section: str, name: str) -> str:
    """Return a word of one table of the vocabulary; ValueError where it is none."""
    known = vocabulary(section)
    if name not in known:
        raise ValueError(f"unknown {section[:-1]} `{name}`; known are {', '.join(known)}")
    return name


def _as_list(value: Any) -> Any:  # noqa: ANN401 - before validation anything may stand here
    return [value] if isinstance(value, dict) else value


class Entry(BaseModel):
    """Base of every part of a pack: strict, frozen, no unknown entries."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


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
    opened: Text | None = None
    """Bound on the first year of use (``>=2023``): what a clause calls new."""
    any: list["Condition"] | None = None
    """At least one of these."""
    all: list["Condition"] | None = None
    """Every one of these."""

    def text(self, lang: str) -> str:
        """Return the condition in words, such as ``养老床位≥150``."""
        if self.attribute is not None:
            name = label("attributes", self.attribute, lang)
            return name if self.holds else phrase("rule_condition_not", lang, name=name)
        if self.supply is not None:
            sign, value = grammar.parse_bound(str(self.bound))
            bound = SIGNS[sign] + format_number(
                value, "percent" if str(self.bound).endswith("%") else "decimal"
            )
            return phrase(
                "rule_condition_supply", lang, name=label("supplies", self.supply, lang), bound=bound
            )
        if self.opened is not None:
            sign, year = grammar.parse_bound(self.opened)
            return phrase("rule_condition_opened", lang, bound=f"{SIGNS[sign]}{year:.0f}")
        joint = phrase("rule_condition_any" if self.any is not None else "rule_condition_all", lang)
        return joint.join(part.text(lang) for part in self.any or self.all or [])

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [self.attribute, self.supply, self.opened, self.any, self.all]
        if sum(form is not None for form in forms) != 1:
            raise ValueError("give one of `attribute`, `supply` with `bound`, `opened`, `any`, `all`")
        if (self.supply is None) != (self.bound is None):
            raise ValueError("`supply` and `bound` go together")
        for bound in filter(None, (self.bound, self.opened)):
            grammar.parse_bound(bound)
        if self.attribute is not None:
            known_word("attributes", self.attribute)
        if self.supply is not None:
            known_word("supplies", self.supply)
        return self

    def forms(self) -> Iterator["Condition"]:
        """Yield the single conditions that this one joins, itself where it joins none."""
        parts = self.any or self.all
        if parts is None:
            yield self
        for part in parts or ():
            yield from part.forms()


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
        return [known_word("types", name) for name in names]

    @cached_property
    def types(self) -> frozenset[str]:
        """Every facility type that counts."""
        known = vocabulary("types")
        return frozenset().union(*(narrower(name) if name in known else {name} for name in self.facilities))

    def text(self, lang: str) -> str:
        """Return the facilities in words, with the zones and the condition that narrow them."""
        joint = phrase("join_items", lang)
        names = joint.join(label("types", name, lang) for name in self.facilities)
        if self.in_zones:
            names = phrase("rule_facilities_in", lang, names=names, zones=joint.join(self.in_zones))
        if self.where is None:
            return names
        return phrase("rule_facilities_where", lang, names=names, condition=self.where.text(lang))


def types_of(of: Iterable[Selection] | None) -> frozenset[str]:
    """Return every facility type that selections count."""
    return frozenset().union(*(selection.types for selection in of or ()))


def family_group(types: frozenset[str]) -> str:
    """Return the people whom facilities of these types are for; empty where they belong to no family."""
    return next((group for family, group in FAMILY_GROUPS.items() if types & narrower(family)), "")


Selections = Annotated[list[Selection], BeforeValidator(_as_list), Field(min_length=1)]
"""One selection, or several of which a facility must fit any."""


def _known(section: str) -> BeforeValidator:
    return BeforeValidator(lambda name: known_word(section, name) if isinstance(name, str) else name)


Supply = Annotated[str, Field(min_length=1), _known("supplies")]
Group = Annotated[str, Field(min_length=1), _known("groups")]
Attribute = Annotated[str, Field(min_length=1), _known("attributes")]


@dataclass(frozen=True)
class Reads:
    """What a rule depends on: a change of anything else leaves its measure and its flags as they are.

    Named are facility types, supplies and attributes of facilities, groups of people, and the tables of
    `geoplan.standards.data.AssessmentData`.
    """

    types: frozenset[str]
    supplies: frozenset[str]
    attributes: frozenset[str]
    groups: frozenset[str]
    tables: frozenset[str]

    def joined(self, *others: "Reads") -> "Reads":
        """Return what this and `others` depend on together."""
        every = (self, *others)
        return Reads(
            *(frozenset().union(*(getattr(one, part.name) for one in every)) for part in fields(Reads))
        )


class Rule(Entry):
    """One clause as a checkable rule: what all kinds have."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """Unique in the pack."""
    annex: Annotated[str, Field(pattern=r"^[^\d\s]*[1-9]\d*$")] | None = None
    """Part and number of its row in the plan's annex of indicators (``养老9``, ``12``); unique in the pack."""
    indicator: Text
    """Name in the plan's own words."""
    title_en: str = ""
    """Name in English; without one, outputs in English show `indicator`."""
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
    advisory: bool = False
    """True where the clause only advises (不宜, 原则上, 一般): its figures say so everywhere."""
    flags: bool | None = None
    """False: measures no community or town; default: as the kind does."""
    status: Literal["read", "second_hand", "unverified"] | None = None
    """How far the figure was checked: read in a copy of its page, read in a text that quotes it, or not read anywhere."""
    place: str = ""
    """Where the figure holds, if it is no national one (``上海``)."""
    place_en: str = ""
    """The same in English."""
    source: str = ""
    """Page where the figure was read."""
    active: bool | None = None
    """Whether the rule counts; default: not where it is unverified or of one `place`."""
    replaces: list[Text] | None = None
    """Ids of rules of `national` whose figure this one takes over in a later plan."""

    pack: str = ""
    """Set when the pack is read."""
    plan_level: Literal["city", "district"] = "city"
    """Set when the pack is read: what the plan's area is."""
    years: tuple[Year, Year] | None = None
    """Set when the pack is read: the plan's years."""

    local_entries: tuple[str, ...] = ()
    """Set when the pack is read: entries that a planner's pack changed in a shipped rule, or all of a rule that it added."""

    standards: "tuple[Rule, ...]" = ()
    """Set by `linked`: the rules that this one names in `named`."""

    #: True where the value of the kind is a share (0-1): it prints in per cent, and so does its target.
    is_share: ClassVar[bool] = False
    #: True where the kind counts members (zones, estates or facilities), each of which meets the rule or does not.
    counts_members: ClassVar[bool] = False
    #: Entries of the kind that name what is added up.
    supply_entries: ClassVar[tuple[str, ...]] = ("supply",)
    #: True where only a department can say the value: nothing of it stands at a place or has a capacity.
    is_reported: ClassVar[bool] = False
    #: Upper limits (not included) of the grades of a flag, as shares of the standard that are reached.
    grade_limits: ClassVar[tuple[float, ...]] = (1 / 3, 2 / 3, 0.9)
    #: How much of the shortfall one member is that does not meet the rule; NaN where the shortfall counts another thing.
    member_gap: ClassVar[float] = NAN

    @property
    def rule_id(self) -> str:
        """``pack.rule``."""
        return f"{self.pack}.{self.id}"

    def kind_text(self, lang: str) -> str:
        """Return the name of the kind."""
        return phrase(f"kind_{self.kind}", lang)

    def attribute_text(self, lang: str) -> str:
        """Return whether the plan binds (约束性, 预期性 …) in words; what no list has as the plan says it."""
        for code, words in catalogue().items():
            if code.startswith("attribute_") and words["zh"] == self.attribute:
                return str(words[lang])
        return self.attribute

    @property
    def is_binding(self) -> bool:
        """True where the plan binds: the indicator must be reached."""
        return self.attribute == phrase("attribute_binding", "zh")

    @property
    def counts_over(self) -> str:
        """What a reported figure counts: ``level`` at the end of a period, ``yearly`` in a year, ``cumulative`` since the base."""
        return "level"

    def place_text(self, lang: str) -> str:
        """Return the place where a figure holds; empty where it holds everywhere."""
        return self.place if lang == "zh" else self.place_en or self.place

    def indicator_text(self, lang: str) -> str:
        """Return the indicator's name: the plan's own words, or its English title."""
        return self.indicator if lang == "zh" else self.title_en or self.indicator

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
        return tuple(target.on_base(self.start) for target in grammar.parse_targets(self.target))

    @cached_property
    def start(self) -> grammar.Base | None:
        """Value in the base year."""
        return grammar.parse_base(self.base) if self.base else None

    @cached_property
    def people(self) -> grammar.Per | None:
        """Group and N."""
        return grammar.parse_per(self.per) if self.per else None

    # --- what is asked and measured ----------------------------------------------------------------------------

    def requirement(self, year: int, thresholds: Mapping[str, float] | None = None) -> Requirement:
        """Return what the plan asks for in `year`; `thresholds` are local ones (本地设定) by rule_id for what it does not quantify."""
        local = (thresholds or {}).get(self.rule_id)
        return Requirement.of(self.targets, year=year, range_is=self.range_is, local=local)

    def asked(self, target: grammar.Target) -> Requirement:
        """Return what one target asks for, by itself."""
        return Requirement.of([target], year=target.year, range_is=self.range_is)

    def per_group(self, group: str) -> "Rule | None":
        """Return the same rule over another group of people; None where it is per nobody."""
        if self.people is None:
            return None
        other = self.model_copy(update={"per": f"{group}/{self.people.n:g}"})
        other.__dict__.pop("people", None)  # the cached reading of the former text
        return other

    def measure_requirement(self, year: int, thresholds: Mapping[str, float] | None = None) -> Requirement:
        """Return what judges the measure in `year`; other than `requirement` where the plan's bound holds for each member."""
        return self.requirement(year, thresholds)

    def reached_by(self) -> "tuple[list[Selection], str] | None":
        """Return the facilities and the supply by which communities are measured; None where the rule measures none."""
        return None

    @property
    def measures_zones(self) -> bool:
        """True where the rule measures communities and towns: their circle, or the supply that they can reach."""
        return self.flags is not False and self.reached_by() is not None

    def rooms_asked(self, data: AssessmentData, column: str) -> pd.Series | None:  # noqa: ARG002 - of no other kind's concern
        """Return the rooms (`column` of the estate table, m²) that the rule asks of each estate by its size, by zone_id; None for none."""
        return None

    @property
    def of_care_homes(self) -> bool:
        """True where beds of care homes count: one moves to a home and does not walk to it, so that what stands in a zone measures it."""
        reached = self.reached_by()
        return (
            reached is not None
            and self.unit == "beds"
            and bool(types_of(reached[0]) & narrower("institution"))
        )

    @property
    def for_new_estates(self) -> bool:
        """True where the standard is one of new estates: communities are measured by it only where the study asks what if."""
        return "estate" in self.where.levels and "new" in self.where.words

    def zones(self, data: AssessmentData, where: grammar.Where | None = None) -> RuleZones:
        """Return the zones at the rule's own level (or at `where`) that fit its filter."""
        return rule_zones(data, where or self.where, plan_level=self.plan_level, years=self.years)

    def plan_zones(self, data: AssessmentData) -> tuple[str, ...]:
        """Return the zones that the rule's plan speaks for: the area for a city's plan, the districts for a district's."""
        return plan_zones(data, plan_level=self.plan_level)

    def covered(self, data: AssessmentData, zone_id: str) -> float:
        """Return how much of the area that the rule speaks of a zone's communities cover (0-1); NaN for an unknown part.

        A study of one district is a part of its city: an amount that the city's plan sets for all of it is not the district's.
        """
        is_part = zone_id == data.area and self.plan_level == "city" and len(data.level("district")) == 1
        return math.nan if is_part and self.value_format == "count" else data.covered(zone_id)

    def affected(self, found: Measured, required: Requirement, verdict: str) -> float:  # noqa: ARG002 - provision needs it
        """Return the people affected: those who lack it where the rule is not met; NaN where that has no meaning."""
        return found.people if verdict == "not_met" else NAN

    def zone_flags(
        self,
        data: AssessmentData,  # noqa: ARG002 - for kinds that measure zones themselves
        ids: pd.Index,  # noqa: ARG002
    ) -> tuple[pd.DataFrame, tuple[Note, ...]] | None:
        """Return how communities and towns `ids` fall short, with why not; None: by the supply in reach (`reached_by`)."""
        return None

    def measure(self, data: AssessmentData, zones: Collection[str] | None = None) -> list[Measured]:
        """Return what is measured at the rule's own zones, one row a zone in the order of the zones table.

        Where no zone can be told to fit, one row for the area says why. Of `zones` (zone_ids) only these are measured, with
        the same result as among all; None: all.
        """
        mine = self.zones(data)
        if mine.sure:
            return self.measure_zones(data, [zone for zone in mine.sure if zones is None or zone in zones])
        if zones is not None and data.area not in zones:
            return []
        return [
            Measured(data.area, missing=mine.missing, applicable=bool(mine.missing), group=self.counted_group)
        ]

    def measure_zones(self, data: AssessmentData, ids: Sequence[str]) -> list[Measured]:
        """Return what is measured at zones `ids` of the rule's level; every kind has its own."""
        raise NotImplementedError(f"the kind `{self.kind}` measures nothing")

    # --- what counts; a kind overrides what differs -------------------------------------------------------------

    @property
    def selections(self) -> tuple[Selection, ...]:
        """Which facilities count: those of the kind's entry ``of``; empty where the kind counts none."""
        return tuple(getattr(self, "of", None) or ())

    @property
    def measured_to(self) -> tuple[Selection, ...]:
        """Facilities to which the rule measures a distance in a straight line; empty where it measures none."""
        return ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition on a facility that the rule states."""
        every = (*self.selections, *self.measured_to)
        return tuple(selection.where for selection in every if selection.where is not None)

    @property
    def supplies(self) -> tuple[str, ...]:
        """Which supplies are added up (`supply_entries`); empty where facilities or zones are counted."""
        return tuple(name for name in (getattr(self, entry, None) for entry in self.supply_entries) if name)

    @property
    def raised_by(self) -> str | None:
        """Supply of a facility that raises the value; None where the facility itself does."""
        return self.supplies[0] if self.supplies else None

    @property
    def raised_where(self) -> Condition | None:
        """Condition on a facility that raises the value; None where each that counts does."""
        return None

    @property
    def gap_scale(self) -> float:
        """How much one unit of a value of the whole area is in the unit of the gap; NaN where that depends on what is measured."""
        return 1.0 if self.people is None and not self.is_share else NAN

    @property
    def walks(self) -> bool:
        """True where the rule asks who can walk to the facilities."""
        return self.measures_zones

    @property
    def reads(self) -> "Reads":
        """What the measure of the rule and the flags that follow from it depend on."""
        reached, amount = self.reached_by() or ((), "")
        conditions = (*self.conditions, *(one.where for one in reached if one.where is not None))
        forms = [form for condition in conditions for form in condition.forms()]
        supplies = {*self.supplies, *(form.supply for form in forms if form.supply), *filter(None, (amount,))}
        attributes = {form.attribute for form in forms if form.attribute}
        derived = [vocabulary("supplies").get(name, {}).get("derived") for name in supplies]
        supplies |= {pair[0] for pair in derived if pair}
        attributes |= {pair[1] for pair in derived if pair}
        types = types_of((*self.selections, *self.measured_to, *reached))
        if self.walks:  # the cause of a shortage tells of others of the same family
            types = types.union(*(narrower(family) for family in FAMILY_GROUPS if types & narrower(family)))
        if self.measures_zones and self.unit in USERS:  # whether what is there is full
            supplies |= {USERS[self.unit]}
        own = self.counted_group
        groups = {
            own,
            *self.affected_groups,
            OTHER_BASIS.get(own, ""),
            self.where.band[0] if self.where.band else "",
        }
        groups |= {COMPLETE_BAND[0]} if "complete" in self.where.words else set()
        words = frozenset(supplies), frozenset(attributes), frozenset(groups - {""})
        reads = Reads(types, *words, self._tables(types, supplies))
        return reads.joined(*(rule.reads for rule in self.standards))

    def _tables(self, types: frozenset[str], supplies: Collection[str]) -> frozenset[str]:
        tables = {"zones", "facilities"} if types else {"zones"}
        tables |= {"demand"} if self.counted_group else set()
        tables |= ({"supplies"} if types else {"zone_supplies"}) if supplies else set()
        return frozenset(tables | ({"demand", "pairs", "nearest", "circle"} if self.walks else set()))

    @property
    def counted_group(self) -> str:
        """Group of people that the rule is about, as far as the rule itself says; may be empty."""
        return self.people.group if self.people else ""

    @property
    def affected_groups(self) -> tuple[str, ...]:
        """Groups that a shortfall affects, the first that a study counts: of all residents those whom the facilities are for."""
        group = self.counted_group
        family = family_group(types_of(self.selections))
        if group.removesuffix(REGISTERED) != "residents" or not family:
            return (group,)
        return (*([family + REGISTERED] if group.endswith(REGISTERED) else []), family, group)

    @property
    def family(self) -> str:
        """Family of services that the rule's facilities belong to; of none, the first of their types; empty without facilities."""
        of = self.selections or tuple((self.reached_by() or ((), ""))[0])
        types = types_of(of)
        known = (family for family in FAMILY_GROUPS if types & narrower(family))
        return next(known, of[0].facilities[0] if of else "")

    @property
    def size_floor(self) -> tuple[str, float] | None:
        """Supply and least size that the rule asks of one facility; None where it asks for none."""
        return None

    @property
    def needs_zones(self) -> bool:
        """True where zones below the plan's area must be known, whatever the level at which the rule is judged."""
        return any(selection.in_zones for selection in self.selections)

    @property
    def named(self) -> tuple[str, ...]:
        """Ids of other rules that this one counts by."""
        return ()

    # --- how the rule reads; a kind overrides what differs ------------------------------------------------------

    @property
    def value_format(self) -> str:
        """Number format (`geoplan.words.numbers.FORMATS`) of the value, its target and what flags measure."""
        return "percent" if self.is_share else "count" if self.people is None else "per_1000"

    @property
    def bounds_share(self) -> bool:
        """True where targets and local thresholds are shares: written with ``%`` in a pack, 0-1 in a study."""
        return self.value_format == "percent"

    def member_format(self) -> str:
        """Return the number format of the value of one member."""
        return self.value_format

    def facilities_text(self, lang: str, *, short: bool = False) -> str:
        """Return the facilities that count; `short` names many types of one family by the family."""
        return selections_text(self.selections, lang, short=short)

    def amount_text(self, lang: str) -> str:
        """Return what is added up; empty where facilities or zones are counted."""
        return phrase("join_items", lang).join(label("supplies", name, lang) for name in self.supplies)

    def condition_text(self, lang: str) -> str:
        """Return what those that count must meet; empty where they need nothing."""
        return self.own_text("condition", lang)

    def whom_text(self, lang: str) -> str:
        """Return per whom the rule counts."""
        if self.people is None:
            return ""
        group, n = label("groups", self.people.group, lang), int(self.people.n)
        code = f"rule_per_{self.people.group}" if self.people.group in HOUSES else "rule_per_people"
        return phrase(code if n > 1 else f"{code}_one", lang, n=_round_number(n, lang), group=group)

    def basis_text(self, lang: str) -> str:
        """Return what the rule counts and per whom, without the people's basis, which a study gives.

        Examples
        --------
        >>> from geoplan.standards.packs.read import read_pack
        >>> next(rule for rule in read_pack("huzhong").rules if rule.id == "nursing_bed_share").basis_text("zh")
        '护理型床位/养老床位；养老机构'
        """
        texts = (self.amount_text, self.facilities_text, self.condition_text, self.whom_text)
        return phrase("join_semicolon", lang).join(filter(None, (text(lang) for text in texts)))

    def unit_text(self, lang: str) -> str:
        """Return the unit of the value: per cent, beds per 1,000 people, or the unit in which one builds."""
        if self.is_share:
            return "%"
        unit = phrase("rule_unit_places", lang) if self.unit == "places" else label("units", self.unit, lang)
        if self.people is None:
            return unit
        n = int(self.people.n)
        code = "rule_unit_per_household" if self.people.group in HOUSES else "rule_unit_per_person"
        return phrase(code if n == 1 else f"{code}s", lang, unit=unit, n=_round_number(n, lang))

    def required_text(self, required: Requirement, lang: str) -> str:
        """Return in words what `required` (from `requirement`) asks for, without its unit."""
        return required.text(self.value_format, lang)

    def target_text(self, lang: str) -> str:
        """Return what the rule asks for by year: ``≥50（2025年）``."""
        asked = ((t.year, self.required_text(self.asked(t), lang)) for t in self.targets)
        return phrase("join_semicolon", lang).join(
            phrase("rule_target_year", lang, target=text, year=year) for year, text in asked
        )

    def full_target_text(self, lang: str) -> str:
        """Return the last target with the unit of the value: ``≥20 平方米/百户``."""
        bound = self.required_text(self.asked(self.targets[-1]), lang)
        return bound if self.is_share else f"{bound} {self.unit_text(lang)}"

    def member_target_text(self, lang: str) -> str:
        """Return what one member must meet by itself; empty where members have no target of their own."""
        return self.own_text("member_target", lang, what=self.facilities_text(lang, short=True))

    def own_text(self, code: str, lang: str, **values: str) -> str:
        """Return a sentence of the kind's own words (``<code>_<kind>``), else that of all kinds; empty where there is neither."""
        own, common = f"{code}_{self.kind}", f"{code}_rule"
        found = own if own in catalogue() else common if common in catalogue() else None
        return "" if found is None else phrase(found, lang, **values)

    def remedy_text(self, lang: str, *, member: bool = False) -> str:
        """Return what to do where the rule (or a `member`) falls short; ``{amount}`` in it is the shortfall with its unit."""
        what = (
            self.facilities_text(lang, short=True)
            or self.amount_text(lang)
            or phrase("rule_facilities", lang)
        )
        return self.own_text("member_remedy" if member else "remedy", lang, what=what, amount="{amount}")

    def affected_text(self, lang: str) -> str:
        """Return whom `people_affected` counts; ``{group}`` in it is the group; empty where the kind counts nobody."""
        return self.own_text("affected", lang, group="{group}")

    def gap_text(self, lang: str) -> str:
        """Return what the shortfall counts."""
        what = (
            self.amount_text(lang)
            or self.facilities_text(lang, short=True)
            or phrase("rule_facilities", lang)
        )
        return self.own_text("gap", lang, what=what)

    @field_validator("level", "base", "target", "per")
    @classmethod
    def _readable(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is not None:
            grammar.PARSERS[str(info.field_name)](text)
        return text

    @field_validator("unit")
    @classmethod
    def _unit(cls, name: str) -> str:
        return known_word("units", name)

    @model_validator(mode="after")
    def _range(self) -> Self:
        if any(target.rise is not None for target in self.targets) and self.start is None:
            raise ValueError("a target that rises from a base (`+6pp`) needs `base`")
        if any(target.comparison == "range" for target in self.targets) and self.range_is is None:
            raise ValueError("`range_is` must say whether the range is `limits` or `floor_and_aim`")
        return self

    @model_validator(mode="after")
    def _target_values(self) -> Self:
        for target in self.targets:
            if target.floor is not None and (
                target.percent != self.bounds_share or target.most > MOST[target.percent]
            ):
                code = "pack_target_share" if self.bounds_share else "pack_target_amount"
                raise PydanticCustomError(code, "{target}", {"target": self.target, "most": MOST[False]})
        return self


def supply_unit(supply: str, lang: str, *, divisor: bool = False) -> str:
    """Return the unit in which a supply is counted: beds, places, m² or people; `divisor`: as it stands behind a stroke.

    Examples
    --------
    >>> supply_unit("places", "zh"), supply_unit("floor_area_m2", "en"), supply_unit("beds", "zh", divisor=True)
    ('个托位', 'm²', '床')
    """
    ends = {"beds": "beds", "places": "places", "_m2": "m2"}
    unit = next((unit for end, unit in ends.items() if supply.endswith(end)), "people")
    return phrase(f"rule_over_{unit}", lang) if divisor else label("units", unit, lang)


def _round_number(n: int, lang: str) -> str:
    """Return 100, 1,000 and 10,000 as they are said."""
    code = f"rule_round_{n}"
    return phrase(code, lang) if code in catalogue() else f"{n:,}"


def selections_text(of: Sequence[Selection], lang: str, *, short: bool = False) -> str:
    """Return facilities that count in words; `short` names many types of one family by the family."""
    if short and sum(len(selection.facilities) for selection in of) > MOST_NAMES:
        types = types_of(of)
        for family in FAMILY_GROUPS:
            if types <= narrower(family):
                return label("types", family, lang)
    return " + ".join(selection.text(lang) for selection in of)


def share_notes(rules: Iterable[Rule], values: Iterable[tuple[str, str, float]]) -> list[Note]:
    """Return an error for each value of a rule that is a share and is given as more than the whole (80 for 80 %).

    Parameters
    ----------
    values
        Entry that gives it (``thresholds``: what the rule asks for; any other: what is there), rule (its id, with or without the
        pack), value.
    """
    by_id = {name: rule for rule in rules for name in (rule.id, rule.rule_id)}
    notes = []
    for entry, name, value in values:
        rule = by_id.get(name)
        is_share = rule is not None and (
            rule.bounds_share if entry == "thresholds" else rule.value_format == "percent"
        )
        if is_share and value > 1:
            shown: dict[str, Any] = {
                "entry": entry,
                "rule": name,
                "got": f"{value:g}",
                "share": f"{value / 100:g}",
            }
            notes.append(Note.of("rule_value_share", severity="error", **shown))
    return notes


def linked(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return rules with the rules that they name in their `standards`; a name of no rule is left out.

    Raises
    ------
    PackError
        If a rule is named by a rule that it names itself.
    """
    rules = tuple(rules)
    by_id = {rule.rule_id: rule for rule in rules}

    def link(rule: Rule, above: tuple[str, ...]) -> Rule:
        if rule.rule_id in above:
            raise PackError(Note.of("pack_meets_itself", rules=", ".join(above), severity="error"))
        if not rule.named:
            return rule
        found = (link(by_id[name], (*above, rule.rule_id)) for name in rule.named if name in by_id)
        return rule.model_copy(update={"standards": tuple(found)})

    return tuple(link(rule, ()) for rule in rules)
