"""Where each project is: its point, the zone that it names, and names that say another town than the place."""

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geoplan.inputs.datum import Datum
from geoplan.inputs.facilities.columns import Columns
from geoplan.inputs.facilities.points import BOUNDARY_SLACK_M, place_rows
from geoplan.inputs.facilities.rows import Rows
from geoplan.inputs.facilities.table import study_area
from geoplan.inputs.facilities.zone_names import LEVEL_WORDS, ZoneNames, bare_name
from geoplan.inputs.facilities.zone_notes import point_zones
from geoplan.inputs.projects.cells import VAGUE_PLACE, town_named
from geoplan.inputs.projects.listed import Listed
from geoplan.words.errors import Note


def read_points(
    rows: Listed, zones: gpd.GeoDataFrame | None, crs: CRS | str | None, datum: Datum | None
) -> tuple[gpd.GeoSeries, pd.Series, gpd.GeoSeries, list[Note]]:
    """Return the points of projects in `crs`, how good they are, and the coordinates as declared."""
    index = rows.cells.index
    stated = {"lon", "lat"} <= set(rows.cells) or "lonlat" in rows.cells or rows.points is not None
    if zones is None or crs is None or not stated:
        missing = pd.Series("missing", index=index, dtype=object)
        return gpd.GeoSeries([None] * len(index), index=index, crs=crs), missing, gpd.GeoSeries(), []
    plain_rows = Rows(
        rows.file, rows.cells, rows.number.astype("Int64"), rows.points, Columns({}, None, {}, ())
    )
    placed = place_rows(
        plain_rows,
        area=study_area(zones),
        elsewhere=pd.Series(False, index=index),
        crs=CRS.from_user_input(crs),
        datum=datum,
    )
    # a project without coordinates is usual, and listed as such; every other oddity is a fault
    notes = [note for note in placed.notes if note.code != "coordinates_missing"]
    return placed.geometry, placed.quality, placed.declared, notes


def read_zones(
    rows: Listed,
    table: pd.DataFrame,
    geometry: gpd.GeoSeries,
    zones: gpd.GeoDataFrame | None,
    notes: list[Note],
) -> pd.Series:
    """Return the finest zone that each project lies in or names; null where neither is known."""
    found: dict[object, str | None] = {}
    names = ZoneNames(zones) if zones is not None else None
    for project_id in table.index:
        place = str(table.loc[project_id, "place"])
        told = [(level, str(rows.text(level)[project_id])) for level in ("town", "community")]
        vague = VAGUE_PLACE.search(place)
        if vague and not any(text for _, text in told):
            notes.append(rows.note("project_place_vague", project_id, place=place))
            place = ""
        if names is not None:
            found[project_id] = _zone_of_names(rows, project_id, place, told, names, notes)
    zone_id = pd.Series([found.get(i) for i in table.index], index=table.index, dtype=object)
    if zones is None or not geometry.notna().any():
        return zone_id
    inside = point_zones(geometry[geometry.notna()], zones).reindex(table.index)
    for project_id in table.index[geometry.notna() & zone_id.notna()]:
        name = str(zone_id[project_id])
        polygon = zones.geometry[name]
        metres = 0.0 if polygon is None else float(geometry[project_id].distance(polygon))
        if metres > BOUNDARY_SLACK_M:
            words = {"name": str(zones.loc[name, "name"]), "metres": f"{metres:.0f}"}
            notes.append(rows.note("point_outside_named_zone", project_id, **words))
    return pd.Series(
        [lies if isinstance(lies, str) else named for lies, named in zip(inside, zone_id, strict=True)],
        index=table.index,
        dtype=object,
    )


def _zone_of_names(
    rows: Listed,
    project_id: object,
    place: str,
    told: list[tuple[str, str]],
    names: ZoneNames,
    notes: list[Note],
) -> str | None:
    """Return the finest zone that a row names: its own columns first, then the text of its place."""
    zone: str | None = None
    for level, text in told:
        hit = names.find(text, level, within=zone) if text else None
        if hit is not None and hit.zone_id is None:
            words = {"level_zh": LEVEL_WORDS[level][0], "level_en": LEVEL_WORDS[level][1], "name": text}
            notes.append(rows.note(f"zone_name_{hit.why}", project_id, **words))
        zone = hit.zone_id if hit is not None and hit.zone_id is not None else zone
    if zone is not None or not place:
        return zone
    levels = [level for level in ("community", "town", "district") if level in names.levels()]
    whole = (names.find(place, level).zone_id for level in levels)
    zone = next((hit for hit in whole if hit is not None), None)
    for level in reversed(levels) if zone is None else ():
        zone = names.in_text(place, level, within=zone) or zone
    if zone is None:
        notes.append(rows.note("project_place_unknown", project_id, place=place))
    return zone


def named_elsewhere(rows: Listed, table: pd.DataFrame) -> list[Note]:
    """Return a note for every project whose name says another town than its place."""
    notes = []
    for project_id, name, place in zip(table.index, table["name"], table["place"], strict=True):
        own, other = town_named(name), town_named(place)
        if own and other and bare_name(own, "town") != bare_name(other, "town"):
            notes.append(rows.note("project_named_elsewhere", project_id, named=own, place=other))
    return notes
