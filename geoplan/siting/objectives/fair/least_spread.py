"""The least spread of shares between zones: a mixed-integer model whose lower links are added as cuts where they are violated.

With ``C_z`` people covered of zone z, ``C`` of all zones and ``W_z, W`` their people, the spread is
``sum_z W_z / W * |C_z / W_z - C / W| = 2 / W * sum_z max(0, C_z - W_z / W * C)``: what some zones have above their part, others lack.
A model that makes it small would rather not count people who are covered: ``y_i >= x_j`` for every pair forbids that. There are as
many of these rows as pairs; only those that an answer misses are put in, and it is solved again. Every model on the way holds the
true answers, so that its bound is a bound.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array, vstack

from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.objectives.fair.exchange import exchanged
from geoplan.siting.objectives.fair.measures import fair_answer
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.presolve import merged
from geoplan.siting.solve.problems import Answer, CoverageProblem, Floats, Ints, Step, Stopped
from geoplan.siting.solve.set_cover import (
    Needs,
    ResidualCover,
    identity,
    residual_cover,
    share_tolerance,
    zone_sums,
)
from geoplan.siting.solve.tolerance import PROOF, SOLVER_TOLERANCE

#: So many pairs of option and point are put in at once.
ALL_PAIRS = 20_000


#: Rounds of links added to the linear program; a link violated by less than `MISSED` is not added.
ROUNDS = 3


#: Links added at most in a round of the linear program.
MOST_LINKS = 5_000


#: So few links change the linear program too little to solve it again.
FEW_LINKS = 500


MISSED = 1e-4


#: Rounds of links added to the whole model: what is still missed then is the solver's rounding.
MOST_ROUNDS = 60


#: The same for an integer solution: twice the solver's tolerance.
MISSED_WHOLE = 2 * SOLVER_TOLERANCE


@dataclass(frozen=True, eq=False)
class Spread:
    """The selection found, a lower bound on the spread, an upper bound on the people covered among choices of that spread."""

    chosen: Ints
    bound: float
    people_bound: float
    nodes: int
    stopped: Stopped


@dataclass(frozen=True, eq=False)
class _Built:
    linear: Linear
    question: ResidualCover
    covers: csr_array
    base: Floats
    people: Floats

    def filled(self, chosen: Ints) -> Floats:
        """Return the values of all columns: x, y, people of each zone, what each has above its part."""
        picked = np.zeros(self.covers.shape[0])
        picked[chosen] = 1.0
        y = np.minimum(1.0, self.covers.T @ picked)
        zone, n = self.question.zone, len(self.people)
        inside = zone >= 0
        count = self.base + np.bincount(zone[inside], (y * self.question.weight)[inside], minlength=n)
        over = np.maximum(0.0, count - self.people / self.people.sum() * count.sum())
        return np.concatenate([picked, y, count, over, [count.sum()]])


def spread_of(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the spread of `chosen` (see `fair.spread`), summed from the points as given."""
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
    covered = zone_sums(problem, problem.covered(chosen))
    live = people > 0
    if not live.any():
        return 0.0
    weight = people[live] / people[live].sum()
    average = covered[live].sum() / people[live].sum()
    return float((weight * np.abs(covered[live] / people[live] - average)).sum())


def least(
    problem: CoverageProblem, top: Answer, *, floor: float, control: SearchControl, merge: bool
) -> Spread:
    """Return the selection with the least spread among those that cover at least `floor` people.

    Parameters
    ----------
    problem
        As given.
    top
        A choice that covers at least `floor` people.
    floor
        People to be covered, those that what exists covers among them.
    control, merge
        As in `fair.least_spread`. An option is never dropped for another: covering more can spread shares.
    """
    small = merged(problem, by_zone=True, drop_dominated=False) if merge else None
    base = problem if small is None else small.problem
    zones = int(problem.zone.max(initial=-1)) + 1
    covered_now = float(problem.weight[problem.covered_by_existing].sum())
    left = floor - share_tolerance(problem).total - covered_now
    question = residual_cover(base, Needs(left, np.full(zones, -np.inf)), fix=False)
    have = zone_sums(problem, problem.covered_by_existing)
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
    best = exchanged(question, top.chosen, control=control, base=have, people=people)
    control.listen(spread_of(problem, best), 0.0)
    built = _built(question, have, people)
    return _closed_in(problem, built, best, control=control)


def _closed_in(problem: CoverageProblem, built: _Built, best: Ints, *, control: SearchControl) -> Spread:
    linear, bound, stopped = _rooted(built, control=control)
    n, nodes, rounds = len(built.question.constraints), 0, 0
    while not stopped and _open(spread_of(problem, best), bound, control.gap):
        rest = control.after(nodes)
        told = _reported(rest, spread_of(problem, best), bound)
        tree = solve(linear, control=told, start=built.filled(best))
        nodes += tree.nodes
        if tree.x is None:
            stopped = tree.stopped or "gap"
            break
        bound = max(bound, tree.bound)
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if _enough(built.question, chosen):
            # what the tree finds need not be as good as it looks, but exchanges can make something of it
            chosen = exchanged(built.question, chosen, control=control, base=built.base, people=built.people)
            if spread_of(problem, chosen) < spread_of(problem, best):
                best = chosen
        rows, points = _missed(built, tree.x, least=MISSED_WHOLE)
        rounds += 1
        stopped = tree.stopped or control.stopped(nodes=nodes)
        if not stopped and (not len(rows) or rounds == MOST_ROUNDS):
            stopped = "gap" if _open(spread_of(problem, best), bound, 0.0) else ""
            break
        linear = _with_links(built, linear, rows, points)
    control.listen(spread_of(problem, best), bound)
    if stopped or _open(spread_of(problem, best), bound, 0.0):
        return Spread(best, bound, np.inf, nodes, stopped or "gap")
    rest = control.after(nodes)
    best, people, more = _most_people(problem, built, linear, best, control=rest)
    return Spread(best, bound, people, nodes + more, control.stopped(nodes=nodes + more))


def _reported(control: SearchControl, spread: float, bound: float) -> SearchControl:
    # a choice on the way may look better than it is, as long as links are missing
    def listen(_objective: float, better: float) -> None:
        control.listen(spread, max(bound, better))

    return control.heard_as(listen)


def _open(spread: float, bound: float, gap: float) -> bool:
    return spread - bound > max(PROOF, gap * spread)


def _enough(question: ResidualCover, chosen: Ints) -> bool:
    hit = np.zeros(len(question.weight), bool)
    for option in chosen:
        hit[question.covers.indices[question.covers.indptr[option] : question.covers.indptr[option + 1]]] = (
            True
        )
    return float(question.weight[hit].sum()) >= question.needs.total


def _built(question: ResidualCover, base: Floats, people: Floats) -> _Built:
    # columns: options, points, people covered of each zone, what each zone has above its part, people covered of all zones
    constraints, covers = question.constraints, question.covers
    n, k, z = len(constraints), len(question.weight), len(people)
    inside = np.flatnonzero(question.zone >= 0)
    counts = csr_array(coo_array((question.weight[inside], (question.zone[inside], inside)), shape=(z, k)))
    part = people / people.sum()
    # what an option covers of a zone is the least that is covered there when it is chosen
    adds = coo_array(covers @ counts.T)
    m = len(adds.data)
    by_option = csr_array(coo_array((-adds.data, (np.arange(m), adds.row)), shape=(m, n)))
    by_zone = csr_array(coo_array((np.ones(m), (np.arange(m), adds.col)), shape=(m, z)))
    rows = block_array(
        [
            [csr_array(constraints.rows), None, None, None, None],
            [csr_array(covers.T), -identity(k), None, None, None],
            [None, csr_array(question.weight[None, :]), None, None, None],
            [None, -counts, identity(z), None, None],
            [None, None, csr_array(np.ones((1, z))), None, csr_array(-np.ones((1, 1)))],
            [None, None, -identity(z), identity(z), csr_array(part[:, None])],
            [by_option, None, by_zone, None, None],
        ]
    )
    some = np.concatenate([np.zeros(k), [question.needs.total]])
    links = np.zeros(k + 2 * z + 1)
    linear = Linear(
        np.concatenate([np.zeros(n + k + z), np.full(z, 2.0 / people.sum()), [0.0]]),
        np.zeros(n + k + 2 * z + 1),
        np.concatenate([question.possible.astype(float), np.ones(k), np.full(2 * z + 1, np.inf)]),
        csr_array(rows),
        np.concatenate([constraints.least, some, base, [0.0], np.zeros(z), base[adds.col]]),
        np.concatenate([constraints.most, np.full(k + 1, np.inf), base, [0.0], np.full(z + m, np.inf)]),
        np.concatenate([np.ones(n, bool), links.astype(bool)]),
    )
    return _Built(linear, question, covers, base, people)


def _rooted(built: _Built, *, control: SearchControl) -> tuple[Linear, float, Stopped]:
    """Return the model with the links that its linear program misses, and the bound of that."""
    linear, bound = built.linear, 0.0
    if built.covers.nnz <= ALL_PAIRS:
        by_pair = built.covers.tocoo()
        return _with_links(built, linear, by_pair.row, by_pair.col), bound, control.stopped()
    for _ in range(ROUNDS):
        # the interior point is three times as fast here as the simplex method
        loose = solve(linear, control=control, relax=True, method="ipm")
        if loose.state != "optimal" or loose.x is None:
            return linear, bound, control.stopped() or loose.stopped
        bound = max(bound, loose.objective)
        rows, points = _missed(built, loose.x)
        linear = _with_links(built, linear, rows, points)
        if len(rows) < FEW_LINKS:
            break
    return linear, bound, control.stopped()


def _missed(built: _Built, x: Floats, *, least: float = MISSED) -> tuple[Ints, Ints]:
    """Return pairs of option and point where the point counts for less than the option: the worst of each point."""
    n, covers = len(built.question.constraints), built.covers
    option = np.repeat(np.arange(n), np.diff(covers.indptr))
    point = covers.indices.astype(np.int64)
    over = x[option] - x[n + point]
    bad = np.flatnonzero(over > least)
    order = bad[np.lexsort((option[bad], -over[bad], point[bad]))]
    first = np.ones(len(order), bool)
    first[1:] = point[order[1:]] != point[order[:-1]]
    worst = order[first]
    most = np.argsort(-(over[worst] * built.question.weight[point[worst]]), kind="stable")[:MOST_LINKS]
    worst = worst[np.sort(most)]
    return option[worst], point[worst]


def _with_links(built: _Built, linear: Linear, options: Ints, points: Ints) -> Linear:
    n, m = len(built.question.constraints), len(options)
    if not m:
        return linear
    at, ones = np.arange(m), np.ones(m)
    entries = np.concatenate([ones, -ones]), (np.concatenate([at, at]), np.concatenate([n + points, options]))
    more = csr_array(coo_array(entries, shape=(m, linear.rows.shape[1])))
    return replace(
        linear,
        rows=csr_array(vstack([linear.rows, more])),
        row_low=np.append(linear.row_low, np.zeros(m)),
        row_high=np.append(linear.row_high, np.full(m, np.inf)),
    )


def _most_people(
    problem: CoverageProblem, built: _Built, linear: Linear, best: Ints, *, control: SearchControl
) -> tuple[Ints, float, int]:
    """Return the choice of the same spread that covers most people, an upper bound on them, nodes of the tree."""
    n, k = len(built.question.constraints), len(built.question.weight)
    value = spread_of(problem, best)
    cost = np.zeros(len(linear.cost))
    cost[n : n + k] = -built.question.weight
    held = replace(
        linear,
        cost=cost,
        rows=csr_array(vstack([linear.rows, csr_array(linear.cost[None, :])])),
        row_low=np.append(linear.row_low, 0.0),
        row_high=np.append(linear.row_high, value + PROOF),
    )
    have, bound, nodes = float(problem.weight[problem.covered_by_existing].sum()), np.inf, 0
    rounds = 0
    while not control.stopped(nodes=nodes):
        rest = control.after(nodes)
        tree = solve(held, control=rest.silent(), start=built.filled(best))
        nodes += tree.nodes
        if tree.x is None:
            break
        bound = min(bound, have - tree.bound)
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if spread_of(problem, chosen) <= value + PROOF:
            if problem.people_covered(chosen) > problem.people_covered(best):
                best = chosen
            break
        rows, points = _missed(built, tree.x, least=MISSED_WHOLE)
        rounds += 1
        if tree.stopped or not len(rows) or rounds == MOST_ROUNDS:
            break
        held = _with_links(built, held, rows, points)
    return best, bound, nodes


def spread(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the mean absolute difference between a zone's share covered and the share of all zones together.

    Zones weigh by their people; points in no zone do not count::

        sum_z W_z / W * |C_z / W_z - C / W|

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.empty(0), np.empty(0))
    >>> problem = CoverageProblem(free, csr_array([[1.0, 0]]), np.array([30.0, 10]), np.zeros(2, bool), np.array([0, 1]))
    >>> spread(problem, np.array([0]))  # 30/40 * |1 - 0.75| + 10/40 * |0 - 0.75|
    0.375
    """
    return spread_of(problem, chosen)


def least_spread(
    problem: CoverageProblem, *, min_total_share: float = 0.95, control: SearchControl, merge: bool = True
) -> Answer:
    """Return the selection with the least spread of shares among those that cover nearly as many people as can be.

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    min_total_share
        Part of the most people that any choice covers (what exists among them) that the answer has to cover, 0-1.
    control
        Search limits, progress callback and interrupt.
    merge
        False solves the problem as given.

    Returns
    -------
    answer
        Steps ``spread`` (see `spread`, 0-1) and ``people``.

    Raises
    ------
    ValueError
        If `min_total_share` is not within 0-1, or no zone has people.
    """
    if not 0.0 <= min_total_share <= 1.0:
        raise ValueError(f"the part to keep must be within 0-1; got {min_total_share}")
    if not (zone_sums(problem, np.ones(len(problem.weight), bool)) > 0).any():
        raise ValueError("no zone has people: there is no spread between zones")
    top = max_cover(problem, control=control, merge=merge)
    if not top.steps:
        return top
    floor = min_total_share * problem.people_covered(top.chosen)
    rest = control.after(top.nodes)
    found: Spread = least(problem, top, floor=floor, control=rest, merge=merge)
    value = spread_of(problem, found.chosen)
    people = problem.people_covered(found.chosen)
    steps = (
        Step("spread", "min", value, min(value, found.bound)),
        Step("people", "max", people, max(people, min(top.bound, found.people_bound))),
    )
    nodes, stopped = top.nodes + found.nodes, found.stopped or top.stopped
    return fair_answer(problem, found.chosen, steps, value, nodes=nodes, stopped=stopped, notes=())
