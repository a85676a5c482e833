"""What facilities of which nobody knows who reaches them may be to people: who may reach them, how much they may add.

A facility without a point stands somewhere in the zone that its register names, and whoever lives there may reach it. Of one of which no
more than the district is known, the flags of communities and towns say nothing: it counts in the district's own figures. A facility
whose point joins no street may be reached by whoever lives within the circle in a straight line, than which no walk on the flat is shorter.
The most that a zone may have of either is all of it: its shares among the people who reach it add up to what it holds.
"""

import numpy as np
import pandas as pd

from geoplan.standards.data import AssessmentData, Bools

#: Levels of a named zone that says something of where its people walk to.
NAMED_LEVELS = ("estate", "community", "town")


def may_reach(
    data: AssessmentData, types: frozenset[str], facilities: pd.Index, *, on_foot: bool = True
) -> dict[str, Bools]:
    """Return which demand points inside may reach each of `facilities` of which that is not known, by facility_id.

    Left out are facilities of which no service of the study has a type: with a point on a street nobody would walk to them either.
    Without `on_foot` (a rule in straight metres) those that join no street are left out as well: their point is all that is asked.
    """
    services = {name: data.service_types(name) for name in data.services_with(types)}
    levels = data.zones["level"].to_numpy(dtype=object)
    found = {}
    at = data.facilities.index.get_indexer(facilities)
    unknown = data.without_point | data.without_street if on_foot else data.without_point
    for one in at[unknown[at]]:
        offered, zone = set(data.facilities["services"].iloc[one]), int(data.facility_zone[one])
        limits = [data.services[name].walk_m for name, known in services.items() if known & offered]
        facility = str(data.facilities.index[one])
        if limits and data.without_street[one]:
            found[facility] = _near(data, facility, max(limits))
        elif limits and zone >= 0 and levels[zone] in NAMED_LEVELS:
            found[facility] = _living_in(data, zone)
    return found


def _near(data: AssessmentData, facility: str, metres: float) -> Bools:
    """Return which demand points inside lie within `metres` of a facility in a straight line; every rule that counts it asks."""
    return data.once(("near", facility, metres), lambda: data.points_within(pd.Index([facility]), metres))


def _living_in(data: AssessmentData, zone: int) -> Bools:
    """Return which demand points inside count in a zone (by position); those of its community where an estate is named."""

    def work() -> Bools:
        named = str(data.zones.index[zone])
        if data.zones["level"].iloc[zone] == "estate":
            named = str(data.zones["parent_id"].iloc[zone])
        return np.asarray(data.demand.loc[data.places.points, "zone_id"].isin(data.below(named)), dtype=bool)

    return data.once(("living in", zone), work)


def may_be_reached(
    data: AssessmentData, types: frozenset[str], facilities: pd.Index, *, on_foot: bool = True
) -> Bools:
    """Return which demand points inside may reach any of `facilities` of which that is not known, shape (n_points,); see `may_reach`."""
    found = may_reach(data, types, facilities, on_foot=on_foot)
    return np.any(list(found.values()), axis=0) if found else np.zeros(len(data.places.points), dtype=bool)


def may_add(data: AssessmentData, types: frozenset[str], stock: pd.DataFrame, group: str) -> pd.Series:
    """Return the most that facilities of which nobody knows who reaches them may add to what the people of each zone reach, in all, by zone_id.

    `stock` holds ``high`` by facility_id. A zone of which nobody of `group` may reach them gets nothing.
    """
    people, total = data.points(group), pd.Series(0.0, index=data.zones.index)
    for facility, points in may_reach(data, types, stock.index).items():
        near = data.zone_totals(np.where(points, people, 0.0)) > 0
        total += near.astype(float).where(~near, float(stock["high"][facility]))
    return total
