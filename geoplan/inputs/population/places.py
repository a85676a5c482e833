"""The finest zones on which people are counted, and the places in them where people can stand, with amounts of people on them.

Zones have no overlaps. Places are parts of cells, points along streets, and a point in each zone: a zone's total goes along its streets
where no raster says where people live, else to a point in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from geoplan.inputs.boundaries import partition_levels, with_context
from geoplan.inputs.boundaries.checks import overlaps, without_overlaps
from geoplan.inputs.boundaries.zones import natural_key
from geoplan.inputs.datum import ground_lengths
from geoplan.inputs.population.grids import Cut
from geoplan.inputs.population.rasters import Raster
from geoplan.inputs.ranges import ranges
from geoplan.tables import ZONES, check_columns
from geoplan.words.errors import InputError, Note

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class StudyArea:
    """The finest partition of a study area, and of the context zones beside it.

    Parameters
    ----------
    zones
        The whole table of zones, context zones last.
    ids
        Finest zones in the order of codes, then the context zones that no other one divides; positions below are positions in it.
    shapes
        Their polygons without overlaps (an overlap belongs to the smaller, and to the study before a context zone), metric CRS, null
        allowed.
    level_ids
        Ids of the zones of each partition level and the area, in order. At a level of which its layers have no zone above it a
        context zone stands for itself.
    ancestors
        For each such level the position (in ``level_ids[level]``) of each finest zone's ancestor, -1 for none.
    halo_m
        How far outside people still compete for supply, metres.
    n_own
        How many of `ids` are zones of the study; those behind are context zones.
    neighbours
        Ids of the context zones of every level.
    """

    zones: gpd.GeoDataFrame
    ids: NDArray[Any]
    shapes: gpd.GeoSeries
    level_ids: dict[str, NDArray[Any]]
    ancestors: dict[str, Ints]
    halo_m: float
    n_own: int
    neighbours: frozenset[str] = frozenset()

    @property
    def is_own(self) -> NDArray[np.bool_]:
        """True for the finest zones of the study, False for context zones."""
        return np.arange(len(self.ids)) < self.n_own

    def own(self, ids: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which of `ids`, of any level, are zones of the study."""
        return ~np.isin(ids, list(self.neighbours))

    @property
    def crs(self) -> pyproj.CRS:
        """Metric CRS."""
        return pyproj.CRS.from_user_input(self.shapes.crs)

    @property
    def finest(self) -> str:
        """Name of the finest partition level."""
        return str(self.zones.loc[self.ids[0], "level"])

    @property
    def chains(self) -> list[Ints]:
        """Ancestors from the zone itself up to the area."""
        return list(self.ancestors.values())[::-1]

    def bounds(self, levels: Iterable[str]) -> tuple[float, float, float, float]:
        """Return bounds of the finest zones with their halo, and of the zones of `levels`."""
        west, south, east, north = self.shapes.total_bounds
        halo = self.halo_m
        boxes = [np.array([west - halo, south - halo, east + halo, north + halo])]
        boxes += [self.zones.loc[self.level_ids[level]].total_bounds for level in levels]
        bounds = np.array(boxes)
        low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def partition(
    zones: gpd.GeoDataFrame, *, halo_m: float, context: gpd.GeoDataFrame | None = None
) -> StudyArea:
    """Return the finest partition of `zones`, whatever the order of its rows, and of the zones of `context`.

    Raises
    ------
    InputError
        If there is no partition level.
    """
    ZONES.check(zones, ("level", "code", "parent_id", "covered_share"))
    levels = partition_levels(zones)
    if not levels:
        raise InputError(Note.of("zone_no_partition", severity="error"))
    level_ids = {"area": zones.index[zones["level"] == "area"].to_numpy(dtype=object)}
    for level in levels:
        codes = zones.loc[zones["level"] == level, "code"].to_dict()
        level_ids[level] = np.array(
            sorted(codes, key=lambda zone: natural_key(str(codes[zone]))), dtype=object
        )
    own = level_ids[levels[-1]]
    shapes = zones.loc[own].geometry
    shapes = shapes.mask(shapes.is_empty)
    cut = without_overlaps(shapes.to_numpy(), overlaps(shapes.to_numpy()))
    ancestors = _ancestors(zones, own, level_ids)
    every, ids = with_context(zones, context), own
    if context is not None and len(context):
        ids, level_ids, ancestors = _beside(context, own, level_ids, ancestors)
        beyond = shapely.difference(
            context.geometry[ids[len(own) :]].to_numpy(), shapely.union_all(cut[~shapely.is_missing(cut)])
        )
        cut = np.concatenate([cut, without_overlaps(beyond, overlaps(beyond))])
    series = gpd.GeoSeries(cut, index=ids, crs=zones.crs)
    neighbours = frozenset(() if context is None else context.index)
    return StudyArea(every, ids, series, level_ids, ancestors, halo_m, len(own), neighbours)


def _beside(
    context: gpd.GeoDataFrame,
    own: NDArray[Any],
    level_ids: dict[str, NDArray[Any]],
    ancestors: dict[str, Ints],
) -> tuple[NDArray[Any], dict[str, NDArray[Any]], dict[str, Ints]]:
    """Return ids, level_ids and ancestors with those of context zones behind; the area, in which all counted lie, is one."""
    parents = context["parent_id"]
    codes = context.loc[~context.index.isin(parents.dropna()), "code"].to_dict()
    leaves = np.array(sorted(codes, key=lambda zone: natural_key(str(codes[zone]))), dtype=object)
    up, level_of = parents.to_dict(), context["level"].to_dict()
    found_ids, found = {"area": level_ids["area"]}, {"area": np.zeros(len(own) + len(leaves), dtype=np.int64)}
    for level in level_ids.keys() - {"area"}:
        above = []
        for leaf in leaves:
            zone: Any = leaf
            while zone is not None and level_of[zone] != level:
                zone = up[zone]
            above.append(leaf if zone is None else zone)
        units = {zone: len(level_ids[level]) + n for n, zone in enumerate(dict.fromkeys(above))}
        found_ids[level] = np.concatenate([level_ids[level], np.array(list(units), dtype=object)])
        of_leaves = np.array([units[zone] for zone in above], dtype=np.int64)
        found[level] = np.concatenate([ancestors[level], of_leaves])
    order = list(level_ids)  # coarse to fine
    return (
        np.concatenate([own, leaves]),
        {level: found_ids[level] for level in order},
        {level: found[level] for level in order},
    )


def _ancestors(
    zones: gpd.GeoDataFrame, ids: NDArray[Any], level_ids: dict[str, NDArray[Any]]
) -> dict[str, Ints]:
    """Return the position of each finest zone's ancestor at each level, -1 for none."""
    up = dict(zip(zones.index, zones["parent_id"], strict=True))
    position = {zone: (level, i) for level, found in level_ids.items() for i, zone in enumerate(found)}
    ancestors = {level: np.full(len(ids), -1, dtype=np.int64) for level in level_ids}
    for i, finest in enumerate(ids):
        zone = finest
        while zone in position:
            level, j = position[zone]
            ancestors[level][i] = j
            zone = up[zone]
    # everything counted lies in the area, also what lies in no district
    ancestors["area"][:] = 0
    return ancestors


def near_own(here: StudyArea, x: Floats, y: Floats, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which points of `among` lie within the halo's width of the zones of the study (context zones reach farther)."""
    near = among.copy()
    if here.n_own < len(here.ids):
        shapes = here.shapes.to_numpy()[: here.n_own]
        shapes = shapes[~shapely.is_missing(shapes)]
        at = np.flatnonzero(among)
        found = shapely.STRtree(shapes).query_nearest(
            shapely.points(x[at], y[at]), max_distance=here.halo_m, all_matches=False
        )[0]
        near[:] = False
        near[at[found]] = True
    return near


def extent_of(raster: Raster, crs: pyproj.CRS) -> shapely.Polygon:
    """Return a raster's box in the metric CRS; its edges get points on them, since they bend."""
    west, south, east, north = raster.extent.bounds
    box = shapely.segmentize(raster.extent, max(east - west, north - south) / 50)
    return gpd.GeoSeries([box], crs=raster.grid.crs).to_crs(crs).iloc[0]


def without_raster(zones: gpd.GeoDataFrame, extent: shapely.Polygon) -> pd.Series:
    """Return the share (0-1) of each zone's area that lies outside of a raster; NaN for zones without polygon.

    ::

        share_z = 1 - area(z within the raster) / area(z)
    """
    shapes = zones.geometry.to_numpy()
    shapely.prepare(extent)
    area, whole = shapely.area(shapes), shapely.contains(extent, shapes)
    inside = area.copy()
    inside[~whole] = shapely.area(shapely.intersection(shapes[~whole], extent))
    share = 1.0 - np.divide(inside, area, out=np.full(len(area), np.nan), where=area > 0)
    return pd.Series(share, zones.index)


def given_totals(here: StudyArea, level: str, group: str) -> NDArray[np.float64]:
    """Return the given totals of a level's zones, NaN where unknown."""
    column = f"given_{group}"
    zones = here.zones.loc[here.level_ids[level]]
    if column not in zones.columns:
        return np.full(len(zones), np.nan)
    totals: NDArray[np.float64] = pd.to_numeric(zones[column]).to_numpy(dtype=np.float64)
    return totals


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
    >>> line = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 100 0)"]))
    >>> street_points(line, step_m=60)["metres"].tolist()
    [50.0, 50.0]
    """
    if "access" in edges.columns:
        edges = edges[edges["access"] != "closed"]
    lines = edges.geometry.to_numpy()
    lines = lines[~shapely.is_missing(lines)]
    lines = shapely.get_parts(lines)
    length = ground_lengths(gpd.GeoSeries(lines, crs=edges.crs))
    lines, length = lines[length > 0], length[length > 0]
    pieces = np.ceil(length / step_m).astype(np.int64)
    line = np.repeat(np.arange(len(lines)), pieces)
    number = ranges(pieces)
    metres = (length / pieces)[line]
    points = shapely.line_interpolate_point(lines[line], (number + 0.5) / pieces[line], normalized=True)
    return gpd.GeoDataFrame({"metres": metres}, geometry=points, crs=edges.crs)


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


def from_streets(streets: gpd.GeoDataFrame, shapes: NDArray[Any], wanted: Ints, *, halo_m: float) -> Block:
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
    none, empty = np.empty(0, np.int64), np.empty(0)
    nothing = Block("streets", none, none, empty, empty, "streets", none, metres=empty)
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
    keep, x, y = keep[order], x[order], y[order]
    east, north = (np.round(10.0 * values).astype(np.int64) for values in (x, y))
    place = (north << 32) + east
    return Block("streets", zone[keep], near[keep], x, y, "streets", place, metres=metres[keep])


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


def spread(total: float, members: Ints, streets: Block | None, areas: Floats) -> tuple[str, Ints, Floats]:
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
    if streets is not None and streets.metres is not None:
        at = np.flatnonzero(np.isin(streets.zone, members))
        if len(at):
            return "streets", at, total * streets.metres[at] / streets.metres[at].sum()
    at = members[areas[members] > 0]
    return "point", at, total * areas[at] / areas[at].sum() if len(at) else np.empty(0)


def from_cut(name: str, cut: Cut, raster: Raster) -> Block:
    """Return the parts of a grid's cells; they are named by `raster`, which has that grid."""
    west, _, east, north = raster.extent.bounds
    x, y = cut.grid.centres(cut.cell)
    row, column = np.floor((north - y) / cut.grid.dy), np.floor((x - west) / cut.grid.dx)
    # of blocks of cells the last one may reach past the file's end
    cell = row * np.ceil((east - west) / cut.grid.dx - 1e-6) + column
    return Block(name, cut.zone, cut.near, cut.x, cut.y, raster.file, cell.astype(np.int64), cut=cut)


def of_zones(here: StudyArea) -> Block:
    """Return one point in each finest zone."""
    x, y = inner_points(here.shapes.to_numpy())
    zone = np.arange(len(here.ids))
    return Block("points", zone, zone, x, y, "zones", np.zeros(len(zone), dtype=np.int64))


def zone_areas(here: StudyArea) -> Floats:
    """Return the areas of the finest zones, m², 0 for those without polygon."""
    areas: Floats = np.nan_to_num(shapely.area(here.shapes.to_numpy()))
    return areas
