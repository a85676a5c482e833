"""Minutes on foot to the nearest facility, cell by cell, as an array and as a GeoTIFF."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
import shapely
from rasterio.transform import Affine

from geoplan.network.graph import WalkGraph
from geoplan.network.reach import nearest
from geoplan.network.snap import snap

#: What a cell of the file holds where nobody gets to a facility in time.
NODATA = -1.0


@dataclass(frozen=True, eq=False)
class MinutesRaster:
    """Minutes by cell.

    Parameters
    ----------
    minutes
        float32, shape (rows, columns), north first; NaN where there is no way in time.
    transform
        From (column, row) to metric coordinates.
    crs
        Metric CRS.
    """

    minutes: npt.NDArray[np.float32]
    transform: Affine
    crs: Any


def minutes_raster(
    graph: WalkGraph,
    facility_snaps: pd.DataFrame,
    *,
    bounds: tuple[float, float, float, float],
    cell_m: float,
    walk_kmh: float,
    limit_seconds: float,
    area: shapely.Geometry | None = None,
    **snapping: Any,  # noqa: ANN401 - the options of `snap`
) -> MinutesRaster:
    """Return the minutes from each cell's centre to the nearest facility, its access leg included.

    Parameters
    ----------
    facility_snaps
        Where the facilities join the network (`tables.SNAPS`).
    bounds
        Left, bottom, right, top, metric CRS; moved outwards to whole multiples of `cell_m`, so that rasters of one study
        lie on each other.
    limit_seconds
        Longest walk; beyond it cells hold nothing.
    area
        Only cells whose centre lies in it; None: all.
    **snapping
        ``max_snap_m, island_nodes, barriers`` as in `geoplan.network.snap.snap`: a cell whose centre does not join the
        network holds nothing, just as a person there would not be covered.

    Returns
    -------
    raster
        A cell's value equals what `geoplan.network.reach.nearest` gives for a person at its centre.

    Raises
    ------
    ValueError
        If `bounds` or `cell_m` gives no cell.
    """
    if not cell_m > 0 or not (bounds[0] < bounds[2] and bounds[1] < bounds[3]):
        raise ValueError(f"no cell in bounds {bounds} by {cell_m} m")
    left, bottom = (np.floor(value / cell_m) for value in bounds[:2])
    right, top = (np.ceil(value / cell_m) for value in bounds[2:])
    shape = int(top - bottom), int(right - left)
    column, row = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    x, y = (left + column.ravel() + 0.5) * cell_m, (top - row.ravel() - 0.5) * cell_m
    inside = np.ones(len(x), dtype=bool)
    if area is not None:
        shapely.prepare(area)
        inside = shapely.intersects_xy(area, x, y)

    index = pd.RangeIndex(int(inside.sum()), name="demand_id")
    cells = gpd.GeoSeries(shapely.points(x[inside], y[inside]), index=index, crs=graph.crs)
    walks = nearest(
        graph,
        snap(graph, cells.geometry, **snapping),
        facility_snaps,
        walk_kmh=walk_kmh,
        limit_seconds=limit_seconds,
    )
    minutes = np.full(len(x), np.nan, dtype=np.float32)
    minutes[inside] = walks["seconds"].to_numpy(dtype=np.float64, na_value=np.nan) / 60.0
    return MinutesRaster(
        minutes.reshape(shape), Affine(cell_m, 0.0, left * cell_m, 0.0, -cell_m, top * cell_m), graph.crs
    )


def write_minutes(path: Path, raster: MinutesRaster, *, description: str = "minutes on foot") -> None:
    """Write the minutes as a GeoTIFF: float32, deflated, nodata -1; the same raster gives the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    held = np.where(np.isnan(raster.minutes), np.float32(NODATA), raster.minutes)
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "height": held.shape[0],
        "width": held.shape[1],
        "crs": raster.crs,
        "transform": raster.transform,
        "nodata": NODATA,
        "compress": "deflate",
        "predictor": 3,
        "zlevel": 9,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "num_threads": 1,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(held, 1)
        file.set_band_description(1, description)
        file.set_band_unit(1, "min")
