"""Every number that a planner writes has a unit and a range; what is no number, or beyond all meaning, is an error that names the entry."""

import math
from typing import get_args

import pytest
import yaml

import geoplan as gp
from geoplan.pipeline.provenance import read_packs
from geoplan.standards.kinds import kinds
from geoplan.standards.packs.read import Pack, read_pack
from geoplan.standards.totals import assess_totals_file
from geoplan.standards.totals.file import Totals, read_totals
from geoplan.study.scenario import Scenario, read_scenario
from geoplan.study.study import Study, read_study
from geoplan.words.errors import GeoplanError, InputError, PackError, StudyError
from geoplan.words.quantities import numbers

STUDY = {
    "name": "示例", "year": 2025, "zones": [{"level": "community", "file": "z.gpkg", "id": "id"}], "streets": {"file": "s.osm"},
    "population": {"residents": {"raster": "p.tif"}, "households": {"of": "residents", "people_per_household": 2.7}},
    "services": {"eldercare": {"facilities": ["elder_home"], "group": "residents", "walk_minutes": 15, "walk_kmh": 4.0}},
}  # fmt: skip


def models(entry, found=None):
    """Return every model that a file may hold, wherever it stands."""
    found = {} if found is None else found
    if isinstance(entry, type) and hasattr(entry, "model_fields") and entry not in found:
        found[entry] = None
        for field in entry.model_fields.values():
            models(field.annotation, found)
    for part in get_args(entry):
        models(part, found)
    return list(found)


WRITTEN = [Study, Scenario, Pack, Totals, *kinds().values()]
FIELDS = [
    (model, name) for root in WRITTEN for model in models(root) for name, field in model.model_fields.items()
    if any(numbers(field.annotation, tuple(field.metadata)))
]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "name"), dict.fromkeys(FIELDS), ids=lambda part: getattr(part, "__name__", part)
)
def test_a_number_has_a_unit_and_two_ends_and_is_finite(model, name):
    field = model.model_fields[name]
    assert model.model_config["allow_inf_nan"] is False
    for number in numbers(field.annotation, tuple(field.metadata)):
        assert number.unit
        assert number.low is not None
        assert number.high is not None
        assert -math.inf < number.low < number.high < math.inf


def test_the_walk_finds_the_numbers():
    names = {(model.__name__, name) for model, name in FIELDS}
    assert {("Service", "walk_minutes"), ("Study", "thresholds"), ("Group", "people_per_household"), ("ControlPoint", "lonlat"),
            ("NewFacility", "supplies"), ("Slope", "rule"), ("People", "value"), ("Circle", "metres")} <= names  # fmt: skip
    assert len(names) > 60


def written(folder, entries, name="study.yaml"):
    path = folder / name
    path.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
    return path


def changed(path, value):
    """Return the study with one entry set, ``services.eldercare.walk_kmh``."""
    entries = yaml.safe_load(yaml.safe_dump(STUDY))
    *above, last = path.split(".")
    at = entries
    for step in above:
        at = at.setdefault(step, {})
    at[last] = value
    return entries


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -5, 1e300])
@pytest.mark.parametrize(
    "entry",
    ["services.eldercare.walk_minutes", "services.eldercare.straight_m", "population.households.people_per_household", "frail_kmh",
     "streets.max_snap_m", "streets.delays.crossing_seconds", "services.eldercare.need.per_1000", "thresholds.a", "year"],
)  # fmt: skip
def test_no_number_beyond_all_meaning(tmp_path, entry, value):
    entries = changed(entry, value)
    if entry.endswith("per_1000"):
        entries["services"]["eldercare"]["need"]["supply"] = "beds"
    with pytest.raises(StudyError) as caught:
        read_study(written(tmp_path, entries))
    assert [note.values["entry"] for note in caught.value.notes] == [entry]
    assert caught.value.notes[0].row
    assert len(caught.value.text("zh")) < 400


@pytest.mark.parametrize("value", [1e-300, 0.0999, 51])
def test_a_household_of_almost_nobody_is_an_error(tmp_path, value):
    with pytest.raises(StudyError, match="people_per_household"):
        read_study(written(tmp_path, changed("population.households.people_per_household", value)))


@pytest.mark.parametrize("entry", ["thresholds", "reported"])
@pytest.mark.parametrize(("value", "fits"), [(80, False), (1.0001, False), (1, True), (0.8, True), (0, True)])
def test_a_share_is_written_as_0_to_1(tmp_path, entry, value, fits):
    given = (
        {"wuhan.circle_eldercare": value}
        if entry == "thresholds"
        else [{"rule": "wuhan.circle_eldercare", "value": value}]
    )
    study = read_study(written(tmp_path, STUDY | {"packs": ["wuhan"], entry: given}))
    if fits:
        read_packs(study)
        return
    with pytest.raises(StudyError) as caught:
        read_packs(study)
    (note,) = caught.value.notes
    assert (note.code, note.values["entry"], note.row) == ("rule_value_share", entry, study.line(entry))
    assert f"{value / 100:g}" in note.text("zh")
    assert f"{value / 100:g}" in note.text("en")


def test_beds_per_1000_are_no_share(tmp_path):
    study = read_study(
        written(tmp_path, STUDY | {"packs": ["wuhan"], "thresholds": {"wuhan.beds_per_1000_elders": 80}})
    )
    assert [pack.name for pack in read_packs(study)] == ["wuhan"]


RULE = {
    "id": "r", "indicator": "甲", "title_en": "A", "level": "district", "counts": "甲", "unit": "beds", "attribute": "未标注", "clause": "一",
    "quote": "甲",
}  # fmt: skip
PACK = {
    "title_zh": "甲", "title_en": "A", "document": "not found", "issuer_zh": "甲", "issuer_en": "A", "issued": "not found", "years": [2021, 2025],
    "area_zh": "甲", "area_en": "A", "level": "district", "source": "甲",
}  # fmt: skip
TOTAL = {"kind": "total", "of": {"facilities": ["elder_home"]}, "supply": "beds"}
SHARE = {"kind": "share", "of": {"facilities": ["elder_home"]}, "part": "nursing_beds", "whole": "beds"}


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (TOTAL | {"target": ">=80%@2025"}, "pack_target_amount"),
        (TOTAL | {"target": ">=9999999999@2025"}, "pack_target_amount"),
        (SHARE | {"target": ">=80@2025"}, "pack_target_share"),
        (SHARE | {"target": ">=8000%@2025"}, "pack_target_share"),
        (SHARE | {"target": ">=80%@3025"}, "entry_wrong"),
        (TOTAL | {"target": ">=8@2025", "base": "8@1025"}, "entry_wrong"),
    ],
)
def test_targets_of_a_pack_are_written_in_the_unit_of_their_rule(tmp_path, rule, code):
    path = written(tmp_path, PACK | {"rules": [RULE | rule]}, "local.yaml")
    with pytest.raises(PackError) as caught:
        read_pack(path)
    assert code in {note.code for note in caught.value.notes}


@pytest.mark.parametrize("name", ["total", "share"])
def test_targets_that_fit_are_read(tmp_path, name):
    rule = TOTAL | {"target": ">=1000@2025"} if name == "total" else SHARE | {"target": ">=100%@2025"}
    assert len(read_pack(written(tmp_path, PACK | {"rules": [RULE | rule]}, "local.yaml")).rules) == 1


TOTALS = {"title_zh": "甲", "title_en": "A", "area_zh": "甲", "area_en": "A", "pack": "huzhong"}


@pytest.mark.parametrize("value", [math.nan, -1, 1e11])
def test_totals_have_ranges_too(tmp_path, value):
    people = [{"group": "residents", "value": value, "basis": "常住", "year": 2022, "source": "甲"}]
    with pytest.raises(InputError, match=r"people\.0\.value"):
        read_totals(written(tmp_path, TOTALS | {"people": people}, "t.yaml"))


def test_a_stated_share_of_totals_is_0_to_1(tmp_path):
    stated = [{"rule": "nursing_bed_share", "value": 55, "year": 2022, "source": "甲"}]
    with pytest.raises(InputError, match="is a share") as caught:
        assess_totals_file(written(tmp_path, TOTALS | {"stated": stated}, "t.yaml"))
    assert caught.value.notes[0].file == "t.yaml"


def test_a_scenario_has_ranges_too(tmp_path):
    written(tmp_path, STUDY)
    scenario = {
        "base": "study.yaml",
        "name": "甲",
        "walk_kmh": {"eldercare": 40},
        "enlarge": [{"facility": "a", "add": {"beds": -3}}],
    }
    with pytest.raises(StudyError) as caught:
        read_scenario(written(tmp_path, {"scenario": scenario}, "s.yaml"))
    assert {note.values["entry"] for note in caught.value.notes} == {
        "scenario.walk_kmh.eldercare",
        "scenario.enlarge.0.add.beds",
    }


@pytest.mark.parametrize("rule", [{"steep": 0.5}, {"9": 0.5}, {"nan": 0.5}, {}])
def test_slopes_of_a_stated_table_are_numbers(tmp_path, rule):
    with pytest.raises(StudyError) as caught:
        read_study(written(tmp_path, changed("streets.slope", {"file": "dem.tif", "rule": rule})))
    assert {note.code for note in caught.value.notes} == {"study_slopes"}


@pytest.mark.parametrize("decay", [{"nan": 1.0}, {"1e300": 1.0}, {"-5": 1.0}, {"5": 0.2, "10": 0.9}])
def test_minutes_of_a_decay_are_numbers(tmp_path, decay):
    with pytest.raises(StudyError) as caught:
        read_study(written(tmp_path, changed("services.eldercare.decay", decay)))
    assert {note.code for note in caught.value.notes} == {"study_decay"}


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/p.tif",
        "https://example.org/p.tif",
        "/vsicurl/http://example.org/p.tif",
        "/vsizip//etc/p.zip/p.tif",
    ],
)
def test_an_address_is_no_file(tmp_path, address):
    with pytest.raises(StudyError) as caught:
        read_study(written(tmp_path, changed("population.residents.raster", address)))
    assert "study_address" in {note.code for note in caught.value.notes}


# --- files of any kind that are YAML ------------------------------------------------------------------------------------

HOSTILE = {
    "deep brackets": "a: " + "[" * 100_000, "deep and closed": "a: " + "[" * 3000 + "]" * 3000,
    "deep mappings": "\n".join(" " * k + f"a{k}:" for k in range(2000)), "itself": "a: &a [*a]",
    "bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(f"{chr(98 + k)}: &{chr(98 + k)} [{', '.join(['*' + chr(97 + k)] * 9)}]" for k in range(12)),
    "digits": "year: " + "9" * 5000, "hexadecimal": "year: 0x", "no date": "name: 2025-13-45", "a date as a name": "2025-01-01: x",
    "zone of time": "name: 2001-12-14t21:59:43.10-99:30", "tag int": "year: !!int abc", "tag bool": "year: !!bool abc", "tag time": "a: !!timestamp abc",
    "object": "a: !!python/object:os.system x", "set": "a: !!set {b, c}", "list as a name": "? [1, 2]\n: x", "control": "name: a\x07b",
    "two files": "a: 1\n---\nb: 2", "no anchor": "a: *b", "merge": "<<: [1]", "tab": "a:\n\tb: 1", "full width": "name：甲", "empty": "", "text": "甲",
}  # fmt: skip
READERS = {"study": read_study, "scenario": read_scenario, "pack": read_pack, "totals": read_totals}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_yaml_is_an_error_of_few_words(tmp_path, case, reader):
    path = tmp_path / "file.yaml"
    path.write_text(HOSTILE[case], encoding="utf-8")
    with pytest.raises(GeoplanError) as caught:
        READERS[reader](path)
    assert all(not isinstance(note, str) for note in caught.value.notes)
    assert max(len(note.text("zh")) for note in caught.value.notes) < 500


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = written(tmp_path, STUDY)

    def held(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "read_text", held)
    with pytest.raises(StudyError) as caught:
        gp.read_study(path)
    assert [note.code for note in caught.value.notes] == ["file_held"]
    assert "Excel" in caught.value.text("zh")
