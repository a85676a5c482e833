"""How far each project is by the register (项目进度核对): whether the facility that it builds stands in it, else what its years say.

Whether works on a facility that was there before are done no register says: past their year they are to be verified, not late.
"""

import itertools
from collections import Counter
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.lists.types import own_name
from geoplan.inputs.lists.zone_names import clean_name
from geoplan.standards.projects.facilities import enlarged, same_service
from geoplan.tables import FACILITIES, PROJECTS, ZONES
from geoplan.words.errors import Note

#: How far a project may be.
STATES = ("built", "building", "due", "late", "not_started", "not_due", "undated", "unverified")
#: What a project and a facility of one type may lie apart and be one, metres.
SAME_PLACE_M = 50.0
#: Characters by which a name that stands inside another must be told from other facilities of its type.
_OWN_CHARACTERS = 2


def project_progress(
    projects: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, zones: pd.DataFrame, *, year: int
) -> pd.DataFrame:
    """Return the state of each project at the end of `year`, by project_id.

    Parameters
    ----------
    projects
        `tables.PROJECTS`.
    facilities
        Of the registers, those that count in `year` (`tables.FACILITIES`).
    zones
        `tables.ZONES`.

    Returns
    -------
    table
        ``facility_id`` (null where the register has none), ``how`` (``id``, ``name``, ``point`` or empty), ``state`` (`STATES`),
        ``late_years`` (whole years since the year of completion, NaN unless late) and ``why`` the register does not say whether it is built
        (``extends``, ``unmatched``, ``several``, ``ambiguous`` or empty).

    Raises
    ------
    TableError
        If a table lacks a column.
    """
    PROJECTS.check(
        projects,
        (
            "name",
            "services",
            "works",
            "extends",
            "facilities",
            "start_year",
            "open_year",
            "zone_id",
            "location_quality",
        ),
    )
    FACILITIES.check(facilities, ("name", "services", "status", "open_year", "zone_id", "location_quality"))
    ZONES.check(zones, ("level", "parent_id"))
    table = _matches(projects, facilities, zones, year)
    is_sure = table["why"] == ""
    # a register may count what it lists as planned
    is_built = is_sure & (table["facility_id"].map(facilities["status"]) == "existing")
    start, opens = (projects[name].astype(float) for name in ("start_year", "open_year"))
    by_years = [_by_years(*row, year=year) for row in zip(start, opens, is_sure, strict=True)]
    table["state"] = pd.Series(by_years, table.index, dtype=object).mask(is_built, "built")
    table["late_years"] = (year - opens).where(table["state"] == "late")
    return table


def _by_years(start: float, opens: float, is_sure: bool, *, year: int) -> str:
    """Return what the years of a project say that is not built; `is_sure`: the register would say it if it were.

    Examples
    --------
    >>> [_by_years(2023.0, opens, True, year=2025) for opens in (2024.0, 2025.0, 2026.0, float("nan"))]
    ['late', 'due', 'building', 'undated']
    """
    if year < start:
        return "not_started"
    if np.isnan(opens):
        return "undated"
    if year < opens:
        return "not_due" if np.isnan(start) else "building"
    if year == opens:
        return "due"
    return "late" if is_sure else "unverified"


def standing(
    projects: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, zones: pd.DataFrame, *, year: int
) -> tuple[pd.Series, tuple[Note, ...]]:
    """Return the projects whose facility the register has already (project_id -> facility_id), and a note on each.

    Laid beside the register they would be counted twice. Works on a facility that was there before add to it, and are none of them.
    """
    table = _matches(projects, facilities, zones, year)
    found = table[table["facility_id"].notna() & (table["why"] == "")]
    own = projects.loc[found.index]
    named = facilities["name"].reindex(found["facility_id"])
    rows = zip(found["how"], own["name"], named, own["source_file"], own["source_row"], strict=True)
    notes = [
        Note.of(f"project_stands_by_{how}", name=name, facility=facility, file=file, row=int(row))
        for how, name, facility, file, row in rows
    ]
    return found["facility_id"], tuple(notes)


def _matches(
    projects: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, zones: pd.DataFrame, year: int
) -> pd.DataFrame:
    """Return the facility of each project, how it was found, and why it says nothing of the works.

    What is enlarged is found by its stated name or code. Else, in this order: by the same name, by a name that stands inside the
    other in the same town, by the place. One facility is that of one project; where two projects or two facilities fit alike, it
    is that of none.
    """
    table = pd.DataFrame({"facility_id": None, "how": "", "why": ""}, index=projects.index, dtype=object)
    hosts = enlarged(projects, facilities)
    for project_id, count in zip(table.index, projects["facilities"], strict=True):
        if isinstance(hosts[project_id], str):
            table.loc[project_id] = [hosts[project_id], "id", "extends"]
        elif count != 1:
            table.loc[project_id, "why"] = "several"
    towns = _towns(zones)
    sought, register = _named(projects, towns), _named(facilities, towns)
    for how, fitting in (("name", _same_name), ("name", _name_within), ("point", _near)):
        free = register[~register.index.isin(list(table["facility_id"].dropna()))]
        open_ = sought[table["facility_id"].isna() & (table["why"] == "")]
        fits = {str(name): fitting(row, _may_be(row, free, year)) for name, row in open_.iterrows()}
        claims = Counter(itertools.chain.from_iterable(fits.values()))
        for project_id, found in fits.items():
            if len(found) == 1 and claims[found[0]] == 1:
                is_old = sought.loc[project_id, "works"] == "extend"
                table.loc[project_id] = [found[0], how, "extends" if is_old else ""]
            elif found:
                table.loc[project_id, "why"] = "ambiguous"
    is_open = table["facility_id"].isna() & (table["why"] == "") & (projects["works"] == "extend")
    return table.assign(why=table["why"].mask(is_open, "unmatched"))


def _named(table: gpd.GeoDataFrame, towns: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Return a table with ``key``, the name as it is compared, and ``town``, empty where it is not known."""
    homes = [towns.get(zone, "") for zone in table["zone_id"]]
    return table.assign(key=table["name"].map(clean_name), town=homes)


def _towns(zones: pd.DataFrame) -> dict[str, str]:
    """Return the town of each zone at or below one; the community where a study has no towns."""
    level = "town" if (zones["level"] == "town").any() else "community"
    above, levels = zones["parent_id"].to_dict(), zones["level"].to_dict()
    found = {}
    for zone in zones.index:
        at = zone
        while at in levels and levels[at] != level:
            at = above[at]
        if at in levels:
            found[str(zone)] = str(at)
    return found


def _may_be(project: pd.Series, facilities: gpd.GeoDataFrame, year: int) -> gpd.GeoDataFrame:
    """Return the facilities that a project may have built: of its types, and not there before works began unless it extends one."""
    start = float(project["start_year"])
    if year < start:
        return facilities.iloc[:0]
    of_type = [same_service(project["services"], kinds) for kinds in facilities["services"]]
    is_new = project["works"] == "extend" or ~(facilities["open_year"].astype(float) < start).to_numpy()
    return facilities[np.array(of_type, dtype=bool) & is_new]


def _same_name(project: pd.Series, facilities: gpd.GeoDataFrame) -> list[str]:
    """Return the facilities of the same name that are not known to lie in another town, those known to lie in its own before others."""
    same = facilities[(facilities["key"] == project["key"]) & (facilities["key"] != "")]
    if project["town"]:
        here = same[same["town"] == project["town"]]
        same = here if len(here) else same[same["town"] == ""]
    return list(same.index)


def _name_within(project: pd.Series, facilities: gpd.GeoDataFrame) -> list[str]:
    """Return the facilities of the same town of which one name stands inside the other; of several the one with the longest name."""
    if not project["services"] or not project["town"]:
        return []
    near = facilities.loc[facilities["town"] == project["town"], "key"]
    fits = [facility_id for facility_id, key in near.items() if _stands_within(key, project["key"])]
    most = max((len(near[one]) for one in fits), default=0)
    return [str(one) for one in fits if len(near[one]) == most]


def _stands_within(name: str, other: str) -> bool:
    """Return whether the shorter of two names stands in the other, and is more than the words of a type."""
    shorter, longer = sorted((name, other), key=len)
    return shorter in longer and len(own_name(shorter)) >= _OWN_CHARACTERS


def _near(project: pd.Series, facilities: gpd.GeoDataFrame) -> list[str]:
    """Return the facilities within `SAME_PLACE_M` of the project, where both points are exact."""
    if not project["services"] or project["location_quality"] != "exact":
        return []
    placed = facilities[facilities["location_quality"] == "exact"]
    return list(placed.index[placed.distance(project["geometry"]) <= SAME_PLACE_M])
