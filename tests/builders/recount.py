"""A second count of who is covered, from an outcome's tables alone: networkx on the streets, no line of the engine.

It takes the streets edge by edge and the points where people and facilities meet them, and lets networkx search. Whether those points are
the nearest ones is counted apart, with shapely.
"""

import networkx as nx
import numpy as np
import pandas as pd
import shapely

#: A point on a street is found again within this many metres of it.
ON_STREET_M = 1e-6


class Recount:
    """Walks of one outcome at one pace."""

    def __init__(self, outcome, walk_kmh):
        self.outcome, self.speed = outcome, walk_kmh / 3.6
        edges = outcome.streets
        self.there = edges["fwd_m"].to_numpy() / self.speed + edges["fixed_fwd_s"].to_numpy()
        self.back = edges["bwd_m"].to_numpy() / self.speed + edges["fixed_bwd_s"].to_numpy()
        self.u, self.v, self.lines = edges["u"].tolist(), edges["v"].tolist(), edges.geometry.to_numpy()
        self.open = (edges.length.to_numpy() > 0) & (np.isfinite(self.there) | np.isfinite(self.back))
        self.graph = nx.DiGraph()  # against the walk: from the facilities to the people
        for a, b, s in [
            *zip(self.v, self.u, self.there, strict=True),
            *zip(self.u, self.v, self.back, strict=True),
        ]:
            if s < np.inf and not (self.graph.has_edge(a, b) and self.graph[a][b]["weight"] <= s):
                self.graph.add_edge(a, b, weight=s)
        self.places = self._places()

    def _places(self):
        """Return, for each snapped point, its streets there (several at a junction), the share along each, and its leg.

        Where streets cross under a point without meeting, it may stand on either: `unsure` names the demand points of which
        nobody can tell.
        """
        snaps = self.outcome.snaps[self.outcome.snaps["reason"] == ""]
        able = np.flatnonzero(self.open)
        points = shapely.points(snaps["x"], snaps["y"])
        point, street = shapely.STRtree(self.lines[able]).query(
            points, predicate="dwithin", distance=ON_STREET_M
        )
        edge = able[street]
        share = shapely.line_locate_point(self.lines[edge], points[point], normalized=True)
        ids, of, legs = snaps.index.astype(str), snaps["of"].tolist(), snaps["leg_m"].tolist()
        along = pd.Series(((share > 0) & (share < 1)).astype(int)).groupby(point).sum()
        self.unsure = set(snaps.index.astype(str)[along.index[along > 1]])
        places = {kind: {} for kind in ("demand", "facility")}
        for at, e, part in zip(point, edge, share, strict=True):
            places[of[at]].setdefault(ids[at], (legs[at], []))[1].append((e, part))
        return places

    def _ends(self, edge, share, *, leave):
        """Return the junctions at the ends of a street with the seconds between them and a place on it."""
        to_u, to_v = (self.back, self.there) if leave else (self.there, self.back)
        ways = (
            (self.u[edge], to_u[edge] * share if share > 0 else 0.0),
            (self.v[edge], to_v[edge] * (1 - share) if share < 1 else 0.0),
        )
        return [(node, s) for node, s in ways if s < np.inf]

    def seconds(self, facilities):
        """Return the seconds from each demand point to the nearest of some facilities; inf where there is no way."""
        starts, on_street = {}, {}
        for name in facilities:
            leg, places = self.places["facility"].get(name, (0.0, ()))
            for edge, share in places:
                on_street.setdefault(edge, []).append((share, leg))
                for node, s in self._ends(edge, share, leave=False):
                    starts[node] = min(starts.get(node, np.inf), s + leg / self.speed)
        graph = self.graph.copy()
        graph.add_weighted_edges_from(("facilities", node, s) for node, s in starts.items())
        reached = nx.single_source_dijkstra_path_length(graph, "facilities") if starts else {}
        found = dict.fromkeys(self.outcome.demand.index.astype(str), np.inf)
        for name, (leg, places) in self.places["demand"].items():
            ways = [np.inf]
            for edge, share in places:
                ways += [
                    s + reached[node] for node, s in self._ends(edge, share, leave=True) if node in reached
                ]
                for other, other_leg in on_street.get(edge, ()):
                    along = self.there[edge] * (other - share) if other > share else 0.0
                    along = self.back[edge] * (share - other) if other < share else along
                    ways.append(along + other_leg / self.speed)
            found[name] = min(ways) + leg / self.speed
        return pd.Series(found).set_axis(self.outcome.demand.index)


def of_service(outcome, service):
    """Return the facilities whose types a service counts and that have a point."""
    kinds = set(outcome.services[service].facilities)
    own = outcome.facilities
    return own.index[
        np.array([bool(kinds & set(held)) for held in own["services"]], bool) & ~own.geometry.isna()
    ]


def covered_by_zone(outcome, service, seconds):
    """Return the people of a service's group within its circle by the finest zone: a plain sum, and the clear ones of the whole.

    Points within 1 ms of the limit are left to either side: `low` and `high`.
    """
    terms = outcome.services[service]
    inside = outcome.demand[~outcome.demand["halo"]]
    people, walk = inside[terms.group], seconds.reindex(inside.index)
    limit = 60 * terms.walk_minutes
    sums = {
        name: people.where(walk <= at, 0.0).groupby(inside["zone_id"]).sum()
        for name, at in (("low", limit - 1e-3), ("high", limit + 1e-3))
    }
    return pd.DataFrame(sums)
