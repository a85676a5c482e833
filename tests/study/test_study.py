"""The study file: strict, and every wrong entry in one error."""

import pytest
import yaml

from geoplan.study.study import read_study
from geoplan.words.errors import StudyError

GOOD = """\
name: 示例
year: 2025
zones:
  - {level: community, file: communities.gpkg, id: id, totals: {residents: people}}
streets: {file: streets.osm}
population:
  residents: {raster: people.tif, rake_to: community, basis: 常住, year: 2020}
  elders_60: {of: residents, rate: 0.26}
services:
  eldercare: {facilities: [elder_home], group: elders_60, walk_minutes: 15, walk_kmh: 4.0}
"""


def write(tmp_path, text):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path, text):
    with pytest.raises(StudyError) as caught:
        read_study(write(tmp_path, text))
    return [(note.row, note.code, note.values.get("entry")) for note in caught.value.notes], caught.value


def test_a_good_study_is_read_frozen_with_its_folder(tmp_path):
    study = read_study(write(tmp_path, GOOD))
    assert study.services["eldercare"].walk_minutes == 15
    assert study.resolve("people.tif") == tmp_path.resolve() / "people.tif"
    with pytest.raises(ValueError, match="frozen"):
        study.year = 2030


def test_every_wrong_entry_is_named_at_once_with_its_line(tmp_path):
    text = GOOD.replace("walk_minutes: 15", "walk_minute: 15").replace("walk_kmh: 4.0", "walk_kmh: 40")
    text = (
        text.replace("level: community", "level: comunity").replace("rate: 0.26", "rate: 26")
        + "walk_kph: 4\n"
    )
    found, error = problems(tmp_path, text)
    assert sorted(found) == [
        (4, "study_choice", "zones.0.level"),
        (8, "study_bound", "population.elders_60.rate"),
        (10, "study_bound", "services.eldercare.walk_kmh"),
        (10, "study_missing", "services.eldercare.walk_minutes"),
        (10, "study_unknown_meant", "services.eldercare.walk_minute"),
        (11, "study_unknown_meant", "walk_kph"),
    ]
    assert "did you mean `walk_minutes`?" in error.text("en")
    assert "是否应为 `walk_minutes`" in error.text("zh")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("walk_minutes: 15", "walk_minutes: true", "study_type"),
        ("walk_minutes: 15", "walk_minutes: '15'", "study_type"),
        ("year: 2025", "year: 2025.5", "study_type"),
        ("name: 示例", "name: 2025", "study_type"),
        ("name: 示例", "name: ''", "study_type"),
        ("group: elders_60", "group: elder_60", "study_names"),
        ("{of: residents, rate: 0.26}", "{of: resident, rate: 0.26}", "study_names"),
        ("{of: residents, rate: 0.26}", "{of: residents}", "study_one_of"),
        ("{file: streets.osm}", "{file: streets.osm, place: 武汉}", "study_one_of"),
        ("facilities: [elder_home]", "facilities: []", "study_type"),
        ("year: 2025", "year: 2025\nyear: 2026", "study_twice"),
    ],
)
def test_one_wrong_entry_is_one_problem(tmp_path, old, new, code):
    found, _ = problems(tmp_path, GOOD.replace(old, new))
    assert [code_ for _, code_, _ in found] == [code]


@pytest.mark.parametrize("minutes", [0.5, 15, 120])
def test_bounds_are_inclusive(tmp_path, minutes):
    study = read_study(write(tmp_path, GOOD.replace("walk_minutes: 15", f"walk_minutes: {minutes}")))
    assert study.services["eldercare"].walk_minutes == minutes


def test_control_points_and_tables_of_kinds_are_read(tmp_path):
    points = "datum: [{local: [1, 2], lonlat: [114.0, 30.5]}, {local: [3, 4], lonlat: [114.1, 30.6]}]"
    text = GOOD.replace(
        "id: id,", f"id: id, {points}, kind: {{column: 类型, 城镇: urban, 农村: [rural, new]}},"
    )
    layer = read_study(write(tmp_path, text)).zones[0]
    assert layer.datum[1].lonlat == (114.1, 30.6)
    assert layer.kind == {"column": "类型", "城镇": "urban", "农村": ["rural", "new"]}


def test_a_file_that_is_no_yaml_says_so(tmp_path):
    found, _ = problems(tmp_path, "name: [")
    assert found[0][1] == "study_not_yaml"
    found, _ = problems(tmp_path, "")
    assert found[0][1] == "study_empty"
    with pytest.raises(StudyError, match="no such file"):
        read_study(tmp_path / "none.yaml")


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert read_study(path).name == yaml.safe_load(GOOD)["name"]
