"""A table of a Word file: a full grid over the page, headers on every page, columns as wide as their words need.

Figures stand flush right and never break, intervals only at their dash; words share what is left. A table too wide for that has smaller type.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
from docx.oxml.ns import nsdecls

from geoplan.report.content.table import Column
from geoplan.words.numbers import FORMATS

Floats = npt.NDArray[np.float64]

#: Style of the text of a table in the template, and by how many points it is smaller where a table is too wide.
CELL, SMALLER = "Plan Table", 1.5
#: What XML does not hold.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Space at both sides of a cell together, and twentieths of a point that Word counts in.
_PAD_POINTS, _TWIPS = 6.2, 20
#: Width of a character by its class of width (https://www.unicode.org/reports/tr11/), as a part of the size of type.
_WIDE, _NARROW, _SIGNS = 1.0, 0.52, {"%": 0.84, "W": 0.95, "M": 0.89, "m": 0.78}
#: The same of a capital letter.
_CAPITAL = 0.7
#: Space that is set by itself between Chinese characters and others.
_SEAM, _SEAMS = 0.25, re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])(?=[\u4e00-\u9fff])")
#: Steps in which columns give way to each other, points, and rounding of a line that just fits.
_STEPS_POINTS, _HAIR = (2.0, 5.0, 10.0, 20.0, 40.0), 1e-6
#: By how much bold type is wider.
_BOLD = 1.12
#: Words of a cell longer than this are set flush left, shorter ones in the middle.
_LONG_WORD = 8
#: Least characters that a line of a long text has, and lines that a header may have; fewer and more where a table is too wide for that.
_LEAST_TEXT, _FEWER_TEXT, _HEAD_LINES, _MORE_HEAD_LINES = 6, 3, 3, 8
#: A table with no more rows than this stands on one page where it can.
KEPT_ROWS = 6


def printable(text: object) -> str:
    r"""Return `text` as XML can hold it, without control characters.

    Examples
    --------
    >>> printable("a\x07b")
    'ab'
    """
    return _FORBIDDEN.sub("", str(text))


def table_xml(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    width: float,
    points: float,
    merged: int,
    strong: Collection[int] = (),
) -> str:
    """Return a table as WordprocessingML, `width` points wide, the style of its text in `points`.

    The first `merged` columns are merged where a value repeats: a town's rows under its district's. Rows `strong` are in bold.
    """
    widths, size = column_widths(columns, rows, width, points)
    other = None if size == points else size
    twips = [round(wide * _TWIPS) for wide in widths]
    aligned = [_alignment(column, [row[k] for row in rows]) for k, column in enumerate(columns)]
    head = "".join(
        _Cell(wide, "center", other, shade=True, keep=True).xml(column.header)
        for column, wide in zip(columns, twips, strict=True)
    )
    lines = [f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"]
    cells = [
        _Cell(wide, align, other, merged=k < merged)
        for k, (wide, align) in enumerate(zip(twips, aligned, strict=True))
    ]
    lines += [
        f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{row}</w:tr>" for row in _rows_xml(cells, rows, strong=strong)
    ]
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="{8 if side in ("top", "bottom") else 4}" w:space="0" w:color="595959"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    margins = '<w:tblCellMar><w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/></w:tblCellMar>'
    grid = "".join(f'<w:gridCol w:w="{wide}"/>' for wide in twips)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(twips)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>{margins}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"
    )


# --- widths ---------------------------------------------------------------------------------------------------------


def column_widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: float, usual: float
) -> tuple[list[float], float]:
    """Return the width of each column in points, together `width`, and the size of type, `usual` or smaller, with which words fit.

    Where there is room every cell stands on one line. Else no column is narrower than the longest piece in it that must not break (a
    figure, a Latin word, a third of its header, less in a table that is too wide), and what is left is shared so that the rows have few lines.
    """
    small = usual - SMALLER
    for points, least_text, head_lines in (
        (usual, _LEAST_TEXT, _HEAD_LINES),
        (small, _LEAST_TEXT, _HEAD_LINES),
        (small, _FEWER_TEXT, _HEAD_LINES),
        (small, _FEWER_TEXT, _MORE_HEAD_LINES),
    ):
        pairs = [
            _needs(column, [row[k] for row in rows], points, least_text, head_lines)
            for k, column in enumerate(columns)
        ]
        least, needs = ([pair[place] + _PAD_POINTS for pair in pairs] for place in (0, 1))
        if sum(least) <= width:
            break
    if sum(needs) <= width:
        return [need * width / sum(needs) for need in needs], points
    if sum(least) >= width:
        return [own * width / sum(least) for own in least], points
    part = (width - sum(least)) / (sum(needs) - sum(least))
    shared = [own + part * (need - own) for own, need in zip(least, needs, strict=True)]
    texts = [[column.header for column in columns], *rows]
    return _fewest_lines(np.array(shared), np.array(least), texts, points), points


def _fewest_lines(
    widths: Floats, least: Floats, texts: Sequence[Sequence[str]], points: float
) -> list[float]:
    """Return widths from which no step from one column to another leaves fewer lines in all rows together."""
    pieces = [
        (row, k, points * measure(line))
        for row, cells in enumerate(texts)
        for k, text in enumerate(cells)
        for line in text.split("\n")
    ]
    row, column, size = (np.array(part) for part in zip(*pieces, strict=True))
    cell = row * len(widths) + column

    def lines(made: Floats) -> int:
        of_piece = np.maximum(np.ceil(size / (made[column] - _PAD_POINTS) - _HAIR), 1)
        return int(np.bincount(cell, of_piece).reshape(len(texts), len(made)).max(axis=1).sum())

    while True:
        moves = [
            moved
            for step in _STEPS_POINTS
            for giver in np.flatnonzero(widths - least >= step).tolist()
            for taker in range(len(widths))
            if taker != giver
            for moved in [_moved(widths, giver, taker, step)]
        ]
        best = min(moves, key=lines, default=widths)
        if lines(best) >= lines(widths):
            return [float(wide) for wide in widths]
        widths = best


def _moved(widths: Floats, giver: int, taker: int, step: float) -> Floats:
    made = widths.copy()
    made[giver] -= step
    made[taker] += step
    return made


def _needs(
    column: Column, texts: Sequence[str], points: float, least_text: int, head_lines: int
) -> tuple[float, float]:
    """Return the least width of a column, with so many characters in a line of text and lines in its header, and the one with which its cells stand on one line."""
    heads = column.header.split("\n")
    head = _BOLD * max(max(map(measure, heads)) / head_lines + 0.5, *map(longest_piece, heads))
    lines = [line for text in texts for line in text.split("\n")]
    whole = max(map(measure, lines), default=0.0)
    least = max(map(longest_piece, lines), default=0.0)
    if column.format not in FORMATS:
        least = max(least, min(whole, least_text))
    return points * max(head, least), points * max(whole, head)


def measure(text: str) -> float:
    """Return about how wide a text is, in sizes of type.

    Examples
    --------
    >>> round(measure("缺口 12"), 2), round(measure("缺12个"), 2)
    (3.56, 3.54)
    """
    wide = sum(
        _WIDE
        if unicodedata.east_asian_width(c) in "WFA"
        else _SIGNS.get(c, _CAPITAL if c.isupper() else _NARROW)
        for c in text
    )
    return wide + _SEAM * len(_SEAMS.findall(text))


def longest_piece(text: str) -> float:
    """Return how wide the longest piece is that no line breaks: a Chinese character, or what stands between spaces and dashes.

    Examples
    --------
    >>> longest_piece("缺口"), round(longest_piece("缺口 100.0%"), 2), round(longest_piece("25.0%–50.0%"), 2)
    (1.0, 3.44, 3.92)
    """
    pieces = re.findall(r"[\u0021-\u2012\u2014-\u2e7f]+\u2013?|.", text)
    return max(map(measure, pieces), default=0.0)


# --- cells ----------------------------------------------------------------------------------------------------------


def _alignment(column: Column, texts: Sequence[str]) -> str:
    """Return how cells of a column are set: figures right, so that digits stand below each other, long words left, short ones centred."""
    if column.format in FORMATS:
        return "right"
    long = column.format in ("text", "listed") and any(len(text) > _LONG_WORD for text in texts)
    return "left" if long else "center"


@dataclass(frozen=True)
class _Cell:
    """How the cells of a column are set: `points` where its style has another size; `keep` holds a row on the page of the next."""

    width: int
    align: str
    points: float | None
    shade: bool = False
    merged: bool = False
    keep: bool = False

    def xml(self, text: str, *, bold: bool = False, merge: str = "", keep: bool = False) -> str:
        shading = '<w:shd w:val="clear" w:color="auto" w:fill="E7EDEF"/>' if self.shade else ""
        merging = f'<w:vMerge w:val="{merge}"/>' if merge else ""
        weight = "<w:b/>" if self.shade or bold else ""
        half_points = "" if self.points is None else f"{2 * self.points:g}"
        size = f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>' if half_points else ""
        run = f"<w:rPr>{weight}{size}</w:rPr>" if weight or size else ""
        shown = "" if merge == "continue" else text
        lines = "<w:br/>".join(
            f'<w:t xml:space="preserve">{escape(printable(line))}</w:t>' for line in shown.split("\n")
        )
        kept = "<w:keepNext/>" if keep or self.keep else ""
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{self.width}" w:type="dxa"/>{merging}{shading}<w:vAlign w:val="center"/></w:tcPr>'
            f'<w:p><w:pPr><w:pStyle w:val="{CELL.replace(" ", "")}"/>{kept}<w:jc w:val="{self.align}"/></w:pPr>'
            f"<w:r>{run}{lines}</w:r></w:p></w:tc>"
        )


def _rows_xml(
    cells: Sequence[_Cell], rows: Sequence[Sequence[str]], *, strong: Collection[int]
) -> Iterator[str]:
    """Yield the rows: short tables are held together, of long ones the first two rows and the last two."""
    last = len(rows) - 1
    for place, row in enumerate(rows):
        keep = place < last and (last < KEPT_ROWS or place in (0, last - 1))
        parts, same = [], place > 0
        for k, (cell, value) in enumerate(zip(cells, row, strict=True)):
            same = same and cell.merged and rows[place - 1][k] == value
            merge = "" if not cell.merged else "continue" if same else "restart"
            parts.append(cell.xml(value, bold=place in strong, merge=merge, keep=keep))
        yield "".join(parts)
