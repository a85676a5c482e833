"""The demo town's ground: river, blocks, streets, compounds and gates, in metres from the middle.

Blocks are Voronoi cells of relaxed random points, small in the cores and large outside, with pairs of points along the
river so that its middle parts cells. Streets are their edges, less those in the water and some taken at random (never
one that the town hangs on), plus alleys, passages, a promenade on each bank, one bridge, and paths and steps on hills.
"""

import itertools
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
import shapely
from scipy.spatial import KDTree, Voronoi
from shapely import LineString, Point, Polygon
from town_plan import (
    BRIDGE_X,
    CLOSED_GATE,
    COMPOUND,
    CORES,
    ESTATES,
    HILLS,
    OPEN_GATE,
    OUTLINE_M,
    RIVER_WIDTH_M,
)

#: Named main streets: name, class, and the points (metres from the middle) that each leads past.
MAIN_STREETS = (
    (
        "兴安大街",
        "secondary",
        ((-2000, -520), (-1300, -560), (-450, -480), (400, -560), (1100, -420), (1950, -350)),
    ),
    ("中央路", "tertiary", ((-380, -1560), (-420, -1000), (-300, -450), "bridge", (20, 800), (100, 1560))),
    ("北秀路", "tertiary", ((-1900, 700), (-1300, 800), (-700, 780), (150, 780), (1000, 820), (1900, 650))),
    ("站前路", "tertiary", ((-1350, -1100), (-1300, -560), (-1150, -150))),
    ("松涛路", "tertiary", ((-750, 1480), (-760, 1000), (-700, 480))),
    ("碧水路", "tertiary", ((1150, 1380), (1080, 850), (1050, 400))),
    ("南苑路", "tertiary", ((-1250, -1000), (-480, -1180), (300, -1150), (800, -1350))),
)
#: Roads out of town, so that streets do not end with the study area: from, to (metres).
ROADS_OUT = (
    ((-2000, -520), (-4500, -900)),
    ((1950, -350), (4500, -700)),
    ((100, 1560), (350, 4100)),
    ((-380, -1560), (-700, -4100)),
)


@dataclass
class Ground:
    """Junctions and the streets between them. A street is its line's points and its tags."""

    points: list[tuple[float, float]] = field(default_factory=list)
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    streets: list[tuple[list[int], dict[str, str]]] = field(default_factory=list)

    def node(self, x: float, y: float, **tags: str) -> int:
        """Add a point and return its number."""
        self.points.append((round(float(x), 3), round(float(y), 3)))
        if tags:
            self.node_tags[len(self.points) - 1] = tags
        return len(self.points) - 1

    def way(self, nodes: list[int], **tags: str) -> None:
        """Add a street through `nodes`."""
        self.streets.append((nodes, tags))


def river_line() -> LineString:
    """Return the middle of the river, from far west to far east of the town."""
    x = np.arange(-7000.0, 7001.0, 60.0)
    return LineString(np.column_stack([x, river_y(x)]))


def river_y(x: np.ndarray | float) -> np.ndarray | float:
    """Return the river's y at x, metres."""
    return 170 + 190 * np.sin((x + 500) / 620) + 70 * np.sin(x / 270)


def river_polygon() -> Polygon:
    """Return the water."""
    return river_line().buffer(RIVER_WIDTH_M / 2, quad_segs=4).simplify(0.5)


def inside(xy: np.ndarray, grow: float = 1.0) -> np.ndarray:
    """Return True for points inside the town's outline, a wavy ellipse."""
    angle = np.arctan2(xy[:, 1], xy[:, 0])
    wave = 1 + 0.06 * np.sin(3 * angle + 1) + 0.04 * np.sin(7 * angle)
    return np.hypot(xy[:, 0] / OUTLINE_M[0], xy[:, 1] / OUTLINE_M[1]) < wave * grow


def seeds(rng: np.random.Generator) -> np.ndarray:
    """Return the middles of blocks: thrown darts with a gap that grows away from the cores, relaxed once."""
    line = river_line()
    along = np.arange(3800.0, 10200.0, 118.0)
    bank = []
    for at in along:
        here, ahead = line.interpolate(at), line.interpolate(at + 1)
        tx, ty = ahead.x - here.x, ahead.y - here.y
        bank += [(here.x - 76 * ty, here.y + 76 * tx), (here.x + 76 * ty, here.y - 76 * tx)]
    kept = [np.array(p) for p in bank]
    darts = rng.uniform((-2800, -2400), (2800, 2400), size=(24000, 2))
    darts = darts[inside(darts, grow=1.22)]
    wet = shapely.distance(shapely.points(darts), line) < 125
    for dart in darts[~wet]:
        core = min(np.hypot(*(dart - c)) for c in CORES)
        gap = np.clip(70 + 0.045 * core, 70, 140)
        if np.min(np.hypot(*(np.array(kept) - dart).T)) >= gap:
            kept.append(dart)
    points = np.array(kept)
    # one half-step of Lloyd's relaxation, the river's own pairs held fast
    cells = cell_polygons(Voronoi(points))
    for k in range(len(bank), len(points)):
        if cells[k] is not None and inside(points[k : k + 1], grow=1.1)[0]:
            points[k] += 0.5 * (np.array(cells[k].centroid.coords[0]) - points[k])
    return np.round(points, 3)


def cell_polygons(voronoi: Voronoi) -> list[Polygon | None]:
    """Return the cell of each point, None for open ones."""
    cells: list[Polygon | None] = []
    for region in voronoi.point_region:
        corners = voronoi.regions[region]
        cells.append(None if not corners or -1 in corners else Polygon(voronoi.vertices[corners]))
    return cells


def on_hill(x: float, y: float) -> bool:
    """Return True on the upper part of a hill."""
    return any(np.hypot(x - hx, y - hy) < 0.8 * radius for hx, hy, radius, _ in HILLS)


def block_edges(voronoi: Voronoi) -> tuple[np.ndarray, nx.Graph]:
    """Return corner coordinates and the graph of block edges on dry land inside the town."""
    within = inside(voronoi.points)
    corners = np.round(voronoi.vertices, 3)
    graph = nx.Graph()
    for (p, q), (u, v) in zip(voronoi.ridge_points, voronoi.ridge_vertices, strict=True):
        if -1 not in (u, v) and (within[p] or within[q]):
            graph.add_edge(min(u, v), max(u, v))
    # corners closer than 14 m become one
    short = nx.Graph()
    short.add_nodes_from(sorted(graph.nodes))
    short.add_edges_from((u, v) for u, v in graph.edges if np.hypot(*(corners[u] - corners[v])) < 14)
    stands_for = {n: min(group) for group in nx.connected_components(short) for n in group}
    for group in nx.connected_components(short):
        corners[min(group)] = corners[sorted(group)].mean(axis=0)
    merged = nx.Graph()
    water = river_polygon().buffer(12)
    for u, v in sorted(graph.edges):
        a, b = sorted((stands_for[u], stands_for[v]))
        if a != b and not water.intersects(LineString(corners[[a, b]])):
            merged.add_edge(int(a), int(b), length=float(np.hypot(*(corners[a] - corners[b]))))
    banks = sorted(nx.connected_components(merged), key=lambda c: (-len(c), min(c)))[:2]
    return corners, sorted_graph(merged.subgraph(set.union(*banks)))


def sorted_graph(graph: nx.Graph) -> nx.Graph:
    """Return a copy whose nodes and edges stand in order, so that later walks over it do too."""
    copy = nx.Graph()
    copy.add_nodes_from(sorted(graph.nodes))
    copy.add_edges_from(sorted((min(u, v), max(u, v), data) for u, v, data in graph.edges(data=True)))
    return copy


def thin(graph: nx.Graph, corners: np.ndarray, rng: np.random.Generator) -> nx.Graph:
    """Take away one edge in ten (on hills one in three), never one that would part the town."""
    for _, _, data in graph.edges(data=True):
        data["draw"] = float(rng.random())
    tree = set(map(tuple, map(sorted, nx.minimum_spanning_edges(graph, weight="draw", data=False))))
    for u, v in sorted(graph.edges):
        middle = (corners[u] + corners[v]) / 2
        share = 0.33 if on_hill(*middle) else 0.09
        if (u, v) not in tree and rng.random() < share:
            graph.remove_edge(u, v)
    return graph


def compound_blocks(points: np.ndarray) -> np.ndarray:
    """Return which blocks stand behind the wall of the walled compound."""
    x, y, a, b = COMPOUND
    return np.hypot((points[:, 0] - x) / a, (points[:, 1] - y) / b) < 1


def wall(
    graph: nx.Graph, corners: np.ndarray, compound: Polygon
) -> tuple[list[tuple[int, int]], set[tuple[int, int]]]:
    """Cut the streets through the compound's wall, but for the westernmost and easternmost, which get gates.

    Returns the two edges with gates (outer end first) and the edges inside.
    """
    core = compound.buffer(-5)
    within = {n for n in graph.nodes if core.contains(Point(corners[n]))}
    inner = {(u, v) for u, v in graph.edges if u in within and v in within}
    through = [(v, u) if u in within else (u, v) for u, v in graph.edges if (u in within) != (v in within)]
    main = max(nx.connected_components(graph.subgraph(within)), key=len)
    through = sorted((edge for edge in through if edge[1] in main), key=lambda e: corners[e[0]][0])
    gates = [through[0], through[-1]]
    doomed = [
        e
        for e in graph.edges
        if (e[0] in within) != (e[1] in within) and e not in gates and e[::-1] not in gates
    ]
    graph.remove_edges_from(doomed)
    graph.remove_nodes_from(sorted(within - main))
    return gates, {e for e in inner if e[0] in main}


def main_streets(
    graph: nx.Graph, corners: np.ndarray, bridge: tuple[int, int], barred: set[int]
) -> list[tuple[str, str, list[int]]]:
    """Return name, class and junctions of each named street: the shortest way past its points.

    Where one would run along another it leaves the shared stretch to the first, and comes in two parts.
    """
    open_streets = graph.subgraph([n for n in graph.nodes if n not in barred])
    nodes = np.array(sorted(open_streets.nodes))
    tree = KDTree(corners[nodes])
    ways: list[tuple[str, str, list[int]]] = []
    used: set[tuple[int, int]] = set()
    for name, highway, stops in MAIN_STREETS:
        at: list[int] = []
        for stop in stops:
            at += list(bridge) if stop == "bridge" else [int(nodes[tree.query(stop)[1]])]
        way = [at[0]]
        for u, v in itertools.pairwise(at):
            step = [u, v] if (u, v) == bridge else nx.shortest_path(open_streets, u, v, weight="length")
            way += step[1:]
        edges = list(itertools.pairwise(way))
        known = [(min(e), max(e)) in used for e in edges]
        for taken, run in itertools.groupby(zip(known, edges, strict=True), key=lambda pair: pair[0]):
            stretch = [edge for _, edge in run]
            if not taken:
                ways.append((name, highway, [stretch[0][0], *(v for _, v in stretch)]))
        used |= {(min(e), max(e)) for e in edges}
    return ways


def bridge_ends(graph: nx.Graph, corners: np.ndarray) -> tuple[int, int]:
    """Return the junctions, south and north, that the bridge joins."""
    at = np.array([BRIDGE_X, float(river_y(BRIDGE_X))])
    nodes = np.array(sorted(graph.nodes))
    ends = []
    for side in (-1, 1):
        bank = nodes[np.sign(corners[nodes][:, 1] - river_y(corners[nodes][:, 0])) == side]
        ends.append(int(bank[np.argmin(np.hypot(*(corners[bank] - at).T))]))
    return ends[0], ends[1]


def estate_blocks(points: np.ndarray, compound: np.ndarray) -> dict[str, int]:
    """Return the block of each estate (the walled compound has many)."""
    taken = {}
    for row in ESTATES:
        away = np.hypot(*(points - np.array(row[-1])).T) + 1e6 * (compound | ~inside(points))
        taken[row[0]] = int(np.argmin(away))
    return taken


GATES = (CLOSED_GATE, OPEN_GATE)
