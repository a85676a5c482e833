"""The map's page: one file, nothing fetched, the same bytes, every zone once, figures and sites equal to the tables, shapes packed small."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from report_town import BEDS, NASTY
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from geoplan.report import look
from geoplan.report.compare.page import comparison_page
from geoplan.report.content import basemap
from geoplan.report.content import packed as map_layers
from geoplan.report.content.comparison import compare
from geoplan.report.content.packed import siting_layer as layer_of
from geoplan.report.content.sites import sites_table
from geoplan.report.look import offline
from geoplan.report.look.codec import (
    STEPS,
    pack_integers,
    pack_lines,
    pack_points,
    pack_polygons,
    unpack_integers,
)
from geoplan.report.webmap.map import DATA_ID, map_page, payload
from geoplan.words.errors import OutputError
from geoplan.words.numbers import format_number


class Page(HTMLParser):
    """Collects tags with their attributes, and the text of scripts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.scripts, self.title, self._in = [], {}, "", None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in = (tag, dict(attrs).get("id"))

    def handle_endtag(self, _tag):
        self._in = None

    def handle_data(self, data):
        if self._in and self._in[0] == "script":
            self.scripts[self._in[1]] = self.scripts.get(self._in[1], "") + data
        if self._in and self._in[0] == "title":
            self.title += data


@pytest.fixture(scope="module")
def page(outcome):
    return map_page(outcome)


@pytest.fixture(scope="module")
def data(outcome):
    return payload(outcome)


def test_nothing_is_fetched(page):
    parsed = Page(page)
    fetching = {"link", "iframe", "object", "embed", "img", "audio", "video", "source"}
    assert [tag for tag, _ in parsed.tags if tag in fetching] == []
    assert [attrs for _, attrs in parsed.tags if {"src", "href", "srcset"} & attrs.keys()] == []
    assert re.findall(r"url\((?!data:|#)[^)]*\)", page) == []
    assert "@import" not in page
    assert "sourceMappingURL" not in page
    policies = [a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [offline.POLICY]
    assert "default-src 'none'" in offline.POLICY
    assert "http" not in offline.POLICY
    # what addresses remain are names of XML spaces, Leaflet's own credit and comments; none is a request
    hosts = set(re.findall(r"https?://([\w.-]+)", page))
    assert hosts <= {"www.w3.org", "leafletjs.com"}


def test_every_zone_stands_once_and_has_one_polygon(outcome, data):
    zones = data["zones"]
    assert zones["id"] == list(outcome.zones.index)
    assert unpack_integers(zones["shape"]["parts"]) == [1] * len(outcome.zones)
    text = json.dumps(data, ensure_ascii=False)
    for zone_id in outcome.zones.index:
        assert text.count(json.dumps(zone_id)) == 1


def views_of(data, subject):
    return [view for view in data["views"] if view["subject"] == subject]


def column_of(view, key):
    return next(column for column in view["columns"] if column["key"] == key)


def test_flags_equal_the_table(outcome, data):
    views = views_of(data, "flags")
    assert [view["key"] for view in views] == list(dict.fromkeys(outcome.flags["rule_id"]))
    for view in views:
        rows = outcome.flags[outcome.flags["rule_id"] == view["key"]]
        assert [data["zones"]["id"][z] for z in view["zone"]] == list(rows["zone_id"])
        assert view["of"] == [2 if pd.isna(v) else 0 if v else 1 for v in rows["flagged"]]
        short = column_of(view, "shortfall")["low"]
        # only what is flagged has a shortfall to print
        assert [v is not None for v in short] == [k == 0 for k in view["of"]]
        assert sum(v or 0 for v in short) == rows["shortfall"].sum()


def test_an_open_interval_stays_open_and_has_no_class(data):
    place = data["zones"]["id"].index("community/C05")
    for view in (v for v in data["views"] if v["key"] == BEDS and v["group"] != "属地供给"):
        row = view["zone"].index(place)
        reach = column_of(view, "reachable")
        assert (reach["low"][row], reach["high"][row]) == (0, "∞")
        assert view["of"][row] == len(view["classes"]) - 1
        assert view["classes"][-1]["hatch"]


def test_supply_has_the_classes_of_every_output(outcome, data):
    view = next(v for v in views_of(data, "supply") if v["key"] == BEDS and v["group"] == "可达供给")
    rows = outcome.flags[outcome.flags["rule_id"] == BEDS]
    wanted = look.supply_scale(50).classes(rows["reachable_low"]).tolist()
    # an interval has a class where both its ends lie in it
    closed = wanted == look.supply_scale(50).classes(rows["reachable_high"].clip(upper=1e6))
    assert view["of"] == [k if known else 5 for k, known in zip(wanted, closed, strict=True)]
    assert [c["text"] for c in view["classes"][:-1]] == list(look.supply_scale(50).texts)


def test_shares_equal_the_table(outcome, data):
    whole = outcome.circle[outcome.circle["kind"] == ""]
    for view in views_of(data, "share"):
        service, measure = view["key"].split("/")
        rows = whole[(whole["service"] == service) & (whole["measure"] == measure)]
        assert column_of(view, "share")["low"] == pytest.approx(rows["share"].to_list(), abs=6e-8)
        assert len(set(view["zone"])) == len(view["zone"]) == len(outcome.zones)


def test_figures_of_the_panel_count_judged_and_unknown_apart(outcome, data):
    view = next(v for v in views_of(data, "flags") if v["key"] == BEDS)
    own = outcome.flags[
        (outcome.flags["rule_id"] == BEDS) & outcome.flags["zone_id"].str.startswith("community")
    ]
    short = own[own["flagged"].fillna(value=False)]
    told = {figure["name"]: figure for figure in view["figures"]["community"]}
    assert told["短板社区（村） / 已判定"]["value"] == f"{len(short)} / 8（另 4 个数据不足）"
    assert told["短板社区（村） / 已判定"]["caveats"] == ["按社区测算，非规划考核口径"]
    assert told["涉及人数"]["value"] == format_number(short["people_affected"].sum(), "count")
    assert told["缺口合计（不抵扣富余）"]["value"] == format_number(short["shortfall"].sum(), "count")
    # nothing flagged is 0 short; nothing known is nothing flagged, and not 0 of 12
    calm = outcome.flags.assign(flagged=pd.array([False] * len(outcome.flags), dtype="boolean"))
    calm = payload(dataclasses.replace(outcome, flags=calm))
    first = next(v for v in views_of(calm, "flags") if v["key"] == BEDS)["figures"]["community"]
    assert [figure["value"] for figure in first] == ["0 / 12", "0", "0"]
    unknown = outcome.flags.assign(flagged=pd.array([pd.NA] * len(outcome.flags), dtype="boolean"))
    none = payload(dataclasses.replace(outcome, flags=unknown))
    first = next(v for v in views_of(none, "flags") if v["key"] == BEDS)["figures"]["community"]
    assert [figure["value"] for figure in first] == ["数据不足（12 个）", "数据不足", "数据不足"]


def test_dots_sum_to_the_people_outside(outcome, data):
    area = outcome.circle[(outcome.circle["zone_id"] == "area/area") & (outcome.circle["kind"] == "")]
    for place, service in enumerate(outcome.services):
        row = area[(area["service"] == service) & (area["measure"] == "network")].iloc[0]
        assert sum(unpack_integers(data["outside"][place]["people"])) / 10 == pytest.approx(row["outside"])


def test_members_equal_the_table(outcome, data):
    view = views_of(data, "members")[0]
    rows = outcome.members[outcome.members["rule_id"] == view["key"]]
    assert view["of"].count(1) == int(rows["has"].fillna(False).sum())
    assert view["of"].count(2) == int(rows["has"].isna().sum())
    finding = view["figures"]["community"][0]
    assert finding["value"] == "未达标"
    assert finding["caveats"][0].startswith(
        "现状值（测算） 25.0%–33.3%，目标值 ≥50.0%，缺口 2 处"
    )  # 3 or 4 of 12


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
    assert sum(unpack_integers(major["n"])) > 0
    lines = len(unpack_integers(minor["n"])) + len(unpack_integers(major["n"]))
    assert 0 < lines <= len(outcome.streets)


def test_names_cannot_leave_their_place(nasty):
    text = map_page(nasty)
    parsed = Page(text)
    assert NASTY not in text
    assert "<img" not in text.lower()
    assert parsed.title == nasty.name
    back = json.loads(parsed.scripts[DATA_ID])
    assert back["zones"]["name"] == list(nasty.zones["name"])
    assert back["title"] == nasty.name
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
    assert unpack_integers(pack_integers(values)) == values


def points_of(text):
    steps = np.array(unpack_integers(text)).reshape(-1, 2).cumsum(axis=0)
    return (steps / STEPS).tolist()


def test_points_by_hand():
    assert points_of(pack_points(np.array([[114.3, 30.5], [114.30001, 30.49999]]))) == [
        [114.3, 30.5],
        [114.30001, 30.49999],
    ]


def test_vertices_that_fall_together_are_dropped_but_lines_stay_apart():
    lines = np.array([LineString([(0, 0), (0, 1e-7), (1, 1)]), LineString([(1, 1), (2, 2)])])
    packed = pack_lines(lines)
    assert unpack_integers(packed["n"]) == [2, 2]
    assert points_of(packed["xy"]) == [[0, 0], [1, 1], [1, 1], [2, 2]]


def unpack_polygons(packed):
    """Rows -> Polygons, one ring after the other."""
    parts, rings, counts = (unpack_integers(packed[key]) for key in ("parts", "rings", "n"))
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
    back = unpack_polygons(pack_polygons(given_shapes))
    assert [len(shape.geoms) for shape in back] == [1, 0, 2, 0, 0]
    assert back[0].equals(hole)
    assert back[2].equals(two)


def test_no_lines_at_all():
    assert pack_lines(np.array([], dtype=object)) == {"n": "", "xy": ""}


def test_quantisation_moves_nothing_by_more_than_a_metre(outcome):
    degrees = outcome.zones.geometry.to_crs("EPSG:4326")
    back = gpd.GeoSeries(unpack_polygons(pack_polygons(degrees)), crs="EPSG:4326").to_crs(outcome.crs)
    far = shapely.hausdorff_distance(np.asarray(back.array), np.asarray(outcome.zones.geometry.array))
    assert far.max() < 1.0


def siting_layer(outcome):
    return layer_of(basemap.BaseMap(outcome))


@pytest.fixture(scope="module")
def layer(sited):
    return siting_layer(sited)


def test_nothing_is_there_where_nothing_was_asked(outcome):
    assert "siting" not in payload(outcome)
    assert [word for word in payload(outcome)["words"] if "sit" in word] == []
    page = map_page(outcome)
    for word in ("startSites", "gp-site", "规划点位", "备选点位", "意向区域"):
        assert word not in page


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
    assert len(unpack_integers(layer["candidates"]["xy"])) == 2 * len(left)
    note = layer["candidates"]["notes"][list(left.index).index("generated/grid#2")]
    assert note.startswith("意向区域")
    assert "禁选" in layer["candidates"]["notes"][list(left["rule"]).index("forbidden")]


def test_no_more_candidates_are_drawn_than_the_limit_and_the_total_is_kept(sited, monkeypatch):
    monkeypatch.setattr(basemap, "MOST_CANDIDATES", 4)
    few = siting_layer(sited)["candidates"]
    assert (few["total"], len(few["names"])) == (6, 4)
    assert len(unpack_integers(few["xy"])) == 8
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


def test_a_comparison_has_the_sites_on_their_own_side(outcome, sited):
    page = comparison_page(compare(outcome, sited))
    data = json.loads(re.search(r'id="geoplan-data"[^>]*>(.*?)</script>', page, re.DOTALL).group(1))
    assert data["siting"][0] is None
    assert len(data["siting"][1]["sites"]) == 4
    assert "siting" not in comparison_page(compare(outcome, outcome))


def test_sites_that_are_built_in_the_second_result_are_drawn_there(outcome, sited):
    data = [None, None]
    built = outcome.facilities.iloc[[0]].assign(name="和平里原粮站")
    built.index = ["close_gap/2"]
    after = dataclasses.replace(outcome, facilities=pd.concat([outcome.facilities, built]))
    for place, other in enumerate((outcome, after)):
        page = comparison_page(compare(sited, other))
        data[place] = json.loads(
            re.search(r'id="geoplan-data"[^>]*>(.*?)</script>', page, re.DOTALL).group(1)
        )
    assert [side is not None for side in data[0]["siting"]] == [True, False]
    assert [side is not None for side in data[1]["siting"]] == [False, True]


# --- in the browser -------------------------------------------------------------------------------------------------


def test_many_sites_share_the_last_colours(sited):
    own = sited.sites[sited.sites["question"] == "close_gap"]
    many = own.iloc[np.arange(12) % 4].copy()
    many["order"], many["phase"] = range(1, 13), [2025.0 + k for k in range(12)]
    many.index = [f"close_gap/{k}" for k in range(1, 13)]
    many["geometry"] = [Point(528_100 + 10 * k, 3_385_100) for k in range(12)]
    layer = siting_layer(dataclasses.replace(sited, sites=many))
    assert [site["phase"] for site in layer["sites"]] == list(range(12))
    assert {phase["colour"] for phase in layer["phases"][3:]} == {look.SITE_COLOURS[-1]}
