"""Small static maps for the printed page: SVG, every polygon once, restyled per map by class."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.content import sites, titles
from geoplan.report.content.answers import unmet_rows
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.names import level_order
from geoplan.report.look.offline import clean
from geoplan.tables import GRADES, Outcome
from geoplan.words.catalogue import phrase

#: Width of a map's drawing in its own units; a polygon bends by less than half a unit without being drawn as a bend.
WIDTH = 600
#: Height of the type of the approval number below a map, in units of the drawing.
REVIEW = 22.0


def shapes(base: BaseMap, level: str) -> tuple[str, float]:
    """Return the polygons of `level` (``z0``, ``z1`` … in table order), the quiet base and coarser outlines as SVG, and the height.

    Parameters
    ----------
    base
        What maps are drawn from.
    level
        Level whose zones are filled.

    Returns
    -------
    definitions, height
        Markup for ``<defs>``; height in the drawing's units.
    """
    zones = base.outcome.zones
    own = zones[zones["level"] == level]
    west, south, east, north = own.total_bounds
    scale = WIDTH / max(east - west, 1.0)
    fine = own.geometry.simplify(0.5 / scale)
    paths = [
        f'<path id="z{place}" d="{_path(shape, west, north, scale)}"/>' for place, shape in enumerate(fine)
    ]
    above = [name for name in level_order(zones["level"]) if name in ("district", "town") and name != level]
    frame = shapely.box(west, south, east, north)
    lines = [
        _path(shape, west, north, scale)
        for name in above[:1]
        for shape in shapely.intersection(
            np.asarray(zones[zones["level"] == name].geometry.simplify(0.5 / scale)), frame
        )
    ]
    paths.append(f'<path id="zo" d="{"".join(lines)}"/>')
    ground = []
    for kind, shapes in base.ground.items():
        seen = shapely.clip_by_rect(shapely.simplify(shapes, 0.5 / scale), west, south, east, north)
        drawn = "".join(_path(shape, west, north, scale) for shape in seen)
        style = look.GROUND_STYLES[kind]
        # zones cover the whole picture: what lies beneath their fills is not seen
        if drawn and style.above:
            fill, stroke = ("none", style.colour) if style.width else (style.colour, "none")
            ground.append(
                f'<path fill="{fill}" stroke="{stroke}" stroke-width="{2 * style.width:g}" d="{drawn}"/>'
            )
    paths.append(f'<g id="ground">{"".join(ground)}</g>')
    return "".join(paths), round((north - south) * scale, 1)


#: What lies above the fills of zones: the quiet base, and outlines.
_ABOVE = ('<use href="#ground"/>', '<use href="#zo" class="b"/>')
#: What a zone is drawn as under a rule -> class of its shape.
CLASS_STYLES = {**{code: f"g-{code}" for code in GRADES}, "mean_met": "m", "not_flagged": "o", "unknown": "n"}


def flag_map(outcome: Outcome, level: str, classes: Mapping[str, str], height: float) -> str:
    """Return one small map: flagged zones by grade (`geoplan.report.content.shortfalls.FLAG_CLASSES`), zones without data hatched."""
    zones = outcome.zones
    uses = []
    for place, zone_id in enumerate(zones.index[zones["level"] == level]):
        kind = CLASS_STYLES[classes.get(zone_id, "unknown")]
        uses.append(f'<use href="#z{place}" class="{kind}"/>')
    return _drawing(outcome, [*uses, *_ABOVE], height)


def _drawing(outcome: Outcome, parts: Iterable[str], height: float) -> str:
    """Return a map of these parts, its approval number below: a picture that is taken out of the page keeps it."""
    review = f'<text x="{WIDTH}" y="{height + REVIEW:g}" class="review">{clean(titles.review_line(outcome))}</text>'
    box = f"-2 -2 {WIDTH + 4} {height + REVIEW + 10:g}"
    return f'<svg viewBox="{box}" role="img">{"".join(parts)}{review}</svg>'


def site_map(outcome: Outcome, level: str) -> str:
    """Return a small map of the adopted sites, numbered in order of opening, with its legend, over the zones of `level`."""
    lang, every = outcome.lang, sites.chosen(outcome)
    own = outcome.zones[outcome.zones["level"] == level]
    shown = every[every.geometry.notna()]
    west, south, east, north = own.total_bounds
    scale = WIDTH / max(east - west, 1.0)
    height = round((north - south) * scale, 1)
    points = shapely.get_coordinates(np.asarray(shown.geometry.array))
    # one size for any shape of map: it is printed about as wide as high
    radius = 13.0 if len(shown) <= 40 else 9.0
    served = {zone for serves in every["serves"] for zone in serves}
    unmet = set(unmet_rows(outcome)["zone_id"])
    kinds = ["unmet" if z in unmet else "served" if z in served else "o" for z in own.index]
    parts = [f'<use href="#z{place}" class="{kind}"/>' for place, kind in enumerate(kinds)]
    parts += _ABOVE
    phase_of = sites.phase_places(shown)
    # the first to open lie above the later ones
    for place in reversed(range(len(shown))):
        row = shown.iloc[place]
        x, y = (points[place, 0] - west) * scale, (north - points[place, 1]) * scale
        fill, ink = look.site_colour(phase_of[place]), look.site_ink(phase_of[place])
        if sites.is_generated(row):
            style = f'fill="#fff" stroke="{look.SITE_EDGE}" stroke-width="2.4" stroke-dasharray="5 3.4"'
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius + 5:g}" {style} fill-opacity=".75"/>')
        style = f'fill="{fill}" stroke="{look.site_edge(phase_of[place])}" stroke-width="1.6"'
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" {style}/>')
        parts.append(
            f'<text x="{x:.1f}" y="{y + radius * 0.36:.1f}" text-anchor="middle" font-size="{radius * 1.1:g}" '
            f'font-weight="600" fill="{ink}">{float(row["order"]):.0f}</text>'
        )
    legend, drawn = _site_legend(every, lang, unmet=bool(unmet)), _drawing(outcome, parts, height)
    return f'<div class="legend">{legend}</div><div class="sites">{drawn}</div>'


def _site_legend(every: pd.DataFrame, lang: str, *, unmet: bool) -> str:
    names = [sites.phase_name(year, lang) for year in sites.phases(every)] or [phrase("sites_title", lang)]
    keys = [
        f'<span><span class="dot" style="background:{look.site_colour(place)};border:.5pt solid {look.SITE_EDGE}"></span>'
        f"{clean(name)}</span>"
        for place, name in enumerate(names)
    ]
    if every["generated"].astype(bool).any():
        keys.append(f'<span><span class="dash"></span>{clean(phrase("sites_intent_area", lang))}</span>')
    keys.append(f'<span><i class="served"></i>{clean(phrase("report_site_serves", lang))}</span>')
    if unmet:
        keys.append(f'<span><i class="unmet"></i>{clean(phrase("report_site_unmet", lang))}</span>')
    return "".join((*keys, f"<span>{clean(phrase('basemap_numbers', lang))}</span>"))


def _path(shape: object, west: float, north: float, scale: float) -> str:
    """Return SVG path data of polygons and lines in tenths of a unit, north up."""
    out = []
    parts = shapely.get_parts([shape])
    for line in (*shapely.get_rings(parts), *parts[shapely.get_dimensions(parts) == 1]):
        xy, closed = shapely.get_coordinates(line), line.geom_type == "LinearRing"
        x, y = (xy[:, 0] - west) * scale, (north - xy[:, 1]) * scale
        steps = [f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)]
        if not closed:
            out.append(f"M{'L'.join(steps)}")
        elif len(steps) > 3:
            out.append(f"M{'L'.join(steps[:-1])}Z")
    return "".join(out)
