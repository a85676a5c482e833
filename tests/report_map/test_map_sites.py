"""Siting on the map: sites of the adopted answer, candidates, isochrones; nothing of it where nothing was asked; offline."""

import dataclasses
import json
import re
import shutil
import subprocess

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from geoplan.report import look
from geoplan.report.compare.page import comparison_page
from geoplan.report.content import basemap
from geoplan.report.content.comparison import compare
from geoplan.report.content.packed import siting_layer as layer_of
from geoplan.report.content.sites import sites_table
from geoplan.report.look.codec import unpack_integers
from geoplan.report.webmap.map import map_page, payload, write_map
from geoplan.words.catalogue import phrase

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--window-size=1400,900", "--virtual-time-budget=3000",
]  # fmt: skip


def with_isochrones(outcome):
    own = outcome.sites[outcome.sites["question"] == "close_gap"]
    rows = [("eldercare", m, own.geometry.buffer(40 * m).union_all()) for m in (5.0, 10.0, 15.0)]
    table = gpd.GeoDataFrame(
        rows, columns=["service", "minutes", "geometry"], geometry="geometry", crs=outcome.crs
    )
    return dataclasses.replace(outcome, site_isochrones=table)


def siting_layer(outcome):
    return layer_of(basemap.BaseMap(outcome))


@pytest.fixture(scope="module")
def sited(by_hand):
    return with_isochrones(by_hand.with_sites(by_hand.make_outcome()))


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


def test_the_same_outcome_gives_the_same_bytes(by_hand, sited):
    again = with_isochrones(by_hand.with_sites(by_hand.make_outcome()))
    assert map_page(again) == map_page(sited)


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


def browse(path, folder, *, query="", script=""):
    """Return the page's DOM after `script` ran in it; fail on an uncaught error or a refused request."""
    if script:
        text = path.read_text(encoding="utf-8")
        path = path.with_name("acted.html")
        added = f"<script>setTimeout(() => {{{script}}}, 500)</script></html>"
        path.write_text(text.replace("</html>", added), encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "--dump-dom", path.as_uri() + query],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    assert "Uncaught" not in done.stderr, done.stderr
    assert "Refused to" not in done.stderr, done.stderr
    return done.stdout


def state(dom):
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', re.search(r"<body[^>]*>", dom).group()))


@pytest.fixture(scope="module")
def opened(sited, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites")
    write_map(sited, folder / "map.html")
    return folder


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
class TestBrowser:
    def test_it_opens_with_the_sites_numbered_and_the_candidates_off(self, opened):
        dom = browse(opened / "map.html", opened / "profile")
        assert state(dom)["sites"] == "4"
        assert "refused" not in state(dom)
        marks = re.findall(r'<div[^>]*class="leaflet-marker-icon gp-site[^"]*"[^>]*>(.*?)</div>', dom)
        assert [re.search(r">(\d)<", mark).group(1) for mark in marks] == ["1", "2", "3", "4"]
        assert ["gp-site-ring" in mark for mark in marks] == [False, False, True, False]
        toggles = re.findall(r'<label class="gp-toggle">(.*?)</label>', dom)
        assert [("规划点位" in t, "备选点位" in t) for t in toggles[:2]] == [(True, False), (False, True)]
        assert "leaflet-candidates-pane" in dom
        assert re.search(r'leaflet-candidates-pane"[^>]*></div>', dom)

    def test_a_link_opens_on_a_site_and_its_card(self, opened):
        dom = browse(opened / "map.html", opened / "profile", query="#site=3&show=candidates,siteisochrones")
        card = re.search(r'<div class="gp-picked gp-site-card">.*', dom).group()
        assert "意向区域1" in card
        assert phrase("sites_intent_note", "zh") in card
        assert re.search(r'leaflet-candidates-pane"[^>]*><canvas', dom)
        assert "gp-site-step" in re.search(r"<body[^>]*>", dom).group()

    def test_a_click_shows_a_card_the_button_closes_it_and_search_finds_a_site(self, opened):
        script = """
            const told = document.body.dataset, box = document.querySelector('.gp-search');
            const mark = document.querySelectorAll('.gp-site')[1], spot = mark.getBoundingClientRect();
            const at = { bubbles: true, clientX: spot.x + 8, clientY: spot.y + 8, view: window };
            for (const kind of ['mouseover', 'mousemove']) mark.dispatchEvent(new MouseEvent(kind, at));
            told.hover = getComputedStyle(document.querySelector('.gp-hover')).display;
            told.shown = document.querySelector('.gp-hover h3').textContent;
            mark.dispatchEvent(new MouseEvent('mouseout', at));
            told.gone = getComputedStyle(document.querySelector('.gp-hover')).display;
            mark.click();
            told.card = document.querySelector('.gp-site-card h2').textContent;
            document.querySelector('.gp-close').click();
            told.closed = String(!document.querySelector('.gp-site-card'));
            box.value = '原粮站';
            box.dispatchEvent(new Event('input'));
            told.hit = document.querySelector('.gp-hits .gp-name').firstChild.textContent;
            document.querySelector('.gp-layers-body input').click();
            told.left = String(document.querySelectorAll('.leaflet-marker-icon').length);
        """
        told = state(browse(opened / "map.html", opened / "profile", script=script))
        assert (told["hover"], told["shown"], told["gone"]) == ("block", "2 和平里原粮站", "none")
        assert (told["card"], told["closed"]) == ("2 和平里原粮站", "true")
        assert told["hit"] == "和平里原粮站"
        assert told["left"] == "0"

    def test_names_do_not_run(self, by_hand, tmp_path):
        nasty = with_isochrones(by_hand.with_sites(by_hand.make_outcome(lang="en", nasty=True)))
        write_map(nasty, tmp_path / "map.html")
        dom = browse(tmp_path / "map.html", tmp_path / "profile", query="#site=all&show=candidates")
        assert "<title>hacked" not in dom
        assert "<img" not in dom
        assert state(dom)["sites"] == "4"

    def test_a_comparison_draws_them_on_the_second_map_alone(self, outcome, sited, tmp_path):
        (tmp_path / "compare.html").write_text(comparison_page(compare(outcome, sited)), encoding="utf-8")
        dom = browse(tmp_path / "compare.html", tmp_path / "profile")
        assert state(dom)["sites"] == "0 4"
        assert dom.count('class="leaflet-marker-icon gp-site') == 4


def test_many_sites_share_the_last_colours(sited):
    own = sited.sites[sited.sites["question"] == "close_gap"]
    many = own.iloc[np.arange(12) % 4].copy()
    many["order"], many["phase"] = range(1, 13), [2025.0 + k for k in range(12)]
    many.index = [f"close_gap/{k}" for k in range(1, 13)]
    many["geometry"] = [Point(528_100 + 10 * k, 3_385_100) for k in range(12)]
    layer = siting_layer(dataclasses.replace(sited, sites=many))
    assert [site["phase"] for site in layer["sites"]] == list(range(12))
    assert {phase["colour"] for phase in layer["phases"][3:]} == {look.SITE_COLOURS[-1]}
