"""Kinds of files that a study may name, told apart by the end of the file's name in upper or lower case.

This is the only list of file endings. Every reader says which kinds it takes and refuses the others by one message
(`geoplan.inputs.readers.file_kind`). A new format is one entry here and its reader.
"""

from collections.abc import Mapping
from pathlib import Path

#: OpenStreetMap extracts -> the format as osmium calls it (osmium itself tells only lower-case endings).
OSM_FORMATS: Mapping[str, str] = {
    ".pbf": "pbf", ".osm": "osm", ".osm.gz": "osm.gz", ".osm.bz2": "osm.bz2", ".osm.xml": "osm", ".osm.xml.gz": "osm.gz",
    ".osm.xml.bz2": "osm.bz2", ".osh": "osh", ".osh.gz": "osh.gz", ".osh.bz2": "osh.bz2",
}  # fmt: skip
#: Tables kept as text; the other tables are workbooks.
TEXT_TABLES = (".csv", ".txt", ".tsv")
#: Files of a pack of rules: YAML, or workbooks as `geoplan.standards.packs.sheet` reads them.
PACK_FILES = (".yaml", ".yml", ".xlsx", ".xlsm", ".et", ".xls", ".ods")
#: Kind -> endings.
KINDS: Mapping[str, tuple[str, ...]] = {
    "osm": tuple(OSM_FORMATS),
    "graph": (".graphml",),
    "layer": (
        ".geojson", ".json", ".gpkg", ".shp", ".gdb", ".gdb.zip", ".parquet", ".geoparquet", ".fgb", ".kml",
    ),
    "table": (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods", *TEXT_TABLES),
    "raster": (".hgt", ".tif", ".tiff", ".asc", ".img"),
    "tiles": (".pmtiles",),
}  # fmt: skip
#: Parts of a Shapefile that decide what is read from it.
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
#: Files beside a raster that say where it lies or how its values count: behind its name, and in place of its ending.
RASTER_SIDECARS = (".aux.xml", ".msk", ".ovr")
WORLD_FILES = (".prj", ".tfw", ".wld")


def ending(path: str | Path) -> str:
    """Return the end of a file's name in lower case, as `KINDS` has it; of an unknown one what follows the last dot.

    Examples
    --------
    >>> ending("a/City.OSM.PBF"), ending("zones.gdb.ZIP"), ending("notes.docx"), ending("city.osm.gz")
    ('.pbf', '.gdb.zip', '.docx', '.osm.gz')
    """
    name = Path(path).name.lower()
    known = [end for ends in KINDS.values() for end in ends if name.endswith(end)]
    return max(known, key=len, default=Path(name).suffix)


def kind_of(path: str | Path) -> str:
    """Return the kind of a file (`KINDS`), empty if its ending is unknown.

    Examples
    --------
    >>> kind_of("register.XLSX"), kind_of("city.osm.pbf"), kind_of("zones.shp"), kind_of("notes.docx")
    ('table', 'osm', 'layer', '')
    """
    end = ending(path)
    return next((kind for kind, ends in KINDS.items() if end in ends), "")
