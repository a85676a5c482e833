"""Rasters of people: which files and bands count, what their cells hold, and what no cell can hold.

A raster is read strip by strip. Scale and offset are applied, bands and files are added up, and no data is NaN, never 0. Where the window
of a study holds very many fine cells, they are added up to blocks while they are read, so that memory stays bounded.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyproj
import rasterio
import rasterio.windows
import shapely
from numpy.typing import NDArray

from geoplan.inputs.limits import open_raster
from geoplan.inputs.readers import raster_name
from geoplan.words.errors import InputError, Note, raise_errors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Most people per km² that a hectare may hold. Kowloon Walled City, the densest place known, had about 1.9 million on 2.7 hectares;
#: the densest hectares of today's estates hold a fifth of that.
MAX_PER_KM2 = 500_000.0
#: A hectare's side, metres. Finer cells are judged by the hectare, since one tower may fill a cell of 10 m.
HECTARE_M = 100.0
#: People in a cell below which a negative value is noise of resampling.
NOISE = 1e-6
#: Cells of a window above which fine cells are added up to blocks, of a hectare at most: what usual grids hold.
MOST_CELLS = 500_000
#: Cells that are read at once.
STRIP_CELLS = 1_000_000
#: Cells up to which a whole file is read to tell how many rates it holds.
WHOLE_CELLS = 10_000_000


@dataclass(frozen=True)
class RasterPart:
    """One file of a raster of people.

    Parameters
    ----------
    path, layer
        The file; of a zip with several rasters which one.
    bands
        Bands that are added up, by number from 1 or by name; empty: the only one.
    nodata
        Value that stands for no data where the file does not say so.
    """

    path: Path
    layer: str | None = None
    bands: tuple[int | str, ...] = ()
    nodata: float | None = None


#: Files that are added up: what names a raster in a study.
RasterParts = tuple[RasterPart, ...]


def raster_parts(entry: object) -> RasterParts:
    """Return the files of a raster as a study names them: a path, ``{file, layer, bands, nodata}``, or a list of these.

    Examples
    --------
    >>> [part.bands for part in raster_parts(["f.tif", {"file": "m.tif", "bands": ["M60", "M65"]}])]
    [(), ('M60', 'M65')]
    """
    if isinstance(entry, list | tuple):
        return tuple(part for one in entry for part in raster_parts(one))
    if not isinstance(entry, Mapping):
        return (RasterPart(Path(str(entry))),)
    bands = entry.get("bands") or ()
    named = tuple(bands) if isinstance(bands, list | tuple) else (bands,)
    return (RasterPart(Path(str(entry["file"])), entry.get("layer"), named, entry.get("nodata")),)


def files_text(parts: RasterParts) -> str:
    """Return the names of the files, each once, with their bands.

    Examples
    --------
    >>> files_text(raster_parts([{"file": "x/f.tif", "bands": [1, 2]}, "m.tif"]))
    'f.tif [1, 2], m.tif'
    """
    bands = (f" [{', '.join(map(str, part.bands))}]" if part.bands else "" for part in parts)
    return ", ".join(
        dict.fromkeys(f"{part.path.name}{band}" for part, band in zip(parts, bands, strict=True))
    )


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

    def cell_metres(self, crs: pyproj.CRS) -> tuple[float, float]:
        """Return width and height of the middle cell in the unit of `crs`, which is metric."""
        middle = np.array([(self.rows // 2) * self.columns + self.columns // 2])
        x, y = self.centres(middle)
        corners_x, corners_y = np.concatenate([x, x + self.dx, x]), np.concatenate([y, y, y - self.dy])
        east, north = self.moved(corners_x, corners_y, crs)
        wide = float(np.hypot(east[1] - east[0], north[1] - north[0]))
        return wide, float(np.hypot(east[2] - east[0], north[2] - north[0]))


@dataclass(frozen=True)
class Raster:
    """One raster in the window of a study.

    Parameters
    ----------
    parts
        The files that are added up.
    grid
        Window around the study area.
    values
        Flat, one a cell of the grid; NaN where the files hold no data.
    extent
        The whole raster's box, in the grid's CRS: where data end.
    block
        How many cells of the files by how many a cell of the grid is the sum of.
    """

    parts: RasterParts
    grid: Grid
    values: Floats
    extent: shapely.Polygon
    block: int = 1

    @property
    def file(self) -> str:
        """Names of the files."""
        return files_text(self.parts)


def read_raster(
    parts: RasterParts,
    around: tuple[float, float, float, float],
    crs: pyproj.CRS,
    *,
    max_per_km2: float = MAX_PER_KM2,
) -> tuple[Raster, list[Note]]:
    """Return the part of a raster around a study area, and what was found; no data becomes NaN, never 0.

    Parameters
    ----------
    parts
        The files; several must have one grid.
    around
        Bounds that the window has to hold, in `crs` (the study area with its halo).
    crs
        The study's metric CRS.
    max_per_km2
        More people per km² than any hectare can hold.

    Raises
    ------
    InputError
        If a file is missing or unreadable, has no CRS, is rotated, does not meet the area, holds several bands of which
        none is named, or values that cannot be people: negative, or more than a hectare can hold.
    """
    name = files_text(parts)
    with ExitStack() as stack:
        layers = _open_all(parts, stack)
        whole = layers[0].grid
        window = _window(whole, around, crs, name)
        wide, high = _part(whole, window).cell_metres(crs)
        block = _block(window, max(wide, high))
        hectare = max(1, round(HECTARE_M / math.sqrt(wide * high)))
        found = _Found(name, max_per_km2, wide * high, side=-(-hectare // block) * block)
        window = _aligned(window, block)
        coarse = _blocks(_part(whole, window), block)
        values = np.concatenate(
            [
                _added_up(found.judged(strip, grid), block, coarse.columns)
                for strip, grid in _strips(layers, window, found, rows=found.side)
            ]
        )
    notes = found.notes()
    raise_errors(notes, InputError)
    if block > 1:
        words: dict[str, Any] = {"fine": max(wide, high), "block": block * max(wide, high)}
        notes.append(Note.of("raster_blocks", file=name, severity="info", **words))
    return Raster(parts, coarse, values.ravel(), shapely.box(*whole.bounds), block), notes


def strips_of(raster: Raster) -> Iterator[tuple[Floats, Grid]]:
    """Yield the files' own cells in a raster's window strip by strip: flat values, and the grid of each strip."""
    if raster.block == 1:
        yield raster.values, raster.grid
        return
    with ExitStack() as stack:
        layers = _open_all(raster.parts, stack)
        whole, grid, block = layers[0].grid, raster.grid, raster.block
        left, top = round((grid.west - whole.west) / whole.dx), round((whole.north - grid.north) / whole.dy)
        window = _Window(left, top, left + block * grid.columns, top + block * grid.rows)
        found = _Found(raster.file, np.inf, 1.0, side=1)
        for strip, at in _strips(layers, window, found, rows=1):
            yield found.judged(strip, at).ravel(), at


def whole_file(raster: Raster) -> Floats:
    """Return all values of a raster's files, flat, NaN where there is no data; of very large files only the window."""
    with ExitStack() as stack:
        layers = _open_all(raster.parts, stack)
        whole = layers[0].grid
        if whole.rows * whole.columns > WHOLE_CELLS:
            return raster.values
        everything = _Window(0, 0, whole.columns, whole.rows)
        found = _Found(raster.file, np.inf, 1.0, side=1)
        return np.concatenate([strip.ravel() for strip, _ in _strips(layers, everything, found, rows=1)])


# --- files ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layer:
    """An open file, its whole grid, the numbers of the bands that count, and the value that is stated as no data."""

    source: Any
    name: str
    grid: Grid
    bands: tuple[int, ...]
    nodata: float | None


@contextmanager
def _readable(file: str) -> Iterator[None]:
    """Turn what rasterio cannot read into an error that names the file."""
    try:
        yield
    except rasterio.errors.RasterioIOError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise InputError(Note.of("file_unreadable", file=file, reason=reason, severity="error")) from error


def _open_all(parts: RasterParts, stack: ExitStack) -> list[_Layer]:
    """Return every file opened, all problems in one error; all must have the first one's grid."""
    layers, notes = list[_Layer](), list[Note]()
    if len(set(parts)) < len(parts):
        notes.append(Note.of("raster_file_twice", file=files_text(parts), severity="error"))
    for part in parts:
        try:
            layers.append(_open(part, stack))
        except InputError as error:
            notes += [note for note in error.notes if isinstance(note, Note)]
    apart = [layer.name for layer in layers if not _same_grid(layer.grid, layers[0].grid)]
    if apart:
        words: dict[str, Any] = {"other": layers[0].name, "files": ", ".join(dict.fromkeys(apart))}
        notes.append(Note.of("raster_grids_apart", file=files_text(parts), severity="error", **words))
    raise_errors(notes, InputError)
    return layers


def _open(part: RasterPart, stack: ExitStack) -> _Layer:
    file = part.path.name
    source = stack.enter_context(open_raster(part.path, raster_name(part.path, part.layer)))
    transform = source.transform
    if source.crs is None:
        raise InputError(Note.of("raster_no_crs", file=file, severity="error"))
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InputError(Note.of("raster_rotated", file=file, severity="error"))
    crs = pyproj.CRS.from_user_input(source.crs.to_wkt()).to_wkt()
    size = transform.a, -transform.e, source.height, source.width
    return _Layer(source, file, Grid(crs, transform.c, transform.f, *size), _bands(source, part), part.nodata)


def _bands(source: Any, part: RasterPart) -> tuple[int, ...]:  # noqa: ANN401 - rasterio
    """Return the numbers of the bands that count; an error where several stand there and none is named."""
    names = {name: number for number, name in enumerate(source.descriptions, start=1) if name}
    known = [f"{number} {name or ''}".strip() for number, name in enumerate(source.descriptions, start=1)]
    words: dict[str, Any] = {"file": part.path.name, "severity": "error", "known": ", ".join(known)}
    if not part.bands and source.count > 1:
        raise InputError(Note.of("raster_bands", count=source.count, **words))
    wanted = part.bands or (1,)
    numbers = [names.get(band, 0) if isinstance(band, str) else band for band in wanted]
    lost = [str(band) for band, at in zip(wanted, numbers, strict=True) if not 1 <= at <= source.count]
    if lost or len(set(numbers)) < len(numbers):
        code = "raster_band_unknown" if lost else "raster_band_twice"
        raise InputError(Note.of(code, bands=", ".join(lost or map(str, wanted)), **words))
    return tuple(numbers)


def _same_grid(one: Grid, other: Grid) -> bool:
    """Return True where cells lie on each other within a thousandth of a cell."""
    corners = np.array(one.bounds) - np.array(other.bounds)
    size = np.array([one.dx, one.dy] * 2)
    shape = (one.rows, one.columns) == (other.rows, other.columns)
    return shape and one.crs == other.crs and bool((np.abs(corners) < 1e-3 * size).all())


# --- windows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Window:
    """Columns and rows of a file; those past its right or lower end hold nothing."""

    left: int
    top: int
    right: int
    bottom: int


def _window(whole: Grid, around: tuple[float, float, float, float], crs: pyproj.CRS, name: str) -> _Window:
    """Return the cells around the study area."""
    west, south, east, north = transformer(crs.to_wkt(), whole.crs).transform_bounds(*around)
    left = max(int(np.floor((west - whole.west) / whole.dx)), 0)
    right = min(int(np.ceil((east - whole.west) / whole.dx)), whole.columns)
    top = max(int(np.floor((whole.north - north) / whole.dy)), 0)
    bottom = min(int(np.ceil((whole.north - south) / whole.dy)), whole.rows)
    if right <= left or bottom <= top:
        raise InputError(Note.of("raster_elsewhere", file=name, severity="error"))
    return _Window(left, top, right, bottom)


def _block(window: _Window, size_m: float) -> int:
    """Return how many cells by how many are added up: as few as bring the window under `MOST_CELLS`, to a hectare at most."""
    cells = (window.right - window.left) * (window.bottom - window.top)
    wanted = int(np.ceil(np.sqrt(cells / MOST_CELLS)))
    return max(1, min(wanted, int(HECTARE_M // size_m)))


def _aligned(window: _Window, block: int) -> _Window:
    """Return the window out to whole blocks, which are counted from the file's corner whatever the study is."""
    low = (edge // block * block for edge in (window.left, window.top))
    high = (-(-edge // block) * block for edge in (window.right, window.bottom))
    return _Window(*low, *high)


def _part(whole: Grid, window: _Window) -> Grid:
    """Return the grid of a window."""
    west, north = whole.west + window.left * whole.dx, whole.north - window.top * whole.dy
    size = window.bottom - window.top, window.right - window.left
    return Grid(whole.crs, west, north, whole.dx, whole.dy, *size)


def _blocks(grid: Grid, block: int) -> Grid:
    """Return the grid of blocks."""
    size = grid.rows // block, grid.columns // block
    return Grid(grid.crs, grid.west, grid.north, grid.dx * block, grid.dy * block, *size)


def _strips(
    layers: Sequence[_Layer], window: _Window, found: "_Found", *, rows: int
) -> Iterator[tuple[Floats, Grid]]:
    """Yield the values of strips of the window, and the grid of each; a strip's height is a multiple of `rows`."""
    whole = layers[0].grid
    right, end = min(window.right, whole.columns), min(window.bottom, whole.rows)
    step = max(STRIP_CELLS // (right - window.left) // rows, 1) * rows
    for top in range(window.top, end, step):
        strip = _Window(window.left, top, right, min(top + step, end))
        at = rasterio.windows.Window(strip.left, strip.top, right - strip.left, strip.bottom - strip.top)
        total = np.zeros((strip.bottom - strip.top, right - strip.left))
        known, bands = np.zeros(total.shape, np.int32), 0
        for layer in layers:
            for band in layer.bands:
                values = _band(layer, band, at, found)
                there = np.isfinite(values)
                np.add(total, values, out=total, where=there)
                known += there
                bands += 1
        total[known == 0] = np.nan
        found.partly += int(np.count_nonzero((known > 0) & (known < bands)))
        yield total, _part(whole, strip)


def _band(layer: _Layer, band: int, window: rasterio.windows.Window, found: "_Found") -> Floats:
    """Return one band's people, NaN where there is no data: stored value x scale + offset."""
    source = layer.source
    with _readable(layer.name):
        stored = source.read(band, window=window, masked=True)
    values: Floats = stored.astype(np.float64).filled(np.nan)
    if layer.nodata is not None:
        values[np.isclose(values, layer.nodata, rtol=1e-6, atol=0)] = np.nan
    if np.issubdtype(stored.dtype, np.integer):
        found.at_limit += int(np.count_nonzero(values == np.iinfo(stored.dtype).max))
    people: Floats = values * source.scales[band - 1] + source.offsets[band - 1]
    return people


def _added_up(values: Floats, block: int, columns: int) -> Floats:
    """Return the sums of blocks, `columns` of them in a row; NaN where no cell of a block has data."""
    if block == 1:
        return values
    rows = -(-len(values) // block)
    padded = np.full((rows * block, columns * block), np.nan)
    padded[: values.shape[0], : values.shape[1]] = values
    cells = padded.reshape(rows, block, columns, block)
    empty = np.isnan(cells).all(axis=(1, 3))
    return np.where(empty, np.nan, np.nansum(cells, axis=(1, 3)))


# --- values ---------------------------------------------------------------------------------------------------------


@dataclass
class _Found:
    """What is wrong or remarkable in the values of a raster, counted strip by strip.

    `side` is how many cells by how many, about a hectare, are judged together; 1 where a cell is larger.
    """

    file: str
    max_per_km2: float
    cell_m2: float
    side: int
    noise: int = 0
    partly: int = 0
    at_limit: int = 0
    negative: int = 0
    least: float = 0.0
    least_at: str = ""
    dense: int = 0
    most: float = 0.0
    most_at: str = ""

    def judged(self, values: Floats, grid: Grid) -> Floats:
        """Return a strip's values, noise taken as 0; count what cannot be people."""
        noise = (values < 0) & (values >= -NOISE)
        self.noise += int(np.count_nonzero(noise))
        values[noise] = 0.0
        negative = values < 0
        if negative.any():
            self.negative += int(np.count_nonzero(negative))
            at = int(np.nanargmin(values))
            if values.flat[at] < self.least:
                self.least, self.least_at = float(values.flat[at]), _place(grid, at)
        people = _added_up(values, self.side, -(-grid.columns // self.side))
        dense = people > self.max_per_km2 * self.side**2 * self.cell_m2 / 1e6
        if dense.any():
            self.dense += int(np.count_nonzero(dense))
            at = int(np.nanargmax(values))
            if values.flat[at] > self.most:
                self.most, self.most_at = float(values.flat[at]), _place(grid, at)
        return values

    def notes(self) -> list[Note]:
        """Return what is to be said of the values."""
        many: dict[str, Any] = {"least": self.least, "where": self.least_at}
        over: dict[str, Any] = {"most": self.most, "where": self.most_at, "limit": self.max_per_km2}
        said: list[tuple[str, int, Literal["error", "warning", "info"], dict[str, Any]]] = [
            ("raster_negative", self.negative, "error", many),
            ("raster_dense", self.dense, "error", over),
            ("raster_type_limit", 0 if self.dense else self.at_limit, "warning", {}),
            ("raster_partly_unknown", self.partly, "warning", {}),
            ("raster_noise", self.noise, "info", {}),
        ]
        return [
            Note.of(code, file=self.file, severity=severity, count=count, **values)
            for code, count, severity, values in said
            if count
        ]


def _place(grid: Grid, cell: int) -> str:
    """Return longitude and latitude of a cell's centre in words."""
    lon, lat = grid.moved(*grid.centres(np.array([cell])), pyproj.CRS.from_epsg(4326))
    return f"{lon[0]:.5f} E {lat[0]:.5f} N"
