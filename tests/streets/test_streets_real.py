"""Real extracts: counts that other tools give, what choices cost, and laws that hold everywhere."""

from itertools import pairwise

import numpy as np
import osmium
import pytest
import shapely
from pyproj import Transformer

from geoplan.inputs.streets import VALVES, read_streets, walkable_m
from geoplan.inputs.streets.edges import build_edges, choose_ways, islands
from geoplan.inputs.streets.osm import read_osm
from geoplan.inputs.streets.sidewalks import without_doubled_roads
from geoplan.inputs.streets.walk_table import OUT, WAY_KEYS, judge_way, walk_class

EXTRACTS = {
    # name: file, CRS, nodes and edges without valves (golden, read 2026-11), km
    "porto_alegre": ("porto_alegre/poa_osm.pbf", "EPSG:32722", 21_296, 29_029, 1_907),
    "las_palmas": ("las_palmas/las_palmas_2023_osm_20230221.osm.pbf", "EPSG:32628", 24_926, 32_750, 2_160),
    "monaco": ("small_pbf/monaco_osrm.osm.pbf", "EPSG:32632", 4_305, 5_568, 474),
    "andorra": ("small_pbf/andorra.osm.pbf", "EPSG:32631", 2_303, 2_648, 826),
}


@pytest.fixture(scope="module", params=list(EXTRACTS))
def extract(request, real):
    name, crs, *counts = EXTRACTS[request.param]
    path = real(name)
    return path, read_streets(path, crs=crs), tuple(counts)


def _slow_stretches(path):
    """Return every pair of neighbouring places on a walked way, by plain pyosmium, one object after another."""
    places = {n.id: (n.location.x, n.location.y) for n in osmium.FileProcessor(str(path), osmium.osm.NODE)}
    rings = {}
    for relation in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        if relation.tags.get("type") == "multipolygon" and "highway" in relation.tags:
            rings |= {m.ref: relation.tags["highway"] for m in relation.members if m.type == "w"}
    pairs = set()
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
        tags = {k: way.tags[k] for k in WAY_KEYS if k in way.tags}
        if not walk_class(tags) and way.id in rings:
            tags["highway"] = rings[way.id]
        if judge_way(tags).access != OUT:
            known = [places.get(n.ref) for n in way.nodes]
            pairs |= {(min(a, b), max(a, b)) for a, b in pairwise(known) if a and b and a != b}
    return pairs


def test_counts(extract):
    _, streets, (nodes, edges, km) = extract
    note = next(n for n in streets.notes if n.code == "streets_read")
    found = note.values["nodes"], note.values["edges"], round(walkable_m(streets.edges) / 1000)
    assert found == (f"{nodes:,}", f"{edges:,}", km)


def test_every_stretch_that_a_slow_reader_finds_is_there_and_no_other(extract):
    path, streets, _ = extract
    # as read, before ends are joined
    ways, _ = read_osm(path, walk={}, datum=None, crs=streets.edges.crs)
    ways, *_ = without_doubled_roads(ways)
    _, walked = build_edges(
        choose_ways(ways, (ways.table["access"] != OUT).to_numpy()), crs=streets.edges.crs
    )
    xy, line = shapely.get_coordinates(walked.geometry.array, return_index=True)
    places = [tuple(place) for place in xy.round(3)]
    ours = {
        (min(a, b), max(a, b))
        for a, b, same in zip(places, places[1:], line[1:] == line[:-1], strict=False)
        if same
    }
    theirs = _slow_stretches(path)
    assert len({pair for pair in ours if pair[0] != pair[1]}) == len(theirs)
    move = Transformer.from_crs(4326, streets.edges.crs, always_xy=True)
    a, b = (
        np.column_stack(move.transform(*(np.array(side) / 1e7).T))
        for side in zip(*sorted(theirs), strict=True)
    )
    assert np.hypot(*(a - b).T).sum() == pytest.approx(
        sum(np.hypot(p[0] - q[0], p[1] - q[1]) for p, q in ours), rel=1e-6
    )


def test_valves_are_all_that_tells_the_studys_choices_apart(extract):
    path, streets, _ = extract
    shut = read_streets(path, crs=streets.edges.crs, private="closed", gates="closed")
    assert shut.nodes.equals(streets.nodes)
    numbers = ["fixed_fwd_s", "fixed_bwd_s"]
    assert shut.edges.drop(columns=numbers).equals(streets.edges.drop(columns=numbers))
    valves = shut.edges["highway"].isin(VALVES)
    assert (shut.edges.loc[~valves, numbers] == 0).all(axis=None)


def test_all_of_wuhan(real):
    every = read_streets(
        real("wuhan/streets.parquet"), crs="EPSG:32650", walk={"motorway": True, "trunk": True}
    )
    # 11 of the file's lines are there twice
    # ends within half a metre of another street are joined with it
    joined = next(n for n in every.notes if n.code == "streets_ends_joined")
    assert joined.values["ends"] == "173"
    assert (len(every.nodes), len(every.edges)) == (83_063, 93_002)
    assert walkable_m(every.edges) / 1000 == pytest.approx(7185, abs=2)
    assert islands(every.edges["u"].to_numpy(), every.edges["v"].to_numpy()) == (0, 0.0)


def test_what_leaving_trunk_roads_out_of_wuhan_costs(real):
    walked = read_streets(real("wuhan/streets.parquet"), crs="EPSG:32650")
    assert not walked.edges["highway"].str.startswith("motorway").any()
    note = next(n for n in walked.notes if n.code == "class_choice_unstated")
    # 50 islands with 1.2 % before ends were joined with the streets on which they lie
    assert (note.values["islands"], note.values["share"]) == (46, "1.1%")
    assert "without them: 46 with 1.1%" in note.text("en")
    assert "若不走，则为46个，占1.1%" in note.text("zh")
    # in the study's own CRS
    without = read_streets(real("wuhan/streets.parquet"), crs="EPSG:4547", walk={"trunk": False})
    assert (without.edges.crs, len(without.nodes)) == ("EPSG:4547", 66_403)
    count, share = islands(without.edges["u"].to_numpy(), without.edges["v"].to_numpy())
    assert (count, round(share, 3)) == (46, 0.011)
    left = next(n for n in without.notes if n.code == "class_left_out" and n.values["choice"] == "trunk")
    assert (left.values["islands"], left.values["share"]) == (46, "1.1%")
