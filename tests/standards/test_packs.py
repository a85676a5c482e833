"""Packs: row by row as the plans' table, in the plans' own words; every wrong entry in one error."""

import csv
import re
from pathlib import Path

import pytest
from rule_cases import HOMES
from rule_cases import rule as written

import geoplan
from geoplan.standards.grammar import parse_base, parse_bound, parse_level, parse_targets
from geoplan.standards.kinds import kinds
from geoplan.standards.packs import read as packs
from geoplan.standards.rules import linked
from geoplan.words.errors import PackError
from geoplan.words.vocabulary import label, narrower, vocabulary, wider

PACKS = Path(geoplan.__file__).parent / "standards" / "packs"
PLANS = Path(__file__).resolve().parents[3] / "shared" / "plans"
needs_plans = pytest.mark.skipif(
    not PLANS.is_dir(), reason="../shared/plans, the published plans, is not there"
)


PLAN_PACKS = ("yinzhou", "wuhan", "qianjiang", "yantai", "huzhong")

#: Where the table and the plan's text differ in who is responsible, the text decides: annex 1 of Yinzhou prints 民政局 in
#: three rows, and its annex 2 names the offices of each sentence.
LEADS_BY_TEXT = {
    "town_home_care_centre": "民政局", "new_estate_eldercare": "民政局", "social_workers": "民政局",
    "eldercare_land_per_person": "区资规分局、区民政局、区卫健局",
    "public_inclusive_beds_added": "区民政局、区卫健局、各镇(街道)",
    "town_elder_respite": "区民政局、区卫健局", "future_community_childcare": "区民政局、区卫健局",
    "future_community_station": "区民政局、区卫健局", "institutions_with_medical_unit": "区民政局、区卫健局",
    "primary_care_nursing_bed_share": "区民政局、区卫健局", "smart_terminals": "区民政局、区人力社保局、区大数据中心",
    "nursing_rooms_large_venues": "区委老干部局、区教育局、区民政局、区住建局、区卫健局",
}  # fmt: skip

#: What the table has otherwise than the text, column by column; `test_plan_clauses` holds what the text says.
BY_TEXT = {
    "yinzhou": {
        "large_homes_have_clinic": {"note"}, "registered_childcare": {"note"}, "doctors_per_resident": {"level", "note"}, "nurses_per_resident": {"level", "note"},
    },
    "wuhan": {
        "community_eldercare": {"counts"}, "circle_eldercare": {"counts", "note"}, "medical_and_care_centres": {"note"},
        "complete_community_childcare": {"indicator", "kind", "counts", "target", "note"},
        "old_estate_facilities": {"indicator", "counts", "note"},
    },
    "qianjiang": {
        "nursing_bed_share": {"clause"}, "places_per_1000_residents": {"clause"},
        "registered_childcare": {"note"}, "model_childcare": {"clause"}, "community_childcare": {"clause"},
        "inclusive_childcare_institutions": {"note"},
    },
    "yantai": {
        "inclusive_beds": {"note"}, "urban_community_eldercare": {"clause", "note"}, "new_estate_eldercare": {"clause", "note"},
        "complete_community_childcare": {"clause", "note"}, "dementia_homes": {"note"}, "circle_eldercare": {"counts", "note"},
        "town_elder_university": {"counts", "note"},
    },
    "huzhong": {
        "existing_estate_rooms": {"note"}, "community_day_care": {"target", "note"}, "registered_childcare": {"note"},
    },
}  # fmt: skip
#: Rows of the table that repeat a row of the annex, and clauses of the texts that have no row in it.
REPEATED = {"yantai": {"existing_estate_eldercare", "existing_estate_childcare"}}
FURTHER = {
    "huzhong": {"community_rooms_added", "public_beds_added", "institutions_with_medical_contract"},
    "qianjiang": {
        "existing_estate_facilities",
        "rural_mutual_aid",
        "institutions_with_medical_contract",
        "emergency_call_coverage",
    },
    "wuhan": {"rural_eldercare", "institutions_with_medical_contract", "institutions_beside_medical"},
    "yantai": {"rural_elder_homes"},
    "yinzhou": {
        "institutions_beside_medical",
        "childcare_beside_medical",
        "institutions_with_medical_contract",
    },
}


def plan_rows():
    with (PLANS / "rules.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@needs_plans
@pytest.mark.parametrize("name", PLAN_PACKS)
def test_a_pack_has_every_row_of_its_plan_and_no_other(name):
    every = plan_rows()
    assert (len(every), {row["plan"] for row in every}) == (135, set(PLAN_PACKS))
    rows = {
        row["id"]: row for row in every if row["plan"] == name and row["id"] not in REPEATED.get(name, ())
    }
    rules = {rule.id: rule for rule in packs.read_pack(name).rules if not rule.is_reported}
    assert [rule for rule in rules if rule not in FURTHER.get(name, ())] == list(rows)
    columns = ["indicator", "kind", "level", "counts", "per", "base", "target", "attribute", "lead", "clause", "note"]  # fmt: skip
    for rule, row in rows.items():
        wanted = {c: row[c] for c in columns}
        if name == "yinzhou":
            wanted = as_targets(wanted) | {"lead": LEADS_BY_TEXT.get(rule, row["lead"])}
        if name == "wuhan":
            wanted |= {"lead": wuhan_lead(row["clause"])}
        found = {c: getattr(rules[rule], c) or "" for c in columns}
        assert {c for c in columns if found[c] != wanted[c]} == BY_TEXT[name].get(rule, set()), rule
    assert all(rule.is_on and not rule.local_entries for rule in rules.values())


def as_targets(row):
    """Return a row of Yinzhou, whose column of 2023 is a target and no baseline."""
    value, _, year = row["base"].partition("@")
    return row | {"base": "", "target": f">={value}@{year}; {row['target']}"} if year == "2023" else row


def wuhan_lead(clause):
    """Return the offices that the text names at the end of a clause; section 二 names none."""
    text = re.sub(r"\s", "", (PLANS / "wuhan.txt").read_text(encoding="utf-8"))
    last = re.findall(r"\((.+?)\)", clause)
    if not last:
        return "未载"
    found = re.search(rf"\({last[-1]}\).*?责任单位:(.*?)\)", text)
    return re.sub("<.*?>", "", found[1]).replace(",", "、")


@needs_plans
@pytest.mark.parametrize("name", PLAN_PACKS)
def test_every_clause_is_quoted_as_the_plan_has_it(name):
    text = re.sub(r"\s+", "", (PLANS / f"{name}.txt").read_text(encoding="utf-8")).replace("—", "—")
    plain = text.translate(str.maketrans("，（）；：", ",();:"))
    for rule in packs.read_pack(name).rules:
        for part in re.split("…+", rule.quote):
            wanted = re.sub(r"\s+", "", part).translate(str.maketrans("，（）；：", ",();:"))
            assert wanted in plain, (rule.id, part)


def test_typed_values_follow_from_the_texts():
    rules = {rule.id: rule for rule in packs.read_pack("huzhong").rules}
    share = rules["nursing_bed_share"]
    assert (share.start.value, share.start.year) == (pytest.approx(0.364), 2022)
    assert share.targets[0].floor == pytest.approx(0.55)
    rooms = rules["new_estate_rooms"]
    assert (rooms.targets[0].floor, rooms.targets[0].upper, rooms.range_is) == (20.0, 30.0, "floor_and_aim")
    assert (rooms.people.group, rooms.people.n) == ("households", 100.0)
    assert rooms.where.levels == ("estate",)
    assert rooms.where.words == ("new",)
    assert rules["places_per_1000_residents"].rule_id == "huzhong.places_per_1000_residents"


def test_the_kinds_are_found_by_standing_in_the_folder():
    assert sorted(kinds()) == [
        "circle", "compliance", "facility", "floor_area", "increase", "presence", "provision", "rate", "reported", "share",
        "total",
    ]  # fmt: skip


def test_a_kind_is_named_like_its_module():
    for name, model in kinds().items():
        assert model.__module__ == f"geoplan.standards.kinds.{name}"


def test_levels():
    wanted = {
        "city + district": ("area", "district"), "community:urban": ("community",), "town:township": ("town",),
        "estate:existing, with the conditions": ("estate",),
        "facility: institution, public, new; beds>=300 or nursing_beds>=200": ("facility",),
    }  # fmt: skip
    assert {level: parse_level(level).levels for level in wanted} == wanted


@pytest.mark.parametrize(
    ("text", "comparison", "floor", "upper", "either"),
    [
        (">=50@2025", ">=", 50.0, None, False),
        (">60%@2025", ">", 0.6, None, False),
        ("<=150@2025", "<=", 150.0, None, False),
        ("1..3@2025", "range", 1.0, 3.0, False),
        ("all@2025", ">=", 1.0, None, False),
        ("未量化@2025", "", None, None, False),
        (">=50% or >=30% by district@2025", ">=", 0.3, 0.5, True),
        ("+6pp@2025", ">=", None, None, False),
        ("+500@2025", ">=", None, None, False),
    ],
)
def test_targets(text, comparison, floor, upper, either):
    (target,) = parse_targets(text)
    assert (target.comparison, target.floor, target.upper, target.either, target.year) == (
        comparison, floor, upper, either, 2025,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["50@2025", ">=50", ">=x@2025", "3..1@2025", ">=1@2025; >=2@2025"])
def test_what_is_no_target(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_targets(text)


def test_a_target_rises_from_its_base():
    base = parse_base("5.5%@2025")
    target = parse_targets("+6pp@2030")[0]
    assert (target.floor, target.on_base(base).floor, target.on_base(None)) == (None, 0.115, target)
    assert parse_targets("+500@2030")[0].on_base(parse_base("39000@2021")).floor == 39_500
    assert parse_base(">95%@2020").comparison == ">"


def test_a_rising_target_without_a_base(rules_from):
    with pytest.raises(PackError, match="needs `base`"):
        rules_from(written("share", "+6pp@2030", HOMES, "part: nursing_beds", "whole: beds"))
    (rule,) = rules_from(
        written("share", "+6pp@2030", HOMES, "part: nursing_beds", "whole: beds", "base: 5.5%@2025")
    )
    assert (rule.targets[0].floor, rule.target_text("zh")) == (0.115, "≥11.5%（2030年）")


def test_what_is_no_level_or_bound():
    with pytest.raises(ValueError, match="unknown level `county`"):
        parse_level("county")
    with pytest.raises(ValueError, match="bound"):
        parse_bound("150")


WRONG = """title_zh: 试
title_en: test
document: 试
issued: "2025"
years: [2025, 2021]
area_zh: 试
area_en: test
level: county
source: here
rules:
  - id: one
    kind: provisions
  - id: Two
    indicator: 指标
    title_en: t
    kind: provision
    level: district
    counts: beds
    of: {facilities: [elder_homes]}
    suply: beds
    per: elders_60/1000
    target: 50@2025
    unit: bed
    attribute: 预期
    clause: 一
    quote: 文
  - id: three
    indicator: 指标
    title_en: t
    kind: share
    level: city
    counts: x
    of: {facilities: [institution], where: {attribute: public, supply: beds}}
    part: nursing_beds
    part_where: {attribute: public}
    target: 1..3@2025
    unit: beds
    attribute: 预期
    clause: 一
    quote: yes
    quote: 文
"""


def test_one_error_lists_every_wrong_entry_with_its_line(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG, encoding="utf-8")
    with pytest.raises(PackError) as caught:
        packs.read_pack(file)
    found = {(note.row, note.code) for note in caught.value.notes}
    assert found >= {
        (1, "entry_missing"),  # issuer_zh
        (5, "entry_wrong"),  # years stand in the wrong order
        (8, "entry_choice"),  # county
        (12, "entry_choice"),  # provisions
        (13, "entry_type"),  # Two: small letters only
        (19, "entry_wrong"),  # elder_homes
        (20, "entry_unknown_meant"),  # suply
        (22, "entry_wrong"),  # no comparison
        (23, "entry_wrong"),  # bed
        (41, "yaml_twice"),
    }
    text = str(caught.value)
    assert "did you mean `supply`" in text
    assert "`of.0.facilities` of rule `Two`" in text
    assert "`kind` of rule `one`" in text
    assert all(note.file == str(file) for note in caught.value.notes)


def test_a_pack_of_a_newer_form_is_told_from_a_wrong_one(tmp_path):
    text = (PACKS / "huzhong.yaml").read_text(encoding="utf-8")
    file = tmp_path / "own.yaml"
    file.write_text("format: 1\n" + text, encoding="utf-8")
    assert packs.read_pack(file).format == packs.read_pack("huzhong").format == 1
    file.write_text("format: 2\n" + text, encoding="utf-8")
    with pytest.raises(PackError, match="of format 2; this program reads formats up to 1"):
        packs.read_pack(file)


def test_a_pack_that_is_not_there_and_text_that_is_no_pack(tmp_path):
    with pytest.raises(PackError, match="did you mean `wuhan`"):
        packs.read_pack("wuham")
    with pytest.raises(PackError, match="There are: complete_community"):
        packs.read_pack("nowhere")
    gbk = "title_zh: 试".encode("gbk")
    for text, words in [(b"rules: [", "YAML"), (b"- one", "mapping"), (gbk, "UTF-8")]:
        (tmp_path / "a.yaml").write_bytes(text)
        with pytest.raises(PackError, match=words):
            packs.read_pack(tmp_path / "a.yaml")


def test_two_packs_of_one_name():
    pack = packs.read_pack("wuhan")
    with pytest.raises(PackError, match="wuhan"):
        packs.rules_of([pack, pack])


def test_an_id_stands_once(rules_from):
    with pytest.raises(PackError, match="stands twice"):
        rules_from(*[written("total", ">=1", HOMES)] * 2)


def test_rules_are_frozen():
    rule = packs.read_pack("wuhan").rules[0]
    with pytest.raises(ValueError, match="frozen"):
        rule.unit = "m2"


def test_the_table_of_rules_for_reports():
    table = packs.rules_table([packs.read_pack("wuhan"), packs.read_pack("huzhong")])
    assert len(table) == 28 + 16
    assert table.index.is_unique
    beds = table.loc["wuhan.beds_per_1000_elders"]
    assert (beds["unit_zh"], beds["unit_en"]) == ("张/千人", "beds per 1,000 people")
    assert beds["target_text_zh"] == "≥50（2025年）"
    assert beds["basis_zh"] == "养老床位；养老机构、社区居家养老服务设施；每千人：60岁及以上老年人"
    assert table.loc["huzhong.new_estate_rooms", "target_text_zh"] == "≥20，宜 30（2025年）"
    basis = table.loc["wuhan.new_estate_eldercare", "basis_zh"]
    assert basis.startswith("达到：新建住宅小区每百户养老服务用房")
    assert table.loc["huzhong.nursing_bed_share", "cited_zh"] == "呼政办规〔2023〕1号 一(二)2; 二(二)"
    assert table.loc["huzhong.nursing_bed_share", "base_value"] == pytest.approx(0.364)
    assert not table["indicator_en"].str.contains(r"[\u4e00-\u9fff]").any()
    assert packs.rules_table([]).empty


def test_what_is_not_assessed():
    table = packs.not_assessed_table([packs.read_pack("huzhong")])
    assert list(table.columns) == ["pack", "clause", "what_zh", "what_en"]
    assert table["what_zh"].str.contains("养老保险").any()


def test_types_know_what_they_are_a_kind_of():
    assert narrower("community") >= {"elder_day_care", "home_care_centre", "combined_eldercare"}
    assert "childcare" not in narrower("eldercare")
    assert wider("home_care_centre") == {"home_care_centre", "home_care", "community", "eldercare"}
    with pytest.raises(KeyError):
        narrower("castle")
    for row in vocabulary("types").values():
        assert all(kind in vocabulary("types") for kind in row.get("is_a", []))


def test_derived_supplies_name_what_is_there():
    for name, row in vocabulary("supplies").items():
        if "derived" in row:
            source, attribute = row["derived"]
            assert source in vocabulary("supplies"), name
            assert attribute in vocabulary("attributes"), name
    assert label("supplies", "beds", "zh") == "养老床位"


def test_rules_that_name_each_other_are_refused(rules_from):
    more = ("level: community", "unit: zones")
    bodies = [written("compliance", ">=100%", f"id: {a}", f"meets: [{b}]", *more) for a, b in ("ab", "ba")]
    with pytest.raises(PackError, match=r"local\.a, local\.b"):
        linked(rules_from(*bodies))
