"""Extracts that osmium does not read as they are meant: files saved by JOSM, histories, and the JSON of Overpass.

JOSM gives new objects negative ids and only marks what is deleted (https://wiki.openstreetmap.org/wiki/JOSM_file_format); a history
holds every version of an object; Overpass may repeat an object without its tags. Here all objects are read into memory,
the last version of each counts unless it is deleted, and ways are written with the positions of their nodes.
"""

import bz2
import gzip
import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

import osmium
import shapely
from osmium import osm

from geoplan.study.formats import OSM_FORMATS, ending, kind_of

#: What stands in XML that JOSM or the editing API wrote, or in a history, and in no plain extract.
_EDITED = re.compile(rb"""\b(action|visible)=|\bid=["']-""")
#: An answer of Overpass begins so.
_OVERPASS = re.compile(r'"elements"\s*:\s*\[')
_CHUNK = 1 << 20
#: What OPL escapes.
_SPECIAL = re.compile(r"[\s,=@%]")
_KINDS = ("node", "way", "relation")


@dataclass
class Thing:
    """One version of a node (`at`: longitude, latitude), a way (`refs`: node ids) or a relation (`refs`: ids of ways)."""

    version: int
    alive: bool
    tags: dict[str, str]
    at: tuple[float, float] | None = None
    refs: list[int] = field(default_factory=list)


@dataclass
class Objects:
    """Objects by kind and id, in their last version; `dropped` is the number of versions that do not count."""

    things: dict[str, dict[int, Thing]]
    dropped: int = 0
    remark: str = ""

    def add(self, kind: str, number: int, new: Thing) -> None:
        """Take a version, unless a later one is there; a repetition may lack tags or nodes."""
        old = self.things[kind].get(number)
        if old is None:
            self.things[kind][number] = new
            return
        if old.version == new.version:
            new = Thing(
                new.version,
                old.alive and new.alive,
                new.tags or old.tags,
                new.at or old.at,
                new.refs or old.refs,
            )
        else:
            self.dropped += 1
        if new.version >= old.version:
            self.things[kind][number] = new

    def without_deleted(self) -> "Objects":
        """Return the objects that are there."""
        alive = {
            kind: {number: thing for number, thing in things.items() if thing.alive}
            for kind, things in self.things.items()
        }
        gone = sum(len(self.things[kind]) - len(alive[kind]) for kind in alive)
        return Objects(alive, self.dropped + gone, self.remark)

    def write(self, target: Path, *, keys: Collection[str] = (), ways: Collection[int] = ()) -> None:
        """Write tagged nodes, ways with one of `keys` or among `ways`, and tagged relations as OPL with positions."""
        with target.open("w", encoding="utf-8", newline="\n") as out:
            for number, node in self.things["node"].items():
                if node.tags and keys:
                    out.write(f"n{number} T{_tags(node.tags)} x y\n")
            for number, way in self.things["way"].items():
                if number in ways or not way.tags.keys().isdisjoint(keys):
                    out.write(f"w{number} T{_tags(way.tags)} N{','.join(map(self._vertex, way.refs))}\n")
            for number, relation in self.things["relation"].items():
                if relation.tags and keys:
                    members = ",".join(f"w{ref}@" for ref in relation.refs)
                    out.write(f"r{number} T{_tags(relation.tags)} M{members}\n")

    def line(self, way: Thing) -> list[tuple[float, float]]:
        """Return the positions of a way's nodes that are there."""
        nodes = self.things["node"]
        return [at for ref in way.refs if ref in nodes and (at := nodes[ref].at) is not None]

    def areas(
        self, wanted: Callable[[dict[str, str]], bool]
    ) -> Iterator[tuple[str, int, Thing, shapely.Geometry]]:
        """Yield closed ways and multipolygons whose tags are wanted, with kind, id and outline; rings inside of rings are holes."""
        ways = self.things["way"]
        areas = [("way", number, way, [way]) for number, way in ways.items()]
        areas += [
            ("relation", number, relation, [ways[ref] for ref in relation.refs if ref in ways])
            for number, relation in self.things["relation"].items()
            if relation.tags.get("type") in ("multipolygon", "boundary")
        ]
        for kind, number, thing, borders in areas:
            if not wanted(thing.tags):
                continue
            # what is not closed is no area
            drawn = [self.line(way) for way in borders]
            area = shapely.build_area(shapely.MultiLineString([xy for xy in drawn if len(xy) > 1]))
            if not area.is_empty:
                yield kind, number, thing, area

    def _vertex(self, ref: int) -> str:
        node = self.things["node"].get(ref)
        return f"n{ref}xy" if node is None or node.at is None else f"n{ref}x{node.at[0]!r}y{node.at[1]!r}"


def holds_osm(path: Path) -> bool:
    """Return whether a file holds OpenStreetMap objects: an extract, or JSON that is an answer of Overpass."""
    if kind_of(path) == "osm":
        return True
    if ending(path) not in (".json", ".geojson"):
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as text:
        return _OVERPASS.search(text.read(_CHUNK)) is not None


def is_edited(path: Path) -> bool:
    """Return whether osmium would not read a file as it is meant."""
    end = ending(path)
    if end not in OSM_FORMATS or end.startswith(".osh"):
        return True
    if end == ".pbf":
        with osmium.io.Reader(str(path), osm.NOTHING) as reader:
            return bool(reader.header().has_multiple_object_versions)
    with _stream(path) as raw:
        tail = b""
        while chunk := raw.read(_CHUNK):
            if _EDITED.search(tail + chunk):
                return True
            tail = chunk[-16:]
    return False


def read_objects(path: Path) -> Objects:
    """Return what is there by the last version of every object.

    Raises
    ------
    RuntimeError, ValueError, KeyError, TypeError, OSError, EOFError, expat.ExpatError
        If the file is broken.
    """
    found = Objects({kind: {} for kind in _KINDS})
    if ending(path) == ".pbf":
        _read_pbf(path, found)
    elif ending(path) in OSM_FORMATS:
        with _stream(path) as raw:
            _read_xml(raw, found)
    else:
        _read_json(json.loads(path.read_text(encoding="utf-8-sig")), found)
    return found.without_deleted()


def _stream(path: Path) -> Any:  # noqa: ANN401 - a file opened for reading bytes, of three kinds
    end = path.suffix.lower()
    if end == ".gz":
        return gzip.open(path)
    return bz2.open(path) if end == ".bz2" else path.open("rb")


def _read_xml(raw: IO[bytes], found: Objects) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    reader = _Reader(found)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.StartDoctypeDeclHandler = _no_doctype  # entities of a document type may grow without end
    parser.ParseFile(raw)


class _Reader:
    """Takes elements of OSM XML as they come."""

    def __init__(self, found: Objects) -> None:
        self.found, self.number, self.thing = found, 0, Thing(0, alive=True, tags={})

    def start(self, element: str, has: dict[str, str]) -> None:
        if element in _KINDS:
            alive = has.get("action") != "delete" and has.get("visible") != "false"
            self.number, self.thing = int(has["id"]), Thing(int(has.get("version", 0)), alive, {})
            if "lon" in has and "lat" in has:
                self.thing.at = float(has["lon"]), float(has["lat"])
        elif element == "tag":
            self.thing.tags[has["k"]] = has["v"]
        elif element == "nd" or (element == "member" and has["type"] == "way"):
            self.thing.refs.append(int(has["ref"]))

    def end(self, element: str) -> None:
        if element in _KINDS:
            self.found.add(element, self.number, self.thing)


def _no_doctype(*_: object) -> None:
    raise ValueError("a document type stands in it, which OSM files have not")


def _read_json(answer: dict[str, Any], found: Objects) -> None:
    found.remark = str(answer.get("remark", ""))
    places: dict[tuple[float, float], int] = {}
    for element in answer["elements"]:
        kind = element["type"]
        if kind not in _KINDS:
            continue
        thing = Thing(int(element.get("version", 0)), element.get("visible", True), element.get("tags", {}))
        if "lon" in element:
            thing.at = float(element["lon"]), float(element["lat"])
        thing.refs = list(element.get("nodes", []))
        thing.refs += [m["ref"] for m in element.get("members", []) if m["type"] == "way"]
        if kind == "way":
            _add_geometry(element.get("geometry", []), thing, places, found)
        found.add(kind, int(element["id"]), thing)


def _add_geometry(
    line: list[Any], way: Thing, places: dict[tuple[float, float], int], found: Objects
) -> None:
    """Add the positions that ``out geom`` writes beside the nodes, or in their stead."""
    at = [None if place is None else (float(place["lon"]), float(place["lat"])) for place in line]
    if not way.refs:
        # nodes without numbers are told apart by their places; what lies outside of the answer is cut off
        way.refs = [0 if place is None else places.setdefault(place, -1 - len(places)) for place in at]
    for ref, place in zip(way.refs, at, strict=False):
        if place is not None:
            found.add("node", ref, Thing(0, alive=True, tags={}, at=place))


def _read_pbf(path: Path, found: Objects) -> None:
    for each in osmium.FileProcessor(str(path)):
        if not isinstance(each, osm.Node | osm.Way | osm.Relation):
            continue
        thing = Thing(each.version, each.visible, dict(each.tags))
        if isinstance(each, osm.Node):
            thing.at = (each.location.lon, each.location.lat) if each.location.valid() else None
            found.add("node", each.id, thing)
        elif isinstance(each, osm.Way):
            thing.refs = [node.ref for node in each.nodes]
            found.add("way", each.id, thing)
        else:
            thing.refs = [member.ref for member in each.members if member.type == "w"]
            found.add("relation", each.id, thing)


def _tags(tags: dict[str, str]) -> str:
    return ",".join(f"{_escape(key)}={_escape(value)}" for key, value in tags.items())


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"%{ord(found[0]):x}%", text)
