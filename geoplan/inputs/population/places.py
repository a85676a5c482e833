"""Places where people can stand: parts of cells, points along streets, a point in each zone; and amounts of people on them.

A zone's total goes along its streets where no raster says where people live, else to a point in it.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.inputs.population.area import StudyArea
from geoplan.inputs.population.grids import Cut, Raster
from geoplan.tables import check_columns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Streets are cut into pieces of at most this length, each of which stands at its middle: a walk of under half a minute.
STEP_M = 50.0


def street_points(edges: gpd.GeoDataFrame, *, step_m: float = STEP_M) -> gpd.GeoDataFrame:
    """Return points along streets, each with the metres of street that it stands for.

    Parameters
    ----------
    edges
        Lines in a metric CRS. Where there is a column `access`, closed ways are left out.
    step_m
        Longest piece, metres; a line is cut into equal pieces.

    Returns
    -------
    points
        In the order of lines: `metres` (float; their sum is the length of the lines), `geometry` (middle of each piece).

    Examples
    --------
    >>> line = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 100 0)"]), crs=32650)
    >>> street_points(line, step_m=60)["metres"].tolist()
    [50.0, 50.0]
    """
    if "access" in edges.columns:
        edges = edges[edges["access"] != "closed"]
    lines = edges.geometry.to_numpy()
    lines = lines[~shapely.is_missing(lines)]
    lines = shapely.get_parts(lines)
    length = shapely.length(lines)
    lines, length = lines[length > 0], length[length > 0]
    pieces = np.ceil(length / step_m).astype(np.int64)
    line = np.repeat(np.arange(len(lines)), pieces)
    number = np.arange(len(line)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    metres = (length / pieces)[line]
    points = shapely.line_interpolate_point(lines[line], (number + 0.5) * metres)
    return gpd.GeoDataFrame({"metres": metres}, geometry=points, crs=edges.crs)


@dataclass(frozen=True)
class Streets:
    """Street points in zones and around them: metres, position of the zone (-1 outside), nearest zone, x and y."""

    metres: Floats
    zone: Ints
    near: Ints
    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.metres)


def streets_in_zones(
    streets: gpd.GeoDataFrame, shapes: NDArray[Any], wanted: Ints, *, halo_m: float
) -> Streets:
    """Return the street points in the wanted zones and, with a halo, those around all zones.

    Parameters
    ----------
    streets
        Lines, or points with `metres`, metric CRS.
    shapes
        Zones without overlaps, metric CRS; null allowed.
    wanted
        Positions of zones.
    halo_m
        How far outside points are kept; 0 for none.
    """
    nothing = Streets(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))
    if not len(streets):
        return nothing
    lines = shapely.get_dimensions(streets.geometry.to_numpy()) == 1
    there = np.flatnonzero(~shapely.is_missing(shapes))
    if lines.any():
        if halo_m <= 0:
            wanted_lines = shapely.STRtree(streets.geometry.to_numpy()).query(
                shapes[wanted], predicate="intersects"
            )[1]
            streets = streets.iloc[np.unique(wanted_lines)]
        streets = street_points(streets)
    check_columns(streets, ["metres"], name="street_points")
    points = streets.geometry.to_numpy()
    metres = streets["metres"].to_numpy(dtype=np.float64)
    if not len(points) or not len(there):
        return nothing
    tree = shapely.STRtree(shapes[there])
    zone = _first(tree.query(points, predicate="intersects"), len(points), there)
    near = zone.copy()
    if halo_m > 0:
        out = np.flatnonzero(zone < 0)
        near[out] = _first(tree.query_nearest(points[out], max_distance=halo_m), len(out), there)
    else:
        zone = np.where(np.isin(zone, wanted), zone, -1)
        near = zone.copy()
    keep = np.flatnonzero(near >= 0)
    x, y = shapely.get_x(points[keep]), shapely.get_y(points[keep])
    # canonical order, whatever the order of the lines
    order = np.lexsort((metres[keep], y, x, near[keep], zone[keep] < 0))
    return Streets(metres[keep][order], zone[keep][order], near[keep][order], x[order], y[order])


def _first(pairs: NDArray[Any], size: int, owner: Ints) -> Ints:
    """Return the first owner in order that each point is paired with, -1 where none."""
    found = np.full(size, -1, dtype=np.int64)
    points, owners = pairs
    order = np.lexsort((owners, points))
    which, first = np.unique(points[order], return_index=True)
    found[which] = owner[owners[order][first]]
    return found


def inner_points(shapes: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return one point in each polygon: its centroid if that lies inside, else a point on it; NaN for null polygons."""
    points = shapely.centroid(shapes)
    off = ~shapely.is_missing(shapes) & ~shapely.contains(shapes, points)
    points[off] = shapely.point_on_surface(shapes[off])
    return shapely.get_x(points), shapely.get_y(points)


def spread(total: float, members: Ints, streets: Streets | None, areas: Floats) -> tuple[str, Ints, Floats]:
    """Return where a total goes: ``streets`` or ``point``, the positions (of street points or of zones), the amounts.

    Parameters
    ----------
    total
        People.
    members
        Positions of the finest zones that share the total.
    streets
        Street points, or None where the total goes to points; so it does where no street lies in the zones.
    areas
        Areas of all finest zones: how a total is shared among points of several zones.
    """
    if streets is not None:
        at = np.flatnonzero(np.isin(streets.zone, members))
        if len(at):
            return "streets", at, total * streets.metres[at] / streets.metres[at].sum()
    at = members[areas[members] > 0]
    return "point", at, total * areas[at] / areas[at].sum() if len(at) else np.empty(0)


#: Amounts of one group: block -> one number a place; a block without the group is absent.
Amounts = dict[str, Floats]


@dataclass(frozen=True)
class Block:
    """Places of one origin.

    Parameters
    ----------
    name
        ``grid 0``, ``grid 1`` …, ``streets``, ``points``.
    zone
        Position of each place's finest zone, -1 in the halo.
    near
        Position of the nearest finest zone.
    x, y
        Metric; for cells their centres.
    source, cell
        File (else ``streets`` or ``zones``) and number in it, which stay the same from run to run.
    cut
        The grid that it comes from, else None.
    metres
        Metres of street that each place stands for, else None.
    """

    name: str
    zone: Ints
    near: Ints
    x: Floats
    y: Floats
    source: str
    cell: Ints
    cut: Cut | None = None
    metres: Floats | None = None

    def __len__(self) -> int:
        return len(self.zone)


def from_cut(name: str, cut: Cut, raster: Raster) -> Block:
    """Return the parts of a grid's cells; they are named by `raster`, which has that grid."""
    west, _, east, north = raster.extent.bounds
    x, y = cut.grid.centres(cut.cell)
    row, column = np.floor((north - y) / cut.grid.dy), np.floor((x - west) / cut.grid.dx)
    cell = row * np.round((east - west) / cut.grid.dx) + column
    return Block(name, cut.zone, cut.near, cut.x, cut.y, raster.file, cell.astype(np.int64), cut=cut)


def from_streets(streets: Streets) -> Block:
    """Return points along streets."""
    east, north = (np.round(10.0 * values).astype(np.int64) for values in (streets.x, streets.y))
    place = (north << 32) + east
    return Block(
        "streets", streets.zone, streets.near, streets.x, streets.y, "streets", place, metres=streets.metres
    )


def of_zones(here: StudyArea) -> Block:
    """Return one point in each finest zone."""
    x, y = inner_points(here.shapes.to_numpy())
    zone = np.arange(len(here.ids))
    return Block("points", zone, zone, x, y, "zones", np.zeros(len(zone), dtype=np.int64))


def zone_areas(here: StudyArea) -> Floats:
    """Return the areas of the finest zones, m², 0 for those without polygon."""
    areas: Floats = np.nan_to_num(shapely.area(here.shapes.to_numpy()))
    return areas
