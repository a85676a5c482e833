"""One facility entered twice: which rows of a register repeat another."""

from collections.abc import Hashable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

#: Two rows of one name and one service are one facility if their points are within this distance, metres.
SAME_PLACE_M = 200.0
#: Two rows of one service and equal amounts are one facility if their points are within this distance, metres.
SAME_POINT_M = 1.0
#: Fewer known amounts above 0 than this prove nothing by being equal.
EQUAL_AMOUNTS = 2


def duplicates(
    names: pd.Series, facilities: gpd.GeoDataFrame, amounts: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return the rows that repeat another: ``kept`` (the id that stands for both) and ``why``, indexed by facility_id.

    A row repeats another where both offer the same services and either

    - have one name (``same_name``), and lie within `SAME_PLACE_M`, or one lacks a point and both are in the same zone; or
    - lie at one point (``same_point``) and state the same known amounts, at least `EQUAL_AMOUNTS` of them above 0.

    An existing facility is kept before a closed or planned one, then the row with more amounts known, then the first.

    Parameters
    ----------
    names
        Names as they are compared, indexed like `facilities`; empty where there is none.
    """
    known = (
        sum((t["low"] == t["high"]).astype(int) for t in amounts.values())
        if amounts
        else pd.Series(0, index=names.index)
    )
    order = np.lexsort((np.arange(len(names)), -np.asarray(known), facilities["status"] != "existing"))
    stated = _stated(amounts, names.index)
    geometry, zone_id, services = facilities.geometry, facilities["zone_id"], facilities["services"]
    by_name: dict[Hashable, list[str]] = {}
    by_amounts: dict[Hashable, list[str]] = {}
    found: dict[str, tuple[str, str]] = {}
    for facility_id in names.index[order]:
        named = by_name.setdefault((names[facility_id], services[facility_id]), [])
        equal = by_amounts.setdefault((stated[facility_id], services[facility_id]), [])
        twins = [o for o in named if names[facility_id] and _same_place(facility_id, o, geometry, zone_id)]
        if twins:
            found[facility_id] = (twins[0], "same_name")
            continue
        point = geometry[facility_id]
        if stated[facility_id] and point is not None:
            near = [o for o in equal if point.distance(geometry[o]) <= SAME_POINT_M]
            if near:
                found[facility_id] = (near[0], "same_point")
                continue
            equal.append(facility_id)
        named.append(facility_id)
    rows = {i: found[i] for i in names.index if i in found}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["kept", "why"], dtype=object)


def _same_place(one: str, other: str, geometry: gpd.GeoSeries, zone_id: pd.Series) -> bool:
    if geometry[one] is not None and geometry[other] is not None:
        return bool(geometry[one].distance(geometry[other]) <= SAME_PLACE_M)
    return zone_id[one] is not None and zone_id[one] == zone_id[other]


def _stated(amounts: Mapping[str, pd.DataFrame], index: pd.Index) -> dict[str, tuple[tuple[str, float], ...]]:
    """Return the known amounts of each row as a key that can be compared; empty where too few are above 0."""
    exact = pd.DataFrame({k: t["low"].where(t["low"] == t["high"]) for k, t in amounts.items()}, index=index)
    keys = {}
    for facility_id, row in exact.iterrows():
        known = row.dropna()
        enough = (known > 0).sum() >= EQUAL_AMOUNTS
        keys[str(facility_id)] = tuple((str(k), float(v)) for k, v in known.items()) if enough else ()
    return keys
