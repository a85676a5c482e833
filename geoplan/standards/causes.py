"""Why something is short: one cause of `geoplan.tables.CAUSES` for each flag, from a closed list.

``no_data``        the register or the study does not say enough to tell
``streets_missing`` it hangs on people off the network, of whom it is not known what they reach: the streets are missing in the
                   data, and that is no shortage
``not_connected``  most of those outside reach no facility of the service within the search limit on the streets, although
                   one stands within the circle's radius in a straight line for most of them
``wrong_type``     most of those without a facility that the rule counts in the circle have one of the same family there
``none_in_circle`` most of them have no facility of the family in the circle at all
``too_small``      what stands in the circle would not be enough if the zone had it to itself
``full``           it would be enough, but is shared with others who reach it, and registers say that it is full
``shared``         the same, where they say that it is not full or do not say how much of it is used
``short_inside``   too little stands inside the zone, where that measures it and not what its people walk to
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.standards.counts import amounts, family_of
from geoplan.standards.data import AssessmentData
from geoplan.standards.members import reached_points, share_reached
from geoplan.standards.rules import USERS, Selection

#: A zone's people have or lack something when over this share of them do.
MOST = 0.5
#: Facilities are full when over this share of what they have is used: beds and places are never all taken at once.
FULL_SHARE = 0.95


@dataclass(frozen=True)
class Around:
    """What is around the people of each zone, by zone_id.

    Only people on the network are looked at. `counting` is the share of them who have a facility that the rule counts in the
    circle, `family` the share of the others who have any facility of the same family there; `cut_off` is True where most of
    the others reach nothing on the streets although something is near in a straight line.
    """

    counting: pd.Series
    family: pd.Series
    cut_off: pd.Series


def around(data: AssessmentData, types: frozenset[str], counting: pd.Index, group: str) -> Around | None:
    """Return what is around the people of each zone; None where no service of the study has the types."""
    near = reached_points(data, counting, types)
    if near is None:
        return None
    family = family_of(types)
    kindred_ids = data.facilities.index[[bool(family & set(kinds)) for kinds in data.facilities["services"]]]
    kin = reached_points(data, kindred_ids, family)
    kin = near if kin is None else kin
    people, there = share_reached(data, near, group)
    _, kindred = share_reached(data, near | kin, group)
    joined = people - data.people_off_network(group)
    others = joined - there
    return Around(
        there.div(joined.where(joined > 0)),
        (kindred - there).div(others.where(others > 0)),
        _cut_off(data, types),
    )


def _cut_off(data: AssessmentData, types: frozenset[str]) -> pd.Series:
    nowhere = pd.Series(False, index=data.zones.index)
    names = data.services_with(types)
    rows = data.circle[data.circle["service"].isin(names[:1])]
    if "kind" in rows:
        rows = rows[rows["kind"].fillna("") == ""]
    walk = rows[rows["measure"] == "network"].set_index("zone_id").reindex(data.zones.index)
    crow = rows[rows["measure"] == "straight"].set_index("zone_id").reindex(data.zones.index)
    if walk.empty or crow.empty:
        return nowhere
    outside = walk["outside"].astype(float)
    unreached = walk["unreached"].astype(float) > MOST * outside
    # those off the network may be among the covered of the straight line: the least that is left are on it
    beside = crow["covered"].astype(float) - walk["off_network"].astype(float) - walk["covered"].astype(float)
    near = beside > MOST * outside
    return (outside > 0) & unreached & near


def cause_of_circle(where: Around | None, zones: pd.Index) -> pd.Series:
    """Return why people lie outside a circle, by zone_id."""
    if where is None:
        return pd.Series("no_data", index=zones)
    cause = np.where(where.family.reindex(zones) > MOST, "wrong_type", "none_in_circle")
    return pd.Series(
        np.where(where.cut_off.reindex(zones), "not_connected", cause), index=zones, dtype=object
    )


def cause_of_shortage(where: Around | None, supply: pd.DataFrame, need: pd.Series) -> pd.Series:
    """Return why supply in reach falls short, by zone_id.

    `supply` holds what every facility that any of the zone's people reach has and how much of it is used (`stock_and_use`),
    undivided; `need` is what they need by the standard, in the same unit. Facilities are full only where their use is known.
    """
    cause = cause_of_circle(where, need.index)
    if where is None:
        return cause
    have = where.counting.reindex(need.index) > MOST
    own = supply.reindex(need.index).fillna(0.0)
    enough = own["in_reach_high"] >= need - 1e-9
    full = own["in_use_low"] >= FULL_SHARE * own["in_reach_high"]
    words = np.select([enough & full, enough], ["full", "shared"], "too_small")
    return cause.where(~have, pd.Series(words, index=need.index, dtype=object))


def where_unplaced(cause: pd.Series, may_reach: pd.Series) -> pd.Series:
    """Return causes that say nothing of the circle where people may reach a facility without a point or street (`may_reach`, by zone)."""
    around_here = cause.isin(["none_in_circle", "wrong_type", "not_connected"])
    return cause.mask(around_here & may_reach.reindex(cause.index).to_numpy(dtype=bool), "no_data")


def in_reach(data: AssessmentData, pairs: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of columns of `table` over the distinct facilities that the people of each zone reach, by zone_id.

    Parameters
    ----------
    pairs
        ``demand_id, facility_id`` of who reaches what.
    table
        Amounts by facility_id; undivided, however many others reach them.
    """
    rows = pairs[pairs["facility_id"].isin(table.index)]
    own = data.demand["zone_id"].reindex(rows["demand_id"]).to_numpy(dtype=object)
    inside = ~pd.isna(own)
    reach = pd.DataFrame({
        "zone": data.zones.index.get_indexer(pd.Index(own[inside])),
        "facility": table.index.get_indexer(pd.Index(rows["facility_id"].to_numpy()[inside])),
    }).drop_duplicates()  # fmt: skip
    lifted = reach.merge(pd.DataFrame(data.above.T, columns=["zone", "upper"]), on="zone")
    lifted = lifted[["upper", "facility"]].drop_duplicates().sort_values(["facility", "upper"])
    amounts_of = table.iloc[lifted["facility"]]
    sums = {
        name: np.bincount(
            lifted["upper"], weights=amounts_of[name].to_numpy(dtype=float), minlength=len(data.zones)
        )
        for name in table.columns
    }
    return pd.DataFrame(sums, index=data.zones.index)


def stock_and_use(
    data: AssessmentData, of: Sequence[Selection], stock: pd.DataFrame, unit: str
) -> pd.DataFrame:
    """Return how much of a supply facilities have and how much of it is used: ``in_reach_low, in_reach_high, in_use_low, in_use_high``.

    Used are beds by those who live there, places by the children enrolled; what no register says is 0 to infinity. Of a supply of which
    nobody counts the users (floor area) nothing is known of the use.
    """
    used = amounts(data, of, USERS[unit]).table.reindex(stock.index) if unit in USERS else stock * np.nan
    return pd.DataFrame({
        "in_reach_low": stock["low"], "in_reach_high": stock["high"],
        "in_use_low": used["low"].fillna(0.0), "in_use_high": used["high"].fillna(np.inf),
    })  # fmt: skip
