"""Heights along streets from an elevation raster."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from pyproj import CRS, Transformer
from rasterio.errors import WindowError
from rasterio.windows import Window
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

from geoplan.inputs.limits import open_raster
from geoplan.inputs.readers import raster_name
from geoplan.inputs.streets.edges import components
from geoplan.words.errors import InputError, Note

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Heights are taken at equal distances of at most this along each edge, metres.
STEP_M = 25.0
#: Standard deviation of the Gaussian that smooths the raster before it is read, metres: a raster's noise of a few metres
#: from cell to cell would else read as slope. Cut off at three standard deviations; cells without data do not count.
SMOOTH_M = 25.0
#: Metres a degree of latitude (https://en.wikipedia.org/wiki/Geographic_coordinate_system, mean of the ellipsoid).
_DEGREE_M = 111_132.95


@dataclass(frozen=True)
class Profiles:
    """Heights along edges.

    The heights of the i-th edge of `edge_id` are ``height[first[i]:first[i + 1]]``, metres, at equal distances from its u
    to its v, at least two.
    """

    edge_id: Ints
    first: Ints
    height: Floats
    notes: tuple[Note, ...] = ()


def profiles(edges: gpd.GeoDataFrame, path: str | Path) -> Profiles:
    """Return heights every 25 m along each edge.

    The raster is smoothed by a Gaussian (standard deviation 25 m, normalised over cells with data) and read by bilinear
    interpolation between cell centres. Bridges and tunnels rise evenly from end to end: nodes where only they meet lie
    where heights interpolate the ends of the whole structure. Where the raster has no data the edge takes the
    heights beside it, and is flat where there are none.

    Parameters
    ----------
    edges
        ``u, v, bridge, tunnel, geometry`` in a metric CRS.
    path
        Raster that GDAL reads (.tif, .hgt …), or one zipped; heights in metres.

    Raises
    ------
    InputError
        If the file is missing, no raster, or has no CRS.
    """
    path = Path(path)
    length = edges.geometry.length.to_numpy()
    parts = np.maximum(np.ceil(length / STEP_M).astype(np.int64), 1)
    first = np.concatenate([[0], np.cumsum(parts + 1)]).astype(np.int64)
    edge = np.repeat(np.arange(len(edges)), parts + 1)
    share = (np.arange(first[-1]) - first[edge]) / parts[edge]
    points = shapely.line_interpolate_point(edges.geometry.array[edge], share, normalized=True)
    height = sample(path, shapely.get_coordinates(points), crs=edges.crs)
    height = _evenly_over(edges, height, first, share, edge)
    height, unknown = _filled(height, first, edge)
    notes: tuple[Note, ...] = ()
    if unknown:
        km = float(length[~np.isfinite(height[first[:-1]])].sum()) / 1000
        notes = (Note.of("heights_missing", file=path.name, edges=f"{unknown:,}", km=f"{km:,.1f}"),)
    return Profiles(edges.index.to_numpy(dtype=np.int64), first, np.nan_to_num(height, nan=0.0), notes)


def sample(path: str | Path, xy: Floats, *, crs: CRS | str) -> Floats:
    """Return smoothed heights at points, metres; NaN where the raster has no data.

    Parameters
    ----------
    path
        As for `profiles`.
    xy
        Shape (n, 2), in `crs`.
    """
    path = Path(path)
    if not len(xy):
        return np.empty(0)
    with open_raster(path, raster_name(path)) as raster:
        if raster.crs is None:
            raise InputError(Note.of("heights_without_crs", file=path.name, severity="error"))
        target = CRS.from_user_input(raster.crs)
        # twice the last point: some pyproj take an array of one for a number, and warn
        x, y = Transformer.from_crs(crs, target, always_xy=True).transform(*np.vstack([xy, xy[-1:]]).T)
        return _bilinear(raster, np.asarray(x)[:-1], np.asarray(y)[:-1], geographic=target.is_geographic)


def _bilinear(raster: rasterio.DatasetReader, x: Floats, y: Floats, *, geographic: bool) -> Floats:
    """Read the part of the raster around the points, smooth it, and interpolate."""
    cell = np.array([abs(raster.transform.e), abs(raster.transform.a)])  # rows, columns
    metres = cell * (_DEGREE_M * np.array([1.0, np.cos(np.radians(np.median(y)))]) if geographic else 1.0)
    sigma = SMOOTH_M / metres
    margin = np.ceil(3 * sigma).astype(int) + 2
    inverse = ~raster.transform
    columns = inverse.a * x + inverse.b * y + inverse.c
    rows = inverse.d * x + inverse.e * y + inverse.f
    top, left = int(np.floor(rows.min())) - margin[0], int(np.floor(columns.min())) - margin[1]
    bottom, right = int(np.ceil(rows.max())) + margin[0], int(np.ceil(columns.max())) + margin[1]
    window = Window(left, top, right - left, bottom - top)
    whole = Window(0, 0, raster.width, raster.height)
    try:
        window = window.intersection(whole)
    except WindowError:  # no overlap
        return np.full(len(x), np.nan)
    cells = raster.read(1, window=window, masked=True).astype(float).filled(np.nan)
    smooth = _smoothed(cells, sigma)
    return _between(smooth, rows - window.row_off - 0.5, columns - window.col_off - 0.5)


def _smoothed(cells: Floats, sigma: Floats) -> Floats:
    """Return the Gaussian mean over cells with data; cells without stay so."""
    known = np.isfinite(cells)
    weight = gaussian_filter(known.astype(float), sigma, truncate=3.0, mode="constant")
    total = gaussian_filter(np.where(known, cells, 0.0), sigma, truncate=3.0, mode="constant")
    return np.where(known, total / np.where(weight > 0, weight, 1.0), np.nan)


def _between(cells: Floats, row: Floats, column: Floats) -> Floats:
    """Return bilinear values at rows and columns counted from cell centres; half a cell beyond the edge still counts."""
    inside = (
        (row >= -0.5) & (row <= cells.shape[0] - 0.5) & (column >= -0.5) & (column <= cells.shape[1] - 0.5)
    )
    last = np.array(cells.shape) - 1
    at = [
        np.clip(np.where(inside, place, 0.0), 0, end) for place, end in zip((row, column), last, strict=True)
    ]
    low = [np.floor(place).astype(int) for place in at]
    total, weight = np.zeros(len(row)), np.zeros(len(row))
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = np.ones(len(row))
        for place, floor, step in zip(at, low, (down, right), strict=True):
            share *= place - floor if step else 1 - (place - floor)
        value = cells[np.minimum(low[0] + down, last[0]), np.minimum(low[1] + right, last[1])]
        known = np.isfinite(value)
        total += np.where(known, value * share, 0.0)
        weight += np.where(known, share, 0.0)
    return np.where(inside & (weight > 1e-9), total / np.where(weight > 1e-9, weight, 1.0), np.nan)


def _evenly_over(edges: gpd.GeoDataFrame, height: Floats, first: Ints, share: Floats, edge: Ints) -> Floats:
    """Return heights with bridges and tunnels rising evenly from end to end."""
    structure = (edges["bridge"].astype(bool) | edges["tunnel"].astype(bool)).to_numpy()
    if not structure.any():
        return height
    length = edges.geometry.length.to_numpy()
    u, v = edges["u"].to_numpy()[structure], edges["v"].to_numpy()[structure]
    ends = np.concatenate([u, v])
    ids, place = np.unique(ends, return_inverse=True)
    ground = np.empty(len(ids))
    ground[place] = np.concatenate([height[first[:-1][structure]], height[first[1:][structure] - 1]])
    count = np.bincount(place)
    other = np.concatenate([edges["u"].to_numpy()[~structure], edges["v"].to_numpy()[~structure]])
    inner = ~np.isin(ids, other) & (count > 1)
    at = _harmonic(place[: len(u)], place[len(u) :], np.maximum(length[structure], 1e-6), ground, inner)
    of_edge = np.full(len(structure), -1)
    of_edge[structure] = np.arange(structure.sum())
    on = structure[edge]
    k = of_edge[edge[on]]
    renewed = height.copy()
    renewed[on] = at[place[k]] * (1 - share[on]) + at[place[k + len(u)]] * share[on]
    return renewed


def _harmonic(u: Ints, v: Ints, length: Floats, ground: Floats, inner: npt.NDArray[np.bool_]) -> Floats:
    """Return heights at nodes so that each inner one is the mean of its neighbours, weighted by 1 / length.

    Along a single line that is linear interpolation between its ends. Inner nodes that hang on no end keep the ground.
    """
    n = len(ground)
    _, label = components(u, v)  # every node ends an edge
    anchored = np.isin(label, label[~inner & np.isfinite(ground)])
    solve = inner & anchored
    if not solve.any():
        return ground
    weight = 1.0 / length
    graph = coo_matrix((np.r_[weight, weight], (np.r_[u, v], np.r_[v, u])), shape=(n, n)).tocsr()
    fixed = ~solve & np.isfinite(ground)
    row_sum = np.asarray(graph[:, solve | fixed].sum(axis=1)).ravel()
    inside = graph[solve][:, solve]
    system = coo_matrix((row_sum[solve], (np.arange(solve.sum()),) * 2), shape=inside.shape).tocsr() - inside
    right = graph[solve][:, fixed] @ ground[fixed]
    found = ground.copy()
    found[solve] = spsolve(system.tocsc(), right)
    return found


def _filled(height: Floats, first: Ints, edge: Ints) -> tuple[Floats, int]:
    """Fill gaps along each edge from the heights beside them; return also how many edges have gaps."""
    gap = ~np.isfinite(height)
    filled = height.copy()
    holed = np.unique(edge[gap])
    for one in holed.tolist():
        places = np.arange(first[one], first[one + 1])
        known = places[~gap[places]]
        if len(known):
            filled[places] = np.interp(places, known, height[known])
    return filled, len(holed)
