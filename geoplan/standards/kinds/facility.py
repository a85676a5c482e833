"""facility: what one facility must itself meet; conditions join by any and all.

A facility may also be asked to stand beside others (`nearest`): the metres to the nearest are those of a straight line, and no walk.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from geoplan.standards.counts import amounts, facility_amounts, fits
from geoplan.standards.data import AssessmentData, Bools, Floats
from geoplan.standards.estates import estate_rooms, pooled
from geoplan.standards.grammar import parse_level
from geoplan.standards.measure import Measured
from geoplan.standards.members import MemberRule, members_table, three_valued
from geoplan.standards.requirement import NAN, Requirement
from geoplan.standards.rule_zones import RuleZones
from geoplan.standards.rules import (
    Attribute,
    Condition,
    Selection,
    Selections,
    Supply,
    selections_text,
    supply_unit,
)
from geoplan.standards.straight_line import metres_to_nearest
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import Note
from geoplan.words.numbers import format_interval
from geoplan.words.quantities import Factor, Households
from geoplan.words.vocabulary import label


class Facility(MemberRule):
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
    times: Factor = 1.0
    """Factor on the ratio (100 for "per 100")."""
    nearest: Selections | None = None
    """Instead of `must`: facilities of which the nearest counts, in metres of a straight line (直线距离), which the target bounds."""
    beside: list[Attribute] | None = None
    """Attributes of the register that are listed beside each facility, and judge nothing."""
    pool_below: Households | None = None
    """Estates with fewer households than this pool with the other small ones of their community; default: none does."""

    supply_entries: ClassVar[tuple[str, ...]] = ("measured", "over")

    @model_validator(mode="after")
    def _forms(self) -> Self:
        if (self.of is None) == (self.estate_column is None):
            raise ValueError("give `of` or `estate_column`, one of them")
        if self.estate_column is not None and self.in_zones_of is None:
            raise ValueError("`estate_column` needs `in_zones_of`")
        if self.pool_below is not None and self.estate_column is None:
            raise ValueError("`pool_below` needs `estate_column`")
        forms = (self.must, self.measured, self.nearest, self.estate_column)
        if sum(form is not None for form in forms) != 1:
            raise ValueError("give `must`, `measured`, `nearest` or `estate_column`, one of them")
        if self.beside is not None and self.of is None:
            raise ValueError("`beside` needs `of`")
        return self

    @property
    def measured_to(self) -> tuple[Selection, ...]:
        """Facilities of which the nearest counts."""
        return tuple(self.nearest or ())

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Conditions on the facilities that are due, and what each must meet."""
        return super().conditions + ((self.must,) if self.must else ())

    @property
    def needs_zones(self) -> bool:
        """True where only facilities in zones of a level or of a name are due."""
        return self.in_zones_of is not None or super().needs_zones

    @property
    def size_floor(self) -> tuple[str, float] | None:
        """Supply and least size that each facility must have, by the last target."""
        target = self.targets[-1]
        if (
            self.of is None
            or self.measured is None
            or self.over is not None
            or target.comparison not in (">=", ">", "range")
        ):
            return None
        return None if target.floor is None else (self.measured, target.floor)

    def facilities_text(self, lang: str, *, short: bool = False) -> str:
        """Return the facilities that are due; the rooms of an estate where those are."""
        if self.estate_column is not None:
            return label("supplies", self.estate_column, lang)
        return super().facilities_text(lang, short=short)

    def amount_text(self, lang: str) -> str:
        """Return the supply that the target bounds, over its divisor; or to which facilities the distance is."""
        if self.nearest is not None:
            return phrase("facility_nearest", lang, near=self._near_text(lang))
        return "/".join(label("supplies", name, lang) for name in self.supplies)

    def condition_text(self, lang: str) -> str:
        """Return what each facility must meet."""
        return "" if self.must is None else self.must.text(lang)

    def _near_text(self, lang: str) -> str:
        return selections_text(self.measured_to, lang)

    def remedy_text(self, lang: str, *, member: bool = False) -> str:
        """Return what to do where facilities, or one, do not keep the rule."""
        if self.nearest is None:
            return super().remedy_text(lang, member=member)
        code = "facility_nearest_member_remedy" if member else "facility_nearest_remedy"
        return phrase(code, lang, near=self._near_text(lang), amount="{amount}")

    def member_format(self) -> str:
        """Return the format of the amount of one facility: whole, or a ratio with its decimals."""
        return "count" if self.over is None else "decimal"

    @property
    def bounds_share(self) -> bool:
        """False where the target bounds what one facility has."""
        return self.must is not None

    def _bound_text(self, required: Requirement, lang: str) -> str:
        """Return what one facility must meet: ``≤150 个托位``, ``≥12 平方米/托位``, ``直线距离≤300 米``."""
        if self.nearest is not None:
            code = "facility_metres" if required.comparison else "facility_metres_open"
            return phrase(code, lang, bound=required.text("count", lang))
        if self.must is not None or not required.comparison:
            return self.must.text(lang) if self.must is not None else required.text("count", lang)
        bound = required.text(self.member_format(), lang)
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

    def member_target_text(self, lang: str) -> str:
        """Return what one facility must meet by the last target."""
        return self._bound_text(self.asked(self.targets[-1]), lang)

    def requirement(self, year: int, thresholds: Mapping[str, float] | None = None) -> Requirement:
        """Return what the plan asks of one facility in `year`; a local threshold of a distance is the most that it may be."""
        own = super().requirement(year, thresholds)
        return replace(own, comparison="<=") if own.local and self.nearest is not None else own

    def measure_requirement(self, year: int, thresholds: Mapping[str, float] | None = None) -> Requirement:
        """Return what judges the share of facilities: all of them."""
        own = self.requirement(year, thresholds)
        if not own.comparison:
            return replace(own, required=NAN)
        return Requirement(">=", 1.0, target_year=own.target_year, is_due=own.is_due, local=own.local)

    def member_zones(self, data: AssessmentData) -> RuleZones | None:
        """Return the zones in which facilities are due; None where those of all zones are."""
        return None if self.in_zones_of is None else self.zones(data, parse_level(self.in_zones_of))

    def missing(self, data: AssessmentData) -> tuple[Note, ...]:
        """Return why no facility can be judged: the kind of the zones is not known, or no register lists the facilities."""
        zones = self.member_zones(data)
        if zones is not None and (zones.missing or not zones.every):
            return zones.missing
        counted = (self.of, self.nearest)
        return tuple(note for of in counted if of is not None for note in amounts(data, of, None).missing)

    def members(self, data: AssessmentData) -> pd.DataFrame:
        """Return the facilities (or the rooms of estates) that are due, and which keep the rule."""
        zones = self.member_zones(data)
        if self.of is None:
            assert zones is not None  # noqa: S101 - checked when read
            return self._rooms(data, zones)
        table = amounts(data, self.of, None).table
        sure, maybe = _in_zones(data, table.index, zones)
        sure, table = (sure & (table["low"] > 0).to_numpy())[maybe], table[maybe]
        if self.nearest is not None:
            return self._beside(data, table.index, sure)
        has, value = self._keeps(data, table.index)
        return members_table(list(table.index), has, sure).assign(value=value)

    def is_inside(self, data: AssessmentData, members: pd.DataFrame, zone: str) -> pd.Series | Bools:
        """Return which facilities stand in a zone of the plan, those included of which that is only possible."""
        if self.of is None:
            return super().is_inside(data, members, zone)
        at = data.facilities.index.get_indexer(pd.Index(members["member_id"]))
        here = data.facilities["zone_id"].iloc[at].isin(data.below(zone)).to_numpy()
        return here | data.may_stand_in(zone)[at]

    def count(self, data: AssessmentData, members: pd.DataFrame, zone: str) -> Measured:
        """Return the share of facilities that meet the rule; one that only may stand in the zone only possibly counts.

        Where nothing bounds what each has, there is no share.
        """
        if self.of is not None and zone != data.area:
            at = data.facilities.index.get_indexer(pd.Index(members["member_id"]))
            members = members.assign(sure=members["sure"] & ~data.may_stand_in(zone)[at])
        found = super().count(data, members, zone)
        if self.nearest is not None:
            unknown = ~(members["value"] == members["value_high"]) | ~members["sure"]
            found = replace(found, unknown_rows=int(unknown.sum()), notes=self._distance_notes(members))
        is_bounded = self.must is not None or bool(self.requirement(data.year, data.thresholds).comparison)
        return found if is_bounded else replace(found, low=NAN, high=NAN, tally=None)

    def _distance_notes(self, members: pd.DataFrame) -> tuple[Note, ...]:
        """Return the median metres of the facilities that certainly count, and of how many the distance is known."""
        told = members[members["sure"]]
        if told.empty:
            return ()
        low, high = (float(told[end].fillna(np.inf).median()) for end in ("value", "value_high"))
        values: dict[str, Any] = {f"near_{lang}": self._near_text(lang) for lang in LANGUAGES}
        values |= {"rows": len(told), "known": int((told["value"] == told["value_high"]).sum())}
        if np.isinf(low):
            return (Note.of("facility_nearest_none", severity="info", **values),)
        metres = format_interval(low, high, "count")
        return (Note.of("facility_nearest_median", severity="info", metres=metres, **values),)

    def _beside(self, data: AssessmentData, ids: pd.Index, sure: Bools) -> pd.DataFrame:
        """Return facilities with the metres to the nearest; empty where there is none."""
        table = metres_to_nearest(data, ids, amounts(data, self.measured_to, None).table)
        low, high = table["low"].to_numpy(), table["high"].to_numpy()
        has, _ = self._bounded(data, low, high)
        near = table["nearest_facility"].to_numpy()
        some = np.isfinite(low)
        return members_table(list(ids), has, sure).assign(
            value=np.where(some, low, np.nan), value_high=np.where(some, high, np.nan), nearest_facility=near
        )

    def _keeps(self, data: AssessmentData, ids: pd.Index) -> tuple["pd.arrays.BooleanArray", Floats]:
        if self.must is not None:
            sure, maybe = fits(data, self.must, ids)
            return three_valued(sure, maybe), np.full(len(ids), np.nan)  # a condition is no amount
        low, high = facility_amounts(data, str(self.measured), ids)
        if self.over is not None:
            under_low, under_high = facility_amounts(data, self.over, ids)
            with np.errstate(divide="ignore", invalid="ignore"):
                low = np.where(under_high > 0, low / under_high, np.nan)
                high = np.where(under_low > 0, high / under_low, np.inf)
        return self._bounded(data, low * self.times, high * self.times)

    def _bounded(
        self, data: AssessmentData, low: Floats, high: Floats
    ) -> tuple["pd.arrays.BooleanArray", Floats]:
        what = self.requirement(data.year, data.thresholds)
        told = [what.holds(float(a), float(b)) for a, b in zip(low, high, strict=True)]
        has = pd.array(told, dtype="boolean")
        return has, np.where(low == high, low, np.nan)

    def _rooms(self, data: AssessmentData, zones: RuleZones) -> pd.DataFrame:
        rooms = estate_rooms(
            data, str(self.estate_column), must_be_handed_over="new" in str(self.in_zones_of)
        )
        if self.pool_below is not None:
            rooms, _ = pooled(data, rooms, zones.every, below=self.pool_below)
        rooms = rooms.loc[zones.every]
        has, value = self._bounded(data, rooms["low"].to_numpy(), rooms["high"].to_numpy())
        return members_table(zones.every, has, zones.is_sure).assign(value=value)


def _in_zones(data: AssessmentData, ids: pd.Index, zones: RuleZones | None) -> tuple[Bools, Bools]:
    """Return which facilities certainly and possibly stand in zones; all of them where no zone matters."""
    if zones is None:
        return np.ones(len(ids), bool), np.ones(len(ids), bool)
    at = data.facilities.index.get_indexer(ids)
    sure, every = (
        data.facilities["zone_id"]
        .iloc[at]
        .isin({low for top in tops for low in data.below(top)})
        .to_numpy(bool)
        for tops in (zones.sure, zones.every)
    )
    maybe = np.any([data.may_stand_in(zone)[at] for zone in zones.every], axis=0)
    return sure, every | maybe
