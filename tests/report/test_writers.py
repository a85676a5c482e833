"""What every output keeps to: the same bytes at any time, no input changed, names only text, nothing said that is not so."""

import dataclasses
import json
import re
import time
import zipfile

import matplotlib as mpl
import pandas as pd
import pytest
from printed import Page
from report_town import NASTY
from spreadsheet import write_book

from geoplan.report.booklet.page import write_report
from geoplan.report.content.assessment import assessment
from geoplan.report.content.meeting import meeting
from geoplan.report.webmap.map import write_map
from geoplan.report.word.document import write_document

#: File -> what writes it.
WRITERS = {
    "map.html": write_map, "report.html": write_report, "gap_list.xlsx": write_book,
    "assessment.docx": lambda outcome, path: write_document(assessment(outcome), outcome, path),
    "meeting.docx": lambda outcome, path: write_document(meeting(outcome), outcome, path),
}  # fmt: skip
#: What only an answered siting question puts into an output.
SITING = ("规划点位", "备选点位", "意向区域", "选址方案", "startSites", "gp-site", "site_isochrones")


def files(folder):
    """Return file -> bytes of everything that depends on the outcome alone; a FileGDB has its own clock."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    clocks = ("run.json", "run.log", "exports/coverage.gdb/")
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(clocks)}


def texts(folder):
    """Return file -> what stands in it as text; archives are opened, a drawing of compressed streams is left out."""
    found = {}
    for path in folder.rglob("*"):
        if path.suffix in (".xlsx", ".docx"):
            with zipfile.ZipFile(path) as file:
                found[path.name] = b"".join(map(file.read, file.namelist())).decode("utf-8", "ignore")
        elif path.is_file():
            found[path.name] = path.read_bytes().decode("utf-8", "ignore")
    return found


def test_same_bytes_at_another_time_and_no_input_changed(delivered, sited, deliver, make_sited, tmp_path):
    untouched = make_sited()
    for entry in dataclasses.fields(sited):
        old, new = getattr(untouched, entry.name), getattr(sited, entry.name)
        if isinstance(old, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))
        else:
            assert old == new
    time.sleep(1.1)  # dates in files count seconds
    # a user's own settings of a library change nothing
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "pdf.fonttype": 3}):
        before = dict(mpl.rcParams)
        deliver(untouched, tmp_path)
        assert dict(mpl.rcParams) == before
    first, second = files(delivered), files(tmp_path)
    assert len(first) > 60
    assert [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)] == []
    one, other = (
        json.loads((folder / "run.json").read_text(encoding="utf-8")) for folder in (delivered, tmp_path)
    )
    assert one.pop("environment") != other.pop("environment")
    assert [entry["file"] for entry in one.pop("files")] == [entry["file"] for entry in other.pop("files")]
    assert one == other


def test_an_output_says_neither_that_data_are_made_up_nor_where_to_build_unless_it_is_so(
    make, deliver, delivered, tmp_path
):
    real = texts(deliver(make(synthetic=False), tmp_path / "real", papers=("word",)))
    built = texts(delivered)
    banner = "演示数据，不作为决策依据"
    assert {name for name, text in built.items() if banner in text} >= {
        "map.html", "report.html", "gap_list.xlsx", "gap_list.csv", "datapackage.json", "coverage.gpkg", "coverage.qgs", "assessment.docx", "meeting.docx",
        "town_guidance.docx",
    }  # fmt: skip
    assert [name for name, text in real.items() if banner in text] == []
    for words in SITING:
        assert any(words in text for text in built.values()), words
        assert [name for name, text in real.items() if words in text] == [], words


def test_markup_in_names_is_text(make_sited, deliver, tmp_path):
    nasty = make_sited(lang="en", nasty=True)
    zones = nasty.zones.assign(name=[f"{name}$x^2$😀\x07\ue000" for name in nasty.zones["name"]])
    found = texts(deliver(dataclasses.replace(nasty, zones=zones), tmp_path))
    for name, text in found.items():
        if name.endswith((".html", ".docx", ".xlsx")):
            assert NASTY not in text, name
            assert "<img" not in text, name


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_cannot_be_written_is_an_os_error(outcome, tmp_path, name):
    with pytest.raises(OSError, match="no such folder"):
        WRITERS[name](outcome, tmp_path / "no such folder" / name)


@pytest.mark.parametrize("name", ["map.html", "report.html", "compare/compare.html"])
def test_a_page_fetches_nothing(delivered, name):
    text = (delivered / name).read_text(encoding="utf-8")
    page = Page(text)
    fetching = {"link", "iframe", "object", "embed", "img", "audio", "video", "source"}
    assert [
        tag for tag, _ in page.tags if tag in fetching | ({"script"} if name == "report.html" else set())
    ] == []
    assert [
        a for _, a in page.tags if {"src", "srcset"} & a.keys() or not a.get("href", "#").startswith("#")
    ] == []
    assert re.findall(r"url\((?!data:|#)[^)]*\)", text) == []
    assert "@import" not in text
    assert "sourceMappingURL" not in text
    (policy,) = [a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    # what addresses remain are names of XML spaces, Leaflet's own credit and comments; none is a request
    assert set(re.findall(r"https?://([\w.-]+)", text)) <= (
        {"www.w3.org", "leafletjs.com"} if name != "report.html" else set()
    )


TABLES = (
    "flags", "members", "findings", "isochrones", "unplaced", "facilities", "supplies", "streets", "circle", "nearest", "warnings",
    "reconciliation", "not_assessed", "parameters", "reported", "gap_list", "priorities",
)  # fmt: skip


@pytest.mark.parametrize(
    "empty", [*([table] for table in TABLES), TABLES[:-4]], ids=lambda names: "_".join(names)[:16]
)
def test_a_study_without_some_table_is_written(outcome, tmp_path, empty):
    less = dataclasses.replace(outcome, **{table: getattr(outcome, table).iloc[:0] for table in empty})
    for name, write in WRITERS.items():
        write(less, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000
