"""A live run is equal to a fresh run of the scenario that it exports, whatever was changed in whatever order."""

import pytest
from live_changes import change, fresh, generator, same, same_outcome

import geoplan as gp
from geoplan.cli.demo import write_new
from geoplan.pipeline.gather import gather
from geoplan.study.scenario import Scenario, read_scenario, scenario_text
from geoplan.words.errors import StudyError

HOME = "呼中区社会福利院"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_new(tmp_path_factory.mktemp("live") / "town")


@pytest.fixture(scope="module")
def live(town):
    """Return a live run to which every test adds its changes."""
    return gp.live(gp.read_study(town))


@pytest.fixture(scope="module")
def base(town):
    return gather(gp.read_study(town))


def test_every_sequence_of_changes_ends_as_a_fresh_run(live, base):
    for seed in range(20):
        rng = generator(seed)
        done = [change(live, rng) for _ in range(2)]
        try:
            same(live.evaluation, fresh(live, base))
        except AssertionError as differs:
            raise AssertionError(f"seed {seed}: {done}") from differs


def test_the_outcome_is_that_of_a_run_of_the_exported_file(live):
    change(live, generator(99))
    assert live.stale == {"served", "near", "isochrones", "minutes", "papers"}
    result = gp.run(read_scenario(live.export()))
    same_outcome(live.outcome, result.outcome, stale=live.stale)
    live.refresh()
    assert not live.stale
    same_outcome(live.outcome, result.outcome, stale=())


def test_a_wrong_change_changes_nothing(live):
    before, evaluation = live.scenario, live.evaluation
    with pytest.raises(StudyError, match="没有这一家"):
        live.close("没有这一家")
    with pytest.raises(StudyError, match="services"):
        live.add(name="甲", lonlat=(123.5, 52.0))
    assert live.scenario is before
    assert live.evaluation is evaluation


def test_an_exported_scenario_reads_as_it_is(tmp_path):
    entries = {
        "base": tmp_path / "study.yaml", "name": '方案: "甲"', "open": ["a#1"], "close": ["b, c", "yes"],
        "enlarge": [{"facility": "d", "add": {"beds": 2.0}}], "move": [{"facility": "e", "lonlat": (123.1, 52.0)}],
        "add": [{"name": "no", "services": ["childcare"], "lonlat": (1.0, 2.0), "datum": "gcj02", "attributes": {"public": True}}],
        "links": [{"name": "g", "line": [(1.0, 2.0), (1.5, 2.5)]}],
        "housing": [{"name": "f", "lonlat": (1.0, 2.0), "people": {"residents": 3.0}}],
        "gates": {"西门": False}, "walk_kmh": {"eldercare": 3.2}, "minutes": {"eldercare": 20.0}, "packs": ["huzhong"], "year": 2030,
    }  # fmt: skip
    path = tmp_path / "plan.yaml"
    scenario = Scenario(**entries).from_file(path, {})
    text, lines = scenario_text(scenario)
    path.write_text(text, encoding="utf-8")
    read = read_scenario(path)
    assert read.model_dump() == scenario.model_dump()
    assert {entry: read.line(entry) for entry in lines} == lines


def test_an_added_facility_is_moved_enlarged_and_taken_back(town):
    live = gp.live(gp.read_study(town))
    empty = live.evaluation.assessment.flags
    new = live.add(name="新站", services=["elder_day_care"], lonlat=(123.57, 52.03), supplies={"beds": 10.0})
    live.move(new, (123.58, 52.03))
    live.enlarge("新站", add={"beds": 5.0})
    [entry] = live.scenario.add
    assert (entry.lonlat, entry.supplies) == ((123.58, 52.03), {"beds": 15.0})
    live.move(HOME, (123.57, 52.03))
    live.enlarge(HOME, to={"beds": 300.0})
    assert [move.lonlat for move in live.scenario.move] == [(123.57, 52.03)]
    live.close(HOME)
    assert (live.scenario.move, live.scenario.enlarge, len(live.scenario.close)) == ([], [], 1)
    live.close(new)
    assert live.scenario.add == []
    assert not live.evaluation.assessment.flags.equals(empty)
