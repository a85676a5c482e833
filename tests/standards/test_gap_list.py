"""The gap list, whole and readable: one small town's findings, flags and gap list as they are handed in."""

import io
import os
from pathlib import Path

import pandas as pd
import pytest

from geoplan.standards.assess import Assessment
from geoplan.standards.flags import study_circles
from geoplan.standards.gaps import gap_list
from geoplan.standards.packs.read import read_pack, rules_of, rules_table
from geoplan.tables import GAP_LIST

GOLDEN = Path(__file__).with_name("golden")
#: The columns that an office hands in, in its order.
OFFICE = ["serial", "town", "community", "indicator", "clause", "attribute", "basis", "actual", "required", "shortfall", "unit", "verdict",
          "people_affected", "nearest_facility", "minutes", "cause", "measures", "project", "phase"]  # fmt: skip


def listed(town, lang="zh", pack="wuhan", **more):
    packs = [read_pack(pack) if isinstance(pack, str) else pack]
    result = town.assess(rules_of(packs), **more)
    rules = rules_table(packs, study_circles(town.services, rules_of(packs)))
    return result, gap_list(result, town.zones, rules, town.facilities, lang=lang)


def of_districts(town):
    return town.with_zones(level=town.zones["level"].replace("town", "district"))


def as_text(table: pd.DataFrame) -> str:
    out = io.StringIO()
    table.to_csv(out, index=False, lineterminator="\n", float_format="%.6g")
    return out.getvalue()


def same_as_golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")


def test_the_town_reads_as_it_is_written_down(town):
    result, table = listed(town)
    findings = ["rule_id", "zone_id", "actual_low", "actual_high", "rows", "unknown_rows", "comparison", "required", "aim", "verdict",
                "shortfall", "gross_shortfall", "unit", "people_affected", "cause", "missing_zh"]  # fmt: skip
    same_as_golden("findings.csv", as_text(result.findings[findings]))
    flags = ["rule_id", "zone_id", "reachable_low", "located_low", "required", "shortfall", "unit", "flagged", "apportioned", "own_level",
             "people", "people_affected", "nearest_facility", "minutes", "cause", "note_zh"]  # fmt: skip
    same_as_golden("flags.csv", as_text(result.flags[flags]))
    same_as_golden("gap_list.csv", as_text(table[[*OFFICE, "note"]]))


def test_flagged_communities_come_first_by_code(town):
    _, table = listed(town)
    assert list(table.columns) == list(GAP_LIST)
    assert list(GAP_LIST)[: len(OFFICE)] == OFFICE
    parts = table["part"].tolist()
    first_other = parts.index("finding")
    assert set(parts[:first_other]) == {"flag"}
    assert "flag" not in parts[first_other:]
    flags = table[table["part"] == "flag"]
    assert flags.loc[flags["zone_id"].str.startswith("community"), "zone_id"].is_monotonic_increasing
    levels = flags["zone_id"].str.split("/").str[0].tolist()
    # towns are short of beds in care homes; they stand behind the communities
    assert levels == sorted(levels)
    assert set(flags.loc[flags["zone_id"].str.startswith("town"), "rule_id"]) == {
        "wuhan.beds_per_1000_elders"
    }
    assert table["serial"].tolist() == list(range(1, len(table) + 1))


def test_members_follow_their_finding(town):
    _, table = listed(town)
    mine = table[table["rule_id"] == "wuhan.community_eldercare"]
    # the home in 北秀 is no community facility
    assert mine["part"].tolist() == ["finding", "member", "member"]
    assert mine["community"].tolist()[1:] == ["北秀社区", "河西村"]
    assert mine["shortfall"].tolist() == [2.0, 1.0, 1.0]
    assert (mine.iloc[1]["target"], mine.iloc[1]["format"]) == ("设有社区居家养老服务设施", "percent")
    assert mine.iloc[2]["measures"] == "在步行范围内新建或改建社区居家养老服务设施，补足1处"


def test_where_there_are_no_towns_the_district_stands_there(town):
    _, table = listed(of_districts(town))
    assert set(table["town"]) == {""}
    assert table.iloc[0]["district"] == "西镇"


def test_in_english_nothing_of_the_words_is_chinese(town):
    table = listed(town, "en")[1]
    for column in ("indicator", "target", "measures", "unit", "phase", "note"):
        assert not table[column].astype(str).str.contains("[\u4e00-\u9fff]").any(), column
    assert "measured by community, which is not the plan's own level" in set(table["note"])


def test_nothing_short_gives_an_empty_list_with_its_columns(town):
    _, table = listed(town, flag_rules=())
    findings = pd.DataFrame(columns=["rule_id", "verdict", "target_year"])
    empty = Assessment(findings, pd.DataFrame(), pd.DataFrame(), ())
    nothing = gap_list(empty, town.zones, rules_table([read_pack("wuhan")]), town.facilities, lang="zh")
    assert nothing.empty
    assert list(nothing.columns) == list(table.columns)


@pytest.mark.parametrize(("year", "phase"), [(2023, "远期"), (2025, "近期"), (2026, "近期")])
def test_phase_by_target_year(town, year, phase):
    _, table = listed(town.change(year=year))
    assert set(table.loc[table["rule_id"] == "wuhan.beds_per_1000_elders", "phase"]) == {phase}


def test_a_city_above_the_upper_limit_is_told_to_add_no_more(town):
    centres = [("medical_and_care_centre",)] * 4 + list(town.facilities["services"][4:])
    apart = of_districts(town).with_facilities(services=centres)
    plan = read_pack("wuhan")
    rules = [
        rule.model_copy(update={"range_is": "limits"}) if rule.id == "medical_and_care_centres" else rule
        for rule in plan.rules
    ]
    pack = plan.model_copy(update={"rules": rules})  # as a plan would have it that says 1-3 and no more
    findings = listed(apart, pack=pack, flag_rules=())[0].findings
    over = findings[findings["rule_id"] == "wuhan.medical_and_care_centres"].set_index("zone_id")
    assert over["verdict"].to_dict() == {"town/1": "met", "town/2": "met"}
    _, table = listed(apart.with_facilities(zone_id="community/A"), pack=pack, flag_rules=())
    mine = table[table["rule_id"] == "wuhan.medical_and_care_centres"]
    assert mine["measures"].tolist() == ["超出上限1处，压减或不再新增", "医养融合康复服务中心：新增1处"]
