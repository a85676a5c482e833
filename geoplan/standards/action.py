"""What to do about a flag (建设建议): enlarge, use what stands empty, build together with neighbours, or no project of its own.

A flag's gap is first set against what is under way (`geoplan.standards.projects.relief`): what is left is the net gap (净缺口), and
advice and priority are about that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geoplan.standards.rules import Rule, types_of
from geoplan.study.priority import Priority
from geoplan.tables import Service
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_number
from geoplan.words.vocabulary import label

#: Unit of a gap -> supply that a facility's size is stated in.
SIZED_BY = {"places": "places", "beds": "beds", "m2": "floor_area_m2"}
#: Neighbours that are named for a common facility.
MOST_NEIGHBOURS = 3


@dataclass(frozen=True)
class Advice:
    """What to do about a flag, in words, and how: ``relieved, idle, alone, joint, unit`` or ``cause``."""

    kind: str
    text: str


def smallest_sizes(rules: Iterable[Rule], priority: Priority) -> dict[str, float]:
    """Return the size of the smallest facility that is built for each rule that measures zones, in its unit, by rule_id.

    The study's own size goes before that of the packs: the least that a rule asks of one facility of a type that counts, by a rule
    that counts in the study. A rule without either is left out.
    """
    rules = tuple(rules)
    floors = [(rule, rule.size_floor) for rule in rules if rule.size_floor is not None]
    found: dict[str, float] = {}
    for rule in (rule for rule in rules if rule.measures_zones):
        supply = SIZED_BY.get(rule.unit)
        types = types_of((rule.reached_by() or ((), ""))[0])
        stated = priority.smallest(rule.unit)
        told = [
            floor[1]
            for other, floor in floors
            if floor and floor[0] == supply and types_of(other.selections) & types
        ]
        size = stated if stated is not None else min(told, default=None)
        if size is not None:
            found[rule.rule_id] = size
    return found


def neighbours_of(
    flagged: Sequence[str], zones: pd.DataFrame, *, within_m: float
) -> dict[str, tuple[str, ...]]:
    """Return the nearest flagged zones within a distance of each, nearest first, at most `MOST_NEIGHBOURS`.

    Distances are straight lines between points that stand for the zones, metres.
    """
    shapes = zones.geometry.reindex(list(flagged)).dropna()
    if len(shapes) < 2:
        return {}
    points = np.array([(point.x, point.y) for point in shapes.representative_point()])
    away, at = cKDTree(points).query(
        points,
        k=min(MOST_NEIGHBOURS + 1, len(points)),
        distance_upper_bound=float(np.nextafter(within_m, np.inf)),
    )
    return {
        str(shapes.index[row]): tuple(str(shapes.index[k]) for k, far in zip(at[row], away[row], strict=True) if k != row and np.isfinite(far))
        for row in range(len(points))
    }  # fmt: skip


def circle_m(rule: Rule, services: Mapping[str, Service]) -> float:
    """Return the radius of the circle of the service that a rule's facilities fit, metres as one walks; 0 where none does."""
    types = types_of((rule.reached_by() or (rule.selections, ""))[0])
    return max((terms.walk_m for terms in services.values() if types & set(terms.facilities)), default=0.0)


def advise(
    row: Mapping[str, Any], measure: str, *, priority: Priority, smallest: float | None, neighbours: Sequence[tuple[str, float]], lang: str
) -> Advice:  # fmt: skip
    """Return what to do about one flag.

    Parameters
    ----------
    row
        ``unit, shortfall, net_shortfall, relief_projects, relief_year, in_reach_low, in_reach_high, in_use_low, in_use_high``; the net
        gap is NaN where it is not known.
    measure
        What its cause asks for, in words; used where nothing below applies.
    smallest
        Size of the smallest facility that is built, in the unit of the gap; None where nobody says it.
    neighbours
        Name and net gap of flagged neighbours of the same rule, nearest first.
    """
    unit, gap = str(row["unit"]), row["net_shortfall"]
    gap = float(row["shortfall"]) if pd.isna(gap) else float(gap)
    space = {"unit": label("units", unit, lang)}

    def amount(value: float) -> str:
        return format_number(value, "count")

    if gap <= 0 and float(row["shortfall"]) > 0:
        is_dated = pd.notna(row["relief_year"])
        year = (
            phrase("advice_in_year", lang, year=f"{row['relief_year']:.0f}")
            if is_dated
            else phrase("advice_no_year", lang)
        )
        return Advice("relieved", phrase("advice_relieved", lang, projects=row["relief_projects"], year=year))
    if is_idle(row, priority):
        rate = format_number(row["in_use_high"] / row["in_reach_low"], "percent")
        empty = amount(row["in_reach_low"] - row["in_use_high"])
        return Advice("idle", phrase("advice_idle", lang, rate=rate, empty=empty, measure=measure, **space))
    if unit in SIZED_BY and 0 < gap <= priority.not_alone(unit):
        return Advice("alone", phrase("advice_alone", lang, amount=amount(gap), **space))
    if smallest is not None and 0 < gap < smallest:
        joined, total = [], gap
        for name, more in neighbours:
            if total >= smallest:
                break
            joined.append(name)
            total += more
        if joined:
            names = phrase("join_items", lang).join(joined)
            return Advice(
                "joint",
                phrase(
                    "advice_joint", lang, names=names, total=amount(total), size=amount(smallest), **space
                ),
            )
        return Advice("unit", phrase("advice_unit", lang, measure=measure, size=amount(smallest), **space))
    return Advice("cause", measure)


def is_idle(row: Mapping[str, Any], priority: Priority) -> bool:
    """Return whether it is known that less of what stands in the circle is used than the study's share (`Priority.idle_below`)."""
    used, there = row["in_use_high"], row["in_reach_low"]
    return bool(pd.notna(used) and np.isfinite(used) and there > 0 and used < priority.idle_below * there)


@dataclass(frozen=True)
class Adviser:
    """What is advised for the flags of a study: made once, asked for every flag.

    Parameters
    ----------
    relief
        What projects do about each flag (`geoplan.standards.projects.relief.relief`), by ``rule_id, zone_id``; None without a project list.
    smallest
        Size of the smallest facility by rule_id, in the unit of its gaps.
    neighbours
        Flagged neighbours by rule_id and zone_id.
    net
        Net gap by rule_id and zone_id.
    names
        Name by zone_id.
    """

    priority: Priority
    relief: pd.DataFrame | None
    smallest: Mapping[str, float]
    neighbours: Mapping[str, Mapping[str, tuple[str, ...]]]
    net: Mapping[tuple[str, str], float]
    names: Mapping[str, str]
    lang: str

    @classmethod
    def of(
        cls, flags: pd.DataFrame, rules: Sequence[Rule], *, zones: pd.DataFrame, services: Mapping[str, Service], priority: Priority,
        relief: pd.DataFrame | None, lang: str,
    ) -> "Adviser":  # fmt: skip
        """Return the adviser of the flags of a study; `flags` are `geoplan.tables.FLAGS`."""
        short = flags[flags["flagged"].astype("boolean").fillna(value=False)]
        by_id = {rule.rule_id: rule for rule in rules}
        neighbours: dict[str, Mapping[str, tuple[str, ...]]] = {}
        for rule_id, own in short.groupby("rule_id", sort=False):
            same = own[own["zone_id"].map(zones["level"]) == "community"]
            if rule_id in by_id:
                neighbours[str(rule_id)] = neighbours_of(
                    list(same["zone_id"]), zones, within_m=circle_m(by_id[str(rule_id)], services)
                )
        keys = list(zip(short["rule_id"], short["zone_id"], strict=True))
        told = short["shortfall"] if relief is None else relief["net_shortfall"]
        of = dict(zip(keys, told, strict=True)) if relief is None else told.to_dict()
        net = {key: float(of.get(key, np.nan)) for key in keys}
        return cls(
            priority, relief, smallest_sizes(rules, priority), neighbours, net,
            {str(zone): str(name) for zone, name in zones["name"].items()}, lang,
        )  # fmt: skip

    def columns(self, row: Mapping[Any, Any], measure: str) -> dict[str, Any]:
        """Return the columns of the gap list that say what is under way for a flag, what is left, and what to do."""
        rule, zone = str(row["rule_id"]), str(row["zone_id"])
        told: dict[Any, Any] = {
            "net_shortfall": row["shortfall"],
            "relief": np.nan,
            "relief_projects": "",
            "relief_year": np.nan,
            "funds": "",
        }
        if self.relief is not None and (rule, zone) in self.relief.index:
            told = dict(zip(self.relief.columns, self.relief.loc[(rule, zone), :], strict=True))
        near = self.neighbours.get(rule, {}).get(zone, ())
        beside = [
            (self.names[one], gap)
            for one in near
            if pd.notna(gap := self.net.get((rule, one), np.nan)) and gap > 0
        ]
        advice = advise(
            {**row, **told}, measure, priority=self.priority, smallest=self.smallest.get(rule), neighbours=beside, lang=self.lang
        )  # fmt: skip
        return {**told, "project": told["relief_projects"], "advice": advice.kind, "measures": advice.text}
