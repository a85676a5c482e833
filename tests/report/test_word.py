"""The Word papers: what stands in them, how they are set, that references hold, and that the same outcome gives the same bytes."""

import contextlib
import dataclasses
import io
import re
import sys
import zipfile

import docx
import numpy as np
import pandas as pd
import pytest
from docx.oxml.ns import qn
from PIL import Image
from report_town import PLACES, support_rows

from geoplan.report.content import titles
from geoplan.report.content.assessment import assessment
from geoplan.report.content.document import Document, Heading, counted
from geoplan.report.content.guidance import clauses_text, guidance
from geoplan.report.content.names import Names
from geoplan.report.content.shortfalls import brief, causes_table, worst_table
from geoplan.report.content.stock import people_table, stock_table
from geoplan.report.content.zones import flag_totals
from geoplan.report.word import document as word
from geoplan.report.word import pictures
from geoplan.words.errors import Note, OutputError
from geoplan.words.numbers import format_number

PAPERS = {"assessment": assessment, "guidance": guidance}


def write(name, outcome, path, **options):
    word.write_document(PAPERS[name](outcome), outcome, path, **options)
    return docx.Document(path)


@pytest.fixture(scope="module")
def papers(make, tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    paths = {(name, lang): folder / f"{name}_{lang}.docx" for name in PAPERS for lang in ("zh", "en")}
    for (name, lang), path in paths.items():
        write(name, make(lang=lang), path)
    return paths


def text_of(document):
    return [paragraph.text for paragraph in document.paragraphs]


def cells(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def headings(document):
    return [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 2"]


def column(table, key):
    return [
        cell if isinstance(cell, str) else "" if cell is None else cell.text("zh")
        for cell in table.cells(key)
    ]


@pytest.mark.parametrize("name", PAPERS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_a4_and_names_basis_year_and_banner(papers, make, name, lang):
    outcome, document = make(lang=lang), docx.Document(papers[name, lang])
    section = document.sections[0]
    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
    assert titles.banner(outcome) in section.header.paragraphs[0].text
    foot = " ".join(paragraph.text for paragraph in section.footer.paragraphs)
    assert titles.basis_line(outcome) in foot
    assert "2025" in foot
    assert "PAGE" in section.footer.paragraphs[-1]._p.xml
    assert titles.banner(outcome) in document.paragraphs[1].text


def test_headings_and_fonts_are_those_of_planning_papers(papers):
    document = docx.Document(papers["assessment", "zh"])
    styles = [(p.style.name, p.text) for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert styles[0] == ("Heading 1", "现状评估")
    assert [text for style, text in styles if style == "Heading 2"] == [
        "一、基础情况", "二、设施现状", "三、主要指标达标情况", "四、15分钟服务圈覆盖情况", "五、短板与缺口", "六、成因分析",
        "七、数据与口径说明",
    ]  # fmt: skip
    for style, font in {
        "Heading 1": "黑体",
        "Heading 2": "黑体",
        "Caption": "黑体",
        "Plan Text": "宋体",
        "Plan Table": "宋体",
    }.items():
        fonts = document.styles[style].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == font
        assert not [name for name in fonts.attrib if "Theme" in name]  # a theme's font would outweigh it
    indent = document.styles["Plan Text"].element.pPr.ind
    assert indent.get(qn("w:firstLineChars")) == "200"


@pytest.mark.parametrize("name", PAPERS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_captions_count_and_every_reference_has_its_table(papers, name, lang):
    document = docx.Document(papers[name, lang])
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption"]
    word_ = {"zh": "表", "en": "Table "}[lang]
    numbers = [int(re.match(rf"{word_}(\d+)", c)[1]) for c in captions if c.startswith(word_)]
    assert numbers == list(range(1, len(document.tables) + 1))
    xml = document.element.xml
    marks = set(re.findall(r'w:bookmarkStart [^>]*w:name="(_Ref[^"]+)"', xml))
    asked = set(re.findall(r"REF (_Ref\S+)", xml))
    assert asked
    assert asked <= marks
    assert "\ue000" not in xml


def test_tables_repeat_headers_and_break_no_row(papers):
    for table in docx.Document(papers["assessment", "zh"]).tables:
        rows = table._tbl.tr_lst
        assert rows[0].trPr.find(qn("w:tblHeader")) is not None
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in rows)
        widths = [int(cell.get(qn("w:w"))) for cell in table._tbl.tblGrid]
        assert sum(widths) <= word.TEXT_CM / 2.54 * 1440 + len(widths)


def test_people_by_hand(make):
    # 12 communities of 16 points with 100 residents and 2.5 under-threes each; 3 communities in each of 4 towns
    table = people_table(make())
    assert column(table, "zone") == ["临江街道", "学府街道", "湖滨街道", "新村街道", "合计"]
    assert column(table, "zones_below") == ["3", "3", "3", "3", "12"]
    assert column(table, "residents") == ["4,800"] * 4 + ["19,200"]
    assert column(table, "under_3")[-1] == "480"


def test_facilities_that_do_not_count_stay_out(make):
    # of 11 rows one is closed, one under construction until 2026, one planned for 2028 and one beyond the border
    table = stock_table(make())
    homes = column(table, "facility_type").index("养老机构")
    keys = ("facility_count", "facility_placed", "beds")
    assert [column(table, key)[homes] for key in keys] == ["1", "1 / 1", "120"]  # 江城颐养院
    day = column(table, "facility_type").index("社区日间照料设施")
    # 学府社区养老服务站 with 10 beds, and 无坐标养老院, which has no point and does not say how many beds
    assert [column(table, key)[day] for key in keys] == ["2", "1 / 2", "≥ 10"]


def test_the_stock_of_the_area_leaves_out_facilities_beyond_it(make):
    outcome = make()
    less = dataclasses.replace(outcome, facilities=outcome.facilities.drop("eldercare_register.xlsx#8"))
    own, both = stock_table(less), stock_table(outcome)
    assert own.rows == both.rows
    assert own.notes == ()
    assert "另有评价范围外设施 1 处参与步行可达计算" in both.notes[0]


def test_a_share_of_an_interval_is_an_interval(make, tmp_path):
    served = pd.DataFrame(
        {
            "service": "eldercare", "zone_id": ["area/area", "town/T1"], "need": [200.0, 50.0],
            "served_low": [120.0, 20.0], "served_high": [150.0, 20.0], "without_place": [60.0, 25.0], "outside": [20.0, 5.0],
        }
    )  # fmt: skip
    support = support_rows({
        "rule_id": PLACES, "verdict_before": "not_met", "verdict_after": "met", "actual_before": 4.1, "actual_after": 4.6,
        "required": 4.5, "shortfall_before": 8.0, "unit": "places", "projects": ("p#2",),
    })  # fmt: skip
    document = write(
        "assessment", dataclasses.replace(make(), served=served, support=support), tmp_path / "a.docx"
    )
    told = "\n".join(text_of(document))
    assert (
        "需求200张（个），每张床位、每个托位只分配一次时实际可服务120–150，占需求的60.0%–75.0%；圈内未满足60，服务圈外20。"
        in told
    )
    assert "有1项评价结果由未达标（或数据不足）转为达标，仍有0项未达标" in told
    rows = [row for table in document.tables for row in cells(table)]
    assert ["养老服务", "临江街道", "50", "45", "20", "40.0%", "25", "5"] in rows
    changed = next(
        row for row in rows if row[1:3] == ["每千人口拥有3岁以下婴幼儿托位数(个)", "示范区"] and "4.6" in row
    )
    assert changed[3:5] + changed[6:] == ["4.1", "4.6", "未达标", "达标", "个托位"]


def test_the_indicator_table_and_its_sentences(papers):
    document = docx.Document(papers["assessment", "zh"])
    table = next(cells(t) for t in document.tables if "完成率" in cells(t)[0])
    at = {name: place for place, name in enumerate(table[0])}
    places = next(row for row in table if row[at["指标名称"]] == "每千人口拥有3岁以下婴幼儿托位数(个)")
    assert [places[at[name]] for name in ("现状值（测算）", "目标值", "完成率", "缺口", "评价结论")] == [
        "4.11", "≥4.5", "91.4%", "8", "未达标",
    ]  # fmt: skip
    told = "\n".join(text_of(document))
    assert "共形成评价结果5项（次），其中达标1项、未达标2项、数据不足1项、规划未量化1项" in told
    assert "每千人口拥有3岁以下婴幼儿托位数现状4.11，目标≥4.5，尚缺8个托位" in told
    assert "暂不能判断的指标为：每千名老人养老床位(张)" in told


def test_shortfalls_and_causes_add_up(make):
    outcome = make()
    flags = outcome.flags[outcome.flags["zone_id"].str.startswith("community")]
    short = flags[flags["flagged"].astype("boolean").fillna(value=False)]
    totals = flag_totals(outcome, "community")
    assert sum(tally.count for tally in totals.cells("flag_zones")) == len(short)
    beds = column(totals, "indicator").index("每千名老人养老床位(张)")
    tally = totals.cells("flag_zones")[beds]
    assert (tally.judged, tally.no_data) == (8, 4)  # four cannot be told
    assert (
        sum(cell.low for cell in causes_table(outcome).cells("cause_total")) == (short["cause"] != "").sum()
    )
    people = [cell.low for cell in worst_table(outcome).cells("people_affected")]
    assert people == sorted(people, reverse=True)


def test_nothing_judged_is_no_data_and_never_nought(make, tmp_path):
    outcome = make()
    unknown = outcome.flags.assign(
        flagged=pd.array([pd.NA] * len(outcome.flags), "boolean"), shortfall=np.nan
    )
    told = "\n".join(
        text_of(write("assessment", dataclasses.replace(outcome, flags=unknown), tmp_path / "a.docx"))
    )
    assert "至少存在一项短板的社区（村）：数据不足（12 个），占已判定单元的数据不足" in told
    assert "0 / 0" not in told


class TestGuidance:
    def test_a_heading_a_map_and_a_table_a_town(self, papers):
        document = docx.Document(papers["guidance", "zh"])
        heads = [p.text for p in document.paragraphs if p.style.name == "Heading 2"]
        assert heads == ["一、临江街道", "二、学府街道", "三、湖滨街道", "四、新村街道"]
        assert len(document.tables) == 1 + 4
        assert len(document.inline_shapes) == 4

    def test_two_sentences_for_every_community_that_is_short(self, papers, make):
        outcome, names = make(), Names(make())
        gaps = outcome.gap_list[outcome.gap_list["verdict"] == "flagged"]
        zones = list(dict.fromkeys(gaps["zone_id"]))
        found = [p for p in text_of(docx.Document(papers["guidance", "zh"])) if re.match(r"^.{2,4}社区：", p)]
        assert sorted(p.split("：")[0] for p in found) == sorted(names.zone(zone) for zone in zones)
        for told in found:
            assert told.count("。") == 2
            zone = next(z for z in zones if told.startswith(f"{names.zone(z)}："))
            own = gaps[gaps["zone_id"] == zone]
            assert f"短板{len(own)}项" in told
            for amount in own["shortfall"]:
                assert (
                    told.count(format_number(amount, "count")) >= 2
                )  # what is short, and what is to be made up

    def test_one_community_in_full(self, papers):
        found = [p for p in text_of(docx.Document(papers["guidance", "zh"])) if p.startswith("东升社区：")]
        assert found == [EAST]

    def test_sums_a_town(self, papers, make):
        outcome = make()
        short = outcome.gap_list[outcome.gap_list["rule_id"] == "wuhan.places_per_1000_residents"]
        by_town = short.groupby("town")["shortfall"].sum()
        first = cells(docx.Document(papers["guidance", "zh"]).tables[0])
        column = next(
            k for k, head in enumerate(first[0]) if head.startswith("每千人口拥有3岁以下婴幼儿托位数\n")
        )
        assert {row[1]: float(row[column].replace("—", "0")) for row in first[1:]} == by_town.reindex(
            [row[1] for row in first[1:]], fill_value=0.0
        ).to_dict()

    def test_districts_where_there_are_no_towns(self, make, tmp_path):
        outcome = make()
        zones = outcome.zones[outcome.zones["level"] != "town"].copy()
        above = outcome.zones["parent_id"]
        zones["parent_id"] = [above[p] if str(p).startswith("town") else p for p in zones["parent_id"]]
        flags = outcome.flags[outcome.flags["zone_id"].isin(zones.index)]
        circle = outcome.circle[outcome.circle["zone_id"].isin(zones.index)]
        plain = dataclasses.replace(
            outcome, zones=zones, flags=flags, circle=circle, gap_list=outcome.gap_list.assign(town="")
        )
        document = write("guidance", plain, tmp_path / "a.docx", maps=False)
        heads = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
        assert heads == ["分区县指引", "一、东城区", "二、西城区"]
        assert not document.inline_shapes

    def test_without_matplotlib_the_paper_says_so(self, make, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        document = write("guidance", make(), tmp_path / "a.docx")
        assert not document.inline_shapes
        assert any("未安装制图组件" in text for text in text_of(document))

    def test_without_a_font_the_paper_says_so(self, make, tmp_path, monkeypatch):
        from geoplan.report.look import fonts

        @contextlib.contextmanager
        def none(_characters):
            raise OutputError(Note.of("file_missing", file="font"))
            yield

        monkeypatch.setattr(fonts, "face", none)
        document = write("guidance", make(), tmp_path / "a.docx")
        assert not document.inline_shapes
        assert any(text.startswith("font") for text in text_of(document))


EAST = (
    "东升社区：常住人口1,600人，短板3项：每千名老人养老床位缺15张、每千人口拥有3岁以下婴幼儿托位数缺2个托位、15分钟养老服务圈圈外88人，"
    "成因为单体规模不足、圈内设施已满、圈内无设施，距最近的学府社区养老服务站步行约12分钟，并列为“城镇社区托育服务设施覆盖率”的未达标单元。"
    "建议近期扩建或就近增设养老机构、社区居家养老服务设施（15张）；扩建或增设托育服务设施（2个托位）；在步行范围内新建或改建养老服务设施（覆盖圈外88人）"
    "（依据：武汉市促进养老托育服务健康发展实施方案 二、三(二)）。"
)


def test_clauses_name_a_document_once(make):
    rules = pd.DataFrame(
        {"clause": ["三(二)1", "二(二); 三(二)1", "services"], "cited_zh": ["呼政办规〔2023〕1号 三(二)1", "呼政办规〔2023〕1号 二(二); 三(二)1",
        "项目配置文件 services"], "pack": ["huzhong", "huzhong", "study"]}, index=["a", "b", "c"],
    )  # fmt: skip
    names = Names(dataclasses.replace(make(), rules=rules.assign(indicator_zh=["甲", "乙", "丙"])))
    assert clauses_text(names, ["a", "b", "c", "a"]) == "呼政办规〔2023〕1号 三(二)1、二(二)；本项目设定"


def test_units_in_brackets_stay_out_of_sentences(make):
    rules = pd.DataFrame(
        {"indicator_zh": ["托位数(个)", "用房（平方米）", "服务圈（甲办〔2023〕1号）"]}, index=["a", "b", "c"]
    )
    names = Names(dataclasses.replace(make(), rules=rules))
    assert [brief(names, rule) for rule in "abc"] == [
        "托位数",
        "用房",
        "服务圈（甲办〔2023〕1号）",
    ]


def test_the_same_outcome_gives_the_same_bytes(fresh, papers, tmp_path):
    for name in PAPERS:
        write(name, fresh(), tmp_path / "again.docx")
        assert (tmp_path / "again.docx").read_bytes() == papers[name, "zh"].read_bytes()
        with zipfile.ZipFile(tmp_path / "again.docx") as file:
            assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        told = docx.Document(tmp_path / "again.docx").core_properties
        assert (told.created.year, told.modified.year, told.author) == (2025, 2025, "")


@pytest.mark.parametrize("name", PAPERS)
def test_names_are_text_and_nothing_else(make, tmp_path, name):
    outcome = make(nasty=True)
    zones = outcome.zones.assign(name=[f"{text}\x07\ue000" for text in outcome.zones["name"]])
    document = write(name, dataclasses.replace(outcome, zones=zones), tmp_path / "a.docx")
    assert document.paragraphs[0].text == outcome.name
    assert outcome.zones["name"]["town/T1"] in "\n".join(
        [*text_of(document), *(cell for row in cells(document.tables[0]) for cell in row)]
    )


@pytest.mark.parametrize("name", PAPERS)
def test_a_real_study_carries_no_banner(make, tmp_path, name):
    write(name, make(synthetic=False), tmp_path / "a.docx")
    with zipfile.ZipFile(tmp_path / "a.docx") as file:
        everything = b"".join(file.read(n) for n in file.namelist()).decode("utf-8", "ignore")
    assert "演示数据" not in everything


@pytest.mark.parametrize("name", PAPERS)
def test_an_outcome_without_rules_or_facilities_still_prints(make, tmp_path, name):
    outcome = make()
    bare = dataclasses.replace(
        outcome, flags=outcome.flags.iloc[:0], findings=outcome.findings.iloc[:0], members=outcome.members.iloc[:0],
        gap_list=outcome.gap_list.iloc[:0], unplaced=outcome.unplaced.iloc[:0], rules=pd.DataFrame(),
        reconciliation=pd.DataFrame(), not_assessed=pd.DataFrame(), facilities=outcome.facilities.iloc[:0],
    )  # fmt: skip
    assert write(name, bare, tmp_path / "a.docx").paragraphs


def test_a_file_that_cannot_be_written_is_an_os_error(make, tmp_path):
    with pytest.raises(OSError, match="no such folder"):
        write("assessment", make(), tmp_path / "no such folder" / "a.docx")


def test_a_block_that_word_cannot_draw_is_an_error(make, tmp_path):
    with pytest.raises(TypeError, match="draws no str"):
        word.write_document(Document.of("x", [Heading("y"), "z"]), make(), tmp_path / "a.docx")


class TestSiting:
    def test_nothing_is_said_where_nothing_was_asked(self, papers):
        told = "".join(text_of(docx.Document(papers["assessment", "zh"])))
        assert "选址布局" not in told
        assert "规划点位" not in told

    def test_the_section_says_what_is_proposed_and_proven(self, sited, tmp_path):
        document = write("assessment", sited, tmp_path / "a.docx")
        assert headings(document)[-2:] == ["七、选址布局建议", "八、数据与口径说明"]
        told = "\n".join(text_of(document))
        assert "建议布局规划点位 4 处（其中 1 处为意向区域，不是地址），投资估算合计 1,343 万元" in told
        assert "至2025年累计 2 处，至2030年累计 4 处" in told
        assert "已验证最优" in told
        assert "不是地址" in told
        table = next(cells(t) for t in document.tables if "建设性质" in cells(t)[0])
        assert [row[0] for row in table[1:]] == ["1", "2", "3", "4"]
        assert sum(float(row[table[0].index("投资估算（万元）")]) for row in table[1:]) == 1343

    def test_each_town_has_the_sites_that_lie_in_it_and_no_others(self, sited, tmp_path):
        document = write("guidance", sited, tmp_path / "a.docx", maps=False)
        # columns of the grid are towns: C03, C07 and C11 in the third, C04, C08 and C12 in the fourth
        sites = [cells(t) for t in document.tables if "建设性质" in cells(t)[0]]
        assert [[row[0] for row in table[1:]] for table in sites] == [["1", "4"], ["2", "3"]]

    def test_no_adopted_answer_is_said(self, sited, tmp_path):
        own = dataclasses.replace(sited, answers=sited.answers.assign(adopted=False))
        told = "\n".join(text_of(write("assessment", own, tmp_path / "a.docx")))
        assert "各选址问题均未形成可采用的方案。" in told
        assert "建设性质" not in told


class TestMap:
    def test_what_it_shows_of_each_community(self, make):
        outcome = make()
        found = pictures.flags_of(outcome)
        own = outcome.flags[outcome.flags["zone_id"] == "community/C10"]
        assert (
            found["community/C10"] == own["flagged"].astype("boolean").sum() == 3
        )  # its beds cannot be told
        unknown = outcome.flags[outcome.flags["zone_id"] == "community/C03"].assign(flagged=pd.NA)
        assert np.isnan(pictures.flags_of(dataclasses.replace(outcome, flags=unknown))["community/C03"])

    def test_same_bytes_and_the_colours_of_the_flags(self, make):
        with pictures.atelier(make()) as room:
            first, again = (pictures.town_map(room, "town/T2") for _ in range(2))
        assert first == again
        picture = Image.open(io.BytesIO(first)).convert("RGB")
        counts = {colour: count for count, colour in picture.getcolors(1 << 20)}
        red = sum(count for (r, g, b), count in counts.items() if r > 190 and g < 90 and b < 60)
        assert red > 0.03 * picture.width * picture.height


def test_numbers_of_headings():
    told = [counted(n, "zh") for n in (1, 9, 10, 11, 19, 20, 30, 99, 100)]
    assert told == ["一", "九", "十", "十一", "十九", "二十", "三十", "九十九", "100"]
