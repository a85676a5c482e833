"""Circle: by hand, the boundary, the law, a golden file, and a slow oracle on random towns."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geoplan.coverage.circle import Land, circle_table, community_covered, in_circle, straight_nearest
from geoplan.coverage.land import sample_land
from geoplan.coverage.zone_sums import lineage, zone_sums
from geoplan.tables import CIRCLE, Service
from geoplan.words.errors import TableError

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
HERE = Path(__file__).parent
EAT = Service(
    name="eat", facilities=("elder_home",), group="elders_60", walk_minutes=15.0, walk_kmh=4.0, flag_share=0.2
)


def zone_table(rows):
    """Return zones from (zone_id, parent, kind word) tuples; squares of 100 m side by side stand for polygons."""
    ids = [r[0] for r in rows]
    return gpd.GeoDataFrame(
        {"level": [i.split("/")[0] for i in ids], "name": ids, "parent_id": pd.array([r[1] for r in rows], dtype="str"),
         "kind": [frozenset(r[2].split()) for r in rows]},
        index=pd.Index(ids, name="zone_id", dtype="str"), crs=None,
        geometry=[shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(len(ids))],
    )  # fmt: skip


def town():
    """Return one area, two districts, three communities (one rural), one estate."""
    return zone_table([
        ("area/1", None, ""), ("district/u", "area/1", "urban"), ("district/r", "area/1", ""), ("community/a", "district/u", ""),
        ("community/b", "district/u", ""), ("community/c", "district/r", "rural"), ("estate/e", "community/a", ""),
    ])  # fmt: skip


def people(zone_ids, elders, **columns):
    ids = pd.Index(range(10, 10 + len(zone_ids)), name="demand_id")
    table = {"zone_id": pd.array(zone_ids, dtype="str"), "halo": [z is None for z in zone_ids], **columns}
    table["elders_60"] = np.asarray(elders, dtype=float)
    at = shapely.points(np.arange(len(zone_ids)) * 10.0, 0.0)
    return gpd.GeoDataFrame(table, index=ids, geometry=at, crs=None)


def walks(demand, seconds, facilities=None, service="eat"):
    facilities = ["x"] * len(seconds) if facilities is None else facilities
    return pd.DataFrame(
        {"service": service, "demand_id": demand.index, "facility_id": facilities, "seconds": seconds}
    )


def circle(demand, nearest, zones=None, service=EAT, measures=None, **more):
    zones = town() if zones is None else zones
    nearest = {"network": nearest, **(measures or {})}
    return circle_table(demand=demand, zones=zones, services={"eat": service}, nearest=nearest, **more)


def row(table, zone_id, kind="", measure="network"):
    hit = table[(table["zone_id"] == zone_id) & (table["kind"] == kind) & (table["measure"] == measure)]
    assert len(hit) == 1
    return hit.iloc[0]


def by_hand():
    demand = people(["community/a"] * 3 + ["community/b", "community/c", None], [50, 30, 20, 10, 40, 1000])
    overlay = pd.DataFrame({"demand_id": [10, 12], "zone_id": ["estate/e", "estate/e"], "share": [0.5, 1.0]})
    seconds = [600.0, 900.0, 901.0, np.nan, 120.0, 1.0]
    nearest = walks(demand, seconds, ["x", "y", "y", None, "z", "x"])
    return demand, overlay, nearest


def test_by_hand():
    demand, overlay, nearest = by_hand()
    table = circle(demand, nearest, overlay=overlay)
    assert list(table.columns) == list(CIRCLE)
    a = row(table, "community/a")
    assert (a.people, a.covered, a.outside, a.share) == (100.0, 80.0, 20.0, 0.8)
    # 20 of 100 outside is not more than the flag share: covered
    assert (a.communities, a.communities_covered) == (1, 1)
    assert a.median_minutes == 10.0  # 50 of 100 walk 600 s: exactly half
    assert a.nearest_facility == "x"  # 50 people against 30 + 20: the first of equals
    b = row(table, "community/b")
    assert (b.people, b.covered, b.unreached, b.communities_covered) == (10.0, 0.0, 10.0, 0)
    assert np.isnan(b.median_minutes)
    assert pd.isna(b.nearest_facility)
    u = row(table, "district/u")
    assert (u.people, u.covered, u.unreached, u.communities, u.communities_covered) == (110.0, 80.0, 10.0, 2, 1)  # fmt: skip
    assert u.median_minutes == 15.0  # 50 at 10 min, then 30 more at 15 min pass 55
    area = row(table, "area/1")
    assert (area.people, area.covered, area.outside) == (150.0, 120.0, 30.0)
    assert area.nearest_facility == "x"  # 50 people; y has 50 too, z 40: the first of equals
    # rural apart: the area has both kinds, each district one
    assert row(table, "area/1", "urban").people == 110.0
    assert row(table, "area/1", "rural")[["people", "covered", "median_minutes"]].tolist() == [40.0, 40.0, 2.0]  # fmt: skip
    assert row(table, "district/r", "rural").people == 40.0
    assert not ((table["zone_id"] == "district/r") & (table["kind"] == "urban")).any()
    # the estate takes half of the first point and all of the third: 25 within, 20 outside
    e = row(table, "estate/e")
    assert (e.people, e.covered, e.outside, e.communities) == (45.0, 25.0, 20.0, 0)
    assert table["land_m2"].isna().all()


def test_people_off_the_network_are_neither_covered_nor_outside():
    # a: 60 within, 20 outside, 20 without streets; b: nobody on the network; c: all 40 within
    demand = people(["community/a"] * 3 + ["community/b", "community/c"], [60, 20, 20, 10, 40])
    seconds = [600.0, 1200.0, np.nan, np.nan, 120.0]
    near, crow = walks(demand, seconds), walks(demand, [1.0] * 5)
    table = circle(demand, near, measures={"straight": crow}, off_network=[12, 13])
    a = row(table, "community/a")
    assert (a.people, a.covered, a.outside, a.off_network) == (100.0, 60.0, 20.0, 20.0)
    assert (a.share, a.share_low, a.share_high) == (0.75, 0.6, 0.8)
    # with the 20 inside just 20 of 100 are outside: the flag share itself, so a may be covered
    assert (a.communities, a.communities_covered, a.communities_unknown) == (1, 0, 1)
    assert (a.unreached, a.median_minutes) == (0.0, 10.0)  # half of the 80 of whom it is known
    b = row(table, "community/b")
    assert np.isnan(b.share)
    assert (b.share_low, b.share_high, b.communities_unknown) == (0.0, 1.0, 1)
    area = row(table, "area/1")
    assert (area.covered, area.outside, area.off_network) == (100.0, 20.0, 30.0)
    assert area.share == pytest.approx(100 / 120)
    assert (area.communities, area.communities_covered, area.communities_unknown) == (3, 1, 2)
    # along a straight line everybody is known
    assert row(table, "area/1", measure="straight")[["covered", "off_network"]].tolist() == [150.0, 0.0]
    # one person fewer off the network, and a is short even with all of them inside
    less = people(["community/a"] * 3, [60, 21, 19])
    fewer = row(circle(less, walks(less, seconds[:3]), off_network=[12]), "community/a")
    assert (fewer.communities_covered, fewer.communities_unknown) == (0, 0)


def test_inputs_stay_as_they_were():
    demand, overlay, nearest = by_hand()
    zones = town()
    before = [t.copy(deep=True) for t in (demand, overlay, nearest, zones)]
    circle(demand, nearest, zones, overlay=overlay)
    for old, new in zip(before, (demand, overlay, nearest, zones), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))


def test_golden_table():
    demand, overlay, nearest = by_hand()
    frail = nearest.assign(seconds=nearest["seconds"] * 1.5)
    straight = walks(demand, [300.0] * 6)
    table = circle(demand, nearest, overlay=overlay, measures={"frail": frail, "straight": straight})
    text = table.round(6).to_csv(index=False, lineterminator="\n")
    assert text == (HERE / "circle_table.csv").read_text(encoding="utf-8")


def test_boundary_is_inside_and_is_the_only_one():
    assert in_circle([900.0, 900.0 + 5e-7, 900.0 + 2e-6, np.inf, np.nan], walk_minutes=15).tolist() == [
        True, True, False, False, False,
    ]  # fmt: skip
    # a third of a minute: 60 * (1/3) is not exact in floats; the tolerance takes it in
    assert in_circle(0.1 * 200, walk_minutes=1 / 3)


@pytest.mark.parametrize(("outside", "covered"), [(20.0, True), (20.001, False), (0.0, True), (100.0, False)])
def test_flag_share_is_inclusive(outside, covered):
    assert community_covered(100.0, 100.0 - outside, flag_share=0.2) == covered
    # 0.7 of 3 people: 3 - 0.9 leaves 2.1, which floats make a little more
    assert community_covered(3.0, 0.9, flag_share=0.7)


def test_a_community_without_people_counts_in_no_base():
    demand = people(["community/a", "community/b"], [0.0, 5.0])
    table = circle(demand, walks(demand, [1.0, 1.0]))
    a, area = row(table, "community/a"), row(table, "area/1")
    assert np.isnan(a.share)
    assert np.isnan(a.median_minutes)
    assert pd.isna(a.nearest_facility)
    assert (a.communities, area.communities, area.communities_covered) == (0, 1, 1)


def test_the_halo_enters_no_sum_even_where_it_names_a_zone():
    demand = people(["community/a", "community/a"], [7.0, 100.0]).assign(halo=[False, True])
    table = circle(demand, walks(demand, [1.0, 1.0]))
    assert row(table, "area/1").people == row(table, "community/a").covered == 7.0


def test_no_facility_at_all():
    demand = people(["community/a"], [7.0])
    nothing = walks(demand, [1.0]).iloc[:0]
    table = circle(demand, nothing)
    assert row(table, "area/1")[["people", "covered", "unreached"]].tolist() == [7.0, 0.0, 7.0]


def test_wrong_tables_are_named():
    demand = people(["community/a"], [7.0])
    with pytest.raises(TableError, match="no group `under_3`"):
        circle(demand, walks(demand, [1.0]), service=replace(EAT, group="under_3"))
    with pytest.raises(TableError, match="demand_id names ids that `demand_id` lacks: 99"):
        circle(demand, walks(demand, [1.0]).assign(demand_id=99))
    with pytest.raises(TableError, match="community/nowhere"):
        zone_sums(people(["community/nowhere"], [1.0]), town())
    circular = zone_table([("town/a", "town/b", ""), ("town/b", "town/a", "")])
    with pytest.raises(TableError, match="go in a circle: town/a, town/b"):
        lineage(circular)


def test_straight_line_and_its_radius():
    demand = people(["community/a"] * 3, [1.0, 1.0, 1.0])  # at x = 0, 10, 20
    facilities = gpd.GeoDataFrame(
        {"services": [("childcare",), ("elder_home", "elder_day_care"), ("elder_home",), ("elder_home",)]},
        index=pd.Index(["f#2", "f#3", "f#4", "f#5"], dtype="str"),
        geometry=[shapely.Point(0, 0), shapely.Point(20, 40), shapely.Point(20, 40), None],
        crs=demand.crs,
    )
    services = {"eat": replace(EAT, stated_straight_m=40.0), "none": replace(EAT, facilities=("hospice",))}
    got = straight_nearest(demand, facilities, services=services)
    assert got["service"].unique().tolist() == ["eat"]
    assert got["facility_id"].tolist() == ["f#3"] * 3  # the first of two at one spot
    assert got["metres"].tolist() == pytest.approx([np.hypot(20, 40), np.hypot(10, 40), 40.0])
    assert got["seconds"].tolist() == pytest.approx((got["metres"] / (4 / 3.6)).tolist())
    table = circle_table(
        demand=demand, zones=town(), services=services, nearest={"network": got.iloc[:0], "straight": got}
    )
    eat = table[table["service"] == "eat"]
    assert row(eat, "area/1", measure="straight").covered == 1.0  # 40 m inclusive, the others beyond
    assert EAT.straight_minutes == 15.0


def test_land_is_the_third_base():
    zones = town()
    # 50 x 100 m in a (x 300-400) and 40 x 100 in b (x 400-500), once twice over; b's estate is no base of its own
    land = gpd.GeoDataFrame(
        geometry=[shapely.box(350, 0, 440, 100), shapely.box(360, 0, 370, 10), shapely.box(5000, 0, 5100, 9)],
        crs=zones.crs,
    )
    points = sample_land(land, zones, cell_m=10.0)
    assert points.groupby("zone_id")["m2"].sum().to_dict() == pytest.approx(
        {"community/a": 5000, "community/b": 4000}
    )
    demand = people(["community/a"], [1.0])
    seconds = np.where(points.geometry.x < 380, 100.0, 1000.0)
    walked = Land(points, {"network": walks(points, seconds)})
    near = walks(demand, [1.0])
    table = circle(demand, near, zones, measures={"frail": near}, land=walked)
    assert row(table, "community/a")[["land_m2", "land_covered_m2"]].tolist() == pytest.approx([5000, 3000])
    assert row(table, "area/1")[["land_m2", "land_covered_m2"]].tolist() == pytest.approx([9000, 3000])
    assert row(table, "area/1", "urban")["land_m2"] == pytest.approx(9000)
    assert row(table, "community/c")["land_m2"] == 0.0
    assert np.isnan(row(table, "estate/e")["land_m2"])
    assert np.isnan(row(table, "area/1", measure="frail")["land_m2"])
    # whether land without streets is in the circle is not known
    lost = replace(walked, off_network=points.index[points.geometry.x > 420])
    b = row(circle(demand, near, zones, land=lost), "community/b")
    assert b[["land_m2", "land_off_network_m2"]].tolist() == pytest.approx([4000, 2000])


def test_a_sliver_of_land_keeps_its_area():
    zones = town()
    sliver = gpd.GeoDataFrame(geometry=[shapely.box(310.0, 10.0, 310.5, 12.0)], crs=zones.crs)
    points = sample_land(sliver, zones, cell_m=50.0)
    assert points[["zone_id", "m2"]].values.tolist() == [["community/a", 1.0]]
    assert sliver.geometry[0].contains(points.geometry[0])


# -- laws and oracle -------------------------------------------------------------------------------------------------

ELDERS = st.sampled_from([0.0, 0.5, 3.0, 1e6])
SECONDS = st.sampled_from([0.0, 900.0, 900.1, np.inf, np.nan])
LEAF = st.sampled_from(["community/a", "community/b", "community/c", None])


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.tuples(LEAF, ELDERS, SECONDS, st.sampled_from(["x", "y"]), st.booleans()), min_size=1, max_size=9
    )
)
def test_sums_hold_and_agree_with_a_slow_count(points):
    # who is off the network has no walk
    points = [(*p[:2], np.nan if p[4] else p[2], *p[3:]) for p in points]
    demand = people([p[0] for p in points], [p[1] for p in points])
    seconds, off = [p[2] for p in points], demand.index[[p[4] for p in points]]
    zones = town()
    table = circle(demand, walks(demand, seconds, [p[3] for p in points]), zones, off_network=off)
    parts = table["covered"] + table["outside"] + table["off_network"]
    assert (parts - table["people"]).abs().max() <= 1e-9
    # whoever finds the streets, the share then known lies in the interval
    for found in (0.0, 1.0):
        then = circle(
            demand, walks(demand, np.where(np.isin(demand.index, off), 900.0 + found, seconds)), zones
        )
        known = table["people"] > 0
        assert (then["share"] >= table["share_low"] - 1e-9)[known].all()
        assert (then["share"] <= table["share_high"] + 1e-9)[known].all()
        assert (then["communities_covered"] >= table["communities_covered"]).all()
        most = table["communities_covered"] + table["communities_unknown"]
        assert (then["communities_covered"] <= most).all()
    assert (table["unreached"] <= table["outside"] + 1e-9).all()
    for parent in ("area/1", "district/u", "district/r"):
        children = [row(table, z) for z in zones.index[zones["parent_id"] == parent]]
        for column in ("people", "covered", "outside", "off_network", "communities", "communities_covered", "communities_unknown",
                       "unreached"):  # fmt: skip
            assert row(table, parent)[column] == pytest.approx(sum(c[column] for c in children), abs=1e-9)
    below = {"area/1": "abc", "district/u": "ab", "district/r": "c"}
    for zone_id in zones.index[:-1]:
        inside = [p for p in points if p[0] and p[0][-1] in below.get(zone_id, zone_id[-1])]
        slow(row(table, zone_id), inside)


def slow(got, inside):
    total, joined = sum(p[1] for p in inside), sum(p[1] for p in inside if not p[4])
    reached = sorted((p[2], p[1]) for p in inside if np.isfinite(p[2]))
    assert got.people == pytest.approx(total)
    assert got.off_network == pytest.approx(total - joined)
    covered = sum(w for s, w in reached if s <= 900.0)
    assert got.covered == pytest.approx(covered)
    if joined > 0:
        assert got.share == pytest.approx(covered / joined)
    median, running = np.nan, 0.0
    for s, w in reached:
        running += w
        if w > 0 and running >= joined / 2 and np.isnan(median):
            median = s / 60
    assert got.median_minutes == pytest.approx(median, nan_ok=True)
    by = {f: sum(p[1] for p in inside if p[3] == f and np.isfinite(p[2])) for f in ("x", "y")}
    best = max(by, key=lambda f: (by[f], f == "x"))
    assert got.nearest_facility == best if by[best] > 0 else pd.isna(got.nearest_facility)


def test_many_points_in_many_zones_agree_with_groupby():
    rng = np.random.default_rng(7)
    rows = [("area/1", None, "")] + [(f"district/{d}", "area/1", "urban") for d in range(5)]
    rows += [(f"community/{c}", f"district/{c % 5}", "") for c in range(200)]
    demand = people([f"community/{c}" for c in rng.integers(0, 200, 20_000)], rng.random(20_000) * 10)
    seconds = rng.random(20_000) * 1800
    table = circle(demand, walks(demand, seconds), zone_table(rows))
    one = demand.assign(ok=np.where(seconds <= 900, demand["elders_60"], 0.0))
    by_hand = one.groupby("zone_id")[["elders_60", "ok"]].sum()
    whole = table[table["kind"] == ""].set_index("zone_id")
    leaves = whole.loc[by_hand.index]
    np.testing.assert_allclose(leaves[["people", "covered"]], by_hand, rtol=1e-12)
    assert whole.loc["area/1", "people"] == pytest.approx(demand["elders_60"].sum(), rel=1e-13)
    districts = whole[whole.index.str.startswith("district")]
    assert districts["covered"].sum() == pytest.approx(whole.loc["area/1", "covered"], rel=1e-13)


def test_straight_line_on_wuhan_agrees_with_every_distance():
    file = DATA / "wuhan" / "communities.gpkg"
    if not file.exists():
        pytest.skip("no real data beside the project (../shared/data)")
    centres = gpd.read_file(file).to_crs(32650).representative_point()
    demand = gpd.GeoDataFrame(geometry=centres.iloc[::2].array, crs=32650)
    homes = gpd.GeoDataFrame(geometry=centres.iloc[1::20].array, crs=32650)
    facilities = homes.set_index("f#" + homes.index.astype(str)).assign(
        services=[("elder_home",)] * len(homes)
    )
    got = straight_nearest(demand, facilities, services={"eat": EAT})
    ends = [shapely.get_coordinates(table.to_crs(4326).geometry.array) for table in (demand, facilities)]
    pairs = (np.repeat(ends[0], len(ends[1]), axis=0), np.tile(ends[1], (len(ends[0]), 1)))
    every = Geod(ellps="WGS84").inv(*pairs[0].T, *pairs[1].T)[2].reshape(len(demand), len(facilities))
    np.testing.assert_allclose(got["metres"], every.min(axis=1), rtol=1e-9)
    assert got["facility_id"].tolist() == facilities.index[every.argmin(axis=1)].tolist()
