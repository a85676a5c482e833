"""Tables of Word papers: columns as wide as their words need, figures flush right and unbroken, rows held together."""

import re

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.content.table import Column
from geoplan.report.word.tables import KEPT_ROWS, column_widths, longest_piece, measure, table_xml

PAGE = 448.0
NAME, COUNT = Column("name", "名称", "text"), Column("short", "缺口", "count")


def xml(columns, rows, **more):
    return parse_xml(table_xml(columns, rows, width=PAGE, points=9.0, merged=0, **more))


def of(node, tag):
    return list(node.iter(qn(f"w:{tag}")))


def test_by_hand():
    # 10 characters of 9 points and the space at both sides, 96.2; a figure of 6 signs, 28.1 + 6.2 = 34.3; both grow to fill the page
    widths, points = column_widths([NAME, COUNT], [["一二三四五六七八九十", "12,345"]], PAGE, 9.0)
    assert points == 9.0
    assert widths == pytest.approx([PAGE * 96.2 / 130.48, PAGE * 34.28 / 130.48], rel=1e-3)
    # a long text gives way, the figure keeps its line
    widths, points = column_widths([NAME, COUNT], [["字" * 400, "12,345"]], PAGE, 9.0)
    assert points == 9.0
    assert widths[1] == pytest.approx(34.28, abs=0.1)
    # fourteen columns of words and figures need smaller type
    _, points = column_widths([NAME] * 7 + [COUNT] * 7, [["六个字的文本"] * 7 + ["12,345"] * 7], PAGE, 9.0)
    assert points == 7.5


TEXTS = st.sampled_from(
    [
        "",
        "—",
        "达标",
        "25.0%–50.0%",
        "100.0%（2022年）",
        "与医疗机构签约合作的养老机构占比",
        "accommodation",
        "12,345",
    ]
)
COLUMNS = st.sampled_from([NAME, COUNT, Column("share", "人口覆盖率（路网内）", "percent")])


@given(st.lists(st.tuples(COLUMNS, TEXTS, TEXTS), min_size=1, max_size=16))
def test_widths_fill_the_page_and_no_figure_breaks_where_there_is_room(drawn):
    columns, *rows = map(list, zip(*drawn, strict=True))
    widths, points = column_widths(columns, rows, PAGE, 9.0)
    assert sum(widths) == pytest.approx(PAGE)
    assert points in (9.0, 7.5)
    pieces = [points * max(map(longest_piece, (*cells, column.header))) + 6.2 for column, *cells in drawn]
    if sum(pieces) * 1.6 < PAGE and points == 9.0:
        assert all(wide >= piece - 1e-6 for wide, piece in zip(widths, pieces, strict=True))


def test_measures():
    assert measure("一二") == 2.0
    assert longest_piece("a bb ccc") == pytest.approx(3 * 0.52)
    assert longest_piece("") == 0.0


def test_figures_stand_right_long_words_left_short_ones_in_the_middle():
    table = xml(
        [NAME, COUNT, Column("state", "结论", "coded")], [["与医疗机构签约合作的养老机构", "5", "达标"]]
    )
    head, row = of(table, "tr")
    assert [jc.get(qn("w:val")) for jc in of(row, "jc")] == ["left", "right", "center"]
    assert {jc.get(qn("w:val")) for jc in of(head, "jc")} == {"center"}
    assert of(head, "tblHeader")
    assert all(of(each, "cantSplit") for each in (head, row))


@pytest.mark.parametrize("rows", [1, 2, KEPT_ROWS, KEPT_ROWS + 1, 40])
def test_short_tables_stay_on_one_page_and_no_row_of_a_long_one_stands_alone(rows):
    head, *body = of(xml([NAME, COUNT], [["一", "1"]] * rows), "tr")
    kept = [all(of(cell, "keepNext") for cell in of(row, "tc")) for row in body]
    assert all(of(cell, "keepNext") for cell in of(head, "tc"))
    assert not kept[-1]
    if rows <= KEPT_ROWS:
        assert all(kept[:-1])
    else:
        assert [place for place, held in enumerate(kept) if held] == [0, rows - 2]


def test_smaller_type_is_said_in_the_cells_alone():
    usual = table_xml([NAME], [["一"]], width=PAGE, points=9.0, merged=0)
    assert "w:sz " not in re.sub(r"<w:tblBorders>.*?</w:tblBorders>", "", usual)
    small = table_xml(
        [NAME] * 7 + [COUNT] * 7, [["六个字的文本"] * 7 + ["12,345"] * 7], width=PAGE, points=9.0, merged=0
    )
    assert small.count('<w:sz w:val="15"/>') == 2 * 14


def test_it_is_a_table_that_word_files_take(tmp_path):
    paper = docx.Document()
    made = table_xml([NAME, COUNT], [["甲", "1"], ["甲", "2"]], width=PAGE, points=9.0, merged=1)
    paper.element.body.insert_element_before(parse_xml(made), "w:sectPr")
    paper.save(tmp_path / "a.docx")
    (table,) = docx.Document(tmp_path / "a.docx").tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["名称", "缺口"],
        ["甲", "1"],
        ["甲", "2"],
    ]
