"""The quiet base of maps from the same file as the streets: water and green as areas, railways as lines.

It is there for the eye only: what is too small to be seen is left out, and outlines are as fine as a map of the whole area needs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import osmium
import osmium.filter
import pyogrio
import shapely
from osmium import osm
from pyproj import CRS

from geoplan.inputs import readers
from geoplan.inputs.datum import to_crs
from geoplan.inputs.streets.osm import osmium_file
from geoplan.inputs.streets.osm_edited import is_edited, read_objects
from geoplan.study.formats import ending
from geoplan.tables import GROUND

#: Key of OpenStreetMap -> its values -> kind of ground (https://wiki.openstreetmap.org/wiki/Map_features).
GROUND_TAGS: Mapping[str, Mapping[str, str]] = {
    "natural": {"water": "water", "wood": "green", "grassland": "green", "scrub": "green", "heath": "green"},
    "waterway": {"riverbank": "water", "dock": "water"},
    "landuse": {
        "reservoir": "water", "basin": "water", "forest": "green", "grass": "green", "meadow": "green",
        "recreation_ground": "green", "village_green": "green",
    },
    "leisure": {"park": "green", "garden": "green", "nature_reserve": "green"},
    "railway": {"rail": "rail", "light_rail": "rail", "narrow_gauge": "rail"},
}  # fmt: skip
#: Extracts of Geofabrik as layers have the values of all keys in one column.
_ONE_COLUMN = "fclass"
_KINDS = {
    **GROUND_TAGS,
    _ONE_COLUMN: {word: kind for own in GROUND_TAGS.values() for word, kind in own.items()},
}
#: What is not seen from above, and tracks of yards and sidings.
_UNSEEN = ("tunnel", "covered", "service")
#: Values that say that it is not so, in extracts and in layers made of them.
_NO = ("", "no", "F", "None", "nan")
#: An outline bends by less than this without being drawn as a bend: so many metres, and in a large area this part of its longer side.
BEND_M, BEND_SHARE = 5.0, 1 / 4000
#: Areas and holes smaller than a square of so many bends, and lines as short, are left out.
LEAST_BENDS = 6.0
#: Layers of these files may stand beside the streets.
_OF_SEVERAL_LAYERS = (".gpkg", ".gdb", ".gdb.zip")

Shapes = npt.NDArray[np.object_]
#: Kind of ground, and shapes of this kind.
Found = tuple[str, Shapes]


def ground_kind(tags: Mapping[str, object]) -> str:
    """Return what kind of ground tags mean, empty where they mean none that is drawn.

    Examples
    --------
    >>> ground_kind({"natural": "water"}), ground_kind({"leisure": "park"}), ground_kind({"railway": "rail"})
    ('water', 'green', 'rail')
    >>> ground_kind({"railway": "rail", "tunnel": "yes"}), ground_kind({"highway": "residential"})
    ('', '')
    """
    if any(str(tags.get(key, "")) not in _NO for key in _UNSEEN):
        return ""
    return next((kind for key, words in _KINDS.items() if (kind := words.get(str(tags.get(key, ""))))), "")


def ground_of_osm(
    path: Path, *, datum: object, crs: CRS | str, area: tuple[float, ...] | None
) -> gpd.GeoDataFrame:
    """Return the ground of an extract, which can be read; an area whose outline it cuts open is left out.

    Parameters
    ----------
    path
        The extract.
    datum, crs
        What its coordinates are in; metric CRS of the study.
    area
        West, south, east and north of what is drawn, metric; None: everything.

    Returns
    -------
    ground
        As `GROUND`: kinds in a fixed order, of each the large shapes first.
    """
    found: dict[str, list[shapely.Geometry]] = {}
    for kind, shape in _shapes(path):
        found.setdefault(kind, []).append(shape)
    moved = [(kind, _moved(gpd.GeoSeries(shapes, crs=4326), datum, crs)) for kind, shapes in found.items()]
    return _drawn(moved, crs=crs, area=area)


def ground_of_layers(
    path: Path, streets: gpd.GeoDataFrame, *, datum: object, crs: CRS | str, area: tuple[float, ...] | None
) -> gpd.GeoDataFrame:
    """Return the ground of a layer of streets, and of layers with such columns that stand beside it in its file; see `ground_of_osm`."""
    moved: list[Found] = []
    for table in (streets, *_other_layers(path, streets)):
        if _KINDS.keys().isdisjoint(table.columns):
            continue
        columns = [column for column in (*_KINDS, *_UNSEEN) if column in table.columns]
        kinds = [
            ground_kind(dict(zip(columns, row, strict=True)))
            for row in table[columns].itertuples(index=False)
        ]
        kind = np.where(table.geometry.notna(), np.array(kinds, dtype=object), "")
        moved += [
            (name, _moved(table.geometry[kind == name], datum, crs)) for name in dict.fromkeys(kind) if name
        ]
    return _drawn(moved, crs=crs, area=area)


def _other_layers(path: Path, streets: gpd.GeoDataFrame) -> Iterator[gpd.GeoDataFrame]:
    """Yield the other layers of the file that have a column of ground."""
    if ending(path) not in _OF_SEVERAL_LAYERS:
        return
    for name, geometry in pyogrio.list_layers(path):
        told = pyogrio.read_info(path, layer=name)
        own = set(told["fields"]) == set(streets.columns) - {streets.geometry.name}
        if geometry is not None and not own and not _KINDS.keys().isdisjoint(told["fields"]):
            yield readers.read_layer(path, layer=str(name))


def _shapes(path: Path) -> Iterable[tuple[str, shapely.Geometry]]:
    if not is_edited(path):
        try:
            return list(_osmium_shapes(path))
        except RuntimeError:  # osmium makes areas only of files that are in the order of ids
            pass
    return _edited_shapes(path)


def _osmium_shapes(path: Path) -> Iterator[tuple[str, shapely.Geometry]]:
    factory = osmium.geom.WKBFactory()
    wanted = osmium.filter.TagFilter(*((key, word) for key, words in GROUND_TAGS.items() for word in words))
    areas_and_ways = osmium.filter.EntityFilter(osm.WAY | osm.AREA)
    things: Iterable[Any] = (
        osmium.FileProcessor(osmium_file(path))
        .with_areas(wanted)
        .with_filter(areas_and_ways)
        .with_filter(wanted)
    )
    for thing in things:
        kind = ground_kind(dict(thing.tags))
        if not kind or thing.is_area() == (kind == "rail"):
            continue
        make = factory.create_multipolygon if thing.is_area() else factory.create_linestring
        try:
            shape = shapely.from_wkb(bytes.fromhex(make(thing)))
        except (RuntimeError, osmium.InvalidLocationError):  # no whole outline
            continue
        yield kind, shape


def _edited_shapes(path: Path) -> Iterator[tuple[str, shapely.Geometry]]:
    """Yield what `_osmium_shapes` yields, of files that osmium does not read as they are meant."""
    objects = read_objects(path)
    for _, _, thing, shape in objects.areas(lambda tags: ground_kind(tags) not in ("", "rail")):
        yield ground_kind(thing.tags), shape
    for way in objects.things["way"].values():
        line = objects.line(way)
        if ground_kind(way.tags) == "rail" and len(line) > 1:
            yield "rail", shapely.LineString(line)


def _moved(shapes: gpd.GeoSeries, datum: object, crs: CRS | str) -> Shapes:
    return np.asarray(to_crs(shapes, datum=datum, crs=crs).array)  # type: ignore[arg-type]


def _drawn(found: Sequence[Found], *, crs: CRS | str, area: tuple[float, ...] | None) -> gpd.GeoDataFrame:
    """Return shapes as `GROUND`: those of one kind joined, cut to the area, as fine as a map of it needs."""
    if not found:
        return GROUND.empty_shapes(crs)
    found = [(kind, shapely.make_valid(shapes)) for kind, shapes in found]
    west, south, east, north = area or shapely.total_bounds(np.concatenate([shapes for _, shapes in found]))
    if area is not None:
        found = [(kind, shapely.clip_by_rect(shapes, west, south, east, north)) for kind, shapes in found]
    bend = max(BEND_M, max(east - west, north - south) * BEND_SHARE)
    kinds: list[str] = []
    drawn: list[shapely.Geometry] = []
    for kind in ("water", "green", "rail"):
        own = np.concatenate([*(shapes for name, shapes in found if name == kind), []])
        parts = _joined(own, bend, dimension=1 if kind == "rail" else 2)
        kinds += [kind] * len(parts)
        drawn += list(parts)
    return gpd.GeoDataFrame({"kind": np.array(kinds, dtype=object)}, geometry=drawn, crs=crs)


def _joined(shapes: Shapes, bend: float, *, dimension: int) -> Shapes:
    """Return the parts of what shapes of this dimension cover together, the large ones first."""
    parts = shapely.get_parts(shapes)
    whole = shapely.union_all(parts[shapely.get_dimensions(parts) == dimension])
    least = LEAST_BENDS * bend
    if dimension == 1:
        fine = shapely.simplify(shapely.get_parts(shapely.line_merge(whole)), bend)
        size, smallest = shapely.length(fine), least
    else:
        fine = shapely.get_parts(shapely.simplify(whole, bend))
        fine = np.array([_without_small_holes(part, least**2) for part in fine], dtype=object)
        size, smallest = shapely.area(fine), least**2
    large = size >= smallest
    fine = shapely.normalize(fine[large])
    return np.asarray(fine[np.lexsort((shapely.to_wkb(fine), -size[large]))])


def _without_small_holes(part: shapely.Polygon, least: float) -> shapely.Polygon:
    return shapely.Polygon(
        part.exterior, [hole for hole in part.interiors if shapely.Polygon(hole).area >= least]
    )
