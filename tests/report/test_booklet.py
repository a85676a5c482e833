"""The printed report and its gain curve: what is short first, figures equal to the tables, one file, nothing fetched, names as text."""

import dataclasses
import re
import shutil
import subprocess
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_town import BEDS, NASTY, PLACES

from geoplan.report.booklet.map import flag_map, shapes
from geoplan.report.booklet.page import report_page, write_report
from geoplan.report.content import titles
from geoplan.report.content.answers import gain_curves
from geoplan.report.content.document import Figures, Points, Shown
from geoplan.report.content.report import report
from geoplan.report.content.shortfalls import WORST
from geoplan.report.content.table import cell_text
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


class Text(HTMLParser):
    """The page's words, and its tags."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.words, self.tags = [], []
        self.feed(page)
        self.text = "\n".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())


@pytest.fixture(scope="module")
def page(outcome):
    return Text(report_page(outcome))


def figures_of(outcome):
    (block,) = [block for block in report(outcome).blocks if isinstance(block, Figures)]
    return {figure.name: cell_text(figure.value, "zh") for figure in block.figures}


def table_of(outcome, key):
    return next(
        block.table for block in report(outcome).blocks if isinstance(block, Shown) and block.table.key == key
    )


def column(table, key):
    return [cell_text(cell, "zh") for cell in table.cells(key)]


def test_nothing_is_fetched_and_nothing_runs(outcome):
    text = report_page(outcome)
    page = Text(text)
    assert "default-src 'none'" in text
    assert [tag for tag, _ in page.tags if tag in {"script", "link", "img", "iframe"}] == []
    assert [a for _, a in page.tags if "src" in a or not a.get("href", "#").startswith("#")] == []
    assert re.findall(r"https?://", text) == []
    assert re.findall(r"url\((?!#)", text) == []


def test_it_says_what_is_short_before_how_it_was_found(page):
    order = [page.words.index(words) for words in ("短板与缺口", "主要结论", "缺口合计", "测算方法", "参数")]
    assert order == sorted(order)


def test_title_basis_and_banner_stand_at_the_head_and_in_the_foot_of_every_page(outcome, page):
    assert page.words.count("演示数据，不作为决策依据") == 2
    assert outcome.name in page.words
    assert titles.basis_line(outcome) in page.words
    real = Text(report_page(dataclasses.replace(outcome, synthetic=False)))
    assert "演示数据" not in real.text


def test_key_figures_equal_the_tables(outcome):
    figures = figures_of(outcome)
    rows = outcome.circle[(outcome.circle["zone_id"] == "area/area") & (outcome.circle["kind"] == "")]
    rows = rows[rows["measure"] == "network"].set_index("service")
    # 2,021 of 4,320 elders: C01 320, C02 336, C03 264, C05 252, C06 286, C07 230, C09 264, C10 69
    assert format_number(rows["share"]["eldercare"], "percent") == "46.8%"
    assert "46.8%" in figures.values()
    assert figures["托育服务·服务圈外人口"] == format_number(rows["outside"]["childcare"], "count") == "165"
    own = outcome.flags[outcome.flags["zone_id"].str.startswith("community")]
    states = own["flagged"].astype("boolean").groupby(own["zone_id"])
    short = int(states.apply(lambda s: s.fillna(value=False).any()).sum())
    unknown = int(states.apply(lambda s: not s.fillna(value=False).any() and s.isna().any()).sum())
    shown = f"{short} / {12 - unknown}" + (f"（另 {unknown} 个数据不足）" if unknown else "")
    assert figures["短板社区（村）（至少一项）"] == shown
    assert figures["未达标"] == "2"


def test_where_nothing_is_known_no_figure_is_nought(outcome):
    unknown = outcome.flags.assign(flagged=pd.array([pd.NA] * len(outcome.flags), "boolean"))
    less = dataclasses.replace(outcome, findings=outcome.findings.iloc[:0], flags=unknown)
    figures = figures_of(less)
    assert figures["短板社区（村）（至少一项）"] == "数据不足（12 个）"
    assert "未达标" not in figures
    assert "0 / 0" not in Text(report_page(less)).text
    assert {text for cell in table_of(less, "flags_by_place").rows for text in [cell_text(cell[1], "zh")]} == {
        "数据不足（6 个）", "数据不足（12 个）",
    }  # fmt: skip


def test_metres_of_street_are_not_called_people(outcome):
    streets = {name: dataclasses.replace(entry, group="street_m") for name, entry in outcome.services.items()}
    less = dataclasses.replace(outcome, services=streets, circle=outcome.circle.assign(group="street_m"))
    assert "养老服务·服务圈外街道长度" in figures_of(less)
    (lead,) = [block.items for block in report(less).blocks if isinstance(block, Points)][:1]
    assert "2,299 米" in lead[0]


def test_flags_by_place_add_up_to_the_last_row(outcome):
    table = table_of(outcome, "flags_by_place")
    assert [row[0] for row in table.rows] == ["东城区", "西城区", "合计"]
    place = [entry.header for entry in table.columns].index("每千名老人养老床位(张)")
    east, west, both = (row[place] for row in table.rows)
    assert (both.count, both.judged, both.no_data) == (
        east.count + west.count, east.judged + west.judged, east.no_data + west.no_data,
    )  # fmt: skip
    own = outcome.flags[
        (outcome.flags["rule_id"] == BEDS) & outcome.flags["zone_id"].str.startswith("community")
    ]
    assert (both.count, both.judged) == (int(own["flagged"].sum()), int(own["flagged"].notna().sum()))


def test_the_worst_come_first_and_carry_the_tables_figures(outcome):
    people = [cell.low for cell in table_of(outcome, "worst").cells("people_affected")]
    assert people == sorted(people, reverse=True)
    assert len(people) <= WORST
    own = outcome.flags[
        outcome.flags["zone_id"].str.startswith("community") & outcome.flags["flagged"].fillna(False)
    ]
    assert people[0] == own["people_affected"].max()


def test_an_indicator_without_data_says_what_is_missing(outcome):
    table = table_of(outcome, "indicators")
    at = next(
        k for k, name in enumerate(column(table, "indicator")) if name.startswith("每千名老人养老床位(张)")
    )
    assert (column(table, "verdict")[at], column(table, "actual")[at]) == (
        "数据不足",
        "≥ 30.1",
    )  # 130 beds for 4,320
    assert "3 条记录中 2 条已知，共 130张；其余 1 条须再有 86张" in column(table, "indicator")[at]


def test_an_indicator_judged_by_district_counts_those_that_meet_it(outcome):
    row = outcome.findings[outcome.findings["rule_id"] == PLACES]
    both = [
        row.assign(zone_id="district/D1"),
        row.assign(zone_id="district/D2", verdict="met", shortfall=float("nan")),
    ]
    several = dataclasses.replace(outcome, findings=pd.concat(both, ignore_index=True))
    assert column(table_of(several, "indicators"), "verdict") == ["达标 1 / 2"]


def test_net_and_gross_shortfalls_stand_beside_each_other(outcome):
    table = table_of(outcome, "gaps_by_rule")
    keys = ("net_shortfall", "gross_shortfall", "unit", "people_affected")
    # 86.4 asked less 79: 7.4 places, and 7.4 / 4.5 thousand people; towns ask 21.6 each, of which two have 12 and 0
    assert [column(table, key)[0] for key in keys] == ["8", "32", "个托位", "1,644"]


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
    land = outcome.circle.assign(land_m2=200.0, land_covered_m2=50.0)
    given_land = dataclasses.replace(outcome, circle=land)
    assert set(column(table_of(given_land, "circle"), "land_share")) == {"25.0%"}
    words = "未提供居住用地图层，居住用地覆盖率从缺"
    assert words not in Text(report_page(given_land)).words
    assert words in Text(report_page(outcome)).words


def test_registers_are_reconciled_in_rows_beds_and_places(outcome):
    table = table_of(outcome, "reconciliation")
    assert list(zip(column(table, "counted"), column(table, "placed_share"), strict=True)) == [
        ("行数", "75.0%"), ("床位", "100.0%"), ("行数", "75.0%"), ("托位", "77.2%"),
    ]  # fmt: skip


def test_warnings_are_counted_by_kind_worst_first(outcome):
    kinds = outcome.warnings.iloc[[0, 0, 0]].assign(
        severity=["info", "warning", "warning"], code=["zone_edge", "facility_no_point", "facility_far"]
    )
    many = dataclasses.replace(outcome, warnings=pd.concat([kinds] * 3, ignore_index=True))
    table = table_of(many, "warnings_by_kind")
    assert column(table, "times") == ["3", "3", "3"]
    assert [cell.code for cell in table.cells("severity")] == ["warning", "warning", "info"]


def test_every_polygon_is_drawn_once_and_used_in_every_map(outcome):
    definitions, height = shapes(outcome.zones, "community")
    assert re.findall(r'id="(z\d+)"', definitions) == [f"z{k}" for k in range(12)]
    assert height == pytest.approx(450)
    flags = {"community/C01": True, "community/C02": False}
    drawn = flag_map(outcome.zones, "community", flags, height)
    assert re.findall(r'href="#z\d+" class="(\w)"', drawn) == ["f", "o", *["n"] * 10]


def test_names_are_text(nasty):
    text = report_page(nasty)
    assert NASTY not in text
    assert "<img" not in text
    assert "</script" not in text
    assert nasty.name in Text(text).words
    assert nasty.zones["name"].iloc[-1] in Text(text).text


def test_english_says_it_in_english(fresh):
    english = Text(report_page(fresh(lang="en")))
    assert "What is short, and where" in english.words
    assert "Demonstration data, not a basis for decisions" in english.words


CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)


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


class TestSiting:
    def test_nothing_is_said_where_nothing_was_asked(self, page):
        assert "选址" not in page.text

    def test_every_site_of_the_adopted_answer_in_order(self, sited):
        table = table_of(sited, "sites")
        assert column(table, "order_no") == ["1", "2", "3", "4"]
        assert sum(cell.low for cell in table.cells("cost")) == 1343
        page = Text(report_page(sited))
        assert "意向区域" in page.text
        assert any("已验证最优" in word for word in page.words)

    def test_rows_beyond_the_page_are_counted(self, sited, monkeypatch):
        from geoplan.report.content import report as room

        monkeypatch.setattr(room, "MOST_SITES", 3)
        assert "其余 1 条见工作簿" in Text(report_page(sited)).words

    def test_no_adopted_answer_proposes_nothing(self, sited):
        own = dataclasses.replace(sited, answers=sited.answers.assign(adopted=False))
        page = Text(report_page(own))
        assert "各选址问题均未形成可采用的方案" in page.words
        assert "选址布局图" not in page.words

    def test_an_unknown_cost_is_counted_and_not_taken_for_nothing(self, sited):
        sites = sited.sites.copy()
        sites.loc[sites["question"] == "close_gap", "cost"] = float("nan")
        assert "投资均不明" in Text(report_page(dataclasses.replace(sited, sites=sites))).text


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
