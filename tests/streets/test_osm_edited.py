"""Files of JOSM, histories and Overpass: each reads as the plain extract of the same streets; refusals give the true reason."""

import bz2
import gzip
import json
import re

import osmium
import pandas as pd
import pytest

from geoplan.inputs.streets import read_streets
from geoplan.inputs.streets.osm_edited import read_objects
from geoplan.words.errors import InputError, NetworkError

CRS = "EPSG:32631"
POINTS = {
    1: (100, 100), 2: (101, 100, {"barrier": "gate", "locked": "yes", "name": "东门, 1 号"}), 3: (102, 100), 4: (103, 100),
    5: (102, 101), 6: (102, 99), 7: (104, 100),
}  # fmt: skip
WAYS = {
    10: ([1, 2, 3, 4], {"highway": "residential", "name": "千禧 路, 100% = a"}),
    11: ([5, 3, 6], {"highway": "footway"}),
    12: ([4, 7, 5, 4], {}),
}
SQUARE = {20: ([12], {"type": "multipolygon", "highway": "pedestrian"})}


@pytest.fixture
def plain(osm_file):
    """Give the file, its text, and what it reads as."""
    path = osm_file(POINTS, WAYS, SQUARE)
    return path, path.read_text(encoding="utf-8"), read_streets(path, crs=CRS)


def read(path, **options):
    streets = read_streets(path, crs=CRS, **options)
    assert all(note.text("zh") and note.text("en") for note in streets.notes)
    return streets, {note.code: note.values for note in streets.notes}


def same(one, other, *, sign=1):
    """Whether streets are equal but for the sign of ids."""
    by = ["highway", "level", "name"]
    one, other = (
        s.edges.assign(m=s.edges.geometry.length.round(6), osm_id=(s.edges["osm_id"].astype(int) * n).astype(str))
        .sort_values([*by, "m"]).reset_index(drop=True)[[*by, "m", "access", "oneway", "osm_id", "fixed_fwd_s"]]
        for s, n in ((one, 1), (other, sign))
    )  # fmt: skip
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


def overpass(*, geometry=False, skeleton=False):
    """The same streets as Overpass writes them, with nodes or with ``out geom``, or each object again without tags."""
    nodes = [
        {"type": "node", "id": i, "lon": x / 1000, "lat": y / 1000, "tags": t[0] if t else {}}
        for i, (x, y, *t) in POINTS.items()
    ]
    ways = [{"type": "way", "id": i, "nodes": refs, "tags": tags} for i, (refs, tags) in WAYS.items()]
    if geometry:
        for way in ways:
            way["geometry"] = [{"lon": POINTS[n][0] / 1000, "lat": POINTS[n][1] / 1000} for n in way["nodes"]]
        nodes = [node for node in nodes if node["tags"]]
    rings = [
        {
            "type": "relation",
            "id": i,
            "members": [{"type": "way", "ref": m, "role": "outer"} for m in refs],
            "tags": tags,
        }
        for i, (refs, tags) in SQUARE.items()
    ]
    again = [{k: v for k, v in thing.items() if k != "tags"} for thing in (*ways, *nodes)] if skeleton else []
    return {"version": 0.6, "generator": "Overpass API", "elements": [*ways, *rings, *nodes, *again]}


@pytest.mark.parametrize(
    "ending", ["osm", "osm.xml", "OSM.XML", "osm.gz", "osm.xml.gz", "osm.bz2", "osm.xml.bz2"]
)
def test_endings(plain, tmp_path, ending):
    _, text, streets = plain
    pack = {"gz": gzip.compress, "bz2": bz2.compress}.get(ending.rsplit(".", maxsplit=1)[-1], bytes)
    path = tmp_path / f"other.{ending}"
    path.write_bytes(pack(text.encode()))
    same(streets, read(path)[0])


def test_negative_ids_of_new_objects(plain, tmp_path):
    _, text, streets = plain
    path = tmp_path / "new.osm"
    path.write_text(re.sub(r"(id|ref)=(['\"])", r"\1=\2-", text), encoding="utf-8")
    found, notes = read(path, gate_states={"-2": True})
    assert "gate_state_unknown" not in notes
    assert "streets_points_missing" not in notes
    assert found.edges.loc[found.edges["highway"] == "gate", "fixed_fwd_s"].tolist() == [0.0]
    same(streets, read(path)[0], sign=-1)


@pytest.mark.parametrize("mark", ["action='delete' visible='true'", 'visible="false"', "action='delete'"])
def test_what_is_deleted_is_not_there(plain, osm_file, tmp_path, mark):
    _, text, _ = plain
    path = tmp_path / "edited.osm"
    path.write_text(text.replace("<way id='11'", f"<way id='11' version='2' {mark}"), encoding="utf-8")
    found, notes = read(path)
    assert notes["streets_deleted"] == {"objects": "1"}
    same(read(osm_file(POINTS, {i: way for i, way in WAYS.items() if i != 11}, SQUARE))[0], found)


def test_of_a_history_the_last_version_counts(plain, tmp_path):
    _, text, streets = plain
    old = (
        "<way id='10' version='1' visible='true'><nd ref='1'/><nd ref='7'/><tag k='highway' v='trunk'/></way>"
    )
    gone = (
        "<way id='13' version='1' visible='true'><nd ref='6'/><nd ref='7'/><tag k='highway' v='path'/></way>"
    )
    gone += "<way id='13' version='2' visible='false'/>"
    late = text.replace("<way id='10'", f"{gone}<way id='10' version='2' visible='true'")
    for name, body in (
        ("a.osh", late.replace("<relation", f"{old}<relation")),
        ("b.osm", late.replace("<way id='13'", f"{old}<way id='13'", 1)),
    ):
        (tmp_path / name).write_text(body, encoding="utf-8")
        found, notes = read(tmp_path / name)
        same(streets, found)
        assert notes["streets_deleted"] == {"objects": "3"}


def test_a_history_as_pbf(plain, tmp_path):
    path, _, streets = plain
    history = tmp_path / "town.osh.pbf"
    header = osmium.io.Header()
    header.has_multiple_object_versions = True
    with osmium.SimpleWriter(str(history), header=header) as writer:
        for thing in osmium.FileProcessor(str(path)):
            if thing.is_way() and thing.id == 11:
                writer.add(thing.replace(version=1, tags={"highway": "trunk"}, visible=True))
            writer.add(thing.replace(version=2, visible=True))
    same(streets, read(history)[0])


@pytest.mark.parametrize("way", [{}, {"geometry": True}, {"skeleton": True}])
@pytest.mark.parametrize("ending", ["json", "geojson"])
def test_overpass_json(plain, tmp_path, way, ending):
    path = tmp_path / f"answer.{ending}"
    path.write_text("\ufeff" + json.dumps(overpass(**way), ensure_ascii=False), encoding="utf-8")
    same(plain[2], read(path)[0])


def test_overpass_geometry_without_node_numbers_meets_by_place(plain, tmp_path):
    answer = overpass(geometry=True)
    for element in answer["elements"]:
        element.pop("nodes", None)
    answer["elements"] = [e for e in answer["elements"] if e["type"] != "node"]
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer), encoding="utf-8")
    streets = read(path)[0].edges
    known = plain[2].edges
    assert streets.geometry.length.sum() == pytest.approx(known.geometry.length.sum())


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        ('{"elements": [{"type": "way", "id": 3, "nodes": [1, 2], "tags": {"highway": "path"}}]}', InputError, "has 1 ways, but the position of none"),
        ('{"elements": []}', NetworkError, "holds no ways tagged highway"),
        ('{"elements": [{"type": "way"', InputError, "cannot be read: .*line 1 column 29"),
        ('{"elements": [{"type": "way", "nodes": []}]}', InputError, "cannot be read: 'id'"),
        ('{"elements": [{"type": "node", "id": 1, "lon": 0.1, "lat": 0.1, "tags": {"barrier": "gate"}}]}', NetworkError, "holds no ways"),
    ],
)  # fmt: skip
def test_refusals_of_json_give_the_true_reason(tmp_path, text, error, reason):
    path = tmp_path / "answer.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=reason):
        read(path)


def test_an_answer_in_part_is_said(plain, tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(overpass() | {"remark": "runtime error: Query timed out"}), encoding="utf-8")
    assert read(path)[1]["streets_partial_answer"] == {"reason": "runtime error: Query timed out"}


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        (lambda text: text[:-300].replace("<way id", "<way visible='true' id"), InputError, "cannot be read: .*line 1"),
        (lambda text: "<!DOCTYPE osm [<!ENTITY a 'b'>]>" + text.replace("<node id", "<node visible='true' id"), InputError, "document type"),
        (lambda text: text.replace("<way id='1", "<way action='modify' id='x"), InputError, "cannot be read: .*x"),
        (lambda text: re.sub(r"<node.*?</node>", "", text), InputError, "has 3 ways, but the position of none"),
        (lambda text: re.sub(r"<tag k=.highway.*?/>", "", text), NetworkError, "holds no ways tagged highway"),
        (lambda text: text.replace("residential", "motorway").replace("footway", "motorway").replace("pedestrian", "motorway"), NetworkError, "nothing in it may be walked on"),
    ],
)  # fmt: skip
def test_refusals_of_xml_give_the_true_reason(plain, change, error, reason):
    path, text, _ = plain
    path.write_text(change(text), encoding="utf-8")
    with pytest.raises(error, match=reason):
        read(path)


def test_when_nothing_is_walked_what_was_left_out_is_said(plain):
    path, text, _ = plain
    path.write_text(
        text.replace("footway", "spaceway").replace("pedestrian", "no").replace("residential", "busway"),
        encoding="utf-8",
    )
    with pytest.raises(
        NetworkError, match=r"street classes that the walk table does not know: spaceway \(1\)"
    ) as raised:
        read(path)
    assert "等级不供步行 1" in raised.value.text("zh")


def test_versions_by_hand(tmp_path):
    """Of versions the highest counts whatever the order; a repetition adds what the first lacks."""
    path = tmp_path / "history.osm"
    path.write_text(
        "<osm><node id='1' version='3' lon='3' lat='0'/><node id='1' version='1' lon='1' lat='0'/>"
        "<node id='2' version='1' lon='2' lat='0'><tag k='a' v='b'/></node><node id='2' version='1' lon='2' lat='0'/>"
        "<node id='3' version='2' visible='false'/><node id='3' version='1' lon='1' lat='0'/></osm>",
        encoding="utf-8",
    )
    found = read_objects(path)
    assert {number: node.at for number, node in found.things["node"].items()} == {
        1: (3.0, 0.0),
        2: (2.0, 0.0),
    }
    assert found.things["node"][2].tags == {"a": "b"}
    assert found.dropped == 3
