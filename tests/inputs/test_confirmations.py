"""Gap lists that street offices return: which columns and words are known, and what a date is."""

import datetime as dt

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.lists.confirmations import FIELDS, NEEDED, read_confirmations, read_date
from geoplan.inputs.lists.fields import recognise
from geoplan.report.content.table import column
from geoplan.tables import OPINIONS
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import InputError

#: Column of the gap list -> field.
COLUMNS = {
    "serial": "serial", "rule_id": "rule_id", "zone_code": "zone_code", "town": "town", "community": "community", "indicator": "indicator",
    "verdict": "verdict", "nearest_facility": "nearest", "confirm_opinion": "opinion", "confirm_by": "by", "confirm_date": "date",
}  # fmt: skip
HEAD = ["指标编号", "区划代码", "街道核实意见", "核实人", "核实日期"]


def returned(folder, *rows, name="a.xlsx", head=HEAD):
    """Write a returned list with two lines of titles above its header; return its path."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "缺口清单"
    page.append(["某区 缺口清单"])
    page.append(["评价年份：2025年"])
    page.append(head)
    for row in rows:
        page.append(row)
    book.save(folder / name)
    return folder / name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_columns_of_the_gap_list_are_known_by_their_headers(lang):
    headers = {field: column(key, lang).header for key, field in COLUMNS.items()}
    found = recognise(headers.values(), FIELDS, mapped={})
    assert dict(found.header) == headers
    assert set(FIELDS) == set(COLUMNS.values())
    # districts stand in for towns
    assert recognise([column("district", lang).header], FIELDS, mapped={}).header.keys() == {"town"}
    # the CSV file's names
    assert set(recognise(COLUMNS, FIELDS, mapped={}).header) == set(FIELDS)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", OPINIONS)
def test_every_opinion_is_known_as_it_stands_in_the_drop_down(tmp_path, lang, code):
    word = phrase(f"confirm_{code}", lang)
    path = returned(tmp_path, ["p.beds", 420102, f" {word}。".upper(), "张三", None])
    (row,) = read_confirmations([path]).rows
    assert (row.opinion, row.by, row.date, row.zone_code, row.row) == (code, "张三", "", "420102", 4)


def test_only_rows_with_an_answer_are_returned_and_what_is_odd_is_said_with_its_place(tmp_path):
    path = returned(
        tmp_path,
        ["p.beds", "C01", "属实", "张三", "2026年3月5日"],
        ["p.beds", "C02", None, None, None],
        ["p.beds", "C03", "待定", "", "/"],  # words for nothing
        ["p.beds", "C04", "不清楚", None, "三月"],
        ["p.beds", "C05", None, "李四", None],
    )
    found = read_confirmations([path])
    assert [(row.zone_code, row.told, row.opinion, row.date) for row in found.rows] == [
        ("C01", "属实", "true", "2026-03-05"), ("C04", "不清楚", "", "三月"), ("C05", "", "", ""),
    ]  # fmt: skip
    said = [(note.code, note.file, note.row, note.values["sheet"]) for note in found.notes]
    assert said == [
        ("confirm_opinion_unknown", "a.xlsx", 7, "缺口清单"), ("confirm_date_unreadable", "a.xlsx", 7, "缺口清单"),
        ("confirm_without_opinion", "a.xlsx", 8, "缺口清单"),
    ]  # fmt: skip
    assert all(phrase("confirm_joint", lang) in found.notes[0].text(lang) for lang in LANGUAGES)


@pytest.mark.parametrize("lacks", NEEDED)
def test_a_file_without_a_needed_column_is_named_with_every_other_such_file(tmp_path, lacks):
    whole = dict(zip(HEAD, ["p.beds", "C01", "属实", "张三", None], strict=True))
    del whole[FIELDS[lacks].zh]
    bad = returned(tmp_path, list(whole.values()), name="bad.xlsx", head=list(whole))
    good = returned(tmp_path, ["p.beds", "C01", "属实", "张三", None])
    with pytest.raises(InputError) as error:
        read_confirmations([bad, good, tmp_path / "none.xlsx"])
    assert [note.code for note in error.value.notes] == ["confirm_no_sheet", "file_missing"]
    assert FIELDS[lacks].zh in error.value.text("zh")


def test_a_sheet_that_was_renamed_or_saved_as_text_is_found_by_its_columns(tmp_path):
    path = returned(tmp_path, ["p.beds", "C01", "属实", "张三", None])
    book = openpyxl.load_workbook(path)
    book.active.title = "Sheet1"
    book.create_sheet("说明").append(["请填写"])
    book.save(path)
    text = tmp_path / "b.csv"
    text.write_text("rule_id,zone_code,confirm_opinion\np.beds,C01,拟合建\n", encoding="gb18030")
    found = read_confirmations([path, text])
    assert [(row.sheet, row.opinion) for row in found.rows] == [("Sheet1", "true"), ("", "joint")]
    assert found.files == ("a.xlsx", "b.csv")


def test_copies_of_one_name_are_told_apart_by_their_folders(tmp_path):
    paths = []
    for town, opinion in (("临江街道", "属实"), ("学府街道", "不清楚")):
        (tmp_path / town).mkdir()
        paths.append(returned(tmp_path / town, ["p.beds", "C01", opinion, None, None], name="gap_list.xlsx"))
    found = read_confirmations(paths)
    assert [row.file for row in found.rows] == ["临江街道/gap_list.xlsx", "学府街道/gap_list.xlsx"]
    assert found.notes[0].file == found.files[1] == "学府街道/gap_list.xlsx"
    # a file that is named twice is read once
    assert len(read_confirmations([paths[0], paths[0]]).rows) == 1


@given(st.dates(dt.date(1960, 1, 1), dt.date(2060, 1, 1)))
def test_a_date_is_read_however_it_is_written(date):
    y, m, d = date.year, date.month, date.day
    serial = (date - dt.date(1899, 12, 30)).days
    ways = [
        f"{y}年{m}月{d}日",
        f"{y}-{m:02}-{d:02}",
        f"{y}/{m}/{d}",
        f"{y}.{m}.{d}",
        f"{y}-{m:02}-{d:02} 00:00:00",
        f"{y}{m:02}{d:02}",
    ]
    assert {read_date(way) for way in (*ways, serial, date, dt.datetime(y, m, d, 9))} == {date}  # noqa: DTZ001


@pytest.mark.parametrize(
    "cell", [None, "", "/", "3月5日", "2026-13-01", "2026-02-30", "三月", 7, 2026, True, "2026-3"]
)
def test_what_is_no_date(cell):
    assert read_date(cell) is None
