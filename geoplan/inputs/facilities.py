"""Facility registers: from an office's table, with all its faults, to facilities and supplies that can be counted.

Every row ends in exactly one place: in the run, not yet placed, closed, not yet open, duplicate, or left out because its type
word is unknown; the reconciliation adds up. What was odd is a note by file, row and code. Unknown is never zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.errors import Note
from geoplan.inputs import register_supplies as supply
from geoplan.inputs.datum import Datum
from geoplan.inputs.duplicates import duplicates
from geoplan.inputs.fates import ends_of, reconcile
from geoplan.inputs.osm_facilities import OSM_TYPES, is_osm
from geoplan.inputs.placing import (
    Lookup,
    Match,
    NamedZones,
    candidates,
    lonlat_columns,
    named_zones,
    read_accepted,
    write_accepted,
)
from geoplan.inputs.register_columns import FLAGS
from geoplan.inputs.register_facts import check_needed_fields, derive_inclusive, read_facts
from geoplan.inputs.register_points import Placed, place_rows
from geoplan.inputs.register_rows import Rows, compared_names, named_cells, read_register_rows
from geoplan.inputs.zone_names import ZoneNames
from geoplan.inputs.zone_notes import point_zones, serves_zones, zone_point_notes
from geoplan.tables import check_columns, check_unique_index

__all__ = ["UNPLACED", "Register", "join_registers", "read_register", "write_accepted"]

#: Columns of the list of what is not yet placed (待落点清单).
UNPLACED = (
    "name", "services", "address", "zone_id", "zone_names", "beds", "places", "reason", "location_quality", "match",
    "matched_name", "lon", "lat", "source_file", "source_row",
)  # fmt: skip


@dataclass(frozen=True)
class Register:
    """One register, or several joined.

    Parameters
    ----------
    facilities, supplies
        `tables.FACILITIES` and `tables.SUPPLIES`. From one register: every row that is a facility, whatever its status;
        joined: those that count in the year.
    unplaced
        待落点清单, indexed by facility_id, columns `UNPLACED`; beds and places are the least that the register allows.
        ``lon, lat`` (WGS 84) is the candidate point, if any.
    reconciliation
        A row a register, see `fates.reconcile`; from one register, by status only.
    fates
        Every row of the file, indexed by facility_id: ``file, name, services, end, why, beds, places, beds_known, places_known``.
    left_out
        Joined: facilities that do not count in the year (closed, not yet open), as `facilities` with ``end``.
    declared, districts
        Coordinates as the file has them and the district that each row names, for the datum check.
    datum
        What the coordinates were taken to be.
    notes
        Every fault, in the order of rows.
    """

    facilities: gpd.GeoDataFrame
    supplies: pd.DataFrame
    unplaced: pd.DataFrame
    reconciliation: pd.DataFrame
    notes: tuple[Note, ...]
    fates: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    declared: gpd.GeoSeries = field(default_factory=gpd.GeoSeries)
    districts: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    datum: Datum | None = None


def read_register(
    path: Path | str,
    *,
    zones: gpd.GeoDataFrame,
    crs: CRS | str,
    types: Mapping[str, str | Sequence[str]] | None = None,
    type: str | None = None,  # noqa: A002 - the name in the study file
    where: str | None = None,
    columns: Mapping[str, str] | None = None,
    datum: Datum | None = None,
    layer: str | None = None,
    status: Mapping[str, str] | None = None,
    lookup: Path | str | None = None,
    accepted: Path | str | None = None,
) -> Register:
    """Read one facility register.

    Parameters
    ----------
    path
        XLSX, CSV (UTF-8 with or without BOM, GB18030), GeoJSON, GeoPackage, Shapefile, or an OSM extract.
    zones
        `tables.ZONES`, in `crs`.
    crs
        The study's metric CRS.
    types, type
        Word in the register -> facility type(s); or one facility type for all rows. An OSM extract needs neither.
    where
        Column of counts or yes/no: only rows where it is above 0 (or 是) are facilities.
    columns
        Field -> column, for headers that are not recognised (docs/registers.md).
    datum
        What the coordinates are in, see `datum.to_crs`; None: what headers or file say, else WGS 84.
    layer
        Sheet or layer.
    status
        Status words beside the usual ones -> existing, building, planned, closed.
    lookup, accepted
        The office's own table of places, in the register's datum where its headers say nothing else; accepted points.

    Returns
    -------
    register
        Ids are ``file#row``, for OpenStreetMap ``file#node/1``. Facilities keep the order of the file.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column that it must have; every problem at once.
    """
    path, crs = Path(path), CRS.from_user_input(crs)
    check_columns(zones, ["level", "name", "code", "parent_id"], name="zones")
    check_unique_index(zones, name="zones")
    rows = read_register_rows(
        path, mapped=columns or {}, datum=datum if isinstance(datum, str) else None, layer=layer, where=where
    )
    if is_osm(path) and type is None:
        types = OSM_TYPES | dict(types or {})
    check_needed_fields(rows, types)
    used = datum if datum is not None else rows.columns.datum

    # what each row says
    cells = {f: named_cells(rows, f) for f in _NAME_FIELDS}
    facts, fact_notes = read_facts(rows, types=types, one_type=type, status_words=status or {})
    stated, amount_notes = supply.read_amounts(rows.cells, rows.columns, rows.number, file=rows.file)
    amounts, part_notes = supply.bound_parts(stated, rows.columns, rows.number, file=rows.file)
    facts, inclusive_notes = derive_inclusive(facts, rows, amounts)

    # where it is: zones that it names, its own point, or a place matched by name
    names = ZoneNames(zones)
    named = named_zones(cells, rows.number, names, file=rows.file)
    placed = place_rows(rows, area=_study_area(zones), crs=crs, datum=used)
    places = _Places(Path(lookup) if lookup else None, Path(accepted) if accepted else None, used, crs)
    matches = _matches(rows, placed, cells, names=names, zones=zones, named=named, places=places)
    table = _facility_table(rows, facts, placed, matches, cells, named=named, zones=zones, crs=crs)
    serves, serves_notes = serves_zones(cells["serves"], rows.number, names, table["zone_id"], file=rows.file)
    table["serves"] = serves

    # what stays
    facilities, fates = _settle(rows, table, stated)
    kept = {k: t.loc[facilities.index] for k, t in amounts.items()}
    services = facilities["services"]
    notes = [
        *_datum_notes(rows, datum), *rows.columns.notes, *fact_notes, *amount_notes, *part_notes, *inclusive_notes,
        *placed.notes, *named.notes, *serves_notes,
        *zone_point_notes(placed, named, zones, rows.number, file=rows.file),
        *supply.misplaced(services, kept, rows.columns, rows.number, file=rows.file),
        *supply.combined(services, kept, rows.number, file=rows.file),
        *_fate_notes(fates, rows),
        *_match_notes(matches, facilities, rows),
    ]  # fmt: skip
    return Register(
        facilities=facilities,
        supplies=supply.supplies_of(services, kept),
        unplaced=_unplaced(facilities, fates, placed, matches, zones=zones, crs=crs),
        reconciliation=reconcile(fates),
        notes=tuple(sorted(notes, key=lambda n: n.row or 0)),
        fates=fates,
        declared=placed.declared,
        districts=named.district_id.reindex(placed.declared.index),
        datum=used,
    )


def join_registers(registers: Sequence[Register], *, year: int) -> Register:
    """Return all registers together as they stand in `year`.

    `facilities` and `supplies` hold what counts in the year, placed or not; `left_out` what is closed or not yet open. A file that
    is read twice (for two types) gets ``@2`` behind its name in ids, so that ids stay unique. Rows that two registers share are
    kept in both and noted: two offices may list one building for two services.

    Raises
    ------
    TableError
        If two registers hold the same id.
    """
    parts = _distinct_files(registers)
    if not parts:
        return _empty_register()
    facilities = pd.concat([r.facilities for r in parts])
    check_unique_index(facilities, name="facilities")
    end = ends_of(facilities, year=year)
    fates = pd.concat([r.fates for r in parts])
    fates.loc[end.index, "end"] = end
    counts = end.isin(["in_run", "not_placed"])
    supplies = pd.concat([r.supplies for r in parts], ignore_index=True)
    supplies = supplies[supplies["facility_id"].isin(end.index[counts])].reset_index(drop=True)
    unplaced = pd.concat([r.unplaced for r in parts])
    return Register(
        facilities=gpd.GeoDataFrame(facilities[counts], crs=parts[0].facilities.crs),
        supplies=supplies,
        unplaced=unplaced[unplaced.index.isin(end.index[counts])],
        reconciliation=reconcile(fates),
        notes=tuple(note for r in parts for note in r.notes)
        + _year_notes(facilities, end, year)
        + _shared_notes(facilities[counts]),
        fates=fates,
        left_out=gpd.GeoDataFrame(facilities[~counts].assign(end=end[~counts]), crs=parts[0].facilities.crs),
    )


_NAME_FIELDS = ("id", "name", "address", "district", "town", "community", "estate", "serves")


@dataclass(frozen=True)
class _Places:
    """Where names without coordinates may be found beside the zones."""

    lookup: Path | None
    accepted: Path | None
    datum: Datum | None
    crs: CRS


def _study_area(zones: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the study area: the zone of level ``area``, or all zones together where it has no polygon."""
    area = zones.geometry[(zones["level"] == "area") & zones.geometry.notna()]
    whole = shapely.union_all((area if len(area) else zones.geometry).dropna().to_numpy())
    shapely.prepare(whole)
    return whole


def _matches(
    rows: Rows,
    placed: Placed,
    cells: Mapping[str, pd.Series],
    *,
    names: ZoneNames,
    zones: gpd.GeoDataFrame,
    named: NamedZones,
    places: _Places,
) -> dict[str, Match]:
    """Return accepted points of any row, and the matched places of rows without a usable point."""
    accepted = read_accepted(places.accepted, crs=places.crs) if places.accepted else {}
    by_id = {
        str(i): accepted[str(i).rsplit("#", 1)[-1]]
        for i in rows.cells.index
        if str(i).rsplit("#", 1)[-1] in accepted
    }
    lookup = Lookup(places.lookup, datum=places.datum, crs=places.crs) if places.lookup else None
    wanted = placed.geometry.index[
        placed.geometry.isna().to_numpy() & ~placed.geometry.index.isin(list(by_id))
    ]
    found = candidates(cells, wanted, names=names, zones=zones, named=named.zone_id, lookup=lookup)
    return found | by_id


def _facility_table(
    rows: Rows, facts: pd.DataFrame, placed: Placed, matches: Mapping[str, Match], cells: Mapping[str, pd.Series], *,
    named: NamedZones, zones: gpd.GeoDataFrame, crs: CRS,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return `tables.FACILITIES` of every row, whatever becomes of it."""
    geometry, quality = placed.geometry.copy(), placed.quality.copy()
    for facility_id, match in matches.items():
        if match.match.startswith(("accepted", "lookup")):
            geometry[facility_id], quality[facility_id] = match.point, "approximate"
    inside = point_zones(geometry[quality == "exact"], zones).reindex(rows.cells.index)
    # a point says more than a name, except where the point itself comes from a name
    own = inside.notna()
    zone_id = inside.where(own, named.zone_id).astype(object)
    from_point = point_zones(geometry[zone_id.isna() & geometry.notna()], zones).reindex(rows.cells.index)
    zone_from = pd.Series(None, index=zone_id.index, dtype=object)
    zone_from[named.zone_id.notna()] = "named"
    zone_from[own | (zone_id.isna() & from_point.notna())] = "point"
    zone_id = zone_id.where(zone_id.notna(), from_point)
    table = facts.assign(
        name=cells["name"].where(cells["name"] != "", cells["id"]),
        zone_id=zone_id.where(zone_id.notna(), None),
        zone_from=zone_from,
        serves=None,
        location_quality=quality,
        source_file=rows.file,
        source_row=rows.number,
        register_id=cells["id"].map(lambda text: text or None),
        address=cells["address"].map(lambda text: text or None),
    )
    first = [
        "name",
        "services",
        "status",
        "open_year",
        "close_year",
        "zone_id",
        "zone_from",
        "serves",
        "location_quality",
        "source_file",
        "source_row",
    ]
    order = [*first, *FLAGS, "ownership", "address", "register_id"]
    return gpd.GeoDataFrame(table[order], geometry=geometry, crs=crs)


def _settle(
    rows: Rows, table: gpd.GeoDataFrame, amounts: Mapping[str, pd.DataFrame]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the facilities, each once, and the fate of every row."""
    known = table["services"].map(len) > 0
    twins = duplicates(
        compared_names(rows)[known], table[known], {k: t.loc[known] for k, t in amounts.items()}
    )
    end = ends_of(table, year=None)
    end[twins.index] = "duplicate"
    end[~known] = "unknown_type"
    fates = pd.DataFrame(
        {"file": rows.file, "name": table["name"], "services": table["services"], "end": end},
        index=table.index,
    )
    fates["why"] = (twins["why"] + ":" + twins["kept"]).reindex(fates.index).fillna("").astype(object)
    for supply_name in ("beds", "places"):
        fates[supply_name] = supply.known_total(amounts, supply_name, fates.index)
        fates[f"{supply_name}_known"] = supply.is_known(amounts, supply_name, fates.index)
    return table[~end.isin(["duplicate", "unknown_type"])], fates


def _unplaced(
    facilities: gpd.GeoDataFrame,
    fates: pd.DataFrame,
    placed: Placed,
    matches: Mapping[str, Match],
    *,
    zones: gpd.GeoDataFrame,
    crs: CRS,
) -> pd.DataFrame:
    """Return 待落点清单: every facility without a point, with a candidate where its name was matched."""
    waiting = facilities[facilities.geometry.isna()]
    table = pd.DataFrame(waiting.drop(columns=["geometry"])).reindex(columns=list(UNPLACED))
    found = [matches.get(str(i)) for i in waiting.index]
    lonlat = lonlat_columns([None if m is None else m.point for m in found], crs=crs).set_index(waiting.index)
    table["zone_names"] = [_path(zone_id, zones) for zone_id in waiting["zone_id"]]
    table["beds"], table["places"] = fates["beds"].reindex(table.index), fates["places"].reindex(table.index)
    table["reason"] = placed.reason.reindex(table.index)
    table["match"] = pd.Series(
        [None if m is None else m.match for m in found], index=table.index, dtype=object
    )
    table["matched_name"] = pd.Series(
        [None if m is None else m.matched_name for m in found], index=table.index, dtype=object
    )
    table["lon"], table["lat"] = lonlat["lon"], lonlat["lat"]
    return table[list(UNPLACED)].rename_axis("facility_id")


def _path(zone_id: object, zones: gpd.GeoDataFrame) -> str:
    """Return the names from district to the zone, 武昌区 / 向阳社区; empty where there is none."""
    names: list[str] = []
    while isinstance(zone_id, str) and zones.at[zone_id, "level"] != "area":
        names.insert(0, str(zones.at[zone_id, "name"]))
        zone_id = zones.at[zone_id, "parent_id"]
    return " / ".join(names)


def _datum_notes(rows: Rows, datum: Datum | None) -> list[Note]:
    """Return what the coordinate headers say about the datum, where it was taken or contradicts the study."""
    said = rows.columns.datum
    if said is None or said == datum:
        return []
    if datum is None:
        return [
            Note.of(
                "datum_from_header",
                file=rows.file,
                severity="info",
                datum=said,
                column=rows.columns.header.get("lon", ""),
            )
        ]
    return [
        Note.of(
            "datum_against_header",
            file=rows.file,
            said=said,
            stated=str(datum),
            column=rows.columns.header.get("lon", ""),
        )
    ]


def _fate_notes(fates: pd.DataFrame, rows: Rows) -> list[Note]:
    notes = []
    for facility_id, fate in fates[fates["end"] == "duplicate"].iterrows():
        why, kept = str(fate["why"]).split(":", 1)
        place = kept.rsplit("#", 1)[-1]
        notes.append(
            Note.of(
                f"duplicate_{why}",
                file=rows.file,
                row=supply.row_of(rows.number[facility_id]),
                kept=place,
                name=fate["name"],
            )
        )
    return notes


def _match_notes(matches: Mapping[str, Match], facilities: gpd.GeoDataFrame, rows: Rows) -> list[Note]:
    """Return a note for every row placed by name, or with a candidate that waits to be accepted, or that counts nowhere."""
    notes = []
    for facility_id, facility in facilities[facilities["location_quality"] != "exact"].iterrows():
        match = matches.get(str(facility_id))
        where: dict[str, Any] = {
            "file": rows.file,
            "row": supply.row_of(rows.number[facility_id]),
            "severity": "info",
        }
        if match is not None:
            code = "placed_by_name" if facility["location_quality"] == "approximate" else "candidate_point"
            notes.append(Note.of(code, match=match.match, name=match.matched_name, **where))
        elif facility["zone_id"] is None:
            notes.append(Note.of("counts_nowhere", **where | {"severity": "warning"}))
    return notes


def _year_notes(facilities: gpd.GeoDataFrame, end: pd.Series, year: int) -> tuple[Note, ...]:
    """Return notes on facilities that the year decides: not yet open ones, and planned ones whose year has come."""
    notes = []
    planned = facilities["status"].isin(["building", "planned"]) & end.isin(["in_run", "not_placed"])
    later = (facilities["status"] == "existing") & (end == "not_open")
    for code, chosen in (("planned_counts", planned), ("opens_later", later)):
        for _, facility in facilities[chosen].iterrows():
            opened = f"{facility['open_year']:.0f}"
            row = supply.row_of(facility["source_row"])
            notes.append(Note.of(code, file=facility["source_file"], row=row, opened=opened, year=year))
    return tuple(notes)


def _shared_notes(facilities: gpd.GeoDataFrame) -> tuple[Note, ...]:
    """Return a note for every facility that another register lists under the same name, place and service."""
    placed = facilities[facilities.geometry.notna() & (facilities["name"] != "")]
    notes = []
    for (name, _), group in placed.groupby(["name", "services"], sort=False):
        for facility_id, facility in group.iloc[1:].iterrows():
            first = group.iloc[0]
            near = (
                facility.geometry.distance(first.geometry) <= 200
                and facility["source_file"] != first["source_file"]
            )
            if near:
                row = supply.row_of(facility["source_row"])
                notes.append(
                    Note.of(
                        "in_two_registers",
                        file=facility["source_file"],
                        row=row,
                        name=name,
                        other=str(group.index[0]),
                        id=str(facility_id),
                    )
                )
    return tuple(notes)


def _distinct_files(registers: Sequence[Register]) -> list[Register]:
    """Return registers with ids that tell apart a file that is read more than once."""
    seen: dict[str, int] = {}
    parts = []
    for register in registers:
        file = str(register.reconciliation["file"].iloc[0]) if len(register.reconciliation) else ""
        seen[file] = seen.get(file, 0) + 1
        parts.append(register if seen[file] == 1 or not file else _renamed(register, f"@{seen[file]}"))
    return parts


def _renamed(register: Register, mark: str) -> Register:
    def new(facility_id: object) -> str:
        file, row = str(facility_id).rsplit("#", 1)
        return f"{file}{mark}#{row}"

    fates = register.fates.rename(index=new)
    fates["file"] = fates["file"] + mark
    return replace(
        register,
        facilities=register.facilities.rename(index=new),
        supplies=register.supplies.assign(
            facility_id=register.supplies["facility_id"].map(new).astype(object)
        ),
        unplaced=register.unplaced.rename(index=new),
        fates=fates,
    )


def _empty_register() -> Register:
    """Return a register without a row, with every column."""
    first = [
        "name",
        "services",
        "status",
        "open_year",
        "close_year",
        "zone_id",
        "zone_from",
        "serves",
        "location_quality",
        "source_file",
        "source_row",
    ]
    table = pd.DataFrame(
        columns=[*first, *FLAGS, "ownership", "address", "register_id"],
        index=pd.Index([], name="facility_id", dtype=object),
    )
    table = table.astype(
        {"open_year": float, "close_year": float, "source_row": "Int64"} | dict.fromkeys(FLAGS, "boolean")
    )
    facilities = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], index=table.index))
    supplies = supply.supplies_of(facilities["services"], {})
    unplaced = pd.DataFrame(columns=list(UNPLACED), index=table.index)
    return Register(facilities, supplies, unplaced, pd.DataFrame(columns=["file", "rows"]), ())
