"""Changes of a live run drawn by a seed, and what must be the same as in a fresh run."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.network.graph import build_graph
from geoplan.pipeline.evaluate import evaluate
from geoplan.pipeline.provenance import read_packs
from geoplan.pipeline.scenario import apply
from geoplan.standards.packs.read import rules_of
from geoplan.study.scenario import read_scenario
from geoplan.words.progress import Stages

#: Floats are the same to this; text, truth values and integers are identical.
ATOL = 1e-9
SUPPLY = {
    "elder_home": "beds",
    "elder_day_care": "beds",
    "childcare": "places",
    "kindergarten_class": "places",
}


def change(live, rng):
    """Change one thing: add, move, enlarge or close a facility; return what was done."""
    table = live.inputs.register.facilities
    kind = rng.choice(["add", "move", "enlarge", "close"] if len(table) > 1 else ["add"])
    if kind == "add":
        service = str(rng.choice(sorted(SUPPLY)))
        name = f"新增{rng.integers(3)}"  # the same name comes again
        live.add(name=name, services=[service], lonlat=somewhere(live, rng), supplies={SUPPLY[service]: 10.0})
        return f"add {name} {service}"
    one = str(table.index[rng.integers(len(table))])
    if kind == "move":
        live.move(one, somewhere(live, rng))
    elif kind == "close":
        live.close(one)
    else:
        held = [SUPPLY[service] for service in table["services"][one] if service in SUPPLY]
        if held:
            live.enlarge(one, **{str(rng.choice(["add", "to"])): {held[0]: float(rng.integers(1, 60))}})
    return f"{kind} {one}"


def somewhere(live, rng):
    """Return a place: where people live, in a street or beside it; now and then far from all streets."""
    demand = live.inputs.people.demand
    point = demand.geometry.iloc[[rng.integers(len(demand))]].translate(*rng.normal(0, 40, 2))
    if rng.random() < 0.1:
        point = point.translate(30_000, 0)
    place = gpd.GeoSeries(point, crs=demand.crs).to_crs(4326).iloc[0]
    return float(place.x), float(place.y)


def fresh(live, base):
    """Return the evaluation of the scenario that a live run exports, by itself; `base` are the study's inputs."""
    inputs = apply(read_scenario(live.export()), base)
    rules = rules_of(read_packs(inputs.study), switched_on=inputs.study.switch_on)
    graph = build_graph(inputs.nodes, inputs.edges)
    return evaluate(graph, inputs, inputs.study.measured_services(), rules, stages=Stages())


def same(got, fresh):
    """Check that an evaluation is that of a fresh run."""
    for name in ("demand", "facilities"):
        _same(getattr(got.snaps, name), getattr(fresh.snaps, name))
    for name in ("pairs", "nearest", "frail", "straight"):
        _same(getattr(got.walks, name), getattr(fresh.walks, name))
    for service, reach in fresh.walks.reach.items():
        _same(got.walks.reach[service].to_frame(), reach.to_frame())
    _same(got.circle, fresh.circle)
    for name in ("findings", "members", "flags"):
        _same(getattr(got.assessment, name), getattr(fresh.assessment, name))
    assert got.assessment.notes == fresh.assessment.notes
    _same(got.tiers, fresh.tiers)
    _same(got.estate_steps, fresh.estate_steps)


def same_outcome(got, fresh, *, stale):
    """Check that an outcome is that of a fresh run, but for the tables that are told to be stale."""
    assert got.name == fresh.name
    for name, table in vars(fresh).items():
        if isinstance(table, pd.DataFrame) and name not in stale:
            _same(getattr(got, name), table)


def _same(got, fresh):
    got, fresh = pd.DataFrame(got), pd.DataFrame(fresh)
    pd.testing.assert_frame_equal(got, fresh, rtol=0, atol=ATOL)


def generator(seed):
    """Return the source of chance of one sequence."""
    return np.random.default_rng(seed)
