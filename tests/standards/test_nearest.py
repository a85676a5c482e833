"""Distances of facilities in a straight line to the nearest of others: homes beside clinics (毗邻建设)."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases import rule
from shapely.affinity import translate
from shapely.geometry import Point

from geoplan.standards.packs.read import read_pack, rules_table
from geoplan.standards.packs.sheet import cells_of, value_of
from geoplan.standards.packs.show import card, rule_named
from geoplan.standards.straight_line import metres_to_nearest
from geoplan.words.errors import PackError

INF, NAN = float("inf"), float("nan")
NEAREST = "nearest: {facilities: [primary_care, hospital]}"
HOMES = ("level: 'facility: institution'", "of: {facilities: [institution]}", "unit: facilities")


def asked(target, *more):
    return rule("facility", target, *HOMES, NEAREST, *more)


#: Homes at 50, 350 and 700 m; a clinic at 350 m and a hospital at 950 m, both 50 m from the south.
ROWS = (("甲养老院", "elder_home", 50, "community/A"), ("乙养老院", "elder_home", 350, "community/B"),
        ("丙养老院", "elder_home", 700, "community/C"), ("社区卫生服务中心", "primary_care", 350, "community/B"),
        ("人民医院", "hospital", 950, "community/D"))  # fmt: skip


def placed(town, *rows, **columns):
    """Return the town with these facilities instead of its own."""
    every = rows or ROWS
    names, types, x, zones = zip(*every, strict=True)
    table = gpd.GeoDataFrame(
        {
            "name": names, "services": [(one,) for one in types], "status": "existing", "open_year": NAN, "close_year": NAN, "zone_id": zones,
            "serves": [()] * len(every), "location_quality": ["missing" if at is None else "exact" for at in x], **columns,
        },
        geometry=[None if at is None else Point(at, 50) for at in x], crs="EPSG:4547", index=[f"f#{i}" for i in range(len(every))],
    )  # fmt: skip
    return town.change(facilities=table, supplies=town.supplies.iloc[:0])


def metres(town, rules_from, target="未量化", *more, **given):
    """Return (least, most, nearest) of each home by name, and the finding."""
    result = town.assess(rules_from(asked(target, *more)), flag_rules=(), **given)
    names = town.facilities["name"]
    rows = result.members.assign(near=result.members["nearest_facility"].map(names))
    found = {
        names[row.member_id]: (row.value, row.value_high, row.near if isinstance(row.near, str) else None)
        for row in rows.itertuples()
    }
    return found, result.findings.iloc[0], result.members


def test_by_hand(town, rules_from):
    found, row, members = metres(placed(town), rules_from)
    clinic, hospital = "社区卫生服务中心", "人民医院"
    assert found == {
        "甲养老院": (300.0, 300.0, clinic),
        "乙养老院": (0.0, 0.0, clinic),
        "丙养老院": (250.0, 250.0, hospital),
    }
    assert members["has"].isna().all()
    assert (row["verdict"], row["missing"]) == ("not_quantified", "")
    assert np.isnan(row["actual_low"])
    assert row["note_zh"] == "3 处至最近基层医疗卫生机构、医院的直线距离中位数 250 米，其中 3 处距离确知"
    assert pd.isna(row["members_judged"])
    assert "caveat_nearest_inside" in row["caveats"]


@pytest.mark.parametrize(
    ("bound", "has", "share", "short"),
    [("<=300", [True, True, True], 1.0, NAN), ("<=299", [False, True, True], 2 / 3, 1.0), ("<300", [False, True, True], 2 / 3, 1.0),
     ("<=0", [False, True, False], 1 / 3, 2.0), (">=250", [True, False, True], 2 / 3, 1.0)],
)  # fmt: skip
def test_the_boundary_metre(town, rules_from, bound, has, share, short):
    _, row, members = metres(placed(town), rules_from, bound)
    assert members["has"].tolist() == has
    assert row["actual_low"] == row["actual_high"] == pytest.approx(share)
    assert row["verdict"] == ("met" if all(has) else "not_met")
    assert row["shortfall"] == pytest.approx(short, nan_ok=True)


@pytest.mark.parametrize(("limit", "verdict"), [(300.0, "met"), (299.0, "not_met")])
def test_a_local_threshold_is_the_most_that_a_distance_may_be(town, rules_from, limit, verdict):
    _, row, _ = metres(placed(town), rules_from, thresholds={"local.r": limit})
    assert (row["verdict"], row["local"]) == (verdict, True)
    assert row["target_zh"] == f"每处直线距离≤{limit:g} 米"
    assert "caveat_local" in row["caveats"]


def test_a_home_that_is_a_clinic_itself_is_not_its_own_nearest(town, rules_from):
    both = placed(town, *ROWS[:2])
    both = both.with_facilities(services=[("elder_home", "hospital"), ("elder_home",)])
    found, _, _ = metres(both, rules_from)
    assert found["乙养老院"] == (300.0, 300.0, "甲养老院")
    assert np.isnan(found["甲养老院"][:2]).all()  # there is no other


def test_a_home_without_a_point_is_an_interval(town, rules_from):
    lost = placed(town, ("甲养老院", "elder_home", None, "community/A"), *ROWS[1:])
    found, row, members = metres(lost, rules_from, "<=300")
    assert found["甲养老院"] == (0.0, INF, None)
    assert members["has"].tolist()[1:] == [True, True]
    assert pd.isna(members["has"].iloc[0])
    assert (row["verdict"], row["unknown_rows"]) == ("no_data", 1)
    assert (row["actual_low"], row["actual_high"]) == (pytest.approx(2 / 3), 1.0)


@pytest.mark.parametrize(
    ("zone", "least"),
    # 甲 stands at 50 m, 乙 at 350, 丙 at 700; A is 0-300, C 600-900
    [("community/A", (0.0, 0.0, 250.0)), ("community/C", (300.0, 0.0, 0.0)), (None, (0.0, 0.0, 0.0))],
)
def test_a_clinic_without_a_point_may_be_as_near_as_its_zone(town, rules_from, zone, least):
    lost = placed(town, *ROWS, ("某卫生站", "primary_care", None, zone))
    found, row, _ = metres(lost, rules_from)
    assert [found[home][:2] for home in ("甲养老院", "乙养老院", "丙养老院")] == list(
        zip(least, (300.0, 0.0, 250.0), strict=True)
    )
    assert "距离确知" in row["note_zh"]
    no_shape = lost.zones.copy()
    no_shape["geometry"] = no_shape.geometry.where(no_shape["level"] == "area")
    found, _, _ = metres(lost.change(zones=no_shape), rules_from)
    assert all(low == 0.0 for low, _, _ in found.values())  # of a zone without a shape nothing is known


def test_a_clinic_that_only_possibly_counts_is_in_the_least_alone(town, rules_from):
    rows = placed(town, public=pd.array([pd.NA] * 3 + [pd.NA, True], dtype="boolean"))
    near = "nearest: {facilities: [primary_care, hospital], where: {attribute: public}}"
    result = rows.assess(rules_from(rule("facility", "未量化", *HOMES, near)), flag_rules=())
    ends = result.members[["value", "value_high"]].to_numpy().tolist()
    assert ends == [[300.0, 900.0], [0.0, 600.0], [250.0, 250.0]]


def test_a_clinic_outside_of_the_area_counts(town, rules_from):
    beside = placed(town, *ROWS[:4], ("邻区医院", "hospital", 1250, None))
    found, row, _ = metres(beside, rules_from)
    assert found["丙养老院"] == (350.0, 350.0, "社区卫生服务中心")
    alone = placed(town, *ROWS[:3], ("邻区医院", "hospital", 1250, None))
    found, row, _ = metres(alone, rules_from)
    assert found["丙养老院"] == (550.0, 550.0, "邻区医院")
    assert "caveat_nearest_inside" not in row["caveats"]


def test_what_is_missing_is_told(town, rules_from):
    _, row, members = metres(placed(town, *ROWS[:3]), rules_from)
    assert (row["verdict"], row["missing"], len(members)) == ("no_data", "rule_no_type", 0)
    types = frozenset({"primary_care"})  # a register of clinics without a row: there is none
    found, row, _ = metres(placed(town, *ROWS[:3]), rules_from, register_types=types)
    assert row["note_zh"] == "3 处之外没有基层医疗卫生机构、医院"
    assert all(np.isnan(low) for low, _, _ in found.values())
    _, row, _ = metres(placed(town, *ROWS[:3]), rules_from, "<=300", register_types=types)
    assert (row["verdict"], row["shortfall"]) == ("not_met", 3.0)
    _, row, _ = metres(placed(town, *ROWS[3:]), rules_from, register_types=frozenset({"elder_home"}))
    assert row["verdict"] == "not_applicable"


X = st.lists(st.integers(0, 1200), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40)
@given(X, X, st.integers(0, 1200), st.integers(-500, 500), st.booleans())
def test_laws_of_the_nearest(town, homes, clinics, further, shift, lost):
    rows = [(f"home{i}", "elder_home", x, "community/A") for i, x in enumerate(homes)]
    rows += [(f"clinic{i}", "hospital", x, "community/A") for i, x in enumerate(clinics)]
    rows += [("x", "hospital", None if lost else further, None)]

    def distances(place, n):
        table = pd.DataFrame({"low": 1.0}, index=place.facilities.index[len(homes) : len(homes) + n])
        return metres_to_nearest(place.data(), place.facilities.index[: len(homes)], table)

    place = placed(town, *rows)
    before, after = distances(place, len(clinics)), distances(place, len(clinics) + 1)
    assert before["low"].tolist() == before["high"].tolist()
    assert before["high"].tolist() == [min(abs(a - b) for b in clinics) for a in homes]
    # another clinic is never farther, wherever it stands
    assert (after["low"] <= before["low"]).all()
    assert (after["high"] <= before["high"]).all()
    assert (after["low"] <= after["high"]).all()
    moved = place.change(
        facilities=place.facilities.set_geometry(
            [point and translate(point, shift, 2.0 * shift) for point in place.facilities.geometry]
        ),
        zones=place.zones.set_geometry(place.zones.geometry.translate(shift, 2.0 * shift)),
    )
    pd.testing.assert_frame_equal(distances(moved, len(clinics) + 1), after)


# --- how it is written and read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "says"),
    [((NEAREST, "measured: beds"), "one of them"), ((NEAREST, "estate_column: eldercare_rooms_m2", "in_zones_of: estate:new"), "one of them"),
     ((NEAREST, "beside: [nothing]"), "unknown attribute"), (("estate_column: eldercare_rooms_m2", "in_zones_of: estate:new", "beside: [public]"), "`beside` needs `of`")],
)  # fmt: skip
def test_forms_exclude_each_other(rules_from, lines, says):
    of = () if "estate_column: eldercare_rooms_m2" in lines else HOMES[1:2]
    with pytest.raises(PackError, match=says):
        rules_from(rule("facility", "<=300", HOMES[0], HOMES[2], *of, *lines))


def test_a_distance_is_no_share(rules_from):
    with pytest.raises(PackError, match="no share"):
        rules_from(asked("<=30%"))


def test_words_say_that_the_line_is_straight(rules_from):
    bounded, open_ = (rules_from(asked(target))[0] for target in ("<=300", "未量化"))
    assert bounded.basis_text("zh") == "至最近基层医疗卫生机构、医院的直线距离（米）；养老机构"
    assert bounded.target_text("zh") == "每处直线距离≤300 米（2025年）"
    assert bounded.member_target_text("en") == "≤300 m in a straight line"
    assert open_.member_target_text("zh") == "规划未量化（直线距离，米）"
    assert bounded.reads.types >= {"primary_care", "hospital", "elder_home"}


@pytest.mark.parametrize(
    ("name", "counts", "beside"),
    [("yinzhou.institutions_beside_medical", "institution", ["medical_unit", "medical_contract"]),
     ("yinzhou.childcare_beside_medical", "childcare", None),
     ("wuhan.institutions_beside_medical", "institution", ["medical_unit", "medical_contract"])],
)  # fmt: skip
def test_the_plans_that_ask_for_it(name, counts, beside):
    pack = read_pack(name.partition(".")[0])
    own = rule_named(pack, name)
    assert [one.facilities for one in own.of] == [[counts]]
    assert [one.facilities for one in own.nearest] == [["primary_care", "hospital"]]
    assert (own.beside, own.target) == (beside, "未量化@2025")
    text = card(pack, own, "zh")
    assert "直线距离" in text
    assert ("内设医疗机构" in text) is bool(beside)
    assert rules_table([pack]).loc[name, "beside"] == ", ".join(beside or [])


def test_the_workbook_of_a_pack_takes_both_entries():
    entries = next(one for one in read_pack("wuhan").entries["rules"] if one["id"] == "institutions_beside_medical")  # fmt: skip
    cells = cells_of(entries, "zh")
    assert cells["beside"] == "medical_unit 内设医疗机构\nmedical_contract 签约医疗机构"
    for entry in ("nearest", "beside"):
        assert value_of(entry, cells[entry]) == entries[entry]
