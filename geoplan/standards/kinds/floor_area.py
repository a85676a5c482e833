"""floor_area: square metres per 100 households, or per community."""

from dataclasses import replace
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from geoplan.standards.counts import ZoneAmounts, zone_amounts
from geoplan.standards.data import Case
from geoplan.standards.estates import estate_rooms, pooled
from geoplan.standards.kinds.provision import no_group
from geoplan.standards.measure import Measured
from geoplan.standards.rules import Rule, Selection, Selections
from geoplan.words.errors import Note


class FloorArea(Rule):
    """Square metres per N households, or per zone."""

    kind: Literal["floor_area"]
    estate_column: Literal["eldercare_rooms_m2", "childcare_rooms_m2"] | None = None
    """Column of the estate table that counts."""
    of: Selections | None = None
    """Facilities whose floor area counts, where no column does."""
    flag_by: Selections | None = None
    """Facilities whose floor area measures communities against an estate rule (参照新建标准测算)."""

    pool_below: Annotated[float, Field(gt=0)] | None = None
    """Estates with fewer households than this pool with the other small ones of their community; default: none does."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.estate_column is None) == (self.of is None):
            raise ValueError("give `estate_column` or `of`, one of them")
        if self.pool_below is not None and self.estate_column is None:
            raise ValueError("`pool_below` needs `estate_column`")
        return self

    def reached_by(self) -> tuple[list[Selection], str] | None:
        """Return the facilities whose floor area communities are measured by, where the rule is per household."""
        of = self.flag_by or self.of
        return (of, "floor_area_m2") if of and self.people is not None else None

    def measure(self, case: Case) -> list[Measured]:
        """Return the floor area per N households (or of the zone) in each zone of the rule's level."""
        zones = case.zones_of(self)
        group = self.people.group if self.people else "residents"
        if zones.missing:
            return [Measured(case.area, missing=zones.missing, group=group)]
        if not zones.sure:
            return [Measured(case.area, applicable=False, group=group)]
        if self.estate_column is not None:
            stock = ZoneAmounts(
                estate_rooms(case, self.estate_column, must_be_handed_over="new" in self.where.words)
            )
        else:
            stock = zone_amounts(case, self.of, "floor_area_m2")
        bases = self._bases(case)
        if bases is None:
            return [Measured(zone, missing=(no_group(group),), group=group) for zone in zones.sure]
        found = [self._one(case, zone, stock, bases) for zone in zones.sure]
        return found if self.pool_below is None else self._pooled(case, found, stock, zones.sure)

    def _pooled(
        self, case: Case, found: list[Measured], stock: ZoneAmounts, ids: tuple[str, ...]
    ) -> list[Measured]:
        """Return the measures with small estates at the value of their pool; the gap is shared by households."""
        rooms, size = pooled(case, stock.table, ids, below=float(self.pool_below or 0.0))
        n = self.people.n if self.people else 1.0
        base = size / n if self.people else pd.Series(1.0, index=size.index)
        return [
            one
            if one.missing or not one.applicable
            else replace(one, low=float(rooms["low"][one.zone_id] / base[one.zone_id]),
                         high=float(rooms["high"][one.zone_id] / base[one.zone_id]), have=float("nan"))
            for one in found
        ]  # fmt: skip

    def _bases(self, case: Case) -> pd.Series | None:
        """Return the households (or 1) of each zone over N: the estate table's own where it has them."""
        if self.people is None:
            return pd.Series(1.0, index=case.zones.index)
        group, n = self.people.group, self.people.n
        counted = case.people(group)
        if group in case.zones:
            told = pd.Series(case.zones[group].to_numpy(dtype=float), index=case.zones.index)
            estates = case.zones["level"] == "estate"
            counted = told if counted is None else counted.where(~estates, told)
        return None if counted is None else counted / n

    def _one(self, case: Case, zone: str, stock: ZoneAmounts, bases: pd.Series) -> Measured:
        low, high, rows, unknown = stock.at(zone)
        base = float(bases[zone])
        missing = stock.missing or (() if np.isfinite(base) else (Note.of("rule_no_households", zone=zone),))
        people = None if self.people else case.people("residents")
        crowd = (
            base * self.people.n if self.people else float("nan") if people is None else float(people[zone])
        )
        return Measured(
            zone,
            low / base if base > 0 else float("nan"),
            high / base if base > 0 else float("nan"),
            base,
            rows=rows,
            unknown_rows=unknown,
            have=stock.known(zone),
            missing=missing,
            hints=stock.hints,
            applicable=bool(base > 0) or not np.isfinite(base),
            people=crowd,
            group=self.people.group if self.people else "residents",
        )
