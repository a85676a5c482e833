"""The capacitated problem in plain arrays: each bed is allocated once."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from geoplan.coverage.fair_flow import fair_rates, pairing
from geoplan.siting.solve.problems import Floats, Ints, SelectionConstraints


@dataclass(frozen=True, eq=False)
class Capacity:
    """Who could be given a bed where, and how many there are.

    Parameters
    ----------
    constraints
        Which options may be chosen together.
    seconds
        Shape (n_options, n_points): an entry where the point's people may be given a bed of the option; its value is the walk,
        >= 0 (0 is a walk too).
    need
        Beds that each point needs, shape (n_points,), >= 0, finite; what a point gets may be a part of it.
    capacity
        Beds of each option, shape (n_options,), >= 0, finite.
    existing
        As `seconds`, of the facilities that exist, shape (n_existing, n_points). Their beds are allocated again.
    existing_capacity
        Beds of each, shape (n_existing,), >= 0, finite.
    cutoff_seconds
        Seconds at which need counts that gets no bed (median only); no walk is longer.
    """

    constraints: SelectionConstraints
    seconds: csr_array
    need: Floats
    capacity: Floats
    existing: csr_array
    existing_capacity: Floats
    cutoff_seconds: float = 3600.0


@dataclass(frozen=True, eq=False)
class Beds:
    """Every pair of a point with need and an option or a facility with beds; points and givers keep their own positions.

    Parameters
    ----------
    point, giver, seconds
        Of each pair, in the order of points and then givers. Givers are the options, then what exists.
    capacity
        Of each giver.
    options
        Number of options.
    """

    point: Ints
    giver: Ints
    seconds: Floats
    capacity: Floats
    options: int


def check(problem: Capacity) -> None:
    """Raise ValueError where the arrays do not fit each other or a number is out of its range."""
    options, points = len(problem.constraints), len(problem.need)
    shapes = (
        ("seconds", problem.seconds.shape, (options, points)),
        ("capacity", problem.capacity.shape, (options,)),
        ("existing", problem.existing.shape, (len(problem.existing_capacity), points)),
    )
    wrong = [
        f"{name}: shape {shape}, expected {expected}" for name, shape, expected in shapes if shape != expected
    ]
    if wrong:
        raise ValueError("; ".join(wrong))
    walks = problem.seconds.data, problem.existing.data
    for values in (problem.need, problem.capacity, problem.existing_capacity, *walks):
        if not bool((np.isfinite(values) & (values >= 0)).all()):
            raise ValueError("need, capacity and seconds must be >= 0 and finite")
    if any(bool((walk > problem.cutoff_seconds).any()) for walk in walks):
        raise ValueError("a walk is longer than `beyond`")


def beds_of(problem: Capacity) -> Beds:
    """Return the pairs of a question; nothing is merged, only pairs without need or without beds are left out."""
    capacity = np.concatenate([problem.capacity, problem.existing_capacity])
    new, old = problem.seconds.tocoo(), problem.existing.tocoo()
    giver = np.concatenate([new.row, old.row + len(problem.capacity)]).astype(np.int64)
    point = np.concatenate([new.col, old.col]).astype(np.int64)
    seconds = np.concatenate([new.data, old.data]).astype(np.float64)
    keep = (problem.need[point] > 0) & (capacity[giver] > 0)
    order = np.lexsort((giver[keep], point[keep]))
    return Beds(point[keep][order], giver[keep][order], seconds[keep][order], capacity, len(problem.capacity))


def met_rates(problem: Capacity, chosen: Ints) -> Floats:
    """Return the part (0-1) of each point's need that is met when beds are given out as fairly as can be, shape (n_points,).

    By the fair shares of `coverage.fair_flow`, which serve the most that can be served; 0 where nothing is in reach.
    """
    beds = beds_of(problem)
    open_ = np.zeros(len(beds.capacity), bool)
    open_[chosen] = True
    open_[beds.options :] = True
    keep = open_[beds.giver]
    rates = np.zeros(len(problem.need))
    points, i = np.unique(beds.point[keep], return_inverse=True)
    givers, j = np.unique(beds.giver[keep], return_inverse=True)
    if len(points):
        pairs = pairing(i.ravel(), j.ravel(), takers=len(points), givers=len(givers))
        rates[points] = fair_rates(pairs, problem.need[points], beds.capacity[givers])
    return rates


def recount(problem: Capacity, chosen: Ints) -> float:
    """Return the need met when the beds of `chosen` options and of what exists are each given out once, on the data as given.

    By :func:`met_rates`; the search has no part in it.

    Examples
    --------
    >>> constraints = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.empty(0), np.empty(0))
    >>> problem = Capacity(constraints, csr_array([[60.0, 60.0]]), np.array([3.0, 4.0]), np.array([5.0]),
    ...     csr_array([[60.0, 0.0]]), np.array([1.0]))
    >>> recount(problem, np.array([], int)), recount(problem, np.array([0]))
    (1.0, 6.0)
    """
    return float(problem.need @ met_rates(problem, chosen))
