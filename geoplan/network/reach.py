"""Who reaches what on foot, and how long it takes: bounded searches over the walking graph.

One search a facility on the reversed graph, for people walk *to* it; or one pass from all facilities at once, for the
nearest. Both access legs are inside the limit. Seconds equal those of a float64 Dijkstra search.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, hstack

from geoplan.network import kernels
from geoplan.network.graph import WalkGraph
from geoplan.network.records import LABEL, Places, Search
from geoplan.network.search import network, over_threads, places, prepare, scratch_of
from geoplan.tables import check_unique_index

Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Reach:
    """Walking seconds of every pair within the limit, sparse.

    Attributes
    ----------
    demand_id, facility_id
        Ids, in the order of the tables given.
    limit_seconds
        Longest walk in it, both legs included.
    """

    demand_id: pd.Index
    facility_id: pd.Index
    limit_seconds: float
    _matrix: csr_array

    def __len__(self) -> int:
        """Return the number of pairs."""
        return int(self._matrix.nnz)

    def to_scipy(self) -> csr_array:
        """Return seconds, shape (n_demand, n_facility); an entry of 0 is a walk of 0 seconds, no entry is no walk."""
        return self._matrix.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return ``demand_id, facility_id, seconds``, a row a pair, in the order of demand points, then facilities."""
        rows = np.repeat(np.arange(len(self.demand_id)), np.diff(self._matrix.indptr))
        return pd.DataFrame(
            {
                "demand_id": self.demand_id.take(rows),
                "facility_id": self.facility_id.take(self._matrix.indices),
                "seconds": self._matrix.data.copy(),
            }
        )

    def joined(self, more: "Reach", facility_id: pd.Index) -> "Reach":
        """Return the walks to `facility_id`, in this order, each of this reach, else of `more`: of the same demand points and limit."""
        own, other = self.facility_id.get_indexer(facility_id), more.facility_id.get_indexer(facility_id)
        at = np.where(own >= 0, own, other + len(self.facility_id))
        matrix = hstack([self._matrix, more._matrix], format="csc")[:, at].tocsr()
        matrix.sort_indices()
        return Reach(self.demand_id, facility_id, self.limit_seconds, matrix)

    def nearest(self) -> pd.DataFrame:
        """Return ``facility_id, seconds`` by demand id (null, NaN where none); of several the smallest id."""
        frame = self.to_frame().sort_values(["seconds", "facility_id"], kind="stable")
        first = frame.drop_duplicates("demand_id").set_index("demand_id")
        return first.reindex(self.demand_id.rename("demand_id"))


@dataclass(frozen=True, eq=False)
class NodeReach:
    """Nodes within the limit of each source: those of source i at ``start[i]:start[i + 1]``, nearest not first."""

    start: NDArray[np.int64]
    node_id: NDArray[np.int64]
    seconds: NDArray[np.float64]


def reach(
    graph: WalkGraph,
    demand_snaps: pd.DataFrame,
    facility_snaps: pd.DataFrame,
    *,
    walk_kmh: float,
    limit_seconds: float,
) -> Reach:
    """Return the walking seconds of every pair of demand point and facility within the limit.

    Parameters
    ----------
    demand_snaps, facility_snaps
        Places on the network (`tables.SNAPS`), indexed by id; a place without a chain (-1) is in no pair.
    walk_kmh
        Pace on the flat, km/h, > 0.
    limit_seconds
        Longest walk, both access legs included; 1e-6 s more still counts.

    Returns
    -------
    reach
        At most one entry a pair.

    Raises
    ------
    TableError
        If an id is there twice, a column is missing, or the snaps are of another graph.
    ValueError
        If the pace is not above 0, or the limit is negative or not finite.
    """
    check_unique_index(demand_snaps, name="demand snaps")
    check_unique_index(facility_snaps, name="facility snaps")
    search = prepare(graph, walk_kmh=walk_kmh, limit_seconds=limit_seconds, reverse=True)
    demand, demand_row = places(graph, demand_snaps, walk_kmh=walk_kmh, toward=False)
    facility, facility_row = places(graph, facility_snaps, walk_kmh=walk_kmh, toward=True)
    net = network(graph)
    # facilities lie in the order of their chains, along the Hilbert curve: each finds warm what its neighbour has read
    blocks = over_threads(
        len(facility_row),
        graph.n_nodes,
        search,
        lambda scratch, which: kernels.pairs_from(search, scratch, net, demand, facility, which),
    )
    counts, found, seconds = (np.concatenate(part) for part in zip(*blocks, strict=True))
    shape = len(demand_snaps), len(facility_snaps)
    index = demand_row[found], facility_row[np.repeat(np.arange(len(counts)), counts)]
    matrix = coo_array((seconds, index), shape=shape).tocsr()
    matrix.sort_indices()
    return Reach(demand_snaps.index, facility_snaps.index, limit_seconds, matrix)


def nearest(
    graph: WalkGraph,
    demand_snaps: pd.DataFrame,
    facility_snaps: pd.DataFrame,
    *,
    walk_kmh: float,
    limit_seconds: float,
) -> pd.DataFrame:
    """Return the nearest facility of each demand point within the limit, by one pass from all facilities.

    Parameters are those of `reach`.

    Returns
    -------
    nearest
        ``facility_id, seconds`` indexed by demand id; null and NaN where none is within the limit. Of several at one
        distance it is the smallest id.
    """
    check_unique_index(demand_snaps, name="demand snaps")
    check_unique_index(facility_snaps, name="facility snaps")
    search = prepare(graph, walk_kmh=walk_kmh, limit_seconds=limit_seconds, reverse=True)
    demand, row = places(graph, demand_snaps, walk_kmh=walk_kmh, toward=False)
    facility, _ = places(graph, facility_snaps, walk_kmh=walk_kmh, toward=True)
    best, source = _one_pass(graph, facility, search)
    found_s, rank = kernels.nearest_of(best, source, search.limit, network(graph), demand, facility)
    seconds = np.full(len(demand_snaps), np.nan)
    hit = rank >= 0
    seconds[row[hit]] = found_s[hit]
    ids = facility_snaps.index.sort_values()
    nearest_id = pd.Series(None, index=demand_snaps.index.rename("demand_id"), dtype=object)
    nearest_id.iloc[row[hit]] = ids.take(rank[hit]).to_numpy()
    dtype = ids.dtype if pd.api.types.is_string_dtype(ids.dtype) else object
    return pd.DataFrame({"facility_id": nearest_id.astype(dtype), "seconds": seconds})


def node_seconds(
    graph: WalkGraph, snaps: pd.DataFrame, *, walk_kmh: float, limit_seconds: float
) -> NDArray[np.float64]:
    """Return the seconds from each junction to the nearest of `snaps`, their access legs included, by one pass.

    A place in the middle of a chain is reached through its ends, or along the chain from a facility on the same one: the chain's
    running sums (`WalkGraph.prefix_seconds`) at the place and at the facility's ``offset_m`` give the rest. `nearest` does this for
    points.

    Parameters are those of `reach`.

    Returns
    -------
    seconds
        By node position of the graph (``graph.node_id``), shape (n_nodes,); inf beyond the limit.
    """
    search = prepare(graph, walk_kmh=walk_kmh, limit_seconds=limit_seconds, reverse=True)
    facility, _ = places(graph, snaps, walk_kmh=walk_kmh, toward=True)
    return _one_pass(graph, facility, search)[0]


def _one_pass(
    graph: WalkGraph, facility: Places, search: Search
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    # seconds and rank of the nearest facility by node; inf and the highest number beyond the limit
    seeds = np.concatenate([graph.chain_start[facility.chain], graph.chain_end[facility.chain]])
    seconds = np.concatenate([facility.to_start, facility.to_end])
    rank = np.concatenate([facility.rank, facility.rank])
    room = 2 * (len(seeds) + graph.n_nodes)
    while True:
        scratch = scratch_of(search, graph.n_nodes)
        source = np.full(graph.n_nodes, np.iinfo(np.int32).max, np.int32)
        labels = np.empty(room, LABEL)
        if kernels.nearest_search(search, scratch, labels, source, seeds, seconds, rank) >= 0:
            break
        room *= 2
    best: NDArray[np.float64] = scratch.best
    best[best == scratch.idle] = np.inf
    return best, source


def search_nodes(
    graph: WalkGraph, sources: NDArray[np.int64], *, walk_kmh: float, limit_seconds: float
) -> NodeReach:
    """Return the junctions that can be walked to from each source junction within the limit.

    Parameters
    ----------
    sources
        Node ids, shape (n,); sources that follow each other on the ground are searched fastest (``graph.node_id`` is in
        such an order).
    walk_kmh, limit_seconds
        As in `reach`.

    Returns
    -------
    found
        Sparse, the source itself with 0 seconds included.

    Raises
    ------
    KeyError
        If a source is not a junction of the graph.
    """
    blocks = _from_each(
        graph,
        sources,
        prepare(graph, walk_kmh=walk_kmh, limit_seconds=limit_seconds, reverse=False),
        lambda search, scratch, nodes: kernels.nodes_from(search, scratch, nodes, 1024),
    )
    counts, found, seconds = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return NodeReach(np.concatenate([[0], np.cumsum(counts)]), graph.node_id[found], seconds)


def people_within(
    graph: WalkGraph, weights: pd.Series, sources: NDArray[np.int64], *, walk_kmh: float, limit_seconds: float
) -> pd.Series:
    """Return, for each source junction, the people at junctions that it can walk to within the limit.

    Parameters
    ----------
    weights
        People by node id; a junction without an entry has none.
    sources
        Node ids, shape (n,); the result is indexed by them.
    walk_kmh, limit_seconds
        As in `reach`.
    """
    weight = weights.reindex(graph.node_id, fill_value=0.0).to_numpy(np.float64, copy=True)
    blocks = _from_each(
        graph,
        sources,
        prepare(graph, walk_kmh=walk_kmh, limit_seconds=limit_seconds, reverse=False),
        lambda search, scratch, nodes: kernels.weights_within(search, scratch, nodes, weight),
    )
    return pd.Series(np.concatenate(blocks), index=pd.Index(sources, name="node_id"), name="people")


def _from_each(
    graph: WalkGraph, node_id: NDArray[np.int64], search: Search, kernel: Callable[..., Found]
) -> list[Found]:
    """Return what `kernel` finds from runs of source junctions, in order."""
    position = graph.node_index.get_indexer(pd.Index(node_id))
    if (position < 0).any():
        msg = f"not a junction of the graph: {np.asarray(node_id)[position < 0][:10].tolist()}"
        raise KeyError(msg)
    position = position.astype(np.int32)
    return over_threads(
        len(position), graph.n_nodes, search, lambda scratch, run: kernel(search, scratch, position[run])
    )
