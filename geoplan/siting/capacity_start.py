"""A first choice for the question of capacities: the option that meets most further need, again and again."""

from heapq import heapify, heappop, heappush

import numpy as np
from scipy.sparse import csr_array

from geoplan.coverage.fair_flow import Flow
from geoplan.siting.capacity_flow import Giving
from geoplan.siting.lp import Linear, solve
from geoplan.siting.problems import Choice, Floats, Ints
from geoplan.siting.watch import Watch


def some_choice(choice: Choice, worth: Floats) -> Ints | None:
    """Return options that may be chosen together, of much worth one by one; None if there are none."""
    n = len(choice)
    if n == 0:
        return np.empty(0, np.int64) if choice.allows(np.empty(0, np.int64)) else None
    rows: csr_array = choice.rows.tocsr()
    linear = Linear(-worth, np.zeros(n), np.ones(n), rows, choice.least, choice.most, np.ones(n, bool))
    found = solve(linear, watch=Watch(gap=0.05, nodes=1000))
    return None if found.x is None else np.flatnonzero(found.x > 0.5)


def greedy(choice: Choice, giving: Giving, base: Flow, *, watch: Watch) -> Ints:
    """Return options that meet much need: from those that must open, the one that meets most further need for what it takes up.

    What a choice meets is submodular (an option adds the less, the more is open), so that a gain seen earlier is a bound on the
    gain now and most need not be looked at again (Minoux 1978, Optimization Techniques, LNCIS 7:234-243). The choice may break
    limits from below; the caller asks `Choice.allows`.
    """
    alone = (choice.least > 0) & (np.diff(choice.rows.indptr) == 1)
    chosen = list(map(int, np.unique(choice.rows[np.flatnonzero(alone)].indices)))
    flow = giving.opened(base, np.array(chosen, np.int64))
    met = giving.met(flow)
    used = (
        np.asarray(choice.rows[:, np.array(chosen, np.int64)].sum(axis=1)).ravel()
        if chosen
        else np.zeros(len(choice.most))
    )
    columns = choice.rows.tocsc()
    queue = [
        (-float(giving.useful[j]), j, -1)
        for j in range(len(choice))
        if j not in set(chosen) and giving.useful[j] > 0
    ]
    heapify(queue)
    while queue and not watch.stopped():
        gain, j, seen = heappop(queue)
        rows, taken = _column(columns, j)
        if (used[rows] + taken > choice.most[rows] + 1e-9).any():
            continue
        if seen < len(chosen):
            gain = met - giving.met(giving.opened(flow, np.array([j])))
            if gain < -1e-9:
                heappush(queue, (gain, j, len(chosen)))
            continue
        chosen.append(j)
        flow = giving.opened(flow, np.array([j]))
        met = giving.met(flow)
        used[rows] += taken
    return np.array(sorted(chosen), np.int64)


def _column(columns: csr_array, j: int) -> tuple[Ints, Floats]:
    part = slice(columns.indptr[j], columns.indptr[j + 1])
    return columns.indices[part], columns.data[part]


def pruned(choice: Choice, giving: Giving, base: Flow, chosen: Ints, value: float) -> Ints:
    """Return `chosen` without the options that add nothing, the last first, where the choice lets them go."""
    kept = np.sort(chosen)
    for j in kept[::-1]:
        rest = kept[kept != j]
        if choice.allows(rest) and giving.met(giving.opened(base, rest)) >= value - 1e-9 * max(1.0, value):
            kept = rest
    return kept
