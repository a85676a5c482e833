"""A good choice found quickly: options added one by one, then exchanged while that helps; compiled.

The gain of every exchange is counted from each point's nearest and second nearest option chosen (Whitaker 1983, INFOR 21;
Resende & Werneck 2007, European Journal of Operational Research 179).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from geoplan.network.compiled import compiled
from geoplan.siting.objectives.median.arrays import Medians
from geoplan.siting.problems import Ints

Array = NDArray[Any]
#: Share of the sum below which a change is rounding.
HAIR = 1e-11


def improved(arrays: Medians, chosen: Ints, *, moves: int = 1_000_000) -> Ints:
    """Return a choice no worse than `chosen`, which the limits allow: options added, then exchanged one for one.

    Parameters
    ----------
    arrays
        The question.
    chosen
        Positions to begin with, allowed.
    moves
        Most changes.

    Returns
    -------
    chosen
        Positions, ascending.
    """
    columns = csc_array(arrays.rows)
    columns.sort_indices()
    limits = (
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int64),
        columns.data.astype(np.float64),
        arrays.least - 1e-9,
        arrays.most + 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(arrays.most), arrays.most, 1.0))),
    )
    inside = np.zeros(len(arrays), np.bool_)
    inside[chosen] = True
    used = np.asarray(arrays.rows @ inside.astype(float), np.float64)
    entries = (arrays.start, arrays.point, arrays.cost)
    hair = HAIR * max(1.0, float(arrays.top.sum()))
    _climb(entries, arrays.top, limits, used, inside, hair, moves)
    return np.flatnonzero(inside)


@compiled
def _two_best(entries: Any, top: Array, inside: Array, first: Array, near: Array, second: Array) -> None:  # noqa: ANN401 - a tuple of arrays
    start, point, cost = entries
    near[:], second[:], first[:] = top, top, -1
    for j in range(len(inside)):
        if not inside[j]:
            continue
        for e in range(start[j], start[j + 1]):
            k, c = point[e], cost[e]
            if c < near[k]:
                second[k], near[k], first[k] = near[k], c, j
            elif c < second[k]:
                second[k] = c


@compiled
def _allowed(limits: Any, used: Array, add: Any, drop: Any) -> bool:  # noqa: ANN401 - a tuple of arrays; numba's int64
    """Return whether `add` may come and `drop` (-1: none) may go."""
    begin, row, share, least, most = limits
    for a in range(begin[add], begin[add + 1]):
        r, after = row[a], used[row[a]] + share[a]
        if drop >= 0 and after > most[r]:
            for b in range(begin[drop], begin[drop + 1]):
                if row[b] == r:
                    after -= share[b]
        if after > most[r]:
            return False
    if drop >= 0:
        for b in range(begin[drop], begin[drop + 1]):
            r, after = row[b], used[row[b]] - share[b]
            if after < least[r]:
                for a in range(begin[add], begin[add + 1]):
                    if row[a] == r:
                        after += share[a]
                if after < least[r]:
                    return False
    return True


@compiled
def _use(limits: Any, used: Array, option: Any, sign: float) -> None:  # noqa: ANN401 - a tuple of arrays
    begin, row, share, _, _ = limits
    for a in range(begin[option], begin[option + 1]):
        used[row[a]] += sign * share[a]


@compiled
def _gained(entries: Any, j: Any, first: Array, near: Array, second: Array, extra: Array) -> float:  # noqa: ANN401 - a tuple of arrays; numba's int64
    """Return what option `j` gains alone, and note in `extra` what each option chosen would lose less for it."""
    start, point, cost = entries
    gain = 0.0
    for e in range(start[j], start[j + 1]):
        k, c = point[e], cost[e]
        if c < near[k]:
            gain += near[k] - c
            if first[k] >= 0:
                extra[first[k]] += second[k] - near[k]
        elif c < second[k] and first[k] >= 0:
            extra[first[k]] += second[k] - c
    return gain


@compiled
def _best_change(
    entries: Any,  # noqa: ANN401 - a tuple of arrays
    top: Array,
    limits: Any,  # noqa: ANN401 - a tuple of arrays
    used: Array,
    inside: Array,
    hair: float,
    adding: bool,
) -> tuple[Any, Any]:
    """Return the option to come and that to go (-1: none) of the best change; -1, -1 where none gains more than `hair`."""
    n, m = len(inside), len(top)
    near, second, first = np.empty(m), np.empty(m), np.empty(m, np.int64)
    _two_best(entries, top, inside, first, near, second)
    loss, extra = np.zeros(n), np.zeros(n)
    for k in range(m):
        if first[k] >= 0:
            loss[first[k]] += second[k] - near[k]
    opened = np.flatnonzero(inside)
    best = hair
    come: Any = np.int64(-1)
    go: Any = np.int64(-1)
    for j in range(n):
        if inside[j]:
            continue
        alone = _allowed(limits, used, j, -1)
        if adding and not alone:
            continue
        gain = _gained(entries, j, first, near, second, extra)
        if alone and gain > best:
            best, come, go = gain, j, -1
        for i in opened:
            if not alone and gain - loss[i] + extra[i] > best and _allowed(limits, used, j, i):
                best, come, go = gain - loss[i] + extra[i], j, i
            extra[i] = 0.0
    return come, go


@compiled
def _climb(
    entries: Any,  # noqa: ANN401 - a tuple of arrays
    top: Array,
    limits: Any,  # noqa: ANN401 - a tuple of arrays
    used: Array,
    inside: Array,
    hair: float,
    moves: int,
) -> None:
    """Make the best change there is, again and again: first additions, then exchanges; ties by lowest position."""
    adding = True
    for _ in range(moves):
        come, go = _best_change(entries, top, limits, used, inside, hair, adding)
        if come < 0 and adding:
            adding = False
        elif come < 0:
            return
        else:
            inside[come] = True
            _use(limits, used, come, 1.0)
            if go >= 0:
                inside[go] = False
                _use(limits, used, go, -1.0)
