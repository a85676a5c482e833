"""An answer judged again: what the run's own tables say with the sites built, beside what the model of the question says.

A model may simplify: count a size for the zone of its site only, count another walk, or leave out people who live outside of the study
area. The flags do not. So every answer is judged once more with its sites, and both figures are printed; where they differ by more than
`DIFFERENCE`, the reason stands beside them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult
from geoplan.standards.gaps import counting
from geoplan.standards.rules import Rule, types_of
from geoplan.tables import SITE_FLAGS, SITE_JUDGED, SITE_LEFT, Service

#: Part of the larger of two figures by which they may differ without a reason beside them.
DIFFERENCE = 0.01


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What the run says on one set of facilities: `tables.FLAGS`, `tables.CIRCLE` and `tables.SERVED`."""

    flags: pd.DataFrame
    circle: pd.DataFrame
    served: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Effects:
    """What the sites of answers do: `tables.SITE_JUDGED`, `tables.SITE_FLAGS` and `tables.SITE_LEFT`."""

    judged: pd.DataFrame
    flags: pd.DataFrame
    left: pd.DataFrame


def effects(
    found: SitingResult,
    before: Verdicts,
    after: Verdicts,
    *,
    zones: pd.DataFrame,
    services: Mapping[str, Service],
    rules: Sequence[Rule],
) -> Effects:
    """Return what the sites of an answer do.

    Parameters
    ----------
    found
        The answer.
    before, after
        What the run says without the sites, and with them.
    zones
        `tables.ZONES`.
    services
        Service -> its terms.
    rules
        Rules that are judged, the study's own circles among them.
    """
    question = found.question
    counts = _Counted(question, before.flags, after.flags, zones)
    own = [rule.rule_id for rule in rules if rule.rule_id in touched(question, services, rules)]
    flags = [row for rule in own if (row := counts.row(rule))]
    judged = [
        *_inside(found, before.circle, after.circle, zones, services),
        *_gaps(found, counts, services),
        *_need_met(found, before.served, after.served, zones),
    ]
    return Effects(
        pd.DataFrame(judged, columns=list(SITE_JUDGED)),
        pd.DataFrame(flags, columns=list(SITE_FLAGS)),
        pd.DataFrame([row for rule in own for row in counts.left(rule)], columns=list(SITE_LEFT)),
    )


def touched(question: Question, services: Mapping[str, Service], rules: Iterable[Rule]) -> frozenset[str]:
    """Return the rules that the sites of a question may change: those that it names, and those that count what opens."""
    builds = {question.build[name] for name in question.services if name in question.build}
    for name in question.services:
        if name not in question.build:
            builds |= set(services[name].facilities)
    counting_them = (rule.rule_id for rule in rules if types_of(getattr(rule, "of", None)) & builds)
    return frozenset([*question.rules, *counting_them])


class _Counted:
    """The flags that count, before and after, zone by zone."""

    def __init__(
        self, question: Question, before: pd.DataFrame, after: pd.DataFrame, zones: pd.DataFrame
    ) -> None:
        keys = ["rule_id", "zone_id"]
        kept = ["state", "shortfall", "unit", "people_affected", "affected_group"]
        self.question = question.name
        one, other = (table[counting(table, zones)].set_index(keys)[kept] for table in (before, after))
        # a rule that could not be judged before may be after, and the other way round: what has no row is unknown
        both = pd.concat([one.add_suffix("_before"), other.add_suffix("_after")], axis=1)
        for end in ("before", "after"):
            both[f"state_{end}"] = both[f"state_{end}"].astype(object).fillna("unknown")
        self.table = both.reset_index()
        self.by_rule = dict(iter(self.table.groupby("rule_id", sort=False)))

    def row(self, rule: str) -> dict[str, Any] | None:
        """Return the row of `tables.SITE_FLAGS` of a rule; None where nothing is or becomes flagged."""
        own = self.by_rule.get(rule)
        if own is None:
            return None
        was, now = own["state_before"] == "flagged", own["state_after"]
        if not (was.any() or (now == "flagged").any()):
            return None
        ends = {"before": was, "after": now == "flagged"}
        unit, group = (_first(own, name) for name in ("unit", "affected_group"))
        return {
            "question": self.question, "rule_id": rule, "unit": unit, "affected_group": group,
            **{f"flagged_{end}": int(rows.sum()) for end, rows in ends.items()},
            **{name: int((was & (now == state)).sum())
               for name, state in (("closed", "not_flagged"), ("mean_met", "mean_met"), ("unknown", "unknown"))},
            "new": int((~was & (now == "flagged")).sum()),
            **{f"shortfall_{end}": _sum(own.loc[rows, f"shortfall_{end}"]) for end, rows in ends.items()},
            **{f"affected_{end}": _sum(own.loc[rows, f"people_affected_{end}"]) for end, rows in ends.items()},
        }  # fmt: skip

    def left(self, rule: str) -> list[dict[str, Any]]:
        """Return the rows of `tables.SITE_LEFT` of a rule: what is flagged before or after and not closed."""
        own = self.by_rule.get(rule)
        if own is None:
            return []
        was, now = own["state_before"] == "flagged", own["state_after"]
        stays = (was & (now != "not_flagged")) | (now == "flagged")
        unit, group = (_first(own, name) for name in ("unit", "affected_group"))
        return [
            {
                "question": self.question, "rule_id": rule, "zone_id": row["zone_id"], "state": row["state_after"],
                "is_new": row["state_before"] != "flagged", "shortfall": row["shortfall_after"], "unit": unit,
                "affected": row["people_affected_after"], "affected_group": group,
            }
            for row in own[stays].to_dict("records")
        ]  # fmt: skip

    def shortfall(self, rules: Sequence[str], unit: str, end: str) -> float:
        """Return the shortfall of rules of one unit, NaN where some zone's is not known that was flagged before."""
        own = self.table[self.table["rule_id"].isin(rules)]
        own = own[own[f"unit_{end}"] == unit]
        lost = (own["state_before"] == "flagged") & (own[f"state_{end}"] == "unknown")
        return np.nan if lost.any() else _sum(own.loc[own[f"state_{end}"] == "flagged", f"shortfall_{end}"])


def _first(own: pd.DataFrame, name: str) -> str:
    """Return the word of a rule that all its rows share, from before or after."""
    words = [*own[f"{name}_before"].dropna(), *own[f"{name}_after"].dropna()]
    return next((str(word) for word in words if word), "")


def _sum(values: pd.Series) -> float:
    """Return a sum; NaN where none of at least one value is known."""
    return float(values.sum(min_count=1)) if len(values) else 0.0


def differs(model: float, judged: float) -> bool:
    """Return whether two figures differ by more than `DIFFERENCE` of the larger; unknown ones do not.

    Examples
    --------
    >>> differs(100.0, 99.0), differs(100.0, 98.9), differs(0.0, 0.0), differs(float("nan"), 1.0)
    (False, True, False, False)
    """
    return bool(abs(model - judged) > DIFFERENCE * max(abs(model), abs(judged)) + 1e-9)


def _inside(
    found: SitingResult,
    before: pd.DataFrame,
    after: pd.DataFrame,
    zones: pd.DataFrame,
    services: Mapping[str, Service],
) -> list[dict[str, Any]]:
    question, rows = found.question, []
    for service in question.services:
        was, now = (_covered(table, service, zones) for table in (before, after))
        model = np.nan if found.inside is None else found.inside.get(service, np.nan)
        other = question.minutes(services[service]) != services[service].walk_minutes
        other |= (
            question.ask in ("median", "center") and question.reach_minutes < services[service].walk_minutes
        )
        reason = ("walk_minutes" if other else "other") if differs(model, now) else ""
        rows.append(_figure(question, "inside", service, "people", was, model, now, reason))
    return rows


def _covered(circle: pd.DataFrame, service: str, zones: pd.DataFrame) -> float:
    """Return the people of the whole study area within the circle of a service, at the stated pace."""
    area = zones.index[zones["level"] == "area"]
    whole = (
        (circle["service"] == service) & (circle["measure"] == "network") & circle["kind"].isin(["", None])
    )
    return _sum(circle.loc[whole & circle["zone_id"].isin(area), "covered"])


def _gaps(found: SitingResult, counts: _Counted, services: Mapping[str, Service]) -> list[dict[str, Any]]:
    """Return what is left of the shortfalls of a question's rules, by unit: only those are what its sizes are for."""
    question, rows = found.question, []
    if not question.rules:
        return []
    own = counts.table[counts.table["rule_id"].isin(question.rules)]
    last = found.unmet[found.unmet["phase"] == question.phases[-1].by]
    for unit in dict.fromkeys(own["unit_before"].dropna()):
        was, now = (counts.shortfall(question.rules, unit, end) for end in ("before", "after"))
        model = float(last.loc[last["unit"] == unit, "gap"].sum()) if found.answer.steps else np.nan
        rows.append(
            _figure(
                question,
                "gap",
                str(unit),
                str(unit),
                was,
                model,
                now,
                _gap_reason(found, services, model, now),
            )
        )
    return rows


def _gap_reason(found: SitingResult, services: Mapping[str, Service], model: float, judged: float) -> str:
    question = found.question
    if not differs(model, judged):
        return ""
    if any(question.minutes(services[name]) != services[name].walk_minutes for name in question.services):
        return "walk_minutes"
    if question.mode == "located":
        return "located"
    return "min_reach_share" if question.min_reach_share > 0 else "other"


def _need_met(
    found: SitingResult, before: pd.DataFrame, after: pd.DataFrame, zones: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the need met, each bed given out once, of a question that gives them out."""
    question = found.question
    if question.ask != "capacity" or not found.answer.steps:
        return []
    area = zones.index[zones["level"] == "area"]
    service = question.services[0]
    was, now = (
        _sum(table.loc[(table["service"] == service) & table["zone_id"].isin(area), "served_low"])
        for table in (before, after)
    )
    model = found.answer.recount / found.per
    reason = "own_people" if differs(model, now) else ""
    return [_figure(question, "served", service, found.unit, was, model, now, reason)]


def _figure(
    question: Question, measure: str, subject: str, unit: str, before: float, model: float, judged: float, reason: str
) -> dict[str, Any]:  # fmt: skip
    return {
        "question": question.name, "measure": measure, "subject": subject, "unit": unit, "before": before, "model": model,
        "judged": judged, "reason": reason,
    }  # fmt: skip
