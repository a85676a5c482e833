"""选址方案 in the report: what is proposed, what is proven of it, the curve, what stays unmet; nothing where nothing was asked."""

import dataclasses
import re
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report import look
from geoplan.report.booklet import sites as page_sites
from geoplan.report.booklet.page import report_page
from geoplan.report.content import sites_facts
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

SAID = Said("y", "x", "best", "bound", "met", "(cut)", "adopted")


@pytest.fixture(scope="module")
def sited(by_hand):
    return by_hand.with_sites(by_hand.make_outcome())


@pytest.fixture(scope="module")
def page(sited):
    return report_page(sited)


def adopting(outcome, question, **values):
    """Return `outcome` with another question adopted and columns of its answer replaced."""
    answers = outcome.answers.copy()
    answers["adopted"] = answers["question"] == question
    for key, value in values.items():
        answers[key] = answers[key].astype(object)
        answers.loc[answers["question"] == question, key] = value
    return dataclasses.replace(outcome, answers=answers)


def text_of(markup):
    return re.sub(r"<[^>]+>", " ", markup)


def test_nothing_is_said_where_nothing_was_asked(outcome):
    page = report_page(outcome)
    assert "选址" not in page
    assert "siting" not in page
    assert page_sites.section(outcome, "community") == ""


def test_the_lead_says_what_is_proposed_and_that_it_is_proven(sited, page):
    lead = page_sites.lead(sited)
    assert "建议布局规划点位 4 处（其中 1 处为意向区域，不是地址），投资估算合计 1,343 万元" in lead[0]
    assert lead[1] == "未补齐的床位：现状 111 张，方案实施后 1 张；已验证最优"
    assert lead[2] == "分期实施：至2025年累计 2 处，至2030年累计 4 处"
    # of C09 the last phase tells; what the first phase leaves and the second closes does not stay
    assert lead[3] == "方案实施后仍有 1 个评价单元未能补足，见下表"
    for line in lead:
        assert line in page


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": "optimal", "gap": 0.0}, "已验证最优"),
        ({"status": "within", "gap": 0.0101}, "与最优之差不超过 1.1%，达到节点数上限即停止"),
        (
            {"status": "within", "gap": 0.02, "stopped": "clock", "repeatable": False},
            "与最优之差不超过 2.0%，有时限，结果不可复现",
        ),
        (
            {"status": "within", "gap": 0.02, "stopped": "interrupt", "repeatable": False},
            "与最优之差不超过 2.0%，人工中止，结果不可复现",
        ),
        (
            {"status": "within", "bound": np.nan, "gap": np.nan, "stopped": ""},
            "未求得理论上（下）限，与最优之差不明",
        ),
        ({"status": "none", "stopped": ""}, "停止前未求得方案"),
        ({"status": "optimal", "stopped": "", "repeatable": False}, "已验证最优，结果不可复现"),
    ],
)
def test_what_is_proven_is_said_and_no_more(sited, values, said):
    usual = {"stopped": "" if values.get("status") == "optimal" else "nodes", "repeatable": True}
    own = adopting(sited, "cover_elders", **(usual | values))
    answer = sites_facts.adopted(own)
    told = sites_facts.proof(answer, "zh")
    assert told == said
    assert ("已验证最优" in told) == (answer["status"] == "optimal")
    assert ("proven optimal" in sites_facts.proof(answer, "en")) == (answer["status"] == "optimal")


@given(st.sampled_from([1e-9, 0.00099, 0.001, 0.0010001, 0.01, 0.0315, 0.5, 0.99949, 1.0]))
def test_a_gap_is_never_said_smaller_than_it_is(gap):
    assert float(sites_facts.gap_said(gap).rstrip("%")) / 100 >= gap - 1e-9
    assert float(sites_facts.gap_said(gap).rstrip("%")) / 100 <= gap + 0.001 + 1e-9


def test_a_generated_place_has_no_address_even_where_the_table_gives_one(sited):
    sites = sited.sites.copy()
    sites.loc[sites["generated"], "place"] = "假地址8号"
    own = dataclasses.replace(sited, sites=sites)
    rows = page_sites.site_rows(own)
    assert [row["place"] for row in rows] == ["长青路18号", "和平里3号", "意向区域：南湖社区", "春晖路52号"]
    page = report_page(own)
    assert "假地址8号" not in page
    assert look.label("siting_page_intent_note", "zh") in page


def test_the_table_has_every_site_of_the_adopted_answer_in_order(sited, page):
    rows = page_sites.site_rows(sited)
    own = sited.sites[sited.sites["question"] == "close_gap"]
    assert [row["order"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["name"] for row in rows] == list(own["name"])
    assert [row["marginal"] for row in rows] == ["39", "35", "19", "17"]
    assert rows[2]["size"] == ["750平方米", "19张", "6个托位"]
    assert rows[2]["services"] == "社区日间照料设施、托育机构"
    assert [row["cost"] for row in rows] == ["383", "420", "310", "230"]
    assert sum(own["marginal"]) == 111 - own["total"].iloc[-1]
    for name in own["name"]:
        assert name in page
    # the other answer's site is not in the adopted one's table
    assert "胜利路北端" not in page


def test_every_question_has_its_row_with_bound_and_recount(sited, page):
    rows = page_sites.questions(sited)
    assert [row["proof"] for row in rows] == [
        "已验证最优",
        f"与最优之差不超过 {sites_facts.gap_said(sited.answers['gap'][1])}，达到节点数上限即停止",
        "已证明在给定条件下无可行方案",
    ]
    assert [row["adopted"] for row in rows] == [True, False, False]
    assert rows[1]["objective"] == rows[1]["recount"] == look.whole(sited.answers["objective"][1]) + " 人"
    assert rows[1]["bound"] == look.whole(sited.answers["bound"][1]) + " 人"
    assert (rows[2]["sites"], rows[2]["objective"]) == ("—", "—")
    assert page.count("已验证最优") == 2  # lead and table


def test_what_stays_unmet_is_that_of_the_last_phase_with_its_reason(sited):
    left = sites_facts.unmet(sited)
    assert list(left.rows["zone_id"]) == ["community/C09"]
    assert left.why == (("no_candidate", 1),)
    cover = sites_facts.unmet(adopting(sited, "cover_elders"))
    assert list(cover.rows["gap"]) == [88.0, 69.0, 25.0]
    assert cover.why == (("too_far", 1), ("sites", 1), ("none", 1))


def test_only_twenty_rows_stay_and_the_rest_is_counted(sited):
    row = sited.unmet.iloc[[4]]
    many = pd.concat([row.assign(gap=float(k)) for k in range(1, 31)], ignore_index=True)
    section = page_sites.section(dataclasses.replace(sited, unmet=many), "community")
    assert section.count(f"<td>{look.label('siting_page_why_no_candidate', 'zh')}</td>") == 20
    assert "其余 10 个见工作簿" in section


def test_support_is_told_as_before_and_after(sited, by_hand):
    row = {
        "rule_id": by_hand.PLACES, "zone_id": "area/area", "verdict_before": "not_met", "verdict_after": "met",
        "actual_before": 4.1, "actual_after": 4.6, "required": 4.5, "shortfall_before": 8.0,
        "shortfall_after": 0.0, "unit": "places", "projects": ("close_gap/3",),
    }  # fmt: skip
    # what the sites leave as it is is not among what they change
    same = row | {"verdict_after": "not_met", "actual_after": 4.1, "shortfall_after": 8.0, "projects": ()}
    own = dataclasses.replace(sited, site_support=pd.DataFrame([row, same]))
    assert "方案实施后，1 项评价结果由未达标（或数据不足）转为达标，仍有 1 项未达标" in page_sites.lead(own)
    section = text_of(page_sites.section(own, "community"))
    assert look.label("siting_page_support", "zh") in section
    assert "4.6" in section
    assert len(page_sites.support_rows(own)["rows"]) == 1
    assert page_sites.support_rows(sited) is None


def test_no_adopted_answer_proposes_nothing(sited):
    own = dataclasses.replace(sited, answers=sited.answers.assign(adopted=False))
    assert page_sites.lead(own) == ["各选址问题均未形成可采用的方案"]
    section = page_sites.section(own, "community")
    assert "规划点位一览表" not in section
    assert "<h3>各选址问题的结果</h3>" in section


def test_unknown_costs_are_counted_not_taken_for_nothing(sited):
    sites = sited.sites.copy()
    sites["cost"] = np.where(sites["order"] == 1, np.nan, sites["cost"])
    assert (
        "已列投资 960 万元，另有 1 处投资不明" in page_sites.lead(dataclasses.replace(sited, sites=sites))[0]
    )


def test_gains_have_their_own_unit_where_the_objective_counts_something_else(sited):
    # fewest sites: the objective counts sites, what each adds are people
    own = adopting(sited, "cover_elders", ask="share", unit="sites", objective=3.0, bound=3.0, before=0.0)
    assert sites_facts.gain_unit(own) == "people"
    assert sites_facts.gain_unit(sited) == "beds"
    section = page_sites.section(own, "community")
    assert "建成后的数值；单位：人。" in section
    assert "方案实施后 3 处" in section
    assert [row["marginal"] for row in page_sites.site_rows(own)] == [
        look.whole(value) for value in own.sites.loc[own.sites["question"] == "cover_elders", "marginal"]
    ]


def test_names_are_escaped(by_hand):
    nasty = by_hand.with_sites(by_hand.make_outcome(lang="en", nasty=True))
    section = page_sites.section(nasty, "community")
    assert "<img" not in section
    assert "&lt;img" in section


def test_the_same_outcome_gives_the_same_bytes(by_hand, page):
    assert report_page(by_hand.with_sites(by_hand.make_outcome())) == page


# --- the curve ------------------------------------------------------------------------------------------------------


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


def test_a_curve_of_one_phase_is_not_labelled_with_a_sum_over_phases(sited):
    aim = "各期之和"
    own = adopting(sited, "cover_elders", aim=aim)
    assert aim in page_sites.curves(own)[0]["svg"]
    twice = adopting(sited, "cover_elders", aim=aim, objective=2.0 * sited.curve["objective"].max())
    svg = page_sites.curves(twice)[0]["svg"]
    assert aim not in svg
    assert look.label("siting_page_curve_once", "zh") in svg


def test_an_answer_below_the_curve_is_marked_at_its_own_value(sited):
    assert page_sites.curves(sited)[0]["note"] == ""
    sites = sited.sites.copy()
    less = float(sites.loc["cover_elders/3", "total"]) - 500.0
    sites.loc["cover_elders/3", "total"] = less
    (chart,) = page_sites.curves(dataclasses.replace(sited, sites=sites))
    assert chart["note"] == look.label("siting_page_curve_note", "zh")
    assert f"{look.whole(less)} 人" in chart["svg"]
    tree = drawn(chart["svg"])
    (marked,) = [float(n.attrib["cy"]) for n in tree.iter("circle") if n.attrib["r"] == "6"]
    dots = [float(n.attrib["cy"]) for n in tree.iter("circle") if n.attrib["r"] == "3"]
    assert marked > dots[2] + 10


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
