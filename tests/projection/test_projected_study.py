"""A study whose people are projected: three communities of two districts, two censuses, sums done by hand."""

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from three_communities import NAMES, by_zone, codes, study_of, write_places

from geoplan.pipeline.gather import gather
from geoplan.pipeline.provenance import input_files, parameters
from geoplan.words.errors import InputError, StudyError

BANDS = [f"{a}—{a + 4}岁" for a in range(0, 85, 5)] + ["85岁及以上"]


def census(**ages):
    """Return a census: 100 people of every band in every community but where `ages` (``a60=(…)``) says otherwise."""
    table = pd.DataFrame(100.0, index=list(NAMES), columns=BANDS)
    for band, counts in ages.items():
        table.loc[:, next(b for b in BANDS if b.startswith(band[1:]))] = counts
    return table.rename_axis("社区")


@pytest.fixture
def folder(tmp_path):
    """Return a folder with zones, streets and two censuses."""
    write_places(tmp_path)
    census().to_csv(tmp_path / "c2010.csv", encoding="gb18030")
    # every cohort of 50+ doubled in 甲, halved in 乙, stayed in 丙; the others stayed
    then = census(**{f"a{a}": (200, 50, 100) for a in range(60, 85, 5)}, a85=(600, 150, 300))
    then.to_csv(tmp_path / "c2020.csv", encoding="utf-8-sig")
    return tmp_path


PROJECT = {
    "before": {"file": "c2010.csv", "year": 2010, "zone": "社区"},
    "after": {"file": "c2020.csv", "year": 2020, "zone": "社区"},
    "ages": "60+",
}
TOTALS = {"file": "plan.csv", "zone": "区", "level": "district", "total": "人口"}


def elders(**more):
    return {"elders_60": {"rake_to": "community", "basis": "常住", "project": {**PROJECT, **more}}}


def under_3(**project):
    return {"under_3": {"rake_to": "community", "project": project}}


def test_communities_by_hand_add_up_to_the_area_projected_as_one(folder):
    # 60+ in 2020: 1600, 400, 800. Ratios 50+ of 2010 to 60+ of 2020: 2, 1/2, 1; 600 of 75+ (75-79, 80-84, 85+) gave 85+:
    # 300 people of 75+ became 600, 150, 300
    inputs = gather(study_of(folder, elders(ratios_by="area"), year=2030))
    # in 2030 each band 60-84 of 甲: 60-64 and 65-69 from 50-54 and 55-59 (100 each, x2), 70+ from the doubled ones (x2);
    # 85+ from 75-79 + 80-84 + 85+ = 1000 x2
    alone = np.array([2 * 200 + 3 * 400 + 2 * 1000, 2 * 50 + 3 * 25 + 0.5 * 250, 5 * 100 + 500])
    # the area as one: 60-84 of 300 became 350 (x 7/6), 85+ of 900 became 1050 (x 7/6)
    whole = 7 / 6 * (2 * 300 + 3 * 350 + 2 * 350 + 1050)
    wanted = alone * whole / alone.sum()
    assert list(by_zone(inputs)) == ["community/1", "community/2", "community/3"]
    assert list(by_zone(inputs).values()) == pytest.approx(wanted)
    assert sum(by_zone(inputs).values()) == pytest.approx(whole)
    assert inputs.zones.loc["community/1", "given_elders_60"] == pytest.approx(wanted[0])
    assert np.isnan(inputs.zones.loc["district/A", "given_elders_60"])


def test_region_is_the_district_where_the_study_says_so(folder):
    inputs = gather(study_of(folder, elders(ratios_by="district"), year=2030))
    got = by_zone(inputs)
    # 东区: 60-84 of 200 became 250, so x 1.25; 75+ of 600 became 750
    east = 1.25 * (2 * 200 + 3 * 250 + 2 * 250 + 750)
    assert got["community/1"] + got["community/2"] == pytest.approx(east)
    assert got["community/3"] == pytest.approx(1000)
    # halfway in 2025 lies halfway between 2020 and 2030
    halfway = gather(study_of(folder, elders(ratios_by="district"), year=2025))
    assert sum(by_zone(halfway).values()) == pytest.approx((2800 + east + 1000) / 2)


def test_plan_totals_hold_to_the_half_person(folder):
    (folder / "plan.csv").write_text("区,人口\n东区,3000\n西区,900\n", encoding="utf-8")
    inputs = gather(study_of(folder, elders(totals=TOTALS)))
    got = by_zone(inputs)
    assert got["community/1"] + got["community/2"] == pytest.approx(3000, abs=0.5)
    assert got["community/3"] == pytest.approx(900, abs=0.5)
    assert codes(inputs).count("projected_scaled") == 1
    one = gather(study_of(folder, elders(totals={"people": 5000})))
    assert sum(by_zone(one).values()) == pytest.approx(5000, abs=0.5)


def test_a_total_of_everybody_scales_the_group_by_the_same_factor(folder):
    # in 2020, 甲 has 1200 under 60 and 1600 older, 乙 1200 and 400, 丙 1200 and 800: 6400 in all
    inputs = gather(study_of(folder, elders(totals={"people": 3200, "ages": "0+"}), year=2020))
    assert by_zone(inputs) == pytest.approx({"community/1": 800, "community/2": 200, "community/3": 400})


def test_small_cohorts_take_the_change_of_their_region(folder):
    all_regional = gather(study_of(folder, elders(least=101), year=2030))
    # 16 ratios a zone, 10-14 to 85+; only that of 85+ has more than 100 people under it
    own = next(n for n in all_regional.notes if n.code == "projected_cohorts").values["own"]
    assert own == pytest.approx(1 / 16)
    regional = gather(study_of(folder, elders(least=301), year=2030))
    young = 7 / 6 * np.array([2 * 100 + 3 * 200, 2 * 100 + 3 * 50, 5 * 100])
    old = 7 / 6 * np.array([2 * 200 + 600, 2 * 50 + 150, 500])
    assert list(by_zone(regional).values()) == pytest.approx(young + old)


def test_between_and_at_the_censuses(folder):
    year_2015 = gather(study_of(folder, elders(), year=2015))
    assert list(by_zone(year_2015).values()) == pytest.approx([(600 + 1600) / 2, 500, 700])
    assert "projected_between" in codes(year_2015)
    assert "projected_scaled" not in codes(year_2015)
    with pytest.raises(InputError, match="nothing is extrapolated"):
        gather(study_of(folder, elders(), year=2009))


def test_groups_say_that_they_are_projected(folder):
    population = elders() | {"elders_80": {"of": "elders_60", "rate": 0.2}}
    study = study_of(folder, population)
    groups = gather(study).people.groups
    assert groups["basis"].tolist() == ["常住，测算"] * 2
    assert groups["year"].tolist() == [2025, 2025]
    assert groups.loc["elders_60", "source"] == "社区（村）测算数（c2010.csv, c2020.csv）"
    english = gather(study.in_language("en")).people.groups
    assert english["basis"].tolist() == ["常住, projected"] * 2
    files = {file.name for role, file in input_files(study) if role == "population"}
    assert files == {"c2010.csv", "c2020.csv"}
    assert "population.elders_60.project.before.year" in set(parameters(study)["entry"])


def test_blank_is_unknown_and_never_zero(folder):
    table = census(a60=(200, np.nan, 100))
    table.to_csv(folder / "c2020.csv", encoding="utf-8")
    inputs = gather(study_of(folder, elders(), year=2020))
    assert list(by_zone(inputs)) == ["community/1", "community/3"]
    assert np.isnan(inputs.zones.loc["community/2", "given_elders_60"])
    assert {"projected_unknown", "totals_unknown"} <= set(codes(inputs))
    # ahead, the others still add up to their own region projected as one
    ahead = gather(study_of(folder, elders(), year=2030))
    assert list(by_zone(ahead)) == ["community/1", "community/3"]
    assert not np.isnan(list(by_zone(ahead).values())).any()


def test_a_census_with_a_blank_in_every_community_gives_no_change(folder):
    table = census()
    for zone, band in zip(NAMES, BANDS[10:13], strict=True):
        table.loc[zone, band] = np.nan
    table.to_csv(folder / "c2010.csv")
    with pytest.raises(InputError, match=r"3 zones \(community\) cannot be projected"):
        gather(study_of(folder, elders(least=1000), year=2030))


def test_a_community_new_since_the_first_census_takes_its_region(folder):
    census().drop(index="丙社区").to_csv(folder / "c2010.csv")
    inputs = gather(study_of(folder, elders(), year=2030))
    absent = next(n for n in inputs.notes if n.code == "zone_rows_absent")
    assert (absent.file, absent.values["zones"]) == ("c2010.csv", "丙社区")
    # 东区 alone tells the change, 1.25; 丙 has 500 of 60-84 from 50-74, 500 of 85+ from 75+
    alone = {"community/1": 3600, "community/2": 300, "community/3": 1250}
    as_one = 1.25 * (2 * 300 + 3 * 350 + 2 * 350 + 1050)
    got = by_zone(inputs)
    assert got == pytest.approx({zone: n * as_one / 5150 for zone, n in alone.items()})


def test_under_threes_by_cohorts_need_adults_and_women_where_given(folder):
    inputs = gather(study_of(folder, under_3(**{**PROJECT, "ages": "0-2"}), year=2030))
    # 100 of 0-4 to 600 of 15-44; in 2030 they are 600 again: 100 children, of them 3/5
    assert by_zone(inputs, "under_3") == pytest.approx(dict.fromkeys(by_zone(inputs, "under_3"), 60.0))
    # half of everybody are women, as before: nothing changes
    (census() / 2).to_csv(folder / "w2010.csv")
    women = census() / 2
    women.to_csv(folder / "w2020.csv")
    of_women = {k: {**PROJECT[k], "women": f"w{PROJECT[k]['year']}.csv"} for k in ("before", "after")}
    of_women = {**PROJECT, "ages": "0-2", **of_women}
    same = gather(study_of(folder, under_3(**of_women), year=2030))
    assert by_zone(same, "under_3") == pytest.approx(by_zone(inputs, "under_3"))
    # 甲 kept half of its women of 15-24 (25-34 in 2020), and will again
    women.loc["甲社区", [BANDS[5], BANDS[6]]] = 25.0
    women.to_csv(folder / "w2020.csv")
    fewer = gather(study_of(folder, under_3(**of_women), year=2030))
    # 甲 in 2030: 15-24 50 each, 25-34 half of 50, 35-44 the 25 of today; 乙 and 丙 have 300, all bear alike
    assert by_zone(fewer, "under_3")["community/1"] < by_zone(fewer, "under_3")["community/2"]
    share = by_zone(fewer, "under_3")["community/1"] / by_zone(fewer, "under_3")["community/2"]
    assert share == pytest.approx((2 * 50 + 2 * 25 + 2 * 25) / 300)


def test_under_threes_by_births_or_by_women(folder):
    births = "社区,2023年,2024,2025,注\n甲社区,10,10,10,\n乙社区,20,20,20,\n3,0,0,0,丙\n合计,30,30,30,\n"
    (folder / "births.csv").write_text(births, encoding="utf-8")
    entry = {"file": "births.csv", "zone": "社区", "survival": {2023: 0.9, 2024: 1.0, 2025: 1.0}}
    group = under_3(births=entry)
    inputs = gather(study_of(folder, group))
    assert by_zone(inputs, "under_3") == pytest.approx({"community/1": 29, "community/2": 58})
    assert inputs.zones.loc["community/3", "given_under_3"] == 0
    assert [n.row for n in inputs.notes if n.code == "list_total_row"] == [5]
    with pytest.raises(InputError, match="births must be those of the three years"):
        gather(study_of(folder, group, year=2030))

    (folder / "women.csv").write_text('社区,妇女\n甲社区,200\n乙社区,\n丙社区,"1,000"\n', encoding="utf-8")
    entry = {"file": "women.csv", "zone": "社区", "count": "妇女", "ratio": 0.1}
    got = by_zone(gather(study_of(folder, under_3(women=entry))), "under_3")
    assert got == pytest.approx({"community/1": 20, "community/3": 100})


def test_zones_of_one_name_need_their_parent(folder):
    layer = gpd.read_file(folder / "communities.geojson")
    layer["name"] = ["甲社区", "乙社区", "甲社区"]
    layer.to_file(folder / "communities.geojson")
    table = census(a60=(200, 300, 400)).reset_index()
    table["社区"] = layer["name"]
    table["区"] = ["东区", "东区", "西区"]
    for name in ("c2010.csv", "c2020.csv"):
        table.to_csv(folder / name)
    with_parent = {k: {**PROJECT[k], "parent": "区"} for k in ("before", "after")}
    got = by_zone(gather(study_of(folder, elders(**with_parent), year=2020)))
    assert got == pytest.approx({"community/1": 700, "community/2": 800, "community/3": 900})
    alone = gather(study_of(folder, elders(), year=2020))
    assert list(by_zone(alone)) == ["community/2"]


def test_given_totals_of_the_layer_give_way_and_that_is_said(folder):
    layer = gpd.read_file(folder / "communities.geojson").assign(old=[1, 2, 3])
    layer.to_file(folder / "communities.geojson")
    totals = {"totals": {"elders_60": "old"}}
    inputs = gather(study_of(folder, elders(), year=2020, **totals))
    assert sum(by_zone(inputs).values()) == pytest.approx(2800)
    assert "given_instead" in codes(inputs)
    # without `project` the layer's totals stand, and nothing is said of projection
    plain = gather(study_of(folder, {"elders_60": {"rake_to": "community", "basis": "常住"}}, **totals))
    assert by_zone(plain) == pytest.approx({"community/1": 1, "community/2": 2, "community/3": 3})
    assert not [code for code in codes(plain) if code.startswith("projected")]
    assert plain.people.groups.loc["elders_60", "basis"] == "常住"


def test_every_fault_of_every_table_at_once(folder):
    first = census().astype(object)
    first.loc["甲社区", BANDS[0]] = "约90"
    first.loc["乙社区", BANDS[1]] = -3
    pd.concat([first, first.iloc[[2]]]).to_csv(folder / "c2010.csv")
    census().rename(columns={BANDS[3]: "20岁左右"}).to_csv(folder / "c2020.csv")
    (folder / "plan.csv").write_text("区,数\n东区,3000\n", encoding="utf-8")
    births = {"file": "births.csv", "zone": "村", "survival": dict.fromkeys((2023, 2024, 2025), 1.0)}
    (folder / "births.csv").write_text("社区,2023,2024\n甲社区,1,1\n", encoding="utf-8")
    both = elders(totals=TOTALS) | under_3(births=births)
    with pytest.raises(InputError) as error:
        gather(study_of(folder, both))
    found = sorted((note.code, note.file, note.row) for note in error.value.notes)
    assert found == [
        ("age_bands_apart", "c2020.csv", None), ("column_missing", "births.csv", None),
        ("column_missing", "plan.csv", None), ("zone_rows_cell", "c2010.csv", 2), ("zone_rows_cell", "c2010.csv", 3),
        ("zone_rows_twice", "c2010.csv", None),
    ]  # fmt: skip


def test_sheets_as_offices_keep_them(folder):
    # a title above the header, a sheet of notes beside, single years at the start, a sum at the end, districts by id
    for year, old in ((2010, 90), (2020, "1,080")):
        book = openpyxl.Workbook()
        book.active.title = "说明"
        book.active.append(["常住人口，单位：人"])
        sheet = book.create_sheet("分年龄")
        sheet.append([f"{year}年人口普查"])
        sheet.append(["代码", "合计", "0岁", "1—4岁", *BANDS[1:12], "60岁及以上"])
        sheet.append(["A", None, 10, 40, *[50] * 11, old])
        sheet.append(["B", None, 10, 40, *[50] * 11, "不详"])
        sheet.append(["合计", None, 20, 80, *[100] * 11, None])
        book.save(folder / f"c{year}.xlsx")
    tables = {
        name: {"file": f"c{year}.xlsx", "layer": "分年龄", "year": year, "zone": "代码"}
        for name, year in (("before", 2010), ("after", 2020))
    }
    group = {"elders_60": {"rake_to": "district", "project": {**PROJECT, **tables}}}
    inputs = gather(study_of(folder, group, year=2020))
    assert inputs.zones.loc["district/A", "given_elders_60"] == 1080
    assert np.isnan(inputs.zones.loc["district/B", "given_elders_60"])
    assert sum(by_zone(inputs).values()) == pytest.approx(1080)
    lost = [(n.file, n.row) for n in inputs.notes if n.code == "list_total_row"]
    assert lost == [("c2010.xlsx", 5), ("c2020.xlsx", 5)]
    # an open band of 60+ cannot say who is 65
    group["elders_60"]["project"]["ages"] = "65+"
    with pytest.raises(InputError, match=r"`elders_60` \(ages 65 to inf\)"):
        gather(study_of(folder, group, year=2020))


def test_men_and_women_side_by_side_are_not_mixed_up(folder):
    table = census()
    pd.concat([table, table], axis=1).to_csv(folder / "c2010.csv")
    with pytest.raises(InputError, match="men and women apart"):
        gather(study_of(folder, elders()))


def test_missing_files_are_named(folder):
    more = elders(before={**PROJECT["before"], "file": "gone.csv"}, totals={**TOTALS, "file": "away.csv"})
    with pytest.raises(InputError, match=r"gone\.csv(.|\n)*away\.csv"):
        gather(study_of(folder, more))


AFTER = PROJECT["after"]
ONE = {"before": PROJECT["before"], "ages": "60+"}


@pytest.mark.parametrize(
    ("population", "said"),
    [
        ({"elders_60": {"project": PROJECT}}, "exactly one of"),
        ({"elders_60": {"raster": "a.tif", "project": PROJECT}}, "rake_to"),
        ({"elders_60": {"rake_to": "estate", "project": PROJECT}}, "rake_to"),
        ({"elders_60": {"rake_to": "community", "year": 2020, "project": PROJECT}}, "`year`"),
        ({"elders_60": {"rake_to": "community", "project": {}}}, "`births`"),
        ({"elders_60": {"rake_to": "community", "project": ONE}}, "`after`"),
        (elders(ages="old"), "60\\+ or 0-2; there is old"),
        (elders(after={**AFTER, "year": 2017}), "multiple of 5 years; there are 2010, 2017"),
        (elders(after={**AFTER, "women": "w.csv"}), "before.women"),
        (elders(totals={**TOTALS, "people": 5}), "`people`"),
        (elders(totals={"file": "plan.csv"}), "`people`"),
        (elders(leest=5), "`least`"),
    ],
)
def test_wrong_entries_are_named(folder, population, said):
    with pytest.raises(StudyError, match=said):
        study_of(folder, population)


def test_one_census_serves_several_groups(folder):
    groups = {"elders_60": "60+", "elders_80": "80+", "residents": "0+"}
    project = {name: {**PROJECT, "ages": ages} for name, ages in groups.items()}
    population = {name: {"rake_to": "community", "project": entry} for name, entry in project.items()}
    study = study_of(folder, population)
    assert "after: *id001" in study.path.read_text(encoding="utf-8")  # written once, named elsewhere
    inputs = gather(study)
    demand = inputs.people.demand
    assert (demand["elders_80"] < demand["elders_60"]).all()
    assert (demand["elders_60"] < demand["residents"]).all()
    assert codes(inputs).count("projected_cohorts") == 3
