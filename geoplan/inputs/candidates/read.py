"""Lists of candidates (存量用房、备选地块): where a facility may go, how large, for how long and for how much.

A list is read as it stands. What is unknown stays unknown: a blank area or cost is no 0, a parcel's area is no floor area. A candidate
without a point is kept and can be in no circle. Every fault is a note by file and row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geoplan.inputs.candidates import facts, places
from geoplan.inputs.candidates.frame import candidate_frame
from geoplan.inputs.candidates.rows import CandidateRows, only, read_candidate_rows
from geoplan.inputs.datum import Datum
from geoplan.words.errors import Note


@dataclass(frozen=True)
class CandidateList:
    """One list of candidates.

    Parameters
    ----------
    candidates
        `tables.CANDIDATES` with the columns of `MORE_CANDIDATES`, indexed by candidate_id = ``file#row``.
    notes
        Every fault, in the order of rows.
    declared
        Coordinates as the file has them, for the datum check.
    datum
        What the coordinates were taken to be; None: what the file says, else WGS 84.
    file
        File name.
    """

    candidates: gpd.GeoDataFrame
    notes: tuple[Note, ...]
    declared: gpd.GeoSeries = field(default_factory=gpd.GeoSeries)
    datum: Datum | None = None
    file: str = ""


def read_candidates(
    path: Path | str,
    *,
    zones: gpd.GeoDataFrame,
    crs: CRS | str,
    types: Mapping[str, str | Sequence[str]] | None = None,
    columns: Mapping[str, str] | None = None,
    datum: Datum | None = None,
    layer: str | None = None,
    services: Sequence[str] = (),
    works: str = "",
    land_codes: Sequence[str] = (),
) -> CandidateList:
    """Read one list of candidates.

    Parameters
    ----------
    path
        XLSX, CSV (UTF-8 with or without BOM, GB18030), or a layer of points or parcels; of a parcel a point inside is taken.
    zones, crs
        `tables.ZONES` and the study's metric CRS.
    types
        Word of the column 可设服务 -> facility type(s), before the usual words (`cells.SERVICE_WORDS`, `projects.cells.NAMED_TYPES`).
    columns
        Field -> column, for headers that are not recognised (`columns.HEADERS`).
    datum
        What the coordinates are in; None: what a header says (百度经度), else the file, else WGS 84.
    layer
        Sheet or layer.
    services, works
        Facility types that a candidate may hold and its kind of works, where its row says nothing.
    land_codes
        Only candidates whose land use code begins with one of these are kept (``0708``, ``08``, ``A6``); none: all.

    Returns
    -------
    candidates
        One row a candidate, in the order of the file; rows of totals and repeated ones are left out, and listed.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column that it must have; every problem at once.
    """
    path = Path(path)
    listed, notes = read_candidate_rows(path, columns or {}, layer)
    listed = only(listed, facts.by_land_code(listed.rows, land_codes, notes))
    datum = datum if datum is not None else listed.datum
    table = _table(listed, types or {}, services, works, notes)
    table["rule"] = facts.read_rules(listed.rows, table.pop("lost").tolist(), notes)
    geometry, table["location_quality"], declared, point_notes = places.read_points(listed, zones, crs, datum)
    notes += point_notes
    table["zone_id"] = places.read_zones(listed.rows, geometry, zones, notes)
    own_m2 = pd.Series(places.parcel_areas(listed, crs, datum), index=table.index, dtype=float)
    table["parcel_m2"] = own_m2.where(own_m2.notna(), table["parcel_m2"])
    twins = places.same_premises(table, geometry)
    notes += [listed.rows.note("candidate_twice", i, kept=kept) for i, kept in twins.items()]
    keep = ~table.index.isin(list(twins))
    table = table[keep]
    notes += facts.group_notes(listed.rows, table)
    candidates = candidate_frame(
        {str(name): column for name, column in table.items()},
        index=table.index,
        geometry=geometry[keep],
        crs=crs,
    )
    ordered = tuple(sorted((*listed.rows.columns.notes, *notes), key=lambda note: note.row or 0))
    return CandidateList(candidates, ordered, declared, datum, path.name)


def _table(
    listed: CandidateRows,
    types: Mapping[str, str | Sequence[str]],
    services: Sequence[str],
    works: str,
    notes: list[Note],
) -> pd.DataFrame:
    """Return what the rows say of themselves; ``lost`` marks those whose services are all unknown words."""
    rows = listed.rows
    table = pd.DataFrame(index=rows.cells.index)
    for name, source in (("storey", "storey"), ("ownership", "ownership"), ("place", "place"), ("either_or", "either_or"),
                         ("land_code", "land_code"), ("extends_name", "extends"), ("note", "note")):  # fmt: skip
        table[name] = rows.text(source)
    table["name"] = _names(listed)
    table["works"] = facts.read_all_works(rows, works, notes)
    found, lost = facts.read_all_services(rows, types, services, notes)
    table["services"] = pd.Series(found, index=table.index, dtype=object)
    table["lost"] = pd.Series(lost, index=table.index, dtype=bool)
    amounts = facts.read_amounts(rows, notes)
    years = facts.read_years(rows, notes)
    money = facts.read_all_money(rows, amounts["floor_area_m2"], years["usable_years"], notes)
    for name, values in (amounts | years | money).items():
        table[name] = values
    table["source_file"], table["source_row"] = rows.file, rows.number
    return table


def _names(listed: CandidateRows) -> list[str]:
    """Return the name of every candidate; of a nameless one its number or place, else its row."""
    rows = listed.rows
    texts = zip(rows.text("name"), rows.text("id"), rows.text("place"), rows.number, strict=True)
    parcels = listed.shapes is not None
    return [
        name or (f"地块{number}" if number and parcels else place or number) or f"备选点位{row}"
        for name, number, place, row in texts
    ]
