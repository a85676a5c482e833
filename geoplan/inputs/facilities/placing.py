"""Rows without a point: the zones that they name, a place matched offline by name, and points that the office has accepted.

Nothing is looked up on the Internet. A row is matched to the office's own lookup table (by name, then by address), to the estate
or community that it names, or to an estate or community whose full name stands in its address. A match in the office's own table
places the facility, marked *approximate*; a match to an estate or a community gives a *candidate*, the zone's representative
point, which stands in the list of what is not yet placed until somebody accepts it.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs import datum as datums
from geoplan.inputs import readers
from geoplan.inputs.facilities.cells import is_blank, read_coordinate
from geoplan.inputs.facilities.columns import recognise
from geoplan.inputs.facilities.supplies import row_of
from geoplan.inputs.facilities.zone_names import LEVEL_WORDS, NAMED_LEVELS, ZoneNames, clean_name
from geoplan.words.errors import InputError, Note

#: Columns of the file of accepted points.
ACCEPTED_COLUMNS = ("facility_id", "name", "lon", "lat", "match", "matched_name")


@dataclass(frozen=True)
class Match:
    """A place matched by name: ``match`` is ``accepted, lookup_name, lookup_address, estate, community`` or an address form."""

    point: Any
    match: str
    matched_name: str


@dataclass(frozen=True)
class NamedZones:
    """The finest zone that each row names (None where none), and notes on names that no zone has.

    `elsewhere` is True where the row names a district that the study does not have.
    """

    zone_id: pd.Series
    district_id: pd.Series
    elsewhere: "pd.Series[bool]"
    notes: tuple[Note, ...]


def named_zones(
    cells: Mapping[str, pd.Series], numbers: pd.Series, names: ZoneNames, *, file: str
) -> NamedZones:
    """Return the finest zone that each row's columns name; each name is looked up inside the zone named before it.

    Where the columns name none, a district, town or community whose full name stands in the address is taken. Below a district
    that the study does not have nothing is looked up: its 和平社区 is another one.
    """
    zone_ids, districts, elsewhere, notes = [], [], [], []
    for facility_id in numbers.index:
        found: str | None = None
        district: str | None = None
        strange = False
        for level in (lv for lv in NAMED_LEVELS if lv in names.levels()):
            text = cells[level][facility_id]
            if not text:
                continue
            hit = names.find(text, level, within=found)
            if hit.zone_id is None:
                row = row_of(numbers.loc[str(facility_id)])
                words = {"level_zh": LEVEL_WORDS[level][0], "level_en": LEVEL_WORDS[level][1], "name": text}
                notes.append(Note.of(f"zone_name_{hit.why}", file=file, row=row, **words))
                strange = level == "district" and hit.why == "unknown"
                if strange:
                    break
                continue
            found = hit.zone_id
            district = found if level == "district" else district
        if found is None and not strange and cells["address"][facility_id]:
            for level in (lv for lv in NAMED_LEVELS[:3] if lv in names.levels()):
                found = names.in_text(cells["address"][facility_id], level, within=found) or found
        zone_ids.append(found)
        districts.append(district)
        elsewhere.append(strange)
    index = numbers.index
    return NamedZones(
        pd.Series(zone_ids, index=index, dtype=object),
        pd.Series(districts, index=index, dtype=object),
        pd.Series(elsewhere, index=index, dtype=bool),
        tuple(notes),
    )


def candidates(
    cells: Mapping[str, pd.Series],
    wanted: pd.Index,
    *,
    names: ZoneNames,
    zones: gpd.GeoDataFrame,
    named: pd.Series,
    lookup: "Lookup | None",
) -> dict[str, Match]:
    """Return the match of each wanted row that has one."""
    found: dict[str, Match] = {}
    for facility_id in wanted:
        match = (
            lookup.find(cells["name"][facility_id], cells["address"][facility_id])
            if lookup is not None
            else None
        )
        if match is None:
            match = _zone_match(facility_id, cells, names=names, zones=zones, named=named[facility_id])
        if match is not None:
            found[facility_id] = match
    return found


def _zone_match(
    facility_id: str,
    cells: Mapping[str, pd.Series],
    *,
    names: ZoneNames,
    zones: gpd.GeoDataFrame,
    named: str | None,
) -> Match | None:
    """Return the estate or community that the row names or has in its address; nothing coarser is a place."""
    address = cells["address"][facility_id]
    options: list[tuple[str | None, str]] = []
    if named is not None and zones.loc[named, "level"] == "estate":
        options.append((named, "estate"))
    options.append(
        (
            names.in_text(address, "estate", within=named if _partition(zones, named) else None),
            "address_estate",
        )
    )
    if named is not None and zones.loc[named, "level"] == "community":
        options.append((named, "community"))
    options.append(
        (
            names.in_text(address, "community", within=named if _partition(zones, named) else None),
            "address_community",
        )
    )
    for zone_id, match in options:
        if zone_id is not None and zones.geometry[zone_id] is not None:
            return Match(
                zones.geometry[zone_id].representative_point(), match, str(zones.loc[zone_id, "name"])
            )
    return None


def _partition(zones: gpd.GeoDataFrame, zone_id: str | None) -> bool:
    return zone_id is not None and zones.loc[zone_id, "level"] in ("district", "town", "community")


class Lookup:
    """The office's own table of names or addresses with coordinates.

    Parameters
    ----------
    path
        A table with columns of names and/or addresses and of coordinates, headers as in a register, or a layer of points.
    datum
        What its coordinates are in; where None, what its headers say, else WGS 84.
    crs
        The study's CRS.
    """

    def __init__(self, path: Path, *, datum: datums.Datum | None, crs: CRS) -> None:
        table, points, stated = _table_and_points(path, datum)
        metric = datums.to_crs(points, datum=stated, crs=crs)
        self._places: dict[str, dict[str, list[Any]]] = {"name": {}, "address": {}}
        for field, places in self._places.items():
            if field in table.columns:
                for text, point in zip(table[field], metric, strict=True):
                    key = clean_name(text)
                    if key and point is not None and not point.is_empty:
                        places.setdefault(key, []).append(point)

    def find(self, name: str, address: str) -> Match | None:
        """Return the one place under this name, else under this address; several places more than 200 m apart are none."""
        for field, text in (("name", name), ("address", address)):
            points = self._places[field].get(clean_name(text), [])
            if points and all(points[0].distance(p) <= 200 for p in points):
                return Match(points[0], f"lookup_{field}", text)
        return None


def read_accepted(path: Path, *, crs: CRS) -> dict[str, Match]:
    """Return accepted points by the part of facility_id behind ``#``; longitude and latitude are WGS 84.

    Raises
    ------
    InputError
        If the file lacks a column, or a row has no readable coordinates.
    """
    table = readers.read_rows(path)
    missing = [c for c in ("facility_id", "lon", "lat") if c not in table.columns]
    if missing:
        found = ", ".join(map(str, table.columns))
        raise InputError(
            *[
                Note.of("column_missing", file=path.name, severity="error", column=c, found=found)
                for c in missing
            ]
        )
    lon, lat = ([read_coordinate(v)[0] for v in table[c]] for c in ("lon", "lat"))
    bad = [
        int(row)
        for row, x, y in zip(table.index, lon, lat, strict=True)
        if not (abs(x) <= 180 and abs(y) <= 90)
    ]
    if bad:
        raise InputError(
            *[Note.of("accepted_unreadable", file=path.name, row=row, severity="error") for row in bad]
        )
    metric = datums.to_crs(gpd.GeoSeries.from_xy(lon, lat, crs=4326), datum="wgs84", crs=crs)
    names = table["matched_name"] if "matched_name" in table.columns else table["facility_id"]
    return {
        str(facility_id).rsplit("#", 1)[-1]: Match(point, "accepted", str(name))
        for facility_id, point, name in zip(table["facility_id"], metric, names, strict=True)
    }


def write_accepted(path: Path | str, points: pd.DataFrame) -> Path:
    """Write points that the office accepts, to be named as ``accepted`` of a register; returns the path.

    Parameters
    ----------
    path
        CSV to write (UTF-8 with BOM, so that spreadsheets show it rightly).
    points
        Rows of the list of what is not placed: ``facility_id, name, lon, lat`` (WGS 84), ``match, matched_name`` where known.
        Rows without coordinates are left out.
    """
    path = Path(path)
    kept = points.dropna(subset=["lon", "lat"]).reindex(columns=list(ACCEPTED_COLUMNS)).astype(object)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ACCEPTED_COLUMNS)
        for row in kept.itertuples(index=False):
            cells = ["" if v is None or v != v else f"{v:.7f}" if isinstance(v, float) else v for v in row]
            writer.writerow(["'" + c if isinstance(c, str) and c[:1] in "=+@" and c else c for c in cells])
    return path


def lonlat_columns(points: list[Any], *, crs: CRS) -> pd.DataFrame:
    """Return WGS 84 ``lon, lat`` of points in `crs`; NaN for null."""
    series = gpd.GeoSeries(points, crs=crs)
    moved = datums.to_crs(series, datum=None, crs=datums.WGS84)
    lon = [np.nan if p is None else p.x for p in moved]
    lat = [np.nan if p is None else p.y for p in moved]
    return pd.DataFrame({"lon": np.round(lon, 7), "lat": np.round(lat, 7)})


def _table_and_points(
    path: Path, datum: datums.Datum | None
) -> tuple[pd.DataFrame, gpd.GeoSeries, datums.Datum | None]:
    if readers.file_kind(path, "table", "layer") == "layer":
        shapes = readers.read_layer(path)
        table = pd.DataFrame(shapes.drop(columns=shapes.geometry.name))
        columns = recognise(list(table.columns), mapped={}, file=path.name)
        return (
            table.rename(columns={h: f for f, h in columns.header.items()}),
            shapes.representative_point(),
            datum,
        )
    rows = readers.read_rows(path)
    columns = recognise(
        list(rows.columns), mapped={}, datum=datum if isinstance(datum, str) else None, file=path.name
    )
    lacking = [f for f in ("lon", "lat") if f not in columns.header]
    if lacking:
        found = ", ".join(map(str, rows.columns))
        raise InputError(
            *[
                Note.of("column_missing", file=path.name, severity="error", column=f, found=found)
                for f in lacking
            ]
        )
    table = pd.DataFrame({f: rows[h] for f, h in columns.header.items()})
    xy = [
        (read_coordinate(x)[0], read_coordinate(y)[0])
        for x, y in zip(table["lon"], table["lat"], strict=True)
    ]
    shapes = [None if np.isnan(p).any() or is_blank(p[0]) else shapely.Point(p) for p in xy]
    return table, gpd.GeoSeries(shapes, index=table.index), datum or columns.datum or "wgs84"
