"""Places that lie beside each other but far apart on foot: mostly a fault of the network between them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.inputs.datum import ground_metres
from geoplan.network.graph import WalkGraph
from geoplan.network.reach import reach

#: Two places within this distance in a straight line are beside each other, metres.
BESIDE_M = 100.0
#: Two places whose walk is longer than this are far apart on foot, metres: ten times the straight line.
FAR_M = 1000.0
#: A pace at which seconds are metres, km/h.
METRE_A_SECOND = 3.6


def far_on_foot(graph: WalkGraph, snaps: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the pairs of places beside each other that are far apart on foot, or not connected at all.

    Parameters
    ----------
    snaps
        `tables.SNAPS` with ``geometry``, the places themselves, indexed by id; those that are not on the network are left out.

    Returns
    -------
    pairs
        ``one, other`` (ids, in the order of `snaps`) and ``straight_m`` (<= 100), of pairs of which neither is within a walk of
        1,000 m of the other, access legs included. Fixed seconds count as metres here.
    """
    placed = snaps[snaps["chain"].to_numpy() >= 0]
    xy = shapely.get_coordinates(placed.geometry.array)
    one, other = shapely.STRtree(placed.geometry.array).query(
        placed.geometry.array, predicate="dwithin", distance=1.01 * BESIDE_M
    )
    straight = ground_metres(xy[one], xy[other], graph.crs)
    beside = (one < other) & (straight <= BESIDE_M)
    one, other, straight = one[beside], other[beside], straight[beside]
    asked = placed.iloc[np.union1d(one, other)]
    walked = reach(graph, asked, asked, walk_kmh=METRE_A_SECOND, limit_seconds=FAR_M).to_frame()
    near = pd.MultiIndex.from_frame(walked[["demand_id", "facility_id"]])
    pairs = pd.DataFrame({"one": placed.index[one], "other": placed.index[other], "straight_m": straight})
    there, back = (
        pd.MultiIndex.from_frame(pairs[list(ends)]) for ends in (("one", "other"), ("other", "one"))
    )
    return (
        pairs[~(there.isin(near) | back.isin(near))]
        .sort_values("straight_m", kind="stable")
        .reset_index(drop=True)
    )
