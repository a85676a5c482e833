"""Order of opening of the chosen sites and the gain of each: phase by phase, within a phase the largest marginal gain first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geoplan.siting.solve.problems import CoverageProblem, DistanceProblem, Floats, Ints, entries_of


@dataclass(frozen=True, eq=False)
class Opening:
    """Options in the order of opening.

    Parameters
    ----------
    option
        Positions of the options, shape (n_chosen,).
    gain, marginal, total
        What each alone would add, what it adds after those before it, and the aim with it and all before it.
    """

    option: Ints
    gain: Floats
    marginal: Floats
    total: Floats

    def divided(self, by: float) -> "Opening":
        """Return the same order with gains in another unit."""
        return Opening(self.option, self.gain / by, self.marginal / by, self.total / by)


def opening_by_people(problem: CoverageProblem, groups: Sequence[Ints]) -> Opening:
    """Return the order of opening by people covered.

    Parameters
    ----------
    problem
        One phase, the last: an option of `groups` stands once.
    groups
        Options that open in each phase, in the order of the phases.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(2), csr_array((0, 2)), np.empty(0), np.empty(0))
    >>> covers = csr_array(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    >>> problem = CoverageProblem(free, covers, np.array([5.0, 3.0, 1.0]), np.zeros(3, bool), np.zeros(3, int))
    >>> found = opening_by_people(problem, [np.array([0, 1])])
    >>> found.option.tolist(), found.marginal.tolist(), found.total.tolist()
    ([0, 1], [8.0, 1.0], [8.0, 9.0])
    """
    found = opening_by_walking(problem.as_walks(), groups)
    return replace(found, total=float(problem.weight.sum()) - found.total)


def opening_by_walking(problem: DistanceProblem, groups: Sequence[Ints]) -> Opening:
    """Return the order of opening by person-seconds of walking saved; `total` is what is still walked.

    Parameters are those of :func:`opening_by_people`.
    """
    first = np.minimum(problem.existing_seconds, problem.cutoff_seconds)
    left = first.copy()

    def saves(option: int, walked: Floats) -> float:
        at, seconds = entries_of(problem.seconds, option)
        return float(problem.weight[at] @ np.maximum(0.0, walked[at] - seconds))

    def open_it(option: int) -> None:
        np.minimum.at(left, *entries_of(problem.seconds, option))

    order, marginal = in_order(groups, lambda option: saves(option, left), open_it)
    total = float(problem.weight @ first) - np.cumsum(marginal)
    return Opening(order, np.array([saves(int(option), first) for option in order]), marginal, total)


def in_order(
    groups: Sequence[Ints], gain: Callable[[int], float], open_it: Callable[[int], None]
) -> tuple[Ints, Floats]:
    """Return the options group by group, within a group the largest marginal gain first, the lowest position of equals; and the gains.

    Parameters
    ----------
    groups
        Options that open in each phase.
    gain
        What an option adds to those opened so far.
    open_it
        Opens an option.
    """
    order: list[int] = []
    marginal: list[float] = []
    for group in groups:
        waiting = [int(option) for option in np.sort(group)]
        while waiting:
            gains = [gain(option) for option in waiting]
            best = int(np.argmax(gains))
            marginal.append(gains[best])
            order.append(waiting.pop(best))
            open_it(order[-1])
    return np.array(order, dtype=np.int64), np.array(marginal, dtype=np.float64)
