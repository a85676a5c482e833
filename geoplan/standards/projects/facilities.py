"""A project list as what it adds: facilities and supplies that a scenario lays beside those of the registers.

A project of works on a facility that the registers list (改扩建, 依托设施) adds to that facility; every other one is a facility of
its own, or several. What the list does not say stays an interval.
"""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.facilities.facts import supplies_of
from geoplan.inputs.facilities.fields import ATTRIBUTES, PARTS
from geoplan.inputs.facilities.register import COLUMNS
from geoplan.inputs.lists.zone_names import clean_name
from geoplan.inputs.projects.fields import ADDED
from geoplan.tables import PROJECTS
from geoplan.words.vocabulary import wider


def counting(projects: pd.DataFrame, *, year: int) -> pd.Series:
    """Return which projects count in `year`: finished by then, of a known facility type; by project_id."""
    PROJECTS.check(projects, ("services", "open_year"))
    done = projects["open_year"].astype(float) <= year
    return pd.Series(
        done.to_numpy() & (projects["services"].map(len) > 0).to_numpy(), index=projects.index, dtype=bool
    )


def as_facilities(
    projects: gpd.GeoDataFrame, *, year: int, existing: pd.DataFrame | None = None, home: str | None = None
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the facilities and supplies that the projects add by `year`.

    Parameters
    ----------
    projects
        From `geoplan.inputs.projects.read_projects`.
    year
        Projects finished by then count, this year included.
    existing
        Facilities of the registers (`tables.FACILITIES`); a project that names one of them in ``extends`` and offers a service of it
        adds to it instead of standing beside it.
    home
        Zone of projects whose place is no zone: they certainly stand in the area that the list is for.

    Returns
    -------
    facilities, supplies
        `tables.FACILITIES` (new ones only, ``project_id`` beside) and `tables.SUPPLIES` (``project_id`` beside; rows of a facility
        that is enlarged carry its id). A row that stands for n facilities gives n of an equal part each.

    Raises
    ------
    TableError
        If `projects` lacks a column or two have one id.
    """
    PROJECTS.check(projects, [*ADDED, *(f"{name}_high" for name in ADDED), "works", "facilities", "extends"])
    rows = projects[counting(projects, year=year)]
    target = enlarged(rows, existing)
    enlarges = target.notna()
    new, old = rows[~enlarges], rows[enlarges]
    counts = new["facilities"].fillna(1.0).clip(lower=1.0).round().astype(int)
    each = new.loc[new.index.repeat(counts)]
    serial = each.groupby(level=0).cumcount() + 1
    ids = [
        str(project) if counts[project] == 1 else f"{project}/{number}"
        for project, number in zip(each.index, serial, strict=True)
    ]
    facilities = _facility_rows(each, ids, home=home, crs=projects.crs)
    amounts = _amounts(each, divisor=counts.loc[each.index].to_numpy(dtype=float), convert=False)
    added = _supply_rows(each["services"], amounts, ids, facilities["project_id"])
    more = _supply_rows(
        old["services"],
        _amounts(old, divisor=np.ones(len(old)), convert=True),
        list(old.index),
        pd.Series(old.index, index=old.index),
    )
    # what a facility has beside what is built stays as its register says
    more = more[more["supply"].isin(ADDED) & np.isfinite(more["high"])]
    more = more.assign(facility_id=more["project_id"].map(target).astype(object))
    return facilities, pd.concat([added, more], ignore_index=True)


def with_projects(
    facilities: gpd.GeoDataFrame,
    supplies: pd.DataFrame,
    projects: gpd.GeoDataFrame,
    *,
    year: int | None = None,
    home: str | None = None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the registers' facilities and supplies with what the projects add by `year`; without a year, by the last of them.

    Both tables gain ``project_id``, null for the registers' own rows. See :func:`as_facilities`.
    """
    known = projects["open_year"].astype(float)
    last = int(known.max()) if known.notna().any() else 0
    added, more = as_facilities(projects, year=last if year is None else year, existing=facilities, home=home)
    nobody = pd.Series([None] * len(facilities), index=facilities.index, dtype=object)
    parts = [facilities.assign(project_id=nobody)]
    if len(added):
        # a register may give more columns; a project says nothing of them
        blank = added.reindex(columns=parts[0].columns).astype(
            parts[0].drop(columns=parts[0].geometry.name).dtypes.to_dict()
        )
        parts.append(
            gpd.GeoDataFrame(blank, geometry=added.geometry, crs=added.crs).to_crs(facilities.crs)
            if added.crs and facilities.crs
            else blank
        )
    own = supplies.assign(project_id=pd.Series([None] * len(supplies), index=supplies.index, dtype=object))
    joined = gpd.GeoDataFrame(pd.concat(parts), geometry=facilities.geometry.name, crs=facilities.crs)
    return joined.rename_axis("facility_id"), pd.concat([own, more], ignore_index=True)


def enlarged(projects: pd.DataFrame, existing: pd.DataFrame | None) -> pd.Series:
    """Return the facility that each project enlarges (facility_id), null where it stands on its own; by project_id.

    A project says it by name, or by the code that the register has for it.
    """
    found = pd.Series([None] * len(projects), index=projects.index, dtype=object)
    if existing is None or existing.empty:
        return found
    keys = [existing[key].map(clean_name) for key in ("name", "register_id") if key in existing]
    for project_id, name, services in zip(
        found.index, projects["extends"], projects["services"], strict=True
    ):
        word = clean_name(name) or None
        same = next((key == word for key in keys if (key == word).any()), keys[0] == word)
        kinds = existing.loc[same.to_numpy(), "services"]
        fitting = [facility_id for facility_id, own in kinds.items() if same_service(services, own)]
        found[project_id] = fitting[0] if len(fitting) == 1 else None
    return found


def same_service(services: tuple[str, ...], kinds: tuple[str, ...]) -> bool:
    """Return whether a facility of `kinds` offers each of `services`, or a wider or narrower type of it."""
    return all(
        any(kind in wider(service) | {service} or service in wider(kind) for kind in kinds)
        for service in services
    )


def _facility_rows(
    each: gpd.GeoDataFrame, ids: list[str], *, home: str | None, crs: object
) -> gpd.GeoDataFrame:
    """Return one row a new facility, with every column of a register's."""
    index = pd.Index(ids, name="facility_id", dtype=object)
    placed = each.geometry.notna().to_numpy()
    own = [
        zone if isinstance(zone, str) else None if point else home
        for zone, point in zip(each["zone_id"], placed, strict=True)
    ]
    sources = [
        "point" if point and isinstance(zone, str) else "named" if zone else None
        for point, zone in zip(placed, own, strict=True)
    ]
    table = pd.DataFrame({
        "name": each["name"].to_numpy(dtype=object), "services": each["services"].to_numpy(dtype=object),
        "status": "planned", "open_year": each["open_year"].to_numpy(dtype=float), "close_year": np.nan,
        "zone_id": pd.Series(own, dtype=object).to_numpy(), "zone_from": pd.Series(sources, dtype=object).to_numpy(),
        "serves": each["serves"].to_numpy(dtype=object), "location_quality": each["location_quality"].to_numpy(dtype=object),
        "source_file": each["source_file"].to_numpy(dtype=object),
        "source_row": pd.array(each["source_row"].to_list(), dtype="Int64"),
        "ownership": None, "address": each["place"].to_numpy(dtype=object), "register_id": None,
    }, index=index)  # fmt: skip
    for flag in ATTRIBUTES:
        table[flag] = pd.array(each[flag].to_list() if flag in each else [None] * len(each), dtype="boolean")
    geometry = gpd.GeoSeries(each.geometry.to_list(), index=index, crs=crs)
    facilities = gpd.GeoDataFrame(table[list(COLUMNS)], geometry=geometry, crs=crs)
    return facilities.assign(project_id=each.index.to_numpy(dtype=object))


def _amounts(each: pd.DataFrame, *, divisor: np.ndarray, convert: bool) -> dict[str, pd.DataFrame]:
    """Return ``low, high`` of what each row adds; a part is at most its whole unless beds are converted."""
    found = {
        supply: pd.DataFrame({
            "low": each[supply].fillna(0.0).to_numpy(dtype=float) / divisor,
            "high": each[f"{supply}_high"].fillna(np.inf).to_numpy(dtype=float) / divisor,
        })
        for supply in ADDED
    }  # fmt: skip
    for part, whole in PARTS.items():
        if part in found and whole in found and not convert:
            found[part]["high"] = np.minimum(found[part]["high"], found[whole]["high"])
    return found


def _supply_rows(
    services: pd.Series, amounts: Mapping[str, pd.DataFrame], ids: list[str], project_ids: pd.Series
) -> pd.DataFrame:
    keyed = {supply: table.set_axis(pd.Index(ids, dtype=object)) for supply, table in amounts.items()}
    supplies = supplies_of(
        pd.Series(services.to_list(), index=pd.Index(ids, dtype=object), dtype=object), keyed
    )
    return supplies.assign(project_id=supplies["facility_id"].map(project_ids).astype(object))
