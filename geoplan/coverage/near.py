"""Which facilities are nearest to each zone's people: the first few of every service, by the walk of the person in the middle."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from geoplan.coverage.circle import TOLERANCE_SHARE, in_circle
from geoplan.coverage.zone_sums import Floats, Ints, zone_sums
from geoplan.tables import NEAR, PAIRS, Service, people_unknown

#: How many facilities of each service are told.
RANKS = 3
#: Half of a zone's people, less what rounding may take away.
HALF = 0.5 - TOLERANCE_SHARE


def nearest_facilities(
    pairs: pd.DataFrame,
    *,
    demand: pd.DataFrame,
    zones: pd.DataFrame,
    services: Mapping[str, Service],
    off_network: Collection[int] = (),
    ranks: int = RANKS,
) -> pd.DataFrame:
    """Return the nearest facilities of every service for each of the finest zones, the first `ranks` of them.

    A facility is as far from a zone as half of the zone's people walk to it at most: the least walk w for which
    ``sum of people with seconds <= w  >=  people / 2``. People off the network are left out of the sums; those who do not reach the facility
    within the pairs' limit walk farther than all others. A facility that under half of the people reach is not listed. Of facilities
    that are as far the first in the order of their ids is the nearer.

    Parameters
    ----------
    pairs
        `geoplan.tables.PAIRS`: every walk within a limit, which may be longer than the circle's.
    demand, zones
        As in `geoplan.tables`; points of the halo count nowhere.
    services
        Service -> its terms.
    off_network
        demand_ids of the points that do not join the network.

    Returns
    -------
    near
        `geoplan.tables.NEAR`, by service in the order given, then zone in the order of `zones`, then rank. A zone without people on the
        network, or whose people are not known, has no rows.

    Raises
    ------
    TableError
        If a table lacks a column or names an unknown id.
    """
    PAIRS.check(pairs, demand_id=demand.index)
    places = zone_sums(demand, zones)
    inside = demand.loc[places.points]
    inside = inside[~inside.index.isin(list(off_network))]
    zone = zones.index.get_indexer(pd.Index(inside["zone_id"]))
    # plain arrays: a city has millions of pairs, and taking rows of a table with text in it costs most of the time
    point, seconds = (
        inside.index.get_indexer(pd.Index(pairs["demand_id"])),
        pairs["seconds"].to_numpy(np.float64),
    )
    facility, ids = pd.factorize(pairs["facility_id"], sort=True)
    tables = []
    for service, terms in services.items():
        people = np.where(
            people_unknown(zones, terms.group)[zone], 0.0, inside[terms.group].to_numpy(np.float64)
        )
        total = np.bincount(zone, weights=people, minlength=len(zones))
        own = (pairs["service"] == service).to_numpy() & (point >= 0)
        own[own] = people[point[own]] > 0
        at = zone[point[own]]
        found = _ranked(
            at, facility[own], seconds[own], people[point[own]] / total[at], terms.walk_minutes, ranks
        )
        tables.append(found.assign(service=service, facility_id=ids[found["facility"]]))
    if not tables:
        return NEAR.empty()
    found = pd.concat(tables, ignore_index=True)
    return NEAR.typed(found.assign(zone_id=zones.index[found["zone"]])[list(NEAR)])


def _ranked(
    zone: Ints, facility: Ints, seconds: Floats, part: Floats, walk_minutes: float, ranks: int
) -> pd.DataFrame:
    """Return ``zone, facility`` (positions), ``rank, minutes, share`` of the facilities nearest to each zone.

    Parameters
    ----------
    zone, facility, seconds, part
        Positions, walk and share (0-1) of the zone's people of each pair, shape (n_pairs,).
    """
    # one number for each zone and facility, zones before facilities
    n = int(facility.max(initial=0)) + 1
    both = zone * n + facility
    kept = np.bincount(both, weights=part)[both] >= HALF if len(both) else np.zeros(0, dtype=bool)
    order = np.lexsort((seconds[kept], both[kept]))
    both, seconds, part = (values[kept][order] for values in (both, seconds, part))
    first = np.flatnonzero(np.diff(both, prepend=-1))
    length = np.diff(np.append(first, len(both)))
    running = np.cumsum(part)
    half = running - np.repeat(running[first] - part[first], length) >= HALF
    # assigned last to first: the least walk at which half is reached stays
    middle, at = np.full(len(first), np.nan), np.repeat(np.arange(len(first)), length)
    middle[at[half][::-1]] = seconds[half][::-1]
    within = np.where(in_circle(seconds, walk_minutes=walk_minutes), part, 0.0)
    share = np.minimum(np.bincount(at, weights=within, minlength=len(first)), 1.0)
    zone, facility = np.divmod(both[first], n)
    found = pd.DataFrame({"zone": zone, "facility": facility, "minutes": middle / 60.0, "share": share})
    found = found.sort_values(["zone", "minutes", "facility"], kind="stable")
    found["rank"] = found.groupby("zone").cumcount() + 1
    return found[found["rank"] <= ranks].reset_index(drop=True)
