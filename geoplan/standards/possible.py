"""What facilities without a point may be to the people of the zone that their register names: who may reach them, how much they may add.

Such a facility stands somewhere in its zone. Whoever lives there may reach it, and the most that a zone may have of it is all of
it: its shares among the people who reach it add up to what it holds. Of a facility of which no more than the district is known, the
flags of communities and towns say nothing: it counts in the district's own figures.
"""

import numpy as np
import pandas as pd

from geoplan.standards.data import AssessmentData, Bools

#: Levels of a named zone that says something of where its people walk to.
NAMED_LEVELS = ("estate", "community", "town")


def may_reach(data: AssessmentData, types: frozenset[str], facilities: pd.Index) -> dict[str, Bools]:
    """Return which demand points inside may reach each of `facilities` that has a zone and no point, by facility_id.

    Left out are facilities of which no service of the study has a type: with a point nobody would walk to them either.
    """
    walked = frozenset().union(*(data.service_types(name) for name in data.services_with(types)))
    levels = data.zones["level"].to_numpy(dtype=object)
    found = {}
    at = data.facilities.index.get_indexer(facilities)
    for one in at[data.without_point[at] & (data.facility_zone[at] >= 0)]:
        zone = int(data.facility_zone[one])
        if walked & set(data.facilities["services"].iloc[one]) and levels[zone] in NAMED_LEVELS:
            found[str(data.facilities.index[one])] = _living_in(data, zone)
    return found


def _living_in(data: AssessmentData, zone: int) -> Bools:
    """Return which demand points inside count in a zone (by position); those of its community where an estate is named."""

    def work() -> Bools:
        named = str(data.zones.index[zone])
        if data.zones["level"].iloc[zone] == "estate":
            named = str(data.zones["parent_id"].iloc[zone])
        return np.asarray(data.demand.loc[data.places.points, "zone_id"].isin(data.below(named)), dtype=bool)

    return data.once(("living in", zone), work)


def may_be_reached(data: AssessmentData, types: frozenset[str], facilities: pd.Index) -> Bools:
    """Return which demand points inside may reach any of `facilities` that has no point, shape (n_points,); see `may_reach`."""
    found = may_reach(data, types, facilities)
    return np.any(list(found.values()), axis=0) if found else np.zeros(len(data.places.points), dtype=bool)


def may_add(data: AssessmentData, types: frozenset[str], stock: pd.DataFrame, group: str) -> pd.Series:
    """Return the most that facilities without a point may add to what the people of each zone reach, in all, by zone_id.

    `stock` holds ``high`` by facility_id. A zone of which nobody of `group` may reach them gets nothing.
    """
    people, total = data.points(group), pd.Series(0.0, index=data.zones.index)
    for facility, points in may_reach(data, types, stock.index).items():
        near = data.zone_totals(np.where(points, people, 0.0)) > 0
        total += near.astype(float).where(~near, float(stock["high"][facility]))
    return total
