"""compliance: zones or estates that meet another rule, over those due."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from geoplan.standards.counts import both_labels, no_types
from geoplan.standards.data import AssessmentData
from geoplan.standards.estates import estate_rooms
from geoplan.standards.measure import Measured
from geoplan.standards.members import MemberRule, members_table, zone_presence
from geoplan.standards.rules import Rule, Selection, Selections, Text, family_group, types_of
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import Note
from geoplan.words.numbers import format_interval
from geoplan.words.vocabulary import label

#: Columns of rooms in the estate table.
Rooms = Literal["eldercare_rooms_m2", "childcare_rooms_m2"]


class Compliance(MemberRule):
    """Zones that meet another rule, over those due."""

    kind: Literal["compliance"]
    meets: list[Text] | None = None
    """Rules that must be met, all of them: ids of this pack or ``pack.rule``."""
    has_rooms: Rooms | Annotated[list[Rooms], Field(min_length=1)] | None = None
    """Instead: the estate table gives rooms of this kind, or of any of several."""
    has: Selections | None = None
    """Instead, or beside `has_rooms`: a facility stands inside."""
    standard: Literal["not stated"] | None = None
    """``not stated``: the plan names no standard; no data until a local pack names a rule in `meets`."""

    @model_validator(mode="after")
    def _one_standard(self) -> Self:
        of_its_own = self.has_rooms is not None or self.has is not None
        if sum([self.meets is not None, of_its_own, self.standard is not None]) != 1:
            raise ValueError("give `meets`, `has_rooms` and/or `has`, or `standard: not stated`")
        return self

    @property
    def selections(self) -> tuple[Selection, ...]:
        """Facilities of which one must stand inside."""
        return tuple(self.has or ())

    @property
    def rooms(self) -> tuple[str, ...]:
        """Columns of the estate table of which any may give the rooms; empty where the rule asks for none."""
        named = self.has_rooms or ()
        return (named,) if isinstance(named, str) else tuple(named)

    @property
    def counted_group(self) -> str:
        """People of the zones: those whom the facilities are for, else all residents."""
        return family_group(types_of(self.has)) if self.has else "residents"

    @property
    def named(self) -> tuple[str, ...]:
        """Rules that must be met, by rule_id."""
        return tuple(name if "." in name else f"{self.pack}.{name}" for name in self.meets or [])

    def facilities_text(self, lang: str, *, short: bool = False) -> str:
        """Return the facilities that must stand inside; else the rooms that the estate table must give."""
        if self.has is None and self.rooms:
            return phrase("join_items", lang).join(label("supplies", name, lang) for name in self.rooms)
        return super().facilities_text(lang, short=short)

    def condition_text(self, lang: str) -> str:
        """Return which rules must be met."""
        if self.standard is not None:
            return phrase("compliance_no_standard", lang)
        if self.meets is None:
            return ""
        known = {rule.rule_id: rule.indicator_text(lang) for rule in self.standards}
        named = [known.get(name, name) for name in self.named]
        return phrase("compliance_meets", lang, rules=phrase("join_items", lang).join(named))

    def member_format(self) -> str:
        """Return the format of the rule that must be met, which gives the value of a member; rooms are in m²."""
        if not self.standards:
            return "count"
        first = self.standards[0]
        return first.member_format() if first.counts_members else first.value_format

    def member_target_text(self, lang: str) -> str:
        """Return what one zone must meet: the targets of the rules that are named."""
        if self.meets is None:
            return "" if self.standard is not None else super().member_target_text(lang)
        parts = [rule.member_target_text(lang) or rule.full_target_text(lang) for rule in self.standards]
        return phrase("join_semicolon", lang).join(dict.fromkeys(part for part in parts if part))

    def missing(self, data: AssessmentData) -> tuple[Note, ...]:
        """Return why no zone can be judged: no standard is stated, or the rules that must be met say nothing."""
        if self.standard is not None:
            return (Note.of("rule_no_standard"),)
        unknown = set(self.named) - {rule.rule_id for rule in self.standards}
        if unknown:
            return (Note.of("rule_unknown_rule", rules=", ".join(sorted(unknown))),)
        zones = self.zones(data)
        if zones.missing or not zones.every:
            return zones.missing
        if self.has is not None and self.has_rooms is None and not types_of(self.has) & data.listed:
            return (no_types(self.has),)
        return tuple(dict.fromkeys(note for found in self._met(data) for note in found.missing))

    def members(self, data: AssessmentData) -> pd.DataFrame:
        """Return which zones meet every named rule, with the value under the first; or which have the rooms or facilities."""
        zones = self.zones(data)
        ids = zones.every
        has, value, most = self._has(data, ids, self.group_in(data))
        for found in self._met(data):
            has = has & found.has.reindex(ids)
        if self.standards:
            value = most = self._met(data)[0].value.reindex(ids)
        # of a zone of which it is open whether it has them the least says nothing
        ends = {"value": value, "value_high": most}
        told = {name: np.where(has.isna(), np.nan, end.to_numpy(dtype=float)) for name, end in ends.items()}
        return members_table(ids, has.to_numpy(), zones.is_sure).assign(**told)

    def count(self, data: AssessmentData, members: pd.DataFrame, zone: str) -> Measured:
        """Return the share of zones that meet it; beside it the share of those that have no rooms and no facility."""
        found = super().count(data, members, zone)
        if self.meets is not None or found.tally is None or np.isnan(found.low):
            return found
        what: dict[str, Any] = {f"what_{lang}": self.facilities_text(lang, short=True) for lang in LANGUAGES}
        lacking, judged = found.tally.judged - found.tally.met, found.tally.judged
        code = "compliance_without_some" if found.tally.no_data else "compliance_without"
        note = Note.of(
            code, severity="info", share=format_interval(1 - found.high, 1 - found.low, "percent"),
            lacking=lacking, judged=judged, no_data=found.tally.no_data, **what, **both_labels("unit", "units", [self.unit]),
        )  # fmt: skip
        return replace(found, notes=(note,))

    def _met(self, data: AssessmentData) -> tuple["MetBy", ...]:
        """Return which zones meet each of the named rules."""
        key = ("met", self.rule_id, self.level, tuple((rule.rule_id, rule.level) for rule in self.standards))
        return data.once(
            key, lambda: tuple(_met_by(data, self._at_own_zones(rule)) for rule in self.standards)
        )

    def _at_own_zones(self, rule: Rule) -> Rule:
        """Return the named rule as it reads for the zones of this one (new communities' standard for existing ones)."""
        if rule.where.levels != self.where.levels or rule.where == self.where:
            return rule
        moved = rule.model_copy(update={"level": self.level})
        moved.__dict__.pop("where", None)  # the cached reading of the former level
        return moved

    def _has(
        self, data: AssessmentData, ids: list[str], group: str
    ) -> tuple[pd.Series, pd.Series, pd.Series]:
        """Return which zones have the rooms or a facility (every zone where rules are named instead), least and most of the rooms."""
        has = pd.Series(pd.array([self.meets is not None] * len(ids), dtype="boolean"), index=ids)
        least = most = pd.Series(np.nan, index=ids)
        if self.rooms:
            is_new = "new" in self.where.words
            every = [
                estate_rooms(data, name, must_be_handed_over=is_new)[["low", "high"]].loc[ids]
                for name in self.rooms
            ]
            rooms = sum(every[1:], start=every[0])
            least, most = rooms["low"], rooms["high"]
            some, maybe = least.to_numpy(dtype=float) > 0, most.to_numpy(dtype=float) > 0
            has = has | pd.Series(pd.arrays.BooleanArray(maybe, maybe & ~some), index=ids)
        if self.has is not None:
            # of a type that no register lists nothing is known
            listed = types_of(self.has) & data.listed
            unknown = pd.Series(pd.NA, index=ids, dtype="boolean")
            has = has | (zone_presence(data, self.has, ids, group)["located"] if listed else unknown)
        return has, least, most


@dataclass(frozen=True)
class MetBy:
    """Which zones meet a rule (True, False, NA), with its value, by zone_id; and why nothing is known of any."""

    has: pd.Series
    value: pd.Series
    missing: tuple[Note, ...] = ()


def _met_by(data: AssessmentData, rule: Rule) -> MetBy:
    required = rule.requirement(data.year, data.thresholds)
    measured = rule.measure(data)
    has: dict[str, bool | None] = {}
    values: dict[str, float] = {}
    for one in measured:
        if one.members is not None:
            ids = one.members["member_id"].astype(str)
            has |= {m: None if pd.isna(h) else bool(h) for m, h in zip(ids, one.members["has"], strict=True)}
            values |= dict(zip(ids, one.members["value"].astype(float), strict=True))
        elif one.applicable and not one.missing:
            has[one.zone_id] = required.holds(one.low, one.high)
            values[one.zone_id] = one.low
    missing = tuple(note for one in measured for note in one.missing)
    if not has and missing:
        return MetBy(pd.Series(dtype="boolean"), pd.Series(dtype=float), missing)
    return MetBy(
        pd.Series(pd.array(list(has.values()), dtype="boolean"), index=list(has)),
        pd.Series(values, dtype=float),
    )
