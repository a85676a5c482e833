"""The whole of siting on the demo town: what the study file asks, what comes back, what is written, what changes."""

import json

import numpy as np
import pandas as pd
import pytest

import geoplan as gp
from geoplan.coverage.circle import in_circle
from geoplan.errors import StudyError
from geoplan.inputs.projects import read_projects
from geoplan.network.reach import nearest
from geoplan.report.store import read_outcome
from geoplan.site import site

FLAGGED_CIRCLES = ("study.circle_eldercare", "study.circle_childcare")


@pytest.fixture(scope="module")
def found():
    return site(gp.read_study(gp.demo_study()))


@pytest.fixture(scope="module")
def saved(found, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites")
    found.save(folder)
    return folder


def flagged(outcome, rule):
    rows = outcome.flags[outcome.flags["rule_id"] == rule]
    at = outcome.zones["level"].reindex(rows["zone_id"]).to_numpy() == "community"
    return int(rows.loc[at, "flagged"].fillna(False).astype(bool).sum())


def test_every_answer_is_proven_and_recounted(found):
    answers = found.answers.set_index("question")
    assert list(answers.index) == ["circles", "places", "each"]
    assert (answers["status"] == "optimal").all()
    assert answers["adopted"].tolist() == [True, False, False]
    np.testing.assert_allclose(answers["recount"], answers["objective"], rtol=1e-6, atol=1e-6)


def test_two_phases_stay_within_their_budgets_and_contain_each_other(found):
    sites = found.sites
    for question, first, last in (("circles", 200.0, 500.0), ("places", 150.0, 400.0)):
        mine = sites[sites["question"] == question]
        assert mine.loc[mine["phase"] == 2025, "cost"].sum() <= first + 1e-9
        assert mine["cost"].sum() <= last + 1e-9
        assert set(mine["phase"]) == {2025.0, 2030.0}
        assert mine["candidate_id"].is_unique


def test_the_gap_of_the_circles_and_of_the_places_closes(found):
    before, after = found.before.outcome, found.after.outcome
    assert [flagged(before, rule) for rule in FLAGGED_CIRCLES] == [5, 9]
    assert [flagged(after, rule) for rule in FLAGGED_CIRCLES] == [0, 0]
    verdict = after.findings.set_index("rule_id")["verdict"]
    assert verdict["huzhong.places_per_1000_residents"] == "met"
    assert verdict["huzhong.community_day_care"] == "met"


def test_the_objective_is_what_the_run_after_counts(found):
    """People in both circles in the last phase, by the circle table of a run that knows nothing of siting."""
    table = found.after.outcome.circle
    whole = table[(table["zone_id"] == "area/area") & (table["measure"] == "network") & (table["kind"] == "")]
    last = found.sites[found.sites["question"] == "circles"]["total"].iloc[-1]
    assert whole["covered"].sum() == pytest.approx(last, abs=1e-6)


def test_each_phase_by_hand(found):
    """The aim of the phased question is the people in both circles in 2025 plus those in 2030, walked again from the sites alone."""
    before = found.before
    sites = found.sites[found.sites["question"] == "circles"]
    demand = before.outcome.demand
    inside = demand.index[~demand["halo"]]
    snaps = found_snaps(found)
    total = 0.0
    for year in (2025, 2030):
        for service, terms in before.outcome.services.items():
            known = before.outcome.nearest
            old = known[known["service"] == service].set_index("demand_id")["seconds"].reindex(inside)
            holds = [bool(set(kinds) & set(terms["facilities"])) for kinds in sites["services"]]
            opened = sites[np.array(holds) & (sites["phase"] <= year).to_numpy()]
            new = nearest(
                before.graph,
                before.snaps.demand.loc[inside],
                snaps.loc[opened["candidate_id"]],
                walk_kmh=terms["walk_kmh"],
                limit_seconds=3600,
            )["seconds"]
            covered = in_circle(old, walk_minutes=15) | in_circle(new, walk_minutes=15)
            total += demand.loc[inside, terms["group"]].to_numpy()[covered].sum()
    assert total == pytest.approx(found.answers.set_index("question").loc["circles", "objective"], rel=1e-9)


def found_snaps(found):
    from geoplan.gather import gather
    from geoplan.walks import snap_points

    inputs = gather(gp.read_study(gp.demo_study()))
    return snap_points(found.before.graph, found.before.outcome.candidates, inputs)


def test_required_premises_are_chosen_and_forbidden_ones_are_not(found):
    names = set(found.sites.loc[found.sites["question"] == "circles", "name"])
    candidates = found.before.outcome.candidates
    assert set(candidates.loc[candidates["rule"] == "required", "name"]) <= names
    assert not set(candidates.loc[candidates["rule"] == "forbidden", "name"]) & names
    for _, pair in candidates[candidates["either_or"] != ""].groupby("either_or"):
        assert len(set(pair["name"]) & names) <= 1


def test_premises_free_in_2027_do_not_open_by_2025(found):
    candidates = found.before.outcome.candidates
    late = set(candidates.index[candidates["from_year"] > 2025])
    early = found.sites[found.sites["phase"] == 2025]
    assert late
    assert not late & set(early["candidate_id"])


def test_sizes_close_the_gap_of_places_and_keep_to_what_premises_hold(found):
    mine = found.sites[found.sites["question"] == "places"].set_index("candidate_id")
    held = found.before.outcome.candidates["most_places"].reindex(mine.index)
    assert (mine["size"] <= held + 1e-9).all()
    assert (mine["size"] > 0).all()
    assert mine["size"].sum() == 40.0  # 34 places, rounded up community by community
    left = found.before.outcome.unmet
    assert left[(left["question"] == "places") & (left["phase"] == 2030)].empty


def test_the_cheapest_way_to_eighty_per_cent_everywhere_is_enough(found):
    """The zones' shares are those of `each`; one site less leaves a community below."""
    row = found.answers.set_index("question").loc["each"]
    mine = found.sites[found.sites["question"] == "each"]
    assert row["objective"] == pytest.approx(mine["cost"].sum())
    assert row["bound"] == pytest.approx(row["objective"], rel=1e-6)


def test_the_gap_list_names_sites_only_where_a_row_closes(found):
    gaps, after = found.before.outcome.gap_list, found.after.outcome
    named = gaps[gaps["site"] != ""]
    assert len(named) > 10
    circles = named[named["rule_id"].isin(FLAGGED_CIRCLES) & (named["part"] == "flag")]
    assert len(circles) == sum(flagged(found.before.outcome, rule) for rule in FLAGGED_CIRCLES)
    still = after.flags[after.flags["flagged"].fillna(False).astype(bool)]
    open_rows = set(zip(still["rule_id"], still["zone_id"], strict=True))
    flags = named[named["part"] == "flag"]
    assert not open_rows & set(zip(flags["rule_id"], flags["zone_id"], strict=True))


def test_what_is_written(saved):
    for name in ("map.html", "report.html", "gap_list.xlsx", "coverage.gpkg", "run.json", "after/map.html", "after/gap_list.xlsx",
                 "compare/compare.html", "compare/compare.xlsx"):  # fmt: skip
        assert (saved / name).stat().st_size > 1000
    told = json.loads((saved / "run.json").read_text(encoding="utf-8"))["siting"]
    first = (told["answers"] if isinstance(told, dict) else told)[0]
    assert first["status"] == "optimal"
    assert first["recount"] == pytest.approx(first["objective"], rel=1e-6)
    assert first["bound"] >= first["objective"] - 1e-6


def test_the_sheet_of_sites_is_a_project_list(found, saved):
    zones = found.before.outcome.zones
    read = read_projects(saved / "gap_list.xlsx", layer="选址方案", zones=zones, crs=found.before.outcome.crs)
    sites = found.sites[found.sites["question"] == "circles"]
    assert read.projects["name"].tolist() == sites["name"].tolist()
    assert read.projects["open_year"].tolist() == sites["phase"].tolist()
    np.testing.assert_allclose(read.projects["cost"].astype(float), sites["cost"].astype(float), atol=0.5)
    assert read.projects["services"].tolist() == sites["services"].tolist()


def test_stored_tables_come_back(found, saved):
    again = read_outcome(saved)
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.sites.drop(columns="geometry")),
        pd.DataFrame(found.sites.drop(columns="geometry")),
        check_dtype=False,
    )
    pd.testing.assert_frame_equal(again.unmet, found.before.outcome.unmet, check_dtype=False)


def test_asked_twice_it_says_the_same(found):
    again = site(gp.read_study(gp.demo_study()), only=["circles"])
    columns = ["candidate_id", "phase", "marginal", "cost"]
    mine = found.sites[found.sites["question"] == "circles"]
    pd.testing.assert_frame_equal(again.sites[columns], mine[columns])
    assert again.answers["question"].tolist() == ["circles"]


def test_a_study_without_questions_or_with_other_names_says_so(tmp_path):
    study = gp.read_study(gp.demo_study())
    with pytest.raises(StudyError, match="circles、places、each"):
        site(study, only=["nowhere"])
    with pytest.raises(StudyError, match=r"docs/siting\.md"):
        site(study.model_copy(update={"siting": None}))
