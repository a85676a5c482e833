"""How much of a coarser zone has communities: of its people where a raster knows them, else of its land without water."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasters import write_raster
from shapely import box

from geoplan.inputs.population import people_on_the_ground

X, Y = 500_000.0, 3_300_000.0


def city():
    """Return a district of 400 m by 200 m whose western half is one community; a second district has none."""
    half, whole, other = (box(X + w, Y, X + e, Y + 200) for w, e in ((0, 200), (0, 400), (400, 600)))
    ids = ["area/area", "district/1", "district/2", "community/1"]
    table = pd.DataFrame(
        {"level": [i.split("/")[0] for i in ids], "code": [i.split("/")[1] for i in ids], "name": ids,
         "parent_id": [None, "area/area", "area/area", "district/1"], "covered_share": [1 / 3, 0.5, 0.0, 1.0],
         "given_residents": [np.nan, np.nan, np.nan, 96.0]},
        index=pd.Index(ids, name="zone_id"),
    )  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=[half, whole, other, half], crs=4547)


def covered(groups, **more):
    found = people_on_the_ground(city(), groups, halo_m=0, **more)
    return found.covered.to_dict(), [note for note in found.notes if note.code == "zone_covered_share"]


def raster(folder, cells):
    return write_raster(folder / "people.tif", np.asarray(cells, float), corner=(X, Y), size=100.0)


def test_people_count_where_a_raster_knows_them(tmp_path):
    # 96 of the 100 people of the first district live in its western half; the second has 50, none in a community
    path = raster(tmp_path, [[24, 24, 1, 1, 10, 15], [24, 24, 1, 1, 10, 15]])
    shares, notes = covered({"residents": {"raster": path}})
    assert shares == pytest.approx(
        {"area/area": 96 / 150, "district/1": 0.96, "district/2": 0.0, "community/1": 1.0}
    )
    assert [note.values["zones"] for note in notes] == ["district/2 0.0%"]


def test_land_counts_where_the_raster_ends(tmp_path):
    # the raster ends with the first district: of the second it knows nothing, and of the whole area too little
    path = raster(tmp_path, [[24, 24, 1, 1], [24, 24, 1, 1]])
    shares, _ = covered({"residents": {"raster": path}})
    assert shares == pytest.approx(
        {"area/area": 1 / 3, "district/1": 0.96, "district/2": 0.0, "community/1": 1.0}
    )


def test_without_a_raster_it_is_land_without_water():
    totals = {"residents": {"rake_to": "community"}}
    streets = gpd.GeoDataFrame({"metres": [1.0]}, geometry=[box(X, Y, X + 1, Y + 1).centroid], crs=4547)
    assert covered(totals, street_points=streets)[0]["district/1"] == pytest.approx(0.5)
    # a lake of 100 m by 200 m in the east of the first district
    lake = gpd.GeoSeries([box(X + 300, Y, X + 400, Y + 200)], crs=4547)
    shares, _ = covered(totals, street_points=streets, water=lake)
    assert shares["district/1"] == pytest.approx(2 / 3)
    assert shares["area/area"] == pytest.approx(2 / 5)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([0.0, 1.0, 7.5, 400.0]), min_size=12, max_size=12))
def test_shares_agree_with_a_plain_count_of_cells(tmp_path, cells):
    grid = np.array(cells).reshape(2, 6)
    grid[0, 0] += 1.0  # somebody lives there
    shares, _ = covered({"residents": {"raster": raster(tmp_path, grid)}})
    assert shares["district/1"] == pytest.approx(grid[:, :2].sum() / grid[:, :4].sum(), rel=1e-6)
    assert shares["area/area"] == pytest.approx(grid[:, :2].sum() / grid.sum(), rel=1e-6)
    assert shares["district/2"] == 0.0
    assert all(0 <= share <= 1 for share in shares.values())
