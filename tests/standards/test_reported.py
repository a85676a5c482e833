"""Whatever of the plans only departments can say: met, not met, on the boundary, no data, not quantified."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases import rule as written

from geoplan.standards.assess import findings_of
from geoplan.standards.packs.read import read_pack
from geoplan.standards.reported import figure_of
from geoplan.tables import REPORTED
from geoplan.words.periods import parse_period

PLANS = ("yinzhou", "qianjiang", "yantai")
ROWS = {rule.rule_id: rule for name in PLANS for rule in read_pack(name).rules if rule.is_reported}
STEP = 1e-3


def told(*rows):
    """Return figures of the rule `local.r`, or of the one named last: value, period."""
    usual = {"by": None, "adopt": "", "reason": "", "source": ""}
    table = [
        usual | {"rule_id": rule[0] if rule else "local.r", "value": value, "period": period}
        for value, period, *rule in rows
    ]
    return REPORTED.typed(pd.DataFrame(table, columns=list(REPORTED)))


def judged(town, rule, value):
    figures = told() if value is None else told((value, "2025", rule.rule_id))
    data = town.with_zones(level=town.zones["level"]).data(reported=figures, year=2025)
    (row,), _ = findings_of(data, rule)
    return row


@pytest.mark.parametrize(
    "rule_id", [name for name, rule in ROWS.items() if rule.targets[-1].floor is not None]
)
def test_every_reported_row_is_judged_by_its_last_target(town, rule_id):
    rule = ROWS[rule_id]
    target = rule.targets[-1]
    bound, at_most = float(target.floor), target.comparison in ("<=", "<")
    better = -STEP if at_most else STEP
    assert judged(town, rule, max(bound + better, 0.0))["verdict"] == "met"
    worse = judged(town, rule, bound - better)
    assert worse["verdict"] == "not_met"
    scale = 100.0 if rule.value_format == "percent" else 1.0
    assert (
        worse["shortfall"] == pytest.approx(STEP * scale) or worse["shortfall"] == 1.0
    )  # whole people and firms
    assert worse["surplus"] is at_most
    on_it = "not_met" if target.comparison in (">", "<") else "met"
    assert judged(town, rule, bound)["verdict"] == on_it
    nothing = judged(town, rule, None)
    assert (nothing["verdict"], nothing["missing"]) == ("no_data", "reported_not")
    assert np.isnan(nothing["actual_low"])
    assert rule.lead in nothing["missing_zh"]


def test_the_annexes_have_44_of_them_and_the_texts_two_more():
    of_annexes = [rule for rule in ROWS.values() if rule.annex]
    assert {name: sum(rule.pack == name for rule in of_annexes) for name in PLANS} == {"yinzhou": 17, "qianjiang": 20, "yantai": 7}  # fmt: skip
    further = {"yinzhou.homes_adapted_for_elders", "yantai.districts_with_inclusive_policy"}
    assert {rule.rule_id for rule in ROWS.values() if not rule.annex} == further


def test_a_row_without_a_figure_shows_what_is_reported_and_judges_nothing(town):
    rule = ROWS["yantai.districts_with_inclusive_policy"]
    row = judged(town, rule, 11.0)
    assert (row["verdict"], row["actual_low"], row["unit"]) == ("not_quantified", 11.0, "zones")
    assert np.isnan(row["shortfall"])


def test_a_reported_rule_is_of_the_plans_area(rules_from):
    for level in ("town", "community", "estate:new", "facility"):
        with pytest.raises(ValueError, match="`city` or `district`"):
            rules_from(written("reported", ">=1", f"level: {level}", "unit: firms"))


PERIODS = st.sampled_from(
    [None, "2023", "2024", "2024Q1", "2024Q2", "2024-06", "2024-11", "2025Q4", "2025", "2025-01"]
)
FIGURES = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 7.5]), PERIODS), max_size=6)


@settings(deadline=None)
@given(FIGURES, st.sampled_from([2023, 2024, 2025, 2026]))
def test_the_figure_of_a_year_is_that_of_its_last_period(figures, year):
    rule = ROWS["yinzhou.elder_health_checks"]
    found = figure_of(told(*((*one, rule.rule_id) for one in figures)), rule, year)
    # slow and plain: by end of period, the first of those that end together
    own = [
        (value, parse_period(period).end)
        for value, period in figures
        if period and period.startswith(str(year))
    ]
    undated = [value for value, period in figures if period is None]
    if own:
        last = max(end for _, end in own)
        assert found.low == found.high == next(value for value, end in own if end == last)
    elif undated:
        assert (found.low, found.period) == (undated[0], "")
    else:
        assert found is None


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0, 7.5]), st.sampled_from(["2021", "2022Q2", "2022", "2024"])),
        unique_by=lambda one: one[1],
    )
)
def test_a_sum_over_years_is_open_where_a_year_is_missing(rows):
    rule = ROWS["qianjiang.care_worker_training"].model_copy(update={"counted": "cumulative"})  # since 2020
    table = told(*((*row, rule.rule_id) for row in rows))
    found = figure_of(table, rule, 2024)
    by_period = {period: value for value, period in rows}
    years = [
        by_period.get("2021"),
        by_period.get("2022", by_period.get("2022Q2")),
        None,
        by_period.get("2024"),
    ]
    if "2024" not in by_period:
        assert found is None
        return
    assert found.low == sum(value for value in years if value is not None)
    assert found.high == np.inf  # nothing of 2023
    whole = figure_of(pd.concat([table, told((3.0, "2023", rule.rule_id))]), rule, 2024)
    assert (whole.high < np.inf) == (None not in (years[0], years[1], years[3]))


@pytest.mark.parametrize("text", ["2025Q5", "2025-13", "25", "2025Q", "Q2", "2025-6"])
def test_what_is_no_period(text):
    with pytest.raises(ValueError, match="a year, a quarter or a month"):
        parse_period(text)
