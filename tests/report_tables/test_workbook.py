"""The workbook: what stands in it, that nothing in it runs, and that the same outcome gives the same bytes."""

import dataclasses
import re
import zipfile
from decimal import ROUND_HALF_UP, Decimal

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.content import titles
from geoplan.report.workbook import workbook
from geoplan.words.numbers import format_number


@pytest.fixture(scope="module")
def books(make, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    paths = {}
    for lang in ("zh", "en"):
        paths[lang] = folder / f"{lang}.xlsx"
        workbook.write_workbook(make(lang=lang), paths[lang])
    return paths


def table(sheet):
    """Return headers and rows of a sheet with one table, found by its filter."""
    first, last = sheet.auto_filter.ref.split(":")
    cells = list(sheet[f"{first}:{last}"])
    return [c.value for c in cells[0]], [[c.value for c in row] for row in cells[1:]]


def test_the_sheets_in_order(books):
    names = openpyxl.load_workbook(books["zh"]).sheetnames
    assert names == [
        "短板社区清单", "短板街道（乡镇）清单", "主要指标对照表", "缺口清单", "未达标单元明细", "15分钟服务圈",
        "配置水平测算表", "指引·临江街道", "指引·学府街道", "指引·湖滨街道", "指引·新村街道", "待落点清单",
        "数据问题清单", "数据来源与参数",
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sheet_is_fit_to_print(books, make, lang):
    outcome = make(lang=lang)
    blocks = {table.page or table.title: 1 + len(table.below) for table in workbook.sheets(outcome)}
    for sheet in openpyxl.load_workbook(books[lang]):
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.page_setup.fitToWidth in (None, 1)  # 1 is what the format takes for granted
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # the people's basis and the year stand at the head and at the foot of every page; so does the banner
        assert titles.basis_line(outcome) in sheet["A2"].value
        assert "2025" in sheet["A2"].value
        assert "2025" in sheet.oddFooter.left.text
        assert titles.basis_line(outcome)[:60] in sheet.oddFooter.left.text
        assert titles.banner(outcome) in sheet.oddHeader.right.text
        assert sheet["A3"].value == titles.banner(outcome)
        if sheet.auto_filter.ref:
            header_row = int(re.search(r"\d+", sheet.auto_filter.ref).group())
            assert sheet.print_title_rows == f"${header_row}:${header_row}"
            # under a table that stands above it, the list's own headers cannot be frozen
            single = blocks[sheet.title] == 1
            assert sheet.freeze_panes.endswith(str(header_row + 1)) if single else sheet.freeze_panes is None


def test_a_real_study_carries_no_banner(make, tmp_path):
    workbook.write_workbook(make(synthetic=False), tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        everything = b"".join(file.read(name) for name in file.namelist()).decode("utf-8", "ignore")
    assert "演示数据" not in everything


def shown(cell):
    """Return what a spreadsheet shows of a cell: its value in its number format, for the formats that the workbook writes."""
    value, code = cell.value, cell.number_format
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if code.startswith('"'):
        return code.strip('"')
    digits = len(code.partition(".")[2].rstrip("%"))
    scaled = Decimal(repr(float(value))) * (100 if code.endswith("%") else 1)
    rounded = scaled.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0
    text = f"{rounded:,.{digits}f}" if "," in code else f"{rounded:.{digits}f}"
    return text + ("%" if code.endswith("%") else "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cell_shows_what_the_table_prints(books, make, lang):
    book = openpyxl.load_workbook(books[lang])
    tables = workbook.sheets(make(lang=lang))
    assert len(book.sheetnames) == len(tables)
    for sheet, page in zip(book, tables, strict=True):
        lines = [[shown(cell) for cell in row] for row in sheet.iter_rows()]
        for part in (page.to(3), *(below.to(3) for below in page.below)):
            width = len(part.columns)
            at = next(k for k, line in enumerate(lines) if line[:width] == [c.header for c in part.columns])
            assert [line[:width] for line in lines[at + 1 : at + 1 + len(part.rows)]] == part.texts(lang)


@given(
    st.sampled_from(["count", "percent", "per_1000", "decimal", "minutes", "cost", "degrees"]),
    st.floats(0, 1e6, allow_nan=False),
)
def test_a_cell_shows_any_number_as_every_output_prints_it(number_format, value):
    @dataclasses.dataclass
    class Cell:
        value: float
        number_format: str

    code = workbook.number_code(value, number_format)
    assert shown(Cell(value, code)) == format_number(value, number_format)


def test_not_yet_placed_and_sources(books, make):
    book = openpyxl.load_workbook(books["zh"])
    _, rows = table(book["待落点清单"])
    assert [row[1] for row in rows] == ["无坐标养老院", "坐标有误托育园"]
    assert 0.8 in [cell.value for row in book["待落点清单"] for cell in row]  # 4 of 5 are placed
    text = [str(c.value) for row in book["数据来源与参数"] for c in row if c.value is not None]
    for source in make().sources:
        assert source.sha256 in text
    assert "© OpenStreetMap contributors, ODbL 1.0" in text
    assert "services.eldercare.walk_kmh" in text


NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("http://a","b")',
    "http://example.org",
    "a\x07b",
    "_x0041_",
]


def test_text_never_runs(make, tmp_path):
    outcome = make()
    zones, facilities = outcome.zones.copy(), outcome.facilities.copy()
    zones["name"] = [NASTY[k % len(NASTY)] for k in range(len(zones))]
    facilities["name"] = [NASTY[k % len(NASTY)] for k in range(len(facilities))]
    warnings = pd.concat([outcome.warnings.iloc[:1].assign(text=t, action=t, file=t) for t in NASTY])
    nasty = dataclasses.replace(outcome, zones=zones, facilities=facilities, warnings=warnings, name=NASTY[0])
    workbook.write_workbook(nasty, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        pages = [file.read(n).decode() for n in file.namelist() if n.startswith("xl/worksheets/sheet")]
    # formulas stand in rules of colour only, and there are no links
    assert not any("<f>" in page or "<f " in page or "<hyperlink" in page for page in pages)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    _, rows = table(book["数据问题清单"])
    assert [row[6] for row in rows][:4] == NASTY[:4]  # as they are, and only text


def test_markup_in_every_name_stays_text(make, tmp_path):
    outcome = make(nasty=True)
    workbook.write_workbook(outcome, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book["短板社区清单"]["A1"].value.startswith(outcome.name)


def test_very_long_text_is_cut_not_lost(make, tmp_path):
    outcome = make()
    long = dataclasses.replace(
        outcome, warnings=outcome.warnings.assign(text="长" * 40_000), name="名" * 400 + "&" * 10
    )
    workbook.write_workbook(long, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["数据问题清单"]
    assert any(isinstance(c.value, str) and len(c.value) == 32_767 for row in sheet for c in row)


def test_the_same_outcome_gives_the_same_bytes(fresh, tmp_path, books):
    workbook.write_workbook(fresh(), tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == books["zh"].read_bytes()


def test_no_input_is_changed(make, fresh):
    outcome, untouched = make(), fresh()
    workbook.sheets(outcome)
    for entry in dataclasses.fields(outcome):
        value, before = getattr(outcome, entry.name), getattr(untouched, entry.name)
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(value), pd.DataFrame(before))


def test_an_outcome_without_rules_or_facilities_still_prints(make, tmp_path):
    outcome = make()
    bare = dataclasses.replace(
        outcome,
        flags=outcome.flags.iloc[:0],
        findings=outcome.findings.iloc[:0],
        members=outcome.members.iloc[:0],
        gap_list=outcome.gap_list.iloc[:0],
        unplaced=outcome.unplaced.iloc[:0],
        warnings=outcome.warnings.iloc[:0],
        rules=pd.DataFrame(),
        reconciliation=pd.DataFrame(),
        not_assessed=pd.DataFrame(),
        facilities=outcome.facilities.iloc[:0],
    )
    workbook.write_workbook(bare, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "没有短板社区，也没有未达标的指标" in [c.value for c in book["缺口清单"]["A"]]


def test_a_file_that_cannot_be_written_is_an_os_error(make, tmp_path):
    with pytest.raises(OSError):
        workbook.write_workbook(make(), tmp_path / "no such folder" / "a.xlsx")
