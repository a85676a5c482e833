"""The bounded shortest-path search, compiled.

Tentative seconds wait in buckets of equal width; within a bucket labels are corrected in rounds until none improves. The
fixed point is what a float64 Dijkstra search gives, without a heap. Scratch arrays are as long as the network but are
reset by the list of nodes touched, so that a search costs what it reaches.

References
----------
Denardo & Fox (1979), Operations Research 27(1):161-186, https://doi.org/10.1287/opre.27.1.161 (buckets)
Meyer & Sanders (2003), Journal of Algorithms 49(1):114-152, https://doi.org/10.1016/S0196-6774(03)00076-2 (rounds)
"""

from typing import Any

import numpy as np

from geoplan.network.compiled import compiled
from geoplan.network.records import LABEL, Array, Network, Places, Scratch, Search

#: Labels that a search has room for at first (at least two, for the seeds); doubled where they do not suffice.
FIRST_LABELS = 4096

U, ONE = np.uint64, np.uint64(1)


@compiled
def search_arcs(
    arc_start: Array, arc_chain: Array, arc_side: Array, ends: Array, seconds: Array, arcs: Array
) -> tuple[Array, int]:
    """Fill `arcs` with the arcs that can be walked, node by node; return their pointers and number.

    ``ends[side]`` are the chains' nodes at their start (0) and end (1), ``seconds[side]`` what the arc costs that the
    search takes when it stands at that side. Closed arcs and loops are left out: no search gains by them.
    """
    n = len(arc_start) - 1
    pointer = np.zeros(n + 1, np.int32)
    at = 0
    for i in range(n):
        for k in range(arc_start[i], arc_start[i + 1]):
            chain, side = arc_chain[k], arc_side[k]
            other, cost = ends[1 - side, chain], seconds[side, chain]
            if other != i and cost < np.inf:
                arcs[at].to = other
                arcs[at].seconds = cost
                at += 1
        pointer[i + 1] = at
    return pointer, at


@compiled
def _more(labels: Array) -> Array:
    return np.empty(2 * len(labels), labels.dtype)


@compiled
def forget(scratch: Scratch, labels: Array, n: np.int64 | int) -> None:
    """Set the seconds of the nodes that the first n `labels` name back to idle."""
    for i in range(n):
        scratch.best[labels[i].node] = scratch.idle


@compiled
def bounded_search(search: Search, scratch: Scratch, labels: Array, seeds: Array, seed_seconds: Array) -> Any:  # noqa: ANN401 - numba's int64
    """Search from `seeds` up to the limit; return the number of labels set, or -1 if `labels` is too short.

    Then ``scratch.best`` holds the seconds of the nodes reached; a label is a node's last if its seconds are those of the
    node. The caller reads them and calls `forget`. (Positions are unsigned: numba then tests none for being negative.
    And `labels` is never rebound here: that would count references in the innermost loop.)
    """
    pointer, arcs, _, per_second = search
    best, head, _ = scratch
    n, room = U(0), U(len(labels))
    for s in range(len(seeds)):
        if seed_seconds[s] < best[seeds[s]]:
            into = U(seed_seconds[s] * per_second)
            best[seeds[s]] = seed_seconds[s]
            labels[n].seconds, labels[n].node, labels[n].next = seed_seconds[s], seeds[s], head[into]
            head[into] = np.int32(n)
            n += ONE
    for bucket in range(len(head)):
        at = head[bucket]
        while at >= 0:
            # one round: the labels that wait here now; what they improve within this bucket waits for the next round
            head[bucket] = -1
            while at >= 0:
                label = U(at)
                node, seconds = U(labels[label].node), labels[label].seconds
                at = labels[label].next
                if seconds > best[node]:
                    continue  # a better label came later
                for k in range(U(pointer[node]), U(pointer[node + ONE])):
                    reached, to = seconds + arcs[k].seconds, arcs[k].to
                    if reached < best[U(to)]:
                        if n == room:
                            forget(scratch, labels, np.int64(n))
                            head[:] = -1
                            return -1
                        into = U(reached * per_second)
                        best[U(to)] = reached
                        labels[n].seconds, labels[n].node, labels[n].next = reached, to, head[into]
                        head[into] = np.int32(n)
                        n += ONE
            at = head[bucket]
    return np.int64(n)


@compiled
def nearest_search(
    search: Search,
    scratch: Scratch,
    labels: Array,
    source: Array,
    seeds: Array,
    seed_seconds: Array,
    rank: Array,
) -> Any:  # noqa: ANN401 - numba's int64
    """Search from all `seeds` at once and keep, beside the seconds, the lowest rank of a seed at that distance.

    As `bounded_search`, with `source` by node: ranks, on entry above every rank where a node was not reached. A label improves
    another if it has fewer seconds, or as many and a lower rank.
    """
    pointer, arcs, _, per_second = search
    best, head, idle = scratch
    n, room = U(0), U(len(labels))
    for s in range(len(seeds)):
        node = seeds[s]
        if seed_seconds[s] < best[node] or (
            seed_seconds[s] == best[node] and seed_seconds[s] < idle and rank[s] < source[node]
        ):
            into = U(seed_seconds[s] * per_second)
            best[node], source[node] = seed_seconds[s], rank[s]
            labels[n].seconds, labels[n].node, labels[n].next = seed_seconds[s], node, head[into]
            head[into] = np.int32(n)
            n += ONE
    for bucket in range(len(head)):
        at = head[bucket]
        while at >= 0:
            head[bucket] = -1
            while at >= 0:
                label = U(at)
                node, seconds = U(labels[label].node), labels[label].seconds
                at = labels[label].next
                if seconds > best[node]:
                    continue
                mine = source[node]
                for k in range(U(pointer[node]), U(pointer[node + ONE])):
                    reached, to = seconds + arcs[k].seconds, arcs[k].to
                    known = best[U(to)]
                    if reached > known or (reached == known and (mine >= source[U(to)] or reached == idle)):
                        continue
                    if n == room:
                        return -1
                    into = U(reached * per_second)
                    best[U(to)], source[U(to)] = reached, mine
                    labels[n].seconds, labels[n].node, labels[n].next = reached, to, head[into]
                    head[into] = np.int32(n)
                    n += ONE
            at = head[bucket]
    return np.int64(n)


@compiled
def nodes_from(search: Search, scratch: Scratch, sources: Array, room: int) -> tuple[Array, Array, Array]:
    """Return, for each source node, how many nodes are within the limit; and those nodes and their seconds in one list.

    `room` is a first guess at the length of the list.
    """
    best, _, idle = scratch
    counts = np.zeros(len(sources), np.int64)
    found, found_seconds = np.empty(room, np.int32), np.empty(room)
    labels = np.empty(FIRST_LABELS, LABEL)
    seed, zero = np.empty(1, np.int32), np.zeros(1)
    begun = 0
    for s in range(len(sources)):
        seed[0] = sources[s]
        n = bounded_search(search, scratch, labels, seed, zero)
        while n < 0:
            labels = _more(labels)
            n = bounded_search(search, scratch, labels, seed, zero)
        if begun + n > len(found):
            size = 2 * (begun + n)
            more, more_seconds = np.empty(size, np.int32), np.empty(size)
            more[:begun], more_seconds[:begun] = found[:begun], found_seconds[:begun]
            found, found_seconds = more, more_seconds
        at = begun
        for i in range(n):
            node = labels[i].node
            if labels[i].seconds == best[node]:
                found[at], found_seconds[at] = node, labels[i].seconds
                best[node] = idle
                at += 1
        counts[s] = at - begun
        begun = at
    return counts, found[:begun], found_seconds[:begun]


@compiled
def weights_within(search: Search, scratch: Scratch, sources: Array, weights: Array) -> Array:
    """Return, for each source node, the sum of `weights` over the nodes within the limit."""
    best, _, idle = scratch
    out = np.zeros(len(sources))
    labels = np.empty(FIRST_LABELS, LABEL)
    seed, zero = np.empty(1, np.int32), np.zeros(1)
    for s in range(len(sources)):
        seed[0] = sources[s]
        n = bounded_search(search, scratch, labels, seed, zero)
        while n < 0:
            labels = _more(labels)
            n = bounded_search(search, scratch, labels, seed, zero)
        total = 0.0
        for i in range(n):
            node = U(labels[i].node)
            if labels[i].seconds == best[node]:
                total += weights[node]
                best[node] = idle
        out[s] = total
    return out


@compiled
def interpolate(
    chain: Array,
    offset: Array,
    step_start: Array,
    prefix_offset: Array,
    metres: Array,
    fixed: Array,
    speed: float,
) -> Array:
    """Return the running sums in seconds at places (`chain`, `offset`), evenly spread within a step."""
    out = np.empty(len(chain))
    for i in range(len(chain)):
        c = chain[i]
        # the step that holds the offset: the last whose start is not beyond it
        a, b = step_start[c] + c, step_start[c + 1] + c
        while b - a > 1:
            middle = (a + b) // 2
            if prefix_offset[middle] <= offset[i]:
                a = middle
            else:
                b = middle
        span = prefix_offset[b] - prefix_offset[a]
        share = (offset[i] - prefix_offset[a]) / span if span > 0 else 0.0
        low, high = metres[a] / speed + fixed[a], metres[b] / speed + fixed[b]
        out[i] = low + share * (high - low) if share < 1 else high
    return out


@compiled
def direct_seconds(net: Network, demand: Places, d: int, facility: Places, f: int) -> float:
    """Return seconds from demand place d to facility f along their common chain, legs included; inf if closed."""
    c = demand.chain[d]
    legs = demand.leg[d] + facility.leg[f]
    if demand.offset[d] == facility.offset[f]:
        return float(legs)
    if demand.offset[d] < facility.offset[f]:
        return float(legs + (facility.ahead[f] - demand.ahead[d])) if net.open_fwd[c] else np.inf
    return float(legs + (demand.behind[d] - facility.behind[f])) if net.open_bwd[c] else np.inf


@compiled
def _push(ids: Array, seconds: Array, at: int, d: int, value: float) -> tuple[Array, Array]:
    if at == len(ids):
        more, more_seconds = np.empty(2 * at, np.int32), np.empty(2 * at)
        more[:at], more_seconds[:at] = ids, seconds
        ids, seconds = more, more_seconds
    ids[at], seconds[at] = d, value
    return ids, seconds


@compiled
def pairs_from(
    search: Search,
    scratch: Scratch,
    net: Network,
    demand: Places,
    facility: Places,
    which: Array,
) -> tuple[Array, Array, Array]:
    """Return, for each facility in `which`, how many demand places reach it; and those places and their seconds.

    `search` runs over the reversed arcs: people walk *to* the facility.
    """
    best, _, idle = scratch
    counts = np.zeros(len(which), np.int64)
    found, found_seconds = np.empty(4096, np.int32), np.empty(4096)
    labels = np.empty(FIRST_LABELS, LABEL)
    seeds, seed_seconds = np.empty(2, np.int32), np.empty(2)
    at = 0
    for s in range(len(which)):
        f = which[s]
        own = facility.chain[f]
        seeds[0], seed_seconds[0] = net.chain_start[own], facility.to_start[f]
        seeds[1], seed_seconds[1] = net.chain_end[own], facility.to_end[f]
        n = bounded_search(search, scratch, labels, seeds, seed_seconds)
        while n < 0:
            labels = _more(labels)
            n = bounded_search(search, scratch, labels, seeds, seed_seconds)
        begun = at
        # the facility's own chain, whose points may come along it
        for d in range(demand.by_chain[own], demand.by_chain[own + 1]):
            seconds = min(
                demand.to_start[d] + best[net.chain_start[own]],
                demand.to_end[d] + best[net.chain_end[own]],
                direct_seconds(net, demand, d, facility, f),
            )
            if seconds <= search.limit:
                found, found_seconds = _push(found, found_seconds, at, d, seconds)
                at += 1
        for i in range(n):
            node = labels[i].node
            if labels[i].seconds > best[node]:
                continue
            for k in range(net.arc_start[node], net.arc_start[node + 1]):
                c = net.arc_chain[k]
                if c == own or demand.by_chain[c] == demand.by_chain[c + 1]:
                    continue
                if net.arc_side[k] == 1 and best[net.chain_start[c]] < idle:
                    continue  # seen from the chain's start
                from_start, from_end = best[net.chain_start[c]], best[net.chain_end[c]]
                for d in range(demand.by_chain[c], demand.by_chain[c + 1]):
                    seconds = min(demand.to_start[d] + from_start, demand.to_end[d] + from_end)
                    if seconds <= search.limit:
                        found, found_seconds = _push(found, found_seconds, at, d, seconds)
                        at += 1
        forget(scratch, labels, n)
        counts[s] = at - begun
    return counts, found[:at], found_seconds[:at]


@compiled
def nearest_of(
    best: Array, source: Array, limit: float, net: Network, demand: Places, facility: Places
) -> tuple[Array, Array]:
    """Return the seconds and the rank of the nearest facility for each demand place; `source` holds ranks by node."""
    seconds, nearest = np.full(len(demand.chain), np.inf), np.full(len(demand.chain), -1, np.int32)
    for d in range(len(demand.chain)):
        c = demand.chain[d]
        a, b = net.chain_start[c], net.chain_end[c]
        value, who = demand.to_start[d] + best[a], source[a]
        other = demand.to_end[d] + best[b]
        if other < value or (other == value and source[b] < who):
            value, who = other, source[b]
        for f in range(facility.by_chain[c], facility.by_chain[c + 1]):
            other = direct_seconds(net, demand, d, facility, f)
            if other < value or (other == value and facility.rank[f] < who):
                value, who = other, facility.rank[f]
        if value <= limit:
            seconds[d], nearest[d] = value, who
    return seconds, nearest
