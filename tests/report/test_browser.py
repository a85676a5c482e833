"""Map and comparison in headless Chromium, without a network: they open, draw, fetch nothing, and run no name as code."""

import dataclasses
import re
import subprocess

import numpy as np
import pytest
import rasterio
from printed import CHROMIUM
from report_town import PLACES
from tile_archive import write_archive

from geoplan.inputs.tiles import _places, read_tiles
from geoplan.report import look
from geoplan.report.compare.page import comparison_page
from geoplan.report.content.comparison import compare
from geoplan.report.content.headline import flag_figures
from geoplan.report.content.names import Names
from geoplan.report.content.table import cell_text
from geoplan.report.folder.save import write_comparison
from geoplan.report.webmap.map import write_map
from geoplan.tables import Tiles
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_number

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1400,900", "--virtual-time-budget=3000",
]  # fmt: skip


def browse(path, *, query="", script="", shot=None):
    """Return the page's DOM after `script` ran in it (or write a picture to `shot`); fail on an error or a refused request."""
    profile = path.parent / "profile"
    if script:
        text = path.read_text(encoding="utf-8")
        path = path.with_name("acted.html")
        added = f"<script>setTimeout(() => {{{script}}}, 500)</script></html>"
        path.write_text(text.replace("</html>", added), encoding="utf-8")
    what = ["--dump-dom"] if shot is None else [f"--screenshot={shot}"]
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *what, path.as_uri() + query],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    assert "Uncaught" not in done.stderr, done.stderr
    assert "Refused to" not in done.stderr, done.stderr
    return done.stdout


def state(dom):
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', re.search(r"<body[^>]*>", dom).group()))


@pytest.fixture(scope="module")
def opened(outcome, tmp_path_factory):
    folder = tmp_path_factory.mktemp("map")
    write_map(outcome, folder / "map.html")
    return folder


def test_it_opens_on_the_flags_and_prints_what_the_content_says(outcome, opened):
    dom = browse(opened / "map.html")
    told = state(dom)
    assert (told["view"], told["zones"]) == ("flags", "12")
    assert "refused" not in told
    for figure in flag_figures(outcome, Names(outcome), PLACES, "community"):
        assert cell_text(figure.value, "zh") in dom
        assert all(caveat in dom for caveat in figure.caveats)
    assert "演示数据，不作为决策依据" in dom
    assert "© OpenStreetMap contributors" in dom
    assert "待落点设施" in dom


def test_the_view_of_shares_prints_what_the_report_prints(outcome, opened):
    dom = browse(opened / "map.html", query="#view=share&pick=1&level=town&zone=town/T2")
    told = state(dom)
    assert (told["view"], told["zones"]) == ("share", "4")
    rows = outcome.circle[(outcome.circle["service"] == "eldercare") & (outcome.circle["measure"] == "frail")]
    rows = rows[rows["kind"] == ""].set_index("zone_id")
    assert format_number(rows["share"]["area/area"], "percent") in dom
    assert format_number(rows["share"]["town/T2"], "percent") in dom
    assert format_number(rows["outside"]["town/T2"], "count") in dom


def test_the_view_of_members_shows_the_verdict_apart_from_flags(opened):
    dom = browse(opened / "map.html", query="#view=members")
    assert state(dom)["view"] == "members"
    assert "未达标" in dom
    assert "有（符合）" in dom


def test_names_do_not_run(make_sited, tmp_path):
    write_map(make_sited(lang="en", nasty=True), tmp_path / "map.html")
    for query, told in (
        ("#view=supply&zone=community/C03&show=isochrones0,outside1", ("view", "supply")), ("#site=all&show=candidates", ("sites", "4")),
    ):  # fmt: skip
        dom = browse(tmp_path / "map.html", query=query)
        assert told in state(dom).items()
        assert "<title>hacked" not in dom
        assert "<img" not in dom


def colours(path):
    with rasterio.open(path) as picture:
        return picture.read()[:3].reshape(3, -1).T.astype(int)


def near(pixels, colour, tolerance=24):
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(pixels - wanted).max(axis=1) <= tolerance).sum())


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_flags_are_drawn_in_the_colours_of_grades_and_shares_are_not(opened, tmp_path):
    browse(opened / "map.html", shot=tmp_path / "flags.png")
    browse(opened / "map.html", query="#view=share", shot=tmp_path / "share.png")
    flags, shares = colours(tmp_path / "flags.png"), colours(tmp_path / "share.png")
    grades = [colour for colour, _ in look.GRADE_COLOURS.values()]
    assert sum(near(flags, colour, 4) for colour in grades) > 100_000
    assert sum(near(shares, colour, 4) for colour in grades) < 5_000


MOVE = """
const map = document.querySelector(".folium-map"), box = map.getBoundingClientRect();
const at = (x, y, kind) => { const where = {clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, view: window};
  const under = document.elementFromPoint(where.clientX, where.clientY);
  under.dispatchEvent(new MouseEvent(kind, where)); };
"""


def test_hovering_clicking_and_searching(opened):
    search = 'const box2 = document.querySelector(".gp-search"); box2.value = "托育"; box2.dispatchEvent(new Event("input"));'
    over = 'at(0.2, 0.45, "mousemove"); setTimeout(() => { at(0.2, 0.45, "mousemove"); at(0.2, 0.45, "click"); }, 200);'
    dom = browse(opened / "map.html", script=MOVE + over + search)
    # hovering shows the figures of the zone under the mouse
    hover = re.search(r'<div class="gp-hover"[^>]*>(.*?)</div><div class="gp-credits', dom, re.DOTALL).group(
        1
    )
    assert re.search(r"<h3>\w+社区</h3>", hover)
    assert "可达供给" in hover
    # a click opens every rule of the zone
    picked = re.search(r'<div class="gp-picked">(.*)', dom, re.DOTALL).group(1)
    rules = re.search(r'<div class="gp-rules">.*?<tbody>(.*?)</tbody>', picked, re.DOTALL).group(1)
    assert rules.count("<tr>") >= 5
    assert all(head in picked for head in ("依据条文", "目标值", "缺口", "净缺口", "成因", "建议措施"))
    assert re.search(r'<div class="gp-kinds">[^<]*短板', picked)
    # a part of a name finds facilities, and only those that have it
    hits = re.search(r'<div class="gp-hits">(.*?)</div><div class="gp-controls', dom, re.DOTALL).group(1)
    assert hits.count("<button") == 2
    assert "向阳托育中心" in hits
    assert "和平托育园" in hits


KEYS = """
const told = document.body.dataset, box = document.querySelector(".gp-search");
const type = (text) => { box.value = text; box.dispatchEvent(new Event("input")); };
const press = (key) => box.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const hits = () => document.querySelectorAll(".gp-hits .gp-row").length;
"""


def test_the_keys_of_the_search_box(opened):
    script = """
        type("社区"); told.first = document.querySelector(".gp-hits .gp-name").firstChild.textContent;
        press("ArrowDown"); press("ArrowDown"); told.on = [...document.querySelectorAll(".gp-hits .gp-row")].findIndex((row) => row.classList.contains("on"));
        press("Escape"); told.left = hits() + box.value;
        type("社区"); press("Enter"); told.entered = document.querySelector(".gp-picked h2").textContent; told.after = hits();
    """
    told = state(browse(opened / "map.html", script=KEYS + script))
    assert (told["on"], told["left"], told["after"]) == ("1", "0", "0")
    assert told["entered"] == told["first"]


MEASURED = """
const told = document.body.dataset, box = (name) => document.querySelector(name).getBoundingClientRect(), map = window[Object.keys(window).find((key) => key.startsWith("map_"))];
const corner = map.getContainer().getBoundingClientRect(), data = JSON.parse(document.getElementById("geoplan-data").textContent);
const [a, b] = data.bounds.map((at) => map.latLngToContainerPoint(at)), legend = box(".gp-legend"), layers = box(".gp-layers");
const study = { left: corner.left + a.x, right: corner.left + b.x, top: corner.top + b.y, bottom: corner.top + a.y };
const apart = (card) => card.left >= study.right || card.right <= study.left || card.top >= study.bottom || card.bottom <= study.top;
told.apart = String(apart(legend) && apart(layers));
told.inside = String(study.left >= corner.left && study.right <= corner.right && study.top >= corner.top && study.bottom <= corner.bottom);
told.legend = String((legend.width * legend.height) / (innerWidth * innerHeight));
told.small = [...document.querySelectorAll("button, select, summary, .gp-search, .gp-toggle")].filter((node) => node.offsetHeight && node.offsetHeight < 40).map((node) => node.className).join(" ");
told.folded = String(document.body.classList.contains("gp-folded"));
"""


@pytest.mark.parametrize(("size", "is_tablet"), [("1280,720", False), ("1180,820", True), ("820,1180", True)])
def test_the_study_stands_whole_beside_its_panels(opened, monkeypatch, size, is_tablet):
    given = [f"--window-size={size}" if flag.startswith("--window-size") else flag for flag in FLAGS]
    monkeypatch.setitem(globals(), "FLAGS", given)
    told = state(browse(opened / "map.html", script=MEASURED))
    assert (told["apart"], told["inside"]) == ("true", "true")
    assert float(told["legend"]) < 0.1
    assert told["folded"] == ("true" if size.startswith("820") else "false")
    if is_tablet:
        assert told["small"] == ""


#: What Chromium says of a tablet: it is pointed at with a finger, which is coarse and does not hover.
TABLET = [
    "--touch-events=enabled",
    "--blink-settings=primaryPointerType=2,availablePointerTypes=2,primaryHoverType=1,availableHoverTypes=1",
]
TAP = """
const told = document.body.dataset, data = JSON.parse(document.getElementById("geoplan-data").textContent), map = window[Object.keys(window).find((key) => key.startsWith("map_"))];
const picked = () => (document.querySelector(".gp-picked h2") || { textContent: "" }).textContent, hover = () => getComputedStyle(document.querySelector(".gp-hover")).display;
// what a browser sends for a tap: the finger, then the mouse that older pages know
const tap = (node, x, y) => {
  const at = { bubbles: true, view: window, clientX: x, clientY: y, pointerType: "touch", isPrimary: true };
  node.dispatchEvent(new PointerEvent("pointerdown", at)); node.dispatchEvent(new PointerEvent("pointerup", at));
  for (const kind of ["mousemove", "mousedown", "mouseup"]) node.dispatchEvent(new MouseEvent(kind, at));
  node.dispatchEvent(new PointerEvent("click", at));
};
const tapNode = (node) => { const box = node.getBoundingClientRect(); tap(node, box.x + box.width / 2, box.y + box.height / 2); };
const tapMap = (x, y) => { const box = map.getContainer().getBoundingClientRect(); tap(document.elementFromPoint(box.x + x, box.y + y), box.x + x, box.y + y); };
const small = () => [...document.querySelectorAll("button, select, summary, a[role=button], .gp-search, .gp-toggle")].filter((node) => node.offsetHeight && node.offsetHeight < 40).map((node) => node.className || node.tagName).join(" ");
const type = (text) => { const box = document.querySelector(".gp-search"); box.value = text; box.dispatchEvent(new Event("input")); };
"""


class TestTablet:
    @pytest.fixture(autouse=True, params=["1024,768", "768,1024"])
    def tablet(self, monkeypatch, request):
        kept = [flag for flag in FLAGS if not flag.startswith("--window-size")]
        monkeypatch.setitem(globals(), "FLAGS", [*kept, *TABLET, f"--window-size={request.param}"])

    def test_whatever_is_tapped_is_forty_pixels_high(self, opened):
        script = """
            told.coarse = String(matchMedia("(pointer: coarse)").matches && !matchMedia("(hover: hover)").matches);
            tapNode(document.querySelector(".gp-layers .gp-card-head")); tapNode(document.querySelector(".gp-legend-foot summary"));
            told.layers = String(!document.querySelector(".gp-layers").classList.contains("closed")); told.small = small();
            tapNode(document.querySelector(".gp-list .gp-row")); told.card = picked(); told.more = small();
            type("托育"); told.hits = small();
            tapNode(document.querySelector(".gp-fold")); told.folded = String(document.body.classList.contains("gp-folded"));
            const panel = document.querySelector(".gp-panel").getBoundingClientRect();
            told.free = String(panel.width * panel.height < 0.25 * innerWidth * innerHeight);
        """
        told = state(browse(opened / "map.html", script=TAP + script))
        assert (told["coarse"], told["layers"], told["free"], told["folded"]) == ("true",) * 4
        assert (told["small"], told["more"], told["hits"]) == ("", "", "")
        assert told["card"].endswith("社区")

    def test_a_tap_opens_the_card_of_a_community_and_of_a_facility_and_no_box_stays_behind(self, opened):
        script = """
            const corner = map.latLngToContainerPoint(L.latLngBounds(data.bounds).getCenter());
            // a place without a facility near it, away from boundaries
            tapMap(corner.x + 22, corner.y + 22); told.zone = picked(); told.hover = hover(); told.rules = String(document.querySelectorAll(".gp-rules tbody tr").length);
            type("江城颐养院"); tapNode(document.querySelector(".gp-go")); told.found = picked();
            tapNode(document.querySelector(".gp-close")); told.closed = picked();
            map.stop();  // the flight to what was found
            const k = data.facilities.name.indexOf("江城颐养院"), [lon, lat] = unpackPoints(data.facilities.xy).slice(2 * k);
            map.setView([lat, lon], 15, { animate: false });
            const at = map.latLngToContainerPoint([lat, lon]);
            tapMap(at.x + 9, at.y + 9); told.mark = picked(); told.about = document.querySelector(".gp-mark-card").textContent; told.over = hover();
            tapNode(document.querySelector(".gp-mark-card .gp-row")); told.beneath = picked();
        """
        told = state(browse(opened / "map.html", script=TAP + script))
        assert told["zone"].endswith("社区")
        assert int(told["rules"]) >= 5
        assert (told["hover"], told["over"], told["closed"]) == ("none", "none", "")
        assert (told["found"], told["mark"], told["beneath"]) == ("江城颐养院", "江城颐养院", "向阳社区")
        assert "床位 120" in told["about"]

    def test_the_button_searches_as_enter_does(self, opened):
        script = """
            tapNode(document.querySelector(".gp-go")); told.empty = picked();
            type("社区"); const first = document.querySelector(".gp-hits .gp-name").firstChild.textContent;
            tapNode(document.querySelector(".gp-go")); told.taken = String(picked() === first); told.left = String(document.querySelectorAll(".gp-hits .gp-row").length);
            type("没有这个"); tapNode(document.querySelector(".gp-go")); told.none = document.querySelector(".gp-hits").textContent;
        """
        told = state(browse(opened / "map.html", script=TAP + script))
        assert (told["empty"], told["taken"], told["left"], told["none"]) == ("", "true", "0", "没有找到")

    def test_a_tap_opens_the_card_of_a_candidate(self, opened_sites):
        script = """
            const k = data.siting.candidates.names.length - 1;
            setTimeout(() => {
              const found = () => { const size = map.getSize(); for (let y = 20; y < size.y; y += 9) for (let x = 20; x < size.x - 230; x += 9) { tapMap(x, y); if (data.siting.candidates.names.includes(picked())) return true; } return false; };
              told.found = String(found()); told.note = document.querySelector(".gp-picked .gp-note").textContent; told.hover = hover();
            }, 300);
        """
        told = state(browse(opened_sites / "map.html", query="#show=candidates", script=TAP + script))
        assert (told["found"], told["hover"]) == ("true", "none")
        assert told["note"]


@pytest.fixture(scope="module")
def opened_sites(sited, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites")
    write_map(sited, folder / "map.html")
    return folder


class TestSites:
    def test_it_opens_with_the_sites_numbered_and_the_candidates_off(self, opened_sites):
        dom = browse(opened_sites / "map.html")
        assert state(dom)["sites"] == "4"
        assert "refused" not in state(dom)
        marks = re.findall(r'<div[^>]*class="leaflet-marker-icon gp-site[^"]*"[^>]*>(.*?)</div>', dom)
        assert [re.search(r">(\d)<", mark).group(1) for mark in marks] == ["1", "2", "3", "4"]
        assert ["gp-site-ring" in mark for mark in marks] == [False, False, True, False]
        toggles = re.findall(r'<label class="gp-toggle">(.*?)</label>', dom)
        assert [("规划点位" in t, "备选点位" in t) for t in toggles[:2]] == [(True, False), (False, True)]
        assert "leaflet-candidates-pane" in dom
        assert re.search(r'leaflet-candidates-pane"[^>]*></div>', dom)

    def test_a_link_opens_on_a_site_and_its_card(self, opened_sites):
        dom = browse(opened_sites / "map.html", query="#site=3&show=candidates,siteisochrones")
        card = re.search(r'<div class="gp-picked gp-site-card">.*', dom).group()
        assert "意向区域1" in card
        assert phrase("sites_intent_note", "zh") in card
        assert re.search(r'leaflet-candidates-pane"[^>]*><canvas', dom)
        assert "gp-site-step" in re.search(r"<body[^>]*>", dom).group()

    def test_a_click_shows_a_card_the_button_closes_it_and_search_finds_a_site(self, opened_sites):
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
            document.querySelector('.gp-layers input').click();
            told.left = String(document.querySelectorAll('.leaflet-marker-icon').length);
        """
        told = state(browse(opened_sites / "map.html", script=script))
        assert (told["hover"], told["shown"], told["gone"]) == ("block", "2 和平里原粮站", "none")
        assert (told["card"], told["closed"]) == ("2 和平里原粮站", "true")
        assert told["hit"] == "和平里原粮站"
        assert told["left"] == "0"

    def test_a_comparison_draws_them_on_the_second_map_alone(self, outcome, sited, tmp_path):
        (tmp_path / "compare.html").write_text(comparison_page(compare(outcome, sited)), encoding="utf-8")
        dom = browse(tmp_path / "compare.html")
        assert state(dom)["sites"] == "0 4"
        assert dom.count('class="leaflet-marker-icon gp-site') == 4


@pytest.fixture(scope="module")
def compared(make, tmp_path_factory):
    before = make(nasty=True)
    circle = before.circle.copy()
    # one community better, one worse
    for zone, people in (("community/C03", 20.0), ("community/C06", -20.0)):
        own = circle.query("service == 'eldercare' and measure == 'network'")
        circle.loc[own.index[own["zone_id"] == zone], "covered"] += people
        circle["share"] = circle["covered"] / circle["people"]
    after = dataclasses.replace(before, circle=circle, facilities=before.facilities.iloc[1:])
    folder = tmp_path_factory.mktemp("compare")
    write_comparison(compare(before, after), folder)
    return folder


def beside(folder, **options):
    """Return the state and the DOM of the page of two maps."""
    dom = browse(folder / "compare.html", **options)
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL).group(1)
    assert "hacked" not in title.split("onerror")[0]
    told = state(dom)
    assert "refused" not in told
    return told, dom


def test_it_opens_on_the_circle_and_marks_what_changes(compared):
    body, dom = beside(compared)
    assert (body["view"], body["zones"], body["gained"], body["fell"]) == ("share", "12", "1", "1")
    assert "ready" in body
    assert dom.count("gp-value up") == 1
    assert dom.count("gp-value down") == 1


def test_a_comparison_opens_on_the_view_that_the_address_names(compared):
    body, _ = beside(compared, query="#view=flags&flags=1&level=town")
    assert (body["view"], body["zones"], body["gained"], body["fell"]) == ("flags", "4", "0", "0")


def test_the_maps_move_together_and_hovering_shows_both_sides(compared):
    # a jump, because a page without a screen draws no animation; either map may lead
    act = """
      const [left, right] = comparison.maps.map((own) => own.map), told = {};
      const where = () => [left, right].map((map) => [map.getZoom(), map.getCenter().lat.toFixed(6), map.getCenter().lng.toFixed(6)].join(" "));
      const start = where()[0];
      left.setZoom(left.getZoom() + 1, {animate: false});
      document.body.dataset.first = String(where()[0] === where()[1] && where()[0] !== start);
      right.panBy([120, 0], {animate: false});
      document.body.dataset.second = String(where()[0] === where()[1]);
      const box = document.getElementById("cmp-map-1").getBoundingClientRect();
      const at = (kind) => { const e = {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true, view: window};
        document.elementFromPoint(e.clientX, e.clientY).dispatchEvent(new MouseEvent(kind, e)); };
      at("mousemove"); setTimeout(() => at("mousemove"), 200);
    """
    body, dom = beside(compared, script=act)
    assert (body["first"], body["second"], body["together"]) == ("true", "true", "true")
    tip = re.search(r'<div class="gp-hover" id="cmp-hover"[^>]*>(.*?)</div></div>', dom, re.DOTALL).group(1)
    assert "社区" in tip
    assert "基准方案" in tip
    assert "比选方案" in tip


def test_shares_of_the_page_are_those_of_the_tables(outcome, compared):
    _, dom = beside(compared)
    own = outcome.circle.query("service == 'eldercare' and measure == 'network' and zone_id == 'area/area'")
    shown = re.search(r'id="cmp-figure-0">([\d.]+)%', dom).group(1)
    assert np.isclose(float(shown), 100 * own["share"].iloc[0], atol=0.05)


def test_with_tiles_of_a_server_that_does_not_answer_the_page_works_as_before(outcome, tmp_path):
    tiles = Tiles("https://maps.invalid/{z}/{x}/{y}.png", "某测绘院", 17)
    write_map(dataclasses.replace(outcome, tiles=tiles), tmp_path / "map.html")
    dom = browse(tmp_path / "map.html")
    told = state(dom)
    assert (told["view"], told["zones"]) == ("flags", "12")
    assert "refused" not in told
    asked = set(re.findall(r'<img[^>]*src="(https?://[^/"]*)', dom))
    assert asked <= {"https://maps.invalid"}
    assert "底图" in dom


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_images_of_an_archive_lie_beneath_the_map_without_a_network(outcome, tmp_path):
    """A red image at every place of the archive: the ground of the page turns reddish, and the page is refused nothing."""
    red = np.stack([np.full((256, 256), value, "uint8") for value in (255, 0, 0)])
    with rasterio.open(tmp_path / "red.png", "w", driver="PNG", width=256, height=256, count=3, dtype="uint8") as file:  # fmt: skip
        file.write(red)
    west, south, east, north = outcome.zones.to_crs("EPSG:4326").total_bounds
    around = (west - 0.1, south - 0.1, east + 0.1, north + 0.1)
    places = [(zoom, x, y) for zoom in range(11, 15) for x, y in _places(around, zoom)]
    image = (tmp_path / "red.png").read_bytes()
    found, _ = read_tiles(write_archive(tmp_path / "a.pmtiles", dict.fromkeys(places, image)), outcome.zones)
    write_map(outcome, tmp_path / "plain.html")
    write_map(dataclasses.replace(outcome, tiles=found), tmp_path / "map.html")
    dom = browse(tmp_path / "map.html")
    assert "refused" not in state(dom)
    assert re.search(r'<img[^>]*src="data:image/png;base64', dom)
    browse(tmp_path / "map.html", shot=tmp_path / "red_map.png")
    browse(tmp_path / "plain.html", shot=tmp_path / "plain.png")
    change = colours(tmp_path / "red_map.png") - colours(tmp_path / "plain.png")
    assert (change[:, 0] - change[:, 2] > 20).mean() > 0.25


def test_without_an_approval_number_the_page_says_internal_use(opened):
    assert "内部用图" in browse(opened / "map.html")
