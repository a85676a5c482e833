"""What a project list does for the indicators: by hand, and for the demo town from its files to the table."""

import runpy
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geoplan as gp
from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.projects import read_projects
from geoplan.network.graph import build_graph
from geoplan.pipeline.evaluate import evaluate, project_support
from geoplan.pipeline.gather import gather, read_packs
from geoplan.standards.packs.read import read_pack, rules_of
from geoplan.standards.projects.facilities import as_facilities, with_projects
from geoplan.standards.projects.support import rule_words, support, support_notes
from geoplan.tables import SUPPORT
from geoplan.words.errors import TableError
from geoplan.words.progress import Stages

ROOT = Path(__file__).parents[2]
LIST = ROOT / "data" / "facilities" / "huzhong_projects.xlsx"


@pytest.fixture(scope="module")
def demo():
    """Return the demo town judged without and with its project list."""
    study = gp.read_study(ROOT / "studies" / "huzhong" / "study.yaml")
    inputs, services, rules = gather(study), study.measured_services(), rules_of(read_packs(study))
    graph = build_graph(inputs.nodes, inputs.edges)
    found = read_projects(LIST, zones=inputs.zones, crs=inputs.crs, indicators=rule_words(rules))

    def judged(now):
        return evaluate(graph, now, services, rules, stages=Stages()).assessment

    own = inputs.register
    laid = {"home": "district/HZ"}
    then = with_projects(own.facilities, own.supplies, found.projects, year=study.year, **laid)
    every = with_projects(own.facilities, own.supplies, found.projects, **laid)
    before = judged(inputs)
    after = judged(replace(inputs, register=replace(own, facilities=then[0], supplies=then[1])))
    table = support(
        before.findings, after.findings, found.projects, rules, zones=inputs.zones, facilities=every[0], supplies=every[1],
        year=study.year,
    )  # fmt: skip
    asked = (graph, inputs, services, rules)
    return {"table": table, "projects": found, "before": before, "after": after, "asked": asked}


def row(table, rule, zone="district/HZ"):
    return table.set_index(["rule_id", "zone_id"]).loc[(rule, zone)]


def test_the_demo_list_is_read_without_a_fault_but_its_one_vague_place(demo):
    warnings = [(note.code, note.row) for note in demo["projects"].notes if note.severity == "warning"]
    assert warnings == [("project_place_vague", 9)]
    names = demo["projects"].projects["zone_id"].tolist()
    assert [zone if isinstance(zone, str) else None for zone in names] == [
        "community/HZ0103", "community/HZ0201", "community/HZ0103", "community/HZ0105", "community/HZ0202", "community/HZ0103", None,
    ]  # fmt: skip


def test_places_are_won(demo):
    found = row(demo["table"], "huzhong.places_per_1000_residents")
    # 20 places for 12,000 residents; 40 of the new centre and 20 of the nursery class come to them
    assert found["actual_before"] == pytest.approx(20 / 12)
    assert found["actual_after"] == pytest.approx(80 / 12)
    assert found[["verdict_before", "verdict_after", "shortfall_before", "change"]].tolist() == ["not_met", "met", 34, "won"]  # fmt: skip
    assert np.isnan(found["shortfall_after"])
    assert found["projects"] == ("huzhong_projects.xlsx#3", "huzhong_projects.xlsx#9")
    assert found["claimed_by"] == ("huzhong_projects.xlsx#3",)


def test_nursing_beds_are_won_without_a_new_bed(demo):
    found = row(demo["table"], "huzhong.nursing_bed_share")
    assert [found["actual_before"], found["actual_after"]] == [pytest.approx(8 / 22), pytest.approx(13 / 22)]
    assert (found["change"], found["projects"]) == ("won", ("huzhong_projects.xlsx#4",))
    # in the town of the home that is turned, and not in the other
    for town, projects in (("town/HZ02", ("huzhong_projects.xlsx#4",)), ("town/HZ01", ())):
        assert row(demo["table"], "local_rules.town_nursing_bed_share", town)["projects"] == projects


def test_day_care_comes_nearer_and_a_later_room_does_not_count(demo):
    found = row(demo["table"], "huzhong.community_day_care")
    assert found[["verdict_after", "change", "shortfall_before", "shortfall_after"]].tolist() == ["not_met", "nearer", 4, 2]  # fmt: skip
    assert found["projects"] == ("huzhong_projects.xlsx#5", "huzhong_projects.xlsx#6")
    assert found["later"] == ("huzhong_projects.xlsx#7",)


def test_estates_are_not_helped(demo):
    found = demo["table"][demo["table"]["rule_id"] == "huzhong.new_estate_rooms"]
    assert (found["change"] == "same").all()
    assert (found["projects"].map(len) == 0).all()


def test_the_table_agrees_with_both_assessments(demo):
    table, after = demo["table"], demo["after"].findings
    assert list(table.columns[: len(SUPPORT)]) == list(SUPPORT)
    assert table["rule_id"].tolist() == after["rule_id"].tolist()
    assert table["verdict_after"].tolist() == after["verdict"].tolist()
    assert table["verdict_before"].tolist() == demo["before"].findings["verdict"].tolist()
    # what has changed has a project that adds to it
    moved = ~np.isclose(table["actual_before"], table["actual_after"], equal_nan=True)
    assert (table.loc[moved, "projects"].map(len) > 0).all()
    changed, met = table["change"].value_counts(), (table[["verdict_before", "verdict_after"]] == "met").sum()
    assert changed["won"] >= 1
    assert (table["verdict_after"] == "not_met").any()
    assert met["verdict_after"] == met["verdict_before"] + changed["won"] - changed.get("lost", 0)
    assert support_notes(table, demo["projects"].projects) == ()


def test_a_project_whose_facility_stands_in_the_register_is_not_counted_twice(demo):
    graph, inputs, services, rules = demo["asked"]
    own, centre = inputs.register, demo["projects"].projects.iloc[[0]]
    new, more = as_facilities(centre, year=2025)
    new = (
        new.drop(columns="project_id")
        .assign(status="existing", open_year=2024.0)
        .reindex(columns=own.facilities.columns)
    )
    facilities = pd.concat([own.facilities, new]).astype(own.facilities.dtypes.drop("geometry").to_dict())
    supplies = pd.concat([own.supplies, more.drop(columns="project_id")], ignore_index=True)
    stands = replace(own, facilities=facilities, supplies=supplies)
    now = replace(inputs, register=stands, projects=demo["projects"].projects)
    before = evaluate(graph, now, services, rules, stages=Stages())
    found = project_support(graph, now, services, rules, before)
    # 20 and the centre's 40 places for 12,000 residents; the nursery class adds 20, the centre nothing more
    told = row(found.support, "huzhong.places_per_1000_residents")
    assert (told["actual_before"], told["actual_after"]) == (pytest.approx(60 / 12), pytest.approx(80 / 12))
    assert told["projects"] == ("huzhong_projects.xlsx#9",)
    (note,) = [note for note in found.notes if note.code == "project_stands_by_name"]
    assert (note.row, note.severity) == (3, "warning")
    assert note.text("zh").count("呼中区托育综合服务中心") == 2
    # every project may stand already
    alone = replace(now, projects=centre)
    told = row(
        project_support(graph, alone, services, rules, before).support, "huzhong.places_per_1000_residents"
    )
    assert (told["actual_after"], told["projects"], told["change"]) == (pytest.approx(60 / 12), (), "same")


def test_the_demo_list_is_made_anew_the_same(tmp_path):
    module = runpy.run_path(str(ROOT / "studies" / "huzhong" / "make_projects.py"))
    main = module["main"]
    main.__globals__["FILE"] = tmp_path / "list.xlsx"
    main()
    assert (tmp_path / "list.xlsx").read_bytes() == LIST.read_bytes()


# --- by hand

ZONES = gpd.GeoDataFrame(
    {"level": ["area", "town"], "name": ["区", "东街道"], "code": ["a", "1"], "parent_id": pd.Series([None, "area/a"], dtype=object).to_numpy(),
     "kind": [frozenset()] * 2, "covered_share": 1.0},
    geometry=[None, None], index=pd.Index(["area/a", "town/1"], name="zone_id"),
)  # fmt: skip
SHARE = next(rule for rule in read_pack("huzhong").rules if rule.id == "nursing_bed_share")
PLACES = next(rule for rule in read_pack("huzhong").rules if rule.id == "places_per_1000_residents")


def finding(rule, verdict, *, low=0.0, shortfall=np.nan):
    return {"rule_id": rule.rule_id, "zone_id": "area/a", "verdict": verdict, "actual_low": low, "actual_high": low, "required": 1.0,
            "shortfall": shortfall, "unit": rule.unit}  # fmt: skip


def facilities(**projects):
    """Return facilities of projects: id -> (service, zone, year, registered)."""
    rows = list(projects.values())
    table = pd.DataFrame(
        {"services": [(r[0],) for r in rows], "zone_id": pd.Series([r[1] for r in rows], dtype=object).to_numpy(), "open_year": [r[2] for r in rows],
         "close_year": np.nan, "status": "planned", "location_quality": "missing", "serves": [()] * len(rows), "name": list(projects),
         "project_id": list(projects), **{flag: pd.array([None] * len(rows), dtype="boolean") for flag in ATTRIBUTES}},
        index=pd.Index(list(projects), name="facility_id", dtype=object),
    )  # fmt: skip
    return table.assign(registered=pd.array([r[3] for r in rows], dtype="boolean"))


def supplies(*rows):
    return pd.DataFrame(
        [(p, service, supply, low, high, p) for p, service, supply, low, high in rows],
        columns=["facility_id", "service", "supply", "low", "high", "project_id"],
    )  # fmt: skip


def projects_of(table, indicators=()):
    return pd.DataFrame({"open_year": table["open_year"], "indicators": [tuple(indicators)] * len(table), "name": table.index,
                         "source_file": "l.csv", "source_row": 2}, index=table.index)  # fmt: skip


def told(before, after, table, amounts, *, rules=(SHARE, PLACES), indicators=(), year=2025):
    return support(
        pd.DataFrame(before), pd.DataFrame(after), projects_of(table, indicators), rules, zones=ZONES, facilities=table, supplies=amounts,
        year=year,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "change"),
    [(("not_met", 5.0), ("met", np.nan), "won"), (("met", np.nan), ("not_met", 2.0), "lost"), (("not_met", 5.0), ("not_met", 2.0), "nearer"),
     (("not_met", 2.0), ("not_met", 5.0), "farther"), (("not_met", 5.0), ("not_met", 5.0), "same"), (("met", np.nan), ("met", np.nan), "same"),
     (("not_met", 5.0), ("no_data", np.nan), "open"), (("no_data", np.nan), ("met", np.nan), "won"), (("met", np.nan), ("no_data", np.nan), "lost")],
)  # fmt: skip
def test_changes(was, now, change):
    before, after = ([finding(SHARE, verdict, shortfall=short)] for verdict, short in (was, now))
    table = told(before, after, facilities(), supplies())
    assert table["change"].tolist() == [change]


def test_who_helps():
    table = facilities(
        home=("elder_home", "town/1", 2025.0, None), beds_only=("elder_home", "town/1", 2025.0, None),
        nursery=("childcare", None, 2026.0, True), unregistered=("childcare", "town/1", 2025.0, False),
        classes=("kindergarten_class", "area/a", 2024.0, None),
    )  # fmt: skip
    amounts = supplies(
        ("home", "elder_home", "beds", 20, 20), ("home", "elder_home", "nursing_beds", 5, 5), ("beds_only", "elder_home", "beds", 20, 20),
        ("beds_only", "elder_home", "nursing_beds", 0, 0), ("nursery", "childcare", "places", 40, 40),
        ("unregistered", "childcare", "places", 40, 40), ("classes", "kindergarten_class", "places", 0, np.inf),
    )  # fmt: skip
    findings = [finding(SHARE, "not_met", shortfall=1.0), finding(PLACES, "not_met", shortfall=1.0)]
    found = told(findings, findings, table, amounts, indicators=[SHARE.rule_id]).set_index("rule_id")
    # more beds that are not for nursing do not help the share; an unregistered institution does not count
    assert found.loc[SHARE.rule_id, "projects"] == ("home",)
    assert found.loc[PLACES.rule_id, "projects"] == ("classes",)
    assert found.loc[PLACES.rule_id, "later"] == ("nursery",)
    assert found.loc[SHARE.rule_id, "claimed_by"] == tuple(table.index)
    notes = support_notes(found.reset_index(), projects_of(table, [SHARE.rule_id]))
    assert len(notes) == 4
    assert all("{" not in note.text(lang) for note in notes for lang in ("zh", "en"))


def test_a_finding_that_was_not_there_before_is_new():
    after = [finding(SHARE, "met"), finding(PLACES, "not_met", shortfall=3.0)]
    table = told([finding(SHARE, "met")], after, facilities(), supplies())
    assert table["verdict_before"].tolist() == ["met", "no_data"]
    assert table["change"].tolist() == ["same", "open"]


def test_tables_are_checked():
    same = [finding(SHARE, "met")]
    with pytest.raises(TableError, match="project_id"):
        told(same, same, facilities().drop(columns="project_id"), supplies())


def test_words_of_indicators():
    words = rule_words([SHARE, PLACES])
    for word in ("养老机构护理型床位占比", "nursing_bed_share", "huzhong.nursing_bed_share"):
        assert words[word] == ("huzhong.nursing_bed_share",)
