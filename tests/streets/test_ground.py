"""The quiet base of maps: water, green and railways of the file that holds the streets, joined, cut and made as fine as a map needs."""

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan.inputs.streets import read_streets
from geoplan.inputs.streets.ground import BEND_M, LEAST_BENDS, ground_kind, ground_of_osm
from geoplan.tables import GROUND

CRS = "EPSG:32631"
STREET = {1: ([1, 2], {"highway": "residential"})}
#: Corners of a square of 1, 2 … thousandths of a degree around (105, 5): about 111, 222 … metres.
CORNERS = {
    10 * size + k: (105 + dx * size / 2, 5 + dy * size / 2)
    for size in (2, 4, 6)
    for k, (dx, dy) in enumerate([(-1, -1), (1, -1), (1, 1), (-1, 1)])
}


def ring(size, k=0):
    return [10 * size + (k + n) % 4 for n in range(5)]


@pytest.fixture
def town(osm_file):
    """Write a town of one street and these ways and relations, in an extract or as JOSM saves it; return its ground."""

    def read(ways, relations=None, *, edited=False, more=None, **options):
        path = osm_file({1: (100, 0), 2: (101, 0)} | CORNERS | (more or {}), STREET | ways, relations)
        if edited:
            text = path.read_text(encoding="utf-8").replace("<node id='1'", "<node id='1' action='modify'")
            path.write_text(text, encoding="utf-8")
        found = read_streets(path, crs=CRS, **options)
        GROUND.check(found.ground)
        return found.ground

    return read


def hectares(ground, kind):
    return ground.geometry[ground["kind"] == kind].area.sum() / 1e4


@pytest.mark.parametrize("edited", [False, True])
def test_areas_of_ways_and_of_relations_with_their_holes(town, edited):
    # a park of 4 units in a wood of 6 whose middle of 2 is a lake: a multipolygon of two outer rings, the inner one a hole
    ground = town(
        {20: (ring(6), {}), 21: (ring(4), {"leisure": "park"}), 22: (ring(2), {"natural": "water"})},
        {30: ([20, 22], {"type": "multipolygon", "natural": "wood"})},
        edited=edited,
    )
    unit = hectares(ground, "water") / 4
    assert unit == pytest.approx(111.3 * 110.6 / 1e4, rel=0.01)
    # the park covers the hole of the wood
    assert list(ground["kind"]) == ["water", "green"]
    assert hectares(ground, "green") == pytest.approx(36 * unit, rel=0.01)


@pytest.mark.parametrize("edited", [False, True])
def test_railways_are_lines_and_those_under_ground_or_of_yards_are_left_out(town, edited):
    rail = {"railway": "rail"}
    ways = {
        20: ([20, 21, 22], rail), 21: ([22, 23], rail), 22: ([40, 41], rail | {"tunnel": "yes"}), 23: ([42, 43], rail | {"service": "yard"}),
        24: ([60, 61], rail | {"tunnel": "no"}), 25: ([62, 63], {"railway": "abandoned"}),
    }  # fmt: skip
    ground = town(ways, edited=edited)
    # the first two go on into each other
    assert list(ground["kind"]) == ["rail", "rail"]
    assert ground.geometry.length.round(-1).tolist() == pytest.approx([3 * 222, 6 * 111], abs=12)


def test_what_is_no_area_or_not_closed_in_the_extract_is_left_out(town):
    ways = {20: ([20, 21, 22], {"natural": "water"}), 21: ([*ring(4)[:-1], 99, 40], {"leisure": "park"})}
    assert len(town(ways)) == 0
    # a ring that crosses itself has no outline either
    crossed = {20: ([20, 22, 21, 23, 20], {"natural": "water"})}
    assert len(town(crossed)) == 0


def test_it_is_cut_to_the_bounds_of_the_area_and_small_shapes_go(town):
    ways = {20: (ring(6), {"landuse": "forest"})}
    whole = town(ways)
    west, south, east, north = whole.total_bounds
    street = shapely.Point(gpd.GeoSeries([shapely.Point(0.1, 0.0)], crs=4326).to_crs(CRS).iloc[0])
    half = shapely.union(shapely.box(west, south, (west + east) / 2, north), street.buffer(1)).envelope
    cut = town(ways, area=half)
    assert hectares(cut, "green") == pytest.approx(hectares(whole, "green") / 2, rel=0.01)
    assert half.buffer(0.01).covers(cut.geometry.iloc[0])
    # the least square that is drawn has sides of LEAST_BENDS bends; in a wide area bends are wider
    side = LEAST_BENDS * BEND_M / 111.3
    for factor, drawn in ((0.95, 0), (1.1, 1)):
        d = side * factor
        more = {90: (105, 5), 91: (105 + d, 5), 92: (105 + d, 5 + d), 93: (105, 5 + d)}
        assert len(town({20: ([90, 91, 92, 93, 90], {"natural": "water"})}, more=more)) == drawn
    # 120 km: bends of 30 m, sides of 180 m; 200 km: 50 m, 300 m; the lake has 222 m
    for reach, drawn in ((60_000, 1), (100_000, 0)):
        assert len(town({20: (ring(2), {"natural": "water"})}, area=street.buffer(reach).envelope)) == drawn


def test_layers_have_the_ground_that_stands_in_them(tmp_path):
    x, y = 500_000, 4_000_000
    street = {"highway": "residential", "geometry": shapely.LineString([(x, y), (x + 100, y)])}
    rail = {"railway": "rail", "geometry": shapely.LineString([(x, y), (x, y + 500)])}
    table = gpd.GeoDataFrame([street, rail], crs=CRS)
    table.to_file(tmp_path / "one.gpkg", layer="streets")
    assert list(read_streets(tmp_path / "one.gpkg", crs=CRS).ground["kind"]) == ["rail"]
    # as extracts of Geofabrik come: a layer a theme, the class in one column
    gpd.GeoDataFrame([{"fclass": "residential", "geometry": street["geometry"]}], crs=CRS).to_file(
        tmp_path / "city.gpkg", layer="roads"
    )
    lake, wood = shapely.box(x, y, x + 300, y + 300), shapely.box(x + 400, y, x + 700, y + 300)
    for layer, word, shape in (
        ("water_a", "reservoir", lake),
        ("landuse_a", "forest", wood),
        ("pois", "bank", wood),
    ):
        beside = gpd.GeoDataFrame([{"fclass": word, "code": "1", "geometry": shape}], crs=CRS)
        beside.to_file(tmp_path / "city.gpkg", layer=layer)
    found = read_streets(tmp_path / "city.gpkg", crs=CRS, layer="roads")
    assert list(found.ground["kind"]) == ["water", "green"]
    assert found.ground.geometry.area.tolist() == pytest.approx([9e4, 9e4])
    # a file of streets alone has none
    table[["highway", "geometry"]].to_file(tmp_path / "plain.gpkg")
    assert len(read_streets(tmp_path / "plain.gpkg", crs=CRS).ground) == 0


WORDS = ["", "no", "yes", "water", "park", "rail", "forest", "yard"]


@given(
    st.dictionaries(
        st.sampled_from(["natural", "leisure", "landuse", "railway", "tunnel", "service"]),
        st.sampled_from(WORDS),
    )
)
def test_nothing_unseen_and_only_known_words_are_ground(tags):
    kind = ground_kind(tags)
    assert kind in {"", "water", "green", "rail"}
    if kind:
        assert {tags.get("tunnel", ""), tags.get("service", "")} <= {"", "no"}
        assert {"water", "park", "rail", "forest"} & set(tags.values())


@pytest.mark.parametrize(
    ("name", "crs", "kinds"),
    [
        ("small_pbf/monaco_osrm.osm.pbf", "EPSG:32632", {"green", "rail"}),
        ("small_pbf/andorra.osm.pbf", "EPSG:32631", {"water", "green"}),
        ("las_palmas/las_palmas_2023_osm_20230221.osm.pbf", "EPSG:32628", {"water", "green"}),
    ],
)
def test_real_extracts_give_few_vertices(real, name, crs, kinds):
    ground = ground_of_osm(real(name), datum=None, crs=crs, area=None)
    GROUND.check(ground)
    assert set(ground["kind"]) == kinds
    assert ground.geometry.is_valid.all()
    assert shapely.get_num_coordinates(ground.geometry.array).sum() < 10_000


def test_the_order_of_ways_does_not_matter(osm_file):
    water = {20: (ring(4), {"natural": "water"})}
    kinds = []
    for ways in (STREET | water, water | STREET):
        path = osm_file({1: (100, 0), 2: (101, 0)} | CORNERS, ways)
        kinds.append(list(ground_of_osm(path, datum=None, crs=CRS, area=None)["kind"]))
    assert kinds == [["water"], ["water"]]
