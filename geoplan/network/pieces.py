"""Parts of chains from which a walk to the facility fits a limit, found and cut out of the lines in compiled code."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.network.compiled import compiled
from geoplan.network.graph import WalkGraph

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]
Span = tuple[Ints, Floats, Floats]

#: Parts shorter than this, metres, are not drawn: their ends are held by the parts that lead to them.
SHORT_M = 1e-6


def reached_parts(
    graph: WalkGraph, seconds: Floats, snaps: pd.DataFrame, *, walk_kmh: float, limits: Sequence[float]
) -> list[Shapes]:
    """Return the lines of the street parts that each limit adds to the limits before.

    A place is reached if walking it to an end of its chain, and from there on, takes no longer than the limit; or to a
    facility on the same chain, access leg included. Walks go to the facility, in the direction in which they are open.

    Parameters
    ----------
    seconds
        Seconds from each junction to the nearest facility, access leg included; inf beyond; shape (n_nodes,).
    snaps
        The facilities' ``chain, offset_m, leg_m``; those with chain -1 are left out.
    limits
        Seconds, growing.

    Returns
    -------
    parts
        LineStrings, an array a limit. On a chain that holds a facility parts may overlap.
    """
    with_s, against_s = graph.prefix_seconds(walk_kmh)
    here = snaps[snaps["chain"].to_numpy() >= 0]
    rest = _from_ends(graph, seconds, with_s, against_s)
    near = _from_facilities(graph, here, with_s, against_s, walk_kmh)
    lines = []
    before = -1.0
    for limit in limits:
        spans = [*rest.added(before, limit), *near.added(before, limit)]
        chain, low, high = (np.concatenate(column) for column in zip(*spans, strict=True))
        keep = high - low >= SHORT_M
        lines.append(cut(graph, chain[keep], low[keep], high[keep]))
        before = limit
    return lines


@dataclass(frozen=True, eq=False)
class _Walks:
    """Walks along chains: how far along each chain a budget of seconds lets a walk begin.

    Parameters
    ----------
    chain
        Chain of each walk's end, shape (n,).
    from_low, from_high
        Where walks that come from below (towards the chain's end) and from above arrive: metres from the chain's
        start, the running sum of seconds there, and what the rest of the walk takes (inf: never).
    """

    graph: WalkGraph
    chain: Ints
    from_low: tuple[Floats, Floats, Floats]
    from_high: tuple[Floats, Floats, Floats]
    sums: tuple[Floats, Floats]

    def below(self, limit: float) -> Floats:
        """Return the lowest offset from which a walk up the chain arrives in time; where it arrives if none does."""
        at, sum_at, rest = self.from_low
        return self._offsets(self.sums[0], sum_at + rest - limit, rest <= limit, at, lowest=True)

    def above(self, limit: float) -> Floats:
        """Return the highest offset from which a walk down the chain arrives in time; where it arrives if none does."""
        at, sum_at, rest = self.from_high
        return self._offsets(self.sums[1], sum_at + limit - rest, rest <= limit, at, lowest=False)

    def _offsets(
        self, sums: Floats, target: Floats, able: npt.NDArray[np.bool_], at: Floats, *, lowest: bool
    ) -> Floats:
        out = at.copy()
        first = self.graph.step_start[:-1] + np.arange(self.graph.n_chains)
        after = self.graph.step_start[1:] + np.arange(self.graph.n_chains) + 1
        own = self.chain[able]
        found = offsets_at(sums, self.graph.prefix_offset_m, first[own], after[own], target[able], lowest)
        out[able] = np.minimum(found, at[able]) if lowest else np.maximum(found, at[able])
        return out


class _FromEnds(_Walks):
    """Walks that leave a chain by its ends: reached are ``[0, above]`` and ``[below, length]``."""

    def added(self, before: float, limit: float) -> list[Span]:
        low, high = self.above(limit), self.below(limit)
        old_low, old_high = self.above(before), self.below(before)
        whole, was_whole = low >= high, old_low >= old_high
        # where both ends' parts meet, one piece closes the gap
        low, high = np.where(whole, old_high, low), np.where(whole, old_high, high)
        new = ~was_whole
        return [(self.chain[new], old_low[new], low[new]), (self.chain[new], high[new], old_high[new])]


class _FromFacilities(_Walks):
    """Walks that end at a facility on the chain: reached is ``[below, above]`` round it."""

    def added(self, before: float, limit: float) -> list[Span]:
        return [
            (self.chain, self.below(limit), self.below(before)),
            (self.chain, self.above(before), self.above(limit)),
        ]


def _from_ends(graph: WalkGraph, seconds: Floats, with_s: Floats, against_s: Floats) -> _FromEnds:
    to_end = np.where(graph.chain_open_fwd, seconds[graph.chain_end], np.inf)
    to_start = np.where(graph.chain_open_bwd, seconds[graph.chain_start], np.inf)
    chain = np.flatnonzero(np.isfinite(to_end) | np.isfinite(to_start))
    last = (graph.step_start[1:] + np.arange(graph.n_chains))[chain]
    zero = np.zeros(len(chain))
    return _FromEnds(
        graph,
        chain,
        from_low=(graph.chain_length_m[chain], with_s[last], to_end[chain]),
        from_high=(zero, zero, to_start[chain]),
        sums=(with_s, against_s),
    )


def _from_facilities(
    graph: WalkGraph, snaps: pd.DataFrame, with_s: Floats, against_s: Floats, walk_kmh: float
) -> _FromFacilities:
    chain = snaps["chain"].to_numpy(dtype=np.int64)
    at = snaps["offset_m"].to_numpy(dtype=np.float64)
    leg = snaps["leg_m"].to_numpy(dtype=np.float64) * 3.6 / walk_kmh
    first = graph.step_start[chain] + chain
    after = graph.step_start[chain + 1] + chain + 1
    with_at, against_at = (
        sums_at(sums, graph.prefix_offset_m, first, after, at) for sums in (with_s, against_s)
    )
    return _FromFacilities(
        graph,
        chain,
        from_low=(at, with_at, np.where(graph.chain_open_fwd[chain], leg, np.inf)),
        from_high=(at, against_at, np.where(graph.chain_open_bwd[chain], leg, np.inf)),
        sums=(with_s, against_s),
    )


@compiled
def sums_at(sums: Floats, offset: Floats, first: Ints, after: Ints, at: Floats) -> Floats:
    """Return the running sum at offset ``at[i]`` on positions ``first[i]:after[i]``, spread evenly within a step."""
    out = np.empty(len(at))
    for i in range(len(at)):
        k = first[i] + 1
        while k < after[i] - 1 and offset[k] < at[i]:
            k += 1
        length = offset[k] - offset[k - 1]
        part = (at[i] - offset[k - 1]) / length if length > 0 else 1.0
        out[i] = sums[k - 1] + part * (sums[k] - sums[k - 1])
    return out


@compiled
def offsets_at(
    sums: Floats, offset: Floats, first: Ints, after: Ints, target: Floats, lowest: bool
) -> Floats:
    """Return where the running sum passes ``target[i]``, or the chain's end on that side where it lies beyond.

    With `lowest` the lowest offset whose sum is at least the target, else the highest whose sum is at most that.
    """
    out = np.empty(len(target))
    for i in range(len(target)):
        a, b, t = first[i], after[i] - 1, target[i]
        if sums[a] >= t and (lowest or sums[a] > t):
            out[i] = offset[a]
            continue
        if sums[b] <= t and (not lowest or sums[b] < t):
            out[i] = offset[b]
            continue
        while b - a > 1:
            middle = (a + b) // 2
            if sums[middle] < t or (not lowest and sums[middle] == t):
                a = middle
            else:
                b = middle
        rise = sums[b] - sums[a]
        part = (t - sums[a]) / rise if rise > 0 else 0.0
        out[i] = offset[a] + part * (offset[b] - offset[a])
    return out


def cut(graph: WalkGraph, chain: Ints, low: Floats, high: Floats) -> Shapes:
    """Return the lines of chains between offsets `low` and `high` (metres, low < high), shape (n,)."""
    if not len(chain):
        return np.empty(0, dtype=object)
    xy, piece = _cut(graph.coord_start, graph.coord_offset_m, graph.coord_x, graph.coord_y, chain, low, high)
    lines: Shapes = shapely.linestrings(xy, indices=piece)
    return lines


@compiled
def _cut(
    start: Ints, offset: Floats, x: Floats, y: Floats, chain: Ints, low: Floats, high: Floats
) -> tuple[Floats, Ints]:
    size = 0
    for i in range(len(chain)):
        size += start[chain[i] + 1] - start[chain[i]] + 2
    xy, piece = np.empty((size, 2)), np.empty(size, np.int64)
    n = 0
    for i in range(len(chain)):
        c = chain[i]
        for k in range(start[c], start[c + 1] - 1):
            length = offset[k + 1] - offset[k]
            a, b = max(low[i], offset[k]), min(high[i], offset[k + 1])
            if length <= 0 or a >= b:
                continue
            if n == 0 or piece[n - 1] != i:
                xy[n, 0] = x[k] + (a - offset[k]) / length * (x[k + 1] - x[k])
                xy[n, 1] = y[k] + (a - offset[k]) / length * (y[k + 1] - y[k])
                piece[n] = i
                n += 1
            if b == offset[k + 1]:
                xy[n, 0], xy[n, 1] = x[k + 1], y[k + 1]  # corners to the bit, so that pieces meet
            else:
                xy[n, 0] = x[k] + (b - offset[k]) / length * (x[k + 1] - x[k])
                xy[n, 1] = y[k] + (b - offset[k]) / length * (y[k + 1] - y[k])
            piece[n] = i
            n += 1
    return xy[:n].copy(), piece[:n].copy()
