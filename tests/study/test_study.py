"""The study file: strict, and every wrong entry in one error."""

from itertools import pairwise

import pytest
import yaml

from geoplan.study.study import read_study
from geoplan.words.errors import StudyError
from geoplan.words.strict_yaml import Format

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
    assert study.population["residents"].raster == tmp_path.resolve() / "people.tif"
    assert study.stated(study.population["residents"].raster) == "people.tif"
    assert study.out_folder == tmp_path.resolve() / "out"
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
        (4, "entry_choice", "zones.0.level"), (8, "entry_bound", "population.elders_60.rate"),
        (10, "entry_bound", "services.eldercare.walk_kmh"), (10, "entry_missing", "services.eldercare.walk_minutes"),
        (10, "entry_unknown_meant", "services.eldercare.walk_minute"), (11, "entry_unknown_meant", "walk_kph"),
    ]  # fmt: skip
    assert "did you mean `walk_minutes`?" in error.text("en")
    assert "是否应为 `walk_minutes`" in error.text("zh")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("walk_minutes: 15", "walk_minutes: true", "entry_type"), ("walk_minutes: 15", "walk_minutes: '15'", "entry_type"),
        ("year: 2025", "year: 2025.5", "entry_type"), ("name: 示例", "name: 2025", "entry_type"), ("name: 示例", "name: ''", "entry_type"),
        ("group: elders_60", "group: elder_60", "entry_name_unknown_meant"),
        ("{of: residents, rate: 0.26}", "{of: resident, rate: 0.26}", "entry_name_unknown_meant"),
        ("{of: residents, rate: 0.26}", "{of: residents}", "entry_one_of"),
        ("{file: streets.osm}", "{file: streets.osm, place: 武汉}", "entry_one_of"),
        ("facilities: [elder_home]", "facilities: []", "entry_type"), ("year: 2025", "year: 2025\nyear: 2026", "yaml_twice"),
    ],
)  # fmt: skip
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
    assert found[0][1] == "yaml_wrong"
    found, _ = problems(tmp_path, "")
    assert found[0][1] == "study_empty"
    (tmp_path / "gbk.yaml").write_bytes("name: 示例".encode("gbk"))
    with pytest.raises(StudyError, match="not UTF-8"):
        read_study(tmp_path / "gbk.yaml")
    with pytest.raises(StudyError, match="no such file"):
        read_study(tmp_path / "none.yaml")


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert read_study(path).name == yaml.safe_load(GOOD)["name"]


class TestACopyIsCheckedAgain:
    @pytest.fixture
    def study(self, tmp_path):
        return read_study(write(tmp_path, GOOD))

    def test_a_good_one_is_the_same_but_for_the_change(self, study):
        english = study.in_language("en").in_year(2030)
        assert (english.lang, english.year, study.lang, study.year) == ("en", 2030, "zh", 2025)
        assert (english.path, english.folder, english.zones) == (study.path, study.folder, study.zones)
        assert english.line("services.eldercare") == study.line("services.eldercare") == 10

    @pytest.mark.parametrize(
        ("change", "code", "says"),
        [
            (lambda study: study.in_language("fr"), "entry_choice", "lang: must be one of 'zh', 'en'; got 'fr'"),
            (lambda study: study.in_year(1989), "entry_bound", "year: must be ≥ 1990; got 1989"),
            (lambda study: study.in_year(2025.5), "entry_type", "year: must be a whole number; got 2025.5"),
            (lambda study: study.with_packs([""]), "entry_type", "text that is not empty"),
            (lambda study: study.changed(services={}), "entry_type", "services: must be more entries"),
            (lambda study: study.changed(population={}), "entry_type", "population"),
            (lambda study: study.services["eldercare"].changed(walk_kmh=40.0), "entry_bound", "walk_kmh: must be ≤ 10; got 40.0"),
        ],
    )  # fmt: skip
    def test_a_wrong_one_is_a_study_error(self, study, change, code, says):
        with pytest.raises(StudyError) as caught:
            change(study)
        assert (caught.value.notes[0].code, says in caught.value.text("en")) == (code, True)

    def test_names_are_checked_against_each_other(self, study):
        service = study.services["eldercare"].changed(group="under_3")
        with pytest.raises(StudyError, match=r"services\.eldercare\.group: there is no `under_3`"):
            study.changed(services={"eldercare": service})

    def test_packs_of_the_planner_are_found_beside_the_study(self, study, tmp_path):
        packs = study.with_packs(["wuhan", "own.yaml", tmp_path / "other.yml"]).packs
        assert packs == ["wuhan", tmp_path.resolve() / "own.yaml", tmp_path / "other.yml"]


class TestTheFormOfTheFile:
    def test_without_a_number_it_is_the_first(self, tmp_path):
        first = read_study(write(tmp_path, GOOD)).model_dump()
        assert first == read_study(write(tmp_path, "format: 1\n" + GOOD)).model_dump()

    @pytest.mark.parametrize("number", ["0", "true", "one"])
    def test_a_number_that_is_none_is_wrong(self, tmp_path, number):
        found, _ = problems(tmp_path, f"format: {number}\n" + GOOD)
        assert [(row, entry) for row, _, entry in found] == [(1, "format")]

    def test_a_newer_one_is_told_from_a_wrong_one(self, tmp_path):
        _, error = problems(tmp_path, "format: 2\nnew_entry: 3\n" + GOOD)
        assert [note.code for note in error.notes] == ["yaml_newer"]
        assert "of format 2; this program reads formats up to 1" in error.text("en")

    def test_an_older_one_is_migrated_step_by_step(self, tmp_path, monkeypatch):
        def second(entries):
            return {key.replace("streets_old", "streets"): value for key, value in entries.items()}

        def third(entries):
            return {**entries, "name": entries["name"] + "（三）"}

        monkeypatch.setattr(
            "geoplan.study.study.STUDY_FORMAT", Format(newest=3, migrations={1: second, 2: third})
        )
        old = write(tmp_path, GOOD.replace("streets:", "streets_old:"))
        assert (read_study(old).name, read_study(old).format) == ("示例（三）", 3)
        assert read_study(write(tmp_path, "format: 2\n" + GOOD)).name == "示例（三）"
        assert read_study(write(tmp_path, "format: 3\n" + GOOD)).name == "示例"


SITING = """
siting:
  candidates: [{generate: streets, works: new}]
  questions:
    few: {ask: share, share: 0.8, each: 0.5, least: cost, to: required, theta: 0.5, keep: 0.9, part: 0.1}
"""


def test_entries_that_were_renamed_are_refused_with_the_new_name(tmp_path):
    _, error = problems(tmp_path, GOOD + SITING + "frail_ms: 0.76\n")
    renamed = {note.values["entry"].rpartition(".")[2]: note.values["guess"] for note in error.notes}
    assert {note.code for note in error.notes} == {"entry_renamed"}
    assert renamed == {
        "frail_ms": "frail_kmh", "works": "construction_type", "each": "min_share_per_community", "least": "minimise",
        "to": "size_target", "theta": "min_reach_share", "keep": "min_total_share", "part": "worst_share",
    }  # fmt: skip


def test_a_file_of_endless_size_is_refused(tmp_path, monkeypatch):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join(9 * [f'*{a}'])}]\n" for a, b in pairwise("abcdefghij")
    )
    found, _ = problems(tmp_path, bomb)
    assert found[0][1] == "yaml_too_many"
    found, _ = problems(tmp_path, "a: &a [*a]\n")
    assert found[0][1] == "yaml_too_many"
    monkeypatch.setattr("geoplan.words.strict_yaml.MOST_BYTES", len(GOOD.encode()) - 1)
    assert problems(tmp_path, GOOD)[0][0][1] == "yaml_too_large"


def registers(lists, more=""):
    return f"{GOOD}facilities:\n" + "".join(f"  - {entry}\n" for entry in lists) + more


@pytest.mark.parametrize(
    ("lists", "more", "entry", "guess"),
    [
        (["{file: r.xlsx, type: elder_homes}"], "", "facilities.0.type", "elder_home"),
        (["{file: r.xlsx, types: {养老院: [elder_home, daycare_elders]}}"], "", "facilities.0.types", ""),
        (["{file: r.xlsx, type: elder_home, lacks: [bed]}"], "", "facilities.0.lacks", "beds"),
        (["{file: r.xlsx, type: elder_home}"], "projects: [{file: p.xlsx, types: {养老: elder_hom}}]\n", "projects.0.types", "elder_home"),
        (["{file: r.xlsx, type: elder_home}", "{file: s.xlsx, type: clinics}"], "own_types: [clinic]\n", "facilities.1.type", "clinic"),
    ],
)  # fmt: skip
def test_a_type_that_nobody_knows_is_refused_with_a_guess(tmp_path, lists, more, entry, guess):
    _, error = problems(tmp_path, registers(lists, more))
    (note,) = [note for note in error.notes if note.values["entry"] == entry]
    assert note.code == ("entry_name_unknown_meant" if guess else "entry_name_unknown")
    assert note.values["guess"] == guess


def test_a_service_of_a_type_that_nobody_knows_is_refused_without_any_register(tmp_path):
    found, error = problems(tmp_path, GOOD.replace("[elder_home]", "[elder_homes]"))
    assert [entry for _, _, entry in found] == ["services.eldercare.facilities"]
    assert "did you mean `elder_home`?" in error.text("en")


def test_types_of_the_studys_own_and_what_is_said_not_to_be_there(tmp_path):
    lists = [
        "{file: r.xlsx, type: elder_home, lacks: [beds]}",
        "{file: s.xlsx, type: clinic}",
        "{type: childcare, none: true}",
    ]
    study = read_study(write(tmp_path, registers(lists, "own_types: [clinic]\n")))
    assert study.register_types() == ("childcare", "clinic", "elder_home")
    assert [register.file.name for register in study.registers()] == ["r.xlsx", "s.xlsx"]


@pytest.mark.parametrize(
    "entry", ["{type: elder_home}", "{file: r.xlsx, type: elder_home, none: true}", "{none: true}"]
)
def test_a_register_has_a_file_or_says_that_there_is_none(tmp_path, entry):
    found, _ = problems(tmp_path, registers([entry]))
    assert "entry_one_of" in {code for _, code, _ in found}
