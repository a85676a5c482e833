"""The walking network as arrays: junctions in Hilbert order, and chains of street edges between them."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.network.chains import (
    chain_coordinates,
    close_loops,
    follow_chains,
    incidences,
    nodes_to_keep,
    prefix_sums,
)
from geoplan.network.compiled import compiled
from geoplan.network.edges import EdgeArrays, edge_arrays
from geoplan.network.hilbert import hilbert_order
from geoplan.network.kernels import search_arcs
from geoplan.network.records import ARC
from geoplan.tables import check_columns, check_unique_index


@dataclass(frozen=True, eq=False)
class WalkGraph:
    """Junctions and chains. Everything is an array; positions never leave the room as ids.

    A *chain* runs from `chain_start` to `chain_end` through street edges (*steps*) that meet only each other. What it
    costs is kept as running sums, so that a pace needs no new graph: walking from offset a to offset b > a takes
    ``(fwd_m(b) - fwd_m(a)) / speed + fwd_s(b) - fwd_s(a)``, walking back ``bwd`` likewise. Within a step, costs are spread
    evenly over its metres. A chain is open as a whole in each direction, or closed.

    Attributes
    ----------
    node_id, x, y
        Junctions in Hilbert order: id in the streets table, metric coordinates; shape (n_nodes,).
    chain_start, chain_end, chain_length_m, chain_open_fwd, chain_open_bwd, chain_component
        Ends as node positions, metres on the ground, whether it may be walked from start to end and back, and the
        component that it belongs to; shape (n_chains,).
    step_start, step_edge, step_backward, step_on_ground, step_level, level_names
        Steps of chain c are ``step_start[c]:step_start[c + 1]``; the edge id, whether it is run from v to u, whether people
        on the ground join it, and its tag ``level`` as a position in the names.
    prefix_offset_m, prefix_fwd_m, prefix_bwd_m, prefix_fwd_s, prefix_bwd_s
        Running sums along chain c at ``step_start[c] + c : step_start[c + 1] + c + 1``, starting with 0: metres on the
        ground, metres that count with and against the chain, fixed seconds with and against it.
    coord_start, coord_x, coord_y, coord_offset_m, coord_step
        Line of chain c at ``coord_start[c]:coord_start[c + 1]``: coordinates, metres from the chain's start, and the
        step of the stretch that begins there.
    component_nodes
        Nodes of the streets table in each component. Closed gates do not part components: opening one changes no topology.
    arc_start, arc_chain, arc_side
        Chain ends at node i: ``arc_start[i]:arc_start[i + 1]``; side 0 is the chain's start, 1 its end.
    crs
        Of x and y.
    """

    node_id: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    chain_start: NDArray[np.int32]
    chain_end: NDArray[np.int32]
    chain_length_m: NDArray[np.float64]
    chain_open_fwd: NDArray[np.bool_]
    chain_open_bwd: NDArray[np.bool_]
    chain_component: NDArray[np.int32]
    step_start: NDArray[np.int64]
    step_edge: NDArray[np.int64]
    step_backward: NDArray[np.bool_]
    step_on_ground: NDArray[np.bool_]
    step_level: NDArray[np.int32]
    level_names: tuple[str, ...]
    prefix_offset_m: NDArray[np.float64]
    prefix_fwd_m: NDArray[np.float64]
    prefix_bwd_m: NDArray[np.float64]
    prefix_fwd_s: NDArray[np.float64]
    prefix_bwd_s: NDArray[np.float64]
    coord_start: NDArray[np.int64]
    coord_x: NDArray[np.float64]
    coord_y: NDArray[np.float64]
    coord_offset_m: NDArray[np.float64]
    coord_step: NDArray[np.int32]
    component_nodes: NDArray[np.int64]
    arc_start: NDArray[np.int32]
    arc_chain: NDArray[np.int32]
    arc_side: NDArray[np.int8]
    crs: Any = None
    _arcs: dict[tuple[float, bool], tuple[NDArray[Any], NDArray[Any]]] = field(
        default_factory=dict, repr=False
    )

    @property
    def n_nodes(self) -> int:
        """Junctions."""
        return len(self.node_id)

    @property
    def n_chains(self) -> int:
        """Chains."""
        return len(self.chain_start)

    def chain_seconds(self, walk_kmh: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return seconds of each chain from start to end and from end to start, shape (n_chains,) each; inf if closed."""
        speed = walk_kmh / 3.6
        last = self.step_start[1:] + np.arange(self.n_chains)
        forward = self.prefix_fwd_m[last] / speed + self.prefix_fwd_s[last]
        back = self.prefix_bwd_m[last] / speed + self.prefix_bwd_s[last]
        return np.where(self.chain_open_fwd, forward, np.inf), np.where(self.chain_open_bwd, back, np.inf)

    def prefix_seconds(self, walk_kmh: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the running sums as seconds at a pace, with and against the chains, on the same positions as `prefix_*`.

        Closed chains have the sums of the fixed costs of 0: ask `chain_open_fwd`, `chain_open_bwd` first.
        """
        speed = walk_kmh / 3.6
        return self.prefix_fwd_m / speed + self.prefix_fwd_s, self.prefix_bwd_m / speed + self.prefix_bwd_s

    @cached_property
    def node_index(self) -> pd.Index:
        """The junctions' ids as an index, from id to position."""
        return pd.Index(self.node_id, name="node_id")

    def arcs(self, walk_kmh: float, *, reverse: bool) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """Return pointers and arcs (`kernels.ARC`) that a search reads, worked out once for a pace.

        With `reverse` the arcs of a node are those that lead to it.
        """
        if (walk_kmh, reverse) not in self._arcs:
            there, back = self.chain_seconds(walk_kmh)
            arcs = np.empty(2 * self.n_chains, ARC)
            ends = np.vstack([self.chain_start, self.chain_end])
            # at a chain's start (side 0) the search takes the way to its end; reversed, the way from it
            seconds = np.vstack([back, there] if reverse else [there, back])
            pointer, n = search_arcs(self.arc_start, self.arc_chain, self.arc_side, ends, seconds, arcs)
            self._arcs[walk_kmh, reverse] = pointer, arcs[:n]
        return self._arcs[walk_kmh, reverse]

    def geometry(self) -> NDArray[np.object_]:
        """Return the chains' lines as shapely LineStrings, shape (n_chains,)."""
        xy = np.column_stack([self.coord_x, self.coord_y])
        lines: NDArray[np.object_] = shapely.linestrings(
            xy, indices=np.repeat(np.arange(self.n_chains), np.diff(self.coord_start))
        )
        return lines

    def to_networkx(self, *, walk_kmh: float | None = None) -> "nx.MultiDiGraph[int]":
        """Return the graph for networkx and osmnx, one edge for each open direction of a chain.

        Parameters
        ----------
        walk_kmh
            Pace; with it each edge has ``seconds``.

        Returns
        -------
        graph
            Nodes by node id with ``x, y``; edges with ``length`` (metres on the ground), ``metres`` (that count),
            ``fixed_seconds``, ``osmid`` (list of edge ids), ``reversed``, ``geometry``.
        """
        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=self.crs)
        graph.add_nodes_from(
            (int(i), {"x": float(x), "y": float(y)})
            for i, x, y in zip(self.node_id, self.x, self.y, strict=True)
        )
        last = self.step_start[1:] + np.arange(self.n_chains)
        lines = self.geometry()
        for back in (False, True):
            metres, fixed = (
                (self.prefix_bwd_m, self.prefix_bwd_s) if back else (self.prefix_fwd_m, self.prefix_fwd_s)
            )
            for c in np.flatnonzero(self.chain_open_bwd if back else self.chain_open_fwd):
                ends = self.node_id[self.chain_start[c]], self.node_id[self.chain_end[c]]
                data: dict[str, Any] = {
                    "length": float(self.chain_length_m[c]),
                    "metres": float(metres[last[c]]),
                    "fixed_seconds": float(fixed[last[c]]),
                    "osmid": self.step_edge[self.step_start[c] : self.step_start[c + 1]].tolist(),
                    "reversed": back,
                    "geometry": lines[c].reverse() if back else lines[c],
                }
                if walk_kmh is not None:
                    data["seconds"] = data["metres"] / (walk_kmh / 3.6) + data["fixed_seconds"]
                graph.add_edge(int(ends[back]), int(ends[not back]), **data)
        return graph


def build_graph(nodes: pd.DataFrame, edges: gpd.GeoDataFrame, *, contract: bool = True) -> WalkGraph:
    """Return the walking network of streets.

    Parameters
    ----------
    nodes
        Indexed by node id; ``x, y`` (metric), optionally ``kind`` (a node with one stays a node).
    edges
        Indexed by edge id; ``u, v`` (node ids), ``geometry`` (line from u to v), optionally ``fwd_m, bwd_m`` (metres that
        count; default: the line's length), ``fixed_fwd_s, fixed_bwd_s`` (seconds, default 0; inf closes the direction),
        ``oneway`` (0, 1 only u→v, -1 only v→u), ``access``, ``on_ground`` (whether people on the ground join it, default
        True), ``level`` (tag).
    contract
        Chain the edges that meet only each other; False keeps every node and makes each edge a chain.

    Returns
    -------
    graph
        Nodes without an edge are left out.

    Raises
    ------
    TableError
        If a column is missing or an id is there twice.
    NetworkError
        If an edge names an unknown node, does not run between its nodes, or costs less than nothing.
    """
    check_columns(nodes, ["x", "y"], name="street nodes")
    check_columns(edges, ["u", "v", "geometry"], name="street edges")
    check_unique_index(nodes, name="street nodes")
    check_unique_index(edges, name="street edges")
    x, y = nodes["x"].to_numpy(np.float64, copy=True), nodes["y"].to_numpy(np.float64, copy=True)
    kind = nodes["kind"].fillna("").to_numpy() != "" if "kind" in nodes else np.zeros(len(nodes), bool)
    arrays = edge_arrays(nodes.index, edges, x, y)
    node_id = nodes.index.to_numpy(np.int64, copy=True)
    return graph_from_arrays(node_id, x, y, arrays, stays=kind | (not contract), crs=edges.crs)


def graph_from_arrays(
    node_id: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edges: EdgeArrays,
    *,
    stays: NDArray[np.bool_],
    crs: Any = None,  # noqa: ANN401 - a pyproj CRS or None
) -> WalkGraph:
    """Return the network of edges given as arrays; `stays` marks nodes that must not vanish inside a chain."""
    open_fwd = np.isfinite(edges.fwd_m) & np.isfinite(edges.fwd_s)
    open_bwd = np.isfinite(edges.bwd_m) & np.isfinite(edges.bwd_s)
    span = _line_lengths(edges.coord_start, edges.coord_x, edges.coord_y)
    start, entry = incidences(edges.u, edges.v, len(node_id))
    # a place on a chain must have one cost: edges of no length (valves, lifts) stand alone
    keep = nodes_to_keep(start, entry, open_fwd, open_bwd, edges.permission, span == 0) | stays
    keep = close_loops(start, entry, edges.u, edges.v, keep) & (np.diff(start) > 0)

    # junctions in Hilbert order; chains in the order of the junction that comes first
    kept = np.flatnonzero(keep)
    order = kept[hilbert_order(x[kept], y[kept])]
    position = np.full(len(node_id), -1, np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    step_start, steps, backward = follow_chains(order, start, entry, edges.u, edges.v, keep)
    n_chains = len(step_start) - 1
    first, last = step_start[:-1], step_start[1:] - 1
    chain_start = position[np.where(backward[first], edges.v[steps[first]], edges.u[steps[first]])]
    chain_end = position[np.where(backward[last], edges.u[steps[last]], edges.v[steps[last]])]

    line, coord_x, coord_y, coord_offset, coord_step, step_end = chain_coordinates(
        step_start, steps, backward, edges.coord_start, edges.coord_x, edges.coord_y
    )
    offset = np.zeros(len(steps) + n_chains)
    offset[np.arange(len(steps)) + np.repeat(np.arange(n_chains), np.diff(step_start)) + 1] = coord_offset[
        step_end
    ]
    ways = np.where(open_fwd, edges.fwd_m, 0.0)[steps], np.where(open_bwd, edges.bwd_m, 0.0)[steps]
    stops = np.where(open_fwd, edges.fwd_s, 0.0)[steps], np.where(open_bwd, edges.bwd_s, 0.0)[steps]
    fwd_m, bwd_m = prefix_sums(step_start, *ways, backward)
    fwd_s, bwd_s = prefix_sums(step_start, *stops, backward)
    one = steps[first]
    component, component_nodes = _components(edges.u, edges.v, len(node_id))
    arc_start, arc_chain, arc_side = _arcs(chain_start, chain_end, len(order))
    return WalkGraph(
        node_id=node_id[order],
        x=x[order],
        y=y[order],
        chain_start=chain_start,
        chain_end=chain_end,
        chain_length_m=coord_offset[line[1:] - 1],
        chain_open_fwd=np.where(backward[first], open_bwd[one], open_fwd[one]),
        chain_open_bwd=np.where(backward[first], open_fwd[one], open_bwd[one]),
        chain_component=component[edges.u[one]],
        step_start=step_start,
        step_edge=edges.edge_id[steps],
        step_backward=backward,
        step_on_ground=edges.on_ground[steps],
        step_level=edges.level[steps],
        level_names=edges.level_names,
        prefix_offset_m=offset,
        prefix_fwd_m=fwd_m,
        prefix_bwd_m=bwd_m,
        prefix_fwd_s=fwd_s,
        prefix_bwd_s=bwd_s,
        coord_start=line,
        coord_x=coord_x,
        coord_y=coord_y,
        coord_offset_m=coord_offset,
        coord_step=coord_step,
        component_nodes=component_nodes,
        arc_start=arc_start,
        arc_chain=arc_chain,
        arc_side=arc_side,
        crs=crs,
    )


@compiled
def _line_lengths(
    start: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    out = np.zeros(len(start) - 1)
    for e in range(len(out)):
        for k in range(start[e] + 1, start[e + 1]):
            out[e] += np.hypot(x[k] - x[k - 1], y[k] - y[k - 1])
    return out


def _components(
    u: NDArray[np.int32], v: NDArray[np.int32], n_nodes: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    links = coo_array((np.ones(len(u), np.int8), (u, v)), shape=(n_nodes, n_nodes)).tocsr()
    _, label = connected_components(links, directed=False)
    return label.astype(np.int32), np.bincount(label).astype(np.int64)


def _arcs(
    chain_start: NDArray[np.int32], chain_end: NDArray[np.int32], n_nodes: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int8]]:
    node = np.concatenate([chain_start, chain_end])
    order = np.argsort(node, kind="stable")
    n_chains = len(chain_start)
    pointer = np.zeros(n_nodes + 1, np.int32)
    np.cumsum(np.bincount(node, minlength=n_nodes), out=pointer[1:])
    return pointer, (order % max(n_chains, 1)).astype(np.int32), (order >= n_chains).astype(np.int8)
