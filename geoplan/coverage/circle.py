"""Who is within the circle of a service: the only threshold, and the circle table by zones of every level.

Three bases stand beside each other: people, communities, residential land. So do three measures: the network at the
stated pace, the network at the pace of frail elders, and the straight line.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geoplan.coverage.zone_sums import ZoneSums, zone_sums
from geoplan.inputs.datum import ground_metres
from geoplan.tables import CIRCLE, NEAREST, Service, check_ids, people_unknown
from geoplan.words.errors import Note, TableError

#: What a computer's rounding may add to a walk; far below a step. Fifteen minutes to the second are inside.
TOLERANCE_SECONDS = 1e-6
#: The same for shares of people.
TOLERANCE_SHARE = 1e-9

MEASURES = ("network", "frail", "straight")
#: Columns of the circle table that say something of people: NaN where these are not known.
OF_PEOPLE = ("people", "covered", "outside", "off_network", "share", "share_low", "share_high", "unreached")


def in_circle(seconds: npt.ArrayLike, *, walk_minutes: float) -> npt.NDArray[np.bool_]:
    """Return whether walks of `seconds` count as within `walk_minutes`; the limit itself is inside.

    This is the only place that compares a walk with a limit. NaN and inf are outside.

    Examples
    --------
    >>> in_circle([899.0, 900.0, 900.1, float("nan")], walk_minutes=15).tolist()
    [True, True, False, False]
    """
    return np.asarray(seconds, dtype=np.float64) <= 60.0 * walk_minutes + TOLERANCE_SECONDS


def community_covered(
    people: npt.ArrayLike, covered: npt.ArrayLike, *, flag_share: float
) -> npt.NDArray[np.bool_]:
    """Return whether zones are covered: they have people, of whom at most `flag_share` (0-1) are outside.

    Examples
    --------
    >>> community_covered([100.0, 100.0, 0.0], [80.0, 79.0, 0.0], flag_share=0.2).tolist()
    [True, False, False]
    """
    total = np.asarray(people, dtype=np.float64)
    outside = total - np.asarray(covered, dtype=np.float64)
    return (total > 0) & (outside <= (flag_share + TOLERANCE_SHARE) * total)


def covered_or_not(
    people: npt.ArrayLike, covered: npt.ArrayLike, off_network: npt.ArrayLike, *, flag_share: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which zones are certainly and which possibly covered, where `off_network` people may be covered or not.

    Possibly covered are those that are covered if everybody off the network is within the circle.

    Examples
    --------
    >>> sure, maybe = covered_or_not([100.0, 100.0, 100.0], [80.0, 70.0, 70.0], [20.0, 10.0, 9.0], flag_share=0.2)
    >>> sure.tolist(), maybe.tolist()
    ([True, False, False], [True, True, False])
    """
    most = np.asarray(covered, dtype=np.float64) + np.asarray(off_network, dtype=np.float64)
    return (
        community_covered(people, covered, flag_share=flag_share),
        community_covered(people, most, flag_share=flag_share),
    )


def straight_nearest(
    demand: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, *, services: Mapping[str, Service]
) -> pd.DataFrame:
    """Return the facility nearest as the crow flies, for every service and point.

    Parameters
    ----------
    demand
        Points, metric CRS, indexed by id (demand points, or land samples).
    facilities
        ``services`` (tuple of types) and points in the same CRS, indexed by facility_id; those without a point, or of
        no wanted type, are left out. Of facilities at one spot the first in the table is taken.
    services
        Service -> its terms.

    Returns
    -------
    nearest
        ``service, demand_id, facility_id, metres, seconds``; seconds at the service's pace along the straight line.
        A service without any facility has no rows.
    """
    at = shapely.get_coordinates(demand.geometry.array)
    tables = []
    for service, terms in services.items():
        offered = offering(facilities, terms.facilities)
        placed = offered[offered.geometry.notna() & ~offered.geometry.is_empty]
        if placed.empty or not len(at):
            continue
        xy = pd.DataFrame(
            shapely.get_coordinates(placed.geometry.array), index=placed.index
        ).drop_duplicates()
        _, position = cKDTree(xy.to_numpy()).query(at)
        metres = ground_metres(at, xy.to_numpy()[position], demand.crs)
        columns = {"demand_id": demand.index, "facility_id": xy.index[position], "metres": metres}
        table = pd.DataFrame(columns).assign(seconds=metres * 3.6 / terms.walk_kmh)
        table.insert(0, "service", service)
        tables.append(table)
    if not tables:
        return pd.DataFrame({"service": [], "demand_id": [], "facility_id": [], "metres": [], "seconds": []})
    return pd.concat(tables, ignore_index=True)


def offering(facilities: gpd.GeoDataFrame, types: Iterable[str]) -> gpd.GeoDataFrame:
    """Return the facilities that offer at least one of `types`."""
    wanted = set(types)
    # an array: of a list without items pandas would take no column, where it is to take no row
    return facilities[np.array([not wanted.isdisjoint(offered) for offered in facilities["services"]], bool)]


@dataclass(frozen=True)
class Land:
    """Residential land as sample points (`geoplan.coverage.land.sample_land`), and how long the walk from each is.

    `nearest` holds by measure (``network``, ``frail``, ``straight``) a table as for people, with the land_id in ``demand_id``;
    `off_network` the land_ids of the points that do not join the network.
    """

    points: pd.DataFrame
    nearest: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    off_network: Collection[int] = ()


def circle_table(
    *,
    demand: pd.DataFrame,
    zones: pd.DataFrame,
    services: Mapping[str, Service],
    nearest: Mapping[str, pd.DataFrame],
    overlay: pd.DataFrame | None = None,
    land: Land | None = None,
    off_network: Collection[int] = (),
    places: ZoneSums | None = None,
) -> pd.DataFrame:
    """Return who is within the circle of each service, in every zone.

    Who does not join the network is neither covered nor outside: whether they reach a facility is not known. Of a zone's
    people lie within the circle at least `covered` and at most ``covered + off_network``. The straight line knows all.

    Parameters
    ----------
    demand, zones, overlay
        As in `geoplan.tables`; points of the halo enter no sum. Estates take people by the overlay's shares.
    services
        Service -> its terms.
    nearest
        Measure -> ``service, demand_id, facility_id, seconds``, the nearest within the search limit; no row, or NaN, for none.
        ``network`` is at the stated pace, ``frail`` at the pace of frail elders, ``straight`` along the straight line at the
        stated pace, as :func:`straight_nearest` gives it; a measure that is not there is left out.
    land
        Residential land with its walks; None gives NaN.
    off_network
        demand_ids of the points that do not join the network.
    places
        What `zone_sums` gives for the tables, for who asks often; None: it is worked out here.

    Returns
    -------
    circle
        `geoplan.tables.CIRCLE`, a row per service, measure, zone and ``kind``. ``kind`` is empty for the whole zone;
        area and districts have further rows ``urban`` and ``rural`` where zones below are known to be so.
        ``covered + outside + off_network = people``, all NaN where the zone's people are not known; a parent is the sum of
        its children. ``communities`` counts the zones without zones below; an estate has none.

    Raises
    ------
    TableError
        If a table lacks a column or names an unknown id, or `demand` lacks a service's group.
    """
    groups = {terms.group: service for service, terms in services.items()}
    missing = [
        Note.of("service_group_missing", service=s, group=g, severity="error")
        for g, s in groups.items()
        if g not in demand.columns
    ]
    if missing:
        raise TableError(*missing)
    places = zone_sums(demand, zones, overlay) if places is None else places
    lands = None if land is None else zone_sums(land.points.assign(halo=False), zones)
    lost = places.points.isin(list(off_network))
    tables = []
    for service, terms in services.items():
        people = demand.loc[places.points, terms.group].to_numpy(dtype=np.float64)
        for measure, table in ((name, nearest[name]) for name in MEASURES if name in nearest):
            minutes = terms.straight_minutes if measure == "straight" else terms.walk_minutes
            off = np.zeros(len(lost), bool) if measure == "straight" else lost
            walk = _walks(table, service, places, demand.index)
            part = _people_rows(
                places, people, walk.seconds, off, walk_minutes=minutes, flag_share=terms.flag_share
            )
            # half of those of whom it is known
            known = np.where(off, 0.0, people)
            part["median_minutes"] = places.weighted_median(walk.seconds, known) / 60.0
            part["nearest_facility"] = _named(places.commonest(walk.facility, people), walk.names)
            for name, m2 in _land_rows(lands, land, service, measure, walk_minutes=minutes).items():
                part[name] = m2
            nobody_knows = part["zone_id"].isin(zones.index[people_unknown(zones, terms.group)])
            part.loc[nobody_knows, list(OF_PEOPLE)] = np.nan
            tables.append(part.assign(service=service, measure=measure, group=terms.group))
    if not tables:
        return CIRCLE.empty()
    return pd.concat(tables, ignore_index=True)[list(CIRCLE)]


class _Walks(NamedTuple):
    """Seconds (inf for none) and the facility's code (-1 for none) of each point, and the codes' names."""

    seconds: npt.NDArray[np.float64]
    facility: npt.NDArray[np.int64]
    names: pd.Index


def _walks(table: pd.DataFrame, service: str, places: ZoneSums, known: pd.Index) -> _Walks:
    """Return the walk of each point to the nearest facility of a service."""
    NEAREST.check(table)
    rows = table[(table["service"] == service).to_numpy()]
    check_ids(rows, name="nearest", demand_id=known)
    seconds = np.full(len(places.points), np.inf)
    facility = np.full(len(places.points), -1, dtype=np.int64)
    codes, names = pd.factorize(rows["facility_id"], sort=True)
    position = places.points.get_indexer(pd.Index(rows["demand_id"]))
    walk = rows["seconds"].to_numpy(dtype=np.float64, na_value=np.nan)
    use = (position >= 0) & np.isfinite(walk)
    seconds[position[use]] = walk[use]
    facility[position[use]] = codes[use]
    return _Walks(seconds, facility, pd.Index(names))


def _people_rows(
    places: ZoneSums,
    people: npt.NDArray[np.float64],
    seconds: npt.NDArray[np.float64],
    off: npt.NDArray[np.bool_],
    *,
    walk_minutes: float,
    flag_share: float,
) -> pd.DataFrame:
    total = places.sums(people)
    covered = places.sums(np.where(in_circle(seconds, walk_minutes=walk_minutes), people, 0.0))
    off_network = places.sums(np.where(off, people, 0.0))
    outside = places.sums(np.where(off | in_circle(seconds, walk_minutes=walk_minutes), 0.0, people))
    sure, maybe = covered_or_not(total, covered, off_network, flag_share=flag_share)
    return places.rows[["zone_id", "kind"]].assign(
        people=total,
        covered=covered,
        outside=outside,
        off_network=off_network,
        share=_share(covered, covered + outside),
        share_low=_share(covered, total),
        share_high=np.minimum(_share(covered + off_network, total), 1.0),
        communities=places.leaf_counts(places.is_leaf & (total > 0)),
        communities_covered=places.leaf_counts(places.is_leaf & sure),
        communities_unknown=places.leaf_counts(places.is_leaf & maybe & ~sure),
        unreached=places.sums(np.where(off | np.isfinite(seconds), 0.0, people)),
    )


def _share(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return part / whole; NaN where there is nobody."""
    share: npt.NDArray[np.float64] = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share


def _land_rows(
    lands: ZoneSums | None, land: Land | None, service: str, measure: str, *, walk_minutes: float
) -> dict[str, npt.NDArray[np.float64] | float]:
    """Return residential m2 of each row, the part of it within the circle, and that off the network; NaN for estates or without land."""
    names = ("land_m2", "land_covered_m2", "land_off_network_m2")
    if lands is None or land is None or measure not in land.nearest:
        return dict.fromkeys(names, np.nan)
    m2 = land.points.loc[lands.points, "m2"].to_numpy(dtype=np.float64)
    seconds = _walks(land.nearest[measure], service, lands, land.points.index).seconds
    off = lands.points.isin([] if measure == "straight" else list(land.off_network))
    inside = in_circle(seconds, walk_minutes=walk_minutes)
    estate = (lands.rows["level"] == "estate").to_numpy()
    parts = (m2, np.where(inside, m2, 0.0), np.where(off, m2, 0.0))
    return {name: np.where(estate, np.nan, lands.sums(part)) for name, part in zip(names, parts, strict=True)}


def _named(codes: npt.NDArray[np.int64], names: pd.Index) -> npt.NDArray[np.object_]:
    out = np.full(len(codes), None, dtype=object)
    out[codes >= 0] = names.to_numpy(dtype=object)[codes[codes >= 0]]
    return out
