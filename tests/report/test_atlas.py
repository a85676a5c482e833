"""The atlas: sheets with what an office asks for, at a true scale, in embedded Chinese, every site numbered, the same bytes each time."""

import dataclasses
import itertools
import re
import sys
import zlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import font_manager
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from printed import texts as table_texts
from report_town import BEDS, CIRCLE_E, PLACES
from shapely.geometry import MultiPolygon, Polygon

from geoplan.report import look
from geoplan.report.atlas import atlas
from geoplan.report.atlas import map as atlas_map
from geoplan.report.atlas.canvas import MAP, Stamp, filled
from geoplan.report.atlas.frame import Page, bar_metres, round_scale
from geoplan.report.atlas.sheets import Maker, sheets, sites_sheet, town_sheets
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.headline import flag_figures
from geoplan.report.content.names import Names
from geoplan.report.content.projects import projects_table
from geoplan.report.content.table import Amount, Column, Table, cell_text
from geoplan.report.content.zone_views import flag_matrix
from geoplan.report.content.zones import circle_totals
from geoplan.report.look import fonts
from geoplan.words.catalogue import phrase
from geoplan.words.errors import OutputError
from geoplan.words.numbers import format_number

CRS = "EPSG:4547"
MM_A_POINT = 25.4 / 72


@pytest.fixture(scope="module")
def face(sited):
    with fonts.face([*atlas.printed(sited), "社区"]) as found:
        yield found


@pytest.fixture(scope="module")
def pages(sited, face):
    found = list(atlas._pages(sited, face))
    for number, page in enumerate(found, start=1):
        page.number = f"{number:02d}"
        page.frame(of=len(found))
    return {page.title: page for page in found}


@pytest.fixture(scope="module")
def draw(face):
    """Return the sheet of sites of an outcome, None where it has none."""

    def sheet(outcome):
        stamp = Stamp("s", 2025, outcome.lang, "crs", "", "", "b")
        return sites_sheet(Maker(outcome, BaseMap(outcome), face, stamp))

    return sheet


def texts(page):
    return [text.get_text() for text in page.paper.texts]


def test_the_sheets_are_those_that_an_atlas_has(pages):
    assert list(pages) == [
        "布局图集", "设施现状图", "15分钟养老服务圈图", "养老服务人口覆盖率图", "15分钟托育服务圈图", "托育服务人口覆盖率图",
        "短板分布图：每千人口拥有3岁以下婴幼儿托位数(个)", "短板分布图：15分钟养老服务圈", "短板分布图：15分钟养老服务圈（全部设施，项目设定）", "短板分布图：15分钟托育服务圈（全部设施，项目设定）", "短板分布图：每千名老人养老床位(张)（参考）", "规划布局与项目库", "选址布局图", "临江街道短板图", "学府街道短板图", "湖滨街道短板图",
        "新村街道短板图",
    ]  # fmt: skip


def test_every_sheet_has_title_block_banner_basis_and_credits(pages, sited):
    for number, (title, page) in enumerate(pages.items(), start=1):
        said = texts(page)
        block = (
            "图　　名",
            "审　　图",
            "内部用图",
            "编制单位",
            "日　　期",
            "坐 标 系",
            f"{number:02d}（17）",
        )
        for wanted in block:
            assert wanted in said, (title, wanted)
        assert said.count("演示数据，不作为决策依据") == 1
        assert any("OpenStreetMap contributors" in text for text in said)
        assert any("2010年" in text for text in said), title
        assert any("2025年" in text for text in said)
        assert fonts.NO_GLYPH not in "".join(said)
        if page.scale:
            assert "北" in said
            assert f"1:{page.scale:,.0f}（A3原幅）" in said


def test_figures_on_the_sheets_are_those_of_the_tables(pages, sited):
    said = texts(pages["15分钟养老服务圈图"])
    whole = next(row for row in table_texts(circle_totals(sited)) if row["service"] == "养老服务")
    assert {whole["share"], whole["outside"]} <= set(said)
    said = texts(pages["短板分布图：每千人口拥有3岁以下婴幼儿托位数(个)"])
    for figure in flag_figures(sited, Names(sited), PLACES, "community"):
        assert cell_text(figure.value, "zh") in said
        assert all(caveat in said for caveat in figure.caveats)
    # all but C01 and C02; C10 reaches none of the 4.5 x 1.6 = 7.2 places
    assert "10 / 12" in said
    names = sited.zones.loc[sited.zones["level"] == "community", "name"].tolist()
    table = said[said.index("序号") :]
    assert next(text for text in table if text in names) == sited.zones.loc["community/C10", "name"]
    # what is for reference only counts no flags
    said = texts(pages["短板分布图：每千名老人养老床位(张)（参考）"])
    assert not any(re.search(r"\d / 12|数据不足（", text) for text in said)


@pytest.mark.parametrize(
    ("state", "grade", "sheet"),
    [("flagged", "near", True), ("mean_met", "", True), ("not_flagged", "", True), ("unknown", "", False)],
)
def test_a_rule_that_judges_no_community_has_no_sheet(outcome, face, monkeypatch, state, grade, sheet):
    flags = outcome.flags[outcome.flags["rule_id"] == PLACES]
    told = pd.NA if state == "unknown" else state == "flagged"
    flags = flags.assign(state=state, grade=grade, flagged=pd.array([told] * len(flags), dtype="boolean"))
    drawn = []
    monkeypatch.setattr("geoplan.report.atlas.sheets.gap_sheet", lambda _, view: drawn.append(view.key))
    stamp = Stamp("s", 2025, "zh", "crs", "", "", "b")
    few = dataclasses.replace(outcome, flags=flags, services={})
    list(itertools.islice(sheets(Maker(few, BaseMap(few), face, stamp)), 2))
    assert drawn == [PLACES] * sheet


def test_projects_stand_on_the_sheet_as_in_every_output(pages, sited):
    said = texts(pages["规划布局与项目库"])
    for row in filled(projects_table(sited).to(1)).texts("zh"):
        for text in row:
            assert any(
                shown == text or (shown.endswith("…") and text.startswith(shown[:-1])) for shown in said
            ), text
    assert {"未达标", "达标"} <= set(said)


def test_labels_lie_inside_the_map_and_on_no_other(pages):
    for page in pages.values():
        boxes = shapely.box(*np.array([(x, y, x + w, y + h) for x, y, w, h in page.taken]).reshape(-1, 4).T)
        left, bottom, width, height = MAP
        assert shapely.within(boxes, shapely.box(left, bottom, left + width, bottom + height)).all()
        tree = shapely.STRtree(boxes)
        a, b = tree.query(boxes, predicate="overlaps")
        # the numbers of projects and sites stand where these are, whatever lies beneath
        if page.title not in ("规划布局与项目库", "选址布局图"):
            assert (a == b).all(), page.title


def test_the_map_is_at_the_scale_that_it_states(pages, sited):
    page = pages["设施现状图"]
    west, south, east, north = sited.zones.total_bounds
    a, b = page.on_paper(west, south), page.on_paper(east, north)
    assert (b[0] - a[0]) * page.scale / 1000 == pytest.approx(east - west)
    limits = page.map.get_xlim()
    assert (limits[1] - limits[0]) / page.scale * 1000 == pytest.approx(MAP[2])
    # the scale bar: four boxes of one height, as long as the last figure on it says
    bar = [p for p in page.paper.patches if isinstance(p, Rectangle) and p.get_height() == 1.5]
    assert len(bar) == 4
    metres = sum(p.get_width() for p in bar) * page.scale / 1000
    assert f"{metres:g} m" in texts(page)


def test_the_file_has_every_sheet_and_embeds_its_characters_as_truetype(delivered):
    data = (delivered / "atlas.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", data)) == 17
    size = re.findall(rb"/MediaBox \[ ([^\]]*) \]", data)[0].split()[2:]
    assert [float(v) * 25.4 / 72 for v in size] == pytest.approx([420.0, 297.0])
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    assert b"/CreationDate" not in data
    maps = b"".join(
        zlib.decompress(stream)
        for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, flags=re.DOTALL)
        if b"beginbfrange" in _opened(stream)
    )
    # a reader that searches or copies finds the characters
    assert "{:04x}".format(ord("缺")).encode() in maps.lower()


def _opened(stream):
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_in_english_no_chinese_words_of_the_program_are_left(make_sited):
    outcome = make_sited(lang="en")
    with fonts.face(atlas.printed(outcome)) as face:
        found = list(atlas._pages(outcome, face))
        for page in found:
            page.frame(of=len(found))
    assert found[1].title == "Existing facilities"
    own = set(outcome.name)
    for table in ("zones", "facilities", "projects", "sites", "candidates", "rules", "groups"):
        own.update(*map(str, getattr(outcome, table).select_dtypes(exclude="number").to_numpy().ravel()))
    for page in found:
        left = {c for text in texts(page) for c in text if "\u4e00" <= c <= "\u9fff"} - own
        assert not left, (page.title, left)


def test_a_long_table_goes_on_over_a_further_sheet_and_what_would_not_fill_half_of_one_is_told(make):
    outcome = make()
    town = outcome.zones.loc["town/T1"]
    west, south, east, north = town.geometry.bounds
    step = (north - south) / 300
    rows = gpd.GeoDataFrame(
        {
            "level": "community", "name": [f"第{n}社区" for n in range(300)], "code": [f"N{n}" for n in range(300)],
            "parent_id": "town/T1", "kind": [frozenset()] * 300,
        },
        geometry=[shapely.box(west, south + n * step, east, south + (n + 1) * step) for n in range(300)],
        index=[f"community/N{n}" for n in range(300)], crs=CRS,
    )  # fmt: skip
    kept = outcome.zones[(outcome.zones["parent_id"] != "town/T1")]
    zones = pd.concat([kept, rows]).rename_axis("zone_id")
    flags = outcome.flags[outcome.flags["zone_id"].isin(kept.index)]
    places = outcome.flags[outcome.flags["rule_id"] == PLACES]
    more = places.iloc[[0] * 300].assign(
        zone_id=list(rows.index),
        flagged=pd.array([True] * 300, dtype="boolean"),
        state="flagged",
        grade="short",
        shortfall=5.0,
    )
    big = dataclasses.replace(outcome, zones=zones, flags=pd.concat([flags, more], ignore_index=True))
    with fonts.face([*atlas.printed(big)]) as face:
        stamp = Stamp("s", 2025, "zh", "crs", "", "", "b")
        drawn = list(sheets(Maker(big, BaseMap(big), face, stamp)))
    assert "选址布局图" not in {page.title for page in drawn}  # nobody asked where to build
    found = [page for page in drawn if "临江街道" in page.title]
    assert found[0].title == "临江街道短板图"
    assert {page.title for page in found[1:]} == {"临江街道短板表（续）"}
    listed = [text for page in found for text in texts(page) if re.fullmatch(r"第\d+社区", text)]
    assert len(listed) == len(set(listed))
    assert f"其余 {300 - len(listed)} 条见工作簿" in texts(found[-1])
    assert 150 < len(listed) < 300


def test_a_matrix_counts_flags_and_tells_unknown_from_not_flagged(outcome):
    # nothing is known of C01, and not of the places of C03
    flags = outcome.flags.copy()
    places = flags["rule_id"] == PLACES
    dark = (flags["zone_id"] == "community/C01") | ((flags["zone_id"] == "community/C03") & places)
    flags.loc[dark, ["flagged", "state", "grade", "shortfall"]] = [pd.NA, "unknown", "", np.nan]
    outcome = dataclasses.replace(outcome, flags=flags)
    zones = outcome.zones[outcome.zones["level"] == "community"]
    got = flag_matrix(outcome, Names(outcome), zones, most=3)
    flags = flags[flags["rule_id"] != BEDS].set_index(["zone_id", "rule_id"])
    people = []
    rules = [column.key for column in got.table.columns[2:]]
    # of four, that with fewest flags has no column; beds are for reference only
    assert (rules, got.more) == ([PLACES, CIRCLE_E, "study.circle_eldercare"], 1)
    for zone, row in zip(got.zones.index, got.table.rows, strict=True):
        own = flags.loc[zone]
        for rule, cell in zip(rules, row[2:], strict=True):
            value = own["flagged"][rule]
            wanted = (
                "?" if pd.isna(value) else format_number(own["shortfall"][rule], "count") if value else "—"
            )
            assert cell_text(cell, "zh") == wanted
        people.append(own.loc[own["flagged"].fillna(value=False), "people_affected"].max())
    assert (np.diff(np.nan_to_num(people)) <= 0).all()
    assert [each.text for each in got.classes] == [
        "无", "严重不足", "不足", "轻度不足", "接近达标", "均值达标、覆盖不足", "非短板", "数据不足",
    ]  # fmt: skip
    # the deepest grade: some of the elders are in the circle in four alone, and C06 reaches 0.66 of its places
    drawn = {
        zone[-3:]: got.classes[place].text for zone, place in zip(got.zones.index, got.of_class, strict=True)
    }
    assert drawn == dict.fromkeys(("C04", "C05", "C08", "C09", "C10", "C11", "C12"), "无") | {
        "C01": "数据不足", "C02": "轻度不足", "C03": "轻度不足", "C06": "不足", "C07": "轻度不足",
    }  # fmt: skip
    assert cell_text(got.figure.value, "zh") == "11 / 11（另 1 个数据不足）"
    assert got.indicators[0].startswith("① 每千人口拥有3岁以下婴幼儿托位数（个托位）；按社区测算")


def test_holes_stay_holes_whichever_way_their_rings_turn():
    shell = [(0, 0), (10, 0), (10, 10), (0, 10)]
    hole = [(3, 3), (7, 3), (7, 7), (3, 7)]
    for a in (shell, shell[::-1]):
        for b in (hole, hole[::-1]):
            path = atlas_map.outline(MultiPolygon([Polygon(a, [b])]))
            signed = _signed_area(path.vertices[:5]), _signed_area(path.vertices[5:])
            assert signed[0] > 0 > signed[1]


def _signed_area(ring):
    x, y = ring[:, 0], ring[:, 1]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


@given(st.floats(50.0, 1e6))
def test_a_round_scale_fits_and_wastes_little(metres):
    scale = round_scale(metres, 280)
    assert metres <= scale * 0.280 * (1 + 1e-9)
    assert scale <= max(metres / 0.280 * 1.26, 1)
    assert float(f"{scale:.2g}") == scale
    assert scale * 0.06 / 5 <= bar_metres(scale, 60) <= scale * 0.06 * (1 + 1e-9)


@given(st.text(alphabet="社区（一）。，abc 12", max_size=60), st.sampled_from([8.0, 20.0, 60.0]))
def test_wrapped_lines_keep_every_character_and_their_width(text, width):
    advance = {c: 0.5 if c.isascii() else 1.0 for c in "社区（一）。，abc 12…"}
    face = fonts.Face(path=None, advance=advance, source="")
    lines = face.wrap(text, 10, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        # only a part that cannot be broken may be wider
        assert face.width(line, 10) <= width or len(fonts._pieces(line.strip())) == 1
    for line in lines[1:]:
        assert not line or line[0] not in "。，）"
    cut = face.cut(text, 10, width)
    assert cut == text or (cut.endswith("…") and face.width(cut, 10) <= width + 10 * MM_A_POINT)


def test_a_table_shows_what_fits_and_says_how_many(face, pages):
    page = Page(face, pages["布局图集"].stamp, title="x", number="01")
    columns = [
        Column("a", "甲", "count", 5, "short"),
        Column("b", "乙", "text", 9),
        Column("c", "丙", "text", 9),
    ]
    rows = [[Amount.of(n, "count"), "社区" * 40, None] for n in range(500)]
    columns = [dataclasses.replace(column, depth=1) for column in columns]
    page.side_table(Table.of("t", "表", columns, rows, notes=("注",)))
    said = texts(page)
    shown = max(int(text) for text in said if text.isdigit())
    assert 10 < shown < 100
    assert f"其余 {500 - shown - 1} 条见工作簿" in said
    assert "注" in said
    # figures keep their room and words are cut; a column without values is left out
    assert any(text.endswith("…") for text in said)
    assert "丙" not in said
    assert page.cursor >= page.floor - 3


def test_an_interval_is_never_cut(face, pages):
    page = Page(face, pages["布局图集"].stamp, title="x", number="01")
    columns = [Column("a", "指标" * 9, depth=1), Column("b", "现状值", "percent", 5, depth=1, interval=True)]
    page.side_table(Table.of("t", "表", columns, [["指标" * 60, Amount(0.25, 0.5, "percent")]]))
    assert "25.0%–50.0%" in texts(page)


def test_without_matplotlib_the_message_says_what_to_install(outcome, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(OutputError, match=r"geoplan\[papers\]"):
        atlas.write_atlas(outcome, tmp_path / "atlas.pdf")


def test_without_any_chinese_font_the_message_says_what_to_install(outcome, tmp_path, monkeypatch):
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *_, **__: [])
    monkeypatch.setitem(sys.modules, "pylopdf_fonts_zh_cn", None)
    with pytest.raises(OutputError, match="pylopdf-fonts-zh-cn"):
        atlas.write_atlas(outcome, tmp_path / "atlas.pdf")
    assert not (tmp_path / "atlas.pdf").exists()


def test_a_wheel_s_font_serves_where_the_system_has_none(monkeypatch, tmp_path):
    system = fonts.find_font()[0]
    if system.suffix == ".ttc":
        # a file of one face, as the wheel carries it
        with fonts.face(["社区"]) as made:
            (tmp_path / "own.ttf").write_bytes(made.path.read_bytes())
        system = tmp_path / "own.ttf"

    class Wheel:
        @staticmethod
        def sans_path():
            return system

    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *_, **__: [])
    monkeypatch.setitem(sys.modules, "pylopdf_fonts_zh_cn", Wheel)
    assert fonts.find_font() == (system, 0)
    with fonts.face(["社区"]) as face:
        assert face.advance["社"] == pytest.approx(1.0)
        assert face.safe("社区😀") == "社区〓"


def test_the_chinese_face_of_a_collection_is_taken_not_its_first():
    path, number = fonts.find_font()
    if path.suffix != ".ttc":
        pytest.skip("the system's font is no collection")
    from fontTools.ttLib import TTFont

    with TTFont(path, fontNumber=number, lazy=True) as font:
        assert font["name"].getBestFamilyName() in dict(fonts.SYSTEM_FONTS).values()


def test_an_unwritable_file_is_named(outcome, tmp_path):
    with pytest.raises(OutputError, match=r"atlas\.pdf"):
        atlas.write_atlas(outcome, tmp_path / "no" / "such" / "atlas.pdf")


def test_every_site_stands_at_its_place_in_its_phases_colour(sited, draw):
    page = draw(sited)
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


def test_a_dashed_ring_lies_around_generated_sites_alone(sited, draw):
    page = draw(sited)
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


def test_the_side_column_says_what_is_proven_and_lists_the_sites(sited, draw):
    page = draw(sited)
    told = texts(page)
    assert "4" in told
    assert any("1,343 万元" in text for text in told)
    assert "已验证最优" in "".join(told)
    assert "备选点位（未选）" in told
    assert "规划点位步行15分钟" in told
    answers = sited.answers.assign(status="within", gap=0.05)
    other = draw(dataclasses.replace(sited, answers=answers))
    assert "已验证最优" not in "".join(texts(other))
    assert "与最优之差不超过 5.0%" in "".join(texts(other))


def test_what_does_not_fit_is_counted(sited, draw):
    own = sited.sites[sited.sites["question"] == "close_gap"]
    many = own.iloc[np.arange(120) % 4].copy()
    many["order"] = range(1, 121)
    many.index = [f"close_gap/{k}" for k in range(1, 121)]
    many.loc["close_gap/5", "geometry"] = None
    page = draw(dataclasses.replace(sited, sites=many))
    rows = sum(text in {"改扩建", "租赁", "新建", "购置"} for text in texts(page))
    assert 5 < rows < 120
    assert f"其余 {120 - rows} 条见工作簿" in texts(page)
    assert page.cursor >= page.floor - 1e-6


def town_pages(sited, face, rows):
    """Return the sheets of one town whose table has so many rows, with how many rows each prints."""
    base, names = BaseMap(sited), Names(sited)
    maker = Maker(sited, base, face, Stamp("s", 2025, "zh", "crs", "", "", "b"))
    town = next(z for z in base.zones("town").index if len(base.below(str(z))))
    matrix = flag_matrix(sited, names, base.below(str(town)), most=7)
    body = matrix.table.rows
    lines = tuple((Amount.of(k + 1, "count"), f"N{k}N", *body[k % len(body)][2:]) for k in range(rows))
    matrix = dataclasses.replace(matrix, table=dataclasses.replace(matrix.table, rows=lines))
    pages = list(town_sheets(maker, str(town), matrix))
    wanted = {f"N{k}N" for k in range(rows)}
    return pages, [len(wanted & set(texts(page))) for page in pages]


@pytest.mark.parametrize("rows", [3, 30, 45, 60, 120, 140, 150, 250, 300, 330])
def test_a_long_table_goes_on_on_sheets_that_it_fills_by_half_and_says_where_the_rest_is(sited, face, rows):
    pages, printed = town_pages(sited, face, rows)
    # three blocks of a sheet at 7 points: 271 mm less two lines, 3.95 mm a row
    whole = 3 * 63
    assert all(count >= whole / 2 - 2 for count in printed[1:])
    left = rows - sum(printed)
    assert left < whole / 2 + 2
    said = "".join(texts(pages[-1]))
    assert (f"其余 {left} 条见工作簿" in said) == (left > 0)
    assert all("见续表" in "".join(texts(page)) for page in pages[:-1])


def test_a_table_that_just_fits_in_smaller_type_is_whole(sited, face):
    _, (small,) = town_pages(sited, face, 60)
    _, (usual, *_) = town_pages(sited, face, 300)
    # 7 points against 5.5
    assert small / usual == pytest.approx(7 / 5.5, abs=0.06)
    for rows, sheets_of, left in ((usual, 1, 0), (small, 1, 0), (small + 1, 1, 1)):
        pages, printed = town_pages(sited, face, rows)
        assert (len(pages), rows - sum(printed)) == (sheets_of, left)


def test_a_sheet_of_a_town_shows_where_it_lies_and_that_of_the_only_one_does_not(sited, face, pages):
    page = pages["临江街道短板图"]
    sheet, own_map, small = sorted(page.figure.axes, key=lambda axes: -axes.get_position().width)
    assert (sheet, own_map) == (page.paper, page.map)
    town = sited.zones.index[sited.zones["name"] == "临江街道"][0]
    drawn = {to_hex(c.get_facecolor()[0]): c for c in small.collections if len(c.get_facecolor())}
    found = drawn[look.COLOURS["accent"]].get_paths()[0].get_extents()
    assert (found.x0, found.y0, found.x1, found.y1) == pytest.approx(sited.zones.geometry[town].bounds)
    # the whole study is seen, to one scale both ways, and no name lies on it
    west, south, east, north = sited.zones[sited.zones["level"] == "community"].total_bounds
    (x0, x1), (y0, y1) = small.get_xlim(), small.get_ylim()
    assert x0 < west < east < x1
    assert y0 < south < north < y1
    box = small.get_position()
    assert (x1 - x0) / (box.width * 420) == pytest.approx((y1 - y0) / (box.height * 297))
    assert "位置示意" in texts(page)
    alone = sited.zones[(sited.zones["level"] != "town") | (sited.zones.index == town)]
    one = dataclasses.replace(sited, zones=alone)
    maker = Maker(one, BaseMap(one), face, Stamp("s", 2025, "zh", "crs", "", "", "b"))
    matrix = flag_matrix(one, Names(one), maker.base.below(str(town)), most=7)
    (only,) = town_sheets(maker, str(town), matrix)
    assert len(only.figure.axes) == 2
