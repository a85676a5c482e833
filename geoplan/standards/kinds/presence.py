"""presence: zones that have a facility, over all zones of that level and filter."""

from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from geoplan.standards.causes import around, cause_of_circle
from geoplan.standards.counts import amounts, types_of
from geoplan.standards.data import Case
from geoplan.standards.measure import Measured, share_of_members
from geoplan.standards.members import counted, empty_members, group_of, nearest_of, zone_presence
from geoplan.standards.rules import Rule, Selections

WAYS = ("located", "assigned", "within_circle")


class Presence(Rule):
    """Zones that have it, over all zones."""

    kind: Literal["presence"]
    of: Selections
    """Facilities that count."""
    of_city: Selections | None = None
    """Facilities that count for the city itself, where the rule's level is ``city + district``."""
    judged_by: Literal["located", "assigned", "within_circle"] | None = None
    """Which presence judges; default: assigned where a register names the zones served, else located."""

    of_members: ClassVar[bool] = True

    def measure(self, case: Case) -> list[Measured]:
        """Return the share of zones that have a facility, by the plan's zones, with the zones as members."""
        zones = case.zones_of(self)
        types = types_of(self.of)
        group = group_of(case, self, types)
        if zones.missing:
            return [Measured(zone, missing=zones.missing, group=group) for zone in case.plan_zones(self)]
        found = amounts(case, self.of, None)
        if found.missing and (zones.sure or zones.maybe):
            return [Measured(zone, missing=found.missing, group=group) for zone in case.plan_zones(self)]
        ids = [*zones.sure, *zones.maybe]
        table = self._presence(case, ids, group)
        way = self.judged_by or ("assigned" if table["assigned"].notna().any() else "located")
        sure = np.isin(np.array(ids, dtype=object), list(zones.sure))
        members = empty_members(ids, table[way].to_numpy(), sure)
        near = nearest_of(case, found.table.index, types, group).reindex(ids)
        members["nearest_facility"], members["minutes"] = (
            near["nearest_facility"].to_numpy(),
            near["minutes"].to_numpy(),
        )
        for name in WAYS:
            members[name] = table[name].to_numpy()
        members["cause"] = self._causes(case, members, found.table.index, group)
        return [self._zone(case, zone, members, way, group, found.table) for zone in case.plan_zones(self)]

    def _causes(self, case: Case, members: pd.DataFrame, counting: pd.Index, group: str) -> list[str]:
        """Return why a zone lacks it; empty where its people have one in the circle all the same."""
        if not group or group not in case.demand:
            return [""] * len(members)
        ids = pd.Index(members["member_id"])
        cause = cause_of_circle(around(case, types_of(self.of), counting, group), ids).to_numpy(dtype=object)
        lacks = (~members["has"].fillna(True)).to_numpy(dtype=bool)
        near = members["within_circle"].fillna(False).to_numpy(dtype=bool)
        unknown = members["has"].isna().to_numpy(dtype=bool)
        told = np.where(lacks & ~near, cause, "")
        return [str(word) for word in np.where(unknown, "no_data", told)]

    def _presence(self, case: Case, ids: list[str], group: str) -> pd.DataFrame:
        table = zone_presence(case, self.of, ids, group)
        city = [zone for zone in ids if zone == case.area]
        if self.of_city is not None and city:
            # a centre of the city is not one of its districts'
            table.loc[city] = zone_presence(case, self.of_city, city, group)
        return table

    def _zone(
        self, case: Case, zone: str, members: pd.DataFrame, way: str, group: str, counting: pd.DataFrame
    ) -> Measured:
        here = members[members["member_id"].isin(case.below(zone))].reset_index(drop=True)
        also = {}
        for name in WAYS:
            if here[name].notna().any():
                also[f"share_{name.removesuffix('_circle')}"] = share_of_members(
                    here[name].astype("boolean"), here["sure"]
                )[0]
        return counted(case, here, zone, group=group, also=also,
            unplaced=self._unplaced(case, zone, counting) if way == "located" else 0,
        )  # fmt: skip

    def _unplaced(self, case: Case, zone: str, counting: pd.DataFrame) -> int:
        """Return how many counting facilities are known to be in the zone but not in which member."""
        levels = case.zones["level"].to_numpy(dtype=object)
        order = ["area", "district", "town", "community", "estate"]
        finest = max(order.index(level) for level in self.where.levels)
        at = case.facility_zone[case.facilities.index.get_indexer(counting.index)]
        inside = set(case.zones.index.get_indexer(case.below(zone)))
        coarse = [at_zone in inside and order.index(levels[at_zone]) < finest for at_zone in at]
        lost = (
            case.homeless[case.facilities.index.get_indexer(counting.index)]
            if zone == case.area
            else np.zeros(len(at), bool)
        )
        return int(np.sum(np.array(coarse, dtype=bool) | lost))
