"""Rasters as they come: bands, scale, lists of files, zips, no data without a tag, noise, what no cell can hold, blocks, ends."""

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import tagged, write_raster
from shapely import box
from three_communities import study_of

from geoplan.inputs.population import notes_on_age, people_on_the_ground, rasters
from geoplan.inputs.population.rasters import raster_parts, read_raster
from geoplan.words.errors import InputError, StudyError

CRS = 4547
X, Y = 500_000.0, 3_300_000.0


def town(*shapes, **columns):
    """Return zones of (west, south, east, north) in metres from the corner: communities 1, 2 … of one area."""
    polygons = [box(X + w, Y + s, X + e, Y + n) for w, s, e, n in shapes]
    codes = [str(at) for at in range(1, len(shapes) + 1)]
    table = pd.DataFrame({
        "level": ["area", *["community"] * len(codes)], "code": ["area", *codes], "name": ["area", *codes],
        "parent_id": [None, *["area/area"] * len(codes)], "covered_share": 1.0,
    })  # fmt: skip
    for name, values in columns.items():
        table[name] = [np.nan, *values]
    table.index = pd.Index(table["level"] + "/" + table["code"], name="zone_id")
    whole = gpd.GeoSeries(polygons).union_all()
    return gpd.GeoDataFrame(table, geometry=[whole, *polygons], crs=CRS)


#: two squares of 200 m beside each other; rasters of 100 m have 2 rows of 4 cells
TWO = [(0, 0, 200, 200), (200, 0, 400, 200)]


@pytest.fixture
def raster(tmp_path):
    def write(cells, stem="people", *, west=0.0, size=100.0, **how):
        return write_raster(tmp_path / f"{stem}.tif", cells, corner=(X + west, Y), size=size, **how)

    return write


def counted(entry, zones=None, **group):
    zones = town(*TWO) if zones is None else zones
    return people_on_the_ground(zones, {"residents": {"raster": entry, **group}}, halo_m=0)


def by_zone(people):
    return people.demand.groupby("zone_id")["residents"].sum().to_dict()


def said(people, code, lang="en"):
    """Return the text of the one note of a code."""
    (note,) = [note for note in people.notes if note.code == code]
    return note.text(lang)


def refused(entry, zones=None, **group):
    with pytest.raises(InputError) as error:
        counted(entry, zones, **group)
    return error.value


# --- bands, scale, files --------------------------------------------------------------------------------------------


def test_bands_are_named_and_added_up_else_refused(raster):
    cells = [np.full((2, 4), people) for people in (3, 2, 1)]
    path = tagged(raster(cells), names=["F60", "F65", "F70"])
    assert by_zone(counted({"file": path, "bands": ["F60", "F65", "F70"]})) == pytest.approx(
        {"community/1": 24, "community/2": 24}
    )
    assert by_zone(counted({"file": path, "bands": 2}))["community/1"] == 8
    error = refused(path)
    assert "3 bands: 1 F60, 2 F65, 3 F70" in error.text("en")
    assert "3 个波段" in error.text("zh")
    assert "no band F80, 4; there are: 1 F60" in refused({"file": path, "bands": ["F80", 4, 1]}).text("en")
    assert "named twice" in refused({"file": path, "bands": ["F60", 1]}).text("en")


def test_scale_and_offset_are_applied_and_no_data_comes_first(raster):
    # stored 100 x 0.05 + 2 = 7 people; -1 is no data and not 1.95 people
    path = tagged(raster([[100] * 4, [100, 100, 100, -1]], dtype="int32"), scale=0.05, offset=2.0)
    assert by_zone(counted(path)) == pytest.approx({"community/1": 28, "community/2": 21})


def test_files_are_added_up_on_one_grid(raster):
    women, men = raster([[3] * 4] * 2, "women"), raster([[1] * 4] * 2, "men")
    got = counted([women, men])
    assert by_zone(got) == {"community/1": 16, "community/2": 16}
    assert got.groups.loc["residents", "source"] == "women.tif, men.tif"
    assert got.demand["source"].unique().tolist() == ["women.tif, men.tif"]
    moved = raster([[1] * 4] * 2, "moved", west=50)
    assert "unlike women.tif: moved.tif" in refused([women, men, moved]).text("en")
    assert "no such file" in refused([women, "gone.tif"]).text("en")
    assert "one is named twice" in refused([women, men, women]).text("en")
    cut = raster(np.random.default_rng(1).random((200, 400)), "cut", size=1)
    cut.write_bytes(cut.read_bytes()[:9000])
    assert refused([cut]).text("en").startswith("cut.tif: cannot be read: cut.tif, band 1")


def test_what_only_some_files_know_is_added_up_and_said(raster):
    women, men = raster([[3] * 4] * 2, "women"), raster([[1, 1, 1, -1], [-1, 1, 1, 1]], "men")
    got = counted([women, men])
    assert by_zone(got) == {"community/1": 15, "community/2": 15}
    assert "2 cells have data in some only" in said(got, "raster_partly_unknown")


def test_a_zip_with_several_rasters_asks_for_one(raster, tmp_path):
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.write(raster([[1] * 4] * 2, "a"), "deep/a.tif")
        archive.write(raster([[2] * 4] * 2, "b"), "b.tif")
    assert "b.tif, deep/a.tif" in refused(tmp_path / "both.zip").text("en")
    got = counted({"file": tmp_path / "both.zip", "layer": "deep/a.tif"})
    assert by_zone(got) == {"community/1": 4, "community/2": 4}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (5, "raster: must be the path of a file; got 5"),
        ({"file": "a.tif", "bnads": 1}, "raster.bnads: unknown entry; did you mean `bands`?"),
        ({"file": "a.tif", "bands": 0}, "raster.bands: must be ≥ 1; got 0"),
        (["a.tif", {"file": "b.tif", "nodata": "x"}], "raster.1.nodata: must be a number"),
        ({"bands": 1}, "raster.file: required, but missing"),
    ],
)
def test_each_wrong_entry_is_one_message(tmp_path, entry, said):
    with pytest.raises(StudyError) as error:
        study_of(tmp_path, {"residents": {"raster": entry}})
    assert said in error.value.text("en")
    assert len(error.value.notes) == 1


# --- values that are no people --------------------------------------------------------------------------------------


def test_no_data_is_stated_where_the_file_does_not_say_so(raster):
    path = raster([[5, 5, -9999, -9999]] * 2, nodata=None)
    error = refused(path)
    assert "4 negative values, the least -9999" in error.text("en")
    assert "nodata: -9999" in error.text("zh")
    assert by_zone(counted({"file": path, "nodata": -9999})) == {"community/1": 20}
    # of float32, whose largest value no one writes out in full
    huge = raster([[5, 5, np.finfo("float32").max, 5]] * 2, "huge", nodata=None)
    assert "3.40282e+38" in refused(huge).text("en")
    assert by_zone(counted({"file": huge, "nodata": 3.402823e38}))["community/2"] == 10


def test_more_people_than_a_hectare_can_hold_are_refused(raster):
    path = raster([[5000, 10, 10, 10], [10, 10, 10, 10]])
    assert by_zone(counted(path))["community/1"] == 5030  # just the limit: 500,000 on a km²
    path = raster([[5001, 10, 10, 10], [10, 10, 10, 10]])
    assert "more than 500,000 people per km²; the largest cell is 5001" in refused(path).text("en")
    assert "超过 500,000 人" in refused(path).text("zh")
    assert by_zone(counted(path, max_per_km2=500_100))["community/1"] == 5031


def test_of_fine_cells_the_hectare_counts(raster):
    # 400 people in a cell of 10 m, one tower: 4 million per km² there, but 40,000 on its hectare
    cells = np.zeros((20, 40))
    cells[3, 5] = 400
    assert by_zone(counted(raster(cells, size=10))) == {"community/1": 400}
    cells[:10, :10] = 60
    assert "1 hectares" in refused(raster(cells, size=10)).text("en")


def test_the_largest_value_of_the_type_is_doubted(raster):
    # on cells of a square kilometre 65,535 people may live; that just so many do is no chance
    zones = town((0, 0, 2000, 1000), (2000, 0, 4000, 1000))
    path = raster([[900, 900, 900, 65535]], size=1000, dtype="uint16", nodata=None)
    got = counted(path, zones)
    assert "1 cells hold the largest value" in said(got, "raster_type_limit")
    stated = counted({"file": path, "nodata": 65535}, zones)
    assert by_zone(stated) == {"community/1": 1800, "community/2": 900}
    assert not [note for note in stated.notes if note.code == "raster_type_limit"]


def test_noise_of_resampling_is_zero_and_said(raster):
    got = counted(raster([[5, -1e-12, 5, 5], [5, 5, -9e-7, 5]], nodata=None))
    assert by_zone(got) == {"community/1": 15, "community/2": 15}
    assert "2 cells of the raster hold tiny negative values" in said(got, "raster_noise")
    assert "2 个格" in said(got, "raster_noise", "zh")
    assert "raster_negative" in str(refused(raster([[5, -1e-5, 5, 5]] * 2, nodata=None)).notes)


def test_totals_that_the_raster_is_far_from_are_said(raster):
    # factor 3 is let pass on either side; what has no total, or a total of 0, is not judged
    path = raster([[30, 30, 31, 31, 1, 1, 5, 5]] * 2)
    shapes = [(at, 0, at + 200, 200) for at in (0, 200, 400, 600)]
    got = counted(path, town(*shapes, given_residents=[40, 40, 12.5, np.nan]))
    (note,) = [note for note in got.notes if note.code == "raster_against_totals"]
    assert note.values["zones"] == "2 124 / 40, 3 4 / 12"
    assert not counted(path, town(*shapes, given_residents=[120, 124, 4, 0])).notes


# --- where it ends --------------------------------------------------------------------------------------------------


def test_zones_that_a_raster_leaves_out_are_listed_and_marked(raster):
    # it ends 6 m short of the north of both, and 100 m short of the east of the second
    path = raster([[10, 10, 10]] * 2, size=97.0)
    got = counted(path, town((0, 0, 200, 200), (200, 0, 400, 200), (0, 0, 100, 194)))
    share = got.without_raster
    assert share["community/1"] == pytest.approx(0.03)
    assert share["community/2"] == pytest.approx(1 - 91 * 194 / 40_000)
    assert share["community/3"] == pytest.approx(0)
    assert share["area/area"] == pytest.approx(1 - 291 * 194 / 80_000)
    assert said(got, "raster_ends").endswith("give a raster that covers the whole area.")
    (note,) = [note for note in got.notes if note.code == "raster_ends"]
    assert note.values["zones"] == "2 55.9%"
    assert "未覆盖 1 个单元" in note.text("zh")
    assert counted(path, town((0, 0, 100, 100))).without_raster.max() < 1e-9
    assert counted(None, town(*TWO, given_residents=[1, 2]), rake_to="community").without_raster.isna().all()


@given(st.sampled_from([0, 40, 100, 250, 400]), st.sampled_from([1, 3]))
@settings(max_examples=10, deadline=None)
def test_what_is_left_out_is_what_lies_outside(tmp_path_factory, west, columns):
    path = tmp_path_factory.mktemp("ends") / "r.tif"
    write_raster(path, np.ones((2, columns)), corner=(X + west, Y), size=100.0)
    if west >= 400:
        assert "raster_elsewhere" in str(refused(path).notes)
        return
    share = counted(path).without_raster
    for zone, (left, right) in {"community/1": (0, 200), "community/2": (200, 400)}.items():
        inside = max(0, min(right, west + 100 * columns) - max(left, west))
        assert share[zone] == pytest.approx(1 - inside / 200, abs=1e-9)


# --- laws -----------------------------------------------------------------------------------------------------------

STORED = st.sampled_from([-1, 0, 1, 40])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(STORED, min_size=8, max_size=8), min_size=2, max_size=4),
    st.sampled_from([1.0, 0.5]),
    st.sampled_from([0.0, 3.0]),
    st.sampled_from([1, 2]),
)
def test_sums_over_zones_equal_the_source(tmp_path_factory, bands, scale, offset, files):
    """Every value read one by one in plain numbers, against zones that hold the whole raster."""
    folder = tmp_path_factory.mktemp("sums")
    cells = np.array(bands).reshape(-1, 2, 4)
    for number in range(files):
        path = write_raster(folder / f"{number}.tif", cells, corner=(X, Y), size=100.0, dtype="int16")
        tagged(path, scale=scale, offset=offset)
    numbers = list(range(1, len(cells) + 1))
    entry = [{"file": folder / f"{number}.tif", "bands": numbers} for number in range(files)]
    want = {"community/1": 0.0, "community/2": 0.0}
    for band in bands:
        for at, stored in enumerate(band):
            if stored != -1:
                want[f"community/{1 + at % 4 // 2}"] += files * (stored * scale + offset)
    got = counted(entry)
    assert {zone: by_zone(got).get(zone, 0.0) for zone in want} == pytest.approx(want)
    assert got.groups.loc["residents", "total"] == pytest.approx(sum(want.values()))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([-1.0, 0.0, 2.0, 9.0]), min_size=63, max_size=63),
    st.sampled_from([1, 5, 20]),
    st.sampled_from([7, 14, 1000]),
    st.sampled_from([(0, 0), (13, 21), (37, 2)]),
)
def test_blocks_keep_people_and_places(tmp_path_factory, values, most, strip, corner):
    """Fine cells added up to blocks, against sums of cells by hand, however the strips fall."""
    cells = np.array(values).reshape(7, 9)
    path = write_raster(tmp_path_factory.mktemp("blocks") / "r.tif", cells, corner=(X, Y))
    around = (X + corner[0], Y + corner[1], X + 85, Y + 65)
    crs = town(*TWO).crs
    fine, _ = read_raster(raster_parts(path), around, crs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rasters, "MOST_CELLS", most)
        patch.setattr(rasters, "STRIP_CELLS", strip)
        coarse, notes = read_raster(raster_parts(path), around, crs)
    block = round(coarse.grid.dx / 10)
    assert block == min(int(np.ceil(np.sqrt(fine.grid.rows * fine.grid.columns / most))), 10)
    assert ("raster_blocks" in [note.code for note in notes]) == (block > 1)
    # every block is the sum of its cells, wherever the window begins, and blocks hold the whole window
    x, y = coarse.grid.centres(np.arange(len(coarse.values)))
    for east, north, people in zip(x, y, coarse.values, strict=True):
        left, top = round((east - X) / 10 - block / 2), round((Y + 70 - north) / 10 - block / 2)
        assert left % block == top % block == 0
        held = cells[top : top + block, left : left + block]
        known = held[held >= 0]
        assert people == pytest.approx(known.sum()) if known.size else np.isnan(people)
    west, south, east, north = coarse.grid.bounds
    assert west <= max(around[0], X) and south <= around[1] and east >= around[2] and north >= around[3]  # noqa: PT018


def test_people_of_blocks_keep_their_number_and_names(raster, monkeypatch):
    cells = np.arange(20 * 40, dtype=float).reshape(20, 40) % 7
    path = raster(cells, size=10)
    fine = counted(path)
    monkeypatch.setattr(rasters, "MOST_CELLS", 100)
    got = counted(path)
    # blocks of 30 m; the last ones reach past the file's end and hold only what is there
    assert "blocks of 30 m" in said(got, "raster_blocks")
    assert got.groups.loc["residents", "total"] == pytest.approx(cells.sum())
    assert got.demand.groupby("zone_id")["cell"].apply(lambda cell: cell.is_unique).all()
    assert by_zone(got) == pytest.approx(by_zone(fine))
    assert len(got.demand) < len(fine.demand) / 5


# --- age ------------------------------------------------------------------------------------------------------------


def test_figures_over_five_years_older_than_the_study_are_said():
    groups = pd.DataFrame(
        {"year": pd.array([2010, 2020, 2019, None, 2010], dtype="Int64")}, index=["a", "b", "c", "d", "e"]
    )
    old, older = notes_on_age(groups, 2025)
    assert (old.values["group"], old.values["years"]) == ("a, e", 15)
    assert older.text("en").startswith("the figures of group `c` are of 2019, 6 years before")
    assert older.text("zh").startswith("人群 c 的数据为 2019 年，早于评价年份 2025 年 6 年")
    assert notes_on_age(groups, 2015) == []
