"""Every fault is found at its row, and nothing else is: the planted ones, and those that chance puts anywhere."""

import csv
import math
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from towns import CRS, SIDE, SOUTH, TOWN, WEST, make_town

from geoplan.inputs import facilities

ZONES = make_town()
TYPES = {"养老机构": "elder_home", "社区养老服务设施": "elder_day_care"}


def elder_register(data, wuhan):
    path = data / "wuhan" / "eldercare_register.xlsx"
    return facilities.read_register(path, zones=wuhan, crs=CRS, datum="gcj02", types=TYPES)


def test_the_ten_faults_planted_in_wuhans_eldercare_register(data, wuhan):
    register = elder_register(data, wuhan)
    found = {(n.row, n.code) for n in register.notes}
    assert found == {
        (5, "amount_blank"), (19, "amount_worded"), (31, "coordinates_missing"), (43, "coordinates_swapped"),
        (57, "amount_negative"), (79, "year_format"), (92, "coordinates_far"), (162, "amount_format"),
        (202, "amount_part_over_whole"), (472, "duplicate_same_name"),
    }  # fmt: skip
    row_id = {row: i for i, row in register.facilities["source_row"].items()}
    supply = register.supplies.set_index(["facility_id", "supply"])[["low", "high"]]
    assert tuple(supply.loc[(row_id[5], "beds")]) == (49.0, math.inf)  # at least its nursing beds
    assert tuple(supply.loc[(row_id[19], "beds")]) == (60.0, 60.0)
    assert supply.loc[(row_id[57], "beds"), "high"] == math.inf
    assert tuple(supply.loc[(row_id[162], "floor_area_m2")]) == (300.0, 300.0)
    assert tuple(supply.loc[(row_id[202], "nursing_beds")]) == (0.0, 20.0)
    table = register.facilities
    assert table.loc[row_id[79], "open_year"] == 2021
    assert table.loc[row_id[43], "location_quality"] == "exact"
    assert list(register.unplaced.index) == [row_id[31], row_id[92]]
    assert list(register.unplaced["zone_names"]) == ["硚口区", "江汉区"]
    assert list(register.unplaced["location_quality"]) == ["missing", "rejected"]


def test_the_sums_of_wuhans_eldercare_register_are_those_of_the_sheet(data, wuhan):
    sheet = openpyxl.load_workbook(data / "wuhan" / "eldercare_register.xlsx").active
    cells = [row[5].value for row in sheet.iter_rows(min_row=2)]
    counted = sum(c for c in cells if isinstance(c, int) and c > 0) + 60  # 约60
    register = elder_register(data, wuhan)
    line = register.reconciliation.iloc[0]
    assert (line["rows"], line["duplicate"], line["not_placed"], line["in_run"]) == (471, 1, 2, 468)
    assert line["beds_rows"] == counted == 15_978
    assert line["beds_unknown_rows"] == 2
    assert line["beds_duplicate"] + line["beds_not_placed"] + line["beds_in_run"] == counted


def test_the_childcare_register_is_clean_but_for_one_point(data, wuhan):
    types = {"托育机构": "childcare", "幼儿园托班": "kindergarten_class", "社区驿站": "childcare_station"}
    path = data / "wuhan" / "childcare_register_gbk.csv"
    register = facilities.read_register(path, zones=wuhan, crs=CRS, datum="bd09", types=types)
    assert [(n.row, n.code) for n in register.notes if n.row] == [(98, "point_outside_named_zone")]
    assert register.reconciliation.iloc[0]["places_in_run"] == 12_536
    assert register.supplies.loc[register.supplies["supply"] == "places", "low"].sum() == 12_536


# --- a register made by chance, mutated by chance

HEADERS = ["机构名称", "机构类型", "所在区", "所属社区", "经度", "纬度", "床位数", "护理型床位数", "认知障碍床位数", "建筑面积（㎡）", "性质",
           "是否普惠", "运营状态", "启用年份"]  # fmt: skip
NAME, TYPE, DISTRICT, COMMUNITY, LON, LAT, BEDS, NURSING, DEMENTIA, AREA, OWNER, INCLUSIVE, STATUS, YEAR = (
    HEADERS
)
UNPLACED = {"candidate_point"}  # the row still names its community


def clean_register(count, random):
    """Return rows without a fault: distinct names and places inside the communities that they name."""
    places = [(r, i) for r, names in enumerate(TOWN.values()) for i in range(len(names))]
    rows = []
    for n in range(count):
        r, i = places[n % len(places)]
        xy = np.array([WEST + i * SIDE, SOUTH + r * SIDE]) + random.uniform(700, 1300, 2) + [0.0, 0.01 * n]
        point = gpd.GeoSeries([shapely.Point(xy)], crs=CRS).to_crs(4326).iloc[0]
        beds = int(random.integers(20, 400))
        district = list(TOWN)[r]
        rows.append({
            NAME: f"第{n}养老院", TYPE: list(TYPES)[n % 2], DISTRICT: district, COMMUNITY: TOWN[district][i],
            LON: f"{point.x:.7f}", LAT: f"{point.y:.7f}", BEDS: str(beds), NURSING: str(beds // 2), DEMENTIA: str(beds // 4),
            AREA: f"{beds * 35.5 + n:.1f}", OWNER: ["公办", "民办", "公建民营"][n % 3], INCLUSIVE: "是否"[n % 2],
            STATUS: ["运营", "正常"][n % 2], YEAR: str(2000 + n % 24),
        })  # fmt: skip
    return rows


def cell(header, value):
    return lambda row: {header: value(row) if callable(value) else value}


def other_corner(row):
    """Name the far corner of the other district: more than 500 m from any point of this row's community."""
    r = list(TOWN).index(row[DISTRICT])
    district = list(TOWN)[1 - r]
    i = TOWN[row[DISTRICT]].index(row[COMMUNITY])
    return {DISTRICT: district, COMMUNITY: TOWN[district][3 if i < 2 else 0]}


#: kind of fault -> what it does to a row, and the codes that must be found there
FAULTS = {
    "blank": (cell(BEDS, ""), {"amount_blank"}),
    "blank words": (cell(BEDS, "不详"), {"amount_blank"}),
    "blank nursing": (cell(NURSING, ""), {"amount_blank"}),
    "about": (cell(BEDS, lambda r: f"约{r[BEDS]}"), {"amount_worded"}),
    "left or right": (cell(BEDS, lambda r: f"{r[BEDS]}张左右"), {"amount_worded"}),
    "more than": (cell(BEDS, lambda r: f"{r[BEDS]}余"), {"amount_worded"}),
    "negative": (cell(BEDS, lambda r: f"-{r[BEDS]}"), {"amount_negative"}),
    "negative area": (cell(AREA, "-1"), {"amount_negative"}),
    "no number": (cell(BEDS, "若干"), {"amount_unreadable"}),
    "unit": (cell(AREA, lambda r: f"{r[AREA]}㎡"), {"amount_format"}),
    "thousands": (cell(AREA, "12,345"), {"amount_format"}),
    "full width": (cell(BEDS, lambda r: r[BEDS].translate({48 + d: 0xFF10 + d for d in range(10)})), {"amount_format"}),
    "range": (cell(BEDS, lambda r: f"{r[BEDS]}-{int(r[BEDS]) + 10}"), {"amount_range"}),
    "far too many": (cell(BEDS, "99999"), {"amount_implausible"}),
    "nursing over beds": (cell(NURSING, lambda r: str(int(r[BEDS]) + 1)), {"amount_part_over_whole"}),
    "dementia over beds": (cell(DEMENTIA, lambda r: str(int(r[BEDS]) + 79)), {"amount_part_over_whole"}),
    "month": (cell(YEAR, lambda r: f"{r[YEAR]}年3月"), {"year_format"}),
    "no year": (cell(YEAR, "去年"), {"year_unreadable"}),
    "no coordinates": (lambda _: {LON: "", LAT: ""}, {"coordinates_missing"} | UNPLACED),
    "half": (cell(LAT, ""), {"coordinates_half"} | UNPLACED),
    "zero": (lambda _: {LON: "0", LAT: "0"}, {"coordinates_zero"} | UNPLACED),
    "no coordinate": (cell(LON, "江汉路旁"), {"coordinates_unreadable"} | UNPLACED),
    "swapped": (lambda r: {LON: r[LAT], LAT: r[LON]}, {"coordinates_swapped"}),
    "another city": (lambda _: {LON: "121.544", LAT: "29.8683"}, {"coordinates_far"} | UNPLACED),
    "slipped point": (cell(LON, lambda r: r[LON].replace("114.", "11.4")), {"coordinates_far"} | UNPLACED),
    "other zone": (other_corner, {"point_outside_named_zone"}),
    "no such community": (cell(COMMUNITY, "无名社区"), {"zone_name_unknown"}),
    "type": (cell(TYPE, "老年驿站"), {"type_unknown"}),
    "no type": (cell(TYPE, ""), {"type_blank"}),
    "status": (cell(STATUS, "停摆"), {"status_unknown"}),
    "flag": (cell(INCLUSIVE, "申请中"), {"flag_unreadable"}),
    "owner": (cell(OWNER, "其他"), {"ownership_unknown"}),
    "twice": (None, {"duplicate_same_name"}),
    "twice renamed": (cell(NAME, lambda r: r[NAME] + "（新）"), {"duplicate_same_point"}),
}  # fmt: skip


def mutate(rows, faults):
    """Return the rows with faults, and the codes to be found by row number (the header is row 1)."""
    rows, expected, more = [dict(r) for r in rows], set(), []
    for at, kind in faults.items():
        change, codes = FAULTS[kind]
        if kind.startswith("twice"):
            more.append(rows[at] | (change(rows[at]) if change else {}))
            expected |= {(len(rows) + len(more) + 1, code) for code in codes}
        else:
            rows[at] |= change(rows[at])
            expected |= {(at + 2, code) for code in codes}
    return rows + more, expected


def write(folder, rows, form):
    path = Path(folder) / f"register.{'xlsx' if form == 'xlsx' else 'csv'}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        book.active.append(HEADERS)
        for row in rows:
            book.active.append([_as_excel_would(row[h]) for h in HEADERS])
        book.save(path)
        return path
    with path.open("w", encoding=form, newline="") as file:
        writer = csv.DictWriter(file, HEADERS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _as_excel_would(text):
    if not text.isascii():
        return text
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text or None


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    faults=st.dictionaries(st.integers(0, 15), st.sampled_from(sorted(FAULTS)), max_size=12),
    form=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "xlsx"]),
    seed=st.integers(0, 9),
)
def test_faults_put_anywhere_are_found_there_and_nowhere_else(faults, form, seed):
    clean = clean_register(16, np.random.default_rng(seed))
    rows, expected = mutate(clean, faults)
    with tempfile.TemporaryDirectory() as folder:
        register = facilities.read_register(
            write(folder, rows, form), zones=ZONES, crs=CRS, datum="wgs84", types=TYPES
        )
    assert {(n.row, n.code) for n in register.notes if n.row} == expected

    # nothing is lost and nothing becomes 0
    line = register.reconciliation.iloc[0]
    assert line["rows"] == len(rows) == len(register.fates)
    assert line["rows"] == sum(
        line[end] for end in ("closed", "not_open", "duplicate", "unknown_type", "not_placed", "in_run")
    )
    assert (register.supplies["high"] > 0).all()
    assert (register.supplies["low"] <= register.supplies["high"]).all()
    for text in (n.text(lang) for n in register.notes for lang in ("zh", "en")):
        assert "{" not in text

    # rows without a fault are read as they were written
    exact = register.supplies[register.supplies["supply"] == "beds"].set_index("facility_id")
    for at, row in enumerate(clean):
        if at not in faults or faults[at].startswith("twice"):
            ids = register.facilities.index[register.facilities["source_row"] == at + 2]
            kept = register.supplies["facility_id"].isin(ids) & (register.supplies["supply"] == "beds")
            assert set(register.supplies.loc[kept, "low"]) == {float(row[BEDS])}
    assert set(exact.index) == set(register.facilities.index)


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_each_fault_alone(kind, tmp_path):
    rows, expected = mutate(clean_register(9, np.random.default_rng(1)), {4: kind})
    register = facilities.read_register(
        write(tmp_path, rows, "utf-8"), zones=ZONES, crs=CRS, datum="wgs84", types=TYPES
    )
    assert {(n.row, n.code) for n in register.notes if n.row} == expected
