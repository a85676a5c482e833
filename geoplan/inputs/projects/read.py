"""Project lists (项目库): planned projects with what they add, where, for how much and by when.

A list is read as it stands. What is unknown stays unknown: a blank amount is no 0, an area that is said to be that of a whole
kindergarten adds nothing known, a place such as 相关乡镇 names no town. Every fault is a note by file and row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from geoplan.inputs.datum import Datum
from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.lists.points import datum_of, place_rows, study_area
from geoplan.inputs.lists.rows import Rows, open_list, read_rows
from geoplan.inputs.lists.types import Types
from geoplan.inputs.lists.zone_names import (
    ZoneNames,
    bare_name,
    named_zones,
    outside_named,
    point_zones,
    serves_zones,
)
from geoplan.inputs.projects.facts import read_facts, repeated
from geoplan.inputs.projects.fields import ADDED, FIELDS, VAGUE_PLACE, town_named
from geoplan.tables import PROJECTS
from geoplan.words.errors import Note


@dataclass(frozen=True)
class ProjectList:
    """One project list, or several joined.

    Parameters
    ----------
    projects
        `tables.PROJECTS` with the attributes of registers, indexed by project_id = ``file#row``.
    notes
        Every fault, in the order of rows.
    declared
        Coordinates as the file has them, for the datum check.
    datum
        What the coordinates were taken to be.
    file
        File name.
    """

    projects: gpd.GeoDataFrame
    notes: tuple[Note, ...]
    declared: gpd.GeoSeries = field(default_factory=gpd.GeoSeries)
    datum: Datum | None = None
    file: str = ""


def read_projects(
    path: Path | str,
    *,
    zones: gpd.GeoDataFrame | None = None,
    crs: CRS | str | None = None,
    types: Types | None = None,
    columns: Mapping[str, str] | None = None,
    datum: Datum | None = None,
    layer: str | None = None,
    indicators: Mapping[str, Sequence[str]] | None = None,
) -> ProjectList:
    """Read one project list.

    Parameters
    ----------
    path
        XLSX, CSV (UTF-8 with or without BOM, GB18030), or a layer of points.
    zones, crs
        `tables.ZONES` and the study's metric CRS; without them no place is looked up and every project is without a point.
    types
        Word of the category column, or word in a project's name -> facility type(s); what it does not say is read from the
        name (`lists.types.NAMED_TYPES`). An empty list: such projects add nothing.
    columns
        Field -> column, for headers that are not recognised (`projects.fields.FIELDS`).
    datum
        What the coordinates are in; None: what the file says, else WGS 84.
    layer
        Sheet or layer.
    indicators
        Name or rule_id of an indicator -> rule_ids; without it the list's own words stand in ``indicators``.

    Returns
    -------
    projects
        One row a project, in the order of the file.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column that it must have; every problem at once.
    """
    path = Path(path)
    needs = [("name",)]
    rows, notes = read_rows(
        path, FIELDS, open_list(path, layer), key="project_id", mapped=columns or {}, needs=needs, datum=datum
    )
    used, datum_notes = datum_of(rows, datum, crs)
    table = read_facts(rows, types or {}, indicators, notes)
    place = _places(rows, notes)
    geometry = gpd.GeoSeries([None] * len(table), index=table.index, crs=crs)
    declared = gpd.GeoSeries()
    table["location_quality"], table["zone_id"], table["serves"] = "missing", None, [()] * len(table)
    if zones is not None:
        if rows.located and crs is not None:
            placed = place_rows(rows, area=study_area(zones), crs=CRS.from_user_input(crs), datum=used)
            geometry, table["location_quality"], declared = placed.geometry, placed.quality, placed.declared
            # a project without coordinates is usual, and listed as such; every other oddity is a fault
            notes += [note for note in placed.notes if note.code != "coordinates_missing"]
        names = ZoneNames(zones)
        table["zone_id"] = _zones(rows, place, geometry, zones, names, notes)
        table["serves"], serves_notes = serves_zones(rows, names, table["zone_id"])
        notes += [*datum_notes, *serves_notes]
    notes += _named_elsewhere(rows, table) + repeated(rows, table) + rows.total_notes(_sums(table, rows))
    table["source_file"], table["source_row"] = rows.file, rows.number.astype("int64")
    ordered = table[[c for c in PROJECTS if c != "geometry"] + [*ATTRIBUTES]]
    projects = gpd.GeoDataFrame(ordered, geometry=geometry, crs=crs)
    ordered_notes = tuple(sorted(notes, key=lambda note: note.row or 0))
    return ProjectList(projects, ordered_notes, declared, used, rows.file)


def _sums(table: pd.DataFrame, rows: Rows) -> dict[str, tuple[float, float]]:
    """Return least and most that the projects add up to, for the columns of the list; what a row does not say may be anything."""
    sums = {}
    for name in ("cost", "beds", "places"):
        if name in rows.cells:
            most = table[f"{name}_high"] if name != "cost" else table[name]
            sums[name] = float(table[name].sum()), float(most.fillna(np.inf).sum())
    return sums


def _places(rows: Rows, notes: list[Note]) -> pd.Series:
    """Return the place of each project as printed, empty where its words name none (相关乡镇)."""
    place = rows.text("place")
    vague = place.map(lambda text: VAGUE_PLACE.search(text) is not None).astype(bool)
    elsewhere = rows.text("town") + rows.text("community")
    notes += [
        rows.note("project_place_vague", i, place=place[i]) for i in place.index[vague & (elsewhere == "")]
    ]
    return place.mask(vague, "")


def _zones(
    rows: Rows, place: pd.Series, geometry: gpd.GeoSeries, zones: gpd.GeoDataFrame, names: ZoneNames, notes: list[Note]
) -> pd.Series:  # fmt: skip
    """Return the finest zone that each project lies in, else the one that it names; null where neither is known."""
    named = named_zones(rows, place, names)
    notes += named.notes
    lost = place.index[(place != "") & named.zone_id.isna()]
    notes += [rows.note("project_place_unknown", i, place=place[i]) for i in lost]
    notes += outside_named(rows, geometry, named.zone_id, zones)
    inside = point_zones(geometry, zones)
    return inside.where(inside.notna(), named.zone_id)


def _named_elsewhere(rows: Rows, table: pd.DataFrame) -> list[Note]:
    """Return a note for every project whose name says another town than its place."""
    notes = []
    for project_id, name, place in zip(table.index, table["name"], table["place"], strict=True):
        own, other = town_named(name), town_named(place)
        if own and other and bare_name(own, "town") != bare_name(other, "town"):
            notes.append(rows.note("project_named_elsewhere", project_id, named=own, place=other))
    return notes


def join_projects(lists: Sequence[ProjectList], *, crs: CRS | str | None = None) -> ProjectList:
    """Return several lists as one; without any, an empty one with every column.

    Examples
    --------
    >>> list(join_projects([]).projects.columns)[:3]
    ['name', 'works', 'services']
    """
    if not lists:
        names = [c for c in PROJECTS if c != "geometry"] + [*ATTRIBUTES]
        table = pd.DataFrame(columns=names, index=pd.Index([], name="project_id", dtype=object))
        table = table.astype(dict.fromkeys(ATTRIBUTES, "boolean") | dict.fromkeys(_NUMBERS, "float64"))
        return ProjectList(
            gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], index=table.index), crs=crs), ()
        )
    joined = gpd.GeoDataFrame(pd.concat([each.projects for each in lists]), crs=lists[0].projects.crs)
    return ProjectList(joined, tuple(note for each in lists for note in each.notes))


_NUMBERS = (*ADDED, *(f"{name}_high" for name in ADDED), "facilities", "cost", "start_year", "open_year")
