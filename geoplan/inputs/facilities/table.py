"""The table of facilities that a register gives, and where every row of it ends, so that the sums add up.

Rows -> closed, duplicate … -> not placed -> in the run. Also which rows enter one facility twice, and what the year decides.
"""

from collections.abc import Hashable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from geoplan.inputs.facilities.facts import is_known, known_total
from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.facilities.placing import Match, lonlat_columns
from geoplan.inputs.lists.points import Placed
from geoplan.inputs.lists.rows import Rows
from geoplan.inputs.lists.zone_names import NamedZones, ZoneNames, clean_name, point_zones
from geoplan.tables import UNPLACED
from geoplan.words.errors import Note

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
    ends = np.select(
        [np.asarray(c, bool) for c in conditions], ["closed", "not_open", "not_placed"], "in_run"
    )
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
    - lie at one point (``same_point``) and state the same known amounts, at least `EQUAL_AMOUNTS` of them above 0.

    An existing facility is kept before a closed or planned one, then the row with more amounts known, then the first.

    Parameters
    ----------
    names
        Names as they are compared, indexed like `facilities`; empty where there is none.
    """
    known = sum(
        ((t["low"] == t["high"]).astype(int) for t in amounts.values()), pd.Series(0, index=names.index)
    )
    order = np.lexsort((np.arange(len(names)), -np.asarray(known), facilities["status"] != "existing"))
    stated = _stated(amounts, names.index)
    geometry, zone_id, services = facilities.geometry, facilities["zone_id"], facilities["services"]
    by_name: dict[Hashable, list[str]] = {}
    by_amounts: dict[Hashable, list[str]] = {}
    found: dict[str, tuple[str, str]] = {}
    for facility_id in names.index[order]:
        named = by_name.setdefault((names[facility_id], services[facility_id]), [])
        equal = by_amounts.setdefault((stated[facility_id], services[facility_id]), [])
        twins = [o for o in named if names[facility_id] and _same_place(facility_id, o, geometry, zone_id)]
        if twins:
            found[facility_id] = (twins[0], "same_name")
            continue
        point = geometry[facility_id]
        if stated[facility_id] and point is not None:
            near = [o for o in equal if point.distance(geometry[o]) <= SAME_POINT_M]
            if near:
                found[facility_id] = (near[0], "same_point")
                continue
            equal.append(facility_id)
        named.append(facility_id)
    rows = {i: found[i] for i in names.index if i in found}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["kept", "why"], dtype=object)


def _same_place(one: str, other: str, geometry: gpd.GeoSeries, zone_id: pd.Series) -> bool:
    if geometry[one] is not None and geometry[other] is not None:
        return bool(geometry[one].distance(geometry[other]) <= SAME_PLACE_M)
    return zone_id[one] is not None and zone_id[one] == zone_id[other]


def _stated(amounts: Mapping[str, pd.DataFrame], index: pd.Index) -> dict[str, tuple[tuple[str, float], ...]]:
    """Return the known amounts of each row as a key that can be compared; empty where too few are above 0."""
    exact = pd.DataFrame({k: t["low"].where(t["low"] == t["high"]) for k, t in amounts.items()}, index=index)
    keys = {}
    for facility_id, row in exact.iterrows():
        known = row.dropna()
        enough = (known > 0).sum() >= EQUAL_AMOUNTS
        keys[str(facility_id)] = tuple((str(k), float(v)) for k, v in known.items()) if enough else ()
    return keys


def duplicate_notes(fates: pd.DataFrame) -> list[Note]:
    """Return a note for every row that repeats another."""
    notes = []
    for _, fate in fates[fates["end"] == "duplicate"].iterrows():
        why, kept = str(fate["why"]).split(":", 1)
        words = {"kept": _row(fates.loc[kept, "source_row"]) or kept, "name": fate["name"]}
        notes.append(Note.of(f"duplicate_{why}", file=fate["file"], row=_row(fate["source_row"]), **words))
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
        near = (group.geometry.distance(first.geometry) <= SAME_PLACE_M) & (
            group["source_file"] != first["source_file"]
        )
        for facility_id, facility in group[near].iterrows():
            words = {"name": name, "other": str(group.index[0]), "id": str(facility_id)}
            notes.append(
                Note.of(
                    "in_two_registers",
                    file=facility["source_file"],
                    row=_row(facility["source_row"]),
                    **words,
                )
            )
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
    return gpd.GeoDataFrame(table[list(COLUMNS)], geometry=geometry, crs=crs)


def _zone_of(
    inside: pd.Series, named: pd.Series, quality: pd.Series, zones: gpd.GeoDataFrame
) -> tuple[pd.Series, pd.Series]:
    """Return the zone of each row and whether it comes from its point or from the name.

    An exact point says more than a name. A point that comes from a name itself only makes the named zone finer.
    """
    names = ZoneNames(zones)
    found = []
    for lies, name, kind in zip(inside, named, quality, strict=True):
        is_named = isinstance(name, str)
        if isinstance(lies, str) and (kind == "exact" or not is_named or name in names.ancestors(lies)):
            found.append((lies, "point"))
        else:
            found.append((name, "named" if is_named else None))
    table = pd.DataFrame(found, index=named.index, columns=["zone_id", "zone_from"], dtype=object)
    return table["zone_id"], table["zone_from"]


def settle(
    rows: Rows, table: gpd.GeoDataFrame, amounts: Mapping[str, pd.DataFrame], placed: Placed
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
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
        fates[f"{supply_name}_known"] = is_known(amounts, supply_name, fates["services"])
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
