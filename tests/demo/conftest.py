"""A slow, plain witness of the demo town: walks over its own reading of the OSM file, sharing no code with geoplan."""

import csv
import importlib
import itertools
import json
import math
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

import networkx as nx
import openpyxl
import pytest
import rasterio
from pyproj import Transformer
from scipy.spatial import KDTree
from shapely.geometry import Point, shape

ROOT = Path(__file__).parents[2]
METRES = Transformer.from_crs(4326, 4550, always_xy=True)


def forward():
    """Return the script's module of writers, whose offsets are undone here."""
    name, folder = "town_write", str(ROOT / "studies/huzhong")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)


def undone(shift, lon, lat):
    """Return the WGS 84 point that `shift` moves to (lon, lat)."""
    x, y = lon, lat
    for _ in range(8):
        there = shift(x, y)
        x, y = x - (there[0] - lon), y - (there[1] - lat)
    return x, y


class Witness:
    """The town as this file reads it: streets as a graph in metres, people by cell, facilities by row."""

    def __init__(self, root=ROOT):
        self.root = root
        tree = ET.parse(root / "studies/huzhong/streets.osm").getroot()
        self.at, self.tags = {}, {}
        for node in tree.iter("node"):
            self.at[node.get("id")] = METRES.transform(float(node.get("lon")), float(node.get("lat")))
            self.tags[node.get("id")] = {t.get("k"): t.get("v") for t in node.iter("tag")}
        self.ways = [
            ([nd.get("ref") for nd in way.iter("nd")], {t.get("k"): t.get("v") for t in way.iter("tag")})
            for way in tree.iter("way")
        ]
        layer = json.loads((root / "data/boundaries/huzhong_communities.geojson").read_text(encoding="utf-8"))
        self.communities = {
            f["properties"]["社区名称"]: (shape(f["geometry"]), f["properties"]) for f in layer["features"]
        }
        self.elder_rows = self._xlsx(root / "data/facilities/huzhong_eldercare_register.xlsx")
        register = root / "data/facilities/huzhong_childcare_register_gb18030.csv"
        self.child_rows = list(csv.DictReader(register.read_text(encoding="gb18030").splitlines()))

    @staticmethod
    def _xlsx(path):
        rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
        return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]

    def locked(self):
        return {n for n, t in self.tags.items() if t.get("locked") == "yes"}

    def graph(self, *, bridge=True, open_gates=False):
        graph = nx.Graph()
        for points, tags in self.ways:
            if bridge or tags.get("bridge") != "yes":
                for u, v in itertools.pairwise(points):
                    graph.add_edge(u, v, m=math.dist(self.at[u], self.at[v]))
        if not open_gates:
            graph.remove_nodes_from(self.locked())
        return graph

    def people(self, group="常住人口"):
        """Return (community, x, y, people): raster cells scaled to the community's given total."""
        with rasterio.open(self.root / "studies/huzhong/population.tif") as file:
            values, cells = file.read(1), []
            for row, column in zip(*(values > 0).nonzero(), strict=True):
                lonlat = file.xy(row, column)
                name = next((n for n, (s, _) in self.communities.items() if s.contains(Point(lonlat))), None)
                cells.append((name, *METRES.transform(*lonlat), float(values[row, column])))
        sums = defaultdict(float)
        for name, *_, value in cells:
            sums[name] += value
        scale = {name: self.communities[name][1][group] / total for name, total in sums.items() if name}
        return [(n, x, y, v * scale[n]) for n, x, y, v in cells if n is not None]

    def day_care(self):
        return [
            METRES.transform(*undone(forward().gcj02, row["经度"], row["纬度"]))
            for row in self.elder_rows
            if row["机构类型"] in ("日间照料室", "养老机构") and row["运营状态"] == "运营" and row["经度"]
        ]

    def kindergarten(self):
        row = self.child_rows[0]
        return [METRES.transform(*undone(forward().bd09, float(row["百度经度"]), float(row["百度纬度"])))]

    def metres(self, graph, facilities, people):
        """Return walking metres from each cell to the nearest facility, legs to the nearest point of a street in."""
        nodes = list(graph)
        tree = KDTree([self.at[n] for n in nodes])
        far = dict.fromkeys(nodes, math.inf)
        for spot in facilities:
            leg, k = tree.query(spot)
            walks = nx.single_source_dijkstra_path_length(graph, nodes[k], cutoff=3000, weight="m")
            for node, m in walks.items():
                far[node] = min(far[node], leg + m)
        legs, ks = tree.query([(x, y) for _, x, y, _ in people])
        return [leg + far[nodes[k]] for leg, k in zip(legs, ks, strict=True)]

    def covered(self, graph, facilities, people, limit=1000.0):
        """Return community -> share of its people within `limit` metres."""
        near, total = defaultdict(float), defaultdict(float)
        for (name, _, _, value), m in zip(people, self.metres(graph, facilities, people), strict=True):
            total[name] += value
            near[name] += value * (m <= limit)
        return {name: near[name] / total[name] for name in self.communities}


@pytest.fixture(scope="session")
def town():
    return Witness()
