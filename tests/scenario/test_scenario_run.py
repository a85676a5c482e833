"""Scenarios on the demo, end to end: nothing changed gives the same bytes; a gate and a new facility bring people in."""

import dataclasses
import importlib

import numpy as np
import pandas as pd
import pytest

from geoplan.cli.demo import write_new
from geoplan.report.content.comparison import compare
from geoplan.report.content.packed import LONLAT
from geoplan.report.folder.store import write_outcome
from geoplan.report.workbook.csv_files import write_csv
from geoplan.study.scenario import read_scenario
from geoplan.study.study import read_study

pipeline = importlib.import_module("geoplan.pipeline.evaluate")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_new(tmp_path_factory.mktemp("scenario_run") / "town")


@pytest.fixture(scope="module")
def base(town):
    return pipeline.run(read_study(town)).outcome


def written(town, entries):
    path = town.parent / "plan.yaml"
    indented = "".join(f"  {line}\n" for line in entries.split("\n") if line)
    path.write_text(f"scenario:\n  base: study.yaml\n  name: 方案一\n{indented}", encoding="utf-8")
    return path


@pytest.fixture
def outcome_of(town):
    """Return a call: the entries of a scenario in, its outcome out."""
    return lambda entries: pipeline.run(read_scenario(written(town, entries))).outcome


def test_without_changes_every_table_is_the_base_byte_for_byte(base, outcome_of, tmp_path):
    same = outcome_of("")
    assert same.name == f"{base.name} · 方案一"
    same = dataclasses.replace(same, name=base.name)
    files = []
    for name, own in (("base", base), ("same", same)):
        (tmp_path / name).mkdir()
        files.append([path.read_bytes() for path in write_csv(own, tmp_path / name)])
    assert files[0] == files[1]
    one, other = (write_outcome(own, tmp_path / str(k)) for k, own in enumerate((base, same)))
    for file in sorted(path.name for path in one.iterdir()):
        assert (one / file).read_bytes() == (other / file).read_bytes(), file


def test_an_opened_gate_and_a_new_facility_bring_people_in(base, outcome_of):
    # the new day care stands on the northern edge of 石坡村, of whose elders nobody reached any
    village = base.zones.loc["community/HZ0204"]
    demand = base.demand[base.demand["zone_id"] == "community/HZ0204"]
    middle = demand.loc[[demand["elders_60"].idxmax()]].geometry.to_crs(LONLAT).iloc[0]
    after = outcome_of(
        "gates: {林场家属院西门: true}\n"
        f"add: [{{name: 石坡日间照料站, services: [elder_day_care], lonlat: [{middle.x:.7f}, {middle.y:.7f}], supplies: {{beds: 12}}}}]"
    )
    found = compare(base, after)
    people = found.people[(found.people["service"] == "eldercare") & (found.people["measure"] == "network")]
    own = people.set_index("zone_id")
    assert village["name"] == "石坡村"
    # the gate alone gives 东山 over 50 (its weights are tested with the run); the day care gives the village its own
    assert own.loc["community/HZ0104", "covered_change"] > 50
    assert own.loc["community/HZ0204", "covered_before"] < 1
    assert own.loc["community/HZ0204", "share_after"] > 0.3
    # nobody is taken further away, and the sums over communities are the area's
    communities = own[own["level"] == "community"]
    assert (communities["covered_change"] >= 0).all()
    assert communities["covered_change"].sum() == pytest.approx(own.loc["area/area", "covered_change"])
    assert found.facilities["change"].tolist() == ["opened"]
    assert found.facilities["facility_id"].tolist() == ["石坡日间照料站@plan.yaml"]
    # an independent count: whoever walks to the new one within fifteen minutes, or was in before
    near = after.nearest[after.nearest["service"] == "eldercare"].set_index("demand_id")
    inside = (near["seconds"] <= 900 + 1e-6).reindex(after.demand.index, fill_value=False)
    here = (after.demand["zone_id"] == "community/HZ0204") & inside
    assert own.loc["community/HZ0204", "covered_after"] == pytest.approx(
        after.demand.loc[here, "elders_60"].sum()
    )
    # children have no part in it but by the gate
    assert found.notes == ()


def test_beds_added_turn_a_clause_to_met_and_closing_turns_it_back(base, outcome_of):
    after = outcome_of("enlarge: [{facility: 呼中区社会福利院, add: {beds: 10, nursing_beds: 10}}]")
    verdicts = compare(base, after).verdicts.set_index(["rule_id", "zone_id"])
    share = verdicts.loc[("huzhong.nursing_bed_share", "district/HZ")]
    # 8 of 22 become 18 of 32: 56 % of the 55 %
    assert (share["actual_low_before"], share["actual_low_after"]) == (
        pytest.approx(8 / 22),
        pytest.approx(18 / 32),
    )
    assert (share["change"], share["shortfall_before"], share["shortfall_after"]) == ("won", 5, 0)
    # beds that nobody says are for nursing leave the clause open: 8 to 18 of 32
    unsaid = outcome_of("enlarge: [{facility: 呼中区社会福利院, add: {beds: 10}}]")
    row = unsaid.findings.set_index(["rule_id", "zone_id"]).loc[("huzhong.nursing_bed_share", "district/HZ")]
    assert (row["actual_low"], row["actual_high"]) == (pytest.approx(8 / 32), pytest.approx(18 / 32))
    assert row["verdict"] == "no_data"


def test_a_slower_pace_brings_nobody_in(base, outcome_of):
    found = compare(base, outcome_of("walk_kmh: {eldercare: 3.2}"))
    people = found.people.set_index(["service", "measure"])
    slower = people.loc[("eldercare", "network"), "covered_change"]
    assert (slower <= 0).all()
    assert slower.iloc[0] < -1
    others = pd.concat([people.loc[("childcare", "network")], people.loc[("eldercare", "frail")]])
    assert np.allclose(others["covered_change"], 0)
    assert [note.code for note in found.notes] == ["compare_pace"]
