"""Every reader takes or refuses every ending of a file's name alike, in upper and lower case."""

import bz2
import gzip
import zipfile
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from rasters import write_raster
from shapely.geometry import LineString, Point, box

from geoplan.inputs.boundaries import read_zone_layer
from geoplan.inputs.candidates import read_candidates
from geoplan.inputs.elevation import sample
from geoplan.inputs.facilities import read_register
from geoplan.inputs.population.rasters import raster_parts, read_raster
from geoplan.inputs.projects import read_projects
from geoplan.inputs.readers import read_layer, read_rows
from geoplan.inputs.streets import read_streets
from geoplan.study.formats import KINDS, ending, kind_of
from geoplan.words.errors import InputError

CRS = "EPSG:32650"
OSM = """<osm version="0.6"><node id="1" lat="0.001" lon="117.001"/><node id="2" lat="0.001" lon="117.002"/>
<node id="3" lat="0.001" lon="117.003"><tag k="amenity" v="kindergarten"/><tag k="name" v="A"/></node>
<way id="5"><nd ref="1"/><nd ref="2"/><tag k="highway" v="footway"/></way></osm>"""
ENDINGS = sorted({end for ends in KINDS.values() for end in ends} | {".docx", ".osm.zip", ""})
LISTS = {"table", "layer"}
READERS = {
    "register": {*LISTS, "osm"}, "lookup": LISTS, "projects": LISTS, "candidates": LISTS, "zones": LISTS,
    "streets": {"osm", "graph", "layer"}, "table": {"table"}, "layer": {"layer"},
}  # fmt: skip


def write(path, kind, zones):
    """Write a small file of a kind under any name."""
    end = ending(path)
    table = pd.DataFrame(
        {"name": ["A"], "code": ["A"], "lon": [117.001], "lat": [0.001], "highway": ["footway"]}
    )
    if end in (".csv", ".txt"):
        path.write_text(table.to_csv(index=False), encoding="utf-8")
    elif end == ".tsv":
        path.write_text(table.to_csv(index=False, sep="\t"), encoding="utf-8")
    elif kind == "table":
        with path.open("wb") as file:
            table.to_excel(file, index=False, engine="openpyxl")
    elif end == ".osm":
        path.write_text(OSM, encoding="utf-8")
    elif end in (".osm.gz", ".osm.bz2"):
        path.write_bytes({".osm.gz": gzip, ".osm.bz2": bz2}[end].compress(OSM.encode()))
    elif kind == "layer" and end in (".geojson", ".json", ".gpkg", ".fgb", ".kml"):
        shapes = zones.to_crs(4326).geometry.to_list()[:1]
        driver = {".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".kml": "KML"}.get(end, "GeoJSON")
        lower = path.with_name("layer" + end)
        gpd.GeoDataFrame(table, geometry=shapes, crs=4326).to_file(lower, driver=driver)
        lower.replace(path)
    else:
        path.write_bytes(b"nothing")


@pytest.fixture(scope="module")
def zones():
    shape = gpd.GeoSeries([box(117, 0, 117.01, 0.01)], crs=4326).to_crs(CRS).iloc[0]
    columns = {"level": "area", "name": "A", "code": "A", "parent_id": None}
    return gpd.GeoDataFrame(
        [columns], geometry=[shape], index=pd.Index(["area/area"], name="zone_id"), crs=CRS
    )


def reader(name, zones, folder):
    """Return the call by which a reader opens a path."""
    if name == "lookup":
        register = folder / "register.csv"
        register.write_text("name\nA\n", encoding="utf-8")
        return lambda path: read_register(register, zones=zones, crs=CRS, type="childcare", lookup=path)
    return {
        "register": partial(read_register, zones=zones, crs=CRS, type="childcare"),
        "projects": partial(read_projects, zones=zones, crs=CRS),
        "candidates": partial(read_candidates, zones=zones, crs=CRS),
        "zones": partial(read_zone_layer, level="estate", id="code", crs=CRS),
        "streets": partial(read_streets, crs=CRS), "table": read_rows, "layer": read_layer,
    }[name]  # fmt: skip


def codes(call, path):
    """Return the codes of the errors with which a reader refuses a file."""
    try:
        call(path)
    except InputError as error:
        return {note.code for note in error.notes}
    return set()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
def test_every_reader_takes_its_kinds_in_any_case(name, tmp_path, zones):
    call = reader(name, zones, tmp_path)
    for end in ENDINGS:
        kind = kind_of("x" + end)
        for spelt in (end, end.upper(), end.title()):
            path = tmp_path / f"x{spelt}"
            write(path, kind, zones)
            refused = "file_kind_unknown" in codes(call, path)
            assert refused == (kind not in READERS[name]), (name, spelt)


@pytest.mark.parametrize("end", [".osm", ".OSM", ".osm.gz", ".OSM.GZ", ".Osm.Bz2"])
def test_extracts_are_read_whatever_the_case(end, tmp_path, zones):
    path = tmp_path / f"city{end}"
    write(path, "osm", zones)
    assert len(read_streets(path, crs=CRS).edges) == 1
    assert list(read_register(path, zones=zones, crs=CRS).facilities["name"]) == ["A"]


@pytest.mark.parametrize("end", [".GEOJSON", ".GPKG", ".FGB", ".KML", ".XLSX", ".CSV"])
def test_lists_are_read_whatever_the_case(end, tmp_path, zones):
    path = tmp_path / f"list{end}"
    write(path, kind_of(path), zones)
    assert list(read_candidates(path, zones=zones, crs=CRS).candidates["name"]) == ["A"]


def test_upper_case_shapefiles_and_graphs(tmp_path, zones):
    line = gpd.GeoDataFrame(
        {"highway": ["footway"]}, geometry=[LineString([(117, 0), (117.01, 0)])], crs=4326
    )
    line.to_file(tmp_path / "x.shp")
    for part in list(tmp_path.iterdir()):
        part.rename(tmp_path / part.name.upper())
    assert len(read_streets(tmp_path / "X.SHP", crs=CRS).edges) == 1


@pytest.mark.filterwarnings("ignore")
def test_a_zipped_raster_is_read_alike_for_people_and_heights(tmp_path):
    path = write_raster(
        tmp_path / "x.tif", np.ones((10, 10)), corner=(117, 0), size=0.001, crs="EPSG:4326", nodata=None
    )
    zipped = tmp_path / "x.ZIP"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(path, "X.TIF")
    around = gpd.GeoSeries([Point(117.005, 0.005)], crs=4326).to_crs(CRS).buffer(100)
    bounds = tuple(around.total_bounds)
    people = [read_raster(raster_parts(p), bounds, around.crs)[0] for p in (path, zipped)]
    assert (people[0].values == people[1].values).all()
    xy = around.centroid.get_coordinates().to_numpy()
    assert sample(path, xy, crs=CRS) == sample(zipped, xy, crs=CRS) == pytest.approx([1.0])
