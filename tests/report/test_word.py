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
from PIL import Image, ImageColor
from printed import column, texts, words
from report_town import BEDS, CIRCLE_E, PLACES, flags_of, with_projects

from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.assessment import assessment
from geoplan.report.content.document import Document, Heading, Shown, counted
from geoplan.report.content.first import priority_list
from geoplan.report.content.guidance import clauses_text, guidance
from geoplan.report.content.meeting import meeting
from geoplan.report.content.names import Names
from geoplan.report.content.shortfalls import WORST, brief, causes_table, worst_table, zone_classes
from geoplan.report.content.stock import people_table, stock_table
from geoplan.report.word import document as word
from geoplan.report.word import pictures
from geoplan.words.errors import Note, OutputError

PAPERS = {"assessment": assessment, "guidance": guidance, "meeting": meeting}


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
    # papers that must fit their pages say it in the header alone
    assert (titles.banner(outcome) in document.paragraphs[1].text) == (name == "assessment")


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
    assert bool(asked) == (name != "meeting")
    assert asked <= marks
    assert "\ue000" not in xml


def test_tables_repeat_headers_and_break_no_row(papers):
    for table in docx.Document(papers["assessment", "zh"]).tables:
        rows = table._tbl.tr_lst
        assert rows[0].trPr.find(qn("w:tblHeader")) is not None
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in rows)
        widths = [int(cell.get(qn("w:w"))) for cell in table._tbl.tblGrid]
        assert sum(widths) <= word.TEXT_CM / 2.54 * 1440 + len(widths)


def test_people_by_hand(outcome):
    # 12 communities of 16 points with 100 residents and 2.5 under-threes each; 3 communities in each of 4 towns
    table = people_table(outcome)
    assert column(table, "zone") == ["临江街道", "学府街道", "湖滨街道", "新村街道", "合计"]
    assert column(table, "zones_below") == ["3", "3", "3", "3", "12"]
    assert column(table, "residents") == ["4,800"] * 4 + ["19,200"]
    assert column(table, "under_3")[-1] == "480"


def test_facilities_that_do_not_count_stay_out(outcome):
    # of 11 rows one is closed, one under construction until 2026, one planned for 2028 and one beyond the border
    table = stock_table(outcome)
    homes = column(table, "facility_type").index("养老机构")
    keys = ("facility_count", "facility_placed", "beds")
    assert [column(table, key)[homes] for key in keys] == ["1", "1 / 1", "120"]  # 江城颐养院
    day = column(table, "facility_type").index("社区日间照料设施")
    assert [column(table, key)[day] for key in keys] == ["1", "1 / 1", "10"]  # 学府社区养老服务站
    # 无坐标养老院 has no point and does not say how many beds
    home_care = column(table, "facility_type").index("居家养老服务站点")
    assert [column(table, key)[home_care] for key in keys[:2]] == ["1", "0 / 1"]


def test_the_stock_of_the_area_leaves_out_facilities_beyond_it(outcome):
    less = dataclasses.replace(outcome, facilities=outcome.facilities.drop("eldercare_register.xlsx#8"))
    own, both = stock_table(less), stock_table(outcome)
    assert own.rows == both.rows
    assert own.notes == ()
    assert "另有评价范围外设施 1 处参与步行可达计算" in both.notes[0]


def test_a_service_whose_people_are_not_known_has_no_sentence_of_figures(outcome):
    circle = outcome.circle.copy()
    mine = circle["service"] == "eldercare"
    circle.loc[
        mine, ["people", "covered", "outside", "off_network", "share", "share_low", "share_high", "unreached"]
    ] = np.nan
    said = words(assessment(dataclasses.replace(outcome, circle=circle)))
    assert "养老服务方面，评价范围内有单元的60岁及以上老年人口不详，全域服务圈数据不足" in said
    assert "圈内—" not in said


def test_a_share_of_an_interval_is_an_interval(outcome):
    said = words(assessment(with_projects(outcome)))
    assert (
        "需求200张（个），每张床位、每个托位只分配一次时实际可服务120–150，占需求的60.0%–80.0%；圈内未满足60，服务圈外10，路网外（不详）10。"
        in said
    )
    assert "有1项评价结果由未达标（或数据不足）转为达标，仍有0项未达标" in said


def test_the_sentences_on_indicators(outcome):
    said = words(assessment(outcome))
    assert (
        "共评价指标5项（涉及多个单元的按其中最差的计一项），其中达标1项、未达标2项、数据不足1项、规划未量化1项"
        in said
    )
    assert "每千人口拥有3岁以下婴幼儿托位数现状4.11，目标≥4.5，尚缺8个托位" in said
    assert "暂不能判断的指标为：每千名老人养老床位(张)" in said


def test_causes_add_up_and_the_worst_come_first(outcome):
    _, flagged = flags_of(outcome)
    short = flagged[flagged["flag_kind"] != "reference"]
    table = causes_table(outcome)
    assert sum(cell.low for cell in table.cells("cause_total")) == (short["cause"] != "").sum() == 39
    # beds of homes are no flag of communities; places: C04, C09 and C10 have none in the circle, the other seven share what there is
    assert [column(table, entry.key) for entry in table.columns] == [
        [names_of(outcome, rule) for rule in (PLACES, CIRCLE_E, "study.circle_eldercare", "study.circle_childcare")],
        ["3", "8", "9", "8"], ["7", "0", "0", "0"], ["0", "4", "0", "0"], ["10", "12", "9", "8"],
    ]  # fmt: skip
    people = [cell.low for cell in worst_table(outcome).cells("people_affected")]
    assert people == sorted(people, reverse=True)
    assert (people[0], len(people) <= WORST) == (short["people_affected"].max(), True)


def names_of(outcome, rule):
    return Names(outcome).rule(rule)


class TestGuidance:
    def test_a_page_a_town_with_a_map_and_two_tables(self, papers):
        document = docx.Document(papers["guidance", "zh"])
        heads = [p for p in document.paragraphs if p.style.name == "Heading 2"]
        assert [p.text for p in heads] == ["一、临江街道", "二、学府街道", "三、湖滨街道", "四、新村街道"]
        assert all(p.paragraph_format.page_break_before for p in heads)
        # a table of all towns, then what is to be done and where first of each
        assert len(document.tables) == 1 + 4 * 2
        assert len(document.inline_shapes) == 4

    def test_towns_by_hand(self, papers):
        head, *rows = cells(docx.Document(papers["guidance", "zh"]).tables[0])
        assert [header.partition("\n")[0] for header in head[2:]] == [
            "短板社区（村）（个）", "15分钟养老服务圈", "15分钟养老服务圈（全部设施，项目设定）", "15分钟托育服务圈（全部设施，项目设定）",
            "每千人口拥有3岁以下婴幼儿托位数", "每千名老人养老床位",
        ]  # fmt: skip
        # places: C05 1 + C09 6; C06 3 + C10 8; C03 2 + C07 2 + C11 3; C04 5 + C08 2 + C12 3. Beds: 1,056 elders need 52.8 and T2 has
        # 10, 1,152 need 57.6 and T4 has none; what stands in T3 is not known
        assert [[row[1], row[2], row[6], row[7].strip("—")] for row in rows] == [
            ["临江街道", "3", "7", ""], ["学府街道", "3", "11", "43"], ["湖滨街道", "3", "7", ""], ["新村街道", "3", "10", "58"],
        ]  # fmt: skip

    def test_caveats_are_those_of_what_is_added_up(self, outcome):
        table = next(block.table for block in guidance(outcome).blocks if isinstance(block, Shown))
        assert table.notes == (
            "每千人口拥有3岁以下婴幼儿托位数：按社区测算，非规划考核口径",
            "每千名老人养老床位：按辖区内床位测算，非规划考核口径",
        )

    def test_one_town_in_full(self, papers):
        blocks = list(docx.Document(papers["guidance", "zh"]).iter_inner_content())
        heads = [
            k
            for k, block in enumerate(blocks)
            if getattr(block, "text", "") in ("二、学府街道", "三、湖滨街道")
        ]
        page = blocks[heads[0] + 1 : heads[1]]
        said = [
            block.text for block in page if isinstance(block, docx.text.paragraph.Paragraph) and block.text
        ]
        assert said == SCHOOL
        works, first = [cells(block) for block in page if isinstance(block, docx.table.Table)]
        assert works == WORKS
        assert [row[:4] for row in first] == FIRST

    def test_where_first_is_what_the_priority_list_says(self, papers, outcome):
        names, whole = Names(outcome), texts(priority_list(outcome))
        tables = docx.Document(papers["guidance", "zh"]).tables[2::2]
        keys = ("rank", "community", "grade", "net_affected", "whom", "measure")
        for town, table in zip(("T1", "T2", "T3", "T4"), tables, strict=True):
            own = [row for row in whole if row["town"] == names.zone(f"town/{town}")]
            assert len(own) > 4
            assert cells(table)[1:] == [[row[key] for key in keys] for row in own[:4]]

    def test_communities_stand_in_tables_not_in_sentences(self, papers):
        for name in ("guidance", "meeting"):
            document = docx.Document(papers[name, "zh"])
            assert not [p for p in text_of(document) if re.match(r"^.{2,4}社区：", p)]

    def test_without_matplotlib_the_paper_says_so(self, outcome, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        document = write("guidance", outcome, tmp_path / "a.docx")
        assert not document.inline_shapes
        assert any("未安装制图组件" in text for text in text_of(document))

    def test_without_a_font_the_paper_says_so(self, outcome, tmp_path, monkeypatch):
        from geoplan.report.look import fonts

        @contextlib.contextmanager
        def none(_characters):
            raise OutputError(Note.of("file_missing", file="font"))
            yield

        monkeypatch.setattr(fonts, "face", none)
        document = write("guidance", outcome, tmp_path / "a.docx")
        assert not document.inline_shapes
        assert any(text.startswith("font") for text in text_of(document))


#: What stands on the page of T2. 1,056 elders, of whom 365 are outside the circle of all facilities; 55 of 120 under-threes.
SCHOOL = [
    "学府街道有社区（村）3个，常住人口4,800人。养老服务圈覆盖60岁及以上老年人口的65.4%，圈外365人，托育服务圈覆盖3岁以下婴幼儿的54.2%，圈外55人。短板社区（村）3个。",
    "图2\u3000学府街道社区（村）短板分布",
    "表4\u3000学府街道建设任务（现状与净缺口）",
    "表5\u3000学府街道优先建设清单（前4项，共5项）",
    "依据：武汉市促进养老托育服务高质量发展实施方案 三(二)、二；本项目设定。逐社区明细见缺口清单，口径说明见首页。",
]
#: Of a nursery and a home for the day each one stands; C06 and C10 lack the first.
WORKS = [
    ["服务类别", "计量单位", "现状", "近期净缺口", "远期净缺口", "对应指标"],
    ["托育服务设施", "处", "1", "2", "0", "城镇社区托育服务设施覆盖率"],
    ["托育服务设施", "个托位", "12", "11", "0", "每千人口拥有3岁以下婴幼儿托位数"],
    ["养老服务设施", "张", "10", "43", "0", "每千名老人养老床位"],
]
FIRST = [
    ["优先次序", "社区（村）", "短缺程度", "涉及人数（按净缺口）"],
    ["4", "胜利社区", "无", "368"],
    ["10", "中兴社区", "轻度不足", "132"],
    ["11", "胜利社区", "无", "40"],
    ["14", "北秀社区", "轻度不足", "84"],
]


def test_clauses_name_a_document_once(outcome):
    rules = pd.DataFrame(
        {"clause": ["三(二)1", "二(二); 三(二)1", "services"], "cited_zh": ["呼政办规〔2023〕1号 三(二)1", "呼政办规〔2023〕1号 二(二); 三(二)1",
        "项目配置文件 services"], "pack": ["huzhong", "huzhong", "study"]}, index=["a", "b", "c"],
    )  # fmt: skip
    names = Names(dataclasses.replace(outcome, rules=rules.assign(indicator_zh=["甲", "乙", "丙"])))
    assert clauses_text(names, ["a", "b", "c", "a"]) == "呼政办规〔2023〕1号 三(二)1、二(二)；本项目设定"


def test_units_in_brackets_stay_out_of_sentences(outcome):
    rules = pd.DataFrame(
        {"indicator_zh": ["托位数(个)", "用房（平方米）", "服务圈（甲办〔2023〕1号）"]}, index=["a", "b", "c"]
    )
    names = Names(dataclasses.replace(outcome, rules=rules))
    assert [brief(names, rule) for rule in "abc"] == [
        "托位数",
        "用房",
        "服务圈（甲办〔2023〕1号）",
    ]


@pytest.mark.parametrize("name", PAPERS)
def test_dates_in_a_file_are_not_those_of_the_day(papers, name):
    with zipfile.ZipFile(papers[name, "zh"]) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    told = docx.Document(papers[name, "zh"]).core_properties
    assert (told.created.year, told.modified.year, told.author) == (2025, 2025, "")


def test_a_block_that_word_cannot_draw_is_an_error(outcome, tmp_path):
    with pytest.raises(TypeError, match="draws no str"):
        word.write_document(Document.of("x", [Heading("y"), "z"]), outcome, tmp_path / "a.docx")


class TestMap:
    def test_what_it_shows_of_each_community(self, outcome):
        found = zone_classes(outcome)
        communities = {zone[-3:]: code for zone, code in found.items() if zone.startswith("community")}
        # the deepest grade: 8 communities have nobody in the clause's circle; C06 reaches 2.98 of 4.5 places, 66 %; the others have
        # 62.5-75 % in the circle and reach at least 74 % of the places
        wanted = dict.fromkeys(("C01", "C04", "C05", "C08", "C09", "C10", "C11", "C12"), "none")
        assert communities == wanted | {"C06": "short"} | dict.fromkeys(("C02", "C03", "C07"), "slight")
        # for reference only: C03 reaches 7.8 of 50 beds
        beds = outcome.flags.set_index(["rule_id", "zone_id"]).loc[(BEDS, "community/C03")]
        assert (beds["grade"], beds["flag_kind"]) == ("severe", "reference")
        unknown = outcome.flags[outcome.flags["zone_id"] == "community/C03"].assign(state="unknown", grade="")
        assert zone_classes(dataclasses.replace(outcome, flags=unknown)) == {"community/C03": "unknown"}
        met = unknown.assign(state="mean_met")
        assert zone_classes(dataclasses.replace(outcome, flags=met)) == {"community/C03": "mean_met"}

    def test_same_bytes_and_the_colours_of_the_grades(self, outcome):
        with pictures.atelier(outcome) as room:
            first, again = (pictures.town_map(room, "town/T2") for _ in range(2))
        assert first == again
        picture = Image.open(io.BytesIO(first)).convert("RGB")
        counts = {colour: count for count, colour in picture.getcolors(1 << 20)}
        size = picture.width * picture.height
        # C02, C06 and C10, of 500 m each, lie one above the other; the legend alone has the other two
        for code, (colour, _) in look.GRADE_COLOURS.items():
            rgb = ImageColor.getrgb(colour)
            share = (
                sum(
                    n
                    for own, n in counts.items()
                    if max(abs(a - b) for a, b in zip(own, rgb, strict=True)) < 4
                )
                / size
            )
            assert (share > 0.01) == (code in ("none", "short", "slight")), (code, share)


def test_numbers_of_headings():
    told = [counted(n, "zh") for n in (1, 9, 10, 11, 19, 20, 30, 99, 100)]
    assert told == ["一", "九", "十", "十一", "十九", "二十", "三十", "九十九", "100"]
