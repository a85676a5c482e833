"""Small rasters of people."""

import numpy as np
import rasterio
from rasterio import Affine


def write_raster(path, cells, *, corner, size=10.0, crs="EPSG:4547", nodata=-1.0, dtype="float32"):
    """Write cells (rows from the north; several bands stand in front) of `size` units with their south-west `corner`."""
    cells = np.asarray(cells, dtype=dtype)
    bands = cells if cells.ndim == 3 else cells[None]
    count, rows, columns = bands.shape
    where = Affine(size, 0, corner[0], 0, -size, corner[1] + size * rows)
    profile = {"driver": "GTiff", "count": count, "dtype": dtype, "crs": crs, "nodata": nodata}
    with rasterio.open(path, "w", **profile, height=rows, width=columns, transform=where) as out:
        out.write(bands)
    return path


def tagged(path, *, names=(), scale=1.0, offset=0.0):
    """Give the bands of a raster their names, and all of them a scale and an offset."""
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = [scale] * file.count, [offset] * file.count
        for number, name in enumerate(names, start=1):
            file.set_band_description(number, name)
    return path
