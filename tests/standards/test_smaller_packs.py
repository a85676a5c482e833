"""Packs of national documents, provinces and cities: each figure as it was noted with its source, and how clauses are read."""

import re
from pathlib import Path

import pandas as pd
import pytest
from shapely.geometry import Point

from geoplan.standards.packs.read import read_pack, rules_of

PLANS = Path(__file__).resolve().parents[3] / "shared" / "plans"
needs_plans = pytest.mark.skipif(
    not PLANS.is_dir(), reason="../shared/plans, the list of figures, is not there"
)

ROOMS = "community_rooms, kindergarten, childcare_service (托儿所), community (老年服务站), primary_care (社区卫生服务站): 规划建设"
NETWORK = "three-tier network complete by 2029"
ZHEJIANG = "4.5 places, inclusive > 60 %, 15-minute childcare circle"
HUBEI = "Hubei 20 new, land ≥ 0.1 m² a person, first phase or before 50 % of the dwellings"
#: Rule -> the figure as it was noted, and the target that follows from it.
NOTED = {
    "national2030.nursing_bed_share": ("nursing_bed_share: institution, ≥ 73 % @2030", ">=73%@2030"),
    "national2030.under_3_enrolment": ("enrolment: under-3 入托率 +6 percentage points on 2025 @2030", "+6pp@2030"),
    "national2030.county_network": (NETWORK, "未量化@2029"),
    "national2030.town_network": (NETWORK, "未量化@2029"),
    "national2030.community_network": (NETWORK, "未量化@2029"),
    "complete_community.service_rooms": (ROOMS, "未量化@2022"),
    "complete_community.kindergarten": (ROOMS, "未量化@2022"),
    "complete_community.nursery": (ROOMS, "未量化@2022"),
    "complete_community.elder_station": (ROOMS, "未量化@2022"),
    "complete_community.health_station": (ROOMS, "未量化@2022"),
    "complete_community.rooms_per_100_households": ("≥ 30 m² per 100 households, ≥ 60 % for residents", ">=30@2022"),
    "complete_community.rooms_for_residents": ("≥ 30 m² per 100 households, ≥ 60 % for residents", ">=60%@2022"),
    "complete_community.rooms_of_the_city": ("每百户居民拥有社区综合服务设施面积平均不少于30平方米", ">=30@2025"),
    "embedded.centre_area": ("centre ≥ 600 m², better 800", "600..800@2023"),
    "embedded.pilot_communities": ("each pilot city about 100 communities", ">=100@2023"),
    "quarter_hour_circle.eldercare_in_the_circle": ("eldercare a required service of each 便民生活圈: presence by circle, 未量化", "未量化@2030"),
    "harbin.new_estate_rooms": ("Harbin 30 / 20", ">=30@2023"),
    "harbin.existing_estate_rooms": ("Harbin 30 / 20", ">=20@2023"),
    "henan.new_estate_rooms": ("Henan 30 / 20 from 2022-10-01", ">=30@2022"),
    "henan.existing_estate_rooms": ("Henan 30 / 20 from 2022-10-01", ">=20@2022"),
    "hubei.new_estate_rooms": (HUBEI, ">=20@2022"),
    "hubei.eldercare_land_per_person": (HUBEI, ">=0.1@2022"),
    "zhejiang.places_per_1000_residents": (ZHEJIANG, ">=4.5@2025"),
    "zhejiang.inclusive_place_share": (ZHEJIANG, ">60%@2025"),
    "zhejiang.circle_childcare": (ZHEJIANG, "未量化@2025"),
    "yuncheng.new_community_places": ("Yuncheng places 6 new / 5 existing", ">=6@2020"),
    "yuncheng.existing_community_places": ("Yuncheng places 6 new / 5 existing", ">=5@2025"),
}  # fmt: skip
NAMES = sorted({name.partition(".")[0] for name in NOTED})
RULES = {rule.rule_id: rule for name in NAMES for rule in read_pack(name).rules}


def test_every_rule_of_them_is_in_the_list_with_its_target():
    assert {name: rule.target for name, rule in RULES.items()} == {
        name: target for name, (_, target) in NOTED.items()
    }


@needs_plans
def test_every_figure_stands_in_the_list_of_figures_with_its_source():
    text = re.sub(r"\s+", " ", (PLANS / "NEW_RULES.md").read_text(encoding="utf-8"))
    for name, (noted, _) in NOTED.items():
        assert noted in text, name
        for source in re.findall(r"[a-z0-9.]+\.(?:com|cn|hk)\b", RULES[name].source):
            site = next(
                (
                    part
                    for part in (source, source.removesuffix(".com.cn"), source.partition(".")[0])
                    if part in text
                ),
                "",
            )
            assert site, (name, source)


def test_they_say_how_far_each_figure_was_checked_and_count_without_being_switched_on():
    for name, rule in RULES.items():
        assert (rule.status, rule.attribute) == ("read", "标准"), name
        assert rule.source, name
        assert rule.is_on
    assert not any("2025年" in rule.quote and rule.targets[-1].year > 2025 for rule in RULES.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_says_what_it_does_not_judge_and_where_it_was_read(name):
    pack = read_pack(name)
    assert pack.not_assessed
    assert pack.source
    assert pack.short_title_zh
    assert pack.short_title_en
    assert re.search(r"[\u4e00-\u9fff]", pack.title_en + pack.short_title_en + pack.area_en) is None


def test_figures_to_2025_of_the_national_plan():
    rules = {rule.id: rule for rule in read_pack("national").rules}
    wanted = {
        "nursing_bed_share": ">=55%@2025", "new_estate_eldercare": ">=100%@2025", "places_per_1000_residents": ">=4.5@2025",
        "disabled_care_home": ">=100%@2025", "town_regional_centres": ">=60%@2025",
    }  # fmt: skip
    assert {name: rules[name].target for name in wanted} == wanted
    assert all(rules[name].source for name in wanted)
    on = {rule.id for rule in rules_of([read_pack("national")])}
    assert set(wanted) - on == {"town_regional_centres"}  # a share of a province's towns, which no city's is


def test_what_a_newer_pack_replaces_is_in_the_national_one():
    known = {rule.id for rule in read_pack("national").rules}
    named = {name for rule in RULES.values() for name in rule.replaces or ()}
    assert named == {"nursing_bed_share", "places_per_1000_residents"} <= known


@pytest.mark.parametrize(("enrolled", "verdict"), [(1.15, "met"), (1.14, "not_met")])
def test_the_rate_of_2030_is_six_points_above_that_of_2025(town, enrolled, verdict):
    people = float(town.demand["under_3"].sum())
    rule = RULES["national2030.under_3_enrolment"]
    assert rule.targets[-1].floor == pytest.approx(0.115)
    services = pd.Series([("childcare",), *[("public_venue",)] * 5], index=town.facilities.index)
    place = (
        town.with_facilities(services=services)
        .supply(enrolled={"福利院": enrolled * people / 10})
        .change(year=2030)
    )
    found = place.assess([rule], flag_rules=()).findings
    assert found["actual_low"].tolist() == [pytest.approx(enrolled / 10)]
    assert found["verdict"].tolist() == [verdict]


@pytest.mark.parametrize(("area", "verdict"), [(600.0, "met"), (599.0, "not_met"), (2000.0, "met")])
def test_an_embedded_centre_of_600_m2_is_enough_and_no_centre_is_too_large(town, area, verdict):
    services = pd.Series([("embedded_centre",), *[("public_venue",)] * 5], index=town.facilities.index)
    place = town.with_facilities(services=services).supply(floor_area_m2={"福利院": area})
    found = place.assess([RULES["embedded.centre_area"]], flag_rules=()).findings
    assert found["verdict"].tolist() == [verdict]
    assert all("caveat_advisory" in codes for codes in found["caveats"])


def test_a_circle_of_daily_life_is_met_by_what_stands_in_walking_distance(town):
    # one day-care centre at the edge of A, 260 m from the last block of B and more than 300 m from C
    services = pd.Series([("elder_day_care",), *[("public_venue",)] * 5], index=town.facilities.index)
    edge = [Point(290, 50), *town.facilities.geometry.iloc[1:]]
    place = town.with_facilities(services=services, geometry=edge)
    found = place.assess([RULES["quarter_hour_circle.eldercare_in_the_circle"]], flag_rules=())
    assert set(found.findings["verdict"]) == {"not_quantified"}
    members = found.members.set_index("member_id")
    assert members.index[members["located"].astype(bool)].tolist() == ["community/A"]
    assert members.index[members["has"].astype(bool)].tolist() == ["community/A", "community/B"]
