"""Lists of candidates (存量用房、备选地块): where a facility may go, how large, for how long and for how much.

A list is read as it stands. What is unknown stays unknown: a blank area or cost is no 0, a parcel's area is no floor area. A candidate
without a point is kept and can be in no circle. Every fault is a note by file and row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy.spatial import cKDTree

from geoplan.inputs import datum as datums
from geoplan.inputs.candidates.fields import (
    FIELDS,
    PARCEL_FIELDS,
    begins_with,
    cost_unit_per,
    is_free,
    is_rent,
    land_codes_in,
    read_area,
    read_money,
    read_most,
    read_rent,
    read_rule,
    read_services,
    read_usable_years,
)
from geoplan.inputs.datum import Datum
from geoplan.inputs.lists.cells import read_cost, read_datum, read_flag, read_works, read_year
from geoplan.inputs.lists.points import datum_of, place_rows, study_area
from geoplan.inputs.lists.rows import Rows, in_order, open_list, read_rows
from geoplan.inputs.lists.types import Types, type_words
from geoplan.inputs.lists.zone_names import ZoneNames, clean_name, named_zones, outside_named, point_zones
from geoplan.tables import CANDIDATES
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note


def candidate_frame(
    columns: Mapping[str, Any], *, index: pd.Index, geometry: gpd.GeoSeries, crs: CRS | str | None
) -> gpd.GeoDataFrame:
    """Return `tables.CANDIDATES` from the columns that are known; the others say that nothing is stated.

    Parameters
    ----------
    columns
        Column -> values in the order of `index`, or one value for all; a name that the table does not have is left out.
    index
        candidate_ids.
    geometry
        Points in `crs`, or null, in the order of `index`.

    Examples
    --------
    >>> empty = candidate_frame({}, index=pd.Index([], dtype=object), geometry=gpd.GeoSeries([]), crs=None)
    >>> list(empty.columns)[:3], len(empty)
    (['name', 'services', 'works'], 0)
    """
    index = index.rename("candidate_id")
    stated = pd.DataFrame(
        {"source_row": 0} | {name: _plain(cells) for name, cells in columns.items()}, index=index
    )
    table = CANDIDATES.typed(CANDIDATES.completed(stated)[[c for c in CANDIDATES if c != "geometry"]])
    for name, column in CANDIDATES.items():
        if column.kind == "text":  # what is not said is empty, but null in a column of keys
            texts = [
                text if isinstance(text, str) and text else None if column.null else ""
                for text in table[name]
            ]
            table[name] = pd.Series(texts, index=index, dtype=object)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry.to_numpy(), index=index, crs=crs))


def _plain(cells: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """Return values without an index of their own."""
    return cells if isinstance(cells, str | int | float) else list(cells)


#: What the codes of cells mean for a candidate.
_AMOUNTS = {"amount_negative": "candidate_negative"} | dict.fromkeys(
    ("amount_format", "amount_range", "amount_worded", "amount_unreadable", "amount_zero"),
    "candidate_amount_odd",
)
_COSTS = {"cost_negative": "candidate_negative"}
_RENTS = {
    "negative": "candidate_negative",
    "unreadable": "cost_unreadable",
    "needs_area": "candidate_rent_needs_area",
}
_YEARS = {"year_format": "", "year_unreadable": "candidate_year_unreadable"}


def read_facts(
    rows: Rows, types: Types, services: Sequence[str], works: str, lang: str, notes: list[Note]
) -> pd.DataFrame:
    """Return what the rows say of themselves: the columns of `tables.CANDIDATES` that do not say where a candidate is.

    Parameters
    ----------
    services, works
        What holds for rows that say nothing.
    lang
        Language of the names of nameless candidates.
    """
    table = pd.DataFrame(index=rows.index)
    for name, source in (("storey", "storey"), ("ownership", "ownership"), ("place", "place"), ("either_or", "either_or"),
                         ("land_code", "land_code"), ("extends_name", "extends"), ("note", "note")):  # fmt: skip
        table[name] = rows.text(source)
    table["name"] = _names(rows, lang)
    table["works"] = rows.read("works", read_works, notes, absent="").replace("", works)
    found, lost = _services(rows, types, services, notes)
    table["services"] = pd.Series(found, index=table.index, dtype=object)
    amounts = _amounts(rows, notes)
    years = _years(rows, notes)
    money = _money(rows, amounts["floor_area_m2"], years["usable_years"], notes)
    for name, values in (amounts | years | money).items():
        table[name] = values
    table["rule"] = _rules(rows, lost, notes)
    table["source_file"], table["source_row"] = rows.file, rows.number
    return table


def _names(rows: Rows, lang: str) -> list[str]:
    """Return the name of every candidate; of a nameless one its number or place, else its row."""
    texts = zip(rows.text("name"), rows.text("id"), rows.text("place"), rows.number, strict=True)
    parcels = rows.shapes is not None
    return [
        name
        or (phrase("candidate_parcel", lang, number=number) if number and parcels else place or number)
        or phrase("candidate_nameless", lang, row=row)
        for name, number, place, row in texts
    ]


def _amounts(rows: Rows, notes: list[Note]) -> dict[str, pd.Series]:
    """Return floor area, parcel area, and the most beds and places of every candidate; NaN where not stated.

    One column for both (最多床位/托位) holds where the candidate has no number of its own.
    """
    found = {}
    for name in ("floor_area_m2", "parcel_m2", "most_beds", "most_places", "most"):
        area = partial(read_area, factor=rows.factor(name))
        reader = area if name.endswith("_m2") else read_most
        found[name] = rows.read(name, reader, notes, absent=np.nan, codes=_AMOUNTS).astype(float)
    either = found.pop("most")
    return found | {name: found[name].fillna(either) for name in ("most_beds", "most_places")}


def _years(rows: Rows, notes: list[Note]) -> dict[str, pd.Series]:
    """Return the first year in which each candidate may open, and for how many years it may be used; NaN where not stated."""
    first = rows.read("from_year", read_year, notes, absent=np.nan, codes=_YEARS).astype(float)
    usable = []
    for (candidate_id, cell), year in zip(rows.text("usable_years").items(), first, strict=True):
        years, odd = read_usable_years(cell, from_year=year)
        usable.append(years)
        if odd:
            code = f"candidate_{odd}" if odd.startswith("years_") else "candidate_amount_odd"
            severity = "warning" if odd in ("years_end", "years_unreadable") else "info"
            notes.append(rows.at_cell(code, candidate_id, "usable_years", cell, severity=severity))
    return {"from_year": first, "usable_years": pd.Series(usable, index=rows.index, dtype=float)}


def _money(rows: Rows, area: pd.Series, usable_years: pd.Series, notes: list[Note]) -> dict[str, pd.Series]:
    """Return ``cost, cost_unit, cost_unit_per, cost_from, rent_year`` of every candidate, 10,000 yuan.

    A stated cost stands as it is; a rent beside it stays apart. Where only a rent is stated it counts for all the years of use,
    if these are known: cost = rent of a year x usable years.
    """
    per = cost_unit_per(rows.columns.header.get("cost_unit", ""))
    found = []
    cells = zip(
        rows.index,
        *(rows.text(name) for name in ("cost", "rent", "cost_unit")),
        area,
        usable_years,
        strict=True,
    )
    for candidate_id, cost_cell, rent_cell, unit_cell, m2, years in cells:
        mixed = is_rent(cost_cell) and not rent_cell
        cost = np.nan if mixed else _cost(rows, candidate_id, cost_cell, notes)
        rent_at = ("cost", cost_cell) if mixed else ("rent", rent_cell)
        rent = _rent(rows, candidate_id, *rent_at, m2, notes)
        unit = _unit_cost(rows, candidate_id, unit_cell, notes)
        said = "stated" if not np.isnan(cost) or not np.isnan(unit) else ""
        if not said and not np.isnan(rent):
            if rent == 0.0:
                cost, said = 0.0, "stated"
            elif np.isnan(years):
                notes.append(
                    rows.note("candidate_rent_without_years", candidate_id, severity="info", rent=f"{rent:g}")
                )
            else:
                cost, said = round(rent * years, 10), "rent x years"
        found.append((cost, unit, "" if np.isnan(unit) else per, said, rent))
    names = ["cost", "cost_unit", "cost_unit_per", "cost_from", "rent_year"]
    return {str(n): column for n, column in pd.DataFrame(found, columns=names, index=rows.index).items()}


def _cost(rows: Rows, candidate_id: str, cell: str, notes: list[Note]) -> float:
    if is_free(cell):
        return 0.0
    cost, odd = read_cost(cell, rows.factor("cost"))
    if odd:
        notes.append(rows.at_cell(_COSTS.get(odd, odd), candidate_id, "cost", cell))
    return _paid(rows, candidate_id, "cost", cell, cost, notes)


def _unit_cost(rows: Rows, candidate_id: str, cell: str, notes: list[Note]) -> float:
    if is_free(cell):
        return 0.0
    unit, odd = read_money(cell, rows.factor("cost_unit"))
    if odd:
        notes.append(rows.at_cell("cost_unreadable", candidate_id, "cost_unit", cell))
    return _paid(rows, candidate_id, "cost_unit", cell, unit, notes)


def _paid(rows: Rows, candidate_id: str, name: str, cell: str, amount: float, notes: list[Note]) -> float:
    """Return what is paid; a 0 that does not say that it is free is unknown, and listed."""
    if amount != 0.0:
        return amount
    notes.append(rows.at_cell("candidate_cost_zero", candidate_id, name, cell))
    return float(np.nan)


def _rent(rows: Rows, candidate_id: str, name: str, cell: str, m2: float, notes: list[Note]) -> float:
    if is_free(cell):
        return 0.0
    header = rows.columns.header.get(name, "")
    rent, odd = read_rent(cell, factor=rows.factor(name), header=header, floor_area_m2=m2)
    if odd:
        notes.append(rows.at_cell(_RENTS[odd], candidate_id, name, cell))
    return _paid(rows, candidate_id, name, cell, rent, notes)


def _services(
    rows: Rows, types: Types, default: Sequence[str], notes: list[Note]
) -> tuple[list[tuple[str, ...]], list[bool]]:
    """Return the facility types that every candidate may hold (`default` where the list does not say), and which may hold none known.

    A candidate of which every word is unknown must not pass for one that may hold anything.
    """
    known = type_words(types)
    found, lost = [], []
    for candidate_id, cell in rows.text("services").items():
        kinds, unknown = read_services(cell, known)
        none = bool(unknown) and not kinds
        for word in unknown:
            code = "candidate_services_unknown" if none else "candidate_service_unknown"
            notes.append(rows.note(code, candidate_id, word=word))
        found.append(kinds if cell else tuple(default))
        lost.append(none)
    return found, lost


def _rules(rows: Rows, lost: Sequence[bool], notes: list[Note]) -> list[str]:
    """Return ``required``, ``forbidden`` or nothing for every candidate; what is both is forbidden, and so is one whose services are unknown."""
    found = []
    cells = (rows.text(name) for name in ("rule", "required", "forbidden"))
    for candidate_id, cell, must_cell, never_cell, unknown in zip(rows.index, *cells, lost, strict=True):
        rule, odd = read_rule(cell)
        must = rule == "required" or _flagged(rows, candidate_id, "required", must_cell, notes)
        never = rule == "forbidden" or _flagged(rows, candidate_id, "forbidden", never_cell, notes)
        if odd == "both" or (must and never):
            notes.append(rows.note("candidate_required_forbidden", candidate_id))
        elif odd:
            notes.append(rows.note("candidate_rule_unknown", candidate_id, cell=cell))
        found.append("forbidden" if never or unknown else "required" if must else "")
    return found


def _flagged(rows: Rows, candidate_id: str, name: str, cell: str, notes: list[Note]) -> bool:
    """Return whether a column of 必选 or 禁选 says yes; the word itself is a yes."""
    value, odd = read_flag(cell)
    if odd and read_rule(cell)[0] == name:
        return True
    if odd:
        notes.append(rows.note("candidate_rule_unknown", candidate_id, cell=cell))
    return value is True


def group_notes(rows: Rows, table: pd.DataFrame) -> list[Note]:
    """Return notes on either-or groups of one candidate, and on those that require two."""
    notes = []
    for word, members in table[table["either_or"] != ""].groupby("either_or", sort=False):
        if len(members) == 1:
            notes.append(rows.note("candidate_either_or_alone", members.index[0], group=word))
        must = members.index[members["rule"] == "required"]
        notes += [rows.note("candidate_either_or_required", i, group=word) for i in must[1:]]
    return notes


def by_land_code(rows: Rows, wanted: Sequence[str], notes: list[Note]) -> pd.Index:
    """Return the candidates with a land use code that begins with one of those wanted; how many have not is listed."""
    texts = rows.text("land_code")
    if not wanted:
        return rows.index
    keep = texts.map(lambda cell: begins_with(cell, wanted)).astype(bool)
    if not keep.all():
        without = int((texts.map(land_codes_in).map(len) == 0).sum())
        left, codes = int((~keep).sum()), ", ".join(wanted)
        notes.append(rows.general("candidate_land_codes_left", without=without, count=left, codes=codes))
    return rows.index[keep]


#: Two rows of one name, floor and area this near to each other are the same premises, metres.
SAME_PLACE_M = 25.0
AREA_DIMENSION = 2
#: What is wrong with coordinates -> the note of a candidate without a point: the advice differs from that of registers.
_WITHOUT_POINT = {
    "coordinates_missing": "candidate_no_point",
    "coordinates_half": "candidate_point_half",
    "coordinates_unreadable": "candidate_point_unreadable",
    "coordinates_zero": "candidate_point_zero",
    "coordinates_far": "candidate_point_far",
}


@dataclass(frozen=True)
class CandidateList:
    """One list of candidates; every fault is a note, in the order of rows."""

    candidates: gpd.GeoDataFrame
    """`tables.CANDIDATES`, indexed by candidate_id = ``file#row``."""
    notes: tuple[Note, ...]
    declared: gpd.GeoSeries = field(default_factory=gpd.GeoSeries)
    """Coordinates as the file has them, for the datum check."""
    datum: Datum | None = None
    """What the coordinates were taken to be; None: what the file says, else WGS 84."""
    file: str = ""


def read_candidates(
    path: Path | str,
    *,
    zones: gpd.GeoDataFrame,
    crs: CRS | str,
    types: Types | None = None,
    columns: Mapping[str, str] | None = None,
    datum: Datum | None = None,
    layer: str | None = None,
    services: Sequence[str] = (),
    works: str = "",
    land_codes: Sequence[str] = (),
    lang: str = "zh",
) -> CandidateList:
    """Read one list of candidates.

    Parameters
    ----------
    path
        XLSX, CSV (UTF-8 with or without BOM, GB18030), or a layer of points or parcels; of a parcel a point inside is taken.
    zones, crs
        `tables.ZONES` and the study's metric CRS.
    types
        Word of the column 可设服务 -> facility type(s), before the usual words (`fields.SERVICE_WORDS`, `lists.types.NAMED_TYPES`).
    columns
        Field -> column, for headers that are not recognised (`fields.FIELDS`).
    datum
        What the coordinates are in; None: what a header says (百度经度), else the file, else WGS 84.
    layer
        Sheet or layer.
    services, works
        Facility types that a candidate may hold and its kind of works, where its row says nothing.
    land_codes
        Only candidates whose land use code begins with one of these are kept (``0708``, ``08``, ``A6``); none: all.
    lang
        Language of the names that nameless candidates get (``zh``, ``en``).

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
    opened = open_list(path, layer)
    parcels = opened.shapes is not None
    rows, notes = read_rows(
        path, PARCEL_FIELDS if parcels else FIELDS, opened, key="candidate_id", mapped=columns or {}, datum=datum,
        needs=[] if parcels else [("name", "place", "lon", "lonlat")],
    )  # fmt: skip
    rows = rows.only(by_land_code(rows, land_codes, notes))
    used, datum_notes = datum_of(rows, datum, crs)
    table = read_facts(rows, types or {}, services, works, lang, notes)
    geometry, table["location_quality"], declared, point_notes = _points(rows, zones, crs, used)
    notes += [*datum_notes, *point_notes]
    table["zone_id"] = _zones(rows, geometry, zones, notes)
    own_m2 = _parcel_areas(rows, crs, used)
    table["parcel_m2"] = own_m2.where(own_m2.notna(), table["parcel_m2"])
    twins = same_premises(table, geometry)
    notes += [rows.note("candidate_twice", i, kept=kept) for i, kept in twins.items()]
    areas = table["floor_area_m2"]
    notes += rows.total_notes({"floor_area_m2": (float(areas.sum()), float(areas.fillna(np.inf).sum()))})
    keep = ~table.index.isin(list(twins))
    table = table[keep]
    notes += group_notes(rows, table)
    stated = {str(name): column for name, column in table.items()}
    candidates = candidate_frame(stated, index=table.index, geometry=geometry[keep], crs=crs)
    return CandidateList(candidates, in_order(notes), declared, used, path.name)


def _points(
    rows: Rows, zones: gpd.GeoDataFrame, crs: CRS | str, datum: Datum | None
) -> tuple[gpd.GeoSeries, pd.Series, gpd.GeoSeries, list[Note]]:
    """Return the candidates' points in `crs`, how good they are, the coordinates as declared in the list's own datum, and notes.

    A column that names the datum row by row goes before the list's; a row whose word means none has no point.
    """
    area, index = study_area(zones), rows.index
    geometry = gpd.GeoSeries([None] * len(index), index=index, crs=crs)
    quality = pd.Series("missing", index=index, dtype=object)
    declared = gpd.GeoSeries()
    notes: list[Note] = []
    if not rows.located or not len(index):
        return geometry, quality, declared, [rows.note("candidate_no_point", i) for i in index]
    words = rows.text("datum")
    for word in words.drop_duplicates():
        some = words.index[words == word]
        own = datum if word == "" else read_datum(word)
        if word and own is None:
            notes += [rows.note("candidate_datum_unknown", i, word=word) for i in some]
            quality[some] = "rejected"
            continue
        placed = place_rows(rows.only(some), area=area, crs=CRS.from_user_input(crs), datum=own)
        geometry[some], quality[some] = placed.geometry, placed.quality
        declared = placed.declared if word == "" or len(some) == len(index) else declared
        notes += [replace(note, code=_WITHOUT_POINT.get(note.code, note.code)) for note in placed.notes]
    inside = shapely.distance(area, geometry.to_numpy())
    for candidate_id, metres in zip(index, inside, strict=True):
        if metres > 0:
            notes.append(rows.note("candidate_outside_area", candidate_id, metres=f"{metres:.0f}"))
    return geometry, quality, declared, notes


def _zones(rows: Rows, geometry: gpd.GeoSeries, zones: gpd.GeoDataFrame, notes: list[Note]) -> pd.Series:
    """Return the finest zone that each candidate lies in, without a point the one that it names; null where neither is known."""
    place = rows.text("place")
    found = named_zones(rows, place, ZoneNames(zones))
    notes.extend(found.notes)
    parent, level = zones["parent_id"].to_dict(), zones["level"].to_dict()
    # an estate lies over communities: its candidates count in the community that holds it
    up = [parent.get(z) if isinstance(z, str) and level[z] == "estate" else z for z in found.zone_id]
    named = pd.Series([z if isinstance(z, str) else None for z in up], index=rows.index, dtype=object)
    notes += outside_named(rows, geometry, named, zones)
    for candidate_id in rows.index[geometry.isna() & named.isna()]:
        notes.append(rows.note("candidate_place_unknown", candidate_id, place=place[candidate_id] or "–"))
    return point_zones(geometry, zones).where(geometry.notna(), named)


def _parcel_areas(rows: Rows, crs: CRS | str, datum: Datum | None) -> pd.Series:
    """Return the area of every parcel's polygon in `crs`, m²; NaN for points and tables."""
    areas = pd.Series(np.nan, index=rows.index)
    if rows.shapes is not None:
        polygons = rows.shapes[shapely.get_dimensions(np.asarray(rows.shapes.array)) == AREA_DIMENSION]
        if len(polygons):
            areas[polygons.index] = datums.to_crs(polygons, datum=datum, crs=crs).area
    return areas


def same_premises(table: pd.DataFrame, geometry: gpd.GeoSeries) -> dict[str, str]:
    """Return candidate_id -> the earlier one that is the same premises: same name, floor and area, and the same place.

    The place is the same within `SAME_PLACE_M`; where one of the two is without a point, if both have the same address.
    """
    names, storeys = table["name"].map(clean_name), table["storey"].map(clean_name)
    keys = list(zip(names, storeys, table["floor_area_m2"].fillna(-1.0), strict=True))
    near = _earlier_near(geometry)
    at: dict[tuple[Any, ...], int] = {}
    twins: dict[int, int] = {}
    for j, (key, place, point) in enumerate(zip(keys, table["place"].map(clean_name), geometry, strict=True)):
        same = [i for i in near.get(j, ()) if keys[i] == key and i not in twins]
        if not same and point is None:
            beside = ((key, place, True), (key, place, False))
            same = [at[a] for a in beside if a in at and (place or not a[2])]
        elif not same and place and (key, place, False) in at:
            same = [at[key, place, False]]
        if same:
            twins[j] = min(same)
        else:
            at.setdefault((key, place, point is not None), j)
    ids = [str(i) for i in table.index]
    return {ids[j]: ids[i] for j, i in twins.items()}


def _earlier_near(geometry: gpd.GeoSeries) -> dict[int, list[int]]:
    """Return the earlier points within `SAME_PLACE_M` of each, by position, for those that have some."""
    has = np.flatnonzero(geometry.notna())
    found: dict[int, list[int]] = {}
    if len(has):
        xy = shapely.get_coordinates(np.asarray(geometry.iloc[has].array))
        pairs = np.sort(cKDTree(xy).query_pairs(SAME_PLACE_M, output_type="ndarray"), axis=1)
        for i, j in has[pairs]:
            found.setdefault(int(j), []).append(int(i))
    return found
