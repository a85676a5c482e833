"""Reading files as they stand: layers with geometry, rows of tables, rasters, and the fingerprint of each file.

Nothing is interpreted here: blanks stay blank, ``007`` stays text, coordinates stay in the file's own datum. What
cannot be read raises an :class:`~geoplan.words.errors.InputError` that says what was found and what to do.
"""

import hashlib
import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from geoplan.inputs.encodings import dbf_encoding
from geoplan.inputs.limits import check_json, check_xml
from geoplan.inputs.opening import FilePath, choose, existing, fail, file_kind, note, reason, text_of
from geoplan.inputs.sheets import read_sheet
from geoplan.study.formats import KINDS, RASTER_SIDECARS, SHAPEFILE_PARTS, WORLD_FILES, ending, kind_of
from geoplan.tables import Source
from geoplan.words.errors import InputError

__all__ = ["FilePath", "file_kind", "raster_name", "read_layer", "read_rows", "source"]


def read_layer(path: FilePath, *, layer: str | None = None, encoding: str | None = None) -> gpd.GeoDataFrame:
    """Return a layer as it stands in the file.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, Shapefile, FileGDB (folder or ``.gdb.zip``), GeoParquet, FlatGeobuf or KML.
    layer
        Layer inside the file; needed where it holds several with geometry.
    encoding
        Text encoding of a Shapefile or GeoJSON. Found out where it is not given: what a ``.cpg`` says if the text can
        be read so, else UTF-8, else GB18030.

    Returns
    -------
    layer
        Features in file order; geometry may be null; ``crs`` is what the file says and may be None.

    Raises
    ------
    InputError
        If the file is missing, of an unknown kind, unreadable, or holds several layers and none is named.
    """
    path = Path(path)
    file_kind(path, "layer")
    try:
        parquet = ending(path) in (".parquet", ".geoparquet")
        table = gpd.read_parquet(path) if parquet else _read_ogr(path, layer=layer, encoding=encoding)
    except InputError:
        raise
    except Exception as error:
        raise InputError(note("file_unreadable", path, reason=reason(error))) from error
    if not isinstance(table, gpd.GeoDataFrame):
        fail("layer_without_geometry", path)
    return _only_finite(table)


def _only_finite(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer in which a shape with a coordinate that is no finite number is null, as one that is not given."""
    coordinates, row = shapely.get_coordinates(layer.geometry.array, return_index=True)
    wrong = np.unique(row[~np.isfinite(coordinates).all(axis=1)])
    if not len(wrong):
        return layer
    shapes = layer.geometry.array.copy()
    shapes[wrong] = None
    return layer.set_geometry(gpd.GeoSeries(shapes, index=layer.index, crs=layer.crs))


def _read_ogr(path: Path, *, layer: str | None, encoding: str | None) -> Any:  # noqa: ANN401 - pyogrio gives either
    """Read through GDAL, with the layer chosen and the encoding found out."""
    kind = ending(path)
    if kind in (".geojson", ".json"):
        # GeoJSON is UTF-8 by its standard; what is not, is decoded here and handed on as UTF-8
        data = check_json(path, text_of(path, encoding).encode("utf-8"))
        try:
            names = [str(name) for name, geometry in pyogrio.list_layers(data) if geometry is not None]
        except DataSourceError:
            _check_has_type(path, data)
            raise
        # a TopoJSON file holds several objects; the one layer of a GeoJSON has no name that a planner could know
        return pyogrio.read_dataframe(data, layer=choose(path, names, layer) if len(names) > 1 else None)
    if kind == ".kml":
        check_xml(path, "kml")
    name = choose(path, [str(n) for n, geometry in pyogrio.list_layers(path) if geometry is not None], layer)
    if kind == ".shp":
        return pyogrio.read_dataframe(path, encoding=encoding or dbf_encoding(path))
    return pyogrio.read_dataframe(path, layer=name)


def _check_has_type(path: Path, data: bytes) -> None:
    """Raise an InputError if JSON is whole but no layer: GeoJSON and TopoJSON name their type."""
    try:
        content = json.loads(data)
    except ValueError:
        return  # damaged: the library says where
    if not isinstance(content, dict) or "type" not in content:
        fail("json_no_layer", path, found=" ".join(data[:240].decode("utf-8", "replace").split())[:60])


def read_rows(path: FilePath, *, layer: str | None = None, encoding: str | None = None) -> pd.DataFrame:
    """Return the cells of a table below its header, indexed by row number as the planner's program shows it.

    As `sheets.read_sheet`, without what is odd in the sheet as a whole.

    Raises
    ------
    InputError
        If the file is missing, of an unknown kind, damaged, empty, or holds several sheets and none is named.
    """
    path = Path(path)
    file_kind(path, "table")
    return read_sheet(path, layer=layer, encoding=encoding).cells


def raster_name(path: FilePath, layer: str | None = None) -> str:
    """Return the name by which GDAL opens a raster; `layer` names one of several in a zip.

    Raises
    ------
    InputError
        If the file is missing, or a zip holds no raster, or several of which none is named.
    """
    path = existing(path)
    if ending(path) != ".zip":
        return str(path)
    try:
        with ZipFile(path) as archive:
            rasters = sorted(name for name in archive.namelist() if kind_of(name) == "raster")
    except BadZipFile as error:
        raise InputError(note("file_unreadable", path, reason=reason(error))) from error
    if not rasters:
        fail("file_kind_unknown", path, found=".zip", known=", ".join(KINDS["raster"]))
    return f"/vsizip/{path.as_posix()}/{choose(path, rasters, layer)}"


def source(path: FilePath, *, role: str, rows: int | None = None, datum: str = "", note: str = "") -> Source:
    """Return a file's line of the sources sheet.

    `sha256` is that of the file; for a Shapefile, a folder (FileGDB) or a raster with files of its place beside it, it is that of its parts one after the other,
    each preceded by its lower-case name, in the order of names.

    Raises
    ------
    InputError
        If the file is missing.
    """
    path = existing(path)
    if path.is_dir():
        files = (p for p in path.rglob("*") if p.is_file())
        parts = sorted(files, key=lambda p: p.relative_to(path).as_posix())
    elif ending(path) == ".shp":
        beside = (p for p in path.parent.iterdir() if p.stem == path.stem)
        parts = sorted(p for p in beside if p.suffix.lower() in SHAPEFILE_PARTS)
    elif kind_of(path) == "raster":
        beside = (path.with_name(path.name + end) for end in RASTER_SIDECARS)
        parts = [path, *(part for part in (*beside, *map(path.with_suffix, WORLD_FILES)) if part.is_file())]
    else:
        parts = [path]
    digest, size = hashlib.sha256(), 0
    for part in parts:
        if len(parts) > 1:
            digest.update(part.name.lower().encode("utf-8"))
        with part.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
    return Source(role, path.name, digest.hexdigest(), size, rows, datum, note)
