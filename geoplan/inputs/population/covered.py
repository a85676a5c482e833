"""How much of each coarser zone has finest-level zones: its people where a raster knows them, else its land without water."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.inputs.boundaries import COVERED_ENOUGH
from geoplan.inputs.population.grids import people_in
from geoplan.inputs.population.places import StudyArea, extent_of, without_raster
from geoplan.inputs.population.rasters import Raster

Floats = NDArray[np.float64]


def covered_shares(here: StudyArea, raster: Raster | None, water: gpd.GeoSeries | None) -> pd.Series:
    """Return the share (0-1) of each zone that finest-level zones fill, by zone_id.

    ::

        share_z = people(z within finest zones) / people(z)            where the raster reaches over z and has people there
        share_z = land(z within finest zones) / land(z)                else, land = area(z) - area(z within water)

    Parameters
    ----------
    here
        The finest partition with the zones above it. The area stands for everything that the coarsest level holds.
    raster
        People around the zones of all levels; None where the study has none.
    water
        Polygons where nobody lives, metric CRS; None where they are not known.
    """
    shares: pd.Series = here.zones["covered_share"].astype(float).copy()
    coarse = [zone for level, ids in here.level_ids.items() if level != here.finest for zone in ids]
    whole = _wholes(here, coarse)
    some = [zone for zone in coarse if whole.get(zone) is not None]
    if not some:
        return shares
    wholes = gpd.GeoSeries(whole, crs=here.crs)[some]
    finest = shapely.union_all(here.shapes.dropna().to_numpy())
    # a buffer of no width leaves polygons only, where neighbours share a line
    common = shapely.buffer(shapely.intersection(wholes.to_numpy(), finest), 0.0)
    insides = gpd.GeoSeries(
        np.where(shapely.is_empty(common), None, common), index=wholes.index, crs=here.crs
    )
    share = _ratio(_land(insides, water), _land(wholes, water))
    if raster is not None:
        moved = [shapes.to_crs(raster.grid.crs) for shapes in (insides, wholes)]
        by_people = _ratio(*(people_in(raster, gpd.GeoSeries(shapes)) for shapes in moved))
        lacking = without_raster(gpd.GeoDataFrame(geometry=wholes), extent_of(raster, here.crs)).to_numpy()
        share = np.where((lacking <= 1 - COVERED_ENOUGH) & ~np.isnan(by_people), by_people, share)
    shares[some] = np.minimum(np.where(np.isnan(share), shares[some], share), 1.0)
    return shares


def _wholes(here: StudyArea, coarse: list[str]) -> Mapping[str, shapely.Geometry | None]:
    """Return the polygon of each coarser zone; of the area that of the whole coarsest level."""
    shapes = here.zones.geometry
    found = {zone: shapes[zone] for zone in coarse if here.zones["level"][zone] != "area"}
    coarsest = next(level for level in here.level_ids if level != "area")
    top = shapes[here.level_ids[coarsest]].dropna().to_numpy()
    return {"area/area": shapely.union_all(top), **found}


def _land(shapes: gpd.GeoSeries, water: gpd.GeoSeries | None) -> Floats:
    """Return the area of each polygon without water, m2."""
    dry = shapes.to_numpy()
    if water is not None and len(water):
        dry = shapely.difference(dry, shapely.union_all(water.to_numpy()))
    return np.asarray(shapely.area(dry), dtype=np.float64)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole; NaN where there is no whole."""
    share: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share
