"""Fair shares in a bipartite network: the lexicographically optimal base of a transversal polymatroid, by cuts.

The compiled kernel is a maximum flow (Dinic 1970); the decomposition around it is Fujishige's (1980).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geoplan.network.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Amounts below this part of the largest one are rounding.
ROUNDING = 1e-13


class Pairing(NamedTuple):
    """Who may take from what: takers, givers and the pairs between them, readable from both sides.

    Parameters
    ----------
    start
        First pair of each taker, and the end; shape (n_takers + 1,).
    giver
        Giver of each pair, pairs in order of takers; shape (n_pairs,).
    taker
        Taker of each pair; shape (n_pairs,).
    back_start
        First position in `back` of each giver, and the end; shape (n_givers + 1,).
    back
        Pairs in order of givers; shape (n_pairs,).
    """

    start: Ints
    giver: Ints
    taker: Ints
    back_start: Ints
    back: Ints


class Flow(NamedTuple):
    """A flow from takers' needs to givers' capacities, part by part.

    Parameters
    ----------
    pairs
        Who may take from what.
    part
        Part that each taker and each giver is in; pairs across parts carry nothing.
    amount
        Taken along each pair, >= 0; shape (n_pairs,).
    excess, spare
        What each taker still wants and each giver still has.
    level
        Steps from an excess of each taker and giver in the last search, -1 if not found.
    least
        Amounts up to this one are rounding.
    """

    pairs: Pairing
    part: tuple[Ints, Ints]
    amount: Floats
    excess: Floats
    spare: Floats
    level: tuple[Ints, Ints]
    least: float


def pairing(taker: Ints, giver: Ints, *, takers: int, givers: int) -> Pairing:
    """Return the pairs (taker, giver), each given once, in the order of takers and then givers."""
    order = np.lexsort((giver, taker))
    taker, giver = taker[order].astype(np.int64), giver[order].astype(np.int64)
    start = np.searchsorted(taker, np.arange(takers + 1)).astype(np.int64)
    back = np.argsort(giver, kind="stable").astype(np.int64)
    back_start = np.searchsorted(giver[back], np.arange(givers + 1)).astype(np.int64)
    return Pairing(start, giver, taker, back_start, back)


def fair_rates(pairs: Pairing, need: Floats, capacity: Floats) -> Floats:
    """Return the rate (0-1) at which each taker's need is met when the givers' capacity is shared out fairly.

    Of all x with 0 <= x <= need that can be taken from the givers, the one whose rates x/need, sorted ascending, are
    lexicographically largest. With f(S) = capacity(givers of S), Hall's condition x(S) <= f(S) for every set S of takers
    says which x can be taken; f is submodular, so these x form a polymatroid, and so do those of them with
    x <= need (Edmonds 1970). Its lexicographically optimal vector is unique and a base, hence has the largest total
    (Megiddo 1974; Fujishige 1980).

    Parameters
    ----------
    pairs
        Who may take from what. Each taker has a giver.
    need
        Of each taker, > 0; shape (n_takers,).
    capacity
        Of each giver, > 0 and finite; shape (n_givers,).

    Returns
    -------
    rates
        Shape (n_takers,).

    References
    ----------
    Dinic (1970), Soviet Mathematics Doklady 11:1277-1280
    Megiddo (1974), Mathematical Programming 7:97-107, https://doi.org/10.1007/BF01585506
    Fujishige (1980), Mathematics of Operations Research 5(2):186-196, https://doi.org/10.1287/moor.5.2.186
    Gallo, Grigoriadis & Tarjan (1989), SIAM Journal on Computing 18(1):30-55, https://doi.org/10.1137/0218003

    Examples
    --------
    >>> pairs = pairing(np.array([0, 1, 1]), np.array([0, 0, 1]), takers=2, givers=2)
    >>> fair_rates(pairs, np.array([100.0, 50.0]), np.array([10.0, 20.0])).round(3).tolist()
    [0.1, 0.4]
    """
    rates = np.ones(len(need))
    if not len(need):
        return rates
    # capacity beyond what all its takers need is never used; without it, rounding is measured on real amounts
    asked = np.bincount(pairs.giver, weights=need[pairs.taker], minlength=len(capacity))
    capacity = np.minimum(capacity, asked)
    flow = _no_flow(pairs, need, capacity)

    # step 1: who is not fully served, and the givers that only they use
    everyone, everything = np.arange(len(need)), np.arange(len(capacity))
    short, full = _cut(flow, everyone, everything, need, capacity)
    todo = [(short, full)] if len(short) else []
    # step 2: of each part, the rate if all in it had the same; a cut tells those who cannot have it from the others,
    # who then have the givers that the former do not reach to themselves
    number = 0
    while todo:
        takers, givers = todo.pop()
        number += 1
        flow.part[0][takers], flow.part[1][givers] = number, number
        rate = min(1.0, float(capacity[givers].sum() / need[takers].sum()))
        short, full = _cut(flow, takers, givers, rate * need, capacity)
        if not len(short) or len(full) == len(givers) or len(short) == len(takers):
            rates[takers] = rate
            continue
        rest = np.setdiff1d(takers, short, assume_unique=True), np.setdiff1d(givers, full, assume_unique=True)
        todo += [rest, (short, full)]
    return rates


def _no_flow(pairs: Pairing, need: Floats, capacity: Floats) -> Flow:
    """Return the flow of nothing, everyone in one part."""
    takers, givers = len(need), len(capacity)
    return Flow(
        pairs=pairs,
        part=(np.zeros(takers, np.int64), np.zeros(givers, np.int64)),
        amount=np.zeros(len(pairs.giver)),
        excess=np.zeros(takers),
        spare=np.zeros(givers),
        level=(np.full(takers, -1, np.int64), np.full(givers, -1, np.int64)),
        least=ROUNDING * max(float(capacity.max()), float(need.max())),
    )


def _cut(flow: Flow, takers: Ints, givers: Ints, wanted: Floats, capacity: Floats) -> tuple[Ints, Ints]:
    """Return the takers of one part that cannot all have what is wanted, and the givers that they reach."""
    flow.excess[takers], flow.spare[givers] = wanted[takers], capacity[givers]
    _start(flow, takers)
    _push_all(flow, takers, givers)
    return takers[flow.level[0][takers] >= 0], givers[flow.level[1][givers] >= 0]


@compiled
def _start(flow: Flow, takers: Ints) -> None:
    """Start from the flow of the part that this one was cut from, cut back to what is wanted now."""
    pairs, amount = flow.pairs, flow.amount
    for i in takers:
        taken = 0.0
        for e in range(pairs.start[i], pairs.start[i + 1]):
            if flow.part[1][pairs.giver[e]] != flow.part[0][i]:  # what a cut leaves across parts is rounding
                amount[e] = 0.0
            taken += amount[e]
        scale = min(1.0, flow.excess[i] / taken) if taken > 0 else 1.0
        for e in range(pairs.start[i], pairs.start[i + 1]):
            j = pairs.giver[e]
            amount[e] = min(amount[e] * scale, flow.spare[j])
            flow.spare[j] -= amount[e]
            flow.excess[i] -= amount[e]


@compiled
def _push_all(flow: Flow, takers: Ints, givers: Ints) -> None:
    """Push what takers want to what givers have; at the end ``level`` >= 0 marks the short side of the least cut."""
    queue = np.empty(len(takers) + len(givers), np.int64)
    path = np.empty(len(queue), np.int64)
    turn = np.zeros(len(flow.excess), np.int64), np.zeros(len(flow.spare), np.int64)
    while _count_steps(flow, takers, givers, queue):
        for i in takers:
            turn[0][i] = flow.pairs.start[i]
        for j in givers:
            turn[1][j] = flow.pairs.back_start[j]
        for i in takers:
            if flow.excess[i] > flow.least:
                _push(flow, i, turn, path)


@compiled
def _count_steps(flow: Flow, takers: Ints, givers: Ints, queue: Ints) -> bool:
    """Count the steps from an excess to each taker and giver; return whether a giver with a spare was found.

    The search ends with the level of the first spare.
    """
    level = flow.level
    n, last = 0, len(flow.excess) + len(flow.spare)
    for j in givers:
        level[1][j] = -1
    for i in takers:
        level[0][i] = -1
        if flow.excess[i] > flow.least:
            level[0][i] = 0
            queue[n] = i
            n += 1
    at, found = 0, False
    while at < n:
        node = queue[at]  # a giver stands in the queue as -1 - giver
        at += 1
        steps = level[0][node] if node >= 0 else level[1][-1 - node]
        if steps >= last:
            break
        before = n
        n = _step_to_givers(flow, node, queue, n) if node >= 0 else _step_to_takers(flow, -1 - node, queue, n)
        for k in range(before, n):
            if queue[k] < 0 and flow.spare[-1 - queue[k]] > flow.least:
                found, last = True, steps + 1
    return found


@compiled
def _step_to_givers(flow: Flow, i: int, queue: Ints, n: int) -> int:
    """Queue the givers that taker `i` may turn to; return the length of the queue."""
    for e in range(flow.pairs.start[i], flow.pairs.start[i + 1]):
        j = flow.pairs.giver[e]
        if flow.level[1][j] < 0 and flow.part[1][j] == flow.part[0][i]:
            flow.level[1][j] = flow.level[0][i] + 1
            queue[n] = -1 - j
            n += 1
    return n


@compiled
def _step_to_takers(flow: Flow, j: int, queue: Ints, n: int) -> int:
    """Queue the takers who could give back to giver `j`; return the length of the queue."""
    for k in range(flow.pairs.back_start[j], flow.pairs.back_start[j + 1]):
        e = flow.pairs.back[k]
        i = flow.pairs.taker[e]
        if flow.level[0][i] < 0 and flow.part[0][i] == flow.part[1][j] and flow.amount[e] > flow.least:
            flow.level[0][i] = flow.level[1][j] + 1
            queue[n] = i
            n += 1
    return n


@compiled
def _push(flow: Flow, root: int, turn: tuple[Ints, Ints], path: Ints) -> None:
    """Push the excess of `root` along every shortest path that is left (part of a blocking flow).

    Pairs at even places of `path` are taken along, those at odd places given back. ``turn`` says where the search at
    each taker and giver goes on.
    """
    pairs = flow.pairs
    depth, i = 0, root
    while flow.excess[root] > flow.least:
        if depth % 2 == 0:  # at taker i
            e = _next_giver(flow, i, turn[0][i], depth + 1)
            turn[0][i] = e
            if e < pairs.start[i + 1]:
                path[depth] = e
                depth += 1
            elif depth == 0:
                return
            else:
                depth -= 1
                turn[1][pairs.giver[path[depth]]] += 1
            continue
        j = pairs.giver[path[depth - 1]]
        if flow.spare[j] > flow.least:
            depth = _move(flow, root, path, depth)
            continue
        k = _next_taker(flow, j, turn[1][j], depth + 1)
        turn[1][j] = k
        if k < pairs.back_start[j + 1]:
            path[depth] = pairs.back[k]
            i = pairs.taker[path[depth]]
            depth += 1
        else:
            depth -= 1
            i = pairs.taker[path[depth]]
            turn[0][i] += 1


@compiled
def _next_giver(flow: Flow, i: int, e: int, level: int) -> int:
    """Return the first pair of taker `i` from `e` on that leads to `level`, or the end of its pairs."""
    pairs = flow.pairs
    while e < pairs.start[i + 1]:
        j = pairs.giver[e]
        if flow.level[1][j] == level and flow.part[1][j] == flow.part[0][i]:
            break
        e += 1
    return e


@compiled
def _next_taker(flow: Flow, j: int, k: int, level: int) -> int:
    """Return the first place in `back` of giver `j` from `k` on whose taker, of `level`, can give back, or the end."""
    pairs = flow.pairs
    while k < pairs.back_start[j + 1]:
        i = pairs.taker[pairs.back[k]]
        joined = flow.level[0][i] == level and flow.part[0][i] == flow.part[1][j]
        if joined and flow.amount[pairs.back[k]] > flow.least:
            break
        k += 1
    return k


@compiled
def _move(flow: Flow, root: int, path: Ints, depth: int) -> int:
    """Move as much as `path` carries; return the depth to go on from: the first giver that can take no more back."""
    j = flow.pairs.giver[path[depth - 1]]
    most = min(flow.excess[root], flow.spare[j])
    for k in range(1, depth, 2):
        most = min(most, flow.amount[path[k]])
    for k in range(depth):
        flow.amount[path[k]] += most if k % 2 == 0 else -most
    flow.excess[root] -= most
    flow.spare[j] -= most
    for k in range(1, depth, 2):
        if flow.amount[path[k]] <= flow.least:
            return k
    return depth
