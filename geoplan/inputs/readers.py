"""Reading files as they stand: layers with geometry, rows of tables, encodings, and the fingerprint of each file.

Nothing is interpreted here: blanks stay blank, ``007`` stays text, coordinates stay in the file's own datum. What
cannot be read raises an :class:`~geoplan.words.errors.InputError` that says what was found and what to do. Offices keep UTF-8 and GB18030,
and labels on files are often wrong, so the encoding is told from the bytes.
"""

import codecs
import csv
import hashlib
import io
import re
import struct
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import shapely

from geoplan.inputs.limits import check_file, check_json, check_xml
from geoplan.study.formats import (
    KINDS,
    RASTER_SIDECARS,
    SHAPEFILE_PARTS,
    TEXT_TABLES,
    WORLD_FILES,
    ending,
    kind_of,
)
from geoplan.tables import Source
from geoplan.words.errors import InputError, Note

#: Encodings tried in turn where nothing is said or what is said does not fit.
CANDIDATES = ("utf-8", "gb18030")
#: Single-byte encodings: any bytes can be read so, hence they prove nothing.
SINGLE_BYTE = ("iso8859-1", "cp1252", "cp437", "cp850")
#: Lead bytes of the 3,755 common characters of GB 2312 (level 1), which ordinary Chinese text consists of.
GB_LEVEL_1 = range(0xB0, 0xD8)
#: Records of a .dbf that are looked at.
SAMPLE_RECORDS = 5000


def decode_text(data: bytes, encoding: str | None = None) -> str:
    r"""Return the text of `data`: by its byte order mark, else as UTF-8, else as GB18030.

    Raises
    ------
    UnicodeDecodeError
        If it is none of these, or not `encoding`.
    LookupError
        If Python knows no `encoding`.

    Examples
    --------
    >>> decode_text("托位数".encode("gb18030")), decode_text(b"\xef\xbb\xbfbeds")
    ('托位数', 'beds')
    """
    if encoding is not None:
        return data.decode(encoding).removeprefix("\ufeff")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def dbf_encoding(shapefile: Path) -> str | None:
    """Return the encoding of a Shapefile's attributes, or None where all of them are plain ASCII.

    What the ``.cpg`` file says is believed if every text can be read so. A label of a single-byte encoding, or none,
    is overruled by UTF-8 that fits, or by GB18030 that fits and gives mostly common characters.
    """
    texts = _dbf_texts(_sibling(shapefile, ".dbf"))
    if not texts:
        return None
    said = _cpg_says(_sibling(shapefile, ".cpg"))
    if said is not None and said not in SINGLE_BYTE and _fits(texts, said):
        # UTF-8 read as GBK gives rare characters; "联通" in GBK is valid UTF-8 too, hence both are asked
        mislabelled = said == "gb18030" and _fits(texts, "utf-8") and not _looks_chinese(texts)
        return "utf-8" if mislabelled else said
    for encoding in CANDIDATES:
        if _fits(texts, encoding) and (encoding == "utf-8" or _looks_chinese(texts)):
            return encoding
    return said or "iso8859-1"


def _dbf_texts(path: Path | None) -> set[bytes]:
    """Return the texts of a .dbf (field names and character cells) that hold more than ASCII."""
    if path is None:
        return set()
    data = path.read_bytes()
    records, start, width = struct.unpack_from("<IHH", data, 4)
    fields, offset = [], 1
    texts = set()
    for position in range(32, start - 1, 32):
        if data[position] == 0x0D:
            break
        texts.add(data[position : position + 11].split(b"\0")[0])
        kind, length = data[position + 11 : position + 12], data[position + 16]
        if kind == b"C":
            fields.append((offset, length))
        offset += length
    for record in range(min(records, SAMPLE_RECORDS)):
        base = start + record * width
        texts.update(data[base + o : base + o + n].strip(b" \0") for o, n in fields)
    return {text for text in texts if not text.isascii()}


def _fits(texts: Iterable[bytes], encoding: str) -> bool:
    """Return True where every text can be read so; a last character that the field's width cut off is forgiven."""
    for text in texts:
        try:
            text.decode(encoding)
        except UnicodeDecodeError as error:
            cut = error.end >= len(text) and len(text) - error.start < 4 and len(text) >= 9
            if not (cut and error.start > 0):
                return False
        except LookupError:
            return False
    return True


def _looks_chinese(texts: Iterable[bytes]) -> bool:
    """Return True where most characters that are not ASCII are common Chinese ones in GB 2312."""
    common = total = 0
    for text in texts:
        for character in text.decode("gb18030", errors="ignore"):
            if not character.isascii():
                total += 1
                code = character.encode("gb18030")
                common += len(code) == 2 and code[0] in GB_LEVEL_1
    return 2 * common > total


def _cpg_says(path: Path | None) -> str | None:
    """Return Python's name of the encoding that a .cpg states, or None."""
    if path is None:
        return None
    word = re.sub(r"ansi |oem ", "", path.read_text(encoding="ascii", errors="ignore").strip().lower())
    if word == "88591":
        return "iso8859-1"
    for name in (word, f"cp{word}"):
        try:
            found = codecs.lookup(name).name
        except LookupError:
            continue
        # GBK and GB 2312 are parts of GB18030
        return "gb18030" if found in ("gbk", "gb2312", "hz") else found
    return None


def _sibling(path: Path, suffix: str) -> Path | None:
    """Return the file beside `path` with another suffix in either case, or None."""
    beside = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
    return next((file for file in beside if file.exists()), None)


#: Rows above the header (a title, a unit, a date) are looked for in this many rows.
HEADER_SEARCH_ROWS = 15

FilePath = str | Path


def file_kind(path: FilePath, *kinds: str) -> str:
    """Return which of `kinds` (`study.formats.KINDS`) a file is.

    Raises
    ------
    InputError
        If the file is missing, of none of these kinds, or may not be opened (`geoplan.inputs.limits.check_file`).
    """
    path = Path(path)
    kind = kind_of(path)
    if kind not in kinds and path.exists():
        known = ", ".join(end for each in kinds for end in KINDS[each])
        _fail("file_kind_unknown", path, found=ending(path) or path.name, known=known)
    check_file(path)
    return kind


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
        raise InputError(_note("file_unreadable", path, reason=_reason(error))) from error
    if not isinstance(table, gpd.GeoDataFrame):
        _fail("layer_without_geometry", path)
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
        return pyogrio.read_dataframe(check_json(path, _text(path, encoding).encode("utf-8")))
    if kind == ".kml":
        check_xml(path, "kml")
    name = _choose(path, [str(n) for n, geometry in pyogrio.list_layers(path) if geometry is not None], layer)
    if kind == ".shp":
        return pyogrio.read_dataframe(path, encoding=encoding or dbf_encoding(path))
    return pyogrio.read_dataframe(path, layer=name)


def read_rows(path: FilePath, *, layer: str | None = None, encoding: str | None = None) -> pd.DataFrame:
    """Return the cells of a table as they stand, indexed by row number as the planner's program shows it.

    Titles above the header are skipped: the header is the first row in which at least two thirds of the columns
    hold text. Rows without any cell are left out; the others keep their numbers. Text that is merged over several
    cells belongs to each of them (numbers do not: they would count twice). Blanks are None, never 0.

    Parameters
    ----------
    path
        XLSX, XLSM or CSV (comma, semicolon or tab; UTF-8 with or without BOM, UTF-16 with BOM, GB18030).
    layer
        Sheet; needed where several hold cells.
    encoding
        Text encoding of a CSV; found out where it is not given.

    Returns
    -------
    rows
        One object column a header, cells of a CSV as text; index ``row`` (int), the first row of the file being 1.

    Raises
    ------
    InputError
        If the file is missing, of an unknown kind, unreadable, empty, or holds several sheets and none is named.
    """
    path = Path(path)
    file_kind(path, "table")
    cells = _csv_cells(path, encoding) if ending(path) in TEXT_TABLES else _sheet_cells(path, layer)
    if not any(map(_filled, cells)):
        _fail("table_empty", path)
    return _with_header(cells)


def raster_name(path: FilePath, layer: str | None = None) -> str:
    """Return the name by which GDAL opens a raster; `layer` names one of several in a zip.

    Raises
    ------
    InputError
        If the file is missing, or a zip holds no raster, or several of which none is named.
    """
    path = _existing(path)
    if ending(path) != ".zip":
        return str(path)
    try:
        with ZipFile(path) as archive:
            rasters = sorted(name for name in archive.namelist() if kind_of(name) == "raster")
    except BadZipFile as error:
        raise InputError(_note("file_unreadable", path, reason=_reason(error))) from error
    if not rasters:
        _fail("file_kind_unknown", path, found=".zip", known=", ".join(KINDS["raster"]))
    return f"/vsizip/{path.as_posix()}/{_choose(path, rasters, layer)}"


def source(path: FilePath, *, role: str, rows: int | None = None, datum: str = "", note: str = "") -> Source:
    """Return a file's line of the sources sheet.

    `sha256` is that of the file; for a Shapefile, a folder (FileGDB) or a raster with files of its place beside it, it is that of its parts one after the other,
    each preceded by its lower-case name, in the order of names.

    Raises
    ------
    InputError
        If the file is missing.
    """
    path = _existing(path)
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


# --- tables ---------------------------------------------------------------------------------------------------------


def _csv_cells(path: Path, encoding: str | None) -> list[list[Any]]:
    """Return the cells of a CSV; blank text is None."""
    text = _text(path, encoding)
    head = "\n".join(text.splitlines()[:HEADER_SEARCH_ROWS])
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise InputError(_note("file_unreadable", path, reason=_reason(error))) from error
    return [[_cell(value) for value in row] for row in rows]


def _sheet_cells(path: Path, layer: str | None) -> list[list[Any]]:
    """Return the cells of one sheet, merged text repeated."""
    try:
        with warnings.catch_warnings():
            # of styles and validations that openpyxl does not know; cells are read all the same
            warnings.filterwarnings("ignore", module="openpyxl")
            book = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:
        raise InputError(_note("file_unreadable", path, reason=_reason(error))) from error
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    used = [name for name, sheet in sheets.items() if any(map(any, sheet.iter_rows(values_only=True)))]
    sheet = book.worksheets[0]
    if used:
        sheet = sheets[_choose(path, used if layer is None else list(sheets), layer)]
    cells = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    for area in sheet.merged_cells.ranges:
        value = cells[area.min_row - 1][area.min_col - 1] if area.min_row <= len(cells) else None
        if isinstance(value, str) and area.min_col == area.max_col:
            for row in range(area.min_row, min(area.max_row, len(cells))):
                cells[row][area.min_col - 1] = value
    return cells


def _with_header(cells: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Return the rows below the header, under unique names."""
    top = _header_row(cells)
    width = max(len(row) for row in cells)
    padded = [[*row, *[None] * (width - len(row))] for row in cells]
    body = {number: row for number, row in enumerate(padded[top + 1 :], start=top + 2) if _filled(row)}
    data = pd.DataFrame(list(body.values()), index=list(body), columns=range(width), dtype=object)
    data.index = pd.Index(list(body), name="row", dtype="int64")
    kept = [i for i, title in enumerate(padded[top]) if title is not None or data[i].notna().any()]
    data = data[kept]
    data.columns = pd.Index(_unique_titles([padded[top][i] for i in kept], kept), dtype=object)
    return data


def _header_row(cells: Sequence[Sequence[Any]]) -> int:
    """Return the position of the header: the first row with text in at least two thirds of the columns."""
    head = cells[:HEADER_SEARCH_ROWS]
    width = max(sum(value is not None for value in row) for row in head)
    for position, row in enumerate(head):
        texts = sum(isinstance(value, str) for value in row)
        if texts and 3 * texts >= 2 * width:
            return position
    return next(position for position, row in enumerate(cells) if _filled(row))


def _unique_titles(titles: Iterable[Any], positions: Iterable[int]) -> list[str]:
    """Return titles as text; a blank one becomes ``column 3``, a repeated one gets ``_2``, ``_3``."""
    seen: dict[str, int] = {}
    names = []
    for title, position in zip(titles, positions, strict=True):
        name = f"column {position + 1}" if title is None else " ".join(str(title).split())
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


def _cell(value: Any) -> Any:  # noqa: ANN401 - a cell holds anything
    """Return a cell's value; blank text is None."""
    if isinstance(value, str):
        return value.strip() or None
    return value


def _filled(row: Iterable[Any]) -> bool:
    return any(value is not None for value in row)


# --- common ---------------------------------------------------------------------------------------------------------


def _text(path: Path, encoding: str | None) -> str:
    """Return a file's text, its encoding found out where none is given."""
    try:
        return decode_text(path.read_bytes(), encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(_note("encoding_unknown", path, reason=_reason(error))) from error


def _choose(path: Path, names: Sequence[str], wanted: str | None) -> str:
    """Return the one layer or sheet to read."""
    if wanted is not None:
        if wanted not in names:
            _fail("layer_unknown", path, layer=wanted, found=", ".join(names))
        return wanted
    if len(names) > 1:
        _fail("layer_not_named", path, count=len(names), found=", ".join(names))
    if not names:
        _fail("layer_without_geometry", path)
    return names[0]


def _existing(path: FilePath) -> Path:
    path = Path(path)
    check_file(path)
    return path


def _note(code: str, path: Path, **values: Any) -> Note:  # noqa: ANN401 - whatever the message names
    return Note.of(code, file=path.name, severity="error", **values)


def _fail(code: str, path: Path, **values: Any) -> NoReturn:  # noqa: ANN401 - whatever the message names
    raise InputError(_note(code, path, **values))


def _reason(error: Exception) -> str:
    """Return the first line of a library's complaint."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
