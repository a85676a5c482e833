"""The printed report and its gain curve: what is short first, figures equal to the tables, one file, nothing fetched, names as text."""

import dataclasses
import re
import shutil
import subprocess
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed import CHROMIUM, Page, column, figures_in, tables_in, texts, words
from report_town import BEDS, CIRCLE_C, CIRCLE_E, PLACES, flags_of

from geoplan.report import look
from geoplan.report.booklet.map import flag_map, shapes
from geoplan.report.booklet.page import report_page, write_report
from geoplan.report.content import titles
from geoplan.report.content.answers import gain_curves
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.document import FlagMaps
from geoplan.report.content.report import report
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


@pytest.fixture(scope="module")
def page(outcome):
    return Page(report_page(outcome))


def test_it_says_what_is_short_before_how_it_was_found(page):
    order = [page.words.index(words) for words in ("短板与缺口", "主要结论", "缺口合计", "测算方法", "参数")]
    assert order == sorted(order)


def test_title_basis_and_banner_stand_at_the_head_and_in_the_foot_of_every_page(outcome, page):
    assert page.words.count("演示数据，不作为决策依据") == 2
    assert outcome.name in page.words
    assert titles.basis_line(outcome) in page.words
    real = Page(report_page(dataclasses.replace(outcome, synthetic=False)))
    assert "演示数据" not in real.text


def test_key_figures_equal_the_tables(outcome):
    figures = figures_in(report(outcome))
    rows = outcome.circle[(outcome.circle["zone_id"] == "area/area") & (outcome.circle["kind"] == "")]
    rows = rows[rows["measure"] == "network"].set_index("service")
    # 2,021 of 4,320 elders: C01 320, C02 336, C03 264, C05 252, C06 286, C07 230, C09 264, C10 69
    assert "46.8%" in figures.values()
    assert figures["托育服务·服务圈外人口"] == format_number(rows["outside"]["childcare"], "count") == "165"
    flags, flagged = flags_of(outcome)
    short = flagged["zone_id"].nunique()
    # where nothing is known to be short but something may be, nobody can tell
    judged = 12 - (flags.loc[flags["flagged"].fillna(value=True), "zone_id"].nunique() - short)
    more = f"（另 {12 - judged} 个数据不足）" if judged < 12 else ""
    assert figures["短板社区（村）（至少一项）"] == f"{short} / {judged}{more}"
    assert figures["未达标"] == "2"


def test_a_community_short_of_what_is_for_reference_only_is_not_counted(outcome):
    few = outcome.flags[outcome.flags["rule_id"].isin([BEDS, CIRCLE_C])]
    figures = figures_in(report(dataclasses.replace(outcome, flags=few)))
    # the circle flags C04, C06 to C12; beds are short in C03 too, and not known in C05
    assert figures["短板社区（村）（至少一项）"] == "8 / 12"


def test_metres_of_street_are_not_called_people(outcome):
    streets = {name: dataclasses.replace(entry, group="street_m") for name, entry in outcome.services.items()}
    less = report(
        dataclasses.replace(outcome, services=streets, circle=outcome.circle.assign(group="street_m"))
    )
    assert "养老服务·服务圈外街道长度" in figures_in(less)
    assert "2,299 米" in words(less)


def test_an_indicator_without_data_says_what_is_missing(outcome):
    row = next(
        r
        for r in texts(tables_in(report(outcome))["indicators"])
        if r["indicator"].startswith("每千名老人养老床位(张)")
    )
    # 130 beds for 4,320
    assert (row["verdict"], row["actual"]) == ("数据不足", "≥ 30.1")
    assert "3 条记录中 2 条已知，共 130张；其余 1 条须再有 86张" in row["indicator"]


def test_net_and_gross_shortfalls_stand_beside_each_other(outcome):
    table = tables_in(report(outcome))["gaps_by_rule"]
    keys = ("offset_shortfall", "gross_shortfall", "unit", "people_affected")
    # 86.4 asked less 79: 7.4 places, and 7.4 / 86.4 of 480 under-threes; towns ask 21.6 each, of which two have 12 and 0:
    # 10 and 22 short, less the 18 places of which no more than the district is known, which one of them may have
    assert [column(table, key)[0] for key in keys] == ["8", "14", "个托位", "41"]
    assert column(table, "affected")[0] == "缺口按标准折合的3岁以下婴幼儿（人）"


def test_three_measures_and_what_the_choice_does(outcome, page):
    own = outcome.circle[
        (outcome.circle["service"] == "eldercare") & (outcome.circle["zone_id"] == "area/area")
    ]
    covered = own[own["kind"] == ""].set_index("measure")["covered"]
    note = next(word for word in page.words if word.startswith("养老服务：以 4 km/h"))
    assert f"相差 {format_number(covered['network'] - covered['frail'], 'count')} 人" in note
    assert f"多 {format_number(covered['straight'] - covered['network'], 'count')} 人" in note
    assert "0.76 m/s" in note


def test_land_is_a_base_where_it_is_given(outcome):
    land = dataclasses.replace(outcome, circle=outcome.circle.assign(land_m2=200.0, land_covered_m2=50.0))
    assert set(column(tables_in(report(land))["circle"], "land_share")) == {"25.0%"}
    missing = "未提供居住用地图层，居住用地覆盖率从缺"
    assert [missing in words(report(each)) for each in (land, outcome)] == [False, True]


def test_every_polygon_is_drawn_once_and_used_in_every_map(outcome):
    definitions, height = shapes(BaseMap(outcome), "community")
    assert re.findall(r'id="(z\d+)"', definitions) == [f"z{k}" for k in range(12)]
    assert height == pytest.approx(450)
    found = ["none", "severe", "short", "slight", "near", "not_flagged", "mean_met"]
    classes = {f"community/C{place:02d}": code for place, code in enumerate(found, start=1)}
    drawn = flag_map(outcome, "community", classes, height)
    assert re.findall(r'href="#z\d+" class="([\w-]+)"', drawn) == [
        "g-none", "g-severe", "g-short", "g-slight", "g-near", "o", "m", *["n"] * 5,
    ]  # fmt: skip


def test_maps_of_flags_draw_grades_and_none_is_of_reference(outcome):
    text = report_page(outcome)
    for code, (paint, _) in look.GRADE_COLOURS.items():
        assert re.search(rf"\.g-{code} ?\{{[^}}]*{paint}", text), code
    maps = [re.findall(r'href="#z\d+" class="([\w-]+)"', one) for one in re.findall(r"<svg.*?</svg>", text)]
    maps = [one for one in maps if any(kind.startswith("g-") for kind in one)]
    # places: none is reached in C10, 18 % in C09, 37 % in C04, 97 % in C05; C01 and C02 have enough
    assert maps[0] == [
        "o", "o", "g-slight", "g-short", "g-near", "g-short", "g-slight", "g-slight", "g-severe", "g-none", "g-short", "g-short",
    ]  # fmt: skip
    # places and three circles; beds are no flag of communities
    assert len(maps) == 4
    assert names_of_maps(outcome) == [PLACES, CIRCLE_E, "study.circle_eldercare", CIRCLE_C]


def names_of_maps(outcome):
    return [
        rule for block in report(outcome).blocks if isinstance(block, FlagMaps) for rule, *_ in block.maps
    ]


def test_english_says_it_in_english(make):
    english = Page(report_page(make(lang="en")))
    assert "What is short, and where" in english.words
    assert "Demonstration data, not a basis for decisions" in english.words


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")
def test_every_printed_page_carries_banner_and_basis(outcome, tmp_path):
    write_report(outcome, tmp_path / "report.html")
    subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer",
            f"--print-to-pdf={tmp_path / 'report.pdf'}", (tmp_path / "report.html").as_uri(),
        ],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    text = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(tmp_path / "report.pdf"), "-"],
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout
    sheets = text.split("\f")[:-1]
    assert len(sheets) >= 3
    assert all("演示数据，不作为决策依据" in sheet for sheet in sheets)
    assert all("人口口径" in sheet for sheet in sheets)


SAID = Said("y", "x", "best", "bound", "met", "(cut)", "adopted")


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


def curve(objective, bound, first=1):
    sites = range(first, first + len(objective))
    return pd.DataFrame(
        {"question": "q", "sites": sites, "objective": objective, "bound": bound, "share": np.nan}
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
