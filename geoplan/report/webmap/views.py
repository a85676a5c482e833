"""What the map fills its polygons by, as plain values for its script: shapes packed once, figures of every view beside.

Nothing is measured here: figures are picked from the outcome's tables and put in the order of the map's zones.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.packed import (
    MINUTE_DIGITS,
    PEOPLE_DIGITS,
    RATE_DIGITS,
    SHARE_DIGITS,
    Plain,
    numbers,
    truths,
)
from geoplan.tables import Outcome

#: Words that change where metres of street stand in for people.
GROUP_WORDS = ("covered_share", "outside", "people_affected", "worst_share", "share_of", "unit_people")


def service_list(outcome: Outcome) -> list[Plain]:
    """Return the services: label, whom they serve, their measures, facility types and circle."""
    measures = outcome.circle.groupby("service", sort=False)["measure"].unique()
    return [
        {
            "id": service,
            "label": look.service_label(outcome.services, service, outcome.lang),
            "group": look.label(entry.group, outcome.lang),
            "basis": look.basis(outcome.groups, entry.group, outcome.lang),
            "types": list(entry.facilities),
            "minutes": entry.walk_minutes,
            "words": {word: look.of_group(word, entry.group, outcome.lang) for word in GROUP_WORDS},
            "files": files_of(outcome, entry.group),
            "measures": [
                {"id": measure, "label": look.measure_label(entry, measure, outcome.lang)}
                for measure in measures.get(service, [])
            ],
        }
        for service, entry in outcome.services.items()
    ]


def files_of(outcome: Outcome, group: str) -> list[str]:
    """Return the files that a figure comes from: the people's, the registers', the streets'."""
    people = [_cell(outcome.groups, group, "source")]
    others = [
        source.file for role in ("facilities", "streets") for source in outcome.sources if source.role == role
    ]
    return [file for file in dict.fromkeys([*people, *others]) if file]


def circle_views(outcome: Outcome, facility_at: Mapping[str, int]) -> list[Plain]:
    """Return the covered share of every zone, a view a service and measure."""
    position = {zone_id: place for place, zone_id in enumerate(outcome.zones.index)}
    whole = outcome.circle[outcome.circle["kind"].fillna("") == ""]
    return [
        {
            "service": service,
            "measure": measure,
            "zone": [position[zone_id] for zone_id in rows["zone_id"]],
            "share": numbers(rows["share"], SHARE_DIGITS),
            "people": numbers(rows["people"], PEOPLE_DIGITS),
            "outside": numbers(rows["outside"], PEOPLE_DIGITS),
            "minutes": numbers(rows["median_minutes"], MINUTE_DIGITS),
            "nearest": _nearest(rows, facility_at),
        }
        for (service, measure), rows in whole.groupby(["service", "measure"], sort=False)
    ]


def flag_views(outcome: Outcome, facility_at: Mapping[str, int]) -> list[Plain]:
    """Return the flags and the supply behind them, a view a rule."""
    position = {zone_id: place for place, zone_id in enumerate(outcome.zones.index)}
    views = []
    for rule_id, rows in outcome.flags.groupby("rule_id", sort=False):
        required = rows["required"].dropna()
        group, unit = _group(outcome, str(rule_id)), rows["unit"].iloc[0]
        views.append(
            rule_words(outcome, str(rule_id))
            | {
                "unit": look.of_group("unit_people", group, outcome.lang)
                if unit == "people"
                else look.unit(unit, outcome.lang),
                "words": {word: look.of_group(word, group, outcome.lang) for word in GROUP_WORDS},
                "required": float(required.iloc[0]) if len(required) else None,
                "scale": _scale(outcome, str(rule_id), required),
                "zone": [position[zone_id] for zone_id in rows["zone_id"]],
                "flagged": truths(rows["flagged"]),
                "own_level": truths(rows["own_level"]),
                "reach": [numbers(rows[f"reachable_{end}"], RATE_DIGITS) for end in ("low", "high")],
                "located": [numbers(rows[f"located_{end}"], RATE_DIGITS) for end in ("low", "high")],
                "must": numbers(rows["required"], RATE_DIGITS),
                "short": numbers(rows["shortfall"], PEOPLE_DIGITS),
                "apportioned": numbers(rows["apportioned"], PEOPLE_DIGITS),
                "people": numbers(rows["people"], PEOPLE_DIGITS),
                "affected": numbers(rows["people_affected"], PEOPLE_DIGITS),
                "minutes": numbers(rows["minutes"], MINUTE_DIGITS),
                "nearest": _nearest(rows, facility_at),
                "cause": [look.label(cause, outcome.lang) for cause in rows["cause"]],
            }
        )
    return views


def rule_words(outcome: Outcome, rule_id: str) -> Plain:
    """Return what a reader must know of a rule: name, kind, whom it counts, clause."""
    rules, lang = outcome.rules, outcome.lang
    kind = _cell(rules, rule_id, "kind")
    group = _group(outcome, rule_id)
    return {
        "rule": rule_id,
        "label": look.rule_label(rules, rule_id, lang),
        "kind": kind,
        "kind_label": look.label(kind, lang),
        "percent": kind == "circle" or _cell(rules, rule_id, "percent") == "True",
        "value_unit": _cell(rules, rule_id, f"unit_{lang}"),
        "basis": look.basis(outcome.groups, group, lang) if group else "",
        "files": files_of(outcome, group),
        "clause": _cell(rules, rule_id, f"cited_{lang}") or _cell(rules, rule_id, "clause"),
        "attribute": _cell(rules, rule_id, "attribute"),
    }


def _group(outcome: Outcome, rule_id: str) -> str:
    """Return the group that a rule is per, or that its circle counts; nothing where it counts no people."""
    told = " ".join(_cell(outcome.rules, rule_id, column) for column in ("per", "counts"))
    named = next((str(group) for group in outcome.groups.index if str(group) in told), "")
    own = next(
        (entry.group for name, entry in outcome.services.items() if rule_id.endswith(f".circle_{name}")),
        "",
    )
    return named or own


def finding_views(outcome: Outcome, facility_at: Mapping[str, int]) -> list[Plain]:
    """Return the findings that count members, a view a rule: its verdicts, and what each member has."""
    position = {zone_id: place for place, zone_id in enumerate(outcome.zones.index)}
    verdicts = dict(tuple(outcome.findings.groupby("rule_id", sort=False)))
    views = []
    for rule_id, rows in outcome.members.groupby("rule_id", sort=False):
        found = verdicts.get(rule_id, outcome.findings.iloc[:0])
        in_zone = rows["member_id"].isin(position.keys())
        views.append(
            rule_words(outcome, str(rule_id))
            | {
                "findings": [_finding(outcome, row) for _, row in found.iterrows()],
                "zone": [position.get(member, -1) for member in rows["member_id"]],
                "facility": [
                    -1 if zone else facility_at.get(member, -1) for member, zone in _pairs(rows, in_zone)
                ],
                "has": truths(rows["has"]),
                "minutes": numbers(rows["minutes"], MINUTE_DIGITS),
                "nearest": _nearest(rows, facility_at),
                "cause": [look.label(cause, outcome.lang) for cause in rows["cause"]],
            }
        )
    return views


def _pairs(rows: pd.DataFrame, in_zone: pd.Series) -> Iterable[tuple[str, bool]]:
    return zip(rows["member_id"], in_zone, strict=True)


def _finding(outcome: Outcome, row: "pd.Series[Any]") -> Plain:
    kind, unit = _cell(outcome.rules, row["rule_id"], "kind"), row["unit"]
    name = outcome.zones["name"].get(row["zone_id"], row["zone_id"])
    gap = (
        ""
        if look.missing(row["shortfall"])
        else f"{look.whole(row['shortfall'])} {look.unit(unit, outcome.lang)}"
    )
    return {
        "zone": str(name),
        "verdict": row["verdict"],
        "verdict_label": look.label(row["verdict"], outcome.lang),
        "actual": look.interval(row["actual_low"], row["actual_high"], unit, kind=kind),
        "required": look.amount(row["required"], unit, kind=kind),
        "gap": gap,
        "missing": "" if look.missing(row.get(f"missing_{outcome.lang}")) else row[f"missing_{outcome.lang}"],
    }


def _scale(outcome: Outcome, rule_id: str, required: pd.Series) -> Plain | None:
    kind = _cell(outcome.rules, rule_id, "kind")
    if kind == "circle" or not len(required) or float(required.iloc[0]) <= 0:
        return None
    scale = look.supply_scale(float(required.iloc[0]))
    return {"limits": list(scale.limits), "texts": list(scale.texts)}


def _nearest(rows: pd.DataFrame, facility_at: Mapping[str, int]) -> list[int]:
    return [-1 if look.missing(key) else facility_at.get(str(key), -1) for key in rows["nearest_facility"]]


def _cell(table: pd.DataFrame, key: str, column: str) -> str:
    if column not in table.columns or key not in table.index or look.missing(table[column][key]):
        return ""
    return str(table[column][key])


def unplaced_list(outcome: Outcome) -> list[Plain]:
    """Return 待落点清单: the facilities that stand in the register but not on the map."""
    names = outcome.zones["name"]
    table = outcome.unplaced
    empty = pd.Series("", index=table.index)
    return [
        {
            "name": "" if look.missing(name) else str(name),
            "zone": str(names.get(zone_id, "")),
            "origin": f"{file} #{row}",
        }
        for name, zone_id, file, row in zip(
            *(table.get(column, empty) for column in ("name", "zone_id", "source_file", "source_row")),
            strict=True,
        )
    ]
