"""Where the rows of a list lie: coordinates read, checked against the study area, swapped ones turned round, the rest rejected."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs import datum as datums
from geoplan.inputs.lists.cells import is_blank, read_coordinate, read_pair
from geoplan.inputs.lists.rows import Rows, inner_points
from geoplan.words.errors import Note

#: A point farther outside of the study area than this lies in another city (facilities just outside still serve), metres.
FAR_M = 20_000.0


@dataclass(frozen=True)
class Placed:
    """Points of a list: metric `geometry` (null unless usable), `quality`, `reason` of what is not placed, notes.

    `declared` are the coordinates as the file has them, for the datum check: usable rows only, in the file's own CRS. `outside` is
    True where a row rightly belongs elsewhere: it names a district that the study does not have, and its point is outside too.
    """

    geometry: gpd.GeoSeries
    quality: pd.Series
    reason: pd.Series
    declared: gpd.GeoSeries
    outside: "pd.Series[bool]"
    notes: tuple[Note, ...]


def place_rows(
    rows: Rows, *, area: shapely.Geometry, crs: CRS, datum: datums.Datum | None, elsewhere: "pd.Series[bool] | None" = None,
) -> Placed:  # fmt: skip
    """Return the points of a list's rows in `crs`.

    A row has a usable point if its coordinates can be read, are not 0, and lie within `FAR_M` of the study area - as they
    stand, or with longitude and latitude swapped where they cannot be right as they stand (turned round, with a note).

    Parameters
    ----------
    area
        The study area in `crs`.
    datum
        What the coordinates are in; None: what the file says, else WGS 84.
    elsewhere
        Rows that name a district that the study does not have.
    """
    index = rows.index
    xy, codes = _coordinates(rows)
    stated = rows.shapes.crs if rows.shapes is not None else None
    straight = _distance(xy, area, stated=stated, datum=datum, crs=crs)
    turned = _distance(xy[:, ::-1], area, stated=stated, datum=datum, crs=crs)
    readable = codes == ""
    swapped = readable & (straight.metres > FAR_M) & (turned.metres <= FAR_M)
    far = readable & (straight.metres > FAR_M) & ~swapped
    usable = readable & ~far
    outside = readable & ~swapped & (straight.metres > 0)
    outside &= False if elsewhere is None else elsewhere.to_numpy()

    declared = np.where(swapped[:, None], xy[:, ::-1], xy)
    points = np.where(swapped, turned.points, straight.points)
    points[~usable] = None
    geometry = gpd.GeoSeries(points, index=index, crs=crs)
    reason = np.where(far, "coordinates_far", codes)
    quality = np.where(usable, "exact", np.where(far, "rejected", "missing"))
    said = np.where(swapped, "coordinates_swapped", np.where(outside, "", reason))
    notes = _point_notes(rows, xy, said, straight.metres)
    kept = gpd.GeoSeries(shapely.points(declared[usable]), index=index[usable], crs=stated or None)
    return Placed(
        geometry,
        pd.Series(quality, index=index, dtype=object),
        pd.Series(reason, index=index, dtype=object),
        kept,
        pd.Series(outside, index=index, dtype=bool),
        tuple(notes),
    )


@dataclass(frozen=True)
class _Tried:
    points: npt.NDArray[np.object_]
    metres: npt.NDArray[np.float64]


def _coordinates(rows: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    """Return x and y of every row (NaN where there is none), and why not."""
    if rows.shapes is not None:
        points = inner_points(rows.shapes)
        xy = np.column_stack([points.x, points.y]).astype(float)
        filled = np.isfinite(xy).all(axis=1)
        zero = np.where((xy == 0).any(axis=1), "coordinates_zero", "")
        return xy, np.where(filled, zero, "coordinates_missing").astype(object)
    blank = [None] * len(rows.index)
    pairs = [
        _row_coordinates(*cells)
        for cells in zip(*(rows.cells.get(name, blank) for name in ("lon", "lat", "lonlat")), strict=True)
    ]
    xy = np.array([(x, y) for x, y, _ in pairs], dtype=float).reshape(-1, 2)
    return xy, np.array([code for _, _, code in pairs], dtype=object)


def _row_coordinates(lon: Any, lat: Any, lonlat: Any) -> tuple[float, float, str]:  # noqa: ANN401 - cells hold anything
    """Return x and y of a row, and why not; a pair in one cell may stand in either column."""
    pair = lon, lat
    if is_blank(lon) or is_blank(lat):
        both = next((parts for cell in (lonlat, lon, lat) if (parts := read_pair(cell)) is not None), None)
        if both is None and is_blank(lon) and is_blank(lat) and not is_blank(lonlat):
            return np.nan, np.nan, "coordinates_unreadable"
        pair = both or pair
    (x, odd_x), (y, odd_y) = read_coordinate(pair[0]), read_coordinate(pair[1])
    if odd_x or odd_y:
        return np.nan, np.nan, "coordinates_unreadable"
    if np.isnan(x) and np.isnan(y):
        return np.nan, np.nan, "coordinates_missing"
    if np.isnan(x) or np.isnan(y):
        return np.nan, np.nan, "coordinates_half"
    return (x, y, "coordinates_zero") if x == 0 or y == 0 else (x, y, "")


def _distance(
    xy: npt.NDArray[np.float64], area: shapely.Geometry, *, stated: CRS | None, datum: datums.Datum | None, crs: CRS
) -> _Tried:  # fmt: skip
    """Return points moved to `crs` and their metres from the study area; inf where there is no such point."""
    points = np.full(len(xy), None, dtype=object)
    metres = np.full(len(xy), np.inf)
    ok = np.isfinite(xy).all(axis=1)
    if datum is None or isinstance(datum, str):
        degrees = stated is None or stated.is_geographic
        if degrees and (datum is None or datum.lower() in datums.DATUMS):
            ok &= (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90)
    if ok.any():
        moved = datums.to_crs(gpd.GeoSeries(shapely.points(xy[ok]), crs=stated), datum=datum, crs=crs)
        real = np.isfinite(shapely.get_coordinates(moved.array)).all(axis=1)
        at = np.flatnonzero(ok)[real]
        points[at] = np.asarray(moved.array, dtype=object)[real]
        metres[at] = shapely.distance(area, points[at])
    return _Tried(points, metres)


def _point_notes(
    rows: Rows, xy: npt.NDArray[np.float64], codes: npt.NDArray[Any], metres: npt.NDArray[np.float64]
) -> list[Note]:
    notes = []
    index = list(rows.index)
    for at in np.flatnonzero(codes != ""):
        cells = ", ".join("–" if np.isnan(v) else f"{v:.6f}".rstrip("0").rstrip(".") for v in xy[at])
        km = "∞" if np.isinf(metres[at]) else f"{metres[at] / 1000:.0f}"
        notes.append(rows.note(str(codes[at]), index[at], cells=cells, km=km))
    return notes


def declared_points(rows: Rows) -> gpd.GeoSeries:
    """Return the coordinates of a list's rows as they stand, in the file's own CRS; null where they cannot be read."""
    xy, codes = _coordinates(rows)
    points = np.where(codes == "", shapely.points(xy), None)
    return gpd.GeoSeries(points, index=rows.index, crs=None if rows.shapes is None else rows.shapes.crs)


def datum_of(
    rows: Rows, datum: datums.Datum | None, crs: CRS | str | None
) -> tuple[datums.Datum | None, list[Note]]:
    """Return what the coordinates are in: what the study says, else the header; and what is to be said of it."""
    notes = [] if crs is None else list(datums.control_notes(datum, crs=crs, file=rows.file))
    said, column = rows.columns.datum, rows.columns.header.get("lon", "")
    if said is not None and datum is None:
        notes.append(rows.general("datum_from_header", datum=said, column=column))
    elif said is not None and said != datum:
        words = {"said": said, "stated": str(datum), "column": column}
        notes.append(rows.general("datum_against_header", severity="warning", **words))
    return (said if datum is None else datum), notes


def study_area(zones: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the study area: the zone of level ``area``, or all zones together where it has no polygon."""
    area = zones.geometry[(zones["level"] == "area") & zones.geometry.notna()]
    whole = shapely.union_all((area if len(area) else zones.geometry).dropna().to_numpy())
    shapely.prepare(whole)
    return whole
