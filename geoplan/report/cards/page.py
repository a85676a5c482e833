"""One A4 page: a sheet's tables, map and boxes, placed so that they always fit on it.

Millimetres count from the lower left corner. Type has one size; where the tables are too long, rows are left out from their ends and
the page says where they stand.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from geoplan.report import look
from geoplan.report.cards.map import Legend, draw_legend, draw_map
from geoplan.report.cards.plan import Box
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.community_sheet import Section, Sheet
from geoplan.report.content.table import Amount, Cell, Coded, Column, Table, cell_text
from geoplan.report.look.fonts import Face
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import FORMATS

#: A4 upright and what is printed of it, millimetres.
WIDTH, HEIGHT = 210.0, 297.0
LEFT, BOTTOM, ROOM = 12.0, 10.0, 186.0
#: Width of what stands beside the map, and the space between the two.
BESIDE, BETWEEN = 94.0, 4.0
#: Height of the map, least and most.
MAP_LEAST, MAP_MOST = 48.0, 82.0
#: Sizes of type in points, and the height of a line for a point, millimetres.
CELL, SMALL, HEADING, TITLE = 6.5, 5.6, 8.0, 15.0
LINE = 0.353 * 1.26
#: Most lines of a cell and of a header, space at both sides of a cell together, and the width that words are left.
CELL_LINES, HEAD_LINES = 4, 3
PAD, NARROW = 2.2, 14.0
HEADER_MM, CONFIRM_MM = 17.0, 21.0
POINTS = 72 / 25.4
INK, SOFT = look.COLOURS["ink"], look.COLOURS["ink_soft"]


def write_pages(sheets: Iterable[Sheet], base: BaseMap, face: Face, path: Path, *, title: str) -> None:
    """Write one page a sheet into a PDF; the same sheets give the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    from reportlab import rl_config
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    registerFont(TTFont(Pen.FONT, str(face.path)))
    # binary streams: as text they are a quarter longer, and take longer than the drawing
    usual, rl_config.useA85 = rl_config.useA85, 0
    try:
        # invariant: no time and no random name in the file
        canvas = Canvas(str(path), pagesize=(WIDTH * POINTS, HEIGHT * POINTS), invariant=1, pageCompression=1)
        canvas.setTitle(title)
        canvas.setCreator("geoplan")
        canvas.setAuthor("")
        for number, sheet in enumerate(sheets, start=1):
            canvas.bookmarkPage(sheet.zone_id)
            canvas.addOutlineEntry(face.safe(sheet.title), sheet.zone_id)
            _page(Pen(canvas, face, base.lang), sheet, base, number)
            canvas.showPage()
        canvas.save()
    finally:
        rl_config.useA85 = usual


class Pen:
    """What draws on a page in millimetres: text, boxes and lines."""

    FONT = "geoplan"

    def __init__(self, canvas: Any, face: Face, lang: str) -> None:  # noqa: ANN401 - reportlab has no types
        self.canvas, self.face, self.lang = canvas, face, lang
        canvas.scale(POINTS, POINTS)
        canvas.setLineWidth(0.1)

    def text(
        self, x: float, y: float, text: str, points: float, *, colour: str = INK, align: str = "left", bold: bool = False
    ) -> None:  # fmt: skip
        """Set one line with its baseline at `y`; `bold` thickens the outlines of the one font."""
        shown = self.face.safe(text)
        if align != "left":
            x -= self.face.width(shown, points) * (1.0 if align == "right" else 0.5)
        line = self.canvas.beginText(x, y)
        line.setFont(self.FONT, points / POINTS)
        line.setFillColor(_colour(colour))
        if bold:
            self.stroke(colour, 0.012 * points)
            line.setTextRenderMode(2)
        line.textOut(shown)
        if bold:
            line.setTextRenderMode(0)
        self.canvas.drawText(line)

    def fill(self, colour: str) -> None:
        """Fill what comes in a colour (``#rrggbb``)."""
        self.canvas.setFillColor(_colour(colour))

    def stroke(self, colour: str, width: float) -> None:
        """Draw lines that come in a colour, so many millimetres wide."""
        self.canvas.setStrokeColor(_colour(colour))
        self.canvas.setLineWidth(width)

    def box(self, box: Box, *, fill: str = "", edge: str = "", width: float = 0.15) -> None:
        """Draw a rectangle; `width` of its line in millimetres."""
        if fill:
            self.fill(fill)
        if edge:
            self.stroke(edge, width)
        self.canvas.rect(*box, fill=int(bool(fill)), stroke=int(bool(edge)))

    def rule(self, x0: float, y: float, x1: float, *, colour: str = INK, width: float = 0.12) -> None:
        """Draw a level line."""
        self.stroke(colour, width)
        self.canvas.line(x0, y, x1, y)


@cache
def _colour(text: str) -> Any:  # noqa: ANN401 - reportlab has no types
    from reportlab.lib.colors import HexColor

    return HexColor(text)


# --- page -----------------------------------------------------------------------------------------------------------


def _page(pen: Pen, sheet: Sheet, base: BaseMap, number: int) -> None:
    layout = Layout.of(pen, sheet, base)
    y = HEIGHT - BOTTOM
    _header(pen, sheet, y)
    y -= HEADER_MM
    at = y
    for part in layout.beside:
        at = part.draw(pen, LEFT, at)
    x = LEFT + BESIDE + BETWEEN
    wide = ROOM - BESIDE - BETWEEN
    pen.text(x, y - HEADING * LINE * 0.8, phrase("sheet_map", pen.lang), HEADING, bold=True)
    legend = layout.legend
    top = y - HEADING * LINE - 1.0
    box = (x, y - layout.top + legend.height, wide, top - (y - layout.top + legend.height))
    draw_map(pen, base, sheet, box)
    draw_legend(pen, legend, x, y - layout.top)
    y -= layout.top
    for part in layout.across:
        y = part.draw(pen, LEFT, y)
    left, right = layout.halves
    y = min(left.draw(pen, LEFT, y), right.draw(pen, LEFT + ROOM - right.width, y))
    pen.text(LEFT, y - 3.2, phrase("sheet_priority_title", pen.lang), CELL + 0.6, bold=True)
    indent = pen.face.width(phrase("sheet_priority_title", pen.lang), CELL + 0.6)
    pen.text(LEFT + indent, y - 3.2, pen.face.cut(sheet.priority, CELL + 0.6, ROOM - indent), CELL + 0.6)
    foot = BOTTOM + layout.foot
    _confirmation(pen, sheet, foot + 1.5, y - 5.5)
    _foot(pen, layout, number)


def _header(pen: Pen, sheet: Sheet, top: float) -> None:
    """Draw the head: what the page is, the community's name, where it lies, and the banner of a synthetic study."""
    head = phrase("sheet_head", pen.lang)
    pen.text(LEFT, top - 6.5, pen.face.cut(sheet.title, TITLE, 120), TITLE, bold=True)
    pen.text(LEFT, top - 12.0, pen.face.cut(sheet.place, 8.0, ROOM), 8.0, colour=SOFT)
    pen.text(LEFT + ROOM, top - 5.5, head, 10.0, colour=look.COLOURS["accent"], align="right", bold=True)
    if sheet.banner:
        wide = pen.face.width(sheet.banner, 7.5) + 6
        pen.box((LEFT + ROOM - wide, top - 13.2, wide, 4.8), fill=look.COLOURS["banner"])
        pen.text(
            LEFT + ROOM - 3, top - 11.8, sheet.banner, 7.5, colour=look.COLOURS["banner_ink"], align="right"
        )
    pen.rule(LEFT, top - 14.8, LEFT + ROOM, width=0.4)


def _confirmation(pen: Pen, sheet: Sheet, bottom: float, top: float) -> None:
    """Draw 街道核实意见 between two heights: the words with boxes to tick, and lines to fill in."""
    own, lang = sheet.confirmation, pen.lang
    high = min(top - bottom, CONFIRM_MM + 12.0)
    bottom = top - high
    pen.box((LEFT, bottom, ROOM, high), edge=INK, width=0.3)
    y = top - 5.5
    pen.text(LEFT + 3, y, own.title, HEADING, bold=True)
    x = LEFT + 3 + pen.face.width(own.title, HEADING) + 8
    for opinion in own.opinions:
        pen.box((x, y - 0.5, 3.0, 3.0), edge=INK, width=0.25)
        pen.text(x + 4.2, y, opinion, HEADING)
        x += pen.face.width(opinion, HEADING) + 13
    remark, by, date = own.blanks
    pen.text(LEFT + 3, y - 6.5, remark, HEADING)
    indent = pen.face.width(remark, HEADING)
    at = y - 7.3
    while at > bottom + 8:
        pen.rule(LEFT + 3 + indent, at, LEFT + ROOM - 3, colour=SOFT)
        at -= 6.5
    for text, place in ((by, LEFT + ROOM - 118), (date, LEFT + ROOM - 56)):
        pen.text(place, bottom + 3.2, text, HEADING)
        begin = place + pen.face.width(text, HEADING)
        pen.rule(begin, bottom + 2.4, begin + (38 if lang == "zh" else 32), colour=SOFT)


def _foot(pen: Pen, layout: "Layout", number: int) -> None:
    """Draw what qualifies the figures, basis and sources."""
    pen.rule(LEFT, BOTTOM + layout.foot, LEFT + ROOM, colour=look.COLOURS["line"])
    y = BOTTOM + layout.foot - 0.6
    for line in layout.foot_lines:
        y -= SMALL * LINE
        pen.text(LEFT, y + 0.5, line, SMALL, colour=SOFT)
    pen.text(LEFT + ROOM, BOTTOM - 3.5, str(number), SMALL, colour=SOFT, align="right")


# --- tables ---------------------------------------------------------------------------------------------------------


@dataclass
class Part:
    """A table as it is set: widths of its columns, lines of its cells, and how many of its rows are shown."""

    section: Section
    width: float
    lang: str
    widths: list[float]
    heads: list[list[str]]
    lines: list[list[list[str]]]
    shown: int

    @classmethod
    def of(cls, pen: Pen, section: Section, width: float) -> "Part":
        """Set a table in a width, millimetres."""
        table, face = section.table, pen.face
        texts = [
            [face_lines(cell_text(cell, pen.lang)) for cell in row] for row in table.rows[: section.most]
        ]
        widths = column_widths(table, texts, width, face)
        lines = [
            [
                wrapped(face, parts, CELL, wide - PAD + 0.1, CELL_LINES)
                for parts, wide in zip(row, widths, strict=True)
            ]
            for row in texts
        ]
        heads = [
            wrapped(face, entry.header.split("\n"), SMALL, wide - PAD + 0.1, HEAD_LINES)
            for entry, wide in zip(table.columns, widths, strict=True)
        ]
        return cls(section, width, pen.lang, widths, heads, lines, len(lines))

    @property
    def table(self) -> Table:
        """The whole table."""
        return self.section.table

    @property
    def cut(self) -> bool:
        """Whether rows are left out."""
        return self.shown < len(self.table.rows)

    @property
    def head_height(self) -> float:
        """Height of the row of headers."""
        return max(map(len, self.heads)) * SMALL * LINE + 1.2

    def row_height(self, row: int) -> float:
        """Height of one row."""
        return max(1, *(len(lines) for lines in self.lines[row])) * CELL * LINE + 1.0

    @property
    def height(self) -> float:
        """Height of title, headers, the rows shown, the line on those left out, and the space below."""
        title, line = HEADING * LINE + 1.2, CELL * LINE + 0.8
        if not self.table.rows:
            return title + line + 2.0
        rows = sum(self.row_height(row) for row in range(self.shown))
        return title + self.head_height + rows + (line if self.cut else 0.0) + 2.0

    def drop(self, least: int) -> bool:
        """Leave out one more row where more than `least` stand; return whether one was."""
        if self.shown <= max(0, min(least, len(self.table.rows))):
            return False
        self.shown -= 1
        return True

    def draw(self, pen: Pen, x: float, top: float) -> float:
        """Draw the table below `top`; return where the next may begin."""
        end = top - self.height
        y = top - HEADING * LINE
        pen.text(x, y + 0.6, pen.face.cut(self.table.title, HEADING, self.width), HEADING, bold=True)
        y -= 0.8
        if not self.table.rows:
            pen.text(x, y - CELL * LINE + 0.4, self.table.empty, CELL, colour=SOFT)
            return end
        pen.box((x, y - self.head_height, self.width, self.head_height), fill=look.COLOURS["ground"])
        self._row(pen, x, y, self.head_height, self.heads, SMALL, [SOFT] * len(self.heads))
        y -= self.head_height
        for row in range(self.shown):
            high = self.row_height(row)
            inks = self._fills(pen, x, y - high, high, self.table.rows[row])
            self._row(pen, x, y, high, self.lines[row], CELL, inks)
            y -= high
            pen.rule(x, y, x + self.width, colour=look.COLOURS["line"])
        if self.cut:
            more = phrase(self.section.more, self.lang, count=len(self.table.rows))
            pen.text(x + self.width, y - CELL * LINE + 0.4, more, CELL, colour=SOFT, align="right")
        return end

    def _fills(self, pen: Pen, x: float, bottom: float, high: float, row: Sequence[Cell]) -> list[str]:
        """Draw the backgrounds of a row; return the ink of each cell."""
        inks = []
        for entry, cell, wide in zip(self.table.columns, row, self.widths, strict=True):
            fill, ink = cell_colours(entry, cell)
            if fill:
                pen.box((x + 0.2, bottom + 0.2, wide - 0.4, high - 0.4), fill=fill)
            inks.append(ink)
            x += wide
        return inks

    def _row(
        self, pen: Pen, x: float, top: float, high: float, cells: Sequence[Sequence[str]], points: float, inks: Sequence[str]
    ) -> None:  # fmt: skip
        step = points * LINE
        for entry, lines, wide, ink in zip(self.table.columns, cells, self.widths, inks, strict=True):
            y = top - (high - len(lines) * step) / 2 - step * 0.78
            right = entry.format in FORMATS
            for line in lines:
                pen.text(
                    x + wide - 0.8 if right else x + PAD - 0.8,
                    y,
                    line,
                    points,
                    colour=ink,
                    align="right" if right else "left",
                )
                y -= step
            x += wide


def face_lines(text: str) -> list[str]:
    """Return the lines that a cell's text has by itself."""
    return text.split("\n") if text else []


def wrapped(face: Face, parts: Sequence[str], points: float, width: float, most: int) -> list[str]:
    """Return lines that fit a width, at most so many, the last with … where more is said."""
    lines = [line for part in parts for line in face.wrap(part, points, width)]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1] + "…"]
    return [face.cut(line, points, width) for line in lines]


def cell_colours(entry: Column, cell: Cell) -> tuple[str, str]:
    """Return background and ink of a cell by the mark of its column; no background where nothing is to be coloured."""
    if entry.mark == "code" and isinstance(cell, Coded) and cell.code in look.CODE_COLOURS:
        return look.CODE_COLOURS[cell.code]
    if entry.mark == "short" and isinstance(cell, Amount) and cell.high > 0:
        return look.COLOURS["flag_soft"], INK
    return "", INK


def column_widths(
    table: Table, texts: Sequence[Sequence[Sequence[str]]], total: float, face: Face
) -> list[float]:
    """Return the width of each column, together `total` mm.

    Where there is room every cell stands on one line and texts take what is left. Else figures and short words do, and long words share the
    rest by the roots of their longest lines, none of them with less than `NARROW` mm.
    """
    needs = []
    for k, entry in enumerate(table.columns):
        head = max(face.width(part, SMALL) for part in entry.header.split("\n"))
        word = max(face.width(part, SMALL) for part in face.wrap(entry.header, SMALL, 0.0))
        # a header may stand in three lines, and no word of it is cut
        least = max(word, min(head, head / HEAD_LINES + 4.0)) + PAD
        needs.append(max([least, *(face.width(part, CELL) + PAD for row in texts for part in row[k])]))
    words = [k for k, entry in enumerate(table.columns) if entry.format not in FORMATS]
    if sum(needs) <= total:
        spare = [k for k in words if table.columns[k].format in ("text", "listed")] or words
        return [need + (total - sum(needs)) / len(spare) * (k in spare) for k, need in enumerate(needs)]
    made, long = list(needs), {k for k in words if needs[k] > NARROW}
    while long:
        room = total - sum(width for k, width in enumerate(made) if k not in long)
        wanted = sum(math.sqrt(needs[k]) for k in long)
        given = {k: math.sqrt(needs[k]) * room / wanted for k in long}
        short = {k: NARROW for k, width in given.items() if width < NARROW}
        whole = {k: needs[k] for k, width in given.items() if width >= needs[k]}
        if not short and not whole:
            return [given.get(k, width) for k, width in enumerate(made)]
        settled = short or whole
        made = [settled.get(k, width) for k, width in enumerate(made)]
        long -= set(settled)
    # not even that fits: words give way, figures never
    figures = sum(width for k, width in enumerate(made) if k not in words)
    share = (total - figures) / sum(made[k] for k in words)
    return [width * share if k in words else width for k, width in enumerate(made)]


@dataclass
class Layout:
    """What a page holds, made to fit."""

    beside: list[Part]
    across: list[Part]
    halves: tuple[Part, Part]
    legend: Legend
    foot_lines: list[str]
    extra: float = 0.0

    @classmethod
    def of(cls, pen: Pen, sheet: Sheet, base: BaseMap) -> "Layout":
        """Lay a sheet out: rows at the ends of the tables go until everything fits."""
        half = (ROOM - BETWEEN) / 2
        first, second = sheet.halves
        made = cls(
            beside=[Part.of(pen, section, BESIDE) for section in sheet.beside_map],
            across=[Part.of(pen, section, ROOM) for section in sheet.across],
            halves=(Part.of(pen, first, half), Part.of(pen, second, half)),
            legend=Legend.of(pen, base, ROOM - BESIDE - BETWEEN),
            foot_lines=_foot_lines(pen, sheet),
        )
        made._fit()
        return made

    @property
    def foot(self) -> float:
        """Height of the foot."""
        return len(self.foot_lines) * SMALL * LINE + 1.0

    @property
    def top(self) -> float:
        """Height of the part with the map."""
        return max(sum(part.height for part in self.beside), MAP_LEAST + self.extra)

    @property
    def height(self) -> float:
        """Height of everything."""
        tables = sum(part.height for part in self.across) + max(part.height for part in self.halves)
        return HEADER_MM + self.top + tables + 5.5 + CONFIRM_MM + 1.5 + self.foot

    def _fit(self) -> None:
        room = HEIGHT - 2 * BOTTOM
        for strict in (False, True):
            while self.height > room and self._drop(strict=strict):
                pass
        while self.height > room and len(self.foot_lines) > 2:
            # basis and sources stay
            del self.foot_lines[-3]
        self.extra = min(max(0.0, room - self.height), MAP_MOST - MAP_LEAST)
        if self.height > room:
            self.extra = 0.0

    def _drop(self, *, strict: bool) -> bool:
        """Leave one row out where it saves most for its worth; return whether there was one."""
        halves = sorted(self.halves, key=lambda part: -part.height)
        return any(
            part.drop(1 if strict else part.section.least) for part in (*halves, *self.across, *self.beside)
        )


def _foot_lines(pen: Pen, sheet: Sheet) -> list[str]:
    """Return the lines of the foot: caveats one after another, then basis and sources, a line each."""
    joined = phrase("join_wide", pen.lang).join(sheet.notes)
    return [
        *pen.face.wrap(joined, SMALL, ROOM),
        *(pen.face.cut(line, SMALL, ROOM - 6) for line in sheet.foot),
    ]
