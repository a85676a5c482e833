"""Small rasters of people."""

import numpy as np
import rasterio
from rasterio import Affine


def write_raster(path, cells, *, corner, size=10.0, crs="EPSG:4547", nodata=-1.0, dtype="float32"):
    """Write cells (rows from the north) of `size` units with their south-west `corner`, and return the path."""
    cells = np.asarray(cells, dtype=dtype)
    rows, columns = cells.shape
    where = Affine(size, 0, corner[0], 0, -size, corner[1] + size * rows)
    profile = {"driver": "GTiff", "count": 1, "dtype": dtype, "crs": crs, "nodata": nodata}
    with rasterio.open(path, "w", **profile, height=rows, width=columns, transform=where) as out:
        out.write(cells, 1)
    return path
