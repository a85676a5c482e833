"""A document as a Word file in the form of Chinese planning papers: A4, 宋体 and 黑体, captions that count by themselves, no date of the day.

Styles, margins, header and footer come from ``template.docx`` beside this file: an office may change fonts and sizes there. Tables
and references to them are fields, so that they count anew when a chapter is pasted into another document.
"""

import datetime as dt
import io
import zipfile
from contextlib import nullcontext
from importlib import resources
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm, Pt

from geoplan.report.content import titles
from geoplan.report.content.document import (
    MARK,
    REFERENCE,
    Document,
    Figures,
    Heading,
    Paragraph,
    Points,
    Remark,
    Shown,
    SiteMap,
    TownMap,
)
from geoplan.report.content.table import Table
from geoplan.report.word.pictures import WIDTH_CM, Atelier, atelier, site_map, town_map
from geoplan.report.word.tables import CELL, printable, table_xml
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import NOTHING

#: Width between the margins of the template's page, centimetres.
TEXT_CM = 21.0 - 2 * 2.6
#: Names of the template's own styles: body text with its indent, a note under a table or picture.
TEXT, NOTE = "Plan Text", "Plan Note"
#: Date of everything inside the file: the first that a ZIP archive can hold.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
#: Line spacing of a compact paper, and the width of its pictures, centimetres.
COMPACT_LINES, COMPACT_WIDTH_CM = 1.05, 11.5


def write_document(document: Document, outcome: Outcome, path: Path, *, maps: bool = True) -> None:
    """Write a document with the study's name, year and basis on every page; the same content gives the same bytes.

    Parameters
    ----------
    document
        What is drawn.
    outcome
        What names the study on every page; its maps are drawn of it.
    path
        File to write.
    maps
        False leaves maps out. They also stay out, and the paper says so, where matplotlib or a font is missing.

    Raises
    ------
    OSError
        If the file cannot be written, e.g. because another program holds it open.
    """
    paper = _Paper(outcome, document.title, compact=document.compact)
    wanted = maps and any(isinstance(block, TownMap | SiteMap) for block in document.blocks)
    with atelier(outcome) if wanted else nullcontext(None) as room:
        if isinstance(room, str):
            paper.note(room)
        for block in document.blocks:
            _draw(paper, block, room if isinstance(room, Atelier) else None)
    paper.save(path)


def _draw(paper: "_Paper", block: object, room: Atelier | None) -> None:
    match block:
        case Heading(text, level, page):
            paper.heading(text, level, page=page)
        case Paragraph(text, lead):
            paper.text(text, lead=lead)
        case Points(items):
            for item in items:
                paper.text(item)
        case Remark(text):
            paper.note(text)
        case Figures(figures):
            for figure in figures:
                paper.text(figure.text(paper.lang), lead=f"{figure.name}{phrase('colon', paper.lang)}")
        case Shown(table):
            paper.table(table.to(2).slim().footnoted("caveats", paper.lang))
        case TownMap() | SiteMap():
            if room is not None:
                paper.picture(
                    _drawn(room, block),
                    block.caption,
                    width_cm=COMPACT_WIDTH_CM if paper.compact else WIDTH_CM,
                )
        case _:
            raise TypeError(f"a Word document draws no {type(block).__name__}")


def _drawn(room: Atelier, block: TownMap | SiteMap) -> bytes:
    """Return the picture of a block as PNG."""
    if isinstance(block, TownMap):
        return town_map(room, block.zone_id)
    return site_map(room, block.level, block.question)


class _Paper:
    """A Word file under construction."""

    def __init__(self, outcome: Outcome, title: str, *, compact: bool = False) -> None:
        self.outcome, self.lang, self.title, self.compact = outcome, outcome.lang, title, compact
        template = resources.files("geoplan.report.word") / "template.docx"
        self._document: Any = docx.Document(io.BytesIO(template.read_bytes()))
        self._counts = {"table": 0, "picture": 0}
        self._bookmarks = 0
        self._head_and_foot()
        if compact:
            self._narrow()
            self.heading(f"{outcome.name}{phrase('join_wide', self.lang)}{title}", 1)
            return
        self.heading(outcome.name, 0)
        told = [phrase("papers_year", self.lang, year=outcome.year), titles.banner(outcome)]
        self._document.add_paragraph(
            plain(phrase("join_wide", self.lang).join(part for part in told if part)), style="Subtitle"
        )
        self.heading(title, 1)

    def _narrow(self) -> None:
        """Give a compact paper small type and narrow margins above and below."""
        section = self._document.sections[0]
        section.top_margin = section.bottom_margin = Cm(1.6)
        sizes = {"Caption": 9.0, TEXT: 10.0, NOTE: 8.0, CELL: 8.5, "Heading 1": 14.0, "Heading 2": 12.0}
        for name, size in sizes.items():
            style = self._document.styles[name]
            style.font.size = Pt(size)
            style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(
                0 if name == CELL else 3
            )
            if name.startswith("Heading"):
                style.paragraph_format.line_spacing = COMPACT_LINES

    def heading(self, text: str, level: int, *, page: bool = False) -> None:
        """Add a heading, on a new page where asked; 0 is the title of the paper."""
        style = "Title" if level == 0 else f"Heading {level}"
        self._document.add_paragraph(plain(text), style=style).paragraph_format.page_break_before = (
            page or None
        )

    def text(self, text: str, *, lead: str = "") -> None:
        """Add a paragraph of body text; `lead` stands before it in bold, references become fields."""
        paragraph = self._document.add_paragraph(style=TEXT)
        if self.compact:
            paragraph.paragraph_format.line_spacing = COMPACT_LINES
            paragraph.paragraph_format.first_line_indent = Cm(0)
            paragraph.paragraph_format.space_after = Pt(3)
        if lead:
            paragraph.add_run(plain(lead)).bold = True
        at = 0
        for found in REFERENCE.finditer(text):
            paragraph.add_run(plain(text[at : found.start()]))
            kind, number = found[1], self._counts[found[1]] + int(found[2])
            _add_field(paragraph, f"REF {_bookmark(kind, number)} \\h", self._label(kind, number))
            at = found.end()
        paragraph.add_run(plain(text[at:]))

    def note(self, text: str) -> None:
        """Add a small line, such as one under a table."""
        self._document.add_paragraph(plain(text), style=NOTE)

    def table(self, table: Table) -> None:
        """Add a table with its caption above and its notes below; its headers stand on every page, no row breaks over two."""
        self._caption("table", table.title)
        body = [[plain(text) or NOTHING for text in row] for row in table.texts(self.lang)] or [
            [table.empty or phrase("papers_nothing", self.lang), *([""] * (len(table.columns) - 1))]
        ]
        width = TEXT_CM / 2.54 * 72
        points = self._document.styles[CELL].font.size.pt
        xml = table_xml(
            table.columns, body, width=width, points=points, merged=table.frozen, strong=table.strong
        )
        self._document.element.body.insert_element_before(parse_xml(xml), "w:sectPr")
        # an empty line keeps a table apart from the text below; a compact paper has space below its tables already
        for note in table.notes or (() if self.compact else ("",)):
            self.note(note)

    def picture(self, png: bytes, caption: str, *, width_cm: float) -> None:
        """Add a picture with its caption below."""
        paragraph = self._document.add_paragraph(style=NOTE)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        shape = paragraph.add_run().add_picture(io.BytesIO(png), width=Cm(width_cm))
        said = phrase("join_comma", self.lang).join((caption, titles.review_line(self.outcome)))
        shape._inline.docPr.set("descr", plain(said))
        self._caption("picture", caption, below=True)

    def save(self, path: Path) -> None:
        """Write the file; dates inside it are the study's year and the first that the format knows."""
        core, created = self._document.core_properties, dt.datetime(self.outcome.year, 1, 1, tzinfo=dt.UTC)
        core.title, core.subject = plain(f"{self.outcome.name} {self.title}"), plain(self.title)
        core.author, core.last_modified_by, core.keywords = "", "", ""
        core.comments = titles.basis_line(self.outcome)
        core.created, core.modified, core.revision = created, created, 1
        raw = io.BytesIO()
        self._document.save(raw)
        with zipfile.ZipFile(raw) as packed, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name in packed.namelist():
                entry = zipfile.ZipInfo(name, _ZIP_DATE)
                entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
                file.writestr(entry, packed.read(name))

    def _label(self, kind: str, number: int) -> str:
        return phrase(f"paper_{kind}_label", self.lang, number=number)

    def _caption(self, kind: str, caption: str, *, below: bool = False) -> None:
        self._counts[kind] += 1
        number = self._counts[kind]
        paragraph = self._document.add_paragraph(style="Caption")
        paragraph.paragraph_format.keep_with_next = not below
        before, after = phrase(f"paper_{kind}_label", self.lang, number="\n").split("\n")
        self._bookmarks += 1
        start = (
            f'<w:bookmarkStart {nsdecls("w")} w:id="{self._bookmarks}" w:name="{_bookmark(kind, number)}"/>'
        )
        paragraph._p.append(parse_xml(start))
        paragraph.add_run(before)
        _add_field(paragraph, f"SEQ {before.strip()} \\* ARABIC", str(number))
        if after:
            paragraph.add_run(after)
        paragraph._p.append(parse_xml(f'<w:bookmarkEnd {nsdecls("w")} w:id="{self._bookmarks}"/>'))
        paragraph.add_run(plain(phrase("join_wide", self.lang) + caption))

    def _head_and_foot(self) -> None:
        outcome, section = self.outcome, self._document.sections[0]
        head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
        wide = phrase("join_wide", self.lang)
        head.add_run(plain(f"{outcome.name}{wide}{self.title}"))
        if outcome.synthetic:
            head.add_run(f"\t{titles.banner(outcome)}").bold = True
        foot.add_run(
            plain(f"{phrase('papers_year', self.lang, year=outcome.year)}{wide}{titles.basis_line(outcome)}")
        )
        pages = section.footer.add_paragraph(style="Footer")
        pages.alignment = WD_ALIGN_PARAGRAPH.CENTER
        before, after = phrase("paper_page", self.lang, page="\n").split("\n")
        pages.add_run(before)
        _add_field(pages, "PAGE", "1")
        pages.add_run(after)


def plain(text: object) -> str:
    r"""Return `text` as a document can hold it: without control characters and marks of our own.

    Examples
    --------
    >>> plain("a\x07b")
    'ab'
    """
    return printable(text).replace(MARK, "")


def _bookmark(kind: str, number: int) -> str:
    return f"_Ref_{kind}_{number}"


def _add_field(paragraph: Any, code: str, shown: str) -> None:  # noqa: ANN401 - python-docx's paragraphs have no public type
    """Add a field with what it shows until the program counts anew."""
    for kind in ("begin", "code", "separate", "shown", "end"):
        run = paragraph.add_run(shown if kind == "shown" else "")
        if kind == "code":
            told = f'<w:instrText {nsdecls("w")} xml:space="preserve"> {escape(code)} </w:instrText>'
            run._r.append(parse_xml(told))
        elif kind != "shown":
            run._r.append(parse_xml(f'<w:fldChar {nsdecls("w")} w:fldCharType="{kind}"/>'))
