"""The zones of a study: polygon layers and residential land."""

from typing import Annotated

from pydantic import Field

from geoplan.study.entry import Datum, Entry, FilePath, Level, Text


class ZoneLayer(Entry):
    """One layer of polygons at one level."""

    level: Level
    """district, town and community partition the area; estate (小区) is an overlay."""
    file: FilePath
    """GeoJSON, GeoPackage, Shapefile, FileGDB, GeoParquet; a table (CSV, XLSX) of estates or H3 ids also serves."""
    layer: Text | None = None
    """Layer inside the file; needed where it holds several."""
    encoding: Text | None = None
    """Text encoding of a Shapefile or CSV; found out where it is not given."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says."""
    id: Text
    """Column of ids, unique in the layer."""
    name: Text | None = None
    """Column of names; default: the ids."""
    h3: bool = False
    """True where `id` holds H3 cell ids and the polygons are made from them."""
    parent: Text | None = None
    """Column that names the zone one level up by id or name; where absent, the overlay decides."""
    kind: Text | dict[Text, Text | list[Text]] | None = None
    """One word for all (``urban``), or ``{column: 类型, 城镇: urban, 农村: rural}``."""
    totals: dict[Text, Text | Annotated[list[Text], Field(min_length=1)]] = {}
    """Given totals: group -> column, or columns that are added up (``elders_60: [60-64岁, 65-69岁, 70岁及以上]``)."""
    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""
    columns: dict[Text, Text] = {}
    """Further attributes: name -> column (estates: built_year, households, dwellings, eldercare_rooms_m2,
    childcare_rooms_m2, handed_over)."""


class Land(Entry):
    """Residential land for the third base of circles."""

    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""

    file: FilePath
    """Polygons of residential land."""
    layer: Text | None = None
    """Layer inside the file."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says."""
