"""What lies over the map's polygons, as plain values for its script: facilities, isochrones, people outside the circle."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import shapely

from geoplan.coverage.circle import in_circle
from geoplan.report import look
from geoplan.report.webmap.codec import pack_integers, pack_points, pack_polygons
from geoplan.report.webmap.layers import LONLAT, PEOPLE_DIGITS, Plain, numbers
from geoplan.tables import Outcome

#: An isochrone bends by less than this many metres without being drawn as a bend.
ISOCHRONE_BEND_M = 4.0


def facility_layer(outcome: Outcome) -> tuple[Plain, dict[str, int]]:
    """Return the facilities that have a point and are not closed, and their places in the layer by facility_id."""
    own = outcome.facilities
    shown = own[own.geometry.notna() & (own["status"] != "closed")]
    service_of = {
        kind: number for number, entry in enumerate(outcome.services.values()) for kind in entry["facilities"]
    }
    kinds = [_kind_shown(services, service_of) for services in shown["services"]]
    order = [*service_of, *sorted(set(kinds) - set(service_of))]
    points = shapely.get_coordinates(np.asarray(shown.geometry.to_crs(LONLAT).array))
    capacity, text = _capacities(outcome, shown.index)
    layer = {
        "kinds": [
            {
                "id": kind,
                "label": look.facility_label(kind, outcome.lang),
                "service": service_of.get(kind, -1),
                "shape": look.MARK_SHAPES[place % len(look.MARK_SHAPES)],
                "colour": look.SERVICE_COLOURS[service_of.get(kind, -1) % len(look.SERVICE_COLOURS)],
            }
            for place, kind in enumerate(order)
            if kind in set(kinds)
        ],
        "name": [str(name) for name in shown["name"]],
        "kind": kinds,
        "status": list(shown["status"]),
        "approximate": [int(quality == "approximate") for quality in shown["location_quality"]],
        "radius": [look.mark_radius(value) for value in capacity],
        "capacity": text,
        "origin": [
            f"{file} #{row}" for file, row in zip(shown["source_file"], shown["source_row"], strict=True)
        ],
        "xy": pack_points(points),
    }
    return layer, {str(facility_id): place for place, facility_id in enumerate(shown.index)}


def _kind_shown(services: Iterable[str], service_of: Mapping[str, int]) -> str:
    kinds = list(services)
    return next((kind for kind in kinds if kind in service_of), kinds[0] if kinds else "")


def _capacities(outcome: Outcome, facility_ids: pd.Index) -> tuple[list[float | None], list[str]]:
    """Return beds or places (the larger) that size a mark, and every known amount in words."""
    amounts = outcome.supplies.groupby(["facility_id", "supply"], sort=False)[["low", "high"]].sum()
    words: dict[str, list[str]] = {}
    sizes: dict[str, float] = {}
    for (facility_id, supply), low, high in zip(amounts.index, amounts["low"], amounts["high"], strict=True):
        known = "?" if low == 0 and np.isinf(high) else look.interval(low, high)
        words.setdefault(facility_id, []).append(f"{look.label(supply, outcome.lang)} {known}")
        if supply in ("beds", "places"):
            sizes[facility_id] = max(float(low), sizes.get(facility_id, 0.0))
    return [sizes.get(key) for key in facility_ids], [" · ".join(words.get(key, [])) for key in facility_ids]


def unplaced_list(outcome: Outcome) -> list[Plain]:
    """Return 待落点清单: the facilities that stand in the register but not on the map."""
    names = outcome.zones["name"]
    table = outcome.unplaced
    empty = pd.Series("", index=table.index)
    return [
        {
            "name": "" if look.missing(name) else str(name),
            "zone": str(names.get(zone_id, "")),
            "origin": f"{file} #{row}",
        }
        for name, zone_id, file, row in zip(
            *(table.get(column, empty) for column in ("name", "zone_id", "source_file", "source_row")),
            strict=True,
        )
    ]


def isochrone_layer(outcome: Outcome) -> list[Plain]:
    """Return the isochrones, a packed polygon a service and band, the widest band first."""
    order = list(outcome.services)
    rows = []
    for service, bands in outcome.isochrones.groupby("service", sort=False):
        inward = bands.sort_values("minutes", ascending=False, kind="stable")
        smooth = inward.geometry.simplify(ISOCHRONE_BEND_M, preserve_topology=False).to_crs(LONLAT)
        rows += [
            {
                "service": order.index(str(service)),
                "minutes": float(minutes),
                "shape": pack_polygons(smooth.iloc[[place]]),
            }
            for place, minutes in enumerate(inward["minutes"])
        ]
    return rows


def outside_layer(outcome: Outcome) -> list[Plain]:
    """Return the people outside each service's circle: their demand points and how many they are."""
    points = shapely.get_coordinates(np.asarray(outcome.demand.geometry.to_crs(LONLAT).array))
    inner = ~outcome.demand["halo"].to_numpy(dtype=bool)
    totals = _area_totals(outcome)
    layers = []
    for service, entry in outcome.services.items():
        own = outcome.nearest[outcome.nearest["service"] == service].set_index("demand_id")["seconds"]
        seconds = own.reindex(outcome.demand.index).to_numpy(dtype=np.float64, na_value=np.inf)
        seconds = np.where(np.isnan(seconds), np.inf, seconds)
        people = outcome.demand[entry["group"]].to_numpy(dtype=np.float64)
        out = (
            inner & (people > 0) & ~np.asarray(in_circle(seconds, walk_minutes=float(entry["walk_minutes"])))
        )
        layers.append(
            {
                "total": numbers([totals.get(service, np.nan)], PEOPLE_DIGITS)[0],
                "xy": pack_points(points[out]),
                "people": pack_integers(np.rint(people[out] * 10).astype(np.int64)),
            }
        )
    return layers


def _area_totals(outcome: Outcome) -> dict[str, float]:
    """Return the people outside each service's circle in the whole area, as the circle's table has them."""
    table = outcome.circle
    level = table["zone_id"].map(outcome.zones["level"])
    area = table[(table["measure"] == "network") & (table["kind"].fillna("") == "") & (level == "area")]
    return {
        str(service): float(people) for service, people in zip(area["service"], area["outside"], strict=True)
    }
