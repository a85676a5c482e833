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
from geoplan.inputs.streets.conditions import CONDITIONAL_KEYS, undecided
from geoplan.inputs.streets.edges import Ints, Ways, choose_ways, no_marks, place_key, without_repeats
from geoplan.inputs.streets.notes import condition_notes, left_out_notes
from geoplan.inputs.streets.walk_table import (
    GROUND_KEYS,
    KEPT_RULES,
    NO,
    NODE_KEYS,
    OUT,
    WAY_KEYS,
    judge_node,
    judge_way,
    on_ground,
    ride_seconds,
)
from geoplan.words.errors import InputError, Note
from geoplan.words.periods import Hour

#: Columns of classes that are looked for where none is named, in this order.
CLASS_COLUMNS = ("highway", "fclass", "class")
#: Class of every line where the layer has no classes.
UNCLASSED = "unclassified"
#: Column of a layer that tells the rings of one square from those of others.
SQUARE = "_geoplan_square"
#: Heights of vertices that differ by no more than this are one, metres.
SAME_HEIGHT_M = 0.01
_LINES = ("LineString", "MultiLineString", "LinearRing")


def read_lines(
    layer: gpd.GeoDataFrame,
    *,
    classes: str | None,
    walk: Mapping[str, bool],
    at: Hour | None = None,
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
    layer, dropped = _squares_as_rings(layer, column)
    kinds = layer.geometry.type
    lines = layer[kinds.isin(_LINES).to_numpy()]
    if lines.empty:
        raise InputError(Note.of("streets_no_lines", file=file, severity="error"))
    if dropped:
        notes += (Note.of("streets_not_lines", file=file, rows=dropped),)
    moved = to_crs(lines.geometry, datum=datum, crs=crs)  # type: ignore[arg-type]
    geometry = moved.explode() if (moved.type == "MultiLineString").any() else moved
    numbered = {"u", "v"} <= set(lines.columns)
    stale = _stale_numbers(lines, moved) if numbered else 0
    if stale:
        notes += (Note.of("streets_numbers_stale", file=file, numbers=f"{stale:,}"),)
    notes += _height_notes(lines.geometry, moved, file)
    lines = lines.assign(highway=UNCLASSED if column is None else lines[column])
    table = judge_lines(lines, walk, at).loc[geometry.index].reset_index(drop=True)
    ways = number_vertices(geometry, table, ends_only=numbered and not stale)
    points = layer[(kinds == "Point").to_numpy()]
    if len(points):
        ways = _with_marks(ways, points, to_crs(points.geometry, datum=datum, crs=crs), at)  # type: ignore[arg-type]
    told = [*left_out_notes(left_out(table), file), *condition_notes(conditions(layer, at), at, file)]
    return without_left_out(ways), (*notes, *told)


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


def _squares_as_rings(layer: gpd.GeoDataFrame, column: str | None) -> tuple[gpd.GeoDataFrame, int]:
    """Return polygons with a street class as their rings, told apart by `SQUARE`, and how many features are no streets."""
    squares = layer.geometry.type.isin(["Polygon", "MultiPolygon"])
    if column is not None and squares.any():
        squares &= layer[column].map(word) != ""
        names = "p" + layer.index.astype(str).to_series(index=layer.index)
        layer = layer.set_geometry(layer.geometry.mask(squares, layer.geometry.boundary))
        layer = layer.assign(**{SQUARE: names.where(squares, "")})
    return layer, int((~layer.geometry.type.isin([*_LINES, "Point"])).sum())


def _stale_numbers(lines: pd.DataFrame, moved: gpd.GeoSeries) -> int:
    """Return how many node numbers (``u, v``) stand at no place that all of their lines end at: the lines were changed since.

    A line may be drawn from v to u, so that a number is tried at both ends of each of its lines.
    """
    xy, line = shapely.get_coordinates(moved.array, return_index=True)
    row = np.arange(len(lines))
    ends = np.searchsorted(line, row), np.searchsorted(line, row, side="right") - 1
    places = np.unique(place_key(xy[np.concatenate(ends)]), return_inverse=True)[1].reshape(2, -1)
    numbers = pd.factorize(pd.concat([lines["u"], lines["v"]]))[0].reshape(2, -1)
    numbers = np.where(
        numbers < 0, numbers.max(initial=-1) + 1 + np.arange(numbers.size).reshape(2, -1), numbers
    )
    # a line of one number, or one place, says nothing of which is where
    told = (numbers[0] != numbers[1]) & (places[0] != places[1])
    number, place = numbers[:, told], places[:, told]
    lines_of = np.bincount(number.ravel())
    span = places.max(initial=0) + 1
    pair, count = np.unique(
        np.concatenate([number * span + place, number * span + place[::-1]]), return_counts=True
    )
    most = np.zeros(len(lines_of), dtype=np.int64)
    np.maximum.at(most, pair // span, count)
    return int((most < lines_of).sum())


def _height_notes(geometry: gpd.GeoSeries, moved: gpd.GeoSeries, file: str) -> tuple[Note, ...]:
    """Say where lines share a place at different heights: they meet, since only a tag says that one passes over the other."""
    if not geometry.has_z.any():
        return ()
    z = shapely.get_coordinates(geometry.array, include_z=True)[:, 2]
    xy, line = shapely.get_coordinates(moved.array, return_index=True)
    places = pd.DataFrame({"z": z, "line": line}).groupby(place_key(xy))
    differ = (places["z"].max() - places["z"].min())[places["line"].max() > places["line"].min()]
    differ = differ[differ > SAME_HEIGHT_M]
    if differ.empty:
        return ()
    metres = f"{differ.max():,.1f}"
    return (Note.of("streets_heights_differ", file=file, points=f"{len(differ):,}", metres=metres),)


def conditions(things: pd.DataFrame, at: Hour | None) -> Counter[bool]:
    """Return how many lines and points have conditions that are not decided for an hour (True), and that are (False)."""
    tags = pd.DataFrame({key: _text(things, key) for key in CONDITIONAL_KEYS if key in things})
    tags = tags[(tags != "").any(axis=1)] if len(tags.columns) else tags.iloc[:0]
    return Counter(undecided(row, at) for row in tags.to_dict("records"))  # type: ignore[arg-type]


def judge_lines(lines: pd.DataFrame, walk: Mapping[str, bool], at: Hour | None = None) -> pd.DataFrame:
    """Return `WAY_COLUMNS` and the rule of each line with columns of tags."""
    osm_id = _text(lines, "osm_id" if "osm_id" in lines else "osmid")
    verdicts = _judged(lines, WAY_KEYS, partial(judge_way, walk=walk, at=at))
    rides = zip(verdicts["highway"], _text(lines, "duration"), strict=True)
    ground = lines.assign(highway=verdicts["highway"])
    area = "w" + osm_id.where(osm_id != "", lines.index.astype(str).to_series(index=lines.index))
    square = area.where(_flag(lines, "area"), "")
    if SQUARE in lines:
        square = square.mask(lines[SQUARE] != "", lines[SQUARE])
    return verdicts.assign(
        square=square,
        bridge=_flag(lines, "bridge"), tunnel=_flag(lines, "tunnel"),
        ride_s=[ride_seconds(highway, duration) for highway, duration in rides],
        on_ground=_judged(ground, ["highway", *GROUND_KEYS], on_ground).to_numpy()[:, 0].astype(bool),
        level=_text(lines, "level"), layer=_text(lines, "layer"), name=_text(lines, "name"), osm_id=osm_id,
    )  # fmt: skip


def judge_points(points: pd.DataFrame, at: Hour | None = None) -> pd.DataFrame:
    """Return ``kind, state, name`` of points with columns of tags; those that are nothing to a walker are left out."""
    marks = _judged(points, NODE_KEYS, partial(judge_node, at=at)).assign(name=_text(points, "name"))
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
    """Return a cell as one word, empty where it is blank; of a list (osmnx joins ways so) all values, each once, in one order.

    Examples
    --------
    >>> word(["steps", "footway"]), word("['7', '12']"), word(None)
    ('footway;steps', '12;7', '')
    """
    if isinstance(value, str) and value.startswith("["):
        value = [part.strip(" '\"") for part in value.strip("[]").split(",")]
    if isinstance(value, (list, tuple, set, np.ndarray)):
        return ";".join(sorted({word(part) for part in value} - {""}))
    return "" if value is None or value is pd.NA or value != value else str(value).strip()


def _text(lines: pd.DataFrame, column: str) -> pd.Series:
    if column not in lines:
        return pd.Series("", index=lines.index, dtype=object)
    try:
        place, cells = pd.factorize(lines[column])
    except TypeError:  # lists, which osmnx joins tags into
        return lines[column].map(word).astype(object)
    words = np.array([*map(word, cells), ""], dtype=object)  # no cell: the last
    return pd.Series(words[place], index=lines.index)


def _flag(lines: pd.DataFrame, column: str) -> pd.Series:
    return ~_text(lines, column).str.lower().isin(NO)


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
    return Ways(table, first, vertex, node_id, points, no_marks(), by_place=ends is None)


def _with_marks(ways: Ways, points: pd.DataFrame, places: gpd.GeoSeries, hour: Hour | None) -> Ways:
    """Mark the vertices on which points with a barrier or crossing stand."""
    key = place_key(np.concatenate([ways.xy, shapely.get_coordinates(places.array)]))
    on_street = pd.Series(ways.node_id, index=key[: len(ways.xy)])
    at = on_street[~on_street.index.duplicated()].reindex(key[len(ways.xy) :]).set_axis(points.index)
    marks = judge_points(points[at.notna()], hour)
    marks.index = at.loc[marks.index].astype("int64")
    return replace(ways, marks=marks[~marks.index.duplicated(keep="last")].sort_index())
