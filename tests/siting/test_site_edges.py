"""Edges of siting on the demo town: nothing to choose from, limits of 0, phases in the past, and what sites do to rules and names."""

import importlib
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

import geoplan as gp
from geoplan.pipeline.evaluate import compute
from geoplan.pipeline.gather import gather
from geoplan.pipeline.plan_sites import site, with_sites
from geoplan.siting.candidates import with_opening_cost
from geoplan.siting.objectives import objective_of
from geoplan.siting.objectives.capacity.ask import _with_earlier
from geoplan.siting.question import Question as Plain
from geoplan.siting.sites import sites_as_projects
from geoplan.siting.solve.problems import Answer, Step
from geoplan.standards.assess import Assessment
from geoplan.standards.gaps import gap_list_with_sites
from geoplan.study.services import Service as StudyService
from geoplan.study.siting import CandidateSource, Phase, Question
from geoplan.tables import Service
from geoplan.words.errors import StudyError

RULE = "huzhong.places_per_1000_residents"
ROOMS = "huzhong.new_estate_rooms"
EVERY = {
    "cover": {"ask": "cover", "services": ["eldercare"], "sites": 2},
    "share": {"ask": "share", "services": ["eldercare"], "share": 0.9},
    "median": {"ask": "median", "services": ["eldercare"], "sites": 2},
    "center": {"ask": "center", "services": ["eldercare"], "sites": 2},
    "capacity": {"ask": "capacity", "services": ["childcare"], "sites": 2},
    "sizes": {"ask": "sizes", "rules": [RULE]},
}


@pytest.fixture(scope="module")
def study():
    """Return the demo, which also asks what if communities were measured by the standard of new estates."""
    circles = ("huzhong.circle_eldercare", "study.circle_eldercare", "study.circle_childcare")
    flagging = [RULE, ROOMS, "huzhong.existing_estate_rooms", *circles]
    return gp.read_study(gp.demo_study()).changed(flag_rules=flagging)


@pytest.fixture(scope="module")
def asking(study):
    """Ask questions of the demo; inputs and the study as it is are computed once."""
    inputs = gather(study)
    before = compute(inputs)
    room = importlib.import_module("geoplan.pipeline.plan_sites")

    def ask(questions, candidates=None):
        entries = {name: Question(**entry) for name, entry in questions.items()}
        update = {"questions": entries, "adopt": None}
        if candidates is not None:
            update["candidates"] = candidates
        asked = study.changed(siting=study.siting.changed(**update))

        def computed(these, **given):
            return compute(these, **given) if "graph" in given else before

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room, "gather", lambda one, **_: replace(inputs, study=one))
            patch.setattr(room, "compute", computed)
            return site(asked)

    ask.inputs = inputs
    return ask


def codes(found):
    return set(found.before.outcome.warnings["code"])


def candidates_of(tmp_path, text):
    file = tmp_path / "premises.csv"
    file.write_text(text, encoding="utf-8")
    return [CandidateSource(file=str(file))]


@pytest.mark.parametrize("way", ["none", "forbidden", "off the network"])
def test_without_a_candidate_that_may_be_chosen_every_question_tells_what_exists(asking, tmp_path, way):
    sources = {
        "none": [CandidateSource(generate="existing", services=["hospital"])],
        "forbidden": candidates_of(tmp_path, "名称,经度,纬度,最多托位,必选/禁选\n甲,123.6,52.05,20,禁选\n"),
    }
    if way == "off the network":
        sources[way] = candidates_of(tmp_path, "名称,最多托位\n甲,20\n")
    found = asking(EVERY, sources[way])
    answers = found.answers.set_index("question")
    assert (answers["status"] == "optimal").all()
    assert (answers["sites"] == 0).all()
    assert (answers["candidates"] == 0).all()
    for name in ("cover", "median", "center", "capacity", "sizes"):
        assert answers.loc[name, "objective"] == pytest.approx(answers.loc[name, "before"])
    assert found.after is None
    told = {"none": "siting_no_candidates", "forbidden": "candidate_forbidden", "off the network": "candidate_off_network"}  # fmt: skip
    assert told[way] in codes(found)


def test_limits_of_nothing_leave_everything_as_it_is(asking):
    named = {
        name: {**{key: value for key, value in EVERY[name].items() if key != "sites"}, limit: 0}
        for name, limit in (("cover", "sites"), ("median", "budget"), ("center", "sites"))
    }
    found = asking(named)
    answers = found.answers.set_index("question")
    np.testing.assert_allclose(answers["objective"], answers["before"])
    assert (answers["cost"] == 0).all()


def test_phases_before_the_year_of_the_study_are_told(asking):
    past = {**EVERY["cover"], "sites": None, "phases": [{"by": 1995, "sites": 1}, {"by": 1999, "sites": 2}]}
    told = asking({"past": past, "now": {**EVERY["cover"], "sites": 0}}).before.outcome.warnings
    texts = told.loc[told["code"] == "siting_phase_past", "text"].tolist()
    assert len(texts) == 1
    assert "past" in texts[0]


def test_cost_is_counted_only_where_it_is_asked_for(asking):
    """Areas of intent have no cost; `minimise: cost` means nothing to a question of coverage, and does not stop it."""
    found = asking(
        {"sites": EVERY["cover"], "cost": {**EVERY["cover"], "minimise": "cost"}},
        [CandidateSource(generate="centroids")],
    )
    first, second = found.answers["objective"]
    assert first == second > found.answers["before"].iloc[0]


def test_what_a_share_leaves_open_is_due_to_no_limit(asking):
    found = asking({"q": {**EVERY["share"], "share": 0.75}})
    left = found.before.outcome.unmet
    assert len(left)
    assert not set(left["why"]) & {"sites", "budget"}


def test_several_rules_are_the_mean_part_of_their_gaps(asking):
    found = asking({"q": {"ask": "sizes", "rules": [RULE, ROOMS], "largest": 300.0, "sites": 3}})
    row = found.answers.iloc[0]
    assert row["unit"] == "share"
    assert 0 <= row["objective"] <= row["before"] <= 1 + 1e-9
    assert row["before"] - row["objective"] == pytest.approx(found.sites["marginal"].sum())
    assert row["recount"] == pytest.approx(row["objective"])


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([ROOMS, "huzhong.existing_estate_rooms"], "同一种供给|cannot be built twice"),
        (["local_rules.town_beds_per_1000_elders"], "既无缺口|neither a shortfall"),
        (["huzhong.circle_eldercare"], "不是可按|no rule whose shortfall"),
    ],
)
def test_rules_that_cannot_be_sized_say_so(asking, rules, said):
    with pytest.raises(StudyError, match=said):
        asking({"q": {"ask": "sizes", "rules": rules, "sites": 3}})


def test_required_premises_too_small_or_of_unknown_size_are_left_out_and_do_not_open_empty(asking, tmp_path):
    head = "名称,经度,纬度,最多托位,投资估算,必选/禁选\n"
    at = asking.inputs.register.facilities.geometry.dropna().to_crs(4326).iloc[0]
    rows = [f"{name},{at.x},{at.y},{places},10,{rule}\n" for name, places, rule in
            (("小屋", "3", "必选"), ("不知", "", "必选"), ("大屋", "60", ""))]  # fmt: skip
    question = {"ask": "sizes", "rules": [RULE], "smallest": 5}
    found = asking({"q": question}, candidates_of(tmp_path, head + "".join(rows)))
    assert set(found.sites["name"]) <= {"大屋"}
    assert {"candidate_too_small", "candidate_size_unknown"} <= codes(found)


def test_sites_do_not_change_how_a_rule_of_presence_is_judged(asking):
    """No childcare register names the zones served: a community that has a facility has it still when sites stand elsewhere."""
    question = {**EVERY["cover"], "services": ["childcare"], "sites": 3}
    found = asking({"q": {**question, "attributes": {"registered": True, "inclusive": True}}})
    kept = []
    for outcome in (found.before.outcome, found.after.outcome):
        rows = outcome.members[outcome.members["rule_id"] == "huzhong.community_childcare"]
        kept.append(rows.set_index("member_id")["has"].fillna(False).astype(bool))
    assert kept[0].any()
    assert kept[1][kept[0]].all()
    assert kept[1].sum() > kept[0].sum()
    assert found.sites["serves"].map(len).min() >= 1


def test_the_facility_that_is_enlarged_is_found_though_two_have_its_name(asking):
    """Both of one name: by name neither is meant, and a second facility would stand beside them."""
    inputs = asking.inputs
    register = inputs.register
    places = register.facilities["services"].map(lambda kinds: "elder_day_care" in kinds)
    twins = register.facilities.index[places & register.facilities.geometry.notna()][:2]
    facilities = register.facilities.copy()
    facilities.loc[twins, "name"] = "同名日间照料室"
    inputs = replace(inputs, register=replace(register, facilities=facilities))
    old = twins[1]
    row = {
        "question": "q", "order": 1, "name": "同名日间照料室", "works": "extend", "services": ("elder_day_care",), "place": "",
        "beds": 7.0, "places": np.nan, "floor_area_m2": np.nan, "cost": np.nan, "cost_from": "", "phase": 2025.0, "serves": (),
        "indicators": (), "zone_id": facilities.loc[old, "zone_id"], "extends": old,
    }  # fmt: skip
    geometry = gpd.GeoSeries([facilities.geometry[old]], crs=facilities.crs)
    sites = gpd.GeoDataFrame(
        pd.DataFrame([row], index=["q/1"]), geometry=geometry.to_list(), crs=geometry.crs
    )
    built = with_sites(inputs, sites_as_projects(sites, facilities=facilities, year=2024)).register
    assert list(built.facilities.index) == list(facilities.index)
    assert built.facilities["name"].tolist() == facilities["name"].tolist()
    added = built.supplies[built.supplies["project_id"].notna() & (built.supplies["supply"] == "beds")]
    assert added["facility_id"].tolist() == [old]
    assert added["low"].tolist() == [7.0]


def test_a_row_closes_only_where_it_is_known_to(asking):
    outcome = asking({"q": EVERY["cover"]}).before.outcome
    zone = outcome.zones.index[outcome.zones["level"] == "community"][0]
    sites = pd.DataFrame({"order": [1], "name": ["甲"], "serves": [(zone,)], "indicators": [("p.r",)]})
    gaps = pd.DataFrame({"rule_id": ["p.r"], "zone_id": [zone], "part": ["flag"]})
    for flagged, name in ((True, ""), (pd.NA, ""), (False, "甲")):
        flags = pd.DataFrame(
            {"rule_id": ["p.r"], "zone_id": [zone], "flagged": pd.array([flagged], "boolean")}
        )
        after = Assessment(outcome.findings.iloc[:0], outcome.members.iloc[:0], flags, ())
        assert gap_list_with_sites(gaps, sites, outcome.zones, after, lang="zh")["site"].tolist() == [name]


def test_a_stated_cost_of_a_unit_counts_where_its_size_is_certain():
    rows = {
        "services": [("childcare",)] * 4, "works": ["extend"] * 4, "cost": [np.nan, np.nan, 50.0, np.nan],
        "cost_unit": [3.0, 3.0, np.nan, np.nan], "cost_from": ["stated", "stated", "stated", ""],
        "most_places": [20.0, 20.0, 20.0, 20.0], "most_beds": [np.nan] * 4, "floor_area_m2": [np.nan, 300.0, np.nan, np.nan],
    }  # fmt: skip
    table = gpd.GeoDataFrame(rows, geometry=[Point(0, 0)] * 4)
    service = StudyService.model_construct(facilities=["childcare"])
    found = with_opening_cost(table, kinds=list(service.facilities))
    assert found["opening_cost"].fillna(-1).tolist() == [60.0, -1.0, 50.0, 55.0]
    assert found["cost_from"].iloc[0] == "stated"


def test_phases_of_capacity_are_proven_only_if_each_is():
    done = (Step("met", "max", 9.0, 9.0),)
    last = Answer("optimal", np.array([0]), done, 9.0, nodes=3)
    good = _with_earlier(last, Answer("optimal", np.array([0]), done, 9.0, nodes=4), 2025)
    assert (good.status, good.nodes, [step.name for step in good.steps]) == (
        "optimal",
        7,
        ["met", "met 2025"],
    )
    cut = Answer("none", np.empty(0, np.int64), stopped="interrupt", repeatable=False)
    stopped = _with_earlier(last, cut, 2025)
    assert (stopped.status, stopped.stopped, stopped.repeatable) == ("within", "interrupt", False)


def test_a_phase_without_limits_leaves_no_gap_in_the_words():
    phases = [Phase(by=2025, sites=1), Phase(by=2027), Phase(by=2030, sites=3)]
    told = {
        "eldercare": Service(
            name="eldercare", facilities=(), group="elders_60", walk_minutes=15.0, walk_kmh=4.0
        )
    }
    question = Plain(name="q", ask="cover", services=["eldercare"], phases=phases)
    words = objective_of(question).sentence(question, services=told, rules=pd.DataFrame(), lang="zh")
    assert words == "eldercare：15分钟圈内人数最多（到2025年不超过1处；到2030年不超过3处）"


def test_what_is_printed_names_what_is_written_and_prints_no_share_as_0(asking, tmp_path, monkeypatch):
    room = importlib.import_module("geoplan.cli.console_site")
    printed, tables = [], []
    monkeypatch.setattr(room.console.out, "print", lambda *words, **_: printed.append(str(words[0])))
    monkeypatch.setattr(room.console, "table", lambda *given, **_: tables.append(given))
    room.print_sites(asking({"q": {**EVERY["cover"], "sites": 0}}), tmp_path)
    assert not any("compare" in line or "after" in line for line in printed)
    # without sites nothing closes, and what stands is judged as it is
    assert [title for title, *_ in tables] == ["选址问题", "选址方案复核", "选址方案与短板"]
    first = len(tables)
    several = {"ask": "sizes", "rules": [RULE, ROOMS], "largest": 300.0, "sites": 3}
    (tmp_path / "compare").mkdir()
    (tmp_path / "compare" / "compare.html").write_text("", encoding="utf-8")
    room.print_sites(asking({"q": several}), tmp_path)
    assert any("compare/compare.html" in line for line in printed)
    titles = [
        "选址问题",
        "选址方案复核",
        "选址方案与短板",
        "选址方案",
        "服务圈内人口",
        "缺口变化（按计量单位）",
    ]
    assert [title for title, *_ in tables[first:]] == titles
    _, headers, sites = tables[first + 3]
    gains = [row[headers.index("边际新增")] for row in sites]
    assert all(gain.endswith("%") and gain != "0.0%" for gain in gains)


@pytest.mark.parametrize(
    ("header", "cost"),
    [("单位造价（万元/托位）", 2.0), ("单位造价（万元/平方米）", 2.0 * 12.0), ("单位造价", np.nan)],
)
def test_a_unit_cost_says_what_it_is_of(asking, tmp_path, header, cost):
    """At 2 a place, or 2 a square metre of which a place takes 12; without a word of what, nothing can be charged."""
    at = asking.inputs.register.facilities.geometry.dropna().to_crs(4326).iloc[0]
    file = f"名称,经度,纬度,最多托位,{header}\n大屋,{at.x},{at.y},60,2\n"
    found = asking({"q": {"ask": "sizes", "rules": [RULE]}}, candidates_of(tmp_path, file))
    assert len(found.sites) == 1
    each = found.sites["cost"].iloc[0] / found.sites["size"].iloc[0]
    np.testing.assert_allclose(each, cost)


def test_capacity_tells_what_stays_unmet_and_why(asking):
    """What is unmet by community adds up to the need of the study's people less what is met."""
    found = asking({"q": {"ask": "capacity", "services": ["childcare"], "sites": 2}})
    row, left = found.answers.iloc[0], found.before.outcome.unmet
    assert row["objective"] + left["gap"].sum() == pytest.approx(54.0, abs=0.5)  # 4.5 per 1,000 of 12,000
    assert set(left["why"]) <= {"sites", "no_candidate"}
    assert (left["unit"] == "places").all()


def test_sizes_up_to_the_recommended_value(asking):
    """20 m2 per 100 households judge, 30 are recommended: 10 m2 more for every 100 households of a community that is short."""
    entry = {"ask": "sizes", "rules": [ROOMS], "sites": 0}
    gaps = {}
    for to in ("required", "recommended"):
        found = asking({"q": {**entry, "size_target": to}})
        gaps[to] = found.before.outcome.unmet.set_index("zone_id")["gap"]
    flags = found.before.outcome.flags
    mine = flags[flags["rule_id"] == ROOMS].set_index("zone_id").loc[gaps["required"].index]
    more = gaps["recommended"].loc[mine.index] - gaps["required"]
    np.testing.assert_allclose(more, 10.0 * mine["people"] / 100.0, atol=0.01)
    assert set(gaps["required"].index) <= set(gaps["recommended"].index)


def test_limits_that_contradict_are_named(asking):
    """The demo's one required kindergarten costs 72; with 10 to spend the note says so, and which limit is which."""
    found = asking({"q": {"ask": "cover", "services": ["childcare"], "budget": 10.0}})
    assert found.answers["status"].tolist() == ["infeasible"]
    said = found.before.outcome.warnings.set_index("code")["text"]
    assert "1. 到2025年不超过10万元；2. 必选：北秀闲置幼儿园" in said["siting_limits_named"]
    assert found.after is None


def test_a_site_beside_a_facility_but_far_from_it_on_foot_is_named(asking, tmp_path, monkeypatch):
    register = asking.inputs.register.facilities
    home = next(
        i for i, types in register["services"].items() if "elder_home" in types and register.geometry[i]
    )
    place = gpd.GeoSeries([register.geometry[home]], crs=register.crs).translate(xoff=30).to_crs(4326).iloc[0]
    rows = f"名称,经度,纬度,最多床位,必选/禁选\n隔墙楼,{place.x},{place.y},20,必选\n"
    questions, sources = {"cover": EVERY["cover"]}, candidates_of(tmp_path, rows)
    assert "sites_far_on_foot" not in codes(asking(questions, sources))
    # as if a metre on foot were far
    monkeypatch.setattr("geoplan.network.apart.FAR_M", 1.0)
    warnings = asking(questions, sources).before.outcome.warnings.set_index("code")
    found = warnings.loc["sites_far_on_foot", "text"]
    assert "隔墙楼" in found
    assert register["name"][home] in found


def test_a_question_that_cannot_be_met_in_full_says_so_in_its_title_and_gives_the_nearest_plan(asking):
    few = {"ask": "share", "services": ["eldercare"], "share": 0.95, "sites": 2}
    found = asking({"few": few})
    (row,) = found.answers.to_dict("records")
    sites = found.sites
    assert len(sites) == row["sites"] == 2
    people = found.before.outcome.demand.query("~halo")["elders_60"].sum()
    reached = sites["total"].iloc[-1]
    assert row["unit"] == "people"
    assert row["objective"] == pytest.approx(0.95 * people - reached)
    shown = f"{np.floor(1000 * reached / people) / 10:.1f}%"
    assert row["label"].endswith(f"——要求覆盖 95%，可达 {shown}，为限制条件下最接近的方案")
    assert row["aim"] == "距要求的覆盖率还差的人数（最接近的方案）"
    assert {"siting_share_not_within", "siting_limits_named"} <= codes(found)
