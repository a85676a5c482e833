"""Hostile files: cut off, overwritten, empty, under a wrong name, leading elsewhere, unfolding without end."""

import gzip
import random
import zipfile

import numpy as np
import osmium
import pandas as pd
import pyproj
import pytest
import yaml
from shapely import LineString
from small_town import CRS, STUDY, SmallTown, lonlat, seen, street_layer, write_raster, zone_layer
from variants import AS_BEFORE

from geoplan.study.formats import ending

VRT = b'<VRTDataset rasterXSize="20" rasterYSize="10"><VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename>/vsicurl/http://127.0.0.1:9/p.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>'
OGR_VRT = b'<OGRVRTDataSource><OGRVRTLayer name="z"><SrcDataSource>/vsicurl/http://127.0.0.1:9/z.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
COMMAND = b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read http://127.0.0.1:9/z.geojson ! write x"}'
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'


def pbf(town):
    with osmium.SimpleWriter(str(town.path("s.pbf"))) as out:
        for thing in osmium.FileProcessor(str(town.path("s.osm"))):
            out.add(thing)


def osm_text(town):
    ids, nodes, ways = {}, [], []
    for number, line in enumerate(street_layer().geometry, 1):
        refs = []
        for x, y in LineString(line).coords:
            if (x, y) not in ids:
                ids[x, y] = len(ids) + 1
                lon, lat = lonlat(x - 540_000, y - 3_390_000)
                nodes.append(f'<node id="{ids[x, y]}" lat="{lat}" lon="{lon}"/>')
            refs.append(f'<nd ref="{ids[x, y]}"/>')
        ways.append(f'<way id="{number}">{"".join(refs)}<tag k="highway" v="residential"/></way>')
    town.path("s.osm").write_text(f'<osm version="0.6">{"".join(nodes + ways)}</osm>', encoding="utf-8")


#: Entry of the study -> the files that it may name.
FILES = {
    "zones": ["z.geojson", "z.gpkg", "z.shp", "z.kml", "z.parquet"],
    "streets": ["s.osm", "s.osm.gz", "s.pbf", "s.gpkg"],
    "raster": ["p.tif", "p.asc", "p.zip"],
    "facilities": ["h.csv", "h.xlsx"],
}  # fmt: skip
DRIVERS = {
    ".gpkg": "GPKG",
    ".kml": "KML",
    ".geojson": "GeoJSON",
    ".shp": "ESRI Shapefile",
}


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    """Return a folder with every file whole, and the study of the small town."""
    town = SmallTown(tmp_path_factory.mktemp("intact"))
    for name in FILES["zones"]:
        layer = zone_layer()
        if name.endswith("parquet"):
            layer.to_parquet(town.path(name))
        else:
            layer.to_file(town.path(name), driver=DRIVERS[ending(name)])
    osm_text(town)
    text = town.path("s.osm").read_bytes()
    town.path("s.osm.gz").write_bytes(gzip.compress(text))
    pbf(town)
    street_layer().to_file(town.path("s.gpkg"), driver="GPKG")
    write_raster(town.path("p.tif"), np.full((10, 20), 10.0))
    rows = "\n".join(" ".join(["10"] * 20) for _ in range(10))
    town.path("p.asc").write_text(
        f"ncols 20\nnrows 10\nxllcorner 540000\nyllcorner 3390000\ncellsize 100\nNODATA_value -9999\n{rows}\n",
        encoding="utf-8",
    )
    town.path("p.prj").write_text(pyproj.CRS(CRS).to_wkt("WKT1_ESRI"), encoding="utf-8")
    with zipfile.ZipFile(town.path("p.zip"), "w") as archive:
        archive.write(town.path("p.tif"), "p.tif")
    town.path("h.csv").write_bytes(town.path("homes.csv").read_bytes())
    pd.read_csv(town.path("h.csv")).to_excel(town.path("h.xlsx"), index=False)
    return town


def naming(name):
    """Return the small town's study with one of its inputs in another file."""
    study = yaml.safe_load(yaml.safe_dump(STUDY))
    part = next(part for part, names in FILES.items() if name in names)
    if part == "zones":
        study["zones"][2] |= {"file": name, "name": "Name" if name.endswith("kml") else "name"}
    elif part == "streets":
        study["streets"] = {"file": name}
    elif part == "raster":
        study["population"]["residents"]["raster"] = name
    else:
        study["facilities"][0]["file"] = name
    return study


ALL = [name for names in FILES.values() for name in names]


def broken(data, how, rng, others):
    """Return the bytes of a file as a broken disk, a broken transfer or a wrong name leaves them."""
    size = len(data)
    if how == "cut":
        return data[: rng.randrange(1, size)]
    if how == "overwritten":
        out = bytearray(data)
        for _ in range(rng.choice([1, 4, 40])):
            out[rng.randrange(size)] = rng.randrange(256)
        return bytes(out)
    if how == "hole":
        at = rng.randrange(size)
        return data[:at] + b"\0" * (size - at)
    if how == "another":
        return others[rng.choice(sorted(others))]
    return {
        "empty": b"",
        "vrt": VRT,
        "layer of vrt": OGR_VRT,
        "command": COMMAND,
        "entities": ENTITIES,
        "page": b"<html><body>404</body></html>",
    }[how]


HOWS = [
    "cut",
    "overwritten",
    "hole",
    "another",
    "empty",
    "vrt",
    "layer of vrt",
    "command",
    "entities",
    "page",
]


@pytest.mark.parametrize("name", ALL)
def test_every_file_whole_gives_the_figures_of_the_town(intact, name):
    path = intact.path("study.yaml")
    path.write_text(yaml.safe_dump(naming(name), allow_unicode=True), encoding="utf-8")
    found = seen(path)
    assert {key: found.figures.get(key) for key in AS_BEFORE} == pytest.approx(AS_BEFORE, rel=1e-3), (
        found.text
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", ALL)
def test_a_broken_file_is_refused_or_named_or_read_right(intact, name, how, monkeypatch):
    """Figures may differ from the town's only beside a warning; whoever overwrites a number in a text is believed."""
    path = intact.path(name)
    data = path.read_bytes()
    others = {other: intact.path(other).read_bytes() for other in ALL if ending(other) != ending(name)}
    made = broken(data, how, random.Random(f"{name} {how}"), others)
    study = intact.path("study.yaml")
    study.write_text(yaml.safe_dump(naming(name), allow_unicode=True), encoding="utf-8")
    try:
        path.write_bytes(made)
        found = seen(study)
    finally:
        path.write_bytes(data)
    if found.is_error:
        assert found.text
        return
    assert how in ("cut", "overwritten", "hole"), f"{how}: {found.codes}"
    same = {key: found.figures.get(key) for key in AS_BEFORE} == pytest.approx(AS_BEFORE, rel=1e-3)
    assert same or found.loud() or how == "overwritten"
