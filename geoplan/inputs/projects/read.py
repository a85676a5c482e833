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
from geoplan.inputs.facilities.columns import FLAGS
from geoplan.inputs.facilities.zone_names import ZoneNames
from geoplan.inputs.facilities.zone_notes import serves_zones
from geoplan.inputs.projects.amounts import add_amounts, sum_notes
from geoplan.inputs.projects.cells import ADDED
from geoplan.inputs.projects.facts import (
    Types,
    add_flags,
    read_all_works,
    read_all_years,
    read_costs,
    read_counts,
    read_indicators,
    read_services,
    repeated,
)
from geoplan.inputs.projects.listed import read_rows
from geoplan.inputs.projects.places import named_elsewhere, read_points, read_zones
from geoplan.tables import PROJECTS
from geoplan.words.errors import Note

#: Columns beyond those of `geoplan.tables.PROJECTS`; the amounts' own columns hold the least that the list allows.
MORE_PROJECTS = {
    "number": "序号, as printed",
    "type_word": "类别, as printed",
    "place": "建设地点, as printed",
    "content": "建设内容及规模, as printed",
    "extends": "facility that is enlarged (依托设施), as printed; empty if none is named",
    "approximate": "True where the list says that its area is about so much",
    **{f"{name}_high": f"most of {name} that the list allows; NaN where it does not say" for name in ADDED},
}


@dataclass(frozen=True)
class ProjectList:
    """One project list, or several joined.

    Parameters
    ----------
    projects
        `tables.PROJECTS` with the columns of `MORE_PROJECTS` and the attributes of registers, indexed by project_id = ``file#row``.
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
        name (`projects.cells.NAMED_TYPES`). An empty list: such projects add nothing.
    columns
        Field -> column, for headers that are not recognised (`projects.cells.HEADERS`).
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
    rows, notes = read_rows(path, columns or {}, layer)
    table = pd.DataFrame(index=rows.cells.index)
    for name, source in (("name", "name"), ("number", "id"), ("type_word", "type"), ("place", "place"), ("funds", "funds"),
                         ("unit", "unit"), ("content", "content"), ("extends", "extends")):  # fmt: skip
        table[name] = rows.text(source)
    table["works"] = read_all_works(rows, notes)
    table["services"] = read_services(rows, table, types or {}, notes)
    add_amounts(rows, table, notes)
    table["facilities"] = read_counts(rows, table, notes)
    table["cost"] = read_costs(rows, notes)
    table["cost_from"] = np.where(table["cost"].notna(), "stated", "")
    table["start_year"], table["open_year"] = read_all_years(rows, notes)
    add_flags(rows, table, notes)
    table["indicators"] = read_indicators(rows, indicators, notes)
    geometry, quality, declared, point_notes = read_points(rows, zones, crs, datum)
    notes += point_notes
    table["location_quality"] = quality
    table["zone_id"] = read_zones(rows, table, geometry, zones, notes)
    table["serves"] = [()] * len(table)
    if zones is not None:
        table["serves"], serve_notes = serves_zones(
            rows.text("serves"), rows.number, ZoneNames(zones), table["zone_id"], file=rows.file
        )
        notes += serve_notes
    notes += named_elsewhere(rows, table) + repeated(rows, table) + sum_notes(rows, table)
    table["source_file"], table["source_row"] = rows.file, rows.number
    ordered = table[[c for c in PROJECTS if c != "geometry"] + [*MORE_PROJECTS, *FLAGS]]
    projects = gpd.GeoDataFrame(ordered, geometry=geometry, crs=crs)
    ordered_notes = tuple(sorted((*rows.columns.notes, *notes), key=lambda note: note.row or 0))
    return ProjectList(projects, ordered_notes, declared, datum, rows.file)


def join_projects(lists: Sequence[ProjectList], *, crs: CRS | str | None = None) -> ProjectList:
    """Return several lists as one; without any, an empty one with every column.

    Examples
    --------
    >>> list(join_projects([]).projects.columns)[:3]
    ['name', 'works', 'services']
    """
    if not lists:
        names = [c for c in PROJECTS if c != "geometry"] + [*MORE_PROJECTS, *FLAGS]
        table = pd.DataFrame(columns=names, index=pd.Index([], name="project_id", dtype=object))
        table = table.astype(dict.fromkeys(FLAGS, "boolean") | dict.fromkeys(_NUMBERS, "float64"))
        return ProjectList(
            gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], index=table.index), crs=crs), ()
        )
    joined = gpd.GeoDataFrame(pd.concat([each.projects for each in lists]), crs=lists[0].projects.crs)
    return ProjectList(joined, tuple(note for each in lists for note in each.notes))


_NUMBERS = (*ADDED, *(f"{name}_high" for name in ADDED), "facilities", "cost", "start_year", "open_year")
