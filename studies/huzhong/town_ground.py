"""Draw the demo town's streets as ways through numbered points, with gates, crossings and the bridge."""

import itertools

import networkx as nx
import numpy as np
import shapely
import town_streets as ts
from scipy.spatial import Voronoi
from shapely import LineString, Point, Polygon, STRtree
from town_plan import ESTATES, RIVER_WIDTH_M


class Town:
    """The ground being drawn: blocks, streets and where the estates stand. Metres from the middle.

    Attributes
    ----------
    ground
        Points and ways.
    blocks
        Block polygons inside the outline, in the order of `seeds`.
    seeds
        Their middles, shape (n, 2).
    estates
        Estate id -> polygon.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        points = ts.seeds(rng)
        voronoi = Voronoi(points)
        cells = ts.cell_polygons(voronoi)
        kept = np.flatnonzero(ts.inside(points))
        self.seeds, self.blocks = points[kept], [cells[k] for k in kept]
        self.walled = ts.compound_blocks(self.seeds)
        self.compound: Polygon = shapely.union_all(
            [b for b, w in zip(self.blocks, self.walled, strict=True) if w]
        )
        self.corners, graph = ts.block_edges(voronoi)
        self.graph = ts.thin(graph, self.corners, rng)
        self.gates, self.indoors = ts.wall(self.graph, self.corners, self.compound)
        self.ground = ts.Ground()
        self.junction = {n: self.ground.node(*self.corners[n]) for n in sorted(self.graph.nodes)}
        self.drawn: dict[tuple[int, int], list[int]] = {}
        self.estates = self._estate_polygons()
        self._streets()
        self._estate_lanes()
        self._alleys()
        self._promenades()
        self._roads_out()
        self._crossings()

    def _estate_polygons(self) -> dict[str, Polygon]:
        self.estate_block = ts.estate_blocks(self.seeds, self.walled)
        estates = {}
        for row in ESTATES:
            shape = self.compound if row[0] == "XQ05" else self.blocks[self.estate_block[row[0]]]
            estates[row[0]] = shape.buffer(-9, join_style="mitre").simplify(1)
        return estates

    def _bent(self, u: int, v: int) -> list[int]:
        """Return the points of a block edge, bent a little so that no street is a ruler's line."""
        a, b = self.corners[u], self.corners[v]
        length = float(np.hypot(*(b - a)))
        bend = self.rng.uniform(-0.07, 0.07) * length
        steps = np.linspace(0, 1, max(2, int(length // 45) + 1) + 1)[1:-1] if length > 40 else []
        across = np.array([a[1] - b[1], b[0] - a[0]]) / max(length, 1e-9)
        middle = [self.ground.node(*(a + t * (b - a) + bend * np.sin(np.pi * t) * across)) for t in steps]
        return [self.junction[u], *middle, self.junction[v]]

    def _streets(self) -> None:
        bridge = ts.bridge_ends(self.graph, self.corners)
        barred = {n for n in self.graph.nodes if self.compound.buffer(-5).contains(Point(self.corners[n]))}
        for u, v in sorted(self.graph.edges):
            self.drawn[u, v] = self._bent(u, v)
        on_main = set()
        for name, highway, way in ts.main_streets(self.graph, self.corners, bridge, barred):
            run: list[int] = [self.junction[way[0]]]
            for u, v in itertools.pairwise(way):
                if (u, v) == bridge:
                    if len(run) > 1:
                        self.ground.way(run, highway=highway, name=name)
                    ends = [self.junction[u], self.junction[v]]
                    self.ground.way(ends, highway=highway, name="呼中大桥", bridge="yes", layer="1")
                    run = [self.junction[v]]
                    continue
                edge = (min(u, v), max(u, v))
                points = self.drawn[edge] if edge == (u, v) else self.drawn[edge][::-1]
                run += points[1:]
                on_main.add(edge)
            if len(run) > 1:
                self.ground.way(run, highway=highway, name=name)
        for edge in sorted(set(self.drawn) - on_main):
            self._side_street(edge)

    def _side_street(self, edge: tuple[int, int]) -> None:
        points = self.drawn[edge]
        gate = next((g for g in self.gates if tuple(sorted(g)) == edge), None)
        if gate is not None:
            self._gate_street(gate, points)
            return
        middle = (self.corners[edge[0]] + self.corners[edge[1]]) / 2
        away = min(np.hypot(*(middle - c)) for c in ts.CORES)
        draw = self.rng.random()
        if edge in self.indoors:
            self.ground.way(points, highway="service", access="private")
        elif ts.on_hill(*middle):
            self.ground.way(points, highway="steps" if draw < 0.12 else "path")
        elif away < 450:
            classes = ("residential", "living_street", "pedestrian", "footway")
            self.ground.way(points, highway=classes[int(np.searchsorted((0.72, 0.86, 0.92), draw))])
        elif away < 1000:
            classes = ("residential", "service", "footway")
            self.ground.way(points, highway=classes[int(np.searchsorted((0.75, 0.9), draw))])
        else:
            classes = ("unclassified", "track", "path")
            self.ground.way(points, highway=classes[int(np.searchsorted((0.6, 0.85), draw))])

    def _gate_street(self, gate: tuple[int, int], points: list[int]) -> None:
        """Draw the street through the wall: public up to the gate, private behind it."""
        outer_first = points if points[0] == self.junction[gate[0]] else points[::-1]
        xy = np.array([self.ground.points[p] for p in outer_first])
        line = LineString(xy)
        at = min(10.0, line.length / 2)  # the outer end stands on the street round the wall
        spot = line.interpolate(at)
        name = ts.GATES[self.gates.index(gate)]
        tags = {"access": "no", "locked": "yes"} if name == ts.CLOSED_GATE else {"foot": "yes"}
        valve = self.ground.node(spot.x, spot.y, barrier="gate", name=name, **tags)
        before = [p for p, q in zip(outer_first, xy, strict=True) if line.project(Point(q)) < at - 1]
        after = [p for p, q in zip(outer_first, xy, strict=True) if line.project(Point(q)) > at + 1]
        self.ground.way([*before, valve], highway="service")
        self.ground.way([valve, *after], highway="service", access="private")

    def _middles(self) -> tuple[np.ndarray, np.ndarray, STRtree]:
        """Return middle points of side streets, their coordinates, and a tree of all lines."""
        private = {
            p for points, tags in self.ground.streets if tags.get("access") == "private" for p in points
        }
        middles = sorted({p for points in self.drawn.values() for p in points[1:-1]} - private)
        xy = np.array([self.ground.points[p] for p in middles])
        lines = [LineString([self.ground.points[p] for p in points]) for points, _ in self.ground.streets]
        return np.array(middles), xy, STRtree(lines)

    def _sight(self, tree: STRtree, start: np.ndarray, end: np.ndarray) -> bool:
        """Return True where a lane from a street point to `end` meets no other street."""
        lane = LineString([start + 0.08 * (end - start), end])
        return len(tree.query(lane, predicate="intersects")) == 0

    def _round_block(self, block: Polygon, count: int) -> list[int]:
        """Return up to `count` street points round a block that see its middle, well apart."""
        centre = np.array(block.representative_point().coords[0])
        order = np.argsort(np.hypot(*(self.xy - centre).T), kind="stable")[:24]
        chosen: list[int] = []
        for k in order:
            near_block = block.distance(Point(self.xy[k])) < 16
            apart = all(np.hypot(*(self.xy[k] - self.xy[c])) > 60 for c in chosen)
            if near_block and apart and self._sight(self.tree, self.xy[k], centre):
                chosen.append(int(k))
        if count == 2 and len(chosen) > 2:
            return max(
                itertools.combinations(chosen, 2),
                key=lambda c: float(np.hypot(*(self.xy[c[0]] - self.xy[c[1]]))),
            )
        return chosen[:count]

    def _estate_lanes(self) -> None:
        """Draw the private lanes of estates of one block, with an open gate at each end."""
        self.middles, self.xy, self.tree = self._middles()
        for row in ESTATES:
            if row[0] == "XQ05":
                continue
            block = self.blocks[self.estate_block[row[0]]]
            hub = self.ground.node(*block.representative_point().coords[0])
            centre = np.array(self.ground.points[hub])
            for number, k in enumerate(self._round_block(block, 2), start=1):
                start = self.xy[k]
                at = start + (centre - start) * min(0.5, 12 / float(np.hypot(*(centre - start))))
                gate = self.ground.node(*at, barrier="gate", foot="yes", name=f"{row[1]}{number}号门")
                self.ground.way([int(self.middles[k]), gate], highway="service")
                self.ground.way([gate, hub], highway="service", access="private", name=f"{row[1]}内部路")

    def _alleys(self) -> None:
        """Draw dead ends and passages inside blocks."""
        built = set(self.estate_block.values())
        for number, block in enumerate(self.blocks):
            centre = np.array(block.representative_point().coords[0])
            draw, turn = self.rng.random(2)
            if number in built or self.walled[number] or ts.on_hill(*centre) or draw > 0.55:
                continue
            ends = self._round_block(block, 2 if draw < 0.3 else 1)
            if not ends or abs(centre[1] - float(ts.river_y(centre[0]))) < RIVER_WIDTH_M:
                continue
            if len(ends) == 2:
                hub = self.ground.node(*centre)
                points = [int(self.middles[ends[0]]), hub, int(self.middles[ends[1]])]
                self.ground.way(points, highway="footway" if turn < 0.7 else "path")
            else:
                stop = self.xy[ends[0]] + (0.55 + 0.4 * turn) * (centre - self.xy[ends[0]])
                points = [int(self.middles[ends[0]]), self.ground.node(*stop)]
                self.ground.way(points, highway="service" if turn < 0.6 else "residential")

    def _promenades(self) -> None:
        """Draw a footway along each bank, joined to the streets about every 250 m."""
        numbers = list(self.junction.values())
        xy = np.array([self.ground.points[p] for p in numbers])
        for side in (-1, 1):
            line = ts.river_line().offset_curve(48.0 * side)
            spots = [line.interpolate(at) for at in np.arange(0, line.length, 62.0)]
            spots = [s for s in spots if ts.inside(np.array([[s.x, s.y]]), grow=0.93)[0]]
            path = [self.ground.node(s.x, s.y) for s in sorted(spots, key=lambda s: s.x)]
            self.ground.way(path, highway="footway", name="滨河北步道" if side > 0 else "滨河南步道")
            bank = np.flatnonzero(np.sign(xy[:, 1] - ts.river_y(xy[:, 0])) == side)
            for point in path[2::4]:
                near = bank[np.argmin(np.hypot(*(xy[bank] - self.ground.points[point]).T))]
                self.ground.way([numbers[near], point], highway="footway")

    def _roads_out(self) -> None:
        numbers = list(self.junction.values())
        xy = np.array([self.ground.points[p] for p in numbers])
        for start, end in ts.ROADS_OUT:
            near = int(np.argmin(np.hypot(*(xy - start).T)))
            a, b = xy[near], np.array(end, dtype=float)
            steps = np.linspace(0, 1, 14)[1:]
            across = np.array([a[1] - b[1], b[0] - a[0]]) * 0.03
            points = [self.ground.node(*(a + t * (b - a) + across * np.sin(5 * t))) for t in steps]
            self.ground.way([numbers[near], *points], highway="unclassified", name="林场公路")

    def _crossings(self) -> None:
        for points, tags in list(self.ground.streets):
            if tags["highway"] == "secondary" or tags.get("name") == "中央路":
                for point in points[3:-3:6]:
                    self.ground.node_tags.setdefault(point, {"highway": "crossing", "crossing": "zebra"})

    def street_graph(self) -> nx.Graph:
        """Return the streets as a plain graph of points with `length`, for placing facilities beside them."""
        graph = nx.Graph()
        for points, tags in self.ground.streets:
            for u, v in itertools.pairwise(points):
                a, b = self.ground.points[u], self.ground.points[v]
                graph.add_edge(u, v, length=float(np.hypot(a[0] - b[0], a[1] - b[1])), **tags)
        return graph
