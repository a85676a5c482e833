"""Rasters of people cut by zones: which part of which cell lies in which zone and estate, and where in it a point stands.

Estates need not fit communities or cells.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import exactextract
import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import rasterio
import rasterio.windows
import shapely
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray
from scipy import ndimage

from geoplan.inputs.boundaries.checks import overlaps, without_overlaps
from geoplan.inputs.boundaries.zones import natural_key
from geoplan.inputs.limits import open_raster
from geoplan.inputs.readers import raster_name
from geoplan.words.errors import InputError, Note

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Cells up to which a whole file is read to tell how many rates it holds.
WHOLE_CELLS = 25_000_000
#: Part of a cell below which nothing is left of it outside the zones.
REST = 1e-6


@cache
def transformer(source: str, target: str) -> pyproj.Transformer:
    """Return what moves x and y from one CRS to another (both as WKT); made once, since making it is slow."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


@dataclass(frozen=True)
class Grid:
    """The cells of a raster in a window: CRS, corner, cell size (in the CRS's unit), rows and columns; north is up."""

    crs: str
    west: float
    north: float
    dx: float
    dy: float
    rows: int
    columns: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in the grid's CRS."""
        return self.west, self.north - self.rows * self.dy, self.west + self.columns * self.dx, self.north

    def centres(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return x and y of the centres of cells, in the grid's CRS."""
        row, column = np.divmod(cells, self.columns)
        return self.west + (column + 0.5) * self.dx, self.north - (row + 0.5) * self.dy

    def boxes(self, cells: Ints) -> NDArray[Any]:
        """Return the cells as polygons, in the grid's CRS."""
        x, y = self.centres(cells)
        return np.asarray(shapely.box(x - self.dx / 2, y - self.dy / 2, x + self.dx / 2, y + self.dy / 2))

    def locate(self, x: Floats, y: Floats) -> Ints:
        """Return the cell in which each point lies, -1 outside of the grid."""
        column = np.floor((x - self.west) / self.dx).astype(np.int64)
        row = np.floor((self.north - y) / self.dy).astype(np.int64)
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        return np.where(inside, row * self.columns + column, -1)

    def moved(self, x: Floats, y: Floats, crs: pyproj.CRS) -> tuple[Floats, Floats]:
        """Return coordinates of the grid's CRS in `crs`."""
        east, north = transformer(self.crs, crs.to_wkt()).transform(x, y)
        return np.asarray(east), np.asarray(north)


@dataclass(frozen=True)
class Raster:
    """One raster in the window of a study.

    Parameters
    ----------
    path
        The file.
    grid
        Window around the study area.
    values
        Flat, one a cell of the grid; NaN where the file holds no data.
    extent
        The whole raster's box, in the grid's CRS: where data end.
    """

    path: Path
    grid: Grid
    values: Floats
    extent: shapely.Polygon

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.path.name


def whole_file(raster: Raster) -> Floats:
    """Return all values of a raster's file, flat, NaN where there is no data; of a very large file only the window."""
    with open_raster(raster.path, raster_name(raster.path)) as source:
        if source.width * source.height > WHOLE_CELLS:
            return raster.values
        return _values(source, None)


def read_raster(path: str | Path, around: tuple[float, float, float, float], crs: pyproj.CRS) -> Raster:
    """Return the part of a raster around a study area; nodata becomes NaN, never 0.

    Parameters
    ----------
    path
        GeoTIFF or another raster of `limits.RASTER_DRIVERS`, zipped or not; the first band is read.
    around
        Bounds that the window has to hold, in `crs` (the study area with its halo).

    Raises
    ------
    InputError
        If the file is missing or unreadable, has no CRS, is rotated, does not meet the area, or holds negative values
        that are not declared as nodata.
    """
    path = Path(path)
    with open_raster(path, raster_name(path)) as source:
        return _window(source, path, around, crs)


def _window(source: Any, path: Path, around: tuple[float, float, float, float], crs: pyproj.CRS) -> Raster:  # noqa: ANN401 - rasterio
    """Read what lies around the study area."""
    file, transform = path.name, source.transform
    if source.crs is None:
        raise InputError(Note.of("raster_no_crs", file=file, severity="error"))
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InputError(Note.of("raster_rotated", file=file, severity="error"))
    own = pyproj.CRS.from_user_input(source.crs.to_wkt())
    west, south, east, north = transformer(crs.to_wkt(), own.to_wkt()).transform_bounds(*around)
    left = max(int(np.floor((west - transform.c) / transform.a)), 0)
    right = min(int(np.ceil((east - transform.c) / transform.a)), source.width)
    top = max(int(np.floor((north - transform.f) / transform.e)), 0)
    bottom = min(int(np.ceil((south - transform.f) / transform.e)), source.height)
    if right <= left or bottom <= top:
        raise InputError(Note.of("raster_elsewhere", file=file, severity="error"))
    window = rasterio.windows.Window(left, top, right - left, bottom - top)
    values = _values(source, window)
    corner = transform.c + left * transform.a, transform.f + top * transform.e
    grid = Grid(own.to_wkt(), corner[0], corner[1], transform.a, -transform.e, bottom - top, right - left)
    _check_not_negative(values, grid, file)
    extent = shapely.box(
        transform.c,
        transform.f + source.height * transform.e,
        transform.c + source.width * transform.a,
        transform.f,
    )
    return Raster(path, grid, values, extent)


def _values(source: Any, window: rasterio.windows.Window | None) -> Floats:  # noqa: ANN401 - rasterio
    """Return the first band's values, flat, NaN where there is no data."""
    values: Floats = source.read(1, window=window, masked=True).astype(np.float64).filled(np.nan).ravel()
    values[~np.isfinite(values)] = np.nan
    return values


def _check_not_negative(values: Floats, grid: Grid, file: str) -> None:
    negative = np.flatnonzero(values < 0)
    if len(negative):
        lon, lat = grid.moved(*grid.centres(negative[:1]), pyproj.CRS.from_epsg(4326))
        words: dict[str, Any] = {"count": len(negative), "least": float(values[negative].min())}
        where = f"{lon[0]:.5f} E {lat[0]:.5f} N"
        raise InputError(Note.of("raster_negative", file=file, severity="error", where=where, **words))


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
        Flat, True for cells that hold people: only these are kept in the halo.
    """
    moved = zones.to_crs(grid.crs)
    zone, cell, coverage = cover(moved, grid)
    order = np.lexsort((cell, zone))
    zone, cell, coverage = zone[order], cell[order], coverage[order]
    around, near, rest = _halo(grid, zones, (cell, coverage), halo_m, peopled)
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
    size_x, size_y = _cell_metres(grid, zones)
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


def _cell_metres(grid: Grid, zones: gpd.GeoSeries) -> tuple[float, float]:
    """Return width and height of the middle cell in metres."""
    middle = np.array([(grid.rows // 2) * grid.columns + grid.columns // 2])
    x, y = grid.centres(middle)
    corners_x, corners_y = np.concatenate([x, x + grid.dx, x]), np.concatenate([y, y, y - grid.dy])
    east, north = grid.moved(corners_x, corners_y, zones.crs)
    wide = float(np.hypot(east[1] - east[0], north[1] - north[0]))
    return wide, float(np.hypot(east[2] - east[0], north[2] - north[0]))


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
