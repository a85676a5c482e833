"""Tables of zones, findings, gaps, members, towns, projects and sources: which cells they hold, before anything draws them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from printed import column, line_of, tables_in, texts, words
from report_town import BEDS, CIRCLE_C, CIRCLE_E, PLACES, PRESENCE, flags_of, with_projects

from geoplan.report.content.assessment import assessment
from geoplan.report.content.document import Heading, Shown
from geoplan.report.content.findings import completion_of, findings, indicators, summarised, target_of
from geoplan.report.content.gaps import gap_list, people_basis
from geoplan.report.content.guidance import guidance, guidance_level, town_pages, towns
from geoplan.report.content.members import facility_findings, members
from geoplan.report.content.names import Names, people_unit
from geoplan.report.content.projects import project_support_table, projects_table
from geoplan.report.content.registry import tables
from geoplan.report.content.report import report
from geoplan.report.content.served import served
from geoplan.report.content.sites import lead
from geoplan.report.content.sources import (
    registers_page,
    sources_page,
    unplaced_table,
    warnings_by_kind_table,
)
from geoplan.report.content.table import Amount, Coded, Listed, Table, Tally, cell_text
from geoplan.report.content.table import column as table_column
from geoplan.report.content.zones import (
    circle_totals,
    circles,
    communities,
    flag_totals,
    flagged,
    flags_by_place,
    provision,
)


def value(cell):
    """Return a cell as a plain value: a number, both ends of an interval, a code, or as it is."""
    if isinstance(cell, Amount):
        return cell.low if cell.low == cell.high else (cell.low, cell.high)
    return cell.code if isinstance(cell, Coded) else cell


def by_key(table):
    """Return a table's rows as dicts of column key -> value."""
    keys = [entry.key for entry in table.columns]
    return [dict(zip(keys, map(value, row), strict=True)) for row in table.rows]


def counted_flags(outcome):
    """Return the flags of communities but those for reference, and those of them that are short."""
    return tuple(table[table["rule_id"] != BEDS] for table in flags_of(outcome))


class TestFlagged:
    def test_one_row_a_community_worst_first(self, outcome):
        rows = by_key(communities(outcome))
        # 16 x (20 + column + row) elders, all of them outside in eight; of two alike that goes first where more is short or not known
        assert [(row["zone_code"], row["people_affected"]) for row in rows] == [
            ("C12", 400), ("C11", 384), ("C08", 384), ("C10", 368), ("C04", 368), ("C09", 352), ("C05", 336), ("C01", 320), ("C07", 138),
            ("C06", 132), ("C03", 88), ("C02", 84),
        ]  # fmt: skip
        assert {row["affected"] for row in rows} == {"服务圈外的60岁及以上老年人口（人）"}
        _, short = counted_flags(outcome)
        touched = short.groupby("zone_id")["people_affected"].max()
        assert [row["people_affected"] for row in rows] == pytest.approx(sorted(touched, reverse=True))

    def test_clauses_and_what_is_measured_are_counted_apart(self, outcome):
        rows = {row["zone_code"]: row for row in by_key(communities(outcome))}
        # all are short of the clause's circle; four have no childcare, of five more it is not known
        total = [rows[code]["clause_count"] for code in rows]
        assert (sum(one.count for one in total), sum(one.no_data for one in total)) == (12 + 4, 5)
        # places, and the circles of eldercare and childcare that the study sets
        total = [rows[code]["measured_count"] for code in rows]
        assert (sum(one.count for one in total), sum(one.no_data for one in total)) == (10 + 9 + 8, 0)
        # no childcare and 368 elders outside by clauses; places and both circles of the study
        assert (rows["C10"]["clause_count"], rows["C10"]["measured_count"]) == (
            Tally(2, 2, 0),
            Tally(3, 3, 0),
        )
        assert (rows["C12"]["clause_count"], rows["C12"]["measured_count"]) == (
            Tally(1, 1, 1),
            Tally(3, 3, 0),
        )
        # 84 of 336 elders outside the circle alone
        assert (rows["C02"]["clause_count"], rows["C02"]["measured_count"]) == (
            Tally(1, 2, 0),
            Tally(0, 3, 0),
        )
        # 0.75 of C02 and 0.625 of C06 are inside, 0.662 of the places are reached: short before slightly short
        assert [rows[code]["worst_grade"] for code in ("C02", "C06", "C10", "C12")] == [
            "slight",
            "short",
            "none",
            "none",
        ]

    def test_a_cell_is_the_shortfall_or_zero_or_no_data(self, outcome):
        flags = outcome.flags.copy()
        dark = (flags["rule_id"] == PLACES) & (flags["zone_id"] == "community/C03")
        flags.loc[dark, ["flagged", "state", "shortfall"]] = [pd.NA, "unknown", np.nan]
        outcome = dataclasses.replace(outcome, flags=flags)
        flags, _ = counted_flags(outcome)
        codes = outcome.zones["code"].to_dict()
        found = {row["zone_code"]: row for row in by_key(communities(outcome))}
        # nothing of 4.5 x 1.6 = 7.2 places is reached in C10; in C01 there is enough
        shown = f"{PLACES.replace('.', '_')}_short"
        assert [found[code][shown] for code in ("C03", "C10", "C01")] == ["no_data", 8, 0]
        for row in flags.itertuples():
            known = not pd.isna(row.flagged)
            asked = (row.shortfall if row.flagged else 0.0) if known else "no_data"
            assert found[codes[row.zone_id]][f"{row.rule_id.replace('.', '_')}_short"] == asked

    def test_a_rule_without_data_anywhere_is_neither_zero_nor_a_failure(self, outcome):
        unknown = outcome.flags["rule_id"] == PLACES
        flags = outcome.flags.assign(
            flagged=outcome.flags["flagged"].mask(unknown, pd.NA),
            state=outcome.flags["state"].mask(unknown, "unknown"),
            grade=outcome.flags["grade"].mask(unknown, ""),
        )
        dark = dataclasses.replace(outcome, flags=flags)
        row = next(row for row in by_key(flag_totals(dark, "community")) if row["rule_id"] == PLACES)
        assert (row["flag_zones"], row["gross_shortfall"], row["people_affected"]) == (
            Tally(0, 0, 12), "no_data", "no_data",
        )  # fmt: skip
        keys = ("flag_zones", "grades", "mean_met_zones", "gross_shortfall", "people_affected")
        said = line_of(flag_totals(dark, "community"), rule_id=PLACES)
        assert [said[key] for key in keys] == ["数据不足（12 个）", "", "数据不足", "数据不足", "数据不足"]
        # nothing flagged is 0 short
        calm = dataclasses.replace(
            outcome,
            flags=flags.assign(
                flagged=pd.array([False] * len(flags), "boolean"), state="not_flagged", grade=""
            ),
        )
        said = line_of(flag_totals(calm, "community"), rule_id=PLACES)
        assert [said[key] for key in keys] == ["0 / 12", "", "0", "0", "0"]

    def test_totals_say_the_kind_how_deep_and_how_widely_spread(self, outcome):
        said = line_of(flag_totals(outcome, "community"), rule_id=PLACES)
        # nothing is reached in C10, 18 % in C09, 37-66 % in C04, C06, C11 and C12, 74-82 % in C03, C07 and C08, 97 % in C05
        assert (said["flag_kind"], said["flag_zones"], said["grades"]) == (
            "测算短板", "10 / 12", "无 1、严重不足 1、不足 4、轻度不足 3、接近达标 1",
        )  # fmt: skip
        # 8 + 6 + 5 of 2 + 5 + 1 + 3 + 2 + 2 + 6 + 8 + 3 + 3 places are over half; three of twelve are over a fifth
        assert said["gross_shortfall"] == "35"
        assert said["half"].startswith("普遍短缺：半数缺口分布在3个社区（共测算12个）")
        assert line_of(flag_totals(outcome, "community"), rule_id=CIRCLE_E)["flag_kind"] == "条文短板"

    def test_beds_of_homes_are_for_reference_in_communities_and_flag_towns_and_districts(self, outcome):
        key = f"{BEDS.replace('.', '_')}_short"
        assert key not in {column.key for column in communities(outcome).columns}
        assert BEDS not in {row["rule_id"] for row in by_key(flag_totals(outcome, "community"))}
        found = {
            level: {row["zone_code"]: row[key] for row in by_key(flagged(outcome, level))}
            for level in ("town", "district")
        }
        # 50 beds for 1,000 of 1,056 elders less 10, and of 1,152 elders; a home of unknown size stands in T3, and so in D2
        assert found == {
            "town": {"T1": 0, "T2": 43, "T3": "no_data", "T4": 58},
            "district": {"D1": 0, "D2": "no_data"},
        }
        # those of whom there are no beds: 1,056 x (1 - 10 / 52.8), and all 1,152
        (row,) = (row for row in by_key(flag_totals(outcome, "town")) if row["rule_id"] == BEDS)
        assert (row["flag_zones"], row["gross_shortfall"], row["people_affected"]) == (
            Tally(2, 3, 1),
            101,
            856 + 1152,
        )
        # what is measured of communities stands in the table of supply alone
        (row,) = (r for r in by_key(provision(outcome)) if (r["rule_id"], r["zone_code"]) == (BEDS, "C03"))
        assert (row["flagged"], row["flag_kind"], row["shortfall"]) == ("flagged", "reference", 15)

    def test_lists_name_the_zones_above_and_none_below(self, outcome):
        levels = ("community", "town", "district")
        above = [
            [column.key for column in flagged(outcome, level).columns if column.key in levels]
            for level in levels
        ]
        assert above == [["district", "town", "community"], ["district", "town"], ["district"]]

    def test_the_caveats_of_a_rule_mark_its_header(self, outcome):
        marked = outcome.flags.assign(
            caveats=[("caveat_new_estates",) if rule == PLACES else () for rule in outcome.flags["rule_id"]]
        )
        table = communities(dataclasses.replace(outcome, flags=marked))
        headers = [entry.header for entry in table.columns if entry.mark == "short"]
        assert [header.split("\n")[0].endswith("*") for header in headers] == [True] + [False] * (
            len(headers) - 1
        )
        assert any("参照新建标准测算" in note and "*" in note for note in table.notes)

    def test_a_caveat_of_one_zone_stands_in_its_row(self, outcome):
        edge = outcome.zones.index[outcome.zones["level"] == "community"][3]
        flags = outcome.flags.assign(
            caveats=[("caveat_edge",) if zone == edge else () for zone in outcome.flags["zone_id"]]
        )
        rows = by_key(communities(dataclasses.replace(outcome, flags=flags)))
        assert {row["zone_code"]: bool(row["caveats"]) for row in rows} == {
            code: code == outcome.zones["code"][edge] for code in (row["zone_code"] for row in rows)
        }

    def test_flags_by_place_add_up(self, outcome):
        rows = by_key(flags_by_place(outcome, "community", "district"))
        assert [row["zone"] for row in rows] == ["东城区", "西城区", "合计"]
        flags, places = flags_of(outcome, PLACES)[0], f"{PLACES.replace('.', '_')}_flag"
        # C01 and C02 have enough
        assert [row[places].text("zh") for row in rows] == ["4 / 6", "6 / 6", "10 / 12"]
        place = flags["zone_id"].str[-2:].astype(int) % 4
        # the grid's first two columns are the one district, the others the other
        for row, columns in zip(rows, ((1, 2), (3, 0), range(4)), strict=True):
            own = flags.loc[place.isin(columns), "flagged"]
            assert row[places] == Tally(own.sum(), own.notna().sum(), own.isna().sum())
        for key in list(rows[0])[1:]:
            for part in ("count", "judged", "no_data"):
                assert sum(getattr(row[key], part) for row in rows[:2]) == getattr(rows[2][key], part)

    def test_towns_have_their_own_list(self, outcome):
        table = flagged(outcome, "town")
        assert table.key == "towns"
        assert len(table.rows) == 4


class TestCircles:
    def test_three_measures_beside_each_other(self, outcome):
        table = circles(outcome)
        rows = by_key(table)
        assert table.title == "15分钟服务圈"
        assert len(rows) == (outcome.circle["measure"] == "network").sum()
        circle = outcome.circle
        area = circle[
            (circle["zone_id"] == "area/area") & (circle["service"] == "eldercare") & (circle["kind"] == "")
        ]
        shares = area.set_index("measure")["share"]
        assert [rows[0][key] for key in ("share", "share_frail", "share_straight")] == pytest.approx(
            [shares[measure] for measure in ("network", "frail", "straight")]
        )
        assert rows[0]["people"] == pytest.approx(rows[0]["covered"] + rows[0]["outside"])

    def test_totals_are_the_rows_of_the_whole_area(self, outcome):
        totals = by_key(circle_totals(outcome))
        assert [row["service"] for row in totals] == ["eldercare", "childcare"]
        assert totals[0]["share"] == by_key(circles(outcome))[0]["share"]

    def test_provision_has_no_circles(self, outcome):
        assert {row["rule_id"] for row in by_key(provision(outcome))} == {BEDS, PLACES}


class TestFindings:
    def test_measured_reported_and_target(self, outcome):
        told = outcome.findings["rule_id"].eq("wuhan.nursing_bed_share")
        said = outcome.findings.assign(
            **{end: np.where(told, 0.7, np.nan) for end in ("reported", "reported_high")}
        )
        rows = by_key(findings(dataclasses.replace(outcome, findings=said)))
        places, unknown = rows[2], rows[0]
        # 24 + 12 + 25 + 18 places for 19,200 residents; 86.4 are asked for
        assert [places[key] for key in ("target", "shortfall", "verdict", "progress", "attribute")] == [
            "≥4.5", 8, "not_met", None, "原文指标表未载",
        ]  # fmt: skip
        assert (places["actual"], places["completion"]) == pytest.approx((79 / 19.2, 79 / 86.4))
        # 120 + 10 beds, and one of unknown size
        assert unknown["actual"] == (pytest.approx(130 / 4.32), np.inf)
        assert (unknown["verdict"], unknown["shortfall"]) == ("no_data", None)
        assert [row["reported"] for row in rows] == [None, 0.7, None, None, None]

    def test_targets_and_completion(self, outcome):
        names = Names(outcome)
        row = {
            "rule_id": BEDS, "required": 20.0, "aim": 30.0, "comparison": ">=", "actual_low": 15.0, "actual_high": 30.0,
        }  # fmt: skip
        assert target_of(names, row | {"target_zh": "每处≤150 个托位"}) == "每处≤150 个托位"
        assert completion_of(row) == Amount(0.75, 1.5, "percent")
        assert completion_of(row | {"comparison": "<="}) is None

    def test_a_facility_rule_prints_its_share_and_its_own_target(self, outcome):
        rules = outcome.rules.assign(format="percent", member_format="count", member_target_zh="≤150 个托位")
        told = outcome.findings.assign(
            actual_low=6 / 7, actual_high=6 / 7, target_zh="每处≤150 个托位", members_met=6, members_judged=7, members_no_data=2,
        )  # fmt: skip
        row = texts(indicators(dataclasses.replace(outcome, rules=rules, findings=told)))[0]
        said = [row[key] for key in ("actual", "target", "members")]
        assert said == ["85.7%", "每处≤150 个托位", "6 / 7（另 2 个数据不足）"]


def many_findings(outcome):
    """Return the outcome with one rule judged at every community: 5 met, 4 not met by 10 each, 3 without data."""
    zones = [zone for zone in outcome.zones.index if zone.startswith("community")]
    first = outcome.findings.set_index("rule_id").loc[PLACES].to_dict()
    verdicts = ["met"] * 5 + ["not_met"] * 4 + ["no_data"] * 3
    rows = [
        first | {
            "zone_id": zone, "verdict": verdict, "actual_low": 1.0, "actual_high": 1.0, "of_plan": False,
            "shortfall": 10.0 if verdict == "not_met" else np.nan, "rule_id": PLACES,
        }
        for zone, verdict in zip(zones, verdicts, strict=True)
    ]  # fmt: skip
    others = outcome.findings[outcome.findings["rule_id"] != PLACES].assign(of_plan=True)
    return dataclasses.replace(
        outcome, findings=pd.concat([others.iloc[:1], pd.DataFrame(rows), others.iloc[1:]], ignore_index=True)
    )


class TestManyZones:
    def test_the_table_has_one_row_that_counts_them(self, make):
        outcome = many_findings(make())
        found = by_key(indicators(outcome))
        assert len(found) == 5
        row = found[1]
        assert row["zone"] == "12 个社区（村）"
        assert row["verdict"] == Tally(5, 9, 3, "met")
        assert row["verdict"].text("zh") == "达标 5 / 9（另 3 个数据不足）"
        assert (row["gross_shortfall"], row["shortfall"], row["actual"]) == (40, None, None)
        assert len(findings(outcome).rows) == 4 + 12

    def test_those_that_fall_short_stand_among_the_members(self, make):
        outcome = many_findings(make())
        before, after = by_key(members(make())), by_key(members(outcome))
        added = after[len(before) :]
        assert [row["member_state"] for row in added] == ["not_met"] * 4 + ["no_data"] * 3
        assert [row["shortfall"] for row in added] == [10.0] * 4 + [None] * 3
        assert added[0]["member"] == Names(outcome).zone("community/C06")
        assert {row["target"] for row in added} == {"≥4.5"}

    def test_zones_with_unlike_targets_print_none(self, make):
        outcome = many_findings(make())
        findings = outcome.findings.copy()
        findings.loc[findings.index[2], "required"] = 6.0
        row = next(row for row in summarised(findings) if "counts" in row)
        assert row["required"] is None

    def test_one_zone_alone_keeps_its_own_row(self, outcome):
        findings = outcome.findings.assign(of_plan=False)
        assert [row["rule_id"] for row in summarised(findings)] == findings["rule_id"].tolist()
        assert not any("counts" in row for row in summarised(findings))


def test_facilities_one_by_one(outcome):
    assert facility_findings(outcome) is None
    ids = outcome.facilities.index
    rows = pd.DataFrame(
        {
            "rule_id": "wuhan.nursing_bed_share", "zone_id": "area/area", "member_id": [ids[4], ids[1], ids[0], ids[5]],
            "has": pd.array([True, False, pd.NA, False], dtype="boolean"), "value": [1.0, 0.0, 3.0, 0.0], "value_high": [1.0, 0.0, 3.0, 0.0],
            "sure": pd.array([True, True, pd.NA, False], dtype="boolean"),
            "nearest_facility": None, "minutes": np.nan, "cause": "",
        }
    )  # fmt: skip
    found = by_key(facility_findings(dataclasses.replace(outcome, members=rows)))
    # in the order of the registers
    assert [(row["name"], row["member_state"]) for row in found] == [
        ("江城颐养院", "no_data"), ("学府社区养老服务站", "has_not"), ("向阳托育中心", "has"),
        # whether the rule means it is not known: it does not fail
        ("北秀幼儿园托班", "may_count"),
    ]  # fmt: skip
    assert found[0]["community"] == "向阳社区"
    assert found[0]["member_value"] is None  # what cannot be told has no value
    assert found[0]["services"] == Listed((Coded("elder_home", "养老机构"),))
    assert [row["source_row"] for row in found] == [2, 3, 2, 3]


def beside(outcome, has, values, *, verdict):
    """Return an outcome in which two homes stand beside a clinic, one of them by a distance that is an interval."""
    rule = "wuhan.nursing_bed_share"
    facilities = outcome.facilities.copy()
    facilities["medical_unit"] = pd.array([True, pd.NA, *[False] * (len(facilities) - 2)], dtype="boolean")
    rules = outcome.rules.copy()
    rules["beside"] = ""
    rules.loc[rule, ["beside", "member_format"]] = ["medical_unit, medical_contract", "count"]
    findings = outcome.findings.copy()
    findings.loc[findings["rule_id"] == rule, "verdict"] = verdict
    ids = facilities.index
    members = pd.DataFrame({
        "rule_id": rule, "zone_id": findings.loc[findings["rule_id"] == rule, "zone_id"].iloc[0], "member_id": [ids[0], ids[1]],
        "has": pd.array(has, dtype="boolean"), "value": [low for low, _ in values], "value_high": [high for _, high in values],
        "sure": pd.array([True, True], dtype="boolean"), "nearest_facility": [ids[2], None], "minutes": np.nan, "cause": "",
    })  # fmt: skip
    return dataclasses.replace(
        outcome, facilities=facilities, rules=rules, findings=findings, members=members
    )


def shown(table, *keys):
    """Return the texts of some columns, row by row."""
    return list(zip(*([cell_text(cell, "zh") for cell in table.cells(key)] for key in keys), strict=True))


def test_what_stands_beside_facilities_that_nothing_bounds(outcome):
    found = beside(outcome, [pd.NA, pd.NA], [(120.0, 120.0), (0.0, 230.0)], verdict="not_quantified")
    table = facility_findings(found)
    headers = [entry.header for entry in table.to(2).columns]
    assert [name for name in headers if name in ("测算值", "最近设施", "内设医疗机构", "签约医疗机构", "是否符合")] == [
        "测算值", "最近设施", "内设医疗机构", "签约医疗机构", "是否符合",
    ]  # fmt: skip
    keys = ("member_value", "nearest_facility", "medical_unit", "medical_contract", "member_state")
    name = outcome.facilities["name"].iloc[2]
    assert set(shown(table, *keys)) == {
        ("120", name, "是", "数据不足", "规划未量化"),
        ("0–230", "", "数据不足", "数据不足", "规划未量化"),
    }


def test_what_stands_beside_facilities_that_fall_short(outcome):
    found = beside(outcome, [False, pd.NA], [(420.0, 420.0), (0.0, 430.0)], verdict="not_met")
    rows = shown(members(found), "member_value", "medical_unit", "member_state")
    assert rows[:2] == [("420", "是", "无（不符合）"), ("0–430", "数据不足", "数据不足")]
    assert all(unit == "" for _, unit, _ in rows[2:])


def test_without_such_a_rule_no_column_is_added(outcome):
    rows = beside(outcome, [True, True], [(1.0, 1.0), (2.0, 2.0)], verdict="met")
    plain = rows.rules.drop(columns="beside")  # as an older run stored them
    table = facility_findings(
        dataclasses.replace(rows, rules=plain, members=rows.members.assign(nearest_facility=None))
    )
    assert {"medical_unit", "nearest_facility"}.isdisjoint(entry.key for entry in table.columns)


class TestGapList:
    def test_columns_as_an_office_hands_them_in(self, outcome):
        on_paper = [
            "序号", "区划代码", "街道（乡镇）", "社区（村）", "指标名称", "短板类别", "短缺程度", "现状值（测算）", "目标值", "缺口", "净缺口", "计量单位", "涉及人数",
            "涉及对象", "建议措施", "优先次序", "街道核实意见", "核实人", "核实日期",
        ]  # fmt: skip
        on_screen = [
            "依据条文", "指标属性", "统计口径", "评价结论", "对象总数", "最近设施", "步行时间（分钟）", "成因", "对应项目", "在建、已立项可补", "完成年份", "资金来源", "责任单位",
            "建设时序", "口径说明", "指标编号",
        ]  # fmt: skip
        table = gap_list(outcome)
        assert [entry.header for entry in table.to(3).columns] == on_paper + on_screen
        assert table.on_paper == len(on_paper)
        rows = by_key(table)
        assert [row["shortfall"] for row in rows] == outcome.gap_list["shortfall"].tolist()
        assert [row["verdict"] for row in rows] == outcome.gap_list["verdict"].tolist()
        assert {row["verdict"] for row in rows} == {"flagged", "not_met", "has_not"}
        # a member lacks what a clause asks of each; a finding counts them and is no flag
        kinds = {(row["verdict"], row["flag_kind"]) for row in rows}
        assert kinds == {
            ("flagged", "clause"),
            ("flagged", "measured"),
            ("has_not", "clause"),
            ("not_met", None),
        }
        assert all((row["grade"] is not None) == (row["verdict"] == "flagged") for row in rows)

    def test_towns_short_of_beds_stand_behind_the_communities(self, outcome):
        rows = [row for row in by_key(gap_list(outcome)) if row["verdict"] == "flagged"]
        # 12 + 10 + 9 + 8 flags of the circles of clauses and of the study, and of places
        assert [row["rule_id"] == BEDS for row in rows] == [False] * 39 + [True] * 2
        assert [(row["zone_code"], row["town"], row["community"], row["shortfall"], row["cause"]) for row in rows[39:]] == [
            ("T2", "学府街道", "", 43, "short_inside"), ("T4", "新村街道", "", 58, "short_inside"),
        ]  # fmt: skip
        # what stands inside, 10 beds for 1,056 elders and one of unknown size beside none
        assert [row["actual"] for row in rows[39:]] == [pytest.approx(10 / 1.056), 0]

    def test_districts_where_there_are_no_towns(self, outcome):
        zones = outcome.zones[outcome.zones["level"] != "town"]
        keys = [entry.key for entry in gap_list(dataclasses.replace(outcome, zones=zones)).columns]
        assert "district" in keys
        assert "town" not in keys

    def test_the_basis_leaves_what_is_counted_to_the_indicator_table(self, outcome):
        counted = "托位；托育机构（已备案）、幼儿园托班；每千人：常住人口"
        names = Names(dataclasses.replace(outcome, rules=outcome.rules.assign(basis_zh=counted)))
        assert people_basis(names, PLACES, f"{counted}；常住 2010") == "每千人：常住人口；常住 2010"
        assert people_basis(names, PLACES, "托位") == "托位"  # where no people are named, all that there is

    def test_a_member_has_its_own_format_and_target(self, outcome):
        gaps = outcome.gap_list.iloc[:1].assign(
            part="member", member_id="community/C01", actual=160.0, actual_low=160.0, actual_high=160.0, verdict="has_not",
            target="≤150 个托位",
        )  # fmt: skip
        rules = outcome.rules.assign(format="percent", member_format="count")
        (row,) = by_key(gap_list(dataclasses.replace(outcome, gap_list=gaps, rules=rules)))
        assert (row["actual"], row["target"], row["verdict"]) == (160.0, "≤150 个托位", "has_not")

    def test_caveats_of_a_flag_stand_beside_it_in_the_list_and_the_guidance(self, outcome):
        gaps = outcome.gap_list.assign(
            caveats=[("caveat_new_estates", "caveat_local")] * len(outcome.gap_list)
        )
        told = dataclasses.replace(outcome, gap_list=gaps)
        # what a plan asks of the whole area is said of a community with that caveat
        ours = "参照新建标准测算；本地设定"
        wanted = [f"{ours}；{note}" if note else ours for note in gaps["note"]]
        assert [row["caveats"] for row in by_key(gap_list(told))] == wanted
        apart = {PLACES: "；按社区测算，非规划考核口径", BEDS: "；按辖区内床位测算，非规划考核口径"}
        apart = {outcome.rules.loc[rule, "indicator_zh"]: more for rule, more in apart.items()}
        seen = set()
        for page in town_pages(told):
            for row in by_key(page):
                assert row["caveats"] == ours + apart.get(row["indicator"], "")
                seen.add(row["indicator"])
        assert set(apart) < seen


class TestTowns:
    def test_every_row_of_the_gap_list_stands_in_one_town(self, outcome):
        found = towns(outcome)
        assert [town.name for town in found] == ["临江街道", "学府街道", "湖滨街道", "新村街道"]
        rows = [(row["zone_id"], row["rule_id"]) for town in found for row in town.rows]
        # the two indicators that the whole area falls short of lie in no town
        gaps = outcome.gap_list[outcome.gap_list["zone_id"] != "area/area"]
        assert len(gaps) == len(outcome.gap_list) - 2
        assert sorted(rows) == sorted(zip(gaps["zone_id"], gaps["rule_id"], strict=True))
        for town in found:
            assert {row["town"] for row in town.rows} <= {town.name}

    def test_totals_are_the_sums_of_the_rows(self, outcome):
        for town, page in zip(towns(outcome), town_pages(outcome), strict=True):
            gaps = outcome.gap_list[outcome.gap_list["town"] == town.name]
            own = by_key(page)
            assert len(own) == gaps["rule_id"].nunique()
            assert sum(row["gross_shortfall"] for row in own) == gaps["shortfall"].sum()
            # what the town as a whole is short of is no community
            whole = "辖区整体"
            assert [row["zones_short"] for row in own] == [
                whole
                if rule == BEDS
                else f"{'未达标单元' if rule == PRESENCE else '短板社区'} {len(part)} 个"
                for rule, part in gaps.groupby("rule_id", sort=False)
            ]
            assert (whole in [row["zones_short"] for row in own]) == (town.name in ("学府街道", "新村街道"))
            assert all(row["clause"] for row in own)
            # below: what is due by kind and unit (the net gaps of communities), then where to act first in this town
            works, first = page.below
            places = gaps[(gaps["rule_id"] == PLACES) & (gaps["part"] == "flag")]
            due = {row["unit"]: row["works_soon"] + row["works_later"] for row in by_key(works)}
            assert due.get("places", 0.0) == places["net_shortfall"].sum()
            assert {row["town"] for row in by_key(first)} == {town.name}
            assert len(first.rows) == outcome.priorities["zone_id"].isin(gaps["zone_id"]).sum()

    def test_communities_short_are_counted_without_the_town_itself(self, outcome):
        document = guidance(outcome)
        table = tables_in(document)["town_shortfalls"]
        assert column(table, "town_short") == ["3", "3", "3", "3"]
        assert column(table, BEDS) == ["", "43", "", "58"]
        said = words(document)
        assert said.count("短板社区（村）12个") == 1
        assert said.count("短板社区（村）3个") == 4

    def test_what_to_build_names_amount_and_facilities(self, outcome):
        rules = outcome.rules.assign(facilities_zh="托育服务设施", facilities_en="childcare")
        page = town_pages(dataclasses.replace(outcome, rules=rules))[0]
        row = next(r for r in by_key(page) if r["indicator"] == "每千人口拥有3岁以下婴幼儿托位数(个)")
        assert row["work"] == f"新建、改扩建托育服务设施，共补足 {row['gross_shortfall']:.0f}个托位"

    def test_findings_members_and_facilities_belong_where_they_lie(self, outcome):
        home = outcome.facilities.index[0]
        rows = [
            {"rule_id": "wuhan.urban_community_childcare", "zone_id": "area/area", "part": "finding", "member_id": ""},
            {"rule_id": "wuhan.urban_community_childcare", "zone_id": "community/C05", "part": "member", "member_id": "community/C05"},
            {"rule_id": "wuhan.nursing_bed_share", "zone_id": "area/area", "part": "member", "member_id": home},
        ]  # fmt: skip
        usual = dict.fromkeys(outcome.gap_list.columns, np.nan) | {
            "unit": "facilities",
            "cause": "",
            "town": "",
        }
        gaps = pd.DataFrame([usual | row for row in rows]).astype(
            {"shortfall": float, "people_affected": float}
        )
        found = {t.name: t for t in towns(dataclasses.replace(outcome, gap_list=gaps))}
        # communities 1, 5 and 9 lie in the first town; what is judged of the whole area lies in none
        assert [row["member_id"] for row in found["临江街道"].rows] == ["community/C05", home]
        assert sum(len(town.rows) for town in found.values()) == 2

    def test_districts_or_the_area_where_there_are_no_towns(self, outcome):
        for gone, level in ((("town",), "district"), (("town", "district"), "area")):
            zones = outcome.zones[~outcome.zones["level"].isin(gone)].copy()
            parents = outcome.zones["parent_id"].to_dict()

            def climb(zone, parents=parents, known=frozenset(zones.index)):
                while isinstance(zone, str) and zone not in known:
                    zone = parents[zone]
                return zone

            zones["parent_id"] = [climb(p) for p in zones["parent_id"]]
            gaps = outcome.gap_list[outcome.gap_list["zone_id"].isin(zones.index)]
            assert len(gaps) == len(outcome.gap_list) - 2  # those of two towns
            fewer = dataclasses.replace(outcome, zones=zones, gap_list=gaps)
            assert guidance_level(fewer) == level
            document = guidance(fewer)
            heads = [document.title, *(block.text for block in document.blocks if isinstance(block, Heading))]
            assert (
                heads[:2]
                == {"district": ["分区县指引", "一、东城区"], "area": ["分评价范围指引", "一、示范区"]}[level]
            )
            # the two indicators that the whole area falls short of lie in no district
            apart = 2 if level == "district" else 0
            assert sum(len(town.rows) for town in towns(fewer)) == len(gaps) - apart

    def test_a_town_without_communities_is_left_out(self, outcome):
        moved = outcome.zones["parent_id"].replace({"town/T4": "town/T3"})
        gaps = outcome.gap_list[outcome.gap_list["zone_id"] != "town/T4"]
        found = towns(
            dataclasses.replace(outcome, zones=outcome.zones.assign(parent_id=moved), gap_list=gaps)
        )
        assert [town.name for town in found] == ["临江街道", "学府街道", "湖滨街道"]


class TestDocuments:
    @pytest.mark.parametrize("paper", [report, assessment])
    def test_nothing_judged_is_no_data_and_never_nought(self, outcome, paper):
        flags = outcome.flags.assign(
            flagged=pd.array([pd.NA] * len(outcome.flags), "boolean"), state="unknown", shortfall=np.nan
        )
        said = words(paper(dataclasses.replace(outcome, flags=flags)))
        assert "数据不足（12 个）" in said
        assert "0 / 0" not in said

    @pytest.mark.parametrize("paper", [report, assessment])
    def test_proposed_sites_and_what_is_proven_are_said(self, sited, paper):
        document = paper(sited)
        assert column(tables_in(document)["sites"], "order_no") == ["1", "2", "3", "4"]
        assert all(sentence in words(document) for sentence in lead(sited))
        none = paper(dataclasses.replace(sited, answers=sited.answers.assign(adopted=False)))
        assert "各选址问题均未形成可采用的方案" in words(none)
        assert "sites" not in tables_in(none)

    def test_rows_beyond_the_page_are_counted(self, sited, monkeypatch):
        monkeypatch.setattr("geoplan.report.content.report.MOST_SITES", 3)
        assert "其余 1 条见工作簿" in words(report(sited))

    def test_each_town_has_its_sum_and_the_sites_that_lie_in_it(self, sited):
        shown = [block.table for block in guidance(sited).blocks if isinstance(block, Shown)]
        # columns of the grid are towns: C03, C07 and C11 in the third, C04, C08 and C12 in the fourth
        assert [column(table, "order_no") for table in shown if table.key == "sites"] == [
            ["1", "4"],
            ["2", "3"],
        ]
        at = [column.header.split("\n")[0] for column in shown[0].columns].index(
            "每千人口拥有3岁以下婴幼儿托位数"
        )
        sums = sited.gap_list[sited.gap_list["rule_id"] == PLACES].groupby("town")["shortfall"].sum()
        found = {row[1]: float(row[at].replace("—", "") or 0) for row in shown[0].texts("zh")}
        assert found == sums.reindex(list(found), fill_value=0.0).to_dict()


def test_served_by_service_then_level_with_both_ends_of_a_share(outcome):
    assert served(outcome) is None
    found = by_key(served(with_projects(outcome)))
    assert [(row["service"], row["zone"]) for row in found] == [
        ("eldercare", "示范区"), ("eldercare", "临江街道"), ("childcare", "示范区"),
    ]  # fmt: skip
    whole = found[0]
    # a need of 10 is off the network: it may lie in the circle, and have a place
    assert (whole["in_circle"], whole["in_circle_share"]) == (180, (0.9, 0.95))
    assert (whole["served"], whole["served_share"]) == ((120, 150), (0.6, 0.8))
    assert (whole["without_place"], whole["need_outside"], whole["need_off_network"]) == (60, 10, 10)
    assert found[2]["in_circle_share"] is None  # of no need there is no share


class TestNames:
    def test_they_climb_to_the_zone_above(self, outcome):
        names = Names(outcome)
        assert names.above("community/C01", "district") == "东城区"
        assert names.above("community/C01", "community") == "向阳社区"
        assert names.above("area/area", "district") == ""
        assert names.zone("nowhere") == "nowhere"
        assert names.code("community/C01") == outcome.zones["code"]["community/C01"]

    def test_rules_of_one_name_are_told_apart_by_their_pack(self, outcome):
        packs = {BEDS: "武汉市规划", PLACES: "国家标准"}
        rules = outcome.rules.assign(
            indicator_zh="养老床位", pack_title_zh=[packs.get(rule, "其他") for rule in outcome.rules.index]
        )
        names = Names(dataclasses.replace(outcome, rules=rules))
        assert (names.rule(BEDS), names.rule(PLACES)) == ("养老床位（武汉市规划）", "养老床位（国家标准）")


class TestTable:
    def test_an_interval_needs_a_column_of_intervals(self):
        with pytest.raises(ValueError, match="single numbers"):
            Table.of("a", "A", [table_column("people", "zh")], [[Amount(1.0, 2.0, "count")]])

    def test_a_row_has_a_cell_for_every_column(self):
        with pytest.raises(ValueError, match="2 cells under 1"):
            Table.of("a", "A", [table_column("people", "zh")], [[None, None]])

    def test_a_product_prints_the_columns_of_its_depth(self):
        columns = [table_column(key, "zh") for key in ("rule_id", "indicator", "part")]
        table = Table.of("a", "A", columns, [["r", "i", None]], frozen=2)
        assert [[c.key for c in table.to(depth).columns] for depth in (1, 3, 4)] == [
            ["indicator"], ["indicator", "part"], ["rule_id", "indicator", "part"],
        ]  # fmt: skip
        assert table.to(1).frozen == 1
        assert table.cells("indicator") == ["i"]

    def test_sentences_of_a_column_become_footnotes(self):
        columns = [table_column(key, "zh") for key in ("indicator", "caveats")]
        rows = [["i", "偏低；参照"], ["j", None], ["k", "参照"]]
        table = Table.of("a", "A", columns, rows, notes=("说明",)).footnoted("caveats", "zh")
        assert table.texts("zh") == [["i", "①②"], ["j", ""], ["k", "②"]]
        assert table.notes == ("说明", "① 偏低", "② 参照")
        assert table.footnoted("rule_id", "zh") is table

    def test_the_interval_of_all_people_goes_where_nobody_is_off_the_network(self, outcome):
        near = dataclasses.replace(outcome, circle=outcome.circle.assign(off_network=0.0))
        assert "share_all" not in {column.key for column in circle_totals(near).columns}

    @pytest.mark.parametrize("product", ["workbook", "csv"])
    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_every_key_is_used_once_and_every_list_has_codes(self, make, product, lang):
        found = [part for table in tables(make(lang=lang))[product] for part in (table, *table.below)]
        keys = [table.key for table in found]
        assert len(keys) == len(set(keys))

    def test_a_table_of_several_products_is_made_once(self, outcome):
        book, files = (set(map(id, found)) for found in tables(outcome).values())
        assert len(book & files) > 5


class TestProjects:
    def test_none_without_them(self, outcome):
        made = (projects_table, project_support_table)
        assert [table(outcome) for table in made] == [None] * 2

    def test_project_list(self, outcome):
        table = projects_table(with_projects(outcome))
        first, second = texts(table)
        wanted = {
            "name": "甲养老院", "works": "新建", "zone": "向阳社区", "added_beds": "100", "cost": "2,500", "open_year": "2025",
            "serves": "向阳社区、北秀社区", "indicators": "每千人口拥有3岁以下婴幼儿托位数(个)", "size": "床位100张、建筑面积3000平方米",
            "cost_from": "清单所列",
        }  # fmt: skip
        assert {key: first[key] for key in wanted} == wanted
        # what the list does not say is blank, and no sum of nothing
        assert [second[key] for key in ("works", "added_beds", "cost", "start_year")] == ["改扩建", *[""] * 3]
        assert table.notes == (
            "共 2 个项目，新增床位（张）合计 100，新增托位（个）合计 50，投资估算（万元）合计 2,500，1 个项目未载投资",
        )

    def test_support(self, outcome):
        first, second = texts(project_support_table(with_projects(outcome)))
        for row, wanted in (
            (first, {"verdict_after": "达标", "shortfall_after": "", "actual_before": "4.1", "built_projects": "乙托育园"}),
            # an interval is not cut to its low end
            (second, {"verdict_after": "数据不足", "shortfall_after": "7", "actual_before": "50.0%–53.0%", "actual_after": "≥ 60.0%",
                      "built_projects": "甲养老院、gone"}),
        ):  # fmt: skip
            assert {"verdict_before": "未达标"} | wanted == {
                key: row[key] for key in ("verdict_before", *wanted)
            }


def test_registers_are_reconciled_above_what_is_not_placed(outcome):
    page = registers_page(outcome)
    (waiting,) = page.below
    shown = [
        (row["file"], row["counted"], row["end_rows"], row["end_in_run"], row["placed_share"])
        for row in texts(page)
    ]
    assert shown == [
        ("eldercare_register.xlsx", "行数", "7", "3", "75.0%"), ("eldercare_register.xlsx", "床位", "440", "130", "100.0%"),
        ("childcare_register.csv", "行数", "4", "3", "75.0%"), ("childcare_register.csv", "托位", "79", "61", "77.2%"),
    ]  # fmt: skip
    assert [row["name"] for row in texts(waiting)] == ["无坐标养老院", "坐标有误托育园"]
    # nobody says how many beds they have: that is not none
    assert {(row["beds"], row["places"]) for row in texts(waiting)} == {("", "")}
    assert (page.page, page.filtered, waiting.filtered) == ("待落点清单", False, True)
    assert registers_page(
        dataclasses.replace(outcome, reconciliation=outcome.reconciliation.iloc[:0])
    ) == unplaced_table(outcome)


def test_sources_say_whose_people_and_what_is_not_assessed(outcome):
    page = sources_page(outcome)
    assert [table.key for table in (page, *page.below)] == ["sources", "groups", "parameters", "not_assessed"]
    assert {source.sha256 for source in outcome.sources} <= {cell for row in page.texts("zh") for cell in row}
    assert "services.eldercare.walk_kmh" in [cell for row in page.below[1].texts("zh") for cell in row]
    assert {row["given"] for row in texts(page.below[1])} <= {"已给定", "默认值"}
    assert "© OpenStreetMap contributors, ODbL 1.0" in page.notes


def test_warnings_of_one_kind_are_counted_and_the_severe_come_first(outcome):
    rows = pd.DataFrame(
        [("info", "b", "x.csv", 1, "", "乙", ""), ("warning", "a", "x.csv", 2, "", "甲一", "改"),
         ("warning", "a", "x.csv", 3, "", "甲二", "改"), ("error", "c", None, None, "", "丙", "")],
        columns=["severity", "code", "file", "row", "zone", "text", "action"],
    )  # fmt: skip
    table = warnings_by_kind_table(dataclasses.replace(outcome, warnings=rows))
    assert table.cells("severity") == [Coded("error"), Coded("warning"), Coded("info")]
    assert [cell.low for cell in table.cells("times")] == [1, 2, 1]
    assert table.cells("found") == ["丙", "甲一", "乙"]
    assert (
        warnings_by_kind_table(dataclasses.replace(outcome, warnings=rows.iloc[:0])).empty == "未发现数据问题"
    )


# --- who is affected ------------------------------------------------------------------------------------------------


def test_people_affected_say_who_they_are_and_in_what_unit(outcome):
    names = Names(outcome)
    assert names.affected(BEDS, "elders_60") == "缺口按标准折合的60岁及以上老年人口（人）"
    assert names.affected(CIRCLE_E, "elders_60") == "服务圈外的60岁及以上老年人口（人）"
    # places for 1,000 residents are places for children; a row that says no group has the rule's own
    assert names.affected(PLACES, "under_3") == "缺口按标准折合的3岁以下婴幼儿（人）"
    assert names.affected(PLACES, "") == "缺口按标准折合的常住人口（人）"
    groups = {
        BEDS: "elders_60", CIRCLE_E: "elders_60", "study.circle_eldercare": "elders_60", PLACES: "under_3", PRESENCE: "under_3",
        CIRCLE_C: "under_3",
    }  # fmt: skip
    for table in (gap_list(outcome), provision(outcome), flag_totals(outcome, "community")):
        rows = by_key(table)
        told = {(row["rule_id"], row["affected"]) for row in rows if row["people_affected"] is not None}
        assert told
        assert all(said == names.affected(rule, groups[rule]) for rule, said in told), table.key
        assert all(not row["affected"] for row in rows if row["people_affected"] is None), table.key


@pytest.mark.parametrize(("group", "unit"), [("elders_60", "人"), ("households", "户"), ("street_m", "米")])
def test_each_group_has_its_unit(group, unit):
    assert people_unit(group, "zh") == unit
