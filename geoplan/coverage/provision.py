"""How much of a service there is for whom: what stands inside a zone, and what its people can walk to.

Supply is an interval: ``low`` is the least that the register allows, ``high`` the most, inf where it says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array, csr_array

from geoplan.coverage.circle import in_circle
from geoplan.coverage.zone_sums import lineage
from geoplan.inputs.ranges import ranges
from geoplan.tables import (
    FACILITIES,
    PAIRS,
    SUPPLIES,
    check_columns,
    check_unique_index,
    raise_faults,
)
from geoplan.words.errors import Note, TableError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def located_supply(
    supplies: pd.DataFrame, facilities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return what stands inside each zone of every level.

    A facility counts in the zone that it names or lies in, and in every zone above that one; a facility without a point
    so counts in the zones that its register names. In an estate count those that name it or lie in it.

    Parameters
    ----------
    supplies
        ``facility_id, low, high``: the rows of one selection (one kind of supply, of the services that the rule counts).
    facilities
        ``zone_id`` (null: in none) and points (may be null), indexed by facility_id.
    zones
        ``level, parent_id`` and polygons, indexed by zone_id.

    Returns
    -------
    located
        ``low, high`` (sums), ``facilities`` (how many have a row), ``unknown_rows`` (how many rows have low < high),
        indexed like `zones`; 0 where there is none.

    Raises
    ------
    TableError
        If a row names an unknown facility or zone, or is no interval 0 <= low <= high with finite low.

    Examples
    --------
    >>> zones = gpd.GeoDataFrame({"level": ["area", "town"], "parent_id": [None, "area/1"]}, index=["area/1", "town/a"],
    ...     geometry=[None, None])
    >>> facilities = gpd.GeoDataFrame({"zone_id": ["town/a", "area/1"]}, index=["f#2", "f#3"], geometry=[None, None])
    >>> supplies = pd.DataFrame({"facility_id": ["f#2", "f#3"], "low": [8.0, 0.0], "high": [8.0, np.inf]})
    >>> located_supply(supplies, facilities, zones)[["low", "high", "unknown_rows"]].values.tolist()
    [[8.0, inf, 1.0], [8.0, 8.0, 0.0]]
    """
    raise_faults(
        SUPPLIES.faults(supplies, ("facility_id", "low", "high"), facility_id=facilities.index),
        FACILITIES.faults(facilities, ("zone_id",), zone_id=zones.index),
    )
    _check_intervals(supplies.set_index("facility_id"))

    places = facility_places(facilities, zones)
    found = sums_in_zones(supplies.set_index("facility_id"), facilities.index, zones.index, places)
    return found.drop(columns="known")


def sums_in_zones(
    table: pd.DataFrame, facilities: pd.Index, zones: pd.Index, places: tuple[Ints, Ints]
) -> pd.DataFrame:
    """Return what :func:`located_supply` does, of tables that are known to be sound, with ``known``: the sum of rows with low = high.

    `table` holds ``low, high`` by facility_id, `places` what :func:`facility_places` gives for the facilities and zones.
    """
    facility, zone = places
    of_row = facilities.get_indexer(table.index)
    counts = np.bincount(facility, minlength=len(facilities))
    first, n_zones = (np.cumsum(counts) - counts)[of_row], counts[of_row]
    row = np.repeat(np.arange(len(of_row)), n_zones)
    at = zone[np.repeat(first, n_zones) + ranges(n_zones)]
    order = np.lexsort((row, at))  # one order of summation
    at, row = at[order], row[order]
    low, high = (table[c].to_numpy(dtype=np.float64)[row] for c in ("low", "high"))
    once = np.unique(np.column_stack([at, of_row[row]]), axis=0)[:, 0]
    n = len(zones)
    return pd.DataFrame(
        {
            "low": np.bincount(at, weights=low, minlength=n),
            "high": np.bincount(at, weights=high, minlength=n),
            "facilities": np.bincount(once, minlength=n),
            "unknown_rows": np.bincount(at[low < high], minlength=n),
            "known": np.bincount(at[low == high], weights=low[low == high], minlength=n),
        },
        index=zones,
    )


def facility_places(facilities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> tuple[Ints, Ints]:
    """Return pairs (position of a facility, position of a zone that it counts in), each once, in the order of facilities.

    Tables are those of :func:`located_supply`.
    """
    own = zones.index.get_indexer(pd.Index(facilities["zone_id"]))
    own[facilities["zone_id"].isna().to_numpy()] = -1
    above = pd.DataFrame(lineage(zones).T, columns=["own", "zone"])
    named = pd.DataFrame({"facility": np.arange(len(facilities)), "own": own}).merge(above, on="own")
    estates = np.flatnonzero((zones["level"] == "estate").to_numpy())
    point, polygon = zones.geometry.array[estates].sindex.query(
        facilities.geometry.array, predicate="intersects"
    )
    lying = pd.DataFrame({"facility": point, "zone": estates[polygon]})
    pairs = (
        pd.concat([named[["facility", "zone"]], lying]).drop_duplicates().sort_values(["facility", "zone"])
    )
    return pairs["facility"].to_numpy(dtype=np.int64), pairs["zone"].to_numpy(dtype=np.int64)


def reachable_supply(
    reach: pd.DataFrame,
    need: pd.Series,
    supply: pd.DataFrame,
    *,
    walk_minutes: float,
    bands: Mapping[float, float] | None = None,
) -> pd.DataFrame:
    """Return the supply per unit of need within reach of each demand point (2SFCA).

    A facility shares its supply among all need that reaches it; a demand
    point adds up its shares of every facility it reaches::

        p_i = sum_j w(c_ij) * s_j / sum_k w(c_kj) * d_k        w(c) = [c <= T]

    With `bands`, w(c) is the weight of the first band that holds the walk (enhanced 2SFCA).

    Parameters
    ----------
    reach
        One row per pair within the search limit: `demand_id`, `facility_id`, `seconds`.
        A pair without a row is out of reach.
    need
        Need (people of the rule's own group, halo included), indexed by `demand_id`; shape (n_demand,), >= 0.
    supply
        `low` and `high`, indexed by `facility_id`; shape (n_facility, 2), 0 <= low <= high, low finite.
        They differ where the register does not say; high may be inf.
    walk_minutes
        Longest walk that counts (T), minutes, inclusive.
    bands
        Decay: upper end of a band in minutes (inclusive) -> weight (0-1), not growing with distance. Walks beyond the
        last band weigh nothing. None: every walk up to T weighs 1.

    Returns
    -------
    provision
        `low` and `high` supply per unit of need, indexed like `need`; 0 where nothing is in reach. `high` is inf
        where a facility of unknown supply is in reach.

    Raises
    ------
    TableError
        If `reach` names an id that `need` or `supply` lacks or holds a pair twice, or `need`, `supply` or `bands` is
        outside its range.

    References
    ----------
    Luo & Wang (2003), Environment and Planning B 30(6):865-884, https://doi.org/10.1068/b29120
    Luo & Qi (2009), Health & Place 15(4):1100-1107, https://doi.org/10.1016/j.healthplace.2009.06.002

    Examples
    --------
    >>> reach = pd.DataFrame({"demand_id": ["a", "b"], "facility_id": ["x", "x"], "seconds": [300.0, 540.0]})
    >>> need, supply = pd.Series({"a": 30.0, "b": 10.0}), pd.DataFrame({"low": {"x": 20.0}, "high": {"x": 20.0}})
    >>> reachable_supply(reach, need, supply, walk_minutes=10)["low"].to_dict()
    {'a': 0.5, 'b': 0.5}
    """
    check_supply(supply)
    shared = catchments(reach, need, supply.index, walk_minutes=walk_minutes, bands=bands)
    total = {end: shared.rates(supply[end].to_numpy(dtype=np.float64)) for end in ("low", "high")}
    return pd.DataFrame(total, index=need.index)


@dataclass(frozen=True, eq=False)
class Catchments:
    """The coefficients of the two-step floating catchment: who shares each facility, and with how many.

    The supply per unit of need at a point is linear in the sizes of the facilities: `rates` adds up given sizes, `shares` gives the
    coefficients.

    Parameters
    ----------
    point, facility
        Positions of the pairs within reach, shape (n_pairs,).
    weight
        Weight of each walk, 0-1, above 0; shape (n_pairs,).
    crowd
        Weighted need that reaches each facility, shape (n_facilities,).
    n_points
        Number of demand points.
    """

    point: Ints
    facility: Ints
    weight: Floats
    crowd: Floats
    n_points: int

    def rates(self, amount: Floats) -> Floats:
        """Return the supply per unit of need at each point, shape (n_points,), from the supply of each facility, shape (n_facilities,)."""
        share = np.divide(amount, self.crowd, out=np.zeros(len(amount)), where=self.crowd > 0)
        rate: Floats = np.bincount(
            self.point, weights=self.weight * share[self.facility], minlength=self.n_points
        ).astype(np.float64, copy=False)
        return rate

    def shares(self) -> csr_array:
        """Return what a unit of supply at each facility adds to the rate of each point, shape (n_facilities, n_points).

        Examples
        --------
        >>> one = np.array([0, 1]), np.zeros(2, np.int64), np.array([1.0, 1.0]), np.array([40.0]), 2
        >>> Catchments(*one).shares().toarray().tolist(), Catchments(*one).rates(np.array([20.0])).tolist()
        ([[0.025, 0.025]], [0.5, 0.5])
        """
        crowd = self.crowd[self.facility]
        share = np.divide(self.weight, crowd, out=np.zeros(len(crowd)), where=crowd > 0)
        shape = len(self.crowd), self.n_points
        return coo_array((share, (self.facility, self.point)), shape=shape).tocsr()


def catchments(
    reach: pd.DataFrame,
    need: pd.Series,
    facilities: pd.Index,
    *,
    walk_minutes: float,
    bands: Mapping[float, float] | None = None,
) -> Catchments:
    """Return who shares each of `facilities`, with parameters as in :func:`reachable_supply`; one that nobody reaches shares nothing.

    Raises
    ------
    TableError
        If `reach` names an id that `need` or `facilities` lacks or holds a pair twice, or `need` or `bands` is outside its range.
    """
    check_pairs(reach, need, facilities)
    weight = _weights(reach["seconds"].to_numpy(dtype=np.float64), walk_minutes=walk_minutes, bands=bands)
    near = weight > 0
    weight = weight[near]
    point = need.index.get_indexer(pd.Index(reach["demand_id"]))[near].astype(np.int64)
    facility = facilities.get_indexer(pd.Index(reach["facility_id"]))[near].astype(np.int64)
    people = need.to_numpy(dtype=np.float64)
    crowd: Floats = np.bincount(facility, weights=weight * people[point], minlength=len(facilities)).astype(
        np.float64, copy=False
    )
    return Catchments(point, facility, weight, crowd, len(need))


def _weights(seconds: Floats, *, walk_minutes: float, bands: Mapping[float, float] | None) -> Floats:
    """Return the weight of each walk: 1 within the limit, or that of its band; 0 beyond."""
    inside = in_circle(seconds, walk_minutes=walk_minutes)
    if bands is None:
        return inside.astype(np.float64)
    steps = sorted(bands.items())
    heights = [weight for _, weight in steps]
    fit = all(minutes > 0 for minutes, _ in steps) and all(0 <= weight <= 1 for weight in heights)
    if not steps or not fit or heights != sorted(heights, reverse=True):
        raise TableError(Note.of("decay_bands_wrong", bands=dict(bands), severity="error"))
    weight = np.zeros(len(seconds))
    for minutes, height in reversed(steps):
        weight[in_circle(seconds, walk_minutes=minutes)] = height
    return np.where(inside, weight, 0.0)


def check_pairs(reach: pd.DataFrame, need: pd.Series, facilities: pd.Index) -> None:
    """Raise TableError where pairs name an unknown id or stand twice, or need is outside its range."""
    check_unique_index(need, name="need")
    check_unique_index(facilities.to_frame(), name="supply")
    PAIRS.check(
        reach,
        ("demand_id", "facility_id", "seconds"),
        name="reach",
        demand_id=need.index.rename("need"),
        facility_id=facilities.rename("supply"),
    )
    twice = reach.duplicated(["demand_id", "facility_id"])
    if twice.any():
        pairs = reach.loc[twice, ["demand_id", "facility_id"]].head(10).itertuples(index=False)
        named = ", ".join(f"{p.demand_id} - {p.facility_id}" for p in pairs)
        raise TableError(Note.of("reach_pair_twice", pairs=named, severity="error"))
    people = need.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~((people >= 0) & np.isfinite(people))
    if wrong.any():
        raise TableError(
            Note.of("need_wrong", ids=", ".join(map(str, need.index[wrong][:10])), severity="error")
        )


def check_supply(supply: pd.DataFrame) -> None:
    """Raise TableError where a supply is no interval 0 <= low <= high with finite low."""
    check_unique_index(supply, name="supply")
    check_columns(supply, ["low", "high"], name="supply")
    _check_intervals(supply)


def _check_intervals(supply: pd.DataFrame) -> None:
    low, high = (supply[c].to_numpy(dtype=np.float64, na_value=np.nan) for c in ("low", "high"))
    wrong = ~((low >= 0) & np.isfinite(low) & (low <= high))
    if wrong.any():
        ids = ", ".join(map(str, supply.index[wrong][:10]))
        raise TableError(Note.of("supply_interval_wrong", ids=ids, severity="error"))
