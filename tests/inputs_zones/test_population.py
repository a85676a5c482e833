"""People on the ground: sums kept, unknowns not zero, every fallback said; against a slow count by hand."""

from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import write_raster
from refusals import codes, note
from refusals import refused as refused_by
from shapely import LineString, Point, box
from towns import DATA, make_wuhan, porto_alegre

from geoplan.inputs.boundaries import assemble_zones
from geoplan.inputs.population import order_of_dependence, people_on_the_ground
from geoplan.inputs.population.figures import rake
from geoplan.inputs.population.places import street_points

CRS = 4547
X, Y = 500_000.0, 3_300_000.0  # south-west corner of the small world


def at(x0, y0, x1, y1):
    return box(X + x0, Y + y0, X + x1, Y + y1)


def zones_of(shapes, *, parents=None, above=None, estates=(), **given_totals):
    """Return a zones table by hand: communities "1", "2" … in `above` (id -> polygon), and estates."""
    rows = []
    for code, shape in (above or {}).items():
        rows.append(("district", code, "area/area", shape))
    for i, shape in enumerate(shapes, start=1):
        rows.append(("community", str(i), f"district/{parents[i - 1]}" if parents else "area/area", shape))
    for i, shape in enumerate(estates, start=1):
        rows.append(("estate", f"E{i}", None, shape))
    table = pd.DataFrame(rows, columns=["level", "code", "parent_id", "geometry"])
    table["name"] = table["code"]
    table["covered_share"] = 1.0
    for name, totals in given_totals.items():
        at_level = "district" if len(totals) == len(above or {}) and above else "community"
        table.loc[table["level"] == at_level, f"given_{name}"] = totals
    table.index = pd.Index(table["level"] + "/" + table["code"], name="zone_id")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=CRS)


@pytest.fixture
def raster(tmp_path):
    """Return a function that writes cells (rows from the north) of `size` metres and gives the path."""

    def write(cells, stem="people", west=0.0, **how):
        return write_raster(tmp_path / f"{stem}.tif", cells, corner=(X + west, Y), **how)

    return write


def counted(zones, *, halo_m=0, street_points=None, lang="zh", **groups):
    return people_on_the_ground(zones, groups, halo_m=halo_m, street_points=street_points, lang=lang)


def refused(zones, **groups):
    """Return the error with which groups are refused, and the codes of its notes."""
    return refused_by(counted, zones, **groups)


def by_zone(people, group="residents"):
    inside = people.demand[~people.demand["halo"]]
    return inside.groupby("zone_id")[group].sum().to_dict()


def test_source_cell_and_zone_name_a_point_whatever_else_the_study_holds(raster):
    path = raster(np.arange(1, 61).reshape(6, 10))
    one, two, three = at(0, 0, 35, 60), at(35, 0, 70, 60), at(70, 0, 100, 60)

    def points(shapes, **more):
        got = counted(zones_of(shapes), residents={"raster": path}, **more).demand
        codes = {f"community/{at}": shape for at, shape in enumerate(shapes, start=1)}
        names = [
            (source, cell, codes[z].wkt)
            for source, cell, z in zip(got["source"], got["cell"], got["zone_id"], strict=True)
        ]
        assert len(set(names)) == len(got)
        return dict(zip(names, got["residents"], strict=True))

    whole = points([one, two, three])
    # one cell of row 0 is split between two zones: cell 3 of the file stands in both
    assert {(source, cell) for source, cell, _ in whole} == {("people.tif", cell) for cell in range(60)}
    assert {zone for _, cell, zone in whole if cell == 3} == {one.wkt, two.wkt}
    # a smaller study, read in a smaller window, and one with another raster on the same grid
    for some in (
        points([two, three]),
        points([three]),
        points([two, three], under_3={"raster": raster(np.ones((6, 10)), "z")}),
    ):
        assert some == {name: pytest.approx(people) for name, people in whole.items() if name in some}
        assert some


def test_a_cell_is_split_by_area_between_its_zones(raster):
    #  two cells of 10 m with 100 and 40 people; zone 1 ends 2.5 m into the second
    path = raster([[100, 40]])
    got = counted(zones_of([at(0, 0, 12.5, 10), at(12.5, 0, 20, 10)]), residents={"raster": path})
    assert by_zone(got) == pytest.approx({"community/1": 110, "community/2": 30})
    assert got.demand["residents"].tolist() == pytest.approx([100, 10, 30])
    assert got.demand.index.tolist() == [0, 1, 2]
    # a point stands at the cell's centre where the zone holds it, else inside the zone's part
    assert got.demand.geometry.x.tolist() == pytest.approx([X + 5, X + 11.25, X + 15])
    assert got.groups.loc["residents", "total"] == pytest.approx(140)
    assert got.notes == ()
    # without estates the overlay is an empty table
    assert (got.overlay.columns.tolist(), len(got.overlay)) == (["demand_id", "zone_id", "share"], 0)


def test_totals_hold_and_the_raster_says_where(raster):
    path = raster([[100, 40, 60]])
    zones = zones_of([at(0, 0, 10, 10), at(10, 0, 30, 10)], residents=[7, 1000])
    got = counted(zones, residents={"raster": path, "rake_to": "community", "basis": "常住", "year": 2020})
    assert got.demand["residents"].tolist() == pytest.approx([7, 400, 600])
    factors = note(got.notes, "rake_factors").values
    assert (factors["low"], factors["high"]) == pytest.approx((0.07, 10))
    assert got.groups.loc["residents"].drop("expected").to_dict() == {
        "label": "常住人口", "basis": "常住", "year": 2020, "total": 1007.0, "source": "people.tif，按社区（村）总数校核",
    }  # fmt: skip


def test_totals_of_a_coarser_level_hold_too(raster):
    path = raster([[100, 40, 60]])
    zones = zones_of(
        [at(0, 0, 10, 10), at(10, 0, 20, 10), at(20, 0, 30, 10)],
        parents="AAB",
        above={"A": at(0, 0, 20, 10), "B": at(20, 0, 30, 10)},
        residents=[280.0, 6.0],
    )
    got = counted(zones, residents={"raster": path, "rake_to": "district"})
    assert by_zone(got) == pytest.approx({"community/1": 200, "community/2": 80, "community/3": 6})


def test_of_a_district_half_covered_only_the_people_inside_are_counted(raster):
    path = raster([[100, 300]])
    zones = zones_of([at(0, 0, 10, 10)], parents="A", above={"A": at(0, 0, 20, 10)}, residents=[800.0])
    zones.loc["district/A", "covered_share"] = 0.5
    got = counted(zones, residents={"raster": path, "rake_to": "district"})
    assert by_zone(got) == pytest.approx({"community/1": 200})  # 100 of 400 cells' people
    assert "25.0%" in note(got.notes, "rake_partly_inside").text("en")


def test_nodata_is_nobody_here_and_no_zero_there(raster):
    path, over = raster([[100, -1]]), raster([[50, -1]], stem="old")
    zones = zones_of([at(0, 0, 10, 10), at(10, 0, 20, 10)], residents=[10, 20])
    rate = {"of": "residents", "rate": {"raster": over, "over": path, "times": 1.0}}
    got = counted(zones, residents={"raster": path, "rake_to": "community"}, elders_60=rate)
    # zone 2 has no cell: its 20 people stand on a point; it has no rate: that of the area is taken
    assert by_zone(got) == pytest.approx({"community/1": 10, "community/2": 20})
    assert by_zone(got, "elders_60") == pytest.approx({"community/1": 5, "community/2": 10})
    assert codes(got.notes) == ["rake_factors", "people_on_point", "rate_few", "rate_borrowed", "rate_filled"]
    assert note(got.notes, "people_on_point").values["zones"] == "2"
    # points stand in the order of zones, whatever they come from
    assert got.demand["zone_id"].tolist() == ["community/1", "community/2"]
    assert got.demand.geometry.iloc[1].equals(Point(X + 15, Y + 5))


def test_a_total_without_cells_goes_along_the_streets_of_its_zone(raster):
    path = raster([[100, 0]])
    zones = zones_of([at(0, 0, 10, 10), at(10, 0, 20, 10)], residents=[10, 30])
    ends = [[(0, 2), (14, 2)], [(12, 9), (15, 9)], [(11, 0), (11, 10)]]
    lines = [LineString([(X + x, Y + y) for x, y in line]) for line in ends]
    streets = gpd.GeoDataFrame({"access": ["open", "open", "closed"]}, geometry=lines, crs=CRS)
    pieces = street_points(streets, step_m=2)
    assert pieces["metres"].sum() == pytest.approx(17)
    got = counted(zones, street_points=pieces, residents={"raster": path, "rake_to": "community"})
    second = got.demand[got.demand["zone_id"] == "community/2"]
    # 4 of 7 metres on the lower street in 2 pieces, 3 on the upper one in 2 pieces
    assert second[second.geometry.y < Y + 5]["residents"].sum() == pytest.approx(30 * 4 / 7)
    assert second[second.geometry.y > Y + 5]["residents"].sum() == pytest.approx(30 * 3 / 7)
    assert note(got.notes, "people_on_streets").values["zones"] == "2"
    as_lines = counted(zones, street_points=streets, residents={"raster": path, "rake_to": "community"})
    assert by_zone(as_lines) == pytest.approx(by_zone(got))


def test_totals_without_any_raster_go_to_points_or_streets_and_unknown_ones_are_said():
    zones = zones_of([at(0, 0, 10, 10), at(10, 0, 20, 10), at(20, 0, 30, 10)], residents=[5, np.nan, 0])
    got = counted(zones, residents={"rake_to": "community", "spread": "point"})
    assert by_zone(got) == {"community/1": 5}
    assert codes(got.notes) == ["totals_unknown"]
    assert note(got.notes, "totals_unknown").values["zones"] == "2"


def test_a_zone_without_polygon_gets_its_total_listed_as_not_placed():
    zones = zones_of([at(0, 0, 10, 10), None], residents=[5, 7])
    got = counted(zones, residents={"rake_to": "community", "spread": "point"})
    assert by_zone(got) == {"community/1": 5}
    assert note(got.notes, "people_not_placed").values["zones"] == "2 (7)"


def test_street_metres_stand_in_for_people():
    zones = zones_of([at(0, 0, 100, 100)])
    streets = gpd.GeoDataFrame(geometry=[LineString([(X - 100, Y + 50), (X + 100, Y + 50)])], crs=CRS)
    got = counted(zones, halo_m=60, street_points=streets, street_m={"street_m": True})
    assert by_zone(got, "street_m") == pytest.approx({"community/1": 100})
    assert got.demand.loc[got.demand["halo"], "street_m"].tolist() == pytest.approx(
        [50]
    )  # one piece of 50 m within 60 m
    assert "no streets were given" in refused(zones, street_m={"street_m": True})[0].text("en")


def test_the_halo_is_scaled_like_the_nearest_zone_and_enters_no_sum(raster):
    #  columns of 10 m: halo 5, zone 1 (10 -> 20 people), zone 2 (10 -> 50), halo 4, halo 6 (25 m away: too far for 20 m)
    path = raster([[5, 10, 10, 4, 6]], west=-10)
    zones = zones_of([at(0, 0, 10, 10), at(10, 0, 20, 10)], residents=[20, 50])
    groups = {
        "residents": {"raster": path, "rake_to": "community"},
        "under_3": {"of": "residents", "rate": 0.1},
    }
    got = counted(zones, halo_m=14, **groups)
    halo = got.demand[got.demand["halo"]]
    assert halo["zone_id"].isna().all()
    assert halo["residents"].tolist() == pytest.approx([5 * 2, 4 * 5])
    assert got.groups["total"].tolist() == pytest.approx([70, 7])
    wider = counted(zones, halo_m=15, **groups).demand
    assert wider.loc[wider["halo"], "residents"].tolist() == pytest.approx([10, 20, 30])


def test_zones_near_the_end_of_the_raster_are_flagged(raster):
    path = raster([[1] * 10] * 10)
    shapes = [at(10, 30, 40, 60), at(40, 30, 60, 60), at(60, 30, 95, 60), at(150, 30, 160, 60)]
    got = counted(zones_of(shapes), halo_m=20, residents={"raster": path})
    assert got.edge_zones == ("community/1", "community/3", "community/4")


def test_an_overlap_is_counted_once_for_the_smaller(raster):
    path = raster([[100, 100]])
    got = counted(zones_of([at(0, 0, 20, 10), at(10, 0, 20, 10)]), residents={"raster": path})
    assert by_zone(got) == pytest.approx({"community/1": 100, "community/2": 100})


def test_zero_over_zero_takes_the_zones_rate_then_its_parents(raster):
    path = raster([[10, 10, 10, 10]])
    over, under = raster([[1, 0, 0, 6]], stem="over"), raster([[4, 0, 0, 8]], stem="under")
    zones = zones_of(
        [at(0, 0, 20, 10), at(20, 0, 30, 10), at(30, 0, 40, 10)],
        parents="AAB",
        above={"A": at(0, 0, 30, 10), "B": at(30, 0, 40, 10)},
    )
    rate = {"of": "residents", "rate": {"raster": over, "over": under, "times": 0.5}}
    got = counted(zones, elders_60=rate, residents={"raster": path})
    # zone 1: 0.5 x 1/4 in its cell and for the 0/0 beside it; zone 2: its district's, the same; zone 3: 0.5 x 6/8
    assert got.demand["elders_60"].tolist() == pytest.approx([1.25, 1.25, 1.25, 3.75])
    assert (
        note(got.notes, "rate_filled").values["count"],
        note(got.notes, "rate_filled").values["people"],
    ) == (2, 20)
    assert note(got.notes, "rate_borrowed").values["zones"] == "2"
    assert note(got.notes, "rate_few").values["inside"] == 2
    # a cell without data has no rate of zero but its zone's
    rate = {"raster": raster([[2, -1, 0, 1]], stem="over"), "over": raster([[8, 5, 0, 1]], stem="under")}
    got = counted(zones, elders_60={"of": "residents", "rate": rate}, residents={"raster": path})
    assert got.demand["elders_60"].tolist()[:2] == pytest.approx([2.5, 2.5])


@pytest.mark.parametrize(("over", "under"), [(5, 4), (1, 0)])
def test_a_rate_outside_0_1_is_an_error_that_says_where(raster, over, under):
    path = raster([[10, 10]])
    rate = {"raster": raster([[over, 1]], stem="over"), "over": raster([[under, 2]], stem="under")}
    zones = zones_of([at(0, 0, 20, 10)])
    groups = {"residents": {"raster": path}, "elders_60": {"of": "residents", "rate": rate}}
    error, found = refused(zones, **groups)
    assert found == ["rate_outside"]
    assert error.notes[0].values["count"] == 1
    assert "1 (114.0" in error.text("en")
    # exactly 1 is a rate, and a bad one where nobody lives harms nobody
    rate |= {"raster": raster([[2, 9]], stem="over"), "over": raster([[2, 3]], stem="under")}
    groups["residents"] = {"raster": raster([[10, 0]])}
    assert by_zone(counted(zones, **groups), "elders_60") == {"community/1": 10}


def test_negative_cells_missing_files_and_levels_without_totals_are_errors(raster, tmp_path):
    zones = zones_of([at(0, 0, 20, 10)])
    groups = {"residents": {"raster": raster([[-5, 1]])}, "dwellings": {"raster": tmp_path / "none.tif"}}
    assert refused(zones, **groups)[1] == ["raster_negative", "file_missing"]
    groups = {"residents": {"rake_to": "community"}, "dwellings": {"rake_to": "town"}}
    assert refused(zones, **groups)[1] == ["rake_totals_missing", "rake_level_missing"]
    far = raster([[1]], west=9000)
    assert refused(zones, halo_m=100, residents={"raster": far})[1] == ["raster_elsewhere"]
    rate = {"raster": raster([[1, 1]], stem="a"), "over": raster([[1]], stem="b", size=20.0)}
    groups = {"residents": {"raster": raster([[1, 1]])}, "elders_60": {"of": "residents", "rate": rate}}
    assert refused(zones, **groups)[1] == ["rate_grids_differ"]


def test_groups_stand_in_order_of_dependence_and_circles_are_errors():
    groups = {"a": {"of": "b"}, "b": {"of": "c"}, "c": {"street_m": True}}
    assert order_of_dependence(groups) == ["c", "b", "a"]
    circle = {"a": {"of": "b"}, "b": {"of": "a"}, "c": {"street_m": True}}
    assert "a, b" in refused_by(order_of_dependence, circle)[0].text("en")
    assert "`z`" in refused_by(order_of_dependence, {"a": {"of": "z"}})[0].text("en")


def test_households_and_inherited_basis(raster):
    groups = {
        "households": {"of": "residents", "people_per_household": 2.5},
        "residents": {"raster": raster([[100]]), "basis": "七普", "year": 2020},
    }
    got = counted(zones_of([at(0, 0, 10, 10)]), lang="en", **groups)
    assert got.groups.loc["households"].drop("expected").to_dict() == {
        "label": "households", "basis": "七普", "year": 2020, "total": 40.0,
        "source": "residents ÷ 2.5 people a household",
    }  # fmt: skip
    assert got.demand.columns.tolist() == [
        "zone_id", "halo", "outside", "source", "cell", "households", "residents", "geometry",
    ]  # fmt: skip


def test_a_group_is_expected_to_grow_as_the_one_that_it_is_of(raster):
    groups = {
        "residents": {"raster": raster([[100]]), "study_year_total": 150.0},
        "under_3": {"of": "residents", "rate": 0.1},
        "households": {"of": "residents", "people_per_household": 2.5, "study_year_total": 50.0},
        "street_m": {"raster": raster([[7]], stem="other")},
    }
    got = counted(zones_of([at(0, 0, 10, 10)]), **groups).groups["expected"]
    assert got.drop("street_m").to_dict() == pytest.approx(
        {"residents": 150, "under_3": 15, "households": 50}
    )
    assert np.isnan(got["street_m"])


def test_two_grids_stand_side_by_side_and_both_sums_hold(raster):
    coarse = raster([[90]], stem="coarse", size=30)
    fine = raster([[1, 2, 3]] * 3, stem="fine")
    rate = {"of": "residents", "rate": {"raster": fine, "over": raster([[10, 4, 3]] * 3, stem="under")}}
    got = counted(
        zones_of([at(0, 0, 30, 30)]), residents={"raster": coarse}, households={"raster": fine}, under_3=rate
    )
    assert got.groups["total"].tolist() == pytest.approx(
        [90, 18, 45]
    )  # the rate at the coarse cell's centre: 2/4


# --- estates --------------------------------------------------------------------------------------------------------


def test_estates_take_their_share_of_each_part(raster):
    #  one cell of 10 m shared by zones 1 and 2; estate E1 covers 2 m of zone 1 and 4 m of zone 2, E2 lies inside E1
    zones = zones_of(
        [at(0, 0, 5, 10), at(5, 0, 10, 10)], estates=[at(3, 0, 9, 10), at(8, 0, 9, 10), at(50, 0, 60, 10)]
    )
    got = counted(zones, residents={"raster": raster([[100]])})
    shares = {(r.demand_id, r.zone_id): r.share for r in got.overlay.itertuples()}
    assert shares == pytest.approx({(0, "estate/E1"): 0.4, (1, "estate/E1"): 0.6, (1, "estate/E2"): 0.2})
    points = counted(
        zones_of([at(0, 0, 10, 10)], estates=[at(4, 4, 6, 6)], residents=[9.0]),
        residents={"rake_to": "community", "spread": "point"},
    )
    assert points.overlay.to_dict("list") == {"demand_id": [0], "zone_id": ["estate/E1"], "share": [1.0]}


# --- laws -----------------------------------------------------------------------------------------------------------

CORNER = st.tuples(
    st.sampled_from([0, 3, 10, 17]),
    st.sampled_from([0, 10, 14]),
    st.sampled_from([4, 10, 13]),
    st.sampled_from([6, 10]),
)
CELLS = st.lists(
    st.lists(st.sampled_from([-1.0, 0.0, 1.0, 250.0]), min_size=3, max_size=3), min_size=3, max_size=3
)
TOTALS = st.sampled_from([0.0, 1.0, 999.0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("laws")


def world(folder, cells, corners, totals):
    path = write_raster(folder / "cells.tif", cells, corner=(X, Y))
    shapes = [at(x, y, x + w, y + h) for x, y, w, h in corners]
    return path, zones_of(
        shapes, residents=totals[: len(shapes)], estates=[at(2, 2, 14, 14), at(8, 0, 30, 9)]
    )


@settings(max_examples=40, deadline=None)
@given(CELLS, st.lists(CORNER, min_size=1, max_size=4), st.lists(TOTALS, min_size=4, max_size=4))
def test_every_total_holds_wherever_the_cells_are(folder, cells, corners, totals):
    path, zones = world(folder, cells, corners, totals)
    got = counted(zones, halo_m=12, residents={"raster": path, "rake_to": "community"})
    lost = next((n.values["zones"] for n in got.notes if n.code == "people_not_placed"), "")
    for i, total in enumerate(totals[: len(corners)], start=1):
        if f"{i} (" not in lost:  # a zone wholly under smaller ones has no ground of its own
            assert by_zone(got).get(f"community/{i}", 0.0) == pytest.approx(total, abs=1e-6)
    assert (got.overlay["share"] <= 1).all()
    assert (got.overlay.groupby("demand_id")["share"].sum() <= 1 + 1e-12).all()
    assert set(got.overlay["demand_id"]) <= set(got.demand.index[~got.demand["halo"]])
    assert (got.demand["residents"] > 0).all()


@settings(max_examples=40, deadline=None)
@given(CELLS, st.lists(CORNER, min_size=1, max_size=4))
def test_cells_are_split_as_a_slow_count_splits_them(folder, cells, corners):
    path, zones = world(folder, cells, corners, [np.nan] * 4)
    got = counted(zones, residents={"raster": path})
    shapes = zones[zones["level"] == "community"].geometry.tolist()
    # slow oracle: polygon by polygon, the smaller (of equals the later) first
    want, taken = {}, box(0, 0, 0, 0)
    for i in sorted(range(len(shapes)), key=lambda i: (shapes[i].area, -i)):
        own = shapes[i] - taken
        taken = taken | shapes[i]
        people = 0.0
        for row, column in product(range(3), range(3)):
            cell = at(10 * column, 20 - 10 * row, 10 * column + 10, 30 - 10 * row)
            people += max(cells[row][column], 0.0) * cell.intersection(own).area / 100
        if people > 1e-9:
            want[f"community/{i + 1}"] = people
    assert by_zone(got) == pytest.approx(want, rel=1e-5, abs=1e-6)
    # every point stands in its own zone
    for point in got.demand.itertuples():
        assert zones.geometry[point.zone_id].distance(point.geometry) < 1e-6


@settings(max_examples=15, deadline=None)
@given(CELLS, st.lists(CORNER, min_size=4, max_size=4), st.permutations(range(6)))
def test_the_order_of_zones_changes_nothing(folder, cells, corners, order):
    path, zones = world(folder, cells, corners, [5.0, 10.0, 20.0, 40.0])
    groups = {"residents": {"raster": path, "rake_to": "community"}}
    one, two = (counted(z, halo_m=15, **groups) for z in (zones, zones.iloc[list(order)]))
    assert one.demand.equals(two.demand)
    assert one.overlay.equals(two.overlay)


def test_the_order_of_streets_changes_nothing():
    zones = zones_of([at(0, 0, 100, 100), at(100, 0, 200, 100)], residents=[10, 20])
    lines = [LineString([(X + 10, Y + i), (X + 150, Y + 2 * i)]) for i in (10, 20, 30)]
    streets = gpd.GeoDataFrame(geometry=lines, crs=CRS)
    groups = {"residents": {"rake_to": "community"}, "street_m": {"street_m": True}}
    one, two = (counted(zones, halo_m=50, street_points=s, **groups) for s in (streets, streets.iloc[::-1]))
    assert one.demand.equals(two.demand)


PAIRS = st.tuples(st.sampled_from([0.0, 2.0, 5.0]), st.sampled_from([0.0, 3.0, np.nan]))


@given(st.lists(PAIRS, min_size=1, max_size=5))
def test_raking_keeps_every_known_total_that_has_cells(pairs):
    cells, totals = (np.array(column) for column in zip(*pairs, strict=True))
    found = rake(cells, totals)
    ok = np.isfinite(totals) & (cells > 0)
    assert (found.ratio * cells)[ok] == pytest.approx(totals[ok])
    assert set(found.empty) == {i for i, (c, t) in enumerate(pairs) if c == 0 and t > 0}


# --- real data ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wuhan():
    zones, folder = make_wuhan().zones, DATA / "wuhan"
    rate = {"raster": folder / "elders_60.tif", "over": folder / "adults_20.tif", "times": 0.83}
    groups = {
        "residents": {"raster": folder / "adults_20.tif", "rake_to": "community", "basis": "常住", "year": 2010},
        "elders_60": {"of": "residents", "rate": rate}, "under_3": {"of": "residents", "rate": 0.026},
    }  # fmt: skip
    return zones, counted(zones, halo_m=2000, **groups)


def test_wuhan_has_5_112_330_residents_and_each_community_its_own_which_stand_in_it(wuhan):
    zones, people = wuhan
    assert people.groups.loc["residents", "total"] == pytest.approx(5_112_330, abs=0.5)
    given_residents = zones.loc[zones["level"] == "community", "given_residents"]
    got = pd.Series(by_zone(people)).reindex(given_residents.index, fill_value=0.0)
    assert (got - given_residents).abs().max() < 0.5
    inside = people.demand[~people.demand["halo"]]
    shapes = zones.geometry.loc[inside["zone_id"]]
    assert inside.geometry.distance(shapes, align=False).max() < 0.1
    assert inside["zone_id"].nunique() == 974


def test_wuhans_rates_take_14_values_and_stay_between_the_districts_shares(wuhan):
    _, people = wuhan
    assert note(people.notes, "rate_few").values["count"] == 14
    share = people.demand["elders_60"] / people.demand["residents"]
    assert share.between(0.83 * 0.145, 0.83 * 0.267).all()
    assert people.groups.loc["under_3", "total"] == pytest.approx(0.026 * 5_112_330)


def test_wuhans_halo_has_people_of_its_own(wuhan):
    zones, people = wuhan
    halo = people.demand[people.demand["halo"]]
    area = zones.geometry["area/area"]
    sample = halo.iloc[:: max(len(halo) // 300, 1)]
    # cells cut by the border stand at their centre, which may lie up to half a diagonal inside
    assert sample.geometry.distance(area).max() <= 2000
    assert len(halo) > 10_000
    assert people.edge_zones == ("community/W0954",)


def test_porto_alegres_812_935_people_stand_in_their_hexagons():
    zones = assemble_zones([porto_alegre()], area_name="Porto Alegre").zones
    got = counted(zones, halo_m=2000, residents={"rake_to": "community", "spread": "point"})
    assert got.groups.loc["residents", "total"] == 812_935
    shapes = zones.geometry.loc[got.demand["zone_id"]]
    assert got.demand.geometry.within(shapes, align=False).all()
