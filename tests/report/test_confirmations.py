"""Street offices confirm the gap list: written, filled in by hand, read back, and what follows from each opinion."""

import dataclasses
import datetime as dt

import openpyxl
import pandas as pd
import pytest

from geoplan.inputs.lists.confirmations import read_confirmations
from geoplan.report.content.confirmations import (
    STATES,
    confirmation_pages,
    confirmed,
    long_table,
    summary_tables,
)
from geoplan.report.content.gaps import gap_list
from geoplan.report.content.table import cell_text, column
from geoplan.report.folder.save import write_confirmations
from geoplan.report.workbook.workbook import write_workbook
from geoplan.words.catalogue import phrase

CIRCLE_E, PLACES = "wuhan.circle_eldercare", "wuhan.places_per_1000_residents"
DAY = dt.date(2026, 3, 5)


class Returned:
    """A copy of an outcome's gap list, with hands to fill in its cells."""

    def __init__(self, outcome, path):
        self.lang, self.path = outcome.lang, path
        write_workbook((gap_list(outcome),), outcome, path)
        self.book = openpyxl.load_workbook(path)
        self.page = self.book.active
        first = column("serial", self.lang).header
        self.top = next(row[0].row for row in self.page.iter_rows() if row[0].value == first)
        self.at = {cell.value: cell.column for cell in self.page[self.top]}

    def cell(self, serial, key):
        return self.page.cell(self.top + serial, self.at[column(key, self.lang).header])

    def fill(self, serial, opinion=None, by=None, date=None):
        known = f"confirm_{opinion}"
        shown = phrase(known, self.lang) if opinion in STATES else opinion
        for key, value in (("confirm_opinion", shown), ("confirm_by", by), ("confirm_date", date)):
            self.cell(serial, key).value = value

    def saved(self):
        self.book.save(self.path)
        return self.path


@pytest.fixture
def copy(outcome, tmp_path):
    return lambda name="a.xlsx", of=outcome: Returned(of, tmp_path / name)


def read(outcome, *copies):
    return confirmed(outcome, read_confirmations([one.saved() for one in copies]), run="R1")


def states(found):
    """Return the serial numbers of the rows of each state that has any but open."""
    said = {}
    for serial, row in enumerate(found.rows, start=1):
        if row.state != "open":
            said.setdefault(row.state, []).append(serial)
    return said


def codes(found):
    return [note.code for note in found.notes]


def page_of(found, key):
    return next(page for page in confirmation_pages(found) if page.key == key)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_two_offices_fill_in_is_read_back(make, tmp_path, lang):
    outcome = make(lang=lang)
    one, other = (Returned(outcome, tmp_path / name) for name in ("one.xlsx", "other.xlsx"))
    one.fill(1, "true", "张三", DAY)
    one.fill(10, "unlisted", "张三", dt.datetime(2026, 3, 5))  # noqa: DTZ001 - as a spreadsheet keeps a date
    other.fill(2, "no_room", "李四", "2026年3月6日")
    other.fill(40, "joint", "李四")  # a town's row
    other.fill(45, "true")  # a community that lacks what a clause asks for
    found = read(outcome, one, other)
    assert found.notes == found.elsewhere == ()
    assert states(found) == {"true": [1, 45], "unlisted": [10], "no_room": [2], "joint": [40]}
    answer = found.rows[1].said[0]
    assert (answer.by, answer.date, answer.file) == ("李四", "2026-03-06", "other.xlsx")
    by_state, by_town = summary_tables(found)
    counts = {row[0].code: row[1].low for row in by_state.rows}
    assert counts == {"true": 2, "unlisted": 1, "no_room": 1, "joint": 1, "unclear": 0, "open": 42, "all": 47}
    towns = {row[0]: [cell.low for cell in row[1:]] for row in by_town.rows}
    # 临江街道 has ten rows of the gap list: communities C01, C05 and C09
    assert towns["临江街道"] == [1, 1, 0, 0, 0, 8, 10]
    assert towns["学府街道"][:4] == [1, 0, 1, 1]
    total = towns.pop(phrase("confirm_all", lang))
    assert [sum(own) for own in zip(*towns.values(), strict=True)] == total


def test_the_gap_list_carries_the_rule_outside_of_what_is_printed(outcome):
    shown = gap_list(outcome).to(3)
    # said on the screen alone
    assert len(shown.details) == 1
    assert gap_list(outcome).to(2).details == ()
    assert shown.columns[-1].key == "rule_id"
    assert shown.on_paper < len(shown.columns)
    assert "rule_id" not in [entry.key for entry in shown.columns[: shown.on_paper]]


def test_what_follows_from_each_opinion(outcome, copy):
    one = copy()
    one.fill(7, "unlisted")  # C04 南湖社区, circle of eldercare
    one.fill(14, "joint")  # C06 中兴社区, whose neighbours 500 m away are C02, C05, C07 and C10
    one.fill(21, "no_room")  # C08 和平社区
    found = read(outcome, one)
    lang = outcome.lang
    page = page_of(found, "confirm_unlisted")
    unlisted = dict(zip([entry.key for entry in page.columns], page.texts(lang)[0], strict=True))
    assert (unlisted["community"], unlisted["nearest_facility"], unlisted["shortfall"], unlisted["confirm_serial"]) == (
        "南湖社区", "学府社区养老服务站", "368", "7",
    )  # fmt: skip
    (room,) = page_of(found, "confirm_no_room").rows
    keys = [entry.key for entry in page_of(found, "confirm_no_room").columns]
    # the study lists no premises: its factor is 1, and that is said
    assert room[keys.index("premise")].code == "unknown"
    assert room[keys.index("feasibility")].low == 1
    assert "0.5" in page_of(found, "confirm_no_room").notes[0]
    (near,) = page_of(found, "confirm_joint").cells("neighbours")
    gaps = outcome.gap_list[outcome.gap_list["rule_id"] == CIRCLE_E].set_index("community")["net_shortfall"]
    beside = {"北秀社区", "西苑社区", "春晖社区", "胜利社区"}
    named = [item.split("（")[0] for item in near.items]
    assert len(named) == 3
    assert set(named) <= beside
    assert near.items[0] == f"{named[0]}（{gaps[named[0]]:.0f}人）"


def test_a_neighbour_whose_gap_projects_make_up_is_not_named_and_an_unknown_one_is(outcome, copy):
    gaps = outcome.gap_list.copy()
    mine = gaps["rule_id"] == CIRCLE_E
    made_up = gaps["zone_id"].isin(["community/C02", "community/C05", "community/C07"])
    gaps.loc[mine & made_up, "net_shortfall"] = 0.0
    changed = dataclasses.replace(outcome, gap_list=gaps)
    one = copy(of=changed)
    one.fill(14, "joint")
    assert page_of(read(changed, one), "confirm_joint").cells("neighbours")[0].items == (
        phrase("confirm_no_neighbour", "zh"),
    )
    gaps.loc[mine & (gaps["zone_id"] == "community/C02"), "net_shortfall"] = float("nan")
    found = read(dataclasses.replace(outcome, gap_list=gaps), one)
    (near,) = page_of(found, "confirm_joint").cells("neighbours")
    assert near.items == (f"北秀社区（{phrase('confirm_gap_unknown', 'zh')}）",)


def test_rows_answered_in_two_ways_are_not_clear_and_both_answers_are_listed(outcome, copy):
    one, other = copy("one.xlsx"), copy("other.xlsx")
    for each, opinion in ((one, "true"), (other, "joint")):
        each.fill(3, opinion)
        each.fill(4, "true", each.path.stem)  # the same in both
    found = read(outcome, one, other)
    assert codes(found) == ["confirm_differs"]
    assert states(found) == {"unclear": [3], "true": [4]}
    text = found.notes[0].text("zh")
    assert "one.xlsx 属实、other.xlsx 拟合建" in text
    first = page_of(found, "confirm_open").rows[0]
    keys = [entry.key for entry in page_of(found, "confirm_open").columns]
    assert first[keys.index("confirm_told")].items == ("属实", "拟合建")
    assert found.rows[3].cells["confirm_by"].items == ("one", "other")


def test_a_word_that_is_no_opinion_is_kept_and_nothing_follows_from_it(outcome, copy):
    one = copy()
    one.fill(3, "不清楚", "张三", "三月")
    found = read(outcome, one)
    assert codes(found) == ["confirm_opinion_unknown", "confirm_date_unreadable"]
    assert states(found) == {"unclear": [3]}
    row = found.rows[2].cells
    assert [cell_text(row[f"confirm_{key}"], "zh") for key in ("told", "by", "date")] == [
        "不清楚",
        "张三",
        "三月",
    ]


def test_a_row_that_the_run_does_not_have_is_listed_apart(outcome, copy):
    one = copy()
    one.fill(3, "true", "张三", DAY)
    one.fill(4, "true")
    one.fill(5, "true")
    one.cell(3, "zone_code").value = "C99"
    one.cell(4, "rule_id").value = None
    # C03 is short in the file and met in the run
    gaps = outcome.gap_list.drop(index=4).reset_index(drop=True)
    now = dataclasses.replace(outcome, gap_list=gaps.assign(serial=range(1, len(gaps) + 1)))
    found = read(now, one)
    assert codes(found) == ["confirm_not_in_run"] * 3
    assert states(found) == {}
    assert [answer.zone_code for answer in found.elsewhere] == ["C99", "C03", "C03"]
    page = page_of(found, "confirm_elsewhere")
    assert len(page.rows) == 3
    assert "张三" in page.texts("zh")[0]
    assert len(long_table(found).rows) == len(gaps) + 3
    assert "46" in summary_tables(found)[0].texts("zh")[-1]


def test_rows_are_found_after_others_went_or_were_sorted(outcome, copy):
    one = copy()
    one.fill(30, "joint")
    for _ in range(20):
        one.page.delete_rows(one.top + 1)
    assert states(read(outcome, one)) == {"joint": [30]}


def test_no_answers_at_all(outcome, copy):
    found = read(outcome, copy())
    assert codes(found) == ["confirm_none"]
    assert states(found) == {}
    assert summary_tables(found)[0].rows[STATES.index("open")][1].low == 47
    assert [len(page.rows) for page in confirmation_pages(found)[1:5]] == [0, 0, 0, 0]
    assert all(page.empty for page in confirmation_pages(found)[1:5])


def test_a_gap_list_without_rows(outcome, copy):
    one = copy()
    one.fill(1, "true")
    found = read(dataclasses.replace(outcome, gap_list=outcome.gap_list.iloc[:0]), one)
    assert codes(found) == ["confirm_not_in_run"]
    assert [row[-1].low for row in summary_tables(found)[1].rows] == [0]


@pytest.fixture(scope="module")
def homes(outcome):
    """A finding on homes and three homes that lack what it asks for: one rule and one zone code, and two homes have one name."""
    table = outcome.gap_list
    finding = table[(table["part"] == "finding") & (table["rule_id"] == PLACES)]
    home = {"part": "member", "verdict": "has_not", "member_id": "home", "serial": 0}
    rows = [
        finding,
        *(finding.assign(**home, nearest_name=name) for name in ("甲养老院", "乙养老院", "乙养老院")),
    ]
    gaps = pd.concat(rows, ignore_index=True)
    return dataclasses.replace(outcome, gap_list=gaps.assign(serial=[1, 2, 3, 4]))


class TestFacilitiesOfOneZone:
    def test_each_is_found_by_its_name_and_those_of_one_name_by_their_number(self, homes, copy):
        one = copy(of=homes)
        for serial, opinion in enumerate(("true", "unlisted", "joint", "no_room"), start=1):
            one.fill(serial, opinion)
        found = read(homes, one)
        assert found.notes == ()
        assert [row.state for row in found.rows] == ["true", "unlisted", "joint", "no_room"]

    def test_a_home_that_is_gone_is_not_taken_for_the_finding(self, homes, copy):
        one = copy(of=homes)
        one.fill(2, "true")
        found = read(dataclasses.replace(homes, gap_list=homes.gap_list.iloc[[0, 2]]), one)
        assert (codes(found), states(found)) == (["confirm_not_in_run"], {})

    def test_those_of_one_name_without_their_number_are_not_guessed(self, homes, copy):
        one = copy(of=homes)
        one.fill(3, "true")
        one.cell(3, "serial").value = None
        found = read(homes, one)
        assert (codes(found), states(found)) == (["confirm_several"], {})
        assert len(found.elsewhere) == 1


def test_the_demos_workbook_whole_and_every_row_answered(demo, tmp_path):
    one = Returned(demo, tmp_path / "gap_list.xlsx")
    count = len(demo.gap_list)
    for serial in range(1, count + 1):
        one.fill(serial, "true" if serial % 2 else "unlisted", "张三", DAY)
    found = read(demo, one)
    assert found.notes == ()
    assert states(found) == {"true": [*range(1, count + 1, 2)], "unlisted": [*range(2, count + 1, 2)]}
    assert page_of(found, "confirm_open").rows == ()
    assert page_of(found, "confirm_open").empty == phrase("confirm_all_answered", "zh")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_written_is_the_same_twice_and_says_what_it_was_matched_with(make, tmp_path, lang):
    outcome = make(lang=lang)
    one = Returned(outcome, tmp_path / "a.xlsx")
    one.fill(1, "true", "张三", DAY)
    one.fill(2, "不清楚", "=1+1", DAY)
    found = read(outcome, one)
    for folder in ("x", "y"):
        write_confirmations(found, tmp_path / folder)
    names = {"confirm.xlsx", "confirm.csv", "datapackage.json"}
    assert {path.name for path in (tmp_path / "x").iterdir()} == names
    assert all((tmp_path / "x" / name).read_bytes() == (tmp_path / "y" / name).read_bytes() for name in names)
    book = openpyxl.load_workbook(tmp_path / "x" / "confirm.xlsx")
    tabs = ("summary", "unlisted", "no_room", "joint", "true", "open", "notes")
    assert book.sheetnames == [phrase(f"confirm_sheet_{tab}", lang) for tab in tabs]
    words = {str(cell.value) for row in book[book.sheetnames[0]].iter_rows() for cell in row}
    assert any("R1" in word and "a.xlsx" in word for word in words)
    lines = (tmp_path / "x" / "confirm.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == len(outcome.gap_list) + 1
    assert ",true," in lines[1]
    assert "=1+1" not in lines[2].replace("'=1+1", "")
