"""What people of the study's year would change where figures are old: by hand, at growth 1, and where it is said."""

from dataclasses import replace

import pandas as pd
import pytest

from geoplan.report.content import old_people
from geoplan.report.content.assessment import assessment
from geoplan.report.content.document import Paragraph, Points
from geoplan.report.content.guidance import guidance
from geoplan.report.content.guide import guide
from geoplan.report.content.meeting import meeting
from geoplan.report.content.old_people import old_people_note, people_change, with_people
from geoplan.report.content.report import report
from geoplan.report.content.shortfalls import flags_at, short_of
from geoplan.report.webmap.map import payload


@pytest.fixture(scope="module")
def old(outcome):
    """The town's outcome, judged in a year for which its people of 2010 are too old."""
    return replace(outcome, year=2025)


def flag(high, people, *, off=0.0, required=4.5, unit="places"):
    return {
        "reachable_high": high, "located_high": 0.0, "by_located": False, "required": required, "people": people, "off_network": off, "unit": unit,
    }  # fmt: skip


def test_more_people_share_the_same_places():
    # 2,000 people with 10 places in reach are 5 to 1,000: enough. A quarter more are 2,500 people: 4 to 1,000, short of 1.25, so 2
    # 1,000 people with 4 places lack 0.5, so 1; of 1,250 people they lack 1.625, so 2
    table = pd.DataFrame([flag(5.0, 2000.0), flag(4.0, 1000.0)])
    assert with_people(table, 1.0, 1000.0) == (1, 1.0)
    assert with_people(table, 1.25, 1000.0) == (2, 4.0)
    # a fifth fewer: 800 people need 3.6 of their 4 places
    assert with_people(table, 0.8, 1000.0) == (0, 0.0)


def test_people_off_the_network_and_unknown_supply_are_no_gap():
    table = pd.DataFrame([flag(float("inf"), 500.0), flag(float("nan"), 500.0), flag(0.0, 0.0), flag(0.0, 1000.0, off=200.0)])  # fmt: skip
    assert with_people(table, 1.0, 1000.0) == (1, 4.0)


def test_with_the_people_that_there_are_flags_and_gaps_are_those_of_the_run(outcome):
    measured = flags_at(outcome, "community")
    checked = 0
    for rule, own in measured[~measured["unit"].isin(["people"])].groupby("rule_id"):
        _, per = old_people._per(old_people.Names(outcome), str(rule))
        short = short_of(own)
        assert with_people(own, 1.0, per) == (len(short), pytest.approx(short["shortfall"].sum()))
        checked += 1
    assert checked


def test_growth_is_that_of_the_total_that_the_study_states(old):
    assert "同增（减）10%" in people_change(old)
    groups = old.groups.assign(expected=old.groups["total"] * 1.2)
    told = people_change(replace(old, groups=groups))
    assert "研究载明的2025年总数" in told
    assert "为现用数的1.20倍" in told
    assert "10%" not in told


def test_it_is_said_on_the_first_page_of_every_paper_where_people_are_old(old):
    note = old_people_note(old)
    assert note.startswith("注意：人口数据为2010年")
    assert note in guide([], old).notes
    assert note in next(block for block in report(old).blocks if isinstance(block, Points)).items
    for paper in (assessment, guidance):
        assert note in [block.text for block in paper(old).blocks if isinstance(block, Paragraph)][:2]
    unknown = [block.text for block in meeting(old).blocks if isinstance(block, Paragraph)][-1]
    assert unknown.startswith("注意：人口数据为2010年")
    assert payload(old)["people_change"] == people_change(old) != ""


def test_nothing_is_said_where_people_are_recent(outcome):
    recent = replace(outcome, groups=outcome.groups.assign(year=outcome.year))
    assert old_people_note(recent) == people_change(recent) == ""
    assert payload(recent)["people_change"] == ""
    assert guide([], recent).notes == ()
