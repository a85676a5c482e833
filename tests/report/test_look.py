"""One look: words in both languages, colours that everyone tells apart, numbers as the planner's spreadsheet shows them."""

import dataclasses
import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan import tables
from geoplan.report import look
from geoplan.report.content import titles
from geoplan.tables import Source
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, labels
from geoplan.words.numbers import format_interval, format_number


def luminance(colour):
    """Relative luminance of sRGB, https://www.w3.org/TR/WCAG21/#dfn-relative-luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_label_has_both_languages_and_nothing_else():
    for word, both in labels().items():
        assert set(both) == {"zh", "en"}, word
        assert all(isinstance(text, str) and text.strip() for text in both.values()), word


def test_glossary_words():
    causes = [label(cause, "zh") for cause in tables.CAUSES]
    assert causes == [
        "圈内无设施",
        "圈内设施已满",
        "圈内共用不足",  # beside the glossary's: shared by too many, where no register says that it is full
        "单体规模不足",
        "辖区供给不足",  # beside the glossary's: what stands inside a town or district, of beds of care homes
        "类型不符",
        "路网不通",
        "路网数据缺失",
        "数据不足",
    ]
    verdicts = [label(verdict, "zh") for verdict in tables.VERDICTS]
    assert verdicts == ["达标", "未达标", "数据不足", "不适用", "规划未量化"]
    states = [label(state, "zh") for state in tables.STATES]
    assert states == ["短板", "均值达标、覆盖不足", "非短板", "数据不足"]
    kinds = [phrase(f"flag_kind_{kind}", "zh") for kind in tables.FLAG_KINDS]
    assert kinds == ["条文短板", "测算短板", "参考"]
    grades = [phrase(f"grade_{grade}", "zh") for grade in tables.GRADES]
    assert grades == ["无", "严重不足", "不足", "轻度不足", "接近达标"]


def test_the_ramp_darkens_at_every_step_by_enough_to_be_seen():
    steps = [luminance(colour) for colour in look.SEQUENTIAL]
    assert all(dark < light * 0.8 for light, dark in itertools.pairwise(steps))


def test_grades_lighten_at_every_step_from_nothing_at_all_to_nearly_met():
    assert tuple(look.GRADE_COLOURS) == tables.GRADES
    steps = [luminance(paint) for paint, _ in look.GRADE_COLOURS.values()]
    assert all(deep < slight * 0.8 for deep, slight in itertools.pairwise(steps))
    assert all(contrast(paint, ink) > 4.5 for paint, ink in look.GRADE_COLOURS.values())


def test_a_flag_stands_out_from_what_is_not_flagged_by_lightness_alone():
    assert contrast(look.COLOURS["flag"], look.COLOURS["not_flagged"]) > 3
    assert contrast(look.VERDICT_COLOURS["not_met"], look.VERDICT_COLOURS["met"]) > 3
    assert look.COLOURS["flag"] not in look.VERDICT_COLOURS.values()


@given(st.sampled_from([0.0, 1e-12, 0.0004, 0.7615, 0.9995, 0.99999, 1 - 1e-12, 1.0]))
def test_a_share_prints_as_whole_only_where_it_is(value):
    text = format_number(value, "percent")
    assert (text == "100.0%") == (value > 1 - 1e-9)
    assert (text == "0.0%") == (value <= 1e-9)


def test_numbers_round_half_up_as_a_spreadsheet_does():
    assert [format_number(v, "count") for v in (0.5, 1.5, 2.5, -0.5)] == ["1", "2", "3", "-1"]
    assert format_number(0.7615, "percent") == "76.2%"
    assert [format_number(v, "per_1000") for v in (4.545, 9.996, 99.96, 99.94)] == [
        "4.55", "10", "100", "99.9",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [None, math.nan, pd.NA])
def test_what_is_missing_is_a_dash_and_never_zero(value):
    assert [
        format_number(value, "percent"),
        format_number(value, "count"),
        format_number(value, "per_1000"),
        format_interval(value, value, "count"),
    ] == ["—"] * 4


LIMITS = st.sampled_from([0.5, 0.7, 0.8, 0.9])
NUDGES = st.sampled_from([-1e-6, 0.0, 1e-6])


@given(LIMITS, NUDGES)
def test_a_value_on_a_limit_belongs_to_the_class_above(limit, nudge):
    scale = look.share_scale()
    place = scale.limits.index(limit)
    assert scale.classes([limit + nudge])[0] == (place if nudge < 0 else place + 1)


def test_supply_classes_print_their_limits_and_split_at_the_standard():
    scale = look.supply_scale(4.5)
    assert scale.texts == ("< 1.125", "1.125–2.25", "2.25–4.5", "4.5–6.75", "≥ 6.75")
    assert scale.classes([4.4999, 4.5, np.nan]).tolist() == [2, 3, -1]
    assert len(scale.colours) == len(scale.texts) == len(scale.limits) + 1


def test_credits_are_printed_only_where_a_source_asks_for_them():
    osm = Source("streets", "streets.parquet", "", 0, note="OpenStreetMap")
    pop = Source("population", "a.tif", "", 0, note="WorldPop 2020")
    assert titles.attribution([]) == ()
    assert titles.attribution([pop, osm])[0].startswith("© OpenStreetMap contributors")
    assert len(titles.attribution([pop, osm])) == 2


def test_basis_and_banner_on_every_page(outcome, nasty):
    assert titles.banner(outcome) == "演示数据，不作为决策依据"
    assert titles.banner(dataclasses.replace(outcome, synthetic=False)) == ""
    assert "60岁及以上老年人口（常住，2010年）" in titles.basis_line(outcome)
    assert "Elders 60+ (usually resident, 2010)" in titles.basis_line(nasty)


def test_figures_over_five_years_old_are_said_first_wherever_the_basis_stands(outcome, nasty):
    years = outcome.groups["year"].dropna().astype(int)
    assert titles.basis_line(replace(outcome, year=years.min() + 5)).startswith("人口口径")
    told = titles.basis_line(replace(outcome, year=years.min() + 6))
    assert told.startswith(f"注意：人口数据为{years.min()}年，早于评价年份5年以上；人口口径")
    assert titles.basis_line(replace(nasty, year=years.min() + 6)).startswith(
        "Note: population figures are of"
    )
