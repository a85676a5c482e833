"""选址布局建议 in the Word papers: section, table, what is proven, the sites of a town; nothing where nothing was asked."""

import dataclasses
import importlib.util
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest

from geoplan.report import look
from geoplan.report.word import papers as word

_SPEC = importlib.util.spec_from_file_location(
    "word_sites_fixture", Path(__file__).parents[1] / "outcome_fixture.py"
)
BY_HAND = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(BY_HAND)


@pytest.fixture(scope="module")
def sited():
    return BY_HAND.with_sites(BY_HAND.make_outcome())


def assessment(outcome, folder):
    word.write_assessment(outcome, folder / "assessment.docx")
    return docx.Document(folder / "assessment.docx")


def guidance(outcome, folder):
    word.write_town_guidance(outcome, folder / "guidance.docx", maps=False)
    return docx.Document(folder / "guidance.docx")


def text_of(document):
    return "\n".join(paragraph.text for paragraph in document.paragraphs)


def table_after(document, header):
    """Return the cells of the first table whose header row holds `header`."""
    for table in document.tables:
        cells = [[cell.text for cell in row.cells] for row in table.rows]
        if header in cells[0]:
            return cells
    return None


def adopting(outcome, **values):
    answers = outcome.answers.copy()
    for key, value in values.items():
        answers[key] = answers[key].astype(object)
        answers.loc[answers["adopted"].astype(bool), key] = value
    return dataclasses.replace(outcome, answers=answers)


def test_nothing_is_said_where_nothing_was_asked(make, tmp_path):
    told = text_of(assessment(make(lang="zh"), tmp_path)) + text_of(guidance(make(lang="zh"), tmp_path))
    assert "选址布局" not in told
    assert "规划点位" not in told


def test_the_section_stands_before_the_data_and_says_what_is_proposed(sited, tmp_path):
    document = assessment(sited, tmp_path)
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 2"]
    assert headings[-2:] == ["七、选址布局建议", "八、数据与口径说明"]
    told = text_of(document)
    assert (
        "从10个备选点位中比选，建议布局规划点位4处（其中 1 处为意向区域，不是地址），投资估算合计 1,343 万元"
        in told
    )
    assert "未补齐的床位由现状的111 张变为1 张。该方案经计算已验证最优" in told
    assert "按选定点位在原始数据上独立复算为1 张。" in told
    assert "至2025年累计 2 处，至2030年累计 4 处" in told
    assert "仍有1个评价单元未能补足：步行范围内没有备选点位的1个" in told
    assert "不是地址，具体选址须经现场踏勘" in told


def test_the_table_has_every_site(sited, tmp_path):
    cells = table_after(assessment(sited, tmp_path), "建设性质")
    assert [row[0] for row in cells[1:]] == ["1", "2", "3", "4"]
    assert cells[1][1:] == [
        "长青路闲置厂房\n长青路18号", "改扩建", "养老机构", "39张\n1,400平方米", "383", "至2025年",
        "胜利社区、长青社区", "39", "72",
    ]  # fmt: skip
    assert cells[3][1] == "意向区域1\n意向区域：南湖社区"
    assert sum(float(row[5]) for row in cells[1:]) == 1343
    assert (
        "投资估算清单所列（第1、2号）、按单位造价测算，新建养老机构（按床位） 15.2–15.3万元/张（第3号）、"
        in text_of(assessment(sited, tmp_path))
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": "within", "gap": 0.034, "bound": 0.9}, "该方案与最优之差不超过 3.4%，"),
        (
            {"status": "within", "gap": 0.034, "bound": 0.9, "stopped": "clock", "repeatable": False},
            "该方案与最优之差不超过 3.4%，有时限，结果不可复现，",
        ),
        (
            {"status": "within", "gap": np.nan, "bound": np.nan},
            "该方案未求得理论上（下）限，与最优之差不明。",
        ),
    ],
)
def test_optimal_is_said_of_proven_answers_alone(sited, tmp_path, values, said):
    told = text_of(assessment(adopting(sited, **values), tmp_path))
    assert said in told
    assert "已验证最优" not in told


def test_support_of_sites_stands_with_them_and_not_with_projects(sited, tmp_path):
    row = {
        "rule_id": BY_HAND.PLACES, "zone_id": "area/area", "verdict_before": "not_met", "verdict_after": "met",
        "actual_before": 4.1, "actual_after": 4.6, "required": 4.5, "shortfall_before": 8.0,
        "shortfall_after": 0.0, "unit": "places", "projects": ("close_gap/3",),
    }  # fmt: skip
    # what the sites leave as it is is not among what they change
    same = row | {"verdict_after": "not_met", "actual_after": 4.1, "shortfall_after": 8.0, "projects": ()}
    document = assessment(dataclasses.replace(sited, site_support=pd.DataFrame([row, same])), tmp_path)
    told = text_of(document)
    assert "方案实施后，1项评价结果由未达标（或数据不足）转为达标，仍有1项未达标，有变化的指标见表" in told
    assert "选址方案实施前后主要指标对照表" in told
    assert "项目库" not in told
    after = table_after(document, "实施后")
    assert [row[0] for row in after[1:]] == ["每千人口拥有3岁以下婴幼儿托位数"]
    assert [p.text for p in document.paragraphs if p.style.name == "Heading 2"][-2] == "七、选址布局建议"


def test_each_town_has_the_sites_that_lie_in_it_and_no_others(sited, tmp_path):
    document = guidance(sited, tmp_path)
    told = text_of(document)
    # columns of the grid are towns: C03, C07 and C11 in the third, C04, C08 and C12 in the fourth
    assert "选址布局建议在湖滨街道设规划点位2处" in told
    assert "选址布局建议在新村街道设规划点位2处" in told
    assert "选址布局建议在临江街道" not in told
    tables = [[[c.text for c in row.cells] for row in t.rows] for t in document.tables]
    sites = [table for table in tables if "建设性质" in table[0]]
    assert [[row[0] for row in table[1:]] for table in sites] == [["1", "4"], ["2", "3"]]
    assert told.count(look.label("siting_page_intent_note", "zh")) == 1


def test_no_adopted_answer_is_said(sited, tmp_path):
    own = dataclasses.replace(sited, answers=sited.answers.assign(adopted=False))
    told = text_of(assessment(own, tmp_path))
    assert "各选址问题均未形成可采用的方案。" in told
    assert "规划点位一览表" not in told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_same_outcome_gives_the_same_bytes(tmp_path, lang):
    for name in ("one", "two"):
        own = BY_HAND.with_sites(BY_HAND.make_outcome(lang=lang, nasty=True))
        word.write_assessment(own, tmp_path / f"{name}.docx")
    assert (tmp_path / "one.docx").read_bytes() == (tmp_path / "two.docx").read_bytes()
