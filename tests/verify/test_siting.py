"""The demo's and Wuhan's siting questions answered in whole processes, and judged by other code than the search."""

import numpy as np
import pytest
from recount import Recount, covered_by_zone, of_service

from geoplan.report.folder.store import read_outcome


@pytest.fixture(scope="module", params=["demo", "wuhan"])
def folder(request, results):
    return results(request.param, "site")


@pytest.fixture(scope="module")
def before(folder):
    return read_outcome(folder)


@pytest.fixture(scope="module")
def after(folder):
    return read_outcome(folder / "after")


def test_every_question_has_an_answer_that_is_counted_again(before):
    answers = before.answers.set_index("question")
    assert len(answers) >= 3
    assert set(answers["status"]) <= {"optimal", "within", "none", "infeasible"}
    found = answers[answers["status"].isin(["optimal", "within"])]
    assert len(found) >= 3
    np.testing.assert_allclose(found["recount"], found["objective"], rtol=1e-6, atol=1e-6)
    assert (found["gap"] >= 0).all()
    assert (found.loc[found["status"] == "optimal", "gap"] <= 1e-6).all()
    # an objective never betters its bound, whichever way it is better
    distance = (found["objective"] - found["bound"]).abs() / found["objective"].abs().clip(lower=1)
    assert (distance <= found["gap"] + 1e-6).all()


def test_each_question_has_the_sites_that_its_answer_counts(before):
    for row in before.answers.itertuples():
        sites = before.sites[before.sites["question"] == row.question]
        assert len(sites) == row.sites
        assert sites["candidate_id"].isin(before.candidates.index).all()
        assert sorted(sites["order"]) == list(range(1, len(sites) + 1))
        assert np.isclose(sites["cost"].sum(skipna=False), row.cost, equal_nan=True)
    asked = before.answers.set_index("question")["adopted"]
    assert asked.sum() == 1


def test_the_district_with_the_adopted_sites_is_that_of_networkx(before, after):
    """Coverage before and after, counted again street by street; what the sites add is what the answer says."""
    (row,) = before.answers[before.answers["adopted"]].itertuples()
    sites = before.sites[before.sites["question"] == row.question]
    assert len(after.facilities) > len(before.facilities)
    gained = 0.0
    for service, terms in before.services.items():
        people = []
        for outcome in (before, after):
            seconds = Recount(outcome, terms.walk_kmh).seconds(of_service(outcome, service))
            zones = covered_by_zone(outcome, service, seconds)
            area = outcome.circle[(outcome.circle["zone_id"] == "area/area") & (outcome.circle["kind"] == "")]
            stated = area.set_index(["service", "measure"])["covered"][service, "network"]
            assert zones["low"].sum() - 1e-6 <= stated <= zones["high"].sum() + 1e-6
            people.append(zones["low"].sum())
        gained += people[1] - people[0]
    assert row.ask == "cover"
    assert gained > 0
    assert sites["marginal"].sum() == pytest.approx(gained, rel=1e-6)
