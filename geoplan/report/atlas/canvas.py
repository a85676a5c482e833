"""The paper of a sheet of the atlas: text, boxes, key figures, legends and tables, placed in millimetres.

Millimetres count from the lower left corner of A3 landscape. `geoplan.report.atlas.frame` adds frame, title block and map.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure as Drawing
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from geoplan.report import look
from geoplan.report.content.table import Amount, Cell, Coded, Column, Figure, Table, cell_text
from geoplan.report.look.fonts import Face
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label
from geoplan.words.numbers import FORMATS, NOTHING

#: A3 landscape, millimetres (GB/T 14689).
SHEET = (420.0, 297.0)
MM = 1 / 25.4

#: Boxes as left, bottom, width, height in millimetres.
Box = tuple[float, float, float, float]
FRAME: Box = (10.0, 10.0, 400.0, 277.0)
HEAD: Box = (10.0, 271.0, 400.0, 16.0)
MAP: Box = (10.0, 10.0, 300.0, 261.0)
SIDE: Box = (310.0, 10.0, 100.0, 261.0)
#: Height of the title block (图签) at the foot of the side column.
BLOCK_HEIGHT = 45.0
#: Space between the side column's edge and what stands in it.
PAD = 4.0

INK, SOFT = look.COLOURS["ink"], look.COLOURS["ink_soft"]


def word(code: str, lang: str, **values: object) -> str:
    """Return the words ``atlas_<code>`` in `lang`.

    Examples
    --------
    >>> word("scale", "en", scale="25,000")
    '1:25,000'
    """
    return phrase(f"atlas_{code}", lang, **values)


@dataclass(frozen=True)
class Mark:
    """One line of a legend: a sample and its words. `kind`: fill, hatch, line, mark (a facility), number, ring (dashed)."""

    kind: str
    colour: str
    text: str
    shape: str = "o"
    edge: str = ""
    width: float = 0.6
    alpha: float = 1.0


@dataclass(frozen=True)
class Stamp:
    """What the title block and the head of every sheet say."""

    study: str
    year: int
    lang: str
    crs: str
    banner: str
    credits: str
    basis: str
    review: str = ""


class Canvas:
    """One sheet while it is drawn; its side column fills from `cursor` down to `floor`."""

    def __init__(self, face: Face, stamp: Stamp, *, title: str, number: str) -> None:
        self.face, self.stamp, self.title, self.number = face, stamp, title, number
        self.lang = stamp.lang
        self.figure = Drawing(figsize=(SHEET[0] * MM, SHEET[1] * MM), facecolor=look.COLOURS["paper"])
        FigureCanvasPdf(self.figure)
        self.paper: Axes = self.figure.add_axes((0, 0, 1, 1), zorder=10)
        self.paper.set_xlim(0, SHEET[0])
        self.paper.set_ylim(0, SHEET[1])
        self.paper.set_axis_off()
        self.taken: list[Box] = []
        self.scale: float | None = None
        self.map: Axes | None = None
        self.origin = (0.0, 0.0)
        self.cursor = SIDE[1] + SIDE[3] - PAD
        self.floor = SIDE[1] + BLOCK_HEIGHT + PAD

    # --- pieces -----------------------------------------------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        text: object,
        points: float,
        *,
        colour: str = INK,
        align: str = "left",
        z: float = 5,
    ) -> None:
        """Set one line of text with its baseline's middle at `y`."""
        font = FontProperties(fname=str(self.face.path), size=points)
        self.paper.text(
            x, y, self.face.safe(text), fontproperties=font, color=colour, ha=align, va="center_baseline",
            parse_math=False, zorder=z,
        )  # fmt: skip

    def box(
        self, box: Box, *, fill: str = "none", edge: str = "none", width: float = 0.5, z: float = 3
    ) -> None:
        """Draw a rectangle; `width` of its line in points."""
        x, y, w, h = box
        self.paper.add_patch(
            Rectangle((x, y), w, h, facecolor=fill, edgecolor=edge, linewidth=width, zorder=z)
        )

    def rule(
        self, x0: float, y0: float, x1: float, y1: float, *, width: float = 0.4, colour: str = INK
    ) -> None:
        """Draw a straight line."""
        self.paper.add_line(Line2D([x0, x1], [y0, y1], color=colour, linewidth=width, zorder=4))

    # --- side column ------------------------------------------------------------------------------------------------

    def heading(self, text: str) -> None:
        """Set a heading of the side column."""
        self.cursor -= 5.0
        self.text(SIDE[0] + PAD, self.cursor, self.face.cut(text, 10.5, SIDE[2] - 2 * PAD), 10.5)
        self.cursor -= 3.6
        self.rule(SIDE[0] + PAD, self.cursor, SIDE[0] + SIDE[2] - PAD, self.cursor, width=0.3, colour=SOFT)
        self.cursor -= 1.2

    def figure_lines(self, figures: Sequence[Figure], *, colour: str = look.COLOURS["accent"]) -> None:
        """Set key figures in large type, each with its name beside it, or below where it is long, and with its caveats."""
        left, right = SIDE[0] + PAD, SIDE[0] + SIDE[2] - PAD
        for figure in figures:
            value = cell_text(figure.value, self.lang) or NOTHING
            points = next(
                (p for p in (24.0, 18.0, 14.0, 12.0) if self.face.width(value, p) <= right - left), 10.0
            )
            name = figure.name + (phrase("in_brackets", self.lang, text=figure.unit) if figure.unit else "")
            self.cursor -= 6.5
            self.text(left, self.cursor, value, points, colour=colour)
            begin = left + self.face.width(value, points) + 3
            if right - begin > 36:
                lines = self.face.wrap(name, 8.5, right - begin)[:3]
                top = self.cursor + 2.0 * (len(lines) - 1)
                for number, line in enumerate(lines):
                    self.text(begin, top - 4.0 * number, line, 8.5, colour=SOFT)
                self.cursor -= 5.5
            else:
                self.cursor -= 3.5
                self.note(name, points=8.5, lines=2)
            for caveat in figure.caveats:
                self.note(caveat, points=7, lines=2)
            self.cursor -= 1.5

    def note(self, text: str, *, points: float = 8.0, colour: str = SOFT, lines: int = 8) -> None:
        """Set a paragraph of the side column."""
        step = points * 0.5
        for line in self.face.wrap(text, points, SIDE[2] - 2 * PAD)[:lines]:
            if self.cursor - step < self.floor:
                return
            self.cursor -= step
            self.text(SIDE[0] + PAD, self.cursor, line, points, colour=colour)
        self.cursor = max(self.cursor - 1.5, self.floor)

    def footnote(self, text: str) -> None:
        """Set a paragraph right above the title block; what follows stays above it."""
        lines = self.face.wrap(text, 6.5, SIDE[2] - 2 * PAD)
        for number, line in enumerate(reversed(lines)):
            self.text(SIDE[0] + PAD, self.floor + 0.5 + 3.2 * number, line, 6.5, colour=SOFT)
        self.floor += 3.2 * len(lines) + 2.0

    def legend(self, marks: Sequence[Mark], *, heading: str = "") -> None:
        """Draw a legend; two columns where all its words are short."""
        if not marks:
            return
        self.heading(heading or label("legend", self.lang))
        room = SIDE[2] - 2 * PAD
        columns = (
            2 if all(self.face.width(m.text, 8.5) < room / 2 - 12 for m in marks) and len(marks) > 2 else 1
        )
        wide = room / columns
        per = math.ceil(len(marks) / columns)
        top = self.cursor
        for number, mark in enumerate(marks):
            x = SIDE[0] + PAD + (number // per) * wide
            y = top - 3.0 - (number % per) * 5.5
            self._sample(mark, x, y)
            self.text(x + 10.5, y, self.face.cut(mark.text, 8.5, wide - 12), 8.5)
        self.cursor = top - per * 5.5 - 1.5

    def _sample(self, mark: Mark, x: float, y: float) -> None:
        if mark.kind in ("fill", "hatch"):
            self.paper.add_patch(
                Rectangle(
                    (x, y - 1.6), 8, 3.2, facecolor=mark.colour, linewidth=0.3, zorder=4, alpha=mark.alpha,
                    edgecolor=mark.edge or look.COLOURS["hatch"], hatch="////" if mark.kind == "hatch" else None,
                )
            )  # fmt: skip
        elif mark.kind == "line":
            self.paper.add_line(Line2D([x, x + 8], [y, y], color=mark.colour, linewidth=mark.width, zorder=4))
        elif mark.kind == "number":
            self.number_mark(x + 4, y, "1", colour=mark.colour)
        elif mark.kind == "ring":
            self.paper.scatter(
                [x + 4], [y], s=62, facecolor="none", edgecolor=mark.colour, linewidth=0.9,
                linestyle=(0, (2.2, 1.6)), zorder=4,
            )  # fmt: skip
        else:
            self.paper.scatter(
                [x + 4], [y], s=28, marker=mark.shape, facecolor=mark.colour, zorder=4,
                edgecolor=mark.edge or look.COLOURS["paper"], linewidth=0.8 if mark.edge else 0.3,
            )  # fmt: skip

    def number_mark(self, x: float, y: float, number: str, *, colour: str = INK) -> None:
        """Draw a serial number in a small disc, which ties the map to a table."""
        self.paper.scatter(
            [x], [y], s=62, facecolor=look.COLOURS["paper"], edgecolor=colour, linewidth=0.9, zorder=7
        )
        self.text(x, y, number, 6.0, colour=colour, align="center", z=8)

    def side_table(self, table: Table | None, *, points: float = 7.5, keep: float = 0.0) -> None:
        """Set a table into the side column: title, rows, what does not fit, notes; `keep` millimetres below stay free."""
        if table is None:
            return
        self.heading(table.title)
        notes = [line for note in table.notes for line in self.face.wrap(note, 6.5, SIDE[2] - 2 * PAD)[:2]]
        below = keep + 5.0 + 3.3 * len(notes) + 1.5 * len(table.notes)
        self.floor += below
        shown = self.table(table, points=points)
        self.floor -= below
        if shown < len(table.rows):
            more = len(table.rows) - shown
            self.note(phrase("table_more", self.lang, count=f"{more:,}"), points=7)
        for note in table.notes:
            self.note(note, points=6.5, lines=2)

    def table(self, table: Table, *, box: Box | None = None, points: float = 8.0, first: int = 0) -> int:
        """Draw the rows of a table from `first` on, as many as fit, and return how many: the side column unless `box` is given.

        Numbers are flush right, colours follow the marks; a column without any value is left out.
        """
        drawn = filled(table.to(1))
        left, bottom, total, high = box or self.side()
        top = bottom + high
        widths, heads, step, y = self._set(drawn, top, total, points)
        self.box((left, y, total, top - y), fill=look.COLOURS["ground"], z=2)
        right = [entry.format in FORMATS for entry in drawn.columns]
        self._cells(heads, left, (top + y) / 2, widths, right, points=points - 0.5)
        rows = drawn.rows[first : first + max(0, math.floor((y - bottom) / step))]
        for number, row in enumerate(rows):
            base, x = y - (number + 1) * step, left
            inks = []
            for entry, cell, wide in zip(drawn.columns, row, widths, strict=True):
                fill, ink = cell_colours(entry, cell)
                if fill:
                    self.box((x + 0.2, base + 0.1, wide - 0.4, step - 0.2), fill=fill, z=2)
                inks.append(ink)
                x += wide
            texts = [[cell_text(cell, self.lang)] for cell in row]
            self._cells(texts, left, base + step / 2, widths, right, points=points, inks=inks)
            self.rule(left, base, left + total, base, width=0.2, colour=look.COLOURS["line"])
        if box is None:
            self.cursor = y - len(rows) * step - 2.0
        return len(rows)

    def side(self) -> Box:
        """Return what is free of the side column."""
        return SIDE[0] + PAD, self.floor, SIDE[2] - 2 * PAD, self.cursor - self.floor

    def rows_that_fit(self, table: Table, box: Box, *, points: float) -> int:
        """Return how many rows of a table a box holds below its headers, whether there are so many or not."""
        _, bottom, total, high = box
        *_, step, y = self._set(filled(table.to(1)), bottom + high, total, points)
        return max(0, math.floor((y - bottom) / step))

    def _set(
        self, drawn: Table, top: float, total: float, points: float
    ) -> tuple[list[float], list[list[str]], float, float]:
        """Return widths and lines of the headers, the height of a row, and where the rows begin."""
        step = points * 0.353 * 1.6
        widths = self._widths(drawn, total, points)
        heads = [
            [
                line
                for part in entry.header.split("\n")
                for line in self.face.wrap(part, points - 0.5, wide - 1.2)
            ][:3]
            for entry, wide in zip(drawn.columns, widths, strict=True)
        ]
        return widths, heads, step, top - max(map(len, heads)) * step - 0.8

    def _widths(self, table: Table, total: float, points: float) -> list[float]:
        """Return the width of each column, together `total` mm: figures have their room, words share what is left."""
        texts = table.texts(self.lang)
        heads = [
            max(self.face.width(part, points - 0.5) for part in c.header.split("\n")) for c in table.columns
        ]
        # a header may have three lines
        needs = [
            max([min(head, head / 3 + 5.0), *(self.face.width(row[k], points) for row in texts)]) + 1.8
            for k, head in enumerate(heads)
        ]
        words = [k for k, entry in enumerate(table.columns) if entry.format in ("text", "listed")]
        room = total - sum(need for k, need in enumerate(needs) if k not in words)
        wanted = sum(needs[k] for k in words)
        if room <= 0 or not wanted:
            return [need * total / sum(needs) for need in needs]
        if wanted <= room:
            return [need * room / wanted if k in words else need for k, need in enumerate(needs)]
        # the longest words give way first: down to one limit that fills the room
        low, high = 0.0, max(needs)
        for _ in range(40):
            limit = (low + high) / 2
            fits = sum(min(needs[k], limit) for k in words) <= room
            low, high = (limit, high) if fits else (low, limit)
        return [min(need, low) if k in words else need for k, need in enumerate(needs)]

    def _cells(
        self, cells: Sequence[Sequence[str]], left: float, y: float, widths: Sequence[float], right: Sequence[bool], *,
        points: float, inks: Sequence[str] = (),
    ) -> None:  # fmt: skip
        x = left
        for place, (lines, wide) in enumerate(zip(cells, widths, strict=True)):
            for number, line in enumerate(lines):
                at = y + ((len(lines) - 1) / 2 - number) * points * 0.45
                shown = self.face.cut(self.face.safe(line), points, wide - 1.2)
                edge, align = (x + wide - 0.8, "right") if right[place] else (x + 0.8, "left")
                self.text(edge, at, shown, points, align=align, colour=inks[place] if inks else INK)
            x += wide


def filled(table: Table) -> Table:
    """Return a table without the columns in which no row has a value."""
    empty = [
        bool(table.rows) and all(row[k] in (None, "") for row in table.rows)
        for k in range(len(table.columns))
    ]
    return table.picked([k for k, none in enumerate(empty) if not none])


def cell_colours(entry: Column, cell: Cell) -> tuple[str, str]:
    """Return background and ink of a cell by the mark of its column; no background where nothing is to be coloured."""
    if entry.mark == "code" and isinstance(cell, Coded) and cell.code in look.CODE_COLOURS:
        return look.CODE_COLOURS[cell.code]
    if entry.mark == "short" and isinstance(cell, Amount) and cell.high > 0:
        return look.COLOURS["flag_soft"], INK
    return "", INK
