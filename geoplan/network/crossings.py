"""Who waits at a crossing: those who cross the road, not those who walk along it.

At a crossing the ends of ways that lead over the road are charged half of the wait each: passing over it costs the whole, turning
from the road onto the crossing half, walking along the road nothing. Where only the road has ends, the map holds no way
over it, and nobody is charged.
"""

from itertools import combinations
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.inputs.streets import VALVES
from geoplan.inputs.streets.walk_table import ACROSS, FOOT_CLASSES, WALKED
from geoplan.tables import check_columns

Floats = npt.NDArray[np.float64]

#: Roads from the largest down, as far as one is walked along; a class not listed is the smallest.
_RANK = {name: rank for rank, name in enumerate(WALKED)}
#: Ends of the road that one may walk along at a crossing.
THROUGH = 2


class Crossings(NamedTuple):
    """Ends of each edge at which one crosses (0-2), tagged crossings in the network, and those without a way over the road."""

    ends: Floats
    tagged: int
    without_way: int


def crossings(nodes: pd.DataFrame, edges: gpd.GeoDataFrame) -> Crossings:
    """Return at which ends of edges one crosses a road.

    At each crossing the road is what is no way for walkers (`FOOT_CLASSES`); where only these meet, cycleways that others cross. Of more
    than two ends of roads the two that belong together are the road: those of the largest classes, then the straightest. Every other
    end leads over it.

    Parameters
    ----------
    nodes
        ``kind``, by node id.
    edges
        ``u, v, highway, geometry``; valves part one place into several nodes and are no ends of their own.

    Returns
    -------
    crossings
        ``ends`` in the order of `edges`.
    """
    check_columns(nodes, ["kind"], name="nodes")
    check_columns(edges, ["u", "v", "highway", "geometry"], name="edges")
    valve = edges["highway"].isin(VALVES).to_numpy()
    copies = pd.Series(edges.loc[valve, "u"].to_numpy(), index=edges.loc[valve, "v"].to_numpy())
    tagged = nodes.index[nodes["kind"] == "crossing"]
    sides = []
    for side in ("u", "v"):
        node = edges[side].to_numpy()
        row = np.flatnonzero(~valve & np.isin(node, tagged))
        at = pd.Series(node[row])
        place = at.map(copies).fillna(at).astype("int64")
        sides.append(pd.DataFrame({"place": place, "edge": row, "last": side == "v"}))
    ends = pd.concat(sides, ignore_index=True)
    ends["highway"] = edges["highway"].to_numpy()[ends["edge"]]
    ends["over"] = ends["highway"].isin((*FOOT_CLASSES, ACROSS))
    by_place = ends.groupby("place")
    bicycles = by_place["over"].transform("all") & (ends["highway"] == "cycleway")
    crossed = (ends["highway"] != "cycleway").groupby(ends["place"]).transform("any")
    ends.loc[bicycles & crossed, "over"] = False
    roads = ends[~ends["over"]]
    several = roads[roads.groupby("place")["edge"].transform("size") > THROUGH]
    for _, junction in several.groupby("place"):
        ends.loc[junction.index.difference(_road(junction, edges)), "over"] = True
    counted = np.bincount(ends.loc[ends["over"], "edge"], minlength=len(edges)).astype(np.float64)
    with_way = by_place["over"].any()
    return Crossings(counted, len(with_way), int((~with_way).sum()))


def _road(ends: pd.DataFrame, edges: gpd.GeoDataFrame) -> pd.Index:
    """Return the two of several ends of roads that are one road: of the largest classes, then the straightest."""
    rank = [_RANK.get(highway, len(_RANK)) for highway in ends["highway"]]
    heading = [
        _heading(edges.geometry.iloc[edge], last=last)
        for edge, last in zip(ends["edge"], ends["last"], strict=True)
    ]
    pairs = combinations(range(len(ends)), THROUGH)
    best = min(
        pairs,
        key=lambda pair: (
            *sorted((rank[k] for k in pair), reverse=True),
            _bend(*(heading[k] for k in pair)),
            pair,
        ),
    )
    return ends.index[list(best)]


def _heading(line: shapely.LineString, *, last: bool) -> float:
    """Return the direction in which a line leaves its first or last place, radians."""
    xy = shapely.get_coordinates(line)
    x, y = (xy[-2] - xy[-1]) if last else (xy[1] - xy[0])
    return float(np.arctan2(y, x))


def _bend(a: float, b: float) -> float:
    """Return how far two directions are from opposite each other, in thousandths of a radian, so that rounding ties nothing."""
    return round(1000 * abs((a - b) % (2 * np.pi) - np.pi))
