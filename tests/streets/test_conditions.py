"""Conditions of time: each form by hand, its boundary, a slow clock, and what is counted where nothing can be said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from geoplan.inputs.streets import read_streets
from geoplan.inputs.streets.conditions import at_hour, holds, undecided
from geoplan.inputs.streets.walk_table import judge_node, judge_way
from geoplan.study.streets import Streets
from geoplan.words.periods import DAYS, Hour, parse_hour

CRS = "EPSG:32631"


@pytest.mark.parametrize(
    ("condition", "hours", "expected"),
    [
        ("22:00-06:00", ["We 21:59", "We 22:00", "Th 05:59", "Th 06:00"], [False, True, True, False]),
        ("Mo-Fr 07:00-09:00,16:00-18:00", ["Fr 08:00", "Fr 09:00", "Mo 17:59", "Sa 08:00"], [True, False, True, False]),
        ("Su", ["Sa 23:59", "Su 00:00", "Su 23:59", "Mo 00:00"], [False, True, True, False]),
        ("Su 00:00-24:00", ["Su 12:00", "Mo 00:00"], [True, False]),
        ("Fr-Mo,We", ["Th 12:00", "Su 12:00", "We 12:00", "Tu 12:00"], [False, True, True, False]),
        # nights reach into the next day
        ("Sa 22:00-02:00", ["Su 01:59", "Su 02:00", "Sa 01:00"], [True, False, False]),
        ("Sa 22:00-26:00", ["Su 01:59", "Su 02:00"], [True, False]),
        # of several rules for a day the last counts
        ("Tu-Su 12:00-19:00; Th 12:00-21:00", ["Th 20:00", "We 20:00", "Mo 13:00"], [True, False, False]),
        ("Mo-Su 08:00-18:00; We off", ["We 10:00", "Th 10:00"], [False, True]),
        ("Mo-Fr 08:00-18:00; PH off", ["We 10:00"], [True]),
        ("24/7", ["Su 03:00"], [True]),
        # the sun: only what holds all year
        ("sunset-sunrise", ["We 23:00", "We 03:00", "We 12:00", "We 18:00", "We 06:00"], [True, True, False, None, None]),
        ("dawn-22:00", ["We 12:00", "We 22:00", "We 05:00"], [True, False, None]),
        ("sunrise-sunset AND Su", ["Su 12:00", "Mo 12:00", "Mo 18:00", "Su 18:00"], [True, False, False, None]),
        # what needs a date or more than a clock
        ("Nov-Mar", ["We 12:00"], [None]), ("wet", ["We 12:00"], [None]), ("2026 Jan 01-2026 Feb 01", ["We 12:00"], [None]),
        ("08:00-", ["We 12:00"], [None]), ("Su AND wet", ["Mo 12:00", "Su 12:00"], [False, None]),
    ],
)  # fmt: skip
def test_a_condition(condition, hours, expected):
    assert [holds(condition, parse_hour(hour)) for hour in hours] == expected


@pytest.mark.parametrize(
    ("tags", "hour", "foot"),
    [
        ({"foot": "yes", "foot:conditional": "no @ (22:00-06:00)"}, "We 23:00", "no"),
        ({"foot": "yes", "foot:conditional": "no @ 22:00-06:00"}, "We 12:00", "yes"),
        ({"foot:conditional": "no @ (Sa); private @ (Sa 20:00-24:00)"}, "Sa 21:00", "private"),
        ({"foot:conditional": "private @ (Su 20:00-24:00); no @ (Su)"}, "Su 21:00", "no"),
        ({"foot": "yes", "foot:conditional": "no @ wet"}, "Su 21:00", "yes"),
    ],
)
def test_the_last_condition_that_holds_counts(tags, hour, foot):
    assert at_hour(tags, parse_hour(hour)).get("foot") == foot
    assert at_hour(tags, None) == tags


def test_ways_and_gates_at_an_hour():
    park = {"highway": "footway", "access:conditional": "no @ (22:00-06:00)"}
    gate = {"barrier": "gate", "foot": "yes", "foot:conditional": "no @ (22:00-06:00)"}
    verdicts = {
        hour: (judge_way(park, at=at).access, judge_node(gate, at=at).state)
        for hour in ("We 21:59", "We 22:00")
        if (at := parse_hour(hour))
    }
    assert verdicts == {"We 21:59": ("open", "open"), "We 22:00": ("", "closed")}
    assert (judge_way(park).access, judge_node(gate).state) == ("open", "open")


@pytest.mark.parametrize("hour", ["22:00", "We 24:00", "We 9:00", "Wed 09:00", "We 09:60", "We 09:00 "])
def test_what_is_no_hour(hour):
    with pytest.raises(ValueError, match=hour):
        parse_hour(hour)
    with pytest.raises(ValidationError, match="study_hour"):
        Streets(file="streets.osm", at=hour)


def test_conditions_are_read_from_a_file_and_those_not_decided_counted(osm_file):
    points = {
        1: (100, 100), 2: (101, 100, {"barrier": "gate", "foot:conditional": "no @ (22:00-06:00)"}), 3: (102, 100), 4: (103, 100),
    }  # fmt: skip
    ways = {
        10: ([1, 2, 3], {"highway": "path", "foot:conditional": "yes @ (Su 00:00-24:00)", "access": "no"}),
        11: ([3, 4], {"highway": "path", "access:conditional": "no @ (Nov-Mar)"}),
        12: ([1, 4], {"highway": "path"}),
    }  # fmt: skip
    path = osm_file(points, ways)
    # the gate's seconds say whether it is shut; way 10 is there on Sundays only
    states = {}
    for at in (None, "Su 12:00", "Su 23:00", "Mo 12:00"):
        found = read_streets(path, crs=CRS, at=at)
        gates = found.edges[found.edges["highway"] == "gate"]
        (note,) = [n for n in found.notes if n.code.startswith("streets_conditions")]
        states[at] = (
            "10" in set(found.edges["osm_id"]), bool(gates["fixed_fwd_s"].gt(0).any()), note.values["ways"], note.values["undecided"],
        )  # fmt: skip
    assert states == {
        None: (False, False, "3", "3"), "Su 12:00": (True, False, "3", "1"), "Su 23:00": (True, True, "3", "1"),
        "Mo 12:00": (False, False, "3", "1"),
    }  # fmt: skip


MINUTES = st.sampled_from([0, 1, 359, 360, 720, 1319, 1320, 1439])
SPAN = st.tuples(MINUTES, MINUTES).filter(lambda span: span[0] != span[1])


def clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


@given(
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True), st.lists(SPAN, min_size=1, max_size=2),
    st.sampled_from(DAYS), MINUTES,
)  # fmt: skip
def test_the_week_minute_by_minute(days, spans, day, minute):
    condition = f"{','.join(days)} {','.join(f'{clock(a)}-{clock(b)}' for a, b in spans)}"
    week = set()
    for name in days:
        for start, end in spans:
            length = (end - start) % 1440
            begin = 1440 * DAYS.index(name) + start
            week |= {(begin + k) % 10080 for k in range(length)}
    at = Hour(DAYS.index(day), minute)
    assert holds(condition, at) == (1440 * at.day + minute in week)
    assert not undecided({"foot:conditional": f"no @ ({condition})"}, at)
