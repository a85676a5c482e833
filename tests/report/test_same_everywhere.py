"""Every figure and word is the same in every output: tables are read back from the files and compared cell by cell.

A reader returns what one output prints: title of a table -> its rows, each header -> text. Two outputs that print a table of one
title agree in every row and header that both have; a paper may print the first rows and fewer columns.
"""

import json
from decimal import ROUND_HALF_UP, Decimal
from types import SimpleNamespace

import docx
import openpyxl
import pandas as pd
import pyogrio
import pytest

from geoplan.cli import console
from geoplan.report import look
from geoplan.report.content.assessment import assessment
from geoplan.report.content.document import Shown
from geoplan.report.content.guidance import guidance
from geoplan.report.content.names import field_name
from geoplan.report.content.registry import tables
from geoplan.report.content.table import Tally, cell_text
from geoplan.report.content.zones import circle_totals, flag_totals, provision
from geoplan.report.layers.geopackage import write_layers
from geoplan.report.look import fonts
from geoplan.report.webmap.map import payload
from geoplan.report.workbook.csv_files import write_csv
from geoplan.report.workbook.workbook import write_workbook
from geoplan.words.numbers import FORMATS, format_interval

HEAD = look.COLOURS["accent"].lstrip("#").upper()


def shown(cell):
    """Return what a spreadsheet shows of a cell, for the number formats that the workbook writes."""
    value, code = cell.value, cell.number_format
    if value is None or isinstance(value, str):
        return value or ""
    if code.startswith('"'):
        return code.strip('"')
    digits = len(code.partition(".")[2].rstrip("%"))
    scaled = Decimal(repr(float(value))) * (100 if code.endswith("%") else 1)
    rounded = scaled.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0
    text = f"{rounded:,.{digits}f}" if "," in code else f"{rounded:.{digits}f}"
    return text + ("%" if code.endswith("%") else "")


def of_workbook(outcome, folder):
    """Read every table of every tab: headers by their colour, the title from the tab or the heading above."""
    write_workbook(outcome, folder / "a.xlsx")
    found = {}
    for sheet in openpyxl.load_workbook(folder / "a.xlsx"):
        lines = list(sheet.iter_rows())
        heads = [k for k, line in enumerate(lines) if str(line[0].fill.fgColor.rgb).endswith(HEAD)]
        for at in heads:
            headers = [cell.value for cell in lines[at] if cell.value]
            title = sheet["A1"].value.partition("\u3000")[2] if len(heads) == 1 else lines[at - 1][0].value
            rows = []
            for line in lines[at + 1 :]:
                texts = [shown(cell) for cell in line[: len(headers)]]
                if not any(texts):
                    break
                rows.append(dict(zip(headers, texts, strict=True)))
            found.setdefault(title, rows)
    return found


def of_word(outcome, folder):
    """Read every table of the two Word papers; the title is the caption without its number."""
    papers = pytest.importorskip("geoplan.report.folder.save")
    papers._write_papers(outcome, folder, ("word",))
    found = {}
    for name in ("assessment.docx", "town_guidance.docx"):
        title = ""
        for block in docx.Document(folder / name).iter_inner_content():
            if isinstance(block, docx.table.Table):
                headers, *rows = [[cell.text for cell in row.cells] for row in block.rows]
                found.setdefault(title, [dict(zip(headers, row, strict=True)) for row in rows])
            elif block.style.name == "Caption":
                title = block.text.partition("\u3000")[2]
    return found


def of_console(outcome, folder):
    """Read the tables of a run's summary as they are handed to the terminal."""
    found, old = {}, console.table

    def table(title, columns, rows, **_options):
        found[title] = [dict(zip(columns, row, strict=True)) for row in rows]

    console.table = table
    try:
        console.print_result(SimpleNamespace(outcome=outcome), folder)
    finally:
        console.table = old
    return found


def of_atlas(outcome, _folder):
    """Read the tables of the atlas as they are handed to the sheets; that of indicators shows some findings only."""
    atlas = pytest.importorskip("geoplan.report.atlas.atlas")
    canvas = pytest.importorskip("geoplan.report.atlas.canvas")
    found, drawn = {}, canvas.Canvas.table

    def table(self, own, **options):
        part = canvas.filled(own.to(1))
        headers = [column.header for column in part.columns]
        if own.key != "indicators":
            found.setdefault(
                own.title, [dict(zip(headers, row, strict=True)) for row in part.texts(outcome.lang)]
            )
        return drawn(self, own, **options)

    canvas.Canvas.table = table
    try:
        with fonts.face(atlas.printed(outcome)) as face:
            list(atlas._pages(outcome, face))
    finally:
        canvas.Canvas.table = drawn
    return found


#: Outputs that print tables for people.
READERS = {"workbook": of_workbook, "word": of_word, "console": of_console, "atlas": of_atlas}


@pytest.fixture(scope="module")
def printed(outcome, tmp_path_factory):
    return {name: read(outcome, tmp_path_factory.mktemp(name)) for name, read in READERS.items()}


def same(text, other):
    """Return whether two outputs print the same: paper has a dash where a cell is empty."""
    return text == other or {text, other} <= {"", "—"}


#: Headers that say what a row is about.
HEADS = (
    "指标名称",
    "评价单元",
    "服务类别",
    "层级",
    "街道（乡镇）",
    "社区（村）",
    "名称",
    "城乡",
    "单元或设施",
    "项目名称",
)


def pairs(rows, others):
    """Return the rows of two outputs that are about the same; a row that others resemble has no partner."""
    if not rows or not others:
        return []
    heads = [head for head in HEADS if head in rows[0] and head in others[0]]
    about, beside = ([tuple(row[head] for head in heads) for row in table] for table in (rows, others))
    alone = {key for key in about if about.count(key) == beside.count(key) == 1}
    partner = dict(zip(beside, others, strict=True))
    return [(row, partner[key]) for row, key in zip(rows, about, strict=True) if key in alone]


def test_outputs_agree_in_every_cell_that_both_print(printed):
    compared = 0
    for name, found in printed.items():
        for other, beside in printed.items():
            if name >= other:
                continue
            for title in found.keys() & beside.keys():
                for row, twin in pairs(found[title], beside[title]):
                    for header in row.keys() & twin.keys() - {"序号"}:
                        assert same(row[header], twin[header]), (name, other, title, header)
                        compared += 1
    assert compared > 50


def test_the_console_prints_the_totals_of_content(outcome, printed):
    for table in (circle_totals(outcome), flag_totals(outcome, "community")):
        part = table.to(1)
        headers = [column.header for column in part.columns]
        assert printed["console"][table.title] == [
            dict(zip(headers, row, strict=True)) for row in part.texts("zh")
        ]


def test_every_table_of_content_stands_in_the_workbook_as_it_is(outcome, printed):
    for page in tables(outcome, "workbook"):
        for part in (page, *page.below):
            if not part.rows or page.key.startswith("guidance"):  # many towns have headings of one name
                continue
            title, headers = part.title, [column.header for column in part.to(3).columns]
            assert len(set(headers)) == len(headers), f"{title}: two columns of one header"
            texts = [
                dict(zip([c.header for c in part.to(3).columns], row, strict=True))
                for row in part.to(3).texts(outcome.lang)
            ]
            assert printed["workbook"][title] == texts


def test_the_map_says_what_the_tables_say(outcome):
    data = payload(outcome)
    ids = data["zones"]["id"]
    totals = {row[0]: row for row in flag_totals(outcome, "community").rows}
    keys = [column.key for column in flag_totals(outcome, "community").columns]
    cards = {}
    for row, texts in zip(provision(outcome).rows, provision(outcome).texts("zh"), strict=True):
        cards[row[0], row[3]] = dict(zip([c.key for c in provision(outcome).columns], texts, strict=True))
    compared = 0
    for view in (v for v in data["views"] if v["subject"] == "flags"):
        figures = [figure["value"] for figure in view["figures"]["community"]]
        total = dict(zip(keys, totals[view["key"]], strict=True))
        wanted = [cell_text(total[key], "zh") for key in ("flag_zones", "people_affected", "gross_shortfall")]
        assert figures == wanted[: len(figures)]
        for caveat in view["figures"]["community"][0]["caveats"]:
            assert caveat in view["notes"]
        for column in view["columns"]:
            for row, zone in enumerate(view["zone"]):
                card = cards.get((view["key"], outcome.zones["code"][ids[zone]]))
                if card is not None and column["key"] in (
                    "reachable",
                    "located",
                    "required",
                    "shortfall",
                    "nearest_facility",
                ):
                    assert packed_text(column, row) == card[column["key"]], (
                        view["key"],
                        ids[zone],
                        column["key"],
                    )
                    compared += 1
    assert compared > 50


def packed_text(column, row):
    """Return a packed cell as the map's script prints it (`tests/report_map` holds the script against the same texts)."""
    if "texts" in column:
        return column["texts"][column["at"][row]] if column["at"][row] >= 0 else ""
    low, high = column["low"][row], column.get("high", column["low"])[row]
    return (
        "" if low is None else format_interval(low, float("inf") if high == "∞" else high, column["format"])
    )


def test_layers_hold_what_the_csv_files_hold(outcome, tmp_path):
    write_layers(outcome, tmp_path / "a.gpkg")
    write_csv(outcome, tmp_path)
    layer = pyogrio.read_dataframe(
        tmp_path / "a.gpkg", layer="zones_community", read_geometry=False
    ).set_index("zone_code")
    files = {
        name: pd.read_csv(tmp_path / f"{name}.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False)
        for name in ("circle", "provision")
    }
    compared = 0
    for name, about in (("circle", "service"), ("provision", "rule_id")):
        table = files[name][(files[name]["level"] == "community")]
        for _, line in table.iterrows():
            if line.get("part"):
                continue
            for key in (
                "people",
                "covered",
                "outside",
                "share",
                "reachable_low",
                "reachable_high",
                "required",
                "nearest_facility",
            ):
                field = field_name(line[about], key)
                if (
                    key in line
                    and field in layer.columns
                    and not (name == "provision" and key in ("people", "nearest_facility"))
                ):
                    value = layer.loc[line["zone_code"], field]
                    # layers hold no infinity
                    wanted = "" if line[key] == "INF" else line[key]
                    if not wanted:
                        assert pd.isna(value)
                    elif key == "nearest_facility":
                        assert value == wanted
                    else:
                        assert value == pytest.approx(float(wanted), abs=1e-6)
                    compared += 1
    assert compared > 100


#: Columns that say what a row is about.
ABOUT = ("rule_id", "zone_code", "service", "part", "member", "facility_id", "name", "question")


def test_tables_of_content_agree_on_what_they_are_about(outcome):
    """Two rows of unlike tables about the same rule, zone, service … have the same figures under the same names."""
    documents = [assessment(outcome), guidance(outcome)]
    found = [
        *tables(outcome, "workbook"),
        *tables(outcome, "csv"),
        circle_totals(outcome),
        flag_totals(outcome, "community"),
    ]
    found += [block.table for document in documents for block in document.blocks if isinstance(block, Shown)]
    facts, compared = {}, 0
    for table in found:
        keys = [column.key for column in table.columns]
        rows = [dict(zip(keys, row, strict=True)) for row in table.texts(outcome.lang)]
        abouts = [tuple((key, row[key]) for key in ABOUT if row.get(key)) for row in rows]
        for about, row in zip(abouts, rows, strict=True):
            if "zone_code" not in dict(about) or abouts.count(about) > 1:
                continue
            for key in row.keys() - set(ABOUT) - {"serial", "rank"}:
                first, title = facts.setdefault((about, key), (row[key], table.key))
                assert first == row[key], (title, table.key, about, key)
                compared += title != table.key
    assert compared > 100


def test_csv_files_hold_what_is_printed(outcome, printed, tmp_path):
    write_csv(outcome, tmp_path)
    record = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    compared = 0
    for table, resource in zip(tables(outcome, "csv"), record["resources"], strict=True):
        frame = pd.read_csv(
            tmp_path / resource["path"], encoding="utf-8-sig", dtype=str, keep_default_na=False
        )
        rows = printed["workbook"].get(resource["title"], [])
        if len(rows) != len(frame):
            continue  # the workbook counts what the file lists one by one
        labels = {
            field["name"]: {entry["value"]: entry["label"] for entry in field.get("categories", ())}
            for field in resource["schema"]["fields"]
        }
        for column in table.to(3).columns:
            for at, row in enumerate(rows):
                assert_same_value(column, labels, frame.iloc[at], row[column.header])
                compared += 1
    assert compared > 100


def assert_same_value(column, labels, line, text):
    """Assert that the fields of one cell print as `text`."""
    if column.format == "tally":
        parts = [
            int(line[name] or 0) for name in (column.key, f"{column.key}_judged", f"{column.key}_no_data")
        ]
        assert text == (Tally(*parts).text("zh") if line[f"{column.key}_judged"] else "")
    elif column.format in FORMATS:
        ends = (
            [line[f"{column.key}_{end}"] for end in ("low", "high")]
            if column.interval
            else [line[column.key]] * 2
        )
        if not ends[0]:
            assert text in ("", "数据不足")
        else:
            low, high = map(float, ends)
            assert text in {format_interval(low, high, number_format) for number_format in FORMATS}
    else:
        told = labels[column.key]
        codes = line[column.key].split(";") if column.format == "listed" else [line[column.key]]
        said = "、".join(told.get(code, code) for code in codes)
        assert text in (said, said.removeprefix("'"))
