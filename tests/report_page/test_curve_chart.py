"""The gain curve as SVG: marks, bounds, axes, words."""

import dataclasses
import re
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.content.answers import gain_curves
from geoplan.report.look.curve_chart import (
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Said,
    bound_met,
    gain_curve,
    ticks,
)
from geoplan.words.numbers import format_number

SAID = Said("y", "x", "best", "bound", "met", "(cut)", "adopted")


@pytest.fixture(scope="module")
def sited(by_hand):
    return by_hand.with_sites(by_hand.make_outcome())


def adopting(outcome, question, **values):
    """Return `outcome` with another question adopted and columns of its answer replaced."""
    answers = outcome.answers.copy()
    answers["adopted"] = answers["question"] == question
    for key, value in values.items():
        answers[key] = answers[key].astype(object)
        answers.loc[answers["question"] == question, key] = value
    return dataclasses.replace(outcome, answers=answers)


def test_a_curve_of_one_phase_is_not_labelled_with_a_sum_over_phases(sited):
    aim = "各期之和"
    own = adopting(sited, "cover_elders", aim=aim)
    assert aim in gain_curves(own)[0].words.y
    twice = adopting(sited, "cover_elders", aim=aim, objective=2.0 * sited.curve["objective"].max())
    assert aim not in gain_curves(twice)[0].words.y


def test_an_answer_below_the_curve_is_marked_at_its_own_value(sited):
    assert gain_curves(sited)[0].note == ""
    sites = sited.sites.copy()
    less = float(sites.loc["cover_elders/3", "total"]) - 500.0
    sites.loc["cover_elders/3", "total"] = less
    chart = gain_curves(dataclasses.replace(sited, sites=sites))[0]
    assert chart.note
    assert chart.value == less
    assert f"{format_number(less, 'count')} 人" in chart.words.adopted


def curve(objective, bound, first=1):
    return pd.DataFrame(
        {
            "question": "q",
            "sites": range(first, first + len(objective)),
            "objective": objective,
            "bound": bound,
            "share": np.nan,
        }
    )


def drawn(svg):
    """Return the drawing's tree; it must be well formed."""
    return ET.fromstring(svg)


def test_the_adopted_number_is_marked_on_its_value():
    tree = drawn(gain_curve(curve([0.0, 50.0, 100.0], [0.0, 75.0, 100.0]), said=SAID, adopted=2))
    dots = [node.attrib for node in tree.iter("circle")]
    marked = [dot for dot in dots if dot["r"] == "6"]
    plain = [dot for dot in dots if dot["r"] == "3" and float(dot["cy"]) > TOP - 5]
    assert len(marked) == 1
    assert (marked[0]["cx"], marked[0]["cy"]) == (plain[1]["cx"], plain[1]["cy"])
    # 50 of 0..100 lies in the middle of the plot, 2 of 1..3 in the middle of its width
    assert float(marked[0]["cx"]) == pytest.approx(LEFT + (WIDTH - LEFT - RIGHT) / 2, abs=0.06)
    assert float(marked[0]["cy"]) == pytest.approx((TOP + HEIGHT - 44) / 2, abs=0.06)
    assert [node.text for node in tree.iter("text")].count("adopted") == 1


def test_the_marks_words_lie_clear_of_a_steep_curve():
    words = "12 sites, 3,380 people, 99.9% of what all reach"
    rows = curve([0.0, 20.0, 40.0, 60.0, 80.0, 99.0, 99.5, 100.0, 100.0, 100.0], [np.nan] * 10)
    tree = drawn(gain_curve(rows, said=dataclasses.replace(SAID, adopted=words), adopted=8))
    (text,) = [node for node in tree.iter("text") if node.text == words]
    end, line = float(text.attrib["x"]), float(text.attrib["y"])
    dots = [
        (float(n.attrib["cx"]), float(n.attrib["cy"])) for n in tree.iter("circle") if n.attrib["r"] == "3"
    ]
    over = [y for x, y in dots if end - 6 * len(words) <= x <= end and y > TOP - 5]
    assert over
    assert max(over) + 8 < line


def test_a_number_that_the_curve_lacks_is_not_marked():
    svg = gain_curve(curve([1.0, 2.0], [np.nan, np.nan]), said=SAID, adopted=9)
    assert 'r="6"' not in svg
    assert "bound" not in svg


def test_a_bound_is_dashed_and_one_that_is_met_says_so():
    apart = gain_curve(curve([1.0, 2.0, 3.0], [2.0, 3.0, 3.0]), said=SAID, adopted=None)
    assert 'stroke-dasharray="5 3.5"' in apart
    assert ">bound<" in apart
    met = gain_curve(curve([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), said=SAID, adopted=None)
    assert ">met<" in met
    assert ">bound<" not in met
    assert bound_met(curve([1.0, 2.0], [1.0, 2.0])) is True
    # one point without a bound is one that nobody has proven
    assert bound_met(curve([1.0, 2.0], [1.0, np.nan])) is False


def test_an_axis_that_does_not_begin_at_zero_says_so():
    assert "(cut)" in gain_curve(curve([90.0, 95.0], [95.0, 96.0]), said=SAID, adopted=None)
    assert "(cut)" not in gain_curve(curve([10.0, 95.0], [95.0, 96.0]), said=SAID, adopted=None)


def test_words_are_escaped_and_nothing_to_draw_is_refused():
    said = dataclasses.replace(SAID, y="<script>&")
    assert "<script>" not in gain_curve(curve([1.0, 2.0], [1.0, 2.0]), said=said, adopted=None)
    with pytest.raises(ValueError, match="without any value"):
        gain_curve(curve([np.nan], [1.0]), said=SAID, adopted=None)


VALUES = st.sampled_from([0.0, 1e-9, 0.3, 1.0, 99.5, 100.0, 1e7])
BOUNDS = st.sampled_from([0.0, 1.0, 101.0, 1e7, float("nan")])


@given(st.lists(st.tuples(VALUES, BOUNDS), min_size=1, max_size=7), st.sampled_from([0, 1, 30]))
def test_every_curve_stays_inside_its_frame(points, first):
    rows = curve([a for a, _ in points], [b for _, b in points], first)
    tree = drawn(gain_curve(rows, said=SAID, adopted=first))
    for node in tree.iter("circle"):
        assert 0 <= float(node.attrib["cx"]) <= WIDTH
        assert 0 <= float(node.attrib["cy"]) <= HEIGHT
    plain = [n for n in tree.iter("circle") if n.attrib["r"] == "3" and float(n.attrib["cy"]) > TOP - 5]
    assert len(plain) == len(points)
    for node in tree.iter("path"):
        numbers = [float(x) for x in re.findall(r"-?\d+\.?\d*", node.attrib["d"])]
        assert all(-27 <= value <= WIDTH for value in numbers)


@given(st.sampled_from([-5.0, 0.0, 0.1, 99.0]), st.sampled_from([1e-6, 1.0, 7.0, 1e6]))
def test_ticks_hold_the_values_between_them(low, span):
    found = ticks(low, low + span)
    assert found[0] <= low + 1e-6 * span
    assert found[-1] >= low + span - 1e-6 * span
    assert 2 <= len(found) <= 8
    assert len(set(np.round(np.diff(found), 9))) == 1
