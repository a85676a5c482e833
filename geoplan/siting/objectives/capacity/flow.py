"""Maximum flow of need to beds, and the minimum cut as an upper bound that is linear in the options."""

from typing import NamedTuple

import numpy as np

from geoplan.coverage.fair_flow import Flow, _no_flow, _push_all, pairing
from geoplan.network.compiled import compiled
from geoplan.siting.objectives.capacity.problem import Beds
from geoplan.siting.solve.problems import Bools, Floats, Ints


class Cut(NamedTuple):
    """Upper bound on the need met: ``constant + coefficient @ x``, where x is 1 for options chosen."""

    constant: float
    coefficient: Floats


class Giving:
    """Beds given out so far; more can be added, and copies are cheap.

    Parameters
    ----------
    beds
        Who may be given what.
    need
        Of all points, shape (n_points,).
    """

    def __init__(self, beds: Beds, need: Floats) -> None:
        self.beds = beds
        self.points, taker = np.unique(beds.point, return_inverse=True)
        self.need = need[self.points]
        asked = np.bincount(beds.giver, weights=need[beds.point], minlength=len(beds.capacity))
        self.useful = np.minimum(beds.capacity, asked)
        self.pairs = pairing(taker.ravel(), beds.giver, takers=len(self.points), givers=len(beds.capacity))

    def start(self) -> Flow:
        """Return the beds of what exists given out, no option open."""
        takers, givers = len(self.points), len(self.useful)
        if not takers:
            return _no_flow(self.pairs, np.ones(1), np.ones(1))
        flow = _no_flow(self.pairs, self.need, np.maximum(self.useful, 1e-12))
        flow.excess[:] = self.need
        flow.spare[self.beds.options : givers] = self.useful[self.beds.options :]
        self._push(flow)
        return flow

    def _push(self, flow: Flow) -> None:
        if len(self.points):
            _push_all(flow, np.arange(len(self.points)), np.arange(len(self.useful)))

    def opened(self, flow: Flow, options: Ints, share: Floats | None = None) -> Flow:
        """Return the flow with more options open, each whole or a share of its beds; `flow` itself stays as it is."""
        if not len(self.points):
            return flow
        level = flow.level[0].copy(), flow.level[1].copy()
        more = flow._replace(
            amount=flow.amount.copy(), excess=flow.excess.copy(), spare=flow.spare.copy(), level=level
        )
        more.spare[options] += self.useful[options] * (1.0 if share is None else share)
        _take_up(more, np.asarray(options, np.int64))
        # every further way to meet need ends at a new bed: with none to spare the flow is full
        if (more.spare[options] > more.least).any():
            self._push(more)
        return more

    def met(self, flow: Flow) -> float:
        """Return the need that is met."""
        return float(self.need.sum() - flow.excess.sum()) if len(self.points) else 0.0

    def lacking(self, flow: Flow) -> Floats:
        """Return the beds of each option that people in its reach lack: at least so much it meets further."""
        if not len(self.points):
            return np.zeros(self.beds.options)
        asked = np.bincount(
            self.pairs.giver, weights=flow.excess[self.pairs.taker], minlength=len(self.useful)
        )
        beds: Floats = np.minimum(self.useful, asked)[: self.beds.options]
        return beds

    def cut(self, flow: Flow) -> Cut:
        """Return the bound that a full flow proves.

        Let S be the points that lack something, and those whose beds they could take over. What is met is at most all need outside
        S, and of each giver in reach of S its beds, or what S needs within its reach if that is less (max-flow min-cut; Ford &
        Fulkerson 1956, Canadian Journal of Mathematics 8:399-404).
        """
        options = self.beds.options
        if not len(self.points):
            return Cut(0.0, np.zeros(options))
        self._push(flow)  # marks the points that lack something; `opened` need not
        inside: Bools = flow.level[0] >= 0
        wanted = np.where(inside, self.need, 0.0)
        asked = np.bincount(self.pairs.giver, weights=wanted[self.pairs.taker], minlength=len(self.useful))
        value = np.minimum(self.useful, asked)
        return Cut(float(self.need[~inside].sum() + value[options:].sum()), value[:options])


@compiled
def _take_up(flow: Flow, givers: Ints) -> None:
    """Allocate the spare beds of `givers` to points in reach that lack some: most of the need that a new site meets, without a search."""
    pairs = flow.pairs
    for j in givers:
        for k in range(pairs.back_start[j], pairs.back_start[j + 1]):
            if flow.spare[j] <= flow.least:
                break
            e = pairs.back[k]
            i = pairs.taker[e]
            amount = min(flow.excess[i], flow.spare[j])
            if amount > 0.0:
                flow.amount[e] += amount
                flow.excess[i] -= amount
                flow.spare[j] -= amount
