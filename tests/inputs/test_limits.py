"""Which files are opened: those that can be read, are what their name says, lead nowhere else, and stay within stated sizes."""

import bz2
import gzip
import hashlib
import os
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
from shapely import Point, box
from small_town import CRS, SOUTH, WEST, write_raster

from geoplan.inputs import limits
from geoplan.inputs.elevation import sample
from geoplan.inputs.facilities import osm as facilities_osm
from geoplan.inputs.limits import RASTER_DRIVERS, check_file
from geoplan.inputs.population.rasters import raster_parts, read_raster
from geoplan.inputs.readers import read_layer, read_rows, source
from geoplan.inputs.streets import read_streets
from geoplan.study.formats import KINDS
from geoplan.words.errors import InputError

AROUND = (WEST, SOUTH, WEST + 1000, SOUTH + 1000)
VRT = '<VRTDataset rasterXSize="20" rasterYSize="10"><SRS>EPSG:4547</SRS><GeoTransform>540000,100,0,3391000,0,-100</GeoTransform><VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename relativeToVRT="{relative}">{to}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>'
OGR_VRT = '<OGRVRTDataSource><OGRVRTLayer name="z"><SrcDataSource>{to}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
COMMAND = '{{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read {to} ! write x"}}'


def refused(call, *given):
    """Return the codes of the errors with which a reader refuses a file."""
    with pytest.raises(InputError) as caught:
        call(*given)
    return {note.code for note in caught.value.notes}


def as_people(path):
    return read_raster(raster_parts(path), AROUND, pyproj.CRS(CRS))[0]


def as_heights(path):
    return sample(path, np.array([[WEST + 500, SOUTH + 500]]), crs=CRS)


@pytest.fixture
def asked():
    """Return the address of a server of this machine and what it was asked for."""
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("end", RASTER_DRIVERS)
@pytest.mark.parametrize("reader", [as_people, as_heights])
def test_a_virtual_raster_under_another_name_is_refused_and_nothing_is_fetched(tmp_path, asked, end, reader):
    address, paths = asked
    for name, to, relative in (("N30E114", f"/vsicurl/{address}/p.tif", 0), ("beside", "real.tif", 1)):
        write_raster(tmp_path / "real.tif", np.full((10, 20), 10.0))
        path = tmp_path / f"{name}{end}"
        path.write_text(VRT.format(to=to, relative=relative), encoding="utf-8")
        assert refused(reader, path) == {"file_unreadable"}
    assert paths == []


@pytest.mark.parametrize(
    "end", [".gpkg", ".shp", ".fgb", ".kml", ".json", ".geojson", ".parquet", ".gdb.zip"]
)
def test_a_virtual_layer_or_a_command_under_another_name_is_refused_and_nothing_is_fetched(
    tmp_path, asked, end
):
    address, paths = asked
    gpd.GeoDataFrame({"id": [1]}, geometry=[Point(0, 0)], crs=4326).to_file(tmp_path / "real.gpkg")
    for text in (OGR_VRT, COMMAND):
        for to in (f"/vsicurl/{address}/z.geojson", str(tmp_path / "real.gpkg")):
            path = tmp_path / f"z{end}"
            path.write_text(text.format(to=to), encoding="utf-8")
            assert refused(read_layer, path) == {"file_not_as_named"}
    assert paths == []


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_raster_whose_cells_stand_in_another_folder_is_refused(tmp_path):
    (tmp_path / "away").mkdir()
    path, name = tmp_path / "people.img", b"people.ige"
    profile = {"driver": "HFA", "width": 10, "height": 10, "count": 1, "dtype": "float32", "crs": CRS}
    transform = rasterio.transform.from_origin(WEST, SOUTH + 1000, 100, 100)
    with rasterio.open(path, "w", transform=transform, USE_SPILL="YES", **profile) as file:
        file.write(np.ones((1, 10, 10), "float32"))
    assert as_people(path).values.sum() > 0  # the cells stand in a file beside it
    data = path.read_bytes()
    assert data.count(name) == 1
    (tmp_path / "people.ige").rename(tmp_path / "away" / "p.ige")
    path.write_bytes(data.replace(name, b"away/p.ige"))
    assert refused(as_people, path) <= {"raster_files_elsewhere", "file_unreadable"}


def test_every_kind_of_raster_has_its_driver_and_every_layer_its_beginning():
    assert set(RASTER_DRIVERS) == set(KINDS["raster"])
    assert set(KINDS["layer"]) - set(limits.SIGNATURES) == {".geojson", ".json", ".gdb"}


@pytest.mark.parametrize(
    "name",
    ["people.csv", "people.xlsx", "zones.geojson", "zones.gpkg", "people.tif", "city.osm", "graph.graphml"],
)
def test_a_file_that_another_program_holds_says_so(tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_bytes(b"x")
    real = type(path).open

    def held(self, *given, **more):
        if self.name == name:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *given, **more)

    monkeypatch.setattr(type(path), "open", held)
    readers_of = {
        "csv": [read_rows], "xlsx": [read_rows], "geojson": [read_layer], "gpkg": [read_layer], "tif": [as_people, as_heights],
        "osm": [lambda p: read_streets(p, crs=CRS), facilities_osm.read_osm], "graphml": [lambda p: read_streets(p, crs=CRS)],
    }  # fmt: skip
    for reader in [*readers_of[name.split(".")[1]], lambda p: source(p, role="x")]:
        assert refused(reader, path) == {"file_held"}


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.gpkg", "a.tif", "a.osm"])
def test_a_folder_is_no_file(tmp_path, name):
    (tmp_path / name).mkdir()
    assert refused(check_file, tmp_path / name) == {"file_is_folder"}
    (tmp_path / "a.gdb").mkdir()
    assert refused(check_file, tmp_path / "a.gdb") == {"file_not_as_named"}


@pytest.mark.skipif(os.name == "nt", reason="no devices as files on Windows")
def test_a_device_is_no_file(tmp_path):
    (tmp_path / "a.csv").symlink_to("/dev/zero")
    assert refused(read_rows, tmp_path / "a.csv") == {"file_missing"}


def test_files_have_a_largest_size(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    read_rows(tmp_path / "a.csv")
    monkeypatch.setattr(limits, "MOST_BYTES", {"table": 7})
    assert refused(read_rows, tmp_path / "a.csv") == {"file_too_large"}


@pytest.mark.parametrize(("end", "pack"), [(".osm.gz", gzip.compress), (".osm.bz2", bz2.compress)])
def test_a_packed_extract_is_measured_before_it_is_read(tmp_path, monkeypatch, end, pack):
    monkeypatch.setattr(limits, "RATIO_FROM", 1 << 20)
    path = tmp_path / f"a{end}"
    path.write_bytes(pack(b'<osm version="0.6">' + b" " * (32 << 20) + b"</osm>"))
    assert path.stat().st_size < 64 << 10
    assert refused(lambda p: read_streets(p, crs=CRS), path) == {"file_unpacks_too_large"}
    path.write_bytes(pack(b'<osm version="0.6">' + os.urandom(2 << 20).hex().encode() + b"</osm>"))
    check_file(path)


@pytest.mark.parametrize(("end", "reader"), [(".zip", as_people), (".gdb.zip", read_layer)])
def test_an_archive_is_measured_before_it_is_read(tmp_path, monkeypatch, end, reader):
    monkeypatch.setattr(limits, "RATIO_FROM", 1 << 20)
    with zipfile.ZipFile(tmp_path / f"p{end}", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p.tif", b"\0" * (32 << 20))
    assert refused(reader, tmp_path / f"p{end}") == {"file_unpacks_too_large"}
    (tmp_path / f"p{end}").write_bytes(b"PK\x03\x04 cut off")
    assert refused(reader, tmp_path / f"p{end}") == {"file_unreadable"}


BOMB = '<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY a "xxxxxxxxxx">{more}]><{root}>&j;</{root}>'
ENTITIES = "".join(f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(9))


@pytest.mark.parametrize(
    ("name", "root", "reader"),
    [("a.kml", "kml", read_layer), ("a.graphml", "graphml", lambda path: read_streets(path, crs=CRS))],
)
def test_xml_has_limits(tmp_path, name, root, reader):
    path = tmp_path / name
    path.write_text(BOMB.format(root=root, more=ENTITIES), encoding="utf-8")
    assert refused(reader, path) == {"xml_entities"}
    path.write_text(f"<{root}>" + "<a>" * 100_000 + "</a>" * 100_000 + f"</{root}>", encoding="utf-8")
    assert refused(reader, path) == {"xml_too_deep"}
    path.write_text(f"<?xml version='1.0'?><html><{root}/></html>", encoding="utf-8")
    assert refused(reader, path) == {"file_not_as_named"}
    path.write_text(f"<{root}><a></{root}>", encoding="utf-8")
    assert refused(reader, path) & {"file_unreadable", "streets_unreadable"}


def test_coordinates_that_are_no_numbers_are_no_shape(tmp_path):
    layer = gpd.GeoDataFrame(
        {"id": ["a", "b"]}, geometry=[box(0, 0, 1, 1), box(1, 0, float("inf"), 1)], crs=4326
    )
    layer.to_parquet(tmp_path / "z.parquet")
    assert read_layer(tmp_path / "z.parquet").geometry.isna().tolist() == [False, True]


@pytest.mark.parametrize("cell", ["0", "nan", "1e400"])
def test_a_raster_without_a_place_is_refused(tmp_path, cell):
    path = tmp_path / "p.asc"
    path.write_text(
        f"ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize {cell}\n1 1\n1 1\n", encoding="utf-8"
    )
    path.with_suffix(".prj").write_text(pyproj.CRS(CRS).to_wkt("WKT1_ESRI"), encoding="utf-8")
    for reader in (as_people, as_heights):
        assert refused(reader, path) <= {"raster_no_place", "file_unreadable"}


#: Coordinates and ids that end osmium's own reader, one of which ended the process.
WRONG_OSM = [
    ('lon="117.001"', 'lon="181"'),
    ('lon="117.001"', 'lon="nan"'),
    ('id="1"', 'id="99999999999999999999999"'),
    ('lat="0.001"', 'lat="-999"'),
]


@pytest.mark.parametrize(("old", "new"), WRONG_OSM)
def test_an_extract_with_impossible_coordinates_is_refused(tmp_path, old, new):
    text = '<osm version="0.6"><node id="1" lat="0.001" lon="117.001"/><node id="2" lat="0.001" lon="117.002"/><way id="5"><nd ref="1"/><nd ref="2"/><tag k="highway" v="footway"/></way></osm>'
    (tmp_path / "a.osm").write_text(text.replace(old, new, 1), encoding="utf-8")
    assert refused(lambda path: read_streets(path, crs=CRS), tmp_path / "a.osm") == {"streets_unreadable"}


def test_the_checksum_of_a_raster_covers_what_lies_beside_it(tmp_path):
    write_raster(tmp_path / "p.tif", np.full((10, 20), 10.0))
    before = source(tmp_path / "p.tif", role="population").sha256
    (tmp_path / "p.tif.aux.xml").write_text("<PAMDataset/>", encoding="utf-8")
    assert source(tmp_path / "p.tif", role="population").sha256 != before


def test_the_checksum_of_a_single_file_is_that_of_its_bytes(tmp_path):
    write_raster(tmp_path / "p.tif", np.full((10, 20), 10.0))
    assert (
        source(tmp_path / "p.tif", role="x").sha256
        == hashlib.sha256((tmp_path / "p.tif").read_bytes()).hexdigest()
    )
