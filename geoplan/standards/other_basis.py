"""One rule judged under the other basis of its people (常住 / 户籍), beside the one that its pack names."""

import math
from typing import Any

from geoplan.standards.data import AssessmentData
from geoplan.standards.rules import Rule
from geoplan.standards.verdict import judge
from geoplan.tables import OTHER_BASIS

#: Columns of findings that hold the verdict under the other basis; empty and NaN where the study has only one.
COLUMNS = ("other_group", "other_basis", "other_low", "other_high", "other_verdict", "other_shortfall")
_NONE = dict(zip(COLUMNS, ("", "", math.nan, math.nan, "", math.nan), strict=True))


def under_other_basis(data: AssessmentData, rule: Rule) -> dict[str, dict[str, Any]]:
    """Return the verdicts of a rule under the other basis of its people, by zone_id; empty where there is none.

    The pack's own group judges (``per: elders_60/1000`` or ``elders_60_registered/1000``); this stands beside it.
    """
    twin = _twin(data, rule)
    if twin is None:
        return {}
    other, group = twin
    out = {}
    for found in other.measure(data):
        what = other.measure_requirement(data.year, data.thresholds)
        row = judge(other, found, year=data.year, what=what, covered=data.covered(found.zone_id))
        out[found.zone_id] = {
            "other_group": group, "other_basis": data.basis(group), "other_low": found.low, "other_high": found.high,
            "other_verdict": row["verdict"], "other_shortfall": row["shortfall"],
        }  # fmt: skip
    return out


def columns_of(told: dict[str, dict[str, Any]], zone: str) -> dict[str, Any]:
    """Return the columns for one zone, blank where nothing stands beside the verdict."""
    return told.get(zone, _NONE)


def _twin(data: AssessmentData, rule: Rule) -> tuple[Rule, str] | None:
    """Return the same rule over the other people, where the rule is per people and the study has both."""
    own = rule.counted_group if rule.people is not None or not rule.counts_members else ""
    group = OTHER_BASIS.get(str(own))
    if group is None or group not in data.demand or own not in data.demand:
        return None
    if rule.people is not None:
        other = rule.model_copy(update={"per": f"{group}/{rule.people.n:g}"})
        other.__dict__.pop("people", None)  # the cached reading of the former text
        return other, group
    return rule.model_copy(update={"group": group}), group
