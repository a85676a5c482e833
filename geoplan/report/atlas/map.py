"""What lies on the atlas's maps: a quiet base of streets and boundaries, polygons by class, isochrones, and facilities."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.collections import PathCollection
from matplotlib.path import Path as Outline

from geoplan.report import look
from geoplan.report.atlas.canvas import MAP, Box, Mark, word
from geoplan.report.atlas.frame import Page
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.zone_views import FlagMatrix, ZoneClass, ZoneView
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label

#: A line bends by less than this on paper without being drawn as a bend, millimetres.
BEND_MM = 0.12
#: Gaps of an isochrone narrower than twice this are closed on paper, millimetres.
CLOSE_MM = 0.4
#: Longer side of the small map that shows where a town lies, and the room around the study in it, as a share of its longer side.
LOCATOR_MM, LOCATOR_ROOM = 46.0, 0.04
#: Beyond this denominator only main streets are drawn; the others would be a grey veil.
MINOR_STREETS_TO = 45_000
#: Zone boundaries by level: colour and width in points.
BOUNDARIES: Mapping[str, tuple[str, float]] = {
    "district": (look.COLOURS["boundary_strong"], 1.25),
    "town": (look.COLOURS["boundary_strong"], 0.65),
    "community": (look.COLOURS["street_major"], 0.35),
}


# --- drawing --------------------------------------------------------------------------------------------------------


def outline(shape: shapely.Geometry) -> Outline:
    """Return a polygon or multipolygon as one path, holes included."""
    # a reader fills by winding: a hole is one only where it turns the other way than what it lies in
    rings = [
        np.asarray(ring.coords)[:: 1 if ring.is_ccw == (place == 0) else -1, :2]
        for part in shapely.get_parts(shape)
        if not part.is_empty and part.geom_type == "Polygon"
        for place, ring in enumerate((part.exterior, *part.interiors))
    ]
    if not rings:
        return Outline(np.zeros((0, 2)))
    codes = [
        np.r_[Outline.MOVETO, np.full(len(ring) - 2, Outline.LINETO), Outline.CLOSEPOLY].astype(np.uint8)
        for ring in rings
    ]
    return Outline(np.concatenate(rings), np.concatenate(codes))


def polygons(
    page: Page,
    shapes: gpd.GeoSeries,
    fills: Sequence[str] | str,
    *,
    edge: str = "none",
    width: float = 0.0,
    z: float = 1,
    alpha: float = 1.0,
    hatch: bool = False,
) -> None:
    """Draw polygons, each with its fill, on the page's map."""
    if page.map is None or not len(shapes):
        return
    one = isinstance(fills, str)
    array, (west, south, east, north) = np.asarray(shapes.array), page.window()
    box = shapely.bounds(array)
    seen = (box[:, 2] > west) & (box[:, 0] < east) & (box[:, 3] > south) & (box[:, 1] < north)
    fine = shapely.simplify(array[seen], BEND_MM * (page.scale or 1.0) / 1000)
    paths = (
        [path for shape in fine if np.size((path := outline(shape)).vertices)]
        if one
        else list(map(outline, fine))
    )
    if one and paths:
        paths = [Outline.make_compound_path(*paths)]  # a single path is written far faster
    colours = [fills] * len(paths) if isinstance(fills, str) else list(np.asarray(fills, dtype=object)[seen])
    page.map.add_collection(
        PathCollection(
            paths, facecolors=colours, edgecolors=look.COLOURS["hatch"] if hatch else edge, linewidths=width,
            zorder=z, alpha=alpha, hatch="//////" if hatch else None,
        ),
        autolim=False,
    )  # fmt: skip


def classes(page: Page, zones: gpd.GeoDataFrame, view: ZoneView | FlagMatrix, *, alpha: float) -> None:
    """Fill `zones` in the classes of a view that speaks of them; what is without data is hatched."""
    ids = view.zones if isinstance(view, ZoneView) else view.zones.index
    of = pd.Series(view.of_class, index=pd.Index(ids)).reindex(zones.index)
    for place, each in enumerate(view.classes):
        own = zones.geometry[of == place]
        if each.hatch:
            polygons(page, own, each.colour, z=1, hatch=True)
        else:
            polygons(page, own, each.colour, z=1, alpha=alpha)


def class_marks(classes: Sequence[ZoneClass], of_class: Sequence[int], *, alpha: float) -> list[Mark]:
    """Return the legend of classes; that without data only where a zone has it."""
    return [
        Mark("hatch", each.colour, each.text)
        if each.hatch
        else Mark("fill", each.colour, each.text, alpha=alpha)
        for place, each in enumerate(classes)
        if not each.hatch or place in set(of_class)
    ]


def bands(
    page: Page, table: gpd.GeoDataFrame, ramp: Sequence[str], *, alpha: float
) -> list[tuple[float, str]]:
    """Fill isochrones, the widest first, each without the nearer ones; return minutes and colour, the nearest first.

    The nearest band has the last colour of `ramp`; bands beyond its length share the first.
    """
    own = list(ramp)[-len(table) :] if len(table) else []
    colours = [own[0]] * (len(table) - len(own)) + own if own else []
    shapes = [closed(shape, page) for shape in table.geometry]
    for place, (shape, colour) in enumerate(zip(shapes, colours, strict=True)):
        ring = shape.difference(shapes[place + 1]) if place + 1 < len(shapes) else shape
        polygons(page, gpd.GeoSeries([ring], crs=table.crs), colour, z=3.2 + 0.1 * place, alpha=alpha)
    return [(float(m), colour) for m, colour in zip(table["minutes"], colours, strict=True)][::-1]


def points(
    page: Page, table: gpd.GeoDataFrame, *, size: float, shape: str, edge: str, width: float, z: float
) -> None:
    """Draw points as hollow marks."""
    if page.map is not None and len(table):
        page.map.scatter(
            table.geometry.x, table.geometry.y, s=size, marker=shape, facecolor=look.COLOURS["paper"], edgecolor=edge,
            linewidth=width, zorder=z,
        )  # fmt: skip


def streets(page: Page, base: BaseMap) -> None:
    """Draw the streets in the window: main ones always, the others where the scale leaves room."""
    minor = (page.scale or 1.0) <= MINOR_STREETS_TO
    if minor:
        _lines(page, base.streets[0], look.COLOURS["street"], 0.3)
    _lines(
        page, base.streets[1], look.COLOURS["street" if not minor else "street_major"], 0.7 if minor else 0.45
    )


def _lines(
    page: Page, lines: np.ndarray, colour: str, width: float, *, dashes: Sequence[float] = (), z: float = 3
) -> None:
    if page.map is None or not len(lines):
        return
    west, south, east, north = page.window()
    box = shapely.bounds(lines)
    seen = lines[(box[:, 2] > west) & (box[:, 0] < east) & (box[:, 3] > south) & (box[:, 1] < north)]
    bend = BEND_MM * (page.scale or 1.0) / 1000
    points, line = shapely.get_coordinates(
        shapely.simplify(seen, bend, preserve_topology=False), return_index=True
    )
    if not len(points):
        return
    # one path for all streets: a line begins wherever the number of the line changes
    begins = np.r_[True, line[1:] != line[:-1]]
    codes = np.where(begins, Outline.MOVETO, Outline.LINETO).astype(np.uint8)
    page.map.add_collection(
        PathCollection(
            [Outline(points, codes)], facecolors="none", edgecolors=colour, linewidths=width, zorder=z,
            capstyle="butt" if dashes else "round", linestyles=[(0, _in_widths(dashes, width))] if dashes else "solid",
        ),
        autolim=False,
    )  # fmt: skip


def _in_widths(dashes: Sequence[float], width: float) -> list[float]:
    """Return dashes in points as matplotlib takes them, in widths of the line."""
    return [length / width for length in dashes]


def closed(shape: shapely.Geometry, page: Page) -> shapely.Geometry:
    """Return an isochrone without the holes that would not show on paper: closed by `CLOSE_MM` at the sheet's scale."""
    reach = CLOSE_MM * (page.scale or 1.0) / 1000
    bend = BEND_MM * (page.scale or 1.0) / 1000
    grown = shapely.buffer(shapely.simplify(shape, bend), reach, quad_segs=2)
    return shapely.buffer(grown, -reach, quad_segs=2)


def ground(page: Page, base: BaseMap) -> None:
    """Lay white paper under the zones that are judged, and the quiet base: water and lines above their fills, green beneath."""
    polygons(page, base.zones(base.finest).geometry, look.COLOURS["paper"], z=0.5)
    for shapes, style in ((shapes, look.GROUND_STYLES[kind]) for kind, shapes in base.ground.items()):
        z = 2.5 if style.above else 0.6
        if style.width:
            _lines(page, shapes, style.colour, style.width, dashes=style.dashes, z=z)
        else:
            polygons(page, gpd.GeoSeries(shapes), style.colour, z=z)


def locator(page: Page, base: BaseMap, zone_id: str) -> None:
    """Show where a zone lies in the study by a small map in the corner that covers least of it; nothing where it is the only one."""
    zones = base.zones(str(base.outcome.zones["level"][zone_id]))
    if page.map is None or len(zones) == 1:
        return
    west, south, east, north = extent(base.zones(base.finest).geometry)
    room = LOCATOR_ROOM * max(east - west, north - south)
    bounds = (west - room, south - room, east + room, north + room)
    metres = max(bounds[2] - bounds[0], bounds[3] - bounds[1]) / LOCATOR_MM
    wide, high = (bounds[2] - bounds[0]) / metres, (bounds[3] - bounds[1]) / metres
    left, right = MAP[0] + 4, MAP[0] + MAP[2] - wide - 4
    bottom, top = MAP[1] + 4, MAP[1] + MAP[3] - high - 8
    corners = [(right, bottom), (left, top), (left, bottom + 18), (right, top - 24)]
    x, y = min(corners, key=lambda corner: _covered(page, zones.geometry[zone_id], (*corner, wide, high)))
    axes = page.inset((x, y, wide, high), bounds)
    bend = BEND_MM * metres

    def draw(shapes: np.ndarray, **how: Any) -> None:  # noqa: ANN401 - matplotlib's
        paths = [outline(shape) for shape in shapely.simplify(shapes, bend)]
        axes.add_collection(PathCollection(paths, **how), autolim=False)

    own = np.array([zones.geometry[zone_id]], dtype=object)
    draw(np.asarray(zones.geometry.array), facecolors=look.COLOURS["paper"], edgecolors="none")
    draw(base.ground.get("water", own[:0]), facecolors=look.GROUND_STYLES["water"].colour, edgecolors="none")
    draw(own, facecolors=look.COLOURS["accent"], edgecolors="none", alpha=0.75)
    for level in reversed(base.coarse):
        colour, width = BOUNDARIES[level]
        draw(
            np.asarray(base.zones(level).geometry.array),
            facecolors="none",
            edgecolors=colour,
            linewidths=0.6 * width,
        )
    page.taken.append((x - 1, y - 1, wide + 2, high + 6.0))
    page.text(x + 0.5, y + high + 2.2, word("locator", base.lang), 7, z=6)


def _covered(page: Page, zone: shapely.Geometry, box: Box) -> float:
    """Return how many square metres of a zone a box of the sheet covers."""
    x, y, wide, high = box
    metres = (page.scale or 1.0) / 1000
    west, south = page.origin[0] + (x - MAP[0]) * metres, page.origin[1] + (y - MAP[1]) * metres
    return float(shapely.clip_by_rect(zone, west, south, west + wide * metres, south + high * metres).area)


def boundaries(page: Page, base: BaseMap, *, near: bool = False) -> None:
    """Draw the zones' edges, fine ones first; on a sheet of one town (`near`) the finest stand out from the streets."""
    for level in reversed((*base.coarse, base.finest)):
        colour, width = _edge(level, near=near and level == base.finest)
        polygons(page, base.zones(level).geometry, "none", edge=colour, width=width, z=4 + width / 10)


def _edge(level: str, *, near: bool) -> tuple[str, float]:
    return (look.COLOURS["ink_soft"], 0.6) if near else BOUNDARIES.get(level, BOUNDARIES["town"])


def boundary_marks(base: BaseMap, *, near: bool = False) -> list[Mark]:
    """Return the legend of the base."""
    edges = {
        level: _edge(level, near=near and level == base.finest)
        for level in (*base.coarse, base.finest)
        if level in BOUNDARIES
    }
    lang = base.lang
    marks = [Mark("line", colour, label(level, lang), width=w) for level, (colour, w) in edges.items()]
    for kind in base.ground:
        style, text = look.GROUND_STYLES[kind], phrase(f"basemap_{kind}", lang)
        marks.append(Mark("line" if style.width else "fill", style.colour, text, width=style.width))
    return marks


def facilities(page: Page, base: BaseMap, table: gpd.GeoDataFrame, *, size: float) -> None:
    """Draw facilities by kind, the large ones under the small; `size` scales the radii of the screen's map."""
    if page.map is None:
        return
    for kind in base.kinds:
        own = table[table["kind"] == kind.code].sort_values("radius", ascending=False, kind="stable")
        page.map.scatter(
            own.geometry.x, own.geometry.y, s=(2 * own["radius"] * size) ** 2, marker=look.MATPLOTLIB_MARKS[kind.shape],
            facecolor=kind.colour, edgecolor=look.COLOURS["paper"], linewidth=0.3, zorder=6,
        )  # fmt: skip


def kind_marks(base: BaseMap, table: gpd.GeoDataFrame) -> list[Mark]:
    """Return a line of the legend for each kind of facility in `table`, by service."""
    present = set(table["kind"])
    kinds = sorted((k for k in base.kinds if k.code in present), key=lambda k: (k.service, k.code))
    return [Mark("mark", k.colour, k.label, shape=look.MATPLOTLIB_MARKS[k.shape]) for k in kinds]


def mark_size(page: Page, table: gpd.GeoDataFrame) -> float:
    """Return the factor of the marks' radii that keeps a crowded sheet readable."""
    west, south, east, north = page.window()
    count = int((table.geometry.x.between(west, east) & table.geometry.y.between(south, north)).sum())
    return 1.1 if count <= 60 else 0.7 if count <= 250 else 0.5


def names(
    page: Page, zones: gpd.GeoDataFrame, texts: Mapping[str, str] | None = None, *, points: float
) -> None:
    """Set the zones' names inside them, the largest zones first; one without room goes without."""
    for zone_id in zones.geometry.area.sort_values(ascending=False, kind="stable").index:
        x, y = anchor(zones.geometry[zone_id], page)
        if x is not None and y is not None:
            page.label(x, y, str(zones["name"][zone_id]) if texts is None else texts[zone_id], points)


def anchor(shape: shapely.Geometry, page: Page) -> tuple[float | None, float | None]:
    """Return the place on the sheet for a zone's name: the middle of what the map shows of it."""
    seen = shapely.clip_by_rect(shape, *page.window())
    if seen.is_empty:
        return None, None
    middle = seen.centroid
    point = middle if seen.contains(middle) else seen.representative_point()
    return page.on_paper(point.x, point.y)


def extent(zones: Iterable[shapely.Geometry]) -> np.ndarray:
    """Return west, south, east and north of all zones."""
    bounds = shapely.bounds(np.asarray(list(zones), dtype=object))
    return np.asarray(np.r_[np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)])
