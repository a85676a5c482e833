"""What clauses of the plans count: each case was read otherwise before, or would be by a reader in a hurry."""

import numpy as np
import pandas as pd
import pytest

from geoplan.inputs.facilities.fields import AMOUNTS, ATTRIBUTES
from geoplan.standards.packs.read import read_pack
from geoplan.standards.packs.tools import list_packs
from geoplan.tables import GROUPS
from geoplan.words.vocabulary import narrower, vocabulary

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
    # 6 + 2 + 3.7 beds of 240 elders are 48.75, more than 48 and less than 49, which the line asks for in 2024
    assert [by_year[year][:2] for year in (2023, 2024, 2025)] == [
        ("met", 48.0),
        ("met", 48.0),
        ("not_met", 50.0),
    ]
    assert by_year[2022][0] == "not_applicable"
    assert [by_year[year][2] for year in (2023, 2024, 2025)] == ["on_path", "behind", ""]


def test_what_only_advises_says_so_beside_its_figure(town):
    rule = rule_of("national.home_beds")
    found = town.assess([rule], flag_rules=()).findings
    assert all("caveat_advisory" in codes for codes in found["caveats"])
    other = town.assess([rule_of("wuhan.large_homes_have_clinic")], flag_rules=()).findings
    assert not any("caveat_advisory" in codes for codes in other["caveats"])


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
