"""Where coordinates really are: from what a file is in to the study's metric CRS.

Chinese files come in WGS 84, CGCS2000 (the same to within decimetres), GCJ-02 (Amap, Tencent: WGS 84 shifted by 300-700 m),
BD-09 (Baidu: GCJ-02 shifted once more by about 1 km), or a city's own grid (地方独立坐标系) whose parameters are not given out. Two or
more control points known in both tie such a grid down by least squares: a similarity (shift, rotation, one scale; Helmert's four
parameters), mirrored where the file writes north before east, or an affine map where four or more points say that it predicts better.
Everything is computed on whole coordinate arrays. Whether a file is in the datum that it claims is measured in `geoplan.inputs.datum.fit`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geoplan.words.catalogue import phrase
from geoplan.words.errors import InputError, Note

Coordinates = npt.NDArray[np.float64]

#: Above this the points do not describe one grid (a mistyped point, a wrong datum): said as a warning, metres.
RESIDUAL_WARNING_M = 2.0

#: A metric grid has a scale near 1; beyond this share the units or points are in doubt.
SCALE_TOLERANCE = 0.01


@dataclass(frozen=True)
class LocalGrid:
    """A fitted grid: ``[x, y, 1] @ matrix`` gives metric coordinates; `residuals_m` per control point."""

    kind: str
    matrix: Coordinates
    residuals_m: Coordinates
    scale: float

    def apply(self, xy: Coordinates) -> Coordinates:
        """Return metric coordinates of local ones; shape (n, 2)."""
        return _apply(self.matrix, xy)

    def note(self, *, file: str = "") -> Note:
        """Return what the fit is worth: kind, residuals in metres, scale."""
        rms = float(np.sqrt(np.mean(self.residuals_m**2)))
        worst = int(np.argmax(self.residuals_m)) + 1
        doubtful = rms > RESIDUAL_WARNING_M or abs(self.scale - 1) > SCALE_TOLERANCE
        return Note.of(
            "datum_control_points",
            file=file,
            severity="warning" if doubtful else "info",
            points=len(self.residuals_m),
            kind_zh=phrase(f"local_grid_{self.kind}", "zh"),
            kind_en=phrase(f"local_grid_{self.kind}", "en"),
            rms=f"{rms:.2f}",
            largest=f"{self.residuals_m.max():.2f}",
            worst=worst,
            scale=f"{self.scale:.6f}",
        )


def local_grid(local: Coordinates, metric: Coordinates) -> LocalGrid:
    """Return the grid that lays `local` best on `metric`; both shape (n, 2), n >= 2.

    Two points take a similarity; three, a similarity or its mirror image, whichever leaves less; from four an affine map is
    taken instead where it predicts left-out points better.

    Raises
    ------
    InputError
        If there are fewer than two points, or they coincide.

    Examples
    --------
    >>> grid = local_grid(np.array([[0.0, 0.0], [100.0, 0.0]]), np.array([[500.0, 10.0], [500.0, 110.0]]))
    >>> grid.kind, grid.apply(np.array([[0.0, 50.0]])).round(6).tolist()
    ('similarity', [[450.0, 10.0]])
    """
    if len(local) < 2 or len(np.unique(local, axis=0)) < 2 or not np.isfinite([local, metric]).all():
        raise InputError(Note.of("datum_control_points_few", points=len(local), severity="error"))
    kinds = ["similarity"] if len(local) < 3 else ["similarity", "mirrored"]
    kind = min(kinds, key=lambda k: _rms(_fit(k, local, metric), local, metric))
    if len(local) >= 4 and _left_out_rms("affine", local, metric) < _left_out_rms(kind, local, metric):
        kind = "affine"
    matrix = _fit(kind, local, metric)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2]))))
    return LocalGrid(kind, matrix, _residuals(matrix, local, metric), scale)


def _fit(kind: str, local: Coordinates, metric: Coordinates) -> Coordinates:
    """Return the 3 x 2 matrix of the least-squares map of a kind, from centred points for numerical health."""
    from_mid, to_mid = local.mean(axis=0), metric.mean(axis=0)
    p, q = local - from_mid, metric - to_mid
    if kind == "affine":
        linear = np.linalg.lstsq(p, q, rcond=None)[0]
    else:
        # Helmert: the rows (a, b), (-b, a) turn and scale; a mirrored grid has its second axis turned over first
        flip = np.diag([1.0, -1.0 if kind == "mirrored" else 1.0])
        p = p @ flip
        a, b = (p * q).sum(), (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum()
        linear = flip @ (np.array([[a, b], [-b, a]]) / (p**2).sum())
    return np.vstack([linear, to_mid - from_mid @ linear])


def _apply(matrix: Coordinates, xy: Coordinates) -> Coordinates:
    moved: Coordinates = np.column_stack([xy, np.ones(len(xy))]) @ matrix
    return moved


def _residuals(matrix: Coordinates, local: Coordinates, metric: Coordinates) -> Coordinates:
    lengths: Coordinates = np.linalg.norm(_apply(matrix, local) - metric, axis=1)
    return lengths


def _rms(matrix: Coordinates, local: Coordinates, metric: Coordinates) -> float:
    return float(np.sqrt(np.mean(_residuals(matrix, local, metric) ** 2)))


def _left_out_rms(kind: str, local: Coordinates, metric: Coordinates) -> float:
    """Return the root mean square error at each point of the fit to the others; inf where others lie on a line."""
    errors = []
    for i in range(len(local)):
        others = np.arange(len(local)) != i
        flat = np.linalg.matrix_rank(local[others] - local[others].mean(axis=0), tol=1e-6) < 2
        if kind == "affine" and flat:
            return float("inf")
        errors.append(_rms(_fit(kind, local[others], metric[others]), local[[i]], metric[[i]]))
    return float(np.sqrt(np.mean(np.square(errors))))


Datum = str | Sequence[Any]

#: Names that a study file may use besides EPSG codes, PROJ strings and control points.
DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")

WGS84, CGCS2000 = CRS.from_epsg(4326), CRS.from_epsg(4490)

#: Krasovsky 1940, on which the GCJ-02 offset is laid: semi-major axis (m) and squared eccentricity.
_AXIS_M, _ECC2 = 6378245.0, 0.00669342162296594323

#: Box outside of which GCJ-02 and BD-09 are WGS 84: west, south, east, north, degrees.
_OFFSET_BOX = (72.004, 0.8293, 137.8347, 55.8271)

#: Baidu's constants: offsets in degrees, and the frequency of its ripple.
_BD_LON, _BD_LAT, _BD_RIPPLE = 0.0065, 0.006, np.pi * 3000 / 180

#: Iterations of the inverse. The offset's slope is below 0.01, so each gains two digits; 6 reach 1e-9 m from 1 km.
_INVERSE_STEPS = 6


def gcj02_from_wgs84(lonlat: Coordinates) -> Coordinates:
    """Return GCJ-02 coordinates of WGS 84 ones; shape (n, 2), degrees.

    Unchanged outside of 72.004-137.8347 E, 0.8293-55.8271 N.

    References
    ----------
    The published polynomial with ripples; see https://en.wikipedia.org/wiki/Restrictions_on_geographic_data_in_China

    Examples
    --------
    >>> gcj02_from_wgs84(np.array([[116.404, 39.915]])).round(7).tolist()
    [[116.4102445, 39.9164043]]
    """
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    root, both = np.sqrt(np.abs(x)), 0.1 * x * y
    ripple = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    east = ripple + 20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)
    east = east + 150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)
    east_m = 300 + x + 2 * y + 0.1 * x * x + both + 0.1 * root + east * 2 / 3
    north = ripple + 20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)
    north = north + 160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + both + 0.2 * root + north * 2 / 3

    # metres to degrees on the Krasovsky ellipsoid: radii of curvature in the prime vertical and in the meridian
    radians = np.radians(lat)
    w2 = 1 - _ECC2 * np.sin(radians) ** 2
    lon_shift = np.degrees(east_m / (_AXIS_M / np.sqrt(w2) * np.cos(radians)))
    lat_shift = np.degrees(north_m / (_AXIS_M * (1 - _ECC2) / w2**1.5))
    inside = _in_offset_box(lonlat)
    return np.column_stack([np.where(inside, lon + lon_shift, lon), np.where(inside, lat + lat_shift, lat)])


def bd09_from_wgs84(lonlat: Coordinates) -> Coordinates:
    """Return BD-09 coordinates of WGS 84 ones; shape (n, 2), degrees; unchanged outside of the GCJ-02 box.

    Examples
    --------
    >>> bd09_from_wgs84(np.array([[116.404, 39.915]])).round(7).tolist()
    [[116.4166272, 39.9226996]]
    """
    gcj = gcj02_from_wgs84(lonlat)
    x, y = gcj[:, 0], gcj[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_RIPPLE)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_RIPPLE)
    shifted = np.column_stack([radius * np.cos(angle) + _BD_LON, radius * np.sin(angle) + _BD_LAT])
    return np.where(_in_offset_box(lonlat)[:, None], shifted, gcj)


_SHIFTS: Mapping[str, Callable[[Coordinates], Coordinates]] = {
    "gcj02": gcj02_from_wgs84,
    "bd09": bd09_from_wgs84,
}


def wgs84_from(datum: str, lonlat: Coordinates) -> Coordinates:
    """Return WGS 84 coordinates of ``gcj02`` or ``bd09`` ones; shape (n, 2), degrees; error below 1e-6 m.

    The shift is undone by fixed-point iteration: x <- x - (shift(x) - lonlat).

    Examples
    --------
    >>> wgs84_from("gcj02", np.array([[116.41024449916938, 39.91640428150164]])).round(9).tolist()
    [[116.404, 39.915]]
    """
    found = lonlat.astype(float)
    inside = _in_offset_box(found)
    for _ in range(_INVERSE_STEPS):
        found = found - np.where(inside[:, None], _SHIFTS[datum](found) - lonlat, 0.0)
    return found


def reread(lonlat: Coordinates, read_as: str, really: str) -> Coordinates:
    """Return WGS 84 coordinates of points that were read as one datum and are in another (``wgs84, gcj02, bd09``)."""
    if read_as == really:
        return lonlat
    stored = _SHIFTS[read_as](lonlat) if read_as in _SHIFTS else lonlat
    return wgs84_from(really, stored) if really in _SHIFTS else stored


def to_crs(geometry: gpd.GeoSeries, *, datum: Datum | None, crs: CRS | str) -> gpd.GeoSeries:
    """Return points, lines or polygons moved from the datum in which they really are to `crs`.

    Parameters
    ----------
    geometry
        As read from the file, any types mixed, null allowed; heights are dropped.
    datum
        ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09``: what the longitudes and latitudes are, whatever the file claims (a
        projected file is first brought to longitude and latitude by its own projection). An EPSG code or PROJ string: that CRS. A list
        of ``{local: (x, y), lonlat: (lon, lat)}``: a local grid, see `geoplan.inputs.datum.move`. None: what the file says,
        and WGS 84 where it says nothing and the values are degrees.
    crs
        Where to.

    Returns
    -------
    moved
        Same index and name, 2D, in `crs`.

    Raises
    ------
    InputError
        If the datum is unknown, or the values are not degrees where they must be.

    Examples
    --------
    >>> beijing = gpd.GeoSeries.from_xy([116.4102445], [39.9164043], crs=4326)
    >>> to_crs(beijing, datum="gcj02", crs="EPSG:4326").get_coordinates().round(6).values.tolist()
    [[116.404, 39.915]]
    """
    target = CRS.from_user_input(crs)
    move = _mover(geometry, datum, target)
    moved = shapely.transform(np.asarray(geometry.array, dtype=object), move)
    return gpd.GeoSeries(moved, index=geometry.index, name=geometry.name, crs=target)


def control_points(points: Sequence[Any], *, crs: CRS | str) -> LocalGrid:
    """Return the local grid that control points give in `crs`, with its residuals; see `geoplan.inputs.datum.move`."""
    local, lonlat = (
        np.array([p[key] for p in points], dtype=float).reshape(-1, 2) for key in ("local", "lonlat")
    )
    return local_grid(local, project(lonlat, WGS84, CRS.from_user_input(crs)))


def control_notes(datum: Datum | None, *, crs: CRS | str, file: str = "") -> tuple[Note, ...]:
    """Return what the fit of control points is worth, as a note; nothing for any other datum."""
    if datum is None or isinstance(datum, str):
        return ()
    return (control_points(datum, crs=crs).note(file=file),)


def known_crs(datum: str) -> CRS:
    """Return the CRS of an EPSG code, PROJ string, ``wgs84`` or ``cgcs2000``.

    Raises
    ------
    InputError
        If it is none of them.
    """
    named = {"wgs84": WGS84, "cgcs2000": CGCS2000}.get(datum.lower())
    if named is not None:
        return named
    try:
        return CRS.from_user_input(int(datum) if datum.isdigit() else datum)
    except CRSError as error:
        note = Note.of("datum_unknown", datum=datum, known=", ".join(DATUMS), severity="error")
        raise InputError(note) from error


def _mover(geometry: gpd.GeoSeries, datum: Datum | None, target: CRS) -> Callable[[Coordinates], Coordinates]:
    if datum is not None and not isinstance(datum, str):
        return control_points(datum, crs=target).apply
    stated = CRS.from_user_input(geometry.crs) if geometry.crs is not None else None
    name = "wgs84" if datum is None else datum.lower()
    named = stated if datum is None else None if name in DATUMS else known_crs(datum)
    if named is not None:
        _check_zone_number(geometry, named)
        return lambda xy: project(xy, named, target)
    unproject = _to_degrees(geometry, stated)
    if name in _SHIFTS:
        return lambda xy: project(wgs84_from(name, unproject(xy)), WGS84, target)
    source = known_crs(name)
    return lambda xy: project(unproject(xy), source, target)


def _to_degrees(geometry: gpd.GeoSeries, stated: CRS | None) -> Callable[[Coordinates], Coordinates]:
    """Return what brings the file's values to degrees: nothing, or the inverse of its own projection."""
    if stated is not None and stated.is_projected and (geographic := stated.geodetic_crs) is not None:
        return lambda xy: project(xy, stated, geographic)
    west, south, east, north = geometry.total_bounds
    if np.abs(geometry.total_bounds).max() > 360:  # beyond any swap or slip: metres
        _check_zone_number(geometry, None)
        bounds = f"{west:.0f}, {south:.0f}, {east:.0f}, {north:.0f}"
        raise InputError(Note.of("datum_not_degrees", bounds=bounds, severity="error"))
    return lambda xy: xy


def _check_zone_number(geometry: gpd.GeoSeries, stated: CRS | None) -> None:
    """Refuse eastings that begin with the number of a Gauss-Krüger zone where `stated` has none, and the other way round.

    Zones of 3 degrees have the numbers 25-45 in China, those of 6 degrees 13-23. An easting is 500 km and some; with its number in
    front it is 38,500 km and some.
    """
    x = shapely.get_coordinates(geometry.array)[:, 0]
    easting = float(np.median(x)) if len(x) else 0.0
    number, rest = divmod(easting, 1e6)
    if stated is not None and not stated.is_projected:
        return
    offset = 0.0 if stated is None else _false_easting(stated)
    prefixed = 13 <= number <= 45 and 1e5 <= rest <= 9e5
    words: dict[str, Any] = {"easting": f"{easting:.0f}", "severity": "error"}
    words["stated"] = (
        "–" if stated is None else f"EPSG:{stated.to_epsg()}" if stated.to_epsg() else stated.name
    )
    if prefixed and offset < 1e6:
        fitting = 4513 + number - 25 if number >= 25 else 4491 + number - 13
        raise InputError(
            Note.of("datum_zone_number", number=f"{number:.0f}", fitting=f"EPSG:{fitting:.0f}", **words)
        )
    if offset > 1e6 and 1e5 <= easting <= 9e5:
        raise InputError(Note.of("datum_zone_number_missing", number=f"{offset // 1e6:.0f}", **words))


def _false_easting(crs: CRS) -> float:
    terms = () if crs.coordinate_operation is None else crs.coordinate_operation.params
    return next((float(term.value) for term in terms if term.name == "False easting"), 0.0)


def project(xy: Coordinates, source: CRS, target: CRS) -> Coordinates:
    """Return coordinates in `target` of those in `source`; shape (n, 2), x (longitude) first."""
    if source == target:
        return xy
    x, y = _transformer(source, target).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([x, y])


@lru_cache(maxsize=64)  # making one takes far longer than using it
def _transformer(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def _in_offset_box(lonlat: Coordinates) -> npt.NDArray[np.bool_]:
    west, south, east, north = _OFFSET_BOX
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    inside: npt.NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside
