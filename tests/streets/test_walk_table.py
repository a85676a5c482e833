"""The walk table: every row, the order of the rows, and its print in the docs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.streets import walk_table as wt
from geoplan.inputs.streets.walk_table import markdown, rows
from geoplan.words.periods import parse_hour

WAYS = [
    # what is not there
    *[({"highway": word}, "", 0, "not_there") for word in wt.NOT_THERE],
    ({"highway": "construction", "foot": "yes"}, "", 0, "not_there"),
    ({"highway": "footway", "abandoned": "yes"}, "", 0, "not_there"),
    ({"highway": "footway", "disused": "yes"}, "", 0, "not_there"),
    *[({"highway": word}, "", 0, "not_there") for word in wt.OUT_OF_USE],
    # what is out of use is walked where foot says so
    *[({"highway": word, "foot": "yes"}, "open", 0, "foot") for word in wt.OUT_OF_USE],
    ({"highway": "track", "abandoned": "yes", "foot": "yes"}, "open", 0, "foot"),
    ({"highway": "track", "disused": "yes", "foot": "private"}, "residents", 0, "foot"),
    ({"highway": "track", "abandoned": "yes", "access": "yes"}, "", 0, "not_there"),
    # several values: the strictest
    ({"highway": "service", "foot": "designated;permissive"}, "open", 0, "foot"),
    ({"highway": "service", "foot": "yes;private"}, "residents", 0, "foot"),
    ({"highway": "service", "foot": "private; no"}, "", 0, "foot"),
    ({"highway": "service", "foot": "yes;whatever", "access": "no"}, "open", 0, "foot"),
    ({"highway": "service", "access": "agricultural;forestry"}, "", 0, "access"),
    ({"highway": "service", "access": "customers;private"}, "residents", 0, "access"),
    ({"highway": "service", "access": "delivery;customers"}, "open", 0, "class"),
    ({"highway": "footway;motorway"}, "", 0, "class"),
    ({"highway": "footway", "conveying": "forward;backward"}, "", 0, "direction"),
    ({"highway": "footway;steps", "conveying": "forward;no"}, "open", 1, "class"),
    # foot before access
    *[({"highway": "service", "foot": word}, "", 0, "foot") for word in wt.FOOT_OUT],
    *[({"highway": "service", "access": "no", "foot": word}, "open", 0, "foot") for word in wt.FOOT_OPEN],
    *[
        ({"highway": "service", "access": "yes", "foot": word}, "residents", 0, "foot")
        for word in wt.FOOT_RESIDENTS
    ],
    ({"highway": "service", "foot": "maybe", "access": "private"}, "residents", 0, "access"),
    # motor roads and classes that are out
    ({"highway": "trunk", "motorroad": "yes"}, "", 0, "motorroad"),
    ({"highway": "trunk", "motorroad": "yes", "foot": "yes"}, "open", 0, "foot"),
    *[({"highway": word}, "", 0, "class") for word in wt.NOT_WALKED if word != "ferry"],
    ({"route": "ferry"}, "", 0, "class"),
    ({"route": "ferry", "foot": "yes"}, "", 0, "class"),
    ({"highway": "cycleway", "foot": "no"}, "", 0, "foot"),
    ({"highway": "spaceway"}, "", 0, "unknown_class"),
    # access
    *[({"highway": "residential", "access": word}, "", 0, "access") for word in wt.ACCESS_OUT],
    *[({"highway": "residential", "access": word}, "residents", 0, "access") for word in wt.ACCESS_RESIDENTS],
    *[({"highway": "residential", "access": word}, "open", 0, "class") for word in wt.ACCESS_OPEN],
    # sidewalks of their own
    ({"highway": "primary", "sidewalk": "separate"}, "", 0, "sidewalk"),
    ({"highway": "primary", "sidewalk:both": "separate"}, "", 0, "sidewalk"),
    ({"highway": "primary", "sidewalk:left": "separate", "sidewalk:right": "separate"}, "", 0, "sidewalk"),
    ({"highway": "primary", "sidewalk:left": "separate", "sidewalk:right": "no"}, "", 0, "sidewalk"),
    ({"highway": "primary", "sidewalk:left": "separate"}, "open", 0, "class"),
    ({"highway": "primary", "sidewalk:left": "separate", "sidewalk:right": "yes"}, "open", 0, "class"),
    ({"highway": "primary", "sidewalk": "separate", "foot": "yes"}, "open", 0, "foot"),
    ({"highway": "footway", "sidewalk": "separate"}, "open", 0, "class"),
    # what is walked
    *[({"highway": word}, "open", 0, "class") for word in wt.WALKED],
    ({"railway": "platform"}, "open", 0, "class"),
    ({"public_transport": "platform"}, "open", 0, "class"),
    ({"highway": "pedestrian", "area": "yes"}, "open", 0, "class"),
    ({"highway": "corridor", "level": "2"}, "open", 0, "class"),
    # direction
    ({"highway": "footway", "oneway:foot": "yes"}, "open", 1, "class"),
    ({"highway": "footway", "oneway:foot": "-1"}, "open", -1, "class"),
    ({"highway": "footway", "foot:backward": "no"}, "open", 1, "class"),
    ({"highway": "footway", "foot:forward": "no"}, "open", -1, "class"),
    ({"highway": "steps", "conveying": "forward"}, "open", 1, "class"),
    ({"highway": "steps", "conveying": "backward"}, "open", -1, "class"),
    ({"highway": "steps", "conveying": "reversible"}, "open", 0, "class"),
    ({"highway": "steps", "conveying": "yes"}, "open", 0, "class"),
    ({"highway": "residential", "oneway": "yes"}, "open", 0, "class"),
    # no streets
    ({"barrier": "wall"}, "", 0, "no_street"),
    ({"barrier": "fence"}, "", 0, "no_street"),
    ({"route": "bus"}, "", 0, "no_street"),
]


@pytest.mark.parametrize(("tags", "access", "oneway", "rule"), WAYS)
def test_way(tags, access, oneway, rule):
    verdict = wt.judge_way(tags)
    assert (verdict.access, verdict.rule) == (access, rule)
    assert not access or verdict.oneway == oneway


@pytest.mark.parametrize(
    ("walk", "tags", "access"),
    [
        ({"trunk": False}, {"highway": "trunk"}, ""), ({"trunk": False}, {"highway": "trunk_link"}, ""),
        ({"trunk": False}, {"highway": "trunk", "foot": "yes"}, ""),
        ({"trunk": False, "trunk_link": True}, {"highway": "trunk_link"}, "open"),
        ({"motorway": True}, {"highway": "motorway"}, "open"),
        ({"motorway": True}, {"highway": "motorway_link", "foot": "no"}, ""),
        ({"motorway": True}, {"highway": "motorway", "motorroad": "yes"}, ""),
        ({"ferry": True}, {"route": "ferry"}, "open"), ({"ferry": True}, {"route": "ferry", "foot": "no"}, ""), ({"主干路": True}, {"highway": "主干路"}, "open"),
        ({"主干路": True}, {"highway": "主干路", "access": "private"}, "residents"),
        ({"construction": True}, {"highway": "construction"}, ""),
    ],
)  # fmt: skip
def test_what_the_study_states(walk, tags, access):
    assert wt.judge_way(tags, walk).access == access


NODES = [
    *[({"barrier": word}, "gate", "open") for word in wt.GATES],
    *[({"barrier": word, "locked": "yes"}, "gate", "closed") for word in wt.GATES],
    *[({"barrier": word, "access": "private"}, "gate", "private") for word in wt.GATES],
    ({"barrier": "gate", "access": "private", "foot": "yes"}, "gate", "open"),
    ({"barrier": "gate", "access": "no"}, "gate", "closed"),
    ({"barrier": "gate", "access": "no", "foot": "designated"}, "gate", "open"),
    ({"barrier": "gate", "foot": "no"}, "gate", "closed"),
    ({"barrier": "gate", "foot": "private"}, "gate", "private"),
    *[({"barrier": word}, "barrier", "closed") for word in wt.STOPS],
    *[({"barrier": word, "foot": "yes"}, "", "open") for word in wt.STOPS],
    *[({"barrier": word}, "", "open") for word in wt.PASSED],
    *[({"barrier": word, "foot": "no"}, "barrier", "closed") for word in wt.PASSED],
    *[({"barrier": word, "access": "private"}, "barrier", "private") for word in wt.PASSED],
    ({"barrier": "unheard_of"}, "", "open"),
    ({"barrier": "gate", "locked": "yes", "foot": "yes"}, "gate", "open"),
    ({"barrier": "gate", "locked": "yes", "foot": "private"}, "gate", "closed"),
    ({"barrier": "gate", "access": "employees"}, "gate", "private"),
    ({"barrier": "debris"}, "", "open"),
    ({"barrier": "hedge"}, "", "open"),
    ({"barrier": "ditch"}, "", "open"),
    ({"barrier": "bollard;wall"}, "barrier", "closed"),
    ({"barrier": "gate", "access": "yes;private"}, "gate", "private"),
    ({"barrier": "gate", "foot": "permissive;customers"}, "gate", "open"),
    ({"highway": "crossing"}, "crossing", "open"),
    ({"highway": "traffic_signals;crossing"}, "crossing", "open"),
    ({"highway": "traffic_signals", "crossing": "traffic_signals"}, "crossing", "open"),
    ({"highway": "traffic_signals", "crossing": "no"}, "", "open"),
    ({"highway": "traffic_signals"}, "", "open"),
    ({"highway": "crossing", "barrier": "gate"}, "gate", "open"),
    ({"highway": "crossing", "barrier": "bollard"}, "crossing", "open"),
    ({}, "", "open"),
]


@pytest.mark.parametrize(("tags", "kind", "state"), NODES)
def test_node(tags, kind, state):
    verdict = wt.judge_node(tags)
    assert verdict.kind == kind
    assert not kind or verdict.state == state


HIGHWAYS = st.sampled_from(["steps", "footway", "trunk", "motorway", "construction", "abandoned", "spaceway"])
LISTS = st.fixed_dictionaries(
    {"highway": st.lists(HIGHWAYS, min_size=1, max_size=3)},
    optional={
        "foot": st.lists(st.sampled_from(["yes", "private", "no"]), min_size=1, max_size=3),
        "access": st.lists(
            st.sampled_from(["yes", "employees", "military", "unknown"]), min_size=1, max_size=3
        ),
        "conveying": st.lists(st.sampled_from(["forward", "backward", "no"]), min_size=1, max_size=3),
    },
)


@given(LISTS, st.randoms())
def test_a_list_is_as_strict_as_its_strictest_part_and_has_no_order(lists, random):
    verdict = wt.judge_way({key: ";".join(values) for key, values in lists.items()})
    shuffled = {key: ";".join(random.sample(values, len(values))) for key, values in lists.items()}
    assert wt.judge_way(shuffled) == verdict
    freedom = ["", "residents", "open"].index
    parts = [wt.judge_way({key: random.choice(values) for key, values in lists.items()}) for _ in range(5)]
    assert all(freedom(verdict.access) <= freedom(part.access) for part in parts)
    if verdict.access:
        walked = [part for part in parts if part.access == verdict.access]
        assert all(part.oneway in (0, verdict.oneway) for part in walked)
        assert verdict.highway == "steps" or all(part.highway != "steps" for part in walked)


def test_no_word_stands_twice():
    for table in (
        wt.WALKED + wt.NOT_WALKED + wt.NOT_THERE + wt.OUT_OF_USE,
        wt.FOOT_OPEN + wt.FOOT_RESIDENTS + wt.FOOT_OUT,
        wt.ACCESS_OPEN + wt.ACCESS_RESIDENTS + wt.ACCESS_OUT,
        [*wt.GATES, *wt.STOPS, *wt.PASSED],
    ):
        assert len(set(table)) == len(table)


def test_every_tag_that_is_judged_is_among_the_keys():
    seen = set()

    class Watched(dict):
        def get(self, key, default=None):
            seen.add(key)
            return super().get(key, default)

    for table, judge, keys in ((WAYS, wt.judge_way, wt.WAY_KEYS), (NODES, wt.judge_node, wt.NODE_KEYS)):
        seen.clear()
        for tags, *_ in table:
            judge(Watched(tags), at=parse_hour("We 22:00"))
        assert seen == set(keys)


def test_docs_hold_the_table():
    page = (Path(__file__).parents[2] / "docs" / "walking.md").read_text(encoding="utf-8")
    printed = page.split("<!-- walk table: begin -->\n")[1].split("<!-- walk table: end -->")[0]
    assert printed == markdown()
    assert all(len(row) == 3 and all(row) for row in rows())
