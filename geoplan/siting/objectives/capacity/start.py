"""A first choice for the question of capacities: the option that meets most further need, again and again."""

import numpy as np
from scipy.sparse import csr_array

from geoplan.coverage.fair_flow import Flow
from geoplan.siting.objectives.capacity.flow import Giving
from geoplan.siting.problems import Floats, Ints, SelectionConstraints
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve


def some_choice(constraints: SelectionConstraints, worth: Floats) -> Ints | None:
    """Return options that may be chosen together, of much worth one by one; None if there are none."""
    n = len(constraints)
    if n == 0:
        return np.empty(0, np.int64) if constraints.allows(np.empty(0, np.int64)) else None
    rows: csr_array = constraints.rows.tocsr()
    linear = Linear(
        -worth, np.zeros(n), np.ones(n), rows, constraints.least, constraints.most, np.ones(n, bool)
    )
    found = solve(linear, control=SearchControl(gap=0.05, nodes=1000))
    return None if found.x is None else np.flatnonzero(found.x > 0.5)


def greedy(constraints: SelectionConstraints, giving: Giving, base: Flow, *, control: SearchControl) -> Ints:
    """Return options that meet much need: from those that must open, the one that meets most further need, again and again.

    What an option meets further is counted by the need that people in its reach still lack; once nobody lacks any there, by the
    least cut, which also knows of beds that others could leave to them. Each time every option is looked at in one pass; only the one
    that opens takes a flow. The choice may break limits from below; the caller asks `SelectionConstraints.allows`.
    """
    alone = (constraints.least > 0) & (np.diff(constraints.rows.indptr) == 1)
    chosen = list(map(int, np.unique(constraints.rows[np.flatnonzero(alone)].indices)))
    flow = giving.opened(base, np.array(chosen, np.int64))
    used = np.asarray(constraints.rows[:, np.array(chosen, np.int64)].sum(axis=1)).ravel()
    columns = constraints.rows.tocsc()
    free = np.ones(len(constraints), bool)
    free[chosen] = False
    while not control.stopped():
        gain = giving.lacking(flow)
        if not (gain[free] > flow.least).any():
            gain = giving.cut(flow).coefficient
        j = int(np.argmax(np.where(free, gain, -1.0))) if free.any() else -1
        if j < 0 or gain[j] <= flow.least:
            break
        free[j] = False
        rows, taken = _column(columns, j)
        if (used[rows] + taken > constraints.most[rows] + 1e-9).any():
            continue
        more = giving.opened(flow, np.array([j]))
        if giving.met(more) <= giving.met(flow):
            continue
        chosen.append(j)
        flow = more
        used[rows] += taken
    return np.array(sorted(chosen), np.int64)


def _column(columns: csr_array, j: int) -> tuple[Ints, Floats]:
    part = slice(columns.indptr[j], columns.indptr[j + 1])
    return columns.indices[part], columns.data[part]


def pruned(constraints: SelectionConstraints, giving: Giving, base: Flow, chosen: Ints, value: float) -> Ints:
    """Return `chosen` without the options that add nothing, the last first, where the choice lets them go."""
    kept = np.sort(chosen)
    bound = giving.cut(base)
    for j in kept[::-1]:
        rest = kept[kept != j]
        if bound.constant + bound.coefficient[rest].sum() < value - 1e-9 * max(1.0, value):
            continue  # without it the rest cannot meet as much
        if constraints.allows(rest) and giving.met(giving.opened(base, rest)) >= value - 1e-9 * max(
            1.0, value
        ):
            kept = rest
    return kept
