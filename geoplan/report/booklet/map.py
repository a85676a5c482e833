"""Small static maps for the printed page: SVG, every polygon once, restyled per map by class."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.report import look

#: Width of a map's drawing in its own units; a polygon bends by less than half a unit without being drawn as a bend.
WIDTH = 600


def shapes(zones: gpd.GeoDataFrame, level: str) -> tuple[str, float]:
    """Return the polygons of `level` (``z0``, ``z1`` … in table order) and coarser outlines as SVG, and the height.

    Parameters
    ----------
    zones
        As in `geoplan.tables`, metric.
    level
        Level whose zones are filled.

    Returns
    -------
    definitions, height
        Markup for ``<defs>``; height in the drawing's units.
    """
    own = zones[zones["level"] == level]
    west, south, east, north = own.total_bounds
    scale = WIDTH / max(east - west, 1.0)
    fine = own.geometry.simplify(0.5 / scale)
    paths = [
        f'<path id="z{place}" d="{_path(shape, west, north, scale)}"/>' for place, shape in enumerate(fine)
    ]
    above = [
        name for name in look.level_order(zones["level"]) if name in ("district", "town") and name != level
    ]
    frame = shapely.box(west, south, east, north)
    lines = [
        _path(shape, west, north, scale)
        for name in above[:1]
        for shape in shapely.intersection(
            np.asarray(zones[zones["level"] == name].geometry.simplify(0.5 / scale)), frame
        )
    ]
    outline = f'<path id="zo" d="{"".join(lines)}"/>'
    return "".join(paths) + outline, round((north - south) * scale, 1)


def flag_map(zones: gpd.GeoDataFrame, level: str, flagged: Mapping[str, object], height: float) -> str:
    """Return one small map: flagged zones in the strong colour, zones without data hatched."""
    uses = []
    for place, zone_id in enumerate(zones.index[zones["level"] == level]):
        value = flagged.get(zone_id, pd.NA)
        kind = "n" if look.missing(value) else "f" if value else "o"
        uses.append(f'<use href="#z{place}" class="{kind}"/>')
    return f'<svg viewBox="-2 -2 {WIDTH + 4} {height + 4:g}" role="img">{"".join(uses)}<use href="#zo" class="b"/></svg>'


def _path(shape: object, west: float, north: float, scale: float) -> str:
    """Return SVG path data in tenths of a unit, north up."""
    out = []
    for ring in shapely.get_rings(shapely.get_parts([shape])):
        xy = shapely.get_coordinates(ring)
        x, y = (xy[:, 0] - west) * scale, (north - xy[:, 1]) * scale
        steps = [f"{a:.1f} {b:.1f}" for a, b in zip(x[:-1], y[:-1], strict=True)]
        if len(steps) > 2:
            out.append(f"M{'L'.join(steps)}Z")
    return "".join(out)
