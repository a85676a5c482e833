"""Outcomes that every output is written from: the whole one, and one in which much is not known."""

import dataclasses
import functools
import importlib.util
from pathlib import Path

import geopandas as gpd
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


def _built(outcome, *, unknown):
    """Return the outcome with proposed sites, projects, and what both do; costs and ends of intervals unknown where asked for."""
    outcome = _fixture().with_sites(outcome)
    rules, year = list(outcome.findings["rule_id"][:2]), float(outcome.year)
    projects = pd.DataFrame(
        {
            "name": ["甲养老院", "乙托育园"], "works": ["new", "extend"], "services": [("elder_home",), ("childcare",)],
            "beds": [100.0, np.nan], "nursing_beds": [60.0, np.nan], "places": [np.nan, 50.0], "inclusive_places": [np.nan, 30.0],
            "floor_area_m2": [3000.0, 800.0], "facilities": [1.0, 1.0], "cost": [2500.4, np.nan if unknown else 137.5],
            "cost_from": ["stated", "" if unknown else "childcare_conversion: plan.csv#6"], "funds": ["财政", ""],
            "start_year": [year - 1, np.nan], "open_year": [year, year + 1], "unit": ["区民政局", ""],
            "zone_id": ["community/C01", None], "serves": [("community/C01", "community/C02"), ()], "indicators": [(rules[0],), ()],
            "location_quality": ["exact", "missing"], "source_file": ["projects.xlsx"] * 2, "source_row": [2, 3],
        },
        index=["projects.xlsx#2", "projects.xlsx#3"],
    )  # fmt: skip
    projects = gpd.GeoDataFrame(
        projects, geometry=[outcome.zones.geometry["community/C01"].centroid, None], crs=outcome.crs
    )
    zone = outcome.findings["zone_id"].iloc[0]
    support = pd.DataFrame(
        {
            "rule_id": rules, "zone_id": zone, "verdict_before": "not_met", "verdict_after": ["met", "no_data"],
            "actual_before": [4.111, 0.5], "actual_after": [4.6, 0.6], "actual_high_before": [4.111, 0.53 if unknown else 0.5],
            "actual_high_after": [4.6, np.inf if unknown else 0.6], "required": [4.5, 0.65], "shortfall_before": [8.0, 20.0],
            "shortfall_after": [0.0, np.nan], "unit": ["places", "beds"], "projects": [("projects.xlsx#3",), ("projects.xlsx#2",)],
        }
    )  # fmt: skip
    by_sites = support.assign(projects=[tuple(outcome.sites.index[:2]), ()])
    sites = outcome.sites.copy()
    if unknown:
        candidates = outcome.candidates.copy()
        sites.loc[sites.index[1], ["cost", "cost_from"]] = [np.nan, ""]
        candidates.loc[sites["candidate_id"].iloc[1], ["cost", "cost_unit", "cost_from"]] = [
            np.nan,
            np.nan,
            "",
        ]
        outcome = dataclasses.replace(outcome, candidates=candidates)
    return dataclasses.replace(
        outcome, sites=sites, projects=projects, support=support, site_support=by_sites
    )


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
    unknown = request.param == "unknowns"
    made = _built(_fixture().make_outcome(), unknown=unknown)
    return _listed(_with_unknowns(made) if unknown else made)
