"""一社区一表: every figure of a page is that of the workbook, a page always fits, one page a community, the same bytes each time."""

import dataclasses
import importlib.util
import json
import re
import subprocess
from urllib.parse import unquote

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from printed import CHROMIUM, Page
from report_town import NASTY, X0, Y0
from shapely.geometry import Point

from geoplan.cli import commands as cli
from geoplan.report.booklet.page import report_page
from geoplan.report.cards import cards, page
from geoplan.report.cards.html_page import html_page
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.community_sheet import Sheets, community_sheet
from geoplan.report.content.gaps import gap_list
from geoplan.report.content.table import cell_text
from geoplan.report.content.zones import circles
from geoplan.report.folder.save import write_outputs
from geoplan.report.folder.store import write_outcome
from geoplan.report.look import fonts
from geoplan.report.webmap.map import map_page
from geoplan.tables import CANDIDATES
from geoplan.words.catalogue import phrase
from geoplan.words.errors import InputError, OutputError
from geoplan.words.progress import Stages

C01, C04 = "community/C01", "community/C04"


def table(sheet, key):
    return next(section.table for section in sheet.sections if section.table.key == key)


def texts(found, key, lang="zh"):
    return [cell_text(cell, lang) for cell in found.cells(key)]


def rows(found, *keys, lang="zh"):
    return list(zip(*(texts(found, key, lang) for key in keys), strict=True))


def premises(*given):
    """Return premises at so many metres from the corner of the town."""
    made = CANDIDATES.empty_shapes("EPSG:4547").drop(columns="geometry")
    table = pd.DataFrame(
        [{"name": name, "services": (), "floor_area_m2": 300.0, "generated": False, "rule": rule} for name, rule, _ in given],
        index=pd.Index([name for name, _, _ in given], name="candidate_id"),
    ).reindex(columns=made.columns)  # fmt: skip
    return gpd.GeoDataFrame(
        table, geometry=[Point(X0 + x, Y0 + y) for _, _, (x, y) in given], crs="EPSG:4547"
    )


@pytest.fixture
def drawn(monkeypatch):
    """Collect every text that is drawn: its left and right end and its baseline in millimetres, and itself."""
    said = []
    write = page.Pen.text

    def text(self, x, y, shown, points, *, align="left", **more):
        wide = self.face.width(self.face.safe(shown), points)
        left = x - wide * {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        said.append((left, left + wide, y, shown))
        write(self, x, y, shown, points, align=align, **more)

    monkeypatch.setattr(page.Pen, "text", text)
    return said


def pages_of(path):
    return len(re.findall(rb"/Type /Page\b(?!s)", path.read_bytes()))


@pytest.fixture(scope="module")
def full(outcome):
    """An outcome of which the page of one community cannot hold all: 30 facilities, long rules, 40 premises."""
    own = outcome.facilities[outcome.facilities["zone_id"] == C01].iloc[[0]]
    many = pd.concat([own] * 30).set_axis(pd.Index([f"f{k}" for k in range(30)], name="facility_id"))
    flags = outcome.flags[outcome.flags["zone_id"] == C01]
    more, rules = [flags], [outcome.rules]
    for k in range(8):
        rename = {rule: f"{rule}_{k}" for rule in flags["rule_id"]}
        more.append(flags.assign(rule_id=flags["rule_id"].map(rename)))
        twin = outcome.rules[outcome.rules.index.isin(list(rename))]
        rules.append(
            twin.set_axis(twin.index.map(rename)).assign(
                indicator_zh=twin["indicator_zh"] + "，名称很长很长" * 8
            )
        )
    return dataclasses.replace(
        outcome, facilities=pd.concat([outcome.facilities, many]), flags=pd.concat(more), rules=pd.concat(rules),
        premises=premises(*((f"用房{k}", "", (62.5, 62.5 + k)) for k in range(40))),
    )  # fmt: skip


class TestWhatAPageSays:
    def test_people_by_hand(self, outcome):
        sheet = community_sheet(outcome, C01)
        assert (sheet.title, sheet.place) == ("向阳社区", "代码 C01　东城区　临江街道　2025年")
        assert sheet.banner == "演示数据，不作为决策依据"
        # 16 points: 100 residents, 20 elders and 2.5 under-threes each
        assert rows(table(sheet, "sheet_people"), "group", "people", "year") == [
            ("常住人口", "1,600", "2010"), ("60岁及以上老年人口", "320", "2010"), ("3岁以下婴幼儿", "40", "2010"),
        ]  # fmt: skip

    def test_circles_are_those_of_the_workbook(self, outcome):
        whole = circles(outcome)
        keys = ("service", "people", "covered", "outside", "off_network", "share", "minutes")
        for zone in Sheets(outcome).zones:
            code = outcome.zones["code"][zone]
            of_zone = {row[1:] for row in rows(whole, "zone_code", *keys) if row[0] == code}
            own = rows(table(community_sheet(outcome, zone), "sheet_circles"), *keys)
            assert len(own) == 2
            assert set(own) <= of_zone

    def test_every_gap_of_the_list_stands_on_its_page_with_the_same_figures(self, sited):
        keys = ("indicator", "flag_kind", "shortfall", "net_shortfall", "unit", "cause", "measure")
        pages = Sheets(sited)
        listed = sited.gap_list
        own = listed["member_id"].where(listed["part"] == "member", listed["zone_id"])
        in_book = rows(gap_list(sited), *keys)
        found = 0
        for zone in pages.zones:
            wanted = [
                row
                for row, at, part in zip(in_book, own, listed["part"], strict=True)
                if at == zone and part != "finding"
            ]
            shown = rows(table(pages.sheet(zone), "sheet_rules"), *keys)
            assert [row for row in wanted if row not in shown] == []
            found += len(wanted)
        assert found > 20

    def test_each_rule_that_measures_or_counts_it_stands_once_the_short_first(self, outcome):
        for zone in (C01, C04):
            names = texts(table(community_sheet(outcome, zone), "sheet_rules"), "indicator")
            rules = {*outcome.flags.loc[outcome.flags["zone_id"] == zone, "rule_id"]}
            rules |= {*outcome.members.loc[outcome.members["member_id"] == zone, "rule_id"]}
            assert len(names) == len(set(names)) == len(rules)
        short = [
            bool(text) for text in texts(table(community_sheet(outcome, C04), "sheet_rules"), "shortfall")
        ]
        assert any(short)

    def test_the_nearest_are_numbered_as_on_the_map(self, outcome):
        sheet = community_sheet(outcome, C01)
        near = table(sheet, "sheet_near")
        assert texts(near, "map_number") == ["1", "2", "3", "4", "5", "6"][: len(near.rows)]
        named = dict(zip(texts(near, "name"), texts(near, "capacity"), strict=True))
        assert named["江城颐养院"] == "养老床位 120、护理型床位 80"
        # its own as the circle's table has it: the community's people are all near one
        own = outcome.near[(outcome.near["zone_id"] == C01) & (outcome.near["service"] == "eldercare")]
        assert own["rank"].tolist() == list(range(1, len(own) + 1))
        assert own["minutes"].is_monotonic_increasing
        inside = table(sheet, "sheet_inside")
        assert rows(inside, "name", "facility_status") == [("江城颐养院", "现状"), ("向阳托育中心", "现状")]

    def test_what_is_built_or_without_a_point_says_so(self, outcome):
        assert rows(
            table(community_sheet(outcome, "community/C07"), "sheet_inside"), "name", "facility_status"
        ) == [("湖滨护理院", "在建")]
        lost = outcome.facilities.assign(
            zone_id=outcome.facilities["zone_id"].mask(outcome.facilities["name"] == "无坐标养老院", C04)
        )
        sheet = community_sheet(dataclasses.replace(outcome, facilities=lost), C04)
        assert rows(table(sheet, "sheet_inside"), "map_number", "name", "facility_status", "capacity") == [
            ("", "无坐标养老院", "未落点", "养老床位 数据不足")
        ]

    def test_priority_is_that_of_the_list(self, outcome):
        listed = outcome.priorities[outcome.priorities["zone_id"] == C04]
        said = community_sheet(outcome, C04).priority
        assert said.count("；") == len(listed) - 1
        for rank in listed["rank"]:
            assert f"第{rank}位" in said
        none = dataclasses.replace(outcome, priorities=outcome.priorities.iloc[:0])
        assert community_sheet(none, C04).priority == "未列入优先建设清单"


class TestPremises:
    def test_without_a_list(self, outcome):
        found = table(community_sheet(outcome, C01), "sheet_premises")
        assert (found.rows, found.empty) == ((), "未提供用房清单")

    def test_within_the_radius_the_nearest_first_and_none_that_is_ruled_out(self, outcome):
        # most of C01 live at its first point, 62.5 m from the corner both ways
        offered = premises(
            ("一千米外", "", (1062.6, 62.5)), ("一千米", "", (1062.5, 62.5)), ("近处", "", (62.5, 162.5)), ("禁选", "forbidden", (62.5, 62.5)),
        )  # fmt: skip
        sheet = community_sheet(dataclasses.replace(outcome, premises=offered), C01)
        assert rows(table(sheet, "sheet_premises"), "name", "premise_metres", "may_hold") == [
            ("近处", "100", "不限"), ("一千米", "1,000", "不限"),
        ]  # fmt: skip
        assert list(sheet.premises) == ["近处", "一千米"]
        far = community_sheet(dataclasses.replace(outcome, premises=offered), "community/C12")
        assert table(far, "sheet_premises").empty == "1,000米内没有备选用房"


class TestWhatIsNotThere:
    def test_a_community_without_people(self, outcome):
        groups = ["residents", "elders_60", "under_3"]
        empty = outcome.demand.copy()
        empty.loc[empty["zone_id"] == C01, groups] = 0.0
        near = outcome.near[outcome.near["zone_id"] != C01]
        sheet = community_sheet(dataclasses.replace(outcome, demand=empty, near=near), C01)
        assert texts(table(sheet, "sheet_people"), "people") == ["0", "0", "0"]
        assert set(texts(table(sheet, "sheet_near"), "name")) == {"60分钟内多数居民步行不可达"}

    def test_people_who_are_not_known_are_no_nought(self, outcome):
        unknown = [("residents",) if zone == C01 else () for zone in outcome.zones.index]
        zones = outcome.zones.assign(people_unknown=unknown)
        sheet = community_sheet(dataclasses.replace(outcome, zones=zones), C01)
        assert texts(table(sheet, "sheet_people"), "people") == ["数据不足", "320", "40"]

    def test_a_value_that_is_not_known_is_no_data(self, outcome):
        lost = outcome.flags.assign(
            reachable_low=np.nan,
            reachable_high=np.nan,
            state="unknown",
            flagged=pd.NA,
            shortfall=np.nan,
            grade="",
        )
        gaps = outcome.gap_list.iloc[:0]
        sheet = community_sheet(dataclasses.replace(outcome, flags=lost, gap_list=gaps), C01)
        told = rows(table(sheet, "sheet_rules"), "grade", "actual", "shortfall")
        assert ("数据不足", "数据不足", "") in told
        assert all(short == "" for *_, short in told)

    def test_nothing_but_a_community(self, outcome, tmp_path):
        bare = dataclasses.replace(
            outcome, facilities=outcome.facilities.iloc[:0], planned=outcome.planned.iloc[:0], near=outcome.near.iloc[:0],
            flags=outcome.flags.iloc[:0], members=outcome.members.iloc[:0], gap_list=outcome.gap_list.iloc[:0],
            priorities=outcome.priorities.iloc[:0], supplies=outcome.supplies.iloc[:0],
        )  # fmt: skip
        sheet = community_sheet(bare, C01)
        assert table(sheet, "sheet_rules").empty == "没有按社区测算或计数的指标"
        assert table(sheet, "sheet_inside").empty == "台账内无设施"
        file, _ = cards.write_cards(bare, tmp_path, [C01])
        assert pages_of(file) == 1

    def test_a_zone_that_is_none(self, outcome):
        with pytest.raises(KeyError):
            community_sheet(outcome, "community/none")


class TestFiles:
    def test_a_file_a_town_a_page_a_community_the_same_bytes(self, sited, tmp_path):
        first = cards.write_cards(sited, tmp_path / "one")
        again = cards.write_cards(sited, tmp_path / "two")
        towns = ["临江街道", "学府街道", "湖滨街道", "新村街道"]
        assert [file.name for file in first] == [
            f"{town}.{ending}" for town in towns for ending in ("pdf", "html")
        ]
        assert [pages_of(file) for file in first[::2]] == [3, 3, 3, 3]
        assert [file.read_text(encoding="utf-8").count('<article class="page">') for file in first[1::2]] == [
            3,
            3,
            3,
            3,
        ]
        assert [file.read_bytes() for file in first] == [file.read_bytes() for file in again]

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_what_is_drawn_stays_on_the_page_in_both_languages(self, lang, make, drawn, tmp_path):
        cards.write_cards(make(lang=lang, nasty=lang == "en"), tmp_path)
        said = " ".join(text for *_, text in drawn)
        assert phrase("sheet_head", lang) in said
        assert phrase("confirm_no_room", lang) in said
        assert fonts.NO_GLYPH not in said
        assert min(left for left, *_ in drawn) >= page.LEFT - 0.01
        assert max(right for _, right, *_ in drawn) <= page.LEFT + page.ROOM + 0.01
        assert min(y for *_, y, _ in drawn) >= page.BOTTOM - 4.0
        assert max(y for *_, y, _ in drawn) <= page.HEIGHT - page.BOTTOM

    def test_figures_are_never_cut(self, sited, drawn, tmp_path):
        pages = Sheets(sited)
        cards.write_cards(sited, tmp_path)
        shown = {text for *_, text in drawn}
        for zone in pages.zones:
            rules = table(pages.sheet(zone), "sheet_rules")
            assert {text for text in texts(rules, "actual") if text} <= shown

    def test_long_lists_are_cut_and_say_so(self, full, drawn, tmp_path):
        file, _ = cards.write_cards(full, tmp_path, [C01])
        assert pages_of(file) == 1
        said = [text for *_, text in drawn]
        count = len(table(community_sheet(full, C01), "sheet_rules").rows)
        assert f"等{count}项，见缺口清单" in said
        assert "等40处，见备选点位" in said
        assert "街道核实意见" in said
        foot = next(y for *_, y, text in drawn if text.startswith("核实人"))
        assert all(y > page.BOTTOM for *_, y, text in drawn if "等" in text)
        assert foot > page.BOTTOM

    def test_layout_fits_whatever_stands_on_it(self, demo):
        base, pages = BaseMap(demo), Sheets(demo)
        with fonts.face(cards._printed(demo, [pages.sheet(zone) for zone in pages.zones])) as face:
            pen = page.Pen.__new__(page.Pen)
            pen.face, pen.lang = face, demo.lang
            for zone in pages.zones:
                layout = page.Layout.of(pen, pages.sheet(zone), base)
                assert layout.height <= page.HEIGHT - 2 * page.BOTTOM + 1e-6

    def test_names_of_files(self, nasty, tmp_path):
        for file in cards.write_cards(nasty, tmp_path):
            assert not set(file.name) & set('<>:"/\\|?*')
        assert NASTY not in "".join(path.name for path in tmp_path.iterdir())

    def test_what_is_not_installed_is_said(self, outcome, monkeypatch, tmp_path):
        find = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, *more: None if name == "reportlab" else find(name, *more),
        )
        with pytest.raises(OutputError, match="reportlab"):
            cards.write_cards(outcome, tmp_path)


class TestHtml:
    """The pages in a browser: what the PDF file says, one file, nothing fetched."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_every_cell_and_sentence_of_a_sheet_stands_on_its_page(self, lang, make_sited):
        own = make_sited(lang=lang)
        made = Sheets(own)
        for zone in made.zones:
            sheet = made.sheet(zone)
            told = Page(html_page([sheet], made.base, title="t"))
            said = "".join(told.text.split())
            for section in sheet.sections:
                rows = section.table.texts(lang)[: section.most]
                assert all("".join(text.split()) in said for row in rows for text in row)
                assert section.table.rows or "".join(section.table.empty.split()) in said
            for text in (
                sheet.title,
                sheet.place,
                sheet.banner,
                sheet.priority,
                *sheet.notes,
                *sheet.foot,
                *sheet.confirmation.opinions,
            ):
                assert "".join(text.split()) in said

    def test_the_map_has_the_numbers_of_the_tables(self, sited):
        made = Sheets(sited)
        sheet = made.sheet(C01)
        drawn = re.findall(
            r'<text class="number"[^>]*>(\d+)</text>', html_page([sheet], made.base, title="t")
        )
        assert sorted(drawn, key=int) == [str(number) for number in sheet.numbers.values()]

    def test_it_asks_no_network_and_names_stay_text(self, nasty):
        made = Sheets(nasty)
        text = html_page([made.sheet(zone) for zone in made.zones], made.base, title=NASTY)
        told = Page(text)
        assert [tag for tag, _ in told.tags].count("script") == 1
        assert NASTY in told.text
        assert "<img" not in text
        assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', text)
        assert any(
            own.get("content", "").startswith("default-src 'none'") for tag, own in told.tags if tag == "meta"
        )

    def test_map_and_report_lead_to_every_page(self, sited, tmp_path):
        write_outputs(sited, tmp_path, minutes={}, seconds={}, stages=Stages(), papers=("communities",))
        links = cards.page_links(sited)
        assert list(links) == list(Sheets(sited).zones)
        data = json.loads(Page((tmp_path / "map.html").read_text(encoding="utf-8")).scripts["geoplan-data"])
        packed, ids = data["pages"], data["zones"]["id"]
        found = {
            zone: f"{packed['files'][at]}#{end}"
            for zone, at, end in zip(ids, packed["of"], packed["at"], strict=True)
            if at >= 0
        }
        assert found == dict(links)
        for zone, link in links.items():
            file, _, end = link.partition("#")
            page_of = (tmp_path / unquote(file)).read_text(encoding="utf-8")
            assert f'<div class="paper" id="{unquote(end)}"' in page_of
            assert sited.zones["name"][zone] in page_of
        report = (tmp_path / "report.html").read_text(encoding="utf-8")
        listed = re.findall(r'<td><a href="([^"]*)">([^<]*)</a>', report)
        assert listed
        assert dict(listed) == {
            links[zone]: sited.zones["name"][zone] for zone in links if links[zone] in dict(listed)
        }

    def test_without_pages_nothing_leads_anywhere(self, sited):
        assert "<td><a" not in report_page(sited)
        assert set(map_page(sited).split('"pages":')[1][:40].split('"of":[')[1].split(",")[:3]) == {"-1"}

    @pytest.mark.browser
    @pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
    def test_every_page_fits_an_a4_however_much_stands_on_it(self, full, tmp_path):
        _, file = cards.write_cards(full, tmp_path, list(Sheets(full).zones)[:4])[:2]
        paper = tmp_path / "a.pdf"
        common = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}"]  # fmt: skip
        done = subprocess.run([*common, "--no-pdf-header-footer", f"--print-to-pdf={paper}", file.as_uri()], capture_output=True, text=True, encoding="utf-8", timeout=90, check=True)  # fmt: skip
        assert "Uncaught" not in done.stderr
        assert "Refused to" not in done.stderr
        count = file.read_text(encoding="utf-8").count('<article class="page">')
        assert pages_of(paper) == count
        sizes = {tuple(round(float(n) / 72 * 25.4) for n in box) for box in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper.read_bytes())}  # fmt: skip
        assert sizes == {(210, 297)}
        # before a print all pages have been fitted: rows went, and it is said how many there are
        acted = file.with_name("acted.html")
        acted.write_text(file.read_text(encoding="utf-8").replace("</html>", '<script>dispatchEvent(new Event("beforeprint"))</script></html>'), encoding="utf-8")  # fmt: skip
        dom = subprocess.run([*common, "--dump-dom", acted.as_uri()], capture_output=True, text=True, encoding="utf-8", timeout=90, check=True).stdout  # fmt: skip
        assert "data-over" not in re.search(r"<body[^>]*>", dom).group()
        first = dom[dom.index('<article class="page">') : dom.index("</article>")]
        more = re.findall(r'<p class="more">([^<]*)</p>', first)
        assert f"等{len(table(community_sheet(full, C01), 'sheet_rules').rows)}项，见缺口清单" in more
        assert "等40处，见备选点位" in more
        assert first.count('<tr hidden="">') > 3


class TestChosen:
    def test_by_code_by_name_and_by_town(self, outcome):
        assert (
            cards.chosen_zones(outcome, zone="C04")
            == cards.chosen_zones(outcome, zone=" 南湖社区 ")
            == (C04,)
        )
        town = cards.chosen_zones(outcome, town="新村街道")
        assert town == (C04, "community/C08", "community/C12")
        assert cards.chosen_zones(outcome, town="西城区") == cards.chosen_zones(outcome, town="D2")
        assert len(cards.chosen_zones(outcome, town="西城区")) == 6
        assert len(cards.chosen_zones(outcome)) == 12

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"zone": "南湖"}, "南湖社区 C04"),
            ({"town": "无此街道"}, "临江街道"),
            ({"zone": "C01", "town": "T4"}, "C04"),
        ],
    )
    def test_who_is_not_there_is_told_what_is(self, given, said, outcome):
        with pytest.raises(InputError, match=said):
            cards.chosen_zones(outcome, **given)

    def test_the_command(self, outcome, tmp_path, capsys):
        write_outcome(outcome, tmp_path)
        with pytest.raises(SystemExit) as end:
            cli.main(["cards", str(tmp_path), "--zone", "C04"])
        assert end.value.code in (0, None), capsys.readouterr().err
        assert sorted(file.name for file in (tmp_path / "communities").iterdir()) == [
            "南湖社区.html",
            "南湖社区.pdf",
        ]
        with pytest.raises(SystemExit) as end:
            cli.main(["cards", str(tmp_path), "--town", "学府街道", "--out", str(tmp_path / "mine")])
        assert [pages_of(file) for file in (tmp_path / "mine").glob("*.pdf")] == [3]
