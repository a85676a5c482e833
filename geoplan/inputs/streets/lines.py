"""Streets from any line layer with a column of classes.

Where the layer has node numbers (``u, v``) its lines are whole edges and meet at their ends only. Else lines meet where
they share a vertex, to the millimetre; lines that merely cross do not meet. Points in the same layer with a ``barrier``
(or ``highway`` = ``crossing``) on a vertex are gates, barriers and crossings.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs.datum import to_crs
from geoplan.inputs.streets.edges import Ints, Ways, choose_ways, no_marks, place_key, without_repeats
from geoplan.inputs.streets.notes import left_out_notes
from geoplan.inputs.streets.walk_table import KEPT_RULES, NODE_KEYS, OUT, WAY_KEYS, judge_node, judge_way
from geoplan.words.errors import InputError, Note

#: Columns of classes that are looked for where none is named, in this order.
CLASS_COLUMNS = ("highway", "fclass", "class")
#: Class of every line where the layer has no classes.
UNCLASSED = "unclassified"
#: Values that stand for "no" or "not tagged" in yes/no columns (Geofabrik writes F and T).
_NO = frozenset(("", "no", "false", "f", "0", "nan", "none"))


def read_lines(
    layer: gpd.GeoDataFrame,
    *,
    classes: str | None,
    walk: Mapping[str, bool],
    datum: object,
    crs: CRS | str,
    file: str = "",
) -> tuple[Ways, tuple[Note, ...]]:
    """Return the ways of a line layer, judged, and notes.

    Raises
    ------
    InputError
        If the column `classes` is missing, or the layer holds no lines.
    """
    layer = layer.reset_index(drop=True)
    column, notes = _class_column(layer, classes, file)
    kinds = layer.geometry.type
    lines = layer[kinds.isin(["LineString", "MultiLineString", "LinearRing"]).to_numpy()]
    if lines.empty:
        raise InputError(Note.of("streets_no_lines", file=file, severity="error"))
    dropped = int((~kinds.isin(["LineString", "MultiLineString", "LinearRing", "Point"])).sum())
    if dropped:
        notes += (Note.of("streets_not_lines", file=file, rows=dropped),)
    geometry = to_crs(lines.geometry, datum=datum, crs=crs).explode()  # type: ignore[arg-type]
    lines = lines.assign(highway=UNCLASSED if column is None else lines[column])
    table = judge_lines(lines, walk).loc[geometry.index].reset_index(drop=True)
    ways = number_vertices(geometry, table, ends_only={"u", "v"} <= set(layer.columns))
    points = layer[(kinds == "Point").to_numpy()]
    if len(points):
        ways = _with_marks(ways, points, to_crs(points.geometry, datum=datum, crs=crs))  # type: ignore[arg-type]
    return without_left_out(ways), (*notes, *left_out_notes(left_out(table), file))


def _class_column(layer: pd.DataFrame, classes: str | None, file: str) -> tuple[str | None, tuple[Note, ...]]:
    if classes is not None:
        if classes not in layer.columns:
            found = ", ".join(map(str, layer.columns))
            note = Note.of("column_missing", file=file, column=classes, found=found, severity="error")
            raise InputError(note)
        return classes, ()
    for column in CLASS_COLUMNS:
        if column in layer.columns:
            return column, ()
    return None, (Note.of("streets_without_classes", file=file),)


def judge_lines(lines: pd.DataFrame, walk: Mapping[str, bool]) -> pd.DataFrame:
    """Return `WAY_COLUMNS` and the rule of each line with columns of tags."""
    osm_id = _text(lines, "osm_id" if "osm_id" in lines else "osmid")
    return _judged(lines, WAY_KEYS, partial(judge_way, walk=walk)).assign(
        bridge=_flag(lines, "bridge"), tunnel=_flag(lines, "tunnel"),
        level=_text(lines, "level"), name=_text(lines, "name"), osm_id=osm_id,
    )  # fmt: skip


def judge_points(points: pd.DataFrame) -> pd.DataFrame:
    """Return ``kind, state, name`` of points with columns of tags; those that are nothing to a walker are left out."""
    marks = _judged(points, NODE_KEYS, judge_node).assign(name=_text(points, "name"))
    return marks[marks["kind"] != ""]


def _judged(things: pd.DataFrame, keys: list[str], judge: Callable[[dict[str, str]], Any]) -> pd.DataFrame:
    """Return the verdict on each row; each combination of tags is judged once."""
    tags = pd.DataFrame({key: _text(things, key) for key in keys if key in things})
    if tags.empty:
        return pd.DataFrame([judge({})] * len(things), index=things.index)
    combinations = tags.drop_duplicates().to_dict("records")
    verdicts = pd.DataFrame([judge({k: v for k, v in row.items() if v}) for row in combinations])  # type: ignore[misc]
    place = tags.groupby(list(tags), sort=False).ngroup()  # numbered as they first appear
    return verdicts.iloc[place].set_index(things.index)


def left_out(table: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return how many ways are left out, by rule and class."""
    out = table[table["access"] == OUT]
    return dict(Counter(zip(out["rule"], out["highway"], strict=True)))


def without_left_out(ways: Ways) -> Ways:
    """Return the ways without those left out, but for `KEPT_RULES`."""
    return choose_ways(ways, ((ways.table["access"] != OUT) | ways.table["rule"].isin(KEPT_RULES)).to_numpy())


def word(value: Any) -> str:  # noqa: ANN401 - a cell as it stands
    """Return a cell as one word; the first of a list (osmnx joins ways so), empty where it is blank."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return word(value[0]) if len(value) else ""
    text = "" if value is None or value is pd.NA or value != value else str(value).strip()
    if text.startswith("["):
        text = text.strip("[]").split(",")[0].strip(" '\"")
    return text


def _text(lines: pd.DataFrame, column: str) -> pd.Series:
    if column not in lines:
        return pd.Series("", index=lines.index, dtype=object)
    return lines[column].map(word).astype(object)


def _flag(lines: pd.DataFrame, column: str) -> pd.Series:
    return ~_text(lines, column).str.lower().isin(_NO)


def number_vertices(
    lines: gpd.GeoSeries, table: pd.DataFrame, *, ends_only: bool, ends: Ints | None = None
) -> Ways:
    """Return ways with numbers for their vertices, equal where they share a place to the millimetre.

    With `ends_only` inner vertices meet nothing; `ends` are then the numbers of first and last vertices, line by line.
    """
    xy, line = shapely.get_coordinates(lines.array, return_index=True)
    counts = np.bincount(line, minlength=len(table))
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    shared = np.full(len(xy), not ends_only)
    shared[first[:-1]] = shared[first[1:] - 1] = True
    key = place_key(xy)[shared] if ends is None else ends
    known, at, number = np.unique(key, return_index=True, return_inverse=True)
    vertex = np.empty(len(xy), dtype=np.int64)
    vertex[shared] = number
    vertex[~shared] = len(known) + np.arange((~shared).sum())
    points = np.concatenate([xy[shared][at], xy[~shared]])
    node_id = np.arange(len(points), dtype=np.int64)
    if ends is not None:
        node_id = np.concatenate([known, known[-1] + 1 + node_id[: len(points) - len(known)]])
    first, vertex = without_repeats(first, vertex)
    return Ways(table, first, vertex, node_id, points, no_marks())


def _with_marks(ways: Ways, points: pd.DataFrame, places: gpd.GeoSeries) -> Ways:
    """Mark the vertices on which points with a barrier or crossing stand."""
    key = place_key(np.concatenate([ways.xy, shapely.get_coordinates(places.array)]))
    on_street = pd.Series(ways.node_id, index=key[: len(ways.xy)])
    at = on_street[~on_street.index.duplicated()].reindex(key[len(ways.xy) :]).set_axis(points.index)
    marks = judge_points(points[at.notna()])
    marks.index = at.loc[marks.index].astype("int64")
    return replace(ways, marks=marks[~marks.index.duplicated(keep="last")].sort_index())
