"""Points of the rows of a list."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray


def inner_points(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return points as they are, and of lines and parcels a point inside; null and empty are null."""
    given = np.asarray(shapes.array, dtype=object)
    nothing = shapely.is_missing(given) | shapely.is_empty(given)
    point = shapely.get_type_id(given) == shapely.GeometryType.POINT
    out: NDArray[np.object_] = given.astype(object)
    out[nothing] = None
    other = ~nothing & ~point
    # a polygon that crosses itself has no inside until it is mended
    out[other] = shapely.point_on_surface(shapely.make_valid(given[other]))
    return gpd.GeoSeries(out, index=shapes.index, crs=shapes.crs)
