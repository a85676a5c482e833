"""Real QGIS opens the project of the demo, without and with sites, and draws what the outcome says."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import geopandas as gpd
import matplotlib.image
import numpy as np
import pytest

from geoplan.report import look
from geoplan.report.content.names import Names
from geoplan.report.content.shortfalls import class_colours, class_texts
from geoplan.report.folder.store import read_outcome

SCRIPT = Path(__file__).with_name("read_in_qgis.py")
#: Opacity of the zones, and how far a pixel may be off through rounding.
OPAQUE, ROUNDED = 0.85, 1


@pytest.fixture(scope="module")
def python():
    """Return the system's Python, which has QGIS's library: the tests' own has none."""
    found = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    told = found and subprocess.run([found, "-c", "import qgis.core"], capture_output=True, check=False)
    if not told or told.returncode:
        pytest.skip("QGIS for Python is not installed: apt-get install python3-qgis qgis-providers")
    return found


@pytest.fixture(scope="module", params=["run", "site"])
def folder(request, results, tmp_path_factory):
    """Return project and GeoPackage in a place of their own: nothing else may be needed."""
    made = results("demo", request.param)
    alone = tmp_path_factory.mktemp("alone") / "另一处 folder"
    alone.mkdir()
    for name in ("coverage.qgs", "coverage.gpkg"):
        shutil.copy(made / name, alone)
    return alone, read_outcome(made)


@pytest.fixture(scope="module")
def opened(folder, python, tmp_path_factory):
    """Return what QGIS found in the project, and the picture that it drew: red, green, blue of 0-255."""
    alone, _ = folder
    picture = tmp_path_factory.mktemp("picture") / "map.png"
    done = subprocess.run(
        [python, SCRIPT, alone / "coverage.qgs", picture],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    drawn = (matplotlib.image.imread(picture)[..., :3] * 255).round().astype(int)
    return json.loads(done.stdout), drawn


def test_every_layer_is_valid_and_has_its_rows(opened, folder):
    found, _ = opened
    alone, outcome = folder
    assert found["errors"] == []
    tables = {name for name in gpd.list_layers(alone / "coverage.gpkg")["name"] if name != "layer_styles"}
    assert {layer["table"] for layer in found["layers"].values()} == tables
    for layer in found["layers"].values():
        assert layer["valid"], layer["name"]
        assert layer["rows"] > 0, layer["name"]
        assert layer["crs"] == "EPSG:4550"
    tree = [name for entries in found["groups"].values() for name, _ in entries]
    assert tree == found["order"]
    assert len(tree) == len(found["layers"])
    assert {"sites", "candidates", "site_isochrones"} <= tables or not len(outcome.sites)


def test_the_project_is_the_study_s(opened, folder):
    found, _ = opened
    _, outcome = folder
    west, south, east, north = outcome.zones[outcome.zones["level"] == "community"].total_bounds
    left, bottom, right, top = found["extent"]
    assert left < west < east < right
    assert bottom < south < north < top
    assert found["crs"] == "EPSG:4550"
    assert outcome.name in found["title"]
    assert "演示数据，不作为决策依据" in found["abstract"]
    assert "演示数据，不作为决策依据" in found["heading"]


def test_names_and_classes_are_those_of_the_legends(opened, folder):
    found, _ = opened
    _, outcome = folder
    names = Names(outcome)
    entries = dict(found["groups"]["社区（村）评价结果"])
    layers = {
        layer["name"]: layer for layer in found["layers"].values() if layer["table"] == "zones_community"
    }
    assert sum(entries.values()) == 1
    own = outcome.flags[outcome.flags["zone_id"].map(outcome.zones["level"]) == "community"]
    for rule in own["rule_id"].unique():
        name = f"短板：{names.rule(rule)}"
        assert name in entries
        (style,) = layers[name]["styles"].values()
        assert dict(style["classes"]) == class_texts(names, rule)
        assert style["labels"]
    base = found["groups"]["边界与道路"]
    assert base == [["评价范围边界", True], ["区县边界", True], ["街道（乡镇）边界", True], ["道路", True]]
    for name in ("步行等时圈", "路网匹配"):
        assert not any(on for entries in found["groups"].values() for entry, on in entries if entry == name)
    towns = next(layer for layer in found["layers"].values() if layer["name"] == "街道（乡镇）边界")
    assert len(towns["styles"]) > 5
    assert towns["opened"] == "街道（乡镇）边界"
    assert "短板社区" in towns["styles"]
    # the first field is QGIS's own number of the row
    assert all(layer["aliases"][1:] and all(layer["aliases"][1:]) for layer in found["layers"].values())


def over_paper(colour):
    """Return a colour of zones as it prints over white."""
    return np.array([round(OPAQUE * int(colour[k : k + 2], 16) + (1 - OPAQUE) * 255) for k in (1, 3, 5)])


def pixels(drawn, colour):
    """Return where a picture has a colour of zones."""
    return (np.abs(drawn - over_paper(colour)) <= ROUNDED).all(axis=2)


def test_the_map_has_the_colours_of_the_grades_as_large_as_their_zones(opened, folder):
    found, drawn = opened
    alone, outcome = folder
    zones = gpd.read_file(alone / "coverage.gpkg", layer="zones_community")
    (shown,) = [name for name, on in found["groups"]["社区（村）评价结果"] if on]
    names = Names(outcome)
    (rule,) = [rule for rule in outcome.flags["rule_id"].unique() if f"短板：{names.rule(rule)}" == shown]
    grades = zones[f"{rule.replace('.', '_')}_grade"]
    areas = zones.area.groupby(grades).sum()
    solid = areas.drop("unknown")
    assert len(set(solid.index) & set(look.GRADE_COLOURS)) >= 2
    counted = {code: pixels(drawn, class_colours()[code]).sum() for code in solid.index}
    for code, area in solid.items():
        # streets and names lie over a part of each
        assert counted[code] / sum(counted.values()) == pytest.approx(area / solid.sum(), rel=0.12), code

    # what has no data is hatched where its zones lie, and hardly anywhere else
    hatch = pixels(drawn, look.COLOURS["hatch"])
    left, bottom, right, top = found["extent"]
    west, south, east, north = zones[grades == "unknown"].total_bounds
    across, down = drawn.shape[1] / (right - left), drawn.shape[0] / (top - bottom)
    inside = hatch[
        int((top - north) * down) : int((top - south) * down) + 1,
        int((west - left) * across) : int((east - left) * across) + 1,
    ]
    assert inside.sum() > 0.9 * hatch.sum()
    assert inside.sum() > 0.05 * areas["unknown"] * across * down


def test_facilities_and_sites_are_on_the_map(opened, folder):
    _, drawn = opened
    _, outcome = folder
    marks = [look.SERVICE_COLOURS[0], *([look.site_colour(0)] if len(outcome.sites) else [])]
    for colour in marks:
        plain = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
        assert (np.abs(drawn - plain) <= ROUNDED).all(axis=2).sum() > 50, colour
