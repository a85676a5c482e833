"""What each number of sites would cover, and what none could cover more than: the gain curve."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, vstack

from geoplan.siting.choose.cover_bound import arrays, bound_of, descend, first_prices, given_prices
from geoplan.siting.choose.cover_rest import quantum, rounded
from geoplan.siting.choose.greedy import greedy, swap
from geoplan.siting.choose.merge import merged
from geoplan.siting.problems import Choice, Cover, Floats, Ints
from geoplan.siting.watch import Watch

#: Chunks of steps for the bound of each number: prices of one number are good prices for the next.
CHUNKS = 6


def cover_curve(problem: Cover, sites: Sequence[int], *, watch: Watch) -> tuple[Floats, Floats]:
    """Return the people covered and a bound for each number of sites: quick, by exchanges and prices, not by a full search.

    Parameters
    ----------
    problem
        Who is covered by which option; its rows without the number of sites, which is added here.
    sites
        Numbers of options, >= 0, in any order.
    watch
        After a stop the rest of the curve is what is known by then.

    Returns
    -------
    people, bound
        In the order of `sites`, both with those already covered. Neither falls as the number grows: what fewer sites cover more
        do, and what bounds more bounds fewer. NaN and inf where the rows allow no answer (or none was found before the stop).

    Examples
    --------
    >>> choice = Choice(np.ones(3), csr_array((0, 3)), np.empty(0), np.empty(0))
    >>> covers = csr_array(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]]))
    >>> cover = Cover(choice, covers, np.array([3.0, 4.0, 5.0]), np.zeros(3, bool), np.full(3, -1))
    >>> cover_curve(cover, [0, 1, 2], watch=Watch())
    (array([ 0.,  9., 12.]), array([ 0.,  9., 12.]))
    """
    small = merged(_numbered(problem, len(problem.choice)))
    step = quantum(small.problem.weight)
    everyone = float(small.problem.weight.sum())
    people, bound = np.full(len(sites), np.nan), np.full(len(sites), everyone)
    chosen, given = np.empty(0, np.int64), None
    order = np.argsort(np.asarray(sites), kind="stable")
    for i in order:
        if watch.stopped() not in ("", "nodes"):
            break
        now = _with_number(small.problem, int(sites[i]))
        found = _best_of(now, chosen, watch)
        if found is not None:
            chosen, people[i] = found
        data = arrays(now)
        prices = first_prices(data, given)
        for _ in range(CHUNKS):
            descend(data, prices, people=0.0 if found is None else found[1])
        given = given_prices(data, prices, now.weight)
        bound[i] = min(everyone, rounded(bound_of(data, prices).value, step))
        if found is not None:
            bound[i] = max(bound[i], found[1])
    # more sites cover no less, fewer no more
    people[order] = np.fmax.accumulate(people[order])
    bound[order] = np.minimum.accumulate(bound[order][::-1])[::-1]
    return people + small.base, np.where(np.isnan(people), np.inf, bound) + small.base


def _numbered(problem: Cover, number: int) -> Cover:
    """Return the problem with a last row that limits the number of options."""
    choice, n = problem.choice, len(problem.choice)
    rows = csr_array(vstack([choice.rows, csr_array(np.ones((1, n)))]))
    more = Choice(choice.cost, rows, np.r_[choice.least, 0.0], np.r_[choice.most, float(number)])
    return replace(problem, choice=more)


def _with_number(problem: Cover, number: int) -> Cover:
    most = problem.choice.most.copy()
    most[-1] = number
    return replace(problem, choice=replace(problem.choice, most=most))


def _best_of(problem: Cover, before: Ints, watch: Watch) -> tuple[Ints, float] | None:
    """Return the better of two choices after exchanges: begun anew, and begun from what fewer sites chose."""
    best: tuple[Ints, float] | None = None
    for start in (None, before):
        first = greedy(problem, start=start)
        if not first.feasible:
            continue
        chosen = swap(problem, first.order, watch=watch)
        covered = np.zeros(len(problem.weight), bool)
        covered[problem.covers[chosen].indices] = True
        people = float(problem.weight[covered].sum())
        if best is None or people > best[1]:
            best = chosen, people
    return best
