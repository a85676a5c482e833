"""Lists of candidates (存量用房、备选地块): where a facility may go, how large, for how long and for how much.

A list is read as it stands. What is unknown stays unknown: a blank area or cost is no 0, a parcel's area is no floor area. A candidate
without a point is kept and can be in no circle. Every fault is a note by file and row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy.spatial import cKDTree

from geoplan.inputs import datum as datums
from geoplan.inputs.candidates.facts import by_land_code, group_notes, read_facts
from geoplan.inputs.candidates.fields import FIELDS, PARCEL_FIELDS
from geoplan.inputs.candidates.frame import candidate_frame
from geoplan.inputs.datum import Datum
from geoplan.inputs.lists.cells import read_datum
from geoplan.inputs.lists.points import datum_of, place_rows, study_area
from geoplan.inputs.lists.rows import Rows, open_list, read_rows
from geoplan.inputs.lists.types import Types
from geoplan.inputs.lists.zone_names import ZoneNames, clean_name, named_zones, outside_named, point_zones
from geoplan.words.errors import Note

#: Two rows of one name, floor and area this near to each other are the same premises, metres.
SAME_PLACE_M = 25.0
AREA_DIMENSION = 2
#: What is wrong with coordinates -> the note of a candidate without a point: the advice differs from that of registers.
_WITHOUT_POINT = {
    "coordinates_missing": "candidate_no_point",
    "coordinates_half": "candidate_point_half",
    "coordinates_unreadable": "candidate_point_unreadable",
    "coordinates_zero": "candidate_point_zero",
    "coordinates_far": "candidate_point_far",
}


@dataclass(frozen=True)
class CandidateList:
    """One list of candidates.

    Parameters
    ----------
    candidates
        `tables.CANDIDATES`, indexed by candidate_id = ``file#row``.
    notes
        Every fault, in the order of rows.
    declared
        Coordinates as the file has them, for the datum check.
    datum
        What the coordinates were taken to be; None: what the file says, else WGS 84.
    file
        File name.
    """

    candidates: gpd.GeoDataFrame
    notes: tuple[Note, ...]
    declared: gpd.GeoSeries = field(default_factory=gpd.GeoSeries)
    datum: Datum | None = None
    file: str = ""


def read_candidates(
    path: Path | str,
    *,
    zones: gpd.GeoDataFrame,
    crs: CRS | str,
    types: Types | None = None,
    columns: Mapping[str, str] | None = None,
    datum: Datum | None = None,
    layer: str | None = None,
    services: Sequence[str] = (),
    works: str = "",
    land_codes: Sequence[str] = (),
    lang: str = "zh",
) -> CandidateList:
    """Read one list of candidates.

    Parameters
    ----------
    path
        XLSX, CSV (UTF-8 with or without BOM, GB18030), or a layer of points or parcels; of a parcel a point inside is taken.
    zones, crs
        `tables.ZONES` and the study's metric CRS.
    types
        Word of the column 可设服务 -> facility type(s), before the usual words (`fields.SERVICE_WORDS`, `lists.types.NAMED_TYPES`).
    columns
        Field -> column, for headers that are not recognised (`fields.FIELDS`).
    datum
        What the coordinates are in; None: what a header says (百度经度), else the file, else WGS 84.
    layer
        Sheet or layer.
    services, works
        Facility types that a candidate may hold and its kind of works, where its row says nothing.
    land_codes
        Only candidates whose land use code begins with one of these are kept (``0708``, ``08``, ``A6``); none: all.
    lang
        Language of the names that nameless candidates get (``zh``, ``en``).

    Returns
    -------
    candidates
        One row a candidate, in the order of the file; rows of totals and repeated ones are left out, and listed.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column that it must have; every problem at once.
    """
    path = Path(path)
    opened = open_list(path, layer)
    parcels = opened[1] is not None
    rows, notes = read_rows(
        path, PARCEL_FIELDS if parcels else FIELDS, opened, key="candidate_id", mapped=columns or {}, datum=datum,
        needs=[] if parcels else [("name", "place", "lon", "lonlat")],
    )  # fmt: skip
    rows = rows.only(by_land_code(rows, land_codes, notes))
    used, datum_notes = datum_of(rows, datum, crs)
    table = read_facts(rows, types or {}, services, works, lang, notes)
    geometry, table["location_quality"], declared, point_notes = _points(rows, zones, crs, used)
    notes += [*datum_notes, *point_notes]
    table["zone_id"] = _zones(rows, geometry, zones, notes)
    own_m2 = _parcel_areas(rows, crs, used)
    table["parcel_m2"] = own_m2.where(own_m2.notna(), table["parcel_m2"])
    twins = same_premises(table, geometry)
    notes += [rows.note("candidate_twice", i, kept=kept) for i, kept in twins.items()]
    areas = table["floor_area_m2"]
    notes += rows.total_notes({"floor_area_m2": (float(areas.sum()), float(areas.fillna(np.inf).sum()))})
    keep = ~table.index.isin(list(twins))
    table = table[keep]
    notes += group_notes(rows, table)
    candidates = candidate_frame(
        {str(name): column for name, column in table.items()},
        index=table.index,
        geometry=geometry[keep],
        crs=crs,
    )
    ordered = tuple(sorted(notes, key=lambda note: note.row or 0))
    return CandidateList(candidates, ordered, declared, used, path.name)


def _points(
    rows: Rows, zones: gpd.GeoDataFrame, crs: CRS | str, datum: Datum | None
) -> tuple[gpd.GeoSeries, pd.Series, gpd.GeoSeries, list[Note]]:
    """Return the candidates' points in `crs`, how good they are, the coordinates as declared in the list's own datum, and notes.

    A column that names the datum row by row goes before the list's; a row whose word means none has no point.
    """
    area, index = study_area(zones), rows.index
    geometry = gpd.GeoSeries([None] * len(index), index=index, crs=crs)
    quality = pd.Series("missing", index=index, dtype=object)
    declared = gpd.GeoSeries()
    notes: list[Note] = []
    if not rows.located or not len(index):
        return geometry, quality, declared, [rows.note("candidate_no_point", i) for i in index]
    words = rows.text("datum")
    for word in words.drop_duplicates():
        some = words.index[words == word]
        own = datum if word == "" else read_datum(word)
        if word and own is None:
            notes += [rows.note("candidate_datum_unknown", i, word=word) for i in some]
            quality[some] = "rejected"
            continue
        placed = place_rows(rows.only(some), area=area, crs=CRS.from_user_input(crs), datum=own)
        geometry[some], quality[some] = placed.geometry, placed.quality
        declared = placed.declared if word == "" or len(some) == len(index) else declared
        notes += [replace(note, code=_WITHOUT_POINT.get(note.code, note.code)) for note in placed.notes]
    inside = shapely.distance(area, geometry.to_numpy())
    for candidate_id, metres in zip(index, inside, strict=True):
        if metres > 0:
            notes.append(rows.note("candidate_outside_area", candidate_id, metres=f"{metres:.0f}"))
    return geometry, quality, declared, notes


def _zones(rows: Rows, geometry: gpd.GeoSeries, zones: gpd.GeoDataFrame, notes: list[Note]) -> pd.Series:
    """Return the finest zone that each candidate lies in, without a point the one that it names; null where neither is known."""
    place = rows.text("place")
    found = named_zones(rows, place, ZoneNames(zones))
    notes.extend(found.notes)
    parent, level = zones["parent_id"].to_dict(), zones["level"].to_dict()
    # an estate lies over communities: its candidates count in the community that holds it
    up = [parent.get(z) if isinstance(z, str) and level[z] == "estate" else z for z in found.zone_id]
    named = pd.Series([z if isinstance(z, str) else None for z in up], index=rows.index, dtype=object)
    notes += outside_named(rows, geometry, named, zones)
    for candidate_id in rows.index[geometry.isna() & named.isna()]:
        notes.append(rows.note("candidate_place_unknown", candidate_id, place=place[candidate_id] or "–"))
    return point_zones(geometry, zones).where(geometry.notna(), named)


def _parcel_areas(rows: Rows, crs: CRS | str, datum: Datum | None) -> pd.Series:
    """Return the area of every parcel's polygon in `crs`, m²; NaN for points and tables."""
    areas = pd.Series(np.nan, index=rows.index)
    if rows.shapes is not None:
        polygons = rows.shapes[shapely.get_dimensions(np.asarray(rows.shapes.array)) == AREA_DIMENSION]
        if len(polygons):
            areas[polygons.index] = datums.to_crs(polygons, datum=datum, crs=crs).area
    return areas


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
