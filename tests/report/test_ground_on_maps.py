"""Water, green and railways lie on every map, in the colours that the look has for them, and no zone is taken for one of them."""

import dataclasses
import io
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib.colors import to_hex
from PIL import Image, ImageColor

from geoplan.report import look
from geoplan.report.atlas import atlas
from geoplan.report.atlas.canvas import Stamp
from geoplan.report.atlas.sheets import Maker, facilities_sheet, sheets
from geoplan.report.booklet.page import report_page
from geoplan.report.cards.cards import write_cards
from geoplan.report.cards.page import Pen
from geoplan.report.compare.page import payload as compared
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.comparison import compare
from geoplan.report.look import fonts
from geoplan.report.webmap.map import payload
from geoplan.report.word.pictures import atelier, town_map

STYLES = look.GROUND_STYLES
CLASSES = [
    *look.SEQUENTIAL,
    *(fill for fill, _ in look.GRADE_COLOURS.values()),
    look.COLOURS["mean_met"],
    look.COLOURS["not_flagged"],
    look.COLOURS["flag"],
]


@pytest.fixture(scope="module")
def grounded(outcome):
    """The town with a river through its middle, a park around its corner, a railway, and a wall."""
    west, south, east, north = outcome.zones.total_bounds
    x, y = (west + east) / 2, (south + north) / 2
    shapes = [
        shapely.Point(west, south).buffer(500),
        shapely.box(west - 900, y - 60, east + 900, y + 60),
        shapely.LineString([(x, south - 900), (x, north + 900)]),
        shapely.LineString([(west, south), (east, north)]),
    ]
    ground = gpd.GeoDataFrame({"kind": list(STYLES)}, geometry=shapes, crs=outcome.crs)
    return dataclasses.replace(outcome, ground=ground)


def test_colours_are_paler_than_classes_and_stand_apart_from_them():
    def rgb(colour):
        return np.array(ImageColor.getrgb(colour), dtype=float)

    for kind in ("green", "water"):
        own = rgb(STYLES[kind].colour)
        assert own.min() > 200
        assert min(np.linalg.norm(own - rgb(colour)) for colour in CLASSES) > 12, kind


def test_web_map_and_comparison_have_the_same_layers(grounded):
    layers = payload(grounded)["ground"]
    assert [own["kind"] for own in layers] == list(STYLES)
    assert compared(compare(grounded, grounded))["ground"] == layers


def test_a_sheet_of_the_atlas_draws_them_and_says_what_they_are(grounded):
    with fonts.face(atlas.printed(grounded)) as face:
        maker = Maker(grounded, BaseMap(grounded), face, Stamp("s", 2025, "zh", "crs", "", "", "b"))
        page = facilities_sheet(maker)
        drawn = {}
        for each in page.map.collections:
            for colours, how in ((each.get_facecolor(), "fill"), (each.get_edgecolor(), "line")):
                drawn |= {(to_hex(colour), how): each.get_zorder() for colour in colours}
        zorder = [drawn[style.colour, "line" if style.width else "fill"] for style in STYLES.values()]
        # fills of zones lie at 1, streets at 3
        assert zorder[0] < 1 < min(zorder[1:]) <= max(zorder[1:]) < 3
        words = [text.get_text() for text in page.paper.texts]
        assert {"绿地", "水域", "铁路", "步行阻隔"} <= set(words)
        assert len(list(sheets(maker))) > 3


def test_a_page_of_a_community_draws_them(grounded, monkeypatch, tmp_path):
    fills, lines = [], []
    fill, stroke = Pen.fill, Pen.stroke
    monkeypatch.setattr(Pen, "fill", lambda pen, colour: (fills.append(colour), fill(pen, colour)))
    monkeypatch.setattr(
        Pen, "stroke", lambda pen, colour, width: (lines.append(colour), stroke(pen, colour, width))
    )
    write_cards(grounded, tmp_path)
    for style in STYLES.values():
        assert style.colour in (lines if style.width else fills)


def test_each_map_of_the_report_has_what_is_seen_above_its_zones(grounded):
    text = report_page(grounded)
    ground = re.search(r'<g id="ground">(.*?)</g>', text).group(1)
    colours = re.findall(r"#[0-9a-f]{6}", ground)
    assert colours == [style.colour for style in STYLES.values() if style.above]
    maps = [svg for svg in re.findall(r"<svg viewBox.*?</svg>", text) if "#z0" in svg]
    assert maps
    assert all(svg.index("#z0") < svg.index("#ground") < svg.index("#zo") for svg in maps)


def test_the_picture_of_a_town_shows_river_and_park(grounded):
    with atelier(grounded) as room:
        town = grounded.zones.index[grounded.zones["level"] == "town"][0]
        picture = np.asarray(Image.open(io.BytesIO(town_map(room, town))).convert("RGB")).astype(int)
    for kind in ("green", "water"):
        wanted = np.array(ImageColor.getrgb(STYLES[kind].colour))
        assert (np.abs(picture - wanted).max(axis=2) <= 3).sum() > 500, kind


def test_without_ground_nothing_is_drawn_or_said(outcome):
    assert payload(outcome)["ground"] == []
    assert '<g id="ground"></g>' in report_page(outcome)
