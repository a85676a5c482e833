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
from spreadsheet import cells_and_texts, pages_of, shown, write_book, write_files

import geoplan
from geoplan.report.content import titles
from geoplan.report.content.guidance import town_pages
from geoplan.report.content.registry import tables
from geoplan.report.content.sources import warnings_by_kind_table
from geoplan.report.folder import store
from geoplan.report.workbook import csv_files as sheets_csv
from geoplan.report.workbook import workbook
from geoplan.words.numbers import format_number


@pytest.fixture(scope="module")
def books(make_sited, sited, delivered, tmp_path_factory):
    """Language -> outcome and the path of its workbook."""
    english, path = make_sited(lang="en"), tmp_path_factory.mktemp("books") / "en.xlsx"
    write_book(english, path)
    return {"zh": (sited, delivered / "gap_list.xlsx"), "en": (english, path)}


def test_the_sheets_in_order(books):
    assert openpyxl.load_workbook(books["zh"][1]).sheetnames == [
        "本册说明", "优先建设清单", "短板社区清单", "短板街道（乡镇）清单", "短板区县清单", "主要指标对照表", "任务分工表", "缺口清单", "未达标单元明细", "15分钟服务圈", "责任区",
        "配置水平测算表", "可达与实际可服务", "养老服务网络分级表", "项目库", "项目进度核对", "项目库对指标的支撑测算", "选址方案", "选址问题", "选址增益曲线",
        "未补齐单元", "其他方案点位", "备选点位", "指引·临江街道", "指引·学府街道", "指引·湖滨街道", "指引·新村街道", "待落点清单",
        "数据问题清单", "数据来源与参数",
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sheet_is_fit_to_print(books, lang):
    outcome, path = books[lang]
    blocks = {table.page or table.title: 1 + len(table.below) for table in pages_of(outcome)}
    for sheet in openpyxl.load_workbook(path):
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


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cell_shows_what_the_table_prints(books, lang):
    outcome, path = books[lang]
    assert all(cells == texts for cells, texts in cells_and_texts(path, outcome))


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


NASTY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://a","b")', "http://example.org", "a\x07b", "_x0041_",
]  # fmt: skip


#: What stands in a row of the priority list: the score, and its factor where no premise is near.
FORMULAS = {
    "$H#^weight_affected*$J#^weight_depth*$R#", 'IF($K#="无",factor_without_premise,1)',
}  # fmt: skip


def test_the_score_follows_from_the_cells_of_its_row(books):
    _, path = books["zh"]
    written, shown_as = (openpyxl.load_workbook(path, data_only=told) for told in (False, True))
    weights = {}
    for name, place in written.defined_names.items():
        if name.startswith(("weight_", "factor_")):
            ((sheet, cell),) = place.destinations
            weights[name] = shown_as[sheet][cell].value
    assert weights == {"weight_affected": 1.0, "weight_depth": 1.0, "factor_without_premise": 0.5}
    page, values = written["优先建设清单"], shown_as["优先建设清单"]
    rows = [row for row in range(1, page.max_row + 1) if page[f"L{row}"].data_type == "f"]
    assert len(rows) == 22
    for row in rows:
        assert page[f"L{row}"].value == f"=$H{row}^weight_affected*$J{row}^weight_depth*$R{row}"
        affected, depth, factor, score = (values[f"{column}{row}"].value for column in "HJRL")
        assert score == pytest.approx(affected * depth * factor)
        assert factor == 1.0  # the town has no list of premises


def test_text_never_runs(sited, tmp_path):
    def names(table, *columns):
        return table.assign(**{key: [NASTY[k % len(NASTY)] for k in range(len(table))] for key in columns})

    warnings = pd.concat([sited.warnings.iloc[:1].assign(text=t, action=t, file=t) for t in NASTY])
    nasty = dataclasses.replace(
        sited, name=NASTY[0], warnings=warnings, zones=names(sited.zones, "name"), facilities=names(sited.facilities, "name"),
        sites=names(sited.sites, "name", "place"), candidates=names(sited.candidates, "name", "storey"),
        answers=names(sited.answers, "label", "aim"), projects=names(sited.projects, "name", "unit"),
    )  # fmt: skip
    write_book(nasty, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        pages = [file.read(n).decode() for n in file.namelist() if n.startswith("xl/worksheets/sheet")]
        (chart,) = [file.read(n).decode() for n in file.namelist() if n.startswith("xl/charts/chart")]
    # formulas stand in rules of colour and in the score alone, and there are no links
    assert not any("<hyperlink" in page for page in pages)
    formulas = {
        re.sub(r"(?<=[A-Z])\d+", "#", found)
        for page in pages
        for found in re.findall(r"<f[ >]([^<]*)</f>", page)
    }
    assert formulas == FORMULAS
    # the chart's formulas are references to its own cells; its title is text
    assert all("选址增益曲线!$" in part.split("</c:f>")[0] for part in chart.split("<c:f>")[1:])
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    computed = {sheet.title for sheet in book for row in sheet for cell in row if cell.data_type == "f"}
    # the score stands in the priority list, and in each town's part of it
    assert computed == {"优先建设清单", *(name for name in book.sheetnames if name.startswith("指引·"))}
    # as they are, and only text
    assert set(NASTY[:4]) <= {cell.value for row in book["数据问题清单"] for cell in row}


def test_very_long_text_is_cut_not_lost(outcome, tmp_path):
    long = dataclasses.replace(
        outcome, warnings=outcome.warnings.assign(text="长" * 40_000), name="名" * 400 + "&" * 10
    )
    workbook.write_workbook([warnings_by_kind_table(long)], long, tmp_path / "a.xlsx")
    (sheet,) = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert any(isinstance(c.value, str) and len(c.value) == 32_767 for row in sheet for c in row)


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

    def test_towns_of_one_name_and_of_forbidden_signs_open(self, outcome, tmp_path):
        names = outcome.zones["name"].where(outcome.zones["level"] != "town", "甲/乙[街道]" + "长" * 40)
        zones = outcome.zones.assign(name=names)
        named = dataclasses.replace(outcome, zones=zones)
        workbook.write_workbook(town_pages(named), named, tmp_path / "a.xlsx")
        tabs = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
        assert len(tabs) == 4
        assert tabs[0] == ("指引·甲·乙·街道·" + "长" * 40)[:31]
        assert tabs[1].endswith(" (2)")


def csv_rows(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_files_bom_line_ends_and_names_for_programs(outcome, tmp_path):
    *paths, described = write_files(outcome, tmp_path)
    assert described.name == "datapackage.json"
    for path in paths:
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.count(b"\r\n") == data.count(b"\n")
    for table in tables(outcome)["csv"]:
        names, *body = csv_rows(tmp_path / f"{table.key}.csv")
        assert names[-1] == "remarks"
        assert len(set(names)) == len(names)
        assert all(name.isascii() and name.replace("_", "").isalnum() for name in names)
        assert {row[-1] for row in body} <= {"演示数据，不作为决策依据"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_package_is_valid_by_its_own_validator(make, tmp_path, lang):
    outcome = make(lang=lang)
    *paths, described = write_files(outcome, tmp_path)
    report = frictionless.validate(str(described))
    assert report.valid, report.flatten(["title", "fieldName", "note"])
    assert [task.name for task in report.tasks] == [path.stem for path in paths]
    record = json.loads(described.read_text(encoding="utf-8"))
    assert [record[key] for key in ("title", "year", "watermark")] == [
        outcome.name,
        2025,
        titles.banner(outcome),
    ]
    assert record["description"] == titles.basis_line(outcome)
    assert {source["title"] for source in record["sources"]} == set(titles.attribution(outcome.sources))
    schemas = {resource["name"]: resource["schema"] for resource in record["resources"]}
    fields = {field["name"]: field for field in schemas["communities"]["fields"]}
    assert {"value": "flagged", "label": {"zh": "短板", "en": "Flagged"}[lang]} in fields["flagged"][
        "categories"
    ]
    for table, resource in zip(tables(outcome)["csv"], record["resources"], strict=True):
        assert resource["title"] == table.title
        assert resource.get("description", "") == "\n".join(table.notes)
        types = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        assert all(
            types[column.key] == "number"
            for column in table.columns
            if column.format == "count" and not column.interval
        )


#: 130 / 4.32; 80 / 120; 79 / 19.2; 3 of 12, or 4 with the one that has no point; 2,021 / 4,320.
GOLDEN = """
Eldercare beds per 1,000 elders,30.092593,inf,≥50,0.601852,,no_data
Share of nursing beds in the beds of care homes,0.666667,0.666667,≥65.0%,1.025641,,met
Childcare places per 1,000 residents,4.114583,4.114583,≥4.5,0.914352,8,not_met
Urban communities with a childcare facility,0.25,0.333333,≥50.0%,0.5,2,not_met
15-minute eldercare circle,0.223611,0.223611,not quantified,,,not_quantified
"""


def test_golden_findings(make, tmp_path):
    write_files(make(lang="en"), tmp_path)
    frame = pd.read_csv(tmp_path / "findings.csv", encoding="utf-8-sig", keep_default_na=False)
    kept = ["indicator", "actual_low", "actual_high", "target", "completion_low", "shortfall", "verdict"]
    lines = [",".join(row) for row in frame[kept].astype(str).to_numpy()]
    assert lines == GOLDEN.strip().split("\n")


STARTS = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠", "", "a", "'"])


@given(STARTS, st.text(max_size=5))
def test_nothing_that_starts_a_formula_starts_a_cell(start, rest):
    shown = sheets_csv.harmless(start + rest)
    assert shown.lstrip()[:1] not in ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    assert shown[:1] not in ("\t", "\r", "\n")
    assert shown.removeprefix("'") in (start + rest, (start + rest).removeprefix("'"))


RUN = ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1", "\t=1", "\r=1"]


def test_names_from_a_register_never_run(sited, tmp_path):
    for table in ("zones", "facilities", "sites", "candidates", "projects"):
        own = getattr(sited, table)
        sited = dataclasses.replace(
            sited, **{table: own.assign(name=[RUN[k % len(RUN)] for k in range(len(own))])}
        )
    gaps = sited.gap_list.assign(town=RUN[0], community=RUN[1], cause="")
    *paths, _described = write_files(
        dataclasses.replace(sited, gap_list=gaps, synthetic=False, name=RUN[0]), tmp_path
    )
    for cell in (cell for path in paths for row in csv_rows(path) for cell in row):
        number = cell.lstrip("-").replace(".", "", 1).isdigit()
        assert number or cell[:1] not in ("=", "+", "-", "@", "\t", "\r")


MODULE = '''"""How many zones there are, by level."""

from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Coded, Table, column
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase


@listed(1, "workbook", "csv")
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


def test_a_new_sheet_stands_in_the_workbook_and_among_the_csv_files(outcome, tmp_path):
    package = Path(geoplan.__file__).parent
    shutil.copytree(package, tmp_path / "geoplan", ignore=shutil.ignore_patterns("__pycache__"))
    content = tmp_path / "geoplan" / "report" / "content"
    (content / "levels.py").write_text(MODULE, encoding="utf-8")
    (content / "levels.words.yaml").write_text(WORDS, encoding="utf-8")
    store.write_outcome(outcome, tmp_path)
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SCRIPT, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "评价单元数 ['社区（村）', 12] 评价单元数"
    assert (tmp_path / "levels.csv").read_text(encoding="utf-8-sig").splitlines()[
        -1
    ] == "community,12,演示数据，不作为决策依据"
