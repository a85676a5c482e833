"""The page of two maps in headless Chromium, without a network: it draws, moves together and fetches nothing."""

import dataclasses
import re
import shutil
import subprocess

import numpy as np
import pytest

from geoplan.report.content.comparison import compare
from geoplan.report.folder.save import write_comparison

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--window-size=1400,900", "--virtual-time-budget=3000",
]  # fmt: skip


@pytest.fixture(scope="module")
def opened(by_hand, tmp_path_factory):
    before = by_hand.make_outcome(nasty=True)
    circle = before.circle.copy()
    # one community better, one worse
    for zone, people in (("community/C03", 20.0), ("community/C06", -20.0)):
        here = (
            (circle["service"] == "eldercare")
            & (circle["measure"] == "network")
            & (circle["zone_id"] == zone)
        )
        circle.loc[here, "covered"] += people
        circle["share"] = circle["covered"] / circle["people"]
    after = dataclasses.replace(before, circle=circle, facilities=before.facilities.iloc[1:])
    folder = tmp_path_factory.mktemp("compare")
    write_comparison(compare(before, after), folder)
    return folder


def browse(folder, *, query="", script=""):
    page = folder / "compare.html"
    if script:
        text = page.read_text(encoding="utf-8")
        page = folder / "acted.html"
        added = f"<script>setTimeout(() => {{{script}}}, 500)</script></html>"
        page.write_text(text.replace("</html>", added), encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri() + query],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    assert "Uncaught" not in done.stderr, done.stderr
    assert "Refused to" not in done.stderr, done.stderr
    body = dict(re.findall(r'data-([\w-]+)="([^"]*)"', re.search(r"<body[^>]*>", done.stdout).group()))
    assert "refused" not in body
    assert (
        "hacked"
        not in re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL).group(1).split("onerror")[0]
    )
    return body, done.stdout


def test_it_opens_on_the_circle_and_marks_what_changes(opened):
    body, dom = browse(opened)
    assert (body["view"], body["zones"], body["gained"], body["fell"]) == ("share", "12", "1", "1")
    assert "ready" in body
    assert dom.count("gp-value up") == 1
    assert dom.count("gp-value down") == 1


def test_it_opens_on_the_view_that_the_address_names(opened):
    body, _ = browse(opened, query="#view=flags&flags=1&level=town")
    assert (body["view"], body["zones"], body["gained"], body["fell"]) == ("flags", "4", "0", "0")


def test_the_maps_move_together_and_hovering_shows_both_sides(opened):
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
    body, dom = browse(opened, script=act)
    assert (body["first"], body["second"], body["together"]) == ("true", "true", "true")
    tip = re.search(r'<div class="gp-hover" id="cmp-hover"[^>]*>(.*?)</div></div>', dom, re.DOTALL).group(1)
    assert "社区" in tip
    assert "基准方案" in tip
    assert "比选方案" in tip


def test_shares_of_the_page_are_those_of_the_tables(by_hand, opened):
    _, dom = browse(opened)
    area = by_hand.make_outcome().circle
    own = area[
        (area["service"] == "eldercare") & (area["measure"] == "network") & (area["zone_id"] == "area/area")
    ]
    shown = re.search(r'id="cmp-figure-0">([\d.]+)%', dom).group(1)
    assert np.isclose(float(shown), 100 * own["share"].iloc[0], atol=0.05)
