"""Tiles of a PMTiles archive: those around the study, whole zooms within the limit, and clear errors."""

import base64
import json

import geopandas as gpd
import pytest
from pmtiles.tile import TileType
from shapely.geometry import box
from tile_archive import write_archive

from geoplan.inputs import tiles
from geoplan.inputs.tiles import _places, read_tiles
from geoplan.words.errors import InputError

#: A degree of ground: at zoom 9 (0.703 degrees a tile) its surroundings, 1.5 degrees wide, touch three columns.
ZONES = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(114.0, 30.0, 115.0, 31.0)], crs="EPSG:4326")
AROUND = (113.75, 29.75, 115.25, 31.25)


def image(zoom, x, y, size=40):
    return (f"{zoom}/{x}/{y} ".encode() * size)[:size]


def write(path, places, *, size=40, **options):
    """Write an archive that has an image at each place."""
    return write_archive(path, {place: image(*place, size) for place in places}, **options)


def around(*zooms):
    return [(zoom, x, y) for zoom in zooms for x, y in _places(AROUND, zoom)]


def test_places_by_hand():
    # 113.75 degrees east: (113.75 + 180) / 360 * 512 = 417.8; 115.25: 419.9
    # 31.25 degrees north: asinh(tan(31.25)) = 0.5748, (1 - 0.5748 / pi) / 2 * 512 = 209.2; 29.75: 211.6
    assert {x for x, _ in _places(AROUND, 9)} == {417, 418, 419}
    assert {y for _, y in _places(AROUND, 9)} == {209, 210, 211}
    assert list(_places((-180, -85.06, 180, 85.06), 0)) == [(0, 0)]


def test_the_images_around_the_study_and_no_others(tmp_path):
    path = write(tmp_path / "a.pmtiles", [*around(8, 9), (9, 300, 200), (2, 3, 1)])
    found, notes = read_tiles(path, ZONES)
    assert notes == []
    assert set(found.images) == {f"{zoom}/{x}/{y}" for zoom, x, y in around(8, 9)}
    zoom, x, y = around(9)[0]
    kind, _, text = found.images[f"{zoom}/{x}/{y}"].partition(";base64,")
    assert (kind, base64.b64decode(text)) == ("data:image/png", image(zoom, x, y))
    assert (found.min_zoom, found.max_zoom, found.origin, found.address) == (8, 9, "", "a.pmtiles")


@pytest.mark.parametrize(("kind", "name"), [(TileType.JPEG, "image/jpeg"), (TileType.WEBP, "image/webp")])
def test_other_images(tmp_path, kind, name):
    found, _ = read_tiles(write(tmp_path / "a.pmtiles", around(9), kind=kind), ZONES)
    assert all(text.startswith(f"data:{name};base64,") for text in found.images.values())


def test_no_finer_than_the_study_says(tmp_path):
    path = write(tmp_path / "a.pmtiles", around(8, 9, 10))
    assert read_tiles(path, ZONES, max_zoom=9)[0].max_zoom == 9


def test_whole_zooms_within_the_limit_and_a_note(tmp_path, monkeypatch):
    path = write(tmp_path / "a.pmtiles", around(8, 9, 10), size=40)
    both = 40 * len(around(8, 9))
    monkeypatch.setattr(tiles, "MOST_BYTES", both)
    found, notes = read_tiles(path, ZONES)
    assert (len(found.images), found.max_zoom) == (len(around(8, 9)), 9)
    assert [(note.code, note.values["zoom"], note.values["finest"]) for note in notes] == [
        ("tiles_cut", 9, 10)
    ]
    monkeypatch.setattr(tiles, "MOST_BYTES", both - 1)
    assert read_tiles(path, ZONES)[0].max_zoom == 8


def test_whose_they_are(tmp_path):
    path = write(tmp_path / "a.pmtiles", around(9), attribution='<a href="x">某测绘院</a> &amp; 乙')
    assert read_tiles(path, ZONES)[0].attribution == "某测绘院 & 乙"
    assert read_tiles(path, ZONES, attribution="甲")[0].attribution == "甲"


class TestErrors:
    def code(self, path):
        with pytest.raises(InputError) as told:
            read_tiles(path, ZONES)
        for lang in ("zh", "en"):
            assert path.name in told.value.text(lang)
        return told.value.notes[0]

    def test_no_file(self, tmp_path):
        assert self.code(tmp_path / "none.pmtiles").code == "file_missing"

    def test_no_archive(self, tmp_path):
        path = tmp_path / "a.pmtiles"
        path.write_bytes(b"PK\x03\x04" + bytes(200))
        assert self.code(path).code == "file_not_as_named"

    @pytest.mark.parametrize("keep", [7, 8, 60, 126, 127, 140])
    def test_cut_off(self, tmp_path, keep):
        whole = write(tmp_path / "whole.pmtiles", around(9)).read_bytes()
        path = tmp_path / "a.pmtiles"
        path.write_bytes(whole[:keep])
        assert self.code(path).code in ("tiles_damaged", "tiles_no_images")

    def test_an_older_version(self, tmp_path):
        path = tmp_path / "a.pmtiles"
        path.write_bytes(b"PMTiles\x02" + bytes(200))
        assert self.code(path).code == "tiles_damaged"

    def test_vector_tiles(self, tmp_path):
        note = self.code(write(tmp_path / "a.pmtiles", around(9), kind=TileType.MVT))
        assert (note.code, note.values["kind"]) == ("tiles_no_images", "MVT")

    def test_nothing_in_the_extent(self, tmp_path):
        note = self.code(write(tmp_path / "a.pmtiles", [(9, 300, 200)]))
        assert note.code == "tiles_elsewhere"
        assert note.values["study"] == "113.75, 29.75, 115.25, 31.25"


def test_tiles_are_plain_values(tmp_path):
    found, _ = read_tiles(write(tmp_path / "a.pmtiles", around(9)), ZONES)
    assert json.loads(json.dumps(dict(found.images))) == found.images
