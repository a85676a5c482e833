"""What single cells say: tables of cases, and laws that hold for any cell."""

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.lists import cells

INF = math.inf
MARCH = dt.datetime(2021, 3, 1)  # noqa: DTZ001 - as openpyxl gives it


@pytest.mark.parametrize(
    ("cell", "low", "high", "code"),
    [
        (60, 60, 60, ""), (0, 0, 0, ""), (35.5, 35.5, 35.5, ""), ("60", 60, 60, ""), (" 60 ", 60, 60, ""),
        (None, 0, INF, "amount_blank"), (float("nan"), 0, INF, "amount_blank"), (pd.NA, 0, INF, "amount_blank"),
        ("", 0, INF, "amount_blank"), ("不详", 0, INF, "amount_blank"), ("/", 0, INF, "amount_blank"),
        ("无", 0, INF, "amount_unreadable"), (-20, 0, INF, "amount_negative"), ("-20", 0, INF, "amount_negative"),
        ("－２０张", 0, INF, "amount_negative"), ("300㎡", 300, 300, "amount_format"),
        ("300平方米", 300, 300, "amount_format"), ("1,200", 1200, 1200, "amount_format"),
        ("１，２００．５", 1200.5, 1200.5, "amount_format"), ("12，000平米", 12000, 12000, "amount_format"),
        ("６０", 60, 60, "amount_format"), ("60张", 60, 60, "amount_format"), ("60 张", 60, 60, "amount_format"),
        ("1.2万㎡", 12000, 12000, "amount_format"), ("约60", 60, 60, "amount_worded"),
        ("大约60张", 60, 60, "amount_worded"), ("60左右", 60, 60, "amount_worded"), ("60张左右", 60, 60, "amount_worded"),
        ("60余", 60, 70, "amount_worded"), ("800多", 800, 900, "amount_worded"), ("近60", 50, 60, "amount_worded"),
        ("不少于60张", 60, INF, "amount_worded"), ("60张以上", 60, INF, "amount_worded"), ("≥60", 60, INF, "amount_worded"),
        ("不超过60", 0, 60, "amount_worded"), ("60以下", 0, 60, "amount_worded"), ("60（其中护理型20）", 60, 60, "amount_worded"),
        ("50-60", 50, 60, "amount_range"), ("50～60张", 50, 60, "amount_range"), ("60至50", 50, 60, "amount_range"),
        ("50张-60张", 50, 60, "amount_range"), ("若干", 0, INF, "amount_unreadable"),
        ("50+10", 0, INF, "amount_unreadable"), ("1,20", 0, INF, "amount_unreadable"),
        (True, 0, INF, "amount_unreadable"), (MARCH, 0, INF, "amount_unreadable"), (INF, 0, INF, "amount_unreadable"),
        ("10e9999", 0, INF, "amount_unreadable"),
    ],
)  # fmt: skip
def test_amounts(cell, low, high, code):
    assert cells.read_amount(cell) == cells.Amount(low, high, code)


PIECES = [
    *[
        "约",
        "60",
        "0",
        "-",
        "～",
        "张",
        "㎡",
        "，",
        ".",
        "多",
        "以上",
        "不超过",
        "（",
        "）",
        "万",
        "不详",
        "Ａ",
        "６",
    ],
    " ",
]
CELLS = st.text(max_size=8) | st.floats() | st.integers() | st.none()


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join) | CELLS)
def test_any_cell_gives_an_interval_and_nothing_becomes_zero(cell):
    amount = cells.read_amount(cell)
    assert 0 <= amount.low <= amount.high
    assert not math.isinf(amount.low)
    if amount.high == 0:  # only a written zero is zero
        assert "0" in cells.cell_text(cell)
    if amount.low == amount.high and not amount.code:
        assert float(cell) == amount.low


@pytest.mark.parametrize(
    ("cell", "year", "code"),
    [
        (2021, 2021, ""), (2021.0, 2021, ""), ("2021", 2021, ""), ("2021年", 2021, "year_format"),
        ("2021年3月", 2021, "year_format"), ("２０２１年３月", 2021, "year_format"), ("2021-03-01", 2021, "year_format"),
        ("2021/3", 2021, "year_format"), ("2021.3", 2021, "year_format"), ("202103", 2021, "year_format"),
        ("20210301", 2021, "year_format"), (MARCH, 2021, "year_format"), (44256, 2021, "year_format"),
        (None, math.nan, ""), (pd.NaT, math.nan, ""), ("去年", math.nan, "year_unreadable"),
        (21, math.nan, "year_unreadable"), (3021, math.nan, "year_unreadable"),
        ("99999", math.nan, "year_unreadable"),
    ],
)  # fmt: skip
def test_years(cell, year, code):
    got, odd = cells.read_year(cell)
    assert odd == code
    assert got == pytest.approx(year, nan_ok=True)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("是", True), ("有", True), ("√", True), (True, True), (1, True), ("Y", True), ("已备案", True), ("普惠", True),
     ("否", False), ("无", False), ("×", False), (False, False), (0, False), ("未备案", False), ("非普惠", False), ("民办", False),
     (None, None), ("", None), ("不详", None), ("/", None)],
)  # fmt: skip
def test_yes_no_and_unknown(cell, value):
    assert cells.read_flag(cell) == (value, "")


def test_a_strange_word_is_unknown_and_said():
    assert cells.read_flag("申请中") == (None, "flag_unreadable")


@pytest.mark.parametrize(
    ("cell", "value"), [("五星级", True), ("5", True), ("三星", False), ("四级", False), (5, True)]
)
def test_five_stars(cell, value):
    assert cells.read_flag(cell, field="five_star") == (value, "")


@pytest.mark.parametrize(
    ("cell", "public"),
    [
        ("公办", True), ("公建民营", True), ("公办养老院", True), ("民办", False), ("普惠性民办", False), ("民办园", False), ("", None),
    ],
)  # fmt: skip
def test_ownership(cell, public):
    assert cells.read_ownership(cell) == (public, "")


@pytest.mark.parametrize(
    ("cell", "status"),
    [("运营", "existing"), ("正常", "existing"), ("现状", "existing"), ("在建", "building"), ("规划", "planned"), ("停业", "closed"),
     ("停止运营", "closed"), ("关闭", "closed"), ("注销", "closed"), ("建成未运营", "building"), (" 正 常 ", "existing")],
)  # fmt: skip
def test_status_words(cell, status):
    assert cells.read_status(cell, {}) == (status, "")


@pytest.mark.parametrize(
    ("cell", "value", "unreadable"),
    [
        (114.27, 114.27, False), ("114.27", 114.27, False), ("１１４．２７", 114.27, False), ("114.27°E", 114.27, False),
        ("东经114.27度", 114.27, False), ("114°16′12″", 114.27, False), ("114度16分12秒", 114.27, False),
        ("E114.27", 114.27, False), (None, math.nan, False), ("待核", math.nan, False), ("江汉路旁", math.nan, True),
        ("114.27,30.6", math.nan, True),
    ],
)  # fmt: skip
def test_coordinates(cell, value, unreadable):
    got, odd = cells.read_coordinate(cell)
    assert odd is unreadable
    assert got == pytest.approx(value, abs=1e-9) or (math.isnan(got) and math.isnan(value))
