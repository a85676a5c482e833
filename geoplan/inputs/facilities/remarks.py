"""What is said about the rows of a register as a whole: datum, duplicates, places found by name, years, shared buildings."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.inputs.datum import Datum
from geoplan.inputs.facilities.duplicates import SAME_PLACE_M
from geoplan.inputs.facilities.placing import Match, NamedZones
from geoplan.inputs.facilities.points import Placed
from geoplan.inputs.facilities.rows import Rows, named_cells
from geoplan.inputs.facilities.supplies import row_of
from geoplan.words.errors import Note

#: What a kind of match is called, Chinese and English.
MATCH_WORDS: Mapping[str, tuple[str, str]] = {
    "accepted": ("已采纳点位", "accepted point"),
    "lookup_name": ("对照表名称", "lookup table, name"),
    "lookup_address": ("对照表地址", "lookup table, address"),
    "estate": ("所属小区", "estate"),
    "address_estate": ("地址中的小区", "estate in the address"),
    "community": ("所属社区", "community"),
    "address_community": ("地址中的社区", "community in the address"),
}


def datum_notes(rows: Rows, datum: Datum | None) -> list[Note]:
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


def fate_notes(fates: pd.DataFrame, rows: Rows) -> list[Note]:
    """Return a note for every row that repeats another."""
    notes = []
    for facility_id, fate in fates[fates["end"] == "duplicate"].iterrows():
        why, kept = str(fate["why"]).split(":", 1)
        place = kept.rsplit("#", 1)[-1]
        notes.append(
            Note.of(
                f"duplicate_{why}",
                file=rows.file,
                row=row_of(rows.number.loc[str(facility_id)]),
                kept=place,
                name=fate["name"],
            )
        )
    return notes


def match_notes(matches: Mapping[str, Match], facilities: gpd.GeoDataFrame, rows: Rows) -> list[Note]:
    """Return a note for every row placed by name, or with a candidate that waits to be accepted, or that counts nowhere."""
    notes = []
    for facility_id, facility in facilities[facilities["location_quality"] != "exact"].iterrows():
        match = matches.get(str(facility_id))
        where: dict[str, Any] = {
            "file": rows.file,
            "row": row_of(rows.number.loc[str(facility_id)]),
            "severity": "info",
        }
        if match is not None:
            code = "placed_by_name" if facility["location_quality"] == "approximate" else "candidate_point"
            zh, en = MATCH_WORDS[match.match]
            notes.append(Note.of(code, match_zh=zh, match_en=en, name=match.matched_name, **where))
        elif facility["zone_id"] is None:
            notes.append(Note.of("counts_nowhere", **where | {"severity": "warning"}))
    return notes


def year_notes(facilities: gpd.GeoDataFrame, end: pd.Series, year: int) -> tuple[Note, ...]:
    """Return notes on facilities that the year decides: not yet open ones, and planned ones whose year has come."""
    notes = []
    planned = facilities["status"].isin(["building", "planned"]) & end.isin(["in_run", "not_placed"])
    later = (facilities["status"] == "existing") & (end == "not_open")
    for code, chosen in (("planned_counts", planned), ("opens_later", later)):
        for _, facility in facilities[chosen].iterrows():
            opened = f"{facility['open_year']:.0f}"
            row = row_of(facility["source_row"])
            notes.append(Note.of(code, file=facility["source_file"], row=row, opened=opened, year=year))
    return tuple(notes)


def shared_notes(facilities: gpd.GeoDataFrame) -> tuple[Note, ...]:
    """Return a note for every facility that another register lists under the same name, place and service."""
    placed = facilities[facilities.geometry.notna() & (facilities["name"] != "")]
    notes = []
    for (name, _), group in placed.groupby(["name", "services"], sort=False):
        for facility_id, facility in group.iloc[1:].iterrows():
            first = group.iloc[0]
            near = (
                facility.geometry.distance(first.geometry) <= SAME_PLACE_M
                and facility["source_file"] != first["source_file"]
            )
            if near:
                row = row_of(facility["source_row"])
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


def named_notes(named: NamedZones, placed: Placed, rows: Rows) -> list[Note]:
    """Return the notes on names that no zone has; rows that rightly belong elsewhere are counted in one note."""
    outside = {row_of(rows.number.loc[str(i)]) for i in placed.outside.index[placed.outside]}
    notes = [note for note in named.notes if note.row is None or note.row not in outside]
    if outside:
        names = sorted(set(named_cells(rows, "district")[placed.outside]))
        count = int(placed.outside.sum())
        notes.append(
            Note.of("rows_outside", file=rows.file, severity="info", count=count, names=", ".join(names))
        )
    return notes
