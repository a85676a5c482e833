"""Two results side by side (方案比选): what changes for people, for the plan's verdicts and for the gaps.

Rows of the two results are matched by their keys (zone_id, rule_id, facility_id); nothing is measured again. What cannot be
compared as it stands (another year, other people, another pace) is said in the notes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.tables import Outcome
from geoplan.words.errors import Note

#: Columns of the comparison's tables; ``_before`` and ``_after`` are NaN where only one result has the row.
PEOPLE = (
    "service", "measure", "zone_id", "level", "group", "people_before", "people_after", "covered_before",
    "covered_after", "covered_change", "outside_before", "outside_after", "share_before", "share_after",
    "share_change",
)  # fmt: skip
VERDICTS = (
    "rule_id", "zone_id", "level", "change", "verdict_before", "verdict_after", "actual_low_before",
    "actual_high_before", "actual_low_after", "actual_high_after", "required_before", "required_after",
    "shortfall_before", "shortfall_after", "shortfall_change", "unit",
)  # fmt: skip
GAPS = (
    "rule_id", "zone_id", "level", "change", "flagged_before", "flagged_after", "shortfall_before",
    "shortfall_after", "shortfall_change", "unit", "people_affected_before", "people_affected_after",
)  # fmt: skip
TOTALS = (
    "unit", "rule_id", "level", "zones", "flagged_before", "flagged_after", "shortfall_before", "shortfall_after",
    "shortfall_change", "people_affected_before", "people_affected_after", "unknown_before", "unknown_after",
)  # fmt: skip
FACILITIES = ("facility_id", "name", "services", "change", "supply", "before", "after")

#: How a verdict may change, a closed list: met now and not before, met before and no longer, neither, otherwise, or
#: judged in one result only.
VERDICT_CHANGES = ("won", "lost", "same", "other", "only_before", "only_after")
#: How a flag may change: short no longer, short now, as before, otherwise (unknown before or after), in one result only.
FLAG_CHANGES = ("gone", "new", "same", "other", "only_before", "only_after")
#: How a facility may change.
FACILITY_CHANGES = ("opened", "closed", "larger", "smaller", "other")

#: Figures that differ by less stand for the same figure.
HAIR = 1e-6


@dataclass(frozen=True, repr=False)
class Comparison:
    """What differs between two results.

    Parameters
    ----------
    before, after
        The two results.
    people
        People in the circle by service, measure and zone of every level (`PEOPLE`).
    verdicts
        Findings at each rule's own level (`VERDICTS`), with the shortfall in the unit in which one builds.
    gaps
        Flags of communities and towns (`GAPS`).
    totals
        The flags' gaps summed by unit, rule and level (`TOTALS`), over the zones that can be told; the change is NaN where a
        zone can be told in one result only. Rules of two plans may ask for the same bed twice, so that rules are never
        summed.
    facilities
        Facilities that count in one result only, or whose supply differs (`FACILITIES`).
    notes
        What makes the two results differ beside the scenario.
    """

    before: Outcome
    after: Outcome
    people: pd.DataFrame
    verdicts: pd.DataFrame
    gaps: pd.DataFrame
    totals: pd.DataFrame
    facilities: pd.DataFrame
    notes: tuple[Note, ...]

    @property
    def lang(self) -> str:
        """Language in which the comparison is printed: that of the second result."""
        return self.after.lang

    def names(self) -> tuple[str, str]:
        """Return what each result is called: a scenario by its own name, and the year where names do not tell them apart."""
        one, other = self.before.name, self.after.name
        if other.startswith(f"{one} · "):
            return one, other.removeprefix(f"{one} · ")
        if one != other:
            return one, other
        if self.before.year != self.after.year:
            return f"{one} {self.before.year}", f"{other} {self.after.year}"
        return f"{one} (1)", f"{other} (2)"

    def titled(self) -> Outcome:
        """Return the second result under the name of both, for heads and feet of pages."""
        synthetic = self.before.synthetic or self.after.synthetic
        return replace(self.after, name=" → ".join(self.names()), synthetic=synthetic)


def compare(before: Outcome, after: Outcome) -> Comparison:
    """Return what differs from `before` to `after`.

    Parameters
    ----------
    before, after
        Two results, e.g. of a study and of a scenario on it, or of two years.

    Returns
    -------
    comparison
        Tables in the order of the second result's zones and rules, what only the first has behind.
    """
    levels = after.zones["level"].to_dict() | before.zones["level"].to_dict()
    gaps = _gaps(before, after, levels)
    return Comparison(
        before=before,
        after=after,
        people=_people(before, after, levels),
        verdicts=_verdicts(before, after, levels),
        gaps=gaps,
        totals=_totals(gaps),
        facilities=_facilities(before, after),
        notes=tuple(_notes(before, after)),
    )


def _matched(
    before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str], values: Sequence[str]
) -> pd.DataFrame:
    """Return the rows of both tables by `keys`, each value ``_before`` and ``_after``; ``side``: both, before or after."""
    tables = [table.reindex(columns=[*keys, *values]) for table in (before, after)]
    one, other = tables[0], tables[1]
    joined = other.merge(one, on=list(keys), how="outer", suffixes=("_after", "_before"), indicator="side")
    order = pd.concat([other[list(keys)], one[list(keys)]]).drop_duplicates(ignore_index=True)
    ordered = order.merge(joined, on=list(keys), how="left")
    sides = {"both": "both", "left_only": "after", "right_only": "before"}
    return ordered.assign(side=ordered["side"].astype(str).map(sides))


def _people(before: Outcome, after: Outcome, levels: Mapping[str, str]) -> pd.DataFrame:
    whole = [o.circle[o.circle["kind"].fillna("") == ""] for o in (before, after)]
    table = _matched(
        whole[0],
        whole[1],
        ["service", "measure", "zone_id"],
        ["group", "people", "covered", "outside", "share"],
    )
    table["level"] = table["zone_id"].map(levels)
    table["group"] = table["group_after"].where(table["group_after"].notna(), table["group_before"])
    for name in ("covered", "share"):
        table[f"{name}_change"] = _difference(table[f"{name}_before"], table[f"{name}_after"])
    return table[list(PEOPLE)]


def _difference(before: pd.Series, after: pd.Series) -> pd.Series:
    """Return after - before; differences that only rounding makes are none."""
    change = after.astype(float) - before.astype(float)
    return change.mask(change.abs() <= HAIR, 0.0)


def _verdicts(before: Outcome, after: Outcome, levels: Mapping[str, str]) -> pd.DataFrame:
    table = _matched(
        before.findings,
        after.findings,
        ["rule_id", "zone_id"],
        ["verdict", "actual_low", "actual_high", "required", "shortfall", "unit"],
    )
    # a finding that is met falls short by nothing; one that is not judged, by nobody knows what
    for side in ("before", "after"):
        met = table[f"verdict_{side}"] == "met"
        table[f"shortfall_{side}"] = table[f"shortfall_{side}"].astype(float).mask(met, 0.0)
    table["level"] = table["zone_id"].map(levels)
    table["change"] = [
        _verdict_change(side, one, other)
        for side, one, other in zip(
            table["side"], table["verdict_before"], table["verdict_after"], strict=True
        )
    ]
    table["shortfall_change"] = _difference(table["shortfall_before"], table["shortfall_after"])
    table["unit"] = table["unit_after"].where(table["unit_after"].notna(), table["unit_before"])
    return table[list(VERDICTS)]


def _verdict_change(side: str, before: str, after: str) -> str:
    """Return how a verdict changes, one of `VERDICT_CHANGES`.

    Examples
    --------
    >>> _verdict_change("both", "not_met", "met"), _verdict_change("both", "no_data", "not_met")
    ('won', 'other')
    """
    if side != "both":
        return f"only_{side}"
    if before == after:
        return "same"
    judged = ("not_met", "no_data")
    if after == "met" and before in judged:
        return "won"
    return "lost" if before == "met" and after in judged else "other"


def _gaps(before: Outcome, after: Outcome, levels: Mapping[str, str]) -> pd.DataFrame:
    table = _matched(
        before.flags,
        after.flags,
        ["rule_id", "zone_id"],
        ["flagged", "shortfall", "unit", "people_affected"],
    )
    table["level"] = table["zone_id"].map(levels)
    for side in ("before", "after"):
        table[f"flagged_{side}"] = table[f"flagged_{side}"].astype("boolean")
    table["change"] = [
        _flag_change(side, one, other)
        for side, one, other in zip(
            table["side"], table["flagged_before"], table["flagged_after"], strict=True
        )
    ]
    table["shortfall_change"] = _difference(table["shortfall_before"], table["shortfall_after"])
    table["unit"] = table["unit_after"].where(table["unit_after"].notna(), table["unit_before"])
    return table[list(GAPS)]


def _flag_change(side: str, before: object, after: object) -> str:
    if side != "both":
        return f"only_{side}"
    if before is pd.NA or after is pd.NA:
        return "same" if before is after else "other"
    return "same" if bool(before) == bool(after) else "new" if after else "gone"


def _totals(gaps: pd.DataFrame) -> pd.DataFrame:
    """Return the gaps of flagged zones summed by unit, rule and level, a surplus not offsetting a neighbour."""
    rows = []
    for (unit, rule, level), own in gaps.groupby(["unit", "rule_id", "level"], sort=False):
        row: dict[str, object] = {"unit": unit, "rule_id": rule, "level": level, "zones": len(own)}
        for side in ("before", "after"):
            flagged = own[f"flagged_{side}"].fillna(value=False).astype(bool)
            row[f"flagged_{side}"] = int(flagged.sum())
            row[f"unknown_{side}"] = int(own[f"flagged_{side}"].isna().sum())
            row[f"shortfall_{side}"] = float(own.loc[flagged, f"shortfall_{side}"].sum())
            row[f"people_affected_{side}"] = float(own.loc[flagged, f"people_affected_{side}"].sum())
        # what is known on one side only is no change: unknown is never zero
        one_sided = own["flagged_before"].isna() != own["flagged_after"].isna()
        row["shortfall_change"] = np.nan if one_sided.any() else float(own["shortfall_change"].sum())
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(TOTALS))
    order = {unit: place for place, unit in enumerate(dict.fromkeys(table["unit"]))}
    return table.sort_values("unit", key=lambda units: units.map(order), kind="stable", ignore_index=True)


def _facilities(before: Outcome, after: Outcome) -> pd.DataFrame:
    """Return a row a facility that opens or closes, and a row a supply that grows or shrinks."""
    one, other = before.facilities, after.facilities
    amounts = [
        o.supplies.groupby(["facility_id", "supply"], sort=False)[["low", "high"]].sum()
        for o in (before, after)
    ]
    rows = []
    for facility_id in [*other.index, *one.index.difference(other.index, sort=False)]:
        table = other if facility_id in other.index else one
        told = {
            "facility_id": facility_id,
            "name": table.loc[facility_id, "name"],
            "services": table.loc[facility_id, "services"],
        }
        if facility_id not in one.index or facility_id not in other.index:
            change = "opened" if facility_id in other.index else "closed"
            rows.append(told | {"change": change, "supply": "", "before": None, "after": None})
            continue
        ends = [_of(amount, facility_id) for amount in amounts]
        for supply in dict.fromkeys([*ends[1], *ends[0]]):
            was, now = (end.get(supply) for end in ends)
            if was != now:
                rows.append(
                    told | {"change": _size_change(was, now), "supply": supply, "before": was, "after": now}
                )
    return pd.DataFrame(rows, columns=list(FACILITIES))


def _of(amounts: pd.DataFrame, facility_id: str) -> dict[str, tuple[float, float]]:
    if facility_id not in amounts.index.get_level_values(0):
        return {}
    own = amounts.loc[[facility_id]]
    return {
        str(supply): (float(low), float(high))
        for (_, supply), low, high in zip(own.index, own["low"], own["high"], strict=True)
    }


def _size_change(before: tuple[float, float] | None, after: tuple[float, float] | None) -> str:
    one, other = before or (0.0, 0.0), after or (0.0, 0.0)
    if other[0] >= one[0] and other[1] >= one[1]:
        return "larger"
    return "smaller" if other[0] <= one[0] and other[1] <= one[1] else "other"


def _notes(before: Outcome, after: Outcome) -> Iterable[Note]:
    if before.year != after.year:
        yield Note.of("compare_year", before=before.year, after=after.year, severity="info")
    zones = [set(o.zones.index) for o in (before, after)]
    if zones[0] != zones[1]:
        counts: dict[str, Any] = {"gone": len(zones[0] - zones[1]), "new": len(zones[1] - zones[0])}
        yield Note.of("compare_zones", **counts)
    for group in after.groups.index.intersection(before.groups.index):
        one, other = (float(o.groups["total"][group]) for o in (before, after))
        if not np.isclose(one, other, rtol=0, atol=0.5):
            told_group = look.label(group, after.lang)
            values: dict[str, Any] = {"group": told_group, "before": f"{one:,.0f}", "after": f"{other:,.0f}"}
            yield Note.of("compare_people", **values)
    for service in after.services:
        if service not in before.services:
            continue
        terms = [o.services[service] for o in (before, after)]
        name = look.service_label(after.services, service, after.lang)
        for pair, unit in (([t.walk_minutes for t in terms], "min"), ([t.walk_kmh for t in terms], "km/h")):
            if pair[0] != pair[1]:
                told = [f"{value:g} {unit}" for value in pair]
                yield Note.of("compare_pace", service=name, before=told[0], after=told[1], severity="info")
    rules = [set(o.rules.index) for o in (before, after)]
    if rules[0] != rules[1]:
        counts = {"gone": len(rules[0] - rules[1]), "new": len(rules[1] - rules[0])}
        yield Note.of("compare_rules", severity="info", **counts)
