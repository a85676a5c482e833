"""Least walking: the p-median and its kin under any limits, with proof.

Additions and exchanges find a good choice; Lagrangian prices bound it and settle most options; cuts give the linear program's bound and
settle more; branch and bound looks through what is left.
"""

import numpy as np

from geoplan.siting.objectives.median.arrays import Medians, medians, shrunk, value
from geoplan.siting.objectives.median.bound import Priced, climb, settled
from geoplan.siting.objectives.median.limits import first_choice, usable
from geoplan.siting.objectives.median.master import Master
from geoplan.siting.objectives.median.search import improved
from geoplan.siting.objectives.median.tree import Best, by_reduced, rooted, search
from geoplan.siting.problems import Answer, Bools, DistanceProblem, Floats, Ints, Step, Stopped, status_of
from geoplan.siting.solve.control import SearchControl
from geoplan.words.errors import Note

#: Different choices met on the way up that are improved by exchanges.
TRIES = 40


def median(problem: DistanceProblem, *, control: SearchControl, merge: bool = True) -> Answer:
    """Return the options under which people walk least in all.

    ``min sum_k weight_k * min(now_k, beyond, min_{j chosen} seconds_jk)`` under the limits of the choice.

    Parameters
    ----------
    problem
        The question.
    control
        Limits of the search.
    merge
        Whether points with the same walks become one; the answer is the same.

    Returns
    -------
    answer
        One step, ``person_seconds``: objective and bound in people x seconds.

    References
    ----------
    Hakimi (1964), Operations Research 12(3):450-459, https://doi.org/10.1287/opre.12.3.450
    García, Labbé & Marín (2011), INFORMS Journal on Computing 23(4):546-556

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.problems import SelectionConstraints
    >>> one = SelectionConstraints(np.ones(2), csr_array(np.ones((1, 2))), np.zeros(1), np.ones(1))
    >>> walks = csr_array(np.array([[60.0, 300.0], [240.0, 90.0]]))
    >>> ask = DistanceProblem(one, walks, np.array([5.0, 2.0]), np.full(2, np.inf), 3600.0, np.full(2, -1))
    >>> found = median(ask, control=SearchControl())
    >>> found.status, found.chosen.tolist(), found.objective
    ('optimal', [0], 900.0)
    """
    arrays = medians(problem, merge=merge)
    arrays = shrunk(arrays, never=~usable(arrays.constraints), always=_required(arrays))
    start = first_choice(arrays.constraints, np.ones(len(arrays)), control=control)
    if isinstance(start, Answer):
        return start
    start = improved(arrays, start)
    best = Best(arrays.positions(start), value(arrays, start), control, arrays.whole)
    control.listen(best.objective, best.bound)
    stopped, nodes = _proven(arrays, start, best)
    if not stopped:
        best.raise_to(best.objective)
    walks = walks_of(problem, best.chosen)
    steps = (Step("person_seconds", "min", best.objective, best.bound),)
    return Answer(
        status=status_of(steps),
        chosen=best.chosen,
        steps=steps,
        recount=float(problem.weight @ walks),
        stopped="" if steps[0].gap == 0 else stopped,
        nodes=nodes,
        repeatable=stopped not in ("clock", "interrupt"),
        notes=_out_of_reach(problem, best.chosen),
    )


def walks_of(problem: DistanceProblem, chosen: Ints) -> Floats:
    """Return the walk of each point to the nearest of what exists and of `chosen`, `cutoff_seconds` where nothing is within reach.

    Parameters
    ----------
    problem
        The question.
    chosen
        Positions of options.

    Returns
    -------
    walks
        Seconds, shape (n_points,), at most ``problem.cutoff_seconds``.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.zeros(0), np.zeros(0))
    >>> ask = DistanceProblem(free, csr_array(np.array([[60.0, 0.0]])), np.ones(2), np.array([90.0, np.inf]), 3600.0, np.full(2, -1))
    >>> walks_of(ask, np.array([0])).tolist(), walks_of(ask, np.array([], int)).tolist()
    ([60.0, 3600.0], [90.0, 3600.0])
    """
    walks = np.minimum(problem.existing_seconds, problem.cutoff_seconds)
    for option in chosen:
        part = slice(problem.seconds.indptr[option], problem.seconds.indptr[option + 1])
        np.minimum.at(walks, problem.seconds.indices[part], problem.seconds.data[part])
    return walks


def _required(arrays: Medians) -> Bools:
    """Return which options some limit asks for alone."""
    must = np.zeros(len(arrays), bool)
    for r in np.flatnonzero(arrays.least > 0):
        own = arrays.rows.indices[arrays.rows.indptr[r] : arrays.rows.indptr[r + 1]]
        if len(own) == 1:
            must[own] = True
    return must & usable(arrays.constraints)


def _proven(arrays: Medians, start: Ints, best: Best) -> tuple[Stopped, int]:
    """Close the gap between the best choice and its bound; return why it was not closed, and the nodes looked at."""
    if not len(arrays.top):
        best.raise_to(arrays.base)
        return "", 0
    price = _between(arrays, start)
    while True:
        priced = _priced(arrays, price, best)
        best.raise_to(priced.bound)
        if best.objective <= best.bound or priced.bound >= best.cutoff:
            return "", 0
        if reason := best.control.stopped() or best.ended:
            return reason, 0
        never, always = settled(priced, best.cutoff)
        price = priced.price
        if not (never.any() or always.any()):
            break
        before = len(arrays)
        arrays, price = _smaller(arrays, price, never, always)
        if not len(arrays.top):
            return _settle(arrays, best)
        if len(arrays) > 0.8 * before:
            break
    return _looked_through(arrays, price, best)


def _looked_through(arrays: Medians, price: Floats, best: Best) -> tuple[Stopped, int]:
    """Prove by the linear program and the tree, starting anew whenever the root settles many options."""
    while True:
        master = Master(arrays, price, control=best.control)
        root = rooted(master, best)
        if isinstance(root, str):
            return root, 0
        if root.bound >= best.cutoff:
            return "", 0
        if reason := best.ended:
            return reason, 0
        never, always = by_reduced(root, best.cutoff - root.bound)
        if int((never | always).sum()) <= 0.2 * len(arrays):
            break
        arrays, price = _smaller(arrays, root.walks, never, always)
        if not len(arrays.top):
            return _settle(arrays, best)
    master.forget()
    return search(master, best)


def _smaller(arrays: Medians, price: Floats, never: Bools, always: Bools) -> tuple[Medians, Floats]:
    """Return the question without the options settled, and prices of the points that stay."""
    fewer = shrunk(arrays, never=never, always=always)
    return fewer, price[np.searchsorted(arrays.origin, fewer.origin)]


def _settle(arrays: Medians, best: Best) -> tuple[Stopped, int]:
    """End where no open option changes any walk: what is fixed may be better than the best, if the limits can be kept."""
    if arrays.base < best.cutoff:
        rest = first_choice(arrays.constraints, np.ones(len(arrays)), control=best.control)
        if not isinstance(rest, Answer):
            best.take(arrays.positions(rest), arrays.base)
        elif rest.status != "infeasible":
            return rest.stopped, 0
    return "", 0


def _priced(arrays: Medians, price: Floats, best: Best) -> Priced:
    tried: set[bytes] = set()

    def attempt(taken: Ints, bound: float) -> float:
        best.raise_to(bound)
        key = taken.tobytes()
        if key not in tried and len(tried) < TRIES and arrays.constraints.allows(taken):
            tried.add(key)
            chosen = improved(arrays, taken, moves=len(arrays))
            best.take(arrays.positions(chosen), value(arrays, chosen))
        return best.objective

    def go_on(bound: float) -> bool:
        return bound < best.cutoff and not best.control.stopped() and not best.ended

    return climb(arrays, best.objective, price=price, tried=attempt, go_on=go_on)


def _between(arrays: Medians, chosen: Ints) -> Floats:
    """Return prices to begin with: halfway from each point's nearest to its second nearest option chosen."""
    near, second = arrays.top.copy(), arrays.top.copy()
    for j in chosen:
        part = slice(arrays.start[j], arrays.start[j + 1])
        points, cost = arrays.point[part], arrays.cost[part]
        second[points] = np.minimum(second[points], np.maximum(near[points], cost))
        near[points] = np.minimum(near[points], cost)
    return (near + second) / 2.0


def _out_of_reach(problem: DistanceProblem, chosen: Ints) -> tuple[Note, ...]:
    """Return the note on people whom neither what exists nor an option chosen lets arrive within `cutoff_seconds`."""
    met = problem.existing_seconds <= problem.cutoff_seconds
    for option in chosen:
        met[problem.seconds.indices[problem.seconds.indptr[option] : problem.seconds.indptr[option + 1]]] = (
            True
        )
    out = ~met & (problem.weight > 0)
    if not out.any():
        return ()
    return (
        Note.of(
            "median_beyond",
            severity="info",
            people=round(float(problem.weight[out].sum())),
            points=int(out.sum()),
            minutes=round(problem.cutoff_seconds / 60, 1),
        ),
    )
