"""Zones: layers of polygons read, every fault listed, and joined into one table with parents, overlaps, holes and covered shares.

District, town and community *partition* the area: each zone lies in one zone of the next coarser level. A parent
that the file names wins over the overlay of polygons; where the two disagree, the zones are listed. Estates are an
*overlay* and need not fit communities. The `area` zone is the union of the finest partition level: people are
counted there and nowhere else.
"""

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
from geoplan.inputs.boundaries.checks import (
    hole_note,
    holes,
    listing,
    mend_polygons,
    overlap_note,
    overlaps,
    shared_areas,
    some,
    square,
    without_overlaps,
)
from geoplan.inputs.lists.cells import read_count, read_flag
from geoplan.inputs.lists.rows import has_columns, total_rows
from geoplan.inputs.lists.zone_names import level_words
from geoplan.inputs.readers import FilePath, file_kind, read_layer, read_rows
from geoplan.tables import LEVELS
from geoplan.words.errors import InputError, Note, raise_errors

Kind = str | Mapping[str, str | Sequence[str]]

#: Attributes that are numbers; the other ones stay as they stand.
NUMBERS = ("built_year", "households", "dwellings", "eldercare_rooms_m2", "childcare_rooms_m2")
#: Attributes with three values: yes, no, unknown.
ANSWERS = ("handed_over",)
PARTITION = ("district", "town", "community")
#: Share of a coarser zone that must have finest-level zones for a verdict on it (the study's method, section 4).
COVERED_ENOUGH = 0.95
FIRST_COLUMNS = ["level", "name", "code", "parent_id", "kind", "covered_share", "edge"]


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
    notes: list[Note] = []
    has_columns(table, filter(None, wanted), file, notes)
    raise_errors(notes, InputError)
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


def _drop_blank_rows(
    table: pd.DataFrame, codes: pd.Series, file: str, notes: list[Note]
) -> tuple[pd.DataFrame, pd.Series]:
    """Leave out rows that hold neither an id nor anything else."""
    blank = codes.isna() & table.isna().all(axis=1)
    notes += listing("zone_row_blank", table.index[blank], "rows", file=file)
    return table[~blank], codes[~blank]


def _id_notes(codes: pd.Series, level: str, file: str) -> list[Note]:
    """Return an error for rows without id and one that names the duplicate ids."""
    words, without = level_words(level), codes.index[codes.isna()]
    notes = listing("zone_id_missing", without, "rows", file=file, severity="error", **words)
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
    notes += listing("zone_value_blank", codes[values.isna() & ~bad], file=file, column=column)
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
        notes += listing("zone_not_polygon", other.index, "rows", file=file, severity="error", found=found)
        return gpd.GeoSeries([None] * len(table), index=table.index, crs=crs)
    mended, changed = mend_polygons(datums.to_crs(shapes, datum=datum, crs=crs))
    fixed = changed.dropna()
    notes += listing("zone_mended", codes[fixed.index], file=file, m2=square(fixed.sum()), **words)
    notes += listing("zone_geometry_missing", codes[mended.isna()], file=file, **words)
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
    notes += listing("zone_h3_bad", wrong, "ids", file=file, severity="error")
    return gpd.GeoSeries(shapes, index=codes.index, crs=4326)


# --- joining -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Zones:
    """Zones of every level, and what was found.

    Parameters
    ----------
    zones
        Indexed by ``zone_id`` (``level/code``), in the order of levels and codes; columns as in `tables.ZONES`.
    notes
        Notes of the layers first, then those of their joining.
    """

    zones: gpd.GeoDataFrame
    notes: tuple[Note, ...]


def partition_levels(zones: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the partition levels that `zones` has, coarse to fine; the last one is the finest."""
    present = set(zones["level"])
    return tuple(level for level in PARTITION if level in present)


def assemble_zones(layers: Sequence[ZoneLayer], *, area_name: str) -> Zones:
    """Return all zones as one table.

    Parameters
    ----------
    layers
        Raw layers in any order; two of one level (a file a district) are joined.
    area_name
        Name of the study area.

    Raises
    ------
    InputError
        If no layer partitions the area, or an id stands in two layers of one level.
    """
    notes = [note for layer in layers for note in layer.notes]
    by_level = {level: [layer for layer in layers if layer.level == level] for level in LEVELS}
    frames = {level: _one_level(group) for level, group in by_level.items() if group}
    levels = [level for level in PARTITION if level in frames]
    errors = [_double_ids(frame, level) for level, frame in frames.items()]
    errors += [] if levels else [Note.of("zone_no_partition", severity="error")]
    raise_errors([error for error in errors if error], InputError)

    # overlaps and holes of each partition level; an overlap belongs to the smaller zone
    finest = levels[-1]
    doubles = {level: overlaps(frames[level].geometry.to_numpy()) for level in levels}
    for level in levels:
        notes += _shape_notes(frames[level], doubles[level], level)
    own = without_overlaps(frames[finest].geometry.to_numpy(), doubles[finest])

    # parents: the one that the file names, else the one with the largest part of the zone
    for level, coarser in zip(levels[1:], levels[:-1], strict=True):
        frames[level]["parent_id"], found = _parents(
            frames[level], frames[coarser], level=level, coarser=coarser
        )
        notes += found
    frames[levels[0]]["parent_id"] = "area/area"
    if "estate" in frames:
        frames["estate"]["parent_id"], found = _parents(
            frames["estate"], frames[finest], level="estate", coarser=finest
        )
        notes += found

    # covered share: how much of a coarser zone the finest level fills
    for level, frame in frames.items():
        frame["covered_share"] = _covered(frame, own) if level in levels[:-1] else 1.0
    notes += [note for level in levels[:-1] if (note := _covered_note(frames[level], level)) is not None]

    area = _area(area_name, own, frames[levels[0]].geometry.to_numpy(), frames[finest].crs)
    table = pd.concat([area, *(frames[level] for level in LEVELS if level in frames)])
    table["edge"] = False
    parents = [parent if isinstance(parent, str) else None for parent in table["parent_id"]]
    table["parent_id"] = pd.Series(parents, index=table.index, dtype=object)
    given = [column for column in table.columns if column.startswith("given_")]
    other = [
        c for c in table.columns if c not in (*FIRST_COLUMNS, *given, "geometry", "parent", "row", "file")
    ]
    table = table[[*FIRST_COLUMNS, *given, *other, "geometry"]]
    table.index.name = "zone_id"
    return Zones(gpd.GeoDataFrame(table, geometry="geometry", crs=frames[finest].crs), tuple(notes))


def _one_level(layers: Sequence[ZoneLayer]) -> gpd.GeoDataFrame:
    """Return the zones of one level in the order of codes."""
    frames = [
        layer.zones.assign(level=layer.level, file=layer.file, row=layer.zones.index) for layer in layers
    ]
    table = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].reset_index(drop=True)
    table = table.iloc[sorted(range(len(table)), key=lambda i: natural_key(table["code"].iloc[i]))]
    table.index = pd.Index([f"{layers[0].level}/{code}" for code in table["code"]], dtype="str")
    table["parent_id"] = None
    return gpd.GeoDataFrame(table, geometry="geometry", crs=layers[0].zones.crs)


def _double_ids(frame: gpd.GeoDataFrame, level: str) -> Note | None:
    """Return an error naming ids that stand in two layers."""
    double = frame[frame.index.duplicated(keep=False)]
    if double.empty:
        return None
    ids = some([f"{row.code} ({row.file} {row.row})" for row in double.itertuples()])
    count = double["code"].nunique()
    return Note.of("zone_id_duplicate", severity="error", count=count, ids=ids, **level_words(level))


def _files(frame: gpd.GeoDataFrame) -> str:
    return ", ".join(dict.fromkeys(frame["file"]))


def _shape_notes(frame: gpd.GeoDataFrame, doubles: pd.DataFrame, level: str) -> list[Note]:
    """Return what is to be said about the polygons of one partition level."""
    file = _files(frame)
    found = [
        overlap_note(level, file, doubles, frame["code"].to_numpy()),
        hole_note(level, file, holes(frame.geometry.to_numpy())),
    ]
    return [note for note in found if note is not None]


# --- parents --------------------------------------------------------------------------------------------------------


def _parents(
    frame: gpd.GeoDataFrame, above: gpd.GeoDataFrame, *, level: str, coarser: str
) -> tuple[pd.Series, list[Note]]:
    """Return the parent of each zone and what disagrees.

    A named parent is looked up among the ids, then among the names; of several with one name, the one that holds the
    largest part of the zone is taken.
    """
    pairs = shared_areas(frame.geometry.to_numpy(), above.geometry.to_numpy())
    best = pairs.sort_values(["left", "m2", "right"], ascending=[True, False, True]).drop_duplicates("left")
    laid = pd.Series(None, index=frame.index, dtype=object)
    laid.iloc[best["left"].to_numpy()] = above.index.to_numpy()[best["right"].to_numpy()]

    shares = {(i, j): m2 for i, j, m2 in pairs.itertuples(index=False)}
    candidates: dict[str, list[int]] = {}
    for column in ("code", "name"):
        ids = set(candidates)
        for position, word in enumerate(above[column]):
            if word not in ids:
                candidates.setdefault(word, []).append(position)
    named = pd.Series(None, index=frame.index, dtype=object)
    for position, word in enumerate(frame["parent"]):
        if word in candidates:
            named.iloc[position] = above.index[
                max(candidates[word], key=lambda j: shares.get((position, j), 0.0))
            ]
    parent = named.where(named.notna(), laid)
    return parent, _parent_notes(frame.assign(named=named, laid=laid, parent_id=parent), level, coarser)


def _parent_notes(frame: pd.DataFrame, level: str, coarser: str) -> list[Note]:
    """Return notes on parents that are unknown names, that disagree with the overlay, or that are missing."""
    file = _files(frame)
    words = {**level_words(level), **{f"above_{k[6:]}": v for k, v in level_words(coarser).items()}}
    notes = []
    unknown = frame[frame["parent"].notna() & frame["named"].isna()]
    if len(unknown):
        found = some(sorted(unknown["parent"].unique()))
        notes += listing("zone_parent_unknown", unknown["code"], file=file, names=found, **words)
    differ = frame[frame["named"].notna() & frame["laid"].notna() & (frame["named"] != frame["laid"])]
    if len(differ):
        columns = (differ[c].tolist() for c in ("code", "parent", "laid"))
        listed = [f"{c} ({said} / {laid.partition('/')[2]})" for c, said, laid in zip(*columns, strict=True)]
        notes += listing("zone_parent_disagrees", listed, file=file, **words)
    lost = frame[frame["parent_id"].isna()]
    notes += listing("zone_parent_none", lost["code"], file=file, **words)
    return notes


# --- the area -------------------------------------------------------------------------------------------------------


def _covered(frame: gpd.GeoDataFrame, own: np.ndarray) -> np.ndarray:
    """Return the share (0-1) of each zone's area that finest-level polygons (without overlaps) fill; NaN without area."""
    shapes = frame.geometry.to_numpy()
    pairs = shared_areas(own, shapes)
    filled = np.bincount(pairs["right"], weights=pairs["m2"], minlength=len(frame))
    area = np.nan_to_num(shapely.area(shapes))
    share = np.divide(filled, area, out=np.full(len(frame), np.nan), where=area > 0)
    covered: np.ndarray = np.minimum(share, 1.0)
    return covered


def _covered_note(frame: gpd.GeoDataFrame, level: str) -> Note | None:
    low = frame[frame["covered_share"] < COVERED_ENOUGH]
    if low.empty:
        return None
    # rounded down, so that 94.99 % does not read 95 %
    shares = zip(low["name"], np.floor(low["covered_share"] * 1000) / 10, strict=True)
    zones = "; ".join(f"{name} {share:.1f}%" for name, share in shares)
    return Note.of(
        "zone_covered_share", file=_files(frame), count=len(low), zones=zones, **level_words(level)
    )


def _area(name: str, own: np.ndarray, coarsest: np.ndarray, crs: object) -> gpd.GeoDataFrame:
    """Return the `area` zone: the union of the finest partition level.

    Its covered share is that union over the area of the coarsest level: a city of which only the middle has
    communities gets no verdict.
    """
    union = shapely.union_all(own[~shapely.is_missing(own)])
    whole = shapely.area(shapely.union_all(coarsest[~shapely.is_missing(coarsest)]))
    row: dict[str, object] = {
        "level": "area",
        "name": name,
        "code": "area",
        "parent_id": None,
        "kind": frozenset(),
        "covered_share": min(union.area / whole, 1.0) if whole > 0 else 1.0,
    }
    return gpd.GeoDataFrame([row], geometry=[union], index=["area/area"], crs=crs)
