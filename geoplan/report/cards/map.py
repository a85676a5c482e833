"""The small map of a page: streets, boundaries, the community, and the facilities that the page numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.report import look
from geoplan.report.cards.plan import NAME, NUMBER, Box, Plan, Window, seen
from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap, Kind
from geoplan.report.content.community_sheet import Sheet
from geoplan.words.catalogue import phrase

if TYPE_CHECKING:
    from geoplan.report.cards.page import Pen

#: A line bends by less than this on paper without being drawn as a bend, millimetres.
BEND_MM = 0.15
#: Size of type of the legend, points.
LEGEND = 5.8
HIGHLIGHT = "#fdf1d6"
MM_A_POINT = 25.4 / 72
#: Corners of `look.MARK_SHAPES` around their middle, half heights; a circle has none.
CORNERS: Mapping[str, Sequence[tuple[float, float]]] = {
    "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    "triangle": [(-1, -0.8), (1, -0.8), (0, 1)],
    "diamond": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
    "pentagon": [(math.sin(k * 0.4 * math.pi), math.cos(k * 0.4 * math.pi)) for k in range(5)],
    "cross": [
        (-0.4, -1), (0.4, -1), (0.4, -0.4), (1, -0.4), (1, 0.4), (0.4, 0.4), (0.4, 1), (-0.4, 1), (-0.4, 0.4), (-1, 0.4), (-1, -0.4), (-0.4, -0.4),
    ],
}  # fmt: skip
INK, SOFT = look.COLOURS["ink"], look.COLOURS["ink_soft"]


def draw_map(pen: "Pen", base: BaseMap, sheet: Sheet, box: Box) -> None:
    """Draw the map of a sheet into a box; a community without a polygon has an empty one."""
    pen.box(box, fill=look.COLOURS["ground"])
    plan = Plan.of(pen.face, base, sheet, box)
    if plan is not None:
        _draw(pen, base, sheet, plan)
    pen.box(box, edge=SOFT, width=0.2)


def _draw(pen: "Pen", base: BaseMap, sheet: Sheet, plan: Plan) -> None:
    canvas, window, zones = pen.canvas, plan.window, base.zones(base.finest)
    own = np.array([zones.geometry[sheet.zone_id]])
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(*window.box)
    canvas.clipPath(clip, stroke=0, fill=0)
    _fill(pen, window, np.asarray(zones.geometry.array), look.COLOURS["paper"])
    _ground(pen, window, base, above=False)
    _fill(pen, window, own, HIGHLIGHT)
    _ground(pen, window, base, above=True)
    minor, main = base.street_lines
    _lines(pen, window, minor, look.COLOURS["street"], 0.12)
    _lines(pen, window, main, look.COLOURS["street_major"], 0.4)
    for level, width in ((base.finest, 0.15), *((level, 0.3) for level in reversed(base.coarse))):
        _lines(pen, window, base.boundary_lines(level), SOFT, width)
    _lines(pen, window, shapely.boundary(own), look.COLOURS["accent"], 0.55)
    # below the facilities: one that may be enlarged stands at the same point
    for x, y in plan.premises:
        premise_mark(pen, x, y)
    for one in plan.marks:
        mark(pen, one.x, one.y, one.kind, one.size)
    for box, text in plan.numbers:
        pen.box(box, fill=look.COLOURS["paper"])
        pen.text(box[0] + 0.4, box[1] + 0.4, text, NUMBER, bold=True)
    for name in plan.names:
        colour = look.COLOURS["accent"] if name.own else SOFT
        low = name.box[1] + name.box[3] * 0.14
        pen.text(name.middle, low, name.text, NAME, colour=colour, align="center", bold=name.own)
    canvas.restoreState()
    _scale_bar(pen, plan)
    pen.box(plan.review, fill=look.COLOURS["paper"])
    review = titles.review_line(base.outcome)
    pen.text(plan.review[0] + 0.8, plan.review[1] + 1.0, review, NAME, colour=SOFT)


def _path(pen: "Pen", window: Window, shapes: npt.NDArray[np.object_]) -> Any:  # noqa: ANN401 - reportlab has no types
    """Return lines, or the rings of polygons, as one path: what the window shows of them, as fine as print."""
    path = pen.canvas.beginPath()
    parts = shapely.get_parts(
        shapely.clip_by_rect(shapes[seen(shapes, window.bounds)], *_grown(window.bounds))
    )
    lines = np.r_[
        parts[shapely.get_type_id(parts) == 1], shapely.get_rings(parts[shapely.get_type_id(parts) == 3])
    ]
    fine = shapely.simplify(lines, BEND_MM / window.scale, preserve_topology=False)
    xy, of = shapely.get_coordinates(fine, return_index=True)
    begins = np.diff(of, prepend=-1).astype(bool).tolist()
    # a hundredth of a millimetre is finer than print
    for (x, y), begin in zip(np.round(window.paper(xy), 2).tolist(), begins, strict=True):
        if begin:
            path.moveTo(x, y)
        else:
            path.lineTo(x, y)
    return path


def _grown(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return a window a little larger, so that ends of cut lines are not seen."""
    west, south, east, north = bounds
    more = 0.02 * (east - west)
    return west - more, south - more, east + more, north + more


def _fill(pen: "Pen", window: Window, shapes: npt.NDArray[np.object_], colour: str) -> None:
    pen.fill(colour)
    # even and odd: a hole stays one whichever way its ring turns
    pen.canvas.drawPath(_path(pen, window, shapes), fill=1, stroke=0, fillMode=0)


def _ground(pen: "Pen", window: Window, base: BaseMap, *, above: bool) -> None:
    """Draw the kinds of the quiet base that lie above (or beneath) the community's fill."""
    for kind, shapes in base.ground.items():
        style = look.GROUND_STYLES[kind]
        if style.above == above and style.width:
            pen.canvas.setDash([length * MM_A_POINT for length in style.dashes])
            _lines(pen, window, shapes, style.colour, style.width * MM_A_POINT)
            pen.canvas.setDash()
        elif style.above == above:
            _fill(pen, window, shapes, style.colour)


def _lines(pen: "Pen", window: Window, lines: npt.NDArray[np.object_], colour: str, width: float) -> None:
    pen.stroke(colour, width)
    pen.canvas.drawPath(_path(pen, window, lines), fill=0, stroke=1)


def mark(pen: "Pen", x: float, y: float, kind: Kind, size: float) -> None:
    """Draw the mark of a kind of facility, its half height `size` in millimetres."""
    canvas = pen.canvas
    pen.fill(kind.colour)
    pen.stroke(look.COLOURS["paper"], 0.12)
    if kind.shape == "circle":
        canvas.circle(x, y, size, fill=1, stroke=1)
        return
    _shape(pen, x, y, size, CORNERS[kind.shape], fill=1)


def premise_mark(pen: "Pen", x: float, y: float) -> None:
    """Draw the mark of a premise: a hollow diamond."""
    pen.fill(look.COLOURS["paper"])
    pen.stroke(look.COLOURS["gain"], 0.25)
    _shape(pen, x, y, 1.6, [(0, -1), (1, 0), (0, 1), (-1, 0)], fill=1)


def _shape(
    pen: "Pen", x: float, y: float, size: float, corners: Sequence[tuple[float, float]], *, fill: int
) -> None:
    path = pen.canvas.beginPath()
    for number, (dx, dy) in enumerate(corners):
        (path.moveTo if number == 0 else path.lineTo)(round(x + dx * size, 2), round(y + dy * size, 2))
    path.close()
    pen.canvas.drawPath(path, fill=fill, stroke=1)


def _scale_bar(pen: "Pen", plan: Plan) -> None:
    """Draw the scale bar in the lower left corner, and the north arrow in the upper right one."""
    left, bottom, width, height = plan.window.box
    long = plan.metres * plan.window.scale
    text = f"{plan.metres:,.0f} m"
    pen.box(
        (left + 1, bottom + 1, max(long, pen.face.width(text, NAME)) + 2, 4.2), fill=look.COLOURS["paper"]
    )
    pen.box((left + 2, bottom + 1.6, long, 0.6), fill=INK)
    pen.text(left + 2, bottom + 2.9, text, NAME)
    x, y = left + width - 4, bottom + height - 8
    pen.fill(INK)
    pen.stroke(INK, 0.1)
    _shape(pen, x, y, 1.0, [(0, 3.6), (-1.2, 0), (0, 0.9), (1.2, 0)], fill=1)
    pen.text(x, y + 4.2, phrase("basemap_north", pen.lang), NAME, align="center")


# --- legend ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Legend:
    """The legend below the map: kinds of facilities, the community and premises, in rows of a width."""

    kinds: tuple[Kind, ...]
    rows: tuple[tuple[tuple[float, int], ...], ...]
    """Place (millimetres) and number of each entry of a row: the kinds, then the community, then premises."""
    texts: tuple[str, ...]

    STEP = 3.3

    @classmethod
    def of(cls, pen: "Pen", base: BaseMap, width: float) -> "Legend":
        """Set the legend of a base map."""
        texts = [kind.label for kind in base.kinds]
        texts.append(phrase("sheet_map_community", pen.lang))
        if len(base.outcome.premises) or len(base.outcome.candidates):
            texts.append(phrase("sheet_map_premise", pen.lang))
        rows: list[list[tuple[float, int]]] = [[]]
        x = 0.0
        for number, text in enumerate(texts):
            wide = pen.face.width(text, LEGEND) + 6.5
            if x and x + wide > width:
                rows.append([])
                x = 0.0
            rows[-1].append((x, number))
            x += wide
        return cls(base.kinds, tuple(map(tuple, rows)), tuple(texts))

    @property
    def height(self) -> float:
        """Height, with the space below."""
        return len(self.rows) * self.STEP + 2.5


def draw_legend(pen: "Pen", legend: Legend, x: float, bottom: float) -> None:
    """Draw a legend above `bottom`."""
    y = bottom + legend.height - legend.STEP + 0.6
    for row in legend.rows:
        for place, number in row:
            at = x + place + 1.5
            if number < len(legend.kinds):
                mark(pen, at, y + 0.7, legend.kinds[number], 0.9)
            elif number == len(legend.kinds):
                pen.box((at - 1.4, y - 0.1, 2.8, 1.7), fill=HIGHLIGHT, edge=look.COLOURS["accent"], width=0.3)
            else:
                premise_mark(pen, at, y + 0.7)
            pen.text(at + 2.2, y, legend.texts[number], LEGEND)
        y -= legend.STEP
