"""Streets for tests: tables from points and links, a slow, plain oracle of the searches, written from the street tables alone, and places on a graph."""

import heapq

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely


def streets(points, links, *, first_edge=100, **columns):
    """Nodes 10, 11, … at `points`; edges from `first_edge` on along `links` (node, …, node), straight between their ends."""
    nodes = pd.DataFrame(points, columns=["x", "y"], dtype=float)
    nodes.index = pd.RangeIndex(10, 10 + len(nodes), name="node_id")
    lines = [shapely.LineString([points[a - 10], *via, points[b - 10]]) for a, b, *via in links]
    edges = gpd.GeoDataFrame(
        {"u": [k[0] for k in links], "v": [k[1] for k in links]}, geometry=lines, crs=None
    )
    edges.index = pd.RangeIndex(first_edge, first_edge + len(edges), name="edge_id")
    return nodes, edges.assign(**columns)


class Oracle:
    """Dijkstra's search over the streets as they stand in the tables, no chains, no arrays of the engine."""

    def __init__(self, nodes, edges, walk_kmh):
        speed = walk_kmh / 3.6
        length = edges.geometry.length
        self.edges = {}
        self.into = {node: [] for node in nodes.index}  # node -> [(from, seconds)]
        for e, row in zip(edges.index, edges.to_dict("records"), strict=True):
            there = row.get("fwd_m", length[e]) / speed + row.get("fixed_fwd_s", 0.0)
            back = row.get("bwd_m", length[e]) / speed + row.get("fixed_bwd_s", 0.0)
            there = np.inf if row.get("oneway") == -1 else there
            back = np.inf if row.get("oneway") == 1 else back
            self.edges[e] = row["u"], row["v"], there, back
            self.into[row["v"]].append((row["u"], there))
            self.into[row["u"]].append((row["v"], back))
        self.speed = speed

    def ways_out(self, edge, share):
        """Node -> seconds from a place to it (share 0-1 along the edge)."""
        u, v, there, back = self.edges[edge]
        ways = [(u, back * share if share else 0.0), (v, there * (1 - share) if share < 1 else 0.0)]
        return [(node, s) for node, s in ways if s < np.inf]

    def ways_in(self, edge, share):
        """Node -> seconds from it to a place."""
        u, v, there, back = self.edges[edge]
        ways = [(u, there * share if share else 0.0), (v, back * (1 - share) if share < 1 else 0.0)]
        return [(node, s) for node, s in ways if s < np.inf]

    def to(self, edge, share, limit):
        """Node -> seconds from it to a place, by Dijkstra's search on the reversed streets."""
        done, heap = {}, [(s, node) for node, s in self.ways_in(edge, share)]
        heapq.heapify(heap)
        while heap:
            seconds, node = heapq.heappop(heap)
            if node in done or seconds > limit:
                continue
            done[node] = seconds
            for other, cost in self.into[node]:
                if other not in done:
                    heapq.heappush(heap, (seconds + cost, other))
        return done

    def along(self, edge, a, b):
        """Seconds from share a to share b of one edge."""
        _, _, there, back = self.edges[edge]
        if a == b:
            return 0.0
        return there * (b - a) if a < b else back * (a - b)

    def pairs(self, demand, facilities, limit):
        """(demand, facility) -> seconds within the limit; places are id -> (edge, share, leg in metres)."""
        found = {}
        for f, (f_edge, f_share, f_leg) in facilities.items():
            nodes = self.to(f_edge, f_share, limit)
            for d, (d_edge, d_share, d_leg) in demand.items():
                ways = [s + nodes[node] for node, s in self.ways_out(d_edge, d_share) if node in nodes]
                if d_edge == f_edge:
                    ways.append(self.along(d_edge, d_share, f_share))
                seconds = min(ways, default=np.inf) + (f_leg + d_leg) / self.speed
                if seconds <= limit:
                    found[d, f] = seconds
        return found


def on_graph(graph, places):
    """Snaps of places given by edge and share, by the graph's table of steps."""
    rows = {}
    for name, (edge, share, leg) in places.items():
        (step,) = np.flatnonzero(graph.step_edge == edge)
        chain = int(np.searchsorted(graph.step_start, step, side="right")) - 1
        low, high = graph.prefix_offset_m[[step + chain, step + chain + 1]]
        along = 1 - share if graph.step_backward[step] else share
        offset = high if along == 1 else low + along * (high - low)
        rows[name] = chain, offset, leg
    return pd.DataFrame.from_dict(rows, orient="index", columns=["chain", "offset_m", "leg_m"])


def pairs_of(found):
    """(demand, facility) -> seconds of what the engine reached, each pair once."""
    frame = found.to_frame()
    pairs = frame.set_index(["demand_id", "facility_id"])["seconds"]
    assert pairs.index.is_unique
    return pairs.to_dict()
