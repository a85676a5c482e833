"""Totals against every kind of rule: met, not met, on the boundary, no data; and the laws that sums keep."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packs import PACK

from geoplan.standards.packs.read import read_pack, rules_of
from geoplan.standards.totals import Totals, assess_totals, printable


def rule(name, kind, level="district", target=">=50@2025", unit="beds", **more):
    lines = {"id": name, "indicator": name, "title_en": name, "kind": kind, "level": level, "counts": name, "target": f'"{target}"',
             "unit": unit, "attribute": "预期", "clause": "一", "quote": name, **more}  # fmt: skip
    return "  - " + "\n    ".join(f"{key}: {value}" for key, value in lines.items()) + "\n"


HOMES = "{facilities: [institution]}"
RULES = (
    rule("beds_per_1000", "provision", of="{facilities: [institution, community]}", supply="beds", per="elders_60/1000"),
    rule("institution_beds", "total", of=HOMES, supply="beds", target=">=100@2025"),
    rule("homes", "total", of=HOMES, target=">=2@2025", unit="facilities"),
    rule("public_beds", "total", of="{facilities: [institution], where: {attribute: public}}", supply="beds", target=">=40@2025"),
    rule("large_homes", "total", of="{facilities: [institution], where: {supply: beds, bound: '>=50'}}", target=">=1@2025", unit="facilities"),
    rule("nursing_share", "share", of=HOMES, part="nursing_beds", whole="beds", target=">=50%@2025"),
    rule("public_share", "share", of=HOMES, part_where="{attribute: public}", target=">=50%@2025", unit="facilities"),
    rule("occupancy", "rate", of=HOMES, part="occupied", whole="beds", target=">=65%@2025", unit="people"),
    rule("enrolment", "rate", of="{facilities: [childcare_service]}", part="enrolled", group="under_3", target=">=10%@2025", unit="people"),
    rule("new_beds", "increase", of=HOMES, supply="beds", since=2021, target=">=30@2025"),
    rule("size", "facility", level='"facility: institution"', of=HOMES, measured="beds", target="<=60@2025", unit="facilities"),
    rule("family_beds", "total", supply="family_beds", target=">=10@2025"),
    rule("day_care", "presence", level="community", of="{facilities: [elder_day_care]}", target=">=100%@2025", unit="facilities"),
    rule("public_home", "presence", of="{facilities: [institution], where: {attribute: public}}", target=">=100%@2025", unit="facilities"),
    rule("new_homes", "total", of="{facilities: [institution], where: {opened: '>=2022'}}", target=">=2@2025", unit="facilities"),
    rule("eldercare_nursing", "share", of="{facilities: [institution, community]}", part="nursing_beds", whole="beds", target=">=50%@2025"),
    rule("no_large_share", "share", of=HOMES, part_where="{attribute: public}", target="<=0%@2025", unit="facilities"),
    rule("size_here", "facility", level='"facility: institution"', of=HOMES, in_zones_of='"community:new"', measured="beds", target="<=60@2025", unit="facilities"),
    rule("homes_there", "total", of="{facilities: [institution], in_zones: [东街道]}", target=">=1@2025", unit="facilities"),
    rule("vague", "total", of=HOMES, supply="beds", target="未量化@2025"),
    rule("later", "total", of=HOMES, supply="beds", target=">=100@2030"),
)  # fmt: skip


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "mine.yaml"
    path.write_text(PACK.format(level="district") + "".join(RULES), encoding="utf-8")
    return rules_of([read_pack(path)])


def totals(**sections):
    told = {"source": "s", "year": 2022}
    filled = {
        key: [told | entry if isinstance(entry, dict) else entry for entry in entries]
        for key, entries in sections.items()
    }
    names = {"title_zh": "甲", "title_en": "A", "area_zh": "甲区", "area_en": "A"}
    return Totals.model_validate({**names, **filled})


def verdict(rules, name, *facilities, **sections):
    return judged(rules, name, facilities=list(facilities), **sections)["verdict"]


def judged(rules, name, *, year=2025, **sections):
    table = assess_totals(totals(**sections), [one for one in rules if one.id == name], year=year).findings
    return table.iloc[0] if len(table) == 1 else table


def home(**given):
    return {"type": "elder_home", "count": 2, **given}


ELDERS = [{"group": "elders_60", "value": 2000, "basis": "常住"}]


@pytest.mark.parametrize(
    ("beds", "verdict", "gap"), [(100, "met", math.nan), (99, "not_met", 1), (0, "not_met", 100), ([90, 110], "no_data", math.nan), ([100, None], "met", math.nan)]
)  # fmt: skip
def test_provision(rules, beds, verdict, gap):
    found = judged(
        rules, "beds_per_1000", people=ELDERS, facilities=[home(amounts={"beds": beds})], absent=["community"]
    )
    assert found["verdict"] == verdict
    assert found["shortfall"] == gap or (math.isnan(gap) and math.isnan(found["shortfall"]))
    assert (found["need"], found["people"], found["basis"]) == (100, 2000, "常住 2022")


def test_a_type_that_is_not_told_leaves_the_upper_end_open(rules):
    short = judged(rules, "beds_per_1000", people=ELDERS, facilities=[home(amounts={"beds": 60})])
    assert (short["actual_low"], short["actual_high"], short["verdict"]) == (30, math.inf, "no_data")
    assert "社区居家养老服务设施" in short["missing_zh"]
    # what is there is enough whatever else there is
    assert verdict(rules, "beds_per_1000", home(amounts={"beds": 100}), people=ELDERS) == "met"


def test_without_people_or_facilities_there_is_no_verdict(rules):
    assert verdict(rules, "beds_per_1000", home(amounts={"beds": 60})) == "no_data"
    assert verdict(rules, "institution_beds") == "no_data"
    none = judged(rules, "institution_beds", absent=["institution"])
    assert (none["verdict"], none["shortfall"]) == ("not_met", 100)


@pytest.mark.parametrize(
    ("count", "verdict"), [(2, "met"), (1, "not_met"), (0, "not_met"), (None, "no_data")]
)
def test_counts_of_facilities(rules, count, verdict):
    found = judged(rules, "homes", facilities=[home(count=count, amounts={"beds": 60})])
    assert found["verdict"] == verdict


PARTS = [
    {"amounts": {"beds": 40}, "attributes": {"public": True}},
    {"amounts": {"beds": 20}, "attributes": {"public": False}},
]


def test_parts_answer_what_the_sum_does_not(rules):
    whole = home(amounts={"beds": 60, "nursing_beds": 30})
    told = {**whole, "parts": PARTS}
    for name, with_parts in (("public_beds", "met"), ("public_share", "met"), ("public_home", "met")):
        assert (verdict(rules, name, whole), verdict(rules, name, told)) == ("no_data", with_parts)
    assert judged(rules, "public_share", facilities=[told])["actual_low"] == 0.5
    for facility in (whole, told):
        found = judged(rules, "nursing_share", facilities=[facility])
        assert (found["actual_low"], found["actual_high"], found["verdict"]) == (0.5, 0.5, "met")


def test_sums_say_nothing_of_one_facility(rules):
    # neither of two homes can have more than 60 beds
    wanted = {("size", 2, 60): "met", ("size", 2, 61): "no_data", ("size", 1, 61): "not_met", ("large_homes", 2, 60): "no_data",
              ("large_homes", 1, 60): "met", ("large_homes", 2, 40): "not_met"}  # fmt: skip
    assert {
        key: verdict(rules, key[0], home(count=key[1], amounts={"beds": key[2]})) for key in wanted
    } == wanted


def test_rates(rules):
    found = judged(rules, "occupancy", facilities=[home(amounts={"beds": 60, "occupied": 39})])
    assert (found["actual_low"], found["verdict"]) == (0.65, "met")
    children = [{"group": "under_3", "value": 1000, "basis": "户籍"}]
    nursery = [{"type": "childcare", "count": 1, "amounts": {"enrolled": 99}}]
    found = judged(rules, "enrolment", people=children, facilities=nursery)
    assert (found["actual_low"], found["verdict"]) == (0.099, "not_met")


def test_what_is_new_needs_a_year_of_opening(rules):
    old = home(amounts={"beds": 60}, name="old", open_year=2015)
    new = home(amounts={"beds": 30}, name="new", open_year=2022)
    assert verdict(rules, "new_beds", home(amounts={"beds": 60})) == "no_data"
    assert verdict(rules, "new_beds", old) == "not_met"
    assert verdict(rules, "new_beds", old, new) == "met"


@pytest.mark.parametrize(
    ("year", "high", "verdict", "gap"),
    # what stands in 2021 opened by 2021 and is not new since 2021; what stands in 2022 may be
    [(2020, 0, "not_met", 30), (2021, 0, "not_met", 30), (2022, 60, "no_data", math.nan)],
)
def test_a_stock_is_not_opened_after_the_year_of_which_it_is_told(rules, year, high, verdict, gap):
    found = judged(rules, "new_beds", facilities=[home(amounts={"beds": 60}, year=year)])
    assert (found["actual_low"], found["actual_high"], found["verdict"]) == (0, high, verdict)
    assert found["shortfall"] == pytest.approx(gap, nan_ok=True)
    # a condition on the year of opening asks the same: new is what opened from 2022 on
    homes = judged(rules, "new_homes", facilities=[home(year=year)])
    assert (homes["actual_low"], homes["actual_high"]) == (0, 2 if year == 2022 else 0)


def test_a_share_of_an_unknown_whole_tells_no_amount(rules):
    homes = [home(count=1, name="a", amounts={"beds": [10, None]}), home(count=1, name="b", amounts={"beds": 20, "nursing_beds": 10})]  # fmt: skip
    found = judged(rules, "nursing_share", facilities=homes)
    assert found["verdict"] == "no_data"
    # beds of homes are known and those of day care are not, so that half of 30 is no figure of the area
    known = [home(amounts={"beds": 30, "nursing_beds": 10})]
    found = judged(rules, "eldercare_nursing", facilities=known)
    assert (found["actual_low"], found["actual_high"], found["verdict"]) == (0, 1, "no_data")
    assert found["missing_zh"] == "2 条记录中 2 条已知；总量文件未载明社区居家养老服务设施"
    found = judged(rules, "eldercare_nursing", facilities=known, absent=["community"])
    assert (found["actual_low"], found["verdict"], found["shortfall"]) == (pytest.approx(1 / 3), "not_met", 5)


def test_what_is_unknown_is_never_not_applicable(rules):
    none = [home(count=0, amounts={"beds": 0, "nursing_beds": 0})]
    found = judged(rules, "eldercare_nursing", facilities=none)
    assert (found["verdict"], found["missing_zh"]) == ("no_data", "总量文件未载明社区居家养老服务设施")
    # where all types are told, there is nothing to judge
    assert judged(rules, "eldercare_nursing", absent=["institution", "community"])["verdict"] == "not_applicable"  # fmt: skip


@pytest.mark.parametrize("name", ["size_here", "homes_there"])
def test_facilities_in_zones_of_a_level_or_a_name_are_not_judged_by_totals(rules, name):
    found = judged(rules, name, facilities=[home(count=1, amounts={"beds": 60})])
    assert (found["verdict"], found["missing_zh"][:8]) == ("no_data", "该指标按街道（乡")


def test_a_ceiling_of_none_that_is_open_says_how_many_rows_are_known(rules):
    found = judged(rules, "no_large_share", facilities=[home(amounts={"beds": 60})])
    assert (found["verdict"], found["missing_zh"][:13]) == ("no_data", "2 条记录中 0 条已知；")


def test_values_say_of_which_years_their_figures_are(rules):
    def printed(*years, year=2025):
        homes = [home(count=1, name=str(y), amounts={"beds": 60}, year=y) for y in years]
        chosen = [one for one in rules if one.id == "institution_beds"]
        return printable(assess_totals(totals(facilities=homes), chosen, year=year), "zh")

    assert "60（2024年）" in printed(2024)
    assert "（2025年）" not in printed(2025)
    assert "120（2022–2024年）" in printed(2022, 2024)
    assert "120（2024–2025年）" in printed(2024, 2025)


def test_targets_are_the_words_of_the_rule(rules):
    homes = [home(count=1, amounts={"beds": 61})]
    found = judged(rules, "size", facilities=homes)
    assert (found["target_zh"], found["target_en"]) == ("每处≤60 张", "each ≤60 beds")
    # a stated value of such a rule is the share of the homes that keep it
    told = judged(rules, "size", stated=[{"rule": "size", "value": 0.9}])
    assert (told["actual_low"], told["verdict"], told["required"]) == (0.9, "not_met", 1.0)


def test_supplies_without_a_place(rules):
    assert judged(rules, "family_beds")["verdict"] == "no_data"
    assert judged(rules, "family_beds", amounts=[{"supply": "family_beds", "value": 9}])["shortfall"] == 1
    planned = [{"supply": "family_beds", "value": 10, "planned": True}]
    assert judged(rules, "family_beds", amounts=planned)["verdict"] == "no_data"


def test_communities_are_judged_by_a_stated_share_only(rules):
    rooms = [{"type": "elder_day_care", "count": 10}]
    assert judged(rules, "day_care", facilities=rooms)["verdict"] == "no_data"
    found = judged(rules, "day_care", facilities=rooms, stated=[{"rule": "day_care", "value": 0.9}])
    assert (found["verdict"], found["from"], found["actual_low"]) == ("not_met", "stated", 0.9)
    assert judged(rules, "day_care", stated=[{"rule": "mine.day_care", "value": 1}])["verdict"] == "met"


def test_what_can_be_worked_out_is_not_taken_as_stated(rules):
    told = [{"rule": "institution_beds", "value": 100}]
    found = judged(rules, "institution_beds", facilities=[home(amounts={"beds": 60})], stated=told)
    assert (found["from"], found["shortfall"]) == ("computed", 40)


def test_of_several_years_the_latest_up_to_the_year_counts(rules):
    facilities = [
        home(amounts={"beds": 60}), home(amounts={"beds": 90}, year=2024), home(amounts={"beds": 120}, year=2026),
        home(amounts={"beds": 500}, year=2025, planned=True),
    ]  # fmt: skip
    years = (2021, 2022, 2025, 2026)
    at = {year: judged(rules, "institution_beds", year=year, facilities=facilities) for year in years}
    assert [at[year]["actual_low"] for year in (2022, 2025, 2026)] == [60, 90, 120]
    assert math.isnan(at[2021]["actual_low"])
    assert [at[year]["as_of"] for year in (2022, 2025, 2026)] == [2022, 2024, 2026]
    assert at[2022]["verdict"] == "not_applicable"


def test_entries_of_one_year_are_added_up_and_rival_people_are_an_error(rules):
    homes = [home(amounts={"beds": beds}) for beds in (60, 30)]
    found = judged(rules, "institution_beds", facilities=homes)
    assert found["actual_low"] == 90
    with pytest.raises(ValueError, match="twice under one basis"):
        totals(people=[*ELDERS, *ELDERS])
    with pytest.raises(ValueError, match="more than one basis"):
        totals(people=[{**ELDERS[0], "judges": True}, {**ELDERS[0], "basis": "户籍", "judges": True}])


def test_not_quantified_and_not_due(rules):
    assert verdict(rules, "vague", home(amounts={"beds": 60})) == "not_quantified"
    assert verdict(rules, "later", home(amounts={"beds": 60})) == "not_applicable"


def test_each_basis_is_judged_and_the_marked_one_decides(rules):
    people = [*ELDERS, {"group": "elders_60", "value": 1000, "basis": "户籍", "judges": True}]
    homes = [home(amounts={"beds": 60})]
    found = judged(rules, "beds_per_1000", people=people, facilities=homes, absent=["community"])
    assert found["basis"].tolist() == ["常住 2022", "户籍 2022"]
    assert found["verdict"].tolist() == ["not_met", "met"]
    assert found["decides"].tolist() == [False, True]


AMOUNT = st.sampled_from([0, 1, 40, 99, 100, 101])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(AMOUNT, AMOUNT, st.sampled_from([1, 3])), min_size=1, max_size=4))
def test_sums_of_entries_are_sums(rules, entries):
    """How sums are cut into entries does not matter, nor how many facilities carry them."""
    facilities = [
        home(count=n, name=str(at), amounts={"beds": beds, "nursing_beds": min(beds, nursing)})
        for at, (beds, nursing, n) in enumerate(entries)
    ]
    beds, nursing = sum(b for b, _, _ in entries), sum(min(b, n) for b, n, _ in entries)
    total = judged(rules, "institution_beds", facilities=facilities)
    assert total["actual_low"] == total["actual_high"] == beds
    assert total["verdict"] == ("met" if beds >= 100 else "not_met")
    assert judged(rules, "homes", facilities=facilities)["actual_low"] == sum(n for _, _, n in entries)
    share = judged(rules, "nursing_share", facilities=facilities)
    if beds:
        assert share["actual_low"] == pytest.approx(nursing / beds)
        assert share["verdict"] == ("met" if 2 * nursing >= beds else "not_met")
    else:
        assert share["verdict"] == "not_applicable"


@settings(max_examples=25, deadline=None)
@given(AMOUNT, AMOUNT, st.booleans(), st.booleans())
def test_less_knowledge_never_changes_a_verdict_to_its_opposite(rules, one, other, first, second):
    parts = [
        {"amounts": {"beds": beds}, "attributes": {"public": public}}
        for beds, public in ((one, first), (other, second))
    ]
    for name in ("public_beds", "public_share", "size", "large_homes"):
        full = verdict(rules, name, home(amounts={"beds": one + other}, parts=parts))
        less = verdict(rules, name, home(amounts={"beds": one + other}))
        assert less in (full, "no_data")
