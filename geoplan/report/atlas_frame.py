"""One sheet of the atlas: A3 landscape with frame, head, title block, legend, tables, north arrow and scale bar.

Everything outside the map is placed in millimetres from the lower left corner of the sheet. The map is drawn at a round scale, so
that a ruler laid on the print measures it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle

from geoplan.errors import catalogue
from geoplan.report import look
from geoplan.report.fonts import Face

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

#: Round scales (denominator without its power of ten) and round lengths of scale bars.
_SCALES = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0, 8.0, 9.0)
_BARS = (1.0, 2.0, 5.0)

INK, SOFT = look.COLOURS["ink"], look.COLOURS["ink_soft"]


def word(code: str, lang: str, **values: object) -> str:
    """Return the words ``atlas_<code>`` in `lang`.

    Examples
    --------
    >>> word("scale", "en", scale="25,000")
    '1:25,000'
    """
    return catalogue()[f"atlas_{code}"][lang].format(**values)


def round_scale(metres: float, millimetres: float) -> float:
    """Return the smallest round denominator at which `metres` fit into `millimetres` of paper.

    Examples
    --------
    >>> round_scale(4300, 300), round_scale(3000, 300), round_scale(3001, 300)
    (15000.0, 10000.0, 11000.0)
    """
    least = max(metres, 1e-9) / (millimetres / 1000)
    power = 10.0 ** math.floor(math.log10(least))
    found = [step * power for step in (*_SCALES, 10.0) if step * power >= least * (1 - 1e-9)]
    return float(found[0])


def bar_metres(scale: float, millimetres: float) -> float:
    """Return the longest round length (1, 2 or 5 times a power of ten) of at most `millimetres` at 1:`scale`.

    Examples
    --------
    >>> bar_metres(15000, 60), bar_metres(80000, 60)
    (500.0, 2000.0)
    """
    most = scale * millimetres / 1000
    power = 10.0 ** math.floor(math.log10(most))
    return float(max(step * power for step in _BARS if step * power <= most * (1 + 1e-9)))


@dataclass(frozen=True)
class Mark:
    """One line of a legend: a sample and its words. `kind`: fill, hatch, line, mark (a facility), number."""

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


@dataclass(frozen=True)
class Col:
    """A column of a table on the sheet: header, width in millimetres, and whether it is set flush right."""

    header: str
    width: float
    right: bool = False


class Page:
    """One sheet while it is drawn: text, boxes, legend and tables in millimetres, and a map at a round scale."""

    def __init__(self, face: Face, stamp: Stamp, *, title: str, number: str) -> None:
        self.face, self.stamp, self.title, self.number = face, stamp, title, number
        self.lang = stamp.lang
        self.figure = Figure(figsize=(SHEET[0] * MM, SHEET[1] * MM), facecolor=look.COLOURS["paper"])
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
        self, x: float, y: float, text: object, points: float, *, colour: str = INK, align: str = "left", z: float = 5
    ) -> None:
        """Set one line of text with its baseline's middle at `y`."""
        font = FontProperties(fname=str(self.face.path), size=points)
        self.paper.text(
            x, y, self.face.safe(text), fontproperties=font, color=colour, ha=align, va="center_baseline",
            parse_math=False, zorder=z,
        )  # fmt: skip

    def box(self, box: Box, *, fill: str = "none", edge: str = "none", width: float = 0.5, z: float = 3) -> None:
        """Draw a rectangle; `width` of its line in points."""
        x, y, w, h = box
        self.paper.add_patch(
            Rectangle((x, y), w, h, facecolor=fill, edgecolor=edge, linewidth=width, zorder=z)
        )

    def rule(self, x0: float, y0: float, x1: float, y1: float, *, width: float = 0.4, colour: str = INK) -> None:
        """Draw a straight line."""
        self.paper.add_line(Line2D([x0, x1], [y0, y1], color=colour, linewidth=width, zorder=4))

    # --- frame ------------------------------------------------------------------------------------------------------

    def frame(self, *, of: int) -> None:
        """Draw frame, head, title block and foot; `of` is the number of sheets."""
        stamp, lang = self.stamp, self.lang
        left, bottom, width, height = FRAME
        self.box(FRAME, edge=INK, width=1.4, z=6)
        self.rule(left, HEAD[1], left + width, HEAD[1], width=0.7)
        self.rule(SIDE[0], bottom, SIDE[0], HEAD[1], width=0.7)
        middle = HEAD[1] + HEAD[3] / 2
        self.text(left + 6, middle, self.face.cut(self.title, 21, 175), 21)
        side = word("head", lang, study=stamp.study, year=stamp.year)
        self.text(SIDE[0] - 5, middle, self.face.cut(side, 10, 115), 10, colour=SOFT, align="right")
        if stamp.banner:
            self.box((SIDE[0], HEAD[1], SIDE[2], HEAD[3]), fill=look.COLOURS["banner"], z=2)
            self.text(
                SIDE[0] + SIDE[2] / 2, middle, self.face.cut(stamp.banner, 11, SIDE[2] - 6), 11,
                colour=look.COLOURS["banner_ink"], align="center",
            )  # fmt: skip
        self._title_block(of)
        self.text(left, 6.5, self.face.cut(stamp.credits, 6.5, 330), 6.5, colour=SOFT)
        self.text(left + width, 6.5, f"{self.number} / {of:02d}", 6.5, colour=SOFT, align="right")

    def _title_block(self, of: int) -> None:
        """Draw 图签: what the sheet is, and room for what the office fills in."""
        stamp, lang = self.stamp, self.lang
        left, bottom, width, _ = SIDE
        rows = 5
        step = BLOCK_HEIGHT / rows
        half = width / 2
        scale = word("scale", lang, scale=f"{self.scale:,.0f}") if self.scale else look.label("none", lang)
        cells = [
            [("sheet_name", self.title, width)],
            [("study", stamp.study, width)],
            [("sheet_number", f"{self.number}（{of:02d}）" if lang == "zh" else f"{self.number} ({of:02d})", half), ("scale_name", scale, half)],
            [("drawn_by", "", half), ("date", word("date_blank", lang), half)],
            [("review", word("review_blank", lang), half), ("crs", stamp.crs, half)],
        ]  # fmt: skip
        top = bottom + BLOCK_HEIGHT
        self.box((left, bottom, width, BLOCK_HEIGHT), fill=look.COLOURS["paper"], z=3.5)
        self.rule(left, top, left + width, top, width=0.7)
        for line, row in enumerate(cells):
            y = top - (line + 1) * step
            x = left
            if line < rows - 1:
                self.rule(left, y, left + width, y, width=0.3)
            for name, value, wide in row:
                head = 17.0
                self.text(x + 2.5, y + step / 2, self.face.cut(word(name, lang), 7, head - 3), 7, colour=SOFT)
                self._fit(x + head + 1.5, y + step / 2, value, wide - head - 3, points=8.5)
                self.rule(x + head, y, x + head, y + step, width=0.3)
                x += wide
                if x < left + width:
                    self.rule(x, y, x, y + step, width=0.3)

    def _fit(self, x: float, y: float, text: str, width: float, *, points: float) -> None:
        """Set text on one line, or on two smaller ones where it is too long."""
        if self.face.width(text, points) <= width:
            self.text(x, y, text, points)
            return
        small = points - 2.0
        lines = self.face.wrap(text, small, width)
        if len(lines) == 1:
            self.text(x, y, lines[0], small)
            return
        self.text(x, y + 1.5, lines[0], small)
        self.text(x, y - 1.7, self.face.cut("".join(lines[1:]), small, width), small)

    # --- side column ------------------------------------------------------------------------------------------------

    def heading(self, text: str) -> None:
        """Set a heading of the side column."""
        self.cursor -= 4.0
        self.text(SIDE[0] + PAD, self.cursor, self.face.cut(text, 10.5, SIDE[2] - 2 * PAD), 10.5)
        self.cursor -= 3.6
        self.rule(SIDE[0] + PAD, self.cursor, SIDE[0] + SIDE[2] - PAD, self.cursor, width=0.3, colour=SOFT)
        self.cursor -= 1.2

    def figure_line(self, value: str, text: str, *, colour: str = look.COLOURS["accent"]) -> None:
        """Set a key figure in large type with its words beside it."""
        points = 24.0
        self.cursor -= 6.5
        x = SIDE[0] + PAD
        self.text(x, self.cursor, value, points, colour=colour)
        begin = x + self.face.width(value, points) + 3
        lines = self.face.wrap(text, 8.5, SIDE[0] + SIDE[2] - PAD - begin)[:3]
        top = self.cursor + 2.0 * (len(lines) - 1)
        for number, line in enumerate(lines):
            self.text(begin, top - 4.0 * number, line, 8.5, colour=SOFT)
        self.cursor -= 6.0

    def note(self, text: str, *, points: float = 8.0, colour: str = SOFT, lines: int = 8) -> None:
        """Set a paragraph of the side column."""
        step = points * 0.5
        for line in self.face.wrap(text, points, SIDE[2] - 2 * PAD)[:lines]:
            if self.cursor - step < self.floor:
                return
            self.cursor -= step
            self.text(SIDE[0] + PAD, self.cursor, line, points, colour=colour)
        self.cursor -= 1.5

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
        self.heading(heading or look.label("legend", self.lang))
        room = SIDE[2] - 2 * PAD
        columns = 2 if all(self.face.width(m.text, 8.5) < room / 2 - 12 for m in marks) and len(marks) > 2 else 1
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
        else:
            self.paper.scatter(
                [x + 4], [y], s=28, marker=mark.shape, facecolor=mark.colour, zorder=4,
                edgecolor=mark.edge or look.COLOURS["paper"], linewidth=0.8 if mark.edge else 0.3,
            )  # fmt: skip

    def number_mark(self, x: float, y: float, number: str, *, colour: str = INK) -> None:
        """Draw a serial number in a small disc, which ties the map to a table."""
        self.paper.scatter([x], [y], s=62, facecolor=look.COLOURS["paper"], edgecolor=colour, linewidth=0.9, zorder=7)
        self.text(x, y, number, 6.0, colour=colour, align="center", z=8)

    def table(
        self,
        columns: Sequence[Col],
        rows: Sequence[Sequence[str]],
        *,
        box: Box | None = None,
        points: float = 8.0,
        fills: Sequence[Sequence[str]] = (),
    ) -> int:
        """Draw as many rows as fit, and return how many they are; the side column unless `box` is given.

        Headers may hold two lines parted by a line break. `fills` gives the background of each cell, empty for none.
        """
        step = points * 0.353 * 1.6
        left, bottom = (SIDE[0] + PAD, self.floor) if box is None else box[:2]
        top = self.cursor if box is None else box[1] + box[3]
        lines = max(c.header.count("\n") + 1 for c in columns)
        total = sum(c.width for c in columns)
        y = top - lines * step - 0.8
        self.box((left, y, total, top - y), fill=look.COLOURS["ground"], z=2)
        self._cells(columns, [c.header for c in columns], left, (top + y) / 2, points=points - 0.5)
        shown = max(0, min(len(rows), math.floor((y - bottom) / step)))
        for number, row in enumerate(rows[:shown]):
            base = y - (number + 1) * step
            if fills:
                x = left
                for column, fill in zip(columns, fills[number], strict=True):
                    if fill:
                        self.box((x + 0.2, base + 0.1, column.width - 0.4, step - 0.2), fill=fill, z=2)
                    x += column.width
            self._cells(columns, row, left, base + step / 2, points=points)
            self.rule(left, base, left + total, base, width=0.2, colour=look.COLOURS["line"])
        if box is None:
            self.cursor = y - shown * step - 2.0
        return shown

    def _cells(self, columns: Sequence[Col], row: Sequence[str], left: float, y: float, *, points: float) -> None:
        x = left
        for column, cell in zip(columns, row, strict=True):
            parts = cell.split("\n")
            for number, part in enumerate(parts):
                at = y + ((len(parts) - 1) / 2 - number) * points * 0.45
                said = self.face.cut(self.face.safe(part), points, column.width - 1.2)
                place = x + column.width - 0.8 if column.right else x + 0.8
                self.text(place, at, said, points, align="right" if column.right else "left")
            x += column.width

    # --- map --------------------------------------------------------------------------------------------------------

    def map_axes(self, bounds: Sequence[float]) -> Axes:
        """Return the axes of the map, in metres, with `bounds` in its middle at a round scale."""
        left, bottom, width, height = MAP
        west, south, east, north = map(float, bounds)
        margin = 9.0
        self.scale = max(
            round_scale(max(east - west, 50.0), width - 2 * margin),
            round_scale(max(north - south, 50.0), height - 2 * margin),
        )
        metres = self.scale / 1000
        x0 = (west + east) / 2 - width * metres / 2
        y0 = (south + north) / 2 - height * metres / 2
        self.origin = (x0, y0)
        share = (left / SHEET[0], bottom / SHEET[1], width / SHEET[0], height / SHEET[1])
        axes = self.figure.add_axes(share, zorder=1)
        axes.set_xlim(x0, x0 + width * metres)
        axes.set_ylim(y0, y0 + height * metres)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_facecolor(look.COLOURS["ground"])
        for spine in axes.spines.values():
            spine.set_visible(False)
        self.map = axes
        self._north()
        self._scale_bar()
        return axes

    def on_paper(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the sheet of a point of the map, millimetres."""
        metres = (self.scale or 1.0) / 1000
        return MAP[0] + (x - self.origin[0]) / metres, MAP[1] + (y - self.origin[1]) / metres

    def window(self) -> tuple[float, float, float, float]:
        """Return west, south, east and north of the map, metres."""
        metres = (self.scale or 1.0) / 1000
        x0, y0 = self.origin
        return x0, y0, x0 + MAP[2] * metres, y0 + MAP[3] * metres

    def free(self, box: Box) -> bool:
        """Return whether `box` lies inside the map and covers nothing that is already taken."""
        x, y, w, h = box
        if x < MAP[0] + 1 or y < MAP[1] + 1 or x + w > MAP[0] + MAP[2] - 1 or y + h > MAP[1] + MAP[3] - 1:
            return False
        return not any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in self.taken)

    def label(self, x: float, y: float, text: str, points: float, *, colour: str = INK, halo: bool = True) -> bool:
        """Set a name on the map at a place on the sheet if there is room near it, and return whether there was."""
        shown = self.face.safe(text)
        wide, high = self.face.width(shown, points), points * 0.353 * 1.15
        for dx, dy in ((0, 0), (0, 1), (0, -1), (0.35, 0.6), (-0.35, 0.6), (0.35, -0.6), (-0.35, -0.6)):
            cx, cy = x + dx * wide, y + dy * high
            box = (cx - wide / 2 - 0.4, cy - high / 2 - 0.2, wide + 0.8, high + 0.4)
            if self.free(box):
                self.taken.append(box)
                if halo:
                    self._halo(cx, cy, shown, points)
                self.text(cx, cy, shown, points, colour=colour, align="center", z=6)
                return True
        return False

    def _halo(self, x: float, y: float, text: str, points: float) -> None:
        """Draw a white edge behind a name, so that it reads over streets and fills."""
        from matplotlib.patheffects import Stroke

        font = FontProperties(fname=str(self.face.path), size=points)
        self.paper.text(
            x, y, text, fontproperties=font, color="none", ha="center", va="center_baseline", parse_math=False, zorder=5.5,
            path_effects=[Stroke(linewidth=2.4, foreground=look.COLOURS["paper"], alpha=0.9)],
        )  # fmt: skip

    def _north(self) -> None:
        """Draw the north arrow in the map's upper right corner."""
        x, y = MAP[0] + MAP[2] - 11, MAP[1] + MAP[3] - 22
        self.taken.append((x - 7, y - 3, 14, 24))
        shape: dict[str, Any] = {"closed": True, "edgecolor": INK, "linewidth": 0.6, "zorder": 6}
        self.paper.add_patch(Polygon([(x, y + 13), (x - 3.6, y), (x, y + 3)], facecolor=INK, **shape))
        self.paper.add_patch(
            Polygon([(x, y + 13), (x + 3.6, y), (x, y + 3)], facecolor=look.COLOURS["paper"], **shape)
        )
        self.text(x, y + 16.5, word("north", self.lang), 10, align="center", z=6)

    def _scale_bar(self) -> None:
        """Draw the scale bar in the map's lower left corner, with the scale that the print has."""
        scale = self.scale or 1.0
        metres = bar_metres(scale, 60)
        wide = metres / scale * 1000
        x, y = MAP[0] + 7, MAP[1] + 9
        words = word("scale_on_print", self.lang, scale=f"{scale:,.0f}")
        area = (x - 4, y - 5, max(wide + 20, self.face.width(words, 7) + 8), 15.5)
        self.taken.append(area)
        paper = Rectangle(
            (area[0], area[1]), area[2], area[3], facecolor=look.COLOURS["paper"], alpha=0.8, linewidth=0, zorder=5.6
        )
        self.paper.add_patch(paper)
        for part in range(4):
            fill = INK if part % 2 == 0 else look.COLOURS["paper"]
            self.box((x + part * wide / 4, y, wide / 4, 1.5), fill=fill, edge=INK, width=0.5, z=6)
        unit_km = metres >= 1000
        for part in (0, 2, 4):
            value = metres * part / 4 / (1000 if unit_km else 1)
            end = f" {'km' if unit_km else 'm'}" if part == 4 else ""
            self.text(x + part * wide / 4, y + 3.8, f"{value:g}{end}", 7, align="center", z=6)
        self.text(x, y - 2.4, words, 7, colour=SOFT, z=6)
