"""Streets from any line layer with a column of classes.

Where the layer has node numbers (``u, v``) its lines are whole edges and meet at their ends only. Else lines meet where
they share a vertex, to the millimetre; lines that merely cross do not meet. Points in the same layer with a ``barrier``
(or ``highway`` = ``crossing``) on a vertex are gates, barriers and crossings.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs.datum import to_crs
from geoplan.inputs.streets.edges import Floats, Ways, choose_ways, marks_table, place_key, without_repeats
from geoplan.inputs.streets.walk_table import OUT, WAY_KEYS, judge_node, judge_way
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
) -> tuple[Ways, dict[tuple[str, str], int], tuple[Note, ...]]:
    """Return the ways of a line layer, judged; how many were left out, by rule and class; and notes.

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
    row = geometry.index.to_numpy()
    table = _judge(lines, column, walk).loc[row].reset_index(drop=True)
    left_out = table.loc[table["access"] == OUT].groupby(["rule", "highway"]).size()
    ways = _number(geometry.array, table, noded={"u", "v"} <= set(layer.columns))
    kept = ((table["access"] != OUT) | table["rule"].isin(["class", "stated"])).to_numpy()
    points = layer[(kinds == "Point").to_numpy()]
    if len(points):
        moved = to_crs(points.geometry, datum=datum, crs=crs)  # type: ignore[arg-type]
        ways = _with_marks(ways, points, np.column_stack([moved.x, moved.y]))
    return choose_ways(ways, kept), {(str(r), str(h)): int(n) for (r, h), n in left_out.items()}, notes


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


def _judge(lines: pd.DataFrame, column: str | None, walk: Mapping[str, bool]) -> pd.DataFrame:
    """Return `WAY_COLUMNS` and the rule of each line; each combination of tags is judged once."""
    tags = pd.DataFrame(index=lines.index)
    tags["highway"] = UNCLASSED if column is None else lines[column].map(_word)
    for key in WAY_KEYS:
        if key in lines.columns and key != "highway":
            tags[key] = lines[key].map(_word)
    keys = list(tags.columns)
    combinations = tags.drop_duplicates()
    verdicts = [
        judge_way({k: v for k, v in zip(keys, row, strict=True) if v}, walk)
        for row in combinations.to_numpy()
    ]
    judged = combinations.assign(_place=np.arange(len(combinations)))
    place = tags.merge(judged, on=keys, how="left", validate="many_to_one")["_place"].to_numpy()
    found = pd.DataFrame(verdicts).iloc[place].set_index(lines.index)
    osm_id = _text(lines, "osm_id") if "osm_id" in lines else _text(lines, "osmid")
    return found.assign(
        bridge=_flag(lines, "bridge"), tunnel=_flag(lines, "tunnel"),
        level=_text(lines, "level"), name=_text(lines, "name"), osm_id=osm_id,
    )  # fmt: skip


def _word(value: Any) -> str:  # noqa: ANN401 - a cell as it stands
    """Return a cell as one word; the first of a list (osmnx joins ways so), empty where it is blank."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return _word(value[0]) if len(value) else ""
    text = "" if value is None or value is pd.NA or value != value else str(value).strip()
    if text.startswith("["):
        text = text.strip("[]").split(",")[0].strip(" '\"")
    return text


def _text(lines: pd.DataFrame, column: str) -> pd.Series:
    if column not in lines:
        return pd.Series("", index=lines.index, dtype=object)
    return lines[column].map(_word).astype(object)


def _flag(lines: pd.DataFrame, column: str) -> pd.Series:
    return ~_text(lines, column).str.lower().isin(_NO)


def _number(geometry: npt.ArrayLike, table: pd.DataFrame, *, noded: bool) -> Ways:
    """Give numbers to the vertices: by place, to the millimetre; in a noded layer inner vertices meet nothing."""
    xy, line = shapely.get_coordinates(geometry, return_index=True)
    counts = np.bincount(line, minlength=len(table))
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    shared = np.ones(len(xy), dtype=bool)
    if noded:
        shared[:] = False
        shared[first[:-1]] = shared[first[1:] - 1] = True
    key = place_key(xy)
    _, at, number = np.unique(key[shared], return_index=True, return_inverse=True)
    vertex = np.empty(len(xy), dtype=np.int64)
    vertex[shared] = number
    vertex[~shared] = len(at) + np.arange((~shared).sum())
    points = np.concatenate([xy[shared][at], xy[~shared]])
    first, vertex = without_repeats(first, vertex)
    return Ways(table, first, vertex, np.arange(len(points), dtype=np.int64), points, marks_table({}))


def _with_marks(ways: Ways, points: pd.DataFrame, xy: Floats) -> Ways:
    """Mark the vertices on which points with a barrier or crossing stand."""
    tags = {
        key: _text(points, key).to_numpy()
        for key in ("barrier", "highway", "access", "foot", "locked", "crossing")
    }
    key = place_key(np.concatenate([ways.xy, xy]))
    on_street, on_point = key[: len(ways.xy)], key[len(ways.xy) :]
    order = np.argsort(on_street, kind="stable")
    found: dict[int, tuple[str, str, str]] = {}
    names = _text(points, "name").to_numpy()
    for row in range(len(points)):
        mark = judge_node({k: v[row] for k, v in tags.items() if v[row]})
        place = np.searchsorted(on_street, on_point[row], sorter=order)
        if mark.kind and place < len(order) and on_street[order[place]] == on_point[row]:
            found[int(ways.node_id[order[place]])] = (mark.kind, mark.state, str(names[row]))
    return replace(ways, marks=marks_table(found))
