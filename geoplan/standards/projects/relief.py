"""What projects under way do about each flag (在建、已立项可补): the net gap (净缺口), the projects that close it, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.facilities.register import Register
from geoplan.standards.projects.progress import standing
from geoplan.standards.rules import Rule, types_of
from geoplan.words.labels import listed

#: Columns of `relief`, by rule_id and zone_id.
RELIEF = ("net_shortfall", "relief", "relief_projects", "relief_year", "funds")


def opening(
    planned: gpd.GeoDataFrame, projects: gpd.GeoDataFrame, zones: pd.DataFrame, *, year: int
) -> gpd.GeoDataFrame:
    """Return the facilities of the registers that are to open, without those that the project list has too.

    `planned` are those that do not count in the year, with their ``end``.
    """
    if planned.empty:
        return planned
    own = planned[planned["end"] == "not_open"].drop(columns="end")
    listed, _ = standing(projects, own, zones, year=year)
    return own.drop(index=list(listed))


def projects_under_way(projects: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Return what is under way as ``name, open_year, funds`` by project_id: projects with a year, and what registers say is to open.

    `planned` comes from `opening`: each is its own project.
    """
    columns = ["name", "open_year", "funds"]
    own = projects.loc[projects["open_year"].notna(), columns]
    return pd.concat([own, planned.assign(funds="")[columns]]) if len(planned) else own


def with_opening(
    facilities: gpd.GeoDataFrame,
    supplies: pd.DataFrame,
    planned: gpd.GeoDataFrame,
    register: Register,
    *,
    year: int,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return facilities and supplies with those of the registers that are to open, everything under way as if it stood in `year`.

    `facilities` and `supplies` have ``project_id``; a facility that is to open is its own project.
    """
    if len(planned):
        told = pd.concat([part.supplies for part in register.parts], ignore_index=True)
        more = told[told["facility_id"].isin(planned.index)]
        stands = planned.assign(project_id=planned.index, status="existing")
        facilities = gpd.GeoDataFrame(
            pd.concat([facilities, stands]), geometry="geometry", crs=facilities.crs
        )
        supplies = pd.concat([supplies, more.assign(project_id=more["facility_id"])], ignore_index=True)
    is_new = facilities["project_id"].notna()
    return facilities.assign(open_year=facilities["open_year"].mask(is_new, float(year))), supplies


@dataclass(frozen=True)
class Built:
    """Everything under way as if it stood: facilities and supplies with ``project_id``, and who reaches what (`geoplan.tables.PAIRS`)."""

    facilities: pd.DataFrame
    supplies: pd.DataFrame
    pairs: pd.DataFrame


def relief(
    before: pd.DataFrame,
    after: pd.DataFrame,
    under_way: pd.DataFrame,
    rules: Sequence[Rule],
    *,
    built: Built,
    zones: pd.DataFrame,
    demand: pd.DataFrame,
    lang: str,
) -> pd.DataFrame:
    """Return what is left of each flag once the projects stand (`RELIEF`), indexed by ``rule_id, zone_id``.

    The net gap is the gap measured again with the projects, so that it is shared like any other supply; it is NaN where what the list
    says of them leaves it open. Named are the projects of which some of the zone's people can walk to what they build, or that stand in
    the zone where that is what measures it.

    Parameters
    ----------
    before, after
        Flags without and with the projects.
    under_way
        From `projects_under_way`.
    """
    short = before[before["flagged"].astype("boolean").fillna(value=False)]
    keys = ["rule_id", "zone_id"]
    later = after.set_index(keys)
    adds = _added_by(built.facilities, built.supplies)
    near = _reached(built.pairs, adds, demand, zones)
    inside = _inside(built.facilities, adds, zones)
    by_id = {rule.rule_id: rule for rule in rules}
    rows = []
    for row in short.to_dict("records"):
        now = (
            later.loc[(row["rule_id"], row["zone_id"])]
            if (row["rule_id"], row["zone_id"]) in later.index
            else None
        )
        left = np.nan if now is None or pd.isna(now["flagged"]) else float(now["shortfall"])
        told = inside if row["by_located"] else near
        rule = by_id.get(row["rule_id"])
        types = frozenset() if rule is None else types_of((rule.reached_by() or (rule.selections, ""))[0])
        helping = [one for one, kinds in told.get(row["zone_id"], {}).items() if kinds & types]
        made_up = max(0.0, float(row["shortfall"]) - left) if np.isfinite(left) else np.nan
        own = under_way.loc[[one for one in under_way.index if made_up != 0 and str(one) in helping]]
        years = own["open_year"].astype(float)
        rows.append({
            "rule_id": row["rule_id"], "zone_id": row["zone_id"], "net_shortfall": left,
            "relief": made_up,
            "relief_projects": listed(own["name"].map(str), lang), "relief_year": float(years.max()) if years.notna().any() else np.nan,
            "funds": listed(dict.fromkeys(text for text in own["funds"].map(str) if text), lang),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=[*keys, *RELIEF]).set_index(keys)


def _added_by(facilities: pd.DataFrame, supplies: pd.DataFrame) -> dict[str, dict[str, frozenset[str]]]:
    """Return what projects add to: facility_id -> project -> the types that it builds or enlarges there."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    own = facilities[facilities["project_id"].notna()]
    for facility, row in zip(own.index, own[["project_id", "services"]].to_dict("records"), strict=True):
        found.setdefault(str(facility), {})[str(row["project_id"])] = frozenset(row["services"])
    more = supplies[supplies["project_id"].notna()]
    for facility, project, service in zip(
        more["facility_id"], more["project_id"], more["service"], strict=True
    ):
        told = found.setdefault(str(facility), {})
        told[str(project)] = told.get(str(project), frozenset()) | {str(service)}
    return found


def _upwards(zone: object, parents: Mapping[Any, object]) -> list[str]:
    """Return a zone and all above it."""
    found = []
    at = zone
    while isinstance(at, str):
        found.append(at)
        at = parents.get(at)
    return found


def _reached(
    pairs: pd.DataFrame,
    adds: Mapping[str, Mapping[str, frozenset[str]]],
    demand: pd.DataFrame,
    zones: pd.DataFrame,
) -> dict[str, dict[str, frozenset[str]]]:
    """Return the projects that the people of each zone can walk to, with the types that they build."""
    parents = zones["parent_id"].to_dict()
    rows = pairs.loc[pairs["facility_id"].isin(list(adds)), ["demand_id", "facility_id"]]
    at = demand["zone_id"].reindex(rows["demand_id"]).to_numpy(dtype=object)
    found: dict[str, dict[str, frozenset[str]]] = {}
    for zone, facility in dict.fromkeys(zip(at, rows["facility_id"], strict=True)):
        for upper in _upwards(zone, parents):
            for project, types in adds[str(facility)].items():
                told = found.setdefault(upper, {})
                told[project] = told.get(project, frozenset()) | types
    return found


def _inside(
    facilities: pd.DataFrame, adds: Mapping[str, Mapping[str, frozenset[str]]], zones: pd.DataFrame
) -> dict[str, dict[str, frozenset[str]]]:
    """Return the projects that stand in each zone, with the types that they build."""
    parents = zones["parent_id"].to_dict()
    found: dict[str, dict[str, frozenset[str]]] = {}
    for facility, projects in adds.items():
        for upper in _upwards(facilities["zone_id"].get(facility), parents):
            found.setdefault(upper, {}).update(projects)
    return found
