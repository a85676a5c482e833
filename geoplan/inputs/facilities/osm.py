"""Facilities from an OpenStreetMap extract: kindergartens, childcare, homes and day care for elders.

Nodes, closed ways and multipolygons; an area stands as a point inside it. Tags are turned into the same columns as those of an
office's register, so that everything after is the same.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmium
import pandas as pd
import shapely

from geoplan.inputs.limits import check_file
from geoplan.inputs.streets.osm import UNREADABLE, osmium_file
from geoplan.inputs.streets.osm_edited import Objects, is_edited, read_objects
from geoplan.words.errors import InputError, Note

#: Words of `social_facility:for` (https://wiki.openstreetmap.org/wiki/Key:social_facility:for) by who they mean.
_ELDERS = frozenset(["senior", "elderly", "seniors", "elder"])
_CHILDREN = frozenset(["child", "children", "toddler", "infant"])

#: `social_facility` of elders -> type word. https://wiki.openstreetmap.org/wiki/Key:social_facility
_ELDER_WORDS: Mapping[str, str] = {
    "nursing_home": "nursing_home", "assisted_living": "assisted_living", "group_home": "group_home",
    "hospice": "nursing_home", "day_care": "day_care", "outreach": "outreach", "ambulatory_care": "outreach",
    "dinner": "dinner",
}  # fmt: skip

#: Type word of an OSM object -> facility types, where the study says nothing else.
OSM_TYPES: Mapping[str, tuple[str, ...]] = {
    "kindergarten": ("kindergarten",), "childcare": ("childcare",), "nursing_home": ("elder_home",),
    "assisted_living": ("elder_home",), "group_home": ("elder_home",), "day_care": ("elder_day_care",),
    "outreach": ("home_care",), "dinner": ("elder_canteen",),
}  # fmt: skip

#: Headers of the table that `read_osm` returns, all in the table of recognised headers.
_HEADERS = ("id", "name", "type", "address", "level", "public", "beds", "places", "open_year", "status")


def read_osm(path: str | Path) -> tuple[pd.DataFrame, gpd.GeoSeries]:
    """Return the facilities of an extract as register cells, and their points in WGS 84.

    Both are indexed by ``node/1``, ``way/1``, ``relation/1``, in this order and by number.

    Raises
    ------
    InputError
        If the file is missing or cannot be read.
    """
    path = Path(path)
    check_file(path)
    records: dict[str, tuple[dict[str, Any], shapely.Point]] = {}
    try:
        for key, tags, point in _objects(path):
            word = type_word(tags)
            if word:
                records[key] = (_cells(key, word, tags), point)
    except UNREADABLE as error:
        raise InputError(
            Note.of("file_unreadable", file=path.name, severity="error", reason=str(error))
        ) from error
    order = sorted(records, key=lambda key: (key.split("/")[0], int(key.split("/")[1])))
    table = pd.DataFrame([records[k][0] for k in order], index=order, columns=list(_HEADERS), dtype=object)
    # what nothing is tagged with is no column: unknown for all, and said once
    table = table[[c for c in table.columns if table[c].notna().any() or c in ("id", "name", "type")]]
    return table, gpd.GeoSeries([records[k][1] for k in order], index=order, crs=4326)


def type_word(tags: Mapping[str, str]) -> str:
    """Return the type word of an object's tags, empty where it is no facility for children or elders.

    Examples
    --------
    >>> type_word({"amenity": "social_facility", "social_facility": "day_care", "social_facility:for": "senior"})
    'day_care'
    >>> type_word({"amenity": "social_facility", "social_facility": "shelter", "social_facility:for": "homeless"})
    ''
    """
    amenity = tags.get("amenity", "")
    if amenity in ("kindergarten", "childcare"):
        return amenity
    if amenity in ("nursing_home", "retirement_home"):  # older tags of the same
        return "nursing_home"
    if amenity != "social_facility":
        return ""
    kind = tags.get("social_facility", "")
    meant = {word.strip() for word in tags.get("social_facility:for", "").replace(",", ";").split(";")} - {""}
    if meant & _ELDERS:
        return _ELDER_WORDS.get(kind, "")
    if meant & _CHILDREN:
        return "childcare" if kind == "day_care" else ""
    # a nursing home is for elders unless it says for whom else
    return "nursing_home" if kind == "nursing_home" and not meant else ""


def _objects(path: Path) -> Iterator[tuple[str, dict[str, str], shapely.Point]]:
    return _edited_objects(read_objects(path)) if is_edited(path) else _osmium_objects(path)


def _edited_objects(objects: Objects) -> Iterator[tuple[str, dict[str, str], shapely.Point]]:
    """Yield what `_osmium_objects` yields, of files that osmium does not read as they are meant."""
    for number, node in objects.things["node"].items():
        if type_word(node.tags) and node.at is not None:
            yield f"node/{number}", node.tags, shapely.Point(node.at)
    for kind, number, thing, area in objects.areas(lambda tags: bool(type_word(tags))):
        yield f"{kind}/{number}", thing.tags, area.representative_point()


def _osmium_objects(path: Path) -> Iterator[tuple[str, dict[str, str], shapely.Point]]:
    factory = osmium.geom.WKBFactory()
    wanted = osmium.filter.KeyFilter("amenity")
    things: Iterator[Any] = iter(
        osmium.FileProcessor(osmium_file(path)).with_areas(wanted).with_filter(wanted)
    )
    for thing in things:
        tags = dict(thing.tags)
        if not type_word(tags):
            continue
        if thing.is_node():
            yield f"node/{thing.id}", tags, shapely.Point(thing.location.lon, thing.location.lat)
        elif thing.is_area():
            shape = shapely.from_wkb(bytes.fromhex(factory.create_multipolygon(thing)))
            kind = "way" if thing.from_way() else "relation"
            yield f"{kind}/{thing.orig_id()}", tags, shape.representative_point()


def _cells(key: str, word: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return register cells of an object's tags; what is not tagged is None."""
    elders = OSM_TYPES[word][0] not in ("kindergarten", "childcare")
    capacity = tags.get("capacity:beds" if elders and "capacity:beds" in tags else "capacity")
    street = " ".join(tags[k] for k in ("addr:city", "addr:street", "addr:housenumber") if k in tags)
    operator = {"public": "是", "government": "是", "private": "否"}.get(tags.get("operator:type", ""))
    return {
        "id": key,
        "name": tags.get("name", key),
        "type": word,
        "address": tags.get("addr:full") or street or None,
        "level": tags.get("level"),
        "public": operator,
        "beds": capacity if elders else None,
        "places": None if elders else capacity,
        "open_year": tags.get("start_date") or tags.get("opening_date"),
        "status": "building" if "construction" in tags else "existing",
    }
