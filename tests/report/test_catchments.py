"""Catchments: everybody stands in one row, capacities and loads stay intervals, and neighbours on the map have unlike colours."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.catchments import catchment_views, catchments, load
from geoplan.report.content.table import Amount, Coded, cell_text


@pytest.fixture(scope="module")
def table(outcome):
    return catchments(outcome)


def rows(table, service):
    own = table.where("service", service)
    return [dict(zip([column.key for column in own.columns], row, strict=True)) for row in own.rows]


def test_everybody_is_nearest_to_one_facility_or_stands_below(outcome, table):
    for service, entry in outcome.services.items():
        known = [row["catchment_people"] for row in rows(table, service) if isinstance(row["catchment_people"], Amount)]  # fmt: skip
        assert sum(cell.low for cell in known) == pytest.approx(outcome.demand[entry.group].sum())


def test_people_are_those_of_the_nearest_table_and_most_come_first(outcome, table):
    nearest = outcome.nearest[outcome.nearest["service"] == "eldercare"].dropna(subset=["facility_id"])
    off = set(outcome.snaps.index[(outcome.snaps["of"] == "demand") & (outcome.snaps["chain"] < 0)])
    nearest = nearest[~nearest["demand_id"].map(str).isin(off)]
    people = outcome.demand[outcome.services["eldercare"].group].reindex(nearest["demand_id"]).to_numpy()
    wanted = pd.Series(people).groupby(nearest["facility_id"].to_numpy()).sum()
    own = [row for row in rows(table, "eldercare") if row["facility_id"] in wanted.index]
    assert {row["facility_id"]: row["catchment_people"].low for row in own} == pytest.approx(wanted.to_dict())
    counts = [row["catchment_people"].low for row in own]
    assert counts == sorted(counts, reverse=True)


def test_of_a_facility_off_the_network_it_is_not_known_who_is_nearest(outcome, table):
    facility = rows(table, "eldercare")[0]["facility_id"]
    snaps = outcome.snaps.copy()
    snaps.loc[facility, "chain"] = -1
    off = catchments(dataclasses.replace(outcome, snaps=snaps))
    row = next(row for row in rows(off, "eldercare") if row["facility_id"] == facility)
    assert (row["catchment_people"], row["catchment_load"]) == (Coded("unknown"), Coded("unknown"))


def test_people_that_are_not_known_leave_the_most_open(outcome):
    zones = outcome.zones.copy()
    group = outcome.services["eldercare"].group
    zones["people_unknown"] = [(group,) if zone == "community/C03" else () for zone in zones.index]
    blind = dataclasses.replace(outcome, zones=zones)
    cells = [cell for cell in catchments(blind).where("service", "eldercare").cells("catchment_people") if isinstance(cell, Amount)]  # fmt: skip
    assert any(np.isinf(cell.high) for cell in cells)
    view = catchment_views(BaseMap(blind))[0].view
    assert view.classes[view.of_class[view.zones.index("community/C03")]].hatch


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1e3), st.one_of(st.floats(0, 1e3), st.just(np.inf)))
def test_a_load_holds_every_quotient_of_its_ends(people, more, low, width):
    cell = load(people, people + more, low, low + width)
    if low + width == 0:
        assert cell is None
    elif low == 0 and np.isinf(width):
        assert cell == Coded("unknown")
    else:
        assert isinstance(cell, Amount)
        for capacity in (low, low + width):
            if 0 < capacity < np.inf:
                assert cell.low <= people / capacity <= cell.high
                assert cell.low <= (people + more) / capacity <= cell.high


def test_three_hundred_to_between_ten_and_twenty_beds():
    assert cell_text(load(300, 300, 10, 20), "zh") == "15–30"
    assert cell_text(load(300, 300, 0, 20), "zh") == "≥ 15"


def test_zones_have_the_colour_of_their_catchment_and_neighbours_another(outcome):
    for own in catchment_views(BaseMap(outcome)):
        view, shapes = own.view, outcome.zones.geometry
        named = dict(zip(view.zones, (row[0] for row in view.table.rows), strict=True))
        colour = dict(zip(view.zones, view.of_class, strict=True))
        for zone in view.zones:
            for other in view.zones:
                if named[zone] == named[other]:
                    assert colour[zone] == colour[other]
                elif shapes[zone].distance(shapes[other]) < 1:
                    assert colour[zone] != colour[other], (zone, other)
        assert (shapely.length(own.edges) > 0).all()


def test_without_nearest_facilities_and_registers_there_is_no_table(outcome):
    bare = dataclasses.replace(outcome, nearest=outcome.nearest.iloc[:0], facilities=outcome.facilities.iloc[:0])  # fmt: skip
    table = catchments(bare)
    assert table is None or all(key == "" for key in table.cells("facility_id"))
    assert catchment_views(BaseMap(bare)) == []
