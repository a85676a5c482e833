"""circle: a group within T minutes (or D metres) of a service."""

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import shapely
from pydantic import Field, model_validator

from geoplan.coverage.circle import community_covered
from geoplan.standards.causes import around, cause_of_circle
from geoplan.standards.counts import amounts, types_of
from geoplan.standards.data import Bools, Case
from geoplan.standards.kinds.provision import no_group
from geoplan.standards.measure import Measured
from geoplan.standards.members import (
    counted,
    empty_members,
    flag_share_of,
    nearest_of,
    reached_points,
    share_reached,
)
from geoplan.standards.rules import Group, Rule, Selections
from geoplan.words.errors import Note
from geoplan.words.vocabulary import label


class Circle(Rule):
    """A group within minutes or metres of a service."""

    kind: Literal["circle"]
    of: Selections
    """Facilities of the service."""
    group: Group
    """Who walks to it."""
    minutes: Annotated[float, Field(gt=0, le=120)] | None = None
    """Longest walk that counts, inclusive."""
    metres: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """Instead of `minutes`: radius in a straight line."""
    service: str | None = None
    """Only this service of the study; default: the one that fits best."""

    of_members: ClassVar[bool] = True

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.minutes is None) == (self.metres is None):
            raise ValueError("give `minutes` or `metres`, one of them")
        return self

    def measure(self, case: Case) -> list[Measured]:
        """Return the share of people in the circle by the plan's zones, with the communities as members."""
        zones = case.zones_of(self)
        missing = zones.missing or self.missing(case)
        if missing:
            return [Measured(zone, missing=missing, group=self.group) for zone in case.plan_zones(self)]
        if not zones.sure and not zones.maybe:
            return [Measured(zone, applicable=False, group=self.group) for zone in case.plan_zones(self)]
        shares = self.shares(case)
        ids = [*zones.sure, *zones.maybe]
        each = shares.reindex(ids)
        empty = ~(each["people"] > 0).to_numpy(dtype=bool)
        inside = community_covered(
            each["people"], each["covered"], flag_share=float(each["flag_share"].iloc[0])
        )
        has = pd.arrays.BooleanArray(np.asarray(inside, dtype=bool), empty)
        members = empty_members(ids, has, np.isin(np.array(ids, dtype=object), list(zones.sure)))
        members["value"] = each["share"].to_numpy()
        members["nearest_facility"], members["minutes"] = (
            each["nearest_facility"].to_numpy(),
            each["minutes"].to_numpy(),
        )
        cause = cause_of_circle(
            around(case, types_of(self.of), self._facilities(case), self.group), each.index
        )
        outside = ~inside & ~empty
        members["cause"] = np.where(outside, cause.to_numpy(dtype=object), "")
        members = members[each["people"].to_numpy() > 0].reset_index(drop=True)
        return [self._zone(case, zone, members, shares) for zone in case.plan_zones(self)]

    def _zone(self, case: Case, zone: str, members: pd.DataFrame, shares: pd.DataFrame) -> Measured:
        here = members[members["member_id"].isin(case.below(zone))].reset_index(drop=True)
        told = counted(case, here, zone, group=self.group)
        named = ["share", "people", "covered", "land"]
        share, people, covered, land = (float(x) for x in shares.loc[zone, named].to_numpy(dtype=float))
        return Measured(
            zone, share, share, people, rows=len(here), applicable=people > 0, people=people - covered, group=self.group,
            members=told.members, also={"share_communities": told.low, "share_land": land, **self._by_kind(case, zone)},
        )  # fmt: skip

    def _by_kind(self, case: Case, zone: str) -> dict[str, float]:
        """Return the shares of urban and of rural people, where the circle table tells them apart."""
        service = self.of_study(case)
        if service is None or not self._is_service(case, service) or "kind" not in case.circle:
            return {}
        rows = case.circle[
            (case.circle["service"] == service)
            & (case.circle["measure"] == self.circle_measure)
            & (case.circle["zone_id"] == zone)
            & case.circle["kind"].isin(["urban", "rural"])
        ]
        shares = rows["share"].to_numpy(dtype=float)
        return {f"share_{kind}": float(share) for kind, share in zip(rows["kind"], shares, strict=True)}

    def missing(self, case: Case) -> tuple[Note, ...]:
        """Return why the circle cannot be measured; empty where it can."""
        if self.group not in case.demand:
            return (no_group(self.group),)
        counted_types = types_of(self.of)
        if not counted_types & case.listed:
            names = {lang: label("types", self.of[0].facilities[0], lang) for lang in ("zh", "en")}
            return (Note.of("rule_no_type", types_zh=names["zh"], types_en=names["en"]),)
        if self.metres is None and self.of_study(case) is None:
            return (Note.of("rule_no_service", minutes=f"{self.minutes or 0:g}", metres="-"),)
        return ()

    def of_study(self, case: Case) -> str | None:
        """Return the study's service whose walks (or radius) answer this circle; None where none does."""
        names = [self.service] if self.service else case.services_with(types_of(self.of))
        for name in names:
            terms = case.services[name]
            if self.metres is not None:
                if abs(terms.straight_m - self.metres) < 1e-3:
                    return name
            elif self.minutes is not None and terms.walk_minutes >= self.minutes - 1e-9:
                return name
        return None

    def shares(self, case: Case) -> pd.DataFrame:
        """Return the circle in every zone: ``people, covered, share, land, flag_share, nearest_facility, minutes``."""
        service = self.of_study(case)
        if service is not None and self._is_service(case, service):
            rows = case.circle[
                (case.circle["service"] == service) & (case.circle["measure"] == self.circle_measure)
            ]
            if "kind" in rows:
                rows = rows[rows["kind"].fillna("") == ""]
            told = rows.set_index("zone_id").reindex(case.zones.index)
            land = told["land_covered_m2"].astype(float).div(told["land_m2"].astype(float))
            people, covered = told["people"].astype(float), told["covered"].astype(float)
        else:
            points = self._points(case)
            people, covered = share_reached(case, points, self.group)
            land = pd.Series(np.nan, index=case.zones.index)
        near = nearest_of(case, self._facilities(case), types_of(self.of), self.group)
        return pd.DataFrame({
            "people": people, "covered": covered, "share": covered.div(people.where(people > 0)), "land": land,
            "flag_share": flag_share_of(case, types_of(self.of)), "nearest_facility": near["nearest_facility"],
            "minutes": near["minutes"],
        })  # fmt: skip

    def _points(self, case: Case) -> Bools:
        """Return which demand points inside have a facility that counts within the minutes, or within the metres."""
        counting = self._facilities(case)
        if self.metres is not None:
            return _within_metres(case, counting, self.metres)
        points = reached_points(case, counting, types_of(self.of), walk_minutes=self.minutes)
        return np.zeros(len(case.places.points), bool) if points is None else points

    @property
    def circle_measure(self) -> str:
        """Measure of the circle table that answers: network, or straight where the rule says metres."""
        return "network" if self.metres is None else "straight"

    def _facilities(self, case: Case) -> pd.Index:
        found = amounts(case, self.of, None).table
        return found.index[found["low"] > 0]

    def _is_service(self, case: Case, service: str) -> bool:
        """Return True where the rule's facilities, people and minutes are just those of a service of the study."""
        terms = case.services[service]
        plain = all(selection.where is None and selection.in_zones is None for selection in self.of)
        same_people = terms.group == self.group
        same_types = types_of(self.of) & case.listed == case.service_types(service) & case.listed
        same_limit = self.metres is not None or abs(terms.walk_minutes - float(self.minutes or 0)) < 1e-9
        told = ((case.circle["service"] == service) & (case.circle["measure"] == self.circle_measure)).any()
        return bool(plain and same_people and same_types and same_limit and told)


def _within_metres(case: Case, facilities: pd.Index, metres: float) -> Bools:
    """Return which demand points inside have one of `facilities` within `metres` in a straight line, inclusive."""
    found = np.zeros(len(case.places.points), dtype=bool)
    places = case.facilities.loc[facilities, "geometry"]
    places = places[places.notna()]
    if len(places):
        tree = shapely.STRtree(places.to_numpy())
        homes = case.demand.loc[case.places.points, "geometry"].to_numpy()
        found[np.unique(tree.query(homes, predicate="dwithin", distance=metres + 1e-6)[0])] = True
    return found
