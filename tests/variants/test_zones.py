"""Boundaries and their datum: shifts, zone numbers, a CRS that measures wrongly, names that nothing has, totals as text."""

import json
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely
from shapely import LineString, box
from small_town import CRS, SIDE, SOUTH, WEST, zone_layer
from variants import Right, check, named, right, variants

from geoplan.inputs import datum

LAYERS = ("district", "town", "zones")


def moved(layer, to):
    """Return a layer in degrees whose coordinates are those of another datum."""
    convert = {"gcj02": datum.gcj02_from_wgs84, "bd09": datum.bd09_from_wgs84}[to]
    return layer.set_geometry(
        gpd.GeoSeries([shapely.transform(shape, convert) for shape in layer.to_crs(4326).geometry], crs=4326)
    )


def in_datum(town, to, names=LAYERS):
    for name in names:
        path = town.path(f"{name}.geojson")
        layer = moved(gpd.read_file(path), to)
        path.unlink()
        layer.to_file(path, driver="GeoJSON")


def irregular(town, rng):
    """Give the town twelve communities whose borders are streets, no two of which are equally far apart: a shift can be told."""

    def steps(count, end):
        at = np.cumsum([rng.uniform(60, 140) for _ in range(count)])
        return np.round(np.concatenate([[0.0], at / at[-1] * end]), 2)

    along, across = steps(20, 2 * SIDE), steps(10, SIDE)
    lines = [LineString([(WEST + x, SOUTH + y) for y in across]) for x in along]
    lines += [LineString([(WEST + x, SOUTH + y) for x in along]) for y in across]
    streets = gpd.GeoDataFrame({"highway": ["residential"] * len(lines)}, geometry=lines, crs=CRS)
    sides, floors = along[[0, 5, 10, 14, 20]], across[[0, 3, 7, 10]]
    squares = [
        box(WEST + a, SOUTH + b, WEST + c, SOUTH + d) for b, d in pairwise(floors) for a, c in pairwise(sides)
    ]
    zones = gpd.GeoDataFrame(
        {
            "code": [f"Z{k}" for k in range(12)],
            "name": [f"第{k}社区" for k in range(12)],
            "town": ["示例镇"] * 12,
            "pop": [100] * 12,
        },
        geometry=[shapely.segmentize(square, 60) for square in squares],
        crs=CRS,
    )
    town.write_streets(streets)
    zones.to_crs(4326).to_file(town.path("zones.geojson"), driver="GeoJSON")
    return streets


def boundaries_of_a_map_program_undeclared(town, rng):
    irregular(town, rng)
    in_datum(town, rng.choice(["gcj02", "bd09"]), rng.choice([LAYERS, ("zones",)]))
    return named("datum_looks_like", "datum_alone")


def boundaries_of_a_map_program_declared(town, rng):
    irregular(town, rng)
    to = rng.choice(["gcj02", "bd09"])
    in_datum(town, to)
    for layer in town.study["zones"]:
        layer["datum"] = to
    return Right({"residents": 2000.0, "elders_60": 400.0, "facilities": 1.0}, within=1e-3)


def eastings_with_the_number_of_their_zone(town, rng):
    layer = zone_layer(CRS)
    with_number = layer.set_geometry(
        gpd.GeoSeries(
            shapely.transform(layer.geometry.to_numpy(), lambda xy: xy + np.array([38_000_000.0, 0.0])),
            crs=CRS,
        )
    )
    with_number.to_file(town.path("zones.gpkg"), driver="GPKG")
    town.study["zones"][2] |= {"file": "zones.gpkg"} | ({"datum": CRS} if rng.random() < 0.5 else {})
    return right("datum_zone_number")


def zones_that_miss_the_number_of_their_zone(town, rng):
    zone_layer(CRS).to_file(town.path("zones.gpkg"), driver="GPKG")
    town.study["zones"][2] |= {"file": "zones.gpkg", "datum": rng.choice(["EPSG:4526", "EPSG:4525"])}
    return named("datum_zone_number_missing")


def neighbouring_zone_of_computation(town, rng):
    town.study["crs"] = rng.choice(["EPSG:4546", "EPSG:4547", "EPSG:4548", "EPSG:32650", "EPSG:32649"])
    return right("crs_scale", within=1e-3)


def crs_that_measures_no_metres(town, rng):
    town.study["crs"] = rng.choice(
        [
            "EPSG:3857",
            "EPSG:4326",
            "EPSG:4490",
            "EPSG:32633",
            "+proj=utm +zone=50 +units=km",
            "nonsense",
            "EPSG:0",
            "EPSG:2263",
        ]
    )
    return named("crs_not_projected", "crs_not_metres", "crs_scale", "crs_unknown")


def datum_that_nobody_knows(town, rng):
    town.study["zones"][2]["datum"] = rng.choice(["gjc02", "EPSG:999999", "火星", "+proj=nothing"])
    return named("datum_unknown")


def names_that_nothing_has(town, rng):
    change = rng.choice([
        {"parent": "街道"}, {"totals": {"residents": "人口"}}, {"id": "编号"}, {"name": "社区"}, {"totals": {"resident": "pop"}}, {"kind": {"column": "类型", "城镇": "urban"}},
    ])  # fmt: skip
    town.study["zones"][2] |= change
    return named(
        "column_missing", "entry_name_unknown", "entry_name_unknown_meant", "zone_kind_column", "entry_names"
    )


def totals_as_text(town, rng):
    write = rng.choice(
        [
            lambda n: f"{n:,}",
            lambda n: "".join(chr(0xFF10 + int(d)) for d in str(n)),
            lambda n: f" {n} ",
            lambda n: f"{n}人",
            lambda n: f"{n:,}.0",
            lambda n: f"{n / 1e4:g}万",
        ]
    )
    layer = zone_layer()
    layer["pop"] = [write(1000), write(2000)]
    layer.to_file(town.path("z2.geojson"), driver="GeoJSON")
    town.study["zones"][2]["file"] = "z2.geojson"
    town.study["population"]["residents"]["rake_to"] = "community"
    found = right("amount_worded")
    return type(found)({"residents.W": 1000.0, "residents.E": 2000.0}, frozenset({"zone_value_bad"}), 1e-3)


def town_made_of_its_communities(town, rng):
    town.study["zones"][1] = {"level": "town", "from": "community", "by": "town"}
    if rng.random() < 0.5:
        del town.study["zones"][0]
    return right()


def topojson_of_which_a_layer_is_named(town, rng):
    arcs, objects = [], {}
    for name in ("town", "zones"):
        layer = gpd.read_file(town.path(f"{name}.geojson"))
        shapes = []
        for row in layer.itertuples():
            arcs.append([list(point) for point in row.geometry.exterior.coords])
            properties = {
                key: value for key, value in row._asdict().items() if key not in ("Index", "geometry")
            }
            shapes.append({"type": "Polygon", "arcs": [[len(arcs) - 1]], "properties": properties})
        objects[name] = {"type": "GeometryCollection", "geometries": shapes}
    text = json.dumps({"type": "Topology", "arcs": arcs, "objects": objects}, ensure_ascii=False)
    town.path("all.json").write_text(text, encoding="utf-8")
    wanted = rng.choice(["zones", None])
    town.study["zones"][2] |= {"file": "all.json"} | ({"layer": wanted} if wanted else {})
    return right() if wanted else named("layer_not_named")


def zone_that_stands_twice(town, rng):
    layer = zone_layer()
    extra = layer.iloc[[rng.randrange(2)]].assign(code="X", name="旧社区")
    both = gpd.GeoDataFrame({name: [*layer[name], *extra[name]] for name in layer.columns}, crs=layer.crs)
    both.to_file(town.path("z2.geojson"), driver="GeoJSON")
    town.study["zones"][2]["file"] = "z2.geojson"
    return named("zone_overlap")


def zone_without_a_shape(town, rng):
    features = json.loads(town.path("zones.geojson").read_text(encoding="utf-8"))
    empty = rng.choice([None, {"type": "Polygon", "coordinates": []}])
    features["features"].append(
        {
            "type": "Feature",
            "properties": {"code": "X", "name": "空", "town": "示例镇", "pop": 5},
            "geometry": empty,
        }
    )
    town.path("zones.geojson").write_text(json.dumps(features), encoding="utf-8")
    return named("zone_geometry_missing")


def streets_of_another_datum(town, rng):
    streets = irregular(town, rng)
    town.write_streets(moved(streets.to_crs(4326), rng.choice(["gcj02", "bd09"])))
    del town.study["streets"]["datum"]
    return named("datum_looks_like", "datum_alone")


@variants(
    boundaries_of_a_map_program_undeclared, boundaries_of_a_map_program_declared, eastings_with_the_number_of_their_zone,
    zones_that_miss_the_number_of_their_zone, neighbouring_zone_of_computation, crs_that_measures_no_metres, datum_that_nobody_knows,
    names_that_nothing_has, totals_as_text, town_made_of_its_communities, topojson_of_which_a_layer_is_named, zone_that_stands_twice,
    zone_without_a_shape, streets_of_another_datum,
    seeds=2,
)  # fmt: skip
def test_zones(mutator, seed, tmp_path):
    check(mutator, seed, tmp_path)
