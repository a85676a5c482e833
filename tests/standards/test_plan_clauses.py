"""What clauses of the plans count: each case was read otherwise before, or would be by a reader in a hurry."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geoplan.inputs.facilities.fields import AMOUNTS, ATTRIBUTES
from geoplan.standards.grammar import parse_level
from geoplan.standards.packs.read import read_pack, rules_table
from geoplan.standards.packs.tools import list_packs
from geoplan.standards.rule_zones import OPPOSITES
from geoplan.tables import GROUPS
from geoplan.words.vocabulary import narrower, vocabulary

PLANS = Path(__file__).resolve().parents[3] / "shared" / "plans"
NAN = float("nan")
#: The six facilities of the town stand in these communities.
PLACES = ("A", "B", "A", "C", "A", "B")


def rule_of(name):
    pack, _, rule = name.partition(".")
    return next(rule_ for rule_ in read_pack(pack).rules if rule_.id == rule)


def of_types(town, *types, **columns):
    """Return the town with the types of its six facilities, in order; None: a canteen, which no rule here counts."""
    services = pd.Series([(name or "elder_canteen",) for name in types], index=town.facilities.index)
    return town.with_facilities(services=services, **columns)


def by_name(town, members):
    """Return whether each member, a facility, meets its rule, by its name."""
    names = town.facilities["name"]
    return {names[member]: bool(has) for member, has in members.set_index("member_id")["has"].items()}


def only(count, name):
    return (name,) * count + ("public_venue",) * (6 - count)


@pytest.mark.parametrize(
    ("name", "type_", "few", "enough", "target"),
    [("yantai.dementia_homes", "dementia_home", 0, (1, 2, 3), "≥1，宜 2（2025年）"),
     ("wuhan.medical_and_care_centres", "medical_and_care_centre", 0, (1, 3, 4), "≥1，宜 3（2025年）")],
)  # fmt: skip
def test_one_to_two_is_a_floor_with_an_aim_and_more_is_never_a_fault(town, name, type_, few, enough, target):
    rule = rule_of(name).model_copy(update={"level": "city"})  # the town is one district
    assert rule.target_text("zh") == target
    known = {"register_types": frozenset({type_}), "flag_rules": ()}
    for count, verdict in ((few, "not_met"), *((n, "met") for n in enough)):
        findings = of_types(town, *only(count, type_)).assess([rule], **known).findings
        assert set(findings["verdict"]) == {verdict}, count
        assert not findings["surplus"].any()


@pytest.mark.parametrize(
    ("areas", "has"),
    [((120.0, 100.0), False), ((200.0, 20.0), True), ((199.9, 0.0), False), ((NAN, 100.0), None)],
    ids=["two small ones are no large one", "one at the bound", "below it", "a size that is not known"],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", ["wuhan.complete_community_childcare", "national.complete_community_nursery"]
)
def test_a_facility_of_200_m2_is_one_facility(town, name, areas, has):
    place = of_types(town, "childcare", "public_venue", "childcare", *("public_venue",) * 3)
    first, second = ((0.0, np.inf) if np.isnan(m2) else m2 for m2 in areas)
    place = place.supply(floor_area_m2={"福利院": first, "向阳日间照料室": second}).of_kind(
        community_A=("complete",), others=()
    )
    members = place.assess([rule_of(name)], flag_rules=()).members.set_index("member_id")
    found = members["has"]["community/A"]
    assert pd.isna(found) if has is None else bool(found) is has


@pytest.mark.parametrize(("type_", "has"), [("elder_home", False), ("dementia_home", False), ("elder_day_care", True), ("rural_elder_home", True)])  # fmt: skip
def test_a_home_is_no_community_facility(town, type_, has):
    place = of_types(town, type_, *("public_venue",) * 5)
    members = place.assess(
        [rule_of("wuhan.community_eldercare")], register_types=frozenset({"elder_day_care"}), flag_rules=()
    ).members.set_index("member_id")
    assert bool(members["has"]["community/A"]) is has


def test_inclusive_childcare_of_kindergartens_counts_in_qianjiang(town):
    types = ("childcare", "kindergarten_class", *("public_venue",) * 4)
    place = of_types(town, *types, inclusive=pd.array([True, True, *[pd.NA] * 4], dtype="boolean"))
    found = place.assess([rule_of("qianjiang.inclusive_childcare_institutions")], flag_rules=()).findings
    assert found["actual_low"].tolist() == [2.0]


@pytest.mark.parametrize(
    ("name", "type_", "has"),
    [("wuhan.rural_eldercare", "mutual_aid_point", True), ("wuhan.rural_eldercare", "rural_elder_home", True),
     ("wuhan.rural_eldercare", "elder_day_care", False), ("yantai.rural_elder_homes", "rural_elder_home", True),
     ("yantai.rural_elder_homes", "mutual_aid_point", False), ("qianjiang.rural_mutual_aid", "mutual_aid_point", True),
     ("qianjiang.rural_mutual_aid", "rural_elder_home", False)],
)  # fmt: skip
def test_a_rural_clause_counts_villages_and_its_own_types(town, name, type_, has):
    place = of_types(town, type_, type_, *("public_venue",) * 4)  # in A, a village, and in B, which is urban
    place = place.of_kind(community_A=("rural",), others=("urban",))
    types = frozenset({"mutual_aid_point", "rural_elder_home"})
    result = place.assess([rule_of(name)], register_types=types, flag_rules=())
    assert set(result.findings["verdict"]) == {"not_quantified"}
    members = result.members.set_index("member_id")["has"]
    assert {zone: bool(value) for zone, value in members.items()} == {"community/A": has}


@pytest.mark.parametrize("pack", ["wuhan", "qianjiang", "yinzhou", "huzhong"])
def test_a_contract_with_a_medical_institution_is_a_share_of_homes(town, pack):
    types = ("elder_home", "nursing_home", "elder_home", "elder_day_care", "public_venue", "public_venue")
    signed = pd.array([True, False, True, True, pd.NA, pd.NA], dtype="boolean")
    place = of_types(town, *types, medical_contract=signed)
    found = place.assess([rule_of(f"{pack}.institutions_with_medical_contract")], flag_rules=()).findings
    assert set(found["verdict"]) == {"not_quantified"}
    assert found["actual_low"].tolist() == [pytest.approx(2 / 3)]


def test_existing_estates_without_any_facility_are_listed_in_qianjiang(town):
    result = town.assess([rule_of("qianjiang.existing_estate_facilities")], flag_rules=())
    assert set(result.findings["verdict"]) <= {"not_quantified"}
    same = town.assess([rule_of("wuhan.old_estate_facilities")], flag_rules=())
    assert len(result.members) == len(same.members) > 0
    assert result.members["has"].tolist() == same.members["has"].tolist()


@pytest.mark.parametrize(
    ("rooms", "has", "share", "note"),
    [((90.0, NAN), True, (1.0, 1.0), "没有养老服务设施、托育服务设施的占 0.0%（1 个小区中 0 个）"),
     ((0.0, 60.0), True, (1.0, 1.0), "没有养老服务设施、托育服务设施的占 0.0%（1 个小区中 0 个）"),
     ((0.0, 0.0), False, (0.0, 0.0), "没有养老服务设施、托育服务设施的占 100.0%（1 个小区中 1 个）"),
     ((0.0, NAN), None, (0.0, 1.0), "没有养老服务设施、托育服务设施的占 0.0%–100.0%（可判断的 0 个小区中 0 个，另 1 个数据不足）")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["wuhan.old_estate_facilities", "qianjiang.existing_estate_facilities"])
def test_the_share_of_existing_estates_without_any_facility_is_told(town, name, rooms, has, share, note):
    zones = town.zones.copy()  # e3 is the only existing one; no facility stands in it
    zones.loc["estate/e3", ["eldercare_rooms_m2", "childcare_rooms_m2"]] = rooms
    result = town.change(zones=zones).assess([rule_of(name)], flag_rules=())
    row, member = result.findings.iloc[0], result.members.iloc[0]
    assert (row["verdict"], row["actual_low"], row["actual_high"]) == ("not_quantified", *share)
    assert row["note_zh"] == note
    assert pd.isna(member["has"]) if has is None else bool(member["has"]) is has


@pytest.mark.parametrize(
    ("told", "share", "verdict"),
    [((True, True), (0.5, 0.5), "not_met"), ((True, False), (0.25, 0.25), "not_met"), ((pd.NA, pd.NA), (0.0, 0.5), "not_met"), (None, (0.0, 0.5), "not_met")],
)  # fmt: skip
def test_emergency_calls_are_counted_by_community(town, told, share, verdict):
    rule = rule_of("qianjiang.emergency_call_coverage")  # the rooms of A and of C; B and D have none
    place = town if told is None else town.with_facilities(
        emergency_call=pd.array([pd.NA, pd.NA, *told, pd.NA, pd.NA], dtype="boolean")
    )  # fmt: skip
    row = place.assess([rule], flag_rules=()).findings.iloc[0]
    assert ((row["actual_low"], row["actual_high"]), row["verdict"]) == (share, verdict)
    unsaid = told is None or pd.isna(told[0])
    assert row["missing"] == ("rule_no_attribute" if unsaid else "")
    assert ("设施台账没有标明是否接入紧急救援系统" in row["missing_zh"]) is unsaid


def test_what_a_department_reports_of_emergency_calls_stands_beside(town):
    found = town.assess(
        [rule_of("qianjiang.emergency_call_coverage")],
        reported=[("qianjiang.emergency_call_coverage", 1.0, "区民政局", "2025")],
    )
    row = found.findings.iloc[0]
    assert (row["reported"], row["reported_by"]) == (1.0, "区民政局")


def test_a_row_of_an_annex_without_a_place_is_a_reported_one():
    """Shares of people in hardship who live in homes: rows that no register and no place can answer."""
    wanted = {
        "qianjiang.hardship_disabled_care": ("10%@2020", ">=50%@2025"),
        "qianjiang.hardship_care_wanted": ("100%@2020", ">=100%@2025"),
        "yantai.hardship_disabled_care": ("50%@2021", ">=60%@2025"),
        "yantai.hardship_care_wanted": ("100%@2021", ">=100%@2025"),
        "yinzhou.homes_adapted_for_elders": (None, ">=100%@2025"),
    }
    found = {name: rule_of(name) for name in wanted}
    assert {name: (rule.base, rule.target) for name, rule in found.items()} == wanted
    assert all(rule.is_reported for rule in found.values())


def test_the_national_40_beds_are_those_of_institutions(town):
    found = town.assess([rule_of("national.beds_per_1000_elders")], flag_rules=()).findings.iloc[0]
    assert found["actual_low"] == pytest.approx(10 / 0.24)  # 4 + 6 in homes; 2 in day care stay out


@pytest.mark.parametrize(("year", "verdict"), [(2022.0, "not_applicable"), (2023.0, "not_met")])
def test_new_homes_are_those_opened_from_a_year_on(town, year, verdict):
    # 福利院 is public; of 300 beds a clinic is asked, which it lacks
    place = town.with_facilities(open_year=[year, 2000.0, NAN, NAN, NAN, NAN]).supply(beds={"福利院": 300})
    found = place.assess([rule_of("yinzhou.large_homes_have_clinic")], flag_rules=()).findings
    assert found["verdict"].tolist() == [verdict]


def test_both_columns_of_the_annex_of_yinzhou_are_targets(town):
    rule = rule_of("yinzhou.beds_per_1000_elders")
    assert rule.target_text("zh") == "≥48（2023年）；≥50（2025年）"
    by_year = {}
    for year in (2022, 2023, 2024, 2025):
        found = (
            town.supply(beds={"福利院": 3.7}).change(year=year).assess([rule], flag_rules=()).findings.iloc[0]
        )
        by_year[year] = (found["verdict"], found["required"], found["on_path"])
    # 6 + 2 + 3.7 beds of 240 elders are 48.75
    assert [by_year[year][:2] for year in (2023, 2024, 2025)] == [
        ("met", 48.0),
        ("met", 48.0),
        ("not_met", 50.0),
    ]
    assert by_year[2022][0] == "not_applicable"
    # neither column says what was there, so that no line leads from it
    assert [found[2] for found in by_year.values()] == ["", "", "", ""]


def test_what_only_advises_says_so_beside_its_figure(town):
    rule = rule_of("national.home_beds")
    found = town.assess([rule], flag_rules=()).findings
    assert all("caveat_advisory" in codes for codes in found["caveats"])
    other = town.assess([rule_of("wuhan.large_homes_have_clinic")], flag_rules=()).findings
    assert not any("caveat_advisory" in codes for codes in other["caveats"])


#: Section of a plan's body -> its words that repeat a row of the annex, or an earlier clause, and the rule that is one for both.
REPEATED_IN_THE_BODY = {
    "qianjiang.nursing_bed_share": ("一", "护理型床位占比达到60%"),
    "qianjiang.places_per_1000_residents": ("一", "每千人口托位数不少于4个"),
    "qianjiang.infant_health_management": ("附件3 要素1", "婴幼儿健康管理率达到92%以上;每千人口拥有3岁以下婴幼儿托位数4个"),
    "qianjiang.community_childcare": ("附件3 政策1", "社区婴幼儿托育服务机构覆盖率60%以上"),
    "qianjiang.lottery_funds": ("三(二十二)", "将福彩公益金区县留存部分80%以上用于养老服务设施建设"),
    "yantai.nursing_bed_share": ("二(三)8", "全市养老服务机构护理型床位占比达到70%以上"),
    "yantai.model_childcare": ("二(一)3", "分批次创建50处市级示范性综合托育机构"),
    "yantai.new_estate_childcare": ("二(二)6", "新建居住区养老托育设施建设标准,确保配建率达到100%"),
    "yinzhou.dementia_beds": ("二(四)10", "每万名老年人拥有认知症照护床位26张"),
    "yinzhou.nursing_bed_share": ("二(四)11", "养老机构护理型床位占比达到70%以上"),
    "yinzhou.places_per_1000_residents": ("一(三)", "每千人拥有3岁以下婴幼儿托位数4.55个"),
    "yinzhou.certified_care_workers": ("一(三)", "每万名老年人拥有持证护理员达36人"),
    "yinzhou.employee_pension_enrolment": ("二(四)12", "企业职工基本养老保险参保率达85%以上"),
    "yinzhou.parenting_knowledge": ("二(三)8", "婴幼儿家长科学育儿知识普及率达90%以上"),
    "huzhong.new_estate_fitted": ("三(二)1", "到2023年,新建城区和新建居住区配套建设养老服务设施达标率达到100%"),
    "huzhong.urban_home_care": ("三(二)2", "社区居家养老覆盖率达到100%"),
    "huzhong.places_per_1000_residents": ("三(一)3", "确保到2025年每千人口拥有3岁以下婴幼儿托位数达到4.5个"),
    "huzhong.institutions_with_medical_contract": ("三(五)2", "鼓励有合作意愿的养老机构与周边的医疗机构开展多种形式的签约合作"),
    "wuhan.town_inclusive_childcare": ("三(四)", "每个街道(乡、镇)至少建成1所普惠性托育服务机构"),
}  # fmt: skip


@pytest.mark.skipif(not PLANS.is_dir(), reason="../shared/plans, the published plans, is not there")
@pytest.mark.parametrize("name", REPEATED_IN_THE_BODY)
def test_a_clause_of_the_body_that_repeats_a_row_is_a_clause_of_the_same_rule(name):
    clause, words = REPEATED_IN_THE_BODY[name]
    text = (PLANS / f"{name.partition('.')[0]}.txt").read_text(encoding="utf-8")
    plain = re.sub(r"\s+", "", text).translate(str.maketrans("，（）；：％", ",();:%"))
    assert words in plain
    assert clause in rule_of(name).clause.split("; ")


def test_places_of_qianjiang_stand_in_the_annex_the_body_and_the_list_of_what_is_needed():
    assert rule_of("qianjiang.places_per_1000_residents").clause == "附件1 12; 一; 附件3 要素1"


@pytest.mark.parametrize("pack", ["qianjiang", "huzhong", "yinzhou"])
def test_a_class_of_a_kindergarten_is_no_registered_institution(town, pack):
    rule = rule_of(f"{pack}.registered_childcare")  # 苗苗托育园 is one, the kindergarten's class is none
    place = town.with_facilities(registered=pd.array([*[pd.NA] * 4, True, True], dtype="boolean"))
    found = place.assess([rule], flag_rules=()).findings
    assert found["actual_low"].tolist() == found["actual_high"].tolist() == [1.0]
    assert "不含幼儿园托班" in rule.note


@pytest.mark.parametrize(("type_", "has"), [("elder_university_branch", True), ("elder_university_point", False), ("elder_university", False)])  # fmt: skip
def test_a_teaching_point_of_a_village_is_no_branch_of_a_town(town, type_, has):
    types = frozenset({"elder_university_branch", "elder_university_point", "elder_university"})
    place = of_types(town, type_, *("public_venue",) * 5)
    result = place.assess([rule_of("yantai.town_elder_university")], register_types=types, flag_rules=())
    towns = {zone: bool(value) for zone, value in result.members.set_index("member_id")["has"].items()}
    assert towns == {"town/1": has, "town/2": False}


@pytest.mark.parametrize("type_", ["elder_university_branch", "elder_university_point"])
def test_a_branch_of_a_town_is_no_teaching_point_of_its_village(town, type_):
    types = frozenset({"elder_university_branch", "elder_university_point"})
    place = of_types(town, type_, *("public_venue",) * 5)
    result = place.assess(
        [rule_of("yinzhou.community_elder_university")], register_types=types, flag_rules=()
    )
    assert bool(result.members.set_index("member_id")["has"]["community/A"]) is (
        type_ == "elder_university_point"
    )


@pytest.mark.parametrize(("type_", "counts"), [("elder_home", False), ("dementia_home", False), ("elder_day_care", True)])  # fmt: skip
def test_the_circle_of_yantai_is_one_of_community_facilities(town, type_, counts):
    rule = rule_of("yantai.circle_eldercare")
    place = of_types(town, type_, *("public_venue",) * 5)
    found = place.assess([rule], register_types=frozenset({type_}), flag_rules=()).findings
    assert (found["actual_low"] > 0).tolist() == [counts] * len(found)


@pytest.mark.parametrize("name", ["yinzhou.doctors_per_resident", "yinzhou.nurses_per_resident", "national.embedded_centre_area"])  # fmt: skip
def test_every_clause_that_only_advises_is_marked(town, name):
    rule = rule_of(name)
    assert rule.advisory
    place = of_types(town, *only(1, "embedded_centre"), medical_unit=True)
    place = (
        place if name.startswith("national") else of_types(town, *only(1, "elder_home"), medical_unit=True)
    )
    found = place.assess([rule], flag_rules=()).findings
    assert len(found)
    assert all("caveat_advisory" in codes for codes in found["caveats"])


def test_doctors_are_asked_of_homes_with_a_medical_unit_only(town):
    place = town.supply(occupied={"福利院": 300, "阳光养老院": 100}, doctors={"福利院": 0, "阳光养老院": 1})
    members = place.assess([rule_of("yinzhou.doctors_per_resident")], flag_rules=()).members
    assert by_name(place, members) == {"阳光养老院": True}


def test_the_floor_area_of_an_embedded_centre_stands_in_the_guidance():
    rule = rule_of("national.embedded_centre_area")
    assert rule.clause == "城市社区嵌入式服务设施建设导则（试行）"
    assert rule.target_text("zh") == "每处≥600，宜 800 平方米（2023年）"


@pytest.mark.parametrize("name", ["national.anhui_unit_area", "national.guizhou_new_estate_unit"])
@pytest.mark.parametrize(
    ("rooms", "year", "has"),
    [((350.0, 349.9), 2025, {"estate/e1": True, "estate/e2": False}), ((350.0, 349.9), 2021, {})],
    ids=["at the bound and below it", "before the year from which it holds"],
)
def test_one_room_of_a_new_estate_has_350_m2(town, name, rooms, year, has):
    """e1 and e2 are new, e3 stood before: of it nothing is asked, nor of any facility of a register."""
    zones = town.zones.copy()
    zones.loc[["estate/e1", "estate/e2"], "eldercare_rooms_m2"] = rooms
    result = town.change(zones=zones, year=year).assess([rule_of(name)], flag_rules=())
    members = result.members.set_index("member_id")["has"] if len(result.members) else pd.Series(dtype=object)
    found = {zone: bool(value) for zone, value in members.items()}
    assert (found if year == 2025 else set(result.findings["verdict"])) == (has or {"not_applicable"})


@pytest.mark.parametrize(("name", "type_", "m2"), [("guizhou_unit_area", "elder_day_care", 350.0), ("guizhou_street_centre_area", "combined_eldercare", 1000.0)])  # fmt: skip
def test_only_what_is_new_is_asked_for_its_size_in_guizhou(town, name, type_, m2):
    place = of_types(town, *only(3, type_))
    place = place.with_facilities(open_year=[2021.0, 2022.0, 2023.0, NAN, NAN, NAN])
    names = place.facilities["name"].tolist()
    place = place.supply(floor_area_m2={names[0]: 10.0, names[1]: m2, names[2]: m2 - 0.1})
    members = place.assess([rule_of(f"national.{name}")], flag_rules=()).members
    assert by_name(place, members) == {names[1]: True, names[2]: False}


def test_the_area_of_shanghai_is_asked_of_every_district(town):
    zones = town.zones.copy()
    zones.loc[["town/1", "town/2"], "level"] = "district"
    place = town.change(zones=zones).supply(floor_area_m2={"向阳日间照料室": 24.0, "河东日间照料室": 23.9})
    found = place.assess([rule_of("national.shanghai_eldercare_area")], flag_rules=()).findings
    # 600 residents in each: 24 m² are 40 for 1,000
    assert found.set_index("zone_id")["verdict"].to_dict() == {"town/1": "met", "town/2": "not_met"}


def test_what_the_plan_of_wuhan_is():
    pack = read_pack("wuhan")
    assert pack.title_zh == "武汉市促进养老托育服务高质量发展实施方案"
    assert pack.issuer_zh == "武汉市发展改革委、市民政局、市卫健委（经市政府同意）"
    assert pack.issued == "2022-12"
    assert set(rules_table([pack])["document"]) == {""}  # no number is known, and none is made up


def test_whatever_a_rule_asks_of_a_register_some_column_or_table_can_give():
    """Rules and registers have one vocabulary: no rule of a shipped pack waits for a word that nothing can say."""
    types = set(vocabulary("types"))
    said_by_types = {name for name in types if not vocabulary("types")[name].get("family")}
    derived = {
        name: set(words["derived"]) for name, words in vocabulary("supplies").items() if "derived" in words
    }
    given = set(AMOUNTS) | {name for name, parts in derived.items() if parts <= {*AMOUNTS, *ATTRIBUTES}}
    estates = {"eldercare_rooms_m2", "childcare_rooms_m2"}
    rules = [rule for pack in list_packs().index for rule in read_pack(pack).rules]
    assert len(rules) > 150
    for rule in rules:
        reads = rule.reads
        assert reads.types <= types, rule.rule_id
        asked = [name for selection in (*rule.selections, *rule.measured_to) for name in selection.facilities]
        assert all(narrower(name) & said_by_types for name in asked), rule.rule_id
        assert set(getattr(rule, "beside", None) or ()) <= set(ATTRIBUTES), rule.rule_id
        assert reads.attributes <= set(ATTRIBUTES), (rule.rule_id, reads.attributes - set(ATTRIBUTES))
        assert reads.groups <= set(GROUPS), rule.rule_id
        if reads.types:  # without facilities an amount comes from a table by zone, which takes every supply
            assert reads.supplies - estates <= given, (rule.rule_id, reads.supplies - given)
        assert reads.supplies <= set(vocabulary("supplies")) | estates, rule.rule_id


def test_an_attribute_of_a_register_is_a_word_of_rules_and_the_other_way_round():
    assert set(vocabulary("attributes")) == set(ATTRIBUTES)
    assert set(AMOUNTS) <= set(vocabulary("supplies"))


def test_every_kind_of_zone_that_a_rule_asks_for_has_a_name():
    rules = [rule for pack in list_packs().index for rule in read_pack(pack).rules]
    asked = {
        word: rule.rule_id
        for rule in rules
        for word in (
            *rule.where.words,
            *parse_level(getattr(rule, "in_zones_of", None) or "city").words,
            *filter(None, [getattr(rule, "communities", None)]),
        )
    }
    assert {"smart", "future", "embedded_pilot", "age_friendly", "with_conditions"} <= set(asked)
    assert set(asked) | set(OPPOSITES) == set(vocabulary("zone_kinds")), asked


def test_marked_communities_are_named_in_words():
    assert rule_of("wuhan.smart_communities").basis_text("zh") == "标记为“人工智能养老社区”的社区"
    assert rule_of("embedded.pilot_communities").basis_text("en") == (
        "communities marked pilot community of embedded services"
    )
