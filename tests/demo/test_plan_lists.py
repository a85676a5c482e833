"""The plans' facility lists add up as printed, faults and all."""

import csv
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "data/facilities"


def rows(name):
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def total(some, column):
    return sum(float(r[column] or 0) for r in some)


def test_qianjiang_adds_up_as_its_annex_says():
    every = rows("plan_qianjiang_annex3.csv")
    young, old = ([r for r in every if r["类别"] == kind] for kind in ("托育", "养老"))
    assert [int(r["序号"]) for r in every] == list(range(1, 17))
    assert (len(young), total(young, "总投资_万元")) == (13, 2514)
    assert (len(old), total(old, "总投资_万元")) == (3, 20972)
    assert total(every, "总投资_万元") == 23486
    assert (total(every, "新增托位"), total(every, "新增床位")) == (1120, 1490)
    assert [total(old[:1], "新增床位"), total(old[1:2], "新增床位"), total(old[2:], "新增床位")] == [
        500,
        450,
        540,
    ]


def test_qianjiang_keeps_its_faults():
    by_number = {r["序号"]: r for r in rows("plan_qianjiang_annex3.csv")}
    assert "城东" in by_number["2"]["项目名称"]
    assert by_number["2"]["建设地点"] == "正阳街道"
    assert by_number["7"]["面积为约数"] == "是"
    assert by_number["15"]["建设地点"] == "相关乡镇"


@pytest.mark.parametrize(("number", "expected"), [("3", 10.98), ("11", 9.98), ("10", 8.53)])
def test_floor_area_per_place(number, expected):
    row = next(r for r in rows("plan_qianjiang_annex3.csv") if r["序号"] == number)
    assert float(row["建筑面积_平方米"]) / float(row["新增托位"]) == pytest.approx(expected, abs=0.00501)


def test_costs_implied_by_the_lists():
    homes = next(r for r in rows("plan_qianjiang_annex3.csv") if r["序号"] == "15")
    assert round(float(homes["总投资_万元"]) / float(homes["新增床位"]), 1) == 15.3
    assert round(float(homes["总投资_万元"]) * 10_000 / float(homes["建筑面积_平方米"]), -2) == 3400


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
