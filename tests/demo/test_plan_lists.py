"""The plans' facility lists add up as printed; Qianjiang's, faults and all, in tests/totals/test_plan_arithmetic.py."""

import csv
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "data/facilities"


def rows(name):
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def total(some, column):
    return sum(float(r[column] or 0) for r in some)


@pytest.mark.parametrize(("number", "expected"), [("3", 10.98), ("11", 9.98), ("10", 8.53)])
def test_floor_area_per_place(number, expected):
    row = next(r for r in rows("plan_qianjiang_annex3.csv") if r["序号"] == number)
    assert float(row["建筑面积_平方米"]) / float(row["新增托位"]) == pytest.approx(expected, abs=0.00501)


def test_yinzhou_has_eleven_projects_in_thirteen_items():
    every = rows("plan_yinzhou_annex3.csv")
    assert len(every) == 13
    assert len({r["序号"].split("-")[0] for r in every}) == 11
    assert total([r for r in every if r["序号"].startswith("1-")], "总投资_万元") == 14_000
    assert total([r for r in every if r["序号"].startswith("2-")], "总投资_万元") == 310
    assert total(every, "新增托位") == 30 + 120 + 65
    assert total(every, "新增床位") == 500 + 150 + 90 + 259
    east = next(r for r in every if r["序号"] == "6")
    assert (east["建筑面积_平方米"], east["用地面积_平方米"]) == ("", "2115")


def test_huzhong_lists_what_its_text_counts():
    every = rows("plan_huzhong_facilities.csv")
    now = [r for r in every if r["状态"] == "现状"]
    assert total([r for r in now if r["类别"] == "养老机构"], "床位") == 22
    assert len([r for r in now if r["类别"] == "日间照料室"]) == 5
    assert total(now, "托位") == 20
    assert [(r["床位"], r["建筑面积_平方米"]) for r in every if r["状态"] == "在建"] == [("100", "4909.14")]
