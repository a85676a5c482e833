"""Candidates: the planner's lists and generated areas of intent in one table, with an estimated cost where none is stated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.candidates import CandidateList, candidate_frame
from geoplan.inputs.candidates.read import same_premises
from geoplan.inputs.lists.rows import former_id
from geoplan.inputs.lists.zone_names import clean_name
from geoplan.siting.question import Question
from geoplan.siting.solve.problems import Floats
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE
from geoplan.standards.projects.costs import unit_cost, unit_costs
from geoplan.words.errors import Note

#: Supplies that a candidate may hold: supply -> its column that says how much at most; a cost of a unit is of one of them.
HELD = {"places": "most_places", "beds": "most_beds", "floor_area_m2": "floor_area_m2"}

Frame = TypeVar("Frame", bound=pd.DataFrame)

#: Columns that `with_unit_costs` adds to `tables.CANDIDATES`.
UNIT_COSTS = {
    "cost_unit_low": "least of the unit cost's sources; the stated cost of a unit where there is one, 10,000 yuan",
    "cost_unit_high": "most",
    "cost_unit_of": "what a unit is: places, beds or floor_area_m2; empty where nothing says so",
}


@dataclass(frozen=True)
class Candidates:
    """Candidates, and notes on their lists.

    Parameters
    ----------
    candidates
        `tables.CANDIDATES`, indexed by candidate_id; those of the lists first, then the
        generated ones.
    notes
        Of the lists, of generating, and of bringing them together.
    """

    candidates: gpd.GeoDataFrame
    notes: tuple[Note, ...] = ()


def join_candidates(
    lists: Sequence[CandidateList],
    generated: Sequence[Candidates] | Candidates | None = None,
    *,
    facilities: gpd.GeoDataFrame,
) -> Candidates:
    """Return the candidates of every list and the generated ones as one table.

    Premises that stand in two lists (same name, floor, area and place) count once, in the list that comes first. The name of a
    facility that a candidate enlarges becomes its facility_id; a candidate without a point then lies where the facility does.

    Parameters
    ----------
    lists
        As read, in the order of the study.
    generated
        From `generate`; None without any.
    facilities
        `tables.FACILITIES`, indexed by facility_id.

    Returns
    -------
    candidates
        With the notes of all; without any list an empty table with every column.
    """
    several = [generated] if isinstance(generated, Candidates) else list(generated or ())
    notes = [note for each in lists for note in each.notes]
    tables = [_own_ids(each.candidates, lists[:at], notes) for at, each in enumerate(lists)]
    listed = _stacked(tables, facilities)
    twins = same_premises(listed, listed.geometry) if len(tables) > 1 else {}
    for later, kept in twins.items():
        file, row = listed.loc[later, ["source_file", "source_row"]]
        notes.append(Note.of("candidate_twice", file=str(file), row=int(row), kept=kept))
    listed = listed[~listed.index.isin(list(twins))]
    listed, extend_notes = _with_extended(listed, facilities)
    placed = {(note.file, note.row) for note in extend_notes if note.code == "candidate_at_extended"}
    notes = [n for n in notes if n.code != "candidate_no_point" or (n.file, n.row) not in placed]
    notes += [*extend_notes, *(note for each in several for note in each.notes)]
    return Candidates(_stacked([listed, *(each.candidates for each in several)], facilities), tuple(notes))


def _own_ids(table: gpd.GeoDataFrame, before: Sequence[CandidateList], notes: list[Note]) -> gpd.GeoDataFrame:
    """Return a list with ids of its own: two files of one name in two folders have the same ids."""
    file = str(table["source_file"].iloc[0]) if len(table) else ""
    again = sum(file != "" and file in set(each.candidates["source_file"]) for each in before)
    if not again:
        return table
    notes.append(Note.of("candidate_id_twice", file=file, severity="info", id=str(table.index[0])))
    ids = [str(i).replace(f"{file}#", f"{file}@{again + 1}#", 1) for i in table.index]
    return table.set_axis(pd.Index(ids, name=table.index.name, dtype=object))


def _stacked(tables: Sequence[gpd.GeoDataFrame], facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        nobody = pd.Index([], dtype=object)
        return candidate_frame({}, index=nobody, geometry=gpd.GeoSeries([]), crs=facilities.crs)
    return gpd.GeoDataFrame(pd.concat(filled), crs=filled[0].crs) if len(filled) > 1 else filled[0]


def _with_extended(
    listed: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Return the candidates with the facilities that they enlarge, found by facility_id or by name."""
    names = facilities["name"].map(clean_name)
    by_name: dict[str, list[str]] = {}
    for facility_id, name in names.items():
        if name:
            by_name.setdefault(name, []).append(str(facility_id))
    table, notes = listed.copy(), []
    geometry = table.geometry.copy()
    for candidate_id in table.index[table["extends_name"] != ""]:
        name = str(table.loc[candidate_id, "extends_name"])
        found = [name] if name in facilities.index else by_name.get(clean_name(name), [])
        file, row = str(table.loc[candidate_id, "source_file"]), int(table.loc[candidate_id, "source_row"])
        if len(found) != 1:
            now = None if found else former_id(name, facilities)
            code = "ambiguous" if found else "former" if now else "unknown"
            values = {"name": name, "count": len(found), "id": now}
            notes.append(Note(f"candidate_extends_{code}", file, row, "", values))
            continue
        table.loc[candidate_id, "extends"] = found[0]
        if table.loc[candidate_id, "works"] == "":
            table.loc[candidate_id, "works"] = "extend"
        point = facilities.geometry[found[0]]
        if geometry[candidate_id] is None and point is not None:
            geometry[candidate_id] = point
            table.loc[candidate_id, "location_quality"] = facilities.loc[found[0], "location_quality"]
            zone = facilities.loc[found[0], "zone_id"]
            table.loc[candidate_id, "zone_id"] = zone if isinstance(zone, str) else None
            notes.append(Note("candidate_at_extended", file, row, "", {"name": name}, severity="info"))
    return table.set_geometry(geometry), notes


def with_unit_costs(
    candidates: Frame,
    *,
    service_type: str,
    supplies: Sequence[str] = tuple(HELD),
) -> Frame:
    """Return the candidates with a cost of each unit where neither a cost nor one of a unit is stated (columns `UNIT_COSTS`).

    The cost of a unit is the middle of what the plans' lists imply for the facility type and kind of works
    (`standards.projects.costs.unit_costs`), and names their rows. A candidate that may not hold the type, or without a unit cost that fits
    its kind of works, stays without: unknown is never 0.

    Parameters
    ----------
    candidates
        `tables.CANDIDATES`.
    service_type
        Facility type that would open there.
    supplies
        What a unit may be: places, beds, floor_area_m2; a unit cost of another is not taken.

    Examples
    --------
    >>> row = {"services": [("childcare",)], "works": ["extend"], "cost": [float("nan")], "cost_unit": [float("nan")], "cost_from": [""]}
    >>> found = with_unit_costs(pd.DataFrame(row), service_type="childcare").iloc[0]
    >>> float(found["cost_unit"]), found["cost_unit_of"], found["cost_from"].split(":")[0]
    (2.75, 'places', 'childcare_conversion')
    """
    costs = unit_costs()
    out = candidates.assign(
        cost_unit_low=candidates["cost_unit"],
        cost_unit_high=candidates["cost_unit"],
        cost_unit_of=candidates.get("cost_unit_per", ""),
    ).astype({"cost_unit_of": object})
    open_ = candidates["cost"].isna() & candidates["cost_unit"].isna()
    able = candidates["services"].map(lambda types: not types or service_type in types).astype(bool)
    for works in candidates.loc[open_ & able, "works"].drop_duplicates():
        unit_id = unit_cost(service_type, str(works), supplies)
        if unit_id is None:
            continue
        unit = costs.loc[[unit_id]].to_dict("records")[0]
        low, high = float(unit["low"]), float(unit["high"])
        some = open_ & able & (candidates["works"] == works)
        out.loc[some, ["cost_unit_low", "cost_unit_high"]] = [low, high]
        out.loc[some, "cost_unit"] = (low + high) / 2.0
        out.loc[some, "cost_unit_of"] = str(unit["supply"])
        out.loc[some, "cost_from"] = f"{unit_id}: {', '.join(unit['rows'])}"
    return out


def with_opening_cost(candidates: gpd.GeoDataFrame, *, kinds: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the candidates with ``opening_cost``: the stated cost, else all that they may hold at the unit cost of its type.

    A stated cost of a unit counts for what its header says it is of, else where one size alone is stated: of several it is not known
    which it is the cost of. Other unit costs are those of `with_unit_costs` for the first of `kinds` that a candidate may hold. Where
    neither cost nor size is known the opening cost stays unknown (NaN).
    """
    first = [next((k for k in kinds if not holds or k in holds), None) for holds in candidates["services"]]
    known = [tuple(row) for row in candidates[list(HELD.values())].notna().to_numpy()]
    table = candidates.assign(opening_cost=candidates["cost"].astype(float))
    for kind, sizes in dict.fromkeys(zip(first, known, strict=True)):
        supplies = [supply for supply, told in zip(HELD, sizes, strict=True) if told]
        same = [own == (kind, sizes) for own in zip(first, known, strict=True)]
        mine = np.array(same) & candidates["cost"].isna().to_numpy()
        if kind is None or not supplies or not mine.any():
            continue
        priced = with_unit_costs(candidates[mine], service_type=kind, supplies=supplies)
        only = supplies[0] if len(supplies) == 1 else ""
        unit_of = priced["cost_unit_of"].where(priced["cost_unit_of"] != "", only)
        size = np.select(
            [unit_of == word for word in HELD],
            [priced[column].astype(float) for column in HELD.values()],
            np.nan,
        )
        cost = priced["cost_unit"].astype(float) * size
        table.loc[mine, "opening_cost"] = cost.to_numpy()
        table.loc[mine, "cost_from"] = priced["cost_from"].where(cost.notna(), "").to_numpy()
    return table


def most_held(question: Question, supply: str, rows: pd.DataFrame) -> Floats:
    """Return the most that each candidate may hold of a supply; NaN where nothing says so."""
    area = rows["floor_area_m2"].to_numpy(dtype=np.float64)
    if supply == "floor_area_m2":
        return area
    said = rows[HELD[supply]].to_numpy(dtype=np.float64)
    each = question.m2_per_bed if supply == "beds" else question.m2_per_place
    by_area = np.full(len(rows), np.nan) if each is None else np.floor(area / each + ROUNDING_TOLERANCE)
    return np.where(np.isnan(said), by_area, said)


def enlargements(facilities: gpd.GeoDataFrame, types: Sequence[str]) -> Candidates:
    """Return every placed facility that offers one of `types` as a candidate that enlarges it.

    Parameters
    ----------
    facilities
        `tables.FACILITIES`.
    types
        Facility types; a candidate may hold those of them that the facility offers.

    Returns
    -------
    candidates
        Ids ``existing/<facility_id>``; nothing is known of their floor area, most beds or places, or cost.
    """
    wanted = list(dict.fromkeys(types))
    holds = [tuple(kind for kind in wanted if kind in offered) for offered in facilities["services"]]
    able = np.array([bool(kinds) for kinds in holds], dtype=bool) & facilities.geometry.notna().to_numpy()
    some = facilities[able]
    columns = {
        "name": some["name"].astype(str).to_list(),
        "services": [kinds for kinds, is_able in zip(holds, able, strict=True) if is_able],
        "works": "extend",
        "generated": False,
        "extends": [str(facility) for facility in some.index],
        "zone_id": some["zone_id"].to_list(),
        "location_quality": some["location_quality"].to_list(),
        "source_file": some["source_file"].to_list(),
        "source_row": some["source_row"].to_list(),
    }
    index = pd.Index([f"existing/{facility}" for facility in some.index], dtype=object)
    return Candidates(candidate_frame(columns, index=index, geometry=some.geometry, crs=facilities.crs))
