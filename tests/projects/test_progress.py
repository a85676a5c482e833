"""How far projects are by the register: which facility is one, what the years say, and that what stands is not counted twice."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from project_rows import listed, project
from shapely.geometry import Point

from geoplan.standards.projects.facilities import enlarged
from geoplan.standards.projects.progress import STATES, project_progress, standing
from geoplan.words.errors import TableError

ZONES = pd.DataFrame(
    {"level": ["area", "town", "town", "community", "community"], "parent_id": [None, "area/a", "area/a", "town/1", "town/2"]},
    index=pd.Index(["area/a", "town/1", "town/2", "community/1", "community/2"], name="zone_id"),
)  # fmt: skip
YEAR = 2025


def facility(name, zone="community/1", *, services=("elder_home",), opened=np.nan, at=None, **more):
    """Return one facility of a register."""
    row = {
        "name": name, "services": services, "status": "existing", "open_year": opened, "zone_id": zone, "register_id": None,
        "location_quality": "missing" if at is None else "exact", "geometry": None if at is None else Point(at),
    }  # fmt: skip
    return row | more


def register(*rows):
    index = pd.Index([f"r#{number}" for number in range(1, len(rows) + 1)], name="facility_id", dtype=object)
    columns = list(facility("x"))
    table = pd.DataFrame(list(rows), columns=columns, index=index)
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4547")


def built(name="松鹤养老院", zone="community/1", **more):
    """Return a project of 2023 to 2024."""
    return project(**{"name": name, "zone_id": zone, "start_year": 2023.0, "open_year": 2024.0} | more)


def told(projects, facilities, year=YEAR):
    table = project_progress(listed(*projects), register(*facilities), ZONES, year=year)
    assert set(table["state"]) <= set(STATES)
    return (
        table[["facility_id", "how", "state", "why"]]
        .astype(object)
        .where(table.notna(), None)
        .values.tolist()
    )


@pytest.mark.parametrize(
    ("start", "opens", "state", "late"),
    [
        (2023, 2024, "late", 1), (2020, 2022, "late", 3), (2024, 2025, "due", None), (2025, 2025, "due", None), (2025, 2026, "building", None),
        (2024, 2026, "building", None), (2026, 2027, "not_started", None), (np.nan, 2024, "late", 1), (np.nan, 2025, "due", None),
        (np.nan, 2026, "not_due", None), (2026, np.nan, "not_started", None), (2024, np.nan, "undated", None), (np.nan, np.nan, "undated", None),
    ],
)  # fmt: skip
def test_what_the_years_say(start, opens, state, late):
    table = project_progress(listed(built(start_year=start, open_year=opens)), register(), ZONES, year=YEAR)
    assert table["state"].tolist() == [state]
    assert table["late_years"].fillna(-1).tolist() == [-1 if late is None else late]
    assert table["facility_id"].tolist() == [None]


@pytest.mark.parametrize(
    ("facility_name", "zone", "project_zone", "how"),
    [
        ("松鹤 养老院", "community/1", "community/1", "name"),  # the same but for blanks
        ("松鹤养老院", "town/1", "community/1", "name"),
        ("松鹤养老院", None, "community/1", "name"),  # where it lies is not known: nothing speaks against it
        ("松鹤养老院", "community/2", None, "name"),
        ("松鹤养老院", "community/2", "community/1", ""),  # another town
        ("东镇松鹤养老院", "community/1", "town/1", "name"),  # one inside the other
        ("东镇松鹤养老院", "community/2", "community/1", ""),
        ("东镇松鹤养老院", None, "community/1", ""),  # the town must agree
        ("养老院", "community/1", "community/1", ""),  # a word of its type is no name
        ("", "community/1", "community/1", ""),
    ],
)  # fmt: skip
def test_by_name(facility_name, zone, project_zone, how):
    ((facility_id, found, state, _),) = told([built(zone=project_zone)], [facility(facility_name, zone)])
    assert (facility_id, found, state) == (("r#1", "name", "built") if how else (None, "", "late"))


def test_the_same_name_comes_before_one_inside():
    found = told([built()], [facility("松鹤养老院二部"), facility("松鹤养老院")])
    assert found == [["r#2", "name", "built", ""]]
    # of several inside, the longest
    found = told([built("松鹤养老院新建工程")], [facility("松鹤"), facility("松鹤养老院")])
    assert found == [["r#2", "name", "built", ""]]
    # of two of the same name that in its own town
    found = told([built()], [facility("松鹤养老院", None), facility("松鹤养老院", "town/1")])
    assert found == [["r#2", "name", "built", ""]]


@pytest.mark.parametrize(("metres", "services", "how"), [(50.0, ("elder_home",), "point"), (50.1, ("elder_home",), ""), (10.0, ("childcare",), "")])  # fmt: skip
def test_by_place(metres, services, how):
    place = built(geometry=Point(0, 0), location_quality="exact")
    ((_, found, _, _),) = told([place], [facility("别名", services=services, at=(metres, 0))])
    assert found == how


def test_a_place_that_is_not_exact_or_a_type_that_is_not_known_says_nothing():
    near = facility("别名", at=(0, 0))
    for more in (
        {"location_quality": "approximate"},
        {"services": ()},
        {"geometry": None, "location_quality": "missing"},
    ):
        assert (
            told([built(**{"geometry": Point(0, 0), "location_quality": "exact"} | more)], [near])[0][1] == ""
        )
    rough = near | {"location_quality": "approximate"}
    assert told([built(geometry=Point(0, 0), location_quality="exact")], [rough])[0][1] == ""


def test_what_was_there_before_the_works_began_is_another():
    assert told([built()], [facility("松鹤养老院", opened=2022.0)]) == [[None, "", "late", ""]]
    assert told([built()], [facility("松鹤养老院", opened=2023.0)]) == [["r#1", "name", "built", ""]]
    # works that have not begun have built nothing
    assert told([built(start_year=2026.0, open_year=2027.0)], [facility("松鹤养老院")]) == [
        [None, "", "not_started", ""]
    ]
    # before its time
    assert told([built(open_year=2026.0)], [facility("松鹤养老院")]) == [["r#1", "name", "built", ""]]


def test_what_fits_two_is_neither():
    assert told([built()], [facility("松鹤养老院"), facility("松鹤养老院")]) == [
        [None, "", "unverified", "ambiguous"]
    ]
    twins = told([built("松鹤养老院一期"), built("松鹤养老院二期")], [facility("松鹤养老院")])
    assert twins == [[None, "", "unverified", "ambiguous"]] * 2
    # one that has its facility leaves the others free
    found = told([built("松鹤养老院"), built("松鹤养老院二期")], [facility("松鹤养老院")])
    assert found == [["r#1", "name", "built", ""], [None, "", "late", ""]]


def test_a_row_of_several_and_an_extension_are_never_late():
    home = facility("松鹤养老院")
    for count in (3.0, np.nan):
        assert told([built(facilities=count)], [home]) == [[None, "", "unverified", "several"]]
    stated = built("改造", extends="松鹤养老院", works="extend")
    assert told([stated], [home]) == [["r#1", "id", "unverified", "extends"]]
    assert told([stated | {"open_year": 2025.0}], [home])[0][2] == "due"
    assert told([built("松鹤养老院改造", works="extend")], [home]) == [
        ["r#1", "name", "unverified", "extends"]
    ]
    assert told([built("松鹤养老院改造", works="extend")], [home | {"open_year": 2009.0}])[0][0] == "r#1"
    assert told([built("云台养老院改造", works="extend")], [home]) == [[None, "", "unverified", "unmatched"]]


def test_a_facility_is_enlarged_by_its_code_too():
    homes = register(
        facility("松鹤养老院", register_id="YL-07"),
        facility("YL-08"),
        facility("云台养老院", register_id="YL-08"),
    )
    projects = listed(*(built(works="extend", extends=word) for word in ("yl-07", "YL-08", "YL-09", "")))
    # a name comes before a code
    assert enlarged(projects, homes).tolist() == ["r#1", "r#2", None, None]


def test_what_a_register_plans_is_not_built():
    table = told([built()], [facility("松鹤养老院", status="building")])
    assert table == [["r#1", "name", "late", ""]]


def test_communities_stand_in_where_there_are_no_towns():
    flat = ZONES.loc[["area/a", "community/1", "community/2"]].assign(parent_id=[None, "area/a", "area/a"])
    for zone, state in (("community/1", "built"), ("community/2", "late")):
        table = project_progress(
            listed(built(zone=zone)), register(facility("东镇松鹤养老院")), flat, year=YEAR
        )
        assert table["state"].tolist() == [state]


def test_inputs_are_as_they_were_and_checked():
    projects, homes = listed(built()), register(facility("松鹤养老院"))
    before = projects.copy(deep=True), homes.copy(deep=True)
    project_progress(projects, homes, ZONES, year=YEAR)
    pd.testing.assert_frame_equal(pd.DataFrame(projects), pd.DataFrame(before[0]))
    pd.testing.assert_frame_equal(pd.DataFrame(homes), pd.DataFrame(before[1]))
    with pytest.raises(TableError, match="start_year"):
        project_progress(projects.drop(columns="start_year"), homes, ZONES, year=YEAR)
    assert project_progress(projects.iloc[:0], homes, ZONES, year=YEAR).empty


def test_what_stands_is_named_and_what_is_enlarged_is_none_of_it():
    homes = [facility("松鹤养老院"), facility("另名", at=(0, 0)), facility("云台养老院")]
    projects = listed(
        built(), built("甲", geometry=Point(30, 0), location_quality="exact"), built("乙", works="extend", extends="云台养老院"),
        built("丙养老院"),
    )  # fmt: skip
    found, notes = standing(projects, register(*homes), ZONES, year=YEAR)
    assert found.to_dict() == {"l.csv#2": "r#1", "l.csv#3": "r#2"}
    assert [note.code for note in notes] == ["project_stands_by_name", "project_stands_by_point"]
    for lang in ("zh", "en"):
        assert "甲" in notes[1].text(lang)
        assert "另名" in notes[1].text(lang)
