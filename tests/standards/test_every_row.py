"""Every rule of the five plans and of the smaller packs, judged on tables that are built from the rule's own definition.

For each rule a small world is built in which its value is just what a case asks for: 20 zones (or facilities, or
estates) of its level and filter, facilities of its types that meet its conditions, people of its group. The cases are
met, not met, exactly on the boundary, no data, not applicable, and not quantified, as far as they can occur.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from geoplan.standards.assess import findings_of
from geoplan.standards.data import AssessmentData
from geoplan.standards.grammar import parse_bound, parse_level
from geoplan.standards.kinds.total import Total
from geoplan.standards.packs.read import read_pack
from geoplan.standards.rule_zones import OPPOSITES
from geoplan.standards.rules import linked
from geoplan.tables import Service
from geoplan.words.vocabulary import narrower, vocabulary

PLANS = ("yinzhou", "wuhan", "qianjiang", "yantai", "huzhong")
SMALLER = (
    "national2030", "complete_community", "embedded", "quarter_hour_circle", "harbin", "henan", "hubei", "zhejiang", "yuncheng",
)  # fmt: skip
EVERY = [rule for name in (*PLANS, *SMALLER) for rule in linked(read_pack(name).rules)]
#: What only departments can say has its cases in `test_reported`.
RULES = {rule.rule_id: rule for rule in EVERY if not rule.is_reported}
N, CROWD, INF = 20, 1000.0, math.inf
LOCAL = 0.8  # threshold set where the plan gives no figure


# --- a world -----------------------------------------------------------------------------------------------------


@dataclass
class World:
    """Tables of one case, built up row by row."""

    zones: gpd.GeoDataFrame
    year: int
    crowd: float = CROWD
    groups: tuple[str, ...] = ("residents", "elders_60", "under_3", "households")
    facilities: list[dict[str, Any]] = field(default_factory=list)
    supplies: list[tuple[str, str, str, float, float]] = field(default_factory=list)
    without_point: list[tuple[str, str, float, float]] = field(default_factory=list)
    covered: list[tuple[str, str]] = field(default_factory=list)
    service: dict[str, Any] | None = None
    types: frozenset[str] = frozenset()
    thresholds: dict[str, float] = field(default_factory=dict)

    def of_level(self, level: str) -> list[str]:
        return list(self.zones.index[self.zones["level"] == level])

    def add(self, kind: str, zone: str, attributes: dict[str, Any], amounts: dict[str, Any]) -> str:
        name = f"f#{len(self.facilities)}"
        self.facilities.append({"facility_id": name, "services": (kind,), "zone_id": zone, **attributes})
        for supply, value in amounts.items():
            low, high = value if isinstance(value, tuple) else (value, value)
            self.supplies.append((name, kind, supply, float(low), float(high)))
        return name

    def data(self) -> AssessmentData:
        communities = self.of_level("community")
        demand = gpd.GeoDataFrame(
            {"zone_id": communities, "halo": False, **dict.fromkeys(self.groups, self.crowd)},
            geometry=[Point(1000.0 * i, 0) for i in range(len(communities))], crs="EPSG:4547",
        )  # fmt: skip
        usual = {
            "status": "existing",
            "open_year": np.nan,
            "close_year": np.nan,
            "location_quality": "exact",
        }
        columns = ["facility_id", "services", "zone_id", *usual]
        rows = pd.DataFrame(
            [{**usual, **row} for row in self.facilities], columns=None if self.facilities else columns
        )
        rows = rows.set_index("facility_id").astype({"open_year": float, "close_year": float})
        rows["serves"] = [() for _ in range(len(rows))]
        points = [row.get("geometry") for row in self.facilities]
        facilities = gpd.GeoDataFrame(
            rows.drop(columns="geometry", errors="ignore"), geometry=points, crs="EPSG:4547"
        )
        at = dict(zip(communities, demand.index, strict=True))
        walks = [("s", at[zone], name, 60.0) for zone, name in self.covered]
        pointless = pd.DataFrame(self.without_point, columns=["zone_id", "supply", "low", "high"])
        return AssessmentData(
            zones=self.zones, demand=demand, facilities=facilities, year=self.year, thresholds=self.thresholds, register_types=self.types,
            pairs=pd.DataFrame(walks, columns=["service", "demand_id", "facility_id", "seconds"]),
            supplies=pd.DataFrame(self.supplies, columns=["facility_id", "service", "supply", "low", "high"]),
            services={"s": self.service} if self.service else {}, groups=pd.DataFrame({"basis": ["常住"], "year": [2020]}, index=["residents"]),
            zone_supplies=pointless if self.without_point else None,
        )  # fmt: skip


def zones_of(level: str, n: int, kind: frozenset[str], districts: int = 1) -> gpd.GeoDataFrame:
    return zones_once(level, n, kind, districts).copy()


@cache
def zones_once(level: str, n: int, kind: frozenset[str], districts: int) -> gpd.GeoDataFrame:
    """One area with `districts`; `n` zones of a level below one another's parents, all of `kind`."""
    rows: list[tuple[str, str, str, str | None]] = [("area/1", "area", "示例市", None)]
    above, count = ["area/1"], districts
    for name in ("district", "town", "community", "estate"):
        count = n if name == level else count if name != "estate" else 0
        ids = [f"{name}/{i}" for i in range(count)]
        for i, zone in enumerate(ids):
            printed = "向阳社区" if zone == "community/0" else zone
            rows.append((zone, name, printed, above[i % len(above)]))
        above = ids or above
    table = gpd.GeoDataFrame(
        {"level": [r[1] for r in rows], "name": [r[2] for r in rows], "code": [r[0] for r in rows], "parent_id": [r[3] for r in rows],
         "kind": [kind if r[1] == level else frozenset() for r in rows], "covered_share": 1.0},
        geometry=[None] * len(rows), index=pd.Index([r[0] for r in rows], name="zone_id"), crs="EPSG:4547",
    )  # fmt: skip
    estate = (table["level"] == "estate").to_numpy()
    facts = {"built_year": 2024.0, "households": 200.0, "eldercare_rooms_m2": 0.0, "childcare_rooms_m2": 0.0}
    for column, value in facts.items():
        table[column] = np.where(estate, value, np.nan)
    table["handed_over"] = pd.array([True if e else None for e in estate], dtype="boolean")
    return table


def level_of(rule: Any) -> tuple[str, tuple[str, ...]]:
    where = parse_level(rule.in_zones_of) if getattr(rule, "in_zones_of", None) else rule.where
    levels = [name for name in where.levels if name != "facility"]
    return (levels[-1] if levels else "district"), where.words


def world_for(rule: Any, n: int = N, *, kind: frozenset[str] | None = None, year: int | None = None) -> World:
    level, words = level_of(rule)
    if getattr(rule, "communities", None):  # communities are marked as the case asks
        n, level, kind = max(60, int(rule.targets[-1].floor or 0) + 20), "community", frozenset()
    of_city = rule.kind == "presence" and rule.plan_level == "city"
    size = 1 if level == "area" or (level == "district" and not of_city) else n
    kind = frozenset(words) if kind is None else kind
    whole = rule.plan_level == "city" and (level == "area" or getattr(rule, "communities", None) is not None)
    districts = 2 if whole else 1  # an amount of a whole city is not judged on one district
    world = World(zones_of(level, size, kind, districts), year or rule.targets[-1].year)
    if rule.targets[0].floor is None and rule.is_share:
        world.thresholds = {rule.rule_id: LOCAL}
    built = world.zones["built_year"]
    world.zones["built_year"] = built.where(built.isna(), float(world.year))
    return world


def changed(rule: Any, **entries: Any) -> Any:
    """Return a rule with other entries; what was cached of the former ones is dropped."""
    copy = rule.model_copy(update=entries)
    for cached in ("targets", "where", "start", "people"):
        copy.__dict__.pop(cached, None)
    return copy


# --- facilities that meet a selection, or do not -----------------------------------------------------------------


def type_in(selection: Any) -> str:
    known = vocabulary("types")
    name = selection.facilities[0]
    return next(t for t in sorted(narrower(name)) if not known[t].get("family"))


def meeting(condition: Any, *, holds: bool = True) -> tuple[dict[str, Any], dict[str, float]]:
    """Attributes and amounts that meet a condition exactly on its bounds, or miss it by one."""
    if condition is None:
        return {}, {}
    if condition.attribute is not None:
        return {condition.attribute: condition.holds == holds}, {}
    if condition.supply is not None:
        sign, bound = parse_bound(condition.bound)
        on = bound if sign in (">=", "<=", "=") else bound + (1 if sign == ">" else -1)
        off = bound - 1 if sign == ">=" else bound + 1 if sign == "<=" else bound
        return {}, {condition.supply: on if holds else off}
    if condition.opened is not None:
        year = parse_bound(condition.opened)[1]
        return {"open_year": year if holds else year - 1}, {}
    parts = condition.all or condition.any
    wanted = [holds] * len(parts)
    if condition.any and holds:
        wanted = [True] + [False] * (len(parts) - 1)  # one of them is enough
    if condition.all and not holds:
        wanted = [True] * (len(parts) - 1) + [False]  # one that fails is enough
    attributes, amounts = {}, {}
    for part, want in zip(parts, wanted, strict=True):
        a, b = meeting(part, holds=want)
        attributes |= a
        amounts |= b
    return attributes, amounts


def put(world: World, of: Any, zone: str, amounts: dict[str, Any], **attributes: Any) -> str:
    own, bound = meeting(of[0].where)
    return world.add(type_in(of[0]), zone, {**own, **attributes}, {**bound, **amounts})


# --- a value for each kind ------------------------------------------------------------------------------------------


def required(rule: Any) -> float:
    target = rule.targets[-1]
    return LOCAL if target.floor is None else float(target.upper if target.either else target.floor)


def is_members(rule: Any) -> bool:
    return rule.counts_members or getattr(rule, "part_where", None) is not None


def counts_rows(rule: Any) -> bool:
    return rule.kind in ("total", "increase") and not rule.supply


def with_value(rule: Any, value: float, world: World | None = None) -> AssessmentData:
    """Return a case in which the rule's value is `value` in every zone; a pair is an interval."""
    world = world or world_for(rule)
    {
        "provision": sums, "total": sums, "increase": sums, "floor_area": sums, "rate": ratios, "share": ratios,
        "presence": presence, "compliance": compliance, "circle": circle, "facility": facility,
    }[rule.kind](rule, world, value)  # fmt: skip
    return world.data()


def scaled(value: Any, scale: float) -> Any:
    return tuple(v * scale for v in value) if isinstance(value, tuple) else value * scale


def sums(rule: Any, world: World, value: Any) -> None:
    level, _ = level_of(rule)
    per_n = world.crowd / rule.people.n if rule.people else 1.0
    if getattr(rule, "communities", None):
        marked = world.of_level("community")[: int(value)]
        words = {True: frozenset({rule.communities}), False: frozenset()}
        world.zones["kind"] = [words[zone in marked] for zone in world.zones.index]
        return
    for zone in world.of_level(level):
        inside = below(world.zones, zone).intersection(world.of_level("community"))
        people = len(inside) * per_n if rule.people else 1.0
        if getattr(rule, "estate_column", None):
            amount = scaled(value, 2.0)  # 200 households
            world.zones.loc[zone, rule.estate_column] = np.nan if isinstance(amount, tuple) else amount
        elif rule.of is None:
            low, high = scaled(value, people) if isinstance(value, tuple) else (value * people,) * 2
            world.without_point.append((zone, rule.supply, low, high))
        elif counts_rows(rule):
            for _ in range(int(value)):
                put(world, rule.of, zone, {})
            world.types = frozenset({type_in(rule.of[0])})
        else:
            supply = "floor_area_m2" if rule.kind == "floor_area" else rule.supply
            opened = {"open_year": float(rule.since + 1)} if rule.kind == "increase" else {}
            put(world, rule.of, zone, {supply: scaled(value, people)}, **opened)
            if opened:  # what opened in the base year is not new
                put(world, rule.of, zone, {supply: 7.0}, open_year=float(rule.since))


def below(zones: pd.DataFrame, zone: str) -> set[str]:
    found = {zone}
    while more := set(zones.index[zones["parent_id"].isin(found)]) - found:
        found |= more
    return found


def ratios(rule: Any, world: World, value: Any) -> None:
    level, _ = level_of(rule)
    for zone in world.of_level(level):
        if rule.kind == "share" and rule.part_where is not None:
            yes, amounts = meeting(rule.part_where)
            no, _ = meeting(rule.part_where, holds=False)
            for i in range(N):
                put(world, rule.of, zone, amounts, **(yes if i < round(value * N) else no))
            continue
        whole = len(world.of_level("community")) * world.crowd if getattr(rule, "group", None) else 500.0
        part = scaled(value, whole)
        if rule.of is None:
            ends = part if isinstance(part, tuple) else (part, part)
            world.without_point += [(zone, rule.part, *ends), (zone, rule.whole, whole, whole)]
        else:
            put(world, rule.of, zone, {rule.part: part} | ({rule.whole: whole} if rule.whole else {}))


def presence(rule: Any, world: World, value: float) -> None:
    ids = [zone for level in rule.where.levels for zone in world.of_level(level)]
    types = {type_in(rule.of[0])}
    if rule.judged_by == "within_circle":
        circle_of(rule, world, value, group=rule.counted_group, minutes=15.0)
        return
    for zone in ids[: round(value * len(ids))]:
        of = rule.of_city if zone == "area/1" and rule.of_city else rule.of
        put(world, of, zone, {})
    world.types = frozenset(types)


def compliance(rule: Any, world: World, value: float) -> None:
    level, _ = level_of(rule)
    ids = world.of_level(level)
    for i, zone in enumerate(ids):
        good = i < round(value * len(ids))
        standard = (rule.meets or [""])[0]
        if standard != "local.standard" and level == "estate":
            column = (*rule.rooms, "eldercare_rooms_m2")[0]
            world.zones.loc[zone, column] = 400.0 if good else 0.0
        elif standard == "local.standard":
            if good:
                world.add("elder_day_care", zone, {}, {})
        else:
            world.add("childcare", zone, {}, {"places": 10.0 if good else 9.0})
    world.types |= {"elder_day_care", "childcare"}


def circle(rule: Any, world: World, value: float) -> None:
    circle_of(rule, world, value, group=rule.group, minutes=rule.minutes)


def circle_of(rule: Any, world: World, value: float, *, group: str, minutes: float) -> None:
    ids = world.of_level("community")
    where = put(world, rule.of, ids[0], {})
    kinds = tuple(sorted({type_in(s) for s in rule.of}))
    terms = {"group": group, "walk_minutes": minutes, "walk_kmh": 4.0}
    world.service = Service(name="s", facilities=kinds, **terms)
    world.covered = [(zone, where) for zone in ids[: round(value * len(ids))]]


def facility(rule: Any, world: World, value: float) -> None:
    level, _ = level_of(rule)
    ids = world.of_level(level)
    for i in range(N):
        good, zone = i < round(value * N), ids[i % len(ids)]
        if rule.estate_column:
            bound = rule.targets[-1].floor
            world.zones.loc[zone, rule.estate_column] = bound if good else bound - 1
        elif rule.must is not None:
            attributes, amounts = meeting(rule.must, holds=good)
            put(world, rule.of, zone, amounts, **attributes)
        elif rule.nearest:  # each in a place of its own
            bound = required(rule)
            put(world, rule.of, zone, {}, geometry=Point(1e4 * i, 0))
            put(world, rule.nearest, zone, {}, geometry=Point(1e4 * i, bound if good else bound + 1))
        else:
            # exactly on the bound: 12 m2 x 10 places, 1 doctor x 300 people / 100, 150 places
            bound, under = float(rule.targets[-1].floor), {"places": 10.0, "occupied": 300.0}
            over = under[rule.over] if rule.over else 1.0
            worse = -1 if rule.targets[-1].comparison in (">=", "range") else 1
            amount = bound * over / rule.times + (0.0 if good else worse)
            put(world, rule.of, zone, {rule.measured: amount, **({rule.over: over} if rule.over else {})})


# --- the cases ------------------------------------------------------------------------------------------------------


def standard_for(rule: Any) -> Any:
    """A rule whose plan states no standard, with a local one: a day-care room in each zone."""
    if getattr(rule, "standard", None) is None:
        return rule
    local = Total.model_validate({
        "id": "standard", "indicator": "标准", "title_en": "standard", "kind": "total", "level": rule.level, "counts": "x",
        "of": {"facilities": ["elder_day_care"]}, "target": ">=1@2020", "unit": "facilities", "attribute": "本地设定", "clause": "本地",
        "quote": "本地", "pack": "local", "plan_level": rule.plan_level, "years": rule.years,
    })  # fmt: skip
    return changed(rule, standard=None, meets=["local.standard"], standards=(local,))


def judge(rule: Any, case: AssessmentData) -> list[dict[str, Any]]:
    return findings_of(case, rule)[0]


def step(rule: Any, world: World) -> float:
    """The least step of the rule's value in the world: one zone, one facility, or a fifth of what is required."""
    if getattr(rule, "communities", None) or counts_rows(rule):
        return 1.0
    if rule.kind == "share" and getattr(rule, "part_where", None) is not None:
        return 1 / N
    if rule.kind == "facility":
        return 1 / N
    if is_members(rule):
        levels = rule.where.levels if rule.kind == "presence" else (level_of(rule)[0],)
        return 1 / sum(len(world.of_level(level)) for level in levels)
    return required(rule) / 5


def cases(rule: Any) -> Iterator[tuple[str, float, str]]:
    """Yield name, value and verdict of the cases whose value can be set."""
    target, world = rule.targets[-1], world_for(rule)
    at, one = required(rule), step(rule, world)
    strict, top = target.comparison == ">", 1.0 if rule.is_share else INF
    if rule.kind == "facility":
        yield from [("boundary", 1.0, "met"), ("not met", 1 - 1 / N, "not_met")]
        return
    if target.comparison == "range" and rule.range_is == "limits":
        yield from [("boundary", value, "met") for value in (at, target.upper)]
        yield from [("not met", value, "not_met") for value in (target.upper + 1, at - 1)]
        return
    if target.either:
        yield from [("boundary", 0.5, "met"), ("no data", 0.45, "no_data"), ("lower boundary", 0.3, "no_data"), ("not met", 0.25, "not_met")]  # fmt: skip
        return
    yield "boundary", at, "not_met" if strict else "met"
    if at + one <= top:
        yield "met", at + one, "met"
    elif at < top:
        yield "met", top, "met"
    if not strict or at - one >= 0:
        yield "not met", at - one, "not_met"


VALUED = [(rule_id, *case) for rule_id, rule in RULES.items() for case in cases(standard_for(rule))]


def built(rule: Any, value: float, **more: Any) -> tuple[Any, AssessmentData]:
    rule = standard_for(rule)
    return rule, with_value(rule, value, world_for(rule, **more))


@pytest.mark.parametrize(
    ("rule_id", "name", "value", "verdict"), VALUED, ids=lambda x: str(x).replace(" ", "_")
)
def test_met_not_met_and_on_the_boundary(rule_id, name, value, verdict):
    rule, case = built(RULES[rule_id], value)
    rows = judge(rule, case)
    assert rows
    for row in rows:
        assert row["actual_low"] == pytest.approx(value)
        assert row["actual_high"] == pytest.approx(value)
        assert row["verdict"] == verdict, (row["required"], row["missing_en"])
        assert bool(row["local"]) == (rule_id in case.thresholds)
        assert (row["unit"], row["attribute"], row["clause"]) == (rule.unit, rule.attribute, rule.clause)
        if verdict == "not_met":
            assert row["shortfall"] == pytest.approx(gap_by_hand(rule, value, case))


def gap_by_hand(rule: Any, value: float, case: AssessmentData) -> float:
    """What is missing, added up another way: (required - value) of the people, the whole, the members."""
    target = rule.targets[-1]
    at = 1.0 if rule.kind == "facility" else required(rule)
    if target.either:
        at = float(target.floor)
    scale = 1.0
    people = {"community": 1, "estate": 1}.get(level_of(rule)[0], len(case.level("community")))
    if rule.kind == "provision":
        scale = people * CROWD / rule.people.n
    elif rule.kind == "floor_area" and rule.people:
        scale = 2.0 if rule.estate_column else people * CROWD / rule.people.n  # 200 households an estate
    elif rule.kind == "rate":
        scale = people * CROWD if rule.group else 500.0
    elif rule.kind == "circle":
        scale = N * CROWD
    elif rule.kind == "share":
        scale = N if rule.part_where else 500.0
    elif rule.kind == "compliance":
        scale = float(len(case.level(level_of(rule)[0])))
    elif is_members(rule):
        scale = 1 / step(rule, world_for(rule))
    if target.comparison == "range" and value > target.upper:
        return value - target.upper
    missing = (at - value) * scale
    if not vocabulary("units")[rule.unit].get("whole"):
        return missing
    if target.comparison == ">" and rule.kind != "facility":
        return math.floor(missing + 1e-6) + 1
    return math.ceil(missing - 1e-6)


@pytest.mark.parametrize("rule_id", RULES)
def test_no_data(rule_id):
    rule = RULES[rule_id]
    if getattr(rule, "standard", None):
        # the plan states no standard: nothing to judge by until a local pack names one
        row = judge(rule, replace(world_for(rule), thresholds={}).data())[0]
        verdict = "not_quantified" if rule.targets[0].floor is None else "no_data"
        assert (row["verdict"], row["missing"]) == (verdict, "rule_no_standard")
        return
    rows = judge(rule, blank(rule))
    assert rows
    for row in rows:
        assert row["verdict"] == "no_data", row
        assert row["missing_zh"]
        assert row["missing_en"]
        assert np.isnan(row["shortfall"])


def blank(rule: Any) -> AssessmentData:
    """A case in which the input that decides is blank: an amount, an attribute, a column, or the whole register."""
    level, _ = level_of(rule)
    world = world_for(rule)
    told = {name: getattr(rule, name, None) for name in ("supply", "part", "measured", "whole", "over")}
    supply = told["supply"] or told["part"] or told["measured"]
    if level == "estate":
        world.zones["eldercare_rooms_m2"] = world.zones["childcare_rooms_m2"] = np.nan
    elif rule.kind == "circle":
        world.groups = ("households",)
    elif rule.kind == "compliance":
        for zone in world.of_level(level):
            world.add("childcare", zone, {}, {"places": (0.0, INF)})
    elif supply and rule.of:
        whole = {name: 10.0 for name in (told["whole"], told["over"]) if name}
        for zone in world.of_level(level):
            put(world, rule.of, zone, {supply: (0.0, INF), **whole})
    elif rule.kind == "floor_area" or rule.measured_to:  # nothing has a point
        for zone in world.of_level(level):
            put(world, rule.of, zone, {"floor_area_m2": (0.0, INF)})
            for selection in rule.measured_to:
                put(world, [selection], zone, {})
    elif condition := getattr(rule, "part_where", None) or getattr(rule, "must", None):
        unsaid = dict.fromkeys(meeting(condition)[0], pd.NA)
        for zone in world.of_level(level):
            put(world, rule.of, zone, {}, **unsaid)
    return world.data()  # else: no register and no table lists it


@pytest.mark.parametrize("rule_id", RULES)
def test_not_due_before_the_first_target(rule_id):
    rule = standard_for(RULES[rule_id])
    world = world_for(rule, year=rule.targets[0].year - 1)
    world.thresholds = {}
    for row in judge(rule, with_value(rule, required(rule) if rule.kind != "facility" else 1.0, world)):
        quantified = rule.targets[0].floor is not None
        assert row["verdict"] == ("not_applicable" if quantified else "not_quantified")
        assert row["missing"] == ("rule_not_due" if quantified else "")


def without_subject(rule: Any) -> AssessmentData | None:
    """A case in which nothing is there that the rule could be about; None where there always is (a district, a city)."""
    level, words = level_of(rule)
    if words and all(word in OPPOSITES for word in words if word != "with_conditions"):
        return world_for(rule, kind=frozenset(OPPOSITES[w] for w in words if w in OPPOSITES)).data()
    if "complete" in words:
        return replace(world_for(rule, kind=frozenset()), crowd=100.0).data()
    if rule.kind in ("provision", "circle") or (rule.kind == "rate" and rule.group):
        return with_value(rule, 1.0, replace(world_for(rule), crowd=0.0))
    if rule.kind in ("share", "rate"):
        world = world_for(rule)
        zone = world.of_level(level)[0]
        if rule.of is None:
            world.without_point = [(zone, name, 0.0, 0.0) for name in (rule.part, rule.whole)]
        elif rule.whole:
            put(world, rule.of, zone, {rule.part: 0.0, rule.whole: 0.0})
        world.types = frozenset({type_in(rule.of[0])}) if rule.of else frozenset()
        return world.data()
    if rule.kind == "facility":
        types = {type_in(selection) for selection in (*rule.of, *rule.measured_to)}
        return replace(world_for(rule), types=frozenset(types)).data()
    coarser = ["area", "district"] if level in ("town", "community") else ["area"]
    if len(coarser) == 1 and (rule.where.levels != ("district",) or rule.plan_level != "city"):
        return None
    world = world_for(rule)
    world.zones = world.zones[world.zones["level"].isin(coarser)]
    return world.data()


@pytest.mark.parametrize(
    "rule_id", [r for r, rule in RULES.items() if without_subject(standard_for(rule)) is not None]
)
def test_not_applicable_where_there_is_nothing_of_its_kind(rule_id):
    rule = standard_for(RULES[rule_id])
    case = without_subject(rule)
    rows = judge(rule, case)
    assert rows
    assert {row["verdict"] for row in rows} == {"not_applicable"}, rows


@pytest.mark.parametrize("rule_id", RULES)
def test_not_quantified_shows_the_value_and_judges_nothing(rule_id):
    rule = standard_for(RULES[rule_id])
    rule = changed(rule, target="未量化@2025")
    world = world_for(rule)
    world.thresholds = {}
    value = 1.0 if is_members(rule) or rule.kind in ("share", "rate") else 3.0
    if rule.kind == "facility" and (rule.measured or rule.nearest or rule.estate_column):
        return  # its bound is its target: without one there is no value to show
    rows = judge(rule, with_value(rule, value, world))
    for row in rows:
        assert row["verdict"] == "not_quantified"
        assert row["actual_low"] == pytest.approx(value) or level_of(rule)[0] == "district"
        assert np.isnan(row["shortfall"])


BOUNDED = [r for r, rule in RULES.items() if rule.kind == "facility" and rule.must is not None]


@pytest.mark.parametrize("rule_id", BOUNDED)
def test_one_bed_under_the_bound_is_not_due(rule_id):
    rule = RULES[rule_id]
    missing, amounts = meeting(rule.of[0].where, holds=False)
    attributes = {**meeting(rule.of[0].where)[0], **missing, **meeting(rule.must, holds=False)[0]}
    world = world_for(rule)
    world.add(type_in(rule.of[0]), world.of_level("district")[0], attributes, amounts)
    assert next(row["verdict"] for row in judge(rule, world.data())) == "not_applicable"


def test_the_cases_cover_every_row():
    told = {name: {r for r, n, _, _ in VALUED if n == name} for name in ("boundary", "not met")}
    assert len(RULES) == 147 + 27
    assert told["boundary"] == told["not met"] == set(RULES)
    # where all are asked for, or a bound or two limits judge, the boundary is what is met
    above = {r for r, n, _, _ in VALUED if n == "met"}
    assert set(set(RULES) - above) == {
        r
        for r, rule in RULES.items()
        if rule.kind == "facility"
        or (rule.targets[-1].comparison == "range" and rule.range_is == "limits")
        or rule.targets[-1].either
        or (rule.is_share and required(rule) == 1.0)
    }
