"""Facilities without a point: a place matched offline by name, and points that the office has accepted.

Nothing is looked up on the Internet. A row is matched to the office's own lookup table (by name, then by address), to the estate
or community that it names, or to an estate or community whose full name stands in its address. A match in the office's own table
places the facility, marked *approximate*; a match to an estate or a community gives a *candidate*, the zone's representative
point, which stands in the list of what is not yet placed until somebody accepts it.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from geoplan.inputs import datum as datums
from geoplan.inputs import readers
from geoplan.inputs.facilities.fields import FIELDS
from geoplan.inputs.lists.cells import read_coordinate
from geoplan.inputs.lists.points import Placed, declared_points
from geoplan.inputs.lists.rows import Rows, former_id, has_columns, open_list, read_rows
from geoplan.inputs.lists.zone_names import ZoneNames, clean_name
from geoplan.words.catalogue import phrase
from geoplan.words.errors import InputError, Note, raise_errors

#: Columns of the file of accepted points.
ACCEPTED_COLUMNS = ("facility_id", "name", "lon", "lat", "match", "matched_name")


@dataclass(frozen=True)
class Match:
    """A place matched by name: ``match`` is ``accepted, lookup_name, lookup_address, estate, community`` or an address form."""

    point: Any
    match: str
    matched_name: str


def matches_of(
    rows: Rows, placed: Placed, *, names: ZoneNames, zones: gpd.GeoDataFrame, named: pd.Series, lookup: "Lookup | None",
    accepted: Mapping[str, Match],
) -> dict[str, Match]:  # fmt: skip
    """Return accepted points of any row, and the matched places of rows without a usable point.

    Parameters
    ----------
    named
        The zone that each row names.
    """
    found = dict(accepted)
    texts, addresses = rows.text("name"), rows.text("address")
    for facility_id in placed.geometry.index[placed.geometry.isna().to_numpy()].difference(
        list(found), sort=False
    ):
        address = addresses[facility_id]
        match = lookup.find(texts[facility_id], address) if lookup else None
        match = match or _zone_match(address, names=names, zones=zones, named=named[facility_id])
        if match is not None:
            found[facility_id] = match
    return found


def _zone_match(
    address: str, *, names: ZoneNames, zones: gpd.GeoDataFrame, named: str | None
) -> Match | None:
    """Return the estate or community that the row names or has in its address; nothing coarser is a place."""
    level = None if named is None else zones.loc[named, "level"]
    within = named if level in ("district", "town", "community") else None
    for kind in ("estate", "community"):
        in_address = names.in_text(address, kind, within=within)
        for zone_id, match in ((named if level == kind else None, kind), (in_address, f"address_{kind}")):
            if zone_id is not None and zones.geometry[zone_id] is not None:
                point = zones.geometry[zone_id].representative_point()
                return Match(point, match, str(zones.loc[zone_id, "name"]))
    return None


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
        rows, _ = read_rows(
            path, FIELDS, opened := open_list(path, None), key="row_id", mapped={}, datum=datum,
            needs=() if opened.shapes is not None else [("lon", "lonlat")],
        )  # fmt: skip
        stated = datum or rows.columns.datum or (None if rows.shapes is not None else "wgs84")
        metric = datums.to_crs(declared_points(rows), datum=stated, crs=crs)
        self.notes = opened.notes
        self._places: dict[str, dict[str, list[Any]]] = {"name": {}, "address": {}}
        for field, places in self._places.items():
            for text, point in zip(rows.text(field), metric, strict=True):
                if text and point is not None and not point.is_empty:
                    places.setdefault(clean_name(text), []).append(point)

    def find(self, name: str, address: str) -> Match | None:
        """Return the one place under this name, else under this address; several places more than 200 m apart are none."""
        for field, text in (("name", name), ("address", address)):
            points = self._places[field].get(clean_name(text), [])
            if points and all(points[0].distance(p) <= 200 for p in points):
                return Match(points[0], f"lookup_{field}", text)
        return None


def read_accepted(path: Path, rows: Rows, *, crs: CRS) -> dict[str, Match]:
    """Return the accepted points of the rows of a register by facility_id; longitude and latitude are WGS 84.

    Raises
    ------
    InputError
        If the file lacks a column, a row has no readable coordinates, or the file names rows as former versions did: its points
        might be those of other rows by now.
    """
    table = readers.read_rows(path)
    notes: list[Note] = []
    has_columns(table, ("facility_id", "lon", "lat"), path.name, notes)
    raise_errors(notes, InputError)
    lon, lat = ([read_coordinate(v)[0] for v in table[c]] for c in ("lon", "lat"))
    notes += [
        Note.of("accepted_unreadable", file=path.name, row=int(row), severity="error")
        for row, x, y in zip(table.index, lon, lat, strict=True)
        if not (abs(x) <= 180 and abs(y) <= 90)
    ]
    raise_errors(notes, InputError)
    metric = datums.to_crs(gpd.GeoSeries.from_xy(lon, lat, crs=4326), datum="wgs84", crs=crs)
    names = table["matched_name"] if "matched_name" in table.columns else table["facility_id"]
    former_rows = rows.cells.assign(source_file=rows.file, source_row=rows.number)
    mine = {}
    for cell, point, name in zip(table["facility_id"], metric, names, strict=True):
        facility_id = str(cell).removeprefix("'")
        # as a run names it: with the file behind a code that several registers state, and behind that which reading of the file
        plain = re.sub(f"(@{re.escape(rows.file)})@\\d+$", r"\1", facility_id)
        known = [i for i in (plain, plain.removesuffix(f"@{rows.file}")) if i in rows.index]
        if known:
            mine[known[0]] = Match(point, "accepted", str(name))
        elif now := former_id(facility_id, former_rows):
            notes.append(
                Note.of("accepted_former_id", file=path.name, name=facility_id, id=now, severity="error")
            )
    raise_errors(notes, InputError)
    return mine


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


def match_notes(matches: Mapping[str, Match], facilities: gpd.GeoDataFrame, rows: Rows) -> list[Note]:
    """Return a note for every row placed by name, or with a candidate that waits to be accepted, or that counts nowhere."""
    notes = []
    for facility_id, facility in facilities[facilities["location_quality"] != "exact"].iterrows():
        match = matches.get(str(facility_id))
        if match is not None:
            code = "placed_by_name" if facility["location_quality"] == "approximate" else "candidate_point"
            words = {f"match_{lang}": phrase(f"match_{match.match}", lang) for lang in ("zh", "en")}
            notes.append(rows.note(code, facility_id, severity="info", name=match.matched_name, **words))
        elif facility["zone_id"] is None:
            notes.append(rows.note("counts_nowhere", facility_id))
    return notes
