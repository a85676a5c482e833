"""Wuhan's districts one by one, each from its own census, against the whole city: with its neighbours as context, and with nothing known of them.

People come from the communities' totals alone, along their streets, so that no raster knows who lives beyond a district. The register is
the whole city's.
"""

import geopandas as gpd
import pandas as pd
import pytest
import yaml

import geoplan as gp
from geoplan.network.graph import build_graph
from geoplan.pipeline.evaluate import evaluate
from geoplan.pipeline.provenance import read_packs
from geoplan.standards.packs.read import rules_of
from geoplan.words.progress import Stages

RULE = "wuhan.beds_per_1000_elders"


class Districts:
    """Studies of Wuhan's communities, judged or as context, in a folder of their own."""

    def __init__(self, data, study, folder):
        self.folder, self.entries = folder, yaml.safe_load(study.read_text(encoding="utf-8"))
        self.wuhan = data / "wuhan"
        layer = gpd.read_file(self.wuhan / "communities.gpkg")
        self.districts = sorted(map(str, layer["district"].unique()))
        for district in self.districts:
            mine = layer["district"].astype(str) == district
            layer[mine].to_file(folder / f"own_{district}.gpkg")
        layer.to_file(folder / "city.gpkg")

    def flags(self, own=None, *, context=False):
        """Return the flags by zone of the city, or of one district with or without the others as context."""
        layer = {
            "level": "community",
            "id": "community",
            "kind": "urban",
            "totals": {"residents": "residents"},
        }
        zones = [{**layer, "file": "city.gpkg" if own is None else f"own_{own}.gpkg"}]
        zones += [{**layer, "file": "city.gpkg", "role": "context"}] if context else []
        study = {
            "name": own or "city", "year": 2025, "crs": "EPSG:4547", "zones": zones,
            "streets": {**self.entries["streets"], "file": str(self.wuhan / "streets.parquet")},
            "population": {"residents": {"rake_to": "community", "year": 2010}, "elders_60": {"of": "residents", "rate": 0.15}},
            "facilities": [{**self.entries["facilities"][0], "file": str(self.wuhan / "eldercare_register.xlsx")}],
            "services": {"eldercare": self.entries["services"]["eldercare"]},
            "packs": ["wuhan"], "papers": [],
        }  # fmt: skip
        path = self.folder / "study.yaml"
        path.write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
        read = gp.read_study(path)
        inputs = gp.gather(read)
        graph, rules = build_graph(inputs.nodes, inputs.edges), rules_of(read_packs(read))
        found = evaluate(graph, inputs, read.measured_services(), rules, stages=Stages())
        flags = found.assessment.flags
        return flags[flags["rule_id"] == RULE].set_index("zone_id")


@pytest.fixture(scope="module")
def wuhan(data, study, tmp_path_factory):
    return Districts(data, study("wuhan"), tmp_path_factory.mktemp("districts"))


@pytest.fixture(scope="module")
def city(wuhan):
    return wuhan.flags()


def agree(one, whole):
    """Return where supplies agree to 1 %; what nothing bounds (a facility whose beds are unknown) agrees with itself."""
    return (one == whole) | ((one - whole).abs() <= 0.01 * whole + 1e-9)


def test_districts_with_their_neighbours_as_context_agree_with_the_city(wuhan, city):
    """The most that each community reaches is the city's to 1 %, and the least too where nobody outside of the city is assumed."""
    found = pd.concat([wuhan.flags(district, context=True) for district in wuhan.districts])
    truth = city.reindex(found.index)
    assert set(found.index) == set(city.index)
    assert found["reachable_high"].notna().sum() > 900
    known = truth["taken_outside"] == 0
    assert known.sum() > 300
    measured = truth["reachable_high"].notna()
    for end, where in (("reachable_high", measured), ("reachable_low", measured & known)):
        one, whole = found.loc[where, end], truth.loc[where, end]
        assert agree(one, whole).all()
    given = found["flagged"].notna() & truth["flagged"].notna()
    assert (found["flagged"][given] == truth["flagged"][given]).all()


def test_districts_alone_are_marked_rightly(wuhan, city):
    """Without its neighbours a community reaches too much, at its upper end; where it is not marked, it is right.

    A verdict that is given is the city's.
    """
    found = pd.concat([wuhan.flags(district) for district in wuhan.districts])
    truth = city.reindex(found.index)
    marked = found["caveats"].map(lambda codes: "caveat_assumed_outside" in codes)
    assert marked.any()
    assert not marked.all()
    high, true = found["reachable_high"], truth["reachable_high"]
    assert (high[marked] >= true[marked] * (1 - 1e-4)).all()
    assert (high[marked] > true[marked] * 1.01).mean() > 0.5
    known = ~marked & true.notna()
    assert agree(high[known], true[known]).all()
    given = found["flagged"].notna() & truth["flagged"].notna()
    assert (found["flagged"][given] == truth["flagged"][given]).mean() > 0.99
