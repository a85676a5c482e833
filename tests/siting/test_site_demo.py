"""The whole of siting on the demo town: what the study file asks, what comes back, what is written, what changes."""

import json

import numpy as np
import pandas as pd
import pytest

import geoplan as gp
from geoplan.coverage.circle import in_circle
from geoplan.inputs.projects import read_projects
from geoplan.network.reach import nearest
from geoplan.pipeline.plan_sites import site
from geoplan.report.folder.store import read_outcome
from geoplan.siting.judged import differs
from geoplan.study.siting import CandidateSource, Question
from geoplan.tables import ALTERNATIVES
from geoplan.words.errors import StudyError

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
    assert [flagged(before, rule) for rule in FLAGGED_CIRCLES] == [4, 9]
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
            holds = [bool(set(kinds) & set(terms.facilities)) for kinds in sites["services"]]
            opened = sites[np.array(holds) & (sites["phase"] <= year).to_numpy()]
            new = nearest(
                before.graph,
                before.snaps.demand.loc[inside],
                snaps.loc[opened["candidate_id"]],
                walk_kmh=terms.walk_kmh,
                limit_seconds=3600,
            )["seconds"]
            covered = in_circle(old, walk_minutes=15) | in_circle(new, walk_minutes=15)
            total += demand.loc[inside, terms.group].to_numpy()[covered].sum()
    assert total == pytest.approx(found.answers.set_index("question").loc["circles", "objective"], rel=1e-9)


def found_snaps(found):
    from geoplan.pipeline.gather import gather
    from geoplan.pipeline.walks import snap_points

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


def test_sizes_close_every_flag_of_places_and_keep_to_what_premises_hold(found):
    """Nine communities are short of 38 places, rounded up one by one; the run after knows nothing of the model."""
    rule = "huzhong.places_per_1000_residents"
    row = found.answers.set_index("question").loc["places"]
    assert (row["status"], row["before"], row["objective"]) == ("optimal", 38.0, 0.0)
    assert row["cost"] <= 215.2 + 1e-9
    mine = found.sites[found.sites["question"] == "places"].set_index("candidate_id")
    held = found.before.outcome.candidates["most_places"].reindex(mine.index)
    assert (mine["size"] <= held.fillna(np.inf) + 1e-9).all()
    assert (mine["size"] > 0).all()
    assert mine["marginal"].sum() == pytest.approx(38.0)
    left = found.before.outcome.unmet
    assert left[(left["question"] == "places") & (left["phase"] == 2030)].empty
    after = site(gp.read_study(gp.demo_study()), only=["places"]).after.outcome
    assert flagged(found.before.outcome, rule) == 9
    assert flagged(after, rule) == 0


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
    for name in ("map.html", "report.html", "gap_list.xlsx", "coverage.gpkg", "coverage.qgs", "run.json", "after/map.html", "after/gap_list.xlsx",
                 "compare/compare.html", "compare/compare.xlsx"):  # fmt: skip
        assert (saved / name).stat().st_size > 1000
    assert "已验证最优" in (saved / "run.log").read_text(encoding="utf-8")
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
    with pytest.raises(StudyError, match="circles, places, each"):
        site(study, only=["nowhere"])
    with pytest.raises(StudyError, match=r"docs/siting\.md"):
        site(study.changed(siting=None))


def test_a_key_press_gives_the_best_so_far_with_its_bound():
    """The first question is interrupted before it starts; what it says is a bound and, at best, a choice within it."""
    study = gp.read_study(gp.demo_study())
    heard = []

    def listener(name, control, found):
        heard.append((name, found is not None))
        if found is None:
            control.interrupt()

    stopped = site(study, only=["circles", "each"], listener=listener)
    assert heard == [("circles", False), ("circles", True), ("each", False), ("each", True)]
    for row in stopped.answers.to_dict("records"):
        if row["status"] == "within":
            assert (row["stopped"], row["repeatable"]) == ("interrupt", False)
            if row["ask"] == "cover":
                assert row["objective"] <= row["bound"] + 1e-6
            else:
                assert row["bound"] <= row["objective"] + 1e-6
        else:
            assert row["status"] in ("optimal", "none")


def test_other_languages_other_questions(tmp_path):
    """Capacity, sizes where they stand, median, center and fairness from one study, in English."""
    study = gp.read_study(gp.demo_study()).in_language("en")
    three = {"services": ["eldercare"], "sites": 3}
    asked = {
        "total": {**three, "ask": "cover"},
        "worst": {**three, "ask": "cover", "fair": "worst_off"},
        "part": {**three, "ask": "cover", "fair": "worst_part", "worst_share": 0.3},
        "spread": {**three, "ask": "cover", "fair": "least_spread", "min_total_share": 0.9},
        "median": {**three, "ask": "median"},
        "center": {**three, "ask": "center"},
        "capacity": {"ask": "capacity", "services": ["childcare"], "phases": [{"by": 2025, "sites": 1}, {"by": 2030, "sites": 3}]},
        "located": {"ask": "sizes", "rules": ["huzhong.places_per_1000_residents"], "mode": "located"},
    }  # fmt: skip
    questions = {name: Question(**entry) for name, entry in asked.items()}
    siting = study.siting.model_copy(update={"questions": questions})
    found = site(study.model_copy(update={"siting": siting}))
    answers = found.answers.set_index("question")
    assert set(answers["status"]) <= {"optimal", "within"}
    assert (answers["status"] == "optimal").sum() >= 6
    value = answers["objective"]
    assert value["worst"] >= 0
    assert value["median"] < answers.loc["median", "before"]
    assert value["center"] < answers.loc["center", "before"]
    # 54 places are needed for 12,000 residents at 4.5 per 1,000; what exists meets some, three more premises no more than 54
    assert answers.loc["capacity", "before"] < value["capacity"] <= 54
    phases = found.sites[found.sites["question"] == "capacity"].groupby("phase").size()
    assert phases.loc[2025.0] <= 1
    assert phases.sum() <= 3
    # a size counts for its own community only: no site serves two
    located = found.sites[found.sites["question"] == "located"]
    assert [len(zones) for zones in located["serves"]] == [1] * len(located)
    assert all(zones[0] == own for zones, own in zip(located["serves"], located["zone_id"], strict=True))
    assert value["located"] == pytest.approx(0.0, abs=1e-6)  # every community has premises of its own
    assert "within 15 minutes" in answers.loc["total", "label"]
    found.save(tmp_path / "en")
    assert "Area of intent" not in (tmp_path / "en" / "report.html").read_text(encoding="utf-8")


def test_existing_facilities_may_be_enlarged_and_areas_of_intent_are_no_addresses():
    study = gp.read_study(gp.demo_study())
    sources = [
        CandidateSource(generate="existing", services=["kindergarten_class"]),
        CandidateSource(generate="centroids", services=["childcare"]),
    ]
    question = Question(ask="sizes", rules=["huzhong.places_per_1000_residents"], largest=30.0, sites=3)
    siting = study.siting.model_copy(
        update={"candidates": sources, "questions": {"sizes": question}, "adopt": None}
    )
    found = site(study.model_copy(update={"siting": siting}))
    candidates = found.before.outcome.candidates
    enlarged = candidates[candidates["extends"].notna()]
    assert enlarged["works"].tolist() == ["extend"] * len(enlarged)
    assert len(enlarged) == 1  # the one kindergarten class of the register
    made = found.sites[found.sites["generated"].astype(bool)]
    assert made["place"].str.startswith("意向区域").all()
    assert made["name"].str.startswith("意向区域").all()
    before, after = found.before.outcome, found.after.outcome
    grown = found.sites[found.sites["extends"].notna()]
    if len(grown):  # the facility is larger, and there is no second one beside it
        assert len(after.facilities) == len(before.facilities) + len(made)
    assert found.answers.loc[0, "objective"] < found.answers.loc[0, "before"]


# --- judged again, and alternatives ---------------------------------------------------------------------------------


def test_every_answer_is_judged_with_its_sites(found):
    """What the tables say of the adopted answer is what a run with its sites says: counted here from its flags."""
    before, after = found.before.outcome, found.after.outcome
    own = before.site_flags[before.site_flags["question"] == "circles"].set_index("rule_id")
    community = before.zones["level"] == "community"
    for rule, row in own.iterrows():
        for outcome, key in ((before, "flagged_before"), (after, "flagged_after")):
            mine = outcome.flags[outcome.flags["rule_id"] == rule]
            mine = mine[community.reindex(mine["zone_id"]).to_numpy()]
            assert int((mine["state"] == "flagged").sum()) == row[key]
    assert set(before.site_flags["question"]) == {"circles", "places", "each"}


def test_people_inside_are_those_of_the_circle(found):
    """Models that count walks say what the run says, to the person; those that count none say nothing of it."""
    own = found.before.outcome.site_judged
    inside = own[own["measure"] == "inside"].set_index(["question", "subject"])
    for key in (("circles", "eldercare"), ("circles", "childcare"), ("each", "eldercare")):
        assert inside.loc[key, "model"] == pytest.approx(inside.loc[key, "judged"], abs=1e-6)
    assert np.isnan(inside.loc[("places", "childcare"), "model"])
    circle = found.after.outcome.circle
    whole = circle[
        (circle["zone_id"] == "area/area") & (circle["measure"] == "network") & (circle["kind"] == "")
    ]
    after = whole.set_index("service")["covered"]
    assert inside.loc[("circles", "eldercare"), "judged"] == pytest.approx(after["eldercare"])


def test_a_difference_has_its_reason(found):
    own = found.before.outcome.site_judged
    for row in own.to_dict("records"):
        assert (row["reason"] != "") == differs(row["model"], row["judged"])


def test_alternatives_open_other_sites_and_lose_at_most_a_hundredth(found):
    outcome = found.before.outcome
    table = outcome.alternatives
    assert ALTERNATIVES.faults(table) == []
    assert len(table)
    answers = outcome.answers.set_index("question")
    for row in table.to_dict("records"):
        own = outcome.sites[outcome.sites["question"] == row["question"]]
        assert row["closes"][0] == row["without"]
        assert set(row["closes"]) <= set(own.index)
        assert not set(row["opens"]) & set(own["candidate_id"])
        best = answers.loc[row["question"], "objective"]
        assert 0 <= row["loss"] <= 0.01
        assert abs(best - row["objective"]) <= 0.01 * abs(best) + 1e-9


def test_an_alternative_does_not_ask_for_less(found):
    """Without a site of `each` some community reaches less than asked: that plan is cheaper and no alternative."""
    assert "each" not in set(found.before.outcome.alternatives["question"])


def test_a_question_without_an_answer_costs_no_other_its_answer():
    """A share of nursing beds is no amount that a site could add: `shares` cannot be answered, `circles` is, and alone it is an error."""
    study = gp.read_study(gp.demo_study())
    circles = study.siting.questions["circles"]
    shares = study.siting.questions["places"].changed(rules=["huzhong.nursing_bed_share"])
    both = study.changed(siting=study.siting.changed(questions={"circles": circles, "shares": shares}))
    outcome = gp.site(both).before.outcome
    assert outcome.answers["question"].tolist() == ["circles"]
    own = outcome.warnings[outcome.warnings["code"] == "siting_rule_without_size"]
    assert own["severity"].tolist() == ["warning"]
    alone = study.changed(siting=study.siting.changed(questions={"shares": shares}))
    with pytest.raises(StudyError, match="nursing_bed_share"):
        gp.site(alone)


def test_an_answer_whose_sites_are_none_is_judged_as_it_stands(found):
    """A budget of nothing opens nothing: nothing closes and nothing is new."""
    study = gp.read_study(gp.demo_study())
    none = study.siting.questions["circles"].changed(phases=[], budget=0.0)
    outcome = gp.site(study.changed(siting=study.siting.changed(questions={"none": none}))).before.outcome
    assert len(outcome.sites) == 0
    assert (outcome.site_flags["closed"] == 0).all()
    assert (outcome.site_flags["flagged_before"] == outcome.site_flags["flagged_after"]).all()
    assert (outcome.site_judged["before"] == outcome.site_judged["judged"]).all()
