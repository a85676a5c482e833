"""The layers for QGIS and ArcGIS: ``coverage.gpkg`` with zones, facilities, isochrones and snaps, and their styles."""

import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.projects import facility_types
from geoplan.report.content.table import Amount, Cell, Coded, Column, Listed, Table, column
from geoplan.report.layers import styles
from geoplan.report.layers.sites import candidates_layer, projects_layer, sites_layer
from geoplan.report.layers.styles import Part
from geoplan.report.layers.zones import Layer, Style, finite, layer_table, zone_layer
from geoplan.tables import LEVELS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import facility_label, heading, planner_word

#: The table that QGIS reads styles from, as QGIS makes it.
_LAYER_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME
)
"""


def write_layers(outcome: Outcome, path: Path) -> None:
    """Write the GeoPackage; the same outcome gives the same bytes.

    Layers: ``zones_<level>`` for every level present (covered shares, flags, reachable and located supply),
    ``facilities`` (those without a point too, with empty geometry), ``isochrones``, ``snaps``; ``projects`` where there is a
    list of them; where a siting question was asked, ``sites``, ``candidates`` and ``site_isochrones``. Fields have the names of
    the CSV files' columns.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path.unlink(missing_ok=True)
    written = [layer for layer in layers(outcome) if len(layer.table)]
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


def layers(outcome: Outcome) -> Iterator[Layer]:
    """Yield every layer, zones coarse to fine first."""
    for level in LEVELS:
        if (outcome.zones["level"] == level).any():
            yield zone_layer(outcome, level)
    yield _facilities(outcome)
    yield _isochrones(outcome, outcome.isochrones, "isochrones")
    yield _snaps(outcome)
    planned = (projects_layer(outcome), sites_layer(outcome), candidates_layer(outcome))
    yield from (layer for layer in planned if layer is not None)
    if not empty(outcome.site_isochrones):
        yield _isochrones(outcome, outcome.site_isochrones, "site_isochrones")


def _facilities(outcome: Outcome) -> Layer:
    lang, names, every = outcome.lang, Names(outcome), outcome.facilities
    columns = [
        column(key, lang)
        for key in ("facility_id", "name", "facility_type", "services", "zone", "zone_code", "inside")
    ]
    columns.append(column("facility_status", lang, name="status"))
    columns += [
        column(key, lang) for key in ("open_year", "close_year", "location", "source_file", "source_row")
    ]
    rows: list[list[Cell]] = []
    for key, row in zip(every.index, rows_of(pd.DataFrame(every.drop(columns="geometry"))), strict=True):
        types = facility_types(row["services"], lang)
        rows.append([
            str(key), text(row["name"]), types.items[0] if isinstance(types, Listed) and types.items else None, types,
            names.zone(row["zone_id"]) if present(row["zone_id"]) else "", names.code(row["zone_id"]),
            Coded("yes" if present(row["zone_id"]) else "no"), Coded(str(row["status"])),
            Amount.of(row["open_year"], "year"), Amount.of(row["close_year"], "year"), Coded(str(row["location_quality"])),
            text(row["source_file"]), Amount.of(row["source_row"], "count"),
        ])  # fmt: skip
    for supply, amounts in outcome.supplies.groupby("supply", sort=True):
        sums = amounts.groupby("facility_id")[["low", "high"]].sum().reindex(every.index)
        columns.append(Column(str(supply), planner_word(supply, lang), "count", interval=True))
        for own, low, high in zip(rows, sums["low"], sums["high"], strict=True):
            own.append(Amount.between(low, high, "count"))
    title = phrase("layers_facilities", lang)
    table, aliases = layer_table(Table.of("facilities", title, columns, rows), every.geometry, lang)
    # attributes and what else the registers say, under their own names
    known = {
        "name", "services", "zone_id", "serves", "geometry", "zone_from", "location_quality", *table.columns,
    }  # fmt: skip
    for name in (c for c in every.columns if c not in known):
        table[name] = _storable(every[name]).to_numpy()
        aliases[name] = heading(name, lang)
    order = {t: k for k, s in enumerate(outcome.services.values()) for t in s.facilities}
    parts = [
        Part(
            facility_label(kind, lang),
            styles.marker(
                look.SERVICE_COLOURS[order.get(kind, 0) % len(look.SERVICE_COLOURS)],
                look.MARK_SHAPES[position % len(look.MARK_SHAPES)],
            ),
            kind,
        )
        for position, kind in enumerate(sorted(set(table["facility_type"].dropna())))
    ]
    style = Style(title, styles.categorised("facility_type", parts, aliases=aliases, label="name"))
    return Layer("facilities", title, table, aliases, (style,))


def _storable(values: pd.Series) -> pd.Series:
    """Return a column as the format can hold it: numbers as they are, yes/no as 1/0, all else as text."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("Int64")
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values if pd.api.types.is_integer_dtype(values.dtype) else finite(values)
    return values.map(lambda value: str(value) if present(value) else None).astype(object)


def _isochrones(outcome: Outcome, found: gpd.GeoDataFrame, name: str) -> Layer:
    lang = outcome.lang
    # the widest first, so that the narrow ones lie on top
    own = found.sort_values(["service", "minutes"], ascending=[True, False], kind="stable")
    columns = [column("service", lang), column("minutes", lang), column("band", lang)]
    rows = [
        [
            Coded(str(service), outcome.services[service].label(lang)),
            Amount.of(m, "minutes"),
            f"{m:g}",
        ]
        for service, m in zip(own["service"], own["minutes"], strict=True)
    ]
    title = phrase(f"layers_{name}", lang)
    table, aliases = layer_table(Table.of(name, title, columns, rows), own.geometry, lang)
    ramp = list(reversed(look.SEQUENTIAL))
    parts = [
        Part(
            phrase("layers_minutes", lang, minutes=f"{m:g}"),
            styles.fill(ramp[min(k, len(ramp) - 1)], alpha=0.55),
            f"{m:g}",
        )
        for k, m in enumerate(sorted({float(m) for m in own["minutes"]}))
    ]
    return Layer(
        name, title, table, aliases, (Style(title, styles.categorised("band", parts, aliases=aliases)),)
    )


def _snaps(outcome: Outcome) -> Layer:
    lang, table = outcome.lang, outcome.snaps
    facilities = set(outcome.facilities.index.map(str))
    ids = table.index.map(str)
    off = table["reason"].map(present)
    columns: dict[str, Any] = {
        "point_id": ids,
        "of": np.where(ids.isin(facilities), "facility", "people"),
        # empty where the point is on the network: nearly always
        "reason": table["reason"].map(str).where(off, None).astype(object),
        "leg_m": finite(table["leg_m"]).round(2).astype("float32"),
        "island": table["island"].astype("int8"),
    }
    # a city has more than 100,000 of these rows: a column that says the same in all of them is left out
    columns = {
        key: values for key, values in columns.items() if key not in ("of", "island") or len(set(values)) > 1
    }
    plain = pd.DataFrame(columns, index=table.index)
    shape = gpd.GeoDataFrame(plain, geometry=table.geometry, crs=outcome.crs)
    points = bool(table.geometry.dropna().geom_type.isin(["Point", "MultiPoint"]).all())

    def symbol(colour: str) -> Any:  # noqa: ANN401 - an XML element
        return styles.marker(colour, "circle") if points else styles.line(colour)

    parts = [
        Part(f"{phrase('layers_not_snapped', lang)} ({reason})", symbol(look.COLOURS["flag"]), reason)
        for reason in sorted(set(columns["reason"].dropna()))
    ]
    # in QGIS the class without a value takes all the others, the empty ones too
    parts.append(Part(phrase("layers_snapped", lang), symbol(look.COLOURS["accent"])))
    aliases = {key: phrase(f"layers_field_{key}", lang) for key in columns}
    title = phrase("layers_snaps", lang)
    style = Style(title, styles.categorised("reason", parts, aliases=aliases))
    return Layer("snaps", title, shape.reset_index(drop=True), aliases, (style,))


def _add_styles(path: Path, written: list[Layer], *, stamp: str) -> None:
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
                style.qml,
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
