"""The search against scipy, networkx and pandana, in CPU time: ``python benchmarks/bench_reach.py``.

Every comparison is on the same graph of float64 seconds, on one thread, both sides in turn, medians of several runs; and both sides must
give the same answer. Exits with 1 where an answer differs or a ratio falls short.
"""

# ruff: noqa: E402 - the number of threads is set before anything starts them
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.cpu_count = lambda: 1  # type: ignore[assignment]  # the peers have one thread: so has the engine here

import sys

import networkx as nx
import numpy as np
import pandas as pd
from common import WALK_KMH, Plain, Table, cpu_seconds, medians, porto_alegre, versions
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.network.reach import node_seconds, people_within, search_nodes

LIMIT = 900.0
GROWTH = 1.5
PACE = {"walk_kmh": WALK_KMH, "limit_seconds": LIMIT}


def arcs(plain: Plain) -> pd.DataFrame:
    """Arcs that can be walked, the quickest of parallel ones, as scipy and pandana want them."""
    there, back = plain.seconds()
    table = pd.DataFrame(
        {"a": np.r_[plain.u, plain.v], "b": np.r_[plain.v, plain.u], "seconds": np.r_[there, back]}
    )
    table = table[np.isfinite(table["seconds"]) & (table["a"] != table["b"])]
    # scipy takes an explicit 0 for no arc
    table["seconds"] = table["seconds"].clip(lower=1e-12)
    return table.sort_values(["a", "b", "seconds"]).drop_duplicates(["a", "b"])


def matrix(table: pd.DataFrame, n: int) -> csr_array:
    return coo_array((table["seconds"], (table["a"], table["b"])), shape=(n, n)).tocsr()


def scipy_pairs(
    graph: csr_array, sources: np.ndarray, batch: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = []
    for i in range(0, len(sources), batch):
        some = sources[i : i + batch]
        dense = dijkstra(graph, indices=some, limit=LIMIT)
        row, node = np.nonzero(np.isfinite(dense))
        found.append((row + i, node, dense[row, node]))
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))


def same_pairs(found, sources: np.ndarray, other, n: int) -> bool:
    """Same (source, node) pairs and seconds to 1e-6, pairs within 1e-6 s of the limit left out."""
    row = np.repeat(np.arange(len(sources)), np.diff(found.start))
    ours = pd.Series(found.seconds, index=row * n + found.node_id).sort_index()
    theirs = pd.Series(other[2], index=other[0] * n + other[1]).sort_index()
    ours, theirs = (s[(s - LIMIT).abs() > 1e-6] for s in (ours, theirs))
    return ours.index.equals(theirs.index) and bool(np.abs(ours - theirs).max() <= 1e-6)


def searches(table: Table, plain: Plain, tiles: int, aim: float) -> None:
    """(1) One bounded search a source, (node, seconds) pairs out."""
    plain = plain.tiled(tiles) if tiles > 1 else plain
    n = len(plain.x)
    graph, small = plain.graph(contract=False), plain.graph(contract=True)
    links = arcs(plain)
    peer = matrix(links, n)
    rng = np.random.default_rng(1)
    few, many = np.sort(rng.choice(n, 64, replace=False)), np.sort(rng.choice(n, 2048, replace=False))
    place = f"Porto Alegre{f' {tiles} x {tiles}' if tiles > 1 else ''}"
    table.same(
        f"search, {place}",
        good=same_pairs(search_nodes(graph, few, **PACE), few, scipy_pairs(peer, few, 16), n),
    )
    kept = np.intersect1d(many, small.node_id)
    ours, contracted, theirs = medians(
        lambda: search_nodes(graph, many, **PACE),
        lambda: search_nodes(small, kept, **PACE),
        lambda: scipy_pairs(peer, few, 16),
    )
    ours, contracted, theirs = ours / len(many), contracted / len(kept), theirs / len(few)
    detail = f"{ours * 1e6:.0f} us : {theirs * 1e6:.0f} us a search; {n:,} nodes, {len(links):,} arcs"
    ratio = theirs / ours
    table.row(
        f"search, {place}: times scipy dijkstra(limit)", ratio, f"{aim:.0f}", good=ratio >= aim, detail=detail
    )
    print(f"      contracted beside: {contracted * 1e6:.1f} us a search, {small.n_nodes:,} junctions")
    if tiles == 1:
        against_networkx(table, links, few[:8], graph, ours)


def against_networkx(table: Table, links: pd.DataFrame, few: np.ndarray, graph, ours: float) -> None:
    peer = nx.DiGraph()
    peer.add_weighted_edges_from(links.itertuples(index=False), weight="seconds")

    def egos():
        return [nx.ego_graph(peer, node, radius=LIMIT, distance="seconds") for node in few]

    found = search_nodes(graph, few, **PACE)
    sets = [set(found.node_id[a:b]) for a, b in zip(found.start[:-1], found.start[1:], strict=True)]
    table.same("search, networkx ego_graph", good=[set(ego.nodes) for ego in egos()] == sets)
    (theirs,) = medians(egos, runs=3)
    theirs /= len(few)
    table.row(
        "search: times networkx ego_graph",
        theirs / ours,
        "200",
        good=theirs / ours >= 200,
        detail=f"{ours * 1e6:.0f} us : {theirs * 1e6:.0f} us",
    )


#: A source each so many nodes: as dense as 500 facilities are in Porto Alegre.
EVERY = 80


def growth(table: Table, plain: Plain) -> None:
    """(2) The same work for each piece of ground where there is ever more ground.

    A region a hundred times as large has a hundred times the facilities: sources are as dense everywhere. Beside it the harder case, as
    many sources whatever the size, each then alone on memory that no cache holds.
    """
    rng = np.random.default_rng(2)
    n, few = len(plain.x), 2000
    at, tile = rng.integers(0, n, few), rng.random(few)
    dense, alone = [], []
    for tiles in (1, 3, 10):
        graph = (plain.tiled(tiles) if tiles > 1 else plain).graph(contract=False)
        scattered = at + (tile * tiles * tiles).astype(np.int64) * n
        scattered = scattered[graph.node_index.get_indexer(pd.Index(scattered)).argsort()]
        runs = np.array_split(graph.node_id[::EVERY], max(1, tiles * tiles // 10))
        graph.arcs(WALK_KMH, reverse=False)
        lookup = medians(lambda g=graph: search_nodes(g, g.node_id[:1], **PACE), runs=3)[0]

        def all_runs(g=graph, runs=runs):
            for run in runs:
                search_nodes(g, run, **PACE)

        took = medians(all_runs, lambda g=graph, s=scattered: search_nodes(g, s, **PACE))
        dense.append((took[0] - len(runs) * lookup) / sum(map(len, runs)))
        alone.append((took[1] - lookup) / few)
        arcs_there = f"{2 * graph.n_chains:,} arcs"
        print(
            f"      {arcs_there:>16}: {dense[-1] * 1e6:.1f} us a search, scattered {alone[-1] * 1e6:.1f} us",
            flush=True,
        )
        del graph, all_runs
    ratio, harder = dense[-1] / dense[0], alone[-1] / alone[0]
    detail = f"{dense[0] * 1e6:.1f} -> {dense[-1] * 1e6:.1f} us; as many sources, scattered: {harder:.2f}"
    table.row("cost of a search, 10^7 arcs over 10^5", ratio, "< 1.5", good=ratio < GROWTH, detail=detail)


def one_pass(table: Table, plain: Plain, tiles: int) -> None:
    """(3) Seconds to the nearest of many, in one pass."""
    plain = plain.tiled(tiles) if tiles > 1 else plain
    n = len(plain.x)
    graph = plain.graph(contract=False)
    links = arcs(plain)
    # people walk to the facilities: scipy searches the transposed matrix
    peer = matrix(links.rename(columns={"a": "b", "b": "a"}), n)
    start = graph.node_id[graph.chain_start]
    chain = np.random.default_rng(3).choice(graph.n_chains, 500 * tiles * tiles, replace=False)
    chain = chain[np.unique(start[chain], return_index=True)[1]]
    snaps = pd.DataFrame({"chain": chain, "offset_m": 0.0, "leg_m": 0.0}, index=start[chain])

    # a place at a chain's start is the node there; its other end is then farther than that node by the chain
    def ours():
        return node_seconds(graph, snaps, walk_kmh=WALK_KMH, limit_seconds=3600.0)

    def theirs():
        return dijkstra(peer, indices=snaps.index.to_numpy(), min_only=True, limit=3600.0)

    a, b = ours(), theirs()[graph.node_id]
    clear = ~(np.abs(b - 3600) <= 1e-6)
    table.same(f"one pass, {tiles} x {tiles}", good=bool(np.allclose(a[clear], b[clear], rtol=0, atol=1e-6)))
    mine, other = medians(ours, theirs, runs=9, times=20 if tiles == 1 else 1)
    table.row(
        f"nearest, {tiles} x {tiles}: times scipy dijkstra(min_only)",
        other / mine,
        "3.5",
        good=other / mine >= 3.5,
        detail=f"{mine * 1e3:.1f} ms : {other * 1e3:.1f} ms; {len(snaps)} facilities, {n:,} nodes",
    )


def against_pandana(table: Table, plain: Plain) -> None:
    """(4) All nodes as sources, people within 15 minutes."""
    try:
        import pandana
    except ImportError:
        table.same(
            "people within 15 minutes: pandana is not installed (pip install geoplan[bench])", good=False
        )
        return
    n = len(plain.x)
    graph, links = plain.graph(contract=False), arcs(plain)
    people = pd.Series(np.random.default_rng(4).integers(0, 50, n).astype(float))
    took, peer = cpu_seconds(
        lambda: pandana.Network(
            pd.Series(plain.x), pd.Series(plain.y), links["a"], links["b"], links[["seconds"]], twoway=False
        )
    )
    peer.set(people.index.to_series(), variable=people, name="people")
    nodes = graph.node_id.copy()

    def ours(limit=LIMIT):
        return people_within(graph, people, nodes, walk_kmh=WALK_KMH, limit_seconds=limit)

    def theirs():
        return peer.aggregate(LIMIT, type="sum", decay="flat", name="people", imp_name="seconds")

    # pandana keeps distances coarsely: its sum must lie between ours a little inside and a little outside the limit
    sums = theirs().reindex(nodes)
    low, high = ours(LIMIT - 1.0), ours(LIMIT + 1.0)
    inside = ((low - 0.5 <= sums) & (sums <= high + 0.5)).mean()
    table.same(
        "people within 15 minutes, pandana within 1 s of the limit",
        good=inside == 1,
        detail=f"{inside:.4%} of the nodes",
    )
    mine, other = medians(ours, theirs, runs=3)
    table.row(
        "people within 15 minutes: times pandana aggregate",
        other / mine,
        "> 1",
        good=other > mine,
        detail=f"{mine:.2f} s : {other:.2f} s (its contraction, {took:.1f} s, apart); {n:,} sources",
    )


def main() -> int:
    print(versions("numpy", "scipy", "numba", "networkx", "pandana", "pandas"))
    table = Table()
    plain = porto_alegre()
    searches(table, plain, 1, 5)
    searches(table, plain, 4, 25)
    one_pass(table, plain, 1)
    one_pass(table, plain, 4)
    against_pandana(table, plain)
    growth(table, plain)
    return int(table.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
