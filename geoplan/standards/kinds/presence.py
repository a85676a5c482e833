"""presence: zones that have a facility, over all zones of that level and filter."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from geoplan.standards.causes import around, cause_of_circle
from geoplan.standards.counts import amounts
from geoplan.standards.data import AssessmentData, Bools
from geoplan.standards.measure import Measured, share_of_members
from geoplan.standards.members import (
    MemberRule,
    members_table,
    nearest_of,
    registered_way,
    says_whom_it_serves,
    zone_presence,
)
from geoplan.standards.rules import Condition, Reads, Selections, family_group, types_of
from geoplan.words.errors import Note

WAYS = ("located", "assigned", "within_circle")


class Presence(MemberRule):
    """Zones that have it, over all zones."""

    kind: Literal["presence"]
    of: Selections
    """Facilities that count."""
    of_city: Selections | None = None
    """Facilities that count for the city itself, where the rule's level is ``city + district``."""
    judged_by: Literal["located", "assigned", "within_circle"] | None = None
    """Which presence judges; default: assigned where a register names the zones served, else located."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Conditions on the facilities, of the city's own too."""
        return super().conditions + tuple(one.where for one in self.of_city or () if one.where is not None)

    @property
    def walks(self) -> bool:
        """The nearest facility, and who has one in the circle, stand beside."""
        return True

    @property
    def reads(self) -> Reads:
        """What the rule depends on, the city's own facilities included."""
        own = super().reads
        return replace(own, types=own.types | types_of(self.of_city))

    @property
    def counted_group(self) -> str:
        """People whom the facilities are for."""
        return self.people.group if self.people else family_group(types_of(self.of))

    def missing(self, data: AssessmentData) -> tuple[Note, ...]:
        """Return why no zone can be judged: its kind is not known, or no register lists the facilities."""
        zones = self.zones(data)
        return zones.missing or (amounts(data, self.of, None).missing if zones.every else ())

    def members(self, data: AssessmentData) -> pd.DataFrame:
        """Return which zones have a facility, in the three ways, with the nearest and why they have none.

        `placed` is `has` where no facility without a point stood anywhere but in the zone that is known of it.
        """
        zones, group, types = self.zones(data), self.group_in(data), types_of(self.of)
        counting = amounts(data, self.of, None).table.index
        table = self._presence(data)
        way = self._way(table)
        members = members_table(zones.every, table[way].to_numpy(), zones.is_sure)
        members["placed"] = table.get(f"{way}_placed", table[way]).to_numpy()
        near = nearest_of(data, counting, types, group).reindex(zones.every)
        for column in ("nearest_facility", "minutes"):
            members[column] = near[column].to_numpy()
        for name in WAYS:
            members[name] = table[name].to_numpy()
        by_circle = self._way(table) == "within_circle"
        streets = table["streets_missing"].to_numpy(dtype=bool) & by_circle
        members["cause"] = self._causes(data, members, counting, group, streets)
        return members

    def _presence(self, data: AssessmentData) -> pd.DataFrame:
        """Return which zones have a facility, in the three ways, by zone_id."""
        return data.once(("presence", self.rule_id, self.level), lambda: self._three_ways(data))

    def _three_ways(self, data: AssessmentData) -> pd.DataFrame:
        ids, group = self.zones(data).every, self.group_in(data)
        table = zone_presence(data, self.of, ids, group)
        city = [zone for zone in ids if zone == data.area]
        if self.of_city is not None and city:
            # a centre of the city is not one of its districts'
            table.loc[city] = zone_presence(data, self.of_city, city, group)
        return table

    def _way(self, table: pd.DataFrame) -> str:
        """Return the way that judges."""
        return self.judged_by or registered_way(table)

    def _causes(
        self, data: AssessmentData, members: pd.DataFrame, counting: pd.Index, group: str, streets: Bools
    ) -> list[str]:
        """Return why a zone lacks it; empty where its people have one in the circle all the same.

        `streets` says of which zones it is not known for want of streets.
        """
        if not group:
            return [""] * len(members)
        ids = pd.Index(members["member_id"])
        cause = cause_of_circle(around(data, types_of(self.of), counting, group), ids).to_numpy(dtype=object)
        lacks = (~members["has"].fillna(value=True)).to_numpy(dtype=bool)
        near = members["within_circle"].fillna(value=False).to_numpy(dtype=bool)
        unknown = members["has"].isna().to_numpy(dtype=bool)
        told = np.where(lacks & ~near, cause, "")
        why = np.where(streets, "streets_missing", "no_data")
        return [str(word) for word in np.where(unknown, why, told)]

    def count(self, data: AssessmentData, members: pd.DataFrame, zone: str) -> Measured:
        """Return the share of zones that have it, with the shares in each of the three ways."""
        also = {
            f"share_{name.removesuffix('_circle')}": share_of_members(members[name].astype("boolean"), members["sure"])[0]
            for name in WAYS
            if members[name].notna().any()
        }  # fmt: skip
        return replace(super().count(data, members, zone), also=also)

    def unplaced(self, data: AssessmentData, zone: str) -> int:
        """Return how many counting facilities may stand in one member of the zone or another."""
        way, counting = self._way(self._presence(data)), amounts(data, self.of, None).table.index
        if way == "within_circle":
            return 0
        if way == "assigned":
            counting = counting[~says_whom_it_serves(data, counting)]
        facility, place = data.may_stand
        own = data.zones.index.get_indexer(data.below(zone).intersection(self.zones(data).every))
        found = np.unique(facility[np.isin(place, own)])
        return int(np.isin(found, data.facilities.index.get_indexer(counting)).sum())
