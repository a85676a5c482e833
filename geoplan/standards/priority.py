"""Where to act first (优先次序): flagged communities by a stated score, and how widely each gap is spread.

A row is one thing to be done: a community and a family of services. Its figures are those of the rule under which most is missing
there, so that nobody counts twice; what only is there or is not goes behind what says how much is missing. Communities are put in
order within one unit, people or households, never across::

    score = affected^a * depth^d * premise
    affected = people affected x net gap / gap
    depth    = 1 - share of the standard that is reached; of what only is there or not, the share of people outside the circle of its service
    premise  = 1 with a premise in the circle's radius, or without any list of premises; else the study's factor
"""

from collections.abc import Iterable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geoplan.standards.action import circle_m
from geoplan.standards.rules import HOUSES, Rule, types_of
from geoplan.study.priority import Priority
from geoplan.tables import PRIORITIES, Service
from geoplan.words.catalogue import phrase

#: Half of a gap: over how many communities it is spread.
HALF = 0.5
#: Communities that a quota's proposal names.
MOST_NAMED = 10
#: Above this share of all communities half of a gap is everywhere (普遍短缺): single communities are no argument.
EVERYWHERE = 0.2


def priorities(
    gaps: pd.DataFrame,
    rules: Sequence[Rule],
    *,
    zones: pd.DataFrame,
    demand: gpd.GeoDataFrame,
    circle: pd.DataFrame,
    services: Mapping[str, Service],
    premises: gpd.GeoSeries | None,
    weights: Priority,
) -> pd.DataFrame:
    """Return the priority list (`geoplan.tables.PRIORITIES`), the first place first, people before households.

    Parameters
    ----------
    gaps
        The gap list (`geoplan.tables.GAP_LIST`).
    circle
        Who is within the circle of each service (`geoplan.tables.CIRCLE`).
    premises
        Points of the planner's lists of premises, metric CRS; None where the study has no list.
    """
    by_id = {rule.rule_id: rule for rule in rules}
    own = gaps[gaps["part"].isin(["flag", "member"]) & gaps["zone_id"].map(zones["level"]).eq("community")]
    own = own[own["people_affected"].notna()]
    if own.empty:
        return PRIORITIES.empty()
    own = own.assign(
        family=[by_id[rule].family for rule in own["rule_id"]],
        houses=own["affected_group"].isin(HOUSES),
        graded=own["reached_share"].notna(),
        depth=1.0 - own["reached_share"].fillna(_inside(own, by_id, circle, services)).fillna(0.0),
        left=_left(own),
    )
    own = own.assign(people_affected=own["people_affected"] * own["left"])
    clauses = own[own["flag_kind"] == "clause"].groupby(["zone_id", "family"]).size()
    own = own.assign(weight=own["people_affected"] * own["depth"])
    first = own.sort_values(["graded", "weight"], ascending=False, kind="stable").drop_duplicates(
        ["zone_id", "family", "houses"]
    )
    near = _has_premise(first, by_id, demand=demand, services=services, premises=premises)
    factor = np.where(near.isna() | near.fillna(value=True), 1.0, weights.without_premise)
    score = first["people_affected"] ** weights.affected * first["depth"] ** weights.depth * factor
    pairs = pd.MultiIndex.from_frame(first[["zone_id", "family"]])
    table = first.assign(
        premise=near, feasibility=factor, score=score, clause_flags=clauses.reindex(pairs).fillna(0).astype(int).to_numpy(),
        gap_unit=first["unit"], unit=np.where(first["houses"], "households", "people"),
    )  # fmt: skip
    table = table.sort_values(["houses", "score"], ascending=[True, False], kind="stable")
    table["rank"] = table.groupby("unit", sort=False)["score"].rank(method="min", ascending=False).astype(int)
    return PRIORITIES.typed(table[list(PRIORITIES)].reset_index(drop=True))


def with_priority(gaps: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the gap list with the place in the priority list of each row that stands there for its community."""
    ranks = table.set_index(["rule_id", "zone_id"])["rank"]
    keys = pd.MultiIndex.from_frame(gaps[["rule_id", "zone_id"]])
    of_zone = gaps["part"].isin(["flag", "member"]).to_numpy()
    return gaps.assign(priority=ranks.reindex(keys).astype("Int64").mask(~of_zone).to_numpy())


def with_quotas(
    gaps: pd.DataFrame, findings: pd.DataFrame, rules: Sequence[Rule], *, circle: pd.DataFrame, services: Mapping[str, Service], lang: str
) -> pd.DataFrame:  # fmt: skip
    """Return the gap list with what to do about quotas over communities (托育覆盖率 50 %): how many more it takes, and which first.

    A clause that asks for a part of the communities is met by as many more as its shortfall says. Proposed are those of the members
    without a facility in which most people of the group are outside the circle of its service.
    """
    by_id = {rule.rule_id: rule for rule in rules if rule.counts_members and rule.unit == "facilities"}
    required = findings.set_index(["rule_id", "zone_id"])["required"].to_dict()
    lacking = gaps[gaps["part"].eq("member") & gaps["rule_id"].isin(list(by_id))]
    outside = lacking["affected_whole"] * (1.0 - _inside(lacking, by_id, circle, services).fillna(0.0))
    block = gaps["part"].ne("member").cumsum()  # a finding and the members behind it
    measures = list(gaps["measures"])
    for place, row in enumerate(gaps.to_dict("records")):
        share, more = required.get((row["rule_id"], row["zone_id"]), np.nan), row["shortfall"]
        if row["part"] != "finding" or row["rule_id"] not in by_id or not 0 < share < 1:
            continue
        own = outside[block[outside.index] == block.iloc[place]]
        if not 0 < more < len(own):
            continue
        first = own.sort_values(ascending=False, kind="stable").index[: int(more)]
        zones = phrase("join_items", lang).join(_called(gaps.loc[one]) for one in first[:MOST_NAMED])
        code = "quota_more" if len(first) > MOST_NAMED else "quota"
        measures[place] = phrase(code, lang, count=f"{more:.0f}", zones=zones, left=len(own) - int(more))
    return gaps.assign(measures=measures)


def _called(member: pd.Series) -> str:
    """Return what a member is called: its community, else its town or district."""
    return next(
        (str(member[level]) for level in ("community", "town", "district") if member[level]),
        str(member["zone_id"]),
    )


def _inside(
    gaps: pd.DataFrame, rules: Mapping[str, Rule], circle: pd.DataFrame, services: Mapping[str, Service]
) -> pd.Series:
    """Return the share (0-1) of people within the circle of the service that each rule's facilities fit; NaN where none does."""
    whole = circle[(circle["kind"].fillna("") == "") & (circle["measure"] == "network")]
    shares = whole.set_index(["service", "zone_id"])["share"]
    service_of = {
        rule_id: next((name for name, terms in services.items() if types_of(rule.selections) & set(terms.facilities)), "")
        for rule_id, rule in rules.items()
    }  # fmt: skip
    keys = pd.MultiIndex.from_arrays([gaps["rule_id"].map(service_of), gaps["zone_id"]])
    return pd.Series(shares.reindex(keys).to_numpy(dtype=float), index=gaps.index)


def _left(gaps: pd.DataFrame) -> pd.Series:
    """Return the share (0-1) of each gap that projects leave; 1 where that is not known."""
    whole = gaps["shortfall"].where(gaps["shortfall"] > 0)
    return (gaps["net_shortfall"] / whole).clip(0.0, 1.0).fillna(1.0)


def _has_premise(
    rows: pd.DataFrame,
    rules: Mapping[str, Rule],
    *,
    demand: gpd.GeoDataFrame,
    services: Mapping[str, Service],
    premises: gpd.GeoSeries | None,
) -> pd.Series:
    """Return whether a premise lies within the circle's radius, in a straight line, of where most of a community's people live."""
    unknown = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    points = None if premises is None else premises[premises.notna()]
    if points is None or points.empty:
        return unknown
    tree = cKDTree(np.c_[points.x, points.y])
    centre = centres(demand, rows["affected_group"]).reindex(rows["zone_id"])
    radius = [circle_m(rules[rule], services) for rule in rows["rule_id"]]
    known = centre.notna().to_numpy()
    away = np.full(len(rows), np.nan)
    away[known], _ = tree.query(np.c_[centre[known].x, centre[known].y])
    return unknown.where(
        ~pd.Series(known, index=rows.index),
        pd.Series(away <= np.array(radius), index=rows.index, dtype="boolean"),
    )


def centres(demand: gpd.GeoDataFrame, groups: Iterable[str]) -> gpd.GeoSeries:
    """Return the point of each zone where most of its residents live, by zone_id; without residents the first of `groups` that the points have.

    From there a premise is within the circle's radius or not.
    """
    group = next((name for name in ("residents", *dict.fromkeys(groups)) if name in demand), None)
    inside = demand[demand["zone_id"].notna() & ~demand["halo"].astype(bool)]
    heavy = inside if group is None else inside.sort_values(group, ascending=False, kind="stable")
    return heavy.drop_duplicates("zone_id").set_index("zone_id").geometry


def spread(flags: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    """Return how widely each rule's gap is spread over communities, by rule_id.

    Columns: ``flagged`` communities, those ``measured``, ``half`` of the gap held by the fewest communities (how many these are), and
    ``everywhere``, True where they are over a fifth of those measured (普遍短缺).
    """
    own = flags[flags["zone_id"].map(zones["level"]).eq("community")]
    rows = {}
    for rule, part in own.groupby("rule_id", sort=False):
        short = part.loc[part["flagged"].astype("boolean").fillna(value=False), "shortfall"].dropna()
        measured = int(part["flagged"].notna().sum())
        held = np.cumsum(np.sort(short.to_numpy(dtype=float))[::-1])
        half = int(np.searchsorted(held, HALF * held[-1] - 1e-9) + 1) if len(held) and held[-1] > 0 else 0
        rows[str(rule)] = {
            "flagged": len(short),
            "measured": measured,
            "half": half,
            "everywhere": half > EVERYWHERE * measured,
        }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["flagged", "measured", "half", "everywhere"])
