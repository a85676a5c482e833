"""Stored outcomes of former formats, carried over to the present one.

Format 1 (the first version): services are plain dicts with ``frail_ms``; findings, flags and the gap list lack what later columns say;
the rules table lacks the words and formats that a kind of rule declares. They are those of the shipped packs, for rules of other packs
those of their kind; what nobody recorded is null or empty. Facilities keep the ids that they had.

Format 2: findings do not say which figure counts beside what departments report, nor where the path leads: they are the measured ones, and
the target that judged. People off the network were counted outside of every circle; how many they were nobody recorded, so that the
shares of all people, and what stands beside a mean, are null; a flag has the state that follows from it.

Format 3: flags do not say of what kind they are, nor their grade; nothing is known of projects that make up a gap, of what is used, or of
who else than the rule's own group is affected; there is no priority list.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.standards.affected import grade_of
from geoplan.standards.flags import study_circles
from geoplan.standards.kinds.circle import Circle
from geoplan.standards.packs.read import read_pack, rules_table, shipped
from geoplan.standards.rules import Rule
from geoplan.tables import Outcome, Service
from geoplan.tables.schemas import OUTCOME
from geoplan.words.errors import InputError, Note
from geoplan.words.numbers import missing

#: Columns of rules that the kind alone decides, whatever the pack.
OF_KIND = frozenset([
    "kind_zh", "kind_en", "grade_limits", "format", "member_format", "counts_members", "member_gap", "measures_zones", "remedy_zh", "remedy_en",
    "member_remedy_zh", "member_remedy_en",
])  # fmt: skip


def carried_over(values: Mapping[str, Any], number: int, *, file: str) -> Outcome:
    """Return the outcome that values of format `number` stand for.

    Raises
    ------
    InputError
        If a rule is of a kind that no shipped pack has.
    """
    kept = _second(values, file=file) if number == 1 else dict(values)
    outcome = Outcome(**_fourth(kept if number == 3 else _third(kept)))
    outcome.check()
    return outcome


def _second(values: Mapping[str, Any], *, file: str) -> dict[str, Any]:
    """Return values of format 1 as those of format 2."""
    services = {str(name): _service(str(name), entry) for name, entry in values["services"].items()}
    rules = _rules(values["rules"], services)
    lost = [str(rule) for rule in values["rules"].index if rule not in rules.index]
    if lost:
        rule = ", ".join(lost[:5])
        raise InputError(Note.of("outcome_older", file=file, found=1, rules=rule, severity="error"))
    kept = {name: value for name, value in values.items() if name != "pace_notes"}
    kept |= {name: OUTCOME[name].completed(values[name]) for name in OUTCOME if name in values}
    findings, gaps = kept["findings"], kept["gap_list"]
    levels = kept["zones"]["level"].reindex(findings["zone_id"]).isin(["area", "district"])
    texts = {
        name: findings["rule_id"].map(rules[f"target_text_{name[-2:]}"])
        for name in ("target_zh", "target_en")
    }
    kept["findings"] = findings.assign(of_plan=levels.to_numpy(bool), **texts)
    members, target = gaps["part"] == "member", f"target_text_{values['lang']}"
    of_member = {"format": "member_format", target: target.replace("target_text", "member_target")}
    said = {
        name: gaps["rule_id"].map(rules[column]).mask(members, gaps["rule_id"].map(rules[of_member[column]]))
        for name, column in (("format", "format"), ("target", target))
    }
    kept["gap_list"] = gaps.assign(**said)
    return kept | {"services": services, "rules": rules}


def _third(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of format 2 as those of format 3."""
    kept = dict(values) | {name: OUTCOME[name].completed(values[name]) for name in OUTCOME if name in values}
    kept["flags"] = kept["flags"].assign(state=kept["flags"]["flagged"].map(_state).astype(object))
    kept["members"] = kept["members"].assign(value_high=kept["members"]["value"])
    findings = kept["findings"]
    adopted = findings["actual_low"].notna().map({True: "measured", False: ""})
    same = {
        "adopted_low": "actual_low", "adopted_high": "actual_high", "adopted_verdict": "verdict", "adopted_on_path": "on_path",
        "path_target": "required", "path_target_year": "target_year", "reported_high": "reported",
    }  # fmt: skip
    kept["findings"] = findings.assign(adopted=adopted, **{new: findings[old] for new, old in same.items()})
    return kept


def _fourth(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of format 3 as those of format 4."""
    kept = dict(values) | {name: OUTCOME[name].completed(values[name]) for name in OUTCOME if name in values}
    rules, flags, gaps = kept["rules"], kept["flags"], kept["gap_list"]
    is_circle = rules["kind"].eq("circle")
    limits = is_circle.map({True: Circle.grade_limits, False: Rule.grade_limits})
    kept["rules"] = rules.assign(grade_limits=[" ".join(f"{limit:.6g}" for limit in own) for own in limits])
    circles = flags["rule_id"].map(is_circle).fillna(value=False).to_numpy(dtype=bool)
    reached = (flags["reachable_high"] / flags["required"].where(flags["required"] > 0)).clip(upper=1.0)
    reached = reached.mask(circles, flags["reachable_high"])
    grades = pd.Series("", index=flags.index, dtype=object)
    for of_circle, own in ((True, Circle.grade_limits), (False, Rule.grade_limits)):
        here = (flags["state"] == "flagged") & (circles == of_circle)
        grades[here] = grade_of(reached[here], own)
    clause = flags["own_level"] & ~flags["rule_id"].str.startswith("study.")
    group = flags["rule_id"].map(rules["group"]).fillna("")
    kept["flags"] = flags.assign(
        reached_share=reached, grade=grades, flag_kind=clause.map({True: "clause", False: "measured"}), affected_group=group,
        affected_whole=flags["people"],
    )  # fmt: skip
    of_flag = kept["flags"].set_index(["rule_id", "zone_id"])[
        ["flag_kind", "grade", "reached_share", "affected_group", "affected_whole"]
    ]
    told = of_flag.reindex(pd.MultiIndex.from_frame(gaps[["rule_id", "zone_id"]])).set_axis(gaps.index)
    is_flag, is_zone = gaps["part"] == "flag", gaps["member_id"].isin(kept["zones"].index)
    kinds = told["flag_kind"].where(is_flag, is_zone.map({True: "clause", False: ""}))
    kept["gap_list"] = gaps.assign(
        flag_kind=kinds, grade=told["grade"].where(is_flag, ""), reached_share=told["reached_share"].where(is_flag),
        affected_group=told["affected_group"].where(is_flag, ""), affected_whole=told["affected_whole"].where(is_flag),
        net_shortfall=gaps["shortfall"].where(gaps["part"] != "finding"),
    )  # fmt: skip
    return kept


def _state(flagged: object) -> str:
    """Return the state of a flag of which only True, False or nothing was recorded."""
    return "unknown" if missing(flagged) else "flagged" if flagged else "not_flagged"


def _service(name: str, entry: Mapping[str, Any]) -> Service:
    decay = entry.get("decay")
    service = Service(
        name=name,
        label_zh=entry["label_zh"],
        label_en=entry["label_en"],
        facilities=tuple(entry["facilities"]),
        group=entry["group"],
        walk_minutes=entry["walk_minutes"],
        walk_kmh=entry["walk_kmh"],
        stated_straight_m=entry.get("straight_m"),
        flag_share=entry["flag_share"],
        decay=None if decay is None else {float(minutes): weight for minutes, weight in decay.items()},
        frail_kmh=entry.get("frail_ms", 0.76) * 3.6,
        bands_minutes=tuple(entry.get("bands_minutes", (5.0, 10.0, 15.0))),
    )
    return service


def _rules(table: pd.DataFrame, services: Mapping[str, Service]) -> pd.DataFrame:
    """Return the rules with the columns that they lack: of shipped packs as they are now, of others as their kind says."""
    packs = [read_pack(name) for name in shipped()]
    now = rules_table(packs, extra=study_circles(services, []), switched_on=list(table.index))
    lacking = [column for column in now.columns if column not in table.columns]
    rows: dict[str, pd.Series] = {}
    for name, rule in table.iterrows():
        rule_id = str(name)
        if rule_id in now.index:
            rows[rule_id] = now[lacking].T[rule_id]
            continue
        same = now[now["kind"] == rule["kind"]]
        nearest = pd.concat([same[same["unit"] == rule["unit"]], same]).iloc[:1]
        if len(nearest):
            own = {c: nearest[c].iloc[0] if c in OF_KIND else "" for c in lacking}
            rows[rule_id] = pd.Series(own | {"pack_title_zh": rule["pack"], "pack_title_en": rule["pack"]})
    more = pd.DataFrame.from_dict(rows, orient="index", columns=lacking).rename_axis(
        index=str(table.index.name)
    )
    more = more.assign(member_gap=pd.to_numeric(more["member_gap"]))
    kept = table.loc[[rule for rule in table.index if rule in rows]]
    return kept.join(more.astype(dict.fromkeys(("counts_members", "measures_zones"), "bool")))
