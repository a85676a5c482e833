"""LibreOffice opens the workbook and the Word papers of the demo; what it shows is what the CSV files hold."""

import csv
import itertools
import json
import shutil
import subprocess
from collections import Counter

import lxml.html
import openpyxl
import pytest
from docx import Document
from docx.oxml.ns import qn

#: Papers of the demo.
WORKBOOK, ASSESSMENT, GUIDANCE, MEETING = (
    "gap_list.xlsx",
    "assessment.docx",
    "town_guidance.docx",
    "meeting.docx",
)
#: Names of the weights of the priority list, and the factor, each with another value than the demo's.
WEIGHTS = {"weight_affected": 0.7, "weight_depth": 1.6, "factor_without_premise": 0.35}
NOTHING = {"", "—"}


@pytest.fixture(scope="module")
def out(results):
    return results("demo")


@pytest.fixture(scope="module")
def office(out, tmp_path_factory):
    """Return a call that has LibreOffice convert a paper of the run, or another file; it returns the converted file's path."""
    program = shutil.which("soffice")
    assert program, "LibreOffice is not installed: libreoffice-calc libreoffice-writer"
    profile = tmp_path_factory.mktemp("profile").as_uri()

    def convert(name, kind):
        folder = tmp_path_factory.mktemp(kind.partition(":")[0])
        done = subprocess.run(
            [program, f"-env:UserInstallation={profile}", "--headless", "--convert-to", kind, "--outdir", folder, out / name],
            capture_output=True, check=True, timeout=300,
        )  # fmt: skip
        made = folder / f"{(out / name).stem}.{kind.partition(':')[0]}"
        assert made.is_file(), done.stderr
        return made

    return convert


def squeezed(text):
    return "".join(text.split())


def tables_of(page):
    """Return every table of an HTML page as rows of cells, their text without white space."""
    tree = lxml.html.fromstring(page.read_bytes())
    return [
        [[squeezed(cell.text_content()) for cell in row.iter("td", "th")] for row in table.iter("tr")]
        for table in tree.iter("table")
    ]


def list_of(out, name):
    with (out / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def shows(shown, told, field):
    """Return whether a cell as LibreOffice shows it is a value of a CSV file, rounded as shown.

    Where the file has no number the sheet may have a word (数据不足) that the field's description lists.
    """
    if told == "":
        if shown.startswith(squeezed("数据不足（")):  # of a tally of which nothing could be judged
            return True
        return shown in NOTHING | {squeezed(one["label"]) for one in field.get("categories", ())}
    if field["type"] == "string":
        words = {str(one["value"]): one["label"] for one in field.get("categories", ())}
        listed = "、".join(words.get(part, part) for part in told.split(";")) if words else told
        return shown == squeezed(listed.removeprefix("'"))
    digits = shown.partition("/")[0].replace(",", "").rstrip("%")  # of a tally how many, not of how many
    number = float(digits) / (100 if shown.endswith("%") else 1)
    if shown in {
        "99.9%",
        "0.1%",
    }:  # what is not quite whole never prints as 100.0 %, nor as 0.0 % what is not nothing
        return abs(number - float(told)) <= 0.001
    step = 0.5 * 10.0 ** -len(digits.partition(".")[2]) / (100 if shown.endswith("%") else 1)
    return abs(number - float(told)) <= step + 1e-6


def test_every_sheet_shows_what_its_csv_file_holds(out, office):
    sheets = tables_of(office(WORKBOOK, "html"))
    package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    compared = 0
    for resource in package["resources"]:
        told = list_of(out, resource["name"])
        fields = {}
        for field in resource["schema"]["fields"]:
            fields.setdefault(squeezed(field["title"]), field)
        (rows,) = [rows for rows in sheets if rows[0][0].endswith(squeezed(resource["title"]))]
        at = max(range(len(rows)), key=lambda number: len(set(rows[number]) & set(fields)))
        headers, body = rows[at], rows[at + 1 :]
        pairs = list(zip(body, told, strict=False))
        if (
            resource["name"] == "findings"
        ):  # estates of one rule stand in one row of the sheet, and in one each of the file
            by_zone = {(squeezed(row["indicator"]), squeezed(row["zone"])): row for row in told}
            keys = [
                tuple(row[headers.index(title)] for title in ("指标名称", "评价单元"))
                for row in body
                if len(row) == len(headers)
            ]
            pairs = [(row, by_zone[key]) for row, key in zip(body, keys, strict=False) if key in by_zone]
            assert len(pairs) >= 10
            del fields["序号"]
        else:
            assert len(pairs) == len(told)
        for shown, row in pairs:
            for header, cell in zip(headers, shown, strict=True):
                if header in fields:
                    field = fields[header]
                    assert shows(cell, row[field["name"]], field), (resource["name"], header, cell, row)
                    compared += 1
    assert len(package["resources"]) >= 13
    assert compared > 2000


def test_the_table_of_the_assessment_says_what_the_findings_say(out, office):
    table = next(rows for rows in tables_of(office(ASSESSMENT, "html")) if "评价结论" in rows[0])
    findings = {(squeezed(row["indicator"]), squeezed(row["zone"])): row for row in list_of(out, "findings")}
    package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    fields = {
        field["name"]: field
        for resource in package["resources"] if resource["name"] == "findings"
        for field in resource["schema"]["fields"]
    }  # fmt: skip
    compared = 0
    for row in table[1:]:
        shown = dict(zip(table[0], row, strict=True))
        told = findings.get((shown["指标名称"], shown["评价单元"]))
        if told is None:  # several zones in one row
            continue
        for header, name in (
            ("目标值", "target"),
            ("缺口", "shortfall"),
            ("计量单位", "unit"),
            ("评价结论", "verdict"),
        ):
            assert shows(shown[header], told[name], fields[name]), (header, shown, told)
        compared += 1
    assert compared >= 10


def test_the_guidance_counts_the_flagged_communities_of_each_town(out, office):
    table = tables_of(office(GUIDANCE, "html"))[0]
    assert table[0][:3] == ["序号", "街道（乡镇）", "短板社区（村）（个）"]
    flagged = Counter(row["town"] for row in list_of(out, "communities") if row["flagged"] == "flagged")
    assert {row[1]: int(row[2]) for row in table[1:]} == flagged
    assert sum(flagged.values()) > 5


@pytest.mark.parametrize("name", [ASSESSMENT, GUIDANCE])
def test_nothing_of_a_paper_is_lost_in_its_pdf(out, office, name):
    """Every character of the paper, as often as it stands there, is in the printed PDF too."""
    body = Document(str(out / name)).element.body
    paper = Counter(squeezed("".join(text.text or "" for text in body.iter(qn("w:t")))))
    printed = Counter(squeezed(pdf_text(office(name, "pdf"))))
    assert paper.total() > 1500
    assert paper - printed == Counter()


def test_the_workbook_prints_every_community_and_gap(out, office):
    printed = squeezed(pdf_text(office(WORKBOOK, "pdf")))
    gaps = list_of(out, "gap_list")
    assert len(gaps) > 30
    for row in gaps:
        assert row["zone_code"] in printed
    for row in list_of(out, "communities"):
        assert row["community"] in printed


def priorities_of(book):
    """Return the rows of the priority list by their headers, as numbers and words."""
    lines = list(book["优先建设清单"].iter_rows(values_only=True))
    at = next(number for number, line in enumerate(lines) if "评分" in line)
    rows = [dict(zip(lines[at], line, strict=True)) for line in lines[at + 1 :]]
    return list(itertools.takewhile(lambda row: row["优先次序"] is not None, rows))


def with_weights(out, path, weights):
    """Save the workbook with other weights of the score; openpyxl keeps its formulas and none of the values computed from them."""
    book = openpyxl.load_workbook(out / WORKBOOK)
    for name, value in weights.items():
        ((sheet, cell),) = book.defined_names[name].destinations
        book[sheet][cell].value = value
    book.save(path)
    assert priorities_of(openpyxl.load_workbook(path, data_only=True))[0]["评分"] is None
    return path


def test_scores_are_what_an_office_program_computes(out, office, tmp_path):
    """With the weights as they stand the recalculated scores are the stored ones."""
    again = office(with_weights(out, tmp_path / "same.xlsx", {}), "xlsx")
    stored, computed = (
        priorities_of(openpyxl.load_workbook(path, data_only=True)) for path in (out / WORKBOOK, again)
    )
    assert len(stored) == len(computed) == len(list_of(out, "priorities")) > 10
    for was, now in zip(stored, computed, strict=True):
        for header in ("评分", "用房系数"):
            assert now[header] == pytest.approx(was[header], rel=1e-6), was


def test_scores_follow_the_weights_that_a_reader_changes(out, office, tmp_path):
    changed = office(with_weights(out, tmp_path / "changed.xlsx", WEIGHTS), "xlsx")
    stored, computed = (
        priorities_of(openpyxl.load_workbook(path, data_only=True)) for path in (out / WORKBOOK, changed)
    )
    for was, now in zip(stored, computed, strict=True):
        factor = WEIGHTS["factor_without_premise"] if was["圈内可用用房"] == "无" else 1.0
        score = (
            was["涉及人数（按净缺口）"] ** WEIGHTS["weight_affected"]
            * was["短缺深度"] ** WEIGHTS["weight_depth"]
            * factor
        )
        assert now["用房系数"] == pytest.approx(factor, rel=1e-6)
        assert now["评分"] == pytest.approx(score, rel=1e-6), was
    assert {row["圈内可用用房"] for row in stored} == {"有", "无"}
    assert any(abs(now["评分"] - was["评分"]) > 1 for was, now in zip(stored, computed, strict=True))


def test_the_page_for_the_meeting_is_one_page(office):
    assert pages_of(office(MEETING, "pdf")) == 1


def test_the_guidance_has_a_first_page_and_a_page_a_town(out, office):
    towns = list_of(out, "towns")
    assert len(towns) >= 2
    assert pages_of(office(GUIDANCE, "pdf")) == 1 + len(towns)


def pages_of(path):
    told = subprocess.run(["pdfinfo", path], capture_output=True, check=True).stdout.decode()
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("Pages:")))


def pdf_text(path):
    return subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True).stdout.decode()
