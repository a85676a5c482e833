"""Two results side by side (方案比选): what changes for people, for the plan's verdicts and for the gaps, and the tables of it.

Rows of the two results are matched by their keys (zone_id, rule_id, facility_id); nothing is measured again. What cannot be
compared as it stands (another year, other people, another pace) is said in the notes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.report.content.build import table_of
from geoplan.report.content.findings import target_of
from geoplan.report.content.names import Names, present, rows_of, text, whole_zones
from geoplan.report.content.projects import facility_types
from geoplan.report.content.table import (
    Amount,
    Cell,
    Coded,
    Column,
    Depth,
    Table,
    Tally,
    column,
    gap_cell,
    unit_cell,
)
from geoplan.report.content.titles import measure_label
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note
from geoplan.words.labels import amount_format, heading, label
from geoplan.words.numbers import change_format, format_number

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
    "rule_id", "zone_id", "level", "change", "flagged_before", "flagged_after", "state_before", "state_after", "shortfall_before",
    "shortfall_after", "shortfall_change", "unit", "affected_group", "people_affected_before", "people_affected_after",
)  # fmt: skip
TOTALS = (
    "unit", "rule_id", "level", "zones", "flagged_before", "flagged_after", "shortfall_before", "shortfall_after",
    "shortfall_change", "affected_group", "people_affected_before", "people_affected_after", "unknown_before", "unknown_after",
)  # fmt: skip
FACILITIES = ("facility_id", "name", "services", "change", "supply", "before", "after")

#: How a verdict may change, a closed list: met now and not before, met before and no longer, neither, otherwise, or
#: judged in one result only.
VERDICT_CHANGES = ("won", "lost", "same", "other", "only_before", "only_after")
#: How a flag may change: short no longer, short now, as before, otherwise (unknown before or after), in one result only.
FLAG_CHANGES = ("gone", "new", "same", "other", "only_before", "only_after")
#: Figures that differ by less stand for the same figure.
ROUNDING_TOLERANCE = 1e-6
#: Levels whose gaps the tables list, as an office works by them.
LEVELS = ("area", "district", "town", "community")
#: People who come in or fall out are listed from this many on; less is rounding of paces and places.
LEAST_PEOPLE = 0.5
#: Changes of verdicts in the order in which they are listed: what changes first.
_LISTED = (*(change for change in VERDICT_CHANGES if change != "same"), "same")


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
    before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str], values: Sequence[str], levels: Mapping[str, str]
) -> pd.DataFrame:  # fmt: skip
    """Return the rows of both tables by `keys`, each value ``_before`` and ``_after``; ``side``: both, before or after.

    Beside them stand the zone's level, and the unit or group that either table says, the second one first.
    """
    tables = [table.reindex(columns=[*keys, *values]) for table in (before, after)]
    one, other = tables[0], tables[1]
    joined = other.merge(one, on=list(keys), how="outer", suffixes=("_after", "_before"), indicator="side")
    order = pd.concat([other[list(keys)], one[list(keys)]]).drop_duplicates(ignore_index=True)
    ordered = order.merge(joined, on=list(keys), how="left")
    sides = {"both": "both", "left_only": "after", "right_only": "before"}
    for name in {"unit", "group", "affected_group"}.intersection(values):
        ordered[name] = ordered[f"{name}_after"].where(
            ordered[f"{name}_after"].notna(), ordered[f"{name}_before"]
        )
    return ordered.assign(side=ordered["side"].astype(str).map(sides), level=ordered["zone_id"].map(levels))


def _with_changes(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return a table with after - before of some values; differences that only rounding makes are none."""
    for name in names:
        change = table[f"{name}_after"].astype(float) - table[f"{name}_before"].astype(float)
        table[f"{name}_change"] = change.mask(change.abs() <= ROUNDING_TOLERANCE, 0.0)
    return table


def _people(before: Outcome, after: Outcome, levels: Mapping[str, str]) -> pd.DataFrame:
    keys, values = ("service", "measure", "zone_id"), ("group", "people", "covered", "outside", "share")
    table = _matched(whole_zones(before), whole_zones(after), keys, values, levels)
    return _with_changes(table, "covered", "share")[list(PEOPLE)]


def _verdicts(before: Outcome, after: Outcome, levels: Mapping[str, str]) -> pd.DataFrame:
    values = ("verdict", "actual_low", "actual_high", "required", "shortfall", "unit")
    table = _matched(before.findings, after.findings, ("rule_id", "zone_id"), values, levels)
    # a finding that is met falls short by nothing; one that is not judged, by nobody knows what
    for side in ("before", "after"):
        met = table[f"verdict_{side}"] == "met"
        table[f"shortfall_{side}"] = table[f"shortfall_{side}"].astype(float).mask(met, 0.0)
    ends = (table[name] for name in ("side", "verdict_before", "verdict_after"))
    table["change"] = [_verdict_change(*row) for row in zip(*ends, strict=True)]
    return _with_changes(table, "shortfall")[list(VERDICTS)]


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
    values = ("flagged", "state", "shortfall", "unit", "affected_group", "people_affected")
    # what is measured for reference only is no flag
    was, now = (o.flags[o.flags["flag_kind"] != "reference"] for o in (before, after))
    table = _matched(was, now, ("rule_id", "zone_id"), values, levels)
    for side in ("before", "after"):
        table[f"flagged_{side}"] = table[f"flagged_{side}"].astype("boolean")
    ends = (table[name] for name in ("side", "flagged_before", "flagged_after"))
    table["change"] = [_flag_change(*row) for row in zip(*ends, strict=True)]
    return _with_changes(table, "shortfall")[list(GAPS)]


def _flag_change(side: str, before: object, after: object) -> str:
    if side != "both":
        return f"only_{side}"
    if before is pd.NA or after is pd.NA:
        return "same" if before is after else "other"
    return "same" if bool(before) == bool(after) else "new" if after else "gone"


def _totals(gaps: pd.DataFrame) -> pd.DataFrame:
    """Return the gaps of flagged zones summed by unit, rule and level, a surplus not offsetting a neighbour."""
    rows = []
    for (unit_code, rule, level), own in gaps.groupby(["unit", "rule_id", "level"], sort=False):
        row: dict[str, object] = {
            "unit": unit_code,
            "rule_id": rule,
            "level": level,
            "zones": len(own),
            "affected_group": own["affected_group"].iloc[0],
        }
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
    order = {code: place for place, code in enumerate(dict.fromkeys(table["unit"]))}
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
            people = [format_number(total, "count") for total in (one, other)]
            values: dict[str, Any] = dict(zip(("before", "after"), people, strict=True))
            yield Note.of("compare_people", group=label(group, after.lang), **values)
    for name, service in after.services.items():
        was = before.services.get(name)
        if was is None:
            continue
        for key, unit_word in (("walk_minutes", "min"), ("walk_kmh", "km/h")):
            ends = [getattr(one, key) for one in (was, service)]
            if ends[0] != ends[1]:
                shown = [f"{end:g} {unit_word}" for end in ends]
                yield Note.of(
                    "compare_pace", service=service.label(after.lang), before=shown[0], after=shown[1], severity="info"
                )  # fmt: skip
    rules = [set(o.rules.index) for o in (before, after)]
    if rules[0] != rules[1]:
        counts = {"gone": len(rules[0] - rules[1]), "new": len(rules[1] - rules[0])}
        yield Note.of("compare_rules", severity="info", **counts)


# --- tables ---------------------------------------------------------------------------------------------------------


class ComparisonNames:
    """Names of zones, rules and services of both results, the second's first."""

    def __init__(self, comparison: Comparison) -> None:
        self.lang = comparison.lang
        self.after, self.before = Names(comparison.after), Names(comparison.before)
        self._zones, self._rules = comparison.after.zones.index, comparison.after.rules.index
        self._services = (comparison.before.services, comparison.after.services)

    def of_zone(self, zone_id: str) -> Names:
        """Return the names of the result that has the zone."""
        return self.after if zone_id in self._zones else self.before

    def of_rule(self, rule_id: str) -> Names:
        """Return the names of the result that has the rule."""
        return self.after if rule_id in self._rules else self.before

    def zone_cells(self, zone_id: str) -> tuple[Cell, ...]:
        """Return town (or district), name, code and level of a zone: the cells of `_ZONE`."""
        names = self.of_zone(zone_id)
        above = names.above(zone_id, "town") or names.above(zone_id, "district")
        level = names.level(zone_id)
        return (
            above,
            names.zone(zone_id),
            names.code(zone_id),
            Coded(level, label(f"brief_{level}", self.lang)),
        )

    def rule(self, rule_id: str) -> str:
        """Return an indicator's name."""
        return self.of_rule(rule_id).rule(rule_id)

    def format(self, rule_id: str) -> str:
        """Return the number format of a rule's values."""
        return self.of_rule(rule_id).format(rule_id)

    def service(self, service: str) -> str:
        """Return a service's name."""
        known = [services[service] for services in self._services if service in services]
        return known[-1].label(self.lang)

    def measure(self, service: str, measure: str) -> str:
        """Return a circle's measure with its pace and minutes, both where the results differ in them."""
        known = [services[service] for services in self._services if service in services]
        return " → ".join(dict.fromkeys(measure_label(one, measure, self.lang) for one in known))


_ZONE = ("upper_zone", "zone", "zone_code", "level")
_PEOPLE = (
    "people", "covered_before", "covered_after", "covered_change", "share_before", "share_after", "share_change",
)  # fmt: skip


def _columns(keys: Iterable[str], lang: str, *, always: Iterable[str] = ()) -> list[str | Column]:
    """Return columns; those of `always` stand in every product, since rows are not told apart without them."""
    before, after = (phrase(f"compare_{side}", lang) for side in ("before", "after"))
    depth: dict[str, Depth] = dict.fromkeys(always, 1)
    return [column(key, lang, depth=depth.get(key), before=before, after=after) for key in keys]


def _change(change: object, lang: str) -> Coded:
    return Coded(str(change), phrase(f"compare_change_{change}", lang))


def _head(comparison: Comparison) -> tuple[str, ...]:
    one, other = comparison.names()
    lines = phrase("compare_note_names", comparison.lang, before=one, after=other)
    return (lines, *(note.text(comparison.lang) for note in comparison.notes))


def comparison_pages(comparison: Comparison) -> tuple[Table, ...]:
    """Return the tables of ``compare.xlsx``, a tab each with those below it: the conclusion first."""
    first, *others = overview_tables(comparison)
    title, notes = phrase("compare_sheet_overview", comparison.lang), _head(comparison)
    return (
        replace(first, page=title, below=tuple(others), notes=(*notes, *first.notes)),
        replace(verdicts_table(comparison), notes=notes),
        replace(gaps_table(comparison), notes=notes),
        replace(people_table(comparison), notes=notes),
    )


def overview_tables(comparison: Comparison) -> tuple[Table, ...]:
    """Return what changes: people in all, facilities, verdicts, gaps by unit."""
    return (
        area_table(comparison), facilities_table(comparison), changed_verdicts_table(comparison), totals_table(comparison),
    )  # fmt: skip


def area_table(comparison: Comparison) -> Table:
    """Return people in the circle of the whole area, by every measure."""
    lang, names, table = comparison.lang, ComparisonNames(comparison), comparison.people
    rows = [
        [_service(names, row["service"]), names.measure(row["service"], row["measure"]), *_people_cells(row)]
        for row in rows_of(table[table["level"] == "area"])
    ]
    columns, title = (
        _columns(("service", "circle_measure", *_PEOPLE), lang),
        phrase("compare_people_heading", lang),
    )
    return table_of("compare_area", lang, columns, rows, title=title)


def people_table(comparison: Comparison) -> Table:
    """Return people in the circle of every zone, as one walks it on the network."""
    lang, names, table = comparison.lang, ComparisonNames(comparison), comparison.people
    rows = [
        [*names.zone_cells(row["zone_id"]), _service(names, row["service"]), *_people_cells(row)]
        for row in rows_of(table[table["level"].isin(LEVELS) & (table["measure"] == "network")])
    ]
    columns, title = _columns((*_ZONE, "service", *_PEOPLE), lang), phrase("compare_sheet_people", lang)
    return table_of("compare_people", lang, columns, rows, title=title, frozen=2)


def _service(names: ComparisonNames, service: str) -> Coded:
    return Coded(service, names.service(service))


def _people_cells(row: Mapping[str, Any]) -> list[Cell]:
    people = row["people_after"] if present(row["people_after"]) else row["people_before"]
    return [
        Amount.of(people, "count"),
        *(Amount.of(row[f"covered_{side}"], "count") for side in ("before", "after")), Amount.of(row["covered_change"], "change"),
        *(Amount.of(row[f"share_{side}"], "percent") for side in ("before", "after")), Amount.of(row["share_change"], "points"),
    ]  # fmt: skip


def facilities_table(comparison: Comparison) -> Table:
    """Return the facilities that open, close, grow or shrink."""
    lang = comparison.lang
    rows: list[list[Cell]] = [
        [
            text(row["name"]), facility_types(row["services"], lang), str(row["facility_id"]), _change(row["change"], lang),
            Coded.of(row["supply"]), *(_supply(row[side]) for side in ("before", "after")),
        ]
        for row in rows_of(comparison.facilities)
    ]  # fmt: skip
    keys = ("name", "services", "facility_id", "change", "supply", "amount_before", "amount_after")
    title, none = phrase("compare_facilities", lang), phrase("compare_facilities_none", lang)
    return table_of("compare_facilities", lang, _columns(keys, lang), rows, title=title, empty=none)


def _supply(ends: object) -> Cell:
    """Return an amount; one of which nothing is known (0 to any) has no number."""
    if not isinstance(ends, tuple):
        return None
    return Coded("no_data") if ends == (0.0, np.inf) else Amount.between(ends[0], ends[1], "count")


_VERDICT = (
    "zone", "zone_code", "indicator", "change", "compared_verdict_before", "compared_verdict_after", "compared_actual_before",
    "compared_actual_after", "target_before", "target_after", "compared_gap_before", "compared_gap_after", "shortfall_change",
    "unit",
)  # fmt: skip


def verdicts_table(comparison: Comparison) -> Table:
    """Return a row a finding: verdicts, values, targets and gaps of both results, what changes first."""
    lang, names, table = comparison.lang, ComparisonNames(comparison), comparison.verdicts
    targets = [
        _targets(outcome, own)
        for outcome, own in ((comparison.before, names.before), (comparison.after, names.after))
    ]
    order = {change: place for place, change in enumerate(_LISTED)}
    ordered = table.sort_values("change", key=lambda changes: changes.map(order), kind="stable")
    rows: list[list[Cell]] = []
    for row in rows_of(ordered):
        form, zone = names.format(row["rule_id"]), row["zone_id"]
        rows.append([
            names.of_zone(zone).zone(zone), names.of_zone(zone).code(zone), names.rule(row["rule_id"]),
            _change(row["change"], lang),
            *(Coded.of(row[f"verdict_{side}"]) for side in ("before", "after")),
            *(
                Amount.between(row[f"actual_low_{side}"], row[f"actual_high_{side}"], form)
                for side in ("before", "after")
            ),
            *(target.get((row["rule_id"], zone), "") for target in targets),
            *(gap_cell(row[f"shortfall_{side}"], row["unit"]) for side in ("before", "after")),
            Amount.of(row["shortfall_change"], change_format(amount_format(row["unit"]))), unit_cell(row["unit"], lang),
        ])  # fmt: skip
    title = phrase("compare_sheet_verdicts", lang)
    return table_of("compare_verdicts", lang, _columns(_VERDICT, lang), rows, title=title, frozen=3)


def _targets(outcome: Outcome, names: Names) -> dict[tuple[str, str], str]:
    return {(row["rule_id"], row["zone_id"]): target_of(names, row) for row in rows_of(outcome.findings)}


def changed_verdicts_table(comparison: Comparison) -> Table:
    """Return the verdicts that change, and how many are won, lost and as before in its title."""
    lang, counts = comparison.lang, comparison.verdicts["change"].value_counts()
    whole = verdicts_table(comparison)
    shown = [change for change in VERDICT_CHANGES if change in counts.index or change in ("won", "lost")]
    sums = [f"{_change(change, lang).text(lang)} {counts.get(change, 0)}" for change in shown]
    title = phrase("compare_verdicts", lang, sums=phrase("join_comma", lang).join(sums))
    changed = whole.where("change", *(change for change in VERDICT_CHANGES if change != "same"))
    return replace(changed, key="compare_changes", title=title, empty=phrase("compare_verdicts_none", lang))


def totals_table(comparison: Comparison, *, moved: bool = False) -> Table:
    """Return the gaps by unit: one row an indicator and level, never summed over indicators; only those that change if `moved`."""
    lang, names, table = comparison.lang, ComparisonNames(comparison), comparison.totals
    rows: list[list[Cell]] = []
    for row in rows_of(table[table["shortfall_change"].ne(0)] if moved else table):
        tallies = [
            Tally(row[f"flagged_{side}"], row["zones"] - row[f"unknown_{side}"], row[f"unknown_{side}"])
            for side in ("before", "after")
        ]
        # where no zone could be judged, nothing is known of gaps and people
        known = {side: tally.judged > 0 for side, tally in zip(("before", "after"), tallies, strict=True)}
        rows.append([
            unit_cell(row["unit"], lang), names.rule(row["rule_id"]), Coded(row["level"], label(f"brief_{row['level']}", lang)),
            *tallies,
            *(Amount.of(row[f"shortfall_{side}"] if known[side] else None, "count") for side in known),
            Amount.of(row["shortfall_change"], "change"),
            *(Amount.of(row[f"people_affected_{side}"] if known[side] else None, "count") for side in known),
            names.of_rule(row["rule_id"]).affected(row["rule_id"], row["affected_group"]),
        ])  # fmt: skip
    keys = (
        "unit", "indicator", "level", "flagged_before", "flagged_after", "gross_before", "gross_after", "shortfall_change",
        "affected_before", "affected_after", "affected",
    )  # fmt: skip
    title, notes = phrase("compare_totals", lang), (phrase("compare_note_totals", lang),)
    columns = _columns(keys, lang, always=("level",))
    return table_of("compare_totals", lang, columns, rows, title=title, notes=notes)


def gaps_table(comparison: Comparison) -> Table:
    """Return gaps of every community and town that is or was short, or that cannot be told."""
    lang, names, table = comparison.lang, ComparisonNames(comparison), comparison.gaps
    short = [table[f"flagged_{side}"].fillna(value=True).astype(bool) for side in ("before", "after")]
    rows: list[list[Cell]] = [
        [
            *names.zone_cells(row["zone_id"]), names.rule(row["rule_id"]), _change(row["change"], lang),
            *(_gap(row, side) for side in ("before", "after")), Amount.of(row["shortfall_change"], "change"),
            unit_cell(row["unit"], lang), *(Amount.of(row[f"people_affected_{side}"], "count") for side in ("before", "after")),
            names.of_rule(row["rule_id"]).affected(row["rule_id"], row["affected_group"]),
        ]
        for row in rows_of(table[short[0] | short[1]])
    ]  # fmt: skip
    keys = (
        *_ZONE, "indicator", "change", "compared_gap_before", "compared_gap_after", "shortfall_change", "unit",
        "affected_before", "affected_after", "affected",
    )  # fmt: skip
    title = phrase("compare_sheet_gaps", lang)
    return table_of("compare_gaps", lang, _columns(keys, lang), rows, title=title, frozen=5)


def _gap(row: Mapping[str, Any], side: str) -> Cell:
    if row[f"state_{side}"] == "mean_met":
        return Coded("mean_met")
    if present(row[f"flagged_{side}"]):
        return Amount.of(row[f"shortfall_{side}"], "count")
    return Coded("no_data") if row["change"] in ("same", "other", f"only_{side}") else None


def long_table(comparison: Comparison) -> Table:
    """Return every figure as a row, for programs: what, service or indicator, zone, before, after, change, unit, verdicts."""
    lang, names = comparison.lang, ComparisonNames(comparison)
    rows: list[list[Cell]] = []

    def add(
        what: Coded, subject: Coded, row: Mapping[str, Any], number: str, unit_code: object, form: str
    ) -> None:
        rows.append([
            what, subject, *names.zone_cells(row["zone_id"]), str(row["zone_id"]),
            *(Amount.of(row[f"{number}_{side}"], form) for side in ("before", "after")),
            Amount.of(row[f"{number}_change"], change_format(form)), unit_cell(unit_code, lang),
            *(Coded.of(row.get(key)) for key in ("verdict_before", "verdict_after")),
            _change(row["change"], lang) if "change" in row else None,
        ])  # fmt: skip

    for row in rows_of(comparison.people):
        service, measure = row["service"], row["measure"]
        subject = Coded(f"{service}.{measure}", f"{names.service(service)} {names.measure(service, measure)}")
        add(Coded("covered", heading("covered", lang)), subject, row, "covered", "people", "count")
        add(Coded("share", heading("share", lang)), subject, row, "share", "share", "percent")
    gaps = Coded("flag_gap", phrase("compare_what_flag_gap", lang))
    for what, table in (
        (Coded("shortfall", heading("shortfall", lang)), comparison.verdicts),
        (gaps, comparison.gaps),
    ):
        for row in rows_of(table):
            subject = Coded(row["rule_id"], names.rule(row["rule_id"]))
            add(what, subject, row, "shortfall", row["unit"], amount_format(row["unit"]))
    keys = (
        "what_compared", "subject", *_ZONE, "zone_id", "value_before", "value_after", "value_change", "unit",
        "compared_verdict_before", "compared_verdict_after", "change",
    )  # fmt: skip
    return table_of("compare", lang, _columns(keys, lang), rows, title=phrase("compare_sheet_long", lang))
