"""The demo town carries the plan's figures, and its bridge and its gate matter (walked by an independent witness)."""

import json
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import openpyxl
import pytest
import rasterio
from pyproj import Transformer
from shapely.geometry import LineString, shape

ROOT = Path(__file__).parents[2]
FILES = (
    "studies/huzhong/streets.osm", "studies/huzhong/population.tif", "studies/huzhong/elevation.tif",
    "data/boundaries/huzhong_district.geojson", "data/boundaries/huzhong_towns.geojson",
    "data/boundaries/huzhong_communities.geojson", "data/boundaries/huzhong_estates.geojson",
    "data/boundaries/huzhong_river.geojson", "data/facilities/huzhong_eldercare_register.xlsx",
    "data/facilities/huzhong_childcare_register_gb18030.csv",
)  # fmt: skip


def layer(name):
    text = (ROOT / f"data/boundaries/huzhong_{name}.geojson").read_text(encoding="utf-8")
    return [(f["properties"], shape(f["geometry"])) for f in json.loads(text)["features"]]


def content(path):
    """Return what a reader of the file sees, for formats whose bytes hang on library versions."""
    if path.suffix == ".tif":
        with rasterio.open(path) as file:
            return file.read().tolist(), file.transform, file.crs.to_epsg(), file.nodata
    if path.suffix == ".xlsx":
        return list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
    return path.read_bytes()


def test_the_script_makes_the_files_that_ship(tmp_path):
    script = ROOT / "studies/huzhong/make_town.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=120)
    changed = [name for name in FILES if content(ROOT / name) != content(tmp_path / name)]
    assert changed == []
    made = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert made == sorted(FILES)


def test_the_town_is_small_on_disk():
    files = [path for folder in ("studies/huzhong", "data") for path in (ROOT / folder).rglob("*")]
    assert sum(p.stat().st_size for p in files if p.is_file() and "out" not in p.parts) < 3e6


def test_residents_elders_beds_and_places_are_the_plans(town):
    running = [r for r in town.elder_rows if r["运营状态"] == "运营"]
    homes = [r for r in running if r["机构类型"] == "养老机构"]
    rooms = [r for r in running if r["机构类型"] == "日间照料室"]
    totals = [p for _, p in town.communities.values()]
    assert sum(p["常住人口"] for p in totals) == 12_000
    assert sum(p["60岁及以上"] for p in totals) == 3_164
    assert [(r["性质"], r["床位数"]) for r in homes] == [("公办", 10), ("民办", 12)]
    assert round(sum(r["护理型床位数"] for r in homes) / sum(r["床位数"] for r in homes), 3) == 0.364
    assert (len(rooms), sum(r["床位数"] for r in rooms)) == (5, 15)
    open_places = [int(r["托位数"]) for r in town.child_rows if r["运营状态"] == "运营"]
    assert open_places == [20]
    assert 12_000 * 4.5 / 1000 - sum(open_places) == 34


def test_zones_fit_into_each_other():
    communities, towns, district = layer("communities"), layer("towns"), layer("district")
    assert (len(communities), len(towns), len(district)) == (10, 2, 1)
    assert all(s.is_valid for _, s in communities + towns + district + layer("estates"))
    for properties, outline in towns:
        parts = [s for p, s in communities if p["所属镇"] == properties["镇名称"]]
        assert outline.area == pytest.approx(sum(s.area for s in parts), rel=1e-6)
    assert district[0][1].area == pytest.approx(sum(s.area for _, s in communities), rel=1e-6)


def test_estates_stand_in_the_communities_that_their_table_names():
    homes = {p["社区名称"]: s for p, s in layer("communities")}
    inside = {p["小区名称"]: s.intersection(homes[p["所属社区"]]).area / s.area for p, s in layer("estates")}
    assert min(inside.values()) > 0.99, inside


def test_streets_are_many_connected_and_no_grid(town):
    graph = town.graph(open_gates=True)
    ends = [n for n, degree in graph.degree() if degree != 2]
    assert sum(graph.degree(n) for n in ends) / 2 > 1_500
    assert nx.is_connected(graph)
    xy = np.array([(*town.at[u], *town.at[v]) for u, v in graph.edges])
    bearing = np.degrees(np.arctan2(xy[:, 3] - xy[:, 1], xy[:, 2] - xy[:, 0])) % 90
    counts, _ = np.histogram(bearing, bins=9)
    assert counts.max() < 1.6 * counts.min()  # a grid would fill one bin
    classes = {tags["highway"] for _, tags in town.ways}
    assert classes >= {"footway", "steps", "path", "residential", "tertiary", "secondary", "service", "track"}
    assert any(t.get("highway") == "crossing" for t in town.tags.values())


def test_only_the_bridge_crosses_the_river(town):
    back = Transformer.from_crs(4550, 4326, always_xy=True)
    river = layer("river")[0][1]
    lines = ((LineString([back.transform(*town.at[p]) for p in points]), tags) for points, tags in town.ways)
    across = [tags for line, tags in lines if line.intersects(river)]
    assert [(t["name"], t["bridge"]) for t in across] == [("呼中大桥", "yes")]
    assert nx.number_connected_components(town.graph(bridge=False, open_gates=True)) == 2


def test_without_its_bridge_fewer_elders_reach_day_care(town):
    people, day_care = town.people("60岁及以上"), town.day_care()
    whole = town.covered(town.graph(), day_care, people)
    parted = town.covered(town.graph(bridge=False), day_care, people)
    assert whole["河湾社区"] - parted["河湾社区"] > 0.1
    assert all(parted[name] <= whole[name] + 1e-12 for name in whole)


def test_the_gate_decides_whether_its_community_is_flagged(town):
    people, day_care = town.people("60岁及以上"), town.day_care()
    shut = town.covered(town.graph(), day_care, people)
    opened = town.covered(town.graph(open_gates=True), day_care, people)
    assert shut["东山社区"] < 0.8 < opened["东山社区"]
    assert {n for n in shut if shut[n] != opened[n]} == {"东山社区"}


def test_some_communities_have_a_circle_and_places_and_some_have_not(town):
    eldercare = town.covered(town.graph(), town.day_care(), town.people("60岁及以上"))
    assert min(eldercare.values()) < 0.2 < 0.8 < max(eldercare.values())
    people = town.people()
    metres = town.metres(town.graph(), town.kindergarten(), people)
    crowd = sum(v for (*_, v), m in zip(people, metres, strict=True) if m <= 1000)
    near = town.covered(town.graph(), town.kindergarten(), people)
    reach = {name: share * 20 / crowd * 1000 for name, share in near.items()}
    assert reach["向阳社区"] > 4.7
    assert reach["北秀社区"] == 0 < reach["站前社区"] < 4.3
