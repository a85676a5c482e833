"""What a kind says of itself: formats, targets and remedies in words, the three figures of its members, and caveats."""

import pytest
from rule_cases import HOMES, case, rule

from geoplan.standards.packs.read import RULES, read_pack, rules_of, rules_table, shipped
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import FORMATS

EVERY = [read_pack(name) for name in shipped()]
TABLE = rules_table(EVERY, switched_on=[rule.rule_id for pack in EVERY for rule in pack.rules])


def test_every_rule_says_its_formats_names_and_remedy():
    assert list(TABLE.columns) == list(RULES)
    assert set(TABLE["format"]) | set(TABLE["member_format"]) <= set(FORMATS)
    for column in ("kind", "target_text", "remedy", "gap", "unit", "pack_title", "basis"):
        for lang in ("zh", "en"):
            assert (TABLE[f"{column}_{lang}"] != "").all(), column


def test_shares_print_in_per_cent_whatever_they_are_of():
    percent = TABLE["kind"].isin(["share", "rate", "presence", "compliance", "circle", "facility"])
    percent |= TABLE["is_reported"] & (TABLE["unit_zh"] == "%")
    assert (TABLE["format"] == "percent").eq(percent).all()
    assert TABLE["format"]["wuhan.beds_per_1000_elders"] == "per_1000"
    assert TABLE["format"]["wuhan.total_beds"] == "count"


@pytest.mark.parametrize(
    ("rule", "target", "member"),
    [
        ("qianjiang.childcare_unit_size", "每处≤150 个托位（2025年）", "≤150 个托位"),
        ("wuhan.new_estate_unit", "每处≥300 平方米（2025年）", "≥300 平方米"),
        ("yinzhou.new_community_area_per_place", "每处≥12 平方米/托位（2025年）", "≥12 平方米/托位"),
        ("yinzhou.doctors_per_resident", "每处≥1 人/100 人（2025年）", "≥1 人/100 人"),
        ("wuhan.large_homes_have_clinic", "全部（2025年）", "内设医疗机构"),
        ("wuhan.medical_and_care_centres", "≥1，宜 3（2025年）", ""),
        ("huzhong.new_estate_rooms", "≥20，宜 30（2025年）", ""),
        ("huzhong.new_estate_fitted", "≥100.0%（2023年）", "≥20，宜 30 平方米/百户"),
        ("wuhan.kindergartens_2_3", "≥50.0% 或 ≥30.0%（分区确定）（2025年）", ""),
        ("huzhong.circle_eldercare", "规划未量化（2025年）", ""),
    ],
)
def test_targets_in_words(rule, target, member):
    assert (TABLE["target_text_zh"][rule], TABLE["member_target_zh"][rule]) == (target, member)


def test_names_that_two_packs_share_are_told_apart_by_the_short_title():
    twice = TABLE[TABLE.duplicated(["indicator_zh"], keep=False)]
    assert len(twice) and not twice.duplicated(["indicator_zh", "pack_title_zh"]).any()  # noqa: PT018


SIZE = rule("facility", "<=4", HOMES, "measured: beds", "unit: facilities")
BEDS = (HOMES, "supply: beds")
UNIVERSITY = rule("presence", ">=100%", "of: {facilities: [elder_university]}", "level: community")
CASES = [
    case("a facility rule is judged by all and says its own bound", SIZE, actual_low=0.5, required=1.0, target_zh="每处≤4 张",
         members_met=1, members_judged=2, members_no_data=0),
    case("the target of the year", rule("total", "1..2@2023; 5..9@2025", *BEDS, "range_is: limits"), town=lambda t: t.change(year=2024), target_zh="1–2"),
    case("no target", rule("total", "未量化", *BEDS), target_zh="规划未量化", members_judged=None),
    case("a local target", rule("total", "未量化", *BEDS), given={"thresholds": {"local.r": 1200.0}}, target_zh="≥1,200", caveats=("caveat_local",)),
    case("zones that cannot be judged are no failure", UNIVERSITY, verdict="no_data", members_met=0, members_judged=0, members_no_data=4),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_finding(town, rules_from, case):
    case.check(town, rules_from)


def test_what_qualifies_a_flag_stands_beside_it(town):
    packs = [read_pack("wuhan"), read_pack("national")]
    rules = rules_of(packs, switched_on=["national.anhui_new_estate_rooms"])
    asked = [
        "wuhan.beds_per_1000_elders", "wuhan.circle_eldercare", "national.anhui_new_estate_rooms",
    ]  # fmt: skip
    flags = town.assess(rules, flag_rules=asked).flags.set_index(["rule_id", "zone_id"])["caveats"]
    assert flags["wuhan.beds_per_1000_elders", "community/A"] == ("caveat_by_community",)
    assert flags["wuhan.circle_eldercare", "community/A"] == ()
    assert flags["national.anhui_new_estate_rooms", "community/A"] == (
        "caveat_new_estates", "caveat_elsewhere",
    )  # fmt: skip
    edge = town.with_zones(edge=town.zones.index == "community/B").assess(rules).flags
    at_edge = edge[edge["caveats"].map(lambda codes: "caveat_edge" in codes)]
    assert set(at_edge["zone_id"]) == {"community/B"}
    for codes in {*flags, *edge["caveats"]}:
        assert all(phrase(code, lang) for code in codes for lang in ("zh", "en"))
