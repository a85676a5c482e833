"""Rasters of people cut by zones: which part of which cell lies in which zone and estate, and where in it a point stands.

Estates need not fit communities or cells.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import exactextract
import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray
from scipy import ndimage

from geoplan.inputs.boundaries.checks import overlaps, without_overlaps
from geoplan.inputs.boundaries.zones import natural_key
from geoplan.inputs.population.rasters import Grid, Raster, strips_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Part of a cell below which nothing is left of it outside the zones.
REST = 1e-6


@dataclass(frozen=True)
class Cut:
    """A grid cut by zones, and the cells around them.

    Parameters
    ----------
    grid
        The grid.
    shapes
        Zones without overlaps in the grid's CRS.
    cell, zone, coverage
        One entry a part: its cell, the position of its zone (-1: outside the zones), the part's share of the cell (0-1).
        Parts inside stand first, in the order of zones and cells.
    near
        Position of the nearest zone; inside the zone itself.
    x, y
        Centres of the cells, metric.
    """

    grid: Grid
    shapes: NDArray[Any]
    cell: Ints
    zone: Ints
    coverage: Floats
    near: Ints
    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.cell)

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """True for parts inside a zone."""
        return self.zone >= 0


def cover(shapes: gpd.GeoSeries, grid: Grid) -> tuple[Ints, Ints, Floats]:
    """Return which cells each polygon covers, and by how much: positions of `shapes`, cells, shares (0-1).

    The exact share of each cell's area is computed (exactextract); null polygons cover nothing.

    Parameters
    ----------
    shapes
        Polygons in the grid's CRS.
    """
    there = np.flatnonzero(~shapely.is_missing(shapes.to_numpy()))
    if not len(there):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    west, south, east, north = grid.bounds
    ones = NumPyRasterSource(
        np.ones((grid.rows, grid.columns), np.uint8), west, south, east, north, srs_wkt=shapes.crs.to_wkt()
    )
    found = exactextract.exact_extract(
        ones, gpd.GeoDataFrame(geometry=shapes.iloc[there]), ["cell_id", "coverage"], output="pandas"
    )
    cells = [np.asarray(c, dtype=np.int64) for c in found["cell_id"]]
    owner = np.repeat(there, [len(c) for c in cells])
    shares = np.concatenate([np.asarray(c, dtype=np.float64) for c in found["coverage"]])
    some = shares > 0
    return owner[some], np.concatenate(cells)[some], np.minimum(shares[some], 1.0)


def people_in(raster: Raster, shapes: gpd.GeoSeries) -> Floats:
    """Return a raster's people in each polygon, from the files' own cells even where the grid holds blocks of them.

    Parameters
    ----------
    shapes
        Polygons in the raster's CRS.
    """
    total = np.zeros(len(shapes))
    for values, grid in strips_of(raster):
        owner, cell, share = cover(shapes, grid)
        total += np.bincount(owner, weights=np.nan_to_num(values)[cell] * share, minlength=len(shapes))
    return total


def cut_grid(grid: Grid, zones: gpd.GeoSeries, *, halo_m: float, peopled: NDArray[np.bool_]) -> Cut:
    """Return a grid cut by zones, with the cells outside of them up to `halo_m` metres away.

    Parameters
    ----------
    grid
        Window of a raster.
    zones
        Polygons without overlaps, metric CRS, canonical order; null allowed.
    halo_m
        How far outside people still compete for supply; 0 for none.
    peopled
        Flat, True for cells that hold people: only these are kept.
    """
    moved = zones.to_crs(grid.crs)
    zone, cell, coverage = cover(moved, grid)
    order = np.lexsort((cell, zone))
    zone, cell, coverage = zone[order], cell[order], coverage[order]
    around, near, rest = _halo(grid, zones, (cell, coverage), halo_m, peopled)
    some = peopled[cell]
    zone, cell, coverage = zone[some], cell[some], coverage[some]
    cells = np.concatenate([cell, around])
    x, y = grid.moved(*grid.centres(cells), zones.crs)
    return Cut(
        grid,
        moved.to_numpy(),
        cells,
        np.concatenate([zone, np.full(len(around), -1)]),
        np.concatenate([coverage, rest]),
        np.concatenate([zone, near]),
        x,
        y,
    )


def _halo(
    grid: Grid, zones: gpd.GeoSeries, covered: tuple[Ints, Floats], halo_m: float, peopled: NDArray[np.bool_]
) -> tuple[Ints, Ints, Floats]:
    """Return the cells around the zones, the nearest zone of each, and the share that no zone covers."""
    none = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    cell, coverage = covered
    if halo_m <= 0 or not len(cell):
        return none
    rest = 1.0 - np.bincount(cell, weights=coverage, minlength=grid.rows * grid.columns)
    # a cheap bound first: metres between the middles of cells, less two half diagonals
    size_x, size_y = grid.cell_metres(zones.crs)
    away = ndimage.distance_transform_edt(
        (rest > 1 - REST).reshape(grid.rows, grid.columns), sampling=(size_y, size_x)
    )
    close = np.flatnonzero((away.ravel() <= halo_m + np.hypot(size_x, size_y)) & (rest > REST) & peopled)
    if not len(close):
        return none
    points = shapely.points(*grid.moved(*grid.centres(close), zones.crs))
    shapes = zones.to_numpy()
    there = np.flatnonzero(~shapely.is_missing(shapes))
    found, nearest = shapely.STRtree(shapes[there]).query_nearest(points, max_distance=halo_m)
    # of several equally near zones the first in order counts
    order = np.lexsort((nearest, found))
    found, first = np.unique(found[order], return_index=True)
    return close[found], there[nearest[order][first]], rest[close[found]]


def part_points(cut: Cut, parts: Ints, crs: pyproj.CRS) -> tuple[Floats, Floats]:
    """Return where each part's people stand: the cell's centre if it lies in the zone, else a point inside the part.

    Parameters
    ----------
    cut
        A grid cut by zones.
    parts
        Positions of parts.
    crs
        Metric CRS of the result.
    """
    x, y = cut.x[parts].copy(), cut.y[parts].copy()
    split = np.flatnonzero(cut.inside[parts] & (cut.coverage[parts] < 1))
    shapes = cut.shapes[cut.zone[parts[split]]]
    shapely.prepare(shapes)
    centre_x, centre_y = cut.grid.centres(cut.cell[parts[split]])
    off = ~shapely.contains_xy(shapes, centre_x, centre_y)
    split, shapes = split[off], shapes[off]
    pieces = shapely.intersection(cut.grid.boxes(cut.cell[parts[split]]), shapes)
    points = shapely.point_on_surface(pieces)
    found = ~shapely.is_empty(points)
    moved = cut.grid.moved(shapely.get_x(points[found]), shapely.get_y(points[found]), crs)
    x[split[found]], y[split[found]] = moved
    return x, y


COLUMNS = ["demand_id", "zone_id", "share"]


def estates(zones: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the estates with polygons, without overlaps, in the order of codes."""
    table = zones[(zones["level"] == "estate") & ~zones.geometry.isna()]
    order = sorted(range(len(table)), key=lambda i: natural_key(str(table["code"].iloc[i])))
    shapes = table.geometry.iloc[order]
    cut = (
        without_overlaps(shapes.to_numpy(), overlaps(shapes.to_numpy())) if len(shapes) else shapes.to_numpy()
    )
    return gpd.GeoSeries(cut, index=shapes.index, crs=zones.crs)


def part_shares(cut: Cut, parts: Ints, demand_id: Ints, estates: gpd.GeoSeries) -> pd.DataFrame:
    """Return ``demand_id, zone_id, share`` for parts of cells: the share of the part's area that lies in the estate.

    Parameters
    ----------
    cut
        A grid cut by zones.
    parts, demand_id
        Positions of parts and the ids of their demand points; those in the halo get no share.
    estates
        Polygons without overlaps, metric CRS, indexed by zone id.
    """
    inside = cut.inside[parts]
    parts, demand_id = parts[inside], demand_id[inside]
    moved = estates.to_crs(cut.grid.crs)
    estate, cell, covered = cover(moved, cut.grid)
    left = pd.DataFrame({"cell": cut.cell[parts], "part": parts, "demand_id": demand_id})
    pairs = left.merge(pd.DataFrame({"cell": cell, "estate": estate, "share": covered}), on="cell")
    part, owner, share = (pairs[c].to_numpy() for c in ("part", "estate", "share"))
    # a whole cell: the estate's share of it; a cell shared by zones: cut the part itself
    split = np.flatnonzero(cut.coverage[part] < 1)
    pieces = shapely.intersection(cut.grid.boxes(cut.cell[part[split]]), cut.shapes[cut.zone[part[split]]])
    whole = shapely.area(pieces)
    common = shapely.area(shapely.intersection(pieces, moved.to_numpy()[owner[split]]))
    share = share.copy()
    share[split] = np.divide(common, whole, out=np.zeros(len(split)), where=whole > 0)
    return _table(pairs["demand_id"].to_numpy(), estates.index.to_numpy()[owner], share)


def point_shares(x: NDArray[Any], y: NDArray[Any], demand_id: Ints, estates: gpd.GeoSeries) -> pd.DataFrame:
    """Return ``demand_id, zone_id, share`` for points: all of a point's people live in the estate that it lies in."""
    point, estate = shapely.STRtree(estates.to_numpy()).query(shapely.points(x, y), predicate="intersects")
    order = np.lexsort((estate, point))
    first = np.unique(point[order], return_index=True)[1]
    point, estate = point[order][first], estate[order][first]
    return _table(demand_id[point], estates.index.to_numpy()[estate], np.ones(len(point)))


def _table(demand_id: Ints, zone_id: NDArray[Any], share: NDArray[Any]) -> pd.DataFrame:
    table = pd.DataFrame(
        {"demand_id": demand_id, "zone_id": zone_id, "share": np.minimum(share, 1.0)}, columns=COLUMNS
    )
    return table[table["share"] > REST]


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return shares in the order of demand points and zones; shares of one point that add up to over 1 by rounding are scaled."""
    tables = [table for table in tables if len(table)]
    if not tables:
        return pd.DataFrame(
            {"demand_id": np.empty(0, np.int64), "zone_id": pd.Series(dtype="str"), "share": np.empty(0)}
        )
    table = pd.concat(tables).sort_values(["demand_id", "zone_id"], ignore_index=True)
    total = table.groupby("demand_id")["share"].transform("sum")
    return table.assign(share=table["share"] / np.maximum(total, 1.0))
