"""Where everything lies on the small map of a page, in millimetres: the PDF file and the page of the HTML draw the same.

A plan is made with the widths of a font; it draws nothing.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap, Kind
from geoplan.report.content.community_sheet import Sheet
from geoplan.report.look.fonts import Face

#: Left, bottom, width, height in millimetres.
Box = tuple[float, float, float, float]

#: Space around what the map must show, as a share of it, and the longest side of a map, metres.
MARGIN, LONGEST_M = 0.12, 6000.0
#: Facilities farther than this from the community's edge are left off the map, metres.
FAR_M = 1500.0
#: Size of type on the map, points.
NAME, NUMBER = 5.2, 5.4
MARK_MM, NUMBER_MM = 1.15, 2.1


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


@dataclass(frozen=True)
class Mark:
    """The mark of a facility: its middle and half height in millimetres."""

    x: float
    y: float
    kind: Kind
    size: float


@dataclass(frozen=True)
class Name:
    """The name of a community, set around the middle of its box; `own` is that of the page."""

    box: Box
    text: str
    own: bool

    @property
    def middle(self) -> float:
        """Middle of the text, millimetres."""
        return self.box[0] + self.box[2] / 2


@dataclass(frozen=True)
class Plan:
    """What lies where on a map.

    Parameters
    ----------
    window
        Box on the paper, and the ground that it shows.
    marks, numbers
        Facilities, those with a number last; boxes of the numbers and what they say.
    premises
        Middles of the premises, shape (n, 2).
    names
        Communities whose name has room.
    review
        Box of the approval number.
    metres
        Length of the scale bar on the ground.
    """

    window: Window
    marks: tuple[Mark, ...]
    numbers: tuple[tuple[Box, str], ...]
    premises: npt.NDArray[np.float64]
    names: tuple[Name, ...]
    review: Box
    metres: float

    @classmethod
    def of(cls, face: Face, base: BaseMap, sheet: Sheet, box: Box) -> "Plan | None":
        """Plan the map of a sheet into a box; None for a community without a polygon."""
        zones = base.zones(base.finest)
        shape = zones.geometry.get(sheet.zone_id)
        if shape is None or shape.is_empty:
            return None
        window = Window.around(_bounds(base, sheet, shape), box)
        left, bottom, width, height = box
        review = _review_box(face, base, box)
        # room for the scale bar, the north arrow and the approval number
        taken: list[Box] = [
            (left, bottom, 26.0, 6.0),
            (left + width - 8.0, bottom + height - 10.0, 8.0, 10.0),
            review,
        ]
        premises = window.paper(shapely.get_coordinates(list(sheet.premises.values())))
        taken += [(x - 1.3, y - 1.3, 2.6, 2.6) for x, y in premises]
        marks, numbers = _marks(face, window, base, sheet, taken)
        names = _names(face, window, zones, sheet.zone_id, taken)
        return cls(window, marks, numbers, premises, names, review, _bar_metres(window))


def _review_box(face: Face, base: BaseMap, box: Box) -> Box:
    """Return where the approval number stands, or that the map is for internal use: in the lower right corner."""
    wide = face.width(face.safe(titles.review_line(base.outcome)), NAME) + 1.6
    return box[0] + box[2] - wide - 1.0, box[1] + 1.0, wide, 3.2


def _bounds(base: BaseMap, sheet: Sheet, shape: shapely.Geometry) -> tuple[float, float, float, float]:
    """Return what the map shows: the community and the numbered facilities and premises that are not far."""
    points = [base.facilities.geometry[one] for one in sheet.numbers if one in base.facilities.index]
    near = [point for point in (*points, *sheet.premises.values()) if shape.distance(point) <= FAR_M]
    west, south, east, north = shapely.total_bounds(np.array([shape, *near], dtype=object))
    side = min(max(east - west, north - south), LONGEST_M) * MARGIN
    return west - side, south - side, east + side, north + side


def seen(shapes: npt.NDArray[np.object_], bounds: tuple[float, float, float, float]) -> npt.NDArray[np.bool_]:
    """Return which shapes may be seen in a window; one without geometry is not."""
    box = shapely.bounds(shapes)
    west, south, east, north = bounds
    seen: npt.NDArray[np.bool_] = (
        (box[:, 2] > west) & (box[:, 0] < east) & (box[:, 3] > south) & (box[:, 1] < north)
    )
    return seen


def _marks(
    face: Face, window: Window, base: BaseMap, sheet: Sheet, taken: list[Box]
) -> tuple[tuple[Mark, ...], tuple[tuple[Box, str], ...]]:
    """Return facilities, those with a number above the others, and the numbers; the boxes that they take are added to `taken`."""
    marks: list[Mark] = []
    numbers: list[tuple[Box, str]] = []
    west, south, east, north = window.bounds
    every = base.facilities
    x, y = every.geometry.x.to_numpy(), every.geometry.y.to_numpy()
    here = every[(x > west) & (x < east) & (y > south) & (y < north)]
    kinds = {kind.code: kind for kind in base.kinds}
    others = [key for key in here.index if key not in sheet.numbers]
    named = [key for key in here.index if key in sheet.numbers]
    for key in (*others, *named):
        at = window.paper(np.array([[here.geometry[key].x, here.geometry[key].y]]))[0]
        size = MARK_MM if key in sheet.numbers else 0.6 * MARK_MM
        marks.append(Mark(float(at[0]), float(at[1]), kinds[here["kind"][key]], size))
        if key in sheet.numbers:
            text = str(sheet.numbers[key])
            own = (at[0] - size, at[1] - size, 2 * size, 2 * size)
            box = _beside(own, face.width(text, NUMBER) + 0.8, taken)
            numbers.append((box, text))
            taken += [box, own]
    return tuple(marks), tuple(numbers)


def _beside(own: Box, wide: float, taken: list[Box]) -> Box:
    """Return where the number of a mark stands: on its right, else on another side that is free, else on its right all the same."""
    x, y, w, h = own
    high = NUMBER_MM
    sides = [
        (x + w, y + (h - high) / 2), (x - wide, y + (h - high) / 2), (x + (w - wide) / 2, y + h), (x + (w - wide) / 2, y - high),
    ]  # fmt: skip
    boxes = [(left, bottom, wide, high) for left, bottom in sides]
    return next((box for box in boxes if not any(_overlap(box, other) for other in taken)), boxes[0])


def _names(
    face: Face, window: Window, zones: gpd.GeoDataFrame, own: str, taken: list[Box]
) -> tuple[Name, ...]:
    """Return the names of the communities in sight where there is room, the page's own first."""
    found: list[Name] = []
    array = np.asarray(zones.geometry.array)
    here = zones.index[seen(array, window.bounds)]
    for key in sorted(here, key=lambda key: key != own):
        part = shapely.clip_by_rect(zones.geometry[key], *window.bounds)
        if part.is_empty:
            continue
        middle = part.centroid if part.contains(part.centroid) else part.representative_point()
        x, y = window.paper(np.array([[middle.x, middle.y]]))[0]
        text = face.cut(face.safe(str(zones["name"][key])), NAME, 24)
        wide, high = face.width(text, NAME), NAME * 0.353
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
            found.append(Name(box, text, key == own))
    return tuple(found)


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def _bar_metres(window: Window) -> float:
    """Return a round length that is at most 22 mm on the paper, metres."""
    return max(
        step * 10.0**power
        for power in range(5)
        for step in (1, 2, 5)
        if step * 10.0**power * window.scale <= 22
    )
