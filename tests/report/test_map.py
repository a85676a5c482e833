"""The map's page: one file, nothing fetched, the same bytes, every zone once, figures and sites equal to the tables, shapes packed small."""

import dataclasses
import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from printed import Page
from report_town import BEDS, CIRCLE_C, CIRCLE_E, PLACES
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from geoplan.pipeline.gather import ground_shapes
from geoplan.report import look
from geoplan.report.compare.page import comparison_page
from geoplan.report.content import basemap
from geoplan.report.content import packed as map_layers
from geoplan.report.content.comparison import compare
from geoplan.report.content.packed import siting_layer as layer_of
from geoplan.report.content.sites import sites_table
from geoplan.report.look import codec, offline
from geoplan.report.webmap.map import DATA_ID, map_page, payload
from geoplan.tables import GRADES, GROUND, Tiles
from geoplan.words.errors import OutputError


@pytest.fixture(scope="module")
def data(outcome):
    return payload(outcome)


def test_every_zone_stands_once_and_has_one_polygon(outcome, data):
    zones = data["zones"]
    assert zones["id"] == list(outcome.zones.index)
    assert codec.unpack_integers(zones["shape"]["parts"]) == [1] * len(outcome.zones)
    text = json.dumps(data, ensure_ascii=False)
    for zone_id in outcome.zones.index:
        assert text.count(json.dumps(zone_id)) == 1


def views_of(data, subject):
    return [view for view in data["views"] if view["subject"] == subject]


def column_of(view, key):
    return next(column for column in view["columns"] if column["key"] == key)


def test_an_open_interval_stays_open_and_has_no_class(data):
    place = data["zones"]["id"].index("community/C05")
    for view in (v for v in data["views"] if v["key"] == BEDS and v["group"] != "属地供给"):
        row = view["zone"].index(place)
        reach = column_of(view, "reachable")
        assert (reach["low"][row], reach["high"][row]) == (0, "∞")
        assert view["of"][row] == len(view["classes"]) - 1
        assert view["classes"][-1]["hatch"]


def test_views_hold_the_rows_and_classes_of_their_tables(outcome, data):
    flags = views_of(data, "flags")
    # beds are for reference in communities: they stand behind what is a flag, and say so
    assert [view["key"] for view in flags] == [PLACES, CIRCLE_E, "study.circle_eldercare", CIRCLE_C, BEDS]
    assert flags[-1]["title"] == "每千名老人养老床位(张)（参考）"
    codes = [*GRADES, "mean_met", "not_flagged", "unknown"]
    assert [each["text"] for each in flags[0]["classes"]] == [
        "无（0）", "严重不足（＜33%）", "不足（＜67%）", "轻度不足（＜90%）", "接近达标", "均值达标、覆盖不足", "非短板", "数据不足",
    ]  # fmt: skip
    # C03 reaches 0.82 of the standard, C04 0.37, C05 0.97, C09 0.18 and C10 nothing; T1 to T4 follow
    assert [codes[place] for place in flags[0]["of"]][:12] == [
        "not_flagged", "not_flagged", "slight", "short", "near", "short", "slight", "slight", "severe", "none", "short", "short",
    ]  # fmt: skip
    # nothing is known of what towns and districts have where a home of unknown size stands
    assert [codes[place] for place in flags[-1]["of"]][12:] == [
        "not_flagged", "severe", "unknown", "none", "not_flagged", "unknown",
    ]  # fmt: skip
    for view in flags:
        rows = outcome.flags[outcome.flags["rule_id"] == view["key"]]
        assert [data["zones"]["id"][z] for z in view["zone"]] == list(rows["zone_id"])
        found = [codes[place] for place in view["of"]]
        wanted = zip(rows["grade"], rows["state"], strict=True)
        assert found == [grade if state == "flagged" else state for grade, state in wanted]
        assert [code in GRADES for code in found] == rows["flagged"].fillna(value=False).tolist()
        # only what is flagged has a shortfall to print
        assert [v is not None for v in column_of(view, "shortfall")["low"]] == [
            code in GRADES for code in found
        ]
    whole = outcome.circle[outcome.circle["kind"] == ""]
    for view in views_of(data, "share"):
        service, measure = view["key"].split("/")
        rows = whole[(whole["service"] == service) & (whole["measure"] == measure)]
        assert column_of(view, "share")["low"] == pytest.approx(rows["share"].to_list(), abs=6e-8)
        assert len(set(view["zone"])) == len(view["zone"]) == len(outcome.zones)
    view = views_of(data, "members")[0]
    rows = outcome.members[outcome.members["rule_id"] == view["key"]]
    assert [view["of"].count(k) for k in (1, 2)] == [
        rows["has"].fillna(False).sum(),
        rows["has"].isna().sum(),
    ]
    finding = view["figures"]["community"][0]
    assert finding["value"] == "未达标"
    # 3 or 4 of 12
    assert finding["caveats"][0].startswith("现状值（测算） 25.0%–33.3%，目标值 ≥50.0%，缺口 2 处")


def test_supply_has_the_classes_of_every_output(outcome, data):
    view = next(v for v in views_of(data, "supply") if v["key"] == BEDS and v["group"] == "可达供给")
    rows = outcome.flags[outcome.flags["rule_id"] == BEDS]
    wanted = look.supply_scale(50).classes(rows["reachable_low"]).tolist()
    # an interval has a class where both its ends lie in it
    closed = wanted == look.supply_scale(50).classes(rows["reachable_high"].clip(upper=1e6))
    assert view["of"] == [k if known else 5 for k, known in zip(wanted, closed, strict=True)]
    assert [c["text"] for c in view["classes"][:-1]] == list(look.supply_scale(50).texts)


def test_dots_sum_to_the_people_outside(outcome, data):
    area = outcome.circle[(outcome.circle["zone_id"] == "area/area") & (outcome.circle["kind"] == "")]
    for place, service in enumerate(outcome.services):
        row = area[(area["service"] == service) & (area["measure"] == "network")].iloc[0]
        assert sum(codec.unpack_integers(data["outside"][place]["people"])) / 10 == pytest.approx(
            row["outside"]
        )


def test_facilities_without_a_point_or_closed_are_not_marks_but_the_unplaced_are_listed(outcome, data):
    names = data["facilities"]["name"]
    assert "停用养老院" not in names
    assert "无坐标养老院" not in names
    assert [line.split(" · ")[0] for line in data["unplaced"]] == ["无坐标养老院", "坐标有误托育园"]
    later = outcome.facilities.copy()
    later.loc["eldercare_register.xlsx#2", ["status", "location_quality"]] = ["building", "approximate"]
    drawn = payload(dataclasses.replace(outcome, facilities=later))["facilities"]
    assert drawn["about"][names.index("江城颐养院")] == "养老机构 · 在建 · 按名称匹配（近似）"
    hollow = [n for n, status in zip(names, drawn["status"], strict=True) if status != "existing"]
    assert hollow == ["江城颐养院"]


def test_marks_grow_with_capacity(data):
    radius = dict(zip(data["facilities"]["name"], data["facilities"]["radius"], strict=True))
    assert radius["学府社区养老服务站"] < radius["和平托育园"] < radius["江城颐养院"]  # 10, 25 and 120


def test_the_widest_isochrone_comes_first_so_that_nearer_bands_are_drawn_above(data):
    assert [(e["service"], e["minutes"]) for e in data["isochrones"]] == [
        (0, 15.0), (0, 10.0), (0, 5.0), (1, 15.0), (1, 10.0), (1, 5.0),
    ]  # fmt: skip


def test_streets_are_two_merged_sheets(outcome, data):
    minor, major = data["streets"]
    assert sum(codec.unpack_integers(major["n"])) > 0
    lines = len(codec.unpack_integers(minor["n"])) + len(codec.unpack_integers(major["n"]))
    assert 0 < lines <= len(outcome.streets)
    # a line across a square is walked, and no street
    across = outcome.streets.iloc[[0]].assign(
        highway="square", geometry=[shapely.LineString([(0, 0), (900, 900)])]
    )
    drawn = basemap.BaseMap(
        dataclasses.replace(outcome, streets=pd.concat([outcome.streets, across]))
    ).streets
    assert [len(sheet) for sheet in drawn] == [len(sheet) for sheet in basemap.BaseMap(outcome).streets]


def test_names_cannot_leave_their_place(nasty):
    parsed = Page(map_page(nasty))
    back = json.loads(parsed.scripts[DATA_ID])
    assert (parsed.title, back["title"]) == (nasty.name, nasty.name)
    assert back["zones"]["name"] == list(nasty.zones["name"])
    assert sum(tag == "script" for tag, _ in parsed.tags) == 4  # folium's switches, Leaflet, data, ours


def test_our_scripts_set_text_and_never_markup():
    code = offline.bundle("map.js", "sites.js", "compare.js")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|bindTooltip|bindPopup", code
    )


def test_a_facility_of_the_halo_says_that_it_lies_outside(data):
    told = dict(zip(data["facilities"]["name"], data["facilities"]["about"], strict=True))
    assert told.pop("城西养老院").endswith("区外，参与计算")
    assert not any("区外" in text for text in told.values())


def test_a_missing_leaflet_says_what_to_install(monkeypatch):
    found = offline.resources.files

    def absent(name):
        if name == "js_lib_leaflet":
            raise ModuleNotFoundError(name)
        return found(name)

    monkeypatch.setattr(offline.resources, "files", absent)
    offline.leaflet.cache_clear()
    with pytest.raises(OutputError, match="django-js-lib-leaflet"):
        offline.leaflet()
    monkeypatch.undo()
    offline.leaflet.cache_clear()


def test_numbers_for_the_script():
    values = [1.0, 0.12345, None, float("inf"), pd.NA]
    assert map_layers.numbers(values, 4) == [1, 0.1235, None, "∞", None]


EDGES = st.sampled_from([0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8193, 2**31, -(2**40)])


@given(st.lists(EDGES))
def test_integers_come_back(values):
    assert codec.unpack_integers(codec.pack_integers(values)) == values


def points_of(text):
    steps = np.array(codec.unpack_integers(text)).reshape(-1, 2).cumsum(axis=0)
    return (steps / codec.STEPS).tolist()


def test_vertices_that_fall_together_are_dropped_but_lines_stay_apart():
    lines = np.array([LineString([(0, 0), (0, 1e-7), (1, 1)]), LineString([(1, 1), (2, 2)])])
    packed = codec.pack_lines(lines)
    assert codec.unpack_integers(packed["n"]) == [2, 2]
    assert points_of(packed["xy"]) == [[0, 0], [1, 1], [1, 1], [2, 2]]


def unpack_polygons(packed):
    """Rows -> Polygons, one ring after the other."""
    parts, rings, counts = (codec.unpack_integers(packed[key]) for key in ("parts", "rings", "n"))
    points = points_of(packed["xy"])
    rows, at, ring, part = [], 0, 0, 0
    for number in parts:
        polygons = []
        for _ in range(number):
            own = []
            for _ in range(rings[part]):
                own.append(points[at : at + counts[ring]])
                at, ring = at + counts[ring], ring + 1
            polygons.append(Polygon(own[0], own[1:]))
            part += 1
        rows.append(MultiPolygon(polygons))
    return rows


def test_polygons_with_holes_parts_and_none_come_back():
    hole = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    two = MultiPolygon([hole, Polygon([(5, 5), (6, 5), (6, 6)])])
    given_shapes = gpd.GeoSeries([hole, None, two, Point(0, 0), Polygon()])
    back = unpack_polygons(codec.pack_polygons(given_shapes))
    assert [len(shape.geoms) for shape in back] == [1, 0, 2, 0, 0]
    assert back[0].equals(hole)
    assert back[2].equals(two)
    assert codec.pack_lines(np.array([], dtype=object)) == {"n": "", "xy": ""}


def test_quantisation_moves_nothing_by_more_than_a_metre(outcome):
    degrees = outcome.zones.geometry.to_crs("EPSG:4326")
    back = gpd.GeoSeries(unpack_polygons(codec.pack_polygons(degrees)), crs="EPSG:4326").to_crs(outcome.crs)
    far = shapely.hausdorff_distance(np.asarray(back.array), np.asarray(outcome.zones.geometry.array))
    assert far.max() < 1.0


def siting_layer(outcome):
    return layer_of(basemap.BaseMap(outcome))


@pytest.fixture(scope="module")
def layer(sited):
    return siting_layer(sited)


def test_the_sites_are_those_of_the_adopted_answer_at_their_places(sited, layer):
    own = sited.sites[sited.sites["question"] == "close_gap"]
    assert [site["order"] for site in layer["sites"]] == [1, 2, 3, 4]
    assert [site["name"] for site in layer["sites"]] == list(own["name"])
    degrees = own.geometry.to_crs("EPSG:4326")
    for site, point in zip(layer["sites"], degrees, strict=True):
        assert site["at"] == pytest.approx([point.y, point.x], abs=1e-6)
    assert [(phase["name"], phase["sites"]) for phase in layer["phases"]] == [
        ("至2025年", 2),
        ("至2030年", 2),
    ]
    assert [site["phase"] for site in layer["sites"]] == [0, 0, 1, 1]
    assert "现状 111 张，方案实施后 1 张" in layer["told"][1]
    assert layer["told"][1].endswith("已验证最优")


def test_a_card_says_what_the_table_of_sites_says(sited, layer):
    table = sites_table(sited).to(2)
    for site, row in zip(layer["sites"], table.texts("zh"), strict=True):
        wanted = dict(zip([column.header for column in table.columns], row, strict=True))
        assert all(wanted[header] == text for header, text in site["lines"])
    first = dict(map(tuple, layer["sites"][0]["lines"]))
    assert (first["建设性质"], first["投资估算（万元）"], first["边际新增"]) == ("改扩建", "383", "39")


def test_a_generated_site_is_an_area_of_intent_without_address(sited):
    sites = sited.sites.copy()
    sites.loc[sites["generated"], "place"] = "假地址8号"
    layer = siting_layer(dataclasses.replace(sited, sites=sites))
    assert [site["generated"] for site in layer["sites"]] == [0, 0, 1, 0]
    assert layer["sites"][2]["place"] == "意向区域：南湖社区"
    assert "假地址" not in json.dumps(layer, ensure_ascii=False)


def test_candidates_are_those_not_chosen(sited, layer):
    chosen = set(sited.sites.loc[sited.sites["question"] == "close_gap", "candidate_id"])
    left = sited.candidates[~sited.candidates.index.isin(chosen)]
    assert layer["candidates"]["total"] == len(left) == 6
    assert layer["candidates"]["names"] == list(left["name"])
    assert len(codec.unpack_integers(layer["candidates"]["xy"])) == 2 * len(left)
    note = layer["candidates"]["notes"][list(left.index).index("generated/grid#2")]
    assert note.startswith("意向区域")
    assert "禁选" in layer["candidates"]["notes"][list(left["rule"]).index("forbidden")]


def test_no_more_candidates_are_drawn_than_the_limit_and_the_total_is_kept(sited, monkeypatch):
    monkeypatch.setattr(basemap, "MOST_CANDIDATES", 4)
    few = siting_layer(sited)["candidates"]
    assert (few["total"], len(few["names"])) == (6, 4)
    assert len(codec.unpack_integers(few["xy"])) == 8
    # evenly: the first and the last of the table are among them
    left = [name for name in sited.candidates["name"] if name not in {"长青路闲置厂房", "和平里原粮站"}]
    assert few["names"][-1] == left[-1]


def test_places_without_a_point_are_not_drawn(sited):
    sites, candidates = sited.sites.copy(), sited.candidates.copy()
    sites.loc["close_gap/2", "geometry"] = None
    candidates.loc[candidates["rule"] == "forbidden", "geometry"] = None
    layer = siting_layer(dataclasses.replace(sited, sites=sites, candidates=candidates))
    assert [site["order"] for site in layer["sites"]] == [1, 3, 4]
    assert layer["candidates"]["total"] == 5


def test_isochrones_are_the_widest_first(layer):
    assert [entry["minutes"] for entry in layer["isochrones"]] == [15.0, 10.0, 5.0]
    assert {entry["label"] for entry in layer["isochrones"]} == {"养老服务"}


def test_no_adopted_answer_draws_no_site(sited):
    own = dataclasses.replace(sited, answers=sited.answers.assign(adopted=False))
    layer = siting_layer(own)
    assert layer["sites"] == []
    assert layer["title"] == "各选址问题均未形成可采用的方案"
    assert layer["candidates"]["total"] == len(sited.candidates)


def test_a_dark_disc_has_a_light_number_and_edge():
    def light(colour):
        return sum(int(colour[k : k + 2], 16) for k in (1, 3, 5)) / 765

    shades = [light(colour) for colour in look.SITE_COLOURS]
    assert shades == sorted(shades)
    for place, colour in enumerate(look.SITE_COLOURS):
        assert abs(light(look.site_ink(place)) - light(colour)) > 0.3
        assert abs(light(look.site_edge(place)) - light(colour)) > 0.3


def test_a_comparison_has_the_sites_on_their_own_side_or_where_they_are_built(outcome, sited):
    built = outcome.facilities.iloc[[0]].assign(name="和平里原粮站")
    built.index = ["close_gap/2"]
    after = dataclasses.replace(outcome, facilities=pd.concat([outcome.facilities, built]))
    for pair, sides in (
        ((outcome, sited), [False, True]), ((sited, outcome), [True, False]), ((sited, after), [False, True]),
    ):  # fmt: skip
        siting = json.loads(Page(comparison_page(compare(*pair))).scripts[DATA_ID])["siting"]
        assert [side is not None for side in siting] == sides
        assert len(next(filter(None, siting))["sites"]) == 4
    assert "siting" not in json.loads(Page(comparison_page(compare(outcome, outcome))).scripts[DATA_ID])


def test_many_sites_share_the_last_colours(sited):
    own = sited.sites[sited.sites["question"] == "close_gap"]
    many = own.iloc[np.arange(12) % 4].copy()
    many["order"], many["phase"] = range(1, 13), [2025.0 + k for k in range(12)]
    many.index = [f"close_gap/{k}" for k in range(1, 13)]
    many["geometry"] = [Point(528_100 + 10 * k, 3_385_100) for k in range(12)]
    layer = siting_layer(dataclasses.replace(sited, sites=many))
    assert [site["phase"] for site in layer["sites"]] == list(range(12))
    assert {phase["colour"] for phase in layer["phases"][3:]} == {look.SITE_COLOURS[-1]}


TILES = Tiles("https://maps.example:8443/{z}/{x}/{y}.png", "某测绘院", 17)


def policy_of(page):
    return re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)


def test_without_tiles_the_page_may_ask_no_server(outcome):
    page = map_page(outcome)
    assert policy_of(page) == offline.POLICY
    assert "http" not in policy_of(page)


def test_with_tiles_it_may_ask_for_images_of_just_that_server(outcome):
    page = map_page(dataclasses.replace(outcome, tiles=TILES))
    told = dict(part.split(" ", 1) for part in policy_of(page).split("; "))
    assert told.pop("img-src") == "data: blob: https://maps.example:8443"
    assert "http" not in " ".join(told.values())
    data = json.loads(Page(page).scripts[DATA_ID])
    assert data["tiles"] == {"address": TILES.address, "max_zoom": 17}
    assert data["credits"].endswith("某测绘院")


def test_images_of_an_archive_lie_in_the_page_which_asks_no_server(outcome):
    images = {"9/1/2": "data:image/png;base64,AAAA"}
    page = map_page(dataclasses.replace(outcome, tiles=Tiles("a.pmtiles", "甲", 9, 8, images)))
    assert policy_of(page) == offline.POLICY
    data = json.loads(Page(page).scripts[DATA_ID])
    assert data["tiles"] == {"images": images, "min_zoom": 8, "max_zoom": 9}


def test_a_map_prints_its_approval_number_or_that_it_is_for_internal_use(outcome):
    assert payload(outcome)["review"] == "内部用图"
    assert payload(dataclasses.replace(outcome, review_no="GS(2025)1号"))["review"] == "审图号：GS(2025)1号"
    assert payload(dataclasses.replace(outcome, lang="en"))["review"] == "Internal use"


def test_water_and_barriers_of_the_inputs_lie_beneath(outcome):
    west, south, _, _ = outcome.zones.total_bounds
    shapes = [
        shapely.box(west, south, west + 500, south + 200),
        LineString([(west, south), (west + 900, south)]),
    ]
    barriers = gpd.GeoSeries([*shapes, Point(0, 0)], crs=outcome.crs)
    rail = LineString([(west, south), (west, south + 900), (west + 900, south + 900)])
    of_streets = gpd.GeoDataFrame(
        {"kind": ["green", "rail"]}, geometry=[shapes[0].buffer(9), rail], crs=outcome.crs
    )
    ground = ground_shapes(barriers, of_streets, outcome.zones)
    assert list(ground["kind"]) == ["green", "rail", "water", "barrier"]
    GROUND.check(ground)
    drawn = payload(dataclasses.replace(outcome, ground=ground))["ground"]
    assert [(own["kind"], own["colour"]) for own in drawn] == [
        (kind, style.colour) for kind, style in look.GROUND_STYLES.items()
    ]
    green, water, rail, barrier = (own["shape"] for own in drawn)
    assert [codec.unpack_integers(own["parts"]) for own in (green, water)] == [[1], [1]]
    assert [codec.unpack_integers(own["n"]) for own in (rail, barrier)] == [[3], [2]]


@pytest.mark.parametrize("barriers", [None, gpd.GeoSeries([Point(9e6, 9e6).buffer(5)], crs="EPSG:4547")])
def test_without_barriers_nearby_there_is_no_ground(outcome, barriers):
    own = None if barriers is None else barriers.set_crs(outcome.crs, allow_override=True)
    ground = ground_shapes(own, GROUND.empty_shapes(), outcome.zones)
    assert len(ground) == 0
    GROUND.check(ground)
    assert payload(dataclasses.replace(outcome, ground=ground))["ground"] == []
