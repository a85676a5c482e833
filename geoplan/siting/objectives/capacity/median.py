"""Who gets how many beds where, so that people walk least: the model of the second aim of the capacitated median."""

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array, vstack

from geoplan.siting.objectives.capacity.problem import Capacity, beds_of
from geoplan.siting.problems import Floats, Ints
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve

#: By so much the need met may be less than the first aim's, as a share, so that rounding does not stand in the way.
HAIR = 1e-8


class Transport:
    """The model: options chosen, then the beds that each pair gives; the first aim is held.

    Parameters
    ----------
    problem
        Needs, beds, and who reaches what.
    met
        Need that must be met.
    """

    def __init__(self, problem: Capacity, met: float) -> None:
        beds = beds_of(problem)
        options, pairs = beds.options, len(beds.point)
        points, row = np.unique(beds.point, return_inverse=True)
        given = options + np.arange(pairs)
        most = np.minimum(problem.need[beds.point], beds.capacity[beds.giver])
        blocks = [_block(row.ravel(), given, np.ones(pairs), (len(points), options + pairs))]
        high = [problem.need[points]]
        # beds of each giver: an option's only where it is chosen
        givers = len(beds.capacity)
        rows = np.concatenate([beds.giver, np.arange(options)])
        columns = np.concatenate([given, np.arange(options)])
        values = np.concatenate([np.ones(pairs), -beds.capacity[:options]])
        blocks.append(_block(rows, columns, values, (givers, options + pairs)))
        high.append(np.where(np.arange(givers) < options, 0.0, beds.capacity))
        new = np.flatnonzero(beds.giver < options)
        each = np.arange(len(new))
        rows, columns = np.concatenate([each, each]), np.concatenate([given[new], beds.giver[new]])
        blocks.append(
            _block(
                rows, columns, np.concatenate([np.ones(len(new)), -most[new]]), (len(new), options + pairs)
            )
        )
        high.append(np.zeros(len(new)))
        total = _block(np.zeros(pairs, np.int64), given, np.ones(pairs), (1, options + pairs))
        constraints = problem.constraints.rows.tocoo()
        constraints = _block(
            constraints.row, constraints.col, constraints.data, (constraints.shape[0], options + pairs)
        )
        limits = np.concatenate(high)
        self.linear = Linear(
            # what is given is not beyond
            cost=np.concatenate([np.zeros(options), beds.seconds - problem.cutoff_seconds]),
            low=np.zeros(options + pairs),
            high=np.concatenate([np.ones(options), most]),
            rows=vstack([*blocks, total, constraints], format="csr"),
            row_low=np.concatenate(
                [np.full(len(limits), -np.inf), [met - max(1e-7, HAIR * met)], problem.constraints.least]
            ),
            row_high=np.concatenate([limits, [np.inf], problem.constraints.most]),
            whole=np.arange(options + pairs) < options,
        )
        self.options = options
        self.constant = float(problem.cutoff_seconds * problem.need.sum())

    def walking(self, x: Floats) -> float:
        """Return the walking of an answer of the model, need without a bed at `cutoff_seconds`."""
        return float(self.linear.cost @ x) + self.constant

    def settled(self, chosen: Ints) -> Floats | None:
        """Return the least walking with given options; None if they do not meet the need."""
        x = np.zeros(self.options)
        x[chosen] = 1.0
        low, high = self.linear.low.copy(), self.linear.high.copy()
        low[: self.options] = high[: self.options] = x
        found = solve(replace(self.linear, low=low, high=high), control=SearchControl(), relax=True)
        return found.x


def _block(row: Ints, column: Ints, value: Floats, shape: tuple[int, int]) -> coo_array:
    return coo_array((value, (row, column)), shape=shape)
