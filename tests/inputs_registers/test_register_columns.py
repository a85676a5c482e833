"""Headers: what is recognised, what is mapped, what is ambiguous - and that the documentation lists the same table."""

import re
from pathlib import Path

import pytest

from geoplan.inputs.facilities.fields import FIELDS, PARTS
from geoplan.inputs.lists import cells, points, zone_names
from geoplan.inputs.lists.fields import recognise
from geoplan.words.catalogue import catalogue
from geoplan.words.vocabulary import tier_of, vocabulary

DOCS = Path(__file__).parents[2] / "docs" / "registers.md"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("经度", "lon"), ("纬度", "lat"), ("百度经度", "lon"), ("百度纬度", "lat"), ("lng", "lon"), ("LAT", "lat"), ("Lng ", "lon"),
        ("经度（百度）", "lon"), ("高德经度", "lon"), ("经纬度", "lonlat"), ("床位数", "beds"), ("床位数（张）", "beds"), ("总床位（张）", "beds"), ("核定床位数", "beds"),
        ("护理型床位数", "nursing_beds"), ("其中：护理型床位数", "nursing_beds"), ("认知障碍床位数", "dementia_beds"), ("家庭养老床位", "family_beds"),
        ("托位数", "places"), ("托位数(个)", "places"), ("普惠托位数", "inclusive_places"), ("其中：普惠托位数", "inclusive_places"),
        ("普惠", "inclusive"), ("是否普惠", "inclusive"), ("是否为普惠机构", "inclusive"), ("建筑面积", "floor_area_m2"), ("建筑面积（㎡）", "floor_area_m2"),
        ("建筑面积(平方米)", "floor_area_m2"), ("总建筑面积", "floor_area_m2"), ("性质", "ownership"), ("机构性质", "ownership"), ("地址", "address"),
        ("详细地址", "address"), ("所属街道", "town"), ("所在街道（乡镇）", "town"), ("所属社区", "community"), ("社区（村）", "community"), ("所在区", "district"),
        ("县(市、区)", "district"), ("服务社区", "serves"), ("运营状态", "status"), ("备案", "registered"), ("是否备案", "registered"), ("启用年份", "open_year"),
        ("停用年份", "close_year"), ("内设医疗机构", "medical_unit"), ("机构名称", "name"), ("机构类型", "type"), ("所属小区", "estate"), ("＊机构名称", "name"),
    ],
)  # fmt: skip
def test_usual_headers(header, field):
    assert recognise([header], FIELDS, mapped={}).header == {field: header}


def test_the_header_says_the_datum():
    assert recognise(["名称", "经度", "纬度"], FIELDS, mapped={}).datum is None
    assert recognise(["名称", "经度(WGS84)", "纬度(WGS84)"], FIELDS, mapped={}).datum == "wgs84"


def test_a_mapped_column_wins_and_is_not_read_twice():
    columns = recognise(
        ["名称", "床位数", "实有床位"], FIELDS, mapped={"beds": "实有床位", "occupied": "床位数"}
    )
    assert columns.header["beds"] == "实有床位"
    assert columns.header["occupied"] == "床位数"


# --- docs/registers.md and the code agree


def table_after(heading):
    text = DOCS.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_documented_headers_are_the_recognised_ones():
    documented = {row[0].strip("`"): row[3].split("、") for row in table_after("Recognised headers")}
    assert documented == {name: list(field.headers) for name, field in FIELDS.items()}


def test_the_documented_status_words_are_the_known_ones():
    documented = {word: row[0].strip("`") for row in table_after("Status") for word in row[1].split("、")}
    assert documented == dict(cells.STATUS_WORDS)


def test_the_documented_faults_are_the_ones_that_can_be_said():
    folder = Path(cells.__file__).parents[1]
    names = ("lists/words.yaml", "facilities/words.yaml", "words.yaml", "sheets.words.yaml")
    files = [folder / name for name in names]
    words = "\n".join(file.read_text(encoding="utf-8") for file in files)
    codes = set(re.findall(r"^([a-z_0-9]+):$", words, flags=re.MULTILINE))
    documented = {row[0].strip("`") for row in table_after("Faults and what is done")}
    assert documented == codes
    assert codes <= set(catalogue())


@pytest.mark.parametrize(
    ("heading", "section"), [("Facility types", "types"), ("Attributes that rules may ask for", "attributes"), ("Supplies", "supplies")]
)  # fmt: skip
def test_every_type_attribute_and_supply_is_documented_with_its_meaning(heading, section):
    documented = {row[0].strip("`"): row[1] for row in table_after(heading)}
    assert documented == {name: f"{both['zh']} ({both['en']})" for name, both in vocabulary(section).items()}


def test_the_documented_tiers_are_those_of_the_vocabulary():
    types = vocabulary("types")

    def row(tier, entry):
        own = [f"`{name}`" for name in types if tier_of(name) == tier and not types[name].get("family")]
        return [f"`{tier}`", f"{entry['zh']} ({entry['en']})", ", ".join(own) or "–", f"`{entry['supply']}`"]

    assert list(table_after("Tiers of the service network")) == [
        row(*one) for one in vocabulary("tiers").items()
    ]


def test_the_documented_numbers_are_the_ones_in_use():
    text = DOCS.read_text(encoding="utf-8")
    assert f"{points.FAR_M / 1000:.0f} km" in text
    assert f"{zone_names.BOUNDARY_SLACK_M:.0f} m" in text
    for part, whole in PARTS.items():
        assert f"`{part}` ≤ `{whole}`" in text
