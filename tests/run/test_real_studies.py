"""The three real studies, on data that lie beside the project; skipped where they do not."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from outcomes import finding

import geoplan as gp
from geoplan.coverage.circle import in_circle
from geoplan.pipeline import evaluate

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
WUHAN = DATA / "wuhan"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data at {DATA}")


@pytest.fixture(scope="module")
def wuhan():
    return gp.run(gp.read_study(ROOT / "studies" / "wuhan.yaml"))


@pytest.fixture(scope="module")
def communities():
    """The communities as their file has them: residents by zone id."""
    layer = gpd.read_file(WUHAN / "communities.gpkg")
    return layer.set_index("community/" + layer["community"].astype(str))["residents"].astype(float)


@pytest.fixture(scope="module")
def told_wrong(tmp_path_factory):
    """Wuhan's inputs with three traps at once: a register and a district layer in GCJ-02 said to be WGS 84, and points that
    lie in the middle of communities."""
    folder = tmp_path_factory.mktemp("told_wrong")
    layer = gpd.read_file(WUHAN / "communities.gpkg")
    middle = layer.geometry.representative_point()
    points = pd.DataFrame({"名称": layer["community"], "经度": middle.x, "纬度": middle.y})
    points.to_csv(folder / "middles.csv", index=False, encoding="utf-8")
    text = (ROOT / "studies" / "wuhan.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("../../shared/data", DATA.as_posix()),
        ("districts_cgcs2000.geojson, datum: cgcs2000, id: code", "districts_gcj02.geojson, id: id"),
        ("    datum: gcj02\n", "    datum: wgs84\n"),
        (
            "facilities:\n  -",
            "own_types: [middle]\nfacilities:\n  - {file: middles.csv, datum: wgs84, type: middle}\n  -",
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return gp.gather(gp.read_study(folder / "study.yaml"))


class TestWuhanToldWrong:
    """Each trap is found with the others set: 587 m is how far GCJ-02 moves Wuhan (560-760 m E, 150-280 m N)."""

    def fit(self, inputs, file):
        note = next(note for note in inputs.notes if note.file == file and note.code.startswith("datum_"))
        return next(fit for fit in inputs.datums.fits if fit.file == file), note

    @pytest.mark.parametrize(
        ("file", "metres", "within"),
        [("eldercare_register.xlsx", 588, 5), ("districts_gcj02.geojson", 587, 15)],
    )
    def test_a_register_and_a_layer_look_like_gcj02(self, told_wrong, file, metres, within):
        fit, note = self.fit(told_wrong, file)
        assert (fit.verdict, fit.declared, fit.likely) == ("looks_like", "wgs84", "gcj02")
        assert fit.metres == pytest.approx(metres, abs=within)
        assert note.severity == "warning"
        assert f"looks like gcj02, by {fit.metres:.0f} m" in note.text("en")
        assert f"{fit.metres:.0f}" in note.text("zh")

    def test_middles_of_communities_cannot_tell(self, told_wrong):
        fit, note = self.fit(told_wrong, "middles.csv")
        assert (fit.verdict, fit.likely, fit.metres) == ("cannot_tell", "", 0)
        assert note.severity == "info"

    def test_what_is_right_is_left_in_peace(self, told_wrong, wuhan):
        assert self.fit(told_wrong, "childcare_register_gbk.csv")[0].verdict == "fits"
        assert self.fit(told_wrong, "communities.gpkg")[0].verdict == "fits"
        codes = set(wuhan.warnings["code"])
        assert "datum_fits" in codes
        assert "datum_looks_like" not in codes


@pytest.mark.slow
@pytest.mark.parametrize("crs", ["EPSG:4546", "EPSG:4548"])
def test_neighbouring_zones_move_nothing(wuhan, crs):
    inputs = gp.gather(gp.read_study(ROOT / "studies" / "wuhan.yaml").changed(crs=crs))
    graph, services = evaluate.build_graph(inputs.nodes, inputs.edges), inputs.study.measured_services()
    snaps = evaluate.snap_all(graph, inputs)
    walks = evaluate.walk_all(graph, snaps, inputs, services)
    whole = wuhan.circle[(wuhan.circle["zone_id"] == "area/area") & (wuhan.circle["kind"] == "")]
    share = whole.set_index(["service", "measure"])["share"]
    people = inputs.people.demand[~inputs.people.demand["halo"]]
    joined = people.drop(snaps.off_network, errors="ignore")
    for measure, found, of in (("network", walks.nearest, joined), ("straight", walks.straight, people)):
        for service, terms in services.items():
            near = found[
                (found["service"] == service) & in_circle(found["seconds"], walk_minutes=terms.walk_minutes)
            ]
            inside = people.index.isin(near["demand_id"])
            there = people.loc[inside, terms.group].sum() / of[terms.group].sum()
            assert there == pytest.approx(share[service, measure], abs=0.0002)  # 0.02 points


class TestWuhan:
    def test_residents_in_all_and_community_by_community(self, wuhan, communities):
        assert communities.sum() == 5_112_330
        assert wuhan.outcome.groups.loc["residents", "total"] == pytest.approx(5_112_330, abs=0.5)
        people = wuhan.demand[~wuhan.demand["halo"]].groupby("zone_id")["residents"].sum()
        assert set(people.index) == set(communities.index)
        assert (people - communities).abs().max() < 0.5

    def test_the_register_is_reconciled(self, wuhan):
        line = wuhan.outcome.reconciliation.set_index("file").loc["eldercare_register.xlsx"]
        assert line[["rows", "closed", "duplicate", "not_placed", "in_run"]].tolist() == [471, 0, 1, 2, 468]
        assert line["placed_share"] == pytest.approx(468 / 470)
        line = wuhan.outcome.reconciliation.set_index("file").loc["childcare_register_gbk.csv"]
        assert line["rows"] == line["in_run"] == 260
        assert line["places_in_run"] == 12_536
        assert len(wuhan.outcome.unplaced) == 2

    def test_a_flag_row_for_each_community_and_flagging_rule(self, wuhan, communities):
        rules = {
            "wuhan.beds_per_1000_elders", "wuhan.places_per_1000_residents",
            "wuhan.circle_eldercare", "study.circle_eldercare", "study.circle_childcare",
        }  # fmt: skip
        keys = pd.MultiIndex.from_frame(wuhan.flags[["rule_id", "zone_id"]])
        assert keys.is_unique
        # beds of care homes are judged by what stands in a district; for a community they are for reference
        districts = wuhan.zones.loc[wuhan.zones["level"] == "district"].index
        assert set(keys) == {(rule, zone) for rule in rules for zone in communities.index} | {
            ("wuhan.beds_per_1000_elders", zone) for zone in districts
        }
        short = wuhan.flags["flagged"].fillna(value=False).astype(bool)
        assert (wuhan.flags.loc[short, "shortfall"] > 0).all()
        assert (wuhan.flags.loc[~short, "shortfall"].fillna(0) == 0).all()
        assert wuhan.flags.loc[short, "cause"].ne("").all()

    def test_covered_outside_and_off_the_network_are_all_people_and_areas_are_sums(self, wuhan):
        circle = wuhan.circle
        parts = circle["covered"] + circle["outside"] + circle["off_network"]
        assert np.allclose(parts, circle["people"], rtol=0, atol=1e-6)
        whole = circle[circle["kind"] == ""].copy()
        whole["level"] = whole["zone_id"].str.partition("/")[0]
        assert len(whole[whole["level"] == "community"]) == 974 * 2 * 3
        sums = whole.groupby(["level", "service", "measure"])[
            ["people", "covered", "outside", "off_network"]
        ].sum()
        for level in ("district", "community"):
            pd.testing.assert_frame_equal(sums.loc[level], sums.loc["area"], rtol=0, atol=0.01)
        shares = whole[whole["level"] == "area"].set_index(["service", "measure"])["share"]
        for service in ("eldercare", "childcare"):  # a slower pace covers fewer, the straight line more
            assert shares[(service, "frail")] < shares[(service, "network")] < shares[(service, "straight")]

    def test_no_verdict_where_communities_cover_too_little(self, wuhan):
        """Two districts have 95 % of their people in communities (of Wuchang's land it is under 95 %); the others have no verdict."""
        districts = wuhan.zones[wuhan.zones["level"] == "district"]
        enough = districts[districts["covered_share"] >= 0.95].set_index("name")["covered_share"]
        assert enough.to_dict() == pytest.approx({"江汉区": 0.971, "武昌区": 0.960}, abs=0.0005)
        coarse = wuhan.findings[wuhan.findings["zone_id"].str.match("area/|district/")]
        assert set(coarse["zone_id"]) >= {"area/area", *districts.index}
        judged = coarse[~coarse["verdict"].isin(["not_quantified", "not_applicable"])]
        little = judged["zone_id"].map(wuhan.zones["covered_share"]) < 0.95
        assert set(judged[little]["verdict"]) == {"no_data"}
        assert len(judged[~little])
        assert not judged[~little]["missing_en"].str.contains("less than 95%").any()
        beds = finding(wuhan, "wuhan.beds_per_1000_elders", "area/area")
        assert "less than 95%: no verdict" in beds["missing_en"]
        assert pd.isna(beds["shortfall"])

    def test_everything_is_saved(self, wuhan, tmp_path):
        run = wuhan.save(tmp_path)
        sizes = {path.name: path.stat().st_size for path in run.iterdir()}
        assert sizes["map.html"] < 15e6
        assert min(sizes.values()) > 0
        assert len(gpd.read_file(run / "coverage.gpkg", layer="zones_community", ignore_geometry=True)) == 974


def test_porto_alegre_on_hexagons_with_slopes():
    result = gp.run(gp.read_study(ROOT / "studies" / "porto_alegre.yaml"))
    cells = pd.read_csv(DATA / "porto_alegre" / "poa_hexgrid.csv")
    assert (result.zones["level"] == "community").sum() == len(cells) == 1227
    total = result.outcome.groups.loc["residents", "total"]
    assert total == pytest.approx(cells["population"].sum(), abs=0.5)
    circle = result.circle[(result.circle["zone_id"] == "area/area") & (result.circle["kind"] == "")]
    shares = circle.set_index(["service", "measure"])["share"]
    for service in ("schools", "healthcare"):
        assert 0.5 < shares[(service, "network")] < shares[(service, "straight")] < 1
        placed = int((cells[service] > 0).sum())
        offering = result.facilities["services"].map(lambda kinds, s=service: s.removesuffix("s") in kinds)
        assert offering.sum() == placed
    # uphill takes longer than downhill: the same chain costs more metres one way than the other
    graph = result.graph
    last = graph.step_start[1:] + np.arange(graph.n_chains)
    assert np.abs(graph.prefix_fwd_m[last] - graph.prefix_bwd_m[last]).max() > 10


def test_las_palmas_from_one_extract_by_street_metres():
    result = gp.run(gp.read_study(ROOT / "studies" / "las_palmas.yaml"))
    kinds = result.facilities["services"].explode().value_counts()
    assert kinds["kindergarten"] == 23
    circle = result.circle[(result.circle["zone_id"] == "area/area") & (result.circle["kind"] == "")]
    metres = circle.set_index(["service", "measure"])
    assert set(metres["group"]) == {"street_m"}
    inside = result.demand[~result.demand["halo"]]
    assert metres["people"].tolist() == pytest.approx([inside["street_m"].sum()] * 6)
    assert 1.0e6 < inside["street_m"].sum() < 3.0e6
    shares = [metres.loc[("kindergartens", measure), "share"] for measure in ("network", "straight")]
    assert 0.1 < shares[0] < shares[1] < 1
    assert (result.demand["street_m"] >= 0).all()


def test_wuhan_judged_by_three_packs():
    study = gp.read_study(ROOT / "studies" / "wuhan.yaml")
    result = gp.run(study.with_packs(["wuhan", "yinzhou", "national"]))
    packs = result.findings["rule_id"].str.partition(".")[0]
    assert set(packs) == {"wuhan", "yinzhou", "national"}
    assert set(result.flags["rule_id"].str.partition(".")[0]) >= {"wuhan", "yinzhou", "national"}
    # whatever the pack, there is no verdict of a district or of the city where communities hold too few of the people
    whole = result.findings[result.findings["zone_id"].str.startswith(("area/", "district/"))]
    little = whole["zone_id"].map(result.zones["covered_share"]) < 0.95
    assert not set(whole[little]["verdict"]) & {"met", "not_met"}
