"""People of the small cases made from reports of other tools' users: each ends in the right number, a note or a clear error."""

import pytest
from towns import DATA

from geoplan.pipeline.evaluate import compute, outcome_of
from geoplan.pipeline.gather import gather
from geoplan.study.study import read_study
from geoplan.words.errors import InputError

CASES = DATA.parent / "cases"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"the given cases are not at {CASES}")


def study(case):
    return read_study(CASES / case / "study.yaml")


def with_raster(case, group="residents", **entry):
    """Return the study of a case with more said of a group's raster."""
    base = study(case)
    old = base.population[group]
    told = old.changed(raster={"file": old.raster, **entry})
    return base.changed(population={**base.population, group: told})


def people(case, group="residents"):
    """Return a group's people by zone, and the notes."""
    return counted(case if not isinstance(case, str) else study(case), group)


def counted(read, group):
    inputs = gather(read)
    return inputs.people.demand.groupby("zone_id")[group].sum().to_dict(), inputs


def refused(case):
    with pytest.raises(InputError) as error:
        gather(study(case))
    return error.value


def noted(inputs, code):
    return [note.text("en") for note in inputs.notes if note.code == code]


def test_a_group_without_year_is_judged_like_any_other():
    found = compute(gather(study("01b-one-group-no-year")))
    area = outcome_of(found).circle.set_index(["measure", "zone_id"]).loc[("network", "area/area")]
    assert (area["covered"], area["people"]) == pytest.approx((246, 400), abs=0.5)
    assert found.evaluation.assessment.flags["basis"].unique().tolist() == [""]


def test_bands_are_named_else_refused():
    assert "3 bands: 1 f_60, 2 f_65, 3 f_70" in refused("05b-multiband-age").text("en")
    stated = with_raster("05b-multiband-age", "elders_60", bands=["f_60", "f_65", "f_70"])
    assert people(stated, "elders_60")[0] == pytest.approx({"community/W": 600, "community/E": 600})


def test_a_scale_is_applied():
    assert people("06-scale-factor")[0] == pytest.approx({"community/W": 1000, "community/E": 1000})


def test_no_data_without_a_tag_is_refused_and_can_be_stated():
    assert "the largest cell is 65535" in refused("07-undeclared-65535").text("en")
    sea = people(with_raster("07-undeclared-65535", nodata=65535))[0]
    assert sea == pytest.approx({"community/W": 1000, "community/E": 0}, abs=1e-6)
    assert "the least -99999" in refused("38d-minus-99999").text("en")
    stated = people(with_raster("38d-minus-99999", nodata=-99999))[0]
    assert sum(stated.values()) == pytest.approx(1900)


def test_a_raster_in_another_projection_keeps_its_people():
    got = people("20-mollweide")[0]
    assert got == pytest.approx({"community/W": 1000, "community/E": 1000}, rel=0.01)


def test_a_raster_that_ends_in_a_zone_is_said_and_the_zone_marked():
    found = compute(gather(study("21-raster-ends")))
    inputs = found.inputs
    (text,) = noted(inputs, "raster_ends")
    assert "1 zones (share without raster): E 50.0%" in text
    assert inputs.zones.loc[["community/W", "community/E", "area/area"], "without_raster"].tolist() == (
        pytest.approx([0, 0.5, 0.25], abs=1e-6)
    )
    caveats = outcome_of(found).flags.set_index("zone_id")["caveats"]
    assert "caveat_raster_ends" in caveats["community/E"]
    assert "caveat_raster_ends" not in caveats["community/W"]


def test_totals_as_text_are_numbers():
    assert people("25-zone-totals-text")[0] == pytest.approx({"community/W": 1000, "community/E": 1000})


def test_a_list_of_files_is_added_up():
    got = people("37-raster-list", "elders_60")[0]
    assert got == pytest.approx({"community/W": 200, "community/E": 200})


def test_noise_and_cells_without_data_are_nobody():
    got, inputs = people("38-float-noise")
    assert sum(got.values()) == pytest.approx(1990)
    assert len(noted(inputs, "raster_noise")) == 1
    assert people("38c-nodata-nan-string")[0] == pytest.approx({"community/W": 1000, "community/E": 900})


def test_parents_as_objects_give_way_to_the_overlay():
    got, inputs = people("39-parent-json")
    assert got == pytest.approx({"community/W": 1000, "community/E": 1000})
    assert (
        inputs.zones.loc["community/W", "parent_id"] == inputs.zones.index[inputs.zones["level"] == "town"][0]
    )
    assert [note for note in inputs.notes if note.severity == "warning" and "parent" in note.code]


def test_a_raster_in_a_zip_is_read():
    assert people("40-raster-zip")[0] == pytest.approx({"community/W": 1000, "community/E": 1000})


def test_births_as_text_are_numbers_and_their_total_is_no_zone():
    got, inputs = people("49-births-text", "under_3")
    assert got == pytest.approx({"community/W": 3600, "community/E": 30})
    assert len(noted(inputs, "list_total_row")) == 1


def test_a_cut_file_is_an_error_that_says_why():
    text = refused("54-truncated-tif").text("en")
    assert "pop.tif: cannot be read: pop.tif, band 1" in text


def test_the_base_town_is_as_it_was():
    got, inputs = people("00-base")
    assert got == pytest.approx({"community/W": 1000, "community/E": 1000})
    assert not [note for note in inputs.notes if note.code.startswith(("raster_", "group_old"))]
