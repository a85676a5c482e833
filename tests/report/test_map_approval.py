"""Every map that can be printed carries its approval number (审图号), or says that it is for internal use (内部用图)."""

import dataclasses
import io
import itertools
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import docx
import numpy as np
import pytest
from PIL import Image
from printed import CHROMIUM, Page

from geoplan.report.atlas import atlas
from geoplan.report.cards import page as card
from geoplan.report.cards.cards import write_cards
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.community_sheet import Sheets
from geoplan.report.look import fonts

#: A pixel that differs by more than this in a channel is of another ink.
OTHER_INK = 80
NUMBERS = {"": "内部用图", "鄂S(2025)007号": "审图号：鄂S(2025)007号"}


@pytest.fixture(scope="module")
def every(deliver, sited_demo, tmp_path_factory):
    """The demo with each number, and every output of it."""
    found = {}
    for number in NUMBERS:
        outcome = dataclasses.replace(sited_demo, review_no=number)
        found[number] = outcome, deliver(outcome, tmp_path_factory.mktemp("maps"), formats=())
        write_cards(outcome, found[number][1] / "communities")
    return found


@pytest.fixture(scope="module", params=list(NUMBERS))
def printed(request, every):
    """The demo with one number, what its maps must say, and every output of it."""
    outcome, folder = every[request.param]
    return outcome, NUMBERS[request.param], folder


def maps_in(folder):
    """Return the outputs that hold maps, by the kind of file; what holds none is told by its ending."""
    endings = {".html": [], ".docx": [], ".pdf": [], ".qgs": []}
    for path in sorted(folder.rglob("*")):
        if path.suffix in endings:
            endings[path.suffix].append(path)
    return endings


def test_the_outputs_with_maps_are_those_that_are_looked_at_here(printed):
    _, _, folder = printed
    found = {ending: {path.name for path in paths} for ending, paths in maps_in(folder).items()}
    pages = {path.stem for path in (folder / "communities").glob("*.pdf")}
    assert found[".html"] == {"map.html", "report.html", "compare.html", *(f"{page}.html" for page in pages)}
    assert found[".docx"] == {"assessment.docx", "meeting.docx", "siting_plans.docx", "town_guidance.docx"}
    assert "atlas.pdf" in found[".pdf"]
    assert len(found[".pdf"]) > 1
    assert found[".qgs"] == {"coverage.qgs"}


def test_every_map_of_the_report_has_it_in_the_picture(printed):
    _, said, folder = printed
    drawn = re.findall(r"<svg viewBox.*?</svg>", (folder / "report.html").read_text(encoding="utf-8"))
    maps = [svg for svg in drawn if '<use href="#z' in svg]
    assert len(maps) > 1
    assert all(f">{said}</text>" in svg for svg in maps)


def test_both_maps_of_a_comparison_have_it(printed):
    _, said, folder = printed
    page = Page((folder / "compare" / "compare.html").read_text(encoding="utf-8"))
    assert page.words.count(said) == 2


@pytest.mark.browser
@pytest.mark.skipif(
    CHROMIUM is None or shutil.which("pdftotext") is None,
    reason="no Chromium or no pdftotext on this machine",
)
@pytest.mark.parametrize("name", ["map.html", "compare/compare.html", "report.html"])
def test_it_is_on_the_printed_page(printed, name, tmp_path):
    _, said, folder = printed
    target = tmp_path / "page.pdf"
    subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND",
         "--virtual-time-budget=3000", f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={target}", (folder / name).as_uri()],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    done = subprocess.run(["pdftotext", target, "-"], capture_output=True, encoding="utf-8", check=True)
    text = done.stdout
    assert re.sub(r"\s", "", said) in re.sub(r"\s", "", text)


def test_every_sheet_of_the_atlas_has_it(printed):
    outcome, said, _ = printed
    with fonts.face(atlas.printed(outcome)) as face:
        for sheet in atlas._pages(outcome, face):
            sheet.number = "01"
            sheet.frame(of=1)
            # a long number stands in two lines of its cell
            texts = [text.get_text() for text in sheet.paper.texts]
            assert said in [*texts, *("".join(pair) for pair in itertools.pairwise(texts))]


def test_every_page_of_a_community_has_it_on_its_map(printed, monkeypatch, tmp_path):
    outcome, said, _ = printed
    texts = []
    write = card.Pen.text
    monkeypatch.setattr(
        card.Pen, "text", lambda pen, x, y, text, *args, **more: (texts.append(text), write(pen, x, y, text, *args, **more))
    )  # fmt: skip
    write_cards(outcome, tmp_path)
    count = len(Sheets(outcome, BaseMap(outcome)).zones)
    assert texts.count(said) == count
    in_browser = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.html"))
    assert in_browser.count(f">{said}</text>") == count


def test_every_picture_of_a_word_paper_has_it_in_its_corner(every):
    without, numbered = (
        {path.name: pictures(path) for path in maps_in(folder)[".docx"]} for _, folder in every.values()
    )
    outcome, _ = every[""]
    assert len(without["town_guidance.docx"]) == (outcome.zones["level"] == "town").sum()
    assert len(without["siting_plans.docx"]) > 0
    for name, found in without.items():
        assert len(found) == len(numbered[name])
        for (said, picture), (other_said, other) in zip(found, numbered[name], strict=True):
            assert NUMBERS[""] in said
            assert list(NUMBERS.values())[1] in other_said
            # what differs between the two is the line in the lower left corner; a picture has few colours, so that all differ a little
            apart = np.argwhere(np.abs(picture - other).max(axis=2) > OTHER_INK)
            assert len(apart)
            height, width = picture.shape[:2]
            assert apart[:, 0].min() > 0.5 * height
            assert apart[:, 1].max() < 0.4 * width


def pictures(path):
    document = docx.Document(path)
    return [
        (shape._inline.docPr.get("descr"), docx_image(document, shape)) for shape in document.inline_shapes
    ]


def docx_image(document, shape):
    part = document.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed]
    return pixels(part.blob)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_print_of_the_qgis_project_has_it(printed):
    _, said, folder = printed
    label = ET.parse(folder / "coverage.qgs").getroot().find("properties/CopyrightLabel")
    assert label.find("Label").text.startswith(said)
    assert label.find("Enabled").text == "true"
