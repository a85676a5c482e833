"""Facility registers: from an office's table, with all its faults, to facilities and supplies that can be counted.

Every row ends in exactly one place: in the run, not yet placed, closed, not yet open, duplicate, or left out because its type
word is unknown; the reconciliation adds up. What was odd is a note by file, row and code. Unknown is never zero.
"""

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from geoplan.inputs import readers
from geoplan.inputs.datum import Datum
from geoplan.inputs.facilities.facts import (
    bound_parts,
    combined,
    derive_inclusive,
    is_known,
    known_total,
    misplaced,
    read_amounts,
    read_facts,
    supplies_of,
)
from geoplan.inputs.facilities.fields import ATTRIBUTES, FIELDS
from geoplan.inputs.facilities.osm import OSM_TYPES, read_osm
from geoplan.inputs.facilities.placing import (
    Lookup,
    Match,
    lonlat_columns,
    match_notes,
    matches_of,
    read_accepted,
)
from geoplan.inputs.lists.points import Placed, datum_of, place_rows, study_area
from geoplan.inputs.lists.rows import Opened, Rows, in_order, open_list, read_rows
from geoplan.inputs.lists.zone_names import (
    NamedZones,
    ZoneNames,
    clean_name,
    named_zones,
    outside_named,
    point_zones,
    serves_zones,
)
from geoplan.inputs.streets.osm_edited import holds_osm
from geoplan.tables import FACILITIES, UNPLACED, ZONES, check_unique_index
from geoplan.words.errors import Note


@dataclass(frozen=True)
class Register:
    """One register, or several joined."""

    facilities: gpd.GeoDataFrame
    """`tables.FACILITIES`. From one register: every row that is a facility, whatever its status; joined: those that count in the year."""
    supplies: pd.DataFrame
    """`tables.SUPPLIES`."""
    unplaced: pd.DataFrame
    """待落点清单, `tables.UNPLACED`; beds and places are the least that the register allows, ``lon, lat`` (WGS 84) the candidate point."""
    reconciliation: pd.DataFrame
    """A row a register, see `reconcile`; from one register, by status only."""
    notes: tuple[Note, ...]
    """Every fault, in the order of rows."""
    fates: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Every row of the file, indexed by facility_id: ``file, name, services, end, why, beds, places, beds_known, places_known``."""
    left_out: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    """Joined: facilities that do not count in the year (closed, not yet open), as `facilities` with ``end``."""
    declared: gpd.GeoSeries = field(default_factory=gpd.GeoSeries)
    """Coordinates as the file has them, for the datum check."""
    districts: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    """District that each row names, for the datum check."""
    datum: Datum | None = None
    """What the coordinates were taken to be; None: what the file says."""
    file: str = ""
    """File name of one register."""
    parts: tuple["Register", ...] = ()
    """Joined: the single registers."""


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
    lacks: Sequence[str] = (),
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
    lacks
        Supplies that its facilities do not have: a blank is 0, not unknown.

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
    readers.file_kind(path, "osm", "table", "layer")
    osm = holds_osm(path)
    if osm and type is None:
        types = {**OSM_TYPES, **(types or {})}
    opened = Opened(*read_osm(path)) if osm else open_list(path, layer)
    needs: list[tuple[str, ...]] = [] if types is None else [("type",)]
    needs += [] if opened.shapes is not None else [("name", "id", "lon", "lonlat")]
    rows, row_notes = read_rows(
        path, FIELDS, opened, key="facility_id", mapped=columns or {}, needs=needs, datum=datum, where=where
    )
    used, datum_notes = datum_of(rows, datum, crs)

    # what each row says
    facts, fact_notes = read_facts(rows, types=types, one_type=type, status_words=status or {})
    stated, amount_notes = read_amounts(rows, facts["services"], lacks)
    amounts, part_notes = bound_parts(stated, rows)
    facts, inclusive_notes = derive_inclusive(facts, rows, amounts)

    # where it is: zones that it names, its own point, or a place matched by name
    names = ZoneNames(zones)
    named = named_zones(rows, rows.text("address"), names)
    placed = place_rows(rows, area=study_area(zones), crs=crs, datum=used, elsewhere=named.elsewhere)
    places = Lookup(Path(lookup), datum=used, crs=crs) if lookup else None
    matches = matches_of(
        rows, placed, names=names, zones=zones, named=named.zone_id, lookup=places,
        accepted=read_accepted(Path(accepted), rows, crs=crs) if accepted else {},
    )  # fmt: skip
    table = facility_table(rows, facts, placed, matches, named=named, zones=zones, crs=crs)
    table["serves"], serves_notes = serves_zones(rows, names, table["zone_id"])

    # what stays
    facilities, fates = settle(rows, table, stated, placed, lacks=lacks)
    kept = {k: t.loc[facilities.index] for k, t in amounts.items()}
    services = facilities["services"]
    sums = {k: (float(t["low"].sum()), float(t["high"].sum())) for k, t in stated.items()}
    notes = [
        *row_notes, *rows.total_notes(sums), *datum_notes, *fact_notes, *amount_notes, *part_notes, *inclusive_notes,
        *placed.notes, *_named_notes(named, placed, rows), *serves_notes,
        *outside_named(rows, placed.geometry, named.zone_id, zones),
        *misplaced(services, kept, rows), *combined(services, kept, rows),
        *(places.notes if places else ()), *duplicate_notes(fates), *_same_point_notes(rows, facilities, kept), *match_notes(matches, facilities, rows),
    ]  # fmt: skip
    return Register(
        facilities=facilities,
        supplies=supplies_of(services, kept, lacks),
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
    if not len(outside):
        return list(named.notes)
    numbers, names = {rows.row_of(i) for i in outside}, sorted(set(rows.text("district")[outside]))
    notes = [note for note in named.notes if note.row is None or note.row not in numbers]
    return [*notes, rows.general("rows_outside", count=len(outside), names=", ".join(names))]


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


# --- where every row ends: closed, duplicate … -> not placed -> in the run ----------------------------------------------

#: Where a row may end, in the order of the reconciliation.
ENDS = ("closed", "not_open", "outside", "duplicate", "unknown_type", "not_placed", "in_run")
#: Two rows of one name and one service are one facility if their points are within this distance, metres.
SAME_PLACE_M = 200.0
#: Two rows of one service and equal amounts are one facility if their points are within this distance, metres.
SAME_POINT_M = 1.0
#: Fewer known amounts above 0 than this prove nothing by being equal.
EQUAL_AMOUNTS = 2


def ends_of(facilities: gpd.GeoDataFrame, *, year: int | None) -> pd.Series:
    """Return where facilities end in `year`; without a year only their status decides.

    ``closed``: from its close year on, or of status closed without a year. ``not_open``: before its open year; building and planned
    ones count only from a stated open year on. Then ``not_placed`` without a point, else ``in_run``.
    """
    opened, shut, status = facilities["open_year"], facilities["close_year"], facilities["status"]
    # comparisons with an unknown year are False
    closed = (status == "closed") & (shut.isna() if year is not None else True)
    not_open = status.isin(["building", "planned"])
    if year is not None:
        closed |= shut <= year
        not_open = (not_open & opened.isna()) | (opened > year)
    conditions = [closed, not_open, facilities.geometry.isna()]
    met = [np.asarray(condition, bool) for condition in conditions]
    ends = np.select(met, ["closed", "not_open", "not_placed"], "in_run")
    return pd.Series(ends, index=facilities.index, dtype=object)


def reconcile(fates: pd.DataFrame) -> pd.DataFrame:
    """Return the reconciliation, a row a register in the order of `fates`.

    Parameters
    ----------
    fates
        One row a register row, indexed by facility_id: ``file, source_row, end, beds, places`` (the least that the register allows),
        ``beds_known, places_known`` (bool).

    Returns
    -------
    reconciliation
        ``file, rows``, `ENDS`, ``placed_share`` (0-1 of the rows that count: 落点率; NaN if none), then the same for beds and places
        with the prefixes ``beds_``, ``places_``, and ``beds_unknown_rows, places_unknown_rows``.
    """
    lines = []
    for file, part in fates.groupby("file", sort=False):
        line: dict[str, object] = {"file": file}
        for prefix, weight in (("", None), ("beds_", "beds"), ("places_", "places")):
            amount = pd.Series(1.0, index=part.index) if weight is None else part[weight]
            sums = {end: float(amount[part["end"] == end].sum()) for end in ENDS}
            counted = sums["not_placed"] + sums["in_run"]
            kind = int if weight is None else float
            line |= {f"{prefix}rows": kind(amount.sum())} | {
                f"{prefix}{end}": kind(v) for end, v in sums.items()
            }
            line[f"{prefix}placed_share"] = sums["in_run"] / counted if counted else float("nan")
            if weight is not None:
                line[f"{prefix}unknown_rows"] = int((~part[f"{weight}_known"]).sum())
        lines.append(line)
    return pd.DataFrame(lines)


def duplicates(
    names: pd.Series, facilities: gpd.GeoDataFrame, amounts: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return the rows that repeat another: ``kept`` (the id that stands for both) and ``why``, indexed by facility_id.

    A row repeats another where both offer the same services and either

    - have one name (``same_name``), and lie within `SAME_PLACE_M`, or one lacks a point and both are in the same zone; or
    - lie at one point (``same_point``), state the same known amounts, at least `EQUAL_AMOUNTS` of them above 0, and have names that
      differ in a remark in brackets only. Two names at one point are two facilities: both may be geocoded to one street number.

    An existing facility is kept before a closed or planned one, then the row with more amounts known, then the first.

    Parameters
    ----------
    names
        Names as they are compared, indexed like `facilities`; empty where there is none.
    """
    known = np.zeros(len(names)) + sum((t["low"] == t["high"]).to_numpy(int) for t in amounts.values())
    order = np.lexsort((np.arange(len(names)), -known, facilities["status"] != "existing"))
    bare = names.map(lambda name: re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", name))
    stated = _stated(amounts, names.index)
    name_of, service_of, bare_of = names.to_dict(), facilities["services"].to_dict(), bare.to_dict()
    point_of, zone_of = (
        dict(zip(names.index, facilities.geometry, strict=True)),
        facilities["zone_id"].to_dict(),
    )
    by_name: dict[Hashable, list[str]] = {}
    by_amounts: dict[Hashable, list[str]] = {}
    found: dict[str, tuple[str, str]] = {}
    for one in names.index[order]:
        service, point = service_of[one], point_of[one]
        named = by_name.setdefault((name_of[one], service), [])
        equal = by_amounts.setdefault((stated[one], service, bare_of[one]), [])
        twins = [
            other
            for other in (named if name_of[one] else ())
            if _same_place(point, point_of[other], zone_of[one], zone_of[other])
        ]
        if twins:
            found[one] = (twins[0], "same_name")
            continue
        if stated[one] and point is not None:
            near = [other for other in equal if point.distance(point_of[other]) <= SAME_POINT_M]
            if near:
                found[one] = (near[0], "same_point")
                continue
            equal.append(one)
        named.append(one)
    rows = {i: found[i] for i in names.index if i in found}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["kept", "why"], dtype=object)


def _same_place(point: Any, other: Any, zone: object, other_zone: object) -> bool:  # noqa: ANN401 - points or None
    if point is not None and other is not None:
        return bool(point.distance(other) <= SAME_PLACE_M)
    return zone is not None and zone == other_zone


def _stated(amounts: Mapping[str, pd.DataFrame], index: pd.Index) -> dict[str, tuple[tuple[str, float], ...]]:
    """Return the known amounts of each row as a key that can be compared; empty where too few are above 0."""
    tables = [table.loc[index].to_numpy() for table in amounts.values()]
    exact = (
        np.array([np.where(t[:, 0] == t[:, 1], t[:, 0], np.nan) for t in tables])
        .reshape(len(tables), len(index))
        .T
    )
    keys = {}
    for facility_id, row in zip(index, exact.tolist(), strict=True):
        known = tuple((name, value) for name, value in zip(amounts, row, strict=True) if value == value)
        enough = sum(value > 0 for _, value in known) >= EQUAL_AMOUNTS
        keys[str(facility_id)] = known if enough else ()
    return keys


def duplicate_notes(fates: pd.DataFrame) -> list[Note]:
    """Return a note for every row that repeats another."""
    notes = []
    for _, fate in fates[fates["end"] == "duplicate"].iterrows():
        why, kept = str(fate["why"]).split(":", 1)
        words = {"kept": _row(fates.loc[kept, "source_row"]) or kept, "name": fate["name"]}
        notes.append(Note.of(f"duplicate_{why}", file=fate["file"], row=_row(fate["source_row"]), **words))
    return notes


def _same_point_notes(
    rows: Rows, facilities: gpd.GeoDataFrame, amounts: Mapping[str, pd.DataFrame]
) -> list[Note]:
    """Return a note for every facility at the point of an earlier one of the same service and amounts, under another name."""
    placed = facilities[facilities.geometry.notna()]
    places = pd.DataFrame({"x": placed.geometry.x.round(1), "y": placed.geometry.y.round(1)})
    there = placed[places.duplicated(keep=False)]
    stated = _stated(amounts, there.index)
    first: dict[Hashable, str] = {}
    notes = []
    for facility_id, x, y in places.loc[there.index].itertuples(name=None):
        other = first.setdefault((x, y, there.loc[facility_id, "services"], stated[facility_id]), facility_id)
        if other != facility_id and stated[facility_id]:
            names = {"name": there.loc[facility_id, "name"], "other": there.loc[other, "name"]}
            kept = rows.row_of(other) or other
            notes.append(rows.note("same_point_other_name", facility_id, **names, kept=kept))
    return notes


def year_notes(facilities: gpd.GeoDataFrame, end: pd.Series, year: int) -> tuple[Note, ...]:
    """Return notes on facilities that the year decides: not yet open ones, and planned ones whose year has come."""
    notes = []
    planned = facilities["status"].isin(["building", "planned"]) & end.isin(["in_run", "not_placed"])
    later = (facilities["status"] == "existing") & (end == "not_open")
    for code, chosen in (("planned_counts", planned), ("opens_later", later)):
        for _, facility in facilities[chosen].iterrows():
            opened = f"{facility['open_year']:.0f}"
            row = _row(facility["source_row"])
            notes.append(Note.of(code, file=facility["source_file"], row=row, opened=opened, year=year))
    return tuple(notes)


def shared_notes(facilities: gpd.GeoDataFrame) -> tuple[Note, ...]:
    """Return a note for every facility that another register lists under the same name, place and service."""
    placed = facilities[facilities.geometry.notna() & (facilities["name"] != "")]
    notes = []
    for (name, _), group in placed.groupby(["name", "services"], sort=False):
        first = group.iloc[0]
        near = group.geometry.distance(first.geometry) <= SAME_PLACE_M
        for facility_id, facility in group[near & (group["source_file"] != first["source_file"])].iterrows():
            words = {"name": name, "other": str(group.index[0]), "id": str(facility_id)}
            file, row = facility["source_file"], _row(facility["source_row"])
            notes.append(Note.of("in_two_registers", file=file, row=row, **words))
    return tuple(notes)


def _row(row: object) -> int | None:
    """Return a row number as notes have it; None where the source has no rows."""
    return int(str(row)) if str(row).isdigit() else None


#: Columns of `tables.FACILITIES` that every register gives, in order; attributes and texts follow.
COLUMNS = (
    "name", "services", "status", "open_year", "close_year", "zone_id", "zone_from", "serves", "location_quality",
    "source_file", "source_row", *ATTRIBUTES, "ownership", "address", "register_id",
)  # fmt: skip


def facility_table(
    rows: Rows, facts: pd.DataFrame, placed: Placed, matches: Mapping[str, Match], *,
    named: NamedZones, zones: gpd.GeoDataFrame, crs: CRS,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return `tables.FACILITIES` of every row, whatever becomes of it."""
    geometry, quality = placed.geometry.copy(), placed.quality.copy()
    for facility_id, match in matches.items():
        if match.match.startswith(("accepted", "lookup")):
            geometry[facility_id], quality[facility_id] = match.point, "approximate"
    inside = point_zones(geometry, zones)
    zone_id, zone_from = _zone_of(inside, named.zone_id, quality, zones)
    names = rows.text("name")
    table = facts.assign(
        name=names.where(names != "", rows.text("id")),
        zone_id=zone_id,
        zone_from=zone_from,
        serves=None,
        location_quality=quality,
        source_file=rows.file,
        source_row=rows.number,
        register_id=rows.text("id"),
        address=rows.text("address"),
    )
    for column in ("zone_id", "zone_from", "ownership", "address", "register_id"):
        texts = [text if isinstance(text, str) and text else None for text in table[column]]
        table[column] = pd.Series(texts, index=table.index, dtype=object)
    level = [column for column in ("level",) if column in table]
    return gpd.GeoDataFrame(table[[*COLUMNS, *level]], geometry=geometry, crs=crs)


def _zone_of(
    inside: pd.Series, named: pd.Series, quality: pd.Series, zones: gpd.GeoDataFrame
) -> tuple[pd.Series, pd.Series]:
    """Return the zone of each row and whether it comes from its point or from the name.

    An exact point says more than a name, also where it lies outside of every zone. A point that comes from a name itself
    only makes the named zone finer.
    """
    names = ZoneNames(zones)
    found: list[tuple[Any, str | None]] = []
    for lies, name, kind in zip(inside, named, quality, strict=True):
        is_named, is_inside = isinstance(name, str), isinstance(lies, str)
        if kind == "exact" or (is_inside and (not is_named or name in names.ancestors(lies))):
            found.append((lies, "point") if is_inside else (None, None))
        else:
            found.append((name, "named" if is_named else None))
    table = pd.DataFrame(found, index=named.index, columns=["zone_id", "zone_from"], dtype=object)
    return table["zone_id"], table["zone_from"]


def settle(
    rows: Rows, table: gpd.GeoDataFrame, amounts: Mapping[str, pd.DataFrame], placed: Placed, *, lacks: Sequence[str] = ()
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:  # fmt: skip
    """Return the facilities, each once, and the fate of every row."""
    known = table["services"].map(len) > 0
    names = rows.text("name").map(clean_name)
    twins = duplicates(names[known], table[known], {k: t.loc[known] for k, t in amounts.items()})
    end = ends_of(table, year=None)
    end[end.index.isin(twins.index)] = "duplicate"
    end[~known] = "unknown_type"
    # what lies far off in a district of its own is nobody's fault; what lies just outside still serves people inside
    end[placed.outside & table.geometry.isna()] = "outside"
    fates = table[["source_row", "name", "services"]].assign(end=end)
    fates.insert(0, "file", rows.file)
    fates["why"] = (twins["why"] + ":" + twins["kept"]).reindex(fates.index).fillna("").astype(object)
    for supply_name in ("beds", "places"):
        fates[supply_name] = known_total(amounts, supply_name, fates.index)
        fates[f"{supply_name}_known"] = is_known(amounts, supply_name, fates["services"], lacks)
    return table[~end.isin(["outside", "duplicate", "unknown_type"])], fates


def unplaced_table(
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
    for name in ("match", "matched_name"):
        texts = [getattr(match, name, None) for match in found]
        table[name] = pd.Series(texts, index=table.index, dtype=object)
    table["lon"], table["lat"] = lonlat["lon"], lonlat["lat"]
    return table[list(UNPLACED)].rename_axis("facility_id")


def _path(zone_id: object, zones: gpd.GeoDataFrame) -> str:
    """Return the names from district to the zone, 武昌区 / 向阳社区; empty where there is none."""
    names: list[str] = []
    while isinstance(zone_id, str) and zones.loc[zone_id, "level"] != "area":
        names.insert(0, str(zones.loc[zone_id, "name"]))
        zone_id = zones.loc[zone_id, "parent_id"]
    return " / ".join(names)
