"""选址布局图 in the atlas: there with sites and only then; every site numbered, in its phase's colour, dashed where generated."""

import dataclasses
import importlib.util
import io
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from matplotlib.colors import to_hex

from geoplan.report import look
from geoplan.report.atlas import atlas
from geoplan.report.atlas.canvas import Stamp
from geoplan.report.atlas.sheets import Maker, sites_sheet
from geoplan.report.content.basemap import BaseMap
from geoplan.report.look import fonts
from geoplan.words.catalogue import phrase

_SPEC = importlib.util.spec_from_file_location(
    "atlas_sites_fixture", Path(__file__).parents[1] / "outcome_fixture.py"
)
BY_HAND = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(BY_HAND)


def with_isochrones(outcome):
    own = outcome.sites[outcome.sites["question"] == "close_gap"]
    rows = [("eldercare", m, own.geometry.buffer(40 * m).union_all()) for m in (5.0, 10.0, 15.0)]
    table = gpd.GeoDataFrame(
        rows, columns=["service", "minutes", "geometry"], geometry="geometry", crs=outcome.crs
    )
    return dataclasses.replace(outcome, site_isochrones=table)


@pytest.fixture(scope="module")
def sited():
    return with_isochrones(BY_HAND.with_sites(BY_HAND.make_outcome()))


@pytest.fixture(scope="module")
def face(sited):
    with fonts.face(atlas.printed(sited)) as own:
        yield own


def maker_of(outcome, face):
    stamp = Stamp("s", 2025, outcome.lang, "crs", "", "", "b")
    return Maker(outcome, BaseMap(outcome), face, stamp)


def sheet(outcome, face):
    return sites_sheet(maker_of(outcome, face))


def texts(page):
    return [text.get_text() for text in page.paper.texts]


def test_the_sheet_is_there_with_sites_and_only_then(sited, face, make_outcome):
    titles = [page.title for page in atlas._pages(sited, face)]
    assert titles.count("选址布局图") == 1
    none = dataclasses.replace(sited, answers=sited.answers.assign(adopted=False))
    for outcome in (make_outcome(), none):
        assert "选址布局图" not in [page.title for page in atlas._pages(outcome, face)]


def test_every_site_stands_at_its_place_in_its_phases_colour(sited, face):
    page = sheet(sited, face)
    own = sited.sites[sited.sites["question"] == "close_gap"]
    discs = {
        tuple(np.round(marks.get_offsets()[0], 3)): to_hex(marks.get_facecolor()[0])
        for marks in page.paper.collections
        if len(marks.get_offsets()) == 1 and marks.get_sizes()[0] == 175
    }
    wanted = {
        tuple(np.round(page.on_paper(shape.x, shape.y), 3)): look.site_colour(int(year == 2030))
        for shape, year in zip(own.geometry, own["phase"], strict=True)
    }
    assert discs == wanted
    for number in "1234":
        assert number in texts(page)


def test_a_dashed_ring_lies_around_generated_sites_alone(sited, face):
    page = sheet(sited, face)
    rings = [
        marks
        for marks in page.paper.collections
        if len(marks.get_offsets()) == 1 and marks.get_sizes()[0] == 340
    ]
    generated = sited.sites.loc["close_gap/3"].geometry
    assert len(rings) == 1
    assert list(rings[0].get_offsets()[0]) == pytest.approx(page.on_paper(generated.x, generated.y))
    assert rings[0].get_linestyle()[0][1] is not None
    assert phrase("sites_intent_note", "zh")[:12] in "".join(texts(page))


def test_the_side_column_says_what_is_proven_and_lists_the_sites(sited, face):
    page = sheet(sited, face)
    told = texts(page)
    assert "4" in told
    assert any("1,343 万元" in text for text in told)
    assert "已验证最优" in "".join(told)
    for name in ("长青路闲置厂房", "和平里原粮站", "意向区域1", "春晖路闲置校舍"):
        assert any(text.startswith(name[:5]) for text in told)
    assert "备选点位（未选）" in told
    assert "规划点位步行15分钟" in told
    answers = sited.answers.assign(status="within", gap=0.05)
    other = sheet(dataclasses.replace(sited, answers=answers), face)
    assert "已验证最优" not in "".join(texts(other))
    assert "与最优之差不超过 5.0%" in "".join(texts(other))


def test_what_does_not_fit_is_counted(sited, face):
    own = sited.sites[sited.sites["question"] == "close_gap"]
    many = own.iloc[np.arange(120) % 4].copy()
    many["order"] = range(1, 121)
    many.index = [f"close_gap/{k}" for k in range(1, 121)]
    many.loc["close_gap/5", "geometry"] = None
    page = sheet(dataclasses.replace(sited, sites=many), face)
    rows = sum(text in {"改扩建", "租赁", "新建", "购置"} for text in texts(page))
    assert 5 < rows < 120
    assert f"其余 {120 - rows} 条见工作簿" in texts(page)
    assert page.cursor >= page.floor - 1e-6


def test_the_same_outcome_gives_the_same_bytes(face):
    def drawn():
        own = with_isochrones(BY_HAND.with_sites(BY_HAND.make_outcome()))
        file = io.BytesIO()
        sheet(own, face).figure.savefig(file, format="pdf", metadata={"CreationDate": None})
        return file.getvalue()

    assert drawn() == drawn()
