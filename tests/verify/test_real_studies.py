"""The demo and the three real studies run whole; people, walks and coverage counted again by other code."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from pyproj import CRS, Transformer
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
        unsure = seconds.index.astype(str).isin(recounts[terms.walk_kmh].unsure)
        assert unsure.mean() < 0.002
        seconds = seconds.mask(unsure, told)
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


def on_the_ground(crs, start, end):
    """Return the geodesic between places of a projected CRS, metres."""
    back = Transformer.from_crs(crs, CRS(crs).geodetic_crs, always_xy=True)
    ends = (back.transform(*shapely.get_coordinates(points).T) for points in (start, end))
    (lon, lat), (to_lon, to_lat) = ends
    return CRS(crs).get_geod().inv(lon, lat, to_lon, to_lat)[2]


def test_people_meet_the_nearest_street_of_the_best_kind_within_the_limit(outcome, recounts):
    """The ground of the main network is taken before that of islands, then bridges, tunnels and levels; each leg is the shortest."""
    recount = next(iter(recounts.values()))
    snaps = outcome.snaps[(outcome.snaps["reason"] == "") & (outcome.snaps["of"] == "demand")]
    people = outcome.demand.geometry.set_axis(outcome.demand.index.astype(str))[snaps.index].to_numpy()
    joined = shapely.points(snaps["x"], snaps["y"])
    leg = snaps["leg_m"].to_numpy()
    assert np.abs(leg - on_the_ground(outcome.crs, people, joined)).max() <= 1e-3

    # closed gates make no island: all streets tie their ends
    parts = nx.connected_components(nx.Graph(list(zip(recount.u, recount.v, strict=True))))
    small = {node for part in parts if len(part) < 50 for node in part}
    island = np.array([u in small for u in recount.u])
    ground = outcome.streets["on_ground"].to_numpy(dtype=bool)
    limit = 250.0  # `max_snap_m` of every study here
    left = np.ones(len(people), dtype=bool)
    for kind in (~island & ground, island & ground, ~island & ~ground, island & ~ground):
        able = np.flatnonzero(recount.open & kind)
        if not len(able) or not left.any():
            continue
        mine = np.flatnonzero(left)
        found = shapely.STRtree(recount.lines[able]).query_nearest(people[mine], all_matches=False)
        lines = recount.lines[able[found[1]]]
        place = shapely.line_interpolate_point(
            lines, shapely.line_locate_point(lines, people[mine[found[0]]])
        )
        metres = on_the_ground(outcome.crs, people[mine[found[0]]], place)
        taken = metres <= limit + 1e-3
        assert np.abs(leg[mine[found[0][taken]]] - metres[taken]).max(initial=0.0) <= 0.01
        left[mine[found[0][taken]]] = False
    assert not left.any()


def test_the_straight_line_is_the_geodesic_to_the_nearest_of_a_tree_of_points(outcome):
    inside = outcome.demand[~outcome.demand["halo"]]
    homes = inside.geometry.to_numpy()
    for service, terms in outcome.services.items():
        facilities = outcome.facilities.loc[of_service(outcome, service)].geometry.to_numpy()
        _, nearest = cKDTree(shapely.get_coordinates(facilities)).query(shapely.get_coordinates(homes))
        metres = on_the_ground(outcome.crs, homes, facilities[nearest])
        people = inside[terms.group].to_numpy()
        low, high = (people[metres <= terms.straight_m + slack].sum() for slack in (-0.01, 0.01))
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
        left, top = transform.c + transform.a * columns, transform.f + transform.e * rows
        right, low = left + transform.a, top + transform.e
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
    """Metres on the ground within the zones; the straight lines on which squares are crossed are no streets."""
    outcome = read_outcome(results("las_palmas"))
    inside = outcome.demand[~outcome.demand["halo"]]
    area = gpd.GeoSeries(outcome.zones[outcome.zones["level"] == "community"].geometry).union_all()
    streets = outcome.streets[outcome.streets["highway"] != "square"]
    within = gpd.GeoSeries(shapely.intersection(streets.geometry.to_numpy(), area), crs=streets.crs)
    geod = CRS(outcome.crs).get_geod()
    metres = sum(geod.geometry_length(part) for part in within.to_crs(4326) if not part.is_empty)
    assert inside["street_m"].sum() == pytest.approx(metres, rel=1e-3)


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
