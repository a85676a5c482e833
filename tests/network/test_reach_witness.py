"""networkx as a witness on real streets: the same pairs reached, the same seconds.

The witness takes the streets table edge by edge, finds the nearest street with shapely, and lets networkx search it: no chain, no array
and no line of the engine has a part in it.
"""

import itertools
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from street_walks import pairs_of

from geoplan.inputs.elevation import profiles
from geoplan.inputs.streets import read_streets
from geoplan.network.graph import build_graph
from geoplan.network.pace import walking_costs
from geoplan.network.reach import nearest, reach
from geoplan.network.snap import snap

DATA = Path(__file__).parents[2].parent / "shared" / "data"
KMH, LIMIT = 4.0, 900.0
SPEED = KMH / 3.6

CITIES = {
    "porto_alegre": ("porto_alegre/poa_osm.pbf", 32722),
    "las_palmas": ("las_palmas/las_palmas_2023_osm_20230221.osm.pbf", 32628),
    "monaco": ("small_pbf/monaco_osrm.osm.pbf", 32632),
    "wuhan": ("wuhan/streets.parquet", 32650),
}
#: Facilities and demand points drawn in each city: 2,000 random points in all.
FACILITIES, DEMAND = 100, 400


def streets_of(city):
    """Streets of a city with costs: slope in Porto Alegre, gates as tagged, crossings 5 s, in Wuhan some one way."""
    file, epsg = CITIES[city]
    if not (DATA / file).exists():
        pytest.skip(f"real data are not here: {DATA / file}")
    classes = "highway" if file.endswith("parquet") else None
    found = read_streets(DATA / file, crs=f"EPSG:{epsg}", classes=classes)
    edges, heights = found.edges, None
    if city == "porto_alegre":
        heights = profiles(edges, DATA / "porto_alegre/poa_elevation.tif")
    if city == "wuhan":
        one_way = np.random.default_rng(3).choice([0, 1, -1], len(edges), p=[0.94, 0.03, 0.03])
        edges = edges.assign(oneway=one_way)
    return found.nodes, walking_costs(
        found.nodes, edges, crossing_seconds=5.0, steps_factor=1.5, profiles=heights
    )


def draw(nodes, seed):
    """Random points round random street nodes; every fourth demand point close to a facility."""
    rng = np.random.default_rng(seed)
    xy = nodes[["x", "y"]].to_numpy()[rng.integers(0, len(nodes), FACILITIES)]
    xy = xy + rng.normal(0, 40, (FACILITIES, 2))
    near = xy[rng.integers(0, FACILITIES, DEMAND)]
    spread = np.where(np.arange(DEMAND) % 4 == 0, 25.0, 400.0)
    return (
        gpd.GeoSeries(shapely.points(near + rng.normal(0, 1, (DEMAND, 2)) * spread[:, None])),
        gpd.GeoSeries(shapely.points(xy), index=[f"f{i}" for i in range(FACILITIES)]),
    )


class Witness:
    def __init__(self, edges):
        self.there = edges["fwd_m"].to_numpy() / SPEED + edges["fixed_fwd_s"].to_numpy()
        self.back = edges["bwd_m"].to_numpy() / SPEED + edges["fixed_bwd_s"].to_numpy()
        self.u, self.v = edges["u"].to_numpy(), edges["v"].to_numpy()
        self.lines, self.length, self.crs = edges.geometry.to_numpy(), edges.length.to_numpy(), edges.crs
        self.ground = edges["on_ground"].to_numpy()
        self.walkable = (self.length > 0) & ((self.there < np.inf) | (self.back < np.inf))
        # against the walk, from the facility; of parallel edges the quickest
        self.graph = nx.DiGraph()
        ways = (self.v, self.u, self.there), (self.u, self.v, self.back)
        for a, b, s in itertools.chain(*(zip(*way, strict=True) for way in ways)):
            if s < np.inf and not (self.graph.has_edge(a, b) and self.graph[a][b]["weight"] <= s):
                self.graph.add_edge(a, b, weight=s)

    def place(self, points):
        """Edge, share along it and leg of the nearest walkable street on the ground, if one is within 250 m; else of any."""
        on_ground = self.on(points, self.walkable & self.ground)
        other = self.on(points, self.walkable)
        return {id_: place if place[2] <= 250 else other[id_] for id_, place in on_ground.items()}

    def on(self, points, streets):
        """Edge, share along it and leg of the nearest of some streets."""
        able = np.flatnonzero(streets)
        _, at = shapely.STRtree(self.lines[able]).query_nearest(points.to_numpy(), all_matches=False)
        edge = able[at]
        share = shapely.line_locate_point(self.lines[edge], points.to_numpy(), normalized=True)
        foot = gpd.GeoSeries(
            shapely.line_interpolate_point(self.lines[edge], share, normalized=True), crs=self.crs
        )
        ends = [
            shapes.to_crs(4326).get_coordinates().to_numpy().T for shapes in (points.set_crs(self.crs), foot)
        ]
        leg = Geod(ellps="WGS84").inv(*ends[0], *ends[1])[2]
        return dict(zip(points.index, zip(edge, share, leg, strict=True), strict=True))

    def ends(self, edge, share, *, leave):
        """Seconds between a place and the ends of its street that can be walked."""
        to_u, to_v = (self.back, self.there) if leave else (self.there, self.back)
        ways = [(self.u[edge], to_u[edge] * share if share > 0 else 0.0)]
        ways.append((self.v[edge], to_v[edge] * (1 - share) if share < 1 else 0.0))
        return [(node, s) for node, s in ways if s < np.inf]

    def pairs(self, demand, facilities):
        found = {}
        for f, (f_edge, f_share, f_leg) in facilities.items():
            for node, seconds in self.ends(f_edge, f_share, leave=False):
                if self.graph.get_edge_data("facility", node, {"weight": np.inf})["weight"] > seconds:
                    self.graph.add_edge("facility", node, weight=seconds)
            reached = nx.single_source_dijkstra_path_length(self.graph, "facility", cutoff=LIMIT)
            self.graph.remove_node("facility")
            for d, (d_edge, d_share, d_leg) in demand.items():
                ways = [
                    s + reached[node] for node, s in self.ends(d_edge, d_share, leave=True) if node in reached
                ]
                if d_edge == f_edge and d_share <= f_share:
                    ways.append(self.there[d_edge] * (f_share - d_share))
                if d_edge == f_edge and d_share >= f_share:
                    ways.append(self.back[d_edge] * (d_share - f_share))
                seconds = min(ways, default=np.inf) + (d_leg + f_leg) / SPEED
                if d_leg <= 250 and f_leg <= 250 and seconds <= LIMIT + 2e-6:
                    found[d, f] = seconds
        return found


@pytest.mark.parametrize("city", CITIES)
def test_pairs_and_seconds_are_those_of_networkx(city):
    nodes, edges = streets_of(city)
    demand, facilities = draw(nodes, seed=len(city))
    witness = Witness(edges)
    wanted = witness.pairs(witness.place(demand), witness.place(facilities))
    assert len(wanted) > 200
    clear = {k: s for k, s in wanted.items() if abs(s - LIMIT) > 1e-6}

    graph = build_graph(nodes, edges)
    snaps = [snap(graph, points, island_nodes=0) for points in (demand, facilities)]
    found = reach(graph, *snaps, walk_kmh=KMH, limit_seconds=LIMIT)
    got = {k: s for k, s in pairs_of(found).items() if abs(s - LIMIT) > 1e-6}
    assert got.keys() == clear.keys()
    assert max(abs(got[k] - clear[k]) for k in clear) <= 1e-6

    # the cases that must be in it are in it
    ends = [list(ids) for ids in zip(*got, strict=True)]
    chain = [of["chain"].loc[ids].to_numpy() for of, ids in zip(snaps, ends, strict=True)]
    assert (chain[0] == chain[1]).sum() >= 5
    middle = [(s["offset_m"] > 0) & (s["offset_m"] < graph.chain_length_m[s["chain"]]) for s in snaps]
    assert (middle[0].loc[ends[0]].to_numpy() & middle[1].loc[ends[1]].to_numpy()).sum() > 100
    if city in {"porto_alegre", "wuhan"}:
        assert (edges["fwd_m"] != edges["bwd_m"]).any() or (edges["oneway"] != 0).sum() > 1000

    # the one pass gives the least of the pairs, ties apart
    one = nearest(graph, *snaps, walk_kmh=KMH, limit_seconds=LIMIT)
    least = pd.Series(clear).groupby(level=0).min()
    assert one["seconds"].loc[least.index].to_numpy() == pytest.approx(least.to_numpy(), abs=1e-6)
    assert one["seconds"].notna().sum() in range(len(least), len(least) + 3)
