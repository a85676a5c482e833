"""Unit costs that the plans' own lists imply, and estimates for projects without a stated cost, marked as such.

An estimate is a unit cost times what the project adds, between the least and the most of the sources; it stands beside the stated costs
and is never mixed with them without saying so. The table is ``costs.yaml``; every figure names the rows that it comes from.
"""

from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
import pandas as pd
import yaml

from geoplan.words.vocabulary import narrower

#: Central subsidy of a new place of inclusive childcare, 10,000 yuan (黔江府办发〔2022〕71号 附件3, 普惠托育服务专项行动).
SUBSIDY_PER_PLACE = 1.0
SUBSIDY_SOURCE = "黔江府办发〔2022〕71号 附件3：中央预算内投资按每个新增托位1万元支持"

#: Columns that an estimate adds to `geoplan.tables.PROJECTS`.
ESTIMATE = {
    "cost": "stated, else the middle of the estimate, 10,000 yuan; NaN where neither is known",
    "cost_low": "least of the estimate; the stated cost where there is one",
    "cost_high": "most",
    "cost_from": "stated; else id of the unit cost and its source rows; empty where there is neither",
    "estimated": "True where the cost is an estimate",
}


@cache
def _table() -> tuple[dict[str, object], ...]:
    text = (resources.files("geoplan.standards") / "costs.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def unit_costs() -> pd.DataFrame:
    """Return the unit costs: indexed by id, ``zh, en, services, works, supply, low, high`` (10,000 yuan a unit), ``rows, source``.

    Examples
    --------
    >>> unit_costs().loc["childcare_conversion", ["low", "high"]].tolist()
    [2.0, 3.5]
    """
    table = pd.DataFrame(list(_table())).set_index("id")
    for column in ("services", "works", "rows"):
        table[column] = table[column].map(tuple)
    return table


def unit_cost(service: str, works: str, supplies: Sequence[str]) -> str | None:
    """Return the id of the first unit cost that fits a facility type and kind of works and needs one of `supplies`; None without any.

    Parameters
    ----------
    service
        Facility type.
    works
        new, extend, buy, swap, rent, or empty (not said: only unit costs of any kind of works fit).
    supplies
        What is known to be added: places, beds, floor_area_m2.

    Examples
    --------
    >>> unit_cost("elder_home", "new", ["beds"]), unit_cost("elder_home", "extend", ["beds"]), unit_cost("hospital", "new", ["beds"])
    ('home_new_bed', 'village_home_bed', None)
    """
    for row in _table():
        types = frozenset().union(*(narrower(str(name)) for name in _words(row["services"])))
        kinds = _words(row["works"])
        if service in types and row["supply"] in supplies and (not kinds or works in kinds):
            return str(row["id"])
    return None


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def with_costs(projects: pd.DataFrame) -> pd.DataFrame:
    """Return the projects with an estimate where no cost is stated (columns `ESTIMATE`).

    The estimate of a row is the amount that it adds, least to most, times the unit cost, least to most; rounded to whole 10,000 yuan.
    A project of several services, or of one without a unit cost, or that adds no known amount, stays without.

    Examples
    --------
    >>> projects = pd.DataFrame({"services": [("childcare",)], "works": ["extend"], "places": [40.0], "places_high": [40.0],
    ...     "cost": [np.nan], "cost_from": [""]}, index=["list#2"])
    >>> with_costs(projects)[["cost", "cost_low", "cost_high", "estimated"]].values.tolist()
    [[110.0, 80.0, 140.0, True]]
    """
    costs = unit_costs()
    rows = []
    for row in projects.to_dict("records"):
        stated = float(row["cost"])
        if not np.isnan(stated):
            rows.append((stated, stated, stated, row["cost_from"] or "stated", False))
            continue
        known = [s for s in ("places", "beds", "floor_area_m2") if float(row.get(s, np.nan) or 0) > 0]
        services = row["services"]
        found = unit_cost(services[0], str(row["works"]), known) if len(services) == 1 else None
        if found is None:
            rows.append((np.nan, np.nan, np.nan, "", False))
            continue
        unit = costs.loc[found]
        most = float(row[f"{unit['supply']}_high"])
        low = float(np.round(float(row[str(unit["supply"])]) * unit["low"]))
        high = float(np.round(most * unit["high"])) if np.isfinite(most) else np.nan
        middle = np.nan if np.isnan(high) else float(np.floor((low + high) / 2 + 0.5))
        rows.append((middle, low, high, f"{found}: {', '.join(unit['rows'])}", True))
    table = pd.DataFrame(rows, columns=list(ESTIMATE), index=projects.index)
    return projects.drop(columns=[c for c in ESTIMATE if c in projects]).join(table)


def implied_costs(projects: pd.DataFrame) -> pd.DataFrame:
    """Return the unit costs that a list's stated costs imply: where unit costs come from.

    Returns
    -------
    implied
        Indexed by project_id: ``name, services, works, cost`` and ``per_place, per_bed`` (10,000 yuan), ``per_m2`` (yuan); NaN where the
        list does not say enough. A project that adds both beds and places has neither.
    """
    cost = projects["cost"].astype(float)
    places, beds, area = (
        projects[s].astype(float).where(projects[s] > 0) for s in ("places", "beds", "floor_area_m2")
    )
    both = places.notna() & beds.notna()
    return projects[["name", "services", "works", "cost"]].assign(
        per_place=(cost / places).where(~both),
        per_bed=(cost / beds).where(~both),
        per_m2=cost / area * 10_000,
    )


def subsidies(projects: pd.DataFrame) -> pd.Series:
    """Return the central subsidy that the new places of each inclusive project may get, 10,000 yuan; NaN where not known.

    A project that is not inclusive gets none; of one that does not say, nothing is known.
    """
    places = projects["places"].astype(float)
    inclusive = projects["inclusive"].astype("boolean")
    amount = (places * SUBSIDY_PER_PLACE).where(inclusive.fillna(False).astype(bool))
    return amount.mask((inclusive == False).fillna(False).astype(bool), 0.0)  # noqa: E712 - three values


def cost_totals(projects: pd.DataFrame) -> pd.DataFrame:
    """Return costs by family of service: ``projects, stated, estimated_low, estimated_high, estimated, unknown``.

    Parameters
    ----------
    projects
        From :func:`with_costs`.

    Returns
    -------
    totals
        Indexed by ``eldercare, childcare_service, other`` and ``all``; counts of projects and sums in 10,000 yuan, stated and estimated apart;
        `unknown` counts the projects without any cost.
    """
    families = {name: narrower(name) for name in ("eldercare", "childcare_service")}

    def family(services: tuple[str, ...]) -> str:
        return next((name for name, types in families.items() if set(services) & types), "other")

    of = projects["services"].map(family)
    guessed = projects["estimated"].astype(bool)
    rows = {}
    for name in (*families, "other", "all"):
        mine = pd.Series(True, index=projects.index) if name == "all" else of == name
        rows[name] = {
            "projects": int(mine.sum()),
            "stated": float(projects.loc[mine & ~guessed, "cost"].sum()),
            "estimated_low": float(projects.loc[mine & guessed, "cost_low"].sum()),
            "estimated_high": float(projects.loc[mine & guessed, "cost_high"].sum()),
            "estimated": int((mine & guessed).sum()),
            "unknown": int((mine & projects["cost_low"].isna()).sum()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
