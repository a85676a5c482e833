"""compliance: zones or estates that meet another rule, over those due."""

from typing import ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from geoplan.standards.counts import types_of
from geoplan.standards.data import Case
from geoplan.standards.estates import estate_rooms
from geoplan.standards.measure import Measured
from geoplan.standards.members import counted, empty_members, group_of, zone_presence
from geoplan.standards.rules import Rule, Selections, Text
from geoplan.standards.verdict import due, holds
from geoplan.words.errors import Note


class Compliance(Rule):
    """Zones that meet another rule, over those due."""

    kind: Literal["compliance"]
    meets: list[Text] | None = None
    """Rules that must be met, all of them: ids of this pack or ``pack.rule``."""
    has_rooms: Literal["eldercare_rooms_m2", "childcare_rooms_m2"] | None = None
    """Instead: the estate table gives rooms of this kind."""
    has: Selections | None = None
    """Instead, or beside `has_rooms`: a facility stands inside."""
    standard: Literal["not stated"] | None = None
    """``not stated``: the plan names no standard; no data until a local pack names a rule in `meets`."""

    of_members: ClassVar[bool] = True

    @model_validator(mode="after")
    def _one_standard(self) -> Self:
        if (
            sum(
                [
                    self.meets is not None,
                    self.has_rooms is not None or self.has is not None,
                    self.standard is not None,
                ]
            )
            != 1
        ):
            raise ValueError("give `meets`, `has_rooms` and/or `has`, or `standard: not stated`")
        return self

    def measure(self, case: Case) -> list[Measured]:
        """Return the share of zones that meet the named rules, by the plan's zones, with the zones as members."""
        zones = case.zones_of(self)
        missing = self._missing(case) or zones.missing
        group = (
            group_of(case, self, types_of(self.has))
            if self.has
            else ("residents" if "residents" in case.demand else "")
        )
        if missing:
            return [Measured(zone, missing=missing, group=group) for zone in case.plan_zones(self)]
        ids = [*zones.sure, *zones.maybe]
        if not ids:
            return [Measured(zone, applicable=False, group=group) for zone in case.plan_zones(self)]
        has, value, why = self._meets(case) if self.meets else (*self._has(case, ids, group), ())
        if why:
            return [Measured(zone, missing=why, group=group) for zone in case.plan_zones(self)]
        members = empty_members(
            ids, has.loc[ids].to_numpy(), np.isin(np.array(ids, dtype=object), list(zones.sure))
        )
        members["value"] = value.reindex(ids).to_numpy(dtype=float)
        return [
            counted(
                case,
                members[members["member_id"].isin(case.below(zone))].reset_index(drop=True),
                zone,
                group=group,
            )
            for zone in case.plan_zones(self)
        ]

    def _missing(self, case: Case) -> tuple[Note, ...]:
        if self.standard is not None:
            return (Note.of("rule_no_standard"),)
        unknown = [name for name in self._names() if name not in case.rules]
        return (Note.of("rule_unknown_rule", rules=", ".join(unknown)),) if unknown else ()

    def _names(self) -> list[str]:
        return [name if "." in name else f"{self.pack}.{name}" for name in self.meets or []]

    def _meets(self, case: Case) -> tuple[pd.Series, pd.Series, tuple[Note, ...]]:
        """Return which zones meet every named rule, the value under the first, and why nothing can be said."""
        has = pd.Series(pd.array([True] * len(case.zones), dtype="boolean"), index=case.zones.index)
        value = pd.Series(np.nan, index=case.zones.index)
        missing: list[Note] = []
        for at, name in enumerate(self._names()):
            rule = case.rules[name]
            told, values, why = _met_by(case, self._at_own_zones(rule))
            if told is None:
                missing += why
                continue
            has = has & told.reindex(case.zones.index)
            value = values.reindex(case.zones.index) if at == 0 else value
        return has, value, tuple(dict.fromkeys(missing))

    def _at_own_zones(self, rule: Rule) -> Rule:
        """Return the named rule as it reads for the zones of this one (new communities' standard for existing ones)."""
        if rule.where.levels != self.where.levels or rule.where == self.where:
            return rule
        moved = rule.model_copy(update={"level": self.level})
        moved.__dict__.pop("where", None)  # the cached reading of the former level
        return moved

    def _has(self, case: Case, ids: list[str], group: str) -> tuple[pd.Series, pd.Series]:
        has = pd.Series(pd.array([False] * len(ids), dtype="boolean"), index=ids)
        value = pd.Series(np.nan, index=ids)
        if self.has_rooms is not None:
            rooms = estate_rooms(case, self.has_rooms, must_be_handed_over="new" in self.where.words).loc[ids]
            value = rooms["low"]
            some, maybe = rooms["low"].to_numpy(dtype=float) > 0, rooms["high"].to_numpy(dtype=float) > 0
            said = pd.Series(pd.arrays.BooleanArray(maybe, maybe & ~some), index=ids)
            has = has | said
        if self.has is not None and types_of(self.has) & case.listed:
            stands = zone_presence(case, self.has, ids, group)["located"]
            has = has | stands
        return has, value


def _met_by(case: Case, rule: Rule) -> tuple[pd.Series | None, pd.Series, tuple[Note, ...]]:
    """Return which zones meet a rule (True, False, NA) with its value, by zone_id; None and why where nothing is known."""
    what = due(rule, case.year, case.thresholds)
    found = rule.measure(case)
    has: dict[str, bool | None] = {}
    values: dict[str, float] = {}
    for one in found:
        if one.members is not None:
            has |= {
                str(m): None if pd.isna(h) else bool(h)
                for m, h in zip(one.members["member_id"], one.members["has"], strict=True)
            }
            values |= dict(
                zip(one.members["member_id"].astype(str), one.members["value"].astype(float), strict=True)
            )
        elif one.applicable and not one.missing:
            has[one.zone_id] = holds(one.low, one.high, what) if what.comparison else None
            values[one.zone_id] = one.low
    missing = tuple(note for one in found for note in one.missing)
    if not has and missing:
        return None, pd.Series(dtype=float), missing
    table = pd.Series(pd.array(list(has.values()), dtype="boolean"), index=list(has), dtype="boolean")
    return table, pd.Series(values, dtype=float), ()
