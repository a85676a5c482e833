"""Lists as offices really send them: the situations of ../shared/cases that concern lists, read in place, and a second one of each kind.

Each ends in the right figure, in a warning that names it, or in a clear error. The second situations are made here, on the town of the other
tests of lists.
"""

import random
from pathlib import Path

import openpyxl
import pytest
from shapely.geometry import Point

from geoplan.inputs.candidates import read_candidates
from geoplan.inputs.facilities import join_registers, read_register
from geoplan.inputs.lists.zone_names import ZoneNames
from geoplan.inputs.lists.zone_rows import read_zone_supplies
from geoplan.inputs.projects import read_projects
from geoplan.pipeline.gather import gather
from geoplan.study.study import read_study
from geoplan.words.errors import InputError

CASES = Path(__file__).parents[3] / "shared" / "cases"
CRS, EAST, NORTH = "EPSG:4547", 500_000, 3_380_000


@pytest.fixture
def case():
    """Return a function that reads the inputs of a given case."""

    def read(name):
        folder = CASES / name
        if not folder.exists():
            pytest.skip(f"{folder} is not here")
        return gather(read_study(folder / "study.yaml"))

    return read


def beds(inputs):
    """Return least and most of the beds of every facility, by name."""
    register = getattr(inputs, "register", inputs)
    table = register.supplies[register.supplies["supply"] == "beds"].set_index("facility_id")
    names = register.facilities["name"].to_dict()
    return {names[i]: (row["low"], row["high"]) for i, row in table.iterrows()}


def codes(found, *, worse="info"):
    return {note.code for note in found.notes if note.severity != worse}


@pytest.fixture
def register(written, zones):
    """Return a function that writes rows (dicts) as a register of day care and reads it."""

    def read(*rows, name="list.csv", **how):
        how = {"type": "elder_day_care"} | how
        return read_register(written(*rows, name=name), zones=zones, crs=CRS, **how)

    return read


# --- rows


def test_a_header_of_two_rows(case):
    found = case("02-two-header-rows")
    assert beds(found)["一号日间照料中心"] == (30, 30)
    nursing = found.register.supplies.query("supply == 'nursing_beds'")["low"].tolist()
    assert nursing == [10, 5]


@pytest.mark.parametrize("name", ["03-subtotal-rows", "57-candidates-total"])
def test_rows_of_totals(case, name):
    found = case(name)
    assert not [facility for facility in found.register.facilities["name"] if "计" in facility]
    assert sum(low for low, _ in beds(found).values()) == {"03": 50, "57": 30}[name[:2]]


@pytest.mark.parametrize("word", ["小计", "示例镇小计", "合 计", "总计：", "本页合计（张）", "Total"])
@pytest.mark.parametrize("column", ["机构名称", "所属街道", "序号"])
def test_a_total_stands_in_any_first_cell(register, word, column):
    row = {"序号": 1, "所属街道": "东街道", "机构名称": "甲", "床位数": 30}
    total = dict.fromkeys(row, "") | {column: word, "床位数": 30}
    found = register(
        row, row | {"序号": 2, "机构名称": "乙合计路养老院", "床位数": 20}, total | {"床位数": 50}
    )
    assert beds(found) == {"甲": (30, 30), "乙合计路养老院": (20, 20)}
    assert "list_total_differs" not in codes(found)


def test_totals_in_lists_of_projects_premises_and_zones(written, zones):
    rows = [
        {"所属街道": "东街道", "名称": "甲", "建筑面积": 90, "社区": "向阳社区"},
        {"所属街道": "合计", "名称": "", "建筑面积": 90, "社区": ""},
    ]
    path = written(*rows)
    assert read_projects(path, zones=zones, crs=CRS).projects["name"].tolist() == ["甲"]
    assert read_candidates(path, zones=zones, crs=CRS).candidates["name"].tolist() == ["甲"]
    path = written({"社区": "向阳社区", "床": "1,200"}, {"社区": "全镇合计", "床": "1,200"}, name="z.csv")
    found = read_zone_supplies(
        path, zones=zones, level="community", zone="社区", columns={"family_beds": "床"}
    )
    assert found.table.set_index("zone_id")["low"].to_dict() == {"community/A": 1200, "community/B": 0}
    assert "zone_rows_unknown" not in {note.code for note in found.notes}


def test_formulas_hidden_rows_and_hidden_sheets(case):
    found = case("04-formula-uncached")
    assert {"amount_formula", "sheet_formulas"} <= codes(found)
    assert "amount_blank" not in codes(found)
    assert "sheet_hidden_rows" in codes(case("35-hidden-rows"))
    assert beds(case("35b-hidden-sheet")) == {"一号日间照料中心": (30, 30)}


def test_a_formula_is_unknown_wherever_it_stands(tmp_path, zones):
    made = openpyxl.Workbook()
    for row in [
        ("名称", "床位数", "启用年份", "所属社区"),
        ("甲", "=10*2", "=2000+1", "向阳社区"),
        ("乙", 5, 2001, "河西村"),
    ]:
        made.active.append(row)
    made.save(tmp_path / "a.xlsx")
    found = read_register(tmp_path / "a.xlsx", zones=zones, crs=CRS, type="elder_day_care")
    assert beds(found) == {"甲": (0, float("inf")), "乙": (5, 5)}
    assert found.facilities["open_year"].isna().tolist() == [True, False]
    assert {"amount_formula", "sheet_formulas"} <= codes(found)


@pytest.mark.parametrize("name", ["29-xls-named-xlsx", "29b-xls", "29d-broken-xml"])
def test_workbooks_that_are_none(case, name):
    with pytest.raises(InputError, match=r"save it as \.xlsx") as caught:
        case(name)
    assert {note.code for note in caught.value.notes} <= {"file_damaged", "file_is_page"}


@pytest.mark.parametrize(
    "name",
    [
        "28-xlsx-1048576",
        "29c-bad-style",
        "29e-xlsx-truncated-strings",
        "50-csv-sep-line",
        "45-register-xyz-shp",
    ],
)
def test_files_of_odd_programs_are_read(case, name):
    assert beds(case(name)) == {"一号日间照料中心": (30, 30)}


def test_tabs_with_commas(case):
    found = case("24-tsv-with-commas")
    assert beds(found)["一号日间照料中心"] == (30, 30)
    assert found.register.facilities.geometry.notna().all()


# --- coordinates


def test_coordinates_in_all_usual_writings(case):
    found = case("23-coordinates-odd").register
    places = found.facilities.geometry
    expected = places[places.notna()].iloc[-1]
    for name, point in zip(found.facilities["name"], places, strict=True):
        listed = name in found.unplaced["name"].tolist()
        assert listed if point is None else point.distance(expected) < 20
    assert places.notna().sum() >= 12


FORMS = [
    "{x},{y}", "{x}，{y}", "{x} {y}", "{x};{y}", "{x}/{y}", "({x},{y})", "【{x}、{y}】", "[{x}, {y}]", "POINT({x} {y})", "point z ({x} {y} 12)",
    "{y},{x}", "N{y} E{x}", "{x}°E，{y}°N", "经度：{x}，纬度：{y}", "纬度{y}经度{x}", "东经{x}度、北纬{y}度", "{xd}°{xm:.4f}′,{yd}°{ym:.4f}′",
    "{xd}度{xm:.4f}分 {yd}度{ym:.4f}分", "E{xd}°{xi}′{xs:.2f}″，N{yd}°{yi}′{ys:.2f}″", "{xd}°{xi}'{xs:.2f}\"E {yd}°{yi}'{ys:.2f}\"N",
    "{xd}°{xi}′{xs:.2f}″{yd}°{yi}′{ys:.2f}″", "{xd}:{xi}:{xs:.2f},{yd}:{yi}:{ys:.2f}", "lng={x}, lat={y}",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", ["经纬度", "经度"])
def test_a_point_is_found_however_it_is_written(register, lonlat, form, column):
    x, y = map(float, lonlat(500, 700))
    values = {}
    for key, value in (("x", x), ("y", y)):
        minutes = (value - int(value)) * 60
        values |= {key: f"{value:.7f}", f"{key}d": int(value), f"{key}m": minutes, f"{key}i": int(minutes)}
        values |= {f"{key}s": (minutes - int(minutes)) * 60}
    found = register({"名称": "甲", column: form.format(**values), "纬度": ""})
    assert found.facilities.geometry.iloc[0].distance(Point(EAST + 500, NORTH + 700)) < 1


@pytest.mark.parametrize(
    "cell",
    ["114,42;30,63", "114420000,30630000", "待补", "114.42", "114°75′,30°38′", "30.6-114.4", "x=?,y=?"],
)
def test_what_is_no_point_is_listed(register, cell):
    found = register({"名称": "甲", "经纬度": cell})
    assert found.facilities.geometry.iloc[0] is None
    assert codes(found) & {"coordinates_unreadable", "coordinates_far", "coordinates_half"}


@pytest.mark.parametrize("name", ["50b-csv-decimal-comma", "51-coords-e6"])
def test_given_points_that_are_none(case, name):
    found = case(name)
    assert found.register.facilities.geometry.isna().all()
    assert codes(found) & {"coordinates_unreadable", "coordinates_far"}


# --- cells, names, types


def test_a_zoo_of_amounts(case):
    found = case("53-amount-zoo")
    noted = {
        note.row for note in found.notes if note.file == "homes.xlsx" and note.code.startswith("amount_")
    }
    assert noted == set(range(2, 21))
    assert [
        value for value in beds(found).values() if value not in ((0, float("inf")), (30, 30), (1200, 1200))
    ] == []


@pytest.mark.parametrize("cell", ["1.200", "12.5", 0.3, "3.5张"])
def test_beds_are_whole(register, cell):
    found = register({"名称": "甲", "床位数": cell, "建筑面积": "12.5"})
    assert beds(found)["甲"] == (0, float("inf"))
    assert "amount_fraction" in codes(found)
    area = found.supplies.query("supply == 'floor_area_m2'")["low"]
    assert area.tolist() == [12.5]


@pytest.mark.parametrize(
    ("name", "status", "asked"),
    [("康乐（停用）", "", True), ("康乐(暂停)", "", True), ("康乐已注销", "运营", True), ("康乐（筹建中）", "", True), ("康乐（停用）", "停用", False),
     ("康乐（东区）", "", False), ("停用路康乐院", "", False), ("康乐", "", False)],
)  # fmt: skip
def test_a_status_in_a_name_is_asked_for(register, name, status, asked):
    assert ("name_status" in codes(register({"名称": name, "运营状态": status}))) == asked


@pytest.mark.parametrize(
    ("names", "count", "code"),
    [(("甲中心", "乙中心"), 2, "same_point_other_name"), (("甲中心", "甲中心（新）"), 1, "duplicate_same_point"),
     (("甲中心", "甲中心"), 1, "duplicate_same_name"), (("甲中心", "臺甲中心"), 2, "same_point_other_name"), (("東湖院", "东湖院"), 1, "duplicate_same_name")],
)  # fmt: skip
def test_two_names_at_one_point_are_two(register, lonlat, names, count, code):
    x, y = lonlat(500, 700)
    found = register(*({"名称": name, "经度": x, "纬度": y, "床位数": 30, "建筑面积": 500} for name in names))
    assert len(beds(found)) == count
    assert code in codes(found)


def test_the_given_two_at_one_point(case):
    found = case("22-same-point-two")
    assert sum(low for low, _ in beds(found).values()) == 60
    assert "same_point_other_name" in codes(found)


@pytest.mark.parametrize(
    ("name", "level", "zone"),
    [("東街道", "town", "town/1"), ("东街道办事处", "town", "town/1"), ("東", "town", None), ("向陽社區", "community", "community/A"),
     ("向阳社区居委会", "community", "community/A"), ("河西", "community", "community/B"), ("河西村民委员会", "community", "community/B"),
     ("樺苑小區", "estate", "estate/E")],
)  # fmt: skip
def test_names_fold(zones, name, level, zone):
    assert ZoneNames(zones).find(name, level).zone_id == zone


def test_headers_fold(register):
    found = register({"機構名稱": "甲", "床位數": 30, "所屬社區": "向陽社區"})
    assert beds(found) == {"甲": (30, 30)}
    assert found.facilities["zone_id"].tolist() == ["community/A"]


def test_tables_by_zone(case):
    found = case("33-supplies-table")
    table = found.zone_supplies.set_index("zone_id")["low"]
    assert table["community/W"] == 1200
    assert table["community/E"] == 50 or "zone_rows_twice" in codes(found)
    assert {"zone_rows_exponent"} <= codes(case("52-sci-ids"))
    births = case("49-births-text")
    people = births.people.demand.groupby("zone_id")["under_3"].sum()
    assert people["community/W"] == pytest.approx(3600)
    assert people["community/E"] == pytest.approx(30)


def test_control_characters_and_formulas_in_names_are_text(case):
    first, second = beds(case("15-control-chars"))
    assert first.startswith('=HYPERLINK("http://a","一号")')
    assert second == "+二号"


# --- registers that say nothing, or that there is nothing


@pytest.fixture
def study(tmp_path):
    """Return a function that copies the base case with other registers, and reads its inputs."""

    def read(registers, more="", **files):
        if not CASES.exists():
            pytest.skip(f"{CASES} is not here")
        for file in (CASES / "00-base").iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        path = tmp_path / "study.yaml"
        lines = path.read_text(encoding="utf-8").split("\n")
        at = lines.index("facilities:")
        end = next(i for i in range(at + 1, len(lines)) if not lines[i].startswith(" "))
        path.write_text(
            "\n".join([*lines[:at], f"facilities: {registers}", more, *lines[end:]]), encoding="utf-8"
        )
        return gather(read_study(path))

    return read


@pytest.mark.parametrize("rows", ["", "甲,未知类,西社区,30\n乙,未知类,西社区,20\n"])
def test_a_register_that_says_nothing_is_no_zero(study, rows):
    text = f"机构名称,类型,所属社区,床位数\n{rows}"
    with pytest.raises(InputError, match="eldercare") as caught:
        study("[{file: r.csv, types: {照料: elder_day_care}}]", r=text)
    assert [note.code for note in caught.value.notes] == ["register_silent"]
    # where no service needs it, rules find no data
    found = study(
        "[{file: homes.csv, type: elder_day_care}, {file: r.csv, types: {托育: childcare}}]", r=text
    )
    assert "register_silent" in codes(found)
    assert found.register_types == ("elder_day_care",)


def test_none_is_said_by_the_study(study):
    found = study("[{file: homes.csv, type: elder_day_care}, {type: childcare, none: true}]")
    assert found.register_types == ("childcare", "elder_day_care")
    assert "register_silent" not in codes(found)
    alone = study("[{type: elder_day_care, none: true}]")
    assert len(alone.register.facilities) == 0


def test_what_a_register_lacks_is_none_and_not_unknown(register):
    row = {"名称": "甲", "所属社区": "向阳社区"}
    assert beds(register(row)) == {"甲": (0, float("inf"))}
    lacking = register(row, lacks=["beds"])
    assert set(lacking.supplies["supply"]) == {"floor_area_m2"}
    assert not lacking.notes or "amount_column_absent" not in {
        note.values.get("supply_en") for note in lacking.notes
    }
    mixed = register(row | {"床位数": ""}, row | {"名称": "乙", "床位数": 12}, lacks=["beds"])
    assert beds(mixed) == {"甲": (0, 0), "乙": (12, 12)}
    joined = join_registers([lacking], year=2025).reconciliation.iloc[0]
    assert joined["beds_unknown_rows"] == 0


# --- many more of the same kinds


def variants(count, seed=7):
    """Yield registers by chance: header, rows as an office may write them, and the beds that are right (None: unknown)."""
    chance = random.Random(seed)
    ways = [
        ("{}", False), ("{}张", False), ("{:,}", False), (" {} ", False), ("{}床", False), ("约{}", False), ("{}（含护理）", False),
        ("{}.5", True), ("{}+20", True), ("{}、20", True), ("", True), ("不详", True), ("-{}", True), ("{}%", True), ("三十", True), ("={}", True),
    ]  # fmt: skip
    wide = {48 + digit: 0xFF10 + digit for digit in range(10)}
    for number in range(count):
        header = chance.choice(["床位数", "床位數", "核定床位数（张）", "＊床位数", "床位"])
        rows, right = [], {}
        for at in range(chance.randint(1, 4)):
            name, size = f"第{number}之{at}院", chance.randint(1, 3000)
            way, unknown = chance.choice(ways)
            community = chance.choice(["向阳社区", "向陽社區", "向阳", "河西村", "河西村委会"])
            text = way.format(size)
            text = text.translate(wide) if chance.random() < 0.2 else text
            rows.append({"名称": name, "所属社区": community, header: text})
            right[name] = None if unknown else size
        if chance.random() < 0.5:
            word = chance.choice(["合计", "小 计", "示例镇小计", "总计："])
            rows.append(
                {"名称": word, "所属社区": "", header: 9999}
                if chance.random() < 0.5
                else {"名称": "", "所属社区": word, header: ""}
            )
        yield rows, right


@pytest.mark.parametrize("part", range(8))
def test_three_hundred_registers_by_chance(written, zones, part):
    for number, (rows, right) in enumerate(variants(320)):
        if number % 8 != part:
            continue
        path = written(*rows, name=f"v{number}.csv")
        found = read_register(path, zones=zones, crs=CRS, type="elder_day_care")
        got = beds(found)
        assert set(got) == set(right), number
        noted = {note.row for note in found.notes if note.code.startswith("amount_")}
        for row, (name, size) in enumerate(right.items(), start=2):
            if size is None:
                assert got[name] == (0, float("inf")), (number, name)
                assert row in noted, (number, name)
            else:
                assert got[name] == (size, size), (number, name)
        assert found.facilities["zone_id"].notna().all()
