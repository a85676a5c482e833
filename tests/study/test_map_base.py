"""The entry `map`: tiles of one server by an address with three places, and the approval number."""

import pytest
import yaml

from geoplan.study.study import Study, read_study
from geoplan.tables import Tiles
from geoplan.words.errors import StudyError

STUDY = {
    "name": "示例", "year": 2025, "zones": [{"level": "community", "file": "z.gpkg", "id": "id"}], "streets": {"file": "s.osm"},
    "population": {"residents": {"raster": "p.tif"}},
    "services": {"eldercare": {"facilities": ["elder_home"], "group": "residents", "walk_minutes": 15, "walk_kmh": 4.0}},
}  # fmt: skip
XYZ = "https://maps.example/{z}/{x}/{y}.png"
WMTS = "http://10.0.0.8:6080/vec_w/wmts?SERVICE=WMTS&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"


def read(tmp_path, entry):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(STUDY | {"map": entry}, allow_unicode=True), encoding="utf-8")
    return read_study(path)


def test_without_the_entry_there_are_no_tiles_and_no_number():
    study = Study.model_validate(STUDY, context={})
    assert (study.map.base_tiles(), study.map.review_no) == (None, None)


@pytest.mark.parametrize(
    ("address", "origin"), [(XYZ, "https://maps.example"), (WMTS, "http://10.0.0.8:6080")]
)
def test_an_address_with_its_three_places(tmp_path, address, origin):
    tiles = read(tmp_path, {"tiles": address, "max_zoom": 16}).map.base_tiles()
    assert tiles == Tiles(address, "", 16)
    assert tiles.origin == origin


def test_an_archive_lies_where_the_study_says(tmp_path):
    own = read(tmp_path, {"tiles": "maps/Base.PMTiles", "attribution": "甲", "max_zoom": 16}).map
    assert own.tiles == tmp_path / "maps" / "Base.PMTiles"
    assert own.base_tiles() is None  # its images are read with the other inputs


@pytest.mark.parametrize("address", [
    "ftp://maps.example/{z}/{x}/{y}.png", "tiles/{z}/{x}/{y}.png", "https://maps.example/{z}/{x}.png", "https://{s}.maps.example/{z}/{x}/{y}.png",
    "https://maps.example/{z}/{x}/{y}/{y}.png", "https://maps.example/base.pmtiles", "https://me:secret@maps.example/{z}/{x}/{y}.png",
    "https://maps.example;script-src *//{z}/{x}/{y}.png", "https://maps.example/{z}/{x}/{y}.png?a='b'", "https:///{z}/{x}/{y}.png", "https://[::1/{z}/{x}/{y}",
    "https://{z}/{x}/{y}.png",
])  # fmt: skip
def test_any_other_address_is_an_error_that_says_what_is_due(tmp_path, address):
    with pytest.raises(StudyError) as told:
        read(tmp_path, {"tiles": address})
    assert [note.code for note in told.value.notes] == ["study_tiles"]
    for lang, word in (("zh", "瓦片地址"), ("en", "an address")):
        assert word in told.value.text(lang)
        assert "{z}" in told.value.text(lang)


def test_what_is_of_tiles_stands_with_tiles(tmp_path):
    with pytest.raises(StudyError) as told:
        read(tmp_path, {"attribution": "甲"})
    assert [note.code for note in told.value.notes] == ["study_no_tiles"]
    assert read(tmp_path, {"review_no": "GS(2025)1号"}).map.review_no == "GS(2025)1号"


@pytest.mark.parametrize("zoom", [0, 23])
def test_a_zoom_beyond_its_range_is_an_error(tmp_path, zoom):
    with pytest.raises(StudyError):
        read(tmp_path, {"tiles": XYZ, "max_zoom": zoom})
