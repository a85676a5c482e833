"""Median and center with proof: ``python benchmarks/bench_siting_walks.py [--peer-seconds 60] [--only NODES P] [--orlib]``.

First the OR-Library's `pmed1` to `pmed20` (Beasley 1985) with their published optima, medians and centers, each proven within 20 CPU seconds.
Then random graphs after the manner of those instances, made here from a named seed: n nodes, a path through all of them
and random edges up to n^2 / 50 in all, whole lengths 1..100, every node a candidate and a point of weight 1. Then Porto Alegre's streets,
within 60 minutes. Each instance in a process of its own: CPU seconds of one run after compiled code is loaded, peak memory. Beside them
spopt's models solved by HiGHS where they end in time; both must give the same objective. Exits with 1 where an answer is not proven or differs.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
from common import DATA, Table, cpu_seconds, porto_alegre, versions
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from geoplan.network.reach import search_nodes
from geoplan.siting.objectives.center.solve import center
from geoplan.siting.objectives.median.solve import median
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import DistanceProblem, SelectionConstraints

CASES = [
    *((100, 5), (100, 33), (200, 10), (200, 67), (400, 5), (400, 40), (400, 133)),
    *((600, 5), (600, 60), (600, 200), (800, 5), (800, 80), (900, 5), (900, 90)),
]
#: Largest graph that spopt is asked about: its models hold a column for every pair.
PEER_NODES = 200
STREETS, STREETS_P = (1000, 10_000), 50
#: Most CPU seconds of the proof of one instance of the OR-Library.
ORLIB_SECONDS = 20


def lengths(n: int, seed: int) -> np.ndarray:
    """All-pairs lengths of a random connected graph."""
    rng = np.random.default_rng(seed)
    order, more = rng.permutation(n), max(0, n * n // 50 - n + 1)
    a, b = np.r_[order[:-1], rng.integers(0, n, more)], np.r_[order[1:], rng.integers(0, n, more)]
    metres = rng.integers(1, 101, len(a)).astype(float)
    direct = np.full((n, n), np.inf)
    np.minimum.at(direct, (a[a != b], b[a != b]), metres[a != b])
    direct = np.minimum(direct, direct.T)
    return shortest_path(csr_array(np.where(np.isinf(direct), 0.0, direct)), directed=False)


def asked(seconds: csr_array, weight: np.ndarray, p: int, cutoff_seconds: float) -> DistanceProblem:
    n, m = seconds.shape
    limits = SelectionConstraints(np.ones(n), csr_array(np.ones((1, n))), np.zeros(1), np.array([float(p)]))
    return DistanceProblem(limits, seconds, weight, np.full(m, np.inf), cutoff_seconds, np.full(m, -1))


def on_graph(n: int, p: int) -> DistanceProblem:
    table = lengths(n, seed_of(n, p))
    every = csr_array((table.ravel(), np.tile(np.arange(n), n), np.arange(0, n * n + 1, n)), shape=(n, n))
    return asked(every, np.ones(n), p, float(table.max()))


def orlib() -> Iterator[tuple[str, DistanceProblem, dict[str, float]]]:
    """Each instance of the OR-Library, and its published optima: edges ``i j length``, of which the last counts where one repeats."""
    optima = pd.read_csv(DATA / "orlib" / "optima.csv", index_col="instance")
    for name, known in optima.iterrows():
        numbers = np.array((DATA / "orlib" / f"{name}.txt").read_text().split(), dtype=np.int64)
        (n, _, p), edges = numbers[:3], numbers[3:].reshape(-1, 3)
        direct = np.zeros((n, n))
        for i, j, length in edges:
            direct[i - 1, j - 1] = direct[j - 1, i - 1] = length
        table = shortest_path(csr_array(direct), directed=False)
        every = csr_array((table.ravel(), np.tile(np.arange(n), n), np.arange(0, n * n + 1, n)), shape=(n, n))
        yield f"{name} ({n} nodes, p = {p})", asked(every, np.ones(n), p, float(table.max())), dict(known)


def against_published(table: Table) -> None:
    """The OR-Library, in one process: CPU seconds of each proof, and the published optimum."""
    for solver in (median, center):
        solver(on_graph(20, 2), control=SearchControl())
    for where, ask, optima in orlib():
        for name, solver in (("median", median), ("center", center)):
            took, found = cpu_seconds(lambda ask=ask, solver=solver: solver(ask, control=SearchControl()))
            proven = found.status == "optimal" and found.objective == found.recount == optima[name]
            good = proven and took <= ORLIB_SECONDS
            detail = (
                f"{found.status} {found.objective:,.0f}, published {optima[name]:,.0f}, {found.nodes} nodes"
            )
            table.row(f"{name}, {where}: CPU s", took, f"{ORLIB_SECONDS}", good=good, detail=detail)


def seed_of(n: int, p: int) -> int:
    return n * 1000 + p


def on_streets() -> DistanceProblem:
    """Candidates and points at nodes of Porto Alegre drawn with seed 5, whole people 1..99."""
    graph = porto_alegre().graph(contract=True)
    rng = np.random.default_rng(5)
    sites, homes = (np.sort(rng.choice(graph.node_id, size, replace=False)) for size in STREETS)
    found = search_nodes(graph, sites, walk_kmh=4.0, limit_seconds=3600.0)
    option = np.repeat(np.arange(len(sites)), np.diff(found.start))
    at = np.searchsorted(homes, found.node_id).clip(max=len(homes) - 1)
    use = homes[at] == found.node_id
    seconds = csr_array((found.seconds[use], (option[use], at[use])), shape=STREETS)
    return asked(seconds, rng.integers(1, 100, len(homes)).astype(float), STREETS_P, 3600.0)


def once(n: int, p: int, peer_seconds: float) -> dict:
    """Both questions on one instance, in this process."""
    for solver in (median, center):
        solver(on_graph(20, 2), control=SearchControl())
    ask = on_graph(n, p) if n else on_streets()
    told = {"pairs": int(ask.seconds.nnz)}
    for name, solver in (("median", median), ("center", center)):
        took, found = cpu_seconds(lambda solver=solver: solver(ask, control=SearchControl(seconds=600.0)))
        told[name] = {
            "status": found.status,
            "objective": found.objective,
            "recount": found.recount,
            "gap": found.steps[0].gap,
            "nodes": found.nodes,
            "cpu": took,
        }
    told["mb"] = peak_mb()
    for name in ("median", "center") if 0 < n <= PEER_NODES else ():
        told[name]["peer"] = peer(name, ask, p, peer_seconds)
    return told


def peak_mb() -> float:
    """Most memory that this process held, MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def peer(name: str, ask: DistanceProblem, p: int, seconds: float) -> tuple[float, float] | None:
    """CPU seconds and objective of spopt with HiGHS; None if not proven in `seconds` of wall clock."""
    warnings.simplefilter("ignore")
    import pulp
    from spopt.locate import PCenter, PMedian

    table = ask.seconds.toarray().T

    def solve() -> float | None:
        args = (table, ask.weight, p) if name == "median" else (table, p)
        model = (PMedian if name == "median" else PCenter).from_cost_matrix(*args)
        # gaps as ours; the model itself is solved, as spopt asks no solver for more than feasible
        model.problem.solve(pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=1e-9, threads=1))
        proven = model.problem.sol_status == pulp.LpSolutionOptimal
        return float(pulp.value(model.problem.objective)) if proven else None

    took, objective = cpu_seconds(solve)
    return None if objective is None else (took, objective)


def rows(table: Table, where: str, told: dict) -> None:
    for name in ("median", "center"):
        found = told[name]
        beside = ""
        good = found["status"] == "optimal" and abs(found["recount"] - found["objective"]) <= 1e-6 * max(
            1.0, found["objective"]
        )
        if "peer" in found:
            beside = "; spopt + HiGHS: not proven in time"
            if found["peer"]:
                took, objective = found["peer"]
                beside = f"; spopt + HiGHS {took:.2f} s, {took / max(found['cpu'], 1e-3):.0f} x"
                good &= abs(objective - found["objective"]) <= 1e-6 * max(1.0, objective)
        detail = f"{found['status']} {found['objective']:,.0f}, {found['nodes']} nodes, process {told['mb']:.0f} MB{beside}"
        table.row(f"{name}, {where}: CPU s", found["cpu"], "proven", good=good, detail=detail)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--peer-seconds", type=float, default=60.0)
    options.add_argument(
        "--only", type=int, nargs=2, metavar=("NODES", "P"), help="one instance, as JSON; 0 0: streets"
    )
    options.add_argument("--orlib", action="store_true", help="the instances of the OR-Library alone")
    given = options.parse_args()
    if given.only:
        print(json.dumps(once(*given.only, given.peer_seconds)))
        return 0
    print(versions("numpy", "scipy", "numba", "highspy", "spopt", "pulp"))
    table = Table()
    against_published(table)
    for n, p in [] if given.orlib else [*CASES, (0, 0)]:
        command = [
            sys.executable,
            __file__,
            "--only",
            str(n),
            str(p),
            "--peer-seconds",
            str(given.peer_seconds),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout.splitlines()[-1])
        where = f"{n} nodes, p = {p} (seed {seed_of(n, p)})"
        if not n:
            where = f"Porto Alegre {STREETS[0]} x {STREETS[1]}, p = {STREETS_P}, {told['pairs']:,} pairs"
        rows(table, where, told)
    return int(table.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
