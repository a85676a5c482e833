"""Ways that a scenario adds to the streets: each splits the streets that its ends join, and is walked both ways."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import LineString, Point
from shapely.ops import substring

from geoplan.inputs import datum as datums
from geoplan.network.pace import walking_costs
from geoplan.study.scenario import Link, Scenario
from geoplan.words.errors import Note

#: An end joins the nearest street within so many metres.
JOIN_M = 50.0
#: Nearer to the end of a street than this, metres, it joins there.
AT_END_M = 0.5
#: What it costs to walk an edge, shared out where an edge is split.
_COSTS = ("fwd_m", "bwd_m", "fixed_fwd_s", "fixed_bwd_s")


def with_links(
    nodes: pd.DataFrame, edges: gpd.GeoDataFrame, scenario: Scenario
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, list[Note], list[Note]]:
    """Return nodes and edges with the scenario's links, what was added, and what cannot be.

    Tables are those of `geoplan.pipeline.gather.Inputs`. An edge that an end joins is split there; its parts share its metres and seconds by
    their lengths. New nodes and edges stand behind all others.
    """
    notes, wrong = list[Note](), list[Note]()
    for number, link in enumerate(scenario.links):
        xy = _line(link, edges)
        metres = [_nearest(edges, Point(end))[1] for end in (xy[0], xy[-1])]
        words = {"name": link.name, "metres": f"{max(metres):,.0f}", "join_m": f"{JOIN_M:g}"}
        is_far = max(metres) > JOIN_M
        note = Note.of(
            "scenario_link_far" if is_far else "scenario_link",
            file=scenario.path.name,
            row=scenario.line(f"links.{number}"),
            severity="error" if is_far else "info",
            **words,
        )
        (wrong if is_far else notes).append(note)
        if not is_far:
            nodes, edges, start = _joined(nodes, edges, Point(xy[0]))
            nodes, edges, stop = _joined(nodes, edges, Point(xy[-1]))
            edges = _with_edge(nodes, edges, link, (start, stop), xy)
    return nodes, edges, notes, wrong


def _line(link: Link, edges: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    """Return the points of a link in the CRS of the streets."""
    datum = link.datum if isinstance(link.datum, str) else [point.model_dump() for point in link.datum]
    points = datums.to_crs(gpd.GeoSeries(shapely.points(link.line)), datum=datum, crs=edges.crs)
    return [(point.x, point.y) for point in points]


def _nearest(edges: gpd.GeoDataFrame, point: Point) -> tuple[int, float]:
    """Return the position of the street on the ground that is nearest to a point, and how far it is, metres on the map."""
    closed = np.isinf(edges[["fixed_fwd_s", "fixed_bwd_s"]]).all(axis=1).to_numpy()
    metres = shapely.distance(edges.geometry.array, point)
    usable = edges["on_ground"].to_numpy(dtype=bool) & ~closed & (shapely.length(edges.geometry.array) > 0)
    metres = np.where(usable, metres, np.inf)
    at = int(np.argmin(metres))
    return at, float(metres[at])


def _joined(
    nodes: pd.DataFrame, edges: gpd.GeoDataFrame, point: Point
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, int]:
    """Return nodes and edges with a node on the street nearest to a point, and that node."""
    at, _ = _nearest(edges, point)
    row, line = edges.iloc[at], edges.geometry.iloc[at]
    along = float(line.project(point))
    if along <= AT_END_M or along >= line.length - AT_END_M:
        return nodes, edges, int(row["u"] if along <= line.length / 2 else row["v"])
    node, foot = int(nodes.index.max()) + 1, line.interpolate(along)
    index = pd.Index([node], name=nodes.index.name)
    new = pd.DataFrame({"x": foot.x, "y": foot.y, "kind": "", "name": ""}, index=index)[list(nodes.columns)]
    dtypes = {str(name): kind for name, kind in nodes.dtypes.items()}
    nodes = pd.concat([nodes, new.astype(dtypes)])
    parts = edges.iloc[[at, at]].copy()
    parts["u"], parts["v"] = [int(row["u"]), node], [node, int(row["v"])]
    parts = parts.set_geometry([substring(line, 0.0, along), substring(line, along, line.length)])
    share = np.array([along, line.length - along]) / line.length
    for cost in _COSTS:
        parts[cost] = parts[cost].to_numpy() * share
    others = edges.drop(index=edges.index[at])
    return nodes, _numbered([others, gpd.GeoDataFrame(parts, crs=edges.crs)], edges), node


def _with_edge(
    nodes: pd.DataFrame,
    edges: gpd.GeoDataFrame,
    link: Link,
    ends: tuple[int, int],
    xy: list[tuple[float, float]],
) -> gpd.GeoDataFrame:
    """Return the edges with the link as one more, from node to node."""
    first, last = ([tuple(nodes.loc[end, ["x", "y"]].astype(float))] for end in ends)
    line = LineString([*first, *xy, *last])
    told = {
        "u": ends[0],
        "v": ends[1],
        "highway": "footway",
        "access": "open",
        "name": link.name,
        "on_ground": True,
    }
    blank = {"O": "", "f": np.nan, "i": 0, "b": False}
    kinds = {str(name): kind.kind for name, kind in edges.dtypes.items()}
    values = {name: told.get(name, blank.get(kind, "")) for name, kind in kinds.items() if name != "geometry"}
    values |= {"fixed_fwd_s": 0.0, "fixed_bwd_s": 0.0}
    own = gpd.GeoDataFrame([values], geometry=[line], crs=edges.crs)
    dtypes = {name: kind for name, kind in edges.dtypes.items() if name not in ("geometry", "fwd_m", "bwd_m")}
    costed = walking_costs(nodes, own.drop(columns=["fwd_m", "bwd_m"]).astype(dtypes))
    return _numbered([edges, costed], edges)


def _numbered(tables: list[gpd.GeoDataFrame], like: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    joined = pd.concat(tables, ignore_index=True)[list(like.columns)]
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=like.crs).rename_axis(like.index.name)
