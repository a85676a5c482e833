"""Findings at the end of a quarter or month: which reported figure counts, which target is due, and how far the path leads by then."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases import HOMES
from rule_cases import rule as written

from geoplan.standards.assess import assess
from geoplan.standards.packs.read import read_pack
from geoplan.standards.reported import as_of
from geoplan.tables import REPORTED
from geoplan.words.periods import parse_period, span

#: Homes have 10 beds in the town by hand: half of the way from 0 in 2020 to 20 in 2025.
BEDS = written("total", ">=20@2025", HOMES, "supply: beds", "base: 0@2020")
LEVEL = written("reported", ">=66%@2023; >=70%@2025", "unit: points", "base: 66%@2023")
UNSTARTED = written("reported", ">=66%@2023; >=70%@2025", "unit: points")
YEARLY = written("reported", ">500@2023; >500@2025", "unit: person_times_a_year", "counted: yearly")


def figures(*rows):
    """Return figures of `local.r`: value, period, which counts."""
    usual = {"rule_id": "local.r", "by": None, "adopt": "", "reason": "", "source": ""}
    told = [usual | dict(zip(("value", "period", "adopt"), row, strict=False)) for row in rows]
    return REPORTED.typed(pd.DataFrame(told, columns=list(REPORTED)))


def at(town, rules, told, period, year=2025):
    """Return the finding of the one rule at the end of a period, and that of the whole year."""
    data = town.data(reported=told, year=year)
    whole = assess(data, rules, flag_rules=()).findings
    before = whole.copy(deep=True)
    now = as_of(data, rules, whole, parse_period(period))
    pd.testing.assert_frame_equal(whole, before)
    assert list(now.columns) == list(whole.columns)
    return now.iloc[0], whole.iloc[0]


CHECKS = figures((0.66, "2024Q4"), (0.685, "2025Q1"), (0.68, "2025-05"), (0.72, "2025-11"))


@pytest.mark.parametrize(
    ("period", "value", "of", "required", "path", "verdict"),
    [
        # the line from 66 % in 2023 to 70 % in 2025 is at 68.5, 69, 69.5 % at the end of the quarters
        ("2025Q1", 0.685, "2025Q1", 0.66, "on_path", "met"),
        ("2025-04", 0.685, "2025Q1", 0.66, "behind", "met"),  # 68.67 %
        ("2025Q2", 0.68, "2025-05", 0.66, "behind", "met"),
        ("2025Q3", 0.68, "2025-05", 0.66, "behind", "met"),
        ("2025-11", 0.72, "2025-11", 0.66, "on_path", "met"),
        ("2025Q4", 0.72, "2025-11", 0.70, "", "met"),
        ("2025", 0.72, "2025-11", 0.70, "", "met"),
    ],
)  # fmt: skip
def test_a_level_is_that_last_reported(town, rules_from, period, value, of, required, path, verdict):
    now, _ = at(town, rules_from(LEVEL), CHECKS, period)
    assert (now["adopted_low"], now["adopted_high"], now["reported_period"]) == (value, value, of)
    assert (now["required"], now["adopted_on_path"], now["adopted_verdict"]) == (
        pytest.approx(required),
        path,
        verdict,
    )
    assert now["path_target"] == pytest.approx(0.7)
    assert np.isnan(now["shortfall"])


def test_a_first_target_starts_no_path(town, rules_from):
    # 60 % is below the target of 2023; of a plan that does not say what was there no way can be told
    now, _ = at(town, rules_from(UNSTARTED), figures((0.60, "2025Q1")), "2025Q1")
    assert (now["adopted_on_path"], now["adopted_verdict"]) == ("", "not_met")


def test_before_the_first_figure_nothing_is_known(town, rules_from):
    rules = rules_from(LEVEL)
    now, whole = at(town, rules, figures((0.72, "2025Q3")), "2025Q2")
    assert (now["adopted"], now["adopted_verdict"], now["verdict"]) == ("", "no_data", "no_data")
    assert (whole["adopted"], whole["adopted_low"]) == ("reported", 0.72)
    # one without a period stands in every period that has none of its own
    told = figures((0.72, "2025Q3"), (0.6, None))
    for period, value, of in (("2025Q2", 0.6, ""), ("2025Q3", 0.72, "2025Q3")):
        now, _ = at(town, rules, told, period)
        assert (now["adopted_low"], now["reported_period"]) == (value, of)


@pytest.mark.parametrize(
    ("value", "period", "path", "verdict"),
    [
        (125.0, "2025Q1", "behind", "not_applicable"),  # over 500 a year: over 125 in a quarter
        (125.1, "2025Q1", "on_path", "not_applicable"),
        (125.1, "2025Q2", "behind", "not_applicable"),
        (501.0, "2025Q2", "on_path", "met"),
        (500.0, "2025Q4", "", "not_met"),
        (501.0, "2025Q4", "", "met"),
    ],
)  # fmt: skip
def test_what_is_counted_year_by_year_is_due_in_the_course_of_its_year(
    town, rules_from, value, period, path, verdict
):
    now, _ = at(town, rules_from(YEARLY), figures((value, "2025Q1")), period)
    assert (now["adopted_on_path"], now["adopted_verdict"], now["required"]) == (path, verdict, 500.0)


def test_a_limit_of_a_year_is_not_kept_before_its_end(town, rules_from):
    rules = rules_from(written("reported", "<=100@2025", "unit: firms", "counted: yearly"))
    for value, path in ((50.0, "on_path"), (51.0, "behind"), (101.0, "behind")):
        now, _ = at(town, rules, figures((value, "2025Q2")), "2025Q2")
        assert (now["adopted_on_path"], now["adopted_verdict"]) == (path, "not_applicable")
    # before the first year with a target nothing is due
    now, _ = at(town, rules, figures((10.0, "2024Q2")), "2024Q2", year=2024)
    assert (now["adopted_on_path"], now["adopted_verdict"]) == ("", "not_applicable")


def test_a_sum_since_the_base_has_this_year_until_then(town, rules_from):
    rules = rules_from(
        written("reported", ">=1000@2025", "base: 0@2022", "unit: person_times_a_year", "counted: cumulative")
    )
    told = figures((200.0, "2023"), (300.0, "2024"), (80.0, "2025Q1"), (170.0, "2025Q2"))
    for period, value in (("2025Q1", 580.0), ("2025Q2", 670.0), ("2025Q4", 670.0)):
        now, _ = at(town, rules, told, period)
        assert (now["adopted_low"], now["adopted_high"]) == (value, value)
    # of 1,000 in three years 750 are due at the end of the first quarter of the third
    assert at(town, rules, told, "2025Q1")[0]["adopted_on_path"] == "behind"
    open_ = figures((200.0, "2023"), (80.0, "2025Q1"))
    assert at(town, rules, open_, "2025Q1")[0]["adopted_high"] == np.inf


def test_what_is_measured_is_that_of_the_year(town, rules_from):
    rules = rules_from(BEDS)
    # 10 beds; the line is at 17, 18, 19 at the end of the first quarters of 2025, and at 9 in the middle of 2023
    for period, year, path, verdict in (("2025Q1", 2025, "behind", "not_applicable"), ("2023Q1", 2023, "on_path", "not_applicable"),
                                        ("2023Q3", 2023, "behind", "not_applicable"), ("2025Q4", 2025, "", "not_met")):  # fmt: skip
        now, whole = at(town, rules, figures(), period, year)
        assert (now["adopted"], now["adopted_low"], now["actual_low"]) == ("measured", 10.0, 10.0)
        assert (now["adopted_on_path"], now["adopted_verdict"], now["on_path"]) == (path, verdict, path)
        assert whole["verdict"] == ("not_met" if year == 2025 else "not_applicable")


def test_a_department_may_have_the_last_word(town, rules_from):
    now, _ = at(town, rules_from(BEDS), figures((19.5, "2025Q1", "reported"), (12.0, "2025Q2")), "2025Q1")
    assert (now["adopted"], now["adopted_low"], now["adopted_on_path"]) == ("reported", 19.5, "on_path")
    now, _ = at(town, rules_from(BEDS), figures((19.5, "2025Q1", "reported"), (12.0, "2025Q2")), "2025Q2")
    assert (now["adopted"], now["reported"], now["reported_period"]) == ("measured", 12.0, "2025Q2")


def test_what_cannot_be_judged_in_the_year_cannot_in_its_quarter(town, rules_from):
    rules = rules_from(BEDS)
    bare = town.with_zones(covered_share=0.5)
    for period, verdict in (("2025Q2", "not_applicable"), ("2025Q4", "no_data")):
        now, whole = at(bare, rules, figures(), period)
        assert (whole["verdict"], now["adopted_verdict"]) == ("no_data", verdict)
    # of a table that nobody has given there is nothing to judge, due or not
    nobody = rules_from(written("provision", ">=4@2025", HOMES, "supply: staff", "per: elders_60/1000"))
    now, whole = at(town, nobody, figures(), "2025Q2")
    assert (whole["verdict"], now["verdict"], now["adopted_verdict"]) == ("no_data",) * 3


PERIODS = ["2025Q1", "2025-03", "2025-05", "2025Q2", "2025Q3", "2025-12", "2025", "2024Q4", None]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.5, 0.66, 0.7]), st.sampled_from(PERIODS)),
        max_size=5,
        unique_by=lambda one: one[1],
    )
)
def test_the_whole_year_is_the_year(town_rules, told):
    """At the end of its last quarter a year stands as its run has it; what no later period changes stays."""
    town, rules = town_rules
    now, whole = at(town, rules, figures(*told), "2025Q4")
    for name in (
        "adopted",
        "adopted_low",
        "adopted_verdict",
        "adopted_on_path",
        "verdict",
        "required",
        "reported_period",
    ):
        assert now[name] == whole[name] or (pd.isna(now[name]) and pd.isna(whole[name]))
    quarter, _ = at(town, rules, figures(*told), "2025Q1")
    early = [one for one in told if one[1] in ("2025Q1", "2025-03", "2024Q4", None)]
    again, _ = at(town, rules, figures(*early), "2025Q1")
    assert quarter["adopted"] == again["adopted"]
    assert quarter["adopted_low"] == again["adopted_low"] or pd.isna(quarter["adopted_low"])


@pytest.fixture(scope="module")
def town_rules(town, tmp_path_factory):
    rule = next(rule for rule in read_pack("yinzhou").rules if rule.id == "elder_health_checks")
    return town, [rule.model_copy(update={"pack": "local", "id": "r"})]


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [("2024", "2025", ["2024", "2025"]), ("2025-11", "2026-01", ["2025-11", "2025-12", "2026-01"]), ("2025Q2", "2025Q2", ["2025Q2"]), ("2025Q2", "2025Q1", [])],
)  # fmt: skip
def test_spans(first, last, found):
    assert [period.text for period in span(parse_period(first), parse_period(last))] == found
    with pytest.raises(ValueError, match="two kinds"):
        span(parse_period("2025Q1"), parse_period("2025"))
