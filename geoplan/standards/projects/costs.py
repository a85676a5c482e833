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
    text = (resources.files("geoplan.standards.projects") / "costs.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def unit_costs() -> pd.DataFrame:
    """Return the unit costs: indexed by id, ``zh, en, services, works, supply, low, high`` (10,000 yuan a unit), ``rows, documents, source``.

    Examples
    --------
    >>> unit_costs().loc["childcare_conversion", ["low", "high"]].tolist()
    [2.0, 3.5]
    """
    table = pd.DataFrame(list(_table())).set_index("id")
    for column in ("services", "works", "rows", "documents"):
        table[column] = table[column].map(tuple)
    return table


def unit_cost(service: str, works: str, supplies: Sequence[str]) -> str | None:
    """Return the id of the first unit cost that fits a facility type and kind of works and needs one of `supplies`; None without any.

    `works` is new, extend, buy, swap, rent, or empty (not said: only unit costs of any kind of works fit); `supplies` what
    is known to be added: places, beds, floor_area_m2.

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
