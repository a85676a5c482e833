"""All that every rule says of each zone, for its card: value, standard, gap, grade, cause, advice, priority; and its kinds of flags in a line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geoplan.report.content.build import table_of
from geoplan.report.content.gaps import grade_cell, kind_cell, net_cell
from geoplan.report.content.members import member_target, state_of, value_of
from geoplan.report.content.names import Names, empty, rows_of, text
from geoplan.report.content.shortfalls import clause_states, flag_state
from geoplan.report.content.table import Amount, Cell, Coded, Table, Tally, unit_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label
from geoplan.words.numbers import format_exact, missing

_KEYS = (
    "indicator", "zone_result", "actual", "target", "shortfall", "net_shortfall", "unit", "priority", "flag_kind", "cause", "measure",
    "clause",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ZoneRules:
    """What the rules say of zones.

    Parameters
    ----------
    table
        A row a zone and rule, n rows: of each zone what falls short stands first, then in the rules' order.
    zones
        Zone of each row, n of them.
    heads
        Zone -> its kinds of flags in a line: ``条文短板 1 项、测算短板 2 项``.
    """

    table: Table
    zones: tuple[str, ...]
    heads: Mapping[str, str]


def zone_rules(outcome: Outcome) -> ZoneRules:
    """Return the flags of every rule, and what each zone has as a member that a finding counts; a rule stands once for a zone.

    What is short, what to do and the priority are those of the gap list. A flag for reference is in no gap list and has none.
    """
    names, lang = Names(outcome), outcome.lang
    gaps = {
        (row["rule_id"], row["member_id"] if row["part"] == "member" else row["zone_id"]): row
        for row in rows_of(outcome.gap_list)
        if row["part"] in ("flag", "member")
    }
    order = {zone: place for place, zone in enumerate(outcome.zones.index)}
    rows: dict[tuple[str, str], tuple[tuple[int, bool], dict[str, Cell]]] = {}
    for row in rows_of(outcome.flags):
        key = row["rule_id"], row["zone_id"]
        short = row["state"] == "flagged" and row["flag_kind"] != "reference"
        rows[key] = (order[row["zone_id"]], not short), _flag_cells(names, row, gaps.get(key, {}))
    findings = {(row["rule_id"], row["zone_id"]): row for row in rows_of(outcome.findings)}
    for row in [] if empty(outcome.members) else rows_of(outcome.members):
        key, finding = (row["rule_id"], row["member_id"]), findings.get((row["rule_id"], row["zone_id"]))
        if finding is None or row["member_id"] not in order or key in rows:
            continue
        lacks = state_of(row).code == "has_not"
        rows[key] = (
            (order[row["member_id"]], not lacks),
            _member_cells(names, row, finding, gaps.get(key, {})),
        )
    found = sorted(rows.items(), key=lambda item: item[1][0])
    table = table_of("zone_rules", lang, _KEYS, [cells for _, (_, cells) in found], frozen=1)
    return ZoneRules(table, tuple(zone for (_, zone), _ in found), _heads(outcome))


def _flag_cells(names: Names, row: Mapping[str, Any], gap: Mapping[str, Any]) -> dict[str, Cell]:
    lang, rule, form = names.lang, str(row["rule_id"]), names.format(str(row["rule_id"]))
    end = "located" if row["by_located"] else "reachable"
    short = row["state"] == "flagged"
    required = f"≥{format_exact(row['required'], form)}" if not missing(row["required"]) else ""
    return {
        "indicator": names.rule(rule),
        "zone_result": grade_cell(row["grade"], lang) or flag_state(row),
        "flag_kind": kind_cell(row["flag_kind"], lang) if short else None,
        "actual": Amount.between(row[f"{end}_low"], row[f"{end}_high"], form),
        "target": required,
        "shortfall": Amount.of(row["shortfall"], "count") if short else None,
        "unit": unit_cell(row["unit"], lang) if short else None,
        "cause": Coded.of(row["cause"]) if short else None,
        "clause": names.clause(rule),
        **_advice(gap),
    }


def _member_cells(
    names: Names, row: Mapping[str, Any], finding: Mapping[str, Any], gap: Mapping[str, Any]
) -> dict[str, Cell]:
    lang, rule = names.lang, str(row["rule_id"])
    return {
        "indicator": names.rule(rule),
        "zone_result": state_of(row),
        "flag_kind": kind_cell("clause", lang) if state_of(row).code == "has_not" else None,
        "actual": value_of(names, row),
        "target": member_target(names, rule, finding),
        "shortfall": Amount.of(gap.get("shortfall"), "count"),
        "unit": unit_cell(gap.get("unit"), lang),
        "cause": Coded.of(row["cause"]),
        "clause": names.clause(rule),
        **_advice(gap),
    }


def _advice(gap: Mapping[str, Any]) -> dict[str, Cell]:
    """Return what the gap list adds: what projects leave of the gap, what to do, and the priority; nothing where it has no row."""
    if not gap:
        return dict.fromkeys(("net_shortfall", "measure", "priority"))
    return {
        "net_shortfall": net_cell(gap),
        "measure": text(gap["measures"]),
        "priority": Amount.of(gap["priority"], "count"),
    }


def _heads(outcome: Outcome) -> dict[str, str]:
    lang, flags = outcome.lang, outcome.flags
    measured = {
        str(zone): Tally.of(own)
        for zone, own in flags[flags["flag_kind"] == "measured"].groupby("zone_id", sort=False)["flagged"]
    }
    clauses = {
        zone: Tally.of(states)
        for level in outcome.zones["level"].unique()
        for zone, states in clause_states(outcome, level).items()
    }
    heads = {}
    for zone in outcome.zones.index:
        tallies = {"clause": clauses.get(zone), "measured": measured.get(zone)}
        told = {kind: tally for kind, tally in tallies.items() if tally is not None}
        parts = [
            phrase(f"zone_rules_{kind}", lang, count=tally.count)
            for kind, tally in told.items()
            if tally.count
        ]
        no_data = sum(tally.no_data for tally in told.values())
        if not parts and any(tally.judged for tally in told.values()):
            parts.append(label("not_flagged", lang))
        if no_data:
            parts.append(phrase("zone_rules_no_data", lang, count=no_data))
        if parts:
            heads[str(zone)] = phrase("join_items", lang).join(parts)
    return heads
