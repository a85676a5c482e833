"""A Word document in the form of Chinese planning papers: A4, 宋体 and 黑体, captions that count by themselves, dated by nothing.

Fonts, sizes and indents follow the usual set-up of such chapters (正文小四、首行缩进两字、1.5 倍行距; 表题黑体五号; 表文小五). Tables and
references to them are fields, so that they count anew when a chapter is pasted into another document.
"""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from geoplan.report import look
from geoplan.report.content.sheet import word
from geoplan.tables import Outcome
from geoplan.words.numbers import NOTHING

#: Chinese and Latin fonts: body, and headings and captions.
BODY, HEAD = ("宋体", "Times New Roman"), ("黑体", "Arial")
#: Width between the margins of an A4 page, centimetres.
TEXT_CM = 21.0 - 2 * 2.6
#: Style -> (Chinese and Latin font, size in points, line spacing, points before, points after, centred).
_STYLES: dict[str, tuple[tuple[str, str], float, float, float, float, bool]] = {
    "Normal": (BODY, 12, 1.5, 0, 0, False),
    "Title": (HEAD, 22, 1.2, 6, 6, True),
    "Subtitle": (HEAD, 12, 1.2, 0, 12, True),
    "Heading 1": (HEAD, 16, 1.5, 12, 12, True),
    "Heading 2": (HEAD, 14, 1.5, 10, 4, False),
    "Heading 3": (HEAD, 12, 1.5, 6, 2, False),
    "Caption": (HEAD, 10.5, 1.2, 8, 4, True),
    "Header": (BODY, 9, 1.0, 0, 0, False),
    "Footer": (BODY, 9, 1.0, 0, 0, False),
}
#: Names of our own styles: body text with its indent, text of a table, a note under a table or picture.
TEXT, CELL, NOTE = "Plan Text", "Plan Table", "Plan Note"
#: Frames a reference to a table or picture inside a sentence.
_MARK = "\ue000"
_REFERENCE = re.compile(f"({_MARK}(?:table|picture):\\d+{_MARK})")
#: What XML does not hold.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Date of everything inside the file: the first that a ZIP archive can hold.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Col:
    """A column of a table: header, width as a share of the others, left where it holds words, merged where a value repeats."""

    header: str
    width: float = 2.0
    words: bool = False
    merged: bool = False


class Paper:
    """A document under construction; see the module's text."""

    def __init__(self, outcome: Outcome, title: str) -> None:
        self.outcome, self.lang, self.title = outcome, outcome.lang, title
        self._document: Any = Document()
        self._counts = {"table": 0, "picture": 0}
        self._bookmarks = 0
        _set_styles(self._document)
        self._set_page()

    def heading(self, text: str, level: int) -> None:
        """Add a heading; 0 is the title of the paper."""
        style = "Title" if level == 0 else f"Heading {level}"
        self._document.add_paragraph(plain(text), style=style)

    def subtitle(self, text: str) -> None:
        """Add a line under the title."""
        self._document.add_paragraph(plain(text), style="Subtitle")

    def text(self, text: str, *, lead: str = "") -> None:
        """Add a paragraph of body text; `lead` stands before it in bold. References (`reference`) become fields."""
        paragraph = self._document.add_paragraph(style=TEXT)
        if lead:
            paragraph.add_run(plain(lead)).bold = True
        for part in _REFERENCE.split(text):
            asked = _REFERENCE.fullmatch(part)
            if asked is None:
                paragraph.add_run(plain(part))
            else:
                kind, number = part.strip(_MARK).split(":")
                _add_field(
                    paragraph, f"REF {_bookmark(kind, int(number))} \\h", self._label(kind, int(number))
                )

    def note(self, text: str) -> None:
        """Add a small line, such as one under a table."""
        self._document.add_paragraph(plain(text), style=NOTE)

    def reference(self, kind: str = "table", ahead: int = 1) -> str:
        """Return what stands in a sentence for the table (or picture) that comes `ahead` of here: 1 is the next."""
        return f"{_MARK}{kind}:{self._counts[kind] + ahead}{_MARK}"

    def table(self, caption: str, columns: Sequence[Col], rows: Sequence[Sequence[str]]) -> None:
        """Add a table with its caption above; its headers stand on every page, no row breaks over two."""
        self._caption("table", caption)
        body = [[_shown(value) for value in row] for row in rows] or [
            [word("nothing", self.lang), *([""] * (len(columns) - 1))]
        ]
        self._document.element.body.insert_element_before(parse_xml(_table_xml(columns, body)), "w:sectPr")
        self._document.add_paragraph(style=NOTE)

    def picture(self, png: bytes, caption: str, *, width_cm: float) -> None:
        """Add a picture with its caption below."""
        paragraph = self._document.add_paragraph(style=NOTE)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        shape = paragraph.add_run().add_picture(io.BytesIO(png), width=Cm(width_cm))
        shape._inline.docPr.set("descr", plain(caption))
        self._caption("picture", caption, below=True)

    def save(self, path: Path) -> None:
        """Write the document; the same content gives the same bytes.

        Raises
        ------
        OSError
            If the file cannot be written, e.g. because another program holds it open.
        """
        told, created = self._document.core_properties, dt.datetime(self.outcome.year, 1, 1, tzinfo=dt.UTC)
        told.title, told.subject = plain(f"{self.outcome.name} {self.title}"), plain(self.title)
        told.author, told.last_modified_by, told.comments, told.keywords = (
            "",
            "",
            look.basis_line(self.outcome),
            "",
        )
        told.created, told.modified, told.revision = created, created, 1
        raw = io.BytesIO()
        self._document.save(raw)
        with zipfile.ZipFile(raw) as packed, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name in packed.namelist():
                entry = zipfile.ZipInfo(name, _ZIP_DATE)
                entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
                file.writestr(entry, packed.read(name))

    def _label(self, kind: str, number: int) -> str:
        return word(f"doc_{kind}_label", self.lang, number=number)

    def _caption(self, kind: str, caption: str, *, below: bool = False) -> None:
        self._counts[kind] += 1
        number = self._counts[kind]
        paragraph = self._document.add_paragraph(style="Caption")
        paragraph.paragraph_format.keep_with_next = not below
        before, after = word(f"doc_{kind}_label", self.lang, number="\n").split("\n")
        self._bookmarks += 1
        name = _bookmark(kind, number)
        start = f'<w:bookmarkStart {nsdecls("w")} w:id="{self._bookmarks}" w:name="{name}"/>'
        paragraph._p.append(parse_xml(start))
        paragraph.add_run(before)
        _add_field(paragraph, f"SEQ {before.strip()} \\* ARABIC", str(number))
        if after:
            paragraph.add_run(after)
        end = f'<w:bookmarkEnd {nsdecls("w")} w:id="{self._bookmarks}"/>'
        paragraph._p.append(parse_xml(end))
        paragraph.add_run(plain(f"\u3000{caption}" if self.lang == "zh" else f"  {caption}"))

    def _set_page(self) -> None:
        outcome, section = self.outcome, self._document.sections[0]
        section.page_width, section.page_height = Cm(21.0), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.6)
        section.top_margin, section.bottom_margin = Cm(2.8), Cm(2.5)
        section.header_distance, section.footer_distance = Cm(1.5), Cm(1.3)
        head = section.header.paragraphs[0]
        # the usual stops of a header stand for other margins
        self._document.styles["Header"].paragraph_format.tab_stops.clear_all()
        head.paragraph_format.tab_stops.add_tab_stop(Cm(TEXT_CM), WD_TAB_ALIGNMENT.RIGHT)
        head.add_run(plain(f"{outcome.name}\u3000{self.title}"))
        if outcome.synthetic:
            banner = head.add_run(f"\t{look.banner(outcome)}")
            banner.bold = True
        _rule_below(head)
        foot = section.footer.paragraphs[0]
        foot.add_run(plain(f"{word('year', self.lang, year=outcome.year)}\u3000{look.basis_line(outcome)}"))
        pages = section.footer.add_paragraph(style="Footer")
        pages.alignment = WD_ALIGN_PARAGRAPH.CENTER
        before, after = word("doc_page", self.lang, page="\n").split("\n")
        pages.add_run(before)
        _add_field(pages, "PAGE", "1")
        pages.add_run(after)


def started(outcome: Outcome, title: str) -> Paper:
    """Return a paper with the study's name, the year and what it is; a synthetic study says so here and on every page."""
    paper = Paper(outcome, title)
    paper.heading(outcome.name, 0)
    told = [word("year", outcome.lang, year=outcome.year), look.banner(outcome)]
    paper.subtitle("　".join(part for part in told if part))
    paper.heading(title, 1)
    return paper


def plain(text: object) -> str:
    r"""Return `text` as a document can hold it: without control characters and marks of our own.

    Examples
    --------
    >>> plain("a\x07b")
    'ab'
    """
    return str(_FORBIDDEN.sub("", str(text))).replace(_MARK, "")


def counted(number: int, lang: str) -> str:
    """Return the number of a heading: 一, 二 … 二十一 in Chinese.

    Examples
    --------
    >>> counted(3, "zh"), counted(10, "zh"), counted(21, "zh"), counted(21, "en")
    ('三', '十', '二十一', '21')
    """
    if lang != "zh" or not 0 < number < 100:
        return str(number)
    digits: list[str] = ["", *"一二三四五六七八九"]
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else digits[tens]) + ("十" if tens else "") + digits[ones]


def numbered(number: int, text: str, lang: str) -> str:
    """Return a heading with its number: ``三、15分钟服务圈``."""
    return f"{counted(number, lang)}、{text}" if lang == "zh" else f"{number}  {text}"


def _shown(value: object) -> str:
    return NOTHING if value in (None, "") else plain(value)


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


def _rule_below(paragraph: Any) -> None:  # noqa: ANN401
    line = f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="6" w:space="1" w:color="808080"/></w:pBdr>'
    paragraph._p.get_or_add_pPr().append(parse_xml(line))


def _set_styles(document: Any) -> None:  # noqa: ANN401
    styles = document.styles
    for name in (TEXT, CELL, NOTE):
        styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
    own = _STYLES | {
        TEXT: (BODY, 12, 1.5, 0, 0, False),
        CELL: (BODY, 9, 1.0, 1, 1, False),
        NOTE: (BODY, 9, 1.2, 0, 4, False),
    }
    for name, (fonts, size, spacing, before, after, centred) in own.items():
        style = styles[name]
        _set_fonts(style.element.get_or_add_rPr(), fonts)
        style.font.size, style.font.bold, style.font.italic = Pt(size), False, False
        style.font.color.rgb = RGBColor(0, 0, 0)
        form = style.paragraph_format
        form.line_spacing, form.space_before, form.space_after = spacing, Pt(before), Pt(after)
        if centred:
            form.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for border in styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
    # two characters, whatever the size of the text that it is pasted among
    indent = styles[TEXT].element.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:firstLineChars"), "200")
    indent.set(qn("w:firstLine"), "480")
    styles[TEXT].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    language = f'<w:lang {nsdecls("w")} w:val="en-US" w:eastAsia="zh-CN"/>'
    normal = styles["Normal"].element.get_or_add_rPr()
    normal.append(parse_xml(language))


def _set_fonts(properties: Any, fonts: tuple[str, str]) -> None:  # noqa: ANN401
    """Set Chinese and Latin font; a theme's font would outweigh them and goes."""
    found = properties.get_or_add_rFonts()
    for name in list(found.attrib):
        del found.attrib[name]
    for slot, font in (("ascii", fonts[1]), ("hAnsi", fonts[1]), ("cs", fonts[1]), ("eastAsia", fonts[0])):
        found.set(qn(f"w:{slot}"), font)


def _table_xml(columns: Sequence[Col], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as WordprocessingML: a full grid, headers repeated, fixed widths over the whole page."""
    total = sum(column.width for column in columns)
    widths = [round(column.width / total * TEXT_CM / 2.54 * 1440) for column in columns]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="{8 if side in ("top", "bottom") else 4}" w:space="0" w:color="595959"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    margins = '<w:tblCellMar><w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/></w:tblCellMar>'
    head = "".join(
        _cell_xml(column.header, width, "center", shade=True)
        for column, width in zip(columns, widths, strict=True)
    )
    lines = [f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"]
    lines += [
        f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{row}</w:tr>" for row in _rows_xml(columns, widths, rows)
    ]
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>{margins}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"
    )


def _rows_xml(columns: Sequence[Col], widths: Sequence[int], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for place, row in enumerate(rows):
        cells = []
        same = place > 0
        for k, (column, width, value) in enumerate(zip(columns, widths, row, strict=True)):
            # a column is merged only under columns that are: a town's rows under its district's
            same = same and column.merged and rows[place - 1][k] == value
            merge = "" if not column.merged else "continue" if same else "restart"
            cells.append(_cell_xml(value, width, "left" if column.words else "center", merge=merge))
        yield "".join(cells)


def _cell_xml(text: str, width: int, align: str, *, shade: bool = False, merge: str = "") -> str:
    shading = '<w:shd w:val="clear" w:color="auto" w:fill="E7EDEF"/>' if shade else ""
    merging = f'<w:vMerge w:val="{merge}"/>' if merge else ""
    shown = "" if merge == "continue" else text
    bold = "<w:rPr><w:b/></w:rPr>" if shade else ""
    lines = "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(plain(line))}</w:t>' for line in shown.split("\n")
    )
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merging}{shading}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{CELL.replace(" ", "")}"/><w:jc w:val="{align}"/></w:pPr>'
        f"<w:r>{bold}{lines}</w:r></w:p></w:tc>"
    )
