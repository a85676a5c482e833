"""Outcomes that every output is written from: the whole one, and one in which much is not known."""

import dataclasses
import functools
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geoplan.report.content.findings import target_of
from geoplan.report.content.names import Names, rows_of
from geoplan.standards.gaps import gap_list


@functools.cache
def _fixture():
    path = Path(__file__).parents[1] / "outcome_fixture.py"
    spec = importlib.util.spec_from_file_location("same_outcome_fixture", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def _with_unknowns(outcome):
    """Return the outcome with one rule that nobody can judge, intervals, an open upper end, and caveats."""
    first, second, *_ = dict.fromkeys(outcome.flags["rule_id"])
    dark, wide = outcome.flags["rule_id"] == first, outcome.flags["rule_id"] == second
    flags = outcome.flags.assign(
        flagged=outcome.flags["flagged"].mask(dark, pd.NA), shortfall=outcome.flags["shortfall"].mask(dark),
        people_affected=outcome.flags["people_affected"].mask(dark),
        reachable_high=outcome.flags["reachable_high"].mask(dark, np.inf).mask(wide, outcome.flags["reachable_high"] + 1.37),
        caveats=[("caveat_new_estates",) if rule == second else () for rule in outcome.flags["rule_id"]],
    )  # fmt: skip
    findings = outcome.findings.assign(
        actual_high=outcome.findings["actual_low"] * 1.1,
        members_met=pd.array([1] + [pd.NA] * (len(outcome.findings) - 1), dtype="Int64"),
        members_judged=pd.array([3] + [pd.NA] * (len(outcome.findings) - 1), dtype="Int64"),
        members_no_data=pd.array([4] + [pd.NA] * (len(outcome.findings) - 1), dtype="Int64"),
    )
    area, town = "area/area", outcome.zones.index[outcome.zones["level"] == "town"][0]
    served = pd.DataFrame(
        {
            "service": [*outcome.services] * 2, "zone_id": [area, area, town, town], "need": [200.0, 0.0, 50.0, 0.0],
            "served_low": [119.4, 0.0, 20.0, 0.0], "served_high": [119.96, 0.0, 31.0, 0.0],
            "without_place": [60.0, 0.0, 25.0, 0.0], "outside": [20.0, 0.0, 5.0, 0.0],
        }
    )  # fmt: skip
    return dataclasses.replace(outcome, flags=flags, findings=findings, served=served)


def _listed(outcome):
    """Return the outcome with the gap list that follows from its tables, and caveats where it has none."""
    flags, findings = (
        table if "caveats" in table else table.assign(caveats=[()] * len(table))
        for table in (outcome.flags, outcome.findings)
    )
    if "target_zh" not in findings:
        names = Names(outcome)
        targets = [target_of(names, row) for row in rows_of(findings)]
        findings = findings.assign(target_year=outcome.year, target_zh=targets, target_en=targets)
    gaps = gap_list(
        findings, outcome.members, flags, outcome.zones, outcome.rules, outcome.facilities, lang=outcome.lang
    )
    return dataclasses.replace(outcome, flags=flags, findings=findings, gap_list=gaps)


@pytest.fixture(scope="module", params=["whole", "unknowns"])
def outcome(request):
    """An outcome, and the same with unknowns."""
    made = _fixture().make_outcome()
    return _listed(made if request.param == "whole" else _with_unknowns(made))
