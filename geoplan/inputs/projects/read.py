"""Project lists (项目库): planned projects with what they add, where, for how much and by when.

A list is read as it stands. What is unknown stays unknown: a blank amount is no 0, an area that is said to be that of a whole
kindergarten adds nothing known, a place such as 相关乡镇 names no town. Every fault is a note by file and row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from geoplan.inputs.datum import Datum
from geoplan.inputs.facilities.fields import ATTRIBUTES, PARTS
from geoplan.inputs.facilities.fields import FIELDS as REGISTER_FIELDS
from geoplan.inputs.lists.cells import (
    cell_text,
    is_blank,
    read_cost,
    read_flag,
    read_works,
    read_year,
    shown,
    split_words,
)
from geoplan.inputs.lists.points import datum_of, place_rows, study_area
from geoplan.inputs.lists.rows import Rows, in_order, open_list, read_rows
from geoplan.inputs.lists.types import Types, named_type, printed_types, type_words
from geoplan.inputs.lists.zone_names import (
    ZoneNames,
    bare_name,
    clean_name,
    named_zones,
    outside_named,
    point_zones,
    serves_zones,
)
from geoplan.inputs.projects.fields import (
    ADDED,
    FIELDS,
    VAGUE_PLACE,
    WHOLE_AREA,
    amount_in_text,
    approximate_words,
    family_of_word,
    read_added,
    read_span,
    town_named,
)
from geoplan.tables import PROJECTS
from geoplan.words.errors import Note


def read_facts(
    rows: Rows, types: Types, indicators: Mapping[str, Sequence[str]] | None, notes: list[Note]
) -> pd.DataFrame:
    """Return the columns of `tables.PROJECTS` that do not say where a project is."""
    table = pd.DataFrame(index=rows.index)
    for name, source in (("name", "name"), ("number", "id"), ("type_word", "type"), ("place", "place"), ("funds", "funds"),
                         ("unit", "unit"), ("content", "content"), ("extends", "extends")):  # fmt: skip
        table[name] = rows.text(source)
    table["works"] = rows.read("works", read_works, notes, absent="")
    table["services"] = _services(rows, table, types, notes)
    _add_amounts(rows, table, notes)
    table["facilities"] = _counts(rows, table, notes)
    table["cost"] = rows.read(
        "cost", partial(read_cost, factor=rows.factor("cost")), notes, absent=np.nan
    ).astype(float)
    table["cost_from"] = np.where(table["cost"].notna(), "stated", "")
    table["start_year"], table["open_year"] = _years(rows, notes)
    for name in ATTRIBUTES:
        table[name] = rows.read(name, partial(read_flag, field=name), notes).astype("boolean")
    # a project that calls itself 普惠 is inclusive
    table["inclusive"] = table["inclusive"].mask(
        table["inclusive"].isna() & table["name"].str.contains("普惠"), True
    )
    table["indicators"] = _indicators(rows, indicators, notes)
    return table


def _services(rows: Rows, table: pd.DataFrame, types: Types, notes: list[Note]) -> list[tuple[str, ...]]:
    """Return the facility types of every project: as mapped, else as its name shows within its category."""
    mapped = type_words(types)
    longest = sorted(mapped, key=lambda word: (-len(word), word))
    found = []
    for project_id, name, word in zip(table.index, table["name"], table["type_word"], strict=True):
        kinds = mapped.get(clean_name(word))
        if kinds is None:
            in_name = next((key for key in longest if key in clean_name(name)), "")
            kinds = printed_types(word) or mapped.get(in_name)
        if kinds is not None:
            found.append(kinds)
            continue
        family = family_of_word(word)
        guess = "" if word and family is None else named_type(name, family)
        found.append((guess,) if guess else ())
        if guess:
            notes.append(
                rows.note("project_type_from_name", project_id, severity="info", name=name, type=guess)
            )
        elif not word or family is not None:
            notes.append(rows.note("project_type_unknown", project_id, name=name, word=word or "–"))
    return found


def _counts(rows: Rows, table: pd.DataFrame, notes: list[Note]) -> list[float]:
    """Return how many facilities each row stands for; a row without a count stands for one, unless it names no place."""
    found = []
    for project_id, cell in rows.text("facilities").items():
        count = read_added(cell, 1.0)[0]
        if np.isnan(count):
            count = 1.0 if "facilities" not in rows.cells else np.nan
        if count > 1 and table.loc[str(project_id), "services"]:
            notes.append(rows.note("project_several", project_id, severity="info", count=f"{count:g}"))
        if np.isnan(count):
            notes.append(rows.note("project_count_unknown", project_id))
        found.append(count)
    return found


def _years(rows: Rows, notes: list[Note]) -> tuple[list[float], list[float]]:
    """Return the first year of works and the year of completion of every project; NaN where not stated."""
    starts, opens = [], []
    cells = zip(rows.index, *(rows.text(name) for name in ("years", "start_year", "open_year")), strict=True)
    for project_id, years, start_cell, open_cell in cells:
        start, opened = read_span(years)
        start = read_year(start_cell)[0] if start_cell else start
        opened = read_year(open_cell)[0] if open_cell else opened
        if start > opened:
            notes.append(
                rows.note("project_years_reversed", project_id, start=f"{start:g}", end=f"{opened:g}")
            )
            start, opened = np.nan, np.nan
        elif np.isnan(opened):
            notes.append(rows.note("project_no_year", project_id))
        starts.append(start)
        opens.append(opened)
    return starts, opens


def _add_amounts(rows: Rows, table: pd.DataFrame, notes: list[Note]) -> None:
    """Add what every project adds, as least and most; NaN where the list does not say."""
    blank = pd.Series(None, index=rows.index, dtype=object)
    for supply in ADDED:
        bounds = []
        for (project_id, cell), text in zip(
            rows.cells.get(supply, blank).items(), rows.text("content"), strict=True
        ):
            low, high, odd = read_added(cell, rows.factor(supply))
            if odd:
                notes.append(rows.at_cell(odd, project_id, supply, cell, low=shown(low), high=shown(high)))
            if np.isnan(low) and is_blank(cell):
                low = high = amount_in_text(text, supply)
                if not np.isnan(low):
                    field = REGISTER_FIELDS[supply]
                    words = {"supply_zh": field.zh, "supply_en": field.en, "amount": f"{low:g}"}
                    notes.append(rows.note("project_amount_from_text", project_id, severity="info", **words))
            bounds.append((low, high))
        table[[supply, f"{supply}_high"]] = np.array(bounds, dtype=float).reshape(-1, 2)
    _check_parts(rows, table, notes)
    _check_areas(rows, table, notes)


def _check_parts(rows: Rows, table: pd.DataFrame, notes: list[Note]) -> None:
    """Take back a part that is larger than its whole: neither is known to be right, the whole stands."""
    for part, whole in PARTS.items():
        if part not in ADDED or whole not in ADDED:
            continue
        # works on a named facility may turn beds that it has into nursing beds
        over = (table[part] > table[f"{whole}_high"]) & (table["extends"] == "")
        for project_id in table.index[over]:
            words = {"part": f"{table.loc[project_id, part]:g}", "whole": f"{table.loc[project_id, whole]:g}"}
            notes.append(rows.note("project_part_over_whole", project_id, **words))
        table.loc[over, [part, f"{part}_high"]] = np.nan


def _check_areas(rows: Rows, table: pd.DataFrame, notes: list[Note]) -> None:
    """Mark approximate areas, and take back those of a whole house: how much of it is added is not known."""
    remarks = rows.text("note")
    table["approximate"] = [read_flag(cell)[0] is True for cell in rows.text("approximate")]
    for project_id in table.index:
        content = str(table.loc[project_id, "content"])
        words = approximate_words(content)
        if table.loc[project_id, "approximate"] or words:
            table.loc[project_id, "approximate"] |= any("平" in word for word in words)
            said = tuple(words) or rows.columns.header["approximate"]
            notes.append(rows.note("project_approximate", project_id, words=said))
        scope = f"{rows.text('area_scope')[project_id]} {remarks[project_id]}"
        if WHOLE_AREA.search(scope):
            area = f"{table.loc[project_id, 'floor_area_m2']:g}"
            table.loc[project_id, ["floor_area_m2", "floor_area_m2_high"]] = np.nan
            notes.append(rows.note("project_area_of_whole", project_id, area=area))


def _indicators(
    rows: Rows, known: Mapping[str, Sequence[str]] | None, notes: list[Note]
) -> list[tuple[str, ...]]:
    """Return the rules that each project says it supports."""
    names = {clean_name(word): tuple(ids) for word, ids in (known or {}).items()}
    found = []
    for project_id, cell in rows.text("indicators").items():
        words = split_words(cell) if known is None else _known_words(cell, names)
        if known is not None:
            unknown = [word for word in words if clean_name(word) not in names]
            notes.extend(rows.note("project_indicator_unknown", project_id, word=word) for word in unknown)
            words = list(dict.fromkeys(rule for word in words for rule in names.get(clean_name(word), ())))
        found.append(tuple(words))
    return found


def _known_words(cell: str, known: Mapping[str, object]) -> list[str]:
    """Return the words of a cell; the longest run of them that is itself a known name stays one: 助餐、助浴服务覆盖率."""
    words, between = split_words(cell), cell_text(cell)
    found = []
    at, start = 0, 0
    while at < len(words):
        start = between.index(words[at], start)
        for end in range(len(words), at, -1):
            stop = start
            for word in words[at:end]:
                stop = between.index(word, stop) + len(word)
            run = between[start:stop]
            if end == at + 1 or clean_name(run) in known:
                found.append(run)
                at, start = end, stop
                break
    return found


def repeated(rows: Rows, table: pd.DataFrame) -> list[Note]:
    """Return a note for every project whose name stands in an earlier row too."""
    names = table["name"].map(clean_name)
    again = table.loc[names.duplicated() & (names != ""), "name"]
    return [rows.note("project_twice", project_id, name=name) for project_id, name in again.items()]


@dataclass(frozen=True)
class ProjectList:
    """One project list, or several joined; every fault is a note, in the order of rows."""

    projects: gpd.GeoDataFrame
    """`tables.PROJECTS` with the attributes of registers, indexed by project_id = ``file#row``."""
    notes: tuple[Note, ...]
    declared: gpd.GeoSeries = field(default_factory=gpd.GeoSeries)
    """Coordinates as the file has them, for the datum check."""
    datum: Datum | None = None
    """What the coordinates were taken to be; None: what the file says, else WGS 84."""
    file: str = ""


def read_projects(
    path: Path | str,
    *,
    zones: gpd.GeoDataFrame | None = None,
    crs: CRS | str | None = None,
    types: Types | None = None,
    columns: Mapping[str, str] | None = None,
    datum: Datum | None = None,
    layer: str | None = None,
    indicators: Mapping[str, Sequence[str]] | None = None,
) -> ProjectList:
    """Read one project list.

    Parameters
    ----------
    path
        XLSX, CSV (UTF-8 with or without BOM, GB18030), or a layer of points.
    zones, crs
        `tables.ZONES` and the study's metric CRS; without them no place is looked up and every project is without a point.
    types
        Word of the category column, or word in a project's name -> facility type(s); what it does not say is read from the
        name (`lists.types.NAMED_TYPES`). An empty list: such projects add nothing.
    columns
        Field -> column, for headers that are not recognised (`projects.fields.FIELDS`).
    datum
        What the coordinates are in; None: what the file says, else WGS 84.
    layer
        Sheet or layer.
    indicators
        Name or rule_id of an indicator -> rule_ids; without it the list's own words stand in ``indicators``.

    Returns
    -------
    projects
        One row a project, in the order of the file.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column that it must have; every problem at once.
    """
    path = Path(path)
    rows, notes = read_rows(
        path,
        FIELDS,
        open_list(path, layer),
        key="project_id",
        mapped=columns or {},
        needs=[("name",)],
        datum=datum,
    )
    used, datum_notes = datum_of(rows, datum, crs)
    table = read_facts(rows, types or {}, indicators, notes)
    place = _places(rows, notes)
    geometry = gpd.GeoSeries([None] * len(table), index=table.index, crs=crs)
    declared = gpd.GeoSeries()
    table["location_quality"], table["zone_id"], table["serves"] = "missing", None, [()] * len(table)
    if zones is not None:
        if rows.located and crs is not None:
            placed = place_rows(rows, area=study_area(zones), crs=CRS.from_user_input(crs), datum=used)
            geometry, table["location_quality"], declared = placed.geometry, placed.quality, placed.declared
            # a project without coordinates is usual, and listed as such; every other oddity is a fault
            notes += [note for note in placed.notes if note.code != "coordinates_missing"]
        names = ZoneNames(zones)
        table["zone_id"] = _zones(rows, place, geometry, zones, names, notes)
        table["serves"], serves_notes = serves_zones(rows, names, table["zone_id"])
        notes += [*datum_notes, *serves_notes]
    notes += _named_elsewhere(rows, table) + repeated(rows, table) + rows.total_notes(_sums(table, rows))
    table["source_file"], table["source_row"] = rows.file, rows.number.astype("int64")
    ordered = table[[c for c in PROJECTS if c != "geometry"] + [*ATTRIBUTES]]
    projects = gpd.GeoDataFrame(ordered, geometry=geometry, crs=crs)
    return ProjectList(projects, in_order(notes), declared, used, rows.file)


def _sums(table: pd.DataFrame, rows: Rows) -> dict[str, tuple[float, float]]:
    """Return least and most that the projects add up to, for the columns of the list; what a row does not say may be anything."""
    sums = {}
    for name in ("cost", "beds", "places"):
        if name in rows.cells:
            most = table[f"{name}_high"] if name != "cost" else table[name]
            sums[name] = float(table[name].sum()), float(most.fillna(np.inf).sum())
    return sums


def _places(rows: Rows, notes: list[Note]) -> pd.Series:
    """Return the place of each project as printed, empty where its words name none (相关乡镇)."""
    place = rows.text("place")
    vague = place.map(lambda text: VAGUE_PLACE.search(text) is not None).astype(bool)
    elsewhere = rows.text("town") + rows.text("community")
    notes += [
        rows.note("project_place_vague", i, place=place[i]) for i in place.index[vague & (elsewhere == "")]
    ]
    return place.mask(vague, "")


def _zones(
    rows: Rows, place: pd.Series, geometry: gpd.GeoSeries, zones: gpd.GeoDataFrame, names: ZoneNames, notes: list[Note]
) -> pd.Series:  # fmt: skip
    """Return the finest zone that each project lies in, without a point the one that it names; null where neither is known."""
    named = named_zones(rows, place, names)
    notes += named.notes
    lost = place.index[(place != "") & named.zone_id.isna()]
    notes += [rows.note("project_place_unknown", i, place=place[i]) for i in lost]
    notes += outside_named(rows, geometry, named.zone_id, zones)
    return point_zones(geometry, zones).where(geometry.notna(), named.zone_id)


def _named_elsewhere(rows: Rows, table: pd.DataFrame) -> list[Note]:
    """Return a note for every project whose name says another town than its place."""
    notes = []
    for project_id, name, place in zip(table.index, table["name"], table["place"], strict=True):
        own, other = town_named(name), town_named(place)
        if own and other and bare_name(own, "town") != bare_name(other, "town"):
            notes.append(rows.note("project_named_elsewhere", project_id, named=own, place=other))
    return notes


def join_projects(lists: Sequence[ProjectList], *, crs: CRS | str | None = None) -> ProjectList:
    """Return several lists as one; without any, an empty one with every column.

    Examples
    --------
    >>> list(join_projects([]).projects.columns)[:3]
    ['name', 'works', 'services']
    """
    if not lists:
        flags = dict.fromkeys(ATTRIBUTES, pd.Series(dtype="boolean"))
        empty = PROJECTS.empty_shapes(crs).assign(**flags)
        return ProjectList(empty[[c for c in empty if c != "geometry"] + ["geometry"]], ())
    joined = gpd.GeoDataFrame(pd.concat([each.projects for each in lists]), crs=lists[0].projects.crs)
    return ProjectList(joined, tuple(note for each in lists for note in each.notes))
