"""facility: what one facility must itself meet; conditions join by any and all."""

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
from geoplan.standards.rules import Condition, Rule, Selections, Supply
from geoplan.standards.verdict import Due, due, holds


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

    of_members: ClassVar[bool] = True

    @property
    def percent(self) -> bool:
        """Shares of facilities are printed as per cent; the bound itself is a number."""
        return True

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

    def due(self, case: Case) -> Due:
        """Return what judges the share of facilities: all of them."""
        own = due(self, case.year, case.thresholds)
        return Due(">=" if own.comparison else "", 1.0 if own.comparison else float("nan"), target_year=own.target_year,
                   is_due=own.is_due, local=own.local)  # fmt: skip

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
        what = due(self, case.year, case.thresholds)
        told = [
            holds(float(a), float(b), what) if what.comparison else None
            for a, b in zip(low, high, strict=True)
        ]
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
