"""Where the rows of a register lie: coordinates read, checked against the study area, swapped ones mended, the rest rejected."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs import datum as datums
from geoplan.inputs.facilities.cells import is_blank, plain, read_coordinate
from geoplan.inputs.facilities.rows import Rows
from geoplan.inputs.facilities.supplies import row_of
from geoplan.words.errors import Note

#: A point farther outside of the study area than this lies in another city (facilities just outside still serve), metres.
FAR_M = 20_000.0
#: A point that lies this far outside of the district that its row names is doubted; boundaries are no more exact, metres.
BOUNDARY_SLACK_M = 500.0


@dataclass(frozen=True)
class Placed:
    """Points of a register: metric `geometry` (null unless usable), `quality`, `reason` of what is not placed, notes.

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
    rows: Rows, *, area: shapely.Geometry, elsewhere: "pd.Series[bool]", crs: CRS, datum: datums.Datum | None
) -> Placed:
    """Return the points of a register's rows in `crs`.

    A row has a usable point if its coordinates can be read, are not 0, and lie within `FAR_M` of the study area - as they
    stand, or with longitude and latitude swapped where they cannot be right as they stand (mended, and said).
    """
    index = rows.cells.index
    xy, codes = _coordinates(rows)
    stated = rows.points.crs if rows.points is not None else None
    straight = _distance(xy, area, stated=stated, datum=datum, crs=crs)
    turned = _distance(xy[:, ::-1], area, stated=stated, datum=datum, crs=crs)
    readable = codes == ""
    swapped = readable & (straight.metres > FAR_M) & (turned.metres <= FAR_M)
    far = readable & (straight.metres > FAR_M) & ~swapped
    usable = readable & ~far
    outside = readable & ~swapped & (straight.metres > 0) & elsewhere.to_numpy()

    declared = np.where(swapped[:, None], xy[:, ::-1], xy)
    points = np.where(swapped, turned.points, straight.points)
    points[~usable] = None
    geometry = gpd.GeoSeries(points, index=index, crs=crs)
    reason = np.where(far, "coordinates_far", codes)
    quality = np.where(usable, "exact", np.where(far, "rejected", "missing"))
    notes = _point_notes(
        rows, xy, np.where(swapped, "coordinates_swapped", np.where(outside, "", reason)), straight.metres
    )
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
    if rows.points is not None:
        points = rows.points
        xy = np.column_stack([points.x, points.y]).astype(float)
        filled = np.isfinite(xy).all(axis=1)
        codes = np.where(
            filled, np.where((xy == 0).any(axis=1), "coordinates_zero", ""), "coordinates_missing"
        )
        return xy, codes.astype(object)
    pairs = [_row_coordinates(cells) for cells in rows.cells.to_dict("records")]
    xy = np.array([(x, y) for x, y, _ in pairs], dtype=float).reshape(-1, 2)
    return xy, np.array([code for _, _, code in pairs], dtype=object)


def _row_coordinates(cells: dict[Any, Any]) -> tuple[float, float, str]:
    pair = cells.get("lon"), cells.get("lat")
    if is_blank(pair[0]) and is_blank(pair[1]) and not is_blank(cells.get("lonlat")):
        parts = [
            p
            for p in plain(cells["lonlat"]).replace(",", " ").replace(";", " ").replace("、", " ").split()
            if p
        ]
        pair = (parts[0], parts[1]) if len(parts) == 2 else ("?", plain(cells["lonlat"]))
    (x, odd_x), (y, odd_y) = read_coordinate(pair[0]), read_coordinate(pair[1])
    if odd_x or odd_y:
        return np.nan, np.nan, "coordinates_unreadable"
    if np.isnan(x) and np.isnan(y):
        return np.nan, np.nan, "coordinates_missing"
    if np.isnan(x) or np.isnan(y):
        return np.nan, np.nan, "coordinates_half"
    return (x, y, "coordinates_zero") if x == 0 or y == 0 else (x, y, "")


def _distance(
    xy: npt.NDArray[np.float64],
    area: shapely.Geometry,
    *,
    stated: CRS | None,
    datum: datums.Datum | None,
    crs: CRS,
) -> _Tried:
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
    for at in np.flatnonzero(codes != ""):
        row = row_of(rows.number.iloc[at])
        cells = ", ".join("–" if np.isnan(v) else f"{v:.6f}".rstrip("0").rstrip(".") for v in xy[at])
        km = "∞" if np.isinf(metres[at]) else f"{metres[at] / 1000:.0f}"
        notes.append(Note.of(str(codes[at]), file=rows.file, row=row, cells=cells, km=km))
    return notes
