"""What tables, documents and pages print, as text."""

import shutil
from html.parser import HTMLParser

from geoplan.report.content.document import Figures, Paragraph, Points, Shown
from geoplan.report.content.table import cell_text

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
