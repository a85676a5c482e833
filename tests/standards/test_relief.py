"""Net gaps by hand: what projects under way leave of each flag, who they are, when they are done, and what is not known of them."""

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from geoplan.standards.action import Adviser
from geoplan.standards.projects.relief import Built, projects_under_way, relief
from geoplan.study.priority import Priority

INF = float("inf")
PLACES = """kind: provision
of: {facilities: [childcare_service]}
supply: places
per: residents/1000
target: '>=4.5@2025'
unit: places
level: district"""
#: A nursery of six places in the middle of D, to open in 2026.
PROJECTS = pd.DataFrame(
    {"name": ["西托育园", "东日间照料室"], "open_year": [2026.0, 2024.0], "funds": ["中央预算内投资", "区级财政"]}, index=["p1", "p2"]
)  # fmt: skip


def with_nursery(town, places=6.0):
    """Return the town once a nursery stands in D; its tables say which facility is a project's."""
    row = town.facilities.iloc[[4]].rename(index={"register.xlsx#6": "p1"})
    row = row.assign(name="西托育园", zone_id="community/D", geometry=[Point(1050, 50)])
    facilities = pd.concat([town.facilities, row]).rename_axis("facility_id")
    low, high = places if isinstance(places, tuple) else (places, places)
    more = pd.DataFrame([("p1", "childcare", "places", low, high)], columns=town.supplies.columns)
    return town.change(facilities=facilities, supplies=pd.concat([town.supplies, more], ignore_index=True))


def left(town, rules, places=6.0, under_way=PROJECTS):
    later = with_nursery(town, places)
    own = pd.Series([None] * 6 + ["p1"], index=later.facilities.index, dtype=object)
    built = Built(
        later.facilities.assign(project_id=own),
        later.supplies.assign(
            project_id=later.supplies["facility_id"].where(later.supplies["facility_id"] == "p1")
        ),
        later.walks()[0],
    )
    flags = [one.assess(rules).flags for one in (town, later)]
    found = relief(*flags, under_way, rules, built=built, zones=town.zones, demand=town.demand, lang="zh")
    return found.loc["local.r"]


def test_what_a_nursery_makes_up(town, rules_from):
    found = left(town, rules_from(PLACES))
    # six places over the 500 residents of five blocks: 12 per 1,000 for all of D and for two of C's three blocks
    assert found.loc["community/D"].tolist() == [0.0, 2.0, "西托育园", 2026.0, "中央预算内投资"]
    assert found.loc["community/C"].tolist() == [0.0, 1.0, "西托育园", 2026.0, "中央预算内投资"]
    # their town: 600 residents reach 6 + 2 x 200 / 700 places where 2.7 are due
    assert found.loc["town/2", "net_shortfall"] == 0.0


def test_what_is_too_small_leaves_the_rest(town, rules_from):
    rules = rules_from(PLACES.replace(">=4.5", ">=45"))
    found = left(town, rules)
    # D: 13.5 places are due, 3.6 of the six are there for its 300 residents: 14 short before, 9.9 after
    assert found.loc["community/D", ["net_shortfall", "relief"]].tolist() == [10.0, 4.0]
    # nothing of it reaches A
    assert found.loc["community/A", ["relief", "relief_projects", "funds"]].tolist() == [0.0, "", ""]
    assert np.isnan(found.loc["community/A", "relief_year"])


def test_a_project_of_unknown_size_leaves_the_net_gap_open(town, rules_from):
    row = left(town, rules_from(PLACES), places=(0.0, INF)).loc["community/D"]
    assert np.isnan(row["net_shortfall"])
    assert np.isnan(row["relief"])
    assert row["relief_projects"] == "西托育园"


def test_a_project_without_a_year_is_not_under_way():
    projects = pd.DataFrame(
        {"name": ["a", "b"], "open_year": [2026.0, np.nan], "funds": ["", ""]}, index=["p1", "p2"]
    )
    assert projects_under_way(projects, pd.DataFrame()).index.tolist() == ["p1"]
    planned = pd.DataFrame({"name": ["c"], "open_year": [2027.0]}, index=["register.xlsx#9"])
    assert projects_under_way(projects, planned)["open_year"].tolist() == [2026.0, 2027.0]


@pytest.mark.parametrize("is_short", [True, False])
def test_advice_follows_the_net_gap(town, rules_from, is_short):
    rules = rules_from(PLACES)
    flags = town.assess(rules).flags
    own = flags if is_short else flags.assign(flagged=False)
    told = left(town, rules).assign(rule_id="local.r").set_index("rule_id", append=True).swaplevel()
    adviser = Adviser.of(
        own, rules, zones=town.zones, services=town.services, priority=Priority(), relief=told if is_short else told.iloc[:0], lang="zh"
    )  # fmt: skip
    row = flags[flags["zone_id"] == "community/D"].iloc[0].to_dict()
    found = adviser.columns(row, "新建")
    if is_short:
        assert (found["advice"], found["net_shortfall"], found["project"]) == ("relieved", 0.0, "西托育园")
    else:  # nothing is under way, and nothing else is short: two places are no project of their own
        assert (found["advice"], found["net_shortfall"], found["project"]) == ("alone", 2.0, "")
