"""Totals as a case that the kinds of rule can measure: one zone, one point of people, facilities that carry the sums.

Sums of several facilities say nothing of a single one. What a rule asks decides how the sums are laid out:

========= ======================================================= ==================================================
mode      for rules that                                          rows
========= ======================================================= ==================================================
``sums``  count all facilities of a type                          the first row of an entry holds its sums
``parts`` ask for an attribute                                    the first row of each part holds the part's sums
``each``  judge single facilities, or ask how large they are      every facility between 0 and its part's sum
========= ======================================================= ==================================================
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.facilities.register import COLUMNS
from geoplan.standards.data import AssessmentData
from geoplan.standards.rules import Rule, types_of
from geoplan.standards.totals.file import Part, Standing, Totals, WithoutPoint, bounds
from geoplan.words.vocabulary import narrower, wider

AREA = "area/area"

Rows = list[tuple[dict[str, Any], dict[str, tuple[float, float]]]]


def of_year(entries: Iterable[Any], year: int, key: Any) -> list[Any]:  # noqa: ANN401 - any kind of entry
    """Return the entries of each key's latest year up to `year`; planned ones are left out, several of one year all count."""
    known = [entry for entry in entries if not getattr(entry, "planned", False) and entry.year <= year]
    latest: dict[Any, int] = {}
    for entry in known:
        latest[key(entry)] = max(entry.year, latest.get(key(entry), entry.year))
    return [entry for entry in known if entry.year == latest[key(entry)]]


def standing(totals: Totals, year: int) -> list[Standing]:
    """Return the entries of facilities that hold in `year`."""
    return of_year(
        totals.facilities, year, lambda e: (e.type, e.name, tuple(sorted(e.attributes.items())), e.open_year)
    )


def without_point(totals: Totals, year: int) -> list[WithoutPoint]:
    """Return the supplies without a place that hold in `year`."""
    return of_year(totals.amounts, year, lambda e: e.supply)


def mode_of(rule: Rule) -> str:
    """Return how sums must be laid out for a rule."""
    forms = [form for condition in rule.conditions for form in condition.forms()]
    if "facility" in rule.where.levels or any(form.supply is not None for form in forms):
        return "each"
    return "parts" if forms else "sums"


def totals_data(
    totals: Totals,
    *,
    year: int,
    mode: str,
    people: Mapping[str, float],
    added: tuple[gpd.GeoDataFrame, pd.DataFrame] | None = None,
) -> AssessmentData:
    """Return the case of `totals` in `year`.

    Parameters
    ----------
    mode
        As `mode_of` gives it.
    people
        Group -> people.
    added
        Facilities and supplies of project lists (`geoplan.standards.projects.facilities.as_facilities`).
    """
    rows = [row for entry in standing(totals, year) for row in _rows(entry, mode)]
    ids = [f"totals#{at + 1}" for at in range(len(rows))]
    facilities = _facilities([row for row, _ in rows], ids)
    supplies = pd.DataFrame(
        [
            (i, row["services"][0], s, low, high)
            for i, (row, has) in zip(ids, rows, strict=True)
            for s, (low, high) in has.items()
        ],
        columns=["facility_id", "service", "supply", "low", "high"],
    ).astype({"facility_id": object, "service": object, "supply": object, "low": float, "high": float})
    if added is not None and len(added[0]):
        new = (
            added[0]
            .reindex(columns=facilities.columns)
            .astype(facilities.drop(columns="geometry").dtypes.to_dict())
        )
        facilities = gpd.GeoDataFrame(
            pd.concat([facilities, new]) if len(facilities) else new, geometry="geometry", crs=None
        )
        parts = [table for table in (supplies, added[1][supplies.columns]) if len(table)]
        supplies = pd.concat(parts, ignore_index=True) if parts else supplies
    zones = gpd.GeoDataFrame(
        {"level": ["area"], "name": [totals.area_zh], "code": ["area"], "parent_id": pd.Series([None], dtype=object).to_numpy(),
         "kind": [frozenset()], "covered_share": [1.0], "edge": [False]},
        geometry=[None], index=pd.Index([AREA], name="zone_id"),
    )  # fmt: skip
    demand = gpd.GeoDataFrame(
        {"zone_id": [AREA], "halo": [False], **{group: [float(n)] for group, n in people.items()}},
        geometry=[None], index=pd.Index([0], name="demand_id"),
    )  # fmt: skip
    nothing = pd.DataFrame(columns=["service", "demand_id", "facility_id", "seconds", "measure", "zone_id"])
    none = frozenset().union(*(narrower(name) for name in totals.absent)) if totals.absent else frozenset()
    return AssessmentData(
        zones=zones, demand=demand, overlay=None, facilities=facilities, supplies=supplies, pairs=nothing, circle=nothing,
        nearest=nothing, services={}, groups=pd.DataFrame(columns=["basis", "year"]), year=year,
        zone_supplies=_zone_supplies(totals, year),
        register_types=none | frozenset(name for entry in standing(totals, year) for name in (entry.type, *entry.includes)),
    )  # fmt: skip


def _rows(entry: Standing, mode: str) -> Rows:
    """Return the facilities of an entry and what each has: supply -> least and most."""
    parts: list[Part] = list(entry.parts) or [
        Part(name=entry.name, count=entry.count if entry.count is not None else 1, amounts=entry.amounts)
    ]
    sums = {s: bounds(a) for s, a in entry.amounts.items()} | {
        s: added
        for s in _in_all(parts)
        if s not in entry.amounts
        for added in [_added(bounds(p.amounts[s]) for p in parts)]
    }
    out: Rows = []
    for part in parts:
        own = {s: bounds(a) for s, a in part.amounts.items()}
        # a sum that only the whole entry states lies somewhere in its parts
        has = own | {s: (0.0, high) for s, (_, high) in sums.items() if s not in own}
        facts = {"services": (entry.type,), "name": part.name, "open_year": float(entry.open_year or np.nan),
                 **entry.attributes, **part.attributes}  # fmt: skip
        for number in range(part.count):
            if mode == "each" and part.count > 1:
                each = {s: (0.0, high) for s, (_, high) in has.items()}
            elif mode == "sums":
                each = dict.fromkeys(sums, (0.0, 0.0)) if out else sums
            else:
                each = dict.fromkeys(has, (0.0, 0.0)) if number else has
            out.append((facts, each))
    return out


def _in_all(parts: Sequence[Part]) -> list[str]:
    return [s for s in parts[0].amounts if all(s in part.amounts for part in parts)]


def _added(intervals: Iterable[tuple[float, float]]) -> tuple[float, float]:
    lows, highs = zip(*intervals, strict=True)
    return float(sum(lows)), float(sum(highs))


def _facilities(rows: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> gpd.GeoDataFrame:
    index = pd.Index(list(ids), name="facility_id", dtype=object)
    n = len(rows)
    nobody = np.array([None] * n, dtype=object)
    services = np.empty(n, dtype=object)
    services[:] = [row["services"] for row in rows]
    serves = np.empty(n, dtype=object)
    serves[:] = [()] * n
    table = pd.DataFrame({
        "name": np.array([row["name"] for row in rows], dtype=object), "services": services, "status": np.array(["existing"] * n, dtype=object),
        "open_year": np.array([row["open_year"] for row in rows], dtype=float), "close_year": np.full(n, np.nan),
        "zone_id": np.array([AREA] * n, dtype=object), "zone_from": np.array(["named"] * n, dtype=object), "serves": serves,
        "location_quality": np.array(["missing"] * n, dtype=object), "source_file": np.array(["totals"] * n, dtype=object),
        "source_row": pd.array([None] * n, dtype="Int64"), "ownership": nobody, "address": nobody, "register_id": nobody,
    }, index=index)  # fmt: skip
    flags = dict.fromkeys((*ATTRIBUTES, *(name for row in rows for name in row if name not in table)))
    for flag in flags:
        table[flag] = pd.array([row.get(flag) for row in rows], dtype="boolean")
    ordered = [*COLUMNS, *(flag for flag in flags if flag not in COLUMNS)]
    return gpd.GeoDataFrame(table[ordered], geometry=[None] * n)


def _zone_supplies(totals: Totals, year: int) -> pd.DataFrame | None:
    rows = [(AREA, entry.supply, *bounds(entry.value)) for entry in without_point(totals, year)]
    return pd.DataFrame(rows, columns=["zone_id", "supply", "low", "high"]) if rows else None


def uncovered(totals: Totals, rule: Rule, year: int) -> tuple[str, ...]:
    """Return the facility types that a rule counts and of which the totals say nothing."""
    known = {name for entry in standing(totals, year) for name in (entry.type, *entry.includes)}.union(
        *(narrower(name) for name in totals.absent)
    )
    asked = [name for selection in rule.selections for name in selection.facilities]
    return tuple(dict.fromkeys(name for name in asked if not known & (narrower(name) | wider(name))))


def uncounted(totals: Totals, rule: Rule, year: int) -> bool:
    """Return True where a rule counts facilities and the totals do not say how many there are."""
    if rule.counts_members or rule.supplies:
        return False
    types = types_of(rule.selections)
    return any(e.type in types and e.count is None and not e.parts for e in standing(totals, year))
