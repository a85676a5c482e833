"""Metres in a straight line from facilities to the nearest of others: what stands side by side, and no walk.

Plans ask for homes and clinics next to each other (毗邻建设). That is a matter of plots, so that the straight line in the study's metric
CRS is measured and no path.
"""

import numpy as np
import pandas as pd
import shapely

from geoplan.standards.data import AssessmentData, Floats


def metres_to_nearest(data: AssessmentData, ids: pd.Index, others: pd.DataFrame) -> pd.DataFrame:
    """Return the metres in a straight line from each of `ids` to the nearest of the facilities `others`.

    A facility is not its own nearest; another one at the same point is 0 m away. One outside of the study area counts like any other.
    With d the distance to a facility, and 0 <= d >= the distance to the zone that is known of one without a point::

        high = min d over those that certainly count and have a point
        low  = min d over those that possibly count; without a point the least that its zone allows, 0 where none is known

    Parameters
    ----------
    ids
        facility_ids.
    others
        ``low, high`` by facility_id, as `geoplan.standards.counts.amounts` counts facilities: `low` is 1 where one certainly counts.

    Returns
    -------
    metres
        ``low, high, nearest_facility`` by facility_id, 0 <= low <= high; infinite where there is none. The nearest is that of `high`,
        the first of several; None where none is placed. Of a facility without a point itself `low` is 0 and `high` infinite.
    """
    own = data.facilities.index.get_indexer(ids)
    other = data.facilities.index.get_indexer(others.index)
    points = data.facilities.geometry.to_numpy()
    x, y = shapely.get_x(points), shapely.get_y(points)
    metres = np.hypot(x[own][:, None] - x[other], y[own][:, None] - y[other])
    at_least = np.where(np.isnan(metres), _least(data, points[own], other, np.isnan(x[other])), metres)
    is_itself = own[:, None] == other
    counts = (others["low"].to_numpy(dtype=float) > 0) & ~is_itself
    none = np.full((len(own), 1), np.inf)  # stands first, so that it is the nearest where nothing else is
    known = np.hstack([none, np.where(counts & ~np.isnan(metres), metres, np.inf)])
    possible = np.hstack([none, np.where(is_itself, np.inf, at_least)])
    names = np.array([None, *others.index], dtype=object)
    nearest = names[known.argmin(axis=1)]
    return pd.DataFrame(
        {"low": possible.min(axis=1), "high": known.min(axis=1), "nearest_facility": nearest}, index=ids
    )


def _least(data: AssessmentData, points: np.ndarray, other: np.ndarray, lost: np.ndarray) -> Floats:
    """Return the least metres from `points` to facilities (by position) of which `lost` have no point, shape (n_points, n_others)."""
    zone = data.facility_zone[other]
    shapes = np.where(lost & (zone >= 0), data.zones.geometry.to_numpy()[zone], None)
    out = np.zeros((len(points), len(other)))
    for place in np.flatnonzero(lost):
        metres = shapely.distance(points, shapes[place])  # NaN without a point or a shape
        out[:, place] = np.nan_to_num(metres)
    return out
