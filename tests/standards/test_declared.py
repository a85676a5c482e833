"""What a kind declares: the zones that it measures one by one, what it depends on, and a kind that stands in one new module."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geoplan
from geoplan.standards.flags import flagging, flags_of
from geoplan.standards.kinds import kinds
from geoplan.standards.packs.read import read_pack, rules_of, shipped
from geoplan.words.catalogue import catalogue
from geoplan.words.vocabulary import vocabulary

BUILDERS = Path(__file__).parents[1] / "builders"
PACKS = [read_pack(name) for name in shipped()]
RULES = rules_of(PACKS, switched_on=[rule.rule_id for pack in PACKS for rule in pack.rules])
ZONES = [
    "area/1", "town/1", "town/2", "community/A", "community/B", "community/C", "community/D", "estate/e1", "estate/e2",
    "estate/e3",
]  # fmt: skip


@pytest.fixture(scope="module")
def data(town):
    assert list(town.zones.index) == ZONES
    return town.data()


def told(measured):
    """What was measured, as plain values."""
    return [
        (m.zone_id, repr(m.low), repr(m.high), repr(m.people), m.rows, m.unknown_rows, tuple(n.code for n in m.missing), m.tally,
         "" if m.members is None else m.members.to_csv())
        for m in measured
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RULES), st.sets(st.sampled_from(ZONES)))
def test_a_subset_of_zones_is_measured_as_among_all(data, rule, subset):
    every, some = told(rule.measure(data)), told(rule.measure(data, zones=subset))
    assert some == [row for row in every if row[0] in subset]


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(flagging(RULES, None)), st.sets(st.sampled_from(ZONES)))
def test_a_subset_of_zones_is_flagged_as_among_all(data, rule, subset):
    nothing = pd.DataFrame()
    every, _ = flags_of(data, rule, nothing)
    some, _ = flags_of(data, rule, nothing, zones=subset)
    kept = every[every["zone_id"].isin(subset)].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, kept, check_dtype=False)


def perturbed(rule, town):
    """The town with everything changed on which the rule says that it does not depend."""
    reads = rule.reads
    other = town.facilities["services"].map(lambda names: not set(names) & reads.types)
    facilities = town.facilities.copy()
    for name in set(vocabulary("attributes")) & set(facilities.columns):
        if name not in reads.attributes:
            facilities[name] = pd.array([True, pd.NA, False, True, False, pd.NA], dtype=object)
        else:
            facilities.loc[other, name] = True
    supplies = town.supplies.copy()
    free = ~supplies["supply"].isin(reads.supplies)
    supplies.loc[free, ["low", "high"]] = [1.0, np.inf]
    demand = town.demand.copy()
    for group in ("residents", "elders_60", "under_3", "households"):
        if group not in reads.groups:
            demand[group] = demand[group] * 3 + 7
    changed = replace(town, facilities=facilities, supplies=supplies, demand=demand).data()
    beds = {"zone_id": ["area/1"], "supply": ["family_beds"], "low": [3.0], "high": [9.0]}
    blank = {name: getattr(changed, name).iloc[:0] for name in ("pairs", "nearest", "circle", "supplies")}
    blank["zone_supplies"] = pd.DataFrame(beds)
    return replace(changed, **{name: table for name, table in blank.items() if name not in reads.tables})


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_what_a_rule_does_not_declare_does_not_change_it(kind, town, data):
    for rule in (rule for rule in RULES if rule.kind == kind):
        other = perturbed(rule, town)
        assert told(rule.measure(other)) == told(rule.measure(data)), rule.rule_id
        if rule.measures_zones:
            flags = [flags_of(one, rule, pd.DataFrame())[0].to_csv() for one in (data, other)]
            assert flags[0] == flags[1], rule.rule_id


MODULE = '''
"""oldest: the year in which the oldest facility opened."""

from typing import Literal

from geoplan.standards.counts import amounts
from geoplan.standards.measure import Measured
from geoplan.standards.rules import Rule, Selections


class Oldest(Rule):
    """Opening year of the oldest facility."""

    kind: Literal["oldest"]
    of: Selections
    """Facilities that count."""

    @property
    def selections(self):
        return tuple(self.of)

    @property
    def value_format(self):
        return "year"

    def measure_zones(self, data, ids):
        found = amounts(data, self.of, None).table.index
        year = float(data.facilities.loc[found, "open_year"].min())
        return [Measured(zone, year, year, 1.0, rows=len(found)) for zone in ids]
'''
WORDS = """
kind_oldest: {zh: 最早年份, en: first year}
remedy_oldest: {zh: "更新{what}", en: "renew {what}"}
"""


SCRIPT = """
import json
import sys

sys.path.insert(0, sys.argv[1])
from conftest import PACK, town_by_hand

from geoplan.standards.packs.read import read_pack, rules_table

with open("local.yaml", "w", encoding="utf-8") as file:
    file.write(PACK.format(level="district") + '''
  - {id: r, indicator: 最早, title_en: oldest, kind: oldest, level: district, counts: x, of: {facilities: [institution]},
     target: "<=2000@2025", unit: facilities, attribute: 预期, clause: 一, quote: 文}
''')
pack = read_pack("local.yaml")
town = town_by_hand()
row = town.with_facilities(open_year=1999.0).finding(pack.rules)
words = rules_table([pack]).loc["local.r"]
print(json.dumps([row["verdict"], row["actual_low"], row["target_zh"], words["kind_zh"], words["remedy_zh"], words["format"]]))
"""


def test_a_kind_is_one_module_with_its_words(tmp_path):
    package = Path(geoplan.__file__).parent
    shutil.copytree(package, tmp_path / "geoplan", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "geoplan/standards/kinds/oldest.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "geoplan/standards/kinds/oldest.words.yaml").write_text(WORDS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)], cwd=tmp_path, capture_output=True, check=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(BUILDERS)]), "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert json.loads(done.stdout) == ["met", 1999.0, "≤2000", "最早年份", "更新养老机构", "year"]


def test_every_kind_has_its_words():
    assert {f"kind_{name}" for name in kinds()} == {code for code in catalogue() if code.startswith("kind_")}
