"""Ribbons: the ground within a stated width of reached lines, band by band, each holding the one before exactly."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.strokes import TOUCH_M, strokes

Shapes = npt.NDArray[np.object_]

#: Segments in a quarter of a round end; with `WIGGLE` it costs under 0.1 % of area on real streets.
QUARTER = 4
#: Wiggles of a line narrower than this share of the width are not drawn.
WIGGLE = 1 / 30
#: What crossings computed in floats may be off, metres.
ROUNDING_M = 1e-6


def ribbon(lines: Shapes, *, width_m: float) -> shapely.Geometry:
    """Return the ground within `width_m` of `lines`, simplified by at most 4 % of the width.

    Parameters
    ----------
    lines
        LineStrings (those of no length count as points), shape (n,), metric CRS.
    width_m
        Metres to each side of a line and beyond its ends, > 0.

    Returns
    -------
    ribbon
        Valid Polygon or MultiPolygon that holds every line; empty without lines.

    Examples
    --------
    >>> round(ribbon(shapely.linestrings([[(0, 0), (100, 0)]]), width_m=10).area)  # 2000 + a circle of 16 corners
    2306
    """
    long = shapely.length(lines) >= TOUCH_M
    drawn = _opened(shapely.simplify(strokes(lines[long]), WIGGLE * width_m))
    spots = shapely.get_point(lines[~long], 0)
    return shapely.union_all(shapely.buffer(np.concatenate([drawn, spots]), width_m, quad_segs=QUARTER))


def _opened(lines: Shapes) -> Shapes:
    """Return `lines` with closed ones cut in two: GEOS loses ground where a closed line crosses itself."""
    closed = np.flatnonzero(shapely.is_closed(lines))
    halves = []
    for line in lines[closed]:
        xy = shapely.get_coordinates(line)
        middle = len(xy) // 2
        halves += [shapely.LineString(xy[: middle + 1]), shapely.LineString(xy[middle:])]
    return np.concatenate([np.delete(lines, closed), np.array(halves, dtype=object)])


def nested_ribbons(bands: Sequence[Shapes], *, width_m: float) -> list[shapely.Geometry]:
    """Return a ribbon per band, each made of its own lines and those of all bands before.

    Band k is ribbon k united with band k - 1. All outlines are first cut at each other's crossings and the faces
    between them are then put together, so that bands share corners to the bit and one holds the other exactly;
    a union of unions would differ by rounding at every crossing.

    Parameters
    ----------
    bands
        LineStrings that each band adds to those before.
    width_m
        As in :func:`ribbon`.

    Returns
    -------
    ribbons
        Polygons or MultiPolygons (empty without lines), valid, band k covered by band k + 1.
    """
    own = [ribbon(lines, width_m=width_m) for lines in bands]
    if len(own) == 1:
        return own  # nothing to fit together
    # on a grid: where outlines coincide but for rounding, a crossing in floats may fall off a ring and lose a hole
    outlines = shapely.union_all(shapely.boundary(own), grid_size=ROUNDING_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(outlines)))
    points, clear = _inner_points(faces)
    first = np.full(len(faces), len(own))
    ground = shapely.area(faces)
    thin = np.flatnonzero(~clear & (ground > ROUNDING_M * shapely.length(faces) / 2))
    for band in reversed(range(len(own))):
        shapely.prepare(own[band])
        inside = shapely.contains(own[band], points)
        # a sliver between two outlines that all but coincide counts with the ground that it touches
        inside[~clear] = shapely.dwithin(own[band], points[~clear], ROUNDING_M)
        # a thin face that is wider than rounding belongs where its ground lies: it may merely touch this band with an end
        if len(thin):
            inside[thin] = shapely.area(shapely.intersection(faces[thin], own[band])) > ground[thin] / 2
        first[inside] = band
    held = [faces[first <= band] for band in range(len(own))]
    return [shapely.coverage_union_all(some) if len(some) else shapely.MultiPolygon() for some in held]


def _inner_points(faces: Shapes) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Return a point in each polygon, and whether it lies clear of the edges: not so in a sliver as wide as rounding."""
    points: Shapes = shapely.point_on_surface(faces)
    clear = shapely.distance(points, shapely.boundary(faces)) >= ROUNDING_M
    # a wide face may run out into a spike, and the point may lie in that
    doubtful = np.flatnonzero(~clear)
    if len(doubtful):
        radius = shapely.maximum_inscribed_circle(faces[doubtful], tolerance=ROUNDING_M)
        wide = shapely.length(radius) >= ROUNDING_M
        points[doubtful[wide]] = shapely.get_point(radius[wide], 0)
        clear[doubtful[wide]] = True
    return points, clear
