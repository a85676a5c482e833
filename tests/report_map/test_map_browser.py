"""The map in headless Chromium, without a network: it opens, draws, fetches nothing, and runs no name as code."""

import re
import shutil
import subprocess

import numpy as np
import pytest
import rasterio

from geoplan.report import look
from geoplan.report.content.headline import flag_figures
from geoplan.report.content.names import Names
from geoplan.report.content.table import cell_text
from geoplan.report.webmap.map import write_map
from geoplan.words.numbers import format_number

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1400,900", "--virtual-time-budget=3000",
]  # fmt: skip


def browse(path, folder, *, query="", shot=None):
    """Return the page's DOM (or write a picture to `shot`); fail on an uncaught error."""
    what = ["--dump-dom"] if shot is None else [f"--screenshot={shot}"]
    address = path.as_uri() + query
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", *what, address],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    assert "Uncaught" not in done.stderr, done.stderr
    assert "Refused to" not in done.stderr, done.stderr
    return done.stdout


def body(dom):
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', re.search(r"<body[^>]*>", dom).group()))


@pytest.fixture(scope="module")
def opened(outcome, tmp_path_factory):
    folder = tmp_path_factory.mktemp("map")
    write_map(outcome, folder / "map.html")
    return folder


def test_it_opens_on_the_flags_and_prints_what_the_content_says(outcome, by_hand, opened):
    dom = browse(opened / "map.html", opened / "profile")
    state = body(dom)
    assert (state["view"], state["zones"]) == ("flags", "12")
    assert "refused" not in state
    for figure in flag_figures(outcome, Names(outcome), by_hand.BEDS, "community"):
        assert cell_text(figure.value, "zh") in dom
        assert all(caveat in dom for caveat in figure.caveats)
    assert "演示数据，不作为决策依据" in dom
    assert "© OpenStreetMap contributors" in dom
    assert "待落点设施" in dom


def test_the_view_of_shares_prints_what_the_report_prints(outcome, opened):
    dom = browse(opened / "map.html", opened / "profile", query="#view=share&pick=1&level=town&zone=town/T2")
    state = body(dom)
    assert (state["view"], state["zones"]) == ("share", "4")
    rows = outcome.circle[(outcome.circle["service"] == "eldercare") & (outcome.circle["measure"] == "frail")]
    rows = rows[rows["kind"] == ""].set_index("zone_id")
    assert format_number(rows["share"]["area/area"], "percent") in dom
    assert format_number(rows["share"]["town/T2"], "percent") in dom
    assert format_number(rows["outside"]["town/T2"], "count") in dom


def test_the_view_of_members_shows_the_verdict_apart_from_flags(opened):
    dom = browse(opened / "map.html", opened / "profile", query="#view=members")
    assert body(dom)["view"] == "members"
    assert "未达标" in dom
    assert "有（符合）" in dom


def test_names_do_not_run(nasty, tmp_path):
    write_map(nasty, tmp_path / "map.html")
    dom = browse(
        tmp_path / "map.html",
        tmp_path / "profile",
        query="#view=supply&zone=community/C03&show=isochrones0,outside1",
    )
    assert body(dom)["view"] == "supply"
    assert "<title>hacked" not in dom
    assert "<img" not in dom


def colours(path):
    with rasterio.open(path) as picture:
        return picture.read()[:3].reshape(3, -1).T.astype(int)


def near(pixels, colour, tolerance=24):
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(pixels - wanted).max(axis=1) <= tolerance).sum())


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_flags_are_drawn_in_the_strong_colour_and_shares_are_not(opened, tmp_path):
    browse(opened / "map.html", opened / "profile", shot=tmp_path / "flags.png")
    browse(opened / "map.html", opened / "profile", query="#view=share", shot=tmp_path / "share.png")
    flags, shares = colours(tmp_path / "flags.png"), colours(tmp_path / "share.png")
    assert near(flags, look.COLOURS["flag"]) > 100_000
    assert near(shares, look.COLOURS["flag"]) < 5_000


def acted(path, folder, script):
    """Return the DOM after `script` ran in the opened page."""
    text = (path / "map.html").read_text(encoding="utf-8")
    changed = path / "acted.html"
    changed.write_text(
        text.replace("</html>", f"<script>setTimeout(() => {{{script}}}, 500)</script></html>"),
        encoding="utf-8",
    )
    return browse(changed, folder)


MOVE = """
const map = document.querySelector(".folium-map"), box = map.getBoundingClientRect();
const at = (x, y, kind) => { const where = {clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, view: window};
  const under = document.elementFromPoint(where.clientX, where.clientY);
  under.dispatchEvent(new MouseEvent(kind, where)); };
"""


def test_hovering_clicking_and_searching(opened):
    search = 'const box2 = document.querySelector(".gp-search"); box2.value = "托育"; box2.dispatchEvent(new Event("input"));'
    over = 'at(0.2, 0.45, "mousemove"); setTimeout(() => { at(0.2, 0.45, "mousemove"); at(0.2, 0.45, "click"); }, 200);'
    dom = acted(opened, opened / "profile", MOVE + over + search)
    # hovering shows the figures of the zone under the mouse
    hover = re.search(r'<div class="gp-hover"[^>]*>(.*?)</div><div class="gp-credits', dom, re.DOTALL).group(
        1
    )
    assert re.search(r"<h3>\w+社区</h3>", hover)
    assert "可达供给" in hover
    # a click opens every rule of the zone
    picked = re.search(r'<div class="gp-picked">(.*)', dom, re.DOTALL).group(1)
    assert picked.count('class="gp-rule-name"') == 4
    # a part of a name finds facilities, and only those that have it
    hits = re.search(r'<div class="gp-hits">(.*?)</div><div class="gp-controls', dom, re.DOTALL).group(1)
    assert hits.count("<button") == 2
    assert "向阳托育中心" in hits
    assert "和平托育园" in hits
