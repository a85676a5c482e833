"""Documents of a delivery: headings, sentences, tables and pictures in order, described once and drawn by Word and the report page.

A content module makes a `Document` from the outcome. A renderer draws its blocks one after the other and knows no sentence and no
column. A sentence names a table or picture that follows it by `ahead`, which the renderer turns into its number.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from geoplan.report.content.answers import GainCurve
from geoplan.report.content.table import Figure, Table
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_number

Kind = Literal["table", "picture"]

#: Frames a reference to a table or picture inside a sentence; a private character that no text holds.
MARK = "\ue000"
REFERENCE = re.compile(f"{MARK}(table|picture):(\\d+){MARK}")


def ahead(kind: Kind = "table", count: int = 1) -> str:
    """Return what stands in a sentence for the table (or picture) that comes `count` ahead of it: 1 is the next.

    Examples
    --------
    >>> bool(REFERENCE.fullmatch(ahead("table", 2)))
    True
    """
    return f"{MARK}{kind}:{count}{MARK}"


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title of a paper, 2 its sections, 3 their parts. Before one with `page` a new page begins."""

    text: str
    level: int = 2
    page: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Body text; `lead` stands before it in bold. May hold references (`ahead`)."""

    text: str
    lead: str = ""


@dataclass(frozen=True)
class Points:
    """Sentences as a list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Remark:
    """A small line, such as one under a table."""

    text: str


@dataclass(frozen=True)
class Figures:
    """Key figures, drawn large; those whose place is in `strong` in the colour of flags."""

    figures: tuple[Figure, ...]
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Shown:
    """A table under its title as a caption, with its notes below; a paper prints its columns up to depth 2."""

    table: Table


@dataclass(frozen=True)
class TownMap:
    """The small map of one town or district: its communities by how many indicators are short."""

    zone_id: str
    caption: str


@dataclass(frozen=True)
class FlagMaps:
    """Small maps beside each other, one for each rule: flagged, not flagged, without data; title and note of each."""

    level: str
    maps: tuple[tuple[str, str, str], ...]
    """Rule, title, note."""


@dataclass(frozen=True)
class Curve:
    """The gain curve of a siting question."""

    curve: GainCurve


@dataclass(frozen=True)
class SiteMap:
    """The small map of the sites of an answer, the adopted one where none is named."""

    level: str
    question: str = ""
    caption: str = ""


Block = Heading | Paragraph | Points | Remark | Figures | Shown | TownMap | FlagMaps | Curve | SiteMap


@dataclass(frozen=True)
class Document:
    """A paper: its title, and blocks in order; one that is `compact` is to fit on a page, with small type and little space."""

    title: str
    blocks: tuple[Block, ...] = field(default=())
    compact: bool = False

    @classmethod
    def of(cls, title: str, blocks: Sequence[Block], *, compact: bool = False) -> "Document":
        """Return a document from any sequence of blocks."""
        return cls(title, tuple(blocks), compact)


def first_rows(table: Table, most: int, lang: str) -> list[Block]:
    """Return the first rows of a table, and how many more there are."""
    more = len(table.rows) - most
    rest = [Remark(phrase("table_more", lang, count=format_number(more, "count")))] if more > 0 else []
    return [Shown(table.first(most)), *rest]


def counted(number: int, lang: str) -> str:
    """Return the number of a heading: 一, 二 … 二十一 in Chinese.

    Examples
    --------
    >>> counted(3, "zh"), counted(10, "zh"), counted(21, "zh"), counted(21, "en")
    ('三', '十', '二十一', '21')
    """
    if lang != "zh" or not 0 < number < 100:
        return str(number)
    *digits, ten = list(phrase("paper_numerals", lang))
    tens, ones = (digits[k - 1] if k else "" for k in divmod(number, 10))
    return ("" if number < 20 else tens) + (ten if number >= 10 else "") + ones


def numbered(number: int, text: str, lang: str) -> str:
    """Return a heading with its number: ``三、15分钟服务圈``."""
    return phrase("paper_heading", lang, number=counted(number, lang), text=text)
