"""The workbook and the CSV files: what stands in them, that nothing in them runs, the same bytes for the same outcome, and a new sheet."""

import csv
import dataclasses
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import frictionless
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spreadsheet import shown, write_book, write_files

import geoplan
from geoplan.report.content import titles
from geoplan.report.content.registry import tables
from geoplan.report.content.table import Amount
from geoplan.report.folder import store
from geoplan.report.workbook import csv_files as sheets_csv
from geoplan.report.workbook import workbook
from geoplan.words.numbers import FORMATS, format_number


@pytest.fixture(scope="module")
def books(make, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    paths = {}
    for lang in ("zh", "en"):
        paths[lang] = folder / f"{lang}.xlsx"
        write_book(make(lang=lang), paths[lang])
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
    blocks = {table.page or table.title: 1 + len(table.below) for table in tables(outcome)["workbook"]}
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
    write_book(make(synthetic=False), tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        everything = b"".join(file.read(name) for name in file.namelist()).decode("utf-8", "ignore")
    assert "演示数据" not in everything


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cell_shows_what_the_table_prints(books, make, lang):
    book = openpyxl.load_workbook(books[lang])
    for sheet, page in zip(book, tables(make(lang=lang))["workbook"], strict=True):
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
    assert 0.75 in [
        cell.value for row in book["待落点清单"] for cell in row
    ]  # 3 of 4 are placed, in both registers
    text = [str(c.value) for row in book["数据来源与参数"] for c in row if c.value is not None]
    for source in make().sources:
        assert source.sha256 in text
    assert "© OpenStreetMap contributors, ODbL 1.0" in text
    assert "services.eldercare.walk_kmh" in text


NASTY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://a","b")', "http://example.org", "a\x07b", "_x0041_",
]  # fmt: skip


def test_text_never_runs(make, tmp_path):
    outcome = make()
    zones, facilities = outcome.zones.copy(), outcome.facilities.copy()
    zones["name"] = [NASTY[k % len(NASTY)] for k in range(len(zones))]
    facilities["name"] = [NASTY[k % len(NASTY)] for k in range(len(facilities))]
    warnings = pd.concat([outcome.warnings.iloc[:1].assign(text=t, action=t, file=t) for t in NASTY])
    nasty = dataclasses.replace(outcome, zones=zones, facilities=facilities, warnings=warnings, name=NASTY[0])
    write_book(nasty, tmp_path / "a.xlsx")
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
    write_book(outcome, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book["短板社区清单"]["A1"].value.startswith(outcome.name)


def test_very_long_text_is_cut_not_lost(make, tmp_path):
    outcome = make()
    long = dataclasses.replace(
        outcome, warnings=outcome.warnings.assign(text="长" * 40_000), name="名" * 400 + "&" * 10
    )
    write_book(long, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["数据问题清单"]
    assert any(isinstance(c.value, str) and len(c.value) == 32_767 for row in sheet for c in row)


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
    write_book(bare, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "没有短板社区，也没有未达标的指标" in [c.value for c in book["缺口清单"]["A"]]


class TestTabs:
    @given(st.lists(st.text(alphabet="ab甲[]:*?/\\'\n 😀", max_size=40), max_size=8))
    def test_safe_unique_and_as_many(self, names):
        tabs = workbook.safe_names(names)
        assert len(tabs) == len(names)
        assert len({tab.casefold() for tab in tabs}) == len(names)
        for tab in tabs:
            assert 0 < len(tab.encode("utf-16-le")) / 2 <= 31
            assert not set(tab) & set("[]:*?/\\\n")
            assert not tab.startswith("'")
            assert not tab.endswith("'")

    def test_what_is_safe_stays(self):
        assert workbook.safe_names(["缺口清单", "指引·呼中镇"]) == ["缺口清单", "指引·呼中镇"]

    def test_towns_of_one_name_and_of_forbidden_signs_open(self, make, tmp_path):
        outcome = make()
        names = outcome.zones["name"].where(outcome.zones["level"] != "town", "甲/乙[街道]" + "长" * 40)
        zones = outcome.zones.assign(name=names)
        write_book(dataclasses.replace(outcome, zones=zones), tmp_path / "a.xlsx")
        tabs = [n for n in openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames if n.startswith("指引")]
        assert len(tabs) == 4
        assert tabs[0] == ("指引·甲·乙·街道·" + "长" * 40)[:31]
        assert tabs[1].endswith(" (2)")


def test_a_file_that_cannot_be_written_is_an_os_error(make, tmp_path):
    with pytest.raises(OSError):
        write_book(make(), tmp_path / "no such folder" / "a.xlsx")


def csv_rows(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_files_bom_line_ends_and_names_for_programs(make, tmp_path):
    *paths, described = write_files(make(), tmp_path)
    assert described.name == "datapackage.json"
    for path in paths:
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.count(b"\r\n") == data.count(b"\n")
    for table in tables(make())["csv"]:
        names, *body = csv_rows(tmp_path / f"{table.key}.csv")
        assert names[-1] == "remarks"
        assert len(set(names)) == len(names)
        assert all(name.isascii() and name.replace("_", "").isalnum() for name in names)
        assert {row[-1] for row in body} <= {"演示数据，不作为决策依据"}


def test_a_real_study_has_no_remark(make, tmp_path):
    write_files(make(synthetic=False), tmp_path)
    assert {row[-1] for row in csv_rows(tmp_path / "gap_list.csv")[1:]} == {""}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_package_is_valid_by_its_own_validator(make, tmp_path, lang):
    outcome = make(lang=lang)
    *paths, described = write_files(outcome, tmp_path)
    report = frictionless.validate(str(described))
    assert report.valid, report.flatten(["title", "fieldName", "note"])
    assert [task.name for task in report.tasks] == [path.stem for path in paths]
    record = json.loads(described.read_text(encoding="utf-8"))
    assert (record["title"], record["year"], record["watermark"]) == (
        outcome.name,
        2025,
        titles.banner(outcome),
    )
    assert record["description"] == titles.basis_line(outcome)
    assert {source["title"] for source in record["sources"]} == set(titles.attribution(outcome.sources))
    for table, resource in zip(tables(outcome)["csv"], record["resources"], strict=True):
        assert resource["title"] == table.title
        assert resource.get("description", "") == "\n".join(table.notes)
        types = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        assert all(
            types[column.key] == "number"
            for column in table.columns
            if column.format == "count" and not column.interval
        )


def test_the_package_tells_what_codes_mean(make, tmp_path):
    *_, described = write_files(make(), tmp_path)
    record = json.loads(described.read_text(encoding="utf-8"))
    fields = {field["name"]: field for field in record["resources"][0]["schema"]["fields"]}
    assert {"value": "flagged", "label": "短板"} in fields["flagged"]["categories"]


def test_pandas_reads_every_file_as_the_table_holds_it(make, tmp_path):
    outcome = make()
    write_files(outcome, tmp_path)
    for table in tables(outcome)["csv"]:
        frame = pd.read_csv(tmp_path / f"{table.key}.csv", encoding="utf-8-sig", dtype={"zone_code": str})
        assert len(frame) == len(table.rows)
        for column in table.columns:
            fields = sheets_csv.field_names(column)
            for end, field in zip(("low", "high"), fields, strict=False):
                for cell, found in zip(table.cells(column.key), frame[field], strict=True):
                    if isinstance(cell, Amount):
                        assert found == pytest.approx(getattr(cell, end), abs=1e-6)
                    elif column.format in FORMATS:
                        assert pd.isna(found)  # no number, whatever word stands there


def test_the_gap_list_in_numbers(make, tmp_path):
    outcome = make()
    write_files(outcome, tmp_path)
    frame = pd.read_csv(tmp_path / "gap_list.csv", encoding="utf-8-sig")
    assert frame["shortfall"].tolist() == outcome.gap_list["shortfall"].tolist()


def test_golden_findings(make, tmp_path):
    write_files(make(lang="en"), tmp_path)
    frame = pd.read_csv(tmp_path / "findings.csv", encoding="utf-8-sig", keep_default_na=False)
    kept = ["indicator", "actual_low", "actual_high", "target", "completion_low", "shortfall", "verdict"]
    assert frame[kept].astype(str).to_numpy().tolist() == [
        # 130 / 4.32; 80 / 120; 79 / 19.2; 3 of 12, or 4 with the one that has no point; 2,021 / 4,320
        ["Eldercare beds per 1,000 elders", "30.092593", "inf", "≥50", "0.601852", "", "no_data"],
        [
            "Share of nursing beds in the beds of care homes",
            "0.666667",
            "0.666667",
            "≥65.0%",
            "1.025641",
            "",
            "met",
        ],
        ["Childcare places per 1,000 residents", "4.114583", "4.114583", "≥4.5", "0.914352", "8", "not_met"],
        ["Urban communities with a childcare facility", "0.25", "0.333333", "≥50.0%", "0.5", "2", "not_met"],
        ["15-minute eldercare circle", "0.467824", "0.467824", "not quantified", "", "", "not_quantified"],
    ]


STARTS = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠", "", "a", "'"])


@given(STARTS, st.text(max_size=5))
def test_nothing_that_starts_a_formula_starts_a_cell(start, rest):
    shown = sheets_csv.harmless(start + rest)
    assert shown.lstrip()[:1] not in ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    assert shown[:1] not in ("\t", "\r", "\n")
    assert shown.removeprefix("'") in (start + rest, (start + rest).removeprefix("'"))


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1", "\t=1", "\r=1"])
def test_names_from_a_register_never_run(make, tmp_path, name):
    import dataclasses

    outcome = make()
    nasty = dataclasses.replace(outcome, name=name, zones=outcome.zones.assign(name=name), synthetic=False)
    gaps = outcome.gap_list.assign(town=name, community=name, cause="")
    *paths, _described = write_files(dataclasses.replace(nasty, gap_list=gaps), tmp_path)
    for path in paths:
        for row in csv_rows(path):
            for cell in row:
                number = cell.lstrip("-").replace(".", "", 1).isdigit()
                assert number or cell[:1] not in ("=", "+", "-", "@", "\t", "\r")


MODULE = '''"""How many zones there are, by level."""

from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Coded, Table, column
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase


@listed(5, "workbook", "csv")
def levels(outcome: Outcome) -> Table:
    """Return a row a level."""
    lang = outcome.lang
    rows = [[Coded(str(k)), Amount.of(n, "count")] for k, n in outcome.zones["level"].value_counts(sort=False).items()]
    return Table.of("levels", phrase("levels_title", lang), [column("level", lang), column("levels_count", lang)], rows)
'''
WORDS = """column_levels_count: {zh: 单元数, en: Zones, format: count, width: 8}
levels_title: {zh: 评价单元数, en: Zones by level}
"""
SCRIPT = """
import json, sys, openpyxl
from pathlib import Path
from geoplan.report.content.registry import tables
from geoplan.report.folder.store import read_outcome
from geoplan.report.workbook.csv_files import write_csv
from geoplan.report.workbook.workbook import write_workbook
out = Path(sys.argv[1])
outcome = read_outcome(out)
found = tables(outcome)
write_workbook(found["workbook"], outcome, out / "a.xlsx")
write_csv(found["csv"], outcome, out)
sheet = openpyxl.load_workbook(out / "a.xlsx").worksheets[0]
described = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))["resources"][0]
print(sheet.title, [cell.value for cell in list(sheet.rows)[-1]], described["title"], flush=True)
"""


def test_a_new_sheet_stands_in_the_workbook_and_among_the_csv_files(make, tmp_path):
    package = Path(geoplan.__file__).parent
    shutil.copytree(package, tmp_path / "geoplan", ignore=shutil.ignore_patterns("__pycache__"))
    content = tmp_path / "geoplan" / "report" / "content"
    (content / "levels.py").write_text(MODULE, encoding="utf-8")
    (content / "levels.words.yaml").write_text(WORDS, encoding="utf-8")
    store.write_outcome(make(), tmp_path)
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SCRIPT, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "评价单元数 ['社区（村）', 12] 评价单元数"
    assert (tmp_path / "levels.csv").read_text(encoding="utf-8-sig").splitlines()[
        -1
    ] == "community,12,演示数据，不作为决策依据"
