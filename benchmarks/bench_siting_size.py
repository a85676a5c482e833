"""Capacities on Wuhan, in CPU time, one run: ``python benchmarks/bench_siting_size.py``.

Of 2,000 candidates on street nodes (seed 1) 200 with 50-300 beds (seed 2), 20 to
open, all people aged 60 and over within a walk of 15 minutes, 50 beds per 1,000 of them, what exists given out anew.
Exits with 1 where a limit is not kept.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from common import Table, cpu_seconds, versions
from scipy.sparse import csr_array

import geoplan as gp
from geoplan.network.graph import WalkGraph, build_graph
from geoplan.network.reach import reach
from geoplan.pipeline.gather import Inputs, gather
from geoplan.pipeline.walks import snap_all
from geoplan.siting.objectives.capacity.problem import Capacity
from geoplan.siting.objectives.capacity.solve import median_capacity
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import Answer, SelectionConstraints

STUDY = Path(__file__).parents[1] / "studies" / "wuhan.yaml"
WALK_KMH, CIRCLE_M, CIRCLE_S = 4.0, 800.0, 900.0
CANDIDATES, FEWER, OPEN = 2000, 200, 20
GAP, LIMIT_SECONDS = 0.01, 120.0


@dataclass
class Wuhan:
    inputs: Inputs
    graph: WalkGraph
    snaps: pd.DataFrame
    candidates: pd.DataFrame
    offered: pd.DataFrame
    beds: np.ndarray


def wuhan() -> Wuhan:
    """People, streets and eldercare of Wuhan as a run has them, and candidates on street nodes."""
    inputs = gather(gp.read_study(STUDY))
    graph = build_graph(inputs.nodes, inputs.edges)
    snaps = snap_all(graph, inputs)
    nodes, chain = np.unique(graph.chain_start, return_index=True)
    pick = np.sort(np.random.default_rng(1).choice(len(nodes), CANDIDATES, replace=False))
    candidates = pd.DataFrame(
        {"chain": chain[pick], "offset_m": 0.0, "leg_m": 0.0}, index=np.arange(CANDIDATES)
    )
    kinds = set(inputs.study.services["eldercare"].facilities)
    placed = snaps.facilities[snaps.facilities["chain"] >= 0]
    offered = placed[[bool(set(inputs.register.facilities.services[row]) & kinds) for row in placed.index]]
    supplies = inputs.register.supplies
    beds = supplies[supplies["supply"] == "beds"].groupby("facility_id")["low"].sum()
    return Wuhan(
        inputs, graph, snaps.demand, candidates, offered, beds.reindex(offered.index).fillna(0).to_numpy()
    )


def capacity_of(data: Wuhan) -> Capacity:
    rng = np.random.default_rng(2)
    some = np.sort(rng.choice(CANDIDATES, FEWER, replace=False))
    terms = {"walk_kmh": WALK_KMH, "limit_seconds": CIRCLE_S}
    new = reach(data.graph, data.snaps, data.candidates.iloc[some], **terms).to_scipy()
    old = reach(data.graph, data.snaps, data.offered, **terms).to_scipy()
    return Capacity(
        SelectionConstraints(
            np.ones(FEWER), csr_array(np.ones((1, FEWER))), np.zeros(1), np.array([float(OPEN)])
        ),
        csr_array(new.T),
        data.inputs.people.demand["elders_60"].to_numpy() * 0.05,
        rng.choice([50.0, 100.0, 200.0, 300.0], FEWER),
        csr_array(old.T),
        data.beds,
        cutoff_seconds=3600.0,
    )


def told(answer: Answer) -> str:
    parts = (f"{s.name} {s.objective:,.1f} (bound {s.bound:,.1f}, gap {s.gap:.3%})" for s in answer.steps)
    return (
        f"{answer.status}, {len(answer.chosen)} sites, {answer.nodes} nodes, recount {answer.recount:,.1f}: "
        + "; ".join(parts)
    )


def measure(table: Table, name: str, work, *, limit: float) -> None:
    wall = time.perf_counter()
    seconds, answer = cpu_seconds(work)
    wall = time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    worst = max(step.gap for step in answer.steps)
    good = seconds <= limit and worst <= GAP
    table.row(
        f"{name}: CPU seconds",
        seconds,
        f"{limit:g}",
        good=good,
        detail=f"wall {wall:.1f} s, peak {peak:.2f} GB",
    )
    print(f"      {told(answer)}", flush=True)
    for note in answer.notes:
        print(f"      {note.text('en')}")
    near = abs(answer.recount - answer.objective) <= 1e-6 * max(1.0, answer.objective)
    table.same(f"{name}, counted again", good=near)


def main() -> int:
    print(versions("numpy", "scipy", "highspy"))
    table, beds = Table(), capacity_of(wuhan())
    print(
        f"      {len(beds.need):,} points, {beds.seconds.nnz:,} + {beds.existing.nnz:,} pairs, need {beds.need.sum():,.0f}"
    )
    title = f"capacity, {OPEN} of {FEWER}"
    measure(table, title, lambda: median_capacity(beds, control=SearchControl(gap=GAP)), limit=LIMIT_SECONDS)
    return int(table.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
