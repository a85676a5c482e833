"""What tables, documents and pages print, as text."""

import html
import re
import shutil
from html.parser import HTMLParser

import docx
import openpyxl
from spreadsheet import shown

from geoplan.report import look
from geoplan.report.content.document import Figures, Paragraph, Points, Shown
from geoplan.report.content.table import cell_text
from geoplan.words.numbers import format_interval

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)


def texts(table, lang="zh"):
    """Return a table's rows as dicts of key -> text, as every output prints it."""
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, row, strict=True)) for row in table.texts(lang)]


def line_of(table, **wanted):
    """Return the first row of a table whose texts under these keys are as wanted."""
    return next(row for row in texts(table) if wanted.items() <= row.items())


def column(table, key):
    """Return a column of a table as text."""
    return [cell_text(cell, "zh") for cell in table.cells(key)]


def tables_in(document):
    """Return the tables of a document by key."""
    return {block.table.key: block.table for block in document.blocks if isinstance(block, Shown)}


def figures_in(document):
    """Return the key figures of a document as text, by name."""
    blocks = [block for block in document.blocks if isinstance(block, Figures)]
    return {figure.name: cell_text(figure.value, "zh") for block in blocks for figure in block.figures}


def words(document):
    """Return everything that a document says, a line a sentence."""
    said = [block.text for block in document.blocks if hasattr(block, "text")]
    said += [block.lead for block in document.blocks if isinstance(block, Paragraph)]
    said += [line for block in document.blocks if isinstance(block, Points) for line in block.items]
    said += [cell for table in tables_in(document).values() for row in table.texts("zh") for cell in row]
    return "\n".join([*said, *figures_in(document).values()])


class Page(HTMLParser):
    """The tags of a page with their attributes, its words, its title, and the text of its scripts by id."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words, self.scripts, self.title, self._in = [], [], {}, "", ("", None)
        self.feed(text)
        self.text = "\n".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in = (tag, dict(attrs).get("id"))

    def handle_endtag(self, _tag):
        self._in = ("", None)

    def handle_data(self, data):
        tag, name = self._in
        if tag == "script":
            self.scripts[name] = self.scripts.get(name, "") + data
        elif tag == "title":
            self.title += data
        elif data.strip():
            self.words.append(data.strip())


#: Fill of the headers of a workbook.
HEAD = look.COLOURS["accent"].lstrip("#").upper()


def read_workbook(path):
    """Read every table of every tab: headers by their colour, the title from the tab or the heading above."""
    found = {}
    for sheet in openpyxl.load_workbook(path, data_only=True):
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


#: Marks of notes below a table of a Word paper.
_MARKS = frozenset(chr(ord("①") + number) for number in range(20))


def read_word(path):
    """Read every table of a Word paper; the title is the caption without its number, a mark ① the note below that it leads to."""
    found, title, own = {}, "", []
    for block in docx.Document(path).iter_inner_content():
        if isinstance(block, docx.table.Table):
            headers, *rows = [[cell.text for cell in row.cells] for row in block.rows]
            own = [dict(zip(headers, row, strict=True)) for row in rows]
            found.setdefault(title, own)
        elif block.text[:1] in _MARKS and block.text[1:2] == " ":
            for row in own:
                if "口径说明" in row:
                    caveats = row["口径说明"].replace(block.text[0], f"；{block.text[2:]}")
                    row["口径说明"] = caveats.removeprefix("；")
        elif block.style.name == "Caption":
            title = block.text.partition("\u3000")[2]
    return found


def tables_of_html(page):
    """Read every table that stands under its title in a page."""
    found = {}
    for title, body in re.findall(
        r'<h[23]>([^<]*)</h[23]>\s*(?:<div[^>]*>)?<table(?: class="data")?>(.*?)</table>', page, re.DOTALL
    ):
        lines = [
            [html.unescape(re.sub("<[^>]*>", "", cell.replace("<br>", "\n"))) for cell in re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", line, re.DOTALL)]
            for line in re.split("<tr[^>]*>", body)
        ]  # fmt: skip
        headers, *rows = [line for line in lines if line]
        found[html.unescape(title)] = [
            dict(zip(headers, row, strict=True)) for row in rows if len(row) == len(headers)
        ]
    return found


def packed_text(column, row):
    """Return a packed cell as the map's script prints it (`tests/report_map` holds the script against the same texts)."""
    if "texts" in column:
        return column["texts"][column["at"][row]] if column["at"][row] >= 0 else ""
    low, high = column["low"][row], column.get("high", column["low"])[row]
    return (
        "" if low is None else format_interval(low, float("inf") if high == "∞" else high, column["format"])
    )
