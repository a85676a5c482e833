"""The bounded shortest-path search, compiled.

Tentative seconds wait in buckets of equal width; within a bucket labels are corrected in rounds until none improves. The
fixed point is what a float64 Dijkstra search gives, without a heap. Scratch arrays are as long as the network but are
reset by the list of nodes touched, so that a search costs what it reaches.

References
----------
Denardo & Fox (1979), Operations Research 27(1):161-186, https://doi.org/10.1287/opre.27.1.161 (buckets)
Meyer & Sanders (2003), Journal of Algorithms 49(1):114-152, https://doi.org/10.1016/S0196-6774(03)00076-2 (rounds)
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geoplan.network.compiled import compiled

Array = NDArray[Any]

#: One arc as the search reads it: seconds and target side by side, 16 bytes.
ARC = np.dtype([("seconds", np.float64), ("to", np.int32)], align=True)

#: One label that waits in a bucket, and the next one of the same bucket.
LABEL = np.dtype([("seconds", np.float64), ("node", np.int32), ("next", np.int32)], align=True)


class Search(NamedTuple):
    """What is searched: arcs of node i at ``pointer[i]:pointer[i + 1]``, the limit in seconds, buckets a second."""

    pointer: Array
    arcs: Array
    limit: float
    per_second: float


class Scratch(NamedTuple):
    """Memory of one thread: seconds by node (inf between searches), nodes touched, first label of each bucket (-1)."""

    best: Array
    touched: Array
    head: Array


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
def _twice(labels: Array) -> Array:
    more = np.empty(2 * len(labels), labels.dtype)
    more[: len(labels)] = labels
    return more


@compiled
def bounded_search(
    search: Search, scratch: Scratch, labels: Array, seeds: Array, seed_seconds: Array
) -> tuple[int, Array]:
    """Search from `seeds` up to the limit; return how many nodes were reached, and the (grown) `labels`.

    Then ``scratch.touched[:n]`` are the nodes reached and ``scratch.best`` their seconds; the caller sets them back to inf.
    """
    pointer, arcs, limit, per_second = search
    best, touched, head = scratch
    n_touched, n_labels, last = 0, 0, -1
    for s in range(len(seeds)):
        node, seconds = seeds[s], seed_seconds[s]
        if seconds <= limit and seconds < best[node]:
            if best[node] == np.inf:
                touched[n_touched] = node
                n_touched += 1
            best[node] = seconds
            if n_labels == len(labels):
                labels = _twice(labels)
            into = int(seconds * per_second)
            labels[n_labels].seconds = seconds
            labels[n_labels].node = node
            labels[n_labels].next = head[into]
            head[into] = n_labels
            n_labels += 1
            last = max(last, into)
    bucket = 0
    while bucket <= last:
        at = head[bucket]
        if at < 0:
            bucket += 1
            continue
        # one round: the labels that wait here now; what they improve within this bucket waits for the next round
        head[bucket] = -1
        while at >= 0:
            node, seconds = labels[at].node, labels[at].seconds
            at = labels[at].next
            if seconds > best[node]:
                continue  # a better label came later
            for k in range(pointer[node], pointer[node + 1]):
                reached, other = seconds + arcs[k].seconds, arcs[k].to
                known = best[other]
                if reached < known and reached <= limit:
                    if known == np.inf:
                        touched[n_touched] = other
                        n_touched += 1
                    best[other] = reached
                    if n_labels == len(labels):
                        labels = _twice(labels)
                    into = int(reached * per_second)
                    labels[n_labels].seconds = reached
                    labels[n_labels].node = other
                    labels[n_labels].next = head[into]
                    head[into] = n_labels
                    n_labels += 1
                    last = max(last, into)
    return n_touched, labels


@compiled
def nearest_search(
    search: Search,
    best: Array,
    source: Array,
    head: Array,
    seeds: Array,
    seed_seconds: Array,
    seed_source: Array,
) -> None:
    """Search from all `seeds` at once: fill `best` with seconds and `source` with the lowest source at that distance.

    `best` starts as inf, `source` as -1, `head` as -1. A label improves another if it has fewer seconds, or as many and a
    lower source.
    """
    pointer, arcs, limit, per_second = search
    labels = np.empty(max(4096, 2 * len(seeds)), LABEL)
    n_labels, last = 0, -1
    for s in range(len(seeds)):
        node, seconds, mine = seeds[s], seed_seconds[s], seed_source[s]
        if seconds <= limit and (seconds < best[node] or (seconds == best[node] and mine < source[node])):
            best[node], source[node] = seconds, mine
            into = int(seconds * per_second)
            labels[n_labels].seconds = seconds
            labels[n_labels].node = node
            labels[n_labels].next = head[into]
            head[into] = n_labels
            n_labels += 1
            last = max(last, into)
    bucket = 0
    while bucket <= last:
        at = head[bucket]
        if at < 0:
            bucket += 1
            continue
        head[bucket] = -1
        while at >= 0:
            node, seconds = labels[at].node, labels[at].seconds
            at = labels[at].next
            if seconds > best[node]:
                continue
            mine = source[node]
            for k in range(pointer[node], pointer[node + 1]):
                reached, other = seconds + arcs[k].seconds, arcs[k].to
                known = best[other]
                if reached > limit or reached > known or (reached == known and mine >= source[other]):
                    continue
                best[other], source[other] = reached, mine
                if n_labels == len(labels):
                    labels = _twice(labels)
                into = int(reached * per_second)
                labels[n_labels].seconds = reached
                labels[n_labels].node = other
                labels[n_labels].next = head[into]
                head[into] = n_labels
                n_labels += 1
                last = max(last, into)


@compiled
def nodes_from(search: Search, scratch: Scratch, sources: Array, room: int) -> tuple[Array, Array, Array]:
    """Return, for each source node, how many nodes are within the limit; and those nodes and their seconds in one list.

    `room` is a first guess at the length of the list.
    """
    best, touched, _ = scratch
    counts = np.zeros(len(sources), np.int64)
    found, found_seconds = np.empty(room, np.int32), np.empty(room)
    labels = np.empty(4096, LABEL)
    seed, zero = np.empty(1, np.int32), np.zeros(1)
    at = 0
    for s in range(len(sources)):
        seed[0] = sources[s]
        n, labels = bounded_search(search, scratch, labels, seed, zero)
        if at + n > len(found):
            size = 2 * (at + n)
            more, more_seconds = np.empty(size, np.int32), np.empty(size)
            more[:at], more_seconds[:at] = found[:at], found_seconds[:at]
            found, found_seconds = more, more_seconds
        for i in range(n):
            found[at + i] = touched[i]
            found_seconds[at + i] = best[touched[i]]
            best[touched[i]] = np.inf
        counts[s] = n
        at += n
    return counts, found[:at], found_seconds[:at]


@compiled
def weights_within(search: Search, scratch: Scratch, sources: Array, weights: Array) -> Array:
    """Return, for each source node, the sum of `weights` over the nodes within the limit."""
    best, touched, _ = scratch
    out = np.zeros(len(sources))
    labels = np.empty(4096, LABEL)
    seed, zero = np.empty(1, np.int32), np.zeros(1)
    for s in range(len(sources)):
        seed[0] = sources[s]
        n, labels = bounded_search(search, scratch, labels, seed, zero)
        total = 0.0
        for i in range(n):
            total += weights[touched[i]]
            best[touched[i]] = np.inf
        out[s] = total
    return out


class Places(NamedTuple):
    """Places on chains, as seconds: for facilities and demand points alike; order: by chain.

    `chain`, `offset` (metres), `leg`; `to_start`, `to_end` are the seconds between the place and the chain's ends in the
    direction that is walked (inf if closed), leg included; `ahead`, `behind` the chain's running sums at the place; `rank`
    decides ties, the lowest wins. ``by_chain[c]:by_chain[c + 1]`` are the places on chain c.
    """

    chain: Array
    offset: Array
    leg: Array
    to_start: Array
    to_end: Array
    ahead: Array
    behind: Array
    rank: Array
    by_chain: Array


class Network(NamedTuple):
    """The parts of the graph that the pairs need."""

    arc_start: Array
    arc_chain: Array
    arc_side: Array
    chain_start: Array
    chain_end: Array
    open_fwd: Array
    open_bwd: Array


@compiled
def interpolate(
    chain: Array, offset: Array, step_start: Array, prefix_offset: Array, ahead: Array, behind: Array
) -> tuple[Array, Array]:
    """Return the running sums `ahead` and `behind` at places (`chain`, `offset`), evenly spread within a step."""
    out_ahead, out_behind = np.empty(len(chain)), np.empty(len(chain))
    for i in range(len(chain)):
        c = chain[i]
        low, high = step_start[c] + c, step_start[c + 1] + c
        # the step that holds the offset: the last whose start is not beyond it
        a, b = low, high
        while b - a > 1:
            middle = (a + b) // 2
            if prefix_offset[middle] <= offset[i]:
                a = middle
            else:
                b = middle
        span = prefix_offset[b] - prefix_offset[a]
        share = (offset[i] - prefix_offset[a]) / span if span > 0 else 0.0
        share = min(max(share, 0.0), 1.0)
        out_ahead[i] = ahead[a] + share * (ahead[b] - ahead[a]) if share < 1 else ahead[b]
        out_behind[i] = behind[a] + share * (behind[b] - behind[a]) if share < 1 else behind[b]
    return out_ahead, out_behind


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
    best, touched, _ = scratch
    counts = np.zeros(len(which), np.int64)
    found, found_seconds = np.empty(4096, np.int32), np.empty(4096)
    labels = np.empty(4096, LABEL)
    seeds, seed_seconds = np.empty(2, np.int32), np.empty(2)
    at = 0
    for s in range(len(which)):
        f = which[s]
        own = facility.chain[f]
        seeds[0], seed_seconds[0] = net.chain_start[own], facility.to_start[f]
        seeds[1], seed_seconds[1] = net.chain_end[own], facility.to_end[f]
        n, labels = bounded_search(search, scratch, labels, seeds, seed_seconds)
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
            node = touched[i]
            for k in range(net.arc_start[node], net.arc_start[node + 1]):
                c = net.arc_chain[k]
                if c == own or demand.by_chain[c] == demand.by_chain[c + 1]:
                    continue
                if net.arc_side[k] == 1 and best[net.chain_start[c]] < np.inf:
                    continue  # seen from the chain's start
                from_start, from_end = best[net.chain_start[c]], best[net.chain_end[c]]
                for d in range(demand.by_chain[c], demand.by_chain[c + 1]):
                    seconds = min(demand.to_start[d] + from_start, demand.to_end[d] + from_end)
                    if seconds <= search.limit:
                        found, found_seconds = _push(found, found_seconds, at, d, seconds)
                        at += 1
        for i in range(n):
            best[touched[i]] = np.inf
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
