"""Context zones: neighbours whose people and facilities share supply with those of the study, and which are never judged.

They stand in a table of their own, so that whatever judges, sums or draws the zones of the study cannot meet them. What the study
has itself is left out of them, and so is what lies too far away to share anything.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.inputs.boundaries.checks import shared_areas
from geoplan.words.errors import Note

AREA = "area/area"


def neighbours_of(
    zones: gpd.GeoDataFrame, others: gpd.GeoDataFrame, *, within_m: float, least_outside: float
) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Return the context zones among `others`, and what was left out.

    Parameters
    ----------
    zones
        `tables.ZONES` of the study, with its area.
    others
        `tables.ZONES` of the context layers, joined like those of the study.
    within_m
        How far from the study area people still share supply, metres; zones farther away are left out.
    least_outside
        Share (0-1) of a zone's area that must lie outside of the study area; one with less is the study's own.

    Returns
    -------
    context
        Zones without zones below them, and those above these, columns as in `others`. ``covered_share`` is the part of the zone
        that lies outside of the study area and within reach of it: of a zone's total only that part competes. ``parent_id`` is
        null where no context zone stands above.
    notes
        How many are used and how many were left out.
    """
    area = zones.geometry[AREA]
    table = others[others["level"] != "area"]
    shapes = table.geometry.to_numpy()
    m2 = np.nan_to_num(shapely.area(shapes))
    beyond = shapely.difference(shapes, area)
    outside = np.divide(np.nan_to_num(shapely.area(beyond)), m2, out=np.zeros(len(m2)), where=m2 > 0)
    own = table.index.isin(zones.index) | (outside < least_outside)
    near = shapely.dwithin(shapes, area, within_m)
    leaf = ~table.index.isin(table["parent_id"].dropna())
    used = leaf & ~own & near
    kept = used | table.index.isin(_ancestors(table, used)) & ~table.index.isin(zones.index)
    share = pd.Series(outside, table.index)
    held = shared_areas(beyond[used], shapes[kept & ~used])
    share[kept & ~used] = np.bincount(held["right"], weights=held["m2"], minlength=int((kept & ~used).sum())) / m2[kept & ~used]  # fmt: skip

    context = table[kept].assign(covered_share=share[kept].clip(upper=1.0))
    parents = context["parent_id"].astype(object)
    context["parent_id"] = parents.where(parents.isin(context.index), None)
    words: dict[str, Any] = {
        "count": int(used.sum()),
        "own": int((leaf & own).sum()),
        "far": int((leaf & ~own & ~near).sum()),
        "km": f"{within_m / 1000:.1f}",
    }
    severity = "info" if used.any() else "warning"
    return context, [Note.of("zones_context_used", severity=severity, **words)]


#: Gaps between zones up to twice this wide come from digitising, metres; holes up to this large are parks, campuses and water, m².
#: Neither is another place, and nobody is counted in them.
GAP_M, HOLE_M2 = 25.0, 1e6


def closed_land(shapes: np.ndarray) -> shapely.Geometry:
    """Return the land of polygons (null allowed) with the gaps between them and the small holes in them closed."""
    whole = shapely.union_all(shapes[~shapely.is_missing(shapes)])
    whole = whole.buffer(GAP_M, join_style="mitre").buffer(-GAP_M, join_style="mitre").union(whole)
    parts = []
    for part in shapely.get_parts(whole):
        rings = shapely.get_rings(part)[1:]
        large = rings[shapely.area(shapely.polygons(rings)) > HOLE_M2] if len(rings) else rings
        parts.append(shapely.polygons(shapely.get_exterior_ring(part), large))
    land = shapely.union_all(parts)
    shapely.prepare(land)
    return land


def leads_out(zones: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, *, within_m: float) -> "pd.Series[bool]":
    """Return for each zone whether walkable streets outside of the study area lie within `within_m` metres of it.

    Parameters
    ----------
    zones
        `tables.ZONES`, with its area.
    streets
        Lines, metric CRS; where there is a column ``access``, closed ways are no way out.
    """
    lines = streets.geometry[streets["access"] != "closed"] if "access" in streets else streets.geometry
    land = closed_land(np.array([zones.geometry[AREA]], dtype=object))
    beyond = lines.to_numpy()[~shapely.covers(land, lines.to_numpy())]
    beyond = shapely.difference(beyond, land)
    beyond = beyond[shapely.length(beyond) > 0]
    found = shapely.STRtree(beyond).query_nearest(
        zones.geometry.to_numpy(), max_distance=within_m, all_matches=False
    )
    return pd.Series(np.isin(np.arange(len(zones)), found[0]), zones.index)


def with_context(zones: gpd.GeoDataFrame, context: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return the zones of a study with its context zones behind them, columns as those of the study's and totals of both."""
    if context is None or not len(context):
        return zones
    totals = [column for column in context.columns if str(column).startswith("given_")]
    columns = dict.fromkeys([*zones.columns, *totals])
    joined: gpd.GeoDataFrame = pd.concat([zones, context[[c for c in columns if c in context.columns]]])
    return joined[list(columns)]


def _ancestors(table: pd.DataFrame, used: np.ndarray) -> set[str]:
    """Return the zones above those that are used."""
    up = table["parent_id"].to_dict()
    found = set[str]()
    for zone in table.index[used]:
        above = up[zone]
        while above in up and above not in found:
            found.add(above)
            above = up[above]
    return found
