"""The small map of a page: streets, boundaries, the community, and the facilities that the page numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap, Kind
from geoplan.report.content.community_sheet import Sheet
from geoplan.words.catalogue import phrase

if TYPE_CHECKING:
    from geoplan.report.cards.page import Pen

#: Left, bottom, width, height in millimetres.
Box = tuple[float, float, float, float]

#: A line bends by less than this on paper without being drawn as a bend, millimetres.
BEND_MM = 0.15
#: Space around what the map must show, as a share of it, and the longest side of a map, metres.
MARGIN, LONGEST_M = 0.12, 6000.0
#: Facilities farther than this from the community's edge are left off the map, metres.
FAR_M = 1500.0
#: Size of type on the map, points.
NAME, NUMBER, LEGEND = 5.2, 5.4, 5.8
MARK_MM, NUMBER_MM = 1.15, 2.1
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


@dataclass(frozen=True)
class Window:
    """Where the map lies on the paper: box in millimetres, its lower left corner in metres, millimetres a metre."""

    box: Box
    west: float
    south: float
    scale: float

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float], box: Box) -> "Window":
        """Return the window that shows `bounds` (metres) in the middle of a box."""
        west, south, east, north = bounds
        scale = min(box[2] / max(east - west, 1.0), box[3] / max(north - south, 1.0))
        return cls(box, (west + east - box[2] / scale) / 2, (south + north - box[3] / scale) / 2, scale)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north, metres."""
        return (
            self.west,
            self.south,
            self.west + self.box[2] / self.scale,
            self.south + self.box[3] / self.scale,
        )

    def paper(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return metres as millimetres of the page, shape (n, 2)."""
        return (xy - (self.west, self.south)) * self.scale + self.box[:2]


def draw_map(pen: "Pen", base: BaseMap, sheet: Sheet, box: Box) -> None:
    """Draw the map of a sheet into a box; a community without a polygon has an empty one."""
    canvas = pen.canvas
    pen.box(box, fill=look.COLOURS["ground"])
    zones = base.zones(base.finest)
    shape = zones.geometry.get(sheet.zone_id)
    if shape is not None and not shape.is_empty:
        window = Window.around(_bounds(base, sheet, shape), box)
        canvas.saveState()
        clip = canvas.beginPath()
        clip.rect(*box)
        canvas.clipPath(clip, stroke=0, fill=0)
        _fill(pen, window, np.asarray(zones.geometry.array), look.COLOURS["paper"])
        _ground(pen, window, base, above=False)
        _fill(pen, window, np.array([shape]), HIGHLIGHT)
        _ground(pen, window, base, above=True)
        minor, main = base.street_lines
        _lines(pen, window, minor, look.COLOURS["street"], 0.12)
        _lines(pen, window, main, look.COLOURS["street_major"], 0.4)
        for level, width in ((base.finest, 0.15), *((level, 0.3) for level in reversed(base.coarse))):
            _lines(pen, window, base.boundary_lines(level), SOFT, width)
        _lines(pen, window, np.array([shape.boundary]), look.COLOURS["accent"], 0.55)
        left, bottom, width, height = box
        review = _review_box(pen, base, box)
        # room for the scale bar, the north arrow and the approval number
        taken: list[Box] = [
            (left, bottom, 26.0, 6.0),
            (left + width - 8.0, bottom + height - 10.0, 8.0, 10.0),
            review,
        ]
        taken += _marks(pen, window, base, sheet)
        _names(pen, window, zones, sheet.zone_id, taken)
        canvas.restoreState()
        _scale_bar(pen, window)
        pen.box(review, fill=look.COLOURS["paper"])
        pen.text(review[0] + 0.8, review[1] + 1.0, titles.review_line(base.outcome), NAME, colour=SOFT)
    pen.box(box, edge=SOFT, width=0.2)


def _review_box(pen: "Pen", base: BaseMap, box: Box) -> Box:
    """Return where the approval number stands, or that the map is for internal use: in the lower right corner."""
    wide = pen.face.width(pen.face.safe(titles.review_line(base.outcome)), NAME) + 1.6
    return box[0] + box[2] - wide - 1.0, box[1] + 1.0, wide, 3.2


def _bounds(base: BaseMap, sheet: Sheet, shape: shapely.Geometry) -> tuple[float, float, float, float]:
    """Return what the map shows: the community and the numbered facilities and premises that are not far."""
    points = [base.facilities.geometry[one] for one in sheet.numbers if one in base.facilities.index]
    near = [point for point in (*points, *sheet.premises.values()) if shape.distance(point) <= FAR_M]
    west, south, east, north = shapely.total_bounds(np.array([shape, *near], dtype=object))
    side = min(max(east - west, north - south), LONGEST_M) * MARGIN
    return west - side, south - side, east + side, north + side


def _seen(
    shapes: npt.NDArray[np.object_], bounds: tuple[float, float, float, float]
) -> npt.NDArray[np.bool_]:
    """Return which shapes may be seen in a window; one without geometry is not."""
    box = shapely.bounds(shapes)
    west, south, east, north = bounds
    seen: npt.NDArray[np.bool_] = (
        (box[:, 2] > west) & (box[:, 0] < east) & (box[:, 3] > south) & (box[:, 1] < north)
    )
    return seen


def _path(pen: "Pen", window: Window, shapes: npt.NDArray[np.object_]) -> Any:  # noqa: ANN401 - reportlab has no types
    """Return lines, or the rings of polygons, as one path: what the window shows of them, as fine as print."""
    path = pen.canvas.beginPath()
    seen = shapely.get_parts(
        shapely.clip_by_rect(shapes[_seen(shapes, window.bounds)], *_grown(window.bounds))
    )
    lines = np.r_[
        seen[shapely.get_type_id(seen) == 1], shapely.get_rings(seen[shapely.get_type_id(seen) == 3])
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


def _marks(pen: "Pen", window: Window, base: BaseMap, sheet: Sheet) -> list[Box]:
    """Draw facilities, those with a number above the others, and premises; return the boxes that they take."""
    taken: list[Box] = []
    numbers: list[tuple[Box, str]] = []
    # below the facilities: one that may be enlarged stands at the same point
    for point in sheet.premises.values():
        at = window.paper(np.array([[point.x, point.y]]))[0]
        premise_mark(pen, at[0], at[1])
        taken.append((at[0] - 1.3, at[1] - 1.3, 2.6, 2.6))
    west, south, east, north = window.bounds
    every = base.facilities
    x, y = every.geometry.x.to_numpy(), every.geometry.y.to_numpy()
    seen = every[(x > west) & (x < east) & (y > south) & (y < north)]
    kinds = {kind.code: kind for kind in base.kinds}
    others = [key for key in seen.index if key not in sheet.numbers]
    named = [key for key in seen.index if key in sheet.numbers]
    for key in (*others, *named):
        at = window.paper(np.array([[seen.geometry[key].x, seen.geometry[key].y]]))[0]
        large = key in sheet.numbers
        size = MARK_MM if large else 0.6 * MARK_MM
        mark(pen, at[0], at[1], kinds[seen["kind"][key]], size)
        if large:
            text = str(sheet.numbers[key])
            own = (at[0] - size, at[1] - size, 2 * size, 2 * size)
            box = _beside(own, pen.face.width(text, NUMBER) + 0.8, taken)
            numbers.append((box, text))
            taken += [box, own]
    for box, text in numbers:
        pen.box(box, fill=look.COLOURS["paper"])
        pen.text(box[0] + 0.4, box[1] + 0.4, text, NUMBER, bold=True)
    return taken


def _beside(own: Box, wide: float, taken: list[Box]) -> Box:
    """Return where the number of a mark stands: on its right, else on another side that is free, else on its right all the same."""
    x, y, w, h = own
    high = NUMBER_MM
    sides = [
        (x + w, y + (h - high) / 2), (x - wide, y + (h - high) / 2), (x + (w - wide) / 2, y + h), (x + (w - wide) / 2, y - high),
    ]  # fmt: skip
    boxes = [(left, bottom, wide, high) for left, bottom in sides]
    return next((box for box in boxes if not any(_overlap(box, other) for other in taken)), boxes[0])


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


def _names(pen: "Pen", window: Window, zones: gpd.GeoDataFrame, own: str, taken: list[Box]) -> None:
    """Set the names of the communities in sight where there is room, the page's own first."""
    array = np.asarray(zones.geometry.array)
    seen = zones.index[_seen(array, window.bounds)]
    for key in sorted(seen, key=lambda key: key != own):
        part = shapely.clip_by_rect(zones.geometry[key], *window.bounds)
        if part.is_empty:
            continue
        middle = part.centroid if part.contains(part.centroid) else part.representative_point()
        x, y = window.paper(np.array([[middle.x, middle.y]]))[0]
        text = pen.face.cut(pen.face.safe(str(zones["name"][key])), NAME, 24)
        wide, high = pen.face.width(text, NAME), NAME * 0.353
        box = (x - wide / 2 - 0.3, y - high / 2, wide + 0.6, high)
        left, bottom, width, height = window.box
        fits = (
            box[0] > left
            and box[0] + box[2] < left + width
            and box[1] > bottom
            and box[1] + high < bottom + height
        )
        if fits and not any(_overlap(box, other) for other in taken):
            taken.append(box)
            pen.text(
                x,
                y - high * 0.36,
                text,
                NAME,
                colour=look.COLOURS["accent"] if key == own else SOFT,
                align="center",
                bold=key == own,
            )


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def _scale_bar(pen: "Pen", window: Window) -> None:
    """Draw the scale bar in the lower left corner, and the north arrow in the upper right one."""
    left, bottom, width, height = window.box
    metres = max(
        step * 10.0**power
        for power in range(5)
        for step in (1, 2, 5)
        if step * 10.0**power * window.scale <= 22
    )
    long = metres * window.scale
    text = f"{metres:,.0f} m"
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
