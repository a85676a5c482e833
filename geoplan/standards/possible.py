"""What facilities without a point may be to the people around: where they may stand, who may reach them, and how much that may add.

Such a facility stands somewhere in the zone that its register names, anywhere in the study area where it names none. Whoever lives
within the circle's walk of that zone, in a straight line, may reach it, and the most that a zone may have of it is all of it: its
shares among the people who reach it add up to what it holds.
"""

import numpy as np
import pandas as pd
import shapely

from geoplan.standards.data import AssessmentData, Bools


def may_reach(
    data: AssessmentData, types: frozenset[str], facilities: pd.Index, *, metres: float | None = None
) -> dict[str, Bools]:
    """Return which demand points inside may reach each of `facilities` that has no point, by facility_id.

    They live within `metres` of where it may stand; None: within the walk of its service. Left out are facilities of which no
    service of the study has a type: with a point nobody would walk to them either.
    """
    names, found = data.services_with(types), {}
    at = data.facilities.index.get_indexer(facilities)
    for one in at[data.without_point[at]]:
        kinds = set(data.facilities["services"].iloc[one])
        walks = [data.services[name].walk_m for name in names if kinds & data.service_types(name)]
        if walks:
            far = max(walks) if metres is None else metres
            found[str(data.facilities.index[one])] = _near(data, int(data.facility_zone[one]), far)
    return found


def _near(data: AssessmentData, zone: int, metres: float) -> Bools:
    """Return which demand points inside lie within `metres` of a zone (by position; -1: of no zone in particular)."""

    def work() -> Bools:
        shape = None if zone < 0 else data.zones.geometry.iloc[zone]
        if shape is None or shape.is_empty:
            return np.ones(len(data.places.points), dtype=bool)
        shapely.prepare(shape)
        homes = data.demand.loc[data.places.points, "geometry"].to_numpy()
        return np.asarray(shapely.dwithin(homes, shape, metres + 1e-6), dtype=bool)

    return data.once(("near zone", zone, metres), work)


def may_be_reached(
    data: AssessmentData, types: frozenset[str], facilities: pd.Index, *, metres: float | None = None
) -> Bools:
    """Return which demand points inside may reach any of `facilities` that has no point, shape (n_points,); see `may_reach`."""
    found = may_reach(data, types, facilities, metres=metres)
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
