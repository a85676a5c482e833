"""Packs as a planner handles them: listed, shown, checked, copied for the next plan, extended."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from geoplan.standards.grammar import parse_bound
from geoplan.standards.packs import read as packs
from geoplan.standards.packs import tools as pack_tools
from geoplan.standards.packs.read import read_pack, rules_of, rules_table
from geoplan.standards.packs.show import show
from geoplan.words.errors import OutputError, PackError

PLANS = Path(__file__).resolve().parents[3] / "shared" / "plans"


def test_the_list_of_packs():
    table = pack_tools.list_packs()
    assert table["rules"].drop("national").to_dict() == {
        "complete_community": 8, "embedded": 2, "harbin": 2, "henan": 2, "hubei": 2, "huzhong": 16, "national2030": 5,
        "qianjiang": 50, "quarter_hour_circle": 1, "wuhan": 28, "yantai": 35, "yinzhou": 64, "yuncheng": 2, "zhejiang": 3,
    }  # fmt: skip
    assert (table["on"] == table["rules"]).drop("national").all()
    numbers = table["document"][table["document"] != ""].to_dict()
    assert numbers == {
        "embedded": "国办函〔2023〕121号", "huzhong": "呼政办规〔2023〕1号", "qianjiang": "黔江府办发〔2022〕71号",
        "yantai": "烟政办字〔2022〕66号", "yinzhou": "鄞政发〔2023〕17号",
    }  # fmt: skip
    assert table.loc["national", "on"] < table.loc["national", "rules"]


def test_the_page_on_packs_lists_every_pack():
    page = (Path(__file__).parents[2] / "docs" / "packs.md").read_text(encoding="utf-8")
    table = page.partition("| pack | what it holds |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", "".join(re.findall(r"(?m)^\|[^|]*\|", table)))) == sorted(
        packs.shipped()
    )


COPY_YEAR = 2030


@pytest.mark.parametrize("name", packs.shipped())
def test_a_copy_starts_the_next_plan(name, tmp_path):
    old = read_pack(name)
    file = pack_tools.copy(old, tmp_path / f"{name}_2030.yaml", years=COPY_YEAR)
    new = pack_tools.check(file)
    assert [rule.id for rule in new.rules] == [rule.id for rule in old.rules]
    assert new.years == [min(old.years[1] + 1, COPY_YEAR), COPY_YEAR]
    for before, after in zip(old.rules, new.rules, strict=True):
        assert [target.year for target in after.targets] == [COPY_YEAR]
        last, now = before.targets[-1], after.targets[-1]
        assert replace(now, year=last.year) == replace(last, rise=None)  # a rise has become a figure
        if last.floor is None or last.either or before.kind == "increase":
            assert after.start is None
        else:
            assert (after.start.value, after.start.year) == (pytest.approx(last.floor), last.year)
            assert "待定" in after.note
        same = set(type(before).model_fields) - {"target", "base", "note", "since", "pack", "years", "local_entries"}  # fmt: skip
        assert {k: getattr(after, k) for k in same} == {k: getattr(before, k) for k in same}
    assert len(new.not_assessed) == len(old.not_assessed)


def test_a_copy_overwrites_nothing_and_says_what_was_carried_over(tmp_path):
    file = pack_tools.copy(read_pack("yantai"), tmp_path / "new" / "next.yaml")
    assert file.read_text(encoding="utf-8").startswith("# 续编自 烟台市")
    with pytest.raises(OutputError, match="already"):
        pack_tools.copy(read_pack("yantai"), file)
    rule = {rule.id: rule for rule in read_pack(file).rules}["family_beds_added"]
    assert (rule.since, rule.target) == (2025, ">=5000@2030")


LOCAL = """extends: {base}
title_zh: 烟台市实施细则
rules:
  - id: places_per_1000_residents
    base: "1.8@2021"
    target: ">=5@2025"
  - id: complete_community_childcare
    standard: null
    meets: [nursery]
  - id: circle_eldercare
    active: false
  - id: nursery
    indicator: 完整社区托育服务设施建筑面积
    title_en: Floor area of the nursery of a complete community
    kind: floor_area
    level: community:complete
    counts: floor_area_m2
    of: {{facilities: [childcare_service]}}
    target: ">=200@2025"
    unit: m2
    attribute: 本地
    clause: 细则1
    quote: 不小于200平方米
"""


def local(tmp_path, text=LOCAL, base="yantai", name="local"):
    file = tmp_path / f"{name}.yaml"
    file.write_text(text.format(base=base), encoding="utf-8")
    return file


def test_a_planners_pack_changes_single_figures_of_a_shipped_one(tmp_path):
    pack = pack_tools.check(local(tmp_path))
    shipped = {rule.id: rule for rule in read_pack("yantai").rules}
    mine = {rule.id: rule for rule in pack.rules}
    assert (pack.title_zh, pack.number, pack.level) == ("烟台市实施细则", "", "city")
    assert list(mine) == [*shipped, "nursery"]
    places = mine["places_per_1000_residents"]
    assert (places.rule_id, places.base, places.target, places.quote) == (
        "local.places_per_1000_residents", "1.8@2021", ">=5@2025", shipped["places_per_1000_residents"].quote,
    )  # fmt: skip
    assert places.local_entries == ("base", "target")
    assert mine["complete_community_childcare"].meets == ["nursery"]
    assert mine["beds_per_1000_elders"].local_entries == ()
    assert "local.circle_eldercare" not in {rule.rule_id for rule in rules_of([pack])}
    table = rules_table([pack])
    assert table.loc["local.places_per_1000_residents", "local"] == "base, target"
    assert (table["local"] != "").sum() == 3
    cited = table["cited_zh"]
    assert (
        cited["local.places_per_1000_residents"] == "烟政办字〔2022〕66号 一(二) 托育4"
    )  # a clause of Yantai's plan still
    assert cited["local.nursery"] == "烟台市实施细则 细则1"
    assert table["document"].to_dict()["local.nursery"] == ""
    assert "本地设定" in show(pack)
    assert read_pack("yantai").rules == list(shipped.values())


def test_what_a_planner_changed_is_marked_in_the_findings(town, tmp_path):
    rules = rules_of([read_pack(local(tmp_path))])
    rows = town.assess(rules, flag_rules=()).findings.set_index("rule_id")
    assert bool(rows.loc["local.places_per_1000_residents", "local"])
    assert not bool(rows.loc["local.beds_per_1000_elders", "local"])


@pytest.mark.parametrize(
    ("entries", "title", "number", "issuer", "issued"),
    [("title_zh: 细则\n", "细则", "", "印发机关未载", "not found"),
     ("title_zh: 细则\ndocument: 烟民〔2024〕1号\nissuer_zh: 烟台市民政局\n", "细则", "烟民〔2024〕1号", "烟台市民政局", "not found"),
     ("", "烟台市“一老一小”整体解决方案（2022—2025年）", "烟政办字〔2022〕66号", "烟台市人民政府办公室", "2022-11-03")],
    ids=["a title of its own", "a document of its own", "single figures of the same document"],
)  # fmt: skip
def test_a_pack_with_a_title_of_its_own_has_its_own_number_or_none(
    tmp_path, entries, title, number, issuer, issued
):
    rule = "  - id: total_places\n    target: '>=34000@2025'\n  - id: total_beds_here\n    clause: 细则2\n"
    rule += "    indicator: 床位\n    kind: total\n    level: city\n    counts: beds\n    supply: beds\n    target: '>=1@2025'\n    unit: beds\n    attribute: 本地\n    quote: 床位\n"
    pack = pack_tools.check(local(tmp_path, f"extends: yantai\n{entries}rules:\n{rule}"))
    assert (pack.title_zh, pack.number, pack.issuer("zh"), pack.issued) == (title, number, issuer, issued)
    assert pack.issuer("en") == (
        "issuer not stated"
        if issuer == "印发机关未载"
        else "Office of Yantai Municipal People's Government"
        if not entries
        else issuer
    )
    lines = show(pack).splitlines()
    assert lines[0] == f"{title}（{number or '文号未载'}）"
    assert lines[2] == "沿用：烟台市“一老一小”整体解决方案（2022—2025年）（烟政办字〔2022〕66号）"
    table = rules_table([pack])
    assert table.loc["local.total_places", "document"] == "烟政办字〔2022〕66号"
    assert table.loc["local.total_beds_here", "cited_zh"] == f"{number or title} 细则2"


def test_a_pack_on_a_pack_cites_the_document_that_has_the_clause(tmp_path):
    local(tmp_path)
    two = local(
        tmp_path,
        "extends: local.yaml\ntitle_zh: 某区细则\nrules:\n  - {{id: nursery, target: '>=250@2025'}}\n",
        name="two",
    )
    cited = rules_table([read_pack(two)])["cited_zh"]
    assert cited["two.nursery"] == "烟台市实施细则 细则1"
    assert cited["two.total_places"] == "烟政办字〔2022〕66号 一(二) 托育1"


def test_packs_extend_packs_but_not_themselves(tmp_path):
    local(tmp_path)
    text = "extends: local.yaml\nrules:\n  - {{id: nursery, target: '>=250@2025'}}\n"
    two = local(tmp_path, text, name="two")
    rule = {rule.id: rule for rule in read_pack(two).rules}["nursery"]
    assert (rule.rule_id, rule.targets[0].floor, rule.local_entries) == ("two.nursery", 250.0, ("target",))
    one = local(tmp_path, "extends: other.yaml\n", name="one")
    local(tmp_path, "extends: one.yaml\n", name="other")
    with pytest.raises(PackError, match="cannot extend itself"):
        read_pack(one)


def test_wrong_entries_of_a_planners_pack_are_told_with_its_own_lines(tmp_path):
    text = "extends: yantai\nrules:\n  - id: total_places\n    target: many\n  - id: new_one\n    kind: total\n  - id: medical_and_care\n    unit: beds\n    parts: x\n"
    with pytest.raises(PackError) as caught:
        read_pack(local(tmp_path, text))
    found = {(note.row, note.code) for note in caught.value.notes}
    assert {(4, "entry_wrong"), (5, "entry_missing"), (9, "entry_unknown_meant")} <= found
    assert {note.row for note in caught.value.notes} == {4, 5, 9}


def test_a_pack_that_names_a_rule_that_is_not_there(tmp_path):
    text = LOCAL.replace("meets: [nursery]", "meets: [nurseries]")
    with pytest.raises(PackError, match="nurseries") as caught:
        pack_tools.check(local(tmp_path, text))
    assert caught.value.notes[0].row == 9


# --- the national pack ------------------------------------------------------------------------------------------------


def test_unverified_figures_and_those_of_one_place_are_off_until_switched_on(tmp_path):
    pack = read_pack("national")
    on = {rule.id for rule in rules_of([pack])}
    assert all(rule.status for rule in pack.rules)
    assert on == {rule.id for rule in pack.rules if rule.status != "unverified" and not rule.place}
    read = [rule for rule in pack.rules if rule.status == "read" and rule.id != "places_per_1000_residents"]
    assert all(rule.source for rule in read)
    wanted = ["national.day_care_area", "national.xiamen_new_places"]
    more = {rule.id for rule in rules_of([pack], switched_on=wanted)}
    assert more - on == {"day_care_area", "xiamen_new_places"}
    assert len(rules_table([pack], switched_on=wanted)) == len(on) + 2
    text = "extends: national\nrules:\n  - {{id: day_care_area, active: true}}\n  - {{id: home_beds, active: false}}\n"
    mine = local(tmp_path, text)
    assert {rule.id for rule in rules_of([read_pack(mine)])} == (on | {"day_care_area"}) - {"home_beds"}


@pytest.mark.skipif(not PLANS.is_dir(), reason="../shared/plans is not there")
def test_every_national_figure_is_quoted_as_it_was_noted():
    text = (PLANS / "NATIONAL.md").read_text(encoding="utf-8")
    row_of = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3:
            row_of[cells[1]] = cells[2]
    further = "".join(
        (PLANS / f"{name}.md").read_text(encoding="utf-8") for name in ("NEW_RULES", "DISCREPANCIES")
    )
    for rule in read_pack("national").rules:
        if rule.quote in further and rule.status == "read":
            continue
        rows = [how for figure, how in row_of.items() if rule.quote in figure.replace("；", "; ")]
        assert len(rows) >= 1, rule.id
        words = {"read": "read", "second_hand": "second-hand", "unverified": "unchecked"}
        assert any(how.startswith(words[rule.status]) for how in rows), rule.id
        # every number of the target stands in the figure as noted
        plain = rule.quote.replace(",", "")
        bounds = [condition.bound for condition in rule.conditions if condition.bound]
        values = [
            (value, target.percent) for target in rule.targets for value in (target.floor, target.upper)
        ]
        for value, percent in [(parse_bound(bound)[1], False) for bound in bounds] or values:
            if value is not None:  # one facility of a size is asked for everywhere, which no figure says
                shown = f"{100 * value:g}" if percent else f"{value:g}"
                assert re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d.]\d)", plain), (rule.id, shown)
