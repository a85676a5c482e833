"""The layers for other programs: Shapefile, FileGDB and DXF, in the CRS that the office works in.

Tables are those of the GeoPackage (`geoplan.report.layers.layers`). A Shapefile holds ten bytes of a field's name, so a field-name map
(字段对照表) says what each short name stands for. The office's own grid is tied by the same control points as an input's.
"""

import csv
import importlib
import shutil
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from geoplan.inputs.datum import control_notes, control_points, known_crs
from geoplan.report.content.names import field_name
from geoplan.report.layers.layers import Layer, layers
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.errors import GeoplanError, Note, OutputError
from geoplan.words.numbers import missing

FORMATS = ("shp", "filegdb", "dxf")
#: Bytes of a field's name in a Shapefile (dBASE III), and letters of one in a FileGDB.
SHAPEFILE_NAME, GEODATABASE_NAME = 10, 64
#: Bytes of a text in a Shapefile.
SHAPEFILE_TEXT = 254
#: Datums that are no frame for results: the law shifts them, and offices may not hand them in.
_SHIFTED = ("gcj02", "bd09")
#: Layers that no office asks for.
_LEFT_OUT = ("snaps", "streets")


@dataclass(frozen=True)
class Exports:
    """What was written, in order, and what the fit of a local grid is worth."""

    files: tuple[Path, ...]
    notes: tuple[Note, ...]


def write_exports(
    outcome: Outcome, folder: Path, *, formats: Sequence[str], crs: str | Sequence[Any] | None = None
) -> Exports:
    """Write zones of every level, facilities, isochrones, sites and projects for other programs.

    ``shp/<layer>.shp`` (UTF-8, said by a ``.cpg``), ``coverage.gdb``, ``coverage.dxf``, and with the first two the field-name map
    字段对照表.csv (``field_names.csv`` in English).

    Parameters
    ----------
    outcome
        What a run found out.
    folder
        Where to; made where it is not there. What earlier exports left under these names is replaced.
    formats
        Any of `FORMATS`.
    crs
        EPSG code, PROJ string, ``cgcs2000`` or ``wgs84``; or control points of the office's own grid as in a study file
        (``local``, ``lonlat``); None for the study's own CRS.

    Returns
    -------
    exports
        Files and folders written, and notes on the fit of control points.

    Raises
    ------
    OutputError
        If a format is unknown, the datum is a shifted one, or a file cannot be written.
    InputError
        If the CRS is unknown or the control points do not fix a grid.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        notes = [
            Note.of("exports_unknown_format", format=name, known=", ".join(FORMATS), severity="error")
            for name in unknown
        ]
        raise OutputError(*notes)
    tables = [moved(layer, outcome.crs, crs) for layer in export_layers(outcome)]
    folder.mkdir(parents=True, exist_ok=True)
    fields = field_map(outcome, tables)
    files: list[Path] = []
    try:
        if "shp" in formats:
            files += _write_shapefiles(tables, fields, folder / "shp", year=outcome.year)
        if "filegdb" in formats:
            files.append(_write_geodatabase(tables, fields, folder / "coverage.gdb"))
        if "dxf" in formats:
            files.append(_write_dxf(outcome, tables, folder / "coverage.dxf"))
        if set(formats) & {"shp", "filegdb"}:
            files.append(_write_field_map(fields, folder, outcome.lang))
    except GeoplanError:
        raise
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise OutputError(
            Note.of("exports_unwritable", name=str(folder), why=str(error), severity="error")
        ) from error
    return Exports(tuple(files), control_notes(crs, crs=outcome.crs) if crs is not None else ())


# --- tables ---------------------------------------------------------------------------------------------------------


def export_layers(outcome: Outcome) -> list[Layer]:
    """Return the layers that are written: those of the GeoPackage without the snaps."""
    return [layer for layer in layers(outcome) if len(layer.table) and layer.name not in _LEFT_OUT]


def moved(layer: Layer, source: str, target: str | Sequence[Any] | None) -> Layer:
    """Return a layer in `target`: a CRS, or the local grid that control points tie to `source`.

    A local grid has no CRS of its own; its coordinates are those of the fitted map read backwards::

        local = ((x, y) - shift) @ inverse(linear)

    Raises
    ------
    OutputError
        If `target` is a shifted datum.
    """
    if target is None:
        return layer
    if isinstance(target, str):
        if target.lower() in _SHIFTED:
            raise OutputError(Note.of("exports_shifted_datum", crs=target, severity="error"))
        return replace(layer, table=layer.table.to_crs(known_crs(target)))
    matrix = control_points(target, crs=source).matrix
    inverse = np.linalg.inv(matrix[:2])

    def to_local(xy: np.ndarray) -> np.ndarray:
        return np.asarray((xy - matrix[2]) @ inverse)

    shapes = shapely.transform(np.asarray(layer.table.geometry.array, dtype=object), to_local)
    plain = pd.DataFrame(layer.table.drop(columns="geometry"))
    shaped = gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries(shapes, index=plain.index), crs=None)
    return replace(layer, table=shaped)


# --- field names ----------------------------------------------------------------------------------------------------


def field_map(outcome: Outcome, tables: Iterable[Layer]) -> pd.DataFrame:
    """Return every field of every layer: ``layer, field`` (the table's), ``short`` (Shapefile), ``long``, ``label, type``.

    A rule's fields begin with ``R`` and its number among the study's rules (``R03_short``), a service's with ``S`` and its number.
    """
    stems = {field_name(str(rule)): f"R{k:02d}" for k, rule in enumerate(outcome.rules.index, start=1)}
    stems |= {field_name(name): f"S{k}" for k, name in enumerate(outcome.services, start=1)}
    rows = []
    for layer in tables:
        columns = [str(c) for c in layer.table.columns if c != "geometry"]
        short = short_names(columns, stems, limit=SHAPEFILE_NAME)
        long = short_names(columns, {}, limit=GEODATABASE_NAME)
        for column in columns:
            number = pd.api.types.is_numeric_dtype(layer.table[column].dtype)
            kind = "number" if number else "text"
            rows.append((layer.name, column, short[column], long[column], layer.aliases[column], kind))
    return pd.DataFrame(rows, columns=["layer", "field", "short", "long", "label", "type"])


def short_names(columns: Sequence[str], stems: Mapping[str, str], *, limit: int) -> dict[str, str]:
    """Return a unique name of at most `limit` ASCII letters for each column.

    Examples
    --------
    >>> short_names(["zone_id", "wuhan_beds_short", "wuhan_beds_required"], {"wuhan_beds": "R01"}, limit=10)
    {'zone_id': 'zone_id', 'wuhan_beds_short': 'R01_short', 'wuhan_beds_required': 'R01_requir'}
    >>> short_names(["dementia_beds_low", "dementia_beds_high"], {}, limit=10)
    {'dementia_beds_low': 'dementia_b', 'dementia_beds_high': 'dementia_2'}
    """
    taken: set[str] = set()
    found: dict[str, str] = {}
    ordered = sorted(stems, key=len, reverse=True)
    for column in columns:
        stem = next((s for s in ordered if column.startswith(f"{s}_")), None)
        name = column if stem is None else stems[stem] + column[len(stem) :]
        name = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name)
        # a name that begins with a digit is no field name in either format
        name = (name if name[:1].isalpha() else f"F{name}")[:limit]
        number = 2
        while name.lower() in taken:
            tail = str(number)
            base = name if number == 2 else name[: -len(str(number - 1))]
            name = base[: limit - len(tail)] + tail
            number += 1
        taken.add(name.lower())
        found[column] = name
    return found


def _write_field_map(fields: pd.DataFrame, folder: Path, lang: str) -> Path:
    def word(code: str) -> str:
        return phrase(f"exports_map_{code}", lang)

    path = folder / word("file")
    # the byte order mark lets the planner's spreadsheet program read UTF-8
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, lineterminator="\r\n")
        out.writerow([word(code) for code in ("layer", "short", "long", "label", "type")])
        for row in fields.itertuples(index=False):
            out.writerow([row.layer, row.short, row.long, row.label, word(str(row.type))])
    return path


def _renamed(layer: Layer, fields: pd.DataFrame, kind: str) -> gpd.GeoDataFrame:
    own = fields[fields["layer"] == layer.name]
    return layer.table.rename(columns=dict(zip(own["field"], own[kind], strict=True)))


# --- Shapefile and FileGDB ------------------------------------------------------------------------------------------


def _write_shapefiles(
    tables: Sequence[Layer], fields: pd.DataFrame, folder: Path, *, year: int
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for layer in tables:
        table = _renamed(layer, fields, "short")
        for column in table.columns.drop("geometry"):
            if not pd.api.types.is_numeric_dtype(table[column].dtype):
                table[column] = table[column].map(_cut).astype(object)
        path = folder / f"{layer.name}.shp"
        for old in folder.glob(f"{layer.name}.*"):
            old.unlink()
        options = {"ENCODING": "UTF-8", "DBF_DATE_LAST_UPDATE": f"{year:04d}-01-01"}
        _write(table, path, driver="ESRI Shapefile", layer=layer.name, layer_options=options)
        files.append(path)
    return files


def _cut(value: object) -> str | None:
    """Return a text within the bytes of a Shapefile's cell, whole characters only."""
    if missing(value):
        return None
    return str(value).encode("utf-8")[:SHAPEFILE_TEXT].decode("utf-8", errors="ignore")


def _write_geodatabase(tables: Sequence[Layer], fields: pd.DataFrame, path: Path) -> Path:
    if path.is_dir():
        shutil.rmtree(path)
    for layer in tables:
        table = _renamed(layer, fields, "long")
        for column in table.columns.drop("geometry"):
            # a FileGDB that every version of ArcGIS reads has no 64-bit integers
            if pd.api.types.is_integer_dtype(table[column].dtype):
                table[column] = table[column].astype("Int32")
        options = {"LAYER_ALIAS": layer.description.split(" · ")[0]}
        _write(table, path, driver="OpenFileGDB", layer=layer.name, layer_options=options)
    return path


def _write(
    table: gpd.GeoDataFrame, path: Path, *, driver: str, layer: str, layer_options: dict[str, str]
) -> None:
    kinds = set(table.geometry.dropna().geom_type)
    multi = driver == "OpenFileGDB" and any(kind.endswith("Polygon") for kind in kinds)
    with warnings.catch_warnings():
        # a local grid has no CRS, and is meant to have none
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        # advice on speed, for isochrones of many parts
        warnings.filterwarnings("ignore", message=r"organizePolygons\(\)")
        pyogrio.write_dataframe(
            table, path, layer=layer, driver=driver, promote_to_multi=multi or None, layer_options=layer_options,
            append=path.is_dir(),
        )  # fmt: skip


# --- DXF ------------------------------------------------------------------------------------------------------------


def _write_dxf(outcome: Outcome, tables: Sequence[Layer], path: Path) -> Path:
    try:
        dxf = importlib.import_module("geoplan.report.layers.dxf")
    except ImportError as error:
        raise OutputError(Note.of("exports_no_ezdxf", package="ezdxf", severity="error")) from error
    dxf.write_dxf(outcome, tables, path)
    return path
