"""责任区: to how many people each facility is the nearest, and its load; and which zones make up each catchment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.coverage.circle import in_circle
from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Figure, Table, column
from geoplan.report.content.zone_views import ZoneClass, ZoneView, files_of, no_data_class
from geoplan.report.content.zones import service_cell
from geoplan.tables import Outcome, Service
from geoplan.words.catalogue import phrase
from geoplan.words.labels import facility_label, label

#: Capacities that divide people: what one is nearest to is a bed or a place.
CAPACITIES = ("beds", "places")
#: Why people have no nearest facility: none within the search limit, or they are off the network.
_NONE, _OFF = "none", "off"


@listed(75, "workbook", "csv")
def catchments(outcome: Outcome) -> Table | None:
    """Return a row a service and facility: people nearest to it, in the circle and outside the area, capacity, load; None without any.

    The facility with most people stands first. Below those of a service stand its people without a facility within the search limit and
    those off the network, whose nearest is not known.
    """
    lang, names = outcome.lang, Names(outcome)
    above = names.levels_between()
    keys = (
        "service", "facility_id", "catchment", "facility_type", *above, names.finest(), "catchment_people", "catchment_circle",
        "catchment_outside", "catchment_capacity", "unit", "catchment_load",
    )  # fmt: skip
    rows = [row for service in outcome.services for row in _rows(outcome, names, service, above)]
    if not rows:
        return None
    return table_of("catchments", lang, keys, rows, notes=(phrase("catchments_note", lang),), frozen=3)


def _rows(outcome: Outcome, names: Names, service: str, above: list[str]) -> Iterable[dict[str, Cell]]:
    """Yield the rows of one service."""
    entry, lang, finest = outcome.services[service], outcome.lang, names.finest()
    people = _nearest_people(outcome, service)
    sums = _sums(people, entry)
    supply = _capacity_of(outcome, entry)
    at = outcome.facilities
    offering = [
        key for key, types in zip(at.index, at["services"], strict=True) if set(types) & set(entry.facilities)
    ]
    place = {key: k for k, key in enumerate(offering)}
    of_supply, placed = _capacities(outcome, entry, supply), _on_network(outcome)
    last = [code for code in (_NONE, _OFF) if code in sums and sums[code]["most"] > 0]
    nobody = dict.fromkeys(("people", "most", "inside", "inside_most", "outside"), 0.0)
    order = sorted(offering, key=lambda key: (-sums.get(key, nobody)["people"], place[key]))
    for key in [*order, *last]:
        of, told = sums.get(key, nobody), key in place
        kinds = [kind for kind in at.loc[key, "services"] if kind in entry.facilities] if told else []
        zone = at.loc[key, "zone_id"] if told else None
        low, high = of_supply.get(key, (0.0, np.inf))
        yield {
            "service": service_cell(outcome, service),
            "facility_id": key if told else "",
            "catchment": names.facility(key) if told else phrase(f"catchments_{key}", lang),
            "facility_type": Coded(kinds[0], facility_label(kinds[0], lang)) if kinds else None,
            **{level: names.above(zone, level) for level in above},
            finest: names.above(zone, finest),
            **_people_cells(of, is_known=not told or key in placed, told=told),
            "catchment_capacity": _capacity_cell(low, high) if told else None,
            "unit": Coded(supply, label(supply, lang)) if told else None,
            "catchment_load": (load(of["people"], of["most"], low, high) if key in placed else Coded("unknown")) if told else None,
        }  # fmt: skip


def _on_network(outcome: Outcome) -> set[str]:
    """Return the facilities that people can walk to: of one without a point, or off the network, it is not known who is nearest."""
    snaps = outcome.snaps[outcome.snaps["of"] == "facility"]
    return set(snaps.index[(snaps["chain"] >= 0).to_numpy()])


def _people_cells(of: Mapping[str, float], *, is_known: bool, told: bool) -> dict[str, Cell]:
    keys = ("catchment_people", "catchment_circle", "catchment_outside")
    if not is_known:
        return dict.fromkeys(keys, Coded("unknown"))
    inside = Amount(of["inside"], of["inside_most"], "count") if told else None
    return dict(
        zip(
            keys,
            (Amount(of["people"], of["most"], "count"), inside, Amount.of(of["outside"], "count")),
            strict=True,
        )
    )


def load(people: float, most: float, low: float, high: float) -> Cell:
    """Return people a bed or place as an interval; *unknown* where nothing bounds the capacity, None where there is none of it.

    Parameters
    ----------
    people, most
        People nearest to the facility, least and most.
    low, high
        Its capacity, least and most; `high` may be infinite.

    Examples
    --------
    >>> load(300.0, 300.0, 10.0, 20.0)
    Amount(low=15.0, high=30.0, format='decimal')
    >>> load(300.0, 300.0, 0.0, 20.0), load(0.0, 0.0, 0.0, 0.0)
    (Amount(low=15.0, high=inf, format='decimal'), None)
    """
    if high == 0:
        return None
    if low == 0 and np.isinf(high):
        return Coded("unknown")
    return Amount(people / high, most / low if low > 0 else np.inf, "decimal")


def _capacity_cell(low: float, high: float) -> Cell:
    return Coded("unknown") if low == 0 and np.isinf(high) else Amount(low, high, "count")


def _capacity_of(outcome: Outcome, entry: Service) -> str:
    """Return the supply that a service's people share: what its need counts, else the one of `CAPACITIES` that its registers know."""
    if entry.need is not None and entry.need.supply in CAPACITIES:
        return entry.need.supply
    own = outcome.supplies[outcome.supplies["service"].isin(entry.facilities)]
    return next((supply for supply in CAPACITIES if (own["supply"] == supply).any()), CAPACITIES[0])


def _capacities(outcome: Outcome, entry: Service, supply: str) -> dict[str, tuple[float, float]]:
    """Return facility -> its capacity for a service, least and most; nothing for one of which no row tells."""
    own = outcome.supplies
    own = own[own["service"].isin(entry.facilities) & (own["supply"] == supply)]
    sums = own.groupby("facility_id", sort=False)[["low", "high"]].sum()
    return {
        key: (float(low), float(high))
        for key, low, high in zip(sums.index, sums["low"], sums["high"], strict=True)
    }


def _nearest_people(outcome: Outcome, service: str) -> pd.DataFrame:
    """Return a row a demand point: ``facility`` (or why it has none), ``seconds, people, unknown, halo, zone``."""
    entry, demand = outcome.services[service], outcome.demand
    own = outcome.nearest[outcome.nearest["service"] == service].set_index("demand_id")
    own = own.reindex(demand.index)
    snaps = outcome.snaps[outcome.snaps["of"] == "demand"]
    off = demand.index.map(str).isin(snaps.index[(snaps["chain"] < 0).to_numpy()])
    blind = _unknown_zones(outcome, entry.group)
    people = demand[entry.group].to_numpy(dtype=np.float64, na_value=np.nan)
    facility = own["facility_id"].astype(object).where(own["facility_id"].notna(), _NONE)
    return pd.DataFrame(
        {
            "facility": np.where(off, _OFF, facility.to_numpy(dtype=object)),
            "seconds": own["seconds"].to_numpy(dtype=np.float64, na_value=np.nan),
            "people": np.nan_to_num(people),
            "unknown": demand["zone_id"].isin(blind).to_numpy() | np.isnan(people),
            "halo": demand["halo"].to_numpy(dtype=bool),
            "zone": demand["zone_id"].astype(object).to_numpy(),
        },
        index=demand.index,
    )


def _unknown_zones(outcome: Outcome, group: str) -> set[str]:
    """Return the zones whose people of a group are not known."""
    if "people_unknown" not in outcome.zones:
        return set()
    return {str(zone) for zone, groups in outcome.zones["people_unknown"].items() if group in groups}


def _sums(people: pd.DataFrame, entry: Service) -> dict[str, dict[str, float]]:
    """Return per facility (or reason): ``people, most, inside, inside_most, outside``; the most is infinite where any are not known."""
    seconds = people["seconds"].fillna(np.inf).to_numpy()
    inside = np.asarray(in_circle(seconds, walk_minutes=entry.walk_minutes), dtype=bool)
    unknown = np.where(people["unknown"], np.inf, 0.0)
    parts = pd.DataFrame(
        {
            "people": people["people"],
            "most": people["people"] + unknown,
            "inside": np.where(inside, people["people"], 0.0),
            "inside_most": np.where(inside, people["people"] + unknown, 0.0),
            "outside": np.where(people["halo"], people["people"], 0.0),
        }
    )
    sums = parts.groupby(people["facility"], sort=False).sum()
    return {str(key): row for key, row in zip(sums.index, rows_of(sums), strict=True)}


# --- on the map -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class CatchmentView:
    """Catchments of one service on the map.

    Parameters
    ----------
    view
        Colour and figures of each finest zone.
    facilities
        The table's rows of the service, in its order.
    edges
        Boundaries between catchments, lines, study CRS.
    """

    view: ZoneView
    facilities: Table
    edges: npt.NDArray[np.object_]


def catchment_views(base: BaseMap) -> list[CatchmentView]:
    """Return the catchments of every service that has any."""
    table = catchments(base.outcome)
    if table is None or empty(base.outcome.nearest):
        return []
    return [_view(base, service, table.where("service", service)) for service in base.outcome.services]


def _view(base: BaseMap, service: str, facilities: Table) -> CatchmentView:
    outcome, lang, names = base.outcome, base.lang, Names(base.outcome)
    entry, zones = outcome.services[service], base.zones(base.finest)
    people = _nearest_people(outcome, service)
    own = people[~people["halo"].to_numpy()]
    sums = own.groupby(["zone", "facility"], sort=False)["people"].sum().reset_index()
    shares: dict[str, dict[str, float]] = {}
    for row in rows_of(sums):
        shares.setdefault(str(row["zone"]), {})[str(row["facility"])] = float(row["people"])
    blind = set(own.loc[own["unknown"], "zone"])
    nearest: list[str] = []
    cells: list[list[Cell]] = []
    for zone in map(str, zones.index):
        of = shares.get(zone, {})
        whole = sum(of.values())
        most = "" if zone in blind or not whole > 0 else max(of, key=of.__getitem__)
        nearest.append(most)
        if not most:
            cells.append([Coded("no_data"), None, None])
            continue
        told = phrase(f"catchments_{most}", lang) if most in (_NONE, _OFF) else names.facility(most)
        cells.append([told, Amount.of(of[most], "count"), Amount.of(of[most] / whole, "percent")])
    rows = zip(facilities.cells("facility_id"), facilities.cells("catchment_people"), strict=True)
    count = sum(bool(key) and isinstance(cell, Amount) and cell.high > 0 for key, cell in rows)
    colour = _colours(zones, nearest)
    quiet = [ZoneClass(phrase("catchments_area", lang), shown) for shown in look.CATCHMENT_COLOURS]
    none = ZoneClass(phrase("catchments_none", lang), look.COLOURS["paper"])
    classes = (*quiet, none, no_data_class(lang))
    place = [
        len(quiet) + 1 if key in ("", _OFF) else len(quiet) if key == _NONE else colour[key]
        for key in nearest
    ]
    columns = [
        column("nearest_facility", lang),
        column("catchment_people", lang),
        column("catchment_part", lang),
    ]
    name = entry.label(lang)
    view = ZoneView(
        "catchments", service, name, "", phrase("catchments_what", lang),
        (titles.basis(outcome.groups, entry.group, lang), phrase("catchments_note", lang)), files_of(outcome, entry.group), classes,
        tuple(map(str, zones.index)), tuple(place), Table.of(f"catchments_{service}", name, columns, cells), 0,
        np.full(len(zones), np.nan), phrase("catchments_most", lang),
        {base.finest: (Figure(phrase("catchments_facilities", lang), Amount(count, count, "count")),)},
    )  # fmt: skip
    return CatchmentView(view, facilities, _edges(zones, nearest))


def _colours(zones: gpd.GeoDataFrame, nearest: list[str]) -> dict[str, int]:
    """Return facility -> place of its colour: unlike those of the catchments that it touches, as far as there are colours enough."""
    shapes = np.asarray(zones.geometry.array)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=1.0)
    beside: dict[str, set[str]] = {}
    for a, b in zip(first, second, strict=True):
        if nearest[a] != nearest[b]:
            beside.setdefault(nearest[a], set()).add(nearest[b])
    count, colour = len(look.CATCHMENT_COLOURS), dict[str, int]()
    for key in sorted(dict.fromkeys(nearest), key=lambda one: -len(beside.get(one, ()))):
        taken: list[Any] = [colour.get(other) for other in beside.get(key, ())]
        colour[key] = min(range(count), key=lambda k: (taken.count(k), k))
    return colour


def _edges(zones: gpd.GeoDataFrame, nearest: list[str]) -> npt.NDArray[np.object_]:
    """Return the outlines of the catchments as lines."""
    shapes = np.asarray(zones.geometry.array)
    keys = np.array(nearest, dtype=object)
    areas = [shapely.union_all(shapes[keys == key]) for key in dict.fromkeys(nearest) if text(key)]
    return (
        np.asarray(shapely.get_parts(shapely.boundary(areas)), dtype=object)
        if areas
        else np.array([], dtype=object)
    )
