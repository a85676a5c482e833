"""Chains: runs of street edges between nodes that must stay, found and summed up in compiled code."""

import numpy as np
from numpy.typing import NDArray

from geoplan.network.compiled import compiled

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@compiled
def incidences(u: Ints, v: Ints, n_nodes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the edge ends at each node as CSR: entry ``2·edge`` where the node is u, ``2·edge + 1`` where it is v."""
    start = np.zeros(n_nodes + 1, np.int64)
    for e in range(len(u)):
        start[u[e] + 1] += 1
        start[v[e] + 1] += 1
    for i in range(n_nodes):
        start[i + 1] += start[i]
    entry = np.empty(2 * len(u), np.int64)
    fill = start[:-1].copy()
    for e in range(len(u)):
        entry[fill[u[e]]] = 2 * e
        fill[u[e]] += 1
        entry[fill[v[e]]] = 2 * e + 1
        fill[v[e]] += 1
    return start, entry


@compiled
def nodes_to_keep(
    start: NDArray[np.int64],
    entry: NDArray[np.int64],
    open_fwd: Flags,
    open_bwd: Flags,
    permission: Ints,
    alone: Flags,
) -> Flags:
    """Return which nodes end chains: all but those where exactly two edges meet that a walker cannot tell apart.

    Two edges may be one chain where each way through the node is open on both or closed on both, their `permission`
    is the same, and neither must stand `alone` (valves, edges of no length that cost something).
    """
    n = len(start) - 1
    keep = np.ones(n, np.bool_)
    for i in range(n):
        if start[i + 1] - start[i] != 2:
            continue
        a, b = entry[start[i]], entry[start[i] + 1]
        ea, eb = a >> 1, b >> 1
        if ea == eb or alone[ea] or alone[eb] or permission[ea] != permission[eb]:
            continue
        # an entry 2·edge is the edge's u end: from here the edge is walked away from the node by `fwd`
        a_away, a_toward = (open_fwd[ea], open_bwd[ea]) if a & 1 == 0 else (open_bwd[ea], open_fwd[ea])
        b_away, b_toward = (open_fwd[eb], open_bwd[eb]) if b & 1 == 0 else (open_bwd[eb], open_fwd[eb])
        keep[i] = a_toward != b_away or b_toward != a_away
    return keep


@compiled
def _follow(  # noqa: PLR0913 - a kernel on plain arrays
    first: int,
    start: NDArray[np.int64],
    entry: NDArray[np.int64],
    u: Ints,
    v: Ints,
    keep: Flags,
    used: Flags,
    edges: NDArray[np.int64],
    backward: Flags,
    at: int,
) -> int:
    # follow edges from the end `first` to the next node that stays (or back to the first edge); return the new `at`
    code = first
    while not used[code >> 1]:
        e = code >> 1
        used[e] = True
        edges[at] = e
        backward[at] = code & 1 == 1
        at += 1
        far = u[e] if code & 1 == 1 else v[e]
        if keep[far]:
            break
        arrived = code ^ 1
        other = entry[start[far]]
        code = entry[start[far] + 1] if other == arrived else other
    return at


@compiled
def close_loops(start: NDArray[np.int64], entry: NDArray[np.int64], u: Ints, v: Ints, keep: Flags) -> Flags:
    """Return `keep` with one node added for each loop that touches no other street: its first in the input's order."""
    out = keep.copy()
    used = np.zeros(len(u), np.bool_)
    edges = np.empty(len(u), np.int64)
    backward = np.empty(len(u), np.bool_)
    for kept_first in (True, False):
        for i in range(len(keep)):
            if keep[i] != kept_first:
                continue
            for k in range(start[i], start[i + 1]):
                if not used[entry[k] >> 1]:
                    if not kept_first:
                        out[i] = True
                    _follow(entry[k], start, entry, u, v, out, used, edges, backward, 0)
    return out


@compiled
def follow_chains(
    order: NDArray[np.int64],
    start: NDArray[np.int64],
    entry: NDArray[np.int64],
    u: Ints,
    v: Ints,
    keep: Flags,
) -> tuple[NDArray[np.int64], NDArray[np.int64], Flags]:
    """Return the chains as CSR, started from the kept nodes in `order`: pointers, edges, whether each is run backward."""
    n_edges = len(u)
    used = np.zeros(n_edges, np.bool_)
    edges = np.empty(n_edges, np.int64)
    backward = np.empty(n_edges, np.bool_)
    pointer = np.zeros(n_edges + 1, np.int64)
    n_chains, at = 0, 0
    for node in order:
        for k in range(start[node], start[node + 1]):
            if not used[entry[k] >> 1]:
                at = _follow(entry[k], start, entry, u, v, keep, used, edges, backward, at)
                n_chains += 1
                pointer[n_chains] = at
    return pointer[: n_chains + 1].copy(), edges, backward


@compiled
def chain_coordinates(
    pointer: NDArray[np.int64],
    edges: NDArray[np.int64],
    backward: Flags,
    coord_start: NDArray[np.int64],
    x: Floats,
    y: Floats,
) -> tuple[NDArray[np.int64], Floats, Floats, Floats, Ints, NDArray[np.int64]]:
    """Return each chain's line as CSR: pointers, x, y, metres from the start, steps, step ends.

    The step of a coordinate is that of the stretch which begins there; a step end is the coordinate at which it ends.
    """
    n_chains, n_edges = len(pointer) - 1, len(edges)
    total = n_chains
    for s in range(n_edges):
        total += coord_start[edges[s] + 1] - coord_start[edges[s]] - 1
    line = np.zeros(n_chains + 1, np.int64)
    out_x, out_y, out_m = np.empty(total), np.empty(total), np.empty(total)
    step_of = np.empty(total, np.int32)
    step_end = np.empty(n_edges, np.int64)
    at = 0
    for c in range(n_chains):
        metres = 0.0
        for s in range(pointer[c], pointer[c + 1]):
            first, last = coord_start[edges[s]], coord_start[edges[s] + 1] - 1
            # the first point of a later edge is the last of the one before
            for k in range(0 if s == pointer[c] else 1, last - first + 1):
                source = last - k if backward[s] else first + k
                out_x[at], out_y[at] = x[source], y[source]
                if k > 0:
                    metres += np.hypot(x[source] - out_x[at - 1], y[source] - out_y[at - 1])
                    step_of[at - 1] = s
                step_of[at] = s
                out_m[at] = metres
                at += 1
            step_end[s] = at - 1
        line[c + 1] = at
    return line, out_x, out_y, out_m, step_of, step_end


@compiled
def prefix_sums(
    pointer: NDArray[np.int64], forward: Floats, reverse: Floats, backward: Flags
) -> tuple[Floats, Floats]:
    """Return running sums along each chain of what its edges cost with and against the chain's direction.

    `forward` and `reverse` are per step (edge in chain order), as the edge runs; a step run backward swaps them. Entry
    ``pointer[c] + c`` is 0, and ``pointer[c] + c + k`` sums the first k steps.
    """
    n_chains = len(pointer) - 1
    with_it, against = np.zeros(len(forward) + n_chains), np.zeros(len(forward) + n_chains)
    for c in range(n_chains):
        for s in range(pointer[c], pointer[c + 1]):
            a, b = (reverse[s], forward[s]) if backward[s] else (forward[s], reverse[s])
            at = s + c
            with_it[at + 1] = with_it[at] + a
            against[at + 1] = against[at] + b
    return with_it, against
