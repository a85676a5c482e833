"""Judge every rule at its own level, and measure every community and town."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.standards.affected import affected_group, share_missed
from geoplan.standards.caveats import reach_caveats, rule_caveats
from geoplan.standards.counts import both_labels
from geoplan.standards.data import AssessmentData
from geoplan.standards.flags import flagging, flags_of, study_circles
from geoplan.standards.measure import NAN, Measured, Tally
from geoplan.standards.reachable import Reachable, reachable
from geoplan.standards.reported import adopted
from geoplan.standards.requirement import Requirement
from geoplan.standards.rules import HOUSES, Rule, linked
from geoplan.standards.verdict import judge
from geoplan.tables import (
    CIRCLE,
    DEMAND,
    FACILITIES,
    FINDINGS,
    FLAGS,
    MEMBERS,
    OTHER_BASIS,
    PAIRS,
    SUPPLIES,
    ZONES,
    raise_faults,
)
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import Note
from geoplan.words.strict_yaml import meant


@dataclass(frozen=True)
class RuleResult:
    """What one rule found: its findings as rows without causes, tables of members, its flags, and what is to be said of it."""

    findings: Sequence[dict[str, Any]]
    members: Sequence[pd.DataFrame]
    flags: pd.DataFrame | None
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Assessment:
    """What `assess` found: tables as `geoplan.tables` describes them, and `by_rule` what each rule adds to them."""

    findings: pd.DataFrame
    members: pd.DataFrame
    flags: pd.DataFrame
    notes: tuple[Note, ...]
    by_rule: Mapping[str, RuleResult] = field(default_factory=dict)


def assess(
    data: AssessmentData,
    rules: Sequence[Rule],
    *,
    flag_rules: Sequence[str] | None = None,
    former: Assessment | None = None,
    changed: Collection[str] = (),
) -> Assessment:
    """Return findings at each rule's own level, their members, and the flags of every community and town.

    Parameters
    ----------
    flag_rules
        rule_ids that flag; None: every rule that can, and the study's own circles.
    former
        What was found by the same rules before facilities changed; rules that read none of the `changed` facility types are not
        judged again. None: every rule is judged.
    changed
        Facility types of which facilities, supplies or walks are not those of `former`.

    Raises
    ------
    TableError
        If a table lacks a column or names an id that another lacks.
    """
    _check(data)
    rules = linked(rules)
    every = (*rules, *study_circles(data.services, rules))
    known = {} if former is None else former.by_rule
    found = {
        rule.rule_id: known[rule.rule_id]
        if rule.rule_id in known and not rule.reads.types & frozenset(changed)
        else _result_of(data, rule, judged=rule in rules, flags=bool(flagging([rule], flag_rules)))
        for rule in every
    }
    rows = [row for one in found.values() for row in one.findings]
    findings = FINDINGS.typed(pd.DataFrame(rows, columns=list(FINDINGS)))
    flags = FLAGS.joined(one.flags for one in found.values() if one.flags is not None)
    members = MEMBERS.joined(table for one in found.values() for table in one.members)
    findings = _with_cause(findings, flags, members, data)
    by_band = (rule.rule_id for rule in rules if rule.zones(data).by_band)
    notes = (
        *_entry_notes(data, every, flag_rules),
        *(Note.of("rule_complete_by_band", severity="info", rule=rule_id) for rule_id in by_band),
        *(note for one in found.values() for note in one.notes),
    )
    return Assessment(findings, members, flags, tuple(dict.fromkeys(notes)), found)


def _result_of(data: AssessmentData, rule: Rule, *, judged: bool, flags: bool) -> RuleResult:
    """Return what one rule finds, where it is `judged` at its own level, and flags communities and towns."""
    reach = reachable(data, rule) if rule.reached_by() is not None else None
    rows, members = findings_of(data, rule, reach) if judged else ([], [])
    if not flags:
        return RuleResult(rows, members, None, ())
    mine = FINDINGS.typed(pd.DataFrame(rows, columns=list(FINDINGS)))
    return RuleResult(rows, members, *flags_of(data, rule, mine, reach))


def _check(data: AssessmentData) -> None:
    at, by = data.zones.index.rename("zones"), data.facilities.index.rename("facilities")
    facts = ("services", "status", "open_year", "close_year", "zone_id", "serves", "location_quality")
    raise_faults(
        ZONES.faults(data.zones, ("level", "name", "parent_id", "kind", "covered_share"), parent_id=at),
        DEMAND.faults(data.demand, ("zone_id", "halo"), zone_id=at),
        FACILITIES.faults(data.facilities, facts, zone_id=at),
        SUPPLIES.faults(data.supplies, ("facility_id", "service", "supply", "low", "high"), facility_id=by),
        PAIRS.faults(data.pairs, facility_id=by, demand_id=data.demand.index.rename("demand")),
        CIRCLE.faults(
            data.circle, ("service", "measure", "zone_id", "people", "covered", "off_network"), zone_id=at
        ),
    )


#: What stands in a finding where there is no other basis.
_NO_OTHER_BASIS = {
    "other_group": "", "other_basis": "", "other_low": NAN, "other_high": NAN, "other_verdict": "", "other_shortfall": NAN,
}  # fmt: skip


def findings_of(
    data: AssessmentData, rule: Rule, reach: Reachable | None = None
) -> tuple[list[dict[str, Any]], list[pd.DataFrame]]:
    """Return the findings of one rule, as rows of the findings table without causes, and their members.

    `reach` is what the people of each zone reach under the rule, to stand beside the value; None where it was not measured.
    """
    rows, members = [], []
    other = _under_other_basis(data, rule)
    asked = rule.requirement(data.year, data.thresholds)
    target = {lang: rule.required_text(asked, lang) for lang in ("zh", "en")}
    caveats = rule_caveats(data, rule)
    measured = [_with_basis(data, rule, _with_people(data, one)) for one in rule.measure(data)]
    for found in _said_once(data, rule, measured):
        what = rule.measure_requirement(data.year, data.thresholds)
        tally = _tally(data, rule, found)
        row = judge(rule, found, year=data.year, what=what, covered=rule.covered(data, found.zone_id))
        missing = row.pop("missing")
        whom, people = _affected(data, rule, found, what, row)
        rows.append({
            "rule_id": rule.rule_id, "of_plan": data.zones["level"][found.zone_id] in ("area", "district"),
            "zone_id": found.zone_id, "year": data.year, **row,
            "missing": ", ".join(note.code for note in missing),
            **{f"missing_{lang}": phrase("join_semicolon", lang).join(note.found(lang) for note in missing) for lang in LANGUAGES},
            **{f"note_{lang}": phrase("join_semicolon", lang).join(note.found(lang) for note in found.notes) for lang in LANGUAGES},
            "basis": data.basis(found.group) if found.group else "", "attribute": rule.attribute,
            "people": _people(data, found), "affected_group": whom, "people_affected": people,
            "cause": _open_cause(found) if row["verdict"] == "no_data" else "", "clause": rule.clause, **found.also,
            "target_zh": target["zh"], "target_en": target["en"], "caveats": (*caveats, *reach_caveats(reach, found.zone_id)),
            "members_met": tally and tally.met, "members_judged": tally and tally.judged,
            "members_no_data": tally and tally.no_data,
            "off_network": found.off_network, **_reached(reach, found.zone_id),
            **other.get(found.zone_id, _NO_OTHER_BASIS), **adopted(data, rule, found, row),
        })  # fmt: skip
        if found.members is not None and len(found.members):
            # a kind that says no most of a value knows it
            most = found.members.get("value_high", found.members["value"])
            table = found.members.assign(rule_id=rule.rule_id, zone_id=found.zone_id, value_high=most)
            members.append(table.assign(**_members_people(data, found, table["member_id"])))
    return rows, members


def _affected(
    data: AssessmentData, rule: Rule, found: Measured, required: Requirement, judged: dict[str, Any]
) -> tuple[str, float]:
    """Return the group that a finding's shortfall affects and how many of it; NaN where that has no meaning.

    Of a standard per people it is the group times the share of the standard that is missed.
    """
    if rule.people is None:
        lacking = NAN if judged["surplus"] else rule.affected(found, required, str(judged["verdict"]))
        return found.group or rule.counted_group, lacking
    whom = affected_group(data, rule)
    people = data.people(whom)
    if judged["verdict"] != "not_met" or judged["surplus"] or people is None:
        return whom, NAN
    # an estate has the households of its own table
    own = whom == rule.counted_group and not np.isnan(found.people)
    crowd = found.people if own else float(people[found.zone_id])
    return whom, float(share_missed(required.required, pd.Series([found.high])).iloc[0]) * crowd


def _members_people(data: AssessmentData, found: Measured, members: pd.Series) -> dict[str, Any]:
    """Return the people of the finding's group in each member that is a zone, as columns of the members table."""
    people = data.people(found.group) if found.group else None
    if people is None:
        return {"affected_group": "", "affected_whole": NAN}
    whole = people.reindex(members.to_numpy())
    return {
        "affected_group": np.where(whole.notna(), found.group, ""),
        "affected_whole": whole.to_numpy(dtype=float),
    }


def _open_cause(found: Measured) -> str:
    """Return why a finding cannot be judged: for want of streets, or of other data."""
    return "streets_missing" if found.off_network > 0 and not found.missing else "no_data"


def _reached(reach: Reachable | None, zone: str) -> dict[str, float]:
    """Return what the people of a zone reach under a rule, as columns of the findings table; NaN where it was not measured."""
    names = ("reachable", "in_circle", "below")
    if reach is None:
        return {f"{name}_{end}": NAN for name in names for end in ("low", "high")}
    tables = (pd.DataFrame({"low": reach.low, "high": reach.high}), reach.in_circle, reach.below)
    return {
        f"{name}_{end}": float(table[end][zone])
        for name, table in zip(names, tables, strict=True)
        for end in ("low", "high")
    }


def _under_other_basis(data: AssessmentData, rule: Rule) -> dict[str, dict[str, Any]]:
    """Return the verdicts of a rule under the other basis of its people (常住 / 户籍), by zone_id, where the study has both.

    The pack's own group judges (``per: elders_60/1000`` or ``elders_60_registered/1000``); this stands beside it.
    """
    group = OTHER_BASIS.get(rule.counted_group, "")
    other = rule.per_group(group) if group in data.demand and rule.counted_group in data.demand else None
    if other is None:
        return {}
    what = other.measure_requirement(data.year, data.thresholds)
    out = {}
    for found in (_with_people(data, one) for one in other.measure(data)):
        row = judge(other, found, year=data.year, what=what, covered=other.covered(data, found.zone_id))
        out[found.zone_id] = {
            "other_group": group, "other_basis": data.basis(group), "other_low": found.low, "other_high": found.high,
            "other_verdict": row["verdict"], "other_shortfall": row["shortfall"],
        }  # fmt: skip
    return out


def _tally(data: AssessmentData, rule: Rule, found: Measured) -> Tally | None:
    """Return the members that were counted; where nothing could be measured, every zone due is one without data."""
    is_measured = found.applicable and not found.missing
    if found.tally is not None or not rule.counts_members or is_measured:
        return found.tally
    here = data.below(found.zone_id).intersection(pd.Index(rule.zones(data).every))
    return Tally(no_data=len(here) if found.missing else 0)


def _said_once(data: AssessmentData, rule: Rule, found: list[Measured]) -> list[Measured]:
    """Return what was measured; an input that is missing for every town or community is said once for the plan's zones."""
    finer = set(rule.where.levels) <= {"town", "community", "estate"}
    missing = found[0].missing if found else ()
    if not finer or not missing or any(one.missing != missing for one in found):
        return found
    return [
        Measured(zone, missing=missing, hints=found[0].hints, group=found[0].group)
        for zone in rule.plan_zones(data)
    ]


def _with_people(data: AssessmentData, found: Measured) -> Measured:
    """Return what was measured; where it cannot be, for want of the people that it counts, that is what is missing."""
    measured = found.applicable and not np.isnan(found.low)
    at = data.zones.index.get_indexer(pd.Index([found.zone_id]))[0]
    if measured or not found.group or not data.unknown_people(found.group)[at]:
        return found
    note = Note.of("rule_people_unknown", **both_labels("group", "groups", [found.group]))
    return replace(found, missing=(*found.missing, note))


def _with_basis(data: AssessmentData, rule: Rule, found: Measured) -> Measured:
    """Return what was measured; beds per people are not judged where the study does not say whom it counts (常住 or 户籍).

    The two differ several times over in cities with many migrants, and so do the beds that each of them asks for.
    """
    group = rule.counted_group
    per_people = rule.unit == "beds" and rule.people is not None and group not in HOUSES
    if not per_people or found.missing or group not in data.groups.index or data.has_basis(group):
        return found
    return replace(found, missing=(Note.of("rule_no_basis", **both_labels("group", "groups", [group])),))


def _people(data: AssessmentData, found: Measured) -> float:
    people = data.people(found.group) if found.group else None
    return NAN if people is None else float(people[found.zone_id])


def _with_cause(
    findings: pd.DataFrame, flags: pd.DataFrame, members: pd.DataFrame, data: AssessmentData
) -> pd.DataFrame:
    """Return findings with a cause where they are not met: the one that affects most people among what falls short."""
    if findings.empty:
        return findings
    out = findings.copy()
    short = flags[flags["flagged"].fillna(False).astype(bool)] if len(flags) else flags
    told = set(short["rule_id"]) | set(members["rule_id"])
    for at, row in findings[(findings["verdict"] == "not_met") & findings["rule_id"].isin(told)].iterrows():
        below = set(data.below(str(row["zone_id"])))
        mine = short[(short["rule_id"] == row["rule_id"]) & short["zone_id"].isin(below)]
        weights = mine.groupby("cause")["people_affected"].sum()
        if weights.empty and len(members):
            lacking = members[(members["rule_id"] == row["rule_id"]) & (members["zone_id"] == row["zone_id"])]
            weights = lacking[lacking["cause"] != ""].groupby("cause").size()
        if len(weights):
            out.loc[at, "cause"] = weights.sort_index().idxmax()
    return out


def _entry_notes(
    data: AssessmentData,
    rules: Sequence[Rule],
    flag_rules: Sequence[str] | None,
) -> list[Note]:
    """Return a warning for each entry of the study that names no rule, or whose threshold stands against a figure."""
    known = {rule.rule_id: rule for rule in rules}
    named = [("thresholds", name) for name in data.thresholds] + [
        ("reported", name) for name in dict.fromkeys(data.reported["rule_id"])
    ]
    named += [("flag_rules", name) for name in flag_rules or []]
    notes = []
    for entry, name in named:
        if name not in known:
            guess = meant(name, known)
            code = "rule_unknown_meant" if guess else "rule_unknown"
            notes.append(Note.of(code, entry=entry, rule=name, guess=guess))
    return notes + [
        Note.of("rule_threshold_unused", rule=rule.rule_id)
        for rule in rules
        if rule.rule_id in data.thresholds
        and all(target.floor is not None and not target.either for target in rule.targets)
    ]
