"""Flags (短板): every community and town measured by what its people can walk to.

A flag is no verdict. It measures each zone against every per-person and per-household standard and each circle, by
reachable supply (two-step floating catchment) with the located beside it, whatever the rule's own level. Beds of care homes measure
towns and districts by what is located in them, and communities for reference only: one moves to a home and does not walk to it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage.circle import TOLERANCE_SHARE
from geoplan.standards.affected import affected_group, grade_of, share_missed
from geoplan.standards.causes import around, cause_of_shortage, in_reach, stock_and_use, where_unplaced
from geoplan.standards.caveats import flag_caveats, level_caveats
from geoplan.standards.counts import located
from geoplan.standards.data import AssessmentData, Bools
from geoplan.standards.grammar import NOT_QUANTIFIED
from geoplan.standards.kinds.circle import Circle
from geoplan.standards.measure import no_flags
from geoplan.standards.members import flag_share_of, nearest_of
from geoplan.standards.reachable import Reachable, falls_short, reachable
from geoplan.standards.requirement import Requirement, rounded
from geoplan.standards.rules import Rule, Selection, types_of
from geoplan.tables import FLAGS, Service
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import Note
from geoplan.words.vocabulary import vocabulary

LEVELS = ("community", "town")
#: Levels that beds of care homes measure by what is located there.
HOME_LEVELS = ("town", "district")
#: Columns of what the people of a zone reach, undivided, and how much of it is used.
IN_REACH = ("in_reach_low", "in_reach_high", "in_use_low", "in_use_high")
#: Share of the supply in reach that may hang on people assumed outside for a zone to be called not short: they decide nothing.
MOST_ASSUMED = 0.05


def study_circles(services: Mapping[str, Service], rules: Iterable[Rule]) -> tuple[Circle, ...]:
    """Return a circle rule ``study.circle_<service>`` for each service of the study that no rule's circle answers.

    Examples
    --------
    >>> services = {"care": Service(name="care", facilities=("elder_home",), group="elders_60", walk_minutes=15.0, walk_kmh=4.0)}
    >>> [rule.rule_id for rule in study_circles(services, [])]
    ['study.circle_care']
    """
    told = [rule for rule in rules if isinstance(rule, Circle)]
    return tuple(
        _circle(name, terms)
        for name, terms in services.items()
        if not any(_answers(rule, terms) for rule in told)
    )


def _answers(rule: Circle, terms: Service) -> bool:
    """Return True where a plan's circle speaks of all the facilities of a service, for its people and its walk."""
    if rule.metres is not None or rule.minutes is None or rule.group != terms.group:
        return False
    whole = all(selection.where is None and selection.in_zones is None for selection in rule.of)
    return (
        whole and types_of(rule.of) >= _selection(terms).types and rule.minutes <= terms.walk_minutes + 1e-9
    )


def _selection(terms: Service) -> Selection:
    """Return the facilities of a service; types that the vocabulary lacks count only where it knows none of them."""
    known = [name for name in terms.facilities if name in vocabulary("types")]
    if known:
        return Selection(facilities=known)
    return Selection.model_construct(facilities=list(terms.facilities), where=None, in_zones=None)


def _circle(name: str, terms: Service) -> Circle:
    minutes = terms.walk_minutes
    zh, en = (
        phrase("study_circle", lang, minutes=f"{minutes:g}", service=terms.label(lang)) for lang in LANGUAGES
    )
    return Circle.model_construct(
        id=f"circle_{name}", kind="circle", pack="study", indicator=zh, title_en=en, level="community", counts="", per=None, base=None,
        target=f"{NOT_QUANTIFIED}@2000", range_is=None, unit="m" if terms.group == "street_m" else "people", attribute="", lead="", clause=phrase("study_clause", "zh"),
        quote="", note="", flags=True, plan_level="city", years=None, of=[_selection(terms)],
        group=terms.group, minutes=minutes, metres=None, service=name,
    )  # fmt: skip


def flagging(rules: Sequence[Rule], only: Sequence[str] | None) -> tuple[Rule, ...]:
    """Return the rules that measure every community and town: per person, per household, and circles; those of `only` where it is given.

    Else a standard of new estates does not: what exists was not built by it, and to measure communities by it asks what if.
    """
    measuring = (rule for rule in rules if rule.measures_zones)
    if only is None:
        return tuple(rule for rule in measuring if not rule.for_new_estates)
    return tuple(rule for rule in measuring if rule.rule_id in only)


def flags_of(
    data: AssessmentData,
    rule: Rule,
    findings: pd.DataFrame,
    reach: Reachable | None = None,
    *,
    zones: Collection[str] | None = None,
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Return the flags of one rule in every community and town, and why there are none.

    `findings` are those of the same rule, for the apportioned reference; `reach` is what `reachable` gives for it, where it
    was measured before. Of `zones` (zone_ids) only these are measured, with the same result as among all. Villages are not measured
    by a standard of new estates.
    """
    levels = (*LEVELS, "district") if rule.of_care_homes else LEVELS
    every = (zone for level in levels for zone in data.level(level))
    if rule.for_new_estates:
        kind = data.zones["kind"]
        every = (zone for zone in every if "rural" not in kind[zone])
    ids = pd.Index([z for z in every if zones is None or z in zones], name="zone_id", dtype=object)
    own = rule.zone_flags(data, ids)
    table, missing = own or _supply_flags(data, rule, ids, reach or reachable(data, rule))
    table["own_level"] = _own_level(data, rule, ids)
    table["apportioned"] = _apportioned(data, rule, ids, findings, table["people"])
    state = table["state"]
    table["flagged"] = pd.arrays.BooleanArray(
        (state == "flagged").to_numpy(bool), (state == "unknown").to_numpy(bool)
    )
    table["grade"] = grade_of(table["reached_share"], rule.grade_limits).where(state == "flagged", "")
    table["flag_kind"] = _flag_kind(data, rule, ids, table["own_level"])
    table["rule_id"], table["zone_id"], table["year"] = rule.rule_id, ids, data.year
    table["basis"] = data.basis(rule.counted_group)
    unmeasured = dict.fromkeys(("taken_outside", *IN_REACH), np.nan) | {
        "may_reach": False,
        "by_located": False,
    }
    for name, nothing in unmeasured.items():
        if name not in table:
            table[name] = nothing
    table["caveats"] = flag_caveats(data, rule, ids, table)
    elsewhere = level_caveats(data, rule, ids, table)
    for lang in LANGUAGES:
        said = [phrase(code, lang) if code else "" for code in elsewhere]
        table[f"note_{lang}"] = pd.Series(said, index=ids, dtype=object)
    told: dict[str, Any] = {"rule": rule.rule_id, "severity": "info"}
    notes = (
        Note.of("rule_flags_nobody", why_zh=why.found("zh"), why_en=why.found("en"), **told)
        for why in missing
    )
    return table[list(FLAGS)].reset_index(drop=True), tuple(notes)


def _supply_flags(
    data: AssessmentData, rule: Rule, ids: pd.Index, reach: Reachable | None
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    told = rule.reached_by()
    assert rule.people is not None  # noqa: S101 - `flagging` lets no other through
    assert told is not None and reach is not None  # noqa: S101, PT018 - the same
    types = types_of(told[0])
    group, n = rule.people.group, rule.people.n
    what = rule.requirement(data.year, data.thresholds)
    missing = reach.missing or (() if what.comparison else (Note.of("rule_not_quantified"),))
    if missing:
        return no_flags(ids, rule.unit), missing
    stock = reach.stock
    people = data.people(group)
    assert people is not None  # noqa: S101 - `reachable` says what is missing
    some = people.where(people > 0)
    stands = located(data, stock)
    supply = in_reach(data, reach.pairs, stock_and_use(data, told[0], stock, rule.unit)).loc[ids]
    where = around(data, types, stock.index, group)
    located_per = pd.DataFrame({end: stands[end] * n / some for end in ("low", "high")})
    table = _compare(data, rule, what, people.loc[ids], reach, flag_share=flag_share_of(data, types))
    for end in ("low", "high"):
        table[f"located_{end}"] = located_per[end].loc[ids]
    for name in IN_REACH:
        table[name] = supply[name]
    table["taken_outside"], table["may_reach"] = reach.taken.loc[ids], reach.may_reach.loc[ids]
    why = cause_of_shortage(where, supply, what.required * people.loc[ids] / n)
    table["cause"] = _causes(table, where_unplaced(why, table["may_reach"]))
    table["by_located"] = (data.zones.loc[ids, "level"].isin(HOME_LEVELS) & rule.of_care_homes).to_numpy(
        dtype=bool
    )
    if table["by_located"].any():
        table = _by_located(data, rule, what, table)
    near = nearest_of(data, stock.index, types, group).reindex(ids)
    table["nearest_facility"], table["minutes"] = near["nearest_facility"], near["minutes"]
    return table, ()


def _compare(
    data: AssessmentData,
    rule: Rule,
    what: Requirement,
    crowd: pd.Series,
    reach: Reachable,
    *,
    flag_share: float,
) -> pd.DataFrame:
    """Return the flags of one standard from what the people (`crowd`) of each zone reach at least and at most.

    A mean that is met while too few are in the circle is a state of its own. Gaps count people on the network only: the least.
    Where it is not settled how many compete outside, the least does not prove that there is enough.
    """
    assert rule.people is not None  # noqa: S101 - `flagging` lets no other through
    n, ids, group = rule.people.n, crowd.index, rule.people.group
    low, high = reach.low.loc[ids], reach.high.loc[ids]
    inside, below = reach.in_circle.loc[ids], reach.below.loc[ids]
    off = data.people_off_network(group).loc[ids].where(crowd.notna())
    joined = crowd - off
    short = falls_short(what, high) & (crowd > 0)
    settled = reach.taken.loc[ids] <= MOST_ASSUMED
    enough = low.notna() & ~falls_short(what, low) & settled & (crowd > 0)
    # the share in the circle that a community must have, least and most
    least = 1 - flag_share - TOLERANCE_SHARE
    state = np.select(
        [short, enough & (inside["high"] < least), enough & (inside["low"] >= least)],
        ["flagged", "mean_met", "not_flagged"],
        "unknown",
    )
    streets = data.lacks_streets(group).loc[ids] | (enough & (inside["high"] - off / crowd < least))
    is_known, is_flagged = state != "unknown", state == "flagged"
    lack = (what.required - high) * joined / n
    amount = pd.Series([rounded(x, unit=rule.unit, strict=what.comparison == ">") for x in lack], index=ids)
    return pd.DataFrame({
        "reachable_low": low, "reachable_high": high, "required": what.required,
        "shortfall": amount.where(is_flagged, 0.0).where(is_known), "unit": rule.unit, "state": state,
        "people": crowd, "off_network": off, "in_circle_low": inside["low"], "in_circle_high": inside["high"],
        "below_low": below["low"].where(crowd.notna()), "below_high": below["high"].where(crowd.notna()),
        **_affected(data, rule, what, high, is_flagged=is_flagged, is_known=is_known), "lacks_streets": streets,
    }, index=ids)  # fmt: skip


def _affected(
    data: AssessmentData, rule: Rule, what: Requirement, high: pd.Series, *, is_flagged: Bools | pd.Series, is_known: Bools | pd.Series, on_foot: bool = True
) -> dict[str, Any]:  # fmt: skip
    """Return the columns that tell whom a standard's shortfall affects: of `high`, the most that is reached, what is missed.

    `on_foot`: those off the network are left out, of whom it is not known what they reach.
    """
    whom, ids = affected_group(data, rule), high.index
    crowd = data.people(whom)
    whole = pd.Series(np.nan, index=ids) if crowd is None else crowd.loc[ids]
    counted = whole - data.people_off_network(whom).loc[ids] if on_foot else whole
    missed = share_missed(what.required, high)
    return {
        "affected_group": whom, "affected_whole": whole, "reached_share": 1.0 - missed,
        "people_affected": (missed * counted).where(is_flagged, 0.0).where(is_known),
    }  # fmt: skip


def _by_located(data: AssessmentData, rule: Rule, what: Requirement, table: pd.DataFrame) -> pd.DataFrame:
    """Return flags of care homes, those of towns and districts by the beds that stand there, whoever may walk to them."""
    assert rule.people is not None  # noqa: S101 - `flagging` lets no other through
    own = table[table["by_located"]]
    low, high, crowd = own["located_low"], own["located_high"], own["people"]
    short, enough = falls_short(what, high) & (crowd > 0), ~falls_short(what, low) & low.notna() & (crowd > 0)
    is_known = short | enough
    lack = (what.required - high) * crowd / rule.people.n
    amount = pd.Series(
        [rounded(x, unit=rule.unit, strict=what.comparison == ">") for x in lack], index=own.index
    )
    told = pd.DataFrame({
        "state": np.select([short, enough], ["flagged", "not_flagged"], "unknown"),
        "shortfall": amount.where(short, 0.0).where(is_known),
        "cause": np.select([short, ~is_known & (crowd > 0)], ["short_inside", "no_data"], ""),
        **_affected(data, rule, what, high, is_flagged=short, is_known=is_known, on_foot=False),
    }, index=own.index)  # fmt: skip
    out = table.copy()
    out.loc[own.index, told.columns] = told
    return out


def _flag_kind(data: AssessmentData, rule: Rule, ids: pd.Index, own_level: pd.Series) -> np.ndarray:
    """Return what kind of flag each zone's would be (`geoplan.tables.FLAG_KINDS`).

    A clause flag is of a rule of a plan at the level that its clause names; a measured one of a coarser level or of the study's own
    settings. Beds of care homes are planned by town and district: for a community they are a reference.
    """
    is_clause = own_level.to_numpy(dtype=bool) & (rule.pack != "study")
    reference = data.zones.loc[ids, "level"].eq("community").to_numpy(dtype=bool) & rule.of_care_homes
    return np.select([is_clause, reference], ["clause", "reference"], "measured")


def _causes(table: pd.DataFrame, why: pd.Series) -> pd.Series:
    """Return why each zone is short, or why that is not known: for want of streets, or of what registers say."""
    flagged, is_open = table["state"] == "flagged", (table["state"] == "unknown") & (table["people"] > 0)
    words = np.select(
        [flagged, is_open & table["lacks_streets"], is_open], [why, "streets_missing", "no_data"], ""
    )
    return pd.Series(words, index=table.index, dtype=object)


def _own_level(data: AssessmentData, rule: Rule, ids: pd.Index) -> np.ndarray:
    """Return where a flag is no finer than the rule: at its own level and filter, or above it."""
    levels = data.zones.loc[ids, "level"].to_numpy(dtype=object)
    at = np.isin(levels, list(rule.where.levels))
    above = (levels == "town") & ("community" in rule.where.levels and not rule.where.words)
    if not at.any():
        return np.asarray(above, dtype=bool)
    fit = ids.isin(rule.zones(data).sure)
    return np.asarray((at & fit) | above, dtype=bool)


def _apportioned(
    data: AssessmentData, rule: Rule, ids: pd.Index, findings: pd.DataFrame, people: pd.Series
) -> pd.Series:
    """Return the gap of the zone above that the rule judges, shared out by the group's people (分解参考值)."""
    out = pd.Series(np.nan, index=ids)
    if findings.empty or rule.people is None:
        return out
    told = (
        findings[findings["verdict"].isin(["met", "not_met"])].set_index("zone_id")["shortfall"].fillna(0.0)
    )
    crowd = data.people(rule.people.group)
    if crowd is None:
        return out
    for level in rule.where.levels:
        if level not in ("area", "district", "town"):
            continue
        top = data.up(level).reindex(ids)
        if level == "district" and not data.level("district"):
            top = pd.Series(data.area, index=ids)
        share = people / top.map(crowd).astype(float)
        finer = data.zones.loc[ids, "level"].to_numpy(dtype=object) != level
        out = out.where(out.notna(), (top.map(told).astype(float) * share).where(finer))
    return out
