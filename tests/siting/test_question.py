"""Questions in plain values: limits of phases, which candidates they look at, which options there are."""

from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from shapely import Point

from geoplan.siting.inputs import eligible, near_groups
from geoplan.siting.options import options_of
from geoplan.siting.question import Question, question_of
from geoplan.study import siting
from geoplan.study.siting import Phase
from geoplan.tables import Service

SERVICES = {
    name: Service(name=name, facilities=types, group="residents", walk_minutes=minutes, walk_kmh=4.0)
    for name, types, minutes in (("care", ("home", "day"), 15.0), ("child", ("nursery",), 10.0))
}


def candidates(**columns):
    n = max(len(values) for values in columns.values())
    usual = {
        "name": [f"c{i}" for i in range(n)],
        "services": [()] * n,
        "from_year": [np.nan] * n,
        "rule": [""] * n,
        "either_or": [""] * n,
        "opening_cost": [10.0] * n,
        "floor_area_m2": [np.nan] * n,
        "most_beds": [np.nan] * n,
        "most_places": [np.nan] * n,
    }
    table = pd.DataFrame({**usual, **columns}, index=[f"list#{i + 2}" for i in range(n)])
    return gpd.GeoDataFrame(table, geometry=[Point(i, 0) for i in range(n)])


def inputs(table, on=None, source=None):
    n = len(table)
    return SimpleNamespace(
        candidates=table,
        services=SERVICES,
        on_network=np.ones(n, bool) if on is None else np.array(on),
        source=np.ones(n, int) if source is None else np.array(source),
    )


def ask(**values):
    return Question(
        **{"name": "q", "ask": "cover", "services": ["care"], "phases": [phase(2025, 2)], **values}
    )


def phase(by, sites=None, budget=None):
    return Phase(by=by, sites=sites, budget=budget)


def asked(**entries):
    return question_of("q", siting.Question(ask="cover", **entries), services=["care"], year=2025)


def test_a_limit_beside_phases_holds_for_the_last_of_them():
    question = asked(phases=[phase(2025, 2), phase(2030, 9)], sites=5, budget=100.0)
    assert question.phases == [phase(2025, 2), phase(2030, 5, 100.0)]
    assert question.services == ["care"]


def test_without_phases_the_study_s_year_is_the_only_one():
    assert asked(sites=3).phases == [phase(2025, 3)]


def test_who_is_left_out_and_why():
    table = candidates(
        services=[("day",), ("nursery",), (), (), ()],
        rule=["", "", "forbidden", "", ""],
        from_year=[np.nan, np.nan, np.nan, 2026.0, np.nan],
    )
    found = eligible(inputs(table, on=[True, True, True, True, False]), ask(), costed=False)
    assert found.use.tolist() == [True, False, False, False, False]
    assert [note.code for note in found.notes] == [
        "candidate_forbidden",
        "candidate_wrong_type",
        "candidate_off_network",
        "candidate_too_late",
    ]
    assert found.kinds["care"] == ["day", None, "home", "home", "home"]


def test_a_budget_leaves_out_unknown_costs_and_a_number_does_not():
    some = inputs(candidates(opening_cost=[np.nan, 5.0]))
    by_money = eligible(some, ask(), costed=True)
    assert eligible(some, ask(), costed=False).use.tolist() == [True, True]
    assert by_money.use.tolist() == [False, True]
    assert by_money.notes[0].code == "candidate_cost_unknown"
    assert not ask().spends
    assert ask(phases=[phase(2025, None, 50.0)]).spends


def test_a_question_may_look_at_some_lists_only():
    found = eligible(inputs(candidates(rule=["", ""]), source=[1, 2]), ask(candidates=[2]), costed=False)
    assert found.use.tolist() == [False, True]


def test_a_premise_that_can_hold_nothing_is_left_out_with_a_note():
    table = candidates(
        most_beds=[0.0, 0.0, np.nan, np.nan],
        most_places=[np.nan, np.nan, 0.0, np.nan],
        floor_area_m2=[np.nan, 300.0, 200.0, np.nan],
    )
    # 0 beds and nothing else; 0 beds beside 300 m²; no place for a child, which a home does not mind; nothing stated
    found = eligible(inputs(table), ask(), costed=False)
    assert found.use.tolist() == [False, True, True, True]
    (note,) = found.notes
    assert (note.code, note.values["names"]) == ("candidate_holds_nothing", ("c0",))
    nursery = {"child": replace(SERVICES["child"], facilities=("childcare",))}
    children = SimpleNamespace(**{**vars(inputs(table)), "services": nursery})
    assert eligible(children, ask(services=["child"]), costed=False).use.tolist() == [
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("entries", "limit"),
    [
        ({"phases": [Phase(by=2025, budget=5), Phase(by=2030, budget=4)]}, "budget (5, 4)"),
        (
            {"phases": [Phase(by=2025, sites=3), Phase(by=2030, sites=None), Phase(by=2035, sites=2)]},
            "sites (3, 2)",
        ),
        ({"phases": [Phase(by=2025, sites=3), Phase(by=2030)], "sites": 2}, "sites (3, 2)"),
    ],
)
def test_phases_that_fall_are_refused(entries, limit):
    with pytest.raises(ValidationError) as error:
        siting.Question(ask="cover", **entries)
    (problem,) = error.value.errors()
    assert problem["type"] == "siting_phases_fall"
    assert f"{problem['ctx']['limit']} ({problem['ctx']['values']})" == limit
    assert siting.Question(ask="cover", phases=[Phase(by=2025, sites=3), Phase(by=2030, sites=3)], sites=3)


def spaced(table, **entries):
    """The candidates stand on a line, 1 m apart; `facilities` are a home at 0 m and a nursery at 3 m."""
    homes = gpd.GeoDataFrame(
        {"services": [("home",), ("nursery",)], "name": ["h", "n"]}, geometry=[Point(0, 0), Point(3, 0)]
    )
    given = SimpleNamespace(**{**vars(inputs(table)), "facilities": homes})
    question = ask(**entries)
    found = eligible(given, question, costed=False)
    return found, near_groups(given, question, found)


def test_sites_of_a_service_keep_their_distance_from_each_other_and_from_what_exists():
    table = candidates(
        services=[("home",), ("home",), ("home",), ("nursery",), ("home",), ("home",)],
        extends=["", "", "", "", "", "f1"],
    )
    found, groups = spaced(table, services=["care"], min_spacing_m=2.0)
    # 0 m and 1 m are too near the home; 2 m is not nearer than 2 m; a nursery is no home; what enlarges stays
    assert found.use.tolist() == [False, False, True, False, True, True]
    assert [note.code for note in found.notes] == ["candidate_wrong_type", "candidate_too_near"]
    assert groups == []
    found, groups = spaced(table, services=["care"], min_spacing_m=2.5)
    assert found.use.tolist() == [False, False, False, False, True, True]
    assert spaced(table, services=["care"])[1] == []


def test_every_pair_that_is_too_near_stands_in_a_group_and_no_other():
    # from 10 m on, away from the facilities: 10, 11, 12, 13 m
    table = candidates(extends=[""] * 14, services=[("home",)] * 14)
    found, groups = spaced(table, services=["care"], min_spacing_m=3.0)
    assert found.use.tolist() == [False] * 3 + [True] * 11
    pairs = {tuple(sorted(pair)) for group in groups for pair in combinations(group.tolist(), 2)}
    assert pairs == {(i, j) for i in range(3, 14) for j in range(i + 1, 14) if j - i < 3}
    options = options_of(table, found.use, [phase(2025), phase(2030)], apart=groups)
    at = {(c, t): k for k, (c, t) in enumerate(zip(options.candidate, options.phase, strict=True))}
    assert not options.constraints.allows(np.array([at[5, 0], at[7, 1]]))
    assert options.constraints.allows(np.array([at[5, 0], at[8, 1]]))


def test_options_in_phases():
    """Two candidates, the second free from 2027: it opens in the second phase only; limits count all that is open by then."""
    table = candidates(from_year=[np.nan, 2027.0], opening_cost=[30.0, 20.0])
    phases = [phase(2025, 1, 30.0), phase(2030, 2, 40.0)]
    options = options_of(table, np.array([True, True]), phases)
    assert options.candidate.tolist() == [0, 0, 1]
    assert options.phase.tolist() == [0, 1, 1]
    rows = options.constraints.rows.toarray()
    assert rows.tolist() == [
        [1, 0, 0],  # sites by 2025
        [30, 0, 0],  # money by 2025
        [1, 1, 1],  # sites by 2030
        [30, 30, 20],  # money by 2030
        [1, 1, 0],  # the first opens once
    ]
    assert options.constraints.most.tolist() == [1, 30, 2, 40, 1]
    assert options.constraints.allows(np.array([0]))
    assert not options.constraints.allows(np.array([0, 2]))  # 50 by 2030
    assert not options.constraints.allows(np.array([0, 1]))


@pytest.mark.parametrize("least", ["sites", "cost"])
def test_required_and_either_or(least):
    table = candidates(
        rule=["required", "", ""], either_or=["", "pair", "pair"], opening_cost=[3.0, 4.0, 5.0]
    )
    constraints = options_of(table, np.ones(3, bool), [phase(2025)], minimise=least).constraints
    assert constraints.cost.tolist() == ([1, 1, 1] if least == "sites" else [3, 4, 5])
    assert not constraints.allows(np.array([1]))
    assert constraints.allows(np.array([0, 1]))
    assert not constraints.allows(np.array([0, 1, 2]))


def test_no_candidate_gives_no_option():
    constraints = options_of(candidates(rule=["", ""]), np.zeros(2, bool), [phase(2025, 1)]).constraints
    assert len(constraints) == 0
    assert constraints.allows(np.empty(0, np.int64))
