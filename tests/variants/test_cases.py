"""Small cases from real life, which lie beside the project: each ends in the right number, or in a word about what is wrong.

``EXPECTED.md`` of each folder says what is right; the figures and codes here say the same to a program. A case passes as a variant does
(`variants.Right`): with the right figures, or with one of the codes that name its fault.
"""

from pathlib import Path

import pytest
from small_town import seen
from variants import Right

import geoplan as gp

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
#: Real Wuhan: only what is read is looked at, a run takes long.
LARGE = {"13c-wuhan-gcj02", "13d-wuhan-nested-gcj02"}

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")

TOWN = {
    "residents": 2000.0,
    "elders_60": 400.0,
    "covered.eldercare": 246.0,
    "beds.low": 30.0,
    "facilities": 1.0,
}
#: The same town on a map of OpenStreetMap, whose coordinates are rounded: other streets are the nearest.
ON_OSM = TOWN | {"covered.eldercare": 234.0}


def base(*codes, **figures):
    """Return: as the base town, but for what is given; or one of `codes` names the fault."""
    return Right(
        TOWN | {name.replace("__", "."): value for name, value in figures.items()}, frozenset(codes), 1e-3
    )


def only(*codes, **figures):
    """Return: these figures and no others, or one of `codes`."""
    return Right({name.replace("__", "."): value for name, value in figures.items()}, frozenset(codes), 1e-3)


def osm(*codes, **figures):
    """Return: as the base town on OpenStreetMap."""
    return Right(
        ON_OSM | {name.replace("__", "."): value for name, value in figures.items()}, frozenset(codes), 1e-3
    )


def said(*codes):
    """Return: one of `codes` must be named."""
    return Right(codes=frozenset(codes), must_name=True)


EXPECTED = {
    "00-base": base(),
    "01b-one-group-no-year": base(),
    "02-two-header-rows": only("list_headers_rival", beds__low=50.0, beds__high=50.0),
    "03-subtotal-rows": only(beds__low=50.0, beds__high=50.0, facilities=2.0),
    "04-formula-uncached": said("sheet_formulas"),
    "05b-multiband-age": only("raster_bands", elders_60=1200.0),
    "06-scale-factor": base(),
    "07-undeclared-65535": said("raster_dense"),
    "08-crossing-without-nodes": base("streets_cross"),
    "09-t-junctions": base("streets_in_pieces", covered__eldercare=240.0),
    "11-z-differs": base(),
    "12-topojson-objects": only(residents=2000.0, covered__eldercare=246.0),
    "13-datav-gcj02": said("datum_looks_like", "datum_alone", "raster_ends", "streets_end_inside"),
    "13c-wuhan-gcj02": said("datum_looks_like", "datum_alone"),
    "13d-wuhan-nested-gcj02": said("datum_looks_like", "datum_alone"),
    "14-zone-prefix": base("datum_zone_number"),
    "15-control-chars": only(beds__low=50.0, facilities=2.0),
    "16-osm-plain": osm(),
    "16a-osm-ways-first": osm(),
    "16b-josm-negative-ids": osm(),
    "16c-josm-deleted": osm(covered__eldercare=228.0),
    "16d-ways-repeated-untagged": osm(),
    "16f-reference": osm(covered__eldercare=228.0),
    "16g-josm-new-link": osm(covered__eldercare=224.0),
    "16h-link-positive": osm(covered__eldercare=224.0),
    "17-curved-boundary": base(residents__W=1000.0),
    "18-kml-multigeometry": base("zone_not_polygon"),
    "18b-kml-folders": said("layer_not_named"),
    "20-mollweide": Right({"residents.W": 1000.0, "residents.E": 1000.0}, within=0.01),
    "21-raster-ends": said("raster_ends"),
    "22-same-point-two": only(beds__low=60.0, facilities=2.0),
    "23-coordinates-odd": base("coordinates_unreadable", beds__low=208.0, facilities=13.0),
    "24-tsv-with-commas": only(beds__low=50.0, facilities=2.0),
    "25-zone-totals-text": base(residents__W=1000.0, residents__E=1000.0),
    "26-multipart-rows": base("zone_id_duplicate"),
    "27-shp-gbk-nocpg": base(),
    "27b-shp-gbk-cpg-utf8": base(),
    "27c-shp-no-prj": said("datum_not_degrees"),
    "28-xlsx-1048576": base(),
    "29-xls-named-xlsx": said("file_is_page", "file_damaged"),
    "29b-xls": base("file_damaged"),
    "29c-bad-style": base("file_damaged"),
    "29d-broken-xml": said("file_damaged"),
    "29e-xlsx-truncated-strings": base("file_damaged"),
    "30-study-gbk": base("yaml_not_utf8"),
    "30b-study-bom": base(),
    "30c-backslash": said("yaml_wrong"),
    "30d-fullwidth-colon": said("yaml_wrong"),
    "30e-tab": said("yaml_wrong"),
    "31-overpass-json": said("streets_elsewhere"),
    "31b-turbo-geojson": base("streets_cross"),
    "32-osmnx-graphml": osm(),
    "32b-osmnx-gpkg": osm(),
    "32c-osmnx-projected": osm(),
    "33-supplies-table": base("zone_rows_twice"),
    "34-loop-parallel": only(elders_60=72.0, covered__eldercare=72.0),
    "35-hidden-rows": only("sheet_hidden_rows", beds__low=50.0, facilities=2.0),
    "35b-hidden-sheet": base("sheet_hidden", "layer_not_named"),
    "37-raster-list": base(),
    "38-float-noise": only(residents__W=990.0, residents__E=1000.0),
    "38c-nodata-nan-string": only(residents__W=1000.0, residents__E=900.0),
    "38d-minus-99999": said("raster_negative"),
    "39-parent-json": base("zone_parent_unknown"),
    "40-raster-zip": base("file_kind_unknown"),
    "41-kmz": base("file_kind_unknown"),
    "42-shp-zip": base("file_kind_unknown"),
    "43-empty-geometry": said("zone_geometry_missing"),
    "44-sliver-dup": said("zone_overlap"),
    "45-register-xyz-shp": base(),
    "46-geojson-projected-crs": base(),
    "47-5000-zones": only(facilities=120.0, beds__low=3600.0),
    "48-site-infeasible": said("entry_renamed"),  # written for former names of entries
    "49-births-text": only(under_3__W=3600.0, under_3__E=30.0),
    "50-csv-sep-line": base(),
    "50b-csv-decimal-comma": said("coordinates_unreadable"),
    "51-coords-e6": base("coordinates_far", "coordinates_unreadable"),
    "52-sci-ids": said("zone_rows_exponent"),
    "53-amount-zoo": said("amount_worded"),
    "54-truncated-tif": said("file_unreadable"),
    "54b-truncated-geojson": said("file_unreadable"),
    "54d-truncated-osm": said("streets_unreadable"),
    "54e-shp-no-dbf": said("file_unreadable"),
    "57-candidates-total": base(),
}  # fmt: skip


def test_every_case_that_lies_there_is_expected():
    there = {folder.name for folder in CASES.iterdir() if (folder / "study.yaml").is_file()}
    assert there == set(EXPECTED)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", EXPECTED)
def test_a_case_ends_in_the_right_number_or_a_word_about_it(name):
    path, due = CASES / name / "study.yaml", EXPECTED[name]
    if name in LARGE:
        loud = {note.code for note in gp.gather(gp.read_study(path)).notes if note.severity == "warning"}
        assert loud & due.codes
        return
    wrong = due.judge(seen(path))
    assert not wrong, wrong
