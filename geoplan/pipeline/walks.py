"""Every walk that a run needs, service by service: where people join the network, how long they walk, and what that covers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.coverage.circle import MEASURES, Land, offering, straight_nearest
from geoplan.coverage.land import sample_land
from geoplan.coverage.near import nearest_facilities
from geoplan.network.apart import BESIDE_M, FAR_M, far_on_foot
from geoplan.network.graph import WalkGraph
from geoplan.network.isochrones import isochrones
from geoplan.network.reach import Reach, nearest, reach
from geoplan.network.snap import snap, snap_notes
from geoplan.network.surface import MinutesRaster, minutes_raster
from geoplan.pipeline.gather import Inputs
from geoplan.tables import Service
from geoplan.words.catalogue import Phrase
from geoplan.words.errors import Note
from geoplan.words.labels import label
from geoplan.words.numbers import format_number

#: The nearest facility is looked for up to an hour's walk; who finds none is told so.
SEARCH_MINUTES = 60.0
#: Isochrones are drawn this wide to both sides of a street, for the eye only.
ISOCHRONE_WIDTH_M = 30.0
MINUTES_CELL_M = 100.0
#: Pairs of places that a note names.
LISTED = 5


@dataclass(frozen=True)
class Snaps:
    """Where people, facilities and residential land join the network."""

    demand: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    land: gpd.GeoDataFrame | None

    @property
    def off_network(self) -> pd.Index:
        """demand_ids of the people who do not join the network: what they reach is not known."""
        return off_network(self.demand)

    @property
    def facilities_off_network(self) -> pd.Index:
        """facility_ids of those with a point that does not join the network: who reaches them is not known."""
        placed = self.facilities[self.facilities["reason"] != "no_point"]
        return off_network(placed)


@dataclass(frozen=True)
class ServiceWalks:
    """The walks of one service: pairs in its circle, and the nearest facility by three measures; of people, then of land."""

    reach: Reach
    pairs: pd.DataFrame
    nearest: pd.DataFrame
    frail: pd.DataFrame
    straight: pd.DataFrame
    land: Mapping[str, pd.DataFrame] | None


@dataclass(frozen=True)
class WalkTables:
    """Every walk that is needed: pairs in each circle, and the nearest facility by three measures."""

    by_service: Mapping[str, ServiceWalks]
    pairs: pd.DataFrame
    nearest: pd.DataFrame
    frail: pd.DataFrame
    straight: pd.DataFrame
    land: Land | None

    @property
    def reach(self) -> dict[str, Reach]:
        """Service -> every walk in its circle."""
        return {service: walks.reach for service, walks in self.by_service.items()}


def off_network(snaps: pd.DataFrame) -> pd.Index:
    """Return the ids of the points that do not join the network."""
    return snaps.index[(snaps["chain"] < 0).to_numpy()]


def snap_all(graph: WalkGraph, inputs: Inputs, former: Snaps | None = None) -> Snaps:
    """Return where people, facilities and residential land join the network.

    Of `former`, those of the same people and land with other facilities, what has not moved is kept.
    """
    facilities = inputs.register.facilities
    if former is not None:
        return replace(former, facilities=_facility_snaps(graph, inputs, former.facilities))
    points = None if inputs.land is None else sample_land(inputs.land, inputs.zones)
    land = None
    if points is not None:
        land = snap_points(graph, points, inputs).assign(zone_id=points["zone_id"], m2=points["m2"])
    return Snaps(
        snap_points(graph, inputs.people.demand, inputs), snap_points(graph, facilities, inputs), land
    )


def _facility_snaps(graph: WalkGraph, inputs: Inputs, former: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the snaps of the facilities of `inputs`; of `former` those of the same id, point and level."""
    facilities = inputs.register.facilities
    stays = facilities.index[facilities.index.isin(former.index)]
    same = facilities.geometry[stays].geom_equals_exact(former.geometry[stays], 0.0)
    same |= facilities.geometry[stays].isna() & former.geometry[stays].isna()
    kept = stays[same]
    new = snap_points(graph, facilities.drop(index=kept), inputs)
    table = former.loc[kept] if new.empty else pd.concat([former.loc[kept], new])
    return gpd.GeoDataFrame(table.loc[facilities.index], geometry="geometry", crs=former.crs)


def snap_points(graph: WalkGraph, points: gpd.GeoDataFrame, inputs: Inputs) -> gpd.GeoDataFrame:
    """Return where points join the network (`tables.SNAPS`), under the study's limits."""
    levels = points.get("level")
    table = snap(graph, points.geometry, barriers=inputs.barriers, levels=levels, **_limits(inputs))
    return gpd.GeoDataFrame(table, geometry=points.geometry)


def _limits(inputs: Inputs) -> dict[str, Any]:
    return inputs.study.streets.arguments("max_snap_m", "island_nodes")


def offered_snaps(
    snaps: Snaps, inputs: Inputs, services: Mapping[str, Service]
) -> dict[str, gpd.GeoDataFrame]:
    """Return the snaps of the placed facilities that offer each service."""
    placed = snaps.facilities[snaps.facilities["chain"] >= 0]
    kinds = {service: terms.facilities for service, terms in services.items()}
    ids = {service: offering(inputs.register.facilities, types).index for service, types in kinds.items()}
    return {service: placed[placed.index.isin(known)] for service, known in ids.items()}


def walk_all(
    graph: WalkGraph,
    snaps: Snaps,
    inputs: Inputs,
    services: Mapping[str, Service],
    former: tuple[Snaps, WalkTables] | None = None,
    *,
    changed: Collection[str] = (),
) -> WalkTables:
    """Return the walks of every service: all pairs in the circle, the nearest by three measures.

    Of `former`, those of the same people with other facilities, services that offer none of the `changed` facility types keep their
    walks, and pairs of facilities that join the network where they did are not searched again.
    """
    found = {}
    for service, offered in offered_snaps(snaps, inputs, services).items():
        if former is not None and not set(services[service].facilities) & set(changed):
            found[service] = former[1].by_service[service]
        else:
            known = None if former is None else (former[0].facilities, former[1].by_service[service].reach)
            found[service] = _walks_of(graph, snaps, offered, inputs, services[service], known)
    land = None
    if snaps.land is not None:
        lands = [walks.land or {} for walks in found.values()]
        tables = {measure: _joined(own[measure] for own in lands) for measure in MEASURES}
        land = Land(snaps.land, tables, off_network(snaps.land))
    return WalkTables(
        by_service=found,
        pairs=_joined(walks.pairs for walks in found.values()),
        nearest=_joined(walks.nearest for walks in found.values()),
        frail=_joined(walks.frail for walks in found.values()),
        straight=_joined(walks.straight for walks in found.values()),
        land=land,
    )


def _walks_of(
    graph: WalkGraph,
    snaps: Snaps,
    offered: gpd.GeoDataFrame,
    inputs: Inputs,
    terms: Service,
    known: tuple[pd.DataFrame, Reach] | None,
) -> ServiceWalks:
    """Return the walks to the facilities that offer one service; `known` are former snaps of facilities and their pairs."""
    found = _pairs_of(graph, snaps.demand, offered, terms, known)
    minutes = max(SEARCH_MINUTES, terms.walk_minutes)
    paces = (terms.walk_kmh, terms.frail_kmh)
    near, frail = (_nearest(graph, snaps.demand, offered, terms.name, kmh, minutes=minutes) for kmh in paces)
    facilities, one = inputs.register.facilities, {terms.name: terms}
    straight = straight_nearest(inputs.people.demand, facilities, services=one)
    land = None
    if snaps.land is not None:
        on_foot = [_nearest(graph, snaps.land, offered, terms.name, kmh) for kmh in paces]
        crow = straight_nearest(snaps.land, facilities, services=one)
        land = dict(zip(MEASURES, (*on_foot, crow), strict=True))
    return ServiceWalks(found, found.to_frame().assign(service=terms.name), near, frail, straight, land)


def _pairs_of(
    graph: WalkGraph,
    demand: pd.DataFrame,
    offered: pd.DataFrame,
    terms: Service,
    known: tuple[pd.DataFrame, Reach] | None,
) -> Reach:
    """Return every walk in the circle of one service; a facility that joins the network where it did keeps its own."""
    pace = {"walk_kmh": terms.walk_kmh, "limit_seconds": terms.limit_seconds}
    if known is None:
        return reach(graph, demand, offered, **pace)
    snaps, walks = known
    stays = offered.index[offered.index.isin(walks.facility_id)]
    where = ["chain", "offset_m", "leg_m"]
    same = (offered.loc[stays, where] == snaps.loc[stays, where]).all(axis=1)
    more = reach(graph, demand, offered.drop(index=stays[same]), **pace)
    return more.joined(walks, offered.index)


def nearest_of_zones(
    graph: WalkGraph, snaps: Snaps, inputs: Inputs, services: Mapping[str, Service]
) -> pd.DataFrame:
    """Return the facilities nearest to each of the finest zones (`tables.NEAR`)."""
    pairs = []
    for service, offered in offered_snaps(snaps, inputs, services).items():
        terms = services[service]
        found = reach(
            graph,
            # people outside of the study area have no zone to be told of
            snaps.demand[~inputs.people.demand["halo"].to_numpy(dtype=bool)],
            offered,
            walk_kmh=terms.walk_kmh,
            limit_seconds=60.0 * max(SEARCH_MINUTES, terms.walk_minutes),
        )
        pairs.append(found.to_frame().assign(service=service))
    return nearest_facilities(
        pd.concat(pairs, ignore_index=True),
        demand=inputs.people.demand,
        zones=inputs.zones,
        services=services,
        off_network=snaps.off_network,
    )


def _nearest(
    graph: WalkGraph,
    people: pd.DataFrame,
    offered: pd.DataFrame,
    service: str,
    walk_kmh: float,
    *,
    minutes: float = SEARCH_MINUTES,
) -> pd.DataFrame:
    """Return the nearest facility of each point within `minutes`, as rows of the table `nearest`."""
    found = nearest(graph, people, offered, walk_kmh=walk_kmh, limit_seconds=60.0 * minutes)
    rows = found.rename_axis("demand_id").reset_index().assign(service=service)
    return rows[["service", "demand_id", "facility_id", "seconds"]]


def _joined(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return tables of the services under each other; those of a service without facilities only where all are so."""
    every = list(tables)
    return pd.concat([table for table in every if len(table)] or every[:1], ignore_index=True)


def draw_isochrones(
    graph: WalkGraph, offered: Mapping[str, gpd.GeoDataFrame], services: Mapping[str, Service], crs: CRS
) -> gpd.GeoDataFrame:
    """Return the isochrones of every service from the snaps of what offers it, one polygon a band."""
    tables = [gpd.GeoDataFrame({"service": [], "minutes": []}, geometry=[], crs=crs)]
    for service, snaps in offered.items():
        if len(snaps):
            terms = services[service]
            drawn = isochrones(
                graph, snaps, walk_kmh=terms.walk_kmh, minutes=terms.bands_minutes, width_m=ISOCHRONE_WIDTH_M
            )
            tables.append(drawn.assign(service=service))
    table: gpd.GeoDataFrame = pd.concat(tables[1:] or tables, ignore_index=True)
    return table[["service", "minutes", "geometry"]]


def minutes_rasters(
    graph: WalkGraph, snaps: Snaps, inputs: Inputs, services: Mapping[str, Service]
) -> dict[str, MinutesRaster]:
    """Return the minutes to the nearest facility of every service, cell by cell over the study area."""
    area = inputs.zones.geometry["area/area"]
    return {
        service: minutes_raster(
            graph,
            offered,
            bounds=area.bounds,
            cell_m=MINUTES_CELL_M,
            walk_kmh=services[service].walk_kmh,
            limit_seconds=60.0 * SEARCH_MINUTES,
            area=area,
            barriers=inputs.barriers,
            **_limits(inputs),
        )
        for service, offered in offered_snaps(snaps, inputs, services).items()
        if len(offered)
    }


def snap_remarks(snaps: Snaps, inputs: Inputs) -> list[Note]:
    """Return what is to be said of people and facilities that do not join the network.

    People are counted in the study area only, by the group of the first service.
    """
    study, demand = inputs.study, inputs.people.demand
    group = next(iter(study.services.values())).group
    outside = snaps.demand[(snaps.demand["chain"] < 0) & ~demand["halo"]]
    people, total = (demand.loc[ids, group].sum() for ids in (outside.index, demand.index[~demand["halo"]]))
    notes = []
    if len(outside):
        notes.append(
            Note.of(
                "people_off_network",
                points=f"{len(outside):,}",
                metres=f"{study.streets.max_snap_m:g}",
                group=label(group, study.lang),
                people=f"{people:,.0f}",
                share=format_number(people / total, "percent"),
            )
        )
    # those without a point are listed elsewhere
    placed = snaps.facilities[snaps.facilities["reason"] != "no_point"]
    return [*notes, *snap_notes(placed, what=Phrase("snapped_facilities"), **_limits(inputs))]


def apart_notes(
    graph: WalkGraph,
    offered: Mapping[str, gpd.GeoDataFrame],
    names: Mapping[str, str],
    *,
    code: str = "facilities_far_on_foot",
    new: Collection[str] | None = None,
    **words: Any,  # noqa: ANN401 - values of the note
) -> list[Note]:
    """Return a note on places of one service beside each other that are far apart on foot.

    Parameters
    ----------
    offered
        Snaps of what offers each service, with the places themselves.
    names
        Names of the places, by id.
    new
        Only pairs with at least one of these; None: all.
    """
    tables = [far_on_foot(graph, snaps) for snaps in offered.values()]
    pairs = pd.concat(tables).drop_duplicates(["one", "other"])
    if new is not None:
        pairs = pairs[pairs["one"].isin(new) | pairs["other"].isin(new)]
    if pairs.empty:
        return []
    rows = pairs.sort_values("straight_m", kind="stable").head(LISTED)
    listed = "; ".join(
        f"{names[one]} / {names[other]} ({metres:,.0f} m)"
        for one, other, metres in zip(rows["one"], rows["other"], rows["straight_m"], strict=True)
    )
    more = " …" if len(pairs) > LISTED else ""
    words |= {"beside_m": f"{BESIDE_M:,.0f}", "far_m": f"{FAR_M:,.0f}"}
    return [Note.of(code, pairs=f"{len(pairs):,}", listed=listed + more, **words)]


def all_snaps(snaps: Snaps) -> gpd.GeoDataFrame:
    """Return every access leg of facilities and people as a line; a point, or nothing, where there is no leg."""
    table = pd.concat([snaps.facilities.assign(of="facility"), snaps.demand.assign(of="demand")])
    table.index = table.index.map(str).rename("point_id")
    on = shapely.points(table["x"], table["y"])
    from_xy = shapely.get_coordinates(table.geometry.array[table["chain"] >= 0])
    ends = np.stack([from_xy, shapely.get_coordinates(on[table["chain"] >= 0])], axis=1)
    legs = np.array(table.geometry.array, dtype=object)
    legs[table["chain"] >= 0] = shapely.linestrings(ends)
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=legs, crs=snaps.demand.crs)
