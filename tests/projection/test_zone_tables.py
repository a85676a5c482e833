"""People from offices' tables: sums of columns, joins by id and name, ages, what is unknown, groups with needs of their own."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import write_raster
from three_communities import NAMES, X, Y, by_zone, codes, study_of, write_places

from geoplan.inputs.population.zone_tables import totals_from_tables
from geoplan.pipeline.evaluate import compute, outcome_of
from geoplan.pipeline.gather import gather
from geoplan.report.content.table import cell_text
from geoplan.report.content.titles import basis_line
from geoplan.report.content.zones import circles
from geoplan.words.errors import InputError, StudyError


@pytest.fixture
def folder(tmp_path):
    return write_places(tmp_path)


def table(folder, text, name="people.csv"):
    (folder / name).write_text(text, encoding="utf-8")


def elders(group="elders_60", **entry):
    """Return a group whose totals a table gives."""
    entry = {"file": "people.csv", "zone": "社区", "date": "2024-12-31", **entry}
    return {group: {"rake_to": "community", "basis": "户籍", "table": entry}}


def note(inputs, code):
    (found,) = [note for note in inputs.notes if note.code == code]
    return note_of(found)


def note_of(found):
    return {**found.values, "file": found.file, "severity": found.severity}


# --- columns --------------------------------------------------------------------------------------------------------


def test_columns_are_added_up_as_text_or_number_and_totals_are_no_zone(folder):
    table(
        folder,
        '社区,60-64岁,65-69岁,70岁及以上\n甲社区,"1,000",２００,30人\n2,1,2,3\n丙社区,5,5,5\n合计,"1,006",207,38\n',
    )
    inputs = gather(study_of(folder, elders(count=["60-64岁", "65-69岁", "70岁及以上"])))
    assert by_zone(inputs) == pytest.approx({"community/1": 1230, "community/2": 6, "community/3": 15})
    groups = inputs.people.groups.loc["elders_60"]
    assert (groups["basis"], groups["year"]) == ("户籍", 2024)
    assert groups["source"] == "社区（村）总数（people.csv, 2024-12-31）"
    assert [n.row for n in inputs.notes if n.code == "list_total_row"] == [5]
    # the same of a column of the layer itself
    layer = gpd.read_file(folder / "communities.geojson").assign(a=["1,000", "3", None], b=["２", "4", "5"])
    layer.to_file(folder / "communities.geojson")
    given_ = study_of(folder, {"elders_60": {"rake_to": "community"}}, totals={"elders_60": ["a", "b"]})
    inputs = gather(given_)
    assert by_zone(inputs) == pytest.approx({"community/1": 1002, "community/2": 7})
    assert inputs.people.unknown["community/3"] == ("elders_60",)  # a sum with a blank is not known


def test_names_are_matched_within_their_parent_and_never_guessed(folder):
    layer = gpd.read_file(folder / "communities.geojson")
    layer["name"] = ["和平社区", "幸福社区", "和平社区"]
    layer.to_file(folder / "communities.geojson")
    rows = "区,社区,人\n东区,和平社区,10\n东区,幸福社区,20\n西区,和平社区,30\n西区,和谐社区,40\n"
    table(folder, rows)
    found = gather(study_of(folder, elders(count="人", parent="区")))
    assert by_zone(found) == pytest.approx({"community/1": 10, "community/2": 20, "community/3": 30})
    assert note(found, "zone_rows_unknown")["rows"] == "和谐社区 (5)"
    # without the parent the two of one name are told apart by nobody
    alone = gather(study_of(folder, elders(count="人")))
    assert by_zone(alone) == pytest.approx({"community/2": 20})
    assert note(alone, "zone_rows_ambiguous")["rows"] == "和平社区 (2), 和平社区 (4)"
    assert note(alone, "table_unknown")["zones"] == "1, 3"


def test_several_groups_come_from_several_tables_each_with_its_date(folder):
    table(folder, "社区,60+\n甲社区,10\n乙社区,20\n丙社区,30\n")
    table(folder, "编码,户数\n1,100\n2,200\n3,300\n", "houses.csv")
    houses = elders("households", file="houses.csv", zone="编码", count="户数", date="2019-06")
    inputs = gather(study_of(folder, elders(count="60+") | houses, year=2025))
    assert by_zone(inputs, "households") == {"community/1": 100, "community/2": 200, "community/3": 300}
    assert inputs.people.groups["year"].tolist() == [2024, 2019]
    assert note(inputs, "group_old")["group"] == "households"


# --- ages -----------------------------------------------------------------------------------------------------------


def test_any_group_from_bands_and_single_years(folder):
    table(
        folder,
        "社区,0岁,1岁,2-4岁,5-59岁,60-64岁,65-79岁,80周岁以上\n1,3,4,30,500,20,40,10\n2,0,0,0,1,0,0,0\n3,,1,9,1,1,1,1\n",
    )
    ages = {"residents": "0+", "elders_60": "60+", "elders_65": "65+", "elders_80": "80+"}
    groups = {name: elders(name, ages=span)[name] for name, span in ages.items()}
    groups |= elders("under_3", ages="0-2", rule="uniform")
    inputs = gather(study_of(folder, groups))
    got = {name: by_zone(inputs, name).get("community/1") for name in groups}
    assert got == pytest.approx(
        {"residents": 607, "elders_60": 70, "elders_65": 50, "elders_80": 10, "under_3": 3 + 4 + 30 / 3}
    )
    # zero is a number; a blank of one band is unknown for the groups that need it only
    assert inputs.zones.loc["community/2", ["given_elders_80", "given_under_3"]].tolist() == [0, 0]
    assert inputs.people.unknown["community/3"] == ("residents", "under_3")
    assert inputs.zones.loc["community/3", "given_elders_60"] == 3


def test_a_band_is_split_by_a_stated_rule_only(folder):
    table(folder, "社区,0-4岁,5-9岁,10岁及以上\n1,50,50,500\n2,50,100,500\n3,10,10,10\n")
    with pytest.raises(InputError, match=r"ages 0-2\) cuts bands of the table \(at 3\)"):
        gather(study_of(folder, elders("under_3", ages="0-2")))
    for rule, second in (("uniform", 30.0), ("pchip", None)):
        inputs = gather(study_of(folder, elders("under_3", ages="0-2", rule=rule)))
        got = by_zone(inputs, "under_3")
        assert got["community/1"] == pytest.approx(30)
        assert got["community/2"] == pytest.approx(second) if second else 20 < got["community/2"] < 30


def test_a_column_of_just_the_ages_is_taken_where_columns_lie_in_each_other(folder):
    table(folder, "社区,60岁及以上,65岁及以上,80岁及以上\n1,90,60,10\n2,9,6,1\n3,0,0,0\n")
    groups = {name: elders(name, ages=f"{name[7:]}+")[name] for name in ("elders_60", "elders_80")}
    inputs = gather(study_of(folder, groups))
    assert [by_zone(inputs, name)["community/1"] for name in groups] == [90, 10]
    with pytest.raises(InputError, match="leave a gap or overlap"):
        gather(study_of(folder, elders(ages="70+")))
    table(folder, "社区,人\n1,5\n")
    with pytest.raises(InputError, match="no column is an age band"):
        gather(study_of(folder, elders(ages="60+")))
    table(folder, "社区,60+,60+\n1,5,6\n2,5,6\n3,5,6\n")
    with pytest.raises(InputError, match="men and women apart"):
        gather(study_of(folder, elders(ages="60+")))


# --- what is unknown ------------------------------------------------------------------------------------------------

REGISTER = "名称,类型,经度,纬度,床位\n颐养院,养老院,{lon},{lat},50\n"


def judged(folder, population, **services):
    """Return the outcome of the study with one home in the middle of the first community."""
    at = gpd.GeoSeries.from_xy([X + 500], [Y + 500], crs=4547).to_crs(4326)
    table(folder, REGISTER.format(lon=at.x[0], lat=at.y[0]), "homes.csv")
    entries = {"facilities": [{"file": "homes.csv", "datum": "wgs84", "type": "elder_home"}]}
    if services:
        entries["services"] = services
    found = compute(gather(study_of(folder, population, entries=entries)))
    return found, outcome_of(found)


@pytest.mark.parametrize("raster", [False, True])
def test_an_absent_community_is_no_data_not_nobody(folder, raster):
    table(folder, "社区,人\n甲社区,100\n丙社区,100\n")
    population = elders(count="人")
    if raster:
        write_raster(folder / "people.tif", np.ones((10, 30)), corner=(X, Y), size=100.0)
        population["elders_60"]["raster"] = "people.tif"
    found, outcome = judged(folder, population)
    assert by_zone(found.inputs) == pytest.approx({"community/1": 100, "community/3": 100})
    assert note(found.inputs, "zone_rows_absent")["zones"] == "乙社区"
    assert note(found.inputs, "table_unknown")["zones"] == "2"
    # half of district A is unknown, more than may be; the area as a whole too
    unknown = found.inputs.zones["people_unknown"]
    assert unknown[unknown.map(len) > 0].index.tolist() == ["area/area", "district/A", "community/2"]
    flags = outcome.flags.set_index("zone_id")
    assert flags.loc["community/2", "flagged"] is pd.NA
    assert np.isnan(flags.loc["community/2", "people"])
    # the circle's table says *no data*, not 0 people; findings of the area say why
    rows = circles(outcome).rows
    shown = {cell_text(row[4], "zh"): [cell_text(cell, "zh") for cell in row[7:11]] for row in rows}
    assert shown["乙社区"] == ["数据不足"] * 4
    assert shown["丙社区"][0] == "100"
    assert outcome.circle.set_index("zone_id").loc["community/2", "outside"].isna().all()
    assert flags.loc[["community/1", "community/3"], "people"].tolist() == pytest.approx([100, 100])
    # a raster also puts people where no street is near: two fifths of the first community, of whom nothing is known
    assert flags.loc["community/1", "cause"] == ("streets_missing" if raster else "")
    assert bool(flags.loc["community/3", "flagged"])
    assert flags.loc[["community/1", "community/3"], "people"].tolist() == pytest.approx([100, 100])


def test_groups_without_basis_or_year_are_judged_like_any_other(folder):
    layer = gpd.read_file(folder / "communities.geojson").assign(old=[100, 200, 300])
    layer.to_file(folder / "communities.geojson")
    at = gpd.GeoSeries.from_xy([X + 500], [Y + 500], crs=4547).to_crs(4326)
    table(folder, REGISTER.format(lon=at.x[0], lat=at.y[0]), "homes.csv")
    entries = {
        "facilities": [{"file": "homes.csv", "datum": "wgs84", "type": "elder_home"}],
        "packs": ["wuhan"],
    }
    population = {"elders_60": {"rake_to": "community"}, "elders_80": {"of": "elders_60", "rate": 0.1}}
    study = study_of(folder, population, entries=entries, totals={"elders_60": "old"})
    outcome = outcome_of(compute(gather(study)))
    assert set(outcome.flags["basis"]) == set(outcome.findings["basis"]) == {""}
    assert "人口" in basis_line(outcome)


def test_a_part_of_an_unknown_group_is_unknown(folder):
    table(folder, "社区,人\n甲社区,100\n乙社区,\n丙社区,100\n")
    inputs = gather(study_of(folder, elders(count="人") | {"elders_80": {"of": "elders_60", "rate": 0.2}}))
    assert inputs.people.unknown["community/2"] == ("elders_60", "elders_80")


def test_what_cannot_be_used_is_one_error_each(folder):
    table(folder, "社区,人\n甲社区,约90\n乙社区,-3\n乙社区,5\n")
    houses = elders("households", file="gone.csv", count="户数")
    with pytest.raises(InputError, match=r"gone\.csv"):
        gather(study_of(folder, elders(count="人") | houses))
    with pytest.raises(InputError) as error:
        gather(study_of(folder, elders(count="人") | elders("elders_80", count="老人")))
    assert [n.code for n in error.value.notes if n.severity == "error"] == [
        "zone_rows_twice", "zone_rows_cell", "zone_rows_cell", "table_unknown", "column_missing",
    ]  # fmt: skip
    table(folder, "社区,人\n别处,5\n")
    with pytest.raises(InputError, match=r"no figure for 3 zones"):
        gather(study_of(folder, elders(count="人")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"basis": None}, "`basis`"), ({"rake_to": "estate"}, "rake_to"), ({"year": 2024}, "`year`"),
        ({"table": {"date": None}}, "table.date"), ({"table": {"date": "去年"}}, "2024-12-31"),
        ({"table": {"date": "2024-13"}}, "there is 2024-13"), ({"table": {"count": None}}, "`ages`"),
        ({"table": {"ages": "60+"}}, "`count`"), ({"table": {"count": []}}, "table.count"),
    ],
)  # fmt: skip
def test_basis_date_and_one_way_are_required(folder, change, said):
    group = elders(count="人")["elders_60"]
    group["table"] |= change.pop("table", {})
    group |= change
    group["table"] = {key: value for key, value in group["table"].items() if value is not None}
    with pytest.raises(StudyError, match=said):
        study_of(folder, {"elders_60": {key: value for key, value in group.items() if value is not None}})


# --- laws -----------------------------------------------------------------------------------------------------------

CELL = st.sampled_from(["", "0", "7", '"1,200"'])


ROWS = st.tuples(st.sampled_from([*NAMES, "1", "别处"]), CELL, CELL)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROWS, max_size=4, unique_by=lambda row: row[0]))
def test_sums_over_zones_equal_the_rows_that_are_known(zones, rows, tmp_path_factory):
    """Every row read one by one in plain text; ids and names that mean one zone are kept apart by the draw below."""
    if {"甲社区", "1"} <= {row[0] for row in rows}:
        return
    folder = tmp_path_factory.mktemp("rows")
    table(folder, "\n".join(["社区,男,女", *(",".join(row) for row in rows), "别处二,1,1"]))
    want = {}
    for name, *cells in rows:
        zone = {
            "1": "community/1",
            "甲社区": "community/1",
            "乙社区": "community/2",
            "丙社区": "community/3",
        }.get(name)
        if zone and "" not in cells:
            want[zone] = sum(int(cell.strip('"').replace(",", "")) for cell in cells)
    groups = {
        "elders_60": {
            "rake_to": "community",
            "table": {"file": folder / "people.csv", "zone": "社区", "count": ["男", "女"], "date": "2024"},
        }
    }
    if not want:
        with pytest.raises(InputError, match="no figure for 3 zones"):
            totals_from_tables(zones, groups)
        return
    given_ = totals_from_tables(zones, groups).zones["given_elders_60"]
    assert given_.dropna().to_dict() == want


@pytest.fixture(scope="module")
def zones(tmp_path_factory):
    folder = write_places(tmp_path_factory.mktemp("zones"))
    table(folder, "社区,人\n1,1\n2,1\n3,1\n")
    return gather(study_of(folder, elders(count="人"))).zones.drop(columns="given_elders_60")


# --- groups with needs of their own ---------------------------------------------------------------------------------


def test_disabled_elders_and_elders_in_hardship_have_needs_of_their_own(folder):
    table(folder, "社区,老人,失能,半失能,困难\n1,1000,20,40,10\n2,0,0,0,0\n3,500,10,0,50\n")
    columns = {
        "elders_60": "老人",
        "elders_disabled": "失能",
        "elders_partly_disabled": "半失能",
        "elders_in_hardship": "困难",
    }
    groups = {name: elders(name, count=column)[name] for name, column in columns.items()}
    walk = {"facilities": ["elder_home"], "walk_minutes": 15, "walk_kmh": 4}
    more = {"elders_disabled": 500, "elders_partly_disabled": 100}
    found, outcome = judged(
        folder, groups,
        eldercare={**walk, "group": "elders_60", "need": {"supply": "beds", "per_1000": 30, "further": more}},
        hardship={**walk, "group": "elders_in_hardship", "need": {"supply": "beds", "per_1000": 1000}},
    )  # fmt: skip
    need = outcome.served.set_index(["service", "zone_id"])["need"]
    assert need["eldercare", "community/1"] == pytest.approx(30 + 0.5 * 20 + 0.1 * 40)
    assert need["eldercare", "area/area"] == pytest.approx(45 + 15 + 4)
    assert need["hardship"].loc[["community/1", "community/3", "area/area"]].tolist() == pytest.approx(
        [10, 50, 60]
    )
    circle = outcome.circle[outcome.circle["measure"] == "network"].set_index(["service", "zone_id"])
    assert circle.loc[("hardship", "area/area"), ["people", "group"]].tolist() == [60, "elders_in_hardship"]
    assert {"失能老年人口", "半失能老年人口", "困难老年人口"} < set(outcome.groups["label"])
    assert "table_unknown" not in codes(found.inputs)
    wrong = {"supply": "beds", "per_1000": 30, "further": {"elders_65": 5}}
    service = {**walk, "group": "elders_60", "need": wrong}
    with pytest.raises(StudyError, match=r"need\.further"):
        study_of(folder, groups, entries={"services": {"eldercare": service}})
