"""Sheets as offices and programs write them: headers of two rows, hidden rows, formulas, damage, stray cells, every kind of workbook."""

import io
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs import sheets
from geoplan.inputs.sheets import Formula, read_sheet
from geoplan.words.errors import InputError

ODS = """<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>
<office:spreadsheet><table:table table:name="A">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"""


MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def book(path, rows, *, merged=(), hidden=(), sheets=()):
    """Write rows as a workbook; `sheets` are further ones: title, rows, state."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "台账"
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    for row in hidden:
        sheet.row_dimensions[row].hidden = True
    for title, more, state in sheets:
        other = made.create_sheet(title)
        other.sheet_state = state
        for row in more:
            other.append(row)
    made.save(path)
    return path


def part(path, name, change):
    """Rewrite a workbook with one part changed (bytes -> bytes), or left out where it becomes None."""
    with zipfile.ZipFile(path) as package:
        parts = {info.filename: package.read(info) for info in package.infolist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w") as package:
        for key, data in parts.items():
            if data is not None:
                package.writestr(key, data)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def codes(sheet):
    return [(note.code, note.severity) for note in sheet.notes]


# --- headers


GROUPED = [
    ("序号", "机构名称", "床位数", None, None, "坐标", None, "备注"),
    (None, None, "护理型", "普通型", "合计", "经度", "纬度", None),
    (1, "甲", 10, 20, 30, 114.4, 30.6, None),
    (2, "乙", 5, 15, 20, 114.5, 30.7, "好"),
]
TITLES = [
    "序号",
    "机构名称",
    "床位数｜护理型",
    "床位数｜普通型",
    "床位数｜合计",
    "坐标｜经度",
    "坐标｜纬度",
    "备注",
]


@pytest.mark.parametrize(
    "title",
    [(), (("某区养老机构一览表",),), (("某区一览表",), ("填报单位：民政局", None, None, "2025年6月"))],
)
@pytest.mark.parametrize("kind", ["merged", "xlsx", "csv"])
def test_a_header_of_two_rows_is_one(tmp_path, title, kind):
    rows = [*title, *GROUPED]
    if kind == "csv":
        path = tmp_path / "a.csv"
        path.write_text(
            "\n".join(",".join("" if c is None else str(c) for c in row) for row in rows), encoding="utf-8"
        )
    else:
        top = len(title) + 1
        areas = [f"C{top}:E{top}", f"F{top}:G{top}", *(f"{c}{top}:{c}{top + 1}" for c in "ABH")]
        path = book(tmp_path / "a.xlsx", rows, merged=areas if kind == "merged" else ())
    found = read_sheet(path).cells
    assert found.columns.tolist() == TITLES
    assert found.index.tolist() == [len(title) + 3, len(title) + 4]
    assert [str(beds) for beds in found["床位数｜合计"]] == ["30", "20"]


@pytest.mark.parametrize(
    "rows",
    [
        [("名称", "地址", None), ("甲", "东路", "旧址"), ("乙", "西路", None)],
        [("名称", "床位", None, None), ("甲", None, None, "备"), ("乙", "若干", "备", None)],
        [("名称", "性质", "备注"), ("甲", "公办", None)],
    ],
)
def test_a_first_row_of_text_is_no_header(tmp_path, rows):
    assert read_sheet(book(tmp_path / "a.xlsx", rows)).cells.index.tolist() == list(range(2, len(rows) + 1))


# --- what a spreadsheet shows and a file does not


def test_formulas_without_a_value_and_errors_are_no_blanks(tmp_path):
    rows = [("名称", "床位数", "托位数"), ("甲", "=A2+1", 3), ("乙", 5, "=1/0")]
    path = book(tmp_path / "a.xlsx", rows)
    error = b'<c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    part(path, SHEET, lambda xml: re.sub(rb'<c r="C3".*?</c>', error, xml))
    sheet = read_sheet(path)
    assert isinstance(sheet.cells.loc[2, "床位数"], Formula)
    assert sheet.cells.loc[2, "床位数"] == "=A2+1"
    assert sheet.cells.loc[3, "托位数"] == "#DIV/0!"
    assert codes(sheet) == [("sheet_formulas", "warning")]
    assert sheet.notes[0].values["cells"] == "B2"


def test_a_formula_with_a_stored_value_is_its_value(tmp_path):
    path = book(tmp_path / "a.xlsx", [("名称", "床位数"), ("甲", "=1+29")])
    part(path, SHEET, lambda xml: re.sub(rb"(<f>1\+29</f>)<v\s*/?>(</v>)?", rb"\1<v>30</v>", xml))
    sheet = read_sheet(path)
    assert sheet.cells["床位数"].tolist() == [30]
    assert sheet.notes == ()


def test_hidden_rows_are_read_and_counted(tmp_path):
    sheet = read_sheet(
        book(tmp_path / "a.xlsx", [("名称", "床位"), ("甲", 1), ("乙", 2), ("丙", 3)], hidden=[3, 4, 9])
    )
    assert sheet.cells["名称"].tolist() == ["甲", "乙", "丙"]
    assert codes(sheet) == [("sheet_hidden_rows", "warning")]
    assert (sheet.notes[0].values["count"], sheet.notes[0].values["rows"]) == (2, "3, 4")


def test_the_visible_one_of_several_sheets_is_read(tmp_path):
    rows = [("名称", "床位"), ("甲", 1)]
    path = book(
        tmp_path / "a.xlsx", rows, sheets=[("字典", [("代码", "含义")], "hidden"), ("空", [], "visible")]
    )
    sheet = read_sheet(path)
    assert sheet.cells["名称"].tolist() == ["甲"]
    assert codes(sheet) == [("sheet_hidden", "info")]
    assert read_sheet(path, layer="字典").cells.columns.tolist() == ["代码", "含义"]
    both = book(tmp_path / "b.xlsx", rows, sheets=[("另", rows, "visible")])
    with pytest.raises(InputError, match="台账, 另"):
        read_sheet(both)


def test_far_content_costs_nothing_and_is_named(tmp_path):
    path = book(tmp_path / "a.xlsx", [("名称", "床位"), ("甲", 1)])
    stray = b'<row r="1048576"><c r="GR1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    part(path, SHEET, lambda xml: xml.replace(b"</sheetData>", stray))
    sheet = read_sheet(path)
    assert sheet.cells["名称"].tolist() == ["甲"]
    assert [note.code for note in sheet.notes] == ["sheet_stray_rows"]
    assert sheet.notes[0].values["rows"] == "1048576"
    empty = b'<row r="1048576"><c r="GR1048576" s="0"/></row></sheetData>'
    plain = part(
        book(tmp_path / "b.xlsx", [("名称", "床位"), ("甲", 1)]),
        SHEET,
        lambda xml: xml.replace(b"</sheetData>", empty),
    )
    assert read_sheet(plain).notes == ()


def test_a_sheet_that_spans_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_CELLS", 5)
    monkeypatch.setattr(sheets, "PLAIN_ROWS", 1)
    with pytest.raises(InputError, match="reach to row 4"):
        read_sheet(book(tmp_path / "a.xlsx", [("名称", "床位"), ("甲", 1), ("乙", 1), ("丙", 2)]))


# --- damage


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (SHEET, lambda xml: xml[: len(xml) // 2]), (SHEET, lambda _: None), ("xl/workbook.xml", lambda xml: xml[:-40]),
        ("xl/_rels/workbook.xml.rels", lambda _: None),
    ],
)  # fmt: skip
def test_a_damaged_part_is_a_clear_error(tmp_path, name, change):
    path = part(book(tmp_path / "a.xlsx", [("名称", "床位"), ("甲", 1)]), name, change)
    with pytest.raises(InputError) as caught:
        read_sheet(path)
    assert caught.value.notes[0].code == "file_damaged"


def test_shared_strings_that_are_cut_off_are_a_clear_error(tmp_path):
    path = tmp_path / "a.xlsx"
    made = xlsxwriter.Workbook(path)
    made.add_worksheet().write_row(0, 0, ["名称", "床位"])
    made.close()
    assert read_sheet(path).cells.columns.tolist() == ["名称", "床位"]
    with pytest.raises(InputError, match="damaged"):
        read_sheet(part(path, "xl/sharedStrings.xml", lambda xml: xml[:-30]))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html><table><tr><td>a</td></tr></table></html>", "file_is_page"), (b"", "file_damaged"), (b"PK\x03\x04", "file_damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_damaged"), (b"%PDF-1.7 ...", "file_damaged"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["xlsx", "xls", "et", "xlsb", "ods"])
def test_what_is_no_workbook_is_a_clear_error(tmp_path, data, code, ending):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_sheet(path)
    assert caught.value.notes[0].code == code
    assert all("{" not in caught.value.text(lang) for lang in ("zh", "en"))


@given(st.integers(0, 4000), st.binary(max_size=3))
def test_no_damage_of_a_byte_or_a_cut_is_a_traceback(at, by):
    whole = io.BytesIO()
    made = openpyxl.Workbook()
    made.active.append(["名称", "床位"])
    made.active.append(["甲", 30])
    made.save(whole)
    data = bytearray(whole.getvalue())
    data = (
        data[: at % len(data)] if not by else data[: at % len(data)] + by + data[at % len(data) + len(by) :]
    )
    try:
        cells = sheets._workbook_grid(Bytes("a.xlsx", bytes(data)), None).cells
    except InputError:
        return
    assert len(cells) <= 2


class Bytes:
    """A path whose bytes are given."""

    def __init__(self, name, data):
        self.name, self.data = name, data

    def read_bytes(self):
        return self.data

    def __fspath__(self):
        return self.name


def test_a_workbook_that_unpacks_to_too_much_is_a_clear_error(tmp_path, monkeypatch):
    path = book(tmp_path / "a.xlsx", [("名称", "床位"), ("甲", 30)])
    monkeypatch.setattr(sheets, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="once unpacked"):
        read_sheet(path)


def test_styles_that_other_programs_refuse_do_not_matter(tmp_path):
    path = book(tmp_path / "a.xlsx", [("名称", "床位"), ("甲", 30)])
    part(path, "xl/styles.xml", lambda xml: xml.replace(b"<fills", b'<fills count="x"><bad/></fills><fills'))
    assert read_sheet(path).cells["床位"].tolist() == [30]


# --- other kinds


def test_an_open_document_is_read(tmp_path):
    cell = "<table:table-cell {}><text:p>{}</text:p></table:table-cell>"
    text, number = 'office:value-type="string"', 'office:value-type="float" office:value="30"'
    rows = [[(text, "名称"), (text, "床位")], [(text, "甲"), (number, 30)]]
    text = "".join(
        f"<table:table-row>{''.join(cell.format(*c) for c in row)}</table:table-row>" for row in rows
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", ODS.format(rows=text))
        package.writestr("META-INF/manifest.xml", MANIFEST)
    sheet = read_sheet(tmp_path / "a.ods")
    assert sheet.cells.to_dict("list") == {"名称": ["甲"], "床位": [30]}
    assert codes(sheet) == [("sheet_hidden_rows_unknown", "info")]


@pytest.mark.parametrize("ending", ["xlsm", "xls", "et"])
def test_the_content_tells_the_kind_of_a_workbook(tmp_path, ending):
    path = book(tmp_path / "a.xlsx", [("名称", "床位"), ("甲", 30)]).rename(tmp_path / f"a.{ending}")
    assert read_sheet(path).cells["床位"].tolist() == [30]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("名称\t经纬度\t地址\n甲\t114.4,30.6\t东路1号,2栋,3层\n", ["甲", "114.4,30.6", "东路1号,2栋,3层"]),
        ("sep=;\n名称;经度;地址\n甲;114,4;东路\n", ["甲", "114,4", "东路"]),
        ("名称;地址;床位\n甲;东路1号,2栋;30\n", ["甲", "东路1号,2栋", "30"]),
        ('名称,地址,床位\n甲,"东路;1号;2栋;3层",30\n', ["甲", "东路;1号;2栋;3层", "30"]),
        ("一览表\n名称,地址,床位\n甲,东路,30\n", ["甲", "东路", "30"]),
        ("名称\n甲\n", ["甲"]),
    ],
)
def test_the_separator_is_the_one_that_parts_rows_alike(tmp_path, text, cells):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8-sig")
    assert read_sheet(tmp_path / "a.csv").cells.iloc[0].tolist() == cells
