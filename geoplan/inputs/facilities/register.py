"""Facility registers: from an office's table, with all its faults, to facilities and supplies that can be counted.

Every row ends in exactly one place: in the run, not yet placed, closed, not yet open, duplicate, or left out because its type
word is unknown; the reconciliation adds up. What was odd is a note by file, row and code. Unknown is never zero.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geoplan.inputs import readers
from geoplan.inputs.datum import Datum
from geoplan.inputs.facilities.facts import (
    bound_parts,
    combined,
    derive_inclusive,
    misplaced,
    read_amounts,
    read_facts,
    supplies_of,
)
from geoplan.inputs.facilities.fields import ATTRIBUTES, FIELDS
from geoplan.inputs.facilities.osm import OSM_TYPES, read_osm
from geoplan.inputs.facilities.placing import Lookup, match_notes, matches_of, read_accepted, write_accepted
from geoplan.inputs.facilities.table import (
    COLUMNS,
    duplicate_notes,
    ends_of,
    facility_table,
    reconcile,
    settle,
    shared_notes,
    unplaced_table,
    year_notes,
)
from geoplan.inputs.lists.points import Placed, datum_of, place_rows, study_area
from geoplan.inputs.lists.rows import Rows, in_order, open_list, read_rows
from geoplan.inputs.lists.zone_names import NamedZones, ZoneNames, named_zones, outside_named, serves_zones
from geoplan.tables import FACILITIES, UNPLACED, ZONES, check_unique_index
from geoplan.words.errors import Note

__all__ = ["Register", "join_registers", "read_register", "write_accepted"]


@dataclass(frozen=True)
class Register:
    """One register, or several joined.

    Parameters
    ----------
    facilities, supplies
        `tables.FACILITIES` and `tables.SUPPLIES`. From one register: every row that is a facility, whatever its status;
        joined: those that count in the year.
    unplaced
        待落点清单, indexed by facility_id, `tables.UNPLACED`; beds and places are the least that the register allows.
        ``lon, lat`` (WGS 84) is the candidate point, if any.
    reconciliation
        A row a register, see `table.reconcile`; from one register, by status only.
    fates
        Every row of the file, indexed by facility_id: ``file, name, services, end, why, beds, places, beds_known, places_known``.
    left_out
        Joined: facilities that do not count in the year (closed, not yet open), as `facilities` with ``end``.
    declared, districts
        Coordinates as the file has them and the district that each row names, for the datum check.
    datum
        What the coordinates were taken to be; None: what the file says.
    file, parts
        The register's file name; joined: the single registers.
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
    file: str = ""
    parts: tuple["Register", ...] = ()


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
        Ids are as :func:`geoplan.inputs.lists.rows.row_ids` gives them, for OpenStreetMap ``node/1``. Facilities keep the order of the file.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column that it must have; every problem at once.
    """
    path, crs = Path(path), CRS.from_user_input(crs)
    ZONES.check(zones, ("level", "name", "code", "parent_id"))
    osm = readers.file_kind(path, "osm", "table", "layer") == "osm"
    if osm and type is None:
        types = {**OSM_TYPES, **(types or {})}
    opened = read_osm(path) if osm else open_list(path, layer)
    needs: list[tuple[str, ...]] = [] if types is None else [("type",)]
    needs += [] if opened[1] is not None else [("name", "id", "lon", "lonlat")]
    rows, row_notes = read_rows(
        path, FIELDS, opened, key="facility_id", mapped=columns or {}, needs=needs, datum=datum, where=where
    )
    used, datum_notes = datum_of(rows, datum, crs)

    # what each row says
    facts, fact_notes = read_facts(rows, types=types, one_type=type, status_words=status or {})
    stated, amount_notes = read_amounts(rows, facts["services"])
    amounts, part_notes = bound_parts(stated, rows)
    facts, inclusive_notes = derive_inclusive(facts, rows, amounts)

    # where it is: zones that it names, its own point, or a place matched by name
    names = ZoneNames(zones)
    named = named_zones(rows, rows.text("address"), names)
    placed = place_rows(rows, area=study_area(zones), crs=crs, datum=used, elsewhere=named.elsewhere)
    matches = matches_of(
        rows, placed, names=names, zones=zones, named=named.zone_id,
        lookup=Lookup(Path(lookup), datum=used, crs=crs) if lookup else None,
        accepted=read_accepted(Path(accepted), rows, crs=crs) if accepted else {},
    )  # fmt: skip
    table = facility_table(rows, facts, placed, matches, named=named, zones=zones, crs=crs)
    table["serves"], serves_notes = serves_zones(rows, names, table["zone_id"])

    # what stays
    facilities, fates = settle(rows, table, stated, placed)
    kept = {k: t.loc[facilities.index] for k, t in amounts.items()}
    services = facilities["services"]
    sums = {k: (float(t["low"].sum()), float(t["high"].sum())) for k, t in stated.items()}
    notes = [
        *row_notes, *rows.total_notes(sums), *datum_notes, *fact_notes, *amount_notes, *part_notes, *inclusive_notes,
        *placed.notes, *_named_notes(named, placed, rows), *serves_notes,
        *outside_named(rows, placed.geometry, named.zone_id, zones),
        *misplaced(services, kept, rows), *combined(services, kept, rows),
        *duplicate_notes(fates), *match_notes(matches, facilities, rows),
    ]  # fmt: skip
    return Register(
        facilities=facilities,
        supplies=supplies_of(services, kept),
        unplaced=unplaced_table(facilities, fates, placed, matches, zones=zones, crs=crs),
        reconciliation=reconcile(fates),
        notes=in_order(notes),
        fates=fates,
        declared=placed.declared,
        districts=named.district_id.reindex(placed.declared.index),
        datum=used,
        file=rows.file,
    )


def _named_notes(named: NamedZones, placed: Placed, rows: Rows) -> list[Note]:
    """Return the notes on names that no zone has; rows that rightly belong elsewhere are counted in one note."""
    outside = placed.outside.index[placed.outside]
    numbers = {rows.row_of(i) for i in outside}
    notes = [note for note in named.notes if note.row is None or note.row not in numbers]
    if len(outside):
        names = ", ".join(sorted(set(rows.text("district")[outside])))
        notes.append(
            Note.of("rows_outside", file=rows.file, severity="info", count=len(outside), names=names)
        )
    return notes


def join_registers(registers: Sequence[Register], *, year: int, crs: CRS | str | None = None) -> Register:
    """Return all registers together as they stand in `year`.

    `facilities` and `supplies` hold what counts in the year, placed or not; `left_out` what is closed or not yet open. A code that
    two registers state gets the file behind it in ids (``7@register.csv``), and a file that is read twice (for two types) is
    ``register.csv@2`` there, so that ids stay unique. Rows that two registers share are
    kept in both and noted: two offices may list one building for two services. `crs` is that of the empty tables where there
    is no register.

    Raises
    ------
    TableError
        If two registers hold the same id.
    """
    parts = _distinct_files(registers)
    if not parts:
        return _empty_register(crs)
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
        + year_notes(facilities, end, year)
        + shared_notes(facilities[counts]),
        fates=fates,
        left_out=gpd.GeoDataFrame(facilities[~counts].assign(end=end[~counts]), crs=parts[0].facilities.crs),
        parts=tuple(parts),
    )


def _distinct_files(registers: Sequence[Register]) -> list[Register]:
    """Return registers with ids that tell apart a file that is read more than once, and a code that several state."""
    read = Counter[str]()
    stated = Counter(str(i) for register in registers for i in register.fates.index)
    parts = []
    for register in registers:
        read[register.file] += 1
        again = f"@{read[register.file]}" if read[register.file] > 1 else ""
        parts.append(_renamed(register, again, stated) if register.file else register)
    return parts


def _renamed(register: Register, again: str, stated: Mapping[str, int]) -> Register:
    """Return a register with the file in every id that several state; `again` stands behind the name of a file read before."""
    file = f"@{register.file}"

    def new(facility_id: object) -> str:
        old = str(facility_id)
        if old.endswith(file):
            return old + again
        return old if stated[old] == 1 else f"{old}{file}{again}"

    fates = register.fates.rename(index=new)
    fates["file"] = fates["file"] + again
    return replace(
        register,
        facilities=register.facilities.rename(index=new),
        supplies=register.supplies.assign(
            facility_id=register.supplies["facility_id"].map(new).astype(object)
        ),
        unplaced=register.unplaced.rename(index=new),
        fates=fates,
    )


def _empty_register(crs: CRS | str | None) -> Register:
    """Return a register without a row, with every column."""
    flags = dict.fromkeys(ATTRIBUTES, pd.Series(dtype="boolean"))
    texts = dict.fromkeys(("ownership", "address", "register_id"), pd.Series(dtype=object))
    facilities = FACILITIES.empty_shapes(crs).assign(**flags, **texts)[[*COLUMNS, "geometry"]]
    supplies = supplies_of(facilities["services"], {})
    return Register(facilities, supplies, UNPLACED.empty(), pd.DataFrame(columns=["file", "rows"]), ())
