"""Projects as facilities and supplies: nothing is lost, nothing invented, what is enlarged is not counted twice."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project_rows import listed, project

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.facilities.register import COLUMNS
from geoplan.inputs.projects import join_projects, read_projects
from geoplan.standards.projects.facilities import as_facilities, counting, enlarged, with_projects
from geoplan.tables import FACILITIES, SUPPLIES

HOME = "district/1"
BASE = {"项目名称": "甲敬老院", "类别": "养老", "建设性质": "新建", "建设地点": "西镇", "新增床位": "90", "建设年限": "2025"}  # fmt: skip


def amounts(supplies, supply):
    return supplies[supplies["supply"] == supply].set_index("facility_id")[["low", "high"]].values.tolist()


def test_one_project_is_one_facility():
    facilities, supplies = as_facilities(listed(project(beds=90.0, floor_area_m2=3000.0)), year=2025)
    assert facilities.index.tolist() == ["l.csv#2"]
    assert set(FACILITIES) | set(COLUMNS) <= set(facilities.columns)
    assert facilities.loc["l.csv#2", ["status", "open_year", "zone_id", "zone_from"]].tolist() == [
        "planned", 2025, "town/2", "named",
    ]  # fmt: skip
    assert set(SUPPLIES) <= set(supplies.columns)
    assert amounts(supplies, "beds") == [[90, 90]]
    # how many of the beds are for nursing is not said: none to all
    assert amounts(supplies, "nursing_beds") == [[0, 90]]
    assert amounts(supplies, "floor_area_m2") == [[3000, 3000]]
    assert amounts(supplies, "places") == []


def test_unknown_stays_open():
    _, supplies = as_facilities(listed(project()), year=2025)
    assert amounts(supplies, "beds") == [[0, np.inf]]


@pytest.mark.parametrize(("year", "count"), [(2024, 0), (2025, 1), (2026, 1)])
def test_a_project_counts_from_the_year_of_completion_on(year, count):
    unknown = project(beds=10.0, open_year=np.nan), project(beds=10.0, services=())
    projects = listed(project(beds=90.0), *unknown)
    assert counting(projects, year=year).tolist() == [bool(count), False, False]
    assert len(as_facilities(projects, year=year)[0]) == count


def test_a_row_of_several_gives_each_an_equal_part():
    homes = listed(project(beds=450.0, floor_area_m2=20250.0, facilities=3.0))
    facilities, supplies = as_facilities(homes, year=2025)
    assert facilities.index.tolist() == ["l.csv#2/1", "l.csv#2/2", "l.csv#2/3"]
    assert facilities["project_id"].tolist() == ["l.csv#2"] * 3
    assert amounts(supplies, "beds") == [[150, 150]] * 3
    assert amounts(supplies, "floor_area_m2") == [[6750, 6750]] * 3


def test_a_project_without_a_zone_stands_in_the_area_of_the_list():
    facilities, _ = as_facilities(listed(project(zone_id=None), project()), year=2025, home=HOME)
    assert facilities["zone_id"].tolist() == [HOME, "town/2"]


EXISTING = pd.DataFrame(
    {"name": ["松鹤养老院", "向阳幼儿园", "同名", "同名"], "services": [("elder_home",), ("kindergarten",), ("elder_home",), ("elder_home",)]},
    index=["r.xlsx#2", "r.xlsx#3", "r.xlsx#4", "r.xlsx#5"],
)  # fmt: skip


def test_what_is_enlarged_is_no_new_facility():
    projects = listed(
        project(works="extend", extends="松鹤养老院", beds=0.0, nursing_beds=5.0),
        project(works="extend", extends="向阳幼儿园", services=("kindergarten_class",), places=20.0),
        project(works="extend", extends="同名", beds=5.0), project(works="extend", extends="没有的", beds=5.0),
    )  # fmt: skip
    assert enlarged(projects, EXISTING).tolist() == ["r.xlsx#2", None, None, None]
    facilities, supplies = as_facilities(projects, year=2025, existing=EXISTING)
    # a kindergarten offers no nursery yet, a name that two bear decides nothing: these stand on their own
    assert facilities.index.tolist() == ["l.csv#3", "l.csv#4", "l.csv#5"]
    more = supplies[supplies["facility_id"] == "r.xlsx#2"]
    assert more[["supply", "low", "high", "project_id"]].values.tolist() == [
        ["beds", 0, 0, "l.csv#2"], ["nursing_beds", 5, 5, "l.csv#2"],
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([np.nan, 0.0, 1.0, 90.0]), st.sampled_from([1.0, 3.0, np.nan]), st.sampled_from([2024.0, 2026.0, np.nan])),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_sums_are_those_of_the_list(rows):
    projects = listed(*(project(beds=beds, facilities=count, open_year=year) for beds, count, year in rows))
    before = projects.copy(deep=True)
    facilities, supplies = as_facilities(projects, year=2025)
    pd.testing.assert_frame_equal(pd.DataFrame(projects), pd.DataFrame(before))
    # the slow way: row by row
    done = [(beds, count) for beds, count, year in rows if year <= 2025]
    beds = supplies[supplies["supply"] == "beds"]
    assert beds["low"].sum() == pytest.approx(sum(0.0 if np.isnan(b) else b for b, _ in done))
    assert beds["high"].sum() == pytest.approx(sum(np.inf if np.isnan(b) else b for b, _ in done))
    assert len(facilities) == sum(1 if np.isnan(count) else int(count) for _, count in done)
    assert facilities.index.is_unique
    assert (supplies["low"] <= supplies["high"]).all()


def test_laid_beside_the_registers(written, zones):
    file = written(BASE, {**BASE, "项目名称": "乙敬老院", "建设年限": "2027"})
    found = read_projects(file, zones=zones, crs=zones.crs)
    own = gpd.GeoDataFrame(
        pd.DataFrame({c: [None] for c in COLUMNS}, index=pd.Index(["r.xlsx#2"], name="facility_id")).assign(
            name="松鹤养老院", services=[("elder_home",)], status="existing", open_year=2016.0, close_year=np.nan,
            source_row=pd.array([2], dtype="Int64"), remark="本册另有一列", **{flag: pd.array([None], dtype="boolean") for flag in ATTRIBUTES},
        ),
        geometry=[None], crs=zones.crs,
    )  # fmt: skip
    supplies = pd.DataFrame(
        {"facility_id": ["r.xlsx#2"], "service": ["elder_home"], "supply": ["beds"], "low": [12.0], "high": [12.0]}
    )  # fmt: skip
    joined, more = with_projects(own, supplies, found.projects, year=2025)
    assert joined.index.tolist() == ["r.xlsx#2", "list.csv#2"]
    assert [p if isinstance(p, str) else None for p in joined["project_id"]] == [None, "list.csv#2"]
    assert joined.dtypes.drop("project_id").equals(own.dtypes)
    assert more.loc[more["supply"] == "beds", "low"].tolist() == [12, 90]
    every, _ = with_projects(own, supplies, found.projects)
    assert every.index.tolist() == ["r.xlsx#2", "list.csv#2", "list.csv#3"]
    alone, same = with_projects(own, supplies, join_projects([], crs=zones.crs).projects, year=2025)
    assert alone.index.tolist() == ["r.xlsx#2"]
    assert same["low"].tolist() == [12]
