"""The card of a zone: every rule once, figures and advice those of flags and gap list, its kinds of flags in a line."""

import dataclasses

import pandas as pd
import pytest

from geoplan.report.content.names import Names
from geoplan.report.content.shortfalls import clause_states
from geoplan.report.content.table import Coded, cell_text
from geoplan.report.content.zone_rules import zone_rules
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_interval, format_number


@pytest.fixture(scope="module")
def own(outcome):
    return zone_rules(outcome)


def cells(own, zone):
    keys = [column.key for column in own.table.columns]
    return [dict(zip(keys, row, strict=True)) for at, row in zip(own.zones, own.table.rows, strict=True) if at == zone]  # fmt: skip


def test_a_flag_stands_once_with_the_figures_of_flags_and_gap_list(outcome, own):
    listed = outcome.gap_list[outcome.gap_list["part"] == "flag"].set_index(["rule_id", "zone_id"])
    assert len(listed)
    for (rule, zone), gap in listed.iterrows():
        name, form = Names(outcome).rule(rule), outcome.rules.loc[rule, "format"]
        found = [row for row in cells(own, zone) if row["indicator"] == name]
        assert len(found) == 1
        row = {key: cell_text(cell, "zh") for key, cell in found[0].items()}
        assert row["actual"] == format_interval(gap["actual_low"], gap["actual_high"], form)
        assert (row["shortfall"], row["measure"], row["priority"]) == (
            format_number(gap["shortfall"], "count"),
            gap["measures"],
            "" if pd.isna(gap["priority"]) else f"{gap['priority']:.0f}",
        )
        assert row["zone_result"] == phrase(f"grade_{gap['grade']}", "zh")


def test_what_falls_short_stands_first_and_what_does_not_has_no_gap(outcome, own):
    for zone in dict.fromkeys(own.zones):
        rows = cells(own, zone)
        short = [row["flag_kind"] is not None for row in rows]
        assert short == sorted(short, reverse=True)
        assert all(row["shortfall"] is None for row in rows if isinstance(row["zone_result"], Coded) and row["zone_result"].code in ("not_flagged", "unknown"))  # fmt: skip


def test_the_head_counts_clause_and_measured_flags_apart(outcome, own):
    states = clause_states(outcome, "community")
    measured = outcome.flags[outcome.flags["flag_kind"] == "measured"]
    for zone, head in own.heads.items():
        if not zone.startswith("community"):
            continue
        clauses = sum(state is True for state in states.get(zone, ()))
        by_measure = int(measured.loc[measured["zone_id"] == zone, "flagged"].fillna(value=False).sum())
        assert (f"条文短板 {clauses} 项" in head) == (clauses > 0)
        assert (f"测算短板 {by_measure} 项" in head) == (by_measure > 0)


def test_a_zone_that_cannot_be_told_is_not_called_free_of_flags(outcome):
    flags = outcome.flags.assign(state="unknown", flagged=pd.array([pd.NA] * len(outcome.flags), "boolean"))
    blind = dataclasses.replace(outcome, flags=flags, members=outcome.members.iloc[:0])
    assert set(zone_rules(blind).heads.values())
    assert all("非短板" not in head and "数据不足" in head for head in zone_rules(blind).heads.values())


def test_without_flags_members_and_gap_list_there_are_no_rows(outcome):
    bare = {key: getattr(outcome, key).iloc[:0] for key in ("flags", "members", "gap_list", "findings")}
    assert zone_rules(dataclasses.replace(outcome, **bare)).zones == ()
