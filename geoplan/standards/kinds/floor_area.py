"""floor_area: square metres per 100 households, or per community."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from geoplan.standards.counts import ZoneAmounts, zone_amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.estates import estate_rooms, pooled
from geoplan.standards.kinds.provision import no_group
from geoplan.standards.measure import Measured
from geoplan.standards.rules import Rule, Selection, Selections, selections_text
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note
from geoplan.words.quantities import Households


class FloorArea(Rule):
    """Square metres per N households, or per zone."""

    kind: Literal["floor_area"]
    estate_column: Literal["eldercare_rooms_m2", "childcare_rooms_m2"] | None = None
    """Column of the estate table that counts."""
    of: Selections | None = None
    """Facilities whose floor area counts, where no column does."""
    flag_by: Selections | None = None
    """Facilities whose floor area measures communities against an estate rule (参照新建标准测算)."""

    pool_below: Households | None = None
    """Estates with fewer households than this pool with the other small ones of their community; default: none does."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.estate_column is None) == (self.of is None):
            raise ValueError("give `estate_column` or `of`, one of them")
        if self.pool_below is not None and self.estate_column is None:
            raise ValueError("`pool_below` needs `estate_column`")
        return self

    @property
    def supplies(self) -> tuple[str, ...]:
        """Rooms of the estate table, or the floor area of facilities."""
        return (self.estate_column or "floor_area_m2",)

    @property
    def raised_by(self) -> str | None:
        """Rooms come with any facility that counts."""
        return None

    def facilities_text(self, lang: str, *, short: bool = False) -> str:
        """Return the facilities in words; the rooms of an estate where there are none."""
        return selections_text(self.of or self.flag_by or (), lang, short=short) or self.amount_text(lang)

    def basis_text(self, lang: str) -> str:
        """Return what is counted and per whom; of estates their rooms, not the facilities by which communities are measured."""
        if self.estate_column is None:
            return super().basis_text(lang)
        return phrase("join_semicolon", lang).join(
            filter(None, (self.amount_text(lang), self.whom_text(lang)))
        )

    def reached_by(self) -> tuple[list[Selection], str] | None:
        """Return the facilities whose floor area communities are measured by, where the rule is per household."""
        of = self.flag_by or self.of
        return (of, "floor_area_m2") if of and self.people is not None else None

    def rooms_asked(self, data: AssessmentData, column: str) -> pd.Series | None:
        """Return the required floor area of each estate that the rule certainly means: required × households / N."""
        bases = self._bases(data) if column == self.estate_column else None
        required = self.requirement(data.year, data.thresholds).required
        return (
            None if bases is None or np.isnan(required) else required * bases.loc[list(self.zones(data).sure)]
        )

    @property
    def counted_group(self) -> str:
        """Households or people that it is per; else the residents of the zone."""
        return self.people.group if self.people else "residents"

    def measure_zones(self, data: AssessmentData, ids: Sequence[str]) -> list[Measured]:
        """Return the floor area per N households (or of the zone) in each zone."""
        if self.estate_column is not None:
            stock = ZoneAmounts(
                estate_rooms(data, self.estate_column, must_be_handed_over="new" in self.where.words)
            )
        else:
            stock = zone_amounts(data, self.of, "floor_area_m2")
        bases = self._bases(data)
        if bases is None:
            group = self.counted_group
            return [Measured(zone, missing=(no_group(group),), group=group) for zone in ids]
        found = [self._one(data, zone, stock, bases) for zone in ids]
        return found if self.pool_below is None else self._pooled(data, found, stock, self.zones(data).sure)

    def _pooled(
        self, data: AssessmentData, found: list[Measured], stock: ZoneAmounts, ids: tuple[str, ...]
    ) -> list[Measured]:
        """Return the measures with small estates at the value of their pool; the gap is shared by households."""
        rooms, size = pooled(data, stock.table, ids, below=float(self.pool_below or 0.0))
        n = self.people.n if self.people else 1.0
        base = size / n if self.people else pd.Series(1.0, index=size.index)
        return [
            one
            if one.missing or not one.applicable
            else replace(one, low=float(rooms["low"][one.zone_id] / base[one.zone_id]),
                         high=float(rooms["high"][one.zone_id] / base[one.zone_id]), have=float("nan"))
            for one in found
        ]  # fmt: skip

    def _bases(self, data: AssessmentData) -> pd.Series | None:
        """Return the households (or 1) of each zone over N: the estate table's own where it has them."""
        if self.people is None:
            return pd.Series(1.0, index=data.zones.index)
        group, n = self.people.group, self.people.n
        counted = data.people(group)
        if group in data.zones:
            told = pd.Series(data.zones[group].to_numpy(dtype=float), index=data.zones.index)
            estates = data.zones["level"] == "estate"
            counted = told if counted is None else counted.where(~estates, told)
        return None if counted is None else counted / n

    def _one(self, data: AssessmentData, zone: str, stock: ZoneAmounts, bases: pd.Series) -> Measured:
        base = float(bases[zone])
        low, high = (end / base if base > 0 else float("nan") for end in stock.at(zone))
        missing = stock.missing or (() if np.isfinite(base) else (Note.of("rule_no_households", zone=zone),))
        people = data.people("residents")
        crowd = float("nan") if people is None else float(people[zone])
        if self.people:
            crowd = base * self.people.n
        applicable, group = bool(base > 0) or not np.isfinite(base), self.counted_group
        return stock.measured(
            zone, low, high, base, missing=missing, applicable=applicable, people=crowd, group=group
        )
