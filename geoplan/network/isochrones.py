"""Isochrones: the ground from which people walk to a facility within so many minutes, as polygons for the eye.

Who is covered is decided on the network (`geoplan.coverage.circle`), never by these polygons.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.network.graph import WalkGraph
from geoplan.network.pieces import reached_parts
from geoplan.network.reach import node_seconds
from geoplan.network.ribbons import nested_ribbons
from geoplan.tables import SNAPS


def isochrones(
    graph: WalkGraph,
    facility_snaps: pd.DataFrame,
    *,
    walk_kmh: float,
    minutes: Sequence[float],
    width_m: float,
    each: bool = False,
) -> gpd.GeoDataFrame:
    """Return the ground from which people reach the facilities on foot, a polygon for each number of minutes.

    Drawn are the street parts from which the walk *to* the nearest facility, access leg included, fits the minutes,
    and the access leg itself, each with `width_m` to both sides and beyond its end; and all that fewer minutes hold.

    Parameters
    ----------
    facility_snaps
        Where the facilities join it (`tables.SNAPS`), indexed by facility_id; those without a chain are left out. Where
        it has a ``geometry`` (the facility's point, or its leg), the leg begins there.
    minutes
        Bands, > 0; drawn from the least.
    each
        True: polygons of every facility by itself; False: of all together (the way to the nearest counts).

    Returns
    -------
    isochrones
        ``minutes, geometry`` (with `each` also ``facility_id``, first), from few minutes to many; Polygon or
        MultiPolygon, valid, each covered by the next to the bit; empty where no facility is on the network.

    Raises
    ------
    ValueError
        If a pace, width or number of minutes is not above 0.
    TableError
        If a column is missing or a facility is there twice.
    """
    bands = sorted(set(map(float, minutes)))
    if not bands or not all(value > 0 for value in (*bands, walk_kmh, width_m)):
        raise ValueError(
            f"minutes, pace and width must be above 0; got {minutes}, {walk_kmh} km/h, {width_m} m"
        )
    SNAPS.check(facility_snaps, ("chain", "offset_m", "leg_m", "x", "y"))
    placed = facility_snaps[(facility_snaps["chain"] >= 0).to_numpy()]
    sets = [placed[placed.index == i] for i in facility_snaps.index] if each else [placed]
    polygons = [_bands(graph, snaps, walk_kmh=walk_kmh, minutes=bands, width_m=width_m) for snaps in sets]
    table = gpd.GeoDataFrame(
        {"minutes": bands * len(sets)}, geometry=[p for some in polygons for p in some], crs=graph.crs
    )
    if each:
        table.insert(0, "facility_id", facility_snaps.index.repeat(len(bands)))
    return table


def _bands(
    graph: WalkGraph, snaps: pd.DataFrame, *, walk_kmh: float, minutes: Sequence[float], width_m: float
) -> list[shapely.Geometry]:
    limits = [60.0 * value for value in minutes]
    seconds = node_seconds(graph, snaps, walk_kmh=walk_kmh, limit_seconds=limits[-1])
    streets = reached_parts(graph, seconds, snaps, walk_kmh=walk_kmh, limits=limits)
    metres = [limit * walk_kmh / 3.6 for limit in limits]
    lines = [
        np.concatenate([part, legs(snaps, longest_m)])
        for part, longest_m in zip(streets, metres, strict=True)
    ]
    return nested_ribbons(lines, width_m=width_m)


def legs(snaps: pd.DataFrame, longest_m: float = np.inf) -> npt.NDArray[np.object_]:
    """Return the access legs from the facilities towards the network, cut off after `longest_m`, as LineStrings.

    A leg of no length (or of a table without geometry) is a line of no length at the snap.
    """
    on = snaps[["x", "y"]].to_numpy(dtype=np.float64)
    if "geometry" not in snaps.columns or not len(snaps):
        return np.asarray(shapely.linestrings(np.stack([on, on], axis=1)), dtype=object)
    points, row = shapely.get_coordinates(gpd.GeoSeries(snaps["geometry"]).array, return_index=True)
    first = points[np.searchsorted(row, np.arange(len(snaps)))]
    length = snaps["leg_m"].to_numpy(np.float64)
    part = np.divide(longest_m, length, out=np.ones(len(on)), where=length > longest_m)
    end = np.where((part < 1.0)[:, None], first + part[:, None] * (on - first), on)
    return np.asarray(shapely.linestrings(np.stack([first, end], axis=1)), dtype=object)
