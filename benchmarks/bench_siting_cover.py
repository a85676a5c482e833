"""The cover of most people, in CPU time: ``python benchmarks/bench_siting_cover.py``.

(a) 1,000 candidates x 20,000 weighted nodes of Porto Alegre's graph, p = 20, against HiGHS on the merged demand and against spopt, all to
the proof; (b) 10,000 street places of Wuhan and its elders, p = 50, within 1 % of a proven bound; (c) the greedy choice among 100,000.
Each part in a process of its own, which prints its peak memory. Exits with 1 where an answer differs or an aim is missed.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from common import WALK_KMH, Table, cpu_seconds, medians, porto_alegre, versions
from scipy.sparse import coo_array, csr_array, eye_array, hstack, vstack

import geoplan as gp
from geoplan.network.graph import build_graph
from geoplan.network.reach import reach, search_nodes
from geoplan.network.snap import snap
from geoplan.pipeline.gather import gather
from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.solve.assignment import assignment_arrays, improved
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.presolve import merged
from geoplan.siting.solve.problems import CoverageProblem, SelectionConstraints

SEED = 20250
NODES, CANDIDATES, SITES, EACH = 20_000, 1_000, 20, 390


def cover(covers: csr_array, weight: np.ndarray, sites: int) -> CoverageProblem:
    n, points = covers.shape
    constraints = SelectionConstraints(
        np.ones(n), csr_array(np.ones((1, n))), np.zeros(1), np.array([float(sites)])
    )
    return CoverageProblem(constraints, covers, weight, np.zeros(points, bool), np.full(points, -1))


def porto() -> tuple[CoverageProblem, float, np.ndarray]:
    """Nodes and candidates at random nodes, 1 to 100 people each; the walk that covers `EACH` nodes on average, and all walks."""
    plain = porto_alegre()
    graph = plain.graph(contract=False)
    rng = np.random.default_rng(SEED)
    nodes = np.sort(rng.choice(len(plain.x), NODES, replace=False))
    places = np.sort(rng.choice(len(plain.x), CANDIDATES, replace=False))
    weight = rng.integers(1, 101, NODES).astype(float)
    found = search_nodes(graph, places, walk_kmh=WALK_KMH, limit_seconds=3600.0)
    row = np.repeat(np.arange(CANDIDATES), np.diff(found.start))
    column = pd.Index(nodes).get_indexer(found.node_id)
    there = column >= 0
    row, column, seconds = row[there], column[there], found.seconds[there]
    limit = float(np.sort(seconds)[EACH * CANDIDATES])
    walks = np.full((NODES, CANDIDATES), 1e9)
    walks[column, row] = seconds
    near = seconds <= limit
    covers = coo_array((np.ones(near.sum()), (row[near], column[near])), shape=(CANDIDATES, NODES))
    return cover(csr_array(covers), weight, SITES), limit, walks


def textbook(problem: CoverageProblem) -> Linear:
    """The model of Church & ReVelle: a variable for every option and every point."""
    n, m = problem.covers.shape
    links = hstack([-problem.covers.T, eye_array(m)])
    number = hstack([problem.constraints.rows, csr_array((1, m))])
    return Linear(
        cost=-np.r_[np.zeros(n), problem.weight],
        low=np.zeros(n + m),
        high=np.ones(n + m),
        rows=csr_array(vstack([number, links])),
        row_low=np.full(1 + m, -np.inf),
        row_high=np.r_[problem.constraints.most, np.zeros(m)],
        whole=np.r_[np.ones(n, bool), np.zeros(m, bool)],
    )


def against_others(table: Table) -> None:
    """(a) To the proof, against HiGHS on the merged demand, and spopt with HiGHS."""
    problem, limit, walks = porto()
    answer = max_cover(problem, control=SearchControl())
    (ours,) = medians(lambda: max_cover(problem, control=SearchControl()), runs=5)
    share = answer.objective / problem.weight.sum()
    print(
        f"      Porto Alegre, {CANDIDATES:,} candidates x {NODES:,} nodes, p = {SITES}, {limit:.0f} s, seed {SEED}: {answer.status}, "
        f"{answer.objective:,.0f} people ({share:.1%}), bound {answer.bound:,.0f}, {answer.nodes} nodes"
    )
    demand = merged(problem, drop_dominated=False).problem
    alone, plain = cpu_seconds(lambda: solve(textbook(demand), control=SearchControl()))
    proven = answer.status == plain.state == "optimal"
    table.same(
        "cover, HiGHS on the merged demand", good=proven and abs(plain.objective + answer.objective) < 0.5
    )
    table.row(
        "cover: times HiGHS on the merged demand",
        alone / ours,
        "3",
        good=alone / ours >= 3,
        detail=f"{ours:.2f} s : {alone:.1f} s, {len(demand.weight):,} points",
    )
    warnings.simplefilter("ignore")
    import pulp
    from spopt.locate import MCLP

    def spopt():
        model = MCLP.from_cost_matrix(walks, problem.weight, limit, SITES)
        return model.solve(pulp.HiGHS(msg=False, threads=1, gapRel=0))

    theirs, model = cpu_seconds(spopt)
    people = pulp.value(model.problem.objective)
    table.same("cover, spopt with HiGHS", good=abs(people - answer.objective) < 0.5)
    table.row(
        "cover: times spopt with HiGHS",
        theirs / ours,
        "10",
        good=theirs / ours >= 10,
        detail=f"{ours:.2f} s : {theirs:.1f} s, model and solution",
    )


def wuhan(places: int) -> tuple[csr_array, np.ndarray, float]:
    """Who walks to which of so many random places on Wuhan's streets in 15 minutes: places x demand points; elders; seconds of reach."""
    inputs = gather(gp.read_study(Path(__file__).parents[1] / "studies" / "wuhan.yaml"))
    graph = build_graph(inputs.nodes, inputs.edges)
    demand, edges = inputs.people.demand, inputs.edges
    rng = np.random.default_rng(SEED)
    length = edges.length.to_numpy()
    at = np.sort(rng.choice(len(edges), places, p=length / length.sum()))
    points = gpd.GeoSeries(edges.geometry.to_numpy()[at], crs=edges.crs).interpolate(
        rng.random(places), normalized=True
    )
    homes, sites = snap(graph, demand.geometry), snap(graph, points)
    took, found = cpu_seconds(lambda: reach(graph, homes, sites, walk_kmh=WALK_KMH, limit_seconds=900.0))
    return csr_array(found.to_scipy().T), demand["elders_60"].fillna(0.0).to_numpy(float), took


def large(table: Table) -> None:
    """(b) Within 1 % of a proven bound."""
    covers, elders, _ = wuhan(10_000)
    problem = cover(covers, elders, 50)
    max_cover(cover(covers[:50], elders, 5), control=SearchControl())  # compiles
    took, answer = cpu_seconds(lambda: max_cover(problem, control=SearchControl(gap=0.01)))
    gap = 100 * answer.steps[0].gap
    detail = f"{answer.objective:,.0f} of {elders.sum():,.0f} elders, bound {answer.bound:,.0f}; {covers.shape[0]:,} x {covers.shape[1]:,}, {covers.nnz:,} pairs"
    table.row("cover, Wuhan, p = 50: % from the bound", gap, "1", good=gap <= 1.0, detail=detail)
    table.row("cover, Wuhan, p = 50: CPU seconds", took, "300", good=took <= 300, detail=f"seed {SEED}")
    table.same("cover, Wuhan, counted again", good=abs(answer.recount - answer.objective) < 1e-3)
    more, answer = cpu_seconds(lambda: max_cover(problem, control=SearchControl(nodes=40)))
    print(
        f"      after 40 nodes, {more:.1f} s: {100 * answer.steps[0].gap:.2f} %, {answer.objective:,.0f} : {answer.bound:,.0f}"
    )


def many(table: Table) -> None:
    """(c) The greedy choice among 100,000."""
    covers, elders, walked = wuhan(100_000)
    max_cover(cover(covers[:50], elders, 5), control=SearchControl())  # compiles
    print(
        f"      reach {walked:.1f} s; {covers.shape[0]:,} x {covers.shape[1]:,}, {covers.nnz:,} pairs, seed {SEED}"
    )
    problem = cover(covers, elders, 50)
    took, small = cpu_seconds(lambda: merged(problem))
    print(
        f"      merging: {took:.1f} s, {len(small.options):,} options x {len(small.problem.weight):,} points stay"
    )
    arrays, none = assignment_arrays(small.problem.as_walks()), np.empty(0, np.int64)
    for sites in (50, 1000):
        limits = replace(arrays.constraints, most=np.array([float(sites)]))
        limited = replace(arrays, constraints=limits)
        took, found = cpu_seconds(lambda limited=limited: improved(limited, none, rounds=0))
        people = problem.people_covered(small.back(found))
        title = f"greedy, 100,000 candidates, p = {sites}: seconds"
        table.row(title, took, "10", good=took < 10, detail=f"{people:,.0f} elders by {len(found)}")
    took, answer = cpu_seconds(lambda: max_cover(problem, control=SearchControl(gap=0.01, nodes=10)))
    print(
        f"      whole search to 1 %: {took:.1f} s, {100 * answer.steps[0].gap:.2f} %, {answer.objective:,.0f} : {answer.bound:,.0f}"
    )


PARTS = {"a": (against_others, 4.0), "b": (large, 6.0), "c": (many, 6.0)}


def main() -> int:
    if len(sys.argv) == 1:
        print(versions("numpy", "scipy", "numba", "highspy", "spopt", "pulp"), flush=True)
        return max(subprocess.run([sys.executable, __file__, part], check=False).returncode for part in PARTS)
    table = Table()
    work, most = PARTS[sys.argv[1]]
    work(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    table.row(f"peak memory of part {sys.argv[1]}, GB", peak, f"{most:g}", good=peak <= most, detail="")
    return int(table.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
