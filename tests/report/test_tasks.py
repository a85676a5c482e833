"""任务分工表: who leads and who supports, where each task lies, how far it is; and the workbook with a sheet an office."""

import dataclasses

import numpy as np
import openpyxl
import pandas as pd
import pytest

from geoplan.cli import commands as cli
from geoplan.report.content.offices import Offices, offices, offices_of
from geoplan.report.content.reporting import reporting_tables
from geoplan.report.content.table import cell_text
from geoplan.report.content.tasks import tasks, tasks_by_office
from geoplan.report.folder.save import write_tasks
from geoplan.standards.packs.read import read_pack
from geoplan.words.errors import OutputError

BEDS, NURSING, PLACES, PRESENCE, CIRCLE = (
    f"wuhan.{name}"
    for name in ("beds_per_1000_elders", "nursing_bed_share", "places_per_1000_residents", "urban_community_childcare", "circle_eldercare")
)  # fmt: skip


@pytest.mark.parametrize(
    ("lead", "leads", "supports"),
    [
        ("区民政局", "区民政局", ""),
        ("区民政局、区卫健局、各镇(街道)", "区民政局", "区卫健局 各镇(街道)"),
        ("区民政局牵头,区卫生健康委配合", "区民政局", "区卫生健康委"),
        ("区住房城乡建委、区民政局牵头,区城市管理局、区规划自然资源局配合", "区住房城乡建委 区民政局", "区城市管理局 区规划自然资源局"),
        ("区民政局牵头、区卫健局配合", "区民政局", "区卫健局"),
        ("区教委牵头,区民政局、区卫生健康委按职责分工负责。", "区教委", "区民政局 区卫生健康委"),
        ("区民政局、区卫健局等按职责分工负责", "区民政局", "区卫健局"),
        ("由区民政局牵头，会同区卫健委、区教委", "区民政局", "区卫健委 区教委"),
        ("区民政局会同区卫健委", "区民政局", "区卫健委"),
        ("牵头单位：区民政局；配合单位：区卫健委、区教委", "区民政局", "区卫健委 区教委"),
        ("责任单位：区民政局、区教委", "区民政局", "区教委"),
        ("民政局（牵头）、卫健委（配合）", "民政局", "卫健委"),
        ("各镇（街道、园区），区民政局牵头", "区民政局", "各镇（街道、园区）"),
        ("区民政局、区民政局、区卫健局", "区民政局", "区卫健局"),
        ("自由贸易区管委会", "自由贸易区管委会", ""),
        ("Civil-Affairs leads, Health supports", "Civil-Affairs", "Health"),
        *((none, "", "") for none in ("未载", "", None, np.nan, "—")),
    ],
)  # fmt: skip
def test_who_leads_and_who_supports(lead, leads, supports):
    assert offices(lead) == Offices(tuple(leads.split()), tuple(supports.split()))


def test_an_office_is_called_as_the_plan_names_it_elsewhere():
    assert offices_of(["民政局、区卫健局", "区民政局"]) == [
        Offices(("区民政局",), ("区卫健局",)),
        Offices(("区民政局",)),
    ]


def test_the_form_of_departments_divides_alike():
    pack = read_pack("qianjiang")
    rule = pack.rules[1].model_copy(update={"lead": "区民政局牵头，区卫生健康委配合"})
    (table,) = reporting_tables([pack.model_copy(update={"rules": (rule,)})], year=2025, lang="zh")
    assert (table.page, table.cells("with")) == ("区民政局", ["区卫生健康委"])
    unnamed = rule.model_copy(update={"lead": "未载"})
    (table,) = reporting_tables([pack.model_copy(update={"rules": (unnamed,)})], year=2025, lang="zh")
    assert table.page == "未载明牵头单位"


@pytest.fixture(scope="module")
def judged(outcome):
    """The town judged by five rules, three of them with offices; one row of an annex, which the plan binds."""
    leads = {BEDS: "区民政局牵头，区卫健局、区教委配合", PRESENCE: "区卫健局、区民政局", PLACES: "未载"}
    rules = outcome.rules.assign(lead=[leads.get(rule, "") for rule in outcome.rules.index])
    first = rules.index == PRESENCE
    rules = rules.assign(
        annex=np.where(first, "托育1", ""), annex_order=np.where(first, 1.0, np.nan), is_binding=first
    )
    return dataclasses.replace(outcome, rules=rules, lang="zh")


def rows(table, lang="zh"):
    keys = [column.key for column in table.columns]
    return {row[keys.index("rule_id")]: {key: cell_text(cell, lang) for key, cell in zip(keys, row, strict=True)} for row in table.rows}  # fmt: skip


def test_annex_first_then_the_pack_and_nothing_of_the_study(judged):
    table = tasks(judged)
    assert [cell_text(cell, "zh") for cell in table.cells("rule_id")] == [
        PRESENCE,
        BEDS,
        NURSING,
        PLACES,
        CIRCLE,
    ]
    assert table.strong == frozenset({0})
    found = rows(table)
    assert [found[BEDS][key] for key in ("leads", "supports", "due_year")] == [
        "区民政局",
        "区卫健局、区教委",
        "2025",
    ]
    assert [found[rule]["leads"] for rule in (PRESENCE, PLACES, NURSING)] == ["区卫健局", "未载", "未载"]


def test_where_a_task_lies(judged):
    found = rows(tasks(judged))
    # T2 has 10 beds for 1,056 elders and T4 none; beds of T3 cannot be told, and communities short of beds are no flags
    assert found[BEDS]["towns"] == "学府街道、新村街道"
    # of the communities of which it is known that they lack it, C05 and C06 lie in T1 and T2
    lacking = judged.members[(judged.members["rule_id"] == PRESENCE) & (judged.members["has"] == False)]  # noqa: E712 - NA is neither
    assert {zone[-2:] for zone in lacking["member_id"]} >= {"05", "06"}
    # places are short in every town: the plan's own zone stands
    assert found[PLACES]["towns"] == "示范区"
    # met, and nothing is flagged
    assert (found[NURSING]["adopted_verdict"], found[NURSING]["towns"]) == ("达标", "")


def test_a_facility_that_falls_short_lies_in_its_town(judged):
    members = judged.members.iloc[:1].assign(
        rule_id=NURSING,
        zone_id="area/area",
        member_id="eldercare_register.xlsx#3",
        has=pd.array([False], dtype="boolean"),
        sure=pd.NA,
    )
    short = judged.findings["rule_id"] == NURSING
    findings = judged.findings.assign(
        verdict=judged.findings["verdict"].mask(short, "not_met"),
        adopted_verdict=judged.findings["adopted_verdict"].mask(short, "not_met"),
    )
    changed = dataclasses.replace(judged, members=members, findings=findings)
    assert rows(tasks(changed))[NURSING]["towns"] == "学府街道"
    # it is not known whether the rule counts it
    unsure = dataclasses.replace(changed, members=members.assign(sure=pd.array([False], dtype="boolean")))
    assert rows(tasks(unsure))[NURSING]["towns"] == "示范区"


def test_progress_is_that_of_the_adopted_value(judged):
    at = judged.findings["rule_id"] == BEDS
    told = {"adopted": "reported", "adopted_low": 44.0, "adopted_high": 44.0, "path_target": 50.0, "path_target_year": 2025, "adopted_verdict": "not_met"}  # fmt: skip
    findings = judged.findings.copy()
    findings.loc[at, list(told)] = list(told.values())
    rules = judged.rules.assign(
        base_value=judged.rules["base_value"].mask(judged.rules.index == BEDS, 40.0), base_year=2020
    )
    found = rows(tasks(dataclasses.replace(judged, findings=findings, rules=rules)))[BEDS]
    # (44 - 40) / (50 - 40), and 2025 is the target's year
    assert [found[key] for key in ("adopted_value", "adopted_from", "done_and_due", "adopted_verdict")] == ["44", "部门填报值", "40% / 100%", "未达标"]  # fmt: skip


def test_a_rule_of_several_zones_is_one_task(judged):
    one = judged.findings[judged.findings["rule_id"] == BEDS]
    towns = pd.concat(
        [
            one.assign(zone_id=f"town/T{n}", of_plan=False, verdict="not_met" if n == 2 else "met")
            for n in (1, 2, 3)
        ]
    )
    findings = pd.concat([judged.findings[judged.findings["rule_id"] != BEDS], towns], ignore_index=True)
    found = rows(tasks(dataclasses.replace(judged, findings=findings, flags=judged.flags.iloc[:0])))[BEDS]
    assert [found[key] for key in ("towns", "adopted_value", "adopted_verdict", "members")] == [
        "学府街道",
        "",
        "未达标",
        "2 / 3",
    ]


def test_a_rule_that_was_not_judged_is_a_task_all_the_same(judged):
    findings = judged.findings[judged.findings["rule_id"] != BEDS]
    found = rows(tasks(dataclasses.replace(judged, findings=findings, flags=judged.flags.iloc[:0])))[BEDS]
    assert [found[key] for key in ("leads", "towns", "adopted_verdict")] == ["区民政局", "", ""]


def test_an_office_has_what_it_leads_then_what_it_supports(judged):
    found = {table.title: table for table in tasks_by_office(judged)}
    assert list(found) == ["区卫健局任务分工表", "区民政局任务分工表", "区教委任务分工表", "未载明单位的任务"]
    own = found["区民政局任务分工表"]
    role = [cell_text(cell, "zh") for cell in own.cells("role")]
    assert role == ["牵头", "配合"]
    assert own.strong == frozenset({1})
    assert own.notes[0] == "牵头 1 项，配合 1 项；牵头的在前"
    assert len(found["未载明单位的任务"].rows) == 3
    # nobody's task is lost
    led = sum(
        len([cell for cell in table.cells("role") if cell is None or cell.code == "leads"])
        for table in found.values()
    )
    assert led == len(tasks(judged).rows)


def test_the_workbook_of_offices(judged, tmp_path):
    books = [tmp_path / name for name in ("a.xlsx", "b.xlsx")]
    for path in books:
        assert write_tasks(judged, path) == 4
    assert books[0].read_bytes() == books[1].read_bytes()
    book = openpyxl.load_workbook(books[0])
    assert book.sheetnames == [
        "区卫健局任务分工表",
        "区民政局任务分工表",
        "区教委任务分工表",
        "未载明单位的任务",
    ]
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (
            "landscape",
            9,
            0,
        )
        assert sheet.auto_filter.ref
    with pytest.raises(OutputError, match=r"已存在|there already"):
        write_tasks(judged, books[0])


def test_without_a_pack_there_are_no_tasks(judged, tmp_path):
    own = judged.rules["pack"] == "study"
    none = dataclasses.replace(judged, rules=judged.rules[own], findings=judged.findings.iloc[:0])
    assert tasks(none) is None
    with pytest.raises(OutputError):
        write_tasks(none, tmp_path / "tasks.xlsx")
    assert not (tmp_path / "tasks.xlsx").exists()


def test_the_command_opens_a_finished_run(delivered, tmp_path, capsys):
    for lang, sheet in (("zh", "市民政局任务分工表"), ("en", "Tasks of 市民政局")):
        book = tmp_path / f"{lang}.xlsx"
        with pytest.raises(SystemExit) as end:
            cli.main(["tasks", str(delivered), "--out", str(book), "--lang", lang])
        assert end.value.code == 0
        assert openpyxl.load_workbook(book).sheetnames[0] == sheet
    with pytest.raises(SystemExit) as end:
        cli.main(["tasks", str(delivered), "--out", str(book)])
    assert end.value.code == 7
    assert str(book) in capsys.readouterr().err.replace("\n", "")
