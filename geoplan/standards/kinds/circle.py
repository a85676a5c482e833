"""circle: a group within T minutes (or D metres) of a service."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from geoplan.coverage.circle import covered_or_not
from geoplan.standards.causes import around, cause_of_circle, where_unplaced
from geoplan.standards.counts import amounts, no_types
from geoplan.standards.data import AssessmentData, Bools
from geoplan.standards.kinds.provision import no_group
from geoplan.standards.measure import NAN, Measured, no_flags
from geoplan.standards.members import (
    MemberRule,
    flag_share_of,
    members_table,
    nearest_of,
    reached_points,
    share_reached,
)
from geoplan.standards.possible import may_be_reached
from geoplan.standards.requirement import Requirement
from geoplan.standards.rules import Group, Selections, types_of
from geoplan.words.errors import Note
from geoplan.words.quantities import Minutes, Unit
from geoplan.words.vocabulary import label


class Circle(MemberRule):
    """A group within minutes or metres of a service."""

    kind: Literal["circle"]
    of: Selections
    """Facilities of the service."""
    group: Group
    """Who walks to it."""
    minutes: Minutes | None = None
    """Longest walk that counts, inclusive."""
    metres: Annotated[float, Field(gt=0, le=10_000), Unit("m")] | None = None
    """Instead of `minutes`: radius in a straight line."""
    service: str | None = None
    """Only this service of the study; default: the one that fits best."""

    member_gap: ClassVar[float] = NAN  # the shortfall counts people
    grade_limits: ClassVar[tuple[float, ...]] = (0.4, 0.6, 0.8)

    @property
    def walks(self) -> bool:
        """A circle is walked, whether or not it flags."""
        return True

    @property
    def counted_group(self) -> str:
        """People who walk to it."""
        return self.group

    @property
    def measures_zones(self) -> bool:
        """True where the circle measures communities and towns."""
        return self.flags is not False

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.minutes is None) == (self.metres is None):
            raise ValueError("give `minutes` or `metres`, one of them")
        return self

    def whom_text(self, lang: str) -> str:
        """Return whose circle it is."""
        return label("groups", self.group, lang)

    def group_in(self, data: AssessmentData) -> str:  # noqa: ARG002 - a circle without its group is missing it
        """Return the people who walk to it."""
        return self.group

    def members(self, data: AssessmentData) -> pd.DataFrame:
        """Return the communities with people: which are covered, with the share in the circle."""
        zones = self.zones(data)
        each = self.shares(data).reindex(zones.every)
        empty = ~(each["people"] > 0).to_numpy(dtype=bool)
        sure, maybe = self._covered(data, each)
        has = pd.arrays.BooleanArray(sure, empty | (maybe & ~sure))
        members = members_table(zones.every, has, zones.is_sure)
        values = {"value": "share_low", "value_high": "share_high"}
        for column in ("value", "value_high", "nearest_facility", "minutes"):
            members[column] = each[values.get(column, column)].to_numpy()
        causes = np.where(~maybe & ~empty, self.causes(data, each.index).to_numpy(dtype=object), "")
        members["cause"] = np.where(maybe & ~sure, self._open_causes(data, each), causes)
        # communities where nobody lives are no members; those of which that is not known are
        unknown = data.unknown_people(self.group)[data.zones.index.get_indexer(each.index)]
        return members[~empty | unknown].reset_index(drop=True)

    def affected(self, found: Measured, required: Requirement, verdict: str) -> float:
        """Return the people outside; also where no target judges."""
        return found.people if verdict == "not_quantified" else super().affected(found, required, verdict)

    def zone_flags(self, data: AssessmentData, ids: pd.Index) -> tuple[pd.DataFrame, tuple[Note, ...]]:
        """Return how far zones fall short: flagged where more people lie outside than the flag share allows."""
        missing = self.missing_inputs(data)
        if missing:
            return no_flags(ids, self.unit), missing
        shares = self.shares(data).reindex(ids)
        people, low, high = shares["people"], shares["share_low"], shares["share_high"]
        empty = ~(people > 0).to_numpy(dtype=bool)
        sure, maybe = self._covered(data, shares)
        is_flagged, is_open = ~maybe & ~empty, maybe & ~sure
        # the least: whoever may be inside is
        short = shares["outside"].where(is_flagged, 0.0).where(sure | is_flagged)
        return pd.DataFrame({
            "reachable_low": low, "reachable_high": high, "located_low": np.nan, "located_high": np.nan,
            "required": 1 - self._flag_share(data), "shortfall": short, "unit": self.unit,
            "state": np.select([is_flagged, sure], ["flagged", "not_flagged"], "unknown"), "people": people,
            "off_network": shares["off_network"], "in_circle_low": low, "in_circle_high": high,
            "below_low": shares["outside"], "below_high": people - shares["covered"],
            "affected_group": self.group, "affected_whole": people, "people_affected": short, "reached_share": high,
            "nearest_facility": shares["nearest_facility"], "minutes": shares["minutes"],
            "cause": np.select([is_flagged, is_open], [self.causes(data, ids), self._open_causes(data, shares)], ""),
            "may_reach": shares["perhaps"] > 0,
        }, index=ids), ()  # fmt: skip

    def causes(self, data: AssessmentData, ids: pd.Index) -> pd.Series:
        """Return why people of zones lie outside, by zone_id."""
        cause = cause_of_circle(around(data, types_of(self.of), self._facilities(data), self.group), ids)
        return where_unplaced(cause, self.shares(data)["perhaps"] > 0)

    def count(self, data: AssessmentData, members: pd.DataFrame, zone: str) -> Measured:
        """Return the share of the people of a zone who are in the circle, with the share of communities and of land."""
        told = super().count(data, members, zone)
        named = ["share_low", "share_high", "people", "outside", "off_network", "perhaps", "land"]
        low, high, people, outside, off, perhaps, land = (
            float(x) for x in self.shares(data).loc[zone, named].to_numpy(dtype=float)
        )
        also = {"share_communities": told.low, "share_land": land, **self._by_kind(data, zone)}
        return replace(
            told, low=low, high=high, scale=people, unknown_rows=0, unsure_rows=0, have=NAN, applicable=people > 0, people=outside,
            off_network=off, may_reach=perhaps, also=also,
        )  # fmt: skip

    def _covered(self, data: AssessmentData, shares: pd.DataFrame) -> tuple[Bools, Bools]:
        """Return which zones are certainly and which possibly covered."""
        return covered_or_not(
            shares["people"],
            shares["covered"],
            shares["off_network"] + shares["perhaps"],
            flag_share=self._flag_share(data),
        )

    def _open_causes(self, data: AssessmentData, shares: pd.DataFrame) -> np.ndarray:
        """Return why it is open whether each zone is covered: its streets are missing, else the registers do not say enough."""
        counts = (shares[name] for name in ("people", "covered", "off_network"))
        _, by_streets = covered_or_not(*counts, flag_share=self._flag_share(data))
        return np.where(by_streets, "streets_missing", "no_data")

    def _flag_share(self, data: AssessmentData) -> float:
        """Return the share of people that may lie outside."""
        return flag_share_of(data, types_of(self.of))

    def _by_kind(self, data: AssessmentData, zone: str) -> dict[str, float]:
        """Return the least shares of urban and of rural people in the circle, where zones are told apart."""
        return data.once(("circle by kind", self.rule_id), lambda: self._shares_by_kind(data)).get(zone, {})

    def _shares_by_kind(self, data: AssessmentData) -> dict[str, dict[str, float]]:
        """Return the least share in the circle of the urban and rural parts whose people are known and some, by zone_id."""
        people, rows = data.points(self.group), data.places.rows
        whole, covered = (
            data.places.sums(np.where(counted, people, 0.0)) for counted in (True, self._points(data))
        )
        known = dict(zip(data.zones.index, ~data.unknown_people(self.group), strict=True))
        found: dict[str, dict[str, float]] = {}
        for zone, kind, of, inside in zip(rows["zone_id"], rows["kind"], whole, covered, strict=True):
            if kind in ("urban", "rural") and known[zone] and of > 0:
                found.setdefault(zone, {})[f"share_{kind}"] = float(inside / of)
        return found

    def missing(self, data: AssessmentData) -> tuple[Note, ...]:
        """Return why the circle cannot be measured; empty where it can."""
        return super().missing(data) or self.missing_inputs(data)

    def missing_inputs(self, data: AssessmentData) -> tuple[Note, ...]:
        """Return why no zone of any level can be measured; empty where they can."""
        if self.group not in data.demand:
            return (no_group(self.group),)
        if not types_of(self.of) & data.listed:
            return (no_types(self.of),)
        if self.metres is None and self.of_study(data) is None:
            return (Note.of("rule_no_service", minutes=f"{self.minutes or 0:g}", metres="-"),)
        return ()

    def of_study(self, data: AssessmentData) -> str | None:
        """Return the study's service whose walks (or radius) answer this circle; None where none does."""
        names = [self.service] if self.service else data.services_with(types_of(self.of))
        for name in names:
            terms = data.services[name]
            if self.metres is not None:
                if abs(terms.straight_m - self.metres) < 1e-3:
                    return name
            elif self.minutes is not None and terms.walk_minutes >= self.minutes - 1e-9:
                return name
        return None

    def shares(self, data: AssessmentData) -> pd.DataFrame:
        """Return the circle in every zone.

        Columns are ``people, covered, outside, off_network, perhaps, share_low, share_high, land, nearest_facility, minutes``. `perhaps` are people on the network who may be covered beside: by a facility without a point, or one of which it is not
        known whether it counts. The shares are of all people: the least, and the most with these and everybody off the network inside.
        """
        return data.once(("circle", self.rule_id, self.minutes, self.metres), lambda: self._shares(data))

    def _shares(self, data: AssessmentData) -> pd.DataFrame:
        service = self.of_study(data)
        if service is not None and self._is_service(data, service):
            rows = self._rows(data, service)
            if "kind" in rows:
                rows = rows[rows["kind"].fillna("") == ""]
            told = rows.set_index("zone_id").reindex(data.zones.index)
            land = told["land_covered_m2"].astype(float).div(told["land_m2"].astype(float))
            people, covered, off = (told[name].astype(float) for name in ("people", "covered", "off_network"))
        else:
            people, covered = share_reached(data, self._points(data), self.group)
            # a straight line is known of everybody
            off = data.people_off_network(self.group) if self.metres is None else 0.0 * people
            land = pd.Series(np.nan, index=data.zones.index)
        known = ~data.unknown_people(self.group)
        people, covered, off = people.where(known), covered.where(known), off.where(known)
        perhaps, others = self._perhaps(data), people - covered - off
        perhaps = perhaps.mask(perhaps > others, others).where(known).clip(lower=0.0)
        some = people.where(people > 0)
        near = nearest_of(data, self._facilities(data), types_of(self.of), self.group)
        return pd.DataFrame({
            "people": people, "covered": covered, "outside": (people - covered - off - perhaps).clip(lower=0.0), "off_network": off,
            "perhaps": perhaps, "share_low": covered / some,
            "share_high": ((covered + off + perhaps) / some).clip(upper=1.0), "land": land,
            "nearest_facility": near["nearest_facility"],
            "minutes": near["minutes"],
        })  # fmt: skip

    def _perhaps(self, data: AssessmentData) -> pd.Series:
        """Return the people of each zone on the network who may have a facility in the circle, and do not certainly."""
        types, possible = types_of(self.of), amounts(data, self.of, None).table.index
        on_foot = self.metres is None
        maybe = self._points(data, possible) | may_be_reached(data, types, possible, on_foot=on_foot)
        people = data.on_network(self.group) if on_foot else data.points(self.group)
        return data.zone_totals(np.where(maybe & ~self._points(data), people, 0.0))

    def _points(self, data: AssessmentData, facilities: pd.Index | None = None) -> Bools:
        """Return which demand points inside have one of `facilities` within the minutes, or within the metres; None: one that counts."""
        counting = self._facilities(data) if facilities is None else facilities
        if self.metres is not None:
            return data.points_within(counting, self.metres)
        points = reached_points(data, counting, types_of(self.of), walk_minutes=self.minutes)
        return np.zeros(len(data.places.points), bool) if points is None else points

    def _facilities(self, data: AssessmentData) -> pd.Index:
        found = amounts(data, self.of, None).table
        return found.index[found["low"] > 0]

    def _is_service(self, data: AssessmentData, service: str) -> bool:
        """Return True where the rule's facilities, people and minutes are just those of a service of the study."""
        terms = data.services[service]
        plain = all(selection.where is None and selection.in_zones is None for selection in self.of)
        same_people = terms.group == self.group
        same_types = types_of(self.of) & data.listed == data.service_types(service) & data.listed
        same_limit = self.metres is not None or abs(terms.walk_minutes - float(self.minutes or 0)) < 1e-9
        return plain and same_people and same_types and same_limit and len(self._rows(data, service)) > 0

    def _rows(self, data: AssessmentData, service: str) -> pd.DataFrame:
        """Return the rows of the circle table that answer by a service of the study."""
        rows, measure = data.circle, "network" if self.metres is None else "straight"
        return rows[(rows["service"] == service) & (rows["measure"] == measure)]
