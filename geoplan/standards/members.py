"""Members: the zones or facilities that a presence, compliance, circle or facility rule counts, one by one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoplan.coverage.circle import community_covered, in_circle
from geoplan.standards.counts import amounts, family_of, types_of
from geoplan.standards.data import Bools, Case, Floats
from geoplan.standards.measure import Measured, share_of_members

if TYPE_CHECKING:
    from geoplan.standards.rules import Rule, Selection

#: Share of people that may lie outside where a rule has no service of the study to ask.
FLAG_SHARE = 0.2


def group_of(case: Case, rule: "Rule", types: frozenset[str]) -> str:
    """Return the group of people that a rule is about: its own, else that of its family of service; may be empty."""
    own = getattr(rule, "group", None) or (rule.people.group if rule.people else None)
    if own:
        return str(own)
    for name, group in (("eldercare", "elders_60"), ("childcare_service", "under_3")):
        if types & family_of(frozenset({name})) and group in case.demand:
            return group
    return ""


def nearest_of(case: Case, counting: pd.Index, types: frozenset[str], group: str) -> pd.DataFrame:
    """Return the nearest of the facilities that count: ``nearest_facility, minutes`` by zone_id.

    The facility is nearest for most of the group's people; minutes are their weighted median, NaN where under half reach
    any. A point's nearest is looked for within the circle, and beyond it where the nearest of the service counts.
    """
    index, points = case.zones.index, case.places.points
    empty = pd.DataFrame(
        {"nearest_facility": pd.array([None] * len(index), dtype=object), "minutes": np.nan}, index=index
    )
    if not case.services_with(types) or not group or group not in case.demand:
        return empty
    steps = case.steps
    keep = case.steps_of(types, counting)
    if not keep.any():
        return empty
    at, facility, seconds = steps.point[keep], steps.facility[keep], steps.seconds[keep]
    first = np.r_[True, at[1:] != at[:-1]]
    best, walk = np.full(len(points), -1, dtype=np.int64), np.full(len(points), np.inf)
    best[at[first]], walk[at[first]] = facility[first], seconds[first]
    people = case.points(group)
    codes = case.places.commonest(best, people)[case.whole_rows]
    names_of = np.append(case.facilities.index.to_numpy(dtype=object), [None])
    median = case.places.weighted_median(walk / 60.0, people)[case.whole_rows]
    return pd.DataFrame({"nearest_facility": names_of[codes], "minutes": median}, index=index)


def reached_points(
    case: Case, facilities: pd.Index, types: frozenset[str], *, walk_minutes: float | None = None
) -> Bools | None:
    """Return which demand points inside have one of `facilities` within the circle; None where no service has the types."""
    if not case.services_with(types):
        return None
    steps = case.steps
    keep = steps.near & case.steps_of(types, facilities)
    if walk_minutes is not None:
        keep &= in_circle(steps.seconds, walk_minutes=walk_minutes)
    found = np.zeros(len(case.places.points), dtype=bool)
    found[steps.point[keep]] = True
    return found


def share_reached(case: Case, points: Bools, group: str) -> tuple[pd.Series, pd.Series]:
    """Return people of `group` in each zone and those at `points`, by zone_id."""
    people = case.points(group)
    return case.zone_totals(people), case.zone_totals(np.where(points, people, 0.0))


def flag_share_of(case: Case, types: frozenset[str]) -> float:
    """Return the share of people that may lie outside the circle of the best fitting service."""
    names = case.services_with(types)
    return case.services[names[0]].flag_share if names else FLAG_SHARE


def zone_presence(case: Case, of: Sequence["Selection"], ids: Sequence[str], group: str) -> pd.DataFrame:
    """Return which zones have a facility, three ways: ``located, assigned, within_circle`` (True, False, NA) by zone_id.

    `located`: one stands inside. `assigned`: the register says that one serves the zone; a facility that serves a town
    serves its communities. `within_circle`: the share of people outside the circle of one is not above the service's
    flag share.
    """
    found = amounts(case, of, None)
    index = pd.Index(ids, name="zone_id")
    table = found.table
    certain, possible = table.index[table["low"] > 0], table.index[table["high"] > 0]
    out = pd.DataFrame(index=index)
    out["located"] = _three(_stands_in(case, certain, index), _stands_in(case, possible, index))
    serves = case.facilities["serves"]
    told = any(len(zones) > 0 for zones in serves.loc[possible])
    if told:
        out["assigned"] = _three(
            _serves(case, serves.loc[certain], index), _serves(case, serves.loc[possible], index)
        )
    else:
        out["assigned"] = pd.Series(pd.NA, index=index, dtype="boolean")
    out["within_circle"] = _within(case, certain, possible, of, index, group)
    return out


def _three(sure: Bools, maybe: Bools) -> "pd.arrays.BooleanArray":
    return pd.arrays.BooleanArray(sure.copy(), maybe & ~sure)


def _stands_in(case: Case, facilities: pd.Index, index: pd.Index) -> Bools:
    rows = pd.DataFrame({"low": 1.0, "high": 1.0}, index=facilities)
    from geoplan.standards.counts import located

    return np.asarray(located(case, rows).loc[index, "low"] > 0)


def _serves(case: Case, serves: pd.Series, index: pd.Index) -> Bools:
    """Return which zones are served: named, or below or above one that is."""
    named = {zone for zones in serves for zone in zones}
    below = {zone for top in named if top in case.zones.index for zone in case.below(str(top))}
    zone, upper = case.above
    hit = np.asarray(case.zones.index.isin(list(named)))
    above = set(case.zones.index[upper[hit[zone]]])
    return np.asarray(index.isin(list(below | above)))


def _within(
    case: Case, certain: pd.Index, possible: pd.Index, of: Sequence["Selection"], index: pd.Index, group: str
) -> pd.Series:
    types, unknown = types_of(of), pd.Series(pd.NA, index=index, dtype="boolean")
    if not group or group not in case.demand:
        return unknown
    ends = []
    for ids in (certain, possible):
        points = reached_points(case, ids, types)
        if points is None:
            return unknown
        people, near = share_reached(case, points, group)
        ends.append(
            community_covered(people.loc[index], near.loc[index], flag_share=flag_share_of(case, types))
        )
    people_there = case.zone_totals(case.points(group)).loc[index].to_numpy() > 0
    values = pd.Series(_three(ends[0] & people_there, (ends[1] | ends[0]) & people_there), index=index)
    return values.where(people_there, pd.NA)


def counted(
    case: Case, members: pd.DataFrame, zone: str, *, unplaced: int = 0, group: str = "",
    also: dict[str, float] | None = None,
) -> Measured:  # fmt: skip
    """Return the share of members that have something, as one measure of the plan's zone.

    Parameters
    ----------
    members
        ``member_id, has, sure`` and further columns: `sure` False where the member only possibly counts.
    unplaced
        Facilities that name only a coarser zone: each may give one more member what it lacks.
    """
    has = members["has"].astype("boolean")
    low, high = share_of_members(has, members["sure"])
    n = int(members["sure"].sum())
    if unplaced and n:
        high = min(1.0, high + unplaced / n)
    lacking = members.loc[~has.fillna(False), "member_id"]
    people = case.people(group) if group else None
    return Measured(
        zone, low, high, float(n),
        rows=len(members), unknown_rows=int((has.isna() | ~members["sure"]).sum()) + unplaced,
        applicable=len(members) > 0,
        people=float("nan") if people is None else float(people.reindex(lacking).sum(min_count=1)) if len(lacking) else 0.0,
        group=group, members=members.drop(columns="sure"), also=also or {},
    )  # fmt: skip


def empty_members(ids: Sequence[str], has: Any, sure: Floats | Bools) -> pd.DataFrame:  # noqa: ANN401 - any array of three values
    """Return a members table with the columns that every kind fills."""
    n = len(ids)
    return pd.DataFrame({
        "member_id": list(ids), "has": pd.array(has, dtype="boolean"), "value": np.full(n, np.nan),
        "nearest_facility": pd.array([None] * n, dtype=object), "minutes": np.full(n, np.nan), "cause": [""] * n,
        "sure": sure,
    })  # fmt: skip
