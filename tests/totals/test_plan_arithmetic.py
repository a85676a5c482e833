"""The arithmetic of the published plans, from the totals that ship, without a map."""

import re
from pathlib import Path

import pytest

from geoplan.inputs.projects import read_projects
from geoplan.standards.packs.read import read_pack
from geoplan.standards.projects.costs import with_costs
from geoplan.standards.totals import assess_totals_file, printable, read_totals, shipped_totals
from geoplan.words.vocabulary import narrower

DATA = Path(__file__).parents[2] / "data"
PLANS = ("huzhong", "qianjiang", "wuhan", "yantai", "yinzhou")


@pytest.fixture(scope="module")
def plans():
    return {name: assess_totals_file(DATA / "totals" / f"{name}_totals.yaml") for name in PLANS}


def row(table, rule_id, basis=None):
    rows = table[table["rule_id"] == rule_id]
    rows = rows if basis is None else rows[rows["basis"].str.startswith(basis)]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_has_totals_that_name_its_rules_and_their_sources(name, plans):
    totals = read_totals(DATA / "totals" / f"{name}_totals.yaml")
    rules = {rule.id for rule in read_pack(name).rules}
    assert {told.rule for told in totals.stated} <= rules
    assert set(plans[name].findings["rule_id"]) == {f"{name}.{rule}" for rule in rules}
    assert not [note for note in plans[name].notes if note.code == "totals_stated_unused"]
    assert DATA / "totals" / f"{name}_totals.yaml" in shipped_totals(DATA / "totals")


@pytest.mark.parametrize("name", ["yantai", "qianjiang"])
def test_stated_values_are_the_bases_of_the_pack(name):
    bases = {r.id: (r.start.value, r.start.year) for r in read_pack(name).rules if r.start is not None}
    for told in read_totals(DATA / "totals" / f"{name}_totals.yaml").stated:
        assert (told.value, told.year) == (pytest.approx(bases[told.rule][0]), bases[told.rule][1]), told.rule


# --- Huzhong


def test_huzhong_nursing_share(plans):
    found = row(plans["huzhong"].findings, "huzhong.nursing_bed_share")
    assert f"{found['actual_low']:.1%}" == "36.4%"
    assert found["actual_high"] == found["actual_low"]
    # 55 % of 22 is 12.1: 13 beds, 5 more than 8
    assert (found["verdict"], found["shortfall"], found["from"]) == ("not_met", 5, "computed")


@pytest.mark.parametrize(("basis", "need", "gap", "decides"), [("演示假定", 54, 34, True), ("七普", 74, 54, False)])  # fmt: skip
def test_huzhong_childcare_gap_under_both_readings(plans, basis, need, gap, decides):
    found = row(plans["huzhong"].findings, "huzhong.places_per_1000_residents", basis)
    assert (found["have"], found["need"], found["shortfall"]) == (pytest.approx(20), need, gap)
    assert (found["verdict"], bool(found["decides"])) == ("not_met", decides)


def test_huzhong_residents_implied_by_its_elders(plans):
    implied = plans["huzhong"].implied.set_index("basis")
    assert implied["implied"].round().tolist() == [12169, 12169]
    assert implied["fits"].tolist() == [True, False]
    notes = [note.text("zh") for note in plans["huzhong"].notes if note.code == "totals_share_misfit"]
    assert len(notes) == 1
    assert "12,169" in notes[0]
    assert "16,359" in notes[0]


def test_what_is_planned_does_not_stand(plans):
    # the centre of 100 beds was to be finished in 2023
    found = row(plans["huzhong"].findings, "huzhong.nursing_bed_share")
    assert found["as_of"] == 2022
    assert row(plans["yantai"].findings, "yantai.institution_beds")["actual_low"] == 39_000


def test_the_beds_of_2022_are_not_new_since_2022(plans):
    # the public home has 10 beds, stated for 2022: nothing is new, 100 are to come
    found = row(plans["huzhong"].findings, "huzhong.public_beds_added")
    assert (found["actual_low"], found["actual_high"], found["shortfall"]) == (0, 0, 100)


# --- Yantai


def test_yantai_residents_implied_by_its_places(plans):
    implied = plans["yantai"].implied
    places = implied[implied["rule_id"] == "yantai.places_per_1000_residents"].set_index("year")
    assert places["implied"].round().to_dict() == {2021: 7_187_500, 2025: 7_173_913}
    assert places["fits"].isna().all()
    # 1.6 stands for anything from 1.55 to 1.65
    ends = places.loc[2021, ["implied_low", "implied_high"]].astype(float).round()
    assert ends.tolist() == [6_969_697, 7_419_355]


def test_a_stock_of_some_types_of_a_rule_implies_nobody(plans):
    # 39,000 beds of homes at 44.8 per 1,000, which counts those of day care too; the file's own note says so
    implied = plans["yantai"].implied
    assert "yantai.beds_per_1000_elders" not in set(implied["rule_id"])
    assert round(39_000 / 44.8 * 1000) == 870_536
    for lang in ("zh", "en"):
        assert "39,000张与每千名老人44.8张不能互相换算" in printable(plans["yantai"], lang)
    # places of kindergartens at the rate of all places, or at that of new communities
    assert plans["yinzhou"].implied.empty


def test_a_stock_that_does_not_fit_the_stated_people_is_told(tmp_path):
    (tmp_path / "t.yaml").write_text(
        "title_zh: t\ntitle_en: t\narea_zh: t\narea_en: t\npack: yantai\n"
        "people:\n  - {group: residents, value: 3000000, basis: 常住, year: 2021, source: s}\n"
        "facilities:\n  - {type: childcare, includes: [kindergarten_class, childcare_station, workplace_childcare, home_childcare],\n     amounts: {places: 11500}, year: 2021, source: s}\n", encoding="utf-8",
    )  # fmt: skip
    found = assess_totals_file(tmp_path / "t.yaml")
    said = [note.text("en") for note in found.notes if note.code == "totals_misfit"]
    assert len(said) == 1
    for figure in ("11,500", "1.6 per 1,000", "7,187,500", "3,000,000", "240%"):
        assert figure in said[0]


def test_yantai_beds_of_institutions_alone_are_not_taken_for_all(plans):
    # 39,000 / 1,823.487 = 21.4 would be a verdict on half of the beds; the plan's own 44.8 stands, marked as stated
    found = row(plans["yantai"].findings, "yantai.beds_per_1000_elders")
    assert (found["from"], found["actual_low"], found["basis"]) == ("stated", 44.8, "")
    assert row(plans["yantai"].findings, "yantai.public_beds")["shortfall"] == 1000


# --- Qianjiang


@pytest.fixture(scope="module")
def qianjiang():
    return read_projects(DATA / "facilities" / "plan_qianjiang_annex3.csv")


def test_qianjiang_adds_up(qianjiang):
    costs = with_costs(qianjiang.projects)
    childcare = costs["services"].map(lambda kinds: bool(set(kinds) & narrower("childcare_service")))
    assert (childcare.sum(), costs.loc[childcare, "cost"].sum()) == (13, 2514)
    assert (len(costs), costs["cost"].sum(), costs["estimated"].sum()) == (16, 23486, 0)
    assert costs["number"].tolist() == [str(number) for number in range(1, 17)]
    assert qianjiang.projects[["places", "beds"]].sum().tolist() == [1120, 1490]
    assert qianjiang.projects["beds"].dropna().tolist() == [500, 450, 540]
    assert qianjiang.projects["facilities"].tolist() == [1] * 14 + [3, 18]


def test_qianjiang_faults_are_reported(qianjiang):
    found = {(note.code, note.row - 1) for note in qianjiang.notes if note.row and note.severity == "warning"}
    wanted = {
        "project_named_elsewhere": {2}, "project_place_vague": {15, 16}, "project_approximate": {7, 14, 15, 16},
        "project_area_of_whole": {4, 5, 7, 9, 13},
    }  # fmt: skip
    assert {code: {number for own, number in found if own == code} for code in wanted} == wanted
    texts = {note.code: note.text("zh") for note in qianjiang.notes if note.row == 3}
    assert "城东街道" in texts["project_named_elsewhere"]
    assert "正阳街道" in texts["project_named_elsewhere"]
    about = next(note for note in qianjiang.notes if note.code == "project_approximate" and note.row == 8)
    assert "800多平米、2100多平米" in about.text("zh")


def test_no_institution_of_qianjiang_is_above_150_places(plans, qianjiang):
    found = row(plans["qianjiang"].with_projects, "qianjiang.childcare_unit_size")
    assert (found["actual_low"], found["verdict"]) == (1.0, "met")
    assert qianjiang.projects["places"].max() == 148


def test_qianjiang_beds_stay_open_because_the_stock_is_unknown(plans):
    found = row(plans["qianjiang"].with_projects, "qianjiang.total_beds")
    assert (found["actual_low"], found["verdict"]) == (1490, "no_data")
    assert "1,310" in found["missing_zh"]
    assert row(plans["qianjiang"].with_projects, "qianjiang.disabled_care_centre")["verdict"] == "met"
    implied = plans["qianjiang"].implied
    assert implied["implied"].tolist() == [80_000]


@pytest.mark.parametrize(
    ("rule", "value", "verdict"),
    # 2 and 0 of 2020, and 8 of the 13 childcare projects: of none is it known whether it is registered or a model
    [("registered_childcare", (2, 10), "no_data"), ("model_childcare", (0, 8), "no_data")],
)
def test_projects_of_qianjiang_add_to_what_stood_in_2020(plans, rule, value, verdict):
    found = row(plans["qianjiang"].with_projects, f"qianjiang.{rule}")
    assert (found["actual_low"], found["actual_high"], found["verdict"]) == (*value, verdict)
    before = row(plans["qianjiang"].findings, f"qianjiang.{rule}")
    assert (before["actual_low"], before["from"], before["as_of"]) == (value[0], "stated", 2020)
    text = printable(plans["qianjiang"], "zh")
    assert f"{value[0]}（2020年，规划自报）" in text
    # the label of 2020 alone is not for a value with projects in it
    assert f"{value[0]}–{value[1]}（2020年规划自报，另加项目库）" in text
    assert f"{value[1]}（2020年，规划自报）" not in text


def test_a_rate_of_2020_does_not_stand_for_one_with_projects(plans):
    found = row(plans["qianjiang"].with_projects, "qianjiang.places_per_1000_residents")
    assert (found["from"], found["verdict"]) == ("computed", "no_data")
    institutions = row(plans["qianjiang"].with_projects, "qianjiang.inclusive_childcare_institutions")
    assert (institutions["actual_low"], institutions["verdict"]) == (11, "met")


def test_no_target_of_a_plan_is_printed_as_what_is_there(plans):
    assert not (plans["yinzhou"].findings["from"] == "stated").any()


def test_wuhan_has_no_stock(plans):
    verdicts = set(plans["wuhan"].findings["verdict"])
    assert verdicts <= {"no_data", "not_applicable", "not_quantified"}
    assert plans["wuhan"].implied.empty  # 60,000 beds of homes over a rate of all beds


@pytest.mark.parametrize(
    ("name", "said"),
    # stocks of an earlier year than the one that is judged, 2025
    [("yantai", "39,000（2021年）"), ("yantai", "11,500（2021年）"), ("yantai", "5,000（2021年）"), ("huzhong", "20（2022年）")],
)  # fmt: skip
def test_stocks_of_an_earlier_year_say_it(plans, name, said):
    assert said in printable(plans[name], "zh")


@pytest.mark.parametrize(
    ("name", "rule", "said"),
    [
        ("qianjiang", "childcare_unit_size", "每处≤150 个托位"), ("wuhan", "new_estate_unit", "每处≥300 平方米"),
        ("yinzhou", "new_community_area_per_place", "每处≥12 平方米/托位"), ("yantai", "dementia_homes", "≥1，宜 2"),
    ],
)  # fmt: skip
def test_targets_print_as_in_every_output(plans, name, rule, said):
    assert row(plans[name].findings, f"{name}.{rule}")["target_zh"] == said
    assert said in printable(plans[name], "zh")


def test_targets_keep_the_digits_of_the_plan(plans):
    # 补足1900.6平方米, not 1,901
    assert row(plans["huzhong"].findings, "huzhong.community_rooms_added")["target_zh"] == "≥1,900.6"
    rule = next(rule for rule in read_pack("huzhong").rules if rule.id == "community_rooms_added")
    assert rule.required_text(rule.requirement(2025), "zh") == "≥1,900.6"
    assert rule.full_target_text("zh") == "≥1,900.6 平方米"
    assert row(plans["yinzhou"].findings, "yinzhou.places_per_1000_residents")["target_zh"] == "≥4.55"


def test_area_of_new_communities_is_unknown_to_totals(plans):
    found = row(plans["yinzhou"].findings, "yinzhou.new_community_area_per_place")
    assert found["verdict"] == "no_data"


def test_a_share_of_projects_alone_is_no_figure_of_the_district(plans):
    # 4 homes in the list, beds of one unknown; what stands besides is unknown as well
    found = row(plans["yinzhou"].with_projects, "yinzhou.nursing_bed_share")
    assert (found["verdict"], found["missing_zh"]) == (
        "no_data",
        "4 条记录中 0 条已知；总量文件未载明养老机构",
    )
    # 60 % of the 950 beds of the projects of Qianjiang would be 570
    found = row(plans["qianjiang"].with_projects, "qianjiang.nursing_bed_share")
    assert found["missing_zh"] == "4 条记录中 0 条已知；总量文件未载明养老机构"


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_plan_prints(plans, name, lang):
    text = printable(plans[name], lang)
    assert "{" not in text
    assert not re.search(r"(?<![a-z])(nan|inf)(?![a-z])|∞", text, re.IGNORECASE)
    assert ("未达标" if lang == "zh" else "no data") in text or name in ("wuhan", "yinzhou")
