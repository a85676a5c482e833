"""facility: what one facility must itself meet; conditions join by any and all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from geoplan.standards.counts import amounts, facility_amounts, fits
from geoplan.standards.data import Bools, Case, Floats
from geoplan.standards.estates import estate_rooms, pooled
from geoplan.standards.grammar import parse_level
from geoplan.standards.measure import Measured
from geoplan.standards.members import counted, empty_members
from geoplan.standards.requirement import NAN, Requirement
from geoplan.standards.rules import Condition, Rule, Selections, Supply, supply_unit
from geoplan.words.catalogue import phrase
from geoplan.words.vocabulary import label


class Facility(Rule):
    """What one facility must itself meet."""

    kind: Literal["facility"]
    of: Selections | None = None
    """Facilities that are due."""
    in_zones_of: str | None = None
    """Level with a filter (``community:new``): only facilities in such zones are due."""
    estate_column: Literal["eldercare_rooms_m2", "childcare_rooms_m2"] | None = None
    """Instead of `of`: the rooms that the estate table gives for each estate of `in_zones_of`."""
    must: Condition | None = None
    """What each must meet; the target is ``all``."""
    measured: Supply | None = None
    """Instead of `must`: the supply that the target bounds."""
    over: Supply | None = None
    """Divisor of `measured`."""
    times: Annotated[float, Field(gt=0)] = 1.0
    """Factor on the ratio (100 for "per 100")."""

    pool_below: Annotated[float, Field(gt=0)] | None = None
    """Estates with fewer households than this pool with the other small ones of their community; default: none does."""

    is_share: ClassVar[bool] = True
    counts_members: ClassVar[bool] = True
    member_gap: ClassVar[float] = 1.0

    @model_validator(mode="after")
    def _forms(self) -> Self:
        if (self.of is None) == (self.estate_column is None):
            raise ValueError("give `of` or `estate_column`, one of them")
        if self.estate_column is not None and self.in_zones_of is None:
            raise ValueError("`estate_column` needs `in_zones_of`")
        if self.pool_below is not None and self.estate_column is None:
            raise ValueError("`pool_below` needs `estate_column`")
        forms = [self.must is not None, self.measured is not None, self.estate_column is not None]
        if sum(forms) != 1:
            raise ValueError("give `must`, `measured` or `estate_column`, one of them")
        return self

    @property
    def supplies(self) -> tuple[str, ...]:
        """The supply that the target bounds."""
        return tuple(name for name in (self.measured, self.over) if name)

    def facilities_text(self, lang: str, *, short: bool = False) -> str:
        """Return the facilities that are due; the rooms of an estate where those are."""
        if self.estate_column is not None:
            return label("supplies", self.estate_column, lang)
        return super().facilities_text(lang, short=short)

    def amount_text(self, lang: str) -> str:
        """Return the supply that the target bounds, over its divisor."""
        return "/".join(label("supplies", name, lang) for name in self.supplies)

    def condition_text(self, lang: str, rules: Mapping[str, Rule]) -> str:  # noqa: ARG002 - compliance names others
        """Return what each facility must meet."""
        return "" if self.must is None else self.must.text(lang)

    def member_format(self, rules: Mapping[str, Rule]) -> str:  # noqa: ARG002 - compliance names others
        """Return the format of the amount of one facility: whole, or a ratio with its decimals."""
        return "count" if self.over is None else "decimal"

    def _bound_text(self, required: Requirement, lang: str) -> str:
        """Return what one facility must meet: ``≤150 个托位``, ``≥12 平方米/托位``."""
        if self.must is not None or not required.comparison:
            return self.must.text(lang) if self.must is not None else required.text("count", lang)
        bound = required.text(self.member_format({}), lang)
        unit = supply_unit(self.measured or "floor_area_m2", lang)
        if self.over is None:
            return f"{bound} {unit}"
        over = supply_unit(self.over, lang, divisor=True)
        times = "" if self.times == 1.0 else f"{self.times:g} "
        return phrase("facility_ratio", lang, bound=bound, unit=unit, over=over, times=times)

    def required_text(self, required: Requirement, lang: str) -> str:
        """Return what the rule asks for: that each facility meets its own bound."""
        if self.must is not None:
            return phrase("rule_target_all", lang)
        if not required.comparison:
            return required.text("count", lang)
        return phrase("facility_each", lang, bound=self._bound_text(required, lang))

    def member_target_text(self, lang: str, rules: Mapping[str, Rule]) -> str:  # noqa: ARG002 - compliance names others
        """Return what one facility must meet by the last target."""
        last = self.targets[-1]
        return self._bound_text(Requirement.of([last], year=last.year, range_is=self.range_is), lang)

    def measure_requirement(self, year: int, thresholds: Mapping[str, float] | None = None) -> Requirement:
        """Return what judges the share of facilities: all of them."""
        own = self.requirement(year, thresholds)
        if not own.comparison:
            return replace(own, required=NAN)
        return Requirement(">=", 1.0, target_year=own.target_year, is_due=own.is_due, local=own.local)

    def measure(self, case: Case) -> list[Measured]:
        """Return the share of facilities that keep the rule by the plan's zones, with the facilities as members."""
        zones = None
        if self.in_zones_of is not None:
            zones = case.zones_of(self, parse_level(self.in_zones_of))
            if zones.missing:
                return [Measured(zone, missing=zones.missing) for zone in case.plan_zones(self)]
            if not zones.sure and not zones.maybe:
                return [Measured(zone, applicable=False) for zone in case.plan_zones(self)]
        if self.estate_column is not None and zones is not None:
            return self._rooms(case, [*zones.sure, *zones.maybe], len(zones.sure))
        assert self.of is not None  # noqa: S101 - checked when read
        found = amounts(case, self.of, None)
        if found.missing:
            return [Measured(zone, missing=found.missing) for zone in case.plan_zones(self)]
        table = found.table
        if zones is not None:
            inside = {below for zone in zones.sure for below in case.below(zone)}
            table = table[case.facilities.loc[table.index, "zone_id"].isin(inside)]
        has, value = self._keeps(case, table.index)
        members = empty_members(list(table.index), has, (table["low"] > 0).to_numpy())
        members["value"] = value
        homes = case.facilities.loc[table.index, "zone_id"]
        out = []
        for zone in case.plan_zones(self):
            here = homes.isin(case.below(zone)).to_numpy()
            if zone == case.area:
                here = here | case.homeless[case.facilities.index.get_indexer(table.index)]
            out.append(counted(case, members[here].reset_index(drop=True), zone))
        return out

    def _keeps(self, case: Case, ids: pd.Index) -> tuple["pd.arrays.BooleanArray", Floats]:
        if self.must is not None:
            sure, maybe = fits(case, self.must, ids)
            return _three(sure, maybe), np.where(sure, 1.0, np.where(maybe, np.nan, 0.0))
        low, high = facility_amounts(case, str(self.measured), ids)
        if self.over is not None:
            under_low, under_high = facility_amounts(case, self.over, ids)
            with np.errstate(divide="ignore", invalid="ignore"):
                low = np.where(under_high > 0, low / under_high, np.nan)
                high = np.where(under_low > 0, high / under_low, np.inf)
        return self._bounded(case, low * self.times, high * self.times)

    def _bounded(self, case: Case, low: Floats, high: Floats) -> tuple["pd.arrays.BooleanArray", Floats]:
        what = self.requirement(case.year, case.thresholds)
        told = [what.holds(float(a), float(b)) for a, b in zip(low, high, strict=True)]
        has = pd.array(told, dtype="boolean")
        return has, np.where(low == high, low, np.nan)

    def _rooms(self, case: Case, ids: list[str], n_sure: int) -> list[Measured]:
        rooms = estate_rooms(
            case, str(self.estate_column), must_be_handed_over="new" in str(self.in_zones_of)
        )
        if self.pool_below is not None:
            rooms, _ = pooled(case, rooms, ids, below=self.pool_below)
        rooms = rooms.loc[ids]
        has, value = self._bounded(case, rooms["low"].to_numpy(), rooms["high"].to_numpy())
        members = empty_members(ids, has, np.arange(len(ids)) < n_sure)
        members["value"] = value
        return [
            counted(case, members[members["member_id"].isin(case.below(zone))].reset_index(drop=True), zone)
            for zone in case.plan_zones(self)
        ]


def _three(sure: Bools, maybe: Bools) -> "pd.arrays.BooleanArray":
    return pd.arrays.BooleanArray(sure.copy(), maybe & ~sure)
