"""The rows of a register as they stand, from any format: cells by field, and points where the file has geometry."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoplan.inputs import readers
from geoplan.inputs.facilities.cells import is_blank, read_amount, read_flag
from geoplan.inputs.facilities.columns import Columns, recognise
from geoplan.inputs.facilities.osm import read_osm
from geoplan.inputs.facilities.zone_names import clean_name
from geoplan.words.errors import InputError, Note


@dataclass(frozen=True)
class Rows:
    """A register before anything is interpreted.

    `cells` has one object column a field, indexed by facility_id; `number` is the row as the planner's program shows it (NA for
    OpenStreetMap); `points` is the file's own geometry as points in the file's CRS, or None.
    """

    file: str
    cells: pd.DataFrame
    number: "pd.Series[int]"
    points: gpd.GeoSeries | None
    columns: Columns


def read_register_rows(
    path: Path,
    *,
    mapped: Mapping[str, str],
    datum: str | None = None,
    layer: str | None = None,
    where: str | None = None,
) -> Rows:
    """Read a register of any format; see `geoplan.inputs.facilities.read_register`.

    Raises
    ------
    InputError
        If the file cannot be read, or a mapped column or `where` is missing.
    """
    points = None
    kind = readers.file_kind(path, "osm", "table", "layer")
    if kind == "osm":
        table, points = read_osm(path)
        ids = table.index.to_series()
        number = pd.Series(pd.NA, index=table.index, dtype="Int64")
    elif kind == "table":
        table = readers.read_rows(path, layer=layer)
        ids = pd.Series(table.index.astype(str), index=table.index)
        number = pd.Series(table.index, index=table.index, dtype="Int64")
    else:
        shapes = readers.read_layer(path, layer=layer)
        points = _as_points(shapes.geometry)
        table = pd.DataFrame(shapes.drop(columns=shapes.geometry.name)).astype(object)
        table.index = pd.RangeIndex(1, len(table) + 1)
        points.index = table.index
        ids = pd.Series(table.index.astype(str), index=table.index)
        number = pd.Series(table.index, index=table.index, dtype="Int64")
    columns = recognise(
        [str(c) for c in table.columns if c != where], mapped=mapped, datum=datum, file=path.name
    )
    if where is not None:
        table = table[_selected(table, where, path.name)]
    cells = pd.DataFrame({f: table[h] for f, h in columns.header.items()}, index=table.index, dtype=object)
    index = pd.Index([f"{path.name}#{i}" for i in ids[table.index]], name="facility_id", dtype=object)
    if points is not None:
        points = points.loc[table.index].set_axis(index)
    return Rows(path.name, cells.set_axis(index), number[table.index].set_axis(index), points, columns)


def _as_points(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return points as they are, and a point inside for lines and polygons; null and empty stay null."""
    empty = shapes.isna() | shapes.is_empty
    inside = shapes.where(~empty)
    other = ~empty & (shapes.geom_type != "Point")
    if other.any():
        inside = inside.where(~other, inside.representative_point())
    return inside


def _selected(table: pd.DataFrame, where: str, file: str) -> "pd.Series[bool]":
    """Return which rows are facilities: a count above 0, or a yes."""
    if where not in table.columns:
        found = ", ".join(map(str, table.columns))
        raise InputError(Note.of("column_missing", file=file, severity="error", column=where, found=found))

    def chosen(cell: object) -> bool:
        amount = read_amount(cell)
        return read_flag(cell)[0] is True or (not is_blank(cell) and amount.low > 0)

    return table[where].map(chosen).astype(bool)


def named_cells(rows: Rows, field: str) -> pd.Series:
    """Return the cells of a field as text; a field that the register lacks, and blanks, are empty."""
    if field not in rows.cells.columns:
        return pd.Series("", index=rows.cells.index, dtype=object)
    return rows.cells[field].map(lambda c: "" if is_blank(c) else " ".join(str(c).split())).astype(object)


def compared_names(rows: Rows) -> pd.Series:
    """Return the facilities' names as they are compared."""
    return named_cells(rows, "name").map(clean_name)
