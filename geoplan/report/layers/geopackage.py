"""The layers for QGIS and ArcGIS: ``coverage.gpkg`` with zones, facilities, isochrones, snaps and streets, and their styles."""

import sqlite3
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from geoplan.report.layers import styles
from geoplan.report.layers.layers import Layer, layers
from geoplan.tables import Outcome

#: The table that QGIS reads styles from, as QGIS makes it.
_LAYER_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME
)
"""


def write_layers(outcome: Outcome, path: Path) -> tuple[Layer, ...]:
    """Write the GeoPackage and return the layers that it holds; the same outcome gives the same bytes.

    Layers: ``zones_<level>`` for every level present (covered shares, flags, reachable and located supply),
    ``facilities`` (those without a point too, with empty geometry), ``isochrones``, ``snaps``, ``streets``; ``projects`` where there is a
    list of them; where a siting question was asked, ``sites``, ``candidates`` and ``site_isochrones``. Fields have the names of
    the CSV files' columns.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path.unlink(missing_ok=True)
    written = tuple(layer for layer in layers(outcome) if len(layer.table))
    for layer in written:
        options = {
            "SPATIAL_INDEX": "NO" if layer.name == "snaps" else "YES",
            "IDENTIFIER": layer.name,
            "DESCRIPTION": layer.description or layer.name,
        }
        polygons = layer.name.startswith(("zones", "isochrones", "site_isochrones"))
        layer.table.to_file(
            path,
            layer=layer.name,
            driver="GPKG",
            engine="pyogrio",
            promote_to_multi=polygons or None,
            layer_options=options,
        )
    _add_styles(path, written, stamp=f"{outcome.year:04d}-01-01T00:00:00.000Z")
    return written


def _add_styles(path: Path, written: Sequence[Layer], *, stamp: str) -> None:
    """Add ``layer_styles`` and fix every date, then lay the file out anew so that its bytes hang on its content only."""
    with closing(sqlite3.connect(path)) as base:
        base.execute(_LAYER_STYLES)
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (stamp,),
        )
        rows = [
            (
                "",
                "",
                layer.name,
                "geom",
                _short(style.name),
                styles.qml(style.tree),
                "",
                int(number == 0),
                style.name,
                "",
                "",
                stamp,
            )
            for layer in written
            for number, style in enumerate(layer.styles)
        ]
        base.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, "
            "styleSLD, useAsDefault, description, owner, ui, update_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        base.execute("UPDATE gpkg_contents SET last_change = ?", (stamp,))
        if any(layer.name == "snaps" for layer in written):
            base.create_function("bare", 1, without_envelope, deterministic=True)
            base.execute("UPDATE snaps SET geom = bare(geom) WHERE geom IS NOT NULL")
        base.commit()
        base.execute("VACUUM")
    _reset_change_counter(path)


def _reset_change_counter(path: Path) -> None:
    """Set the counters of SQLite's header that say how many transactions wrote the file, not what stands in it.

    How often a library commits hangs on how busy the machine is. ``File change counter`` (byte 24) and ``version-valid-for``
    (byte 92) must be equal (SQLite file format, 1.3).
    """
    with path.open("r+b") as file:
        for offset in (24, 92):
            file.seek(offset)
            file.write((1).to_bytes(4, "big"))


def without_envelope(geometry: bytes) -> bytes:
    r"""Return a GeoPackage geometry without the box around it, which costs a short line more than the line itself.

    The header is ``GP``, version, flags, four bytes of the CRS and then the box, whose size the flags say (GeoPackage 1.3,
    2.1.3).

    Examples
    --------
    >>> without_envelope(b"GP" + bytes([0, 0b0011]) + bytes(4) + bytes(32) + b"wkb")
    b'GP\x00\x01\x00\x00\x00\x00wkb'
    """
    box = (0, 32, 48, 48, 64)[geometry[3] >> 1 & 0b111]
    return geometry[:3] + bytes([geometry[3] & ~0b1110]) + geometry[4:8] + geometry[8 + box :]


def _short(name: str) -> str:
    """Return a style's name within the 30 characters of its column."""
    return unicodedata.normalize("NFC", name) if len(name) <= 30 else name[:29] + "…"
