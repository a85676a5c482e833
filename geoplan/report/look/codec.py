"""Coordinates packed for the map: whole steps of a degree, differences, variable-length bytes, base64.

A line costs two to four characters a vertex instead of some forty as GeoJSON. ``static/codec.js`` reads it back.
"""

import base64
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

Ints = npt.NDArray[np.int64]

#: Steps a degree: 1e-5 of a degree is 1.1 m north and 0.95 m east at Wuhan, under a pixel at the closest zoom.
STEPS = 100_000


def pack_integers(values: Sequence[int] | Ints) -> str:
    """Return whole numbers as base64 of zigzag variable-length bytes (7 bits a byte, low bits first).

    Examples
    --------
    >>> base64.b64decode(pack_integers([0, -1, 1, 64])).hex()
    '0001028001'
    """
    signed = np.asarray(values, dtype=np.int64)
    zigzag = ((signed << 1) ^ (signed >> 63)).astype(np.uint64)
    groups = np.ones(len(zigzag), dtype=np.int64)
    for size in range(1, 10):
        groups += zigzag >= np.uint64(1) << np.uint64(7 * size)
    ends = np.cumsum(groups)
    out = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    for place in range(int(groups.max(initial=0))):
        here = groups > place
        low = (zigzag[here] >> np.uint64(7 * place)) & np.uint64(0x7F)
        more = np.where(groups[here] > place + 1, np.uint64(0x80), np.uint64(0))
        out[(ends - groups)[here] + place] = (low | more).astype(np.uint8)
    return base64.b64encode(out.tobytes()).decode("ascii")


def unpack_integers(text: str) -> list[int]:
    """Return the whole numbers that `pack_integers` packed; the plain inverse, for tests.

    Examples
    --------
    >>> unpack_integers(pack_integers([3, -70000, 2**40]))
    [3, -70000, 1099511627776]
    """
    values, number, shift = [], 0, 0
    for byte in base64.b64decode(text):
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append((number >> 1) ^ -(number & 1))
            number, shift = 0, 0
    return values


def pack_points(lonlat: npt.NDArray[np.float64]) -> str:
    """Return points (n, 2) in degrees as packed differences from point to point."""
    return pack_integers(_differences(_steps(lonlat)))


def pack_lines(lines: npt.NDArray[np.object_]) -> dict[str, Any]:
    """Return lines in degrees: ``n`` vertices a line, ``xy`` packed; vertices that fall together are dropped.

    Parameters
    ----------
    lines
        LineStrings or LinearRings, longitude and latitude; rings are given without their last vertex.
    """
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    steps = _steps(coordinates)
    keep = np.ones(len(steps), dtype=bool)
    if len(steps) > 1:
        keep[1:] = (steps[1:] != steps[:-1]).any(axis=1) | (owner[1:] != owner[:-1])
    counts = np.bincount(owner[keep], minlength=len(lines))
    return {"n": pack_integers(counts), "xy": pack_integers(_differences(steps[keep]))}


def pack_polygons(polygons: gpd.GeoSeries) -> dict[str, Any]:
    """Return polygons in degrees: ``parts`` a row, ``rings`` a part, and the rings as lines.

    A row without a polygon has no parts. Rings keep their repeated last vertex.
    """
    geometry = np.asarray(polygons.array, dtype=object)
    parts, row = shapely.get_parts(geometry, return_index=True)
    solid = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    parts, row = parts[solid], row[solid]
    rings, part = shapely.get_rings(parts, return_index=True)
    return {
        "parts": pack_integers(np.bincount(row, minlength=len(geometry))),
        "rings": pack_integers(np.bincount(part, minlength=len(parts))),
        **pack_lines(rings),
    }


def _steps(lonlat: npt.NDArray[np.float64]) -> Ints:
    return np.rint(np.asarray(lonlat, dtype=np.float64) * STEPS).astype(np.int64).reshape(-1, 2)


def _differences(steps: Ints) -> Ints:
    return np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
