"""The pages of communities as HTML: one self-contained file a town that asks no network for anything, every page an A4 in print.

It holds what the PDF file holds. Streets and boundaries stand in a file once, in squares; the map of each page refers to those in its
sight. A script leaves rows out at the ends of tables until a page holds what stands on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.report import look
from geoplan.report.cards.map import CORNERS, HIGHLIGHT
from geoplan.report.cards.page import BESIDE, BETWEEN, ROOM, cell_colours, column_widths, face_lines
from geoplan.report.cards.plan import NAME, NUMBER, Box, Plan, seen
from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap, Lines
from geoplan.report.content.community_sheet import Section, Sheet
from geoplan.report.content.table import Cell, Column, cell_text
from geoplan.report.look.fonts import Face
from geoplan.report.look.offline import bundle, clean, own, policy, template
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import FORMATS

#: Width and height of a map on the paper, millimetres.
MAP: Box = (0.0, 0.0, 88.0, 58.0)
#: Streets stand in squares of this side, and bend by less than this without being drawn as a bend, metres.
SQUARE_M, BEND_M = 1000.0, 2.0
#: A point of type in millimetres.
POINT_MM = 25.4 / 72


class ScreenFace(Face):
    """Widths of type on a screen, whose font is not known: a Latin letter is little more than half as wide as a Chinese one."""

    def __init__(self) -> None:
        super().__init__(Path(), {chr(code): 0.56 for code in range(32, 127)}, "")

    def safe(self, text: object) -> str:
        """Return `text` on one line: the browser finds a font for every character."""
        return " ".join(str(text).split("\n"))


FACE = ScreenFace()


def anchor(zone_id: str) -> str:
    """Return the end of an address that leads to the page of a zone in its file."""
    return f"#{quote(zone_id, safe='')}"


def write_html(sheets: Sequence[Sheet], base: BaseMap, path: Path, *, title: str) -> None:
    """Write one page a sheet into an HTML file; the same sheets give the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path.write_bytes(html_page(sheets, base, title=title).encode("utf-8"))


def html_page(sheets: Sequence[Sheet], base: BaseMap, *, title: str) -> str:
    """Return the file of some sheets."""
    lang = base.lang
    plans = [Plan.of(FACE, base, sheet, MAP) for sheet in sheets]
    ground = Ground.of(base, [plan for plan in plans if plan is not None])
    numbers = {sheet.zone_id: number for number, sheet in enumerate(sheets, start=1)}
    return template("cards.html.j2").render(
        lang="zh-CN" if lang == "zh" else "en",
        policy=policy(),
        title=title,
        style=own("cards.css").replace("GP_FONT_STACK", look.FONT_STACK),
        script=f"{bundle('cards.js')}\nstartCards();",
        colour=look.COLOURS,
        highlight=HIGHLIGHT,
        ground=look.GROUND_STYLES,
        point_mm=POINT_MM,
        definitions="".join((*ground.definitions, *_mark_definitions(base))),
        links=[(anchor(sheet.zone_id), sheet.title) for sheet in sheets],
        pages="".join(
            _page(sheet, plan, ground, base, numbers[sheet.zone_id])
            for sheet, plan in zip(sheets, plans, strict=True)
        ),
    )


# --- ground ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """Shapes of one kind, each drawn by reference: the style of its class, ids, and the bounds of each, shape (n, 4), metres.

    What is `above` lies above the fill of the page's own community.
    """

    style: str
    above: bool
    ids: tuple[str, ...]
    bounds: npt.NDArray[np.float64]

    def uses(self, bounds: tuple[float, float, float, float]) -> str:
        """Return references to what lies in a window."""
        west, south, east, north = bounds
        at = self.bounds
        here = (at[:, 2] > west) & (at[:, 0] < east) & (at[:, 3] > south) & (at[:, 1] < north)
        return "".join(f'<use href="#{self.ids[k]}"/>' for k in np.flatnonzero(here))


@dataclass(frozen=True)
class Ground:
    """What lies beneath the marks of all maps of a file: definitions, layers from the lowest up, and the corner that metres count from."""

    definitions: tuple[str, ...]
    layers: tuple[Layer, ...]
    zone_ids: dict[str, str]
    west: float
    north: float

    @classmethod
    def of(cls, base: BaseMap, plans: Sequence[Plan]) -> "Ground":
        """Collect what any of the maps shows."""
        if not plans:
            return cls((), (), {}, 0.0, 0.0)
        west, south, east, north = (
            pick([plan.window.bounds[k] for plan in plans]) for k, pick in enumerate((min, min, max, max))
        )
        bounds, corner = (west, south, east, north), (float(np.floor(west)), float(np.ceil(north)))
        zones = base.zones(base.finest)
        shapes = np.asarray(zones.geometry.array)
        kept = seen(shapes, bounds)
        ids = dict(zip(zones.index[kept], (f"z{k}" for k in range(int(kept.sum()))), strict=True))
        made: list[str] = []
        layers = [
            _layer("zone", "z", [np.array([shape]) for shape in shapes[kept]], corner, made, above=False)
        ]
        for kind, parts in base.ground.items():
            above = look.GROUND_STYLES[kind].above
            layers.append(_layer(kind, f"{kind}-", _squares(_cut(parts, bounds)), corner, made, above=above))
        minor, main = base.street_lines
        for style, letter, lines in (("minor", "a", minor), ("main", "b", main)):
            layers.append(_layer(style, letter, _squares(lines[seen(lines, bounds)]), corner, made))
        for place, level in enumerate(reversed(base.coarse)):
            cut = _cut(base.boundary_lines(level), bounds)
            layers.append(_layer("upper", f"u{place}-", [np.array([one]) for one in cut], corner, made))
        return cls(tuple(made), tuple(layers), ids, *corner)


def _cut(shapes: Lines, bounds: tuple[float, float, float, float]) -> Lines:
    """Return what shapes have inside bounds."""
    parts = shapely.clip_by_rect(shapes[seen(shapes, bounds)], *bounds)
    return np.asarray(parts[~shapely.is_empty(parts)])


def _squares(lines: Lines) -> list[Lines]:
    """Return lines by the square of the ground in which their middle lies."""
    box = shapely.bounds(lines).reshape(-1, 4)
    at = np.floor_divide((box[:, :2] + box[:, 2:]) / 2, SQUARE_M).astype(int)
    squares, place = np.unique(at, axis=0, return_inverse=True)
    return [lines[place.reshape(-1) == k] for k in range(len(squares))]


def _layer(
    style: str,
    letter: str,
    groups: Sequence[Lines],
    corner: tuple[float, float],
    made: list[str],
    *,
    above: bool = True,
) -> Layer:
    """Return a layer of groups of shapes, each group one path, and add their definitions to `made`."""
    ids = tuple(f"{letter}{k}" for k in range(len(groups)))
    made += [f'<path id="{one}" d="{_data(group, corner)}"/>' for one, group in zip(ids, groups, strict=True)]
    return Layer(
        style, above, ids, np.array([shapely.total_bounds(group) for group in groups]).reshape(-1, 4)
    )


def _data(shapes: Lines, corner: tuple[float, float]) -> str:
    """Return shapes as path data: whole metres from the corner, east and south, each step from the last point."""
    parts = shapely.get_parts(shapes)
    kind = shapely.get_type_id(parts)
    lines = np.r_[parts[kind == 1], shapely.get_rings(parts[kind == 3])]  # lines, and the rings of polygons
    xy, of = shapely.get_coordinates(
        shapely.simplify(lines, BEND_M, preserve_topology=False), return_index=True
    )
    points = np.rint((xy - corner) * (1.0, -1.0)).astype(int)
    out = []
    for own_points in np.split(points, np.flatnonzero(np.diff(of)) + 1):
        steps = np.diff(own_points, axis=0)
        steps = steps[steps.any(axis=1)]
        if len(steps):
            said = " ".join(f"{x} {y}" for x, y in steps.tolist())
            out.append(f"M{own_points[0, 0]} {own_points[0, 1]}l{said}".replace(" -", "-"))
    return "".join(out)


# --- map ------------------------------------------------------------------------------------------------------------


def _mark_definitions(base: BaseMap) -> Iterator[str]:
    """Yield the mark of each kind of facility and of premises, half a height of 1, for every map and legend of the file."""
    for place, kind in enumerate(base.kinds):
        if kind.shape == "circle":
            yield f'<circle id="k{place}" r="1" fill="{kind.colour}"/>'
        else:
            yield f'<polygon id="k{place}" points="{_corners(CORNERS[kind.shape])}" fill="{kind.colour}"/>'
    yield f'<polygon id="premise" points="{_corners([(0, -1), (1, 0), (0, 1), (-1, 0)])}"/>'


def _corners(corners: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{-y:.2f}" for x, y in corners)


def _map(plan: Plan | None, sheet: Sheet, ground: Ground, base: BaseMap) -> str:
    """Return the map of a page in millimetres; without a polygon an empty one."""
    _, _, width, height = MAP
    parts = [] if plan is None else list(_drawn(plan, sheet, ground, base))
    return f'<svg class="map" viewBox="0 0 {width:g} {height:g}" role="img">{"".join(parts)}</svg>'


def _drawn(plan: Plan, sheet: Sheet, ground: Ground, base: BaseMap) -> Iterator[str]:
    height, window = MAP[3], plan.window
    scale = window.scale
    x, y = (ground.west - window.west) * scale, height - (ground.north - window.south) * scale
    # lines keep their width on the paper: --m is how many metres a millimetre is
    yield f'<g transform="matrix({scale:.6f} 0 0 {scale:.6f} {x:.2f} {y:.2f})" style="--m:{1 / scale:.3f}">'
    for above in (False, True):
        for layer in ground.layers:
            if layer.above == above:
                yield f'<g class="{layer.style}">{layer.uses(window.bounds)}</g>'
        if not above:
            yield f'<use class="here" href="#{ground.zone_ids[sheet.zone_id]}"/>'
    yield f'<use class="edge" href="#{ground.zone_ids[sheet.zone_id]}"/></g>'
    for x, y in plan.premises:
        yield f'<use class="premise" href="#premise" transform="translate({x:.2f} {height - y:.2f})scale(1.6)"/>'
    places = {kind.code: place for place, kind in enumerate(base.kinds)}
    for one in plan.marks:
        at = f"translate({one.x:.2f} {height - one.y:.2f})scale({one.size:.2f})"
        yield f'<use class="mark" href="#k{places[one.kind.code]}" transform="{at}"/>'
    for box, text in plan.numbers:
        yield _rect(box, "label") + _text(box[0] + box[2] / 2, box[1] + 0.4, text, NUMBER, "number")
    for name in plan.names:
        low = name.box[1] + name.box[3] * 0.14
        yield _text(name.middle, low, name.text, NAME, "name own" if name.own else "name")
    yield from _furniture(plan, base)


def _furniture(plan: Plan, base: BaseMap) -> Iterator[str]:
    """Yield scale bar, north arrow and approval number."""
    _, _, width, height = MAP
    long, text = plan.metres * plan.window.scale, f"{plan.metres:,.0f} m"
    wide = max(long, FACE.width(text, NAME)) + 2
    yield _rect((1, 1, wide, 4.2), "label") + _rect((2, 1.6, long, 0.6), "ink")
    yield _text(2 + (wide - 2) / 2, 2.9, text, NAME, "name")
    arrow = _corners([(0, 3.6), (-1.2, 0), (0, 0.9), (1.2, 0)])
    yield f'<polygon class="ink" points="{arrow}" transform="translate({width - 4:g} 8)"/>'
    yield _text(width - 4, height - 3.8, phrase("basemap_north", base.lang), NAME, "name")
    x, y, wide, _ = plan.review
    yield _rect(plan.review, "label")
    yield _text(x + wide / 2, y + 1.0, titles.review_line(base.outcome), NAME, "name")


def _rect(box: Box, style: str) -> str:
    x, y, width, high = box
    return f'<rect class="{style}" x="{x:.2f}" y="{MAP[3] - y - high:.2f}" width="{width:.2f}" height="{high:.2f}"/>'


def _text(x: float, y: float, text: str, points: float, style: str) -> str:
    size = points * POINT_MM
    return (
        f'<text class="{style}" x="{x:.2f}" y="{MAP[3] - y:.2f}" font-size="{size:.2f}">{clean(text)}</text>'
    )


def _legend(base: BaseMap) -> str:
    """Return the legend: kinds of facilities, the community and premises."""
    lang = base.lang
    keys = [(f'<use href="#k{place}"/>', kind.label) for place, kind in enumerate(base.kinds)]
    keys.append(
        ('<rect class="own" x="-1.2" y="-.8" width="2.4" height="1.6"/>', phrase("sheet_map_community", lang))
    )
    if len(base.outcome.premises) or len(base.outcome.candidates):
        keys.append(('<use class="premise" href="#premise"/>', phrase("sheet_map_premise", lang)))
    return "".join(
        f'<span><svg class="key" viewBox="-1.3 -1.3 2.6 2.6">{drawn}</svg>{clean(text)}</span>'
        for drawn, text in keys
    )


# --- page -----------------------------------------------------------------------------------------------------------


def _page(sheet: Sheet, plan: Plan | None, ground: Ground, base: BaseMap, number: int) -> str:
    lang = base.lang
    confirm = sheet.confirmation
    remark, by, date = (clean(text) for text in confirm.blanks)
    ticks = "".join(f"<span><i></i>{clean(text)}</span>" for text in confirm.opinions)
    notes = phrase("join_wide", lang).join(sheet.notes)
    banner = f'<b class="banner">{clean(sheet.banner)}</b>' if sheet.banner else ""
    return "".join((
        f'<div class="paper" id="{clean(sheet.zone_id)}"><article class="page">',
        f'<header><h1>{clean(sheet.title)}</h1><b class="kind">{clean(phrase("sheet_head", lang))}</b>',
        f'<span class="place">{clean(sheet.place)}</span>{banner}</header>',
        f'<div class="top"><div class="beside">{"".join(_section(one, BESIDE, lang) for one in sheet.beside_map)}</div>',
        f'<div class="sight"><h2>{clean(phrase("sheet_map", lang))}</h2>{_map(plan, sheet, ground, base)}',
        f'<div class="legend">{_legend(base)}</div></div></div>',
        f'<div class="across">{"".join(_section(one, ROOM, lang) for one in sheet.across)}</div>',
        f'<div class="halves">{"".join(_section(one, (ROOM - BETWEEN) / 2, lang) for one in sheet.halves)}</div>',
        f'<p class="priority"><b>{clean(phrase("sheet_priority_title", lang))}</b>{clean(sheet.priority)}</p>',
        f'<div class="confirm"><div><b>{clean(confirm.title)}</b>{ticks}</div>',
        f'<div class="blank">{remark}<u></u></div>',
        f'<div class="blank sign">{by}<u></u>{date}<u></u></div></div>',
        f'<footer><p class="notes">{clean(notes)}</p>{"".join(f"<p>{clean(line)}</p>" for line in sheet.foot)}',
        f'<span class="number">{number}</span></footer></article></div>\n',
    ))  # fmt: skip


def _section(section: Section, width: float, lang: str) -> str:
    """Return a table `width` mm wide with its title; the line on rows that are left out is hidden while all stand."""
    table, title = section.table, f"<h2>{clean(section.table.title)}</h2>"
    if not table.rows:
        return f'<section>{title}<p class="empty">{clean(table.empty)}</p></section>'
    shown = table.rows[: section.most]
    texts = [[face_lines(cell_text(cell, lang)) for cell in row] for row in shown]
    widths = column_widths(table, texts, width, FACE)
    columns = "".join(f"<col width={wide / width:.1%}>" for wide in widths)
    heads = "".join(f"<th{_number(entry)}>{_lines(entry.header)}" for entry in table.columns)
    rows = "".join(
        "<tr>" + "".join(_cell(cell, entry, lang) for cell, entry in zip(row, table.columns, strict=True))
        for row in shown
    )
    hidden = "" if len(table.rows) > section.most else " hidden"
    # a table that is printed whole has no such line
    more = clean(phrase(section.more, lang, count=len(table.rows))) if section.least < len(table.rows) else ""
    return (
        f'<section data-least="{section.least}">{title}<table>{columns}<thead><tr>{heads}</thead><tbody>{rows}</tbody></table>'
        f'<p class="more"{hidden}>{more}</p></section>'
    )


def _cell(cell: Cell, entry: Column, lang: str) -> str:
    fill, ink = cell_colours(entry, cell)
    colours = f' style="background:{fill};color:{ink}"' if fill else ""
    return f"<td{_number(entry)}{colours}>{_lines(cell_text(cell, lang))}"


def _number(entry: Column) -> str:
    return ' class="n"' if entry.format in FORMATS else ""


def _lines(text: str) -> str:
    return "<br>".join(map(clean, text.split("\n")))
