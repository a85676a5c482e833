"""Whole studies: the given small cases read in place, and the same kinds of fault made from the demo town."""

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.ops import substring
from typer.testing import CliRunner

from geoplan.cli.commands import app
from geoplan.cli.demo import write_new
from geoplan.inputs.streets import VALVES, read_streets
from geoplan.network.graph import build_graph
from geoplan.pipeline.evaluate import run
from geoplan.pipeline.gather import gather
from geoplan.pipeline.street_check import check_streets, coverage
from geoplan.pipeline.walks import snap_points
from geoplan.study.study import read_study
from geoplan.words.errors import GeoplanError, InputError

CASES = Path(__file__).parents[3] / "shared" / "cases"


@pytest.fixture
def case(tmp_path):
    """Copy a given case, with its line of streets changed, or skip; return its study file."""

    def find(name, **entries):
        if not (CASES / name).is_dir():
            pytest.skip(f"the case is not here: {CASES / name}")
        folder = tmp_path / name
        shutil.copytree(CASES / name, folder)
        study = folder / "study.yaml"
        text = study.read_text(encoding="utf-8")
        more = "".join(f", {key}: {value}" for key, value in entries.items())
        study.write_text(re.sub(r"streets: \{(.*?)\}", rf"streets: {{\1{more}}}", text), encoding="utf-8")
        return study

    return find


def measured(study):
    """Return how many people of the first service are inside the circle, and the codes of the notes."""
    inputs = gather(read_study(study))
    graph = build_graph(inputs.nodes, inputs.edges)
    share = coverage(inputs, graph, snap_points(graph, inputs.people.demand, inputs))
    service, terms = next(iter(inputs.study.measured_services().items()))
    demand = inputs.people.demand
    return share[service] * demand.loc[~demand["halo"], terms.group].sum(), {
        note.code for note in inputs.notes
    }


@pytest.mark.parametrize(
    ("name", "entries", "covered", "said"),
    [
        ("00-base", {}, 246, set()),
        ("08-crossing-without-nodes", {}, 0, {"streets_cross", "streets_ends_joined"}),
        ("08-crossing-without-nodes", {"join": "crossings"}, 246, {"streets_crossings_joined"}),
        ("11-z-differs", {}, 246, {"streets_heights_differ"}),
        # the same town in seven decimals of a degree
        ("16-osm-plain", {}, 234, set()), ("16a-osm-ways-first", {}, 234, set()), ("16b-josm-negative-ids", {}, 234, set()),
        ("16c-josm-deleted", {}, 228, {"streets_deleted"}), ("16f-reference", {}, 228, set()),
        ("16d-ways-repeated-untagged", {}, 234, set()), ("16g-josm-new-link", {}, 224, set()), ("16h-link-positive", {}, 224, set()),
        ("32-osmnx-graphml", {}, 234, set()), ("32b-osmnx-gpkg", {}, 234, set()),
        # everybody
        ("34-loop-parallel", {}, 72, set()),
    ],
)  # fmt: skip
def test_given_cases(case, name, entries, covered, said):
    found, codes = measured(case(name, **entries))
    assert found == pytest.approx(covered)
    assert said <= codes


def test_t_junctions_are_as_if_shapely_had_noded_them(case):
    study = case("09-t-junctions")
    found, codes = measured(study)
    assert "streets_ends_joined" in codes
    streets = gpd.read_file(study.parent / "streets.gpkg")
    noded = shapely.get_parts(shapely.node(shapely.multilinestrings(streets.geometry.to_numpy())))
    gpd.GeoDataFrame(
        {"highway": "residential"}, index=range(len(noded)), geometry=list(noded), crs=streets.crs
    ).to_file(study.parent / "streets.gpkg")
    oracle, codes = measured(study)
    assert "streets_ends_joined" not in codes
    assert found == pytest.approx(oracle)
    assert found > 200


def test_an_answer_of_overpass_for_another_place_is_refused_with_the_reason(case):
    with pytest.raises(GeoplanError, match="outside of the study area"):
        measured(case("31-overpass-json"))


# --- second cases, of the demo town -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    study = write_new(tmp_path_factory.mktemp("plain") / "town")
    return measured(study)[0]


def as_josm(path):
    """Every id negative, and a footpath across the river that was deleted before the file was saved."""
    text = re.sub(r'\b(id|ref)="(?=\d)', r'\1="-', path.read_text(encoding="utf-8"))
    nodes = re.findall(r'<node id="(-\d+)"', text)
    gone = f'<way id="-900001" action="delete" visible="true"><nd ref="{nodes[0]}"/><nd ref="{nodes[-1]}"/><tag k="highway" v="path"/></way>'
    path.write_text(text.replace("</osm>", gone + "</osm>"), encoding="utf-8")
    return path


def as_overpass(path):
    elements = []
    for thing in ET.parse(path).getroot():
        if thing.tag == "bounds":
            continue
        tags = {tag.get("k"): tag.get("v") for tag in thing.iter("tag")}
        element = {"type": thing.tag, "id": int(thing.get("id")), "tags": tags}
        if thing.tag == "node":
            element |= {"lon": float(thing.get("lon")), "lat": float(thing.get("lat"))}
        elif thing.tag == "way":
            element["nodes"] = [int(nd.get("ref")) for nd in thing.iter("nd")]
        elements.append(element)
    target = path.with_name("answer.json")
    target.write_text(json.dumps({"version": 0.6, "elements": [*elements[::-1]]}), encoding="utf-8")
    return target


def as_history(path):
    """An older version of every way, as a motorway, before the last."""
    text = path.read_text(encoding="utf-8")
    ways = re.findall(r"<way .*?</way>", text, flags=re.DOTALL)
    old = "".join(re.sub(r'k="highway" v="\w+"', 'k="highway" v="motorway"', way) for way in ways)
    text = re.sub(r'(<way id="\d+") version="1"', r'\1 version="2" visible="true"', text).replace(
        "</osm>", old + "</osm>"
    )
    target = path.with_name("town.osh")
    target.write_text(text, encoding="utf-8")
    return target


@pytest.mark.parametrize("change", [as_josm, as_overpass, as_history])
def test_the_demo_town_in_other_files_is_as_covered(tmp_path, plain, change):
    study = write_new(tmp_path / "town")
    target = change(study.parent / "data" / "streets.osm")
    study.write_text(
        study.read_text(encoding="utf-8").replace("data/streets.osm", f"data/{target.name}"), encoding="utf-8"
    )
    assert measured(study)[0] == pytest.approx(plain)


def drawn_badly(study, *, gap=0.0):
    """The demo's streets as lines of a layer that end `gap` metres short of where they meet; bridges, with which nothing is joined, are whole."""
    streets = read_streets(study.parent / "data" / "streets.osm", crs="EPSG:4550")
    edges = streets.edges[~streets.edges["highway"].isin(VALVES)]
    over = edges[edges["bridge"]]
    gaps = np.where(edges["bridge"] | edges["v"].isin([*over["u"], *over["v"]]), 0.0, gap)
    shapes = [
        substring(line, 0, line.length - short) for line, short in zip(edges.geometry, gaps, strict=True)
    ]
    table = gpd.GeoDataFrame(
        edges[["highway", "bridge", "level"]].astype(str), geometry=shapes, crs=edges.crs
    )
    table.to_file(study.parent / "data" / "lines.gpkg")
    study.write_text(
        study.read_text(encoding="utf-8").replace("data/streets.osm", "data/lines.gpkg"), encoding="utf-8"
    )
    return study


def test_gaps_of_a_few_centimetres_change_nothing(tmp_path):
    whole = measured(drawn_badly(write_new(tmp_path / "whole")))[0]
    short, codes = measured(drawn_badly(write_new(tmp_path / "short"), gap=0.05))
    assert "streets_ends_joined" in codes
    assert short == pytest.approx(whole, rel=0.002)


def test_streets_in_pieces_stop_a_run_and_not_the_check(tmp_path):
    study = drawn_badly(write_new(tmp_path / "town"), gap=0.7)
    with pytest.raises(InputError, match="the streets fall apart") as raised:
        run(read_study(study))
    assert "components: several" in raised.value.text("zh")
    done = CliRunner().invoke(app, ["check", str(study)])
    assert done.exit_code == 3
    assert "路网不连通" in done.output
    text = study.read_text(encoding="utf-8")
    study.write_text(
        re.sub(r"file: data/lines.gpkg", "file: data/lines.gpkg\n  components: several", text),
        encoding="utf-8",
    )
    assert "streets_several_pieces" in measured(study)[1]


# --- the check ----------------------------------------------------------------------------------------------------------


def test_the_check_prints_coverage_both_ways_as_runs_find_it(case):
    study = case("08-crossing-without-nodes")
    told = check_streets(gather(read_study(study)))
    ends, joined = (covered_share(way) for way in (study, _stating(study, "crossings")))
    assert told.coverage.loc["eldercare"].tolist() == pytest.approx([ends, joined])
    # whichever way the study states
    other = check_streets(gather(read_study(_stating(study, "crossings"))))
    assert other.coverage.loc["eldercare"].tolist() == pytest.approx([ends, joined])
    for lang, words in (("zh", "171处无共同折点的交叉"), ("en", "Coverage by people: 171 crossings")):
        done = CliRunner().invoke(app, ["check", str(study), "--lang", lang])
        assert done.exit_code == 0, done.output
        assert words in " ".join(done.output.split())
        assert "61.5%" in done.output


def covered_share(study):
    """Return the coverage of the whole run."""
    rows = run(read_study(study)).circle
    rows = rows[(rows["measure"] == "network") & (rows["zone_id"] == "area/area") & (rows["kind"] == "")]
    return rows.set_index("service").loc["eldercare", "share"]


def _stating(study, join):
    other = study.with_name(f"{join}.yaml")
    other.write_text(
        study.read_text(encoding="utf-8").replace(
            "{file: streets.gpkg}", f"{{file: streets.gpkg, join: {join}}}"
        ),
        encoding="utf-8",
    )
    return other


def test_the_fitness_of_the_demo_town(tmp_path):
    inputs = gather(read_study(write_new(tmp_path / "town")))
    told = check_streets(inputs)
    assert told.coverage["ends"].tolist() == pytest.approx(
        told.coverage["crossings"].tolist()
    )  # two crossings far from all
    last = told.fitness.iloc[-1]
    # people of the zones sum up to the area, and the slow way to tell who is near agrees but for leg rules
    assert last["people"] == pytest.approx(12_000)
    parts = told.fitness.iloc[:-1]
    assert parts[["people", "near", "foot_km"]].sum().tolist() == pytest.approx(
        last[["people", "near", "foot_km"]].tolist()
    )
    demand = inputs.people.demand
    demand = demand[~demand["halo"]]
    lines = shapely.union_all(inputs.edges.geometry.to_numpy())
    slow = demand.loc[demand.distance(lines) <= inputs.study.streets.max_snap_m, "residents"].sum()
    assert last["near"] <= slow + 1e-6
    assert last["near"] == pytest.approx(slow, rel=0.02)
    assert 0 < last["near_share"] <= 1
