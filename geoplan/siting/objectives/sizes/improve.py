"""Improving a choice of sites block by block: all but one neighbourhood are held, and that one is solved anew.

Large neighbourhood search (Shaw 1998, Principles and Practice of Constraint Programming, LNCS 1520:417-431,
https://doi.org/10.1007/3-540-49481-2_30). What couples far places
is only a sum (a budget, an earlier aim), so that solving place by place gets close to the best of all.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from geoplan.siting.objectives.sizes.model import SizeModel
from geoplan.siting.problems import Floats, Ints
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve

#: Candidates in a block, pass by pass, and nodes of the tree for one block.
BLOCKS, BLOCK_NODES = (80, 80, 160, 240), 5


def blocks(model: SizeModel, *, size: int) -> Iterator[Ints]:
    """Yield columns of x and y, neighbourhood by neighbourhood; each overlaps the next by half.

    Candidates are put in an order in which those that serve the same zones are near each other (Cuthill & McKee 1969).
    """
    candidates = model.option.shape[0]
    live = np.flatnonzero((model.option >= 0).any(axis=1))
    j, z = model.gives[0], model.gives[1]
    serves = coo_array((np.ones(len(j)), (j, z)), shape=(candidates, int(z.max(initial=0)) + 1)).tocsr()
    order = reverse_cuthill_mckee((serves @ serves.T).tocsr(), symmetric_mode=True)
    order = order[np.isin(order, live)]
    for start in range(0, max(1, len(order) - size // 2), size // 2):
        some = order[start : start + size]
        columns = np.concatenate([model.option[some].ravel(), model.opening[some].ravel()])
        yield np.unique(columns[columns >= 0])


def improve(
    linear: Linear, model: SizeModel, x: Floats, *, control: SearchControl, enough: Callable[[float], bool]
) -> tuple[Floats, int]:
    """Return a choice that is no worse than `x`, and the nodes that were looked at.

    Parameters
    ----------
    linear
        The model with its aim.
    model
        What its columns stand for.
    x
        A feasible choice.
    control
        Limits; no more than half of its nodes are used.
    enough
        Told the sum; True ends the search.
    """
    decided, nodes = model.decided, 0
    best, value = x, float(linear.cost @ x)
    for free in chain.from_iterable(blocks(model, size=size) for size in BLOCKS):
        if enough(value) or control.stopped(nodes=2 * nodes):
            break
        low, high = linear.low.copy(), linear.high.copy()
        held = np.setdiff1d(decided, free, assume_unique=True)
        low[held] = high[held] = np.round(best[held])
        quiet = SearchControl(
            gap=control.gap / 4,
            nodes=BLOCK_NODES,
            seconds=None if control.seconds is None else max(0.0, control.left()),
            interrupted=control.interrupted,
        )
        found = solve(replace(linear, low=low, high=high), control=quiet, start=best)
        nodes += found.nodes
        if found.x is not None and found.objective < value - 1e-9 * max(1.0, abs(value)):
            best, value = found.x, found.objective
    return best, nodes
