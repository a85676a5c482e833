"""The metric CRS in which a study is computed, and true metres in it.

A map projection stretches: a metre on the map is not a metre on the ground. How much depends on where the central meridian lies, so
that walks measured on the map would change with the zone that a study states. Lengths are therefore geodesics on the ellipsoid
(`ground_lengths`, `ground_metres`); limits stated in metres on the ground are brought to the map by the scale at the place
(`ground_scale`).
"""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Geod, Proj
from pyproj.exceptions import CRSError

from geoplan.words.errors import InputError, Note

Floats = npt.NDArray[np.float64]

#: Largest scale error of a stated CRS over the zones, either way: 2.5 metres a kilometre. A zone of 3 degrees has 0.04 % at most in
#: China, its neighbour 0.2 %, UTM 0.1 %. Beyond it areas, cells and radii measured on the map are wrong, and the CRS is a mistake.
MOST_SCALE_ERROR = 0.0025
#: Places along each side of the zones' bounds where the scale is asked.
SCALE_PLACES = 7

#: Outline of mainland China, Hainan, Hong Kong, Macao and Taiwan within about 100 km, lon lat: only to choose a projection.
_CHINA = shapely.Polygon(
    [
        (73.3, 39.4), (74.8, 37.0), (78.0, 35.2), (78.6, 31.0), (81.2, 29.9), (86.0, 27.8), (89.0, 27.2), (92.0, 27.6),
        (97.4, 27.9), (98.3, 25.7), (97.4, 24.0), (98.8, 21.9), (101.1, 21.0), (102.2, 22.3), (105.0, 22.9), (106.6, 21.9),
        (108.0, 21.3), (107.9, 18.0), (111.0, 17.5), (119.5, 21.4), (122.5, 22.0), (123.5, 30.5), (123.0, 37.2),
        (124.5, 39.9), (128.0, 41.5), (129.5, 42.3), (130.5, 42.3), (131.4, 43.3), (131.6, 45.0), (133.2, 45.0),
        (135.3, 48.5), (131.0, 48.0), (127.7, 50.4), (125.8, 53.3), (120.7, 53.7), (119.8, 50.3), (117.5, 49.9),
        (115.5, 48.1), (118.8, 47.0), (115.5, 45.6), (111.8, 45.2), (111.9, 43.8), (105.0, 41.8), (97.0, 42.9),
        (91.0, 45.3), (87.9, 49.3), (85.4, 48.6), (82.3, 47.4), (82.1, 45.6), (80.0, 45.2), (80.1, 42.3),
        (76.5, 40.6),
    ]
)  # fmt: skip


def metric_crs(lonlat_bounds: Sequence[float]) -> CRS:
    """Return the metric CRS in which a study of the area is computed.

    In China the CGCS2000 3-degree Gauss-Krüger zone whose central meridian is nearest to the middle (EPSG:4534-4554, without
    zone number in the easting), elsewhere the UTM zone of the middle.

    Parameters
    ----------
    lonlat_bounds
        West, south, east, north, degrees.

    Raises
    ------
    InputError
        If the bounds are no longitudes and latitudes.

    Examples
    --------
    >>> metric_crs((113.7, 29.9, 115.1, 31.4)).to_epsg(), metric_crs((-15.6, 27.9, -15.3, 28.2)).to_epsg()
    (4547, 32628)
    """
    west, south, east, north = (float(v) for v in lonlat_bounds)
    lon, lat = (west + east) / 2, (south + north) / 2
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        bounds = f"{west:g}, {south:g}, {east:g}, {north:g}"
        raise InputError(Note.of("datum_bounds", bounds=bounds, severity="error"))
    if shapely.contains_xy(_CHINA, lon, lat):
        meridian = min(max(3 * round(lon / 3), 75), 135)
        return CRS.from_epsg(4534 + (meridian - 75) // 3)
    zone = min(int((lon + 180) // 6) + 1, 60)
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def stated_crs(stated: str, lonlat_bounds: Sequence[float], *, file: str = "") -> CRS:
    """Return the CRS that a study states, if it is projected, in metres, and true to scale over the zones.

    Parameters
    ----------
    stated
        EPSG code, PROJ string or WKT.
    lonlat_bounds
        West, south, east, north of the zones, degrees.
    file
        The study file, for the error.

    Raises
    ------
    InputError
        If it is no CRS, not projected, not in metres, or off by more than `MOST_SCALE_ERROR` somewhere.

    Examples
    --------
    >>> stated_crs("EPSG:4547", (113.7, 29.9, 115.1, 31.4)).to_epsg()
    4547
    """
    words: dict[str, Any] = {"file": file, "severity": "error", "crs": stated}
    words["fitting"] = f"EPSG:{metric_crs(lonlat_bounds).to_epsg()}"
    try:
        crs = CRS.from_user_input(int(stated) if stated.isdigit() else stated)
    except CRSError as error:
        raise InputError(Note.of("crs_unknown", **words)) from error
    if not crs.is_projected:
        raise InputError(Note.of("crs_not_projected", name=crs.name, **words))
    units = {axis.unit_name for axis in crs.axis_info[:2] if axis.unit_conversion_factor != 1}
    if units:
        raise InputError(Note.of("crs_not_metres", units=", ".join(sorted(units)), **words))
    off = scale_error(crs, lonlat_bounds)
    if not off <= MOST_SCALE_ERROR:
        shown = f"{off:.1%}" if np.isfinite(off) else "∞"
        raise InputError(Note.of("crs_scale", off=shown, most=f"{MOST_SCALE_ERROR:.2%}", **words))
    return crs


def scale_error(crs: CRS, lonlat_bounds: Sequence[float]) -> float:
    """Return by how much at most a metre on the map differs from one on the ground within bounds (share; inf: off the map).

    Examples
    --------
    >>> round(scale_error(CRS(3857), (114.0, 30.0, 115.0, 31.0)), 3), scale_error(CRS(4547), (114.0, 30.0, 115.0, 31.0)) < 0.0002
    (0.167, True)
    """
    west, south, east, north = lonlat_bounds
    lon, lat = np.meshgrid(np.linspace(west, east, SCALE_PLACES), np.linspace(south, north, SCALE_PLACES))
    scales = Proj(crs).get_factors(lon.ravel(), lat.ravel())
    most = max(np.abs(axis - 1).max() for axis in (scales.tissot_semimajor, scales.tissot_semiminor))
    return float(most) if np.isfinite(most) else float("inf")


def ground_lengths(lines: gpd.GeoSeries) -> Floats:
    """Return the lengths of lines on the ellipsoid, metres: sums of geodesics from corner to corner.

    Lines without a CRS are taken as they lie on the map.

    References
    ----------
    Karney, C. F. F. (2013). Algorithms for geodesics. Journal of Geodesy 87, 43-55. As `pyproj.Geod` computes them.

    Examples
    --------
    >>> line = gpd.GeoSeries.from_wkt(["LINESTRING (800000 3390000, 801000 3390000)"], crs=4547)
    >>> ground_lengths(line).round(2), line.length.tolist()  # three degrees beside the central meridian
    (array([998.89]), [1000.0])
    """
    xy, line = shapely.get_coordinates(np.asarray(lines.array, dtype=object), return_index=True)
    follows = line[1:] == line[:-1]
    metres = ground_metres(xy[:-1][follows], xy[1:][follows], lines.crs)
    return np.bincount(line[1:][follows], metres, minlength=len(lines)).astype(np.float64)


def ground_metres(start: Floats, end: Floats, crs: Any) -> Floats:  # noqa: ANN401 - whatever pyproj takes, or None
    """Return the geodesics from places to others, metres; both of shape (n, 2), in a projected CRS; plane without a CRS.

    Examples
    --------
    >>> ground_metres(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), None).tolist()
    [5.0]
    """
    if crs is None:
        return np.asarray(np.hypot(*(end - start).T), dtype=float)
    proj = Proj(crs)
    ends = [proj(xy[:, 0], xy[:, 1], inverse=True) for xy in (start, end)]
    geod = CRS(crs).get_geod() or Geod(ellps="GRS80")
    return np.asarray(geod.inv(*ends[0], *ends[1])[2], dtype=float)


def ground_scale(x: Floats, y: Floats, crs: Any) -> Floats:  # noqa: ANN401 - whatever pyproj takes, or None
    """Return metres on the ground of one metre on the map at places of a projected CRS; 1 without a CRS.

    The root of the areal scale: exact for conformal projections (Gauss-Krüger, UTM), the mean of all directions for others.
    """
    scale = np.ones(len(x))
    known = np.isfinite(x) & np.isfinite(y)
    if crs is not None and known.any():
        proj = Proj(crs)
        lon, lat = proj(x[known], y[known], inverse=True)
        scale[known] = 1 / np.sqrt(proj.get_factors(lon, lat).areal_scale)
    return scale
