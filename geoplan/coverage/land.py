"""Residential land as sample points, so that its part in a circle is decided on the network like people's."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely


def sample_land(land: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, *, cell_m: float = 50.0) -> gpd.GeoDataFrame:
    """Return points on residential land that share out its area.

    Each piece of land in a finest zone is sampled at the centres of a grid of `cell_m` that lie in it, every one
    standing for an equal part of the piece's area; a piece without a centre gets one point inside it. Areas of
    land that overlap count once, land outside the zones not at all.

    Parameters
    ----------
    land
        Polygons in the CRS of `zones` (metric).
    zones
        ``level, parent_id`` and polygons, indexed by zone_id; estates are left out.
    cell_m
        Grid step, metres, > 0.

    Returns
    -------
    points
        ``zone_id, m2, geometry``, indexed 0, 1, … in the order of the zones; m2 sums to the area of land in them.

    Examples
    --------
    >>> zones = gpd.GeoDataFrame({"level": ["community"], "parent_id": [None]}, index=["community/a"],
    ...     geometry=[shapely.box(0, 0, 100, 100)])
    >>> points = sample_land(gpd.GeoDataFrame(geometry=[shapely.box(50, 0, 300, 100)]), zones)
    >>> len(points), float(points["m2"].sum())
    (2, 5000.0)
    """
    partition = zones[zones["level"] != "estate"]
    finest = partition[~partition.index.isin(partition["parent_id"].dropna())]
    whole = shapely.get_parts(shapely.union_all(shapely.make_valid(land.geometry.dropna().array)))
    zone, part = shapely.STRtree(whole).query(finest.geometry.array, predicate="intersects")
    pieces = shapely.intersection(finest.geometry.array[zone], whole[part])
    keep = shapely.area(pieces) > 0
    zone, pieces = zone[keep], pieces[keep]

    piece, xy = _centres(np.asarray(pieces), cell_m)
    alone = np.setdiff1d(np.arange(len(pieces)), piece)
    inner = shapely.get_coordinates(shapely.point_on_surface(pieces[alone])).reshape(-1, 2)
    piece, xy = np.r_[piece, alone], np.concatenate([xy, inner])
    order = np.lexsort((xy[:, 0], xy[:, 1], piece))
    piece, xy = piece[order], xy[order]
    m2 = shapely.area(pieces)[piece] / np.bincount(piece, minlength=len(pieces))[piece]
    ids = pd.Index(finest.index.to_numpy(dtype=object)[zone][piece], dtype=zones.index.dtype)
    columns = {"zone_id": ids, "m2": m2}
    return gpd.GeoDataFrame(columns, geometry=shapely.points(xy), crs=zones.crs)


def _centres(pieces: np.ndarray, cell_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (position of the piece, x and y) of every grid centre that lies in a piece, piece by piece."""
    which, points = [], []
    for position, piece in enumerate(pieces):
        left, bottom, right, top = (np.asarray(piece.bounds) / cell_m).tolist()
        x = (np.arange(np.floor(left), np.ceil(right)) + 0.5) * cell_m
        y = (np.arange(np.floor(bottom), np.ceil(top)) + 0.5) * cell_m
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        shapely.prepare(piece)
        inside = grid[shapely.contains_xy(piece, grid[:, 0], grid[:, 1])]
        which.append(np.full(len(inside), position))
        points.append(inside)
    if not which:
        return np.empty(0, dtype=np.int64), np.empty((0, 2))
    return np.concatenate(which).astype(np.int64), np.concatenate(points)
