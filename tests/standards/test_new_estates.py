"""Steps and rooms of new estates, by hand: e1 (400 households, 320 m²) and e2 (1,200, 250 m²) are new, e3 is not."""

import numpy as np
import pandas as pd
import pytest

from geoplan.standards.new_estates import estate_steps
from geoplan.tables import ESTATE_STEPS

ROOMS = "kind: floor_area\nlevel: estate:new\nestate_column: eldercare_rooms_m2\nunit: m2\nper: households/100\ntarget: '>={}@2023'"


def of_estates(town, **columns):
    told = {
        name: pd.Series(values, index=["estate/e1", "estate/e2", "estate/e3"]).reindex(town.zones.index)
        for name, values in columns.items()
    }
    steps = {name: one.astype("boolean") for name, one in told.items() if not name.endswith("_date")}
    return town.of_kind(estate_e1=("new",), estate_e2=("new",), estate_e3=("existing",)).with_zones(
        **told | steps
    )


def steps_of(town, rules=()):
    table = estate_steps(town.data(), rules)
    assert not ESTATE_STEPS.faults(table, name="estate_steps", strict=True)
    return table.set_index("zone_id")


def test_rooms_asked_follow_from_households_and_the_rule_that_asks_most(town, rules_from):
    own = of_estates(town)
    found = steps_of(own, rules_from(ROOMS.format(20)))
    assert found.index.tolist() == ["estate/e1", "estate/e2"]
    assert found["households"].tolist() == [400, 1200]
    assert found["eldercare_asked_m2"].tolist() == [80, 240]
    assert found["eldercare_rooms_m2"].tolist() == [320, 250]
    assert found["childcare_asked_m2"].isna().all()
    assert found["childcare_rooms_m2"].tolist() == [100, 0]
    two = rules_from(ROOMS.format(20) + "\nid: a", ROOMS.format(30) + "\nid: b")
    assert steps_of(own, two)["eldercare_asked_m2"].tolist() == [120, 360]
    assert steps_of(own)["eldercare_asked_m2"].isna().all()


def test_a_rule_for_existing_estates_asks_nothing_of_new_ones(town, rules_from):
    rule = rules_from(ROOMS.format(20).replace("estate:new", "estate:existing"))
    assert steps_of(of_estates(town), rule)["eldercare_asked_m2"].isna().all()


def test_steps_dates_and_contradictions(town):
    found = steps_of(
        of_estates(
            town, built=[False, True, True], accepted=[True, None, True], built_date=[None, "2024-03", None]
        )
    )
    assert found["built"].tolist() == [False, True]
    assert found["accepted"].tolist() == [True, pd.NA]
    assert found["planned"].isna().all()
    assert found["built_date"].tolist() == ["", "2024-03"]
    assert found["accepted_date"].tolist() == ["", ""]
    assert found["out_of_order"].tolist() == [("built>accepted", "built>handed_over"), ()]


@pytest.mark.parametrize("column", ["households", "eldercare_rooms_m2", "childcare_rooms_m2"])
def test_what_the_estate_table_lacks_is_unknown(town, rules_from, column):
    own = of_estates(town)
    found = steps_of(own.change(zones=own.zones.drop(columns=column)), rules_from(ROOMS.format(20)))
    assert found[column].isna().all()


def test_without_a_new_estate_or_any_step_there_is_no_table(town):
    none = [
        town.of_kind(others=("existing",)),
        of_estates(town).change(zones=of_estates(town).zones.drop(columns="handed_over")),
    ]
    for own in none:
        pd.testing.assert_frame_equal(estate_steps(own.data(), ()), ESTATE_STEPS.empty())


def test_rooms_of_an_estate_that_is_handed_over_by_a_date_count(town, rules_from):
    """What the reading makes of a date is what the rule reads: yes counts, no counts nothing, unknown possibly."""
    rule = rules_from(ROOMS.format(20))
    for answer, verdict in ((True, "met"), (False, "not_met"), (np.nan, "no_data")):
        own = of_estates(town, handed_over=[answer, True, True], handed_over_date=["2025-12", None, None])
        assert own.finding(rule, zone="estate/e1")["verdict"] == verdict
