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
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.facilities.register import COLUMNS
from geoplan.standards.data import AssessmentData
from geoplan.standards.rules import Rule, types_of
from geoplan.standards.totals.file import Part, People, Standing, Stated, Totals, WithoutPoint, bounds
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


def is_of_area(rule: Rule) -> bool:
    """Return True where a rule is judged for the plan's area as a whole."""
    own = {"area"} | ({"district"} if rule.plan_level == "district" else set())
    return set(rule.where.levels) <= own


def mode_of(rule: Rule) -> str:
    """Return how sums must be laid out for a rule."""
    forms = [form for condition in rule.conditions for form in condition.forms()]
    if "facility" in rule.where.levels or any(form.supply is not None for form in forms):
        return "each"
    return "parts" if forms else "sums"


@dataclass(frozen=True)
class YearTotals:
    """Totals as they stand in `year`, with the facilities and supplies of project lists (`as_facilities`) in `added`."""

    totals: Totals
    year: int
    added: tuple[gpd.GeoDataFrame, pd.DataFrame] | None = None

    @cached_property
    def standing(self) -> list[Standing]:
        """Entries of facilities that hold in the year."""
        return of_year(
            self.totals.facilities,
            self.year,
            lambda e: (e.type, e.name, tuple(sorted(e.attributes.items())), e.open_year),
        )

    @cached_property
    def amounts(self) -> list[WithoutPoint]:
        """Entries of supplies without a place that hold in the year."""
        return of_year(self.totals.amounts, self.year, lambda e: e.supply)

    @cached_property
    def known_types(self) -> frozenset[str]:
        """Facility types of which the totals say how many there are, or that there are none."""
        absent = frozenset().union(*(narrower(name) for name in self.totals.absent))
        return absent.union(name for entry in self.standing for name in (entry.type, *entry.includes))

    def bases(self, group: str) -> list[People]:
        """Return the people of a group under each basis, the latest up to the year."""
        latest: dict[str, People] = {}
        for one in self.totals.people:
            if one.group != group or one.year > self.year:
                continue
            if one.basis not in latest or one.year >= latest[one.basis].year:
                latest[one.basis] = one
        return list(latest.values())

    def deciding(self, group: str) -> People | None:
        """Return the people under the basis that decides: the marked one, without a mark the first; None without any."""
        bases = self.bases(group)
        return next((one for one in bases if one.judges), bases[0] if bases else None)

    @cached_property
    def people(self) -> dict[str, float]:
        """People of each group under the basis that decides."""
        found = {one.group: self.deciding(one.group) for one in self.totals.people}
        return {group: one.value for group, one in found.items() if one is not None}

    def stated(self, rule: Rule) -> Stated | None:
        """Return the latest value of a rule that the plan states up to the year."""
        own = [
            told
            for told in self.totals.stated
            if told.rule in (rule.id, rule.rule_id) and told.year <= self.year
        ]
        return max(own, key=lambda told: told.year, default=None)

    def adds_to(self, rule: Rule) -> bool:
        """Return True where the project lists add facilities of the types that a rule counts."""
        types = types_of(rule.selections)
        return self.added is not None and any(
            types.intersection(kinds) for kinds in self.added[0]["services"]
        )

    @cached_property
    def of_projects(self) -> "YearTotals":
        """What the project lists add, by itself."""
        none: dict[str, list[Any]] = {"facilities": [], "amounts": [], "stated": []}
        return replace(self, totals=self.totals.model_copy(update=none))

    def years_of(self, rule: Rule) -> tuple[float, float]:
        """Return the first and latest year of the figures that a rule counts; NaN where it counts none."""
        types = types_of(rule.selections)
        years = [float(entry.year) for entry in self.standing if entry.type in types]
        if not types:
            years = [float(entry.year) for entry in self.amounts if entry.supply in rule.supplies]
        return (min(years), max(years)) if years else (np.nan, np.nan)

    def uncovered(self, rule: Rule) -> tuple[str, ...]:
        """Return the facility types that a rule counts and of which the totals say nothing."""
        asked = [name for selection in rule.selections for name in selection.facilities]
        return tuple(
            dict.fromkeys(name for name in asked if not self.known_types & (narrower(name) | wider(name)))
        )

    def uncounted(self, rule: Rule) -> bool:
        """Return True where a rule counts facilities and the totals do not say how many there are."""
        if rule.counts_members or rule.supplies:
            return False
        types = types_of(rule.selections)
        return any(e.type in types and e.count is None and not e.parts for e in self.standing)

    def data(self, rule: Rule, people: Mapping[str, float]) -> AssessmentData:
        """Return the case that `rule` measures, with `people` by group."""
        rows = [row for entry in self.standing for row in _rows(entry, mode_of(rule))]
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
        if self.added is not None and len(self.added[0]):
            dtypes = facilities.drop(columns="geometry").dtypes.to_dict()
            new = self.added[0].reindex(columns=facilities.columns).astype(dtypes)
            joined = pd.concat([facilities, new]) if len(facilities) else new
            facilities = gpd.GeoDataFrame(joined, geometry="geometry", crs=None)
            parts = [table for table in (supplies, self.added[1][supplies.columns]) if len(table)]
            supplies = pd.concat(parts, ignore_index=True) if parts else supplies
        zones = gpd.GeoDataFrame(
            {"level": ["area"], "name": [self.totals.area_zh], "code": ["area"], "parent_id": pd.Series([None], dtype=object).to_numpy(),
             "kind": [frozenset()], "covered_share": [1.0], "edge": [False]},
            geometry=[None], index=pd.Index([AREA], name="zone_id"),
        )  # fmt: skip
        demand = gpd.GeoDataFrame(
            {"zone_id": [AREA], "halo": [False], **{group: [float(n)] for group, n in people.items()}},
            geometry=[None], index=pd.Index([0], name="demand_id"),
        )  # fmt: skip
        return AssessmentData(
            zones=zones, demand=demand, facilities=facilities, supplies=supplies, year=self.year,
            zone_supplies=self._zone_supplies(), register_types=self.known_types,
        )  # fmt: skip

    def _zone_supplies(self) -> pd.DataFrame | None:
        rows = [(AREA, entry.supply, *bounds(entry.value)) for entry in self.amounts]
        return pd.DataFrame(rows, columns=["zone_id", "supply", "low", "high"]) if rows else None


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
        facts = {"services": (entry.type,), "name": part.name, "open_year": float(entry.open_year or np.nan), "stood_in": float(entry.year),
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
        "open_year": np.array([row["open_year"] for row in rows], dtype=float),
        "stood_in": np.array([row["stood_in"] for row in rows], dtype=float), "close_year": np.full(n, np.nan),
        "zone_id": np.array([AREA] * n, dtype=object), "zone_from": np.array(["named"] * n, dtype=object), "serves": serves,
        "location_quality": np.array(["missing"] * n, dtype=object), "source_file": np.array(["totals"] * n, dtype=object),
        "source_row": pd.array([None] * n, dtype="Int64"), "ownership": nobody, "address": nobody, "register_id": nobody,
    }, index=index)  # fmt: skip
    flags = dict.fromkeys((*ATTRIBUTES, *(name for row in rows for name in row if name not in table)))
    for flag in flags:
        table[flag] = pd.array([row.get(flag) for row in rows], dtype="boolean")
    ordered = [*COLUMNS, "stood_in", *(flag for flag in flags if flag not in COLUMNS)]
    return gpd.GeoDataFrame(table[ordered], geometry=[None] * n)
