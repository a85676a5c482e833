"""The table of facilities that a register gives: facts, points and names brought together, and what is still without a point."""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geoplan.inputs.datum import Datum
from geoplan.inputs.facilities import supplies as supply
from geoplan.inputs.facilities.fates import duplicates, ends_of
from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.facilities.placing import Lookup, Match, lonlat_columns, places_by_name, read_accepted
from geoplan.inputs.lists.ids import former_id
from geoplan.inputs.lists.points import Placed
from geoplan.inputs.lists.rows import Rows
from geoplan.inputs.lists.zone_names import NamedZones, ZoneNames, clean_name, point_zones
from geoplan.tables import UNPLACED
from geoplan.words.errors import InputError, Note

#: Columns of `tables.FACILITIES` that every register gives, in order; attributes and texts follow.
COLUMNS = (
    "name", "services", "status", "open_year", "close_year", "zone_id", "zone_from", "serves", "location_quality",
    "source_file", "source_row", *ATTRIBUTES, "ownership", "address", "register_id",
)  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where names without coordinates may be found beside the zones."""

    lookup: Path | None
    accepted: Path | None
    datum: Datum | None
    crs: CRS


def matches_of(
    rows: Rows,
    placed: Placed,
    *,
    names: ZoneNames,
    zones: gpd.GeoDataFrame,
    named: NamedZones,
    places: Places,
) -> dict[str, Match]:
    """Return accepted points of any row, and the matched places of rows without a usable point."""
    by_id = _accepted(places, rows)
    lookup = Lookup(places.lookup, datum=places.datum, crs=places.crs) if places.lookup else None
    wanted = placed.geometry.index[
        placed.geometry.isna().to_numpy() & ~placed.geometry.index.isin(list(by_id))
    ]
    found = places_by_name(rows, wanted, names=names, zones=zones, named=named.zone_id, lookup=lookup)
    return found | by_id


def _accepted(places: Places, rows: Rows) -> dict[str, Match]:
    """Return the accepted points of the rows of this register.

    Raises
    ------
    InputError
        If the file names rows as former versions did: its points might be those of other rows by now.
    """
    if places.accepted is None:
        return {}
    mine, former = {}, []
    for facility_id, match in read_accepted(places.accepted, crs=places.crs).items():
        # as a run names it: with the file behind a code that several registers state, and behind that which reading of the file
        plain = re.sub(f"(@{re.escape(rows.file)})@\\d+$", r"\1", facility_id)
        known = [i for i in (plain, plain.removesuffix(f"@{rows.file}")) if i in rows.index]
        if known:
            mine[known[0]] = match
        elif now := former_id(facility_id, rows.cells.assign(source_file=rows.file, source_row=rows.number)):
            former.append(Note.of("accepted_former_id", file=places.accepted.name, name=facility_id, id=now, severity="error"))  # fmt: skip
    if former:
        raise InputError(*former)
    return mine


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
    parent = zones["parent_id"].to_dict()
    zone_ids, sources = [], []
    for lies, name, kind in zip(inside, named, quality, strict=True):
        point = isinstance(lies, str) and (
            kind == "exact" or not isinstance(name, str) or name in _above(lies, parent)
        )
        zone_ids.append(lies if point else name)
        sources.append("point" if point else "named" if isinstance(name, str) else None)
    return pd.Series(zone_ids, index=named.index, dtype=object), pd.Series(
        sources, index=named.index, dtype=object
    )


def _above(zone_id: str, parent: Mapping[Hashable, object]) -> set[object]:
    """Return a zone and those above it."""
    found: set[object] = set()
    current: object = zone_id
    while isinstance(current, str):
        found.add(current)
        current = parent.get(current)
    return found


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
    fates = pd.DataFrame(
        {
            "file": rows.file,
            "source_row": rows.number,
            "name": table["name"],
            "services": table["services"],
            "end": end,
        },
        index=table.index,
    )
    fates["why"] = (twins["why"] + ":" + twins["kept"]).reindex(fates.index).fillna("").astype(object)
    for supply_name in ("beds", "places"):
        fates[supply_name] = supply.known_total(amounts, supply_name, fates.index)
        fates[f"{supply_name}_known"] = supply.is_known(amounts, supply_name, fates["services"])
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
    while isinstance(zone_id, str) and zones.loc[zone_id, "level"] != "area":
        names.insert(0, str(zones.loc[zone_id, "name"]))
        zone_id = zones.loc[zone_id, "parent_id"]
    return " / ".join(names)
