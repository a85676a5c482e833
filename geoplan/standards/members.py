"""Members: the zones or facilities that a presence, compliance, circle or facility rule counts, one by one."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from geoplan.coverage.circle import covered_or_not, in_circle
from geoplan.standards.counts import amounts, located
from geoplan.standards.data import AssessmentData, Bools, Floats
from geoplan.standards.measure import NAN, Measured, Tally, share_of_members
from geoplan.standards.possible import may_be_reached
from geoplan.standards.rule_zones import RuleZones
from geoplan.standards.rules import Rule, Selection, types_of
from geoplan.words.errors import Note

#: Share of people that may lie outside where a rule has no service of the study to ask.
FLAG_SHARE = 0.2


def nearest_of(data: AssessmentData, counting: pd.Index, types: frozenset[str], group: str) -> pd.DataFrame:
    """Return the nearest of the facilities that count: ``nearest_facility, minutes`` by zone_id.

    The facility is nearest for most of the group's people; minutes are their weighted median, of those on
    the network, NaN where under half of them reach any. A point's nearest is looked for within the circle, and beyond it where the nearest of the service counts.
    """
    index, points = data.zones.index, data.places.points
    empty = pd.DataFrame(
        {"nearest_facility": pd.array([None] * len(index), dtype=object), "minutes": np.nan}, index=index
    )
    if not data.services_with(types) or not group or group not in data.demand:
        return empty
    steps = data.steps
    keep = data.steps_of(types, counting)
    if not keep.any():
        return empty
    at, facility, seconds = steps.point[keep], steps.facility[keep], steps.seconds[keep]
    first = np.r_[True, at[1:] != at[:-1]]
    best, walk = np.full(len(points), -1, dtype=np.int64), np.full(len(points), np.inf)
    best[at[first]], walk[at[first]] = facility[first], seconds[first]
    people = data.points(group)
    codes = data.places.commonest(best, people)[data.whole_rows]
    names_of = np.append(data.facilities.index.to_numpy(dtype=object), [None])
    # half of those of whom it is known
    median = data.places.weighted_median(walk / 60.0, data.on_network(group))[data.whole_rows]
    return pd.DataFrame({"nearest_facility": names_of[codes], "minutes": median}, index=index)


def reached_points(
    data: AssessmentData, facilities: pd.Index, types: frozenset[str], *, walk_minutes: float | None = None
) -> Bools | None:
    """Return which demand points inside have one of `facilities` within the circle; None where no service has the types."""
    if not data.services_with(types):
        return None
    steps = data.steps
    keep = steps.near & data.steps_of(types, facilities)
    if walk_minutes is not None:
        keep &= in_circle(steps.seconds, walk_minutes=walk_minutes)
    found = np.zeros(len(data.places.points), dtype=bool)
    found[steps.point[keep]] = True
    return found


def share_reached(data: AssessmentData, points: Bools, group: str) -> tuple[pd.Series, pd.Series]:
    """Return people of `group` in each zone and those at `points`, by zone_id."""
    people = data.points(group)
    return data.zone_totals(people), data.zone_totals(np.where(points, people, 0.0))


def flag_share_of(data: AssessmentData, types: frozenset[str]) -> float:
    """Return the share of people that may lie outside the circle of the best fitting service."""
    names = data.services_with(types)
    return data.services[names[0]].flag_share if names else FLAG_SHARE


def zone_presence(
    data: AssessmentData, of: Sequence[Selection], ids: Sequence[str], group: str
) -> pd.DataFrame:
    """Return which zones have a facility, three ways: ``located, assigned, within_circle`` (True, False, NA), by zone_id.

    `located`: one stands inside; NA where one without a point may. `assigned`: the register says that one serves the zone,
    facility by facility: one that serves a town serves its communities, one of which the register does not say it counts
    where it stands; NA for all where it says it of none. `within_circle`: the share of people outside the circle of one is
    not above the service's flag share, NA where that hangs on people off the network, which ``streets_missing`` (True, False)
    says. Beside them ``located_placed, assigned_placed``: the same where no facility without a
    point stood anywhere but in the zone that is known of it.
    """
    found = amounts(data, of, None).table
    index = pd.Index(ids, name="zone_id")
    certain, possible = found.index[found["low"] > 0], found.index[found["high"] > 0]
    return registered_presence(data, found, index).join(_within(data, certain, possible, of, index, group))


def registered_presence(data: AssessmentData, found: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """Return which zones have a facility by what registers say: the columns of :func:`zone_presence` but those of the circle.

    `found` holds ``low, high`` (0 or 1) by facility_id: whether each certainly and possibly counts.
    """
    certain, possible = found.index[found["low"] > 0], found.index[found["high"] > 0]
    out = pd.DataFrame(index=index)
    is_said = bool(says_whom_it_serves(data, possible).any())
    for name, where in (("located", _stands_in), ("assigned", _serves)):
        for suffix, maybe in (("", True), ("_placed", False)):
            known = name == "located" or is_said
            ends = where(data, certain, index), where(data, possible, index, maybe=maybe)
            out[name + suffix] = three_valued(*ends) if known else pd.array([pd.NA] * len(index), "boolean")
    return out


def registered_way(table: pd.DataFrame) -> str:
    """Return which of the two presences of a register judges: assigned where it names the zones served, else located."""
    return "assigned" if table["assigned"].notna().any() else "located"


def three_valued(sure: Bools, maybe: Bools) -> "pd.arrays.BooleanArray":
    """Return True where it is certain, NA where it is only possible, else False."""
    return pd.arrays.BooleanArray(sure.copy(), maybe & ~sure)


def says_whom_it_serves(data: AssessmentData, facilities: pd.Index) -> Bools:
    """Return of which facilities the register says which zones they serve, shape (n_facilities,)."""
    return np.array([len(zones) > 0 for zones in data.facilities["serves"].loc[facilities]], dtype=bool)


def _stands_in(data: AssessmentData, facilities: pd.Index, index: pd.Index, *, maybe: bool = False) -> Bools:
    """Return in which zones one of `facilities` stands, `maybe` with those in which one may stand."""
    rows = pd.DataFrame({"low": 1.0, "high": 1.0}, index=facilities)
    return np.asarray(located(data, rows).loc[index, "high" if maybe else "low"] > 0)


def _serves(data: AssessmentData, facilities: pd.Index, index: pd.Index, *, maybe: bool = False) -> Bools:
    """Return which zones are served: named, or below or above one that is; by a facility that names none, where it stands."""
    is_said = says_whom_it_serves(data, facilities)
    named = {zone for zones in data.facilities["serves"].loc[facilities[is_said]] for zone in zones}
    below = {zone for top in named if top in data.zones.index for zone in data.below(str(top))}
    zone, upper = data.above
    hit = np.asarray(data.zones.index.isin(list(named)))
    above = set(data.zones.index[upper[hit[zone]]])
    served = np.asarray(index.isin(list(below | above)))
    return served | _stands_in(data, facilities[~is_said], index, maybe=maybe)


def _within(
    data: AssessmentData,
    certain: pd.Index,
    possible: pd.Index,
    of: Sequence[Selection],
    index: pd.Index,
    group: str,
) -> pd.DataFrame:
    unknown = pd.DataFrame(
        {"within_circle": pd.Series(pd.NA, index=index, dtype="boolean"), "streets_missing": False}, index
    )
    types = types_of(of)
    if not group or group not in data.demand:
        return unknown
    near = [reached_points(data, ids, types) for ids in (certain, possible)]
    if near[0] is None or near[1] is None:
        return unknown
    off, flag_share = data.people_off_network(group).loc[index], flag_share_of(data, types)
    ends = (near[0], near[1] | may_be_reached(data, types, possible))
    (people, least), (_, most) = (share_reached(data, points, group) for points in ends)
    people = people.loc[index]
    sure, _ = covered_or_not(people, least.loc[index], off, flag_share=flag_share)
    with_rows, maybe = covered_or_not(people, most.loc[index], off, flag_share=flag_share)
    values = pd.Series(three_valued(sure, maybe | sure), index=index).where((people > 0).to_numpy(), pd.NA)
    hangs = maybe & ~sure & ~with_rows  # whatever the registers may add
    return pd.DataFrame({"within_circle": values, "streets_missing": hangs}, index)


def tally_of(has: pd.Series, sure: pd.Series) -> Tally:
    """Return how many members have it, how many could be judged, and how many could not.

    Examples
    --------
    >>> tally_of(pd.Series([True, False, pd.NA, True], dtype="boolean"), pd.Series([True, True, True, False]))
    Tally(met=1, judged=2, no_data=2)
    """
    judged = has.notna().to_numpy(dtype=bool) & sure.to_numpy(dtype=bool)
    met = judged & has.fillna(value=False).to_numpy(dtype=bool)
    return Tally(int(met.sum()), int(judged.sum()), int((~judged).sum()))


def members_table(ids: Sequence[str], has: Any, sure: Floats | Bools) -> pd.DataFrame:  # noqa: ANN401 - any array of three values
    """Return members (zones or facilities) with the columns that every kind fills; `sure` is False where one only possibly counts."""
    n = len(ids)
    return pd.DataFrame({
        "member_id": list(ids), "has": pd.array(has, dtype="boolean"), "value": np.full(n, np.nan),
        "nearest_facility": pd.array([None] * n, dtype=object), "minutes": np.full(n, np.nan), "cause": [""] * n,
        "sure": sure,
    })  # fmt: skip


class MemberRule(Rule):
    """Base of the kinds that count members: their value is the share of members that meet the rule, by the plan's zones."""

    is_share: ClassVar[bool] = True
    counts_members: ClassVar[bool] = True
    member_gap: ClassVar[float] = 1.0

    def group_in(self, data: AssessmentData) -> str:
        """Return the people whom the rule is about; empty where the study has none of them."""
        return self.counted_group if self.counted_group in data.demand else ""

    def member_zones(self, data: AssessmentData) -> RuleZones | None:
        """Return the zones that are members, or in which they must stand; None where no zone matters."""
        return self.zones(data)

    def missing(self, data: AssessmentData) -> tuple[Note, ...]:
        """Return why no member can be judged; empty where they can."""
        zones = self.member_zones(data)
        return () if zones is None else zones.missing

    def hints(self, data: AssessmentData) -> tuple[Note, ...]:
        """Return what the registers do not say of the facilities that count, and the count would need."""
        return amounts(data, self.selections, None).hints if self.selections else ()

    def members(self, data: AssessmentData) -> pd.DataFrame:
        """Return the members: ``member_id, has, sure`` and further columns, see :func:`members_table`."""
        raise NotImplementedError(f"the kind `{self.kind}` counts no members")

    def is_inside(self, data: AssessmentData, members: pd.DataFrame, zone: str) -> pd.Series | Bools:
        """Return which members belong to a zone of the plan."""
        return members["member_id"].isin(data.below(zone))

    def unplaced(self, data: AssessmentData, zone: str) -> int:  # noqa: ARG002 - of no other kind's concern
        """Return how many facilities are known to be in a zone but not in which member: each may give one what it lacks."""
        return 0

    def measure(self, data: AssessmentData, zones: Collection[str] | None = None) -> list[Measured]:
        """Return the share of members that meet the rule in each zone of the plan, with the members."""
        group, plan = self.group_in(data), [z for z in self.plan_zones(data) if zones is None or z in zones]
        missing, due = self.missing(data), self.member_zones(data)
        if missing:
            return [Measured(zone, missing=missing, group=group) for zone in plan]
        if due is not None and not due.every:
            return [Measured(zone, applicable=False, group=group) for zone in plan]
        members = self.members(data)
        return [
            self.count(data, members[self.is_inside(data, members, zone)].reset_index(drop=True), zone)
            for zone in plan
        ]

    def count(self, data: AssessmentData, members: pd.DataFrame, zone: str) -> Measured:
        """Return the share of `members` that meet the rule, as the measure of a zone of the plan."""
        has, sure, group = members["has"].astype("boolean"), members["sure"], self.group_in(data)
        # each facility without a point gives one member what it lacks, not every member in which it may stand
        placed = members.get("placed", has).astype("boolean")
        low, high = share_of_members(placed, sure)
        n, unplaced = int(sure.sum()), self.unplaced(data, zone)
        if unplaced and n:
            high = min(1.0, high + unplaced / n)
        tally = tally_of(has, sure)
        lacking = members.loc[sure & ~placed.fillna(value=True), "member_id"]
        return Measured(
            zone, low, high, float(n), rows=len(members) + unplaced,
            unknown_rows=int((placed.isna() | ~sure).sum()) + unplaced, unsure_rows=int((~sure).sum()),
            have=float(tally.met), applicable=len(members) > 0, people=self._affected(data, lacking, unplaced),
            group=group, members=members.drop(columns="placed", errors="ignore"), tally=tally, hints=self.hints(data),
        )  # fmt: skip

    def _affected(self, data: AssessmentData, lacking: pd.Series, unplaced: int) -> float:
        """Return the people of the members that certainly lack it: of so many as it may have, the largest have it."""
        people = data.people(self.group_in(data)) if self.group_in(data) else None
        if people is None:
            return NAN
        if not len(lacking):
            return 0.0
        there = people.reindex(lacking)
        least = there.drop(there.nlargest(unplaced).index)
        return float(least.sum(min_count=min(len(least), 1)))
