"""One sheet of the atlas: A3 landscape with frame, head, title block, and a map with north arrow and scale bar.

The map is drawn at a round scale, so that a ruler laid on the print measures it.
"""

import math
from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import Stroke

from geoplan.report import look
from geoplan.report.atlas.canvas import (
    BLOCK_HEIGHT,
    FRAME,
    HEAD,
    INK,
    MAP,
    SHEET,
    SIDE,
    SOFT,
    Box,
    Canvas,
    word,
)
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label

#: Round scales (denominator without its power of ten) and round lengths of scale bars.
_SCALES = (
    1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0, 8.0, 9.0,
)  # fmt: skip
_BARS = (1.0, 2.0, 5.0)


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
    return float(f"{found[0]:.2g}")


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


class Page(Canvas):
    """A sheet with its frame, and a map where it has one."""

    # --- frame ------------------------------------------------------------------------------------------------------

    def frame(self, *, of: int) -> None:
        """Draw frame, head, title block and foot; `of` is the number of sheets."""
        stamp, lang = self.stamp, self.lang
        left, bottom, width, _ = FRAME
        self.box(FRAME, edge=INK, width=1.4, z=6)
        self.rule(left, HEAD[1], left + width, HEAD[1], width=0.7)
        self.rule(SIDE[0], bottom, SIDE[0], HEAD[1], width=0.7)
        middle = HEAD[1] + HEAD[3] / 2
        points = next((p for p in (21, 18, 15, 12) if self.face.width(self.title, p) <= 180), 12)
        self.text(left + 6, middle, self.face.cut(self.title, points, 180), points)
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
        scale = word("scale", lang, scale=f"{self.scale:,.0f}") if self.scale else label("none", lang)
        cells = [
            [("sheet_name", self.title, width)],
            [("study", stamp.study, width)],
            [("sheet_number", self.number + phrase("in_brackets", lang, text=f"{of:02d}"), half), ("scale_name", scale, half)],
            [("drawn_by", "", half), ("date", word("date_blank", lang), half)],
            [("review", stamp.review, half), ("crs", stamp.crs, half)],
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

    # --- map --------------------------------------------------------------------------------------------------------

    def map_axes(self, bounds: Iterable[float]) -> Axes:
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

    def inset(self, box: Box, bounds: Iterable[float]) -> Axes:
        """Return the axes of a small map in a box of the sheet, `bounds` (metres) filling it."""
        x, y, wide, high = box
        west, south, east, north = map(float, bounds)
        axes = self.figure.add_axes((x / SHEET[0], y / SHEET[1], wide / SHEET[0], high / SHEET[1]), zorder=11)
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_facecolor(look.COLOURS["ground"])
        for spine in axes.spines.values():
            spine.set_color(SOFT)
            spine.set_linewidth(0.6)
        return axes

    def free(self, box: Box) -> bool:
        """Return whether `box` lies inside the map and covers nothing that is already taken."""
        x, y, w, h = box
        if x < MAP[0] + 1 or y < MAP[1] + 1 or x + w > MAP[0] + MAP[2] - 1 or y + h > MAP[1] + MAP[3] - 1:
            return False
        return not any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in self.taken)

    def label(
        self, x: float, y: float, text: str, points: float, *, colour: str = INK, halo: bool = True
    ) -> bool:
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
        self.text(x, y + 16.5, phrase("basemap_north", self.lang), 10, align="center", z=6)

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
            (area[0], area[1]),
            area[2],
            area[3],
            facecolor=look.COLOURS["paper"],
            alpha=0.8,
            linewidth=0,
            zorder=5.6,
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
