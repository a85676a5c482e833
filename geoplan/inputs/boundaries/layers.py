"""Reading one layer of zones: ids, names, kinds, given totals and polygons, every fault listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs import datum as datums
from geoplan.inputs.boundaries.checks import mend_polygons, some, square
from geoplan.inputs.lists.cells import read_count, read_flag
from geoplan.inputs.lists.rows import total_rows
from geoplan.inputs.lists.zone_names import level_words
from geoplan.inputs.readers import FilePath, file_kind, read_layer, read_rows
from geoplan.words.errors import InputError, Note, raise_errors

Kind = str | Mapping[str, str | Sequence[str]]

#: Attributes that are numbers; the other ones stay as they stand.
NUMBERS = ("built_year", "households", "dwellings", "eldercare_rooms_m2", "childcare_rooms_m2")
#: Attributes with three values: yes, no, unknown.
ANSWERS = ("handed_over",)


@dataclass(frozen=True)
class ZoneLayer:
    """One level's raw zones.

    Parameters
    ----------
    level
        District, town, community or estate.
    file
        Name of the file.
    zones
        In file order, index ``row``; columns ``code, name, parent`` (as the file names it, or None), ``kind``
        (frozenset), ``given_<group>`` (float), attributes, ``geometry`` (polygon in the metric CRS, or null).
    notes
        What was found.
    """

    level: str
    file: str
    zones: gpd.GeoDataFrame
    notes: tuple[Note, ...]


def layer_bounds(
    path: FilePath,
    *,
    id: str | None = None,  # noqa: A002 - the study file's word
    h3: bool = False,
    datum: Any = None,  # noqa: ANN401 - as in the study file
    layer: str | None = None,
    encoding: str | None = None,
) -> tuple[float, float, float, float] | None:
    """Return the bounds of a zone layer in degrees (west, south, east, north, WGS 84), from which the CRS follows.

    None where the file has no geometry (a table of estates).
    """
    file = Path(path).name
    notes: list[Note] = []
    table = _read(path, layer=layer, encoding=encoding)
    if h3:
        shapes = _cells(table[id].map(code_text), file, notes)
    elif isinstance(table, gpd.GeoDataFrame):
        shapes = datums.to_crs(table.geometry, datum=datum, crs=CRS.from_epsg(4326))
    else:
        return None
    west, south, east, north = map(float, shapes.total_bounds)
    return west, south, east, north


def read_zone_layer(
    path: FilePath,
    *,
    level: str,
    id: str,  # noqa: A002 - the study file's word
    crs: Any,  # noqa: ANN401 - whatever pyproj takes
    name: str | None = None,
    parent: str | None = None,
    kind: Kind | None = None,
    totals: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    datum: Any = None,  # noqa: ANN401 - name, code or control points
    layer: str | None = None,
    encoding: str | None = None,
    h3: bool = False,
) -> ZoneLayer:
    """Return the zones of one layer, in the metric CRS, with every fault listed.

    Parameters
    ----------
    path
        Layer of polygons, or a table: of H3 cells, or of estates without geometry.
    level
        One of ``district, town, community, estate``.
    id, name, parent
        Columns of unique ids, of names (default: the ids), and of the zone one level up, by id or name.
    crs
        Metric CRS of the study.
    kind
        One word for all, or ``{column: 类型, 城镇: urban, 农村: [rural, existing]}``.
    totals
        Given totals: group -> column. Blank is unknown, never 0.
    columns
        Further attributes: name -> column.
    datum
        What the coordinates are in; default: what the file says.
    layer, encoding
        As in :func:`~geoplan.inputs.readers.read_layer`.
    h3
        True where `id` holds H3 cells, of which the polygons are made.

    Raises
    ------
    InputError
        Listing everything that cannot go on: columns that are missing, rows without id, duplicate ids, H3 cells that
        are none, geometry that is not polygonal, coordinates without a datum.
    """
    file = Path(path).name
    table = _read(path, layer=layer, encoding=encoding)
    totals, columns = dict(totals or {}), dict(columns or {})
    wanted = [id, name, parent, *totals.values(), *columns.values()]
    if isinstance(kind, Mapping):
        wanted.append(_kind_column(kind))
    _check_columns(table, [column for column in wanted if column], file)

    notes: list[Note] = []
    if not isinstance(table, gpd.GeoDataFrame):
        sums, total_notes = total_rows(table, [id, name] if name else [id], file=file)
        table, notes = table[~sums], [*notes, *total_notes]
    codes = table[id].map(code_text)
    table, codes = _drop_blank_rows(table, codes, file, notes)
    notes += _id_notes(codes, level, file)
    zones = pd.DataFrame({"code": codes}, index=codes.index)
    zones["name"] = codes if name is None else table[name].map(code_text).fillna(codes)
    zones["parent"] = None if parent is None else table[parent].map(code_text).astype(object)
    zones["kind"] = _kinds(table, kind, file, notes)
    for group, column in totals.items():
        zones[f"given_{group}"] = _numbers(table[column], codes, column, file, notes)
    for attribute, column in columns.items():
        zones[attribute] = _attribute(attribute, table[column], codes, file, notes)
    geometry = _geometry(
        table, codes, level=level, h3_cells=h3, datum=datum, crs=CRS(crs), file=file, notes=notes
    )
    raise_errors(notes, InputError)
    return ZoneLayer(level, file, gpd.GeoDataFrame(zones, geometry=geometry, crs=CRS(crs)), tuple(notes))


def code_text(value: Any) -> str | None:  # noqa: ANN401 - a cell holds anything
    """Return an id or a name as text: whole numbers without ``.0``, blanks as None.

    Examples
    --------
    >>> code_text(7.0), code_text("007"), code_text(float("nan")), code_text(" ")
    ('7', '007', None, None)
    """
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return " ".join(str(value).split()) or None


# --- reading --------------------------------------------------------------------------------------------------------


def _read(path: FilePath, *, layer: str | None, encoding: str | None) -> pd.DataFrame:
    """Return the file's rows, numbered as the planner's program numbers them (a layer's features from 1)."""
    if file_kind(path, "table", "layer") == "table":
        return read_rows(path, layer=layer, encoding=encoding)
    table: pd.DataFrame = read_layer(path, layer=layer, encoding=encoding)
    table.index = pd.RangeIndex(1, len(table) + 1, name="row")
    return table


def _check_columns(table: pd.DataFrame, columns: Sequence[str], file: str) -> None:
    found = ", ".join(str(column) for column in table.columns if column != "geometry")
    missing = [column for column in dict.fromkeys(columns) if column not in table.columns]
    notes = [
        Note.of("column_missing", file=file, column=column, found=found, severity="error")
        for column in missing
    ]
    raise_errors(notes, InputError)


def _drop_blank_rows(
    table: pd.DataFrame, codes: pd.Series, file: str, notes: list[Note]
) -> tuple[pd.DataFrame, pd.Series]:
    """Leave out rows that hold neither an id nor anything else."""
    blank = codes.isna() & table.isna().all(axis=1)
    if blank.any():
        notes.append(
            Note.of("zone_row_blank", file=file, count=int(blank.sum()), rows=some(table.index[blank]))
        )
    return table[~blank], codes[~blank]


def _id_notes(codes: pd.Series, level: str, file: str) -> list[Note]:
    """Return an error for rows without id and one that names the duplicate ids."""
    words, notes = level_words(level), []
    without = codes.index[codes.isna()]
    if len(without):
        rows = some(without)
        notes.append(
            Note.of("zone_id_missing", file=file, severity="error", count=len(without), rows=rows, **words)
        )
    double = codes[codes.notna() & codes.duplicated(keep=False)]
    if len(double):
        ids = sorted(double.unique(), key=natural_key)
        listed = "; ".join(f"{code} ({', '.join(map(str, double.index[double == code]))})" for code in ids)
        notes.append(
            Note.of("zone_id_duplicate", file=file, severity="error", count=len(ids), ids=listed, **words)
        )
    return notes


def natural_key(code: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a sorting key in which numbers inside codes compare as numbers.

    Examples
    --------
    >>> sorted(["W10", "W9", "2"], key=natural_key)
    ['2', 'W9', 'W10']
    """
    parts, digits, word = [], "", ""
    for character in code + "\0":
        if character.isascii() and character.isdigit():
            digits += character
            if word:
                parts.append((True, 0, word))
                word = ""
        else:
            if digits:
                parts.append((False, int(digits), digits))
                digits = ""
            word += character
    return (*parts, (True, 0, word))


# --- attributes -----------------------------------------------------------------------------------------------------


def _kind_column(kind: Mapping[str, Any]) -> str | None:
    return str(kind["column"]) if "column" in kind else None


def _kinds(table: pd.DataFrame, kind: Kind | None, file: str, notes: list[Note]) -> pd.Series:
    """Return the frozenset of words of each zone."""
    if kind is None or isinstance(kind, str):
        word: frozenset[str] = frozenset() if kind is None else frozenset([kind])
        return pd.Series([word] * len(table), index=table.index, dtype=object)
    column = _kind_column(kind)
    if column is None:
        notes.append(Note.of("zone_kind_column", file=file, severity="error"))
        return _kinds(table, None, file, notes)
    known = {w: frozenset([v] if isinstance(v, str) else v) for w, v in kind.items() if w != "column"}
    given = table[column].map(code_text)
    unknown = given[given.notna() & ~given.isin(list(known))]
    if len(unknown):
        words = some(sorted(unknown.unique()))
        notes.append(Note.of("zone_kind_unknown", file=file, count=len(unknown), column=column, words=words))
    return pd.Series([known.get(word, frozenset()) for word in given], index=table.index, dtype=object)


def _numbers(cells: pd.Series, codes: pd.Series, column: str, file: str, notes: list[Note]) -> pd.Series:
    """Return a column as numbers >= 0; a blank is NaN and counted, what is no amount is NaN and listed."""
    read = [read_count(cell) for cell in cells]
    values = pd.Series([value for value, _ in read], index=cells.index, dtype=float)
    bad = np.array([odd for _, odd in read], dtype=bool)
    blank = values.isna() & ~bad
    if blank.any():
        listed = some(codes[blank].astype(str).to_numpy())
        notes.append(
            Note.of("zone_value_blank", file=file, column=column, count=int(blank.sum()), zones=listed)
        )
    notes += _cell_notes("zone_value_bad", cells[bad], codes, file)
    return values


def _attribute(name: str, cells: pd.Series, codes: pd.Series, file: str, notes: list[Note]) -> pd.Series:
    """Return an attribute in its type."""
    if name in NUMBERS:
        return _numbers(cells, codes, str(cells.name), file, notes)
    if name not in ANSWERS:
        return cells.astype(object).where(cells.notna(), None)
    answers = [read_flag(cell) for cell in cells]
    unknown = np.array([bool(odd) for _, odd in answers], dtype=bool)
    notes += _cell_notes("zone_answer_bad", cells[unknown], codes, file)
    return pd.Series([answer for answer, _ in answers], index=cells.index, dtype="boolean")


def _cell_notes(code: str, cells: pd.Series, codes: pd.Series, file: str) -> list[Note]:
    """Return a note for each cell."""
    named = zip(cells.index.tolist(), codes[cells.index].tolist(), cells.tolist(), strict=True)
    return [
        Note.of(code, file=file, row=row, zone=str(zone), column=str(cells.name), found=str(cell))
        for row, zone, cell in named
    ]


# --- polygons -------------------------------------------------------------------------------------------------------


def _geometry(
    table: pd.DataFrame,
    codes: pd.Series,
    *,
    level: str,
    h3_cells: bool,
    datum: Any,  # noqa: ANN401 - name, code or control points
    crs: CRS,
    file: str,
    notes: list[Note],
) -> gpd.GeoSeries:
    """Return valid polygons in `crs`; null where there are none."""
    words = level_words(level)
    if h3_cells:
        return _cells(codes, file, notes).to_crs(crs)
    if not isinstance(table, gpd.GeoDataFrame):
        if level != "estate":
            notes.append(Note.of("zone_table_without_polygons", file=file, severity="error", **words))
        return gpd.GeoSeries([None] * len(table), index=table.index, crs=crs)
    shapes = table.geometry
    kinds = shapely.get_type_id(shapes.to_numpy())
    other = shapes[~np.isin(kinds, (-1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))]
    if len(other):
        found = ", ".join(sorted(other.geom_type.unique()))
        notes.append(
            Note.of(
                "zone_not_polygon",
                file=file,
                severity="error",
                count=len(other),
                found=found,
                rows=some(other.index),
            )
        )
        return gpd.GeoSeries([None] * len(table), index=table.index, crs=crs)
    mended, changed = mend_polygons(datums.to_crs(shapes, datum=datum, crs=crs))
    fixed = changed.dropna()
    if len(fixed):
        zones = some(codes[fixed.index].astype(str).to_numpy())
        notes.append(
            Note.of("zone_mended", file=file, count=len(fixed), zones=zones, m2=square(fixed.sum()), **words)
        )
    null = codes[mended.isna()]
    if len(null):
        zones = some(null.astype(str).to_numpy())
        notes.append(Note.of("zone_geometry_missing", file=file, count=len(null), zones=zones, **words))
    return mended


def _cells(codes: pd.Series, file: str, notes: list[Note]) -> gpd.GeoSeries:
    """Return the hexagons of H3 cells, in degrees; listing ids that are none."""
    shapes: list[shapely.Polygon | None] = []
    wrong = []
    for row, code in codes.items():
        if code is None or not h3.is_valid_cell(code):
            wrong.append(f"{code} ({row})")
            shapes.append(None)
        else:
            shapes.append(shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(code)]))
    if wrong:
        notes.append(Note.of("zone_h3_bad", file=file, severity="error", count=len(wrong), ids=some(wrong)))
    return gpd.GeoSeries(shapes, index=codes.index, crs=4326)
