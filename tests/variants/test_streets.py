"""Streets as offices and map programs give them: without shared vertices, with small gaps, stale columns, heights, deleted ways."""

import json
from itertools import pairwise

import geopandas as gpd
import numpy as np
from shapely import LineString, force_3d, get_coordinates, set_coordinates
from small_town import CRS, FIRST, SIDE, SOUTH, STEP, WEST, lonlat, street_layer
from variants import check, named, right, variants

ALONG = np.arange(FIRST[0], 2 * SIDE, STEP)
ACROSS = np.arange(FIRST[1], SIDE, STEP)


def layer(lines, **columns):
    """Return lines in metres from the town's corner as a layer."""
    shapes = [LineString([(WEST + x, SOUTH + y) for x, y in line]) for line in lines]
    return gpd.GeoDataFrame({"highway": ["residential"] * len(shapes)} | columns, geometry=shapes, crs=CRS)


def lines_without_vertices(along=ALONG, across=ACROSS):
    """Return each street as one straight line between its ends."""
    upright = [[(x, across[0]), (x, across[-1])] for x in along]
    return upright + [[(along[0], y), (along[-1], y)] for y in across]


def blocks():
    """Return the stretches between crossings, each a line of its own."""
    upright = [[(x, a), (x, b)] for x in ALONG for a, b in pairwise(ACROSS)]
    return upright + [[(a, y), (b, y)] for y in ACROSS for a, b in pairwise(ALONG)]


def crossings_without_vertices(town, rng):
    lines = lines_without_vertices()
    rng.shuffle(lines)
    town.write_streets(layer(lines))
    return right("streets_cross", "streets_pieces")


def crossings_joined_on_demand(town, rng):
    lines = [line if rng.random() < 0.5 else line[::-1] for line in lines_without_vertices()]
    town.write_streets(layer(lines))
    town.study["streets"]["join"] = "crossings"
    return right()


def side_streets_that_end_on_a_main_street(town, rng):
    """Uprights are cut at each main street, which has no vertex there."""
    main = [[(ALONG[0], y), (ALONG[-1], y)] for y in ACROSS]
    side = [[(x, a), (x, b)] for x in ALONG for a, b in pairwise(ACROSS)]
    rng.shuffle(side)
    town.write_streets(layer(main + side))
    return right()


def ends_a_few_centimetres_apart(town, rng):
    reach = rng.choice([0.02, 0.1, 0.3])
    lines = [
        [(x + rng.uniform(-reach, reach), y + rng.uniform(-reach, reach)) for x, y in line]
        for line in blocks()
    ]
    town.write_streets(layer(lines))
    return right("streets_ends_joined", within=0.02)


def stale_node_columns(town, rng):
    streets = street_layer()
    numbers = [rng.randrange(10) for _ in range(len(streets))]
    town.write_streets(streets.assign(u=numbers, v=numbers[::-1], key=0))
    return right()


def heights_that_differ_at_crossings(town, rng):
    streets = street_layer()
    shapes = force_3d(streets.geometry.array)
    xyz = get_coordinates(shapes, include_z=True)
    xyz[:, 2] = [rng.uniform(-5, 50) for _ in xyz]
    town.write_streets(streets.set_geometry(gpd.GeoSeries(set_coordinates(shapes, xyz), crs=CRS)))
    return right()


def every_street_twice(town, rng):
    streets = street_layer()
    again = streets.iloc[:: rng.choice([1, -1])].copy()
    again.geometry = again.geometry.reverse()
    town.write_streets(gpd.GeoDataFrame({"highway": [*streets["highway"], *again["highway"]]}, geometry=[*streets.geometry, *again.geometry], crs=CRS))  # fmt: skip
    return right()


def pieces_that_do_not_meet(town, rng):
    """Streets of four quarters or more, 30 m apart: no part holds half of the length."""
    parts = rng.choice([4, 5])
    lines = [
        [(a + (0 if i == 0 else 15), y), (b - 15, y)]
        for y in ACROSS
        for i, (a, b) in enumerate(
            zip(ALONG[:: 20 // parts], [*ALONG[20 // parts :: 20 // parts], ALONG[-1] + 15], strict=False)
        )
    ]
    town.write_streets(layer(lines))
    return named("streets_pieces", "streets_in_pieces")


# --- OpenStreetMap ----------------------------------------------------------------------------------------------------


def osm(ways, *, sign=1, deleted=(), deletion='action="delete"', tags="", order="nodes first"):
    """Return OSM XML of the grid: ways as lists of (x, y); `deleted` are added as an editor marks what is gone."""
    ids = {}
    for way in [*ways, *deleted]:
        for point in way:
            ids.setdefault(point, sign * (len(ids) + 1))
    nodes = []
    for point, number in ids.items():
        lon, lat = lonlat(*point)
        nodes.append(f'<node id="{number}" lat="{lat}" lon="{lon}" version="1"/>')
    lines = []
    for k, (way, gone) in enumerate([*((way, "") for way in ways), *((way, deletion) for way in deleted)]):
        refs = "".join(f'<nd ref="{ids[point]}"/>' for point in way)
        lines.append(
            f'<way id="{sign * (k + 1)}" {gone} version="1">{refs}<tag k="highway" v="residential"/>{tags}</way>'
        )
    body = [*lines, *nodes] if order == "ways first" else [*nodes, *lines]
    return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{"".join(body)}</osm>'


def grid():
    return [[(float(x), float(y)) for y in ACROSS] for x in ALONG] + [
        [(float(x), float(y)) for x in ALONG] for y in ACROSS
    ]


def write_osm(town, text, name="streets.osm"):
    town.path(name).write_text(text, encoding="utf-8")
    town.study["streets"] = {"file": name}


def osm_in_any_order(town, rng):
    ways = grid()
    rng.shuffle(ways)
    write_osm(town, osm(ways, order=rng.choice(["nodes first", "ways first"])))
    return right(within=1e-3)


def drawn_in_josm(town, rng):
    ways = grid()
    rng.shuffle(ways)
    write_osm(town, osm(ways, sign=-1))
    return right(within=1e-3)


def deleted_in_an_editor(town, rng):
    """Short cuts across the town that were deleted again and are still in the file."""
    sign = rng.choice([1, -1])
    gone = [
        [(float(rng.choice(ALONG)), float(ACROSS[0])), (float(rng.choice(ALONG)), float(ACROSS[-1]))]
        for _ in range(5)
    ]
    write_osm(
        town,
        osm(grid(), sign=sign, deleted=gone, deletion=rng.choice(['action="delete"', 'visible="false"'])),
    )
    return right(within=1e-3)


def sidewalks_drawn_apart_without_any(town, rng):
    side = rng.choice(["sidewalk", "sidewalk:both", "sidewalk:left"])
    write_osm(town, osm(grid(), tags=f'<tag k="{side}" v="separate"/>'))
    return right(within=1e-3)


def overpass_json(town, rng):
    ids = {}
    ways = grid()
    for way in ways:
        for point in way:
            ids.setdefault(point, len(ids) + 1)
    elements = []
    for point, number in ids.items():
        lon, lat = lonlat(*point)
        elements.append({"type": "node", "id": number, "lat": lat, "lon": lon})
    elements += [
        {"type": "way", "id": k, "nodes": [ids[p] for p in way], "tags": {"highway": "residential"}}
        for k, way in enumerate(ways, 1)
    ]
    rng.shuffle(elements)
    town.path("streets.json").write_text(json.dumps({"version": 0.6, "elements": elements}), encoding="utf-8")
    town.study["streets"] = {"file": "streets.json"}
    return right("file_is_overpass", "file_unreadable", within=1e-3)


@variants(
    crossings_without_vertices, crossings_joined_on_demand, side_streets_that_end_on_a_main_street, ends_a_few_centimetres_apart,
    stale_node_columns, heights_that_differ_at_crossings, every_street_twice, pieces_that_do_not_meet, osm_in_any_order, drawn_in_josm,
    deleted_in_an_editor, sidewalks_drawn_apart_without_any, overpass_json,
    seeds=2,
)  # fmt: skip
def test_streets(mutator, seed, tmp_path):
    check(mutator, seed, tmp_path)
