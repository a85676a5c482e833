"""Where each candidate is: its point or one inside its parcel, the zone that it lies in or names, and which rows are one and the same."""

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy.spatial import cKDTree

from geoplan.inputs import datum as datums
from geoplan.inputs.candidates.cells import read_datum
from geoplan.inputs.candidates.rows import CandidateRows
from geoplan.inputs.facilities.columns import Columns
from geoplan.inputs.facilities.placing import named_zones
from geoplan.inputs.facilities.points import BOUNDARY_SLACK_M, place_rows
from geoplan.inputs.facilities.rows import Rows
from geoplan.inputs.facilities.table import study_area
from geoplan.inputs.facilities.zone_names import NAMED_LEVELS, ZoneNames, clean_name
from geoplan.inputs.facilities.zone_notes import point_zones
from geoplan.inputs.projects.listed import Listed
from geoplan.words.errors import Note

#: Two rows of one name, floor and area this near to each other are the same premises, metres.
SAME_PLACE_M = 25.0
AREA_DIMENSION = 2


def read_points(
    listed: CandidateRows, zones: gpd.GeoDataFrame, crs: CRS | str, datum: datums.Datum | None
) -> tuple[gpd.GeoSeries, pd.Series, gpd.GeoSeries, list[Note]]:
    """Return the candidates' points in `crs`, how good they are, the coordinates as declared in the list's own datum, and notes.

    A column that names the datum row by row goes before the list's; a row whose word means none has no point.
    """
    rows, area = listed.rows, study_area(zones)
    index = rows.cells.index
    geometry = gpd.GeoSeries([None] * len(index), index=index, crs=crs)
    quality = pd.Series("missing", index=index, dtype=object)
    declared = gpd.GeoSeries()
    notes: list[Note] = []
    stated = {"lon", "lat"} <= set(rows.cells) or "lonlat" in rows.cells or rows.points is not None
    if not stated or not len(index):
        return geometry, quality, declared, [rows.note("candidate_no_point", i) for i in index]
    words = rows.text("datum")
    for word in words.drop_duplicates():
        some = words.index[words == word]
        own = datum if word == "" else read_datum(word)
        if word and own is None:
            notes += [rows.note("candidate_datum_unknown", i, word=word) for i in some]
            quality[some] = "rejected"
            continue
        placed = place_rows(_part(rows, some), area=area, elsewhere=pd.Series(False, index=some),
                            crs=CRS.from_user_input(crs), datum=own)  # fmt: skip
        geometry[some], quality[some] = placed.geometry, placed.quality
        declared = placed.declared if word == "" or len(some) == len(index) else declared
        notes += [replace(note, code=_WITHOUT_POINT.get(note.code, note.code)) for note in placed.notes]
    inside = shapely.distance(area, geometry.to_numpy())
    for candidate_id, metres in zip(index, inside, strict=True):
        if metres > 0:
            notes.append(rows.note("candidate_outside_area", candidate_id, metres=f"{metres:.0f}"))
    return geometry, quality, declared, notes


#: What is wrong with coordinates -> the note of a candidate without a point: the advice differs from that of registers.
_WITHOUT_POINT = {
    "coordinates_missing": "candidate_no_point",
    "coordinates_half": "candidate_point_half",
    "coordinates_unreadable": "candidate_point_unreadable",
    "coordinates_zero": "candidate_point_zero",
    "coordinates_far": "candidate_point_far",
}


def _part(rows: Listed, some: pd.Index) -> Rows:
    points = None if rows.points is None else rows.points[some]
    return Rows(
        rows.file, rows.cells.loc[some], rows.number[some].astype("Int64"), points, Columns({}, None, {}, ())
    )


def read_zones(
    rows: Listed, geometry: gpd.GeoSeries, zones: gpd.GeoDataFrame, notes: list[Note]
) -> pd.Series:
    """Return the finest zone that each candidate lies in, else the one that it names; null where neither is known."""
    cells = {level: rows.text(level) for level in NAMED_LEVELS} | {"address": rows.text("place")}
    found = named_zones(cells, rows.number, ZoneNames(zones), file=rows.file)
    notes.extend(found.notes)
    parent, level = zones["parent_id"].to_dict(), zones["level"].to_dict()
    # an estate lies over communities: its candidates count in the community that holds it
    named = [parent.get(z) if isinstance(z, str) and level[z] == "estate" else z for z in found.zone_id]
    inside = point_zones(geometry[geometry.notna()], zones).reindex(rows.cells.index)
    out: list[str | None] = []
    for candidate_id, lies, name in zip(rows.cells.index, inside, named, strict=True):
        if isinstance(name, str) and geometry[candidate_id] is not None:
            notes += _misplaced(rows, candidate_id, name, geometry[candidate_id], zones)
        if geometry[candidate_id] is not None:
            out.append(lies if isinstance(lies, str) else None)
        else:
            out.append(name if isinstance(name, str) else None)
            if not isinstance(name, str):
                notes.append(
                    rows.note(
                        "candidate_place_unknown", candidate_id, place=cells["address"][candidate_id] or "–"
                    )
                )
    return pd.Series(out, index=rows.cells.index, dtype=object)


def _misplaced(
    rows: Listed, candidate_id: Hashable, zone_id: str, point: shapely.Point, zones: gpd.GeoDataFrame
) -> list[Note]:
    polygon = zones.geometry[zone_id]
    metres = 0.0 if polygon is None else float(point.distance(polygon))
    if metres <= BOUNDARY_SLACK_M:
        return []
    name = str(zones.loc[zone_id, "name"])
    return [rows.note("point_outside_named_zone", candidate_id, name=name, metres=f"{metres:.0f}")]


def parcel_areas(listed: CandidateRows, crs: CRS | str, datum: datums.Datum | None) -> list[float]:
    """Return the area of every parcel's polygon in `crs`, m²; NaN for points and tables."""
    index = listed.rows.cells.index
    nothing = [float("nan")] * len(index)
    if listed.shapes is None:
        return nothing
    area = shapely.get_dimensions(np.asarray(listed.shapes.array)) == AREA_DIMENSION
    if not area.any():
        return nothing
    moved = datums.to_crs(listed.shapes[area], datum=datum, crs=crs)
    return [float(m2) for m2 in moved.area.reindex(index)]


def same_premises(table: pd.DataFrame, geometry: gpd.GeoSeries) -> dict[str, str]:
    """Return candidate_id -> the earlier one that is the same premises: same name, floor and area, and the same place.

    The place is the same within `SAME_PLACE_M`; where one of the two is without a point, if both have the same address.
    """
    names, storeys = table["name"].map(clean_name), table["storey"].map(clean_name)
    keys = list(zip(names, storeys, table["floor_area_m2"].fillna(-1.0), strict=True))
    near = _earlier_near(geometry)
    at: dict[tuple[Any, ...], int] = {}
    twins: dict[int, int] = {}
    for j, (key, place, point) in enumerate(zip(keys, table["place"].map(clean_name), geometry, strict=True)):
        same = [i for i in near.get(j, ()) if keys[i] == key and i not in twins]
        if not same and point is None:
            same = [
                at[a] for a in ((key, place, True), (key, place, False)) if a in at and (place or not a[2])
            ]
        elif not same and place and (key, place, False) in at:
            same = [at[key, place, False]]
        if same:
            twins[j] = min(same)
        else:
            at.setdefault((key, place, point is not None), j)
    ids = [str(i) for i in table.index]
    return {ids[j]: ids[i] for j, i in twins.items()}


def _earlier_near(geometry: gpd.GeoSeries) -> dict[int, list[int]]:
    """Return the earlier points within `SAME_PLACE_M` of each, by position, for those that have some."""
    has = np.flatnonzero(geometry.notna())
    found: dict[int, list[int]] = {}
    if len(has):
        xy = shapely.get_coordinates(np.asarray(geometry.iloc[has].array))
        pairs = np.sort(cKDTree(xy).query_pairs(SAME_PLACE_M, output_type="ndarray"), axis=1)
        for i, j in has[pairs]:
            found.setdefault(int(j), []).append(int(i))
    return found
