"""Packs as people read them: lists and cards without the syntax of a pack; how two packs differ."""

import csv
import re

import pytest
from typer.testing import CliRunner

from geoplan.cli.commands import app
from geoplan.report.folder.save import write_pack_differences
from geoplan.standards.packs.compare import diff
from geoplan.standards.packs.read import read_pack, shipped
from geoplan.standards.packs.show import base_text, card, difference_text, rule_named, show, targets_text
from geoplan.words.errors import PackError

#: What stands in a pack and never in a text for people.
SYNTAX = re.compile(r"@20\d\d|>=|<=|elders_60/")


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_pack_is_listed_with_whole_titles_and_no_syntax(name, lang):
    pack = read_pack(name)
    text = show(pack, lang)
    assert text.startswith(pack.title(lang))
    for rule in pack.rules:
        assert f"\n{rule.id}  {rule.indicator_text(lang)}\n" in text
    assert "…\n" not in text
    assert not SYNTAX.search(text)
    assert all(item.text(lang) in text for item in pack.not_assessed)


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_card_of_a_rule_has_all_that_the_pack_says(name, lang):
    pack = read_pack(name)
    for rule in pack.rules:
        text = card(pack, rule, lang)
        for said in (
            rule.indicator_text(lang),
            rule.rule_id,
            rule.lead,
            rule.note,
            rule.clause,
            rule.quote,
            rule.source,
        ):
            assert " ".join(said.split()) in text, (rule.id, said)
        lines = text.splitlines()
        start = {len(line) - len(line.split("  ", 1)[1].lstrip()) for line in lines[2:]}
        assert lang == "zh" or len(start) == 1


@pytest.mark.parametrize(
    ("pack", "rule", "base", "target"),
    [
        ("yantai", "places_per_1000_residents", "2021年基数1.6", "2025年目标 ≥4.6"),
        ("wuhan", "total_beds", "", "2025年目标 ≥60,000"),
        ("huzhong", "nursing_bed_share", "2022年基数36.4%", "2025年目标 ≥55%"),
        ("yinzhou", "beds_per_1000_elders", "", "2023年目标 ≥48；2025年目标 ≥50"),
        ("wuhan", "community_eldercare", "", "2025年目标 100%"),
        ("wuhan", "circle_eldercare", "", "2025年目标未量化"),
    ],
)
def test_base_and_target_are_written_as_an_office_writes_them(pack, rule, base, target):
    found = rule_named(read_pack(pack), rule)
    assert (base_text(found, "zh"), targets_text(found, "zh")) == (base, target)


@pytest.mark.parametrize(
    ("base", "target", "written"),
    [
        ("5.5%@2025", "+6pp@2030", "2030年目标 比基数提高6个百分点（≥11.5%）"),
        (">95%@2020", ">50.48%@2025", "2025年目标 ＞50.48%"),
        (None, ">=50% or >=30% by district@2025", "2025年目标 ≥50% 或 ≥30%（分区确定）"),
    ],
)
def test_targets_keep_every_digit(rules_from, base, target, written):
    from rule_cases import HOMES
    from rule_cases import rule as case

    more = [f"base: '{base}'"] if base else []
    (rule,) = rules_from(case("share", target, HOMES, "part: nursing_beds", "whole: beds", *more))
    assert targets_text(rule, "zh").replace(">", "＞") == written.replace(">", "＞")


def test_a_rule_that_is_not_there_is_told_with_what_was_meant():
    pack = read_pack("wuhan")
    assert rule_named(pack, "wuhan.total_beds") is rule_named(pack, "total_beds")
    assert rule_named(pack, "养老机构床位总数(张)").id == "total_beds"
    with pytest.raises(PackError, match="did you mean `total_beds`"):
        rule_named(pack, "total_bed")


OWN = """extends: yantai
title_zh: 烟台市实施细则
rules:
  - {id: places_per_1000_residents, target: ">=5@2025"}
  - {id: circle_eldercare, active: false}
  - id: nursery
    indicator: 托育用房
    kind: total
    level: city
    counts: m2
    of: {facilities: [childcare_service]}
    supply: floor_area_m2
    target: ">=200@2025"
    unit: m2
    attribute: 本地
    clause: 细则1
    quote: 不小于200平方米
"""


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(OWN, encoding="utf-8")
    return file


def test_packs_that_differ(own, tmp_path):
    before, after = read_pack("yantai"), read_pack(own)
    assert diff(before, before) == ()
    found = diff(before, after)
    assert [(one.found, one.rule, one.entry, one.values) for one in found] == [
        ("both", "places_per_1000_residents", "target", (">=4.6@2025", ">=5@2025")),
        ("both", "circle_eldercare", "active", ("", "否")),
        ("second", "nursery", "", ("", "")),
    ]
    assert [one.found for one in diff(after, before)] == ["both", "both", "first"]
    text = difference_text(before, after, found)
    assert "内容不同的指标 2 项" in text
    assert "仅在 B 的指标 1 项" in text
    assert "      A  2025年目标 ≥4.6\n      B  2025年目标 ≥5\n" in text
    assert "the 35 rules of both are the same" in difference_text(before, before, (), "en")
    file = tmp_path / "out" / "diff.csv"
    write_pack_differences(before, after, file, lang="zh")
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["编号", "指标名称", "差异", "项目", "A", "B"]
    assert rows[1][3:] == ["目标值", "2025年目标 ≥4.6", "2025年目标 ≥5"]
    assert len(rows) == 4


def test_what_means_the_same_in_another_form_is_no_difference(tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(OWN, encoding="utf-8")
    two.write_text(
        OWN.replace("of: {facilities: [childcare_service]}", "of: [{facilities: [childcare_service]}]"),
        encoding="utf-8",
    )
    assert diff(read_pack(one), read_pack(two)) == ()


def test_every_shipped_pack_can_be_compared_with_every_other():
    every = [read_pack(name) for name in shipped()]
    for before in every:
        for after in every:
            found = diff(before, after)
            assert (found == ()) == (before is after)
            assert difference_text(before, after, found, "en")


def test_the_commands(own, tmp_path):
    run = CliRunner().invoke
    assert "养老机构床位总数(张)" in run(app, ["packs", "show", "wuhan"]).output
    assert "2025年目标 ≥60,000" in run(app, ["packs", "show", "wuhan", "total_beds"]).output
    done = run(app, ["packs", "diff", "yantai", str(own), "--csv", str(tmp_path / "d.csv"), "--lang", "en"])
    assert (done.exit_code, "Rules only in B: 1" in done.output) == (0, True)
    assert (tmp_path / "d.csv").is_file()
    assert run(app, ["packs", "export", str(own), "-o", str(tmp_path / "own2.xlsx")]).exit_code == 0
    assert run(app, ["packs", "check", str(tmp_path / "own2.xlsx")]).exit_code == 0


# --- a pack in Chinese alone ------------------------------------------------------------------------------------------

CHINESE = """title_zh: 某区实施细则
short_title_zh: 某区细则
document: not found
issuer_zh: 某区人民政府
issued: "2025-01"
years: [2021, 2025]
area_zh: 某区
level: district
source: 自编
rules:
  - id: beds
    indicator: 养老床位数
    kind: total
    level: district
    counts: beds
    of: {facilities: [institution]}
    supply: beds
    target: ">=100@2025"
    unit: beds
    attribute: 预期
    clause: 一
    quote: 养老床位达到100张
not_assessed:
  - {clause: 二, zh: 志愿者}
"""


def test_a_pack_may_be_in_chinese_alone(tmp_path):
    from geoplan.standards.packs.read import cite, not_assessed_table, rules_table
    from geoplan.standards.packs.tools import check, copy

    file = tmp_path / "own.yaml"
    file.write_text(CHINESE, encoding="utf-8")
    pack = check(file)
    (rule,) = pack.rules
    assert [pack.title("en"), pack.short_title("en"), pack.issuer("en"), pack.area("en")] == [
        "某区实施细则", "某区细则", "某区人民政府", "某区",
    ]  # fmt: skip
    row = rules_table([pack]).loc["own.beds"]
    assert (row["title_en"], row["indicator_en"], row["pack_title_en"]) == (
        "养老床位数",
        "养老床位数",
        "某区细则",
    )
    assert not_assessed_table([pack])["what_en"].tolist() == ["志愿者"]
    assert cite(rule, pack, "en") == "某区实施细则 一"
    assert "养老床位数" in show(pack, "en")
    again = check(copy(pack, tmp_path / "next.yaml"))
    assert (again.title_en, again.title("en")) == ("", "某区实施细则（2030年续编草稿）")


def test_a_changed_chinese_title_takes_the_english_one_of_the_base_away(own, tmp_path):
    pack = read_pack(own)
    assert (pack.title("en"), pack.short_title("en"), pack.area("en")) == (
        "烟台市实施细则",
        "烟台市实施细则",
        "Yantai",
    )
    renamed = tmp_path / "renamed.yaml"
    renamed.write_text(
        "extends: yantai\nrules:\n  - {id: total_places, indicator: 全部托位}\n", encoding="utf-8"
    )
    pack = read_pack(renamed)
    assert rule_named(pack, "total_places").indicator_text("en") == "全部托位"
    assert pack.title("en") == read_pack("yantai").title("en")


def test_errors_name_the_rule_by_its_id_or_its_name_and_the_file(tmp_path):
    file = tmp_path / "own.yaml"
    wrong = (
        CHINESE.replace(">=100@2025", "100")
        .replace("  - id: beds\n", "  - note: x\n")
        .replace("unit: beds", "unit: bed")
    )
    file.write_text(wrong, encoding="utf-8")
    with pytest.raises(PackError) as caught:
        read_pack(file)
    lines = caught.value.text("zh").splitlines()
    assert len(lines) == 3
    assert all("own.yaml" in line and "指标 养老床位数" in line for line in lines)
    file.write_text(CHINESE.replace(">=100@2025", "100"), encoding="utf-8")
    with pytest.raises(PackError, match=r"own\.yaml row 18: `target` of rule `beds`"):
        read_pack(file)


def test_rules_that_name_each_other_are_told_by_check_with_the_file(tmp_path):
    from geoplan.standards.packs.tools import check

    rule = "  - {{id: {0}, indicator: 甲, kind: compliance, level: community, counts: x, meets: [{1}], target: all@2025, unit: zones, attribute: 预期, clause: 一, quote: 甲}}\n"
    file = tmp_path / "own.yaml"
    head = CHINESE.partition("rules:")[0] + "rules:\n"
    file.write_text(head + rule.format("a", "b") + rule.format("b", "a"), encoding="utf-8")
    with pytest.raises(PackError, match=r"own\.yaml.*own\.a, own\.b"):
        check(file)
