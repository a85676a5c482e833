"""What a search needs at one pace: arcs in seconds, places in seconds, memory for each thread."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.network.graph import WalkGraph
from geoplan.network.kernels import interpolate
from geoplan.network.records import Network, Places, Scratch, Search
from geoplan.tables import SNAPS
from geoplan.words.errors import Note, TableError

#: A walk that takes this much longer than the limit still counts, so that rounding does not part equal walks: seconds.
SLACK_S = 1e-6

#: Width of a bucket as a part of the mean arc (measured, see docs/performance.md), and the most buckets of one search.
BUCKET_SHARE, MAX_BUCKETS = 2.0, 1 << 16

#: Blocks of sources handed to each thread, so that none waits long for the last.
BLOCKS_PER_THREAD = 4

T = TypeVar("T")


def prepare(graph: WalkGraph, *, walk_kmh: float, limit_seconds: float, reverse: bool) -> Search:
    """Return the arcs in seconds at a pace, their limit and the width of buckets; `reverse` searches against the walk.

    Raises
    ------
    ValueError
        If the pace is not above 0, or the limit is negative or not finite.
    """
    if not 0 < walk_kmh < np.inf:
        msg = f"walk_kmh must be above 0; got {walk_kmh}"
        raise ValueError(msg)
    if not 0 <= limit_seconds < np.inf:
        msg = f"limit_seconds must be finite and not negative; got {limit_seconds}"
        raise ValueError(msg)
    pointer, arcs = graph.arcs(walk_kmh, reverse=reverse)
    limit = limit_seconds + SLACK_S
    mean = float(arcs["seconds"].mean()) if len(arcs) else 1.0
    width = max(BUCKET_SHARE * mean, limit / MAX_BUCKETS, 1e-9)
    return Search(pointer, arcs, limit, 1.0 / width)


def scratch_of(search: Search, n_nodes: int) -> Scratch:
    """Return fresh memory for one thread's searches."""
    idle = np.nextafter(search.limit, np.inf)
    head = np.full(int(idle * search.per_second) + 1, -1, np.int32)
    return Scratch(np.full(n_nodes, idle), head, float(idle))


def network(graph: WalkGraph) -> Network:
    """Return the parts of the graph that pairs are read from."""
    return Network(
        graph.arc_start,
        graph.arc_chain,
        graph.arc_side,
        graph.chain_start,
        graph.chain_end,
        graph.chain_open_fwd,
        graph.chain_open_bwd,
    )


def places(
    graph: WalkGraph, snaps: pd.DataFrame, *, walk_kmh: float, toward: bool
) -> tuple[Places, NDArray[np.int64]]:
    """Return the snapped places as seconds, in the order of their chains, and the row of each in `snaps`.

    With `toward` people walk from the chain's ends to the place (facilities), else from the place to the ends. A stretch of no
    metres is free even where the chain is closed. On a chain of no length the place is its start.

    Raises
    ------
    TableError
        If a column is missing, or the snaps name a chain that the graph does not have.
    """
    SNAPS.check(snaps, ("chain", "offset_m", "leg_m"))
    chain = snaps["chain"].to_numpy(np.int64)
    if len(chain) and chain.max() >= graph.n_chains:
        raise TableError(Note.of("network_other_graph", chains=graph.n_chains, severity="error"))
    offset, leg = snaps["offset_m"].to_numpy(np.float64), snaps["leg_m"].to_numpy(np.float64)
    row = np.flatnonzero(chain >= 0)
    row = row[np.lexsort((offset[row], chain[row]))]
    by_id = snaps.index.argsort()
    rank = np.empty(len(snaps), np.int32)
    rank[by_id] = np.arange(len(snaps), dtype=np.int32)
    chain = chain[row].astype(np.int32)
    length = graph.chain_length_m[chain]
    offset = np.clip(offset[row], 0.0, length)
    leg = leg[row] / (walk_kmh / 3.6)
    speed, last = walk_kmh / 3.6, graph.step_start[chain + 1] + chain
    where = chain, offset, graph.step_start, graph.prefix_offset_m
    ahead = interpolate(*where, graph.prefix_fwd_m, graph.prefix_fwd_s, speed)
    behind = interpolate(*where, graph.prefix_bwd_m, graph.prefix_bwd_s, speed)
    with_s = graph.prefix_fwd_m[last] / speed + graph.prefix_fwd_s[last]
    against_s = graph.prefix_bwd_m[last] / speed + graph.prefix_bwd_s[last]
    forward, back = graph.chain_open_fwd[chain], graph.chain_open_bwd[chain]
    start_open, end_open = (forward, back) if toward else (back, forward)
    to_start = ahead if toward else behind
    to_end = against_s - behind if toward else with_s - ahead
    to_start = np.where(offset == 0, 0.0, np.where(start_open, to_start, np.inf))
    to_end = np.where((offset == length) & (length > 0), 0.0, np.where(end_open, to_end, np.inf))
    by_chain = np.zeros(graph.n_chains + 1, np.int64)
    np.cumsum(np.bincount(chain, minlength=graph.n_chains), out=by_chain[1:])
    found = Places(chain, offset, leg, to_start + leg, to_end + leg, ahead, behind, rank[row], by_chain)
    return found, row


def over_threads(
    n_sources: int, n_nodes: int, search: Search, block: Callable[[Scratch, NDArray[np.int64]], T]
) -> list[T]:
    """Return `block` of each run of sources, in order; runs are shared among threads, each with its own scratch."""
    threads = min(max(os.cpu_count() or 1, 1), max(n_sources // 8, 1))
    runs = np.array_split(
        np.arange(n_sources), min(threads * BLOCKS_PER_THREAD, max(n_sources, 1)) if threads > 1 else 1
    )

    if threads == 1:
        memory = scratch_of(search, n_nodes)
        return [block(memory, run) for run in runs]
    free = [scratch_of(search, n_nodes) for _ in range(threads)]

    def work(run: NDArray[np.int64]) -> T:
        memory = free.pop()
        try:
            return block(memory, run)
        finally:
            free.append(memory)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, runs))
