"""Tiers of the eldercare network, town by town, each sum done by hand.

The town has homes at A and B (beds 4 and 6) and day-care rooms at A and C (beds 1 and 1); of town-level types nothing.
"""

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from geoplan.standards.tiers import network_tiers
from geoplan.tables import TIERS

INF = np.inf
DISTRICT, EAST, WEST = "area/1", "town/1", "town/2"


def tiers_of(town, **tables):
    table = network_tiers(town.data(**tables))
    assert not TIERS.faults(table, name="tiers", strict=True)
    return table.set_index(["zone_id", "tier"])


def with_one(town, name, *types, x=None, zone=None):
    """Return the town with one facility more, without a row of supplies; without a point where `x` is None."""
    row = town.facilities.iloc[[0]].assign(
        name=name, services=[types], zone_id=zone, location_quality="missing" if x is None else "exact", serves=[()]
    )  # fmt: skip
    row = row.set_geometry([None if x is None else Point(x, 50)], crs=town.facilities.crs)
    row.index = pd.Index(["more.xlsx#2"], name="facility_id")
    return town.change(facilities=pd.concat([town.facilities, row]))


def shown(table, zone, tier, *columns):
    return [None if pd.isna(cell) else cell for cell in table.loc[(zone, tier), list(columns)]]


PRESENT = ("present", "facilities_low", "facilities_high", "capacity_low", "capacity_high")
TALLY = ("units", "units_met", "units_judged")


def test_what_stands_in_each_town_is_added_up_by_tier(town):
    table = tiers_of(town)
    assert list(dict.fromkeys(table.index.get_level_values(0))) == [DISTRICT, EAST, WEST]
    assert shown(table, DISTRICT, "district", *PRESENT) == [True, 2, 2, 10, 10]
    assert shown(table, DISTRICT, "community", *PRESENT) == [True, 2, 2, 2, 2]
    # A and C of A, B, C, D; A of A and B; C of C and D
    assert [shown(table, zone, "community", *TALLY) for zone in (DISTRICT, EAST, WEST)] == [
        [4, 2, 4],
        [2, 1, 2],
        [2, 1, 2],
    ]
    # a town needs no facility of the district's: its homes are counted all the same
    assert [bool(table.loc[(zone, "district"), "due"]) for zone in (DISTRICT, EAST, WEST)] == [
        True,
        False,
        False,
    ]
    assert shown(table, EAST, "district", *PRESENT) == [True, 2, 2, 10, 10]
    assert shown(table, WEST, "district", *PRESENT) == [False, 0, 0, 0, 0]
    assert shown(table, DISTRICT, "district", *TALLY) == [None, None, None]


def test_a_tier_of_which_no_register_has_a_word_is_unknown_not_missing(town):
    table = tiers_of(town)
    assert shown(table, WEST, "town", *PRESENT) == [None] * 5
    assert shown(table, DISTRICT, "town", *TALLY) == [2, 0, 0]


def test_a_word_without_a_row_says_that_there_is_none(town):
    table = tiers_of(town, register_types=frozenset(["combined_eldercare"]))
    assert shown(table, WEST, "town", *PRESENT) == [False, 0, 0, 0, 0]
    assert shown(table, DISTRICT, "town", *TALLY) == [2, 0, 2]


def test_a_facility_of_several_types_is_of_its_widest_tier_with_all_its_beds(town):
    types = ("elder_day_care", "combined_eldercare", "childcare")
    more = with_one(town, "西镇综合养老服务中心", *types, x=950, zone="community/D")
    ids = {"facility_id": "more.xlsx#2", "supply": "beds", "low": 5.0, "high": 5.0}
    beds = pd.DataFrame(
        [
            {**ids, "service": "elder_day_care"},
            {**ids, "service": "combined_eldercare", "low": 0.0, "high": 3.0},
        ]
    )
    table = tiers_of(more.change(supplies=pd.concat([more.supplies, beds], ignore_index=True)))
    assert shown(table, WEST, "town", *PRESENT) == [True, 1, 1, 5, 8]
    assert shown(table, EAST, "town", *PRESENT) == [False, 0, 0, 0, 0]
    assert shown(table, DISTRICT, "town", *TALLY) == [2, 1, 2]
    # its day care is no second facility of the community tier
    assert shown(table, WEST, "community", *PRESENT, *TALLY) == [True, 1, 1, 1, 1, 2, 1, 2]


def test_a_facility_without_a_point_counts_in_the_town_that_is_named_and_perhaps_below(town):
    more = with_one(town, "西镇日间照料室", "elder_day_care", zone=WEST)
    table = tiers_of(more.supply(beds={"西镇日间照料室": 7}))
    assert shown(table, WEST, "community", *PRESENT) == [True, 2, 2, 8, 8]
    assert shown(table, WEST, "community", *TALLY) == [2, 1, 1]  # C has one, of D nobody knows
    assert shown(table, EAST, "community", *TALLY) == [2, 1, 2]


def test_a_facility_of_which_no_place_is_known_leaves_every_zone_open(town):
    lost = tiers_of(with_one(town, "某中心", "combined_eldercare").supply(beds={"某中心": 7}))
    assert shown(lost, EAST, "town", *PRESENT) == [None, 0, 1, 0, 7]


def test_beds_that_the_register_does_not_say_are_an_interval(town):
    table = tiers_of(town.supply(beds={"阳光养老院": (6, INF)}))
    assert shown(table, DISTRICT, "district", "capacity_low", "capacity_high") == [10, INF]
    # no row at all: the register says that its facilities have none
    without = tiers_of(town.change(supplies=town.supplies[town.supplies["supply"] != "beds"]))
    assert shown(without, DISTRICT, "district", "capacity_low", "capacity_high") == [0, 0]


def test_the_zones_that_a_register_says_are_served_have_it(town):
    serves = [
        ("community/B", "community/D") if kinds == ("elder_day_care",) else ()
        for kinds in town.facilities["services"]
    ]
    table = tiers_of(town.with_facilities(serves=serves))
    assert table.loc[(WEST, "community"), "way"] == "assigned"
    assert table.loc[(WEST, "district"), "way"] == "located"
    assert shown(table, DISTRICT, "community", *PRESENT[:3], *TALLY) == [True, 2, 2, 4, 2, 4]


@pytest.mark.parametrize(
    ("rows", "east", "west", "area"),
    [
        ([("town/1", 30, 30), ("town/2", 0, 0)], [True, 30, 30], [False, 0, 0], [True, 30, 30]),
        ([("town/1", 30, 30)], [True, 30, 30], [None, 0, INF], [True, 30, 30]),
        ([("town/1", 0, INF), ("town/2", 1, 1)], [None, 0, INF], [True, 1, 1], [True, 1, INF]),
    ],
)
def test_homes_are_told_by_family_beds_of_zones(town, rows, east, west, area):
    told = pd.DataFrame(
        [(zone, "family_beds", float(low), float(high)) for zone, low, high in rows],
        columns=["zone_id", "supply", "low", "high"],
    )
    table = tiers_of(town, zone_supplies=told)
    columns = ("present", "capacity_low", "capacity_high")
    assert [shown(table, zone, "home", *columns) for zone in (EAST, WEST, DISTRICT)] == [east, west, area]
    assert shown(table, EAST, "home", *TALLY, "facilities_low") == [None] * 4


def test_homes_without_zone_supplies_follow_the_registers_column_else_nothing_is_known(town):
    every = dict.fromkeys(town.facilities["name"][:4], 0)
    table = tiers_of(town.supply(family_beds={**every, "福利院": 12}))
    assert shown(table, EAST, "home", "present", "capacity_low", "capacity_high") == [True, 12, 12]
    assert shown(table, WEST, "home", "present", "capacity_low", "capacity_high") == [False, 0, 0]
    assert shown(tiers_of(town), EAST, "home", "present", "capacity_low", "capacity_high") == [None] * 3


def test_levels_that_a_study_lacks(town):
    area = tiers_of(town.without_towns())
    assert list(dict.fromkeys(area.index.get_level_values(0))) == [DISTRICT]
    assert shown(area, DISTRICT, "community", *TALLY) == [4, 2, 4]
    assert shown(area, DISTRICT, "town", "present", "units") == [None, None]


def test_districts_stand_before_their_own_towns(town):
    zones = town.zones.copy()
    zones.loc["district/1"] = zones.loc["area/1"]
    zones.loc["district/1", ["level", "name", "parent_id"]] = ["district", "一区", "area/1"]
    zones.loc["town/2", "parent_id"] = "district/1"
    table = network_tiers(town.change(zones=zones).data())
    # a town of no district comes last
    assert list(dict.fromkeys(table["zone_id"])) == ["district/1", "town/2", "town/1"]


def test_without_an_eldercare_register_there_is_no_table(town):
    own = town.facilities[
        town.facilities["services"].map(lambda kinds: kinds[0] in ("childcare", "kindergarten_class"))
    ]
    table = network_tiers(town.change(facilities=own, supplies=town.supplies.iloc[:0]).data())
    assert table.empty
    pd.testing.assert_frame_equal(table, TIERS.empty())


def test_the_tables_given_stay_as_they_were(town):
    before = town.facilities.copy(), town.supplies.copy()
    network_tiers(town.data())
    pd.testing.assert_frame_equal(before[0], town.facilities)
    pd.testing.assert_frame_equal(before[1], town.supplies)
