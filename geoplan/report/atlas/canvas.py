"""The paper of a sheet of the atlas: text, boxes, key figures, legends and tables, placed in millimetres.

Millimetres count from the lower left corner of A3 landscape. `geoplan.report.atlas.frame` adds frame, title block and map.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from geoplan.report import look
from geoplan.report.look.fonts import Face
from geoplan.words.catalogue import phrase

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


@dataclass(frozen=True)
class Col:
    """A column of a table on the sheet: header, width in millimetres, and whether it is set flush right."""

    header: str
    width: float
    right: bool = False


class Canvas:
    """One sheet while it is drawn; its side column fills from `cursor` down to `floor`."""

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
        self.cursor -= 7.0

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

    def _cells(
        self, columns: Sequence[Col], row: Sequence[str], left: float, y: float, *, points: float
    ) -> None:
        x = left
        for column, cell in zip(columns, row, strict=True):
            parts = cell.split("\n")
            for number, part in enumerate(parts):
                at = y + ((len(parts) - 1) / 2 - number) * points * 0.45
                said = self.face.cut(self.face.safe(part), points, column.width - 1.2)
                place = x + column.width - 0.8 if column.right else x + 0.8
                self.text(place, at, said, points, align="right" if column.right else "left")
            x += column.width
