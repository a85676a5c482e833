"""Zones: layers of polygons read, every fault listed, and joined into one table with parents, overlaps, holes and covered shares.

District, town and community *partition* the area: each zone lies in one zone of the next coarser level. A parent
that the file names wins over the overlay of polygons; where the two disagree, the zones are listed. Estates are an
*overlay* and need not fit communities. The `area` zone is the union of the finest partition level: people are
counted there and nowhere else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    listing,
    mend_polygons,
    overlaps,
    polygon_parts,
    shape_notes,
    shared_areas,
    some,
    square,
    without_overlaps,
    zone_codes,
)
from geoplan.inputs.boundaries.context import neighbours_of, with_context
from geoplan.inputs.boundaries.steps import STEP_FIELDS, STEPS, order_values, out_of_order
from geoplan.inputs.lists.cells import read_count, read_step
from geoplan.inputs.lists.fields import recognise
from geoplan.inputs.lists.rows import has_columns, total_rows
from geoplan.inputs.lists.zone_names import level_words
from geoplan.inputs.readers import FilePath, file_kind, read_layer
from geoplan.inputs.sheets import read_sheet
from geoplan.tables import LEVELS
from geoplan.words.errors import InputError, Note, raise_errors

Kind = str | Mapping[str, str | Sequence[str]]

#: Attributes that are numbers; the other ones stay as they stand.
NUMBERS = ("built_year", "households", "dwellings", "eldercare_rooms_m2", "childcare_rooms_m2")
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
    cells
        All columns of the file, on the same index.
    role
        ``study``, or ``context`` for neighbouring zones that are not judged.
    """

    level: str
    file: str
    zones: gpd.GeoDataFrame
    notes: tuple[Note, ...]
    cells: pd.DataFrame
    role: str = "study"


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
    table, _ = _read(path, layer=layer, encoding=encoding)
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
    totals: Mapping[str, str | Sequence[str]] | None = None,
    columns: Mapping[str, str] | None = None,
    datum: Any = None,  # noqa: ANN401 - name, code or control points
    layer: str | None = None,
    encoding: str | None = None,
    h3: bool = False,
    role: str = "study",
    year: int | None = None,
) -> ZoneLayer:
    """Return the zones of one layer, in the metric CRS, with every fault listed.

    Parameters are the entries of `geoplan.study.zones.ZoneLayer`, `crs`, the metric CRS of the study, and `year`, at the end of which
    a step of an estate with a date is done or not (None: whenever the date). A total that is blank is unknown, never 0, and so is a sum of
    columns with a blank.

    Raises
    ------
    InputError
        Listing everything that cannot go on: columns that are missing, rows without id, duplicate ids, H3 cells that
        are none, geometry that is not polygonal, coordinates without a datum.
    """
    file = Path(path).name
    table, sheet_notes = _read(path, layer=layer, encoding=encoding)
    summed = {group: [c] if isinstance(c, str) else list(c) for group, c in (totals or {}).items()}
    columns = dict(columns or {})
    wanted = [id, name, parent, *(c for each in summed.values() for c in each), *columns.values()]
    if isinstance(kind, Mapping) and "column" in kind:
        wanted.append(str(kind["column"]))
    notes: list[Note] = [*sheet_notes]
    if level == "estate":
        columns |= _steps_in(table, wanted, columns, file, notes)
    has_columns(table, filter(None, wanted), file, notes)
    raise_errors(notes, InputError)
    if not isinstance(table, gpd.GeoDataFrame):
        sums, total_notes = total_rows(table, [id, name] if name else [id], file=file)
        table, notes = table[~sums], [*notes, *total_notes]
    codes = table[id].map(code_text)
    blank = codes.isna() & table.isna().all(axis=1)
    notes += listing("zone_row_blank", table.index[blank], "rows", file=file)
    table, codes = table[~blank], codes[~blank]
    notes += _id_notes(codes, level, file)
    zones = pd.DataFrame({"code": codes})
    zones["name"] = codes if name is None else table[name].map(code_text).fillna(codes)
    zones["parent"] = None if parent is None else table[parent].map(code_text).astype(object)
    zones["kind"] = _kinds(table, kind, file, notes)
    for group, added in summed.items():
        parts = [_numbers(table[column], codes, column, file, notes) for column in added]
        zones[f"given_{group}"] = pd.concat(parts, axis=1).sum(axis=1, skipna=False)
    for attribute, column in columns.items():
        if attribute not in STEPS:
            zones[attribute] = _attribute(attribute, table[column], codes, file, notes)
    zones = zones.join(_steps(table, columns, codes, file, notes, year=year))
    geometry = _geometry(
        table, codes, level=level, h3_cells=h3, datum=datum, crs=CRS(crs), file=file, notes=notes
    )
    raise_errors(notes, InputError)
    located = gpd.GeoDataFrame(zones, geometry=geometry, crs=CRS(crs))
    return ZoneLayer(level, file, located, tuple(notes), pd.DataFrame(table), role)


def join_zones(
    finer: Sequence[ZoneLayer], *, level: str, by: str, parent: str | None = None, kind: str | None = None
) -> tuple[ZoneLayer, list[ZoneLayer]]:
    """Return the zones of a level made by joining those of a finer one that name the same in column `by`.

    Parameters
    ----------
    finer
        The layers of the finer level, all of one role.
    level, by, parent, kind
        As in `geoplan.study.zones.ZoneLayer`. Zones of one name in several parents are told apart.

    Returns
    -------
    joined, finer
        The new layer, and the finer ones with it as the parent of each zone that names no other.

    Raises
    ------
    InputError
        If a column is missing.
    """
    notes: list[Note] = []
    for layer in finer:
        has_columns(layer.cells, filter(None, [by, parent]), layer.file, notes)
    raise_errors(notes, InputError)
    zones = pd.concat([layer.zones for layer in finer], ignore_index=True)
    cells = pd.concat([layer.cells for layer in finer], ignore_index=True)
    named = pd.DataFrame({"name": cells[by].map(code_text), "parent": None}, dtype=object)
    if parent is not None:
        named["parent"] = cells[parent].map(code_text).astype(object)
    several = named.groupby("name")["parent"].transform("nunique") > 1
    full = named["name"] + " (" + named["parent"].fillna("") + ")"
    named.insert(
        0, "code", named["name"].where(~several, full).astype(object).where(named["name"].notna(), None)
    )
    file, blank = ", ".join(dict.fromkeys(layer.file for layer in finer)), zones["code"][named["name"].isna()]
    notes += listing("zone_by_blank", blank, file=file, column=by, **level_words(level))

    united = zones.geometry.dropna().groupby(named["code"]).agg(shapely.union_all)
    table = named.dropna(subset="code").drop_duplicates("code", ignore_index=True)
    table["kind"] = pd.Series([frozenset([kind] if kind else [])] * len(table), dtype=object)
    table.index = pd.RangeIndex(1, len(table) + 1, name="row")
    shapes = gpd.GeoSeries(
        united.reindex(table["code"]).to_numpy(), index=table.index, crs=finer[0].zones.crs
    )
    joined = ZoneLayer(
        level,
        file,
        gpd.GeoDataFrame(table, geometry=shapes),
        tuple(notes),
        pd.DataFrame(index=table.index),
        finer[0].role,
    )
    parts = np.split(named["code"].to_numpy(), np.cumsum([len(layer.zones) for layer in finer])[:-1])
    told = []
    for layer, codes in zip(finer, parts, strict=True):
        parents = [
            code if pd.isna(said) else said for said, code in zip(layer.zones["parent"], codes, strict=True)
        ]
        own = pd.Series(parents, index=layer.zones.index, dtype=object)
        told.append(replace(layer, zones=layer.zones.assign(parent=own)))
    return joined, told


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


def _read(
    path: FilePath, *, layer: str | None, encoding: str | None
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Return the file's rows, numbered as the planner's program numbers them (a layer's features from 1), and notes."""
    if file_kind(path, "table", "layer") == "table":
        sheet = read_sheet(Path(path), layer=layer, encoding=encoding)
        return sheet.cells, sheet.notes
    table: pd.DataFrame = read_layer(path, layer=layer, encoding=encoding)
    table.index = pd.RangeIndex(1, len(table) + 1, name="row")
    return table, ()


def _id_notes(codes: pd.Series, level: str, file: str) -> list[Note]:
    """Return an error for rows without id and one that names the duplicate ids."""
    words, without = level_words(level), codes.index[codes.isna()]
    notes = listing("zone_id_missing", without, "rows", file=file, severity="error", **words)
    double = codes[codes.notna() & codes.duplicated(keep=False)]
    ids = sorted(double.unique(), key=natural_key)
    listed = "; ".join(f"{code} ({', '.join(map(str, double.index[double == code]))})" for code in ids)
    said = Note.of("zone_id_duplicate", file=file, severity="error", count=len(ids), ids=listed, **words)
    return [*notes, said] if ids else notes


def natural_key(code: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a sorting key in which numbers inside codes compare as numbers.

    Examples
    --------
    >>> sorted(["W10", "W9", "2"], key=natural_key)
    ['2', 'W9', 'W10']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", code + "\0")
    return tuple((False, int(part), part) if part[0] in "0123456789" else (True, 0, part) for part in parts)


# --- attributes -----------------------------------------------------------------------------------------------------


def _kinds(table: pd.DataFrame, kind: Kind | None, file: str, notes: list[Note]) -> pd.Series:
    """Return the frozenset of words of each zone."""
    if kind is None or isinstance(kind, str):
        word: frozenset[str] = frozenset() if kind is None else frozenset([kind])
        return pd.Series([word] * len(table), index=table.index, dtype=object)
    if "column" not in kind:
        notes.append(Note.of("zone_kind_column", file=file, severity="error"))
        return _kinds(table, None, file, notes)
    column = str(kind["column"])
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
    return cells.astype(object).where(cells.notna(), None)


def _steps_in(
    table: pd.DataFrame,
    wanted: Sequence[str | None],
    columns: Mapping[str, str],
    file: str,
    notes: list[Note],
) -> dict[str, str]:
    """Return the columns of the steps (四同步) that the study does not name, as their headers are recognised: step -> column."""
    free = [str(header) for header in table.columns if header not in wanted and header != "geometry"]
    found = recognise(
        free, {name: one for name, one in STEP_FIELDS.items() if name not in columns}, mapped={}, file=file
    )
    notes += [note for note in found.notes if note.code != "list_columns_unread"]
    if found.header:
        listed = ", ".join(found.header.values())
        notes.append(Note.of("estate_steps_recognised", file=file, severity="info", columns=listed))
    return dict(found.header)


def _steps(
    table: pd.DataFrame, columns: Mapping[str, str], codes: pd.Series, file: str, notes: list[Note], *, year: int | None
) -> pd.DataFrame:  # fmt: skip
    """Return the steps of estates: ``<step>`` (True, False, NA) and, where any is dated, ``<step>_date``; listing orders that contradict."""
    out = pd.DataFrame(index=table.index)
    for step in STEPS:
        if step not in columns:
            continue
        cells = table[columns[step]]
        read = [read_step(cell) for cell in cells]
        notes += _cell_notes("zone_answer_bad", cells[[bool(odd) for _, _, odd in read]], codes, file)
        done = [year is None or int(date[:4]) <= year if date else answer for answer, date, _ in read]
        out[step] = pd.Series(done, index=cells.index, dtype="boolean")
        if any(date for _, date, _ in read):
            out[f"{step}_date"] = pd.Series(
                [date or None for _, date, _ in read], index=cells.index, dtype=object
            )
    for place, (row, code) in enumerate(zip(codes.index.tolist(), codes, strict=True)):
        answers, dates = (
            {step: out[step + end].iloc[place] for step in STEPS if step + end in out}
            for end in ("", "_date")
        )
        if pairs := out_of_order(answers, dates):
            notes.append(
                Note.of(
                    "estate_steps_order", file=file, row=row, zone=str(code), **order_values(pairs, dates)
                )
            )
    return out


def _cell_notes(code: str, cells: pd.Series, codes: pd.Series, file: str) -> list[Note]:
    """Return a note for each cell."""
    named = zip(cells.index.tolist(), codes[cells.index], cells, strict=True)
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
    nothing = gpd.GeoSeries([None] * len(table), index=table.index, crs=crs)
    if not isinstance(table, gpd.GeoDataFrame):
        if level != "estate":
            notes.append(Note.of("zone_table_without_polygons", file=file, severity="error", **words))
        return nothing
    shapes = _without_labels(table.geometry, codes, file, notes)
    kinds = shapes.geom_type
    other = shapes[kinds.notna() & ~kinds.isin(("Polygon", "MultiPolygon"))]
    if len(other):
        found = ", ".join(sorted(other.geom_type.unique()))
        notes += listing("zone_not_polygon", other.index, "rows", file=file, severity="error", found=found)
        return nothing
    mended, changed = mend_polygons(datums.to_crs(shapes, datum=datum, crs=crs))
    fixed = changed.dropna()
    notes += listing("zone_mended", codes[fixed.index], file=file, m2=square(fixed.sum()), **words)
    notes += listing("zone_geometry_missing", codes[mended.isna()], file=file, **words)
    return mended


def _without_labels(shapes: gpd.GeoSeries, codes: pd.Series, file: str, notes: list[Note]) -> gpd.GeoSeries:
    """Return shapes with collections of a polygon and others (a label point beside it, as KML has) as their polygons."""
    mixed = (shapes.geom_type == "GeometryCollection").to_numpy()
    if not mixed.any():
        return shapes
    polygons = np.array([polygon_parts(shape) for shape in shapes[mixed]], dtype=object)
    areal = ~shapely.is_empty(polygons)
    kept = shapes.to_numpy().copy()
    kept[np.flatnonzero(mixed)[areal]] = polygons[areal]
    notes += listing("zone_labels", codes[mixed][areal], file=file, severity="info")
    return gpd.GeoSeries(kept, index=shapes.index, crs=shapes.crs)


def _cells(codes: pd.Series, file: str, notes: list[Note]) -> gpd.GeoSeries:
    """Return the hexagons of H3 cells, in degrees; listing ids that are none."""
    valid = codes.map(lambda code: code is not None and h3.is_valid_cell(code)).astype(bool)
    wrong = [f"{code} ({row})" for row, code in codes[~valid].items()]
    notes += listing("zone_h3_bad", wrong, "ids", file=file, severity="error")
    rings = codes[valid].map(h3.cell_to_boundary)
    shapes = rings.map(lambda ring: shapely.Polygon([(lon, lat) for lat, lon in ring]))
    return gpd.GeoSeries(shapes.astype(object).reindex(codes.index), crs=4326)


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
    layers
        What was joined, in the order given.
    context
        Neighbouring zones that share supply and are not judged, as :func:`neighbours_of` gives them; None without any.
    """

    zones: gpd.GeoDataFrame
    notes: tuple[Note, ...]
    layers: tuple[ZoneLayer, ...] = ()
    context: gpd.GeoDataFrame | None = None

    @property
    def with_context(self) -> gpd.GeoDataFrame:
        """The zones with the context zones behind them: all that a row of a list may name or lie in."""
        return with_context(self.zones, self.context)


def partition_levels(zones: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the partition levels that `zones` has, coarse to fine; the last one is the finest."""
    present = set(zones["level"])
    return tuple(level for level in PARTITION if level in present)


def assemble_zones(layers: Sequence[ZoneLayer], *, area_name: str, context_m: float = np.inf) -> Zones:
    """Return all zones as one table, and the context zones as another.

    Parameters
    ----------
    layers
        Raw layers in any order; two of one level and role (a file a district) are joined.
    area_name
        Name of the study area.
    context_m
        How far from the study area context zones matter, metres.

    Raises
    ------
    InputError
        If no layer partitions the area, or an id stands in two layers of one level.
    """
    judged = _assembled([layer for layer in layers if layer.role != "context"], area_name=area_name)
    beside = [layer for layer in layers if layer.role == "context"]
    if not beside:
        return judged
    others = _assembled(beside, area_name=area_name)
    context, used = neighbours_of(
        judged.zones, others.zones, within_m=context_m, least_outside=1 - COVERED_ENOUGH
    )
    # what qualifies verdicts (how much of a zone has communities) is nothing to those that get none
    told = [note for note in others.notes if note.code not in ("zone_covered_share", "zone_holes")]
    return Zones(judged.zones, (*judged.notes, *told, *used), tuple(layers), context)


def _assembled(layers: Sequence[ZoneLayer], *, area_name: str) -> Zones:
    """Return the zones of layers of one role."""
    notes = [note for layer in layers for note in layer.notes]
    by_level = {level: [layer for layer in layers if layer.level == level] for level in LEVELS}
    frames = {level: _one_level(group) for level, group in by_level.items() if group}
    levels = [level for level in PARTITION if level in frames]
    errors = [error for level, frame in frames.items() for error in _double_ids(frame, level)]
    errors += [] if levels else [Note.of("zone_no_partition", severity="error")]
    raise_errors(errors, InputError)

    # overlaps and holes of each partition level; an overlap belongs to the smaller zone
    finest = levels[-1]
    doubles = {level: overlaps(frames[level].geometry.to_numpy()) for level in levels}
    for level in levels:
        notes += shape_notes(frames[level], doubles[level], level, _files(frames[level]))
    own = without_overlaps(frames[finest].geometry.to_numpy(), doubles[finest])

    # parents: the one that the file names, else the one with the largest part of the zone
    above = dict(zip(levels[1:], levels[:-1], strict=True)) | (
        {"estate": finest} if "estate" in frames else {}
    )
    for level, coarser in above.items():
        frames[level]["parent_id"], found = _parents(
            frames[level], frames[coarser], level=level, coarser=coarser
        )
        notes += found
    frames[levels[0]]["parent_id"] = "area/area"

    # covered share: how much of a coarser zone the finest level fills
    for level, frame in frames.items():
        frame["covered_share"] = _covered(frame, own) if level in levels[:-1] else 1.0

    area = _area(area_name, own, frames[levels[0]].geometry.to_numpy(), frames[finest].crs)
    table = pd.concat([area, *(frames[level] for level in LEVELS if level in frames)])
    table["edge"] = False
    table["parent_id"] = table["parent_id"].astype(object).where(table["parent_id"].notna(), None)
    table = table.drop(columns=["parent", "row", "file"]).rename_axis("zone_id")
    first = [*FIRST_COLUMNS, *(column for column in table.columns if column.startswith("given_"))]
    table = table[[*first, *table.columns.drop([*first, "geometry"]), "geometry"]]
    return Zones(
        gpd.GeoDataFrame(table, geometry="geometry", crs=frames[finest].crs), tuple(notes), tuple(layers)
    )


def _one_level(layers: Sequence[ZoneLayer]) -> gpd.GeoDataFrame:
    """Return the zones of one level in the order of codes."""
    frames = [layer.zones.assign(level=layer.level, file=layer.file).reset_index() for layer in layers]
    table = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    table = table.sort_values("code", kind="stable", key=lambda codes: codes.map(natural_key))
    table.index = pd.Index(f"{layers[0].level}/" + table["code"], dtype="str").rename(None)
    return gpd.GeoDataFrame(table.assign(parent_id=None), geometry="geometry", crs=layers[0].zones.crs)


def _double_ids(frame: gpd.GeoDataFrame, level: str) -> list[Note]:
    """Return an error naming ids that stand in two layers."""
    double = frame[frame.index.duplicated(keep=False)]
    ids = some([f"{row.code} ({row.file} {row.row})" for row in double.itertuples()])
    words = {"count": double["code"].nunique(), "ids": ids, **level_words(level)}
    return [Note.of("zone_id_duplicate", severity="error", **words)] if len(double) else []


def _files(frame: gpd.GeoDataFrame) -> str:
    return ", ".join(dict.fromkeys(frame["file"]))


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
    ids, names = (above.groupby(column).indices for column in ("code", "name"))
    named = pd.Series(None, index=frame.index, dtype=object)
    for position, word in enumerate(frame["parent"]):
        candidates = ids.get(word, names.get(word, ()))
        if len(candidates):
            most = max(candidates, key=lambda j: shares.get((position, j), 0.0))
            named.iloc[position] = above.index[most]
    parent = named.where(named.notna(), laid)
    return parent, _parent_notes(frame.assign(named=named, laid=laid, parent_id=parent), level, coarser)


def _parent_notes(frame: pd.DataFrame, level: str, coarser: str) -> list[Note]:
    """Return notes on parents that are unknown names, that disagree with the overlay, or that are missing."""
    file = _files(frame)
    words = {**level_words(level), **{f"above_{k[6:]}": v for k, v in level_words(coarser).items()}}
    unknown = frame[frame["parent"].notna() & frame["named"].isna()]
    found = some(sorted(unknown["parent"].unique()))
    differ = frame[frame["named"].notna() & frame["laid"].notna() & (frame["named"] != frame["laid"])]
    columns = (differ["code"], differ["parent"], zone_codes(differ["laid"]))
    listed = [f"{code} ({said} / {laid})" for code, said, laid in zip(*columns, strict=True)]
    return [
        *listing("zone_parent_unknown", unknown["code"], file=file, names=found, **words),
        *listing("zone_parent_disagrees", listed, file=file, **words),
        *listing("zone_parent_none", frame["code"][frame["parent_id"].isna()], file=file, **words),
    ]


# --- the area -------------------------------------------------------------------------------------------------------


def _covered(frame: gpd.GeoDataFrame, own: np.ndarray) -> pd.Series:
    """Return the share (0-1) of each zone's area that finest-level polygons (without overlaps) fill; NaN without area."""
    pairs = shared_areas(own, frame.geometry.to_numpy())
    filled = np.bincount(pairs["right"], weights=pairs["m2"], minlength=len(frame))
    area = frame.geometry.area
    share: pd.Series = filled / area.where(area > 0)
    return share.clip(upper=1.0)


def covered_notes(zones: pd.DataFrame) -> list[Note]:
    """Return a warning a level on the zones of which too little has finest-level zones for a verdict."""
    levels = [level for level in LEVELS if level != "area" and (zones["level"] == level).any()]
    return [note for level in levels for note in _covered_notes(zones[zones["level"] == level], level)]


def _covered_notes(frame: pd.DataFrame, level: str) -> list[Note]:
    low = frame[frame["covered_share"] < COVERED_ENOUGH]
    # rounded down, so that 94.99 % does not read 95 %
    shares = zip(low["name"], np.floor(low["covered_share"] * 1000) / 10, strict=True)
    zones = "; ".join(f"{name} {share:.1f}%" for name, share in shares)
    words = {"count": len(low), "zones": zones, **level_words(level)}
    return [Note.of("zone_covered_share", **words)] if len(low) else []


def _area(name: str, own: np.ndarray, coarsest: np.ndarray, crs: object) -> gpd.GeoDataFrame:
    """Return the `area` zone: the union of the finest partition level.

    Its covered share is that union over the area of the coarsest level: a city of which only the middle has
    communities gets no verdict.
    """
    union = shapely.union_all(own[~shapely.is_missing(own)])
    whole = shapely.area(shapely.union_all(coarsest[~shapely.is_missing(coarsest)]))
    share = min(union.area / whole, 1.0) if whole > 0 else 1.0
    row: dict[str, Any] = {
        "level": "area",
        "name": name,
        "code": "area",
        "kind": frozenset(),
        "covered_share": share,
    }
    return gpd.GeoDataFrame([row], geometry=[union], index=["area/area"], crs=crs)
