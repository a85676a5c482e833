"""The finest zones on which people are counted: without overlaps, with their ancestors, and where the data end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from geoplan.inputs.boundaries import partition_levels
from geoplan.inputs.boundaries.checks import overlaps, without_overlaps
from geoplan.inputs.boundaries.layers import natural_key
from geoplan.inputs.population.grids import Raster
from geoplan.tables import ZONES
from geoplan.words.errors import InputError, Note

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class StudyArea:
    """The finest partition of a study area.

    Parameters
    ----------
    zones
        The whole table of zones.
    ids
        Finest zones in the order of codes; positions below are positions in it.
    shapes
        Their polygons without overlaps (an overlap belongs to the smaller), metric CRS, null allowed.
    level_ids
        Ids of the zones of each partition level and the area, in order.
    ancestors
        For each such level the position (in ``level_ids[level]``) of each finest zone's ancestor, -1 for none.
    halo_m
        How far outside people still compete for supply, metres.
    """

    zones: gpd.GeoDataFrame
    ids: NDArray[Any]
    shapes: gpd.GeoSeries
    level_ids: dict[str, NDArray[Any]]
    ancestors: dict[str, Ints]
    halo_m: float

    @property
    def crs(self) -> pyproj.CRS:
        """Metric CRS."""
        return pyproj.CRS.from_user_input(self.shapes.crs)

    @property
    def finest(self) -> str:
        """Name of the finest partition level."""
        return str(self.zones.loc[self.ids[0], "level"])

    @property
    def chains(self) -> list[Ints]:
        """Ancestors from the zone itself up to the area."""
        return list(self.ancestors.values())[::-1]

    def bounds(self, levels: Iterable[str]) -> tuple[float, float, float, float]:
        """Return bounds of the finest zones with their halo, and of the zones of `levels`."""
        west, south, east, north = self.shapes.total_bounds
        halo = self.halo_m
        boxes = [np.array([west - halo, south - halo, east + halo, north + halo])]
        boxes += [self.zones.loc[self.level_ids[level]].total_bounds for level in levels]
        bounds = np.array(boxes)
        low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def partition(zones: gpd.GeoDataFrame, *, halo_m: float) -> StudyArea:
    """Return the finest partition of `zones`, whatever the order of its rows.

    Raises
    ------
    InputError
        If there is no partition level.
    """
    ZONES.check(zones, ("level", "code", "parent_id", "covered_share"))
    levels = partition_levels(zones)
    if not levels:
        raise InputError(Note.of("zone_no_partition", severity="error"))
    level_ids = {"area": zones.index[zones["level"] == "area"].to_numpy(dtype=object)}
    for level in levels:
        codes = zones.loc[zones["level"] == level, "code"].to_dict()
        level_ids[level] = np.array(
            sorted(codes, key=lambda zone: natural_key(str(codes[zone]))), dtype=object
        )
    ids = level_ids[levels[-1]]
    shapes = zones.loc[ids].geometry
    shapes = shapes.mask(shapes.is_empty)
    cut = without_overlaps(shapes.to_numpy(), overlaps(shapes.to_numpy()))
    return StudyArea(
        zones,
        ids,
        gpd.GeoSeries(cut, index=ids, crs=zones.crs),
        level_ids,
        _ancestors(zones, ids, level_ids),
        halo_m,
    )


def _ancestors(
    zones: gpd.GeoDataFrame, ids: NDArray[Any], level_ids: dict[str, NDArray[Any]]
) -> dict[str, Ints]:
    """Return the position of each finest zone's ancestor at each level, -1 for none."""
    up = dict(zip(zones.index, zones["parent_id"], strict=True))
    position = {zone: (level, i) for level, found in level_ids.items() for i, zone in enumerate(found)}
    ancestors = {level: np.full(len(ids), -1, dtype=np.int64) for level in level_ids}
    for i, finest in enumerate(ids):
        zone = finest
        while zone in position:
            level, j = position[zone]
            ancestors[level][i] = j
            zone = up[zone]
    # everything counted lies in the area, also what lies in no district
    ancestors["area"][:] = 0
    return ancestors


def edge_zones(here: StudyArea, rasters: Sequence[Raster]) -> tuple[str, ...]:
    """Return the finest zones within the halo's width of where the data on people end.

    With rasters that is the edge of the smallest of them; without, the outer border of the study area itself.
    """
    if here.halo_m <= 0:
        return ()
    shapes = here.shapes.to_numpy()
    near = np.zeros(len(shapes), dtype=bool)
    for extent in _extents(rasters, here.crs):
        shapely.prepare(extent)
        ring = shapely.get_exterior_ring(extent)
        near |= (shapely.distance(shapes, ring) < here.halo_m) | ~shapely.contains(extent, shapes)
    if not rasters:
        union = shapely.union_all(shapes[~shapely.is_missing(shapes)])
        outer = shapely.multilinestrings(list(shapely.get_exterior_ring(shapely.get_parts(union))))
        shapely.prepare(outer)
        near |= shapely.dwithin(outer, shapes, here.halo_m)
    near &= ~shapely.is_missing(shapes)
    return tuple(here.ids[near])


def _extents(rasters: Sequence[Raster], crs: pyproj.CRS) -> list[shapely.Polygon]:
    """Return the different extents in the metric CRS; edges get points on them, since they bend."""
    found = {(raster.grid.crs, raster.extent.wkb): raster for raster in rasters}
    boxes = []
    for raster in found.values():
        west, south, east, north = raster.extent.bounds
        box = shapely.segmentize(raster.extent, max(east - west, north - south) / 50)
        boxes.append(gpd.GeoSeries([box], crs=raster.grid.crs).to_crs(crs).iloc[0])
    return boxes


def given_totals(here: StudyArea, level: str, group: str) -> NDArray[np.float64]:
    """Return the given totals of a level's zones, NaN where unknown."""
    column = f"given_{group}"
    zones = here.zones.loc[here.level_ids[level]]
    if column not in zones.columns:
        return np.full(len(zones), np.nan)
    totals: NDArray[np.float64] = pd.to_numeric(zones[column]).to_numpy(dtype=np.float64)
    return totals
