"""The demo and the three real studies run whole; people, walks and coverage counted again by other code."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from recount import Recount, covered_by_zone, of_service
from scipy.spatial import cKDTree

from geoplan.report.folder.store import read_outcome

STUDIES = ("demo", "wuhan", "porto_alegre", "las_palmas")


@pytest.fixture(scope="module", params=STUDIES)
def outcome(request, results):
    return read_outcome(results(request.param))


@pytest.fixture(scope="module")
def recounts(outcome):
    """Return a recount for each pace of the study."""
    return {kmh: Recount(outcome, kmh) for kmh in {terms.walk_kmh for terms in outcome.services.values()}}


def covered(outcome, service, measure):
    table = outcome.circle
    rows = table[(table["service"] == service) & (table["measure"] == measure) & (table["kind"] == "")]
    return rows.set_index("zone_id")["covered"]


def test_every_walk_and_the_coverage_of_every_zone_are_those_of_networkx(outcome, recounts):
    for service, terms in outcome.services.items():
        seconds = recounts[terms.walk_kmh].seconds(of_service(outcome, service))
        told = outcome.nearest[outcome.nearest["service"] == service].set_index("demand_id")["seconds"]
        told = told.reindex(seconds.index).fillna(np.inf)
        within = (seconds < 3599) | (told < 3599)  # the search for the nearest ends at an hour
        assert within.any()
        assert (seconds[within] - told[within]).abs().max() <= 1e-6

        zones = covered_by_zone(outcome, service, seconds)
        assert len(zones) > 9
        stated = covered(outcome, service, "network")
        slack = 1e-9 * zones["high"].sum()
        for side, sign in (("low", 1), ("high", -1)):
            assert (sign * (stated.reindex(zones.index) - zones[side]) >= -slack).all()
            assert sign * (stated["area/area"] - zones[side].sum()) >= -slack


def test_people_meet_the_nearest_street_or_leave_an_island_for_the_main_network(outcome, recounts):
    """A leg is the distance to the nearest street; from one that hangs on under 50 junctions at most 1.5 times that and 50 m."""
    recount = next(iter(recounts.values()))
    snaps = outcome.snaps[(outcome.snaps["reason"] == "") & (outcome.snaps["of"] == "demand")]
    people = outcome.demand.geometry.set_axis(outcome.demand.index.astype(str))[snaps.index].to_numpy()
    able = np.flatnonzero(recount.open)
    found, metres = shapely.STRtree(recount.lines[able]).query_nearest(
        people, return_distance=True, all_matches=False
    )
    leg = snaps["leg_m"].to_numpy()
    assert np.abs(leg - shapely.distance(people, shapely.points(snaps["x"], snaps["y"]))).max() <= 1e-6
    assert (leg >= metres - 1e-6).all()
    led_away = leg > metres + 1e-6
    assert (leg[led_away] <= 1.5 * metres[led_away] + 50 + 1e-6).all()
    small = {
        node for part in nx.connected_components(nx.Graph(recount.graph)) if len(part) < 50 for node in part
    }
    assert {recount.u[edge] for edge in able[found[1][led_away]]} <= small


def test_the_straight_line_is_that_of_a_tree_of_points(outcome):
    inside = outcome.demand[~outcome.demand["halo"]]
    for service, terms in outcome.services.items():
        facilities = outcome.facilities.loc[of_service(outcome, service)].geometry
        metres, _ = cKDTree(shapely.get_coordinates(facilities.array)).query(
            shapely.get_coordinates(inside.geometry.array)
        )
        people = inside[terms.group].to_numpy()
        low, high = (people[metres <= terms.straight_m + slack].sum() for slack in (-1e-3, 1e-3))
        assert low - 1e-6 <= covered(outcome, service, "straight")["area/area"] <= high + 1e-6


def test_zones_add_up_level_by_level(outcome):
    inside = outcome.demand[~outcome.demand["halo"]]
    for group in set(outcome.groups.index) & set(inside.columns):
        assert inside[group].sum() == pytest.approx(outcome.groups.loc[group, "total"], abs=0.5)
    table = outcome.circle[outcome.circle["kind"] == ""]
    level = table["zone_id"].str.partition("/")[0]
    sums = table.groupby([level, "service", "measure"])[["people", "covered", "outside"]].sum()
    for name in set(level) - {"estate"}:
        pd.testing.assert_frame_equal(sums.loc[name], sums.loc["area"], rtol=1e-9, atol=0.01)


def test_residents_of_wuhan_lie_where_the_raster_has_them(results, data):
    """In each of 60 communities people lie as the cells' values times the share of the cell inside, overlap found by shapely."""
    outcome = read_outcome(results("wuhan"))
    zones = outcome.zones[outcome.zones["level"] == "community"]
    with rasterio.open(data / "wuhan/adults_20.tif") as raster:
        values, transform, width, crs = raster.read(1), raster.transform, raster.width, raster.crs
    inside = outcome.demand[~outcome.demand["halo"] & (outcome.demand["source"] == "adults_20.tif")]
    tried = 0
    for zone in np.random.default_rng(7).permutation(zones.index)[:60]:
        own = inside[inside["zone_id"] == zone].set_index("cell")["residents"]
        shape = zones.geometry[[zone]].to_crs(crs).iloc[0]
        rows, columns = np.divmod(own.index.to_numpy(), width)
        left, top = transform * (columns, rows)
        right, low = transform * (columns + 1, rows + 1)
        cells = shapely.box(left, low, right, top)
        share = shapely.area(shapely.intersection(shape, cells)) / shapely.area(cells)
        expected = values[rows, columns] * share
        total = outcome.zones.loc[zone, "given_residents"]
        assert own.sum() == pytest.approx(total, abs=0.5)
        np.testing.assert_allclose(own, expected * total / expected.sum(), rtol=1e-3, atol=0.02)
        tried += len(own)
    assert tried > 500


def test_elders_of_wuhan_are_the_share_that_two_rasters_have(results, data):
    outcome = read_outcome(results("wuhan"))
    elders, adults = (
        rasterio.open(data / f"wuhan/{name}.tif").read(1).astype(float).ravel()
        for name in ("elders_60", "adults_20")
    )
    inside = outcome.demand[~outcome.demand["halo"] & (outcome.demand["source"] == "adults_20.tif")]
    cell = inside["cell"].astype(int).to_numpy()
    known = adults[cell] > 0
    assert known.mean() > 0.99
    rate = 0.83 * elders[cell[known]] / adults[cell[known]]
    np.testing.assert_allclose(
        inside["elders_60"][known], inside["residents"][known] * rate, rtol=1e-6, atol=1e-9
    )


def test_people_of_porto_alegre_are_those_of_each_hexagon(results, data):
    outcome = read_outcome(results("porto_alegre"))
    cells = pd.read_csv(data / "porto_alegre/poa_hexgrid.csv").set_index("id")["population"].astype(float)
    inside = outcome.demand[~outcome.demand["halo"]]
    people = inside.groupby("zone_id")["residents"].sum()
    people.index = people.index.str.removeprefix("community/")
    assert (people.reindex(cells.index, fill_value=0.0) - cells).abs().max() < 0.5
    assert cells.sum() == 812_935


def test_street_metres_of_las_palmas_are_those_of_its_streets(results):
    outcome = read_outcome(results("las_palmas"))
    inside = outcome.demand[~outcome.demand["halo"]]
    area = gpd.GeoSeries(outcome.zones[outcome.zones["level"] == "community"].geometry).union_all()
    metres = shapely.length(shapely.intersection(outcome.streets.geometry.to_numpy(), area)).sum()
    assert inside["street_m"].sum() == pytest.approx(metres, rel=5e-3)


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONHASHSEED": "1", "NUMBA_NUM_THREADS": "1"}, {"PYTHONHASHSEED": "2", "NUMBA_NUM_THREADS": "2"}],
)
def test_wuhan_run_again_gives_the_same_bytes(results, geoplan, study, tmp_path, environment):
    """With other hashes of text, and one thread or two: every file, but what `run.json` and `run.log` say of the machine."""
    geoplan("run", study("wuhan"), "--out", tmp_path, **environment)
    one, other = (_files(next((out / "runs").iterdir())) for out in (results("wuhan"), tmp_path))
    assert one.keys() == other.keys()
    assert len(one) > 25
    assert {name for name in one if one[name] != other[name]} <= {"run.json", "run.log"}


def _files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
