"""Served: how much of the need gets a bed or a place when each is given out once.

Reachable supply says how much there would be for each if all shared with all; served says who in the end has a place,
since what one takes another cannot have. Of all ways to give out the places we take the fairest, so that neither the
order of rows nor a solver decides what a community gets.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.coverage.circle import in_circle
from geoplan.coverage.fair_flow import Pairing, fair_rates, pairing
from geoplan.coverage.provision import check_pairs, check_supply
from geoplan.coverage.zone_sums import zone_sums
from geoplan.tables import check_ids, check_unique_index

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Part of a zone's need that is taken for rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Served:
    """Who has a place.

    Parameters
    ----------
    by_demand
        ``need, in_circle`` (True where a facility is within the walk, full or not), ``served_low, served_high``; indexed
        by demand_id, the halo included.
    by_facility
        ``capacity_low, capacity_high, used_low, used_high, full_low, full_high``, indexed by facility_id, with ``_low``
        at the least capacities and ``_high`` at the most. ``full``: one more place here would serve more need.
        ``used``: taken places, where several ways serve the same people the one that fills facilities most evenly;
        NaN where the capacity is unbounded.
    """

    by_demand: pd.DataFrame
    by_facility: pd.DataFrame


@dataclass(frozen=True)
class _Classes:
    """Demand points with the same facilities in reach, merged."""

    of_point: Ints  # class of each demand point, -1: none
    need: Floats
    taker: Ints  # pairs class - facility
    giver: Ints


def served(pairs: pd.DataFrame, need: pd.Series, capacity: pd.DataFrame, *, walk_minutes: float) -> Served:
    """Return the need of each demand point that gets a place when each place is given out once, as fairly as can be.

    Point i may be given x_ij of the places of facility j if it can walk there::

        x_i = sum_j x_ij <= need_i        sum_i x_ij <= capacity_j        x_ij = 0 unless c_ij <= T

    Of all such allocations those count that serve the most in total; of these, the one whose served rates x_i / need_i,
    sorted ascending, are lexicographically largest: first the worst served get as much as they can, then the next.

    *One answer.* What can be served is a polymatroid, in which the lexicographically largest rates belong to one vector,
    which also has the largest total (`fair_flow.fair_rates`). So fairness costs no place, and the served amount of each
    point, hence of each zone, is unique although the x_ij are not.

    *Rates are per unit of need* (per elder, per child), not per zone: one person's chance counts as another's, wherever
    boundaries run. That makes the answer the same however cells are cut or merged: if two points had the same
    facilities but different rates, part of what the better served one takes could be given to the other (any place that
    one can have the other can have), which is fairer; so all points with the same facilities have one rate, and they
    are merged here before solving. A zone's rate is the mean of its people's.

    *Unknown capacity* gives an interval: everything at `low`, and everything at `high`; where high is inf all who
    reach the facility are served. Both ends bound every point, since one more place makes no point worse off. (Let J be
    the facilities whose rate falls when capacities grow, D the points whose rate falls. Whoever takes from J after, is
    in D; whatever D took before, it took in J; J is full after. So D gets after all of J's larger capacity, before at
    most the smaller one: D cannot have lost.)

    Parameters
    ----------
    pairs
        One row per pair within the search limit: `demand_id`, `facility_id`, `seconds`, of one service.
    need
        Need in the unit of `capacity` (people x the service's stated rate, e.g. 0.05 beds an elder), indexed by
        `demand_id`, >= 0. Points of the halo compete.
    capacity
        `low` and `high`, indexed by `facility_id`; 0 <= low <= high, low finite.
    walk_minutes
        Longest walk that counts (T), minutes, inclusive. There is no decay: a place within the circle is a place.

    Raises
    ------
    TableError
        If `pairs` names an id that `need` or `capacity` lacks or holds a pair twice, or `need` or `capacity` is outside
        its range.

    References
    ----------
    Megiddo (1974), Mathematical Programming 7:97-107, https://doi.org/10.1007/BF01585506
    Gallo, Grigoriadis & Tarjan (1989), SIAM Journal on Computing 18(1):30-55, https://doi.org/10.1137/0218003

    Examples
    --------
    >>> pairs = pd.DataFrame({"demand_id": ["a", "b", "b"], "facility_id": ["x", "x", "y"], "seconds": 300.0})
    >>> need = pd.Series({"a": 100.0, "b": 50.0, "c": 7.0})
    >>> capacity = pd.DataFrame({"low": {"x": 10.0, "y": 20.0}, "high": {"x": 10.0, "y": 60.0}})
    >>> served(pairs, need, capacity, walk_minutes=15).by_demand[["served_low", "served_high"]].to_numpy().tolist()
    [[10.0, 10.0], [20.0, 50.0], [0.0, 0.0]]
    """
    check_supply(capacity)
    check_pairs(pairs, need, capacity.index)
    near = pairs[in_circle(pairs["seconds"].to_numpy(dtype=np.float64), walk_minutes=walk_minutes)]
    point, facility = _canonical(need.index), _canonical(capacity.index)
    order = np.argsort(point), np.argsort(facility)  # position in canonical order -> position as given
    at = point[need.index.get_indexer(pd.Index(near["demand_id"]))]
    to = facility[capacity.index.get_indexer(pd.Index(near["facility_id"]))]
    amount = need.to_numpy(dtype=np.float64)[order[0]]
    classes = _merge(at, to, amount)
    reached = np.zeros(len(need), dtype=bool)
    reached[at] = True

    by_demand = {"need": amount, "in_circle": reached}
    by_facility: dict[str, npt.NDArray[np.float64 | np.bool_]] = {}
    for end in ("low", "high"):
        places = capacity[end].to_numpy(dtype=np.float64)[order[1]]
        rates, used, full = _allocate(classes, places)
        by_demand[f"served_{end}"] = amount * np.where(classes.of_point >= 0, rates[classes.of_point], 0.0)
        by_facility |= {f"capacity_{end}": places, f"used_{end}": used, f"full_{end}": full}
    columns = [f"{what}_{end}" for what in ("capacity", "used", "full") for end in ("low", "high")]
    return Served(
        pd.DataFrame(by_demand, index=need.index[order[0]]).reindex(need.index),
        pd.DataFrame(by_facility, index=capacity.index[order[1]])[columns].reindex(capacity.index),
    )


def served_by_zone(
    result: Served,
    *,
    demand: pd.DataFrame,
    zones: pd.DataFrame,
    overlay: pd.DataFrame | None = None,
    off_network: Collection[int] = (),
) -> pd.DataFrame:
    """Return what is served of each zone's need, and what is not: within the circle but without a place, or outside it.

    Points of the halo competed in :func:`served`; they enter no zone here. Tables are those of `geoplan.tables`. Whether people
    off the network (their demand_ids) reach anything is not known: their need stands apart.

    Returns
    -------
    zones
        ``need, in_circle`` (need within the circle), ``outside`` (need outside it), ``off_network``, ``served_low, served_high``,
        ``without_place_low, without_place_high`` (in_circle - served), all in the unit of need, and ``rate_low,
        rate_high`` (served / need, NaN where need is 0); indexed like `zones`. need = served +
        without_place + outside + off_network.

    Raises
    ------
    TableError
        If the tables do not fit each other.
    """
    table = result.by_demand
    check_unique_index(table, name="served")
    places = zone_sums(demand, zones, overlay)
    check_ids(
        pd.DataFrame({"demand_id": places.points}), name="demand", demand_id=table.index.rename("served")
    )
    inside = table.loc[places.points]
    whole = (places.rows["kind"] == "").to_numpy()
    amount = inside["need"].to_numpy()
    total = places.sums(amount)[whole]
    near = np.minimum(places.sums(np.where(inside["in_circle"].to_numpy(), amount, 0.0))[whole], total)
    off = np.minimum(places.sums(np.where(places.points.isin(list(off_network)), amount, 0.0))[whole], total)
    columns = {
        "need": total,
        "in_circle": near,
        "outside": _rest(total, near + off, total),
        "off_network": off,
    }
    given = {
        end: np.minimum(places.sums(inside[f"served_{end}"].to_numpy())[whole], near)
        for end in ("low", "high")
    }
    columns |= {f"served_{end}": amounts for end, amounts in given.items()}
    columns |= {"without_place_low": _rest(near, given["high"], total)}
    columns |= {"without_place_high": _rest(near, given["low"], total)}
    for end, amounts in given.items():
        columns[f"rate_{end}"] = np.divide(amounts, total, out=np.full(len(total), np.nan), where=total > 0)
    return pd.DataFrame(columns, index=zones.index)


def _rest(whole: Floats, part: Floats, scale: Floats) -> Floats:
    """Return whole - part, exactly 0 where that is rounding."""
    rest = whole - part
    return np.where(rest <= ROUNDING * scale, 0.0, rest)


def _canonical(index: pd.Index) -> Ints:
    """Return the position of each id in the sorted ids: sums and searches go in this order whatever the rows' order."""
    rank = np.empty(len(index), dtype=np.int64)
    rank[np.asarray(index.argsort())] = np.arange(len(index))
    return rank


def _merge(point: Ints, facility: Ints, need: Floats) -> _Classes:
    """Return the classes of points with need that have the same facilities in reach, in order of first point."""
    has = need[point] > 0
    order = np.lexsort((facility[has], point[has]))
    at, to = point[has][order], facility[has][order]
    who, first = np.unique(at, return_index=True)
    ends = np.append(first, len(at))
    of_point = np.full(len(need), -1, dtype=np.int64)
    known: dict[bytes, int] = {}
    leads: list[int] = []  # run of pairs of each class's first point
    for k, i in enumerate(who.tolist()):
        of_point[i] = known.setdefault(to[ends[k] : ends[k + 1]].tobytes(), len(known))
        if len(leads) < len(known):
            leads.append(k)
    count = np.diff(ends)[leads] if leads else np.zeros(0, dtype=np.int64)
    giver = np.concatenate([to[ends[k] : ends[k + 1]] for k in leads]) if leads else to[:0]
    inside = of_point >= 0
    total = np.bincount(of_point[inside], weights=need[inside], minlength=len(leads)).astype(np.float64)
    return _Classes(of_point, total, np.repeat(np.arange(len(leads)), count), giver)


def _allocate(classes: _Classes, places: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return the served rate of each class (a last 0 stands for none), and used places and full, by facility."""
    taker, giver = classes.taker, classes.giver
    n = len(classes.need)
    rates = np.zeros(n + 1)
    unbounded = np.isinf(places)
    # who reaches a facility without bound is served there: a place that costs no one else anything
    free = np.zeros(n, dtype=bool)
    free[taker[unbounded[giver]]] = True
    rates[:n][free] = 1.0

    open_ = ~free[taker] & (places[giver] > 0)
    near, i = np.unique(taker[open_], return_inverse=True)
    there, j = np.unique(giver[open_], return_inverse=True)
    flow = pairing(i, j, takers=len(near), givers=len(there))
    rates[near] = fair_rates(flow, classes.need[near], places[there])

    full = np.zeros(len(places), dtype=bool)
    full[giver[rates[taker] < 1]] = True
    used = np.where(unbounded, np.nan, np.where(full, places, 0.0))
    _fill_evenly(flow, near, there, rates, classes.need, places, used)
    return rates, used, full


def _fill_evenly(
    flow: Pairing, near: Ints, there: Ints, rates: Floats, need: Floats, places: Floats, used: Floats
) -> None:
    """Set the used places of facilities that are not full: their takers have all, so the roles are turned round.

    Facilities "ask" for people up to their capacity; the lexicographically fairest rates of use are as unique as those
    of the served, and at their total everyone who has a place comes.
    """
    content = rates[near] >= 1
    pair = content[flow.taker]
    if not pair.any():
        return
    # a facility with a taker who is not fully served is full and gives nothing to those who are
    shared = np.zeros(len(there), dtype=bool)
    shared[flow.giver[~pair]] = True
    pair &= ~shared[flow.giver]
    givers, j = np.unique(flow.giver[pair], return_inverse=True)
    takers, i = np.unique(flow.taker[pair], return_inverse=True)
    back = pairing(j, i, takers=len(givers), givers=len(takers))
    at = there[givers]
    used[at] = places[at] * fair_rates(back, places[at], need[near[takers]])
