"""Reading OpenStreetMap extracts (.osm.pbf, .osm) with pyosmium; edited ones, histories and JSON as `osm_edited` does.

The extract goes once through osmium's compiled filters, which put positions on ways and write what may be a street, a
barrier or a crossing as OPL text (https://osmcode.org/opl-file-format/), one line an object. Only these lines are read
in Python: no object is made for a node.
"""

import ctypes
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias
from xml.parsers.expat import ExpatError

import geopandas as gpd
import numpy as np
import osmium
import osmium.filter
import pandas as pd
import shapely
from osmium import osm
from pyproj import CRS

from geoplan.inputs.datum import to_crs
from geoplan.inputs.streets.conditions import CONDITIONAL_KEYS, undecided
from geoplan.inputs.streets.edges import Floats, Ints, Ways, join_twins, no_marks, without_repeats
from geoplan.inputs.streets.notes import condition_notes, left_out_notes
from geoplan.inputs.streets.osm_edited import is_edited, read_objects
from geoplan.inputs.streets.walk_table import (
    GROUND_KEYS,
    KEPT_RULES,
    NODE_KEYS,
    OUT,
    WAY_KEYS,
    WayVerdict,
    judge_node,
    judge_way,
    on_ground,
    ride_seconds,
    walk_class,
)
from geoplan.study.formats import OSM_FORMATS, ending
from geoplan.words.errors import InputError, Note
from geoplan.words.periods import Hour

#: Ways with one of these keys may be streets.
STREET_KEYS = ("highway", "route", "railway", "public_transport")

#: What OPL says of positions: decimals, seven digits.
_OPL = "opl,locations_on_ways=true,add_metadata=false"
_TAG = re.compile("([^=,]+)=([^,]*)")
_ESCAPED = re.compile("%([0-9a-f]+)%")
_COLUMNS = [
    "osm_id", "highway", "access", "oneway", "rule", "bridge", "tunnel", "level", "layer", "on_ground", "ride_s", "square",
    "name",
]  # fmt: skip


#: Writes to a file what passes: ways with one of these keys, or with these ids.
Writer: TypeAlias = Callable[[Path, Sequence[str], Sequence[int]], None]


@dataclass
class _Lines:
    """What the OPL lines hold: a row a way, their vertices as text, and tagged nodes."""

    rows: list[tuple[str, str, str, int, str, bool, bool, str, str, bool, float, str, str]] = field(
        default_factory=list
    )
    vertices: list[str] = field(default_factory=list)
    marks: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    rings: dict[int, str] = field(default_factory=dict)
    squares: dict[str, str] = field(default_factory=dict)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    conditions: Counter[bool] = field(default_factory=Counter)


#: What is raised at a file that cannot be read: bytes, ids, coordinates, what is missing.
UNREADABLE = (
    RuntimeError, ValueError, KeyError, TypeError, OSError, EOFError, zlib.error, ExpatError, osmium.InvalidLocationError,
)  # fmt: skip


def osmium_file(path: Path) -> osmium.io.File:
    """Return an extract as osmium opens it, whatever the case of its ending."""
    return osmium.io.File(str(path), OSM_FORMATS[ending(path)])


def read_osm(
    path: Path, *, walk: Mapping[str, bool], at: Hour | None = None, datum: object, crs: CRS | str
) -> tuple[Ways, tuple[Note, ...]]:
    """Return the ways of an extract, judged, and notes.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no positions.
    """
    try:
        edited = is_edited(path)
        found, notes = _collect(path, walk, at, edited=edited)
        unplaced = [] if edited else [vertices for vertices in found.vertices if "xy" in vertices]
        if any("n-" in vertices for vertices in unplaced):  # osmium keeps no positions of negative ids
            found, notes = _collect(path, walk, at, edited=True)
        elif unplaced and _way_before_node(path):
            found, notes = _collect(path, walk, at, places_first=True)
    except UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise InputError(
            Note.of("streets_unreadable", file=path.name, reason=reason, severity="error")
        ) from error
    if found.vertices and all(vertices.count("n") == vertices.count("xy") for vertices in found.vertices):
        words: dict[str, Any] = {"ways": f"{len(found.vertices):,}"}
        raise InputError(Note.of("streets_no_positions", file=path.name, severity="error", **words))
    ways, read = _to_ways(found, path, datum=datum, crs=crs)
    left_out = left_out_notes(found.left_out, path.name)
    return ways, (*notes, *read, *left_out, *condition_notes(found.conditions, at, path.name))


def _collect(
    path: Path, walk: Mapping[str, bool], at: Hour | None, *, edited: bool = False, places_first: bool = False
) -> tuple[_Lines, tuple[Note, ...]]:
    """Return what the file holds, and notes; with `places_first` positions are read before the ways that need them."""
    found = _Lines()
    notes: list[Note] = []
    write = _edited_writer(path, notes) if edited else _osmium_writer(path, places_first=places_first)
    with tempfile.TemporaryDirectory(prefix="geoplan-") as folder:
        text, rings = Path(folder) / "streets.opl", Path(folder) / "rings.opl"
        write(text, STREET_KEYS, ())
        _read(text, found, walk, at)
        untagged = sorted(set(found.rings) - {int(row[0]) for row in found.rows})
        if untagged:
            write(rings, (), untagged)
            _read_rings(rings, found, walk, at)
    return found, tuple(notes)


def _edited_writer(path: Path, notes: list[Note]) -> Writer:
    objects = read_objects(path)
    if objects.dropped:
        dropped: dict[str, Any] = {"objects": f"{objects.dropped:,}"}
        notes.append(Note.of("streets_deleted", file=path.name, severity="info", **dropped))
    if objects.remark:
        notes.append(Note.of("streets_partial_answer", file=path.name, reason=objects.remark))
    return lambda target, keys, ways: objects.write(target, keys=keys, ways=set(ways))


def _osmium_writer(path: Path, *, places_first: bool) -> Writer:
    places = osmium.NodeLocationsForWays(osmium.index.create_map("flex_mem"))
    places.ignore_errors()
    if places_first:
        osmium.apply(osmium.io.Reader(osmium_file(path), osm.NODE), places)

    def write(target: Path, keys: Sequence[str], ways: Sequence[int]) -> None:
        wanted = osmium.filter.KeyFilter(*keys) if keys else osmium.filter.IdFilter(ways)
        kinds = osm.NODE | osm.WAY | osm.RELATION if keys else osm.WAY
        _filter(path, target, places, _only(osm.WAY, wanted), kinds=kinds)

    return write


def _way_before_node(path: Path) -> bool:
    """Return whether ways stand before nodes, so that their positions are not known yet when they come."""
    for thing in osmium.FileProcessor(osmium_file(path)):
        return not isinstance(thing, osm.Node)
    return False


def _only(kind: osm.osm_entity_bits, rule: osmium.BaseFilter) -> osmium.BaseFilter:
    """Return `rule` for one kind of thing; the others pass."""
    rule.enable_for(kind)
    return rule


def _filter(
    path: Path,
    target: Path,
    places: osmium.NodeLocationsForWays,
    ways: osmium.BaseFilter,
    *,
    kinds: osm.osm_entity_bits,
) -> None:
    """Write as OPL what passes: barriers and crossings, `ways`, and relations that are streets."""
    nodes = _only(osm.NODE, osmium.filter.KeyFilter("barrier", "highway"))
    rings = _only(osm.RELATION, osmium.filter.KeyFilter("highway"))
    reader = osmium.io.Reader(osmium_file(path), kinds)
    writer = osmium.SimpleWriter(osmium.io.File(str(target), _OPL), overwrite=True)
    try:
        osmium.apply(reader, places, nodes, ways, rings, writer)
        writer.close()
    except BaseException:
        # a writer that failed tries to write again when it is destroyed, which ends the process: it is never destroyed
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))
        raise
    finally:
        reader.close()


def _read(path: Path, found: _Lines, walk: Mapping[str, bool], at: Hour | None) -> None:
    judged: dict[tuple[str | None, ...], WayVerdict] = {}
    for kind, number, tags, rest in _objects(path):
        if kind != "r" and not tags.keys().isdisjoint(CONDITIONAL_KEYS):
            found.conditions[undecided(_plain(tags, CONDITIONAL_KEYS), at)] += 1
        if kind == "w":
            key = tuple(map(tags.get, WAY_KEYS))
            verdict = judged.get(key)
            if verdict is None:
                verdict = judged[key] = judge_way(_plain(tags, WAY_KEYS), walk, at)
            _add_way(found, number, tags, verdict, rest[1:])
        elif kind == "n":
            mark = judge_node(_plain(tags, NODE_KEYS), at)
            if mark.kind:
                found.marks[number] = (mark.kind, mark.state, _unescape(tags.get("name", "")))
        elif kind == "r" and tags.get("type") == "multipolygon":
            members = (member.split("@")[0] for member in rest[1:].split(","))
            ways = [m[1:] for m in members if m.startswith("w")]
            found.rings.update({int(way): walk_class(tags) for way in ways})
            found.squares.update(dict.fromkeys(ways, f"r{number}"))


def _read_rings(path: Path, found: _Lines, walk: Mapping[str, bool], at: Hour | None) -> None:
    """Add the untagged rings of squares that are multipolygons."""
    for _, number, tags, rest in _objects(path):
        if not walk_class(tags):
            street = {**tags, "highway": found.rings[number]}
            _add_way(found, number, street, judge_way(_plain(street, WAY_KEYS), walk, at), rest[1:])


def _add_way(found: _Lines, number: int, tags: Mapping[str, str], verdict: WayVerdict, vertices: str) -> None:
    if verdict.access == OUT:
        if verdict.rule not in ("no_street", "sidewalk"):
            found.left_out[verdict.rule, verdict.highway] += 1
        if verdict.rule not in KEPT_RULES:
            return
    if not vertices:
        return
    get = tags.get
    found.vertices.append(vertices)
    found.rows.append(
        (str(number), verdict.highway, verdict.access, verdict.oneway, verdict.rule, get("bridge", "no") != "no",
         get("tunnel", "no") != "no", _unescape(get("level", "")), get("layer", ""),
         _on_ground(verdict.highway, *map(get, GROUND_KEYS)),
         ride_seconds(verdict.highway, get("duration", "")), f"w{number}" if get("area") == "yes" else "",
         _unescape(get("name", "")))
    )  # fmt: skip


@lru_cache(maxsize=100_000)
def _on_ground(highway: str, *values: str | None) -> bool:
    tags = {key: _unescape(value) for key, value in zip(GROUND_KEYS, values, strict=True) if value}
    return on_ground({"highway": highway, **tags})


def _objects(path: Path) -> Iterator[tuple[str, int, dict[str, str], str]]:
    """Yield kind, id, tags and the last field (vertices, members or position) of each line."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            head, tags, rest = line.rstrip("\n").split(" ", 2)
            yield head[0], int(head[1:]), _tags(tags), rest


def _tags(text: str) -> dict[str, str]:
    """Return the tags of an OPL field, values still escaped: few of them are looked at.

    Examples
    --------
    >>> _tags("Thighway=steps,name=%4e2d%%20%A")
    {'highway': 'steps', 'name': '%4e2d%%20%A'}
    """
    return dict(_TAG.findall(text, 1))


def _plain(tags: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """Return the tags of these keys as they were written."""
    return {key: _unescape(tags[key]) for key in keys if key in tags}


@lru_cache(maxsize=100_000)
def _unescape(text: str) -> str:
    """Return the text that OPL wrote.

    Examples
    --------
    >>> _unescape("%4e2d%%20%A")
    '中 A'
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "%" in text else text


def _to_ways(found: _Lines, path: Path, *, datum: object, crs: CRS | str) -> tuple[Ways, tuple[Note, ...]]:
    """Give numbers to the points, move them to `crs`, and leave out those whose position the extract lacks."""
    ids, lonlat, first = _vertices(found.vertices)
    known = ~np.isnan(lonlat[:, 0])
    way = np.repeat(np.arange(len(found.rows)), np.diff(first))
    notes: tuple[Note, ...] = ()
    if not known.all():
        lost = len(np.unique(way[~known]))
        notes = (Note.of("streets_points_missing", file=path.name, points=int((~known).sum()), ways=lost),)
    # a way with a gap goes on behind it as another way
    starts = known & np.concatenate([[True], (way[1:] != way[:-1]) | ~known[:-1]]) if len(way) else known
    way_of_part = way[starts]
    part_first = np.append(np.flatnonzero(starts[known]), known.sum()).astype(np.int64)
    node_id, at, vertex = np.unique(ids[known], return_index=True, return_inverse=True)
    first, vertex = without_repeats(part_first, vertex.astype(np.int64))
    xy = _metric(lonlat[known][at], datum=datum, crs=crs)
    table = pd.DataFrame(found.rows, columns=_COLUMNS).iloc[way_of_part].reset_index(drop=True)
    if found.squares:
        own = zip(table["osm_id"], table["square"], strict=True)
        table["square"] = [found.squares.get(osm_id, square) for osm_id, square in own]
    marks = pd.DataFrame.from_dict(found.marks, orient="index", columns=list(no_marks())).sort_index()
    marks.index = marks.index.astype("int64")
    ways, taken = join_twins(Ways(table, first, vertex, node_id, xy, marks[marks.index.isin(node_id)]))
    if taken:
        notes += (Note.of("streets_points_joined", file=path.name, severity="info", points=taken),)
    return ways, notes


def _vertices(texts: list[str]) -> tuple[Ints, Floats, Ints]:
    """Return ids, longitudes and latitudes of all vertices, and where each way's begin."""
    first = np.zeros(len(texts) + 1, dtype=np.int64)
    first[1:] = np.cumsum([text.count("n") for text in texts])
    flat = ",".join(texts).replace("xy", "xnanynan").replace("x", ",").replace("y", ",").replace("nan", "NAN")
    values = np.fromstring(flat.replace("n", ""), sep=",").reshape(-1, 3) if texts else np.empty((0, 3))
    return values[:, 0].astype(np.int64), values[:, 1:], first


def _metric(lonlat: Floats, *, datum: object, crs: CRS | str) -> Floats:
    """Return positions in `crs`, moved all at once as the vertices of one line."""
    if not len(lonlat):
        return np.empty((0, 2))
    line = shapely.linestrings(np.concatenate([lonlat, lonlat[-1:]]))  # a line has two vertices at least
    moved = to_crs(gpd.GeoSeries([line], crs=4326), datum=datum, crs=crs)  # type: ignore[arg-type]
    xy: Floats = shapely.get_coordinates(moved.array)
    return xy[:-1]
