"""The metric CRS of a study: what may be stated, and that no zone changes a walk."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod
from refusals import refused
from small_town import SOUTH, WEST, SmallTown

from geoplan.inputs import datum
from geoplan.inputs.datum.metric import MOST_SCALE_ERROR, metric_crs, scale_error, stated_crs
from geoplan.pipeline import evaluate, gather
from geoplan.study.study import read_study

TOWN = (114.41, 30.62, 114.44, 30.64)


@pytest.mark.parametrize(
    ("stated", "code", "said"),
    [
        ("EPSG:3857", "crs_scale", "16.2%"), ("EPSG:32651", "crs_scale", "0.8%"), ("ESRI:54009", "crs_scale", "%"),
        ("+proj=tmerc +lon_0=114 +x_0=500 +units=km", "crs_not_metres", "kilometre"),
        ("EPSG:2263", "crs_not_metres", "foot"), ("EPSG:4326", "crs_not_projected", "WGS 84"),
        ("nonsense", "crs_unknown", "nonsense"), ("999999", "crs_unknown", "999999"),
        # a zone of another continent has no scale here
        ("EPSG:32718", "crs_scale", "%"),
    ],
)  # fmt: skip
def test_a_crs_that_does_not_serve_is_one_clear_error_that_names_the_right_one(stated, code, said):
    error, codes = refused(stated_crs, stated, TOWN, file="study.yaml")
    assert codes == [code]
    for lang in ("zh", "en"):
        assert "EPSG:4547" in error.text(lang)
        assert said in error.text(lang)


@pytest.mark.parametrize(
    "stated",
    ["EPSG:4547", "4547", "EPSG:4526", "EPSG:4546", "EPSG:32650", "+proj=tmerc +lon_0=114.4 +ellps=GRS80"],
)
def test_zones_of_the_place_and_beside_it_serve(stated):
    assert stated_crs(stated, TOWN).is_projected


def test_the_limit_itself_is_allowed():
    # the scale of a cone that touches nowhere is the same everywhere: k0
    for k, fits in (
        (1 + MOST_SCALE_ERROR - 1e-6, True),
        (1 + MOST_SCALE_ERROR + 1e-5, False),
        (1 - MOST_SCALE_ERROR - 1e-5, False),
    ):
        crs = f"+proj=tmerc +lon_0=114.425 +k={k - 2e-9} +ellps=GRS80"
        if fits:
            assert stated_crs(crs, (114.4249, 30.6, 114.4251, 30.7))
        else:
            assert refused(stated_crs, crs, (114.4249, 30.6, 114.4251, 30.7))[1] == ["crs_scale"]


@settings(deadline=None)
@given(st.floats(74, 134), st.floats(18, 53))
def test_the_crs_of_a_place_is_true_to_scale_there(lon, lat):
    # a zone of 3 degrees is off by 0.04 % at most, UTM outside of China by 0.1 %
    assert scale_error(metric_crs((lon, lat, lon, lat)), (lon, lat, lon, lat)) < 0.001 < MOST_SCALE_ERROR


def test_a_length_by_hand():
    # 300.5 km east of the meridian the map of Gauss-Krüger stretches by 1 + d²/2R² + d⁴/24R⁴, R² being the product of the radii
    line = gpd.GeoSeries([shapely.LineString([(800_000, 3_390_000), (801_000, 3_390_000)])], crs=4547)
    radius2 = 6_356_100 * 6_386_700  # metres, meridian and prime vertical at 30.6 N
    d2 = 300_500**2 / radius2
    assert datum.ground_lengths(line)[0] == pytest.approx(1000 / (1 + d2 / 2 + d2**2 / 24), abs=0.02)
    assert datum.ground_lengths(line.set_crs(None, allow_override=True)).tolist() == [1000.0]
    assert datum.ground_lengths(gpd.GeoSeries([], crs=4547)).tolist() == []


ENDS = st.tuples(st.floats(-1500, 1500), st.floats(-1500, 1500))


@settings(deadline=None)
@given(st.lists(ENDS, min_size=2, max_size=5), st.sampled_from([4546, 4548, 4526, 32650, 32649]))
def test_a_length_is_the_same_in_every_zone_and_equals_the_geodesic(ends, zone):
    line = gpd.GeoSeries([shapely.LineString(np.add(ends, [WEST, SOUTH]))], crs=4547)
    here = datum.ground_lengths(line)[0]
    assert datum.ground_lengths(line.to_crs(zone))[0] == pytest.approx(here, rel=1e-7, abs=1e-6)
    lon, lat = shapely.get_coordinates(line.to_crs(4490).array).T
    assert here == pytest.approx(Geod(ellps="GRS80").line_length(lon, lat), rel=1e-9, abs=1e-6)
    x, y = shapely.get_coordinates(line.array).mean(axis=0, keepdims=True).T
    assert line.length[0] * datum.ground_scale(x, y, CRS(4547))[0] == pytest.approx(here, rel=2e-6, abs=1e-6)


def walks_of(path, crs):
    """Return leg and seconds of every demand point of some people, by cell and zone, and the elders within the circle."""
    inputs = gather.gather(read_study(path).changed(crs=crs))
    graph, services = evaluate.build_graph(inputs.nodes, inputs.edges), inputs.study.measured_services()
    snaps = evaluate.snap_all(graph, inputs)
    seconds = evaluate.walk_all(graph, snaps, inputs, services).nearest.set_index("demand_id")["seconds"]
    people = inputs.people.demand.assign(leg=snaps.demand["leg_m"], seconds=seconds)
    people = people[~people["halo"] & (people["residents"] > 1e-3)]
    covered = people["elders_60"][people["seconds"] <= services["eldercare"].limit_seconds].sum()
    return people.set_index(["cell", "zone_id"])[["leg", "seconds"]].sort_index(), covered


def test_no_zone_changes_a_walk_a_leg_or_who_is_covered(tmp_path):
    path = SmallTown(tmp_path).write()
    here, elders = walks_of(path, "EPSG:4547")
    assert 100 < elders < 300
    assert here["leg"].min() == pytest.approx(20, abs=0.01)
    for crs in ("EPSG:4546", "EPSG:4548", "EPSG:32650"):
        there, same = walks_of(path, crs)
        assert there.index.equals(here.index)
        assert (there["leg"] - here["leg"]).abs().max() < 0.005
        assert (there["seconds"] - here["seconds"]).abs().max() < 0.1  # of up to half an hour
        assert same == pytest.approx(elders, abs=0.0002 * 400)
