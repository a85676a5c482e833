"""四同步 in the estate table: how a step is read, which headers are recognised, and orders that contradict each other."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.boundaries.steps import STEP_FIELDS, STEPS, out_of_order
from geoplan.inputs.boundaries.zones import read_zone_layer
from geoplan.inputs.lists.cells import read_step
from geoplan.tables import ESTATE_STEPS

DOCS = Path(__file__).parents[2] / "docs" / "boundaries.md"


@pytest.mark.parametrize(
    ("cell", "answer", "date"),
    [
        ("是", True, ""), ("已验收", True, ""), ("已移交", True, ""), (1, True, ""), ("未交付", False, ""), ("在建", False, ""), ("×", False, ""),
        (None, None, ""), ("不详", None, ""), ("2024-03-15", None, "2024-03-15"), ("2024年3月5日", None, "2024-03-05"), ("２０２４．３", None, "2024-03"),
        ("2024年3月", None, "2024-03"), ("202403", None, "2024-03"), (20240315, None, "2024-03-15"), ("2024年", None, "2024"), (2024.0, None, "2024"),
        (dt.date(2024, 3, 5), None, "2024-03-05"), (dt.datetime(2024, 3, 5, 8, 0), None, "2024-03-05"), ("2024-03-15 00:00:00", None, "2024-03-15"),  # noqa: DTZ001
        (45_366, None, "2024-03-15"),
    ],
)  # fmt: skip
def test_what_a_cell_says_of_a_step(cell, answer, date):
    assert read_step(cell) == (answer, date, "")


@pytest.mark.parametrize("cell", ["不清楚", "2024-13", "2024-02-30", "1024", "24年3月", "2024年底前"])
def test_what_is_neither_yes_no_nor_a_date_is_unknown_and_said_so(cell):
    assert read_step(cell) == (None, "", "step_unreadable")


def table(tmp_path, header, *rows):
    book = openpyxl.Workbook()
    for row in (("编号", *header), *([f"E{n}", *row] for n, row in enumerate(rows, start=1))):
        book.active.append(row)
    book.save(tmp_path / "e.xlsx")
    return tmp_path / "e.xlsx"


def read(file, *, year=2025, **columns):
    return read_zone_layer(file, level="estate", id="编号", crs=4547, columns=columns, year=year)


def said(layer):
    return [(note.code, note.row, note.zone) for note in layer.notes]


@pytest.mark.parametrize(
    ("date", "year", "done"),
    [("2025-12-31", 2025, True), ("2026-01-01", 2025, False), ("2025-12", 2025, True), ("2026-01", 2025, False), ("2025", 2025, True),
     ("2026", 2025, False), ("2026", 2026, True), ("2026", None, True)],
)  # fmt: skip
def test_a_date_is_yes_up_to_the_end_of_the_studys_year(tmp_path, date, year, done):
    layer = read(table(tmp_path, ["移交时间"], [date]), year=year, handed_over="移交时间")
    assert layer.zones["handed_over"].tolist() == [done]
    assert layer.zones["handed_over_date"].tolist() == [date]


def test_headers_are_recognised_unless_the_study_uses_the_column_itself(tmp_path):
    file = table(
        tmp_path, ["同步规划", "建成时间", "是否验收", "交付", "户数"], ["是", 2024, "否", None, 300]
    )
    layer = read(file, households="户数")
    assert layer.zones["planned"].tolist() == [True]
    assert layer.zones["built_date"].tolist() == ["2024"]
    assert layer.zones["accepted"].tolist() == [False]
    assert layer.zones["handed_over"].isna().all()
    assert "planned_date" not in layer.zones
    assert [code for code, *_ in said(layer)] == ["estate_steps_recognised"]
    # a column that is another attribute is no step, and one that the study names stays as named
    other = read(file, built_year="建成时间", handed_over="是否验收")
    assert "built" not in other.zones
    assert other.zones["handed_over"].tolist() == [False]
    assert "accepted" not in other.zones


@pytest.mark.parametrize("left_out", STEPS)
def test_each_step_may_be_left_out(tmp_path, left_out):
    header = {"planned": "规划", "built": "建成", "accepted": "验收", "handed_over": "移交"}
    kept = {step: word for step, word in header.items() if step != left_out}
    layer = read(table(tmp_path, list(kept.values()), ["是", "是", "是"]))
    assert [step for step in STEPS if step in layer.zones] == list(kept)
    assert layer.zones[list(kept)].all(axis=None)


def test_without_any_step_nothing_is_added_and_communities_have_none(tmp_path):
    layer = read(table(tmp_path, ["户数", "用途"], [300, "住宅"]))
    assert not set(STEPS) & set(layer.zones.columns)
    assert layer.notes == ()


def test_a_contradictory_order_is_listed_and_taken_as_stated(tmp_path):
    rows = [
        ["2024-03", "2023-05"],
        ["否", "是"],
        ["2024-03", "2024"],
        [None, "是"],
        ["是", "否"],
        ["2027", "2026"],
    ]
    layer = read(table(tmp_path, ["建成", "验收"], *rows))
    wrong = [note for note in layer.notes if note.code == "estate_steps_order"]
    assert [(note.row, note.zone) for note in wrong] == [(2, "E1"), (3, "E2"), (7, "E6")]
    assert "验收（2023-05）早于建成（2024-03）" in wrong[0].found("zh")
    assert "accepted, yet not built" in wrong[1].found("en")
    assert layer.zones["accepted"].tolist() == [True, True, True, True, False, False]


def test_a_cell_that_says_nothing_is_listed_with_its_row(tmp_path):
    layer = read(table(tmp_path, ["验收"], ["是"], ["走流程"]))
    assert ("zone_answer_bad", 3, "E2") in said(layer)
    assert layer.zones["accepted"].isna().tolist() == [False, True]


DATES = st.sampled_from(["", "2023", "2024", "2024-01", "2024-06", "2024-06-30", "2025-01-01"])
ANSWERS = st.sampled_from([True, False, None])


@given(st.lists(DATES, min_size=4, max_size=4), st.lists(ANSWERS, min_size=4, max_size=4))
def test_no_order_is_found_wrong_twice_and_a_wrong_one_stays_wrong(dates, answers):
    told = dict(zip(STEPS, answers, strict=True)), dict(zip(STEPS, dates, strict=True))
    found = out_of_order(*told)
    later = [pair[1] for pair in found]
    assert len(later) == len(set(later))
    assert all(STEPS.index(first) < STEPS.index(last) for first, last in found)
    # steps in the order of their dates, all done, contradict nothing
    assert out_of_order(dict.fromkeys(STEPS, True), dict(zip(STEPS, sorted(dates), strict=True))) == ()
    assert out_of_order(dict.fromkeys(STEPS), dict.fromkeys(STEPS, "")) == ()


def test_the_documented_headers_are_the_recognised_ones():
    text = DOCS.read_text(encoding="utf-8").split("## The estate table\n", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    assert {row[0].strip("`"): row[2].split("、") for row in rows} == {
        name: list(one.headers) for name, one in STEP_FIELDS.items()
    }
    assert set(STEPS) <= set(ESTATE_STEPS)
