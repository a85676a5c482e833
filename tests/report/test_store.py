"""What a run found out, written and read back: every value, type and byte; and ``run.json``, whose fingerprint moves with any input."""

import dataclasses
import hashlib
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.booklet.page import report_page
from geoplan.report.folder import manifest, store
from geoplan.report.folder.store import find_outcome, read_outcome, write_outcome
from geoplan.report.webmap.map import map_page
from geoplan.tables import NeedRate, Tiles
from geoplan.words.errors import InputError, TableError


def assert_same(one, other):
    for entry in dataclasses.fields(one):
        left, right = getattr(one, entry.name), getattr(other, entry.name)
        assert type(left) is type(right), entry.name
        if isinstance(left, pd.DataFrame):
            same_table(left, right)
        else:
            assert left == right, entry.name


def same_table(left, right):
    columns = [name for name in left.columns if str(left[name].dtype) != "geometry"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(left[columns]), pd.DataFrame(right[columns]), check_exact=True, check_column_type=False
    )
    assert list(left.columns) == list(right.columns)
    for name in columns:
        if left[name].dtype == object:
            assert [type(v) for v in left[name]] == [type(v) for v in right[name]], name
    if "geometry" in left.columns:
        assert left.crs == right.crs
        assert left.geometry.to_wkb().tolist() == right.geometry.to_wkb().tolist()


def checksums(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_demo_comes_back_as_it_was(demo, tmp_path):
    write_outcome(demo, tmp_path)
    assert_same(demo, read_outcome(tmp_path))


def test_a_service_keeps_its_decay_need_and_stated_radius(demo, tmp_path):
    told = dataclasses.replace(
        demo.services["eldercare"],
        decay={5.0: 1.0, 15.0: 0.22},
        need=NeedRate(50.0, "beds", "elders_60"),
        stated_straight_m=500.0,
    )
    write_outcome(dataclasses.replace(demo, services={"eldercare": told}), tmp_path)
    assert read_outcome(tmp_path).services == {"eldercare": told}
    # the radius is as stated, else what one walks; the circle along a straight line follows from it
    assert (told.straight_m, told.straight_minutes) == (500.0, 500.0 * 0.06 / told.walk_kmh)
    walked = dataclasses.replace(told, stated_straight_m=None, walk_minutes=12.0, walk_kmh=3.0, frail_kmh=1.5)
    assert (walked.straight_m, walked.straight_minutes, walked.limit_seconds, walked.frail_m) == (
        600.0, 12.0, 720.0, 300.0,
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_outcome_by_hand_comes_back_and_draws_the_same(make_sited, tmp_path, lang):
    outcome = make_sited(lang=lang, nasty=True)
    write_outcome(outcome, tmp_path)
    again = read_outcome(tmp_path)
    assert_same(outcome, again)
    assert map_page(again) == map_page(outcome)
    assert report_page(again) == report_page(outcome)


def test_the_same_outcome_gives_the_same_bytes(demo, outcome, tmp_path):
    for name, own in (("demo", demo), ("hand", outcome)):
        first = write_outcome(own, tmp_path / name / "1")
        # written, read and written again
        second = write_outcome(read_outcome(tmp_path / name / "1"), tmp_path / name / "2")
        assert checksums(first) == checksums(second)


CELLS = st.sampled_from(
    [None, "", "社区", "nan", 0, 1, True, False, -0.5, float("nan"), float("inf"), pd.NA, ("a",), (), frozenset({"b", "a"})]
)  # fmt: skip


@given(st.lists(CELLS, max_size=6))
def test_every_cell_of_a_mixed_column_keeps_its_type(cells):
    table = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    packed, told = store._packed(table)
    back = store._unpacked(packed, json.loads(json.dumps(told)))["x"].tolist()
    assert [(type(v), str(v)) for v in back if not isinstance(v, frozenset)] == [
        (type(v), str(v)) for v in cells if not isinstance(v, frozenset)
    ]
    assert [v for v in back if isinstance(v, frozenset)] == [v for v in cells if isinstance(v, frozenset)]


def test_numbers_come_back_bit_for_bit():
    odd = [0.1 + 0.2, -0.0, np.nextafter(1, 2), np.nan, np.inf, -np.inf, 5e-324]
    packed, told = store._packed(pd.DataFrame({"x": odd}, index=pd.Index(list("abcdefg"), name="key")))
    back = store._unpacked(packed, told)
    assert back["x"].to_numpy().tobytes() == np.array(odd).tobytes()
    assert back.index.name == "key"


def test_a_column_of_another_type_is_refused():
    with pytest.raises(TypeError, match="datetime64"):
        store._packed(pd.DataFrame({"x": pd.to_datetime(["2025-01-01"])}))
    with pytest.raises(TypeError, match="complex"):
        store._packed(pd.DataFrame({"x": pd.Series([1j], dtype=object)}))


def test_a_folder_of_results_leads_to_its_latest_run(outcome, tmp_path):
    write_outcome(outcome, tmp_path / "runs" / "b")
    (tmp_path / "latest.json").write_text(
        json.dumps({"format": 1, "run": "b", "folder": "runs/b", "files": []}), encoding="utf-8"
    )
    wanted = tmp_path / "runs" / "b" / "outcome"
    for folder in (tmp_path, tmp_path / "runs" / "b", wanted):
        assert find_outcome(folder) == wanted


def test_what_cannot_be_read_is_said(outcome, tmp_path):
    with pytest.raises(InputError, match="no stored result"):
        read_outcome(tmp_path)
    target = write_outcome(outcome, tmp_path)
    whole = (target / "flags.parquet").read_bytes()
    (target / "flags.parquet").write_bytes(whole[:-20])
    with pytest.raises(InputError, match="damaged"):
        read_outcome(tmp_path)
    (target / "flags.parquet").unlink()
    with pytest.raises(InputError, match="damaged"):
        read_outcome(tmp_path)
    (target / "flags.parquet").write_bytes(whole)
    (target / "flags.parquet").write_bytes((target / "findings.parquet").read_bytes())
    with pytest.raises(InputError, match=r"damaged: flags.parquet: SHA-256"):
        read_outcome(tmp_path)
    (target / "flags.parquet").write_bytes(whole)
    record = json.loads((target / "outcome.json").read_text(encoding="utf-8"))
    record["values"]["year"] += 1
    (target / "outcome.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=r"damaged: outcome.json: SHA-256"):
        read_outcome(tmp_path)
    (target / "outcome.json").write_text(json.dumps(record | {"format": 99}), encoding="utf-8")
    with pytest.raises(InputError, match="a newer version of geoplan"):
        read_outcome(tmp_path)


#: What the first version did not record.
LATER = {
    "demand": ["source", "cell"],
    "rules": [
        "pack_title_zh", "pack_title_en", "kind_zh", "kind_en", "format", "member_format", "counts_members", "member_gap",
        "measures_zones", "member_target_zh", "member_target_en", "remedy_zh", "remedy_en", "member_remedy_zh", "member_remedy_en",
        "affected_zh", "affected_en", "gap_zh", "gap_en", "group", "attribute_zh", "attribute_en",
    ],
    "findings": ["target_zh", "target_en", "members_met", "members_judged", "members_no_data", "caveats"],
    "flags": ["caveats"],
    "gap_list": ["format", "target", "caveats"],
}  # fmt: skip


def aged(outcome, folder):
    """Write `outcome` as the first version did: no checksums, services as plain dicts with `frail_ms`."""
    tables = {name: getattr(outcome, name).drop(columns=later) for name, later in LATER.items()}
    target = write_outcome(dataclasses.replace(outcome, **tables), folder)
    record = json.loads((target / "outcome.json").read_text(encoding="utf-8"))
    del record["sha256"]
    for told in record["tables"].values():
        del told["sha256"]
    services = {
        name: {key: value for key, value in dataclasses.asdict(one).items() if key not in ("name", "stated_straight_m", "frail_kmh", "need")}
        | {"straight_m": one.straight_m, "frail_ms": one.frail_kmh / 3.6}
        for name, one in outcome.services.items()
    }  # fmt: skip
    record["values"]["services"] = store._tagged(services)
    (target / "outcome.json").write_text(json.dumps(record | {"format": 1}), encoding="utf-8")
    return target


#: What format 2 did not record.
SINCE_2 = {
    "circle": ["off_network", "share_low", "share_high", "communities_unknown", "land_off_network_m2"],
    "flags": ["state", "off_network", "in_circle_low", "in_circle_high", "below_low", "below_high"],
    "findings": ["off_network", "in_circle_low", "in_circle_high", "below_low", "below_high"],
    "members": ["value_high"],
    "served": ["off_network"],
}  # fmt: skip


def test_an_outcome_of_format_2_is_carried_over(demo, tmp_path):
    tables = {name: getattr(demo, name).drop(columns=later) for name, later in SINCE_2.items()}
    target = write_outcome(dataclasses.replace(demo, **tables), tmp_path)
    record = json.loads((target / "outcome.json").read_text(encoding="utf-8"))
    del record["sha256"]
    record["format"] = 2
    record["sha256"] = store._sha256(store._text(record))
    (target / "outcome.json").write_bytes(store._text(record))
    again = read_outcome(tmp_path)
    flags = again.flags
    assert (flags["state"] == "flagged").tolist() == flags["flagged"].fillna(value=False).tolist()
    assert (flags["state"] == "unknown").tolist() == flags["flagged"].isna().tolist()
    # nobody recorded who was off the network: unknown, not nobody
    assert again.circle["off_network"].isna().all()
    assert again.members["value_high"].tolist() == pytest.approx(demo.members["value"].tolist(), nan_ok=True)
    assert again.services == demo.services
    assert report_page(again)


def test_an_outcome_of_the_first_version_is_carried_over(demo, tmp_path):
    again = read_outcome(aged(demo, tmp_path))
    again.check()
    for name, now in demo.services.items():
        old = again.services[name]
        assert old.straight_m == pytest.approx(now.straight_m)
        assert old.frail_kmh == pytest.approx(now.frail_kmh)
        kept = {"need": None, "stated_straight_m": None, "frail_kmh": 0}
        assert dataclasses.replace(old, **kept) == dataclasses.replace(now, **kept)
    # what shipped packs say is as it is now; nobody recorded how many members were judged
    shipped = demo.rules.index[demo.rules["pack"] == "huzhong"]
    pd.testing.assert_frame_equal(
        again.rules.loc[shipped, sorted(demo.rules)],
        demo.rules.loc[shipped, sorted(demo.rules)],
        check_dtype=False,
    )
    assert (
        again.rules.loc["local_rules.town_occupancy", "kind_zh"]
        == demo.rules.loc["local_rules.town_occupancy", "kind_zh"]
    )
    assert again.findings["members_judged"].isna().all()
    own = demo.gap_list["rule_id"].isin(shipped)
    assert again.gap_list.loc[own, "format"].tolist() == demo.gap_list.loc[own, "format"].tolist()
    same_table(again.findings[["actual_low", "verdict"]], demo.findings[["actual_low", "verdict"]])
    assert report_page(again)


def test_rules_of_a_kind_that_nobody_has_cannot_be_carried_over(demo, tmp_path):
    rules = demo.rules.assign(kind=demo.rules["kind"].where(demo.rules["pack"] == "huzhong", "other"))
    with pytest.raises(InputError, match="no shipped pack has the kind of these rules: local_rules"):
        read_outcome(aged(dataclasses.replace(demo, rules=rules), tmp_path))


def test_an_outcome_that_is_not_as_described_is_refused(demo):
    demo.check()
    flags = demo.flags.assign(flagged=demo.flags["flagged"].astype(str), zone_id="nowhere")
    with pytest.raises(TableError) as caught:
        dataclasses.replace(demo, flags=flags, circle=demo.circle.drop(columns="people")).check()
    assert {(n.values["table"], n.code) for n in caught.value.notes} >= {
        ("flags", "table_column_kind"), ("flags", "table_unknown_id"), ("circle", "table_column_missing"),
    }  # fmt: skip


def test_it_lists_every_file_with_its_checksum(outcome, tmp_path):
    (tmp_path / "b.csv").write_bytes(b"b")
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "run.log").write_bytes(b"differs")
    path = manifest.write_manifest(outcome, tmp_path, version="1.2.3", environment={"started": "now"})
    record = json.loads(path.read_text(encoding="utf-8"))
    assert [f["file"] for f in record["files"]] == ["a.csv", "b.csv"]
    assert record["files"][1]["sha256"] == hashlib.sha256(b"b").hexdigest()
    assert record["environment"] == {"started": "now"}
    assert (record["geoplan"], record["study"]["year"], record["study"]["synthetic"]) == ("1.2.3", 2025, True)
    assert [s["sha256"] for s in record["sources"]] == [c * 64 for c in "abcde"]
    assert record["counts"]["zones"] == {"area": 1, "district": 2, "town": 4, "community": 12}
    assert record["counts"]["verdicts"] == {"met": 1, "no_data": 1, "not_met": 2, "not_quantified": 1}


@pytest.mark.parametrize("change", [
    {"year": 2026},
    {"synthetic": False},
    {"parameters": pd.DataFrame({"entry": ["frail_kmh"], "value": ["2.9"], "unit": ["km/h"], "given": [True]})},
])  # fmt: skip
def test_the_fingerprint_moves_with_any_input(outcome, change):
    before = manifest.manifest(outcome, version="1")["fingerprint"]
    assert manifest.manifest(dataclasses.replace(outcome, **change), version="1")["fingerprint"] != before
    assert manifest.manifest(outcome, version="1")["fingerprint"] == before


def test_the_environment_names_system_versions_and_seconds():
    block = manifest.environment_block(started="2025-01-01", seconds={"zones": 1.23456})
    assert block["seconds"] == {"zones": 1.235}
    assert {"numpy", "geopandas", "shapely"} <= set(block["packages"])
    assert block["started"] == "2025-01-01"


SCALARS = st.sampled_from([None, True, 0, -1, 0.5, math.nan, math.inf, -math.inf, "", "文", pd.NA])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@given(VALUES)
def test_canonical_is_json_and_stable(value):
    text = manifest.canonical(value)
    assert manifest.canonical(json.loads(text)) == text


def test_images_of_an_archive_come_back(outcome, tmp_path):
    given = Tiles("a.pmtiles", "甲", 9, 8, {"9/1/2": "data:image/png;base64,AAAA"})
    write_outcome(dataclasses.replace(outcome, tiles=given), tmp_path)
    assert read_outcome(tmp_path).tiles == given


def test_tiles_and_the_approval_number_come_back(outcome, tmp_path):
    given = dataclasses.replace(outcome, review_no="GS(2025)1号", tiles=Tiles("https://maps.example/{z}/{x}/{y}.png", "甲", 16))  # fmt: skip
    write_outcome(given, tmp_path)
    back = read_outcome(tmp_path)
    assert (back.review_no, back.tiles) == (given.review_no, given.tiles)
