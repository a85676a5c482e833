"""Neighbours share supply: a half of the small town studied with the other half as context, by a raster, by assumption, or by nothing.

W and E are communities of one square kilometre side by side, each with 1,000 people, 200 of them elders; one centre with 30 beds stands in
the middle of W, and reaches into E. The whole town is the truth to which W alone is compared.
"""

import numpy as np
import pandas as pd
import pytest
from packs import PACK
from small_town import HOME, SmallTown, lonlat, street_layer, zone_layer

import geoplan as gp
from geoplan.inputs.boundaries import leads_out
from geoplan.network.graph import build_graph
from geoplan.pipeline.site_candidates import offered_candidates
from geoplan.report.content.outside import competition, neighbour_remarks
from geoplan.report.content.zones import provision
from geoplan.words.errors import StudyError

RULE = """
  - id: beds
    indicator: 每千名老人床位
    title_en: Beds per 1,000 elders
    kind: provision
    level: city
    counts: "beds: community"
    of: {{facilities: [elder_day_care]}}
    supply: beds
    per: elders_60/1000
    target: ">={required}@2025"
    unit: beds
    attribute: 约束性
    clause: 一
    quote: 无
"""
W, E = "community/W", "community/E"
HEADER = ["机构名称", "所属社区", "经度", "纬度", "床位数"]


class Halves(SmallTown):
    """The small town from its census alone, with either half as a layer of its own."""

    def __init__(self, folder, required=100):
        super().__init__(folder)
        layer = zone_layer()
        for code in ("W", "E"):
            layer[layer["code"] == code].to_file(self.path(f"{code}.geojson"), driver="GeoJSON")
        self.study["population"]["residents"] = {"rake_to": "community", "year": 2025}
        pack = PACK.format(level="city") + RULE.format(required=required)
        self.path("pack.yaml").write_text(pack, encoding="utf-8")
        self.study["packs"] = ["pack.yaml"]
        self.study["services"]["eldercare"]["need"] = {"supply": "beds", "per_1000": 200}
        self.judge("W", "E")

    def judge(self, *codes, context=()):
        """Set the layers of the study."""
        entry = {"level": "community", "id": "code", "name": "name", "totals": {"residents": "pop"}}
        self.study["zones"] = [
            *({**entry, "file": f"{code}.geojson"} for code in codes),
            *({**entry, "file": f"{code}.geojson", "role": "context"} for code in context),
        ]
        return self

    def run(self):
        return gp.run(gp.read_study(self.write()))


@pytest.fixture
def town(tmp_path):
    return Halves(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the whole town, judged."""
    return Halves(tmp_path_factory.mktemp("whole")).run()


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """Return W with E as context."""
    return Halves(tmp_path_factory.mktemp("beside")).judge("W", context=["E"]).run()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return W with nothing known of its neighbours."""
    return Halves(tmp_path_factory.mktemp("alone")).judge("W").run()


def flag(result, zone=W):
    table = result.flags[result.flags["rule_id"].str.endswith(".beds")]
    return table.set_index("zone_id").loc[zone]


def bounds(row):
    return row["reachable_low"], row["reachable_high"]


def reaching(result, zones):
    """Return the elders of zones who reach the centre, counted one demand point at a time from the walks."""
    reach = result.reach("eldercare").to_frame()
    near = result.demand.loc[reach["demand_id"][reach["seconds"] <= 900 + 1e-6]]
    return near.loc[near["zone_id"].isin(zones), "elders_60"].sum()


def test_the_whole_town_by_hand(whole):
    west, both = reaching(whole, [W]), reaching(whole, [W, E])
    assert 0 < both - west < west < 200
    # every elder who walks to the centre has 30 / both beds; the others of the 200 have none
    assert bounds(flag(whole)) == pytest.approx((1000 * west * 30 / both / 200,) * 2)
    assert not whole.demand["halo"].any()


def test_a_context_zone_shares_as_in_the_whole_town_and_is_never_judged(whole, beside):
    half = beside
    assert bounds(flag(half)) == pytest.approx(bounds(flag(whole)), rel=1e-9)
    assert flag(half)["taken_outside"] == 0
    assert not flag(half)["flagged"]
    served = [run.outcome.served.set_index("zone_id").loc[W, "served_low"] for run in (whole, half)]
    assert served[0] == pytest.approx(served[1], rel=1e-9)
    assert E not in half.zones.index
    for table in (half.flags, half.findings, half.circle, half.outcome.served, half.outcome.gap_list):
        assert not table.astype(str).isin([E, "东社区"]).to_numpy().any()
    assert half.outcome.groups.loc["residents", "total"] == pytest.approx(1000)
    people = half.demand[half.demand["outside"] == "context"]
    assert people["residents"].sum() == pytest.approx(1000)
    assert people["halo"].all()
    assert people["zone_id"].isna().all()
    assert half.findings.loc[half.findings["rule_id"].str.endswith(".beds"), "actual_low"].item() == (
        pytest.approx(150)
    )


def test_a_layer_of_the_whole_town_serves_as_context(town, beside):
    whole_layer = town.judge("W", context=["W", "E"]).run()
    assert bounds(flag(beside)) == bounds(flag(whole_layer))
    note = whole_layer.warnings[whole_layer.warnings["code"] == "zones_context_used"]
    assert len(note) == 1
    assert W in whole_layer.zones.index


def test_a_raster_beyond_the_boundary_shares_as_before(town):
    town.study["population"]["residents"] = {"raster": "pop.tif", "rake_to": "community", "year": 2025}
    whole, half = town.run(), town.judge("W").run()
    assert bounds(flag(half)) == pytest.approx(bounds(flag(whole)), rel=1e-9)
    assert set(half.demand["outside"]) == {"", "halo"}
    assert "caveat_assumed_outside" not in flag(half)["caveats"]


class TestNeither:
    def test_the_density_of_the_adjoining_zone_is_assumed_and_widens_the_interval(self, whole, alone):
        half = alone
        low, high = bounds(flag(half))
        truth = flag(whole)["reachable_low"]
        # nobody outside at the most; at the least as many to a metre of street as in W: 19 km there, 18 km outside
        assert high == pytest.approx(1000 * 30 / 200)
        assert low == pytest.approx(truth, rel=0.02)
        assert flag(half)["taken_outside"] == pytest.approx(1 - low / high)
        assert "caveat_assumed_outside" in flag(half)["caveats"]
        told = half.demand[half.demand["outside"] == "assumed"]
        assert told["residents"].sum() == pytest.approx(1000 * 18 / 19)
        assert half.outcome.groups.loc["residents", "total"] == pytest.approx(1000)
        served = half.outcome.served.set_index("zone_id").loc[W]
        assert served["served_low"] < served["served_high"] == pytest.approx(30)  # of 40 needed

    @pytest.mark.parametrize(
        ("required", "expected"),
        [(160, True), (140, pd.NA), (5, pd.NA)],  # 117 to 150; more than are assumed may compete
    )
    def test_no_verdict_stands_on_the_assumption(self, tmp_path, required, expected):
        found = flag(Halves(tmp_path, required).judge("W").run())["flagged"]
        assert found is pd.NA if expected is pd.NA else bool(found) == expected

    def test_without_streets_outside_nobody_can_be_assumed_and_the_direction_is_said(self, town):
        layer = street_layer()
        half = town.judge("W")
        half.write_streets(layer.clip(zone_layer(layer.crs).geometry[0]).explode())
        result = half.run()
        assert not result.demand["halo"].any()
        assert result.zones.loc[W, "edge"]
        assert "caveat_edge" in flag(result)["caveats"]
        circle = result.flags[result.flags["rule_id"].str.startswith("study.circle")]
        assert not circle["caveats"].map(lambda codes: "caveat_edge" in codes).any()  # competes for no place

    def test_a_context_zone_without_a_total_is_assumed_too(self, town):
        blank = zone_layer()
        blank["pop"] = blank["pop"].astype(float).where(blank["code"] == "W", np.nan)
        blank[blank["code"] == "E"].to_file(town.path("E.geojson"), driver="GeoJSON")
        result = town.judge("W", context=["E"]).run()
        assert set(result.demand["outside"]) == {"", "assumed"}
        assert flag(result)["taken_outside"] > 0


class TestRegisters:
    def two_homes(self, town, *more):
        there = lonlat(HOME[0] + 1000, HOME[1])
        town.write_homes(
            HEADER, ["一号日间照料中心", "西社区", *lonlat(*HOME), 30], ["二号", "东社区", *there, 50], *more
        )

    def test_facilities_of_context_zones_can_be_reached_and_count_nowhere(self, town):
        self.two_homes(town, ["三号", "东社区", "", "", 40])
        both, half = town.run(), town.judge("W", context=["E"]).run()
        assert bounds(flag(half)) == pytest.approx(bounds(flag(both)), rel=1e-9)
        beds = half.findings[half.findings["rule_id"].str.endswith(".beds")].iloc[0]
        assert beds["actual_low"] == beds["actual_high"] == pytest.approx(30 / 200 * 1000)
        ids = half.facilities.set_index("name")["zone_id"]
        assert ids.to_dict() == {"一号日间照料中心": W, "二号": None}
        assert half.outcome.unplaced.empty
        line = half.outcome.reconciliation.iloc[0]
        assert line[["rows", "outside", "in_run", "not_placed"]].tolist() == [3, 1, 2, 0]
        assert "caveat_register_ends" not in flag(half)["caveats"]

    def test_a_register_that_ends_at_the_boundary_makes_the_figure_too_low(self, town, beside):
        self.two_homes(town)
        assert flag(beside)["reachable_high"] < flag(town.run())["reachable_low"]
        assert "caveat_register_ends" in flag(beside)["caveats"]


def test_a_facility_of_a_context_zone_is_not_to_be_enlarged(town):
    town.judge("W", context=["E"])
    there = lonlat(HOME[0] + 1000, HOME[1])
    rows = (["一号", "西社区", *lonlat(*HOME), 30], ["二号", "东社区", *there, 50])
    town.write_homes(HEADER, *rows)
    town.study["siting"] = {
        "candidates": [{"generate": "existing"}],
        "questions": {"beds": {"ask": "cover", "services": ["eldercare"], "sites": 1}},
    }
    study = gp.read_study(town.write())
    inputs = gp.gather(study)
    offered = offered_candidates(study, inputs, build_graph(inputs.nodes, inputs.edges))
    assert [name.partition("@")[0] for name in offered.candidates["extends"]] == ["一号"]
    assert len(inputs.register.facilities) == 2


class TestEntries:
    def test_estates_are_no_context(self, town):
        town.judge("W")
        town.study["zones"].append({"level": "estate", "file": "E.geojson", "id": "code", "role": "context"})
        with pytest.raises(StudyError) as error:
            gp.read_study(town.write())
        assert "context" in error.value.text("en")

    def test_something_must_be_judged(self, town):
        with pytest.raises(StudyError, match="none to be judged"):
            gp.read_study(town.judge(context=["W", "E"]).write())


def test_streets_lead_out_where_they_lie_beyond_the_zones_and_not_in_gaps(alone):
    zones = alone.zones
    streets = street_layer()
    assert leads_out(zones, streets, within_m=1000)[W]
    inside = streets.clip(zones.geometry[W].buffer(20))  # 20 m beyond are a gap of digitising
    assert not leads_out(zones, inside.clip(zones.geometry[W]), within_m=1000)[W]


class TestWords:
    """What outputs say of who competes is what the outcome has."""

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            ("whole", "未计圈外竞争人口"),
            ("beside", "与周边参照单元的人口分摊"),
            ("alone", "按相邻单元密度假定"),
        ],
    )
    def test_the_method_and_the_table_say_with_whom_supply_is_shared(self, request, kind, said):
        outcome = request.getfixturevalue(kind).outcome
        assert said in provision(outcome).notes[0]
        assert said in competition(outcome)

    def test_the_report_says_how_many_zones_hang_on_it_by_how_much_and_which_way(self, whole, alone):
        (said,) = (text for text in neighbour_remarks(alone.outcome) if "假定" in text)
        assert f"最多偏高 {100 * flag(alone)['taken_outside']:.1f}%" in said
        assert not any("假定" in text for text in neighbour_remarks(whole.outcome))
